/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PC's CMOS memory tells its firmware. Sources: IBM AT layout of bytes 10-2f,
 * and the bytes above 30 as SeaBIOS documents and reads them.
 */
#include "hw/i386/firmware-internal.h"

#include <string.h>

enum {
    CMOS_FLOPPY = 0x10,
    CMOS_DISK_TYPES = 0x12,
    CMOS_EQUIPMENT = 0x14,
    CMOS_BASE_MEMORY = 0x15,
    CMOS_EXTENDED_MEMORY = 0x17,
    CMOS_DISK_EXTENDED_TYPE = 0x19,
    CMOS_DISK_GEOMETRY = 0x1b, /* 9 bytes for each of two disks */
    CMOS_EXTENDED_MEMORY_2 = 0x30,
    CMOS_MEMORY_ABOVE_16M = 0x34,
    CMOS_BOOT_ORDER_3 = 0x38,
    CMOS_DISK_TRANSLATION = 0x39,
    CMOS_BOOT_ORDER = 0x3d,
    CMOS_MEMORY_ABOVE_4G = 0x5b,
    CMOS_CPUS = 0x5f,
};
#define KIB                 UINT64_C(1024)
#define MIB                 (KIB * 1024)
#define CMOS_DISK_TYPE_USER 47
#define MAX_BOOT_DEVICES    3

static void set_le16(RtcState *rtc, int index, uint64_t value)
{
    uint64_t v = MIN(value, 0xffff);

    rtc_set_memory(rtc, index, (uint8_t)v);
    rtc_set_memory(rtc, index + 1, (uint8_t)(v >> 8));
}

static void set_memory_sizes(RtcState *rtc, const PcFirmwareConfig *config)
{
    uint64_t below = config->ram_below_4g, above = config->ram_above_4g / (64 * KIB);

    set_le16(rtc, CMOS_BASE_MEMORY, MIN(below / KIB, 640));
    below = below > MIB ? below - MIB : 0;
    set_le16(rtc, CMOS_EXTENDED_MEMORY, below / KIB);
    set_le16(rtc, CMOS_EXTENDED_MEMORY_2, below / KIB);
    below = below > 15 * MIB ? below - 15 * MIB : 0;
    set_le16(rtc, CMOS_MEMORY_ABOVE_16M, below / (64 * KIB));
    for (int i = 0; i < 3; i++) {
        rtc_set_memory(rtc, CMOS_MEMORY_ABOVE_4G + i, (uint8_t)(above >> (8 * i)));
    }
}

static void set_floppies(RtcState *rtc, const PcFirmwareConfig *config)
{
    unsigned types[2] = { PC_FLOPPY_NONE, PC_FLOPPY_NONE }, count = 0;
    uint8_t equipment = 0x06; /* FPU, PS/2 mouse */

    for (unsigned i = 0; config->floppy_drive && i < G_N_ELEMENTS(types); i++) {
        types[i] = config->floppy_drive(config->opaque, i).type;
        count += types[i] != PC_FLOPPY_NONE;
    }
    if (count) {
        equipment |= (uint8_t)(0x01 | (count - 1) << 6);
    }
    rtc_set_memory(rtc, CMOS_FLOPPY, (uint8_t)(types[0] << 4 | types[1]));
    rtc_set_memory(rtc, CMOS_EQUIPMENT, equipment);
}

static void set_disk(RtcState *rtc, unsigned n, const PcDiskGeometry *g)
{
    int at = CMOS_DISK_GEOMETRY + 9 * (int)n;

    rtc_set_memory(rtc, CMOS_DISK_EXTENDED_TYPE + (int)n, CMOS_DISK_TYPE_USER);
    set_le16(rtc, at, g->cylinders);
    rtc_set_memory(rtc, at + 2, g->heads);
    set_le16(rtc, at + 3, 0xffff); /* no write precompensation */
    rtc_set_memory(rtc, at + 5, (uint8_t)(0xc0 | (g->heads > 8) << 3));
    set_le16(rtc, at + 6, g->cylinders); /* landing zone */
    rtc_set_memory(rtc, at + 8, g->sectors);
}

static void set_disks(RtcState *rtc, const PcFirmwareConfig *config)
{
    uint8_t types = 0, translation = 0;

    for (unsigned i = 0; config->disk_geometry && i < 4; i++) {
        PcDiskGeometry g = config->disk_geometry(config->opaque, i);

        if (!g.cylinders) {
            continue;
        }
        if (i < 2) {
            types |= (uint8_t)(0xf0 >> (4 * i));
            set_disk(rtc, i, &g);
        }
        translation |= (uint8_t)((g.translation & 3) << (2 * i));
    }
    rtc_set_memory(rtc, CMOS_DISK_TYPES, types);
    rtc_set_memory(rtc, CMOS_DISK_TRANSLATION, translation);
}

/* Nibble of a -boot letter; 0: nothing the firmware knows. */
static unsigned boot_device_code(char device)
{
    switch (device) {
    case 'a':
    case 'b':
        return 1; /* floppy */
    case 'c':
        return 2; /* first disk */
    case 'd':
        return 3; /* CD */
    case 'n':
        return 4; /* network */
    default:
        return 0;
    }
}

static bool set_boot_order(RtcState *rtc, const char *order, Error **errp)
{
    unsigned codes[MAX_BOOT_DEVICES] = { 0 };

    if (strlen(order) > MAX_BOOT_DEVICES) {
        return error_set(errp, "Too many boot devices for PC");
    }
    for (size_t i = 0; order[i]; i++) {
        codes[i] = boot_device_code(order[i]);
        if (!codes[i]) {
            return error_set(errp, "Invalid boot device for PC: '%c'", order[i]);
        }
    }
    rtc_set_memory(rtc, CMOS_BOOT_ORDER, (uint8_t)(codes[1] << 4 | codes[0]));
    rtc_set_memory(rtc, CMOS_BOOT_ORDER_3, (uint8_t)(codes[2] << 4));
    return true;
}

static const char *normal_boot_order(const MachineState *ms)
{
    const char *order = ms->boot_order;

    if (!order) {
        order = MACHINE_GET_CLASS(ms)->default_boot_order;
    }
    return order ? order : "cad";
}

/* "once": the first reset is the start itself, the next one ends it. */
static void boot_once_reset(void *opaque)
{
    PcFirmware *fw = opaque;

    if (fw->boot_once_resets++ > 0) {
        set_boot_order(fw->rtc, normal_boot_order(fw->config.machine), &error_abort);
    }
}

void pc_firmware_update_cpu_count(PcFirmware *fw)
{
    const GPtrArray *cpus = fw->config.machine->cpus;
    unsigned count = 0;

    for (guint i = 0; i < cpus->len; i++) {
        count += g_ptr_array_index(cpus, i) != NULL;
    }
    fw_cfg_modify_u16(fw->fw_cfg, FW_CFG_NB_CPUS, (uint16_t)count);
    if (fw->rtc) {
        rtc_set_memory(fw->rtc, CMOS_CPUS, (uint8_t)(count - 1));
    }
}

bool pc_firmware_setup_cmos(PcFirmware *fw, DeviceState *rtc, Error **errp)
{
    const MachineState *ms = fw->config.machine;

    fw->rtc = (RtcState *)object_cast(OBJECT(rtc), TYPE_MC146818_RTC);
    set_memory_sizes(fw->rtc, &fw->config);
    set_floppies(fw->rtc, &fw->config);
    set_disks(fw->rtc, &fw->config);
    pc_firmware_update_cpu_count(fw);
    if (!set_boot_order(fw->rtc, normal_boot_order(ms), errp)) {
        return false;
    }
    if (ms->boot_once) {
        if (!set_boot_order(fw->rtc, ms->boot_once, errp)) {
            return false;
        }
        register_reset_handler(boot_once_reset, fw);
    }
    return true;
}
