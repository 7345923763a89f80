/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PUSH, POP, LEAVE. rSP changes last: all checks are made with what it was, and an
 * operand based on rSP means the old value, but for POP (X86_SPILL_ADDR).
 */
#include "accel/target/i386/build.h"
#include "accel/target/i386/builds-int.h"

/* Pushes a register or temporary. */
static bool push_val(X86Build *b, unsigned size, IrVal v)
{
    X86Operand slot = { .mem = true };

    if (!x86_build_stack(b, -(int)size, size, IR_WRITE, &slot.v)) {
        return false;
    }
    x86_set_dst(x86_emit(b, IR_MOV, size, IR_NONE, v), slot);
    x86_build_sp_add(b, -(int)size);
    return true;
}

bool x86_build_push_r(X86Build *b, const X86Insn *i)
{
    return push_val(b, i->opsize, IR_G(i->rm));
}

bool x86_build_push_m(X86Build *b, const X86Insn *i)
{
    X86Operand rm;

    if (!x86_build_rm(b, i, i->opsize, IR_READ, &rm)) {
        return false;
    }
    return push_val(b, i->opsize, rm.mem ? x86_operand_value(b, rm, i->opsize) : rm.v);
}

bool x86_build_push_i(X86Build *b, const X86Insn *i)
{
    X86Operand slot = { .mem = true };

    if (!x86_build_stack(b, -(int)i->opsize, i->opsize, IR_WRITE, &slot.v)) {
        return false;
    }
    x86_set_dst(x86_emit_imm(b, IR_MOV, i->opsize, IR_NONE, (int64_t)i->imm), slot);
    x86_build_sp_add(b, -(int)i->opsize);
    return true;
}

bool x86_build_push_seg(X86Build *b, const X86Insn *i)
{
    unsigned seg = i->map ? (i->opcode >> 3 & 1) + X86_FS : i->opcode >> 3 & 3;
    unsigned size = i->opsize == 4 ? 2 : i->opsize; /* a 4-byte slot is half written */
    X86Operand slot = { .mem = true };
    IrVal sel;

    if (!x86_build_stack(b, -(int)i->opsize, size, IR_WRITE, &slot.v)) {
        return false;
    }
    sel = x86_emit_load_state(b, 2,
                              offsetof(X86State, seg) + seg * sizeof(X86Segment) +
                                  offsetof(X86Segment, selector));
    x86_set_dst(x86_emit(b, IR_MOV, size, IR_NONE, sel), slot);
    x86_build_sp_add(b, -(int)i->opsize);
    return true;
}

/* 58+r, and 8F /0 with a register */
bool x86_build_pop_r(X86Build *b, const X86Insn *i)
{
    unsigned size = i->opsize;
    X86Operand slot = { .mem = true };

    if (!x86_build_stack(b, 0, size, IR_READ, &slot.v)) {
        return false;
    }
    if (i->rm == X86_RSP) {
        /* The value that was popped stays; a partial write keeps the increment. */
        IrVal v = x86_operand_value(b, slot, size);

        x86_build_sp_add(b, (int)size);
        x86_emit(b, IR_MOV, size, IR_G(X86_RSP), v);
        return true;
    }
    x86_set_src(x86_emit(b, IR_MOV, size, IR_G(i->rm), IR_NONE), slot);
    x86_build_sp_add(b, (int)size);
    return true;
}

bool x86_build_pop_m(X86Build *b, const X86Insn *i)
{
    unsigned size = i->opsize;
    X86Operand slot = { .mem = true }, m = { .mem = true };
    X86Insn moved = *i;
    IrVal v;

    if (!(i->flags & X86_I_MEM)) {
        return x86_build_pop_r(b, i);
    }
    if (i->base == X86_RSP && x86_stack_width(b) != (64 - i->adshift) / 8u) {
        return false;
    }
    if (!x86_build_stack(b, 0, size, IR_READ, &slot.v)) {
        return false;
    }
    v = x86_operand_value(b, slot, size);
    if (i->base == X86_RSP) {
        /* The address is made with rSP after the increment, which has not happened. */
        moved.disp += size;
        if ((int64_t)moved.disp != (int32_t)moved.disp) {
            return false;
        }
    }
    if (!x86_build_mem(b, &moved, size, IR_WRITE, &m.v)) {
        return false;
    }
    x86_set_dst(x86_emit(b, IR_MOV, size, IR_NONE, v), m);
    x86_build_sp_add(b, (int)size);
    return true;
}

bool x86_build_leave(X86Build *b, const X86Insn *i)
{
    unsigned w = x86_stack_width(b);
    IrVal bp = IR_G(X86_RBP);
    X86Operand slot = { .mem = true };
    IrVal v;
    IrNode *n;

    if (w != 8) {
        bp = x86_emit_add(b, w, bp, IR_NONE, 0, 0);
    }
    if (!x86_build_access(b, X86_SS, bp, i->opsize, 0, IR_READ, &slot.v)) {
        return false;
    }
    v = x86_operand_value(b, slot, i->opsize);
    n = x86_emit(b, IR_EA, w, IR_G(X86_RSP), IR_NONE);
    n->a = IR_G(X86_RBP);
    n->disp = i->opsize;
    x86_emit(b, IR_MOV, i->opsize, IR_G(X86_RBP), v);
    return true;
}
