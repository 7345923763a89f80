/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DSDT of the PC machines: private to hw/i386. */
#ifndef STRATA_HW_I386_ACPI_DSDT_H
#define STRATA_HW_I386_ACPI_DSDT_H

#include "hw/i386/firmware.h"
#include <glib.h>

/* What differs between chipsets: ports of the ACPI register blocks (hw/acpi), FADT. */
typedef struct AcpiChipset {
    uint16_t gpe0_base; /* 0: the power management block's base + gpe0_offset */
    uint8_t gpe0_offset, gpe0_len;
    uint16_t pcihp_base, cpuhp_base;
    uint8_t smi_enable, smi_disable; /* ACPI mode, written to b2 */
    uint8_t fadt_revision;
    uint32_t fadt_flags;
    uint16_t boot_flags;
} AcpiChipset;

#define ACPI_PCIHP_LENGTH 0x18

const AcpiChipset *acpi_chipset(const PcFirmwareConfig *config);
uint32_t acpi_gpe0_base(const PcFirmwareConfig *config);

/* The whole table as ASL text; caller frees. */
char *acpi_dsdt_text(const PcFirmwareConfig *config);
/* Append the table to @tables. */
void acpi_dsdt_build(GByteArray *tables, const PcFirmwareConfig *config);

#endif
