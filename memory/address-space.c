/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses to address spaces: find what answers, then copy or dispatch, piece by piece.
 * RAM takes no lock. A register is addressed by the first byte of an access: what else
 * is mapped over its further bytes is not asked.
 */
#include "memory/address-space.h"

#include "access-internal.h"
#include "memory-internal.h"
#include "ram-internal.h"
#include "util/bql.h"
#include "util/log.h"

#include <string.h>

/* Steps from IOMMU to IOMMU before we call it a loop. */
#define MAX_IOMMU_STEPS 16

const char *address_space_get_name(const AddressSpace *as)
{
    return as->name;
}

AddressSpace *address_space_next(AddressSpace *as)
{
    assert(bql_is_held());
    return as ? as->priv->next : address_space_list();
}

/* --- Finding ------------------------------------------------------------------------
 */

/* Bytes from @addr to the next range, at most @len. */
static hwaddr hole_length(const FlatView *view, hwaddr addr, hwaddr len)
{
    unsigned lo = 0, hi = view->n_chunks;

    /* First chunk that starts above @addr; the next range is its first or is in the
     * chunk before. */
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;

        if (view->first[mid] <= addr) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo < view->n_chunks) {
        len = MIN(len, view->first[lo] - addr);
    }
    for (unsigned i = 0; lo > 0 && i < view->chunk[lo - 1]->n; i++) {
        hwaddr start = view->chunk[lo - 1]->start[i];

        if (start > addr) {
            return MIN(len, start - addr);
        }
    }
    return len;
}

static int iommu_index(IOMMUMemoryRegion *iommu, MemTxAttrs attrs)
{
    IOMMUMemoryRegionClass *klass =
        (IOMMUMemoryRegionClass *)object_get_class(OBJECT(iommu));

    return klass->attrs_to_index ? klass->attrs_to_index(iommu, attrs) : 0;
}

/* One step: *@as, *@addr and *@len become what is behind the IOMMU. */
static bool iommu_step(MemoryRegion *mr, AddressSpace **as, hwaddr offset, hwaddr *addr,
                       hwaddr *len, bool is_write, MemTxAttrs attrs)
{
    IOMMUMemoryRegion *iommu = (IOMMUMemoryRegion *)mr;
    IOMMUMemoryRegionClass *klass =
        (IOMMUMemoryRegionClass *)object_get_class(OBJECT(mr));
    IOMMUTLBEntry e = klass->translate(iommu, offset, is_write ? IOMMU_WO : IOMMU_RO,
                                       iommu_index(iommu, attrs));
    hwaddr left;

    if (!(e.perm & (is_write ? IOMMU_WO : IOMMU_RO)) || !e.target_as) {
        return false;
    }
    *addr = (e.translated_addr & ~e.addr_mask) | (offset & e.addr_mask);
    left = e.addr_mask - (offset & e.addr_mask);
    if (*len - 1 > left) {
        *len = left + 1;
    }
    *as = e.target_as;
    return true;
}

static Target no_target(hwaddr addr, hwaddr len)
{
    return (Target){ .mr = io_mem_unassigned(),
                     .offset = addr,
                     .len = len,
                     .ram_addr = RAM_ADDR_INVALID };
}

Target find_target(AddressSpace *as, hwaddr addr, hwaddr len, bool is_write,
                   MemTxAttrs attrs)
{
    for (unsigned step = 0; step < MAX_IOMMU_STEPS; step++) {
        const FlatView *view = address_space_view_rcu(as);
        const FlatRange *r = flatview_find(view, addr);
        Int128 room;
        Target t;

        if (!r) {
            return no_target(addr, hole_length(view, addr, len));
        }
        t = (Target){ .mr = r->mr,
                      .offset = r->offset + (addr - r->start),
                      .len = len,
                      .ram_addr = RAM_ADDR_INVALID,
                      .via_iommu = step > 0 };
        if (r->mr->is_iommu) {
            if (len - 1 > r->last - addr) {
                len = r->last - addr + 1;
            }
            if (!iommu_step(r->mr, &as, t.offset, &addr, &len, is_write, attrs)) {
                return no_target(addr, len);
            }
            continue;
        }
        if (r->host && !(is_write && (r->readonly || r->romd))) {
            t.host = r->host + (addr - r->start);
            t.ram_addr = r->ram_addr + (addr - r->start);
            if (len - 1 > r->last - addr) {
                t.len = r->last - addr + 1;
            }
            return t;
        }
        if (r->mr->ram && r->readonly && is_write) {
            t.mr = &io_mem_rom_region;
            if (len - 1 > r->last - addr) {
                t.len = r->last - addr + 1;
            }
            return t;
        }
        /* Callbacks that want more than the region has (a port whose register is wider
         * than it, as vmport's) get an access of that size as a whole. */
        room = MAX(r->mr->size - t.offset, r->mr->ops->impl.min_access_size);
        if (room < len) {
            t.len = (hwaddr)room;
        }
        return t;
    }
    log_guest_error("%s: translations of 0x%" HWADDR_PRIx " never end\n", as->name,
                    addr);
    return no_target(addr, len);
}

MemoryRegion *address_space_translate(AddressSpace *as, hwaddr addr, hwaddr *xlat,
                                      hwaddr *plen, bool is_write, MemTxAttrs attrs)
{
    Target t;

    assert(rcu_read_is_locked());
    t = find_target(as, addr, MAX(*plen, 1), is_write, attrs);
    *xlat = t.offset;
    *plen = MIN(*plen, t.len);
    return t.mr;
}

MemoryRegionSection address_space_lookup(AddressSpace *as, hwaddr addr)
{
    const FlatView *view = address_space_view_rcu(as);
    const FlatRange *r = flatview_find(view, addr);

    return r ? section_from_range(view, r)
             : (MemoryRegionSection){ .fv = (FlatView *)view,
                                      .offset_within_address_space = addr };
}

bool address_space_lookup_page(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                               void **host, ram_addr_t *ram_addr, bool *readonly)
{
    const FlatRange *r = flatview_find(address_space_view_rcu(as), addr);
    hwaddr page = addr & TARGET_PAGE_MASK;

    if (!r || !r->host || r->romd || page < r->start ||
        r->last - page < TARGET_PAGE_SIZE - 1) {
        return false;
    }
    *host = r->host + (page - r->start);
    *ram_addr = r->ram_addr + (page - r->start);
    *readonly = r->readonly;
    return true;
}

bool address_space_access_valid(AddressSpace *as, hwaddr addr, hwaddr len,
                                bool is_write, MemTxAttrs attrs)
{
    RCU_READ_LOCK_GUARD();
    while (len > 0) {
        Target t = find_target(as, addr, len, is_write, attrs);

        if (!t.host) {
            const MemoryRegionOps *ops = t.mr->ops;

            t.len = region_access_size(t.mr, t.offset, t.len);
            if (memory_region_is_unassigned(t.mr) || t.mr == &io_mem_rom_region ||
                (ops->valid.accepts &&
                 !ops->valid.accepts(t.mr->opaque, t.offset, (unsigned)t.len, is_write,
                                     attrs))) {
                return false;
            }
        }
        len -= t.len;
        addr += t.len;
    }
    return true;
}

/* --- Whole accesses -----------------------------------------------------------------
 */

static uint64_t bytes_to_value(const uint8_t *p, unsigned size, bool big)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < size; i++) {
        v |= (uint64_t)p[i] << 8 * (big ? size - 1 - i : i);
    }
    return v;
}

static void value_to_bytes(uint8_t *p, uint64_t v, unsigned size, bool big)
{
    for (unsigned i = 0; i < size; i++) {
        p[i] = (uint8_t)(v >> 8 * (big ? size - 1 - i : i));
    }
}

static bool is_single(const void *host, hwaddr len)
{
    return (len == 1 || len == 2 || len == 4 || len == 8) &&
           ((uintptr_t)host & (len - 1)) == 0;
}

void copy_from_ram(void *buf, const void *host, hwaddr len)
{
    if (is_single(host, len)) {
        ram_store(buf, ram_load(host, (unsigned)len), (unsigned)len);
    } else {
        memcpy(buf, host, len);
    }
}

void copy_to_ram(void *host, const void *buf, hwaddr len)
{
    if (is_single(host, len)) {
        ram_store(host, ram_load(buf, (unsigned)len), (unsigned)len);
    } else {
        memcpy(host, buf, len);
    }
}

static MemTxResult read_register(Target *t, uint8_t *buf, MemTxAttrs attrs)
{
    unsigned size = region_access_size(t->mr, t->offset, t->len);
    MemTxResult r;
    uint64_t v;

    t->len = size;
    if (attrs.memory) {
        memset(buf, 0, size);
        return MEMTX_ACCESS_ERROR;
    }
    r = region_read_raw(t->mr, t->offset, &v, size, attrs);
    value_to_bytes(buf, v, size, region_is_big_endian(t->mr));
    return r;
}

static MemTxResult write_register(Target *t, const uint8_t *buf, MemTxAttrs attrs)
{
    unsigned size = region_access_size(t->mr, t->offset, t->len);

    t->len = size;
    if (attrs.memory) {
        return MEMTX_ACCESS_ERROR;
    }
    return region_write_raw(t->mr, t->offset,
                            bytes_to_value(buf, size, region_is_big_endian(t->mr)),
                            size, attrs);
}

MemTxResult address_space_read(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                               void *buf, hwaddr len)
{
    MemTxResult result = MEMTX_OK;
    uint8_t *p = buf;

    RCU_READ_LOCK_GUARD();
    while (len > 0) {
        Target t = find_target(as, addr, len, false, attrs);

        if (t.host) {
            copy_from_ram(p, t.host, t.len);
        } else {
            result |= read_register(&t, p, attrs);
        }
        len -= t.len;
        addr += t.len;
        p += t.len;
    }
    return result;
}

MemTxResult address_space_write(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                                const void *buf, hwaddr len)
{
    MemTxResult result = MEMTX_OK;
    const uint8_t *p = buf;

    RCU_READ_LOCK_GUARD();
    while (len > 0) {
        Target t = find_target(as, addr, len, true, attrs);

        if (t.host) {
            copy_to_ram(t.host, p, t.len);
            ram_written(t.ram_addr, t.len);
        } else {
            result |= write_register(&t, p, attrs);
        }
        len -= t.len;
        addr += t.len;
        p += t.len;
    }
    return result;
}

MemTxResult address_space_rw(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, void *buf,
                             hwaddr len, bool is_write)
{
    return is_write ? address_space_write(as, addr, attrs, buf, len)
                    : address_space_read(as, addr, attrs, buf, len);
}

MemTxResult address_space_set(AddressSpace *as, hwaddr addr, uint8_t c, hwaddr len,
                              MemTxAttrs attrs)
{
    MemTxResult result = MEMTX_OK;
    uint8_t fill[512];

    memset(fill, c, sizeof(fill));
    while (len > 0) {
        hwaddr n = MIN(len, sizeof(fill));

        result |= address_space_write(as, addr, attrs, fill, n);
        addr += n;
        len -= n;
    }
    return result;
}

MemTxResult address_space_write_rom(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                                    const void *buf, hwaddr len)
{
    const uint8_t *p = buf;

    RCU_READ_LOCK_GUARD();
    while (len > 0) {
        /* As a read, so that ROM shows its memory. */
        Target t = find_target(as, addr, len, false, attrs);

        if (t.host) {
            memcpy(t.host, p, t.len);
            ram_written(t.ram_addr, t.len);
        } else {
            t.len = region_access_size(t.mr, t.offset, t.len);
        }
        len -= t.len;
        addr += t.len;
        p += t.len;
    }
    return MEMTX_OK;
}

/* --- Single accesses ----------------------------------------------------------------
 */

static uint64_t load(AddressSpace *as, hwaddr addr, unsigned size, bool big,
                     MemTxAttrs attrs, MemTxResult *result)
{
    uint8_t bytes[8];
    MemTxResult r;

    {
        RCU_READ_LOCK_GUARD();
        Target t = find_target(as, addr, size, false, attrs);

        if (t.host && t.len == size && !((uintptr_t)t.host & (size - 1))) {
            uint64_t v = ram_load(t.host, size);

            if (result) {
                *result = MEMTX_OK;
            }
            if (big != HOST_BIG_ENDIAN) {
                ram_store(bytes, v, size);
                v = bytes_to_value(bytes, size, big);
            }
            return v;
        }
    }
    r = address_space_read(as, addr, attrs, bytes, size);
    if (result) {
        *result = r;
    }
    return bytes_to_value(bytes, size, big);
}

static void store(AddressSpace *as, hwaddr addr, uint64_t value, unsigned size,
                  bool big, MemTxAttrs attrs, MemTxResult *result)
{
    uint8_t bytes[8] __attribute__((aligned(8)));
    MemTxResult r;

    value_to_bytes(bytes, value, size, big);
    r = address_space_write(as, addr, attrs, bytes, size);
    if (result) {
        *result = r;
    }
}

#define LOAD(name, type, size, big)                                          \
    type address_space_ld##name(AddressSpace *as, hwaddr addr, MemTxAttrs a, \
                                MemTxResult *r)                              \
    {                                                                        \
        return (type)load(as, addr, size, big, a, r);                        \
    }
#define STORE(name, type, size, big)                                                 \
    void address_space_st##name(AddressSpace *as, hwaddr addr, type v, MemTxAttrs a, \
                                MemTxResult *r)                                      \
    {                                                                                \
        store(as, addr, v, size, big, a, r);                                         \
    }
LOAD(ub, uint8_t, 1, false)
LOAD(uw_le, uint16_t, 2, false)
LOAD(l_le, uint32_t, 4, false)
LOAD(q_le, uint64_t, 8, false)
LOAD(uw_be, uint16_t, 2, true)
LOAD(l_be, uint32_t, 4, true)
LOAD(q_be, uint64_t, 8, true)
STORE(b, uint8_t, 1, false)
STORE(w_le, uint16_t, 2, false)
STORE(l_le, uint32_t, 4, false)
STORE(q_le, uint64_t, 8, false)
STORE(w_be, uint16_t, 2, true)
STORE(l_be, uint32_t, 4, true)
STORE(q_be, uint64_t, 8, true)

static bool host_cmpxchg(void *host, uint64_t *expected, uint64_t desired,
                         unsigned size)
{
    uint32_t old32 = (uint32_t)*expected;
    bool ok;

    if (size == 8) {
        return atomic_cmpxchg((uint64_t *)host, expected, desired);
    }
    ok = atomic_cmpxchg((uint32_t *)host, &old32, (uint32_t)desired);
    *expected = old32;
    return ok;
}

static uint64_t le_swap(uint64_t v, unsigned size)
{
    if (!HOST_BIG_ENDIAN) {
        return v;
    }
    return size == 8 ? __builtin_bswap64(v) : __builtin_bswap32((uint32_t)v);
}

bool address_space_cmpxchg(AddressSpace *as, hwaddr addr, uint64_t *expected,
                           uint64_t desired, unsigned size, MemTxAttrs attrs,
                           MemTxResult *result)
{
    uint64_t old = le_swap(*expected, size);
    bool ok;

    assert(size == 4 || size == 8);
    RCU_READ_LOCK_GUARD();
    Target t = find_target(as, addr, size, true, attrs);

    if (!t.host || t.len < size || ((uintptr_t)t.host & (size - 1))) {
        *result = MEMTX_ACCESS_ERROR;
        return false;
    }
    *result = MEMTX_OK;
    ok = host_cmpxchg(t.host, &old, le_swap(desired, size), size);
    *expected = le_swap(old, size);
    if (ok) {
        ram_written(t.ram_addr, size);
    }
    return ok;
}
