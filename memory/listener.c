/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listeners: who is told how the view of an address space changes. A run of chunks that
 * was replaced is walked in the old and in the new view side by side; ranges that are
 * in both are not mentioned, whatever chunk they are in.
 */
#include "memory/listener.h"

#include "memory-internal.h"
#include "util/bql.h"

#include <string.h>

bool global_dirty_log;
unsigned memory_event_regions;
bool memory_events_changed;
GPtrArray *listening_spaces;     /* BQL */
static GPtrArray *all_listeners; /* BQL; by priority */

MemoryRegionSection section_from_range(const FlatView *view, const FlatRange *r)
{
    return (MemoryRegionSection){
        .mr = r->mr,
        .fv = (FlatView *)view,
        .offset_within_region = r->offset,
        .offset_within_address_space = r->start,
        .size = (Int128)(r->last - r->start) + 1,
        .readonly = r->readonly,
        .nonvolatile = r->nonvolatile,
    };
}

/* Forwards in priority order, or backwards. */
#define FOREACH_LISTENER(l, as)                                              \
    for (guint i_ = 0; i_ < (as)->priv->listeners->len &&                    \
                       ((l) = g_ptr_array_index((as)->priv->listeners, i_)); \
         i_++)
#define FOREACH_LISTENER_REVERSE(l, as)         \
    for (guint i_ = (as)->priv->listeners->len; \
         i_ > 0 && ((l) = g_ptr_array_index((as)->priv->listeners, i_ - 1)); i_--)

void listeners_begin(AddressSpace *as)
{
    MemoryListener *l;

    FOREACH_LISTENER(l, as)
    {
        if (l->begin) {
            l->begin(l);
        }
    }
}

void listeners_commit(AddressSpace *as)
{
    MemoryListener *l;

    FOREACH_LISTENER(l, as)
    {
        if (l->commit) {
            l->commit(l);
        }
    }
}

/* --- Differences --------------------------------------------------------------------
 */

static void tell_del(AddressSpace *as, const FlatView *view, const FlatRange *r)
{
    MemoryRegionSection s = section_from_range(view, r);
    MemoryListener *l;

    FOREACH_LISTENER_REVERSE(l, as)
    {
        if (l->log_stop && r->log_mask) {
            l->log_stop(l, &s, r->log_mask, 0);
        }
        if (l->region_del) {
            l->region_del(l, &s);
        }
    }
}

static void tell_add(AddressSpace *as, const FlatView *view, const FlatRange *r)
{
    MemoryRegionSection s = section_from_range(view, r);
    MemoryListener *l;

    FOREACH_LISTENER(l, as)
    {
        if (l->region_add) {
            l->region_add(l, &s);
        }
        if (l->log_start && r->log_mask) {
            l->log_start(l, &s, 0, r->log_mask);
        }
    }
}

static void tell_log(AddressSpace *as, const FlatView *view, const FlatRange *r,
                     uint8_t old, uint8_t new_)
{
    MemoryRegionSection s = section_from_range(view, r);
    MemoryListener *l;

    if (new_ & ~old) {
        FOREACH_LISTENER(l, as)
        {
            if (l->log_start) {
                l->log_start(l, &s, old, new_);
            }
        }
    }
    if (old & ~new_) {
        FOREACH_LISTENER_REVERSE(l, as)
        {
            if (l->log_stop) {
                l->log_stop(l, &s, old, new_);
            }
        }
    }
}

static void tell_run(AddressSpace *as, const FlatView *old, const FlatView *new_,
                     ViewRun run, bool adding)
{
    RangeIter o = range_iter(old, run.old_lo, run.old_hi);
    RangeIter n = range_iter(new_, run.new_lo, run.new_hi);

    for (;;) {
        const FlatRange *a = range_iter_get(&o), *b = range_iter_get(&n);

        if (!a && !b) {
            return;
        }
        if (a && b && flat_range_same_place(a, b)) {
            if (adding && a->log_mask != b->log_mask) {
                tell_log(as, new_, b, a->log_mask, b->log_mask);
            }
            range_iter_next(&o);
            range_iter_next(&n);
        } else if (!b || (a && a->start <= b->start)) {
            if (!adding) {
                tell_del(as, old, a);
            }
            range_iter_next(&o);
        } else {
            if (adding) {
                tell_add(as, new_, b);
            }
            range_iter_next(&n);
        }
    }
}

static void tell_runs(AddressSpace *as, const FlatView *old, const FlatView *new_,
                      const GArray *runs, bool adding)
{
    if (old == new_) {
        return;
    }
    if (!runs) {
        tell_run(as, old, new_, (ViewRun){ 0, old->n_chunks, 0, new_->n_chunks },
                 adding);
        return;
    }
    for (guint i = 0; i < runs->len; i++) {
        tell_run(as, old, new_, g_array_index(runs, ViewRun, i), adding);
    }
}

/* --- Eventfds and coalesced ranges of a view -------------------------------------- */

static int compare_events(const void *a, const void *b)
{
    const TellEvent *x = a, *y = b;

    if (x->addr != y->addr) {
        return x->addr < y->addr ? -1 : 1;
    }
    if (x->size != y->size) {
        return x->size < y->size ? -1 : 1;
    }
    if (x->is_eventfd != y->is_eventfd) {
        return x->is_eventfd - y->is_eventfd;
    }
    if (x->match_data != y->match_data) {
        return x->match_data - y->match_data;
    }
    if (x->data != y->data) {
        return x->data < y->data ? -1 : 1;
    }
    return x->fd - y->fd;
}

static void add_range_events(GArray *events, const FlatRange *r)
{
    const struct MemoryRegionTree *tree = r->mr->tree;
    hwaddr r_last = r->offset + (r->last - r->start);

    for (guint i = 0; tree && tree->eventfds && i < tree->eventfds->len; i++) {
        MemoryRegionIoeventfd e =
            g_array_index(tree->eventfds, MemoryRegionIoeventfd, i);

        if (e.addr >= r->offset && e.addr <= r_last) {
            TellEvent t = { .addr = r->start + (e.addr - r->offset),
                            .size = e.size,
                            .is_eventfd = true,
                            .match_data = e.match_data,
                            .data = e.data,
                            .fd = e.fd };
            g_array_append_val(events, t);
        }
    }
    for (guint i = 0; tree && tree->coalesced && i < tree->coalesced->len; i++) {
        Span s = g_array_index(tree->coalesced, Span, i);

        if (s.lo <= r_last && s.last >= r->offset) {
            hwaddr lo = MAX(s.lo, r->offset), last = MIN(s.last, r_last);
            TellEvent t = { .addr = r->start + (lo - r->offset),
                            .size = last - lo + 1 };
            g_array_append_val(events, t);
        }
    }
}

static GArray *events_of(const FlatView *view)
{
    GArray *events;

    if (!memory_event_regions) {
        return NULL;
    }
    events = g_array_new(FALSE, FALSE, sizeof(TellEvent));
    for (RangeIter it = range_iter_all(view); range_iter_get(&it);
         range_iter_next(&it)) {
        add_range_events(events, range_iter_get(&it));
    }
    g_array_sort(events, compare_events);
    return events;
}

/* Where the chunks of a run lie, in the old and the new view. */
static Span run_extent(const FlatView *old, const FlatView *new_, ViewRun run)
{
    Span s = { UINT64_MAX, 0 };

    if (run.old_lo < run.old_hi) {
        const FlatChunk *last = old->chunk[run.old_hi - 1];

        s = (Span){ old->first[run.old_lo], last->r[last->n - 1].last };
    }
    if (run.new_lo < run.new_hi) {
        const FlatChunk *last = new_->chunk[run.new_hi - 1];

        s.lo = MIN(s.lo, new_->first[run.new_lo]);
        s.last = MAX(s.last, last->r[last->n - 1].last);
    }
    return s;
}

/* The events of @new_, from those of @old: only the runs are looked at. */
static GArray *events_after(const GArray *before, const FlatView *old,
                            const FlatView *new_, const GArray *runs)
{
    GArray *events = g_array_new(FALSE, FALSE, sizeof(TellEvent));
    guint k = 0;

    for (guint i = 0; i < runs->len; i++) {
        ViewRun run = g_array_index(runs, ViewRun, i);
        Span extent = run_extent(old, new_, run);

        for (; before && k < before->len; k++) {
            const TellEvent *t = &g_array_index(before, TellEvent, k);

            if (t->addr >= extent.lo) {
                break;
            }
            g_array_append_val(events, *t);
        }
        while (before && k < before->len &&
               g_array_index(before, TellEvent, k).addr <= extent.last) {
            k++;
        }
        for (RangeIter it = range_iter(new_, run.new_lo, run.new_hi);
             range_iter_get(&it); range_iter_next(&it)) {
            add_range_events(events, range_iter_get(&it));
        }
    }
    if (before && k < before->len) {
        g_array_append_vals(events, &g_array_index(before, TellEvent, k),
                            before->len - k);
    }
    g_array_sort(events, compare_events);
    return events;
}

static void tell_event(MemoryListener *l, const TellEvent *t, bool add)
{
    if (t->is_eventfd) {
        MemoryRegionIoeventfd e = { .addr = t->addr,
                                    .size = t->size,
                                    .match_data = t->match_data,
                                    .data = t->data,
                                    .fd = t->fd };
        void (*fn)(MemoryListener *, const MemoryRegionIoeventfd *) =
            add ? l->eventfd_add : l->eventfd_del;

        if (fn) {
            fn(l, &e);
        }
    } else {
        void (*fn)(MemoryListener *, hwaddr, uint64_t) =
            add ? l->coalesced_add : l->coalesced_del;

        if (fn) {
            fn(l, t->addr, t->size);
        }
    }
}

/* Tell what @from has and @other has not. */
static void tell_events_missing(AddressSpace *as, const GArray *from,
                                const GArray *other, bool add)
{
    guint k = 0, n = other ? other->len : 0;
    MemoryListener *l;

    for (guint i = 0; from && i < from->len; i++) {
        const TellEvent *t = &g_array_index(from, TellEvent, i);

        while (k < n && compare_events(&g_array_index(other, TellEvent, k), t) < 0) {
            k++;
        }
        if (k < n && compare_events(&g_array_index(other, TellEvent, k), t) == 0) {
            k++;
            continue;
        }
        if (add) {
            FOREACH_LISTENER(l, as)
            {
                tell_event(l, t, true);
            }
        } else {
            FOREACH_LISTENER_REVERSE(l, as)
            {
                tell_event(l, t, false);
            }
        }
    }
}

void listeners_tell_removed(AddressSpace *as, const FlatView *old, const FlatView *new_,
                            const GArray *runs)
{
    if (!memory_event_regions || !runs || old == new_ || memory_events_changed) {
        as->priv->new_events = events_of(new_);
    } else {
        as->priv->new_events = events_after(as->priv->events, old, new_, runs);
    }
    tell_events_missing(as, as->priv->events, as->priv->new_events, false);
    tell_runs(as, old, new_, runs, false);
}

void listeners_tell_added(AddressSpace *as, const FlatView *old, const FlatView *new_,
                          const GArray *runs)
{
    tell_runs(as, old, new_, runs, true);
    tell_events_missing(as, as->priv->new_events, as->priv->events, true);
    if (as->priv->events) {
        g_array_free(as->priv->events, TRUE);
    }
    as->priv->events = as->priv->new_events;
    as->priv->new_events = NULL;
}

/* --- Coming and going ---------------------------------------------------------------
 */

static void insert_by_priority(GPtrArray *list, MemoryListener *l)
{
    guint i = 0;

    while (i < list->len &&
           ((MemoryListener *)g_ptr_array_index(list, i))->priority <= l->priority) {
        i++;
    }
    g_ptr_array_insert(list, i, l);
}

/* Tell one listener everything, as if the view came or went. */
static void tell_all(MemoryListener *l, bool add)
{
    AddressSpace *as = l->as;
    struct AddressSpacePriv *priv = as->priv;
    GPtrArray *only = g_ptr_array_new(), *others = priv->listeners;
    const FlatView *view = as->group->view;

    g_ptr_array_add(only, l);
    priv->listeners = only;
    listeners_begin(as);
    if (!add) {
        tell_events_missing(as, priv->events, NULL, false);
    }
    for (RangeIter it = range_iter_all(view); range_iter_get(&it);
         range_iter_next(&it)) {
        if (add) {
            tell_add(as, view, range_iter_get(&it));
        } else {
            tell_del(as, view, range_iter_get(&it));
        }
    }
    if (add) {
        tell_events_missing(as, priv->events, NULL, true);
    }
    listeners_commit(as);
    priv->listeners = others;
    g_ptr_array_free(only, TRUE);
}

void memory_listener_register(MemoryListener *l, AddressSpace *as)
{
    struct AddressSpacePriv *priv = as->priv;

    assert(bql_is_held() && !transaction_is_open());
    l->as = as;
    if (!all_listeners) {
        all_listeners = g_ptr_array_new();
        listening_spaces = g_ptr_array_new();
    }
    insert_by_priority(all_listeners, l);
    if (!priv->listeners) {
        priv->listeners = g_ptr_array_new();
        g_ptr_array_add(listening_spaces, as);
        priv->events = events_of(as->group->view);
    }
    insert_by_priority(priv->listeners, l);
    if (global_dirty_log && l->log_global_start) {
        l->log_global_start(l);
    }
    tell_all(l, true);
}

void memory_listener_unregister(MemoryListener *l)
{
    struct AddressSpacePriv *priv = l->as->priv;

    assert(bql_is_held() && !transaction_is_open());
    tell_all(l, false);
    g_ptr_array_remove(all_listeners, l);
    g_ptr_array_remove(priv->listeners, l);
    if (!priv->listeners->len) {
        g_ptr_array_free(priv->listeners, TRUE);
        priv->listeners = NULL;
        g_ptr_array_remove(listening_spaces, l->as);
        if (priv->events) {
            g_array_free(priv->events, TRUE);
            priv->events = NULL;
        }
    }
    l->as = NULL;
}

bool memory_listeners_pre_plug(AddressSpace *as, MemoryRegion *mr, hwaddr addr,
                               Error **errp)
{
    MemoryRegionSection s = {
        .mr = mr,
        .offset_within_address_space = addr,
        .size = mr->size,
        .readonly = mr->readonly,
        .nonvolatile = mr->nonvolatile,
    };

    assert(bql_is_held());
    for (guint i = 0; as->priv->listeners && i < as->priv->listeners->len; i++) {
        MemoryListener *l = g_ptr_array_index(as->priv->listeners, i);

        if (l->pre_plug && !l->pre_plug(l, &s, errp)) {
            return false;
        }
    }
    return true;
}

/* --- Dirty logging ------------------------------------------------------------------
 */

void memory_global_dirty_log_start(void)
{
    if (global_dirty_log) {
        return;
    }
    for (guint i = 0; all_listeners && i < all_listeners->len; i++) {
        MemoryListener *l = g_ptr_array_index(all_listeners, i);

        if (l->log_global_start) {
            l->log_global_start(l);
        }
    }
    memory_region_transaction_begin();
    atomic_set(&global_dirty_log, true);
    damage_everything();
    memory_region_transaction_commit();
}

void memory_global_dirty_log_stop(void)
{
    if (!global_dirty_log) {
        return;
    }
    memory_region_transaction_begin();
    atomic_set(&global_dirty_log, false);
    damage_everything();
    memory_region_transaction_commit();
    for (guint i = all_listeners ? all_listeners->len : 0; i > 0; i--) {
        MemoryListener *l = g_ptr_array_index(all_listeners, i - 1);

        if (l->log_global_stop) {
            l->log_global_stop(l);
        }
    }
}

typedef void LogFn(MemoryListener *l, const MemoryRegionSection *s);

/* Call each listener's @which for the parts of [@offset, + @size) of @mr (NULL: all).
 */
static void log_sections(MemoryRegion *mr, hwaddr offset, uint64_t size, bool clear)
{
    for (guint i = 0; all_listeners && i < all_listeners->len; i++) {
        MemoryListener *l = g_ptr_array_index(all_listeners, i);
        const FlatView *view = l->as->group->view;
        LogFn *fn = clear ? l->log_clear : l->log_sync;

        if (!clear && l->log_sync_global) {
            l->log_sync_global(l);
            continue;
        }
        for (RangeIter it = range_iter_all(view); fn && range_iter_get(&it);
             range_iter_next(&it)) {
            FlatRange part = *range_iter_get(&it);
            hwaddr part_last = part.offset + (part.last - part.start);
            hwaddr last = offset + size - 1, lo = MAX(part.offset, offset);

            if (!part.log_mask || (mr && part.mr != mr)) {
                continue;
            }
            if (mr && (part.offset > last || part_last < offset)) {
                continue;
            }
            if (mr) {
                part.start += lo - part.offset;
                part.last -= part_last - MIN(part_last, last);
                part.offset = lo;
            }
            MemoryRegionSection s = section_from_range(view, &part);
            fn(l, &s);
        }
    }
}

void memory_global_dirty_log_sync(void)
{
    assert(bql_is_held());
    log_sections(NULL, 0, 0, false);
}

void listeners_log_sync(MemoryRegion *mr, hwaddr offset, uint64_t size)
{
    if (size) {
        log_sections(mr, offset, size, false);
    }
}

void listeners_log_clear(MemoryRegion *mr, hwaddr offset, uint64_t size)
{
    if (size) {
        log_sections(mr, offset, size, true);
    }
}
