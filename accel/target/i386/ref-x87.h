/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference functions of ref-x87.c and ref-fpstate.c, for the opcode maps. */
#ifndef ACCEL_TARGET_I386_REF_X87_H
#define ACCEL_TARGET_I386_REF_X87_H

#include "accel/target/i386/insn.h"

/* Any x87 instruction on registers; with a memory source; with a memory target. */
X86RefFn x86_ref_x87_reg;
X86RefFn x86_ref_x87_ld16, x86_ref_x87_ld32, x86_ref_x87_ld64, x86_ref_x87_ld80;
X86RefFn x86_ref_x87_st16, x86_ref_x87_st32, x86_ref_x87_st64, x86_ref_x87_st80;

X86RefFn x86_ref_fadd_st0, x86_ref_fadd_sti, x86_ref_fadd_m32, x86_ref_fadd_m64;
X86RefFn x86_ref_fmul_st0, x86_ref_fmul_sti, x86_ref_fmul_m32, x86_ref_fmul_m64;
X86RefFn x86_ref_fsub_st0, x86_ref_fsub_sti, x86_ref_fsub_m32, x86_ref_fsub_m64;
X86RefFn x86_ref_fsubr_st0, x86_ref_fsubr_sti, x86_ref_fsubr_m32, x86_ref_fsubr_m64;
X86RefFn x86_ref_fdiv_st0, x86_ref_fdiv_sti, x86_ref_fdiv_m32, x86_ref_fdiv_m64;
X86RefFn x86_ref_fdivr_st0, x86_ref_fdivr_sti, x86_ref_fdivr_m32, x86_ref_fdivr_m64;
X86RefFn x86_ref_fadd_m16i, x86_ref_fmul_m16i, x86_ref_fsub_m16i, x86_ref_fsubr_m16i;
X86RefFn x86_ref_fdiv_m16i, x86_ref_fdivr_m16i;
X86RefFn x86_ref_fadd_m32i, x86_ref_fmul_m32i, x86_ref_fsub_m32i, x86_ref_fsubr_m32i;
X86RefFn x86_ref_fdiv_m32i, x86_ref_fdivr_m32i;
X86RefFn x86_ref_fsqrt, x86_ref_frndint, x86_ref_fchs, x86_ref_fabs;
X86RefFn x86_ref_fcom, x86_ref_fcomp, x86_ref_fcompp;
X86RefFn x86_ref_fucom, x86_ref_fucomp, x86_ref_fucompp;
X86RefFn x86_ref_fcom_m32, x86_ref_fcomp_m32, x86_ref_fcom_m64, x86_ref_fcomp_m64;
X86RefFn x86_ref_fcomi, x86_ref_fucomi;
X86RefFn x86_ref_fld_m32, x86_ref_fld_m64, x86_ref_fld_m80, x86_ref_fld_sti;
X86RefFn x86_ref_fild_m16, x86_ref_fild_m32, x86_ref_fild_m64;
X86RefFn x86_ref_fld1, x86_ref_fldz, x86_ref_fxch;
X86RefFn x86_ref_fst_m32, x86_ref_fstp_m32, x86_ref_fst_m64, x86_ref_fstp_m64;
X86RefFn x86_ref_fist_m16, x86_ref_fistp_m16, x86_ref_fist_m32, x86_ref_fistp_m32;
X86RefFn x86_ref_fistp_m64, x86_ref_fstp_m80, x86_ref_fst_sti;

/* Control and state */
X86RefFn x86_ref_fwait, x86_ref_fnop, x86_ref_fninit, x86_ref_fnclex;
X86RefFn x86_ref_fldcw, x86_ref_fnstcw, x86_ref_fnstsw_m16, x86_ref_fnstsw_ax;
X86RefFn x86_ref_fldenv, x86_ref_fnstenv, x86_ref_frstor, x86_ref_fnsave;
X86RefFn x86_ref_fxsave, x86_ref_fxrstor, x86_ref_ldmxcsr, x86_ref_stmxcsr;
X86RefFn x86_ref_emms;

#endif
