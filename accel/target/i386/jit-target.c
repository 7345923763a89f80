/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offsets and register map of the x86 state, and the slow path of generated code:
 * guest instructions by their reference functions.
 */
#include "accel/target/i386/jit-target.h"
#include "accel/target/i386/coverage.h"
#include "accel/target/i386/flags.h"
#include "accel/target/i386/insn.h"
#include "util/tsan.h"

void x86_flags_to_jit(X86State *cpu)
{
    uint32_t fl = x86_get_arith(cpu);

    cpu->jit.flags = (fl & 0xff) << 8 | X86_FL_FIXED << 8 | (fl & X86_FL_OF ? 1 : 0);
}

void x86_flags_from_jit(X86State *cpu)
{
    x86_set_arith(cpu, (cpu->jit.flags >> 8 & (X86_FL_ARITH & 0xff)) |
                           (cpu->jit.flags & 1 ? X86_FL_OF : 0));
}

/* What the instruction assigns to rip is the way on, whatever it is. */
static bool is_transfer(const X86Insn *i)
{
    return !i->row || i->row->rules & X86_ENDS;
}

/* In a trace, a transfer in the middle ends what may be executed at once. */
static const X86Insn *end_of_run(const X86Insn *i, const X86Insn *end)
{
    while (i < end && !is_transfer(i)) {
        i++;
    }
    return i < end ? i + 1 : end;
}

unsigned x86_refs_end;

/* Whether flags may stay where they are while these are executed. */
static bool are_flagless(const X86Insn *i, const X86Insn *end)
{
    while (i < end && i->row && i->row->rules & X86_FLAGLESS) {
        i++;
    }
    return i == end;
}

static bool run_refs(void *state, JitBlock *b, unsigned first, unsigned count)
{
    X86State *cpu = state;
    const X86Insn *i, *end;
    bool flagless;

    tsan_arrive(b);
    i = (const X86Insn *)b->guest + first;
    end = end_of_run(i, i + count);
    flagless = are_flagless(i, end);
    if (count > 1) {
        jit_note_group_stub(b);
    }
    if (!flagless) {
        x86_take_flags(cpu);
    }
    cpu->rip = end[-1].next_rip;
    cpu->run_end = end;
    cpu->counted_end = (const X86Insn *)b->guest + b->insns;
    do {
        cpu->insn = i;
        if (jit_options()->coverage) {
            x86_coverage_note(cpu, i);
        }
        i->ref(cpu, i);
        i++;
    } while (i < cpu->run_end);
    cpu->insn = NULL;
    if (!cpu->run_end || is_transfer(&i[-1])) {
        if (jit_options()->lockstep) {
            x86_refs_end = i - (const X86Insn *)b->guest;
        }
        x86_give_back(cpu, i);
        x86_take_flags(cpu);
        return false;
    }
    if (!flagless) {
        x86_flags_to_jit(cpu);
        cpu->jit.flags_here = true;
    }
    return true;
}

#define REG(n) [n] = offsetof(X86State, regs) + (n) * sizeof(X86Gpr)

const JitTarget x86_jit_target = {
    .name = "i386",
    .reg_off = {REG(0),   REG(1),  REG(2), REG(3), REG(4), REG(5), REG(6), REG(7), REG(8),
                REG(9), REG(10), REG(11), REG(12), REG(13), REG(14), REG(15) },
 /* Those with a fixed role in some instruction are at home; the guest's rSP is in
  * r13, and the back end works with r14 and r15. Three have no register: code of
  * compilers uses r10, r11 and r15 least, r12 more than r9 (r12 of the host is
  * longer as a base). */
    .host_reg = { 0,  1,   2,                    3,                   13,                  5,                 6, 7, 8, 12, -1, -1, 9, 10, 11, -1 },
    .pc_off = offsetof(X86State, rip),
    .env_off = offsetof(X86State, jit),
    .view_off = { offsetof(X86State, views[X86_VIEW_KERNEL]),
                offsetof(X86State,      views[X86_VIEW_SMAP]),
                offsetof(X86State,               views[X86_VIEW_USER])                 },
    .fxsave_off = offsetof(X86State, xs),
    .ymmh_off = offsetof(X86State, xs.ymmh),
    .run_refs = run_refs,
};
