/* SPDX-License-Identifier: GPL-2.0-or-later */
/* info numa: nodes with their CPUs and memory, plugged memory counted in its node. */
#include "accel/vcpu.h"
#include "hw/mem/memory-device.h"
#include "qapi/command.h"

#include <inttypes.h>

static uint64_t plugged_in_node(MachineState *ms, int node)
{
    GPtrArray *devices = memory_device_list(ms);
    uint64_t bytes = 0;

    for (guint i = 0; devices && i < devices->len; i++) {
        Object *dev = OBJECT(g_ptr_array_index(devices, i));
        if (object_property_get_uint(dev, "node") == (uint64_t)node) {
            bytes += object_property_get_uint(dev, "size");
        }
    }
    return bytes;
}

static void print_node(HmpOut *out, MachineState *ms, int node)
{
    uint64_t plugged = plugged_in_node(ms, node);

    hmp_printf(out, "node %d cpus:", node);
    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        if (machine_get_cpu_node(ms, (unsigned)cpu->index) == node) {
            hmp_printf(out, " %d", cpu->index);
        }
    }
    hmp_printf(out, "\nnode %d size: %" PRIu64 " MB\n", node,
               (ms->numa->nodes[node].mem_bytes + plugged) >> 20);
    hmp_printf(out, "node %d plugged: %" PRIu64 " MB\n", node, plugged >> 20);
}

static void hmp_info_numa(HmpOut *out, HmpArgs *args)
{
    MachineState *ms =
        object_find_cast(object_resolve_path("/machine", NULL), TYPE_MACHINE);
    int nodes = ms && ms->numa ? ms->numa->num_nodes : 0;

    hmp_printf(out, "%d nodes\n", nodes);
    for (int i = 0; i < nodes; i++) {
        print_node(out, ms, i);
    }
}
HMP_INFO("numa", "", "", "show NUMA information", hmp_info_numa);
