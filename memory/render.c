/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rendering: from the tree to sorted ranges, inside a clip.
 *
 * A region shows, in this order of precedence: if it is an alias, the part of its
 * target that its window covers and nothing else; its children from the first to the
 * last in precedence; itself where no child answered, if it answers at all. All of it
 * clipped to its own extent and to those of its ancestors. Read-only and non-volatile
 * are inherited.
 *
 * Children fill gaps: what a child leaves open inside its extent remains open for the
 * next. Where children do not overlap, which is the common case for thousands of BARs,
 * they are rendered by address and no gaps are kept.
 */
#include "memory-internal.h"

#include "ram-internal.h"

#include <stdlib.h>
#include <string.h>

/* A loop of aliases is our bug. */
#define MAX_DEPTH 128

typedef struct Render {
    RangeVec *out;
    bool readonly, nonvolatile;
    unsigned depth;
} Render;

typedef struct Gaps {
    Span *span;
    size_t n, cap;
} Gaps;

static void render_region(Render r, MemoryRegion *mr, Offset128 base, Span clip);

static void gaps_replace(Gaps *gaps, size_t at, const Span *with, size_t n)
{
    if (gaps->n + n > gaps->cap) {
        gaps->cap = MAX(2 * gaps->cap, gaps->n + n + 8);
        gaps->span = g_renew(Span, gaps->span, gaps->cap);
    }
    memmove(gaps->span + at + n, gaps->span + at + 1,
            (gaps->n - at - 1) * sizeof(Span));
    if (n) {
        memcpy(gaps->span + at, with, n * sizeof(Span));
    }
    gaps->n += n - 1;
}

/* First gap that ends at or after @addr. */
static size_t gaps_find(const Gaps *gaps, hwaddr addr)
{
    size_t lo = 0, hi = gaps->n;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (gaps->span[mid].last < addr) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* What the sorted ranges from @from on leave of @whole; returns how many spans. */
static size_t subtract(Span whole, const RangeVec *vec, size_t from, GArray *left)
{
    hwaddr next = whole.lo;

    g_array_set_size(left, 0);
    for (size_t i = from; i < vec->n; i++) {
        if (vec->r[i].start > next) {
            Span s = { next, vec->r[i].start - 1 };

            g_array_append_val(left, s);
        }
        if (vec->r[i].last == whole.last) {
            return left->len;
        }
        next = vec->r[i].last + 1;
    }
    Span rest = { next, whole.last };
    g_array_append_val(left, rest);
    return left->len;
}

static void emit(const Render *r, MemoryRegion *mr, Offset128 base, Span span)
{
    FlatRange range = {
        .mr = mr,
        .start = span.lo,
        .last = span.last,
        .offset = (hwaddr)((Offset128)span.lo - base),
        .log_mask = region_log_mask(mr),
        .readonly = r->readonly,
        .nonvolatile = r->nonvolatile,
        .romd = mr->romd_mode,
        .ram_addr = RAM_ADDR_INVALID,
    };

    if (mr->ram_block && (mr->ram || mr->romd_mode) && !mr->ram_device) {
        range.host = mr->ram_block->host + range.offset;
    }
    if (mr->ram_block) {
        range.ram_addr = mr->ram_block->offset + range.offset;
    }
    range_vec_append(r->out, &range);
}

/* Where @child lies in the view; false when it misses @clip. */
static bool place_child(const MemoryRegion *child, Offset128 base, Span clip,
                        Offset128 *child_base, Span *part)
{
    Offset128 lo = base + child->addr, end = lo + (Offset128)child->size;

    *child_base = lo;
    lo = MAX(lo, (Offset128)clip.lo);
    end = MIN(end, (Offset128)clip.last + 1);
    if (lo >= end) {
        return false;
    }
    *part = (Span){ (hwaddr)lo, (hwaddr)(end - 1) };
    return true;
}

static int compare_addr(const void *a, const void *b)
{
    const MemoryRegion *x = *(MemoryRegion *const *)a, *y = *(MemoryRegion *const *)b;

    return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Sort @list by address if that is possible without losing precedence. */
static bool sort_if_disjoint(GPtrArray *list)
{
    gpointer few[8];
    g_autofree gpointer *many = NULL;
    gpointer *copy = few;
    Span before, extent;

    if (list->len > G_N_ELEMENTS(few)) {
        copy = many = g_new(gpointer, list->len);
    }
    memcpy(copy, list->pdata, list->len * sizeof(gpointer));
    qsort(copy, list->len, sizeof(gpointer), compare_addr);
    for (guint i = 1; i < list->len; i++) {
        region_extent(copy[i - 1], &before);
        region_extent(copy[i], &extent);
        if (before.last >= extent.lo) {
            return false;
        }
    }
    memcpy(list->pdata, copy, list->len * sizeof(gpointer));
    return true;
}

/* The rest of a container: one that answers itself fills the gaps. */
static void fill_self(const Render *r, MemoryRegion *mr, Offset128 base, Gaps *gaps)
{
    if (mr->terminates) {
        for (size_t i = 0; i < gaps->n; i++) {
            emit(r, mr, base, gaps->span[i]);
        }
    }
}

static int compare_range(const void *a, const void *b)
{
    const FlatRange *x = a, *y = b;

    return x->start < y->start ? -1 : x->start > y->start;
}

/* Sort what was appended since @from and merge neighbours. */
static void put_in_order(RangeVec *vec, size_t from)
{
    size_t n = from;
    bool sorted = true;

    for (size_t i = from + 1; i < vec->n && sorted; i++) {
        sorted = vec->r[i - 1].start < vec->r[i].start;
    }
    if (!sorted) {
        qsort(vec->r + from, vec->n - from, sizeof(FlatRange), compare_range);
    }
    for (size_t i = from; i < vec->n; i++) {
        if (n > from && flat_range_can_merge(&vec->r[n - 1], &vec->r[i])) {
            vec->r[n - 1].last = vec->r[i].last;
        } else {
            vec->r[n++] = vec->r[i];
        }
    }
    vec->n = n;
}

static void render_overlapping(Render r, MemoryRegion *mr, Offset128 base, Span clip,
                               GPtrArray *list)
{
    g_autoptr(GArray) left = g_array_new(FALSE, FALSE, sizeof(Span));
    Gaps gaps = { 0 };
    RangeVec tmp = { 0 };
    RangeVec *out = r.out;
    size_t from = out->n;

    gaps.cap = 16;
    gaps.span = g_new(Span, gaps.cap);
    gaps.span[gaps.n++] = clip;
    r.out = &tmp;
    for (guint i = 0; i < list->len && gaps.n; i++) {
        MemoryRegion *child = g_ptr_array_index(list, i);
        Offset128 child_base;
        Span part;

        if (!place_child(child, base, clip, &child_base, &part)) {
            continue;
        }
        for (size_t g = gaps_find(&gaps, part.lo);
             g < gaps.n && gaps.span[g].lo <= part.last;) {
            Span gap = gaps.span[g];

            tmp.n = 0;
            render_region(r, child, child_base,
                          (Span){ MAX(gap.lo, part.lo), MIN(gap.last, part.last) });
            if (tmp.n == 0) {
                g++;
                continue;
            }
            for (size_t k = 0; k < tmp.n; k++) {
                range_vec_push(out, &tmp.r[k]);
            }
            subtract(gap, &tmp, 0, left);
            gaps_replace(&gaps, g, (Span *)(void *)left->data, left->len);
            g += left->len;
        }
    }
    r.out = out;
    if (mr->terminates) {
        r.out = &tmp;
        tmp.n = 0;
        fill_self(&r, mr, base, &gaps);
        for (size_t k = 0; k < tmp.n; k++) {
            range_vec_push(out, &tmp.r[k]);
        }
    }
    put_in_order(out, from);
    range_vec_free(&tmp);
    g_free(gaps.span);
}

static void keep_enabled(GPtrArray *list)
{
    guint n = 0;

    for (guint i = 0; i < list->len; i++) {
        MemoryRegion *child = g_ptr_array_index(list, i);

        if (child->enabled) {
            list->pdata[n++] = child;
        }
    }
    g_ptr_array_set_size(list, n);
}

static void render_children(Render r, MemoryRegion *mr, Offset128 base, Span clip)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    Span own = { (hwaddr)((Offset128)clip.lo - base),
                 (hwaddr)((Offset128)clip.last - base) };

    region_children_in(mr, own, list);
    keep_enabled(list);
    if (list->len == 0) {
        if (mr->terminates) {
            emit(&r, mr, base, clip);
        }
        return;
    }
    if (mr->terminates || !sort_if_disjoint(list)) {
        render_overlapping(r, mr, base, clip, list);
        return;
    }
    for (guint i = 0; i < list->len; i++) {
        MemoryRegion *child = g_ptr_array_index(list, i);
        Offset128 child_base;
        Span part;

        if (place_child(child, base, clip, &child_base, &part)) {
            render_region(r, child, child_base, part);
        }
    }
}

static void render_region(Render r, MemoryRegion *mr, Offset128 base, Span clip)
{
    Offset128 lo = MAX(base, (Offset128)clip.lo);
    Offset128 end = MIN(base + (Offset128)mr->size, (Offset128)clip.last + 1);

    assert(r.depth < MAX_DEPTH);
    r.depth++;
    if (!mr->enabled || lo >= end) {
        return;
    }
    clip = (Span){ (hwaddr)lo, (hwaddr)(end - 1) };
    r.readonly |= mr->readonly;
    r.nonvolatile |= mr->nonvolatile;
    if (mr->alias) {
        render_region(r, mr->alias, base - (Offset128)mr->alias_offset, clip);
    } else if (mr->tree && mr->tree->n_children) {
        render_children(r, mr, base, clip);
    } else if (mr->terminates) {
        emit(&r, mr, base, clip);
    }
}

void render_span(MemoryRegion *root, Span clip, RangeVec *out)
{
    Render r = { .out = out };

    if (root) {
        size_t from = out->n;

        render_region(r, root, 0, clip);
        put_in_order(out, from);
    }
}
