/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An OR gate for lines: "or-irq", a device without registers. Context: BQL. */
#ifndef STRATA_HW_CORE_OR_IRQ_H
#define STRATA_HW_CORE_OR_IRQ_H

#include "hw/core/device.h"

#define TYPE_OR_IRQ "or-irq"

/*
 * A gate of @lines (1 to 48) inputs, all low, that drives @out; a child of @parent,
 * which keeps it. Its inputs are device_get_gpio_in(dev, n).
 */
DeviceState *or_irq_new(Object *parent, const char *name, unsigned lines, IrqLine *out);

#endif
