/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making translations, and room for them.
 *
 * Regions of the cache are filled in order. When one is begun, its successor is
 * emptied: its blocks are killed at once, and its memory is free when every vCPU has
 * passed its dispatcher (TcgReader.jit_epoch), which is long before it is needed.  A
 * vCPU that does not execute guest code has passed: when it enters it looks at the
 * epoch first.
 */
#include "accel/tcg/flush.h"
#include "accel/tcg/jit/jit-internal.h"
#include "util/error.h"
#include "util/log.h"

#include <glib.h>

#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <x86intrin.h>

static const JitHost real_host = {
    .usable = jit_host_usable,
    .setup = jit_host_setup,
    .emit = jit_host_emit,
    .link = jit_host_link,
    .unlink = jit_host_unlink,
    .kill = jit_host_kill,
};

Jit jit = { .host = &real_host, .lock = PTHREAD_MUTEX_INITIALIZER };

static JitOptions options = { .passes = IR_PASS_ALL, .only_last = UINT64_MAX };

void jit_set_options(const JitOptions *o)
{
    options = *o;
}

const JitOptions *jit_options(void)
{
    return &options;
}

bool jit_is_unlinked(void)
{
    return options.no_links || log_enabled(LOG_EXEC | LOG_CPU | LOG_NOCHAIN);
}

void jit_set_host(const JitHost *host)
{
    jit.host = host ? host : &real_host;
}

bool jit_active(void)
{
    return jit.hash;
}

const JitTarget *jit_target(void)
{
    return jit.target;
}

static uint64_t monotonic_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* What is linked would not be seen, and what is not should be. */
static void log_changed(uint32_t before, uint32_t now)
{
    if ((before ^ now) & (LOG_EXEC | LOG_CPU | LOG_NOCHAIN) && jit.hash) {
        jit_drop_all();
        tcg_kick_all_vcpus();
    }
}

bool jit_start(const JitTarget *target, Error **errp)
{
    const char *why;
    const uint8_t *shared;
    void *hash;

    if (!options.tier || jit.hash) {
        return true;
    }
    if (!jit.host->usable(&why)) {
        return error_set(errp, "this host cannot run translated code: %s", why);
    }
    if (options.jitdump && !jitdump_open(errp)) {
        return false;
    }
    if (!code_cache_init(&jit.cache, options.cache_bytes, errp)) {
        return false;
    }
    hash = mmap(NULL, sizeof(JitBlock *) << JIT_HASH_BITS, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    g_assert(hash != MAP_FAILED);
    jit.ir = ir_block_new();
    jit.start_cycles = __rdtsc();
    jit.start_ns = monotonic_ns();
    jit.target = target;
    shared = jit.cache.shared.p + jit.cache.shared.to_exec;
    jit.host->setup(target, &jit.cache.shared);
    jit_host_set_finder(jit_block_at);
    if (options.jitdump) {
        jitdump_code("shared", shared,
                     (size_t)(jit.cache.shared.p + jit.cache.shared.to_exec - shared));
    }
    jit.hash = hash;
    log_set_changed_hook(log_changed);
    return true;
}

static void kill_all(void)
{
    for (unsigned k = 0; k < jit.cache.regions; k++) {
        for (JitBlock *b = jit.cache.region[k].blocks; b; b = b->region_next) {
            if (!b->dead) {
                jit_block_kill(b);
            }
        }
    }
}

void jit_drop_all(void)
{
    pthread_mutex_lock(&jit.lock);
    kill_all();
    pthread_mutex_unlock(&jit.lock);
}

void jit_stop(void)
{
    if (!jit.hash) {
        return;
    }
    kill_all();
    jitdump_close();
    munmap(jit.hash, sizeof(JitBlock *) << JIT_HASH_BITS);
    code_cache_free(&jit.cache);
    ir_block_free(jit.ir);
    jit.hash = NULL;
    jit.stats = (JitStats){ 0 };
}

JitBlock *jit_block_at(const void *code)
{
    return code_cache_block_at(&jit.cache, code);
}

uint64_t jit_new_salt(void)
{
    static uint64_t key, count;
    uint64_t x = __atomic_load_n(&key, __ATOMIC_RELAXED);

    if (!x) {
        uint64_t fresh = 0;

        if (getrandom(&fresh, sizeof(fresh), 0) != sizeof(fresh)) {
            fresh = (uint64_t)g_get_monotonic_time();
        }
        fresh |= 1;
        x = 0;
        if (__atomic_compare_exchange_n(&key, &x, fresh, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
            x = fresh;
        }
    }
    /* A bijection of a counter: none comes twice. */
    x += __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) * 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    x ^= x >> 31;
    return x ? x : jit_new_salt();
}

/* --- room ---------------------------------------------------------------------------
 */

uint64_t jit_epoch(void)
{
    return __atomic_load_n(&jit.epoch, __ATOMIC_SEQ_CST);
}

void jit_reader_passed(TcgReader *reader, uint64_t epoch)
{
    __atomic_store_n(&reader->jit_epoch, epoch, __ATOMIC_SEQ_CST);
}

static bool all_passed(uint64_t epoch, const TcgReader *self)
{
    for (TcgReader *r = tcg_reader_first(); r;
         r = __atomic_load_n(&r->next, __ATOMIC_SEQ_CST)) {
        if (r != self && __atomic_load_n(&r->in_guest, __ATOMIC_SEQ_CST) &&
            __atomic_load_n(&r->jit_epoch, __ATOMIC_SEQ_CST) < epoch) {
            return false;
        }
    }
    return true;
}

static void evict(CodeRegion *r)
{
    if (!r->hot_used) {
        return;
    }
    for (JitBlock *b = r->blocks; b; b = b->region_next) {
        if (!b->dead) {
            jit_block_kill(b);
            jit.stats.evicted_blocks++;
        }
    }
    r->blocks = NULL;
    r->hot_used = r->cold_used = r->meta_used = 0;
    r->epoch = __atomic_add_fetch(&jit.epoch, 1, __ATOMIC_SEQ_CST);
    jit.stats.evicted_regions++;
    tcg_kick_all_vcpus();
}

static void next_region(void)
{
    CodeCache *cc = &jit.cache;

    cc->current = (cc->current + 1) % cc->regions;
    evict(&cc->region[(cc->current + 1) % cc->regions]);
}

/* --- translating --------------------------------------------------------------------
 */

static bool is_current(const JitSource *src)
{
    for (unsigned k = 0; k < src->pages; k++) {
        if (__atomic_load_n(&src->page[k].page->gen, __ATOMIC_SEQ_CST) !=
            src->page[k].gen) {
            return false;
        }
    }
    return true;
}

static void fill_block(JitBlock *b, const JitSource *src)
{
    *b = (JitBlock){ .key = src->key,
                     .guest_bytes = src->guest_bytes,
                     .insns = src->insns,
                     .crosses = src->pages > 1,
                     .tier = src->trace ? 2 : 1,
                     .region = jit.cache.current,
                     .self_check = src->self_check,
                     .hot = jit_is_hot(&src->key) };
    for (unsigned k = 0; k < src->pages; k++) {
        b->page_addr[k] = src->page[k].ram_addr;
        b->lines[k] = src->page[k].lines;
        b->gen[k] = src->page[k].gen;
    }
    if (b->crosses && b->page_addr[0] == b->page_addr[1]) {
        b->lines[0] |= b->lines[1];
    }
}

enum { LINE_BYTES = 64 }; /* of the host's caches */

typedef enum Outcome { DONE, NO_ROOM, REFUSED } Outcome;

/*
 * The builder may have looked at bytes near its own, which become part of what the
 * block was made from.  Their lines must be marked before they are read, and which they
 * are is known afterwards: once more then, if others could have written meanwhile.
 */
static bool build(JitBlock *b, const JitSource *src)
{
    uint64_t *lines = &src->page[0].page->lines, marked;

    do {
        ir_block_reset(jit.ir);
        jit.ir->pc = src->key.pc;
        jit.ir->insns = src->insns;
        jit.ir->peeked_lines = 0;
        jit.ir->hurried = !b->hot && !src->trace;
        if (!src->build(src->opaque, jit.ir, src->guest) || jit.ir->overflow) {
            return false;
        }
        b->lines[0] |= jit.ir->peeked_lines;
        /* Mostly by the decoder already; the translation lock keeps them. */
        marked = __atomic_load_n(lines, __ATOMIC_SEQ_CST);
        if (b->lines[0] & ~marked) {
            marked = __atomic_fetch_or(lines, b->lines[0], __ATOMIC_SEQ_CST);
        }
    } while (b->lines[0] & ~marked && tcg_reader_count() > 1);
    return true;
}

static Outcome emit(JitBlock *b, const JitSource *src)
{
    JitBuf hot, cold;
    const uint8_t *cold_start;

    code_cache_open(&jit.cache, &hot, &cold);
    cold_start = cold.p + cold.to_exec;
    if (!build(b, src)) {
        return REFUSED;
    }
    jit_log_block(b, jit.ir, "OP", LOG_OP);
    ir_optimize(jit.ir, jit_is_ungrouped(&src->key) ? options.passes & ~IR_PASS_GROUP
                                                    : options.passes);
    jit_log_block(b, jit.ir, "OP after optimization", LOG_OP_OPT);
    if (!jit.host->emit(jit.target, jit.ir, b, &hot, &cold)) {
        return hot.overflow || cold.overflow ? NO_ROOM : REFUSED;
    }
    code_cache_commit(&jit.cache, &hot, &cold);
    jit_report_block(b, cold_start);
    return DONE;
}

/* Copies the instructions that may be asked for behind the block. */
static void *keep_insns(JitBlock *b, const JitSource *src)
{
    size_t size = src->insn_bytes;
    uint8_t *p = (uint8_t *)jit_block_end(b);

    if (options.lockstep) {
        b->refs_first = 0;
        b->refs_end = b->insns;
    }
    if (b->refs_first == b->refs_end) {
        return p;
    }
    p += -(uintptr_t)p % LINE_BYTES;
    b->guest = p - b->refs_first * size;
    size *= b->refs_end - b->refs_first;
    memcpy(p, (const uint8_t *)src->guest + b->refs_first * src->insn_bytes, size);
    return p + size;
}

/* One try in the current region. */
static Outcome make(const JitSource *src, JitBlock **out)
{
    CodeRegion *r = &jit.cache.region[jit.cache.current];
    size_t meta_before = r->meta_used;
    JitBlock *b = code_cache_meta(&jit.cache, JIT_BLOCK_BYTES_MAX + LINE_BYTES +
                                                  src->insns * src->insn_bytes);
    Outcome o;

    if (!b) {
        return NO_ROOM;
    }
    fill_block(b, src);
    o = emit(b, src);
    if (o != DONE) {
        r->meta_used = meta_before;
        return o;
    }
    for (unsigned k = 0; k < b->exits; k++) {
        b->exit[k].from = b;
        b->exit[k].to = NULL;
    }
    code_cache_meta_trim(&jit.cache, keep_insns(b, src));
    b->region_next = r->blocks;
    r->blocks = b;
    code_cache_note_block(&jit.cache, b);
    *out = b;
    return DONE;
}

/* A translation that took longer was interrupted: its time means nothing. */
enum { CYCLES_MAX = 1 << 17 };

uint64_t jit_clock_start(void)
{
    return __rdtsc();
}

double jit_cycles_per_us(void)
{
    return (double)(__rdtsc() - jit.start_cycles) * 1e3 /
           (double)(monotonic_ns() - jit.start_ns);
}

static void count(const JitSource *src, const JitBlock *b)
{
    JitKindStats *s = &jit.stats.kind[src->trace];
    uint64_t cycles = __rdtsc() - src->clock;

    s->translated++;
    s->guest_bytes += b->guest_bytes;
    s->insns += b->insns;
    s->hot_bytes += b->code_bytes;
    s->cold_bytes += b->cold_bytes;
    if (cycles < CYCLES_MAX) {
        s->timed++;
        s->cycles += cycles;
    }
}

static JitBlock *translate(const JitSource *src, TcgReader *self, bool *never)
{
    JitBlock *b = NULL;
    Outcome o;

    if (!is_current(src)) {
        return NULL;
    }
    for (unsigned tries = 0; tries < 2; tries++) {
        if (!all_passed(jit.cache.region[jit.cache.current].epoch, self)) {
            jit.stats.waits++;
            tcg_kick_all_vcpus();
            return NULL;
        }
        o = make(src, &b);
        if (o != NO_ROOM) {
            break;
        }
        next_region();
    }
    if (o != DONE) {
        *never = true;
        jit.stats.refused++;
        return NULL;
    }
    jit_block_insert(b, src);
    count(src, b);
    return b;
}

JitBlock *jit_translate(const JitSource *src, TcgReader *self, bool *never)
{
    JitBlock *b;

    pthread_mutex_lock(&jit.lock);
    b = jit_find(&src->key);
    if (b && b->crosses && b->page_addr[1] != src->page[1].ram_addr) {
        /* Its second page is another one now. */
        jit_block_kill(b);
        b = NULL;
    }
    if (!b) {
        b = translate(src, self, never);
    }
    pthread_mutex_unlock(&jit.lock);
    return b;
}
