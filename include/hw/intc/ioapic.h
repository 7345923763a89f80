/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O APIC. A board makes it with device_new(TYPE_IOAPIC), gives it a parent,
 * realizes it as a sysbus device, maps region 0 at fec00000 and drives the 24 inputs.
 */
#ifndef STRATA_HW_INTC_IOAPIC_H
#define STRATA_HW_INTC_IOAPIC_H

#include "hw/core/sysbus.h"

#define TYPE_IOAPIC         "ioapic"
#define IOAPIC_NUM_PINS     24
#define IOAPIC_DEFAULT_BASE 0xfec00000u

typedef struct IoApicState IoApicState;

/*
 * Make, add as child "ioapic" of @parent, realize and map. Input n is GSI n, but for
 * GSI 0, which arrives at pin 2: the PC's override.
 */
IoApicState *ioapic_init(Object *parent);
/* Input @n as a line to drive. */
IrqLine *ioapic_get_line(IoApicState *ioapic, int n);

#endif
