/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 8254 interval timer: counter 0 makes the timer interrupt, counter 2 the speaker's
 * tone (its gate is bit 0 of port 61). Context: BQL.
 */
#ifndef STRATA_HW_TIMER_I8254_H
#define STRATA_HW_TIMER_I8254_H

#include "hw/isa/isa.h"

#define TYPE_I8254 "isa-pit"
#define PIT_HZ     1193182u

typedef struct I8254State I8254State;

/*
 * Make it at port @base. @irq is driven by OUT0. GPIO input 0 of the device disables
 * that (the HPET's legacy replacement) while it is high.
 */
I8254State *i8254_init(ISABus *bus, uint16_t base, IrqLine *irq);
void i8254_set_gate(I8254State *s, int counter, bool level);
bool i8254_get_gate(I8254State *s, int counter);
/* OUT of a counter now. */
bool i8254_get_out(I8254State *s, int counter);

#endif
