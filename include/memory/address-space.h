/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces: a root region and the published flat view of it. Reads, writes and
 * translation work from any thread; a device uses its own DMA address space.
 */
#ifndef STRATA_MEMORY_ADDRESS_SPACE_H
#define STRATA_MEMORY_ADDRESS_SPACE_H

#include "memory/region.h"
#include "memory/types.h"

struct AddressSpace {
    /* private */
    char *name;
    MemoryRegion *root;
    struct ViewGroup *group; /* RCU: those who look at the same rendered root */
    struct AddressSpacePriv *priv;
};

/* What a lookup returns: @size bytes of @mr from @offset_within_region on. */
typedef struct MemoryRegionSection {
    MemoryRegion *mr; /* NULL: nothing there */
    FlatView *fv;
    hwaddr offset_within_region;
    hwaddr offset_within_address_space;
    Int128 size;
    bool readonly;
    bool nonvolatile;
} MemoryRegionSection;

/* Caller's storage. Context: BQL. Destroyed in unrealize, never in finalize. */
void address_space_init(AddressSpace *as, MemoryRegion *root, const char *name);
void address_space_destroy(AddressSpace *as);
const char *address_space_get_name(const AddressSpace *as);
AddressSpace *address_space_next(AddressSpace *as); /* NULL: the first. Context: BQL */

/* The machine's two: "memory" (system) and "I/O" (io). */
extern AddressSpace address_space_memory, address_space_io;
MemoryRegion *get_system_memory(void);
MemoryRegion *get_system_io(void);
/* Once, at start. */
void memory_core_init(void);
/* Byte order of DEVICE_NATIVE_ENDIAN, set by the chosen target before devices exist. */
void memory_set_target_big_endian(bool big);
bool memory_target_is_big_endian(void);

/* --- Whole accesses (any length, RAM and MMIO mixed) ------------------------------ */
MemTxResult address_space_read(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                               void *buf, hwaddr len);
MemTxResult address_space_write(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                                const void *buf, hwaddr len);
MemTxResult address_space_rw(AddressSpace *as, hwaddr addr, MemTxAttrs attrs, void *buf,
                             hwaddr len, bool is_write);
MemTxResult address_space_set(AddressSpace *as, hwaddr addr, uint8_t c, hwaddr len,
                              MemTxAttrs attrs);
/* Also into ROM: loaders and debuggers. */
MemTxResult address_space_write_rom(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                                    const void *buf, hwaddr len);
bool address_space_access_valid(AddressSpace *as, hwaddr addr, hwaddr len,
                                bool is_write, MemTxAttrs attrs);

/* --- Single accesses: ld/st of 8, 16, 32, 64 bits --------------------------------- */
/* One host access when aligned and RAM. *result may be NULL. */
uint8_t address_space_ldub(AddressSpace *as, hwaddr addr, MemTxAttrs a, MemTxResult *r);
uint16_t address_space_lduw_le(AddressSpace *as, hwaddr addr, MemTxAttrs a,
                               MemTxResult *r);
uint32_t address_space_ldl_le(AddressSpace *as, hwaddr addr, MemTxAttrs a,
                              MemTxResult *r);
uint64_t address_space_ldq_le(AddressSpace *as, hwaddr addr, MemTxAttrs a,
                              MemTxResult *r);
uint16_t address_space_lduw_be(AddressSpace *as, hwaddr addr, MemTxAttrs a,
                               MemTxResult *r);
uint32_t address_space_ldl_be(AddressSpace *as, hwaddr addr, MemTxAttrs a,
                              MemTxResult *r);
uint64_t address_space_ldq_be(AddressSpace *as, hwaddr addr, MemTxAttrs a,
                              MemTxResult *r);
void address_space_stb(AddressSpace *as, hwaddr addr, uint8_t v, MemTxAttrs a,
                       MemTxResult *r);
void address_space_stw_le(AddressSpace *as, hwaddr addr, uint16_t v, MemTxAttrs a,
                          MemTxResult *r);
void address_space_stl_le(AddressSpace *as, hwaddr addr, uint32_t v, MemTxAttrs a,
                          MemTxResult *r);
void address_space_stq_le(AddressSpace *as, hwaddr addr, uint64_t v, MemTxAttrs a,
                          MemTxResult *r);
void address_space_stw_be(AddressSpace *as, hwaddr addr, uint16_t v, MemTxAttrs a,
                          MemTxResult *r);
void address_space_stl_be(AddressSpace *as, hwaddr addr, uint32_t v, MemTxAttrs a,
                          MemTxResult *r);
void address_space_stq_be(AddressSpace *as, hwaddr addr, uint64_t v, MemTxAttrs a,
                          MemTxResult *r);
/*
 * Atomic compare-and-swap of an aligned @size (4 or 8) value in RAM, little-endian:
 * true if it was *@expected; else *@expected is what was found. *@result is
 * MEMTX_ACCESS_ERROR when the target is no writable RAM.
 */
bool address_space_cmpxchg(AddressSpace *as, hwaddr addr, uint64_t *expected,
                           uint64_t desired, unsigned size, MemTxAttrs attrs,
                           MemTxResult *result);

/* --- Translation and mapping ------------------------------------------------------ */
/*
 * Inside a read section: what answers at @addr (IOMMUs followed), where in it, and for
 * how many bytes (*plen in/out). Never NULL: io_mem_unassigned() when nothing does.
 */
MemoryRegion *address_space_translate(AddressSpace *as, hwaddr addr, hwaddr *xlat,
                                      hwaddr *plen, bool is_write, MemTxAttrs attrs);
/* The section of the current view around @addr; mr NULL when none. Inside a read
 * section. */
MemoryRegionSection address_space_lookup(AddressSpace *as, hwaddr addr);
/*
 * The page around @addr as a translator wants it. If the whole page is one RAM or ROM
 * range: *host is its first byte and true is returned, *ram_addr its RAM offset,
 * *readonly whether stores must not reach it. Otherwise false: go by sections. Inside a
 * read section.
 */
bool address_space_lookup_page(AddressSpace *as, hwaddr addr, MemTxAttrs attrs,
                               void **host, ram_addr_t *ram_addr, bool *readonly);
MemoryRegion *io_mem_unassigned(void);
bool memory_region_is_unassigned(const MemoryRegion *mr);

/*
 * Direct pointer to up to *plen bytes, which is shortened; NULL when it cannot be had
 * now. MMIO gets a bounce buffer, of which there is one per address space. Unmap with
 * what was accessed. Any thread.
 */
void *address_space_map(AddressSpace *as, hwaddr addr, hwaddr *plen, bool is_write,
                        MemTxAttrs attrs);
void address_space_unmap(AddressSpace *as, void *buffer, hwaddr len, bool is_write,
                         hwaddr access_len);
/* Run @fn (from @loop) when address_space_map may succeed again. */
struct EventLoop;
void address_space_register_map_client(AddressSpace *as, struct EventLoop *loop,
                                       void (*fn)(void *opaque), void *opaque);

/* A range that is accessed again and again (a ring); revalidates itself by view. */
typedef struct MemoryRegionCache {
    /* private */
    AddressSpace *as;
    hwaddr addr, len;
    uint64_t view_id; /* host is good as long as this view is current */
    void *host;       /* NULL: go the long way */
    ram_addr_t ram_addr;
    bool is_write;
} MemoryRegionCache;
/* Bytes covered, or negative. */
int64_t address_space_cache_init(MemoryRegionCache *cache, AddressSpace *as,
                                 hwaddr addr, hwaddr len, bool is_write);
void address_space_cache_destroy(MemoryRegionCache *cache);
MemTxResult address_space_read_cached(MemoryRegionCache *cache, hwaddr offset,
                                      void *buf, hwaddr len);
MemTxResult address_space_write_cached(MemoryRegionCache *cache, hwaddr offset,
                                       const void *buf, hwaddr len);

/* Write out coalesced MMIO. Context: BQL. */
void coalesced_mmio_flush(void);
/* RAM for host pointer, e.g. a fault address; NULL when it is none of ours. */
RAMBlock *ram_block_from_host(const void *host, ram_addr_t *offset);

#endif
