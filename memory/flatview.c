/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flat views: what a rendered root shows, as sorted disjoint ranges.
 *
 *   M1 A published view is never written.
 *   M2 Ranges are sorted, disjoint, non-empty, and no two neighbours could be merged.
 *
 * A view is a short index over chunks of up to CHUNK_RANGES ranges. An update keeps the
 * chunks that the damage does not touch and replaces runs of those that it does, so its
 * cost follows the damage and, weakly, the length of the index. A chunk belongs to the
 * span of addresses from its first range to the next chunk's first range: damage in a
 * hole dissolves the chunk before the hole.
 *
 * A chunk holds a reference on the owner of each region it names; the last view that
 * names the chunk drops it in its RCU callback, under the BQL (M5).
 */
#include "memory-internal.h"

#include "util/bql.h"

#include <string.h>

/* A run that shrank below this takes its neighbour in. */
#define CHUNK_MIN 4

/* --- Ranges -------------------------------------------------------------------------
 */

void range_vec_push(RangeVec *vec, const FlatRange *r)
{
    if (vec->n == vec->cap) {
        vec->cap = MAX(16, 2 * vec->cap);
        vec->r = g_renew(FlatRange, vec->r, vec->cap);
    }
    vec->r[vec->n++] = *r;
}

bool flat_range_same_place(const FlatRange *a, const FlatRange *b)
{
    return a->mr == b->mr && a->start == b->start && a->last == b->last &&
           a->offset == b->offset && a->readonly == b->readonly &&
           a->nonvolatile == b->nonvolatile && a->romd == b->romd;
}

bool flat_range_can_merge(const FlatRange *a, const FlatRange *b)
{
    return a->mr == b->mr && a->last + 1 == b->start &&
           a->offset + (b->start - a->start) == b->offset &&
           a->readonly == b->readonly && a->nonvolatile == b->nonvolatile &&
           a->romd == b->romd && a->log_mask == b->log_mask && !a->mr->unmergeable;
}

void range_vec_append(RangeVec *vec, const FlatRange *r)
{
    if (vec->n && flat_range_can_merge(&vec->r[vec->n - 1], r)) {
        vec->r[vec->n - 1].last = r->last;
    } else {
        range_vec_push(vec, r);
    }
}

void range_vec_free(RangeVec *vec)
{
    g_free(vec->r);
    *vec = (RangeVec){ 0 };
}

RangeIter range_iter(const FlatView *view, unsigned chunk_lo, unsigned chunk_hi)
{
    return (RangeIter){ .view = view, .chunk = chunk_lo, .chunk_end = chunk_hi };
}

RangeIter range_iter_all(const FlatView *view)
{
    return range_iter(view, 0, view->n_chunks);
}

const FlatRange *range_iter_get(const RangeIter *it)
{
    return it->chunk < it->chunk_end ? &it->view->chunk[it->chunk]->r[it->i] : NULL;
}

void range_iter_next(RangeIter *it)
{
    if (++it->i == it->view->chunk[it->chunk]->n) {
        it->i = 0;
        it->chunk++;
    }
}

/* --- Chunks -------------------------------------------------------------------------
 */

/* What keeps a region alive: its owner, or itself when it has none. */
static Object *keeper(const FlatRange *r)
{
    return r->mr->owner ? r->mr->owner : OBJECT(r->mr);
}

static FlatChunk *chunk_new(const FlatRange *r, unsigned n)
{
    FlatChunk *c =
        g_malloc(sizeof(FlatChunk) +
                 n * (sizeof(FlatRange) + sizeof(hwaddr) + sizeof(Object *)));

    c->n = n;
    c->n_keepers = 0;
    c->start = (hwaddr *)(void *)(c->r + n);
    c->keeper = (Object **)(void *)(c->start + n);
    memcpy(c->r, r, n * sizeof(FlatRange));
    for (unsigned i = 0; i < n; i++) {
        c->start[i] = r[i].start;
        if (i == 0 || keeper(&r[i]) != keeper(&r[i - 1])) {
            c->keeper[c->n_keepers++] = object_ref(keeper(&r[i]));
        }
    }
    return c;
}

static void chunk_free(FlatChunk *c)
{
    for (unsigned i = 0; i < c->n_keepers; i++) {
        object_unref(c->keeper[i]);
    }
    g_free(c);
}

/* --- Views --------------------------------------------------------------------------
 */

static uint64_t next_view_id; /* BQL; 0 is nobody's */

static FlatView *view_new(unsigned n_chunks)
{
    /* The arrays are for the caller to fill: with thousands of chunks clearing them
     * first was a third of a commit. */
    FlatView *view =
        g_malloc(sizeof(FlatView) + n_chunks * (sizeof(hwaddr) + sizeof(FlatChunk *)));

    *view = (FlatView){ .id = ++next_view_id, .n_chunks = n_chunks };
    view->chunk = (FlatChunk **)(void *)(view->first + n_chunks);
    return view;
}

FlatView *flatview_new_empty(unsigned slot)
{
    FlatView *view = view_new(0);

    view->slot = slot;
    return view;
}

/*
 * The views of a group follow one another, and are freed in that order (callbacks run
 * in the order in which they were queued). So each takes along what its successor has
 * not, the last one all it has, and nobody counts references: a commit beside
 * thousands of chunks touches only those that change. When a group ends, its last
 * view may be queued before the one that it has just superseded: both were queued after
 * the last reader could have found them, and the earlier one frees only its own.
 */
static void view_free(FlatView *view)
{
    FlatChunk **chunk = view->superseded ? view->dropped : view->chunk;
    unsigned n = view->superseded ? view->n_dropped : view->n_chunks;

    for (unsigned i = 0; i < n; i++) {
        chunk_free(chunk[i]);
    }
    g_free(view->dropped);
    g_free(view);
}

void flatview_retire(FlatView *view)
{
    call_rcu(view, view_free, rcu);
}

void flatview_check(const FlatView *view)
{
    const FlatRange *before = NULL;
    size_t n = 0;

    for (unsigned i = 0; i < view->n_chunks; i++) {
        const FlatChunk *c = view->chunk[i];

        assert(c->n > 0 && view->first[i] == c->start[0]);
        for (unsigned k = 0; k < c->n; k++) {
            const FlatRange *r = &c->r[k];

            assert(r->start <= r->last && c->start[k] == r->start); /* M2 */
            assert(!before || before->last < r->start);
            assert(!before || !flat_range_can_merge(before, r));
            before = r;
            n++;
        }
    }
    assert(n == view->n_ranges);
}

/* --- Update -------------------------------------------------------------------------
 */

/* The new view's chunks, and where each begins, while it is made. Kept from commit to
 * commit, since they are as many as the view has: BQL. */
static FlatChunk **new_chunk;
static hwaddr *new_first;
static unsigned new_cap;

typedef struct Update {
    const FlatView *old;
    MemoryRegion *root;
    const Span *damage;
    size_t n_damage, next_damage;
    unsigned n_chunks;  /* of the new view, so far */
    GPtrArray *dropped; /* FlatChunk *, of the old view */
    size_t n_ranges;
    GArray *runs;
    bool changed;
} Update;

static void make_room(Update *u, unsigned n)
{
    if (u->n_chunks + n > new_cap) {
        new_cap = (u->n_chunks + n) * 2;
        new_chunk = g_renew(FlatChunk *, new_chunk, new_cap);
        new_first = g_renew(hwaddr, new_first, new_cap);
    }
}

static Span territory(const FlatView *view, unsigned i)
{
    return (Span){ i == 0 ? 0 : view->first[i],
                   i + 1 < view->n_chunks ? view->first[i + 1] - 1 : UINT64_MAX };
}

static void push_chunks(Update *u, const RangeVec *vec)
{
    size_t n_chunks = (vec->n + CHUNK_RANGES - 1) / CHUNK_RANGES;

    make_room(u, (unsigned)n_chunks);
    for (size_t i = 0; i < n_chunks; i++) {
        size_t lo = vec->n * i / n_chunks, hi = vec->n * (i + 1) / n_chunks;

        new_first[u->n_chunks] = vec->r[lo].start;
        new_chunk[u->n_chunks++] = chunk_new(vec->r + lo, hi - lo);
    }
    u->n_ranges += vec->n;
}

static void keep_chunks(Update *u, unsigned lo, unsigned hi)
{
    make_room(u, hi - lo);
    memcpy(new_chunk + u->n_chunks, u->old->chunk + lo, (hi - lo) * sizeof(*new_chunk));
    memcpy(new_first + u->n_chunks, u->old->first + lo, (hi - lo) * sizeof(*new_first));
    u->n_chunks += hi - lo;
}

static void append_chunk_ranges(RangeVec *vec, const FlatChunk *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        range_vec_append(vec, &c->r[i]);
    }
}

/* Old ranges between the damage, fresh ones in it, for the chunks [lo, hi). */
static void render_run(Update *u, unsigned lo, unsigned hi, Span span, RangeVec *vec)
{
    RangeIter it = range_iter(u->old, lo, hi);
    size_t d = u->next_damage;
    hwaddr at = span.lo;

    for (;;) {
        bool more = d < u->n_damage && u->damage[d].lo <= span.last;
        hwaddr kept_last = more ? u->damage[d].lo - 1 : span.last;
        const FlatRange *r;

        /* Old ranges in [at, kept_last]; empty when damage begins at @at. */
        if (!more || u->damage[d].lo > at) {
            for (; (r = range_iter_get(&it)) && r->start <= kept_last;
                 range_iter_next(&it)) {
                FlatRange part = *r;
                hwaddr cut = part.start < at ? at - part.start : 0;

                if (part.last < at) {
                    continue;
                }
                part.start += cut;
                part.offset += cut;
                part.host = part.host ? part.host + cut : NULL;
                part.ram_addr += part.ram_addr == RAM_ADDR_INVALID ? 0 : cut;
                part.last = MIN(part.last, kept_last);
                range_vec_append(vec, &part);
                if (r->last > kept_last) {
                    break;
                }
            }
        }
        if (!more) {
            return;
        }
        Span clip = { MAX(u->damage[d].lo, span.lo),
                      MIN(u->damage[d].last, span.last) };
        RangeVec fresh = { 0 };

        render_span(u->root, clip, &fresh);
        for (size_t i = 0; i < fresh.n; i++) {
            range_vec_append(vec, &fresh.r[i]);
        }
        range_vec_free(&fresh);
        if (clip.last == span.last) {
            return;
        }
        at = clip.last + 1;
        d++;
    }
}

static bool run_is_unchanged(const Update *u, unsigned lo, unsigned hi,
                             const RangeVec *vec)
{
    RangeIter it = range_iter(u->old, lo, hi);
    size_t i = 0;

    for (const FlatRange *r; (r = range_iter_get(&it)); range_iter_next(&it), i++) {
        if (i == vec->n || !flat_range_same_place(r, &vec->r[i]) ||
            r->log_mask != vec->r[i].log_mask || r->host != vec->r[i].host) {
            return false;
        }
    }
    return i == vec->n;
}

/* Take chunk lo - 1 back, which was kept. */
static void take_left(Update *u, unsigned *lo, RangeVec *vec)
{
    RangeVec joined = { 0 };

    --*lo;
    append_chunk_ranges(&joined, u->old->chunk[*lo]);
    for (size_t i = 0; i < vec->n; i++) {
        range_vec_append(&joined, &vec->r[i]);
    }
    range_vec_free(vec);
    *vec = joined;
    u->n_chunks--;
}

/* Neighbours that merge at the seam, or that a small run should not stand beside. */
static void widen_run(Update *u, unsigned *lo, unsigned *hi, RangeVec *vec)
{
    const FlatView *old = u->old;
    bool left_kept =
        *lo > 0 && u->n_chunks && new_chunk[u->n_chunks - 1] == old->chunk[*lo - 1];

    if (left_kept && vec->n) {
        const FlatChunk *c = old->chunk[*lo - 1];

        if (flat_range_can_merge(&c->r[c->n - 1], &vec->r[0]) ||
            (vec->n < CHUNK_MIN && c->n < CHUNK_RANGES)) {
            take_left(u, lo, vec);
        }
    }
    if (*hi < old->n_chunks && vec->n) {
        const FlatChunk *c = old->chunk[*hi];

        if (flat_range_can_merge(&vec->r[vec->n - 1], &c->r[0]) ||
            (vec->n < CHUNK_MIN && c->n < CHUNK_RANGES)) {
            append_chunk_ranges(vec, c);
            ++*hi;
        }
    }
}

/*
 * Re-render the chunks [lo, hi), which all meet damage while chunk hi does not. Returns
 * where to go on. A widened run never swallows damage: its neighbours have none, or
 * have been dealt with.
 */
static unsigned update_run(Update *u, unsigned lo, unsigned hi, Span span)
{
    RangeVec vec = { 0 };

    render_run(u, lo, hi, span, &vec);
    if (run_is_unchanged(u, lo, hi, &vec)) {
        keep_chunks(u, lo, hi);
        range_vec_free(&vec);
        return hi;
    }
    widen_run(u, &lo, &hi, &vec);
    ViewRun run = { lo, hi, u->n_chunks, 0 };
    for (unsigned i = lo; i < hi; i++) {
        g_ptr_array_add(u->dropped, u->old->chunk[i]);
        u->n_ranges -= u->old->chunk[i]->n;
    }
    push_chunks(u, &vec);
    run.new_hi = u->n_chunks;
    g_array_append_val(u->runs, run);
    u->changed = true;
    range_vec_free(&vec);
    return hi;
}

/* The old view gives what it alone has into its own care. */
static FlatView *finish(Update *u, FlatView *old)
{
    FlatView *view = view_new(u->n_chunks);

    memcpy(view->chunk, new_chunk, u->n_chunks * sizeof(*new_chunk));
    memcpy(view->first, new_first, u->n_chunks * sizeof(*new_first));
    view->n_ranges = u->n_ranges;
    view->slot = old->slot;
    old->superseded = true;
    old->n_dropped = u->dropped->len;
    old->dropped = (FlatChunk **)g_ptr_array_free(u->dropped, FALSE);
#ifndef NDEBUG
    if (view->n_ranges <= CHUNK_RANGES) {
        flatview_check(view);
    }
#endif
    return view;
}

static bool damage_meets(Update *u, Span span)
{
    while (u->next_damage < u->n_damage && u->damage[u->next_damage].last < span.lo) {
        u->next_damage++;
    }
    return u->next_damage < u->n_damage && u->damage[u->next_damage].lo <= span.last;
}

/* The first chunk from @i on whose territory damage may meet. */
static unsigned skip_undamaged(const Update *u, unsigned i)
{
    const FlatView *old = u->old;
    unsigned lo = i, hi = old->n_chunks;

    if (u->next_damage == u->n_damage) {
        return hi;
    }
    /* The last chunk that begins at or before the damage has it in its territory. */
    while (lo + 1 < hi) {
        unsigned mid = lo + (hi - lo) / 2;

        if (old->first[mid] <= u->damage[u->next_damage].lo) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return lo;
}

FlatView *flatview_update(FlatView *old, MemoryRegion *root, const Span *damage,
                          size_t n_damage, GArray *runs)
{
    Update u = { .old = old,
                 .root = root,
                 .damage = damage,
                 .n_damage = n_damage,
                 .n_ranges = old->n_ranges,
                 .dropped = g_ptr_array_new(),
                 .runs = runs };
    FlatView *view = NULL;

    assert(bql_is_held());
    make_room(&u, old->n_chunks + 4);
    if (old->n_chunks == 0) {
        update_run(&u, 0, 0, SPAN_ALL);
    }
    for (unsigned i = 0; i < old->n_chunks;) {
        Span span = territory(old, i);

        if (!damage_meets(&u, span)) {
            unsigned next = MAX(skip_undamaged(&u, i), i + 1);

            keep_chunks(&u, i, next);
            i = next;
            continue;
        }
        unsigned hi = i + 1;
        size_t d = u.next_damage;

        for (; hi < old->n_chunks; hi++) {
            Span next = territory(old, hi);

            while (d < n_damage && damage[d].last < next.lo) {
                d++;
            }
            if (d == n_damage || damage[d].lo > next.last) {
                break;
            }
            span.last = next.last;
        }
        i = update_run(&u, i, hi, span);
    }
    if (u.changed) {
        view = finish(&u, old);
    } else {
        g_ptr_array_free(u.dropped, TRUE);
    }
    return view;
}

/* --- Lookup -------------------------------------------------------------------------
 */

/* Index of the last element not above @addr; 0 if there is none. Without branches on
 * the data, since a lookup's outcome is unpredictable. */
static inline unsigned search(const hwaddr *start, unsigned n, hwaddr addr)
{
    const hwaddr *base = start;

    while (n > 1) {
        unsigned half = n / 2;

        base += base[half] <= addr ? half : 0;
        n -= half;
    }
    return base - start;
}

#define LAST_HITS 4
static __thread struct {
    uint64_t view_id;
    const FlatRange *r;
} last_hit[LAST_HITS];

const FlatRange *flatview_find(const FlatView *view, hwaddr addr)
{
    unsigned slot = view->slot % LAST_HITS;
    const FlatRange *r = last_hit[slot].r;

    /* The id is compared first: r may be gone if it was another view's. */
    if (last_hit[slot].view_id == view->id && addr >= r->start && addr <= r->last) {
        return r;
    }
    if (view->n_chunks == 0) {
        return NULL;
    }
    const FlatChunk *c = view->chunk[search(view->first, view->n_chunks, addr)];
    r = &c->r[search(c->start, c->n, addr)];
    if (addr < r->start || addr > r->last) {
        return NULL;
    }
    last_hit[slot].view_id = view->id;
    last_hit[slot].r = r;
    return r;
}
