/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MSI and MSI-X: interrupts as memory writes through the function's bus-master address
 * space, so they need bus mastering and follow an IOMMU. Source: PCI Local Bus
 * Specification 3.0, section 6.8. Context: BQL.
 */
#ifndef STRATA_HW_PCI_MSI_H
#define STRATA_HW_PCI_MSI_H

#include "hw/pci/pci.h"

typedef struct MSIMessage {
    uint64_t address;
    uint32_t data;
} MSIMessage;

/* The write itself. */
void msi_send_message(PCIDevice *dev, MSIMessage msg);

/* --- MSI ------------------------------------------------------------------------- */

/*
 * Add the capability in realize: @offset 0 for any place, @num_vectors 1, 2, 4 ... 32.
 */
bool msi_init(PCIDevice *dev, uint8_t offset, unsigned num_vectors, bool is_64bit,
              bool per_vector_mask, Error **errp) WARN_UNUSED;
void msi_uninit(PCIDevice *dev);
static inline bool msi_present(const PCIDevice *dev)
{
    return dev->msi_cap != 0;
}
bool msi_enabled(const PCIDevice *dev);
/* As many as the guest has enabled. */
unsigned msi_num_vectors_allocated(const PCIDevice *dev);
MSIMessage msi_get_message(PCIDevice *dev, unsigned vector);
/* Send @vector, or mark it pending while masked. Only when msi_enabled(). */
void msi_notify(PCIDevice *dev, unsigned vector);

/* --- MSI-X ----------------------------------------------------------------------- */

/*
 * Table and pending bits inside BARs of the caller's, whose regions are containers:
 * @num_vectors at @table_offset of BAR @table_bar, bits at @pba_offset of @pba_bar.
 * @cap_offset 0: any place.
 */
bool msix_init(PCIDevice *dev, unsigned num_vectors, MemoryRegion *table_region,
               uint8_t table_bar, uint32_t table_offset, MemoryRegion *pba_region,
               uint8_t pba_bar, uint32_t pba_offset, uint8_t cap_offset,
               Error **errp) WARN_UNUSED;
/* The same in a BAR of their own, made here and named "TYPE-msix". */
bool msix_init_exclusive_bar(PCIDevice *dev, unsigned num_vectors, uint8_t bar,
                             Error **errp) WARN_UNUSED;
void msix_uninit(PCIDevice *dev);
static inline bool msix_present(const PCIDevice *dev)
{
    return dev->msix_cap != 0;
}
bool msix_enabled(const PCIDevice *dev);
MSIMessage msix_get_message(PCIDevice *dev, unsigned vector);
bool msix_is_masked(PCIDevice *dev, unsigned vector);
bool msix_is_pending(PCIDevice *dev, unsigned vector);
void msix_notify(PCIDevice *dev, unsigned vector);
/* Part of a device's vmstate: VMSTATE_MSIX(parent_obj, MyState) after the function. */
extern const VMStateDescription vmstate_msix;
#define VMSTATE_MSIX(f, S) VMSTATE_STRUCT(f, S, vmstate_msix)

/* Called by the configuration space and reset code. */
void msi_config_written(PCIDevice *dev, uint32_t offset, int size);
void msi_reset(PCIDevice *dev);
void msix_config_written(PCIDevice *dev, uint32_t offset, int size);
void msix_reset(PCIDevice *dev);

#endif
