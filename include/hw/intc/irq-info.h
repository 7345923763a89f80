/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt controllers that can be asked about themselves: "info pic" prints each
 * one's registers, "info irq" how often each input has been raised. Context: BQL.
 */
#ifndef STRATA_HW_INTC_IRQ_INFO_H
#define STRATA_HW_INTC_IRQ_INFO_H

#include "qom/object.h"

#define TYPE_IRQ_INFO "interrupt-stats-provider"

typedef struct IrqInfoClass {
    ObjectClass parent_class;
    /* Append the register dump, whole lines. */
    void (*print_info)(Object *obj, GString *out);
    /* Number of inputs and their counts; false when there is nothing to count. */
    bool (*get_statistics)(Object *obj, const uint64_t **counts, unsigned *n);
} IrqInfoClass;

#endif
