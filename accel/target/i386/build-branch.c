/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Near control transfers. The limit of CS is checked before anything changes. */
#include "accel/target/i386/build.h"
#include "accel/target/i386/builds-int.h"

bool x86_build_jmp(X86Build *b, const X86Insn *i)
{
    if (!x86_build_check_target(b, i->imm)) {
        return false;
    }
    x86_emit_jmp(b, i->imm);
    return true;
}

bool x86_build_jcc(X86Build *b, const X86Insn *i)
{
    /* A branch that is not taken does not fault. */
    if (!x86_build_is64(b) && !(b->mode & X86_MODE_CS_4G) &&
        i->imm > b->cpu->seg[X86_CS].limit) {
        return false;
    }
    if (x86_build_is64(b) && !x86_build_check_target(b, i->imm)) {
        return false;
    }
    x86_emit_branch(b, i->opcode & 15, i->imm, i->next_rip);
    return true;
}

/* --- counters -----------------------------------------------------------------------
 */

enum { IF_ZERO = IR_E, IF_NOT_ZERO = IR_NE };

static void jump_if_count(X86Build *b, const X86Insn *i, unsigned cc, uint64_t target)
{
    IrNode *n = ir_emit(b->ir, IR_JNZ, (64 - i->adshift) / 8);

    n->a = IR_G(X86_RCX);
    n->cc = cc;
    n->imm = (int64_t)target;
}

static bool count_down(X86Build *b, const X86Insn *i)
{
    IrNode *n;

    if (!x86_build_check_target(b, i->imm)) {
        return false;
    }
    n = x86_emit(b, IR_EA, (64 - i->adshift) / 8, IR_G(X86_RCX), IR_NONE);
    n->a = IR_G(X86_RCX);
    n->disp = -1;
    return true;
}

bool x86_build_loop(X86Build *b, const X86Insn *i)
{
    if (!count_down(b, i)) {
        return false;
    }
    jump_if_count(b, i, IF_NOT_ZERO, i->imm);
    x86_emit_jmp(b, i->next_rip);
    return true;
}

static bool loop_if(X86Build *b, const X86Insn *i, unsigned cc)
{
    if (!count_down(b, i)) {
        return false;
    }
    jump_if_count(b, i, IF_ZERO, i->next_rip);
    x86_emit_branch(b, cc, i->imm, i->next_rip);
    return true;
}

bool x86_build_loope(X86Build *b, const X86Insn *i)
{
    return loop_if(b, i, IR_E);
}

bool x86_build_loopne(X86Build *b, const X86Insn *i)
{
    return loop_if(b, i, IR_NE);
}

bool x86_build_jcxz(X86Build *b, const X86Insn *i)
{
    if (!x86_build_check_target(b, i->imm)) {
        return false;
    }
    jump_if_count(b, i, IF_ZERO, i->imm);
    x86_emit_jmp(b, i->next_rip);
    return true;
}

/* --- CALL, RET, indirect JMP --------------------------------------------------------
 */

/* The return address onto the stack; the last thing that can fail. */
static bool push_return(X86Build *b, const X86Insn *i)
{
    unsigned size = i->opsize;
    X86Operand slot = { .mem = true };
    int64_t ret = (int64_t)i->next_rip;
    bool small = size < 8 || ret == (int32_t)ret;
    IrNode *n;

    if (!x86_build_stack(b, -(int)size, size, IR_WRITE, &slot.v)) {
        return false;
    }
    n = small ? x86_emit_imm(b, IR_MOV, size, IR_NONE, (int32_t)ret)
              : x86_emit(b, IR_MOV, size, IR_NONE, x86_emit_const(b, i->next_rip));
    x86_set_dst(n, slot);
    x86_build_sp_add(b, -(int)size);
    return true;
}

bool x86_build_call_j(X86Build *b, const X86Insn *i)
{
    if (!x86_build_check_target(b, i->imm) || !push_return(b, i)) {
        return false;
    }
    x86_emit_jmp(b, i->imm);
    return true;
}

/* The target of FF /2, /4 in a register or temporary of its own width. */
static bool indirect_target(X86Build *b, const X86Insn *i, IrVal *target)
{
    X86Operand rm;

    if (!x86_build_rm(b, i, i->opsize, IR_READ, &rm)) {
        return false;
    }
    *target = rm.v;
    if (rm.mem || i->opsize < 8 || rm.v == IR_G(X86_RSP)) {
        *target = x86_operand_value(b, rm, i->opsize);
    }
    return x86_build_check_target_val(b, *target);
}

bool x86_build_call_e(X86Build *b, const X86Insn *i)
{
    IrVal target;

    if (!indirect_target(b, i, &target) || !push_return(b, i)) {
        return false;
    }
    x86_emit_jmp_val(b, target);
    return true;
}

bool x86_build_jmp_e(X86Build *b, const X86Insn *i)
{
    IrVal target;

    if (!indirect_target(b, i, &target)) {
        return false;
    }
    x86_emit_jmp_val(b, target);
    return true;
}

static bool ret(X86Build *b, const X86Insn *i, unsigned extra)
{
    X86Operand slot = { .mem = true };
    IrVal target;

    if (!x86_build_stack(b, 0, i->opsize, IR_READ, &slot.v)) {
        return false;
    }
    target = x86_operand_value(b, slot, i->opsize);
    x86_build_check_target_val(b, target);
    x86_build_sp_add(b, (int)(i->opsize + extra));
    x86_emit_jmp_val(b, target);
    return true;
}

bool x86_build_ret(X86Build *b, const X86Insn *i)
{
    return ret(b, i, 0);
}

bool x86_build_ret_i(X86Build *b, const X86Insn *i)
{
    return ret(b, i, (uint16_t)i->imm);
}
