/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Getting images into the guest: finding firmware files, blobs that are written into
 * guest memory at every reset, and reading ELF and raw images. Every image is treated
 * as hostile: offsets, sizes and sums are checked against the file before use.
 *
 * Context: BQL, main thread.
 */
#ifndef STRATA_HW_CORE_LOADER_H
#define STRATA_HW_CORE_LOADER_H

#include "memory/memory.h"
#include "util/error.h"
#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* --- Firmware files ---------------------------------------------------------- */

/* -L DIR: searched before the built-in places, in order of adding. Copied. */
void firmware_add_search_dir(const char *dir);
/* The directories in order of search (-L help); NULL-terminated, owned by the module.
 */
const char *const *firmware_search_dirs(void);
/* Only files given by path are found from now on; for tests. */
void firmware_clear_search_dirs(void);
/*
 * Path of firmware file @name: @name itself if it exists as given, else the first
 * match in the search directories. Caller frees; NULL when there is none.
 */
char *firmware_find_file(const char *name);

/*
 * --- ROM blobs -----------------------------------------------------------------
 * Contents that are copied into guest memory at reset, through read-only regions too.
 * Blobs of one address space must not overlap: that is checked by roms_check().
 */

/* @data is copied; @max_len >= len is what is reserved and zeroed. */
void rom_add_blob(const char *name, const void *data, size_t len, size_t max_len,
                  hwaddr addr, AddressSpace *as);
/* The same, without a copy: @data lives as long as the program. */
void rom_add_static_blob(const char *name, const void *data, size_t len, hwaddr addr,
                         AddressSpace *as);
/* A file into memory at @addr. Returns its size, or -1 and an error. */
int64_t rom_add_file(const char *path, hwaddr addr, AddressSpace *as,
                     Error **errp) WARN_UNUSED;
/*
 * A file as the contents of @mr, a RAM or ROM region which is filled now and refilled
 * at reset when it is writable for the guest. @addr is for "info roms" only.
 */
bool rom_add_file_region(const char *path, MemoryRegion *mr, hwaddr addr,
                         Error **errp) WARN_UNUSED;
/* Only a line in "info roms": contents that are kept elsewhere. @mr may be NULL. */
void rom_note_fw_file(const char *fw_file, const char *name, size_t len);
void rom_note_region(const char *name, MemoryRegion *mr, size_t max_len);
/* Verify that no two blobs overlap, and register the reset handler. At machine ready.
 */
bool roms_check(Error **errp) WARN_UNUSED;
/* Forget all blobs; for tests, before roms_check(). */
void roms_clear(void);
/* Text of "info roms"; caller frees. */
char *roms_describe(void);
/* Direct pointer into a blob's data if [addr, addr + size) is inside one, else NULL. */
const void *rom_find_data(hwaddr addr, size_t size);

/* --- Raw files --------------------------------------------------------------- */

/* Map or read a whole file. Files over @max_len are refused. NULL and error. */
GBytes *image_read_file(const char *path, uint64_t max_len, Error **errp) WARN_UNUSED;

/* --- ELF --------------------------------------------------------------------- */

enum { ELF_MACHINE_386 = 3, ELF_MACHINE_PPC = 20, ELF_MACHINE_X86_64 = 62 };

/* One loadable segment, checked: [file_offset, +file_size) is inside the image,
 * file_size <= mem_size and paddr + mem_size does not wrap. */
typedef struct ElfSegment {
    uint64_t file_offset;
    uint64_t file_size;
    uint64_t mem_size;
    uint64_t paddr;
    uint64_t vaddr;
} ElfSegment;

typedef struct ElfImage {
    GBytes *bytes;
    bool is_64bit;
    bool is_big_endian;
    uint16_t machine;
    uint64_t entry;
    size_t num_segments;
    ElfSegment *segments; /* PT_LOAD with mem_size > 0, in file order */
    uint64_t low, high;   /* [low, high) of physical addresses */
} ElfImage;

bool elf_is_image(const void *data, size_t len);
/* Parse headers. @bytes is referenced. NULL and an error when it is malformed. */
ElfImage *elf_parse(GBytes *bytes, Error **errp) WARN_UNUSED;
void elf_image_free(ElfImage *elf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ElfImage, elf_image_free)
/*
 * Find the note (@name, @type) in the PT_NOTE segments. Points into the image; NULL
 * when there is none.
 */
const void *elf_find_note(const ElfImage *elf, const char *name, uint32_t type,
                          size_t *len);
/*
 * Add every segment as ROM blob @name. @translate (or NULL) maps a segment's physical
 * address to a bus address.
 */
typedef uint64_t ElfTranslateFn(void *opaque, uint64_t paddr);
void elf_add_roms(const ElfImage *elf, const char *name, AddressSpace *as,
                  ElfTranslateFn *translate, void *opaque);

#endif
