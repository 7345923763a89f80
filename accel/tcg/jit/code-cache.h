/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for generated code: one file mapped twice, writable here and executable there,
 * cut into regions that are filled in order.
 *
 * A region has a hot half for the lines that run and a cold half for stubs, and memory
 * of its own for what is known of its blocks. A region is reused as a whole.  Context:
 * translation lock.
 */
#ifndef ACCEL_TCG_JIT_CODE_CACHE_H
#define ACCEL_TCG_JIT_CODE_CACHE_H

#include "accel/tcg/jit.h"

enum { CODE_REGIONS_MAX = 64 };

typedef struct CodeRegion {
    uint8_t *hot, *cold; /* writable; each half_bytes long */
    size_t hot_used, cold_used;
    size_t hot_ready, cold_ready,
        meta_ready; /* their pages have been asked for up to here */
    uint8_t *meta;
    size_t meta_used;
    JitBlock **map;   /* for each GRANULE of hot code the last block there */
    JitBlock *blocks; /* all that lie in it, dead ones too; by region_next */
    uint64_t epoch;   /* its memory is free when all vCPUs have passed this */
} CodeRegion;

typedef struct CodeCache {
    size_t bytes;      /* of code */
    ptrdiff_t to_exec; /* executable address - writable address */
    uint8_t *rw;       /* whole reservation */
    JitBuf shared;     /* what all blocks share, in front of the regions */
    size_t half_bytes, meta_bytes;
    unsigned regions, current;
    CodeRegion region[CODE_REGIONS_MAX];
} CodeCache;

bool code_cache_init(CodeCache *cc, size_t bytes, Error **errp);
void code_cache_free(CodeCache *cc);

/* The free part of the current region. */
void code_cache_open(CodeCache *cc, JitBuf *hot, JitBuf *cold);
/* What was written stays. */
void code_cache_commit(CodeCache *cc, const JitBuf *hot, const JitBuf *cold);
/* Memory that lives as long as the region's code; NULL: the region is full. */
void *code_cache_meta(CodeCache *cc, size_t bytes);
/* Gives back the end of the last piece. */
void code_cache_meta_trim(CodeCache *cc, void *end);

/* @b, the newest of the current region, is found by addresses in its hot code from now
 * on. */
void code_cache_note_block(CodeCache *cc, JitBlock *b);
/* Whether hot code lies at executable address @p and was not evicted. */
bool code_cache_is_used(const CodeCache *cc, const void *p);
/* The block with executable address @p in its hot code, or NULL; for addresses in use.
 * Any thread and without lock for those that it executes. */
JitBlock *code_cache_block_at(const CodeCache *cc, const void *p);

/* Whether executable address @p lies in the cache. */
bool code_cache_has(const CodeCache *cc, const void *p);

#endif
