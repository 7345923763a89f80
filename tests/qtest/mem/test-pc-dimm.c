/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots and addresses of DIMMs: where they go by themselves, and what is refused. */
#include "libqtest.h"

#include <string.h>

#define MACHINE "-M pc -nodefaults -m 1G,slots=3,maxmem=4G"
#define MIB     (1ull << 20)
#define BASE    0x100000000ull

static void add_backend(QTest *qt, const char *id, uint64_t size)
{
    qtest_qmp_do(qt,
                 "{\"execute\":\"object-add\",\"arguments\":{\"qom-type\":"
                 "\"memory-backend-ram\",\"id\":\"%s\",\"size\":%" G_GUINT64_FORMAT
                 "}}",
                 id, size);
}

#define DIMM(id, memdev, rest)                                                       \
    "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"pc-dimm\",\"id\":\"" id \
    "\",\"memdev\":\"" memdev "\"" rest "}}"

static uint64_t get_uint(QTest *qt, const char *id, const char *property)
{
    struct json_object *value =
        qtest_qmp_ok(qt,
                     "{\"execute\":\"qom-get\",\"arguments\":{\"path\":"
                     "\"/machine/peripheral/%s\",\"property\":\"%s\"}}",
                     id, property);
    uint64_t n = json_object_get_uint64(value);

    json_object_put(value);
    return n;
}

static void lowest_gap_that_fits_is_taken(void)
{
    QTest *qt = qtest_start(MACHINE);

    add_backend(qt, "m0", 256 * MIB);
    add_backend(qt, "m1", 512 * MIB);
    add_backend(qt, "m2", 256 * MIB);
    qtest_qmp_do(qt, DIMM("d0", "m0", ",\"addr\":4563402752")); /* base + 256 MiB */
    qtest_qmp_do(qt, DIMM("d1", "m1", ""));
    qtest_qmp_do(qt, DIMM("d2", "m2", ""));
    g_assert_cmphex(get_uint(qt, "d1", "addr"), ==, BASE + 512 * MIB);
    g_assert_cmphex(get_uint(qt, "d2", "addr"), ==, BASE);
    g_assert_cmpuint(get_uint(qt, "d2", "slot"), ==, 2);
    g_assert_cmpuint(get_uint(qt, "d1", "size"), ==, 512 * MIB);
    qtest_quit(qt);
}

static void refused_dimm_leaves_nothing_behind(void)
{
    QTest *qt = qtest_start(MACHINE);

    add_backend(qt, "m0", 256 * MIB);
    add_backend(qt, "m1", 256 * MIB);
    qtest_qmp_do(qt, DIMM("d0", "m0", ""));
    qtest_qmp_fails(qt, "address range conflicts with memory device id='d0'",
                    DIMM("d1", "m1", ",\"addr\":4294967296"));
    qtest_qmp_fails(qt, "slot 0 is busy", DIMM("d1", "m1", ",\"slot\":0"));
    qtest_qmp_fails(qt, "invalid slot number 3, valid range is [0-2]",
                    DIMM("d1", "m1", ",\"slot\":3"));
    qtest_qmp_fails(qt, "can't use already busy memdev: m0", DIMM("d1", "m0", ""));
    qtest_qmp_fails(
        qt,
        "'DIMM property node has value 1' which exceeds the number of numa nodes: 1",
        DIMM("d1", "m1", ",\"node\":1"));
    g_autofree char *list = qtest_hmp(qt, "info memory-devices");
    g_assert_null(strstr(list, "d1"));
    qtest_qmp_do(qt, DIMM("d1", "m1", ""));
    qtest_quit(qt);
}

/* Two mistakes at once: the one that is checked first is told. */
static void checks_come_in_their_order(void)
{
    QTest *qt = qtest_start(MACHINE);

    add_backend(qt, "odd", 3 * MIB);
    add_backend(qt, "huge", 4096 * MIB);
    qtest_qmp_fails(qt, "invalid slot number 9, valid range is [0-2]",
                    DIMM("d", "huge", ",\"slot\":9,\"addr\":1"));
    qtest_qmp_fails(qt,
                    "not enough space, currently 0x0 in use of total space for memory "
                    "devices 0xc0000000",
                    DIMM("d", "huge", ",\"addr\":1"));
    qtest_qmp_fails(qt, "address must be aligned to 0x200000 bytes",
                    DIMM("d", "odd", ",\"addr\":1"));
    qtest_qmp_fails(qt, "backend memory size must be multiple of 0x200000",
                    DIMM("d", "odd", ",\"node\":7"));
    qtest_quit(qt);
}

static void plugged_memory_is_counted(void)
{
    QTest *qt = qtest_start(MACHINE);

    add_backend(qt, "m0", 256 * MIB);
    qtest_qmp_do(qt, DIMM("d0", "m0", ""));
    g_autofree char *text = qtest_hmp(qt, "info memory_size_summary");
    g_assert_cmpstr(text, ==, "base memory: 1073741824\nplugged memory: 268435456\n");
    qtest_qmp_fails(qt, "object 'm0' is in use, can not be deleted",
                    "{\"execute\":\"object-del\",\"arguments\":{\"id\":\"m0\"}}");
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pc-dimm/lowest-gap-that-fits-is-taken",
                    lowest_gap_that_fits_is_taken);
    g_test_add_func("/pc-dimm/refused-dimm-leaves-nothing-behind",
                    refused_dimm_leaves_nothing_behind);
    g_test_add_func("/pc-dimm/checks-come-in-their-order", checks_come_in_their_order);
    g_test_add_func("/pc-dimm/plugged-memory-is-counted", plugged_memory_is_counted);
    return g_test_run();
}
