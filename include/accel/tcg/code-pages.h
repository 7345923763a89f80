/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages of RAM hold bytes that some vCPU has decoded, and the news that such
 * bytes were overwritten.
 *
 * Each page has a generation.  A decoded block remembers the generation of its page and
 * is dead when it has changed.  Writers need no list of blocks: whoever stores into a
 * line that was decoded raises the generation.
 *
 * Protocol between a decoder D and a writer W on another thread:
 *   D: sets the line bits and the state (full barrier), then checks that the bytes are
 * still those it decoded; W: stores, then (full barrier) reads the line bits. At least
 * one of them sees the other.  A writer whose TLB does not yet know that the page is
 * tracked is told by the protect hook; until it has acknowledged, blocks of the page
 * are compared with memory each time they are entered.  Who finds the page settled
 * (tcg_code_page_settled()) compares once more, afterwards: what was stored unseen
 * before the acknowledgement is in memory by then.
 */
#ifndef ACCEL_TCG_CODE_PAGES_H
#define ACCEL_TCG_CODE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct TcgReader TcgReader;

/* Stores must be reported in all states but the first. */
typedef enum TcgCodeState {
    TCG_CODE_UNTRACKED,
    TCG_CODE_BEGINNING, /* not everybody was told yet: it is not settled */
    TCG_CODE_TRACKED,
    TCG_CODE_ENDING, /* unless somebody decodes just now */
    TCG_CODE_STATES
} TcgCodeState;

typedef struct TcgCodePage {
    uint32_t gen;   /* atomic; odd while an invalidation goes on */
    uint32_t state; /* atomic: a TcgCodeState, and how often it has changed */
    uint64_t lines; /* atomic: 64-byte lines that hold decoded bytes */
    uint64_t epoch; /* atomic: when tracking began */
    /* --- the translator's, under its lock --- */
    struct JitBlock *blocks;
    uint64_t since_ms;
    uint32_t
        invalidations; /* atomic: how often decoded bytes were overwritten lately */
} TcgCodePage;

/* The record of the page at @ram_addr; made when needed, lives for ever. Any thread. */
TcgCodePage *tcg_code_page_get(uint64_t ram_addr);
/* The same, but NULL when nothing was ever decoded there. */
TcgCodePage *tcg_code_page_find(uint64_t ram_addr);

/* The bits of TcgCodePage.lines for bytes [offset, offset + len) of a page, len > 0. */
static inline uint64_t tcg_code_lines(unsigned offset, unsigned len)
{
    unsigned first = offset / 64, last = (offset + len - 1) / 64;

    return (~0ull >> (63 - (last - first))) << first;
}

/* Bytes [offset, offset + len) of the page were decoded. Full barrier. Returns true if
 * the page was not tracked before: stores of other vCPUs are not yet reported. */
bool tcg_code_page_track(TcgCodePage *page, uint64_t ram_addr, unsigned offset,
                         unsigned len);

static inline bool tcg_code_page_is_tracked(const TcgCodePage *page)
{
    return page && __atomic_load_n(&page->state, __ATOMIC_SEQ_CST) % TCG_CODE_STATES;
}

/* The list of vCPUs, for a walk. Any thread. */
TcgReader *tcg_reader_first(void);

/* Bytes were written: kills the blocks decoded from them. Any thread, after the store.
 * Returns true if something was killed. */
bool tcg_code_written(uint64_t ram_addr, uint64_t len);

/* Ends tracking of a page without decoded lines; false if there are some. */
bool tcg_code_page_untrack(TcgCodePage *page);

/* Called when a page becomes tracked: makes all other vCPUs forget write translations.
 */
void tcg_code_pages_set_protect_hook(void (*hook)(uint64_t ram_addr));

/*
 * A vCPU as the others see it: which protect requests it has carried out.  Registered
 * for the life of the vCPU; readers are few.
 */
struct TcgReader {
    uint64_t acked;     /* atomic: tracking epoch up to which its TLB is clean */
    uint64_t jit_epoch; /* atomic: it holds no blocks from before (jit.h) */
    uint32_t in_guest;  /* atomic: may be executing, with the translations it has */
    uint32_t stands;    /* atomic: in guest code, but waits to be alone */
    TcgReader *next;    /* atomic */
};

/* Context: BQL. */
void tcg_reader_register(TcgReader *reader);
void tcg_reader_unregister(TcgReader *reader);
unsigned tcg_reader_count(void);

/* Around the execution of guest code: full barriers. Waits while another is alone.
 * Context: no lock held. */
void tcg_reader_enter(TcgReader *reader);
void tcg_reader_leave(TcgReader *reader);

/* Between these no other vCPU executes guest code. Context: in guest code, no lock
 * held.
 */
void tcg_exclusive_begin(TcgReader *self);
void tcg_exclusive_end(void);

/* Before a vCPU forgets its translations; hand the result to tcg_reader_ack()
 * afterwards. */
uint64_t tcg_epoch(void);
void tcg_reader_ack(TcgReader *reader, uint64_t epoch);

/* Whether every vCPU but @self reports its stores to @page. */
bool tcg_code_page_settled(const TcgCodePage *page, const TcgReader *self);

#endif
