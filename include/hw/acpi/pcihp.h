/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI hotplug through ACPI: a bus selector and bitmaps of slots that come and go. A bus
 * has a selector number ("bsel") if it was there before the guest started; the root bus
 * has 0 if it takes part. Layout: hw/acpi/pcihp.c. Context: BQL.
 */
#ifndef STRATA_HW_ACPI_PCIHP_H
#define STRATA_HW_ACPI_PCIHP_H

#include "hw/pci/pci.h"

#define ACPI_PCIHP_LEN     0x18
#define ACPI_PCIHP_MAX_BUS 256

typedef struct AcpiPciBusStatus {
    uint32_t up;   /* slots with something new; cleared by reading */
    uint32_t down; /* slots to be given back */
} AcpiPciBusStatus;

typedef struct AcpiPciHotplug {
    MemoryRegion region; /* "acpi-pci-hotplug" */
    PCIBus *root;
    Object *owner;
    bool root_slots;                 /* the root bus takes part */
    bool bridges;                    /* buses behind cold-plugged bridges take part */
    PCIBus *bus[ACPI_PCIHP_MAX_BUS]; /* by bsel */
    unsigned num_buses;
    AcpiPciBusStatus status[ACPI_PCIHP_MAX_BUS];
    uint32_t selected_bus;
    uint32_t acpi_index;
    bool eject_at_reset;
} AcpiPciHotplug;

void acpi_pcihp_init(AcpiPciHotplug *s, Object *owner, PCIBus *root, MemoryRegion *io,
                     hwaddr base);
void acpi_pcihp_fini(AcpiPciHotplug *s, MemoryRegion *io);
/*
 * Number the buses, forget what was pending; slots that were to be given back go now
 * (the guest that would have done it is gone).
 */
void acpi_pcihp_reset(AcpiPciHotplug *s);
/* Number of @bus, or -1 when the guest cannot know it. */
int acpi_pcihp_get_bsel(const AcpiPciHotplug *s, const PCIBus *bus);
bool acpi_pcihp_pre_plug(AcpiPciHotplug *s, PCIDevice *dev, Error **errp) WARN_UNUSED;
/* True when the guest is to be told. */
bool acpi_pcihp_plug(AcpiPciHotplug *s, PCIDevice *dev);
bool acpi_pcihp_unplug_request(AcpiPciHotplug *s, PCIDevice *dev,
                               Error **errp) WARN_UNUSED;
bool acpi_pcihp_is_pending(const AcpiPciHotplug *s, PCIDevice *dev);
extern const VMStateDescription vmstate_acpi_pcihp;

#endif
