/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware files and ROM blobs. The ELF reader is in loader-elf.c.
 *
 * L1: blobs are kept sorted by address space and address; regions and firmware files
 *     are only listed, never written.
 * L2: at reset every blob is written again, since the guest may have used its memory;
 *     the padding up to max_len is zeroed from the second reset on (fresh RAM is zero,
 *     and is not touched for nothing).
 */
#include "hw/core/loader.h"

#include "hw/core/reset.h"
#include "qapi/command.h"
#include "util/log.h"
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Firmware files ---------------------------------------------------------- */

/* Where Debian's firmware packages put their images. */
static const char *const builtin_dirs[] = {
    STRATA_DATADIR,        "/usr/share/strata",   "/usr/share/seabios",
    "/usr/share/qemu",     "/usr/lib/ipxe/qemu",  "/usr/share/qemu/firmware",
    "/usr/share/openbios", "/usr/share/firmware", NULL,
};

static GPtrArray *search_dirs; /* char *, -L first; NULL-terminated */
static unsigned num_user_dirs;

static GPtrArray *search_dirs_get(void)
{
    if (!search_dirs) {
        search_dirs = g_ptr_array_new_with_free_func(g_free);
        for (int i = 0; builtin_dirs[i]; i++) {
            g_ptr_array_add(search_dirs, g_strdup(builtin_dirs[i]));
        }
        g_ptr_array_add(search_dirs, NULL);
    }
    return search_dirs;
}

void firmware_add_search_dir(const char *dir)
{
    g_ptr_array_insert(search_dirs_get(), (int)num_user_dirs++, g_strdup(dir));
}

const char *const *firmware_search_dirs(void)
{
    return (const char *const *)search_dirs_get()->pdata;
}

void firmware_clear_search_dirs(void)
{
    g_ptr_array_set_size(search_dirs_get(), 0);
    g_ptr_array_add(search_dirs, NULL);
    num_user_dirs = 0;
}

static bool is_readable_file(const char *path)
{
    struct stat st;

    return access(path, R_OK) == 0 && stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

char *firmware_find_file(const char *name)
{
    const char *const *dirs = firmware_search_dirs();

    if (is_readable_file(name)) {
        return g_strdup(name);
    }
    for (; *dirs; dirs++) {
        g_autofree char *path = g_build_filename(*dirs, name, NULL);

        if (is_readable_file(path)) {
            return g_steal_pointer(&path);
        }
    }
    return NULL;
}

GBytes *image_read_file(const char *path, uint64_t max_len, Error **errp)
{
    g_autoptr(GError) gerr = NULL;
    GMappedFile *file = g_mapped_file_new(path, FALSE, &gerr);
    GBytes *bytes;

    if (!file) {
        error_set(errp, "could not load '%s': %s", path, gerr->message);
        return NULL;
    }
    bytes = g_mapped_file_get_bytes(file);
    g_mapped_file_unref(file);
    if (g_bytes_get_size(bytes) > max_len) {
        error_set(errp, "'%s' is too large: %zu bytes, at most %" PRIu64, path,
                  g_bytes_get_size(bytes), max_len);
        g_bytes_unref(bytes);
        return NULL;
    }
    return bytes;
}

/* --- ROM blobs --------------------------------------------------------------- */

typedef struct Rom {
    char *name;
    GBytes *data; /* NULL: only listed */
    size_t max_len;
    AddressSpace *as;
    hwaddr addr;
    char *fw_file;    /* listed by its place in the configuration device */
    char *region;     /* listed by the name of its region */
    MemoryRegion *mr; /* contents live there */
    bool written_once;
} Rom;

static GPtrArray *roms; /* Rom *, for the life of the program */

static Rom *rom_new(const char *name)
{
    Rom *rom = g_new0(Rom, 1);

    if (!roms) {
        roms = g_ptr_array_new();
    }
    rom->name = g_strdup(name);
    g_ptr_array_add(roms, rom);
    return rom;
}

static void rom_add_bytes(const char *name, GBytes *take_data, size_t max_len,
                          hwaddr addr, AddressSpace *as)
{
    Rom *rom = rom_new(name);

    rom->data = take_data;
    rom->max_len = MAX(max_len, g_bytes_get_size(take_data));
    rom->addr = addr;
    rom->as = as;
}

void rom_add_blob(const char *name, const void *data, size_t len, size_t max_len,
                  hwaddr addr, AddressSpace *as)
{
    rom_add_bytes(name, g_bytes_new(data, len), max_len, addr, as);
}

void rom_add_static_blob(const char *name, const void *data, size_t len, hwaddr addr,
                         AddressSpace *as)
{
    rom_add_bytes(name, g_bytes_new_static(data, len), len, addr, as);
}

int64_t rom_add_file(const char *path, hwaddr addr, AddressSpace *as, Error **errp)
{
    g_autofree char *name = g_path_get_basename(path);
    GBytes *data = image_read_file(path, INT64_MAX, errp);
    int64_t size;

    if (!data) {
        return -1;
    }
    size = (int64_t)g_bytes_get_size(data);
    rom_add_bytes(name, data, 0, addr, as);
    return size;
}

bool rom_add_file_region(const char *path, MemoryRegion *mr, hwaddr addr, Error **errp)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autoptr(GBytes) data = image_read_file(path, memory_region_size(mr), errp);
    Rom *rom;

    if (!data) {
        return false;
    }
    memcpy(memory_region_get_ram_ptr(mr), g_bytes_get_data(data, NULL),
           g_bytes_get_size(data));
    rom = rom_new(name);
    rom->max_len = g_bytes_get_size(data);
    rom->addr = addr;
    rom->mr = mr;
    return true;
}

void rom_note_fw_file(const char *fw_file, const char *name, size_t len)
{
    Rom *rom = rom_new(name);

    rom->fw_file = g_strdup(fw_file);
    rom->max_len = len;
}

void rom_note_region(const char *name, MemoryRegion *mr, size_t max_len)
{
    Rom *rom = rom_new(name);

    rom->region = g_strdup(mr ? memory_region_name(mr) : name);
    rom->max_len = max_len;
    rom->addr = HWADDR_MAX;
}

static void rom_free(void *opaque)
{
    Rom *rom = opaque;

    g_clear_pointer(&rom->data, g_bytes_unref);
    g_free(rom->name);
    g_free(rom->fw_file);
    g_free(rom->region);
    g_free(rom);
}

void roms_clear(void)
{
    if (roms) {
        g_ptr_array_set_free_func(roms, rom_free);
        g_clear_pointer(&roms, g_ptr_array_unref);
    }
}

static int rom_compare(const void *a, const void *b)
{
    const Rom *ra = *(const Rom *const *)a, *rb = *(const Rom *const *)b;

    if (ra->as != rb->as) {
        return ra->as < rb->as ? -1 : 1;
    }
    return ra->addr < rb->addr ? -1 : ra->addr > rb->addr;
}

/* Pointers to address spaces compare in any order; only equality matters here. */
static bool rom_overlaps(const Rom *a, const Rom *b)
{
    return a->as == b->as && b->addr - a->addr < a->max_len;
}

static void rom_reset(void *opaque)
{
    for (unsigned i = 0; i < roms->len; i++) {
        Rom *rom = g_ptr_array_index(roms, i);
        gsize len;
        const void *data;

        if (!rom->data) {
            continue;
        }
        data = g_bytes_get_data(rom->data, &len);
        if (address_space_write_rom(rom->as, rom->addr, MEMTXATTRS_UNSPECIFIED, data,
                                    len) != MEMTX_OK) {
            log_guest_error("rom '%s': no memory at 0x%" HWADDR_PRIx "\n", rom->name,
                            rom->addr);
        }
        if (rom->written_once && rom->max_len > len) {
            address_space_set(rom->as, rom->addr + len, 0, rom->max_len - len,
                              MEMTXATTRS_UNSPECIFIED);
        }
        rom->written_once = true;
    }
}

bool roms_check(Error **errp)
{
    const Rom *previous = NULL;

    if (!roms) {
        return true;
    }
    g_ptr_array_sort(roms, rom_compare);
    for (unsigned i = 0; i < roms->len; i++) {
        const Rom *rom = g_ptr_array_index(roms, i);

        if (!rom->data) {
            continue;
        }
        if (previous && rom_overlaps(previous, rom)) {
            return error_set(errp,
                             "rom '%s' (0x%" HWADDR_PRIx "-0x%" HWADDR_PRIx
                             ") overlaps rom '%s' at 0x%" HWADDR_PRIx,
                             previous->name, previous->addr,
                             previous->addr + previous->max_len - 1, rom->name,
                             rom->addr);
        }
        previous = rom;
    }
    register_reset_handler(rom_reset, NULL);
    return true;
}

const void *rom_find_data(hwaddr addr, size_t size)
{
    for (unsigned i = 0; roms && i < roms->len; i++) {
        const Rom *rom = g_ptr_array_index(roms, i);
        gsize len;
        const uint8_t *data;

        if (!rom->data || addr < rom->addr) {
            continue;
        }
        data = g_bytes_get_data(rom->data, &len);
        if (addr - rom->addr < len && size <= len - (addr - rom->addr)) {
            return data + (addr - rom->addr);
        }
    }
    return NULL;
}

/* The configuration device's files first, then by address, then regions. */
static int rom_compare_listing(const void *a, const void *b)
{
    const Rom *ra = *(const Rom *const *)a, *rb = *(const Rom *const *)b;
    int ca = ra->fw_file ? 0 : ra->region ? 2 : 1;
    int cb = rb->fw_file ? 0 : rb->region ? 2 : 1;

    if (ca != cb) {
        return ca - cb;
    }
    return ra->addr < rb->addr ? -1 : ra->addr > rb->addr;
}

static bool rom_is_in_rom(const Rom *rom)
{
    MemoryRegion *mr = rom->mr;

    if (!mr) {
        mr = address_space_lookup(rom->as, rom->addr).mr;
    }
    return mr && memory_region_is_rom(mr);
}

char *roms_describe(void)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();

    for (unsigned i = 0; roms && i < roms->len; i++) {
        g_ptr_array_add(sorted, g_ptr_array_index(roms, i));
    }
    g_ptr_array_sort(sorted, rom_compare_listing); /* stable */
    for (unsigned i = 0; i < sorted->len; i++) {
        const Rom *rom = g_ptr_array_index(sorted, i);

        if (rom->fw_file) {
            g_string_append_printf(out, "fw=%s size=0x%06zx name=\"%s\"\n",
                                   rom->fw_file, rom->max_len, rom->name);
        } else if (rom->region) {
            g_string_append_printf(out, "%s size=0x%06zx name=\"%s\"\n", rom->region,
                                   rom->max_len, rom->name);
        } else {
            g_string_append_printf(
                out, "addr=%016" PRIx64 " size=0x%06zx mem=%s name=\"%s\"\n", rom->addr,
                rom->max_len, rom_is_in_rom(rom) ? "rom" : "ram", rom->name);
        }
    }
    return g_string_free(out, FALSE);
}

static void hmp_info_roms(HmpOut *out, HmpArgs *args)
{
    g_autofree char *text = roms_describe();

    hmp_puts(out, text);
}
HMP_INFO("roms", "", "", "show roms", hmp_info_roms);
