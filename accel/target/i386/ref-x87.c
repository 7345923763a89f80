/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x87 arithmetic, loads, stores and compares (SDM volume 1, chapter 8; volume 2,
 * instructions starting with F).  Each has a general way through x87_host_run(); the
 * frequent ones a short way, see x87-host.h.  Control instructions are in
 * ref-fpstate.c.
 */
#include "accel/target/i386/ref-x87.h"
#include "accel/target/i386/flags.h"
#include "accel/target/i386/x87-host.h"

/* Every register of the host's FPU stack may be used between asm statements' ends. */
#define ST_CLOBBER "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)"

/* The 80 bits of a register as an operand of fldt and fstpt. */
typedef struct X87Mem80 {
    uint8_t b[10];
} X87Mem80;

static inline X87Mem80 *mem80(const X86St *st)
{
    return (X87Mem80 *)(uintptr_t)st;
}

/* --- general way ---------------------------------------------------------------- */

static X87Flags run_general(X86State *cpu, const X86Insn *i, void *mem)
{
    X87Image img;
    X87Flags fl;

    x87_image_from(&img, cpu);
    fl =
        x87_host_run(&img, i->opcode, i->flags & X86_I_MEM ? i->modrm & 0x3f : i->modrm,
                     mem, x86_get_arith(cpu));
    x87_image_to(&img, cpu);
    return fl;
}

void x86_ref_x87_reg(X86State *cpu, const X86Insn *i)
{
    x87_wait(cpu);
    run_general(cpu, i, NULL);
    x87_note(cpu, i);
}

/* FCOMI and its kin: ZF, PF, CF, also with an unmasked invalid operation. */
static void set_compare_flags(X86State *cpu, X87Flags fl)
{
    x86_set_arith(cpu, (fl.zf ? X86_FL_ZF : 0) | (fl.pf ? X86_FL_PF : 0) |
                           (fl.cf ? X86_FL_CF : 0));
}

static void comi_general(X86State *cpu, const X86Insn *i)
{
    X87Flags fl = run_general(cpu, i, NULL);

    set_compare_flags(cpu, fl);
    x87_note(cpu, i);
}

static void load_general(X86State *cpu, const X86Insn *i, void *mem, uint64_t ea)
{
    run_general(cpu, i, mem);
    x87_note_mem(cpu, i, ea);
}

/* Stores: the state changes after the store to memory went well. */
static void store_general(X86State *cpu, const X86Insn *i, unsigned len)
{
    uint64_t ea = x86_ea(cpu, i);
    uint8_t mem[16] = { 0 };
    X87Image img;

    x87_image_from(&img, cpu);
    x87_host_run(&img, i->opcode, i->modrm & 0x3f, mem, 0);
    /* All unmasked exceptions but precision suppress the store, but not its fault.  ES
     * was clear. */
    if (!(img.fsw & ~img.fcw & X87_FSW_EXC & ~X87_FSW_PE)) {
        x86_st_bytes(cpu, i->seg, ea, mem, len);
    } else {
        x86_probe(cpu, i->seg, ea, len, SOFT_TLB_WRITE);
    }
    x87_image_to(&img, cpu);
    x87_note_mem(cpu, i, ea);
}

void x86_ref_x87_ld16(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);
    uint16_t v;

    x87_wait(cpu);
    v = x86_ld16(cpu, i->seg, ea);
    load_general(cpu, i, &v, ea);
}

void x86_ref_x87_ld32(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);
    uint32_t v;

    x87_wait(cpu);
    v = x86_ld32(cpu, i->seg, ea);
    load_general(cpu, i, &v, ea);
}

void x86_ref_x87_ld64(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);
    uint64_t v;

    x87_wait(cpu);
    v = x86_ld64(cpu, i->seg, ea);
    load_general(cpu, i, &v, ea);
}

void x86_ref_x87_ld80(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);
    uint8_t v[16];

    x87_wait(cpu);
    x86_ld_bytes(cpu, i->seg, ea, v, 10);
    load_general(cpu, i, v, ea);
}

void x86_ref_x87_st16(X86State *cpu, const X86Insn *i)
{
    x87_wait(cpu);
    store_general(cpu, i, 2);
}

void x86_ref_x87_st32(X86State *cpu, const X86Insn *i)
{
    x87_wait(cpu);
    store_general(cpu, i, 4);
}

void x86_ref_x87_st64(X86State *cpu, const X86Insn *i)
{
    x87_wait(cpu);
    store_general(cpu, i, 8);
}

void x86_ref_x87_st80(X86State *cpu, const X86Insn *i)
{
    x87_wait(cpu);
    store_general(cpu, i, 10);
}

/* --- short way: arithmetic ------------------------------------------------------ */

/* r = a op b on 80-bit registers. */
#define OP80(name, insn)                                                    \
    static inline uint16_t name(X86St *r, const X86St *a, const X86St *b)   \
    {                                                                       \
        uint16_t sw;                                                        \
                                                                            \
        __asm__ volatile("fldt %3\n\tfldt %2\n\t" insn " %%st(1), %%st\n\t" \
                         "fnstsw %0\n\tfstpt %1\n\tfstp %%st(0)"            \
                         : "=&a"(sw), "=m"(*mem80(r))                       \
                         : "m"(*mem80(a)), "m"(*mem80(b))                   \
                         : ST_CLOBBER);                                     \
        return sw;                                                          \
    }                                                                       \
    struct x87_semicolon

/* The same with a memory operand of another type. */
#define OPMEM(name, insn, type)                                            \
    static inline uint16_t name(X86St *r, const X86St *a, const type *b)   \
    {                                                                      \
        uint16_t sw;                                                       \
                                                                           \
        __asm__ volatile("fldt %2\n\t" insn " %3\n\tfnstsw %0\n\tfstpt %1" \
                         : "=&a"(sw), "=m"(*mem80(r))                      \
                         : "m"(*mem80(a)), "m"(*b)                         \
                         : ST_CLOBBER);                                    \
        return sw;                                                         \
    }                                                                      \
    struct x87_semicolon

static bool both_full(const X86State *cpu, const X86Insn *i)
{
    return x87_full(cpu, 0) && x87_full(cpu, i->rm & 7);
}

typedef uint16_t Op80(X86St *r, const X86St *a, const X86St *b);

#define FORM static inline __attribute__((always_inline)) void

/* ST(to) = ST(to) op ST(from) */
FORM form_arith(X86State *cpu, const X86Insn *i, Op80 *op, unsigned to, unsigned from)
{
    X86St r;

    x87_wait(cpu);
    if (!both_full(cpu, i) || !x87_host_plain(cpu) ||
        !x87_host_done(cpu, op(&r, &cpu->xs.st[to], &cpu->xs.st[from]), X87_FSW_C1)) {
        x86_ref_x87_reg(cpu, i);
        return;
    }
    x87_set_st(cpu, to, &r);
    if (i->opcode == 0xde) {
        x87_pop(cpu);
    }
    x87_note(cpu, i);
}

/* The forms of an arithmetic instruction: ST0 op STi; STi op ST0, also with pop; with
 * a single, a double, and integers in memory. */
#define ARITH_MEM(name, op, ctype, bits)                                   \
    void x86_ref_##name(X86State *cpu, const X86Insn *i)                   \
    {                                                                      \
        uint64_t ea = x86_ea(cpu, i);                                      \
        ctype v;                                                           \
        X86St r;                                                           \
                                                                           \
        x87_wait(cpu);                                                     \
        v = x86_ld##bits(cpu, i->seg, ea);                                 \
        if (!x87_full(cpu, 0) || !x87_host_plain(cpu) ||                   \
            !x87_host_done(cpu, op(&r, &cpu->xs.st[0], &v), X87_FSW_C1)) { \
            load_general(cpu, i, &v, ea);                                  \
            return;                                                        \
        }                                                                  \
        x87_set_st(cpu, 0, &r);                                            \
        x87_note_mem(cpu, i, ea);                                          \
    }                                                                      \
    struct x87_semicolon

#define ARITH(name, insn)                                      \
    OP80(name##_80, "f" insn);                                 \
    OPMEM(name##_f32, "f" insn "s", uint32_t);                 \
    OPMEM(name##_f64, "f" insn "l", uint64_t);                 \
    OPMEM(name##_i16, "fi" insn "s", uint16_t);                \
    OPMEM(name##_i32, "fi" insn "l", uint32_t);                \
    ARITH_MEM(name##_m32, name##_f32, uint32_t, 32);           \
    ARITH_MEM(name##_m64, name##_f64, uint64_t, 64);           \
    ARITH_MEM(name##_m16i, name##_i16, uint16_t, 16);          \
    ARITH_MEM(name##_m32i, name##_i32, uint32_t, 32);          \
                                                               \
    void x86_ref_##name##_st0(X86State *cpu, const X86Insn *i) \
    {                                                          \
        form_arith(cpu, i, name##_80, 0, i->rm & 7);           \
    }                                                          \
                                                               \
    void x86_ref_##name##_sti(X86State *cpu, const X86Insn *i) \
    {                                                          \
        form_arith(cpu, i, name##_80, i->rm & 7, 0);           \
    }                                                          \
    struct x87_semicolon

ARITH(fadd, "add");
ARITH(fmul, "mul");
ARITH(fsub, "sub");
ARITH(fsubr, "subr");
ARITH(fdiv, "div");
ARITH(fdivr, "divr");

/* One operand. */
#define UNARY(name, insn)                                               \
    void x86_ref_##name(X86State *cpu, const X86Insn *i)                \
    {                                                                   \
        uint16_t sw;                                                    \
        X86St r;                                                        \
                                                                        \
        x87_wait(cpu);                                                  \
        if (!x87_full(cpu, 0) || !x87_host_plain(cpu)) {                \
            x86_ref_x87_reg(cpu, i);                                    \
            return;                                                     \
        }                                                               \
        __asm__ volatile("fldt %2\n\t" insn "\n\tfnstsw %0\n\tfstpt %1" \
                         : "=&a"(sw), "=m"(*mem80(&r))                  \
                         : "m"(*mem80(&cpu->xs.st[0]))                  \
                         : ST_CLOBBER);                                 \
        if (!x87_host_done(cpu, sw, X87_FSW_C1)) {                      \
            x86_ref_x87_reg(cpu, i);                                    \
            return;                                                     \
        }                                                               \
        x87_set_st(cpu, 0, &r);                                         \
        x87_note(cpu, i);                                               \
    }                                                                   \
    struct x87_semicolon

UNARY(fsqrt, "fsqrt");
UNARY(frndint, "frndint");

static void change_sign(X86State *cpu, const X86Insn *i, uint16_t keep, uint16_t flip)
{
    x87_wait(cpu);
    if (!x87_full(cpu, 0)) {
        x86_ref_x87_reg(cpu, i);
        return;
    }
    cpu->xs.st[0].exponent = (cpu->xs.st[0].exponent & keep) ^ flip;
    cpu->xs.fsw &= ~X87_FSW_C1;
    x87_note(cpu, i);
}

void x86_ref_fchs(X86State *cpu, const X86Insn *i)
{
    change_sign(cpu, i, 0xffff, 0x8000);
}

void x86_ref_fabs(X86State *cpu, const X86Insn *i)
{
    change_sign(cpu, i, 0x7fff, 0);
}

/* --- short way: compare --------------------------------------------------------- */

/* Opcodes that pop, and FCOMPP and FUCOMPP, which pop twice. */
static void pop_compared(X86State *cpu, const X86Insn *i, unsigned pops)
{
    for (; pops; pops--) {
        x87_pop(cpu);
    }
    x87_note(cpu, i);
}

#define COMPARE(name, insn, n, pops)                                                \
    void x86_ref_##name(X86State *cpu, const X86Insn *i)                            \
    {                                                                               \
        uint16_t sw;                                                                \
                                                                                    \
        x87_wait(cpu);                                                              \
        if (!x87_full(cpu, 0) || !x87_full(cpu, n) || !x87_host_plain(cpu)) {       \
            x86_ref_x87_reg(cpu, i);                                                \
            return;                                                                 \
        }                                                                           \
        __asm__ volatile("fldt %2\n\tfldt %1\n\t" insn "\n\tfnstsw %0"              \
                         : "=a"(sw)                                                 \
                         : "m"(*mem80(&cpu->xs.st[0])), "m"(*mem80(&cpu->xs.st[n])) \
                         : ST_CLOBBER);                                             \
        if (!x87_host_done(cpu, sw, X87_FSW_CC)) {                                  \
            x86_ref_x87_reg(cpu, i);                                                \
            return;                                                                 \
        }                                                                           \
        pop_compared(cpu, i, pops);                                                 \
    }                                                                               \
    struct x87_semicolon

COMPARE(fcom, "fcompp", i->rm & 7, 0);
COMPARE(fcomp, "fcompp", i->rm & 7, 1);
COMPARE(fcompp, "fcompp", 1, 2);
COMPARE(fucom, "fucompp", i->rm & 7, 0);
COMPARE(fucomp, "fucompp", i->rm & 7, 1);
COMPARE(fucompp, "fucompp", 1, 2);

#define COMPARE_MEM(name, insn, bits, pops)                    \
    void x86_ref_##name(X86State *cpu, const X86Insn *i)       \
    {                                                          \
        uint64_t ea = x86_ea(cpu, i);                          \
        uint##bits##_t v;                                      \
        uint16_t sw;                                           \
                                                               \
        x87_wait(cpu);                                         \
        v = x86_ld##bits(cpu, i->seg, ea);                     \
        if (!x87_full(cpu, 0) || !x87_host_plain(cpu)) {       \
            load_general(cpu, i, &v, ea);                      \
            return;                                            \
        }                                                      \
        __asm__ volatile("fldt %1\n\t" insn " %2\n\tfnstsw %0" \
                         : "=a"(sw)                            \
                         : "m"(*mem80(&cpu->xs.st[0])), "m"(v) \
                         : ST_CLOBBER);                        \
        if (!x87_host_done(cpu, sw, X87_FSW_CC)) {             \
            load_general(cpu, i, &v, ea);                      \
            return;                                            \
        }                                                      \
        pop_compared(cpu, i, pops);                            \
        x87_note_mem(cpu, i, ea);                              \
    }                                                          \
    struct x87_semicolon

COMPARE_MEM(fcom_m32, "fcomps", 32, 0);
COMPARE_MEM(fcomp_m32, "fcomps", 32, 1);
COMPARE_MEM(fcom_m64, "fcompl", 64, 0);
COMPARE_MEM(fcomp_m64, "fcompl", 64, 1);

#define COMPARE_I(name, insn)                                                        \
    void x86_ref_##name(X86State *cpu, const X86Insn *i)                             \
    {                                                                                \
        X87Flags fl;                                                                 \
        uint16_t sw;                                                                 \
                                                                                     \
        x87_wait(cpu);                                                               \
        if (!both_full(cpu, i) || !x87_host_plain(cpu)) {                            \
            comi_general(cpu, i);                                                    \
            return;                                                                  \
        }                                                                            \
        __asm__ volatile("fldt %5\n\tfldt %4\n\t" insn " %%st(1), %%st\n\t"          \
                         "fnstsw %0\n\tfstp %%st(0)"                                 \
                         : "=&a"(sw), "=@ccz"(fl.zf), "=@ccp"(fl.pf), "=@ccc"(fl.cf) \
                         : "m"(*mem80(&cpu->xs.st[0])),                              \
                           "m"(*mem80(&cpu->xs.st[i->rm & 7]))                       \
                         : ST_CLOBBER);                                              \
        if (!x87_host_done(cpu, sw & ~X87_FSW_C1, X87_FSW_C1)) {                     \
            comi_general(cpu, i);                                                    \
            return;                                                                  \
        }                                                                            \
        set_compare_flags(cpu, fl);                                                  \
        pop_compared(cpu, i, i->opcode == 0xdf);                                     \
    }                                                                                \
    struct x87_semicolon

COMPARE_I(fcomi, "fcomip");
COMPARE_I(fucomi, "fucomip");

/* --- short way: loads ----------------------------------------------------------- */

static bool can_push(const X86State *cpu)
{
    return !x87_full(cpu, 7);
}

/* Loads that convert: flds, fldl, filds, fildl, fildll. */
#define LOAD(name, insn, bits)                               \
    void x86_ref_##name(X86State *cpu, const X86Insn *i)     \
    {                                                        \
        uint64_t ea = x86_ea(cpu, i);                        \
        uint##bits##_t v;                                    \
        X86St r;                                             \
        uint16_t sw;                                         \
                                                             \
        x87_wait(cpu);                                       \
        v = x86_ld##bits(cpu, i->seg, ea);                   \
        if (!can_push(cpu) || !x87_host_plain(cpu)) {        \
            load_general(cpu, i, &v, ea);                    \
            return;                                          \
        }                                                    \
        __asm__ volatile(insn " %2\n\tfnstsw %0\n\tfstpt %1" \
                         : "=&a"(sw), "=m"(*mem80(&r))       \
                         : "m"(v)                            \
                         : ST_CLOBBER);                      \
        if (!x87_host_done(cpu, sw, X87_FSW_C1)) {           \
            load_general(cpu, i, &v, ea);                    \
            return;                                          \
        }                                                    \
        x87_push(cpu, &r);                                   \
        x87_note_mem(cpu, i, ea);                            \
    }                                                        \
    struct x87_semicolon

LOAD(fld_m32, "flds", 32);
LOAD(fld_m64, "fldl", 64);
LOAD(fild_m16, "filds", 16);
LOAD(fild_m32, "fildl", 32);
LOAD(fild_m64, "fildll", 64);

void x86_ref_fld_m80(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);
    X86St v;

    x87_wait(cpu);
    x86_ld_bytes(cpu, i->seg, ea, &v, 10);
    if (!can_push(cpu)) {
        load_general(cpu, i, &v, ea);
        return;
    }
    x87_push(cpu, &v);
    cpu->xs.fsw &= ~X87_FSW_C1;
    x87_note_mem(cpu, i, ea);
}

void x86_ref_fld_sti(X86State *cpu, const X86Insn *i)
{
    X86St v = cpu->xs.st[i->rm & 7];

    x87_wait(cpu);
    if (!can_push(cpu) || !x87_full(cpu, i->rm & 7)) {
        x86_ref_x87_reg(cpu, i);
        return;
    }
    x87_push(cpu, &v);
    cpu->xs.fsw &= ~X87_FSW_C1;
    x87_note(cpu, i);
}

/* FLD1 and FLDZ do not depend on rounding; the other constants take the general way. */
static void load_constant(X86State *cpu, const X86Insn *i, X86St v)
{
    x87_wait(cpu);
    if (!can_push(cpu)) {
        x86_ref_x87_reg(cpu, i);
        return;
    }
    x87_push(cpu, &v);
    cpu->xs.fsw &= ~X87_FSW_C1;
    x87_note(cpu, i);
}

void x86_ref_fld1(X86State *cpu, const X86Insn *i)
{
    load_constant(cpu, i, (X86St){ .mantissa = 1ull << 63, .exponent = 0x3fff });
}

void x86_ref_fldz(X86State *cpu, const X86Insn *i)
{
    load_constant(cpu, i, (X86St){ .mantissa = 0 });
}

void x86_ref_fxch(X86State *cpu, const X86Insn *i)
{
    unsigned n = i->rm & 7;
    X86St t;

    x87_wait(cpu);
    if (!both_full(cpu, i)) {
        x86_ref_x87_reg(cpu, i);
        return;
    }
    t = cpu->xs.st[0];
    cpu->xs.st[0] = cpu->xs.st[n];
    cpu->xs.st[n] = t;
    cpu->xs.fsw &= ~X87_FSW_C1;
    x87_note(cpu, i);
}

/* --- short way: stores ---------------------------------------------------------- */

/* Stores that convert.  The host pops in each form; the guest when @pops. */
#define STORE(name, insn, bits, pops)                          \
    void x86_ref_##name(X86State *cpu, const X86Insn *i)       \
    {                                                          \
        uint64_t ea = x86_ea(cpu, i);                          \
        uint##bits##_t v;                                      \
        uint16_t sw;                                           \
                                                               \
        x87_wait(cpu);                                         \
        if (!x87_full(cpu, 0) || !x87_host_plain(cpu)) {       \
            store_general(cpu, i, bits / 8);                   \
            return;                                            \
        }                                                      \
        __asm__ volatile("fldt %2\n\t" insn " %1\n\tfnstsw %0" \
                         : "=&a"(sw), "=m"(v)                  \
                         : "m"(*mem80(&cpu->xs.st[0]))         \
                         : ST_CLOBBER);                        \
        if (sw & ~cpu->xs.fsw & X87_FSW_EXC) {                 \
            store_general(cpu, i, bits / 8);                   \
            return;                                            \
        }                                                      \
        x86_st##bits(cpu, i->seg, ea, v);                      \
        x87_host_done(cpu, sw, X87_FSW_C1);                    \
        if (pops) {                                            \
            x87_pop(cpu);                                      \
        }                                                      \
        x87_note_mem(cpu, i, ea);                              \
    }                                                          \
    struct x87_semicolon

STORE(fst_m32, "fstps", 32, false);
STORE(fstp_m32, "fstps", 32, true);
STORE(fst_m64, "fstpl", 64, false);
STORE(fstp_m64, "fstpl", 64, true);
STORE(fist_m16, "fistps", 16, false);
STORE(fistp_m16, "fistps", 16, true);
STORE(fist_m32, "fistpl", 32, false);
STORE(fistp_m32, "fistpl", 32, true);
STORE(fistp_m64, "fistpll", 64, true);

void x86_ref_fstp_m80(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);

    x87_wait(cpu);
    if (!x87_full(cpu, 0)) {
        store_general(cpu, i, 10);
        return;
    }
    x86_st_bytes(cpu, i->seg, ea, &cpu->xs.st[0], 10);
    cpu->xs.fsw &= ~X87_FSW_C1;
    x87_pop(cpu);
    x87_note_mem(cpu, i, ea);
}

/* FST ST(i) makes the target full. */
void x86_ref_fst_sti(X86State *cpu, const X86Insn *i)
{
    unsigned n = i->rm & 7;

    x87_wait(cpu);
    if (!x87_full(cpu, 0)) {
        x86_ref_x87_reg(cpu, i);
        return;
    }
    cpu->xs.st[n] = cpu->xs.st[0];
    cpu->xs.ftw |= 1u << ((x87_top(cpu) + n) & 7);
    cpu->xs.fsw &= ~X87_FSW_C1;
    if (i->modrm >= 0xd8 || i->opcode == 0xdf) {
        x87_pop(cpu);
    }
    x87_note(cpu, i);
}
