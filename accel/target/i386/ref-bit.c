/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single bits and bit counts: BT, BTS, BTR, BTC, BSF, BSR, POPCNT, LZCNT, TZCNT, BMI1
 * and BMI2 (without its shifts), CRC32.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/operands.h"
#include "accel/target/i386/refs-int.h"

static uint64_t load_e(X86State *cpu, const X86Insn *i)
{
    if (i->flags & X86_I_MEM) {
        return i->opsize == 8   ? x86_m_ld64(cpu, i)
               : i->opsize == 4 ? x86_m_ld32(cpu, i)
                                : x86_m_ld16(cpu, i);
    }
    return x86_reg_get(cpu, i->rm, i->opsize);
}

/* --- BT family -------------------------------------------------------------------- */

static uint64_t bt_keep(X86State *cpu, uint64_t old, uint64_t n)
{
    return old;
}

static uint64_t bt_set(X86State *cpu, uint64_t old, uint64_t n)
{
    return old | 1ull << n;
}

static uint64_t bt_reset(X86State *cpu, uint64_t old, uint64_t n)
{
    return old & ~(1ull << n);
}

static uint64_t bt_flip(X86State *cpu, uint64_t old, uint64_t n)
{
    return old ^ 1ull << n;
}

/* @index: the bit; for memory with a register index it also moves the address. */
static void bit_test(X86State *cpu, const X86Insn *i, int64_t index, bool moves,
                     X86RmwFn *fn)
{
    unsigned bits = i->opsize * 8, n = index & (bits - 1);
    uint64_t old;

    if (!(i->flags & X86_I_MEM)) {
        old = x86_reg_get(cpu, i->rm, i->opsize);
        if (fn != bt_keep) {
            x86_reg_set(cpu, i->rm, i->opsize, fn(cpu, old, n));
        }
    } else {
        uint64_t ea = x86_ea(cpu, i);

        if (moves) {
            ea += (index >> (bits == 64 ? 6 : bits == 32 ? 5 : 4)) * i->opsize;
            ea = ea << i->adshift >> i->adshift;
        }
        if (fn != bt_keep) {
            old = x86_rmw_slow(cpu, i, ea, i->opsize, fn, n);
        } else {
            old = i->opsize == 8   ? x86_ld64(cpu, i->seg, ea)
                  : i->opsize == 4 ? x86_ld32(cpu, i->seg, ea)
                                   : x86_ld16(cpu, i->seg, ea);
        }
    }
    x86_set_cf(cpu, old >> n & 1);
}

static int64_t reg_index(X86State *cpu, const X86Insn *i)
{
    return (int64_t)x86_sext(cpu->regs[i->reg].q, i->opsize * 8);
}

#define DEFINE_BT(name, fn)                                  \
    void x86_ref_##name##_g(X86State *cpu, const X86Insn *i) \
    {                                                        \
        bit_test(cpu, i, reg_index(cpu, i), true, fn);       \
    }                                                        \
    void x86_ref_##name##_i(X86State *cpu, const X86Insn *i) \
    {                                                        \
        bit_test(cpu, i, i->imm, false, fn);                 \
    }

DEFINE_BT(bt, bt_keep)
DEFINE_BT(bts, bt_set)
DEFINE_BT(btr, bt_reset)
DEFINE_BT(btc, bt_flip)

/* --- scans and counts ------------------------------------------------------------- */

static void set_zf_only(X86State *cpu, bool zf)
{
    x86_set_arith(cpu, (x86_get_arith(cpu) & ~X86_FL_ZF) | (zf ? X86_FL_ZF : 0));
}

/* A source of zero leaves the destination alone (documented by AMD). */
void x86_ref_bsf(X86State *cpu, const X86Insn *i)
{
    uint64_t v = load_e(cpu, i);

    set_zf_only(cpu, !v);
    if (v) {
        x86_reg_set(cpu, i->reg, i->opsize, __builtin_ctzll(v));
    }
}

void x86_ref_bsr(X86State *cpu, const X86Insn *i)
{
    uint64_t v = load_e(cpu, i);

    set_zf_only(cpu, !v);
    if (v) {
        x86_reg_set(cpu, i->reg, i->opsize, 63 - __builtin_clzll(v));
    }
}

static void count_result(X86State *cpu, const X86Insn *i, unsigned n)
{
    bool none = n == i->opsize * 8u;

    x86_reg_set(cpu, i->reg, i->opsize, n);
    x86_set_arith(cpu, (x86_get_arith(cpu) & ~(X86_FL_ZF | X86_FL_CF)) |
                           (n ? 0 : X86_FL_ZF) | (none ? X86_FL_CF : 0));
}

void x86_ref_tzcnt(X86State *cpu, const X86Insn *i)
{
    uint64_t v = load_e(cpu, i);

    count_result(cpu, i, v ? (unsigned)__builtin_ctzll(v) : i->opsize * 8u);
}

void x86_ref_lzcnt(X86State *cpu, const X86Insn *i)
{
    unsigned bits = i->opsize * 8;
    uint64_t v = load_e(cpu, i);

    count_result(cpu, i, v ? (unsigned)__builtin_clzll(v) - (64 - bits) : bits);
}

void x86_ref_popcnt(X86State *cpu, const X86Insn *i)
{
    uint64_t v = load_e(cpu, i);

    x86_reg_set(cpu, i->reg, i->opsize, __builtin_popcountll(v));
    x86_set_arith(cpu, v ? 0 : X86_FL_ZF);
}

/* --- BMI1 ------------------------------------------------------------------------- */

static void bmi_result(X86State *cpu, const X86Insn *i, unsigned dst, uint64_t r,
                       bool cf)
{
    x86_reg_set(cpu, dst, i->opsize, r);
    x86_flags_logic(cpu, r, i->opsize * 8);
    x86_set_cf_of(cpu, cf, false);
}

void x86_ref_andn(X86State *cpu, const X86Insn *i)
{
    uint64_t b = load_e(cpu, i);

    bmi_result(cpu, i, i->reg, ~x86_reg_get(cpu, i->vvvv, i->opsize) & b, false);
}

void x86_ref_blsr(X86State *cpu, const X86Insn *i)
{
    uint64_t v = load_e(cpu, i);

    bmi_result(cpu, i, i->vvvv, v & (v - 1), !v);
}

void x86_ref_blsmsk(X86State *cpu, const X86Insn *i)
{
    uint64_t v = load_e(cpu, i);

    bmi_result(cpu, i, i->vvvv, v ^ (v - 1), !v);
}

void x86_ref_blsi(X86State *cpu, const X86Insn *i)
{
    uint64_t v = load_e(cpu, i);

    bmi_result(cpu, i, i->vvvv, v & -v, v != 0);
}

void x86_ref_bextr(X86State *cpu, const X86Insn *i)
{
    uint64_t v = load_e(cpu, i);
    unsigned control = RN_16(i->vvvv), start = control & 0xff, len = control >> 8;

    v = start < i->opsize * 8u ? v >> start : 0;
    if (len < 64) {
        v &= (1ull << len) - 1;
    }
    x86_reg_set(cpu, i->reg, i->opsize, v);
    x86_set_arith(cpu, (x86_reg_get(cpu, i->reg, i->opsize) ? 0 : X86_FL_ZF));
}

/* --- BMI2 ------------------------------------------------------------------------- */

void x86_ref_bzhi(X86State *cpu, const X86Insn *i)
{
    uint64_t v = load_e(cpu, i);
    unsigned n = RN_8(i->vvvv), bits = i->opsize * 8;

    if (n < bits) {
        v &= (1ull << n) - 1;
    }
    bmi_result(cpu, i, i->reg, v, n >= bits);
}

void x86_ref_pdep(X86State *cpu, const X86Insn *i)
{
    uint64_t mask = load_e(cpu, i), src = x86_reg_get(cpu, i->vvvv, i->opsize), r = 0;

    for (; mask; mask &= mask - 1, src >>= 1) {
        if (src & 1) {
            r |= mask & -mask;
        }
    }
    x86_reg_set(cpu, i->reg, i->opsize, r);
}

void x86_ref_pext(X86State *cpu, const X86Insn *i)
{
    uint64_t mask = load_e(cpu, i), src = x86_reg_get(cpu, i->vvvv, i->opsize), r = 0;

    for (unsigned k = 0; mask; mask &= mask - 1, k++) {
        if (src & mask & -mask) {
            r |= 1ull << k;
        }
    }
    x86_reg_set(cpu, i->reg, i->opsize, r);
}

/* --- CRC32: polynomial 11EDC6F41, reflected --------------------------------------- */

void x86_ref_crc32(X86State *cpu, const X86Insn *i)
{
    bool byte = X86_OP_TYPE(i->row->op[1]) == X86_OPT_b;
    unsigned bytes = byte ? 1 : i->opsize;
    uint64_t v = !byte                  ? load_e(cpu, i)
                 : i->flags & X86_I_MEM ? x86_m_ld8(cpu, i)
                                        : RD_8(rm);
    uint32_t crc = RD_32(reg);

    for (unsigned k = 0; k < bytes * 8; k++) {
        bool bit = (crc ^ v >> k) & 1;

        crc = crc >> 1 ^ (bit ? 0x82f63b78 : 0);
    }
    RD_64(reg) = crc;
}
