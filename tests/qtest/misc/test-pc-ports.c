/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small legacy devices of a PC, each in its machine. */
#include "libqtest.h"

#include <string.h>

static void ports_after_reset(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    g_assert_cmphex(qtest_inb(qt, 0x61), ==, 0x30);
    g_assert_cmphex(qtest_inb(qt, 0x92), ==, 0x00);
    g_assert_cmphex(qtest_inb(qt, 0x80), ==, 0xff);
    g_assert_cmphex(qtest_inb(qt, 0xf0), ==, 0xff);
    g_assert_cmphex(qtest_inw(qt, 0x7e), ==, 0xffff);
    g_assert_cmphex(qtest_inb(qt, 0x4d0), ==, 0x00);
    g_assert_cmphex(qtest_inb(qt, 0x4d1), ==, 0x00);
    g_assert_cmphex(qtest_inl(qt, 0x5658), ==, 0xffffffff); /* no CPU asks */
    qtest_quit(qt);
}

static void port92_gates_and_resets(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, 0x92, 0x02);
    g_assert_cmphex(qtest_inb(qt, 0x92), ==, 0x02);
    qtest_outb(qt, 0x92, 0x03);
    json_object_put(qtest_wait_event(qt, "RESET"));
    g_assert_cmphex(qtest_inb(qt, 0x92), ==, 0x00);
    qtest_quit(qt);
}

static void keyboard_controller_resets(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, 0x64, 0xfe);
    json_object_put(qtest_wait_event(qt, "RESET"));
    qtest_quit(qt);
}

static void keys_come_from_the_monitor(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");
    g_autofree char *mice = NULL, *bad = NULL;

    qtest_irq_intercept_in(qt, "/machine/i440fx/ioapic");
    qtest_outb(qt, 0x64, 0x60);
    qtest_outb(qt, 0x60, 0x43);
    g_free(qtest_hmp(qt, "sendkey ctrl-a"));
    g_assert_true(qtest_get_irq(qt, 1));
    g_assert_cmphex(qtest_inb(qt, 0x60), ==, 0x1d);
    g_assert_cmphex(qtest_inb(qt, 0x60), ==, 0x1e);
    qtest_clock_step(qt, 100000000); /* they are held for 100 ms */
    g_assert_cmphex(qtest_inb(qt, 0x60), ==, 0x9e);
    g_assert_cmphex(qtest_inb(qt, 0x60), ==, 0x9d);
    g_assert_cmphex(qtest_inb(qt, 0x64) & 1, ==, 0);
    bad = qtest_hmp(qt, "sendkey nokey");
    g_assert_cmpstr(bad, ==, "invalid parameter: nokey\n");
    qtest_qmp_do(qt, "{'execute':'send-key','arguments':{'keys':["
                     "{'type':'qcode','data':'ret'}]}}");
    g_assert_cmphex(qtest_inb(qt, 0x60), ==, 0x1c);
    mice = qtest_hmp(qt, "info mice");
    g_assert_cmpstr(mice, ==, "* Mouse #2: QEMU PS/2 Mouse\n");
    qtest_quit(qt);
}

static void panic_reaches_the_monitor(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device pvpanic");

    g_assert_cmphex(qtest_inb(qt, 0x505), ==, 3);
    qtest_outb(qt, 0x505, 1);
    json_object_put(qtest_wait_event(qt, "GUEST_PANICKED"));
    qtest_quit(qt);
}

static void pvpanic_elsewhere(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device pvpanic,ioport=0x600,events=2");

    g_assert_cmphex(qtest_inb(qt, 0x600), ==, 2);
    g_assert_cmphex(qtest_inb(qt, 0x505), ==, 0xff);
    qtest_quit(qt);
}

static void rtc_in_its_machine(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -rtc base=2020-02-29T12:34:56");

    qtest_outb(qt, 0x70, 0x04);
    g_assert_cmphex(qtest_inb(qt, 0x71), ==, 0x12);
    qtest_outb(qt, 0x70, 0x32);
    g_assert_cmphex(qtest_inb(qt, 0x71), ==, 0x20);
    qtest_irq_intercept_in(qt, "/machine/i440fx/ioapic");
    qtest_outb(qt, 0x70, 0x0b);
    qtest_outb(qt, 0x71, 0x12);
    qtest_clock_step(qt, 1000000000);
    g_assert_true(qtest_get_irq(qt, 8));
    qtest_outb(qt, 0x70, 0x0c);
    g_assert_cmphex(qtest_inb(qt, 0x71) & 0x90, ==, 0x90);
    g_assert_false(qtest_get_irq(qt, 8));
    qtest_quit(qt);
}

static void timer_in_its_machine(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, 0x43, 0xe2);
    g_assert_cmphex(qtest_inb(qt, 0x40), ==, 0x86); /* mode 3 runs */
    qtest_outb(qt, 0x20, 0x11);
    qtest_outb(qt, 0x21, 0x08);
    qtest_outb(qt, 0x21, 0x04);
    qtest_outb(qt, 0x21, 0x01);
    g_assert_cmphex(qtest_inb(qt, 0x20) & 1, ==, 0);
    qtest_clock_step(qt, 60000000);
    g_assert_cmphex(qtest_inb(qt, 0x20) & 1, ==, 1);
    qtest_quit(qt);
}

static void dma_registers_in_their_machine(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, 0x0c, 0);
    qtest_outb(qt, 0x04, 0x34);
    qtest_outb(qt, 0x04, 0x12);
    g_assert_cmphex(qtest_inb(qt, 0x04), ==, 0x34);
    g_assert_cmphex(qtest_inb(qt, 0x04), ==, 0x12);
    qtest_outb(qt, 0xd8, 0);
    qtest_outb(qt, 0xc4, 0x78);
    qtest_outb(qt, 0xc4, 0x56);
    g_assert_cmphex(qtest_inb(qt, 0xc4), ==, 0x78);
    qtest_outb(qt, 0x83, 0x55);
    g_assert_cmphex(qtest_inb(qt, 0x83), ==, 0x55);
    qtest_quit(qt);
}

/* Neither answers without a CPU that asks: the map shows that they are there. */
static void backdoors_are_mapped(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");
    g_autofree char *map = qtest_hmp(qt, "info mtree"), *without = NULL;

    g_assert_nonnull(
        strstr(map, "000000000000007e-000000000000007f (prio 0, i/o): kvmvapic"));
    g_assert_nonnull(
        strstr(map, "0000000000005658-0000000000005658 (prio 0, i/o): vmport"));
    qtest_quit(qt);

    qt = qtest_start("-M pc,vmport=off -nodefaults");
    without = qtest_hmp(qt, "info mtree");
    g_assert_null(strstr(without, "vmport"));
    g_assert_nonnull(strstr(without, "kvmvapic"));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/pc-ports/after-reset", ports_after_reset);
    g_test_add_func("/qtest/port92/gates-and-resets", port92_gates_and_resets);
    g_test_add_func("/qtest/i8042/pulse-resets", keyboard_controller_resets);
    g_test_add_func("/qtest/i8042/keys-come-from-the-monitor",
                    keys_come_from_the_monitor);
    g_test_add_func("/qtest/pvpanic/panic-reaches-the-monitor",
                    panic_reaches_the_monitor);
    g_test_add_func("/qtest/pvpanic/port-and-events-are-properties", pvpanic_elsewhere);
    g_test_add_func("/qtest/rtc/starts-at-base-and-interrupts", rtc_in_its_machine);
    g_test_add_func("/qtest/i8254/ticks-reach-the-8259", timer_in_its_machine);
    g_test_add_func("/qtest/i8257/registers", dma_registers_in_their_machine);
    g_test_add_func("/qtest/pc-ports/backdoors-are-mapped", backdoors_are_mapped);
    return g_test_run();
}
