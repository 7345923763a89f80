/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "softmmu/device-add.h"
#include "hw/core/machine.h"
#include "qapi/command.h"
#include "qapi/value.h"

#include <string.h>

static DeviceClass *find_driver(const char *driver, Error **errp)
{
    ObjectClass *klass = object_class_by_name(driver);

    if (!klass) {
        /* Drivers have second names. */
        g_autoptr(GSList) list = object_class_get_list(TYPE_DEVICE, false);
        for (GSList *l = list; l && !klass; l = l->next) {
            if (!g_strcmp0(DEVICE_CLASS(l->data)->alias, driver)) {
                klass = l->data;
            }
        }
    }
    if (!klass || !object_class_is_a(klass, TYPE_DEVICE)) {
        error_set(errp, "'%s' is not a valid device model name", driver);
        return NULL;
    }
    DeviceClass *dc = DEVICE_CLASS(klass);
    if (object_class_is_abstract(klass)) {
        error_set(errp, "Parameter 'driver' expects a non-abstract device type");
        return NULL;
    }
    if (!dc->user_creatable || (device_machine_is_ready() && !dc->hotpluggable)) {
        error_set(errp, "Parameter 'driver' expects a pluggable device type");
        return NULL;
    }
    return dc;
}

static BusState *find_bus(DeviceClass *dc, const char *driver, const char *path,
                          Error **errp)
{
    BusState *bus;

    if (path) {
        bus = bus_find(path, NULL, errp);
        if (!bus) {
            return NULL;
        }
        if (!object_is_a(OBJECT(bus), dc->bus_type)) {
            error_set(errp, "Device '%s' can't go on %s bus", driver,
                      object_get_typename(OBJECT(bus)));
            return NULL;
        }
    } else {
        bus = bus_find_of_type(dc->bus_type);
        if (!bus) {
            error_set(errp, "No '%s' bus found for device '%s'", dc->bus_type, driver);
            return NULL;
        }
    }
    if (device_machine_is_ready() && !bus->hotplug_handler) {
        error_set(errp, "Bus '%s' does not support hotplugging", bus->name);
        return NULL;
    }
    return bus;
}

static bool check_id(const char *id, Error **errp)
{
    if (!id_is_wellformed(id)) {
        return error_set(errp, "Parameter 'id' expects an identifier");
    }
    if (object_get_child(container_get(object_get_root(), "/machine/peripheral"), id)) {
        return error_set(errp, "Duplicate device ID '%s'", id);
    }
    return true;
}

static void put_into_tree(DeviceState *dev)
{
    if (dev->id) {
        object_property_add_child(
            container_get(object_get_root(), "/machine/peripheral"), dev->id,
            OBJECT(dev));
    } else {
        object_property_add_child(
            container_get(object_get_root(), "/machine/peripheral-anon"), "device[*]",
            OBJECT(dev));
    }
}

DeviceState *device_add_from_opts(struct json_object *opts, Error **errp)
{
    static const char *const skip[] = { "driver", "bus", "id", NULL };
    const char *driver = value_dict_get_str(opts, "driver");
    const char *id = value_dict_get_str(opts, "id");
    BusState *bus = NULL;

    if (!driver) {
        error_set(errp, "Parameter 'driver' is missing");
        return NULL;
    }
    DeviceClass *dc = find_driver(driver, errp);
    if (!dc) {
        return NULL;
    }
    driver = object_class_get_name((ObjectClass *)dc);
    if (dc->bus_type) {
        bus = find_bus(dc, driver, value_dict_get_str(opts, "bus"), errp);
        if (!bus) {
            return NULL;
        }
    } else if (value_dict_get_str(opts, "bus")) {
        error_set(errp, "Device '%s' can't go on a bus", driver);
        return NULL;
    }
    if (id && !check_id(id, errp)) {
        return NULL;
    }
    DeviceState *dev = device_new(driver);
    dev->id = g_strdup(id);
    dev->opts = json_object_get(opts);
    put_into_tree(dev);
    bool ok = object_set_properties(OBJECT(dev), opts, skip, errp);
    if (ok && !bus && device_machine_is_ready() && !device_get_hotplug_handler(dev)) {
        ok = error_set(errp, "Device '%s' can not be hotplugged on this machine",
                       driver);
    }
    ok = ok && device_realize(dev, bus, errp);
    if (!ok) {
        object_unparent(OBJECT(dev));
    }
    object_unref(dev);
    return ok ? dev : NULL;
}

bool device_request_unplug(DeviceState *dev, Error **errp)
{
    Object *handler = device_get_hotplug_handler(dev);
    DeviceClass *dc = DEVICE_GET_CLASS(dev);

    if (dev->parent_bus && !dev->parent_bus->hotplug_handler && !handler) {
        return error_set(errp, "Bus '%s' does not support hotplugging",
                         dev->parent_bus->name);
    }
    if (!dc->hotpluggable || !handler) {
        return error_set(errp, "Device '%s' does not support hotplugging",
                         object_get_typename(OBJECT(dev)));
    }
    HotplugHandlerClass *hc = object_class_cast(handler->klass, TYPE_HOTPLUG_HANDLER);
    bool was_pending = dev->pending_deleted_event;
    dev->pending_deleted_event = true;
    if (hc->unplug_request) {
        if (!hotplug_handler_unplug_request(handler, dev, errp)) {
            dev->pending_deleted_event = was_pending;
            return false;
        }
        return true;
    }
    if (!hotplug_handler_unplug(handler, dev, errp)) {
        dev->pending_deleted_event = was_pending;
        return false;
    }
    device_unparent(dev);
    return true;
}

/* --- Monitor commands ------------------------------------------------------------- */

/* Clients send numbers as numbers and as strings: devices take both as text. */
static struct json_object *as_option_strings(struct json_object *args)
{
    struct json_object *opts = json_object_new_object();

    json_object_object_foreach(args, key, value)
    {
        switch (json_object_get_type(value)) {
        case json_type_object:
        case json_type_array:
            json_object_object_add(opts, key, json_object_get(value));
            break;
        case json_type_boolean:
            json_object_object_add(
                opts, key,
                value_new_str(json_object_get_boolean(value) ? "on" : "off",
                              VALUE_KEYVAL));
            break;
        case json_type_null:
            json_object_object_add(opts, key, value_new_str("", VALUE_KEYVAL));
            break;
        default:
            json_object_object_add(
                opts, key, value_new_str(json_object_get_string(value), VALUE_KEYVAL));
            break;
        }
    }
    return opts;
}

static bool qmp_device_add(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    g_autojson opts = as_option_strings(args);

    return device_add_from_opts(opts, errp) != NULL;
}
QMP_COMMAND("device_add", qmp_device_add, 0);

static bool qmp_device_del(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    const char *id = qmp_arg_str(args, "id");

    if (!*id) {
        return error_set(errp, " is not a hotpluggable device");
    }
    DeviceState *dev = device_find(id, errp);
    return dev && device_request_unplug(dev, errp);
}
QMP_COMMAND("device_del", qmp_device_del, 0);

static void hmp_device_add(HmpOut *out, HmpArgs *args)
{
    Error *err = NULL;
    g_autojson opts = opts_parse(hmp_arg_str(args, "device"), "driver", &err);

    if (opts) {
        value_tag_strings(opts, VALUE_KEYVAL);
        DeviceState *made = device_add_from_opts(opts, &err);
        (void)made;
    }
    hmp_error(out, err);
}

/* Type names for the first word. */
static void complete_types(HmpCompletion *c, const char *parent, bool devices)
{
    g_autoptr(GSList) types = object_class_get_list(parent, false);

    for (GSList *l = types; l; l = l->next) {
        if (!devices || DEVICE_CLASS(l->data)->user_creatable) {
            hmp_completion_add(c, object_class_get_name(l->data));
        }
    }
}

static int complete_child(Object *child, void *opaque)
{
    hmp_completion_add(opaque, object_get_canonical_path_component(child));
    return 0;
}

static void complete_driver(HmpCompletion *c, int nr, const char *typed)
{
    if (nr == 2) {
        complete_types(c, TYPE_DEVICE, true);
    }
}
HMP_COMMAND_COMPLETE("device_add", "device:O", "driver[,prop=value][,...]",
                     "add a device", hmp_device_add, complete_driver);

static void hmp_device_del(HmpOut *out, HmpArgs *args)
{
    hmp_do_qmp(out, "device_del", json_object_get(hmp_args_json(args)));
}

static void complete_device(HmpCompletion *c, int nr, const char *typed)
{
    if (nr == 2) {
        object_child_foreach(container_get(object_get_root(), "/machine/peripheral"),
                             complete_child, c);
    }
}
HMP_COMMAND_COMPLETE("device_del", "id:s", "device", "remove a device", hmp_device_del,
                     complete_device);

static bool qmp_object_add(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    const char *type = qmp_arg_str(args, "qom-type");
    const char *id = qmp_arg_str(args, "id");

    return user_creatable_check(type, id, args, errp) &&
           user_creatable_add(type, id, args, errp) != NULL;
}
QMP_COMMAND("object-add", qmp_object_add, QMP_ALLOW_PRECONFIG);

static bool qmp_object_del(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    return user_creatable_del(qmp_arg_str(args, "id"), errp);
}
QMP_COMMAND("object-del", qmp_object_del, QMP_ALLOW_PRECONFIG);

static void hmp_object_add(HmpOut *out, HmpArgs *args)
{
    Error *err = NULL;
    g_autojson opts = opts_parse(hmp_arg_str(args, "object"), "qom-type", &err);

    if (opts) {
        const char *type = value_dict_get_str(opts, "qom-type");
        const char *id = value_dict_get_str(opts, "id");
        if (!type) {
            error_set(&err, "Parameter 'qom-type' is missing");
        } else if (user_creatable_check(type, id, opts, &err)) {
            Object *made = user_creatable_add(type, id, opts, &err);
            (void)made;
        }
    }
    hmp_error(out, err);
}

static void complete_object_type(HmpCompletion *c, int nr, const char *typed)
{
    if (nr == 2) {
        complete_types(c, TYPE_USER_CREATABLE, false);
    }
}
HMP_COMMAND_COMPLETE("object_add", "object:S",
                     "[qom-type=]type,id=str[,prop=value][,...]", "create an object",
                     hmp_object_add, complete_object_type);

static void hmp_object_del(HmpOut *out, HmpArgs *args)
{
    hmp_do_qmp(out, "object-del", json_object_get(hmp_args_json(args)));
}

static void complete_object(HmpCompletion *c, int nr, const char *typed)
{
    if (nr == 2) {
        object_child_foreach(container_get(object_get_root(), "/objects"),
                             complete_child, c);
    }
}
HMP_COMMAND_COMPLETE("object_del", "id:s", "id", "remove an object", hmp_object_del,
                     complete_object);
