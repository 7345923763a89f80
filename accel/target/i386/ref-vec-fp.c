/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floating-point vector instructions of vec-fp.def, in legacy SSE and VEX forms. */
#include "accel/target/i386/host-sse.h"
#include "accel/target/i386/ref-vec.h"

/* --- lane operations ------------------------------------------------------------ */

/* Legacy SSE has eight predicates, VEX thirty-two. */
#define CMP_CASE(insn, n)                                             \
    case n:                                                           \
        __asm__ volatile(insn " $" #n ", %1, %0" : "+x"(a) : "x"(b)); \
        break;
#define VCMP_CASE(insn, n)                                                    \
    case n:                                                                   \
        __asm__ volatile("v" insn " $" #n ", %1, %0, %0" : "+x"(a) : "x"(b)); \
        break;
#define CMP_CASES(CASE, insn) \
    CASE(insn, 0)             \
    CASE(insn, 1)             \
    CASE(insn, 2)             \
    CASE(insn, 3)             \
    CASE(insn, 4)             \
    CASE(insn, 5)             \
    CASE(insn, 6)             \
    CASE(insn, 7)
#define VCMP_CASES(CASE, insn) \
    CMP_CASES(CASE, insn)      \
    CASE(insn, 8)              \
    CASE(insn, 9)              \
    CASE(insn, 10)             \
    CASE(insn, 11)             \
    CASE(insn, 12)             \
    CASE(insn, 13)             \
    CASE(insn, 14)             \
    CASE(insn, 15)             \
    CASE(insn, 16)             \
    CASE(insn, 17)             \
    CASE(insn, 18)             \
    CASE(insn, 19)             \
    CASE(insn, 20)             \
    CASE(insn, 21)             \
    CASE(insn, 22)             \
    CASE(insn, 23)             \
    CASE(insn, 24)             \
    CASE(insn, 25)             \
    CASE(insn, 26)             \
    CASE(insn, 27)             \
    CASE(insn, 28)             \
    CASE(insn, 29)             \
    CASE(insn, 30)             \
    CASE(insn, 31)

#define FLANE_CMP(name, insn)                              \
    static X86V lane_##name(X86V a, X86V b, uint64_t imm)  \
    {                                                      \
        switch (imm & 7) {                                 \
            CMP_CASES(CMP_CASE, insn)                      \
        }                                                  \
        return a;                                          \
    }                                                      \
    static X86V lane_v##name(X86V a, X86V b, uint64_t imm) \
    {                                                      \
        switch (imm & 31) {                                \
            VCMP_CASES(VCMP_CASE, insn)                    \
        }                                                  \
        return a;                                          \
    }                                                      \
    struct x86_semicolon

#define FBIN(l, u, pfx, opc, f)         FLANE2(lane_##l, #l);
#define FUN(l, u, pfx, opc, f)          FLANE1(lane_##l, #l);
#define NUN(l, u, pfx, opc, f)          FLANE1(lane_##l, #l);
#define FSC(l, u, pfx, opc, f, bits, t) FLANE2(lane_##l, #l);
#define NSC(l, u, pfx, opc, f, bits, t) FLANE2(lane_##l, #l);
#define FWIDEN(l, u, pfx, opc, cls)     FLANE1(lane_##l, #l);
#define FNARROW(l, u, pfx, opc, cls)    FLANE1(lane_##l, #l);
#define FCMP(l, u, pfx, f)              FLANE_CMP(l, #l);
#define FCMPS(l, u, pfx, f, bits, t)    FLANE_CMP(l, #l);
#include "accel/target/i386/vec-fp.def"
#undef FBIN
#undef FUN
#undef NUN
#undef FSC
#undef NSC
#undef FWIDEN
#undef FNARROW
#undef FCMP
#undef FCMPS

/* --- forms ---------------------------------------------------------------------- */

#define REF(name) void x86_ref_##name(X86State *cpu, const X86Insn *i)

/* A packed result from the two halves of the operands: @lo and @hi are expressions of
 * a, b. */
#define PACKED(l, expr)                                      \
    REF(l)                                                   \
    {                                                        \
        X86V b = v_rm128(cpu, i), a = v_xmm(cpu, i->reg), r; \
                                                             \
        (void)a;                                             \
        SSE_FP(cpu, r = expr);                               \
        v_set_xmm(cpu, i->reg, r);                           \
    }
#define VPACKED(l, expr)                                            \
    REF(v##l)                                                       \
    {                                                               \
        X86V2 src;                                                  \
        X86V lo, hi, a, b;                                          \
                                                                    \
        if (i->vl == 16) {                                          \
            b = v_rm128(cpu, i);                                    \
            a = v_xmm(cpu, i->vvvv);                                \
            SSE_FP(cpu, lo = expr);                                 \
            v_set_vex128(cpu, i->reg, lo);                          \
            return;                                                 \
        }                                                           \
        src = v_rm256(cpu, i);                                      \
        SSE_FP(cpu, a = v_xmm(cpu, i->vvvv); b = src.lo; lo = expr; \
               a = v_ymmh(cpu, i->vvvv); b = src.hi; hi = expr);    \
        (void)a;                                                    \
        v_set_ymm(cpu, i->reg, lo, hi);                             \
    }

/* A scalar result: @expr of a and b; the source has @bits in memory. */
#define SCALAR(l, bits, expr, vexpr)                             \
    REF(l)                                                       \
    {                                                            \
        X86V b = v_rm##bits(cpu, i), a = v_xmm(cpu, i->reg), r;  \
                                                                 \
        SSE_FP(cpu, r = expr);                                   \
        v_set_xmm(cpu, i->reg, r);                               \
    }                                                            \
    REF(v##l)                                                    \
    {                                                            \
        X86V b = v_rm##bits(cpu, i), a = v_xmm(cpu, i->vvvv), r; \
                                                                 \
        SSE_FP(cpu, r = vexpr);                                  \
        v_set_vex128(cpu, i->reg, r);                            \
    }

#define FBIN(l, u, pfx, opc, f) \
    PACKED(l, lane_##l(a, b))   \
    VPACKED(l, lane_##l(a, b))
#define FUN(l, u, pfx, opc, f) \
    PACKED(l, lane_##l(b))     \
    VPACKED(l, lane_##l(b))
#define FCMP(l, u, pfx, f)            \
    PACKED(l, lane_##l(a, b, i->imm)) \
    VPACKED(l, lane_v##l(a, b, i->imm))
#define FSC(l, u, pfx, opc, f, bits, t) SCALAR(l, bits, lane_##l(a, b), lane_##l(a, b))
#define FCMPS(l, u, pfx, f, bits, t) \
    SCALAR(l, bits, lane_##l(a, b, i->imm), lane_v##l(a, b, i->imm))

/* Approximations: MXCSR plays no part. */
#define NUN(l, u, pfx, opc, f)                                      \
    REF(l)                                                          \
    {                                                               \
        v_set_xmm(cpu, i->reg, lane_##l(v_rm128(cpu, i)));          \
    }                                                               \
    REF(v##l)                                                       \
    {                                                               \
        if (i->vl == 16) {                                          \
            v_set_vex128(cpu, i->reg, lane_##l(v_rm128(cpu, i)));   \
        } else {                                                    \
            X86V2 b = v_rm256(cpu, i);                              \
                                                                    \
            v_set_ymm(cpu, i->reg, lane_##l(b.lo), lane_##l(b.hi)); \
        }                                                           \
    }
#define NSC(l, u, pfx, opc, f, bits, t)                              \
    REF(l)                                                           \
    {                                                                \
        X86V b = v_rm##bits(cpu, i);                                 \
                                                                     \
        v_set_xmm(cpu, i->reg, lane_##l(v_xmm(cpu, i->reg), b));     \
    }                                                                \
    REF(v##l)                                                        \
    {                                                                \
        X86V b = v_rm##bits(cpu, i);                                 \
                                                                     \
        v_set_vex128(cpu, i->reg, lane_##l(v_xmm(cpu, i->vvvv), b)); \
    }

#define FWIDEN(l, u, pfx, opc, cls)                      \
    REF(l)                                               \
    {                                                    \
        X86V b = v_rm64(cpu, i), r;                      \
                                                         \
        SSE_FP(cpu, r = lane_##l(b));                    \
        v_set_xmm(cpu, i->reg, r);                       \
    }                                                    \
    REF(v##l)                                            \
    {                                                    \
        X86V lo, hi;                                     \
                                                         \
        if (i->vl == 16) {                               \
            X86V b = v_rm64(cpu, i);                     \
                                                         \
            SSE_FP(cpu, lo = lane_##l(b));               \
            v_set_vex128(cpu, i->reg, lo);               \
        } else {                                         \
            X86Vec b = x86_xrm_ld128(cpu, i);            \
                                                         \
            SSE_FP(cpu, lo = lane_##l(v_of64(b.u64[0])); \
                   hi = lane_##l(v_of64(b.u64[1])));     \
            v_set_ymm(cpu, i->reg, lo, hi);              \
        }                                                \
    }
#define FNARROW(l, u, pfx, opc, cls)                               \
    REF(l)                                                         \
    {                                                              \
        X86V b = v_rm128(cpu, i), r;                               \
                                                                   \
        SSE_FP(cpu, r = lane_##l(b));                              \
        v_set_xmm(cpu, i->reg, r);                                 \
    }                                                              \
    REF(v##l)                                                      \
    {                                                              \
        X86V lo, hi;                                               \
                                                                   \
        if (i->vl == 16) {                                         \
            X86V b = v_rm128(cpu, i);                              \
                                                                   \
            SSE_FP(cpu, lo = lane_##l(b));                         \
            v_set_vex128(cpu, i->reg, lo);                         \
        } else {                                                   \
            X86V2 b = v_rm256(cpu, i);                             \
                                                                   \
            SSE_FP(cpu, lo = lane_##l(b.lo); hi = lane_##l(b.hi)); \
            v_set_vex128(cpu, i->reg, v_of128(lo[0], hi[0]));      \
        }                                                          \
    }
#include "accel/target/i386/vec-fp.def"
