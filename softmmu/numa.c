/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -numa: nodes, their memory, CPUs and distances. */
#include "memory/backend.h"
#include "qapi/value.h"
#include "softmmu/cli-internal.h"

#include <string.h>

#define DISTANCE_LOCAL  10
#define DISTANCE_REMOTE 20

static NumaState *get_state(MachineState *ms)
{
    if (!ms->numa) {
        ms->numa = g_new0(NumaState, 1);
        memset(ms->numa->cpu_node, 0xff, sizeof(ms->numa->cpu_node));
    }
    return ms->numa;
}

static bool number(struct json_object *opts, const char *key, uint64_t def,
                   uint64_t *out, Error **errp)
{
    struct json_object *v;

    if (!json_object_object_get_ex(opts, key, &v)) {
        *out = def;
        return true;
    }
    return value_get_uint64(v, key, out, errp);
}

/* "cpus=N" or "cpus=FIRST-LAST". */
static bool assign_cpus(MachineState *ms, const char *cpus, int16_t node, Error **errp)
{
    g_auto(GStrv) ends = g_strsplit(cpus, "-", 2);
    uint64_t first, last;

    if (!parse_uint64(ends[0], &first)) {
        return error_set(errp, "Parameter 'cpus' expects a number or a range");
    }
    last = first;
    if (ends[1] && !parse_uint64(ends[1], &last)) {
        return error_set(errp, "Parameter 'cpus' expects a number or a range");
    }
    if (last < first || last >= ms->smp.max_cpus || last >= NUMA_MAX_CPUS) {
        return error_set(errp,
                         "CPU index (%" PRIu64 ") should be smaller than maxcpus (%u)",
                         last, ms->smp.max_cpus);
    }
    for (uint64_t i = first; i <= last; i++) {
        ms->numa->cpu_node[i] = node;
    }
    return true;
}

/* -numa cpu,node-id=N,socket-id=...: every CPU that has these ids. */
static bool assign_cpu_by_topology(MachineState *ms, struct json_object *opts,
                                   Error **errp)
{
    NumaState *numa = get_state(ms);
    const CpuTopology *t = &ms->smp;
    const uint64_t any = UINT64_MAX;
    uint64_t node, socket, die, core, thread;

    if (!number(opts, "node-id", any, &node, errp) ||
        !number(opts, "socket-id", any, &socket, errp) ||
        !number(opts, "die-id", any, &die, errp) ||
        !number(opts, "core-id", any, &core, errp) ||
        !number(opts, "thread-id", any, &thread, errp)) {
        return false;
    }
    if (node >= MAX_NUMA_NODES || !numa->nodes[node].present) {
        return error_set(errp,
                         "Invalid node-id=%" PRIu64 ", NUMA node must be defined with "
                         "-numa node,nodeid=ID before it's used with -numa "
                         "cpu,node-id=ID",
                         node);
    }
    for (unsigned i = 0; i < t->max_cpus && i < NUMA_MAX_CPUS; i++) {
        unsigned cores = i / t->threads, dies = cores / t->cores;
        if ((thread == any || thread == i % t->threads) &&
            (core == any || core == cores % t->cores) &&
            (die == any || die == dies % t->dies) &&
            (socket == any || socket == dies / t->dies)) {
            numa->cpu_node[i] = (int16_t)node;
        }
    }
    return true;
}

static bool add_node(MachineState *ms, struct json_object *opts, Error **errp)
{
    NumaState *numa = get_state(ms);
    const char *memdev = value_dict_get_str(opts, "memdev");
    uint64_t id;

    if (!number(opts, "nodeid", (uint64_t)numa->num_nodes, &id, errp)) {
        return false;
    }
    if (id >= MAX_NUMA_NODES) {
        return error_set(errp, "Max number of NUMA nodes reached: %" PRIu64, id);
    }
    NumaNode *node = &numa->nodes[id];
    if (node->present) {
        return error_set(errp, "Duplicate NUMA nodeid: %" PRIu64, id);
    }
    if (value_dict_get_str(opts, "mem")) {
        error_set(errp,
                  "Parameter -numa node,mem is not supported by this machine type");
        error_append_hint(errp, "Use -numa node,memdev instead\n");
        return false;
    }
    if (memdev) {
        node->memdev = object_resolve_path_type(memdev, TYPE_MEMORY_BACKEND, NULL);
        if (!node->memdev) {
            return error_set(errp, "memdev=%s is ambiguous", memdev);
        }
        node->mem_bytes = host_memory_backend_get_size(MEMORY_BACKEND(node->memdev));
    }
    const char *cpus = value_dict_get_str(opts, "cpus");
    if (cpus && !assign_cpus(ms, cpus, (int16_t)id, errp)) {
        return false;
    }
    node->present = true;
    numa->num_nodes++;
    return true;
}

static bool set_distance(MachineState *ms, struct json_object *opts, Error **errp)
{
    NumaState *numa = get_state(ms);
    uint64_t src, dst, val;

    if (!number(opts, "src", UINT64_MAX, &src, errp) ||
        !number(opts, "dst", UINT64_MAX, &dst, errp) ||
        !number(opts, "val", UINT64_MAX, &val, errp)) {
        return false;
    }
    if (src >= MAX_NUMA_NODES || dst >= MAX_NUMA_NODES) {
        return error_set(errp, "Parameter '%s' expects an integer between 0 and %d",
                         src >= MAX_NUMA_NODES ? "src" : "dst", MAX_NUMA_NODES - 1);
    }
    if (!numa->nodes[src].present || !numa->nodes[dst].present) {
        return error_set(errp,
                         "Source/Destination NUMA node is missing. Please use '-numa "
                         "node' option to declare it first.");
    }
    if (val < DISTANCE_LOCAL || val > 255) {
        return error_set(errp,
                         "NUMA distance (%" PRIu64 ") is invalid, it shouldn't be less "
                         "than %d.",
                         val, DISTANCE_LOCAL);
    }
    if (src == dst && val != DISTANCE_LOCAL) {
        return error_set(errp, "Local distance of node %" PRIu64 " should be %d.", src,
                         DISTANCE_LOCAL);
    }
    numa->nodes[src].distance[dst] = (uint8_t)val;
    numa->have_distance = true;
    return true;
}

static bool apply_one(MachineState *ms, const char *text, Error **errp)
{
    static const char *const types[] = { "node",    "dist",       "cpu",
                                         "hmat-lb", "hmat-cache", NULL };
    g_autojson opts = keyval_parse(text, "type", errp);
    struct json_object *v;
    int type;

    if (!opts) {
        return false;
    }
    if (!json_object_object_get_ex(opts, "type", &v)) {
        return error_set(errp, "Parameter 'type' is missing");
    }
    if (!value_get_enum(v, "type", types, &type, errp)) {
        return false;
    }
    switch (type) {
    case 0:
        return add_node(ms, opts, errp);
    case 1:
        return set_distance(ms, opts, errp);
    case 2:
        return assign_cpu_by_topology(ms, opts, errp);
    default:
        return error_set(errp, "memory attribute tables (%s) are not built",
                         types[type]);
    }
}

static void fill_distances(NumaState *numa)
{
    for (int a = 0; a < numa->num_nodes; a++) {
        for (int b = 0; b < numa->num_nodes; b++) {
            uint8_t *d = &numa->nodes[a].distance[b];
            if (!*d) {
                uint8_t back = numa->nodes[b].distance[a];
                *d = a == b ? DISTANCE_LOCAL : back ? back : DISTANCE_REMOTE;
            }
        }
    }
}

static bool complete(MachineState *ms, Error **errp)
{
    NumaState *numa = ms->numa;
    uint64_t total = 0;
    bool any_memdev = false;

    for (int i = 0; i < numa->num_nodes; i++) {
        if (!numa->nodes[i].present) {
            /* The highest missing one below the largest is named, as users know it. */
            int last = MAX_NUMA_NODES - 1;
            while (!numa->nodes[last].present) {
                last--;
            }
            while (numa->nodes[last].present) {
                last--;
            }
            return error_set(errp, "numa: Node ID missing: %d", last);
        }
        any_memdev |= numa->nodes[i].memdev != NULL;
    }
    if (any_memdev && ms->ram_backend) {
        return error_set(errp,
                         "'-machine memory-backend' and '-numa memdev' properties are "
                         "mutually exclusive");
    }
    if (!any_memdev && numa->num_nodes) {
        /* Nobody said: split evenly in whole 128 MiB pieces, the rest to the last. */
        uint64_t share =
            ms->ram_size / (uint64_t)numa->num_nodes & ~((128ull << 20) - 1);
        for (int i = 0; i < numa->num_nodes - 1; i++) {
            numa->nodes[i].mem_bytes = share;
            total += share;
        }
        numa->nodes[numa->num_nodes - 1].mem_bytes = ms->ram_size - total;
        total = ms->ram_size;
    } else {
        for (int i = 0; i < numa->num_nodes; i++) {
            total += numa->nodes[i].mem_bytes;
        }
    }
    if (total != ms->ram_size) {
        return error_set(errp,
                         "total memory for NUMA nodes (0x%" PRIx64
                         ") should equal RAM size (0x%" PRIx64 ")",
                         total, ms->ram_size);
    }
    fill_distances(numa);
    return true;
}

bool numa_apply_options(MachineState *ms, GPtrArray *options, Error **errp)
{
    for (guint i = 0; i < options->len; i++) {
        LateOption *o = g_ptr_array_index(options, i);
        error_set_location(o->location);
        if (!apply_one(ms, o->text, errp)) {
            return false;
        }
    }
    error_set_location(NULL);
    if (!ms->numa && ms->ram_slots) {
        /* Guests take hot-plugged memory by its proximity domain: there must be one. */
        ms->numa = g_new0(NumaState, 1);
        ms->numa->num_nodes = 1;
        ms->numa->nodes[0].present = true;
    }
    return !ms->numa || complete(ms, errp);
}

bool numa_make_ram(MachineState *ms, const char *ram_id, Error **errp)
{
    static MemoryRegion container; /* lives as long as the machine: for ever */
    uint64_t offset = 0;

    memory_region_init(&container, OBJECT(ms), ram_id, ms->ram_size);
    for (int i = 0; i < ms->numa->num_nodes; i++) {
        HostMemoryBackend *backend = MEMORY_BACKEND(ms->numa->nodes[i].memdev);
        if (!backend) {
            continue;
        }
        if (host_memory_backend_is_mapped(backend)) {
            return error_set(errp, "memory backend %s can't be used multiple times.",
                             host_memory_backend_get_id(backend));
        }
        host_memory_backend_set_mapped(backend, true);
        memory_region_add_subregion(&container, offset,
                                    host_memory_backend_get_memory(backend));
        offset += ms->numa->nodes[i].mem_bytes;
    }
    ms->ram = &container;
    return true;
}
