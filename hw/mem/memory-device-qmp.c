/* SPDX-License-Identifier: GPL-2.0-or-later */
/* query-memory-devices, info memory-devices [-v], memory size summary. */
#include "hw/acpi/acpi-device.h"
#include "hw/mem/memory-device.h"
#include "qapi/command.h"

#include <inttypes.h>
#include <string.h>

static MachineState *find_machine(void)
{
    return object_find_cast(object_resolve_path("/machine", NULL), TYPE_MACHINE);
}

static struct json_object *device_info(DeviceState *dev)
{
    MemoryDeviceClass *mc = object_class_cast(OBJECT(dev)->klass, TYPE_MEMORY_DEVICE);

    return mc->get_info(dev);
}

static bool qmp_query_memory_devices(struct json_object *args, struct json_object **ret,
                                     Error **errp)
{
    MachineState *ms = find_machine();
    GPtrArray *devices = ms ? memory_device_list(ms) : NULL;

    *ret = json_object_new_array();
    for (guint i = 0; devices && i < devices->len; i++) {
        json_object_array_add(*ret, device_info(g_ptr_array_index(devices, i)));
    }
    return true;
}
QMP_COMMAND("query-memory-devices", qmp_query_memory_devices, 0);

/* What device_del has come to, when it was asked for. */
static void print_unplug(HmpOut *out, DeviceState *dev)
{
    AcpiSlotStatus st;

    if (!acpi_get_slot_status(dev, &st) || !st.unplug_requested) {
        return;
    }
    if (st.ost_event != ACPI_OST_EVENT_EJECT) {
        hmp_printf(out, "  unplug: requested, no answer from the guest yet\n");
    } else if (st.ost_status == ACPI_OST_EJECT_IN_PROGRESS) {
        hmp_printf(out, "  unplug: in progress in the guest (0x%x)\n", st.ost_status);
    } else {
        hmp_printf(out, "  unplug: refused by the guest: %s (0x%x)\n",
                   acpi_ost_eject_reason(st.ost_status), st.ost_status);
    }
}

static void print_value(HmpOut *out, const char *key, struct json_object *value)
{
    if (json_object_is_type(value, json_type_string) ||
        json_object_is_type(value, json_type_boolean)) {
        hmp_printf(out, "  %s: %s\n", key, json_object_get_string(value));
    } else if (!strcmp(key, "addr") || !strcmp(key, "memaddr")) {
        hmp_printf(out, "  %s: 0x%" PRIx64 "\n", key, json_object_get_uint64(value));
    } else {
        hmp_printf(out, "  %s: %" PRIu64 "\n", key, json_object_get_uint64(value));
    }
}

static void print_device(HmpOut *out, DeviceState *dev, bool verbose)
{
    static const char *const keys[] = { "addr",       "memaddr",        "slot",
                                        "node",       "requested-size", "size",
                                        "max-size",   "block-size",     "memdev",
                                        "hotplugged", "hotpluggable" };
    struct json_object *info = device_info(dev), *type, *data, *value;

    json_object_object_get_ex(info, "type", &type);
    json_object_object_get_ex(info, "data", &data);
    hmp_printf(out, "Memory device [%s]: \"%s\"\n", json_object_get_string(type),
               dev->id ? dev->id : "");
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (json_object_object_get_ex(data, keys[i], &value)) {
            print_value(out, keys[i], value);
        }
    }
    if (verbose) {
        print_unplug(out, dev);
    }
    json_object_put(info);
}

static void hmp_info_memory_devices(HmpOut *out, HmpArgs *args)
{
    MachineState *ms = find_machine();
    GPtrArray *devices = ms ? memory_device_list(ms) : NULL;

    for (guint i = 0; devices && i < devices->len; i++) {
        print_device(out, g_ptr_array_index(devices, i), hmp_arg_flag(args, "verbose"));
    }
}
HMP_INFO("memory-devices", "verbose:-v", "[-v]", "show memory devices",
         hmp_info_memory_devices);

static bool qmp_query_memory_size_summary(struct json_object *args,
                                          struct json_object **ret, Error **errp)
{
    MachineState *ms = find_machine();

    *ret = json_object_new_object();
    json_add_uint(*ret, "base-memory", ms ? ms->ram_size : 0);
    json_add_uint(*ret, "plugged-memory", ms ? memory_device_plugged_size(ms) : 0);
    return true;
}
QMP_COMMAND("query-memory-size-summary", qmp_query_memory_size_summary, 0);

static void hmp_info_memory_size_summary(HmpOut *out, HmpArgs *args)
{
    MachineState *ms = find_machine();

    hmp_printf(out, "base memory: %" PRIu64 "\n", ms ? ms->ram_size : 0);
    hmp_printf(out, "plugged memory: %" PRIu64 "\n",
               ms ? memory_device_plugged_size(ms) : 0);
}
HMP_INFO("memory_size_summary", "", "",
         "show the amount of initially allocated and present hotpluggable (if enabled) "
         "memory in bytes.",
         hmp_info_memory_size_summary);
