/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts of a node from a table by op, for passes that set them as they walk. */
#ifndef STRATA_ACCEL_TCG_IR_FACTS_H
#define STRATA_ACCEL_TCG_IR_FACTS_H

#include "accel/tcg/ir.h"

/* In .roles of the table: more depends on the node. */
enum { IR_FACTS_ODD = 1 << 7 };

/* What is the same for all nodes of an op. Registers are in the upper halves, as in
 * IrFacts. */
typedef struct IrOpFacts {
    IrFacts facts;
    /* Upper half all ones if the destination is written, is read, is read if it has
     * one or two bytes. */
    uint32_t dst_written, dst_read, dst_kept;
    /* What becomes of IrFacts.ahead in front of it. */
    uint8_t ahead_kept, ahead_set;
    bool by_cc; /* the flags of .cc are read */
    bool stops; /* all flags and registers can be seen there */
} IrOpFacts;

_Static_assert(sizeof(IrOpFacts) == 32, "two for each cache line");

extern const IrOpFacts ir_op_facts[IR_OP_COUNT];
/* Of values: a bit for guest registers and the high bytes of the first four. */
extern const uint32_t ir_reg_bits[IR_T0 + IR_T_MAX];
/* Read by condition 2 * n and its negation. */
extern const uint16_t ir_flags_of_cc[8];

/* Of nodes with IR_FACTS_ODD. */
void ir_set_odd_facts(IrNode *n);

/* Operands that are not read are IR_NONE, and addresses of memory temporaries. */
static inline __attribute__((always_inline)) void ir_set_plain_facts(IrNode *n)
{
    const IrOpFacts *o = &ir_op_facts[n->op];
    uint32_t dst = ir_reg_bits[n->dst];

    n->facts = o->facts;
    n->facts.read |= (dst & (o->dst_read | (n->w < 4 ? o->dst_kept : 0))) |
                     ir_reg_bits[n->a] | ir_reg_bits[n->b];
    if (o->by_cc) {
        n->facts.read |= ir_flags_of_cc[n->cc >> 1 & 7];
    }
    n->facts.written |= dst & o->dst_written;
}

static inline __attribute__((always_inline)) void ir_set_facts_inline(IrNode *n)
{
    if (ir_op_facts[n->op].facts.roles & IR_FACTS_ODD) {
        ir_set_odd_facts(n);
    } else {
        ir_set_plain_facts(n);
    }
}

#endif
