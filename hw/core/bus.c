/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/device-internal.h"

#include <assert.h>
#include <string.h>

static BusState *system_bus; /* BQL; lives for ever */

BusState *main_system_bus(void)
{
    if (!system_bus) {
        system_bus = BUS(object_new("System"));
        system_bus->name = g_strdup("main-system-bus");
        object_property_add_child(
            container_get(object_get_root(), "/machine/unattached"), "sysbus",
            OBJECT(system_bus));
        object_unref(system_bus);
    }
    return system_bus;
}

/* The name a bus gets: the parent's id and a number, or the type's name and a number.
 */
static char *make_name(BusState *bus, DeviceState *parent)
{
    if (parent && parent->id) {
        return g_strdup_printf("%s.%u", parent->id,
                               g_slist_length(parent->child_buses));
    }
    g_autofree char *lower = g_ascii_strdown(object_get_typename(OBJECT(bus)), -1);
    for (unsigned i = 0;; i++) {
        char *name = g_strdup_printf("%s.%u", lower, i);
        if (!bus_find(name, NULL, NULL)) {
            return name;
        }
        g_free(name);
    }
}

static void attach(BusState *bus, DeviceState *parent, const char *name)
{
    bus->name = name ? g_strdup(name) : make_name(bus, parent);
    bus->parent = parent;
    if (parent) {
        object_property_add_child(OBJECT(parent), bus->name, OBJECT(bus));
        parent->child_buses = g_slist_prepend(parent->child_buses, bus);
        object_unref(bus);
    }
}

BusState *bus_new(const char *type_name, DeviceState *parent, const char *name)
{
    BusState *bus = BUS(object_new(type_name));

    attach(bus, parent, name);
    return bus;
}

void bus_init(void *storage, size_t size, const char *type_name, DeviceState *parent,
              const char *name)
{
    object_initialize(storage, size, type_name);
    attach(storage, parent, name);
}

bool bus_realize(BusState *bus, Error **errp)
{
    BusClass *bc = BUS_GET_CLASS(bus);

    if (bus->realized) {
        return true;
    }
    if (bc->realize && !bc->realize(bus, errp)) {
        return false;
    }
    bus->realized = true;
    return true;
}

void bus_unrealize(BusState *bus)
{
    BusClass *bc = BUS_GET_CLASS(bus);

    while (bus->children->len) {
        device_unparent(g_ptr_array_index(bus->children, bus->children->len - 1));
    }
    if (bus->realized && bc->unrealize) {
        bc->unrealize(bus);
    }
    bus->realized = false;
}

void bus_set_hotplug_handler(BusState *bus, Object *handler)
{
    bus->hotplug_handler = handler;
}

bool bus_add_device(BusState *bus, DeviceState *dev, Error **errp)
{
    BusClass *bc = BUS_GET_CLASS(bus);

    assert(!dev->parent_bus);
    if (bc->max_dev && bus->children->len >= (guint)bc->max_dev) {
        return error_set(errp, "Bus '%s' is full", bus->name);
    }
    if (bc->check_address && !bc->check_address(bus, dev, errp)) {
        return false;
    }
    g_ptr_array_add(bus->children, object_ref(dev));
    dev->parent_bus = bus;
    bus->max_index++;
    return true;
}

void bus_remove_device(DeviceState *dev)
{
    BusState *bus = dev->parent_bus;

    if (bus && g_ptr_array_remove(bus->children, dev)) {
        dev->parent_bus = NULL;
        object_unref(dev);
    }
}

/* --- Finding -------------------------------------------------------------------------
 */

typedef bool BusMatchFn(BusState *bus, const void *opaque);

static BusState *search(BusState *bus, BusMatchFn *match, const void *opaque)
{
    if (match(bus, opaque)) {
        return bus;
    }
    for (guint i = bus->children->len; i > 0; i--) { /* the newest first */
        DeviceState *dev = g_ptr_array_index(bus->children, i - 1);
        for (GSList *l = dev->child_buses; l; l = l->next) {
            BusState *found = search(l->data, match, opaque);
            if (found) {
                return found;
            }
        }
    }
    return NULL;
}

static bool match_name(BusState *bus, const void *opaque)
{
    return !strcmp(bus->name, opaque);
}

static bool match_type(BusState *bus, const void *opaque)
{
    BusClass *bc = BUS_GET_CLASS(bus);

    return object_is_a(OBJECT(bus), opaque) && !bus->full &&
           !(bc->max_dev && bus->children->len >= (guint)bc->max_dev);
}

BusState *bus_find_of_type(const char *type_name)
{
    return search(main_system_bus(), match_type, type_name);
}

BusState *bus_find(const char *path, const char *type_name, Error **errp)
{
    BusState *bus = NULL;

    if (*path == '/') {
        bus = object_find_cast(object_resolve_path(path, NULL), TYPE_BUS);
    } else {
        bus = search(main_system_bus(), match_name, path);
        if (!bus) {
            /* A device's id names its only bus. */
            DeviceState *dev = device_find(path, NULL);
            if (dev && dev->child_buses && !dev->child_buses->next) {
                bus = dev->child_buses->data;
            }
        }
    }
    if (!bus) {
        error_set(errp, "Bus '%s' not found", path);
        return NULL;
    }
    if (type_name && !object_is_a(OBJECT(bus), type_name)) {
        error_set(errp, "bus '%s' is of type %s, not %s", path,
                  object_get_typename(OBJECT(bus)), type_name);
        return NULL;
    }
    return bus;
}

/* --- Type ----------------------------------------------------------------------------
 */

static void bus_instance_init(Object *obj)
{
    BusState *bus = (BusState *)obj;

    bus->children = g_ptr_array_new();
}

static void bus_instance_finalize(Object *obj)
{
    BusState *bus = (BusState *)obj;

    assert(!bus->children->len);
    g_ptr_array_unref(bus->children);
    g_free(bus->name);
}

static void bus_child_foreach(Object *obj, ResettableChildFn *fn, void *opaque)
{
    BusState *bus = BUS(obj);

    for (guint i = 0; i < bus->children->len; i++) {
        fn(g_ptr_array_index(bus->children, i), opaque);
    }
}

static void bus_hold(Object *obj)
{
    BusClass *bc = BUS_GET_CLASS(obj);

    if (bc->reset_hold) {
        bc->reset_hold(BUS(obj));
    }
}

static void bus_class_init(ObjectClass *klass, const void *data)
{
    ResettableClass *rc = object_class_cast(klass, TYPE_RESETTABLE);

    rc->child_foreach = bus_child_foreach;
    rc->phases.hold = bus_hold;
}

static const char *const bus_interfaces[] = { TYPE_RESETTABLE, NULL };
static const TypeInfo bus_info = {
    .name = TYPE_BUS,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(BusState),
    .class_size = sizeof(BusClass),
    .abstract = true,
    .instance_init = bus_instance_init,
    .instance_finalize = bus_instance_finalize,
    .class_init = bus_class_init,
    .interfaces = bus_interfaces,
};
TYPE_REGISTER(bus_info);
