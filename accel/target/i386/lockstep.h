/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -accel tcg,lockstep=on: each translated block is executed twice from the same state,
 * by its reference functions and as host code, and both results are compared.
 *
 * The reference goes first. What it stores into RAM is noted and taken back; what it
 * reads from and writes to devices is noted too, and given to (or expected from) the
 * second execution, so that no side effect happens twice.  Blocks with system
 * instructions are not compared: both executions would call the same functions.
 *
 * With lockstep-sample=N a block each N instructions on average is compared; between
 * them generated code runs as ever, until JitEnv.budget is used up.
 *
 * Context: the thread of all vCPUs; counts are read by any.
 */
#ifndef ACCEL_TARGET_I386_LOCKSTEP_H
#define ACCEL_TARGET_I386_LOCKSTEP_H

#include "accel/target/i386/insn.h"
#include "accel/tcg/jit.h"

/* Around a run with JitEnv.budget: what is compared by samples takes part of it. */
void x86_lockstep_begin(X86State *cpu);
void x86_lockstep_end(X86State *cpu);
/* Whether the next block is to be compared. */
bool x86_lockstep_is_due(X86State *cpu);

/* Executes @b; reports a difference and stops the process. May leave by a fault. */
void x86_lockstep_run(X86State *cpu, JitBlock *b);

/* Called by the slow paths of mem.c before a store to RAM at @host. */
extern void (*x86_store_hook)(void *host, unsigned len);

#endif
