/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host bridge with configuration mechanism #1: an index register at cf8 and a data
 * register at cfc (PCI Local Bus Specification 3.0, section 3.2.2.3.2). A bridge model
 * derives from it, makes the root bus and maps the two regions. Context: BQL.
 */
#ifndef STRATA_HW_PCI_PCI_HOST_H
#define STRATA_HW_PCI_PCI_HOST_H

#include "hw/core/sysbus.h"
#include "hw/pci/pci.h"

#define TYPE_PCI_HOST_BRIDGE "pci-host-bridge"

OBJECT_DECLARE_SIMPLE_TYPE(PCIHostState, PCI_HOST_BRIDGE, TYPE_PCI_HOST_BRIDGE)

struct PCIHostState {
    SysBusDevice parent_obj;
    MemoryRegion conf_idx;  /* "pci-conf-idx", 4 bytes */
    MemoryRegion conf_data; /* "pci-conf-data", 4 bytes */
    uint32_t config_reg;
    PCIBus *bus;
};

extern const VMStateDescription vmstate_pci_host;

/* The two registers at cf8 and cfc of @io. Errors: it is NULL. */
bool pci_host_map_config(PCIHostState *s, MemoryRegion *io, Error **errp) WARN_UNUSED;

#endif
