/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SMBus host controller of PIIX4 and its successors. Context: BQL. */
#ifndef STRATA_HW_ACPI_PM_SMBUS_H
#define STRATA_HW_ACPI_PM_SMBUS_H

#include "hw/i2c/smbus.h"
#include "memory/memory.h"
#include "migration/vmstate.h"

#define PM_SMBUS_LEN 0x40

typedef struct PMSMBus {
    MemoryRegion region; /* "pm-smbus", 64 bytes */
    I2CBus *bus;         /* "i2c" */
    uint8_t status;
    uint8_t control;
    uint8_t command;
    uint8_t address; /* bits 7-1; bit 0: read */
    uint8_t data0;
    uint8_t data1;
    uint8_t block[SMBUS_BLOCK_MAX];
    uint8_t block_index;
} PMSMBus;

void pm_smbus_init(PMSMBus *s, DeviceState *owner);
void pm_smbus_reset(PMSMBus *s);
extern const VMStateDescription vmstate_pm_smbus;

#endif
