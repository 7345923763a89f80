/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Near control transfers: JMP, Jcc, CALL, RET, LOOP, JCXZ.  Far ones are in ref-far.c.
 *
 * The fall-through address is already in cpu->rip (rule R2), so a branch that is not
 * taken does nothing.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/cond.h"
#include "accel/target/i386/refs-int.h"
#include "accel/target/i386/stack.h"
#include "accel/target/i386/system.h"

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

/* Faults are reported at the branch, before anything has changed. */
static inline void check_target(X86State *cpu, uint64_t target)
{
    if (x86_is64(cpu)) {
        if (x86_unlikely(!x86_is_canonical(cpu, target))) {
            x86_raise_gp(cpu, 0);
        }
    } else if (x86_unlikely(target > cpu->seg[X86_CS].limit)) {
        x86_raise_gp(cpu, 0);
    }
}

static inline void jump(X86State *cpu, uint64_t target)
{
    check_target(cpu, target);
    cpu->rip = target;
}

void x86_ref_jmp(X86State *cpu, const X86Insn *i)
{
    jump(cpu, i->imm);
}

#define DEFINE_JCC(cc)                                                                \
    void x86_ref_j##cc(X86State *cpu, const X86Insn *i)                               \
    {                                                                                 \
        if (x86_cond_##cc(cpu)) {                                                     \
            jump(cpu, i->imm);                                                        \
        }                                                                             \
    }
FOR_CONDITIONS(DEFINE_JCC)

#define DEFINE_NEAR(W)                                                                \
    REF(call_j_##W)                                                                   \
    {                                                                                 \
        check_target(cpu, i->imm);                                                    \
        x86_push##W(cpu, i->next_rip);                                                \
        cpu->rip = i->imm;                                                            \
    }                                                                                 \
    REF(call_r_##W)                                                                   \
    {                                                                                 \
        uint##W##_t target = RD_##W(rm);                                              \
        check_target(cpu, target);                                                    \
        x86_push##W(cpu, i->next_rip);                                                \
        cpu->rip = target;                                                            \
    }                                                                                 \
    REF(call_m_##W)                                                                   \
    {                                                                                 \
        uint##W##_t target = x86_m_ld##W(cpu, i);                                     \
        check_target(cpu, target);                                                    \
        x86_push##W(cpu, i->next_rip);                                                \
        cpu->rip = target;                                                            \
    }                                                                                 \
    REF(jmp_r_##W)                                                                    \
    {                                                                                 \
        jump(cpu, RD_##W(rm));                                                        \
    }                                                                                 \
    REF(jmp_m_##W)                                                                    \
    {                                                                                 \
        jump(cpu, x86_m_ld##W(cpu, i));                                               \
    }                                                                                 \
    REF(ret_##W)                                                                      \
    {                                                                                 \
        uint##W##_t target = x86_stack_ld##W(cpu, 0);                                 \
        check_target(cpu, target);                                                    \
        x86_sp_add(cpu, W / 8);                                                       \
        cpu->rip = target;                                                            \
    }                                                                                 \
    REF(ret_i_##W)                                                                    \
    {                                                                                 \
        uint##W##_t target = x86_stack_ld##W(cpu, 0);                                 \
        check_target(cpu, target);                                                    \
        x86_sp_add(cpu, W / 8 + (uint16_t)i->imm);                                    \
        cpu->rip = target;                                                            \
    }
FOR_WORDS(DEFINE_NEAR)

#define SET3(name, r, m)                                                              \
    const X86RefSet name = { { NULL, r##_16, r##_32, r##_64 },                        \
                             { NULL, m##_16, m##_32, m##_64 } };
SET3(x86_call_j, call_j, call_j)
SET3(x86_call_e, call_r, call_m)
SET3(x86_jmp_e, jmp_r, jmp_m)
SET3(x86_ret, ret, ret)
SET3(x86_ret_i, ret_i, ret_i)

/* The counter is as wide as an address. */
static inline uint64_t count_of(X86State *cpu, const X86Insn *i)
{
    return cpu->regs[X86_RCX].q << i->adshift >> i->adshift;
}

static bool count_down(X86State *cpu, const X86Insn *i, bool and_if)
{
    uint64_t n = (count_of(cpu, i) - 1) << i->adshift >> i->adshift;
    bool taken = n && and_if;

    if (taken) {
        check_target(cpu, i->imm);
    }
    x86_reg_set(cpu, X86_RCX, (64 - i->adshift) / 8, n);
    return taken;
}

void x86_ref_loop(X86State *cpu, const X86Insn *i)
{
    if (count_down(cpu, i, true)) {
        cpu->rip = i->imm;
    }
}

void x86_ref_loope(X86State *cpu, const X86Insn *i)
{
    if (count_down(cpu, i, x86_zf(cpu))) {
        cpu->rip = i->imm;
    }
}

void x86_ref_loopne(X86State *cpu, const X86Insn *i)
{
    if (count_down(cpu, i, !x86_zf(cpu))) {
        cpu->rip = i->imm;
    }
}

void x86_ref_jcxz(X86State *cpu, const X86Insn *i)
{
    if (!count_of(cpu, i)) {
        jump(cpu, i->imm);
    }
}
