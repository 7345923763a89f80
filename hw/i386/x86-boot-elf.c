/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels that are started in 32-bit protected mode: Multiboot 1 images with modules
 * (Multiboot Specification 0.6.96) and ELF kernels with a PVH note (Xen
 * documentation, "x86/HVM direct boot ABI"). The option ROMs multiboot_dma.bin and
 * pvh.bin take the pieces from the configuration device, build the memory map and jump.
 */
#include "hw/i386/x86-boot.h"

#include "hw/core/loader.h"
#include <string.h>

/* --- Multiboot --------------------------------------------------------------- */

enum {
    MB_MAGIC = 0x1badb002,
    MB_SEARCH = 8192, /* the header is in the first bytes, on a multiple of four */
    MB_HAS_VIDEO = 1 << 2,
    MB_HAS_ADDRESSES = 1 << 16,

    MBI_HAS_MEMORY = 1 << 0,
    MBI_HAS_BOOT_DEVICE = 1 << 1,
    MBI_HAS_CMDLINE = 1 << 2,
    MBI_HAS_MODULES = 1 << 3,
    MBI_HAS_MMAP = 1 << 6,
    MBI_HAS_LOADER_NAME = 1 << 9,

    MBI_FLAGS = 0,
    MBI_BOOT_DEVICE = 12,
    MBI_CMDLINE = 16,
    MBI_MODS_COUNT = 20,
    MBI_MODS_ADDR = 24,
    MBI_MMAP_ADDR = 48,
    MBI_LOADER_NAME = 64,
    MBI_SIZE = 88,

    MOD_START = 0,
    MOD_END = 4,
    MOD_STRING = 8,
    MOD_SIZE = 16,
};
/* Where the option ROM wants the information, and puts the memory map. */
#define MBI_ADDR         0x9500u
#define MBI_MMAP         0x9000u
#define BOOT_DEVICE_DISK 0x8000ffffu
#define LOADER_NAME      "strata"
#define PAGE             4096u
#define MAX_MODULES      256

/* What is loaded as one piece at @load_addr: kernel, strings, modules. */
typedef struct MultibootImage {
    GByteArray *bytes;
    uint32_t load_addr;
    uint32_t entry;
} MultibootImage;

/* Offset of the header, or a negative number. */
static int find_multiboot_header(const uint8_t *data, size_t len)
{
    size_t end = MIN(len, (size_t)MB_SEARCH);

    for (size_t at = 0; at + 12 <= end; at += 4) {
        uint32_t flags = x86_boot_get_le(data + at + 4, 4);
        uint32_t checksum = x86_boot_get_le(data + at + 8, 4);

        if (x86_boot_get_le(data + at, 4) == MB_MAGIC &&
            MB_MAGIC + flags + checksum == 0) {
            return (int)at;
        }
    }
    return -1;
}

static void append_zeros(GByteArray *bytes, uint64_t len)
{
    guint old = bytes->len;

    g_byte_array_set_size(bytes, old + (guint)len);
    memset(bytes->data + old, 0, len);
}

static void align_to_page(MultibootImage *image)
{
    append_zeros(image->bytes, -image->bytes->len & (PAGE - 1));
}

/* Room for a kernel of @size bytes at @addr, which end below the firmware's tables? */
static bool check_room(const PcFirmware *fw, uint64_t addr, uint64_t size, Error **errp)
{
    uint64_t end = fw->config.ram_below_4g - X86_BOOT_RESERVED_AT_END;

    if (addr > end || size > end - addr) {
        return error_set(errp,
                         "qemu: multiboot kernel at 0x%" PRIx64 "+0x%" PRIx64
                         " does not fit into memory",
                         addr, size);
    }
    return true;
}

/* "a.out kludge": the header says what is loaded where. */
static bool load_by_addresses(const PcFirmware *fw, MultibootImage *image,
                              const uint8_t *data, size_t len, size_t header,
                              Error **errp)
{
    uint32_t header_addr, load_addr, load_end, bss_end;
    uint64_t offset, size, mem_size;

    if (header + 32 > len) {
        return error_set(errp, "qemu: multiboot header is cut short");
    }
    header_addr = x86_boot_get_le(data + header + 12, 4);
    load_addr = x86_boot_get_le(data + header + 16, 4);
    load_end = x86_boot_get_le(data + header + 20, 4);
    bss_end = x86_boot_get_le(data + header + 24, 4);
    if (load_addr > header_addr || header_addr - load_addr > header) {
        return error_set(errp, "qemu: invalid load_addr address");
    }
    offset = header - (header_addr - load_addr);
    size = len - offset;
    if (load_end) {
        if (load_end < load_addr || load_end - load_addr > size) {
            return error_set(errp, "qemu: invalid load_end_addr address");
        }
        size = load_end - load_addr;
    }
    mem_size = size;
    if (bss_end) {
        if (bss_end < load_addr + size) {
            return error_set(errp, "qemu: invalid bss_end_addr address");
        }
        mem_size = bss_end - load_addr;
    }
    if (!check_room(fw, load_addr, mem_size, errp)) {
        return false;
    }
    image->load_addr = load_addr;
    image->entry = x86_boot_get_le(data + header + 28, 4);
    g_byte_array_append(image->bytes, data + offset, (guint)size);
    append_zeros(image->bytes, mem_size - size);
    return true;
}

/* Kernels linked high name their entry by its virtual address. */
static uint64_t physical_entry(const ElfImage *elf)
{
    for (size_t i = 0; i < elf->num_segments; i++) {
        const ElfSegment *seg = &elf->segments[i];

        if (elf->entry >= seg->vaddr && elf->entry - seg->vaddr < seg->mem_size) {
            return seg->paddr + (elf->entry - seg->vaddr);
        }
    }
    return elf->entry;
}

static bool load_by_elf(const PcFirmware *fw, MultibootImage *image,
                        const uint8_t *data, size_t len, Error **errp)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, len);
    g_autoptr(ElfImage) elf = elf_parse(bytes, errp);

    if (!elf) {
        error_prepend(errp, "qemu: error while loading elf kernel: ");
        return false;
    }
    if (elf->machine == ELF_MACHINE_X86_64) {
        return error_set(errp, "Cannot load x86-64 image, give a 32bit one.");
    }
    if (!check_room(fw, elf->low, elf->high - elf->low, errp)) {
        return false;
    }
    image->load_addr = (uint32_t)elf->low;
    image->entry = (uint32_t)physical_entry(elf);
    append_zeros(image->bytes, elf->high - elf->low);
    for (size_t i = 0; i < elf->num_segments; i++) {
        const ElfSegment *seg = &elf->segments[i];

        memcpy(image->bytes->data + (seg->paddr - elf->low), data + seg->file_offset,
               seg->file_size);
    }
    return true;
}

/* Returns the guest address of the copy. */
static uint32_t append_string(MultibootImage *image, const char *text)
{
    uint32_t addr = image->load_addr + image->bytes->len;

    g_byte_array_append(image->bytes, (const guint8 *)text, (guint)strlen(text) + 1);
    return addr;
}

/* "FILE arguments": the file's contents, page-aligned, and the whole as its string. */
static bool append_module(const PcFirmware *fw, MultibootImage *image, guint record,
                          const char *text, Error **errp)
{
    g_autofree char *path = g_strndup(text, strcspn(text, " "));
    g_autoptr(GBytes) file = image_read_file(path, UINT32_MAX, NULL);
    uint32_t start;
    uint64_t size;

    if (!file) {
        return error_set(errp, "qemu: Failed to open file '%s'", path);
    }
    align_to_page(image);
    size = g_bytes_get_size(file);
    start = image->load_addr + image->bytes->len;
    if (!check_room(fw, start, size, errp)) {
        return false;
    }
    g_byte_array_append(image->bytes, g_bytes_get_data(file, NULL), (guint)size);
    x86_boot_put_le(image->bytes->data + record + MOD_START, start, 4);
    x86_boot_put_le(image->bytes->data + record + MOD_END, start + (uint32_t)size, 4);
    return true;
}

/* -initrd "MODULE ARGS,MODULE ARGS": a comma that belongs to the name is doubled. */
static GPtrArray *split_modules(const char *text)
{
    GPtrArray *modules = g_ptr_array_new_with_free_func(g_free);
    GString *current = g_string_new(NULL);

    for (; text && *text; text++) {
        if (*text != ',') {
            g_string_append_c(current, *text);
        } else if (text[1] == ',') {
            g_string_append_c(current, *text++);
        } else {
            g_ptr_array_add(modules, g_string_free(current, FALSE));
            current = g_string_new(NULL);
        }
    }
    if (current->len) {
        g_ptr_array_add(modules, g_string_free(current, FALSE));
    } else {
        g_string_free(current, TRUE);
    }
    return modules;
}

/*
 * After the kernel, from a page boundary on: module records, strings, then each module
 * on a page of its own. @mbi is filled in.
 */
static bool append_modules(const PcFirmware *fw, MultibootImage *image, uint8_t *mbi,
                           Error **errp)
{
    const MachineState *ms = fw->config.machine;
    g_autoptr(GPtrArray) modules = split_modules(ms->initrd_filename);
    const char *append = ms->kernel_cmdline ? ms->kernel_cmdline : "";
    g_autofree char *cmdline = g_strdup_printf("%s %s", ms->kernel_filename, append);
    guint records;

    if (modules->len > MAX_MODULES) {
        return error_set(errp, "qemu: more than %d multiboot modules", MAX_MODULES);
    }
    align_to_page(image);
    records = image->bytes->len;
    x86_boot_put_le(mbi + MBI_MODS_COUNT, modules->len, 4);
    x86_boot_put_le(mbi + MBI_MODS_ADDR, image->load_addr + records, 4);
    append_zeros(image->bytes, (uint64_t)modules->len * MOD_SIZE);
    for (guint i = 0; i < modules->len; i++) {
        uint32_t string = append_string(image, g_ptr_array_index(modules, i));

        x86_boot_put_le(image->bytes->data + records + i * MOD_SIZE + MOD_STRING,
                        string, 4);
    }
    x86_boot_put_le(mbi + MBI_CMDLINE, append_string(image, cmdline), 4);
    x86_boot_put_le(mbi + MBI_LOADER_NAME, append_string(image, LOADER_NAME), 4);
    for (guint i = 0; i < modules->len; i++) {
        if (!append_module(fw, image, records + i * MOD_SIZE,
                           g_ptr_array_index(modules, i), errp)) {
            return false;
        }
    }
    align_to_page(image);
    return check_room(fw, image->load_addr, image->bytes->len, errp);
}

static bool multiboot_load_image(PcFirmware *fw, const uint8_t *data, size_t len,
                                 size_t header, Error **errp)
{
    uint32_t flags = x86_boot_get_le(data + header + 4, 4);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    MultibootImage image = { .bytes = bytes };
    uint8_t mbi[MBI_SIZE] = { 0 };

    if (flags & MB_HAS_VIDEO) {
        error_printf("qemu: multiboot knows VBE. we don't\n");
    }
    if (!(flags & MB_HAS_ADDRESSES
              ? load_by_addresses(fw, &image, data, len, header, errp)
              : load_by_elf(fw, &image, data, len, errp)) ||
        !append_modules(fw, &image, mbi, errp)) {
        return false;
    }
    x86_boot_put_le(mbi + MBI_FLAGS,
                    MBI_HAS_MEMORY | MBI_HAS_BOOT_DEVICE | MBI_HAS_CMDLINE |
                        MBI_HAS_MODULES | MBI_HAS_MMAP | MBI_HAS_LOADER_NAME,
                    4);
    x86_boot_put_le(mbi + MBI_BOOT_DEVICE, BOOT_DEVICE_DISK, 4);
    x86_boot_put_le(mbi + MBI_MMAP_ADDR, MBI_MMAP, 4);

    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_KERNEL_ENTRY, image.entry);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_KERNEL_ADDR, image.load_addr);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_KERNEL_SIZE, bytes->len);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_INITRD_ADDR, MBI_ADDR);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_INITRD_SIZE, MBI_SIZE);
    fw_cfg_add_bytes_take(fw->fw_cfg, FW_CFG_INITRD_DATA, g_memdup2(mbi, MBI_SIZE),
                          MBI_SIZE);
    {
        gsize size;
        guint8 *kernel = g_byte_array_steal(bytes, &size);

        fw_cfg_add_bytes_take(fw->fw_cfg, FW_CFG_KERNEL_DATA, kernel, size);
    }
    x86_add_option_rom(fw, "multiboot_dma.bin", 0);
    return true;
}

X86BootResult multiboot_load(PcFirmware *fw, const uint8_t *data, size_t len,
                             Error **errp)
{
    int header = find_multiboot_header(data, len);

    if (header < 0) {
        return X86_BOOT_NOT_MINE;
    }
    return multiboot_load_image(fw, data, len, (size_t)header, errp) ? X86_BOOT_LOADED
                                                                     : X86_BOOT_FAILED;
}

/* --- PVH --------------------------------------------------------------------- */

enum { XEN_NOTE_PHYS32_ENTRY = 18 };
#define PVH_HEADER_SIZE 8192u /* of the file, for the option ROM's kernel check */

static bool pvh_load_initrd(PcFirmware *fw, Error **errp)
{
    const char *path = fw->config.machine->initrd_filename;
    uint64_t max = fw->config.ram_below_4g - X86_BOOT_RESERVED_AT_END;
    GBytes *file; /* stays for ever */
    uint64_t size;

    if (!path) {
        return true;
    }
    file = image_read_file(path, UINT32_MAX, errp);
    if (!file) {
        error_prepend(errp, "qemu: error reading initrd: ");
        return false;
    }
    size = g_bytes_get_size(file);
    if (size >= max) {
        error_set(errp,
                  "qemu: initrd is too large, cannot support.(max: %" PRIu64
                  ", need %" PRIu64 ")",
                  max, size);
        g_bytes_unref(file);
        return false;
    }
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_INITRD_ADDR,
                   (uint32_t)((max - 1 - size) & ~(uint64_t)(PAGE - 1)));
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_INITRD_SIZE, (uint32_t)size);
    fw_cfg_add_bytes(fw->fw_cfg, FW_CFG_INITRD_DATA, g_bytes_get_data(file, NULL),
                     size);
    return true;
}

static bool pvh_load_elf(PcFirmware *fw, const ElfImage *elf, Error **errp)
{
    const MachineState *ms = fw->config.machine;
    const char *cmdline = ms->kernel_cmdline ? ms->kernel_cmdline : "";
    g_autofree char *name = g_path_get_basename(ms->kernel_filename);
    size_t note_len, len;
    const uint8_t *note = elf_find_note(elf, "Xen", XEN_NOTE_PHYS32_ENTRY, &note_len);
    const uint8_t *data = g_bytes_get_data(elf->bytes, &len);

    if (!note || note_len < 4) {
        return error_set(errp,
                         "Error loading uncompressed kernel without PVH ELF Note");
    }
    if (!check_room(fw, elf->low, elf->high - elf->low, errp)) {
        return false;
    }
    elf_add_roms(elf, name, &address_space_memory, NULL, NULL);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_KERNEL_ENTRY, x86_boot_get_le(note, 4));
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_KERNEL_ADDR, (uint32_t)elf->low);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_KERNEL_SIZE, (uint32_t)(elf->high - elf->low));
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_CMDLINE_SIZE, (uint32_t)strlen(cmdline) + 1);
    fw_cfg_add_string(fw->fw_cfg, FW_CFG_CMDLINE_DATA, cmdline);
    len = MIN(len, (size_t)PVH_HEADER_SIZE);
    fw_cfg_add_u32(fw->fw_cfg, FW_CFG_SETUP_SIZE, (uint32_t)len);
    fw_cfg_add_bytes_take(fw->fw_cfg, FW_CFG_SETUP_DATA, g_memdup2(data, len), len);
    if (!pvh_load_initrd(fw, errp)) {
        return false;
    }
    x86_add_option_rom(fw, "pvh.bin", 0);
    return true;
}

X86BootResult pvh_load(PcFirmware *fw, const uint8_t *data, size_t len, Error **errp)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(ElfImage) elf = NULL;

    if (!elf_is_image(data, len)) {
        return X86_BOOT_NOT_MINE;
    }
    bytes = g_bytes_new_static(data, len);
    elf = elf_parse(bytes, errp);
    if (!elf) {
        error_prepend(errp, "qemu: error while loading elf kernel: ");
        return X86_BOOT_FAILED;
    }
    return pvh_load_elf(fw, elf, errp) ? X86_BOOT_LOADED : X86_BOOT_FAILED;
}
