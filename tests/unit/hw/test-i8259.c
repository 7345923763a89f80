/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8259A pair as its data sheet programs it. */
#include "hw/intc/i8259.h"

#include "isa-harness.h"

enum { INTR = 16 };

static I8259State *pic;
static IrqLine *in[ISA_NUM_IRQS];

/* ICW1 to ICW4: bases 08 and 70, cascade on 2, @icw4 for the master. */
static void init_pair(uint8_t icw4)
{
    isa_harness_reset(pic);
    for (int n = 0; n < ISA_NUM_IRQS; n++) {
        irq_lower(in[n]);
    }
    outb(0xa0, 0x11);
    outb(0xa1, 0x70);
    outb(0xa1, 0x02);
    outb(0xa1, 0x01);
    outb(0x20, 0x11);
    outb(0x21, 0x08);
    outb(0x21, 0x04);
    outb(0x21, icw4);
}

static void test_vector(void)
{
    init_pair(0x01);
    irq_raise(in[1]);
    g_assert_cmpint(isa_harness_level(INTR), ==, 1);
    g_assert_cmphex(inb(0x20), ==, 0x02);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x09);
    g_assert_cmpint(isa_harness_level(INTR), ==, 0);
    outb(0x20, 0x0b); /* OCW3: read ISR */
    g_assert_cmphex(inb(0x20), ==, 0x02);
    outb(0x20, 0x20); /* EOI */
    g_assert_cmphex(inb(0x20), ==, 0x00);
    irq_lower(in[1]);
}

static void test_priority(void)
{
    init_pair(0x01);
    irq_raise(in[5]);
    irq_raise(in[3]);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x0b);
    g_assert_cmpint(isa_harness_level(INTR), ==, 0); /* 5 waits for the EOI */
    irq_raise(in[1]);
    g_assert_cmpint(isa_harness_level(INTR), ==, 1); /* 1 does not */
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x09);
    outb(0x20, 0x20);
    outb(0x20, 0x20);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x0d);
}

static void test_cascade(void)
{
    init_pair(0x01);
    irq_raise(in[12]);
    irq_raise(in[9]);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x71);
    outb(0xa0, 0x20);
    outb(0x20, 0x20);
    /* The slave's INT falls in between: the second is not lost. */
    g_assert_cmpint(isa_harness_level(INTR), ==, 1);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x74);
}

static void test_spurious(void)
{
    init_pair(0x01);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x0f);
    outb(0x20, 0x0b);
    g_assert_cmphex(inb(0x20), ==, 0x00); /* nothing is in service */
}

static void test_mask(void)
{
    init_pair(0x01);
    outb(0x21, 0xff);
    irq_raise(in[4]);
    g_assert_cmpint(isa_harness_level(INTR), ==, 0);
    g_assert_cmphex(inb(0x21), ==, 0xff);
    outb(0x21, 0xef);
    g_assert_cmpint(isa_harness_level(INTR), ==, 1);
}

static void test_level(void)
{
    init_pair(0x01);
    outb(0x4d1, 0x0c); /* 10 and 11 */
    g_assert_cmphex(inb(0x4d1), ==, 0x0c);
    irq_raise(in[10]);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x72);
    outb(0xa0, 0x20);
    outb(0x20, 0x20);
    g_assert_cmpint(isa_harness_level(INTR), ==, 1); /* still asserted */
    irq_lower(in[10]);
    outb(0xa0, 0x0a);
    g_assert_cmphex(inb(0xa0), ==, 0x00);
}

static void test_elcr_fixed_edges(void)
{
    init_pair(0x01);
    outb(0x4d0, 0xff);
    outb(0x4d1, 0xff);
    g_assert_cmphex(inb(0x4d0), ==, 0xf8);
    g_assert_cmphex(inb(0x4d1), ==, 0xde);
}

static void test_aeoi(void)
{
    init_pair(0x03);
    irq_raise(in[6]);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x0e);
    outb(0x20, 0x0b);
    g_assert_cmphex(inb(0x20), ==, 0x00);
}

static void test_rotation(void)
{
    init_pair(0x01);
    outb(0x20, 0xc4); /* set priority: 4 is the lowest, 5 the highest */
    irq_raise(in[0]);
    irq_raise(in[5]);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x0d);
    outb(0x20, 0xa0); /* rotate on EOI: 5 becomes the lowest */
    irq_lower(in[5]);
    irq_raise(in[5]);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x08);
}

static void test_poll(void)
{
    init_pair(0x01);
    outb(0x20, 0x0c);
    g_assert_cmphex(inb(0x20), ==, 0x00);
    irq_raise(in[7]);
    outb(0x20, 0x0c);
    g_assert_cmphex(inb(0x20), ==, 0x87);
}

static void test_special_mask(void)
{
    init_pair(0x01);
    irq_raise(in[2 + 1]);
    i8259_acknowledge(pic);
    irq_raise(in[6]);
    g_assert_cmpint(isa_harness_level(INTR), ==, 0);
    outb(0x21, 0x08); /* mask the one in service */
    outb(0x20, 0x68); /* special mask mode */
    g_assert_cmpint(isa_harness_level(INTR), ==, 1);
    g_assert_cmphex(i8259_acknowledge(pic), ==, 0x0e);
}

static void test_vmstate(void)
{
    init_pair(0x01);
    irq_raise(in[3]);
    i8259_acknowledge(pic);
    irq_raise(in[5]);
    outb(0x21, 0x40);
    outb(0x20, 0x0b);
    outb(0x20, 0x11); /* in the middle of an initialization */
    isa_harness_check_vmstate(pic);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    isa_harness_init();
    pic = i8259_init(isa_harness_bus(), isa_harness_line(INTR), in);
    g_test_add_func("/hw/i8259/vector-is-base-plus-input", test_vector);
    g_test_add_func("/hw/i8259/fully-nested-priorities", test_priority);
    g_test_add_func("/hw/i8259/slave-gives-its-vector", test_cascade);
    g_test_add_func("/hw/i8259/spurious-is-7", test_spurious);
    g_test_add_func("/hw/i8259/mask-holds-back", test_mask);
    g_test_add_func("/hw/i8259/level-follows-the-line", test_level);
    g_test_add_func("/hw/i8259/elcr-keeps-edge-inputs", test_elcr_fixed_edges);
    g_test_add_func("/hw/i8259/automatic-end-of-interrupt", test_aeoi);
    g_test_add_func("/hw/i8259/priorities-rotate", test_rotation);
    g_test_add_func("/hw/i8259/poll-acknowledges", test_poll);
    g_test_add_func("/hw/i8259/special-mask-lets-lower-in", test_special_mask);
    g_test_add_func("/hw/i8259/save-reset-load", test_vmstate);
    return g_test_run();
}
