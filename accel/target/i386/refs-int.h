/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reference functions of the integer instructions: what map-int.c names and ref-*.c
 * define. _eg: rm is the destination, reg the source; _ge: the other way; _ei: rm and
 * immediate; _ec: rm and CL; _e: rm only.
 */
#ifndef ACCEL_TARGET_I386_REFS_INT_H
#define ACCEL_TARGET_I386_REFS_INT_H

#include "accel/target/i386/insn.h"

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

extern const X86RefSet x86_add_eg, x86_add_ge, x86_add_ei;
extern const X86RefSet x86_or_eg, x86_or_ge, x86_or_ei;
extern const X86RefSet x86_adc_eg, x86_adc_ge, x86_adc_ei;
extern const X86RefSet x86_sbb_eg, x86_sbb_ge, x86_sbb_ei;
extern const X86RefSet x86_and_eg, x86_and_ge, x86_and_ei;
extern const X86RefSet x86_sub_eg, x86_sub_ge, x86_sub_ei;
extern const X86RefSet x86_xor_eg, x86_xor_ge, x86_xor_ei;
extern const X86RefSet x86_cmp_eg, x86_cmp_ge, x86_cmp_ei;
extern const X86RefSet x86_test_eg, x86_test_ge, x86_test_ei;
extern const X86RefSet x86_inc_e, x86_dec_e, x86_neg_e, x86_not_e;
extern const X86RefSet x86_shl_ei, x86_shr_ei, x86_sar_ei, x86_rol_ei, x86_ror_ei,
    x86_rcl_ei, x86_rcr_ei;
extern const X86RefSet x86_shl_ec, x86_shr_ec, x86_sar_ec, x86_rol_ec, x86_ror_ec,
    x86_rcl_ec, x86_rcr_ec;
extern const X86RefSet x86_mul_e, x86_imul_e, x86_div_e, x86_idiv_e, x86_imul_ge,
    x86_imul_gei;
extern const X86RefSet x86_mov_eg, x86_mov_ge, x86_mov_ei, x86_mov_ao, x86_mov_oa;
extern const X86RefSet x86_xchg_eg, x86_xchg_ax, x86_xadd_eg, x86_cmpxchg_eg;
extern const X86RefSet x86_movzx_b, x86_movzx_w, x86_movsx_b, x86_movsx_w, x86_movsxd;
extern const X86RefSet x86_lea;
extern const X86RefSet x86_push_e, x86_push_i, x86_pop_e, x86_pusha, x86_popa, x86_leave;
extern const X86RefSet x86_call_j, x86_call_e, x86_jmp_e, x86_ret, x86_ret_i;
extern const X86RefSet x86_movs, x86_stos, x86_lods, x86_cmps, x86_scas, x86_ins,
    x86_outs;

#define X86_DECLARE_CC(cc)                                                            \
    extern const X86RefSet x86_cmov_##cc, x86_set_##cc;                               \
    X86RefFn x86_ref_j##cc;
X86_DECLARE_CC(o)
X86_DECLARE_CC(no)
X86_DECLARE_CC(b)
X86_DECLARE_CC(nb)
X86_DECLARE_CC(z)
X86_DECLARE_CC(nz)
X86_DECLARE_CC(be)
X86_DECLARE_CC(nbe)
X86_DECLARE_CC(s)
X86_DECLARE_CC(ns)
X86_DECLARE_CC(p)
X86_DECLARE_CC(np)
X86_DECLARE_CC(l)
X86_DECLARE_CC(nl)
X86_DECLARE_CC(le)
X86_DECLARE_CC(nle)

X86RefFn x86_ref_adcx, x86_ref_adox, x86_ref_daa, x86_ref_das, x86_ref_aaa, x86_ref_aas,
    x86_ref_aam, x86_ref_aad;
X86RefFn x86_ref_shld_i, x86_ref_shld_c, x86_ref_shrd_i, x86_ref_shrd_c, x86_ref_rorx,
    x86_ref_shlx, x86_ref_shrx, x86_ref_sarx;
X86RefFn x86_ref_mulx, x86_ref_cbw, x86_ref_cwd;
X86RefFn x86_ref_bswap, x86_ref_xlat, x86_ref_movbe_load, x86_ref_movbe_store,
    x86_ref_movnti, x86_ref_cmpxchg8b, x86_ref_cmpxchg16b;
X86RefFn x86_ref_lahf, x86_ref_sahf, x86_ref_clc, x86_ref_stc, x86_ref_cmc, x86_ref_cld,
    x86_ref_std, x86_ref_salc, x86_ref_nop;
X86RefFn x86_ref_bt_g, x86_ref_bt_i, x86_ref_bts_g, x86_ref_bts_i, x86_ref_btr_g,
    x86_ref_btr_i, x86_ref_btc_g, x86_ref_btc_i;
X86RefFn x86_ref_bsf, x86_ref_bsr, x86_ref_tzcnt, x86_ref_lzcnt, x86_ref_popcnt;
X86RefFn x86_ref_andn, x86_ref_blsr, x86_ref_blsmsk, x86_ref_blsi, x86_ref_bextr,
    x86_ref_bzhi, x86_ref_pdep, x86_ref_pext, x86_ref_crc32;
X86RefFn x86_ref_push_seg, x86_ref_pop_seg, x86_ref_pushf, x86_ref_popf, x86_ref_enter;
X86RefFn x86_ref_jmp, x86_ref_loop, x86_ref_loope, x86_ref_loopne, x86_ref_jcxz;

#endif
