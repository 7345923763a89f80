/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoder: Intel SDM volume 2A, chapter 2.
 *
 * An instruction is written only where the longest would fit, so that a full buffer
 * never holds half of one.
 */
#include "accel/tcg/x64/asm.h"

#include <glib.h>

#include <string.h>

bool asm_overflow(JitBuf *b)
{
    b->overflow = true;
    b->end = b->p;
    return false;
}

/* Room for one more instruction. */
static inline bool has_room(JitBuf *b)
{
    return asm_has_room(b, ASM_ROOM);
}

static inline uint8_t *put32(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, 4);
    return p + 4;
}

/* Of 0 to 8 bytes; up to 8 are written. */
static inline uint8_t *put_imm(uint8_t *p, unsigned bytes, uint64_t imm)
{
    memcpy(p, &imm, 8);
    return p + bytes;
}

void asm_bytes(JitBuf *b, const void *bytes, unsigned n)
{
    if ((size_t)(b->end - b->p) < n) {
        asm_overflow(b);
        return;
    }
    memcpy(b->p, bytes, n);
    b->p += n;
}

void asm_imm(JitBuf *b, unsigned bytes, int64_t imm)
{
    if (has_room(b)) {
        b->p = put_imm(b->p, bytes, imm);
    }
}

/* --- ModRM and prefixes ------------------------------------------------------------
 *
 * The numbers of registers are chosen so that no case needs to be told from another:
 * bit 3 is that of REX, in high bytes and A_NONE it is clear.
 */

_Static_assert(!(A_AH & 8) && !(A_BH & 8) && !(A_NONE & 8), "no bit of REX");

/* The three bits that go into ModRM, SIB or the opcode. */
static inline unsigned low3(unsigned r)
{
    return (r & 7) + (r >> 2 & 4);
}

static inline bool is_mem(AsmRm rm)
{
    return rm.reg == A_NONE;
}

/* SPL, BPL, SIL, DIL */
static inline bool needs_rex_as_byte(unsigned r)
{
    return (r & ~3u) == A_RSP;
}

/* W, R, X, B */
static inline unsigned rex_bits(AsmOp op, unsigned reg, AsmRm rm)
{
    _Static_assert(ASM_W >> 10 == 8, "REX.W");
    return (op & ASM_W) >> 10 | (reg >> 1 & 4) | (rm.index >> 2 & 2) |
           ((rm.reg | rm.base) >> 3 & 1);
}

/* REX for the operands, 0: none wanted. */
static inline unsigned rex_of(AsmOp op, unsigned reg, AsmRm rm)
{
    unsigned bits = rex_bits(op, reg, rm);

    if (op & (ASM_BYTE_REG | ASM_BYTE_RM) &&
        ((op & ASM_BYTE_REG && needs_rex_as_byte(reg)) ||
         (op & ASM_BYTE_RM && needs_rex_as_byte(rm.reg)))) {
        bits |= 0x40;
    }
    return bits ? bits | 0x40 : 0;
}

static inline bool has_high(AsmOp op, unsigned reg, AsmRm rm)
{
    return (op & ASM_BYTE_REG && reg & A_AH) || (op & ASM_BYTE_RM && rm.reg & A_AH);
}

bool asm_can_encode(AsmOp op, unsigned reg, AsmRm rm)
{
    return !has_high(op, reg, rm) || !rex_of(op, reg, rm);
}

static inline uint8_t *put_mem(uint8_t *p, unsigned reg, AsmRm rm)
{
    unsigned r = reg << 3, mod, base = low3(rm.base);

    if (rm.base == A_NONE) {
        /* No base: SIB with base 101 and mod 0; without an index too, since the short
         * form would be relative to RIP. */
        *p++ = r | 4;
        *p++ = rm.scale << 6 | (rm.index == A_NONE ? 4 : low3(rm.index)) << 3 | 5;
        return put32(p, rm.disp);
    }
    mod = rm.disp == 0 && base != 5 ? 0 : rm.disp == (int8_t)rm.disp ? 1 : 2;
    if (rm.index != A_NONE) {
        g_assert(rm.index != A_RSP);
        *p++ = mod << 6 | r | 4;
        *p++ = rm.scale << 6 | low3(rm.index) << 3 | base;
    } else {
        *p++ = mod << 6 | r | base;
        if (base == 4) {
            *p++ = 4 << 3 | 4;
        }
    }
    put32(p, rm.disp);
    return p + (mod == 2 ? 4 : mod);
}

static inline uint8_t *put_modrm(uint8_t *p, unsigned reg, AsmRm rm)
{
    if (!is_mem(rm)) {
        *p = 0xc0 | reg << 3 | low3(rm.reg);
        return p + 1;
    }
    return put_mem(p, reg, rm);
}

/* Everything but what put_rm() knows. */
static __attribute__((noinline)) void put_any(JitBuf *b, AsmOp op, unsigned reg,
                                              AsmRm rm, unsigned imm_bytes, int64_t imm)
{
    uint8_t *p = b->p;
    unsigned rex = rex_of(op, reg, rm), map = op & ASM_MAP;

    if (!has_room(b)) {
        return;
    }
    g_assert(!rex || !has_high(op, reg, rm));
    if (op & (ASM_LOCK | ASM_F3 | ASM_F2)) {
        *p = 0xf0;
        p += op / ASM_LOCK & 1;
        *p = op & ASM_F3 ? 0xf3 : 0xf2;
        p += (op & (ASM_F3 | ASM_F2)) != 0;
    }
    *p = 0x65;
    p += rm.gs;
    *p = 0x66;
    p += op / ASM_66 & 1;
    *p = rex;
    p += rex != 0;
    *p = 0x0f;
    p += map != 0;
    if (map > ASM_0F) {
        *p++ = map == ASM_0F38 ? 0x38 : 0x3a;
    }
    *p++ = op;
    p = put_modrm(p, low3(reg), rm);
    b->p = put_imm(p, imm_bytes, imm);
}

/* [base + (index << scale) + disp] */
static uint8_t *put_index(uint8_t *p, AsmOp op, unsigned reg, AsmRm rm)
{
    unsigned rex = op >> 10 | (reg >> 1 & 4) | (rm.index >> 2 & 2) | rm.base >> 3;
    unsigned sib = rm.scale << 6 | (rm.index & 7) << 3 | (rm.base & 7), len = 3;
    uint64_t code = (uint8_t)op | (reg & 7) << 11 | 4 << 8 | sib << 16;

    g_assert(rm.index != A_RSP);
    if (rm.disp || (rm.base & 7) == A_RBP) {
        bool byte = rm.disp == (int8_t)rm.disp;

        code |= (uint64_t)(uint32_t)rm.disp << 24 | (byte ? 0x4000 : 0x8000);
        len += byte ? 1 : 4;
    }
    return asm_put(p, code, len, rex);
}

/*
 * The instruction with an immediate of @imm_bytes. Most are an opcode of one byte with
 * a register or [base + disp]: these first, as one number of at most eight bytes.
 */
static inline void put_rm(JitBuf *b, AsmOp op, unsigned reg, AsmRm rm,
                          unsigned imm_bytes, int64_t imm)
{
    enum { PLAIN = 0xff | ASM_W };
    uint8_t *p = b->p;

    if (op & ~(AsmOp)PLAIN || b->end - p < ASM_ROOM) {
        put_any(b, op, reg, rm, imm_bytes, imm);
        return;
    }
    if (rm.reg != A_NONE) {
        p = asm_put_rr(p, op, reg, rm.reg);
    } else if (rm.base == A_NONE || rm.gs) {
        put_any(b, op, reg, rm, imm_bytes, imm);
        return;
    } else if (rm.index == A_NONE) {
        p = asm_put_mem(p, op, reg, rm.base, rm.disp);
    } else {
        p = put_index(p, op, reg, rm);
    }
    b->p = imm_bytes ? put_imm(p, imm_bytes, imm) : p;
}

void asm_rm(JitBuf *b, AsmOp op, unsigned reg, AsmRm rm)
{
    put_rm(b, op, reg, rm, 0, 0);
}

static __attribute__((noinline)) void put_rm_imm(JitBuf *b, AsmOp op, unsigned reg,
                                                 AsmRm rm, unsigned bytes, int64_t imm)
{
    put_rm(b, op, reg, rm, bytes, imm);
}

void asm_vex(JitBuf *b, AsmOp op, unsigned reg, unsigned vvvv, AsmRm rm)
{
    uint8_t *p = b->p;
    unsigned rex = rex_bits(op, reg, rm);
    unsigned pp = op & ASM_66 ? 1 : op & ASM_F3 ? 2 : op & ASM_F2 ? 3 : 0;
    unsigned tail = (~vvvv & 15) << 3 | (op & ASM_L ? 4 : 0) | pp;

    if (!has_room(b)) {
        return;
    }
    *p = 0x65;
    p += rm.gs;
    if ((op & ASM_MAP) == ASM_0F && !(rex & 0x0b)) {
        *p++ = 0xc5;
        *p++ = (rex & 4 ? 0 : 0x80) | tail;
    } else {
        *p++ = 0xc4;
        *p++ = ((~rex & 7) << 5) | (op & ASM_MAP) >> 8;
        *p++ = (op & ASM_W ? 0x80 : 0) | tail;
    }
    *p++ = op;
    b->p = put_modrm(p, low3(reg), rm);
}

/* --- moves ---------------------------------------------------------------------------
 */

void asm_mov(JitBuf *b, unsigned w, unsigned dst, unsigned src)
{
    AsmOp op = asm_width(0x8a, w);

    asm_rm(b, op, dst, asm_reg(src));
}

void asm_mov_imm(JitBuf *b, unsigned dst, uint64_t imm)
{
    unsigned high = dst >> 3 & 1;
    uint8_t *p = b->p;

    if (!has_room(b)) {
        return;
    }
    if (imm == (uint32_t)imm) {
        *p = 0x41;
        p += high;
        *p = 0xb8 | (dst & 7);
        put32(p + 1, imm);
        b->p = p + 5;
    } else if ((int64_t)imm == (int32_t)imm) {
        asm_store_imm(b, 8, asm_reg(dst), imm);
    } else {
        p[0] = 0x48 | high;
        p[1] = 0xb8 | (dst & 7);
        b->p = put_imm(p + 2, 8, imm);
    }
}

void asm_load(JitBuf *b, unsigned w, unsigned dst, AsmRm rm)
{
    asm_rm(b, asm_width(0x8a, w), dst, rm);
}

void asm_store(JitBuf *b, unsigned w, AsmRm rm, unsigned src)
{
    asm_rm(b, asm_width(0x88, w), src, rm);
}

void asm_store_imm(JitBuf *b, unsigned w, AsmRm rm, int32_t imm)
{
    put_rm_imm(b, asm_width(0xc6, w) & ~(AsmOp)ASM_BYTE_REG, 0, rm, w > 4 ? 4 : w, imm);
}

static AsmOp extend_width(AsmOp op, unsigned w)
{
    return op | (w == 8 ? ASM_W : w == 2 ? ASM_66 : 0);
}

void asm_movzx(JitBuf *b, unsigned w, unsigned from, unsigned dst, AsmRm rm)
{
    if (from == 4) {
        asm_rm(b, 0x8b, dst, rm);
    } else if (from == 2) {
        asm_rm(b, extend_width(ASM_0F | 0xb7, w == 2 ? 2 : 4), dst, rm);
    } else {
        /* 32 bits do for 64. */
        asm_rm(b, extend_width(ASM_0F | 0xb6, w == 2 ? 2 : 4) | ASM_BYTE_RM, dst, rm);
    }
}

void asm_movsx(JitBuf *b, unsigned w, unsigned from, unsigned dst, AsmRm rm)
{
    if (from == 4) {
        asm_rm(b, 0x63 | ASM_W, dst, rm);
    } else if (from == 2) {
        asm_rm(b, extend_width(ASM_0F | 0xbf, w), dst, rm);
    } else {
        asm_rm(b, extend_width(ASM_0F | 0xbe, w) | ASM_BYTE_RM, dst, rm);
    }
}

void asm_lea(JitBuf *b, unsigned w, unsigned dst, AsmRm rm)
{
    asm_rm(b, asm_width(0x8d, w), dst, rm);
}

void asm_rorx(JitBuf *b, unsigned w, unsigned dst, unsigned src, unsigned count)
{
    uint8_t *p = b->p;

    if (!has_room(b)) {
        return;
    }
    /* VEX.LZ.F2.0F3A.W F0 /r ib */
    *p++ = 0xc4;
    *p++ = (dst & 8 ? 0 : 0x80) | 0x40 | (src & 8 ? 0 : 0x20) | 3;
    *p++ = (w == 8 ? 0x80 : 0) | 0x78 | 3;
    *p++ = 0xf0;
    *p++ = 0xc0 | (dst & 7) << 3 | (src & 7);
    *p++ = count;
    b->p = p;
}

void asm_setcc(JitBuf *b, unsigned cc, AsmRm rm)
{
    asm_rm(b, ASM_0F | ASM_BYTE_RM | 0x90 | cc, 0, rm);
}

/* --- arithmetic ----------------------------------------------------------------------
 */

void asm_alu(JitBuf *b, unsigned op, unsigned w, unsigned reg, AsmRm rm)
{
    asm_rm(b, asm_width(op << 3 | 2, w), reg, rm);
}

void asm_alu_store(JitBuf *b, unsigned op, unsigned w, AsmRm rm, unsigned reg,
                   AsmOp attr)
{
    asm_rm(b, asm_width(op << 3, w) | attr, reg, rm);
}

void asm_alu_imm(JitBuf *b, unsigned op, unsigned w, AsmRm rm, int32_t imm, AsmOp attr)
{
    if (w == 1) {
        put_rm_imm(b, 0x80 | ASM_BYTE_RM | attr, op, rm, 1, imm);
    } else if (imm == (int8_t)imm) {
        put_rm_imm(b, asm_width(0x83, w) | attr, op, rm, 1, imm);
    } else {
        put_rm_imm(b, asm_width(0x81, w) | attr, op, rm, w == 2 ? 2 : 4, imm);
    }
}

void asm_test(JitBuf *b, unsigned w, AsmRm rm, unsigned reg)
{
    asm_rm(b, asm_width(0x84, w), reg, rm);
}

void asm_test_imm(JitBuf *b, unsigned w, AsmRm rm, int32_t imm)
{
    put_rm_imm(b, asm_width(0xf6, w) & ~(AsmOp)ASM_BYTE_REG, 0, rm, w > 4 ? 4 : w, imm);
}

/* --- control -------------------------------------------------------------------------
 */

static int32_t distance(const uint8_t *from_next, const void *to)
{
    ptrdiff_t d = (const uint8_t *)to - from_next;

    g_assert(d == (int32_t)d);
    return d;
}

/* @escape: 0x0f or 0 */
static inline uint8_t *jump32(JitBuf *b, unsigned escape, unsigned opcode,
                              const void *to)
{
    uint8_t *p = b->p;

    if (!has_room(b)) {
        return p;
    }
    *p = escape;
    p += escape != 0;
    *p++ = opcode;
    b->p = p + 4;
    put32(p, to ? distance(asm_here(b), to) : 0);
    return p;
}

void asm_jmp(JitBuf *b, const void *to)
{
    jump32(b, 0, 0xe9, to);
}

void asm_mov_jmp(JitBuf *b, unsigned dst, uint64_t imm, const void *to)
{
    uint8_t *p = b->p;

    if (!(dst & 8) || imm != (uint32_t)imm || !has_room(b)) {
        asm_mov_imm(b, dst, imm);
        asm_jmp(b, to);
        return;
    }
    b->p = p + 11;
    p[0] = 0x41;
    p[1] = 0xb8 | (dst & 7);
    put32(p + 2, imm);
    p[6] = 0xe9;
    put32(p + 7, distance(asm_here(b), to));
}

void asm_push_imm(JitBuf *b, int32_t imm)
{
    if (has_room(b)) {
        *b->p = 0x68;
        b->p = put32(b->p + 1, imm);
    }
}

void asm_jcc(JitBuf *b, unsigned cc, const void *to)
{
    jump32(b, 0x0f, 0x80 | cc, to);
}

void asm_call(JitBuf *b, const void *to)
{
    jump32(b, 0, 0xe8, to);
}

uint8_t *asm_jmp_fwd(JitBuf *b)
{
    return jump32(b, 0, 0xe9, NULL);
}

uint8_t *asm_jcc_fwd(JitBuf *b, unsigned cc)
{
    return jump32(b, 0x0f, 0x80 | cc, NULL);
}

static uint8_t *jump8(JitBuf *b, unsigned opcode)
{
    uint8_t code[2] = { opcode, 0 };

    asm_bytes(b, code, 2);
    return b->p - 1;
}

uint8_t *asm_jmp_short(JitBuf *b)
{
    return jump8(b, 0xeb);
}

uint8_t *asm_jcc_short(JitBuf *b, unsigned cc)
{
    return jump8(b, 0x70 | cc);
}

void asm_patch(JitBuf *b, uint8_t *site, const void *to)
{
    int32_t rel;

    if (b->overflow) {
        return;
    }
    rel = distance(site + 4 + b->to_exec, to);
    memcpy(site, &rel, 4);
}

void asm_patch_short(JitBuf *b, uint8_t *site)
{
    ptrdiff_t d = b->p - (site + 1);

    if (b->overflow) {
        return;
    }
    g_assert(d == (int8_t)d);
    *site = d;
}

void asm_nop(JitBuf *b, unsigned bytes)
{
    /* The recommended forms, SDM volume 2B, NOP. */
    /* clang-format off */
    static const uint8_t nop[9][9] = {
        { 0x90 },
        { 0x66, 0x90 },
        { 0x0f, 0x1f, 0x00 },
        { 0x0f, 0x1f, 0x40, 0x00 },
        { 0x0f, 0x1f, 0x44, 0x00, 0x00 },
        { 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
        { 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
        { 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
        { 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
    };
    /* clang-format on */

    while (bytes && has_room(b)) {
        unsigned n = MIN(bytes, G_N_ELEMENTS(nop));

        memcpy(b->p, nop[n - 1], sizeof(nop[0]));
        b->p += n;
        bytes -= n;
    }
}

void asm_align(JitBuf *b, unsigned align, unsigned ahead)
{
    asm_nop(b, -((uintptr_t)asm_here(b) + ahead) & (align - 1));
}
