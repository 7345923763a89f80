/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82441FX PCI and memory controller (data sheet 290549-001, section 3.2): PAM and
 * SMRAM. Not modelled: DRAM timing and row boundary registers, ECC, AGP aperture,
 * caches: bytes 40-ff other than those below are plain storage.
 *
 * Interface: host "i440FX-pcihost": I/O cf8-cfb and cfc-cff, root bus "pci.0",
 * property pci-hole64-size. Function "i440FX" at 00:00.0: no BARs, no interrupt.
 * Regions made: pam-* and smram-region in system memory, "smram" for the CPUs.
 */
#include "hw/pci-host/i440fx.h"
#include "hw/pci-host/pam.h"
#include "hw/pci/pci-host.h"

#include <assert.h>
#include <string.h>

/* --- Registers of function 0 (82441FX section 3.2) --- */
#define I440FX_DRB            0x57 /* RAM in units of 8 MiB, at most ff */
#define I440FX_DRB_SHIFT      23
#define I440FX_PAM            0x59 /* seven bytes */
#define I440FX_SMRAM          0x72
#define I440FX_SMRAM_RESET    0x02
#define I440FX_SMRAM_D_OPEN   0x40
#define I440FX_SMRAM_G_SMRAME 0x08

#define SMRAM_BASE 0xa0000
#define SMRAM_SIZE 0x20000

typedef struct I440FXState {
    PCIDevice parent_obj;
    PAMMap pam;
    MemoryRegion smram_region; /* what hides RAM at a0000 from everybody */
    MemoryRegion *smram;       /* the host's */
} I440FXState;

struct I440FXHost {
    PCIHostState parent_obj;
    I440FXParts parts;
    MemoryRegion smram; /* what CPUs in SMM see: there before the CPUs are */
    MemoryRegion smram_low;
    uint64_t hole64_size;
};

static I440FXHost *host_cast(const void *obj)
{
    return (I440FXHost *)object_cast(obj, TYPE_I440FX_PCIHOST);
}

static I440FXState *function_cast(const void *obj)
{
    return (I440FXState *)object_cast(obj, TYPE_I440FX);
}

/* --- Function 00:00.0 ----------------------------------------------------------------
 */

static void update_pam(I440FXState *s)
{
    pam_update(&s->pam, s->parent_obj.config + I440FX_PAM);
}

static void update_smram(I440FXState *s)
{
    uint8_t reg = s->parent_obj.config[I440FX_SMRAM];

    memory_region_transaction_begin();
    memory_region_set_enabled(&s->smram_region, !(reg & I440FX_SMRAM_D_OPEN));
    memory_region_set_enabled(s->smram, reg & I440FX_SMRAM_G_SMRAME);
    memory_region_transaction_commit();
}

static void i440fx_write_config(PCIDevice *dev, uint32_t offset, uint32_t value,
                                int size)
{
    I440FXState *s = function_cast(dev);

    pci_default_write_config(dev, offset, value, size);
    if (pci_config_overlaps(offset, size, I440FX_PAM, PAM_REGISTERS)) {
        update_pam(s);
    }
    if (pci_config_overlaps(offset, size, I440FX_SMRAM, 1)) {
        update_smram(s);
    }
}

static void i440fx_reset(PCIDevice *dev)
{
    I440FXState *s = function_cast(dev);
    I440FXHost *host = host_cast(BUS(pci_get_bus(dev))->parent);

    memset(dev->config + PCI_CONFIG_HEADER_SIZE, 0,
           PCI_CONFIG_SPACE_SIZE - PCI_CONFIG_HEADER_SIZE);
    dev->config[I440FX_DRB] =
        (uint8_t)MIN(memory_region_size(host->parts.ram) >> I440FX_DRB_SHIFT, 0xff);
    dev->config[I440FX_SMRAM] = I440FX_SMRAM_RESET;
    memory_region_transaction_begin();
    update_pam(s);
    update_smram(s);
    memory_region_transaction_commit();
}

static bool i440fx_realize(PCIDevice *dev, Error **errp)
{
    I440FXState *s = function_cast(dev);
    I440FXHost *host = host_cast(BUS(pci_get_bus(dev))->parent);
    const I440FXParts *p = &host->parts;
    Object *obj = OBJECT(dev);

    memory_region_init_alias(&s->smram_region, obj, "smram-region", p->pci_memory,
                             SMRAM_BASE, SMRAM_SIZE);
    memory_region_add_subregion_overlap(p->system_memory, SMRAM_BASE, &s->smram_region,
                                        1);
    s->smram = &host->smram;
    memory_region_init_alias(&host->smram_low, OBJECT(host), "smram-low", p->ram,
                             SMRAM_BASE, SMRAM_SIZE);
    memory_region_add_subregion(&host->smram, SMRAM_BASE, &host->smram_low);
    pam_init(&s->pam, obj, p->system_memory, p->ram, p->pci_memory);
    i440fx_reset(dev);
    return true;
}

static bool i440fx_post_load(void *opaque, int version_id, Error **errp)
{
    I440FXState *s = opaque;

    update_pam(s);
    update_smram(s);
    return true;
}

static const VMStateField i440fx_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, I440FXState),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_i440fx = {
    .name = "I440FX",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = i440fx_post_load,
    .fields = i440fx_fields,
};

static void i440fx_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "Host bridge";
    dc->categories = 1u << DEVICE_CATEGORY_BRIDGE;
    dc->vmsd = &vmstate_i440fx;
    dc->user_creatable = false;
    dc->hotpluggable = false;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = 0x1237;
    pc->revision = 0x02;
    pc->class_id = PCI_CLASS_BRIDGE_HOST;
    pc->realize = i440fx_realize;
    pc->reset_hold = i440fx_reset;
    pc->config_write = i440fx_write_config;
}

static const TypeInfo i440fx_info = {
    .name = TYPE_I440FX,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(I440FXState),
    .class_init = i440fx_class_init,
};
TYPE_REGISTER(i440fx_info);

/* --- Host ----------------------------------------------------------------------------
 */

I440FXHost *i440fx_new(Object *machine)
{
    DeviceState *dev = device_new(TYPE_I440FX_PCIHOST);

    object_property_add_child(machine, "i440fx", OBJECT(dev));
    object_unref(dev);
    return host_cast(dev);
}

MemoryRegion *i440fx_get_smram(I440FXHost *host)
{
    return &host->smram;
}

uint64_t i440fx_get_hole64_size(const I440FXHost *host)
{
    return host->hole64_size;
}

PCIBus *i440fx_init(I440FXHost *host, const I440FXParts *parts, Error **errp)
{
    PCIHostState *ph = PCI_HOST_BRIDGE(host);

    host->parts = *parts;
    memory_region_add_subregion_overlap(parts->system_memory, 0, parts->pci_memory, -1);
    ph->bus = pci_root_bus_new(DEVICE(host), "pci.0", parts->pci_memory,
                               parts->system_io, PCI_DEVFN(0, 0));
    if (!sysbus_realize(SYSBUS_DEVICE(host), errp)) {
        return NULL;
    }
    return pci_create_simple(ph->bus, PCI_DEVFN(0, 0), TYPE_I440FX, errp) ? ph->bus
                                                                          : NULL;
}

static bool i440fx_host_realize(DeviceState *dev, Error **errp)
{
    I440FXHost *host = host_cast(dev);

    return pci_host_map_config(PCI_HOST_BRIDGE(dev), host->parts.system_io, errp);
}

static void i440fx_host_init(Object *obj)
{
    memory_region_init(&((I440FXHost *)obj)->smram, obj, "smram", 1ull << 32);
}

static const Property i440fx_host_props[] = {
    PROP_SIZE("pci-hole64-size", I440FXHost, hole64_size, 2ull << 30),
};

static void i440fx_host_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = i440fx_host_realize;
    dc->hotpluggable = false;
    dc->fw_name = "pci@i0cf8"; /* its first I/O port */
    OBJECT_CLASS_ADD_PROPERTIES(klass, i440fx_host_props);
}

static const TypeInfo i440fx_host_info = {
    .name = TYPE_I440FX_PCIHOST,
    .parent = TYPE_PCI_HOST_BRIDGE,
    .instance_size = sizeof(I440FXHost),
    .instance_init = i440fx_host_init,
    .class_init = i440fx_host_class_init,
};
TYPE_REGISTER(i440fx_host_info);
