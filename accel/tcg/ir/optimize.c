/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The passes, in their order. */
#include "accel/tcg/ir/ir-internal.h"

/* Copies all: which are dead nobody can foretell. */
static void remove_dead(IrBlock *ir)
{
    IrNode *to = ir->node;

    for (const IrNode *n = to, *end = n + ir->count; n < end; n++) {
        *to = *n;
        to += !(n->flags & IR_DEAD);
    }
    ir->count = to - ir->node;
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
