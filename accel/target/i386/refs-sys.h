/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reference functions of far transfers and system instructions. */
#ifndef ACCEL_TARGET_I386_REFS_SYS_H
#define ACCEL_TARGET_I386_REFS_SYS_H

#include "accel/target/i386/insn.h"

X86RefFn x86_ref_jmp_far_a, x86_ref_jmp_far_m, x86_ref_call_far_a, x86_ref_call_far_m,
    x86_ref_load_far, x86_ref_ret_far, x86_ref_ret_far_i, x86_ref_iret, x86_ref_int,
    x86_ref_int3, x86_ref_into, x86_ref_int1, x86_ref_bound, x86_ref_syscall,
    x86_ref_sysret, x86_ref_sysenter, x86_ref_sysexit;

X86RefFn x86_ref_mov_from_seg, x86_ref_mov_to_seg, x86_ref_mov_from_cr,
    x86_ref_mov_to_cr, x86_ref_mov_from_dr, x86_ref_mov_to_dr, x86_ref_sldt,
    x86_ref_str, x86_ref_lldt, x86_ref_ltr, x86_ref_verr, x86_ref_verw, x86_ref_lar,
    x86_ref_lsl, x86_ref_sgdt, x86_ref_sidt, x86_ref_lgdt, x86_ref_lidt, x86_ref_smsw,
    x86_ref_lmsw, x86_ref_clts, x86_ref_arpl, x86_ref_invlpg, x86_ref_invpcid,
    x86_ref_swapgs, x86_ref_rdtsc, x86_ref_rdtscp, x86_ref_rdpmc, x86_ref_rdpid,
    x86_ref_rdmsr, x86_ref_wrmsr, x86_ref_cpuid, x86_ref_hlt, x86_ref_pause,
    x86_ref_cli, x86_ref_sti, x86_ref_clac, x86_ref_stac, x86_ref_rsm, x86_ref_monitor,
    x86_ref_mwait, x86_ref_fence, x86_ref_clflush, x86_ref_wbinvd, x86_ref_rdrand,
    x86_ref_rdseed, x86_ref_rdfsbase, x86_ref_wrfsbase;

X86RefFn x86_ref_xgetbv, x86_ref_xsetbv, x86_ref_xsave, x86_ref_xsaveopt,
    x86_ref_xsavec, x86_ref_xrstor, x86_ref_xsaves, x86_ref_xrstors;

X86RefFn x86_ref_in_ib, x86_ref_in_dx, x86_ref_out_ib, x86_ref_out_dx, x86_ref_in_ib8,
    x86_ref_in_dx8, x86_ref_out_ib8, x86_ref_out_dx8;

#endif
