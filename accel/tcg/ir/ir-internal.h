/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the passes share. Each pass is one function on a block; ir_optimize() orders
 * them. Passes mark what they remove with IR_DEAD, which every other pass skips;
 * ir_optimize() closes the gaps at its end, so that nobody outside sees a dead node.
 */
#ifndef ACCEL_TCG_IR_INTERNAL_H
#define ACCEL_TCG_IR_INTERNAL_H

#include "accel/tcg/ir.h"

/* How a node uses its operand fields. A memory operand (IR_MEM_DST, IR_MEM_B) keeps its
 * role here; its value, the host address, is read whatever the role. */
enum {
    IR_DST_READ = 1 << 0,
    IR_DST_WRITTEN = 1 << 1,
    IR_A_READ = 1 << 2,
    IR_B_READ = 1 << 3,
    IR_B_WRITTEN = 1 << 4,
};

/* IR_DST_READ ...; a partial write of a register counts as a read of it, too. */
unsigned ir_roles(const IrNode *n);
/* The bit of @v in a set of guest registers, 0 for other values. */
uint32_t ir_reg_bit(IrVal v);
/* Guest registers among the template's operands. */
uint32_t ir_template_regs_read(const IrTemplate *t);
uint32_t ir_template_regs_written(const IrTemplate *t);

/* Forward: constants, copies, address fusion. */
void ir_pass_fold(IrBlock *ir);
/* Forward: one CHECK for several accesses. */
void ir_pass_group(IrBlock *ir);
/* Backward: sets facts; with @flags IR_LIVE where it is, else on all nodes; with
 * @dead IR_DEAD on nodes without effect. Returns whether a node is dead. */
bool ir_pass_flow(IrBlock *ir, bool flags, bool dead);

#endif
