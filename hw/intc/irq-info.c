/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "info pic" and "info irq": what the interrupt controllers say about themselves. */
#include "hw/intc/irq-info.h"

#include "qapi/command.h"

#include <inttypes.h>

static const TypeInfo irq_info_info = {
    .name = TYPE_IRQ_INFO,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(IrqInfoClass),
};
TYPE_REGISTER(irq_info_info);

/* Newest controller first: the I/O APIC, then the slave and the master 8259. */
static int collect_one(Object *obj, void *opaque)
{
    GSList **list = opaque;

    if (object_class_find(object_get_class(obj), TYPE_IRQ_INFO)) {
        *list = g_slist_prepend(*list, obj);
    }
    return 0;
}

static GSList *controllers(void)
{
    GSList *list = NULL;

    object_child_foreach_recursive(object_get_root(), collect_one, &list);
    return list;
}

static IrqInfoClass *irq_info_class(Object *obj)
{
    return object_class_find(object_get_class(obj), TYPE_IRQ_INFO);
}

static void hmp_info_pic(HmpOut *out, HmpArgs *args)
{
    g_autoptr(GSList) list = controllers();

    for (GSList *l = list; l; l = l->next) {
        irq_info_class(l->data)->print_info(l->data, out->text);
    }
}
HMP_INFO("pic", "", "", "show PIC state", hmp_info_pic);

static void print_statistics(Object *obj, GString *out)
{
    const uint64_t *counts;
    unsigned n;

    if (!irq_info_class(obj)->get_statistics(obj, &counts, &n)) {
        return;
    }
    g_string_append_printf(out, "IRQ statistics for %s:\n", object_get_typename(obj));
    for (unsigned i = 0; i < n; i++) {
        if (counts[i]) {
            g_string_append_printf(out, "%2u: %" PRIu64 "\n", i, counts[i]);
        }
    }
}

static void print_all_statistics(GString *out)
{
    g_autoptr(GSList) list = controllers();

    for (GSList *l = list; l; l = l->next) {
        print_statistics(l->data, out);
    }
}

static void hmp_info_irq(HmpOut *out, HmpArgs *args)
{
    print_all_statistics(out->text);
}
HMP_INFO("irq", "", "", "show the interrupts statistics (if available)", hmp_info_irq);

static bool qmp_x_query_irq(struct json_object *args, struct json_object **ret,
                            Error **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);

    print_all_statistics(text);
    *ret = json_object_new_object();
    json_add_str(*ret, "human-readable-text", text->str);
    return true;
}
QMP_COMMAND("x-query-irq", qmp_x_query_irq, 0);
