/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SMBus function of an ICH9 for boards, at 00:1f.3. Context: BQL. */
#ifndef STRATA_HW_I2C_SMBUS_ICH9_H
#define STRATA_HW_I2C_SMBUS_ICH9_H

#include "hw/i2c/smbus.h"
#include "hw/pci/pci.h"

#define TYPE_ICH9_SMB "ICH9-SMB"

PCIDevice *smbus_ich9_create(PCIBus *bus, int devfn, Error **errp) WARN_UNUSED;
I2CBus *smbus_ich9_get_bus(PCIDevice *dev);

#endif
