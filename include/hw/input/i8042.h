/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 8042 keyboard controller of a PC with its keyboard and mouse. Outputs: 0 is the
 * keyboard's interrupt, 1 the mouse's, "a20" the A20 gate. Context: BQL.
 */
#ifndef STRATA_HW_INPUT_I8042_H
#define STRATA_HW_INPUT_I8042_H

#include "hw/isa/isa.h"

#define TYPE_I8042     "i8042"
#define I8042_A20_LINE "a20"

struct Ps2MouseState;
/* The mouse of the controller on @bus, or NULL. */
struct Ps2MouseState *i8042_find_mouse(ISABus *bus);
/* Make it at ports 60 and 64; @a20 is driven with the A20 gate. */
ISADevice *i8042_init(ISABus *bus, IrqLine *a20);

#endif
