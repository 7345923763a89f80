/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI Express: the capability that every such function has, and extended capabilities.
 * Source: PCI Express Base Specification 2.0, sections 7.8 to 7.12. Context: BQL.
 */
#ifndef STRATA_HW_PCI_PCIE_H
#define STRATA_HW_PCI_PCIE_H

#include "hw/pci/pci.h"

/* --- PCI Express capability (7.8), offsets in it --- */
#define PCIE_FLAGS         0x02 /* 16 bits */
#define PCIE_FLAGS_VERSION 0x000f
#define PCIE_FLAGS_TYPE    4 /* shift */
#define PCIE_FLAGS_SLOT    0x0100
#define PCIE_DEVCAP        0x04 /* 32 bits */
#define PCIE_DEVCAP_RBER   0x00008000u
#define PCIE_DEVCAP_FLR    0x10000000u
#define PCIE_DEVCTL        0x08 /* 16 bits */
#define PCIE_DEVCTL_WMASK  0x7fff
#define PCIE_DEVSTA        0x0a
#define PCIE_DEVSTA_W1C    0x000f
#define PCIE_LNKCAP        0x0c /* 32 bits */
#define PCIE_LNKCTL        0x10 /* 16 bits */
#define PCIE_LNKSTA        0x12
#define PCIE_LNKSTA_DLLLA  0x2000 /* the data link layer is active */
#define PCIE_SLTCAP        0x14   /* 32 bits */
#define PCIE_SLTCTL        0x18   /* 16 bits */
#define PCIE_SLTSTA        0x1a
#define PCIE_RTCTL         0x1c
#define PCIE_RTCAP         0x1e
#define PCIE_RTSTA         0x20 /* 32 bits */
#define PCIE_DEVCAP2       0x24 /* 32 bits */
#define PCIE_DEVCTL2       0x28
#define PCIE_LNKCTL2       0x30
#define PCIE_CAP_V1_SIZE   0x14
#define PCIE_CAP_V2_SIZE   0x3c

/* Device or port type (7.8.2). */
typedef enum PCIEType {
    PCIE_ENDPOINT = 0,
    PCIE_ROOT_PORT = 4,
    PCIE_UPSTREAM = 5,
    PCIE_DOWNSTREAM = 6,
    PCIE_RC_ENDPOINT = 9,
} PCIEType;

/* --- Extended capabilities (7.9.3) --- */
#define PCIE_EXT_CAP_AER 0x0001
#define PCIE_EXT_CAP_DSN 0x0003
#define PCIE_EXT_CAP_ACS 0x000d

/*
 * In realize: add the capability with @version 1 or 2 at @offset (0: a free place). An
 * endpoint on a root bus becomes an integrated one. Link: 2.5 GT/s, one lane.
 */
bool pcie_cap_init(PCIDevice *dev, uint8_t offset, unsigned version, PCIEType type,
                   uint8_t port, Error **errp) WARN_UNUSED;
static inline uint8_t pcie_cap(PCIDevice *dev)
{
    return pci_find_capability(dev, PCI_CAP_ID_EXPRESS);
}
void pcie_cap_reset(PCIDevice *dev);
/*
 * In realize, by rising offset from 100 on: @size bytes, read-only until the caller
 * says otherwise. Returns where the registers are.
 */
uint8_t *pcie_add_ext_cap(PCIDevice *dev, uint16_t id, unsigned version,
                          uint16_t offset, uint16_t size);
/* Advanced error reporting: nothing is ever reported. */
void pcie_aer_init(PCIDevice *dev, uint16_t offset);

#endif
