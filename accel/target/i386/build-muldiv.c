/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Multiplication, division and the sign extensions of the accumulator. A division that
 * might raise #DE is left to the reference function, by GUARDs that are exact for DIV
 * and let through what compilers write for IDIV: a dividend that is a sign extension.
 */
#include "accel/target/i386/build.h"
#include "accel/target/i386/builds-int.h"

static unsigned width(const X86Insn *i)
{
    return i->opcode & 1 ? i->opsize : 1;
}

/* F6, F7 /4 MUL, /5 IMUL */
bool x86_build_mul(X86Build *b, const X86Insn *i)
{
    unsigned w = width(i);
    X86Operand rm;

    if (!x86_build_rm(b, i, w, IR_READ, &rm)) {
        return false;
    }
    x86_set_src(ir_emit(b->ir, i->modrm & 8 ? IR_IMUL1 : IR_MUL, w), rm);
    return true;
}

bool x86_build_imul_ge(X86Build *b, const X86Insn *i)
{
    X86Operand rm;

    if (!x86_build_rm(b, i, i->opsize, IR_READ, &rm)) {
        return false;
    }
    x86_set_src(x86_emit(b, IR_IMUL2, i->opsize, IR_G(i->reg), IR_NONE), rm);
    return true;
}

bool x86_build_imul_gei(X86Build *b, const X86Insn *i)
{
    X86Operand rm;
    IrNode *n;

    if (!x86_build_rm(b, i, i->opsize, IR_READ, &rm)) {
        return false;
    }
    n = x86_emit(b, IR_IMUL3, i->opsize, IR_G(i->reg), IR_NONE);
    x86_set_src(n, rm);
    n->imm = (int64_t)i->imm;
    return true;
}

/* The divisor in a register that the GUARDs can compare. */
static bool divisor(X86Build *b, const X86Insn *i, unsigned w, IrVal *d)
{
    X86Operand rm;

    if (!x86_build_rm(b, i, w, IR_READ, &rm)) {
        return false;
    }
    *d = rm.mem ? x86_operand_value(b, rm, w) : rm.v;
    return true;
}

bool x86_build_div(X86Build *b, const X86Insn *i)
{
    unsigned w = width(i);
    IrVal d;

    if (!divisor(b, i, w, &d)) {
        return false;
    }
    /* The quotient fits if the upper half is less than the divisor; then the divisor is
     * not 0 either. */
    x86_emit_guard(b, w, w == 1 ? IR_GH(X86_RAX) : IR_G(X86_RDX), IR_AE, d);
    x86_emit(b, IR_DIV, w, IR_NONE, d);
    return true;
}

/* @v or, of less than four bytes, a temporary with its sign extended to four. */
static IrVal extended(X86Build *b, unsigned w, IrVal v)
{
    IrVal t;

    if (w >= 4) {
        return v;
    }
    t = ir_temp(b->ir);
    x86_emit(b, IR_MOVSX, 4, t, v)->size = w;
    return t;
}

/* A temporary with @w bytes, at least, of the accumulator's sign. */
static IrVal sign_of_rax(X86Build *b, unsigned w)
{
    IrVal count = x86_emit_const(b, w == 8 ? 63 : 31), t = ir_temp(b->ir);
    IrTemplate *sarx = ir_template(b->ir);

    *sarx = (IrTemplate){ .enc = IR_ENC_VEX,
                          .map = 2,
                          .pp = 0xf3,
                          .opcode = 0xf7,
                          .w = w == 8,
                          .reg_g = t,
                          .rm_g = extended(b, w, IR_G(X86_RAX)),
                          .vvvv_g = count,
                          .reg_written = true };
    ir_emit(b->ir, IR_TEMPLATE, w)->tmpl = sarx;
    return t;
}

/* Behind CWD of this width, or CBW for AX. */
static bool follows_extension(const X86Build *b, unsigned w)
{
    const X86Insn *prev;

    if (!b->index) {
        return false;
    }
    prev = &b->insn[b->index - 1];
    return !prev->map && (w == 1 ? prev->opcode == 0x98 && prev->opsize == 2
                                 : prev->opcode == 0x99 && prev->opsize == w);
}

bool x86_build_idiv(X86Build *b, const X86Insn *i)
{
    unsigned w = width(i), at_least_4 = w < 4 ? 4 : w;
    IrVal d, upper = w == 1 ? IR_GH(X86_RAX) : IR_G(X86_RDX);

    if (!divisor(b, i, w, &d)) {
        return false;
    }
    /* 0 and -1 */
    x86_emit_guard_imm(b, at_least_4,
                       x86_emit_add(b, at_least_4, extended(b, w, d), IR_NONE, 0, 1),
                       IR_BE, 1);
    if (!follows_extension(b, w)) {
        x86_emit_guard(b, w, sign_of_rax(b, w), IR_NE, upper);
    }
    x86_emit(b, IR_IDIV, w, IR_NONE, d);
    return true;
}

bool x86_build_cbw(X86Build *b, const X86Insn *i)
{
    ir_emit(b->ir, IR_CBW, i->opsize);
    return true;
}

bool x86_build_cwd(X86Build *b, const X86Insn *i)
{
    ir_emit(b->ir, IR_CWD, i->opsize);
    return true;
}
