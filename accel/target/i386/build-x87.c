/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 for the translator: the host's FPU holds the guest's stack, status and control
 * word while a block with these templates runs (IR_VEC_X87).  All exceptions are masked
 * then (X86_MODE_MF is clear), so nothing waits and nothing is ever pending.
 *
 * FOP, FIP, FCS, FDP and FDS keep what the last instruction left that was executed by
 * its reference function: software can only see them by FSTENV, FSAVE and FXSAVE, and
 * has a use for them only in a handler of #MF, which belongs to unmasked exceptions.
 */
#include "accel/target/i386/build-vec.h"
#include "accel/target/i386/build.h"
#include "accel/target/i386/fpu.h"
#include "accel/target/i386/operands.h"

static unsigned memory_size(const X86Row *row)
{
    for (unsigned k = 0; k < 2; k++) {
        if (X86_OP_METHOD(row->op[k]) == X86_OPM_M) {
            switch (X86_OP_TYPE(row->op[k])) {
            case X86_OPT_w:
                return 2;
            case X86_OPT_d:
                return 4;
            case X86_OPT_q:
                return 8;
            case X86_OPT_t:
                return 10;
            default:
                return 0;
            }
        }
    }
    return 0;
}

static bool is_store(const X86Row *row)
{
    return X86_OP_METHOD(row->op[0]) == X86_OPM_M;
}

/* FCOMI and its kin write, FCMOVcc read: CF, ZF, CF | ZF, PF in the order of /0../3. */
static void set_flags(IrTemplate *t, const X86Insn *i)
{
    static const uint16_t cmov[4] = { IR_CF, IR_ZF, IR_CF | IR_ZF, IR_PF };
    unsigned digit = i->modrm >> 3 & 7;

    if (t->rm_mem) {
        return;
    }
    if ((i->opcode == 0xdb || i->opcode == 0xdf) && (digit == 5 || digit == 6)) {
        t->flags_written = IR_FLAGS_ALL;
    } else if ((i->opcode == 0xda || i->opcode == 0xdb) && digit < 4) {
        t->flags_read = cmov[digit];
    }
}

static IrTemplate *new_template(X86Build *b, uint8_t opcode, uint8_t modrm)
{
    IrTemplate *t = ir_template(b->ir);

    t->enc = IR_ENC_X87;
    t->opcode = opcode;
    t->modrm = modrm;
    t->vec = IR_VEC_SSE | IR_VEC_X87;
    return t;
}

static IrNode *emit_template(X86Build *b, const IrTemplate *t, IrVal host)
{
    IrNode *n = x86_emit(b, IR_TEMPLATE, 8, IR_NONE, host);

    n->tmpl = t;
    b->ir->vec |= t->vec;
    return n;
}

bool x86_build_x87(X86Build *b, const X86Insn *i)
{
    IrVal host = IR_NONE;
    IrTemplate *t;

    if (b->mode & X86_MODE_MF) {
        return false;
    }
    t = new_template(b, i->opcode, i->modrm);
    if (i->flags & X86_I_MEM) {
        unsigned size = memory_size(i->row);
        unsigned access = is_store(i->row) ? IR_WRITE : IR_READ;

        if (!size || !x86_build_mem(b, i, size, access, &host)) {
            return false;
        }
        t->rm_mem = true;
        t->rm_written = access == IR_WRITE;
    }
    set_flags(t, i);
    emit_template(b, t, host);
    return true;
}

bool x86_build_x87_nothing(X86Build *b, const X86Insn *i)
{
    return !(b->mode & X86_MODE_MF);
}

/*
 * FLDCW of a value that masks all exceptions: to the state and from there to the host.
 * Only values that need no change on the way: reserved bits as they read.
 */
bool x86_build_fldcw(X86Build *b, const X86Insn *i)
{
    const size_t fcw = offsetof(X86State, xs.fcw);
    const unsigned low = X87_FCW_MASKS | X87_FCW_FIXED;
    IrVal host, v = ir_temp(b->ir), masks = ir_temp(b->ir);
    IrTemplate *t;
    IrNode *n;

    if (b->mode & X86_MODE_MF || !x86_build_mem(b, i, 2, IR_READ, &host)) {
        return false;
    }
    n = x86_emit(b, IR_MOVZX, 8, v, host);
    n->size = 2;
    n->flags |= IR_MEM_B;
    n = x86_emit(b, IR_MOVZX, 8, masks, v);
    n->size = 1;
    x86_emit_guard_imm(b, 4, masks, IR_NE, low);
    x86_emit_guard_imm(b, 4, v, IR_A, X87_FCW_WRITABLE | X87_FCW_FIXED | 0xff);
    x86_emit_store_state(b, 2, fcw, v);
    t = new_template(b, 0xd9, 5 << 3);
    t->rm_state = true;
    emit_template(b, t, IR_NONE)->disp = fcw;
    return true;
}

/* The state always has it. */
bool x86_build_fnstcw(X86Build *b, const X86Insn *i)
{
    IrVal host, v = x86_emit_load_state(b, 2, offsetof(X86State, xs.fcw));

    if (!x86_build_mem(b, i, 2, IR_WRITE, &host)) {
        return false;
    }
    x86_emit(b, IR_MOV, 2, host, v)->flags |= IR_MEM_DST;
    return true;
}

bool x86_build_fnstsw_ax(X86Build *b, const X86Insn *i)
{
    IrTemplate *t;

    if (b->mode & X86_MODE_MF) {
        return false;
    }
    t = new_template(b, i->opcode, i->modrm);
    t->reg_g = IR_G(X86_RAX);
    t->reg_written = true;
    emit_template(b, t, IR_NONE);
    return true;
}
