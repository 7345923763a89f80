/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A space that is left takes its entries out of the soft TLB and keeps them, those of
 * all views in one list, and the generation under which code was remembered by virtual
 * address. When it comes back:
 *
 *  S1 With "keep" (bit 63 of what was loaded) all of it is valid, since whatever was
 * flushed meanwhile was taken out of the list.
 *  S2 Without, the processor must have forgotten it, and may look ahead: each entry is
 * checked against the tables by a walk, which is several times cheaper than the miss
 * that it saves, and comes back only if the walk finds the same. Accessed (dirty) bits
 * must be set already, as for everything that a TLB may hold.
 *  S3 A generation may come back, in any space, if all pages that its code lies in are
 * found there by a walk. So processes made by a fork share one: their code has one set
 * of entries in the jump cache, which has one place for an address.
 *
 * Pages are host pointers, so a list may live only as long as the memory map: whatever
 * flushes everything forgets all lists.
 */
#include "accel/target/i386/spaces.h"
#include "accel/target/i386/blocks.h"

#include <glib.h>

#include <string.h>

enum {
    SPACES = 8,
    GENERATIONS = 12,
    PARKED_MAX = 512,
    CODE_MAX = 64,
    CODE_SLOTS = 2 * CODE_MAX,
    CODE_USER = 1,
    SAMPLE = 8,
    ADOPT_TRIES = 4,
};

static const uint64_t NO_KEY = UINT64_MAX;

/* The part of a record that code depends on. */
typedef struct CodePage {
    uint64_t page; /* | CODE_USER if it is executed at CPL 3 */
    uint64_t phys;
    uint32_t flags;
} CodePage;

typedef struct Generation {
    uint64_t id;   /* blocks.h; 0: none */
    uint64_t used; /* when it was in force last */
    bool shared;   /* more than one space has used it */
    bool alone;    /* only one may */
    /* What it depends on; codes > CODE_MAX: not known any more. */
    unsigned codes;
    CodePage code[CODE_MAX];
    uint8_t slot[CODE_SLOTS]; /* hash table: 1 + index, or 0 */
} Generation;

typedef struct Space {
    uint64_t key;
    uint64_t used; /* when it was left */
    Generation *generation;
    uint64_t generation_id; /* 0, or another one than it has now: none */
    bool alone;             /* it does not agree with others */
    unsigned visits, parked_count;
    SoftTlbParked parked[PARKED_MAX];
} Space;

struct X86Spaces {
    Space *current;
    uint64_t clock;
    Space space[SPACES];
    Generation generation[GENERATIONS];
};

void x86_spaces_new(X86State *cpu)
{
    cpu->spaces = g_new0(struct X86Spaces, 1);
    for (unsigned k = 0; k < SPACES; k++) {
        cpu->spaces->space[k].key = NO_KEY;
    }
    cpu->spaces->current = &cpu->spaces->space[0];
}

void x86_spaces_free(X86State *cpu)
{
    g_free(cpu->spaces);
    cpu->spaces = NULL;
}

/* --- code remembered by address -----------------------------------------------------
 */

static Generation *generation_of(const Space *sp)
{
    Generation *g = sp->generation;

    return g && g->id && g->id == sp->generation_id ? g : NULL;
}

/* The present space begins a generation. */
static void renew(X86State *cpu)
{
    struct X86Spaces *s = cpu->spaces;
    Space *sp = s->current;
    Generation *g = generation_of(sp);

    if (!g || g->shared) {
        g = &s->generation[0];
        for (unsigned k = 1; k < GENERATIONS; k++) {
            g = s->generation[k].used < g->used ? &s->generation[k] : g;
        }
    }
    g->id = x86_blocks_new_generation(cpu);
    g->used = ++s->clock;
    g->shared = false;
    g->alone = sp->alone;
    if (g->codes) {
        g->codes = 0;
        memset(g->slot, 0, sizeof(g->slot));
    }
    sp->generation = g;
    sp->generation_id = g->id;
}

void x86_spaces_forget_code(X86State *cpu)
{
    struct X86Spaces *s = cpu->spaces;

    if (s) {
        for (unsigned k = 0; k < GENERATIONS; k++) {
            s->generation[k].id = 0;
        }
        renew(cpu);
    }
}

/* @page, @phys: of the page of @s, a large one as a whole. */
static void note_code(Generation *g, uint64_t page, uint64_t phys, const SoftTlbSide *s)
{
    const uint32_t matter =
        SOFT_TLB_PERM_X | SOFT_TLB_BIG | (uint32_t) - (1 << SOFT_TLB_SHIFT);
    unsigned n = (page ^ page >> 12 ^ page >> 19) % CODE_SLOTS;

    for (; g->slot[n]; n = (n + 1) % CODE_SLOTS) {
        const CodePage *c = &g->code[g->slot[n] - 1];

        if (c->page == page) {
            if (c->phys != phys || c->flags != (s->flags & matter)) {
                g->codes = CODE_MAX + 1;
            }
            return;
        }
    }
    if (g->codes++ < CODE_MAX) {
        g->code[g->codes - 1] = (CodePage){ page, phys, s->flags & matter };
        g->slot[n] = g->codes;
    }
}

void x86_space_note_code(X86State *cpu, const SoftTlbSide *s)
{
    Generation *g = cpu->spaces->current->generation;
    uint64_t mask;

    if (!s || g->codes > CODE_MAX) {
        g->codes = CODE_MAX + 1;
        return;
    }
    mask = s->flags & SOFT_TLB_BIG ? -(1ull << (s->flags >> SOFT_TLB_SHIFT)) : ~0ull;
    note_code(g, (s->page & mask) | (cpu->cpl == 3 ? CODE_USER : 0), s->phys & mask, s);
}

/* Whether @g depends on the page of @lin; @perhaps if that is not known. */
static bool has_code(const Generation *g, uint64_t lin, bool perhaps)
{
    for (unsigned n = 0; n < g->codes && g->codes <= CODE_MAX; n++) {
        const CodePage *c = &g->code[n];

        if (!((c->page ^ lin) >> MAX(c->flags >> SOFT_TLB_SHIFT, SOFT_TLB_PAGE_BITS))) {
            return true;
        }
    }
    return g->codes > CODE_MAX && perhaps;
}

void x86_space_page_changed(X86State *cpu, uint64_t lin, bool perhaps)
{
    if (has_code(cpu->spaces->current->generation, lin, perhaps)) {
        renew(cpu);
    }
}

static bool code_agrees(X86State *cpu, const Generation *g)
{
    X86Walker w = { .cpu = cpu };

    if (g->codes > CODE_MAX) {
        return false;
    }
    for (unsigned n = 0; n < g->codes; n++) {
        const CodePage *c = &g->code[n];
        const SoftTlbSide s = { .page = c->page & ~(uint64_t)(SOFT_TLB_PAGE - 1),
                                .phys = c->phys,
                                .flags = c->flags };

        if (!x86_walk_agrees(&w, &s,
                             c->page & CODE_USER ? X86_VIEW_USER : X86_VIEW_KERNEL)) {
            return false;
        }
    }
    return true;
}

/* One of another space that fits, or NULL: one of the last few. */
static Generation *adopt(X86State *cpu)
{
    struct X86Spaces *s = cpu->spaces;
    uint64_t before = UINT64_MAX;

    for (unsigned tries = 0; tries < ADOPT_TRIES; tries++) {
        Generation *latest = NULL;

        for (unsigned k = 0; k < GENERATIONS; k++) {
            Generation *g = &s->generation[k];

            if (g->id && g->codes && !g->alone && g->used < before &&
                (!latest || g->used > latest->used)) {
                latest = g;
            }
        }
        if (!latest || code_agrees(cpu, latest)) {
            return latest;
        }
        before = latest->used;
    }
    return NULL;
}

/* Chooses the generation of the present space, which has just been entered. */
static void choose_generation(X86State *cpu, bool keep)
{
    struct X86Spaces *s = cpu->spaces;
    Space *sp = s->current;
    Generation *g = generation_of(sp);

    if (g && !(keep && !g->shared) && !code_agrees(cpu, g)) {
        /* The one that it shares has become another's; or it is another process now. */
        sp->alone = g->shared;
        g = NULL;
        sp->generation_id = 0;
    }
    if (!g && !sp->alone) {
        g = adopt(cpu);
        if (g) {
            g->shared = true;
            sp->generation = g;
            sp->generation_id = g->id;
        }
    }
    if (g) {
        g->used = ++s->clock;
        x86_blocks_set_generation(cpu, g->id);
    } else {
        renew(cpu);
    }
}

/* --- leaving and coming back --------------------------------------------------------
 */

static void drop(Space *sp)
{
    sp->parked_count = 0;
    sp->generation_id = 0;
    sp->alone = false;
}

static void park(X86State *cpu, Space *sp)
{
    sp->parked_count = 0;
    for (unsigned v = 0; v < X86_VIEW_COUNT; v++) {
        SoftTlbParked *to = &sp->parked[sp->parked_count];
        unsigned n = soft_tlb_park(&cpu->views[v], to, PARKED_MAX - sp->parked_count);

        for (unsigned k = 0; k < n; k++) {
            to[k].view = v;
        }
        sp->parked_count += n;
    }
}

static void unpark(X86State *cpu, Space *sp, bool check)
{
    X86Walker w = { .cpu = cpu };

    /* Entries do not tell whether they are used. Now and then a space comes back with
     * none, and then leaves with those that it needs. */
    if (!(++sp->visits % SAMPLE)) {
        sp->parked_count = 0;
    }
    for (unsigned k = 0; k < sp->parked_count; k++) {
        const SoftTlbParked *p = &sp->parked[k];

        if ((!check || x86_walk_agrees(&w, &p->side, p->view)) &&
            soft_tlb_unpark(&cpu->views[p->view], p)) {
            x86_tlb_refresh(cpu, p->side.page, p->view);
        }
    }
    sp->parked_count = 0;
}

static uint64_t key_of(const X86State *cpu)
{
    return cpu->cr4 & X86_CR4_PCIDE ? cpu->cr3 & 0xfff : cpu->cr3;
}

/* The space of @key, or NULL. */
static Space *find(struct X86Spaces *s, uint64_t key)
{
    for (unsigned k = 0; k < SPACES; k++) {
        if (s->space[k].key == key) {
            return &s->space[k];
        }
    }
    return NULL;
}

static Space *oldest(struct X86Spaces *s)
{
    Space *sp = &s->space[0];

    for (unsigned k = 1; k < SPACES; k++) {
        if (s->space[k].used < sp->used) {
            sp = &s->space[k];
        }
    }
    return sp;
}

void x86_space_switch(X86State *cpu, bool keep)
{
    struct X86Spaces *s = cpu->spaces;
    uint64_t key = key_of(cpu);
    Space *next;

    if (!s || (keep && s->current->key == key)) {
        return;
    }
    s->current->used = ++s->clock;
    park(cpu, s->current);
    next = find(s, key);
    if (!next) {
        next = oldest(s);
        drop(next);
        next->key = key;
    }
    s->current = next;
    unpark(cpu, next, !keep);
    choose_generation(cpu, keep);
}

/* Without PCIDs all translations are those of PCID 0, and only the present space has
 * some. */
static Space *space_of(const X86State *cpu, unsigned pcid)
{
    return cpu->cr4 & X86_CR4_PCIDE ? find(cpu->spaces, pcid) : cpu->spaces->current;
}

/* --- flushes ------------------------------------------------------------------------
 */

void x86_spaces_forget(X86State *cpu)
{
    struct X86Spaces *s = cpu->spaces;

    if (s) {
        for (unsigned k = 0; k < SPACES; k++) {
            drop(&s->space[k]);
            s->space[k].key = NO_KEY;
        }
        s->current->key = key_of(cpu);
        renew(cpu);
    }
}

static void flush_current(X86State *cpu)
{
    for (unsigned v = 0; v < X86_VIEW_COUNT; v++) {
        soft_tlb_flush_non_global(&cpu->views[v]);
    }
    renew(cpu);
}

void x86_space_flush(X86State *cpu, unsigned pcid)
{
    Space *sp = space_of(cpu, pcid);

    if (sp == cpu->spaces->current) {
        flush_current(cpu);
    } else if (sp) {
        drop(sp);
    }
}

void x86_spaces_flush(X86State *cpu)
{
    for (unsigned k = 0; k < SPACES; k++) {
        drop(&cpu->spaces->space[k]);
    }
    flush_current(cpu);
}

void x86_space_flush_page(X86State *cpu, unsigned pcid, uint64_t lin)
{
    Space *sp = space_of(cpu, pcid);
    unsigned kept = 0;

    if (sp == cpu->spaces->current) {
        x86_flush_page(cpu, lin);
        return;
    }
    if (!sp) {
        return;
    }
    for (unsigned k = 0; k < sp->parked_count; k++) {
        const SoftTlbSide *r = &sp->parked[k].side;
        unsigned shift =
            r->flags & SOFT_TLB_BIG ? r->flags >> SOFT_TLB_SHIFT : SOFT_TLB_PAGE_BITS;

        if ((r->page ^ lin) >> shift) {
            sp->parked[kept++] = sp->parked[k];
        }
    }
    sp->parked_count = kept;
    if (generation_of(sp) && has_code(sp->generation, lin, true)) {
        sp->generation_id = 0;
    }
}
