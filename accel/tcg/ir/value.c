/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accel/tcg/ir/value.h"

#include "accel/tcg/ir/ir-internal.h"

#include <string.h>

static IrValue fresh(IrValues *v)
{
    return (IrValue){ ++v->last_number, false, 0 };
}

static IrValue constant(int64_t c)
{
    return (IrValue){ 0, false, c };
}

void ir_values_init(IrValues *v)
{
    static const IrValue unknown[16] = {
        { 1 }, { 2 },  { 3 },  { 4 },  { 5 },  { 6 },  { 7 },  { 8 },
        { 9 }, { 10 }, { 11 }, { 12 }, { 13 }, { 14 }, { 15 }, { 16 },
    };

    memcpy(v->reg, unknown, sizeof(unknown));
    v->last_number = 16;
    v->sums = v->next_sum = 0;
}

IrValue ir_value_of(const IrValues *v, IrVal val)
{
    if (ir_is_g(val)) {
        return v->reg[val - IR_G0];
    }
    return ir_is_t(val) ? v->temp[val - IR_T0] : constant(0);
}

static void set(IrValues *v, IrVal dst, IrValue x)
{
    if (ir_is_g(dst)) {
        v->reg[dst - IR_G0] = x;
    } else if (ir_is_t(dst)) {
        v->temp[dst - IR_T0] = x;
    }
}

static bool same_sum(const IrSum *x, const IrSum *y)
{
    return x->is_state == y->is_state && x->low_a == y->low_a && x->low_b == y->low_b &&
           x->shift == y->shift && x->w == y->w && x->a == y->a && x->b == y->b &&
           x->offset_a == y->offset_a && x->offset_b == y->offset_b;
}

static uint32_t number_of(IrValues *v, IrSum s)
{
    for (unsigned k = 0; k < v->sums; k++) {
        if (same_sum(&v->sum[k], &s)) {
            return v->sum[k].number;
        }
    }
    s.number = ++v->last_number;
    v->sum[v->next_sum] = s;
    v->next_sum = (v->next_sum + 1) % IR_SUMS;
    if (v->sums < IR_SUMS) {
        v->sums++;
    }
    return s.number;
}

/* x + disp, cut to @w bytes. */
static IrValue add(IrValues *v, IrValue x, int64_t disp, unsigned w)
{
    if (w == 4 && !x.number) {
        return constant((uint32_t)(x.offset + disp));
    }
    if (w == 4) {
        return (IrValue){ x.number, true, x.offset + disp };
    }
    if (w != 8 || (x.low && disp)) {
        return fresh(v);
    }
    x.offset += disp;
    return x;
}

static IrValue sum(IrValues *v, const IrNode *n)
{
    IrValue a = ir_value_of(v, n->a), b = ir_value_of(v, n->b);
    IrSum s = { .shift = n->cc, .a = a.number, .b = b.number };
    IrValue x = { 0 };

    if (!b.number) {
        return add(v, a, n->disp + (int64_t)((uint64_t)b.offset << n->cc), n->w);
    }
    if (!a.number && !n->cc && !b.low) {
        return add(v, b, n->disp + a.offset, n->w);
    }
    /* The sum is linear in the offsets, but for operands that were cut and then are
     * added with 64 bits. */
    if (a.low && n->w == 8) {
        s.low_a = true;
        s.offset_a = a.offset;
        a.offset = 0;
    }
    if (b.low && n->w == 8) {
        s.low_b = true;
        s.offset_b = b.offset;
        b.offset = 0;
    }
    x.number = number_of(v, s);
    x.offset = a.offset + (int64_t)((uint64_t)b.offset << n->cc);
    return add(v, x, n->disp, n->w);
}

static IrValue field(IrValues *v, const IrNode *n)
{
    IrSum s = { .is_state = true, .w = n->w, .a = (uint32_t)n->disp };

    return (IrValue){ number_of(v, s), false, 0 };
}

static void forget_fields(IrValues *v)
{
    for (unsigned k = 0; k < v->sums; k++) {
        if (v->sum[k].is_state) {
            v->sum[k].w = 0;
        }
    }
}

IrValue ir_value_of_check(IrValues *v, const IrNode *n)
{
    IrValue a = ir_value_of(v, n->a);

    if (n->disp || (n->w == 4 && !ir_is_t(n->a))) {
        return add(v, a, n->disp, n->w == 4 ? 4 : 8);
    }
    return a;
}

static void forget_temp(IrValues *v, IrVal t)
{
    if (ir_is_t(t)) {
        v->temp[t - IR_T0] = fresh(v);
    }
}

static void __attribute__((noinline)) forget_written(IrValues *v, IrNode *n)
{
    ir_set_facts(n);
    for (uint32_t regs = n->facts.regs_written; regs; regs &= regs - 1) {
        v->reg[__builtin_ctz(regs)] = fresh(v);
    }
    if (n->facts.roles & IR_DST_WRITTEN && !(n->flags & IR_MEM_DST)) {
        forget_temp(v, n->dst);
    }
    if (n->facts.roles & IR_B_WRITTEN) {
        forget_temp(v, n->b);
    }
    if (n->op == IR_TEMPLATE) {
        forget_temp(v, n->tmpl->reg_g);
        forget_temp(v, n->tmpl->rm_g);
        forget_temp(v, n->tmpl->vvvv_g);
    }
    if (n->op == IR_STST || n->op == IR_REF) {
        forget_fields(v);
    }
}

void ir_values_step(IrValues *v, IrNode *n)
{
    bool imm = n->flags & IR_IMM, wide = n->w >= 4;

    switch (n->op) {
    case IR_CMP:
    case IR_TEST:
    case IR_JCC:
        return;
    case IR_EA:
        set(v, n->dst, sum(v, n));
        return;
    case IR_LDST:
        set(v, n->dst, field(v, n));
        return;
    case IR_MOV:
        if (n->flags & IR_MEM_DST) {
            return;
        }
        if (wide && !(n->flags & (IR_MEM_B | IR_STATE_B))) {
            set(v, n->dst,
                add(v, imm ? constant(n->imm) : ir_value_of(v, n->b), 0, n->w));
            return;
        }
        break;
    case IR_ADD:
    case IR_SUB:
        if (n->flags & IR_MEM_DST) {
            return;
        }
        if (imm && wide) {
            set(v, n->dst,
                add(v, ir_value_of(v, n->dst), n->op == IR_ADD ? n->imm : -n->imm,
                    n->w));
            return;
        }
        break;
    case IR_INC:
    case IR_DEC:
        if (n->flags & IR_MEM_DST) {
            return;
        }
        if (wide) {
            set(v, n->dst,
                add(v, ir_value_of(v, n->dst), n->op == IR_INC ? 1 : -1, n->w));
            return;
        }
        break;
    case IR_MOVZX:
    case IR_MOVSX:
    case IR_AND:
    case IR_OR:
    case IR_XOR:
        if (n->flags & IR_MEM_DST) {
            return;
        }
        break;
    default:
        forget_written(v, n);
        return;
    }
    set(v, ir_is_gh(n->dst) ? n->dst - IR_GH0 + IR_G0 : n->dst, fresh(v));
}
