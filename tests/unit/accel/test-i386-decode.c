/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder: table checks, inputs that must fail, and lengths against capstone over
 * random bytes (skipped when capstone is not installed).
 */
#include "i386-flat.h"

#include "accel/target/i386/decode.h"
#include "accel/target/i386/operands.h"

#include <capstone/capstone.h>
#include <dlfcn.h>
#include <glib.h>
#include <string.h>

static X86State *cpu;

enum {
    MODE16 = X86_MODE_PE | X86_MODE_OSFXSR,
    MODE32 = MODE16 | X86_MODE_CODE32,
    MODE64 = MODE16 | X86_MODE_CODE64 | X86_MODE_LMA | X86_MODE_OSXSAVE | X86_MODE_AVX,
};

static X86Insn decode(uint32_t mode, const char *hex)
{
    uint8_t bytes[32];
    unsigned n = 0;
    X86Insn i;

    for (; *hex; hex += hex[2] ? 3 : 2) {
        bytes[n++] = g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]);
    }
    g_assert_cmpint(x86_decode(cpu, mode, 0x1000, bytes, n, &i), ==, X86_DECODE_OK);
    return i;
}

static void test_operands(void)
{
    X86Insn i = decode(MODE64, "48 8b 84 8d 78 56 34 12");

    g_assert_cmpstr(i.row->name, ==, "MOV");
    g_assert_cmpint(i.len, ==, 8);
    g_assert_cmpint(i.opsize, ==, 8);
    g_assert_cmpint(i.base, ==, X86_RBP);
    g_assert_cmpint(i.index, ==, X86_RCX);
    g_assert_cmpint(i.scale, ==, 2);
    g_assert_cmphex(i.disp, ==, 0x12345678);
    g_assert_cmpint(i.seg, ==, X86_SS);
    /* rip-relative, counted from the next instruction, after the immediate */
    i = decode(MODE64, "c7 05 10 00 00 00 01 00 00 00");
    g_assert_cmphex(i.disp, ==, 0x1000 + 10 + 0x10);
    i = decode(MODE16, "8b 46 fe");
    g_assert_cmpint(i.seg, ==, X86_SS);
    g_assert_cmphex(i.disp, ==, (uint64_t)-2);
    g_assert_cmpint(i.opsize, ==, 2);
    i = decode(MODE16, "66 67 8b 04 24");
    g_assert_cmpint(i.opsize, ==, 4);
    g_assert_cmpint(i.base, ==, X86_RSP);
    i = decode(MODE32, "eb fe");
    g_assert_cmphex(i.imm, ==, 0x1000);
    /* AH without REX, SPL with it */
    i = decode(MODE64, "88 e0");
    g_assert_cmpint(i.reg_b, ==, 1);
    i = decode(MODE64, "40 88 e0");
    g_assert_cmpint(i.reg_b, ==, 8 * X86_RSP);
    /* REX counts only right before the opcode */
    i = decode(MODE64, "48 66 89 c0");
    g_assert_cmpint(i.opsize, ==, 2);
    i = decode(MODE64, "f3 0f b8 c0");
    g_assert_cmpstr(i.row->name, ==, "POPCNT");
}

static void test_must_fail(void)
{
    static const struct {
        uint32_t mode;
        const char *hex;
    } bad[] = {
        {MODE64,  "f0 01 c0"            }, /* LOCK without memory */
        { MODE64, "f0 8b 00"            }, /* LOCK on a load */
        { MODE64, "f0 39 00"            }, /* LOCK CMP */
        { MODE64, "06"                  }, /* PUSH ES */
        { MODE64, "27"                  }, /* DAA */
        { MODE64, "ea 00 00 00 00 00 00"}, /* JMP far */
        { MODE64, "0f 0b"               }, /* UD2 */
        { MODE64, "0f 04"               }, /* nothing */
        { MODE64, "8d c0"               }, /* LEA of a register */
        { MODE64, "fe d0"               },
        { MODE64, "ff f8"               },
        { MODE64, "8f c8"               },
        { MODE64, "66 c5 f8 58 c0"      }, /* 66 before VEX */
        { MODE64, "48 c5 f8 58 c0"      }, /* REX before VEX */
        { MODE64, "c5 f0 77"            }, /* VZEROUPPER with vvvv */
    };

    for (unsigned k = 0; k < G_N_ELEMENTS(bad); k++) {
        X86Insn i = decode(bad[k].mode, bad[k].hex);

        g_test_message("%s", bad[k].hex);
        g_assert_true(i.ref == x86_ref_ud);
    }
}

static void test_privilege_and_mode(void)
{
    X86Insn i = decode(MODE32 | X86_MODE_CPL, "f4");

    g_assert_true(i.ref == x86_ref_gp0);
    i = decode(MODE32 | X86_MODE_TS, "0f 58 c1");
    g_assert_true(i.ref == x86_ref_nm);
    i = decode(MODE32 | X86_MODE_EM, "0f 58 c1");
    g_assert_true(i.ref == x86_ref_ud);
    i = decode(MODE32 | X86_MODE_EM, "d9 e8");
    g_assert_true(i.ref == x86_ref_nm);
    i = decode(X86_MODE_OSFXSR, "0f 00 d8"); /* LTR in real mode */
    g_assert_true(i.ref == x86_ref_ud);
    i = decode(MODE64 & ~X86_MODE_OSXSAVE, "c5 f8 58 c1");
    g_assert_true(i.ref == x86_ref_ud);
}

static void test_length(void)
{
    uint8_t bytes[20];
    X86Insn i;

    memset(bytes, 0x66, sizeof(bytes));
    bytes[14] = 0x90;
    g_assert_cmpint(x86_decode(cpu, MODE64, 0, bytes, 20, &i), ==, X86_DECODE_OK);
    g_assert_cmpint(i.len, ==, 15);
    bytes[14] = 0x66;
    bytes[15] = 0x90;
    g_assert_cmpint(x86_decode(cpu, MODE64, 0, bytes, 20, &i), ==, X86_DECODE_LONG);
    g_assert_cmpint(x86_decode(cpu, MODE64, 0, (const uint8_t *)"\x48\xb8\0\0", 4, &i),
                    ==, X86_DECODE_MORE);
}

/* Two rows that no prefix, ModRM, mode or feature tells apart. */
static bool hides(const X86Pattern *a, const X86Pattern *b)
{
    uint32_t ra = a->row->rules, rb = b->row->rules;
    const uint32_t narrow =
        X86_MEM | X86_REG | X86_ONLY64 | X86_NO64 | X86_IF | X86_WIDE;

    return (a->prefix == X86_PP_ANY || a->prefix == b->prefix) &&
           (a->digit < 0 || a->digit == b->digit) && (a->rm < 0 || a->rm == b->rm) &&
           (!a->l || a->l == b->l) && (!a->w || a->w == b->w) &&
           (!(ra & narrow) || (ra & narrow) == (rb & narrow));
}

static void test_no_row_is_hidden(void)
{
    unsigned count;
    const X86Pattern *p = x86_patterns(&count);

    for (unsigned a = 0; a < count; a++) {
        for (unsigned b = a + 1; b < count && p[b].vex == p[a].vex &&
                                 p[b].map == p[a].map && p[b].opcode == p[a].opcode;
             b++) {
            if (hides(&p[a], &p[b])) {
                g_test_message("%s (%s) hides %s (%s)", p[a].row->name, p[a].row->enc,
                               p[b].row->name, p[b].row->enc);
                g_test_fail();
            }
            /* Whether there is a ModRM byte must not depend on what follows. */
            g_assert_cmpint(p[a].has_modrm, ==, p[b].has_modrm);
        }
    }
}

/* --- capstone ------------------------------------------------------------------------
 */

static struct {
    cs_err (*open)(cs_arch arch, cs_mode mode, csh *handle);
    size_t (*disasm)(csh handle, const uint8_t *code, size_t size, uint64_t address,
                     size_t count, cs_insn **insn);
    void (*free)(cs_insn *insn, size_t count);
    cs_err (*close)(csh *handle);
} cs;

static bool load_capstone(void)
{
    void *lib = dlopen("libcapstone.so.4", RTLD_NOW);

    if (!lib) {
        return false;
    }
    *(void **)&cs.open = dlsym(lib, "cs_open");
    *(void **)&cs.disasm = dlsym(lib, "cs_disasm");
    *(void **)&cs.free = dlsym(lib, "cs_free");
    *(void **)&cs.close = dlsym(lib, "cs_close");
    return cs.open && cs.disasm && cs.free && cs.close;
}

static uint64_t rng = 88172645463325252ull;

static uint64_t rnd(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng;
}

/* Where capstone 4 and the processor (or our feature set) are known to differ. */
static bool ignore(const X86Insn *i, const uint8_t *b, const cs_insn *c)
{
    (void)b;
    /* String prefixes that capstone prints, 3DNow!, XOP and EVEX are not ours. */
    return !i->row || i->ref == x86_ref_ud || c->size > 15;
}

static void compare_mode(uint32_t mode, cs_mode csmode)
{
    csh handle;
    unsigned compared = 0, differ = 0;

    g_assert_cmpint(cs.open(CS_ARCH_X86, csmode, &handle), ==, CS_ERR_OK);
    for (unsigned n = 0; n < 60000; n++) {
        uint8_t b[16];
        cs_insn *c = NULL;
        X86Insn i;

        for (unsigned k = 0; k < 16; k++) {
            b[k] = rnd() >> 20;
        }
        if (n & 1) {
            b[0] = 0x0f;
        }
        if (x86_decode(cpu, mode, 0x1000, b, 16, &i) != X86_DECODE_OK ||
            !cs.disasm(handle, b, 16, 0x1000, 1, &c)) {
            continue;
        }
        if (!ignore(&i, b, c)) {
            compared++;
            if (i.len != c->size) {
                GString *hex = g_string_new(NULL);

                for (unsigned k = 0; k < 12; k++) {
                    g_string_append_printf(hex, "%02x ", b[k]);
                }
                differ++;
                g_test_message("%s: %s %u, capstone %s %s %u", hex->str, i.row->name,
                               i.len, c->mnemonic, c->op_str, c->size);
                g_string_free(hex, true);
            }
        }
        cs.free(c, 1);
    }
    cs.close(&handle);
    g_test_message("%u compared, %u differ", compared, differ);
    g_assert_cmpuint(compared, >, 20000);
    g_assert_cmpuint(differ, ==, 0);
}

static void test_capstone(void)
{
    if (!load_capstone()) {
        g_test_skip("libcapstone.so.4 is not installed");
        return;
    }
    compare_mode(MODE64, CS_MODE_64);
    compare_mode(MODE32, CS_MODE_32);
    compare_mode(MODE16, CS_MODE_16);
}

int main(int argc, char **argv)
{
    FlatMachine *m;
    int result;

    g_test_init(&argc, &argv, NULL);
    m = flat_new(1 << 20);
    cpu = m->cpu;
    g_test_add_func("/i386/decode/operands", test_operands);
    g_test_add_func("/i386/decode/err-undefined", test_must_fail);
    g_test_add_func("/i386/decode/err-privilege-and-mode", test_privilege_and_mode);
    g_test_add_func("/i386/decode/err-length", test_length);
    g_test_add_func("/i386/decode/no-row-is-hidden", test_no_row_is_hidden);
    g_test_add_func("/i386/decode/lengths-as-capstone", test_capstone);
    result = g_test_run();
    flat_free(m);
    return result;
}
