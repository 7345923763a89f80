/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/reset.h"
#include "hw/core/device.h"

static const TypeInfo resettable_info = {
    .name = TYPE_RESETTABLE,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(ResettableClass),
    .abstract = true,
};
TYPE_REGISTER(resettable_info);

typedef struct ResetHandler {
    ResetHandlerFn *fn;
    void *opaque;
} ResetHandler;

static GArray *handlers; /* ResetHandler; BQL */

static ResettableClass *resettable_class(Object *obj)
{
    return object_class_cast(obj->klass, TYPE_RESETTABLE);
}

static void run_enter(Object *obj, void *opaque)
{
    ResettableClass *rc = resettable_class(obj);

    if (rc->child_foreach) {
        rc->child_foreach(obj, run_enter, NULL);
    }
    if (rc->phases.enter) {
        rc->phases.enter(obj, RESET_TYPE_COLD);
    }
}

static void run_hold(Object *obj, void *opaque)
{
    ResettableClass *rc = resettable_class(obj);

    if (rc->child_foreach) {
        rc->child_foreach(obj, run_hold, NULL);
    }
    if (rc->phases.hold) {
        rc->phases.hold(obj);
    }
}

static void run_exit(Object *obj, void *opaque)
{
    ResettableClass *rc = resettable_class(obj);

    if (rc->child_foreach) {
        rc->child_foreach(obj, run_exit, NULL);
    }
    if (rc->phases.exit) {
        rc->phases.exit(obj);
    }
}

void resettable_reset(Object *obj)
{
    run_enter(obj, NULL);
    run_hold(obj, NULL);
    run_exit(obj, NULL);
}

void register_reset_handler(ResetHandlerFn *fn, void *opaque)
{
    ResetHandler h = { fn, opaque };

    if (!handlers) {
        handlers = g_array_new(FALSE, FALSE, sizeof(ResetHandler));
    }
    g_array_append_val(handlers, h);
}

void unregister_reset_handler(ResetHandlerFn *fn, void *opaque)
{
    for (guint i = 0; handlers && i < handlers->len; i++) {
        ResetHandler *h = &g_array_index(handlers, ResetHandler, i);
        if (h->fn == fn && h->opaque == opaque) {
            g_array_remove_index(handlers, i);
            return;
        }
    }
}

void machine_reset_all(void)
{
    Object *bus = OBJECT(main_system_bus());

    run_enter(bus, NULL);
    run_hold(bus, NULL);
    for (guint i = 0; handlers && i < handlers->len; i++) {
        ResetHandler *h = &g_array_index(handlers, ResetHandler, i);
        h->fn(h->opaque);
    }
    run_exit(bus, NULL);
}
