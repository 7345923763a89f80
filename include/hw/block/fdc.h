/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floppy controller of a PC ("isa-fdc", 82078) and its drives ("floppy" on a
 * "floppy-bus"). Context: BQL.
 */
#ifndef STRATA_HW_BLOCK_FDC_H
#define STRATA_HW_BLOCK_FDC_H

#include "hw/core/device.h"

#define TYPE_ISA_FDC    "isa-fdc"
#define TYPE_FLOPPY_BUS "floppy-bus"
#define TYPE_FLOPPY     "floppy"

/* Make a drive for each -drive if=floppy record of units 0 and 1. @fdc is realized. */
bool isa_fdc_create_drives(DeviceState *fdc, Error **errp) WARN_UNUSED;

/* For CMOS and ACPI. */
typedef struct FloppyDriveInfo {
    uint8_t cmos_type; /* 0 none, 2 1.2 MB, 4 1.44 MB, 5 2.88 MB */
    uint8_t max_cylinder, max_head, max_sector; /* 0: empty drive */
} FloppyDriveInfo;
FloppyDriveInfo isa_fdc_get_drive_info(DeviceState *fdc, unsigned unit);

#endif
