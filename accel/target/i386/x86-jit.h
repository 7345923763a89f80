/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated code of an x86 vCPU: finding it, making it from decoded blocks, entering
 * it.
 *
 * What is keyed by the guest's virtual address, the jump cache of JitEnv, is valid for
 * one context: mode word, base and limit of CS, and one generation of address
 * translations. Each context has a salt; a vCPU keeps the last few.
 *
 * Context: thread of the vCPU, between blocks.
 */
#ifndef ACCEL_TARGET_I386_X86_JIT_H
#define ACCEL_TARGET_I386_X86_JIT_H

#include "accel/target/i386/insn.h"
#include "accel/tcg/jit.h"

typedef struct Error Error;

enum { X86_JIT_CONTEXTS = 12 };

typedef struct X86JitContext {
    uint32_t mode, base, limit;
    uint64_t generation; /* of address translations, or 0: global pages only */
    uint64_t salt;       /* 0: unused */
} X86JitContext;

/* Per vCPU, derived. */
struct X86Jit {
    /* [0]: CPL < 3, [1]: CPL 3, like the salts; the one in force comes first. */
    X86JitContext context[2][X86_JIT_CONTEXTS];
    /* What a context must have been made for. [0] is 0 until code below CPL 3 is
     * remembered in a page that is not global. */
    uint64_t generation[2];
    bool active;
    bool
        polled; /* under jit-all-polls: the next block by reference, or nothing moves */
    uint64_t epoch; /* jit_epoch() of what is in the jump cache */
    /* Generated code has just left towards this address, and there is no translation;
     * a hint. */
    uint64_t missed;
    /* lockstep: instructions until the next comparison, those in jit.budget taken off
     * already; whether it is due. */
    int32_t sample_left;
    bool sample_due;
    uint32_t sample_random;
};

/* The code cache, when there is to be one; state for @cpu. */
bool x86_jit_new(X86State *cpu, Error **errp);
void x86_jit_free(X86State *cpu);

/* Translations of addresses have changed. */
void x86_jit_all_changed(X86State *cpu);
/* Those of pages that are not global are now those of @generation, a fresh one or one
 * that is back. */
void x86_jit_set_generation(X86State *cpu, uint64_t generation);

/* Makes the current mode's context the one in force; before the next two. */
void x86_jit_select(X86State *cpu);
/* What the jump cache has for the current rip, or NULL. */
static inline const void *x86_jit_peek(const X86State *cpu)
{
    const JitEnv *env = &cpu->jit;
    const JitJump *jump = &env->jc[jit_jc_index(cpu->rip)];

    return jump->tag == (cpu->rip ^ env->salt[cpu->cpl == 3]) ? jump->code : NULL;
}

/* The same, and if it has nothing, from all translations: a look around which raises
 * nothing. What is dead is forgotten. */
const void *x86_jit_look(X86State *cpu);

/* The translation of the current rip, whose page is at RAM address @page_addr, or NULL.
 */
JitBlock *x86_jit_find(X86State *cpu, uint64_t page_addr);
/* Remembers @b for the current rip; its entry. @local: some page of it is not global.
 */
const void *x86_jit_remember(X86State *cpu, const JitBlock *b, bool local);
/* Fills the parts of @src that come from the state; the caller says what the block is
 * made of. */
JitBlock *x86_jit_translate(X86State *cpu, JitSource *src, bool *never);

/* Executes @code until something must be looked at. */
void x86_jit_run(X86State *cpu, const void *code);

#endif
