/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SSE4.1, SSE4.2, SSE4A, PCLMULQDQ, AES key expansion and SHA, apart from what
 * vec-int.def holds; with their VEX forms.
 *
 * An instruction whose immediate selects the operation runs on the host by a switch
 * with one case for each immediate, since the host wants it in the code.
 */
#include "accel/target/i386/ref-sse4.h"
#include "accel/target/i386/flags.h"
#include "accel/target/i386/vec-forms.h"

/* --- blends --------------------------------------------------------------------- */

#define IMM_INSN "blendps %2, %1, %0"
static X86V lane_blendps(X86V a, X86V b, unsigned imm)
{
    switch (imm & 15) {
        X86_CASES_16(IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

static X86V lane_blendpd(X86V a, X86V b, unsigned imm)
{
    return (X86V){ imm & 1 ? b[0] : a[0], imm & 2 ? b[1] : a[1] };
}

#define IMM_INSN "pblendw %2, %1, %0"
static X86V lane_pblendw(X86V a, X86V b, unsigned imm)
{
    switch (imm & 255) {
        X86_CASES_256(IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

IMM_FORMS(blendps, imm >> 4);
IMM_FORMS(blendpd, imm >> 2);
IMM_FORMS(pblendw, imm);

/* By the sign bits of a third operand: XMM0, or a register named by the immediate. */
static X86Vec lane_pblendvb(X86Vec a, X86Vec b, X86Vec mask)
{
    for (unsigned k = 0; k < 16; k++) {
        a.u8[k] = mask.s8[k] < 0 ? b.u8[k] : a.u8[k];
    }
    return a;
}

static X86Vec lane_blendvps(X86Vec a, X86Vec b, X86Vec mask)
{
    for (unsigned k = 0; k < 4; k++) {
        a.u32[k] = mask.s32[k] < 0 ? b.u32[k] : a.u32[k];
    }
    return a;
}

static X86Vec lane_blendvpd(X86Vec a, X86Vec b, X86Vec mask)
{
    for (unsigned k = 0; k < 2; k++) {
        a.u64[k] = mask.s64[k] < 0 ? b.u64[k] : a.u64[k];
    }
    return a;
}

#define BLENDV(name)                                                               \
    REF(name)                                                                      \
    {                                                                              \
        X86Vec b = x86_xrm_ld128(cpu, i);                                          \
                                                                                   \
        cpu->xs.xmm[i->reg] = lane_##name(cpu->xs.xmm[i->reg], b, cpu->xs.xmm[0]); \
    }                                                                              \
    REF(v##name)                                                                   \
    {                                                                              \
        unsigned m = (uint8_t)i->imm >> 4 & (x86_is64(cpu) ? 15 : 7);              \
                                                                                   \
        if (i->vl == 16) {                                                         \
            X86Vec b = x86_xrm_ld128(cpu, i);                                      \
                                                                                   \
            b = lane_##name(cpu->xs.xmm[i->vvvv], b, cpu->xs.xmm[m]);              \
            x86_vex_set128(cpu, i->reg, b);                                        \
        } else {                                                                   \
            X86Vec256 b = x86_yrm_ld256(cpu, i);                                   \
            X86Vec256 a = x86_ymm_get(cpu, i->vvvv);                               \
                                                                                   \
            b.v[0] = lane_##name(a.v[0], b.v[0], cpu->xs.xmm[m]);                  \
            b.v[1] = lane_##name(a.v[1], b.v[1], cpu->xs.ymmh[m]);                 \
            x86_ymm_set(cpu, i->reg, &b);                                          \
        }                                                                          \
    }                                                                              \
    struct x86_semicolon

BLENDV(pblendvb);
BLENDV(blendvps);
BLENDV(blendvpd);

/* --- inserts and extracts ------------------------------------------------------- */

static uint8_t gpr_or_mem8(X86State *cpu, const X86Insn *i)
{
    return is_mem(i) ? x86_m_ld8(cpu, i) : cpu->regs[i->rm].b[0];
}

static uint64_t gpr_or_mem_y(X86State *cpu, const X86Insn *i)
{
    return i->opsize == 8 ? x86_rm_ld64(cpu, i) : x86_rm_ld32(cpu, i);
}

static X86Vec insert_b(X86State *cpu, const X86Insn *i, X86Vec v)
{
    v.u8[i->imm & 15] = gpr_or_mem8(cpu, i);
    return v;
}

static X86Vec insert_y(X86State *cpu, const X86Insn *i, X86Vec v)
{
    uint64_t x = gpr_or_mem_y(cpu, i);

    if (i->opsize == 8) {
        v.u64[i->imm & 1] = x;
    } else {
        v.u32[i->imm & 3] = x;
    }
    return v;
}

/* imm[7:6]: element of a register source; imm[5:4]: where to; imm[3:0]: zeroed. */
static X86Vec insert_ps(X86State *cpu, const X86Insn *i, X86Vec v)
{
    unsigned imm = (uint8_t)i->imm;

    v.u32[imm >> 4 & 3] =
        is_mem(i) ? x86_m_ld32(cpu, i) : cpu->xs.xmm[i->rm].u32[imm >> 6];
    for (unsigned k = 0; k < 4; k++) {
        v.u32[k] = imm >> k & 1 ? 0 : v.u32[k];
    }
    return v;
}

#define INSERT(name, fn)                                               \
    REF(name)                                                          \
    {                                                                  \
        cpu->xs.xmm[i->reg] = fn(cpu, i, cpu->xs.xmm[i->reg]);         \
    }                                                                  \
    REF(v##name)                                                       \
    {                                                                  \
        x86_vex_set128(cpu, i->reg, fn(cpu, i, cpu->xs.xmm[i->vvvv])); \
    }                                                                  \
    struct x86_semicolon

INSERT(pinsrb, insert_b);
INSERT(pinsrd, insert_y);
INSERT(insertps, insert_ps);

REF(pextrb)
{
    uint8_t v = cpu->xs.xmm[i->reg].u8[i->imm & 15];

    if (is_mem(i)) {
        x86_st8(cpu, i->seg, x86_ea(cpu, i), v);
    } else {
        x86_reg_set32(cpu, i->rm, v);
    }
}

/* 0F3A 15; the older 0F C5 is in ref-sse.c. */
REF(pextrw_st)
{
    uint16_t v = cpu->xs.xmm[i->reg].u16[i->imm & 7];

    if (is_mem(i)) {
        x86_st16(cpu, i->seg, x86_ea(cpu, i), v);
    } else {
        x86_reg_set32(cpu, i->rm, v);
    }
}

REF(extractps)
{
    uint32_t v = cpu->xs.xmm[i->reg].u32[i->imm & 3];

    if (is_mem(i)) {
        x86_st32(cpu, i->seg, x86_ea(cpu, i), v);
    } else {
        x86_reg_set32(cpu, i->rm, v);
    }
}

REF(pextrd)
{
    if (i->opsize == 8) {
        uint64_t v = cpu->xs.xmm[i->reg].u64[i->imm & 1];

        if (is_mem(i)) {
            x86_st64(cpu, i->seg, x86_ea(cpu, i), v);
        } else {
            cpu->regs[i->rm].q = v;
        }
    } else {
        x86_ref_extractps(cpu, i);
    }
}

/* --- tests to flags ------------------------------------------------------------- */

/* ZF: a and b have no common bit; CF: b has none outside a; of the bits in @mask. */
static void set_test_flags(X86State *cpu, const X86Vec256 *a, const X86Vec256 *b,
                           uint64_t mask, unsigned words)
{
    uint64_t both = 0, only_b = 0;

    for (unsigned k = 0; k < words; k++) {
        both |= a->u64[k] & b->u64[k] & mask;
        only_b |= ~a->u64[k] & b->u64[k] & mask;
    }
    x86_set_arith(cpu, (both ? 0 : X86_FL_ZF) | (only_b ? 0 : X86_FL_CF));
}

static void test_form(X86State *cpu, const X86Insn *i, uint64_t mask)
{
    X86Vec256 a = x86_ymm_get(cpu, i->reg), b;

    if (i->vl == 16) {
        b.v[0] = x86_xrm_ld128(cpu, i);
        set_test_flags(cpu, &a, &b, mask, 2);
    } else {
        b = x86_yrm_ld256(cpu, i);
        set_test_flags(cpu, &a, &b, mask, 4);
    }
}

REF(ptest)
{
    test_form(cpu, i, ~0ull);
}

REF(vtestps)
{
    test_form(cpu, i, 0x8000000080000000ull);
}

REF(vtestpd)
{
    test_form(cpu, i, 0x8000000000000000ull);
}

/* --- rounding and dot products -------------------------------------------------- */

/* As IMM_CASE, ordered with the accesses to MXCSR. */
#define FP_IMM_CASE(k)                                                       \
    case k:                                                                  \
        __asm__ volatile(IMM_INSN " %2, %1, %0" : "+x"(a) : "x"(b), "i"(k)); \
        break;

#define IMM_INSN "roundps"
static X86V lane_roundps(X86V a, X86V b, unsigned imm)
{
    switch (imm & 15) {
        X86_CASES_16(FP_IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

#define IMM_INSN "roundpd"
static X86V lane_roundpd(X86V a, X86V b, unsigned imm)
{
    switch (imm & 15) {
        X86_CASES_16(FP_IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

#define IMM_INSN "roundss"
static X86V lane_roundss(X86V a, X86V b, unsigned imm)
{
    switch (imm & 15) {
        X86_CASES_16(FP_IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

#define IMM_INSN "roundsd"
static X86V lane_roundsd(X86V a, X86V b, unsigned imm)
{
    switch (imm & 15) {
        X86_CASES_16(FP_IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

#define IMM_INSN "dpps"
static X86V lane_dpps(X86V a, X86V b, unsigned imm)
{
    switch (imm & 255) {
        X86_CASES_256(FP_IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

/* Immediate bits 3:2 and 7:6 are not looked at. */
#define IMM_INSN "dppd"
static X86V lane_dppd(X86V a, X86V b, unsigned imm)
{
    switch (imm & 0x33) {
        X86_CASES_64(FP_IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

/* FP with immediate, packed. */
#define FP_IMM(name)                                                         \
    REF(name)                                                                \
    {                                                                        \
        X86V b = v_rm128(cpu, i), a = v_xmm(cpu, i->reg), r;                 \
                                                                             \
        SSE_FP(cpu, r = lane_##name(a, b, i->imm));                          \
        v_set_xmm(cpu, i->reg, r);                                           \
    }                                                                        \
    REF(v##name)                                                             \
    {                                                                        \
        X86V lo, hi;                                                         \
                                                                             \
        if (i->vl == 16) {                                                   \
            X86V b = v_rm128(cpu, i), a = v_xmm(cpu, i->vvvv);               \
                                                                             \
            SSE_FP(cpu, lo = lane_##name(a, b, i->imm));                     \
            v_set_vex128(cpu, i->reg, lo);                                   \
        } else {                                                             \
            X86V2 b = v_rm256(cpu, i);                                       \
                                                                             \
            SSE_FP(cpu, lo = lane_##name(v_xmm(cpu, i->vvvv), b.lo, i->imm); \
                   hi = lane_##name(v_ymmh(cpu, i->vvvv), b.hi, i->imm));    \
            v_set_ymm(cpu, i->reg, lo, hi);                                  \
        }                                                                    \
    }                                                                        \
    struct x86_semicolon

#define FP_IMM_SCALAR(name, bits)                                \
    REF(name)                                                    \
    {                                                            \
        X86V b = v_rm##bits(cpu, i), a = v_xmm(cpu, i->reg), r;  \
                                                                 \
        SSE_FP(cpu, r = lane_##name(a, b, i->imm));              \
        v_set_xmm(cpu, i->reg, r);                               \
    }                                                            \
    REF(v##name)                                                 \
    {                                                            \
        X86V b = v_rm##bits(cpu, i), a = v_xmm(cpu, i->vvvv), r; \
                                                                 \
        SSE_FP(cpu, r = lane_##name(a, b, i->imm));              \
        v_set_vex128(cpu, i->reg, r);                            \
    }                                                            \
    struct x86_semicolon

FP_IMM(roundps);
FP_IMM(roundpd);
FP_IMM_SCALAR(roundss, 32);
FP_IMM_SCALAR(roundsd, 64);
FP_IMM(dpps);
FP_IMM(dppd);

/* --- integer with immediate on the host ----------------------------------------- */

#define IMM_INSN "mpsadbw %2, %1, %0"
static X86V lane_mpsadbw(X86V a, X86V b, unsigned imm)
{
    switch (imm & 7) {
        X86_CASES_8(IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

/* Bits 0 and 4 choose the quadwords. */
static X86V lane_pclmulqdq(X86V a, X86V b, unsigned imm)
{
    switch (imm & 0x11) {
    case 0x00:
        __asm__("pclmulqdq $0x00, %1, %0" : "+x"(a) : "x"(b));
        break;
    case 0x01:
        __asm__("pclmulqdq $0x01, %1, %0" : "+x"(a) : "x"(b));
        break;
    case 0x10:
        __asm__("pclmulqdq $0x10, %1, %0" : "+x"(a) : "x"(b));
        break;
    default:
        __asm__("pclmulqdq $0x11, %1, %0" : "+x"(a) : "x"(b));
        break;
    }
    return a;
}

/* The round constant is XORed after everything else. */
static X86V lane_aeskeygenassist(X86V a, X86V b, unsigned imm)
{
    long long rcon = (long long)imm << 32;

    __asm__("aeskeygenassist $0, %1, %0" : "=x"(a) : "x"(b));
    return a ^ (X86V) { rcon, rcon };
}

#define IMM_INSN "sha1rnds4 %2, %1, %0"
static X86V lane_sha1rnds4(X86V a, X86V b, unsigned imm)
{
    switch (imm & 3) {
        X86_CASES_4(IMM_CASE, 0)
    }
    return a;
}
#undef IMM_INSN

IMM_FORMS(mpsadbw, imm >> 3);
IMM_FORMS(pclmulqdq, imm);
IMM_FORMS(aeskeygenassist, imm);
IMM_FORMS(sha1rnds4, imm);

LANE2(lane_sha1nexte, "sha1nexte");
LANE2(lane_sha1msg1, "sha1msg1");
LANE2(lane_sha1msg2, "sha1msg2");
LANE2(lane_sha256msg1, "sha256msg1");
LANE2(lane_sha256msg2, "sha256msg2");

#define SHA(name)                                                   \
    REF(name)                                                       \
    {                                                               \
        X86V b = v_rm128(cpu, i);                                   \
                                                                    \
        v_set_xmm(cpu, i->reg, lane_##name(v_xmm(cpu, i->reg), b)); \
    }                                                               \
    struct x86_semicolon

SHA(sha1nexte);
SHA(sha1msg1);
SHA(sha1msg2);
SHA(sha256msg1);
SHA(sha256msg2);

/* XMM0 is an operand. */
REF(sha256rnds2)
{
    X86V b = v_rm128(cpu, i), a = v_xmm(cpu, i->reg), wk = v_xmm(cpu, 0);

    __asm__("sha256rnds2 %2, %1, %0" : "+x"(a) : "x"(b), "Yz"(wk));
    v_set_xmm(cpu, i->reg, a);
}

/* --- string compares ------------------------------------------------------------ */

typedef struct StrResult {
    uint32_t index;
    X86V mask;
    bool cf, zf, sf, of;
} StrResult;

#define STR_FLAGS(r) "=@ccc"((r).cf), "=@ccz"((r).zf), "=@ccs"((r).sf), "=@cco"((r).of)

#define ESTRI_CASE(k)                                   \
    case k:                                             \
        __asm__("pcmpestri %6, %8, %7"                  \
                : "=c"(r.index), STR_FLAGS(r), "+a"(la) \
                : "i"(k), "x"(a), "x"(b), "d"(lb));     \
        break;
#define ESTRM_CASE(k)                                   \
    case k:                                             \
        __asm__("pcmpestrm %6, %8, %7"                  \
                : "=Yz"(r.mask), STR_FLAGS(r), "+a"(la) \
                : "i"(k), "x"(a), "x"(b), "d"(lb));     \
        break;
#define ISTRI_CASE(k)                         \
    case k:                                   \
        __asm__("pcmpistri %5, %7, %6"        \
                : "=c"(r.index), STR_FLAGS(r) \
                : "i"(k), "x"(a), "x"(b));    \
        break;
#define ISTRM_CASE(k)                         \
    case k:                                   \
        __asm__("pcmpistrm %5, %7, %6"        \
                : "=Yz"(r.mask), STR_FLAGS(r) \
                : "i"(k), "x"(a), "x"(b));    \
        break;

static StrResult pcmpestri(X86V a, X86V b, int la, int lb, unsigned imm)
{
    StrResult r = { 0 };

    switch (imm & 127) {
        X86_CASES_128(ESTRI_CASE, 0)
    }
    return r;
}

static StrResult pcmpestrm(X86V a, X86V b, int la, int lb, unsigned imm)
{
    StrResult r = { 0 };

    switch (imm & 127) {
        X86_CASES_128(ESTRM_CASE, 0)
    }
    return r;
}

static StrResult pcmpistri(X86V a, X86V b, unsigned imm)
{
    StrResult r = { 0 };

    switch (imm & 127) {
        X86_CASES_128(ISTRI_CASE, 0)
    }
    return r;
}

static StrResult pcmpistrm(X86V a, X86V b, unsigned imm)
{
    StrResult r = { 0 };

    switch (imm & 127) {
        X86_CASES_128(ISTRM_CASE, 0)
    }
    return r;
}

/* A length counts by its absolute value, and no more than the vector holds: 64-bit ones
 * fit in 32 bits. */
static int str_length(const X86State *cpu, const X86Insn *i, unsigned reg)
{
    int64_t v =
        i->opsize == 8 ? (int64_t)cpu->regs[reg].q : (int64_t)(int32_t)cpu->regs[reg].d;

    return v < -16 || v > 16 ? 16 : v;
}

static void set_str_flags(X86State *cpu, const StrResult *r)
{
    x86_set_arith(cpu, (r->cf ? X86_FL_CF : 0) | (r->zf ? X86_FL_ZF : 0) |
                           (r->sf ? X86_FL_SF : 0) | (r->of ? X86_FL_OF : 0));
}

static void set_str_index(X86State *cpu, const StrResult *r)
{
    x86_reg_set32(cpu, X86_RCX, r->index);
    set_str_flags(cpu, r);
}

static void set_str_mask(X86State *cpu, const X86Insn *i, const StrResult *r)
{
    if (i->flags & X86_I_VEX) {
        v_set_vex128(cpu, 0, r->mask);
    } else {
        v_set_xmm(cpu, 0, r->mask);
    }
    set_str_flags(cpu, r);
}

REF(pcmpestri)
{
    X86V b = v_rm128(cpu, i);
    StrResult r = pcmpestri(v_xmm(cpu, i->reg), b, str_length(cpu, i, X86_RAX),
                            str_length(cpu, i, X86_RDX), i->imm);

    set_str_index(cpu, &r);
}

REF(pcmpestrm)
{
    X86V b = v_rm128(cpu, i);
    StrResult r = pcmpestrm(v_xmm(cpu, i->reg), b, str_length(cpu, i, X86_RAX),
                            str_length(cpu, i, X86_RDX), i->imm);

    set_str_mask(cpu, i, &r);
}

REF(pcmpistri)
{
    X86V b = v_rm128(cpu, i);
    StrResult r = pcmpistri(v_xmm(cpu, i->reg), b, i->imm);

    set_str_index(cpu, &r);
}

REF(pcmpistrm)
{
    X86V b = v_rm128(cpu, i);
    StrResult r = pcmpistrm(v_xmm(cpu, i->reg), b, i->imm);

    set_str_mask(cpu, i, &r);
}

/* --- SSE4A (AMD APM volume 4) --------------------------------------------------- */

static uint64_t field_mask(unsigned len)
{
    return len ? (1ull << len) - 1 : ~0ull;
}

/* The upper quadword is undefined; processors clear it. */
static void extract_field(X86State *cpu, unsigned n, unsigned len, unsigned index)
{
    uint64_t v = cpu->xs.xmm[n].u64[0];

    cpu->xs.xmm[n].u64[0] = v >> (index & 63) & field_mask(len & 63);
    cpu->xs.xmm[n].u64[1] = 0;
}

static void insert_field(X86State *cpu, const X86Insn *i, unsigned len, unsigned index)
{
    uint64_t mask = field_mask(len & 63) << (index & 63);
    uint64_t v = cpu->xs.xmm[i->rm].u64[0] << (index & 63);
    X86Vec *to = &cpu->xs.xmm[i->reg];

    to->u64[0] = (to->u64[0] & ~mask) | (v & mask);
    to->u64[1] = 0;
}

REF(extrq_i)
{
    extract_field(cpu, i->rm, i->imm, i->imm2);
}

REF(extrq)
{
    uint64_t control = cpu->xs.xmm[i->rm].u64[0];

    extract_field(cpu, i->reg, control, control >> 8);
}

REF(insertq_i)
{
    insert_field(cpu, i, i->imm, i->imm2);
}

REF(insertq)
{
    uint64_t control = cpu->xs.xmm[i->rm].u64[1];

    insert_field(cpu, i, control, control >> 8);
}
