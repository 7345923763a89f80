/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Far transfers of control: JMP, CALL, RET, IRET, INT, SYSCALL, SYSENTER and their
 * returns. SDM volume 2 (each instruction's operation section), volume 3A chapter 5.
 *
 * All checks and all memory accesses come before the first register changes.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/operands.h"
#include "accel/target/i386/refs-sys.h"
#include "accel/target/i386/stack.h"
#include "accel/target/i386/system.h"
#include "util/log.h"

#include <inttypes.h>

enum {
    SYS_TSS16 = 1,
    SYS_CALL16 = 4,
    SYS_TASK_GATE = 5,
    SYS_TSS32 = 9,
    SYS_CALL32 = 12,
};

/* --- checks of code segments ------------------------------------------------------ */

static bool is_code(const X86Desc *d)
{
    return (x86_desc_attr(d) & (X86_SEG_S | X86_SEG_CODE)) ==
           (X86_SEG_S | X86_SEG_CODE);
}

static bool is_conforming(const X86Desc *d)
{
    return x86_desc_attr(d) & X86_SEG_EC;
}

static void need_present(X86State *cpu, const X86Desc *d, uint16_t sel)
{
    if (!(x86_desc_attr(d) & X86_SEG_P)) {
        x86_raise_err(cpu, X86_EXC_NP, sel & 0xfffc);
    }
}

static void read_desc(X86State *cpu, uint16_t sel, X86Desc *d, X86Exception vector)
{
    if (!(sel & 0xfffc)) {
        x86_raise_err(cpu, vector, 0);
    }
    if (!x86_desc_read(cpu, sel, d)) {
        x86_raise_err(cpu, vector, sel & 0xfffc);
    }
}

static bool is_64bit_code(const X86State *cpu, const X86Desc *d)
{
    return x86_is_long(cpu) && x86_desc_attr(d) & X86_SEG_L;
}

static void check_code_size(X86State *cpu, const X86Desc *d, uint16_t sel)
{
    if (is_64bit_code(cpu, d) && x86_desc_attr(d) & X86_SEG_DB) {
        x86_raise_gp(cpu, sel & 0xfffc);
    }
}

static void check_target_in(X86State *cpu, const X86Desc *d, uint64_t rip)
{
    if (is_64bit_code(cpu, d) ? !x86_is_canonical(cpu, rip) : rip > x86_desc_limit(d)) {
        x86_raise_gp(cpu, 0);
    }
}

/* What goes into CS. Its descriptor is marked, which may fault: first of all. */
static X86Segment code_segment(X86State *cpu, X86Desc *d, uint16_t sel, unsigned cpl)
{
    X86Segment s;

    x86_desc_set_accessed(cpu, d);
    s = x86_desc_segment(d, (sel & 0xfffc) | cpl);
    s.attr |= X86_SEG_ACCESSED;
    return s;
}

static void go(X86State *cpu, const X86Segment *cs, unsigned cpl, uint64_t rip)
{
    x86_load_cs(cpu, cs, cpl);
    cpu->rip = rip;
}

/* --- real and virtual-8086 mode --------------------------------------------------- */

static void far_real(X86State *cpu, uint16_t sel, uint64_t rip)
{
    if (rip > cpu->seg[X86_CS].limit) {
        x86_raise_gp(cpu, 0);
    }
    cpu->rip = rip;
    x86_load_seg_real(cpu, X86_CS, sel);
}

/* --- JMP, CALL -------------------------------------------------------------------- */

static void push_return(X86State *cpu, const X86Insn *i, unsigned size)
{
    int n = (int)size;

    x86_probe_push(cpu, 2 * size);
    x86_stack_st(cpu, size, -n, cpu->seg[X86_CS].selector);
    x86_stack_st(cpu, size, -2 * n, i->next_rip);
    x86_sp_add(cpu, -2 * n);
}

static void far_task(X86State *cpu, const X86Insn *i, uint16_t sel, X86Desc *d,
                     bool call)
{
    x86_task_switch(cpu, sel, d, call ? X86_TASK_CALL : X86_TASK_JMP, i->next_rip);
}

static void far_task_gate(X86State *cpu, const X86Insn *i, uint16_t sel,
                          const X86Desc *gate, bool call)
{
    uint16_t tss = gate->lo >> 16;
    X86Desc d;

    need_present(cpu, gate, sel);
    if (tss & 4) {
        x86_raise_gp(cpu, tss & 0xfffc);
    }
    read_desc(cpu, tss, &d, X86_EXC_GP);
    far_task(cpu, i, tss, &d, call);
}

static void call_inner(X86State *cpu, const X86Insn *i, X86Desc *code, uint16_t sel,
                       uint64_t rip, unsigned params, unsigned size)
{
    unsigned cpl = x86_desc_dpl(code);
    uint64_t old_sp = cpu->regs[X86_RSP].q;
    X86Segment ss;
    X86Frame f = x86_inner_frame(cpu, cpl, size, &ss);
    X86Segment cs = code_segment(cpu, code, sel, cpl);
    uint32_t param[31];

    for (unsigned k = 0; k < params; k++) {
        param[k] = x86_stack_ld(cpu, size, k * size);
    }
    x86_frame_push(cpu, &f, cpu->seg[X86_SS].selector);
    x86_frame_push(cpu, &f, old_sp);
    for (unsigned k = params; k > 0; k--) {
        x86_frame_push(cpu, &f, param[k - 1]);
    }
    x86_frame_push(cpu, &f, cpu->seg[X86_CS].selector);
    x86_frame_push(cpu, &f, i->next_rip);
    check_target_in(cpu, code, rip);
    cpu->seg[X86_SS] = ss;
    go(cpu, &cs, cpl, rip);
    x86_update_seg(cpu, X86_SS);
    x86_sp_set(cpu, f.sp);
}

static void far_call_gate(X86State *cpu, const X86Insn *i, uint16_t gate_sel,
                          const X86Desc *gate, bool call)
{
    uint16_t sel = gate->lo >> 16;
    uint64_t rip = (gate->lo & 0xffff) | (gate->hi & 0xffff0000u);
    bool wide = x86_desc_attr(gate) & 8;
    unsigned size = x86_is_long(cpu) ? 8 : wide ? 4 : 2;
    X86Segment cs;
    X86Desc d;

    if (x86_is_long(cpu)) {
        rip |= (uint64_t)gate->hi2 << 32;
    } else if (!wide) {
        rip &= 0xffff;
    }
    if (gate->cut) {
        x86_raise_gp(cpu, gate_sel & 0xfffc);
    }
    need_present(cpu, gate, gate_sel);
    read_desc(cpu, sel, &d, X86_EXC_GP);
    if (!is_code(&d) || x86_desc_dpl(&d) > cpu->cpl ||
        (x86_is_long(cpu) &&
         (x86_desc_attr(&d) & (X86_SEG_L | X86_SEG_DB)) != X86_SEG_L) ||
        (!call && !is_conforming(&d) && x86_desc_dpl(&d) != cpu->cpl)) {
        x86_raise_gp(cpu, sel & 0xfffc);
    }
    need_present(cpu, &d, sel);
    if (call && !is_conforming(&d) && x86_desc_dpl(&d) < cpu->cpl) {
        call_inner(cpu, i, &d, sel, rip, x86_is_long(cpu) ? 0 : gate->hi & 31, size);
        return;
    }
    check_target_in(cpu, &d, rip);
    cs = code_segment(cpu, &d, sel, cpu->cpl);
    if (call) {
        push_return(cpu, i, size);
    }
    go(cpu, &cs, cpu->cpl, rip);
}

static void far_system(X86State *cpu, const X86Insn *i, uint16_t sel, X86Desc *d,
                       bool call)
{
    unsigned type = x86_desc_attr(d) & X86_SEG_TYPE;
    unsigned dpl = x86_desc_dpl(d);

    if (dpl < cpu->cpl || dpl < (sel & 3u) ||
        (x86_is_long(cpu)
             ? type != SYS_CALL32
             : type != SYS_TSS16 && type != SYS_TSS32 && type != SYS_CALL16 &&
                   type != SYS_CALL32 && type != SYS_TASK_GATE)) {
        x86_raise_gp(cpu, sel & 0xfffc);
    }
    if (type == SYS_TSS16 || type == SYS_TSS32) {
        if (sel & 4) {
            x86_raise_gp(cpu, sel & 0xfffc);
        }
        need_present(cpu, d, sel);
        far_task(cpu, i, sel, d, call);
    } else if (type == SYS_TASK_GATE) {
        far_task_gate(cpu, i, sel, d, call);
    } else {
        far_call_gate(cpu, i, sel, d, call);
    }
}

static void log_transfer(const X86State *cpu, const X86Insn *i, const char *what,
                         uint16_t sel, uint64_t rip)
{
    log_item(LOG_PCALL, "%s %04x:%08" PRIx64 " from %04x:%08" PRIx64 "\n", what, sel,
             rip, cpu->seg[X86_CS].selector, x86_insn_rip(i));
}

static void far_transfer(X86State *cpu, const X86Insn *i, uint16_t sel, uint64_t rip,
                         bool call)
{
    X86Segment cs;
    X86Desc d;
    unsigned dpl;

    if (!x86_is_protected(cpu)) {
        if (call) {
            if (rip > cpu->seg[X86_CS].limit) {
                x86_raise_gp(cpu, 0);
            }
            push_return(cpu, i, i->opsize);
        }
        far_real(cpu, sel, rip);
        return;
    }
    log_transfer(cpu, i, call ? "lcall" : "ljmp", sel, rip);
    read_desc(cpu, sel, &d, X86_EXC_GP);
    if (!(x86_desc_attr(&d) & X86_SEG_S)) {
        far_system(cpu, i, sel, &d, call);
        return;
    }
    dpl = x86_desc_dpl(&d);
    if (!is_code(&d) ||
        (is_conforming(&d) ? dpl > cpu->cpl
                           : (sel & 3u) > cpu->cpl || dpl != cpu->cpl)) {
        x86_raise_gp(cpu, sel & 0xfffc);
    }
    check_code_size(cpu, &d, sel);
    need_present(cpu, &d, sel);
    check_target_in(cpu, &d, rip);
    cs = code_segment(cpu, &d, sel, cpu->cpl);
    if (call) {
        push_return(cpu, i, i->opsize);
    }
    go(cpu, &cs, cpu->cpl, rip);
}

static void load_pointer(X86State *cpu, const X86Insn *i, uint16_t *sel, uint64_t *rip)
{
    uint64_t ea = x86_ea(cpu, i);

    *rip = i->opsize == 8   ? x86_ld64(cpu, i->seg, ea)
           : i->opsize == 4 ? x86_ld32(cpu, i->seg, ea)
                            : x86_ld16(cpu, i->seg, ea);
    *sel = x86_ld16(cpu, i->seg, ea + i->opsize);
}

void x86_ref_jmp_far_a(X86State *cpu, const X86Insn *i)
{
    far_transfer(cpu, i, i->imm2, i->imm, false);
}

void x86_ref_call_far_a(X86State *cpu, const X86Insn *i)
{
    far_transfer(cpu, i, i->imm2, i->imm, true);
}

void x86_ref_jmp_far_m(X86State *cpu, const X86Insn *i)
{
    uint16_t sel;
    uint64_t rip;

    load_pointer(cpu, i, &sel, &rip);
    far_transfer(cpu, i, sel, rip, false);
}

void x86_ref_call_far_m(X86State *cpu, const X86Insn *i)
{
    uint16_t sel;
    uint64_t rip;

    load_pointer(cpu, i, &sel, &rip);
    far_transfer(cpu, i, sel, rip, true);
}

/* LES, LDS, LSS, LFS, LGS */
void x86_ref_load_far(X86State *cpu, const X86Insn *i)
{
    unsigned seg = i->map ? (i->opcode == 0xb2 ? X86_SS : i->opcode - 0xb4 + X86_FS)
                          : (i->opcode == 0xc4 ? X86_ES : X86_DS);
    uint64_t before = x86_surroundings(cpu);
    uint16_t sel;
    uint64_t v;

    load_pointer(cpu, i, &sel, &v);
    x86_load_seg(cpu, seg, sel);
    x86_reg_set(cpu, i->reg, i->opsize, v);
    x86_go_on_if_same(cpu, i, before);
}

/* --- RET -------------------------------------------------------------------------- */

/* After a return to an outer level: data segments that the new level may not see. */
static void drop_inner_segments(X86State *cpu)
{
    static const uint8_t data[] = { X86_ES, X86_DS, X86_FS, X86_GS };

    for (unsigned k = 0; k < sizeof(data); k++) {
        const X86Segment *s = &cpu->seg[data[k]];
        unsigned dpl = (s->attr & X86_SEG_DPL) >> X86_SEG_DPL_SHIFT;
        bool conforming =
            (s->attr & (X86_SEG_CODE | X86_SEG_EC)) == (X86_SEG_CODE | X86_SEG_EC);

        if (s->selector & 0xfffc && dpl < cpu->cpl && !conforming) {
            x86_load_seg_null(cpu, data[k], 0);
        }
    }
}

/* The common end of RETF and IRET in protected mode: @offset is where the outer stack
 * pointer lies relative to the current one, @extra what RETF n adds. */
typedef struct Return {
    uint16_t sel;
    uint64_t rip;
    unsigned size;
    int after; /* bytes popped so far */
    unsigned extra;
    bool iret;
} Return;

static void check_return_code(X86State *cpu, const Return *r, X86Desc *d)
{
    unsigned rpl = r->sel & 3;

    read_desc(cpu, r->sel, d, X86_EXC_GP);
    if (!is_code(d) || rpl < cpu->cpl ||
        (is_conforming(d) ? x86_desc_dpl(d) > rpl : x86_desc_dpl(d) != rpl)) {
        x86_raise_gp(cpu, r->sel & 0xfffc);
    }
    check_code_size(cpu, d, r->sel);
    need_present(cpu, d, r->sel);
}

static void load_outer_ss(X86State *cpu, uint16_t ss, unsigned cpl, bool to64,
                          X86Segment *out)
{
    X86Desc d;

    if (!(ss & 0xfffc)) {
        if (!to64 || cpl == 3 || (ss & 3u) != cpl) {
            x86_raise_gp(cpu, 0);
        }
        *out = (X86Segment){ .selector = ss,
                             .attr = (uint16_t)(cpl << X86_SEG_DPL_SHIFT) };
        return;
    }
    if (!x86_desc_read(cpu, ss, &d)) {
        x86_raise_gp(cpu, ss & 0xfffc);
    }
    x86_check_ss(cpu, ss, &d, cpl, X86_EXC_GP);
    x86_desc_set_accessed(cpu, &d);
    *out = x86_desc_segment(&d, ss);
    out->attr |= X86_SEG_ACCESSED;
}

/* Installs CS:rip, and SS:rSP when the level changes or the return pops them anyway. */
static void return_to(X86State *cpu, const Return *r)
{
    unsigned cpl = r->sel & 3, old_cpl = cpu->cpl;
    bool pops_stack = cpl > old_cpl || (r->iret && x86_is64(cpu));
    X86Segment cs, ss;
    uint64_t sp = 0;
    X86Desc d;

    check_return_code(cpu, r, &d);
    if (pops_stack) {
        sp = x86_stack_ld(cpu, r->size, r->after + r->extra);
        load_outer_ss(cpu,
                      x86_stack_ld(cpu, r->size, r->after + r->extra + (int)r->size),
                      cpl, is_64bit_code(cpu, &d), &ss);
    }
    check_target_in(cpu, &d, r->rip);
    cs = code_segment(cpu, &d, r->sel, cpl);
    if (pops_stack) {
        x86_load_cs_ss(cpu, &cs, &ss, cpl);
        cpu->rip = r->rip;
        x86_sp_set(cpu, sp + r->extra);
    } else {
        x86_sp_add(cpu, r->after + r->extra);
        go(cpu, &cs, cpl, r->rip);
    }
    if (cpl > old_cpl) {
        drop_inner_segments(cpu);
    }
}

static void ret_far(X86State *cpu, const X86Insn *i, unsigned extra)
{
    Return r = { .rip = x86_stack_ld(cpu, i->opsize, 0),
                 .sel = x86_stack_ld(cpu, i->opsize, i->opsize),
                 .size = i->opsize,
                 .after = 2 * i->opsize,
                 .extra = extra };

    if (!x86_is_protected(cpu)) {
        if (r.rip > cpu->seg[X86_CS].limit) {
            x86_raise_gp(cpu, 0);
        }
        x86_sp_add(cpu, r.after + extra);
        far_real(cpu, r.sel, r.rip);
        return;
    }
    log_transfer(cpu, i, "lret", r.sel, r.rip);
    return_to(cpu, &r);
}

void x86_ref_ret_far(X86State *cpu, const X86Insn *i)
{
    ret_far(cpu, i, 0);
}

void x86_ref_ret_far_i(X86State *cpu, const X86Insn *i)
{
    ret_far(cpu, i, (uint16_t)i->imm);
}

/* --- IRET ------------------------------------------------------------------------- */

static void finish_flags(X86State *cpu, uint64_t old, uint64_t v, uint64_t change)
{
    x86_set_rflags(cpu, (old & ~change) | (v & change));
    if (!(cpu->bp_armed & X86_BP_CODE)) {
        /* RF matters to breakpoints only. */
        cpu->rflags &= ~X86_FL_RF;
    }
    x86_flags_changed(cpu, old);
}

static void iret_real(X86State *cpu, const X86Insn *i)
{
    uint64_t old = x86_get_rflags(cpu), rip = x86_stack_ld(cpu, i->opsize, 0);
    uint16_t sel = x86_stack_ld(cpu, i->opsize, i->opsize);
    uint64_t v = x86_stack_ld(cpu, i->opsize, 2 * i->opsize);
    uint64_t change = X86_FL_ARITH | X86_FL_TF | X86_FL_IF | X86_FL_DF | X86_FL_NT;

    if (x86_is_vm86(cpu)) {
        if (x86_iopl(cpu) < 3) {
            if (!(cpu->cr4 & X86_CR4_VME) || i->opsize != 2 || v & X86_FL_TF ||
                (v & X86_FL_IF && old & X86_FL_VIP)) {
                x86_raise_gp(cpu, 0);
            }
            v = v & X86_FL_IF ? v | X86_FL_VIF : v & ~(uint64_t)X86_FL_VIF;
            change = (change & ~(uint64_t)X86_FL_IF) | X86_FL_VIF;
        }
    } else {
        change |= X86_FL_IOPL;
    }
    if (i->opsize == 4) {
        change |= X86_FL_RF | X86_FL_AC | X86_FL_ID;
    }
    if (rip > cpu->seg[X86_CS].limit) {
        x86_raise_gp(cpu, 0);
    }
    x86_sp_add(cpu, 3 * i->opsize);
    far_real(cpu, sel, rip);
    finish_flags(cpu, old, v, change);
}

static void iret_to_vm86(X86State *cpu, uint64_t rip, uint16_t cs, uint64_t flags)
{
    static const uint8_t order[] = { X86_ES, X86_DS, X86_FS, X86_GS };
    uint32_t esp = x86_stack_ld32(cpu, 12);
    uint16_t ss = x86_stack_ld32(cpu, 16), sel[4];

    for (unsigned k = 0; k < 4; k++) {
        sel[k] = x86_stack_ld32(cpu, 20 + 4 * k);
    }
    x86_set_rflags(cpu, flags);
    cpu->rflags &= ~X86_FL_RF;
    cpu->cpl = 3;
    x86_update_mode(cpu);
    x86_load_seg_real(cpu, X86_CS, cs);
    x86_load_seg_real(cpu, X86_SS, ss);
    for (unsigned k = 0; k < 4; k++) {
        x86_load_seg_real(cpu, order[k], sel[k]);
    }
    cpu->regs[X86_RSP].q = esp;
    cpu->rip = (uint16_t)rip;
}

static void iret_task(X86State *cpu, const X86Insn *i)
{
    uint16_t sel;
    X86Desc d;

    if (cpu->tr.limit < 1) {
        x86_raise_err(cpu, X86_EXC_TS, cpu->tr.selector & 0xfffc);
    }
    sel = x86_sys_ld(cpu, cpu->tr.base, 2);
    if (sel & 4 || !(sel & 0xfffc) || !x86_desc_read(cpu, sel, &d)) {
        x86_raise_err(cpu, X86_EXC_TS, sel & 0xfffc);
    }
    x86_task_switch(cpu, sel, &d, X86_TASK_IRET, i->next_rip);
}

static void iret_protected(X86State *cpu, const X86Insn *i)
{
    uint64_t old = x86_get_rflags(cpu), v;
    unsigned cpl = cpu->cpl;
    uint64_t change = X86_FL_ARITH | X86_FL_TF | X86_FL_DF | X86_FL_NT;
    Return r = { .size = i->opsize, .after = 3 * i->opsize, .iret = true };

    if (old & X86_FL_NT) {
        if (x86_is_long(cpu)) {
            x86_raise_gp(cpu, 0);
        }
        iret_task(cpu, i);
        return;
    }
    r.rip = x86_stack_ld(cpu, r.size, 0);
    r.sel = x86_stack_ld(cpu, r.size, r.size);
    v = x86_stack_ld(cpu, r.size, 2 * r.size);
    if (v & X86_FL_VM && cpl == 0 && r.size == 4 && !x86_is_long(cpu)) {
        iret_to_vm86(cpu, r.rip, r.sel, v);
        return;
    }
    if (r.size != 2) {
        change |= X86_FL_RF | X86_FL_AC | X86_FL_ID;
    }
    if (cpl <= ((old & X86_FL_IOPL) >> 12)) {
        change |= X86_FL_IF;
    }
    if (cpl == 0) {
        change |= X86_FL_IOPL;
        if (r.size != 2) {
            change |= X86_FL_VIF | X86_FL_VIP;
        }
    }
    log_transfer(cpu, i, "iret", r.sel, r.rip);
    return_to(cpu, &r);
    finish_flags(cpu, old, v, change);
}

void x86_ref_iret(X86State *cpu, const X86Insn *i)
{
    if (x86_is_protected(cpu)) {
        iret_protected(cpu, i);
    } else {
        iret_real(cpu, i);
    }
    cpu->nmi_blocked = false;
}

/* --- INT -------------------------------------------------------------------------- */

void x86_ref_int(X86State *cpu, const X86Insn *i)
{
    unsigned vector = (uint8_t)i->imm;

    if (!x86_is_vm86(cpu) || !x86_deliver_in_vm86(cpu, vector, i->next_rip)) {
        x86_deliver(cpu, vector, X86_EVENT_SOFT, false, 0, i->next_rip);
    }
}

void x86_ref_int3(X86State *cpu, const X86Insn *i)
{
    x86_deliver(cpu, X86_EXC_BP, X86_EVENT_SOFT, false, 0, i->next_rip);
}

void x86_ref_into(X86State *cpu, const X86Insn *i)
{
    if (x86_of(cpu)) {
        x86_deliver(cpu, X86_EXC_OF, X86_EVENT_SOFT, false, 0, i->next_rip);
    }
}

void x86_ref_int1(X86State *cpu, const X86Insn *i)
{
    x86_deliver(cpu, X86_EXC_DB, X86_EVENT_TRAP, false, 0, i->next_rip);
}

void x86_ref_bound(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);
    int64_t low, high, v;

    if (i->opsize == 2) {
        low = (int16_t)x86_ld16(cpu, i->seg, ea);
        high = (int16_t)x86_ld16(cpu, i->seg, ea + 2);
        v = (int16_t)RD_16(reg);
    } else {
        low = (int32_t)x86_ld32(cpu, i->seg, ea);
        high = (int32_t)x86_ld32(cpu, i->seg, ea + 4);
        v = (int32_t)RD_32(reg);
    }
    if (v < low || v > high) {
        x86_raise(cpu, X86_EXC_BR);
    }
}

/* --- SYSCALL, SYSRET, SYSENTER, SYSEXIT ------------------------------------------- */

static X86Segment flat_code(uint16_t sel, unsigned dpl, bool l)
{
    return (X86Segment){ .limit = 0xffffffff,
                         .selector = sel,
                         .attr = (uint16_t)(0x809b | dpl << X86_SEG_DPL_SHIFT |
                                            (l ? X86_SEG_L : X86_SEG_DB)) };
}

static X86Segment flat_data(uint16_t sel, unsigned dpl)
{
    return (X86Segment){ .limit = 0xffffffff,
                         .selector = sel,
                         .attr = (uint16_t)(0xc093 | dpl << X86_SEG_DPL_SHIFT) };
}

static void enter_flat(X86State *cpu, X86Segment cs, X86Segment ss, unsigned cpl,
                       uint64_t rip)
{
    x86_load_cs_ss(cpu, &cs, &ss, cpl);
    cpu->rip = rip;
}

void x86_ref_syscall(X86State *cpu, const X86Insn *i)
{
    uint16_t sel = cpu->star >> 32;
    uint64_t flags = x86_get_rflags(cpu), rip;

    if (!(cpu->efer & X86_EFER_SCE)) {
        x86_raise_ud(cpu);
    }
    if (x86_is_long(cpu)) {
        rip = x86_is64(cpu) ? cpu->lstar : cpu->cstar;
        cpu->regs[X86_RCX].q = i->next_rip;
        cpu->regs[11].q = flags & ~(uint64_t)X86_FL_RF;
        x86_set_rflags(cpu, flags & ~cpu->sfmask & ~(uint64_t)X86_FL_RF);
        enter_flat(cpu, flat_code(sel & 0xfffc, 0, true),
                   flat_data((sel & 0xfffc) + 8, 0), 0, rip);
    } else {
        cpu->regs[X86_RCX].q = (uint32_t)i->next_rip;
        x86_set_rflags(cpu, flags & ~(uint64_t)(X86_FL_IF | X86_FL_RF | X86_FL_VM));
        enter_flat(cpu, flat_code(sel & 0xfffc, 0, false),
                   flat_data((sel & 0xfffc) + 8, 0), 0, (uint32_t)cpu->star);
    }
}

void x86_ref_sysret(X86State *cpu, const X86Insn *i)
{
    uint16_t sel = cpu->star >> 48;
    uint64_t flags = cpu->regs[11].q;

    if (!(cpu->efer & X86_EFER_SCE)) {
        x86_raise_ud(cpu);
    }
    if (!(cpu->cr0 & X86_CR0_PE) || cpu->cpl) {
        x86_raise_gp(cpu, 0);
    }
    if (x86_is_long(cpu)) {
        bool l = i->opsize == 8;

        x86_set_rflags(cpu, flags & 0x3c7fd7 & ~(uint64_t)(X86_FL_RF | X86_FL_VM));
        if (l) {
            enter_flat(cpu, flat_code(((sel + 16) & 0xfffc) | 3, 3, true),
                       flat_data(((sel + 8) & 0xfffc) | 3, 3), 3, cpu->regs[X86_RCX].q);
        } else {
            enter_flat(cpu, flat_code((sel & 0xfffc) | 3, 3, false),
                       flat_data(((sel + 8) & 0xfffc) | 3, 3), 3, cpu->regs[X86_RCX].d);
        }
    } else {
        cpu->rflags |= X86_FL_IF;
        enter_flat(cpu, flat_code((sel & 0xfffc) | 3, 3, false),
                   flat_data(((sel + 8) & 0xfffc) | 3, 3), 3, cpu->regs[X86_RCX].d);
    }
}

void x86_ref_sysenter(X86State *cpu, const X86Insn *i)
{
    uint16_t sel = cpu->sysenter_cs & 0xfffc;
    bool l = x86_is_long(cpu);

    if (!sel || !(cpu->cr0 & X86_CR0_PE)) {
        x86_raise_gp(cpu, 0);
    }
    cpu->rflags &= ~(X86_FL_VM | X86_FL_IF | X86_FL_RF);
    cpu->cpl = 0;
    enter_flat(cpu, flat_code(sel, 0, l), flat_data(sel + 8, 0), 0,
               l ? cpu->sysenter_eip : (uint32_t)cpu->sysenter_eip);
    cpu->regs[X86_RSP].q = l ? cpu->sysenter_esp : (uint32_t)cpu->sysenter_esp;
}

void x86_ref_sysexit(X86State *cpu, const X86Insn *i)
{
    uint16_t sel = cpu->sysenter_cs & 0xfffc;
    bool l = i->opsize == 8;
    uint64_t rip = l ? cpu->regs[X86_RDX].q : cpu->regs[X86_RDX].d;
    uint64_t rsp = l ? cpu->regs[X86_RCX].q : cpu->regs[X86_RCX].d;

    if (!sel || !(cpu->cr0 & X86_CR0_PE) || cpu->cpl ||
        (l && (!x86_is_canonical(cpu, rip) || !x86_is_canonical(cpu, rsp)))) {
        x86_raise_gp(cpu, 0);
    }
    enter_flat(cpu, flat_code((sel + (l ? 32 : 16)) | 3, 3, l),
               flat_data((sel + (l ? 40 : 24)) | 3, 3), 3, rip);
    cpu->regs[X86_RSP].q = rsp;
}
