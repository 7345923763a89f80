/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI Express capability, extended capabilities, advanced error reporting. Source: PCI
 * Express Base Specification 2.0, 7.8 to 7.12. Not modelled: errors, power budgeting,
 * function level reset, link training: the link of a port is up while something is
 * behind it.
 */
#include "hw/pci/pcie.h"

#include <assert.h>

#define LNK_2_5GT     0x0001u
#define LNK_X1        0x0010u
#define LNKCAP_L0S    0x00000400u /* ASPM L0s */
#define LNKCAP_PORT   24          /* shift */
#define LNKCTL_WMASK  0x0003u     /* ASPM */
#define LNKCTL2_WMASK 0x000fu     /* target speed */

#define EXT_CAP_START        0x100
#define EXT_CAP_NEXT(header) ((header) >> 20)

/* --- AER (7.10), offsets in it --- */
#define AER_UNCOR_STATUS   0x04
#define AER_UNCOR_MASK     0x08
#define AER_UNCOR_SEVERITY 0x0c
#define AER_UNCOR_BITS     0x007ff030u
#define AER_UNCOR_FATAL    0x00462030u
#define AER_COR_STATUS     0x10
#define AER_COR_MASK       0x14
#define AER_COR_BITS       0x0000f1c1u
#define AER_COR_MASKED     0x0000e000u /* advisory, internal, log overflow */
#define AER_CAPABILITIES   0x18
#define AER_SIZE           0x48

static bool is_port(PCIEType type)
{
    return type == PCIE_ROOT_PORT || type == PCIE_UPSTREAM || type == PCIE_DOWNSTREAM;
}

static void init_link(PCIDevice *dev, uint8_t cap, uint8_t port)
{
    pci_set_long(dev->config + cap + PCIE_LNKCAP,
                 LNK_2_5GT | LNK_X1 | LNKCAP_L0S | (uint32_t)port << LNKCAP_PORT);
    pci_set_word(dev->wmask + cap + PCIE_LNKCTL, LNKCTL_WMASK);
    pci_set_word(dev->config + cap + PCIE_LNKSTA, LNK_2_5GT | LNK_X1);
}

bool pcie_cap_init(PCIDevice *dev, uint8_t offset, unsigned version, PCIEType type,
                   uint8_t port, Error **errp)
{
    uint8_t size = version == 1 ? PCIE_CAP_V1_SIZE : PCIE_CAP_V2_SIZE;
    int cap = pci_add_capability(dev, PCI_CAP_ID_EXPRESS, offset, size, errp);

    if (cap < 0) {
        return false;
    }
    if (type == PCIE_ENDPOINT && pci_bus_is_root(pci_get_bus(dev))) {
        type = PCIE_RC_ENDPOINT;
    }
    uint8_t *c = dev->config + cap;
    pci_set_word(c + PCIE_FLAGS,
                 (uint16_t)(version | (unsigned)type << PCIE_FLAGS_TYPE));
    pci_set_long(c + PCIE_DEVCAP, PCIE_DEVCAP_RBER);
    pci_set_word(dev->wmask + cap + PCIE_DEVCTL, PCIE_DEVCTL_WMASK);
    pci_set_word(dev->w1cmask + cap + PCIE_DEVSTA, PCIE_DEVSTA_W1C);
    /* An integrated endpoint of version 2 has no link. */
    if (version == 1 || type != PCIE_RC_ENDPOINT) {
        init_link(dev, (uint8_t)cap, is_port(type) ? port : 0);
    }
    if (version >= 2 && type != PCIE_RC_ENDPOINT) {
        pci_set_word(c + PCIE_LNKCTL2, LNK_2_5GT);
        pci_set_word(dev->wmask + cap + PCIE_LNKCTL2, LNKCTL2_WMASK);
    }
    return true;
}

void pcie_cap_reset(PCIDevice *dev)
{
    uint8_t cap = pcie_cap(dev);

    if (cap) {
        pci_set_word(dev->config + cap + PCIE_DEVCTL, 0);
        pci_set_word(dev->config + cap + PCIE_LNKCTL, 0);
    }
}

uint8_t *pcie_add_ext_cap(PCIDevice *dev, uint16_t id, unsigned version,
                          uint16_t offset, uint16_t size)
{
    assert(offset >= EXT_CAP_START && offset + size <= dev->config_size);
    uint32_t at = EXT_CAP_START;

    /* The chain so far, each link to a higher offset. */
    while (offset > EXT_CAP_START) {
        uint32_t header = pci_get_long(dev->config + at);
        assert(header && at < offset);
        if (!EXT_CAP_NEXT(header)) {
            pci_set_long(dev->config + at, header | (uint32_t)offset << 20);
            break;
        }
        at = EXT_CAP_NEXT(header);
    }
    pci_set_long(dev->config + offset, id | version << 16);
    return dev->config + offset;
}

void pcie_aer_init(PCIDevice *dev, uint16_t offset)
{
    uint8_t *c = pcie_add_ext_cap(dev, PCIE_EXT_CAP_AER, 2, offset, AER_SIZE);
    uint8_t *w = dev->wmask + offset, *w1c = dev->w1cmask + offset;

    pci_set_long(w1c + AER_UNCOR_STATUS, AER_UNCOR_BITS);
    pci_set_long(w + AER_UNCOR_MASK, AER_UNCOR_BITS);
    pci_set_long(c + AER_UNCOR_SEVERITY, AER_UNCOR_FATAL);
    pci_set_long(w + AER_UNCOR_SEVERITY, AER_UNCOR_BITS);
    pci_set_long(w1c + AER_COR_STATUS, AER_COR_BITS);
    pci_set_long(c + AER_COR_MASK, AER_COR_MASKED);
    pci_set_long(w + AER_COR_MASK, AER_COR_BITS);
}
