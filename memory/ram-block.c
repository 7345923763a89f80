/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM blocks: placement in the RAM space, lookup, life.
 *
 *   M6 Offsets of live blocks are disjoint; a block's host mapping outlives every view,
 *      TLB entry and map that names it.
 *
 * Blocks are in a list, biggest first, which readers walk inside a read section, and in
 * an array sorted by offset that is replaced as a whole. A block is unlinked when its
 * region dies and unmapped a grace period later.
 */
#include "memory/ram-block.h"

#include "memory-internal.h"
#include "ram-internal.h"
#include "util/bql.h"
#include "util/tsan.h"

#include <string.h>
#include <unistd.h>

/* Places are multiples of this: a word of dirty bits never belongs to two blocks. */
#define PLACE_ALIGN (TARGET_PAGE_SIZE * 64)
#define PLACE_LIMIT ((ram_addr_t)1 << 48)

typedef struct BlockArray {
    RcuHead rcu;
    uint64_t id; /* never used twice */
    unsigned n;
    RAMBlock *block[]; /* by offset */
} BlockArray;

static RAMBlock *blocks; /* RCU; BQL writes */
static BlockArray no_blocks;
static BlockArray *by_offset = &no_blocks; /* RCU; BQL writes */
static uint64_t last_array_id;
static char *(*id_prefix_hook)(Object *owner); /* set once, at start */

void ram_block_set_id_prefix_hook(char *(*hook)(Object *owner))
{
    id_prefix_hook = hook;
}

const char *ram_block_get_idstr(const RAMBlock *rb)
{
    return rb->idstr;
}

void *ram_block_get_host(const RAMBlock *rb)
{
    return rb->host;
}

ram_addr_t ram_block_get_offset(const RAMBlock *rb)
{
    return rb->offset;
}

uint64_t ram_block_get_used_length(const RAMBlock *rb)
{
    return atomic_read(&rb->used_length);
}

uint64_t ram_block_get_max_length(const RAMBlock *rb)
{
    return rb->max_length;
}

uint64_t ram_block_get_page_size(const RAMBlock *rb)
{
    return rb->page_size;
}

uint32_t ram_block_get_flags(const RAMBlock *rb)
{
    return rb->flags;
}

int ram_block_get_fd(const RAMBlock *rb)
{
    return rb->fd;
}

MemoryRegion *ram_block_get_region(const RAMBlock *rb)
{
    return rb->mr;
}

RAMBlock *ram_block_first(void)
{
    return atomic_rcu_read(&blocks);
}

RAMBlock *ram_block_next(const RAMBlock *rb)
{
    return atomic_rcu_read(&rb->next);
}

RAMBlock *ram_block_find(const char *idstr)
{
    for (RAMBlock *rb = ram_block_first(); rb; rb = ram_block_next(rb)) {
        if (!strcmp(rb->idstr, idstr)) {
            return rb;
        }
    }
    return NULL;
}

void ram_block_set_discard_at_end(RAMBlock *rb, bool discard)
{
    assert(bql_is_held());
    rb->discard_at_end = discard;
}

bool ram_block_set_idstr(RAMBlock *rb, const char *idstr, Error **errp)
{
    RAMBlock *other = ram_block_find(idstr);

    assert(bql_is_held());
    if (other && other != rb) {
        error_set(errp, "RAMBlock \"%s\" already registered", idstr);
        return false;
    }
    g_strlcpy(rb->idstr, idstr, sizeof(rb->idstr));
    return true;
}

/* --- Lookup -------------------------------------------------------------------------
 */

static __thread struct {
    uint64_t array_id;
    RAMBlock *rb;
} last_block;

RAMBlock *ram_block_at(ram_addr_t addr, ram_addr_t *offset)
{
    BlockArray *a = atomic_rcu_read(&by_offset);
    RAMBlock *rb = last_block.rb;
    unsigned lo = 0, hi = a->n;

    if (last_block.array_id != a->id || !rb || addr < rb->offset ||
        addr - rb->offset >= rb->max_length) {
        while (lo < hi) {
            unsigned mid = (lo + hi) / 2;

            if (a->block[mid]->offset <= addr) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        if (lo == 0 ||
            addr - a->block[lo - 1]->offset >= a->block[lo - 1]->max_length) {
            return NULL;
        }
        rb = a->block[lo - 1];
        last_block.array_id = a->id;
        last_block.rb = rb;
    }
    if (offset) {
        *offset = addr - rb->offset;
    }
    return rb;
}

void *ram_block_host_ptr(ram_addr_t addr)
{
    ram_addr_t offset;
    RAMBlock *rb = ram_block_at(addr, &offset);

    return rb ? rb->host + offset : NULL;
}

RAMBlock *ram_block_from_host(const void *host, ram_addr_t *offset)
{
    for (RAMBlock *rb = ram_block_first(); rb; rb = ram_block_next(rb)) {
        size_t at = (const uint8_t *)host - rb->host;

        if ((const uint8_t *)host >= rb->host && at < rb->max_length) {
            if (offset) {
                *offset = at;
            }
            return rb;
        }
    }
    return NULL;
}

/* --- Placement ----------------------------------------------------------------------
 */

/* The start of the smallest gap that takes @size; blocks are sorted by offset. */
static ram_addr_t find_place(uint64_t size)
{
    ram_addr_t best = RAM_ADDR_INVALID, candidate = 0;
    uint64_t best_gap = UINT64_MAX;

    for (unsigned i = 0; i <= by_offset->n; i++) {
        ram_addr_t next = i < by_offset->n ? by_offset->block[i]->offset : PLACE_LIMIT;

        if (candidate <= next && next - candidate >= size &&
            next - candidate < best_gap) {
            best = candidate;
            best_gap = next - candidate;
        }
        if (i < by_offset->n) {
            candidate = by_offset->block[i]->offset + by_offset->block[i]->max_length;
            candidate = (candidate + PLACE_ALIGN - 1) & ~(PLACE_ALIGN - 1);
        }
    }
    return best;
}

/* Publish the array with @add or without @remove. */
static void replace_array(RAMBlock *add, RAMBlock *remove)
{
    BlockArray *old = by_offset;
    unsigned n = old->n + (add != NULL) - (remove != NULL), k = 0;
    BlockArray *a = g_malloc0(sizeof(BlockArray) + n * sizeof(RAMBlock *));

    a->id = ++last_array_id;
    a->n = n;
    for (unsigned i = 0; i < old->n; i++) {
        if (add && add->offset < old->block[i]->offset) {
            a->block[k++] = add;
            add = NULL;
        }
        if (old->block[i] != remove) {
            a->block[k++] = old->block[i];
        }
    }
    if (add) {
        a->block[k++] = add;
    }
    assert(k == n);
    atomic_rcu_set(&by_offset, a); /* pairs with ram_block_at */
    if (old != &no_blocks) {
        g_free_rcu(old, rcu);
    }
}

static void link_block(RAMBlock *rb)
{
    RAMBlock **at = &blocks;

    tsan_allow_races(rb->host, rb->max_length, "guest RAM");
    while (*at && (*at)->max_length >= rb->max_length) {
        at = &(*at)->next;
    }
    rb->next = *at;
    rb->pprev = at;
    if (rb->next) {
        rb->next->pprev = &rb->next;
    }
    atomic_rcu_set(at, rb); /* pairs with ram_block_first and _next */
    replace_array(rb, NULL);
}

static void unlink_block(RAMBlock *rb)
{
    atomic_rcu_set(rb->pprev, rb->next);
    if (rb->next) {
        rb->next->pprev = rb->pprev;
    }
    replace_array(NULL, rb);
}

/* --- Life ---------------------------------------------------------------------------
 */

/* "PATH/NAME" for a device with a place on its bus, else the region's name. */
static void default_id(RAMBlock *rb, MemoryRegion *mr)
{
    g_autofree char *prefix = NULL;

    if (mr->owner && id_prefix_hook) {
        prefix = id_prefix_hook(mr->owner);
    }
    g_snprintf(rb->idstr, sizeof(rb->idstr), "%s%s%s", prefix ? prefix : "",
               prefix ? "/" : "", mr->name ? mr->name : "");
}

static uint64_t page_round(uint64_t size)
{
    uint64_t page = host_page_size();

    return (size + page - 1) & ~(page - 1);
}

RAMBlock *ram_block_new(const RamSpec *spec, MemoryRegion *mr, Error **errp)
{
    RAMBlock *rb;

    assert(bql_is_held());
    if (spec->max_size >= PLACE_LIMIT || spec->size > spec->max_size) {
        error_set(errp, "cannot set up guest memory '%s': %s", mr->name,
                  strerror(ENOMEM));
        return NULL;
    }
    rb = g_new0(RAMBlock, 1);
    rb->mr = mr;
    rb->flags = spec->flags;
    rb->fd = spec->fd;
    rb->fd_offset = spec->fd_offset;
    rb->fd_owned = spec->fd_owned;
    rb->resized = spec->resized;
    rb->page_size = host_page_size();
    rb->used_length = page_round(spec->size);
    rb->max_length = page_round(spec->max_size);
    default_id(rb, mr);
    rb->offset = find_place(MAX(rb->max_length, 1));
    if (rb->offset == RAM_ADDR_INVALID) {
        error_set(errp, "cannot set up guest memory '%s': %s", mr->name,
                  strerror(ENOMEM));
        g_free(rb);
        return NULL;
    }
    if (!ram_host_map(rb, spec, errp)) {
        g_free(rb);
        return NULL;
    }
    ram_dirty_reset_new(rb->offset, rb->max_length);
    link_block(rb);
    return rb;
}

static void block_reclaim(RAMBlock *rb)
{
    ram_host_unmap(rb);
    if (rb->fd >= 0 && rb->fd_owned) {
        close(rb->fd);
    }
    g_free(rb);
}

void ram_block_free(RAMBlock *rb)
{
    assert(bql_is_held());
    rb->mr = NULL;
    unlink_block(rb);
    call_rcu(rb, block_reclaim, rcu);
}

bool ram_block_resize(RAMBlock *rb, uint64_t newsize, Error **errp)
{
    uint64_t old = rb->used_length, size = page_round(newsize);

    assert(bql_is_held());
    if (size == old) {
        return true;
    }
    if (!(rb->flags & RAM_RESIZEABLE)) {
        error_set(errp,
                  "Size mismatch: %s: 0x%" PRIx64 " != 0x%" PRIx64 ": Invalid argument",
                  rb->idstr, newsize, old);
        return false;
    }
    if (size > rb->max_length) {
        error_set(errp,
                  "Size too large: %s: 0x%" PRIx64 " > 0x%" PRIx64 ": Invalid argument",
                  rb->idstr, newsize, rb->max_length);
        return false;
    }
    atomic_set(&rb->used_length, size);
    ram_dirty_reset_new(rb->offset, size);
    if (rb->resized) {
        rb->resized(rb->idstr, size, rb->host);
    }
    return true;
}
