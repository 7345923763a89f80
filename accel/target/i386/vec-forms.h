/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shapes in which the reference functions of vector instructions are written by hand:
 * private to the ref-*.c files of SSE and AVX.
 */
#ifndef ACCEL_TARGET_I386_VEC_FORMS_H
#define ACCEL_TARGET_I386_VEC_FORMS_H

#include "accel/target/i386/host-sse.h"

#define REF(name) void x86_ref_##name(X86State *cpu, const X86Insn *i)

static inline bool is_mem(const X86Insn *i)
{
    return i->flags & X86_I_MEM;
}

/*
 * Two operands and an immediate: defines x86_ref_NAME and x86_ref_vNAME from
 * lane_NAME(a, b, imm).  @hi_imm is the immediate of the upper half of VEX.256.
 */
#define IMM_FORMS(name, hi_imm)                                                  \
    REF(name)                                                                    \
    {                                                                            \
        X86V b = v_rm128(cpu, i);                                                \
        unsigned imm = (uint8_t)i->imm;                                          \
                                                                                 \
        v_set_xmm(cpu, i->reg, lane_##name(v_xmm(cpu, i->reg), b, imm));         \
    }                                                                            \
    REF(v##name)                                                                 \
    {                                                                            \
        unsigned imm = (uint8_t)i->imm;                                          \
                                                                                 \
        if (i->vl == 16) {                                                       \
            X86V b = v_rm128(cpu, i);                                            \
                                                                                 \
            v_set_vex128(cpu, i->reg, lane_##name(v_xmm(cpu, i->vvvv), b, imm)); \
        } else {                                                                 \
            X86V2 b = v_rm256(cpu, i);                                           \
                                                                                 \
            v_set_ymm(cpu, i->reg, lane_##name(v_xmm(cpu, i->vvvv), b.lo, imm),  \
                      lane_##name(v_ymmh(cpu, i->vvvv), b.hi, hi_imm));          \
        }                                                                        \
    }                                                                            \
    struct x86_semicolon

/*
 * A lane operation whose immediate must be in the host's code: a switch with one case
 * for each value, where IMM_INSN is the instruction with operands %0 (a), %1 (b) and
 * %2 (the immediate).
 */
#define IMM_CASE(k)                                   \
    case k:                                           \
        __asm__(IMM_INSN : "+x"(a) : "x"(b), "i"(k)); \
        break;

/* One case for each immediate from n: M(n) M(n + 1) ... */
#define X86_CASES_4(M, n)   M((n)) M((n) + 1) M((n) + 2) M((n) + 3)
#define X86_CASES_8(M, n)   X86_CASES_4(M, (n)) X86_CASES_4(M, (n) + 4)
#define X86_CASES_16(M, n)  X86_CASES_8(M, (n)) X86_CASES_8(M, (n) + 8)
#define X86_CASES_32(M, n)  X86_CASES_16(M, (n)) X86_CASES_16(M, (n) + 16)
#define X86_CASES_64(M, n)  X86_CASES_32(M, (n)) X86_CASES_32(M, (n) + 32)
#define X86_CASES_128(M, n) X86_CASES_64(M, (n)) X86_CASES_64(M, (n) + 64)
#define X86_CASES_256(M, n) X86_CASES_128(M, (n)) X86_CASES_128(M, (n) + 128)

#endif
