/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Intel 440FX host bridge for boards: the host side (sys-bus-device, configuration
 * ports, root bus "pci.0") and the function 00:00.0 with PAM and SMRAM. Context: BQL.
 *
 * A PC machine does, with all regions made by itself:
 *     I440FXHost *host = i440fx_new(OBJECT(machine));       // child "i440fx"
 *     PCIBus *bus = i440fx_init(host, &(I440FXParts){ ... }, errp);
 *     i440fx_get_smram(host)                                // for the CPUs' SMM space
 * then PIIX3 (hw/isa/piix3.h) and PIIX4_PM (hw/acpi/piix4-pm.h) on the bus.
 */
#ifndef STRATA_HW_PCI_HOST_I440FX_H
#define STRATA_HW_PCI_HOST_I440FX_H

#include "hw/pci/pci.h"

#define TYPE_I440FX_PCIHOST "i440FX-pcihost"
#define TYPE_I440FX         "i440FX"

typedef struct I440FXHost I440FXHost;

/* What the bridge joins; all live as long as the machine. */
typedef struct I440FXParts {
    MemoryRegion *system_memory;
    MemoryRegion *system_io;
    MemoryRegion *pci_memory; /* container "pci", mapped here at 0, priority -1 */
    MemoryRegion *ram;        /* "pc.ram", from guest-physical 0 */
} I440FXParts;

/* Child "i440fx" of @machine, which keeps the reference. */
I440FXHost *i440fx_new(Object *machine);
/* Map "pci", realize host and function 00:00.0. NULL on error. */
PCIBus *i440fx_init(I440FXHost *host, const I440FXParts *parts,
                    Error **errp) WARN_UNUSED;
/*
 * "smram": 4 GiB, what CPUs in SMM see above system memory while SMRAM is enabled.
 * There as soon as the host is, since the CPUs come first.
 */
MemoryRegion *i440fx_get_smram(I440FXHost *host);
/* Size of the 64-bit PCI window for the ACPI tables (property pci-hole64-size). */
uint64_t i440fx_get_hole64_size(const I440FXHost *host);

#endif
