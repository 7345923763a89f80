/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -accel tcg,coverage=on: which instructions of translated blocks were executed by
 * their reference function because nothing builds them. Any thread.
 */
#ifndef ACCEL_TARGET_I386_COVERAGE_H
#define ACCEL_TARGET_I386_COVERAGE_H

#include "accel/target/i386/insn.h"

typedef struct HmpOut HmpOut;

/* @i was executed by its reference function. */
void x86_coverage_note(X86State *cpu, const X86Insn *i);
/* The table, the most frequent first; free with g_free. NULL: nothing to tell. */
char *x86_coverage_report(void);

#endif
