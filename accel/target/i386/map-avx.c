/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opcode map: AVX, AVX2, F16C, FMA, and the VEX forms of AES and PCLMULQDQ.  Integer
 * instructions need AVX at 128 bits and AVX2 at 256.
 */
#include "accel/target/i386/build-vec.h"
#include "accel/target/i386/operands.h"
#include "accel/target/i386/ref-avx.h"
#include "accel/target/i386/ref-sse.h"
#include "accel/target/i386/ref-sse4.h"
#include "accel/target/i386/ref-vec.h"
#include "accel/target/i386/ref-x87.h"

#define C1  X86_EXC_CLASS_1
#define C2  X86_EXC_CLASS_2
#define C3  X86_EXC_CLASS_3
#define C4  X86_EXC_CLASS_4
#define C4U X86_EXC_CLASS_4U
#define C5  X86_EXC_CLASS_5
#define C6  X86_EXC_CLASS_6
#define C7  X86_EXC_CLASS_7
#define C8  X86_EXC_CLASS_8
#define A1  X86_F_AVX
#define A2  X86_F_AVX2
#define MEM X86_MEM
#define REG X86_REG

/* The two lengths of an integer instruction; the operand letters in parentheses. */
#define LETTERS(...) __VA_ARGS__
#define INT2(code, name, ops, cls, rules, ref)                            \
    { "VEX.128." code, name, { LETTERS ops }, A1, cls, rules, ref, VEC }, \
        { "VEX.256." code, name, { LETTERS ops }, A2, cls, rules, ref, VEC },

/* How the translator builds a row; without it: never. */
#define VEC   .build = x86_build_vec
#define PSTR  .build = x86_build_pcmpstr
#define VZERO .build = x86_build_vzero
#define LDCSR .build = x86_build_ldmxcsr
#define STCSR .build = x86_build_stmxcsr

/* clang-format off */
static const X86Row rows[] = {
    {"VEX.LIG.NP.0F.WIG 10 /r", "VMOVUPS",   {Vx, Wx},      A1, C4U, 0, x86_ref_vmov_ld, VEC},
    {"VEX.LIG.66.0F.WIG 10 /r", "VMOVUPD",   {Vx, Wx},      A1, C4U, 0, x86_ref_vmov_ld, VEC},
    {"VEX.LIG.F3.0F.WIG 10 /r", "VMOVSS",    {Vss, Mss},    A1, C5, MEM, x86_ref_vmovss_ld_m, VEC},
    {"VEX.LIG.F3.0F.WIG 10 /r", "VMOVSS",    {Vss, Hss, Uq}, A1, C5, REG, x86_ref_vmovss_ld_r, VEC},
    {"VEX.LIG.F2.0F.WIG 10 /r", "VMOVSD",    {Vsd, Msd},    A1, C5, MEM, x86_ref_vmovsd_ld_m, VEC},
    {"VEX.LIG.F2.0F.WIG 10 /r", "VMOVSD",    {Vsd, Hsd, Uq}, A1, C5, REG, x86_ref_vmovsd_ld_r, VEC},
    {"VEX.LIG.NP.0F.WIG 11 /r", "VMOVUPS",   {Wx, Vx},      A1, C4U, 0, x86_ref_vmov_st, VEC},
    {"VEX.LIG.66.0F.WIG 11 /r", "VMOVUPD",   {Wx, Vx},      A1, C4U, 0, x86_ref_vmov_st, VEC},
    {"VEX.LIG.F3.0F.WIG 11 /r", "VMOVSS",    {Mss, Vss},    A1, C5, MEM, x86_ref_movss_st, VEC},
    {"VEX.LIG.F3.0F.WIG 11 /r", "VMOVSS",    {Uq, Hss, Vss}, A1, C5, REG, x86_ref_vmovss_st_r, VEC},
    {"VEX.LIG.F2.0F.WIG 11 /r", "VMOVSD",    {Msd, Vsd},    A1, C5, MEM, x86_ref_movsd_st, VEC},
    {"VEX.LIG.F2.0F.WIG 11 /r", "VMOVSD",    {Uq, Hsd, Vsd}, A1, C5, REG, x86_ref_vmovsd_st_r, VEC},
    {"VEX.128.NP.0F.WIG 12 /r", "VMOVLPS",   {Vq, Hq, Mq},  A1, C5, MEM, x86_ref_vmovlps_ld, VEC},
    {"VEX.128.NP.0F.WIG 12 /r", "VMOVHLPS",  {Vq, Hq, Uq},  A1, C7, REG, x86_ref_vmovlps_ld, VEC},
    {"VEX.128.66.0F.WIG 12 /r", "VMOVLPD",   {Vq, Hq, Mq},  A1, C5, MEM, x86_ref_vmovlps_ld, VEC},
    {"VEX.LIG.F3.0F.WIG 12 /r", "VMOVSLDUP", {Vx, Wx},      A1, C4, 0, x86_ref_vmovsldup, VEC},
    {"VEX.LIG.F2.0F.WIG 12 /r", "VMOVDDUP",  {Vx, Wx},      A1, C5, 0, x86_ref_vmovddup, VEC},
    {"VEX.128.NP.0F.WIG 13 /r", "VMOVLPS",   {Mq, Vq},      A1, C5, MEM, x86_ref_movsd_st, VEC},
    {"VEX.128.66.0F.WIG 13 /r", "VMOVLPD",   {Mq, Vq},      A1, C5, MEM, x86_ref_movsd_st, VEC},
    {"VEX.128.NP.0F.WIG 16 /r", "VMOVHPS",   {Vdq, Hq, Mq}, A1, C5, MEM, x86_ref_vmovhps_ld, VEC},
    {"VEX.128.NP.0F.WIG 16 /r", "VMOVLHPS",  {Vdq, Hq, Uq}, A1, C7, REG, x86_ref_vmovhps_ld, VEC},
    {"VEX.128.66.0F.WIG 16 /r", "VMOVHPD",   {Vdq, Hq, Mq}, A1, C5, MEM, x86_ref_vmovhps_ld, VEC},
    {"VEX.LIG.F3.0F.WIG 16 /r", "VMOVSHDUP", {Vx, Wx},      A1, C4, 0, x86_ref_vmovshdup, VEC},
    {"VEX.128.NP.0F.WIG 17 /r", "VMOVHPS",   {Mq, Vq},      A1, C5, MEM, x86_ref_movhps_st, VEC},
    {"VEX.128.66.0F.WIG 17 /r", "VMOVHPD",   {Mq, Vq},      A1, C5, MEM, x86_ref_movhps_st, VEC},
    {"VEX.LIG.NP.0F.WIG 28 /r", "VMOVAPS",   {Vx, Wx},      A1, C1, 0, x86_ref_vmov_ld, VEC},
    {"VEX.LIG.66.0F.WIG 28 /r", "VMOVAPD",   {Vx, Wx},      A1, C1, 0, x86_ref_vmov_ld, VEC},
    {"VEX.LIG.NP.0F.WIG 29 /r", "VMOVAPS",   {Wx, Vx},      A1, C1, 0, x86_ref_vmov_st, VEC},
    {"VEX.LIG.66.0F.WIG 29 /r", "VMOVAPD",   {Wx, Vx},      A1, C1, 0, x86_ref_vmov_st, VEC},
    {"VEX.LIG.F3.0F 2A /r",     "VCVTSI2SS", {Vss, Hss, Ey}, A1, C3, 0, x86_ref_vcvtsi2ss, VEC},
    {"VEX.LIG.F2.0F 2A /r",     "VCVTSI2SD", {Vsd, Hsd, Ey}, A1, C3, 0, x86_ref_vcvtsi2sd, VEC},
    {"VEX.LIG.NP.0F.WIG 2B /r", "VMOVNTPS",  {Mx, Vx},      A1, C1, MEM, x86_ref_vmov_st, VEC},
    {"VEX.LIG.66.0F.WIG 2B /r", "VMOVNTPD",  {Mx, Vx},      A1, C1, MEM, x86_ref_vmov_st, VEC},
    {"VEX.LIG.F3.0F 2C /r",     "VCVTTSS2SI", {Gy, Wss},    A1, C3, 0, x86_ref_cvttss2si, VEC},
    {"VEX.LIG.F2.0F 2C /r",     "VCVTTSD2SI", {Gy, Wsd},    A1, C3, 0, x86_ref_cvttsd2si, VEC},
    {"VEX.LIG.F3.0F 2D /r",     "VCVTSS2SI", {Gy, Wss},     A1, C3, 0, x86_ref_cvtss2si, VEC},
    {"VEX.LIG.F2.0F 2D /r",     "VCVTSD2SI", {Gy, Wsd},     A1, C3, 0, x86_ref_cvtsd2si, VEC},
    {"VEX.LIG.NP.0F.WIG 2E /r", "VUCOMISS",  {Vss, Wss},    A1, C3, 0, x86_ref_ucomiss, VEC},
    {"VEX.LIG.66.0F.WIG 2E /r", "VUCOMISD",  {Vsd, Wsd},    A1, C3, 0, x86_ref_ucomisd, VEC},
    {"VEX.LIG.NP.0F.WIG 2F /r", "VCOMISS",   {Vss, Wss},    A1, C3, 0, x86_ref_comiss, VEC},
    {"VEX.LIG.66.0F.WIG 2F /r", "VCOMISD",   {Vsd, Wsd},    A1, C3, 0, x86_ref_comisd, VEC},

    {"VEX.LIG.NP.0F.WIG 50 /r", "VMOVMSKPS", {Gd, Ux},      A1, C7, 0, x86_ref_movmskps, VEC},
    {"VEX.LIG.66.0F.WIG 50 /r", "VMOVMSKPD", {Gd, Ux},      A1, C7, 0, x86_ref_movmskpd, VEC},
    {"VEX.128.66.0F 6E /r",     "VMOVD",     {Vdq, Ey},     A1, C5, 0, x86_ref_vmovd_ld, VEC},
    {"VEX.LIG.66.0F.WIG 6F /r", "VMOVDQA",   {Vx, Wx},      A1, C1, 0, x86_ref_vmov_ld, VEC},
    {"VEX.LIG.F3.0F.WIG 6F /r", "VMOVDQU",   {Vx, Wx},      A1, C4U, 0, x86_ref_vmov_ld, VEC},
    INT2("66.0F.WIG 70 /r", "VPSHUFD",  (Vx, Wx, Ib), C4, 0, x86_ref_vpshufd)
    INT2("F3.0F.WIG 70 /r", "VPSHUFHW", (Vx, Wx, Ib), C4, 0, x86_ref_vpshufhw)
    INT2("F2.0F.WIG 70 /r", "VPSHUFLW", (Vx, Wx, Ib), C4, 0, x86_ref_vpshuflw)
    INT2("66.0F.WIG 73 /3", "VPSRLDQ",  (Hx, Ux, Ib), C7, 0, x86_ref_vpsrldq)
    INT2("66.0F.WIG 73 /7", "VPSLLDQ",  (Hx, Ux, Ib), C7, 0, x86_ref_vpslldq)
    {"VEX.128.NP.0F.WIG 77",    "VZEROUPPER", {0},          A1, C8, 0, x86_ref_vzeroupper, VZERO},
    {"VEX.256.NP.0F.WIG 77",    "VZEROALL",  {0},           A1, C8, 0, x86_ref_vzeroall, VZERO},
    {"VEX.128.66.0F 7E /r",     "VMOVD",     {Ey, Vdq},     A1, C5, 0, x86_ref_movd_st, VEC},
    {"VEX.128.F3.0F.WIG 7E /r", "VMOVQ",     {Vq, Wq},      A1, C5, 0, x86_ref_vmovq_ld, VEC},
    {"VEX.LIG.66.0F.WIG 7F /r", "VMOVDQA",   {Wx, Vx},      A1, C1, 0, x86_ref_vmov_st, VEC},
    {"VEX.LIG.F3.0F.WIG 7F /r", "VMOVDQU",   {Wx, Vx},      A1, C4U, 0, x86_ref_vmov_st, VEC},
    {"VEX.LZ.NP.0F.WIG AE /2",  "VLDMXCSR",  {Md},          A1, C5, MEM, x86_ref_ldmxcsr, LDCSR},
    {"VEX.LZ.NP.0F.WIG AE /3",  "VSTMXCSR",  {Md},          A1, C5, MEM, x86_ref_stmxcsr, STCSR},
    {"VEX.128.66.0F.WIG C4 /r", "VPINSRW",   {Vdq, Hdq, Ed, Ib}, A1, C5, 0, x86_ref_vpinsrw, VEC},
    {"VEX.128.66.0F.WIG C5 /r", "VPEXTRW",   {Gd, Udq, Ib}, A1, C7, 0, x86_ref_pextrw, VEC},
    {"VEX.LIG.NP.0F.WIG C6 /r", "VSHUFPS",   {Vx, Hx, Wx, Ib}, A1, C4, 0, x86_ref_vshufps, VEC},
    {"VEX.LIG.66.0F.WIG C6 /r", "VSHUFPD",   {Vx, Hx, Wx, Ib}, A1, C4, 0, x86_ref_vshufpd, VEC},
    {"VEX.128.66.0F.WIG D6 /r", "VMOVQ",     {Wq, Vq},      A1, C5, 0, x86_ref_vmovq_st, VEC},
    INT2("66.0F.WIG D7 /r", "VPMOVMSKB", (Gd, Ux), C7, 0, x86_ref_pmovmskb)
    {"VEX.LIG.66.0F.WIG E7 /r", "VMOVNTDQ",  {Mx, Vx},      A1, C1, MEM, x86_ref_vmov_st, VEC},
    {"VEX.LIG.F2.0F.WIG F0 /r", "VLDDQU",    {Vx, Mx},      A1, C4U, MEM, x86_ref_vmov_ld, VEC},
    {"VEX.128.66.0F.WIG F7 /r", "VMASKMOVDQU", {Vdq, Udq, Xb}, A1, C4, 0, x86_ref_maskmovdqu},

    {"VEX.LIG.66.0F38.W0 0C /r", "VPERMILPS", {Vx, Hx, Wx}, A1, C4, 0, x86_ref_vpermilps, VEC},
    {"VEX.LIG.66.0F38.W0 0D /r", "VPERMILPD", {Vx, Hx, Wx}, A1, C4, 0, x86_ref_vpermilpd, VEC},
    {"VEX.LIG.66.0F38.W0 0E /r", "VTESTPS",  {Vx, Wx},      A1, C4, 0, x86_ref_vtestps, VEC},
    {"VEX.LIG.66.0F38.W0 0F /r", "VTESTPD",  {Vx, Wx},      A1, C4, 0, x86_ref_vtestpd, VEC},
    {"VEX.LIG.66.0F38.W0 13 /r", "VCVTPH2PS", {Vx, Wx},     X86_F_F16C, C4, 0, x86_ref_vcvtph2ps, VEC},
    {"VEX.256.66.0F38.W0 16 /r", "VPERMPS",  {Vqq, Hqq, Wqq}, A2, C4, 0, x86_ref_vpermd, VEC},
    {"VEX.LIG.66.0F38.WIG 17 /r", "VPTEST",  {Vx, Wx},      A1, C4, 0, x86_ref_ptest, VEC},
    {"VEX.LIG.66.0F38.W0 18 /r", "VBROADCASTSS", {Vx, Md},  A1, C6, MEM, x86_ref_vbroadcast32, VEC},
    {"VEX.LIG.66.0F38.W0 18 /r", "VBROADCASTSS", {Vx, Udq}, A2, C6, REG, x86_ref_vbroadcast32, VEC},
    {"VEX.256.66.0F38.W0 19 /r", "VBROADCASTSD", {Vqq, Mq}, A1, C6, MEM, x86_ref_vbroadcast64, VEC},
    {"VEX.256.66.0F38.W0 19 /r", "VBROADCASTSD", {Vqq, Udq}, A2, C6, REG, x86_ref_vbroadcast64, VEC},
    {"VEX.256.66.0F38.W0 1A /r", "VBROADCASTF128", {Vqq, Mdq}, A1, C6, MEM, x86_ref_vbroadcast128, VEC},
    INT2("66.0F38.WIG 2A /r", "VMOVNTDQA", (Vx, Mx), C1, MEM, x86_ref_vmov_ld)
    {"VEX.LIG.66.0F38.W0 2C /r", "VMASKMOVPS", {Vx, Hx, Mx}, A1, C6, MEM, x86_ref_vmaskmov32_ld, VEC},
    {"VEX.LIG.66.0F38.W0 2D /r", "VMASKMOVPD", {Vx, Hx, Mx}, A1, C6, MEM, x86_ref_vmaskmov64_ld, VEC},
    {"VEX.LIG.66.0F38.W0 2E /r", "VMASKMOVPS", {Mx, Hx, Vx}, A1, C6, MEM, x86_ref_vmaskmov32_st, VEC},
    {"VEX.LIG.66.0F38.W0 2F /r", "VMASKMOVPD", {Mx, Hx, Vx}, A1, C6, MEM, x86_ref_vmaskmov64_st, VEC},
    {"VEX.256.66.0F38.W0 36 /r", "VPERMD",   {Vqq, Hqq, Wqq}, A2, C4, 0, x86_ref_vpermd, VEC},
    {"VEX.LIG.66.0F38.W0 45 /r", "VPSRLVD",  {Vx, Hx, Wx},  A2, C4, 0, x86_ref_vpsrlvd, VEC},
    {"VEX.LIG.66.0F38.W1 45 /r", "VPSRLVQ",  {Vx, Hx, Wx},  A2, C4, 0, x86_ref_vpsrlvq, VEC},
    {"VEX.LIG.66.0F38.W0 46 /r", "VPSRAVD",  {Vx, Hx, Wx},  A2, C4, 0, x86_ref_vpsravd, VEC},
    {"VEX.LIG.66.0F38.W0 47 /r", "VPSLLVD",  {Vx, Hx, Wx},  A2, C4, 0, x86_ref_vpsllvd, VEC},
    {"VEX.LIG.66.0F38.W1 47 /r", "VPSLLVQ",  {Vx, Hx, Wx},  A2, C4, 0, x86_ref_vpsllvq, VEC},
    {"VEX.LIG.66.0F38.W0 58 /r", "VPBROADCASTD", {Vx, Wd},  A2, C6, 0, x86_ref_vbroadcast32, VEC},
    {"VEX.LIG.66.0F38.W0 59 /r", "VPBROADCASTQ", {Vx, Wq},  A2, C6, 0, x86_ref_vbroadcast64, VEC},
    {"VEX.256.66.0F38.W0 5A /r", "VBROADCASTI128", {Vqq, Mdq}, A2, C6, MEM, x86_ref_vbroadcast128, VEC},
    {"VEX.LIG.66.0F38.W0 78 /r", "VPBROADCASTB", {Vx, Wb},  A2, C6, 0, x86_ref_vbroadcast8, VEC},
    {"VEX.LIG.66.0F38.W0 79 /r", "VPBROADCASTW", {Vx, Ww},  A2, C6, 0, x86_ref_vbroadcast16, VEC},
    {"VEX.LIG.66.0F38.W0 8C /r", "VPMASKMOVD", {Vx, Hx, Mx}, A2, C6, MEM, x86_ref_vmaskmov32_ld, VEC},
    {"VEX.LIG.66.0F38.W1 8C /r", "VPMASKMOVQ", {Vx, Hx, Mx}, A2, C6, MEM, x86_ref_vmaskmov64_ld, VEC},
    {"VEX.LIG.66.0F38.W0 8E /r", "VPMASKMOVD", {Mx, Hx, Vx}, A2, C6, MEM, x86_ref_vmaskmov32_st, VEC},
    {"VEX.LIG.66.0F38.W1 8E /r", "VPMASKMOVQ", {Mx, Hx, Vx}, A2, C6, MEM, x86_ref_vmaskmov64_st, VEC},
    {"VEX.LIG.66.0F38.W0 90 /r", "VPGATHERDD", {Vx, VMd, Hx}, A2, C6, X86_VSIB, x86_ref_vgather_d32},
    {"VEX.LIG.66.0F38.W1 90 /r", "VPGATHERDQ", {Vx, VMd, Hx}, A2, C6, X86_VSIB, x86_ref_vgather_d64},
    {"VEX.LIG.66.0F38.W0 91 /r", "VPGATHERQD", {Vx, VMq, Hx}, A2, C6, X86_VSIB, x86_ref_vgather_q32},
    {"VEX.LIG.66.0F38.W1 91 /r", "VPGATHERQQ", {Vx, VMq, Hx}, A2, C6, X86_VSIB, x86_ref_vgather_q64},
    {"VEX.LIG.66.0F38.W0 92 /r", "VGATHERDPS", {Vx, VMd, Hx}, A2, C6, X86_VSIB, x86_ref_vgather_d32},
    {"VEX.LIG.66.0F38.W1 92 /r", "VGATHERDPD", {Vx, VMd, Hx}, A2, C6, X86_VSIB, x86_ref_vgather_d64},
    {"VEX.LIG.66.0F38.W0 93 /r", "VGATHERQPS", {Vx, VMq, Hx}, A2, C6, X86_VSIB, x86_ref_vgather_q32},
    {"VEX.LIG.66.0F38.W1 93 /r", "VGATHERQPD", {Vx, VMq, Hx}, A2, C6, X86_VSIB, x86_ref_vgather_q64},

    {"VEX.256.66.0F3A.W1 00 /r", "VPERMQ",   {Vqq, Wqq, Ib}, A2, C4, 0, x86_ref_vpermq, VEC},
    {"VEX.256.66.0F3A.W1 01 /r", "VPERMPD",  {Vqq, Wqq, Ib}, A2, C4, 0, x86_ref_vpermq, VEC},
    {"VEX.LIG.66.0F3A.W0 02 /r", "VPBLENDD", {Vx, Hx, Wx, Ib}, A2, C4, 0, x86_ref_vblendps, VEC},
    {"VEX.LIG.66.0F3A.W0 04 /r", "VPERMILPS", {Vx, Wx, Ib}, A1, C4, 0, x86_ref_vpermilps_i, VEC},
    {"VEX.LIG.66.0F3A.W0 05 /r", "VPERMILPD", {Vx, Wx, Ib}, A1, C4, 0, x86_ref_vpermilpd_i, VEC},
    {"VEX.256.66.0F3A.W0 06 /r", "VPERM2F128", {Vqq, Hqq, Wqq, Ib}, A1, C6, 0, x86_ref_vperm2f128, VEC},
    {"VEX.LIG.66.0F3A.WIG 08 /r", "VROUNDPS", {Vx, Wx, Ib}, A1, C2, 0, x86_ref_vroundps, VEC},
    {"VEX.LIG.66.0F3A.WIG 09 /r", "VROUNDPD", {Vx, Wx, Ib}, A1, C2, 0, x86_ref_vroundpd, VEC},
    {"VEX.LIG.66.0F3A.WIG 0A /r", "VROUNDSS", {Vss, Hss, Wss, Ib}, A1, C3, 0, x86_ref_vroundss, VEC},
    {"VEX.LIG.66.0F3A.WIG 0B /r", "VROUNDSD", {Vsd, Hsd, Wsd, Ib}, A1, C3, 0, x86_ref_vroundsd, VEC},
    {"VEX.LIG.66.0F3A.WIG 0C /r", "VBLENDPS", {Vx, Hx, Wx, Ib}, A1, C4, 0, x86_ref_vblendps, VEC},
    {"VEX.LIG.66.0F3A.WIG 0D /r", "VBLENDPD", {Vx, Hx, Wx, Ib}, A1, C4, 0, x86_ref_vblendpd, VEC},
    INT2("66.0F3A.WIG 0E /r", "VPBLENDW", (Vx, Hx, Wx, Ib), C4, 0, x86_ref_vpblendw)
    INT2("66.0F3A.WIG 0F /r", "VPALIGNR", (Vx, Hx, Wx, Ib), C4, 0, x86_ref_vpalignr)
    {"VEX.128.66.0F3A.W0 14 /r", "VPEXTRB",  {Ed, Vdq, Ib}, A1, C5, 0, x86_ref_pextrb, VEC},
    {"VEX.128.66.0F3A.W0 15 /r", "VPEXTRW",  {Ed, Vdq, Ib}, A1, C5, 0, x86_ref_pextrw_st, VEC},
    {"VEX.128.66.0F3A 16 /r",    "VPEXTRD",  {Ey, Vdq, Ib}, A1, C5, 0, x86_ref_pextrd, VEC},
    {"VEX.128.66.0F3A.WIG 17 /r", "VEXTRACTPS", {Ed, Vdq, Ib}, A1, C5, 0, x86_ref_extractps, VEC},
    {"VEX.256.66.0F3A.W0 18 /r", "VINSERTF128", {Vqq, Hqq, Wdq, Ib}, A1, C6, 0, x86_ref_vinsertf128, VEC},
    {"VEX.256.66.0F3A.W0 19 /r", "VEXTRACTF128", {Wdq, Vqq, Ib}, A1, C6, 0, x86_ref_vextractf128, VEC},
    {"VEX.LIG.66.0F3A.W0 1D /r", "VCVTPS2PH", {Wx, Vx, Ib}, X86_F_F16C, C4, 0, x86_ref_vcvtps2ph, VEC},
    {"VEX.128.66.0F3A.W0 20 /r", "VPINSRB",  {Vdq, Hdq, Ed, Ib}, A1, C5, 0, x86_ref_vpinsrb, VEC},
    {"VEX.128.66.0F3A.WIG 21 /r", "VINSERTPS", {Vdq, Hdq, Wd, Ib}, A1, C5, 0, x86_ref_vinsertps, VEC},
    {"VEX.128.66.0F3A 22 /r",    "VPINSRD",  {Vdq, Hdq, Ey, Ib}, A1, C5, 0, x86_ref_vpinsrd, VEC},
    {"VEX.256.66.0F3A.W0 38 /r", "VINSERTI128", {Vqq, Hqq, Wdq, Ib}, A2, C6, 0, x86_ref_vinsertf128, VEC},
    {"VEX.256.66.0F3A.W0 39 /r", "VEXTRACTI128", {Wdq, Vqq, Ib}, A2, C6, 0, x86_ref_vextractf128, VEC},
    {"VEX.LIG.66.0F3A.WIG 40 /r", "VDPPS",   {Vx, Hx, Wx, Ib}, A1, C2, 0, x86_ref_vdpps, VEC},
    {"VEX.128.66.0F3A.WIG 41 /r", "VDPPD",   {Vdq, Hdq, Wdq, Ib}, A1, C2, 0, x86_ref_vdppd, VEC},
    INT2("66.0F3A.WIG 42 /r", "VMPSADBW", (Vx, Hx, Wx, Ib), C4, 0, x86_ref_vmpsadbw)
    {"VEX.128.66.0F3A.WIG 44 /r", "VPCLMULQDQ", {Vdq, Hdq, Wdq, Ib}, X86_F_PCLMULQDQ, C4, 0, x86_ref_vpclmulqdq, VEC},
    {"VEX.256.66.0F3A.W0 46 /r", "VPERM2I128", {Vqq, Hqq, Wqq, Ib}, A2, C6, 0, x86_ref_vperm2f128, VEC},
    {"VEX.LIG.66.0F3A.W0 4A /r", "VBLENDVPS", {Vx, Hx, Wx, Lx}, A1, C4, 0, x86_ref_vblendvps, VEC},
    {"VEX.LIG.66.0F3A.W0 4B /r", "VBLENDVPD", {Vx, Hx, Wx, Lx}, A1, C4, 0, x86_ref_vblendvpd, VEC},
    INT2("66.0F3A.W0 4C /r", "VPBLENDVB", (Vx, Hx, Wx, Lx), C4, 0, x86_ref_vpblendvb)
    {"VEX.128.66.0F3A 60 /r",    "VPCMPESTRM", {Vdq, Wdq, Ib}, A1, C4U, 0, x86_ref_pcmpestrm, PSTR},
    {"VEX.128.66.0F3A 61 /r",    "VPCMPESTRI", {Vdq, Wdq, Ib}, A1, C4U, 0, x86_ref_pcmpestri, PSTR},
    {"VEX.128.66.0F3A.WIG 62 /r", "VPCMPISTRM", {Vdq, Wdq, Ib}, A1, C4U, 0, x86_ref_pcmpistrm, PSTR},
    {"VEX.128.66.0F3A.WIG 63 /r", "VPCMPISTRI", {Vdq, Wdq, Ib}, A1, C4U, 0, x86_ref_pcmpistri, PSTR},
    {"VEX.128.66.0F3A.WIG DF /r", "VAESKEYGENASSIST", {Vdq, Wdq, Ib}, X86_F_AES, C4, 0, x86_ref_vaeskeygenassist, VEC},

#define MBIN(l, u, map, opc, mf, way, f) BIN(l, u, map, opc, f)
#define BIN(l, u, map, opc, f) \
    INT2("66." map ".WIG " opc " /r", "V" u, (Vx, Hx, Wx), C4, 0, x86_ref_v##l)
#define PBIN(l, u, pfx, opc, f) \
    {"VEX.LIG." pfx ".0F.WIG " opc " /r", "V" u, {Vx, Hx, Wx}, A1, C4, 0, x86_ref_v##l, VEC},
#define BIN128(l, u, map, opc, f, vf) \
    {"VEX.128.66." map ".WIG " opc " /r", "V" u, {Vdq, Hdq, Wdq}, X86_F_##vf, C4, 0, x86_ref_v##l, VEC},
#define MUN(l, u, map, opc, f) \
    INT2("66." map ".WIG " opc " /r", "V" u, (Vx, Wx), C4, 0, x86_ref_v##l)
#define UN128(l, u, map, opc, f, vf) \
    {"VEX.128.66." map ".WIG " opc " /r", "V" u, {Vdq, Wdq}, X86_F_##vf, C4, 0, x86_ref_v##l, VEC},
#define SHIFT(l, u, opc) \
    INT2("66.0F.WIG " opc " /r", "V" u, (Vx, Hx, Wdq), C4, 0, x86_ref_v##l)
#define SHIFTI(l, u, opc) \
    INT2("66.0F.WIG " opc, "V" u, (Hx, Ux, Ib), C7, 0, x86_ref_v##l##_i)
#define EXTEND(l, u, opc, bytes) \
    INT2("66.0F38.WIG " opc " /r", "V" u, (Vx, Wx), C5, 0, x86_ref_v##l)
#include "accel/target/i386/vec-int.def"

#define FBIN(l, u, pfx, opc, f) \
    {"VEX.LIG." pfx ".0F.WIG " opc " /r", "V" u, {Vx, Hx, Wx}, A1, C2, 0, x86_ref_v##l, VEC},
#define FUN(l, u, pfx, opc, f) \
    {"VEX.LIG." pfx ".0F.WIG " opc " /r", "V" u, {Vx, Wx}, A1, C2, 0, x86_ref_v##l, VEC},
#define NUN(l, u, pfx, opc, f) \
    {"VEX.LIG." pfx ".0F.WIG " opc " /r", "V" u, {Vx, Wx}, A1, C4, 0, x86_ref_v##l, VEC},
#define FSC(l, u, pfx, opc, f, bits, t) \
    {"VEX.LIG." pfx ".0F.WIG " opc " /r", "V" u, {V##t, H##t, W##t}, A1, C3, 0, x86_ref_v##l, VEC},
#define NSC(l, u, pfx, opc, f, bits, t) \
    {"VEX.LIG." pfx ".0F.WIG " opc " /r", "V" u, {V##t, H##t, W##t}, A1, C5, 0, x86_ref_v##l, VEC},
#define FWIDEN(l, u, pfx, opc, cls) \
    {"VEX.LIG." pfx ".0F.WIG " opc " /r", "V" u, {Vx, Wx}, A1, cls, 0, x86_ref_v##l, VEC},
#define FNARROW(l, u, pfx, opc, cls) \
    {"VEX.LIG." pfx ".0F.WIG " opc " /r", "V" u, {Vdq, Wx}, A1, cls, 0, x86_ref_v##l, VEC},
#define FCMP(l, u, pfx, f) \
    {"VEX.LIG." pfx ".0F.WIG C2 /r", "V" u, {Vx, Hx, Wx, Ib}, A1, C2, 0, x86_ref_v##l, VEC},
#define FCMPS(l, u, pfx, f, bits, t) \
    {"VEX.LIG." pfx ".0F.WIG C2 /r", "V" u, {V##t, H##t, W##t, Ib}, A1, C3, 0, x86_ref_v##l, VEC},
#include "accel/target/i386/vec-fp.def"

#define FMAP(l, u, opc, w) \
    {"VEX.LIG.66.0F38." w " " opc " /r", u, {Vx, Hx, Wx}, X86_F_FMA, C2, 0, x86_ref_##l, VEC},
#define FMAS(l, u, opc, w, bits, t) \
    {"VEX.LIG.66.0F38." w " " opc " /r", u, {V##t, H##t, W##t}, X86_F_FMA, C3, 0, x86_ref_##l, VEC},
#include "accel/target/i386/vec-fma.def"
};
/* clang-format on */

const X86RowTable x86_rows_avx = { rows, sizeof(rows) / sizeof(rows[0]) };
