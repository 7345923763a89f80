/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SATA function of an Intel ICH9 in AHCI mode, D31:F2. Source: Intel ICH9 data
 * sheet (316972), section 14; Serial ATA AHCI 1.3, section 2.1. Not modelled: IDE mode,
 * port control registers: bytes 40-ff other than the capabilities are plain storage.
 *
 * Interface: BAR 4 "ahci-idp" (32 ports), BAR 5 "ahci" (4 KiB), INTA or one MSI, buses
 * "ide.0" to "ide.5".
 */
#include "hw/ide/ahci-internal.h"
#include "hw/pci/msi.h"

#define ICH9_SATA_CAP        0xa8
#define ICH9_SATA_CAP_LEN    8
#define ICH9_SATA_CAP_REV    0x10
#define ICH9_SATA_CAP_BARLOC 0x48 /* BAR 4, index at double word 4 */
#define ICH9_MSI_CAP         0x80
#define ICH9_MAP             0x90
#define ICH9_MAP_AHCI        0x40
#define ICH9_AHCI_BAR_IDP    4
#define ICH9_AHCI_BAR_MEM    5

typedef struct Ich9Ahci {
    PCIDevice parent_obj;
    AhciState ahci;
} Ich9Ahci;

static Ich9Ahci *ahci_cast(const void *obj)
{
    return (Ich9Ahci *)object_cast(obj, TYPE_ICH9_AHCI);
}

IDEBus *ich9_ahci_get_bus(PCIDevice *ahci, int port)
{
    return &ahci_cast(ahci)->ahci.ports[port].bus;
}

static void ich9_ahci_reset(PCIDevice *dev)
{
    dev->config[ICH9_MAP] = ICH9_MAP_AHCI;
    ahci_reset(&ahci_cast(dev)->ahci);
}

static bool ich9_ahci_realize(PCIDevice *dev, Error **errp)
{
    Ich9Ahci *s = ahci_cast(dev);
    int sata = pci_add_capability(dev, PCI_CAP_ID_SATA, ICH9_SATA_CAP,
                                  ICH9_SATA_CAP_LEN, errp);

    if (sata < 0 || !msi_init(dev, ICH9_MSI_CAP, 1, true, false, errp)) {
        return false;
    }
    dev->config[sata + 2] = ICH9_SATA_CAP_REV;
    dev->config[sata + 4] = ICH9_SATA_CAP_BARLOC;
    dev->config[PCI_INTERRUPT_PIN] = 1;
    ahci_init(&s->ahci, dev, AHCI_ICH9_PORTS);
    pci_register_bar(dev, ICH9_AHCI_BAR_IDP, PCI_BAR_IO, &s->ahci.idp);
    pci_register_bar(dev, ICH9_AHCI_BAR_MEM, PCI_BAR_MEM, &s->ahci.mem);
    return true;
}

static void ich9_ahci_unrealize(PCIDevice *dev)
{
    ahci_fini(&ahci_cast(dev)->ahci);
    msi_uninit(dev);
}

static const VMStateField ich9_ahci_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, Ich9Ahci),
    VMSTATE_STRUCT(ahci, Ich9Ahci, vmstate_ahci),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_ich9_ahci = {
    .name = "ich9_ahci",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = ich9_ahci_fields,
};

static void ich9_ahci_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "ICH9 SATA controller in AHCI mode";
    dc->vmsd = &vmstate_ich9_ahci;
    dc->categories = 1u << DEVICE_CATEGORY_STORAGE;
    dc->user_creatable = true;
    dc->hotpluggable = false; /* its ports are not taken down */
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = 0x2922;
    pc->revision = 0x02;
    pc->class_id = PCI_CLASS_STORAGE_SATA;
    pc->prog_if = 0x01; /* AHCI */
    pc->realize = ich9_ahci_realize;
    pc->unrealize = ich9_ahci_unrealize;
    pc->reset_hold = ich9_ahci_reset;
}

static const TypeInfo ich9_ahci_info = {
    .name = TYPE_ICH9_AHCI,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(Ich9Ahci),
    .class_init = ich9_ahci_class_init,
};
TYPE_REGISTER(ich9_ahci_info);
