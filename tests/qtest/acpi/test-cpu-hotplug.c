/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processors that come and go: what device_add checks, what the guest is told through
 * the registers at af00 and the GPE, what it reports, and its eject.
 */
#include "libqtest.h"

#include <string.h>

#define REGS     0xaf00 /* CPU hotplug */
#define GPE      0xafe0 /* status, enable at +2 */
#define FLAGS    (REGS + 4)
#define COMMAND  (REGS + 5)
#define DATA     (REGS + 8)
#define CPU_GPE  0x04
#define CPU_TYPE "qemu64-x86_64-cpu"

enum { ENABLED = 1, INSERTING = 2, REMOVING = 4, EJECT = 8 };

static QTest *start(void)
{
    return qtest_start("-M pc -nodefaults -m 64 "
                       "-smp 1,maxcpus=4,sockets=2,cores=2,threads=1");
}

static void add(QTest *qt, const char *id, int socket, int core)
{
    qtest_qmp_do(qt,
                 "{'execute':'device_add','arguments':{'driver':'" CPU_TYPE "',"
                 "'id':'%s','socket-id':%d,'core-id':%d,'thread-id':0}}",
                 id, socket, core);
}

static void refuse(QTest *qt, const char *desc, const char *props)
{
    qtest_qmp_fails(qt, desc,
                    "{'execute':'device_add','arguments':{'driver':'" CPU_TYPE "',"
                    "'id':'x'%s}}",
                    props);
}

static void go_modern(QTest *qt)
{
    qtest_outl(qt, REGS, 0);
}

static uint8_t flags_of(QTest *qt, uint32_t slot)
{
    qtest_outl(qt, REGS, slot);
    return qtest_inb(qt, FLAGS);
}

/* How many query-cpus-fast lists, and how many places query-hotpluggable-cpus has
 * taken.
 */
static void assert_counts(QTest *qt, size_t n)
{
    struct json_object *list = qtest_qmp_ok(qt, "{'execute':'query-cpus-fast'}");
    size_t taken = 0;

    g_assert_cmpuint(json_object_array_length(list), ==, n);
    json_object_put(list);
    list = qtest_qmp_ok(qt, "{'execute':'query-hotpluggable-cpus'}");
    g_assert_cmpuint(json_object_array_length(list), ==, 4);
    for (size_t i = 0; i < 4; i++) {
        taken += json_object_object_get_ex(json_object_array_get_idx(list, i),
                                           "qom-path", NULL);
    }
    json_object_put(list);
    g_assert_cmpuint(taken, ==, n);
}

static uint8_t cmos(QTest *qt, uint8_t index)
{
    qtest_outb(qt, 0x70, index);
    return qtest_inb(qt, 0x71);
}

/* --- Tests --- */

static void places_are_checked(void)
{
    QTest *qt = start();

    refuse(qt, "CPU socket-id is not set", "");
    refuse(qt, "CPU core-id is not set", ",'socket-id':1");
    refuse(qt, "CPU thread-id is not set", ",'socket-id':1,'core-id':0");
    refuse(qt, "Invalid CPU socket-id: 2 must be in range 0:1",
           ",'socket-id':2,'core-id':0,'thread-id':0");
    refuse(qt, "Invalid CPU core-id: 2 must be in range 0:1",
           ",'socket-id':0,'core-id':2,'thread-id':0");
    refuse(qt, "Invalid CPU thread-id: 1 must be in range 0:0",
           ",'socket-id':0,'core-id':1,'thread-id':1");
    refuse(qt, "Invalid CPU die-id: 1 must be in range 0:0",
           ",'socket-id':0,'core-id':1,'thread-id':0,'die-id':1");
    refuse(qt, "CPU[0] with APIC ID 0 exists",
           ",'socket-id':0,'core-id':0,'thread-id':0");
    refuse(qt,
           "Invalid CPU [socket: 3, die: 0, core: 1, thread: 0] with APIC ID 7, "
           "valid index range 0:3",
           ",'apic-id':7");
    refuse(qt, "property socket-id: 0 doesn't match set apic-id: 0x3 (socket-id: 1)",
           ",'apic-id':3,'socket-id':0");
    refuse(qt, "invalid node-id, must be 0",
           ",'socket-id':0,'core-id':1,'thread-id':0,'node-id':1");
    qtest_qmp_fails(qt, "Invalid CPU type, expected cpu type: '" CPU_TYPE "'",
                    "{'execute':'device_add','arguments':{'driver':'486-x86_64-cpu',"
                    "'socket-id':0,'core-id':1,'thread-id':0}}");
    assert_counts(qt, 1);
    add(qt, "c1", 0, 1);
    refuse(qt, "CPU[1] with APIC ID 1 exists",
           ",'socket-id':0,'core-id':1,'thread-id':0");
    assert_counts(qt, 2);
    qtest_quit(qt);
}

static void guest_is_told_of_a_new_one(void)
{
    QTest *qt = start();

    g_assert_cmphex(qtest_inb(qt, REGS), ==, 0x01); /* bitmap by APIC id */
    g_assert_cmphex(cmos(qt, 0x5f), ==, 0);
    add(qt, "c3", 1, 1);
    g_assert_cmphex(qtest_inb(qt, REGS), ==, 0x09);
    g_assert_cmphex(qtest_inb(qt, GPE) & CPU_GPE, ==, CPU_GPE);
    g_assert_cmphex(cmos(qt, 0x5f), ==, 1);
    go_modern(qt);
    g_assert_cmphex(flags_of(qt, 0), ==, ENABLED);
    g_assert_cmphex(flags_of(qt, 1), ==, 0);
    g_assert_cmphex(flags_of(qt, 3), ==, ENABLED | INSERTING);
    qtest_outl(qt, REGS, 0);
    qtest_outb(qt, COMMAND, 0); /* next event */
    g_assert_cmpuint(qtest_inl(qt, DATA), ==, 3);
    qtest_outb(qt, FLAGS, INSERTING);
    g_assert_cmphex(flags_of(qt, 3), ==, ENABLED);
    qtest_quit(qt);
}

static void cold_plugged_ones_are_just_there(void)
{
    QTest *qt =
        qtest_start("-M pc -nodefaults -m 64 -smp 1,maxcpus=4,sockets=2,cores=2 "
                    "-device " CPU_TYPE ",socket-id=1,core-id=0,thread-id=0");

    assert_counts(qt, 2);
    g_assert_cmphex(cmos(qt, 0x5f), ==, 1);
    g_assert_cmphex(qtest_inb(qt, REGS), ==, 0x05);
    g_assert_cmphex(qtest_inb(qt, GPE) & CPU_GPE, ==, 0);
    go_modern(qt);
    g_assert_cmphex(flags_of(qt, 2), ==, ENABLED);
    qtest_quit(qt);
}

static void unplug_needs_the_new_registers_and_another_cpu(void)
{
    QTest *qt = start();

    add(qt, "c1", 0, 1);
    qtest_qmp_fails(
        qt, "acpi: device unplug request for not supported device type: " CPU_TYPE,
        "{'execute':'device_del','arguments':{'id':'c1'}}");
    qtest_qmp_fails(qt, "Boot CPU is unpluggable",
                    "{'execute':'device_del','arguments':"
                    "{'id':'/machine/unattached/device[0]'}}");
    go_modern(qt);
    qtest_outl(qt, REGS, 0);
    qtest_outb(qt, FLAGS, EJECT); /* the guest's own idea */
    g_assert_cmphex(flags_of(qt, 0), ==, ENABLED);
    assert_counts(qt, 2);
    qtest_quit(qt);
}

static void comes_and_goes_many_times(void)
{
    QTest *qt = start();

    go_modern(qt);
    for (int round = 0; round < 20; round++) {
        add(qt, "c1", 0, 1);
        assert_counts(qt, 2);
        qtest_outl(qt, REGS, 1);
        qtest_outb(qt, FLAGS, INSERTING);
        qtest_qmp_do(qt, "{'execute':'device_del','arguments':{'id':'c1'}}");
        g_assert_cmphex(flags_of(qt, 1), ==, ENABLED | REMOVING);
        g_assert_cmphex(qtest_inb(qt, GPE) & CPU_GPE, ==, CPU_GPE);
        qtest_outb(qt, FLAGS, REMOVING);
        qtest_outb(qt, COMMAND, 1); /* _OST event and status */
        qtest_outl(qt, DATA, 3);
        qtest_outb(qt, COMMAND, 2);
        qtest_outl(qt, DATA, 0x84);
        json_object_put(qtest_wait_event(qt, "ACPI_DEVICE_OST"));
        qtest_outb(qt, FLAGS, EJECT);
        g_assert_cmphex(qtest_inb(qt, FLAGS) & ENABLED, ==, 0);
        json_object_put(qtest_wait_event(qt, "DEVICE_DELETED"));
        assert_counts(qt, 1);
        g_assert_cmphex(cmos(qt, 0x5f), ==, 0);
    }
    g_autofree char *tree = qtest_hmp(qt, "info mtree");
    g_assert_null(strstr(tree, "cpu-memory-1"));
    qtest_quit(qt);
}

/* TCG, stopped: threads are made, wait, and end. */
static void threads_end_with_their_processors(void)
{
    QTest *qt = qtest_start("-M pc -nodefaults -m 64 -smp 1,maxcpus=2 -S -accel tcg");

    go_modern(qt);
    for (int round = 0; round < 20; round++) {
        qtest_qmp_do(qt, "{'execute':'device_add','arguments':{'driver':'" CPU_TYPE "',"
                         "'id':'c1','socket-id':0,'core-id':1,'thread-id':0}}");
        qtest_outl(qt, REGS, 1);
        qtest_outb(qt, FLAGS, INSERTING);
        qtest_outb(qt, FLAGS, EJECT);
        json_object_put(qtest_wait_event(qt, "DEVICE_DELETED"));
    }
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu-hotplug/places-are-checked", places_are_checked);
    g_test_add_func("/cpu-hotplug/guest-is-told-of-a-new-one",
                    guest_is_told_of_a_new_one);
    g_test_add_func("/cpu-hotplug/cold-plugged-ones-are-just-there",
                    cold_plugged_ones_are_just_there);
    g_test_add_func("/cpu-hotplug/unplug-needs-the-new-registers-and-another-cpu",
                    unplug_needs_the_new_registers_and_another_cpu);
    g_test_add_func("/cpu-hotplug/comes-and-goes-many-times",
                    comes_and_goes_many_times);
    g_test_add_func("/cpu-hotplug/threads-end-with-their-processors",
                    threads_end_with_their_processors);
    return g_test_run();
}
