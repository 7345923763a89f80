/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the flags of a node can be had once more after the host's were destroyed. Only
 * guest registers are operands of recipes: temporaries do not live long enough, and
 * memory may change. One old operand can be kept in a slot, for one store.
 */
#include "accel/tcg/x64/lower.h"

static uint32_t reg_bit(IrVal v)
{
    return ir_is_g(v) ? 1u << (v - IR_G0) : 1u << (v - IR_GH0);
}

static bool is_guest(IrVal v)
{
    return ir_is_g(v) || ir_is_gh(v);
}

static AsmRm slot(void)
{
    return asm_mem(A_RSP, X64_FRAME_SLOTS + 8 * LOWER_SLOT_FLAGS);
}

/* Keeps the destination's old value. False: a stub that has executed this instruction
 * would come back without it. */
static bool save_old(Lower *l, IrVal v)
{
    AsmRm rm;

    if (!ir_is_g(v) || l->n->insn < l->open_insn) {
        return false;
    }
    rm = x64_home(l, v);
    if (x64_is_mem(rm)) {
        return false;
    }
    asm_store(l->hot, 8, slot(), rm.reg);
    return true;
}

/* b of the recipe from b of the node. */
static bool source(Lower *l, FlagsRecipe *r)
{
    const IrNode *n = l->n;

    if (n->flags & IR_IMM) {
        r->imm = n->imm;
        r->imm_bytes = n->w > 4 ? 4 : n->w;
        return n->imm == (int32_t)n->imm;
    }
    if (n->flags & (IR_MEM_B | IR_STATE_B) || !is_guest(n->b)) {
        return false;
    }
    r->b = x64_home(l, n->b);
    r->regs |= reg_bit(n->b);
    return true;
}

static bool compare(Lower *l, FlagsRecipe *r)
{
    const IrNode *n = l->n;

    if (n->flags & IR_MEM_DST || !is_guest(n->a) || !source(l, r)) {
        return false;
    }
    r->kind = n->op == IR_CMP ? FLAGS_CMP : FLAGS_TEST;
    r->a = x64_home(l, n->a);
    r->regs |= reg_bit(n->a);
    return r->imm_bytes || (asm_can_encode(asm_width(0x38, n->w),
                                           x64_is_mem(r->b) ? A_R14 : r->b.reg, r->a) &&
                            asm_can_encode(asm_width(0x38, n->w),
                                           x64_is_mem(r->a) ? A_R14 : r->a.reg, r->b));
}

/* The result says it all. */
static bool logic(Lower *l, FlagsRecipe *r)
{
    const IrNode *n = l->n;

    r->kind = FLAGS_TEST;
    r->a = r->b = x64_home(l, n->dst);
    r->regs = reg_bit(n->dst);
    return true;
}

static bool repeat_with_source(Lower *l, FlagsRecipe *r, AsmOp op)
{
    r->kind = FLAGS_REPEAT;
    r->op = op;
    r->a = slot();
    return save_old(l, l->n->dst);
}

static bool sum(Lower *l, FlagsRecipe *r)
{
    const IrNode *n = l->n;
    bool same = !(n->flags & (IR_IMM | IR_MEM_B | IR_STATE_B)) && n->b == n->dst;

    if (!ir_is_g(n->dst)) {
        return false;
    }
    if (same && n->op == IR_SUB) {
        r->kind = FLAGS_ZERO;
        return true;
    }
    if (same) {
        r->b = slot();
        return repeat_with_source(l, r, asm_width(ASM_ADD << 3 | 2, n->w));
    }
    if (!source(l, r) || (!r->imm_bytes && !ir_is_g(n->b))) {
        return false;
    }
    r->kind = n->op == IR_ADD ? FLAGS_ADD : FLAGS_SUB;
    r->a = x64_home(l, n->dst);
    r->regs |= reg_bit(n->dst);
    return true;
}

static bool on_result(Lower *l, FlagsRecipe *r, FlagsRecipeKind kind)
{
    r->kind = kind;
    r->a = x64_home(l, l->n->dst);
    r->regs = reg_bit(l->n->dst);
    return ir_is_g(l->n->dst);
}

static bool shift(Lower *l, FlagsRecipe *r)
{
    static const uint8_t digit[] = { [IR_SHL] = 4, [IR_SHR] = 5, [IR_SAR] = 7 };
    const IrNode *n = l->n;

    r->kind = FLAGS_REPEAT;
    r->by_digit = true;
    r->digit = digit[n->op];
    r->op = asm_width(0xc0, n->w) & ~(AsmOp)ASM_BYTE_REG;
    r->a = slot();
    r->imm = n->imm;
    r->imm_bytes = 1;
    return n->flags & IR_IMM && save_old(l, n->dst);
}

static AsmOp word_op(AsmOp op, unsigned w)
{
    return op | (w == 8 ? ASM_W : w == 2 ? ASM_66 : 0);
}

/* Flags of a function of b alone. */
static bool unary(Lower *l, FlagsRecipe *r, AsmOp op)
{
    const IrNode *n = l->n;

    if (n->flags & (IR_MEM_B | IR_STATE_B) || !ir_is_g(n->b)) {
        return false;
    }
    r->kind = FLAGS_UNARY;
    r->op = word_op(op, n->w);
    if (n->op == IR_IMUL3) {
        r->imm = n->imm;
        r->imm_bytes = n->imm == (int8_t)n->imm ? 1 : n->w == 2 ? 2 : 4;
    }
    if (n->b == n->dst) {
        r->a = slot();
        return save_old(l, n->b);
    }
    r->a = x64_home(l, n->b);
    r->regs = reg_bit(n->b);
    return true;
}

static bool product(Lower *l, FlagsRecipe *r)
{
    const IrNode *n = l->n;

    if (n->flags & (IR_IMM | IR_MEM_B | IR_STATE_B) || !ir_is_g(n->b)) {
        return false;
    }
    r->b = n->b == n->dst ? slot() : x64_home(l, n->b);
    r->regs = n->b == n->dst ? 0 : reg_bit(n->b);
    return repeat_with_source(l, r, word_op(ASM_0F | 0xaf, n->w));
}

bool x64_recipe(Lower *l, FlagsRecipe *r)
{
    const IrNode *n = l->n;

    *r = (FlagsRecipe){ .w = n->w };
    if (n->op == IR_CMP || n->op == IR_TEST) {
        return compare(l, r);
    }
    if (n->flags & IR_MEM_DST || !is_guest(n->dst)) {
        return false;
    }
    switch (n->op) {
    case IR_ADD:
    case IR_SUB:
        return sum(l, r);
    case IR_AND:
    case IR_OR:
    case IR_XOR:
        return logic(l, r);
    case IR_NEG:
        return on_result(l, r, FLAGS_NEG);
    case IR_INC:
        return on_result(l, r, FLAGS_INC);
    case IR_DEC:
        return on_result(l, r, FLAGS_DEC);
    case IR_SHL:
    case IR_SHR:
    case IR_SAR:
        return shift(l, r);
    case IR_IMUL2:
        return product(l, r);
    case IR_IMUL3:
        return unary(l, r, n->imm == (int8_t)n->imm ? 0x6b : 0x69);
    case IR_POPCNT:
        return unary(l, r, ASM_0F | ASM_F3 | 0xb8);
    case IR_TZCNT:
        return unary(l, r, ASM_0F | ASM_F3 | 0xbc);
    case IR_LZCNT:
        return unary(l, r, ASM_0F | ASM_F3 | 0xbd);
    default:
        return false;
    }
}
