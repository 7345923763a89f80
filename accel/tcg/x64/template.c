/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encoding of templates: SDM volume 2A, chapter 2.
 *
 * The list of opcodes is a second wall: builders choose templates by rows of the tables
 * (which is where loads of control registers, masked stores and the like are left out),
 * and what they let slip stops here.
 */
#include "accel/tcg/x64/template.h"
#include "accel/tcg/x64/asm.h"

#include <glib.h>

/* --- what is allowed ------------------------------------------------------------ */

enum { NP, P66, PF3, PF2 };

typedef struct OpcodeRange {
    uint8_t vex, map, pp;
    uint8_t first, last;
} OpcodeRange;

/* clang-format off */
static const OpcodeRange ranges[] = {
    /* 0F: MMX and SSE without prefix */
    { 0, 1, NP, 0x10, 0x17 }, { 0, 1, NP, 0x28, 0x2f }, { 0, 1, NP, 0x50, 0x6b },
    { 0, 1, NP, 0x6e, 0x77 }, { 0, 1, NP, 0x7e, 0x7f }, { 0, 1, NP, 0xc2, 0xc2 },
    { 0, 1, NP, 0xc4, 0xc6 }, { 0, 1, NP, 0xd1, 0xd5 }, { 0, 1, NP, 0xd7, 0xe5 },
    { 0, 1, NP, 0xe7, 0xef }, { 0, 1, NP, 0xf1, 0xf6 }, { 0, 1, NP, 0xf8, 0xfe },
    { 0, 1, P66, 0x10, 0x17 }, { 0, 1, P66, 0x28, 0x2f }, { 0, 1, P66, 0x50, 0x51 },
    { 0, 1, P66, 0x54, 0x76 }, { 0, 1, P66, 0x78, 0x79 }, { 0, 1, P66, 0x7c, 0x7f },
    { 0, 1, P66, 0xc2, 0xc2 }, { 0, 1, P66, 0xc4, 0xc6 }, { 0, 1, P66, 0xd0, 0xef },
    { 0, 1, P66, 0xf1, 0xf6 }, { 0, 1, P66, 0xf8, 0xfe },
    { 0, 1, PF3, 0x10, 0x12 }, { 0, 1, PF3, 0x16, 0x16 }, { 0, 1, PF3, 0x2a, 0x2d },
    { 0, 1, PF3, 0x51, 0x53 }, { 0, 1, PF3, 0x58, 0x5f }, { 0, 1, PF3, 0x6f, 0x70 },
    { 0, 1, PF3, 0x7e, 0x7f }, { 0, 1, PF3, 0xb8, 0xb8 }, { 0, 1, PF3, 0xbc, 0xbd },
    { 0, 1, PF3, 0xc2, 0xc2 }, { 0, 1, PF3, 0xd6, 0xd6 }, { 0, 1, PF3, 0xe6, 0xe6 },
    { 0, 1, PF2, 0x10, 0x12 }, { 0, 1, PF2, 0x2a, 0x2d }, { 0, 1, PF2, 0x51, 0x51 },
    { 0, 1, PF2, 0x58, 0x5a }, { 0, 1, PF2, 0x5c, 0x5f }, { 0, 1, PF2, 0x70, 0x70 },
    { 0, 1, PF2, 0x78, 0x79 }, { 0, 1, PF2, 0x7c, 0x7d }, { 0, 1, PF2, 0xc2, 0xc2 },
    { 0, 1, PF2, 0xd0, 0xd0 }, { 0, 1, PF2, 0xd6, 0xd6 }, { 0, 1, PF2, 0xe6, 0xe6 },
    { 0, 1, PF2, 0xf0, 0xf0 },
    /* 0F38: SSSE3, SSE4, SHA, AES; CRC32, ADCX, ADOX */
    { 0, 2, NP, 0x00, 0x0b }, { 0, 2, NP, 0x1c, 0x1e }, { 0, 2, NP, 0xc8, 0xcd },
    { 0, 2, P66, 0x00, 0x0b }, { 0, 2, P66, 0x10, 0x10 }, { 0, 2, P66, 0x14, 0x15 },
    { 0, 2, P66, 0x17, 0x17 }, { 0, 2, P66, 0x1c, 0x1e }, { 0, 2, P66, 0x20, 0x25 },
    { 0, 2, P66, 0x28, 0x2b }, { 0, 2, P66, 0x30, 0x35 }, { 0, 2, P66, 0x37, 0x41 },
    { 0, 2, P66, 0xdb, 0xdf }, { 0, 2, PF2, 0xf0, 0xf1 }, { 0, 2, P66, 0xf6, 0xf6 },
    { 0, 2, PF3, 0xf6, 0xf6 },
    /* 0F3A */
    { 0, 3, NP, 0x0f, 0x0f }, { 0, 3, NP, 0xcc, 0xcc }, { 0, 3, P66, 0x08, 0x0f },
    { 0, 3, P66, 0x14, 0x17 }, { 0, 3, P66, 0x20, 0x22 }, { 0, 3, P66, 0x40, 0x42 },
    { 0, 3, P66, 0x44, 0x44 }, { 0, 3, P66, 0x60, 0x63 }, { 0, 3, P66, 0xdf, 0xdf },
    /* VEX.0F */
    { 1, 1, NP, 0x10, 0x17 }, { 1, 1, NP, 0x28, 0x29 }, { 1, 1, NP, 0x2b, 0x2b },
    { 1, 1, NP, 0x2e, 0x2f }, { 1, 1, NP, 0x50, 0x5f }, { 1, 1, NP, 0x77, 0x77 },
    { 1, 1, NP, 0xc2, 0xc2 }, { 1, 1, NP, 0xc6, 0xc6 },
    { 1, 1, P66, 0x10, 0x17 }, { 1, 1, P66, 0x28, 0x29 }, { 1, 1, P66, 0x2b, 0x2b },
    { 1, 1, P66, 0x2e, 0x2f }, { 1, 1, P66, 0x50, 0x51 }, { 1, 1, P66, 0x54, 0x76 },
    { 1, 1, P66, 0x7c, 0x7f }, { 1, 1, P66, 0xc2, 0xc2 }, { 1, 1, P66, 0xc4, 0xc6 },
    { 1, 1, P66, 0xd0, 0xef }, { 1, 1, P66, 0xf1, 0xf6 }, { 1, 1, P66, 0xf8, 0xfe },
    { 1, 1, PF3, 0x10, 0x12 }, { 1, 1, PF3, 0x16, 0x16 }, { 1, 1, PF3, 0x2a, 0x2a },
    { 1, 1, PF3, 0x2c, 0x2d }, { 1, 1, PF3, 0x51, 0x53 }, { 1, 1, PF3, 0x58, 0x5f },
    { 1, 1, PF3, 0x6f, 0x70 }, { 1, 1, PF3, 0x7e, 0x7f }, { 1, 1, PF3, 0xc2, 0xc2 },
    { 1, 1, PF3, 0xe6, 0xe6 },
    { 1, 1, PF2, 0x10, 0x12 }, { 1, 1, PF2, 0x2a, 0x2a }, { 1, 1, PF2, 0x2c, 0x2d },
    { 1, 1, PF2, 0x51, 0x51 }, { 1, 1, PF2, 0x58, 0x5a }, { 1, 1, PF2, 0x5c, 0x5f },
    { 1, 1, PF2, 0x70, 0x70 }, { 1, 1, PF2, 0x7c, 0x7d }, { 1, 1, PF2, 0xc2, 0xc2 },
    { 1, 1, PF2, 0xd0, 0xd0 }, { 1, 1, PF2, 0xe6, 0xe6 }, { 1, 1, PF2, 0xf0, 0xf0 },
    /* VEX.0F38; BMI.  Gathers (90..93) are not in. */
    { 1, 2, P66, 0x00, 0x0f }, { 1, 2, P66, 0x13, 0x13 }, { 1, 2, P66, 0x16, 0x1a },
    { 1, 2, P66, 0x1c, 0x1e }, { 1, 2, P66, 0x20, 0x25 }, { 1, 2, P66, 0x28, 0x2f },
    { 1, 2, P66, 0x30, 0x41 }, { 1, 2, P66, 0x45, 0x47 }, { 1, 2, P66, 0x58, 0x5a },
    { 1, 2, P66, 0x78, 0x79 },
    { 1, 2, P66, 0x8c, 0x8c }, { 1, 2, P66, 0x8e, 0x8e }, { 1, 2, P66, 0x96, 0x9f }, { 1, 2, P66, 0xa6, 0xaf },
    { 1, 2, P66, 0xb6, 0xbf }, { 1, 2, P66, 0xdb, 0xdf },
    { 1, 2, NP, 0xf2, 0xf3 }, { 1, 2, NP, 0xf5, 0xf5 }, { 1, 2, NP, 0xf7, 0xf7 },
    { 1, 2, P66, 0xf7, 0xf7 }, { 1, 2, PF3, 0xf5, 0xf5 }, { 1, 2, PF3, 0xf7, 0xf7 },
    { 1, 2, PF2, 0xf5, 0xf7 },
    /* VEX.0F3A; RORX */
    { 1, 3, P66, 0x00, 0x02 }, { 1, 3, P66, 0x04, 0x06 }, { 1, 3, P66, 0x08, 0x0f },
    { 1, 3, P66, 0x14, 0x19 }, { 1, 3, P66, 0x1d, 0x1d }, { 1, 3, P66, 0x20, 0x22 },
    { 1, 3, P66, 0x38, 0x39 }, { 1, 3, P66, 0x40, 0x42 }, { 1, 3, P66, 0x44, 0x44 },
    { 1, 3, P66, 0x46, 0x46 }, { 1, 3, P66, 0x4a, 0x4c }, { 1, 3, P66, 0x60, 0x63 },
    { 1, 3, P66, 0xdf, 0xdf }, { 1, 3, PF2, 0xf0, 0xf0 },
};
/* clang-format on */

static uint32_t allowed[2][4][4][8];

static unsigned pp_index(uint8_t pp)
{
    return pp == 0x66 ? P66 : pp == 0xf3 ? PF3 : pp == 0xf2 ? PF2 : NP;
}

static void fill_allowed(void)
{
    static gsize done;

    if (!g_once_init_enter(&done)) {
        return;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(ranges); k++) {
        const OpcodeRange *r = &ranges[k];

        for (unsigned op = r->first; op <= r->last; op++) {
            allowed[r->vex][r->map][r->pp][op / 32] |= 1u << (op % 32);
        }
    }
    g_once_init_leave(&done, 1);
}

/* FLDENV, FRSTOR, FNSTENV, FNSAVE and FNINIT replace the whole environment; FLDCW only
 * from the state, where a value lies that the builder has looked at. */
static bool x87_allowed(const IrTemplate *t)
{
    unsigned digit = t->modrm >> 3 & 7;

    if (t->opcode < 0xd8 || t->opcode > 0xdf) {
        return false;
    }
    if (!t->rm_mem && !t->rm_state) {
        return t->modrm >= 0xc0 && !(t->opcode == 0xdb && t->modrm == 0xe3);
    }
    if (t->opcode == 0xd9) {
        return digit < 4 || (digit == 5 && t->rm_state);
    }
    return t->opcode != 0xdd || (digit != 4 && digit != 6);
}

/* Of group 15: LDMXCSR from the state (as FLDCW), STMXCSR. */
static bool is_mxcsr(const IrTemplate *t)
{
    return t->enc == IR_ENC_LEGACY && t->map == 1 && !t->pp && t->opcode == 0xae &&
           ((t->reg == 2 && t->rm_state) || (t->reg == 3 && t->rm_mem));
}

static bool is_allowed(const IrTemplate *t)
{
    if (t->enc == IR_ENC_X87) {
        return x87_allowed(t);
    }
    if (is_mxcsr(t)) {
        return true;
    }
    fill_allowed();
    return t->map < 4 &&
           (allowed[t->enc == IR_ENC_VEX][t->map][pp_index(t->pp)][t->opcode / 32] >>
                (t->opcode % 32) &
            1);
}

/* --- encoding ------------------------------------------------------------------- */

static AsmOp opcode_of(const IrTemplate *t)
{
    static const AsmOp prefix[] = {
        [NP] = 0, [P66] = ASM_66, [PF3] = ASM_F3, [PF2] = ASM_F2
    };
    AsmOp op = t->opcode | (AsmOp)t->map << 8 | prefix[pp_index(t->pp)];

    /* CRC32 of a byte */
    if (t->enc == IR_ENC_LEGACY && t->map == 2 && t->pp == 0xf2 && t->opcode == 0xf0) {
        op |= ASM_BYTE_RM;
    }
    return op | (t->w ? ASM_W : 0) | (t->l ? ASM_L : 0);
}

static AsmRm rm_of(const IrTemplate *t, unsigned rm, int32_t disp)
{
    if (t->rm_state) {
        return asm_state(disp);
    }
    if (t->rm_mem) {
        return asm_mem(rm, disp);
    }
    return asm_reg(x64_template_rm_is_gpr(t) ? rm : t->rm);
}

bool x64_template(JitBuf *b, const IrTemplate *t, unsigned reg, unsigned rm,
                  unsigned vvvv, int32_t disp)
{
    AsmRm m = rm_of(t, rm, disp);
    unsigned r = x64_template_reg_is_gpr(t) ? reg : t->reg;
    unsigned v = x64_template_vvvv_is_gpr(t) ? vvvv : t->vvvv_is_vec ? t->vvvv : 0;

    if (!is_allowed(t)) {
        return false;
    }
    if (t->enc == IR_ENC_X87) {
        if (t->rm_mem || t->rm_state) {
            asm_rm(b, t->opcode, t->modrm >> 3 & 7, m);
        } else {
            asm_bytes(b, (const uint8_t[]){ t->opcode, t->modrm }, 2);
        }
        return true;
    }
    if (t->map == 1 && t->opcode == 0x77) {
        /* EMMS, VZEROUPPER, VZEROALL: no ModRM */
        if (t->enc == IR_ENC_VEX) {
            asm_bytes(b, (const uint8_t[]){ 0xc5, t->l ? 0xfc : 0xf8, 0x77 }, 3);
        } else {
            asm_bytes(b, (const uint8_t[]){ 0x0f, 0x77 }, 2);
        }
        return true;
    }
    if (t->enc == IR_ENC_VEX) {
        asm_vex(b, opcode_of(t), r, v, m);
    } else {
        asm_rm(b, opcode_of(t), r, m);
    }
    if (t->has_imm) {
        asm_imm(b, 1, t->imm8);
    }
    return true;
}
