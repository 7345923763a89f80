/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions and interrupts: raising, combining into double and triple faults, delivery
 * in all modes.  SDM volume 3A, chapter 6; virtual-8086 mode: volume 3B, chapter 21.
 */
#include "accel/target/i386/dump.h"
#include "accel/target/i386/flags.h"
#include "accel/target/i386/jit-target.h"
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/stack.h"
#include "accel/target/i386/system.h"
#include "util/log.h"

#include <inttypes.h>
#include <stdio.h>

/* --- raising -------------------------------------------------------------------------
 */

static _Noreturn void raise_event(X86State *cpu, X86Exception vector, bool has_error,
                                  uint32_t error)
{
    if (cpu->insn) {
        cpu->rip = x86_insn_rip(cpu->insn);
        cpu->insn = NULL;
    }
    x86_take_flags(cpu);
    if (vector >= X86_EXC_TS && vector <= X86_EXC_GP) {
        error |= cpu->exc_ext;
    }
    cpu->exc_ext = 0;
    cpu->exc_vector = vector;
    cpu->exc_has_error = has_error;
    cpu->exc_error = error;
    longjmp(cpu->fault_env, 1);
}

void x86_raise(X86State *cpu, X86Exception vector)
{
    raise_event(cpu, vector, false, 0);
}

void x86_raise_err(X86State *cpu, X86Exception vector, uint32_t error)
{
    raise_event(cpu, vector, true, error);
}

void x86_raise_ud(X86State *cpu)
{
    raise_event(cpu, X86_EXC_UD, false, 0);
}

void x86_raise_gp(X86State *cpu, uint32_t error)
{
    raise_event(cpu, X86_EXC_GP, true, error);
}

void x86_raise_pf(X86State *cpu, uint64_t addr, uint32_t error)
{
    cpu->cr2 = addr;
    raise_event(cpu, X86_EXC_PF, true, error);
}

void x86_raise_mf(X86State *cpu)
{
    if (!(cpu->cr0 & X86_CR0_NE) && cpu->ops && cpu->ops->set_ferr) {
        /* The board turns FERR# into an interrupt; the instruction waits for it. */
        cpu->ops->set_ferr(cpu->board, 1);
        if (cpu->insn) {
            cpu->rip = x86_insn_rip(cpu->insn);
            cpu->insn = NULL;
        }
        x86_take_flags(cpu);
        cpu->exc_vector = -1;
        longjmp(cpu->fault_env, 1);
    }
    raise_event(cpu, X86_EXC_MF, false, 0);
}

void x86_raise_xm(X86State *cpu)
{
    raise_event(cpu, cpu->mode & X86_MODE_OSXMMEXCPT ? X86_EXC_XM : X86_EXC_UD, false,
                0);
}

void x86_ref_ud(X86State *cpu, const X86Insn *i)
{
    x86_raise_ud(cpu);
}

void x86_ref_nm(X86State *cpu, const X86Insn *i)
{
    x86_raise(cpu, X86_EXC_NM);
}

void x86_ref_gp0(X86State *cpu, const X86Insn *i)
{
    x86_raise_gp(cpu, 0);
}

/* --- delivery: common ------------------------------------------------------------- */

typedef struct Event {
    unsigned vector;
    X86EventKind kind;
    bool has_error;
    uint32_t error;
    uint64_t rip;
} Event;

static uint32_t idt_error(const Event *e)
{
    return e->vector << 3 | 2;
}

/* RFLAGS as pushed: faults set RF so that a breakpoint does not hit twice. */
static uint64_t pushed_flags(X86State *cpu, const Event *e)
{
    uint64_t fl = x86_get_rflags(cpu);

    if (e->kind == X86_EVENT_FAULT && e->vector != X86_EXC_DB) {
        fl |= X86_FL_RF;
    }
    return fl;
}

/* --- stacks --------------------------------------------------------------------------
 */

static X86View view_of_cpl(const X86State *cpu, unsigned cpl)
{
    if (cpl == 3) {
        return X86_VIEW_USER;
    }
    return cpu->cr4 & X86_CR4_SMAP && !(cpu->rflags & X86_FL_AC) ? X86_VIEW_SMAP
                                                                 : X86_VIEW_KERNEL;
}

static bool in_limit(const X86Segment *s, uint64_t at, unsigned size)
{
    if ((s->attr & (X86_SEG_CODE | X86_SEG_EC)) == X86_SEG_EC) {
        uint64_t top = s->attr & X86_SEG_DB ? 0xffffffffu : 0xffffu;

        return at > s->limit && at + size - 1 <= top;
    }
    return at + size - 1 <= s->limit;
}

void x86_frame_push(X86State *cpu, X86Frame *f, uint64_t v)
{
    uint64_t sp = (f->sp - f->size) & f->mask;
    uint64_t lin = f->base + sp;

    if (f->ss) {
        if (!in_limit(f->ss, sp, f->size)) {
            x86_raise_err(cpu, X86_EXC_SS, f->error);
        }
        lin = (uint32_t)lin;
    } else if (!x86_is_canonical(cpu, lin)) {
        x86_raise_err(cpu, X86_EXC_SS, f->error);
    }
    x86_st_linear(cpu, lin, v, f->size, f->view);
    f->sp = (f->sp & ~f->mask) | sp;
}

static X86Segment null_ss(unsigned cpl)
{
    return (X86Segment){ .selector = cpl,
                         .attr = (uint16_t)(cpl << X86_SEG_DPL_SHIFT) };
}

/* In long mode: rSP is number @index of the TSS. */
static X86Frame inner_frame64(X86State *cpu, unsigned cpl, unsigned index)
{
    return (X86Frame){ .sp = x86_tss_rsp64(cpu, index),
                       .mask = UINT64_MAX,
                       .view = view_of_cpl(cpu, cpl),
                       .size = 8 };
}

X86Frame x86_inner_frame(X86State *cpu, unsigned cpl, unsigned size, X86Segment *seg)
{
    uint16_t ss;
    uint32_t esp, error;
    X86Desc d;

    if (x86_is_long(cpu)) {
        *seg = null_ss(cpl);
        return inner_frame64(cpu, cpl, cpl);
    }
    x86_tss_stack(cpu, cpl, &ss, &esp);
    error = ss & 0xfffc;
    if (!error || !x86_desc_read(cpu, ss, &d)) {
        x86_raise_err(cpu, X86_EXC_TS, error);
    }
    x86_check_ss(cpu, ss, &d, cpl, X86_EXC_TS);
    x86_desc_set_accessed(cpu, &d);
    *seg = x86_desc_segment(&d, ss);
    seg->attr |= X86_SEG_ACCESSED;
    return (X86Frame){ .base = seg->base,
                       .sp = esp,
                       .mask = seg->attr & X86_SEG_DB ? 0xffffffffu : 0xffffu,
                       .view = view_of_cpl(cpu, cpl),
                       .size = size,
                       .ss = seg,
                       .error = error };
}

static void set_flags_for_handler(X86State *cpu, bool clear_if)
{
    uint32_t clear = X86_FL_TF | X86_FL_NT | X86_FL_RF | X86_FL_VM;

    cpu->rflags &= ~(clear | (clear_if ? X86_FL_IF : 0));
}

/* --- real mode -------------------------------------------------------------------- */

/* Also the redirected software interrupts of virtual-8086 mode with VME. */
static void enter_by_vector_table(X86State *cpu, const Event *e, uint64_t table,
                                  uint64_t flags)
{
    uint32_t entry = x86_is_vm86(cpu)
                         ? x86_ld_linear(cpu, table + e->vector * 4, 4, cpu->view)
                         : x86_sys_ld(cpu, table + e->vector * 4, 4);

    x86_probe_push(cpu, 6);
    x86_stack_st16(cpu, -2, flags);
    x86_stack_st16(cpu, -4, cpu->seg[X86_CS].selector);
    x86_stack_st16(cpu, -6, e->rip);
    x86_sp_add(cpu, -6);
    cpu->rip = entry & 0xffff;
    x86_load_seg_real(cpu, X86_CS, entry >> 16);
}

static void deliver_real(X86State *cpu, const Event *e)
{
    if (e->vector * 4 + 3 > cpu->idtr.limit) {
        x86_raise_gp(cpu, idt_error(e));
    }
    enter_by_vector_table(cpu, e, cpu->idtr.base, pushed_flags(cpu, e) & 0xffff);
    cpu->rflags &= ~(X86_FL_IF | X86_FL_TF | X86_FL_AC | X86_FL_RF);
    x86_update_mode(cpu);
}

/* --- protected mode --------------------------------------------------------------- */

enum {
    GATE_TASK = 5,
    GATE_INT16 = 6,
    GATE_TRAP16 = 7,
    GATE_INT32 = 14,
    GATE_TRAP32 = 15,
};

typedef struct Gate {
    unsigned type, dpl, ist;
    bool present;
    uint16_t sel;
    uint64_t offset;
} Gate;

static Gate read_gate(X86State *cpu, const Event *e, unsigned size)
{
    uint64_t at = cpu->idtr.base + e->vector * size, v;
    Gate g;

    if (e->vector * size + size - 1 > cpu->idtr.limit) {
        x86_raise_gp(cpu, idt_error(e));
    }
    v = x86_sys_ld(cpu, at, 8);
    g.type = v >> 40 & 0x1f;
    g.dpl = v >> 45 & 3;
    g.present = v >> 47 & 1;
    g.ist = v >> 32 & 7;
    g.sel = v >> 16;
    g.offset = (v & 0xffff) | (v >> 32 & 0xffff0000u);
    if (size == 16) {
        g.offset |= x86_sys_ld(cpu, at + 8, 4) << 32;
    }
    return g;
}

/* Privilege and presence of the gate. */
static void check_gate(X86State *cpu, const Event *e, const Gate *g, bool type_ok)
{
    if (!type_ok || (e->kind == X86_EVENT_SOFT && g->dpl < cpu->cpl)) {
        x86_raise_gp(cpu, idt_error(e));
    }
    if (!g->present) {
        x86_raise_err(cpu, X86_EXC_NP, idt_error(e));
    }
}

/* The code segment of the handler, checked; returns the new CPL. */
static unsigned handler_segment(X86State *cpu, const Gate *g, X86Desc *d)
{
    uint32_t error = g->sel & 0xfffc;
    uint16_t attr;

    if (!error || !x86_desc_read(cpu, g->sel, d)) {
        x86_raise_gp(cpu, error);
    }
    attr = x86_desc_attr(d);
    if ((attr & (X86_SEG_S | X86_SEG_CODE)) != (X86_SEG_S | X86_SEG_CODE) ||
        x86_desc_dpl(d) > cpu->cpl) {
        x86_raise_gp(cpu, error);
    }
    if (x86_is_long(cpu) && (attr & (X86_SEG_L | X86_SEG_DB)) != X86_SEG_L) {
        x86_raise_gp(cpu, error);
    }
    if (!(attr & X86_SEG_P)) {
        x86_raise_err(cpu, X86_EXC_NP, error);
    }
    return attr & X86_SEG_EC ? cpu->cpl : x86_desc_dpl(d);
}

static void deliver_task(X86State *cpu, const Event *e, const Gate *g)
{
    X86Desc d;
    bool wide;

    if (g->sel & 4 || !(g->sel & 0xfffc) || !x86_desc_read(cpu, g->sel, &d)) {
        x86_raise_gp(cpu, g->sel & 0xfffc);
    }
    wide = x86_desc_attr(&d) & 8;
    /* What would be pushed goes into the TSS of the task that is left. */
    cpu->rflags |= pushed_flags(cpu, e) & X86_FL_RF;
    x86_task_switch(cpu, g->sel, &d, X86_TASK_CALL, e->rip);
    if (e->has_error) {
        x86_push(cpu, wide ? 4 : 2, e->error);
    }
}

static void deliver_protected(X86State *cpu, const Event *e)
{
    Gate g = read_gate(cpu, e, 8);
    bool vm = cpu->rflags & X86_FL_VM;
    uint64_t flags = pushed_flags(cpu, e);
    unsigned cpl, size;
    X86Segment cs, ss;
    X86Desc d;
    X86Frame f;
    bool inner;

    check_gate(cpu, e, &g,
               g.type == GATE_TASK || g.type == GATE_INT16 || g.type == GATE_TRAP16 ||
                   g.type == GATE_INT32 || g.type == GATE_TRAP32);
    if (g.type == GATE_TASK) {
        deliver_task(cpu, e, &g);
        return;
    }
    size = g.type & 8 ? 4 : 2;
    if (size == 2) {
        g.offset &= 0xffff;
    }
    cpl = handler_segment(cpu, &g, &d);
    inner = cpl < cpu->cpl;
    if (vm && cpl != 0) {
        x86_raise_gp(cpu, g.sel & 0xfffc);
    }
    if (inner) {
        f = x86_inner_frame(cpu, cpl, size, &ss);
        if (vm) {
            x86_frame_push(cpu, &f, cpu->seg[X86_GS].selector);
            x86_frame_push(cpu, &f, cpu->seg[X86_FS].selector);
            x86_frame_push(cpu, &f, cpu->seg[X86_DS].selector);
            x86_frame_push(cpu, &f, cpu->seg[X86_ES].selector);
        }
        x86_frame_push(cpu, &f, cpu->seg[X86_SS].selector);
        x86_frame_push(cpu, &f, cpu->regs[X86_RSP].q);
    } else {
        f = (X86Frame){ .base = cpu->seg[X86_SS].base,
                        .sp = cpu->regs[X86_RSP].q,
                        .mask = cpu->stack_mask,
                        .view = (X86View)cpu->view,
                        .size = size,
                        .ss = &cpu->seg[X86_SS] };
    }
    x86_frame_push(cpu, &f, flags);
    x86_frame_push(cpu, &f, cpu->seg[X86_CS].selector);
    x86_frame_push(cpu, &f, e->rip);
    if (e->has_error) {
        x86_frame_push(cpu, &f, e->error);
    }
    if (g.offset > x86_desc_limit(&d)) {
        x86_raise_gp(cpu, 0);
    }
    x86_desc_set_accessed(cpu, &d);
    cs = x86_desc_segment(&d, (g.sel & 0xfffc) | cpl);
    cs.attr |= X86_SEG_ACCESSED;
    set_flags_for_handler(cpu, !(g.type & 1));
    if (inner) {
        if (vm) {
            static const uint8_t data[] = { X86_ES, X86_DS, X86_FS, X86_GS };

            for (unsigned k = 0; k < sizeof(data); k++) {
                cpu->seg[data[k]] = (X86Segment){ 0 };
                x86_update_seg(cpu, data[k]);
            }
        }
        cpu->seg[X86_SS] = ss;
    }
    x86_load_cs(cpu, &cs, cpl);
    x86_update_seg(cpu, X86_SS);
    x86_sp_set(cpu, f.sp);
    cpu->rip = g.offset;
}

/* --- long mode -------------------------------------------------------------------- */

static void deliver_long(X86State *cpu, const Event *e)
{
    Gate g = read_gate(cpu, e, 16);
    uint64_t flags = pushed_flags(cpu, e);
    X86Segment cs, ss;
    X86Desc d;
    unsigned cpl;
    bool inner;
    X86Frame f;

    check_gate(cpu, e, &g, g.type == GATE_INT32 || g.type == GATE_TRAP32);
    cpl = handler_segment(cpu, &g, &d);
    inner = cpl < cpu->cpl;
    ss = inner ? null_ss(cpl) : cpu->seg[X86_SS];
    if (g.ist || inner) {
        f = inner_frame64(cpu, cpl, g.ist ? 3 + g.ist : cpl);
    } else {
        f = (X86Frame){ .sp = cpu->regs[X86_RSP].q,
                        .mask = UINT64_MAX,
                        .view = view_of_cpl(cpu, cpl),
                        .size = 8 };
    }
    f.sp &= ~15ull;
    x86_frame_push(cpu, &f, cpu->seg[X86_SS].selector);
    x86_frame_push(cpu, &f, cpu->regs[X86_RSP].q);
    x86_frame_push(cpu, &f, flags);
    x86_frame_push(cpu, &f, cpu->seg[X86_CS].selector);
    x86_frame_push(cpu, &f, e->rip);
    if (e->has_error) {
        x86_frame_push(cpu, &f, e->error);
    }
    if (!x86_is_canonical(cpu, g.offset)) {
        x86_raise_gp(cpu, 0);
    }
    x86_desc_set_accessed(cpu, &d);
    cs = x86_desc_segment(&d, (g.sel & 0xfffc) | cpl);
    cs.attr |= X86_SEG_ACCESSED;
    set_flags_for_handler(cpu, !(g.type & 1));
    x86_load_cs_ss(cpu, &cs, &ss, cpl);
    cpu->regs[X86_RSP].q = f.sp;
    cpu->rip = g.offset;
}

/* --- entry points ----------------------------------------------------------------- */

/* Scripts read this format: keep it. */
static void log_event(X86State *cpu, const Event *e)
{
    static unsigned count;
    char what[40] = "";
    bool pf = e->vector == X86_EXC_PF && e->kind == X86_EVENT_FAULT;

    if (e->kind == X86_EVENT_HARD && e->vector != X86_EXC_NMI) {
        snprintf(what, sizeof(what), "Servicing hardware INT=0x%02x\n", e->vector);
    }
    x86_log_state(cpu, false,
                  "%s%6u: v=%02x e=%04x i=%d cpl=%d IP=%04x:%016" PRIx64
                  " pc=%016" PRIx64 " SP=%04x:%016" PRIx64 " %s=%016" PRIx64 "\n",
                  what, __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED), e->vector,
                  e->has_error ? e->error : 0, e->kind == X86_EVENT_SOFT, cpu->cpl,
                  cpu->seg[X86_CS].selector, e->rip, cpu->seg[X86_CS].base + e->rip,
                  cpu->seg[X86_SS].selector, cpu->regs[X86_RSP].q,
                  pf ? "CR2" : "env->regs[R_EAX]",
                  pf ? cpu->cr2 : cpu->regs[X86_RAX].q);
}

void x86_deliver(X86State *cpu, unsigned vector, X86EventKind kind, bool has_error,
                 uint32_t error, uint64_t rip)
{
    Event e = { vector, kind, has_error, error, rip };

    if (log_enabled(LOG_INT)) {
        log_event(cpu, &e);
    }
    cpu->irq_shadow = 0;
    cpu->exc_ext = kind != X86_EVENT_SOFT;
    if (!(cpu->cr0 & X86_CR0_PE)) {
        deliver_real(cpu, &e);
    } else if (x86_is_long(cpu)) {
        deliver_long(cpu, &e);
    } else {
        deliver_protected(cpu, &e);
    }
    cpu->exc_ext = 0;
}

/* --- INT n in virtual-8086 mode --------------------------------------------------- */

/* With VME, a clear bit in the redirection map sends INT n to the 8086 handler. */
static bool redirected(X86State *cpu, unsigned vector)
{
    uint16_t map;

    if (!(cpu->cr4 & X86_CR4_VME) || !(cpu->tr.attr & 8) || cpu->tr.limit < 0x67) {
        return false;
    }
    map = x86_sys_ld(cpu, cpu->tr.base + 0x66, 2);
    if (map < 32 || (uint32_t)(map - 32 + vector / 8) > cpu->tr.limit) {
        return false;
    }
    return !(x86_sys_ld(cpu, cpu->tr.base + map - 32 + vector / 8, 1) >> (vector & 7) &
             1);
}

bool x86_deliver_in_vm86(X86State *cpu, unsigned vector, uint64_t rip)
{
    Event e = { .vector = vector, .kind = X86_EVENT_SOFT, .rip = rip };
    uint64_t flags = x86_get_rflags(cpu);
    bool virtual_if = x86_iopl(cpu) < 3;

    if (!redirected(cpu, vector)) {
        if (virtual_if) {
            x86_raise_gp(cpu, 0);
        }
        return false;
    }
    if (log_enabled(LOG_INT)) {
        log_event(cpu, &e);
    }
    if (virtual_if) {
        flags = (flags & ~(uint64_t)X86_FL_IF) | X86_FL_IOPL |
                (flags & X86_FL_VIF ? X86_FL_IF : 0);
    }
    enter_by_vector_table(cpu, &e, 0, flags);
    cpu->rflags &= ~(X86_FL_TF | (virtual_if ? X86_FL_VIF : X86_FL_IF));
    x86_update_mode(cpu);
    return true;
}

/* --- double and triple faults ----------------------------------------------------- */

static bool is_contributory(int v)
{
    return v == X86_EXC_DE || (v >= X86_EXC_TS && v <= X86_EXC_GP);
}

void x86_shutdown(X86State *cpu)
{
    if (log_enabled(LOG_INT | LOG_CPU_RESET)) {
        x86_log_state(cpu, false, "Triple fault\n");
    }
    cpu->exc_delivering = -1;
    cpu->exc_vector = -1;
    cpu->halted = true;
    cpu->smi_blocked_by_shutdown = true;
    if (cpu->ops && cpu->ops->triple_fault) {
        cpu->ops->triple_fault(cpu->board);
    }
}

void x86_take_fault(X86State *cpu)
{
    int vector = cpu->exc_vector, first = cpu->exc_delivering;

    if (vector < 0) {
        cpu->exc_delivering = -1;
        return;
    }
    cpu->exc_vector = -1;
    log_item(LOG_INT, "check_exception old: 0x%x new 0x%x\n", (unsigned)first,
             (unsigned)vector);
    if (first == X86_EXC_DF) {
        x86_shutdown(cpu);
        return;
    }
    if (first >= 0 &&
        ((is_contributory(first) && is_contributory(vector)) ||
         (first == X86_EXC_PF && (is_contributory(vector) || vector == X86_EXC_PF)))) {
        vector = X86_EXC_DF;
        cpu->exc_has_error = true;
        cpu->exc_error = 0;
    }
    cpu->exc_delivering = vector;
    if (vector == X86_EXC_DB) {
        cpu->rflags &= ~X86_FL_RF;
    }
    x86_deliver(cpu, vector, X86_EVENT_FAULT, cpu->exc_has_error, cpu->exc_error,
                cpu->rip);
    cpu->exc_delivering = -1;
}

void x86_take_trap_db(X86State *cpu, uint64_t dr6_bits)
{
    cpu->dr[6] |= dr6_bits;
    cpu->dr[7] &= ~(uint64_t)(1 << 13);
    cpu->exc_delivering = X86_EXC_DB;
    x86_deliver(cpu, X86_EXC_DB, X86_EVENT_TRAP, false, 0, cpu->rip);
    cpu->exc_delivering = -1;
}
