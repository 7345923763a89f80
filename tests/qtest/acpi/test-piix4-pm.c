/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 82371AB function 3: ACPI blocks, PM timer, APM, SMBus; hotplug register blocks. */
#include "libqtest.h"

#include <string.h>

#define PM       QPCI_DEVFN(1, 3)
#define PM_BASE  0x600
#define PM1_STS  (PM_BASE + 0)
#define PM1_EN   (PM_BASE + 2)
#define PM1_CNT  (PM_BASE + 4)
#define PM_TMR   (PM_BASE + 8)
#define GPE_STS  0xafe0
#define GPE_EN   0xafe2
#define SCI      9
#define TIMER_HZ 3579545

static QTest *start_pm(const char *more)
{
    QTest *qt = qtest_startf("-M pc -nodefaults %s", more);

    qpci_writel(qt, PM, 0x40, PM_BASE | 1);
    qpci_writeb(qt, PM, 0x80, 1);
    return qt;
}

static void blocks_move_with_the_base(void)
{
    QTest *qt = start_pm("");

    qtest_outw(qt, PM1_EN, 0x0120);
    g_assert_cmphex(qtest_inw(qt, PM1_EN), ==, 0x0120);
    qpci_writel(qt, PM, 0x40, 0xb000 | 1);
    g_assert_cmphex(qtest_inw(qt, PM1_EN), ==, 0xffff);
    g_assert_cmphex(qtest_inw(qt, 0xb002), ==, 0x0120);
    qpci_writeb(qt, PM, 0x80, 0);
    g_assert_cmphex(qtest_inw(qt, 0xb002), ==, 0xffff);
    qtest_quit(qt);
}

static void timer_counts_at_3579545_hz(void)
{
    QTest *qt = start_pm("");

    uint32_t before = qtest_inl(qt, PM_TMR);
    qtest_clock_step(qt, 1000000000);
    g_assert_cmpuint((qtest_inl(qt, PM_TMR) - before) & 0xffffff, ==, TIMER_HZ);
    qtest_quit(qt);
}

static void timer_overflow_raises_the_sci(void)
{
    QTest *qt = start_pm("");

    qtest_irq_intercept_in(qt, "ioapic");
    qtest_outw(qt, PM1_EN, 1);
    g_assert_false(qtest_get_irq(qt, SCI));
    qtest_clock_step(qt, (int64_t)0x800000 * 1000000000 / TIMER_HZ + 1000);
    g_assert_cmphex(qtest_inw(qt, PM1_STS) & 1, ==, 1);
    g_assert_true(qtest_get_irq(qt, SCI));
    qtest_outw(qt, PM1_STS, 1);
    g_assert_cmphex(qtest_inw(qt, PM1_STS) & 1, ==, 0);
    g_assert_false(qtest_get_irq(qt, SCI));
    qtest_quit(qt);
}

static void power_button_raises_the_sci(void)
{
    QTest *qt = start_pm("");

    qtest_irq_intercept_in(qt, "ioapic");
    qtest_outw(qt, PM1_EN, 0x100);
    qtest_qmp_do(qt, "{\"execute\":\"system_powerdown\"}");
    json_object_put(qtest_wait_event(qt, "POWERDOWN"));
    g_assert_cmphex(qtest_inw(qt, PM1_STS) & 0x100, ==, 0x100);
    g_assert_true(qtest_get_irq(qt, SCI));
    qtest_outw(qt, PM1_STS, 0x100);
    g_assert_false(qtest_get_irq(qt, SCI));
    qtest_quit(qt);
}

static void sleep_enable_reads_zero(void)
{
    QTest *qt = start_pm("");

    qtest_outw(qt, PM1_CNT, 0x1c01);
    g_assert_cmphex(qtest_inw(qt, PM1_CNT), ==, 0x1c01);
    qtest_outw(qt, PM1_CNT, 0x3c01); /* type 7 is no state: nothing happens */
    g_assert_cmphex(qtest_inw(qt, PM1_CNT), ==, 0x1c01);
    qtest_quit(qt);
}

static void soft_off_shuts_down(void)
{
    QTest *qt = start_pm("-no-shutdown");

    qtest_outw(qt, PM1_CNT, 0x2000);
    json_object_put(qtest_wait_event(qt, "SHUTDOWN"));
    qtest_quit(qt);
}

/* -no-reboot makes a power-off of any reset, and -no-shutdown a stop of that. */
static void reset_can_stop_the_machine(void)
{
    QTest *qt = start_pm("-no-reboot -no-shutdown");

    json_object_put(qtest_qmp(qt, "{\"execute\":\"system_reset\"}"));
    json_object_put(qtest_wait_event(qt, "SHUTDOWN"));
    json_object_put(qtest_wait_event(qt, "STOP"));
    qtest_quit(qt);
}

static void apm_port_switches_acpi_mode(void)
{
    QTest *qt = start_pm("");

    qtest_outb(qt, 0xb2, 0xf1);
    g_assert_cmphex(qtest_inb(qt, 0xb2), ==, 0xf1);
    g_assert_cmphex(qtest_inw(qt, PM1_CNT) & 1, ==, 1);
    qtest_outb(qt, 0xb3, 0x5a);
    qtest_outb(qt, 0xb2, 0xf0);
    g_assert_cmphex(qtest_inw(qt, PM1_CNT) & 1, ==, 0);
    g_assert_cmphex(qtest_inb(qt, 0xb3), ==, 0x5a);
    qtest_quit(qt);
}

static void smbus_reads_an_spd_memory(void)
{
    QTest *qt = start_pm("");

    qtest_outb(qt, 0xb100, 0x1e);
    qtest_outb(qt, 0xb104, 0x50 << 1); /* write 12 34 to it */
    qtest_outb(qt, 0xb103, 0x12);
    qtest_outb(qt, 0xb105, 0x34);
    qtest_outb(qt, 0xb102, 0x48);
    g_assert_cmphex(qtest_inb(qt, 0xb100), ==, 0x02);
    qtest_outb(qt, 0xb100, 0x02);
    g_assert_cmphex(qtest_inb(qt, 0xb100), ==, 0);
    qtest_outb(qt, 0xb105, 0);
    qtest_outb(qt, 0xb104, 0x50 << 1 | 1);
    qtest_outb(qt, 0xb102, 0x48);
    g_assert_cmphex(qtest_inb(qt, 0xb100), ==, 0x02);
    g_assert_cmphex(qtest_inb(qt, 0xb105), ==, 0x34);
    qtest_quit(qt);
}

static void smbus_reports_an_absent_slave(void)
{
    QTest *qt = start_pm("");

    qtest_outb(qt, 0xb104, 0x58 << 1 | 1);
    qtest_outb(qt, 0xb102, 0x48);
    g_assert_cmphex(qtest_inb(qt, 0xb100), ==, 0x04);
    qtest_quit(qt);
}

/* --- PCI hotplug --- */

static void pci_hotplug_tells_and_ejects(void)
{
    QTest *qt = start_pm("");

    qtest_irq_intercept_in(qt, "ioapic");
    qtest_outw(qt, GPE_EN, 0x0002);
    g_assert_cmphex(qtest_inl(qt, 0xae0c), ==, 0xfffffffc);
    qtest_qmp_do(qt, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"edu\","
                     "\"addr\":\"7\",\"id\":\"e7\"}}");
    g_assert_cmphex(qtest_inw(qt, GPE_STS), ==, 0x0002);
    g_assert_true(qtest_get_irq(qt, SCI));
    g_assert_cmphex(qtest_inl(qt, 0xae00), ==, 0x80);
    g_assert_cmphex(qtest_inl(qt, 0xae00), ==, 0);
    qtest_outw(qt, GPE_STS, 0x0002);
    g_assert_false(qtest_get_irq(qt, SCI));
    qtest_qmp_do(qt, "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"e7\"}}");
    qtest_qmp_fails(qt, "Device e7 is already in the process of unplug",
                    "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"e7\"}}");
    g_assert_cmphex(qtest_inl(qt, 0xae04), ==, 0x80);
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(7, 0), 0), ==, 0x11e81234);
    qtest_outl(qt, 0xae08, 0x80);
    json_object_put(qtest_wait_event(qt, "DEVICE_DELETED"));
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(7, 0), 0), ==, 0xffffffff);
    qtest_quit(qt);
}

static void pci_hotplug_tells_the_acpi_index(void)
{
    QTest *qt = start_pm("-device edu,addr=8,acpi-index=5");

    qtest_outl(qt, 0xae14, 0x100);
    g_assert_cmpuint(qtest_inl(qt, 0xae14), ==, 5);
    qtest_outl(qt, 0xae10, 7); /* no such bus */
    g_assert_cmphex(qtest_inl(qt, 0xae0c), ==, 0);
    qtest_quit(qt);
}

static void chipset_slots_cannot_be_ejected(void)
{
    QTest *qt = start_pm("");

    qtest_outl(qt, 0xae08, 0x2);
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(1, 0), 0), ==, 0x70008086);
    qtest_quit(qt);
}

/* The bus behind a bridge has selector 1; the bridge itself stays. */
static void pci_hotplug_reaches_behind_a_bridge(void)
{
    QTest *qt = start_pm("-device pci-bridge,id=br,chassis_nr=1,addr=5");

    g_assert_cmphex(qtest_inl(qt, 0xae0c), ==, 0xffffffdc);
    qtest_qmp_do(qt, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"edu\","
                     "\"bus\":\"br\",\"addr\":\"3\",\"id\":\"e3\"}}");
    g_assert_cmphex(qtest_inl(qt, 0xae00), ==, 0);
    qtest_outl(qt, 0xae10, 1);
    g_assert_cmphex(qtest_inl(qt, 0xae00), ==, 0x08);
    qtest_qmp_do(qt, "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"e3\"}}");
    g_assert_cmphex(qtest_inl(qt, 0xae04), ==, 0x08);
    qtest_outl(qt, 0xae08, 0x08);
    json_object_put(qtest_wait_event(qt, "DEVICE_DELETED"));
    qtest_outl(qt, 0xae10, 0);
    qtest_outl(qt, 0xae08, 0x20);
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(5, 0), 0), ==, 0x00011b36);
    qtest_quit(qt);
}

static void reset_finishes_a_pending_removal(void)
{
    QTest *qt = start_pm("-device edu,addr=7,id=e7");

    qtest_qmp_do(qt, "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"e7\"}}");
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(7, 0), 0), ==, 0x11e81234);
    qtest_qmp_do(qt, "{\"execute\":\"system_reset\"}");
    json_object_put(qtest_wait_event(qt, "DEVICE_DELETED"));
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(7, 0), 0), ==, 0xffffffff);
    qtest_quit(qt);
}

/* --- CPU hotplug --- */

static void cpu_block_starts_as_a_bitmap(void)
{
    QTest *qt = start_pm("-smp 2,maxcpus=4");

    g_assert_cmphex(qtest_inb(qt, 0xaf00), ==, 0x03);
    qtest_outl(qt, 0xaf00, 0);
    g_assert_cmphex(qtest_inb(qt, 0xaf04), ==, 0x01);
    qtest_outl(qt, 0xaf00, 1);
    qtest_outb(qt, 0xaf05, 3);
    g_assert_cmpuint(qtest_inl(qt, 0xaf08), ==, 1);
    qtest_outl(qt, 0xaf00, 3);
    g_assert_cmphex(qtest_inb(qt, 0xaf04), ==, 0);
    qtest_outl(qt, 0xaf00, 4);
    g_assert_cmphex(qtest_inb(qt, 0xaf04), ==, 0);
    qtest_quit(qt);
}

/* --- Memory hotplug --- */

#define MEMHP "-m 1G,slots=3,maxmem=4G"
#define ADD_BACKEND                                                                   \
    "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":\"memory-backend-ram\"," \
    "\"id\":\"m0\",\"size\":536870912}}"
#define ADD_DIMM                                                                \
    "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"pc-dimm\",\"id\":" \
    "\"d0\",\"memdev\":\"m0\"}}"
#define DEL_DIMM "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"d0\"}}"

static void plugged_dimm_shows_in_its_slot(void)
{
    QTest *qt = start_pm(MEMHP);

    qtest_outw(qt, GPE_EN, 0x0008);
    qtest_irq_intercept_in(qt, "ioapic");
    qtest_qmp_do(qt, ADD_BACKEND);
    qtest_qmp_do(qt, ADD_DIMM);
    g_assert_cmphex(qtest_inw(qt, GPE_STS), ==, 0x0008);
    g_assert_true(qtest_get_irq(qt, SCI));
    qtest_outl(qt, 0xa00, 0);
    g_assert_cmphex(qtest_inl(qt, 0xa00), ==, 0);
    g_assert_cmphex(qtest_inl(qt, 0xa04), ==, 1);
    g_assert_cmphex(qtest_inl(qt, 0xa08), ==, 0x20000000);
    g_assert_cmphex(qtest_inb(qt, 0xa14), ==, 0x03);
    qtest_outb(qt, 0xa14, 0x02);
    g_assert_cmphex(qtest_inb(qt, 0xa14), ==, 0x01);
    qtest_writeq(qt, 0x100000000ull, 0x1122334455667788ull);
    g_assert_cmphex(qtest_readq(qt, 0x100000000ull), ==, 0x1122334455667788ull);
    qtest_outl(qt, 0xa00, 9);
    g_assert_cmphex(qtest_inb(qt, 0xa14), ==, 0);
    qtest_quit(qt);
}

static void eject_takes_the_dimm_out(void)
{
    QTest *qt = start_pm(MEMHP);

    qtest_qmp_do(qt, ADD_BACKEND);
    qtest_qmp_do(qt, ADD_DIMM);
    qtest_outl(qt, 0xa00, 0);
    qtest_outb(qt, 0xa14, 0x02);
    qtest_qmp_do(qt, DEL_DIMM);
    qtest_qmp_do(qt, DEL_DIMM);
    g_assert_cmphex(qtest_inb(qt, 0xa14), ==, 0x05);
    qtest_outb(qt, 0xa14, 0x04);
    qtest_outb(qt, 0xa14, 0x08);
    json_object_put(qtest_wait_event(qt, "DEVICE_DELETED"));
    g_assert_cmphex(qtest_inb(qt, 0xa14), ==, 0);
    g_assert_cmphex(qtest_readq(qt, 0x100000000ull), ==, 0);
    qtest_qmp_do(qt, "{\"execute\":\"object-del\",\"arguments\":{\"id\":\"m0\"}}");
    qtest_quit(qt);
}

static void refusal_is_reported_with_its_reason(void)
{
    QTest *qt = start_pm(MEMHP);

    qtest_qmp_do(qt, ADD_BACKEND);
    qtest_qmp_do(qt, ADD_DIMM);
    qtest_qmp_do(qt, DEL_DIMM);
    g_autofree char *waiting = qtest_hmp(qt, "info memory-devices -v");
    g_assert_nonnull(strstr(waiting, "unplug: requested"));
    qtest_outl(qt, 0xa00, 0);
    qtest_outl(qt, 0xa04, 3);
    qtest_outl(qt, 0xa08, 0x84);
    g_autofree char *busy = qtest_hmp(qt, "info memory-devices -v");
    g_assert_nonnull(strstr(busy, "in progress"));
    g_assert_false(qtest_has_event(qt, "DEVICE_UNPLUG_GUEST_ERROR"));
    qtest_outl(qt, 0xa04, 3);
    qtest_outl(qt, 0xa08, 0x81);
    json_object_put(qtest_wait_event(qt, "DEVICE_UNPLUG_GUEST_ERROR"));
    g_autofree char *refused = qtest_hmp(qt, "info memory-devices -v");
    g_assert_nonnull(strstr(refused, "refused by the guest: device busy (0x81)"));
    g_autofree char *plain = qtest_hmp(qt, "info memory-devices");
    g_assert_null(strstr(plain, "unplug"));
    qtest_quit(qt);
}

/* smbus=off: no EEPROMs, and the host controller cannot be switched on. */
static void smbus_can_be_left_out(void)
{
    QTest *qt = qtest_start("-M pc,smbus=off -nodefaults");
    g_autofree char *tree = qtest_hmp(qt, "info qtree");

    g_assert_null(strstr(tree, "smbus-eeprom"));
    qpci_writel(qt, QPCI_DEVFN(1, 3), 0x90, 0xb101);
    qpci_writeb(qt, QPCI_DEVFN(1, 3), 0xd2, 0x01);
    g_assert_cmphex(qpci_readb(qt, QPCI_DEVFN(1, 3), 0xd2), ==, 0);
    g_assert_cmphex(qtest_inb(qt, 0xb102), ==, 0xff);
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/piix4-pm/blocks-move-with-the-base", blocks_move_with_the_base);
    g_test_add_func("/piix4-pm/timer-counts-at-3579545-hz", timer_counts_at_3579545_hz);
    g_test_add_func("/piix4-pm/timer-overflow-raises-the-sci",
                    timer_overflow_raises_the_sci);
    g_test_add_func("/piix4-pm/power-button-raises-the-sci",
                    power_button_raises_the_sci);
    g_test_add_func("/piix4-pm/sleep-enable-reads-zero", sleep_enable_reads_zero);
    g_test_add_func("/piix4-pm/soft-off-shuts-down", soft_off_shuts_down);
    g_test_add_func("/piix4-pm/reset-can-stop-the-machine", reset_can_stop_the_machine);
    g_test_add_func("/piix4-pm/apm-port-switches-acpi-mode",
                    apm_port_switches_acpi_mode);
    g_test_add_func("/pm-smbus/reads-an-spd-memory", smbus_reads_an_spd_memory);
    g_test_add_func("/pm-smbus/reports-an-absent-slave", smbus_reports_an_absent_slave);
    g_test_add_func("/pcihp/tells-and-ejects", pci_hotplug_tells_and_ejects);
    g_test_add_func("/pcihp/tells-the-acpi-index", pci_hotplug_tells_the_acpi_index);
    g_test_add_func("/pcihp/chipset-slots-cannot-be-ejected",
                    chipset_slots_cannot_be_ejected);
    g_test_add_func("/pcihp/reaches-behind-a-bridge",
                    pci_hotplug_reaches_behind_a_bridge);
    g_test_add_func("/pcihp/reset-finishes-a-pending-removal",
                    reset_finishes_a_pending_removal);
    g_test_add_func("/cpu-hotplug/starts-as-a-bitmap", cpu_block_starts_as_a_bitmap);
    g_test_add_func("/memory-hotplug/plugged-dimm-shows-in-its-slot",
                    plugged_dimm_shows_in_its_slot);
    g_test_add_func("/memory-hotplug/eject-takes-the-dimm-out",
                    eject_takes_the_dimm_out);
    g_test_add_func("/memory-hotplug/refusal-is-reported-with-its-reason",
                    refusal_is_reported_with_its_reason);
    g_test_add_func("/qtest/piix4-pm/smbus-can-be-left-out", smbus_can_be_left_out);
    return g_test_run();
}
