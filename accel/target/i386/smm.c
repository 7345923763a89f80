/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System management mode.
 *
 * The state save area has the layout of AMD64 for processors with long mode (APM volume
 * 2, table 10-1; revision 0x20064) and that of the P6 family for others (SDM volume 3C,
 * 31.4.1; revision 0x20000).
 */
#include "accel/target/i386/dump.h"
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/system.h"
#include "accel/tcg/phys.h"
#include "util/log.h"

enum {
    REVISION_AMD64 = 0x00020064,
    REVISION_P6 = 0x00020000,
    SMBASE_RELOCATION = 1 << 17,
    ATTRS = 0xf0ff, /* of X86Segment */
};

static uint64_t area(const X86State *cpu, unsigned offset)
{
    return (uint64_t)cpu->smbase + 0x8000 + offset;
}

/* The area is physical memory, whatever the handler has done to CR0 and CR3. */
static void put(X86State *cpu, unsigned offset, uint64_t v, unsigned size)
{
    uint64_t at = area(cpu, offset);

    if ((at & (SOFT_TLB_PAGE - 1)) + size <= SOFT_TLB_PAGE) {
        cpu->phys->ops->write(cpu->phys, x86_phys_space(cpu), at, v, size);
        return;
    }
    for (unsigned k = 0; k < size; k++) {
        cpu->phys->ops->write(cpu->phys, x86_phys_space(cpu), at + k, v >> 8 * k & 0xff,
                              1);
    }
}

static uint64_t get(X86State *cpu, unsigned offset, unsigned size)
{
    uint64_t at = area(cpu, offset), v = 0;

    if ((at & (SOFT_TLB_PAGE - 1)) + size <= SOFT_TLB_PAGE) {
        return cpu->phys->ops->read(cpu->phys, x86_phys_space(cpu), at, size);
    }
    for (unsigned k = 0; k < size; k++) {
        v |= cpu->phys->ops->read(cpu->phys, x86_phys_space(cpu), at + k, 1) << 8 * k;
    }
    return v;
}

/* The twelve upper bits of a descriptor as the area holds them: type..P and AVL..G. */
static uint16_t packed_attr(const X86Segment *s)
{
    return (s->attr & 0xff) | (s->attr >> 4 & 0xf00);
}

static uint16_t unpacked_attr(uint16_t v)
{
    return (v & 0xff) | (v & 0xf00) << 4;
}

static void save_seg64(X86State *cpu, unsigned at, const X86Segment *s)
{
    put(cpu, at, s->selector, 2);
    put(cpu, at + 2, packed_attr(s), 2);
    put(cpu, at + 4, s->limit, 4);
    put(cpu, at + 8, s->base, 8);
}

static X86Segment load_seg64(X86State *cpu, unsigned at)
{
    return (X86Segment){ .selector = get(cpu, at, 2),
                         .attr = unpacked_attr(get(cpu, at + 2, 2)),
                         .limit = get(cpu, at + 4, 4),
                         .base = get(cpu, at + 8, 8) };
}

static void save_amd64(X86State *cpu, uint64_t cr0, uint64_t rflags)
{
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        save_seg64(cpu, 0x7e00 + 16 * k, &cpu->seg[k]);
    }
    put(cpu, 0x7e64, cpu->gdtr.limit, 4);
    put(cpu, 0x7e68, cpu->gdtr.base, 8);
    save_seg64(cpu, 0x7e70, &cpu->ldtr);
    put(cpu, 0x7e84, cpu->idtr.limit, 4);
    put(cpu, 0x7e88, cpu->idtr.base, 8);
    save_seg64(cpu, 0x7e90, &cpu->tr);
    put(cpu, 0x7ed0, cpu->efer, 8);
    for (unsigned k = 0; k < 16; k++) {
        put(cpu, 0x7ff8 - 8 * k, cpu->regs[k].q, 8);
    }
    put(cpu, 0x7f78, cpu->rip, 8);
    put(cpu, 0x7f70, rflags, 4);
    put(cpu, 0x7f68, cpu->dr[6], 4);
    put(cpu, 0x7f60, cpu->dr[7], 4);
    put(cpu, 0x7f48, cpu->cr4, 4);
    put(cpu, 0x7f50, cpu->cr3, 8);
    put(cpu, 0x7f58, cr0, 4);
    put(cpu, 0x7ec9, cpu->halted, 1);
    put(cpu, 0x7efc, REVISION_AMD64, 4);
    put(cpu, 0x7f00, cpu->smbase, 4);
}

static void save_seg32(X86State *cpu, unsigned at, const X86Segment *s)
{
    put(cpu, at + 8, s->base, 4);
    put(cpu, at + 4, s->limit, 4);
    put(cpu, at, s->attr, 4);
}

static X86Segment load_seg32(X86State *cpu, unsigned at, unsigned selector_at)
{
    return (X86Segment){ .selector = get(cpu, selector_at, 2),
                         .attr = get(cpu, at, 2) & ATTRS,
                         .limit = get(cpu, at + 4, 4),
                         .base = get(cpu, at + 8, 4) };
}

/* ES CS SS lie together, then DS FS GS. */
static unsigned p6_seg_offset(unsigned k)
{
    return k < X86_DS ? 0x7f84 + 12 * k : 0x7f2c + 12 * (k - X86_DS);
}

static void save_p6(X86State *cpu, uint64_t cr0, uint64_t rflags)
{
    put(cpu, 0x7ffc, cr0, 4);
    put(cpu, 0x7ff8, cpu->cr3, 4);
    put(cpu, 0x7ff4, rflags, 4);
    put(cpu, 0x7ff0, cpu->rip, 4);
    for (unsigned k = 0; k < 8; k++) {
        put(cpu, 0x7fd0 + 4 * k, cpu->regs[k].d, 4);
    }
    put(cpu, 0x7fcc, cpu->dr[6], 4);
    put(cpu, 0x7fc8, cpu->dr[7], 4);
    put(cpu, 0x7fc4, cpu->tr.selector, 4);
    save_seg32(cpu, 0x7f5c, &cpu->tr);
    put(cpu, 0x7fc0, cpu->ldtr.selector, 4);
    save_seg32(cpu, 0x7f78, &cpu->ldtr);
    put(cpu, 0x7f74, cpu->gdtr.base, 4);
    put(cpu, 0x7f70, cpu->gdtr.limit, 4);
    put(cpu, 0x7f58, cpu->idtr.base, 4);
    put(cpu, 0x7f54, cpu->idtr.limit, 4);
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        put(cpu, 0x7fa8 + 4 * k, cpu->seg[k].selector, 4);
        save_seg32(cpu, p6_seg_offset(k), &cpu->seg[k]);
    }
    put(cpu, 0x7f14, cpu->cr4, 4);
    put(cpu, 0x7f02, cpu->halted, 2);
    put(cpu, 0x7efc, REVISION_P6, 4);
    put(cpu, 0x7ef8, cpu->smbase, 4);
}

void x86_smm_enter(X86State *cpu)
{
    uint64_t cr0 = cpu->cr0, rflags = x86_get_rflags(cpu);

    if (log_enabled(LOG_INT)) {
        x86_log_state(cpu, false, "SMM: enter\n");
    }
    cpu->in_smm = true;
    cpu->smm_inside_nmi = cpu->nmi_blocked;
    cpu->nmi_blocked = true;
    if (cpu->ops && cpu->ops->smm_changed) {
        cpu->ops->smm_changed(cpu->board, 1);
    }
    cpu->cr0 &= ~(uint64_t)(X86_CR0_PE | X86_CR0_EM | X86_CR0_TS | X86_CR0_PG);
    x86_flush_all(cpu);
    if (x86_has(cpu, X86_F_LM)) {
        save_amd64(cpu, cr0, rflags);
        cpu->efer = 0;
    } else {
        save_p6(cpu, cr0, rflags); /* has no room for EFER */
    }
    cpu->cr4 = 0;
    cpu->dr[7] = 0x400;
    cpu->halted = false;
    x86_update_breakpoints(cpu);
    x86_set_rflags(cpu, X86_FL_FIXED);
    cpu->cpl = 0;
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        cpu->seg[k] = (X86Segment){ .limit = 0xffffffff, .attr = 0x8093 };
    }
    cpu->seg[X86_CS].selector = (cpu->smbase >> 4) & 0xffff;
    cpu->seg[X86_CS].base = cpu->smbase;
    cpu->rip = 0x8000;
    cpu->irq_shadow = 0;
    x86_update_mode(cpu);
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        x86_update_seg(cpu, k);
    }
    x86_flush_all(cpu);
}

static void load_amd64(X86State *cpu)
{
    X86Segment seg[X86_SEG_COUNT], ldtr, tr;
    uint64_t cr0, cr3, cr4, rflags, efer;
    uint32_t revision = get(cpu, 0x7efc, 4), smbase = cpu->smbase;

    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        seg[k] = load_seg64(cpu, 0x7e00 + 16 * k);
    }
    ldtr = load_seg64(cpu, 0x7e70);
    tr = load_seg64(cpu, 0x7e90);
    cpu->gdtr = (X86DescTable){ get(cpu, 0x7e68, 8), get(cpu, 0x7e64, 4) };
    cpu->idtr = (X86DescTable){ get(cpu, 0x7e88, 8), get(cpu, 0x7e84, 4) };
    for (unsigned k = 0; k < 16; k++) {
        cpu->regs[k].q = get(cpu, 0x7ff8 - 8 * k, 8);
    }
    cpu->rip = get(cpu, 0x7f78, 8);
    rflags = get(cpu, 0x7f70, 4);
    cpu->dr[6] = get(cpu, 0x7f68, 4);
    cpu->dr[7] = get(cpu, 0x7f60, 4);
    cr4 = get(cpu, 0x7f48, 4);
    cr3 = get(cpu, 0x7f50, 8);
    cr0 = get(cpu, 0x7f58, 4);
    efer = get(cpu, 0x7ed0, 8);
    cpu->halted = get(cpu, 0x7ec9, 1) & 1;
    if (revision & SMBASE_RELOCATION) {
        smbase = get(cpu, 0x7f00, 4);
    }
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        cpu->seg[k] = seg[k];
    }
    cpu->ldtr = ldtr;
    cpu->tr = tr;
    cpu->smbase = smbase;
    cpu->cr0 = cr0;
    cpu->cr3 = cr3;
    cpu->cr4 = cr4;
    cpu->efer = efer;
    x86_set_rflags(cpu, rflags);
}

static void load_p6(X86State *cpu)
{
    X86Segment seg[X86_SEG_COUNT];
    uint32_t revision = get(cpu, 0x7efc, 4), smbase = cpu->smbase;
    uint64_t cr0 = get(cpu, 0x7ffc, 4), cr3 = get(cpu, 0x7ff8, 4),
             rflags = get(cpu, 0x7ff4, 4), cr4 = get(cpu, 0x7f14, 4);

    cpu->rip = get(cpu, 0x7ff0, 4);
    for (unsigned k = 0; k < 8; k++) {
        cpu->regs[k].q = get(cpu, 0x7fd0 + 4 * k, 4);
    }
    cpu->dr[6] = get(cpu, 0x7fcc, 4);
    cpu->dr[7] = get(cpu, 0x7fc8, 4);
    cpu->tr = load_seg32(cpu, 0x7f5c, 0x7fc4);
    cpu->ldtr = load_seg32(cpu, 0x7f78, 0x7fc0);
    cpu->gdtr = (X86DescTable){ get(cpu, 0x7f74, 4), get(cpu, 0x7f70, 4) };
    cpu->idtr = (X86DescTable){ get(cpu, 0x7f58, 4), get(cpu, 0x7f54, 4) };
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        seg[k] = load_seg32(cpu, p6_seg_offset(k), 0x7fa8 + 4 * k);
    }
    cpu->halted = get(cpu, 0x7f02, 1) & 1;
    if (revision & SMBASE_RELOCATION) {
        smbase = get(cpu, 0x7ef8, 4);
    }
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        cpu->seg[k] = seg[k];
    }
    cpu->smbase = smbase;
    cpu->cr0 = cr0;
    cpu->cr3 = cr3;
    cpu->cr4 = cr4;
    x86_set_rflags(cpu, rflags);
}

/*
 * The registers as they can be. False: the processor shuts down on what is left, states
 * that no MOV to CR and no WRMSR would make (SDM volume 3C, RSM; APM volume 2, 10.4).
 */
static bool settle(X86State *cpu)
{
    uint64_t cr0 = cpu->cr0;
    bool pg = cr0 & X86_CR0_PG, lma = pg && cpu->efer & X86_EFER_LME;

    if ((pg && !(cr0 & X86_CR0_PE)) || (cr0 & X86_CR0_NW && !(cr0 & X86_CR0_CD)) ||
        cpu->cr4 & ~x86_cr4_allowed(cpu) || cpu->efer & ~x86_efer_allowed(cpu) ||
        (cpu->cr4 & X86_CR4_PCIDE && !lma)) {
        return false;
    }
    if (lma &&
        (!(cpu->cr4 & X86_CR4_PAE) || cpu->rflags & X86_FL_VM ||
         cpu->cr3 >> cpu->ident.phys_bits ||
         (cpu->seg[X86_CS].attr & X86_SEG_L && cpu->seg[X86_CS].attr & X86_SEG_DB))) {
        return false;
    }
    cpu->cr0 = (cr0 & 0xe005003f) | X86_CR0_ET;
    cpu->efer = lma ? cpu->efer | X86_EFER_LMA : cpu->efer & ~(uint64_t)X86_EFER_LMA;
    cpu->dr[6] = (cpu->dr[6] & 0xe00f) | 0xffff0ff0;
    cpu->dr[7] = (cpu->dr[7] & 0xffff2bff) | 0x400;
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        if (!lma || k < X86_FS) {
            cpu->seg[k].base = (uint32_t)cpu->seg[k].base;
        }
    }
    return !pg || !(cpu->cr4 & X86_CR4_PAE) || lma ||
           x86_load_pdptes(cpu, cpu->cr3, cpu->pdpte);
}

void x86_smm_leave(X86State *cpu)
{
    bool ok;

    cpu->insn = NULL;
    if (x86_has(cpu, X86_F_LM)) {
        load_amd64(cpu);
    } else {
        load_p6(cpu);
    }
    cpu->in_smm = false;
    cpu->nmi_blocked = cpu->smm_inside_nmi;
    if (cpu->ops && cpu->ops->smm_changed) {
        cpu->ops->smm_changed(cpu->board, 0);
    }
    if (!(cpu->cr0 & X86_CR0_PE)) {
        cpu->cpl = 0;
    } else if (cpu->rflags & X86_FL_VM) {
        cpu->cpl = 3;
    } else {
        cpu->cpl = (cpu->seg[X86_SS].attr & X86_SEG_DPL) >> X86_SEG_DPL_SHIFT;
    }
    x86_flush_all(cpu);
    ok = settle(cpu);
    x86_update_breakpoints(cpu);
    x86_update_mode(cpu);
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        x86_update_seg(cpu, k);
    }
    if (log_enabled(LOG_INT)) {
        x86_log_state(cpu, false, "SMM: after RSM\n");
    }
    if (!ok) {
        x86_shutdown(cpu);
    }
}
