/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Task state segments: SDM volume 3A, chapter 7.
 */
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/stack.h"
#include "accel/target/i386/system.h"
#include "util/log.h"

enum {
    TYPE_TSS16 = 1,
    TYPE_TSS32 = 9,
    TSS_BUSY = 2,
};

static bool is_tss32(uint16_t attr)
{
    return attr & 8;
}

void x86_tss_stack(X86State *cpu, unsigned dpl, uint16_t *ss, uint32_t *esp)
{
    uint64_t base = cpu->tr.base;

    if (is_tss32(cpu->tr.attr)) {
        uint32_t at = 4 + 8 * dpl;

        if (at + 5 > cpu->tr.limit) {
            x86_raise_err(cpu, X86_EXC_TS, cpu->tr.selector & 0xfffc);
        }
        *esp = x86_sys_ld(cpu, base + at, 4);
        *ss = x86_sys_ld(cpu, base + at + 4, 2);
    } else {
        uint32_t at = 2 + 4 * dpl;

        if (at + 3 > cpu->tr.limit) {
            x86_raise_err(cpu, X86_EXC_TS, cpu->tr.selector & 0xfffc);
        }
        *esp = x86_sys_ld(cpu, base + at, 2);
        *ss = x86_sys_ld(cpu, base + at + 2, 2);
    }
}

uint64_t x86_tss_rsp64(X86State *cpu, unsigned index)
{
    uint32_t at = 4 + 8 * index;
    uint64_t rsp;

    if (at + 7 > cpu->tr.limit) {
        x86_raise_err(cpu, X86_EXC_TS, cpu->tr.selector & 0xfffc);
    }
    rsp = x86_sys_ld(cpu, cpu->tr.base + at, 8);
    if (!x86_is_canonical(cpu, rsp)) {
        x86_raise_err(cpu, X86_EXC_SS, 0);
    }
    return rsp;
}

/* What a TSS holds, independent of its size. */
typedef struct TaskImage {
    uint32_t cr3, eip, eflags, regs[8];
    uint16_t seg[X86_SEG_COUNT], ldt;
    bool trap;
} TaskImage;

static void save_task(X86State *cpu, uint64_t next_rip, uint64_t eflags)
{
    uint64_t base = cpu->tr.base;

    if (is_tss32(cpu->tr.attr)) {
        x86_sys_st(cpu, base + 32, next_rip, 4);
        x86_sys_st(cpu, base + 36, eflags, 4);
        for (unsigned k = 0; k < 8; k++) {
            x86_sys_st(cpu, base + 40 + 4 * k, cpu->regs[k].d, 4);
        }
        for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
            x86_sys_st(cpu, base + 72 + 4 * k, cpu->seg[k].selector, 2);
        }
    } else {
        x86_sys_st(cpu, base + 14, next_rip, 2);
        x86_sys_st(cpu, base + 16, eflags, 2);
        for (unsigned k = 0; k < 8; k++) {
            x86_sys_st(cpu, base + 18 + 2 * k, cpu->regs[k].w, 2);
        }
        for (unsigned k = 0; k < 4; k++) {
            x86_sys_st(cpu, base + 34 + 2 * k, cpu->seg[k].selector, 2);
        }
    }
}

static TaskImage load_image(X86State *cpu, uint64_t base, bool wide)
{
    TaskImage t = { 0 };

    if (wide) {
        t.cr3 = x86_sys_ld(cpu, base + 28, 4);
        t.eip = x86_sys_ld(cpu, base + 32, 4);
        t.eflags = x86_sys_ld(cpu, base + 36, 4);
        for (unsigned k = 0; k < 8; k++) {
            t.regs[k] = x86_sys_ld(cpu, base + 40 + 4 * k, 4);
        }
        for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
            t.seg[k] = x86_sys_ld(cpu, base + 72 + 4 * k, 2);
        }
        t.ldt = x86_sys_ld(cpu, base + 96, 2);
        t.trap = x86_sys_ld(cpu, base + 100, 2) & 1;
    } else {
        t.eip = x86_sys_ld(cpu, base + 14, 2);
        t.eflags = x86_sys_ld(cpu, base + 16, 2);
        for (unsigned k = 0; k < 8; k++) {
            t.regs[k] = 0xffff0000u | x86_sys_ld(cpu, base + 18 + 2 * k, 2);
        }
        for (unsigned k = 0; k < 4; k++) {
            t.seg[k] = x86_sys_ld(cpu, base + 34 + 2 * k, 2);
        }
        t.ldt = x86_sys_ld(cpu, base + 42, 2);
    }
    return t;
}

/* What a task switch is going to touch is there: nothing may fault half way. */
static void probe(X86State *cpu, uint64_t base, unsigned len, SoftTlbAccess access)
{
    x86_tlb_get(cpu, (uint32_t)base, access, x86_sys_view(cpu));
    x86_tlb_get(cpu, (uint32_t)(base + len - 1), access, x86_sys_view(cpu));
}

static void load_ldt(X86State *cpu, uint16_t sel)
{
    X86Desc d;

    cpu->ldtr = (X86Segment){ .selector = sel };
    if (!(sel & 0xfffc)) {
        return;
    }
    if (sel & 4 || !x86_desc_read(cpu, sel, &d) || (x86_desc_attr(&d) & 0x1f) != 2 ||
        !(x86_desc_attr(&d) & X86_SEG_P)) {
        x86_raise_err(cpu, X86_EXC_TS, sel & 0xfffc);
    }
    cpu->ldtr = x86_desc_segment(&d, sel);
}

/* In the new task, segment faults are #TS, #NP or #SS of that task. CPL follows later.
 */
static void load_task_cs(X86State *cpu, uint16_t sel)
{
    uint32_t error = sel & 0xfffc;
    X86Desc d;
    X86Segment s;

    if (!error || !x86_desc_read(cpu, sel, &d)) {
        x86_raise_err(cpu, X86_EXC_TS, error);
    }
    s = x86_desc_segment(&d, sel);
    if ((s.attr & (X86_SEG_S | X86_SEG_CODE)) != (X86_SEG_S | X86_SEG_CODE) ||
        (s.attr & X86_SEG_EC ? x86_desc_dpl(&d) > (sel & 3)
                             : x86_desc_dpl(&d) != (sel & 3))) {
        x86_raise_err(cpu, X86_EXC_TS, error);
    }
    if (!(s.attr & X86_SEG_P)) {
        x86_raise_err(cpu, X86_EXC_NP, error);
    }
    x86_desc_set_accessed(cpu, &d);
    s.attr |= X86_SEG_ACCESSED;
    x86_load_seg_cache(cpu, X86_CS, &s);
}

static void load_task_ss(X86State *cpu, uint16_t sel, unsigned cpl)
{
    uint32_t error = sel & 0xfffc;
    X86Desc d;
    X86Segment s;

    if (!error || !x86_desc_read(cpu, sel, &d)) {
        x86_raise_err(cpu, X86_EXC_TS, error);
    }
    x86_check_ss(cpu, sel, &d, cpl, X86_EXC_TS);
    x86_desc_set_accessed(cpu, &d);
    s = x86_desc_segment(&d, sel);
    s.attr |= X86_SEG_ACCESSED;
    x86_load_seg_cache(cpu, X86_SS, &s);
}

static void load_task_seg(X86State *cpu, unsigned seg, uint16_t sel)
{
    uint32_t error = sel & 0xfffc;
    bool conforming;
    X86Desc d;
    X86Segment s;

    if (!error) {
        x86_load_seg_null(cpu, seg, sel);
        return;
    }
    if (!x86_desc_read(cpu, sel, &d)) {
        x86_raise_err(cpu, X86_EXC_TS, error);
    }
    s = x86_desc_segment(&d, sel);
    conforming = (s.attr & (X86_SEG_CODE | X86_SEG_EC)) == (X86_SEG_CODE | X86_SEG_EC);
    if (!(s.attr & X86_SEG_S) ||
        (s.attr & (X86_SEG_CODE | X86_SEG_RW)) == X86_SEG_CODE ||
        (!conforming &&
         (x86_desc_dpl(&d) < cpu->cpl || x86_desc_dpl(&d) < (sel & 3u)))) {
        x86_raise_err(cpu, X86_EXC_TS, error);
    }
    if (!(s.attr & X86_SEG_P)) {
        x86_raise_err(cpu, X86_EXC_NP, error);
    }
    x86_desc_set_accessed(cpu, &d);
    s.attr |= X86_SEG_ACCESSED;
    x86_load_seg_cache(cpu, seg, &s);
}

/*
 * A fault in here is one of the new task, whose selectors are all there, and none that
 * has not been checked is usable. Without CS and SS CPL counts as 3, so that a handler
 * gets the stack of its level from the TSS.
 */
static void load_segments(X86State *cpu, const TaskImage *t)
{
    static const uint8_t data[] = { X86_ES, X86_DS, X86_FS, X86_GS };

    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        cpu->seg[k] = (X86Segment){ .selector = t->seg[k] };
        x86_update_seg(cpu, k);
    }
    x86_set_cpl(cpu, 3);
    load_ldt(cpu, t->ldt);
    if (t->eflags & X86_FL_VM) {
        for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
            x86_load_seg_real(cpu, k, t->seg[k]);
        }
        return;
    }
    load_task_cs(cpu, t->seg[X86_CS]);
    load_task_ss(cpu, t->seg[X86_SS], t->seg[X86_CS] & 3);
    x86_set_cpl(cpu, t->seg[X86_CS] & 3);
    for (unsigned k = 0; k < sizeof(data); k++) {
        load_task_seg(cpu, data[k], t->seg[data[k]]);
    }
}

static void check_new_tss(X86State *cpu, uint16_t sel, const X86Desc *d,
                          X86TaskReason reason)
{
    X86Exception vector = reason == X86_TASK_IRET ? X86_EXC_TS : X86_EXC_GP;
    uint16_t attr = x86_desc_attr(d);
    bool busy = attr & TSS_BUSY;
    unsigned type = attr & X86_SEG_TYPE & ~(unsigned)TSS_BUSY;

    if (attr & X86_SEG_S || (type != TYPE_TSS16 && type != TYPE_TSS32) ||
        busy != (reason == X86_TASK_IRET)) {
        x86_raise_err(cpu, vector, sel & 0xfffc);
    }
    if (!(attr & X86_SEG_P)) {
        x86_raise_err(cpu, X86_EXC_NP, sel & 0xfffc);
    }
    if (x86_desc_limit(d) < (is_tss32(attr) ? 0x67u : 0x2bu)) {
        x86_raise_err(cpu, X86_EXC_TS, sel & 0xfffc);
    }
}

static unsigned tss_bytes(uint16_t attr)
{
    return is_tss32(attr) ? 0x68 : 0x2c;
}

/* All that must be there before anything changes: SDM volume 3A, 7.3, step 5. */
static void check_memory(X86State *cpu, const X86Desc *d, const X86Desc *old,
                         X86TaskReason reason)
{
    bool wide = is_tss32(x86_desc_attr(d));
    uint64_t base = x86_desc_base(d), pdpte[4];

    if (cpu->tr.limit < tss_bytes(cpu->tr.attr) - 1) {
        x86_raise_err(cpu, X86_EXC_TS, cpu->tr.selector & 0xfffc);
    }
    probe(cpu, cpu->tr.base, tss_bytes(cpu->tr.attr), SOFT_TLB_WRITE);
    probe(cpu, base, tss_bytes(x86_desc_attr(d)), SOFT_TLB_READ);
    if (reason == X86_TASK_CALL) {
        probe(cpu, base, 2, SOFT_TLB_WRITE);
    } else if (old->addr) {
        probe(cpu, old->addr + 5, 1, SOFT_TLB_WRITE);
    }
    if (reason != X86_TASK_IRET) {
        probe(cpu, d->addr + 5, 1, SOFT_TLB_WRITE);
    }
    /* A bad CR3 is found out where the old task can be told. */
    if (wide && cpu->cr0 & X86_CR0_PG && cpu->cr4 & X86_CR4_PAE &&
        !x86_load_pdptes(cpu, x86_sys_ld(cpu, base + 28, 4), pdpte)) {
        x86_raise_gp(cpu, 0);
    }
}

void x86_task_switch(X86State *cpu, uint16_t sel, X86Desc *d, X86TaskReason reason,
                     uint64_t next_rip)
{
    uint64_t base = x86_desc_base(d);
    uint64_t eflags = x86_get_rflags(cpu);
    uint16_t old_sel = cpu->tr.selector;
    bool wide = is_tss32(x86_desc_attr(d));
    X86Desc old = { 0 };
    TaskImage t;

    check_new_tss(cpu, sel, d, reason);
    if (reason != X86_TASK_CALL) {
        x86_desc_read(cpu, old_sel, &old);
    }
    check_memory(cpu, d, &old, reason);
    log_item(LOG_PCALL, "task switch %04x from %04x\n", sel, old_sel);
    if (old.addr) {
        x86_desc_set_busy(cpu, &old, false);
    }
    if (reason == X86_TASK_IRET) {
        eflags &= ~(uint64_t)X86_FL_NT;
    }
    save_task(cpu, next_rip, eflags);
    t = load_image(cpu, base, wide);
    if (reason == X86_TASK_CALL) {
        x86_sys_st(cpu, base, old_sel, 2);
        t.eflags |= X86_FL_NT;
    }
    if (reason != X86_TASK_IRET) {
        x86_desc_set_busy(cpu, d, true);
    }
    /* From here on everything belongs to the new task. */
    cpu->insn = NULL;
    cpu->run_end = NULL;
    cpu->tr = x86_desc_segment(d, sel);
    cpu->tr.attr |= TSS_BUSY;
    cpu->cr0 |= X86_CR0_TS;
    cpu->dr[7] &= ~(uint64_t)0x155;
    x86_update_breakpoints(cpu);
    cpu->rip = t.eip;
    x86_set_rflags(cpu, t.eflags);
    for (unsigned k = 0; k < 8; k++) {
        cpu->regs[k].q = t.regs[k];
    }
    x86_update_mode(cpu);
    if (wide && cpu->cr0 & X86_CR0_PG) {
        x86_set_cr3(cpu, t.cr3);
    }
    load_segments(cpu, &t);
    if (cpu->rip > cpu->seg[X86_CS].limit) {
        x86_raise_gp(cpu, 0);
    }
    if (t.trap) {
        cpu->pending_db |= 1 << 15;
    }
}
