/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference functions of ref-avx.c and ref-fma.c, for the opcode maps. */
#ifndef ACCEL_TARGET_I386_REF_AVX_H
#define ACCEL_TARGET_I386_REF_AVX_H

#include "accel/target/i386/insn.h"

X86RefFn x86_ref_vzeroupper, x86_ref_vzeroall;
X86RefFn x86_ref_vbroadcast8, x86_ref_vbroadcast16, x86_ref_vbroadcast32;
X86RefFn x86_ref_vbroadcast64, x86_ref_vbroadcast128;
X86RefFn x86_ref_vpermilps, x86_ref_vpermilpd, x86_ref_vpermilps_i, x86_ref_vpermilpd_i;
X86RefFn x86_ref_vperm2f128, x86_ref_vinsertf128, x86_ref_vextractf128;
X86RefFn x86_ref_vpermq, x86_ref_vpermd;
X86RefFn x86_ref_vpsllvd, x86_ref_vpsrlvd, x86_ref_vpsravd;
X86RefFn x86_ref_vpsllvq, x86_ref_vpsrlvq;
X86RefFn x86_ref_vmaskmov32_ld, x86_ref_vmaskmov64_ld;
X86RefFn x86_ref_vmaskmov32_st, x86_ref_vmaskmov64_st;
X86RefFn x86_ref_vgather_d32, x86_ref_vgather_d64, x86_ref_vgather_q32;
X86RefFn x86_ref_vgather_q64;
X86RefFn x86_ref_vcvtph2ps, x86_ref_vcvtps2ph;

/* clang-format off */
#define FMAP(l, u, opc, w)          X86RefFn x86_ref_##l;
#define FMAS(l, u, opc, w, bits, t) X86RefFn x86_ref_##l;
#include "accel/target/i386/vec-fma.def"
#undef FMAP
#undef FMAS
/* clang-format on */

#endif
