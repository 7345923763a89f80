/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of the arithmetic flags where a block goes on: if they are overwritten
 * there before anybody can see them, they need not be kept.
 *
 * Context: the thread that translates.
 */
#ifndef ACCEL_TARGET_I386_FLAGS_AHEAD_H
#define ACCEL_TARGET_I386_FLAGS_AHEAD_H

#include "accel/target/i386/insn.h"

typedef struct X86FlagsAhead {
    X86State *cpu;
    uint64_t pc;    /* only targets in the page of this address are looked at */
    bool far;       /* look further: behind vector code, most of which has no flags */
    uint64_t lines; /* 64-byte lines of the page that answers depend on; gains some */
    bool asked;     /* private: .code is known */
    const uint8_t *code; /* private: the page, or NULL: not plain RAM */
} X86FlagsAhead;

/* Linear address of @pc in the code segment. */
uint64_t x86_code_linear(const X86State *cpu, uint64_t pc);
/* Soon the question will be asked: the bytes may be fetched meanwhile. */
void x86_flags_prefetch(X86FlagsAhead *a, uint64_t pc);
/* All flags are overwritten at @pc. */
bool x86_flags_dead_at(X86FlagsAhead *a, uint64_t pc);

#endif
