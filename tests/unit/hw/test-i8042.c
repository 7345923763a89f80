/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard controller with its keyboard and mouse. */
#include "hw/input/i8042.h"

#include "hw/input/ps2.h"
#include "isa-harness.h"
#include "softmmu/input.h"

enum { IRQ1 = 1, IRQ12 = 12, A20 = 16 };

static ISADevice *kbc;

static uint8_t command(uint8_t value)
{
    outb(0x64, value);
    g_assert_cmphex(inb(0x64) & 1, ==, 1);
    return inb(0x60);
}

static void set_mode(uint8_t mode)
{
    outb(0x64, 0x60);
    outb(0x60, mode);
}

/* Next byte of keyboard (or mouse); fails if there is none. */
static uint8_t kbd_byte(void)
{
    g_assert_cmphex(inb(0x64) & 0x21, ==, 0x01);
    return inb(0x60);
}

static uint8_t aux_byte(void)
{
    g_assert_cmphex(inb(0x64) & 0x21, ==, 0x21);
    return inb(0x60);
}

static void aux_write(uint8_t value)
{
    outb(0x64, 0xd4);
    outb(0x60, value);
}

static void start(uint8_t mode)
{
    isa_harness_reset(i8042_find_mouse(isa_harness_bus()));
    isa_harness_reset(object_get_child(OBJECT(kbc), "ps2kbd"));
    isa_harness_reset(kbc);
    set_mode(mode);
    isa_harness_rises(IRQ1);
    isa_harness_rises(IRQ12);
}

static void test_self_test(void)
{
    start(0x03);
    g_assert_cmphex(inb(0x64), ==, 0x10);
    g_assert_cmphex(command(0xaa), ==, 0x55);
    g_assert_cmphex(inb(0x64) & 0x05, ==, 0x04);
    g_assert_cmphex(command(0xab), ==, 0x00);
    g_assert_cmphex(command(0xa9), ==, 0x00);
    g_assert_cmphex(command(0xc0), ==, 0x80);
    g_assert_cmphex(command(0xd0), ==, 0xcf);
    g_assert_cmphex(command(0x20), ==, 0x03);
}

static void test_kbd_reset(void)
{
    start(0x03);
    outb(0x60, 0xff);
    g_assert_cmphex(kbd_byte(), ==, 0xfa);
    g_assert_cmphex(kbd_byte(), ==, 0xaa);
    g_assert_cmphex(inb(0x64) & 1, ==, 0);
    g_assert_cmpint(isa_harness_rises(IRQ1), ==, 2);
    outb(0x60, 0xf2);
    g_assert_cmphex(kbd_byte(), ==, 0xfa);
    g_assert_cmphex(kbd_byte(), ==, 0xab);
    g_assert_cmphex(kbd_byte(), ==, 0x83);
}

static void test_translated_key(void)
{
    start(0x43);
    input_send_key(INPUT_KEY_A, true);
    input_send_key(INPUT_KEY_A, false);
    g_assert_cmphex(kbd_byte(), ==, 0x1e);
    g_assert_cmphex(kbd_byte(), ==, 0x9e);
    input_send_key(INPUT_KEY_RIGHT, true);
    input_send_key(INPUT_KEY_RIGHT, false);
    g_assert_cmphex(kbd_byte(), ==, 0xe0);
    g_assert_cmphex(kbd_byte(), ==, 0x4d);
    g_assert_cmphex(kbd_byte(), ==, 0xe0);
    g_assert_cmphex(kbd_byte(), ==, 0xcd);
    g_assert_cmphex(inb(0x64) & 1, ==, 0);
}

static void test_set2_and_set3(void)
{
    start(0x03);
    input_send_key(INPUT_KEY_A, true);
    input_send_key(INPUT_KEY_A, false);
    g_assert_cmphex(kbd_byte(), ==, 0x1c);
    g_assert_cmphex(kbd_byte(), ==, 0xf0);
    g_assert_cmphex(kbd_byte(), ==, 0x1c);
    outb(0x60, 0xf0);
    g_assert_cmphex(kbd_byte(), ==, 0xfa);
    outb(0x60, 3);
    g_assert_cmphex(kbd_byte(), ==, 0xfa);
    input_send_key(INPUT_KEY_ESC, true);
    g_assert_cmphex(kbd_byte(), ==, 0x08);
    outb(0x60, 0xf0);
    g_assert_cmphex(kbd_byte(), ==, 0xfa);
    outb(0x60, 0);
    g_assert_cmphex(kbd_byte(), ==, 0xfa);
    g_assert_cmphex(kbd_byte(), ==, 3);
}

static void test_disabled_interface_keeps(void)
{
    start(0x13);
    input_send_key(INPUT_KEY_B, true);
    g_assert_cmphex(inb(0x64) & 1, ==, 0);
    outb(0x64, 0xae);
    g_assert_cmphex(kbd_byte(), ==, 0x32);
}

static void test_queue_is_bounded(void)
{
    start(0x03);
    for (int i = 0; i < 1000; i++) {
        input_send_key(INPUT_KEY_A, true);
        input_send_key(INPUT_KEY_A, false);
    }
    for (int i = 0; inb(0x64) & 1; i++) {
        g_assert_cmpint(i, <, 100);
        inb(0x60);
    }
}

static void test_mouse(void)
{
    start(0x03);
    aux_write(0xff);
    g_assert_cmphex(aux_byte(), ==, 0xfa);
    g_assert_cmphex(aux_byte(), ==, 0xaa);
    g_assert_cmphex(aux_byte(), ==, 0x00);
    aux_write(0xf4);
    g_assert_cmphex(aux_byte(), ==, 0xfa);
    isa_harness_rises(IRQ12);
    input_send_rel(INPUT_AXIS_X, 10);
    input_send_rel(INPUT_AXIS_Y, 5);
    input_send_button(INPUT_BUTTON_LEFT, true);
    input_sync();
    g_assert_cmphex(aux_byte(), ==, 0x29);
    g_assert_cmphex(aux_byte(), ==, 10);
    g_assert_cmphex(aux_byte(), ==, (uint8_t)-5);
    g_assert_cmpint(isa_harness_rises(IRQ12), ==, 3);
}

static void knock(uint8_t a, uint8_t b, uint8_t c)
{
    const uint8_t rates[] = { a, b, c };

    for (int i = 0; i < 3; i++) {
        aux_write(0xf3);
        g_assert_cmphex(aux_byte(), ==, 0xfa);
        aux_write(rates[i]);
        g_assert_cmphex(aux_byte(), ==, 0xfa);
    }
    aux_write(0xf2);
    g_assert_cmphex(aux_byte(), ==, 0xfa);
}

static void test_wheel(void)
{
    start(0x03);
    knock(200, 100, 80);
    g_assert_cmphex(aux_byte(), ==, 3);
    aux_write(0xf4);
    aux_byte();
    input_send_button(INPUT_BUTTON_WHEEL_DOWN, true);
    input_sync();
    g_assert_cmphex(aux_byte(), ==, 0x08);
    aux_byte();
    aux_byte();
    g_assert_cmphex(aux_byte(), ==, 1);
    knock(200, 200, 80);
    g_assert_cmphex(aux_byte(), ==, 4);
}

static void test_unknown_mouse_command(void)
{
    start(0x03);
    aux_write(0x12);
    g_assert_cmphex(aux_byte(), ==, 0xfe);
    g_assert_cmphex(inb(0x64) & 1, ==, 0);
}

static void test_buffer_commands(void)
{
    start(0x03);
    outb(0x64, 0xd2);
    outb(0x60, 0x77);
    g_assert_cmphex(kbd_byte(), ==, 0x77);
    outb(0x64, 0xd3);
    outb(0x60, 0x66);
    g_assert_cmphex(aux_byte(), ==, 0x66);
}

static void test_a20(void)
{
    start(0x03);
    g_assert_cmpint(isa_harness_level(A20), ==, 1);
    outb(0x64, 0xd1);
    outb(0x60, 0xdd);
    g_assert_cmpint(isa_harness_level(A20), ==, 0);
    outb(0x64, 0xd1);
    outb(0x60, 0xdf);
    g_assert_cmpint(isa_harness_level(A20), ==, 1);
}

static void test_interrupts_off(void)
{
    start(0x00);
    input_send_key(INPUT_KEY_A, true);
    g_assert_cmpint(isa_harness_rises(IRQ1), ==, 0);
    g_assert_cmphex(kbd_byte(), ==, 0x1c);
}

static void test_numbers(void)
{
    g_assert_cmpint(input_key_from_number(0x1e), ==, INPUT_KEY_A);
    g_assert_cmpint(input_key_from_number(0xcd), ==, INPUT_KEY_RIGHT);
    g_assert_cmpint(input_key_from_name("kp_enter"), ==, INPUT_KEY_KP_ENTER);
    g_assert_cmpint(input_key_from_name("nothing"), ==, INPUT_KEY_UNMAPPED);
}

static void test_vmstate(void)
{
    start(0x43);
    input_send_key(INPUT_KEY_A, true);
    outb(0x64, 0xd4);
    isa_harness_check_vmstate(kbc);
    isa_harness_check_vmstate(i8042_find_mouse(isa_harness_bus()));
    isa_harness_check_vmstate(object_get_child(OBJECT(kbc), "ps2kbd"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    isa_harness_init();
    kbc = i8042_init(isa_harness_bus(), isa_harness_line(A20));
    isa_harness_reset(kbc);
    g_test_add_func("/hw/i8042/self-test-and-ports", test_self_test);
    g_test_add_func("/hw/i8042/keyboard-reset-and-identity", test_kbd_reset);
    g_test_add_func("/hw/i8042/keys-are-translated", test_translated_key);
    g_test_add_func("/hw/i8042/scan-code-sets-2-and-3", test_set2_and_set3);
    g_test_add_func("/hw/i8042/disabled-interface-keeps-bytes",
                    test_disabled_interface_keeps);
    g_test_add_func("/hw/i8042/queue-is-bounded", test_queue_is_bounded);
    g_test_add_func("/hw/i8042/mouse-packets", test_mouse);
    g_test_add_func("/hw/i8042/knock-turns-the-wheel-on", test_wheel);
    g_test_add_func("/hw/i8042/err-unknown-mouse-command", test_unknown_mouse_command);
    g_test_add_func("/hw/i8042/bytes-through-the-output-buffer", test_buffer_commands);
    g_test_add_func("/hw/i8042/output-port-gates-a20", test_a20);
    g_test_add_func("/hw/i8042/mode-byte-masks-interrupts", test_interrupts_off);
    g_test_add_func("/hw/i8042/keys-by-name-and-number", test_numbers);
    g_test_add_func("/hw/i8042/save-reset-load", test_vmstate);
    return g_test_run();
}
