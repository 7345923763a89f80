/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MUL, IMUL, DIV, IDIV, MULX, and the sign extensions of the accumulator.
 *
 * After a multiplication CF and OF say that the upper half is significant; the other
 * flags are undefined and get the values of the low half, AF clear.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/refs-int.h"

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

static inline void mul_flags(X86State *cpu, uint64_t low, bool over, unsigned bits)
{
    x86_flags_logic(cpu, low, bits);
    x86_set_cf_of(cpu, over, over);
}

static uint64_t load_e(X86State *cpu, const X86Insn *i, unsigned size)
{
    if (i->flags & X86_I_MEM) {
        uint64_t ea = x86_ea(cpu, i);

        return size == 1   ? x86_ld8(cpu, i->seg, ea)
               : size == 2 ? x86_ld16(cpu, i->seg, ea)
               : size == 4 ? x86_ld32(cpu, i->seg, ea)
                           : x86_ld64(cpu, i->seg, ea);
    }
    return size == 1 ? *x86_reg8(cpu, i->rm_b) : x86_reg_get(cpu, i->rm, size);
}

#define DEFINE_MUL(W, W2)                                                             \
    REF(mul_##W)                                                                      \
    {                                                                                 \
        uint##W2##_t r = (uint##W2##_t)RN_##W(X86_RAX) * load_e(cpu, i, W / 8);       \
        WN_##W(X86_RAX, (uint##W##_t)r);                                              \
        WN_##W(X86_RDX, (uint##W##_t)(r >> W));                                       \
        mul_flags(cpu, (uint##W##_t)r, r >> W != 0, W);                               \
    }                                                                                 \
    REF(imul_##W)                                                                     \
    {                                                                                 \
        int##W2##_t r = (int##W2##_t)(int##W##_t)RN_##W(X86_RAX) *                    \
                        (int##W##_t)load_e(cpu, i, W / 8);                            \
        WN_##W(X86_RAX, (uint##W##_t)r);                                              \
        WN_##W(X86_RDX, (uint##W##_t)(r >> W));                                       \
        mul_flags(cpu, (uint##W##_t)r, r != (int##W##_t)r, W);                        \
    }                                                                                 \
    static inline uint64_t imul2_##W(X86State *cpu, uint64_t a, uint64_t b)           \
    {                                                                                 \
        int##W##_t r;                                                                 \
        bool over = __builtin_mul_overflow((int##W##_t)a, (int##W##_t)b, &r);         \
        mul_flags(cpu, (uint##W##_t)r, over, W);                                      \
        return (uint##W##_t)r;                                                        \
    }                                                                                 \
    REF(imul_gr_##W)                                                                  \
    {                                                                                 \
        WR_##W(reg, imul2_##W(cpu, RD_##W(reg), RD_##W(rm)));                         \
    }                                                                                 \
    REF(imul_gm_##W)                                                                  \
    {                                                                                 \
        uint64_t b = x86_m_ld##W(cpu, i);                                             \
        WR_##W(reg, imul2_##W(cpu, RD_##W(reg), b));                                  \
    }                                                                                 \
    REF(imul_gri_##W)                                                                 \
    {                                                                                 \
        WR_##W(reg, imul2_##W(cpu, RD_##W(rm), i->imm));                              \
    }                                                                                 \
    REF(imul_gmi_##W)                                                                 \
    {                                                                                 \
        uint64_t b = x86_m_ld##W(cpu, i);                                             \
        WR_##W(reg, imul2_##W(cpu, b, i->imm));                                       \
    }                                                                                 \
    REF(div_##W)                                                                      \
    {                                                                                 \
        uint##W##_t d = load_e(cpu, i, W / 8);                                        \
        uint##W2##_t n =                                                              \
            (uint##W2##_t)RN_##W(X86_RDX) << W | RN_##W(X86_RAX);                     \
        if (!d || n / d >> W) {                                                       \
            x86_raise(cpu, X86_EXC_DE);                                               \
        }                                                                             \
        WN_##W(X86_RAX, (uint##W##_t)(n / d));                                        \
        WN_##W(X86_RDX, (uint##W##_t)(n % d));                                        \
    }                                                                                 \
    REF(idiv_##W)                                                                     \
    {                                                                                 \
        int##W##_t d = load_e(cpu, i, W / 8);                                         \
        int##W2##_t n = (int##W2##_t)((uint##W2##_t)RN_##W(X86_RDX) << W |            \
                                      RN_##W(X86_RAX));                               \
        int##W2##_t q;                                                                \
        if (!d || (d == -1 && n == (int##W2##_t)((uint##W2##_t)1 << (2 * W - 1)))) {  \
            x86_raise(cpu, X86_EXC_DE);                                               \
        }                                                                             \
        q = n / d;                                                                    \
        if (q != (int##W##_t)q) {                                                     \
            x86_raise(cpu, X86_EXC_DE);                                               \
        }                                                                             \
        WN_##W(X86_RAX, (uint##W##_t)q);                                              \
        WN_##W(X86_RDX, (uint##W##_t)(n % d));                                        \
    }

typedef unsigned __int128 uint128_t;
typedef __int128 int128_t;

DEFINE_MUL(16, 32)
DEFINE_MUL(32, 64)
DEFINE_MUL(64, 128)

/* Byte forms work on AX. */
REF(mul_8)
{
    uint16_t r = RN_8(X86_RAX) * load_e(cpu, i, 1);

    RN_16(X86_RAX) = r;
    mul_flags(cpu, (uint8_t)r, r >> 8, 8);
}

REF(imul_8)
{
    int16_t r = (int8_t)RN_8(X86_RAX) * (int8_t)load_e(cpu, i, 1);

    RN_16(X86_RAX) = (uint16_t)r;
    mul_flags(cpu, (uint8_t)r, r != (int8_t)r, 8);
}

REF(div_8)
{
    uint16_t n = RN_16(X86_RAX);
    uint8_t d = load_e(cpu, i, 1);

    if (!d || n / d > 0xff) {
        x86_raise(cpu, X86_EXC_DE);
    }
    RN_16(X86_RAX) = (n % d) << 8 | n / d;
}

REF(idiv_8)
{
    int16_t n = RN_16(X86_RAX);
    int8_t d = load_e(cpu, i, 1);

    if (!d || n / d != (int8_t)(n / d)) {
        x86_raise(cpu, X86_EXC_DE);
    }
    RN_16(X86_RAX) = (uint16_t)((uint8_t)(n % d) << 8 | (uint8_t)(n / d));
}

#define SAME_SET(name)                                                                \
    const X86RefSet x86_##name##_e = {                                                \
        { name##_8, name##_16, name##_32, name##_64 },                                \
        { name##_8, name##_16, name##_32, name##_64 },                                \
    };
SAME_SET(mul)
SAME_SET(imul)
SAME_SET(div)
SAME_SET(idiv)

const X86RefSet x86_imul_ge = {
    { NULL, imul_gr_16, imul_gr_32, imul_gr_64 },
    { NULL, imul_gm_16, imul_gm_32, imul_gm_64 },
};
const X86RefSet x86_imul_gei = {
    { NULL, imul_gri_16, imul_gri_32, imul_gri_64 },
    { NULL, imul_gmi_16, imul_gmi_32, imul_gmi_64 },
};

void x86_ref_mulx(X86State *cpu, const X86Insn *i)
{
    uint64_t low, high;

    if (i->opsize == 8) {
        uint128_t r = (uint128_t)RN_64(X86_RDX) * x86_rm_ld64(cpu, i);

        low = r;
        high = r >> 64;
    } else {
        uint64_t r = (uint64_t)RN_32(X86_RDX) * x86_rm_ld32(cpu, i);

        low = (uint32_t)r;
        high = r >> 32;
    }
    /* If both destinations are the same register, it gets the high half. */
    x86_reg_set(cpu, i->vvvv, i->opsize, low);
    x86_reg_set(cpu, i->reg, i->opsize, high);
}

void x86_ref_cbw(X86State *cpu, const X86Insn *i)
{
    if (i->opsize == 2) {
        RN_16(X86_RAX) = (int8_t)RN_8(X86_RAX);
    } else if (i->opsize == 4) {
        WN_32(X86_RAX, (int16_t)RN_16(X86_RAX));
    } else {
        RN_64(X86_RAX) = (int64_t)(int32_t)RN_32(X86_RAX);
    }
}

void x86_ref_cwd(X86State *cpu, const X86Insn *i)
{
    if (i->opsize == 2) {
        RN_16(X86_RDX) = (int16_t)RN_16(X86_RAX) >> 15;
    } else if (i->opsize == 4) {
        WN_32(X86_RDX, (int32_t)RN_32(X86_RAX) >> 31);
    } else {
        RN_64(X86_RDX) = (int64_t)RN_64(X86_RAX) >> 63;
    }
}
