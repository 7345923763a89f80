/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of jit/ share. One lock (the translation lock) protects everything but
 * what is marked atomic: the cache, block lists, links. It is a leaf: who holds it
 * calls only the builder, the passes and the back end.
 */
#ifndef ACCEL_TCG_JIT_INTERNAL_H
#define ACCEL_TCG_JIT_INTERNAL_H

#include "accel/tcg/jit/code-cache.h"
#include "util/error.h"

#include <pthread.h>

enum { JIT_HASH_BITS = 18 };

/* The back end as the runtime calls it; tests bring their own. */
typedef struct JitHost {
    bool (*usable)(const char **why);
    void (*setup)(const JitTarget *target, JitBuf *buf);
    bool (*emit)(const JitTarget *target, IrBlock *ir, JitBlock *b, JitBuf *hot,
                 JitBuf *cold);
    void (*link)(JitExit *e, const void *entry);
    void (*unlink)(JitExit *e);
    void (*kill)(JitBlock *b, const void *to);
} JitHost;

/* Of translations of one kind. */
typedef struct JitKindStats {
    uint64_t translated, guest_bytes, insns, hot_bytes, cold_bytes;
    uint64_t timed, cycles; /* of those that nothing interrupted */
} JitKindStats;

typedef struct JitStats {
    JitKindStats kind[2]; /* blocks, traces */
    uint64_t refused, failed, promoted;
    uint64_t killed, evicted_regions, evicted_blocks, waits;
    uint64_t links, unlinks;
} JitStats;

typedef struct Jit {
    const JitTarget *target;
    const JitHost *host;
    CodeCache cache;
    JitBlock **hash; /* atomic heads */
    uint64_t epoch;  /* atomic */
    IrBlock *ir;
    JitStats stats;
    uint64_t start_cycles, start_ns;
    pthread_mutex_t lock;
} Jit;

extern Jit jit;

/* For tests: before jit_start(). */
void jit_set_host(const JitHost *host);
/* For tests: forget everything; no vCPU may be running. */
void jit_stop(void);

/* Of the TSC, since the translator was started. */
double jit_cycles_per_us(void);

/* A place in a table of 2^bits. Blocks of a page lie side by side: what is looked for
 * next is often near. */
static inline unsigned jit_key_index(const JitKey *k, unsigned bits)
{
    uint64_t page = (k->ram_addr >> 12 ^ k->pc >> 12 << 20 ^ (uint64_t)k->mode << 33 ^
                     (uint64_t)k->base << 7) *
                    0x9e3779b97f4a7c15ull;

    return ((page >> (64 - bits)) + k->ram_addr % 4096 / 16) % (1u << bits);
}

/* --- blocks.c --- */

void jit_block_insert(JitBlock *b, const JitSource *src);
/* No longer found, entered or linked to. */
void jit_block_kill(JitBlock *b);

/* --- ungroup.c --- */

/* Whether blocks of @key do without IR_PASS_GROUP. Translation lock. */
bool jit_is_ungrouped(const JitKey *key);

/* --- hot.c --- */

/* Whether the block of @key is known to be hot. Translation lock. */
bool jit_is_hot(const JitKey *key);

/* --- report.c --- */

void jit_log_block(const JitBlock *b, const IrBlock *ir, const char *when,
                   uint32_t item);
/* @cold: where its stubs are. */
void jit_report_block(const JitBlock *b, const uint8_t *cold);

/* --- jitdump.c. Context: translation lock, or before the first vCPU --- */

/* Makes /tmp/jit-PID.dump. */
bool jitdump_open(Error **errp) WARN_UNUSED;
/* Nothing while no file is open. */
void jitdump_code(const char *name, const void *code, size_t bytes);
void jitdump_close(void);

#endif
