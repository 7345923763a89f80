/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pair of 8259As of a PC and its ELCRs. No CPU acknowledges, so the poll command
 * stands for INTA. Lines: IRQ 4 is COM1's empty transmitter, IRQ 8 the clock's update,
 * IRQ 0 OUT of counter 0.
 */
#include "libqtest.h"

#include <string.h>

#define MASTER 0x20
#define SLAVE  0xa0
#define ELCR1  0x4d0
#define ELCR2  0x4d1
#define COM1   0x3f8

enum {
    OCW2_EOI = 0x20,
    OCW2_SPECIFIC_EOI = 0x60,
    OCW2_SET_PRIORITY = 0xc0,
    OCW3_READ_IRR = 0x0a,
    OCW3_READ_ISR = 0x0b,
    OCW3_POLL = 0x0c,
};

static void init_one(QTest *qt, uint16_t base, uint8_t icw2, uint8_t icw3)
{
    qtest_outb(qt, base, 0x11); /* ICW4 follows, cascade, edge */
    qtest_outb(qt, base + 1, icw2);
    qtest_outb(qt, base + 1, icw3);
    qtest_outb(qt, base + 1, 0x01);
}

static QTest *start_pair(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -serial null");

    init_one(qt, MASTER, 0x08, 0x04);
    init_one(qt, SLAVE, 0x70, 0x02);
    return qt;
}

static uint8_t command(QTest *qt, uint16_t base, uint8_t ocw3)
{
    qtest_outb(qt, base, ocw3);
    return qtest_inb(qt, base);
}

static void set_irq4(QTest *qt, bool level)
{
    qtest_outb(qt, COM1 + 1, level ? 0x02 : 0x00);
}

/* Mode 0 of counter 0: low now, high 10 ticks later. */
static void pulse_irq0(QTest *qt)
{
    qtest_outb(qt, 0x43, 0x10);
    qtest_outb(qt, 0x40, 10);
    qtest_clock_step(qt, 20000);
}

static void initialization_words_leave_the_mask_clear(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");
    g_autofree char *info = NULL;

    qtest_outb(qt, MASTER + 1, 0xff);
    g_assert_cmphex(qtest_inb(qt, MASTER + 1), ==, 0xff);
    init_one(qt, MASTER, 0x4f, 0x04);
    init_one(qt, SLAVE, 0x70, 0x02);
    g_assert_cmphex(qtest_inb(qt, MASTER + 1), ==, 0x00);
    info = qtest_hmp(qt, "info pic");
    g_assert_nonnull(strstr(info, "irq_base=48")); /* bits 2:0 are the level's */
    g_assert_nonnull(strstr(info, "irq_base=70"));
    qtest_outb(qt, MASTER + 1, 0xa5); /* OCW1 again */
    g_assert_cmphex(qtest_inb(qt, MASTER + 1), ==, 0xa5);
    g_assert_cmphex(qtest_inb(qt, SLAVE + 1), ==, 0x00);
    qtest_quit(qt);
}

static void request_moves_from_irr_to_isr_until_eoi(void)
{
    QTest *qt = start_pair();

    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x00);
    set_irq4(qt, true);
    g_assert_cmphex(command(qt, MASTER, OCW3_READ_IRR), ==, 0x10);
    g_assert_cmphex(command(qt, MASTER, OCW3_READ_ISR), ==, 0x00);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x84);
    g_assert_cmphex(qtest_inb(qt, MASTER), ==, 0x10); /* still the ISR */
    g_assert_cmphex(command(qt, MASTER, OCW3_READ_IRR), ==, 0x00);
    qtest_outb(qt, MASTER, OCW2_EOI);
    g_assert_cmphex(command(qt, MASTER, OCW3_READ_ISR), ==, 0x00);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x00); /* one edge, one time */
    qtest_quit(qt);
}

static void masked_request_waits_in_irr(void)
{
    QTest *qt = start_pair();

    qtest_outb(qt, MASTER + 1, 0x10);
    set_irq4(qt, true);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x00);
    g_assert_cmphex(command(qt, MASTER, OCW3_READ_IRR), ==, 0x10);
    qtest_outb(qt, MASTER + 1, 0xef);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x84);
    qtest_quit(qt);
}

static void slave_requests_through_input_2(void)
{
    QTest *qt = start_pair();

    qtest_outb(qt, 0x70, 0x0b);
    qtest_outb(qt, 0x71, 0x12); /* update-ended interrupt */
    qtest_clock_step(qt, 1000000000);
    qtest_outb(qt, MASTER + 1, 0xfb); /* the timer has gone round meanwhile */
    g_assert_cmphex(command(qt, SLAVE, OCW3_READ_IRR), ==, 0x01);
    g_assert_cmphex(command(qt, MASTER, OCW3_READ_IRR) & 0x04, ==, 0x04);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x82);
    g_assert_cmphex(command(qt, SLAVE, OCW3_POLL), ==, 0x80);
    g_assert_cmphex(command(qt, SLAVE, OCW3_READ_ISR), ==, 0x01);
    qtest_outb(qt, SLAVE, OCW2_SPECIFIC_EOI | 0);
    qtest_outb(qt, MASTER, OCW2_SPECIFIC_EOI | 2);
    g_assert_cmphex(command(qt, SLAVE, OCW3_READ_ISR), ==, 0x00);
    g_assert_cmphex(command(qt, MASTER, OCW3_READ_ISR), ==, 0x00);
    qtest_quit(qt);
}

static void more_urgent_service_comes_first(void)
{
    QTest *qt = start_pair();

    set_irq4(qt, true);
    pulse_irq0(qt);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x80);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x00); /* 4 waits for 0's end */
    qtest_outb(qt, MASTER, OCW2_EOI);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x84);
    pulse_irq0(qt);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x80); /* 0 interrupts 4 */
    qtest_outb(qt, MASTER, OCW2_EOI);
    g_assert_cmphex(command(qt, MASTER, OCW3_READ_ISR), ==, 0x10);
    qtest_quit(qt);
}

static void set_priority_makes_an_input_the_lowest(void)
{
    QTest *qt = start_pair();

    qtest_outb(qt, MASTER, OCW2_SET_PRIORITY | 0);
    set_irq4(qt, true);
    pulse_irq0(qt);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x84);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x00);
    qtest_quit(qt);
}

static void level_request_follows_its_line(void)
{
    QTest *qt = start_pair();

    qtest_outb(qt, ELCR1, 0x10);
    set_irq4(qt, true);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x84);
    g_assert_cmphex(command(qt, MASTER, OCW3_READ_IRR), ==, 0x10); /* not served yet */
    qtest_outb(qt, MASTER, OCW2_EOI);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x84);
    set_irq4(qt, false);
    qtest_outb(qt, MASTER, OCW2_EOI);
    g_assert_cmphex(command(qt, MASTER, OCW3_READ_IRR), ==, 0x00);
    g_assert_cmphex(command(qt, MASTER, OCW3_POLL), ==, 0x00);
    qtest_quit(qt);
}

static void elcr_has_no_bits_for_the_boards_own_lines(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_outb(qt, ELCR1, 0xff);
    qtest_outb(qt, ELCR2, 0xff);
    g_assert_cmphex(qtest_inb(qt, ELCR1), ==, 0xf8); /* 0, 1, 2 */
    g_assert_cmphex(qtest_inb(qt, ELCR2), ==, 0xde); /* 8, 13 */
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/i8259/initialization-words-leave-the-mask-clear",
                    initialization_words_leave_the_mask_clear);
    g_test_add_func("/qtest/i8259/request-moves-from-irr-to-isr-until-eoi",
                    request_moves_from_irr_to_isr_until_eoi);
    g_test_add_func("/qtest/i8259/masked-request-waits-in-irr",
                    masked_request_waits_in_irr);
    g_test_add_func("/qtest/i8259/slave-requests-through-input-2",
                    slave_requests_through_input_2);
    g_test_add_func("/qtest/i8259/more-urgent-service-comes-first",
                    more_urgent_service_comes_first);
    g_test_add_func("/qtest/i8259/set-priority-makes-an-input-the-lowest",
                    set_priority_makes_an_input_the_lowest);
    g_test_add_func("/qtest/i8259/level-request-follows-its-line",
                    level_request_follows_its_line);
    g_test_add_func("/qtest/i8259/elcr-has-no-bits-for-the-boards-own-lines",
                    elcr_has_no_bits_for_the_boards_own_lines);
    return g_test_run();
}
