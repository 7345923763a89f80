/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8254 as its data sheet describes the modes. */
#include "hw/timer/i8254.h"

#include "hw/audio/pcspk.h"
#include "isa-harness.h"

enum { OUT0 = 0 };

static I8254State *pit;

static void step_ticks(int ticks)
{
    clock_step((int64_t)(ticks * (1e9 / PIT_HZ) + 0.999));
}

static uint16_t latched_count(int counter)
{
    uint8_t low;

    outb(0x43, counter << 6);
    low = inb(0x40 + counter);
    return low | inb(0x40 + counter) << 8;
}

static uint8_t status(int counter)
{
    outb(0x43, 0xe0 | 2 << counter);
    return inb(0x40 + counter);
}

static void load(int counter, uint8_t control, uint16_t count)
{
    outb(0x43, counter << 6 | 0x30 | control);
    outb(0x40 + counter, count & 0xff);
    outb(0x40 + counter, count >> 8);
}

static void test_mode0(void)
{
    isa_harness_reset(pit);
    load(0, 0x00, 100);
    g_assert_cmpint(isa_harness_level(OUT0), ==, 0);
    g_assert_cmphex(status(0), ==, 0x30);
    step_ticks(99);
    g_assert_cmpint(isa_harness_level(OUT0), ==, 0);
    g_assert_cmpint(latched_count(0), ==, 1);
    step_ticks(2);
    g_assert_cmpint(isa_harness_level(OUT0), ==, 1);
    g_assert_cmphex(status(0), ==, 0xb0);
    g_assert_cmpint(latched_count(0), >, 65500); /* it goes on below zero */
}

static void test_mode2(void)
{
    isa_harness_reset(pit);
    load(0, 0x04, 1193); /* 1 ms */
    isa_harness_rises(OUT0);
    for (int i = 0; i < 1000; i++) {
        clock_step(NS_PER_MS);
    }
    g_assert_cmpint(isa_harness_rises(OUT0), ==, 1000);
    g_assert_cmpint(latched_count(0), <=, 1193);
    g_assert_cmpint(latched_count(0), >, 0);
}

static void test_mode3(void)
{
    int high = 0;

    isa_harness_reset(pit);
    load(0, 0x06, 1000);
    isa_harness_rises(OUT0);
    for (int i = 0; i < 100; i++) {
        step_ticks(10);
        high += isa_harness_level(OUT0);
    }
    g_assert_cmpint(high, >=, 48);
    g_assert_cmpint(high, <=, 52);
    g_assert_cmpint(isa_harness_rises(OUT0), <=, 1);
    g_assert_cmpint(latched_count(0) & 1, ==, 0); /* counts by two */
}

static void test_new_count_waits(void)
{
    isa_harness_reset(pit);
    load(0, 0x04, 10000);
    step_ticks(5000);
    outb(0x40, 100);
    outb(0x40, 0);
    g_assert_cmpint(latched_count(0), >, 4900);
    g_assert_cmphex(status(0) & 0x40, ==, 0x40); /* null count */
    step_ticks(5001);
    g_assert_cmpint(latched_count(0), <=, 100);
    g_assert_cmphex(status(0) & 0x40, ==, 0);
}

static void test_gate(void)
{
    uint16_t held;

    isa_harness_reset(pit);
    outb(0x61, 0x01);
    load(2, 0x00, 50000);
    step_ticks(1000);
    outb(0x61, 0x00);
    held = latched_count(2);
    g_assert_cmpint(held, >=, 48998);
    g_assert_cmpint(held, <=, 49000);
    step_ticks(1000);
    g_assert_cmpint(latched_count(2), ==, held);
    g_assert_cmphex(inb(0x61) & 0x20, ==, 0);
    outb(0x61, 0x01);
    step_ticks(49001);
    g_assert_cmphex(inb(0x61) & 0x21, ==, 0x21);
}

static void test_one_shot(void)
{
    isa_harness_reset(pit);
    outb(0x61, 0x00);
    load(2, 0x02, 100);
    step_ticks(500);
    g_assert_cmphex(inb(0x61) & 0x20, ==, 0x20); /* waits for the trigger */
    outb(0x61, 0x01);
    g_assert_cmphex(inb(0x61) & 0x20, ==, 0);
    step_ticks(101);
    g_assert_cmphex(inb(0x61) & 0x20, ==, 0x20);
}

static void test_bcd(void)
{
    isa_harness_reset(pit);
    load(0, 0x05, 0x1000);
    step_ticks(1);
    g_assert_cmphex(latched_count(0), ==, 0x0999);
}

static void test_read_back(void)
{
    isa_harness_reset(pit);
    load(0, 0x04, 2000);
    step_ticks(10);
    outb(0x43, 0xc2); /* status and count */
    step_ticks(500);
    g_assert_cmphex(inb(0x40), ==, 0xb4); /* status first */
    g_assert_cmpint(inb(0x40) | inb(0x40) << 8, >, 1985);
}

static void test_disabled(void)
{
    isa_harness_reset(pit);
    load(0, 0x04, 1193);
    irq_raise(device_get_gpio_in(DEVICE(pit), 0));
    isa_harness_rises(OUT0);
    clock_step(10 * NS_PER_MS);
    g_assert_cmpint(isa_harness_rises(OUT0), ==, 0);
    irq_lower(device_get_gpio_in(DEVICE(pit), 0));
    clock_step(10 * NS_PER_MS);
    g_assert_cmpint(isa_harness_rises(OUT0), >=, 9);
}

static void test_absurd_rate(void)
{
    isa_harness_reset(pit);
    load(0, 0x04, 1);
    isa_harness_rises(OUT0);
    clock_step(NS_PER_MS);
    g_assert_cmpint(isa_harness_rises(OUT0), <=, 101);
}

static void test_vmstate(void)
{
    isa_harness_reset(pit);
    load(0, 0x04, 1193);
    load(2, 0x06, 500);
    outb(0x43, 0x00);
    outb(0x40, 7);
    isa_harness_check_vmstate(pit);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    isa_harness_init();
    pit = i8254_init(isa_harness_bus(), 0x40, isa_harness_line(OUT0));
    isa_harness_reset(pit);
    pcspk_init(isa_harness_bus(), pit);
    g_test_add_func("/hw/i8254/mode-0-rises-at-terminal-count", test_mode0);
    g_test_add_func("/hw/i8254/mode-2-interrupts-at-its-rate", test_mode2);
    g_test_add_func("/hw/i8254/mode-3-is-square", test_mode3);
    g_test_add_func("/hw/i8254/new-count-waits-for-the-period", test_new_count_waits);
    g_test_add_func("/hw/i8254/gate-suspends-mode-0", test_gate);
    g_test_add_func("/hw/i8254/gate-triggers-mode-1", test_one_shot);
    g_test_add_func("/hw/i8254/counts-in-bcd", test_bcd);
    g_test_add_func("/hw/i8254/read-back-latches-both", test_read_back);
    g_test_add_func("/hw/i8254/hpet-takes-over", test_disabled);
    g_test_add_func("/hw/i8254/absurd-rates-are-thinned", test_absurd_rate);
    g_test_add_func("/hw/i8254/save-reset-load", test_vmstate);
    return g_test_run();
}
