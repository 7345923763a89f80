/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PC firmware set-up: BIOS image, option ROM space, and the items of the configuration
 * device. See the header for the order of calls.
 */
#include "hw/i386/firmware-internal.h"

#include "hw/core/loader.h"
#include "softmmu/runstate.h"
#include <string.h>

#define DEFAULT_BIOS    "bios-256k.bin"
#define ISA_PC_BIOS     "bios.bin"
#define MICROVM_BIOS    "qboot.rom"
#define BIOS_MAX_SIZE   (16u << 20)
#define BIOS_GRANULE    0x10000u
#define ISA_BIOS_SIZE   0x20000u
#define OPTION_ROM_BASE 0xc0000u
#define OPTION_ROM_SIZE 0x20000u
#define FOUR_GIB        (UINT64_C(1) << 32)
#define GIB             (UINT64_C(1) << 30)
#define HPET_BASE       0xfed00000u
#define HPET_MAX_TIMERS 8

/* --- Images ------------------------------------------------------------------ */

/* Without a bridge that could shadow ROM it is RAM. */
static bool init_rom(const PcFirmware *fw, MemoryRegion *mr, const char *name,
                     uint64_t size, Error **errp)
{
    return fw->config.isa_only || fw->config.microvm
               ? memory_region_init_ram(mr, NULL, name, size, errp)
               : memory_region_init_rom(mr, NULL, name, size, errp);
}

/* The image ends at 4 GiB; its last 128 KiB show below 1 MiB too. */
static bool load_bios(PcFirmware *fw, Error **errp)
{
    const char *name = fw->config.machine->firmware;
    g_autofree char *path = NULL;
    g_autoptr(GBytes) image = NULL;
    uint64_t size, isa_size;

    if (!name) {
        name = fw->config.isa_only  ? ISA_PC_BIOS
               : fw->config.microvm ? MICROVM_BIOS
                                    : DEFAULT_BIOS;
    }
    path = firmware_find_file(name);
    image = path ? image_read_file(path, BIOS_MAX_SIZE, NULL) : NULL;
    size = image ? g_bytes_get_size(image) : 0;
    if (size == 0 || size % BIOS_GRANULE) {
        return error_set(errp, "qemu: could not load PC BIOS '%s'", name);
    }
    if (!init_rom(fw, &fw->bios, "pc.bios", size, errp) ||
        !rom_add_file_region(path, &fw->bios, FOUR_GIB - size, errp)) {
        return false;
    }
    isa_size = MIN(size, ISA_BIOS_SIZE);
    memory_region_init_alias(&fw->isa_bios, NULL, "isa-bios", &fw->bios,
                             size - isa_size, isa_size);
    memory_region_add_subregion_overlap(fw->config.pci_memory, 0x100000 - isa_size,
                                        &fw->isa_bios, 1);
    memory_region_add_subregion(fw->config.pci_memory, FOUR_GIB - size, &fw->bios);
    return true;
}

static bool make_option_rom_space(PcFirmware *fw, Error **errp)
{
    if (fw->config.microvm) {
        return true;
    }
    if (!init_rom(fw, &fw->option_rom, "pc.rom", OPTION_ROM_SIZE, errp)) {
        return false;
    }
    memory_region_add_subregion_overlap(fw->config.pci_memory, OPTION_ROM_BASE,
                                        &fw->option_rom, 1);
    return true;
}

/* --- Items ------------------------------------------------------------------- */

/*
 * HPETs as the firmware's old interface has them: count (ff: none), then eight records
 * of { u32 id, u64 address, u16 minimal tick, u8 page protection }.
 */
static void add_hpet(PcFirmware *fw)
{
    enum { RECORD_SIZE = 15 };
    size_t len = 1 + HPET_MAX_TIMERS * RECORD_SIZE;
    uint8_t *data = g_malloc0(len);
    uint32_t id = GUINT32_TO_LE(fw->config.hpet_id);
    uint64_t addr = GUINT64_TO_LE(HPET_BASE);

    data[0] = 0xff;
    if (fw->config.hpet) {
        data[0] = 1;
        memcpy(data + 1, &id, sizeof(id));
        memcpy(data + 5, &addr, sizeof(addr));
    }
    fw_cfg_add_bytes_take(fw->fw_cfg, FW_CFG_HPET, data, len);
}

static uint32_t apic_id_limit(const PcFirmwareConfig *config)
{
    uint32_t limit = 0;

    for (unsigned i = 0; i < config->machine->smp.max_cpus; i++) {
        limit = MAX(limit, config->cpu_apic_ids[i] + 1);
    }
    return limit;
}

/* Number of nodes, then the node of each APIC id, then the memory of each node. */
static void add_numa(PcFirmware *fw)
{
    const PcFirmwareConfig *config = &fw->config;
    const NumaState *numa = config->machine->numa;
    uint32_t limit = apic_id_limit(config);
    size_t nodes = numa ? (size_t)numa->num_nodes : 0;
    size_t count = 1 + limit + nodes;
    uint64_t *data = g_new0(uint64_t, count);

    data[0] = GUINT64_TO_LE((uint64_t)nodes);
    for (unsigned i = 0; nodes && i < config->machine->smp.max_cpus; i++) {
        uint64_t node = config->cpu_nodes ? (uint64_t)config->cpu_nodes[i] : 0;

        data[1 + config->cpu_apic_ids[i]] = GUINT64_TO_LE(node);
    }
    for (size_t i = 0; i < nodes; i++) {
        data[1 + limit + i] = GUINT64_TO_LE(numa->nodes[i].mem_bytes);
    }
    fw_cfg_add_bytes_take(fw->fw_cfg, FW_CFG_NUMA, data, count * sizeof(*data));
}

static void add_uuid(PcFirmware *fw, uint8_t uuid[16])
{
    const char *text = system_get_uuid();
    int n = 0;

    memset(uuid, 0, 16);
    for (; text && *text && n < 32; text++) {
        int digit = g_ascii_xdigit_value(*text);

        if (digit >= 0) {
            uuid[n / 2] = (uint8_t)(uuid[n / 2] << 4 | digit);
            n++;
        }
    }
    fw_cfg_add_bytes_take(fw->fw_cfg, FW_CFG_UUID, g_memdup2(uuid, 16), 16);
}

static void add_items(PcFirmware *fw)
{
    const MachineState *ms = fw->config.machine;
    FwCfg *s = fw->fw_cfg;

    fw_cfg_add_u64(s, FW_CFG_RAM_SIZE, ms->ram_size);
    fw_cfg_add_u16(s, FW_CFG_NOGRAPHIC, !ms->enable_graphics);
    fw_cfg_add_u16(s, FW_CFG_NB_CPUS, (uint16_t)ms->smp.cpus);
    fw_cfg_add_u16(s, FW_CFG_MAX_CPUS, (uint16_t)apic_id_limit(&fw->config));
    fw_cfg_add_u16(s, FW_CFG_BOOT_MENU, ms->boot_menu);
    fw_cfg_add_bytes_take(s, FW_CFG_ACPI_TABLES, g_malloc0(2), 2); /* no user tables */
    fw_cfg_add_u32(s, FW_CFG_IRQ0_OVERRIDE, 1);
    add_hpet(fw);
    add_numa(fw);
}

static void add_e820(PcFirmware *fw)
{
    const DeviceMemoryState *window = fw->config.machine->device_memory;

    fw->e820 = g_byte_array_new();
    e820_add_machine(fw->e820, &fw->config);
    fw_cfg_add_file(fw->fw_cfg, "etc/e820", fw->e820->data, fw->e820->len);
    if (window && memory_region_size(&window->mr)) {
        uint64_t end = window->base + memory_region_size(&window->mr);
        uint64_t le = GUINT64_TO_LE((end + GIB - 1) / GIB * GIB);

        fw_cfg_add_file_take(fw->fw_cfg, "etc/reserved-memory-end",
                             g_memdup2(&le, sizeof(le)), sizeof(le));
    }
}

static bool add_boot_splash(PcFirmware *fw, const char *path, Error **errp)
{
    g_autofree char *found = firmware_find_file(path);
    g_autofree char *data = NULL;
    gsize len;

    if (!found || !g_file_get_contents(found, &data, &len, NULL) || len < 2) {
        return error_set(errp, "failed to read splash file '%s'", path);
    }
    /* The firmware goes by the name, and the name by the magic. */
    fw_cfg_add_file_take(fw->fw_cfg,
                         data[0] == 'B' && data[1] == 'M' ? "bootsplash.bmp"
                                                          : "bootsplash.jpg",
                         g_steal_pointer(&data), len);
    return true;
}

static bool add_boot_files(PcFirmware *fw, Error **errp)
{
    const MachineState *ms = fw->config.machine;
    uint32_t fail_wait = GUINT32_TO_LE((uint32_t)ms->reboot_timeout);

    fw_cfg_add_file_take(fw->fw_cfg, "etc/boot-fail-wait",
                         g_memdup2(&fail_wait, sizeof(fail_wait)), sizeof(fail_wait));
    if (ms->boot_splash_time >= 0) {
        uint16_t wait = GUINT16_TO_LE((uint16_t)MIN(ms->boot_splash_time, 0xffff));

        fw_cfg_add_file_take(fw->fw_cfg, "etc/boot-menu-wait",
                             g_memdup2(&wait, sizeof(wait)), sizeof(wait));
    }
    fw_cfg_add_file(fw->fw_cfg, "bios-geometry", NULL, 0);
    fw_cfg_add_file(fw->fw_cfg, "bootorder", NULL, 0);
    return !ms->boot_splash || add_boot_splash(fw, ms->boot_splash, errp);
}

/*
 * Devices may have come or gone since the last reset. "HALT" at the end of a list keeps
 * the firmware from trying what is not in it.
 */
static void update_boot_order(void *opaque)
{
    PcFirmware *fw = opaque;
    size_t size = 0;
    char *list = boot_order_get_list(&size);

    if (size && fw->config.machine->boot_strict) {
        char *strict = g_strconcat(list, "\nHALT", NULL);

        g_free(list);
        list = strict;
        size = strlen(list) + 1;
    }
    fw_cfg_modify_file_take(fw->fw_cfg, "bootorder", list, size);
}

static bool add_smbios(PcFirmware *fw, const uint8_t uuid[16], Error **errp)
{
    const MachineState *ms = fw->config.machine;
    const MachineClass *mc = MACHINE_GET_CLASS(ms);
    g_autoptr(GByteArray) anchor = g_byte_array_new();
    g_autoptr(GByteArray) tables = g_byte_array_new();
    SmbiosMachine machine = {
        .product = mc->desc,
        .version = mc->name,
        .uuid = uuid,
        .sockets = ms->smp.sockets,
        .cores = ms->smp.cores,
        .threads = ms->smp.threads,
        .processor_id = {fw->config.cpuid_1_eax, fw->config.cpuid_1_edx},
        .ram_size = ms->ram_size,
        .e820 = fw->e820,
    };

    if (!smbios_build(&machine, anchor, tables, errp)) {
        return false;
    }
    fw_cfg_add_file_take(fw->fw_cfg, "etc/smbios/smbios-anchor",
                         g_memdup2(anchor->data, anchor->len), anchor->len);
    fw_cfg_add_file_take(fw->fw_cfg, "etc/smbios/smbios-tables",
                         g_memdup2(tables->data, tables->len), tables->len);
    return true;
}

/* --- Steps ------------------------------------------------------------------- */

PcFirmware *pc_firmware_setup(const PcFirmwareConfig *config, Error **errp)
{
    PcFirmware *fw = g_new0(PcFirmware, 1); /* lives as long as the machine */
    uint8_t uuid[16];

    fw->config = *config;
    if (!load_bios(fw, errp) || !make_option_rom_space(fw, errp)) {
        return NULL;
    }
    fw->fw_cfg = fw_cfg_io_new(OBJECT(fw->config.machine), &address_space_memory, errp);
    if (!fw->fw_cfg) {
        return NULL;
    }
    add_uuid(fw, uuid);
    add_items(fw);
    add_e820(fw);
    if (!add_boot_files(fw, errp)) {
        return NULL;
    }
    if (!fw->config.isa_only) {
        if (!add_smbios(fw, uuid, errp)) {
            return NULL;
        }
        x86_add_option_rom(fw, "kvmvapic.bin", -1);
    }
    if (!fw->config.microvm && !x86_load_kernel(fw, errp)) {
        return NULL;
    }
    return fw;
}

bool pc_firmware_load_kernel(PcFirmware *fw, Error **errp)
{
    return x86_load_kernel(fw, errp);
}

PcFirmwareConfig *pc_firmware_config(PcFirmware *fw)
{
    return &fw->config;
}

FwCfg *pc_firmware_fw_cfg(PcFirmware *fw)
{
    return fw->fw_cfg;
}

bool pc_firmware_finish(PcFirmware *fw, Error **errp)
{
    if (fw->config.acpi && !acpi_setup(fw, errp)) {
        return false;
    }
    if (!fw_cfg_apply_options(fw->fw_cfg, errp)) {
        return false;
    }
    update_boot_order(fw);
    register_reset_handler(update_boot_order, fw);
    fw_cfg_seal(fw->fw_cfg);
    return roms_check(errp);
}
