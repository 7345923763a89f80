/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The children of a container, twice: by precedence (higher priority first, then later
 * added first), and by address so that a small clip finds the few children it meets.
 *
 * The address index is an implicit balanced tree: the middle of a span of the sorted
 * array is its root, subtree_last[i] the largest end below it. It is rebuilt in one
 * linear pass when it is asked for after a change, and small containers do without.
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
    tree->n_children++;
    tree->n_enabled += sub->enabled;
    tree->index_stale = true;
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
    memmove(tree->child + lo, tree->child + lo + 1,
            (tree->n_children - lo - 1) * sizeof(MemoryRegion *));
    tree->n_children--;
    tree->n_enabled -= sub->enabled;
    tree->index_stale = true;
}

/* --- The address index
 * ---------------------------------------------------------------- */

static int compare_start(const void *a, const void *b)
{
    const MemoryRegion *x = *(MemoryRegion *const *)a, *y = *(MemoryRegion *const *)b;

    return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static hwaddr fill_subtree(struct MemoryRegionTree *tree, unsigned lo, unsigned hi)
{
    unsigned mid = (lo + hi) / 2;
    hwaddr last;

    if (lo == hi) {
        return 0;
    }
    last = extent_last(tree->by_start[mid]);
    last = MAX(last, fill_subtree(tree, lo, mid));
    last = MAX(last, fill_subtree(tree, mid + 1, hi));
    tree->subtree_last[mid] = last;
    return last;
}

static void rebuild_index(struct MemoryRegionTree *tree)
{
    tree->by_start = g_renew(MemoryRegion *, tree->by_start, tree->cap_children);
    tree->subtree_last = g_renew(hwaddr, tree->subtree_last, tree->cap_children);
    memcpy(tree->by_start, tree->child, tree->n_children * sizeof(MemoryRegion *));
    qsort(tree->by_start, tree->n_children, sizeof(MemoryRegion *), compare_start);
    fill_subtree(tree, 0, tree->n_children);
    tree->index_stale = false;
}

static void collect(const struct MemoryRegionTree *tree, unsigned lo, unsigned hi,
                    Span clip, GPtrArray *out)
{
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        Span extent;

        if (tree->subtree_last[mid] < clip.lo) {
            return;
        }
        collect(tree, lo, mid, clip, out);
        if (tree->by_start[mid]->addr > clip.last) {
            return;
        }
        if (region_extent(tree->by_start[mid], &extent) && span_meets(extent, clip)) {
            g_ptr_array_add(out, tree->by_start[mid]);
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
    if (tree->index_stale) {
        rebuild_index(tree);
    }
    collect(tree, 0, tree->n_children, clip, out);
    if (out->len > 1) {
        qsort(out->pdata, out->len, sizeof(gpointer), compare_precedence);
    }
}
