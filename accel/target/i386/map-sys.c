/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opcode map: system instructions of the 0F page.
 */
#include "accel/target/i386/builds-int.h"
#include "accel/target/i386/operands.h"
#include "accel/target/i386/refs-int.h"
#include "accel/target/i386/refs-sys.h"

/* clang-format off */
static const X86Row rows[] = {
    { "0F 00 /0", "SLDT", { Ev }, 0, 0, X86_PROT, x86_ref_sldt },
    { "0F 00 /1", "STR", { Ev }, 0, 0, X86_PROT, x86_ref_str },
    { "0F 00 /2", "LLDT", { Ew }, 0, 0, X86_PROT | X86_PRIV, x86_ref_lldt },
    { "0F 00 /3", "LTR", { Ew }, 0, 0, X86_PROT | X86_PRIV, x86_ref_ltr },
    { "0F 00 /4", "VERR", { Ew }, 0, 0, X86_PROT, x86_ref_verr },
    { "0F 00 /5", "VERW", { Ew }, 0, 0, X86_PROT, x86_ref_verw },
    { "0F 01 /0", "SGDT", { Ms }, 0, 0, X86_MEM, x86_ref_sgdt },
    { "0F 01 /1", "SIDT", { Ms }, 0, 0, X86_MEM, x86_ref_sidt },
    { "0F 01 /2", "LGDT", { Ms }, 0, 0, X86_MEM | X86_PRIV, x86_ref_lgdt },
    { "0F 01 /3", "LIDT", { Ms }, 0, 0, X86_MEM | X86_PRIV, x86_ref_lidt },
    { "0F 01 /4", "SMSW", { Ev }, 0, 0, 0, x86_ref_smsw },
    { "0F 01 /6", "LMSW", { Ew }, 0, 0, X86_PRIV | X86_ENDS, x86_ref_lmsw },
    { "0F 01 /7", "INVLPG", { Mm }, 0, 0, X86_MEM | X86_PRIV, x86_ref_invlpg },
    { "0F 01 /1:0", "MONITOR", { 0 }, X86_F_MONITOR, 0, 0, x86_ref_monitor },
    { "0F 01 /1:1", "MWAIT", { 0 }, X86_F_MONITOR, 0, X86_ENDS, x86_ref_mwait },
    { "0F 01 /1:2", "CLAC", { 0 }, X86_F_SMAP, 0, X86_ENDS, x86_ref_clac },
    { "0F 01 /1:3", "STAC", { 0 }, X86_F_SMAP, 0, X86_ENDS, x86_ref_stac },
    { "0F 01 /2:0", "XGETBV", { 0 }, X86_F_XSAVE, 0, 0, x86_ref_xgetbv },
    { "0F 01 /2:1", "XSETBV", { 0 }, X86_F_XSAVE, 0, X86_ENDS, x86_ref_xsetbv },
    { "0F 01 /7:0", "SWAPGS", { 0 }, X86_F_LM, 0, X86_ONLY64 | X86_FLAGLESS | X86_PRIV, x86_ref_swapgs, NULL, 0, x86_build_swapgs },
    { "0F 01 /7:1", "RDTSCP", { 0 }, X86_F_RDTSCP, 0, X86_FLAGLESS, x86_ref_rdtscp },
    { "0F 02 /r", "LAR", { Gv, Ew }, 0, 0, X86_PROT, x86_ref_lar },
    { "0F 03 /r", "LSL", { Gv, Ew }, 0, 0, X86_PROT, x86_ref_lsl },
    { "0F 05", "SYSCALL", { 0 }, X86_F_SYSCALL, 0, X86_ENDS, x86_ref_syscall },
    { "0F 06", "CLTS", { 0 }, 0, 0, X86_PRIV | X86_ENDS, x86_ref_clts },
    { "0F 07", "SYSRET", { 0 }, X86_F_SYSCALL, 0, X86_ENDS, x86_ref_sysret },
    { "0F 08", "INVD", { 0 }, 0, 0, X86_PRIV, x86_ref_wbinvd },
    { "0F 09", "WBINVD", { 0 }, 0, 0, X86_PRIV, x86_ref_wbinvd },
    { "0F 0B", "UD2", { 0 }, 0, 0, X86_ENDS, x86_ref_ud },
    { "0F 0D /r", "PREFETCH", { Ev }, X86_F_CMOV, 0, 0, x86_ref_nop, NULL, 0, x86_build_nop },
    { "0F 20 /r", "MOV", { Ry, Cy }, 0, 0, X86_PRIV | X86_FLAGLESS | X86_IGNMOD, x86_ref_mov_from_cr },
    { "0F 21 /r", "MOV", { Ry, Dy }, 0, 0, X86_PRIV | X86_FLAGLESS | X86_IGNMOD, x86_ref_mov_from_dr },
    { "0F 22 /0", "MOV", { Cy, Ry }, 0, 0, X86_PRIV | X86_FLAGLESS | X86_IGNMOD, x86_ref_mov_to_cr },
    { "0F 22 /2", "MOV", { Cy, Ry }, 0, 0, X86_PRIV | X86_FLAGLESS | X86_IGNMOD, x86_ref_mov_to_cr },
    { "0F 22 /r", "MOV", { Cy, Ry }, 0, 0, X86_PRIV | X86_FLAGLESS | X86_IGNMOD | X86_ENDS, x86_ref_mov_to_cr },
    { "0F 23 /r", "MOV", { Dy, Ry }, 0, 0, X86_PRIV | X86_FLAGLESS | X86_IGNMOD, x86_ref_mov_to_dr },
    { "0F 30", "WRMSR", { 0 }, X86_F_MSR, 0, X86_PRIV | X86_FLAGLESS, x86_ref_wrmsr },
    { "0F 31", "RDTSC", { 0 }, X86_F_TSC, 0, X86_FLAGLESS, x86_ref_rdtsc },
    { "0F 32", "RDMSR", { 0 }, X86_F_MSR, 0, X86_PRIV | X86_FLAGLESS, x86_ref_rdmsr },
    { "0F 33", "RDPMC", { 0 }, X86_F_CMOV, 0, 0, x86_ref_rdpmc },
    { "0F 34", "SYSENTER", { 0 }, X86_F_SEP, 0, X86_ENDS, x86_ref_sysenter },
    { "0F 35", "SYSEXIT", { 0 }, X86_F_SEP, 0, X86_ENDS, x86_ref_sysexit },
    { "0F A2", "CPUID", { 0 }, 0, 0, 0, x86_ref_cpuid },
    { "0F AA", "RSM", { 0 }, 0, 0, X86_ENDS, x86_ref_rsm },
    { "F3 0F AE /0", "RDFSBASE", { Ry }, X86_F_FSGSBASE, 0, X86_REG | X86_ONLY64, x86_ref_rdfsbase, NULL, 0, x86_build_rdfsbase },
    { "F3 0F AE /1", "RDGSBASE", { Ry }, X86_F_FSGSBASE, 0, X86_REG | X86_ONLY64, x86_ref_rdfsbase, NULL, 0, x86_build_rdfsbase },
    { "F3 0F AE /2", "WRFSBASE", { Ry }, X86_F_FSGSBASE, 0, X86_REG | X86_ONLY64, x86_ref_wrfsbase },
    { "F3 0F AE /3", "WRGSBASE", { Ry }, X86_F_FSGSBASE, 0, X86_REG | X86_ONLY64, x86_ref_wrfsbase },
    { "NP 0F AE /4", "XSAVE", { My }, X86_F_XSAVE, 0, X86_MEM, x86_ref_xsave },
    { "NP 0F AE /5", "XRSTOR", { My }, X86_F_XSAVE, 0, X86_MEM, x86_ref_xrstor },
    { "NP 0F AE /6", "XSAVEOPT", { My }, X86_F_XSAVEOPT, 0, X86_MEM, x86_ref_xsaveopt },
    { "66 0F AE /7", "CLFLUSHOPT", { Mb }, X86_F_CLFLUSHOPT, 0, X86_MEM, x86_ref_clflush },
    { "66 0F AE /6", "CLWB", { Mb }, X86_F_CLWB, 0, X86_MEM, x86_ref_clflush },
    { "NP 0F AE /7", "CLFLUSH", { Mb }, X86_F_CLFLUSH, 0, X86_MEM, x86_ref_clflush },
    { "NP 0F AE /5", "LFENCE", { 0 }, X86_F_SSE2, 0, X86_REG, x86_ref_nop, NULL, 0, x86_build_nop },
    { "NP 0F AE /6", "MFENCE", { 0 }, X86_F_SSE2, 0, X86_REG, x86_ref_fence, NULL, 0, x86_build_fence },
    { "NP 0F AE /7", "SFENCE", { 0 }, X86_F_SSE, 0, X86_REG, x86_ref_nop, NULL, 0, x86_build_nop },
    { "NP 0F C7 /4", "XSAVEC", { My }, X86_F_XSAVEC, 0, X86_MEM, x86_ref_xsavec },
    { "NP 0F C7 /5", "XSAVES", { My }, X86_F_XSAVES, 0, X86_MEM | X86_PRIV, x86_ref_xsaves },
    { "NP 0F C7 /3", "XRSTORS", { My }, X86_F_XSAVES, 0, X86_MEM | X86_PRIV, x86_ref_xrstors },
    { "F3 0F C7 /7", "RDPID", { Ry }, X86_F_RDPID, 0, X86_REG, x86_ref_rdpid },
    { "0F C7 /6", "RDRAND", { Rv }, X86_F_RDRAND, 0, X86_REG, x86_ref_rdrand },
    { "0F C7 /7", "RDSEED", { Rv }, X86_F_RDSEED, 0, X86_REG, x86_ref_rdseed },
    { "66 0F38 82 /r", "INVPCID", { Gy, Mdq }, X86_F_INVPCID, 0, X86_MEM | X86_PRIV | X86_ENDS, x86_ref_invpcid },
};
/* clang-format on */

const X86RowTable x86_rows_sys = { rows, sizeof(rows) / sizeof(rows[0]) };
