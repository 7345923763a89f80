/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real-time clock, its interrupts and its memory. */
#include "hw/rtc/mc146818rtc.h"

#include "isa-harness.h"

enum { IRQ8 = 8 };

static RtcState *rtc;

static uint8_t get(uint8_t reg)
{
    outb(0x70, reg);
    return inb(0x71);
}

static void set(uint8_t reg, uint8_t value)
{
    outb(0x70, reg);
    outb(0x71, value);
}

static void step_seconds(int n)
{
    for (int i = 0; i < n; i++) {
        clock_step(NANOSECONDS_PER_SECOND);
    }
}

/* BCD, 24 hours, running. */
static void set_time(uint8_t hour, uint8_t minute, uint8_t second)
{
    isa_harness_reset(rtc);
    set(0x0a, 0x26);
    set(0x0b, 0x82);
    set(0x04, hour);
    set(0x02, minute);
    set(0x00, second);
    set(0x07, 0x31);
    set(0x08, 0x12);
    set(0x09, 0x99);
    set(0x32, 0x19);
    set(0x0b, 0x02);
    get(0x0c);
}

static void test_start(void)
{
    /* -rtc base=2020-02-29T12:34:56 */
    g_assert_cmphex(get(0x00), ==, 0x56);
    g_assert_cmphex(get(0x02), ==, 0x34);
    g_assert_cmphex(get(0x04), ==, 0x12);
    g_assert_cmphex(get(0x06), ==, 7); /* Saturday */
    g_assert_cmphex(get(0x07), ==, 0x29);
    g_assert_cmphex(get(0x08), ==, 0x02);
    g_assert_cmphex(get(0x09), ==, 0x20);
    g_assert_cmphex(get(0x32), ==, 0x20);
    g_assert_cmphex(get(0x37), ==, 0x20);
    g_assert_cmphex(get(0x0a), ==, 0x26);
    g_assert_cmphex(get(0x0b), ==, 0x02);
    g_assert_cmphex(get(0x0d), ==, 0x80);
    g_assert_cmphex(inb(0x70), ==, 0xff);
}

static void test_carry(void)
{
    set_time(0x23, 0x59, 0x58);
    step_seconds(3);
    g_assert_cmphex(get(0x00), ==, 0x01);
    g_assert_cmphex(get(0x02), ==, 0x00);
    g_assert_cmphex(get(0x04), ==, 0x00);
    g_assert_cmphex(get(0x07), ==, 0x01);
    g_assert_cmphex(get(0x08), ==, 0x01);
    g_assert_cmphex(get(0x09), ==, 0x00);
    g_assert_cmphex(get(0x32), ==, 0x20);
    g_assert_cmphex(get(0x06), ==, 7);
}

static void test_formats(void)
{
    set_time(0x13, 0x45, 0x30);
    set(0x0b, 0x06); /* binary */
    g_assert_cmphex(get(0x02), ==, 45);
    set(0x0b, 0x00); /* BCD, 12 hours */
    g_assert_cmphex(get(0x04), ==, 0x81);
    set_time(0x00, 0x10, 0x00);
    set(0x0b, 0x00);
    g_assert_cmphex(get(0x04), ==, 0x12);
}

static void test_set_freezes(void)
{
    set_time(0x10, 0x00, 0x00);
    set(0x0b, 0x82);
    step_seconds(5);
    g_assert_cmphex(get(0x00), ==, 0x00);
    set(0x0b, 0x02);
    step_seconds(1);
    g_assert_cmphex(get(0x00), ==, 0x01);
}

static void test_uip(void)
{
    bool seen = false;

    set_time(0x10, 0x00, 0x00);
    for (int i = 0; i < 1000 && !seen; i++) {
        clock_step(NS_PER_MS);
        seen = get(0x0a) & 0x80;
    }
    g_assert_true(seen);
    clock_step(3 * NS_PER_MS);
    g_assert_cmphex(get(0x0a), ==, 0x26);
}

static void test_periodic(void)
{
    set_time(0x10, 0x00, 0x00);
    set(0x0b, 0x42);
    isa_harness_rises(IRQ8);
    for (int i = 0; i < 1024; i++) {
        clock_step(NANOSECONDS_PER_SECOND / 1024 + 1);
        g_assert_cmpint(isa_harness_level(IRQ8), ==, 1);
        g_assert_cmphex(get(0x0c) & 0xc0, ==, 0xc0);
        g_assert_cmpint(isa_harness_level(IRQ8), ==, 0);
    }
    g_assert_cmpint(isa_harness_rises(IRQ8), ==, 1024);
}

static void test_flags_without_interrupt(void)
{
    set_time(0x10, 0x00, 0x00);
    isa_harness_rises(IRQ8);
    step_seconds(2);
    g_assert_cmphex(get(0x0c), ==, 0x50); /* PF and UF, no IRQF */
    g_assert_cmphex(get(0x0c), ==, 0x00);
    g_assert_cmpint(isa_harness_rises(IRQ8), ==, 0);
}

static void test_update(void)
{
    set_time(0x10, 0x00, 0x00);
    set(0x0b, 0x12);
    isa_harness_rises(IRQ8);
    for (int i = 0; i < 5; i++) {
        step_seconds(1);
        g_assert_cmphex(get(0x0c) & 0x90, ==, 0x90);
    }
    g_assert_cmpint(isa_harness_rises(IRQ8), ==, 5);
}

static void test_alarm(void)
{
    set_time(0x10, 0x00, 0x00);
    set(0x05, 0xff); /* any hour */
    set(0x03, 0x01);
    set(0x01, 0x05);
    set(0x0b, 0x22);
    isa_harness_rises(IRQ8);
    step_seconds(64);
    g_assert_cmpint(isa_harness_rises(IRQ8), ==, 0);
    step_seconds(1);
    g_assert_cmpint(isa_harness_rises(IRQ8), ==, 1);
    g_assert_cmphex(get(0x0c) & 0xa0, ==, 0xa0);
    step_seconds(3600);
    g_assert_cmpint(isa_harness_rises(IRQ8), ==, 1);
}

static void test_memory(void)
{
    rtc_set_memory(rtc, 0x34, 0xa5);
    set(0x40, 0x5a);
    isa_harness_reset(rtc);
    g_assert_cmphex(get(0x34), ==, 0xa5);
    g_assert_cmphex(rtc_get_memory(rtc, 0x40), ==, 0x5a);
    outb(0x70, 0x80 | 0x34); /* with the NMI masked */
    g_assert_cmphex(inb(0x71), ==, 0xa5);
}

static void test_vmstate(void)
{
    set_time(0x10, 0x00, 0x00);
    set(0x0b, 0x72);
    clock_step(NANOSECONDS_PER_SECOND / 3);
    isa_harness_check_vmstate(rtc);
}

int main(int argc, char **argv)
{
    RtcConfig config = { .has_date = true, .date = 1582979696, .clock = VIRTUAL_CLOCK };

    g_test_init(&argc, &argv, NULL);
    isa_harness_init();
    rtc_configure(&config);
    rtc = mc146818_rtc_init(isa_harness_bus(), 0, NULL);
    isa_harness_reset(rtc);
    g_test_add_func("/hw/rtc/starts-at-the-base", test_start);
    g_test_add_func("/hw/rtc/seconds-carry-to-the-century", test_carry);
    g_test_add_func("/hw/rtc/bcd-binary-12-and-24-hours", test_formats);
    g_test_add_func("/hw/rtc/set-freezes-the-registers", test_set_freezes);
    g_test_add_func("/hw/rtc/update-in-progress-before-the-second", test_uip);
    g_test_add_func("/hw/rtc/periodic-interrupt-keeps-its-rate", test_periodic);
    g_test_add_func("/hw/rtc/flags-come-without-interrupts",
                    test_flags_without_interrupt);
    g_test_add_func("/hw/rtc/update-interrupt-each-second", test_update);
    g_test_add_func("/hw/rtc/alarm-with-any-hour", test_alarm);
    g_test_add_func("/hw/rtc/memory-survives-reset", test_memory);
    g_test_add_func("/hw/rtc/save-reset-load", test_vmstate);
    return g_test_run();
}
