/* SPDX-License-Identifier: GPL-2.0-or-later */
/* edu, pci-testdev, pc-testdev, by their public descriptions. */
#include "libqtest.h"

#include <string.h>

#define EDU  QPCI_DEVFN(4, 0)
#define BASE 0xe0000000u

static QTest *start_edu(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device edu,addr=4");

    qpci_writel(qt, EDU, 0x10, BASE);
    qpci_writew(qt, EDU, 4, 6);
    return qt;
}

static void liveness_reads_the_complement(void)
{
    QTest *qt = start_edu();

    g_assert_cmphex(qtest_readl(qt, BASE), ==, 0x010000ed);
    qtest_writel(qt, BASE + 4, 0x12345678);
    g_assert_cmphex(qtest_readl(qt, BASE + 4), ==, 0xedcba987);
    qtest_quit(qt);
}

static uint32_t factorial(QTest *qt, uint32_t n)
{
    qtest_writel(qt, BASE + 8, n);
    for (int i = 0; i < 1000 && (qtest_readl(qt, BASE + 0x20) & 1); i++) {
        qtest_qmp_do(qt, "{\"execute\":\"query-status\"}");
    }
    return qtest_readl(qt, BASE + 8);
}

static void factorial_is_computed(void)
{
    QTest *qt = start_edu();

    g_assert_cmpuint(factorial(qt, 0), ==, 1);
    g_assert_cmpuint(factorial(qt, 5), ==, 120);
    g_assert_cmphex(factorial(qt, 10), ==, 0x375f00);
    g_assert_cmphex(factorial(qt, 33), ==, 0x80000000);
    g_assert_cmphex(factorial(qt, 34), ==, 0);
    g_assert_cmphex(factorial(qt, 0xffffffff), ==, 0);
    qtest_quit(qt);
}

static void finished_factorial_interrupts_if_asked(void)
{
    QTest *qt = start_edu();

    g_assert_cmpuint(factorial(qt, 3), ==, 6);
    g_assert_cmphex(qtest_readl(qt, BASE + 0x24), ==, 0);
    qtest_writel(qt, BASE + 0x20, 0xff);
    g_assert_cmphex(qtest_readl(qt, BASE + 0x20), ==, 0x80);
    g_assert_cmpuint(factorial(qt, 3), ==, 6);
    g_assert_cmphex(qtest_readl(qt, BASE + 0x24), ==, 1);
    qtest_writel(qt, BASE + 0x64, 1);
    g_assert_cmphex(qtest_readl(qt, BASE + 0x24), ==, 0);
    qtest_quit(qt);
}

static void start_dma(QTest *qt, uint64_t from, uint64_t to, uint64_t n, uint32_t cmd)
{
    qtest_writeq(qt, BASE + 0x80, from);
    qtest_writeq(qt, BASE + 0x88, to);
    qtest_writeq(qt, BASE + 0x90, n);
    qtest_writeq(qt, BASE + 0x98, cmd);
}

static void dma_goes_through_the_buffer_and_back(void)
{
    QTest *qt = start_edu();
    char text[8] = { 0 };

    qtest_memwrite(qt, 0x1000, "strata!", 8);
    start_dma(qt, 0x1000, 0x40000, 8, 1);
    g_assert_cmphex(qtest_readq(qt, BASE + 0x98), ==, 1);
    qtest_clock_step(qt, 99000000);
    g_assert_cmphex(qtest_readq(qt, BASE + 0x98), ==, 1);
    qtest_clock_step(qt, 2000000);
    g_assert_cmphex(qtest_readq(qt, BASE + 0x98), ==, 0);
    start_dma(qt, 0x40000, 0x2000, 8, 1 | 2 | 4);
    qtest_clock_step(qt, 101000000);
    qtest_memread(qt, 0x2000, text, 8);
    g_assert_cmpstr(text, ==, "strata!");
    g_assert_cmphex(qtest_readl(qt, BASE + 0x24), ==, 0x100);
    qtest_quit(qt);
}

static void dma_outside_the_buffer_moves_nothing(void)
{
    QTest *qt = start_edu();

    qtest_memset(qt, 0x2000, 0x5a, 16);
    start_dma(qt, 0x40ff8, 0x2000, 16, 3);
    qtest_clock_step(qt, 101000000);
    g_assert_cmphex(qtest_readl(qt, 0x2000), ==, 0x5a5a5a5a);
    start_dma(qt, 0x40000, 0x2000, UINT64_MAX, 3);
    qtest_clock_step(qt, 101000000);
    start_dma(qt, UINT64_MAX, 0x2000, 1, 3);
    qtest_clock_step(qt, 101000000);
    g_assert_cmphex(qtest_readl(qt, 0x2000), ==, 0x5a5a5a5a);
    qtest_quit(qt);
}

static void dma_address_has_28_bits(void)
{
    QTest *qt = start_edu();

    qtest_writel(qt, 0x3000, 0x600df00d);
    start_dma(qt, 0xf0003000ull, 0x40000, 4, 1);
    qtest_clock_step(qt, 101000000);
    start_dma(qt, 0x40000, 0x4000, 4, 3);
    qtest_clock_step(qt, 101000000);
    g_assert_cmphex(qtest_readl(qt, 0x4000), ==, 0x600df00d);
    qtest_quit(qt);
}

static void dma_needs_bus_mastering(void)
{
    QTest *qt = start_edu();

    qpci_writew(qt, EDU, 4, 2);
    qtest_writel(qt, 0x4000, 1);
    start_dma(qt, 0x40000, 0x4000, 4, 3);
    qtest_clock_step(qt, 101000000);
    g_assert_cmphex(qtest_readl(qt, 0x4000), ==, 1);
    qtest_quit(qt);
}

/* The message lands in RAM, where a test can see it. */
static void msi_is_a_memory_write(void)
{
    QTest *qt = start_edu();
    uint8_t cap = qpci_find_capability(qt, EDU, 5);

    g_assert_cmphex(cap, ==, 0x40);
    g_assert_cmphex(qpci_readw(qt, EDU, cap + 2), ==, 0x80);
    qpci_writel(qt, EDU, cap + 4, 0x5000);
    qpci_writel(qt, EDU, cap + 8, 0);
    qpci_writew(qt, EDU, cap + 12, 0x4321);
    qtest_writel(qt, BASE + 0x60, 1);
    g_assert_cmphex(qtest_readl(qt, 0x5000), ==, 0);
    qtest_writel(qt, BASE + 0x64, 1);
    qpci_writew(qt, EDU, cap + 2, 1);
    qtest_writel(qt, BASE + 0x60, 1);
    g_assert_cmphex(qtest_readl(qt, 0x5000), ==, 0x4321);
    g_assert_cmphex(qpci_readw(qt, EDU, 6) & 8, ==, 0);
    qtest_quit(qt);
}

static void unlisted_accesses_read_all_ones(void)
{
    QTest *qt = start_edu();

    g_assert_cmphex(qtest_readl(qt, BASE + 0x60), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qt, BASE + 0x84), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qt, BASE + 0x40000), ==, 0xffffffff);
    qtest_quit(qt);
}

/* --- pci-testdev --- */

static void pci_testdev_counts_writes(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device pci-testdev,addr=4");

    qpci_writel(qt, EDU, 0x10, BASE);
    qpci_writel(qt, EDU, 0x14, 0xc000);
    qpci_writew(qt, EDU, 4, 3);
    for (uint8_t n = 0; n < 3; n++) {
        qtest_writeb(qt, BASE, n);
        g_assert_cmpuint(qtest_readb(qt, BASE + 1), ==, 1);
        uint32_t where = qtest_readl(qt, BASE + 4);
        uint8_t what = (uint8_t)qtest_readl(qt, BASE + 8);
        for (int i = 0; i < 7; i++) {
            qtest_writeb(qt, BASE + where, what);
        }
        g_assert_cmpuint(qtest_readl(qt, BASE + 12), ==, 7);
    }
    qtest_writeb(qt, BASE, 3);
    g_assert_cmpuint(qtest_readb(qt, BASE + 1), ==, 0);
    qtest_outb(qt, 0xc000, 2);
    uint16_t port = (uint16_t)(0xc000 + qtest_inl(qt, 0xc004));
    qtest_outb(qt, port, 0x11); /* data must match in the third test */
    qtest_outb(qt, port, (uint8_t)qtest_inl(qt, 0xc008));
    g_assert_cmpuint(qtest_inl(qt, 0xc00c), ==, 1);
    qtest_quit(qt);
}

/* --- pc-testdev --- */

static void pc_testdev_latches_and_drives_lines(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device pc-testdev");

    qtest_outl(qt, 0xe0, 0x12345678);
    g_assert_cmphex(qtest_inw(qt, 0xe2), ==, 0x1234);
    qtest_outb(qt, 0xe8, 0x9a);
    g_assert_cmphex(qtest_inl(qt, 0xe0), ==, 0x1234569a);
    qtest_writel(qt, 0xff000010, 0xdeadbeef);
    g_assert_cmphex(qtest_readw(qt, 0xff000012), ==, 0xdead);
    qtest_irq_intercept_in(qt, "ioapic");
    qtest_outb(qt, 0x2005, 1);
    g_assert_true(qtest_get_irq(qt, 5));
    qtest_outb(qt, 0x2005, 0);
    g_assert_false(qtest_get_irq(qt, 5));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/edu/liveness-reads-the-complement",
                    liveness_reads_the_complement);
    g_test_add_func("/edu/factorial-is-computed", factorial_is_computed);
    g_test_add_func("/edu/finished-factorial-interrupts-if-asked",
                    finished_factorial_interrupts_if_asked);
    g_test_add_func("/edu/dma-goes-through-the-buffer-and-back",
                    dma_goes_through_the_buffer_and_back);
    g_test_add_func("/edu/dma-outside-the-buffer-moves-nothing",
                    dma_outside_the_buffer_moves_nothing);
    g_test_add_func("/edu/dma-address-has-28-bits", dma_address_has_28_bits);
    g_test_add_func("/edu/dma-needs-bus-mastering", dma_needs_bus_mastering);
    g_test_add_func("/edu/msi-is-a-memory-write", msi_is_a_memory_write);
    g_test_add_func("/edu/unlisted-accesses-read-all-ones",
                    unlisted_accesses_read_all_ones);
    g_test_add_func("/pci-testdev/counts-writes", pci_testdev_counts_writes);
    g_test_add_func("/pc-testdev/latches-and-drives-lines",
                    pc_testdev_latches_and_drives_lines);
    return g_test_run();
}
