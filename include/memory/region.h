/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory regions: the nodes of the tree that describes what answers where. A region
 * belongs to the object that embeds it (its owner), lives exactly as long and is never
 * made or destroyed in between: enable, disable, move and resize instead. Tour:
 * docs/memory-model.md.
 *
 * Context: BQL for all functions unless stated.
 */
#ifndef STRATA_MEMORY_REGION_H
#define STRATA_MEMORY_REGION_H

#include "memory/types.h"
#include "qom/object.h"

#define TYPE_MEMORY_REGION "memory-region"

/* How a device's registers are accessed. */
struct MemoryRegionOps {
    /*
     * Context: BQL held unless the region locks itself. @offset is in the region, @size
     * 1, 2, 4 or 8 within impl's limits. May change the memory map (takes effect at the
     * next access) and drive lines.
     */
    uint64_t (*read)(void *opaque, hwaddr offset, unsigned size);
    void (*write)(void *opaque, hwaddr offset, uint64_t value, unsigned size);
    MemTxResult (*read_with_attrs)(void *opaque, hwaddr offset, uint64_t *value,
                                   unsigned size, MemTxAttrs attrs);
    MemTxResult (*write_with_attrs)(void *opaque, hwaddr offset, uint64_t value,
                                    unsigned size, MemTxAttrs attrs);
    DeviceEndian endianness;
    struct {
        /* What the guest may do; others are an access error. 0: 1 and 4. */
        unsigned min_access_size, max_access_size;
        bool unaligned;
        bool (*accepts)(void *opaque, hwaddr offset, unsigned size, bool is_write,
                        MemTxAttrs attrs);
    } valid;
    struct {
        /* What the callbacks do; the core splits or widens. 0: 1 and 4. */
        unsigned min_access_size, max_access_size;
        bool unaligned;
    } impl;
};

struct MemoryRegion {
    Object parent_obj;
    /* private: memory/ only. Protected by the BQL unless stated. */
    const MemoryRegionOps *ops; /* fixed at init */
    void *opaque;               /* fixed at init */
    Object *owner;              /* fixed at init */
    bool *busy;                 /* the owning device's; resolved at the first access */
    RAMBlock *ram_block;        /* fixed at init */
    MemoryRegion *container;
    Int128 size;
    hwaddr addr; /* in the container */
    MemoryRegion *alias;
    hwaddr alias_offset;
    int32_t priority;
    uint64_t order;         /* among equals in a container: later ones win */
    uint8_t dirty_log_mask; /* 1 << DIRTY_MEMORY_*; atomic */
    bool ram, readonly, rom_device, romd_mode, ram_device, nonvolatile, enabled;
    bool terminates, is_iommu, lockless, flush_coalesced, reentrancy_ok, unmergeable;
    bool busy_resolved, being_finalized;
    bool alias_idle, step_dirty;
    uint16_t dirty_log_count[1]; /* users of DIRTY_MEMORY_VGA */
    char *name;
    MemoryRegion *alias_next, **alias_pprev; /* among the target's aliases */
    struct MemoryRegionTree *tree; /* children, aliases, eventfds; made when needed */
};

static inline MemoryRegion *MEMORY_REGION(const void *obj)
{
    return (MemoryRegion *)object_cast((const Object *)obj, TYPE_MEMORY_REGION);
}

/* --- Life ----------------------------------------------------------------------------
 */
/*
 * @mr is storage in @owner, which may be NULL for regions that live for ever. @name is
 * copied and becomes "name[*]" among the owner's children. @size of UINT64_MAX means
 * 2^64.
 */
void memory_region_init(MemoryRegion *mr, Object *owner, const char *name,
                        uint64_t size);
void memory_region_init_io(MemoryRegion *mr, Object *owner, const MemoryRegionOps *ops,
                           void *opaque, const char *name, uint64_t size);
void memory_region_init_alias(MemoryRegion *mr, Object *owner, const char *name,
                              MemoryRegion *orig, hwaddr offset, uint64_t size);
/* Fallible: the host may have no memory. RAM reads as zero at first. */
bool memory_region_init_ram(MemoryRegion *mr, Object *owner, const char *name,
                            uint64_t size, Error **errp) WARN_UNUSED;
/* Flags: RAM_SHARED, RAM_NORESERVE ... (memory/ram-block.h). */
bool memory_region_init_ram_flags(MemoryRegion *mr, Object *owner, const char *name,
                                  uint64_t size, uint32_t ram_flags,
                                  Error **errp) WARN_UNUSED;
/* Grows and shrinks up to @max_size by memory_region_ram_resize. */
bool memory_region_init_resizeable_ram(
    MemoryRegion *mr, Object *owner, const char *name, uint64_t size, uint64_t max_size,
    void (*resized)(const char *id, uint64_t length, void *host),
    Error **errp) WARN_UNUSED;
bool memory_region_init_ram_from_file(MemoryRegion *mr, Object *owner, const char *name,
                                      uint64_t size, uint64_t align, uint32_t ram_flags,
                                      const char *path, bool readonly,
                                      Error **errp) WARN_UNUSED;
/* @fd stays the caller's on failure, is the region's on success. */
bool memory_region_init_ram_from_fd(MemoryRegion *mr, Object *owner, const char *name,
                                    uint64_t size, uint32_t ram_flags, int take_fd,
                                    uint64_t offset, Error **errp) WARN_UNUSED;
/* Host memory of somebody else (not freed). */
void memory_region_init_ram_ptr(MemoryRegion *mr, Object *owner, const char *name,
                                uint64_t size, void *ptr);
/* The same, but accesses go through ld/st of the exact size (a passed-through BAR). */
void memory_region_init_ram_device_ptr(MemoryRegion *mr, Object *owner,
                                       const char *name, uint64_t size, void *ptr);
bool memory_region_init_rom(MemoryRegion *mr, Object *owner, const char *name,
                            uint64_t size, Error **errp) WARN_UNUSED;
/* Reads from memory while in romd mode, writes always to @ops. */
bool memory_region_init_rom_device(MemoryRegion *mr, Object *owner,
                                   const MemoryRegionOps *ops, void *opaque,
                                   const char *name, uint64_t size,
                                   Error **errp) WARN_UNUSED;
/* Claims addresses without answering (I/O handled by an accelerator). */
void memory_region_init_reservation(MemoryRegion *mr, Object *owner, const char *name,
                                    uint64_t size);

/* --- Shape ---------------------------------------------------------------------------
 */
void memory_region_add_subregion(MemoryRegion *mr, hwaddr offset, MemoryRegion *sub);
void memory_region_add_subregion_overlap(MemoryRegion *mr, hwaddr offset,
                                         MemoryRegion *sub, int priority);
void memory_region_del_subregion(MemoryRegion *mr, MemoryRegion *sub);
void memory_region_set_enabled(MemoryRegion *mr, bool enabled);
void memory_region_set_address(MemoryRegion *mr, hwaddr addr);
void memory_region_set_size(MemoryRegion *mr, uint64_t size);
void memory_region_set_alias_offset(MemoryRegion *mr, hwaddr offset);
void memory_region_set_readonly(MemoryRegion *mr, bool readonly);
void memory_region_set_nonvolatile(MemoryRegion *mr, bool nonvolatile);
void memory_region_rom_device_set_romd(MemoryRegion *mr, bool romd_mode);
bool memory_region_ram_resize(MemoryRegion *mr, uint64_t newsize,
                              Error **errp) WARN_UNUSED;

/* Nestable; listeners are told at the outermost commit. */
void memory_region_transaction_begin(void);
void memory_region_transaction_commit(void);

/* --- Attributes ----------------------------------------------------------------------
 */
void memory_region_set_log(MemoryRegion *mr, bool log, unsigned client);
void memory_region_set_coalescing(MemoryRegion *mr);
void memory_region_add_coalescing(MemoryRegion *mr, hwaddr offset, uint64_t size);
void memory_region_clear_coalescing(MemoryRegion *mr);
void memory_region_set_flush_coalesced(MemoryRegion *mr);
void memory_region_clear_flush_coalesced(MemoryRegion *mr);
/* A write of @size bytes (and of @data if @match_data) signals @fd. */
void memory_region_add_eventfd(MemoryRegion *mr, hwaddr offset, unsigned size,
                               bool match_data, uint64_t data, int fd);
void memory_region_del_eventfd(MemoryRegion *mr, hwaddr offset, unsigned size,
                               bool match_data, uint64_t data, int fd);
/* The callbacks take no BQL; the region's owner locks by itself. */
void memory_region_clear_global_locking(MemoryRegion *mr);
/* This region's handlers may be entered while the device is in another one. */
void memory_region_disable_reentrancy_guard(MemoryRegion *mr);

/*
 * How the core finds the flag that says a device is in one of its own handlers; NULL
 * for owners that are no device. Set once, at start, by hw/core.
 */
void memory_set_busy_flag_hook(bool *(*hook)(Object *owner));

/* --- Questions -----------------------------------------------------------------------
 */
/* Any thread for those about what is fixed at init. */
uint64_t memory_region_size(const MemoryRegion *mr); /* 2^64 reads as UINT64_MAX */
const char *memory_region_name(const MemoryRegion *mr);
Object *memory_region_owner(const MemoryRegion *mr);
bool memory_region_is_ram(const MemoryRegion *mr);
bool memory_region_is_rom(const MemoryRegion *mr);
bool memory_region_is_romd(const MemoryRegion *mr);
bool memory_region_is_ram_device(const MemoryRegion *mr);
bool memory_region_is_mapped(const MemoryRegion *mr);
bool memory_region_is_enabled(const MemoryRegion *mr);
/* Inside a read section or with the BQL; the pointer dies with it. */
void *memory_region_get_ram_ptr(MemoryRegion *mr);
ram_addr_t memory_region_get_ram_addr(const MemoryRegion *mr);
int memory_region_get_fd(const MemoryRegion *mr);
RAMBlock *memory_region_get_ram_block(const MemoryRegion *mr); /* NULL: no memory */
uint8_t memory_region_get_dirty_log_mask(const MemoryRegion *mr);

/* --- Dirty tracking of a RAM region (offsets in it) ------------------------------- */
void memory_region_set_dirty(MemoryRegion *mr, hwaddr offset, uint64_t size);
bool memory_region_get_dirty(MemoryRegion *mr, hwaddr offset, uint64_t size,
                             unsigned client);
typedef struct DirtyBitmapSnapshot DirtyBitmapSnapshot;
DirtyBitmapSnapshot *memory_region_snapshot_and_clear_dirty(MemoryRegion *mr,
                                                            hwaddr offset,
                                                            uint64_t size,
                                                            unsigned client);
bool memory_region_snapshot_get_dirty(MemoryRegion *mr, DirtyBitmapSnapshot *snap,
                                      hwaddr offset, uint64_t size);
void dirty_bitmap_snapshot_free(DirtyBitmapSnapshot *snap);
void memory_region_reset_dirty(MemoryRegion *mr, hwaddr offset, uint64_t size,
                               unsigned client);

/* --- Access to one region (the CPU's slow path, address-space.c) ------------------ */
/* @size 1, 2, 4, 8; the value is in host order. Takes the BQL if the region needs it.
 */
MemTxResult memory_region_dispatch_read(MemoryRegion *mr, hwaddr offset,
                                        uint64_t *value, unsigned size,
                                        MemTxAttrs attrs);
MemTxResult memory_region_dispatch_write(MemoryRegion *mr, hwaddr offset,
                                         uint64_t value, unsigned size,
                                         MemTxAttrs attrs);

/* --- IOMMU regions ---------------------------------------------------------------- */
#define TYPE_IOMMU_MEMORY_REGION "iommu-memory-region"
typedef enum { IOMMU_NONE, IOMMU_RO, IOMMU_WO, IOMMU_RW } IOMMUAccessFlags;
typedef struct IOMMUTLBEntry {
    AddressSpace *target_as;
    hwaddr iova;
    hwaddr translated_addr;
    hwaddr addr_mask;
    IOMMUAccessFlags perm;
} IOMMUTLBEntry;
typedef struct IOMMUMemoryRegion {
    MemoryRegion parent_obj;
    struct IOMMUNotifier *notifiers;
} IOMMUMemoryRegion;
typedef struct IOMMUMemoryRegionClass {
    ObjectClass parent_class;
    /* Any thread, inside a read section. */
    IOMMUTLBEntry (*translate)(IOMMUMemoryRegion *iommu, hwaddr addr,
                               IOMMUAccessFlags flag, int iommu_idx);
    uint64_t (*get_min_page_size)(IOMMUMemoryRegion *iommu);
    int (*attrs_to_index)(IOMMUMemoryRegion *iommu, MemTxAttrs attrs);
    void (*replay)(IOMMUMemoryRegion *iommu, struct IOMMUNotifier *notifier);
} IOMMUMemoryRegionClass;
typedef struct IOMMUNotifier {
    void (*notify)(struct IOMMUNotifier *notifier, const IOMMUTLBEntry *entry);
    uint32_t flags;    /* 1 map, 2 unmap */
    hwaddr start, end; /* inclusive */
    int iommu_idx;
    void *opaque;
    struct IOMMUNotifier *next; /* private */
} IOMMUNotifier;
void memory_region_init_iommu(void *storage, size_t storage_size, const char *type_name,
                              Object *owner, const char *name, uint64_t size);
void memory_region_register_iommu_notifier(MemoryRegion *mr, IOMMUNotifier *n);
void memory_region_unregister_iommu_notifier(MemoryRegion *mr, IOMMUNotifier *n);
void memory_region_notify_iommu(IOMMUMemoryRegion *iommu, int iommu_idx,
                                const IOMMUTLBEntry *entry, uint32_t flag);
void memory_region_iommu_replay(IOMMUMemoryRegion *iommu, IOMMUNotifier *n);

#endif
