/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AML, the byte code of ACPI tables. Definitions are kept as ASL text, which is what
 * the ACPI specification and every reader of tables speaks; aml_compile() turns it into
 * byte code. The language is the functional ASL of ACPI 2.0 in the subset listed at the
 * top of hw/acpi/asl.c. The text is our own, so a mistake in it is our bug: it aborts
 * with the place.
 *
 * Context: any thread.
 */
#ifndef STRATA_HW_ACPI_AML_BUILD_H
#define STRATA_HW_ACPI_AML_BUILD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define ACPI_TABLE_HEADER_SIZE 36

/* Append the code of @asl to @aml. */
void aml_compile(GByteArray *aml, const char *asl);
/* The same for text made by a format; integers as 0x%x or %u. */
void aml_compile_printf(GByteArray *aml, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* --- The bytes below it ------------------------------------------------------ */

/* Integer with the shortest opcode. */
void aml_append_integer(GByteArray *aml, uint64_t value);
/* "\_SB.PCI0", "^X", "_CRS": segments are padded with '_'. */
void aml_append_name(GByteArray *aml, const char *path);
/* NUL-terminated string with its opcode. */
void aml_append_string(GByteArray *aml, const char *text);
/*
 * Packages carry their length in front. begin() returns the place, end() inserts the
 * length of all that was appended since, its own bytes included.
 */
guint aml_package_begin(GByteArray *aml);
void aml_package_end(GByteArray *aml, guint place);
/* Packed form of "PNP0A03"; our bug when it is no such id. */
uint32_t aml_eisa_id(const char *text);

/*
 * The 36-byte header that all tables but FACS and RSDP share (ACPI 1.0b, 5.2.3), at the
 * end of @table. The checksum is 0. Returns the header's place for
 * acpi_table_end(), which fills in the length.
 */
guint acpi_table_begin(GByteArray *table, const char signature[4], uint8_t revision,
                       const char *oem_id, const char *oem_table_id);
void acpi_table_end(GByteArray *table, guint place);
/* Little-endian integer of @size bytes. */
void acpi_append_int(GByteArray *table, uint64_t value, unsigned size);

#endif
