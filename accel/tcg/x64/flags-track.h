/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the guest's arithmetic flags are while a block is lowered.
 *
 * H is the host's EFLAGS, M the word in JitEnv.flags. A recipe says how to get the
 * flags once more from operands that are still there. The rules:
 *
 *  F1 Whenever a flag is wanted by somebody later, at least one of H, M and the recipe
 *     is valid.
 *  F2 M is valid at the entry of a block and at its exits (but see IR_NO_FLAGS).
 *  F3 A recipe reads guest registers, fields of the state and the slot for saved
 *     operands only; whoever writes one of them calls flags_track_touch() before.
 *  F4 All flags that are wanted come from one place: partial writers get H valid first.
 *
 * The tracker decides; the caller emits what it asks for. Nothing here knows the
 * allocator: registers to play with are arguments.
 */
#ifndef ACCEL_TCG_X64_FLAGS_TRACK_H
#define ACCEL_TCG_X64_FLAGS_TRACK_H

#include "accel/tcg/x64/asm.h"

typedef enum FlagsRecipeKind {
    FLAGS_NONE,
    FLAGS_CMP,    /* cmp a, b */
    FLAGS_TEST,   /* test a, b */
    FLAGS_ZERO,   /* those of a difference of 0 */
    FLAGS_ADD,    /* a is the sum; b still there: subtract and add on a copy */
    FLAGS_SUB,    /* a is the difference */
    FLAGS_NEG,    /* a is the result */
    FLAGS_INC,    /* a is the result; CF is nobody's */
    FLAGS_DEC,    /* a is the result; CF is nobody's */
    FLAGS_REPEAT, /* opcode .op on a copy of a, /digit .reg or register b */
    FLAGS_UNARY,  /* .op scratch, a: IMUL with immediate, POPCNT and the like */
} FlagsRecipeKind;

typedef struct FlagsRecipe {
    uint8_t kind, w;
    uint8_t imm_bytes; /* not 0: b is .imm; with REPEAT and UNARY: follows the opcode */
    bool by_digit;     /* REPEAT: the operand is the destination, .digit its opcode */
    uint8_t digit;
    AsmOp op;
    AsmRm a, b;
    int32_t imm;
    uint32_t regs; /* guest registers that it reads */
} FlagsRecipe;

typedef struct FlagsTrack {
    bool h, m;
    FlagsRecipe recipe;
} FlagsTrack;

static inline FlagsTrack flags_track_entry(void)
{
    return (FlagsTrack){ .m = true };
}

/* What the caller has to emit. */
typedef enum FlagsAction {
    FLAGS_OK,       /* nothing */
    FLAGS_SAVE,     /* H to M */
    FLAGS_REDO,     /* the recipe into H */
    FLAGS_LOAD,     /* M to H */
    FLAGS_REDO_SAVE /* the recipe into H, then H to M */
} FlagsAction;

/* H is about to be destroyed; @wanted: flags that somebody reads or must be able to see
 * afterwards. @soon: M will have to be valid for these flags, so why not now. */
FlagsAction flags_track_clobber(FlagsTrack *t, uint32_t wanted, bool soon);
/* Somebody reads H. */
FlagsAction flags_track_need_h(FlagsTrack *t);
/* M has to be valid. */
FlagsAction flags_track_need_m(FlagsTrack *t);
/* Guest registers of @regs are about to be written. The recipe is gone afterwards: who
 * has to emit it has a copy from before. */
FlagsAction flags_track_touch(FlagsTrack *t, uint32_t regs, uint32_t wanted);
/* A node has written flags: all that are wanted (@recipe how to get them again), or
 * some (NULL). */
void flags_track_written(FlagsTrack *t, const FlagsRecipe *recipe);
/* What a cold stub has to do so that M is valid; the state of @t on the hot path. */
FlagsAction flags_track_cold(const FlagsTrack *t);

/* --- code; @scratch may be destroyed, nothing else but what is said -------------- */

/* H to M, keeps H. @m: where M is, from RSP. */
void flags_emit_save(JitBuf *b, int32_t m, unsigned scratch);
void flags_emit_load(JitBuf *b, int32_t m, unsigned scratch);
bool flags_recipe_needs_scratch(const FlagsRecipe *r);
void flags_emit_recipe(JitBuf *b, const FlagsRecipe *r, unsigned scratch);
/* A test of M: jumps with condition *@cc of the host if @cc of the guest holds. False:
 * needs more than one bit test; nothing is emitted. */
bool flags_emit_test_m(JitBuf *b, int32_t m, unsigned cc, unsigned *host_cc);

#endif
