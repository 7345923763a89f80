/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RSM of states that cannot be: the processor shuts down, which no program sees. What
 * one sees is in tests/isa/bare/smm.c.
 */
#include "i386-flat.h"

#include "accel/target/i386/system.h"

#include <string.h>

enum { AREA = 0x30000 };

typedef struct Field {
    uint16_t at;
    uint8_t bytes;
    uint64_t value;
} Field;

enum { CR0 = 0xff58, CR3 = 0xff50, CR4 = 0xff48, RFLAGS = 0xff70, EFER = 0xfed0 };
enum { CS_ATTR = 0xfe12, TABLES = 0x2000 };

typedef struct Case {
    const char *name;
    bool possible;
    Field field[5];
} Case;

/* clang-format off */
static const Case cases[] = {
    { "nothing changed", true, { { 0 } } },
    { "protection", true, { { CR0, 4, 0x11 } } },
    { "paging without protection", false, { { CR0, 4, 0x80000010 } } },
    { "not write-through without cache disabled", false, { { CR0, 4, 0x20000010 } } },
    { "reserved bit of CR4", false, { { CR4, 4, 1u << 31 } } },
    { "CR4.VME", true, { { CR4, 4, 1 } } },
    { "reserved bit of EFER", false, { { EFER, 8, 2 } } },
    { "EFER.LME without paging", true, { { EFER, 8, X86_EFER_LME } } },
    { "long mode", true, { { CR0, 4, 0x80000011 }, { CR4, 4, X86_CR4_PAE }, { EFER, 8, X86_EFER_LME } } },
    { "long mode without PAE", false, { { CR0, 4, 0x80000011 }, { EFER, 8, X86_EFER_LME } } },
    { "virtual-8086 mode in long mode", false,
      { { CR0, 4, 0x80000011 }, { CR4, 4, X86_CR4_PAE }, { EFER, 8, X86_EFER_LME }, { RFLAGS, 4, X86_FL_VM | 2 } } },
    { "CS.L and CS.D", false,
      { { CR0, 4, 0x80000011 }, { CR4, 4, X86_CR4_PAE }, { EFER, 8, X86_EFER_LME }, { CS_ATTR, 2, 0x69b } } },
    { "CR3 beyond physical memory", false,
      { { CR0, 4, 0x80000011 }, { CR4, 4, X86_CR4_PAE }, { EFER, 8, X86_EFER_LME }, { CR3, 8, 1ull << 50 } } },
    { "PCID outside of long mode", false, { { CR4, 4, X86_CR4_PCIDE } } },
    { "PAE", true, { { CR0, 4, 0x80000011 }, { CR4, 4, X86_CR4_PAE }, { CR3, 8, TABLES } } },
    { "PDPTE with reserved bits", false, { { CR0, 4, 0x80000011 }, { CR4, 4, X86_CR4_PAE }, { CR3, 8, TABLES + 32 } } },
};
/* clang-format on */

static void test_states(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(cases); k++) {
        FlatMachine *m = flat_new(1 << 20);
        const Case *c = &cases[k];
        uint64_t pdpte = 3;

        memcpy(m->ram + TABLES + 32, &pdpte, 8);
        x86_smm_enter(m->cpu);
        for (unsigned n = 0; n < G_N_ELEMENTS(c->field); n++) {
            memcpy(m->ram + AREA + c->field[n].at, &c->field[n].value,
                   c->field[n].bytes);
        }
        x86_smm_leave(m->cpu);
        if (m->triple_fault == c->possible) {
            g_test_message("%s", c->name);
            g_test_fail();
        }
        g_assert_false(m->cpu->in_smm);
        g_assert_cmpint(m->cpu->halted, ==, !c->possible);
        flat_free(m);
    }
}

/* LMA is what LME and PG say, whatever the area says. */
static void test_lma(void)
{
    FlatMachine *m = flat_new(1 << 20);
    uint64_t efer = X86_EFER_LMA;

    x86_smm_enter(m->cpu);
    memcpy(m->ram + AREA + EFER, &efer, 8);
    x86_smm_leave(m->cpu);
    g_assert_cmphex(m->cpu->efer, ==, 0);
    flat_free(m);
}

/* INIT waits for RSM, as SMI and NMI do. */
static void test_init_waits(void)
{
    FlatMachine *m = flat_new(1 << 20);

    x86_smm_enter(m->cpu);
    x86_irq_set(m->cpu, X86_IRQ_INIT | X86_IRQ_SMI | X86_IRQ_NMI);
    g_assert_false(x86_can_take_irq(m->cpu));
    g_assert_false(x86_handle_irq(m->cpu));
    x86_smm_leave(m->cpu);
    g_assert_true(x86_can_take_irq(m->cpu));
    g_assert_cmphex(m->cpu->irq_pending, ==, X86_IRQ_INIT | X86_IRQ_SMI | X86_IRQ_NMI);
    flat_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i386/smm/impossible-states-shut-down", test_states);
    g_test_add_func("/i386/smm/lma-follows-from-lme-and-pg", test_lma);
    g_test_add_func("/i386/smm/init-waits-for-rsm", test_init_waits);
    return g_test_run();
}
