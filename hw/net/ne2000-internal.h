/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NE2000: a DP8390 with 32 KiB of buffer memory behind a data port (ne2000.c), as
 * an ISA card (ne2000-isa.c) and as the RTL8029 (ne2000-pci.c).
 */
#ifndef STRATA_HW_NET_NE2000_INTERNAL_H
#define STRATA_HW_NET_NE2000_INTERNAL_H

#include "hw/core/irq.h"
#include "memory/memory.h"
#include "migration/vmstate.h"
#include "softmmu/net.h"

#define NE2000_PORTS     0x20 /* of the ISA card; the PCI function repeats nothing */
#define NE2000_PROM_SIZE 32
#define NE2000_RAM_BASE  0x4000u
#define NE2000_RAM_SIZE  0x8000u

typedef struct NE2000State {
    MemoryRegion io;
    IrqLine *irq;
    NetClient nc;
    NicConf conf;

    /* DP8390 registers, in the order of its pages. */
    uint8_t cr;
    uint8_t pstart, pstop, bnry, tsr, tpsr, isr, rsr, rcr, tcr, dcr, imr;
    uint16_t tbcr, rsar, rbcr; /* rsar and rbcr count as the remote DMA goes on */
    uint8_t missed;            /* CNTR2 */
    uint8_t par[6], curr, mar[8];

    uint8_t prom[NE2000_PROM_SIZE]; /* follows from the address; not migrated */
    uint8_t ram[NE2000_RAM_SIZE];
} NE2000State;

extern const VMStateDescription vmstate_ne2000_core;
extern const MemoryRegionOps ne2000_ops;

/* @irq: the card's line. Plugs the cable in: @model and @id name the client. */
void ne2000_init(NE2000State *s, IrqLine *irq, const char *model, const char *id);
void ne2000_cleanup(NE2000State *s);
void ne2000_reset(NE2000State *s);

#endif
