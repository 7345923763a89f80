/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lazy arithmetic flags.
 *
 * An operation leaves two words.  cc_res is its result, sign-extended to 64 bits.
 * cc_aux is the vector of carries out of each bit, moved so that bit 63 is the carry
 * out of the operand (CF) and bit 62 the carry into its sign bit; bit 3 stays where it
 * is (AF).  Reading a flag takes no case analysis:
 *
 *     ZF  cc_res == 0                    CF  aux[63]            AF  aux[3]
 *     SF  res[63] ^ aux[2]               OF  aux[63] ^ aux[62]  PF  even parity of
 * res[7:0] ^ aux[15:8]
 *
 * aux[2] and aux[15:8] are 0 after arithmetic; they let POPF, SAHF and the like make
 * combinations that no result has (ZF with SF, ZF without PF).
 */
#ifndef ACCEL_TARGET_I386_FLAGS_H
#define ACCEL_TARGET_I386_FLAGS_H

#include "accel/target/i386/cpu.h"

#define X86_AUX_CF       (1ull << 63)
#define X86_AUX_CIN      (1ull << 62)
#define X86_AUX_AF       (1ull << 3)
#define X86_AUX_SF       (1ull << 2)
#define X86_AUX_PF_SHIFT 8

static inline bool x86_cf(const X86State *cpu)
{
    return cpu->cc_aux >> 63;
}

static inline bool x86_zf(const X86State *cpu)
{
    return cpu->cc_res == 0;
}

static inline bool x86_sf(const X86State *cpu)
{
    return (cpu->cc_res >> 63) ^ (cpu->cc_aux >> 2 & 1);
}

static inline bool x86_of(const X86State *cpu)
{
    return (cpu->cc_aux ^ cpu->cc_aux << 1) >> 63;
}

static inline bool x86_af(const X86State *cpu)
{
    return cpu->cc_aux >> 3 & 1;
}

static inline bool x86_pf(const X86State *cpu)
{
    return !__builtin_parity((cpu->cc_res ^ cpu->cc_aux >> X86_AUX_PF_SHIFT) & 0xff);
}

/* Sign-extends an operand of @bits. */
static inline uint64_t x86_sext(uint64_t v, unsigned bits)
{
    return (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
}

/* Result of a logic operation: CF, OF and AF are clear. */
static inline void x86_flags_logic(X86State *cpu, uint64_t res, unsigned bits)
{
    cpu->cc_res = x86_sext(res, bits);
    cpu->cc_aux = 0;
}

static inline uint64_t x86_aux_from_carries(uint64_t carries, unsigned bits)
{
    return (carries << (64 - bits) & (3ull << 62)) | (carries & 8);
}

/* res = a + b (+ carry) */
static inline void x86_flags_add(X86State *cpu, uint64_t a, uint64_t b, uint64_t res,
                                 unsigned bits)
{
    cpu->cc_res = x86_sext(res, bits);
    cpu->cc_aux = x86_aux_from_carries((a & b) | ((a | b) & ~res), bits);
}

/* res = a - b (- borrow) */
static inline void x86_flags_sub(X86State *cpu, uint64_t a, uint64_t b, uint64_t res,
                                 unsigned bits)
{
    cpu->cc_res = x86_sext(res, bits);
    cpu->cc_aux = x86_aux_from_carries((~a & b) | ((~a | b) & res), bits);
}

static inline void x86_set_cf(X86State *cpu, bool cf)
{
    /* OF is the difference of bits 63 and 62: keep it. */
    if (x86_cf(cpu) != cf) {
        cpu->cc_aux ^= X86_AUX_CF | X86_AUX_CIN;
    }
}

/* Sets CF and OF, keeps the rest. */
static inline void x86_set_cf_of(X86State *cpu, bool cf, bool of)
{
    cpu->cc_aux =
        (cpu->cc_aux & ~(3ull << 62)) | (uint64_t)cf << 63 | (uint64_t)(cf ^ of) << 62;
}

/* All six from an RFLAGS image. */
static inline void x86_set_arith(X86State *cpu, uint32_t fl)
{
    uint64_t res = fl & X86_FL_ZF ? 0 : 1;
    uint64_t cf = fl & X86_FL_CF ? 1 : 0;
    uint64_t of = fl & X86_FL_OF ? 1 : 0;
    /* res has one or no bit set: its own PF is !res. */
    uint64_t flip = (fl & X86_FL_PF ? 1 : 0) ^ (res ? 0 : 1);

    cpu->cc_res = res;
    cpu->cc_aux = cf << 63 | (cf ^ of) << 62 | (fl & X86_FL_AF ? X86_AUX_AF : 0) |
                  (fl & X86_FL_SF ? X86_AUX_SF : 0) | flip << X86_AUX_PF_SHIFT;
}

static inline uint32_t x86_get_arith(const X86State *cpu)
{
    return (x86_cf(cpu) ? X86_FL_CF : 0) | (x86_pf(cpu) ? X86_FL_PF : 0) |
           (x86_af(cpu) ? X86_FL_AF : 0) | (x86_zf(cpu) ? X86_FL_ZF : 0) |
           (x86_sf(cpu) ? X86_FL_SF : 0) | (x86_of(cpu) ? X86_FL_OF : 0);
}

#endif
