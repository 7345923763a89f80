/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host CPU as the oracle of the vector and x87 reference functions.
 *
 * oracle_check_table() takes each row of an opcode map, makes random instructions of it
 * (register and memory forms, prefixes, immediates), runs each one natively and through
 * its reference function from the same random state, and compares registers, flags,
 * FPU state, memory and the kind of fault.
 */
#ifndef TESTS_UNIT_ACCEL_I386_ORACLE_H
#define TESTS_UNIT_ACCEL_I386_ORACLE_H

#include "accel/target/i386/insn.h"

typedef struct OracleOptions {
    unsigned cases; /* of each pattern */
    bool mmx_tags;  /* random TOP and tags also for vector instructions */
    /* Rows that are not compared, by name; NULL ends the list. */
    const char *const *skip;
} OracleOptions;

/* Runs the whole table; reports each row that differs as a failed glib test. */
void oracle_check_table(const X86RowTable *table, const OracleOptions *options);

/* Whether this host executes the rows of @feature. */
bool oracle_host_has(X86Feature feature);

#endif
