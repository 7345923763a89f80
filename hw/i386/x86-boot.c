/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -kernel for PCs: the image is parsed here and handed over in items of the
 * configuration device, from which an option ROM of the firmware's packages loads it.
 * Formats: Linux bzImage (Linux documentation, "The Linux/x86 Boot Protocol"); ELF with
 * a PVH note and Multiboot 1 images are in x86-boot-elf.c.
 *
 * The kernel file is hostile: no length in it is used unchecked.
 */
#include "hw/i386/x86-boot.h"

#include "hw/core/loader.h"
#include "util/error.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Offsets in the setup header. */
enum {
    SETUP_SECTS = 0x1f1,
    SETUP_VID_MODE = 0x1fa,
    SETUP_MAGIC = 0x202,
    SETUP_VERSION = 0x206,
    SETUP_TYPE_OF_LOADER = 0x210,
    SETUP_LOADFLAGS = 0x211,
    SETUP_RAMDISK_IMAGE = 0x218,
    SETUP_RAMDISK_SIZE = 0x21c,
    SETUP_HEAP_END_PTR = 0x224,
    SETUP_CMD_LINE_PTR = 0x228,
    SETUP_INITRD_ADDR_MAX = 0x22c,
    SETUP_XLOADFLAGS = 0x236,
    SETUP_HEADER_END = 0x238,
    OLD_CMD_LINE_MAGIC = 0x20,
    OLD_CMD_LINE_OFFSET = 0x22,
};
#define LOADED_HIGH             0x01u /* loadflags */
#define CAN_USE_HEAP            0x80u
#define CAN_BE_ABOVE_4G         0x02u /* xloadflags */
#define LOADER_TYPE             0xb0u
#define SECTOR                  512u
#define DEFAULT_INITRD_ADDR_MAX 0x37ffffffu
#define MAX_KERNEL_SIZE         (UINT64_C(2) << 30)
#define ROM_FILE_PREFIX         "genroms/"

/* --- Little-endian fields ---------------------------------------------------- */

uint32_t x86_boot_get_le(const uint8_t *p, unsigned size)
{
    uint32_t value = 0;

    while (size-- > 0) {
        value = value << 8 | p[size];
    }
    return value;
}

void x86_boot_put_le(uint8_t *p, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        p[i] = (uint8_t)(value >> (8 * i));
    }
}

/* --- Option ROMs ------------------------------------------------------------- */

void x86_add_option_rom(PcFirmware *fw, const char *name, int32_t bootindex)
{
    g_autofree char *path = firmware_find_file(name);
    g_autofree char *base = g_path_get_basename(name);
    g_autofree char *file = g_strconcat(ROM_FILE_PREFIX, base, NULL);
    g_autofree char *data = NULL;
    gsize len;

    if (strlen(file) >= FW_CFG_MAX_FILE_NAME || fw_cfg_has_file(fw->fw_cfg, file)) {
        return;
    }
    if (!path || !g_file_get_contents(path, &data, &len, NULL)) {
        error_printf("Could not open option rom '%s': %s\n", name, g_strerror(ENOENT));
        return;
    }
    fw_cfg_add_file_take(fw->fw_cfg, file, g_steal_pointer(&data), len);
    rom_note_fw_file(file, base, len);
    if (bootindex >= 0) {
        g_autofree char *suffix = g_strdup_printf("/rom@%s", file);
        Error *err = NULL;

        if (!boot_order_add(bootindex, NULL, suffix, &err)) {
            error_report_err(err);
        }
    }
}

typedef struct OptionRom {
    char *name;
    int32_t bootindex;
} OptionRom;

/* -option-rom, in order. Main thread, start-up only. */
static GPtrArray *option_roms;

bool option_rom_add_option(const char *arg, Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(arg, ",", -1);
    OptionRom *rom = g_new0(OptionRom, 1);

    rom->bootindex = -1;
    for (int i = 0; parts[i]; i++) {
        if (g_str_has_prefix(parts[i], "bootindex=")) {
            rom->bootindex = (int32_t)strtol(parts[i] + 10, NULL, 0);
        } else if (g_str_has_prefix(parts[i], "romfile=")) {
            rom->name = g_strdup(parts[i] + 8);
        } else if (!rom->name) {
            rom->name = g_strdup(parts[i]);
        }
    }
    if (!rom->name || !*rom->name) {
        g_free(rom->name);
        g_free(rom);
        return error_set(errp, "Option ROM file is not specified");
    }
    if (!option_roms) {
        option_roms = g_ptr_array_new();
    }
    g_ptr_array_add(option_roms, rom);
    return true;
}

/* --- Linux ------------------------------------------------------------------- */

/* Where the pieces go; all below 1 MiB but the kernel and the initrd. */
typedef struct LinuxLayout {
    uint32_t setup_addr, cmdline_addr, kernel_addr;
} LinuxLayout;

typedef struct LinuxImage {
    const uint8_t *data;
    size_t len;
    uint16_t protocol; /* 0: no header */
    uint32_t setup_size;
    uint8_t loadflags;
} LinuxImage;

bool linux_image_is_recognized(const uint8_t *data, size_t len)
{
    return len >= SETUP_HEADER_END && memcmp(data + SETUP_MAGIC, "HdrS", 4) == 0;
}

static bool linux_image_parse(LinuxImage *image, const uint8_t *data, size_t len,
                              Error **errp)
{
    unsigned sectors;

    if (len < SETUP_HEADER_END) {
        return error_set(errp, "qemu: invalid kernel header");
    }
    sectors = data[SETUP_SECTS] ? data[SETUP_SECTS] : 4;
    *image = (LinuxImage){ .data = data, .len = len };
    image->setup_size = (sectors + 1) * SECTOR;
    if (image->setup_size >= len) {
        return error_set(errp, "qemu: invalid kernel header");
    }
    if (linux_image_is_recognized(data, len)) {
        image->protocol = (uint16_t)x86_boot_get_le(data + SETUP_VERSION, 2);
        image->loadflags = data[SETUP_LOADFLAGS];
    }
    return true;
}

static LinuxLayout linux_layout(const LinuxImage *image, size_t cmdline_size)
{
    uint32_t low_cmdline = 0x9a000u - (uint32_t)MIN(cmdline_size, 0x8000u);

    if (image->protocol < 0x200 || !(image->loadflags & LOADED_HIGH)) {
        return (LinuxLayout){ 0x90000, low_cmdline, 0x10000 };
    }
    if (image->protocol < 0x202) {
        return (LinuxLayout){ 0x90000, low_cmdline, 0x100000 };
    }
    return (LinuxLayout){ 0x10000, 0x20000, 0x100000 };
}

/* "vga=" on the command line becomes the video mode of the header. */
static void set_video_mode(uint8_t *setup, const char *cmdline)
{
    const char *vga = strstr(cmdline, "vga=");
    uint32_t mode;

    if (!vga) {
        return;
    }
    vga += 4;
    if (g_str_has_prefix(vga, "normal")) {
        mode = 0xffff;
    } else if (g_str_has_prefix(vga, "ext")) {
        mode = 0xfffe;
    } else if (g_str_has_prefix(vga, "ask")) {
        mode = 0xfffd;
    } else {
        mode = (uint32_t)strtoul(vga, NULL, 0);
    }
    x86_boot_put_le(setup + SETUP_VID_MODE, mode, 2);
}

static void set_header(const LinuxImage *image, const LinuxLayout *layout,
                       uint8_t *setup, const char *cmdline)
{
    if (image->protocol >= 0x202) {
        x86_boot_put_le(setup + SETUP_CMD_LINE_PTR, layout->cmdline_addr, 4);
    } else {
        x86_boot_put_le(setup + OLD_CMD_LINE_MAGIC, 0xa33f, 2);
        x86_boot_put_le(setup + OLD_CMD_LINE_OFFSET,
                        layout->cmdline_addr - layout->setup_addr, 2);
    }
    set_video_mode(setup, cmdline);
    if (image->protocol >= 0x200) {
        setup[SETUP_TYPE_OF_LOADER] = LOADER_TYPE;
    }
    if (image->protocol >= 0x201) {
        setup[SETUP_LOADFLAGS] |= CAN_USE_HEAP;
        x86_boot_put_le(setup + SETUP_HEAP_END_PTR,
                        layout->cmdline_addr - layout->setup_addr - 0x200, 2);
    }
}

static uint32_t initrd_addr_max(const PcFirmware *fw, const LinuxImage *image)
{
    /* ACPI tables and their like go to the end of low RAM. */
    uint64_t ram_end = fw->config.ram_below_4g - X86_BOOT_RESERVED_AT_END;
    uint64_t max = DEFAULT_INITRD_ADDR_MAX;

    if (image->protocol >= 0x20c &&
        (x86_boot_get_le(image->data + SETUP_XLOADFLAGS, 2) & CAN_BE_ABOVE_4G)) {
        max = UINT32_MAX;
    } else if (image->protocol >= 0x203) {
        max = x86_boot_get_le(image->data + SETUP_INITRD_ADDR_MAX, 4);
    }
    return (uint32_t)MIN(max, ram_end - 1);
}

/* The initrd goes as high as the kernel and the RAM allow, on a page. */
static bool load_initrd(PcFirmware *fw, const LinuxImage *image, uint32_t kernel_end,
                        uint8_t *setup, Error **errp)
{
    const char *path = fw->config.machine->initrd_filename;
    g_autoptr(GError) gerr = NULL;
    GMappedFile *file;
    uint32_t max, addr;
    size_t size;

    if (image->protocol < 0x200) {
        return error_set(errp, "qemu: linux kernel too old to load a ram disk");
    }
    file = g_mapped_file_new(path, FALSE, &gerr); /* stays for ever */
    if (!file) {
        return error_set(errp, "qemu: error reading initrd %s: %s", path,
                         gerr->message);
    }
    size = g_mapped_file_get_length(file);
    max = initrd_addr_max(fw, image);
    if (size >= max || (max - size) < kernel_end) {
        return error_set(errp,
                         "qemu: initrd is too large, cannot support.(max: %" PRIu32
                         ", need %" PRId64 ")",
                         max, (int64_t)size);
    }
    addr = (uint32_t)((max - size) & ~UINT32_C(4095));
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_INITRD_ADDR, addr);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_INITRD_SIZE, (uint32_t)size);
    fw_cfg_add_bytes(fw->fw_cfg, FW_CFG_INITRD_DATA, g_mapped_file_get_contents(file),
                     size);
    x86_boot_put_le(setup + SETUP_RAMDISK_IMAGE, addr, 4);
    x86_boot_put_le(setup + SETUP_RAMDISK_SIZE, (uint32_t)size, 4);
    return true;
}

bool linux_load(PcFirmware *fw, const uint8_t *data, size_t len, Error **errp)
{
    const MachineState *ms = fw->config.machine;
    const char *cmdline = ms->kernel_cmdline ? ms->kernel_cmdline : "";
    size_t cmdline_size = strlen(cmdline) + 1;
    LinuxImage image;
    LinuxLayout layout;
    uint8_t *setup;
    size_t kernel_size;

    if (!linux_image_parse(&image, data, len, errp)) {
        return false;
    }
    layout = linux_layout(&image, cmdline_size);
    kernel_size = len - image.setup_size;
    setup = g_memdup2(data, image.setup_size);
    fw_cfg_add_bytes_take(fw->fw_cfg, FW_CFG_SETUP_DATA, setup, image.setup_size);
    set_header(&image, &layout, setup, cmdline);
    if (ms->initrd_filename &&
        !load_initrd(fw, &image, layout.kernel_addr, setup, errp)) {
        return false;
    }
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_CMDLINE_ADDR, layout.cmdline_addr);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_CMDLINE_SIZE, (uint32_t)cmdline_size);
    fw_cfg_add_string(fw->fw_cfg, FW_CFG_CMDLINE_DATA, cmdline);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_KERNEL_ADDR, layout.kernel_addr);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_KERNEL_SIZE, (uint32_t)kernel_size);
    fw_cfg_add_bytes(fw->fw_cfg, FW_CFG_KERNEL_DATA, data + image.setup_size,
                     kernel_size);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_SETUP_ADDR, layout.setup_addr);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_SETUP_SIZE, image.setup_size);
    x86_add_option_rom(fw, "linuxboot_dma.bin", 0);
    return true;
}

/* --- Any kernel -------------------------------------------------------------- */

static GMappedFile *map_kernel(const char *path, Error **errp)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    g_autoptr(GError) gerr = NULL;
    GMappedFile *file;

    if (fd < 0) {
        error_set_errno(errp, errno, "qemu: could not open kernel file '%s'", path);
        return NULL;
    }
    file = g_mapped_file_new_from_fd(fd, FALSE, &gerr);
    close(fd);
    if (!file) {
        error_set(errp, "qemu: could not load kernel '%s': %s", path, gerr->message);
        return NULL;
    }
    if (g_mapped_file_get_length(file) > MAX_KERNEL_SIZE) {
        g_mapped_file_unref(file);
        error_set(errp, "qemu: could not load kernel '%s': larger than 2 GiB", path);
        return NULL;
    }
    return file;
}

bool x86_load_kernel(PcFirmware *fw, Error **errp)
{
    const MachineState *ms = fw->config.machine;
    GMappedFile *file; /* stays for ever: items point into it */
    const uint8_t *data;
    size_t len;

    for (guint i = 0; option_roms && i < option_roms->len; i++) {
        const OptionRom *rom = g_ptr_array_index(option_roms, i);

        x86_add_option_rom(fw, rom->name, rom->bootindex);
    }
    if (!ms->kernel_filename) {
        return true;
    }
    file = map_kernel(ms->kernel_filename, errp);
    if (!file) {
        return false;
    }
    data = (const uint8_t *)g_mapped_file_get_contents(file);
    len = g_mapped_file_get_length(file);
    if (!linux_image_is_recognized(data, len)) {
        switch (multiboot_load(fw, data, len, errp)) {
        case X86_BOOT_LOADED:
            return true;
        case X86_BOOT_FAILED:
            return false;
        case X86_BOOT_NOT_MINE:
            break;
        }
        switch (pvh_load(fw, data, len, errp)) {
        case X86_BOOT_LOADED:
            return true;
        case X86_BOOT_FAILED:
            return false;
        case X86_BOOT_NOT_MINE:
            break;
        }
    }
    return linux_load(fw, data, len, errp);
}
