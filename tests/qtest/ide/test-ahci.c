/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ICH9's AHCI controller as the AHCI 1.3 specification, chapter 10, tells to use it.
 */
#include "libqtest.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define AHCI  QPCI_DEVFN(31, 2)
#define BAR   0xfe000000u
#define PORT  (BAR + 0x100)
#define CLB   0x100000u
#define FB    0x101000u
#define TABLE 0x102000u
#define DATA  0x200000u

enum { P_CLB = 0, P_FB = 8, P_IS = 0x10, P_IE = 0x14, P_CMD = 0x18, P_TFD = 0x20 };
enum { P_SIG = 0x24, P_SSTS = 0x28, P_SCTL = 0x2c, P_SACT = 0x34, P_CI = 0x38 };
enum { IS_DHRS = 1, IS_PSS = 2, IS_SDBS = 8 };
#define IS_OFS  0x01000000u
#define IS_HBFS 0x20000000u
#define IS_TFES 0x40000000u

#define IMAGE_BYTES (1024 * 1024)

static char *image;

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i / 512 * 7 + i);
}

static void image_make(void)
{
    g_autofree uint8_t *data = g_malloc(IMAGE_BYTES);
    int fd = g_file_open_tmp("test-ahci.XXXXXX", &image, NULL);

    for (size_t i = 0; i < IMAGE_BYTES; i++) {
        data[i] = pattern(i);
    }
    g_assert_cmpint(write(fd, data, IMAGE_BYTES), ==, IMAGE_BYTES);
    close(fd);
}

static uint32_t get(QTest *qt, int port, unsigned reg)
{
    return qtest_readl(qt, PORT + 0x80 * (unsigned)port + reg);
}

static void put(QTest *qt, int port, unsigned reg, uint32_t value)
{
    qtest_writel(qt, PORT + 0x80 * (unsigned)port + reg, value);
}

/* Disk on port 0, CD on port 2; lists in place and running. */
static QTest *start(void)
{
    QTest *qt = qtest_startf("-M q35 -nodefaults -drive "
                             "file=%s,format=raw,if=ide,index=0,snapshot=on -drive "
                             "file=%s,format=raw,if=ide,index=2,media=cdrom",
                             image, image);

    qpci_writel(qt, AHCI, 0x24, BAR);
    qpci_writew(qt, AHCI, 4, 6);
    qtest_irq_intercept_in(qt, "ioapic");
    qtest_writel(qt, BAR + 4, 0x80000002); /* interrupts on */
    for (int port = 0; port <= 2; port += 2) {
        put(qt, port, P_CLB, CLB);
        put(qt, port, P_FB, FB);
        put(qt, port, P_CMD, 0x16);
        put(qt, port, P_IS, 0xffffffff);
        put(qt, port, P_IE, 0xffffffff);
        put(qt, port, P_CMD, 0x17);
    }
    return qt;
}

/* One slot: FIS, table and header. @prdt: pairs of address and bytes, ended by 0. */
static void make_slot(QTest *qt, int slot, const uint8_t fis[20], uint32_t options,
                      const uint32_t *prdt)
{
    uint32_t table = TABLE + 0x400 * (uint32_t)slot;
    uint32_t n = 0;

    qtest_memwrite(qt, table, fis, 20);
    for (; prdt && prdt[2 * n]; n++) {
        uint32_t entry[4] = { prdt[2 * n], 0, 0, prdt[2 * n + 1] - 1 };
        qtest_memwrite(qt, table + 0x80 + 16 * n, entry, sizeof(entry));
    }
    uint32_t header[8] = { options | 5 | n << 16, 0, table, 0, 0, 0, 0, 0 };
    qtest_memwrite(qt, CLB + 32 * (uint32_t)slot, header, sizeof(header));
}

static uint32_t wait_for(QTest *qt, int port, uint32_t bits)
{
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    uint32_t is;

    while (!((is = get(qt, port, P_IS)) & bits)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    return is;
}

static void make_fis(uint8_t fis[20], uint8_t command, uint64_t lba, uint16_t count)
{
    memset(fis, 0, 20);
    fis[0] = 0x27;
    fis[1] = 0x80;
    fis[2] = command;
    fis[7] = 0x40;
    for (int i = 0; i < 3; i++) {
        fis[4 + i] = (uint8_t)(lba >> (8 * i));
        fis[8 + i] = (uint8_t)(lba >> (24 + 8 * i));
    }
    fis[12] = (uint8_t)count;
    fis[13] = (uint8_t)(count >> 8);
}

static void check_pattern(QTest *qt, uint32_t addr, size_t from, size_t bytes)
{
    g_autofree uint8_t *got = g_malloc(bytes);

    qtest_memread(qt, addr, got, bytes);
    for (size_t i = 0; i < bytes; i++) {
        g_assert_cmphex(got[i], ==, pattern(from + i));
    }
}

static void registers_say_what_is_there(void)
{
    QTest *qt = start();

    g_assert_cmphex(qtest_readl(qt, BAR), ==, 0xc0141f05);
    g_assert_cmphex(qtest_readl(qt, BAR + 0x0c), ==, 0x3f);
    g_assert_cmphex(get(qt, 0, P_SSTS), ==, 0x113);
    g_assert_cmphex(get(qt, 1, P_SSTS), ==, 0);
    g_assert_cmphex(get(qt, 0, P_SIG), ==, 0x00000101);
    g_assert_cmphex(get(qt, 2, P_SIG), ==, 0xeb140101);
    g_assert_cmphex(get(qt, 0, P_TFD) & 0x89, ==, 0);
    put(qt, 0, P_IE, 0xffffffff);
    g_assert_cmphex(get(qt, 0, P_IE), ==, 0xfdc000ff);
    /* The same through index and data. */
    qpci_writel(qt, AHCI, 0x20, 0xc000);
    qpci_writew(qt, AHCI, 4, 7);
    qtest_outl(qt, 0xc010, 0x100 + P_SSTS);
    g_assert_cmphex(qtest_inl(qt, 0xc014), ==, 0x113);
    qtest_quit(qt);
}

static void identify_comes_by_pio(void)
{
    QTest *qt = start();
    const uint32_t prdt[] = { DATA, 100, DATA + 0x1000, 412, 0 };
    uint8_t fis[20], id[512];

    make_fis(fis, 0xec, 0, 0);
    make_slot(qt, 3, fis, 0, prdt);
    put(qt, 0, P_CI, 1u << 3);
    wait_for(qt, 0, IS_PSS);
    g_assert_cmphex(get(qt, 0, P_CI), ==, 0);
    g_assert_cmphex(get(qt, 0, P_TFD) & 0xff, ==, 0x50);
    qtest_memread(qt, DATA, id, 100);
    qtest_memread(qt, DATA + 0x1000, id + 100, 412);
    g_assert_cmpint(memcmp(id + 54, "EQUMH RADDSI K", 14), ==, 0);
    g_assert_cmphex(id[150] | id[151] << 8, ==, 31);              /* queue depth */
    g_assert_cmphex(id[152] | id[153] << 8, ==, 0x0102);          /* queued, 1.5 Gb/s */
    g_assert_cmpuint(qtest_readl(qt, CLB + 32 * 3 + 4), ==, 512); /* PRDBC */
    g_assert_cmphex(qtest_readb(qt, FB + 0x20), ==, 0x5f);
    g_assert_true(qtest_get_irq(qt, 16));
    g_assert_cmphex(qtest_readl(qt, BAR + 8), ==, 1);
    put(qt, 0, P_IS, IS_PSS);
    qtest_writel(qt, BAR + 8, 1);
    g_assert_false(qtest_get_irq(qt, 16));
    qtest_quit(qt);
}

static void dma_is_scattered(void)
{
    QTest *qt = start();
    const uint32_t prdt[] = { DATA, 2, DATA + 0x10000, 1000, DATA + 0x20002, 3094, 0 };
    uint8_t fis[20];

    make_fis(fis, 0x25, 5, 8); /* READ DMA EXT */
    make_slot(qt, 0, fis, 0, prdt);
    put(qt, 0, P_CI, 1);
    g_assert_cmphex(wait_for(qt, 0, IS_DHRS) & ~IS_DHRS, ==, 0);
    check_pattern(qt, DATA, 5 * 512, 2);
    check_pattern(qt, DATA + 0x10000, 5 * 512 + 2, 1000);
    check_pattern(qt, DATA + 0x20002, 5 * 512 + 1002, 3094);
    g_assert_cmpuint(qtest_readl(qt, CLB + 4), ==, 4096);
    qtest_quit(qt);
}

static void what_is_written_is_read_back(void)
{
    QTest *qt = start();
    const uint32_t out[] = { DATA, 0x40000, 0 }, in[] = { DATA + 0x100000, 0x40000, 0 };
    g_autofree uint8_t *bytes = g_malloc(0x40000), *got = g_malloc(0x40000);
    uint8_t fis[20];

    for (size_t i = 0; i < 0x40000; i++) {
        bytes[i] = (uint8_t)(i * 13 >> 3);
    }
    qtest_memwrite(qt, DATA, bytes, 0x40000);
    make_fis(fis, 0x35, 100, 512); /* WRITE DMA EXT: two chunks */
    make_slot(qt, 0, fis, 0x40, out);
    make_fis(fis, 0x24, 100, 512); /* READ SECTORS EXT: by PIO */
    make_slot(qt, 1, fis, 0, in);
    put(qt, 0, P_CI, 3);
    wait_for(qt, 0, IS_DHRS);
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    while (get(qt, 0, P_CI)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    qtest_memread(qt, DATA + 0x100000, got, 0x40000);
    g_assert_cmpint(memcmp(bytes, got, 0x40000), ==, 0);
    qtest_quit(qt);
}

static void queued_commands_run_together(void)
{
    QTest *qt = start();
    uint8_t fis[20];

    for (int tag = 0; tag < 32; tag++) {
        const uint32_t prdt[] = { DATA + 0x1000 * (uint32_t)tag, 4096, 0 };
        make_fis(fis, 0x60, (uint64_t)tag * 8, 0);
        fis[3] = 8; /* sectors */
        fis[12] = (uint8_t)(tag << 3);
        make_slot(qt, tag, fis, 0, prdt);
    }
    put(qt, 0, P_SACT, 0xffffffff);
    put(qt, 0, P_CI, 0xffffffff);
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    while (get(qt, 0, P_SACT)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    g_assert_cmphex(get(qt, 0, P_CI), ==, 0);
    g_assert_cmphex(get(qt, 0, P_IS), ==, IS_SDBS);
    g_assert_cmphex(qtest_readb(qt, FB + 0x58), ==, 0xa1);
    check_pattern(qt, DATA, 0, 32 * 4096);
    qtest_quit(qt);
}

static void cd_answers_packets(void)
{
    QTest *qt = start();
    const uint32_t prdt[] = { DATA, 36, 0 }, sector[] = { DATA, 2048, 0 };
    uint8_t fis[20], packet[16] = { 0x12, 0, 0, 0, 36 };
    char vendor[9] = "";

    make_fis(fis, 0xa0, 0, 0);
    fis[5] = 36; /* byte limit: by PIO */
    make_slot(qt, 0, fis, 0x20, prdt);
    qtest_memwrite(qt, TABLE + 0x40, packet, sizeof(packet));
    put(qt, 2, P_CI, 1);
    wait_for(qt, 2, IS_DHRS);
    qtest_memread(qt, DATA + 8, vendor, 8);
    g_assert_cmpstr(vendor, ==, "QEMU    ");
    put(qt, 2, P_IS, 0xffffffff);
    /* READ (10) of sector 3 by DMA; the first is told of the medium. */
    memset(packet, 0, sizeof(packet));
    packet[0] = 0x28;
    packet[5] = 3;
    packet[8] = 1;
    make_fis(fis, 0xa0, 0, 0);
    fis[3] = 1;
    make_slot(qt, 0, fis, 0x20, sector);
    qtest_memwrite(qt, TABLE + 0x40, packet, sizeof(packet));
    put(qt, 2, P_CI, 1);
    wait_for(qt, 2, IS_DHRS);
    check_pattern(qt, DATA, 3 * 2048, 2048);
    qtest_quit(qt);
}

static void errors_stop_the_port(void)
{
    QTest *qt = start();
    const uint32_t prdt[] = { DATA, 512, 0 };
    uint8_t fis[20];

    make_fis(fis, 0x25, IMAGE_BYTES / 512, 1); /* past the end */
    make_slot(qt, 0, fis, 0, prdt);
    make_fis(fis, 0x25, 0, 1);
    make_slot(qt, 1, fis, 0, prdt);
    put(qt, 0, P_CI, 3);
    wait_for(qt, 0, IS_TFES);
    g_assert_cmphex(get(qt, 0, P_TFD), ==, 0x1051); /* IDNF, ERR */
    g_assert_cmphex(get(qt, 0, P_CI), ==, 3);
    put(qt, 0, P_CMD, 0x16);
    g_assert_cmphex(get(qt, 0, P_CI), ==, 0);
    put(qt, 0, P_IS, 0xffffffff);
    put(qt, 0, P_CMD, 0x17);
    put(qt, 0, P_CI, 2);
    wait_for(qt, 0, IS_DHRS);
    check_pattern(qt, DATA, 0, 512);
    qtest_quit(qt);
}

/* None of these may crash or hang: the next good command still works. */
static void hostile_lists_are_survived(void)
{
    QTest *qt = start();
    const uint32_t small[] = { DATA, 100, 0 }, good[] = { DATA, 512, 0 };
    uint8_t fis[20];

    /* A table too small for the data. */
    make_fis(fis, 0x25, 0, 64);
    make_slot(qt, 0, fis, 0, small);
    put(qt, 0, P_CI, 1);
    g_assert_cmphex(wait_for(qt, 0, IS_DHRS) & IS_OFS, ==, IS_OFS);
    check_pattern(qt, DATA, 0, 100);
    put(qt, 0, P_IS, 0xffffffff);
    /* No FIS at all. */
    uint32_t empty[8] = { 0 };
    qtest_memwrite(qt, CLB, empty, sizeof(empty));
    put(qt, 0, P_CI, 1);
    wait_for(qt, 0, IS_HBFS);
    put(qt, 0, P_CMD, 0x16);
    put(qt, 0, P_IS, 0xffffffff);
    /* Lists nowhere, and on the controller's own registers. */
    static const uint32_t places[] = { 0xf0000000, BAR, BAR + 0x100 };
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        put(qt, 0, P_CLB, places[i]);
        put(qt, 0, P_FB, places[i]);
        put(qt, 0, P_CMD, 0x17);
        put(qt, 0, P_SACT, 0xffffffff);
        put(qt, 0, P_CI, 0xffffffff);
        g_assert_cmphex(get(qt, 0, P_SSTS), ==, 0x113);
        put(qt, 0, P_CMD, 0x06);
        put(qt, 0, P_IS, 0xffffffff);
    }
    put(qt, 0, P_CLB, CLB);
    put(qt, 0, P_FB, FB);
    put(qt, 0, P_CMD, 0x17);
    /* A queued command whose tag is not its slot; data into our own registers. */
    const uint32_t self[] = { BAR, 4096, 0 };
    make_fis(fis, 0x60, 0, 0);
    fis[3] = 8;
    fis[12] = 5 << 3;
    make_slot(qt, 0, fis, 0, self);
    put(qt, 0, P_SACT, 1);
    put(qt, 0, P_CI, 1);
    wait_for(qt, 0, IS_TFES);
    put(qt, 0, P_CMD, 0x16);
    put(qt, 0, P_IS, 0xffffffff);
    put(qt, 0, P_CMD, 0x17);
    make_fis(fis, 0x25, 7, 1);
    make_slot(qt, 0, fis, 0, good);
    put(qt, 0, P_CI, 1);
    wait_for(qt, 0, IS_DHRS);
    check_pattern(qt, DATA, 7 * 512, 512);
    qtest_quit(qt);
}

static void links_can_be_reset(void)
{
    QTest *qt = start();

    put(qt, 0, P_CMD, 0x16);
    put(qt, 0, P_SCTL, 1);
    g_assert_cmphex(get(qt, 0, P_SSTS), ==, 0);
    put(qt, 0, P_SCTL, 0);
    g_assert_cmphex(get(qt, 0, P_SSTS), ==, 0x113);
    g_assert_cmphex(get(qt, 0, P_SIG), ==, 0x101);
    put(qt, 0, P_SCTL, 4);
    g_assert_cmphex(get(qt, 0, P_SSTS), ==, 4);
    qtest_writel(qt, BAR + 4, 1); /* the whole controller */
    g_assert_cmphex(qtest_readl(qt, BAR + 4), ==, 0x80000000);
    g_assert_cmphex(get(qt, 0, P_SSTS), ==, 0x113);
    g_assert_cmphex(get(qt, 0, P_CLB), ==, 0);
    g_assert_cmphex(get(qt, 0, P_CMD), ==, 6);
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    image_make();
    g_test_add_func("/ahci/registers-say-what-is-there", registers_say_what_is_there);
    g_test_add_func("/ahci/identify-comes-by-pio", identify_comes_by_pio);
    g_test_add_func("/ahci/dma-is-scattered", dma_is_scattered);
    g_test_add_func("/ahci/what-is-written-is-read-back", what_is_written_is_read_back);
    g_test_add_func("/ahci/queued-commands-run-together", queued_commands_run_together);
    g_test_add_func("/ahci/cd-answers-packets", cd_answers_packets);
    g_test_add_func("/ahci/errors-stop-the-port", errors_stop_the_port);
    g_test_add_func("/ahci/hostile-lists-are-survived", hostile_lists_are_survived);
    g_test_add_func("/ahci/links-can-be-reset", links_can_be_reset);
    int ret = g_test_run();
    g_unlink(image);
    return ret;
}
