/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DSDT of the i440FX machine: private to hw/i386. */
#ifndef STRATA_HW_I386_ACPI_DSDT_H
#define STRATA_HW_I386_ACPI_DSDT_H

#include "hw/i386/firmware.h"
#include <glib.h>

/* I/O ports of the ACPI register blocks (hw/acpi). */
#define ACPI_GPE0_BASE        0xafe0
#define ACPI_GPE0_LENGTH      4
#define ACPI_PCIHP_BASE       0xae00
#define ACPI_PCIHP_LENGTH     0x18
#define ACPI_CPU_HOTPLUG_BASE 0xaf00
#define ACPI_CPU_HOTPLUG_LEN  12
#define ACPI_MEM_HOTPLUG_BASE 0x0a00
#define ACPI_MEM_HOTPLUG_LEN  0x18

/* The whole table as ASL text; caller frees. */
char *acpi_dsdt_text(const PcFirmwareConfig *config);
/* Append the table to @tables. */
void acpi_dsdt_build(GByteArray *tables, const PcFirmwareConfig *config);

#endif
