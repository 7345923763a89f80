/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two-operand and one-operand arithmetic and logic: ADD, OR, ADC, SBB, AND, SUB, XOR,
 * CMP, TEST, INC, DEC, NEG, NOT, and the decimal adjustments.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/refs-int.h"

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

/* --- what each operation computes ------------------------------------------------ */

#define DEFINE_OPS(W)                                                            \
    static inline uint64_t add_##W(X86State *cpu, uint64_t a, uint64_t b)        \
    {                                                                            \
        uint64_t r = a + b;                                                      \
        x86_flags_add(cpu, a, b, r, W);                                          \
        return r;                                                                \
    }                                                                            \
    static inline uint64_t adc_##W(X86State *cpu, uint64_t a, uint64_t b)        \
    {                                                                            \
        uint64_t r = a + b + x86_cf(cpu);                                        \
        x86_flags_add(cpu, a, b, r, W);                                          \
        return r;                                                                \
    }                                                                            \
    static inline uint64_t sub_##W(X86State *cpu, uint64_t a, uint64_t b)        \
    {                                                                            \
        uint64_t r = a - b;                                                      \
        x86_flags_sub(cpu, a, b, r, W);                                          \
        return r;                                                                \
    }                                                                            \
    static inline uint64_t sbb_##W(X86State *cpu, uint64_t a, uint64_t b)        \
    {                                                                            \
        uint64_t r = a - b - x86_cf(cpu);                                        \
        x86_flags_sub(cpu, a, b, r, W);                                          \
        return r;                                                                \
    }                                                                            \
    static inline uint64_t and_##W(X86State *cpu, uint64_t a, uint64_t b)        \
    {                                                                            \
        uint64_t r = a & b;                                                      \
        x86_flags_logic(cpu, r, W);                                              \
        return r;                                                                \
    }                                                                            \
    static inline uint64_t or_##W(X86State *cpu, uint64_t a, uint64_t b)         \
    {                                                                            \
        uint64_t r = a | b;                                                      \
        x86_flags_logic(cpu, r, W);                                              \
        return r;                                                                \
    }                                                                            \
    static inline uint64_t xor_##W(X86State *cpu, uint64_t a, uint64_t b)        \
    {                                                                            \
        uint64_t r = a ^ b;                                                      \
        x86_flags_logic(cpu, r, W);                                              \
        return r;                                                                \
    }                                                                            \
    static inline uint64_t inc_##W(X86State *cpu, uint64_t a, uint64_t b)        \
    {                                                                            \
        bool cf = x86_cf(cpu);                                                   \
        uint64_t r = add_##W(cpu, a, 1);                                         \
        x86_set_cf(cpu, cf);                                                     \
        return r;                                                                \
    }                                                                            \
    static inline uint64_t dec_##W(X86State *cpu, uint64_t a, uint64_t b)        \
    {                                                                            \
        bool cf = x86_cf(cpu);                                                   \
        uint64_t r = sub_##W(cpu, a, 1);                                         \
        x86_set_cf(cpu, cf);                                                     \
        return r;                                                                \
    }                                                                            \
    static inline uint64_t neg_##W(X86State *cpu, uint64_t a, uint64_t b)        \
    {                                                                            \
        return sub_##W(cpu, 0, a);                                               \
    }                                                                            \
    static inline uint64_t not_##W(X86State *cpu, uint64_t a, uint64_t b)        \
    {                                                                            \
        return ~a;                                                               \
    }

FOR_SIZES(DEFINE_OPS)

/* --- forms ------------------------------------------------------------------------ */

/* Memory destination with the second operand B. */
#define RMW_BODY(op, W, B)                                                            \
    uint64_t ea = x86_ea(cpu, i);                                                     \
    PTR_##W *p = x86_fast_ptr(cpu, i->seg, ea, W / 8, SOFT_TLB_WRITE);                \
    if (x86_likely(p && !(i->flags & X86_I_LOCK))) {                                  \
        *p = op##_##W(cpu, *p, B);                                                    \
    } else {                                                                          \
        x86_rmw_slow(cpu, i, ea, W / 8, op##_##W, B);                                 \
    }

#define DEFINE_RMW_FORMS(W, op)                                                       \
    REF(op##_rr_##W)                                                                  \
    {                                                                                 \
        WR_##W(rm, op##_##W(cpu, RD_##W(rm), RD_##W(reg)));                           \
    }                                                                                 \
    REF(op##_mr_##W)                                                                  \
    {                                                                                 \
        RMW_BODY(op, W, RD_##W(reg))                                                  \
    }                                                                                 \
    REF(op##_rr2_##W)                                                                 \
    {                                                                                 \
        WR_##W(reg, op##_##W(cpu, RD_##W(reg), RD_##W(rm)));                          \
    }                                                                                 \
    REF_LOADS(op##_rm_##W, W, WR_##W(reg, op##_##W(cpu, RD_##W(reg), b)))             \
    REF(op##_ri_##W)                                                                  \
    {                                                                                 \
        WR_##W(rm, op##_##W(cpu, RD_##W(rm), (uint##W##_t)i->imm));                   \
    }                                                                                 \
    REF(op##_mi_##W)                                                                  \
    {                                                                                 \
        RMW_BODY(op, W, (uint##W##_t)i->imm)                                          \
    }

#define DEFINE_READ_FORMS(W, op, base)                                                \
    REF(op##_rr_##W)                                                                  \
    {                                                                                 \
        base##_##W(cpu, RD_##W(rm), RD_##W(reg));                                     \
    }                                                                                 \
    REF_LOADS(op##_mr_##W, W, base##_##W(cpu, b, RD_##W(reg)))                        \
    REF(op##_rr2_##W)                                                                 \
    {                                                                                 \
        base##_##W(cpu, RD_##W(reg), RD_##W(rm));                                     \
    }                                                                                 \
    REF_LOADS(op##_rm_##W, W, base##_##W(cpu, RD_##W(reg), b))                        \
    REF(op##_ri_##W)                                                                  \
    {                                                                                 \
        base##_##W(cpu, RD_##W(rm), (uint##W##_t)i->imm);                             \
    }                                                                                 \
    REF_LOADS(op##_mi_##W, W, base##_##W(cpu, b, (uint##W##_t)i->imm))

#define FORM_SET(name, op, rform, mform)                                              \
    const X86RefSet name = {                                                          \
        { op##_##rform##_8, op##_##rform##_16, op##_##rform##_32, op##_##rform##_64 },\
        { op##_##mform##_8, op##_##mform##_16, op##_##mform##_32, op##_##mform##_64 },\
    };

#define DEFINE_RMW_OP(op)                                                             \
    FOR_SIZES(DEFINE_RMW_FORMS, op)                                                   \
    FORM_SET(x86_##op##_eg, op, rr, mr)                                               \
    FORM_SET(x86_##op##_ge, op, rr2, rm)                                              \
    FORM_SET(x86_##op##_ei, op, ri, mi)

#define DEFINE_READ_OP(op, base)                                                      \
    FOR_SIZES(DEFINE_READ_FORMS, op, base)                                            \
    FORM_SET(x86_##op##_eg, op, rr, mr)                                               \
    FORM_SET(x86_##op##_ge, op, rr2, rm)                                              \
    FORM_SET(x86_##op##_ei, op, ri, mi)

DEFINE_RMW_OP(add)
DEFINE_RMW_OP(or)
DEFINE_RMW_OP(adc)
DEFINE_RMW_OP(sbb)
DEFINE_RMW_OP(and)
DEFINE_RMW_OP(sub)
DEFINE_RMW_OP(xor)
DEFINE_READ_OP(cmp, sub)
DEFINE_READ_OP(test, and)

#define DEFINE_UNARY_FORMS(W, op)                                                     \
    REF(op##_r_##W)                                                                   \
    {                                                                                 \
        WR_##W(rm, op##_##W(cpu, RD_##W(rm), 0));                                     \
    }                                                                                 \
    REF(op##_m_##W)                                                                   \
    {                                                                                 \
        RMW_BODY(op, W, 0)                                                            \
    }

#define DEFINE_UNARY_OP(op)                                                           \
    FOR_SIZES(DEFINE_UNARY_FORMS, op)                                                 \
    FORM_SET(x86_##op##_e, op, r, m)

DEFINE_UNARY_OP(inc)
DEFINE_UNARY_OP(dec)
DEFINE_UNARY_OP(neg)
DEFINE_UNARY_OP(not)

/* --- ADCX, ADOX --------------------------------------------------------------------- */

static uint64_t add_with(uint64_t a, uint64_t b, bool in, unsigned bits, bool *out)
{
    unsigned __int128 r = (unsigned __int128)a + b + in;

    *out = r >> bits & 1;
    return r;
}

void x86_ref_adcx(X86State *cpu, const X86Insn *i)
{
    uint64_t b = i->opsize == 8 ? x86_rm_ld64(cpu, i) : x86_rm_ld32(cpu, i);
    bool out, of = x86_of(cpu);
    uint64_t r = add_with(x86_reg_get(cpu, i->reg, i->opsize), b, x86_cf(cpu),
                          i->opsize * 8, &out);

    x86_set_cf_of(cpu, out, of);
    x86_reg_set(cpu, i->reg, i->opsize, r);
}

void x86_ref_adox(X86State *cpu, const X86Insn *i)
{
    uint64_t b = i->opsize == 8 ? x86_rm_ld64(cpu, i) : x86_rm_ld32(cpu, i);
    bool out, cf = x86_cf(cpu);
    uint64_t r = add_with(x86_reg_get(cpu, i->reg, i->opsize), b, x86_of(cpu),
                          i->opsize * 8, &out);

    x86_set_cf_of(cpu, cf, out);
    x86_reg_set(cpu, i->reg, i->opsize, r);
}

/* --- decimal adjustment, SDM volume 2A ---------------------------------------------- */

static uint32_t szp(uint8_t v)
{
    return (v ? 0 : X86_FL_ZF) | (v & 0x80 ? X86_FL_SF : 0) |
           (__builtin_parity(v) ? 0 : X86_FL_PF);
}

static void decimal_adjust(X86State *cpu, int sign)
{
    uint8_t old = RN_8(X86_RAX), al = old;
    bool af = x86_af(cpu), cf = x86_cf(cpu);
    bool low = (old & 15) > 9 || af, high = old > 0x99 || cf;

    if (low) {
        al += sign * 6;
    }
    if (high) {
        al += sign * 0x60;
    }
    /* DAS: the borrow of the low step counts too; for DAA it implies the high one. */
    cf = high || (sign < 0 && low && old < 6);
    RN_8(X86_RAX) = al;
    x86_set_arith(cpu, szp(al) | (cf ? X86_FL_CF : 0) | (low ? X86_FL_AF : 0));
}

void x86_ref_daa(X86State *cpu, const X86Insn *i)
{
    decimal_adjust(cpu, 1);
}

void x86_ref_das(X86State *cpu, const X86Insn *i)
{
    decimal_adjust(cpu, -1);
}

static void ascii_adjust(X86State *cpu, int sign)
{
    uint16_t ax = RN_16(X86_RAX);
    bool adjust = (ax & 15) > 9 || x86_af(cpu);

    if (adjust) {
        ax += sign * 0x106;
    }
    ax &= 0xff0f;
    RN_16(X86_RAX) = ax;
    x86_set_arith(cpu, szp(ax) | (adjust ? X86_FL_CF | X86_FL_AF : 0));
}

void x86_ref_aaa(X86State *cpu, const X86Insn *i)
{
    ascii_adjust(cpu, 1);
}

void x86_ref_aas(X86State *cpu, const X86Insn *i)
{
    ascii_adjust(cpu, -1);
}

void x86_ref_aam(X86State *cpu, const X86Insn *i)
{
    uint8_t base = i->imm, al = RN_8(X86_RAX);

    if (!base) {
        x86_raise(cpu, X86_EXC_DE);
    }
    RN_16(X86_RAX) = (al / base) << 8 | al % base;
    x86_set_arith(cpu, szp(al % base));
}

void x86_ref_aad(X86State *cpu, const X86Insn *i)
{
    uint16_t ax = RN_16(X86_RAX);
    uint8_t al = (ax >> 8) * (uint8_t)i->imm + ax;

    RN_16(X86_RAX) = al;
    x86_flags_logic(cpu, al, 8);
}
