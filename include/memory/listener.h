/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who wants to know how an address space's flat view changes: accelerators, vhost,
 * tests. All callbacks: under the BQL, in priority order (removals in reverse); none
 * can fail; any may be NULL. Sections are valid during the call only, but their regions
 * live until after the matching region_del.
 */
#ifndef STRATA_MEMORY_LISTENER_H
#define STRATA_MEMORY_LISTENER_H

#include "memory/address-space.h"

typedef struct MemoryRegionIoeventfd {
    hwaddr addr; /* in the address space */
    unsigned size;
    bool match_data;
    uint64_t data;
    int fd;
} MemoryRegionIoeventfd;

struct MemoryListener {
    const char *name;
    unsigned priority;
    /*
     * Asked before anything changes, with what will be added: may refuse (slots run
     * out). Only plugging asks; the answer binds.
     */
    bool (*pre_plug)(MemoryListener *l, const MemoryRegionSection *s, Error **errp);
    void (*begin)(MemoryListener *l);
    void (*region_del)(MemoryListener *l, const MemoryRegionSection *s);
    void (*region_add)(MemoryListener *l, const MemoryRegionSection *s);
    void (*log_start)(MemoryListener *l, const MemoryRegionSection *s, int old,
                      int new_);
    void (*log_stop)(MemoryListener *l, const MemoryRegionSection *s, int old,
                     int new_);
    void (*log_sync)(MemoryListener *l, const MemoryRegionSection *s);
    void (*log_clear)(MemoryListener *l, const MemoryRegionSection *s);
    void (*log_sync_global)(MemoryListener *l);
    void (*log_global_start)(MemoryListener *l);
    void (*log_global_stop)(MemoryListener *l);
    void (*eventfd_add)(MemoryListener *l, const MemoryRegionIoeventfd *e);
    void (*eventfd_del)(MemoryListener *l, const MemoryRegionIoeventfd *e);
    void (*coalesced_add)(MemoryListener *l, hwaddr addr, uint64_t size);
    void (*coalesced_del)(MemoryListener *l, hwaddr addr, uint64_t size);
    void (*commit)(MemoryListener *l);
    /* private */
    AddressSpace *as;
};

/* Tells it the whole current view as additions. */
void memory_listener_register(MemoryListener *l, AddressSpace *as);
/* Tells it the view as removals. */
void memory_listener_unregister(MemoryListener *l);
/* Would all listeners of @as take RAM of @size at @addr? Before plugging. */
bool memory_listeners_pre_plug(AddressSpace *as, MemoryRegion *mr, hwaddr addr,
                               Error **errp) WARN_UNUSED;

void memory_global_dirty_log_start(void);
void memory_global_dirty_log_stop(void);
void memory_global_dirty_log_sync(void);

/*
 * An accelerator whose guests use memory without this process: "info mtree -f" prints
 * @name behind the ranges that @maps says yes to. @name lives for ever. Set at start.
 */
void memory_set_accel_maps_hook(const char *name,
                                bool (*maps)(AddressSpace *as, hwaddr addr));

/* An accelerator that buffers writes to coalesced ranges says how they are written out.
 */
void memory_set_coalesced_flush_hook(void (*flush)(void));

/*
 * The translator's hook for writes from outside its vCPUs (DMA, monitor, loader):
 * called before the write is reported done, from any thread, without the BQL.
 */
typedef void CodeWrittenFn(ram_addr_t addr, uint64_t len);
void memory_set_code_written_hook(CodeWrittenFn *fn);

#endif
