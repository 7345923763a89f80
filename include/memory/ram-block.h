/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RAM blocks: host memory with a place in the RAM space (ram_addr_t) and dirty bitmaps
 * by client. Offsets of live blocks are disjoint and page-aligned; a block's id is
 * stable across runs: migration names it. A block's host mapping outlives every view,
 * TLB entry and map that names it.
 */
#ifndef STRATA_MEMORY_RAM_BLOCK_H
#define STRATA_MEMORY_RAM_BLOCK_H

#include "memory/types.h"
#include "qom/object.h"
#include "util/error.h"

enum {
    RAM_SHARED = 1 << 0,
    RAM_NORESERVE = 1 << 1,
    RAM_PREALLOC = 1 << 2, /* the memory is somebody else's */
    RAM_RESIZEABLE = 1 << 3,
    RAM_READONLY = 1 << 4,
    RAM_MEMFD = 1 << 5, /* back anonymous memory by a memfd (translator windows) */
    RAM_PMEM = 1 << 6,
};

/* Context for all queries: read section or BQL. */
const char *ram_block_get_idstr(const RAMBlock *rb);
void *ram_block_get_host(const RAMBlock *rb);
ram_addr_t ram_block_get_offset(const RAMBlock *rb);
uint64_t ram_block_get_used_length(const RAMBlock *rb);
uint64_t ram_block_get_max_length(const RAMBlock *rb);
uint64_t ram_block_get_page_size(const RAMBlock *rb);
uint32_t ram_block_get_flags(const RAMBlock *rb);
int ram_block_get_fd(const RAMBlock *rb);
MemoryRegion *ram_block_get_region(const RAMBlock *rb);
RAMBlock *ram_block_first(void);
RAMBlock *ram_block_next(const RAMBlock *rb);
RAMBlock *ram_block_find(const char *idstr);
/* By RAM offset; *offset is the place in the block. NULL when no block is there. */
RAMBlock *ram_block_at(ram_addr_t addr, ram_addr_t *offset);
/* Host pointer for a RAM offset; NULL when out of any block. */
void *ram_block_host_ptr(ram_addr_t addr);

/* Rename; the ids of live blocks differ. Context: BQL. */
bool ram_block_set_idstr(RAMBlock *rb, const char *idstr, Error **errp) WARN_UNUSED;
/*
 * How a new block of a device gets "BUS-ADDRESS/" in front of its name: caller frees,
 * NULL for none. Set once, at start, by hw/core.
 */
void ram_block_set_id_prefix_hook(char *(*hook)(Object *owner));

/* Throw the pages away: they read as zero (private) or are punched (shared). 0 or
 * -errno. */
int ram_block_discard_range(RAMBlock *rb, uint64_t start, uint64_t length);
/* Throw the file's contents away when the block is unmapped. Context: BQL. */
void ram_block_set_discard_at_end(RAMBlock *rb, bool discard);
/* Is @path on a file system of huge pages? */
bool ram_path_is_hugetlbfs(const char *path);
/* Touch @size bytes with @threads; SIGBUS becomes an error. */
bool ram_prealloc(void *host, uint64_t size, int fd, unsigned threads,
                  Error **errp) WARN_UNUSED;

/* --- Dirty bits: any thread, lock-free -------------------------------------------- */
/* Which clients does a store to this page still have to mark? 0: none. Read section. */
uint8_t ram_dirty_clients_clean(ram_addr_t addr);
/*
 * Mark for the clients in @mask (1 << DIRTY_MEMORY_*). Code is special: dirty in
 * DIRTY_MEMORY_CODE means "no translated code here".
 */
void ram_dirty_set(ram_addr_t addr, uint64_t len, uint8_t mask);
bool ram_dirty_get(ram_addr_t addr, uint64_t len, unsigned client);
/* Clear and say whether any was set. TLBs are told that stores must be seen again. */
bool ram_dirty_test_and_clear(ram_addr_t addr, uint64_t len, unsigned client);
/* A write from outside the vCPUs: marks all clients and reports to the code hook. */
void ram_written(ram_addr_t addr, uint64_t len);
/* Called when bits were cleared: translators make stores to the range slow again. */
typedef void RamDirtyClearedFn(ram_addr_t addr, uint64_t len, unsigned client);
void ram_set_dirty_cleared_hook(RamDirtyClearedFn *fn);

#endif
