/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AVX and AVX2 instructions without a legacy counterpart: broadcasts, permutes across
 * lanes, variable shifts, masked moves, gathers.
 */
#include "accel/target/i386/ref-avx.h"
#include "accel/target/i386/vec-forms.h"

/* YMM8 to YMM15 are out of reach, and stay, outside 64-bit code. */
static unsigned reg_count(const X86State *cpu)
{
    return x86_is64(cpu) ? 16 : 8;
}

REF(vzeroupper)
{
    memset(cpu->xs.ymmh, 0, reg_count(cpu) * sizeof(X86Vec));
}

REF(vzeroall)
{
    memset(cpu->xs.xmm, 0, reg_count(cpu) * sizeof(X86Vec));
    memset(cpu->xs.ymmh, 0, reg_count(cpu) * sizeof(X86Vec));
}

static void set_vl(X86State *cpu, const X86Insn *i, const X86Vec256 *v)
{
    if (i->vl == 16) {
        x86_vex_set128(cpu, i->reg, v->v[0]);
    } else {
        x86_ymm_set(cpu, i->reg, v);
    }
}

/* The rm operand in the instruction's length. */
static X86Vec256 load_vl(X86State *cpu, const X86Insn *i)
{
    X86Vec256 v;

    if (i->vl == 32) {
        return x86_yrm_ld256(cpu, i);
    }
    v.v[0] = x86_xrm_ld128(cpu, i);
    v.v[1] = (X86Vec){ .u64 = { 0 } };
    return v;
}

/* --- broadcasts ----------------------------------------------------------------- */

static void broadcast(X86State *cpu, const X86Insn *i, uint64_t v)
{
    X86Vec256 r = {
        .u64 = {v, v, v, v}
    };

    set_vl(cpu, i, &r);
}

REF(vbroadcast8)
{
    uint8_t v = is_mem(i) ? x86_m_ld8(cpu, i) : cpu->xs.xmm[i->rm].u8[0];

    broadcast(cpu, i, v * 0x0101010101010101ull);
}

REF(vbroadcast16)
{
    uint16_t v = is_mem(i) ? x86_m_ld16(cpu, i) : cpu->xs.xmm[i->rm].u16[0];

    broadcast(cpu, i, v * 0x0001000100010001ull);
}

REF(vbroadcast32)
{
    broadcast(cpu, i, x86_xrm_ld32(cpu, i) * 0x0000000100000001ull);
}

REF(vbroadcast64)
{
    broadcast(cpu, i, x86_xrm_ld64(cpu, i));
}

REF(vbroadcast128)
{
    X86Vec v = x86_m_ld128(cpu, i);

    v_set_ymm(cpu, i->reg, v_of(v), v_of(v));
}

/* --- permutes ------------------------------------------------------------------- */

REF(vpermilps)
{
    X86Vec256 control = load_vl(cpu, i), a = x86_ymm_get(cpu, i->vvvv), r;

    for (unsigned k = 0; k < 8; k++) {
        r.u32[k] = a.u32[(k & 4) | (control.u32[k] & 3)];
    }
    set_vl(cpu, i, &r);
}

REF(vpermilpd)
{
    X86Vec256 control = load_vl(cpu, i), a = x86_ymm_get(cpu, i->vvvv), r;

    for (unsigned k = 0; k < 4; k++) {
        r.u64[k] = a.u64[(k & 2) | (control.u64[k] >> 1 & 1)];
    }
    set_vl(cpu, i, &r);
}

REF(vpermilps_i)
{
    X86Vec256 a = load_vl(cpu, i), r;

    for (unsigned k = 0; k < 8; k++) {
        r.u32[k] = a.u32[(k & 4) | (i->imm >> (2 * (k & 3)) & 3)];
    }
    set_vl(cpu, i, &r);
}

REF(vpermilpd_i)
{
    X86Vec256 a = load_vl(cpu, i), r;

    for (unsigned k = 0; k < 4; k++) {
        r.u64[k] = a.u64[(k & 2) | (i->imm >> k & 1)];
    }
    set_vl(cpu, i, &r);
}

/* Four bits choose each half: which half of which source, or zero. */
static X86Vec select128(const X86Vec256 *a, const X86Vec256 *b, unsigned control)
{
    if (control & 8) {
        return (X86Vec){ .u64 = { 0 } };
    }
    return control & 2 ? b->v[control & 1] : a->v[control & 1];
}

REF(vperm2f128)
{
    X86Vec256 b = x86_yrm_ld256(cpu, i), a = x86_ymm_get(cpu, i->vvvv), r;

    r.v[0] = select128(&a, &b, i->imm & 15);
    r.v[1] = select128(&a, &b, i->imm >> 4 & 15);
    x86_ymm_set(cpu, i->reg, &r);
}

REF(vinsertf128)
{
    X86Vec b = x86_xrm_ld128(cpu, i);
    X86Vec256 r = x86_ymm_get(cpu, i->vvvv);

    r.v[i->imm & 1] = b;
    x86_ymm_set(cpu, i->reg, &r);
}

REF(vextractf128)
{
    X86Vec v = i->imm & 1 ? cpu->xs.ymmh[i->reg] : cpu->xs.xmm[i->reg];

    if (is_mem(i)) {
        x86_m_st128(cpu, i, v);
    } else {
        x86_vex_set128(cpu, i->rm, v);
    }
}

/* VPERMQ and VPERMPD */
REF(vpermq)
{
    X86Vec256 a = x86_yrm_ld256(cpu, i), r;

    for (unsigned k = 0; k < 4; k++) {
        r.u64[k] = a.u64[i->imm >> (2 * k) & 3];
    }
    x86_ymm_set(cpu, i->reg, &r);
}

/* VPERMD and VPERMPS: vvvv holds the indexes. */
REF(vpermd)
{
    X86Vec256 a = x86_yrm_ld256(cpu, i), index = x86_ymm_get(cpu, i->vvvv), r;

    for (unsigned k = 0; k < 8; k++) {
        r.u32[k] = a.u32[index.u32[k] & 7];
    }
    x86_ymm_set(cpu, i->reg, &r);
}

/* --- variable shifts ------------------------------------------------------------ */

#define SHIFTV(name, elem, count, expr)                                  \
    REF(name)                                                            \
    {                                                                    \
        X86Vec256 b = load_vl(cpu, i), a = x86_ymm_get(cpu, i->vvvv), r; \
                                                                         \
        for (unsigned k = 0; k < count; k++) {                           \
            r.elem[k] = expr;                                            \
        }                                                                \
        set_vl(cpu, i, &r);                                              \
    }                                                                    \
    struct x86_semicolon

SHIFTV(vpsllvd, u32, 8, b.u32[k] < 32 ? a.u32[k] << b.u32[k] : 0);
SHIFTV(vpsrlvd, u32, 8, b.u32[k] < 32 ? a.u32[k] >> b.u32[k] : 0);
SHIFTV(vpsravd, s32, 8, a.s32[k] >> (b.u32[k] < 32 ? b.u32[k] : 31));
SHIFTV(vpsllvq, u64, 4, b.u64[k] < 64 ? a.u64[k] << b.u64[k] : 0);
SHIFTV(vpsrlvq, u64, 4, b.u64[k] < 64 ? a.u64[k] >> b.u64[k] : 0);

/* --- masked moves --------------------------------------------------------------- */

/* Only elements whose mask has the sign set are accessed, or can fault. */
REF(vmaskmov32_ld)
{
    X86Vec256 mask = x86_ymm_get(cpu, i->vvvv), r = { .u64 = { 0 } };
    uint64_t ea = x86_ea(cpu, i);

    for (unsigned k = 0; k < i->vl / 4; k++) {
        if (mask.s32[k] < 0) {
            r.u32[k] = x86_ld32(cpu, i->seg, ea + 4 * k);
        }
    }
    set_vl(cpu, i, &r);
}

REF(vmaskmov64_ld)
{
    X86Vec256 mask = x86_ymm_get(cpu, i->vvvv), r = { .u64 = { 0 } };
    uint64_t ea = x86_ea(cpu, i);

    for (unsigned k = 0; k < i->vl / 8; k++) {
        if (mask.s64[k] < 0) {
            r.u64[k] = x86_ld64(cpu, i->seg, ea + 8 * k);
        }
    }
    set_vl(cpu, i, &r);
}

REF(vmaskmov32_st)
{
    X86Vec256 mask = x86_ymm_get(cpu, i->vvvv), v = x86_ymm_get(cpu, i->reg);
    uint64_t ea = x86_ea(cpu, i);

    for (unsigned k = 0; k < i->vl / 4; k++) {
        if (mask.s32[k] < 0) {
            x86_probe(cpu, i->seg, ea + 4 * k, 4, SOFT_TLB_WRITE);
        }
    }
    for (unsigned k = 0; k < i->vl / 4; k++) {
        if (mask.s32[k] < 0) {
            x86_st32(cpu, i->seg, ea + 4 * k, v.u32[k]);
        }
    }
}

REF(vmaskmov64_st)
{
    X86Vec256 mask = x86_ymm_get(cpu, i->vvvv), v = x86_ymm_get(cpu, i->reg);
    uint64_t ea = x86_ea(cpu, i);

    for (unsigned k = 0; k < i->vl / 8; k++) {
        if (mask.s64[k] < 0) {
            x86_probe(cpu, i->seg, ea + 8 * k, 8, SOFT_TLB_WRITE);
        }
    }
    for (unsigned k = 0; k < i->vl / 8; k++) {
        if (mask.s64[k] < 0) {
            x86_st64(cpu, i->seg, ea + 8 * k, v.u64[k]);
        }
    }
}

/* --- gathers -------------------------------------------------------------------- */

/*
 * SDM volume 2, VGATHER and VPGATHER.  The one case where a fault leaves something done
 * (rule R1): elements are gathered in order, and the mask of an element is cleared when
 * it is done, so that the instruction can be started again.  The three registers must
 * differ, and the address must have a SIB byte.
 */
static void gather_check(X86State *cpu, const X86Insn *i)
{
    if (i->index == X86_REG_ZERO || i->adshift == 48 || i->reg == i->index ||
        i->reg == i->vvvv || i->index == i->vvvv) {
        x86_raise_ud(cpu);
    }
}

static uint64_t gather_ea(const X86State *cpu, const X86Insn *i, int64_t index)
{
    uint64_t ea = cpu->regs[i->base].q + ((uint64_t)index << i->scale) + i->disp;

    return ea << i->adshift >> i->adshift;
}

/* Clears the mask, and the destination above the @len bytes gathered. */
static void gather_finish(X86State *cpu, const X86Insn *i, unsigned len)
{
    X86Vec256 r = x86_ymm_get(cpu, i->reg);

    memset(r.u8 + len, 0, 32 - len);
    x86_ymm_set(cpu, i->reg, &r);
    v_set_ymm(cpu, i->vvvv, v_of64(0), v_of64(0));
}

/* @count elements of @width bytes: 4 or 8. */
static void gather(X86State *cpu, const X86Insn *i, bool wide_index, unsigned width,
                   unsigned count)
{
    X86Vec256 index, mask, r;

    gather_check(cpu, i);
    index = x86_ymm_get(cpu, i->index);
    mask = x86_ymm_get(cpu, i->vvvv);
    r = x86_ymm_get(cpu, i->reg);
    for (unsigned k = 0; k < count; k++) {
        int64_t n = wide_index ? index.s64[k] : index.s32[k];

        if (width == 4 && mask.s32[k] < 0) {
            r.u32[k] = x86_ld32(cpu, i->seg, gather_ea(cpu, i, n));
        } else if (width == 8 && mask.s64[k] < 0) {
            r.u64[k] = x86_ld64(cpu, i->seg, gather_ea(cpu, i, n));
        }
        memset(mask.u8 + k * width, 0, width);
        x86_ymm_set(cpu, i->reg, &r);
        x86_ymm_set(cpu, i->vvvv, &mask);
    }
    gather_finish(cpu, i, count * width);
}

REF(vgather_d32)
{
    gather(cpu, i, false, 4, i->vl / 4);
}

REF(vgather_d64)
{
    gather(cpu, i, false, 8, i->vl / 8);
}

REF(vgather_q32)
{
    gather(cpu, i, true, 4, i->vl / 8);
}

REF(vgather_q64)
{
    gather(cpu, i, true, 8, i->vl / 8);
}
