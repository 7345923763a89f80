/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every PCI-to-PCI bridge has: windows, VGA forwarding, secondary reset. Source:
 * PCI-to-PCI Bridge Architecture Specification 1.2, chapters 3 and 4. Not modelled: ISA
 * enable, discard timers, delayed transactions, bus parking.
 *
 * Interface: derive from "base-pci-bridge", call pci_bridge_realize() in realize.
 *
 * W1: a window whose kind of decoding is off or whose limit is below its base has size
 * zero and stays in the tree at its base (zero while decoding never was on).
 */
#include "hw/pci/pci-bridge.h"
#include "hw/pci/pci-internal.h"

#define VGA_MEM_BASE   0xa0000
#define VGA_MEM_SIZE   0x20000
#define VGA_IO_LO_BASE 0x3b0
#define VGA_IO_LO_SIZE 0xc
#define VGA_IO_HI_BASE 0x3c0
#define VGA_IO_HI_SIZE 0x20

/* --- Registers -----------------------------------------------------------------------
 */

PCIWindow pci_bridge_io_window(const PCIDevice *dev)
{
    const uint8_t *c = dev->config;
    PCIWindow w = {
        .base = (uint64_t)(c[PCI_IO_BASE] & ~PCI_IO_RANGE_TYPE_MASK) << 8,
        .limit = (uint64_t)(c[PCI_IO_LIMIT] & ~PCI_IO_RANGE_TYPE_MASK) << 8,
    };

    if ((c[PCI_IO_BASE] & PCI_IO_RANGE_TYPE_MASK) == PCI_IO_RANGE_TYPE_32) {
        w.base |= (uint64_t)pci_get_word(c + PCI_IO_BASE_UPPER16) << 16;
        w.limit |= (uint64_t)pci_get_word(c + PCI_IO_LIMIT_UPPER16) << 16;
    }
    w.limit |= 0xfff;
    return w;
}

PCIWindow pci_bridge_mem_window(const PCIDevice *dev)
{
    const uint8_t *c = dev->config;

    return (PCIWindow){
        .base = (uint64_t)(pci_get_word(c + PCI_MEMORY_BASE) & 0xfff0) << 16,
        .limit =
            (uint64_t)(pci_get_word(c + PCI_MEMORY_LIMIT) & 0xfff0) << 16 | 0xfffff,
    };
}

PCIWindow pci_bridge_pref_window(const PCIDevice *dev)
{
    const uint8_t *c = dev->config;
    uint16_t base = pci_get_word(c + PCI_PREF_MEMORY_BASE);
    uint16_t limit = pci_get_word(c + PCI_PREF_MEMORY_LIMIT);
    PCIWindow w = { (uint64_t)(base & 0xfff0) << 16, (uint64_t)(limit & 0xfff0) << 16 };

    if ((base & 0xf) == PCI_PREF_RANGE_TYPE_64) {
        w.base |= (uint64_t)pci_get_long(c + PCI_PREF_BASE_UPPER32) << 32;
        w.limit |= (uint64_t)pci_get_long(c + PCI_PREF_LIMIT_UPPER32) << 32;
    }
    w.limit |= 0xfffff;
    return w;
}

/* --- Windows -------------------------------------------------------------------------
 */

static void place_window(MemoryRegion *container, MemoryRegion *alias, PCIWindow w,
                         bool open)
{
    uint64_t size = open && w.limit >= w.base ? w.limit - w.base + 1 : 0;

    memory_region_set_size(alias, size);
    memory_region_set_alias_offset(alias, w.base);
    memory_region_add_subregion_overlap(container, w.base, alias, 1);
}

static void unmap_windows(PCIBridge *br)
{
    PCIDevice *dev = &br->parent_obj;
    MemoryRegion *mem = pci_address_space(dev), *io = pci_address_space_io(dev);

    if (br->windows_mapped) {
        memory_region_del_subregion(io, &br->alias_io);
        memory_region_del_subregion(mem, &br->alias_mem);
        memory_region_del_subregion(mem, &br->alias_pref_mem);
        br->windows_mapped = false;
    }
    if (br->vga_mapped) {
        memory_region_del_subregion(io, &br->alias_vga_io_lo);
        memory_region_del_subregion(io, &br->alias_vga_io_hi);
        memory_region_del_subregion(mem, &br->alias_vga_mem);
        br->vga_mapped = false;
    }
}

static void map_vga(PCIBridge *br, uint16_t cmd)
{
    PCIDevice *dev = &br->parent_obj;
    MemoryRegion *mem = pci_address_space(dev), *io = pci_address_space_io(dev);

    memory_region_add_subregion_overlap(io, VGA_IO_LO_BASE, &br->alias_vga_io_lo, 1);
    memory_region_add_subregion_overlap(io, VGA_IO_HI_BASE, &br->alias_vga_io_hi, 1);
    memory_region_add_subregion_overlap(mem, VGA_MEM_BASE, &br->alias_vga_mem, 1);
    memory_region_set_enabled(&br->alias_vga_io_lo, cmd & PCI_COMMAND_IO);
    memory_region_set_enabled(&br->alias_vga_io_hi, cmd & PCI_COMMAND_IO);
    memory_region_set_enabled(&br->alias_vga_mem, cmd & PCI_COMMAND_MEMORY);
    br->vga_mapped = true;
}

/* Taken out and put back so that siblings keep their order: prefetchable first. */
static void update_windows(PCIBridge *br)
{
    PCIDevice *dev = &br->parent_obj;
    uint16_t cmd = pci_get_word(dev->config + PCI_COMMAND);
    uint16_t control = pci_get_word(dev->config + PCI_BRIDGE_CONTROL);
    MemoryRegion *mem = pci_address_space(dev), *io = pci_address_space_io(dev);

    memory_region_transaction_begin();
    unmap_windows(br);
    place_window(mem, &br->alias_pref_mem, pci_bridge_pref_window(dev),
                 cmd & PCI_COMMAND_MEMORY);
    place_window(mem, &br->alias_mem, pci_bridge_mem_window(dev),
                 cmd & PCI_COMMAND_MEMORY);
    place_window(io, &br->alias_io, pci_bridge_io_window(dev), cmd & PCI_COMMAND_IO);
    br->windows_mapped = true;
    if (control & PCI_BRIDGE_CTL_VGA) {
        map_vga(br, cmd);
    }
    memory_region_transaction_commit();
}

static void reset_child(PCIBus *bus, PCIDevice *dev, void *opaque)
{
    device_cold_reset(DEVICE(dev));
}

void pci_bridge_write_config(PCIDevice *dev, uint32_t offset, uint32_t value, int size)
{
    PCIBridge *br = PCI_BRIDGE(dev);
    uint16_t old = pci_get_word(dev->config + PCI_BRIDGE_CONTROL);

    pci_default_write_config(dev, offset, value, size);
    if (pci_config_overlaps(offset, size, PCI_COMMAND, 2) ||
        pci_config_overlaps(offset, size, PCI_IO_BASE, 2) ||
        pci_config_overlaps(offset, size, PCI_MEMORY_BASE, 20) ||
        pci_config_overlaps(offset, size, PCI_BRIDGE_CONTROL, 2)) {
        update_windows(br);
    }
    /* 3.2.5.18: the secondary reset line is asserted by the bit's rising edge. */
    uint16_t now = pci_get_word(dev->config + PCI_BRIDGE_CONTROL);
    if (!(old & PCI_BRIDGE_CTL_RESET) && (now & PCI_BRIDGE_CTL_RESET)) {
        pci_bus_foreach_device(&br->sec_bus, reset_child, NULL);
    }
}

/* --- Life ----------------------------------------------------------------------------
 */

void pci_bridge_reset(PCIDevice *dev)
{
    uint8_t *c = dev->config;

    for (uint32_t at = PCI_PRIMARY_BUS; at <= PCI_SEC_LATENCY_TIMER; at++) {
        c[at] = 0;
    }
    for (uint32_t at = PCI_IO_BASE; at < PCI_CAPABILITY_LIST; at++) {
        c[at] &= (uint8_t)~dev->wmask[at];
    }
    pci_set_word(c + PCI_BRIDGE_CONTROL, 0);
    update_windows(PCI_BRIDGE(dev));
}

void pci_bridge_close_windows(PCIDevice *dev)
{
    uint8_t *c = dev->config;

    c[PCI_IO_BASE] = 0xf0;
    c[PCI_IO_LIMIT] = 0;
    pci_set_word(c + PCI_MEMORY_BASE, 0xfff0);
    pci_set_word(c + PCI_MEMORY_LIMIT, 0);
    pci_set_word(c + PCI_PREF_MEMORY_BASE, 0xfff0 | PCI_PREF_RANGE_TYPE_64);
    pci_set_word(c + PCI_PREF_MEMORY_LIMIT, PCI_PREF_RANGE_TYPE_64);
}

static void init_registers(PCIDevice *dev)
{
    uint8_t *c = dev->config, *w = dev->wmask;

    bool express = PCI_DEVICE_GET_CLASS(dev)->is_express;
    uint16_t control = PCI_BRIDGE_CTL_PARITY | PCI_BRIDGE_CTL_SERR |
                       PCI_BRIDGE_CTL_ISA | PCI_BRIDGE_CTL_VGA | PCI_BRIDGE_CTL_VGA_16 |
                       PCI_BRIDGE_CTL_RESET;

    /* What belongs to wires is hardwired to zero in PCI Express (7.5.3). */
    if (!express) {
        c[PCI_STATUS] |= PCI_STATUS_66MHZ | PCI_STATUS_FAST_BACK;
        pci_set_word(c + PCI_SEC_STATUS, PCI_STATUS_66MHZ | PCI_STATUS_FAST_BACK);
        control |=
            PCI_BRIDGE_CTL_MABORT | PCI_BRIDGE_CTL_FASTB2B | PCI_BRIDGE_CTL_TIMERS;
        pci_set_word(dev->w1cmask + PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_TIMER_ST);
    }
    pci_set_long(w + PCI_PRIMARY_BUS, UINT32_MAX);
    w[PCI_IO_BASE] = w[PCI_IO_LIMIT] = 0xf0;
    pci_set_word(w + PCI_MEMORY_BASE, 0xfff0);
    pci_set_word(w + PCI_MEMORY_LIMIT, 0xfff0);
    pci_set_word(w + PCI_PREF_MEMORY_BASE, 0xfff0);
    pci_set_word(w + PCI_PREF_MEMORY_LIMIT, 0xfff0);
    pci_set_quad(w + PCI_PREF_BASE_UPPER32, UINT64_MAX);
    pci_set_word(c + PCI_PREF_MEMORY_BASE, PCI_PREF_RANGE_TYPE_64);
    pci_set_word(c + PCI_PREF_MEMORY_LIMIT, PCI_PREF_RANGE_TYPE_64);
    pci_set_word(w + PCI_BRIDGE_CONTROL, control);
}

static void init_regions(PCIBridge *br)
{
    Object *obj = OBJECT(br);

    memory_region_init(&br->mem, obj, "pci_bridge_pci", UINT64_MAX);
    memory_region_init(&br->io, obj, "pci_bridge_io", 1ull << 32);
    memory_region_init_alias(&br->alias_pref_mem, obj, "pci_bridge_pref_mem", &br->mem,
                             0, 0);
    memory_region_init_alias(&br->alias_mem, obj, "pci_bridge_mem", &br->mem, 0, 0);
    memory_region_init_alias(&br->alias_io, obj, "pci_bridge_io", &br->io, 0, 0);
    memory_region_init_alias(&br->alias_vga_io_lo, obj, "pci_bridge_vga_io_lo", &br->io,
                             VGA_IO_LO_BASE, VGA_IO_LO_SIZE);
    memory_region_init_alias(&br->alias_vga_io_hi, obj, "pci_bridge_vga_io_hi", &br->io,
                             VGA_IO_HI_BASE, VGA_IO_HI_SIZE);
    memory_region_init_alias(&br->alias_vga_mem, obj, "pci_bridge_vga_mem", &br->mem,
                             VGA_MEM_BASE, VGA_MEM_SIZE);
}

bool pci_bridge_realize(PCIDevice *dev, Error **errp)
{
    PCIBridge *br = PCI_BRIDGE(dev);
    PCIBus *primary = pci_get_bus(dev);

    init_registers(dev);
    init_regions(br);
    /* The bus is called by the bridge's id, which is how users name it. */
    bus_init(&br->sec_bus, sizeof(br->sec_bus),
             PCI_DEVICE_GET_CLASS(dev)->is_express ? TYPE_PCIE_BUS : TYPE_PCI_BUS,
             DEVICE(dev), DEVICE(dev)->id);
    br->sec_bus.mem = &br->mem;
    br->sec_bus.io = &br->io;
    br->sec_bus.bridge = dev;
    br->sec_bus.map_irq = pci_swizzle_map_irq;
    primary->child_buses = g_slist_append(primary->child_buses, &br->sec_bus);
    update_windows(br);
    return true;
}

void pci_bridge_unrealize(PCIDevice *dev)
{
    PCIBridge *br = PCI_BRIDGE(dev);
    PCIBus *primary = pci_get_bus(dev);

    memory_region_transaction_begin();
    unmap_windows(br);
    memory_region_transaction_commit();
    primary->child_buses = g_slist_remove(primary->child_buses, &br->sec_bus);
}

static void pci_bridge_base_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->categories = 1u << DEVICE_CATEGORY_BRIDGE;
    pc->is_bridge = true;
    pc->class_id = PCI_CLASS_BRIDGE_PCI;
    pc->realize = pci_bridge_realize;
    pc->unrealize = pci_bridge_unrealize;
    pc->reset_hold = pci_bridge_reset;
    pc->config_write = pci_bridge_write_config;
}

static const TypeInfo pci_bridge_base_info = {
    .name = TYPE_PCI_BRIDGE_BASE,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(PCIBridge),
    .abstract = true,
    .class_init = pci_bridge_base_class_init,
};
TYPE_REGISTER(pci_bridge_base_info);
