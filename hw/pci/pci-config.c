/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration space of one function: masks, capabilities, and what follows from a
 * write: BARs, bus mastering, INTx disable. Source: PCI Local Bus Specification 3.0,
 * sections 6.1, 6.2 and 6.7.
 *
 * Invariants.
 * P1: a BAR is in its container exactly when PCIBar.addr is not PCI_BAR_UNMAPPED.
 * P2: the "bus master" alias is enabled exactly when command bit 2 is set.
 */
#include "hw/pci/msi.h"
#include "hw/pci/pci-internal.h"
#include "hw/pci/pci.h"
#include "util/log.h"

#include <assert.h>
#include <string.h>

static uint16_t command(const PCIDevice *dev)
{
    return pci_get_word(dev->config + PCI_COMMAND);
}

/* --- BARs ----------------------------------------------------------------------------
 */

uint32_t pci_bar_register(const PCIDevice *dev, int n)
{
    if (n == PCI_ROM_BAR) {
        return pci_is_bridge(dev) ? PCI_BRIDGE_ROM_ADDRESS : PCI_ROM_ADDRESS;
    }
    return PCI_BASE_ADDRESS_0 + 4 * (uint32_t)n;
}

/* Where the registers put BAR @n now. */
static hwaddr bar_address(const PCIDevice *dev, int n)
{
    const PCIBar *bar = &dev->bars[n];
    const uint8_t *reg = dev->config + pci_bar_register(dev, n);
    bool is_io = bar->type & PCI_BAR_IO;
    bool is_64 = !is_io && (bar->type & PCI_BAR_MEM_64);

    if (!(command(dev) & (is_io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)) ||
        (n == PCI_ROM_BAR && !(reg[0] & PCI_ROM_ADDRESS_ENABLE))) {
        return PCI_BAR_UNMAPPED;
    }
    hwaddr addr = (is_64 ? pci_get_quad(reg) : pci_get_long(reg)) & ~(bar->size - 1);
    hwaddr last = addr + bar->size - 1;
    /* Zero and the all-ones end are what sizing leaves behind: not decoded. */
    if (!addr || last <= addr || last >= (is_64 ? UINT64_MAX : UINT32_MAX)) {
        return PCI_BAR_UNMAPPED;
    }
    return addr;
}

static MemoryRegion *bar_container(const PCIDevice *dev, const PCIBar *bar)
{
    return bar->type & PCI_BAR_IO ? pci_address_space_io(dev) : pci_address_space(dev);
}

static void move_bar(PCIDevice *dev, PCIBar *bar, hwaddr addr)
{
    if (addr == bar->addr) {
        return;
    }
    if (bar->addr != PCI_BAR_UNMAPPED) {
        memory_region_del_subregion(bar_container(dev, bar), bar->memory);
    }
    bar->addr = addr;
    if (addr != PCI_BAR_UNMAPPED) {
        memory_region_add_subregion_overlap(bar_container(dev, bar), addr, bar->memory,
                                            1);
    }
}

void pci_update_bars(PCIDevice *dev)
{
    memory_region_transaction_begin();
    for (int n = 0; n < PCI_NUM_BARS; n++) {
        if (dev->bars[n].memory) {
            move_bar(dev, &dev->bars[n], bar_address(dev, n));
        }
    }
    memory_region_transaction_commit();
}

void pci_unmap_bars(PCIDevice *dev)
{
    memory_region_transaction_begin();
    for (int n = 0; n < PCI_NUM_BARS; n++) {
        if (dev->bars[n].memory) {
            move_bar(dev, &dev->bars[n], PCI_BAR_UNMAPPED);
        }
    }
    memory_region_transaction_commit();
}

void pci_register_bar(PCIDevice *dev, int n, uint8_t type, MemoryRegion *memory)
{
    PCIBar *bar = &dev->bars[n];
    uint32_t reg = pci_bar_register(dev, n);
    uint64_t size = memory_region_size(memory);
    uint64_t wmask = ~(size - 1);

    assert(n >= 0 && n < PCI_NUM_BARS && !bar->memory);
    assert(size >= (type & PCI_BAR_IO ? 4 : 16) && !(size & (size - 1)));
    assert(!dev->has_rom || n != PCI_ROM_BAR);
    *bar = (PCIBar){ PCI_BAR_UNMAPPED, size, type, memory };
    if (n == PCI_ROM_BAR) {
        wmask |= PCI_ROM_ADDRESS_ENABLE;
    }
    if (!(type & PCI_BAR_IO) && (type & PCI_BAR_MEM_64)) {
        assert(n < 5);
        pci_set_quad(dev->config + reg, type);
        pci_set_quad(dev->wmask + reg, wmask);
    } else {
        pci_set_long(dev->config + reg, type);
        pci_set_long(dev->wmask + reg, (uint32_t)wmask);
    }
}

hwaddr pci_get_bar_addr(const PCIDevice *dev, int n)
{
    return dev->bars[n].memory ? dev->bars[n].addr : PCI_BAR_UNMAPPED;
}

/* --- Access --------------------------------------------------------------------------
 */

static void update_bus_master(PCIDevice *dev)
{
    bool on = command(dev) & PCI_COMMAND_MASTER;

    if (dev->has_bus_master_as &&
        memory_region_is_enabled(&dev->bus_master_alias) != on) {
        memory_region_set_enabled(&dev->bus_master_alias, on);
    }
}

void pci_update_decoding(PCIDevice *dev)
{
    memory_region_transaction_begin();
    update_bus_master(dev);
    pci_update_bars(dev);
    memory_region_transaction_commit();
}

uint32_t pci_default_read_config(PCIDevice *dev, uint32_t offset, int size)
{
    uint32_t value = 0;

    assert(offset + (uint32_t)size <= dev->config_size);
    for (int i = 0; i < size; i++) {
        value |= (uint32_t)dev->config[offset + (uint32_t)i] << (8 * i);
    }
    return value;
}

static bool touches_bars(const PCIDevice *dev, uint32_t offset, int size)
{
    bool bridge = pci_is_bridge(dev);

    return pci_config_overlaps(offset, size, PCI_BASE_ADDRESS_0, bridge ? 8 : 24) ||
           pci_config_overlaps(offset, size,
                               bridge ? PCI_BRIDGE_ROM_ADDRESS : PCI_ROM_ADDRESS, 4);
}

/* The pins that are high appear on or vanish from the bus with INTx disable. */
static void intx_disable_changed(PCIDevice *dev, bool off)
{
    for (int pin = 0; pin < PCI_NUM_PINS; pin++) {
        if (dev->irq_state & (1u << pin)) {
            pci_bus_change_irq(dev, pin, off ? -1 : 1);
        }
    }
}

void pci_default_write_config(PCIDevice *dev, uint32_t offset, uint32_t value, int size)
{
    uint16_t old_command = command(dev);

    assert(offset + (uint32_t)size <= dev->config_size);
    for (int i = 0; i < size; i++) {
        uint32_t at = offset + (uint32_t)i;
        uint8_t byte = (uint8_t)(value >> (8 * i));
        uint8_t wmask = dev->wmask[at];
        uint8_t result = (uint8_t)((dev->config[at] & ~wmask) | (byte & wmask));

        dev->config[at] = (uint8_t)(result & ~(byte & dev->w1cmask[at]));
    }
    uint16_t changed = old_command ^ command(dev);
    if (changed & (PCI_COMMAND_MASTER | PCI_COMMAND_IO | PCI_COMMAND_MEMORY)) {
        pci_update_decoding(dev);
    } else if (touches_bars(dev, offset, size)) {
        pci_update_bars(dev);
    }
    if (changed & PCI_COMMAND_INTX_OFF) {
        intx_disable_changed(dev, command(dev) & PCI_COMMAND_INTX_OFF);
    }
    msi_config_written(dev, offset, size);
    msix_config_written(dev, offset, size);
}

uint32_t pci_host_config_read(PCIDevice *dev, uint32_t offset, int size)
{
    PCIDeviceClass *pc = PCI_DEVICE_GET_CLASS(dev);

    if (offset >= dev->config_size || (uint32_t)size > dev->config_size - offset) {
        return UINT32_MAX >> (32 - 8 * size);
    }
    return pc->config_read(dev, offset, size);
}

void pci_host_config_write(PCIDevice *dev, uint32_t offset, uint32_t value, int size)
{
    PCIDeviceClass *pc = PCI_DEVICE_GET_CLASS(dev);

    if (offset >= dev->config_size || (uint32_t)size > dev->config_size - offset) {
        log_guest_error("pci: configuration write past the end at %#x\n", offset);
        return;
    }
    pc->config_write(dev, offset, value, size);
}

void pci_config_reset(PCIDevice *dev)
{
    dev->config[PCI_INTERRUPT_LINE] = 0;
    dev->config[PCI_CACHE_LINE_SIZE] = 0;
    for (int n = 0; n < PCI_NUM_BARS; n++) {
        const PCIBar *bar = &dev->bars[n];
        uint32_t reg = pci_bar_register(dev, n);
        if (bar->memory) {
            pci_set_long(dev->config + reg, bar->type);
            if (!(bar->type & PCI_BAR_IO) && (bar->type & PCI_BAR_MEM_64)) {
                pci_set_long(dev->config + reg + 4, 0);
            }
        }
    }
    /* What the guest can set in command and status goes. */
    for (uint32_t at = PCI_COMMAND; at < PCI_COMMAND + 4; at++) {
        dev->config[at] &= (uint8_t) ~(dev->wmask[at] | dev->w1cmask[at]);
    }
    msi_reset(dev);
    msix_reset(dev);
    pci_update_decoding(dev);
}

/* --- Capabilities --------------------------------------------------------------------
 */

static uint8_t find_free(PCIDevice *dev, uint8_t size)
{
    uint32_t start = PCI_CONFIG_HEADER_SIZE;

    for (uint32_t at = start; at < PCI_CONFIG_SPACE_SIZE; at++) {
        if (dev->used[at]) {
            start = (at + 4) & ~3u;
        } else if (at - start + 1 == size) {
            return (uint8_t)start;
        }
    }
    return 0;
}

int pci_add_capability(PCIDevice *dev, uint8_t id, uint8_t offset, uint8_t size,
                       Error **errp)
{
    if (!offset) {
        offset = find_free(dev, size);
        if (!offset) {
            error_set(errp, "no room for capability %#x of %u bytes", id, size);
            return -1;
        }
    }
    assert(offset >= PCI_CONFIG_HEADER_SIZE && offset + size <= PCI_CONFIG_SPACE_SIZE);
    for (uint32_t at = offset; at < offset + size; at++) {
        if (dev->used[at]) {
            error_set(errp, "%s: capability %#x at offset %#x overlaps another at %#x",
                      object_get_typename(OBJECT(dev)), id, offset, at);
            return -1;
        }
    }
    dev->config[offset] = id;
    dev->config[offset + 1] = dev->config[PCI_CAPABILITY_LIST];
    dev->config[PCI_CAPABILITY_LIST] = offset;
    dev->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
    /* Read-only until the caller says otherwise. */
    memset(dev->used + offset, 0xff, (size + 3u) & ~3u);
    memset(dev->wmask + offset, 0, size);
    return offset;
}

/* The byte that points at capability @id, or 0. The chain is ours, but bound it. */
static uint8_t find_link(PCIDevice *dev, uint8_t id)
{
    uint8_t link = PCI_CAPABILITY_LIST;

    for (int i = 0; i < 48 && dev->config[link]; i++) {
        uint8_t at = dev->config[link];
        if (dev->config[at] == id) {
            return link;
        }
        link = (uint8_t)(at + 1);
    }
    return 0;
}

uint8_t pci_find_capability(PCIDevice *dev, uint8_t id)
{
    uint8_t link = find_link(dev, id);

    return link ? dev->config[link] : 0;
}

void pci_del_capability(PCIDevice *dev, uint8_t id, uint8_t size)
{
    uint8_t link = find_link(dev, id);

    if (!link) {
        return;
    }
    uint8_t at = dev->config[link];
    dev->config[link] = dev->config[at + 1];
    memset(dev->config + at, 0, size);
    memset(dev->wmask + at, 0xff, size);
    memset(dev->w1cmask + at, 0, size);
    memset(dev->used + at, 0, (size + 3u) & ~3u);
    if (!dev->config[PCI_CAPABILITY_LIST]) {
        dev->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_CAP_LIST;
    }
}
