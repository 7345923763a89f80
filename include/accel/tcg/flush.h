/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to vCPUs to forget all translations. */
#ifndef ACCEL_TCG_FLUSH_H
#define ACCEL_TCG_FLUSH_H

typedef struct VCPU VCPU;

/* Every vCPU but @except (may be NULL) forgets its translations before its next block.
 * Any thread. */
void tcg_flush_all_vcpus(VCPU *except);

/* Every vCPU passes its dispatcher soon. Any thread. */
void tcg_kick_all_vcpus(void);

/* "-singlestep": blocks of one instruction, whatever -accel says. Before the
 * accelerator is chosen. */
void tcg_set_singlestep(void);

#endif
