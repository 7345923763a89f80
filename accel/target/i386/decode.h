/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder: from bytes to X86Insn, driven by the rows of the opcode maps.
 */
#ifndef ACCEL_TARGET_I386_DECODE_H
#define ACCEL_TARGET_I386_DECODE_H

#include "accel/target/i386/insn.h"

enum { X86_INSN_MAX = 15 };

typedef enum X86DecodeStatus {
    X86_DECODE_OK,   /* also for undefined opcodes: their ref raises #UD */
    X86_DECODE_MORE, /* the instruction does not end within the bytes given */
    X86_DECODE_LONG, /* more than 15 bytes: #GP(0) */
} X86DecodeStatus;

/*
 * Decodes the instruction at @bytes for the features of @cpu and the given mode word.
 * @rip is the address of the first byte; @avail may be more than an instruction needs.
 * On X86_DECODE_MORE and _LONG, @out is undefined.
 */
X86DecodeStatus x86_decode(const X86State *cpu, uint32_t mode, uint64_t rip,
                           const uint8_t *bytes, unsigned avail, X86Insn *out);

/* Prepares the tables: once per process, before the first x86_decode(). Any thread. */
void x86_decode_setup(void);

/* Reads the text of an encoding; false if it is malformed.  For tests. */
typedef struct X86Pattern {
    const X86Row *row;
    bool vex;
    uint8_t map; /* 0: one-byte, 1: 0F, 2: 0F38, 3: 0F3A */
    uint8_t opcode;
    bool plus_r;
    uint8_t prefix; /* X86_PP_* */
    uint8_t l;      /* 0: any, 1: 128, 2: 256 */
    uint8_t w;      /* 0: any, 1: W0, 2: W1 */
    bool has_modrm;
    int8_t digit; /* ModRM.reg, or -1 */
    int8_t rm;    /* ModRM.rm with mod 3, or -1 */
    /* What the decoder must do for the row, found once: decode.c */
    uint8_t plan, imm;
} X86Pattern;

enum { X86_PP_ANY, X86_PP_NP, X86_PP_66, X86_PP_F3, X86_PP_F2 };

bool x86_pattern_parse(const X86Row *row, X86Pattern *out);

/* All patterns, sorted by (vex, map, opcode); order of rows is kept within an opcode.
 */
const X86Pattern *x86_patterns(unsigned *count);

#endif
