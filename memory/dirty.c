/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dirty bitmaps, one per client, over the whole RAM space.
 *
 * A bit says that the page is CLEAN: so a chunk that nobody ever cleared anything in
 * need not exist, fresh memory is dirty for everybody at no cost, and untouched parts
 * of a chunk are zero pages of the host. Chunks are made when first needed, published
 * by compare-and-swap and never freed or moved, so readers need no protection.
 *
 * Marking dirty is an atomic AND only if the bit is set; clearing is an atomic OR of a
 * word that also tells what was clean before. A store that marks comes after the store
 * to memory: who clears first and copies the page then sees the new contents or will
 * find the page dirty again.
 */
#include "memory/ram-block.h"

#include "memory-internal.h"
#include "memory/listener.h"
#include "ram-internal.h"

#include <string.h>
#include <sys/mman.h>

#define CHUNK_SHIFT 20 /* pages in a chunk: 4 GiB of guest memory, 128 KiB of bits */
#define CHUNK_WORDS ((1u << CHUNK_SHIFT) / 64)
#define MAX_CHUNKS  (1u << 16) /* 256 TiB */

static uint64_t *clean_chunks[DIRTY_MEMORY_NUM][MAX_CHUNKS]; /* atomic */
static CodeWrittenFn *code_written;                          /* atomic */
static RamDirtyClearedFn *dirty_cleared;                     /* atomic */
/* Clients that ever cleared a bit: nobody else needs marking. */
static uint8_t active_clients; /* atomic */

void memory_set_code_written_hook(CodeWrittenFn *fn)
{
    atomic_store_release(&code_written, fn); /* pairs with ram_written */
}

void ram_set_dirty_cleared_hook(RamDirtyClearedFn *fn)
{
    atomic_store_release(&dirty_cleared, fn); /* pairs with tell_cleared */
}

static uint64_t *chunk_find(unsigned client, uint64_t page)
{
    uint64_t i = page >> CHUNK_SHIFT;

    /* Pairs with the compare-and-swap in chunk_make. */
    return i < MAX_CHUNKS ? atomic_load_acquire(&clean_chunks[client][i]) : NULL;
}

static uint64_t *chunk_make(unsigned client, uint64_t page)
{
    uint64_t *chunk = chunk_find(client, page), *expected = NULL;
    size_t bytes = CHUNK_WORDS * sizeof(uint64_t);

    if (chunk) {
        return chunk;
    }
    assert(page >> CHUNK_SHIFT < MAX_CHUNKS);
    chunk = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (chunk == MAP_FAILED) {
        g_error("cannot allocate %zu bytes of dirty bitmap", bytes);
    }
    if (!atomic_cmpxchg(&clean_chunks[client][page >> CHUNK_SHIFT], &expected, chunk)) {
        munmap(chunk, bytes);
        return expected;
    }
    atomic_fetch_or(&active_clients, (uint8_t)(1u << client));
    return chunk;
}

/* The bits of pages [page, end) that are in @page's word; *next is the page after. */
static uint64_t word_mask(uint64_t page, uint64_t end, uint64_t *next)
{
    uint64_t word_end = (page | 63) + 1;
    unsigned lo = page & 63, n;

    *next = MIN(word_end, end);
    n = *next - page;
    return (n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1) << lo;
}

static unsigned word_index(uint64_t page)
{
    return (page & ((1u << CHUNK_SHIFT) - 1)) / 64;
}

static uint64_t end_page(ram_addr_t addr, uint64_t len)
{
    return (addr + len + TARGET_PAGE_SIZE - 1) >> TARGET_PAGE_BITS;
}

/* The first page of the next chunk. */
static uint64_t next_chunk(uint64_t page)
{
    return ((page >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT;
}

static void mark(unsigned client, uint64_t page, uint64_t end)
{
    while (page < end) {
        uint64_t *chunk = chunk_find(client, page);
        uint64_t next, mask;

        if (!chunk) {
            page = next_chunk(page);
            continue;
        }
        mask = word_mask(page, end, &next);
        if (atomic_read(&chunk[word_index(page)]) & mask) {
            atomic_fetch_and(&chunk[word_index(page)], ~mask);
        }
        page = next;
    }
}

void ram_dirty_set(ram_addr_t addr, uint64_t len, uint8_t mask)
{
    uint64_t page = addr >> TARGET_PAGE_BITS, end = end_page(addr, len);

    /* The store to memory is seen before the bits are looked at. Pairs with the
     * read-modify-write in clear: either we find the page clean, or who cleaned it
     * finds our store. */
    smp_mb();
    mask &= atomic_read(&active_clients);
    for (unsigned client = 0; mask; client++, mask >>= 1) {
        if (mask & 1) {
            mark(client, page, end);
        }
    }
}

void ram_dirty_reset_new(ram_addr_t addr, uint64_t len)
{
    ram_dirty_set(addr, len, (1u << DIRTY_MEMORY_NUM) - 1);
}

uint8_t ram_dirty_clients_clean(ram_addr_t addr)
{
    uint64_t page = addr >> TARGET_PAGE_BITS;
    uint8_t mask = atomic_read(&active_clients), clean = 0;

    for (unsigned client = 0; mask; client++, mask >>= 1) {
        uint64_t *chunk = mask & 1 ? chunk_find(client, page) : NULL;

        if (chunk && (atomic_read(&chunk[word_index(page)]) >> (page & 63) & 1)) {
            clean |= 1u << client;
        }
    }
    return clean;
}

bool ram_dirty_get(ram_addr_t addr, uint64_t len, unsigned client)
{
    uint64_t page = addr >> TARGET_PAGE_BITS, end = end_page(addr, len);

    while (page < end) {
        uint64_t *chunk = chunk_find(client, page);
        uint64_t next, mask;

        if (!chunk) {
            return true;
        }
        mask = word_mask(page, end, &next);
        if (~atomic_read(&chunk[word_index(page)]) & mask) {
            return true;
        }
        page = next;
    }
    return false;
}

static void tell_cleared(ram_addr_t addr, uint64_t len, unsigned client)
{
    RamDirtyClearedFn *fn = atomic_load_acquire(&dirty_cleared);

    if (fn) {
        fn(addr, len, client);
    }
}

/*
 * Make the pages clean; *@was (one bit per page from @addr's on, may be NULL) receives
 * which were dirty. Returns whether any was.
 */
static bool clear(ram_addr_t addr, uint64_t len, unsigned client, uint64_t *was)
{
    uint64_t first = addr >> TARGET_PAGE_BITS, page = first;
    uint64_t end = end_page(addr, len);
    bool any = false;

    while (page < end) {
        uint64_t *chunk = chunk_make(client, page);
        uint64_t *word = &chunk[word_index(page)];
        uint64_t next, mask = word_mask(page, end, &next), dirty;

        dirty = ~atomic_read(word) & mask;
        if (dirty) {
            dirty = ~atomic_fetch_or(word, mask) & mask;
            any = true;
        }
        for (; was && dirty; dirty &= dirty - 1) {
            uint64_t bit = (page & ~(uint64_t)63) + __builtin_ctzll(dirty) - first;

            was[bit / 64] |= (uint64_t)1 << (bit % 64);
        }
        page = next;
    }
    if (any) {
        tell_cleared(addr, len, client);
    }
    return any;
}

bool ram_dirty_test_and_clear(ram_addr_t addr, uint64_t len, unsigned client)
{
    return len && clear(addr, len, client, NULL);
}

void ram_written(ram_addr_t addr, uint64_t len)
{
    CodeWrittenFn *fn;

    if (addr == RAM_ADDR_INVALID || !len) {
        return;
    }
    /* Pairs with memory_set_code_written_hook. */
    fn = atomic_load_acquire(&code_written);
    if (fn) {
        fn(addr, len);
    }
    ram_dirty_set(addr, len, (1u << DIRTY_MEMORY_NUM) - 1);
}

/* --- By region ----------------------------------------------------------------------
 */

struct DirtyBitmapSnapshot {
    hwaddr first_page; /* in the region */
    uint64_t n_pages;
    uint64_t dirty[];
};

static ram_addr_t region_addr(const MemoryRegion *mr, hwaddr offset)
{
    assert(mr->ram_block);
    return mr->ram_block->offset + offset;
}

void memory_region_set_dirty(MemoryRegion *mr, hwaddr offset, uint64_t size)
{
    ram_written(region_addr(mr, offset), size);
}

bool memory_region_get_dirty(MemoryRegion *mr, hwaddr offset, uint64_t size,
                             unsigned client)
{
    return size && ram_dirty_get(region_addr(mr, offset), size, client);
}

void memory_region_reset_dirty(MemoryRegion *mr, hwaddr offset, uint64_t size,
                               unsigned client)
{
    if (size) {
        clear(region_addr(mr, offset), size, client, NULL);
        listeners_log_clear(mr, offset, size);
    }
}

DirtyBitmapSnapshot *memory_region_snapshot_and_clear_dirty(MemoryRegion *mr,
                                                            hwaddr offset,
                                                            uint64_t size,
                                                            unsigned client)
{
    hwaddr first = offset & TARGET_PAGE_MASK;
    uint64_t n_pages = end_page(offset, size) - (offset >> TARGET_PAGE_BITS);
    uint64_t words = (n_pages + 63) / 64;
    DirtyBitmapSnapshot *snap =
        g_malloc0(sizeof(DirtyBitmapSnapshot) + words * sizeof(uint64_t));

    /* Accelerators that keep a log of their own hand it over first. */
    listeners_log_sync(mr, offset, size);
    snap->first_page = first >> TARGET_PAGE_BITS;
    snap->n_pages = n_pages;
    if (size) {
        clear(region_addr(mr, first), n_pages << TARGET_PAGE_BITS, client, snap->dirty);
    }
    listeners_log_clear(mr, offset, size);
    return snap;
}

bool memory_region_snapshot_get_dirty(MemoryRegion *mr, DirtyBitmapSnapshot *snap,
                                      hwaddr offset, uint64_t size)
{
    uint64_t page = (offset >> TARGET_PAGE_BITS) - snap->first_page;
    uint64_t end = end_page(offset, size) - snap->first_page;

    assert(offset >> TARGET_PAGE_BITS >= snap->first_page && end <= snap->n_pages);
    for (; page < end; page++) {
        if (snap->dirty[page / 64] >> (page % 64) & 1) {
            return true;
        }
    }
    return false;
}

void dirty_bitmap_snapshot_free(DirtyBitmapSnapshot *snap)
{
    g_free(snap);
}
