/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Status reports (_OST, ACPI 3.0 section 6.3.5) on their way to the monitors. */
#include "hw/acpi/acpi-device.h"
#include "qapi/command.h"
#include "qapi/events.h"
#include "util/log.h"

static const TypeInfo acpi_device_if_info = {
    .name = TYPE_ACPI_DEVICE_IF,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(AcpiDeviceIfClass),
    .abstract = true,
};
TYPE_REGISTER(acpi_device_if_info);

static int is_acpi_device(Object *obj, void *opaque)
{
    Object **found = opaque;

    if (!object_is_a(obj, TYPE_ACPI_DEVICE_IF)) {
        return 0;
    }
    *found = obj;
    return 1;
}

/* A machine has one at most. */
static Object *find_acpi_device(void)
{
    Object *machine = object_resolve_path("/machine", NULL);
    Object *found = NULL;

    if (machine) {
        object_child_foreach_recursive(machine, is_acpi_device, &found);
    }
    return found;
}

static AcpiDeviceIfClass *acpi_class(Object *acpi)
{
    return object_class_cast(acpi->klass, TYPE_ACPI_DEVICE_IF);
}

bool acpi_get_slot_status(DeviceState *dev, AcpiSlotStatus *status)
{
    Object *acpi = find_acpi_device();

    return acpi && acpi_class(acpi)->slot_status(acpi, dev, status);
}

const char *acpi_ost_eject_reason(uint32_t ost_status)
{
    switch (ost_status) {
    case 0x00:
        return "success";
    case 0x01:
        return "non-specific failure";
    case 0x02:
        return "unrecognized notification";
    case 0x80:
        return "device in use by an application";
    case 0x81:
        return "device busy";
    case 0x82:
        return "ejection dependency busy or not supported";
    case ACPI_OST_EJECT_IN_PROGRESS:
        return "ejection in progress";
    default:
        return "unknown reason";
    }
}

struct json_object *acpi_ost_info(DeviceState *dev, const char *slot_type,
                                  unsigned slot, uint32_t event, uint32_t status)
{
    struct json_object *info = json_object_new_object();
    g_autofree char *slot_text = g_strdup_printf("%u", slot);

    if (dev && dev->id) {
        json_add_str(info, "device", dev->id);
    }
    json_add_str(info, "slot", slot_text);
    json_add_str(info, "slot-type", slot_type);
    json_add_int(info, "source", event);
    json_add_int(info, "status", status);
    return info;
}

static void send_guest_refused(DeviceState *dev)
{
    struct json_object *data = json_object_new_object();

    if (dev->id) {
        json_add_str(data, "device", dev->id);
    }
    json_add_str(data, "path", dev->canonical_path);
    qapi_event_send("DEVICE_UNPLUG_GUEST_ERROR", data);
}

void acpi_ost_reported(DeviceState *dev, const char *slot_type, unsigned slot,
                       uint32_t event, uint32_t status)
{
    struct json_object *data = json_object_new_object();

    json_object_object_add(data, "info",
                           acpi_ost_info(dev, slot_type, slot, event, status));
    qapi_event_send("ACPI_DEVICE_OST", data);
    if (dev && event == ACPI_OST_EVENT_EJECT && status != ACPI_OST_STATUS_SUCCESS &&
        status != ACPI_OST_EJECT_IN_PROGRESS) {
        send_guest_refused(dev);
    }
}

static void send_unplug_error(DeviceState *dev, Error *err)
{
    struct json_object *data = json_object_new_object();

    json_add_str(data, "device", dev->id ? dev->id : "");
    json_add_str(data, "msg", error_get_message(err));
    qapi_event_send("MEM_UNPLUG_ERROR", data);
    send_guest_refused(dev);
}

bool acpi_eject_device(DeviceState *dev)
{
    Object *handler = device_get_hotplug_handler(dev);
    g_autoptr(Error) err = NULL;

    if (!handler || !hotplug_handler_unplug(handler, dev, &err)) {
        if (err) {
            send_unplug_error(dev, err);
        }
        return false;
    }
    dev->pending_deleted_event = true; /* also when the guest ejects unasked */
    device_unparent(dev);
    return true;
}

static bool qmp_query_acpi_ospm_status(struct json_object *args,
                                       struct json_object **ret, Error **errp)
{
    Object *acpi = find_acpi_device();

    if (!acpi) {
        return error_set(errp, "command is not supported, missing ACPI device");
    }
    *ret = json_object_new_array();
    acpi_class(acpi)->ospm_status(acpi, *ret);
    return true;
}
QMP_COMMAND("query-acpi-ospm-status", qmp_query_acpi_ospm_status, 0);
