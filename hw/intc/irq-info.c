/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "info pic" and "info irq": what the interrupt controllers say about themselves. */
#include "hw/intc/irq-info.h"

#include "qapi/command.h"

static const TypeInfo irq_info_info = {
    .name = TYPE_IRQ_INFO,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(IrqInfoClass),
};
TYPE_REGISTER(irq_info_info);

static int print_one(Object *obj, void *opaque)
{
    HmpOut *out = opaque;
    IrqInfoClass *ic = object_class_find(object_get_class(obj), TYPE_IRQ_INFO);

    if (ic && ic->print_info) {
        ic->print_info(obj, out->text);
    }
    return 0;
}

static void hmp_info_pic(HmpOut *out, HmpArgs *args)
{
    object_child_foreach_recursive(object_get_root(), print_one, out);
}
HMP_INFO("pic", "", "", "show PIC state", hmp_info_pic);

static int print_statistics(Object *obj, void *opaque)
{
    HmpOut *out = opaque;
    IrqInfoClass *ic = object_class_find(object_get_class(obj), TYPE_IRQ_INFO);
    const uint64_t *counts;
    unsigned n;

    if (!ic || !ic->get_statistics) {
        return 0;
    }
    if (!ic->get_statistics(obj, &counts, &n)) {
        return 0;
    }
    hmp_printf(out, "IRQ statistics for %s:\n", object_get_typename(obj));
    for (unsigned i = 0; i < n; i++) {
        if (counts[i]) {
            hmp_printf(out, "%2u: %" PRIu64 "\n", i, counts[i]);
        }
    }
    return 0;
}

static void hmp_info_irq(HmpOut *out, HmpArgs *args)
{
    object_child_foreach_recursive(object_get_root(), print_statistics, out);
}
HMP_INFO("irq", "", "", "show the interrupts statistics (if available)", hmp_info_irq);
