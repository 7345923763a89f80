/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF executables, 32 and 64 bit, either byte order. Source: System V ABI, chapters 4
 * and 5 (object files, program loading). Only what a loader needs is read: the file
 * header, PT_LOAD and PT_NOTE. The image is hostile: each field is checked against the
 * file before it is used.
 */
#include "hw/core/loader.h"

#include <glib.h>
#include <string.h>

enum {
    EI_CLASS = 4,
    EI_DATA = 5,
    EI_NIDENT = 16,
    CLASS_32 = 1,
    CLASS_64 = 2,
    DATA_LSB = 1,
    DATA_MSB = 2,
    PT_LOAD = 1,
    PT_NOTE = 4,
};
#define EHDR32_SIZE      52
#define EHDR64_SIZE      64
#define PHDR32_SIZE      32
#define PHDR64_SIZE      56
#define NOTE_HEADER_SIZE 12
#define MAX_PHDRS        1024

/* A bounded view of the image with its byte order. */
typedef struct ElfView {
    const uint8_t *data;
    size_t len;
    bool big;
} ElfView;

/* Value of @size bytes at @offset, which the caller has checked to be inside. */
static uint64_t view_get(const ElfView *v, size_t offset, unsigned size)
{
    uint64_t value = 0;

    g_assert(offset <= v->len && size <= v->len - offset);
    for (unsigned i = 0; i < size; i++) {
        unsigned from = v->big ? i : size - 1 - i;

        value = value << 8 | v->data[offset + from];
    }
    return value;
}

static bool view_contains(const ElfView *v, uint64_t offset, uint64_t size)
{
    return offset <= v->len && size <= v->len - offset;
}

typedef struct ProgramHeader {
    uint32_t type;
    uint64_t offset, vaddr, paddr, file_size, mem_size, align;
} ProgramHeader;

static ProgramHeader program_header_get(const ElfView *v, size_t at, bool is_64bit)
{
    if (is_64bit) {
        return (ProgramHeader){
            .type = (uint32_t)view_get(v, at, 4),
            .offset = view_get(v, at + 8, 8),
            .vaddr = view_get(v, at + 16, 8),
            .paddr = view_get(v, at + 24, 8),
            .file_size = view_get(v, at + 32, 8),
            .mem_size = view_get(v, at + 40, 8),
            .align = view_get(v, at + 48, 8),
        };
    }
    return (ProgramHeader){
        .type = (uint32_t)view_get(v, at, 4),
        .offset = view_get(v, at + 4, 4),
        .vaddr = view_get(v, at + 8, 4),
        .paddr = view_get(v, at + 12, 4),
        .file_size = view_get(v, at + 16, 4),
        .mem_size = view_get(v, at + 20, 4),
        .align = view_get(v, at + 28, 4),
    };
}

bool elf_is_image(const void *data, size_t len)
{
    return len >= EI_NIDENT && memcmp(data, "\177ELF", 4) == 0;
}

static ElfView elf_view(const ElfImage *elf)
{
    gsize len;
    const uint8_t *data = g_bytes_get_data(elf->bytes, &len);

    return (ElfView){ data, len, elf->is_big_endian };
}

/* Place and number of the program headers; checked to be inside the file. */
static bool elf_find_phdrs(const ElfView *v, bool is_64bit, size_t *first,
                           size_t *stride, size_t *num, Error **errp)
{
    uint64_t offset = is_64bit ? view_get(v, 32, 8) : view_get(v, 28, 4);
    uint64_t size = view_get(v, is_64bit ? 54 : 42, 2);
    uint64_t count = view_get(v, is_64bit ? 56 : 44, 2);

    if (count && size < (is_64bit ? PHDR64_SIZE : PHDR32_SIZE)) {
        return error_set(errp, "ELF program header size %" PRIu64 " is too small",
                         size);
    }
    if (count > MAX_PHDRS) {
        return error_set(errp, "ELF has %" PRIu64 " program headers, at most %d", count,
                         MAX_PHDRS);
    }
    if (!view_contains(v, offset, size * count)) {
        return error_set(errp, "ELF program headers are outside the file");
    }
    *first = offset;
    *stride = size;
    *num = count;
    return true;
}

static bool elf_add_segment(ElfImage *elf, const ElfView *v, const ProgramHeader *ph,
                            Error **errp)
{
    if (ph->mem_size == 0) {
        return true;
    }
    if (ph->file_size > ph->mem_size) {
        return error_set(
            errp, "ELF segment at 0x%" PRIx64 " is larger in the file than in memory",
            ph->paddr);
    }
    if (!view_contains(v, ph->offset, ph->file_size)) {
        return error_set(errp, "ELF segment at 0x%" PRIx64 " is outside the file",
                         ph->paddr);
    }
    if (ph->paddr + ph->mem_size < ph->paddr) {
        return error_set(errp, "ELF segment at 0x%" PRIx64 " wraps around", ph->paddr);
    }
    elf->segments[elf->num_segments++] = (ElfSegment){
        .file_offset = ph->offset,
        .file_size = ph->file_size,
        .mem_size = ph->mem_size,
        .paddr = ph->paddr,
        .vaddr = ph->vaddr,
    };
    elf->low = MIN(elf->low, ph->paddr);
    elf->high = MAX(elf->high, ph->paddr + ph->mem_size);
    return true;
}

ElfImage *elf_parse(GBytes *bytes, Error **errp)
{
    g_autoptr(ElfImage) elf = g_new0(ElfImage, 1);
    size_t first, stride, num;
    ElfView v;

    elf->bytes = g_bytes_ref(bytes);
    elf->low = UINT64_MAX;
    v = elf_view(elf);
    if (!elf_is_image(v.data, v.len)) {
        error_set(errp, "not an ELF image");
        return NULL;
    }
    elf->is_64bit = v.data[EI_CLASS] == CLASS_64;
    elf->is_big_endian = v.big = v.data[EI_DATA] == DATA_MSB;
    if ((!elf->is_64bit && v.data[EI_CLASS] != CLASS_32) ||
        (!v.big && v.data[EI_DATA] != DATA_LSB)) {
        error_set(errp, "unknown ELF class %u or byte order %u", v.data[EI_CLASS],
                  v.data[EI_DATA]);
        return NULL;
    }
    if (v.len < (elf->is_64bit ? EHDR64_SIZE : EHDR32_SIZE)) {
        error_set(errp, "ELF header is cut short");
        return NULL;
    }
    elf->machine = (uint16_t)view_get(&v, 18, 2);
    elf->entry = elf->is_64bit ? view_get(&v, 24, 8) : view_get(&v, 24, 4);
    if (!elf_find_phdrs(&v, elf->is_64bit, &first, &stride, &num, errp)) {
        return NULL;
    }
    elf->segments = g_new0(ElfSegment, num);
    for (size_t i = 0; i < num; i++) {
        ProgramHeader ph = program_header_get(&v, first + i * stride, elf->is_64bit);

        if (ph.type == PT_LOAD && !elf_add_segment(elf, &v, &ph, errp)) {
            return NULL;
        }
    }
    if (elf->num_segments == 0) {
        error_set(errp, "ELF image has nothing to load");
        return NULL;
    }
    return g_steal_pointer(&elf);
}

void elf_image_free(ElfImage *elf)
{
    if (elf) {
        g_bytes_unref(elf->bytes);
        g_free(elf->segments);
        g_free(elf);
    }
}

/*
 * Notes of one segment: { u32 name size, u32 descriptor size, u32 type, name,
 * descriptor }, name and descriptor padded to the segment's alignment (4 or 8).
 */
static const void *notes_find(const ElfView *v, const ProgramHeader *ph,
                              const char *name, uint32_t type, size_t *len)
{
    uint64_t align = ph->align == 8 ? 8 : 4;
    uint64_t at = ph->offset, end = ph->offset + ph->file_size;
    size_t want = strlen(name) + 1;

    while (end - at >= NOTE_HEADER_SIZE) {
        uint64_t name_size = view_get(v, at, 4);
        uint64_t desc_size = view_get(v, at + 4, 4);
        uint64_t desc = at + NOTE_HEADER_SIZE + name_size;

        /* 32-bit sizes: these sums cannot wrap. */
        desc = ph->offset + (desc - ph->offset + align - 1) / align * align;
        if (desc > end || desc_size > end - desc) {
            return NULL;
        }
        if (view_get(v, at + 8, 4) == type && name_size == want &&
            memcmp(v->data + at + NOTE_HEADER_SIZE, name, want) == 0) {
            *len = desc_size;
            return v->data + desc;
        }
        at = ph->offset + (desc + desc_size - ph->offset + align - 1) / align * align;
        if (at > end) {
            return NULL;
        }
    }
    return NULL;
}

const void *elf_find_note(const ElfImage *elf, const char *name, uint32_t type,
                          size_t *len)
{
    ElfView v = elf_view(elf);
    size_t first, stride, num;

    if (!elf_find_phdrs(&v, elf->is_64bit, &first, &stride, &num, NULL)) {
        return NULL;
    }
    for (size_t i = 0; i < num; i++) {
        ProgramHeader ph = program_header_get(&v, first + i * stride, elf->is_64bit);
        const void *note;

        if (ph.type != PT_NOTE || !view_contains(&v, ph.offset, ph.file_size)) {
            continue;
        }
        note = notes_find(&v, &ph, name, type, len);
        if (note) {
            return note;
        }
    }
    return NULL;
}

void elf_add_roms(const ElfImage *elf, const char *name, AddressSpace *as,
                  ElfTranslateFn *translate, void *opaque)
{
    const uint8_t *data = g_bytes_get_data(elf->bytes, NULL);

    for (size_t i = 0; i < elf->num_segments; i++) {
        const ElfSegment *seg = &elf->segments[i];
        hwaddr addr = translate ? translate(opaque, seg->paddr) : seg->paddr;
        g_autofree char *rom_name = g_strdup_printf("%s ELF segment %zu", name, i);

        rom_add_blob(rom_name, data + seg->file_offset, seg->file_size, seg->mem_size,
                     addr, as);
    }
}
