/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opcode map: MMX, SSE to SSE4.2, SSE4A, AES, PCLMULQDQ, SHA, and the state
 * instructions of group 15 that are not XSAVE.  Instructions which have a VEX form that
 * differs only in operands and length are in vec-int.def and vec-fp.def.
 */
#include "accel/target/i386/build-vec.h"
#include "accel/target/i386/operands.h"
#include "accel/target/i386/ref-sse.h"
#include "accel/target/i386/ref-sse4.h"
#include "accel/target/i386/ref-vec.h"
#include "accel/target/i386/ref-x87.h"

#define C1      X86_EXC_CLASS_1
#define C2      X86_EXC_CLASS_2
#define C3      X86_EXC_CLASS_3
#define C4      X86_EXC_CLASS_4
#define C4U     X86_EXC_CLASS_4U
#define C5      X86_EXC_CLASS_5
#define C7      X86_EXC_CLASS_7
#define CM      X86_EXC_CLASS_MMX
#define F_MMX   X86_F_MMX
#define F_SSE   X86_F_SSE
#define F_SSE2  X86_F_SSE2
#define F_SSE3  X86_F_SSE3
#define F_SSSE3 X86_F_SSSE3
#define F_41    X86_F_SSE4_1
#define F_42    X86_F_SSE4_2
#define F_4A    X86_F_SSE4A
#define F_SHA   X86_F_SHA
#define FXSAVE  X86_F_FXSR, X86_EXC_CLASS_FXSAVE, X86_MEM

/* How the translator builds a row; without it: never. */
#define VEC   .build = x86_build_vec
#define PSTR  .build = x86_build_pcmpstr
#define LDCSR .build = x86_build_ldmxcsr
#define STCSR .build = x86_build_stmxcsr

/* clang-format off */
static const X86Row rows[] = {
    /* 0F 10 .. 17, 28 .. 2F */
    {"NP 0F 10 /r", "MOVUPS",   {Vps, Wps}, F_SSE,  C4U, 0, x86_ref_mov128_ld, VEC},
    {"66 0F 10 /r", "MOVUPD",   {Vpd, Wpd}, F_SSE2, C4U, 0, x86_ref_mov128_ld, VEC},
    {"F3 0F 10 /r", "MOVSS",    {Vss, Wss}, F_SSE,  C5, 0, x86_ref_movss_ld, VEC},
    {"F2 0F 10 /r", "MOVSD",    {Vsd, Wsd}, F_SSE2, C5, 0, x86_ref_movsd_ld, VEC},
    {"NP 0F 11 /r", "MOVUPS",   {Wps, Vps}, F_SSE,  C4U, 0, x86_ref_mov128_st, VEC},
    {"66 0F 11 /r", "MOVUPD",   {Wpd, Vpd}, F_SSE2, C4U, 0, x86_ref_mov128_st, VEC},
    {"F3 0F 11 /r", "MOVSS",    {Wss, Vss}, F_SSE,  C5, 0, x86_ref_movss_st, VEC},
    {"F2 0F 11 /r", "MOVSD",    {Wsd, Vsd}, F_SSE2, C5, 0, x86_ref_movsd_st, VEC},
    {"NP 0F 12 /r", "MOVLPS",   {Vq, Mq},   F_SSE,  C5, X86_MEM, x86_ref_movlps_ld, VEC},
    {"NP 0F 12 /r", "MOVHLPS",  {Vq, Uq},   F_SSE,  C7, X86_REG, x86_ref_movlps_ld, VEC},
    {"66 0F 12 /r", "MOVLPD",   {Vq, Mq},   F_SSE2, C5, X86_MEM, x86_ref_movlps_ld, VEC},
    {"F3 0F 12 /r", "MOVSLDUP", {Vx, Wx},   F_SSE3, C4, 0, x86_ref_movsldup, VEC},
    {"F2 0F 12 /r", "MOVDDUP",  {Vx, Wq},   F_SSE3, C5, 0, x86_ref_movddup, VEC},
    {"NP 0F 13 /r", "MOVLPS",   {Mq, Vq},   F_SSE,  C5, X86_MEM, x86_ref_movsd_st, VEC},
    {"66 0F 13 /r", "MOVLPD",   {Mq, Vq},   F_SSE2, C5, X86_MEM, x86_ref_movsd_st, VEC},
    {"NP 0F 16 /r", "MOVHPS",   {Vdq, Mq},  F_SSE,  C5, X86_MEM, x86_ref_movhps_ld, VEC},
    {"NP 0F 16 /r", "MOVLHPS",  {Vdq, Uq},  F_SSE,  C7, X86_REG, x86_ref_movhps_ld, VEC},
    {"66 0F 16 /r", "MOVHPD",   {Vdq, Mq},  F_SSE2, C5, X86_MEM, x86_ref_movhps_ld, VEC},
    {"F3 0F 16 /r", "MOVSHDUP", {Vx, Wx},   F_SSE3, C4, 0, x86_ref_movshdup, VEC},
    {"NP 0F 17 /r", "MOVHPS",   {Mq, Vq},   F_SSE,  C5, X86_MEM, x86_ref_movhps_st, VEC},
    {"66 0F 17 /r", "MOVHPD",   {Mq, Vq},   F_SSE2, C5, X86_MEM, x86_ref_movhps_st, VEC},
    {"NP 0F 28 /r", "MOVAPS",   {Vps, Wps}, F_SSE,  C1, 0, x86_ref_mov128_ld, VEC},
    {"66 0F 28 /r", "MOVAPD",   {Vpd, Wpd}, F_SSE2, C1, 0, x86_ref_mov128_ld, VEC},
    {"NP 0F 29 /r", "MOVAPS",   {Wps, Vps}, F_SSE,  C1, 0, x86_ref_mov128_st, VEC},
    {"66 0F 29 /r", "MOVAPD",   {Wpd, Vpd}, F_SSE2, C1, 0, x86_ref_mov128_st, VEC},
    {"NP 0F 2A /r", "CVTPI2PS", {Vps, Qpi}, F_SSE,  C3, 0, x86_ref_cvtpi2ps, VEC},
    {"66 0F 2A /r", "CVTPI2PD", {Vpd, Qpi}, F_SSE2, C3, 0, x86_ref_cvtpi2pd, VEC},
    {"F3 0F 2A /r", "CVTSI2SS", {Vss, Ey},  F_SSE,  C3, 0, x86_ref_cvtsi2ss, VEC},
    {"F2 0F 2A /r", "CVTSI2SD", {Vsd, Ey},  F_SSE2, C3, 0, x86_ref_cvtsi2sd, VEC},
    {"NP 0F 2B /r", "MOVNTPS",  {Mps, Vps}, F_SSE,  C1, X86_MEM, x86_ref_mov128_st, VEC},
    {"66 0F 2B /r", "MOVNTPD",  {Mpd, Vpd}, F_SSE2, C1, X86_MEM, x86_ref_mov128_st, VEC},
    {"NP 0F 2C /r", "CVTTPS2PI", {Ppi, Wq}, F_SSE,  C3, 0, x86_ref_cvttps2pi, VEC},
    {"66 0F 2C /r", "CVTTPD2PI", {Ppi, Wpd}, F_SSE2, C2, 0, x86_ref_cvttpd2pi, VEC},
    {"F3 0F 2C /r", "CVTTSS2SI", {Gy, Wss}, F_SSE,  C3, 0, x86_ref_cvttss2si, VEC},
    {"F2 0F 2C /r", "CVTTSD2SI", {Gy, Wsd}, F_SSE2, C3, 0, x86_ref_cvttsd2si, VEC},
    {"NP 0F 2D /r", "CVTPS2PI", {Ppi, Wq},  F_SSE,  C3, 0, x86_ref_cvtps2pi, VEC},
    {"66 0F 2D /r", "CVTPD2PI", {Ppi, Wpd}, F_SSE2, C2, 0, x86_ref_cvtpd2pi, VEC},
    {"F3 0F 2D /r", "CVTSS2SI", {Gy, Wss},  F_SSE,  C3, 0, x86_ref_cvtss2si, VEC},
    {"F2 0F 2D /r", "CVTSD2SI", {Gy, Wsd},  F_SSE2, C3, 0, x86_ref_cvtsd2si, VEC},
    {"NP 0F 2E /r", "UCOMISS",  {Vss, Wss}, F_SSE,  C3, 0, x86_ref_ucomiss, VEC},
    {"66 0F 2E /r", "UCOMISD",  {Vsd, Wsd}, F_SSE2, C3, 0, x86_ref_ucomisd, VEC},
    {"NP 0F 2F /r", "COMISS",   {Vss, Wss}, F_SSE,  C3, 0, x86_ref_comiss, VEC},
    {"66 0F 2F /r", "COMISD",   {Vsd, Wsd}, F_SSE2, C3, 0, x86_ref_comisd, VEC},

    /* 0F 50 .. 7F */
    {"NP 0F 50 /r", "MOVMSKPS", {Gd, Ups},  F_SSE,  C7, 0, x86_ref_movmskps, VEC},
    {"66 0F 50 /r", "MOVMSKPD", {Gd, Upd},  F_SSE2, C7, 0, x86_ref_movmskpd, VEC},
    {"NP 0F 6E /r", "MOVD",     {Pq, Ey},   F_MMX,  CM, 0, x86_ref_m_movd_ld, VEC},
    {"66 0F 6E /r", "MOVD",     {Vdq, Ey},  F_SSE2, C5, 0, x86_ref_movd_ld, VEC},
    {"NP 0F 6F /r", "MOVQ",     {Pq, Qq},   F_MMX,  CM, 0, x86_ref_m_movq_ld, VEC},
    {"66 0F 6F /r", "MOVDQA",   {Vdq, Wdq}, F_SSE2, C1, 0, x86_ref_mov128_ld, VEC},
    {"F3 0F 6F /r", "MOVDQU",   {Vdq, Wdq}, F_SSE2, C4U, 0, x86_ref_mov128_ld, VEC},
    {"NP 0F 70 /r", "PSHUFW",   {Pq, Qq, Ib}, F_SSE, CM, 0, x86_ref_m_pshufw, VEC},
    {"66 0F 70 /r", "PSHUFD",   {Vdq, Wdq, Ib}, F_SSE2, C4, 0, x86_ref_pshufd, VEC},
    {"F3 0F 70 /r", "PSHUFHW",  {Vdq, Wdq, Ib}, F_SSE2, C4, 0, x86_ref_pshufhw, VEC},
    {"F2 0F 70 /r", "PSHUFLW",  {Vdq, Wdq, Ib}, F_SSE2, C4, 0, x86_ref_pshuflw, VEC},
    {"66 0F 73 /3", "PSRLDQ",   {Udq, Ib},  F_SSE2, C7, 0, x86_ref_psrldq, VEC},
    {"66 0F 73 /7", "PSLLDQ",   {Udq, Ib},  F_SSE2, C7, 0, x86_ref_pslldq, VEC},
    {"NP 0F 77",    "EMMS",     {0},        F_MMX,  CM, 0, x86_ref_emms, VEC},
    {"NP 0F 7E /r", "MOVD",     {Ey, Pq},   F_MMX,  CM, 0, x86_ref_m_movd_st, VEC},
    {"66 0F 7E /r", "MOVD",     {Ey, Vdq},  F_SSE2, C5, 0, x86_ref_movd_st, VEC},
    {"F3 0F 7E /r", "MOVQ",     {Vq, Wq},   F_SSE2, C5, 0, x86_ref_movq_ld, VEC},
    {"NP 0F 7F /r", "MOVQ",     {Qq, Pq},   F_MMX,  CM, 0, x86_ref_m_movq_st, VEC},
    {"66 0F 7F /r", "MOVDQA",   {Wdq, Vdq}, F_SSE2, C1, 0, x86_ref_mov128_st, VEC},
    {"F3 0F 7F /r", "MOVDQU",   {Wdq, Vdq}, F_SSE2, C4U, 0, x86_ref_mov128_st, VEC},

    /* 0F AE: group 15 */
    {"NP 0F AE /0", "FXSAVE",   {Mm},       FXSAVE, x86_ref_fxsave},
    {"NP 0F AE /1", "FXRSTOR",  {Mm},       FXSAVE, x86_ref_fxrstor},
    {"NP 0F AE /2", "LDMXCSR",  {Md},       F_SSE,  C5, X86_MEM, x86_ref_ldmxcsr, LDCSR},
    {"NP 0F AE /3", "STMXCSR",  {Md},       F_SSE,  C5, X86_MEM, x86_ref_stmxcsr, STCSR},

    /* 0F C2 .. FF */
    {"NP 0F C4 /r", "PINSRW",   {Pq, Ed, Ib}, F_SSE, CM, 0, x86_ref_m_pinsrw, VEC},
    {"66 0F C4 /r", "PINSRW",   {Vdq, Ed, Ib}, F_SSE2, C5, 0, x86_ref_pinsrw, VEC},
    {"NP 0F C5 /r", "PEXTRW",   {Gd, Nq, Ib}, F_SSE, CM, 0, x86_ref_m_pextrw, VEC},
    {"66 0F C5 /r", "PEXTRW",   {Gd, Udq, Ib}, F_SSE2, C7, 0, x86_ref_pextrw, VEC},
    {"NP 0F C6 /r", "SHUFPS",   {Vps, Wps, Ib}, F_SSE, C4, 0, x86_ref_shufps, VEC},
    {"66 0F C6 /r", "SHUFPD",   {Vpd, Wpd, Ib}, F_SSE2, C4, 0, x86_ref_shufpd, VEC},
    {"66 0F D6 /r", "MOVQ",     {Wq, Vq},   F_SSE2, C5, 0, x86_ref_movq_st, VEC},
    {"F3 0F D6 /r", "MOVQ2DQ",  {Vdq, Nq},  F_SSE2, C5, 0, x86_ref_movq2dq, VEC},
    {"F2 0F D6 /r", "MOVDQ2Q",  {Pq, Uq},   F_SSE2, C5, 0, x86_ref_movdq2q, VEC},
    {"NP 0F D7 /r", "PMOVMSKB", {Gd, Nq},   F_SSE,  CM, 0, x86_ref_m_pmovmskb, VEC},
    {"66 0F D7 /r", "PMOVMSKB", {Gd, Udq},  F_SSE2, C7, 0, x86_ref_pmovmskb, VEC},
    {"NP 0F E7 /r", "MOVNTQ",   {Mq, Pq},   F_SSE,  CM, X86_MEM, x86_ref_m_movq_st, VEC},
    {"66 0F E7 /r", "MOVNTDQ",  {Mdq, Vdq}, F_SSE2, C1, X86_MEM, x86_ref_mov128_st, VEC},
    {"F2 0F F0 /r", "LDDQU",    {Vdq, Mdq}, F_SSE3, C4U, X86_MEM, x86_ref_mov128_ld, VEC},
    /* The store goes to DS:rDI; the letter X makes a segment prefix count. */
    {"NP 0F F7 /r", "MASKMOVQ", {Pq, Nq, Xb}, F_SSE, CM, 0, x86_ref_m_maskmovq},
    {"66 0F F7 /r", "MASKMOVDQU", {Vdq, Udq, Xb}, F_SSE2, C4, 0, x86_ref_maskmovdqu},

    /* 0F3A */
    {"NP 0F3A 0F /r", "PALIGNR", {Pq, Qq, Ib}, F_SSSE3, CM, 0, x86_ref_m_palignr, VEC},
    {"66 0F3A 0F /r", "PALIGNR", {Vdq, Wdq, Ib}, F_SSSE3, C4, 0, x86_ref_palignr, VEC},

    {"66 0F38 10 /r", "PBLENDVB", {Vdq, Wdq}, F_41, C4, 0, x86_ref_pblendvb, VEC},
    {"66 0F38 14 /r", "BLENDVPS", {Vdq, Wdq}, F_41, C4, 0, x86_ref_blendvps, VEC},
    {"66 0F38 15 /r", "BLENDVPD", {Vdq, Wdq}, F_41, C4, 0, x86_ref_blendvpd, VEC},
    {"66 0F38 17 /r", "PTEST",    {Vdq, Wdq}, F_41, C4, 0, x86_ref_ptest, VEC},
    {"66 0F38 2A /r", "MOVNTDQA", {Vdq, Mdq}, F_41, C1, X86_MEM, x86_ref_mov128_ld, VEC},
    /* The SDM wants alignment (class 4), processors of AMD do not. */
    {"NP 0F38 C8 /r", "SHA1NEXTE", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha1nexte, VEC},
    {"NP 0F38 C9 /r", "SHA1MSG1", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha1msg1, VEC},
    {"NP 0F38 CA /r", "SHA1MSG2", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha1msg2, VEC},
    {"NP 0F38 CB /r", "SHA256RNDS2", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha256rnds2, VEC},
    {"NP 0F38 CC /r", "SHA256MSG1", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha256msg1, VEC},
    {"NP 0F38 CD /r", "SHA256MSG2", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha256msg2, VEC},
    {"66 0F3A 08 /r", "ROUNDPS",  {Vps, Wps, Ib}, F_41, C2, 0, x86_ref_roundps, VEC},
    {"66 0F3A 09 /r", "ROUNDPD",  {Vpd, Wpd, Ib}, F_41, C2, 0, x86_ref_roundpd, VEC},
    {"66 0F3A 0A /r", "ROUNDSS",  {Vss, Wss, Ib}, F_41, C3, 0, x86_ref_roundss, VEC},
    {"66 0F3A 0B /r", "ROUNDSD",  {Vsd, Wsd, Ib}, F_41, C3, 0, x86_ref_roundsd, VEC},
    {"66 0F3A 0C /r", "BLENDPS",  {Vps, Wps, Ib}, F_41, C4, 0, x86_ref_blendps, VEC},
    {"66 0F3A 0D /r", "BLENDPD",  {Vpd, Wpd, Ib}, F_41, C4, 0, x86_ref_blendpd, VEC},
    {"66 0F3A 0E /r", "PBLENDW",  {Vdq, Wdq, Ib}, F_41, C4, 0, x86_ref_pblendw, VEC},
    {"66 0F3A 14 /r", "PEXTRB",   {Ed, Vdq, Ib}, F_41, C5, 0, x86_ref_pextrb, VEC},
    {"66 0F3A 15 /r", "PEXTRW",   {Ed, Vdq, Ib}, F_41, C5, 0, x86_ref_pextrw_st, VEC},
    {"66 0F3A 16 /r", "PEXTRD",   {Ey, Vdq, Ib}, F_41, C5, 0, x86_ref_pextrd, VEC},
    {"66 0F3A 17 /r", "EXTRACTPS", {Ed, Vdq, Ib}, F_41, C5, 0, x86_ref_extractps, VEC},
    {"66 0F3A 20 /r", "PINSRB",   {Vdq, Ed, Ib}, F_41, C5, 0, x86_ref_pinsrb, VEC},
    {"66 0F3A 21 /r", "INSERTPS", {Vdq, Wd, Ib}, F_41, C5, 0, x86_ref_insertps, VEC},
    {"66 0F3A 22 /r", "PINSRD",   {Vdq, Ey, Ib}, F_41, C5, 0, x86_ref_pinsrd, VEC},
    {"66 0F3A 40 /r", "DPPS",     {Vps, Wps, Ib}, F_41, C2, 0, x86_ref_dpps, VEC},
    {"66 0F3A 41 /r", "DPPD",     {Vpd, Wpd, Ib}, F_41, C2, 0, x86_ref_dppd, VEC},
    {"66 0F3A 42 /r", "MPSADBW",  {Vdq, Wdq, Ib}, F_41, C4, 0, x86_ref_mpsadbw, VEC},
    {"66 0F3A 44 /r", "PCLMULQDQ", {Vdq, Wdq, Ib}, X86_F_PCLMULQDQ, C4, 0, x86_ref_pclmulqdq, VEC},
    {"66 0F3A 60 /r", "PCMPESTRM", {Vdq, Wdq, Ib}, F_42, C4U, X86_Y64, x86_ref_pcmpestrm, PSTR},
    {"66 0F3A 61 /r", "PCMPESTRI", {Vdq, Wdq, Ib}, F_42, C4U, X86_Y64, x86_ref_pcmpestri, PSTR},
    {"66 0F3A 62 /r", "PCMPISTRM", {Vdq, Wdq, Ib}, F_42, C4U, 0, x86_ref_pcmpistrm, PSTR},
    {"66 0F3A 63 /r", "PCMPISTRI", {Vdq, Wdq, Ib}, F_42, C4U, 0, x86_ref_pcmpistri, PSTR},
    {"NP 0F3A CC /r", "SHA1RNDS4", {Vdq, Wdq, Ib}, F_SHA, C4U, 0, x86_ref_sha1rnds4, VEC},
    {"66 0F3A DF /r", "AESKEYGENASSIST", {Vdq, Wdq, Ib}, X86_F_AES, C4, 0, x86_ref_aeskeygenassist, VEC},

    /* SSE4A */
    {"F3 0F 2B /r", "MOVNTSS",  {Mss, Vss}, F_4A, C5, X86_MEM, x86_ref_movss_st, VEC},
    {"F2 0F 2B /r", "MOVNTSD",  {Msd, Vsd}, F_4A, C5, X86_MEM, x86_ref_movsd_st, VEC},
    {"66 0F 78 /0", "EXTRQ",    {Udq, Ib, Ib}, F_4A, C7, 0, x86_ref_extrq_i},
    {"66 0F 79 /r", "EXTRQ",    {Vdq, Udq}, F_4A, C7, 0, x86_ref_extrq, VEC},
    {"F2 0F 78 /r", "INSERTQ",  {Vdq, Udq, Ib, Ib}, F_4A, C7, 0, x86_ref_insertq_i},
    {"F2 0F 79 /r", "INSERTQ",  {Vdq, Udq}, F_4A, C7, 0, x86_ref_insertq, VEC},

#define MBIN(l, u, map, opc, mf, way, f) \
    {"NP " map " " opc " /r", u, {Pq, Qq}, X86_F_##mf, CM, 0, x86_ref_m_##l, VEC}, \
    BIN(l, u, map, opc, f)
#define BIN(l, u, map, opc, f) \
    {"66 " map " " opc " /r", u, {Vdq, Wdq}, X86_F_##f, C4, 0, x86_ref_##l, VEC},
#define PBIN(l, u, pfx, opc, f) \
    {pfx " 0F " opc " /r", u, {Vdq, Wdq}, X86_F_##f, C4, 0, x86_ref_##l, VEC},
#define BIN128(l, u, map, opc, f, vf) BIN(l, u, map, opc, f)
#define MUN(l, u, map, opc, f) MBIN(l, u, map, opc, f, LOW, f)
#define UN128(l, u, map, opc, f, vf) BIN(l, u, map, opc, f)
#define SHIFT(l, u, opc) MBIN(l, u, "0F", opc, MMX, LOW, SSE2)
#define SHIFTI(l, u, opc) \
    {"NP 0F " opc, u, {Nq, Ib}, F_MMX, CM, 0, x86_ref_m_##l##_i, VEC}, \
    {"66 0F " opc, u, {Udq, Ib}, F_SSE2, C7, 0, x86_ref_##l##_i, VEC},
#define EXTEND(l, u, opc, bytes) \
    {"66 0F38 " opc " /r", u, {Vdq, Wq}, X86_F_SSE4_1, C5, 0, x86_ref_##l, VEC},
#include "accel/target/i386/vec-int.def"

#define FBIN(l, u, pfx, opc, f) \
    {pfx " 0F " opc " /r", u, {Vps, Wps}, X86_F_##f, C2, 0, x86_ref_##l, VEC},
#define FUN(l, u, pfx, opc, f) FBIN(l, u, pfx, opc, f)
#define NUN(l, u, pfx, opc, f) \
    {pfx " 0F " opc " /r", u, {Vps, Wps}, X86_F_##f, C4, 0, x86_ref_##l, VEC},
#define FSC(l, u, pfx, opc, f, bits, t) \
    {pfx " 0F " opc " /r", u, {V##t, W##t}, X86_F_##f, C3, 0, x86_ref_##l, VEC},
#define NSC(l, u, pfx, opc, f, bits, t) \
    {pfx " 0F " opc " /r", u, {V##t, W##t}, X86_F_##f, C5, 0, x86_ref_##l, VEC},
#define FWIDEN(l, u, pfx, opc, cls) \
    {pfx " 0F " opc " /r", u, {Vdq, Wq}, F_SSE2, cls, 0, x86_ref_##l, VEC},
#define FNARROW(l, u, pfx, opc, cls) \
    {pfx " 0F " opc " /r", u, {Vdq, Wdq}, F_SSE2, cls, 0, x86_ref_##l, VEC},
#define FCMP(l, u, pfx, f) \
    {pfx " 0F C2 /r", u, {Vps, Wps, Ib}, X86_F_##f, C2, 0, x86_ref_##l, VEC},
#define FCMPS(l, u, pfx, f, bits, t) \
    {pfx " 0F C2 /r", u, {V##t, W##t, Ib}, X86_F_##f, C3, 0, x86_ref_##l, VEC},
#include "accel/target/i386/vec-fp.def"
};
/* clang-format on */

const X86RowTable x86_rows_sse = { rows, sizeof(rows) / sizeof(rows[0]) };
