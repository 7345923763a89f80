/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Property values for all devices of a type: machine compat rows, then -global. */
#include "hw/core/device-internal.h"

typedef struct GlobalTable {
    GlobalProperty *props;
    size_t n;
} GlobalTable;

static GArray *tables; /* GlobalTable; BQL */

void device_register_globals(GlobalProperty *props, size_t n)
{
    GlobalTable table = { props, n };

    if (!tables) {
        tables = g_array_new(FALSE, FALSE, sizeof(GlobalTable));
    }
    g_array_append_val(tables, table);
}

static void apply(DeviceState *dev, GlobalProperty *p)
{
    Error *err = NULL;

    if (p->optional && !object_property_find(OBJECT(dev), p->property)) {
        return;
    }
    p->used = true;
    if (!object_property_parse(OBJECT(dev), p->property, p->value, &err)) {
        error_prepend(&err, "can't apply global %s.%s=%s: ", p->driver, p->property,
                      p->value);
        if (p->user && device_machine_is_ready()) {
            warn_report_err(err); /* the machine goes on without it */
        } else {
            error_propagate(p->user ? &error_fatal : &error_abort, err);
        }
    }
}

void device_apply_globals(DeviceState *dev)
{
    for (guint t = 0; tables && t < tables->len; t++) {
        GlobalTable *table = &g_array_index(tables, GlobalTable, t);
        for (size_t i = 0; i < table->n; i++) {
            if (object_is_a(OBJECT(dev), table->props[i].driver)) {
                apply(dev, &table->props[i]);
            }
        }
    }
}

void device_check_globals(void)
{
    for (guint t = 0; tables && t < tables->len; t++) {
        GlobalTable *table = &g_array_index(tables, GlobalTable, t);
        for (size_t i = 0; i < table->n; i++) {
            GlobalProperty *p = &table->props[i];
            if (!p->user || p->used) {
                continue;
            }
            ObjectClass *klass = object_class_by_name(p->driver);
            if (!klass) {
                warn_report("global %s.%s has invalid class name", p->driver,
                            p->property);
            } else {
                warn_report("global %s.%s=%s not used", p->driver, p->property,
                            p->value);
            }
        }
    }
}
