/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local APIC and I/O APIC: registers, messages, level interrupts to their EOI. */
#include "libqtest.h"

#include <string.h>

#define APIC   0xfee00000u
#define IOAPIC 0xfec00000u

enum {
    ID = 0x20,
    VERSION = 0x30,
    TPR = 0x80,
    PPR = 0xa0,
    EOI = 0xb0,
    LDR = 0xd0,
    DFR = 0xe0,
    SVR = 0xf0,
    ISR = 0x100,
    TMR = 0x180,
    IRR = 0x200,
    ESR = 0x280,
    ICR = 0x300,
    ICR_HIGH = 0x310,
    LVT_TIMER = 0x320,
    LVT_LINT0 = 0x350,
    INITIAL_COUNT = 0x380,
    CURRENT_COUNT = 0x390,
    DIVIDE = 0x3e0,
};

static QTest *start_enabled(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_writel(qt, APIC + SVR, 0x1ff);
    return qt;
}

static bool in_vector(QTest *qt, unsigned reg, unsigned vector)
{
    return qtest_readl(qt, APIC + reg + (vector >> 5) * 16) >> (vector & 31) & 1;
}

static void ioapic_write(QTest *qt, unsigned reg, uint32_t value)
{
    qtest_writel(qt, IOAPIC, reg);
    qtest_writel(qt, IOAPIC + 0x10, value);
}

static uint32_t ioapic_read(QTest *qt, unsigned reg)
{
    qtest_writel(qt, IOAPIC, reg);
    return qtest_readl(qt, IOAPIC + 0x10);
}

static void registers_after_reset(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    g_assert_cmphex(qtest_readl(qt, APIC + ID), ==, 0);
    g_assert_cmphex(qtest_readl(qt, APIC + VERSION), ==, 0x00050014);
    g_assert_cmphex(qtest_readl(qt, APIC + SVR), ==, 0xff);
    g_assert_cmphex(qtest_readl(qt, APIC + DFR), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qt, APIC + LVT_LINT0), ==, 0x10000);
    g_assert_cmphex(ioapic_read(qt, 1), ==, 0x00170020);
    g_assert_cmphex(ioapic_read(qt, 0x10), ==, 0x00010000);
    qtest_quit(qt);
}

static void lvt_stays_masked_while_disabled(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_writel(qt, APIC + LVT_LINT0, 0x700);
    g_assert_cmphex(qtest_readl(qt, APIC + LVT_LINT0), ==, 0x10700);
    qtest_writel(qt, APIC + SVR, 0x1ff);
    qtest_writel(qt, APIC + LVT_LINT0, 0x700);
    g_assert_cmphex(qtest_readl(qt, APIC + LVT_LINT0), ==, 0x700);
    qtest_writel(qt, APIC + SVR, 0xff);
    g_assert_cmphex(qtest_readl(qt, APIC + LVT_LINT0), ==, 0x10700);
    qtest_quit(qt);
}

static void message_sets_the_request(void)
{
    QTest *qt = start_enabled();

    qtest_writel(qt, 0xfee00000, 0x0041); /* destination 0, fixed */
    g_assert_true(in_vector(qt, IRR, 0x41));
    g_assert_false(in_vector(qt, TMR, 0x41));
    qtest_writel(qt, 0xfee01000, 0x0042); /* destination 1: nobody */
    g_assert_false(in_vector(qt, IRR, 0x42));
    qtest_writel(qt, 0xfeeff000, 0x0043); /* all */
    g_assert_true(in_vector(qt, IRR, 0x43));
    qtest_quit(qt);
}

static void logical_destinations(void)
{
    QTest *qt = start_enabled();

    qtest_writel(qt, APIC + LDR, 0x02000000);
    qtest_writel(qt, 0xfee06004, 0x0051); /* flat: members 1 and 2 */
    g_assert_true(in_vector(qt, IRR, 0x51));
    qtest_writel(qt, 0xfee05004, 0x0052);
    g_assert_false(in_vector(qt, IRR, 0x52));
    qtest_writel(qt, APIC + DFR, 0x0fffffff);
    qtest_writel(qt, APIC + LDR, 0x31000000); /* cluster 3, member 0 */
    qtest_writel(qt, 0xfee33004, 0x0053);
    g_assert_true(in_vector(qt, IRR, 0x53));
    qtest_writel(qt, 0xfee41004, 0x0054);
    g_assert_false(in_vector(qt, IRR, 0x54));
    qtest_writel(qt, 0xfee33004, 0x0155); /* lowest priority */
    g_assert_true(in_vector(qt, IRR, 0x55));
    qtest_quit(qt);
}

static void disabled_apic_takes_nothing(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_writel(qt, 0xfee00000, 0x0041);
    g_assert_false(in_vector(qt, IRR, 0x41));
    qtest_quit(qt);
}

static void self_ipi_and_errors(void)
{
    QTest *qt = start_enabled();

    qtest_writel(qt, APIC + ICR, 0x00040061);
    g_assert_true(in_vector(qt, IRR, 0x61));
    qtest_writel(qt, APIC + ICR, 0x00040005); /* vectors below 16 cannot be sent */
    g_assert_cmphex(qtest_readl(qt, APIC + ESR), ==, 0);
    qtest_writel(qt, APIC + ESR, 0);
    g_assert_cmphex(qtest_readl(qt, APIC + ESR), ==, 0x20);
    qtest_writel(qt, APIC + ESR, 0);
    g_assert_cmphex(qtest_readl(qt, APIC + ESR), ==, 0);
    qtest_writel(qt, 0xfee00000, 0x0005);
    qtest_writel(qt, APIC + ESR, 0);
    g_assert_cmphex(qtest_readl(qt, APIC + ESR), ==, 0x40);
    qtest_quit(qt);
}

static void task_priority_is_processor_priority(void)
{
    QTest *qt = start_enabled();

    qtest_writel(qt, APIC + TPR, 0x5f);
    g_assert_cmphex(qtest_readl(qt, APIC + PPR), ==, 0x5f);
    qtest_quit(qt);
}

static void timer_one_shot(void)
{
    QTest *qt = start_enabled();

    qtest_writel(qt, APIC + DIVIDE, 0xb); /* by 1 */
    qtest_writel(qt, APIC + LVT_TIMER, 0x71);
    qtest_writel(qt, APIC + INITIAL_COUNT, 1000000);
    qtest_clock_step(qt, 400000);
    g_assert_cmpuint(qtest_readl(qt, APIC + CURRENT_COUNT), ==, 600000);
    g_assert_false(in_vector(qt, IRR, 0x71));
    qtest_clock_step(qt, 600000);
    g_assert_cmpuint(qtest_readl(qt, APIC + CURRENT_COUNT), ==, 0);
    g_assert_true(in_vector(qt, IRR, 0x71));
    qtest_quit(qt);
}

static void timer_periodic_with_divisor(void)
{
    QTest *qt = start_enabled();

    qtest_writel(qt, APIC + DIVIDE, 0x3); /* by 16 */
    qtest_writel(qt, APIC + LVT_TIMER, 0x20072);
    qtest_writel(qt, APIC + INITIAL_COUNT, 1000);
    qtest_clock_step(qt, 15999);
    g_assert_false(in_vector(qt, IRR, 0x72));
    qtest_clock_step(qt, 1);
    g_assert_true(in_vector(qt, IRR, 0x72));
    g_assert_cmpuint(qtest_readl(qt, APIC + CURRENT_COUNT), ==, 1000);
    qtest_clock_step(qt, 8000);
    g_assert_cmpuint(qtest_readl(qt, APIC + CURRENT_COUNT), ==, 500);
    qtest_writel(qt, APIC + INITIAL_COUNT, 0);
    g_assert_cmpuint(qtest_readl(qt, APIC + CURRENT_COUNT), ==, 0);
    qtest_quit(qt);
}

static void masked_timer_counts_silently(void)
{
    QTest *qt = start_enabled();

    qtest_writel(qt, APIC + DIVIDE, 0xb);
    qtest_writel(qt, APIC + LVT_TIMER, 0x10073);
    qtest_writel(qt, APIC + INITIAL_COUNT, 50000);
    qtest_clock_step(qt, 100000);
    g_assert_cmpuint(qtest_readl(qt, APIC + CURRENT_COUNT), ==, 0);
    g_assert_false(in_vector(qt, IRR, 0x73));
    qtest_quit(qt);
}

static void ioapic_edge(void)
{
    QTest *qt = start_enabled();

    ioapic_write(qt, 0x10 + 2 * 5, 0x0035);
    qtest_set_irq_in(qt, "/machine/i440fx/ioapic", NULL, 5, 1);
    g_assert_true(in_vector(qt, IRR, 0x35));
    g_assert_cmphex(ioapic_read(qt, 0x10 + 2 * 5), ==, 0x35);
    qtest_set_irq_in(qt, "/machine/i440fx/ioapic", NULL, 5, 0);
    /* An edge on a masked pin is gone. */
    ioapic_write(qt, 0x10 + 2 * 6, 0x10036);
    qtest_set_irq_in(qt, "/machine/i440fx/ioapic", NULL, 6, 1);
    ioapic_write(qt, 0x10 + 2 * 6, 0x0036);
    g_assert_false(in_vector(qt, IRR, 0x36));
    qtest_quit(qt);
}

static void ioapic_level_waits_for_eoi(void)
{
    QTest *qt = start_enabled();

    ioapic_write(qt, 0x10 + 2 * 10, 0xa03a); /* level, active low */
    qtest_set_irq_in(qt, "/machine/i440fx/ioapic", NULL, 10, 1);
    g_assert_true(in_vector(qt, IRR, 0x3a));
    g_assert_true(in_vector(qt, TMR, 0x3a));
    g_assert_cmphex(ioapic_read(qt, 0x10 + 2 * 10), ==, 0xe03a); /* remote IRR */
    qtest_set_irq_in(qt, "/machine/i440fx/ioapic", NULL, 10, 0);
    g_assert_cmphex(ioapic_read(qt, 0x10 + 2 * 10), ==, 0xe03a);
    qtest_writel(qt, IOAPIC + 0x40, 0x3a); /* directed EOI */
    g_assert_cmphex(ioapic_read(qt, 0x10 + 2 * 10), ==, 0xa03a);
    /* Still asserted at the EOI: it is sent again. */
    qtest_set_irq_in(qt, "/machine/i440fx/ioapic", NULL, 10, 1);
    qtest_writel(qt, IOAPIC + 0x40, 0x3a);
    g_assert_cmphex(ioapic_read(qt, 0x10 + 2 * 10), ==, 0xe03a);
    qtest_quit(qt);
}

static void ioapic_masked_level_comes_later(void)
{
    QTest *qt = start_enabled();

    ioapic_write(qt, 0x10 + 2 * 11, 0x1803b);
    qtest_set_irq_in(qt, "/machine/i440fx/ioapic", NULL, 11, 1);
    g_assert_false(in_vector(qt, IRR, 0x3b));
    ioapic_write(qt, 0x10 + 2 * 11, 0x803b);
    g_assert_true(in_vector(qt, IRR, 0x3b));
    qtest_quit(qt);
}

static void timer_line_arrives_at_pin_2(void)
{
    QTest *qt = start_enabled();

    ioapic_write(qt, 0x10 + 2 * 2, 0x0032);
    qtest_outb(qt, 0x43, 0x34);
    qtest_outb(qt, 0x40, 0xa9);
    qtest_outb(qt, 0x40, 0x04);
    qtest_clock_step(qt, 2000000);
    g_assert_true(in_vector(qt, IRR, 0x32));
    qtest_quit(qt);
}

static void resets_with_the_machine(void)
{
    QTest *qt = start_enabled();

    qtest_writel(qt, APIC + TPR, 0x20);
    ioapic_write(qt, 0x10 + 2 * 5, 0x0035);
    qtest_qmp_do(qt, "{'execute':'system_reset'}");
    json_object_put(qtest_wait_event(qt, "RESET"));
    g_assert_cmphex(qtest_readl(qt, APIC + SVR), ==, 0xff);
    g_assert_cmphex(qtest_readl(qt, APIC + TPR), ==, 0);
    g_assert_cmphex(ioapic_read(qt, 0x10 + 2 * 5), ==, 0x10000);
    qtest_quit(qt);
}

static void monitor_prints_them(void)
{
    QTest *qt = start_enabled();
    g_autofree char *pic = NULL, *irq = NULL, *lapic = NULL;

    qtest_writel(qt, 0xfee00000, 0x0041);
    pic = qtest_hmp(qt, "info pic");
    irq = qtest_hmp(qt, "info irq");
    lapic = qtest_hmp(qt, "info lapic");
    g_assert_true(g_str_has_prefix(pic, "ioapic0: ver=0x20 id=0x00 sel=0x00\n"));
    g_assert_nonnull(strstr(pic, "pic1: irr=00 imr=00 isr=00 hprio=0"));
    g_assert_nonnull(strstr(irq, "IRQ statistics for ioapic:\n 0: 1\n"));
    g_assert_nonnull(strstr(lapic, "IRR\t 65 \n"));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/apic/registers-after-reset", registers_after_reset);
    g_test_add_func("/qtest/apic/lvt-stays-masked-while-disabled",
                    lvt_stays_masked_while_disabled);
    g_test_add_func("/qtest/apic/message-sets-the-request", message_sets_the_request);
    g_test_add_func("/qtest/apic/logical-destinations", logical_destinations);
    g_test_add_func("/qtest/apic/disabled-takes-nothing", disabled_apic_takes_nothing);
    g_test_add_func("/qtest/apic/self-ipi-and-errors", self_ipi_and_errors);
    g_test_add_func("/qtest/apic/task-priority-is-processor-priority",
                    task_priority_is_processor_priority);
    g_test_add_func("/qtest/apic/timer-one-shot", timer_one_shot);
    g_test_add_func("/qtest/apic/timer-periodic-with-divisor",
                    timer_periodic_with_divisor);
    g_test_add_func("/qtest/apic/masked-timer-counts-silently",
                    masked_timer_counts_silently);
    g_test_add_func("/qtest/ioapic/edge", ioapic_edge);
    g_test_add_func("/qtest/ioapic/level-waits-for-eoi", ioapic_level_waits_for_eoi);
    g_test_add_func("/qtest/ioapic/masked-level-comes-later",
                    ioapic_masked_level_comes_later);
    g_test_add_func("/qtest/ioapic/timer-line-arrives-at-pin-2",
                    timer_line_arrives_at_pin_2);
    g_test_add_func("/qtest/intc/resets-with-the-machine", resets_with_the_machine);
    g_test_add_func("/qtest/intc/monitor-prints-them", monitor_prints_them);
    return g_test_run();
}
