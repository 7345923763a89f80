/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A root complex: a host bridge which besides configuration mechanism #1 has a window
 * in memory through which all 4 KiB of each function can be reached (PCI Express Base
 * Specification 2.0, section 7.2.2). The bridge model decides where the window is.
 * Context: BQL.
 */
#ifndef STRATA_HW_PCI_PCIE_HOST_H
#define STRATA_HW_PCI_PCIE_HOST_H

#include "hw/pci/pci-host.h"

#define TYPE_PCIE_HOST_BRIDGE "pcie-host-bridge"
#define PCIE_MMCFG_MAX        (256u << 20) /* bytes: 256 buses of 1 MiB */

OBJECT_DECLARE_SIMPLE_TYPE(PCIExpressHost, PCIE_HOST_BRIDGE, TYPE_PCIE_HOST_BRIDGE)

struct PCIExpressHost {
    PCIHostState parent_obj;
    /* private */
    MemoryRegion mmcfg;
    MemoryRegion *mapped_in; /* NULL: not mapped */
    hwaddr base;
    uint64_t size;
};

/* Put the window, @size bytes of it, at @base of @memory; @size 0: take it off. */
void pcie_host_map_mmcfg(PCIExpressHost *host, MemoryRegion *memory, hwaddr base,
                         uint64_t size);
/* False when it is off. */
bool pcie_host_get_mmcfg(const PCIExpressHost *host, hwaddr *base, uint64_t *size);

#endif
