/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AML encodings: ACPI 2.0 specification, chapter 17 (17.2 grammar), and 5.2 headers. */
#include "hw/acpi/aml-build.h"

#include <string.h>

enum {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_BYTE_PREFIX = 0x0a,
    AML_WORD_PREFIX = 0x0b,
    AML_DWORD_PREFIX = 0x0c,
    AML_STRING_PREFIX = 0x0d,
    AML_QWORD_PREFIX = 0x0e,
    AML_DUAL_NAME_PREFIX = 0x2e,
    AML_MULTI_NAME_PREFIX = 0x2f,
};

static void append_byte(GByteArray *aml, uint8_t byte)
{
    g_byte_array_append(aml, &byte, 1);
}

void acpi_append_int(GByteArray *table, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        append_byte(table, (uint8_t)(value >> (8 * i)));
    }
}

void aml_append_integer(GByteArray *aml, uint64_t value)
{
    if (value <= 1) {
        append_byte(aml, value ? AML_ONE : AML_ZERO);
    } else if (value <= UINT8_MAX) {
        append_byte(aml, AML_BYTE_PREFIX);
        acpi_append_int(aml, value, 1);
    } else if (value <= UINT16_MAX) {
        append_byte(aml, AML_WORD_PREFIX);
        acpi_append_int(aml, value, 2);
    } else if (value <= UINT32_MAX) {
        append_byte(aml, AML_DWORD_PREFIX);
        acpi_append_int(aml, value, 4);
    } else {
        append_byte(aml, AML_QWORD_PREFIX);
        acpi_append_int(aml, value, 8);
    }
}

void aml_append_string(GByteArray *aml, const char *text)
{
    append_byte(aml, AML_STRING_PREFIX);
    g_byte_array_append(aml, (const guint8 *)text, (guint)strlen(text) + 1);
}

void aml_append_name(GByteArray *aml, const char *path)
{
    g_auto(GStrv) segments = NULL;
    guint n;

    while (*path == '\\' || *path == '^') {
        append_byte(aml, (uint8_t)*path++);
    }
    segments = g_strsplit(path, ".", -1);
    n = g_strv_length(segments);
    if (n == 0 || (n == 1 && !*segments[0])) {
        append_byte(aml, 0); /* the null name: the prefix alone */
        return;
    }
    g_assert(n <= 255);
    if (n == 2) {
        append_byte(aml, AML_DUAL_NAME_PREFIX);
    } else if (n > 2) {
        append_byte(aml, AML_MULTI_NAME_PREFIX);
        append_byte(aml, (uint8_t)n);
    }
    for (guint i = 0; i < n; i++) {
        size_t len = strlen(segments[i]);

        g_assert(len >= 1 && len <= 4);
        g_byte_array_append(aml, (const guint8 *)segments[i], (guint)len);
        g_byte_array_append(aml, (const guint8 *)"____", (guint)(4 - len));
    }
}

guint aml_package_begin(GByteArray *aml)
{
    return aml->len;
}

/*
 * One byte up to 63; else the first byte holds the number of bytes that follow (bits
 * 7-6) and the low four bits of the length.
 */
void aml_package_end(GByteArray *aml, guint place)
{
    guint body = aml->len - place;
    guint8 enc[4];
    guint n, len;

    if (body + 1 < 1u << 6) {
        n = 1;
    } else if (body + 2 < 1u << 12) {
        n = 2;
    } else if (body + 3 < 1u << 20) {
        n = 3;
    } else {
        g_assert(body + 4 < 1u << 28);
        n = 4;
    }
    len = body + n;
    if (n == 1) {
        enc[0] = (guint8)len;
    } else {
        enc[0] = (guint8)((n - 1) << 6 | (len & 0xf));
        for (guint i = 1; i < n; i++) {
            enc[i] = (guint8)(len >> (4 + 8 * (i - 1)));
        }
    }
    g_byte_array_set_size(aml, aml->len + n);
    memmove(aml->data + place + n, aml->data + place, body);
    memcpy(aml->data + place, enc, n);
}

/* Three letters of five bits and four hexadecimal digits, the high byte first. */
uint32_t aml_eisa_id(const char *text)
{
    uint32_t id = 0;

    g_assert(strlen(text) == 7);
    for (int i = 0; i < 3; i++) {
        g_assert(text[i] >= 'A' && text[i] <= 'Z');
        id = id << 5 | (uint32_t)(text[i] - 0x40);
    }
    for (int i = 3; i < 7; i++) {
        int digit = g_ascii_xdigit_value(text[i]);

        g_assert(digit >= 0);
        id = id << 4 | (uint32_t)digit;
    }
    return GUINT32_SWAP_LE_BE(id);
}

static void append_padded(GByteArray *table, const char *text, size_t size)
{
    size_t len = strlen(text);

    g_assert(len <= size);
    g_byte_array_append(table, (const guint8 *)text, (guint)len);
    for (; len < size; len++) {
        append_byte(table, ' ');
    }
}

guint acpi_table_begin(GByteArray *table, const char signature[4], uint8_t revision,
                       const char *oem_id, const char *oem_table_id)
{
    guint place = table->len;

    g_byte_array_append(table, (const guint8 *)signature, 4);
    acpi_append_int(table, 0, 4); /* length: acpi_table_end() */
    acpi_append_int(table, revision, 1);
    acpi_append_int(table, 0, 1); /* checksum: the firmware's loader */
    append_padded(table, oem_id, 6);
    append_padded(table, oem_table_id, 8);
    acpi_append_int(table, 1, 4); /* OEM revision */
    append_padded(table, "BXPC", 4);
    acpi_append_int(table, 1, 4); /* compiler revision */
    return place;
}

void acpi_table_end(GByteArray *table, guint place)
{
    uint32_t len = GUINT32_TO_LE(table->len - place);

    memcpy(table->data + place + 4, &len, sizeof(len));
}
