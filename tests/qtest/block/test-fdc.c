/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 82078 with the 8237, as the data sheet tells to use them. */
#include "libqtest.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define DOR  0x3f2
#define MSR  0x3f4
#define DSR  0x3f4
#define FIFO 0x3f5
#define DIR  0x3f7
#define CCR  0x3f7

enum { RQM = 0x80, DIO = 0x40, BUSY = 0x10 };
enum { DOR_RUN = 0x1c }; /* drive 0, out of reset, DMA gate, motor 0 */
enum { RATE_500K = 0, RATE_250K = 2 };

#define SECTORS     (80 * 2 * 18)
#define IMAGE_BYTES (SECTORS * 512)
#define BUFFER      0x20000

static char *image;

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i / 512 * 5 + i);
}

static void image_make(void)
{
    g_autofree uint8_t *data = g_malloc(IMAGE_BYTES);
    int fd = g_file_open_tmp("test-fdc.XXXXXX", &image, NULL);

    g_assert_cmpint(fd, >=, 0);
    for (size_t i = 0; i < IMAGE_BYTES; i++) {
        data[i] = pattern(i);
    }
    g_assert_cmpint(write(fd, data, IMAGE_BYTES), ==, IMAGE_BYTES);
    close(fd);
}

static uint8_t wait_rqm(QTest *qt)
{
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    uint8_t msr;

    while (!((msr = qtest_inb(qt, MSR)) & RQM)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    return msr;
}

static void send(QTest *qt, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_assert_cmphex(wait_rqm(qt) & DIO, ==, 0);
        qtest_outb(qt, FIFO, bytes[i]);
    }
}
#define SEND(qt, ...) \
    send(qt, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void receive(QTest *qt, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_assert_cmphex(wait_rqm(qt) & (DIO | BUSY), ==, DIO | BUSY);
        bytes[i] = qtest_inb(qt, FIFO);
    }
    g_assert_cmphex(qtest_inb(qt, MSR), ==, RQM);
}

static void reset_controller(QTest *qt)
{
    uint8_t r[2];

    qtest_outb(qt, DOR, 0);
    g_assert_cmphex(qtest_inb(qt, MSR), ==, 0);
    qtest_outb(qt, DOR, DOR_RUN);
    g_assert_true(qtest_get_irq(qt, 6));
    for (uint8_t unit = 0; unit < 4; unit++) {
        SEND(qt, 0x08);
        receive(qt, r, 2);
        g_assert_cmphex(r[0], ==, 0xc0 | unit);
    }
    g_assert_false(qtest_get_irq(qt, 6));
}

static QTest *start_with(const char *drive)
{
    QTest *qt = qtest_startf("-M pc -nodefaults %s", drive);

    qtest_irq_intercept_in(qt, "ioapic");
    reset_controller(qt);
    qtest_outb(qt, CCR, RATE_500K);
    SEND(qt, 0x03, 0xdf, 0x02); /* SPECIFY: DMA */
    return qt;
}

static QTest *start_disk(void)
{
    g_autofree char *drive =
        g_strdup_printf("-drive if=floppy,format=raw,snapshot=on,file=%s", image);

    return start_with(drive);
}

/* Channel 2 of the 8237, single mode; @mode 0x46 into memory, 0x4a out of it. */
static void set_dma(QTest *qt, uint8_t mode, uint16_t bytes)
{
    qtest_outb(qt, 0x0a, 6);
    qtest_outb(qt, 0x0c, 0);
    qtest_outb(qt, 0x0b, mode);
    qtest_outb(qt, 0x04, (uint8_t)BUFFER);
    qtest_outb(qt, 0x04, (uint8_t)(BUFFER >> 8));
    qtest_outb(qt, 0x81, BUFFER >> 16);
    qtest_outb(qt, 0x05, (uint8_t)(bytes - 1));
    qtest_outb(qt, 0x05, (uint8_t)((bytes - 1) >> 8));
    qtest_outb(qt, 0x0a, 2);
}

static void wait_irq(QTest *qt)
{
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    while (!qtest_get_irq(qt, 6)) {
        qtest_inb(qt, MSR);
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
}

static void seek(QTest *qt, uint8_t track)
{
    uint8_t r[2];

    SEND(qt, 0x0f, 0, track);
    wait_irq(qt);
    SEND(qt, 0x08);
    receive(qt, r, 2);
    g_assert_cmphex(r[0], ==, 0x20);
    g_assert_cmphex(r[1], ==, track);
}

static void reset_reports_four_drives(void)
{
    QTest *qt = start_disk();
    uint8_t r;

    SEND(qt, 0x08); /* nothing more to sense: invalid */
    receive(qt, &r, 1);
    g_assert_cmphex(r, ==, 0x80);
    SEND(qt, 0x10);
    receive(qt, &r, 1);
    g_assert_cmphex(r, ==, 0x90);
    qtest_quit(qt);
}

static void recalibrate_without_drive_fails(void)
{
    QTest *qt = start_disk();
    uint8_t r[2];

    SEND(qt, 0x07, 1);
    wait_irq(qt);
    SEND(qt, 0x08);
    receive(qt, r, 2);
    g_assert_cmphex(r[0], ==, 0x71);
    qtest_quit(qt);
}

static void disk_change_clears_by_a_step(void)
{
    QTest *qt = start_disk();

    g_assert_cmphex(qtest_inb(qt, DIR) & 0x80, ==, 0x80);
    seek(qt, 3);
    g_assert_cmphex(qtest_inb(qt, DIR) & 0x80, ==, 0);
    qtest_qmp_do(qt, "{\"execute\":\"eject\",\"arguments\":{\"device\":\"floppy0\"}}");
    g_assert_cmphex(qtest_inb(qt, DIR) & 0x80, ==, 0x80);
    seek(qt, 0);
    g_assert_cmphex(qtest_inb(qt, DIR) & 0x80, ==, 0x80);
    qtest_quit(qt);
}

static void dma_reads_over_both_heads(void)
{
    QTest *qt = start_disk();
    uint8_t r[7], data[4 * 512];

    seek(qt, 7);
    set_dma(qt, 0x46, sizeof(data));
    SEND(qt, 0xe6, 0, 7, 0, 17, 2, 18, 0x1b, 0xff);
    wait_irq(qt);
    receive(qt, r, 7);
    g_assert_cmphex(r[0], ==, 0x00);
    g_assert_cmphex(r[1], ==, 0x00);
    g_assert_cmpuint(r[3], ==, 7); /* the next sector: track 7, head 1, sector 3 */
    g_assert_cmpuint(r[4], ==, 1);
    g_assert_cmpuint(r[5], ==, 3);
    qtest_memread(qt, BUFFER, data, sizeof(data));
    for (size_t i = 0; i < sizeof(data); i++) {
        g_assert_cmphex(data[i], ==, pattern((7 * 36 + 16) * 512 + i));
    }
    g_assert_false(qtest_get_irq(qt, 6));
    qtest_quit(qt);
}

static void dma_write_is_read_back(void)
{
    QTest *qt = start_disk();
    uint8_t r[7], out[1024], back[1024];

    memset(out, 0x3c, sizeof(out));
    qtest_memwrite(qt, BUFFER, out, sizeof(out));
    set_dma(qt, 0x4a, sizeof(out));
    SEND(qt, 0x45, 4, 0, 1, 5, 2, 18, 0x1b, 0xff);
    wait_irq(qt);
    receive(qt, r, 7);
    g_assert_cmphex(r[0], ==, 0x04);
    qtest_memset(qt, BUFFER, 0, sizeof(out));
    set_dma(qt, 0x46, sizeof(out));
    SEND(qt, 0x46, 4, 0, 1, 5, 2, 18, 0x1b, 0xff);
    wait_irq(qt);
    receive(qt, r, 7);
    qtest_memread(qt, BUFFER, back, sizeof(back));
    g_assert_cmpmem(out, sizeof(out), back, sizeof(back));
    qtest_quit(qt);
}

static void pio_reads_byte_by_byte(void)
{
    QTest *qt = start_disk();
    uint8_t r[7];

    SEND(qt, 0x03, 0xdf, 0x03); /* non-DMA */
    SEND(qt, 0x46, 0, 0, 0, 2, 2, 2, 0x1b, 0xff);
    for (size_t i = 0; i < 512; i++) {
        g_assert_cmphex(wait_rqm(qt) & 0x60, ==, 0x60);
        g_assert_cmphex(qtest_inb(qt, FIFO), ==, pattern(512 + i));
    }
    receive(qt, r, 7);
    g_assert_cmphex(r[0], ==, 0x40); /* without TC: end of cylinder */
    g_assert_cmphex(r[1], ==, 0x80);
    qtest_quit(qt);
}

static void wrong_rate_finds_no_mark(void)
{
    QTest *qt = start_disk();
    uint8_t r[7];

    SEND(qt, 0x4a, 0);
    receive(qt, r, 7);
    g_assert_cmphex(r[0] & 0xc0, ==, 0);
    qtest_outb(qt, CCR, RATE_250K);
    SEND(qt, 0x4a, 0);
    receive(qt, r, 7);
    g_assert_cmphex(r[0] & 0xc0, ==, 0x40);
    g_assert_cmphex(r[1] & 1, ==, 1);
    qtest_quit(qt);
}

static void missing_sectors_are_reported(void)
{
    QTest *qt = start_disk();
    uint8_t r[7];
    static const uint8_t bad[][9] = {
        {0x46,  0, 0,    0,   19,   2, 19,   0,    0xff}, /* past the track */
        { 0x46, 0, 0,    0,   0,    2, 18,   0,    0xff}, /* sector 0 */
        { 0x46, 0, 5,    0,   1,    2, 18,   0,    0xff}, /* another track */
        { 0x46, 0, 0,    0,   1,    7, 18,   0,    0xff}, /* 16 KiB sectors */
        { 0x46, 0, 0,    200, 1,    2, 18,   0,    0xff}, /* head 200 */
        { 0x46, 3, 0,    0,   1,    2, 18,   0,    0xff}, /* no drive */
        { 0x46, 0, 0xff, 0,   0xff, 2, 0xff, 0xff, 0xff}  /* all ones */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        set_dma(qt, 0x46, 512);
        send(qt, bad[i], 9);
        wait_irq(qt);
        receive(qt, r, 7);
        g_assert_cmphex(r[0] & 0xc0, ==, 0x40);
    }
    qtest_quit(qt);
}

static void readonly_disks_are_protected(void)
{
    g_autofree char *drive =
        g_strdup_printf("-drive if=floppy,format=raw,readonly=on,file=%s", image);
    QTest *qt = start_with(drive);
    uint8_t r[7];

    SEND(qt, 0x04, 0);
    receive(qt, r, 1);
    g_assert_cmphex(r[0] & 0x40, ==, 0x40);
    set_dma(qt, 0x4a, 512);
    SEND(qt, 0x45, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    wait_irq(qt);
    receive(qt, r, 7);
    g_assert_cmphex(r[0] & 0xc0, ==, 0x40);
    g_assert_cmphex(r[1] & 2, ==, 2);
    qtest_quit(qt);
}

static void format_fills_sectors(void)
{
    QTest *qt = start_disk();
    uint8_t r[7], ids[18 * 4], data[512];

    for (uint8_t i = 0; i < 18; i++) {
        memcpy(ids + 4 * i, (uint8_t[]){ 0, 0, (uint8_t)(i + 1), 2 }, 4);
    }
    qtest_memwrite(qt, BUFFER, ids, sizeof(ids));
    set_dma(qt, 0x4a, sizeof(ids));
    SEND(qt, 0x4d, 0, 2, 18, 0x54, 0xe5);
    wait_irq(qt);
    receive(qt, r, 7);
    g_assert_cmphex(r[0] & 0xc0, ==, 0);
    set_dma(qt, 0x46, 512);
    SEND(qt, 0x46, 0, 0, 0, 18, 2, 18, 0x1b, 0xff);
    wait_irq(qt);
    receive(qt, r, 7);
    qtest_memread(qt, BUFFER, data, 512);
    g_assert_cmphex(data[0], ==, 0xe5);
    g_assert_cmphex(data[511], ==, 0xe5);
    qtest_quit(qt);
}

/* Each opcode with parameters of ones, then a reset. */
static void every_command_can_be_reset(void)
{
    QTest *qt = start_disk();

    for (int op = 0; op < 256; op++) {
        qtest_outb(qt, FIFO, (uint8_t)op);
        for (int i = 0; i < 20; i++) {
            qtest_outb(qt, FIFO, 0xff);
            qtest_inb(qt, FIFO);
        }
        qtest_outb(qt, DSR, 0x80);
        g_assert_cmphex(qtest_inb(qt, MSR), ==, RQM);
    }
    reset_controller(qt);
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    image_make();
    g_test_add_func("/fdc/reset-reports-four-drives", reset_reports_four_drives);
    g_test_add_func("/fdc/recalibrate-without-drive-fails",
                    recalibrate_without_drive_fails);
    g_test_add_func("/fdc/disk-change-clears-by-a-step", disk_change_clears_by_a_step);
    g_test_add_func("/fdc/dma-reads-over-both-heads", dma_reads_over_both_heads);
    g_test_add_func("/fdc/dma-write-is-read-back", dma_write_is_read_back);
    g_test_add_func("/fdc/pio-reads-byte-by-byte", pio_reads_byte_by_byte);
    g_test_add_func("/fdc/wrong-rate-finds-no-mark", wrong_rate_finds_no_mark);
    g_test_add_func("/fdc/missing-sectors-are-reported", missing_sectors_are_reported);
    g_test_add_func("/fdc/readonly-disks-are-protected", readonly_disks_are_protected);
    g_test_add_func("/fdc/format-fills-sectors", format_fills_sectors);
    g_test_add_func("/fdc/every-command-can-be-reset", every_command_can_be_reset);
    int ret = g_test_run();
    g_unlink(image);
    g_free(image);
    return ret;
}
