/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two 8237As of a PC/AT: bytes at 00 to 0f, words at c0 to de, pages at 80 to 8f.
 */
#include "libqtest.h"

#define CTRL1 0x08 /* control registers, 1 apart */
#define CTRL2 0xd0 /* 2 apart */

enum {
    STATUS,
    REQUEST,
    SINGLE_MASK,
    MODE,
    CLEAR_FLIP_FLOP,
    MASTER_CLEAR,
    CLEAR_MASK,
    ALL_MASK
};

static void write_word(QTest *qt, uint16_t port, uint16_t value)
{
    qtest_outb(qt, port, value & 0xff);
    qtest_outb(qt, port, value >> 8);
}

static uint16_t read_word(QTest *qt, uint16_t port)
{
    uint8_t low = qtest_inb(qt, port);

    return low | qtest_inb(qt, port) << 8;
}

static void each_channel_has_an_address_and_a_count(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, CTRL1 + CLEAR_FLIP_FLOP, 0);
    qtest_outb(qt, CTRL2 + 2 * CLEAR_FLIP_FLOP, 0);
    for (int reg = 0; reg < 8; reg++) {
        write_word(qt, reg, 0x1234 + reg * 0x1111);
        write_word(qt, 0xc0 + 2 * reg, 0xedcb - reg * 0x1111);
    }
    for (int reg = 0; reg < 8; reg++) {
        g_assert_cmphex(read_word(qt, reg), ==, 0x1234 + reg * 0x1111);
        g_assert_cmphex(read_word(qt, 0xc0 + 2 * reg), ==, 0xedcb - reg * 0x1111);
    }
    qtest_quit(qt);
}

static void flip_flop_is_one_for_all_channels(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    write_word(qt, 0x00, 0x1234);
    write_word(qt, 0x02, 0x5678);
    g_assert_cmphex(qtest_inb(qt, 0x00), ==, 0x34);
    g_assert_cmphex(qtest_inb(qt, 0x02), ==, 0x56); /* the high byte, of another one */
    g_assert_cmphex(qtest_inb(qt, 0x00), ==, 0x34);
    qtest_outb(qt, CTRL1 + CLEAR_FLIP_FLOP, 0);
    g_assert_cmphex(qtest_inb(qt, 0x00), ==, 0x34);
    qtest_outb(qt, CTRL1 + MASTER_CLEAR, 0);
    g_assert_cmphex(qtest_inb(qt, 0x00), ==, 0x34);
    qtest_quit(qt);
}

static void mask_is_set_by_bit_and_whole(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    g_assert_cmphex(qtest_inb(qt, CTRL1 + ALL_MASK), ==, 0x0f);
    qtest_outb(qt, CTRL1 + SINGLE_MASK, 2); /* clear channel 2's */
    g_assert_cmphex(qtest_inb(qt, CTRL1 + ALL_MASK), ==, 0x0b);
    g_assert_cmphex(qtest_inb(qt, CTRL2 + 2 * ALL_MASK), ==, 0x0f);
    qtest_outb(qt, CTRL1 + CLEAR_MASK, 0);
    g_assert_cmphex(qtest_inb(qt, CTRL1 + ALL_MASK), ==, 0x00);
    qtest_outb(qt, CTRL1 + SINGLE_MASK, 4 | 1);
    g_assert_cmphex(qtest_inb(qt, CTRL1 + ALL_MASK), ==, 0x02);
    qtest_outb(qt, CTRL1 + ALL_MASK, 0x05);
    g_assert_cmphex(qtest_inb(qt, CTRL1 + ALL_MASK), ==, 0x05);
    qtest_outb(qt, CTRL1 + MASTER_CLEAR, 0);
    g_assert_cmphex(qtest_inb(qt, CTRL1 + ALL_MASK), ==, 0x0f);
    qtest_quit(qt);
}

static void software_request_shows_in_status(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    g_assert_cmphex(qtest_inb(qt, CTRL2 + 2 * STATUS), ==, 0x00);
    qtest_outb(qt, CTRL2 + 2 * REQUEST, 4 | 3);
    g_assert_cmphex(qtest_inb(qt, CTRL2 + 2 * STATUS), ==, 0x80);
    g_assert_cmphex(qtest_inb(qt, CTRL1 + STATUS), ==, 0x00);
    qtest_outb(qt, CTRL2 + 2 * REQUEST, 3);
    g_assert_cmphex(qtest_inb(qt, CTRL2 + 2 * STATUS), ==, 0x00);
    qtest_quit(qt);
}

static void page_registers_are_separate(void)
{
    static const uint16_t ports[] = { 0x87, 0x83, 0x81, 0x82, 0x8f, 0x8b, 0x89, 0x8a };
    QTest *qt = qtest_start("-M pc -nodefaults");

    for (unsigned n = 0; n < G_N_ELEMENTS(ports); n++) {
        qtest_outb(qt, ports[n], 0x51 + n);
    }
    for (unsigned n = 0; n < G_N_ELEMENTS(ports); n++) {
        g_assert_cmphex(qtest_inb(qt, ports[n]), ==, 0x51 + n);
    }
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/i8257/each-channel-has-an-address-and-a-count",
                    each_channel_has_an_address_and_a_count);
    g_test_add_func("/qtest/i8257/flip-flop-is-one-for-all-channels",
                    flip_flop_is_one_for_all_channels);
    g_test_add_func("/qtest/i8257/mask-is-set-by-bit-and-whole",
                    mask_is_set_by_bit_and_whole);
    g_test_add_func("/qtest/i8257/software-request-shows-in-status",
                    software_request_shows_in_status);
    g_test_add_func("/qtest/i8257/page-registers-are-separate",
                    page_registers_are_separate);
    return g_test_run();
}
