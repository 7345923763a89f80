/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opcode map: MMX, SSE to SSE4.2, SSE4A, AES, PCLMULQDQ, SHA, and the state
 * instructions of group 15 that are not XSAVE.  Instructions which have a VEX form that
 * differs only in operands and length are in vec-int.def and vec-fp.def.
 */
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

/* clang-format off */
static const X86Row rows[] = {
    /* 0F 10 .. 17, 28 .. 2F */
    {"NP 0F 10 /r", "MOVUPS",   {Vps, Wps}, F_SSE,  C4U, 0, x86_ref_mov128_ld},
    {"66 0F 10 /r", "MOVUPD",   {Vpd, Wpd}, F_SSE2, C4U, 0, x86_ref_mov128_ld},
    {"F3 0F 10 /r", "MOVSS",    {Vss, Wss}, F_SSE,  C5, 0, x86_ref_movss_ld},
    {"F2 0F 10 /r", "MOVSD",    {Vsd, Wsd}, F_SSE2, C5, 0, x86_ref_movsd_ld},
    {"NP 0F 11 /r", "MOVUPS",   {Wps, Vps}, F_SSE,  C4U, 0, x86_ref_mov128_st},
    {"66 0F 11 /r", "MOVUPD",   {Wpd, Vpd}, F_SSE2, C4U, 0, x86_ref_mov128_st},
    {"F3 0F 11 /r", "MOVSS",    {Wss, Vss}, F_SSE,  C5, 0, x86_ref_movss_st},
    {"F2 0F 11 /r", "MOVSD",    {Wsd, Vsd}, F_SSE2, C5, 0, x86_ref_movsd_st},
    {"NP 0F 12 /r", "MOVLPS",   {Vq, Mq},   F_SSE,  C5, X86_MEM, x86_ref_movlps_ld},
    {"NP 0F 12 /r", "MOVHLPS",  {Vq, Uq},   F_SSE,  C7, X86_REG, x86_ref_movlps_ld},
    {"66 0F 12 /r", "MOVLPD",   {Vq, Mq},   F_SSE2, C5, X86_MEM, x86_ref_movlps_ld},
    {"F3 0F 12 /r", "MOVSLDUP", {Vx, Wx},   F_SSE3, C4, 0, x86_ref_movsldup},
    {"F2 0F 12 /r", "MOVDDUP",  {Vx, Wq},   F_SSE3, C5, 0, x86_ref_movddup},
    {"NP 0F 13 /r", "MOVLPS",   {Mq, Vq},   F_SSE,  C5, X86_MEM, x86_ref_movsd_st},
    {"66 0F 13 /r", "MOVLPD",   {Mq, Vq},   F_SSE2, C5, X86_MEM, x86_ref_movsd_st},
    {"NP 0F 16 /r", "MOVHPS",   {Vdq, Mq},  F_SSE,  C5, X86_MEM, x86_ref_movhps_ld},
    {"NP 0F 16 /r", "MOVLHPS",  {Vdq, Uq},  F_SSE,  C7, X86_REG, x86_ref_movhps_ld},
    {"66 0F 16 /r", "MOVHPD",   {Vdq, Mq},  F_SSE2, C5, X86_MEM, x86_ref_movhps_ld},
    {"F3 0F 16 /r", "MOVSHDUP", {Vx, Wx},   F_SSE3, C4, 0, x86_ref_movshdup},
    {"NP 0F 17 /r", "MOVHPS",   {Mq, Vq},   F_SSE,  C5, X86_MEM, x86_ref_movhps_st},
    {"66 0F 17 /r", "MOVHPD",   {Mq, Vq},   F_SSE2, C5, X86_MEM, x86_ref_movhps_st},
    {"NP 0F 28 /r", "MOVAPS",   {Vps, Wps}, F_SSE,  C1, 0, x86_ref_mov128_ld},
    {"66 0F 28 /r", "MOVAPD",   {Vpd, Wpd}, F_SSE2, C1, 0, x86_ref_mov128_ld},
    {"NP 0F 29 /r", "MOVAPS",   {Wps, Vps}, F_SSE,  C1, 0, x86_ref_mov128_st},
    {"66 0F 29 /r", "MOVAPD",   {Wpd, Vpd}, F_SSE2, C1, 0, x86_ref_mov128_st},
    {"NP 0F 2A /r", "CVTPI2PS", {Vps, Qpi}, F_SSE,  C3, 0, x86_ref_cvtpi2ps},
    {"66 0F 2A /r", "CVTPI2PD", {Vpd, Qpi}, F_SSE2, C3, 0, x86_ref_cvtpi2pd},
    {"F3 0F 2A /r", "CVTSI2SS", {Vss, Ey},  F_SSE,  C3, 0, x86_ref_cvtsi2ss},
    {"F2 0F 2A /r", "CVTSI2SD", {Vsd, Ey},  F_SSE2, C3, 0, x86_ref_cvtsi2sd},
    {"NP 0F 2B /r", "MOVNTPS",  {Mps, Vps}, F_SSE,  C1, X86_MEM, x86_ref_mov128_st},
    {"66 0F 2B /r", "MOVNTPD",  {Mpd, Vpd}, F_SSE2, C1, X86_MEM, x86_ref_mov128_st},
    {"NP 0F 2C /r", "CVTTPS2PI", {Ppi, Wq}, F_SSE,  C3, 0, x86_ref_cvttps2pi},
    {"66 0F 2C /r", "CVTTPD2PI", {Ppi, Wpd}, F_SSE2, C2, 0, x86_ref_cvttpd2pi},
    {"F3 0F 2C /r", "CVTTSS2SI", {Gy, Wss}, F_SSE,  C3, 0, x86_ref_cvttss2si},
    {"F2 0F 2C /r", "CVTTSD2SI", {Gy, Wsd}, F_SSE2, C3, 0, x86_ref_cvttsd2si},
    {"NP 0F 2D /r", "CVTPS2PI", {Ppi, Wq},  F_SSE,  C3, 0, x86_ref_cvtps2pi},
    {"66 0F 2D /r", "CVTPD2PI", {Ppi, Wpd}, F_SSE2, C2, 0, x86_ref_cvtpd2pi},
    {"F3 0F 2D /r", "CVTSS2SI", {Gy, Wss},  F_SSE,  C3, 0, x86_ref_cvtss2si},
    {"F2 0F 2D /r", "CVTSD2SI", {Gy, Wsd},  F_SSE2, C3, 0, x86_ref_cvtsd2si},
    {"NP 0F 2E /r", "UCOMISS",  {Vss, Wss}, F_SSE,  C3, 0, x86_ref_ucomiss},
    {"66 0F 2E /r", "UCOMISD",  {Vsd, Wsd}, F_SSE2, C3, 0, x86_ref_ucomisd},
    {"NP 0F 2F /r", "COMISS",   {Vss, Wss}, F_SSE,  C3, 0, x86_ref_comiss},
    {"66 0F 2F /r", "COMISD",   {Vsd, Wsd}, F_SSE2, C3, 0, x86_ref_comisd},

    /* 0F 50 .. 7F */
    {"NP 0F 50 /r", "MOVMSKPS", {Gd, Ups},  F_SSE,  C7, 0, x86_ref_movmskps},
    {"66 0F 50 /r", "MOVMSKPD", {Gd, Upd},  F_SSE2, C7, 0, x86_ref_movmskpd},
    {"NP 0F 6E /r", "MOVD",     {Pq, Ey},   F_MMX,  CM, 0, x86_ref_m_movd_ld},
    {"66 0F 6E /r", "MOVD",     {Vdq, Ey},  F_SSE2, C5, 0, x86_ref_movd_ld},
    {"NP 0F 6F /r", "MOVQ",     {Pq, Qq},   F_MMX,  CM, 0, x86_ref_m_movq_ld},
    {"66 0F 6F /r", "MOVDQA",   {Vdq, Wdq}, F_SSE2, C1, 0, x86_ref_mov128_ld},
    {"F3 0F 6F /r", "MOVDQU",   {Vdq, Wdq}, F_SSE2, C4U, 0, x86_ref_mov128_ld},
    {"NP 0F 70 /r", "PSHUFW",   {Pq, Qq, Ib}, F_SSE, CM, 0, x86_ref_m_pshufw},
    {"66 0F 70 /r", "PSHUFD",   {Vdq, Wdq, Ib}, F_SSE2, C4, 0, x86_ref_pshufd},
    {"F3 0F 70 /r", "PSHUFHW",  {Vdq, Wdq, Ib}, F_SSE2, C4, 0, x86_ref_pshufhw},
    {"F2 0F 70 /r", "PSHUFLW",  {Vdq, Wdq, Ib}, F_SSE2, C4, 0, x86_ref_pshuflw},
    {"66 0F 73 /3", "PSRLDQ",   {Udq, Ib},  F_SSE2, C7, 0, x86_ref_psrldq},
    {"66 0F 73 /7", "PSLLDQ",   {Udq, Ib},  F_SSE2, C7, 0, x86_ref_pslldq},
    {"NP 0F 77",    "EMMS",     {0},        F_MMX,  CM, 0, x86_ref_emms},
    {"NP 0F 7E /r", "MOVD",     {Ey, Pq},   F_MMX,  CM, 0, x86_ref_m_movd_st},
    {"66 0F 7E /r", "MOVD",     {Ey, Vdq},  F_SSE2, C5, 0, x86_ref_movd_st},
    {"F3 0F 7E /r", "MOVQ",     {Vq, Wq},   F_SSE2, C5, 0, x86_ref_movq_ld},
    {"NP 0F 7F /r", "MOVQ",     {Qq, Pq},   F_MMX,  CM, 0, x86_ref_m_movq_st},
    {"66 0F 7F /r", "MOVDQA",   {Wdq, Vdq}, F_SSE2, C1, 0, x86_ref_mov128_st},
    {"F3 0F 7F /r", "MOVDQU",   {Wdq, Vdq}, F_SSE2, C4U, 0, x86_ref_mov128_st},

    /* 0F AE: group 15 */
    {"NP 0F AE /0", "FXSAVE",   {Mm},       FXSAVE, x86_ref_fxsave},
    {"NP 0F AE /1", "FXRSTOR",  {Mm},       FXSAVE, x86_ref_fxrstor},
    {"NP 0F AE /2", "LDMXCSR",  {Md},       F_SSE,  C5, X86_MEM, x86_ref_ldmxcsr},
    {"NP 0F AE /3", "STMXCSR",  {Md},       F_SSE,  C5, X86_MEM, x86_ref_stmxcsr},

    /* 0F C2 .. FF */
    {"NP 0F C4 /r", "PINSRW",   {Pq, Ed, Ib}, F_SSE, CM, 0, x86_ref_m_pinsrw},
    {"66 0F C4 /r", "PINSRW",   {Vdq, Ed, Ib}, F_SSE2, C5, 0, x86_ref_pinsrw},
    {"NP 0F C5 /r", "PEXTRW",   {Gd, Nq, Ib}, F_SSE, CM, 0, x86_ref_m_pextrw},
    {"66 0F C5 /r", "PEXTRW",   {Gd, Udq, Ib}, F_SSE2, C7, 0, x86_ref_pextrw},
    {"NP 0F C6 /r", "SHUFPS",   {Vps, Wps, Ib}, F_SSE, C4, 0, x86_ref_shufps},
    {"66 0F C6 /r", "SHUFPD",   {Vpd, Wpd, Ib}, F_SSE2, C4, 0, x86_ref_shufpd},
    {"66 0F D6 /r", "MOVQ",     {Wq, Vq},   F_SSE2, C5, 0, x86_ref_movq_st},
    {"F3 0F D6 /r", "MOVQ2DQ",  {Vdq, Nq},  F_SSE2, C5, 0, x86_ref_movq2dq},
    {"F2 0F D6 /r", "MOVDQ2Q",  {Pq, Uq},   F_SSE2, C5, 0, x86_ref_movdq2q},
    {"NP 0F D7 /r", "PMOVMSKB", {Gd, Nq},   F_SSE,  CM, 0, x86_ref_m_pmovmskb},
    {"66 0F D7 /r", "PMOVMSKB", {Gd, Udq},  F_SSE2, C7, 0, x86_ref_pmovmskb},
    {"NP 0F E7 /r", "MOVNTQ",   {Mq, Pq},   F_SSE,  CM, X86_MEM, x86_ref_m_movq_st},
    {"66 0F E7 /r", "MOVNTDQ",  {Mdq, Vdq}, F_SSE2, C1, X86_MEM, x86_ref_mov128_st},
    {"F2 0F F0 /r", "LDDQU",    {Vdq, Mdq}, F_SSE3, C4U, X86_MEM, x86_ref_mov128_ld},
    /* The store goes to DS:rDI; the letter X makes a segment prefix count. */
    {"NP 0F F7 /r", "MASKMOVQ", {Pq, Nq, Xb}, F_SSE, CM, 0, x86_ref_m_maskmovq},
    {"66 0F F7 /r", "MASKMOVDQU", {Vdq, Udq, Xb}, F_SSE2, C4, 0, x86_ref_maskmovdqu},

    /* 0F3A */
    {"NP 0F3A 0F /r", "PALIGNR", {Pq, Qq, Ib}, F_SSSE3, CM, 0, x86_ref_m_palignr},
    {"66 0F3A 0F /r", "PALIGNR", {Vdq, Wdq, Ib}, F_SSSE3, C4, 0, x86_ref_palignr},

    {"66 0F38 10 /r", "PBLENDVB", {Vdq, Wdq}, F_41, C4, 0, x86_ref_pblendvb},
    {"66 0F38 14 /r", "BLENDVPS", {Vdq, Wdq}, F_41, C4, 0, x86_ref_blendvps},
    {"66 0F38 15 /r", "BLENDVPD", {Vdq, Wdq}, F_41, C4, 0, x86_ref_blendvpd},
    {"66 0F38 17 /r", "PTEST",    {Vdq, Wdq}, F_41, C4, 0, x86_ref_ptest},
    {"66 0F38 2A /r", "MOVNTDQA", {Vdq, Mdq}, F_41, C1, X86_MEM, x86_ref_mov128_ld},
    /* The SDM wants alignment (class 4), processors of AMD do not. */
    {"NP 0F38 C8 /r", "SHA1NEXTE", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha1nexte},
    {"NP 0F38 C9 /r", "SHA1MSG1", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha1msg1},
    {"NP 0F38 CA /r", "SHA1MSG2", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha1msg2},
    {"NP 0F38 CB /r", "SHA256RNDS2", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha256rnds2},
    {"NP 0F38 CC /r", "SHA256MSG1", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha256msg1},
    {"NP 0F38 CD /r", "SHA256MSG2", {Vdq, Wdq}, F_SHA, C4U, 0, x86_ref_sha256msg2},
    {"66 0F3A 08 /r", "ROUNDPS",  {Vps, Wps, Ib}, F_41, C2, 0, x86_ref_roundps},
    {"66 0F3A 09 /r", "ROUNDPD",  {Vpd, Wpd, Ib}, F_41, C2, 0, x86_ref_roundpd},
    {"66 0F3A 0A /r", "ROUNDSS",  {Vss, Wss, Ib}, F_41, C3, 0, x86_ref_roundss},
    {"66 0F3A 0B /r", "ROUNDSD",  {Vsd, Wsd, Ib}, F_41, C3, 0, x86_ref_roundsd},
    {"66 0F3A 0C /r", "BLENDPS",  {Vps, Wps, Ib}, F_41, C4, 0, x86_ref_blendps},
    {"66 0F3A 0D /r", "BLENDPD",  {Vpd, Wpd, Ib}, F_41, C4, 0, x86_ref_blendpd},
    {"66 0F3A 0E /r", "PBLENDW",  {Vdq, Wdq, Ib}, F_41, C4, 0, x86_ref_pblendw},
    {"66 0F3A 14 /r", "PEXTRB",   {Ed, Vdq, Ib}, F_41, C5, 0, x86_ref_pextrb},
    {"66 0F3A 15 /r", "PEXTRW",   {Ed, Vdq, Ib}, F_41, C5, 0, x86_ref_pextrw_st},
    {"66 0F3A 16 /r", "PEXTRD",   {Ey, Vdq, Ib}, F_41, C5, 0, x86_ref_pextrd},
    {"66 0F3A 17 /r", "EXTRACTPS", {Ed, Vdq, Ib}, F_41, C5, 0, x86_ref_extractps},
    {"66 0F3A 20 /r", "PINSRB",   {Vdq, Ed, Ib}, F_41, C5, 0, x86_ref_pinsrb},
    {"66 0F3A 21 /r", "INSERTPS", {Vdq, Wd, Ib}, F_41, C5, 0, x86_ref_insertps},
    {"66 0F3A 22 /r", "PINSRD",   {Vdq, Ey, Ib}, F_41, C5, 0, x86_ref_pinsrd},
    {"66 0F3A 40 /r", "DPPS",     {Vps, Wps, Ib}, F_41, C2, 0, x86_ref_dpps},
    {"66 0F3A 41 /r", "DPPD",     {Vpd, Wpd, Ib}, F_41, C2, 0, x86_ref_dppd},
    {"66 0F3A 42 /r", "MPSADBW",  {Vdq, Wdq, Ib}, F_41, C4, 0, x86_ref_mpsadbw},
    {"66 0F3A 44 /r", "PCLMULQDQ", {Vdq, Wdq, Ib}, X86_F_PCLMULQDQ, C4, 0, x86_ref_pclmulqdq},
    {"66 0F3A 60 /r", "PCMPESTRM", {Vdq, Wdq, Ib}, F_42, C4U, X86_Y64, x86_ref_pcmpestrm},
    {"66 0F3A 61 /r", "PCMPESTRI", {Vdq, Wdq, Ib}, F_42, C4U, X86_Y64, x86_ref_pcmpestri},
    {"66 0F3A 62 /r", "PCMPISTRM", {Vdq, Wdq, Ib}, F_42, C4U, 0, x86_ref_pcmpistrm},
    {"66 0F3A 63 /r", "PCMPISTRI", {Vdq, Wdq, Ib}, F_42, C4U, 0, x86_ref_pcmpistri},
    {"NP 0F3A CC /r", "SHA1RNDS4", {Vdq, Wdq, Ib}, F_SHA, C4U, 0, x86_ref_sha1rnds4},
    {"66 0F3A DF /r", "AESKEYGENASSIST", {Vdq, Wdq, Ib}, X86_F_AES, C4, 0, x86_ref_aeskeygenassist},

    /* SSE4A */
    {"F3 0F 2B /r", "MOVNTSS",  {Mss, Vss}, F_4A, C5, X86_MEM, x86_ref_movss_st},
    {"F2 0F 2B /r", "MOVNTSD",  {Msd, Vsd}, F_4A, C5, X86_MEM, x86_ref_movsd_st},
    {"66 0F 78 /0", "EXTRQ",    {Udq, Ib, Ib}, F_4A, C7, 0, x86_ref_extrq_i},
    {"66 0F 79 /r", "EXTRQ",    {Vdq, Udq}, F_4A, C7, 0, x86_ref_extrq},
    {"F2 0F 78 /r", "INSERTQ",  {Vdq, Udq, Ib, Ib}, F_4A, C7, 0, x86_ref_insertq_i},
    {"F2 0F 79 /r", "INSERTQ",  {Vdq, Udq}, F_4A, C7, 0, x86_ref_insertq},

#define MBIN(l, u, map, opc, mf, way, f) \
    {"NP " map " " opc " /r", u, {Pq, Qq}, X86_F_##mf, CM, 0, x86_ref_m_##l}, \
    BIN(l, u, map, opc, f)
#define BIN(l, u, map, opc, f) \
    {"66 " map " " opc " /r", u, {Vdq, Wdq}, X86_F_##f, C4, 0, x86_ref_##l},
#define PBIN(l, u, pfx, opc, f) \
    {pfx " 0F " opc " /r", u, {Vdq, Wdq}, X86_F_##f, C4, 0, x86_ref_##l},
#define BIN128(l, u, map, opc, f, vf) BIN(l, u, map, opc, f)
#define MUN(l, u, map, opc, f) MBIN(l, u, map, opc, f, LOW, f)
#define UN128(l, u, map, opc, f, vf) BIN(l, u, map, opc, f)
#define SHIFT(l, u, opc) MBIN(l, u, "0F", opc, MMX, LOW, SSE2)
#define SHIFTI(l, u, opc) \
    {"NP 0F " opc, u, {Nq, Ib}, F_MMX, CM, 0, x86_ref_m_##l##_i}, \
    {"66 0F " opc, u, {Udq, Ib}, F_SSE2, C7, 0, x86_ref_##l##_i},
#define EXTEND(l, u, opc, bytes) \
    {"66 0F38 " opc " /r", u, {Vdq, Wq}, X86_F_SSE4_1, C5, 0, x86_ref_##l},
#include "accel/target/i386/vec-int.def"

#define FBIN(l, u, pfx, opc, f) \
    {pfx " 0F " opc " /r", u, {Vps, Wps}, X86_F_##f, C2, 0, x86_ref_##l},
#define FUN(l, u, pfx, opc, f) FBIN(l, u, pfx, opc, f)
#define NUN(l, u, pfx, opc, f) \
    {pfx " 0F " opc " /r", u, {Vps, Wps}, X86_F_##f, C4, 0, x86_ref_##l},
#define FSC(l, u, pfx, opc, f, bits, t) \
    {pfx " 0F " opc " /r", u, {V##t, W##t}, X86_F_##f, C3, 0, x86_ref_##l},
#define NSC(l, u, pfx, opc, f, bits, t) \
    {pfx " 0F " opc " /r", u, {V##t, W##t}, X86_F_##f, C5, 0, x86_ref_##l},
#define FWIDEN(l, u, pfx, opc, cls) \
    {pfx " 0F " opc " /r", u, {Vdq, Wq}, F_SSE2, cls, 0, x86_ref_##l},
#define FNARROW(l, u, pfx, opc, cls) \
    {pfx " 0F " opc " /r", u, {Vdq, Wdq}, F_SSE2, cls, 0, x86_ref_##l},
#define FCMP(l, u, pfx, f) \
    {pfx " 0F C2 /r", u, {Vps, Wps, Ib}, X86_F_##f, C2, 0, x86_ref_##l},
#define FCMPS(l, u, pfx, f, bits, t) \
    {pfx " 0F C2 /r", u, {V##t, W##t, Ib}, X86_F_##f, C3, 0, x86_ref_##l},
#include "accel/target/i386/vec-fp.def"
};
/* clang-format on */

const X86RowTable x86_rows_sse = { rows, sizeof(rows) / sizeof(rows[0]) };
