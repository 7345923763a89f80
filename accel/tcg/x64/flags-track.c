/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accel/tcg/x64/flags-track.h"

#include <glib.h>

/* --- decisions ----------------------------------------------------------------------
 */

FlagsAction flags_track_clobber(FlagsTrack *t, uint32_t wanted, bool soon)
{
    bool h = t->h;

    t->h = false;
    if (!h || t->m || !wanted || (t->recipe.kind != FLAGS_NONE && !soon)) {
        return FLAGS_OK;
    }
    t->m = true;
    return FLAGS_SAVE;
}

FlagsAction flags_track_need_h(FlagsTrack *t)
{
    if (t->h) {
        return FLAGS_OK;
    }
    t->h = true;
    if (t->recipe.kind != FLAGS_NONE) {
        return FLAGS_REDO;
    }
    g_assert(t->m);
    return FLAGS_LOAD;
}

FlagsAction flags_track_need_m(FlagsTrack *t)
{
    bool h = t->h;

    if (t->m) {
        return FLAGS_OK;
    }
    g_assert(h || t->recipe.kind != FLAGS_NONE);
    t->m = t->h = true;
    return h ? FLAGS_SAVE : FLAGS_REDO_SAVE;
}

FlagsAction flags_track_touch(FlagsTrack *t, uint32_t regs, uint32_t wanted)
{
    bool only = !t->h && !t->m;

    if (t->recipe.kind == FLAGS_NONE || !(t->recipe.regs & regs)) {
        return FLAGS_OK;
    }
    t->recipe.kind = FLAGS_NONE;
    if (only && wanted) {
        t->h = true;
        return FLAGS_REDO;
    }
    return FLAGS_OK;
}

void flags_track_written(FlagsTrack *t, const FlagsRecipe *recipe)
{
    t->h = true;
    t->m = false;
    if (recipe) {
        t->recipe = *recipe;
    } else {
        t->recipe.kind = FLAGS_NONE;
    }
}

FlagsAction flags_track_cold(const FlagsTrack *t)
{
    return t->m                           ? FLAGS_OK
           : t->recipe.kind != FLAGS_NONE ? FLAGS_REDO_SAVE
                                          : FLAGS_SAVE;
}

/* --- code ---------------------------------------------------------------------------
 */

static const uint8_t lahf = 0x9f, sahf = 0x9e;

void flags_emit_save(JitBuf *b, int32_t m, unsigned scratch)
{
    asm_mov(b, 8, scratch, A_RAX);
    asm_bytes(b, &lahf, 1);
    asm_setcc(b, IR_O, asm_reg(A_RAX));
    asm_store(b, 2, asm_mem(A_RSP, m), A_RAX);
    asm_mov(b, 8, A_RAX, scratch);
}

void flags_emit_load(JitBuf *b, int32_t m, unsigned scratch)
{
    asm_mov(b, 8, scratch, A_RAX);
    asm_movzx(b, 4, 2, A_RAX, asm_mem(A_RSP, m));
    /* 1 + 0x7f overflows, 0 + 0x7f does not. */
    asm_alu_imm(b, ASM_ADD, 1, asm_reg(A_RAX), 0x7f, 0);
    asm_bytes(b, &sahf, 1);
    asm_mov(b, 8, A_RAX, scratch);
}

static bool in_register(AsmRm rm)
{
    return rm.reg != A_NONE;
}

bool flags_recipe_needs_scratch(const FlagsRecipe *r)
{
    switch (r->kind) {
    case FLAGS_CMP:
    case FLAGS_TEST:
        return !r->imm_bytes && !in_register(r->a) && !in_register(r->b);
    case FLAGS_NONE:
    case FLAGS_ZERO:
        return false;
    default:
        return true;
    }
}

/* A copy of @a's low bytes; what is above is anything. */
static unsigned copy(JitBuf *b, const FlagsRecipe *r, unsigned scratch)
{
    if (in_register(r->a)) {
        asm_mov(b, r->w == 8 ? 8 : 4, scratch, r->a.reg);
    } else {
        asm_load(b, r->w < 4 ? 4 : r->w, scratch, r->a);
    }
    return scratch;
}

static void alu(JitBuf *b, const FlagsRecipe *r, unsigned op, unsigned scratch)
{
    if (r->imm_bytes) {
        asm_alu_imm(b, op, r->w, asm_reg(scratch), r->imm, 0);
    } else {
        asm_alu(b, op, r->w, scratch, r->b);
    }
}

static void unary(JitBuf *b, const FlagsRecipe *r, AsmOp op, unsigned digit,
                  unsigned scratch)
{
    asm_rm(b, asm_width(op, r->w) & ~(AsmOp)ASM_BYTE_REG, digit, asm_reg(scratch));
}

static void compare(JitBuf *b, const FlagsRecipe *r, unsigned scratch)
{
    bool test = r->kind == FLAGS_TEST;

    if (r->imm_bytes) {
        if (test) {
            asm_test_imm(b, r->w, r->a, r->imm);
        } else {
            asm_alu_imm(b, ASM_CMP, r->w, r->a, r->imm, 0);
        }
    } else if (test) {
        if (in_register(r->b)) {
            asm_test(b, r->w, r->a, r->b.reg);
        } else {
            asm_test(b, r->w, r->b, in_register(r->a) ? r->a.reg : copy(b, r, scratch));
        }
    } else if (in_register(r->b)) {
        asm_alu_store(b, ASM_CMP, r->w, r->a, r->b.reg, 0);
    } else {
        asm_alu(b, ASM_CMP, r->w, in_register(r->a) ? r->a.reg : copy(b, r, scratch),
                r->b);
    }
}

void flags_emit_recipe(JitBuf *b, const FlagsRecipe *r, unsigned scratch)
{
    switch (r->kind) {
    case FLAGS_CMP:
    case FLAGS_TEST:
        compare(b, r, scratch);
        break;
    case FLAGS_ZERO:
        asm_alu(b, ASM_CMP, 4, A_RAX, asm_reg(A_RAX));
        break;
    case FLAGS_ADD:
        copy(b, r, scratch);
        alu(b, r, ASM_SUB, scratch);
        alu(b, r, ASM_ADD, scratch);
        break;
    case FLAGS_SUB:
        copy(b, r, scratch);
        alu(b, r, ASM_ADD, scratch);
        alu(b, r, ASM_CMP, scratch);
        break;
    case FLAGS_NEG:
        copy(b, r, scratch);
        unary(b, r, 0xf6, 3, scratch);
        unary(b, r, 0xf6, 3, scratch);
        break;
    case FLAGS_INC:
        copy(b, r, scratch);
        unary(b, r, 0xfe, 1, scratch);
        unary(b, r, 0xfe, 0, scratch);
        break;
    case FLAGS_DEC:
        copy(b, r, scratch);
        unary(b, r, 0xfe, 0, scratch);
        unary(b, r, 0xfe, 1, scratch);
        break;
    case FLAGS_REPEAT:
        copy(b, r, scratch);
        if (r->by_digit) {
            asm_rm(b, r->op, r->digit, asm_reg(scratch));
        } else {
            asm_rm(b, r->op, scratch, r->b);
        }
        asm_imm(b, r->imm_bytes, r->imm);
        break;
    case FLAGS_UNARY:
        asm_rm(b, r->op, scratch, r->a);
        asm_imm(b, r->imm_bytes, r->imm);
        break;
    default:
        g_assert_not_reached();
    }
}

bool flags_emit_test_m(JitBuf *b, int32_t m, unsigned cc, unsigned *host_cc)
{
    /* Bits of the byte at m + 1 (m for OF) by cc >> 1; 0: two flags are compared. */
    static const uint8_t bits[8] = {
        1, IR_CF, IR_ZF, IR_CF | IR_ZF, IR_SF, IR_PF, 0, 0
    };
    unsigned mask = bits[cc >> 1];

    if (!mask) {
        return false;
    }
    asm_test_imm(b, 1, asm_mem(A_RSP, cc >> 1 ? m + 1 : m), mask);
    *host_cc = cc & 1 ? IR_E : IR_NE;
    return true;
}
