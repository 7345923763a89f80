/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Build functions (X86Row.build) of the vector and x87 rows: templates, executed by the
 * host under the guest's control words.  They refuse where the guest has unmasked an
 * exception (X86_MODE_XM, X86_MODE_MF) and where the host lacks the instruction.
 */
#ifndef ACCEL_TARGET_I386_BUILD_VEC_H
#define ACCEL_TARGET_I386_BUILD_VEC_H

#include "accel/target/i386/insn.h"

X86BuildFn x86_build_vec;
X86BuildFn x86_build_pcmpstr;
X86BuildFn x86_build_vzero;
X86BuildFn x86_build_ldmxcsr;
X86BuildFn x86_build_stmxcsr;

X86BuildFn x86_build_x87;
X86BuildFn x86_build_x87_nothing; /* FNOP, FWAIT and their like */
X86BuildFn x86_build_fldcw;
X86BuildFn x86_build_fnstcw;
X86BuildFn x86_build_fnstsw_ax;

#endif
