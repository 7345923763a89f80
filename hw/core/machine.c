/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all machines have in common: options as properties, finding one by name. */
#include "hw/core/machine.h"
#include "qapi/value.h"

#include <string.h>

int machine_get_cpu_node(const MachineState *ms, unsigned index)
{
    const CpuTopology *t = &ms->smp;

    if (!ms->numa || ms->numa->num_nodes <= 0) {
        return 0;
    }
    if (index < NUMA_MAX_CPUS && ms->numa->cpu_node[index] >= 0) {
        return ms->numa->cpu_node[index];
    }
    unsigned per_socket = MAX(t->threads, 1) * MAX(t->cores, 1) * MAX(t->dies, 1);
    return (int)(index / per_socket % (unsigned)ms->numa->num_nodes);
}

MachineClass *machine_class_find(const char *name, const char *target)
{
    g_autoptr(GSList) list = object_class_get_list(TYPE_MACHINE, false);

    for (GSList *l = list; l; l = l->next) {
        MachineClass *mc = MACHINE_CLASS(l->data);
        if (target && mc->target && strcmp(mc->target, target)) {
            continue;
        }
        if (!strcmp(mc->name, name) || !g_strcmp0(mc->alias, name)) {
            return mc;
        }
    }
    return NULL;
}

MachineClass *machine_class_find_default(const char *target)
{
    g_autoptr(GSList) list = object_class_get_list(TYPE_MACHINE, false);

    for (GSList *l = list; l; l = l->next) {
        MachineClass *mc = MACHINE_CLASS(l->data);
        if (mc->is_default && !g_strcmp0(mc->target, target)) {
            return mc;
        }
    }
    return NULL;
}

static bool set_usb(Object *obj, const Property *prop, struct json_object *value,
                    Error **errp)
{
    MachineState *ms = MACHINE(obj);

    ms->usb_set = true;
    return value_get_bool(value, prop->name, &ms->usb, errp);
}

static struct json_object *get_usb(Object *obj, const Property *prop)
{
    return json_object_new_boolean(MACHINE(obj)->usb);
}

static struct json_object *get_memory(Object *obj, const Property *prop)
{
    MachineState *ms = MACHINE(obj);
    struct json_object *o = json_object_new_object();

    json_object_object_add(o, "size", value_new_uint64(ms->ram_size));
    json_object_object_add(o, "max-size", value_new_uint64(ms->maxram_size));
    json_object_object_add(o, "slots", value_new_uint64(ms->ram_slots));
    return o;
}

static const Property machine_props[] = {
    PROP_STR("kernel", MachineState, kernel_filename, NULL),
    PROP_STR("initrd", MachineState, initrd_filename, NULL),
    PROP_STR("append", MachineState, kernel_cmdline, NULL),
    PROP_STR("dtb", MachineState, dtb, NULL),
    PROP_STR("firmware", MachineState, firmware, NULL),
    PROP_STR("memory-backend", MachineState, memory_backend_id, NULL),
    PROP_BOOL("graphics", MachineState, enable_graphics, true),
    PROP_BOOL("dump-guest-core", MachineState, dump_guest_core, true),
    PROP_BOOL("mem-merge", MachineState, mem_merge, true),
    PROP_BOOL("suppress-vmdesc", MachineState, suppress_vmdesc, false),
    PROP_CUSTOM("usb", "bool", get_usb, set_usb),
    PROP_CUSTOM("memory", "MemorySizeConfiguration", get_memory, NULL),
};

static void machine_instance_init(Object *obj)
{
    MachineState *ms = MACHINE(obj);
    MachineClass *mc = MACHINE_GET_CLASS(obj);

    ms->boot_splash_time = -1;
    ms->reboot_timeout = -1;
    ms->ram_size = ms->maxram_size = mc->default_ram_size;
    ms->cpus = g_ptr_array_new();
}

static void machine_instance_finalize(Object *obj)
{
    MachineState *ms = MACHINE(obj);

    g_free(ms->cpu_type);
    g_free(ms->cpu_model);
    g_free(ms->boot_order);
    g_free(ms->boot_once);
    g_free(ms->boot_splash);
    g_free(ms->numa);
    g_ptr_array_unref(ms->cpus);
}

static void machine_class_init(ObjectClass *klass, const void *data)
{
    MachineClass *mc = MACHINE_CLASS(klass);

    mc->max_cpus = 1;
    mc->default_cpus = 1;
    mc->default_ram_size = 128 * 1024 * 1024;
    mc->default_boot_order = "cad";
    OBJECT_CLASS_ADD_PROPERTIES(klass, machine_props);
}

static const TypeInfo machine_info = {
    .name = TYPE_MACHINE,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(MachineState),
    .class_size = sizeof(MachineClass),
    .abstract = true,
    .instance_init = machine_instance_init,
    .instance_finalize = machine_instance_finalize,
    .class_init = machine_class_init,
};
TYPE_REGISTER(machine_info);
