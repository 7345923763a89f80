/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Global system interrupts of a PC: line n goes to input n of the 8259 pair (n < 16)
 * and to input n of the I/O APIC at once; the guest masks the one it does not use.
 *
 * A board embeds a GsiState, calls gsi_init() first, gives the lines to the bridge and
 * the devices, and connects the controllers when it has made them:
 *
 *     gsi_init(&board->gsi);
 *     isa_bus_register_input_irqs(bus, board->gsi.isa);
 *     pic = i8259_init(bus, gsi_get_pic_intr(&board->gsi), lines);
 *     gsi_connect_pic(&board->gsi, lines);
 *     gsi_connect_ioapic(&board->gsi, ioapic_init(parent));
 *
 * Context: BQL.
 */
#ifndef STRATA_HW_INTC_GSI_H
#define STRATA_HW_INTC_GSI_H

#include "hw/intc/ioapic.h"
#include "hw/isa/isa.h"

#define GSI_COUNT IOAPIC_NUM_PINS

typedef struct GsiState {
    IrqLine *isa[ISA_NUM_IRQS]; /* the first 16, for isa_bus_register_input_irqs */
    /* private */
    IrqLine lines[GSI_COUNT];
    IrqLine pic_intr;
    IrqLine *pic[ISA_NUM_IRQS];
    IoApicState *ioapic;
} GsiState;

void gsi_init(GsiState *gsi);
void gsi_connect_pic(GsiState *gsi, IrqLine *const lines[ISA_NUM_IRQS]);
void gsi_connect_ioapic(GsiState *gsi, IoApicState *ioapic);
IrqLine *gsi_get_line(GsiState *gsi, int n);
/* Where the INT output of the 8259s goes: LINT0 of the local APICs. */
IrqLine *gsi_get_pic_intr(GsiState *gsi);

#endif
