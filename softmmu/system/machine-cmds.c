/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What monitors ask about the machine as a whole: CPUs, machine types, the device tree.
 */
#include "accel/vcpu.h"
#include "hw/core/machine.h"
#include "hw/core/sysbus.h"
#include "memory/backend.h"
#include "qapi/command.h"
#include "qapi/value.h"
#include "softmmu/device-add.h"

#include <string.h>

static MachineState *the_machine(void)
{
    return MACHINE(object_get_child(object_get_root(), "machine"));
}

/* --- CPUs ------------------------------------------------------------------------- */

static bool qmp_query_cpus_fast(struct json_object *args, struct json_object **ret,
                                Error **errp)
{
    MachineState *ms = the_machine();

    *ret = json_object_new_array();
    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        struct json_object *o = json_object_new_object();
        struct json_object *props = json_object_new_object();
        unsigned per_core = MAX(1, ms->smp.threads);
        unsigned per_socket = per_core * MAX(1, ms->smp.cores) * MAX(1, ms->smp.dies);
        json_add_uint(props, "socket-id", cpu->index / per_socket);
        if (ms->smp.dies > 1) {
            json_add_uint(props, "die-id",
                          cpu->index % per_socket / (per_core * ms->smp.cores));
        }
        json_add_uint(props, "core-id", cpu->index / per_core % MAX(1, ms->smp.cores));
        json_add_uint(props, "thread-id", cpu->index % per_core);
        if (ms->numa && ms->numa->num_nodes) {
            json_add_int(props, "node-id",
                         machine_get_cpu_node(ms, (unsigned)cpu->index));
        }
        json_object_object_add(o, "props", props);
        json_add_int(o, "thread-id", cpu->thread_id);
        json_add_int(o, "cpu-index", cpu->index);
        json_add_str(o, "qom-path", DEVICE(cpu)->canonical_path);
        json_add_str(o, "target", system_get_target());
        json_object_array_add(*ret, o);
    }
    return true;
}
QMP_COMMAND("query-cpus-fast", qmp_query_cpus_fast, 0);

static void hmp_info_cpus(HmpOut *out, HmpArgs *args)
{
    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        hmp_printf(out, "%c CPU #%d: thread_id=%d\n",
                   cpu->index == hmp_args_get_cpu(args) ? '*' : ' ', cpu->index,
                   cpu->thread_id);
    }
}
HMP_INFO("cpus", "", "", "show infos for each CPU", hmp_info_cpus);

static bool qmp_query_hotpluggable_cpus(struct json_object *args,
                                        struct json_object **ret, Error **errp)
{
    MachineState *ms = the_machine();
    MachineClass *mc = MACHINE_GET_CLASS(ms);

    if (!mc->hotpluggable_cpus) {
        return error_set_class(errp, ERROR_CLASS_GENERIC_ERROR,
                               "The feature 'query-hotpluggable-cpus' is not enabled");
    }
    *ret = mc->hotpluggable_cpus(ms);
    return true;
}
QMP_COMMAND("query-hotpluggable-cpus", qmp_query_hotpluggable_cpus,
            QMP_ALLOW_PRECONFIG);

static void hmp_info_hotpluggable_cpus(HmpOut *out, HmpArgs *args)
{
    static const char *const ids[] = { "node-id", "socket-id", "die-id", "core-id",
                                       "thread-id" };
    struct json_object *list = hmp_run_qmp(out, "query-hotpluggable-cpus", NULL);

    if (!list) {
        return;
    }
    hmp_puts(out, "Hotpluggable CPUs:\n");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        struct json_object *props = qmp_arg(item, "props");

        hmp_printf(out, "  type: \"%s\"\n", qmp_arg_str(item, "type"));
        hmp_printf(out, "  vcpus_count: \"%d\"\n",
                   (int)qmp_arg_int(item, "vcpus-count", 0));
        if (qmp_arg_has(item, "qom-path")) {
            hmp_printf(out, "  qom_path: \"%s\"\n", qmp_arg_str(item, "qom-path"));
        }
        hmp_puts(out, "  CPUInstance Properties:\n");
        for (size_t k = 0; k < G_N_ELEMENTS(ids); k++) {
            if (qmp_arg_has(props, ids[k])) {
                hmp_printf(out, "    %s: \"%d\"\n", ids[k],
                           (int)qmp_arg_int(props, ids[k], 0));
            }
        }
    }
    json_object_put(list);
}
HMP_INFO("hotpluggable-cpus", "", "", "Show information about hotpluggable CPUs",
         hmp_info_hotpluggable_cpus);

typedef struct RegisterArg {
    const char *name;
    uint64_t value;
    bool found;
} RegisterArg;

static void read_register(VCPU *cpu, void *opaque)
{
    RegisterArg *arg = opaque;
    VCPUClass *vc = VCPU_GET_CLASS(cpu);

    arg->found = vc->get_register && vc->get_register(cpu, arg->name, &arg->value);
}

bool machine_get_register(int cpu_index, const char *name, uint64_t *value)
{
    RegisterArg arg = { .name = name };
    VCPU *cpu = vcpu_find(cpu_index);

    if (cpu) {
        vcpu_run_on(cpu, read_register, &arg);
        *value = arg.value;
    }
    return arg.found;
}

static bool is_running_cpu(HmpOut *out, int index)
{
    if (!vcpu_find(index)) {
        hmp_printf(out, "invalid CPU index\n");
        return false;
    }
    return true;
}

static void hmp_cpu(HmpOut *out, HmpArgs *args)
{
    int index = (int)hmp_arg_int(args, "index", 0);

    if (is_running_cpu(out, index)) {
        hmp_args_set_cpu(args, index);
    }
}
HMP_COMMAND("cpu", "index:i", "index", "set the default CPU", hmp_cpu);

static void dump_one(VCPU *cpu, void *opaque)
{
    VCPU_GET_CLASS(cpu)->dump_state(cpu, opaque);
}

static void hmp_info_registers(HmpOut *out, HmpArgs *args)
{
    int chosen = (int)hmp_arg_int(args, "vcpu", hmp_args_get_cpu(args));

    if (hmp_arg_flag(args, "a")) {
        for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
            hmp_printf(out, "\nCPU#%d\n", cpu->index);
            vcpu_run_on(cpu, dump_one, out);
        }
        return;
    }
    VCPU *cpu = vcpu_find(chosen);
    if (!cpu) {
        hmp_printf(out,
                   hmp_arg_has(args, "vcpu") ? "CPU#%d not available\n"
                                             : "No CPU available\n",
                   chosen);
        return;
    }
    hmp_printf(out, "\nCPU#%d\n", cpu->index);
    vcpu_run_on(cpu, dump_one, out);
}
HMP_INFO("registers", "a:-a,vcpu:i?", "[-a|vcpu]",
         "show the cpu registers (-a: show register info for all cpus; vcpu: specific "
         "vCPU to "
         "query; show the current CPU's registers if no argument is specified)",
         hmp_info_registers);

/* --- Machines --------------------------------------------------------------------- */

static struct json_object *describe_machine(MachineClass *mc)
{
    struct json_object *o = json_object_new_object();

    json_add_bool(o, "hotpluggable-cpus", mc->has_hotpluggable_cpus);
    json_add_str(o, "name", mc->name);
    json_add_bool(o, "numa-mem-supported", false);
    if (mc->default_cpu_type) {
        json_add_str(o, "default-cpu-type", mc->default_cpu_type);
    }
    json_add_int(o, "cpu-max", mc->max_cpus);
    json_add_bool(o, "deprecated", mc->deprecation_reason != NULL);
    if (mc->default_ram_id) {
        json_add_str(o, "default-ram-id", mc->default_ram_id);
    }
    if (mc->alias) {
        json_add_str(o, "alias", mc->alias);
    }
    if (mc->is_default) {
        json_add_bool(o, "is-default", true);
    }
    return o;
}

static bool qmp_query_machines(struct json_object *args, struct json_object **ret,
                               Error **errp)
{
    g_autoptr(GSList) list = object_class_get_list(TYPE_MACHINE, false);

    *ret = json_object_new_array();
    for (GSList *l = list; l; l = l->next) {
        MachineClass *mc = MACHINE_CLASS(l->data);
        if (!mc->target || !strcmp(mc->target, system_get_target())) {
            json_object_array_add(*ret, describe_machine(mc));
        }
    }
    return true;
}
QMP_COMMAND("query-machines", qmp_query_machines, QMP_ALLOW_PRECONFIG);

static bool qmp_query_current_machine(struct json_object *args,
                                      struct json_object **ret, Error **errp)
{
    *ret = json_object_new_object();
    /* S3 is the power management function's. */
    bool ambiguous;
    Object *pm = object_resolve_path_type("", "acpi-device-interface", &ambiguous);
    json_add_bool(*ret, "wakeup-suspend-support", pm || ambiguous);
    return true;
}
QMP_COMMAND("query-current-machine", qmp_query_current_machine, 0);

static bool qmp_query_target(struct json_object *args, struct json_object **ret,
                             Error **errp)
{
    *ret = json_object_new_object();
    json_add_str(*ret, "arch", system_get_target());
    return true;
}
QMP_COMMAND("query-target", qmp_query_target, QMP_ALLOW_PRECONFIG);

/* --- The device tree -------------------------------------------------------------- */

typedef struct TreePrint {
    HmpOut *out;
    DeviceState *dev;
    int indent;
} TreePrint;

static void print_gpio(const char *name, int num_in, int num_out, void *opaque)
{
    TreePrint *t = opaque;

    if (num_in) {
        hmp_printf(t->out, "%*sgpio-in \"%s\" %d\n", t->indent, "", name ? name : "",
                   num_in);
    }
    if (num_out) {
        hmp_printf(t->out, "%*sgpio-out \"%s\" %d\n", t->indent, "", name ? name : "",
                   num_out);
    }
}

static void print_property(TreePrint *t, const Property *prop)
{
    Object *obj = OBJECT(t->dev);
    g_autofree char *text = NULL;

    if (prop->type->print) {
        text = prop->type->print(obj, prop);
    } else {
        g_autojson v = object_property_get(obj, prop->name, NULL);
        text = g_strdup(
            v ? json_object_to_json_string_ext(v, JSON_C_TO_STRING_NOSLASHESCAPE)
              : "<unreadable>");
    }
    hmp_printf(t->out, "%*s%s = %s\n", t->indent, "", prop->name, text);
}

static void visit_property(const Property *prop, void *opaque)
{
    static const char *const hidden[] = { "realized",   "hotplugged", "hotpluggable",
                                          "parent_bus", "type",       NULL };
    if (!g_strv_contains(hidden, prop->name)) {
        print_property(opaque, prop);
    }
}

static void print_lines(HmpOut *out, int indent, char *take_text)
{
    g_auto(GStrv) lines = g_strsplit(take_text, "\n", 0);

    for (char **line = lines; *line; line++) {
        if (**line) {
            hmp_printf(out, "%*s%s\n", indent, "", *line);
        }
    }
    g_free(take_text);
}

static void print_bus(HmpOut *out, BusState *bus, int indent)
{
    BusClass *bc = BUS_GET_CLASS(bus);

    hmp_printf(out, "%*sbus: %s\n", indent, "", bus->name);
    hmp_printf(out, "%*stype %s\n", indent + 2, "",
               bc->qtree_name ? bc->qtree_name : object_get_typename(OBJECT(bus)));
    for (guint i = bus->children->len; i-- > 0;) {
        DeviceState *dev = g_ptr_array_index(bus->children, i);
        TreePrint t = { out, dev, indent + 4 };
        hmp_printf(out, "%*sdev: %s, id \"%s\"\n", indent + 2, "",
                   object_get_typename(OBJECT(dev)), dev->id ? dev->id : "");
        device_gpio_foreach(dev, print_gpio, &t);
        object_class_property_foreach(OBJECT(dev)->klass, visit_property, &t);
        if (bc->dev_info) {
            print_lines(out, indent + 4, bc->dev_info(dev));
        }
        for (GSList *l = dev->child_buses; l; l = l->next) {
            print_bus(out, l->data, indent + 4);
        }
    }
}

static void hmp_info_qtree(HmpOut *out, HmpArgs *args)
{
    print_bus(out, main_system_bus(), 0);
}
HMP_INFO("qtree", "", "", "show device tree", hmp_info_qtree);
