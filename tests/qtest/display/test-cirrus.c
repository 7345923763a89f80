/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CL-GD5446: extension registers, banks and mappings, BitBLT engine from display
 * memory and from the processor, the hidden DAC register and the hardware cursor.
 */
#include "libqtest.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define CARD     QPCI_DEVFN(2, 0)
#define FB       0xe0000000u
#define APERTURE (FB + 0x1000000)
#define MMIO     0xe4000000u
#define BLT      (MMIO + 0x100)
#define WINDOW   0xa0000u
#define VRAM     0x400000u

static QTest *start(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device cirrus-vga,addr=2");

    qpci_writel(qt, CARD, 0x10, FB);
    qpci_writel(qt, CARD, 0x14, MMIO);
    qpci_writew(qt, CARD, 4, 3);
    qtest_outb(qt, 0x3c2, 0x67);
    qtest_outw(qt, 0x3c4, 0x1206);
    return qt;
}

static void sr(QTest *qt, uint8_t index, uint8_t value)
{
    qtest_outw(qt, 0x3c4, (uint16_t)(value << 8 | index));
}

static void gr(QTest *qt, uint8_t index, uint8_t value)
{
    qtest_outw(qt, 0x3ce, (uint16_t)(value << 8 | index));
}

static void cr(QTest *qt, uint8_t index, uint8_t value)
{
    qtest_outw(qt, 0x3d4, (uint16_t)(value << 8 | index));
}

static uint8_t get(QTest *qt, uint16_t port, uint8_t index)
{
    qtest_outb(qt, port, index);
    return qtest_inb(qt, port + 1);
}

/* Packed pixels, 64 KiB at a0000, nothing in the way. */
static void set_packed(QTest *qt)
{
    sr(qt, 7, 0x01);
    gr(qt, 6, 0x05);
    gr(qt, 5, 0x40);
}

/* --- Registers --- */

static void identifies_itself(void)
{
    QTest *qt = start();

    g_assert_cmphex(qpci_readl(qt, CARD, 0), ==, 0x00b81013);
    g_assert_cmphex(get(qt, 0x3d4, 0x27), ==, 0xb8);
    g_assert_cmphex(get(qt, 0x3c4, 6), ==, 0x12);
    sr(qt, 6, 0);
    g_assert_cmphex(get(qt, 0x3c4, 6), ==, 0x0f);
    g_assert_cmphex(get(qt, 0x3c4, 0x17) & 0x38, ==, 0x20); /* PCI */
    sr(qt, 0x17, 0xff);
    g_assert_cmphex(get(qt, 0x3c4, 0x17), ==, 0xe7);
    qtest_quit(qt);
}

static void hidden_dac_opens_after_four_reads(void)
{
    QTest *qt = start();

    qtest_outb(qt, 0x3c6, 0x7f);
    for (int i = 0; i < 4; i++) {
        g_assert_cmphex(qtest_inb(qt, 0x3c6), ==, 0x7f);
    }
    qtest_outb(qt, 0x3c6, 0xe1);
    for (int i = 0; i < 4; i++) {
        g_assert_cmphex(qtest_inb(qt, 0x3c6), ==, 0x7f);
    }
    g_assert_cmphex(qtest_inb(qt, 0x3c6), ==, 0xe1);
    qtest_inb(qt, 0x3c8); /* any other access starts the count afresh */
    g_assert_cmphex(qtest_inb(qt, 0x3c6), ==, 0x7f);
    qtest_quit(qt);
}

/* --- Memory --- */

static void offset_registers_move_the_window(void)
{
    QTest *qt = start();

    set_packed(qt);
    qtest_writel(qt, FB + 0x123000, 0x11223344);
    qtest_writel(qt, FB + 0x20c000, 0x55667788);
    gr(qt, 0x09, 0x23); /* 4 KiB granules */
    gr(qt, 0x0b, 0x20); /* 16 KiB granules */
    gr(qt, 0x09, 0x48);
    g_assert_cmphex(qtest_readl(qt, WINDOW + 0x3000), ==, 0x11223344);
    gr(qt, 0x0b, 0x21); /* two banks */
    gr(qt, 0x0a, 0x83);
    g_assert_cmphex(qtest_readl(qt, WINDOW + 0x8000), ==, 0x55667788);
    qtest_writel(qt, WINDOW + 0x8004, 0xcafebabe);
    g_assert_cmphex(qtest_readl(qt, FB + 0x20c004), ==, 0xcafebabe);
    qtest_quit(qt);
}

static void drawing_modes_make_eight_pixels_of_a_byte(void)
{
    QTest *qt = start();

    set_packed(qt);
    qtest_memset(qt, FB, 0xee, 64);
    gr(qt, 0x0b, 0x06); /* extended write modes, by-8 addressing */
    gr(qt, 0, 0x10);
    gr(qt, 1, 0x20);
    gr(qt, 5, 0x05);
    qtest_writeb(qt, WINDOW + 1, 0xa5);
    gr(qt, 5, 0x04);
    qtest_writeb(qt, WINDOW + 2, 0x81);
    gr(qt, 0x0b, 0);
    gr(qt, 5, 0x40);
    g_assert_cmphex(qtest_readq(qt, FB + 8), ==, 0x2010201010201020);
    g_assert_cmphex(qtest_readq(qt, FB + 16), ==, 0x20eeeeeeeeeeee20);
    g_assert_cmphex(qtest_readq(qt, FB), ==, 0xeeeeeeeeeeeeeeee);
    qtest_quit(qt);
}

/* --- BitBLT --- */

typedef struct Blt {
    uint16_t width, height, dest_pitch, source_pitch;
    uint32_t dest, source;
    uint8_t mode, rop, ext, skip;
} Blt;

/* Through the register BAR, whose dwords are those of the manual's table. */
static void start_blt(QTest *qt, const Blt *b)
{
    qtest_writel(qt, BLT + 0x08, (b->width - 1u) | (b->height - 1u) << 16);
    qtest_writel(qt, BLT + 0x0c, b->dest_pitch | (uint32_t)b->source_pitch << 16);
    qtest_writel(qt, BLT + 0x10, b->dest);
    qtest_writel(qt, BLT + 0x14, b->source | (uint32_t)b->skip << 24);
    qtest_writel(qt, BLT + 0x18,
                 b->mode | (uint32_t)b->rop << 16 | (uint32_t)b->ext << 24);
    qtest_writeb(qt, BLT + 0x40, 2);
}

static void fill_counting(QTest *qt, uint32_t at, uint32_t len)
{
    g_autofree uint8_t *data = g_malloc(len);

    for (uint32_t i = 0; i < len; i++) {
        data[i] = (uint8_t)i;
    }
    qtest_memwrite(qt, at, data, len);
}

static void copies_forwards_and_backwards(void)
{
    QTest *qt = start();

    fill_counting(qt, FB, 256);
    start_blt(qt, &(Blt){ 4, 2, 16, 32, 0x1000, 0x10, 0, 0x0d });
    g_assert_cmphex(qtest_readb(qt, BLT + 0x40), ==, 0);
    g_assert_cmphex(qtest_readl(qt, FB + 0x1000), ==, 0x13121110);
    g_assert_cmphex(qtest_readl(qt, FB + 0x1010), ==, 0x33323130);
    g_assert_cmphex(qtest_readl(qt, FB + 0x1004), ==, 0);
    /* Overlapping, two to the right: the addresses are of the last byte. */
    start_blt(qt, &(Blt){ 8, 1, 16, 16, 0x49, 0x47, 1, 0x0d });
    g_assert_cmphex(qtest_readq(qt, FB + 0x42), ==, 0x4746454443424140);
    qtest_quit(qt);
}

static void raster_operations_combine(void)
{
    static const struct {
        uint8_t rop, result; /* of source 0c and destination 0a, low nibble */
    } rows[] = {
        {0x00,  0x0},
        { 0x90, 0x1},
        { 0x50, 0x2},
        { 0xd0, 0x3},
        { 0x09, 0x4},
        { 0x0b, 0x5},
        { 0x59, 0x6},
        { 0xda, 0x7},
        { 0x05, 0x8},
        { 0x95, 0x9},
        { 0x06, 0xa},
        { 0xd6, 0xb},
        { 0x0d, 0xc},
        { 0xad, 0xd},
        { 0x6d, 0xe},
        { 0x0e, 0xf},
    };
    QTest *qt = start();

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        qtest_writeb(qt, FB, 0x0c);
        qtest_writeb(qt, FB + 0x100, 0x0a);
        start_blt(qt, &(Blt){ 1, 1, 0, 0, 0x100, 0, 0, rows[i].rop });
        g_assert_cmphex(qtest_readb(qt, FB + 0x100) & 0x0f, ==, rows[i].result);
    }
    qtest_quit(qt);
}

static void expands_bits_to_colours(void)
{
    QTest *qt = start();

    qtest_writel(qt, BLT, 0x00001111);     /* background */
    qtest_writel(qt, BLT + 4, 0x0000aaaa); /* foreground */
    qtest_writew(qt, FB, 0x00c5);
    start_blt(qt, &(Blt){ 8, 1, 0, 0, 0x100, 0, 0x90, 0x0d });
    g_assert_cmphex(qtest_readq(qt, FB + 0x100), ==, 0x11111111aaaaaaaa);
    /* Transparent with one pixel clipped. */
    start_blt(qt, &(Blt){ 8, 1, 0, 0, 0x200, 0, 0x98, 0x0d, 0, 1 });
    g_assert_cmphex(qtest_readq(qt, FB + 0x200), ==, 0x00000000aaaa0000);
    /* Inverted: the zeros, in the background colour. */
    start_blt(qt, &(Blt){ 8, 1, 0, 0, 0x300, 0, 0x98, 0x0d, 2 });
    g_assert_cmphex(qtest_readq(qt, FB + 0x300), ==, 0x1111111100000000);
    qtest_quit(qt);
}

static void patterns_repeat_and_start_at_a_line(void)
{
    QTest *qt = start();

    fill_counting(qt, FB + 0x400, 64);
    start_blt(qt, &(Blt){ 10, 2, 16, 0, 0x1000, 0x407, 0x40, 0x0d });
    g_assert_cmphex(qtest_readq(qt, FB + 0x1000), ==, 0x3f3e3d3c3b3a3938);
    g_assert_cmphex(qtest_readw(qt, FB + 0x1008), ==, 0x3938);
    g_assert_cmphex(qtest_readq(qt, FB + 0x1010), ==, 0x0706050403020100);
    /* Solid fill. */
    qtest_writel(qt, BLT + 4, 0x00123456);
    start_blt(qt, &(Blt){ 8, 1, 0, 0, 0x2000, 0, 0xf0, 0x0d, 4 });
    g_assert_cmphex(qtest_readq(qt, FB + 0x2000), ==, 0x0012345600123456);
    qtest_quit(qt);
}

static void key_colour_is_transparent(void)
{
    QTest *qt = start();

    qtest_writel(qt, FB, 0x5a015a02);
    qtest_memset(qt, FB + 0x100, 0xee, 4);
    gr(qt, 0x34, 0x5a);
    start_blt(qt, &(Blt){ 4, 1, 0, 0, 0x100, 0, 0x08, 0x0d });
    g_assert_cmphex(qtest_readl(qt, FB + 0x100), ==, 0xee01ee02);
    qtest_quit(qt);
}

static void processor_feeds_a_blt(void)
{
    QTest *qt = start();

    /* Five bytes a line: each starts at a dword. */
    start_blt(qt, &(Blt){ 5, 2, 16, 0, 0x100, 0, 0x04, 0x0d });
    g_assert_cmphex(qtest_readb(qt, BLT + 0x40) & 1, ==, 1);
    qtest_writel(qt, APERTURE, 0x04030201);
    qtest_writel(qt, FB, 0xcccccc05); /* linear memory takes data too */
    qtest_writel(qt, WINDOW, 0x14131211);
    g_assert_cmphex(qtest_readb(qt, BLT + 0x40) & 1, ==, 1);
    qtest_writel(qt, APERTURE, 0xcccccc15);
    g_assert_cmphex(qtest_readb(qt, BLT + 0x40) & 1, ==, 0);
    g_assert_cmphex(qtest_readq(qt, FB + 0x100), ==, 0x0504030201);
    g_assert_cmphex(qtest_readq(qt, FB + 0x110), ==, 0x1514131211);
    qtest_writel(qt, APERTURE, 0xffffffff); /* nobody waits */
    g_assert_cmphex(qtest_readq(qt, FB), ==, 0);
    qtest_quit(qt);
}

static void reset_bit_ends_a_waiting_blt(void)
{
    QTest *qt = start();

    start_blt(qt, &(Blt){ 8, 8, 16, 0, 0x100, 0, 0x84, 0x0d });
    qtest_writel(qt, FB, 0x12345678);
    qtest_writeb(qt, BLT + 0x40, 4);
    qtest_writeb(qt, BLT + 0x40, 0);
    g_assert_cmphex(qtest_readb(qt, BLT + 0x40), ==, 0);
    qtest_writel(qt, FB, 0x12345678);
    g_assert_cmphex(qtest_readl(qt, FB), ==, 0x12345678);
    qtest_quit(qt);
}

static void writing_the_destination_may_start(void)
{
    QTest *qt = start();

    qtest_writeb(qt, FB + 7, 0x77);
    qtest_writeb(qt, BLT + 0x40, 0x80);
    qtest_writel(qt, BLT + 0x08, 0);
    qtest_writel(qt, BLT + 0x14, 7);
    qtest_writel(qt, BLT + 0x18, 0x0d0000);
    qtest_writel(qt, BLT + 0x10, 0x123);
    g_assert_cmphex(qtest_readb(qt, FB + 0x123), ==, 0x77);
    qtest_quit(qt);
}

/* Largest sizes, pitches and addresses, in every mode: no harm, and they end. */
static void hostile_registers_stay_in_memory(void)
{
    QTest *qt = start();

    for (unsigned mode = 0; mode < 256; mode += 3) {
        start_blt(qt, &(Blt){ 0x2000, 0x20, 0x1fff, 0x1fff, 0x3fffff, 0x3ffffb,
                              (uint8_t)mode, 0x59, (uint8_t)mode, 0xff });
        qtest_memset(qt, APERTURE, (uint8_t)mode, 0x1000);
        qtest_writeb(qt, BLT + 0x40, 4);
        qtest_writeb(qt, BLT + 0x40, 0);
    }
    for (unsigned i = 0; i < 0x20; i++) {
        sr(qt, (uint8_t)i, 0xff);
    }
    gr(qt, 0x09, 0xff);
    gr(qt, 0x0a, 0xff);
    for (unsigned ext = 0; ext < 256; ext += 5) {
        for (uint8_t mode = 0; mode < 8; mode++) {
            gr(qt, 0x0b, (uint8_t)ext);
            gr(qt, 5, mode);
            qtest_writeq(qt, WINDOW + 0xfffc, 0x5a5a5a5a5a5a5a5a);
            qtest_readq(qt, WINDOW + 0xfffc);
            qtest_writeq(qt, FB + VRAM - 8, 0x1234);
        }
    }
    qtest_quit(qt);
}

static void system_reset_ends_everything(void)
{
    QTest *qt = start();

    start_blt(qt, &(Blt){ 8, 8, 16, 0, 0x100, 0, 0x84, 0x0d });
    qtest_qmp_do(qt, "{\"execute\":\"system_reset\"}");
    json_object_put(qtest_wait_event(qt, "RESET"));
    g_assert_cmphex(get(qt, 0x3c4, 6), ==, 0x0f);
    g_assert_cmphex(get(qt, 0x3ce, 0x31), ==, 0);
    g_assert_cmphex(get(qt, 0x3ce, 0x20), ==, 0);
    qtest_quit(qt);
}

/* --- Pixels --- */

static uint8_t *screendump(QTest *qt, size_t want)
{
    g_autofree char *path = NULL;
    g_autofree char *data = NULL;
    size_t len;
    int fd = g_file_open_tmp("test-cirrus.XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    qtest_qmp_do(qt, "{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"%s\"}}",
                 path);
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    g_unlink(path);
    g_assert_cmpuint(len, >=, want);
    return g_memdup2(data + len - want, want);
}

static void shows_true_colour_and_a_cursor(void)
{
    const unsigned width = 320, height = 100;
    QTest *qt = start();
    uint64_t cursor = FB + VRAM - 0x4000 + 0x400;

    set_packed(qt);
    sr(qt, 7, 0x09); /* 32 bits */
    cr(qt, 0x11, 0);
    cr(qt, 0x01, (uint8_t)(width / 8 - 1));
    cr(qt, 0x12, (uint8_t)(height - 1));
    cr(qt, 0x13, (uint8_t)(width * 4 / 8));
    cr(qt, 0x1b, 0x22);
    qtest_writel(qt, FB + 4 * (width * 10 + 8), 0x00102030);
    qtest_writel(qt, FB + 4 * (width * 10 + 10), 0x00010203);
    /* Colours of the cursor, then a row of it: inverted, background, foreground. */
    sr(qt, 0x12, 0x02);
    qtest_outb(qt, 0x3c8, 0);
    for (int i = 0; i < 3; i++) {
        qtest_outb(qt, 0x3c9, 0x3f);
    }
    qtest_outb(qt, 0x3c8, 15);
    for (int i = 0; i < 3; i++) {
        qtest_outb(qt, 0x3c9, i == 1 ? 0x3f : 0);
    }
    qtest_writeb(qt, cursor, 0x90);     /* plane 0: pixels 0 and 3 */
    qtest_writeb(qt, cursor + 8, 0x30); /* plane 1: pixels 2 and 3 */
    sr(qt, 0x13, 0x04);
    sr(qt, 0x12, 0x05);
    sr(qt, 0x10, 1); /* x 8 */
    sr(qt, 0x51, 1); /* y 10 */
    g_autofree uint8_t *rgb = screendump(qt, 3 * width * height);
    const uint8_t *p = rgb + 3 * (width * 10 + 8);
    g_assert_cmpmem(p, 12, "\xef\xdf\xcf\x00\x00\x00\xff\xff\xff\x00\xff\x00", 12);
    qtest_quit(qt);
}

static void the_isa_card_decodes_the_legacy_ranges(void)
{
    QTest *qt = qtest_start("-M isapc -m 16");
    g_autofree char *roms = qtest_hmp(qt, "info roms");

    qtest_outb(qt, 0x3c2, 0x67);
    g_assert_cmphex(get(qt, 0x3d4, 0x27), ==, 0xb8);
    g_assert_cmphex(get(qt, 0x3c4, 0x17) & 0x38, ==, 0x38); /* ISA */
    set_packed(qt);
    sr(qt, 0x17, 0x04); /* BLT registers at b8000 */
    qtest_writel(qt, WINDOW, 0x44332211);
    qtest_writel(qt, 0xb8008, 3);
    qtest_writel(qt, 0xb8010, 0x100);
    qtest_writel(qt, 0xb8014, 0);
    qtest_writel(qt, 0xb8018, 0x0d0000);
    qtest_writeb(qt, 0xb8040, 2);
    g_assert_cmphex(qtest_readl(qt, WINDOW + 0x100), ==, 0x44332211);
    g_assert_nonnull(strstr(roms, "vgaroms/vgabios-cirrus.bin"));
    qtest_quit(qt);
}

static void memory_size_is_chosen(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device cirrus-vga,vgamem_mb=1");
    g_autofree char *blocks = qtest_hmp(qt, "info ramblock");

    g_assert_nonnull(strstr(blocks, "0x0000000000100000"));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cirrus/identifies-itself", identifies_itself);
    g_test_add_func("/cirrus/hidden-dac-opens-after-four-reads",
                    hidden_dac_opens_after_four_reads);
    g_test_add_func("/cirrus/offset-registers-move-the-window",
                    offset_registers_move_the_window);
    g_test_add_func("/cirrus/drawing-modes-make-eight-pixels-of-a-byte",
                    drawing_modes_make_eight_pixels_of_a_byte);
    g_test_add_func("/cirrus/blt/copies-forwards-and-backwards",
                    copies_forwards_and_backwards);
    g_test_add_func("/cirrus/blt/raster-operations-combine", raster_operations_combine);
    g_test_add_func("/cirrus/blt/expands-bits-to-colours", expands_bits_to_colours);
    g_test_add_func("/cirrus/blt/patterns-repeat-and-start-at-a-line",
                    patterns_repeat_and_start_at_a_line);
    g_test_add_func("/cirrus/blt/key-colour-is-transparent", key_colour_is_transparent);
    g_test_add_func("/cirrus/blt/processor-feeds-it", processor_feeds_a_blt);
    g_test_add_func("/cirrus/blt/reset-bit-ends-a-waiting-one",
                    reset_bit_ends_a_waiting_blt);
    g_test_add_func("/cirrus/blt/writing-the-destination-may-start-it",
                    writing_the_destination_may_start);
    g_test_add_func("/cirrus/hostile-registers-stay-in-memory",
                    hostile_registers_stay_in_memory);
    g_test_add_func("/cirrus/system-reset-ends-everything",
                    system_reset_ends_everything);
    g_test_add_func("/cirrus/shows-true-colour-and-a-cursor",
                    shows_true_colour_and_a_cursor);
    g_test_add_func("/cirrus/the-isa-card-decodes-the-legacy-ranges",
                    the_isa_card_decodes_the_legacy_ranges);
    g_test_add_func("/cirrus/memory-size-is-chosen", memory_size_is_chosen);
    return g_test_run();
}
