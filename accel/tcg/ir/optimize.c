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

void ir_optimize(IrBlock *ir, unsigned passes)
{
    passes &= ~(unsigned)ir->idle;
    if (passes & IR_PASS_FOLD) {
        ir_pass_fold(ir);
    }
    if (passes & IR_PASS_GROUP) {
        ir_pass_group(ir);
    }
    if (ir_pass_flow(ir, passes & IR_PASS_FLAGS, passes & IR_PASS_DEAD)) {
        remove_dead(ir);
    }
}
