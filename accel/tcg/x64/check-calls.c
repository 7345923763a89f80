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
    STACK_WORDS = 8, /* that one routine pushes or pops at most */
};

static const uint8_t ret = 0xc3;

const uint8_t *x64_check_calls[2][4][2][SIZES];
const uint8_t *x64_check_reg_calls[4][2][X64_CHECK_REG_SIZES][16];
static const uint8_t *take_sample, *poll;
static const uint8_t *stack_words[4][2][STACK_WORDS + 1];
static const uint8_t *push_word[4], *call_far[4][2], *ret_far[4][2];

static unsigned size_of_class(unsigned k)
{
    return k <= 4 ? 1u << k : (k - 3) * 16;
}

const uint8_t *x64_poll_routine(void)
{
    return poll;
}

const uint8_t *x64_stack_routine(unsigned view, unsigned access, int32_t disp,
                                 unsigned size)
{
    bool usual = access == IR_WRITE ? disp == -(int32_t)size : !disp;

    return usual && !(size % 8) && size <= 8 * STACK_WORDS
               ? stack_words[view][access][size / 8]
               : NULL;
}

const uint8_t *x64_push_routine(unsigned view)
{
    return push_word[view];
}

const uint8_t *x64_call_routine(unsigned view, unsigned salt)
{
    return call_far[view][salt];
}

const uint8_t *x64_ret_routine(unsigned view, unsigned salt)
{
    return ret_far[view][salt];
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

    x64_check_calls[reg == A_R15][view][access][x64_check_class(size)] =
        emit_count_down(t, b);
    x64_emit_tlb_offset(b, tlb, access, reg, index);
    asm_alu_imm(b, ASM_CMP, 8, asm_reg(reg), SOFT_TLB_PAGE - (int32_t)size, 0);
    asm_jcc(b, IR_A, x64_shared.slow);
    x64_emit_tlb_host(b, tlb, reg, index);
    asm_bytes(b, &ret, 1);
}

/* The address is in @reg, and will be in r14. */
static void emit_of_register(JitBuf *b, unsigned reg, unsigned view)
{
    for (unsigned k = 0; k < X64_CHECK_REG_SIZES; k++) {
        for (unsigned access = 0; access < 2; access++) {
            x64_check_reg_calls[view][access][k][reg] = asm_here(b);
            asm_mov(b, 8, A_R14, reg);
            asm_jmp(b, x64_check_calls[0][view][access][k]);
        }
    }
}

static void emit_stack_words(const JitTarget *t, JitBuf *b, unsigned view,
                             unsigned access, unsigned words)
{
    int32_t size = 8 * (int32_t)words;
    const uint8_t *check = x64_check_routine(A_R14, view, access, size);

    stack_words[view][access][words] = asm_here(b);
    asm_lea(b, 8, A_R14,
            asm_mem(t->host_reg[X64_STACK], access == IR_WRITE ? -size : 0));
    asm_jmp(b, check);
}

/* r14 <- host address of the word at rSP + @disp; returns the place that is called,
 * with
 * @words on the stack. */
static const uint8_t *emit_top(const JitTarget *t, JitBuf *b, unsigned view,
                               unsigned access, int32_t disp, unsigned words)
{
    int32_t tlb = t->view_off[view] + (int32_t)offsetof(SoftTlb, entry);
    unsigned stack = t->host_reg[X64_STACK];
    const uint8_t *slow = x64_shared.slow, *entry;

    if (words) {
        slow = asm_here(b);
        for (unsigned k = 0; k < words; k++) {
            /* pop into what is the top then: the return address goes up */
            asm_rm(b, 0x8f, 0, asm_mem(A_RSP, 0));
        }
        asm_jmp(b, x64_shared.slow);
    }
    entry = emit_count_down(t, b);
    asm_lea(b, 8, A_R14, asm_mem(stack, disp));
    x64_emit_tlb_offset(b, tlb, access, A_R14, A_R15);
    asm_alu_imm(b, ASM_CMP, 8, asm_reg(A_R14), SOFT_TLB_PAGE - 8, 0);
    asm_jcc(b, IR_A, slow);
    x64_emit_tlb_host(b, tlb, A_R14, A_R15);
    return entry;
}

/* rSP <- rSP + @step, and @words of the host's stack away. */
static void emit_step(const JitTarget *t, JitBuf *b, int32_t step, unsigned words)
{
    unsigned stack = t->host_reg[X64_STACK];

    asm_lea(b, 8, stack, asm_mem(stack, step));
    if (words) {
        asm_lea(b, 8, A_RSP, asm_mem(A_RSP, 8 * (int32_t)words));
    }
}

static void emit_stack(const JitTarget *t, JitBuf *b, unsigned view)
{
    static const uint8_t ret_8[] = { 0xc2, 8, 0 };

    for (unsigned salt = 0; salt < 2; salt++) {
        call_far[view][salt] = emit_top(t, b, view, IR_WRITE, -8, 2);
        asm_load(b, 8, A_R15, asm_mem(A_RSP, 16));
        asm_store(b, 8, asm_mem(A_R14, 0), A_R15);
        asm_load(b, 8, A_R14, asm_mem(A_RSP, 8));
        emit_step(t, b, -8, 3);
        asm_jmp(b, x64_shared.jump[salt]);

        ret_far[view][salt] = emit_top(t, b, view, IR_READ, 0, 0);
        asm_load(b, 8, A_R14, asm_mem(A_R14, 0));
        emit_step(t, b, 8, 1);
        asm_jmp(b, x64_shared.jump[salt]);
    }
    push_word[view] = emit_top(t, b, view, IR_WRITE, -8, 1);
    asm_load(b, 8, A_R15, asm_mem(A_RSP, 8));
    asm_store(b, 8, asm_mem(A_R14, 0), A_R15);
    emit_step(t, b, -8, 0);
    asm_bytes(b, ret_8, sizeof(ret_8));
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
    for (unsigned view = 0; view < 4; view++) {
        emit_stack(t, b, view);
        for (unsigned g = 0; g < 16; g++) {
            if (t->host_reg[g] >= 0) {
                emit_of_register(b, t->host_reg[g], view);
            }
        }
        for (unsigned words = 1; words <= STACK_WORDS; words++) {
            emit_stack_words(t, b, view, IR_READ, words);
            emit_stack_words(t, b, view, IR_WRITE, words);
        }
    }
    emit_poll(t, b);
}
