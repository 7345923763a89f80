/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel ICH9 SMBus controller, D31:F3. Source: Intel ICH9 data sheet (316972), section
 * 18. The host controller is that of its ancestors (hw/acpi/pm-smbus.c). Not modelled:
 * interrupts and SMI, slave interface, PEC, I2C mode: HOSTC keeps their bits.
 *
 * Interface: BAR 4 with 32 ports, of which 64 are decoded as on the reference platform;
 * INTA (not driven); bus "i2c".
 */
#include "hw/i2c/smbus-ich9.h"
#include "hw/acpi/pm-smbus.h"

/* --- Configuration registers (18.1) --- */
#define ICH9_SMB_BAR           4
#define ICH9_SMB_HOSTC         0x40
#define ICH9_SMB_HOSTC_SSRESET 0x08 /* reads zero */

typedef struct Ich9Smb {
    PCIDevice parent_obj;
    PMSMBus smbus;
} Ich9Smb;

static Ich9Smb *smb_cast(const void *obj)
{
    return (Ich9Smb *)object_cast(obj, TYPE_ICH9_SMB);
}

/* HST_EN, 18.1.14: without it the ports are decoded, and do nothing that is seen. */
static void ich9_smb_write_config(PCIDevice *dev, uint32_t offset, uint32_t value,
                                  int size)
{
    Ich9Smb *s = smb_cast(dev);
    bool reset = pci_config_overlaps(offset, size, ICH9_SMB_HOSTC, 1) &&
                 ((value >> (8 * (ICH9_SMB_HOSTC - offset))) & ICH9_SMB_HOSTC_SSRESET);

    pci_default_write_config(dev, offset, value, size);
    if (reset) {
        pm_smbus_reset(&s->smbus);
    }
}

static void ich9_smb_reset(PCIDevice *dev)
{
    dev->config[ICH9_SMB_HOSTC] = 0;
    pm_smbus_reset(&smb_cast(dev)->smbus);
}

static bool ich9_smb_realize(PCIDevice *dev, Error **errp)
{
    Ich9Smb *s = smb_cast(dev);

    dev->config[PCI_INTERRUPT_PIN] = 1;
    dev->wmask[ICH9_SMB_HOSTC] = (uint8_t)~ICH9_SMB_HOSTC_SSRESET;
    pm_smbus_init(&s->smbus, DEVICE(dev));
    pci_register_bar(dev, ICH9_SMB_BAR, PCI_BAR_IO, &s->smbus.region);
    return true;
}

PCIDevice *smbus_ich9_create(PCIBus *bus, int devfn, Error **errp)
{
    PCIDevice *dev = pci_new_multifunction(devfn, TYPE_ICH9_SMB);

    return pci_realize_and_unref(dev, bus, errp) ? dev : NULL;
}

I2CBus *smbus_ich9_get_bus(PCIDevice *dev)
{
    return smb_cast(dev)->smbus.bus;
}

static const VMStateField ich9_smb_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, Ich9Smb),
    VMSTATE_STRUCT(smbus, Ich9Smb, vmstate_pm_smbus),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_ich9_smb = {
    .name = "ich9_smb",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = ich9_smb_fields,
};

static void ich9_smb_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "ICH9 SMBUS Bridge";
    dc->vmsd = &vmstate_ich9_smb;
    dc->user_creatable = false;
    dc->hotpluggable = false;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = 0x2930;
    pc->revision = 0x02;
    pc->class_id = PCI_CLASS_SERIAL_SMBUS;
    pc->realize = ich9_smb_realize;
    pc->reset_hold = ich9_smb_reset;
    pc->config_write = ich9_smb_write_config;
}

static const TypeInfo ich9_smb_info = {
    .name = TYPE_ICH9_SMB,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(Ich9Smb),
    .class_init = ich9_smb_class_init,
};
TYPE_REGISTER(ich9_smb_info);
