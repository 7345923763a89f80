/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The x86 CPU as the translator's runtime and back end see it. */
#ifndef ACCEL_TARGET_I386_JIT_TARGET_H
#define ACCEL_TARGET_I386_JIT_TARGET_H

#include "accel/target/i386/cpu.h"
#include "accel/tcg/jit.h"

extern const JitTarget x86_jit_target;

/* For lockstep: the instruction of the block behind the last one that a slow stub has
 * executed before it left. */
extern unsigned x86_refs_end;

/* The arithmetic flags between their two forms: JitEnv.flags while generated code runs,
 * cc_res and cc_aux otherwise. vCPU thread. */
void x86_flags_to_jit(X86State *cpu);
void x86_flags_from_jit(X86State *cpu);

/* Into cc_res and cc_aux if they are in JitEnv.flags (flags_here). */
static inline void x86_take_flags(X86State *cpu)
{
    if (cpu->jit.flags_here) {
        x86_flags_from_jit(cpu);
        cpu->jit.flags_here = false;
    }
}

#endif
