/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The standard VGA: registers, the window at a0000 through the graphics controller,
 * DISPI modes by port and by BAR2, EDID, and what screendump makes of it all.
 */
#include "libqtest.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define VGA    QPCI_DEVFN(2, 0)
#define FB     0xe0000000u
#define MMIO   0xe1000000u
#define DISPI  (MMIO + 0x500)
#define WINDOW 0xa0000u

enum {
    ID,
    XRES,
    YRES,
    BPP,
    ENABLE,
    BANK,
    VIRT_WIDTH,
    VIRT_HEIGHT,
    X_OFFSET,
    Y_OFFSET,
    VIDEO_MEMORY,
};
#define ON  0x41 /* enabled, linear */
#define OFF 0x00

/* --- Helpers --- */

static QTest *start(const char *options)
{
    QTest *qt = qtest_startf("-M pc -nodefaults -device VGA,addr=2%s", options);

    qpci_writel(qt, VGA, 0x10, FB);
    qpci_writel(qt, VGA, 0x18, MMIO);
    qpci_writew(qt, VGA, 4, 3);
    qtest_outb(qt, 0x3c2, 0x67); /* colour: the CRTC at 3d4 */
    return qt;
}

static void set_seq(QTest *qt, uint8_t index, uint8_t value)
{
    qtest_outw(qt, 0x3c4, (uint16_t)(value << 8 | index));
}

static void set_gfx(QTest *qt, uint8_t index, uint8_t value)
{
    qtest_outw(qt, 0x3ce, (uint16_t)(value << 8 | index));
}

static void set_crtc(QTest *qt, uint8_t index, uint8_t value)
{
    qtest_outw(qt, 0x3d4, (uint16_t)(value << 8 | index));
}

static uint8_t get(QTest *qt, uint16_t port, uint8_t index)
{
    qtest_outb(qt, port, index);
    return qtest_inb(qt, port + 1);
}

static void set_attr(QTest *qt, uint8_t index, uint8_t value)
{
    qtest_inb(qt, 0x3da);
    qtest_outb(qt, 0x3c0, index);
    qtest_outb(qt, 0x3c0, value);
}

static void set_dac(QTest *qt, uint8_t index, uint8_t r, uint8_t g, uint8_t b)
{
    qtest_outb(qt, 0x3c8, index);
    qtest_outb(qt, 0x3c9, r);
    qtest_outb(qt, 0x3c9, g);
    qtest_outb(qt, 0x3c9, b);
}

static void set_vbe(QTest *qt, uint16_t index, uint16_t value)
{
    qtest_outw(qt, 0x1ce, index);
    qtest_outw(qt, 0x1d0, value);
}

static uint16_t get_vbe(QTest *qt, uint16_t index)
{
    qtest_outw(qt, 0x1ce, index);
    return qtest_inw(qt, 0x1d0);
}

static void set_mode(QTest *qt, uint16_t xres, uint16_t yres, uint16_t bpp)
{
    set_vbe(qt, ENABLE, OFF);
    set_vbe(qt, XRES, xres);
    set_vbe(qt, YRES, yres);
    set_vbe(qt, BPP, bpp);
    set_vbe(qt, ENABLE, ON);
}

/* Planes side by side, everything passes. */
static void set_planar(QTest *qt)
{
    static const uint8_t gfx[] = { 0, 0, 0, 0, 0, 0, 0x05, 0x0f, 0xff };

    set_seq(qt, 2, 0x0f);
    set_seq(qt, 4, 0x06);
    for (uint8_t i = 0; i < G_N_ELEMENTS(gfx); i++) {
        set_gfx(qt, i, gfx[i]);
    }
}

static void assert_planes(QTest *qt, uint32_t addr, uint32_t planes)
{
    for (uint8_t p = 0; p < 4; p++) {
        set_gfx(qt, 4, p);
        g_assert_cmphex(qtest_readb(qt, addr), ==, planes >> 8 * p & 0xff);
    }
}

/* The picture after its head, which must be that of a @width x @height one. */
static uint8_t *screendump(QTest *qt, unsigned width, unsigned height)
{
    g_autofree char *path = NULL;
    g_autofree char *data = NULL;
    g_autofree char *head = g_strdup_printf("P6\n%u %u\n255\n", width, height);
    size_t len, head_len = strlen(head);
    int fd = g_file_open_tmp("test-vga.XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    qtest_qmp_do(qt, "{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"%s\"}}",
                 path);
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    g_unlink(path);
    g_assert_cmpmem(data, MIN(len, head_len), head, head_len);
    g_assert_cmpuint(len, ==, head_len + 3 * (size_t)width * height);
    return g_memdup2(data + head_len, len - head_len);
}

static uint32_t pixel(const uint8_t *rgb, unsigned width, unsigned x, unsigned y)
{
    const uint8_t *p = rgb + 3 * ((size_t)y * width + x);

    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* --- Registers --- */

static void registers_have_the_bits_that_exist(void)
{
    QTest *qt = start("");

    set_seq(qt, 2, 0xff);
    set_seq(qt, 4, 0xff);
    g_assert_cmphex(get(qt, 0x3c4, 2), ==, 0x0f);
    g_assert_cmphex(get(qt, 0x3c4, 4), ==, 0x0e);
    qtest_outb(qt, 0x3c4, 0xff);
    g_assert_cmphex(qtest_inb(qt, 0x3c4), ==, 0x07);
    set_gfx(qt, 4, 0xff);
    set_gfx(qt, 8, 0xff);
    g_assert_cmphex(get(qt, 0x3ce, 4), ==, 0x03);
    g_assert_cmphex(get(qt, 0x3ce, 8), ==, 0xff);
    g_assert_cmphex(qtest_inb(qt, 0x3cc), ==, 0x67);
    qtest_quit(qt);
}

static void crtc_moves_with_the_colour_bit(void)
{
    QTest *qt = start("");

    set_crtc(qt, 0x0c, 0x5a);
    g_assert_cmphex(qtest_inb(qt, 0x3b5), ==, 0xff);
    qtest_outb(qt, 0x3c2, 0x66);
    g_assert_cmphex(qtest_inb(qt, 0x3d5), ==, 0xff);
    g_assert_cmphex(get(qt, 0x3b4, 0x0c), ==, 0x5a);
    qtest_quit(qt);
}

static void crtc_protect_bit_guards_the_timing(void)
{
    QTest *qt = start("");

    set_crtc(qt, 0x00, 0x5f);
    set_crtc(qt, 0x07, 0x0f);
    set_crtc(qt, 0x11, 0x80);
    set_crtc(qt, 0x00, 0x11);
    set_crtc(qt, 0x07, 0xf0);
    set_crtc(qt, 0x08, 0x22);
    g_assert_cmphex(get(qt, 0x3d4, 0x00), ==, 0x5f);
    g_assert_cmphex(get(qt, 0x3d4, 0x07), ==, 0x1f);
    g_assert_cmphex(get(qt, 0x3d4, 0x08), ==, 0x22);
    set_crtc(qt, 0x11, 0x00);
    set_crtc(qt, 0x00, 0x11);
    g_assert_cmphex(get(qt, 0x3d4, 0x00), ==, 0x11);
    qtest_quit(qt);
}

static void status_read_rewinds_the_attribute_flip_flop(void)
{
    QTest *qt = start("");

    set_attr(qt, 0x03, 0x2a);
    g_assert_cmphex(qtest_inb(qt, 0x3c0), ==, 0x03);
    g_assert_cmphex(qtest_inb(qt, 0x3c1), ==, 0x2a);
    qtest_outb(qt, 0x3c0, 0x04); /* an index; data would be next */
    qtest_inb(qt, 0x3da);
    qtest_outb(qt, 0x3c0, 0x23);
    g_assert_cmphex(qtest_inb(qt, 0x3c0), ==, 0x23);
    g_assert_cmphex(qtest_inb(qt, 0x3c1), ==, 0x2a);
    qtest_quit(qt);
}

static void dac_takes_and_gives_three_bytes(void)
{
    QTest *qt = start("");

    set_dac(qt, 5, 0x3f, 0x15, 0xff);
    g_assert_cmphex(qtest_inb(qt, 0x3c8), ==, 6);
    g_assert_cmphex(qtest_inb(qt, 0x3c7), ==, 0);
    qtest_outb(qt, 0x3c9, 0x01); /* two of three: not there yet */
    qtest_outb(qt, 0x3c9, 0x02);
    qtest_outb(qt, 0x3c7, 5);
    g_assert_cmphex(qtest_inb(qt, 0x3c7), ==, 3);
    g_assert_cmphex(qtest_inb(qt, 0x3c9), ==, 0x3f);
    g_assert_cmphex(qtest_inb(qt, 0x3c9), ==, 0x15);
    g_assert_cmphex(qtest_inb(qt, 0x3c9), ==, 0x3f);
    g_assert_cmphex(qtest_inb(qt, 0x3c9), ==, 0x00);
    set_vbe(qt, ENABLE, 0x20); /* eight bits */
    set_dac(qt, 0xff, 0xff, 0x80, 0x7f);
    g_assert_cmphex(qtest_inb(qt, 0x3c8), ==, 0);
    qtest_outb(qt, 0x3c7, 0xff);
    g_assert_cmphex(qtest_inb(qt, 0x3c9), ==, 0xff);
    g_assert_cmphex(qtest_inb(qt, 0x3c9), ==, 0x80);
    g_assert_cmphex(qtest_inb(qt, 0x3c9), ==, 0x7f);
    qtest_quit(qt);
}

/* --- The window --- */

static void write_mode_0_rotates_sets_and_masks(void)
{
    QTest *qt = start("");

    set_planar(qt);
    set_gfx(qt, 3, 1);
    set_seq(qt, 2, 0x05);
    qtest_writeb(qt, WINDOW, 0x81);
    assert_planes(qt, WINDOW, 0x00c000c0);
    set_seq(qt, 2, 0x0f);
    set_gfx(qt, 3, 0);
    set_gfx(qt, 0, 0x02);
    set_gfx(qt, 1, 0x03);
    qtest_writeb(qt, WINDOW + 1, 0x5a);
    assert_planes(qt, WINDOW + 1, 0x5a5aff00);
    set_gfx(qt, 1, 0);
    set_gfx(qt, 8, 0x0f); /* the rest comes from the latches */
    qtest_readb(qt, WINDOW + 1);
    qtest_writeb(qt, WINDOW + 2, 0x33);
    assert_planes(qt, WINDOW + 2, 0x5353f303);
    qtest_quit(qt);
}

static void functions_combine_with_the_latches(void)
{
    static const uint8_t results[] = { 0x3c, 0x30, 0xfc, 0xcc };
    QTest *qt = start("");

    set_planar(qt);
    for (uint8_t f = 0; f < 4; f++) {
        set_gfx(qt, 3, 0);
        qtest_writeb(qt, WINDOW + f, 0xf0);
        qtest_readb(qt, WINDOW + f);
        set_gfx(qt, 3, (uint8_t)(f << 3));
        qtest_writeb(qt, WINDOW + f, 0x3c);
        assert_planes(qt, WINDOW + f, 0x01010101u * results[f]);
    }
    qtest_quit(qt);
}

static void write_mode_1_copies_the_latches(void)
{
    QTest *qt = start("");

    set_planar(qt);
    qtest_writel(qt, FB, 0x44332211);
    set_gfx(qt, 5, 1);
    qtest_readb(qt, WINDOW);
    qtest_writeb(qt, WINDOW + 0xffff, 0xee);
    assert_planes(qt, WINDOW + 0xffff, 0x44332211);
    g_assert_cmphex(qtest_readl(qt, FB + 4 * 0xffff), ==, 0x44332211);
    qtest_quit(qt);
}

static void write_mode_2_spreads_a_colour(void)
{
    QTest *qt = start("");

    set_planar(qt);
    set_gfx(qt, 5, 2);
    qtest_writeb(qt, WINDOW, 0x09);
    assert_planes(qt, WINDOW, 0xff0000ff);
    qtest_quit(qt);
}

static void write_mode_3_masks_with_the_data(void)
{
    QTest *qt = start("");

    set_planar(qt);
    qtest_readb(qt, WINDOW); /* latches all zero */
    set_gfx(qt, 0, 0x06);
    set_gfx(qt, 3, 4);
    set_gfx(qt, 5, 3);
    set_gfx(qt, 8, 0x7f);
    qtest_writeb(qt, WINDOW, 0xc9); /* 9c rotated, 1c masked */
    assert_planes(qt, WINDOW, 0x001c1c00);
    qtest_quit(qt);
}

static void read_mode_1_compares_colours(void)
{
    QTest *qt = start("");

    set_planar(qt);
    qtest_writel(qt, FB, 0xff0000f0);
    set_gfx(qt, 5, 0x08);
    set_gfx(qt, 2, 0x09);
    g_assert_cmphex(qtest_readb(qt, WINDOW), ==, 0xf0);
    set_gfx(qt, 7, 0x08);
    g_assert_cmphex(qtest_readb(qt, WINDOW), ==, 0xff);
    set_gfx(qt, 2, 0x01);
    g_assert_cmphex(qtest_readb(qt, WINDOW), ==, 0x00);
    set_gfx(qt, 7, 0x00);
    g_assert_cmphex(qtest_readb(qt, WINDOW), ==, 0xff);
    qtest_quit(qt);
}

static void chain_4_takes_the_plane_from_the_address(void)
{
    QTest *qt = start("");

    set_planar(qt);
    set_seq(qt, 4, 0x0e);
    qtest_writel(qt, WINDOW, 0x44332211);
    g_assert_cmphex(qtest_readl(qt, WINDOW), ==, 0x44332211);
    set_seq(qt, 2, 0x02);
    qtest_writel(qt, WINDOW, 0xeeeeeeee);
    g_assert_cmphex(qtest_readl(qt, FB), ==, 0x4433ee11);
    set_seq(qt, 4, 0x06);
    assert_planes(qt, WINDOW, 0x4433ee11);
    qtest_quit(qt);
}

static void odd_and_even_addresses_are_character_and_attribute(void)
{
    QTest *qt = start("");

    set_planar(qt);
    set_seq(qt, 2, 0x03);
    set_seq(qt, 4, 0x02);
    set_gfx(qt, 5, 0x10);
    set_gfx(qt, 6, 0x0e); /* b8000-bffff */
    qtest_writel(qt, 0xb8000, 0x1f421e41);
    g_assert_cmphex(qtest_readl(qt, 0xb8000), ==, 0x1f421e41);
    g_assert_cmphex(qtest_readl(qt, FB), ==, 0x1e41);
    g_assert_cmphex(qtest_readl(qt, FB + 8), ==, 0x1f42);
    qtest_writeb(qt, WINDOW, 0x55);
    g_assert_cmphex(qtest_readb(qt, WINDOW), ==, 0xff);
    g_assert_cmphex(qtest_readb(qt, 0xb0000), ==, 0xff);
    set_gfx(qt, 6, 0x0a); /* b0000-b7fff */
    g_assert_cmphex(qtest_readw(qt, 0xb0000), ==, 0x1e41);
    g_assert_cmphex(qtest_readb(qt, 0xb8000), ==, 0xff);
    qtest_quit(qt);
}

/* --- DISPI --- */

static void dispi_has_an_id_and_tells_its_memory(void)
{
    QTest *qt = start(",vgamem_mb=8");

    g_assert_cmphex(get_vbe(qt, ID), ==, 0xb0c5);
    set_vbe(qt, ID, 0x1234);
    g_assert_cmphex(get_vbe(qt, ID), ==, 0xb0c5);
    set_vbe(qt, ID, 0xb0c2);
    g_assert_cmphex(get_vbe(qt, ID), ==, 0xb0c2);
    g_assert_cmphex(qtest_inw(qt, 0x1ce), ==, ID);
    g_assert_cmphex(qtest_inw(qt, 0x1cf), ==, 0xb0c2);
    g_assert_cmphex(get_vbe(qt, VIDEO_MEMORY), ==, 128);
    set_vbe(qt, ENABLE, 0x02); /* capabilities in place of values */
    g_assert_cmpuint(get_vbe(qt, XRES), ==, 16000);
    g_assert_cmpuint(get_vbe(qt, YRES), ==, 12000);
    g_assert_cmpuint(get_vbe(qt, BPP), ==, 32);
    g_assert_cmphex(get_vbe(qt, 0xffff), ==, 0);
    qtest_quit(qt);
}

static void mode_set_by_ports_clears_memory(void)
{
    QTest *qt = start("");

    qtest_writel(qt, FB, 0x12345678);
    set_mode(qt, 640, 480, 32);
    g_assert_cmphex(qtest_readl(qt, FB), ==, 0);
    g_assert_cmpuint(get_vbe(qt, XRES), ==, 640);
    g_assert_cmpuint(get_vbe(qt, YRES), ==, 480);
    g_assert_cmpuint(get_vbe(qt, BPP), ==, 32);
    g_assert_cmphex(get_vbe(qt, ENABLE), ==, ON);
    g_assert_cmpuint(get_vbe(qt, VIRT_WIDTH), ==, 640);
    g_assert_cmpuint(get_vbe(qt, VIRT_HEIGHT), ==, (16u << 20) / (640 * 4));
    qtest_writel(qt, FB, 0x12345678);
    set_vbe(qt, ENABLE, OFF);
    set_vbe(qt, ENABLE, ON | 0x80); /* keep memory */
    g_assert_cmphex(qtest_readl(qt, FB), ==, 0x12345678);
    qtest_quit(qt);
}

static void mode_set_by_bar2_is_the_same(void)
{
    QTest *qt = start("");

    g_assert_cmphex(qtest_readw(qt, DISPI), ==, 0xb0c5);
    qtest_writew(qt, DISPI + 2 * XRES, 640);
    qtest_writew(qt, DISPI + 2 * YRES, 480);
    qtest_writew(qt, DISPI + 2 * BPP, 32);
    qtest_writew(qt, DISPI + 2 * ENABLE, ON);
    g_assert_cmpuint(get_vbe(qt, XRES), ==, 640);
    g_assert_cmpuint(get_vbe(qt, VIRT_WIDTH), ==, 640);
    g_assert_cmphex(qtest_readl(qt, DISPI + 2 * XRES), ==, 480 << 16 | 640);
    g_assert_cmphex(qtest_readw(qt, DISPI + 2 * VIDEO_MEMORY), ==, 256);
    g_assert_cmphex(qtest_readl(qt, DISPI + 0x20), ==, 0);
    /* VGA ports are there too. */
    qtest_writeb(qt, MMIO + 0x404, 2);
    g_assert_cmphex(qtest_readb(qt, MMIO + 0x405), ==, 0x0f);
    qtest_quit(qt);
}

static void geometry_is_cut_to_the_memory(void)
{
    QTest *qt = start("");

    set_mode(qt, 4096, 4096, 32);
    g_assert_cmpuint(get_vbe(qt, XRES), ==, 4096);
    g_assert_cmpuint(get_vbe(qt, YRES), ==, 1024);
    set_mode(qt, 0xffff, 0xffff, 0xffff);
    g_assert_cmpuint(get_vbe(qt, XRES), ==, 16000);
    g_assert_cmpuint(get_vbe(qt, YRES), ==, (16u << 20) / (16000 * 4));
    set_mode(qt, 0, 0, 0);
    g_assert_cmpuint(get_vbe(qt, XRES), ==, 8);
    g_assert_cmpuint(get_vbe(qt, YRES), ==, 1);
    qtest_quit(qt);
}

static void offsets_stay_in_the_memory(void)
{
    QTest *qt = start("");

    set_mode(qt, 640, 480, 32);
    set_vbe(qt, Y_OFFSET, 6553 - 480);
    g_assert_cmpuint(get_vbe(qt, Y_OFFSET), ==, 6553 - 480);
    set_vbe(qt, Y_OFFSET, 6553 - 479);
    g_assert_cmpuint(get_vbe(qt, Y_OFFSET), ==, 0);
    set_vbe(qt, VIRT_WIDTH, 100); /* not less than what is shown */
    g_assert_cmpuint(get_vbe(qt, VIRT_WIDTH), ==, 640);
    set_vbe(qt, VIRT_WIDTH, 1024);
    g_assert_cmpuint(get_vbe(qt, VIRT_HEIGHT), ==, 4096);
    qtest_quit(qt);
}

/* What the last mode left must not cut the next one while it is being written. */
static void stale_geometry_does_not_cut_the_next_mode(void)
{
    QTest *qt = start("");

    set_mode(qt, 1024, 768, 32);
    set_vbe(qt, VIRT_WIDTH, 16000);
    g_assert_cmpuint(get_vbe(qt, YRES), ==, 262);
    set_mode(qt, 640, 480, 32);
    g_assert_cmpuint(get_vbe(qt, YRES), ==, 480);
    set_mode(qt, 4096, 4096, 8); /* fits in 8 bits, not in the 32 of before */
    g_assert_cmpuint(get_vbe(qt, YRES), ==, 4096);
    qtest_quit(qt);
}

static void window_shows_a_bank_of_the_frame_buffer(void)
{
    QTest *qt = start("");

    set_mode(qt, 640, 480, 32);
    qtest_writel(qt, FB + 0x12344, 0x12345678);
    qtest_writel(qt, FB + 0xff0000, 0x9abcdef0);
    set_vbe(qt, BANK, 1);
    g_assert_cmphex(qtest_readl(qt, WINDOW + 0x2344), ==, 0x12345678);
    qtest_writew(qt, WINDOW, 0xcafe);
    g_assert_cmphex(qtest_readl(qt, FB + 0x10000), ==, 0xcafe);
    set_vbe(qt, BANK, 0x1ff);
    g_assert_cmphex(get_vbe(qt, BANK), ==, 0xff);
    g_assert_cmphex(qtest_readl(qt, WINDOW), ==, 0x9abcdef0);
    qtest_quit(qt);
}

/* --- The rest of BAR2 --- */

static void edid_is_whole_and_cannot_be_written(void)
{
    static const uint8_t header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
    QTest *qt = start(",xres=1024,yres=600");
    uint8_t e[128], sum = 0;

    qtest_writel(qt, MMIO, 0x55555555);
    qtest_memread(qt, MMIO, e, sizeof(e));
    for (size_t i = 0; i < sizeof(e); i++) {
        sum += e[i];
    }
    g_assert_cmpmem(e, sizeof(header), header, sizeof(header));
    g_assert_cmphex(sum, ==, 0);
    g_assert_cmpuint(e[56] | (e[58] & 0xf0u) << 4, ==, 1024);
    g_assert_cmpuint(e[59] | (e[61] & 0xf0u) << 4, ==, 600);
    qtest_quit(qt);
}

static void extended_registers_choose_the_byte_order(void)
{
    QTest *qt = start("");

    g_assert_cmphex(qtest_readl(qt, MMIO + 0x600), ==, 8);
    g_assert_cmphex(qtest_readl(qt, MMIO + 0x604), ==, 0x1e1e1e1e);
    qtest_writel(qt, MMIO + 0x604, 0xbebebebe);
    g_assert_cmphex(qtest_readl(qt, MMIO + 0x604), ==, 0xbebebebe);
    qtest_writel(qt, MMIO + 0x604, 0x12345678);
    g_assert_cmphex(qtest_readl(qt, MMIO + 0x604), ==, 0xbebebebe);
    set_mode(qt, 16, 8, 32);
    qtest_writel(qt, FB, 0x56341200);
    g_autofree uint8_t *deep = screendump(qt, 16, 8);
    g_assert_cmphex(pixel(deep, 16, 0, 0), ==, 0x123456);
    set_mode(qt, 16, 8, 16);
    qtest_writew(qt, FB, 0x00f8);
    g_autofree uint8_t *high = screendump(qt, 16, 8);
    g_assert_cmphex(pixel(high, 16, 0, 0), ==, 0xf80000);
    qtest_writel(qt, MMIO + 0x604, 0x1e1e1e1e);
    g_assert_cmphex(qtest_readl(qt, MMIO + 0x604), ==, 0x1e1e1e1e);
    qtest_quit(qt);
}

/* --- Pictures --- */

static void screendump_shows_linear_pixels(void)
{
    QTest *qt = start("");

    set_mode(qt, 16, 8, 32);
    qtest_writel(qt, FB + 4 * (16 * 3 + 5), 0xff123456);
    g_autofree uint8_t *deep = screendump(qt, 16, 8);
    g_assert_cmphex(pixel(deep, 16, 5, 3), ==, 0x123456);
    g_assert_cmphex(pixel(deep, 16, 4, 3), ==, 0);
    set_vbe(qt, VIRT_WIDTH, 32);
    set_vbe(qt, Y_OFFSET, 1);
    set_vbe(qt, X_OFFSET, 20); /* the same pixel: 53 = 32 * 1 + 20 + 1 */
    g_autofree uint8_t *moved = screendump(qt, 16, 8);
    g_assert_cmphex(pixel(moved, 16, 1, 0), ==, 0x123456);
    set_mode(qt, 16, 8, 16);
    qtest_writew(qt, FB + 2 * 17, 0x07e0);
    g_autofree uint8_t *high = screendump(qt, 16, 8);
    g_assert_cmphex(pixel(high, 16, 1, 1) & 0xf8fcf8, ==, 0x00fc00);
    set_mode(qt, 16, 8, 8);
    qtest_outb(qt, 0x3c6, 0xff);
    set_dac(qt, 7, 0x3f, 0, 0x3f);
    qtest_writeb(qt, FB + 127, 7);
    g_autofree uint8_t *indexed = screendump(qt, 16, 8);
    g_assert_cmphex(pixel(indexed, 16, 15, 7), ==, 0xff00ff);
    qtest_quit(qt);
}

/* 80 columns of cells of 9x16. */
static void set_text(QTest *qt)
{
    static const uint8_t crtc[][2] = {
        {0x11,  0   },
        { 0x01, 0x4f},
        { 0x07, 0x1f},
        { 0x09, 0x4f},
        { 0x0a, 0x20},
        { 0x12, 0x8f},
        { 0x13, 0x28},
        { 0x17, 0xa3},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(crtc); i++) {
        set_crtc(qt, crtc[i][0], crtc[i][1]);
    }
    set_planar(qt);
    set_seq(qt, 2, 0x04);
    qtest_writeb(qt, WINDOW + 0x41 * 32 + 2, 0x81); /* third line of a glyph */
    set_seq(qt, 1, 0x00);
    set_seq(qt, 2, 0x03);
    set_seq(qt, 4, 0x02);
    set_gfx(qt, 5, 0x10);
    set_gfx(qt, 6, 0x0e);
    for (uint8_t i = 0; i < 16; i++) {
        set_attr(qt, i, i);
    }
    set_attr(qt, 0x10, 0x0c);
    qtest_outb(qt, 0x3c6, 0xff);
    set_dac(qt, 1, 0, 0, 0x3f);
    set_dac(qt, 14, 0x3f, 0x3f, 0);
}

static void screendump_shows_text(void)
{
    QTest *qt = start("");

    set_text(qt);
    qtest_writew(qt, 0xb8000 + 2 * (80 * 24 + 79), 0x1e41);
    g_autofree uint8_t *blank = screendump(qt, 640, 480);
    g_assert_cmphex(pixel(blank, 640, 0, 0), ==, 0);
    qtest_inb(qt, 0x3da);
    qtest_outb(qt, 0x3c0, 0x20); /* the palette belongs to the screen */
    g_autofree uint8_t *text = screendump(qt, 720, 400);
    g_assert_cmphex(pixel(text, 720, 711, 386), ==, 0xffff00);
    g_assert_cmphex(pixel(text, 720, 712, 386), ==, 0x0000ff);
    g_assert_cmphex(pixel(text, 720, 718, 386), ==, 0xffff00);
    g_assert_cmphex(pixel(text, 720, 719, 386), ==, 0x0000ff);
    g_assert_cmphex(pixel(text, 720, 711, 387), ==, 0x0000ff);
    g_assert_cmphex(pixel(text, 720, 710, 386), ==, 0x000000);
    qtest_quit(qt);
}

/* --- Hostile guests --- */

/* Any answer will do. */
static void dump_to_nowhere(QTest *qt)
{
    json_object_put(qtest_qmp(qt, "{\"execute\":\"screendump\",\"arguments\":"
                                  "{\"filename\":\"/dev/null\"}}"));
}

static void extreme_dispi_values_are_harmless(void)
{
    static const uint16_t values[] = { 0, 1, 7, 4096, 0x7fff, 0x8000, 0xfff8, 0xffff };
    QTest *qt = start(",vgamem_mb=1");

    for (uint16_t index = XRES; index <= Y_OFFSET; index++) {
        for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
            set_mode(qt, 640, 480, 16);
            set_vbe(qt, index, values[i]);
            qtest_writel(qt, WINDOW + 0xfffe, 0x55aa55aa);
            qtest_readl(qt, WINDOW + 0x1fffc);
            dump_to_nowhere(qt);
        }
    }
    for (uint16_t port = 0x1ce; port <= 0x1d1; port++) { /* odd widths and places */
        qtest_outb(qt, port, 0xff);
        qtest_inb(qt, port);
        qtest_outl(qt, port, 0xffffffff);
        qtest_inl(qt, port);
    }
    set_mode(qt, 16, 8, 32);
    g_free(screendump(qt, 16, 8));
    qtest_quit(qt);
}

static void storm_of_register_writes_is_harmless(void)
{
    QTest *qt = start(",vgamem_mb=1");
    g_autoptr(GRand) rand = g_rand_new_with_seed(20);

    for (int i = 0; i < 3000; i++) {
        uint32_t r = g_rand_int(rand);
        uint16_t value = (uint16_t)(r >> 16);
        switch (r & 7) {
        case 0:
            set_vbe(qt, r >> 3 & 15, r & 0x80 ? value : value & 0x3f);
            break;
        case 1:
            set_seq(qt, r >> 3 & 7, (uint8_t)value);
            break;
        case 2:
            set_gfx(qt, r >> 3 & 15, (uint8_t)value);
            break;
        case 3:
            set_crtc(qt, r >> 3 & 31, (uint8_t)value);
            break;
        case 4:
            qtest_outl(qt, 0x3c0 + (r >> 3 & 31), g_rand_int(rand) | 0x01010101);
            qtest_outb(qt, 0x3c2, 0x67);
            break;
        case 5:
            qtest_writel(qt, WINDOW + (r >> 3) % 0x1fffd, r);
            break;
        case 6:
            qtest_readl(qt, MMIO + (r >> 3) % 0xffd);
            break;
        default:
            qtest_readl(qt, WINDOW + (r >> 3) % 0x1fffd);
            break;
        }
        if (i % 60 == 0) {
            qtest_inb(qt, 0x3da);
            qtest_outb(qt, 0x3c0, 0x20);
            dump_to_nowhere(qt);
        }
    }
    set_mode(qt, 16, 8, 32);
    g_free(screendump(qt, 16, 8));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *path;
        void (*test)(void);
    } tests[] = {
        {"/vga/registers-have-the-bits-that-exist",
         registers_have_the_bits_that_exist                                                           },
        { "/vga/crtc-moves-with-the-colour-bit",                     crtc_moves_with_the_colour_bit   },
        { "/vga/crtc-protect-bit-guards-the-timing",
         crtc_protect_bit_guards_the_timing                                                           },
        { "/vga/status-read-rewinds-the-attribute-flip-flop",
         status_read_rewinds_the_attribute_flip_flop                                                  },
        { "/vga/dac-takes-and-gives-three-bytes",                    dac_takes_and_gives_three_bytes  },
        { "/vga/write-mode-0-rotates-sets-and-masks",
         write_mode_0_rotates_sets_and_masks                                                          },
        { "/vga/functions-combine-with-the-latches",
         functions_combine_with_the_latches                                                           },
        { "/vga/write-mode-1-copies-the-latches",                    write_mode_1_copies_the_latches  },
        { "/vga/write-mode-2-spreads-a-colour",                      write_mode_2_spreads_a_colour    },
        { "/vga/write-mode-3-masks-with-the-data",                   write_mode_3_masks_with_the_data },
        { "/vga/read-mode-1-compares-colours",                       read_mode_1_compares_colours     },
        { "/vga/chain-4-takes-the-plane-from-the-address",
         chain_4_takes_the_plane_from_the_address                                                     },
        { "/vga/odd-and-even-addresses-are-character-and-attribute",
         odd_and_even_addresses_are_character_and_attribute                                           },
        { "/vga/dispi-has-an-id-and-tells-its-memory",
         dispi_has_an_id_and_tells_its_memory                                                         },
        { "/vga/mode-set-by-ports-clears-memory",                    mode_set_by_ports_clears_memory  },
        { "/vga/mode-set-by-bar2-is-the-same",                       mode_set_by_bar2_is_the_same     },
        { "/vga/geometry-is-cut-to-the-memory",                      geometry_is_cut_to_the_memory    },
        { "/vga/offsets-stay-in-the-memory",                         offsets_stay_in_the_memory       },
        { "/vga/stale-geometry-does-not-cut-the-next-mode",
         stale_geometry_does_not_cut_the_next_mode                                                    },
        { "/vga/window-shows-a-bank-of-the-frame-buffer",
         window_shows_a_bank_of_the_frame_buffer                                                      },
        { "/vga/edid-is-whole-and-cannot-be-written",
         edid_is_whole_and_cannot_be_written                                                          },
        { "/vga/extended-registers-choose-the-byte-order",
         extended_registers_choose_the_byte_order                                                     },
        { "/vga/screendump-shows-linear-pixels",                     screendump_shows_linear_pixels   },
        { "/vga/screendump-shows-text",                              screendump_shows_text            },
        { "/vga/extreme-dispi-values-are-harmless",                  extreme_dispi_values_are_harmless},
        { "/vga/storm-of-register-writes-is-harmless",
         storm_of_register_writes_is_harmless                                                         },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_func(tests[i].path, tests[i].test);
    }
    return g_test_run();
}
