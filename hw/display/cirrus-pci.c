/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CL-GD5446 as PCI function 1013:00b8.
 *
 * Board interface: BAR0 32 MiB (prefetchable; display memory, BLT data from 16 MiB on),
 * BAR1 4 KiB of registers, ROM BAR with the VGA BIOS, the legacy ports and the window
 * at a0000. Properties vgamem_mb, blitter.
 */
#include "hw/display/cirrus-internal.h"
#include "hw/pci/pci.h"

#define TYPE_CIRRUS_PCI "cirrus-vga"
OBJECT_DECLARE_SIMPLE_TYPE(CirrusPCIState, CIRRUS_PCI, TYPE_CIRRUS_PCI)

struct CirrusPCIState {
    PCIDevice parent_obj;

    CirrusState cirrus;
    MemoryRegion bar0;
    uint32_t vgamem_mb;
    bool global_vmstate;
};

static DisplayPicture render(void *opaque)
{
    return cirrus_render(opaque);
}

static const DisplayOps display_ops = { .render = render };

static void cirrus_pci_reset(DeviceState *dev)
{
    cirrus_reset(&CIRRUS_PCI(dev)->cirrus);
}

static bool cirrus_pci_realize(PCIDevice *dev, Error **errp)
{
    CirrusPCIState *s = CIRRUS_PCI(dev);
    CirrusState *c = &s->cirrus;

    if (!cirrus_init(c, OBJECT(s), s->vgamem_mb, SR_CONFIG_BUS_PCI, errp)) {
        return false;
    }
    cirrus_map_legacy(c, pci_address_space(dev), pci_address_space_io(dev));
    memory_region_init(&s->bar0, OBJECT(s), "cirrus-pci-bar0", CIRRUS_LINEAR_SIZE);
    memory_region_add_subregion(&s->bar0, 0, &c->linear);
    memory_region_add_subregion(&s->bar0, CIRRUS_BLT_APERTURE, &c->blt_aperture);
    c->linear_bar = &s->bar0;
    pci_register_bar(dev, 0, PCI_BAR_MEM_PREFETCH, &s->bar0);
    pci_register_bar(dev, 1, PCI_BAR_MEM, &c->mmio);
    display_register(OBJECT(s), &display_ops, c);
    return true;
}

static void cirrus_pci_unrealize(PCIDevice *dev)
{
    CirrusPCIState *s = CIRRUS_PCI(dev);

    display_unregister(OBJECT(s));
    cirrus_unmap_legacy(&s->cirrus, pci_address_space(dev), pci_address_space_io(dev));
}

static const VMStateDescription vmstate_cirrus_pci = {
    .name = "cirrus_vga",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_PCI_DEVICE(parent_obj, CirrusPCIState),
                               VMSTATE_STRUCT(cirrus, CirrusPCIState, vmstate_cirrus),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property cirrus_pci_props[] = {
    PROP_UINT32("vgamem_mb", CirrusPCIState, vgamem_mb, 4),
    PROP_BOOL("blitter", CirrusPCIState, cirrus.has_blitter, true),
    PROP_BOOL("global-vmstate", CirrusPCIState, global_vmstate, false),
};

static void cirrus_pci_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    pc->realize = cirrus_pci_realize;
    pc->unrealize = cirrus_pci_unrealize;
    pc->vendor_id = 0x1013;
    pc->device_id = 0x00b8;
    pc->class_id = PCI_CLASS_DISPLAY_VGA;
    pc->romfile = "vgabios-cirrus.bin";
    dc->reset_enter = cirrus_pci_reset;
    dc->vmsd = &vmstate_cirrus_pci;
    dc->desc = "Cirrus CLGD 54xx VGA";
    dc->fw_name = "display";
    dc->hotpluggable = false;
    dc->categories = 1u << DEVICE_CATEGORY_DISPLAY;
    OBJECT_CLASS_ADD_PROPERTIES(klass, cirrus_pci_props);
}

static const TypeInfo cirrus_pci_info = {
    .name = TYPE_CIRRUS_PCI,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(CirrusPCIState),
    .class_init = cirrus_pci_class_init,
};
TYPE_REGISTER(cirrus_pci_info);
