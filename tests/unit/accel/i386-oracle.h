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

#include "i386-translated.h"

/* What the tests of the reference functions compare with the host, in each run of the
 * suite: the least. */
enum {
    ORACLE_INT = 600000,
    ORACLE_SSE = 400000,
    ORACLE_AVX = 400000,
    ORACLE_X87 = 200000,
};
_Static_assert(ORACLE_INT + ORACLE_SSE + ORACLE_AVX + ORACLE_X87 >= 1000000,
               "a million cases, enumerated from the opcode maps");

typedef struct OracleOptions {
    unsigned cases; /* of the whole table, at least: the same number of each pattern */
    bool mmx_tags;  /* random TOP and tags also for vector instructions */
    /* Not NULL: by the translator (translated_run()) in place of the reference
     * function. Rows without a build function are left out.  @native: it is an error if
     * a row is never executed by generated code alone. */
    TranslatedRunFn *run;
    bool native;
    /* Rows that are not compared, by name; NULL ends the list. */
    const char *const *skip;
} OracleOptions;

/* Runs the whole table; each row that differs is reported and makes a failed glib test,
 * as do fewer cases than asked for. Says how many were run. */
void oracle_check_table(const X86RowTable *table, const OracleOptions *options);

/*
 * Runs the instructions of @bytes by @run and by their reference functions, from @cases
 * random states with all exceptions masked, with a warm and with a cold TLB, and
 * compares.  RSI and RDI point into the arena, RBX nowhere: an access by it faults.
 */
void oracle_check_sequence(const char *name, const uint8_t *bytes, unsigned len,
                           unsigned cases, TranslatedRunFn *run);

/* Whether this host executes the rows of @feature. */
bool oracle_host_has(X86Feature feature);

/* --- the parts, for tests that bring their own expectations --- */

/* The CPU under test: in 64-bit mode, flat, with all features, and memory in one page
 * at ORACLE_ARENA (also its host address).  Tests that change it use their own process
 * or put it back by oracle_reset(). */
#define ORACLE_ARENA 0x20000000u
#define ORACLE_CODE  0x30000000u

X86State *oracle_cpu(void);
void oracle_reset(void);

/* Decodes and executes one instruction; -1, or the exception that it raised. */
int oracle_execute(const uint8_t *bytes, unsigned len);

/* A random instruction of the pattern; returns its length (at most 24). */
struct X86Pattern;
unsigned oracle_random_insn(const struct X86Pattern *pattern, uint8_t bytes[24]);

#endif
