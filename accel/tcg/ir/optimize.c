/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The passes, in their order. */
#include "accel/tcg/ir/ir-internal.h"

static void remove_dead(IrBlock *ir)
{
    unsigned to = 0;

    for (unsigned k = 0; k < ir->count; k++) {
        if (!(ir->node[k].flags & IR_DEAD)) {
            if (to != k) {
                ir->node[to] = ir->node[k];
            }
            to++;
        }
    }
    ir->count = to;
}

/* What there is for the passes to do. */
typedef struct Work {
    unsigned checks, sums;
} Work;

static bool is_exit_to(const IrNode *n)
{
    return n->op == IR_JMP || n->op == IR_JCC || n->op == IR_JNZ;
}

/* What builders leave out. */
static Work complete(IrBlock *ir)
{
    Work work = { 0 };

    for (unsigned k = 0; k < ir->count; k++) {
        IrNode *n = &ir->node[k];

        ir_set_facts(n);
        if (ir_op_info[n->op].klass == IR_CLASS_GUARD) {
            n->through = n->insn;
            if (n->op == IR_CHECK) {
                n->w = n->w == 4 ? 4 : 8;
                work.checks++;
            }
        } else if (is_exit_to(n)) {
            n->facts.flags_dead =
                ir->flags_dead_at && ir->flags_dead_at(ir->opaque, (uint64_t)n->imm);
        }
        work.sums += ir_is_t(n->dst) && (n->op == IR_EA || n->op == IR_MOV);
    }
    return work;
}

void ir_optimize(IrBlock *ir, unsigned passes)
{
    Work work = complete(ir);

    if (passes & IR_PASS_FOLD && work.sums) {
        ir_pass_fold(ir);
    }
    if (passes & IR_PASS_GROUP && work.checks > 1) {
        ir_pass_group(ir, work.checks);
    }
    if (ir_pass_flow(ir, passes & IR_PASS_FLAGS, passes & IR_PASS_DEAD)) {
        remove_dead(ir);
    }
}
