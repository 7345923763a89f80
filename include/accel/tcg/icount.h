/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instruction counting (-icount): the virtual clock is the number of guest instructions
 * executed so far, times 2^shift ns. All vCPUs are on one thread then, and virtual
 * timers run on it between two instructions: at the same ones in each run. docs/tcg.md.
 */
#ifndef ACCEL_TCG_ICOUNT_H
#define ACCEL_TCG_ICOUNT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct VCPU VCPU;

enum { ICOUNT_SHIFT_MAX = 10 };

typedef struct TcgIcount {
    bool on;
    bool adaptive;  /* shift=auto: the virtual clock keeps near the host's */
    unsigned shift; /* where it begins, if adaptive */
    bool sleep; /* while no vCPU has work time passes as on the host; else it jumps */
} TcgIcount;

/* "-icount". Before the accelerator is chosen. */
void tcg_icount_set(const TcgIcount *options);
const TcgIcount *tcg_icount(void);

/* --- accel/tcg only; without -icount all of these do nothing. Context: BQL, the thread
 * of the vCPUs --- */

/* From now on the virtual clock counts. */
void tcg_icount_start(void);
/* How many instructions until a virtual timer is due, at least 1. */
int64_t tcg_icount_left(void);
/* Around the execution of at most @budget instructions on @cpu. */
void tcg_icount_begin(VCPU *cpu, int64_t budget);
void tcg_icount_end(VCPU *cpu);
/* As AccelClass.clock_due, .clock_idle. */
void tcg_icount_due(void);
int64_t tcg_icount_idle(void);

#endif
