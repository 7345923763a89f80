/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic, logic and shifts. The operation and the form stand in the opcode (SDM
 * volume 2D, table A-2): bits 5:3, or ModRM.reg in the immediate and shift groups.
 */
#include "accel/target/i386/build.h"
#include "accel/target/i386/builds-int.h"

/* Bit 0 of these opcodes: operand size instead of a byte. */
static unsigned width(const X86Insn *i)
{
    return i->opcode & 1 ? i->opsize : 1;
}

static unsigned digit(const X86Insn *i)
{
    return i->modrm >> 3 & 7;
}

static void set_lock(IrNode *n, const X86Insn *i)
{
    n->flags |= i->flags & X86_I_LOCK ? IR_LOCK : 0;
}

/* rm op= reg, or rm op= immediate; CMP and TEST only read. */
static bool rm_is_first(X86Build *b, const X86Insn *i, IrOp op, unsigned w,
                        bool immediate)
{
    bool reads = op == IR_CMP || op == IR_TEST;
    X86Operand rm;
    IrNode *n;

    if (!x86_build_rm(b, i, w, reads ? IR_READ : IR_WRITE, &rm)) {
        return false;
    }
    n = immediate ? x86_emit_imm(b, op, w, IR_NONE, (int64_t)i->imm)
                  : x86_emit(b, op, w, IR_NONE, x86_reg_val(i, w));
    x86_set_dst(n, rm);
    set_lock(n, i);
    return true;
}

/* reg op= rm */
static bool reg_is_first(X86Build *b, const X86Insn *i, IrOp op, unsigned w)
{
    X86Operand rm;
    IrNode *n;

    if (!x86_build_rm(b, i, w, IR_READ, &rm)) {
        return false;
    }
    n = ir_emit(b->ir, op, w);
    x86_set_dst(n, (X86Operand){ x86_reg_val(i, w), false });
    x86_set_src(n, rm);
    return true;
}

static bool accumulator(X86Build *b, const X86Insn *i, IrOp op, unsigned w)
{
    IrNode *n = x86_emit_imm(b, op, w, IR_NONE, (int64_t)i->imm);

    x86_set_dst(n, (X86Operand){ IR_G(X86_RAX), false });
    return true;
}

bool x86_build_alu(X86Build *b, const X86Insn *i)
{
    static const uint8_t ops[8] = { IR_ADD, IR_OR,  IR_ADC, IR_SBB,
                                    IR_AND, IR_SUB, IR_XOR, IR_CMP };
    unsigned w = width(i);

    if (i->opcode >= 0x80) {
        return rm_is_first(b, i, ops[digit(i)], w, true);
    }
    switch (i->opcode >> 1 & 3) {
    case 0:
        return rm_is_first(b, i, ops[i->opcode >> 3 & 7], w, false);
    case 1:
        return reg_is_first(b, i, ops[i->opcode >> 3 & 7], w);
    default:
        return accumulator(b, i, ops[i->opcode >> 3 & 7], w);
    }
}

bool x86_build_test(X86Build *b, const X86Insn *i)
{
    switch (i->opcode) {
    case 0xa8:
    case 0xa9:
        return accumulator(b, i, IR_TEST, width(i));
    case 0x84:
    case 0x85:
        return rm_is_first(b, i, IR_TEST, width(i), false);
    default:
        return rm_is_first(b, i, IR_TEST, width(i), true);
    }
}

/* F6 and F7 /2 NOT, /3 NEG; FE and FF /0 INC, /1 DEC */
bool x86_build_unary(X86Build *b, const X86Insn *i)
{
    static const uint8_t ops[4] = { IR_INC, IR_DEC, IR_NOT, IR_NEG };
    X86Operand rm;
    IrNode *n;

    if (!x86_build_rm(b, i, width(i), IR_WRITE, &rm)) {
        return false;
    }
    n = ir_emit(b->ir, ops[digit(i) & 3], width(i));
    x86_set_dst(n, rm);
    set_lock(n, i);
    return true;
}

/* 40+r INC, 48+r DEC */
bool x86_build_inc_dec_r(X86Build *b, const X86Insn *i)
{
    x86_emit(b, i->opcode & 8 ? IR_DEC : IR_INC, i->opsize, IR_G(i->rm), IR_NONE);
    return true;
}

/* --- shifts -------------------------------------------------------------------------
 */

static bool is_by_cl(const X86Insn *i)
{
    return i->opcode == 0xd2 || i->opcode == 0xd3 ||
           (i->map == 1 && (i->opcode == 0xa5 || i->opcode == 0xad));
}

/* A count of 0 changes no flags, and only the upper half of a register: not worth a
 * form. */
static bool is_idle(const X86Insn *i, unsigned w)
{
    return !is_by_cl(i) && !(i->imm & (w == 8 ? 63 : 31));
}

static void set_count(IrNode *n, const X86Insn *i, unsigned w)
{
    if (is_by_cl(i)) {
        n->b = IR_G(X86_RCX);
    } else {
        n->flags |= IR_IMM;
        n->imm = i->imm & (w == 8 ? 63 : 31);
    }
}

bool x86_build_shift(X86Build *b, const X86Insn *i)
{
    static const uint8_t ops[8] = { IR_ROL, IR_ROR, IR_RCL, IR_RCR,
                                    IR_SHL, IR_SHR, IR_SHL, IR_SAR };
    unsigned w = width(i);
    X86Operand rm;
    IrNode *n;

    if (is_idle(i, w) || !x86_build_rm(b, i, w, IR_WRITE, &rm)) {
        return false;
    }
    n = ir_emit(b->ir, ops[digit(i)], w);
    x86_set_dst(n, rm);
    set_count(n, i, w);
    return true;
}

/* 0F A4, A5: SHLD, 0F AC, AD: SHRD */
bool x86_build_double_shift(X86Build *b, const X86Insn *i)
{
    unsigned w = i->opsize;
    X86Operand rm;
    IrNode *n;

    if (w == 2 || is_idle(i, w) || !x86_build_rm(b, i, w, IR_WRITE, &rm)) {
        return false;
    }
    n = ir_emit(b->ir, i->opcode & 8 ? IR_SHRD : IR_SHLD, w);
    x86_set_dst(n, rm);
    n->a = IR_G(i->reg);
    set_count(n, i, w);
    return true;
}
