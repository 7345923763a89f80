/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translator's runtime with a back end that writes markers instead of code: what is
 * found, linked, killed and evicted, also by several threads at once.
 */
#include "accel/tcg/code-pages.h"
#include "accel/tcg/jit/jit-internal.h"

#include <glib.h>

#include <string.h>

enum { HOT_BYTES = 64, COLD_BYTES = 48, PAGE = 4096, KEY_MODE = 7 };

/* --- the fake back end: the first word of a block is its state ----------------------
 */

enum { ALIVE = 0x11111111, KILLED = 0x22222222 };

typedef struct FakeCode {
    uint32_t state; /* atomic */
    uint32_t pad;
    const void *target; /* atomic: of the exit at the same address + 8 */
    uint64_t pc;
} FakeCode;

static unsigned hot_bytes = HOT_BYTES;

static bool fake_usable(const char **why)
{
    return true;
}

static void fake_setup(const JitTarget *target, JitBuf *buf)
{
}

static bool fake_emit(const JitTarget *target, IrBlock *ir, JitBlock *b, JitBuf *hot,
                      JitBuf *cold)
{
    FakeCode *c = (FakeCode *)hot->p;

    if (hot->p + hot_bytes > hot->end || cold->p + COLD_BYTES > cold->end) {
        hot->overflow = true;
        return false;
    }
    __atomic_store_n(&c->target, NULL, __ATOMIC_RELEASE);
    c->pc = b->key.pc;
    __atomic_store_n(&c->state, ALIVE, __ATOMIC_RELEASE);
    b->entry = hot->p + hot->to_exec;
    b->code_bytes = hot_bytes;
    b->cold_bytes = COLD_BYTES;
    b->exits = 1;
    b->exit[0] =
        (JitExit){ .pc = b->key.pc + b->guest_bytes, .site = (uint8_t *)&c->target };
    hot->p += hot_bytes;
    cold->p += COLD_BYTES;
    return true;
}

static void fake_link(JitExit *e, const void *entry)
{
    __atomic_store_n((const void **)e->site, entry, __ATOMIC_RELEASE);
}

static void fake_unlink(JitExit *e)
{
    __atomic_store_n((const void **)e->site, NULL, __ATOMIC_RELEASE);
}

static void fake_kill(JitBlock *b, const void *to)
{
    FakeCode *c = (FakeCode *)((uint8_t *)b->entry - jit.cache.to_exec);

    __atomic_store_n(&c->state, KILLED, __ATOMIC_RELEASE);
}

static const JitHost fake = { fake_usable, fake_setup,  fake_emit,
                              fake_link,   fake_unlink, fake_kill };

static uint32_t state_of(const JitBlock *b)
{
    return __atomic_load_n(&((const FakeCode *)b->entry)->state, __ATOMIC_ACQUIRE);
}

static const void *target_of(const JitBlock *b)
{
    return __atomic_load_n(&((const FakeCode *)b->entry)->target, __ATOMIC_ACQUIRE);
}

/* --- making blocks ------------------------------------------------------------------
 */

static bool build_nothing(void *opaque, IrBlock *ir, const void *guest)
{
    return opaque == NULL;
}

static uint64_t lines_of(unsigned offset, unsigned len)
{
    unsigned first = offset >> 6, last = (offset + len - 1) >> 6;

    return (~0ull >> (63 - (last - first))) << first;
}

static JitSource source_at(uint64_t ram_addr, unsigned len)
{
    static const uint8_t guest[64];
    TcgCodePage *page = tcg_code_page_get(ram_addr);
    JitSource s = {
        .key = {ram_addr, ram_addr, KEY_MODE, 0, UINT32_MAX},
        .insns = 1,
        .guest_bytes = len,
        .guest = guest,
        .insn_bytes = sizeof(guest),
        .pages = 1,
        .build = build_nothing
    };

    s.page[0].page = page;
    s.page[0].ram_addr = ram_addr & ~(uint64_t)(PAGE - 1);
    s.page[0].gen = __atomic_load_n(&page->gen, __ATOMIC_SEQ_CST) & ~1u;
    s.page[0].lines = lines_of(ram_addr & (PAGE - 1), len);
    tcg_code_page_track(page, ram_addr, ram_addr & (PAGE - 1), len);
    return s;
}

static JitBlock *make(uint64_t ram_addr, unsigned len)
{
    JitSource s = source_at(ram_addr, len);
    bool never = false;

    return jit_translate(&s, NULL, &never);
}

static JitBlock *find(uint64_t ram_addr)
{
    JitKey key = { ram_addr, ram_addr, KEY_MODE, 0, UINT32_MAX };

    return jit_find(&key);
}

static void start(size_t mib)
{
    JitOptions o = { .tier = 1,
                     .cache_bytes = mib << 20,
                     .passes = IR_PASS_ALL,
                     .only_last = UINT64_MAX };

    hot_bytes = HOT_BYTES;
    jit_set_host(&fake);
    jit_set_options(&o);
    g_assert_true(jit_start(NULL, NULL));
}

static void stop(void)
{
    jit_stop();
    jit_set_host(NULL);
    jit_set_options(&(JitOptions){ 0 });
}

/* --- tests --------------------------------------------------------------------------
 */

static void test_find(void)
{
    JitBlock *a, *b;
    JitKey other = { 0x10000, 0x10000, KEY_MODE + 1, 0, UINT32_MAX };

    start(4);
    g_assert_null(find(0x10000));
    a = make(0x10000, 16);
    b = make(0x10010, 16);
    g_assert_nonnull(a);
    g_assert_true(a != b);
    g_assert_true(find(0x10000) == a && find(0x10010) == b);
    g_assert_true(make(0x10000, 16) == a);
    g_assert_null(jit_find(&other));
    other.mode = KEY_MODE;
    other.limit = 0xffff;
    g_assert_null(jit_find(&other));
    g_assert_cmphex(state_of(a), ==, ALIVE);
    stop();
}

static void test_refused(void)
{
    JitSource s;
    bool never = false;

    start(4);
    s = source_at(0x20000, 16);
    s.opaque = &s;
    g_assert_null(jit_translate(&s, NULL, &never));
    g_assert_true(never);
    g_assert_nonnull(make(0x20000, 16));
    stop();
}

static void test_invalidate_by_lines(void)
{
    JitBlock *a, *b;
    TcgCodePage *page = tcg_code_page_get(0x30000);

    start(4);
    a = make(0x30000, 16);
    b = make(0x30080, 16);
    g_assert_false(tcg_code_written(0x30040, 64));
    g_assert_true(tcg_code_written(0x3000f, 1));
    g_assert_cmphex(state_of(a), ==, KILLED);
    g_assert_null(find(0x30000));
    g_assert_true(find(0x30080) == b);
    /* The survivor's lines are still watched. */
    g_assert_false(tcg_code_page_untrack(page));
    g_assert_true(tcg_code_written(0x30080, 8));
    g_assert_null(find(0x30080));
    g_assert_true(tcg_code_page_untrack(page));
    stop();
}

static bool settled_meanwhile;
static unsigned told;

static void look_while_told(uint64_t ram_addr)
{
    TcgCodePage *page = tcg_code_page_get(ram_addr);

    told++;
    /* Another vCPU decodes there, too, and wants to know whether it may trust it. */
    g_assert_false(tcg_code_page_track(page, ram_addr, 0, 16));
    settled_meanwhile |= tcg_code_page_settled(page, NULL);
}

/* A vCPU that does not execute would otherwise be let in with what it may store. */
static void test_settled_when_told(void)
{
    TcgReader halted = { 0 };
    TcgCodePage *page = tcg_code_page_get(0x34000);

    start(4);
    tcg_reader_register(&halted);
    tcg_code_pages_set_protect_hook(look_while_told);
    g_assert_false(tcg_code_page_settled(page, NULL));
    g_assert_true(tcg_code_page_track(page, 0x34000, 0, 16));
    g_assert_cmpuint(told, ==, 1);
    g_assert_false(settled_meanwhile);
    g_assert_true(tcg_code_page_settled(page, NULL));
    tcg_reader_enter(&halted);
    g_assert_false(tcg_code_page_settled(page, NULL));
    tcg_reader_ack(&halted, tcg_epoch());
    g_assert_true(tcg_code_page_settled(page, NULL));
    tcg_code_pages_set_protect_hook(NULL);
    tcg_reader_unregister(&halted);
    stop();
}

/* Threads that decode, store and stop tracking. */
static void *track_and_untrack(void *opaque)
{
    TcgCodePage *page = opaque;

    for (unsigned k = 0; k < 100000; k++) {
        uint32_t gen = __atomic_load_n(&page->gen, __ATOMIC_SEQ_CST);

        tcg_code_page_track(page, 0x38000, 0, 16);
        g_assert_true(tcg_code_page_is_tracked(page) ||
                      __atomic_load_n(&page->gen, __ATOMIC_SEQ_CST) != gen);
        if (k % 2) {
            tcg_code_written(0x38000, 1);
        }
        tcg_code_page_untrack(page);
    }
    return NULL;
}

static void test_untrack_races(void)
{
    TcgCodePage *page = tcg_code_page_get(0x38000);
    GThread *t[3];

    start(4);
    for (unsigned k = 0; k < G_N_ELEMENTS(t); k++) {
        t[k] = g_thread_new("vcpu", track_and_untrack, page);
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(t); k++) {
        g_thread_join(t[k]);
    }
    tcg_code_written(0x38000, 1);
    g_assert_true(tcg_code_page_untrack(page) || !tcg_code_page_is_tracked(page));
    stop();
}

static uint32_t executing; /* atomic */
static unsigned done_alone;

static void *now_and_then_alone(void *opaque)
{
    TcgReader *reader = opaque;

    for (unsigned k = 0; k < 5000; k++) {
        tcg_reader_enter(reader);
        if (k % 16 == 0) {
            tcg_exclusive_begin(reader);
            g_assert_cmpuint(__atomic_load_n(&executing, __ATOMIC_SEQ_CST), ==, 0);
            done_alone++;
            tcg_exclusive_end();
        }
        __atomic_add_fetch(&executing, 1, __ATOMIC_SEQ_CST);
        __atomic_sub_fetch(&executing, 1, __ATOMIC_SEQ_CST);
        tcg_reader_leave(reader);
    }
    return NULL;
}

static void test_alone(void)
{
    static TcgReader reader[3];
    GThread *t[G_N_ELEMENTS(reader)];

    for (unsigned k = 0; k < G_N_ELEMENTS(t); k++) {
        tcg_reader_register(&reader[k]);
        t[k] = g_thread_new("vcpu", now_and_then_alone, &reader[k]);
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(t); k++) {
        g_thread_join(t[k]);
        tcg_reader_unregister(&reader[k]);
    }
    g_assert_cmpuint(done_alone, ==, G_N_ELEMENTS(t) * 313);
}

static void test_stale_source(void)
{
    JitSource s;
    bool never = false;

    start(4);
    s = source_at(0x40000, 16);
    tcg_code_written(0x40004, 4);
    g_assert_null(jit_translate(&s, NULL, &never));
    g_assert_false(never);
    stop();
}

static void test_crossing(void)
{
    JitSource s;
    JitBlock *b;
    bool never = false;

    start(4);
    s = source_at(0x50ffc, 4);
    s.guest_bytes = 8;
    s.pages = 2;
    s.page[1].page = tcg_code_page_get(0x51000);
    s.page[1].ram_addr = 0x51000;
    s.page[1].gen = s.page[1].page->gen;
    s.page[1].lines = 1;
    tcg_code_page_track(s.page[1].page, 0x51000, 0, 4);
    b = jit_translate(&s, NULL, &never);
    g_assert_true(b && find(0x50ffc) == b);
    g_assert_true(tcg_code_written(0x51003, 1));
    g_assert_null(find(0x50ffc));
    g_assert_null(tcg_code_page_get(0x50ffc)->blocks);
    g_assert_null(tcg_code_page_get(0x51000)->blocks);
    stop();
}

/* The same first page, but the second is another one now: no longer that block. */
static void test_second_page_remapped(void)
{
    JitBlock *b[2];
    bool never = false;

    start(4);
    for (unsigned k = 0; k < 2; k++) {
        uint64_t second = 0x51000 + k * 0x8000;
        JitSource s = source_at(0x50ffc, 4);

        s.guest_bytes = 8;
        s.pages = 2;
        s.page[1].page = tcg_code_page_get(second);
        s.page[1].ram_addr = second;
        s.page[1].gen = s.page[1].page->gen;
        s.page[1].lines = 1;
        tcg_code_page_track(s.page[1].page, second, 0, 4);
        b[k] = jit_translate(&s, NULL, &never);
        g_assert_true(b[k] && find(0x50ffc) == b[k]);
        g_assert_cmphex(b[k]->page_addr[1], ==, second);
    }
    g_assert_true(b[0]->dead && !b[1]->dead);
    g_assert_null(tcg_code_page_get(0x51000)->blocks);
    stop();
}

static void note_stubs(JitBlock *b, unsigned n, bool long_ago)
{
    for (unsigned k = 0; k < n; k++) {
        if (long_ago) {
            __atomic_store_n(&b->group_since, 0, __ATOMIC_RELAXED);
        }
        jit_note_group_stub(b);
    }
}

/* Many stubs of groups in a short time kill the block; the next one has no groups. */
static void test_ungroup_often(void)
{
    JitBlock *b;
    unsigned looks = 0;

    start(4);
    b = make(0x70000, 16);
    g_assert_false(jit_is_ungrouped(&b->key));
    /* The first look at the clock only remembers it; a host that is busy needs more. */
    while (!b->dead) {
        note_stubs(b, 128, false);
        g_assert_cmpuint(++looks, <, 10000);
    }
    g_assert_cmpuint(looks, >=, 2);
    g_assert_null(find(0x70000));
    g_assert_true(jit_is_ungrouped(&b->key));
    g_assert_true(make(0x70000, 16) != b);
    /* Some of its executions may still be under way. */
    note_stubs(b, 1024, false);
    g_assert_nonnull(find(0x70000));
    stop();
}

static void test_ungroup_seldom(void)
{
    JitBlock *b;

    start(4);
    b = make(0x78000, 16);
    note_stubs(b, 4096, true);
    g_assert_false(b->dead);
    g_assert_true(find(0x78000) == b);
    g_assert_false(jit_is_ungrouped(&b->key));
    stop();
}

/* Another block at the same place, of another mode, is not meant; the key is kept in a
 * table that forgets. */
static void test_ungroup_keys(void)
{
    JitBlock *b;
    JitKey other;
    unsigned known = 0;

    start(4);
    b = make(0x79000, 16);
    while (!b->dead) {
        note_stubs(b, 128, false);
    }
    other = b->key;
    other.mode++;
    g_assert_false(jit_is_ungrouped(&other));
    other = b->key;
    other.pc += 16;
    g_assert_false(jit_is_ungrouped(&other));
    for (unsigned k = 0; k < 1000; k++) {
        JitBlock *c = make(0x7a000 + k * 16, 16);

        while (!c->dead) {
            note_stubs(c, 128, false);
        }
        g_assert_true(jit_is_ungrouped(&c->key));
    }
    for (unsigned k = 0; k < 1000; k++) {
        JitKey key = { 0x7a000 + k * 16, 0x7a000 + k * 16, KEY_MODE, 0, UINT32_MAX };

        known += jit_is_ungrouped(&key);
    }
    g_assert_cmpuint(known, >, 64);
    g_assert_cmpuint(known, <=, 256);
    stop();
}

static void test_links(void)
{
    JitBlock *a, *b;

    start(4);
    a = make(0x60000, 16);
    b = make(0x60100, 16);
    jit_link(&a->exit[0], b);
    g_assert_true(target_of(a) == b->entry);
    g_assert_true(b->incoming == &a->exit[0]);
    /* Death of the target breaks the link, ... */
    tcg_code_written(0x60100, 1);
    g_assert_null(target_of(a));
    g_assert_null(a->exit[0].to);
    jit_link(&a->exit[0], b);
    g_assert_null(target_of(a));
    /* ... and that of the source leaves nothing behind. */
    b = make(0x60100, 16);
    jit_link(&a->exit[0], b);
    jit_link(&b->exit[0], b);
    tcg_code_written(0x60000, 1);
    g_assert_true(b->incoming == &b->exit[0]);
    g_assert_null(b->exit[0].next);
    stop();
}

/* More code than fits: old blocks go, new ones come. */
static void test_eviction(void)
{
    const unsigned total = 3000;
    unsigned alive = 0;
    uint64_t epoch;

    start(4);
    hot_bytes = 4096;
    epoch = jit_epoch();
    for (unsigned k = 0; k < total; k++) {
        JitBlock *b = make(0x1000000 + k * 64, 16);

        g_assert_nonnull(b);
        g_assert_true(find(0x1000000 + k * 64) == b);
    }
    for (unsigned k = 0; k < total; k++) {
        JitBlock *b = find(0x1000000 + k * 64);

        if (b) {
            alive++;
            g_assert_cmphex(((const FakeCode *)b->entry)->pc, ==, b->key.pc);
        }
    }
    g_assert_cmpuint(jit.stats.evicted_regions, >, 0);
    g_assert_cmpuint(jit_epoch(), >, epoch);
    g_assert_cmpuint(alive, >=, 256);
    g_assert_cmpuint(alive, <, 512);
    stop();
}

/* Memory of blocks is not reused before everybody has passed. */
static void test_epochs(void)
{
    TcgReader slow = { 0 };
    unsigned made = 0;

    start(4);
    hot_bytes = 4096;
    tcg_reader_register(&slow);
    tcg_reader_enter(&slow);
    slow.jit_epoch = jit_epoch();
    while (make(0x2000000 + made * 64, 16)) {
        g_assert_cmpuint(++made, <, 2000);
    }
    g_assert_cmpuint(jit.stats.waits, ==, 1);
    g_assert_cmpuint(made, >=, 4 * 128);
    jit_reader_passed(&slow, jit_epoch());
    g_assert_nonnull(make(0x2000000 + made++ * 64, 16));
    /* One that does not execute holds nobody up. */
    tcg_reader_leave(&slow);
    for (unsigned k = 0; k < 2000; k++) {
        g_assert_nonnull(make(0x2000000 + made++ * 64, 16));
    }
    tcg_reader_unregister(&slow);
    stop();
}

static void test_salts(void)
{
    uint64_t last = 0;

    for (unsigned k = 0; k < 1000; k++) {
        uint64_t s = jit_new_salt();

        g_assert_cmphex(s, !=, 0);
        g_assert_cmphex(s, !=, last);
        last = s;
    }
}

/* --- threads ------------------------------------------------------------------------
 */

enum { THREADS = 4, BLOCKS = 512, ROUNDS = 20000 };

static uint64_t torture_base = 0x8000000;
static int torture_left;

static uint64_t nth(unsigned n)
{
    return torture_base + n * 48;
}

/* What a vCPU does: passes, finds or makes, follows links, sometimes stores. */
static void *torture_vcpu(void *opaque)
{
    TcgReader *reader = opaque;
    GRand *r = g_rand_new_with_seed(GPOINTER_TO_UINT(opaque));
    uint64_t seen = 0;
    JitBlock *prev = NULL;

    tcg_reader_enter(reader);
    for (unsigned k = 0; k < ROUNDS; k++) {
        unsigned n = g_rand_int_range(r, 0, BLOCKS);
        JitSource s = source_at(nth(n), 16);
        bool never = false;
        JitBlock *b;

        if (jit_epoch() != seen) {
            seen = jit_epoch();
            prev = NULL;
            jit_reader_passed(reader, seen);
        }
        b = find(nth(n));
        if (!b) {
            b = jit_translate(&s, reader, &never);
        }
        g_assert_false(never);
        if (!b) {
            continue;
        }
        g_assert_cmphex(((const FakeCode *)b->entry)->pc, ==, nth(n));
        /* An eviction during the translation has made older pointers void. */
        if (prev && jit_epoch() == seen) {
            jit_link(&prev->exit[0], b);
        }
        prev = jit_epoch() == seen ? b : NULL;
        if (k % 16 == 0) {
            tcg_code_written(nth(g_rand_int_range(r, 0, BLOCKS)), 1);
        }
    }
    tcg_reader_leave(reader);
    g_rand_free(r);
    __atomic_sub_fetch(&torture_left, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void test_threads(void)
{
    static TcgReader reader[THREADS];
    GThread *t[THREADS];

    start(4);
    hot_bytes = 8192;
    torture_left = THREADS;
    for (unsigned k = 0; k < THREADS; k++) {
        tcg_reader_register(&reader[k]);
    }
    for (unsigned k = 0; k < THREADS; k++) {
        t[k] = g_thread_new("vcpu", torture_vcpu, &reader[k]);
    }
    while (__atomic_load_n(&torture_left, __ATOMIC_SEQ_CST)) {
        /* A device. */
        tcg_code_written(torture_base, BLOCKS * 48);
        g_usleep(500);
    }
    for (unsigned k = 0; k < THREADS; k++) {
        g_thread_join(t[k]);
        tcg_reader_unregister(&reader[k]);
    }
    g_assert_cmpuint(jit.stats.evicted_regions, >, 0);
    /* Every list is consistent: all goes, nothing stays. */
    tcg_code_written(torture_base, BLOCKS * 48);
    for (unsigned n = 0; n < BLOCKS; n++) {
        g_assert_null(find(nth(n)));
        g_assert_null(tcg_code_page_get(nth(n))->blocks);
    }
    stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/jit/a-block-is-found-by-its-whole-key", test_find);
    g_test_add_func("/jit/what-the-builder-refuses-is-remembered-by-the-caller",
                    test_refused);
    g_test_add_func("/jit/a-store-kills-by-line", test_invalidate_by_lines);
    g_test_add_func("/jit/a-page-is-settled-when-all-were-told",
                    test_settled_when_told);
    g_test_add_func("/jit/what-is-alive-is-tracked", test_untrack_races);
    g_test_add_func("/jit/nobody-executes-while-one-is-alone", test_alone);
    g_test_add_func("/jit/bytes-that-changed-are-not-translated", test_stale_source);
    g_test_add_func("/jit/a-crossing-block-dies-by-either-page", test_crossing);
    g_test_add_func("/jit/a-crossing-block-is-that-of-its-second-page",
                    test_second_page_remapped);
    g_test_add_func("/jit/group-stubs-in-a-short-time-kill", test_ungroup_often);
    g_test_add_func("/jit/group-stubs-now-and-then-do-not", test_ungroup_seldom);
    g_test_add_func("/jit/blocks-without-groups-are-known-by-key", test_ungroup_keys);
    g_test_add_func("/jit/links-end-with-either-block", test_links);
    g_test_add_func("/jit/old-regions-make-room", test_eviction);
    g_test_add_func("/jit/memory-waits-for-all-readers", test_epochs);
    g_test_add_func("/jit/salts-differ", test_salts);
    g_test_add_func("/jit/threads-find-link-store-and-evict", test_threads);
    return g_test_run();
}
