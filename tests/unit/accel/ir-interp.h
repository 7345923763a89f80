/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interpreter of the intermediate representation, the model that passes and back end
 * are compared with. Arithmetic is the host's own instruction, flags included, so that
 * undefined flags agree as well.
 */
#ifndef TESTS_UNIT_ACCEL_IR_INTERP_H
#define TESTS_UNIT_ACCEL_IR_INTERP_H

#include "accel/tcg/ir.h"

typedef struct IrMachine IrMachine;

struct IrMachine {
    uint64_t reg[16];
    uint64_t flags; /* IR_CF ... */
    uint64_t pc;    /* once it has left */
    bool left;
    /* The host address of a CHECK; NULL: slow stub. */
    void *(*check)(IrMachine *m, const IrNode *n, uint64_t lin);
    /* Slow stub: executes instructions first to last; sets .left if one of them leaves.
     */
    void (*slow)(IrMachine *m, unsigned first, unsigned last);
    /* REF, REF_END (which sets .left and .pc). */
    void (*ref)(IrMachine *m, const IrNode *n);
    void *opaque;
    uint8_t *state; /* fields of LDST, STST, IR_STATE_B */
    bool poll;      /* leave at the next POLL */
    bool native;    /* undefined flags are the host's; else 0 */
    bool scramble;  /* spoil flags that IR_LIVE says nobody wants */
    uint64_t temp[IR_T_MAX];
};

/* Executes the nodes of guest instructions first to last. */
void ir_interp(IrMachine *m, const IrBlock *ir, unsigned first, unsigned last);

#endif
