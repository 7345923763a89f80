/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data movement: MOV, MOVZX, MOVSX, XCHG, LEA, CMOVcc, SETcc, BSWAP, XLAT, XADD,
 * CMPXCHG and its wide forms, MOVBE, flag transfers.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/cond.h"
#include "accel/target/i386/refs-int.h"

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

#define DEFINE_MOV(W)                                                                 \
    REF(mov_rr_##W)                                                                   \
    {                                                                                 \
        WR_##W(rm, RD_##W(reg));                                                      \
    }                                                                                 \
    REF_STORES(mov_mr_##W, W, RD_##W(reg))                                            \
    REF(mov_rr2_##W)                                                                  \
    {                                                                                 \
        WR_##W(reg, RD_##W(rm));                                                      \
    }                                                                                 \
    REF_LOADS(mov_rm_##W, W, WR_##W(reg, b))                                          \
    REF(mov_ri_##W)                                                                   \
    {                                                                                 \
        WR_##W(rm, i->imm);                                                           \
    }                                                                                 \
    REF_STORES(mov_mi_##W, W, i->imm)                                                 \
    REF(mov_ao_##W)                                                                   \
    {                                                                                 \
        uint##W##_t v = x86_ld##W(cpu, i->seg, i->disp);                              \
        WN_##W(X86_RAX, v);                                                           \
    }                                                                                 \
    REF(mov_oa_##W)                                                                   \
    {                                                                                 \
        x86_st##W(cpu, i->seg, i->disp, RN_##W(X86_RAX));                             \
    }                                                                                 \
    static uint64_t xchg_##W(X86State *cpu, uint64_t a, uint64_t b)                   \
    {                                                                                 \
        return b;                                                                     \
    }                                                                                 \
    REF(xchg_r_##W)                                                                   \
    {                                                                                 \
        uint##W##_t v = RD_##W(reg);                                                  \
        uint##W##_t w = RD_##W(rm);                                                   \
        WR_##W(reg, w);                                                               \
        WR_##W(rm, v);                                                                \
    }                                                                                 \
    REF(xchg_m_##W)                                                                   \
    {                                                                                 \
        uint64_t ea = x86_ea(cpu, i);                                                 \
        PTR_##W *p = x86_fast_ptr(cpu, i->seg, ea, W / 8, SOFT_TLB_WRITE);            \
        uint##W##_t old;                                                              \
        if (x86_likely(p && !((uintptr_t)p & (W / 8 - 1)))) {                         \
            old = __atomic_exchange_n((uint##W##_t *)p, RD_##W(reg),                  \
                                      __ATOMIC_SEQ_CST);                              \
        } else {                                                                      \
            old = x86_rmw_slow(cpu, i, ea, W / 8, xchg_##W, RD_##W(reg));             \
        }                                                                             \
        WR_##W(reg, old);                                                             \
    }                                                                                 \
    static uint64_t add_fn_##W(X86State *cpu, uint64_t a, uint64_t b)                 \
    {                                                                                 \
        x86_flags_add(cpu, a, b, a + b, W);                                           \
        return a + b;                                                                 \
    }                                                                                 \
    REF(xadd_r_##W)                                                                   \
    {                                                                                 \
        uint##W##_t a = RD_##W(rm), b = RD_##W(reg);                                  \
        uint##W##_t r = add_fn_##W(cpu, a, b);                                        \
        WR_##W(reg, a);                                                               \
        WR_##W(rm, r);                                                                \
    }                                                                                 \
    REF(xadd_m_##W)                                                                   \
    {                                                                                 \
        uint64_t ea = x86_ea(cpu, i);                                                 \
        uint##W##_t b = RD_##W(reg);                                                  \
        PTR_##W *p = x86_fast_ptr(cpu, i->seg, ea, W / 8, SOFT_TLB_WRITE);            \
        uint##W##_t old;                                                              \
        if (x86_likely(p && !((uintptr_t)p & (W / 8 - 1)))) {                         \
            old = __atomic_fetch_add((uint##W##_t *)p, b, __ATOMIC_SEQ_CST);          \
            add_fn_##W(cpu, old, b);                                                  \
        } else {                                                                      \
            old = x86_rmw_slow(cpu, i, ea, W / 8, add_fn_##W, b);                     \
        }                                                                             \
        WR_##W(reg, old);                                                             \
    }                                                                                 \
    /* The RMW function of CMPXCHG: the accumulator is read from the state. */        \
    static uint64_t cmpxchg_fn_##W(X86State *cpu, uint64_t a, uint64_t b)             \
    {                                                                                 \
        uint64_t acc = RN_##W(X86_RAX);                                               \
        x86_flags_sub(cpu, acc, a, acc - a, W);                                       \
        return acc == a ? b : a;                                                      \
    }                                                                                 \
    REF(cmpxchg_r_##W)                                                                \
    {                                                                                 \
        uint##W##_t a = RD_##W(rm), b = RD_##W(reg);                                  \
        cmpxchg_fn_##W(cpu, a, b);                                                    \
        if (x86_zf(cpu)) {                                                            \
            WR_##W(rm, b);                                                            \
        } else {                                                                      \
            WN_##W(X86_RAX, a);                                                       \
        }                                                                             \
    }                                                                                 \
    REF(cmpxchg_m_##W)                                                                \
    {                                                                                 \
        uint64_t ea = x86_ea(cpu, i);                                                 \
        PTR_##W *p = x86_fast_ptr(cpu, i->seg, ea, W / 8, SOFT_TLB_WRITE);            \
        uint##W##_t acc = RN_##W(X86_RAX), old = acc;                                 \
        if (x86_likely(p && !((uintptr_t)p & (W / 8 - 1)))) {                         \
            __atomic_compare_exchange_n((uint##W##_t *)p, &old, RD_##W(reg), false,   \
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);          \
            x86_flags_sub(cpu, acc, old, (uint64_t)acc - old, W);                     \
        } else {                                                                      \
            old = x86_rmw_slow(cpu, i, ea, W / 8, cmpxchg_fn_##W, RD_##W(reg));       \
        }                                                                             \
        if (old != acc) {                                                             \
            WN_##W(X86_RAX, old);                                                     \
        }                                                                             \
    }

FOR_SIZES(DEFINE_MOV)

#define SET4(name, r, m)                                                              \
    const X86RefSet name = {                                                          \
        { r##_8, r##_16, r##_32, r##_64 },                                            \
        { m##_8, m##_16, m##_32, m##_64 },                                            \
    };
SET4(x86_mov_eg, mov_rr, mov_mr)
SET4(x86_mov_ge, mov_rr2, mov_rm)
SET4(x86_mov_ei, mov_ri, mov_mi)
SET4(x86_xchg_eg, xchg_r, xchg_m)
SET4(x86_xadd_eg, xadd_r, xadd_m)
SET4(x86_cmpxchg_eg, cmpxchg_r, cmpxchg_m)
SET4(x86_mov_ao, mov_ao, mov_ao)
SET4(x86_mov_oa, mov_oa, mov_oa)

/* XCHG with the accumulator: rm is the other register. */
REF(xchg_ax_16)
{
    uint16_t v = RN_16(X86_RAX);

    RN_16(X86_RAX) = RD_16(rm);
    RD_16(rm) = v;
}

REF(xchg_ax_32)
{
    uint32_t v = RN_32(X86_RAX);

    /* 90 is NOP: it does not clear the upper half of RAX. */
    if (i->rm) {
        WN_32(X86_RAX, RD_32(rm));
        WR_32(rm, v);
    }
}

REF(xchg_ax_64)
{
    uint64_t v = RN_64(X86_RAX);

    RN_64(X86_RAX) = RD_64(rm);
    RD_64(rm) = v;
}

const X86RefSet x86_xchg_ax = { { NULL, xchg_ax_16, xchg_ax_32, xchg_ax_64 },
                                { NULL, NULL, NULL, NULL } };

/* --- widening --------------------------------------------------------------------------- */

#define DEFINE_MOVX(W)                                                                \
    REF(movzx_br_##W)                                                                 \
    {                                                                                 \
        WR_##W(reg, RD_8(rm));                                                        \
    }                                                                                 \
    REF_LOADS(movzx_bm_##W, 8, WR_##W(reg, b))                              \
    REF(movsx_br_##W)                                                                 \
    {                                                                                 \
        WR_##W(reg, (int64_t)(int8_t)RD_8(rm));                                       \
    }                                                                                 \
    REF_LOADS(movsx_bm_##W, 8, WR_##W(reg, (int64_t)(int8_t)b))                              \
    REF(movzx_wr_##W)                                                                 \
    {                                                                                 \
        WR_##W(reg, RD_16(rm));                                                       \
    }                                                                                 \
    REF_LOADS(movzx_wm_##W, 16, WR_##W(reg, b))                              \
    REF(movsx_wr_##W)                                                                 \
    {                                                                                 \
        WR_##W(reg, (int64_t)(int16_t)RD_16(rm));                                     \
    }                                                                                 \
    REF_LOADS(movsx_wm_##W, 16, WR_##W(reg, (int64_t)(int16_t)b))

FOR_WORDS(DEFINE_MOVX)

#define SET3(name, r, m)                                                              \
    const X86RefSet name = { { NULL, r##_16, r##_32, r##_64 },                        \
                             { NULL, m##_16, m##_32, m##_64 } };
SET3(x86_movzx_b, movzx_br, movzx_bm)
SET3(x86_movsx_b, movsx_br, movsx_bm)
SET3(x86_movzx_w, movzx_wr, movzx_wm)
SET3(x86_movsx_w, movsx_wr, movsx_wm)

REF(movsxd_r_64)
{
    WR_64(reg, (int64_t)(int32_t)RD_32(rm));
}

REF(movsxd_m_64)
{
    int32_t v = x86_m_ld32(cpu, i);

    WR_64(reg, (int64_t)v);
}

const X86RefSet x86_movsxd = { { NULL, mov_rr2_16, mov_rr2_32, movsxd_r_64 },
                               { NULL, mov_rm_16, mov_rm_32, movsxd_m_64 } };

/* --- LEA ---------------------------------------------------------------------------------- */

REF(lea_16)
{
    WR_16(reg, x86_ea(cpu, i));
}

REF(lea_32)
{
    WR_32(reg, x86_ea(cpu, i));
}

REF(lea_64)
{
    WR_64(reg, x86_ea(cpu, i));
}

const X86RefSet x86_lea = { { NULL, NULL, NULL, NULL },
                            { NULL, lea_16, lea_32, lea_64 } };

/* --- conditions ------------------------------------------------------------------------- */

#define DEFINE_CMOV(W, cc)                                                            \
    REF(cmov_##cc##_r_##W)                                                            \
    {                                                                                 \
        uint##W##_t v = x86_cond_##cc(cpu) ? RD_##W(rm) : RD_##W(reg);                \
        WR_##W(reg, v);                                                               \
    }                                                                                 \
    REF(cmov_##cc##_m_##W)                                                            \
    {                                                                                 \
        uint##W##_t v = x86_m_ld##W(cpu, i);                                          \
        v = x86_cond_##cc(cpu) ? v : RD_##W(reg);                                     \
        WR_##W(reg, v);                                                               \
    }

#define DEFINE_CC(cc)                                                                 \
    FOR_WORDS(DEFINE_CMOV, cc)                                                        \
    SET3(x86_cmov_##cc, cmov_##cc##_r, cmov_##cc##_m)                                 \
    REF(set_##cc##_r)                                                                 \
    {                                                                                 \
        RD_8(rm) = x86_cond_##cc(cpu);                                                \
    }                                                                                 \
    REF(set_##cc##_m)                                                                 \
    {                                                                                 \
        x86_st8(cpu, i->seg, x86_ea(cpu, i), x86_cond_##cc(cpu));                     \
    }                                                                                 \
    const X86RefSet x86_set_##cc = { { set_##cc##_r, NULL, NULL, NULL },              \
                                     { set_##cc##_m, NULL, NULL, NULL } };

FOR_CONDITIONS(DEFINE_CC)

/* --- rest --------------------------------------------------------------------------------- */

void x86_ref_bswap(X86State *cpu, const X86Insn *i)
{
    if (i->opsize == 8) {
        RD_64(rm) = __builtin_bswap64(RD_64(rm));
    } else if (i->opsize == 4) {
        WR_32(rm, __builtin_bswap32(RD_32(rm)));
    } else {
        /* Undefined; processors give zero. */
        RD_16(rm) = 0;
    }
}

void x86_ref_xlat(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = RN_64(X86_RBX) + RN_8(X86_RAX);

    RN_8(X86_RAX) = x86_ld8(cpu, i->seg, ea << i->adshift >> i->adshift);
}

void x86_ref_movbe_load(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);

    if (i->opsize == 8) {
        WR_64(reg, __builtin_bswap64(x86_ld64(cpu, i->seg, ea)));
    } else if (i->opsize == 4) {
        WR_32(reg, __builtin_bswap32(x86_ld32(cpu, i->seg, ea)));
    } else {
        WR_16(reg, __builtin_bswap16(x86_ld16(cpu, i->seg, ea)));
    }
}

void x86_ref_movbe_store(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);

    if (i->opsize == 8) {
        x86_st64(cpu, i->seg, ea, __builtin_bswap64(RD_64(reg)));
    } else if (i->opsize == 4) {
        x86_st32(cpu, i->seg, ea, __builtin_bswap32(RD_32(reg)));
    } else {
        x86_st16(cpu, i->seg, ea, __builtin_bswap16(RD_16(reg)));
    }
}

void x86_ref_movnti(X86State *cpu, const X86Insn *i)
{
    if (i->opsize == 8) {
        x86_st64(cpu, i->seg, x86_ea(cpu, i), RD_64(reg));
    } else {
        x86_st32(cpu, i->seg, x86_ea(cpu, i), RD_32(reg));
    }
}

static void set_zf(X86State *cpu, bool zf)
{
    x86_set_arith(cpu, (x86_get_arith(cpu) & ~X86_FL_ZF) | (zf ? X86_FL_ZF : 0));
}

static uint64_t cmpxchg8b_fn(X86State *cpu, uint64_t old, uint64_t operand)
{
    uint64_t expected = (uint64_t)RN_32(X86_RDX) << 32 | RN_32(X86_RAX);

    return old == expected ? operand : old;
}

void x86_ref_cmpxchg8b(X86State *cpu, const X86Insn *i)
{
    uint64_t expected = (uint64_t)RN_32(X86_RDX) << 32 | RN_32(X86_RAX);
    uint64_t desired = (uint64_t)RN_32(X86_RCX) << 32 | RN_32(X86_RBX);
    uint64_t old = x86_rmw_slow(cpu, i, x86_ea(cpu, i), 8, cmpxchg8b_fn, desired);

    set_zf(cpu, old == expected);
    if (old != expected) {
        WN_32(X86_RAX, old);
        WN_32(X86_RDX, old >> 32);
    }
}

void x86_ref_cmpxchg16b(X86State *cpu, const X86Insn *i)
{
    X86Vec expected = { .u64 = { RN_64(X86_RAX), RN_64(X86_RDX) } };
    X86Vec desired = { .u64 = { RN_64(X86_RBX), RN_64(X86_RCX) } };
    uint64_t ea = x86_ea(cpu, i);
    X86Vec old;
    bool same;

    if ((cpu->seg_fast[i->seg].base + ea) & 15) {
        x86_raise_gp(cpu, 0);
    }
    old = x86_cmpxchg128(cpu, i->seg, ea, expected, desired);
    same = old.u64[0] == expected.u64[0] && old.u64[1] == expected.u64[1];
    set_zf(cpu, same);
    if (!same) {
        RN_64(X86_RAX) = old.u64[0];
        RN_64(X86_RDX) = old.u64[1];
    }
}

/* --- flags --------------------------------------------------------------------------------- */

void x86_ref_lahf(X86State *cpu, const X86Insn *i)
{
    cpu->regs[X86_RAX].b[1] = (x86_get_arith(cpu) & 0xff) | X86_FL_FIXED;
}

void x86_ref_sahf(X86State *cpu, const X86Insn *i)
{
    x86_set_arith(cpu, (x86_of(cpu) ? X86_FL_OF : 0) |
                           (cpu->regs[X86_RAX].b[1] & X86_FL_ARITH));
}

void x86_ref_clc(X86State *cpu, const X86Insn *i)
{
    x86_set_cf(cpu, false);
}

void x86_ref_stc(X86State *cpu, const X86Insn *i)
{
    x86_set_cf(cpu, true);
}

void x86_ref_cmc(X86State *cpu, const X86Insn *i)
{
    x86_set_cf(cpu, !x86_cf(cpu));
}

void x86_ref_cld(X86State *cpu, const X86Insn *i)
{
    cpu->df_step = 1;
}

void x86_ref_std(X86State *cpu, const X86Insn *i)
{
    cpu->df_step = -1;
}

void x86_ref_salc(X86State *cpu, const X86Insn *i)
{
    RN_8(X86_RAX) = x86_cf(cpu) ? 0xff : 0;
}

void x86_ref_nop(X86State *cpu, const X86Insn *i)
{
}
