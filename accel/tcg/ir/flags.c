/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass FLAGS: what becomes of the flags that each node writes, walking backward with
 * two sets: the flags that a later node reads from the host (IR_LIVE), and those that
 * whoever stops or leaves the block must be able to tell (IR_NEEDED).
 */
#include "accel/tcg/ir/ir-internal.h"

/* Flags that must be exact where the node leaves the block, if it does. */
static inline uint32_t needed_at(const IrNode *n)
{
    return n->facts.precise && !n->facts.flags_dead ? IR_FLAGS_ALL : 0;
}

void ir_pass_flags(IrBlock *ir)
{
    uint32_t live = 0, needed = 0;

    for (unsigned k = ir->count; k-- > 0;) {
        IrNode *n = &ir->node[k];
        uint32_t changed, written;

        if (n->flags & IR_DEAD) {
            continue;
        }
        changed = n->facts.flags_changed;
        written = n->facts.flags_written;
        n->flags &= ~(IR_LIVE | IR_NEEDED);
        if (changed & live) {
            n->flags |= IR_LIVE;
        }
        if (changed & needed) {
            n->flags |= IR_NEEDED;
        }
        live &= ~written;
        needed &= ~written;
        if (n->op == IR_REF || n->op == IR_REF_END) {
            /* They find the flags in the state, like every other slow path. */
            needed = IR_FLAGS_ALL;
            continue;
        }
        live |= n->facts.flags_read;
        needed |= needed_at(n);
    }
}
