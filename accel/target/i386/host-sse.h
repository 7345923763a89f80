/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vector operations on the host's own SSE unit.
 *
 * A lane operation is a function on 128-bit values, made of one host instruction.  The
 * legacy form, VEX.128 and both halves of VEX.256 (which mostly do not cross lanes) all
 * use the same one, and MMX its low half.  Integer operations are plain values to the
 * compiler; those that read or write MXCSR run inside SSE_FP().
 */
#ifndef ACCEL_TARGET_I386_HOST_SSE_H
#define ACCEL_TARGET_I386_HOST_SSE_H

#include "accel/target/i386/mem.h"

#include <string.h>

typedef long long X86V __attribute__((vector_size(16), may_alias));
typedef X86V X86VU __attribute__((aligned(1)));

/* Loads and stores go by 16 bytes at once: two halves could not be forwarded from the
 * store buffer to the next vector load. */
static inline X86V v_of(X86Vec x)
{
    return *(const X86V *)&x;
}

static inline X86Vec vec_of(X86V v)
{
    X86Vec x;

    *(X86V *)&x = v;
    return x;
}

static inline X86V v_of64(uint64_t lo)
{
    return (X86V){ (long long)lo, 0 };
}

static inline X86V v_of128(uint64_t lo, uint64_t hi)
{
    return (X86V){ (long long)lo, (long long)hi };
}

static inline X86V v_xmm(const X86State *cpu, unsigned n)
{
    return *(const X86V *)&cpu->xs.xmm[n];
}

static inline X86V v_ymmh(const X86State *cpu, unsigned n)
{
    return *(const X86V *)&cpu->xs.ymmh[n];
}

static inline void v_set_xmm(X86State *cpu, unsigned n, X86V v)
{
    *(X86V *)&cpu->xs.xmm[n] = v;
}

/* VEX.128: the upper half is cleared. */
static inline void v_set_vex128(X86State *cpu, unsigned n, X86V v)
{
    *(X86V *)&cpu->xs.xmm[n] = v;
    *(X86V *)&cpu->xs.ymmh[n] = (X86V){ 0 };
}

static inline void v_set_ymm(X86State *cpu, unsigned n, X86V lo, X86V hi)
{
    *(X86V *)&cpu->xs.xmm[n] = lo;
    *(X86V *)&cpu->xs.ymmh[n] = hi;
}

/* The rm operand: a register, or memory with the alignment check of the class. */
static inline X86V v_rm128(X86State *cpu, const X86Insn *i)
{
    const void *p;
    uint64_t ea;

    if (!(i->flags & X86_I_MEM)) {
        return v_xmm(cpu, i->rm);
    }
    ea = x86_m_ea_aligned(cpu, i);
    p = x86_fast_ptr(cpu, i->seg, ea, 16, SOFT_TLB_READ);
    return x86_likely(p) ? *(const X86VU *)p : v_of(x86_ld128(cpu, i->seg, ea));
}

typedef struct X86V2 {
    X86V lo, hi;
} X86V2;

static inline X86V2 v_rm256(X86State *cpu, const X86Insn *i)
{
    const X86VU *p;
    X86Vec256 v;
    uint64_t ea;

    if (!(i->flags & X86_I_MEM)) {
        return (X86V2){ v_xmm(cpu, i->rm), v_ymmh(cpu, i->rm) };
    }
    ea = x86_m_ea_aligned(cpu, i);
    p = x86_fast_ptr(cpu, i->seg, ea, 32, SOFT_TLB_READ);
    if (x86_likely(p)) {
        return (X86V2){ p[0], p[1] };
    }
    v = x86_ld256(cpu, i->seg, ea);
    return (X86V2){ v_of(v.v[0]), v_of(v.v[1]) };
}

/* A scalar operand, in the low part. */
static inline X86V v_rm64(X86State *cpu, const X86Insn *i)
{
    return i->flags & X86_I_MEM ? v_of64(x86_m_ld64(cpu, i)) : v_xmm(cpu, i->rm);
}

static inline X86V v_rm32(X86State *cpu, const X86Insn *i)
{
    return i->flags & X86_I_MEM ? v_of64(x86_m_ld32(cpu, i)) : v_xmm(cpu, i->rm);
}

/* --- lane operations ------------------------------------------------------------ */

/* Integer: a = a op b; or a = op b. */
#define LANE2(name, insn)                           \
    static inline X86V name(X86V a, X86V b)         \
    {                                               \
        __asm__(insn " %1, %0" : "+x"(a) : "x"(b)); \
        return a;                                   \
    }                                               \
    struct x86_semicolon

#define LANE1(name, insn)                           \
    static inline X86V name(X86V b)                 \
    {                                               \
        X86V r;                                     \
                                                    \
        __asm__(insn " %1, %0" : "=x"(r) : "x"(b)); \
        return r;                                   \
    }                                               \
    struct x86_semicolon

/* Floating point: volatile, because MXCSR orders them. */
#define FLANE2(name, insn)                                   \
    static inline X86V name(X86V a, X86V b)                  \
    {                                                        \
        __asm__ volatile(insn " %1, %0" : "+x"(a) : "x"(b)); \
        return a;                                            \
    }                                                        \
    struct x86_semicolon

#define FLANE1(name, insn)                                   \
    static inline X86V name(X86V b)                          \
    {                                                        \
        X86V r;                                              \
                                                             \
        __asm__ volatile(insn " %1, %0" : "=x"(r) : "x"(b)); \
        return r;                                            \
    }                                                        \
    struct x86_semicolon

/* --- MXCSR ---------------------------------------------------------------------- */

/* clang-format off */
#define X86_MXCSR_IE    (1u << 0)
#define X86_MXCSR_DE    (1u << 1)
#define X86_MXCSR_ZE    (1u << 2)
#define X86_MXCSR_OE    (1u << 3)
#define X86_MXCSR_UE    (1u << 4)
#define X86_MXCSR_PE    (1u << 5)
#define X86_MXCSR_FLAGS 0x3fu
#define X86_MXCSR_DAZ   (1u << 6)
#define X86_MXCSR_MASKS (0x3fu << 7)
#define X86_MXCSR_UM    (1u << 11)
#define X86_MXCSR_FZ    (1u << 15)
/* clang-format on */

static inline uint32_t sse_host_mxcsr(void)
{
    uint32_t v;

    __asm__ volatile("stmxcsr %0" : "=m"(v));
    return v;
}

static inline void sse_set_host_mxcsr(uint32_t v)
{
    __asm__ volatile("ldmxcsr %0" : : "m"(v));
}

/*
 * One guest instruction under the guest's MXCSR.  The C code of the host runs with
 * X86_MXCSR_RESET and any sticky flags.  If the guest's control bits are the same, the
 * operation just runs; if the flags afterwards hold nothing that the guest's do not,
 * all is said.  Otherwise, since the operation changes no guest state, it runs again
 * under the guest's control bits with all exceptions masked and no flags set; for
 * underflow perhaps once more (see host-sse.c).
 */
typedef struct SseRun {
    int pass; /* 0: the usual case */
    uint32_t flags;
} SseRun;

void sse_begin_slow(X86State *cpu, SseRun *run);
bool sse_again_slow(X86State *cpu, SseRun *run, uint32_t now);

static inline void sse_begin(X86State *cpu, SseRun *run)
{
    run->pass = 0;
    if (x86_unlikely((cpu->xs.mxcsr ^ X86_MXCSR_RESET) & ~X86_MXCSR_FLAGS)) {
        sse_begin_slow(cpu, run);
    }
}

/* Raises #XM if the guest asked for it; true if the operation must run once more. */
static inline bool sse_again(X86State *cpu, SseRun *run)
{
    uint32_t now = sse_host_mxcsr();

    if (x86_likely(run->pass == 0 && !(now & ~cpu->xs.mxcsr & X86_MXCSR_FLAGS))) {
        return false;
    }
    return sse_again_slow(cpu, run, now);
}

/* Runs @stmt, which computes results from operands and changes no guest state. */
#define SSE_FP(cpu, stmt)                    \
    do {                                     \
        SseRun sse_run_;                     \
                                             \
        sse_begin(cpu, &sse_run_);           \
        do {                                 \
            stmt;                            \
        } while (sse_again(cpu, &sse_run_)); \
    } while (0)

#endif
