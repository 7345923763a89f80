/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions through the whole translator, in a test: decoded, built, optimized,
 * lowered, entered, without the runtime (no cache, no links).
 */
#ifndef TESTS_UNIT_ACCEL_I386_TRANSLATED_H
#define TESTS_UNIT_ACCEL_I386_TRANSLATED_H

#include "accel/target/i386/insn.h"

typedef struct Translated {
    unsigned refs; /* guest instructions that reference functions have executed */
    bool refused;  /* by the back end; nothing was executed */
} Translated;

/* False: this host cannot run translated code, @why says why not. */
bool translated_setup(X86State *cpu, const char **why);

/*
 * Executes one block of the instructions in @bytes, @len bytes at @rip, in the current
 * state of @cpu. -1, or the exception that it raised; rip says where it went.
 */
typedef int TranslatedRunFn(X86State *cpu, uint64_t rip, const uint8_t *bytes,
                            unsigned len, Translated *t);
TranslatedRunFn translated_run;

#endif
