/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The passes, in their order. */
#include "accel/tcg/ir/ir-internal.h"

static void all_flags_needed(IrBlock *ir)
{
    for (unsigned k = 0; k < ir->count; k++) {
        if (ir_flags_changed(&ir->node[k])) {
            ir->node[k].flags |= IR_LIVE | IR_NEEDED;
        }
    }
}

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

/* What builders leave out. */
static void complete(IrBlock *ir)
{
    for (unsigned k = 0; k < ir->count; k++) {
        IrNode *n = &ir->node[k];

        if (ir_op_info[n->op].klass == IR_CLASS_GUARD) {
            n->through = n->insn;
        }
        if (n->op == IR_CHECK && n->w != 4) {
            n->w = 8;
        }
    }
}

void ir_optimize(IrBlock *ir, unsigned passes)
{
    complete(ir);
    if (passes & IR_PASS_FOLD) {
        ir_pass_fold(ir);
    }
    if (passes & IR_PASS_GROUP) {
        ir_pass_group(ir);
    }
    if (passes & IR_PASS_FLAGS) {
        ir_pass_flags(ir);
    } else {
        all_flags_needed(ir);
    }
    if (passes & IR_PASS_DEAD) {
        ir_pass_dead(ir);
    }
    remove_dead(ir);
}
