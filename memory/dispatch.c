/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One access to one region: checks, splitting and widening, byte order.
 *
 * "Raw" values are what the region's callbacks deal in: a number whose significance
 * follows the device's byte order. The byte at the lowest address is the least
 * significant one of a little-endian device and the most significant one of a
 * big-endian one. memory_region_dispatch_* convert to the order of the target's CPU.
 *
 * A callback that is narrower than the access is called for one piece after another;
 * one that is wider is called for the aligned piece that contains the access: reads
 * take their part of it, writes have zeros in the rest.
 */
#include "memory-internal.h"

#include "ram-internal.h"
#include "util/bql.h"
#include "util/log.h"

static bool target_big_endian; /* set before devices exist */

void memory_set_target_big_endian(bool big)
{
    target_big_endian = big;
}

bool memory_target_is_big_endian(void)
{
    return target_big_endian;
}

bool region_is_big_endian(const MemoryRegion *mr)
{
    if (mr->ops->endianness == DEVICE_NATIVE_ENDIAN) {
        return target_big_endian;
    }
    return mr->ops->endianness == DEVICE_BIG_ENDIAN;
}

static unsigned valid_max(const MemoryRegion *mr)
{
    return mr->ops->valid.max_access_size ? mr->ops->valid.max_access_size : 4;
}

unsigned region_access_size(const MemoryRegion *mr, hwaddr offset, hwaddr len)
{
    unsigned max = valid_max(mr);

    if (!mr->ops->impl.unaligned) {
        hwaddr alignment = offset & -offset;

        if (alignment && alignment < max) {
            max = alignment;
        }
    }
    if (len > max) {
        len = max;
    }
    /* The largest power of two not above it. */
    return 1u << (31 - __builtin_clz((unsigned)len));
}

static bool access_is_valid(MemoryRegion *mr, hwaddr offset, unsigned size,
                            bool is_write, MemTxAttrs attrs)
{
    const MemoryRegionOps *ops = mr->ops;
    const char *why = NULL;

    if (ops->valid.accepts &&
        !ops->valid.accepts(mr->opaque, offset, size, is_write, attrs)) {
        why = "rejected";
    } else if (!ops->valid.unaligned && (offset & (size - 1))) {
        why = "unaligned";
    } else if (ops->valid.max_access_size && (size < ops->valid.min_access_size ||
                                              size > ops->valid.max_access_size)) {
        why = "of invalid size";
    }
    if (why && mr->name) {
        log_guest_error("%s: %s at offset 0x%" HWADDR_PRIx " of %u bytes is %s\n",
                        mr->name, is_write ? "write" : "read", offset, size, why);
    }
    return !why;
}

/* --- Callbacks ----------------------------------------------------------------------
 */

static uint64_t mask_of(unsigned size)
{
    return size >= 8 ? UINT64_MAX : ((uint64_t)1 << (8 * size)) - 1;
}

static MemTxResult call_read(MemoryRegion *mr, hwaddr offset, uint64_t *value,
                             unsigned size, MemTxAttrs attrs)
{
    MemTxResult r = MEMTX_OK;

    *value = 0;
    if (mr->ops->read) {
        *value = mr->ops->read(mr->opaque, offset, size);
    } else if (mr->ops->read_with_attrs) {
        r = mr->ops->read_with_attrs(mr->opaque, offset, value, size, attrs);
    }
    *value &= mask_of(size);
    return r;
}

static MemTxResult call_write(MemoryRegion *mr, hwaddr offset, uint64_t value,
                              unsigned size, MemTxAttrs attrs)
{
    value &= mask_of(size);
    if (mr->ops->write) {
        mr->ops->write(mr->opaque, offset, value, size);
        return MEMTX_OK;
    }
    if (mr->ops->write_with_attrs) {
        return mr->ops->write_with_attrs(mr->opaque, offset, value, size, attrs);
    }
    return MEMTX_OK;
}

/* Bits to shift a piece by that begins @at bytes into a whole of @size. */
static unsigned piece_shift(bool big, unsigned size, unsigned piece, unsigned at)
{
    return 8 * (big ? size - piece - at : at);
}

/* The size that the callbacks take for an access of @size at @offset. */
static unsigned impl_size(const MemoryRegion *mr, hwaddr offset, unsigned size)
{
    unsigned min = mr->ops->impl.min_access_size, max = mr->ops->impl.max_access_size;

    min = min ? min : 1;
    max = max ? max : 4;
    size = MAX(MIN(size, max), min);
    /* An access the callbacks do not take as it is goes piece by piece. */
    while (!mr->ops->impl.unaligned && size > min && (offset & (size - 1))) {
        size /= 2;
    }
    return size;
}

static MemTxResult read_pieces(MemoryRegion *mr, hwaddr offset, uint64_t *value,
                               unsigned size, MemTxAttrs attrs)
{
    unsigned piece = impl_size(mr, offset, size);
    bool big = region_is_big_endian(mr);
    MemTxResult r = MEMTX_OK;
    uint64_t part;

    *value = 0;
    if (piece > size) {
        unsigned at = offset & (piece - 1);

        if (at + size > piece) {
            return MEMTX_DECODE_ERROR;
        }
        r = call_read(mr, offset - at, &part, piece, attrs);
        *value = (part >> piece_shift(big, piece, size, at)) & mask_of(size);
        return r;
    }
    for (unsigned at = 0; at < size; at += piece) {
        r |= call_read(mr, offset + at, &part, piece, attrs);
        *value |= part << piece_shift(big, size, piece, at);
    }
    return r;
}

static MemTxResult write_pieces(MemoryRegion *mr, hwaddr offset, uint64_t value,
                                unsigned size, MemTxAttrs attrs)
{
    unsigned piece = impl_size(mr, offset, size);
    bool big = region_is_big_endian(mr);
    MemTxResult r = MEMTX_OK;

    value &= mask_of(size);
    if (piece > size) {
        unsigned at = offset & (piece - 1);

        if (at + size > piece) {
            return MEMTX_DECODE_ERROR;
        }
        return call_write(mr, offset - at, value << piece_shift(big, piece, size, at),
                          piece, attrs);
    }
    for (unsigned at = 0; at < size; at += piece) {
        r |= call_write(mr, offset + at, value >> piece_shift(big, size, piece, at),
                        piece, attrs);
    }
    return r;
}

/* --- Locks and guards ---------------------------------------------------------------
 */

typedef struct Guard {
    bool *busy; /* to be cleared */
    bool locked;
    bool refused;
} Guard;

static Guard enter(MemoryRegion *mr, hwaddr offset, bool is_write)
{
    Guard g = { 0 };

    if (mr->lockless) {
        return g;
    }
    if (!bql_is_held()) {
        bql_lock();
        g.locked = true;
    }
    if (mr->flush_coalesced) {
        coalesced_mmio_flush();
    }
    if (!mr->reentrancy_ok) {
        bool *busy = region_busy_flag(mr);

        if (busy && *busy) {
            log_guest_error("%s: nested %s at offset 0x%" HWADDR_PRIx
                            " while the device is busy\n",
                            mr->name, is_write ? "write" : "read", offset);
            g.refused = true;
        } else if (busy) {
            *busy = true;
            g.busy = busy;
        }
    }
    return g;
}

static void leave(Guard g)
{
    if (g.busy) {
        *g.busy = false;
    }
    if (g.locked) {
        bql_unlock();
    }
}

MemTxResult region_read_raw(MemoryRegion *mr, hwaddr offset, uint64_t *value,
                            unsigned size, MemTxAttrs attrs)
{
    MemTxResult r = MEMTX_ACCESS_ERROR;
    Guard g;

    *value = 0;
    if (!access_is_valid(mr, offset, size, false, attrs)) {
        return MEMTX_DECODE_ERROR;
    }
    g = enter(mr, offset, false);
    if (!g.refused) {
        r = read_pieces(mr, offset, value, size, attrs);
    }
    leave(g);
    return r;
}

MemTxResult region_write_raw(MemoryRegion *mr, hwaddr offset, uint64_t value,
                             unsigned size, MemTxAttrs attrs)
{
    MemTxResult r = MEMTX_ACCESS_ERROR;
    Guard g;

    if (!access_is_valid(mr, offset, size, true, attrs)) {
        return MEMTX_DECODE_ERROR;
    }
    g = enter(mr, offset, true);
    if (!g.refused) {
        if (mr->tree && mr->tree->eventfds &&
            eventfd_signal_if_match(mr, offset, value & mask_of(size), size)) {
            r = MEMTX_OK;
        } else {
            r = write_pieces(mr, offset, value, size, attrs);
        }
    }
    leave(g);
    return r;
}

static uint64_t swap(uint64_t value, unsigned size)
{
    switch (size) {
    case 2:
        return __builtin_bswap16((uint16_t)value);
    case 4:
        return __builtin_bswap32((uint32_t)value);
    case 8:
        return __builtin_bswap64(value);
    default:
        return value;
    }
}

/* RAM that is reached by dispatch (a translator's slow path) has the target's order. */
static bool order_differs(const MemoryRegion *mr)
{
    return region_is_big_endian(mr) != target_big_endian;
}

static bool is_memory(const MemoryRegion *mr, bool is_write)
{
    if (!mr->ram_block || mr->ram_device) {
        return false;
    }
    return is_write ? mr->ram && !mr->readonly : mr->ram || mr->romd_mode;
}

MemTxResult memory_region_dispatch_read(MemoryRegion *mr, hwaddr offset,
                                        uint64_t *value, unsigned size,
                                        MemTxAttrs attrs)
{
    MemTxResult r;

    if (is_memory(mr, false)) {
        *value = ram_load(mr->ram_block->host + offset, size);
        if (target_big_endian != HOST_BIG_ENDIAN) {
            *value = swap(*value, size);
        }
        return MEMTX_OK;
    }
    r = region_read_raw(mr, offset, value, size, attrs);
    if (order_differs(mr)) {
        *value = swap(*value, size);
    }
    return r;
}

MemTxResult memory_region_dispatch_write(MemoryRegion *mr, hwaddr offset,
                                         uint64_t value, unsigned size,
                                         MemTxAttrs attrs)
{
    if (is_memory(mr, true)) {
        if (target_big_endian != HOST_BIG_ENDIAN) {
            value = swap(value, size);
        }
        ram_store(mr->ram_block->host + offset, value, size);
        ram_written(mr->ram_block->offset + offset, size);
        return MEMTX_OK;
    }
    if (order_differs(mr)) {
        value = swap(value, size);
    }
    return region_write_raw(mr, offset, value, size, attrs);
}

/* --- Regions that answer by themselves -------------------------------------------- */

static bool never_accepts(void *opaque, hwaddr offset, unsigned size, bool is_write,
                          MemTxAttrs attrs)
{
    return false;
}

const MemoryRegionOps unassigned_mem_ops = {
    .endianness = DEVICE_NATIVE_ENDIAN,
    .valid = {.min_access_size = 1,
              .max_access_size = 8,
              .unaligned = true,
              .accepts = never_accepts },
    .impl = { .min_access_size = 1,                   .max_access_size = 8, .unaligned = true},
};

static MemTxResult rom_write(void *opaque, hwaddr offset, uint64_t value, unsigned size,
                             MemTxAttrs attrs)
{
    return MEMTX_ACCESS_ERROR;
}

static const MemoryRegionOps rom_mem_ops = {
    .write_with_attrs = rom_write,
    .endianness = DEVICE_NATIVE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 8, .unaligned = true},
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true},
};

static uint64_t ram_device_read(void *opaque, hwaddr offset, unsigned size)
{
    MemoryRegion *mr = opaque;

    return ram_load(mr->ram_block->host + offset, size);
}

static void ram_device_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    MemoryRegion *mr = opaque;

    ram_store(mr->ram_block->host + offset, value, size);
}

/* Values are host numbers: the device's memory has the host's order. */
const MemoryRegionOps ram_device_mem_ops = {
    .read = ram_device_read,
    .write = ram_device_write,
    .endianness = HOST_BIG_ENDIAN ? DEVICE_BIG_ENDIAN : DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 8, .unaligned = true},
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true},
};

/* Ports nobody claims: the bus floats high. */
static uint64_t floating_read(void *opaque, hwaddr offset, unsigned size)
{
    return UINT64_MAX;
}

static const MemoryRegionOps floating_io_ops = {
    .read = floating_read,
    .endianness = DEVICE_NATIVE_ENDIAN,
};

MemoryRegion io_mem_unassigned_region, io_mem_rom_region;
AddressSpace address_space_memory, address_space_io;
static MemoryRegion system_memory, system_io;

MemoryRegion *io_mem_unassigned(void)
{
    return &io_mem_unassigned_region;
}

bool memory_region_is_unassigned(const MemoryRegion *mr)
{
    return mr == &io_mem_unassigned_region;
}

MemoryRegion *get_system_memory(void)
{
    return &system_memory;
}

MemoryRegion *get_system_io(void)
{
    return &system_io;
}

void memory_core_init(void)
{
    memory_region_init_io(&io_mem_unassigned_region, NULL, NULL, NULL, NULL,
                          UINT64_MAX);
    io_mem_unassigned_region.lockless = true;
    memory_region_init_io(&io_mem_rom_region, NULL, &rom_mem_ops, NULL, NULL,
                          UINT64_MAX);
    io_mem_rom_region.lockless = true;
    memory_region_init(&system_memory, NULL, "system", UINT64_MAX);
    address_space_init(&address_space_memory, &system_memory, "memory");
    memory_region_init_io(&system_io, NULL, &floating_io_ops, NULL, "io", 65536);
    address_space_init(&address_space_io, &system_io, "I/O");
}
