/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opcode map: the x87 escapes D8 to DF, and FWAIT (SDM volume 2D, A.5).
 *
 * Register forms which the manual leaves blank but all processors execute as aliases
 * (DC D0, DD C8, DE D0, DF C8 and the like) are in; the other blank ones are #UD.
 */
#include "accel/target/i386/build-vec.h"
#include "accel/target/i386/operands.h"
#include "accel/target/i386/ref-x87.h"

#define FPU  X86_F_FPU, X86_EXC_CLASS_X87
#define CTL  X86_F_FPU, X86_EXC_CLASS_X87_NOWAIT
#define CMOV X86_F_CMOV, X86_EXC_CLASS_X87
#define SSE3 X86_F_SSE3, X86_EXC_CLASS_X87

/* How the translator builds a row; without it: never. */
#define X87     .build = x86_build_x87
#define NOTHING .build = x86_build_x87_nothing
#define FLDCW   .build = x86_build_fldcw
#define FNSTCW  .build = x86_build_fnstcw
#define FNSTSW  .build = x86_build_fnstsw_ax

/* clang-format off */
static const X86Row rows[] = {
    {"9B",       "FWAIT",   {0},        X86_F_FPU, X86_EXC_CLASS_WAIT, 0, x86_ref_fwait, NOTHING},

    {"D8 /0",    "FADD",    {ST0, Md},  FPU, X86_MEM, x86_ref_fadd_m32, X87},
    {"D8 /1",    "FMUL",    {ST0, Md},  FPU, X86_MEM, x86_ref_fmul_m32, X87},
    {"D8 /2",    "FCOM",    {ST0, Md},  FPU, X86_MEM, x86_ref_fcom_m32, X87},
    {"D8 /3",    "FCOMP",   {ST0, Md},  FPU, X86_MEM, x86_ref_fcomp_m32, X87},
    {"D8 /4",    "FSUB",    {ST0, Md},  FPU, X86_MEM, x86_ref_fsub_m32, X87},
    {"D8 /5",    "FSUBR",   {ST0, Md},  FPU, X86_MEM, x86_ref_fsubr_m32, X87},
    {"D8 /6",    "FDIV",    {ST0, Md},  FPU, X86_MEM, x86_ref_fdiv_m32, X87},
    {"D8 /7",    "FDIVR",   {ST0, Md},  FPU, X86_MEM, x86_ref_fdivr_m32, X87},
    {"D8 /0",    "FADD",    {ST0, STi}, FPU, X86_REG, x86_ref_fadd_st0, X87},
    {"D8 /1",    "FMUL",    {ST0, STi}, FPU, X86_REG, x86_ref_fmul_st0, X87},
    {"D8 /2",    "FCOM",    {ST0, STi}, FPU, X86_REG, x86_ref_fcom, X87},
    {"D8 /3",    "FCOMP",   {ST0, STi}, FPU, X86_REG, x86_ref_fcomp, X87},
    {"D8 /4",    "FSUB",    {ST0, STi}, FPU, X86_REG, x86_ref_fsub_st0, X87},
    {"D8 /5",    "FSUBR",   {ST0, STi}, FPU, X86_REG, x86_ref_fsubr_st0, X87},
    {"D8 /6",    "FDIV",    {ST0, STi}, FPU, X86_REG, x86_ref_fdiv_st0, X87},
    {"D8 /7",    "FDIVR",   {ST0, STi}, FPU, X86_REG, x86_ref_fdivr_st0, X87},

    {"D9 /0",    "FLD",     {ST0, Md},  FPU, X86_MEM, x86_ref_fld_m32, X87},
    {"D9 /2",    "FST",     {Md, ST0},  FPU, X86_MEM, x86_ref_fst_m32, X87},
    {"D9 /3",    "FSTP",    {Md, ST0},  FPU, X86_MEM, x86_ref_fstp_m32, X87},
    {"D9 /4",    "FLDENV",  {Menv},     FPU, X86_MEM, x86_ref_fldenv},
    {"D9 /5",    "FLDCW",   {Mw},       FPU, X86_MEM, x86_ref_fldcw, FLDCW},
    {"D9 /6",    "FNSTENV", {Menv},     CTL, X86_MEM, x86_ref_fnstenv},
    {"D9 /7",    "FNSTCW",  {Mw},       CTL, X86_MEM, x86_ref_fnstcw, FNSTCW},
    {"D9 /0",    "FLD",     {ST0, STi}, FPU, X86_REG, x86_ref_fld_sti, X87},
    {"D9 /1",    "FXCH",    {ST0, STi}, FPU, X86_REG, x86_ref_fxch, X87},
    {"D9 /2:0",  "FNOP",    {0},        FPU, 0, x86_ref_fnop, NOTHING},
    {"D9 /3",    "FSTP1",   {STi, ST0}, FPU, X86_REG, x86_ref_x87_reg, X87},
    {"D9 /4:0",  "FCHS",    {ST0},      FPU, 0, x86_ref_fchs, X87},
    {"D9 /4:1",  "FABS",    {ST0},      FPU, 0, x86_ref_fabs, X87},
    {"D9 /4:4",  "FTST",    {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /4:5",  "FXAM",    {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /5:0",  "FLD1",    {ST0},      FPU, 0, x86_ref_fld1, X87},
    {"D9 /5:1",  "FLDL2T",  {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /5:2",  "FLDL2E",  {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /5:3",  "FLDPI",   {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /5:4",  "FLDLG2",  {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /5:5",  "FLDLN2",  {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /5:6",  "FLDZ",    {ST0},      FPU, 0, x86_ref_fldz, X87},
    {"D9 /6:0",  "F2XM1",   {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /6:1",  "FYL2X",   {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /6:2",  "FPTAN",   {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /6:3",  "FPATAN",  {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /6:4",  "FXTRACT", {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /6:5",  "FPREM1",  {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /6:6",  "FDECSTP", {0},        FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /6:7",  "FINCSTP", {0},        FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /7:0",  "FPREM",   {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /7:1",  "FYL2XP1", {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /7:2",  "FSQRT",   {ST0},      FPU, 0, x86_ref_fsqrt, X87},
    {"D9 /7:3",  "FSINCOS", {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /7:4",  "FRNDINT", {ST0},      FPU, 0, x86_ref_frndint, X87},
    {"D9 /7:5",  "FSCALE",  {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /7:6",  "FSIN",    {ST0},      FPU, 0, x86_ref_x87_reg, X87},
    {"D9 /7:7",  "FCOS",    {ST0},      FPU, 0, x86_ref_x87_reg, X87},

    {"DA /0",    "FIADD",   {ST0, Md},  FPU, X86_MEM, x86_ref_fadd_m32i, X87},
    {"DA /1",    "FIMUL",   {ST0, Md},  FPU, X86_MEM, x86_ref_fmul_m32i, X87},
    {"DA /2",    "FICOM",   {ST0, Md},  FPU, X86_MEM, x86_ref_x87_ld32, X87},
    {"DA /3",    "FICOMP",  {ST0, Md},  FPU, X86_MEM, x86_ref_x87_ld32, X87},
    {"DA /4",    "FISUB",   {ST0, Md},  FPU, X86_MEM, x86_ref_fsub_m32i, X87},
    {"DA /5",    "FISUBR",  {ST0, Md},  FPU, X86_MEM, x86_ref_fsubr_m32i, X87},
    {"DA /6",    "FIDIV",   {ST0, Md},  FPU, X86_MEM, x86_ref_fdiv_m32i, X87},
    {"DA /7",    "FIDIVR",  {ST0, Md},  FPU, X86_MEM, x86_ref_fdivr_m32i, X87},
    {"DA /0",    "FCMOVB",  {ST0, STi}, CMOV, X86_REG, x86_ref_x87_reg, X87},
    {"DA /1",    "FCMOVE",  {ST0, STi}, CMOV, X86_REG, x86_ref_x87_reg, X87},
    {"DA /2",    "FCMOVBE", {ST0, STi}, CMOV, X86_REG, x86_ref_x87_reg, X87},
    {"DA /3",    "FCMOVU",  {ST0, STi}, CMOV, X86_REG, x86_ref_x87_reg, X87},
    {"DA /5:1",  "FUCOMPP", {ST0},      FPU, 0, x86_ref_fucompp, X87},

    {"DB /0",    "FILD",    {ST0, Md},  FPU, X86_MEM, x86_ref_fild_m32, X87},
    {"DB /1",    "FISTTP",  {Md, ST0},  SSE3, X86_MEM, x86_ref_x87_st32, X87},
    {"DB /2",    "FIST",    {Md, ST0},  FPU, X86_MEM, x86_ref_fist_m32, X87},
    {"DB /3",    "FISTP",   {Md, ST0},  FPU, X86_MEM, x86_ref_fistp_m32, X87},
    {"DB /5",    "FLD",     {ST0, Mt},  FPU, X86_MEM, x86_ref_fld_m80, X87},
    {"DB /7",    "FSTP",    {Mt, ST0},  FPU, X86_MEM, x86_ref_fstp_m80, X87},
    {"DB /0",    "FCMOVNB", {ST0, STi}, CMOV, X86_REG, x86_ref_x87_reg, X87},
    {"DB /1",    "FCMOVNE", {ST0, STi}, CMOV, X86_REG, x86_ref_x87_reg, X87},
    {"DB /2",    "FCMOVNBE", {ST0, STi}, CMOV, X86_REG, x86_ref_x87_reg, X87},
    {"DB /3",    "FCMOVNU", {ST0, STi}, CMOV, X86_REG, x86_ref_x87_reg, X87},
    {"DB /4:0",  "FNENI",   {0},        CTL, 0, x86_ref_fnop, NOTHING},
    {"DB /4:1",  "FNDISI",  {0},        CTL, 0, x86_ref_fnop, NOTHING},
    {"DB /4:2",  "FNCLEX",  {0},        CTL, 0, x86_ref_fnclex, X87},
    {"DB /4:3",  "FNINIT",  {0},        CTL, 0, x86_ref_fninit},
    {"DB /4:4",  "FNSETPM", {0},        CTL, 0, x86_ref_fnop, NOTHING},
    {"DB /5",    "FUCOMI",  {ST0, STi}, CMOV, X86_REG, x86_ref_fucomi, X87},
    {"DB /6",    "FCOMI",   {ST0, STi}, CMOV, X86_REG, x86_ref_fcomi, X87},

    {"DC /0",    "FADD",    {ST0, Mq},  FPU, X86_MEM, x86_ref_fadd_m64, X87},
    {"DC /1",    "FMUL",    {ST0, Mq},  FPU, X86_MEM, x86_ref_fmul_m64, X87},
    {"DC /2",    "FCOM",    {ST0, Mq},  FPU, X86_MEM, x86_ref_fcom_m64, X87},
    {"DC /3",    "FCOMP",   {ST0, Mq},  FPU, X86_MEM, x86_ref_fcomp_m64, X87},
    {"DC /4",    "FSUB",    {ST0, Mq},  FPU, X86_MEM, x86_ref_fsub_m64, X87},
    {"DC /5",    "FSUBR",   {ST0, Mq},  FPU, X86_MEM, x86_ref_fsubr_m64, X87},
    {"DC /6",    "FDIV",    {ST0, Mq},  FPU, X86_MEM, x86_ref_fdiv_m64, X87},
    {"DC /7",    "FDIVR",   {ST0, Mq},  FPU, X86_MEM, x86_ref_fdivr_m64, X87},
    {"DC /0",    "FADD",    {STi, ST0}, FPU, X86_REG, x86_ref_fadd_sti, X87},
    {"DC /1",    "FMUL",    {STi, ST0}, FPU, X86_REG, x86_ref_fmul_sti, X87},
    {"DC /2",    "FCOM2",   {ST0, STi}, FPU, X86_REG, x86_ref_fcom, X87},
    {"DC /3",    "FCOMP3",  {ST0, STi}, FPU, X86_REG, x86_ref_fcomp, X87},
    {"DC /4",    "FSUBR",   {STi, ST0}, FPU, X86_REG, x86_ref_fsubr_sti, X87},
    {"DC /5",    "FSUB",    {STi, ST0}, FPU, X86_REG, x86_ref_fsub_sti, X87},
    {"DC /6",    "FDIVR",   {STi, ST0}, FPU, X86_REG, x86_ref_fdivr_sti, X87},
    {"DC /7",    "FDIV",    {STi, ST0}, FPU, X86_REG, x86_ref_fdiv_sti, X87},

    {"DD /0",    "FLD",     {ST0, Mq},  FPU, X86_MEM, x86_ref_fld_m64, X87},
    {"DD /1",    "FISTTP",  {Mq, ST0},  SSE3, X86_MEM, x86_ref_x87_st64, X87},
    {"DD /2",    "FST",     {Mq, ST0},  FPU, X86_MEM, x86_ref_fst_m64, X87},
    {"DD /3",    "FSTP",    {Mq, ST0},  FPU, X86_MEM, x86_ref_fstp_m64, X87},
    {"DD /4",    "FRSTOR",  {Menv},     FPU, X86_MEM, x86_ref_frstor},
    {"DD /6",    "FNSAVE",  {Menv},     CTL, X86_MEM, x86_ref_fnsave},
    {"DD /7",    "FNSTSW",  {Mw},       CTL, X86_MEM, x86_ref_fnstsw_m16, X87},
    {"DD /0",    "FFREE",   {STi},      FPU, X86_REG, x86_ref_x87_reg, X87},
    {"DD /1",    "FXCH4",   {ST0, STi}, FPU, X86_REG, x86_ref_fxch, X87},
    {"DD /2",    "FST",     {STi, ST0}, FPU, X86_REG, x86_ref_fst_sti, X87},
    {"DD /3",    "FSTP",    {STi, ST0}, FPU, X86_REG, x86_ref_fst_sti, X87},
    {"DD /4",    "FUCOM",   {ST0, STi}, FPU, X86_REG, x86_ref_fucom, X87},
    {"DD /5",    "FUCOMP",  {ST0, STi}, FPU, X86_REG, x86_ref_fucomp, X87},

    {"DE /0",    "FIADD",   {ST0, Mw},  FPU, X86_MEM, x86_ref_fadd_m16i, X87},
    {"DE /1",    "FIMUL",   {ST0, Mw},  FPU, X86_MEM, x86_ref_fmul_m16i, X87},
    {"DE /2",    "FICOM",   {ST0, Mw},  FPU, X86_MEM, x86_ref_x87_ld16, X87},
    {"DE /3",    "FICOMP",  {ST0, Mw},  FPU, X86_MEM, x86_ref_x87_ld16, X87},
    {"DE /4",    "FISUB",   {ST0, Mw},  FPU, X86_MEM, x86_ref_fsub_m16i, X87},
    {"DE /5",    "FISUBR",  {ST0, Mw},  FPU, X86_MEM, x86_ref_fsubr_m16i, X87},
    {"DE /6",    "FIDIV",   {ST0, Mw},  FPU, X86_MEM, x86_ref_fdiv_m16i, X87},
    {"DE /7",    "FIDIVR",  {ST0, Mw},  FPU, X86_MEM, x86_ref_fdivr_m16i, X87},
    {"DE /0",    "FADDP",   {STi, ST0}, FPU, X86_REG, x86_ref_fadd_sti, X87},
    {"DE /1",    "FMULP",   {STi, ST0}, FPU, X86_REG, x86_ref_fmul_sti, X87},
    {"DE /2",    "FCOMP5",  {ST0, STi}, FPU, X86_REG, x86_ref_fcomp, X87},
    {"DE /3:1",  "FCOMPP",  {ST0},      FPU, 0, x86_ref_fcompp, X87},
    {"DE /4",    "FSUBRP",  {STi, ST0}, FPU, X86_REG, x86_ref_fsubr_sti, X87},
    {"DE /5",    "FSUBP",   {STi, ST0}, FPU, X86_REG, x86_ref_fsub_sti, X87},
    {"DE /6",    "FDIVRP",  {STi, ST0}, FPU, X86_REG, x86_ref_fdivr_sti, X87},
    {"DE /7",    "FDIVP",   {STi, ST0}, FPU, X86_REG, x86_ref_fdiv_sti, X87},

    {"DF /0",    "FILD",    {ST0, Mw},  FPU, X86_MEM, x86_ref_fild_m16, X87},
    {"DF /1",    "FISTTP",  {Mw, ST0},  SSE3, X86_MEM, x86_ref_x87_st16, X87},
    {"DF /2",    "FIST",    {Mw, ST0},  FPU, X86_MEM, x86_ref_fist_m16, X87},
    {"DF /3",    "FISTP",   {Mw, ST0},  FPU, X86_MEM, x86_ref_fistp_m16, X87},
    {"DF /4",    "FBLD",    {ST0, Mt},  FPU, X86_MEM, x86_ref_x87_ld80, X87},
    {"DF /5",    "FILD",    {ST0, Mq},  FPU, X86_MEM, x86_ref_fild_m64, X87},
    {"DF /6",    "FBSTP",   {Mt, ST0},  FPU, X86_MEM, x86_ref_x87_st80, X87},
    {"DF /7",    "FISTP",   {Mq, ST0},  FPU, X86_MEM, x86_ref_fistp_m64, X87},
    {"DF /0",    "FFREEP",  {STi},      FPU, X86_REG, x86_ref_x87_reg, X87},
    {"DF /1",    "FXCH7",   {ST0, STi}, FPU, X86_REG, x86_ref_fxch, X87},
    {"DF /2",    "FSTP8",   {STi, ST0}, FPU, X86_REG, x86_ref_fst_sti, X87},
    {"DF /3",    "FSTP9",   {STi, ST0}, FPU, X86_REG, x86_ref_fst_sti, X87},
    {"DF /4:0",  "FNSTSW",  {rAX},      CTL, 0, x86_ref_fnstsw_ax, FNSTSW},
    {"DF /5",    "FUCOMIP", {ST0, STi}, CMOV, X86_REG, x86_ref_fucomi, X87},
    {"DF /6",    "FCOMIP",  {ST0, STi}, CMOV, X86_REG, x86_ref_fcomi, X87},
};
/* clang-format on */

const X86RowTable x86_rows_x87 = { rows, sizeof(rows) / sizeof(rows[0]) };
