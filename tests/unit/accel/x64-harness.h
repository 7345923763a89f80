/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A state for generated code to run on, a place to put it, and reference functions that
 * the test brings.
 */
#ifndef TESTS_UNIT_ACCEL_X64_HARNESS_H
#define TESTS_UNIT_ACCEL_X64_HARNESS_H

#include "accel/tcg/jit.h"
#include "accel/tcg/soft-tlb.h"

#include <setjmp.h>

typedef struct X64State {
    uint8_t fields[64]; /* first: LDST, STST, IR_STATE_B */
    uint64_t reg[16];
    uint64_t pc;
    JitEnv env;
    SoftTlb tlb;
    uint8_t fxsave[512] __attribute__((aligned(64)));
    uint8_t ymmh[256];
    /* for reference functions */
    bool (*run_refs)(struct X64State *s, unsigned first, unsigned count);
    void *opaque;
    jmp_buf fault;
    unsigned stubs; /* calls of run_refs */
} X64State;

typedef struct X64Code {
    uint8_t *rw, *rx;
    JitBuf shared, hot, cold;
} X64Code;

extern const JitTarget x64_test_target;

/* False, with g_test_skip(): this host cannot. */
bool x64_harness_init(X64Code *code);
/* Empty again, but for what is shared. */
void x64_harness_reset(X64Code *code);
JitBlock *x64_block_new(void);
X64State *x64_state_new(void);
void x64_state_free(X64State *s);
/* Lowers @ir; false: not possible. */
bool x64_try_emit(X64Code *code, IrBlock *ir, JitBlock *b);
/* The same; aborts if that fails. */
void x64_emit(X64Code *code, IrBlock *ir, JitBlock *b);
/* Runs from @b's entry until it leaves; false: faulted (longjmp to .fault). */
bool x64_run(X64State *s, const JitBlock *b);

/* JitEnv.flags from and to IR_CF ... */
uint16_t x64_flags_pack(uint64_t flags);
uint64_t x64_flags_unpack(uint16_t m);

#endif
