/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conventional PCI bridge "pci-bridge" (1b36:0001). Source: PCI-to-PCI Bridge
 * Architecture Specification 1.2; Standard Hot-Plug Controller Specification 1.0,
 * section 4 for the shape of its register window. Not modelled: the hot-plug
 * controller's slots: the window says that there are none, since hot-plug goes through
 * ACPI.
 *
 * Interface: properties chassis_nr, msi, shpc; BAR 0 (64-bit, 256 bytes) the hot-plug
 * controller's registers; INTA or one MSI; secondary bus named like the device's id.
 */
#include "hw/pci/msi.h"
#include "hw/pci/pci-bridge.h"

#define SHPC_BAR_SIZE   0x100
#define SHPC_REG_SIZE   0xa0
#define SHPC_CAP_SIZE   8
#define SHPC_CAP_SELECT 2

#define SLOTID_CAP_SIZE 4
#define SLOTID_ESR      2
#define SLOTID_CHASSIS  3
#define SLOTID_FIRST    0x20 /* first in chassis, no slots */

typedef struct PCIBridgeDev {
    PCIBridge parent_obj;
    MemoryRegion shpc_bar;
    MemoryRegion shpc_mmio;
    uint8_t chassis_nr;
    int msi;
    bool shpc;
} PCIBridgeDev;

static PCIBridgeDev *bridge_dev(void *obj)
{
    return (PCIBridgeDev *)object_cast(obj, TYPE_PCI_BRIDGE);
}

static uint64_t shpc_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0; /* no slots: every register reads zero */
}

static void shpc_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

static const MemoryRegionOps shpc_ops = {
    .read = shpc_read,
    .write = shpc_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 4},
};

static bool add_shpc(PCIBridgeDev *s, Error **errp)
{
    PCIDevice *dev = PCI_DEVICE(s);
    int cap = pci_add_capability(dev, PCI_CAP_ID_SHPC, 0, SHPC_CAP_SIZE, errp);

    if (cap < 0) {
        return false;
    }
    dev->wmask[cap + SHPC_CAP_SELECT] = 0xff;
    memory_region_init(&s->shpc_bar, OBJECT(s), "shpc-bar", SHPC_BAR_SIZE);
    memory_region_init_io(&s->shpc_mmio, OBJECT(s), &shpc_ops, s, "shpc-mmio",
                          SHPC_REG_SIZE);
    memory_region_add_subregion(&s->shpc_bar, 0, &s->shpc_mmio);
    pci_register_bar(dev, 0, PCI_BAR_MEM_64, &s->shpc_bar);
    return true;
}

static bool add_slotid(PCIBridgeDev *s, Error **errp)
{
    PCIDevice *dev = PCI_DEVICE(s);

    if (!s->chassis_nr) {
        return error_set(errp, "chassis_nr must be 1 or more");
    }
    int cap = pci_add_capability(dev, PCI_CAP_ID_SLOTID, 0, SLOTID_CAP_SIZE, errp);
    if (cap < 0) {
        return false;
    }
    dev->config[cap + SLOTID_ESR] = SLOTID_FIRST;
    dev->config[cap + SLOTID_CHASSIS] = s->chassis_nr;
    dev->wmask[cap + SLOTID_CHASSIS] = 0xff;
    return true;
}

static bool bridge_dev_realize(PCIDevice *dev, Error **errp)
{
    PCIBridgeDev *s = bridge_dev(dev);

    if (!pci_bridge_realize(dev, errp)) {
        return false;
    }
    dev->config[PCI_INTERRUPT_PIN] = 1;
    if ((s->shpc && !add_shpc(s, errp)) || !add_slotid(s, errp) ||
        (s->msi != ON_OFF_AUTO_OFF && !msi_init(dev, 0, 1, true, true, errp))) {
        pci_bridge_unrealize(dev);
        return false;
    }
    return true;
}

static void bridge_dev_reset(PCIDevice *dev)
{
    PCIBridgeDev *s = bridge_dev(dev);
    uint8_t cap = pci_find_capability(dev, PCI_CAP_ID_SLOTID);

    pci_bridge_reset(dev);
    if (cap) {
        dev->config[cap + SLOTID_CHASSIS] = s->chassis_nr;
    }
}

static bool bridge_dev_post_load(void *opaque, int version_id, Error **errp)
{
    PCIDevice *dev = PCI_DEVICE(opaque);

    /* Writing what is there moves the windows to match. */
    pci_bridge_write_config(dev, PCI_COMMAND, pci_get_word(dev->config + PCI_COMMAND),
                            2);
    return true;
}

static const VMStateField bridge_dev_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj.parent_obj, PCIBridgeDev),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_bridge_dev = {
    .name = "pci_bridge",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = bridge_dev_post_load,
    .fields = bridge_dev_fields,
};

static const Property bridge_dev_props[] = {
    PROP_UINT8("chassis_nr", PCIBridgeDev, chassis_nr, 0),
    PROP_ON_OFF_AUTO("msi", PCIBridgeDev, msi, ON_OFF_AUTO_AUTO),
    PROP_BOOL("shpc", PCIBridgeDev, shpc, true),
};

static void bridge_dev_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "Standard PCI Bridge";
    dc->vmsd = &vmstate_bridge_dev;
    pc->vendor_id = PCI_VENDOR_ID_REDHAT;
    pc->device_id = 0x0001;
    pc->realize = bridge_dev_realize;
    pc->reset_hold = bridge_dev_reset;
    OBJECT_CLASS_ADD_PROPERTIES(klass, bridge_dev_props);
}

static const TypeInfo bridge_dev_info = {
    .name = TYPE_PCI_BRIDGE,
    .parent = TYPE_PCI_BRIDGE_BASE,
    .instance_size = sizeof(PCIBridgeDev),
    .class_init = bridge_dev_class_init,
};
TYPE_REGISTER(bridge_dev_info);
