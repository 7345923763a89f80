/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accel/tcg/jit/code-cache.h"
#include "util/error.h"

#include <glib.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    SHARED_BYTES = 64 << 10,
    REGION_BYTES = 16 << 20,
    REGIONS_MIN = 4, /* a small cache has smaller regions */
    GRANULE = 64,
    META_FACTOR = 6, /* of a region's code: reserved, not used */
    ALIGN = 64,
    LOW_FIRST = 1 << 30,
    LOW_RANDOM = 0xffff << 12,
    PREPARE_BYTES = 128 << 10, /* at once; see jit_prepare() */
    PREPARE_AHEAD = 32 << 10,
};

/* At @hint if that is free. */
static void *reserve(uintptr_t hint, size_t bytes)
{
    void *p = mmap((void *)hint, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

static bool map_twice(CodeCache *cc, size_t total, Error **errp)
{
    int fd = memfd_create("strata-code", MFD_CLOEXEC);
    void *rw = MAP_FAILED, *rx = MAP_FAILED;
    int err;

    if (fd >= 0 && !ftruncate(fd, (off_t)total)) {
        rw = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
                  0);
        rx =
            mmap(NULL, total, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_NORESERVE, fd, 0);
    }
    err = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (rw == MAP_FAILED || rx == MAP_FAILED) {
        return error_set(errp, "cannot map %zu MiB for translated code: %s",
                         total >> 20, g_strerror(err));
    }
    cc->rw = rw;
    cc->to_exec = (uint8_t *)rx - (uint8_t *)rw;
    return true;
}

static size_t map_bytes(const CodeCache *cc)
{
    return (cc->half_bytes / GRANULE + 1) * sizeof(JitBlock *);
}

bool code_cache_init(CodeCache *cc, size_t bytes, Error **errp)
{
    /* Code names blocks and exits: addresses of 32 bits are shorter. */
    uintptr_t low = LOW_FIRST + (g_random_int() & LOW_RANDOM);
    size_t region_bytes = REGION_BYTES;
    uint8_t *p;

    *cc = (CodeCache){ 0 };
    while (bytes / region_bytes < REGIONS_MIN) {
        region_bytes /= 2;
    }
    cc->regions = MIN(bytes / region_bytes, CODE_REGIONS_MAX);
    if (bytes / region_bytes > CODE_REGIONS_MAX) {
        region_bytes = bytes / CODE_REGIONS_MAX & ~(size_t)(2 * ALIGN - 1);
    }
    cc->bytes = cc->regions * region_bytes;
    cc->half_bytes = region_bytes / 2;
    cc->meta_bytes = META_FACTOR * region_bytes;
    if (!map_twice(cc, cc->bytes + SHARED_BYTES, errp)) {
        return false;
    }
    cc->shared =
        (JitBuf){ .p = cc->rw, .end = cc->rw + SHARED_BYTES, .to_exec = cc->to_exec };
    p = cc->rw + SHARED_BYTES;
    for (unsigned k = 0; k < cc->regions; k++) {
        CodeRegion *r = &cc->region[k];

        r->hot = p;
        r->cold = p + cc->half_bytes;
        r->meta = reserve(low + k * cc->meta_bytes, cc->meta_bytes);
        r->map = reserve(0, map_bytes(cc));
        if (!r->meta || !r->map) {
            code_cache_free(cc);
            return error_set(errp, "cannot reserve memory for translated blocks");
        }
        p += region_bytes;
    }
    return true;
}

void code_cache_free(CodeCache *cc)
{
    for (unsigned k = 0; k < cc->regions; k++) {
        if (cc->region[k].meta) {
            munmap(cc->region[k].meta, cc->meta_bytes);
        }
        if (cc->region[k].map) {
            munmap(cc->region[k].map, map_bytes(cc));
        }
    }
    munmap(cc->rw, cc->bytes + SHARED_BYTES);
    munmap(cc->rw + cc->to_exec, cc->bytes + SHARED_BYTES);
    *cc = (CodeCache){ 0 };
}

void jit_prepare(uint8_t *p, size_t used, size_t *ready, size_t size)
{
    size_t more = MIN(PREPARE_BYTES, size - *ready);

    if (G_UNLIKELY(used + PREPARE_AHEAD > *ready && more)) {
        /* Failure does not matter. */
        madvise(p + *ready, more, MADV_POPULATE_WRITE);
        *ready += more;
    }
}

void code_cache_open(CodeCache *cc, JitBuf *hot, JitBuf *cold)
{
    CodeRegion *r = &cc->region[cc->current];

    jit_prepare(r->hot, r->hot_used, &r->hot_ready, cc->half_bytes);
    jit_prepare(r->cold, r->cold_used, &r->cold_ready, cc->half_bytes);
    jit_prepare(r->meta, r->meta_used, &r->meta_ready, cc->meta_bytes);
    *hot = (JitBuf){ .p = r->hot + r->hot_used,
                     .end = r->hot + cc->half_bytes,
                     .to_exec = cc->to_exec };
    *cold = (JitBuf){ .p = r->cold + r->cold_used,
                      .end = r->cold + cc->half_bytes,
                      .to_exec = cc->to_exec };
}

void code_cache_commit(CodeCache *cc, const JitBuf *hot, const JitBuf *cold)
{
    CodeRegion *r = &cc->region[cc->current];

    /* Entries are aligned words; nothing straddles the line of another block's entry.
     */
    r->hot_used = MIN(((size_t)(hot->p - r->hot) + 15) & ~(size_t)15, cc->half_bytes);
    r->cold_used =
        MIN(((size_t)(cold->p - r->cold) + 15) & ~(size_t)15, cc->half_bytes);
}

void code_cache_note_block(CodeCache *cc, JitBlock *b)
{
    CodeRegion *r = &cc->region[cc->current];
    size_t from = (const uint8_t *)b->entry - cc->to_exec - r->hot;

    for (size_t k = from / GRANULE; k <= (from + b->code_bytes) / GRANULE; k++) {
        __atomic_store_n(&r->map[k], b, __ATOMIC_RELEASE);
    }
}

/* The region that executable address @p is in, or NULL; @offset: where. */
static const CodeRegion *region_at(const CodeCache *cc, const void *p, size_t *offset)
{
    for (unsigned k = 0; k < cc->regions; k++) {
        const CodeRegion *r = &cc->region[k];

        *offset = (size_t)((const uint8_t *)p - cc->to_exec - r->hot);
        if (*offset < cc->half_bytes) {
            return r;
        }
    }
    return NULL;
}

bool code_cache_is_used(const CodeCache *cc, const void *p)
{
    size_t offset;
    const CodeRegion *r = region_at(cc, p, &offset);

    return r && offset < r->hot_used;
}

JitBlock *code_cache_block_at(const CodeCache *cc, const void *p)
{
    size_t offset;
    const CodeRegion *r = region_at(cc, p, &offset);
    JitBlock *b =
        r ? __atomic_load_n(&r->map[offset / GRANULE], __ATOMIC_ACQUIRE) : NULL;

    /* Earlier blocks lie below. */
    while (b && (const uint8_t *)b->entry > (const uint8_t *)p) {
        b = b->region_next;
    }
    return b;
}

void *code_cache_meta(CodeCache *cc, size_t bytes)
{
    CodeRegion *r = &cc->region[cc->current];
    uint8_t *p = r->meta + r->meta_used;

    bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (bytes > cc->meta_bytes - r->meta_used) {
        return NULL;
    }
    r->meta_used += bytes;
    return p;
}

void code_cache_meta_trim(CodeCache *cc, void *end)
{
    CodeRegion *r = &cc->region[cc->current];
    size_t used = (size_t)((uint8_t *)end - r->meta);

    r->meta_used = (used + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

bool code_cache_has(const CodeCache *cc, const void *p)
{
    const uint8_t *rx = cc->rw + cc->to_exec;

    return (const uint8_t *)p >= rx &&
           (const uint8_t *)p < rx + cc->bytes + SHARED_BYTES;
}
