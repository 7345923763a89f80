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

typedef long long X86V __attribute__((vector_size(16)));

static inline X86V v_of(X86Vec x)
{
    X86V v;

    memcpy(&v, &x, 16);
    return v;
}

static inline X86Vec vec_of(X86V v)
{
    X86Vec x;

    memcpy(&x, &v, 16);
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
    return v_of(cpu->xs.xmm[n]);
}

static inline X86V v_ymmh(const X86State *cpu, unsigned n)
{
    return v_of(cpu->xs.ymmh[n]);
}

static inline void v_set_xmm(X86State *cpu, unsigned n, X86V v)
{
    cpu->xs.xmm[n] = vec_of(v);
}

/* VEX.128: the upper half is cleared. */
static inline void v_set_vex128(X86State *cpu, unsigned n, X86V v)
{
    x86_vex_set128(cpu, n, vec_of(v));
}

static inline void v_set_ymm(X86State *cpu, unsigned n, X86V lo, X86V hi)
{
    cpu->xs.xmm[n] = vec_of(lo);
    cpu->xs.ymmh[n] = vec_of(hi);
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
#define X86_MXCSR_RC_SHIFT 13
#define X86_MXCSR_RC    (3u << 13)
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
 * One guest instruction under the guest's MXCSR.  In the usual case the guest's control
 * bits are those that the host's C code runs under and the host's sticky flags are a
 * subset of the guest's: then nothing is loaded, and the flags afterwards are merged.
 * Otherwise the operation runs under the guest's control bits with all exceptions
 * masked, for underflow perhaps twice (see host-sse.c).
 */
typedef struct SseRun {
    uint32_t host;
    uint32_t flags;
    int pass; /* 0: the usual case */
} SseRun;

void sse_begin_slow(X86State *cpu, SseRun *run, uint32_t guest);
bool sse_again_slow(X86State *cpu, SseRun *run);

static inline void sse_begin(X86State *cpu, SseRun *run, uint32_t guest)
{
    run->host = sse_host_mxcsr();
    run->pass = 0;
    if (x86_unlikely(((run->host ^ guest) & ~X86_MXCSR_FLAGS) ||
                     (run->host & ~guest & X86_MXCSR_FLAGS))) {
        sse_begin_slow(cpu, run, guest);
    }
}

/* Raises #XM if the guest asked for it; true if the operation must run once more. */
static inline bool sse_again(X86State *cpu, SseRun *run)
{
    if (x86_likely(run->pass == 0)) {
        cpu->xs.mxcsr |= sse_host_mxcsr() & X86_MXCSR_FLAGS;
        return false;
    }
    return sse_again_slow(cpu, run);
}

/* Runs @stmt, which computes results from operands and changes no guest state. */
#define SSE_FP(cpu, stmt) SSE_FP_AS(cpu, (cpu)->xs.mxcsr, stmt)

/* With another value in place of the guest's MXCSR (ROUNDPS and its immediate). */
#define SSE_FP_AS(cpu, guest, stmt)          \
    do {                                     \
        SseRun sse_run_;                     \
                                             \
        sse_begin(cpu, &sse_run_, guest);    \
        do {                                 \
            stmt;                            \
        } while (sse_again(cpu, &sse_run_)); \
    } while (0)

#endif
