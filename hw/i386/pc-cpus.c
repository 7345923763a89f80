/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processors of a PC: which there may be, what each sees, and how one comes and goes.
 *
 * A possible CPU has an index; its APIC id follows from the topology. MachineState.cpus
 * has an entry for each, NULL where none is plugged.
 *
 * A CPU that goes: device_del -> pc_cpu_unplug_request -> the guest is told, takes it
 * offline and ejects it -> bottom half of the ACPI registers -> pc_cpu_unplug stops its
 * thread and takes its view down -> unrealize takes it from the list -> freed when
 * nobody can be looking at it any more.
 */
#include "accel/accel.h"
#include "hw/core/machine.h"
#include "hw/i386/pc-internal.h"
#include "qapi/value.h"

#include <json-c/json.h>
#include <string.h>

#define GIB (1ull << 30)

/* --- Names ------------------------------------------------------------------- */

static unsigned bits_for(unsigned n)
{
    return n > 1 ? 32 - (unsigned)__builtin_clz(n - 1) : 0;
}

/* APIC ids number each level of the topology with its own bits (SDM vol. 3, 8.9.1). */
uint32_t pc_apic_id(const CpuTopology *t, unsigned index)
{
    unsigned thread = index % t->threads, core = index / t->threads % t->cores;
    unsigned die = index / (t->threads * t->cores) % t->dies;
    unsigned socket = index / (t->threads * t->cores * t->dies);
    unsigned tb = bits_for(t->threads), cb = bits_for(t->cores), db = bits_for(t->dies);

    return thread | core << tb | die << (tb + cb) | socket << (tb + cb + db);
}

/* -1: no possible CPU has it. */
static int find_apic_id(const PCMachineState *pc, uint32_t apic_id)
{
    const MachineState *ms = &pc->parent_obj;

    for (unsigned i = 0; i < ms->smp.max_cpus; i++) {
        if (pc->apic_ids[i] == apic_id) {
            return (int)i;
        }
    }
    return -1;
}

static X86CpuPlace place_of_apic_id(const CpuTopology *t, uint32_t apic_id)
{
    unsigned tb = bits_for(t->threads), cb = bits_for(t->cores), db = bits_for(t->dies);

    return (X86CpuPlace){
        .thread = (int32_t)(apic_id & ((1u << tb) - 1)),
        .core = (int32_t)(apic_id >> tb & ((1u << cb) - 1)),
        .die = (int32_t)(apic_id >> (tb + cb) & ((1u << db) - 1)),
        .socket = (int32_t)(apic_id >> (tb + cb + db)),
        .node = -1,
    };
}

/* --- Views ------------------------------------------------------------------- */

/* What one CPU sees: memory, and memory with SMRAM while it is in SMM. */
#define TYPE_PC_CPU_VIEW "pc-cpu-view"
typedef struct PcCpuView {
    Object parent_obj;
    AddressSpace memory, smm;
    bool has_smm; /* of its own */
    MemoryRegion smm_root, smm_memory, smm_smram;
} PcCpuView;

static const TypeInfo pc_cpu_view_info = {
    .name = TYPE_PC_CPU_VIEW,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(PcCpuView),
};
TYPE_REGISTER(pc_cpu_view_info);

static void make_smm_view(PCMachineState *pc, PcCpuView *v, unsigned index)
{
    g_autofree char *name = g_strdup_printf("cpu-smm-%u", index);
    Object *owner = &v->parent_obj;

    memory_region_init(&v->smm_root, owner, "memory", UINT64_MAX);
    memory_region_init_alias(&v->smm_memory, owner, "memory", get_system_memory(), 0,
                             UINT64_MAX);
    memory_region_add_subregion_overlap(&v->smm_root, 0, &v->smm_memory, 0);
    if (pc->smram) {
        memory_region_init_alias(&v->smm_smram, owner, "smram", pc->smram, 0, 4 * GIB);
        memory_region_add_subregion_overlap(&v->smm_root, 0, &v->smm_smram, 1);
    }
    address_space_init(&v->smm, &v->smm_root, accel_is("kvm") ? "KVM-SMRAM" : name);
    v->has_smm = true;
}

/* One is left when a CPU of this index could not be realized. */
static PcCpuView *get_view(PCMachineState *pc, unsigned index)
{
    if (pc->views[index]) {
        return pc->views[index];
    }
    PcCpuView *v = (PcCpuView *)object_new(TYPE_PC_CPU_VIEW);
    g_autofree char *name = g_strdup_printf("cpu-memory-%u", index);

    object_property_add_child(container_get(OBJECT(pc), "unattached"), name,
                              &v->parent_obj);
    object_unref(v);
    address_space_init(&v->memory, get_system_memory(), name);
    /* Under KVM there is one view in SMM for all. */
    if (accel_has_smm() && !(accel_is("kvm") && index > 0)) {
        make_smm_view(pc, v, index);
    }
    pc->views[index] = v;
    return v;
}

static void give_view(PCMachineState *pc, X86Cpu *cpu, unsigned index)
{
    PcCpuView *v = get_view(pc, index);

    vcpu_add_address_space(VCPU_CAST(cpu), &v->memory);
    if (v->has_smm) {
        vcpu_add_address_space(VCPU_CAST(cpu), &v->smm);
    } else if (accel_has_smm()) {
        vcpu_add_address_space(VCPU_CAST(cpu), vcpu_first()->as[1]);
    }
}

/* The CPU's thread is gone. */
static void drop_view(PCMachineState *pc, unsigned index)
{
    PcCpuView *v = pc->views[index];

    pc->views[index] = NULL;
    address_space_destroy(&v->memory);
    if (v->has_smm) {
        address_space_destroy(&v->smm);
    }
    object_ref(v);
    object_unparent(&v->parent_obj);
    object_unref_rcu(v);
}

/* --- Boot processors --------------------------------------------------------- */

/* All that a CPU must be told before it is realized. */
static void prepare(PCMachineState *pc, X86Cpu *cpu, unsigned index)
{
    MachineState *ms = MACHINE(pc);
    X86CpuPlace place = place_of_apic_id(&ms->smp, pc->apic_ids[index]);
    X86CpuOps *ops = x86_cpu_get_ops(cpu);

    if (ms->numa && ms->numa->num_nodes) {
        place.node = machine_get_cpu_node(ms, index);
    }
    x86_cpu_set_place(cpu, &place);
    x86_cpu_set_topology(cpu, pc->apic_ids[index], ms->smp.sockets,
                         ms->smp.cores * ms->smp.dies, ms->smp.threads);
    ops->pic_read_irq = pc->cpu_ops.pic_read_irq;
    ops->set_ferr = pc->cpu_ops.set_ferr;
    ops->triple_fault = pc->cpu_ops.triple_fault;
    x86_cpu_get_state(cpu)->board = pc;
    VCPU_CAST(cpu)->index = (int)index;
    give_view(pc, cpu, index);
}

bool pc_make_cpus(PCMachineState *pc, Error **errp)
{
    MachineState *ms = MACHINE(pc);
    g_autofree char *model = g_strdup(
        ms->cpu_model ? ms->cpu_model : MACHINE_GET_CLASS(ms)->default_cpu_type);

    if (g_str_has_suffix(model, X86_CPU_TYPE_SUFFIX)) {
        model[strlen(model) - strlen(X86_CPU_TYPE_SUFFIX)] = 0;
    }
    const char *type = x86_cpu_parse_model(model, errp);
    if (!type) {
        return false;
    }
    ms->cpu_type = g_strdup(type);
    pc->views = g_new0(PcCpuView *, ms->smp.max_cpus);
    pc->apic_ids = g_new(uint32_t, ms->smp.max_cpus);
    for (unsigned i = 0; i < ms->smp.max_cpus; i++) {
        pc->apic_ids[i] = pc_apic_id(&ms->smp, i);
    }
    g_ptr_array_set_size(ms->cpus, (int)ms->smp.max_cpus);
    for (unsigned i = 0; i < ms->smp.cpus; i++) {
        X86Cpu *cpu = x86_cpu_new(ms->cpu_type);
        object_property_add_child(container_get(OBJECT(ms), "unattached"), "device[*]",
                                  OBJECT(cpu));
        object_unref(cpu);
        ms->cpus->pdata[i] = cpu;
    }
    return true;
}

bool pc_realize_cpus(PCMachineState *pc, Error **errp)
{
    MachineState *ms = MACHINE(pc);

    for (unsigned i = 0; i < ms->smp.cpus; i++) {
        X86Cpu *cpu = g_ptr_array_index(ms->cpus, i);
        prepare(pc, cpu, i);
        if (!device_realize(DEVICE(cpu), NULL, errp)) {
            return false;
        }
    }
    return true;
}

/* --- Queries ----------------------------------------------------------------- */

static struct json_object *cpu_props(const MachineState *ms, unsigned i)
{
    const CpuTopology *t = &ms->smp;
    struct json_object *props = json_object_new_object();

    if (ms->numa && ms->numa->num_nodes) {
        json_object_object_add(props, "node-id",
                               json_object_new_int(machine_get_cpu_node(ms, i)));
    }
    json_object_object_add(props, "socket-id",
                           json_object_new_int(i / (t->threads * t->cores * t->dies)));
    if (t->dies > 1) {
        json_object_object_add(
            props, "die-id",
            json_object_new_int(i / (t->threads * t->cores) % t->dies));
    }
    json_object_object_add(props, "core-id",
                           json_object_new_int(i / t->threads % t->cores));
    json_object_object_add(props, "thread-id", json_object_new_int(i % t->threads));
    return props;
}

struct json_object *pc_hotpluggable_cpus(MachineState *ms)
{
    struct json_object *list = json_object_new_array();

    for (unsigned i = ms->smp.max_cpus; i-- > 0;) {
        struct json_object *o = json_object_new_object();
        json_object_object_add(o, "props", cpu_props(ms, i));
        json_object_object_add(o, "vcpus-count", json_object_new_int(1));
        if (i < ms->cpus->len && g_ptr_array_index(ms->cpus, i)) {
            DeviceState *cpu = g_ptr_array_index(ms->cpus, i);
            json_object_object_add(o, "qom-path",
                                   json_object_new_string(cpu->canonical_path));
        }
        json_object_object_add(o, "type", json_object_new_string(ms->cpu_type));
        json_object_array_add(list, o);
    }
    return list;
}

/* --- Plugging ---------------------------------------------------------------- */

static bool check_id(const char *name, int32_t id, unsigned count, Error **errp)
{
    if (id < 0) {
        return error_set(errp, "CPU %s is not set", name);
    }
    if ((unsigned)id >= count) {
        return error_set(errp, "Invalid CPU %s: %d must be in range 0:%u", name, id,
                         count - 1);
    }
    return true;
}

/* The APIC id that the topology properties name. */
static bool apic_id_of_place(const CpuTopology *t, X86CpuPlace p, uint32_t *apic_id,
                             Error **errp)
{
    if (p.die < 0 && t->dies == 1) {
        p.die = 0;
    }
    if (!check_id("socket-id", p.socket, t->sockets, errp) ||
        !check_id("die-id", p.die, t->dies, errp) ||
        !check_id("core-id", p.core, t->cores, errp) ||
        !check_id("thread-id", p.thread, t->threads, errp)) {
        return false;
    }
    unsigned index = (((unsigned)p.socket * t->dies + (unsigned)p.die) * t->cores +
                      (unsigned)p.core) *
                         t->threads +
                     (unsigned)p.thread;
    *apic_id = pc_apic_id(t, index);
    return true;
}

static bool check_agreement(const char *name, int32_t given, int32_t is,
                            uint32_t apic_id, Error **errp)
{
    return given < 0 || given == is ||
           error_set(errp, "property %s: %d doesn't match set apic-id: 0x%x (%s: %d)",
                     name, given, apic_id, name, is);
}

static bool check_place(const X86CpuPlace *given, const X86CpuPlace *is,
                        uint32_t apic_id, Error **errp)
{
    return check_agreement("socket-id", given->socket, is->socket, apic_id, errp) &&
           check_agreement("die-id", given->die, is->die, apic_id, errp) &&
           check_agreement("core-id", given->core, is->core, apic_id, errp) &&
           check_agreement("thread-id", given->thread, is->thread, apic_id, errp);
}

static bool check_node(const MachineState *ms, unsigned index, int32_t node,
                       Error **errp)
{
    int is = machine_get_cpu_node(ms, index);

    if (node < 0 || node == is) {
        return true;
    }
    if (!ms->numa || !ms->numa->num_nodes) {
        return error_set(errp, "invalid node-id, must be 0");
    }
    return error_set(
        errp, "node-id=%d must match numa node specified with -numa option", node);
}

bool pc_cpu_pre_plug(PCMachineState *pc, X86Cpu *cpu, Error **errp)
{
    MachineState *ms = MACHINE(pc);
    X86CpuPlace given = x86_cpu_get_place(cpu);
    uint32_t apic_id = x86_cpu_get_apic_id(cpu);

    if (VCPU_CAST(cpu)->index >= 0) {
        return true; /* a boot processor: prepared already */
    }
    if (strcmp(object_get_typename(OBJECT(cpu)), ms->cpu_type)) {
        return error_set(errp, "Invalid CPU type, expected cpu type: '%s'",
                         ms->cpu_type);
    }
    if (apic_id == UINT32_MAX && !apic_id_of_place(&ms->smp, given, &apic_id, errp)) {
        return false;
    }
    X86CpuPlace is = place_of_apic_id(&ms->smp, apic_id);
    int index = find_apic_id(pc, apic_id);
    if (index < 0) {
        return error_set(errp,
                         "Invalid CPU [socket: %d, die: %d, core: %d, thread: %d] with "
                         "APIC ID %u, valid index range 0:%u",
                         is.socket, is.die, is.core, is.thread, apic_id,
                         ms->smp.max_cpus - 1);
    }
    if (g_ptr_array_index(ms->cpus, index)) {
        return error_set(errp, "CPU[%d] with APIC ID %u exists", index, apic_id);
    }
    if (!check_place(&given, &is, apic_id, errp) ||
        !check_node(ms, (unsigned)index, given.node, errp)) {
        return false;
    }
    prepare(pc, cpu, (unsigned)index);
    return true;
}

bool pc_cpu_plug(PCMachineState *pc, X86Cpu *cpu, Error **errp)
{
    MachineState *ms = MACHINE(pc);
    int index = VCPU_CAST(cpu)->index;

    if (!pc->fw) {
        return true; /* a boot processor: told of when there is somebody to tell */
    }
    ms->cpus->pdata[index] = cpu;
    pc_firmware_update_cpu_count(pc->fw);
    return !pc->pm || hotplug_handler_plug(OBJECT(pc->pm), DEVICE(cpu), errp);
}

bool pc_cpu_unplug_request(PCMachineState *pc, X86Cpu *cpu, Error **errp)
{
    if (!pc->pm) {
        return error_set(errp, "CPU hot unplug not supported without ACPI");
    }
    if (VCPU_CAST(cpu)->index == 0) {
        return error_set(errp, "Boot CPU is unpluggable");
    }
    return hotplug_handler_unplug_request(OBJECT(pc->pm), DEVICE(cpu), errp);
}

/* Context: main loop; the BQL is released while the CPU's thread ends. */
bool pc_cpu_unplug(PCMachineState *pc, X86Cpu *cpu, Error **errp)
{
    MachineState *ms = MACHINE(pc);
    int index = VCPU_CAST(cpu)->index;

    if (!hotplug_handler_unplug(OBJECT(pc->pm), DEVICE(cpu), errp)) {
        return false;
    }
    vcpu_stop_thread(VCPU_CAST(cpu));
    drop_view(pc, (unsigned)index);
    ms->cpus->pdata[index] = NULL;
    pc_firmware_update_cpu_count(pc->fw);
    return true;
}
