/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MC146818A behind ports 70 and 71. */
#include "libqtest.h"

#define SECOND 1000000000ll

enum {
    SECONDS = 0x00,
    SECONDS_ALARM = 0x01,
    MINUTES = 0x02,
    MINUTES_ALARM = 0x03,
    HOURS = 0x04,
    HOURS_ALARM = 0x05,
    DAY_OF_WEEK = 0x06,
    DAY_OF_MONTH = 0x07,
    MONTH = 0x08,
    YEAR = 0x09,
    REG_A = 0x0a,
    REG_B = 0x0b,
    REG_C = 0x0c,
    REG_D = 0x0d,
    RAM = 0x0e,
    CENTURY = 0x32,

    A_UIP = 0x80,
    A_1024_HZ = 0x26,
    B_24H = 0x02,
    B_DM = 0x04,
    B_AIE = 0x20,
    B_PIE = 0x40,
    B_SET = 0x80,
    C_UF = 0x10,
    C_AF = 0x20,
    C_PF = 0x40,
    C_IRQF = 0x80,
    ALARM_ANY = 0xc0,
};

static uint8_t cmos_read(QTest *qt, uint8_t reg)
{
    qtest_outb(qt, 0x70, reg);
    return qtest_inb(qt, 0x71);
}

static void cmos_write(QTest *qt, uint8_t reg, uint8_t value)
{
    qtest_outb(qt, 0x70, reg);
    qtest_outb(qt, 0x71, value);
}

/* A Thursday. The clock stands until the test steps it. */
static QTest *start_clock_with(const char *more)
{
    g_autofree char *args = g_strdup_printf(
        "-M pc -nodefaults -rtc base=2020-01-02T03:04:05,clock=vm%s", more);
    QTest *qt = qtest_start(args);

    qtest_irq_intercept_in(qt, "/machine/i440fx/ioapic");
    return qt;
}

static QTest *start_clock(void)
{
    return start_clock_with("");
}

static void time_of_day_advances(void)
{
    QTest *qt = start_clock();

    g_assert_cmphex(cmos_read(qt, REG_D), ==, 0x80); /* VRT */
    qtest_clock_step(qt, 61 * SECOND);
    g_assert_cmphex(cmos_read(qt, SECONDS), ==, 0x06);
    g_assert_cmphex(cmos_read(qt, MINUTES), ==, 0x05);
    g_assert_cmphex(cmos_read(qt, HOURS), ==, 0x03);
    g_assert_cmphex(cmos_read(qt, DAY_OF_WEEK), ==, 0x05);
    g_assert_cmphex(cmos_read(qt, DAY_OF_MONTH), ==, 0x02);
    g_assert_cmphex(cmos_read(qt, MONTH), ==, 0x01);
    g_assert_cmphex(cmos_read(qt, YEAR), ==, 0x20);
    g_assert_cmphex(cmos_read(qt, CENTURY), ==, 0x20);
    qtest_quit(qt);
}

static void formats_are_chosen_in_register_b(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -rtc base=2020-01-02T15:04:55");

    g_assert_cmphex(cmos_read(qt, HOURS), ==, 0x15);
    g_assert_cmphex(cmos_read(qt, SECONDS), ==, 0x55);
    cmos_write(qt, REG_B, B_24H | B_DM);
    g_assert_cmphex(cmos_read(qt, HOURS), ==, 15);
    g_assert_cmphex(cmos_read(qt, SECONDS), ==, 55);
    cmos_write(qt, REG_B, 0);
    g_assert_cmphex(cmos_read(qt, HOURS), ==, 0x83); /* 3 PM */
    g_assert_cmphex(cmos_read(qt, SECONDS), ==, 0x55);
    qtest_quit(qt);
}

static void set_stops_the_clock_for_writing(void)
{
    QTest *qt = start_clock();

    cmos_write(qt, REG_B, B_SET | B_24H);
    cmos_write(qt, SECONDS, 0x59);
    cmos_write(qt, MINUTES, 0x59);
    cmos_write(qt, HOURS, 0x23);
    cmos_write(qt, DAY_OF_MONTH, 0x28);
    cmos_write(qt, MONTH, 0x02);
    cmos_write(qt, YEAR, 0x24);
    qtest_clock_step(qt, 5 * SECOND);
    g_assert_cmphex(cmos_read(qt, SECONDS), ==, 0x59);
    cmos_write(qt, REG_B, B_24H);
    qtest_clock_step(qt, SECOND);
    g_assert_cmphex(cmos_read(qt, SECONDS), ==, 0x00);
    g_assert_cmphex(cmos_read(qt, HOURS), ==, 0x00);
    g_assert_cmphex(cmos_read(qt, DAY_OF_MONTH), ==, 0x29); /* a leap year */
    g_assert_cmphex(cmos_read(qt, MONTH), ==, 0x02);
    qtest_quit(qt);
}

static void update_in_progress_warns(void)
{
    QTest *qt = start_clock();

    qtest_clock_step(qt, 997 * (SECOND / 1000));
    g_assert_cmphex(cmos_read(qt, REG_A), ==, A_1024_HZ);
    qtest_clock_step(qt, SECOND / 1000);
    g_assert_cmphex(cmos_read(qt, REG_A), ==, A_UIP | A_1024_HZ);
    g_assert_cmphex(cmos_read(qt, SECONDS), ==, 0x05);
    qtest_clock_step(qt, 2 * (SECOND / 1000));
    g_assert_cmphex(cmos_read(qt, REG_A), ==, A_1024_HZ);
    g_assert_cmphex(cmos_read(qt, SECONDS), ==, 0x06);
    qtest_quit(qt);
}

static void periodic_flag_comes_without_its_interrupt(void)
{
    QTest *qt = start_clock();

    cmos_write(qt, REG_A, 0x2f); /* 2 Hz */
    cmos_read(qt, REG_C);
    qtest_clock_step(qt, 499 * (SECOND / 1000));
    g_assert_cmphex(cmos_read(qt, REG_C), ==, 0x00);
    qtest_clock_step(qt, SECOND / 1000);
    g_assert_cmphex(cmos_read(qt, REG_C), ==, C_PF);
    g_assert_cmphex(cmos_read(qt, REG_C), ==, 0x00); /* cleared by reading */
    g_assert_false(qtest_get_irq(qt, 8));
    qtest_quit(qt);
}

static void periodic_interrupt_holds_until_c_is_read(void)
{
    QTest *qt = start_clock();

    cmos_write(qt, REG_A, A_1024_HZ);
    cmos_write(qt, REG_B, B_PIE | B_24H);
    cmos_read(qt, REG_C);
    for (int i = 0; i < 3; i++) {
        g_assert_false(qtest_get_irq(qt, 8));
        qtest_clock_step(qt, 976563);
        g_assert_true(qtest_get_irq(qt, 8));
        g_assert_cmphex(cmos_read(qt, REG_C), ==, C_IRQF | C_PF);
    }
    cmos_write(qt, REG_B, B_24H);
    qtest_clock_step(qt, 976563);
    g_assert_false(qtest_get_irq(qt, 8));
    qtest_quit(qt);
}

/* Periods of 1024 Hz without the guest looking; how many interrupts it gets then. */
static unsigned interrupts_after(QTest *qt, unsigned periods)
{
    unsigned n = 0;

    qtest_clock_step(qt, periods * 976563ll);
    while (qtest_get_irq(qt, 8)) {
        g_assert_cmphex(cmos_read(qt, REG_C), ==, C_IRQF | C_PF);
        n++;
    }
    g_assert_cmphex(cmos_read(qt, REG_C), ==, 0);
    return n;
}

static void start_periodic(QTest *qt)
{
    cmos_write(qt, REG_A, A_1024_HZ);
    cmos_write(qt, REG_B, B_PIE | B_24H);
    cmos_read(qt, REG_C);
}

static void lost_ticks_are_discarded(void)
{
    QTest *qt = start_clock();

    start_periodic(qt);
    g_assert_cmpuint(interrupts_after(qt, 5), ==, 1);
    qtest_quit(qt);
}

static void lost_ticks_are_given_back(void)
{
    QTest *qt = start_clock_with(",driftfix=slew");

    start_periodic(qt);
    g_assert_cmpuint(interrupts_after(qt, 1), ==, 1);
    g_assert_cmpuint(interrupts_after(qt, 5), ==, 5);
    /* Not more than twenty a period besides its own. */
    g_assert_cmpuint(interrupts_after(qt, 30), ==, 21);
    g_assert_cmpuint(interrupts_after(qt, 1), ==, 10);
    g_assert_cmpuint(interrupts_after(qt, 1), ==, 1);
    qtest_quit(qt);
}

static void lost_ticks_can_be_forgotten(void)
{
    QTest *qt = start_clock_with(",driftfix=slew");

    start_periodic(qt);
    qtest_clock_step(qt, 5 * 976563);
    qtest_qmp_do(qt, "{'execute':'rtc-reset-reinjection'}");
    g_assert_cmpuint(interrupts_after(qt, 0), ==, 1);
    /* Nor does anybody wait for them when the interrupt was off. */
    qtest_clock_step(qt, 5 * 976563);
    cmos_write(qt, REG_B, B_24H);
    start_periodic(qt);
    g_assert_cmpuint(interrupts_after(qt, 1), ==, 1);
    qtest_quit(qt);
}

static void alarm_matches_all_but_dont_care(void)
{
    QTest *qt = start_clock();

    cmos_write(qt, REG_A, 0x20); /* no periodic flag beside it */
    cmos_write(qt, SECONDS_ALARM, 0x10);
    cmos_write(qt, MINUTES_ALARM, ALARM_ANY);
    cmos_write(qt, HOURS_ALARM, 0x03);
    cmos_write(qt, REG_B, B_AIE | B_24H);
    qtest_clock_step(qt, 4 * SECOND); /* :09 */
    g_assert_false(qtest_get_irq(qt, 8));
    g_assert_cmphex(cmos_read(qt, REG_C), ==, C_UF);
    qtest_clock_step(qt, SECOND);
    g_assert_true(qtest_get_irq(qt, 8));
    g_assert_cmphex(cmos_read(qt, REG_C), ==, C_IRQF | C_AF | C_UF);
    g_assert_false(qtest_get_irq(qt, 8));
    qtest_clock_step(qt, 60 * SECOND); /* the next minute's */
    g_assert_true(qtest_get_irq(qt, 8));
    cmos_read(qt, REG_C);
    cmos_write(qt, HOURS_ALARM, 0x04);
    qtest_clock_step(qt, 60 * SECOND);
    g_assert_false(qtest_get_irq(qt, 8));
    qtest_quit(qt);
}

static void ram_lives_on_the_battery(void)
{
    QTest *qt = start_clock();

    cmos_write(qt, RAM, 0x5a);
    cmos_write(qt, 0x7f, 0xa5);
    cmos_write(qt, REG_B, B_PIE | B_24H);
    g_assert_cmphex(cmos_read(qt, 0x80 | RAM), ==, 0x5a); /* bit 7 masks the NMI */
    g_assert_cmphex(qtest_inb(qt, 0x70), ==, 0xff);
    qtest_outb(qt, 0x64, 0xfe);
    json_object_put(qtest_wait_event(qt, "RESET"));
    g_assert_cmphex(cmos_read(qt, RAM), ==, 0x5a);
    g_assert_cmphex(cmos_read(qt, 0x7f), ==, 0xa5);
    g_assert_cmphex(cmos_read(qt, REG_B), ==, B_24H); /* RESET clears the enables */
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/mc146818rtc/time-of-day-advances", time_of_day_advances);
    g_test_add_func("/qtest/mc146818rtc/formats-are-chosen-in-register-b",
                    formats_are_chosen_in_register_b);
    g_test_add_func("/qtest/mc146818rtc/set-stops-the-clock-for-writing",
                    set_stops_the_clock_for_writing);
    g_test_add_func("/qtest/mc146818rtc/update-in-progress-warns",
                    update_in_progress_warns);
    g_test_add_func("/qtest/mc146818rtc/periodic-flag-comes-without-its-interrupt",
                    periodic_flag_comes_without_its_interrupt);
    g_test_add_func("/qtest/mc146818rtc/periodic-interrupt-holds-until-c-is-read",
                    periodic_interrupt_holds_until_c_is_read);
    g_test_add_func("/qtest/mc146818rtc/lost-ticks-are-discarded",
                    lost_ticks_are_discarded);
    g_test_add_func("/qtest/mc146818rtc/lost-ticks-are-given-back",
                    lost_ticks_are_given_back);
    g_test_add_func("/qtest/mc146818rtc/lost-ticks-can-be-forgotten",
                    lost_ticks_can_be_forgotten);
    g_test_add_func("/qtest/mc146818rtc/alarm-matches-all-but-dont-care",
                    alarm_matches_all_but_dont_care);
    g_test_add_func("/qtest/mc146818rtc/ram-lives-on-the-battery",
                    ram_lives_on_the_battery);
    return g_test_run();
}
