/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CHECK and POLL as routines, for blocks that are not known to be hot: 5 bytes in the
 * block in place of 42 and 15. Every SAMPLE_PERIOD calls of a vCPU one return address
 * is taken down (JitEnv.sample): so blocks become known, at no cost to those that have
 * become so.
 *
 * A routine for CHECK takes the address in @reg, which is then the host address, and
 * destroys the other scratch register. It returns only if the access is fast; else the
 * block's JitSlow says how to go on (x64_shared.slow).
 */
#include "accel/tcg/soft-tlb.h"
#include "accel/tcg/x64/lower.h"

#include <glib.h>

#include <stddef.h>

enum {
    /* A prime: loops make the same number of calls each time. */
    SAMPLE_PERIOD = 1021,
    SIZES = X64_CHECK_SIZES,
};

static const uint8_t ret = 0xc3;

static const uint8_t *routine[2][4][2][SIZES];
static const uint8_t *take_sample, *poll;

/* 1, 2, 4, 8, 16, 32, 48 ... */
static unsigned size_class(unsigned size)
{
    if (size > 16) {
        return 4 + (size - 1) / 16;
    }
    return size > 1 ? 32 - (unsigned)__builtin_clz(size - 1) : 0;
}

static unsigned size_of_class(unsigned k)
{
    return k <= 4 ? 1u << k : (k - 3) * 16;
}

const uint8_t *x64_check_routine(unsigned reg, unsigned view, unsigned access,
                                 unsigned size)
{
    unsigned k = size_class(size);

    return k < SIZES ? routine[reg == A_R15][view][access][k] : NULL;
}

const uint8_t *x64_poll_routine(void)
{
    return poll;
}

static AsmRm env(const JitTarget *t, size_t offset)
{
    return asm_state(t->env_off + (int32_t)offset);
}

/* Called by a routine: its own return address is at rsp + 8. */
static void emit_take_sample(const JitTarget *t, JitBuf *b, unsigned scratch)
{
    const AsmRm left = env(t, offsetof(JitEnv, samples_left));
    uint8_t *full, *more;

    asm_store_imm(b, 4, env(t, offsetof(JitEnv, sample_in)), SAMPLE_PERIOD);
    asm_load(b, 4, scratch, left);
    asm_alu_imm(b, ASM_SUB, 4, asm_reg(scratch), 1, 0);
    full = asm_jcc_short(b, IR_B);
    asm_store(b, 4, left, scratch);
    asm_rm(b, 0xff, 6, asm_mem(A_RSP, 8)); /* push */
    asm_rm(b, 0x8f, 0,
           asm_state_index(scratch, 3,
                           t->env_off + (int32_t)offsetof(JitEnv, sample))); /* pop */
    asm_test(b, 4, asm_reg(scratch), scratch);
    more = asm_jcc_short(b, IR_NE);
    asm_store_imm(b, 4, env(t, offsetof(JitEnv, poll)), 1);
    asm_patch_short(b, full);
    asm_patch_short(b, more);
    asm_bytes(b, &ret, 1);
}

/* What all begin with; returns the place that is called. */
static const uint8_t *emit_count_down(const JitTarget *t, JitBuf *b)
{
    const uint8_t *sample = asm_here(b), *entry;

    asm_call(b, take_sample);
    entry = asm_here(b);
    asm_alu_imm(b, ASM_SUB, 4, env(t, offsetof(JitEnv, sample_in)), 1, 0);
    asm_jcc(b, IR_S, sample);
    return entry;
}

static void emit_routine(const JitTarget *t, JitBuf *b, unsigned reg, unsigned view,
                         unsigned access, unsigned size)
{
    unsigned index = reg == A_R14 ? A_R15 : A_R14;
    int32_t tlb = t->view_off[view] + (int32_t)offsetof(SoftTlb, entry);

    routine[reg == A_R15][view][access][size_class(size)] = emit_count_down(t, b);
    x64_emit_tlb_offset(b, tlb, access, reg, index);
    asm_alu_imm(b, ASM_CMP, 8, asm_reg(reg), SOFT_TLB_PAGE - (int32_t)size, 0);
    asm_jcc(b, IR_A, x64_shared.slow);
    x64_emit_tlb_host(b, tlb, reg, index);
    asm_bytes(b, &ret, 1);
}

static void emit_poll(const JitTarget *t, JitBuf *b)
{
    poll = emit_count_down(t, b);
    asm_alu_imm(b, ASM_CMP, 4, env(t, offsetof(JitEnv, poll)), 0, 0);
    asm_jcc(b, IR_NE, x64_shared.polled);
    asm_bytes(b, &ret, 1);
}

void x64_check_setup(const JitTarget *t, JitBuf *b)
{
    for (unsigned k = 0; k < 2; k++) {
        unsigned reg = k ? A_R15 : A_R14;

        take_sample = asm_here(b);
        emit_take_sample(t, b, reg == A_R14 ? A_R15 : A_R14);
        for (unsigned view = 0; view < 4; view++) {
            for (unsigned size = 0; size < SIZES; size++) {
                emit_routine(t, b, reg, view, IR_READ, size_of_class(size));
                emit_routine(t, b, reg, view, IR_WRITE, size_of_class(size));
            }
        }
    }
    emit_poll(t, b);
}
