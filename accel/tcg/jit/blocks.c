/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of translated code: found by key, listed by page, linked.
 *
 * Finding takes no lock: chains of the hash table are only ever changed by atomic
 * stores, a block that was taken out still points into its chain, and its memory is
 * reused only after all vCPUs have dropped what they found (jit_epoch()).
 *
 * J1 A block in a page list has its lines set in the page's record: who stores there
 * comes here. J2 e->to != NULL if and only if e is on the "incoming" list of e->to;
 * both blocks are alive then. J3 A dead block is in no list but its region's.
 */
#include "accel/tcg/jit/jit-internal.h"
#include "util/tsan.h"

#include <glib.h>

#include <time.h>

enum { SHORT_TIME_MS = 50 };

static unsigned hash_of(const JitKey *k)
{
    return jit_key_index(k, JIT_HASH_BITS);
}

static bool same_key(const JitKey *a, const JitKey *b)
{
    return a->ram_addr == b->ram_addr && a->pc == b->pc && a->mode == b->mode &&
           a->base == b->base && a->limit == b->limit;
}

JitBlock *jit_find(const JitKey *key)
{
    JitBlock *b;

    if (!jit.hash) {
        return NULL;
    }
    b = __atomic_load_n(&jit.hash[hash_of(key)], __ATOMIC_ACQUIRE);
    while (b &&
           (!same_key(&b->key, key) || __atomic_load_n(&b->dead, __ATOMIC_ACQUIRE))) {
        b = __atomic_load_n(&b->hash_next, __ATOMIC_ACQUIRE);
    }
    return b;
}

static void hash_remove(JitBlock *b)
{
    JitBlock **link = &jit.hash[hash_of(&b->key)];

    while (*link != b) {
        link = &(*link)->hash_next;
    }
    /* b->hash_next stays: somebody may be standing on b. */
    __atomic_store_n(link, b->hash_next, __ATOMIC_RELEASE);
}

/* --- pages -------------------------------------------------------------------------
 */

static const uint64_t NO_PAGE = UINT64_MAX;

static unsigned page_slot(const JitBlock *b, uint64_t page_addr)
{
    return b->page_addr[0] == page_addr ? 0 : 1;
}

static void page_remove(JitBlock *b, unsigned slot)
{
    TcgCodePage *page = tcg_code_page_get(b->page_addr[slot]);
    JitBlock **link = &page->blocks;

    while (*link != b) {
        link = &(*link)->page_next[page_slot(*link, b->page_addr[slot])];
    }
    *link = b->page_next[slot];
}

static unsigned pages_of(const JitBlock *b)
{
    return b->self_check ? 0 : b->crosses && b->page_addr[1] != b->page_addr[0] ? 2 : 1;
}

void jit_block_insert(JitBlock *b, const JitSource *src)
{
    JitBlock **slot = &jit.hash[hash_of(&b->key)];

    for (unsigned k = 0; k < pages_of(b); k++) {
        TcgCodePage *page = src->page[k].page;

        b->page_next[k] = page->blocks;
        page->blocks = b;
    }
    tsan_publish(b);
    for (unsigned k = 0; k < b->exits; k++) {
        tsan_publish(&b->exit[k]);
    }
    b->hash_next = *slot;
    __atomic_store_n(slot, b, __ATOMIC_RELEASE);
}

/* --- links -------------------------------------------------------------------------
 */

static void unlink_exit(JitExit *e)
{
    JitExit **link = &e->to->incoming;

    while (*link != e) {
        link = &(*link)->next;
    }
    *link = e->next;
    e->to = NULL;
    jit.host->unlink(e);
    jit.stats.unlinks++;
}

void jit_link(JitExit *e, JitBlock *to)
{
    if (!e->site || jit_is_unlinked()) {
        return;
    }
    pthread_mutex_lock(&jit.lock);
    if (!e->to && !e->from->dead && !to->dead) {
        e->to = to;
        e->next = to->incoming;
        to->incoming = e;
        jit.host->link(e, to->entry);
        jit.stats.links++;
    }
    pthread_mutex_unlock(&jit.lock);
}

/* --- death -------------------------------------------------------------------------
 */

/* @page_addr: of whose list the caller takes it; or NO_PAGE. */
static void kill_block(JitBlock *b, uint64_t page_addr)
{
    __atomic_store_n(&b->dead, true, __ATOMIC_SEQ_CST);
    jit.host->kill(b, NULL);
    while (b->incoming) {
        unlink_exit(b->incoming);
    }
    for (unsigned k = 0; k < b->exits; k++) {
        if (b->exit[k].to) {
            unlink_exit(&b->exit[k]);
        }
    }
    hash_remove(b);
    for (unsigned k = 0; k < pages_of(b); k++) {
        if (b->page_addr[k] != page_addr) {
            page_remove(b, k);
        }
    }
    jit.stats.killed++;
}

void jit_block_kill(JitBlock *b)
{
    kill_block(b, NO_PAGE);
}

/* How often lately: pages get other contents all the time, which means nothing. */
static void count_invalidation(TcgCodePage *page)
{
    struct timespec ts;
    uint64_t ms;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
    ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
    if (ms - page->since_ms > SHORT_TIME_MS) {
        page->since_ms = ms;
        __atomic_store_n(&page->invalidations, 0, __ATOMIC_RELAXED);
    }
    __atomic_fetch_add(&page->invalidations, 1, __ATOMIC_RELAXED);
}

void jit_invalidate(TcgCodePage *page, uint64_t ram_addr, unsigned len)
{
    uint64_t page_addr = ram_addr & ~(uint64_t)0xfff;
    uint64_t mask = tcg_code_lines(ram_addr & 0xfff, len);
    JitBlock **link = &page->blocks, *b;

    pthread_mutex_lock(&jit.lock);
    /* Decoded blocks are dead before their lines go, and none is made meanwhile. */
    __atomic_fetch_add(&page->gen, 1, __ATOMIC_SEQ_CST);
    while ((b = *link)) {
        unsigned slot = page_slot(b, page_addr);

        if (b->lines[slot] & mask) {
            *link = b->page_next[slot];
            kill_block(b, page_addr);
        } else {
            link = &b->page_next[slot];
        }
    }
    /* A decoder that sets its bits after this sees the new bytes. Bits of lines whose
     * blocks are gone stay while the page has others; that costs a slow store now and
     * then. */
    if (page->blocks) {
        __atomic_fetch_and(&page->lines, ~mask, __ATOMIC_SEQ_CST);
    } else {
        __atomic_store_n(&page->lines, 0, __ATOMIC_SEQ_CST);
    }
    count_invalidation(page);
    __atomic_fetch_add(&page->gen, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&jit.lock);
}
