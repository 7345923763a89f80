/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration mechanism #1. Source: PCI Local Bus Specification 3.0, section
 * 3.2.2.3.2. The index register answers to aligned double words only; anything narrower
 * there belongs to other devices (cf9 is a reset register on Intel chipsets).
 *
 * Interface: region "pci-conf-idx" (4 bytes), region "pci-conf-data" (4 bytes).
 */
#include "hw/pci/pci-host.h"

#define CONFIG_ENABLE 0x80000000u

static uint64_t conf_idx_read(void *opaque, hwaddr offset, unsigned size)
{
    PCIHostState *s = opaque;

    return size == 4 && offset == 0 ? s->config_reg : 0;
}

static void conf_idx_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PCIHostState *s = opaque;

    if (size == 4 && offset == 0) {
        s->config_reg = (uint32_t)value;
    }
}

static uint64_t conf_data_read(void *opaque, hwaddr offset, unsigned size)
{
    PCIHostState *s = opaque;

    if (!(s->config_reg & CONFIG_ENABLE)) {
        return UINT64_MAX;
    }
    return pci_data_read(s->bus, s->config_reg | (offset & 3), (int)size);
}

static void conf_data_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PCIHostState *s = opaque;

    if (s->config_reg & CONFIG_ENABLE) {
        pci_data_write(s->bus, s->config_reg | (offset & 3), (uint32_t)value,
                       (int)size);
    }
}

static const MemoryRegionOps conf_idx_ops = {
    .read = conf_idx_read,
    .write = conf_idx_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4, .unaligned = true},
    .impl = { .min_access_size = 1, .max_access_size = 4, .unaligned = true},
};

static const MemoryRegionOps conf_data_ops = {
    .read = conf_data_read,
    .write = conf_data_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4, .unaligned = true},
    .impl = { .min_access_size = 1, .max_access_size = 4, .unaligned = true},
};

static void pci_host_init(Object *obj)
{
    PCIHostState *s = (PCIHostState *)obj;

    memory_region_init_io(&s->conf_idx, obj, &conf_idx_ops, s, "pci-conf-idx", 4);
    memory_region_init_io(&s->conf_data, obj, &conf_data_ops, s, "pci-conf-data", 4);
    /* A configuration write may start a transfer that comes back here. */
    memory_region_disable_reentrancy_guard(&s->conf_idx);
    memory_region_disable_reentrancy_guard(&s->conf_data);
}

bool pci_host_map_config(PCIHostState *s, MemoryRegion *io, Error **errp)
{
    if (!io) {
        return error_set(errp, "%s: needs a board", object_get_typename(OBJECT(s)));
    }
    memory_region_add_subregion(io, 0xcf8, &s->conf_idx);
    memory_region_add_subregion(io, 0xcfc, &s->conf_data);
    return true;
}

static void pci_host_reset_enter(DeviceState *dev)
{
    PCI_HOST_BRIDGE(dev)->config_reg = 0;
}

static const VMStateField pci_host_fields[] = {
    VMSTATE_UINT32(config_reg, PCIHostState),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_pci_host = {
    .name = "PCIHost",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = pci_host_fields,
};

static void pci_host_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->vmsd = &vmstate_pci_host;
    dc->reset_enter = pci_host_reset_enter;
    dc->user_creatable = false;
}

static const TypeInfo pci_host_info = {
    .name = TYPE_PCI_HOST_BRIDGE,
    .parent = TYPE_SYSBUS_DEVICE,
    .instance_size = sizeof(PCIHostState),
    .abstract = true,
    .instance_init = pci_host_init,
    .class_init = pci_host_class_init,
};
TYPE_REGISTER(pci_host_info);
