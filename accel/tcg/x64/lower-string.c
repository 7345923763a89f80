/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * REP MOVS and REP STOS on host addresses. The guest's rSI, rDI and rCX live in the
 * host's; the scratch registers, which hold the addresses, keep their final values
 * meanwhile. No instruction here touches flags but for the repeated one, which does
 * not either.
 */
#include "accel/tcg/x64/lower.h"

enum { SI = 6, DI = 7 };

/* The pointer register gets the host address, the scratch register what the pointer
 * will be afterwards. */
static void begin(Lower *l, unsigned pointer, unsigned scratch)
{
    static const uint8_t log2[9] = { [2] = 1, [4] = 2, [8] = 3 };
    unsigned w = l->n->size;

    asm_rm(l->hot, 0x87 | ASM_W, scratch, asm_reg(pointer)); /* XCHG */
    asm_lea(l->hot, w, scratch, asm_mem_index(scratch, A_RCX, log2[l->n->w], 0));
}

void x64_lower_string(Lower *l)
{
    const IrNode *n = l->n;
    bool movs = n->op == IR_REPMOVS;
    uint8_t opcode = (movs ? 0xa4 : 0xaa) | (n->w > 1);
    uint8_t bytes[4] = { 0xf3 };
    unsigned len = 1, to, from = 0;

    to = x64_in_reg(l, n->a);
    if (movs) {
        from = x64_in_reg(l, n->b);
        begin(l, SI, from);
    }
    begin(l, DI, to);
    if (n->w == 2) {
        bytes[len++] = 0x66;
    } else if (n->w == 8) {
        bytes[len++] = 0x48;
    }
    bytes[len++] = opcode;
    asm_bytes(l->hot, bytes, len);
    if (movs) {
        asm_mov(l->hot, 8, SI, from);
    }
    asm_mov(l->hot, 8, DI, to);
}
