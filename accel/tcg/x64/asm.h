/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoder: instructions of the x86-64 host as bytes in a JitBuf.
 *
 * It knows REX, VEX, high-byte registers, ModRM, SIB and displacements, and nothing
 * else: no register is chosen here and no flag is thought of, except that a function
 * whose comment says "keeps flags" never picks an encoding that changes them. An opcode
 * is one number (AsmOp): the byte, its map, its mandatory prefix, and what REX must
 * know. A buffer without room for the longest instruction sets JitBuf.overflow and
 * takes nothing more.
 *
 * Context: any thread, one at a time for each buffer.
 */
#ifndef ACCEL_TCG_X64_ASM_H
#define ACCEL_TCG_X64_ASM_H

#include "accel/tcg/jit.h"

#include <string.h>

/* Registers by their numbers in encodings; the four high bytes behind them. */
enum {
    A_RAX,
    A_RCX,
    A_RDX,
    A_RBX,
    A_RSP,
    A_RBP,
    A_RSI,
    A_RDI,
    A_R8,
    A_R9,
    A_R10,
    A_R11,
    A_R12,
    A_R13,
    A_R14,
    A_R15,
    A_AH,
    A_CH,
    A_DH,
    A_BH,
    A_NONE = 0x40,
};

/* The r/m operand. */
typedef struct AsmRm {
    uint8_t reg;         /* register (general, high byte or vector), A_NONE: memory */
    uint8_t base, index; /* A_NONE: none */
    uint8_t scale : 2;
    bool gs : 1; /* relative to the base of GS */
    int32_t disp;
} AsmRm;

_Static_assert(sizeof(AsmRm) == 8, "an operand travels in one register");

/* Opcodes: byte | map | mandatory prefix | attributes. */
typedef uint32_t AsmOp;
enum {
    ASM_0F = 1 << 8,
    ASM_0F38 = 2 << 8,
    ASM_0F3A = 3 << 8,
    ASM_MAP = 3 << 8,
    ASM_66 = 1 << 10,
    ASM_F3 = 1 << 11,
    ASM_F2 = 1 << 12,
    ASM_W = 1 << 13,        /* REX.W, VEX.W */
    ASM_BYTE_REG = 1 << 14, /* reg is a byte register: SPL.. need REX, AH.. forbid it */
    ASM_BYTE_RM = 1 << 15,
    ASM_LOCK = 1 << 16,
    ASM_L = 1 << 17, /* VEX.L */
};

static inline AsmRm asm_reg(unsigned r)
{
    return (AsmRm){ .reg = r, .base = A_NONE, .index = A_NONE };
}

/* [base + disp] */
static inline AsmRm asm_mem(unsigned base, int32_t disp)
{
    return (AsmRm){ .reg = A_NONE, .base = base, .index = A_NONE, .disp = disp };
}

/* [base + (index << scale) + disp]; base may be A_NONE, index is not RSP */
static inline AsmRm asm_mem_index(unsigned base, unsigned index, unsigned scale,
                                  int32_t disp)
{
    return (AsmRm){
        .reg = A_NONE, .base = base, .index = index, .scale = scale, .disp = disp
    };
}

/* gs:[disp], a field of the state */
static inline AsmRm asm_state(int32_t disp)
{
    return (AsmRm){
        .reg = A_NONE, .base = A_NONE, .index = A_NONE, .gs = true, .disp = disp
    };
}

/* gs:[(index << scale) + disp], an element of an array in the state */
static inline AsmRm asm_state_index(unsigned index, unsigned scale, int32_t disp)
{
    return (AsmRm){ .reg = A_NONE,
                    .base = scale ? A_NONE : index,
                    .index = scale ? index : A_NONE,
                    .scale = scale,
                    .gs = true,
                    .disp = disp };
}

static inline bool asm_is_high(unsigned r)
{
    return r >= A_AH && r <= A_BH;
}

/* Takes nothing more; false. */
bool asm_overflow(JitBuf *b);
/* Room for what the caller writes by himself, at most @bytes. */
static inline bool asm_has_room(JitBuf *b, unsigned bytes)
{
    return b->end - b->p >= (ptrdiff_t)bytes || asm_overflow(b);
}

/* --- the most frequent forms, in line ------------------------------------------------
 *
 * An opcode of one byte, without attributes but ASM_W; general registers.
 */

enum { ASM_ROOM = 24 /* of the longest instruction, as it is written */ };

/* Writes the @len bytes of @code behind REX. */
static inline uint8_t *asm_put(uint8_t *p, uint64_t code, unsigned len, unsigned rex)
{
    if (rex) {
        code = code << 8 | rex | 0x40;
        len++;
    }
    memcpy(p, &code, sizeof(code));
    return p + len;
}

static inline uint8_t *asm_put_rr(uint8_t *p, AsmOp op, unsigned reg, unsigned rm)
{
    unsigned code = (uint8_t)op | (0xc0 | (reg & 7) << 3 | (rm & 7)) << 8;

    return asm_put(p, code, 2, op >> 10 | (reg >> 1 & 4) | rm >> 3);
}

/* [@base + @disp] */
static inline uint8_t *asm_put_mem(uint8_t *p, AsmOp op, unsigned reg, unsigned base,
                                   int32_t disp)
{
    unsigned rex = op >> 10 | (reg >> 1 & 4) | base >> 3, len = 2;
    uint64_t code = (uint8_t)op | (reg & 7) << 11 | (base & 7) << 8;

    if ((base & 7) == A_RSP) {
        code |= 0x24 << 16; /* SIB without index */
        len = 3;
    }
    if (disp || (base & 7) == A_RBP) {
        bool byte = disp == (int8_t)disp;

        code |= (uint64_t)(uint32_t)disp << 8 * len | (byte ? 0x4000 : 0x8000);
        len += byte ? 1 : 4;
    }
    return asm_put(p, code, len, rex);
}

/* reg op rm, both registers */
static inline void asm_rr(JitBuf *b, AsmOp op, unsigned reg, unsigned rm)
{
    if (asm_has_room(b, ASM_ROOM)) {
        b->p = asm_put_rr(b->p, op, reg, rm);
    }
}

/* reg op imm, by the number of @op */
static inline void asm_ri(JitBuf *b, AsmOp w, unsigned op, unsigned reg, int32_t imm)
{
    bool byte = imm == (int8_t)imm;
    uint8_t *p;

    if (asm_has_room(b, ASM_ROOM)) {
        p = asm_put_rr(b->p, (byte ? 0x83 : 0x81) | w, op, reg);
        memcpy(p, &imm, sizeof(imm));
        b->p = p + (byte ? 1 : 4);
    }
}

/* reg op [base + disp] */
static inline void asm_rm_disp(JitBuf *b, AsmOp op, unsigned reg, unsigned base,
                               int32_t disp)
{
    if (asm_has_room(b, ASM_ROOM)) {
        b->p = asm_put_mem(b->p, op, reg, base, disp);
    }
}

/* --- the general forms ------------------------------------------------------------ */

/* Whether @op can be encoded with these operands: a high byte and REX exclude each
 * other. */
bool asm_can_encode(AsmOp op, unsigned reg, AsmRm rm);
/* [LOCK] [gs] [66 F3 F2] [REX] opcode ModRM. @reg is a register or the /digit. An
 * immediate follows by asm_imm(). */
void asm_rm(JitBuf *b, AsmOp op, unsigned reg, AsmRm rm);
/* The same in VEX encoding; @vvvv 0 if unused. */
void asm_vex(JitBuf *b, AsmOp op, unsigned reg, unsigned vvvv, AsmRm rm);
void asm_imm(JitBuf *b, unsigned bytes, int64_t imm);
void asm_bytes(JitBuf *b, const void *bytes, unsigned n);
/* @op (even byte: the form for bytes, plus 1: the others) for operands of @w bytes:
 * adds 66, REX.W and the byte attributes. */
static inline AsmOp asm_width(AsmOp op, unsigned w)
{
    static const AsmOp attr[9] = {
        [1] = ASM_BYTE_REG | ASM_BYTE_RM, [2] = 1 | ASM_66, [4] = 1, [8] = 1 | ASM_W
    };

    return op | attr[w & 8 ? 8 : w];
}

/* --- moves: all keep flags ---------------------------------------------------------
 */

void asm_mov(JitBuf *b, unsigned w, unsigned dst, unsigned src);
/* The whole register, in the shortest form. */
void asm_mov_imm(JitBuf *b, unsigned dst, uint64_t imm);
void asm_load(JitBuf *b, unsigned w, unsigned dst, AsmRm rm);
void asm_store(JitBuf *b, unsigned w, AsmRm rm, unsigned src);
/* @imm is sign-extended from 32 bits if @w is 8. */
void asm_store_imm(JitBuf *b, unsigned w, AsmRm rm, int32_t imm);
/* @from 1, 2 or 4 bytes to @w bytes; 4 to 8 by MOVSXD or a 32-bit MOV. */
void asm_movzx(JitBuf *b, unsigned w, unsigned from, unsigned dst, AsmRm rm);
void asm_movsx(JitBuf *b, unsigned w, unsigned from, unsigned dst, AsmRm rm);
void asm_lea(JitBuf *b, unsigned w, unsigned dst, AsmRm rm);
void asm_rorx(JitBuf *b, unsigned w, unsigned dst, unsigned src, unsigned count);
void asm_setcc(JitBuf *b, unsigned cc, AsmRm rm);

/* --- arithmetic ----------------------------------------------------------------------
 */

enum { ASM_ADD, ASM_OR, ASM_ADC, ASM_SBB, ASM_AND, ASM_SUB, ASM_XOR, ASM_CMP };

/* reg <- reg op rm */
void asm_alu(JitBuf *b, unsigned op, unsigned w, unsigned reg, AsmRm rm);
/* rm <- rm op reg; @attr: ASM_LOCK or 0 */
void asm_alu_store(JitBuf *b, unsigned op, unsigned w, AsmRm rm, unsigned reg,
                   AsmOp attr);
void asm_alu_imm(JitBuf *b, unsigned op, unsigned w, AsmRm rm, int32_t imm, AsmOp attr);
void asm_test(JitBuf *b, unsigned w, AsmRm rm, unsigned reg);
void asm_test_imm(JitBuf *b, unsigned w, AsmRm rm, int32_t imm);

/* --- control -------------------------------------------------------------------------
 */

/* The executable address of the next byte. */
static inline const uint8_t *asm_here(const JitBuf *b)
{
    return b->p + b->to_exec;
}
/* To an executable address, always rel32. */
void asm_jmp(JitBuf *b, const void *to);
/* asm_mov_imm() before it. */
void asm_mov_jmp(JitBuf *b, unsigned dst, uint64_t imm, const void *to);
/* Sign-extended. */
void asm_push_imm(JitBuf *b, int32_t imm);
void asm_jcc(JitBuf *b, unsigned cc, const void *to);
void asm_call(JitBuf *b, const void *to);
/*
 * The same to a place that is not known yet: they return the place of the rel32 (in the
 * writable mapping) for asm_patch(). With overflow the place must not be patched.
 */
uint8_t *asm_jmp_fwd(JitBuf *b);
uint8_t *asm_jcc_fwd(JitBuf *b, unsigned cc);
/* Short forms, to places within 127 bytes; asm_patch_short() there. */
uint8_t *asm_jmp_short(JitBuf *b);
uint8_t *asm_jcc_short(JitBuf *b, unsigned cc);
void asm_patch(JitBuf *b, uint8_t *site, const void *to);
/* Makes the short jump at @site go to the next byte of @b. */
void asm_patch_short(JitBuf *b, uint8_t *site);
void asm_nop(JitBuf *b, unsigned bytes);
/* NOPs until the executable address plus @ahead is a multiple of @align. */
void asm_align(JitBuf *b, unsigned align, unsigned ahead);

#endif
