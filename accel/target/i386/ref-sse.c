/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SSE to SSE3 (and their VEX forms) apart from the arithmetic of vec-*.def: moves,
 * conversions from and to general and MMX registers, compares to flags, shuffles by
 * immediate, and the MMX instructions that are not element-wise.
 */
#include "accel/target/i386/ref-sse.h"
#include "accel/target/i386/flags.h"
#include "accel/target/i386/fpu.h"
#include "accel/target/i386/vec-forms.h"

/* Memory of 64 bits, or an MMX register. */
static uint64_t mmx_rm(X86State *cpu, const X86Insn *i)
{
    x87_wait(cpu);
    return is_mem(i) ? x86_m_ld64(cpu, i) : mmx_get(cpu, i->rm);
}

static void mmx_result(X86State *cpu, unsigned n, uint64_t v)
{
    mmx_enter(cpu);
    mmx_set(cpu, n, v);
}

/* --- whole registers ------------------------------------------------------------ */

/* MOVAPS, MOVUPS, MOVDQA, MOVDQU, LDDQU, MOVNTDQA: the row's class says the rest. */
REF(mov128_ld)
{
    v_set_xmm(cpu, i->reg, v_rm128(cpu, i));
}

REF(mov128_st)
{
    if (is_mem(i)) {
        x86_m_st128(cpu, i, cpu->xs.xmm[i->reg]);
    } else {
        cpu->xs.xmm[i->rm] = cpu->xs.xmm[i->reg];
    }
}

REF(vmov_ld)
{
    if (i->vl == 16) {
        v_set_vex128(cpu, i->reg, v_rm128(cpu, i));
    } else {
        X86V2 v = v_rm256(cpu, i);

        v_set_ymm(cpu, i->reg, v.lo, v.hi);
    }
}

REF(vmov_st)
{
    X86Vec256 v = x86_ymm_get(cpu, i->reg);

    if (!is_mem(i)) {
        if (i->vl == 16) {
            x86_vex_set128(cpu, i->rm, v.v[0]);
        } else {
            x86_ymm_set(cpu, i->rm, &v);
        }
    } else if (i->vl == 16) {
        x86_m_st128(cpu, i, v.v[0]);
    } else {
        x86_m_st256(cpu, i, &v);
    }
}

/* --- low elements --------------------------------------------------------------- */

/* @low in the low element, the rest of @rest. */
static inline X86V merge32(X86V low, X86V rest)
{
    __asm__("movss %1, %0" : "+x"(rest) : "x"(low));
    return rest;
}

static inline X86V merge64(X86V low, X86V rest)
{
    return (X86V){ low[0], rest[1] };
}

/* From memory the rest is cleared, from a register it is kept. */
REF(movss_ld)
{
    if (is_mem(i)) {
        v_set_xmm(cpu, i->reg, v_of64(x86_m_ld32(cpu, i)));
    } else {
        v_set_xmm(cpu, i->reg, merge32(v_xmm(cpu, i->rm), v_xmm(cpu, i->reg)));
    }
}

REF(movss_st)
{
    if (is_mem(i)) {
        x86_st32(cpu, i->seg, x86_ea(cpu, i), cpu->xs.xmm[i->reg].u32[0]);
    } else {
        v_set_xmm(cpu, i->rm, merge32(v_xmm(cpu, i->reg), v_xmm(cpu, i->rm)));
    }
}

REF(movsd_ld)
{
    if (is_mem(i)) {
        v_set_xmm(cpu, i->reg, v_of64(x86_m_ld64(cpu, i)));
    } else {
        v_set_xmm(cpu, i->reg, merge64(v_xmm(cpu, i->rm), v_xmm(cpu, i->reg)));
    }
}

REF(movsd_st)
{
    if (is_mem(i)) {
        x86_st64(cpu, i->seg, x86_ea(cpu, i), cpu->xs.xmm[i->reg].u64[0]);
    } else {
        v_set_xmm(cpu, i->rm, merge64(v_xmm(cpu, i->reg), v_xmm(cpu, i->rm)));
    }
}

REF(vmovss_ld_m)
{
    v_set_vex128(cpu, i->reg, v_of64(x86_m_ld32(cpu, i)));
}

REF(vmovsd_ld_m)
{
    v_set_vex128(cpu, i->reg, v_of64(x86_m_ld64(cpu, i)));
}

/* The register forms merge two sources; the store form has them the other way. */
REF(vmovss_ld_r)
{
    v_set_vex128(cpu, i->reg, merge32(v_xmm(cpu, i->rm), v_xmm(cpu, i->vvvv)));
}

REF(vmovss_st_r)
{
    v_set_vex128(cpu, i->rm, merge32(v_xmm(cpu, i->reg), v_xmm(cpu, i->vvvv)));
}

REF(vmovsd_ld_r)
{
    v_set_vex128(cpu, i->reg, merge64(v_xmm(cpu, i->rm), v_xmm(cpu, i->vvvv)));
}

REF(vmovsd_st_r)
{
    v_set_vex128(cpu, i->rm, merge64(v_xmm(cpu, i->reg), v_xmm(cpu, i->vvvv)));
}

/* MOVLPS and MOVLPD; MOVHLPS in the register form. */
static inline X86V low_source(X86State *cpu, const X86Insn *i)
{
    return v_of64(is_mem(i) ? x86_m_ld64(cpu, i) : cpu->xs.xmm[i->rm].u64[1]);
}

REF(movlps_ld)
{
    v_set_xmm(cpu, i->reg, merge64(low_source(cpu, i), v_xmm(cpu, i->reg)));
}

REF(vmovlps_ld)
{
    v_set_vex128(cpu, i->reg, merge64(low_source(cpu, i), v_xmm(cpu, i->vvvv)));
}

/* MOVHPS and MOVHPD; MOVLHPS in the register form. */
static inline X86V with_high(X86State *cpu, const X86Insn *i, X86V rest)
{
    X86V high = v_rm64(cpu, i);

    return (X86V){ rest[0], high[0] };
}

REF(movhps_ld)
{
    v_set_xmm(cpu, i->reg, with_high(cpu, i, v_xmm(cpu, i->reg)));
}

REF(vmovhps_ld)
{
    v_set_vex128(cpu, i->reg, with_high(cpu, i, v_xmm(cpu, i->vvvv)));
}

REF(movhps_st)
{
    x86_st64(cpu, i->seg, x86_ea(cpu, i), cpu->xs.xmm[i->reg].u64[1]);
}

static inline uint64_t gpr_source(X86State *cpu, const X86Insn *i)
{
    return i->opsize == 8 ? x86_rm_ld64(cpu, i) : x86_rm_ld32(cpu, i);
}

REF(movd_ld)
{
    v_set_xmm(cpu, i->reg, v_of64(gpr_source(cpu, i)));
}

REF(vmovd_ld)
{
    v_set_vex128(cpu, i->reg, v_of64(gpr_source(cpu, i)));
}

/* To a general register or memory of 4 or 8 bytes. */
static void store_gpr(X86State *cpu, const X86Insn *i, uint64_t v)
{
    if (!is_mem(i)) {
        x86_reg_set(cpu, i->rm, i->opsize, v);
    } else if (i->opsize == 8) {
        x86_st64(cpu, i->seg, x86_ea(cpu, i), v);
    } else {
        x86_st32(cpu, i->seg, x86_ea(cpu, i), v);
    }
}

REF(movd_st)
{
    store_gpr(cpu, i, cpu->xs.xmm[i->reg].u64[0]);
}

REF(movq_ld)
{
    v_set_xmm(cpu, i->reg, v_of64(x86_xrm_ld64(cpu, i)));
}

REF(vmovq_ld)
{
    v_set_vex128(cpu, i->reg, v_of64(x86_xrm_ld64(cpu, i)));
}

REF(movq_st)
{
    if (is_mem(i)) {
        x86_st64(cpu, i->seg, x86_ea(cpu, i), cpu->xs.xmm[i->reg].u64[0]);
    } else {
        v_set_xmm(cpu, i->rm, v_of64(cpu->xs.xmm[i->reg].u64[0]));
    }
}

REF(vmovq_st)
{
    if (is_mem(i)) {
        x86_st64(cpu, i->seg, x86_ea(cpu, i), cpu->xs.xmm[i->reg].u64[0]);
    } else {
        v_set_vex128(cpu, i->rm, v_of64(cpu->xs.xmm[i->reg].u64[0]));
    }
}

/* --- duplicates (SSE3) ---------------------------------------------------------- */

LANE1(lane_movsldup, "movsldup");
LANE1(lane_movshdup, "movshdup");

static inline X86V lane_movddup(X86V b)
{
    return (X86V){ b[0], b[0] };
}

REF(movsldup)
{
    v_set_xmm(cpu, i->reg, lane_movsldup(v_rm128(cpu, i)));
}

REF(movshdup)
{
    v_set_xmm(cpu, i->reg, lane_movshdup(v_rm128(cpu, i)));
}

REF(movddup)
{
    v_set_xmm(cpu, i->reg, lane_movddup(v_rm64(cpu, i)));
}

/* Of 128 bits VMOVDDUP reads 64. */
#define VDUP(name, load)                                                  \
    REF(v##name)                                                          \
    {                                                                     \
        if (i->vl == 16) {                                                \
            v_set_vex128(cpu, i->reg, lane_##name(load(cpu, i)));         \
        } else {                                                          \
            X86V2 v = v_rm256(cpu, i);                                    \
                                                                          \
            v_set_ymm(cpu, i->reg, lane_##name(v.lo), lane_##name(v.hi)); \
        }                                                                 \
    }                                                                     \
    struct x86_semicolon

VDUP(movsldup, v_rm128);
VDUP(movshdup, v_rm128);
VDUP(movddup, v_rm64);

/* --- MMX ------------------------------------------------------------------------ */

REF(m_movd_ld)
{
    uint64_t v;

    x87_wait(cpu);
    v = i->opsize == 8 ? x86_rm_ld64(cpu, i) : x86_rm_ld32(cpu, i);
    mmx_result(cpu, i->reg, v);
}

REF(m_movd_st)
{
    x87_wait(cpu);
    store_gpr(cpu, i, mmx_get(cpu, i->reg));
    mmx_enter(cpu);
}

REF(m_movq_ld)
{
    uint64_t v = mmx_rm(cpu, i);

    mmx_result(cpu, i->reg, v);
}

REF(m_movq_st)
{
    uint64_t v = mmx_get(cpu, i->reg);

    x87_wait(cpu);
    if (is_mem(i)) {
        x86_st64(cpu, i->seg, x86_ea(cpu, i), v);
        mmx_enter(cpu);
    } else {
        mmx_result(cpu, i->rm, v);
    }
}

REF(movq2dq)
{
    x87_wait(cpu);
    v_set_xmm(cpu, i->reg, v_of64(mmx_get(cpu, i->rm)));
    mmx_enter(cpu);
}

REF(movdq2q)
{
    x87_wait(cpu);
    mmx_result(cpu, i->reg, cpu->xs.xmm[i->rm].u64[0]);
}

REF(m_pshufw)
{
    uint64_t v = mmx_rm(cpu, i), r = 0;

    for (unsigned k = 0; k < 4; k++) {
        r |= (v >> (i->imm >> (2 * k) & 3) * 16 & 0xffff) << (16 * k);
    }
    mmx_result(cpu, i->reg, r);
}

static uint64_t insert16(uint64_t old, uint64_t v, unsigned n)
{
    return (old & ~(0xffffull << (16 * n))) | (v & 0xffff) << (16 * n);
}

static uint16_t gpr_or_mem16(X86State *cpu, const X86Insn *i)
{
    return is_mem(i) ? x86_m_ld16(cpu, i) : cpu->regs[i->rm].w;
}

REF(m_pinsrw)
{
    uint16_t v;

    x87_wait(cpu);
    v = gpr_or_mem16(cpu, i);
    mmx_result(cpu, i->reg, insert16(mmx_get(cpu, i->reg), v, i->imm & 3));
}

REF(m_pextrw)
{
    x87_wait(cpu);
    x86_reg_set32(cpu, i->reg, mmx_get(cpu, i->rm) >> (16 * (i->imm & 3)) & 0xffff);
    mmx_enter(cpu);
}

/* The sign bits of eight bytes. */
static unsigned sign_bits8(uint64_t v)
{
    unsigned r = 0;

    for (unsigned k = 0; k < 8; k++) {
        r |= (v >> (8 * k + 7) & 1) << k;
    }
    return r;
}

REF(m_pmovmskb)
{
    x87_wait(cpu);
    x86_reg_set32(cpu, i->reg, sign_bits8(mmx_get(cpu, i->rm)));
    mmx_enter(cpu);
}

REF(m_palignr)
{
    uint64_t v = mmx_rm(cpu, i), old = mmx_get(cpu, i->reg);
    unsigned shift = (uint8_t)i->imm * 8;
    uint64_t r = 0;

    if (shift < 64) {
        r = v >> shift | (shift ? old << (64 - shift) : 0);
    } else if (shift < 128) {
        r = old >> (shift - 64);
    }
    mmx_result(cpu, i->reg, r);
}

/* --- masked stores -------------------------------------------------------------- */

/* Bytes of @data whose @mask byte has its sign set, to seg:rDI.  All bytes between the
 * first and the last of them must be writable. */
static void masked_store(X86State *cpu, const X86Insn *i, const uint8_t *data,
                         const uint8_t *mask, unsigned len)
{
    uint64_t ea = cpu->regs[X86_RDI].q << i->adshift >> i->adshift;
    unsigned first = 0, last = len;

    while (first < len && !(mask[first] & 0x80)) {
        first++;
    }
    if (first == len) {
        return;
    }
    while (!(mask[last - 1] & 0x80)) {
        last--;
    }
    x86_probe(cpu, i->seg, ea + first, last - first, SOFT_TLB_WRITE);
    for (unsigned k = first; k < last; k++) {
        if (mask[k] & 0x80) {
            x86_st8(cpu, i->seg, ea + k, data[k]);
        }
    }
}

REF(maskmovdqu)
{
    masked_store(cpu, i, cpu->xs.xmm[i->reg].u8, cpu->xs.xmm[i->rm].u8, 16);
}

REF(m_maskmovq)
{
    uint64_t data = mmx_get(cpu, i->reg), mask = mmx_get(cpu, i->rm);

    x87_wait(cpu);
    masked_store(cpu, i, (uint8_t *)&data, (uint8_t *)&mask, 8);
    mmx_enter(cpu);
}

/* --- sign masks ----------------------------------------------------------------- */

static unsigned mask_ps(const X86Vec *v)
{
    return v->u32[0] >> 31 | v->u32[1] >> 31 << 1 | v->u32[2] >> 31 << 2 |
           v->u32[3] >> 31 << 3;
}

static unsigned mask_pd(const X86Vec *v)
{
    return v->u64[0] >> 63 | v->u64[1] >> 63 << 1;
}

static unsigned mask_b(const X86Vec *v)
{
    unsigned r;

    __asm__("pmovmskb %1, %0" : "=r"(r) : "x"(v_of(*v)));
    return r;
}

#define MOVMSK(name, fn, bits)                     \
    REF(name)                                      \
    {                                              \
        unsigned r = fn(&cpu->xs.xmm[i->rm]);      \
                                                   \
        if (i->vl == 32) {                         \
            r |= fn(&cpu->xs.ymmh[i->rm]) << bits; \
        }                                          \
        x86_reg_set32(cpu, i->reg, r);             \
    }                                              \
    struct x86_semicolon

/* Of legacy and VEX form: the legacy vl is 16. */
MOVMSK(movmskps, mask_ps, 4);
MOVMSK(movmskpd, mask_pd, 2);
MOVMSK(pmovmskb, mask_b, 16);

/* --- shuffles by immediate ------------------------------------------------------ */

/* Destination and first source are not the same thing here: a result only. */
#define IMM_INSN "pshufd %2, %1, %0"
static X86V lane_pshufd(X86V a, X86V b, unsigned imm)
{
    switch (imm & 255) {
        X86_CASES_256(IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

#define IMM_INSN "pshuflw %2, %1, %0"
static X86V lane_pshuflw(X86V a, X86V b, unsigned imm)
{
    switch (imm & 255) {
        X86_CASES_256(IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

#define IMM_INSN "pshufhw %2, %1, %0"
static X86V lane_pshufhw(X86V a, X86V b, unsigned imm)
{
    switch (imm & 255) {
        X86_CASES_256(IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

#define IMM_INSN "shufps %2, %1, %0"
static X86V lane_shufps(X86V a, X86V b, unsigned imm)
{
    switch (imm & 255) {
        X86_CASES_256(IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

/* The upper half of VEX.256 takes the next two bits. */
static X86V lane_shufpd(X86V a, X86V b, unsigned imm)
{
    return (X86V){ imm & 1 ? a[1] : a[0], imm & 2 ? b[1] : b[0] };
}

/* From 32 on the result is zero. */
#define IMM_INSN "palignr %2, %1, %0"
static X86V lane_palignr(X86V a, X86V b, unsigned imm)
{
    switch (imm < 32 ? imm : 32) {
        X86_CASES_32(IMM_CASE, 0)
    default:
        a = v_of64(0);
        break;
    }
    return a;
}
#undef IMM_INSN

#define IMM_INSN "psrldq %2, %0"
static X86V lane_psrldq(X86V a, unsigned imm)
{
    X86V b = a;

    switch (imm < 16 ? imm : 16) {
        X86_CASES_16(IMM_CASE, 0)
    default:
        a = v_of64(0);
        break;
    }
    return a;
}
#undef IMM_INSN

#define IMM_INSN "pslldq %2, %0"
static X86V lane_pslldq(X86V a, unsigned imm)
{
    X86V b = a;

    switch (imm < 16 ? imm : 16) {
        X86_CASES_16(IMM_CASE, 0)
    default:
        a = v_of64(0);
        break;
    }
    return a;
}
#undef IMM_INSN

IMM_FORMS(pshufd, imm);
IMM_FORMS(pshuflw, imm);
IMM_FORMS(pshufhw, imm);
IMM_FORMS(shufps, imm);
IMM_FORMS(shufpd, imm >> 2);
IMM_FORMS(palignr, imm);

/* These shift the rm register; the destination is rm, with VEX vvvv. */
#define BYTE_SHIFT(name)                                                        \
    REF(name)                                                                   \
    {                                                                           \
        v_set_xmm(cpu, i->rm, lane_##name(v_xmm(cpu, i->rm), (uint8_t)i->imm)); \
    }                                                                           \
    REF(v##name)                                                                \
    {                                                                           \
        X86V lo = lane_##name(v_xmm(cpu, i->rm), (uint8_t)i->imm);              \
                                                                                \
        if (i->vl == 16) {                                                      \
            v_set_vex128(cpu, i->vvvv, lo);                                     \
        } else {                                                                \
            v_set_ymm(cpu, i->vvvv, lo,                                         \
                      lane_##name(v_ymmh(cpu, i->rm), (uint8_t)i->imm));        \
        }                                                                       \
    }                                                                           \
    struct x86_semicolon

BYTE_SHIFT(psrldq);
BYTE_SHIFT(pslldq);

REF(pinsrw)
{
    uint16_t v = gpr_or_mem16(cpu, i);

    cpu->xs.xmm[i->reg].u16[i->imm & 7] = v;
}

REF(vpinsrw)
{
    X86Vec v = cpu->xs.xmm[i->vvvv];

    v.u16[i->imm & 7] = gpr_or_mem16(cpu, i);
    x86_vex_set128(cpu, i->reg, v);
}

REF(pextrw)
{
    x86_reg_set32(cpu, i->reg, cpu->xs.xmm[i->rm].u16[i->imm & 7]);
}

/* --- compares to flags ---------------------------------------------------------- */

#define COMI(name, bits)                                                     \
    REF(name)                                                                \
    {                                                                        \
        X86V b = v_rm##bits(cpu, i), a = v_xmm(cpu, i->reg);                 \
        bool zf, pf, cf;                                                     \
                                                                             \
        SSE_FP(cpu, __asm__ volatile(#name " %4, %3"                         \
                                     : "=@ccz"(zf), "=@ccp"(pf), "=@ccc"(cf) \
                                     : "x"(a), "x"(b)));                     \
        x86_set_arith(cpu, (zf ? X86_FL_ZF : 0) | (pf ? X86_FL_PF : 0) |     \
                               (cf ? X86_FL_CF : 0));                        \
    }                                                                        \
    struct x86_semicolon

COMI(comiss, 32);
COMI(comisd, 64);
COMI(ucomiss, 32);
COMI(ucomisd, 64);

/* --- conversions with general registers ----------------------------------------- */

/* From an integer: the upper part of the destination is kept (VEX: of vvvv). */
static inline X86V lane_cvtsi2ss(X86V a, uint64_t v, bool wide)
{
    if (wide) {
        __asm__ volatile("cvtsi2ssq %1, %0" : "+x"(a) : "r"(v));
    } else {
        __asm__ volatile("cvtsi2ssl %1, %0" : "+x"(a) : "r"((uint32_t)v));
    }
    return a;
}

static inline X86V lane_cvtsi2sd(X86V a, uint64_t v, bool wide)
{
    if (wide) {
        __asm__ volatile("cvtsi2sdq %1, %0" : "+x"(a) : "r"(v));
    } else {
        __asm__ volatile("cvtsi2sdl %1, %0" : "+x"(a) : "r"((uint32_t)v));
    }
    return a;
}

#define FROM_GPR(name)                                                 \
    REF(name)                                                          \
    {                                                                  \
        bool wide = i->opsize == 8;                                    \
        uint64_t v = wide ? x86_rm_ld64(cpu, i) : x86_rm_ld32(cpu, i); \
        X86V a = v_xmm(cpu, i->reg), r;                                \
                                                                       \
        SSE_FP(cpu, r = lane_##name(a, v, wide));                      \
        v_set_xmm(cpu, i->reg, r);                                     \
    }                                                                  \
    REF(v##name)                                                       \
    {                                                                  \
        bool wide = i->opsize == 8;                                    \
        uint64_t v = wide ? x86_rm_ld64(cpu, i) : x86_rm_ld32(cpu, i); \
        X86V a = v_xmm(cpu, i->vvvv), r;                               \
                                                                       \
        SSE_FP(cpu, r = lane_##name(a, v, wide));                      \
        v_set_vex128(cpu, i->reg, r);                                  \
    }                                                                  \
    struct x86_semicolon

FROM_GPR(cvtsi2ss);
FROM_GPR(cvtsi2sd);

#define TO_GPR(name, bits)                                                      \
    REF(name)                                                                   \
    {                                                                           \
        X86V b = v_rm##bits(cpu, i);                                            \
        uint64_t q;                                                             \
        uint32_t d;                                                             \
                                                                                \
        if (i->opsize == 8) {                                                   \
            SSE_FP(cpu, __asm__ volatile(#name " %1, %q0" : "=r"(q) : "x"(b))); \
            cpu->regs[i->reg].q = q;                                            \
        } else {                                                                \
            SSE_FP(cpu, __asm__ volatile(#name " %1, %k0" : "=r"(d) : "x"(b))); \
            cpu->regs[i->reg].q = d;                                            \
        }                                                                       \
    }                                                                           \
    struct x86_semicolon

TO_GPR(cvtss2si, 32);
TO_GPR(cvtsd2si, 64);
TO_GPR(cvttss2si, 32);
TO_GPR(cvttsd2si, 64);

/* --- conversions with MMX registers --------------------------------------------- */

/* Only the register forms of CVTPI2PS and CVTPI2PD touch the MMX state. */
static uint64_t mmx_source(X86State *cpu, const X86Insn *i)
{
    uint64_t v;

    if (is_mem(i)) {
        return x86_m_ld64(cpu, i);
    }
    v = mmx_rm(cpu, i);
    mmx_enter(cpu);
    return v;
}

/* CVTPI2PS by CVTDQ2PS on two elements; the idle ones are zero and raise nothing. */
REF(cvtpi2ps)
{
    X86V v = v_of64(mmx_source(cpu, i)), r;

    SSE_FP(cpu, __asm__ volatile("cvtdq2ps %1, %0" : "=x"(r) : "x"(v)));
    cpu->xs.xmm[i->reg].u64[0] = r[0];
}

REF(cvtpi2pd)
{
    X86V v = v_of64(mmx_source(cpu, i)), r;

    __asm__("cvtdq2pd %1, %0" : "=x"(r) : "x"(v));
    v_set_xmm(cpu, i->reg, r);
}

/* The MMX state is entered before an unmasked exception of the conversion. */
#define TO_MMX(name, insn, load)                                          \
    REF(name)                                                             \
    {                                                                     \
        X86V b, r;                                                        \
                                                                          \
        x87_wait(cpu);                                                    \
        b = load;                                                         \
        mmx_enter(cpu);                                                   \
        SSE_FP(cpu, __asm__ volatile(insn " %1, %0" : "=x"(r) : "x"(b))); \
        mmx_set(cpu, i->reg, r[0]);                                       \
    }                                                                     \
    struct x86_semicolon

/* The upper elements must not raise anything. */
TO_MMX(cvtps2pi, "cvtps2dq", v_of64(x86_xrm_ld64(cpu, i)));
TO_MMX(cvttps2pi, "cvttps2dq", v_of64(x86_xrm_ld64(cpu, i)));
TO_MMX(cvtpd2pi, "cvtpd2dq", v_rm128(cpu, i));
TO_MMX(cvttpd2pi, "cvttpd2dq", v_rm128(cpu, i));
