/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over PCI as VIRTIO 1.1, chapters 2 to 4, tells a driver to use it; then as a
 * driver must not: no ring may crash, hang or overrun us.
 */
#include "libqtest.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define BLK QPCI_DEVFN(5, 0)
#define RNG QPCI_DEVFN(6, 0)
#define MEM QPCI_DEVFN(7, 0)
#define BAR 0xfe000000u
#define IO  0xc000

/* Common configuration, then the other structures. */
enum { DEV_SEL = 0, DEV_FEAT = 4, DRV_SEL = 8, DRV_FEAT = 12, NUM_QUEUES = 18 };
enum { STATUS = 20, Q_SEL = 22, Q_SIZE = 24, Q_VECTOR = 26, Q_ENABLE = 28 };
enum { Q_DESC = 32, Q_AVAIL = 40, Q_USED = 48, ISR = 0x1000, CONFIG = 0x2000 };
#define NOTIFY 0x3000

enum { F_NEXT = 1, F_WRITE = 2, F_INDIRECT = 4 };
enum { NEEDS_RESET = 0x40 };

/* Where the driver keeps its things. */
#define DESC  0x100000u
#define AVAIL 0x110000u
#define USED  0x120000u
#define TABLE 0x130000u
#define DATA  0x200000u

#define IMAGE_BYTES (1024 * 1024)

static char *image;
static uint16_t avail_idx; /* of the driver in work */

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i / 512 * 7 + i);
}

static void image_make(void)
{
    g_autofree uint8_t *data = g_malloc(IMAGE_BYTES);
    int fd = g_file_open_tmp("test-virtio.XXXXXX", &image, NULL);

    for (size_t i = 0; i < IMAGE_BYTES; i++) {
        data[i] = pattern(i);
    }
    g_assert_cmpint(write(fd, data, IMAGE_BYTES), ==, IMAGE_BYTES);
    close(fd);
}

static QTest *start(void)
{
    return qtest_startf("-M pc -nodefaults -m 256M,maxmem=2G "
                        "-object memory-backend-ram,id=vm,size=64M "
                        "-drive if=none,id=d,file=%s,format=raw,snapshot=on "
                        "-device virtio-blk-pci,drive=d,addr=5,serial=disk7 "
                        "-device virtio-rng-pci,addr=6 "
                        "-device virtio-mem-pci,id=vmem,memdev=vm,addr=7",
                        image);
}

static uint64_t features(QTest *qt)
{
    qtest_writel(qt, BAR + DEV_SEL, 0);
    uint64_t low = qtest_readl(qt, BAR + DEV_FEAT);

    qtest_writel(qt, BAR + DEV_SEL, 1);
    return low | (uint64_t)qtest_readl(qt, BAR + DEV_FEAT) << 32;
}

/* 3.1.1 with the features in @mask, then queue 0 of @num entries. */
static void drive(QTest *qt, uint8_t devfn, uint64_t mask, uint16_t num)
{
    uint64_t f;

    qpci_writel(qt, devfn, 0x20, BAR);
    qpci_writel(qt, devfn, 0x24, 0);
    qpci_writew(qt, devfn, 4, 6);
    qtest_writeb(qt, BAR + STATUS, 0);
    qtest_writeb(qt, BAR + STATUS, 3);
    f = features(qt) & (mask | UINT64_C(1) << 32);
    qtest_writel(qt, BAR + DRV_SEL, 0);
    qtest_writel(qt, BAR + DRV_FEAT, (uint32_t)f);
    qtest_writel(qt, BAR + DRV_SEL, 1);
    qtest_writel(qt, BAR + DRV_FEAT, (uint32_t)(f >> 32));
    qtest_writeb(qt, BAR + STATUS, 0x0b);
    g_assert_cmphex(qtest_readb(qt, BAR + STATUS), ==, 0x0b);
    qtest_memset(qt, DESC, 0, 0x4000);
    qtest_memset(qt, AVAIL, 0, 0x1000);
    qtest_memset(qt, USED, 0, 0x4000);
    qtest_writew(qt, BAR + Q_SEL, 0);
    qtest_writew(qt, BAR + Q_SIZE, num);
    qtest_writel(qt, BAR + Q_DESC, DESC);
    qtest_writel(qt, BAR + Q_AVAIL, AVAIL);
    qtest_writel(qt, BAR + Q_USED, USED);
    qtest_writew(qt, BAR + Q_ENABLE, 1);
    qtest_writeb(qt, BAR + STATUS, 0x0f);
    avail_idx = 0;
}

static void put_desc(QTest *qt, uint32_t table, unsigned i, uint64_t addr, uint32_t len,
                     uint16_t flags, uint16_t next)
{
    uint64_t at = table + 16 * i;

    qtest_writeq(qt, at, addr);
    qtest_writel(qt, at + 8, len);
    qtest_writew(qt, at + 12, flags);
    qtest_writew(qt, at + 14, next);
}

static void offer(QTest *qt, uint16_t num, uint16_t head)
{
    qtest_writew(qt, AVAIL + 4 + 2 * (avail_idx % num), head);
    qtest_writew(qt, AVAIL + 2, ++avail_idx);
    qtest_writew(qt, BAR + NOTIFY, 0);
}

/* Until the used index is @idx; the length of the last entry. */
static uint32_t wait_used(QTest *qt, uint16_t num, uint16_t idx)
{
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    while (qtest_readw(qt, USED + 2) != idx) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    return qtest_readl(qt, USED + 4 + 8 * ((uint16_t)(idx - 1) % num) + 4);
}

static void wait_broken(QTest *qt)
{
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    while (!(qtest_readb(qt, BAR + STATUS) & NEEDS_RESET)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    g_assert_cmpuint(qtest_readw(qt, USED + 2), ==, 0);
}

/* A block request in descriptors 0 to 2; the status byte is at DATA + 16. */
static void put_request(QTest *qt, uint32_t type, uint64_t sector, uint32_t bytes)
{
    qtest_writel(qt, DATA, type);
    qtest_writel(qt, DATA + 4, 0);
    qtest_writeq(qt, DATA + 8, sector);
    qtest_writeb(qt, DATA + 16, 0xff);
    put_desc(qt, DESC, 0, DATA, 16, F_NEXT, 1);
    put_desc(qt, DESC, 1, DATA + 0x1000, bytes,
             (uint16_t)(F_NEXT | (type == 1 ? 0 : F_WRITE)), 2);
    put_desc(qt, DESC, 2, DATA + 16, 1, F_WRITE, 0);
}

static void ids_and_capabilities(void)
{
    QTest *qt = start();

    g_assert_cmphex(qpci_readl(qt, BLK, 0), ==, 0x10011af4);
    g_assert_cmphex(qpci_readl(qt, RNG, 0), ==, 0x10051af4);
    g_assert_cmphex(qpci_readl(qt, MEM, 0), ==, 0x10581af4);
    g_assert_cmphex(qpci_readl(qt, BLK, 0x2c), ==, 0x00021af4);
    g_assert_cmphex(qpci_readl(qt, MEM, 0x2c), ==, 0x11001af4);
    g_assert_cmphex(qpci_readl(qt, BLK, 0x40), ==, 0x01100009);
    g_assert_cmphex(qpci_readl(qt, BLK, 0x70), ==, 0x02146009);
    g_assert_cmphex(qpci_readb(qt, BLK, 0x34), ==, 0x98);
    g_assert_cmphex(qpci_find_capability(qt, MEM, 0x11), ==, 0);
    qtest_quit(qt);
}

static void features_are_negotiated(void)
{
    QTest *qt = start();

    qpci_writel(qt, BLK, 0x20, BAR);
    qpci_writew(qt, BLK, 4, 6);
    g_assert_cmphex(features(qt) >> 32, ==, 1);
    g_assert_cmpuint(qtest_readw(qt, BAR + NUM_QUEUES), ==, 1);
    qtest_writeb(qt, BAR + STATUS, 3);
    /* Without VERSION_1, and with what is not offered: refused. */
    qtest_writeb(qt, BAR + STATUS, 0x0b);
    g_assert_cmphex(qtest_readb(qt, BAR + STATUS), ==, 0x03);
    qtest_writel(qt, BAR + DRV_SEL, 1);
    qtest_writel(qt, BAR + DRV_FEAT, 0x80000001);
    qtest_writeb(qt, BAR + STATUS, 0x0b);
    g_assert_cmphex(qtest_readb(qt, BAR + STATUS), ==, 0x03);
    qtest_writel(qt, BAR + DRV_FEAT, 1);
    qtest_writeb(qt, BAR + STATUS, 0x0b);
    g_assert_cmphex(qtest_readb(qt, BAR + STATUS), ==, 0x0b);
    qtest_writew(qt, BAR + Q_SIZE, 3);    /* no power of two */
    qtest_writew(qt, BAR + Q_SIZE, 4096); /* too many */
    g_assert_cmpuint(qtest_readw(qt, BAR + Q_SIZE), ==, 256);
    qtest_writew(qt, BAR + Q_VECTOR, 77);
    g_assert_cmphex(qtest_readw(qt, BAR + Q_VECTOR), ==, 0xffff);
    qtest_writew(qt, BAR + Q_SEL, 9);
    g_assert_cmpuint(qtest_readw(qt, BAR + Q_SIZE), ==, 0);
    qtest_quit(qt);
}

static void block_reads_writes_and_flushes(void)
{
    QTest *qt = start();
    uint8_t got[1024], put[1024];
    char id[21] = "";

    qtest_irq_intercept_in(qt, "ioapic");
    qpci_writeb(qt, QPCI_DEVFN(1, 0), 0x60, 10); /* slot 5, pin A: link A */
    drive(qt, BLK, 0, 16);
    g_assert_cmpuint(qtest_readq(qt, BAR + CONFIG), ==, IMAGE_BYTES / 512);
    put_request(qt, 0, 3, 1024);
    offer(qt, 16, 0);
    g_assert_cmpuint(wait_used(qt, 16, 1), ==, 1025);
    g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 0);
    qtest_memread(qt, DATA + 0x1000, got, sizeof(got));
    for (size_t i = 0; i < sizeof(got); i++) {
        g_assert_cmphex(got[i], ==, pattern(3 * 512 + i));
    }
    g_assert_true(qtest_get_irq(qt, 10));
    g_assert_cmphex(qtest_readb(qt, BAR + ISR), ==, 1);
    g_assert_false(qtest_get_irq(qt, 10));
    memset(put, 0x5a, sizeof(put));
    qtest_memwrite(qt, DATA + 0x1000, put, sizeof(put));
    put_request(qt, 1, 8, 1024);
    offer(qt, 16, 0);
    g_assert_cmpuint(wait_used(qt, 16, 2), ==, 1);
    g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 0);
    qtest_memset(qt, DATA + 0x1000, 0, 1024);
    put_request(qt, 0, 8, 1024);
    offer(qt, 16, 0);
    wait_used(qt, 16, 3);
    qtest_memread(qt, DATA + 0x1000, got, sizeof(got));
    g_assert_cmpint(memcmp(got, put, sizeof(got)), ==, 0);
    put_request(qt, 8, 0, 20); /* id */
    offer(qt, 16, 0);
    wait_used(qt, 16, 4);
    qtest_memread(qt, DATA + 0x1000, id, 20);
    g_assert_cmpstr(id, ==, "disk7");
    put_request(qt, 4, 0, 0); /* flush */
    offer(qt, 16, 0);
    wait_used(qt, 16, 5);
    g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 0);
    put_request(qt, 0, IMAGE_BYTES / 512, 512); /* past the end */
    offer(qt, 16, 0);
    wait_used(qt, 16, 6);
    g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 1);
    put_request(qt, 99, 0, 512);
    offer(qt, 16, 0);
    wait_used(qt, 16, 7);
    g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 2);
    qtest_quit(qt);
}

static void indirect_tables_and_event_indices(void)
{
    QTest *qt = start();

    drive(qt, BLK, 3u << 28, 16);
    qtest_writew(qt, AVAIL + 4 + 2 * 16, 1); /* used_event: after the second */
    for (uint16_t n = 0; n < 2; n++) {
        put_request(qt, 0, n, 512);
        for (unsigned i = 0; i < 3; i++) {
            uint8_t d[16];
            qtest_memread(qt, DESC + 16 * i, d, sizeof(d));
            qtest_memwrite(qt, TABLE + 16 * i, d, sizeof(d));
        }
        put_desc(qt, DESC, 5, TABLE, 48, F_INDIRECT, 0);
        offer(qt, 16, 5);
        wait_used(qt, 16, (uint16_t)(n + 1));
        g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 0);
        g_assert_cmphex(qtest_readb(qt, DATA + 0x1000), ==, pattern(n * 512u));
    }
    g_assert_cmpuint(qtest_readw(qt, USED + 4 + 8 * 16), ==, 2); /* avail_event */
    qtest_quit(qt);
}

static void entropy_fills_buffers(void)
{
    QTest *qt = start();
    uint8_t a[64], b[64];

    drive(qt, RNG, 0, 8);
    put_desc(qt, DESC, 0, DATA, 64, F_WRITE, 0);
    offer(qt, 8, 0);
    g_assert_cmpuint(wait_used(qt, 8, 1), ==, 64);
    qtest_memread(qt, DATA, a, sizeof(a));
    put_desc(qt, DESC, 0, DATA, 0xffffffff, F_WRITE, 0); /* as much as we like */
    offer(qt, 8, 0);
    g_assert_cmpuint(wait_used(qt, 8, 2), ==, 4096);
    qtest_memread(qt, DATA, b, sizeof(b));
    g_assert_cmpint(memcmp(a, b, sizeof(a)), !=, 0);
    qtest_quit(qt);
}

static unsigned mem_request(QTest *qt, uint16_t type, uint64_t addr, uint16_t blocks,
                            uint16_t nth)
{
    qtest_memset(qt, DATA, 0, 64);
    qtest_writew(qt, DATA, type);
    qtest_writeq(qt, DATA + 8, addr);
    qtest_writew(qt, DATA + 16, blocks);
    put_desc(qt, DESC, 0, DATA, 24, F_NEXT, 1);
    put_desc(qt, DESC, 1, DATA + 32, 10, F_WRITE, 0);
    offer(qt, 16, 0);
    g_assert_cmpuint(wait_used(qt, 16, nth), ==, 10);
    return qtest_readw(qt, DATA + 32);
}

static void memory_is_plugged_as_requested(void)
{
    QTest *qt = start();
    const uint64_t base = UINT64_C(1) << 32, block = 2u << 20;

    drive(qt, MEM, 0, 16);
    g_assert_cmphex(qtest_readq(qt, BAR + CONFIG), ==, block);
    g_assert_cmphex(qtest_readq(qt, BAR + CONFIG + 16), ==, base);
    g_assert_cmphex(qtest_readq(qt, BAR + CONFIG + 24), ==, 64u << 20);
    g_assert_cmpuint(mem_request(qt, 0, base, 1, 1), ==, 3); /* nothing is wanted */
    qtest_qmp_do(qt, "{\"execute\":\"qom-set\",\"arguments\":{\"path\":\"vmem\","
                     "\"property\":\"requested-size\",\"value\":4194304}}");
    g_assert_cmphex(qtest_readb(qt, BAR + ISR) & 2, ==, 2);
    g_assert_cmphex(qtest_readq(qt, BAR + CONFIG + 48), ==, 4u << 20);
    g_assert_cmpuint(mem_request(qt, 0, base + block, 2, 2), ==, 0);
    json_object_put(qtest_wait_event(qt, "MEMORY_DEVICE_SIZE_CHANGE"));
    g_assert_cmphex(qtest_readq(qt, BAR + CONFIG + 40), ==, 4u << 20);
    qtest_writel(qt, base + block, 0x12345678);
    g_assert_cmpuint(mem_request(qt, 0, base, 1, 3), ==, 1); /* more than wanted */
    g_assert_cmpuint(mem_request(qt, 0, base + block, 1, 4), ==, 3); /* is plugged */
    g_assert_cmpuint(mem_request(qt, 3, base, 4, 5), ==, 0);
    g_assert_cmpuint(qtest_readw(qt, DATA + 40), ==, 2); /* mixed */
    g_assert_cmpuint(mem_request(qt, 1, base + block, 1, 6), ==, 0);
    g_assert_cmphex(qtest_readl(qt, base + block), ==, 0); /* gone */
    g_assert_cmpuint(mem_request(qt, 1, base + 64 * block, 1, 7), ==, 3);
    g_assert_cmpuint(mem_request(qt, 0, base + 1, 1, 8), ==, 3);
    g_assert_cmpuint(mem_request(qt, 0, base, 0xffff, 9), ==, 3);
    g_assert_cmpuint(mem_request(qt, 0, UINT64_MAX - 10, 1, 10), ==, 3);
    g_assert_cmpuint(mem_request(qt, 2, 0, 0, 11), ==, 0); /* all */
    g_assert_cmphex(qtest_readq(qt, BAR + CONFIG + 40), ==, 0);
    qtest_qmp_fails(qt,
                    "'requested-size' has to be multiples of 'block-size' (0x200000)",
                    "{\"execute\":\"qom-set\",\"arguments\":{\"path\":\"vmem\","
                    "\"property\":\"requested-size\",\"value\":4096}}");
    qtest_quit(qt);
}

static void legacy_interface_works(void)
{
    QTest *qt = start();

    qpci_writel(qt, BLK, 0x10, IO);
    qpci_writew(qt, BLK, 4, 5);
    g_assert_cmphex(qtest_inl(qt, IO + 0) & (1u << 9), ==, 1u << 9);
    qtest_outb(qt, IO + 18, 3);
    qtest_outl(qt, IO + 4, 0);
    qtest_outw(qt, IO + 14, 0);
    g_assert_cmpuint(qtest_inw(qt, IO + 12), ==, 256);
    g_assert_cmpuint(qtest_inl(qt, IO + 20), ==, IMAGE_BYTES / 512);
    /* One block: descriptors, available ring at 4096, used ring on the next page. */
    qtest_memset(qt, DESC, 0, 0x4000);
    qtest_outl(qt, IO + 8, DESC >> 12);
    g_assert_cmphex(qtest_inl(qt, IO + 8), ==, DESC >> 12);
    qtest_outb(qt, IO + 18, 7);
    put_request(qt, 0, 1, 512);
    qtest_writew(qt, DESC + 4096 + 4, 0);
    qtest_writew(qt, DESC + 4096 + 2, 1);
    qtest_outw(qt, IO + 16, 0);
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    while (qtest_readw(qt, DESC + 8192 + 2) != 1) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 0);
    g_assert_cmphex(qtest_readb(qt, DATA + 0x1000), ==, pattern(512));
    g_assert_cmphex(qtest_inb(qt, IO + 19), ==, 1);
    qtest_outl(qt, IO + 8, 0);
    g_assert_cmphex(qtest_inb(qt, IO + 18), ==, 0);
    qtest_quit(qt);
}

static void structures_through_configuration_space(void)
{
    QTest *qt = start();

    drive(qt, BLK, 0, 16);
    qpci_writeb(qt, BLK, 0x84 + 4, 4);
    qpci_writel(qt, BLK, 0x84 + 8, CONFIG);
    qpci_writel(qt, BLK, 0x84 + 12, 4);
    g_assert_cmpuint(qpci_readl(qt, BLK, 0x84 + 16), ==, IMAGE_BYTES / 512);
    qpci_writel(qt, BLK, 0x84 + 8, STATUS);
    qpci_writel(qt, BLK, 0x84 + 12, 1);
    qpci_writeb(qt, BLK, 0x84 + 16, 0);
    g_assert_cmphex(qtest_readb(qt, BAR + STATUS), ==, 0);
    /* Nonsense reads what was there and does nothing. */
    qpci_writel(qt, BLK, 0x84 + 8, 0xfffffffc);
    qpci_writel(qt, BLK, 0x84 + 12, 4);
    qpci_readl(qt, BLK, 0x84 + 16);
    qpci_writel(qt, BLK, 0x84 + 12, 7);
    qpci_writel(qt, BLK, 0x84 + 16, 7);
    qtest_quit(qt);
}

/* --- What no driver does --- */

typedef void BreakFn(QTest *qt);

static void break_head(QTest *qt)
{
    offer(qt, 16, 16);
}

static void break_index(QTest *qt)
{
    qtest_writew(qt, AVAIL + 2, 0x8000);
    qtest_writew(qt, BAR + NOTIFY, 0);
}

static void break_loop(QTest *qt)
{
    put_desc(qt, DESC, 0, DATA, 16, F_NEXT, 1);
    put_desc(qt, DESC, 1, DATA, 16, F_NEXT, 0);
    offer(qt, 16, 0);
}

static void break_next(QTest *qt)
{
    put_desc(qt, DESC, 0, DATA, 16, F_NEXT, 0xffff);
    offer(qt, 16, 0);
}

static void break_order(QTest *qt)
{
    put_desc(qt, DESC, 0, DATA, 16, F_NEXT | F_WRITE, 1);
    put_desc(qt, DESC, 1, DATA, 16, 0, 0);
    offer(qt, 16, 0);
}

static void break_indirect_size(QTest *qt)
{
    put_desc(qt, DESC, 0, TABLE, 17, F_INDIRECT, 0);
    offer(qt, 16, 0);
}

static void break_indirect_huge(QTest *qt)
{
    put_desc(qt, DESC, 0, TABLE, 0xfffffff0, F_INDIRECT, 0);
    offer(qt, 16, 0);
}

static void break_indirect_nested(QTest *qt)
{
    put_desc(qt, TABLE, 0, TABLE, 32, F_INDIRECT, 0);
    put_desc(qt, DESC, 0, TABLE, 32, F_INDIRECT, 0);
    offer(qt, 16, 0);
}

static void break_indirect_loop(QTest *qt)
{
    put_desc(qt, TABLE, 0, DATA, 16, F_NEXT, 0);
    put_desc(qt, DESC, 0, TABLE, 16 * 1024, F_INDIRECT, 0);
    offer(qt, 16, 0);
}

static void break_empty(QTest *qt)
{
    put_desc(qt, DESC, 0, DATA, 0, 0, 0);
    offer(qt, 16, 0);
}

static void break_no_status(QTest *qt)
{
    put_desc(qt, DESC, 0, DATA, 16, 0, 0);
    offer(qt, 16, 0);
}

static void broken_rings_stop_the_device(void)
{
    static BreakFn *const ways[] = {
        break_head,          break_index,           break_loop,
        break_next,          break_order,           break_indirect_size,
        break_indirect_huge, break_indirect_nested, break_indirect_loop,
        break_empty,         break_no_status,
    };
    QTest *qt = start();

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        drive(qt, BLK, 1u << 28, 16);
        ways[i](qt);
        wait_broken(qt);
        /* It stays stopped until a reset, and works after it. */
        qtest_writew(qt, BAR + NOTIFY, 0);
        drive(qt, BLK, 1u << 28, 16);
        put_request(qt, 0, 0, 512);
        offer(qt, 16, 0);
        wait_used(qt, 16, 1);
        g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 0);
    }
    qtest_quit(qt);
}

/* Rings and data on the device's own registers, on holes, at the end of space. */
static void rings_may_lie_anywhere(void)
{
    static const uint64_t places[] = {
        BAR,    BAR + NOTIFY, BAR + 0xff0, 0xf0000000, UINT64_C(0xfffffffffffffff0),
        0xa0000
    };
    QTest *qt = start();

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        drive(qt, BLK, 3u << 28, 16);
        put_request(qt, 0, 0, 512);
        put_desc(qt, DESC, 1, places[i], 512, F_NEXT | F_WRITE, 2);
        offer(qt, 16, 0);
        g_assert_cmphex(qtest_readl(qt, BAR + NUM_QUEUES) & 0xffff, <=, 0xffff);
        for (unsigned reg = Q_DESC; reg <= Q_USED; reg += 8) {
            qpci_writew(qt, BLK, 4, 6);
            drive(qt, BLK, 3u << 28, 16);
            qtest_writel(qt, BAR + reg, (uint32_t)places[i]);
            qtest_writel(qt, BAR + reg + 4, (uint32_t)(places[i] >> 32));
            offer(qt, 16, 0);
            qtest_writew(qt, BAR + NOTIFY, 0);
            g_assert_cmphex(qpci_readl(qt, BLK, 0), ==, 0x10011af4);
        }
    }
    drive(qt, BLK, 0, 16);
    put_request(qt, 0, 0, 512);
    offer(qt, 16, 0);
    wait_used(qt, 16, 1);
    qtest_quit(qt);
}

/* A sector of zeroes read onto the common structure resets the device half-way. */
static void data_may_be_a_reset(void)
{
    QTest *qt = start();

    drive(qt, BLK, 0, 16);
    qtest_memset(qt, DATA + 0x1000, 0, 512);
    put_request(qt, 1, 40, 512);
    offer(qt, 16, 0);
    wait_used(qt, 16, 1);
    put_request(qt, 0, 40, 512);
    put_desc(qt, DESC, 1, BAR, 512, F_NEXT | F_WRITE, 2);
    offer(qt, 16, 0);
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    while (qtest_readb(qt, BAR + STATUS)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 0xff);
    drive(qt, BLK, 0, 16);
    put_request(qt, 0, 40, 512);
    offer(qt, 16, 0);
    wait_used(qt, 16, 1);
    g_assert_cmphex(qtest_readb(qt, DATA + 16), ==, 0);
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    image_make();
    g_test_add_func("/virtio/ids-and-capabilities", ids_and_capabilities);
    g_test_add_func("/virtio/features-are-negotiated", features_are_negotiated);
    g_test_add_func("/virtio/block-reads-writes-and-flushes",
                    block_reads_writes_and_flushes);
    g_test_add_func("/virtio/indirect-tables-and-event-indices",
                    indirect_tables_and_event_indices);
    g_test_add_func("/virtio/entropy-fills-buffers", entropy_fills_buffers);
    g_test_add_func("/virtio/memory-is-plugged-as-requested",
                    memory_is_plugged_as_requested);
    g_test_add_func("/virtio/legacy-interface-works", legacy_interface_works);
    g_test_add_func("/virtio/structures-through-configuration-space",
                    structures_through_configuration_space);
    g_test_add_func("/virtio/broken-rings-stop-the-device",
                    broken_rings_stop_the_device);
    g_test_add_func("/virtio/rings-may-lie-anywhere", rings_may_lie_anywhere);
    g_test_add_func("/virtio/data-may-be-a-reset", data_may_be_a_reset);
    int ret = g_test_run();
    g_unlink(image);
    return ret;
}
