/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI-to-PCI bridges: a function of header type 1 with a secondary bus behind it. The
 * windows are aliases, in the primary bus's spaces, of the two spaces that the
 * secondary bus's BARs live in. Source: PCI-to-PCI Bridge Architecture Specification
 * 1.2. Context: BQL.
 */
#ifndef STRATA_HW_PCI_PCI_BRIDGE_H
#define STRATA_HW_PCI_PCI_BRIDGE_H

#include "hw/pci/pci.h"

#define TYPE_PCI_BRIDGE_BASE "base-pci-bridge"
#define TYPE_PCI_BRIDGE      "pci-bridge"

OBJECT_DECLARE_SIMPLE_TYPE(PCIBridge, PCI_BRIDGE, TYPE_PCI_BRIDGE_BASE)

typedef struct PCIWindow {
    uint64_t base;
    uint64_t limit; /* inclusive; below base when closed */
} PCIWindow;

struct PCIBridge {
    PCIDevice parent_obj;
    /* private */
    PCIBus sec_bus;
    MemoryRegion mem; /* "pci_bridge_pci" */
    MemoryRegion io;  /* "pci_bridge_io" */
    MemoryRegion alias_io;
    MemoryRegion alias_mem;
    MemoryRegion alias_pref_mem;
    MemoryRegion alias_vga_io_lo;
    MemoryRegion alias_vga_io_hi;
    MemoryRegion alias_vga_mem;
    bool windows_mapped;
    bool vga_mapped;
};

/* In the realize and unrealize of a bridge model. */
bool pci_bridge_realize(PCIDevice *dev, Error **errp) WARN_UNUSED;
void pci_bridge_unrealize(PCIDevice *dev);
/* A model's config_write calls it instead of pci_default_write_config. */
void pci_bridge_write_config(PCIDevice *dev, uint32_t offset, uint32_t value, int size);
void pci_bridge_reset(PCIDevice *dev);
/* After reset: bases above limits, as ports of PCI Express have them (see W1). */
void pci_bridge_close_windows(PCIDevice *dev);
/* As the registers say, whether or not decoding is on. */
PCIWindow pci_bridge_io_window(const PCIDevice *dev);
PCIWindow pci_bridge_mem_window(const PCIDevice *dev);
PCIWindow pci_bridge_pref_window(const PCIDevice *dev);
static inline PCIBus *pci_bridge_get_sec_bus(PCIBridge *br)
{
    return &br->sec_bus;
}

#endif
