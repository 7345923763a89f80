/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 8259A pair of a PC, with the edge/level registers of a PCI south bridge.
 * Context: BQL.
 */
#ifndef STRATA_HW_INTC_I8259_H
#define STRATA_HW_INTC_I8259_H

#include "hw/isa/isa.h"

#define TYPE_I8259 "isa-i8259"

typedef struct I8259State I8259State;

/*
 * Make the pair on @bus: master at 20 with ELCR 4d0, slave at a0 with ELCR 4d1 cascaded
 * into input 2. @intr is driven with the master's INT output. @lines receives the 16
 * inputs (NULL for 2, which the slave has). Returns the master.
 */
I8259State *i8259_init(ISABus *bus, IrqLine *intr, IrqLine *lines[ISA_NUM_IRQS]);
/* The CPU's two INTA cycles: the vector; always one, the spurious 7 if need be. */
int i8259_acknowledge(I8259State *master);
/* Level of INT: a request is waiting. */
bool i8259_has_request(const I8259State *master);

#endif
