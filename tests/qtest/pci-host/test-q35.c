/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Q35 hub (316966, 5.1): configuration window, PAM, SMRAM, top segment; ICH9 (316972):
 * PMBASE, RCBA and interrupt routing, SMI_EN, TCO, reset control.
 */
#include "libqtest.h"

#include <string.h>

#define HOST     QPCI_DEVFN(0, 0)
#define LPC      QPCI_DEVFN(31, 0)
#define SMB      QPCI_DEVFN(31, 3)
#define EDU      QPCI_DEVFN(3, 0)
#define PCIEXBAR 0x60
#define PAM      0x90
#define SMBASE   0x9c
#define SMRAM    0x9d
#define ESMRAMC  0x9e
#define MMCFG    0xb0000000u
#define PM       0x600
#define RCRB     0xfed1c000u

static QTest *start(const char *more)
{
    return qtest_startf("-M q35 -nodefaults -m 256M %s", more);
}

static void reset(QTest *qt)
{
    qtest_qmp_do(qt, "{\"execute\":\"system_reset\"}");
    json_object_put(qtest_wait_event(qt, "RESET"));
}

/* As the firmware does it. */
static void enable_chipset(QTest *qt)
{
    qpci_writel(qt, HOST, PCIEXBAR + 4, 0);
    qpci_writel(qt, HOST, PCIEXBAR, MMCFG | 1);
    qpci_writel(qt, LPC, 0x40, PM | 1);
    qpci_writeb(qt, LPC, 0x44, 0x80);
    qpci_writel(qt, LPC, 0xf0, RCRB | 1);
}

static void window_shows_configuration_space(void)
{
    QTest *qt = start("-device e1000e,addr=4");

    g_assert_cmphex(qtest_readl(qt, MMCFG), ==, 0);
    enable_chipset(qt);
    g_assert_cmphex(qtest_readl(qt, MMCFG), ==, 0x29c08086);
    g_assert_cmphex(qtest_readl(qt, MMCFG + (31 << 15)), ==, 0x29188086);
    g_assert_cmphex(qtest_readw(qt, MMCFG + (31 << 15) + 2), ==, 0x2918);
    g_assert_cmphex(qtest_readl(qt, MMCFG + (7 << 15)), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qt, MMCFG + (1 << 20)), ==, 0xffffffff);
    /* The chipset's functions have 256 bytes, the card has 4 KiB. */
    g_assert_cmphex(qtest_readl(qt, MMCFG + 0x100), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qt, MMCFG + (4 << 15) + 0x100), ==, 0x14020001);
    g_assert_cmphex(qtest_readl(qt, MMCFG + (4 << 15) + 0x140), ==, 0x00010003);
    qtest_writeb(qt, MMCFG + (4 << 15) + 0x3c, 0x5a);
    g_assert_cmphex(qpci_readb(qt, QPCI_DEVFN(4, 0), 0x3c), ==, 0x5a);
    qtest_quit(qt);
}

static void window_has_three_sizes(void)
{
    static const struct {
        uint32_t value;
        uint64_t last;
    } rows[] = {
        {0xb0000001,  0xbfffffff},
        { 0xb8000003, 0xbfffffff},
        { 0xbc000005, 0xbfffffff}
    };
    QTest *qt = start("");

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        qpci_writel(qt, HOST, PCIEXBAR, rows[i].value);
        g_autofree char *tree = qtest_hmp(qt, "info mtree");
        g_autofree char *line = g_strdup_printf(
            "%016x-%016" G_GINT64_MODIFIER "x (prio 0, i/o): pcie-mmcfg-mmio",
            rows[i].value & 0xfc000000, rows[i].last);
        g_assert_nonnull(strstr(tree, line));
    }
    qpci_writel(qt, HOST, PCIEXBAR, 0xb0000007); /* reserved length: off */
    g_autofree char *off = qtest_hmp(qt, "info mtree");
    g_assert_null(strstr(off, "mmcfg"));
    qtest_quit(qt);
}

static void pam_switches_segments(void)
{
    QTest *qt = start("");

    qpci_writeb(qt, HOST, PAM + 3, 0x33); /* d0000-d7fff */
    qtest_writel(qt, 0xd0000, 0x11223344);
    g_assert_cmphex(qtest_readl(qt, 0xd0000), ==, 0x11223344);
    qpci_writeb(qt, HOST, PAM + 3, 0x30);
    g_assert_cmphex(qtest_readl(qt, 0xd0000), !=, 0x11223344);
    reset(qt);
    g_assert_cmphex(qpci_readb(qt, HOST, PAM + 3), ==, 0);
    qtest_quit(qt);
}

static void locked_smram_stays_closed(void)
{
    QTest *qt = start("-vga std");

    qpci_writeb(qt, HOST, SMRAM, 0x4a);
    qtest_writel(qt, 0xa0000, 0xcafe0002);
    g_assert_cmphex(qtest_readl(qt, 0xa0000), ==, 0xcafe0002);
    qpci_writeb(qt, HOST, SMRAM, 0x5a); /* lock closes */
    g_assert_cmphex(qpci_readb(qt, HOST, SMRAM), ==, 0x1a);
    g_assert_cmphex(qtest_readl(qt, 0xa0000), !=, 0xcafe0002);
    qpci_writeb(qt, HOST, SMRAM, 0x4a);
    g_assert_cmphex(qpci_readb(qt, HOST, SMRAM), ==, 0x1a);
    qpci_writeb(qt, HOST, ESMRAMC, 0x81);
    g_assert_cmphex(qpci_readb(qt, HOST, ESMRAMC), ==, 0x38);
    reset(qt);
    qpci_writeb(qt, HOST, SMRAM, 0x4a);
    g_assert_cmphex(qpci_readb(qt, HOST, SMRAM), ==, 0x4a);
    qtest_quit(qt);
}

static void top_segment_disappears(void)
{
    QTest *qt = start("");

    qtest_writel(qt, 0x0ff00000, 0x12345678);
    qpci_writeb(qt, HOST, SMRAM, 0x0a);
    qpci_writeb(qt, HOST, ESMRAMC, 0x01); /* 1 MiB */
    g_assert_cmphex(qtest_readl(qt, 0x0ff00000), ==, 0xffffffff);
    qtest_writel(qt, 0x0ff00000, 0);
    qtest_writel(qt, 0x0fefffff - 3, 0x55667788); /* just below: RAM */
    g_assert_cmphex(qtest_readl(qt, 0x0fefffff - 3), ==, 0x55667788);
    qpci_writeb(qt, HOST, ESMRAMC, 0x00);
    g_assert_cmphex(qtest_readl(qt, 0x0ff00000), ==, 0x12345678);
    /* 3 is the size in register 50, which answers a query only. */
    qpci_writew(qt, HOST, 0x50, 0xffff);
    g_assert_cmphex(qpci_readw(qt, HOST, 0x50), ==, 16);
    qpci_writeb(qt, HOST, ESMRAMC, 0x07);
    g_assert_cmphex(qtest_readl(qt, 0x0f000000), ==, 0xffffffff);
    qtest_quit(qt);
}

static void smbase_can_be_locked_away(void)
{
    QTest *qt = start("");

    qtest_writel(qt, 0x38000, 0x600dcafe);
    qpci_writeb(qt, HOST, SMBASE, 0x02); /* without asking first: nothing */
    g_assert_cmphex(qpci_readb(qt, HOST, SMBASE), ==, 0);
    qpci_writeb(qt, HOST, SMBASE, 0xff);
    g_assert_cmphex(qpci_readb(qt, HOST, SMBASE), ==, 1);
    qpci_writeb(qt, HOST, SMBASE, 0x02);
    g_assert_cmphex(qtest_readl(qt, 0x38000), ==, 0xffffffff);
    qpci_writeb(qt, HOST, SMBASE, 0x00);
    g_assert_cmphex(qpci_readb(qt, HOST, SMBASE), ==, 2);
    reset(qt);
    g_assert_cmphex(qtest_readl(qt, 0x38000), ==, 0x600dcafe);
    qtest_quit(qt);
}

static void pm_block_moves_and_goes(void)
{
    QTest *qt = start("");

    enable_chipset(qt);
    g_assert_cmphex(qtest_inw(qt, PM + 4), ==, 0);
    qtest_outw(qt, PM + 2, 0x0100); /* power button */
    g_assert_cmphex(qtest_inw(qt, PM + 2), ==, 0x0100);
    qtest_outb(qt, 0xb2, 0x02); /* ACPI on */
    g_assert_cmphex(qtest_inw(qt, PM + 4), ==, 0x0001);
    qtest_outb(qt, 0xb2, 0x03);
    g_assert_cmphex(qtest_inw(qt, PM + 4), ==, 0x0000);
    qpci_writel(qt, LPC, 0x40, 0x1001);
    g_assert_cmphex(qtest_inw(qt, 0x1002), ==, 0x0100);
    g_assert_cmphex(qtest_inw(qt, PM + 2), ==, 0xffff);
    qpci_writeb(qt, LPC, 0x44, 0);
    g_assert_cmphex(qtest_inw(qt, 0x1002), ==, 0xffff);
    qtest_quit(qt);
}

static void sci_follows_the_power_button(void)
{
    QTest *qt = start("");

    enable_chipset(qt);
    qtest_irq_intercept_in(qt, "ioapic");
    qtest_outw(qt, PM + 2, 0x0100);
    qtest_qmp_do(qt, "{\"execute\":\"system_powerdown\"}");
    g_assert_cmphex(qtest_inw(qt, PM) & 0x0100, ==, 0x0100);
    g_assert_true(qtest_get_irq(qt, 9));
    qpci_writeb(qt, LPC, 0x44, 0x85); /* the SCI goes to 21 */
    g_assert_false(qtest_get_irq(qt, 9));
    g_assert_true(qtest_get_irq(qt, 21));
    qtest_outw(qt, PM, 0x0100);
    g_assert_false(qtest_get_irq(qt, 21));
    qtest_quit(qt);
}

static void global_smi_enable_can_be_locked(void)
{
    QTest *qt = start("");

    enable_chipset(qt);
    qtest_outl(qt, PM + 0x30, 0x21);
    g_assert_cmphex(qtest_inl(qt, PM + 0x30), ==, 0x21);
    qpci_writew(qt, LPC, 0xa0, 0x10);
    qpci_writew(qt, LPC, 0xa0, 0x00);
    g_assert_cmphex(qpci_readw(qt, LPC, 0xa0), ==, 0x10);
    qtest_outl(qt, PM + 0x30, 0x00);
    g_assert_cmphex(qtest_inl(qt, PM + 0x30), ==, 0x01);
    qtest_outb(qt, 0xb2, 0x77);
    g_assert_cmphex(qtest_inl(qt, PM + 0x34) & 0x20, ==, 0x20);
    qtest_outl(qt, PM + 0x34, 0x20);
    g_assert_cmphex(qtest_inl(qt, PM + 0x34) & 0x20, ==, 0);
    qtest_quit(qt);
}

/* edu in slot 3 raises INTA: link 4 + (3 + 0) mod 4 = H. */
static void pins_go_through_links(void)
{
    QTest *qt = start("-device edu,addr=3 -device edu,addr=19");
    const uint32_t bar = 0xfe000000, bar25 = 0xfe800000;

    enable_chipset(qt);
    qtest_irq_intercept_in(qt, "ioapic");
    qpci_writel(qt, EDU, 0x10, bar);
    qpci_writew(qt, EDU, 4, 2);
    qtest_writel(qt, bar + 0x60, 1); /* raise */
    g_assert_true(qtest_get_irq(qt, 23));
    g_assert_false(qtest_get_irq(qt, 11));
    qpci_writeb(qt, LPC, 0x6b, 11); /* PIRQH to line 11 too */
    g_assert_true(qtest_get_irq(qt, 11));
    qpci_writeb(qt, LPC, 0x6b, 0x80);
    g_assert_false(qtest_get_irq(qt, 11));
    qtest_writel(qt, bar + 0x64, 1); /* acknowledge */
    g_assert_false(qtest_get_irq(qt, 23));
    /* Slot 25 goes where D25IR says: A at first, then C, while it is high. */
    qpci_writel(qt, QPCI_DEVFN(25, 0), 0x10, bar25);
    qpci_writew(qt, QPCI_DEVFN(25, 0), 4, 2);
    qtest_writel(qt, bar25 + 0x60, 1);
    g_assert_true(qtest_get_irq(qt, 16));
    qtest_writew(qt, RCRB + 0x3150, 0x3212);
    g_assert_false(qtest_get_irq(qt, 16));
    g_assert_true(qtest_get_irq(qt, 18));
    qtest_writel(qt, bar25 + 0x64, 1);
    g_assert_false(qtest_get_irq(qt, 18));
    qtest_quit(qt);
}

static void watchdog_barks_then_bites(void)
{
    QTest *qt = start("-global ICH9-LPC.noreboot=off");

    enable_chipset(qt);
    qtest_outw(qt, PM + 0x72, 4); /* TCO_TMR: 4 * 0.6 s */
    qtest_outw(qt, PM + 0x68, 0); /* not halted */
    qtest_outw(qt, PM + 0x60, 1); /* reload */
    qtest_clock_step(qt, 2300000000);
    g_assert_cmphex(qtest_inw(qt, PM + 0x64) & 8, ==, 0);
    qtest_clock_step(qt, 200000000);
    g_assert_cmphex(qtest_inw(qt, PM + 0x64) & 8, ==, 8);
    g_assert_false(qtest_has_event(qt, "RESET"));
    qtest_clock_step(qt, 2500000000);
    json_object_put(qtest_wait_event(qt, "RESET"));
    enable_chipset(qt);
    g_assert_cmphex(qtest_inw(qt, PM + 0x66) & 2, ==, 2); /* the reason survives */
    qtest_quit(qt);
}

static void watchdog_obeys_no_reboot(void)
{
    QTest *qt = start("");

    enable_chipset(qt);
    g_assert_cmphex(qtest_readl(qt, RCRB + 0x3410) & 0x20, ==, 0x20);
    qtest_outw(qt, PM + 0x72, 2);
    qtest_outw(qt, PM + 0x60, 1);
    qtest_clock_step(qt, 10000000000);
    g_assert_cmphex(qtest_inw(qt, PM + 0x66) & 2, ==, 2);
    g_assert_false(qtest_has_event(qt, "RESET"));
    qtest_outw(qt, PM + 0x68, 0x0800); /* halt */
    qtest_outw(qt, PM + 0x66, 2);
    qtest_clock_step(qt, 10000000000);
    g_assert_cmphex(qtest_inw(qt, PM + 0x66) & 2, ==, 0);
    qtest_quit(qt);
}

static void reset_control_resets(void)
{
    QTest *qt = start("");

    qtest_outb(qt, 0xcf9, 0x0a);
    g_assert_cmphex(qtest_inb(qt, 0xcf9), ==, 0x0a);
    g_assert_false(qtest_has_event(qt, "RESET"));
    qtest_outb(qt, 0xcf9, 0x0e);
    json_object_put(qtest_wait_event(qt, "RESET"));
    g_assert_cmphex(qtest_inb(qt, 0xcf9), ==, 0);
    qtest_quit(qt);
}

static void smbus_reads_spd(void)
{
    QTest *qt = start("");

    qpci_writel(qt, SMB, 0x20, 0x701);
    qpci_writew(qt, SMB, 4, 1);
    qpci_writeb(qt, SMB, 0x40, 1);
    qtest_outb(qt, 0x704, 0x50 << 1 | 1);
    qtest_outb(qt, 0x703, 0);
    qtest_outb(qt, 0x702, 0x48); /* byte data, start */
    g_assert_cmphex(qtest_inb(qt, 0x700) & 0x06, ==, 0x02);
    qtest_outb(qt, 0x700, 0x1e);
    qtest_outb(qt, 0x704, 0x20 << 1 | 1); /* nobody */
    qtest_outb(qt, 0x702, 0x48);
    g_assert_cmphex(qtest_inb(qt, 0x700) & 0x06, ==, 0x04);
    qpci_writeb(qt, SMB, 0x40, 0x09); /* soft reset, which reads zero */
    g_assert_cmphex(qpci_readb(qt, SMB, 0x40), ==, 0x01);
    g_assert_cmphex(qtest_inb(qt, 0x700), ==, 0);
    qtest_quit(qt);
}

static void dimms_are_told_of(void)
{
    QTest *qt = qtest_start("-M q35 -nodefaults -m 512M,slots=2,maxmem=2G");

    enable_chipset(qt);
    qtest_qmp_do(qt, "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":"
                     "\"memory-backend-ram\",\"id\":\"m\",\"size\":134217728}}");
    qtest_qmp_do(qt, "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
                     "\"pc-dimm\",\"id\":\"d\",\"memdev\":\"m\"}}");
    g_assert_cmphex(qtest_inb(qt, PM + 0x20), ==, 0x08);
    qtest_outl(qt, 0xa00, 0);
    g_assert_cmphex(qtest_inb(qt, 0xa14), ==, 0x03);
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/q35/window-shows-configuration-space",
                    window_shows_configuration_space);
    g_test_add_func("/q35/window-has-three-sizes", window_has_three_sizes);
    g_test_add_func("/q35/pam-switches-segments", pam_switches_segments);
    g_test_add_func("/q35/locked-smram-stays-closed", locked_smram_stays_closed);
    g_test_add_func("/q35/top-segment-disappears", top_segment_disappears);
    g_test_add_func("/q35/smbase-can-be-locked-away", smbase_can_be_locked_away);
    g_test_add_func("/q35/pm-block-moves-and-goes", pm_block_moves_and_goes);
    g_test_add_func("/q35/sci-follows-the-power-button", sci_follows_the_power_button);
    g_test_add_func("/q35/global-smi-enable-can-be-locked",
                    global_smi_enable_can_be_locked);
    g_test_add_func("/q35/pins-go-through-links", pins_go_through_links);
    g_test_add_func("/q35/watchdog-barks-then-bites", watchdog_barks_then_bites);
    g_test_add_func("/q35/watchdog-obeys-no-reboot", watchdog_obeys_no_reboot);
    g_test_add_func("/q35/reset-control-resets", reset_control_resets);
    g_test_add_func("/q35/smbus-reads-spd", smbus_reads_spd);
    g_test_add_func("/q35/dimms-are-told-of", dimms_are_told_of);
    return g_test_run();
}
