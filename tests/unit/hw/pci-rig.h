/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI chipset without a machine: i440FX, PIIX3, PIIX4 power management with slots for
 * DIMMs and CPUs, and room for cards. For tests of functions and for storms of
 * accesses.
 */
#ifndef TESTS_UNIT_HW_PCI_RIG_H
#define TESTS_UNIT_HW_PCI_RIG_H

#include "hw/pci-host/i440fx.h"

/* Once, in main, before the tests; takes the BQL. */
void pci_rig_init(void);
I440FXHost *pci_rig_host(void);
PCIBus *pci_rig_bus(void);
/* Save @dev, reset it, load and save again: nothing may have changed. */
void pci_rig_check_vmstate(void *dev);
void pci_rig_out(uint16_t port, uint32_t value, int size);
/* Run the event loop until it has nothing to do. */
void pci_rig_settle(void);

/* For storms: cards in their slots (again), BARs mapped, everything else reset. */
void pci_rig_reset(void);
/* One access to some register, or a step of time: any values will do. */
void pci_rig_access(uint8_t window, uint16_t offset, uint32_t value, uint8_t what);

#endif
