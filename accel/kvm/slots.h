/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory slots: what KVM knows of the guest's RAM. The slots of one address space are
 * a function of its flat view: the maximal runs of whole pages that are RAM (or ROM, or
 * a ROM device while it reads as memory) with one host mapping, one writability and one
 * logging state. Tour: docs/kvm.md.
 *
 * Context: BQL for everything.
 */
#ifndef STRATA_ACCEL_KVM_SLOTS_H
#define STRATA_ACCEL_KVM_SLOTS_H

#include "accel/kvm/kvm-ops.h"
#include "memory/memory.h"

#define KVM_PAGE_SIZE 4096u
/* A slot never crosses a multiple of this; the kernel allows 2^31 - 1 pages. */
#define KVM_SLOT_MAX_BYTES (1ull << 42)

typedef struct KvmSlot {
    hwaddr start; /* first: the key */
    uint64_t size;
    uint8_t *host;
    ram_addr_t ram_addr;
    bool readonly;
    bool log;
    uint16_t id;
    /* Manual protection: pages that the kernel said were dirty and that have not been
     * cleared since, by page of the slot. NULL: none. */
    uint64_t *dirty;
} KvmSlot;

/* What the kernel can do; fixed before the first slot. */
typedef struct KvmSlotLimits {
    unsigned max_slots;
    unsigned phys_bits; /* guest-physical address width; 0: not known */
    bool readonly;      /* KVM_CAP_READONLY_MEM */
    bool manual_dirty;  /* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 is on */
    bool dirty_ring;    /* rings are used instead of bitmaps */
} KvmSlotLimits;

typedef struct KvmSlots {
    MemoryListener listener; /* first */
    /* private */
    const KvmOps *ops;
    KvmSlotLimits limits;
    unsigned as_id; /* KVM's: 0, or 1 for the view in SMM */
    GTree *ranges;  /* the view's memory, byte-granular, by address */
    GTree *slots;   /* KvmSlot, by address */
    GPtrArray *by_id;
    GArray *free_ids; /* uint16_t below by_id->len */
    GArray *damage;   /* Interval, since begin */
    GArray *failed;   /* Interval that got no slot: tried again at each commit */
    bool warned;
} KvmSlots;

/* Registers a listener with @as; its present view becomes slots. */
void kvm_slots_init(KvmSlots *s, const KvmOps *ops, const KvmSlotLimits *limits,
                    AddressSpace *as, unsigned as_id, const char *name);
/* Takes all slots away. */
void kvm_slots_finalize(KvmSlots *s);

unsigned kvm_slots_count(const KvmSlots *s);
/* The slot at @addr or NULL; valid until the next commit. */
const KvmSlot *kvm_slots_find(const KvmSlots *s, hwaddr addr);
/* By number, NULL when it is free. */
KvmSlot *kvm_slots_by_id(const KvmSlots *s, unsigned id);
/* In order of address. */
typedef void KvmSlotFn(const KvmSlot *slot, void *opaque);
void kvm_slots_foreach(const KvmSlots *s, KvmSlotFn *fn, void *opaque);

/* --- dirty.c */
/* Fetch what the kernel has logged for @slot into the clients' bitmaps. */
void kvm_slot_sync_dirty(KvmSlots *s, KvmSlot *slot);
/* The listener's callbacks for logs. */
void kvm_dirty_init_listener(KvmSlots *s);
/* Page @page of slot @id was written (dirty ring). */
void kvm_slots_page_dirtied(KvmSlots *s, unsigned id, uint64_t page);

/* --- slots.c, for dirty.c */
KvmSlot *kvm_slots_first_at_or_after(KvmSlots *s, hwaddr addr);
void kvm_slots_set_range_log(KvmSlots *s, const MemoryRegionSection *section, bool log);

#endif
