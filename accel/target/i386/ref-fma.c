/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FMA and F16C.  The host executes the very operand order of the guest's instruction,
 * since it decides which NaN is the result.
 */
#include "accel/target/i386/ref-avx.h"
#include "accel/target/i386/vec-forms.h"

typedef X86V LaneFma(X86V d, X86V v, X86V b);

static inline __attribute__((always_inline)) void form_fmap(X86State *cpu,
                                                            const X86Insn *i,
                                                            LaneFma *op)
{
    X86V lo, hi;

    if (i->vl == 16) {
        X86V b = v_rm128(cpu, i);

        SSE_FP(cpu, lo = op(v_xmm(cpu, i->reg), v_xmm(cpu, i->vvvv), b));
        v_set_vex128(cpu, i->reg, lo);
    } else {
        X86V2 b = v_rm256(cpu, i);

        SSE_FP(cpu, lo = op(v_xmm(cpu, i->reg), v_xmm(cpu, i->vvvv), b.lo);
               hi = op(v_ymmh(cpu, i->reg), v_ymmh(cpu, i->vvvv), b.hi));
        v_set_ymm(cpu, i->reg, lo, hi);
    }
}

static inline __attribute__((always_inline)) void form_fmas(X86State *cpu,
                                                            const X86Insn *i,
                                                            LaneFma *op, X86V b)
{
    X86V r;

    SSE_FP(cpu, r = op(v_xmm(cpu, i->reg), v_xmm(cpu, i->vvvv), b));
    v_set_vex128(cpu, i->reg, r);
}

#define LANE_FMA(name)                                                    \
    static inline X86V lane_##name(X86V d, X86V v, X86V b)                \
    {                                                                     \
        __asm__ volatile(#name " %2, %1, %0" : "+x"(d) : "x"(v), "x"(b)); \
        return d;                                                         \
    }

#define FMAP(l, u, opc, w)           \
    LANE_FMA(l)                      \
    REF(l)                           \
    {                                \
        form_fmap(cpu, i, lane_##l); \
    }
#define FMAS(l, u, opc, w, bits, t)                      \
    LANE_FMA(l)                                          \
    REF(l)                                               \
    {                                                    \
        form_fmas(cpu, i, lane_##l, v_rm##bits(cpu, i)); \
    }
#include "accel/target/i386/vec-fma.def"

/* --- F16C ----------------------------------------------------------------------- */

static inline X86V lane_vcvtph2ps(X86V b)
{
    X86V r;

    __asm__ volatile("vcvtph2ps %1, %0" : "=x"(r) : "x"(b));
    return r;
}

#define PS2PH_CASE(k)                                                        \
    case k:                                                                  \
        __asm__ volatile("vcvtps2ph %2, %1, %0" : "=x"(r) : "x"(b), "i"(k)); \
        break;

static X86V lane_vcvtps2ph(X86V b, unsigned imm)
{
    X86V r = { 0 };

    switch (imm & 7) {
        X86_CASES_8(PS2PH_CASE, 0)
    }
    return r;
}

REF(vcvtph2ps)
{
    X86V lo, hi;

    if (i->vl == 16) {
        X86V b = v_rm64(cpu, i);

        SSE_FP(cpu, lo = lane_vcvtph2ps(b));
        v_set_vex128(cpu, i->reg, lo);
    } else {
        X86Vec b = x86_xrm_ld128(cpu, i);

        SSE_FP(cpu, lo = lane_vcvtph2ps(v_of64(b.u64[0]));
               hi = lane_vcvtph2ps(v_of64(b.u64[1])));
        v_set_ymm(cpu, i->reg, lo, hi);
    }
}

/* Four halves: whether one is a denormal. */
static bool has_denormal_half(uint64_t v)
{
    for (; v; v >>= 16) {
        if (!(v & 0x7c00) && v & 0x03ff) {
            return true;
        }
    }
    return false;
}

/* FZ does not apply, so a tiny result is seen in the result itself: unmasked underflow
 * needs no inexactness. */
REF(vcvtps2ph)
{
    X86V lo, hi = { 0 };

    if (is_mem(i)) {
        /* Flags must not change if the store is going to fault. */
        x86_probe(cpu, i->seg, x86_ea(cpu, i), i->vl / 2, SOFT_TLB_WRITE);
    }
    if (i->vl == 16) {
        SSE_FP(cpu, lo = lane_vcvtps2ph(v_xmm(cpu, i->reg), i->imm));
    } else {
        SSE_FP(cpu, lo = lane_vcvtps2ph(v_xmm(cpu, i->reg), i->imm);
               hi = lane_vcvtps2ph(v_ymmh(cpu, i->reg), i->imm));
    }
    if (!(cpu->xs.mxcsr & X86_MXCSR_UM) &&
        (has_denormal_half(lo[0]) || has_denormal_half(hi[0]))) {
        cpu->xs.mxcsr |= X86_MXCSR_UE;
        x86_raise_xm(cpu);
    }
    if (!is_mem(i)) {
        v_set_vex128(cpu, i->rm, v_of128(lo[0], hi[0]));
    } else if (i->vl == 16) {
        x86_st64(cpu, i->seg, x86_ea(cpu, i), lo[0]);
    } else {
        x86_m_st128(cpu, i, vec_of(v_of128(lo[0], hi[0])));
    }
}
