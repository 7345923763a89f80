/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Intel Q35 memory controller hub for boards: the root complex (sys-bus-device,
 * configuration ports, window in memory, root bus "pcie.0") and the function 00:00.0
 * with PAM, SMRAM and the top memory segment. Context: BQL.
 *
 * A machine, with all regions made by itself, does:
 *     Q35Host *host = q35_new(OBJECT(machine));              // child "q35"
 *     PCIBus *bus = q35_init(host, &(Q35Parts){ ... }, errp);
 *     q35_get_smram(host)                                    // for the CPUs' SMM space
 * then the ICH9 (hw/isa/lpc-ich9.h) on the bus.
 */
#ifndef STRATA_HW_PCI_HOST_Q35_H
#define STRATA_HW_PCI_HOST_Q35_H

#include "hw/pci/pci.h"

#define TYPE_Q35_PCIHOST "q35-pcihost"
#define TYPE_MCH         "mch"

typedef struct Q35Host Q35Host;

/* What the hub joins; all live as long as the machine. */
typedef struct Q35Parts {
    MemoryRegion *system_memory;
    MemoryRegion *system_io;
    MemoryRegion *pci_memory; /* container "pci", mapped here at 0, priority -1 */
    MemoryRegion *ram;        /* "pc.ram", from guest-physical 0 */
    uint64_t below_4g;        /* bytes of it that are below 4 GiB */
    uint64_t above_4g;
} Q35Parts;

/* Child "q35" of @machine, which keeps the reference. */
Q35Host *q35_new(Object *machine);
/* Map "pci", realize host and function 00:00.0. NULL on error. */
PCIBus *q35_init(Q35Host *host, const Q35Parts *parts, Error **errp) WARN_UNUSED;
/* "smram": 4 GiB, what CPUs in SMM see above system memory. There from q35_new() on. */
MemoryRegion *q35_get_smram(Q35Host *host);
/* Size of the 64-bit PCI window for the ACPI tables (property pci-hole64-size). */
uint64_t q35_get_hole64_size(const Q35Host *host);
/* Where the guest has put the configuration window; false: nowhere. */
bool q35_get_mmcfg(const Q35Host *host, hwaddr *base, uint64_t *size);

#endif
