/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether flags are dead at a target: random instructions, by opcode and by what the
 * decoder and the build functions say of them. */
#include "i386-flat.h"

#include "accel/target/i386/build.h"
#include "accel/target/i386/decode.h"
#include "accel/target/i386/flags-ahead.h"
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/system.h"

#include <string.h>

enum {
    CODE = 0x5000,
    PAGE = 4096,
    CASES = 200000,
    INSNS = 6,
};

static IrBlock *ir;

static bool overwrites(X86State *cpu, const X86Insn *i, uint32_t *dead)
{
    X86Build b = { .ir = ir, .cpu = cpu, .mode = cpu->mode, .insn = i, .count = 1 };
    bool is_lea = i->row && i->row->rules & X86_NOSEG;

    ir_block_reset(ir);
    if ((i->flags & X86_I_MEM && !is_lea) || !i->row || i->row->rules & X86_ENDS ||
        !x86_build_one(&b, i)) {
        return false;
    }
    for (unsigned k = 0; k < ir->count; k++) {
        const IrNode *n = &ir->node[k];

        if (ir_is_precise_point(n) || ir_flags_read(n) & ~*dead) {
            return false;
        }
        *dead |= ir_flags_written(n);
    }
    return true;
}

/* Instruction by instruction. */
static bool is_dead(X86State *cpu, const uint8_t *p, uint64_t pc, GString *text)
{
    uint32_t dead = 0;

    for (unsigned k = 0; k < INSNS; k++) {
        X86Insn i;

        if (x86_decode(cpu, cpu->mode, pc, p, CODE + PAGE - pc, &i) != X86_DECODE_OK) {
            return false;
        }
        for (unsigned x = 0; x < i.len; x++) {
            g_string_append_printf(text, " %02x", p[x]);
        }
        g_string_append_printf(text, " %s;", i.row ? i.row->name : "?");
        if (!overwrites(cpu, &i, &dead)) {
            return false;
        }
        if (dead == IR_FLAGS_ALL) {
            return true;
        }
        p += i.len;
        pc = i.next_rip;
    }
    return false;
}

static void fill(uint8_t *p, bool is64)
{
    for (unsigned k = 0; k < 64; k++) {
        p[k] = g_test_rand_int();
    }
    /* Mostly something common, with registers. */
    if (is64 && g_test_rand_int_range(0, 2)) {
        *p++ = 0x40 | g_test_rand_int_range(0, 16);
    }
    if (g_test_rand_int_range(0, 4) == 0) {
        *p++ = 0x0f;
    }
    if (g_test_rand_int_range(0, 2)) {
        p[1] |= 0xc0;
    }
}

static void test_same(gconstpointer data)
{
    bool is64 = data;
    FlatMachine *m = flat_new(1 << 20);
    X86State *cpu = m->cpu;
    unsigned found = 0;

    ir = ir_block_new();
    flat_enter_long_mode(m, is64);
    x86_tlb_get(cpu, CODE, SOFT_TLB_EXEC, cpu->view);
    for (unsigned k = 0; k < CASES; k++) {
        uint64_t pc = CODE + g_test_rand_int_range(0, PAGE - 64);
        X86FlagsAhead a = { .cpu = cpu, .pc = CODE + 0x800 };
        g_autoptr(GString) text = g_string_new(NULL);
        bool dead;

        fill(m->ram + pc, is64);
        dead = is_dead(cpu, m->ram + pc, pc, text);
        if (x86_flags_dead_at(&a, pc) != dead) {
            g_test_message("%d expected:%s", dead, text->str);
            g_test_fail();
        } else if (dead) {
            g_assert_cmpuint(a.lines >> (pc % PAGE / 64) & 1, ==, 1);
            found++;
        }
    }
    g_assert_cmpuint(found, >, CASES / 50);
    g_test_message("%u of %u are dead", found, CASES);
    ir_block_free(ir);
    flat_free(m);
}

static void test_elsewhere(void)
{
    static const uint8_t xor_eax_eax[] = { 0x31, 0xc0 };
    FlatMachine *m = flat_new(1 << 20);
    X86FlagsAhead a = { .cpu = m->cpu, .pc = CODE };

    flat_enter_long_mode(m, true);
    x86_tlb_get(m->cpu, CODE, SOFT_TLB_EXEC, m->cpu->view);
    for (unsigned k = 0; k < 3; k++) {
        memcpy(m->ram + CODE - 2 + k * (PAGE / 2), xor_eax_eax, sizeof(xor_eax_eax));
    }
    memcpy(m->ram + CODE + PAGE, xor_eax_eax, sizeof(xor_eax_eax));
    g_assert_false(x86_flags_dead_at(&a, CODE - 2));
    g_assert_true(x86_flags_dead_at(&a, CODE + PAGE / 2 - 2));
    /* The last bytes of the page. */
    g_assert_true(x86_flags_dead_at(&a, CODE + PAGE - 2));
    g_assert_false(x86_flags_dead_at(&a, CODE + PAGE - 1));
    g_assert_false(x86_flags_dead_at(&a, CODE + PAGE));
    flat_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/i386/flags-ahead/64", GINT_TO_POINTER(1), test_same);
    g_test_add_data_func("/i386/flags-ahead/32", NULL, test_same);
    g_test_add_func("/i386/flags-ahead/only-in-the-page", test_elsewhere);
    return g_test_run();
}
