/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which guest features this host can execute. */
#ifndef ACCEL_TARGET_I386_HOST_FEATURES_H
#define ACCEL_TARGET_I386_HOST_FEATURES_H

#include "accel/target/i386/features.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether the host executes the instructions of @feature (X86Feature) itself. Any
 * thread. */
bool x86_host_executes(unsigned feature);

/* Clears the features whose reference functions use instructions that the host lacks.
 * Context: any thread. */
void x86_host_cut_features(uint32_t words[X86_FW_COUNT]);

#endif
