/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions that kernels execute often enough to matter, in the cases that
 * need no more than a few stores into the state.
 */
#include "accel/target/i386/build.h"
#include "accel/target/i386/builds-int.h"

bool x86_build_nop(X86Build *b, const X86Insn *i)
{
    return true;
}

bool x86_build_fence(X86Build *b, const X86Insn *i)
{
    ir_emit(b->ir, IR_FENCE, 8);
    return true;
}

static size_t seg_base(unsigned seg)
{
    return offsetof(X86State, seg) + seg * sizeof(X86Segment) +
           offsetof(X86Segment, base);
}

static size_t fast_base(unsigned seg)
{
    return offsetof(X86State, seg_fast) + seg * sizeof(X86SegFast) +
           offsetof(X86SegFast, base);
}

/* 64-bit code only: the fast base is the base, and there are no bounds. */
bool x86_build_swapgs(X86Build *b, const X86Insn *i)
{
    IrVal old = x86_emit_load_state(b, 8, seg_base(X86_GS));
    IrVal fresh = x86_emit_load_state(b, 8, offsetof(X86State, kernel_gs_base));

    x86_emit_store_state(b, 8, offsetof(X86State, kernel_gs_base), old);
    x86_emit_store_state(b, 8, seg_base(X86_GS), fresh);
    x86_emit_store_state(b, 8, fast_base(X86_GS), fresh);
    return true;
}

bool x86_build_rdfsbase(X86Build *b, const X86Insn *i)
{
    unsigned seg = i->reg & 1 ? X86_GS : X86_FS;

    if (!(b->mode & X86_MODE_FSGSBASE)) {
        return false;
    }
    x86_emit(b, IR_MOV, i->opsize, IR_G(i->rm),
             x86_emit_load_state(b, 8, seg_base(seg)));
    return true;
}

/* --- the interrupt flag -------------------------------------------------------------
 */

/* Nothing but IF is involved: IOPL permits it, and there is no virtual IF. */
static bool may_change_if(const X86Build *b)
{
    return !(b->mode & X86_MODE_PE) || !(b->mode & X86_MODE_CPL);
}

/* VEX.LZ.0F38 F5: PEXT (F3) or PDEP (F2) of @v by @mask; no flags. */
static IrVal bits(X86Build *b, uint8_t pp, IrVal v, IrVal mask)
{
    IrTemplate *t = ir_template(b->ir);
    IrVal to = ir_temp(b->ir);

    *t = (IrTemplate){ .enc = IR_ENC_VEX,
                       .map = 2,
                       .pp = pp,
                       .opcode = 0xf5,
                       .reg_g = to,
                       .vvvv_g = v,
                       .rm_g = mask,
                       .reg_written = true };
    ir_emit(b->ir, IR_TEMPLATE, 4)->tmpl = t;
    return to;
}

/* rflags without IF. AND would write the guest's flags: the bit is squeezed out and put
 * back as 0. */
static IrVal without_if(X86Build *b)
{
    IrVal fl = x86_emit_load_state(b, 4, offsetof(X86State, rflags));
    IrVal mask = x86_emit_const(b, (uint32_t)~X86_FL_IF);

    return bits(b, 0xf2, bits(b, 0xf3, fl, mask), mask);
}

bool x86_build_cli(X86Build *b, const X86Insn *i)
{
    if (!may_change_if(b)) {
        return false;
    }
    x86_emit_store_state(b, 4, offsetof(X86State, rflags), without_if(b));
    return true;
}

/*
 * An interrupt that is pending is taken behind the next instruction: the reference
 * function sees to it. Otherwise one may come at the next POLL, which must not be that
 * of the very next instruction.
 */
bool x86_build_sti(X86Build *b, const X86Insn *i)
{
    if (!may_change_if(b) || b->index + 1 >= b->count) {
        return false;
    }
    x86_emit_guard_imm(b, 4, x86_emit_load_state(b, 4, offsetof(X86State, irq_pending)),
                       IR_NE, 0);
    x86_emit_store_state(b, 4, offsetof(X86State, rflags),
                         x86_emit_add(b, 4, without_if(b), IR_NONE, 0, X86_FL_IF));
    return true;
}

/* --- PUSHF, POPF --------------------------------------------------------------------
 */

/* @v & @mask, without the flags of AND. */
static IrVal masked(X86Build *b, IrVal v, uint32_t mask)
{
    IrVal m = x86_emit_const(b, mask);

    return bits(b, 0xf2, bits(b, 0xf3, v, m), m);
}

/* The arithmetic flags as in RFLAGS, with bit 1: by LAHF and SETO, around which RAX is
 * put aside. */
static IrVal arithmetic_flags(X86Build *b)
{
    IrVal rax = ir_temp(b->ir), of;
    X86Operand ah = { IR_GH(X86_RAX), false }, al = { IR_G(X86_RAX), false };
    IrNode *n;

    x86_emit(b, IR_MOV, 8, rax, IR_G(X86_RAX));
    ir_emit(b->ir, IR_LAHF, 1);
    n = x86_emit(b, IR_SETCC, 1, IR_G(X86_RAX), IR_NONE);
    n->cc = IR_O;
    ah.v = x86_operand_value(b, ah, 1);
    of = x86_operand_value(b, al, 1);
    x86_emit(b, IR_MOV, 8, IR_G(X86_RAX), rax);
    /* to bit 11 */
    of = x86_emit_add(b, 4, IR_NONE, of, 3, 0);
    of = x86_emit_add(b, 4, IR_NONE, of, 3, 0);
    of = x86_emit_add(b, 4, IR_NONE, of, 3, 0);
    return x86_emit_add(b, 4, ah.v, of, 2, 0);
}

bool x86_build_pushf(X86Build *b, const X86Insn *i)
{
    const uint32_t others =
        ~(X86_FL_ARITH | X86_FL_DF | X86_FL_FIXED | X86_FL_RF | X86_FL_VM);
    X86Operand slot = { .mem = true };
    IrVal fl, df;

    if (b->mode & X86_MODE_VM86 ||
        !x86_build_stack(b, -(int)i->opsize, i->opsize, IR_WRITE, &slot.v)) {
        return false;
    }
    fl = masked(b, x86_emit_load_state(b, 4, offsetof(X86State, rflags)), others);
    /* 1 or all ones */
    df = masked(b, x86_emit_load_state(b, 4, offsetof(X86State, df_step)), X86_FL_DF);
    fl = x86_emit_add(b, 4, fl, df, 0, 0);
    fl = x86_emit_add(b, 4, fl, arithmetic_flags(b), 0, 0);
    x86_set_dst(x86_emit(b, IR_MOV, i->opsize, IR_NONE, fl), slot);
    x86_build_sp_add(b, -(int)i->opsize);
    return true;
}

/* The guest's arithmetic flags from @v, which is as RFLAGS: the other way round. */
static void set_arithmetic_flags(X86Build *b, IrVal v)
{
    IrVal rax = ir_temp(b->ir), al = IR_G(X86_RAX);

    x86_emit(b, IR_MOV, 8, rax, al);
    x86_emit(b, IR_MOV, 4, al, v);
    x86_emit_imm(b, IR_SHR, 4, al, 11);
    x86_emit_imm(b, IR_AND, 4, al, 1);
    x86_emit_imm(b, IR_ADD, 1, al, 0x7f);
    x86_emit(b, IR_MOV, 1, IR_GH(X86_RAX), v);
    ir_emit(b->ir, IR_SAHF, 1);
    x86_emit(b, IR_MOV, 8, al, rax);
}

/* Slow path if one of these is set. */
static void guard_clear(X86Build *b, IrVal v, uint32_t mask)
{
    x86_emit_guard_imm(b, 4, bits(b, 0xf3, v, x86_emit_const(b, mask)), IR_NE, 0);
}

/*
 * Arithmetic flags change, and IF if CPL and IOPL permit it; of the others, all are and
 * stay clear. With IF a pending interrupt may be due.
 */
bool x86_build_popf(X86Build *b, const X86Insn *i)
{
    const uint32_t rare = X86_FL_TF | X86_FL_NT | X86_FL_AC | X86_FL_ID;
    bool with_if = may_change_if(b);
    X86Operand slot = { .mem = true };
    IrVal v, fl;

    if (b->mode & X86_MODE_VM86 ||
        !x86_build_stack(b, 0, i->opsize, IR_READ, &slot.v)) {
        return false;
    }
    guard_clear(b, x86_emit_load_state(b, 4, offsetof(X86State, rflags)),
                rare | X86_FL_IOPL | X86_FL_RF | X86_FL_VIF | X86_FL_VIP);
    v = x86_operand_value(b, slot, i->opsize);
    guard_clear(b, v, rare | X86_FL_DF | (with_if ? X86_FL_IOPL : 0));
    if (with_if) {
        x86_emit_guard_imm(
            b, 4, x86_emit_load_state(b, 4, offsetof(X86State, irq_pending)), IR_NE, 0);
        fl = ir_temp(b->ir);
        x86_emit(b, IR_MOV, 4, fl, v);
        x86_emit_imm(b, IR_AND, 4, fl, X86_FL_IF);
        x86_emit_store_state(b, 4, offsetof(X86State, rflags),
                             x86_emit_add(b, 4, fl, IR_NONE, 0, X86_FL_FIXED));
    }
    x86_emit_store_state_imm(b, 4, offsetof(X86State, df_step), 1);
    set_arithmetic_flags(b, v);
    x86_build_sp_add(b, (int)i->opsize);
    return true;
}
