/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * D1: a device that is realized has a canonical path and its hotplug handler agreed.
 * D2: a failed realize leaves no trace on the bus or in the tree.
 */
#include "hw/core/device.h"
#include "hw/core/device-internal.h"
#include "memory/memory.h"
#include "qapi/events.h"
#include "util/atomic.h"

#include <assert.h>
#include <json-c/json.h>
#include <string.h>

static bool machine_ready; /* BQL */
static MachineHotplugHandlerFn *machine_handler;

DeviceState *device_new(const char *type_name)
{
    DeviceState *dev = DEVICE(object_new(type_name));

    device_apply_globals(dev);
    return dev;
}

void device_set_machine_ready(void)
{
    machine_ready = true;
}

bool device_machine_is_ready(void)
{
    return machine_ready;
}

void device_set_machine_hotplug_handler(MachineHotplugHandlerFn *fn)
{
    machine_handler = fn;
}

Object *device_get_hotplug_handler(DeviceState *dev)
{
    Object *handler = machine_handler ? machine_handler(dev) : NULL;

    if (!handler && dev->parent_bus) {
        handler = dev->parent_bus->hotplug_handler;
    }
    return handler;
}

bool device_is_realized(const DeviceState *dev)
{
    /* Pairs with the release in device_realize: what realize wrote is seen. */
    return atomic_load_acquire(&dev->realized);
}

static void unrealize_children(DeviceState *dev)
{
    for (GSList *l = dev->child_buses; l; l = l->next) {
        bus_unrealize(l->data);
    }
}

static bool realize_buses(DeviceState *dev, Error **errp)
{
    for (GSList *l = dev->child_buses; l; l = l->next) {
        if (!bus_realize(l->data, errp)) {
            return false;
        }
    }
    return true;
}

static void reset_one(DeviceState *dev)
{
    resettable_reset(OBJECT(dev));
}

static bool realize_attached(DeviceState *dev, Error **errp)
{
    DeviceClass *dc = DEVICE_GET_CLASS(dev);
    Object *handler = device_get_hotplug_handler(dev);

    if (handler && !hotplug_handler_pre_plug(handler, dev, errp)) {
        return false;
    }
    if (dc->realize && !dc->realize(dev, errp)) {
        return false;
    }
    if (!realize_buses(dev, errp) ||
        (handler && !hotplug_handler_plug(handler, dev, errp))) {
        unrealize_children(dev);
        if (dc->unrealize) {
            dc->unrealize(dev);
        }
        return false;
    }
    if (dev->hotplugged) {
        reset_one(dev);
    }
    atomic_store_release(&dev->realized, true);
    return true;
}

bool device_realize(DeviceState *dev, BusState *bus, Error **errp)
{
    bool unattached = !OBJECT(dev)->parent;

    assert(!dev->realized);
    dev->hotplugged = machine_ready;
    object_ref(dev);
    if (bus && !bus_add_device(bus, dev, errp)) {
        object_unref(dev);
        return false;
    }
    if (unattached) {
        object_property_add_child(
            container_get(object_get_root(), "/machine/unattached"), "device[*]",
            OBJECT(dev));
    }
    g_free(dev->canonical_path);
    dev->canonical_path = object_get_canonical_path(OBJECT(dev));
    bool ok = realize_attached(dev, errp);
    if (!ok) {
        bus_remove_device(dev);
        if (unattached) {
            object_unparent(OBJECT(dev));
        }
    }
    object_unref(dev);
    return ok;
}

bool device_realize_and_unref(DeviceState *dev, BusState *bus, Error **errp)
{
    bool ok = device_realize(dev, bus, errp);

    object_unref(dev);
    return ok;
}

/* libvirt and others free the backend as soon as they see this. */
static void send_deleted_event(DeviceState *dev)
{
    struct json_object *data = json_object_new_object();

    if (dev->id) {
        json_object_object_add(data, "device", json_object_new_string(dev->id));
    }
    json_object_object_add(data, "path", json_object_new_string(dev->canonical_path));
    qapi_event_send("DEVICE_DELETED", data);
}

void device_unparent(DeviceState *dev)
{
    DeviceClass *dc = DEVICE_GET_CLASS(dev);
    bool tell = dev->pending_deleted_event;

    object_ref(dev);
    if (dev->realized) {
        unrealize_children(dev);
        if (dc->unrealize) {
            dc->unrealize(dev);
        }
        atomic_store_release(&dev->realized, false);
    }
    boot_order_del(dev, NULL);
    bus_remove_device(dev);
    object_unparent(OBJECT(dev));
    if (tell) {
        dev->pending_deleted_event = false;
        send_deleted_event(dev);
    }
    object_unref(dev);
}

EventLoop *device_get_loop(DeviceState *dev)
{
    return main_loop();
}

void device_prop_set_uint(DeviceState *dev, const char *name, uint64_t value)
{
    bool ok = object_property_set_uint(OBJECT(dev), name, value, &error_abort);
    assert(ok);
}

void device_prop_set_bool(DeviceState *dev, const char *name, bool value)
{
    bool ok = object_property_set_bool(OBJECT(dev), name, value, &error_abort);
    assert(ok);
}

void device_prop_set_str(DeviceState *dev, const char *name, const char *value)
{
    bool ok = object_property_set_str(OBJECT(dev), name, value, &error_abort);
    assert(ok);
}

void device_prop_set_link(DeviceState *dev, const char *name, void *target)
{
    bool ok = object_property_set_link(OBJECT(dev), name, target, &error_abort);
    assert(ok);
}

const char *device_get_name(DeviceState *dev)
{
    return dev->id ? dev->id : dev->canonical_path ? dev->canonical_path : "?";
}

void device_cold_reset(DeviceState *dev)
{
    resettable_reset(OBJECT(dev));
}

DeviceState *device_find(const char *id_or_path, Error **errp)
{
    Object *obj;

    if (*id_or_path == '/') {
        obj = object_resolve_path(id_or_path, NULL);
    } else {
        obj = object_get_child(container_get(object_get_root(), "/machine/peripheral"),
                               id_or_path);
    }
    if (!obj) {
        error_set_class(errp, ERROR_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found",
                        id_or_path);
        return NULL;
    }
    if (!object_is_a(obj, TYPE_DEVICE)) {
        error_set(errp, "%s is not a hotpluggable device", id_or_path);
        return NULL;
    }
    return DEVICE(obj);
}

/* --- Type ----------------------------------------------------------------------------
 */

static void device_instance_finalize(Object *obj)
{
    DeviceState *dev = (DeviceState *)obj;

    /* The buses were our children and are gone. */
    g_slist_free(dev->child_buses);
    device_free_gpios(dev);
    if (dev->opts) {
        json_object_put(dev->opts);
    }
    g_free(dev->id);
    g_free(dev->canonical_path);
}

static void device_child_foreach(Object *obj, ResettableChildFn *fn, void *opaque)
{
    DeviceState *dev = DEVICE(obj);

    for (GSList *l = dev->child_buses; l; l = l->next) {
        fn(l->data, opaque);
    }
}

static void device_enter(Object *obj, ResetType type)
{
    DeviceClass *dc = DEVICE_GET_CLASS(obj);

    if (dc->reset_enter) {
        dc->reset_enter(DEVICE(obj));
    }
}

static void device_hold(Object *obj)
{
    DeviceClass *dc = DEVICE_GET_CLASS(obj);

    if (dc->reset_hold) {
        dc->reset_hold(DEVICE(obj));
    }
}

static void device_exit(Object *obj)
{
    DeviceClass *dc = DEVICE_GET_CLASS(obj);

    if (dc->reset_exit) {
        dc->reset_exit(DEVICE(obj));
    }
}

static struct json_object *get_realized(Object *obj, const Property *prop)
{
    return json_object_new_boolean(DEVICE(obj)->realized);
}

static struct json_object *get_hotplugged(Object *obj, const Property *prop)
{
    return json_object_new_boolean(DEVICE(obj)->hotplugged);
}

static struct json_object *get_hotpluggable(Object *obj, const Property *prop)
{
    DeviceState *dev = DEVICE(obj);

    return json_object_new_boolean(DEVICE_GET_CLASS(dev)->hotpluggable &&
                                   (!dev->parent_bus ||
                                    dev->parent_bus->hotplug_handler ||
                                    device_get_hotplug_handler(dev)));
}

static struct json_object *get_parent_bus(Object *obj, const Property *prop)
{
    BusState *bus = DEVICE(obj)->parent_bus;
    g_autofree char *path = bus ? object_get_canonical_path(OBJECT(bus)) : NULL;

    return json_object_new_string(path ? path : "");
}

static const Property device_props[] = {
    PROP_CUSTOM("realized", "bool", get_realized, NULL),
    PROP_CUSTOM("hotplugged", "bool", get_hotplugged, NULL),
    PROP_CUSTOM("hotpluggable", "bool", get_hotpluggable, NULL),
    PROP_CUSTOM("parent_bus", "link<bus>", get_parent_bus, NULL),
};

/* What the memory core wants to know about the owner of a region. */

static bool *device_busy_flag(Object *owner)
{
    DeviceState *dev = object_find_cast(owner, TYPE_DEVICE);

    return dev ? &dev->mmio_busy : NULL;
}

static char *device_ram_id_prefix(Object *owner)
{
    DeviceState *dev = object_find_cast(owner, TYPE_DEVICE);
    BusState *bus = dev ? dev->parent_bus : NULL;

    return bus && BUS_GET_CLASS(bus)->dev_path ? BUS_GET_CLASS(bus)->dev_path(dev)
                                               : NULL;
}

static void device_class_init(ObjectClass *klass, const void *data)
{
    ResettableClass *rc = object_class_cast(klass, TYPE_RESETTABLE);
    DeviceClass *dc = (DeviceClass *)klass;

    rc->child_foreach = device_child_foreach;
    rc->phases.enter = device_enter;
    rc->phases.hold = device_hold;
    rc->phases.exit = device_exit;
    dc->user_creatable = true;
    dc->hotpluggable = true;
    memory_set_busy_flag_hook(device_busy_flag);
    ram_block_set_id_prefix_hook(device_ram_id_prefix);
    OBJECT_CLASS_ADD_PROPERTIES(klass, device_props);
}

static const char *const device_interfaces[] = { TYPE_RESETTABLE, NULL };
static const TypeInfo device_info = {
    .name = TYPE_DEVICE,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(DeviceState),
    .class_size = sizeof(DeviceClass),
    .abstract = true,
    .instance_finalize = device_instance_finalize,
    .class_init = device_class_init,
    .interfaces = device_interfaces,
};
TYPE_REGISTER(device_info);
