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
 * Context: thread of the vCPU; the only vCPU that runs.
 */
#ifndef ACCEL_TARGET_I386_LOCKSTEP_H
#define ACCEL_TARGET_I386_LOCKSTEP_H

#include "accel/target/i386/insn.h"
#include "accel/tcg/jit.h"

/* Executes @b; reports a difference and stops the process. May leave by a fault. */
void x86_lockstep_run(X86State *cpu, JitBlock *b);

/* Called by the slow paths of mem.c before a store to RAM at @host. */
extern void (*x86_store_hook)(void *host, unsigned len);

#endif
