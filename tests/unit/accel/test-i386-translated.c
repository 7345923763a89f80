/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows with a build function: what generated code does against what the host does. */
#include "i386-oracle.h"

#include <glib.h>

static void check(const X86RowTable *table, unsigned cases, const char *const *skip)
{
    /* Random divisions of small operands mostly overflow. */
    OracleOptions opt = { .cases = cases,
                          .skip = skip,
                          .run = translated_run,
                          .native = table != &x86_rows_int };
    const char *why;

    if (!translated_setup(oracle_cpu(), &why)) {
        g_test_skip(why);
        return;
    }
    oracle_check_table(table, &opt);
}

/* What the native side cannot do: see test-i386-int.c. */
static const char *const skip_int[] = { "PUSH",  "POP",      "PUSHF",   "POPF", "ENTER",
                                        "LEAVE", "PUSH FS",  "CLI",     "STI",  "XLAT",
                                        "NOP",   "PREFETCH", "PUSH GS", NULL };

static void test_int(void)
{
    check(&x86_rows_int, 40000, skip_int);
}

static void test_sse(void)
{
    check(&x86_rows_sse, 40000, NULL);
}

static void test_avx(void)
{
    check(&x86_rows_avx, 40000, NULL);
}

static void test_x87(void)
{
    check(&x86_rows_x87, 20000, NULL);
}

/* --- several instructions in one block -------------------------------------------- */

typedef struct Sequence {
    const char *name;
    const char *bytes;
    unsigned len;
} Sequence;

#define SEQ(name, text)              \
    {                                \
        name, text, sizeof(text) - 1 \
    }

/* clang-format off */
static const Sequence sequences[] = {
    /* EXTRQ by immediates is always a reference function. */
    SEQ("sse", "\x0f\x10\x06"          /* movups xmm0, [rsi] */
               "\x0f\x58\xc1"          /* addps xmm0, xmm1 */
               "\x66\x0f\x78\xc0\x08\x04" /* extrq xmm0, 8, 4 */
               "\x0f\x59\xc2"          /* mulps xmm0, xmm2 */
               "\x0f\x11\x07"          /* movups [rdi], xmm0 */
               "\x0f\x10\x1f"          /* movups xmm3, [rdi] */
               "\x0f\xae\x1f"          /* stmxcsr [rdi] */
               "\x0f\x2f\xc3"          /* comiss xmm0, xmm3 */
               "\x0f\x92\xc0"),        /* setb al */
    /* VMASKMOVDQU too. */
    SEQ("avx", "\xc5\xf4\x58\x06"      /* vaddps ymm0, ymm1, [rsi] */
               "\xc5\xf9\xf7\xd3"      /* vmaskmovdqu xmm2, xmm3 */
               "\xc5\xe4\x59\xd0"      /* vmulps ymm2, ymm3, ymm0 */
               "\x0f\x58\xd1"          /* addps xmm2, xmm1: the upper half stays */
               "\xc5\xfc\x11\x17"      /* vmovups [rdi], ymm2 */
               "\xc5\xf8\x58\xe1"      /* vaddps xmm4, xmm0, xmm1 */
               "\xc4\xe2\x7d\x17\xc2"  /* vptest ymm0, ymm2 */
               "\x0f\x94\xc0"),        /* sete al */
    SEQ("x87", "\xd9\xe8\xd9\xeb"      /* fld1; fldpi */
               "\xde\xc1"              /* faddp */
               "\x9b\xdf\xe0"          /* fwait; fnstsw ax */
               "\xdb\x2e"              /* fld tbyte [rsi] */
               "\xdb\xe3"              /* fninit: a reference function */
               "\xd9\xee\xd9\xea"      /* fldz; fldl2e */
               "\xd8\xf1"              /* fdiv st, st(1) */
               "\xdb\xe9"              /* fucomi st, st(1) */
               "\x0f\x9a\xc3"          /* setp bl */
               "\xdd\x1f"              /* fstp qword [rdi] */
               "\xd9\x3f"              /* fnstcw [rdi] */
               "\xd9\x2f"              /* fldcw [rdi] */
               "\xdd\x06"),            /* fld qword [rsi] */
    SEQ("all", "\xd9\x06"              /* fld dword [rsi] */
               "\x0f\x58\xc1"          /* addps xmm0, xmm1 */
               "\xd9\xe4"              /* ftst */
               "\xdb\xe3"              /* fninit: a reference function */
               "\xc5\xf4\x58\x06"      /* vaddps ymm0, ymm1, [rsi] */
               "\xd9\xe8"              /* fld1 */
               "\x0f\xfc\xc1"          /* paddb mm0, mm1 */
               "\x0f\x7f\x07"          /* movq [rdi], mm0 */
               "\x0f\x77"              /* emms */
               "\x66\x0f\x78\xc0\x08\x04" /* extrq xmm0, 8, 4 */
               "\xd9\xe8"              /* fld1 */
               "\xc5\xec\x58\xd0"),    /* vaddps ymm2, ymm2, ymm0 */
    SEQ("fault", "\x0f\x58\xc1"        /* addps xmm0, xmm1 */
                 "\xc5\xf4\x58\xd0"    /* vaddps ymm2, ymm1, ymm0 */
                 "\xd9\xe8"            /* fld1 */
                 "\x0f\x10\x1b"        /* movups xmm3, [rbx]: #GP */
                 "\x0f\x58\xc1"        /* addps xmm0, xmm1: not reached */
                 "\xd9\xe8"),          /* fld1 */
    SEQ("align", "\x0f\x58\xc1"        /* addps xmm0, xmm1 */
                 "\x0f\x58\x07"        /* addps xmm0, [rdi]: aligned or #GP */
                 "\x0f\x59\xc1"),      /* mulps xmm0, xmm1 */
};
/* clang-format on */

static void test_sequences(void)
{
    const char *why;

    if (!translated_setup(oracle_cpu(), &why)) {
        g_test_skip(why);
        return;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(sequences); k++) {
        const Sequence *s = &sequences[k];

        oracle_check_sequence(s->name, (const uint8_t *)s->bytes, s->len, 2000,
                              translated_run);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i386/translated/integer", test_int);
    g_test_add_func("/i386/translated/sse", test_sse);
    g_test_add_func("/i386/translated/avx", test_avx);
    g_test_add_func("/i386/translated/x87", test_x87);
    g_test_add_func("/i386/translated/sequences", test_sequences);
    return g_test_run();
}
