/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AML encodings against bytes taken from the specification's tables. */
#include "hw/acpi/aml-build.h"

#include <string.h>

static void check(const char *asl, const char *hex)
{
    g_autoptr(GByteArray) aml = g_byte_array_new();
    g_autoptr(GString) got = g_string_new(NULL);

    aml_compile(aml, asl);
    for (guint i = 0; i < aml->len; i++) {
        g_string_append_printf(got, "%02x", aml->data[i]);
    }
    g_assert_cmpstr(got->str, ==, hex);
}

static void test_integers_take_the_shortest_form(void)
{
    check("Return (0)", "a400");
    check("Return (1)", "a401");
    check("Return (Ones)", "a4ff");
    check("Return (2)", "a40a02");
    check("Return (0xff)", "a40aff");
    check("Return (0x100)", "a40b0001");
    check("Return (0x10000)", "a40c00000100");
    check("Return (0x100000000)", "a40e0000000001000000");
}

static void test_names_are_padded_and_prefixed(void)
{
    check("Return (X)", "a4585f5f5f");
    check("Return (\\_SB.X)", "a45c2e5f53425f585f5f5f");
    check("Return (^^A.B.C)", "a45e5e2f03415f5f5f425f5f5f435f5f5f");
}

static void test_package_length_counts_itself(void)
{
    /* 63 is the longest one-byte length: 1 + 4 + 58 Noops. */
    for (unsigned noops = 57; noops <= 60; noops++) {
        g_autoptr(GByteArray) aml = g_byte_array_new();
        g_autoptr(GString) asl = g_string_new("Scope (X) {");

        for (unsigned i = 0; i < noops; i++) {
            g_string_append(asl, " Noop");
        }
        g_string_append(asl, "}");
        aml_compile(aml, asl->str);
        if (1 + 4 + noops <= 63) {
            g_assert_cmpuint(aml->data[1], ==, 5 + noops);
        } else {
            g_assert_cmphex(aml->data[1], ==, 0x40 | ((6 + noops) & 0xf));
            g_assert_cmpuint(aml->data[2], ==, (6 + noops) >> 4);
        }
    }
}

static void test_device_with_eisa_id(void)
{
    check("Device (KBD) { Name (_HID, EisaId (\"PNP0303\")) }",
          "5b820f4b42445f085f4849440c41d00303");
}

static void test_operators_without_target_get_the_null_name(void)
{
    check("Store (Add (Local0, 1), Local1)", "707260010061");
    check("And (Arg0, 0x80, Local2)", "7b680a8062");
    check("Store (3, Index (Local0, 1))", "700a0388600100");
    check("If (LGreaterEqual (Arg0, 2)) { Break } Else { Noop }",
          "a0079295680a02a5a102a3");
}

static void test_call_is_name_and_arguments(void)
{
    check("Method (FOO, 1, Serialized) { BAR (Arg0, 2) }", "140d464f4f5f09424152"
                                                           "5f680a02");
}

static void test_field_offsets_become_reserved_bits(void)
{
    check(
        "Field (REG, ByteAcc, NoLock, WriteAsZeros) { Offset (0x14), A, 1, , 3, B, 4 }",
        "5b81155245475f4100400a415f5f5f010003425f5f5f04");
}

static void test_resource_template_ends_with_a_tag(void)
{
    check("Name (_CRS, ResourceTemplate () { IO (Decode16, 0x60, 0x64, 1, 2) "
          "IRQNoFlags () { 1, 12 } })",
          "085f43525311100a0d47016000640001022202107900");
    check(
        "Return (ResourceTemplate () { Interrupt (Level, ActiveHigh, Shared) { 9 } })",
        "a4110e0a0b8906000901090000007900");
    check("Return (ResourceTemplate () { WordBusNumber (0, 0xff) })",
          "a411150a1288"
          "0d00020c0000000000ff00000000017900");
}

static void test_uuid_mixes_byte_orders(void)
{
    check("Return (ToUUID (\"e5c937d0-3553-4d7a-9117-ea4d19c3434d\"))",
          "a411130a10d037c9e553357a4d9117ea4d19c3434d");
}

static void test_table_header_gets_its_length(void)
{
    g_autoptr(GByteArray) table = g_byte_array_new();
    guint place = acpi_table_begin(table, "TEST", 3, "OEM", "TABLE");

    acpi_append_int(table, 0x1234, 4);
    acpi_table_end(table, place);
    g_assert_cmpuint(table->len, ==, ACPI_TABLE_HEADER_SIZE + 4);
    g_assert_cmpmem(table->data, 8, "TEST\x28\0\0\0", 8);
    g_assert_cmpuint(table->data[8], ==, 3);
    g_assert_cmpmem(table->data + 10, 14, "OEM   TABLE   ", 14);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hw/aml/integers-take-the-shortest-form",
                    test_integers_take_the_shortest_form);
    g_test_add_func("/hw/aml/names-are-padded-and-prefixed",
                    test_names_are_padded_and_prefixed);
    g_test_add_func("/hw/aml/package-length-counts-itself",
                    test_package_length_counts_itself);
    g_test_add_func("/hw/aml/device-with-eisa-id", test_device_with_eisa_id);
    g_test_add_func("/hw/aml/operators-without-target-get-the-null-name",
                    test_operators_without_target_get_the_null_name);
    g_test_add_func("/hw/aml/call-is-name-and-arguments",
                    test_call_is_name_and_arguments);
    g_test_add_func("/hw/aml/field-offsets-become-reserved-bits",
                    test_field_offsets_become_reserved_bits);
    g_test_add_func("/hw/aml/resource-template-ends-with-a-tag",
                    test_resource_template_ends_with_a_tag);
    g_test_add_func("/hw/aml/uuid-mixes-byte-orders", test_uuid_mixes_byte_orders);
    g_test_add_func("/hw/aml/table-header-gets-its-length",
                    test_table_header_gets_its_length);
    return g_test_run();
}
