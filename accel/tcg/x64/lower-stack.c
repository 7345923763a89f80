/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In small code: PUSH, CALL and RET of 64-bit code that need a CHECK of their own, as
 * one call of a routine (check-calls.c). The host's stack carries the operands: an
 * immediate is pushed by 5 bytes.
 */
#include "accel/tcg/x64/lower.h"

enum { WORD = 8, CALL_BYTES = 5, PUSH_BYTES = 5 };

/* Whether the node is rSP <- rSP + @step. */
static bool is_step(const IrNode *n, int step)
{
    return n->op == IR_EA && n->w == WORD && n->dst == IR_G(X64_STACK) &&
           n->a == IR_G(X64_STACK) && n->b == IR_NONE && n->disp == step;
}

/* Whether the node at hand checks the word at rSP + @disp, for nobody but its own
 * instruction, which has at least @nodes nodes. */
static bool is_word(const Lower *l, unsigned access, int disp, unsigned nodes)
{
    const IrNode *n = l->n, *last = n + nodes - 1;

    return n + nodes <= l->end && last->insn == n->insn && n->through <= n->insn &&
           n->w == WORD && n->size == WORD && !n->align && n->cc == access &&
           n->a == IR_G(X64_STACK) && n->disp == disp;
}

/* Both scratch registers are about to be destroyed, and the host's flags. False: the
 * flags depend on rSP. */
static bool prepare(Lower *l, bool exact_flags)
{
    if (l->flags.recipe.kind != FLAGS_NONE && l->flags.recipe.regs & 1u << X64_STACK) {
        return false;
    }
    if (exact_flags) {
        x64_flags_need_m(l);
    }
    x64_flags_clobber(l);
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        x64_scratch(l);
    }
    return true;
}

static void call(Lower *l, const uint8_t *routine, unsigned nodes)
{
    x64_close_head(l, CALL_BYTES);
    asm_call(l->hot, routine);
    x64_stub_call(l);
    l->n += nodes - 1;
}

/* JMP to where only the jump cache leads, by an address that can be pushed. */
static bool is_far(const Lower *l, const IrNode *n)
{
    return n->op == IR_JMP && n->imm == (int32_t)n->imm && !x64_can_link(l, n->imm);
}

static bool lower_push(Lower *l)
{
    const IrNode *n = l->n, *mov = n + 1, *jmp = n + 3;
    bool ends, far;

    if (!is_word(l, IR_WRITE, -WORD, 3) || mov->op != IR_MOV || mov->w != WORD ||
        !(mov->flags & IR_MEM_DST) || mov->dst != n->dst || mov->disp ||
        !(mov->flags & IR_IMM) || mov->imm != (int32_t)mov->imm ||
        !is_step(n + 2, -WORD)) {
        return false;
    }
    ends = jmp < l->end && jmp->insn == n->insn;
    far = ends && is_far(l, jmp);
    if ((ends && jmp->op != IR_JMP) ||
        !prepare(l, far && !(jmp->flags & IR_NO_FLAGS))) {
        return false;
    }
    x64_close_head(l, PUSH_BYTES);
    asm_push_imm(l->hot, mov->imm);
    if (far) {
        asm_push_imm(l->hot, jmp->imm);
        call(l, x64_call_routine(l->ir->view, l->ir->salt), 4);
    } else {
        call(l, x64_push_routine(l->ir->view), 3);
    }
    return true;
}

static bool lower_ret(Lower *l)
{
    const IrNode *n = l->n, *mov = n + 1, *jmp = n + 3;

    if (!is_word(l, IR_READ, 0, 4) || mov->op != IR_MOV || mov->w != WORD ||
        mov->flags != IR_MEM_B || mov->b != n->dst || mov->disp || !ir_is_t(mov->dst) ||
        !is_step(n + 2, WORD) || jmp->op != IR_JMPI || jmp->a != mov->dst ||
        !prepare(l, true)) {
        return false;
    }
    call(l, x64_ret_routine(l->ir->view, l->ir->salt), 4);
    return true;
}

bool x64_lower_stack(Lower *l)
{
    return x64_can_call(l) && (lower_push(l) || lower_ret(l));
}
