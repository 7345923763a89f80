/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shifts and rotates, double shifts, and the BMI2 forms without flags.
 *
 * A masked count of 0 changes no flags.  OF is defined for counts of 1 only; for other
 * counts it gets what the formula for 1 gives, which is what processors do.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/refs-int.h"

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

static inline uint64_t mask_of(unsigned bits)
{
    return ~0ull >> (64 - bits);
}

static inline void set_shift_flags(X86State *cpu, uint64_t res, bool cf, bool of,
                                   unsigned bits)
{
    cpu->cc_res = x86_sext(res, bits);
    cpu->cc_aux = (uint64_t)cf << 63 | (uint64_t)(cf ^ of) << 62;
}

static inline bool top(uint64_t v, unsigned bits)
{
    return v >> (bits - 1) & 1;
}

static inline uint64_t do_shl(X86State *cpu, uint64_t a, unsigned n, unsigned bits)
{
    uint64_t r;
    bool cf;

    n &= bits == 64 ? 63 : 31;
    if (!n) {
        return a;
    }
    r = a << n & mask_of(bits);
    cf = n <= bits && (a >> (bits - n) & 1);
    set_shift_flags(cpu, r, cf, cf ^ top(r, bits), bits);
    return r;
}

static inline uint64_t do_shr(X86State *cpu, uint64_t a, unsigned n, unsigned bits)
{
    uint64_t r;

    n &= bits == 64 ? 63 : 31;
    if (!n) {
        return a;
    }
    r = a >> n;
    set_shift_flags(cpu, r, a >> (n - 1) & 1, top(r, bits) ^ top(r << 1, bits), bits);
    return r;
}

static inline uint64_t do_sar(X86State *cpu, uint64_t a, unsigned n, unsigned bits)
{
    int64_t s = (int64_t)x86_sext(a, bits);

    n &= bits == 64 ? 63 : 31;
    if (!n) {
        return a;
    }
    set_shift_flags(cpu, s >> n, s >> (n - 1) & 1, false, bits);
    return s >> n;
}

static inline uint64_t do_rol(X86State *cpu, uint64_t a, unsigned n, unsigned bits)
{
    uint64_t r = a;
    unsigned k;

    n &= bits == 64 ? 63 : 31;
    if (!n) {
        return a;
    }
    k = n & (bits - 1);
    if (k) {
        r = (a << k | a >> (bits - k)) & mask_of(bits);
    }
    x86_set_cf_of(cpu, r & 1, (r & 1) ^ top(r, bits));
    return r;
}

static inline uint64_t do_ror(X86State *cpu, uint64_t a, unsigned n, unsigned bits)
{
    uint64_t r = a;
    unsigned k;

    n &= bits == 64 ? 63 : 31;
    if (!n) {
        return a;
    }
    k = n & (bits - 1);
    if (k) {
        r = (a >> k | a << (bits - k)) & mask_of(bits);
    }
    x86_set_cf_of(cpu, top(r, bits), top(r, bits) ^ top(r << 1, bits));
    return r;
}

static inline uint64_t do_rcl(X86State *cpu, uint64_t a, unsigned n, unsigned bits)
{
    bool cf = x86_cf(cpu);

    n &= bits == 64 ? 63 : 31;
    if (!n) {
        return a;
    }
    for (n %= bits + 1; n; n--) {
        bool out = top(a, bits);

        a = (a << 1 | cf) & mask_of(bits);
        cf = out;
    }
    x86_set_cf_of(cpu, cf, cf ^ top(a, bits));
    return a;
}

static inline uint64_t do_rcr(X86State *cpu, uint64_t a, unsigned n, unsigned bits)
{
    bool cf = x86_cf(cpu);

    n &= bits == 64 ? 63 : 31;
    if (!n) {
        return a;
    }
    for (n %= bits + 1; n; n--) {
        bool out = a & 1;

        a = a >> 1 | (uint64_t)cf << (bits - 1);
        cf = out;
    }
    x86_set_cf_of(cpu, cf, top(a, bits) ^ top(a << 1, bits));
    return a;
}

#define SHIFT_RMW(op, W, COUNT)                                                       \
    uint64_t ea = x86_ea(cpu, i);                                                     \
    PTR_##W *p = x86_fast_ptr(cpu, i->seg, ea, W / 8, SOFT_TLB_WRITE);                \
    if (x86_likely(p)) {                                                              \
        *p = do_##op(cpu, *p, COUNT, W);                                              \
    } else {                                                                          \
        x86_rmw_slow(cpu, i, ea, W / 8, op##_fn_##W, COUNT);                          \
    }

#define DEFINE_SHIFT(W, op)                                                           \
    static uint64_t op##_fn_##W(X86State *cpu, uint64_t a, uint64_t n)                \
    {                                                                                 \
        return do_##op(cpu, a, n, W);                                                 \
    }                                                                                 \
    REF(op##_ri_##W)                                                                  \
    {                                                                                 \
        WR_##W(rm, do_##op(cpu, RD_##W(rm), i->imm, W));                              \
    }                                                                                 \
    REF(op##_rc_##W)                                                                  \
    {                                                                                 \
        WR_##W(rm, do_##op(cpu, RD_##W(rm), RN_8(X86_RCX), W));                       \
    }                                                                                 \
    REF(op##_mi_##W)                                                                  \
    {                                                                                 \
        SHIFT_RMW(op, W, i->imm)                                                      \
    }                                                                                 \
    REF(op##_mc_##W)                                                                  \
    {                                                                                 \
        SHIFT_RMW(op, W, RN_8(X86_RCX))                                               \
    }

#define DEFINE_SHIFT_OP(op)                                                           \
    FOR_SIZES(DEFINE_SHIFT, op)                                                       \
    const X86RefSet x86_##op##_ei = {                                                 \
        { op##_ri_8, op##_ri_16, op##_ri_32, op##_ri_64 },                            \
        { op##_mi_8, op##_mi_16, op##_mi_32, op##_mi_64 },                            \
    };                                                                                \
    const X86RefSet x86_##op##_ec = {                                                 \
        { op##_rc_8, op##_rc_16, op##_rc_32, op##_rc_64 },                            \
        { op##_mc_8, op##_mc_16, op##_mc_32, op##_mc_64 },                            \
    };

DEFINE_SHIFT_OP(shl)
DEFINE_SHIFT_OP(shr)
DEFINE_SHIFT_OP(sar)
DEFINE_SHIFT_OP(rol)
DEFINE_SHIFT_OP(ror)
DEFINE_SHIFT_OP(rcl)
DEFINE_SHIFT_OP(rcr)

/* --- SHLD, SHRD ------------------------------------------------------------------------ */

/* Operand of the RMW function: the count; the second register comes by the state. */
static uint64_t double_left(X86State *cpu, uint64_t a, uint64_t b, unsigned n,
                            unsigned bits)
{
    uint64_t r;
    bool cf;

    n &= bits == 64 ? 63 : 31;
    if (!n) {
        return a;
    }
    if (bits == 16) {
        /* Counts above 16 are undefined; AMD goes on through a:b:b. */
        uint64_t v = a << 32 | b << 16 | b;

        r = v >> (32 - n) & 0xffff;
        cf = n <= 16 && v >> (48 - n) & 1;
    } else {
        r = (a << n | b >> (bits - n)) & mask_of(bits);
        cf = a >> (bits - n) & 1;
    }
    set_shift_flags(cpu, r, cf, top(r, bits) ^ top(a, bits), bits);
    return r;
}

static uint64_t double_right(X86State *cpu, uint64_t a, uint64_t b, unsigned n,
                             unsigned bits)
{
    uint64_t r;
    bool cf;

    n &= bits == 64 ? 63 : 31;
    if (!n) {
        return a;
    }
    if (bits == 16) {
        uint64_t v = b << 32 | b << 16 | a;

        r = v >> n & 0xffff;
        cf = n <= 16 && v >> (n - 1) & 1;
    } else {
        r = (a >> n | b << (bits - n)) & mask_of(bits);
        cf = a >> (n - 1) & 1;
    }
    set_shift_flags(cpu, r, cf, top(r, bits) ^ top(a, bits), bits);
    return r;
}

typedef uint64_t DoubleFn(X86State *, uint64_t, uint64_t, unsigned, unsigned);

static void double_shift(X86State *cpu, const X86Insn *i, unsigned n, DoubleFn *fn)
{
    unsigned size = i->opsize;
    uint64_t b = x86_reg_get(cpu, i->reg, size);

    if (i->flags & X86_I_MEM) {
        uint64_t ea = x86_ea(cpu, i);
        uint64_t a;

        /* Of any size: it is rare enough to do without the fast ways. */
        x86_probe(cpu, i->seg, ea, size, SOFT_TLB_WRITE);
        a = x86_ld_slow(cpu, i->seg, ea, size);
        x86_st_slow(cpu, i->seg, ea, fn(cpu, a, b, n, size * 8), size);
    } else {
        uint64_t a = x86_reg_get(cpu, i->rm, size);

        x86_reg_set(cpu, i->rm, size, fn(cpu, a, b, n, size * 8));
    }
}

void x86_ref_shld_i(X86State *cpu, const X86Insn *i)
{
    double_shift(cpu, i, i->imm, double_left);
}

void x86_ref_shld_c(X86State *cpu, const X86Insn *i)
{
    double_shift(cpu, i, RN_8(X86_RCX), double_left);
}

void x86_ref_shrd_i(X86State *cpu, const X86Insn *i)
{
    double_shift(cpu, i, i->imm, double_right);
}

void x86_ref_shrd_c(X86State *cpu, const X86Insn *i)
{
    double_shift(cpu, i, RN_8(X86_RCX), double_right);
}

/* --- BMI2: no flags ---------------------------------------------------------------------- */

static uint64_t rm_value(X86State *cpu, const X86Insn *i)
{
    return i->opsize == 8 ? x86_rm_ld64(cpu, i) : x86_rm_ld32(cpu, i);
}

void x86_ref_rorx(X86State *cpu, const X86Insn *i)
{
    unsigned bits = i->opsize * 8, n = i->imm & (bits - 1);
    uint64_t a = rm_value(cpu, i);

    x86_reg_set(cpu, i->reg, i->opsize, n ? a >> n | a << (bits - n) : a);
}

void x86_ref_shlx(X86State *cpu, const X86Insn *i)
{
    unsigned n = RN_8(i->vvvv) & (i->opsize * 8 - 1);

    x86_reg_set(cpu, i->reg, i->opsize, rm_value(cpu, i) << n);
}

void x86_ref_shrx(X86State *cpu, const X86Insn *i)
{
    unsigned n = RN_8(i->vvvv) & (i->opsize * 8 - 1);

    x86_reg_set(cpu, i->reg, i->opsize, rm_value(cpu, i) >> n);
}

void x86_ref_sarx(X86State *cpu, const X86Insn *i)
{
    unsigned n = RN_8(i->vvvv) & (i->opsize * 8 - 1);
    int64_t a = (int64_t)x86_sext(rm_value(cpu, i), i->opsize * 8);

    x86_reg_set(cpu, i->reg, i->opsize, a >> n);
}
