/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All vCPUs on one thread: each in turn for a slice, which is counted in instructions,
 * so that the same guest does the same again. The halted are skipped; when none has
 * work the thread sleeps. vcpu.c comes here when AccelState.one_thread is set.
 */
#ifndef ACCEL_ROUND_ROBIN_H
#define ACCEL_ROUND_ROBIN_H

#include "accel/vcpu.h"

/* @cpu takes part from now on; the first one starts the thread. Context: BQL. */
void round_robin_add(VCPU *cpu);
/* It does not any more. Context: BQL (released while it is executing). */
void round_robin_remove(VCPU *cpu);
/* Something in the pending bits of some vCPU has changed. Any thread. */
void round_robin_wake(void);
/* Whether the caller is that thread: no vCPU executes while it asks. */
bool round_robin_is_self(void);

/* --- what vcpu.c has for it. Context: BQL --- */

/* Somebody stopped, finished work, or was created. */
extern pthread_cond_t vcpu_progress;
/* Takes pending, runs queued work, acknowledges a stop. */
void vcpu_attend(VCPU *cpu);
bool vcpu_is_idle(VCPU *cpu);
/* What current_vcpu() is on this thread. */
void vcpu_set_current(VCPU *cpu);
/* Waits until *@word is not 0, or @timeout_ns (-1: for ever) have passed. */
void vcpu_futex_wait(uint32_t *word, int64_t timeout_ns);
void vcpu_futex_wake(uint32_t *word);

#endif
