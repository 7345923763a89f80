/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 82441FX: PAM (290549, 3.2.12), SMRAM (3.2.16); PIIX3: cf9, PIRQ routing. */
#include "libqtest.h"

#include <string.h>

#define HOST  QPCI_DEVFN(0, 0)
#define PIIX3 QPCI_DEVFN(1, 0)
#define EDU   QPCI_DEVFN(3, 0)
#define PAM   0x59
#define SMRAM 0x72

/* At 80000 RAM is always there: copy it, and see through which hole it shows. */
static void pam_value_3_is_ram(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qpci_writeb(qt, HOST, PAM + 3, 0x33); /* d0000-d7fff */
    qtest_writel(qt, 0xd0000, 0x11223344);
    qtest_writel(qt, 0xd4000, 0x55667788);
    g_assert_cmphex(qtest_readl(qt, 0xd0000), ==, 0x11223344);
    g_assert_cmphex(qtest_readl(qt, 0xd4000), ==, 0x55667788);
    qpci_writeb(qt, HOST, PAM + 3, 0x30);
    g_assert_cmphex(qtest_readl(qt, 0xd0000), !=, 0x11223344);
    g_assert_cmphex(qtest_readl(qt, 0xd4000), ==, 0x55667788);
    qpci_writeb(qt, HOST, PAM + 3, 0x31); /* read only: still shows RAM */
    g_assert_cmphex(qtest_readl(qt, 0xd0000), ==, 0x11223344);
    qtest_quit(qt);
}

static void pam_low_nibble_of_59_has_no_segment(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    g_autofree char *before = qtest_hmp(qt, "info mtree -f");
    qpci_writeb(qt, HOST, PAM, 0x03);
    g_assert_cmphex(qpci_readb(qt, HOST, PAM), ==, 0x03);
    g_autofree char *after = qtest_hmp(qt, "info mtree -f");
    g_assert_cmpuint(strlen(before), ==, strlen(after));
    qpci_writeb(qt, HOST, PAM, 0x30);
    qtest_writel(qt, 0xf0000, 0xabcd1234);
    g_assert_cmphex(qtest_readl(qt, 0xf0000), ==, 0xabcd1234);
    qtest_quit(qt);
}

static void reset_turns_pam_back_to_pci(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qpci_writeb(qt, HOST, PAM + 3, 0x33);
    qtest_writel(qt, 0xd0000, 0x11223344);
    qtest_qmp_do(qt, "{\"execute\":\"system_reset\"}");
    json_object_put(qtest_wait_event(qt, "RESET"));
    g_assert_cmphex(qpci_readb(qt, HOST, PAM + 3), ==, 0);
    g_assert_cmphex(qtest_readl(qt, 0xd0000), !=, 0x11223344);
    g_assert_cmphex(qpci_readb(qt, HOST, SMRAM), ==, 0x02);
    qtest_quit(qt);
}

static void open_smram_shows_ram_to_everybody(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -vga std");

    g_assert_cmphex(qpci_readb(qt, HOST, SMRAM), ==, 0x02);
    qpci_writeb(qt, HOST, SMRAM, 0x4a);
    qtest_writel(qt, 0xa0000, 0xcafe0002);
    g_assert_cmphex(qtest_readl(qt, 0xa0000), ==, 0xcafe0002);
    qpci_writeb(qt, HOST, SMRAM, 0x0a); /* the frame buffer hides it */
    qtest_writel(qt, 0xa0000, 0xcafe0001);
    g_assert_cmphex(qtest_readl(qt, 0xa0000), !=, 0xcafe0002);
    qpci_writeb(qt, HOST, SMRAM, 0x4a);
    g_assert_cmphex(qtest_readl(qt, 0xa0000), ==, 0xcafe0002);
    g_autofree char *tree = qtest_hmp(qt, "info mtree -D");
    g_assert_nonnull(strstr(tree, "(prio 0, i/o): smram\n"));
    qtest_quit(qt);
}

static void reset_control_keeps_the_kind_bit_only(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    g_assert_cmphex(qtest_inb(qt, 0xcf9), ==, 0);
    qtest_outb(qt, 0xcf9, 0xf2);
    g_assert_cmphex(qtest_inb(qt, 0xcf9), ==, 0x02);
    qtest_quit(qt);
}

static void reset_control_resets_the_machine(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qpci_writeb(qt, HOST, PAM + 3, 0x33);
    qtest_outb(qt, 0xcf9, 0x02);
    qtest_outb(qt, 0xcf9, 0x06);
    json_object_put(qtest_wait_event(qt, "RESET"));
    g_assert_cmphex(qpci_readb(qt, HOST, PAM + 3), ==, 0);
    g_assert_cmphex(qtest_inb(qt, 0xcf9), ==, 0);
    qtest_quit(qt);
}

/* Slot 3, pin A: link (3 + 0 - 1) mod 4 = C. */
static void pirq_goes_where_the_router_says(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device edu,addr=3");

    qtest_irq_intercept_in(qt, "ioapic");
    qpci_writel(qt, EDU, 0x10, 0xe0000000);
    qpci_writew(qt, EDU, 4, 2);
    qpci_writeb(qt, PIIX3, 0x62, 11);
    g_assert_false(qtest_get_irq(qt, 11));
    qtest_writel(qt, 0xe0000060, 1);
    g_assert_true(qtest_get_irq(qt, 11));
    g_assert_cmphex(qpci_readw(qt, EDU, 6) & 8, ==, 8);
    qpci_writeb(qt, PIIX3, 0x62, 10); /* moved while it is high */
    g_assert_false(qtest_get_irq(qt, 11));
    g_assert_true(qtest_get_irq(qt, 10));
    qpci_writeb(qt, PIIX3, 0x62, 0x80);
    g_assert_false(qtest_get_irq(qt, 10));
    qpci_writeb(qt, PIIX3, 0x62, 11);
    qpci_writew(qt, EDU, 4, 0x402); /* INTx disable */
    g_assert_false(qtest_get_irq(qt, 11));
    qpci_writew(qt, EDU, 4, 2);
    g_assert_true(qtest_get_irq(qt, 11));
    qtest_writel(qt, 0xe0000064, 1);
    g_assert_false(qtest_get_irq(qt, 11));
    g_assert_cmphex(qpci_readw(qt, EDU, 6) & 8, ==, 0);
    qtest_quit(qt);
}

static void shared_pirq_is_a_wired_or(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device edu,addr=3 -device edu,addr=7");

    qtest_irq_intercept_in(qt, "ioapic");
    qpci_writel(qt, EDU, 0x10, 0xe0000000);
    qpci_writew(qt, EDU, 4, 2);
    qpci_writel(qt, QPCI_DEVFN(7, 0), 0x10, 0xe0100000);
    qpci_writew(qt, QPCI_DEVFN(7, 0), 4, 2);
    qpci_writeb(qt, PIIX3, 0x62, 11);
    qtest_writel(qt, 0xe0000060, 1);
    qtest_writel(qt, 0xe0100060, 1);
    qtest_writel(qt, 0xe0000064, 1);
    g_assert_true(qtest_get_irq(qt, 11));
    qtest_writel(qt, 0xe0100064, 1);
    g_assert_false(qtest_get_irq(qt, 11));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i440fx/pam-value-3-is-ram", pam_value_3_is_ram);
    g_test_add_func("/i440fx/pam-low-nibble-of-59-has-no-segment",
                    pam_low_nibble_of_59_has_no_segment);
    g_test_add_func("/i440fx/reset-turns-pam-back-to-pci", reset_turns_pam_back_to_pci);
    g_test_add_func("/i440fx/open-smram-shows-ram-to-everybody",
                    open_smram_shows_ram_to_everybody);
    g_test_add_func("/piix3/reset-control-keeps-the-kind-bit-only",
                    reset_control_keeps_the_kind_bit_only);
    g_test_add_func("/piix3/reset-control-resets-the-machine",
                    reset_control_resets_the_machine);
    g_test_add_func("/piix3/pirq-goes-where-the-router-says",
                    pirq_goes_where_the_router_says);
    g_test_add_func("/piix3/shared-pirq-is-a-wired-or", shared_pirq_is_a_wired_or);
    return g_test_run();
}
