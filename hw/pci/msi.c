/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI capability. Source: PCI Local Bus Specification 3.0, section 6.8.1.
 *
 * The capability's four layouts (32 or 64-bit address, with or without mask bits)
 * differ only in where data, mask and pending bits are.
 */
#include "hw/pci/msi.h"

#include <assert.h>

#define MSI_FLAGS          2 /* 16 bits */
#define MSI_FLAGS_ENABLE   0x0001
#define MSI_FLAGS_CAPABLE  0x000e
#define MSI_FLAGS_ENABLED  0x0070 /* multiple message enable */
#define MSI_FLAGS_64BIT    0x0080
#define MSI_FLAGS_MASKBITS 0x0100
#define MSI_ADDRESS_LO     4
#define MSI_ADDRESS_HI     8
#define MSI_DATA_32        8
#define MSI_DATA_64        12
#define MSI_MASK_32        12
#define MSI_MASK_64        16

static uint16_t flags(const PCIDevice *dev)
{
    return pci_get_word(dev->config + dev->msi_cap + MSI_FLAGS);
}

static uint8_t mask_offset(const PCIDevice *dev)
{
    return (uint8_t)(dev->msi_cap +
                     (flags(dev) & MSI_FLAGS_64BIT ? MSI_MASK_64 : MSI_MASK_32));
}

static uint8_t cap_size(uint16_t f)
{
    bool wide = f & MSI_FLAGS_64BIT;

    if (f & MSI_FLAGS_MASKBITS) {
        return wide ? 24 : 20;
    }
    return wide ? 14 : 10;
}

static unsigned vectors_capable(const PCIDevice *dev)
{
    return 1u << ((flags(dev) & MSI_FLAGS_CAPABLE) >> 1);
}

void msi_send_message(PCIDevice *dev, MSIMessage msg)
{
    uint8_t data[4];

    pci_set_long(data, msg.data);
    pci_dma_write(dev, msg.address, data, sizeof(data));
}

static unsigned log2_of(unsigned n)
{
    unsigned shift = 0;

    while ((1u << shift) < n) {
        shift++;
    }
    return shift;
}

bool msi_init(PCIDevice *dev, uint8_t offset, unsigned num_vectors, bool is_64bit,
              bool per_vector_mask, Error **errp)
{
    unsigned shift = log2_of(num_vectors);
    uint16_t f = (uint16_t)(shift << 1 | (is_64bit ? MSI_FLAGS_64BIT : 0) |
                            (per_vector_mask ? MSI_FLAGS_MASKBITS : 0));

    assert(num_vectors >= 1 && num_vectors <= 32 && num_vectors == 1u << shift);
    int cap = pci_add_capability(dev, PCI_CAP_ID_MSI, offset, cap_size(f), errp);
    if (cap < 0) {
        return false;
    }
    uint8_t *wmask = dev->wmask + cap;
    dev->msi_cap = (uint8_t)cap;
    pci_set_word(dev->config + cap + MSI_FLAGS, f);
    pci_set_word(wmask + MSI_FLAGS, num_vectors > 1
                                        ? MSI_FLAGS_ENABLED | MSI_FLAGS_ENABLE
                                        : MSI_FLAGS_ENABLE);
    pci_set_long(wmask + MSI_ADDRESS_LO, 0xfffffffc);
    if (is_64bit) {
        pci_set_long(wmask + MSI_ADDRESS_HI, UINT32_MAX);
    }
    pci_set_word(wmask + (is_64bit ? MSI_DATA_64 : MSI_DATA_32), 0xffff);
    if (per_vector_mask) {
        pci_set_long(dev->wmask + mask_offset(dev),
                     (uint32_t)((1ull << num_vectors) - 1));
    }
    return true;
}

void msi_uninit(PCIDevice *dev)
{
    if (msi_present(dev)) {
        pci_del_capability(dev, PCI_CAP_ID_MSI, cap_size(flags(dev)));
        dev->msi_cap = 0;
    }
}

bool msi_enabled(const PCIDevice *dev)
{
    return msi_present(dev) && (flags(dev) & MSI_FLAGS_ENABLE);
}

unsigned msi_num_vectors_allocated(const PCIDevice *dev)
{
    unsigned n = 1u << ((flags(dev) & MSI_FLAGS_ENABLED) >> 4);

    /* The guest may have asked for more than there are. */
    return MIN(n, vectors_capable(dev));
}

MSIMessage msi_get_message(PCIDevice *dev, unsigned vector)
{
    const uint8_t *cap = dev->config + dev->msi_cap;
    bool wide = flags(dev) & MSI_FLAGS_64BIT;
    unsigned n = msi_num_vectors_allocated(dev);
    uint16_t data = pci_get_word(cap + (wide ? MSI_DATA_64 : MSI_DATA_32));

    /* 6.8.1.6: the function changes only the low bits of the data. */
    return (MSIMessage){
        .address = wide ? pci_get_quad(cap + MSI_ADDRESS_LO)
                        : pci_get_long(cap + MSI_ADDRESS_LO),
        .data = (data & ~(n - 1)) | (vector & (n - 1)),
    };
}

void msi_notify(PCIDevice *dev, unsigned vector)
{
    if (!msi_enabled(dev) || vector >= 32) {
        return;
    }
    if (flags(dev) & MSI_FLAGS_MASKBITS) {
        uint8_t *mask = dev->config + mask_offset(dev);
        if (pci_get_long(mask) & (1u << vector)) {
            pci_set_long(mask + 4, pci_get_long(mask + 4) | 1u << vector);
            return;
        }
    }
    msi_send_message(dev, msi_get_message(dev, vector));
}

/* A pending vector that is no longer masked is sent now (6.8.1.9). */
static void send_unmasked(PCIDevice *dev)
{
    uint8_t *mask = dev->config + mask_offset(dev);
    uint32_t ready = pci_get_long(mask + 4) & ~pci_get_long(mask);

    pci_set_long(mask + 4, pci_get_long(mask + 4) & ~ready);
    for (unsigned v = 0; v < 32; v++) {
        if (ready & (1u << v)) {
            msi_notify(dev, v);
        }
    }
}

void msi_config_written(PCIDevice *dev, uint32_t offset, int size)
{
    if (!msi_present(dev) ||
        !pci_config_overlaps(offset, size, dev->msi_cap, cap_size(flags(dev))) ||
        !msi_enabled(dev)) {
        return;
    }
    pci_set_irq(dev, 0); /* 6.8: INTx and MSI exclude each other */
    if (flags(dev) & MSI_FLAGS_MASKBITS) {
        send_unmasked(dev);
    }
}

void msi_reset(PCIDevice *dev)
{
    if (!msi_present(dev)) {
        return;
    }
    uint8_t *cap = dev->config + dev->msi_cap;
    uint16_t f = flags(dev) & (uint16_t) ~(MSI_FLAGS_ENABLE | MSI_FLAGS_ENABLED);
    pci_set_word(cap + MSI_FLAGS, f);
    for (uint8_t at = MSI_ADDRESS_LO; at < cap_size(f); at++) {
        cap[at] = 0;
    }
}
