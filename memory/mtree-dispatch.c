/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dispatch layout of `info mtree -f -d`: sections, and a radix tree of pages with 9
 * bits a level, in which chains of one-child nodes are skipped. Nothing looks anything
 * up in it; it is built from the sorted ranges to be printed.
 *
 * A page that one range covers belongs to a section of that range. A page shared by
 * several, or covered in part, gets a section without a name, placed before the
 * sections of its pieces.
 */
#include "mtree-internal.h"

#define LEVEL_BITS 9
#define LEVEL_SIZE (1u << LEVEL_BITS)
#define LEVELS     6
#define NIL        UINT32_MAX

typedef struct Entry {
    uint32_t skip; /* levels to the node ptr names; 0: ptr is a section */
    uint32_t ptr;
} Entry;

typedef struct Section {
    hwaddr start, last;
    const MemoryRegion *mr; /* NULL: no name */
} Section;

typedef struct Radix {
    GArray *sections; /* Section */
    GArray *nodes;    /* Entry, LEVEL_SIZE each */
    Entry top;
    hwaddr shared_page; /* of the last section without a name */
    bool has_shared;
} Radix;

static Entry *node_at(Radix *x, uint32_t node)
{
    return &g_array_index(x->nodes, Entry, (size_t)node * LEVEL_SIZE);
}

static uint32_t new_node(Radix *x, bool leaf)
{
    uint32_t node = x->nodes->len / LEVEL_SIZE;

    g_array_set_size(x->nodes, x->nodes->len + LEVEL_SIZE);
    for (unsigned i = 0; i < LEVEL_SIZE; i++) {
        /* What a bottom node does not say is section 0: unassigned. */
        node_at(x, node)[i] = leaf ? (Entry){ 0, 0 } : (Entry){ 1, NIL };
    }
    return node;
}

/* Put @section into pages [*page, *page + *n) as far as node @node at @level goes. */
static void fill(Radix *x, uint32_t node, unsigned level, uint64_t *page, uint64_t *n,
                 uint32_t section)
{
    uint64_t step = (uint64_t)1 << (level * LEVEL_BITS);
    unsigned i = (*page >> (level * LEVEL_BITS)) & (LEVEL_SIZE - 1);

    for (; *n && i < LEVEL_SIZE; i++) {
        if ((*page & (step - 1)) == 0 && *n >= step) {
            node_at(x, node)[i] = (Entry){ 0, section };
            *page += step;
            *n -= step;
            continue;
        }
        if (node_at(x, node)[i].skip && node_at(x, node)[i].ptr == NIL) {
            uint32_t below = new_node(x, level == 1);

            node_at(x, node)[i].ptr = below;
        }
        fill(x, node_at(x, node)[i].ptr, level - 1, page, n, section);
    }
}

static void set_pages(Radix *x, uint64_t page, uint64_t n, uint32_t section)
{
    if (x->top.ptr == NIL) {
        x->top.ptr = new_node(x, false);
    }
    fill(x, x->top.ptr, LEVELS - 1, &page, &n, section);
}

/* An entry whose node has one way on takes that way itself. */
static void compact(Radix *x, Entry *e)
{
    unsigned ways = 0, way = 0;
    Entry *p;

    if (e->ptr == NIL) {
        return;
    }
    p = node_at(x, e->ptr);
    for (unsigned i = 0; i < LEVEL_SIZE; i++) {
        if (p[i].ptr != NIL) {
            ways++;
            way = i;
            if (p[i].skip) {
                compact(x, &p[i]);
            }
        }
    }
    if (ways == 1) {
        e->ptr = p[way].ptr;
        e->skip = p[way].skip ? e->skip + p[way].skip : 0;
    }
}

/* --- Sections -----------------------------------------------------------------------
 */

static uint32_t add_section(Radix *x, hwaddr start, hwaddr last, const MemoryRegion *mr)
{
    Section s = { start, last, mr };

    g_array_append_val(x->sections, s);
    return x->sections->len - 1;
}

static void add_piece(Radix *x, hwaddr start, hwaddr last, const MemoryRegion *mr)
{
    hwaddr page = start & TARGET_PAGE_MASK;

    if (!x->has_shared || x->shared_page != page) {
        set_pages(x, page >> TARGET_PAGE_BITS, 1,
                  add_section(x, page, page | ~TARGET_PAGE_MASK, NULL));
        x->has_shared = true;
        x->shared_page = page;
    }
    add_section(x, start, last, mr);
}

static void add_range(Radix *x, const FlatRange *r)
{
    hwaddr at = r->start, page_last = at | ~TARGET_PAGE_MASK;

    if (at & ~TARGET_PAGE_MASK) {
        add_piece(x, at, MIN(r->last, page_last), r->mr);
        if (r->last <= page_last) {
            return;
        }
        at = page_last + 1;
    }
    uint64_t pages = ((r->last - at) >> TARGET_PAGE_BITS) +
                     ((r->last & ~TARGET_PAGE_MASK) == ~TARGET_PAGE_MASK);

    if (pages) {
        hwaddr last = at + (pages << TARGET_PAGE_BITS) - 1;

        set_pages(x, at >> TARGET_PAGE_BITS, pages, add_section(x, at, last, r->mr));
        if (last == r->last) {
            return;
        }
        at = last + 1;
    }
    add_piece(x, at, r->last, r->mr);
}

/* --- Printing -----------------------------------------------------------------------
 */

static void print_sections(HmpOut *out, const Radix *x, const MemoryRegion *root)
{
    static const char *const tags[] = { " [unassigned]", " [not dirty]", " [ROM]",
                                        " [watch]" };

    hmp_puts(out, "    Physical sections\n");
    for (guint i = 0; i < x->sections->len; i++) {
        const Section *s = &g_array_index(x->sections, Section, i);

        hmp_printf(out, "      #%u @%016" PRIx64 "..%016" PRIx64 " %s%s%s%s\n", i,
                   s->start, s->last, s->mr && s->mr->name ? s->mr->name : "(noname)",
                   i < G_N_ELEMENTS(tags) ? tags[i] : "",
                   s->mr && s->mr == root ? " [ROOT]" : "",
                   s->mr && s->mr->is_iommu ? " [iommu]" : "");
    }
}

static void print_ptr(HmpOut *out, const Entry *e)
{
    if (e->ptr == NIL) {
        hmp_puts(out, "NIL");
    } else if (e->skip) {
        hmp_printf(out, "[%u]", e->ptr);
    } else {
        hmp_printf(out, "#%u", e->ptr);
    }
}

static void print_node(HmpOut *out, const Entry *p)
{
    for (unsigned lo = 0, hi; lo < LEVEL_SIZE; lo = hi) {
        hi = lo + 1;
        while (hi < LEVEL_SIZE && p[hi].skip == p[lo].skip && p[hi].ptr == p[lo].ptr) {
            hi++;
        }
        if (hi - lo == 1) {
            hmp_printf(out, "\t%3u       ", lo);
        } else {
            hmp_printf(out, "\t%3u..%-3u  ", lo, hi - 1);
        }
        hmp_printf(out, "skip=%u  ptr=", p[lo].skip);
        print_ptr(out, &p[lo]);
        hmp_puts(out, "\n");
    }
}

void mtree_print_dispatch(HmpOut *out, const FlatView *view, const MemoryRegion *root)
{
    Radix x = {
        .sections = g_array_new(FALSE, FALSE, sizeof(Section)),
        .nodes = g_array_new(FALSE, FALSE, sizeof(Entry)),
        .top = {1, NIL},
    };

    add_section(&x, 0, UINT64_MAX, NULL);
    for (RangeIter it = range_iter_all(view); range_iter_get(&it);
         range_iter_next(&it)) {
        add_range(&x, range_iter_get(&it));
    }
    compact(&x, &x.top);
    hmp_puts(out, "  Dispatch\n");
    print_sections(out, &x, root);
    hmp_printf(out, "    Nodes (%u bits per level, %u levels) ptr=", LEVEL_BITS,
               LEVELS);
    print_ptr(out, &x.top);
    hmp_printf(out, " skip=%u\n", x.top.skip);
    for (guint i = 0; i < x.nodes->len / LEVEL_SIZE; i++) {
        hmp_printf(out, "      [%u]\n", i);
        print_node(out, node_at(&x, i));
    }
    g_array_free(x.sections, TRUE);
    g_array_free(x.nodes, TRUE);
}
