/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tracking of decoded code in RAM: two-level table of pages, grown without locks.
 */
#include "accel/tcg/code-pages.h"
#include "accel/tcg/jit.h"
#include "util/atomic.h"

#include <glib.h>

enum {
    PAGE_BITS = 12,
    LEAF_BITS = 12, /* pages in a leaf: 16 MiB of RAM */
    ROOT_BITS = 24, /* 2^48 bytes of RAM space */
    MID_BITS = 12,
};

typedef struct Leaf {
    TcgCodePage page[1 << LEAF_BITS];
} Leaf;

typedef struct Mid {
    Leaf *leaf[1 << MID_BITS];
} Mid;

static Mid *root[1 << (ROOT_BITS - MID_BITS)];
static void (*protect_hook)(uint64_t ram_addr);
static uint64_t last_epoch;   /* atomic */
static TcgReader *readers;    /* atomic; list changed under the BQL */
static unsigned reader_count; /* atomic */

/* Publishes a zeroed object in an empty slot; the loser of a race frees its own. */
static void *slot_get(void **slot, size_t size)
{
    void *p = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
    void *fresh, *expected = NULL;

    if (p) {
        return p;
    }
    fresh = g_malloc0(size);
    if (__atomic_compare_exchange_n(slot, &expected, fresh, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
        return fresh;
    }
    g_free(fresh);
    return expected;
}

static unsigned leaf_index(uint64_t ram_addr)
{
    return ram_addr >> PAGE_BITS & ((1 << LEAF_BITS) - 1);
}

static unsigned mid_index(uint64_t ram_addr)
{
    return ram_addr >> (PAGE_BITS + LEAF_BITS) & ((1 << MID_BITS) - 1);
}

static unsigned root_index(uint64_t ram_addr)
{
    return ram_addr >> (PAGE_BITS + LEAF_BITS + MID_BITS) &
           ((1 << (ROOT_BITS - MID_BITS)) - 1);
}

TcgCodePage *tcg_code_page_get(uint64_t ram_addr)
{
    Mid *mid = slot_get((void **)&root[root_index(ram_addr)], sizeof(Mid));
    Leaf *leaf = slot_get((void **)&mid->leaf[mid_index(ram_addr)], sizeof(Leaf));

    return &leaf->page[leaf_index(ram_addr)];
}

TcgCodePage *tcg_code_page_find(uint64_t ram_addr)
{
    Mid *mid = __atomic_load_n(&root[root_index(ram_addr)], __ATOMIC_ACQUIRE);
    Leaf *leaf;

    if (!mid) {
        return NULL;
    }
    leaf = __atomic_load_n(&mid->leaf[mid_index(ram_addr)], __ATOMIC_ACQUIRE);
    return leaf ? &leaf->page[leaf_index(ram_addr)] : NULL;
}

static TcgCodeState state_of(uint32_t word)
{
    return word % TCG_CODE_STATES;
}

/* From *@word, which becomes the new one; false: it is another one now. */
static bool change_state(TcgCodePage *page, uint32_t *word, TcgCodeState to)
{
    uint32_t from = *word, now = from - state_of(from) + TCG_CODE_STATES + to;

    *word = now;
    return __atomic_compare_exchange_n(&page->state, &from, now, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Others may still have fast translations of the page. */
static void tell_others(TcgCodePage *page, uint64_t ram_addr)
{
    __atomic_store_n(&page->epoch, __atomic_add_fetch(&last_epoch, 1, __ATOMIC_SEQ_CST),
                     __ATOMIC_SEQ_CST);
    if (protect_hook) {
        protect_hook(ram_addr & ~(uint64_t)((1 << PAGE_BITS) - 1));
    }
}

bool tcg_code_page_track(TcgCodePage *page, uint64_t ram_addr, unsigned offset,
                         unsigned len)
{
    __atomic_fetch_or(&page->lines, tcg_code_lines(offset, len), __ATOMIC_SEQ_CST);
    for (;;) {
        uint32_t word = __atomic_load_n(&page->state, __ATOMIC_SEQ_CST);

        switch (state_of(word)) {
        case TCG_CODE_UNTRACKED:
            if (change_state(page, &word, TCG_CODE_BEGINNING)) {
                tell_others(page, ram_addr);
                change_state(page, &word, TCG_CODE_TRACKED);
                return true;
            }
            break;
        case TCG_CODE_ENDING:
            if (change_state(page, &word, TCG_CODE_TRACKED)) {
                return false;
            }
            break;
        default:
            return false;
        }
    }
}

static bool page_written(TcgCodePage *page, uint64_t ram_addr, unsigned offset,
                         unsigned len)
{
    uint64_t mask = tcg_code_lines(offset, len);

    /* Pairs with the barrier in tcg_code_page_track(). */
    smp_mb();
    if (!(__atomic_load_n(&page->lines, __ATOMIC_SEQ_CST) & mask)) {
        return false;
    }
    jit_invalidate(page, ram_addr, len);
    return true;
}

bool tcg_code_written(uint64_t ram_addr, uint64_t len)
{
    bool hit = false;

    while (len) {
        unsigned offset = ram_addr & ((1 << PAGE_BITS) - 1);
        unsigned n = MIN(len, (uint64_t)(1 << PAGE_BITS) - offset);
        TcgCodePage *page = tcg_code_page_find(ram_addr);

        if (page) {
            hit |= page_written(page, ram_addr, offset, n);
        }
        ram_addr += n;
        len -= n;
    }
    return hit;
}

bool tcg_code_page_untrack(TcgCodePage *page)
{
    uint32_t word = __atomic_load_n(&page->state, __ATOMIC_SEQ_CST);

    if (state_of(word) != TCG_CODE_TRACKED ||
        __atomic_load_n(&page->lines, __ATOMIC_SEQ_CST) ||
        !change_state(page, &word, TCG_CODE_ENDING)) {
        return false;
    }
    /* Who has set lines before it could see that is seen here; who sets them later
     * takes the state away. */
    if (__atomic_load_n(&page->lines, __ATOMIC_SEQ_CST)) {
        change_state(page, &word, TCG_CODE_TRACKED);
        return false;
    }
    return change_state(page, &word, TCG_CODE_UNTRACKED);
}

void tcg_code_pages_set_protect_hook(void (*hook)(uint64_t ram_addr))
{
    protect_hook = hook;
}

/* --- readers ------------------------------------------------------------------------
 */

void tcg_reader_register(TcgReader *reader)
{
    reader->next = readers;
    __atomic_store_n(&readers, reader, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&reader_count, 1, __ATOMIC_SEQ_CST);
}

void tcg_reader_unregister(TcgReader *reader)
{
    for (TcgReader **r = &readers; *r; r = &(*r)->next) {
        if (*r == reader) {
            __atomic_store_n(r, reader->next, __ATOMIC_SEQ_CST);
            __atomic_sub_fetch(&reader_count, 1, __ATOMIC_SEQ_CST);
            return;
        }
    }
}

TcgReader *tcg_reader_first(void)
{
    return __atomic_load_n(&readers, __ATOMIC_SEQ_CST);
}

unsigned tcg_reader_count(void)
{
    return __atomic_load_n(&reader_count, __ATOMIC_RELAXED);
}

uint64_t tcg_epoch(void)
{
    return __atomic_load_n(&last_epoch, __ATOMIC_SEQ_CST);
}

void tcg_reader_ack(TcgReader *reader, uint64_t epoch)
{
    __atomic_store_n(&reader->acked, epoch, __ATOMIC_SEQ_CST);
}

bool tcg_code_page_settled(const TcgCodePage *page, const TcgReader *self)
{
    TcgCodeState state = state_of(__atomic_load_n(&page->state, __ATOMIC_SEQ_CST));
    uint64_t epoch = __atomic_load_n(&page->epoch, __ATOMIC_SEQ_CST);

    if (state == TCG_CODE_UNTRACKED || state == TCG_CODE_BEGINNING) {
        return false;
    }
    for (const TcgReader *r = tcg_reader_first(); r;
         r = __atomic_load_n(&r->next, __ATOMIC_SEQ_CST)) {
        if (r != self && __atomic_load_n(&r->acked, __ATOMIC_SEQ_CST) < epoch &&
            __atomic_load_n(&r->in_guest, __ATOMIC_SEQ_CST)) {
            return false;
        }
    }
    return true;
}
