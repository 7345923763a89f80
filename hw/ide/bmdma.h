/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One channel's bus master function (SFF-8038i), for PCI IDE controllers. */
#ifndef STRATA_IDE_BMDMA_H
#define STRATA_IDE_BMDMA_H

#include "hw/ide/ide.h"
#include "hw/pci/pci.h"

typedef struct BMDMA {
    /* Registers. */
    uint8_t command;
    uint8_t status;
    uint32_t table; /* Descriptor Table Pointer */

    /* The transfer: the descriptor in work. */
    uint32_t next;      /* address of the next descriptor */
    uint32_t addr, len; /* what is left of the present one */
    bool last;          /* it is the last one */

    /* private */
    IDEBus *bus;
    PCIDevice *pci;
    IrqLine *irq; /* where the drive's interrupt goes on to */
    IrqLine drive_irq;
    MemoryRegion registers; /* command and status */
    MemoryRegion pointer;
} BMDMA;

/* Wire @bus to @irq through the function. @name_registers: of that region. */
void bmdma_init(BMDMA *bm, PCIDevice *pci, IDEBus *bus, IrqLine *irq,
                const char *name_registers);
void bmdma_reset(BMDMA *bm);
extern const VMStateDescription vmstate_bmdma;

#endif
