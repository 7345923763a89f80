/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String instructions, forward only: one element as a load, a store and two additions;
 * a short REP MOVS or REP STOS by the host's own. Both the source and the destination
 * have to be followed by REP_BYTES bytes in their page then. Everything else, also REP
 * with a count of 0 or a large one, is done by the reference functions, which know
 * about pages.
 */
#include "accel/target/i386/build.h"
#include "accel/target/i386/builds-int.h"

enum { REP_BYTES = 256 };

static unsigned width(const X86Insn *i)
{
    return i->opcode & 1 ? i->opsize : 1;
}

static unsigned address_width(const X86Insn *i)
{
    return (64 - i->adshift) / 8;
}

static bool is_repeated(const X86Insn *i)
{
    return i->flags & (X86_I_REP | X86_I_REPNE);
}

/* Host address of the element at rSI or rDI, with @bytes from there on. */
static bool element(X86Build *b, const X86Insn *i, unsigned reg, unsigned bytes,
                    unsigned access, IrVal *host)
{
    unsigned seg = reg == X86_RDI ? X86_ES : i->seg;
    IrVal ea = IR_G(reg);

    if (address_width(i) != 8) {
        ea = x86_emit_add(b, address_width(i), ea, IR_NONE, 0, 0);
    }
    return x86_build_access(b, seg, ea, bytes, 0, access, host);
}

static void guard_forward(X86Build *b)
{
    x86_emit_guard_imm(b, 4, x86_emit_load_state(b, 4, offsetof(X86State, df_step)),
                       IR_NE, 1);
}

static void advance(X86Build *b, const X86Insn *i, unsigned reg)
{
    IrNode *n = x86_emit(b, IR_EA, address_width(i), IR_G(reg), IR_NONE);

    n->a = IR_G(reg);
    n->disp = (int32_t)width(i);
}

/* --- one element --------------------------------------------------------------------
 */

static bool movs_one(X86Build *b, const X86Insn *i)
{
    X86Operand from = { .mem = true }, to = { .mem = true };
    IrVal v = ir_temp(b->ir);

    if (!element(b, i, X86_RSI, width(i), IR_READ, &from.v)) {
        return false;
    }
    x86_set_src(x86_emit(b, IR_MOV, width(i), v, IR_NONE), from);
    if (!element(b, i, X86_RDI, width(i), IR_WRITE, &to.v)) {
        return false;
    }
    x86_set_dst(x86_emit(b, IR_MOV, width(i), IR_NONE, v), to);
    advance(b, i, X86_RSI);
    advance(b, i, X86_RDI);
    return true;
}

static bool stos_one(X86Build *b, const X86Insn *i)
{
    X86Operand to = { .mem = true };

    if (!element(b, i, X86_RDI, width(i), IR_WRITE, &to.v)) {
        return false;
    }
    x86_set_dst(x86_emit(b, IR_MOV, width(i), IR_NONE, IR_G(X86_RAX)), to);
    advance(b, i, X86_RDI);
    return true;
}

bool x86_build_lods(X86Build *b, const X86Insn *i)
{
    X86Operand from = { .mem = true };

    if (is_repeated(i)) {
        return false;
    }
    guard_forward(b);
    if (!element(b, i, X86_RSI, width(i), IR_READ, &from.v)) {
        return false;
    }
    x86_set_src(x86_emit(b, IR_MOV, width(i), IR_G(X86_RAX), IR_NONE), from);
    advance(b, i, X86_RSI);
    return true;
}

bool x86_build_scas(X86Build *b, const X86Insn *i)
{
    X86Operand m = { .mem = true };
    IrNode *n;

    if (is_repeated(i)) {
        return false;
    }
    guard_forward(b);
    if (!element(b, i, X86_RDI, width(i), IR_READ, &m.v)) {
        return false;
    }
    n = ir_emit(b->ir, IR_CMP, width(i));
    n->a = IR_G(X86_RAX);
    x86_set_src(n, m);
    advance(b, i, X86_RDI);
    return true;
}

bool x86_build_cmps(X86Build *b, const X86Insn *i)
{
    X86Operand first = { .mem = true }, second = { .mem = true };
    IrVal v;
    IrNode *n;

    if (is_repeated(i)) {
        return false;
    }
    guard_forward(b);
    if (!element(b, i, X86_RDI, width(i), IR_READ, &second.v)) {
        return false;
    }
    v = x86_operand_value(b, second, width(i));
    if (!element(b, i, X86_RSI, width(i), IR_READ, &first.v)) {
        return false;
    }
    n = x86_emit(b, IR_CMP, width(i), IR_NONE, v);
    x86_set_dst(n, first);
    advance(b, i, X86_RSI);
    advance(b, i, X86_RDI);
    return true;
}

/* --- REP ----------------------------------------------------------------------------
 */

/* Slow path unless 1 <= rCX <= REP_BYTES / width. */
static void guard_count(X86Build *b, const X86Insn *i)
{
    unsigned aw = address_width(i);

    x86_emit_guard_imm(b, aw, x86_emit_add(b, aw, IR_G(X86_RCX), IR_NONE, 0, -1), IR_A,
                       (int32_t)(REP_BYTES / width(i)) - 1);
}

/* REP_BYTES from rSI or rDI on; a 16-bit register must not wrap before. */
static bool elements(X86Build *b, const X86Insn *i, unsigned reg, unsigned access,
                     IrVal *host)
{
    if (address_width(i) == 2) {
        x86_emit_guard_imm(b, 2, IR_G(reg), IR_A, (int16_t)(0x10000 - REP_BYTES));
    }
    return element(b, i, reg, REP_BYTES, access, host);
}

/* The host counts with all of rcx. */
static void rep(X86Build *b, const X86Insn *i, IrOp op, IrVal to, IrVal from)
{
    unsigned aw = address_width(i);
    IrVal rcx = IR_G(X86_RCX), upper = IR_NONE;
    IrNode *n;

    if (aw == 2) {
        upper = ir_temp(b->ir);
        x86_emit(b, IR_MOV, 8, upper, rcx);
        x86_emit(b, IR_MOVZX, 4, rcx, rcx)->size = 2;
    }
    if (aw == 4) {
        x86_emit(b, IR_EA, 4, rcx, IR_NONE)->a = rcx;
    }
    n = x86_emit(b, op, width(i), IR_NONE, from);
    n->a = to;
    n->size = aw;
    if (aw == 2) {
        x86_emit(b, IR_MOV, 8, rcx, upper);
        x86_emit_imm(b, IR_MOV, 2, rcx, 0);
    }
}

bool x86_build_movs(X86Build *b, const X86Insn *i)
{
    IrVal to, from;

    guard_forward(b);
    if (!is_repeated(i)) {
        return movs_one(b, i);
    }
    guard_count(b, i);
    if (!elements(b, i, X86_RSI, IR_READ, &from) ||
        !elements(b, i, X86_RDI, IR_WRITE, &to)) {
        return false;
    }
    rep(b, i, IR_REPMOVS, to, from);
    return true;
}

bool x86_build_stos(X86Build *b, const X86Insn *i)
{
    IrVal to;

    guard_forward(b);
    if (!is_repeated(i)) {
        return stos_one(b, i);
    }
    guard_count(b, i);
    if (!elements(b, i, X86_RDI, IR_WRITE, &to)) {
        return false;
    }
    rep(b, i, IR_REPSTOS, to, IR_NONE);
    return true;
}
