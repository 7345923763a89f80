/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The enhanced configuration mechanism. Source: PCI Express Base Specification 2.0,
 * section 7.2.2. Accesses of 8 bytes are made as two of 4.
 *
 * Interface: region "pcie-mmcfg-mmio", up to 256 MiB.
 */
#include "hw/pci/pcie-host.h"

#include <assert.h>

static uint64_t mmcfg_read(void *opaque, hwaddr offset, unsigned size)
{
    PCIHostState *s = opaque;

    return pci_ecam_read(s->bus, (uint32_t)offset, (int)size);
}

static void mmcfg_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PCIHostState *s = opaque;

    pci_ecam_write(s->bus, (uint32_t)offset, (uint32_t)value, (int)size);
}

static const MemoryRegionOps mmcfg_ops = {
    .read = mmcfg_read,
    .write = mmcfg_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 8},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

void pcie_host_map_mmcfg(PCIExpressHost *host, MemoryRegion *memory, hwaddr base,
                         uint64_t size)
{
    assert(size <= PCIE_MMCFG_MAX);
    if (size == host->size && base == host->base) {
        return;
    }
    memory_region_transaction_begin();
    if (host->mapped_in) {
        memory_region_del_subregion(host->mapped_in, &host->mmcfg);
        host->mapped_in = NULL;
    }
    host->base = base;
    host->size = size;
    if (size) {
        memory_region_set_size(&host->mmcfg, size);
        memory_region_add_subregion(memory, base, &host->mmcfg);
        host->mapped_in = memory;
    }
    memory_region_transaction_commit();
}

bool pcie_host_get_mmcfg(const PCIExpressHost *host, hwaddr *base, uint64_t *size)
{
    *base = host->base;
    *size = host->size;
    return host->size != 0;
}

static void pcie_host_init(Object *obj)
{
    PCIExpressHost *host = (PCIExpressHost *)obj;

    memory_region_init_io(&host->mmcfg, obj, &mmcfg_ops, &host->parent_obj,
                          "pcie-mmcfg-mmio", PCIE_MMCFG_MAX);
    /* A configuration write may start a transfer that comes back here. */
    memory_region_disable_reentrancy_guard(&host->mmcfg);
}

static const TypeInfo pcie_host_info = {
    .name = TYPE_PCIE_HOST_BRIDGE,
    .parent = TYPE_PCI_HOST_BRIDGE,
    .instance_size = sizeof(PCIExpressHost),
    .abstract = true,
    .instance_init = pcie_host_init,
};
TYPE_REGISTER(pcie_host_info);
