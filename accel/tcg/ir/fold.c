/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass FOLD: addresses. A sum that is only a part of another sum, or of the address of
 * a CHECK, is computed there; constants go into displacements. What is left without a
 * reader is removed by DEAD.
 *
 * A sum names guest registers, which must still have the values they had: it is folded
 * within its guest instruction only, where nothing changes before the last CHECK (I1),
 * and while none of its registers has been written.
 */
#include "accel/tcg/ir/ir-internal.h"

typedef struct Pass {
    IrBlock *ir;
    int32_t
        def[IR_T_MAX]; /* node that defined a temporary which can be folded, or -1 */
    int32_t set[IR_T_MAX]; /* node that last wrote it */
    uint32_t written;      /* guest registers written in this instruction */
} Pass;

/* Whether an operand of node @k still has the value that it had there. */
static bool is_same(const Pass *p, IrVal v, int k)
{
    return ir_is_t(v) ? p->set[v - IR_T0] < k : !(ir_reg_bit(v) & p->written);
}

static const IrNode *def_of(const Pass *p, IrVal v, const IrNode *user)
{
    const IrNode *n;
    int k = ir_is_t(v) ? p->def[v - IR_T0] : -1;

    if (k < 0) {
        return NULL;
    }
    n = &p->ir->node[k];
    if (n->op == IR_MOV) {
        return n;
    }
    return n->insn == user->insn && is_same(p, n->a, k) && is_same(p, n->b, k) ? n
                                                                               : NULL;
}

static bool fits(int64_t disp)
{
    return disp == (int32_t)disp;
}

/* Takes the sum @d, of @a, into @n, which is an EA or a CHECK. */
static bool fold_a(IrNode *n, const IrNode *d)
{
    int64_t disp;

    if (d->op == IR_MOV) {
        if (n->op == IR_CHECK) {
            return false; /* wants a register anyway */
        }
        disp = (int64_t)((uint64_t)n->disp + (uint64_t)d->imm);
        if (n->w == 4) {
            disp = (int32_t)disp;
        }
        if (!fits(disp) || n->w < 4) {
            return false;
        }
        n->a = IR_NONE;
        n->disp = disp;
        return true;
    }
    disp = (int64_t)n->disp + d->disp;
    /* A cut sum may only go into a sum that is cut alike, or be all of it. */
    if (!fits(disp) || d->w < 4 || n->w < 4 ||
        (d->w == 4 && n->w != 4 && (n->disp || (n->op == IR_EA && n->b)))) {
        return false;
    }
    if (n->op == IR_CHECK ? d->b != IR_NONE || d->a == IR_NONE : d->b && n->b) {
        return false;
    }
    n->a = d->a;
    n->disp = disp;
    if (d->w == 4) {
        n->w = 4;
    }
    if (d->b) {
        n->b = d->b;
        n->cc = d->cc;
    }
    return true;
}

/* The same for the second operand. */
static bool fold_b(IrNode *n, const IrNode *d)
{
    int64_t disp;

    if (n->w < 4) {
        return false;
    }
    if (d->op == IR_MOV) {
        disp = (int64_t)((uint64_t)n->disp + ((uint64_t)d->imm << n->cc));
        if (!fits(d->imm) || !fits(disp)) {
            return false;
        }
        n->b = IR_NONE;
        n->cc = 0;
        n->disp = disp;
        return true;
    }
    disp = (int64_t)n->disp + d->disp;
    if (n->cc || d->b || d->w != n->w || !fits(disp)) {
        return false;
    }
    n->b = d->a;
    n->disp = disp;
    return true;
}

static void fold_address(Pass *p, IrNode *n)
{
    const IrNode *d;

    while ((d = def_of(p, n->a, n)) && fold_a(n, d)) {
    }
    while (n->op == IR_EA && n->b && (d = def_of(p, n->b, n)) && fold_b(n, d)) {
    }
}

static void set_temp(Pass *p, IrVal v, int k, int def)
{
    if (ir_is_t(v)) {
        p->set[v - IR_T0] = k;
        p->def[v - IR_T0] = def;
    }
}

static void note_writes(Pass *p, const IrNode *n, int k)
{
    bool can_fold = (n->op == IR_EA && n->w >= 4) ||
                    (n->op == IR_MOV && n->flags & IR_IMM && n->w == 8);

    p->written |= n->facts.regs_written;
    if (!(n->flags & IR_MEM_DST)) {
        set_temp(p, n->dst, k, can_fold ? k : -1);
    }
    if (n->facts.roles & IR_B_WRITTEN) {
        set_temp(p, n->b, k, -1);
    }
    if (n->op == IR_TEMPLATE) {
        set_temp(p, n->tmpl->reg_g, k, -1);
        set_temp(p, n->tmpl->rm_g, k, -1);
        set_temp(p, n->tmpl->vvvv_g, k, -1);
    }
}

void ir_pass_fold(IrBlock *ir)
{
    Pass p;
    unsigned insn = 0;

    p.ir = ir;
    p.written = 0;
    for (unsigned t = 0; t < ir->temps; t++) {
        p.def[t] = p.set[t] = -1;
    }
    for (unsigned k = 0; k < ir->count; k++) {
        IrNode *n = &ir->node[k];

        if (n->flags & IR_DEAD) {
            continue;
        }
        if (n->insn != insn) {
            insn = n->insn;
            p.written = 0;
        }
        if (n->op == IR_EA || n->op == IR_CHECK) {
            fold_address(&p, n);
        }
        ir_set_facts(n);
        note_writes(&p, n, k);
    }
}
