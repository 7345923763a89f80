/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 16550A, the parallel port and the debug console. */
#include "libqtest.h"

#include <glib/gstdio.h>
#include <string.h>

#define COM1 0x3f8
#define LPT1 0x378

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };

static void registers_after_reset(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -serial null");

    g_assert_cmphex(qtest_inb(qt, COM1 + IER), ==, 0x00);
    g_assert_cmphex(qtest_inb(qt, COM1 + IIR), ==, 0x01);
    g_assert_cmphex(qtest_inb(qt, COM1 + LCR), ==, 0x00);
    g_assert_cmphex(qtest_inb(qt, COM1 + MCR), ==, 0x08);
    g_assert_cmphex(qtest_inb(qt, COM1 + LSR), ==, 0x60);
    g_assert_cmphex(qtest_inb(qt, COM1 + MSR), ==, 0xb0);
    qtest_outb(qt, COM1 + SCR, 0xa5);
    g_assert_cmphex(qtest_inb(qt, COM1 + SCR), ==, 0xa5);
    qtest_outb(qt, COM1 + LCR, 0x80);
    g_assert_cmphex(qtest_inb(qt, COM1 + DATA), ==, 0x0c);
    qtest_quit(qt);
}

static void bytes_reach_the_file(void)
{
    g_autofree char *path = NULL, *text = NULL;
    int fd = g_file_open_tmp("strata-serial-XXXXXX", &path, NULL);
    QTest *qt = qtest_startf("-M pc -nodefaults -serial file:%s", path);

    for (const char *p = "hello"; *p; p++) {
        g_assert_cmphex(qtest_inb(qt, COM1 + LSR) & 0x20, ==, 0x20);
        qtest_outb(qt, COM1 + DATA, *p);
    }
    qtest_quit(qt);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "hello");
    g_unlink(path);
    g_close(fd, NULL);
}

static void loopback_receives_into_the_fifo(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -serial null");

    qtest_irq_intercept_in(qt, "/machine/i440fx/ioapic");
    qtest_outb(qt, COM1 + MCR, 0x10);
    qtest_outb(qt, COM1 + IIR, 0x47); /* FIFOs, trigger at 4 */
    qtest_outb(qt, COM1 + IER, 0x01);
    for (int i = 0; i < 3; i++) {
        qtest_outb(qt, COM1 + DATA, 'a' + i);
    }
    g_assert_cmphex(qtest_inb(qt, COM1 + IIR), ==, 0xc1); /* below the trigger */
    qtest_clock_step(qt, 100000000);
    g_assert_cmphex(qtest_inb(qt, COM1 + IIR), ==, 0xcc); /* character timeout */
    g_assert_true(qtest_get_irq(qt, 4));
    g_assert_cmphex(qtest_inb(qt, COM1 + DATA), ==, 'a');
    g_assert_false(qtest_get_irq(qt, 4));
    for (int i = 0; i < 2; i++) {
        qtest_outb(qt, COM1 + DATA, 'x');
    }
    g_assert_cmphex(qtest_inb(qt, COM1 + IIR), ==, 0xc4); /* four of them */
    for (int i = 0; i < 20; i++) {
        qtest_outb(qt, COM1 + DATA, 'y');
    }
    g_assert_cmphex(qtest_inb(qt, COM1 + LSR), ==, 0x63); /* overrun */
    g_assert_cmphex(qtest_inb(qt, COM1 + LSR), ==, 0x61);
    qtest_outb(qt, COM1 + IIR, 0x43);
    g_assert_cmphex(qtest_inb(qt, COM1 + LSR), ==, 0x60);
    qtest_quit(qt);
}

static void transmitter_interrupt_is_cleared_by_reading_iir(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -serial null");

    qtest_irq_intercept_in(qt, "/machine/i440fx/ioapic");
    qtest_outb(qt, COM1 + IER, 0x02);
    g_assert_true(qtest_get_irq(qt, 4)); /* it is empty already */
    g_assert_cmphex(qtest_inb(qt, COM1 + IIR), ==, 0x02);
    g_assert_false(qtest_get_irq(qt, 4));
    g_assert_cmphex(qtest_inb(qt, COM1 + IIR), ==, 0x01);
    qtest_outb(qt, COM1 + DATA, 'x');
    g_assert_true(qtest_get_irq(qt, 4));
    qtest_quit(qt);
}

static void modem_lines_loop_back(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -serial null");

    qtest_outb(qt, COM1 + MCR, 0x1f);
    g_assert_cmphex(qtest_inb(qt, COM1 + MSR) & 0xf0, ==, 0xf0);
    qtest_outb(qt, COM1 + MCR, 0x1b); /* RI falls: trailing edge */
    g_assert_cmphex(qtest_inb(qt, COM1 + MSR), ==, 0xb4);
    g_assert_cmphex(qtest_inb(qt, COM1 + MSR), ==, 0xb0);
    qtest_quit(qt);
}

static void four_ports_and_no_more(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -device isa-serial -device isa-serial "
                            "-device isa-serial -device isa-serial");

    g_assert_cmphex(qtest_inb(qt, 0x2e8 + LSR), ==, 0x60);
    g_assert_cmphex(qtest_inb(qt, 0x3e8 + LSR), ==, 0x60);
    qtest_quit(qt);
}

static void parallel_strobes_out(void)
{
    g_autofree char *path = NULL, *text = NULL;
    int fd = g_file_open_tmp("strata-parallel-XXXXXX", &path, NULL);
    QTest *qt = qtest_startf("-M pc -nodefaults -parallel file:%s", path);

    g_assert_cmphex(qtest_inb(qt, LPT1), ==, 0xff);
    g_assert_cmphex(qtest_inb(qt, LPT1 + 1), ==, 0xd9);
    g_assert_cmphex(qtest_inb(qt, LPT1 + 2), ==, 0xcc);
    qtest_irq_intercept_in(qt, "/machine/i440fx/ioapic");
    for (const char *p = "ok"; *p; p++) {
        qtest_outb(qt, LPT1, *p);
        qtest_outb(qt, LPT1 + 2, 0x1d);
        g_assert_cmphex(qtest_inb(qt, LPT1 + 1), ==, 0x59);
        qtest_outb(qt, LPT1 + 2, 0x1c);
        g_assert_true(qtest_get_irq(qt, 7));
        g_assert_cmphex(qtest_inb(qt, LPT1 + 1), ==, 0xd9);
        g_assert_false(qtest_get_irq(qt, 7));
    }
    g_assert_cmphex(qtest_inb(qt, LPT1 + 3), ==, 0xff);
    qtest_quit(qt);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "ok");
    g_unlink(path);
    g_close(fd, NULL);
}

static void debug_console_reads_back(void)
{
    g_autofree char *path = NULL, *text = NULL;
    int fd = g_file_open_tmp("strata-debugcon-XXXXXX", &path, NULL);
    QTest *qt = qtest_startf("-M pc -nodefaults -chardev file,id=d,path=%s "
                             "-device isa-debugcon,iobase=0x402,chardev=d",
                             path);

    g_assert_cmphex(qtest_inb(qt, 0x402), ==, 0xe9);
    qtest_outb(qt, 0x402, '!');
    qtest_quit(qt);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "!");
    g_unlink(path);
    g_close(fd, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/serial/registers-after-reset", registers_after_reset);
    g_test_add_func("/qtest/serial/bytes-reach-the-file", bytes_reach_the_file);
    g_test_add_func("/qtest/serial/loopback-receives-into-the-fifo",
                    loopback_receives_into_the_fifo);
    g_test_add_func("/qtest/serial/transmitter-interrupt-is-cleared-by-reading-iir",
                    transmitter_interrupt_is_cleared_by_reading_iir);
    g_test_add_func("/qtest/serial/modem-lines-loop-back", modem_lines_loop_back);
    g_test_add_func("/qtest/serial/four-ports-by-default", four_ports_and_no_more);
    g_test_add_func("/qtest/parallel/strobe-sends-and-acknowledges",
                    parallel_strobes_out);
    g_test_add_func("/qtest/debugcon/prints-and-reads-back", debug_console_reads_back);
    return g_test_run();
}
