/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration mechanism, BARs, bus mastering, bridges, on the i440FX machine. */
#include "libqtest.h"

#include <string.h>

#define BRIDGE QPCI_DEVFN(5, 0)
#define EDU    QPCI_DEVFN(6, 0)

static void index_register_takes_only_double_words(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outl(qt, 0xcf8, 0x80000000);
    qtest_outb(qt, 0xcf8, 0x40);
    qtest_outw(qt, 0xcf8, 0x1234);
    g_assert_cmphex(qtest_inl(qt, 0xcf8), ==, 0x80000000);
    g_assert_cmphex(qtest_inb(qt, 0xcfb), ==, 0);
    qtest_quit(qt);
}

static void data_register_reads_all_ones_while_disabled(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outl(qt, 0xcf8, 0x12345678);
    g_assert_cmphex(qtest_inl(qt, 0xcf8), ==, 0x12345678);
    g_assert_cmphex(qtest_inl(qt, 0xcfc), ==, 0xffffffff);
    qtest_quit(qt);
}

static void chipset_functions_have_their_ids(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(0, 0), 0), ==, 0x12378086);
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(1, 0), 0), ==, 0x70008086);
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(1, 1), 0), ==, 0x70108086);
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(1, 3), 0), ==, 0x71138086);
    g_assert_cmphex(qpci_readb(qt, QPCI_DEVFN(1, 0), 0x0e), ==, 0x80);
    g_assert_cmphex(qpci_readl(qt, QPCI_DEVFN(9, 0), 0), ==, 0xffffffff);
    qtest_quit(qt);
}

static void command_register_has_five_bits(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device edu,addr=6");

    g_assert_cmphex(qpci_readw(qt, EDU, 4), ==, 0);
    qpci_writew(qt, EDU, 4, 0xffff);
    g_assert_cmphex(qpci_readw(qt, EDU, 4), ==, 0x0507);
    qtest_quit(qt);
}

static void bar_is_sized_and_mapped(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device edu,addr=6");

    qpci_writel(qt, EDU, 0x10, 0xffffffff);
    g_assert_cmphex(qpci_readl(qt, EDU, 0x10), ==, 0xfff00000);
    qpci_writel(qt, EDU, 0x10, 0xe0000000);
    g_assert_cmphex(qtest_readl(qt, 0xe0000000), ==, 0);
    qpci_writew(qt, EDU, 4, 2);
    g_assert_cmphex(qtest_readl(qt, 0xe0000000), ==, 0x010000ed);
    qpci_writel(qt, EDU, 0x10, 0xe1000000);
    g_assert_cmphex(qtest_readl(qt, 0xe0000000), ==, 0);
    g_assert_cmphex(qtest_readl(qt, 0xe1000000), ==, 0x010000ed);
    qpci_writew(qt, EDU, 4, 0);
    g_assert_cmphex(qtest_readl(qt, 0xe1000000), ==, 0);
    qtest_quit(qt);
}

static void bar_at_zero_or_at_the_end_is_not_mapped(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device edu,addr=6");

    qpci_writew(qt, EDU, 4, 2);
    g_autofree char *zero = qtest_hmp(qt, "info mtree");
    g_assert_null(strstr(zero, "edu-mmio"));
    qpci_writel(qt, EDU, 0x10, 0xffffffff);
    g_autofree char *end = qtest_hmp(qt, "info mtree");
    g_assert_null(strstr(end, "edu-mmio"));
    qpci_writel(qt, EDU, 0x10, 0xffe00000);
    g_autofree char *below = qtest_hmp(qt, "info mtree");
    g_assert_nonnull(strstr(below, "00000000ffe00000-00000000ffefffff (prio 1, i/o): "
                                   "edu-mmio"));
    qtest_quit(qt);
}

static void reset_unmaps_bars(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device edu,addr=6");

    qpci_writel(qt, EDU, 0x10, 0xe0000000);
    qpci_writew(qt, EDU, 4, 7);
    g_assert_cmphex(qtest_readl(qt, 0xe0000000), ==, 0x010000ed);
    qtest_qmp_do(qt, "{\"execute\":\"system_reset\"}");
    json_object_put(qtest_wait_event(qt, "RESET"));
    g_assert_cmphex(qpci_readw(qt, EDU, 4), ==, 0);
    g_assert_cmphex(qpci_readl(qt, EDU, 0x10), ==, 0);
    g_assert_cmphex(qtest_readl(qt, 0xe0000000), ==, 0);
    qtest_quit(qt);
}

static void config_write_at_the_end_stays_inside(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device edu,addr=6");

    qtest_outl(qt, 0xcf8, 0x80000000u | (uint32_t)EDU << 8 | 0xff);
    g_assert_cmphex(qtest_inl(qt, 0xcfc), ==, 0xffffffff);
    qtest_outl(qt, 0xcfc, 0x12345678);
    qtest_outb(qt, 0xcfc, 0xa5);
    g_assert_cmphex(qtest_inb(qt, 0xcfc), ==, 0xa5);
    qtest_quit(qt);
}

static void bridge_forwards_what_its_window_covers(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device pci-bridge,id=br,chassis_nr=1,"
                            "addr=5 -device edu,bus=br,addr=3");

    /* Bus 1 answers once the bridge is numbered. */
    qtest_outl(qt, 0xcf8, 0x80011800);
    g_assert_cmphex(qtest_inl(qt, 0xcfc), ==, 0xffffffff);
    qpci_writel(qt, BRIDGE, 0x18, 0x00010100);
    qtest_outl(qt, 0xcf8, 0x80011800);
    g_assert_cmphex(qtest_inl(qt, 0xcfc), ==, 0x11e81234);
    qtest_outl(qt, 0xcf8, 0x80011810);
    qtest_outl(qt, 0xcfc, 0xe0100000);
    qtest_outl(qt, 0xcf8, 0x80011804);
    qtest_outw(qt, 0xcfc, 2);
    g_assert_cmphex(qtest_readl(qt, 0xe0100000), ==, 0);
    qpci_writel(qt, BRIDGE, 0x20, 0xe010e010); /* e0100000-e01fffff */
    qpci_writew(qt, BRIDGE, 4, 2);
    g_assert_cmphex(qtest_readl(qt, 0xe0100000), ==, 0x010000ed);
    qpci_writel(qt, BRIDGE, 0x20, 0xe000e010); /* limit below base: closed */
    g_assert_cmphex(qtest_readl(qt, 0xe0100000), ==, 0);
    qtest_quit(qt);
}

static void bridge_window_registers_have_their_masks(void)
{
    QTest *qt =
        qtest_start("-M pc -nodefaults -device pci-bridge,id=br,chassis_nr=1,addr=5");

    qpci_writew(qt, BRIDGE, 0x1c, 0xffff);
    g_assert_cmphex(qpci_readw(qt, BRIDGE, 0x1c), ==, 0xf0f0);
    qpci_writel(qt, BRIDGE, 0x20, 0xffffffff);
    g_assert_cmphex(qpci_readl(qt, BRIDGE, 0x20), ==, 0xfff0fff0);
    qpci_writel(qt, BRIDGE, 0x24, 0xffffffff);
    g_assert_cmphex(qpci_readl(qt, BRIDGE, 0x24), ==, 0xfff1fff1);
    qpci_writew(qt, BRIDGE, 0x3e, 0xffff);
    g_assert_cmphex(qpci_readw(qt, BRIDGE, 0x3e), ==, 0x0bff);
    g_assert_cmphex(qpci_find_capability(qt, BRIDGE, 0x05), ==, 0x4c);
    g_assert_cmphex(qpci_find_capability(qt, BRIDGE, 0x04), ==, 0x48);
    qtest_quit(qt);
}

#define ADD_EDU(rest) \
    "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"edu\"" rest "}}"

static void taken_places_are_refused(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device edu,addr=6.0,multifunction=on "
                            "-device edu,addr=6.1");

    qtest_qmp_fails(qt,
                    "PCI: slot 1 function 0 not available for edu, in use by "
                    "PIIX3,id=(null)",
                    ADD_EDU(",\"addr\":\"1.0\""));
    qtest_qmp_fails(qt,
                    "PCI: slot 6 function 0 already occupied by edu, new func edu "
                    "cannot be exposed to guest.",
                    ADD_EDU(",\"addr\":\"6.2\""));
    qtest_qmp_fails(qt, "Property 'edu.addr' doesn't take value '20'",
                    ADD_EDU(",\"addr\":\"20\""));
    qtest_qmp_do(qt, ADD_EDU(",\"addr\":\"8.3\""));
    qtest_qmp_fails(qt,
                    "PCI: 8.0 indicates single function, but 8.3 is already populated.",
                    ADD_EDU(",\"addr\":\"8\""));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci/index-register-takes-only-double-words",
                    index_register_takes_only_double_words);
    g_test_add_func("/pci/data-register-reads-all-ones-while-disabled",
                    data_register_reads_all_ones_while_disabled);
    g_test_add_func("/pci/chipset-functions-have-their-ids",
                    chipset_functions_have_their_ids);
    g_test_add_func("/pci/command-register-has-five-bits",
                    command_register_has_five_bits);
    g_test_add_func("/pci/bar-is-sized-and-mapped", bar_is_sized_and_mapped);
    g_test_add_func("/pci/bar-at-zero-or-at-the-end-is-not-mapped",
                    bar_at_zero_or_at_the_end_is_not_mapped);
    g_test_add_func("/pci/reset-unmaps-bars", reset_unmaps_bars);
    g_test_add_func("/pci/config-write-at-the-end-stays-inside",
                    config_write_at_the_end_stays_inside);
    g_test_add_func("/pci/bridge-forwards-what-its-window-covers",
                    bridge_forwards_what_its_window_covers);
    g_test_add_func("/pci/bridge-window-registers-have-their-masks",
                    bridge_window_registers_have_their_masks);
    g_test_add_func("/pci/taken-places-are-refused", taken_places_are_refused);
    return g_test_run();
}
