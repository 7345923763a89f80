/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks under construction. A block's memory is allocated once and used for one
 * translation after the other; who runs over its end writes into a spare node and finds
 * out at the end (IrBlock.overflow).
 */
#include "accel/tcg/ir.h"

#include <glib.h>
#include <string.h>

enum {
    NODES_MAX = 4096,
    TEMPLATES_MAX = 1024,
};

IrBlock *ir_block_new(void)
{
    IrBlock *ir = g_new0(IrBlock, 1);

    ir->capacity = NODES_MAX;
    memset(ir->last_use, 0xff, IR_T0 * sizeof(ir->last_use[0]));
    ir->base = g_new(IrNode, 1 + NODES_MAX + 1);
    ir->node = ir->base + 1;
    ir->arena_size = TEMPLATES_MAX * sizeof(IrTemplate);
    ir->arena = g_malloc(ir->arena_size + sizeof(IrTemplate));
    return ir;
}

void ir_block_free(IrBlock *ir)
{
    if (ir) {
        g_free(ir->base);
        g_free(ir->arena);
        g_free(ir);
    }
}

void ir_block_reset(IrBlock *ir)
{
    ir->node = ir->base + 1;
    ir->count = 0;
    ir->temps = 0;
    ir->insns = 0;
    ir->pc = 0;
    ir->view = 0;
    ir->salt = 0;
    ir->vec = 0;
    ir->idle = 0;
    ir->overflow = false;
    ir->cur_insn = 0;
    ir->arena_used = 0;
}

IrNode *ir_emit(IrBlock *ir, IrOp op, unsigned w)
{
    return ir_emit_inline(ir, op, w);
}

IrNode *ir_emit_first(IrBlock *ir, IrOp op, unsigned w)
{
    g_assert(ir->node > ir->base);
    ir->node--;
    ir->count++;
    *ir->node = (IrNode){ .op = op, .w = w };
    return ir->node;
}

IrVal ir_temp(IrBlock *ir)
{
    if (ir->temps >= IR_T_MAX) {
        ir->overflow = true;
        return IR_T(0);
    }
    return IR_T(ir->temps++);
}

IrTemplate *ir_template(IrBlock *ir)
{
    IrTemplate *t = (IrTemplate *)(ir->arena + ir->arena_used);

    if (ir->arena_used < ir->arena_size) {
        ir->arena_used += sizeof(*t);
    } else {
        ir->overflow = true;
    }
    memset(t, 0, sizeof(*t));
    return t;
}
