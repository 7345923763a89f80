/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `info mtree`: the region trees, the flat views with their dispatch layout, and why an
 * address is answered by whom. The only place that knows the text format, which scripts
 * parse; docs/memory-model.md has examples.
 */
#include "mtree-internal.h"

#include "explain-internal.h"
#include "qapi/command.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of(const MemoryRegion *mr)
{
    return mr->name ? mr->name : "(null)";
}

/* An alias has its target's type. */
static const char *type_of(const MemoryRegion *mr)
{
    while (mr->alias) {
        mr = mr->alias;
    }
    if (mr->ram_device) {
        return "ramd";
    }
    if (mr->rom_device) {
        return mr->romd_mode ? "romd" : "i/o";
    }
    if (mr->ram) {
        return mr->readonly ? "rom" : "ram";
    }
    return "i/o";
}

/* --- Owners -------------------------------------------------------------------------
 */

static void print_object(HmpOut *out, const char *label, Object *obj)
{
    g_autofree char *path = object_get_canonical_path(obj);
    bool is_dev = object_find_cast(obj, "device") != NULL;

    if (is_dev && path && g_str_has_prefix(path, "/machine/peripheral/")) {
        hmp_printf(out, " %s:{dev id=%s}", label, strrchr(path, '/') + 1);
    } else {
        hmp_printf(out, " %s:{%s path=%s}", label, is_dev ? "dev" : "obj",
                   path ? path : "(none)");
    }
}

static void print_owner(HmpOut *out, const MemoryRegion *mr)
{
    if (mr->owner) {
        print_object(out, "owner", mr->owner);
    } else if (mr->parent_obj.parent) {
        print_object(out, "parent", mr->parent_obj.parent);
    } else {
        hmp_puts(out, " orphan");
    }
}

/* --- Trees --------------------------------------------------------------------------
 */

typedef struct Listing {
    HmpOut *out;
    MtreeFlags flags;
    GPtrArray *targets; /* of aliases, in order of first meeting */
} Listing;

static int compare_siblings(const void *a, const void *b)
{
    const MemoryRegion *x = *(MemoryRegion *const *)a, *y = *(MemoryRegion *const *)b;

    if (x->addr != y->addr) {
        return x->addr < y->addr ? -1 : 1;
    }
    return region_precedes(x, y) ? -1 : 1;
}

static void print_line(Listing *l, const MemoryRegion *mr, unsigned level, hwaddr base,
                       hwaddr start)
{
    hwaddr last = start + (mr->size ? (hwaddr)(mr->size - 1) : 0);

    if (!mr->enabled && !(l->flags & MTREE_DISABLED)) {
        return;
    }
    hmp_printf(l->out, "%*s", 2 * (int)level, "");
    if (start < base || last < start) {
        hmp_puts(l->out, "[DETECTED OVERFLOW!] ");
    }
    hmp_printf(l->out, "%016" PRIx64 "-%016" PRIx64 " (prio %d, %s%s): ", start, last,
               mr->priority, mr->nonvolatile ? "nv-" : "", type_of(mr));
    if (mr->alias) {
        hmp_printf(l->out, "alias %s @%s %016" PRIx64 "-%016" PRIx64, name_of(mr),
                   name_of(mr->alias), mr->alias_offset,
                   mr->alias_offset + (mr->size ? (hwaddr)(mr->size - 1) : 0));
    } else {
        hmp_puts(l->out, name_of(mr));
    }
    hmp_puts(l->out, mr->enabled ? "" : " [disabled]");
    if (l->flags & MTREE_OWNER) {
        print_owner(l->out, mr);
    }
    hmp_puts(l->out, "\n");
}

static void print_region(Listing *l, const MemoryRegion *mr, unsigned level,
                         hwaddr base)
{
    const struct MemoryRegionTree *tree = mr->tree;
    hwaddr start = base + mr->addr;

    if (mr->alias && !g_ptr_array_find(l->targets, mr->alias, NULL)) {
        g_ptr_array_add(l->targets, mr->alias);
    }
    print_line(l, mr, level, base, start);
    if (mr->alias || !tree || !tree->n_children) {
        return;
    }
    g_autofree MemoryRegion **sorted =
        g_memdup2(tree->child, tree->n_children * sizeof(MemoryRegion *));

    qsort(sorted, tree->n_children, sizeof(MemoryRegion *), compare_siblings);
    for (unsigned i = 0; i < tree->n_children; i++) {
        print_region(l, sorted[i], level + 1, start);
    }
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp((*(AddressSpace *const *)a)->name, (*(AddressSpace *const *)b)->name);
}

/* One block for the address spaces with @as's root, if @as is the first of them. */
static void print_spaces(Listing *l, AddressSpace *as)
{
    g_autoptr(GPtrArray) same = g_ptr_array_new();

    for (AddressSpace *other = address_space_list(); other; other = other->priv->next) {
        if (other->root != as->root) {
            continue;
        }
        if (same->len == 0 && other != as) {
            return;
        }
        g_ptr_array_add(same, other);
    }
    g_ptr_array_sort(same, compare_names);
    for (guint i = 0; i < same->len; i++) {
        AddressSpace *other = g_ptr_array_index(same, i);

        hmp_printf(l->out, "address-space: %s\n", other->name);
    }
    print_region(l, as->root, 1, 0);
    hmp_puts(l->out, "\n");
}

void mtree_print_trees(HmpOut *out, MtreeFlags flags)
{
    g_autoptr(GPtrArray) targets = g_ptr_array_new();
    Listing l = { out, flags, targets };

    for (AddressSpace *as = address_space_list(); as; as = as->priv->next) {
        print_spaces(&l, as);
    }
    for (guint i = 0; i < targets->len; i++) {
        const MemoryRegion *mr = g_ptr_array_index(targets, i);

        hmp_printf(out, "memory-region: %s\n", name_of(mr));
        print_region(&l, mr, 1, 0);
        hmp_puts(out, "\n");
    }
}

/* --- Flat views ---------------------------------------------------------------------
 */

static const char *accel_name; /* BQL; set at start */
static bool (*accel_maps)(AddressSpace *as, hwaddr addr);

void memory_set_accel_maps_hook(const char *name,
                                bool (*maps)(AddressSpace *as, hwaddr addr))
{
    accel_name = name;
    accel_maps = maps;
}

/* @group may be NULL. */
static bool is_mapped_by_accel(const ViewGroup *group, const FlatRange *r)
{
    for (AddressSpace *as = address_space_list(); as && group && accel_maps;
         as = as->priv->next) {
        if (as->group == group && accel_maps(as, r->start)) {
            return true;
        }
    }
    return false;
}

static void print_range(HmpOut *out, const ViewGroup *group, const FlatRange *r,
                        MtreeFlags flags)
{
    hmp_printf(out, "  %016" PRIx64 "-%016" PRIx64 " (prio %d, %s%s): %s", r->start,
               r->last, r->mr->priority, r->nonvolatile ? "nv-" : "",
               r->readonly ? "rom" : type_of(r->mr), name_of(r->mr));
    if (r->offset) {
        hmp_printf(out, " @%016" PRIx64, r->offset);
    }
    if (flags & MTREE_OWNER) {
        print_owner(out, r->mr);
    }
    if (is_mapped_by_accel(group, r)) {
        hmp_printf(out, " %s", accel_name);
    }
    hmp_puts(out, "\n");
}

static void print_view(HmpOut *out, const ViewGroup *group, unsigned number,
                       MtreeFlags flags)
{
    hmp_printf(out, "FlatView #%u\n", number);
    for (AddressSpace *as = address_space_list(); as; as = as->priv->next) {
        if (as->group != group) {
            continue;
        }
        hmp_printf(out, " AS \"%s\", root: %s", as->name, name_of(as->root));
        if (as->root->alias) {
            hmp_printf(out, ", alias %s", name_of(as->root->alias));
        }
        hmp_puts(out, "\n");
    }
    hmp_printf(out, " Root memory region: %s\n",
               group->root ? name_of(group->root) : "(none)");
    if (!group->view->n_ranges) {
        hmp_puts(out, "  No rendered FlatView\n\n");
        return;
    }
    for (RangeIter it = range_iter_all(group->view); range_iter_get(&it);
         range_iter_next(&it)) {
        print_range(out, group, range_iter_get(&it), flags);
    }
    if (flags & MTREE_DISPATCH) {
        mtree_print_dispatch(out, group->view, group->root);
    }
    hmp_puts(out, "\n");
}

void mtree_print_views(HmpOut *out, MtreeFlags flags)
{
    g_autoptr(GPtrArray) seen = g_ptr_array_new();

    for (AddressSpace *as = address_space_list(); as; as = as->priv->next) {
        if (!g_ptr_array_find(seen, as->group, NULL)) {
            print_view(out, as->group, seen->len, flags);
            g_ptr_array_add(seen, as->group);
        }
    }
}

/* --- One address --------------------------------------------------------------------
 */

typedef struct Explanation {
    HmpOut *out;
    ExplainStep *winner; /* the way to who answers */
    unsigned winner_depth;
    unsigned hidden;
} Explanation;

static void print_path(HmpOut *out, const ExplainStep *path, unsigned depth)
{
    for (unsigned i = 0; i < depth; i++) {
        const MemoryRegion *mr = path[i].mr;

        hmp_printf(out, "%s%s", i ? " > " : "", name_of(mr));
        if (mr->alias) {
            hmp_puts(out, " (alias)");
        }
        if (i + 1 == depth || mr->readonly) {
            hmp_printf(out, "%s", mr->readonly && i + 1 < depth ? " [read-only]" : "");
        }
    }
    hmp_puts(out, "\n");
}

/* Where two ways part: the sibling or the descendant that decided. */
static void print_reason(Explanation *e, const ExplainStep *path, unsigned depth)
{
    unsigned i = 0;

    while (i < depth && i < e->winner_depth && path[i].mr == e->winner[i].mr) {
        i++;
    }
    if (i == depth) {
        hmp_printf(e->out, "    its own child %s answers first\n",
                   name_of(e->winner[i].mr));
    } else if (i < e->winner_depth) {
        const MemoryRegion *won = e->winner[i].mr, *lost = path[i].mr;

        hmp_printf(e->out, "    in %s, %s (prio %d) hides %s (prio %d)%s\n",
                   name_of(path[i - 1].mr), name_of(won), won->priority, name_of(lost),
                   lost->priority,
                   won->priority == lost->priority ? ": added later" : "");
    } else {
        hmp_printf(e->out, "    below %s, which answers by itself\n",
                   name_of(e->winner[e->winner_depth - 1].mr));
    }
}

static void print_candidate(void *opaque, const Answer *a, bool wins,
                            const ExplainStep *path, unsigned depth)
{
    Explanation *e = opaque;

    if (wins) {
        e->winner = g_memdup2(path, depth * sizeof(*path));
        e->winner_depth = depth;
        hmp_puts(e->out, "  way: ");
        print_path(e->out, path, depth);
        return;
    }
    if (e->hidden++ == 0) {
        hmp_puts(e->out, "  hidden:\n");
    }
    hmp_printf(e->out, "   %s @%016" PRIx64 " (%s), by way of ", name_of(a->mr),
               a->offset, a->readonly ? "rom" : type_of(a->mr));
    print_path(e->out, path, depth);
    print_reason(e, path, depth);
}

void mtree_explain(HmpOut *out, AddressSpace *as, hwaddr addr)
{
    const FlatRange *r = flatview_find(as->group->view, addr);
    Explanation e = { .out = out };

    hmp_printf(out, "address-space: %s, address %016" PRIx64 "\n", as->name, addr);
    if (r) {
        hmp_puts(out, "  range:\n  ");
        print_range(out, NULL, r, MTREE_OWNER);
    } else {
        hmp_puts(out, "  nothing answers\n");
    }
    explain_address(as->root, addr, NULL, print_candidate, &e);
    g_free(e.winner);
}

/* --- The command --------------------------------------------------------------------
 */

static void hmp_info_mtree(HmpOut *out, HmpArgs *args)
{
    MtreeFlags flags = (hmp_arg_flag(args, "owner") ? MTREE_OWNER : 0) |
                       (hmp_arg_flag(args, "disabled") ? MTREE_DISABLED : 0) |
                       (hmp_arg_flag(args, "dispatch_tree") ? MTREE_DISPATCH : 0);

    if (hmp_arg_flag(args, "explain")) {
        if (!hmp_arg_has(args, "addr")) {
            hmp_puts(out, "an address is needed\n");
            return;
        }
        mtree_explain(out, &address_space_memory, (hwaddr)hmp_arg_int(args, "addr", 0));
    } else if (hmp_arg_flag(args, "flatview")) {
        mtree_print_views(out, flags);
    } else {
        mtree_print_trees(out, flags);
    }
}
HMP_INFO("mtree",
         "flatview:-f,dispatch_tree:-d,owner:-o,disabled:-D,explain:-p,addr:l?",
         "[-f][-d][-o][-D] | -p addr",
         "show memory tree (-f: dump flat view for address spaces;-d: dump dispatch "
         "tree, valid with -f only);-o: dump region owners/parents;-D: dump disabled "
         "regions;-p: explain who answers at an address",
         hmp_info_mtree);
