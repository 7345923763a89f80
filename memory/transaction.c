/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions: what changed is recorded while it happens, carried up to the rendered
 * roots at the outermost commit, rendered there and told.
 *
 *   M3 At each address the answering range is the one a slow walk of the tree gives.
 *   M4 After the outermost commit each listener has been told of every difference
 *      between the old and the new view of its address space exactly once, and of
 *      nothing that stayed.
 *
 * Records. A change of content is recorded in the region's own offsets. A change of
 * place or visibility is recorded in its container's offsets, where the region was and
 * where it is now, because at commit time the old place cannot be found any more. A
 * record may therefore be carried through the tree as it is at commit time: an edge
 * that was moved or switched inside the transaction has recorded its whole extent, and
 * one that was disabled all the time hides whatever happened below it.
 *
 * Groups. Address spaces whose roots lead to one rendered root by stepping form a group
 * with one view. Damage stops at a group's root. Each region that an address space
 * steps through caches where the step leads; a change near it makes the commit compare,
 * and only a different answer makes address spaces look for their group again.
 *
 * Aliases. A target keeps its aliases in two lists. Those in the idle one are disabled,
 * or are nothing but a step of address spaces towards the target: carrying damage
 * through them would reach nobody new. Whatever could change that wakes them; the walk
 * puts them back. So 200 bus-master aliases of system memory cost a PAM flip nothing.
 */
#include "memory-internal.h"

#include "util/bql.h"

#include <string.h>

typedef struct Record {
    MemoryRegion *mr;
    Span span;
    bool aliases_only;
} Record;

/* A root's damage beyond this many spans is taken as one. */
#define MAX_SPANS 32

/* All of this: BQL. */
static unsigned depth;
static bool committing;
static GArray *records;         /* Record */
static GPtrArray *touched;      /* MemoryRegion *, step_dirty is set */
static GPtrArray *to_resolve;   /* AddressSpace *, to_resolve is set */
static GPtrArray *dirty_groups; /* ViewGroup *, queued is set */
static AddressSpace *all_spaces, **all_spaces_tail = &all_spaces;
static unsigned next_slot;
static bool everything_damaged;

static FlatView empty_view = { .id = UINT64_MAX };
ViewGroup empty_group = { .view = &empty_view };
/* Where a step from a region that shows nothing leads. */
static MemoryRegion nowhere;

static void make_lists(void)
{
    if (!records) {
        records = g_array_new(FALSE, FALSE, sizeof(Record));
        touched = g_ptr_array_new();
        to_resolve = g_ptr_array_new();
        dirty_groups = g_ptr_array_new();
    }
}

bool transaction_is_open(void)
{
    return depth > 0;
}

AddressSpace *address_space_list(void)
{
    return all_spaces;
}

/* --- Recording ----------------------------------------------------------------------
 */

static bool record_merges(Record *last, MemoryRegion *mr, Span span, bool aliases_only)
{
    if (last->mr != mr || last->aliases_only != aliases_only) {
        return false;
    }
    if (span.lo > last->span.last && span.lo - last->span.last > 1) {
        return false;
    }
    if (last->span.lo > span.last && last->span.lo - span.last > 1) {
        return false;
    }
    last->span.lo = MIN(last->span.lo, span.lo);
    last->span.last = MAX(last->span.last, span.last);
    return true;
}

static void record(MemoryRegion *mr, Span span, bool aliases_only)
{
    const struct MemoryRegionTree *tree = mr->tree;
    bool aliased = tree && (tree->aliases || tree->aliases_idle);

    assert(depth > 0);
    if (mr->being_finalized) {
        return;
    }
    /* In no tree: whoever puts it there records its whole extent. */
    if (!aliased && !(tree && tree->group) && (aliases_only || !mr->container)) {
        return;
    }
    if (records->len && record_merges(&g_array_index(records, Record, records->len - 1),
                                      mr, span, aliases_only)) {
        return;
    }
    Record r = { mr, span, aliases_only };
    g_array_append_val(records, r);
}

void damage_content(MemoryRegion *mr, Span span)
{
    record(mr, span, false);
}

void damage_aliases_of(MemoryRegion *mr, Span span)
{
    record(mr, span, true);
}

void damage_everything(void)
{
    assert(depth > 0);
    everything_damaged = true;
}

void step_touch(MemoryRegion *mr)
{
    assert(depth > 0);
    if (mr->tree && mr->tree->step_users && !mr->step_dirty && !mr->being_finalized) {
        mr->step_dirty = true;
        g_ptr_array_add(touched, mr);
    }
}

void alias_wake(MemoryRegion *alias)
{
    if (alias->alias_idle) {
        alias_move(alias, false);
    }
}

void alias_wake_children(MemoryRegion *mr)
{
    for (unsigned i = 0; mr->tree && i < mr->tree->n_children; i++) {
        alias_wake(mr->tree->child[i]);
    }
}

void transaction_forget(MemoryRegion *mr)
{
    for (guint i = records->len; i-- > 0;) {
        if (g_array_index(records, Record, i).mr == mr) {
            g_array_remove_index(records, i);
        }
    }
    if (mr->step_dirty) {
        g_ptr_array_remove_fast(touched, mr);
    }
    if (!mr->tree) {
        return;
    }
    assert(!mr->tree->as_root);
    for (AddressSpace *as = all_spaces; as && mr->tree->step_users;
         as = as->priv->next) {
        for (guint i = 0; as->priv->path && i < as->priv->path->len; i++) {
            if (as->priv->path->pdata[i] == mr) {
                as->priv->path->pdata[i] = NULL;
                mr->tree->step_users--;
                address_space_resolve_later(as);
            }
        }
    }
    if (mr->tree->group) {
        mr->tree->group->root = NULL;
        mr->tree->group = NULL;
    }
}

/* --- Stepping -----------------------------------------------------------------------
 */

/* Where address spaces that come to @mr go on to: NULL if it is what they render. */
static MemoryRegion *step_from(const MemoryRegion *mr)
{
    if (!mr->enabled) {
        return &nowhere;
    }
    if (mr->readonly || mr->nonvolatile) {
        return NULL; /* stepping on would lose what is inherited */
    }
    if (mr->alias) {
        return mr->alias_offset == 0 && mr->size >= mr->alias->size ? mr->alias : NULL;
    }
    if (mr->terminates) {
        return NULL;
    }
    if (!mr->tree || mr->tree->n_enabled == 0) {
        return &nowhere;
    }
    if (mr->tree->n_enabled > 1) {
        return NULL;
    }
    for (unsigned i = 0; i < mr->tree->n_children; i++) {
        MemoryRegion *child = mr->tree->child[i];

        if (child->enabled) {
            return child->addr == 0 && child->size <= mr->size ? child : NULL;
        }
    }
    g_assert_not_reached();
}

void address_space_resolve_later(AddressSpace *as)
{
    assert(depth > 0);
    if (!as->priv->to_resolve) {
        as->priv->to_resolve = true;
        g_ptr_array_add(to_resolve, as);
    }
}

static void forget_path(AddressSpace *as)
{
    GPtrArray *path = as->priv->path;

    for (guint i = 0; i < path->len; i++) {
        MemoryRegion *mr = g_ptr_array_index(path, i);

        if (mr) {
            mr->tree->step_users--;
            alias_wake(mr);
        }
    }
    g_ptr_array_set_size(path, 0);
}

/* Walk from the root to what is rendered; NULL if nothing is. */
static MemoryRegion *walk_path(AddressSpace *as)
{
    MemoryRegion *mr = as->root;

    for (;;) {
        struct MemoryRegionTree *tree = region_tree(mr);
        MemoryRegion *next = step_from(mr);

        assert(as->priv->path->len < 64);
        g_ptr_array_add(as->priv->path, mr);
        tree->step_users++;
        tree->step_to = next;
        if (!next || next == &nowhere) {
            return next ? NULL : mr;
        }
        mr = next;
    }
}

static void queue_group(ViewGroup *group)
{
    if (!group->queued) {
        group->queued = true;
        g_ptr_array_add(dirty_groups, group);
    }
}

static void damage_group_all(ViewGroup *group)
{
    if (!group->damage) {
        group->damage = g_new(Span, MAX_SPANS + 1);
    }
    group->damage[0] = SPAN_ALL;
    group->n_damage = 1;
    queue_group(group);
}

static ViewGroup *group_of_root(MemoryRegion *root)
{
    struct MemoryRegionTree *tree;

    if (!root) {
        return &empty_group;
    }
    tree = region_tree(root);
    if (!tree->group) {
        ViewGroup *group = g_new0(ViewGroup, 1);

        group->root = root;
        group->slot = next_slot++;
        group->view = flatview_new_empty(group->slot);
        tree->group = group;
        damage_group_all(group);
    }
    return tree->group;
}

static void resolve(AddressSpace *as)
{
    forget_path(as);
    as->priv->new_group = group_of_root(walk_path(as));
    as->priv->to_resolve = false;
}

static bool path_has(const AddressSpace *as, const MemoryRegion *mr)
{
    for (guint i = 0; i < as->priv->path->len; i++) {
        if (g_ptr_array_index(as->priv->path, i) == mr) {
            return true;
        }
    }
    return false;
}

/* A step that now leads elsewhere sends those who took it to look again. */
static void recheck_steps(void)
{
    for (guint i = 0; i < touched->len; i++) {
        MemoryRegion *mr = g_ptr_array_index(touched, i);
        struct MemoryRegionTree *tree = mr->tree;

        mr->step_dirty = false;
        if (step_from(mr) == tree->step_to) {
            continue;
        }
        if (tree->n_as_root == tree->step_users) {
            for (AddressSpace *as = tree->as_root; as; as = as->priv->root_next) {
                address_space_resolve_later(as);
            }
            continue;
        }
        for (AddressSpace *as = all_spaces; as; as = as->priv->next) {
            if (path_has(as, mr)) {
                address_space_resolve_later(as);
            }
        }
    }
    g_ptr_array_set_size(touched, 0);
}

/* --- Carrying -----------------------------------------------------------------------
 */

static void damage_group(ViewGroup *group, Span span)
{
    Span *d;
    unsigned lo = 0, hi;

    if (!group->damage) {
        group->damage = g_new(Span, MAX_SPANS + 1);
    }
    d = group->damage;
    queue_group(group);
    /* [lo, hi): those that touch or adjoin @span. */
    while (lo < group->n_damage && d[lo].last < span.lo && span.lo - d[lo].last > 1) {
        lo++;
    }
    for (hi = lo;
         hi < group->n_damage && (d[hi].lo <= span.last || d[hi].lo - span.last <= 1);
         hi++) {
        span.lo = MIN(span.lo, d[hi].lo);
        span.last = MAX(span.last, d[hi].last);
    }
    memmove(d + lo + 1, d + hi, (group->n_damage - hi) * sizeof(Span));
    d[lo] = span;
    group->n_damage = group->n_damage - (hi - lo) + 1;
    if (group->n_damage > MAX_SPANS) {
        d[0].last = d[group->n_damage - 1].last;
        group->n_damage = 1;
    }
}

/* Nobody who is not stepping anyway looks through @a. */
static bool alias_is_mere_step(const MemoryRegion *a)
{
    const MemoryRegion *top = a->container ? a->container : a;
    const struct MemoryRegionTree *own = a->tree, *tree = top->tree;

    if (own && (own->aliases || own->aliases_idle || own->group)) {
        return false;
    }
    if (top->container || !tree || tree->aliases || tree->aliases_idle || tree->group) {
        return false;
    }
    return tree->n_as_root == (own ? own->step_users : 0);
}

static void carry(MemoryRegion *mr, Span span);

static void carry_to_aliases(MemoryRegion *mr, Span span)
{
    MemoryRegion *next;

    for (MemoryRegion *a = mr->tree ? mr->tree->aliases : NULL; a; a = next) {
        Int128 end = (Int128)a->alias_offset + a->size;
        Span part;

        next = a->alias_next;
        if (!a->enabled || alias_is_mere_step(a)) {
            alias_move(a, true);
            continue;
        }
        if (a->size == 0 || span.last < a->alias_offset || (Int128)span.lo >= end) {
            continue;
        }
        part.lo = MAX(span.lo, a->alias_offset) - a->alias_offset;
        part.last = (hwaddr)(MIN((Int128)span.last, end - 1) - a->alias_offset);
        carry(a, part);
    }
}

/* @span in offsets of @mr, which shows it if it is enabled. */
static void carry(MemoryRegion *mr, Span span)
{
    if (!mr->enabled) {
        return;
    }
    if (mr->tree && mr->tree->group) {
        damage_group(mr->tree->group, span);
    }
    carry_to_aliases(mr, span);
    if (mr->container && mr->size && (Int128)span.lo < mr->size) {
        Int128 lo = (Int128)mr->addr + span.lo;
        Int128 last = (Int128)mr->addr + MIN((Int128)span.last, mr->size - 1);

        if (lo < SIZE_2_64) {
            carry(mr->container,
                  (Span){ (hwaddr)lo, (hwaddr)MIN(last, SIZE_2_64 - 1) });
        }
    }
}

static void carry_records(void)
{
    for (guint i = 0; i < records->len; i++) {
        Record r = g_array_index(records, Record, i);

        if (!r.aliases_only) {
            carry(r.mr, r.span);
            continue;
        }
        if (r.mr->tree && r.mr->tree->group) {
            damage_group(r.mr->tree->group, r.span);
        }
        carry_to_aliases(r.mr, r.span);
    }
    g_array_set_size(records, 0);
    if (everything_damaged) {
        everything_damaged = false;
        for (AddressSpace *as = all_spaces; as; as = as->priv->next) {
            ViewGroup *group = as->priv->new_group ? as->priv->new_group : as->group;

            if (group != &empty_group) {
                damage_group_all(group);
            }
        }
    }
}

/* --- Committing ---------------------------------------------------------------------
 */

static void render_groups(void)
{
    for (guint i = 0; i < dirty_groups->len; i++) {
        ViewGroup *group = g_ptr_array_index(dirty_groups, i);

        if (!group->runs) {
            group->runs = g_array_new(FALSE, FALSE, sizeof(ViewRun));
        }
        group->pending = flatview_update(group->view, group->root, group->damage,
                                         group->n_damage, group->runs);
        group->n_damage = 0;
    }
}

static ViewGroup *group_after(const AddressSpace *as)
{
    return as->priv->new_group ? as->priv->new_group : as->group;
}

static FlatView *view_after(const ViewGroup *group)
{
    return group->pending ? group->pending : group->view;
}

/* One release store per group, then one per address space that changes its group. */
static void publish(FlatView **old_views)
{
    for (guint i = 0; i < dirty_groups->len; i++) {
        ViewGroup *group = g_ptr_array_index(dirty_groups, i);

        old_views[i] = NULL;
        if (group->pending) {
            old_views[i] = group->view;
            atomic_rcu_set(&group->view, group->pending);
            group->pending = NULL;
        }
    }
}

static void group_free(ViewGroup *group)
{
    g_free(group->damage);
    if (group->runs) {
        g_array_free(group->runs, TRUE);
    }
    g_free(group);
}

static void group_unref(ViewGroup *group)
{
    if (group == &empty_group || --group->n_as > 0) {
        return;
    }
    if (group->root) {
        group->root->tree->group = NULL;
    }
    flatview_retire(group->view);
    call_rcu(group, group_free, rcu);
}

static void move_spaces(GPtrArray *spaces)
{
    /* All join before any leaves, so that no group dies between two of them. */
    for (guint i = 0; i < spaces->len; i++) {
        AddressSpace *as = g_ptr_array_index(spaces, i);

        as->priv->new_group->n_as++;
    }
    for (guint i = 0; i < spaces->len; i++) {
        AddressSpace *as = g_ptr_array_index(spaces, i);
        ViewGroup *old = as->group;

        if (as->priv->new_group != old) {
            atomic_rcu_set(&as->group, as->priv->new_group);
        }
        group_unref(old);
        as->priv->new_group = NULL;
    }
}

typedef struct Tell {
    AddressSpace *as;
    FlatView *old, *new_;
    GArray *runs; /* NULL: the views have nothing in common */
} Tell;

/* Address spaces with listeners whose view is about to change. */
static GArray *who_is_told(void)
{
    GArray *tells = NULL;

    for (guint i = 0; listening_spaces && i < listening_spaces->len; i++) {
        AddressSpace *as = g_ptr_array_index(listening_spaces, i);
        ViewGroup *after = group_after(as);
        Tell tell = (Tell){ as, as->group->view, view_after(after),
                            after == as->group ? after->runs : NULL };
        if (tell.old == tell.new_ &&
            !((memory_event_regions || as->priv->events) && after->queued)) {
            continue;
        }
        if (!tells) {
            tells = g_array_new(FALSE, FALSE, sizeof(Tell));
        }
        g_array_append_val(tells, tell);
    }
    return tells;
}

static void tell_and_publish(GPtrArray *spaces, FlatView **old_views)
{
    GArray *tells = who_is_told();
    guint n = tells ? tells->len : 0;
    Tell *t = tells ? (Tell *)(void *)tells->data : NULL;

    for (guint i = 0; i < n; i++) {
        listeners_begin(t[i].as);
    }
    for (guint i = 0; i < n; i++) {
        listeners_tell_removed(t[i].as, t[i].old, t[i].new_, t[i].runs);
    }
    publish(old_views);
    move_spaces(spaces);
    for (guint i = 0; i < n; i++) {
        listeners_tell_added(t[i].as, t[i].old, t[i].new_, t[i].runs);
    }
    for (guint i = 0; i < n; i++) {
        listeners_commit(t[i].as);
    }
    if (tells) {
        g_array_free(tells, TRUE);
    }
}

static void clean_up(FlatView **old_views)
{
    for (guint i = 0; i < dirty_groups->len; i++) {
        ViewGroup *group = g_ptr_array_index(dirty_groups, i);

        group->queued = false;
        g_array_set_size(group->runs, 0);
        if (old_views[i]) {
            flatview_retire(old_views[i]);
        }
    }
    g_ptr_array_set_size(dirty_groups, 0);
    memory_events_changed = false;
}

static void commit_outermost(void)
{
    g_autofree FlatView **old_views = NULL;
    GPtrArray *spaces;

    recheck_steps();
    for (guint i = 0; i < to_resolve->len; i++) {
        resolve(g_ptr_array_index(to_resolve, i));
    }
    carry_records();
    if (!dirty_groups->len && !to_resolve->len) {
        return;
    }
    spaces = to_resolve;
    to_resolve = g_ptr_array_new();
    render_groups();
    old_views = g_new0(FlatView *, dirty_groups->len + 1);
    tell_and_publish(spaces, old_views);
    clean_up(old_views);
    g_ptr_array_free(spaces, TRUE);
}

void memory_region_transaction_begin(void)
{
    assert(bql_is_held());
    assert(!committing); /* listeners do not change the map */
    make_lists();
    depth++;
}

void memory_region_transaction_commit(void)
{
    assert(bql_is_held());
    assert(depth > 0);
    if (depth > 1) {
        depth--;
        return;
    }
    if (records->len || touched->len || to_resolve->len || everything_damaged) {
        coalesced_mmio_flush();
        committing = true;
        commit_outermost();
        committing = false;
    }
    depth--;
}

/* --- Address spaces come and go --------------------------------------------------- */

void address_space_init(AddressSpace *as, MemoryRegion *root, const char *name)
{
    struct AddressSpacePriv *priv = g_new0(struct AddressSpacePriv, 1);
    struct MemoryRegionTree *tree = region_tree(root);

    memory_region_transaction_begin();
    *as = (AddressSpace){
        .name = g_strdup(name), .root = root, .group = &empty_group, .priv = priv
    };
    priv->path = g_ptr_array_new();
    pthread_mutex_init(&priv->map_lock, NULL);
    empty_group.n_as++;
    priv->pprev = all_spaces_tail;
    *all_spaces_tail = as;
    all_spaces_tail = &priv->next;
    priv->root_next = tree->as_root;
    tree->as_root = as;
    tree->n_as_root++;
    alias_wake_children(root);
    address_space_resolve_later(as);
    memory_region_transaction_commit();
}

static void priv_free(struct AddressSpacePriv *priv)
{
    pthread_mutex_destroy(&priv->map_lock);
    g_ptr_array_free(priv->path, TRUE);
    g_free(priv->name);
    g_free(priv);
}

void address_space_destroy(AddressSpace *as)
{
    struct AddressSpacePriv *priv = as->priv;
    struct MemoryRegionTree *tree = as->root->tree;
    ViewGroup *old = as->group;

    assert(bql_is_held() && !committing);
    assert(!priv->listeners);
    alias_wake_children(as->root);
    forget_path(as);
    for (AddressSpace **p = &tree->as_root; *p; p = &(*p)->priv->root_next) {
        if (*p == as) {
            *p = priv->root_next;
            break;
        }
    }
    tree->n_as_root--;
    *priv->pprev = priv->next;
    if (priv->next) {
        priv->next->priv->pprev = priv->pprev;
    } else {
        all_spaces_tail = priv->pprev;
    }
    if (priv->to_resolve) {
        g_ptr_array_remove_fast(to_resolve, as);
    }
    /* Readers that still hold on to @as find nothing. */
    atomic_rcu_set(&as->group, &empty_group);
    group_unref(old);
    priv->name = as->name;
    as->name = NULL;
    as->root = NULL;
    call_rcu(priv, priv_free, rcu);
}
