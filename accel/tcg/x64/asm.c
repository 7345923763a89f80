/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoder: Intel SDM volume 2A, chapter 2.
 *
 * Each instruction is put together in a small array and copied whole, so that a full
 * buffer never holds half an instruction.
 */
#include "accel/tcg/x64/asm.h"

#include <glib.h>

#include <string.h>

enum { INSN_MAX = 16 };

typedef struct Bytes {
    uint8_t v[INSN_MAX];
    unsigned n;
} Bytes;

static void put(Bytes *o, uint8_t v)
{
    o->v[o->n++] = v;
}

static void put32(Bytes *o, uint32_t v)
{
    memcpy(o->v + o->n, &v, 4);
    o->n += 4;
}

static void flush(JitBuf *b, const Bytes *o)
{
    asm_bytes(b, o->v, o->n);
}

void asm_bytes(JitBuf *b, const void *bytes, unsigned n)
{
    if (b->overflow || (size_t)(b->end - b->p) < n) {
        b->overflow = true;
        return;
    }
    memcpy(b->p, bytes, n);
    b->p += n;
}

void asm_imm(JitBuf *b, unsigned bytes, int64_t imm)
{
    asm_bytes(b, &imm, bytes);
}

/* --- ModRM and prefixes ------------------------------------------------------------
 */

/* The three bits that go into ModRM, SIB or the opcode. */
static unsigned low3(unsigned r)
{
    return asm_is_high(r) ? 4 + (r - A_AH) : r & 7;
}

static bool high4(unsigned r)
{
    return r < A_AH && r & 8;
}

static bool needs_rex_as_byte(unsigned r)
{
    return r >= A_RSP && r <= A_RDI;
}

static bool is_mem(const AsmRm *rm)
{
    return rm->reg == A_NONE;
}

/* REX for the operands, 0: none wanted. */
static unsigned rex_of(AsmOp op, unsigned reg, const AsmRm *rm)
{
    unsigned rex = op & ASM_W ? 0x48 : 0;

    if (high4(reg)) {
        rex |= 0x44;
    }
    if (is_mem(rm)) {
        if (rm->index != A_NONE && high4(rm->index)) {
            rex |= 0x42;
        }
        if (rm->base != A_NONE && high4(rm->base)) {
            rex |= 0x41;
        }
    } else if (high4(rm->reg)) {
        rex |= 0x41;
    }
    if ((op & ASM_BYTE_REG && needs_rex_as_byte(reg)) ||
        (op & ASM_BYTE_RM && !is_mem(rm) && needs_rex_as_byte(rm->reg))) {
        rex |= 0x40;
    }
    return rex;
}

bool asm_can_encode(AsmOp op, unsigned reg, AsmRm rm)
{
    bool high = (op & ASM_BYTE_REG && asm_is_high(reg)) ||
                (op & ASM_BYTE_RM && !is_mem(&rm) && asm_is_high(rm.reg));

    return !high || !rex_of(op, reg, &rm);
}

static void put_mem(Bytes *o, unsigned reg, const AsmRm *rm)
{
    unsigned r = low3(reg) << 3, mod;

    if (rm->base == A_NONE) {
        /* No base: SIB with base 101 and mod 0; without an index too, since the short
         * form would be relative to RIP. */
        unsigned index = rm->index == A_NONE ? 4 : low3(rm->index);

        put(o, r | 4);
        put(o, rm->scale << 6 | index << 3 | 5);
        put32(o, rm->disp);
        return;
    }
    if (rm->disp == 0 && low3(rm->base) != 5) {
        mod = 0;
    } else if (rm->disp == (int8_t)rm->disp) {
        mod = 1;
    } else {
        mod = 2;
    }
    if (rm->index == A_NONE && low3(rm->base) != 4) {
        put(o, mod << 6 | r | low3(rm->base));
    } else {
        unsigned index = rm->index == A_NONE ? 4 : low3(rm->index);

        g_assert(rm->index != A_RSP);
        put(o, mod << 6 | r | 4);
        put(o, rm->scale << 6 | index << 3 | low3(rm->base));
    }
    if (mod == 1) {
        put(o, rm->disp);
    } else if (mod == 2) {
        put32(o, rm->disp);
    }
}

static void put_modrm(Bytes *o, unsigned reg, const AsmRm *rm)
{
    if (is_mem(rm)) {
        put_mem(o, reg, rm);
    } else {
        put(o, 0xc0 | low3(reg) << 3 | low3(rm->reg));
    }
}

static void put_prefixes(Bytes *o, AsmOp op, const AsmRm *rm)
{
    if (op & ASM_LOCK) {
        put(o, 0xf0);
    }
    if (is_mem(rm) && rm->gs) {
        put(o, 0x65);
    }
    if (op & ASM_66) {
        put(o, 0x66);
    }
    if (op & ASM_F3) {
        put(o, 0xf3);
    }
    if (op & ASM_F2) {
        put(o, 0xf2);
    }
}

void asm_rm(JitBuf *b, AsmOp op, unsigned reg, AsmRm rm)
{
    static const uint8_t escape[4] = { 0, 0, 0x38, 0x3a };
    Bytes o = { .n = 0 };
    unsigned rex = rex_of(op, reg, &rm), map = (op & ASM_MAP) >> 8;

    g_assert(asm_can_encode(op, reg, rm));
    put_prefixes(&o, op, &rm);
    if (rex) {
        put(&o, rex);
    }
    if (map) {
        put(&o, 0x0f);
    }
    if (map > 1) {
        put(&o, escape[map]);
    }
    put(&o, op);
    put_modrm(&o, reg, &rm);
    flush(b, &o);
}

void asm_vex(JitBuf *b, AsmOp op, unsigned reg, unsigned vvvv, AsmRm rm)
{
    Bytes o = { .n = 0 };
    unsigned rex = rex_of(op & ~(AsmOp)(ASM_BYTE_REG | ASM_BYTE_RM), reg, &rm);
    unsigned pp = op & ASM_66 ? 1 : op & ASM_F3 ? 2 : op & ASM_F2 ? 3 : 0;
    unsigned tail = (~vvvv & 15) << 3 | (op & ASM_L ? 4 : 0) | pp;

    if (is_mem(&rm) && rm.gs) {
        put(&o, 0x65);
    }
    if ((op & ASM_MAP) == ASM_0F && !(rex & 0x0b)) {
        put(&o, 0xc5);
        put(&o, (rex & 4 ? 0 : 0x80) | tail);
    } else {
        put(&o, 0xc4);
        put(&o, ((~rex & 7) << 5) | (op & ASM_MAP) >> 8);
        put(&o, (op & ASM_W ? 0x80 : 0) | tail);
    }
    put(&o, op);
    put_modrm(&o, reg, &rm);
    flush(b, &o);
}

AsmOp asm_width(AsmOp op, unsigned w)
{
    switch (w) {
    case 1:
        return op | ASM_BYTE_REG | ASM_BYTE_RM;
    case 2:
        return (op | 1) | ASM_66;
    case 4:
        return op | 1;
    default:
        return (op | 1) | ASM_W;
    }
}

/* --- moves ---------------------------------------------------------------------------
 */

void asm_mov(JitBuf *b, unsigned w, unsigned dst, unsigned src)
{
    AsmOp op = asm_width(0x8a, w);

    asm_rm(b, op, dst, asm_reg(src));
}

/* An opcode with a register in its low bits. */
static void put_plus_reg(Bytes *o, unsigned opcode, unsigned reg, bool w)
{
    unsigned rex = (w ? 0x48 : 0) | (high4(reg) ? 0x41 : 0);

    if (rex) {
        put(o, rex);
    }
    put(o, opcode | low3(reg));
}

void asm_mov_imm(JitBuf *b, unsigned dst, uint64_t imm)
{
    Bytes o = { .n = 0 };

    if (imm == (uint32_t)imm) {
        put_plus_reg(&o, 0xb8, dst, false);
        put32(&o, imm);
        flush(b, &o);
    } else if ((int64_t)imm == (int32_t)imm) {
        asm_store_imm(b, 8, asm_reg(dst), imm);
    } else {
        put_plus_reg(&o, 0xb8, dst, true);
        put32(&o, imm);
        put32(&o, imm >> 32);
        flush(b, &o);
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
    asm_rm(b, asm_width(0xc6, w) & ~(AsmOp)ASM_BYTE_REG, 0, rm);
    asm_imm(b, w > 4 ? 4 : w, imm);
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
    asm_vex(b, ASM_0F3A | ASM_F2 | 0xf0 | (w == 8 ? ASM_W : 0), dst, 0, asm_reg(src));
    asm_imm(b, 1, count);
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
    AsmOp byte_rm = w == 1 ? ASM_BYTE_RM : 0;

    if (w == 1) {
        asm_rm(b, 0x80 | byte_rm | attr, op, rm);
        asm_imm(b, 1, imm);
    } else if (imm == (int8_t)imm) {
        asm_rm(b, asm_width(0x83, w) | attr, op, rm);
        asm_imm(b, 1, imm);
    } else {
        asm_rm(b, asm_width(0x81, w) | attr, op, rm);
        asm_imm(b, w == 2 ? 2 : 4, imm);
    }
}

void asm_test(JitBuf *b, unsigned w, AsmRm rm, unsigned reg)
{
    asm_rm(b, asm_width(0x84, w), reg, rm);
}

void asm_test_imm(JitBuf *b, unsigned w, AsmRm rm, int32_t imm)
{
    asm_rm(b, asm_width(0xf6, w) & ~(AsmOp)ASM_BYTE_REG, 0, rm);
    asm_imm(b, w > 4 ? 4 : w, imm);
}

/* --- control -------------------------------------------------------------------------
 */

static int32_t distance(const uint8_t *from_next, const void *to)
{
    ptrdiff_t d = (const uint8_t *)to - from_next;

    g_assert(d == (int32_t)d);
    return d;
}

static uint8_t *jump32(JitBuf *b, unsigned escape, unsigned opcode, const void *to)
{
    Bytes o = { .n = 0 };

    if (escape) {
        put(&o, escape);
    }
    put(&o, opcode);
    put32(&o, to ? distance(asm_here(b) + o.n + 4, to) : 0);
    flush(b, &o);
    return b->p - 4;
}

void asm_jmp(JitBuf *b, const void *to)
{
    jump32(b, 0, 0xe9, to);
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

    while (bytes) {
        unsigned n = bytes > 9 ? 9 : bytes;

        asm_bytes(b, nop[n - 1], n);
        bytes -= n;
    }
}

void asm_align(JitBuf *b, unsigned align, unsigned ahead)
{
    asm_nop(b, -((uintptr_t)asm_here(b) + ahead) & (align - 1));
}
