/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which guest features this host can execute. */
#ifndef ACCEL_TARGET_I386_HOST_FEATURES_H
#define ACCEL_TARGET_I386_HOST_FEATURES_H

#include "accel/target/i386/features.h"

#include <stdint.h>

/* Clears the features whose reference functions use instructions that the host lacks.
 * Context: any thread. */
void x86_host_cut_features(uint32_t words[X86_FW_COUNT]);

#endif
