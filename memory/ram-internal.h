/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RAM blocks as the files of memory/ see them. */
#ifndef STRATA_MEMORY_RAM_INTERNAL_H
#define STRATA_MEMORY_RAM_INTERNAL_H

#include "memory/ram-block.h"
#include "memory/region.h"
#include "util/rcu.h"

#include <string.h>

typedef void RamResizedFn(const char *id, uint64_t length, void *host);

struct RAMBlock {
    RcuHead rcu;
    MemoryRegion *mr; /* the first region that used it; NULL once it is gone */
    uint8_t *host;
    ram_addr_t offset;
    uint64_t used_length; /* atomic; BQL writes */
    uint64_t max_length;
    uint64_t page_size;
    uint32_t flags;
    int fd; /* -1: none */
    uint64_t fd_offset;
    bool fd_owned, discard_at_end;
    char idstr[256];
    RamResizedFn *resized;
    /* What munmap takes back: the reservation with its guard pages. */
    void *reservation;
    uint64_t reservation_size;
    struct RAMBlock *next, **pprev; /* biggest first; RCU */
};

typedef struct RamSpec {
    uint64_t size, max_size, align;
    uint32_t flags;
    int fd; /* -1: anonymous */
    uint64_t fd_offset;
    bool fd_owned;
    bool readonly_file;
    void *host; /* RAM_PREALLOC: the caller's memory */
    RamResizedFn *resized;
} RamSpec;

/* Map, place and publish. On failure @spec->fd stays the caller's. */
RAMBlock *ram_block_new(const RamSpec *spec, MemoryRegion *mr,
                        Error **errp) WARN_UNUSED;
/* Unlink now, unmap after a grace period. */
void ram_block_free(RAMBlock *rb);
bool ram_block_resize(RAMBlock *rb, uint64_t newsize, Error **errp) WARN_UNUSED;

/* ram-host.c: host memory. */
uint64_t host_page_size(void);
/* Page size of what @fd is a file on. */
uint64_t fd_page_size(int fd);
bool ram_host_map(RAMBlock *rb, const RamSpec *spec, Error **errp) WARN_UNUSED;
void ram_host_unmap(RAMBlock *rb);
/* Open or make the file behind @path, a directory gives an unlinked one. */
int ram_file_open(const char *path, const char *region_name, bool readonly,
                  bool *created, Error **errp) WARN_UNUSED;

#define HOST_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

/* One host access when aligned; a host-order number. */
static inline uint64_t ram_load(const void *p, unsigned size)
{
    uint64_t v8 = 0;
    uint32_t v4;
    uint16_t v2;

    switch (((uintptr_t)p & (size - 1)) ? 0 : size) {
    case 1:
        return __atomic_load_n((const uint8_t *)p, __ATOMIC_RELAXED);
    case 2:
        return __atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED);
    case 4:
        return __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
    case 8:
        return __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
    default:
        break;
    }
    switch (size) {
    case 2:
        memcpy(&v2, p, 2);
        return v2;
    case 4:
        memcpy(&v4, p, 4);
        return v4;
    default:
        memcpy(&v8, p, 8);
        return v8;
    }
}

static inline void ram_store(void *p, uint64_t value, unsigned size)
{
    bool aligned = ((uintptr_t)p & (size - 1)) == 0;
    uint32_t v4 = (uint32_t)value;
    uint16_t v2 = (uint16_t)value;

    if (size == 1) {
        __atomic_store_n((uint8_t *)p, (uint8_t)value, __ATOMIC_RELAXED);
    } else if (size == 2 && aligned) {
        __atomic_store_n((uint16_t *)p, v2, __ATOMIC_RELAXED);
    } else if (size == 4 && aligned) {
        __atomic_store_n((uint32_t *)p, v4, __ATOMIC_RELAXED);
    } else if (size == 8 && aligned) {
        __atomic_store_n((uint64_t *)p, value, __ATOMIC_RELAXED);
    } else if (size == 2) {
        memcpy(p, &v2, 2);
    } else if (size == 4) {
        memcpy(p, &v4, 4);
    } else {
        memcpy(p, &value, 8);
    }
}

/* dirty.c: a block came to live at [addr, addr + len). */
void ram_dirty_reset_new(ram_addr_t addr, uint64_t len);

#endif
