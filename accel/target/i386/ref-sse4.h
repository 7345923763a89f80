/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reference functions of ref-sse4.c, for the opcode maps.  A "v" is a VEX form. */
#ifndef ACCEL_TARGET_I386_REF_SSE4_H
#define ACCEL_TARGET_I386_REF_SSE4_H

#include "accel/target/i386/insn.h"

X86RefFn x86_ref_blendps, x86_ref_blendpd, x86_ref_pblendw;
X86RefFn x86_ref_vblendps, x86_ref_vblendpd, x86_ref_vpblendw;
X86RefFn x86_ref_pblendvb, x86_ref_blendvps, x86_ref_blendvpd;
X86RefFn x86_ref_vpblendvb, x86_ref_vblendvps, x86_ref_vblendvpd;
X86RefFn x86_ref_pinsrb, x86_ref_pinsrd, x86_ref_insertps;
X86RefFn x86_ref_vpinsrb, x86_ref_vpinsrd, x86_ref_vinsertps;
X86RefFn x86_ref_pextrb, x86_ref_pextrw_st, x86_ref_pextrd, x86_ref_extractps;
X86RefFn x86_ref_ptest, x86_ref_vtestps, x86_ref_vtestpd;
X86RefFn x86_ref_roundps, x86_ref_roundpd, x86_ref_roundss, x86_ref_roundsd;
X86RefFn x86_ref_vroundps, x86_ref_vroundpd, x86_ref_vroundss, x86_ref_vroundsd;
X86RefFn x86_ref_dpps, x86_ref_dppd, x86_ref_vdpps, x86_ref_vdppd;
X86RefFn x86_ref_mpsadbw, x86_ref_pclmulqdq, x86_ref_aeskeygenassist;
X86RefFn x86_ref_vmpsadbw, x86_ref_vpclmulqdq, x86_ref_vaeskeygenassist;
X86RefFn x86_ref_sha1rnds4, x86_ref_vsha1rnds4;
X86RefFn x86_ref_sha1nexte, x86_ref_sha1msg1, x86_ref_sha1msg2;
X86RefFn x86_ref_sha256msg1, x86_ref_sha256msg2, x86_ref_sha256rnds2;
X86RefFn x86_ref_pcmpestri, x86_ref_pcmpestrm, x86_ref_pcmpistri, x86_ref_pcmpistrm;
X86RefFn x86_ref_extrq_i, x86_ref_extrq, x86_ref_insertq_i, x86_ref_insertq;

#endif
