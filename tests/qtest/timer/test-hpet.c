/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HPET as its specification programs it. */
#include "libqtest.h"

#define HPET   0xfed00000u
#define APIC   0xfee00000u
#define IOAPIC 0xfec00000u

enum {
    CAP = 0x000,
    CONF = 0x010,
    STATUS = 0x020,
    COUNTER = 0x0f0,
    T0_CONF = 0x100,
    T0_COMP = 0x108,
    T1_CONF = 0x120,
    T2_CONF = 0x140,
    T2_COMP = 0x148,
};

static void capabilities(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    g_assert_cmphex(qtest_readq(qt, HPET + CAP), ==, 0x009896808086a201);
    g_assert_cmphex(qtest_readl(qt, HPET + CAP + 4), ==, 0x00989680);
    g_assert_cmphex(qtest_readq(qt, HPET + CONF), ==, 0);
    g_assert_cmphex(qtest_readq(qt, HPET + T0_CONF), ==, 0x0000000400000030);
    g_assert_cmphex(qtest_readq(qt, HPET + T1_CONF), ==, 0x0000000400000030);
    g_assert_cmphex(qtest_readq(qt, HPET + T2_CONF), ==, 0x0000000400000030);
    g_assert_cmphex(qtest_readq(qt, HPET + T0_COMP), ==, UINT64_MAX);
    g_assert_cmphex(qtest_readq(qt, HPET + 0x160), ==, 0);
    qtest_quit(qt);
}

static void counter_runs_while_enabled(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_clock_step(qt, 1000);
    g_assert_cmpuint(qtest_readq(qt, HPET + COUNTER), ==, 0);
    qtest_writeq(qt, HPET + CONF, 1);
    qtest_clock_step(qt, 1000);
    g_assert_cmpuint(qtest_readq(qt, HPET + COUNTER), ==, 100);
    qtest_writeq(qt, HPET + CONF, 0);
    qtest_clock_step(qt, 1000);
    g_assert_cmpuint(qtest_readq(qt, HPET + COUNTER), ==, 100);
    qtest_writel(qt, HPET + COUNTER + 4, 1);
    g_assert_cmphex(qtest_readq(qt, HPET + COUNTER), ==, 0x100000064);
    qtest_quit(qt);
}

static void level_timer_sets_its_status(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_irq_intercept_in(qt, "/machine/i440fx/ioapic");
    qtest_writeq(qt, HPET + T2_COMP, 1000);
    qtest_writeq(qt, HPET + T2_CONF, 2 << 9 | 1 << 2 | 1 << 1); /* GSI 2, level */
    qtest_writeq(qt, HPET + CONF, 1);
    qtest_clock_step(qt, 9990);
    g_assert_cmphex(qtest_readq(qt, HPET + STATUS), ==, 0);
    qtest_clock_step(qt, 10);
    g_assert_cmphex(qtest_readq(qt, HPET + STATUS), ==, 4);
    g_assert_true(qtest_get_irq(qt, 2));
    qtest_writeq(qt, HPET + STATUS, 4);
    g_assert_cmphex(qtest_readq(qt, HPET + STATUS), ==, 0);
    g_assert_false(qtest_get_irq(qt, 2));
    qtest_quit(qt);
}

static void periodic_timer_replaces_the_pit(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_writel(qt, APIC + 0xf0, 0x1ff);
    qtest_writel(qt, IOAPIC, 0x14); /* pin 2 */
    qtest_writel(qt, IOAPIC + 0x10, 0x0040);
    /* Silence the PIT, which came first: then the HPET has the line. */
    qtest_writeq(qt, HPET + CONF, 2);
    qtest_writeq(qt, HPET + T0_CONF, 1 << 6 | 1 << 3 | 1 << 2);
    qtest_writeq(qt, HPET + T0_COMP, 100000);
    qtest_writeq(qt, HPET + T0_COMP, 100000);
    g_assert_cmphex(qtest_readl(qt, HPET + T0_CONF) & 0x40, ==, 0);
    qtest_clock_step(qt, 200000000); /* four PIT ticks */
    g_assert_cmphex(qtest_readl(qt, APIC + 0x220), ==, 0);
    qtest_writeq(qt, HPET + CONF, 3);
    qtest_clock_step(qt, 1000000);
    g_assert_cmphex(qtest_readl(qt, APIC + 0x220), ==, 1);
    g_assert_cmpuint(qtest_readq(qt, HPET + T0_COMP), ==, 200000);
    qtest_clock_step(qt, 5000000);
    g_assert_cmpuint(qtest_readq(qt, HPET + T0_COMP), ==, 700000);
    qtest_quit(qt);
}

static void comparator_of_32_bits_wraps(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_writeq(qt, HPET + COUNTER, 0xffffff00);
    qtest_writeq(qt, HPET + T2_CONF, 1 << 8 | 2 << 9 | 1 << 2 | 1 << 1);
    qtest_writeq(qt, HPET + T2_COMP, 0x10);
    qtest_writeq(qt, HPET + CONF, 1);
    qtest_clock_step(qt, 0x10f * 10);
    g_assert_cmphex(qtest_readq(qt, HPET + STATUS), ==, 0);
    qtest_clock_step(qt, 10);
    g_assert_cmphex(qtest_readq(qt, HPET + STATUS), ==, 4);
    qtest_quit(qt);
}

static void absurd_periods_are_thinned(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_writeq(qt, HPET + T0_CONF, 1 << 6 | 1 << 3 | 1 << 2 | 1 << 1);
    qtest_writeq(qt, HPET + T0_COMP, 1);
    qtest_writeq(qt, HPET + CONF, 1);
    qtest_clock_step(qt, 1000000);
    g_assert_cmpuint(qtest_readq(qt, HPET + T0_COMP), >=, 100000);
    qtest_quit(qt);
}

static void machine_can_do_without(void)
{
    QTest *qt = qtest_start("-M pc,hpet=off -nodefaults");

    g_assert_cmphex(qtest_readq(qt, HPET + CAP), ==, 0);
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/hpet/capabilities", capabilities);
    g_test_add_func("/qtest/hpet/counter-runs-while-enabled",
                    counter_runs_while_enabled);
    g_test_add_func("/qtest/hpet/level-timer-sets-its-status",
                    level_timer_sets_its_status);
    g_test_add_func("/qtest/hpet/periodic-timer-replaces-the-pit",
                    periodic_timer_replaces_the_pit);
    g_test_add_func("/qtest/hpet/comparator-of-32-bits-wraps",
                    comparator_of_32_bits_wraps);
    g_test_add_func("/qtest/hpet/absurd-periods-are-thinned",
                    absurd_periods_are_thinned);
    g_test_add_func("/qtest/hpet/machine-can-do-without", machine_can_do_without);
    return g_test_run();
}
