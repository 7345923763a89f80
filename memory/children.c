/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The children of a container, twice: by precedence (higher priority first, then later
 * added first), and by address so that a small clip finds the few children it meets.
 *
 * The address index is an implicit balanced tree: the middle of a span of the sorted
 * array is its root, subtree_last[i] the largest end below it. The array is kept
 * sorted, the ends are filled in one linear pass when they are asked for after a
 * change, and small containers do without.
 */
#include "memory-internal.h"

#include "children-internal.h"

#include <stdlib.h>
#include <string.h>

#define INDEX_FROM 24

bool region_precedes(const MemoryRegion *a, const MemoryRegion *b)
{
    if (a->priority != b->priority) {
        return a->priority > b->priority;
    }
    return a->order > b->order;
}

bool region_extent(const MemoryRegion *mr, Span *extent)
{
    Int128 end = mr->addr + mr->size;

    if (mr->size == 0) {
        return false;
    }
    extent->lo = mr->addr;
    extent->last = end > SIZE_2_64 ? UINT64_MAX : (hwaddr)(end - 1);
    return true;
}

/* The end as the index has it: an empty region counts as its first byte. */
static hwaddr extent_last(const MemoryRegion *mr)
{
    Span extent;

    return region_extent(mr, &extent) ? extent.last : mr->addr;
}

/* First place in the index whose region begins at or after @addr. */
static unsigned index_place(const struct MemoryRegionTree *tree, hwaddr addr)
{
    unsigned lo = 0, hi = tree->n_children;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;

        if (tree->index[mid].start < addr) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static unsigned index_find(const struct MemoryRegionTree *tree, const MemoryRegion *sub)
{
    unsigned at = index_place(tree, sub->addr);

    while (tree->index[at].mr != sub) {
        at++;
    }
    return at;
}

static ChildIndex index_entry(MemoryRegion *sub)
{
    return (ChildIndex){ .mr = sub, .start = sub->addr, .last = extent_last(sub) };
}

/* Before n_children counts @sub. */
static void index_insert(struct MemoryRegionTree *tree, MemoryRegion *sub)
{
    unsigned at;

    if (!tree->index) {
        return;
    }
    if (tree->cap_index < tree->cap_children) {
        tree->cap_index = tree->cap_children;
        tree->index = g_renew(ChildIndex, tree->index, tree->cap_index);
    }
    at = index_place(tree, sub->addr);
    memmove(tree->index + at + 1, tree->index + at,
            (tree->n_children - at) * sizeof(ChildIndex));
    tree->index[at] = index_entry(sub);
    tree->index_stale = true;
}

/* While n_children still counts @sub. */
static void index_remove(struct MemoryRegionTree *tree, MemoryRegion *sub)
{
    unsigned at;

    if (!tree->index) {
        return;
    }
    at = index_find(tree, sub);
    memmove(tree->index + at, tree->index + at + 1,
            (tree->n_children - at - 1) * sizeof(ChildIndex));
    tree->index_stale = true;
}

void children_resized(struct MemoryRegionTree *tree, MemoryRegion *sub)
{
    if (tree->index) {
        tree->index[index_find(tree, sub)].last = extent_last(sub);
        tree->index_stale = true;
    }
}

void children_insert(struct MemoryRegionTree *tree, MemoryRegion *sub)
{
    unsigned lo = 0, hi = tree->n_children;

    if (tree->n_children == tree->cap_children) {
        tree->cap_children = MAX(4, 2 * tree->cap_children);
        tree->child = g_renew(MemoryRegion *, tree->child, tree->cap_children);
    }
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;

        if (region_precedes(tree->child[mid], sub)) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    memmove(tree->child + lo + 1, tree->child + lo,
            (tree->n_children - lo) * sizeof(MemoryRegion *));
    tree->child[lo] = sub;
    index_insert(tree, sub);
    tree->n_children++;
    tree->n_enabled += sub->enabled;
}

void children_remove(struct MemoryRegionTree *tree, MemoryRegion *sub)
{
    unsigned lo = 0, hi = tree->n_children;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;

        if (region_precedes(tree->child[mid], sub)) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    assert(lo < tree->n_children && tree->child[lo] == sub);
    index_remove(tree, sub);
    memmove(tree->child + lo, tree->child + lo + 1,
            (tree->n_children - lo - 1) * sizeof(MemoryRegion *));
    tree->n_children--;
    tree->n_enabled -= sub->enabled;
}

/* --- The address index ------------------------------------------------------------ */

static int compare_start(const void *a, const void *b)
{
    const ChildIndex *x = a, *y = b;

    return x->start < y->start ? -1 : x->start > y->start;
}

static hwaddr fill_subtree(ChildIndex *index, unsigned lo, unsigned hi)
{
    unsigned mid = (lo + hi) / 2;
    hwaddr last = index[mid].last, below;

    if (lo < mid) {
        below = fill_subtree(index, lo, mid);
        last = MAX(last, below);
    }
    if (mid + 1 < hi) {
        below = fill_subtree(index, mid + 1, hi);
        last = MAX(last, below);
    }
    index[mid].subtree_last = last;
    return last;
}

static void refresh_index(struct MemoryRegionTree *tree)
{
    if (!tree->index) {
        tree->cap_index = tree->cap_children;
        tree->index = g_new(ChildIndex, tree->cap_index);
        for (unsigned i = 0; i < tree->n_children; i++) {
            tree->index[i] = index_entry(tree->child[i]);
        }
        qsort(tree->index, tree->n_children, sizeof(ChildIndex), compare_start);
    }
    fill_subtree(tree->index, 0, tree->n_children);
    tree->index_stale = false;
}

static void collect(const struct MemoryRegionTree *tree, unsigned lo, unsigned hi,
                    Span clip, GPtrArray *out)
{
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        const ChildIndex *entry = &tree->index[mid];

        if (entry->subtree_last < clip.lo) {
            return;
        }
        collect(tree, lo, mid, clip, out);
        if (entry->start > clip.last) {
            return;
        }
        if (entry->last >= clip.lo && entry->mr->size) {
            g_ptr_array_add(out, entry->mr);
        }
        lo = mid + 1;
    }
}

static int compare_precedence(const void *a, const void *b)
{
    const MemoryRegion *x = *(MemoryRegion *const *)a, *y = *(MemoryRegion *const *)b;

    return region_precedes(x, y) ? -1 : region_precedes(y, x);
}

void region_children_in(MemoryRegion *mr, Span clip, GPtrArray *out)
{
    struct MemoryRegionTree *tree = mr->tree;

    if (!tree) {
        return;
    }
    if (tree->n_children < INDEX_FROM) {
        for (unsigned i = 0; i < tree->n_children; i++) {
            Span extent;

            if (region_extent(tree->child[i], &extent) && span_meets(extent, clip)) {
                g_ptr_array_add(out, tree->child[i]);
            }
        }
        return;
    }
    if (tree->index_stale || !tree->index) {
        refresh_index(tree);
    }
    collect(tree, 0, tree->n_children, clip, out);
    if (out->len > 1) {
        qsort(out->pdata, out->len, sizeof(gpointer), compare_precedence);
    }
}
