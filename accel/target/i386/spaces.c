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
 * must be set already, as for everything that a TLB may hold. A generation comes back
 * if all pages that its code lies in are found the same.
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
    PARKED_MAX = 512,
    CODE_MAX = 64,
    CODE_SLOTS = 2 * CODE_MAX,
    CODE_USER = 1,
};

static const uint64_t NO_KEY = UINT64_MAX;

/* The part of a record that code depends on. */
typedef struct CodePage {
    uint64_t page; /* | CODE_USER if it is executed at CPL 3 */
    uint64_t phys;
    uint32_t flags;
} CodePage;

typedef struct Space {
    uint64_t key;
    uint64_t generation; /* blocks.h; 0: none */
    uint64_t used;       /* when it was left */
    unsigned parked_count, codes;
    SoftTlbParked parked[PARKED_MAX];
    /* What the generation depends on; codes > CODE_MAX: not known any more. */
    CodePage code[CODE_MAX];
    uint8_t slot[CODE_SLOTS]; /* hash table: 1 + index, or 0 */
} Space;

struct X86Spaces {
    Space *current;
    uint64_t clock;
    Space space[SPACES];
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

static void forget_code(Space *sp)
{
    sp->generation = 0;
    if (sp->codes) {
        sp->codes = 0;
        memset(sp->slot, 0, sizeof(sp->slot));
    }
}

/* The present space begins a generation. */
static void renew(X86State *cpu)
{
    Space *sp = cpu->spaces->current;

    forget_code(sp);
    sp->generation = x86_blocks_new_generation(cpu);
}

void x86_spaces_forget_code(X86State *cpu)
{
    struct X86Spaces *s = cpu->spaces;

    if (s) {
        for (unsigned k = 0; k < SPACES; k++) {
            forget_code(&s->space[k]);
        }
        renew(cpu);
    }
}

void x86_space_note_code(X86State *cpu, const SoftTlbSide *s)
{
    Space *sp = cpu->spaces->current;
    uint64_t page;
    unsigned n;

    if (!s || sp->codes > CODE_MAX) {
        sp->codes = CODE_MAX + 1;
        return;
    }
    page = s->page | (cpu->cpl == 3 ? CODE_USER : 0);
    n = (page ^ page >> 12 ^ page >> 19) % CODE_SLOTS;
    while (sp->slot[n]) {
        if (sp->code[sp->slot[n] - 1].page == page) {
            return;
        }
        n = (n + 1) % CODE_SLOTS;
    }
    if (sp->codes++ < CODE_MAX) {
        const uint32_t matter = SOFT_TLB_PERM_X | -(1u << SOFT_TLB_SHIFT);

        sp->code[sp->codes - 1] = (CodePage){ page, s->phys, s->flags & matter };
        sp->slot[n] = sp->codes;
    }
}

static bool code_agrees(X86State *cpu, const Space *sp)
{
    X86Walker w = { .cpu = cpu };

    if (sp->codes > CODE_MAX) {
        return false;
    }
    for (unsigned n = 0; n < sp->codes; n++) {
        const CodePage *c = &sp->code[n];
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

/* --- leaving and coming back --------------------------------------------------------
 */

static void drop(Space *sp)
{
    sp->parked_count = 0;
    forget_code(sp);
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
    if (next->generation && (keep || code_agrees(cpu, next))) {
        x86_blocks_set_generation(cpu, next->generation);
    } else {
        renew(cpu);
    }
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
    forget_code(sp);
}
