/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host cannot answer from user space: availability of FPU and vector
 * instructions by control registers, and the images of the other modes.
 */
#include "i386-oracle.h"

#include "accel/target/i386/decode.h"
#include "accel/target/i386/system.h"

#include <glib.h>

#include <stdio.h>
#include <string.h>

typedef enum Mode {
    MODE_REAL,
    MODE_PROT16,
    MODE_PROT32,
} Mode;

static uint8_t *memory(void)
{
    return (uint8_t *)(uintptr_t)ORACLE_ARENA;
}

static X86State *fresh(void)
{
    X86State *cpu = oracle_cpu();

    oracle_reset();
    memset(memory(), 0xcc, 4096);
    cpu->regs[X86_RBX].q = 0x100;
    return cpu;
}

/* Legacy modes: all segments start at the data page. */
static X86State *fresh_in(Mode mode)
{
    X86State *cpu = fresh();

    cpu->efer = 0;
    if (mode == MODE_REAL) {
        cpu->cr0 &= ~(uint64_t)X86_CR0_PE;
    }
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        cpu->seg[k].base = ORACLE_ARENA;
        cpu->seg[k].limit = 0xffff;
        cpu->seg[k].attr &= ~(X86_SEG_L | X86_SEG_DB);
        if (mode == MODE_PROT32) {
            cpu->seg[k].attr |= X86_SEG_DB;
        }
    }
    x86_state_refresh(cpu);
    return cpu;
}

/* TOP 3, three registers full, pointers of an instruction. */
static void fill_fpu(X86State *cpu)
{
    cpu->xs.fcw = 0x0b7e;
    cpu->xs.fsw = 3 << 11 | 0x4122;
    cpu->xs.ftw = 0x38;
    cpu->xs.fop = 0x5a5;
    cpu->xs.fip = 0x12345678;
    cpu->xs.fdp = 0x9abcdef0;
    cpu->fcs = 0x10;
    cpu->fds = 0x23;
    for (unsigned k = 0; k < 8; k++) {
        cpu->xs.st[k].v.u64[1] = 0x3fff + k;
        cpu->xs.st[k].mantissa = 1ull << 63 | k;
    }
    cpu->xs.st[1].exponent = 0;
    cpu->xs.st[1].mantissa = 0;
    cpu->xs.st[2].exponent = 0x7fff;
}

static void run(const char *hex_bytes, int expected)
{
    uint8_t bytes[16];
    unsigned len = 0, v;
    int used;

    while (sscanf(hex_bytes, "%x%n", &v, &used) == 1) {
        bytes[len++] = v;
        hex_bytes += used;
    }
    g_assert_cmpint(oracle_execute(bytes, len), ==, expected);
}

static void check_words(const uint16_t *expected, unsigned n)
{
    uint16_t got[54];

    memcpy(got, memory() + 0x100, 2 * n);
    for (unsigned k = 0; k < n; k++) {
        g_assert_cmphex(got[k], ==, expected[k]);
    }
    g_assert_cmphex(memory()[0x100 + 2 * n], ==, 0xcc);
}

/* Tags by register: 3 valid (ST0), 4 zero (ST1), 5 special (ST2), others empty. */
#define TAGS 0xf93f

static void test_env_prot32(void)
{
    static const uint16_t expected[] = { 0x0b7e, 0xffff, 0x5922, 0xffff, TAGS,
                                         0xffff, 0x5678, 0x1234, 0x10,   0x5a5,
                                         0xdef0, 0x9abc, 0x23,   0xffff };
    X86State *cpu = fresh_in(MODE_PROT32);

    fill_fpu(cpu);
    run("d9 33", -1); /* FNSTENV [EBX] */
    check_words(expected, 14);
    g_assert_cmphex(cpu->xs.fcw, ==, 0x0b7f);
    run("d9 23", -1); /* FLDENV [EBX] */
    g_assert_cmphex(cpu->xs.fcw, ==, 0x0b7e);
    g_assert_cmphex(cpu->xs.fsw, ==, 0x5922);
    g_assert_cmphex(cpu->xs.ftw, ==, 0x38);
    g_assert_cmphex(cpu->xs.fip, ==, 0x12345678);
    g_assert_cmphex(cpu->xs.fop, ==, 0x5a5);
}

static void test_env_prot16(void)
{
    static const uint16_t expected[] = { 0x0b7e, 0x5922, TAGS, 0x5678,
                                         0x10,   0xdef0, 0x23 };
    X86State *cpu = fresh_in(MODE_PROT16);

    fill_fpu(cpu);
    run("d9 37", -1); /* FNSTENV [BX] */
    check_words(expected, 7);
}

static void test_env_real16(void)
{
    /* 20-bit linear pointers: 12345678h + 100h, 9abcdef0h + 230h */
    static const uint16_t expected[] = { 0x0b7e, 0x5922, TAGS,  0x5778,
                                         0x45a5, 0xe120, 0xc000 };
    X86State *cpu = fresh_in(MODE_REAL);

    fill_fpu(cpu);
    run("d9 37", -1);
    check_words(expected, 7);
}

static void test_env_real32(void)
{
    static const uint16_t expected[] = { 0x0b7e, 0xffff, 0x5922, 0xffff, TAGS,
                                         0xffff, 0x5778, 0xffff, 0x45a5, 0x0123,
                                         0xe120, 0xffff, 0xc000, 0x09ab };
    X86State *cpu = fresh_in(MODE_REAL);

    fill_fpu(cpu);
    run("66 d9 37", -1);
    check_words(expected, 14);
}

/* FNSAVE is FNINIT behind an FNSTENV; FRSTOR brings everything back. */
static void test_save_restore(void)
{
    X86State *cpu = fresh_in(MODE_PROT32);
    X86Xsave before;

    fill_fpu(cpu);
    cpu->xs.fsw &= ~0x22u;
    before = cpu->xs;
    run("dd 33", -1);
    g_assert_cmphex(cpu->xs.fcw, ==, 0x37f);
    g_assert_cmphex(cpu->xs.fsw, ==, 0);
    g_assert_cmphex(cpu->xs.ftw, ==, 0);
    /* Physical register 3, which was ST0, is now ST3. */
    g_assert_cmphex(cpu->xs.st[3].mantissa, ==, before.st[0].mantissa);
    run("dd 23", -1);
    g_assert_true(!memcmp(&cpu->xs, &before, 24));
    g_assert_true(!memcmp(cpu->xs.st, before.st, sizeof(before.st)));
}

static void test_fxsave_legacy_mode(void)
{
    X86State *cpu = fresh_in(MODE_PROT32);

    fill_fpu(cpu);
    memset(cpu->xs.xmm, 0x5a, sizeof(cpu->xs.xmm));
    run("0f ae 03", -1); /* FXSAVE [EBX] */
    g_assert_cmphex(memory()[0x100 + 160 + 127], ==, 0x5a);
    g_assert_cmphex(memory()[0x100 + 160 + 128], ==, 0xcc);
    g_assert_cmphex(*(uint32_t *)(memory() + 0x108), ==, 0x12345678);
    g_assert_cmphex(*(uint32_t *)(memory() + 0x10c), ==, 0x10);
    g_assert_cmphex(*(uint32_t *)(memory() + 0x11c), ==, 0xffff);
    memset(memory() + 0x100 + 160, 0x77, 256);
    run("0f ae 0b", -1); /* FXRSTOR */
    g_assert_cmphex(cpu->xs.xmm[7].u8[0], ==, 0x77);
    g_assert_cmphex(cpu->xs.xmm[8].u8[0], ==, 0x5a);
    g_assert_cmphex(cpu->fcs, ==, 0x10);
}

static void test_fxsave_fast(void)
{
    X86State *cpu = fresh();

    cpu->regs[X86_RBX].q = ORACLE_ARENA + 0x100;
    cpu->efer |= X86_EFER_FFXSR;
    memset(cpu->xs.xmm, 0x5a, sizeof(cpu->xs.xmm));
    run("0f ae 03", -1);
    g_assert_cmphex(memory()[0x100 + 160], ==, 0xcc);
    memset(memory() + 0x100 + 160, 0x77, 256);
    run("0f ae 0b", -1);
    g_assert_cmphex(cpu->xs.xmm[0].u8[0], ==, 0x5a);
}

static void test_bad_mxcsr(void)
{
    X86State *cpu = fresh();

    cpu->regs[X86_RBX].q = ORACLE_ARENA + 0x100;
    fill_fpu(cpu);
    run("0f ae 03", -1);
    *(uint32_t *)(memory() + 0x118) = 0x10000;
    *(uint16_t *)(memory() + 0x100) = 0x37f;
    run("0f ae 0b", X86_EXC_GP); /* FXRSTOR */
    g_assert_cmphex(cpu->xs.fcw, ==, 0x0b7e);
    cpu->regs[X86_RBX].q += 0x18;
    run("0f ae 13", X86_EXC_GP); /* LDMXCSR */
    g_assert_cmphex(cpu->xs.mxcsr, ==, 0x1f80);
}

static void test_pending(void)
{
    X86State *cpu = fresh();

    cpu->xs.fcw = 0x37e;
    cpu->xs.fsw = 0x8081;
    run("d8 c0", X86_EXC_MF);    /* FADD */
    run("9b", X86_EXC_MF);       /* FWAIT */
    run("0f ef c0", X86_EXC_MF); /* PXOR mm0, mm0 */
    run("0f 77", X86_EXC_MF);    /* EMMS */
    run("66 0f ef c0", -1);      /* PXOR xmm0, xmm0 */
    run("df e0", -1);            /* FNSTSW AX */
    g_assert_cmphex(cpu->regs[X86_RAX].w, ==, 0x8081);
    run("db e2", -1); /* FNCLEX */
    run("9b", -1);
}

static void test_xm_without_os_support(void)
{
    X86State *cpu = fresh();

    cpu->xs.mxcsr = 0x1f80 & ~(1u << 9); /* divide by zero is unmasked */
    cpu->xs.xmm[0].f64[0] = 1;
    cpu->xs.xmm[1].f64[0] = 0;
    run("f2 0f 5e c1", X86_EXC_XM); /* DIVSD xmm0, xmm1 */
    g_assert_cmphex(cpu->xs.mxcsr & 0x3f, ==, 4);
    g_assert_true(cpu->xs.xmm[0].f64[0] == 1);
    cpu->cr4 &= ~(uint64_t)X86_CR4_OSXMMEXCPT;
    x86_state_refresh(cpu);
    run("f2 0f 5e c1", X86_EXC_UD);
}

/* MMX register n is physical register n, wherever TOP was. */
static void test_mmx_alias(void)
{
    X86State *cpu = fresh();

    fill_fpu(cpu);
    cpu->xs.fsw = 3 << 11;
    run("0f 7e d8", -1); /* MOVD eax, mm3: that is ST0 */
    g_assert_cmphex(cpu->xs.fsw, ==, 0);
    g_assert_cmphex(cpu->xs.ftw, ==, 0xff);
    g_assert_cmphex(cpu->xs.st[3].mantissa, ==, 1ull << 63);
    cpu->regs[X86_RAX].d = 0x1234;
    run("0f 6e e8", -1); /* MOVD mm5, eax */
    g_assert_cmphex(cpu->xs.st[5].mantissa, ==, 0x1234);
    g_assert_cmphex(cpu->xs.st[5].exponent, ==, 0xffff);
}

/* --- availability --------------------------------------------------------------- */

typedef struct Availability {
    uint32_t set, clear;                    /* bits of the mode word */
    X86RefFn *x87, *wait, *mmx, *sse, *vex; /* expected; NULL: it runs */
} Availability;

static const Availability availability[] = {
    {X86_MODE_TS,                0,                x86_ref_nm, NULL,       x86_ref_nm, x86_ref_nm, x86_ref_nm},
    { X86_MODE_TS | X86_MODE_MP, 0,                x86_ref_nm, x86_ref_nm, x86_ref_nm, x86_ref_nm,
     x86_ref_nm                                                                                              },
    { X86_MODE_EM,               0,                x86_ref_nm, NULL,       x86_ref_ud, x86_ref_ud, NULL      },
    { 0,                         X86_MODE_OSFXSR,  NULL,       NULL,       NULL,       x86_ref_ud, NULL      },
    { 0,                         X86_MODE_OSXSAVE, NULL,       NULL,       NULL,       NULL,       x86_ref_ud},
    { 0,                         X86_MODE_AVX,     NULL,       NULL,       NULL,       NULL,       x86_ref_ud},
};

static X86RefFn *expected_ref(const Availability *a, const X86Pattern *p)
{
    const X86Row *row = p->row;

    switch (row->exc) {
    case X86_EXC_CLASS_NONE:
        return NULL;
    case X86_EXC_CLASS_WAIT:
        return a->wait;
    case X86_EXC_CLASS_X87:
    case X86_EXC_CLASS_X87_NOWAIT:
    case X86_EXC_CLASS_FXSAVE:
        return a->x87;
    case X86_EXC_CLASS_MMX:
        return a->mmx;
    default:
        return p->vex ? a->vex : a->sse;
    }
}

static void check_pattern(const X86State *cpu, const X86Pattern *p)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(availability); k++) {
        const Availability *a = &availability[k];
        X86RefFn *expected = expected_ref(a, p);
        uint8_t bytes[24];
        unsigned len = oracle_random_insn(p, bytes);
        X86Insn insn;

        x86_decode(cpu, (cpu->mode | a->set) & ~a->clear, ORACLE_CODE, bytes, len,
                   &insn);
        g_assert_true(insn.row == p->row);
        if (insn.ref != (expected ? expected : p->row->ref)) {
            g_test_message("%s (%s), case %u", p->row->name, p->row->enc, k);
            g_test_fail();
        }
    }
}

static void test_availability(void)
{
    const X86RowTable *tables[] = { &x86_rows_x87, &x86_rows_sse, &x86_rows_avx };
    X86State *cpu = fresh();
    const X86Pattern *all;
    unsigned count;

    all = x86_patterns(&count);
    for (unsigned n = 0; n < count; n++) {
        for (unsigned t = 0; t < G_N_ELEMENTS(tables); t++) {
            if (all[n].row >= tables[t]->rows &&
                all[n].row < tables[t]->rows + tables[t]->count) {
                check_pattern(cpu, &all[n]);
            }
        }
    }
}

/* The compact form there and back; other forms and other privilege levels are refused.
 */
static void test_xsaves(void)
{
    X86State *cpu = fresh();
    X86Xsave before;
    uint64_t header[2];

    fill_fpu(cpu);
    for (unsigned k = 0; k < 16; k++) {
        cpu->xs.xmm[k].u64[0] = 0x1111111111111111u * k;
        cpu->xs.ymmh[k].u64[1] = 0x0123456789abcdefu + k;
    }
    before = cpu->xs;
    memset(memory(), 0, 1024);
    cpu->regs[X86_RAX].q = 7;
    cpu->regs[X86_RDX].q = 0;
    cpu->regs[X86_RBX].q = ORACLE_ARENA;
    run("0f c7 2b", -1);
    memcpy(header, memory() + 512, sizeof(header));
    g_assert_cmphex(header[0], ==, 7);
    g_assert_cmphex(header[1], ==, 1ull << 63 | 7);
    memset(cpu->xs.st, 0x55, sizeof(cpu->xs.st));
    memset(cpu->xs.xmm, 0x55, sizeof(cpu->xs.xmm));
    memset(cpu->xs.ymmh, 0x55, sizeof(cpu->xs.ymmh));
    run("0f c7 1b", -1);
    g_assert_cmpmem(cpu->xs.xmm, sizeof(before.xmm), before.xmm, sizeof(before.xmm));
    g_assert_cmpmem(cpu->xs.ymmh, sizeof(before.ymmh), before.ymmh,
                    sizeof(before.ymmh));
    g_assert_cmphex(cpu->xs.st[3].mantissa, ==, before.st[3].mantissa);
    /* SSE in its initial configuration: MXCSR is part of it. */
    memset(cpu->xs.xmm, 0, sizeof(cpu->xs.xmm));
    cpu->xs.mxcsr = X86_MXCSR_RESET;
    memset(memory(), 0, 1024);
    run("0f c7 2b", -1);
    cpu->xs.mxcsr = 0x9f80;
    run("0f c7 1b", -1);
    g_assert_cmphex(cpu->xs.mxcsr, ==, X86_MXCSR_RESET);
    /* What XSAVE writes is not compact. */
    memset(memory(), 0, 1024);
    run("0f ae 23", -1);
    run("0f c7 1b", X86_EXC_GP);
    x86_set_cpl(cpu, 3);
    run("0f c7 2b", X86_EXC_GP);
    oracle_reset();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i386/fpstate/environment-protected-32", test_env_prot32);
    g_test_add_func("/i386/fpstate/environment-protected-16", test_env_prot16);
    g_test_add_func("/i386/fpstate/environment-real-16", test_env_real16);
    g_test_add_func("/i386/fpstate/environment-real-32", test_env_real32);
    g_test_add_func("/i386/fpstate/fnsave-and-frstor", test_save_restore);
    g_test_add_func("/i386/fpstate/fxsave-has-eight-xmm-outside-64-bit-code",
                    test_fxsave_legacy_mode);
    g_test_add_func("/i386/fpstate/ffxsr-leaves-xmm-to-the-kernel", test_fxsave_fast);
    g_test_add_func("/i386/fpstate/reserved-bits-of-mxcsr-fault", test_bad_mxcsr);
    g_test_add_func("/i386/fpstate/pending-exception-stops-waiting-instructions",
                    test_pending);
    g_test_add_func("/i386/fpstate/simd-exception-is-ud-without-osxmmexcpt",
                    test_xm_without_os_support);
    g_test_add_func("/i386/fpstate/mmx-is-the-physical-registers", test_mmx_alias);
    g_test_add_func("/i386/fpstate/control-registers-withhold-instructions",
                    test_availability);
    g_test_add_func("/i386/fpstate/xsaves", test_xsaves);
    return g_test_run();
}
