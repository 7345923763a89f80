/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four routines, made once: load XMM, load YMM, load x87, store what is live.
 *
 * Measured (Zen 4): 16 stores and 16 loads of XMM 6 ns; FXSAVE 23 ns and FXRSTOR 55 ns
 * against 37 and 102 for XSAVE and XRSTOR of the x87 part alone.  So x87 goes by FXSAVE
 * and FXRSTOR, which move XMM and MXCSR along: hence V2.
 *
 * LDMXCSR in a loop takes 1 ns, STMXCSR and a load of the result 6 ns; when C code
 * needs no other control bits than those of the guest, it gets no LDMXCSR.
 */
#include "accel/tcg/x64/vec-state.h"
#include "accel/tcg/x64/asm.h"

#include <stddef.h>

enum {
    FX_FOP = 6,
    FX_FIP = 8,
    FX_FDP = 16,
    FX_MXCSR = 24,
    FX_XMM = 160,
    MXCSR_FLAGS = 0x3f,
    MXCSR_MASKS = 0x1f80,
    MXCSR_CONTROL = 0xffc0,
    JZ = 4, /* conditions */
    JNZ = 5,
};

/* Executable addresses. */
static struct {
    const uint8_t *load_sse, *load_avx, *load_x87, *save;
} routine;

/* --- pieces --------------------------------------------------------------------- */

static AsmRm live(const JitTarget *t)
{
    return asm_state(t->env_off + (int32_t)offsetof(JitEnv, vec_live));
}

static AsmRm fx_field(const JitTarget *t, int32_t offset)
{
    return asm_state(t->fxsave_off + offset);
}

/* Below the stack; a signal's frame leaves 128 bytes there alone. */
static AsmRm scratch(void)
{
    return asm_mem(A_RSP, -8);
}

static void test_live(const JitTarget *t, JitBuf *b, unsigned mask)
{
    asm_test_imm(b, 1, live(t), (int8_t)mask);
}

static void set_live(const JitTarget *t, JitBuf *b, unsigned mask)
{
    asm_alu_imm(b, ASM_OR, 1, live(t), mask, 0);
}

/* MOVAPS: load (28), store (29) */
static void xmm_all(const JitTarget *t, JitBuf *b, unsigned opcode)
{
    for (unsigned k = 0; k < 16; k++) {
        asm_rm(b, ASM_0F | opcode, k, fx_field(t, FX_XMM + 16 * (int32_t)k));
    }
}

/* VINSERTF128 ymm, ymm, mem, 1 (18); VEXTRACTF128 mem, ymm, 1 (19) */
static void ymmh_all(const JitTarget *t, JitBuf *b, unsigned opcode)
{
    for (unsigned k = 0; k < 16; k++) {
        asm_vex(b, ASM_0F3A | ASM_66 | ASM_L | opcode, k, opcode == 0x18 ? k : 0,
                asm_state(t->ymmh_off + 16 * (int32_t)k));
        asm_imm(b, 1, 1);
    }
}

/* /2: LDMXCSR, /3: STMXCSR; /0, /1 with W: FXSAVE64, FXRSTOR64 */
static void group15(JitBuf *b, AsmOp w, unsigned digit, AsmRm rm)
{
    asm_rm(b, ASM_0F | 0xae | w, digit, rm);
}

/* The guest's MXCSR with all exceptions masked. */
static void load_mxcsr(const JitTarget *t, JitBuf *b)
{
    asm_load(b, 4, A_R15, fx_field(t, FX_MXCSR));
    asm_alu_imm(b, ASM_OR, 4, asm_reg(A_R15), MXCSR_MASKS, 0);
    asm_store(b, 4, scratch(), A_R15);
    group15(b, 0, 2, scratch());
}

/* r15d = the host's MXCSR & mask */
static void get_mxcsr(JitBuf *b, int32_t mask)
{
    group15(b, 0, 3, scratch());
    asm_load(b, 4, A_R15, scratch());
    asm_alu_imm(b, ASM_AND, 4, asm_reg(A_R15), mask, 0);
}

/* The sticky flags into the guest's. */
static void merge_mxcsr(const JitTarget *t, JitBuf *b)
{
    get_mxcsr(b, MXCSR_FLAGS);
    asm_alu_store(b, ASM_OR, 4, fx_field(t, FX_MXCSR), A_R15, 0);
}

static void push(JitBuf *b, AsmRm rm)
{
    asm_rm(b, 0xff, 6, rm);
}

static void pop(JitBuf *b, AsmRm rm)
{
    asm_rm(b, 0x8f, 0, rm);
}

static void ret(JitBuf *b)
{
    asm_bytes(b, "\xc3", 1);
}

/* Returns if one of @mask is live. */
static void ret_if_live(const JitTarget *t, JitBuf *b, unsigned mask)
{
    uint8_t *go;

    test_live(t, b, mask);
    go = asm_jcc_short(b, JZ);
    ret(b);
    asm_patch_short(b, go);
}

/* --- the routines --------------------------------------------------------------- */

static void make_load_sse(const JitTarget *t, JitBuf *b)
{
    xmm_all(t, b, 0x28);
    load_mxcsr(t, b);
    set_live(t, b, IR_VEC_SSE);
    ret(b);
}

/* XMM and the sticky flags into the state. */
static void make_store_sse(const JitTarget *t, JitBuf *b)
{
    xmm_all(t, b, 0x29);
    merge_mxcsr(t, b);
    ret(b);
}

static void make_load_avx(const JitTarget *t, JitBuf *b)
{
    uint8_t *have_sse;

    ret_if_live(t, b, IR_VEC_AVX);
    test_live(t, b, IR_VEC_SSE);
    have_sse = asm_jcc_short(b, JNZ);
    asm_call(b, routine.load_sse);
    asm_patch_short(b, have_sse);
    ymmh_all(t, b, 0x18);
    set_live(t, b, IR_VEC_AVX);
    ret(b);
}

/* FXRSTOR loads XMM too, and leaves the upper halves alone. */
static void make_load_x87(const JitTarget *t, JitBuf *b, const uint8_t *store_sse)
{
    uint8_t *no_sse;

    ret_if_live(t, b, IR_VEC_X87);
    test_live(t, b, IR_VEC_SSE);
    no_sse = asm_jcc_short(b, JZ);
    asm_call(b, store_sse);
    asm_patch_short(b, no_sse);
    group15(b, ASM_W, 1, fx_field(t, 0));
    load_mxcsr(t, b);
    set_live(t, b, IR_VEC_SSE | IR_VEC_X87);
    ret(b);
}

/* FXSAVE, without what it says of the last instruction (V4) and of the masks (V3). */
static void save_x87(const JitTarget *t, JitBuf *b)
{
    merge_mxcsr(t, b);
    push(b, fx_field(t, FX_MXCSR));
    push(b, fx_field(t, FX_FDP));
    push(b, fx_field(t, FX_FIP));
    push(b, fx_field(t, 0));
    group15(b, ASM_W, 0, fx_field(t, 0));
    asm_movzx(b, 4, 2, A_R15, asm_mem(A_RSP, FX_FOP));
    asm_store(b, 2, fx_field(t, FX_FOP), A_R15);
    pop(b, asm_reg(A_R15));
    pop(b, fx_field(t, FX_FIP));
    pop(b, fx_field(t, FX_FDP));
    pop(b, fx_field(t, FX_MXCSR));
    asm_bytes(b, "\xdb\xe3", 2); /* fninit */
}

static void make_save(const JitTarget *t, JitBuf *b, const uint8_t *store_sse)
{
    uint8_t *has_x87, *rest, *no_avx, *same;

    test_live(t, b, IR_VEC_X87);
    has_x87 = asm_jcc_short(b, JNZ);
    asm_call(b, store_sse);
    rest = asm_jmp_fwd(b);
    asm_patch_short(b, has_x87);
    save_x87(t, b);
    asm_patch(b, rest, asm_here(b));
    test_live(t, b, IR_VEC_AVX);
    no_avx = asm_jcc_fwd(b, JZ);
    ymmh_all(t, b, 0x19);
    asm_bytes(b, "\xc5\xf8\x77", 3); /* vzeroupper */
    asm_patch(b, no_avx, asm_here(b));
    asm_store_imm(b, 1, live(t), 0);
    get_mxcsr(b, MXCSR_CONTROL);
    asm_alu_imm(b, ASM_CMP, 4, asm_reg(A_R15), X64_MXCSR_C, 0);
    same = asm_jcc_short(b, JZ);
    asm_store_imm(b, 4, scratch(), X64_MXCSR_C);
    group15(b, 0, 2, scratch());
    asm_patch_short(b, same);
    ret(b);
}

void x64_vec_setup(const JitTarget *target, JitBuf *buf)
{
    const uint8_t *store_sse;

    routine.load_sse = asm_here(buf);
    make_load_sse(target, buf);
    store_sse = asm_here(buf);
    make_store_sse(target, buf);
    routine.load_avx = asm_here(buf);
    make_load_avx(target, buf);
    routine.load_x87 = asm_here(buf);
    make_load_x87(target, buf, store_sse);
    routine.save = asm_here(buf);
    make_save(target, buf, store_sse);
}

/* --- uses ----------------------------------------------------------------------- */

void x64_vec_reload(JitBuf *buf, unsigned need)
{
    /* x87 first: it brings XMM along. */
    if (need & IR_VEC_X87) {
        asm_call(buf, routine.load_x87);
    }
    if (need & IR_VEC_AVX) {
        asm_call(buf, routine.load_avx);
    } else if (need == IR_VEC_SSE) {
        asm_call(buf, routine.load_sse);
    }
}

void x64_vec_head(const JitTarget *target, JitBuf *hot, JitBuf *cold, unsigned need)
{
    const uint8_t *stub = asm_here(cold);
    unsigned test = need == IR_VEC_SSE ? need : need & ~(unsigned)IR_VEC_SSE;

    if (test & (test - 1)) {
        asm_movzx(hot, 4, 1, A_R15, live(target));
        asm_alu_imm(hot, ASM_AND, 4, asm_reg(A_R15), (int32_t)test, 0);
        asm_alu_imm(hot, ASM_CMP, 4, asm_reg(A_R15), (int32_t)test, 0);
        asm_jcc(hot, JNZ, stub);
    } else {
        test_live(target, hot, test);
        asm_jcc(hot, JZ, stub);
    }
    x64_vec_reload(cold, need);
    asm_jmp(cold, asm_here(hot));
}

void x64_vec_leave(const JitTarget *target, JitBuf *buf)
{
    uint8_t *none;

    test_live(target, buf, 0xff);
    none = asm_jcc_short(buf, JZ);
    asm_call(buf, routine.save);
    asm_patch_short(buf, none);
}
