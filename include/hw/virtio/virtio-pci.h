/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over PCI: the function "virtio-NAME-pci" embeds this and the device it brings,
 * which sits on the function's "virtio-bus". Modern, and transitional unless the
 * function is behind a PCI Express port. Source: VIRTIO 1.1, section 4.1. Context: BQL.
 */
#ifndef STRATA_HW_VIRTIO_VIRTIO_PCI_H
#define STRATA_HW_VIRTIO_VIRTIO_PCI_H

#include "hw/pci/pci.h"
#include "hw/virtio/virtio.h"

#define TYPE_VIRTIO_PCI_BUS "virtio-pci-bus"
#define TYPE_VIRTIO_PCI     "virtio-pci"

#define VIRTIO_PCI_REGIONS 4 /* common, isr, device, notify */

typedef struct VirtIOPCI {
    PCIDevice parent_obj;
    VirtIOBus bus;
    VirtIODevice *vdev;  /* the embedded device */
    MemoryRegion modern; /* BAR 4 */
    MemoryRegion regions[VIRTIO_PCI_REGIONS];
    MemoryRegion legacy; /* BAR 0 */
    bool has_legacy;
    uint8_t access_cap; /* offset of the configuration access capability */
    /* Common configuration, migrated. */
    uint32_t device_feature_select, driver_feature_select;
    uint64_t driver_features;
    uint16_t queue_select;
    /* Properties. */
    uint32_t vectors;
    int disable_legacy; /* OnOffAuto */
    bool disable_modern;
} VirtIOPCI;

static inline VirtIOPCI *VIRTIO_PCI(const void *obj)
{
    return (VirtIOPCI *)object_cast((const Object *)obj, TYPE_VIRTIO_PCI);
}

/* In the instance_init of a model: its device, in its storage. */
void virtio_pci_init_child(VirtIOPCI *s, void *child, size_t size, const char *type);
extern const VMStateDescription vmstate_virtio_pci;

/* For the property tables of models. @n: MSI-X vectors, 0 for none. */
#define VIRTIO_PCI_PROPERTIES(S, f, n)                                         \
    PROP_ON_OFF_AUTO("disable-legacy", S, f.disable_legacy, ON_OFF_AUTO_AUTO), \
        PROP_BOOL("disable-modern", S, f.disable_modern, false),               \
        PROP_UINT32("vectors", S, f.vectors, n)

#endif
