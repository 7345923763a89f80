/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of the values of registers and temporaries while a pass walks forward
 * through a block: each is a numbered unknown plus a constant, so that two addresses
 * with the same number differ by a known distance. Number 0 is the constant zero.
 */
#ifndef ACCEL_TCG_IR_VALUE_H
#define ACCEL_TCG_IR_VALUE_H

#include "accel/tcg/ir.h"

typedef struct IrValue {
    uint32_t number;
    bool low; /* only bits 31:0 are number + offset; the upper half is zero */
    int64_t offset;
} IrValue;

enum { IR_SUMS = 16 };

/* A sum of two unknowns, or a field of the state, that has got a number. */
typedef struct IrSum {
    bool is_state, low_a, low_b;
    uint8_t shift, w;
    uint32_t a, b;              /* numbers; field: offset in the state */
    int64_t offset_a, offset_b; /* of low operands */
    uint32_t number;
} IrSum;

typedef struct IrValues {
    IrValue reg[16];
    IrValue temp[IR_T_MAX];
    IrSum sum[IR_SUMS];
    unsigned sums, next_sum;
    uint32_t last_number;
} IrValues;

/* All registers unknown. */
void ir_values_init(IrValues *v);
/* The value of @val (IR_NONE: zero). */
IrValue ir_value_of(const IrValues *v, IrVal val);
/* The address that a CHECK tests. */
IrValue ir_value_of_check(IrValues *v, const IrNode *n);
/* What is known after @n, whose facts may be set. */
void ir_values_step(IrValues *v, IrNode *n);

#endif
