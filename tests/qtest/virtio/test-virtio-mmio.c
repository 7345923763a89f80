/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The microvm and its virtio slots as VIRTIO 1.1, section 4.2, tells a driver to use
 * them. The disk is in the last slot, the source of entropy in the one before.
 */
#include "libqtest.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define SLOT(n) (0xfeb00000u + 0x200 * (n))
#define BLK     SLOT(7)
#define RNG     SLOT(6)
#define BLK_IRQ 12

enum {
    MAGIC = 0,
    VERSION = 4,
    DEVICE_ID = 8,
    VENDOR = 12,
    DEV_FEAT = 16,
    DEV_SEL = 20
};
enum { DRV_FEAT = 0x20, DRV_SEL = 0x24, Q_SEL = 0x30, Q_MAX = 0x34, Q_NUM = 0x38 };
enum { Q_READY = 0x44, NOTIFY = 0x50, ISR = 0x60, ACK = 0x64, STATUS = 0x70 };
enum { Q_DESC = 0x80, Q_AVAIL = 0x90, Q_USED = 0xa0, CONFIG = 0x100 };

enum { F_NEXT = 1, F_WRITE = 2 };
enum { NEEDS_RESET = 0x40 };

#define DESC  0x100000u
#define AVAIL 0x110000u
#define USED  0x120000u
#define DATA  0x200000u

static char *image;

static void image_make(void)
{
    uint8_t data[4096];
    int fd = g_file_open_tmp("test-mmio.XXXXXX", &image, NULL);

    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i / 512 * 5 + i);
    }
    g_assert_cmpint(write(fd, data, sizeof(data)), ==, sizeof(data));
    close(fd);
}

static QTest *start(void)
{
    return qtest_startf("-M microvm,acpi=off -nodefaults -m 64M "
                        "-drive if=none,id=d,file=%s,format=raw,snapshot=on "
                        "-device virtio-blk-device,drive=d -device virtio-rng-device",
                        image);
}

/* 3.1.1; false if the device refuses the features. */
static bool negotiate(QTest *qt, uint32_t slot, uint32_t low, uint32_t high)
{
    qtest_writel(qt, slot + STATUS, 0);
    qtest_writel(qt, slot + STATUS, 3);
    qtest_writel(qt, slot + DRV_SEL, 0);
    qtest_writel(qt, slot + DRV_FEAT, low);
    qtest_writel(qt, slot + DRV_SEL, 1);
    qtest_writel(qt, slot + DRV_FEAT, high);
    qtest_writel(qt, slot + STATUS, 0x0b);
    return qtest_readl(qt, slot + STATUS) == 0x0b;
}

static void drive(QTest *qt, uint32_t slot, uint32_t num)
{
    g_assert_true(negotiate(qt, slot, 0, 1));
    qtest_memset(qt, DESC, 0, 0x1000);
    qtest_memset(qt, AVAIL, 0, 0x1000);
    qtest_memset(qt, USED, 0, 0x1000);
    qtest_writel(qt, slot + Q_SEL, 0);
    qtest_writel(qt, slot + Q_NUM, num);
    qtest_writel(qt, slot + Q_DESC, DESC);
    qtest_writel(qt, slot + Q_DESC + 4, 0);
    qtest_writel(qt, slot + Q_AVAIL, AVAIL);
    qtest_writel(qt, slot + Q_USED, USED);
    qtest_writel(qt, slot + Q_READY, 1);
    g_assert_cmphex(qtest_readl(qt, slot + Q_READY), ==, 1);
    qtest_writel(qt, slot + STATUS, 0x0f);
}

static void put_desc(QTest *qt, unsigned i, uint64_t addr, uint32_t len, uint16_t flags)
{
    qtest_writeq(qt, DESC + 16 * i, addr);
    qtest_writel(qt, DESC + 16 * i + 8, len);
    qtest_writew(qt, DESC + 16 * i + 12, flags);
    qtest_writew(qt, DESC + 16 * i + 14, (uint16_t)(i + 1));
}

static void offer(QTest *qt, uint32_t slot, uint16_t idx)
{
    qtest_writew(qt, AVAIL + 2, idx);
    qtest_writel(qt, slot + NOTIFY, 0);
}

static void wait_used(QTest *qt, uint16_t idx)
{
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    while (qtest_readw(qt, USED + 2) != idx) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
}

static void slots_name_their_devices(void)
{
    static const uint32_t ids[8] = { [6] = 4, [7] = 2 };
    QTest *qt = start();

    for (unsigned i = 0; i < 8; i++) {
        g_assert_cmphex(qtest_readl(qt, SLOT(i) + MAGIC), ==, 0x74726976);
        g_assert_cmphex(qtest_readl(qt, SLOT(i) + VERSION), ==, 2);
        g_assert_cmphex(qtest_readl(qt, SLOT(i) + VENDOR), ==, 0x554d4551);
        g_assert_cmphex(qtest_readl(qt, SLOT(i) + DEVICE_ID), ==, ids[i]);
    }
    qtest_writel(qt, SLOT(0) + STATUS, 0x0f); /* nobody there */
    qtest_writel(qt, SLOT(0) + NOTIFY, 0);
    g_assert_cmphex(qtest_readl(qt, SLOT(0) + STATUS), ==, 0);
    g_assert_cmphex(qtest_readl(qt, SLOT(0) + Q_MAX), ==, 0);
    g_assert_cmphex(qtest_readq(qt, SLOT(0) + CONFIG), ==, 0);
    /* Registers are of 32 bits (4.2.2.2). */
    g_assert_cmphex(qtest_readb(qt, BLK + MAGIC), ==, 0);
    qtest_writeb(qt, BLK + STATUS, 3);
    g_assert_cmphex(qtest_readl(qt, BLK + STATUS), ==, 0);
    /* Configuration of any width: the capacity. */
    g_assert_cmphex(qtest_readl(qt, BLK + CONFIG), ==, 8);
    g_assert_cmphex(qtest_readb(qt, BLK + CONFIG), ==, 8);
    qtest_quit(qt);
}

static void features_come_by_halves(void)
{
    QTest *qt = start();

    qtest_writel(qt, BLK + DEV_SEL, 1);
    g_assert_cmphex(qtest_readl(qt, BLK + DEV_FEAT) & 1, ==, 1);
    qtest_writel(qt, BLK + DEV_SEL, 2);
    g_assert_cmphex(qtest_readl(qt, BLK + DEV_FEAT), ==, 0);
    g_assert_true(negotiate(qt, BLK, 0, 1));
    g_assert_false(negotiate(qt, BLK, 0, 0));          /* without VERSION_1 */
    g_assert_false(negotiate(qt, BLK, 0, 0x80000001)); /* never offered */
    qtest_quit(qt);
}

static void disk_reads_and_interrupts(void)
{
    QTest *qt = start();
    uint8_t data[1024];

    qtest_irq_intercept_in(qt, "ioapic");
    drive(qt, BLK, 8);
    qtest_writel(qt, DATA, 0);
    qtest_writeq(qt, DATA + 8, 2);
    qtest_writeb(qt, DATA + 16, 0xff);
    put_desc(qt, 0, DATA, 16, F_NEXT);
    put_desc(qt, 1, DATA + 0x1000, sizeof(data), F_NEXT | F_WRITE);
    put_desc(qt, 2, DATA + 16, 1, F_WRITE);
    offer(qt, BLK, 1);
    wait_used(qt, 1);
    g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 0);
    qtest_memread(qt, DATA + 0x1000, data, sizeof(data));
    for (size_t i = 0; i < sizeof(data); i++) {
        g_assert_cmphex(data[i], ==, (uint8_t)((i + 1024) / 512 * 5 + i));
    }
    g_assert_cmphex(qtest_readl(qt, BLK + ISR), ==, 1);
    g_assert_true(qtest_get_irq(qt, BLK_IRQ));
    qtest_writel(qt, BLK + ACK, 1);
    g_assert_cmphex(qtest_readl(qt, BLK + ISR), ==, 0);
    g_assert_false(qtest_get_irq(qt, BLK_IRQ));
    qtest_writel(qt, BLK + STATUS, 0); /* all of it goes */
    g_assert_cmphex(qtest_readl(qt, BLK + Q_READY), ==, 0);
    qtest_quit(qt);
}

static void bad_drivers_are_stopped(void)
{
    QTest *qt = start();

    drive(qt, BLK, 8);
    qtest_writel(qt, BLK + Q_NUM, 3);
    qtest_writel(qt, BLK + Q_NUM, 0);
    qtest_writel(qt, BLK + Q_NUM, 0xffff0008);
    qtest_writel(qt, BLK + NOTIFY, 0xffffffff);
    g_assert_cmphex(qtest_readl(qt, BLK + STATUS), ==, 0x0f);
    qtest_writew(qt, AVAIL + 4, 0x1234); /* no such descriptor */
    offer(qt, BLK, 1);
    g_assert_cmphex(qtest_readl(qt, BLK + STATUS) & NEEDS_RESET, ==, NEEDS_RESET);
    drive(qt, RNG, 8);
    qtest_writel(qt, RNG + Q_SEL, 77);
    g_assert_cmphex(qtest_readl(qt, RNG + Q_MAX), ==, 0);
    qtest_writel(qt, RNG + Q_READY, 1);
    put_desc(qt, 0, UINT64_C(0xfffffffffffffff0), 64, F_WRITE);
    offer(qt, RNG, 1);
    g_assert_cmphex(qtest_readl(qt, RNG + STATUS) & 0x0f, ==, 0x0f);
    qtest_quit(qt);
}

/* The slots keep nothing over a reset of the machine. */
static void reset_empties_the_slots(void)
{
    QTest *qt = start();

    drive(qt, BLK, 8);
    qtest_qmp_do(qt, "{'execute':'system_reset'}");
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    while (qtest_readl(qt, BLK + STATUS)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    g_assert_cmphex(qtest_readl(qt, BLK + Q_READY), ==, 0);
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    image_make();
    g_test_add_func("/virtio-mmio/slots-name-their-devices", slots_name_their_devices);
    g_test_add_func("/virtio-mmio/features-come-by-halves", features_come_by_halves);
    g_test_add_func("/virtio-mmio/disk-reads-and-interrupts",
                    disk_reads_and_interrupts);
    g_test_add_func("/virtio-mmio/bad-drivers-are-stopped", bad_drivers_are_stopped);
    g_test_add_func("/virtio-mmio/reset-empties-the-slots", reset_empties_the_slots);
    int ret = g_test_run();
    g_unlink(image);
    return ret;
}
