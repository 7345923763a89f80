/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Build functions of the integer instructions: what map-int.c and map-sys.c name and
 * build-*.c define. */
#ifndef ACCEL_TARGET_I386_BUILDS_INT_H
#define ACCEL_TARGET_I386_BUILDS_INT_H

#include "accel/target/i386/insn.h"

/* build-alu.c */
X86BuildFn x86_build_alu, x86_build_test, x86_build_unary, x86_build_inc_dec_r,
    x86_build_shift, x86_build_double_shift;
/* build-muldiv.c */
X86BuildFn x86_build_mul, x86_build_imul_ge, x86_build_imul_gei, x86_build_div,
    x86_build_idiv, x86_build_cbw, x86_build_cwd;
/* build-mov.c */
X86BuildFn x86_build_mov_eg, x86_build_mov_ge, x86_build_mov_ei, x86_build_mov_ao,
    x86_build_mov_oa, x86_build_mov_from_seg, x86_build_mov_to_seg, x86_build_movzx,
    x86_build_movsx, x86_build_movsxd, x86_build_lea, x86_build_xchg_eg,
    x86_build_xchg_ax, x86_build_xadd, x86_build_cmpxchg, x86_build_cmpxchg_wide,
    x86_build_cmov, x86_build_setcc, x86_build_bswap, x86_build_movbe_load,
    x86_build_movbe_store, x86_build_movnti, x86_build_xlat, x86_build_lahf,
    x86_build_sahf, x86_build_clc, x86_build_stc, x86_build_cmc, x86_build_cld,
    x86_build_std;
/* build-bit.c */
X86BuildFn x86_build_bt_i, x86_build_bt_g, x86_build_bsf, x86_build_bsr,
    x86_build_tzcnt, x86_build_lzcnt, x86_build_popcnt, x86_build_bmi,
    x86_build_bmi_group, x86_build_adx, x86_build_crc32;
/* build-stack.c */
X86BuildFn x86_build_push_r, x86_build_push_m, x86_build_push_i, x86_build_pop_r,
    x86_build_pop_m, x86_build_push_seg, x86_build_leave;
/* build-string.c */
X86BuildFn x86_build_movs, x86_build_stos, x86_build_lods, x86_build_scas,
    x86_build_cmps;
/* build-branch.c */
X86BuildFn x86_build_jmp, x86_build_jcc, x86_build_jcxz, x86_build_loop,
    x86_build_loope, x86_build_loopne, x86_build_call_j, x86_build_call_e,
    x86_build_jmp_e, x86_build_ret, x86_build_ret_i;
/* build-sys.c */
X86BuildFn x86_build_nop, x86_build_fence, x86_build_cli, x86_build_sti,
    x86_build_pushf, x86_build_popf, x86_build_swapgs, x86_build_rdfsbase;

#endif
