/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NE2000 as a PCI function, Realtek's RTL8029. Board interface: PCI 10ec:8029;
 * properties mac, netdev, bootindex; BAR 0 256 ports, of which 32 are decoded; ROM BAR;
 * INTA.
 */
#include "hw/core/loader.h"
#include "hw/net/ne2000-internal.h"
#include "hw/pci/pci.h"

#define TYPE_NE2000_PCI "ne2k_pci"
OBJECT_DECLARE_SIMPLE_TYPE(NE2000PCIState, NE2000_PCI, TYPE_NE2000_PCI)

struct NE2000PCIState {
    PCIDevice parent_obj;

    NE2000State ne2000;
    IrqLine *line; /* owned */
    int32_t bootindex;
};

static void ne2000_pci_reset_hold(PCIDevice *dev)
{
    NE2000PCIState *s = NE2000_PCI(dev);

    net_purge(&s->ne2000.nc);
    ne2000_reset(&s->ne2000);
}

static bool ne2000_pci_realize(PCIDevice *pci, Error **errp)
{
    NE2000PCIState *s = NE2000_PCI(pci);
    DeviceState *dev = DEVICE(pci);

    pci->config[PCI_INTERRUPT_PIN] = 1;
    if (s->bootindex >= 0 &&
        !boot_order_add(s->bootindex, dev, "/ethernet-phy@0", errp)) {
        return false;
    }
    memory_region_init_io(&s->ne2000.io, OBJECT(s), &ne2000_ops, &s->ne2000, "ne2000",
                          0x100);
    pci_register_bar(pci, 0, PCI_BAR_IO, &s->ne2000.io);
    s->line = pci_allocate_irq(pci);
    ne2000_init(&s->ne2000, s->line, TYPE_NE2000_PCI, dev->id);
    return true;
}

static void ne2000_pci_unrealize(PCIDevice *pci)
{
    NE2000PCIState *s = NE2000_PCI(pci);

    if (s->bootindex >= 0) {
        boot_order_del(DEVICE(s), "/ethernet-phy@0");
    }
    ne2000_cleanup(&s->ne2000);
    irq_free(s->line);
    s->line = s->ne2000.irq = NULL;
}

static void ne2000_pci_init(Object *obj)
{
    NE2000_PCI(obj)->bootindex = -1;
}

static const VMStateDescription vmstate_ne2000_pci = {
    .name = "ne2000",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_PCI_DEVICE(parent_obj, NE2000PCIState),
                               VMSTATE_STRUCT(ne2000, NE2000PCIState, vmstate_ne2000_core),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property ne2000_pci_properties[] = {
    NIC_PROPERTIES(NE2000PCIState, ne2000.conf),
    PROP_INT32("bootindex", NE2000PCIState, bootindex, -1),
};

static void ne2000_pci_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    pc->realize = ne2000_pci_realize;
    pc->unrealize = ne2000_pci_unrealize;
    pc->reset_hold = ne2000_pci_reset_hold;
    pc->vendor_id = 0x10ec;
    pc->device_id = 0x8029;
    pc->class_id = PCI_CLASS_NETWORK_ETH;
    pc->romfile = "efi-ne2k_pci.rom";
    dc->vmsd = &vmstate_ne2000_pci;
    dc->fw_name = "ethernet";
    dc->hotpluggable = true;
    dc->user_creatable = true;
    dc->categories = 1u << DEVICE_CATEGORY_NETWORK;
    OBJECT_CLASS_ADD_PROPERTIES(klass, ne2000_pci_properties);
}

static const TypeInfo ne2000_pci_info = {
    .name = TYPE_NE2000_PCI,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(NE2000PCIState),
    .instance_init = ne2000_pci_init,
    .class_init = ne2000_pci_class_init,
};
TYPE_REGISTER(ne2000_pci_info);
