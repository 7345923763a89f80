/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data movement, conditional and atomic, and the instructions on single flags. */
#include "accel/target/i386/build.h"
#include "accel/target/i386/builds-int.h"
#include "accel/target/i386/operands.h"

static unsigned width(const X86Insn *i)
{
    return i->opcode & 1 ? i->opsize : 1;
}

/* --- MOV ----------------------------------------------------------------------------
 */

static bool store(X86Build *b, const X86Insn *i, unsigned w, IrVal v)
{
    X86Operand rm;

    if (!x86_build_rm(b, i, w, IR_WRITE, &rm)) {
        return false;
    }
    x86_set_dst(x86_emit(b, IR_MOV, w, IR_NONE, v), rm);
    return true;
}

static bool load(X86Build *b, const X86Insn *i, unsigned w, IrVal to)
{
    X86Operand rm;

    if (!x86_build_rm(b, i, w, IR_READ, &rm)) {
        return false;
    }
    x86_set_src(x86_emit(b, IR_MOV, w, to, IR_NONE), rm);
    return true;
}

bool x86_build_mov_eg(X86Build *b, const X86Insn *i)
{
    return store(b, i, width(i), x86_reg_val(i, width(i)));
}

bool x86_build_mov_ge(X86Build *b, const X86Insn *i)
{
    return load(b, i, width(i), x86_reg_val(i, width(i)));
}

bool x86_build_movnti(X86Build *b, const X86Insn *i)
{
    return store(b, i, i->opsize, IR_G(i->reg));
}

/* C6, C7, and B0+r, B8+r */
bool x86_build_mov_ei(X86Build *b, const X86Insn *i)
{
    unsigned w = X86_OP_TYPE(i->row->op[0]) == X86_OPT_b ? 1 : i->opsize;
    uint64_t imm = w == 4 ? (uint32_t)i->imm : i->imm;
    X86Operand rm;

    if (!x86_build_rm(b, i, w, IR_WRITE, &rm)) {
        return false;
    }
    x86_set_dst(x86_emit_imm(b, IR_MOV, w, IR_NONE, (int64_t)imm), rm);
    return true;
}

bool x86_build_mov_ao(X86Build *b, const X86Insn *i)
{
    return load(b, i, width(i), IR_G(X86_RAX));
}

bool x86_build_mov_oa(X86Build *b, const X86Insn *i)
{
    return store(b, i, width(i), IR_G(X86_RAX));
}

bool x86_build_mov_from_seg(X86Build *b, const X86Insn *i)
{
    unsigned seg = i->reg & 7;
    size_t off = offsetof(X86State, seg) + seg * sizeof(X86Segment) +
                 offsetof(X86Segment, selector);
    unsigned w = i->flags & X86_I_MEM ? 2 : i->opsize;
    X86Operand rm;

    if (seg >= X86_SEG_COUNT || !x86_build_rm(b, i, w, IR_WRITE, &rm)) {
        return false;
    }
    x86_set_dst(x86_emit(b, IR_MOV, w, IR_NONE, x86_emit_load_state(b, 2, off)), rm);
    return true;
}

/*
 * To DS, ES, FS or GS in real mode, with the rights that they mostly have there: a new
 * base. The limit, which stays, is then below 1 MiB: no flat bit of the mode word can
 * come or go.
 */
bool x86_build_mov_to_seg(X86Build *b, const X86Insn *i)
{
    unsigned seg = i->reg & 7;
    const size_t at = offsetof(X86State, seg) + seg * sizeof(X86Segment);
    const size_t fast = offsetof(X86State, seg_fast) + seg * sizeof(X86SegFast);
    X86Operand rm;
    IrVal sel, base;

    if (b->mode & (X86_MODE_PE | X86_MODE_VM86 | X86_MODE_DS_FLAT | X86_MODE_ES_FLAT) ||
        (seg != X86_DS && seg != X86_ES && seg != X86_FS && seg != X86_GS) ||
        !x86_build_rm(b, i, 2, IR_READ, &rm)) {
        return false;
    }
    x86_emit_guard_imm(b, 2, x86_emit_load_state(b, 2, at + offsetof(X86Segment, attr)),
                       IR_NE, X86_SEG_P | X86_SEG_S | X86_SEG_RW | X86_SEG_ACCESSED);
    sel = x86_operand_value(b, rm, 2);
    x86_emit_store_state(b, 2, at + offsetof(X86Segment, selector), sel);
    base = x86_emit_add(b, 4, IR_NONE, sel, 3, 0);
    base = x86_emit_add(b, 4, base, base, 0, 0);
    x86_emit_store_state(b, 8, at + offsetof(X86Segment, base), base);
    x86_emit_store_state(b, 8, fast + offsetof(X86SegFast, base), base);
    return true;
}

/* --- widening -----------------------------------------------------------------------
 */

static bool widen(X86Build *b, const X86Insn *i, IrOp op, unsigned from)
{
    X86Operand rm;
    IrNode *n;

    if (!x86_build_rm(b, i, from, IR_READ, &rm)) {
        return false;
    }
    n = x86_emit(b, from == i->opsize ? IR_MOV : op, i->opsize, IR_G(i->reg), IR_NONE);
    n->size = from;
    x86_set_src(n, rm);
    return true;
}

bool x86_build_movzx(X86Build *b, const X86Insn *i)
{
    return widen(b, i, IR_MOVZX, i->opcode & 1 ? 2 : 1);
}

bool x86_build_movsx(X86Build *b, const X86Insn *i)
{
    return widen(b, i, IR_MOVSX, i->opcode & 1 ? 2 : 1);
}

bool x86_build_movsxd(X86Build *b, const X86Insn *i)
{
    return widen(b, i, IR_MOVSX, i->opsize == 8 ? 4 : i->opsize);
}

/* --- LEA ----------------------------------------------------------------------------
 */

bool x86_build_lea(X86Build *b, const X86Insn *i)
{
    unsigned aw = (64 - i->adshift) / 8, w = i->opsize;
    IrNode *n;

    if (i->base == X86_REG_ZERO && i->index == X86_REG_ZERO) {
        uint64_t v = i->disp << i->adshift >> i->adshift;

        x86_emit_imm(b, IR_MOV, w, IR_G(i->reg),
                     (int64_t)(w == 4   ? (uint32_t)v
                               : w == 2 ? (uint16_t)v
                                        : v));
        return true;
    }
    if (aw < w && aw != 4) {
        x86_emit(b, IR_MOV, w, IR_G(i->reg), x86_build_ea(b, i));
        return true;
    }
    /* An address of 32 bits in a register of 64 clears its upper half. */
    n = x86_emit(b, IR_EA, aw < w ? aw : w, IR_G(i->reg),
                 i->index == X86_REG_ZERO ? IR_NONE : IR_G(i->index));
    n->a = i->base == X86_REG_ZERO ? IR_NONE : IR_G(i->base);
    n->cc = i->scale;
    n->disp = (int32_t)i->disp;
    return true;
}

/* --- exchange -----------------------------------------------------------------------
 */

bool x86_build_xchg_eg(X86Build *b, const X86Insn *i)
{
    unsigned w = width(i);
    IrVal reg = x86_reg_val(i, w);
    X86Operand rm;
    IrNode *n;

    if (!(i->flags & X86_I_MEM)) {
        x86_emit(b, IR_XCHG, w, x86_rm_reg_val(i, w), reg);
        return true;
    }
    /* Atomic also without LOCK. */
    rm.mem = true;
    if (!x86_build_mem_aligned(b, i, w, b->ir->single ? 0 : w - 1, IR_WRITE, &rm.v)) {
        return false;
    }
    if (b->ir->single) {
        IrVal old = ir_temp(b->ir);

        x86_set_src(x86_emit(b, IR_MOV, w, old, IR_NONE), rm);
        x86_set_dst(x86_emit(b, IR_MOV, w, IR_NONE, reg), rm);
        x86_emit(b, IR_MOV, w, reg, old);
        return true;
    }
    n = x86_emit(b, IR_XCHG, w, IR_NONE, reg);
    x86_set_dst(n, rm);
    n->flags |= IR_LOCK;
    return true;
}

/* 90+r: 90 itself is NOP, and does not clear the upper half of RAX. */
bool x86_build_xchg_ax(X86Build *b, const X86Insn *i)
{
    if (i->rm != X86_RAX) {
        x86_emit(b, IR_XCHG, i->opsize, IR_G(i->rm), IR_G(X86_RAX));
    }
    return true;
}

static bool atomic(X86Build *b, const X86Insn *i, IrOp op)
{
    unsigned w = width(i);
    X86Operand rm;
    IrNode *n;

    if (!x86_build_rm(b, i, w, IR_WRITE, &rm)) {
        return false;
    }
    n = x86_emit(b, op, w, IR_NONE, x86_reg_val(i, w));
    x86_set_dst(n, rm);
    n->flags |= i->flags & X86_I_LOCK ? IR_LOCK : 0;
    return true;
}

bool x86_build_xadd(X86Build *b, const X86Insn *i)
{
    return atomic(b, i, IR_XADD);
}

bool x86_build_cmpxchg(X86Build *b, const X86Insn *i)
{
    return atomic(b, i, IR_CMPXCHG);
}

bool x86_build_cmpxchg_wide(X86Build *b, const X86Insn *i)
{
    unsigned w = i->row->rules & X86_WIDE ? 16 : 8;
    bool lock = i->flags & X86_I_LOCK && !b->ir->single;
    X86Operand rm = { .mem = true };
    IrNode *n;

    /* The 16-byte form must be aligned; #GP otherwise. */
    if (!x86_build_mem_aligned(b, i, w, w == 16 || lock ? w - 1 : 0, IR_WRITE, &rm.v)) {
        return false;
    }
    n = ir_emit(b->ir, IR_CMPXCHGD, w);
    x86_set_dst(n, rm);
    n->flags |= i->flags & X86_I_LOCK ? IR_LOCK : 0;
    return true;
}

/* --- conditions ---------------------------------------------------------------------
 */

bool x86_build_cmov(X86Build *b, const X86Insn *i)
{
    X86Operand rm;
    IrNode *n;

    if (!x86_build_rm(b, i, i->opsize, IR_READ, &rm)) {
        return false;
    }
    n = x86_emit(b, IR_CMOV, i->opsize, IR_G(i->reg), IR_NONE);
    n->cc = i->opcode & 15;
    x86_set_src(n, rm);
    return true;
}

bool x86_build_setcc(X86Build *b, const X86Insn *i)
{
    X86Operand rm;
    IrNode *n;

    if (!x86_build_rm(b, i, 1, IR_WRITE, &rm)) {
        return false;
    }
    n = ir_emit(b->ir, IR_SETCC, 1);
    n->cc = i->opcode & 15;
    x86_set_dst(n, rm);
    return true;
}

/* --- bytes --------------------------------------------------------------------------
 */

bool x86_build_bswap(X86Build *b, const X86Insn *i)
{
    if (i->opsize == 2) {
        return false;
    }
    x86_emit(b, IR_BSWAP, i->opsize, IR_G(i->rm), IR_NONE);
    return true;
}

bool x86_build_movbe_load(X86Build *b, const X86Insn *i)
{
    X86Operand rm = { .mem = true };

    if (!x86_build_mem(b, i, i->opsize, IR_READ, &rm.v)) {
        return false;
    }
    x86_set_src(x86_emit(b, IR_MOVBE, i->opsize, IR_G(i->reg), IR_NONE), rm);
    return true;
}

bool x86_build_movbe_store(X86Build *b, const X86Insn *i)
{
    X86Operand rm = { .mem = true };

    if (!x86_build_mem(b, i, i->opsize, IR_WRITE, &rm.v)) {
        return false;
    }
    x86_set_dst(x86_emit(b, IR_MOVBE, i->opsize, IR_NONE, IR_G(i->reg)), rm);
    return true;
}

bool x86_build_xlat(X86Build *b, const X86Insn *i)
{
    unsigned w = (64 - i->adshift) / 8;
    X86Operand al = { IR_G(X86_RAX), false }, m = { .mem = true };
    IrVal ea = x86_emit_add(b, w, IR_G(X86_RBX), x86_operand_value(b, al, 1), 0, 0);

    if (!x86_build_access(b, i->seg, ea, 1, 0, IR_READ, &m.v)) {
        return false;
    }
    x86_set_src(x86_emit(b, IR_MOV, 1, IR_G(X86_RAX), IR_NONE), m);
    return true;
}

/* --- flags --------------------------------------------------------------------------
 */

static bool flags(X86Build *b, IrOp op)
{
    ir_emit(b->ir, op, 1);
    return true;
}

bool x86_build_lahf(X86Build *b, const X86Insn *i)
{
    return flags(b, IR_LAHF);
}

bool x86_build_sahf(X86Build *b, const X86Insn *i)
{
    return flags(b, IR_SAHF);
}

bool x86_build_clc(X86Build *b, const X86Insn *i)
{
    return flags(b, IR_CLC);
}

bool x86_build_stc(X86Build *b, const X86Insn *i)
{
    return flags(b, IR_STC);
}

bool x86_build_cmc(X86Build *b, const X86Insn *i)
{
    return flags(b, IR_CMC);
}

bool x86_build_cld(X86Build *b, const X86Insn *i)
{
    x86_emit_store_state_imm(b, 4, offsetof(X86State, df_step), 1);
    return true;
}

bool x86_build_std(X86Build *b, const X86Insn *i)
{
    x86_emit_store_state_imm(b, 4, offsetof(X86State, df_step), -1);
    return true;
}
