/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of memory/ share: the tree half of a region, flat views and their
 * chunks, groups of address spaces, and the transaction's record of damage. Tour:
 * docs/memory-model.md. Protected by the BQL unless stated.
 */
#ifndef STRATA_MEMORY_INTERNAL_H
#define STRATA_MEMORY_INTERNAL_H

#include "memory/memory.h"
#include "util/atomic.h"
#include "util/rcu.h"

#include <assert.h>
#include <glib.h>

/* Signed, wide enough for any base address minus any alias offset. */
typedef __int128 Offset128;
#define SIZE_2_64 ((Int128)1 << 64)

/* Inclusive on both ends, so that 2^64 bytes fit. */
typedef struct Span {
    hwaddr lo, last;
} Span;
#define SPAN_ALL ((Span){ 0, UINT64_MAX })

static inline bool span_meets(Span a, Span b)
{
    return a.lo <= b.last && b.lo <= a.last;
}

/* --- Flat views ------------------------------------------------------------------- */

typedef struct FlatRange {
    MemoryRegion *mr;
    hwaddr start, last; /* in the address space */
    hwaddr offset;      /* of start in mr */
    uint8_t *host;      /* of start, if mr has memory; NULL else */
    ram_addr_t ram_addr;
    uint8_t log_mask; /* dirty clients; a change is told as log_start or log_stop */
    bool readonly, nonvolatile, romd;
} FlatRange;

typedef struct RangeVec {
    FlatRange *r;
    size_t n, cap;
} RangeVec;

void range_vec_push(RangeVec *vec, const FlatRange *r);
/* Add behind the last one, merged with it if possible (M2). */
void range_vec_append(RangeVec *vec, const FlatRange *r);
void range_vec_free(RangeVec *vec);
bool flat_range_can_merge(const FlatRange *a, const FlatRange *b);
/* Equal but for log_mask. */
bool flat_range_same_place(const FlatRange *a, const FlatRange *b);

#define CHUNK_RANGES 16
/*
 * Some ranges of one or more successive views of a group; immutable. It goes with the
 * last view that names it: see view_free().
 */
typedef struct FlatChunk {
    unsigned n;
    unsigned n_keepers;
    Object **keeper; /* a reference each */
    hwaddr *start;   /* n of them, for the search */
    FlatRange r[];
} FlatChunk;

struct FlatView {
    RcuHead rcu;
    uint64_t id;   /* never used twice in the program's life */
    unsigned slot; /* of the per-thread last hit */
    unsigned n_chunks;
    size_t n_ranges;
    FlatChunk **chunk;
    /* BQL: once another view has taken over, those of the chunks that it has not. */
    bool superseded;
    unsigned n_dropped;
    FlatChunk **dropped;
    hwaddr first[]; /* start of each chunk's first range */
};

/* Chunks [old_lo, old_hi) of the old view became [new_lo, new_hi) of the new one. */
typedef struct ViewRun {
    unsigned old_lo, old_hi, new_lo, new_hi;
} ViewRun;

/*
 * The view that differs from @old by what the tree below @root now shows inside
 * @damage (sorted, disjoint). NULL when nothing differs. Appends to @runs. The new
 * view is to be published in place of @old, which is then retired.
 */
FlatView *flatview_update(FlatView *old, MemoryRegion *root, const Span *damage,
                          size_t n_damage, GArray *runs);
FlatView *flatview_new_empty(unsigned slot);
/* Free after a grace period. */
void flatview_retire(FlatView *view);
/* M2 and what the search relies on. */
void flatview_check(const FlatView *view);
/* The range at @addr or NULL. Inside a read section. */
const FlatRange *flatview_find(const FlatView *view, hwaddr addr);
/* The first range that ends at or after @addr; iterate with flatview_next. */
typedef struct RangeIter {
    const FlatView *view;
    unsigned chunk, i, chunk_end;
} RangeIter;
RangeIter range_iter(const FlatView *view, unsigned chunk_lo, unsigned chunk_hi);
RangeIter range_iter_all(const FlatView *view);
/* NULL at the end. */
const FlatRange *range_iter_get(const RangeIter *it);
void range_iter_next(RangeIter *it);

/* Append what the tree below @root shows inside @clip: sorted, disjoint, merged. */
void render_span(MemoryRegion *root, Span clip, RangeVec *out);

/* --- Groups of address spaces with one rendered root ------------------------------ */

typedef struct ViewGroup {
    RcuHead rcu;
    MemoryRegion *root; /* NULL: nothing is rendered */
    FlatView *view;     /* RCU */
    FlatView *pending;  /* inside a commit: to be published */
    GArray *runs;       /* inside a commit: ViewRun */
    Span *damage;
    unsigned n_damage;
    unsigned n_as;
    unsigned slot;
    bool queued;
} ViewGroup;

typedef struct TellEvent {
    hwaddr addr;
    uint64_t size;
    bool is_eventfd, match_data;
    uint64_t data;
    int fd;
} TellEvent;

typedef struct MapClient MapClient;

struct AddressSpacePriv {
    RcuHead rcu;
    AddressSpace *next, **pprev; /* all, in order of creation */
    AddressSpace *root_next;     /* those with the same root */
    GPtrArray *path;             /* MemoryRegion *: stepped through, NULL: died */
    ViewGroup *new_group;        /* inside a commit */
    GPtrArray *listeners;        /* MemoryListener *, by priority; NULL: none */
    GArray *events;              /* TellEvent: as told to the listeners */
    GArray *new_events;          /* inside a commit */
    bool to_resolve;
    char *name;               /* after destruction */
    pthread_mutex_t map_lock; /* a leaf: bounce_busy, map_clients */
    /* The bounce buffer; whoever set bounce_busy owns the rest of it. */
    void *bounce; /* atomic */
    hwaddr bounce_addr, bounce_len;
    MemTxAttrs bounce_attrs;
    bool bounce_busy;
    MapClient *map_clients;
};

static inline FlatView *address_space_view_rcu(const AddressSpace *as)
{
    /* Pair with the release stores of publish() in transaction.c. */
    ViewGroup *group = atomic_rcu_read(&as->group);

    return atomic_rcu_read(&group->view);
}

/* --- The tree half of a region ---------------------------------------------------- */

typedef struct ChildIndex {
    MemoryRegion *mr;
    hwaddr start, last, subtree_last;
} ChildIndex;

struct MemoryRegionTree {
    /* By descending priority, later added first. */
    MemoryRegion **child;
    unsigned n_children, cap_children, n_enabled;
    /* The same by address, each with the largest end in its subtree. */
    ChildIndex *index;
    unsigned cap_index;
    bool index_stale; /* subtree_last is */
    /* Regions that alias this one: those worth walking, and those known not to matter
     * (disabled, or serving only as a step to this region). */
    MemoryRegion *aliases, *aliases_idle;
    ViewGroup *group;      /* this is its rendered root */
    AddressSpace *as_root; /* address spaces with this root, by root_next */
    unsigned n_as_root;
    unsigned step_users; /* address spaces that step through this region */
    MemoryRegion *step_to;
    GArray *eventfds;  /* MemoryRegionIoeventfd, addr is the offset */
    GArray *coalesced; /* Span */
};

struct MemoryRegionTree *region_tree(MemoryRegion *mr);
/* Between the two lists of its target. */
void alias_move(MemoryRegion *alias, bool idle);
void region_free_events(MemoryRegion *mr);
/* The part of its container that @mr covers; false when none. */
bool region_extent(const MemoryRegion *mr, Span *extent);
/* Children that meet @clip (offsets in @mr), in descending order of precedence. */
void region_children_in(MemoryRegion *mr, Span clip, GPtrArray *out);
bool region_precedes(const MemoryRegion *a, const MemoryRegion *b);
/* The clients that must see stores to this region now. */
uint8_t region_log_mask(const MemoryRegion *mr);
bool *region_busy_flag(MemoryRegion *mr);

/* --- Damage (transaction.c) ------------------------------------------------------- */

/* What @mr contains in @span (its own offsets) may have changed. */
void damage_content(MemoryRegion *mr, Span span);
/* The same, but its container has been told already. */
void damage_aliases_of(MemoryRegion *mr, Span span);
/* Something that a step from @mr depends on has changed. */
void step_touch(MemoryRegion *mr);
/* An alias may matter again. */
void alias_wake(MemoryRegion *alias);
/* All aliases among the children of @mr may matter again. */
void alias_wake_children(MemoryRegion *mr);
/* @mr is being finalized: forget it. */
void transaction_forget(MemoryRegion *mr);
/* All views of all groups may have changed (global dirty log). */
void damage_everything(void);
bool transaction_is_open(void);

void address_space_resolve_later(AddressSpace *as);
extern ViewGroup empty_group;
AddressSpace *address_space_list(void);

/* --- Listeners (listener.c) ------------------------------------------------------- */

MemoryRegionSection section_from_range(const FlatView *view, const FlatRange *r);
void listeners_begin(AddressSpace *as);
void listeners_tell_removed(AddressSpace *as, const FlatView *old, const FlatView *new_,
                            const GArray *runs);
void listeners_tell_added(AddressSpace *as, const FlatView *old, const FlatView *new_,
                          const GArray *runs);
void listeners_commit(AddressSpace *as);
/* The address spaces that have any; may be NULL. */
extern GPtrArray *listening_spaces;
void listeners_log_sync(MemoryRegion *mr, hwaddr offset, uint64_t size);
void listeners_log_clear(MemoryRegion *mr, hwaddr offset, uint64_t size);
extern bool global_dirty_log;
extern unsigned memory_event_regions; /* regions with eventfds or coalesced ranges */
extern bool memory_events_changed;    /* some region's, inside this transaction */

/* --- Coalesced MMIO, special regions ---------------------------------------------- */
extern MemoryRegion io_mem_unassigned_region, io_mem_rom_region;
extern const MemoryRegionOps unassigned_mem_ops, ram_device_mem_ops;
bool eventfd_signal_if_match(MemoryRegion *mr, hwaddr offset, uint64_t value,
                             unsigned size);
/* Raw: the value has the device's byte order meaning (see dispatch.c). */
MemTxResult region_read_raw(MemoryRegion *mr, hwaddr offset, uint64_t *value,
                            unsigned size, MemTxAttrs attrs);
MemTxResult region_write_raw(MemoryRegion *mr, hwaddr offset, uint64_t value,
                             unsigned size, MemTxAttrs attrs);
bool region_is_big_endian(const MemoryRegion *mr);
/* Size of the next access of at most @len bytes at @offset. */
unsigned region_access_size(const MemoryRegion *mr, hwaddr offset, hwaddr len);

#endif
