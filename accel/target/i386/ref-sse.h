/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference functions of ref-sse.c, for the opcode maps.  A "v" is a VEX form. */
#ifndef ACCEL_TARGET_I386_REF_SSE_H
#define ACCEL_TARGET_I386_REF_SSE_H

#include "accel/target/i386/insn.h"

X86RefFn x86_ref_mov128_ld, x86_ref_mov128_st, x86_ref_vmov_ld, x86_ref_vmov_st;
X86RefFn x86_ref_movss_ld, x86_ref_movss_st, x86_ref_movsd_ld, x86_ref_movsd_st;
X86RefFn x86_ref_vmovss_ld_m, x86_ref_vmovss_ld_r, x86_ref_vmovss_st_r;
X86RefFn x86_ref_vmovsd_ld_m, x86_ref_vmovsd_ld_r, x86_ref_vmovsd_st_r;
X86RefFn x86_ref_movlps_ld, x86_ref_vmovlps_ld;
X86RefFn x86_ref_movhps_ld, x86_ref_vmovhps_ld, x86_ref_movhps_st;
X86RefFn x86_ref_movd_ld, x86_ref_vmovd_ld, x86_ref_movd_st;
X86RefFn x86_ref_movq_ld, x86_ref_vmovq_ld, x86_ref_movq_st, x86_ref_vmovq_st;
X86RefFn x86_ref_movsldup, x86_ref_movshdup, x86_ref_movddup;
X86RefFn x86_ref_vmovsldup, x86_ref_vmovshdup, x86_ref_vmovddup;

X86RefFn x86_ref_m_movd_ld, x86_ref_m_movd_st, x86_ref_m_movq_ld, x86_ref_m_movq_st;
X86RefFn x86_ref_movq2dq, x86_ref_movdq2q;
X86RefFn x86_ref_m_pshufw, x86_ref_m_pinsrw, x86_ref_m_pextrw, x86_ref_m_pmovmskb;
X86RefFn x86_ref_m_palignr;
X86RefFn x86_ref_maskmovdqu, x86_ref_m_maskmovq;
X86RefFn x86_ref_movmskps, x86_ref_movmskpd, x86_ref_pmovmskb;

X86RefFn x86_ref_pshufd, x86_ref_pshuflw, x86_ref_pshufhw, x86_ref_shufps;
X86RefFn x86_ref_shufpd, x86_ref_palignr, x86_ref_psrldq, x86_ref_pslldq;
X86RefFn x86_ref_vpshufd, x86_ref_vpshuflw, x86_ref_vpshufhw, x86_ref_vshufps;
X86RefFn x86_ref_vshufpd, x86_ref_vpalignr, x86_ref_vpsrldq, x86_ref_vpslldq;
X86RefFn x86_ref_pinsrw, x86_ref_vpinsrw, x86_ref_pextrw;

X86RefFn x86_ref_comiss, x86_ref_comisd, x86_ref_ucomiss, x86_ref_ucomisd;
X86RefFn x86_ref_cvtsi2ss, x86_ref_cvtsi2sd, x86_ref_vcvtsi2ss, x86_ref_vcvtsi2sd;
X86RefFn x86_ref_cvtss2si, x86_ref_cvtsd2si, x86_ref_cvttss2si, x86_ref_cvttsd2si;
X86RefFn x86_ref_cvtpi2ps, x86_ref_cvtpi2pd, x86_ref_cvtps2pi, x86_ref_cvttps2pi;
X86RefFn x86_ref_cvtpd2pi, x86_ref_cvttpd2pi;

#endif
