/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of a vCPU's state that generated code uses besides registers: embedded in
 * the target's state, which GS points to while its thread executes guest code.
 */
#ifndef ACCEL_TCG_JIT_ENV_H
#define ACCEL_TCG_JIT_ENV_H

#include <stdbool.h>
#include <stdint.h>

enum {
    JIT_JC_BITS = 14,
    JIT_JC_SIZE = 1 << JIT_JC_BITS,
    JIT_JC_FOLD = 12,
    JIT_JC_MASK = (JIT_JC_SIZE - 1) * 2, /* of the pc, folded: twice the index */
};
enum { JIT_SAMPLES = 32 };

/* An entry of the jump cache: 16 bytes, one line of the host's. */
typedef struct JitJump {
    uint64_t tag;
    const void *code;
} JitJump;

typedef struct JitEnv {
    /* Not 0: leave at the next POLL. Any thread sets it (jit_env_kick()); the vCPU's
     * thread clears it before it looks at what the kick stands for. */
    uint32_t poll;
    /* With JitOptions.counted: guest instructions until generated code must leave. A
     * block takes off its own when it is entered, and leaves first if they are too
     * many. The vCPU's thread only. */
    int32_t budget;
    /* Arithmetic flags of the guest while in generated code and not in the host's: high
     * byte as LAHF leaves AH, low byte 1 if OF. Outside of generated code the target's
     * own form is valid. */
    uint16_t flags;
    /* IR_VEC_*: vector files that are in host registers and not in the state; 0 while C
     * code runs. */
    uint8_t vec_live;
    /* The dispatcher's: "flags" is valid and the target's own form is not. */
    uint8_t flags_here;
    /*
     * pc ^ salt is the tag of the jump cache. A salt is a random number that stands for
     * (mode word, base, generation of translations): when one of them changes it is
     * replaced, or an earlier one comes back, and old entries no longer match. [0]:
     * blocks of privileged code, whose pages mostly keep their translation when the
     * address space changes; [1]: others.
     */
    uint64_t salt[2];
    uint32_t poll_toggle; /* fault injection: whether the next POLL leaves */
    /* Where blocks that are not known to be hot have lately been: addresses in them,
     * [samples_left] on; one for every few hundred calls of routines, counted down by
     * sample_in. When none is left generated code returns to the dispatcher. */
    uint32_t sample_in, samples_left;
    const void *sample[JIT_SAMPLES];
    /* Behind a slow access: what the back end's scratch registers shall hold. */
    uint64_t resume[2];
    void *exit; /* which exit was taken (JitExit *), NULL: none that can be linked */
    /* Jump cache: from guest pc to code, direct-mapped by pc bits. */
    JitJump jc[JIT_JC_SIZE] __attribute__((aligned(16)));
} JitEnv;

/* Functions begin at the same few offsets of their pages: the page counts as well. */
static inline unsigned jit_jc_index(uint64_t pc)
{
    return ((pc ^ pc >> JIT_JC_FOLD) & JIT_JC_MASK) / 2;
}

/* Makes generated code return to the dispatcher soon. Any thread. */
static inline void jit_env_kick(JitEnv *env)
{
    __atomic_store_n(&env->poll, 1, __ATOMIC_SEQ_CST);
}

#endif
