/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MMU: SDM volume 3A, chapter 4.
 *
 * One walk serves all paging modes: a mode is a start table and a list of levels.
 * Accessed and dirty bits are set by compare-and-swap on the entry that was read; if
 * another processor changed it meanwhile, the walk starts again.
 */
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/blocks.h"
#include "accel/target/i386/spaces.h"
#include "accel/tcg/code-pages.h"
#include "accel/tcg/jit.h"
#include "accel/tcg/phys.h"
#include "util/log.h"

#include <inttypes.h>
#include <string.h>

typedef struct X86TableEntry Entry;
typedef X86Walker Walker;

static uint64_t a20(const X86State *cpu, uint64_t phys)
{
    return cpu->a20_off ? phys & ~(1ull << 20) : phys;
}

/* Whether the page at @addr is memory, and where. A change of the memory map flushes
 * all translations, and this with them. */
static inline bool lookup_page(X86State *cpu, uint64_t addr, TcgPhysPage *page)
{
    unsigned space = x86_phys_space(cpu);
    uint64_t tag = addr | space << 1 | 1;
    X86PhysCache *c =
        &cpu->phys_cache[(addr >> SOFT_TLB_PAGE_BITS) & (X86_PHYS_CACHE - 1)];

    if (x86_unlikely(c->tag != tag)) {
        if (!cpu->phys->ops->lookup(cpu->phys, space, addr, page)) {
            return false;
        }
        *c = (X86PhysCache){ tag, page->host, page->ram_addr, page->readonly };
    }
    *page = (TcgPhysPage){ c->host, c->ram_addr, c->readonly };
    return true;
}

/* An entry of a page table; a quiet walk finds 0 in a device. */
static uint64_t read_entry(X86State *cpu, uint64_t addr, unsigned size, bool quiet)
{
    TcgPhysPage page;
    uint64_t offset = addr & (SOFT_TLB_PAGE - 1);
    unsigned space = x86_phys_space(cpu);

    addr = a20(cpu, addr);
    if (!lookup_page(cpu, addr - offset, &page)) {
        return quiet ? 0 : cpu->phys->ops->read(cpu->phys, space, addr, size);
    }
    if (size == 4) {
        return *(volatile x86_u32u *)((uint8_t *)page.host + offset);
    }
    return *(volatile x86_u64u *)((uint8_t *)page.host + offset);
}

/* Sets bits of a table entry; false if it is no longer what was read. */
static bool entry_set(Walker *w, Entry *e, uint64_t bits)
{
    X86State *cpu = w->cpu;
    TcgPhysPage page;
    uint64_t addr = a20(cpu, e->addr), offset = addr & (SOFT_TLB_PAGE - 1);
    bool same;

    if ((e->value & bits) == bits) {
        return true;
    }
    if (!lookup_page(cpu, addr - offset, &page) || page.readonly) {
        return true;
    }
    if (w->size == 4) {
        uint32_t old = e->value;

        same = __atomic_compare_exchange_n((uint32_t *)((char *)page.host + offset),
                                           &old, old | (uint32_t)bits, false,
                                           __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    } else {
        uint64_t old = e->value;

        same = __atomic_compare_exchange_n((uint64_t *)((char *)page.host + offset),
                                           &old, old | bits, false, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST);
    }
    if (same) {
        e->value |= bits;
        cpu->phys->ops->mark_dirty(cpu->phys, page.ram_addr + offset, w->size);
        tcg_code_written(page.ram_addr + offset, w->size);
    }
    return same;
}

static uint64_t reserved_phys(const X86State *cpu)
{
    unsigned bits = cpu->ident.phys_bits ? cpu->ident.phys_bits : 40;

    return ~((1ull << bits) - 1) & PTE_PHYS;
}

/* Whether the entry ends the walk, and with which reserved bits: level 1 is the PTE. */
static bool is_leaf(const X86State *cpu, const Walker *w, unsigned level,
                    uint64_t value)
{
    if (level == 1) {
        return true;
    }
    if (!(value & PTE_PS)) {
        return false;
    }
    if (level == 2) {
        return w->size == 8 || cpu->cr4 & X86_CR4_PSE;
    }
    return level == 3 && x86_has(cpu, X86_F_PDPE1GB) && x86_is_long(cpu);
}

static uint64_t reserved_bits(const X86State *cpu, const Walker *w, unsigned level,
                              bool leaf, uint64_t value)
{
    uint64_t r = 0;

    if (w->size == 4) {
        /* PSE-36: bits 20:13 are address bits 39:32, bit 21 is reserved. */
        return leaf && level == 2 ? 1ull << 21 : 0;
    }
    r = reserved_phys(cpu);
    if (!(cpu->efer & X86_EFER_NXE)) {
        r |= PTE_NX;
    }
    if (!x86_is_long(cpu)) {
        r |= 0x7ff0000000000000ull;
    }
    if (!leaf && level >= 3) {
        r |= value & PTE_PS;
    }
    if (leaf && level == 2) {
        r |= 0x1fe000;
    } else if (leaf && level == 3) {
        r |= 0x3fffe000;
    }
    return r;
}

/* Follows the tables.  -1: a leaf was reached; else P and RSVD bits of the error code.
 */
static int walk_tables(Walker *w, uint64_t table, unsigned levels)
{
    X86State *cpu = w->cpu;
    unsigned index_bits = w->size == 4 ? 10 : 9;

    w->count = 0;
    w->all = ~0ull;
    w->any = 0;
    for (unsigned level = levels; level >= 1; level--) {
        unsigned shift = 12 + (level - 1) * index_bits;
        uint64_t index = w->lin >> shift & ((1u << index_bits) - 1);
        Entry *e = &w->entry[w->count++];
        bool leaf;

        e->addr = table + index * w->size;
        e->value = read_entry(cpu, e->addr, w->size, w->quiet);
        if (!(e->value & PTE_P)) {
            return 0;
        }
        leaf = is_leaf(cpu, w, level, e->value);
        if (e->value & reserved_bits(cpu, w, level, leaf, e->value)) {
            return X86_PF_P | X86_PF_RSVD;
        }
        if (leaf) {
            w->shift = shift;
            return -1;
        }
        w->all &= e->value;
        w->any |= e->value;
        table = e->value & PTE_PHYS;
        if (w->size == 4) {
            table = e->value & 0xfffff000u;
        }
    }
    return 0;
}

static uint64_t leaf_phys(const Walker *w)
{
    uint64_t v = w->entry[w->count - 1].value;
    uint64_t mask = (1ull << w->shift) - 1;
    uint64_t phys;

    if (w->size == 4) {
        phys = v & 0xfffff000u;
        if (w->shift == 22) {
            phys |= (v >> 13 & 0xff) << 32;
        }
    } else {
        phys = v & PTE_PHYS;
    }
    return (phys & ~mask) | (w->lin & mask & ~(uint64_t)(SOFT_TLB_PAGE - 1));
}

static int start_walk(Walker *w)
{
    X86State *cpu = w->cpu;

    w->size = cpu->cr4 & X86_CR4_PAE ? 8 : 4;
    if (x86_is_long(cpu)) {
        return walk_tables(w, cpu->cr3 & PTE_PHYS, cpu->cr4 & X86_CR4_LA57 ? 5 : 4);
    }
    if (w->size == 8) {
        uint64_t pdpte = cpu->pdpte[w->lin >> 30 & 3];

        if (!(pdpte & PTE_P)) {
            return 0;
        }
        return walk_tables(w, pdpte & PTE_PHYS, 2);
    }
    return walk_tables(w, cpu->cr3 & 0xfffff000u, 2);
}

/* Rights of the path for the view; false if the access is refused. */
static bool check_rights(const Walker *w, SoftTlbAccess access, X86View view,
                         X86Walk *out)
{
    const X86State *cpu = w->cpu;
    uint64_t leaf = w->entry[w->count - 1].value;
    uint64_t all = w->all & leaf, any = w->any | leaf;
    bool user = all & PTE_U;

    if (view == X86_VIEW_USER) {
        out->write_ok = user && all & PTE_W;
    } else {
        out->write_ok = all & PTE_W || !(cpu->cr0 & X86_CR0_WP);
    }
    out->exec_ok = !(any & PTE_NX && w->size == 8);
    if (view != X86_VIEW_USER && user && cpu->cr4 & X86_CR4_SMEP) {
        out->exec_ok = false;
    }
    if (view == X86_VIEW_USER && !user) {
        return false;
    }
    if (access == SOFT_TLB_EXEC) {
        return out->exec_ok;
    }
    if (view == X86_VIEW_SMAP && user) {
        return false;
    }
    return access == SOFT_TLB_READ || out->write_ok;
}

static bool set_accessed(Walker *w, bool dirty)
{
    for (unsigned k = 0; k < w->count; k++) {
        bool leaf = k == w->count - 1;

        if (!entry_set(w, &w->entry[k], leaf && dirty ? PTE_A | PTE_D : PTE_A)) {
            return false;
        }
    }
    return true;
}

static int fault_code(const X86State *cpu, SoftTlbAccess access, X86View view)
{
    int code = access == SOFT_TLB_WRITE ? X86_PF_W : 0;

    if (view == X86_VIEW_USER) {
        code |= X86_PF_U;
    }
    if (access == SOFT_TLB_EXEC &&
        ((cpu->cr4 & X86_CR4_PAE && cpu->efer & X86_EFER_NXE) ||
         cpu->cr4 & X86_CR4_SMEP)) {
        code |= X86_PF_I;
    }
    return code;
}

int x86_walk(X86State *cpu, uint64_t lin, SoftTlbAccess access, X86View view,
             X86Walk *out)
{
    Walker w = { .cpu = cpu, .lin = lin };
    uint64_t leaf;

    *out = (X86Walk){ 0 };
    if (!(cpu->cr0 & X86_CR0_PG)) {
        out->phys = a20(cpu, (uint32_t)lin & ~(uint64_t)(SOFT_TLB_PAGE - 1));
        out->write_ok = out->exec_ok = out->dirty = true;
        return -1;
    }
    do {
        int error = start_walk(&w);

        if (error >= 0) {
            return error | fault_code(cpu, access, view);
        }
        if (!check_rights(&w, access, view, out)) {
            return X86_PF_P | fault_code(cpu, access, view);
        }
    } while (!set_accessed(&w, access == SOFT_TLB_WRITE));
    leaf = w.entry[w.count - 1].value;
    out->phys = a20(cpu, leaf_phys(&w));
    out->global = leaf & PTE_G && cpu->cr4 & X86_CR4_PGE;
    out->big = w.shift > 12;
    out->shift = w.shift;
    out->dirty = leaf & PTE_D;
    return -1;
}

/* Walks to @lin; if it ends in the table that the last walk ended in, from there. */
static bool walk_quietly(Walker *w, uint64_t lin)
{
    unsigned table_shift = w->size == 8 ? 21 : 22;
    uint64_t index = (lin & ((1ull << table_shift) - 1)) >> SOFT_TLB_PAGE_BITS;
    bool same = w->table && !((w->lin ^ lin) >> table_shift);
    TcgPhysPage page;
    Entry *leaf;

    w->lin = lin;
    if (same) {
        leaf = &w->entry[w->count - 1];
        leaf->value =
            w->size == 8
                ? __atomic_load_n((const uint64_t *)w->table + index, __ATOMIC_RELAXED)
                : __atomic_load_n((const uint32_t *)w->table + index, __ATOMIC_RELAXED);
        return leaf->value & PTE_P && !(leaf->value & w->reserved);
    }
    w->quiet = true;
    w->table = NULL;
    if (!(w->cpu->cr0 & X86_CR0_PG) || start_walk(w) >= 0) {
        return false;
    }
    leaf = &w->entry[w->count - 1];
    if (w->shift == SOFT_TLB_PAGE_BITS &&
        lookup_page(w->cpu, a20(w->cpu, leaf->addr) & ~(uint64_t)(SOFT_TLB_PAGE - 1),
                    &page)) {
        w->table = page.host;
        w->reserved = reserved_bits(w->cpu, w, 1, true, 0);
    }
    return true;
}

bool x86_walk_agrees(Walker *w, const SoftTlbSide *s, X86View view)
{
    X86Walk found = { 0 };
    uint64_t leaf;
    bool readable;

    if (!walk_quietly(w, s->page)) {
        return false;
    }
    leaf = w->entry[w->count - 1].value;
    readable = check_rights(w, SOFT_TLB_READ, view, &found);
    return w->all & leaf & PTE_A && a20(w->cpu, leaf_phys(w)) == s->phys &&
           w->shift == s->flags >> SOFT_TLB_SHIFT &&
           !(leaf & PTE_G && w->cpu->cr4 & X86_CR4_PGE) &&
           (w->all & leaf & PTE_U || view != X86_VIEW_USER) &&
           (readable || !(s->flags & SOFT_TLB_PERM_R)) &&
           (found.write_ok || !(s->flags & SOFT_TLB_PERM_W)) &&
           (found.exec_ok || !(s->flags & SOFT_TLB_PERM_X)) &&
           (leaf & PTE_D || !(s->flags & SOFT_TLB_DIRTY_D));
}

bool x86_translate_debug(X86State *cpu, uint64_t lin, uint64_t *phys)
{
    Walker w = { .cpu = cpu, .lin = lin };

    if (!(cpu->cr0 & X86_CR0_PG)) {
        *phys = a20(cpu, (uint32_t)lin & ~(uint64_t)(SOFT_TLB_PAGE - 1));
        return true;
    }
    if (start_walk(&w) >= 0) {
        return false;
    }
    *phys = a20(cpu, leaf_phys(&w));
    return true;
}

bool x86_load_pdptes(X86State *cpu, uint64_t cr3, uint64_t out[4])
{
    uint64_t bad = reserved_phys(cpu) | 0xfff00000000001e6ull;

    for (unsigned k = 0; k < 4; k++) {
        out[k] = read_entry(cpu, (cr3 & 0xffffffe0u) + 8 * k, 8, false);
        if (out[k] & PTE_P && out[k] & bad) {
            return false;
        }
    }
    return true;
}

/* --- TLB ------------------------------------------------------------------------- */

/* Sets the tags of an entry from its side record. */
static void set_tags(X86State *cpu, SoftTlbEntry *e, SoftTlbSide *s, unsigned index)
{
    uint64_t invalid = index == SOFT_TLB_ENTRIES - 1 ? 0 : ~0ull;
    bool ram = s->flags & SOFT_TLB_RAM;
    bool fast_write = ram && s->flags & SOFT_TLB_RAM_W && s->flags & SOFT_TLB_PERM_W &&
                      s->flags & SOFT_TLB_DIRTY_D && !jit_options()->all_slow &&
                      cpu->phys->ops->is_dirty(cpu->phys, s->ram_addr) &&
                      !tcg_code_page_is_tracked(tcg_code_page_find(s->ram_addr));

    e->tag[SOFT_TLB_READ] =
        ram && s->flags & SOFT_TLB_PERM_R && !jit_options()->all_slow ? s->page
                                                                      : invalid;
    e->tag[SOFT_TLB_WRITE] = fast_write ? s->page : invalid;
}

static void log_walk(uint64_t lin, SoftTlbAccess access, const X86Walk *w, int error)
{
    char kind = "rwx"[access];

    if (error >= 0) {
        log_printf("TLB fill: %016" PRIx64 " %c fault %x\n", lin, kind, error);
    } else {
        log_printf("TLB fill: %016" PRIx64 " %c -> %016" PRIx64 " shift %u%s%s%s\n",
                   lin, kind, w->phys, w->shift, w->write_ok ? " W" : "",
                   w->exec_ok ? " X" : "", w->global ? " G" : "");
    }
}

static void tlb_fill(X86State *cpu, uint64_t lin, SoftTlbAccess access, X86View view)
{
    SoftTlb *tlb = &cpu->views[view];
    unsigned index = soft_tlb_index(lin);
    SoftTlbEntry *e = &tlb->entry[index];
    SoftTlbSide *s = &tlb->side[index];
    uint64_t page_addr = lin & ~(uint64_t)(SOFT_TLB_PAGE - 1);
    uint32_t old_perms =
        s->page == page_addr ? s->flags & (SOFT_TLB_PERM_R | SOFT_TLB_PERM_X) : 0;
    TcgPhysPage page;
    X86Walk w;
    int error = x86_walk(cpu, lin, access, view, &w);

    if (log_enabled(LOG_MMU)) {
        log_walk(lin, access, &w, error);
    }
    if (error >= 0) {
        x86_raise_pf(cpu, lin, error);
    }
    s->page = page_addr;
    s->phys = w.phys;
    s->ram_addr = 0;
    s->flags = (w.global ? SOFT_TLB_GLOBAL : 0) | (w.big ? SOFT_TLB_BIG : 0) |
               (w.dirty ? SOFT_TLB_DIRTY_D : 0) | (w.write_ok ? SOFT_TLB_PERM_W : 0) |
               (w.exec_ok ? SOFT_TLB_PERM_X : 0) | w.shift << SOFT_TLB_SHIFT;
    /* Under SMAP an executable page is not readable if it is the user's: what was not
     * asked for is not granted, except that reads follow from writes. */
    if (access != SOFT_TLB_EXEC || view != X86_VIEW_SMAP) {
        s->flags |= SOFT_TLB_PERM_R;
    } else {
        s->flags &= ~(uint32_t)SOFT_TLB_PERM_W;
        s->flags |= old_perms;
    }
    if (lookup_page(cpu, w.phys, &page)) {
        s->ram_addr = page.ram_addr;
        s->flags |= SOFT_TLB_RAM | (page.readonly ? 0 : SOFT_TLB_RAM_W);
        e->host = (uintptr_t)page.host;
        e->addend = e->host - page_addr;
    }
    soft_tlb_filled(tlb, index);
    set_tags(cpu, e, s, index);
}

SoftTlbSide *x86_tlb_get(X86State *cpu, uint64_t lin, SoftTlbAccess access,
                         X86View view)
{
    static const uint32_t need[3] = { SOFT_TLB_PERM_R,
                                      SOFT_TLB_PERM_W | SOFT_TLB_DIRTY_D,
                                      SOFT_TLB_PERM_X };
    unsigned index = soft_tlb_index(lin);
    SoftTlbSide *s = &cpu->views[view].side[index];

    if (s->page != (lin & ~(uint64_t)(SOFT_TLB_PAGE - 1)) ||
        (s->flags & need[access]) != need[access]) {
        tlb_fill(cpu, lin, access, view);
    }
    return s;
}

void x86_tlb_refresh(X86State *cpu, uint64_t lin, X86View view)
{
    unsigned index = soft_tlb_index(lin);

    set_tags(cpu, &cpu->views[view].entry[index], &cpu->views[view].side[index], index);
}

void x86_flush_all(X86State *cpu)
{
    log_item(LOG_MMU, "TLB flush\n");
    memset(cpu->phys_cache, 0, sizeof(cpu->phys_cache));
    for (unsigned k = 0; k < X86_VIEW_COUNT; k++) {
        soft_tlb_flush(&cpu->views[k]);
    }
    x86_spaces_forget(cpu);
    x86_blocks_all_changed(cpu);
}

void x86_flush_page(X86State *cpu, uint64_t lin)
{
    log_item(LOG_MMU, "TLB flush of %016" PRIx64 "\n", lin);
    for (unsigned k = 0; k < X86_VIEW_COUNT; k++) {
        soft_tlb_flush_page(&cpu->views[k], lin);
    }
    x86_blocks_page_changed(cpu, lin);
}
