/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ATA disks, PACKET drives and the bus master, as ATA-6 and SFF-8038i tell to use them.
 */
#include "libqtest.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define PIIX_IDE  QPCI_DEVFN(1, 1)
#define BMDMA     0xc000
#define CMD_BLOCK 0x1f0
#define CTL_BLOCK 0x3f6
#define DATA      (CMD_BLOCK + 0)
#define ERROR     (CMD_BLOCK + 1)
#define FEATURES  (CMD_BLOCK + 1)
#define COUNT     (CMD_BLOCK + 2)
#define LBA_LOW   (CMD_BLOCK + 3)
#define LBA_MID   (CMD_BLOCK + 4)
#define LBA_HIGH  (CMD_BLOCK + 5)
#define DEVICE    (CMD_BLOCK + 6)
#define STATUS    (CMD_BLOCK + 7)
#define COMMAND   (CMD_BLOCK + 7)

enum { ERR = 1, DRQ = 8, DSC = 0x10, DRDY = 0x40, BSY = 0x80 };
enum { ABRT = 4, IDNF = 0x10 };
enum { BM_START = 1, BM_TO_MEMORY = 8 };
enum { BM_ACTIVE = 1, BM_ERROR = 2, BM_INTERRUPT = 4 };

#define IMAGE_BYTES (1024 * 1024)
#define PRD         0x10000
#define BUFFER      0x20000

static char *image;

static uint8_t pattern(size_t i)
{
    return (uint8_t)(i / 512 * 7 + i);
}

static void image_make(void)
{
    g_autofree uint8_t *data = g_malloc(IMAGE_BYTES);
    int fd = g_file_open_tmp("test-ide.XXXXXX", &image, NULL);

    g_assert_cmpint(fd, >=, 0);
    for (size_t i = 0; i < IMAGE_BYTES; i++) {
        data[i] = pattern(i);
    }
    g_assert_cmpint(write(fd, data, IMAGE_BYTES), ==, IMAGE_BYTES);
    close(fd);
}

static QTest *start_on(const char *drive)
{
    QTest *qt =
        qtest_startf("-M pc -nodefaults -drive file=%s,format=raw,%s", image, drive);

    qpci_writel(qt, PIIX_IDE, 0x20, BMDMA);
    qpci_writew(qt, PIIX_IDE, 4, 5);
    qtest_irq_intercept_in(qt, "ioapic");
    return qt;
}

static QTest *start_disk(void)
{
    return start_on("if=ide,snapshot=on");
}

/* Wait for BSY to go; returns the status. Host I/O takes its time, not the guest's. */
static uint8_t wait_ready(QTest *qt)
{
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    uint8_t status;

    while ((status = qtest_inb(qt, CTL_BLOCK)) & BSY) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    return status;
}

static void wait_bmdma_interrupt(QTest *qt)
{
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    while (!(qtest_inb(qt, BMDMA + 2) & BM_INTERRUPT)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
}

static void set_lba28(QTest *qt, uint32_t lba, uint8_t count)
{
    qtest_outb(qt, DEVICE, 0xe0 | (lba >> 24));
    qtest_outb(qt, COUNT, count);
    qtest_outb(qt, LBA_LOW, (uint8_t)lba);
    qtest_outb(qt, LBA_MID, (uint8_t)(lba >> 8));
    qtest_outb(qt, LBA_HIGH, (uint8_t)(lba >> 16));
}

static uint8_t command(QTest *qt, uint8_t code)
{
    qtest_outb(qt, COMMAND, code);
    return wait_ready(qt);
}

static void read_data(QTest *qt, void *data, size_t bytes)
{
    uint16_t *p = data;

    for (size_t i = 0; i < bytes / 2; i++) {
        p[i] = GUINT16_TO_LE(qtest_inw(qt, DATA));
    }
}

static void check_pattern(const uint8_t *data, size_t lba, size_t sectors)
{
    for (size_t i = 0; i < sectors * 512; i++) {
        g_assert_cmphex(data[i], ==, pattern(lba * 512 + i));
    }
}

/* --- Disk --- */

static void identify_tells_model_and_size(void)
{
    QTest *qt = start_disk();
    uint8_t data[512];
    const uint16_t *w = (const uint16_t *)data;

    qtest_outb(qt, DEVICE, 0xe0);
    g_assert_cmphex(command(qt, 0xec), ==, DRDY | DSC | DRQ);
    g_assert_true(qtest_get_irq(qt, 14));
    g_assert_cmphex(qtest_inb(qt, STATUS), ==, DRDY | DSC | DRQ);
    g_assert_false(qtest_get_irq(qt, 14));
    read_data(qt, data, 512);
    g_assert_cmphex(qtest_inb(qt, STATUS), ==, DRDY | DSC);
    g_assert_cmphex(w[0], ==, 0x0040);
    g_assert_cmpuint(w[60] | w[61] << 16, ==, IMAGE_BYTES / 512);
    g_assert_cmpuint(w[100], ==, IMAGE_BYTES / 512);
    g_assert_cmphex(w[49] & 0x300, ==, 0x300);
    g_assert_cmpmem(data + 54, 8, "EQUMH RA", 8); /* "QEMU HAR", bytes swapped */
    qtest_quit(qt);
}

static void absent_drives_read_zero(void)
{
    QTest *qt = start_disk();

    qtest_outb(qt, DEVICE, 0xf0);
    g_assert_cmphex(qtest_inb(qt, STATUS), ==, 0);
    qtest_outb(qt, COUNT, 0x55);
    g_assert_cmphex(qtest_inb(qt, COUNT), ==, 0);
    g_assert_cmphex(qtest_inb(qt, 0x177), ==, 0);
    qtest_quit(qt);
}

static void pio_read_interrupts_for_each_sector(void)
{
    QTest *qt = start_disk();
    uint8_t data[3 * 512];

    set_lba28(qt, 5, 3);
    for (int i = 0; i < 3; i++) {
        g_assert_cmphex(i ? wait_ready(qt) : command(qt, 0x20), ==, DRDY | DSC | DRQ);
        g_assert_true(qtest_get_irq(qt, 14));
        qtest_inb(qt, STATUS);
        g_assert_false(qtest_get_irq(qt, 14));
        read_data(qt, data + 512 * i, 512);
    }
    g_assert_cmphex(qtest_inb(qt, STATUS), ==, DRDY | DSC);
    g_assert_false(qtest_get_irq(qt, 14));
    check_pattern(data, 5, 3);
    qtest_quit(qt);
}

static void read_multiple_takes_blocks(void)
{
    QTest *qt = start_disk();
    uint8_t data[6 * 512];

    set_lba28(qt, 0, 4);
    g_assert_cmphex(command(qt, 0xc6), ==, DRDY | DSC); /* SET MULTIPLE 4 */
    set_lba28(qt, 9, 6);
    g_assert_cmphex(command(qt, 0xc4), ==, DRDY | DSC | DRQ);
    qtest_inb(qt, STATUS);
    read_data(qt, data, 4 * 512);
    g_assert_true(qtest_get_irq(qt, 14)); /* second block of two sectors */
    qtest_inb(qt, STATUS);
    read_data(qt, data + 4 * 512, 2 * 512);
    g_assert_cmphex(qtest_inb(qt, STATUS), ==, DRDY | DSC);
    check_pattern(data, 9, 6);
    qtest_quit(qt);
}

static void pio_write_is_read_back(void)
{
    QTest *qt = start_disk();
    uint8_t back[512];

    set_lba28(qt, 100, 2);
    g_assert_cmphex(command(qt, 0x30), ==, DRDY | DSC | DRQ);
    g_assert_false(qtest_get_irq(qt, 14)); /* not for the first block */
    for (int i = 0; i < 256; i++) {
        qtest_outw(qt, DATA, 0x1234);
    }
    g_assert_cmphex(wait_ready(qt), ==, DRDY | DSC | DRQ);
    for (int i = 0; i < 256; i++) {
        qtest_outw(qt, DATA, 0x5678);
    }
    g_assert_cmphex(wait_ready(qt), ==, DRDY | DSC);
    g_assert_cmphex(command(qt, 0xe7), ==, DRDY | DSC); /* FLUSH CACHE */
    set_lba28(qt, 101, 1);
    command(qt, 0x20);
    read_data(qt, back, 512);
    g_assert_cmphex(back[0], ==, 0x78);
    g_assert_cmphex(back[511], ==, 0x56);
    qtest_quit(qt);
}

static void chs_addresses_count_sectors_from_one(void)
{
    QTest *qt = start_disk();
    uint8_t data[512];

    qtest_outb(qt, DEVICE, 0xa1); /* head 1 */
    qtest_outb(qt, COUNT, 1);
    qtest_outb(qt, LBA_LOW, 2);
    qtest_outb(qt, LBA_MID, 0);
    qtest_outb(qt, LBA_HIGH, 0);
    command(qt, 0x20);
    read_data(qt, data, 512);
    check_pattern(data, 63 + 1, 1);
    qtest_outb(qt, LBA_LOW, 0);
    qtest_outb(qt, COUNT, 1);
    g_assert_cmphex(command(qt, 0x20), ==, DRDY | DSC | ERR);
    g_assert_cmphex(qtest_inb(qt, ERROR), ==, IDNF);
    qtest_quit(qt);
}

static void registers_are_two_deep(void)
{
    QTest *qt = start_disk();

    qtest_outb(qt, LBA_LOW, 0x11);
    qtest_outb(qt, LBA_LOW, 0x22);
    g_assert_cmphex(qtest_inb(qt, LBA_LOW), ==, 0x22);
    qtest_outb(qt, CTL_BLOCK, 0x80);
    g_assert_cmphex(qtest_inb(qt, LBA_LOW), ==, 0x11);
    qtest_outb(qt, COUNT, 1); /* any write clears HOB */
    g_assert_cmphex(qtest_inb(qt, LBA_LOW), ==, 0x22);
    qtest_quit(qt);
}

static void addresses_past_the_end_are_not_found(void)
{
    QTest *qt = start_disk();

    set_lba28(qt, IMAGE_BYTES / 512 - 1, 2);
    g_assert_cmphex(command(qt, 0x20), ==, DRDY | DSC | ERR);
    g_assert_cmphex(qtest_inb(qt, ERROR), ==, IDNF);
    set_lba28(qt, 0x0fffffff, 1);
    command(qt, 0xc8);
    g_assert_cmphex(qtest_inb(qt, ERROR), ==, IDNF);
    /* 48 bits all ones, 65536 sectors */
    for (int i = 0; i < 2; i++) {
        qtest_outb(qt, COUNT, 0);
        qtest_outb(qt, LBA_LOW, 0xff);
        qtest_outb(qt, LBA_MID, 0xff);
        qtest_outb(qt, LBA_HIGH, 0xff);
    }
    command(qt, 0x24);
    g_assert_cmphex(qtest_inb(qt, ERROR), ==, IDNF);
    g_assert_cmphex(command(qt, 0xff), ==, DRDY | DSC | ERR);
    g_assert_cmphex(qtest_inb(qt, ERROR), ==, ABRT);
    qtest_quit(qt);
}

static void interrupts_follow_nien(void)
{
    QTest *qt = start_disk();

    qtest_outb(qt, CTL_BLOCK, 2);
    qtest_outb(qt, DEVICE, 0xe0);
    command(qt, 0xec);
    g_assert_false(qtest_get_irq(qt, 14));
    qtest_outb(qt, CTL_BLOCK, 0);
    g_assert_true(qtest_get_irq(qt, 14));
    qtest_quit(qt);
}

static void software_reset_shows_the_signature(void)
{
    QTest *qt = start_disk();

    set_lba28(qt, 77, 9);
    qtest_outb(qt, CTL_BLOCK, 4);
    g_assert_cmphex(qtest_inb(qt, CTL_BLOCK) & BSY, ==, BSY);
    qtest_outb(qt, CTL_BLOCK, 0);
    g_assert_cmphex(qtest_inb(qt, STATUS), ==, DRDY | DSC);
    g_assert_cmphex(qtest_inb(qt, ERROR), ==, 1);
    g_assert_cmphex(qtest_inb(qt, COUNT), ==, 1);
    g_assert_cmphex(qtest_inb(qt, LBA_LOW), ==, 1);
    g_assert_cmphex(qtest_inb(qt, LBA_MID), ==, 0);
    g_assert_cmphex(qtest_inb(qt, LBA_HIGH), ==, 0);
    qtest_quit(qt);
}

static void smart_says_good(void)
{
    QTest *qt = start_disk();

    qtest_outb(qt, DEVICE, 0xe0);
    qtest_outb(qt, FEATURES, 0xda);
    qtest_outb(qt, LBA_MID, 0x4f);
    qtest_outb(qt, LBA_HIGH, 0xc2);
    g_assert_cmphex(command(qt, 0xb0), ==, DRDY | DSC);
    g_assert_cmphex(qtest_inb(qt, LBA_MID), ==, 0x4f);
    qtest_outb(qt, LBA_MID, 0);
    g_assert_cmphex(command(qt, 0xb0) & ERR, ==, ERR);
    qtest_quit(qt);
}

/* --- Bus master --- */

static void put_prd(QTest *qt, int n, uint32_t addr, uint32_t control)
{
    qtest_writel(qt, PRD + 8u * n, addr);
    qtest_writel(qt, PRD + 8u * n + 4, control);
}

static void dma_begin(QTest *qt, uint8_t code, uint8_t direction)
{
    qtest_outb(qt, BMDMA + 2, BM_ERROR | BM_INTERRUPT);
    qtest_outl(qt, BMDMA + 4, PRD);
    qtest_outb(qt, BMDMA, direction);
    qtest_outb(qt, COMMAND, code);
    qtest_outb(qt, BMDMA, direction | BM_START);
}

static void dma_read_scatters(void)
{
    QTest *qt = start_disk();
    uint8_t data[4 * 512];

    put_prd(qt, 0, BUFFER, 1024);
    put_prd(qt, 1, BUFFER + 0x4000, 1024 | 0x80000000);
    set_lba28(qt, 40, 4);
    dma_begin(qt, 0xc8, BM_TO_MEMORY);
    wait_bmdma_interrupt(qt);
    g_assert_true(qtest_get_irq(qt, 14));
    g_assert_cmphex(qtest_inb(qt, BMDMA + 2), ==, BM_INTERRUPT);
    g_assert_cmphex(qtest_inb(qt, STATUS), ==, DRDY | DSC);
    qtest_outb(qt, BMDMA, 0);
    qtest_memread(qt, BUFFER, data, 1024);
    qtest_memread(qt, BUFFER + 0x4000, data + 1024, 1024);
    check_pattern(data, 40, 4);
    qtest_quit(qt);
}

static void dma_write_is_read_back(void)
{
    QTest *qt = start_disk();
    uint8_t out[1024], back[1024];

    memset(out, 0x5a, sizeof(out));
    qtest_memwrite(qt, BUFFER, out, sizeof(out));
    put_prd(qt, 0, BUFFER, 1024 | 0x80000000);
    set_lba28(qt, 200, 2);
    dma_begin(qt, 0xca, 0);
    wait_bmdma_interrupt(qt);
    qtest_inb(qt, STATUS);
    qtest_outb(qt, BMDMA, 0);
    set_lba28(qt, 200, 2);
    put_prd(qt, 0, BUFFER + 0x1000, 1024 | 0x80000000);
    dma_begin(qt, 0xc8, BM_TO_MEMORY);
    wait_bmdma_interrupt(qt);
    qtest_memread(qt, BUFFER + 0x1000, back, sizeof(back));
    g_assert_cmpmem(out, sizeof(out), back, sizeof(back));
    qtest_quit(qt);
}

/* SFF-8038i: descriptors left over keep Active set. */
static void dma_with_room_left_stays_active(void)
{
    QTest *qt = start_disk();

    put_prd(qt, 0, BUFFER, 4096 | 0x80000000);
    set_lba28(qt, 0, 1);
    dma_begin(qt, 0xc8, BM_TO_MEMORY);
    wait_bmdma_interrupt(qt);
    g_assert_cmphex(qtest_inb(qt, BMDMA + 2), ==, BM_INTERRUPT | BM_ACTIVE);
    qtest_quit(qt);
}

/* Descriptors used up before the drive: neither Active nor Interrupt; a reset helps. */
static void dma_without_room_waits_for_a_reset(void)
{
    QTest *qt = start_disk();
    gint64 deadline = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;

    put_prd(qt, 0, BUFFER, 512 | 0x80000000);
    set_lba28(qt, 0, 4);
    dma_begin(qt, 0xc8, BM_TO_MEMORY);
    while (qtest_inb(qt, BMDMA + 2) & BM_ACTIVE) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
    g_assert_cmphex(qtest_inb(qt, BMDMA + 2), ==, 0);
    g_assert_cmphex(qtest_inb(qt, CTL_BLOCK) & DRQ, ==, DRQ);
    qtest_outb(qt, BMDMA, 0);
    qtest_outb(qt, CTL_BLOCK, 4);
    qtest_outb(qt, CTL_BLOCK, 0);
    g_assert_cmphex(qtest_inb(qt, STATUS), ==, DRDY | DSC);
    qtest_quit(qt);
}

/* A table without an end in the last bytes of 64 KiB, and one in no memory at all. */
static void hostile_descriptors_are_survived(void)
{
    QTest *qt = start_disk();

    for (uint32_t at = 0x30000; at < 0x40000; at += 8) {
        qtest_writel(qt, at, BUFFER + 1);
        qtest_writel(qt, at + 4, 0x00010003); /* reserved bits, 2 bytes, no end */
    }
    set_lba28(qt, 0, 0);
    qtest_outl(qt, BMDMA + 4, 0x3fff8);
    qtest_outb(qt, COMMAND, 0xc8);
    qtest_outb(qt, BMDMA, BM_TO_MEMORY | BM_START);
    wait_bmdma_interrupt(qt);
    qtest_inb(qt, STATUS);
    qtest_outb(qt, BMDMA, 0);
    qtest_outb(qt, BMDMA + 2, BM_ERROR | BM_INTERRUPT);
    set_lba28(qt, 0, 1);
    qtest_outl(qt, BMDMA + 4, 0xfffffffc);
    qtest_outb(qt, COMMAND, 0xc8);
    qtest_outb(qt, BMDMA, BM_TO_MEMORY | BM_START);
    qtest_outb(qt, BMDMA, 0);
    qtest_outb(qt, CTL_BLOCK, 4);
    qtest_outb(qt, CTL_BLOCK, 0);
    g_assert_cmphex(wait_ready(qt), ==, DRDY | DSC);
    qtest_quit(qt);
}

static void reset_in_the_middle_of_a_request(void)
{
    QTest *qt = start_disk();

    for (int i = 0; i < 50; i++) {
        set_lba28(qt, (uint32_t)i, 255);
        qtest_outb(qt, COMMAND, 0x20);
        qtest_outb(qt, CTL_BLOCK, 4);
        qtest_outb(qt, CTL_BLOCK, 0);
        g_assert_cmphex(qtest_inb(qt, STATUS), ==, DRDY | DSC);
    }
    set_lba28(qt, 0, 255);
    qtest_outb(qt, COMMAND, 0x20);
    qtest_qmp_do(qt, "{\"execute\":\"system_reset\"}");
    json_object_put(qtest_wait_event(qt, "RESET"));
    g_assert_cmphex(wait_ready(qt), ==, DRDY | DSC);
    qtest_quit(qt);
}

/* --- CD --- */

static QTest *start_cd(void)
{
    return start_on("if=ide,media=cdrom");
}

/* Send a packet; the status after it. */
static uint8_t packet(QTest *qt, const uint8_t *bytes, uint16_t limit)
{
    qtest_outb(qt, DEVICE, 0xa0);
    qtest_outb(qt, FEATURES, 0);
    qtest_outb(qt, LBA_MID, (uint8_t)limit);
    qtest_outb(qt, LBA_HIGH, (uint8_t)(limit >> 8));
    g_assert_cmphex(command(qt, 0xa0) & DRQ, ==, DRQ);
    g_assert_cmphex(qtest_inb(qt, COUNT) & 3, ==, 1); /* command: C/D set, I/O clear */
    for (int i = 0; i < 12; i += 2) {
        qtest_outw(qt, DATA, (uint16_t)(bytes[i] | bytes[i + 1] << 8));
    }
    return wait_ready(qt);
}

static uint16_t byte_count(QTest *qt)
{
    return (uint16_t)(qtest_inb(qt, LBA_MID) | qtest_inb(qt, LBA_HIGH) << 8);
}

static void packet_devices_have_their_signature(void)
{
    QTest *qt = start_cd();

    g_assert_cmphex(qtest_inb(qt, STATUS), ==, 0);
    g_assert_cmphex(byte_count(qt), ==, 0xeb14);
    command(qt, 0xec);
    g_assert_cmphex(qtest_inb(qt, ERROR), ==, ABRT);
    g_assert_cmphex(byte_count(qt), ==, 0xeb14);
    qtest_quit(qt);
}

static void inquiry_names_the_drive(void)
{
    QTest *qt = start_cd();
    uint8_t data[36];

    g_assert_cmphex(packet(qt, (uint8_t[12]){ 0x12, 0, 0, 0, 36 }, 0xfffe) & DRQ, ==,
                    DRQ);
    g_assert_cmphex(qtest_inb(qt, COUNT) & 3, ==, 2);
    g_assert_cmpuint(byte_count(qt), ==, 36);
    read_data(qt, data, 36);
    g_assert_cmphex(wait_ready(qt), ==, DRDY);
    g_assert_cmphex(qtest_inb(qt, COUNT) & 3, ==, 3);
    g_assert_cmphex(data[0], ==, 5);
    g_assert_cmpmem(data + 8, 4, "QEMU", 4);
    qtest_quit(qt);
}

static void sectors_come_in_blocks_of_the_byte_count(void)
{
    QTest *qt = start_cd();
    uint8_t data[4096];
    size_t done = 0;

    packet(qt, (uint8_t[12]){ 0x28, 0, 0, 0, 0, 3, 0, 0, 2 }, 1500);
    while (done < 4096) {
        g_assert_cmphex(wait_ready(qt) & (DRQ | ERR), ==, DRQ);
        uint16_t n = byte_count(qt);
        g_assert_cmpuint(n, ==, MIN(1500, 4096 - done));
        read_data(qt, data + done, n);
        done += n;
    }
    g_assert_cmphex(wait_ready(qt), ==, DRDY);
    check_pattern(data, 12, 8);
    qtest_quit(qt);
}

static void cd_reads_by_dma(void)
{
    QTest *qt = start_cd();
    static const uint8_t read10[12] = { 0x28, 0, 0, 0, 0, 1, 0, 0, 100 };
    g_autofree uint8_t *data = g_malloc(100 * 2048);

    for (int i = 0; i < 4; i++) {
        put_prd(qt, i, BUFFER + 0x10000u * (unsigned)i, i == 3 ? 0x80000000 : 0);
    }
    qtest_outb(qt, BMDMA + 2, BM_ERROR | BM_INTERRUPT);
    qtest_outl(qt, BMDMA + 4, PRD);
    qtest_outb(qt, DEVICE, 0xa0);
    qtest_outb(qt, FEATURES, 1);
    command(qt, 0xa0);
    for (int i = 0; i < 12; i += 2) {
        qtest_outw(qt, DATA, (uint16_t)(read10[i] | read10[i + 1] << 8));
    }
    qtest_outb(qt, BMDMA, BM_TO_MEMORY | BM_START);
    wait_bmdma_interrupt(qt);
    g_assert_cmphex(qtest_inb(qt, STATUS), ==, DRDY);
    qtest_memread(qt, BUFFER, data, 100 * 2048);
    check_pattern(data, 4, 400);
    qtest_quit(qt);
}

static void check_sense(QTest *qt, uint8_t key, uint8_t asc)
{
    uint8_t data[18];

    packet(qt, (uint8_t[12]){ 0x03, 0, 0, 0, 18 }, 18);
    read_data(qt, data, 18);
    wait_ready(qt);
    g_assert_cmphex(data[2], ==, key);
    g_assert_cmphex(data[12], ==, asc);
}

static void commands_past_the_end_have_sense(void)
{
    QTest *qt = start_cd();

    g_assert_cmphex(
        packet(qt, (uint8_t[12]){ 0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff },
               2048),
        ==, DRDY | ERR);
    check_sense(qt, 5, 0x21);
    g_assert_cmphex(packet(qt, (uint8_t[12]){ 0xfe }, 2048), ==, DRDY | ERR);
    check_sense(qt, 5, 0x20);
    g_assert_cmphex(
        packet(qt, (uint8_t[12]){ 0xbe, 0, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xf8 }, 0),
        ==, DRDY | ERR);
    check_sense(qt, 5, 0x21);
    qtest_quit(qt);
}

static void every_packet_ends(void)
{
    QTest *qt = start_cd();
    uint8_t p[12];

    for (int op = 0; op < 256; op++) {
        memset(p, op & 1 ? 0xff : 0x01, sizeof(p));
        p[0] = (uint8_t)op;
        packet(qt, p, (uint16_t)(op * 257));
        qtest_outb(qt, COMMAND, 0x08); /* DEVICE RESET */
        g_assert_cmphex(wait_ready(qt) & DRQ, ==, 0);
    }
    qtest_quit(qt);
}

static void a_changed_medium_is_reported_once(void)
{
    QTest *qt = start_cd();
    static const uint8_t ready[12];

    g_assert_cmphex(packet(qt, ready, 0), ==, DRDY);
    qtest_qmp_do(qt, "{\"execute\":\"eject\",\"arguments\":{\"device\":\"ide0-cd0\"}}");
    g_assert_cmphex(packet(qt, ready, 0), ==, DRDY | ERR);
    check_sense(qt, 2, 0x3a);
    qtest_qmp_do(qt,
                 "{\"execute\":\"blockdev-change-medium\",\"arguments\":{\"device\":"
                 "\"ide0-cd0\",\"filename\":\"%s\",\"format\":\"raw\"}}",
                 image);
    g_assert_cmphex(packet(qt, ready, 0), ==, DRDY | ERR);
    check_sense(qt, 6, 0x28);
    g_assert_cmphex(packet(qt, ready, 0), ==, DRDY);
    qtest_quit(qt);
}

static void a_locked_tray_stays_closed(void)
{
    QTest *qt = start_cd();

    packet(qt, (uint8_t[12]){ 0x1e, 0, 0, 0, 1 }, 0);
    qtest_qmp_fails(qt,
                    "Device 'ide0-cd0' is locked and force was not specified, wait for "
                    "tray to open and try again",
                    "{\"execute\":\"eject\",\"arguments\":{\"device\":\"ide0-cd0\"}}");
    packet(qt, (uint8_t[12]){ 0x1b, 0, 0, 0, 2 }, 0);
    check_sense(qt, 5, 0x53);
    packet(qt, (uint8_t[12]){ 0x1e }, 0);
    packet(qt, (uint8_t[12]){ 0x1b, 0, 0, 0, 2 }, 0);
    json_object_put(qtest_wait_event(qt, "DEVICE_TRAY_MOVED"));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    image_make();
    g_test_add_func("/ide/identify-tells-model-and-size",
                    identify_tells_model_and_size);
    g_test_add_func("/ide/absent-drives-read-zero", absent_drives_read_zero);
    g_test_add_func("/ide/pio-read-interrupts-for-each-sector",
                    pio_read_interrupts_for_each_sector);
    g_test_add_func("/ide/read-multiple-takes-blocks", read_multiple_takes_blocks);
    g_test_add_func("/ide/pio-write-is-read-back", pio_write_is_read_back);
    g_test_add_func("/ide/chs-addresses-count-sectors-from-one",
                    chs_addresses_count_sectors_from_one);
    g_test_add_func("/ide/registers-are-two-deep", registers_are_two_deep);
    g_test_add_func("/ide/addresses-past-the-end-are-not-found",
                    addresses_past_the_end_are_not_found);
    g_test_add_func("/ide/interrupts-follow-nien", interrupts_follow_nien);
    g_test_add_func("/ide/software-reset-shows-the-signature",
                    software_reset_shows_the_signature);
    g_test_add_func("/ide/smart-says-good", smart_says_good);
    g_test_add_func("/ide/bmdma/read-scatters", dma_read_scatters);
    g_test_add_func("/ide/bmdma/write-is-read-back", dma_write_is_read_back);
    g_test_add_func("/ide/bmdma/room-left-stays-active",
                    dma_with_room_left_stays_active);
    g_test_add_func("/ide/bmdma/no-room-waits-for-a-reset",
                    dma_without_room_waits_for_a_reset);
    g_test_add_func("/ide/bmdma/hostile-descriptors-are-survived",
                    hostile_descriptors_are_survived);
    g_test_add_func("/ide/reset-in-the-middle-of-a-request",
                    reset_in_the_middle_of_a_request);
    g_test_add_func("/ide/cd/signature", packet_devices_have_their_signature);
    g_test_add_func("/ide/cd/inquiry-names-the-drive", inquiry_names_the_drive);
    g_test_add_func("/ide/cd/sectors-come-in-blocks-of-the-byte-count",
                    sectors_come_in_blocks_of_the_byte_count);
    g_test_add_func("/ide/cd/reads-by-dma", cd_reads_by_dma);
    g_test_add_func("/ide/cd/commands-past-the-end-have-sense",
                    commands_past_the_end_have_sense);
    g_test_add_func("/ide/cd/every-packet-ends", every_packet_ends);
    g_test_add_func("/ide/cd/a-changed-medium-is-reported-once",
                    a_changed_medium_is_reported_once);
    g_test_add_func("/ide/cd/a-locked-tray-stays-closed", a_locked_tray_stays_closed);
    int ret = g_test_run();
    g_unlink(image);
    g_free(image);
    return ret;
}
