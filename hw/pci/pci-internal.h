/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of hw/pci share and nobody else needs. */
#ifndef STRATA_HW_PCI_INTERNAL_H
#define STRATA_HW_PCI_INTERNAL_H

#include "hw/pci/pci.h"

/* pci-bus.c: give @dev its place, by its "addr" or the first free slot. */
bool pci_bus_attach(PCIBus *bus, PCIDevice *dev, Error **errp) WARN_UNUSED;
void pci_bus_detach(PCIBus *bus, PCIDevice *dev);
/* A function starts (+1) or stops (-1) driving its pin (0-3) high. */
void pci_bus_change_irq(PCIDevice *dev, int pin, int change);
/* The region that @dev sees as memory. */
MemoryRegion *pci_bus_get_dma_root(PCIBus *bus, int devfn);
/* "ethernet" for 0x0200; NULL when the class has no firmware name. */
const char *pci_class_fw_name(uint16_t class_id);

/* pci-config.c: move BARs to where the registers say. */
void pci_update_bars(PCIDevice *dev);
/* Every BAR off the map. */
void pci_unmap_bars(PCIDevice *dev);
/* Follow the command register: bus mastering and BARs. */
void pci_update_decoding(PCIDevice *dev);
uint32_t pci_bar_register(const PCIDevice *dev, int n);
void pci_config_reset(PCIDevice *dev);

/* msix.c: after the regions have gone. */
void msix_free(PCIDevice *dev);

/* pci-rom.c. */
bool pci_rom_init(PCIDevice *dev, Error **errp) WARN_UNUSED;

static inline bool pci_is_bridge(const PCIDevice *dev)
{
    return PCI_DEVICE_GET_CLASS(dev)->is_bridge;
}

#endif
