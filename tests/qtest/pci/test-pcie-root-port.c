/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PCI Express root port: windows, slot events, power, the ACPI registers instead. */
#include "libqtest.h"

#include <string.h>

#define PORT    QPCI_DEVFN(2, 0)
#define EXP     0x54
#define SLTCTL  (EXP + 0x18)
#define SLTSTA  (EXP + 0x1a)
#define LNKSTA  (EXP + 0x12)
#define NATIVE  "-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off "
#define ABP     0x0001
#define PDC     0x0008
#define CC      0x0010
#define PDS     0x0040
#define POWERED 0x0140 /* indicators on and off, power on */
#define OFF     0x07c0

static QTest *start(const char *more)
{
    return qtest_startf("-M q35 -nodefaults -m 128M "
                        "-device pcie-root-port,id=rp,chassis=1,slot=3,addr=2 %s",
                        more);
}

static void add(QTest *qt)
{
    qtest_qmp_do(qt, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
                     "\"e1000e\",\"id\":\"e\",\"bus\":\"rp\",\"romfile\":\"\"}}");
}

static void ask_for_it_back(QTest *qt)
{
    qtest_qmp_do(qt, "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"e\"}}");
}

static void says_what_it_is(void)
{
    QTest *qt = start("-device pcie-root-port,id=r2,chassis=2,multifunction=on,addr=3");

    g_assert_cmphex(qpci_readl(qt, PORT, 0), ==, 0x000c1b36);
    g_assert_cmphex(qpci_find_capability(qt, PORT, 0x10), ==, EXP);
    g_assert_cmphex(qpci_find_capability(qt, PORT, 0x11), ==, 0x48);
    g_assert_cmphex(qpci_readw(qt, PORT, EXP + 2), ==, 0x0142);
    g_assert_cmphex(qpci_readl(qt, PORT, EXP + 0x14), ==, 0x001a007b);
    g_assert_cmphex(qpci_readw(qt, PORT, SLTCTL), ==, OFF);
    g_assert_cmphex(qpci_readw(qt, PORT, SLTSTA), ==, 0);
    /* Windows are closed: base above limit. */
    g_assert_cmphex(qpci_readl(qt, PORT, 0x20), ==, 0x0000fff0);
    g_assert_cmphex(qpci_readb(qt, PORT, 0x1c), ==, 0xf0);
    qtest_quit(qt);
}

static void places_are_unique(void)
{
    QTest *qt = start("");

    qtest_qmp_fails(qt, "Bus 'pcie.0' does not support hotplugging",
                    "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
                    "\"pcie-root-port\",\"chassis\":1,\"slot\":3}}");
    qtest_quit(qt);
}

static void card_behind_it_answers(void)
{
    QTest *qt = start("-device e1000e,bus=rp,romfile=");

    g_assert_cmphex(qpci_readw(qt, PORT, SLTSTA), ==, PDS);
    g_assert_cmphex(qpci_readw(qt, PORT, SLTCTL), ==, 0x01c0);
    g_assert_cmphex(qpci_readw(qt, PORT, LNKSTA) & 0x2000, ==, 0x2000);
    qpci_writel(qt, QPCI_DEVFN(0, 0), 0x60, 0xb0000001);
    g_assert_cmphex(qtest_readl(qt, 0xb0100000), ==, 0xffffffff);
    qpci_writel(qt, PORT, 0x18, 0x00010100); /* bus 1 behind it */
    g_assert_cmphex(qtest_readl(qt, 0xb0100000), ==, 0x10d38086);
    /* An endpoint now, not an integrated one. */
    g_assert_cmphex(qtest_readw(qt, 0xb01000e2), ==, 0x0001);
    qpci_writel(qt, PORT, 0x20, 0xfe10fe00); /* 2 MiB at fe000000 */
    qpci_writew(qt, PORT, 4, 7);
    qtest_writel(qt, 0xb0100010, 0xfe000000);
    qtest_writew(qt, 0xb0100004, 6);
    g_assert_cmphex(qtest_readl(qt, 0xfe005400), ==, 0x12005452); /* RAL */
    qtest_quit(qt);
}

static void native_plug_and_unplug(void)
{
    QTest *qt = start(NATIVE);

    qtest_irq_intercept_in(qt, "ioapic");
    qpci_writew(qt, PORT, SLTCTL, OFF | 0x0039); /* ABPE, PDCE, CCIE, HPIE */
    g_assert_cmphex(qpci_readw(qt, PORT, SLTSTA), ==, CC);
    g_assert_true(qtest_get_irq(qt, 22)); /* slot 2, pin A: link G */
    qpci_writew(qt, PORT, SLTSTA, CC);
    g_assert_false(qtest_get_irq(qt, 22));
    add(qt);
    g_assert_cmphex(qpci_readw(qt, PORT, SLTSTA), ==, PDS | PDC | ABP);
    g_assert_true(qtest_get_irq(qt, 22));
    qpci_writew(qt, PORT, SLTCTL, POWERED | 0x0039);
    qpci_writew(qt, PORT, SLTSTA, PDC | ABP | CC);
    g_assert_cmphex(qpci_readw(qt, PORT, SLTSTA), ==, PDS);
    g_assert_false(qtest_get_irq(qt, 22));
    ask_for_it_back(qt);
    g_assert_cmphex(qpci_readw(qt, PORT, SLTSTA), ==, PDS | ABP);
    g_assert_false(qtest_has_event(qt, "DEVICE_DELETED"));
    qpci_writew(qt, PORT, SLTSTA, ABP);
    qpci_writew(qt, PORT, SLTCTL, OFF | 0x0039);
    json_object_put(qtest_wait_event(qt, "DEVICE_DELETED"));
    g_assert_cmphex(qpci_readw(qt, PORT, SLTSTA), ==, PDC | CC);
    add(qt); /* the place is free */
    qtest_quit(qt);
}

static void unpowered_card_goes_at_once(void)
{
    QTest *qt = start(NATIVE);

    add(qt);
    ask_for_it_back(qt);
    json_object_put(qtest_wait_event(qt, "DEVICE_DELETED"));
    g_assert_cmphex(qpci_readw(qt, PORT, SLTSTA) & PDS, ==, 0);
    qtest_quit(qt);
}

static void hotplug_can_be_off(void)
{
    QTest *qt = qtest_start("-M q35 -nodefaults -m 128M " NATIVE
                            "-device pcie-root-port,id=rp,chassis=1,hotplug=off");

    qtest_qmp_fails(qt, "Hot-plug failed: unsupported by the port device 'rp'",
                    "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
                    "\"e1000e\",\"bus\":\"rp\",\"romfile\":\"\"}}");
    qtest_quit(qt);
}

/* The chipset's registers at cc0 serve the bus unless told not to. */
static void acpi_plug_and_eject(void)
{
    QTest *qt = start("");

    qpci_writel(qt, QPCI_DEVFN(31, 0), 0x40, 0x601);
    qpci_writeb(qt, QPCI_DEVFN(31, 0), 0x44, 0x80);
    add(qt);
    g_assert_cmphex(qtest_inb(qt, 0x620), ==, 0x02);
    qtest_outl(qt, 0xcd0, 0);
    g_assert_cmphex(qtest_inl(qt, 0xcc0), ==, 1);
    ask_for_it_back(qt);
    g_assert_cmphex(qtest_inl(qt, 0xcc4), ==, 1);
    qtest_outl(qt, 0xcc8, 1);
    json_object_put(qtest_wait_event(qt, "DEVICE_DELETED"));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pcie-root-port/says-what-it-is", says_what_it_is);
    g_test_add_func("/pcie-root-port/root-bus-does-not-take-ports", places_are_unique);
    g_test_add_func("/pcie-root-port/card-behind-it-answers", card_behind_it_answers);
    g_test_add_func("/pcie-root-port/native-plug-and-unplug", native_plug_and_unplug);
    g_test_add_func("/pcie-root-port/unpowered-card-goes-at-once",
                    unpowered_card_goes_at_once);
    g_test_add_func("/pcie-root-port/hotplug-can-be-off", hotplug_can_be_off);
    g_test_add_func("/pcie-root-port/acpi-plug-and-eject", acpi_plug_and_eject);
    return g_test_run();
}
