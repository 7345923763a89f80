/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8254 of a PC: ports 40 to 43, and port 61 for the gate and OUT of counter 2. */
#include "libqtest.h"

#define PIT_HZ  1193182
#define CONTROL 0x43
#define PORT61  0x61

enum {
    GATE2 = 1 << 0,
    SPEAKER = 1 << 1,
    OUT2 = 1 << 5,
    STATUS_NULL_COUNT = 1 << 6,
    STATUS_OUT = 1 << 7,
};

/* The clock starts at 0 and stands until told; the first ns at which CLK has ticked @n
 * times. */
static void go_to_tick(QTest *qt, int64_t n)
{
    qtest_clock_set(qt, (n * 1000000000 + PIT_HZ - 1) / PIT_HZ);
}

static void load(QTest *qt, int counter, int mode, uint16_t count)
{
    qtest_outb(qt, CONTROL, (uint8_t)(counter << 6 | 0x30 | mode << 1));
    qtest_outb(qt, 0x40 + counter, count & 0xff);
    qtest_outb(qt, 0x40 + counter, count >> 8);
}

static uint16_t read_count(QTest *qt, int counter)
{
    uint8_t low = qtest_inb(qt, 0x40 + counter);

    return low | qtest_inb(qt, 0x40 + counter) << 8;
}

static uint8_t read_status(QTest *qt, int counter)
{
    qtest_outb(qt, CONTROL, 0xe0 | 2 << counter);
    return qtest_inb(qt, 0x40 + counter);
}

static uint8_t out2(QTest *qt)
{
    return qtest_inb(qt, PORT61) & OUT2;
}

static void rate_generator_reloads_and_strobes(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, PORT61, GATE2);
    load(qt, 2, 2, 1000);
    go_to_tick(qt, 1);
    g_assert_cmpuint(read_count(qt, 2), ==, 999);
    go_to_tick(qt, 998);
    g_assert_cmphex(out2(qt), ==, OUT2);
    go_to_tick(qt, 999);
    g_assert_cmpuint(read_count(qt, 2), ==, 1);
    g_assert_cmphex(out2(qt), ==, 0); /* for one CLK */
    go_to_tick(qt, 1000);
    g_assert_cmpuint(read_count(qt, 2), ==, 1000);
    g_assert_cmphex(out2(qt), ==, OUT2);
    qtest_quit(qt);
}

static void square_wave_counts_by_two(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, PORT61, GATE2);
    load(qt, 2, 3, 1000);
    go_to_tick(qt, 100);
    g_assert_cmpuint(read_count(qt, 2), ==, 800);
    go_to_tick(qt, 499);
    g_assert_cmphex(out2(qt), ==, OUT2);
    go_to_tick(qt, 500);
    g_assert_cmphex(out2(qt), ==, 0);
    go_to_tick(qt, 600);
    g_assert_cmpuint(read_count(qt, 2), ==, 800);
    go_to_tick(qt, 1000);
    g_assert_cmphex(out2(qt), ==, OUT2);
    qtest_quit(qt);
}

static void gate_of_port_61_suspends_terminal_count(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, PORT61, SPEAKER);
    g_assert_cmphex(qtest_inb(qt, PORT61) & (SPEAKER | GATE2), ==, SPEAKER);
    load(qt, 2, 0, 100);
    go_to_tick(qt, 1000);
    g_assert_cmpuint(read_count(qt, 2), ==, 100);
    qtest_outb(qt, PORT61, GATE2);
    g_assert_cmphex(qtest_inb(qt, PORT61) & (SPEAKER | GATE2), ==, GATE2);
    go_to_tick(qt, 1060);
    g_assert_cmpuint(read_count(qt, 2), ==, 40);
    qtest_outb(qt, PORT61, 0);
    go_to_tick(qt, 2000);
    g_assert_cmpuint(read_count(qt, 2), ==, 40);
    qtest_outb(qt, PORT61, GATE2);
    go_to_tick(qt, 2039);
    g_assert_cmphex(out2(qt), ==, 0);
    go_to_tick(qt, 2040);
    g_assert_cmphex(out2(qt), ==, OUT2);
    qtest_quit(qt);
}

static void latched_count_stands_until_read(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    load(qt, 0, 2, 1000);
    go_to_tick(qt, 10);
    qtest_outb(qt, CONTROL, 0x00);
    go_to_tick(qt, 20);
    qtest_outb(qt, CONTROL, 0x00); /* ignored: the first is unread */
    g_assert_cmpuint(read_count(qt, 0), ==, 990);
    g_assert_cmpuint(read_count(qt, 0), ==, 980);
    qtest_quit(qt);
}

static void read_back_gives_status_then_count(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, CONTROL, 0x34);
    g_assert_cmphex(read_status(qt, 0), ==, STATUS_OUT | STATUS_NULL_COUNT | 0x34);
    qtest_outb(qt, 0x40, 0xe8);
    qtest_outb(qt, 0x40, 0x03);
    g_assert_cmphex(read_status(qt, 0), ==, STATUS_OUT | 0x34);
    go_to_tick(qt, 10);
    qtest_outb(qt, CONTROL, 0xc2); /* both, of counter 0 */
    go_to_tick(qt, 20);
    g_assert_cmphex(qtest_inb(qt, 0x40), ==, STATUS_OUT | 0x34);
    g_assert_cmpuint(read_count(qt, 0), ==, 990);
    qtest_quit(qt);
}

static void new_count_waits_for_the_end_of_the_period(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    load(qt, 0, 2, 1000);
    go_to_tick(qt, 400);
    qtest_outb(qt, 0x40, 200);
    qtest_outb(qt, 0x40, 0);
    g_assert_cmphex(read_status(qt, 0) & STATUS_NULL_COUNT, ==, STATUS_NULL_COUNT);
    go_to_tick(qt, 900);
    g_assert_cmpuint(read_count(qt, 0), ==, 100);
    go_to_tick(qt, 1001);
    g_assert_cmpuint(read_count(qt, 0), ==, 199);
    g_assert_cmphex(read_status(qt, 0) & STATUS_NULL_COUNT, ==, 0);
    go_to_tick(qt, 1200);
    g_assert_cmpuint(read_count(qt, 0), ==, 200);
    qtest_quit(qt);
}

static void decimal_counter_borrows_in_decimal(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, CONTROL, 0x35);
    qtest_outb(qt, 0x40, 0x00);
    qtest_outb(qt, 0x40, 0x10);
    go_to_tick(qt, 1);
    g_assert_cmphex(read_count(qt, 0), ==, 0x0999);
    qtest_quit(qt);
}

static void each_period_of_counter_0_interrupts_once(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    load(qt, 0, 2, 1193);
    qtest_outb(qt, 0x20, 0x11);
    qtest_outb(qt, 0x21, 0x08);
    qtest_outb(qt, 0x21, 0x04);
    qtest_outb(qt, 0x21, 0x01);
    for (int period = 1; period <= 3; period++) {
        go_to_tick(qt, period * 1193 - 2);
        qtest_outb(qt, 0x20, 0x0c); /* poll */
        g_assert_cmphex(qtest_inb(qt, 0x20), ==, 0x00);
        go_to_tick(qt, period * 1193);
        qtest_outb(qt, 0x20, 0x0c);
        g_assert_cmphex(qtest_inb(qt, 0x20), ==, 0x80);
        qtest_outb(qt, 0x20, 0x20);
    }
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/i8254/rate-generator-reloads-and-strobes",
                    rate_generator_reloads_and_strobes);
    g_test_add_func("/qtest/i8254/square-wave-counts-by-two",
                    square_wave_counts_by_two);
    g_test_add_func("/qtest/i8254/gate-of-port-61-suspends-terminal-count",
                    gate_of_port_61_suspends_terminal_count);
    g_test_add_func("/qtest/i8254/latched-count-stands-until-read",
                    latched_count_stands_until_read);
    g_test_add_func("/qtest/i8254/read-back-gives-status-then-count",
                    read_back_gives_status_then_count);
    g_test_add_func("/qtest/i8254/new-count-waits-for-the-end-of-the-period",
                    new_count_waits_for_the_end_of_the_period);
    g_test_add_func("/qtest/i8254/decimal-counter-borrows-in-decimal",
                    decimal_counter_borrows_in_decimal);
    g_test_add_func("/qtest/i8254/each-period-of-counter-0-interrupts-once",
                    each_period_of_counter_0_interrupts_once);
    return g_test_run();
}
