/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two ports that belong to no device of a PC: 80, which POST codes are written to, and
 * F0, which ends the coprocessor's error interrupt (IRQ 13). Context: BQL.
 */
#ifndef STRATA_HW_MISC_PC_PORTS_H
#define STRATA_HW_MISC_PC_PORTS_H

#include "hw/core/irq.h"
#include "memory/memory.h"

typedef struct PcPorts {
    /* private */
    MemoryRegion port80, portf0;
    IrqLine *irq13;
} PcPorts;

/* Map "ioport80" and "ioportF0" into @io. @ports lives as long as the machine. */
void pc_ports_init(PcPorts *ports, MemoryRegion *io, IrqLine *irq13);
/* FERR# of a CPU; a level of 1 is latched until port F0 is written. */
void pc_ports_set_ferr(PcPorts *ports, int level);

#endif
