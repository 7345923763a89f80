/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard controller with its keyboard and mouse, and A20 of it and of port 92. */
#include "libqtest.h"

#include <string.h>

#define DATA    0x60
#define COMMAND 0x64

enum {
    STATUS_OBF = 1 << 0,
    STATUS_SYS = 1 << 2,
    STATUS_AUX_OBF = 1 << 5,
    MODE_KBD_INT = 1 << 0,
    MODE_AUX_INT = 1 << 1,
    MODE_SYS = 1 << 2,
    OUT_RUN = 1 << 0,
    OUT_A20 = 1 << 1,
    ACK = 0xfa,
};

static QTest *start_controller(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_irq_intercept_in(qt, "/machine/i440fx/ioapic");
    return qt;
}

static uint8_t full(QTest *qt)
{
    return qtest_inb(qt, COMMAND) & (STATUS_OBF | STATUS_AUX_OBF);
}

/* The controller's answer to @command. */
static uint8_t ask(QTest *qt, uint8_t command)
{
    qtest_outb(qt, COMMAND, command);
    g_assert_cmphex(full(qt), ==, STATUS_OBF);
    return qtest_inb(qt, DATA);
}

static void tell(QTest *qt, uint8_t command, uint8_t data)
{
    qtest_outb(qt, COMMAND, command);
    qtest_outb(qt, DATA, data);
}

static void self_tests_pass(void)
{
    QTest *qt = start_controller();

    g_assert_cmphex(qtest_inb(qt, COMMAND) & (STATUS_SYS | STATUS_OBF), ==, 0);
    g_assert_cmphex(ask(qt, 0xaa), ==, 0x55);
    g_assert_cmphex(qtest_inb(qt, COMMAND) & (STATUS_SYS | STATUS_OBF), ==, STATUS_SYS);
    g_assert_cmphex(ask(qt, 0xab), ==, 0x00); /* keyboard's lines */
    g_assert_cmphex(ask(qt, 0xa9), ==, 0x00); /* mouse's */
    qtest_quit(qt);
}

static void command_byte_reads_back(void)
{
    QTest *qt = start_controller();

    tell(qt, 0x60, 0x70);
    g_assert_cmphex(ask(qt, 0x20), ==, 0x70);
    g_assert_cmphex(qtest_inb(qt, COMMAND) & STATUS_SYS, ==, 0);
    tell(qt, 0x60, MODE_SYS);
    g_assert_cmphex(qtest_inb(qt, COMMAND) & STATUS_SYS, ==, STATUS_SYS);
    qtest_outb(qt, COMMAND, 0xad);
    g_assert_cmphex(ask(qt, 0x20), ==, 0x10 | MODE_SYS);
    qtest_outb(qt, COMMAND, 0xa7);
    g_assert_cmphex(ask(qt, 0x20), ==, 0x30 | MODE_SYS);
    qtest_outb(qt, COMMAND, 0xae);
    qtest_outb(qt, COMMAND, 0xa8);
    g_assert_cmphex(ask(qt, 0x20), ==, MODE_SYS);
    qtest_quit(qt);
}

static void keyboard_resets(void)
{
    QTest *qt = start_controller();

    tell(qt, 0x60, MODE_KBD_INT);
    qtest_outb(qt, DATA, 0xff);
    g_assert_true(qtest_get_irq(qt, 1));
    g_assert_cmphex(full(qt), ==, STATUS_OBF);
    g_assert_cmphex(qtest_inb(qt, DATA), ==, ACK);
    g_assert_true(qtest_get_irq(qt, 1)); /* the next byte's */
    g_assert_cmphex(qtest_inb(qt, DATA), ==, 0xaa);
    g_assert_false(qtest_get_irq(qt, 1));
    g_assert_cmphex(full(qt), ==, 0);
    qtest_quit(qt);
}

static void mouse_answers_through_the_auxiliary_buffer(void)
{
    QTest *qt = start_controller();

    tell(qt, 0x60, MODE_AUX_INT);
    tell(qt, 0xd4, 0xf2); /* read its type */
    g_assert_cmphex(full(qt), ==, STATUS_OBF | STATUS_AUX_OBF);
    g_assert_true(qtest_get_irq(qt, 12));
    g_assert_false(qtest_get_irq(qt, 1));
    g_assert_cmphex(qtest_inb(qt, DATA), ==, ACK);
    g_assert_cmphex(qtest_inb(qt, DATA), ==, 0x00);
    g_assert_false(qtest_get_irq(qt, 12));
    qtest_quit(qt);
}

static void output_buffer_can_be_written(void)
{
    QTest *qt = start_controller();

    tell(qt, 0x60, MODE_KBD_INT | MODE_AUX_INT);
    tell(qt, 0xd2, 0x5a);
    g_assert_true(qtest_get_irq(qt, 1));
    g_assert_cmphex(full(qt), ==, STATUS_OBF);
    g_assert_cmphex(qtest_inb(qt, DATA), ==, 0x5a);
    tell(qt, 0xd3, 0xa5);
    g_assert_true(qtest_get_irq(qt, 12));
    g_assert_cmphex(full(qt), ==, STATUS_OBF | STATUS_AUX_OBF);
    g_assert_cmphex(qtest_inb(qt, DATA), ==, 0xa5);
    qtest_quit(qt);
}

static void disabled_keyboard_keeps_its_keys(void)
{
    QTest *qt = start_controller();

    tell(qt, 0x60, 0x40); /* translate to set 1 */
    qtest_outb(qt, COMMAND, 0xad);
    g_free(qtest_hmp(qt, "sendkey a"));
    g_assert_cmphex(full(qt), ==, 0);
    qtest_outb(qt, COMMAND, 0xae);
    g_assert_cmphex(full(qt), ==, STATUS_OBF);
    g_assert_cmphex(qtest_inb(qt, DATA), ==, 0x1e);
    qtest_quit(qt);
}

/* Follow output "a20" of the one device of @type. */
static void watch_a20(QTest *qt, const char *type)
{
    g_autofree char *child = g_strdup_printf("child<%s>", type);
    g_autofree char *path = NULL;
    struct json_object *list = qtest_qmp_ok(qt, "{'execute':'qom-list','arguments':"
                                                "{'path':'/machine/unattached'}}");

    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        const char *found =
            json_object_get_string(json_object_object_get(item, "type"));

        if (!strcmp(found, child)) {
            path = g_strdup_printf(
                "/machine/unattached/%s",
                json_object_get_string(json_object_object_get(item, "name")));
        }
    }
    json_object_put(list);
    g_assert_nonnull(path);
    g_free(qtest_command(qt, "irq_intercept_out %s a20", path));
}

static void output_port_drives_a20(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    g_assert_cmphex(ask(qt, 0xd0) & (OUT_A20 | OUT_RUN), ==, OUT_A20 | OUT_RUN);
    watch_a20(qt, "i8042");
    tell(qt, 0xd1, OUT_RUN);
    g_assert_cmphex(ask(qt, 0xd0) & OUT_A20, ==, 0);
    g_assert_false(qtest_get_irq(qt, 0));
    tell(qt, 0xd1, OUT_RUN | OUT_A20);
    g_assert_cmphex(ask(qt, 0xd0) & OUT_A20, ==, OUT_A20);
    g_assert_true(qtest_get_irq(qt, 0));
    qtest_outb(qt, COMMAND, 0xdd);
    g_assert_false(qtest_get_irq(qt, 0));
    qtest_outb(qt, COMMAND, 0xdf);
    g_assert_true(qtest_get_irq(qt, 0));
    qtest_quit(qt);
}

static void port92_drives_a20(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    watch_a20(qt, "port92");
    qtest_outb(qt, 0x92, 0x02);
    g_assert_true(qtest_get_irq(qt, 0));
    g_assert_cmphex(qtest_inb(qt, 0x92), ==, 0x02);
    qtest_outb(qt, 0x92, 0x00);
    g_assert_false(qtest_get_irq(qt, 0));
    qtest_quit(qt);
}

/* The board's gate: A20 is off only when both say so. */
static void a20_is_the_or_of_both(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults");

    qtest_irq_intercept_out(qt, "/machine/a20-gate");
    qtest_outb(qt, 0x92, 0x02);
    tell(qt, 0xd1, OUT_RUN);
    g_assert_true(qtest_get_irq(qt, 0));
    qtest_outb(qt, 0x92, 0x00);
    g_assert_false(qtest_get_irq(qt, 0));
    tell(qt, 0xd1, OUT_RUN | OUT_A20);
    g_assert_true(qtest_get_irq(qt, 0));
    qtest_outb(qt, 0x92, 0x02);
    qtest_outb(qt, 0x92, 0x00);
    g_assert_true(qtest_get_irq(qt, 0));
    tell(qt, 0xd1, OUT_RUN);
    qtest_qmp_do(qt, "{'execute':'system_reset'}");
    json_object_put(qtest_wait_event(qt, "RESET"));
    g_assert_true(qtest_get_irq(qt, 0));
    qtest_quit(qt);
}

/* i8042=off: its input of the gate is pulled up, so that port 92 cannot gate. */
static void a20_stays_on_without_a_keyboard_controller(void)
{
    QTest *qt = qtest_start("-M pc,i8042=off -nodefaults");

    qtest_irq_intercept_out(qt, "/machine/a20-gate");
    qtest_outb(qt, 0x92, 0x02);
    qtest_outb(qt, 0x92, 0x00);
    g_assert_true(qtest_get_irq(qt, 0));
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/i8042/self-tests-pass", self_tests_pass);
    g_test_add_func("/qtest/i8042/command-byte-reads-back", command_byte_reads_back);
    g_test_add_func("/qtest/i8042/keyboard-resets", keyboard_resets);
    g_test_add_func("/qtest/i8042/mouse-answers-through-the-auxiliary-buffer",
                    mouse_answers_through_the_auxiliary_buffer);
    g_test_add_func("/qtest/i8042/output-buffer-can-be-written",
                    output_buffer_can_be_written);
    g_test_add_func("/qtest/i8042/disabled-keyboard-keeps-its-keys",
                    disabled_keyboard_keeps_its_keys);
    g_test_add_func("/qtest/i8042/output-port-drives-a20", output_port_drives_a20);
    g_test_add_func("/qtest/port92/drives-a20", port92_drives_a20);
    g_test_add_func("/qtest/pc/a20-is-the-or-of-both", a20_is_the_or_of_both);
    g_test_add_func("/qtest/pc/a20-stays-on-without-a-keyboard-controller",
                    a20_stays_on_without_a_keyboard_controller);
    return g_test_run();
}
