/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -acpitable: tables of the user's, put in front of the RSDT. Either a whole table
 * ("file="), or contents that get a header here ("data=").
 */
#include "hw/i386/firmware-internal.h"

#include "hw/acpi/aml-build.h"
#include "qapi/value.h"
#include <string.h>

#define DEFAULT_ID     "QEMU"
#define MAX_TABLE_SIZE 0x100000u
enum {
    HEADER_LENGTH = 4,
    HEADER_REVISION = 8,
    HEADER_CHECKSUM = 9,
    HEADER_OEM_ID = 10,
    HEADER_OEM_TABLE_ID = 16,
    HEADER_OEM_REVISION = 24,
    HEADER_COMPILER_ID = 28,
    HEADER_COMPILER_REVISION = 32,
};

/* GByteArray * each; main thread, start-up only. */
static GPtrArray *user_tables;

static const char *option_get(struct json_object *dict, const char *key)
{
    struct json_object *value;

    return json_object_object_get_ex(dict, key, &value) ? json_object_get_string(value)
                                                        : NULL;
}

/* Identifiers are cut or filled with NULs. */
static void set_id(GByteArray *table, struct json_object *dict, const char *key,
                   guint at, size_t size)
{
    const char *value = option_get(dict, key);

    if (value) {
        memset(table->data + at, 0, size);
        memcpy(table->data + at, value, strnlen(value, size));
    }
}

static bool set_number(GByteArray *table, struct json_object *dict, const char *key,
                       guint at, size_t size, Error **errp)
{
    const char *text = option_get(dict, key);
    uint64_t value;

    if (!text) {
        return true;
    }
    if (!parse_uint64(text, &value)) {
        return error_set(errp, "Parameter '%s' expects a number", key);
    }
    for (size_t i = 0; i < size; i++) {
        table->data[at + i] = (guint8)(value >> (8 * i));
    }
    return true;
}

static bool set_header(GByteArray *table, struct json_object *dict, Error **errp)
{
    uint32_t len = GUINT32_TO_LE(table->len);
    uint8_t sum = 0;

    set_id(table, dict, "sig", 0, 4);
    set_id(table, dict, "oem_id", HEADER_OEM_ID, 6);
    set_id(table, dict, "oem_table_id", HEADER_OEM_TABLE_ID, 8);
    set_id(table, dict, "asl_compiler_id", HEADER_COMPILER_ID, 4);
    if (!set_number(table, dict, "rev", HEADER_REVISION, 1, errp) ||
        !set_number(table, dict, "oem_rev", HEADER_OEM_REVISION, 4, errp) ||
        !set_number(table, dict, "asl_compiler_rev", HEADER_COMPILER_REVISION, 4,
                    errp)) {
        return false;
    }
    memcpy(table->data + HEADER_LENGTH, &len, sizeof(len));
    table->data[HEADER_CHECKSUM] = 0;
    for (guint i = 0; i < table->len; i++) {
        sum = (uint8_t)(sum + table->data[i]);
    }
    table->data[HEADER_CHECKSUM] = (uint8_t)-sum;
    return true;
}

static void append_default_header(GByteArray *table)
{
    acpi_append_int(table, 0, HEADER_REVISION);
    memcpy(table->data, DEFAULT_ID, 4);
    acpi_append_int(table, 1, 1);
    acpi_append_int(table, 0, 1);
    g_byte_array_append(table, (const guint8 *)DEFAULT_ID "QE", 6);
    g_byte_array_append(table, (const guint8 *)DEFAULT_ID DEFAULT_ID, 8);
    acpi_append_int(table, 1, 4);
    g_byte_array_append(table, (const guint8 *)DEFAULT_ID, 4);
    acpi_append_int(table, 1, 4);
}

/* "A:B": the contents follow each other. */
static bool append_files(GByteArray *table, const char *list, Error **errp)
{
    g_auto(GStrv) names = g_strsplit(list, ":", -1);

    for (int i = 0; names[i]; i++) {
        g_autofree char *data = NULL;
        g_autoptr(GError) gerr = NULL;
        gsize len;

        if (!g_file_get_contents(names[i], &data, &len, &gerr)) {
            return error_set(errp, "can't open file %s: %s", names[i],
                             g_file_test(names[i], G_FILE_TEST_EXISTS)
                                 ? gerr->message
                                 : g_strerror(ENOENT));
        }
        if (len > MAX_TABLE_SIZE || table->len + len > MAX_TABLE_SIZE) {
            return error_set(errp, "ACPI table is larger than %u bytes",
                             MAX_TABLE_SIZE);
        }
        g_byte_array_append(table, (const guint8 *)data, (guint)len);
    }
    return true;
}

bool acpi_table_add_option(const char *arg, Error **errp)
{
    static const char *const keys[] = { "sig",
                                        "rev",
                                        "oem_id",
                                        "oem_table_id",
                                        "oem_rev",
                                        "asl_compiler_id",
                                        "asl_compiler_rev",
                                        "file",
                                        "data",
                                        NULL };
    g_autojson dict = keyval_parse(arg, NULL, errp);
    g_autoptr(GByteArray) table = g_byte_array_new();
    const char *file, *data;

    if (!dict) {
        return false;
    }
    json_object_object_foreach(dict, key, value)
    {
        if (!g_strv_contains(keys, key)) {
            return error_set(errp, "Invalid parameter '%s'", key);
        }
        (void)value;
    }
    file = option_get(dict, "file");
    data = option_get(dict, "data");
    if (!file == !data) {
        return error_set(errp, "'-acpitable' requires one of 'data' or 'file'");
    }
    if (data) {
        append_default_header(table);
    }
    if (!append_files(table, file ? file : data, errp)) {
        return false;
    }
    if (table->len < ACPI_TABLE_HEADER_SIZE) {
        return error_set(errp, "ACPI table has %u bytes, its header alone takes %d",
                         table->len, ACPI_TABLE_HEADER_SIZE);
    }
    if (!set_header(table, dict, errp)) {
        return false;
    }
    if (!user_tables) {
        user_tables =
            g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    }
    if (user_tables->len >= ACPI_MAX_USER_TABLES) {
        return error_set(errp, "more than %d ACPI tables", ACPI_MAX_USER_TABLES);
    }
    g_ptr_array_add(user_tables, g_steal_pointer(&table));
    return true;
}

const GByteArray *acpi_user_table_get(unsigned n)
{
    return user_tables && n < user_tables->len ? g_ptr_array_index(user_tables, n)
                                               : NULL;
}
