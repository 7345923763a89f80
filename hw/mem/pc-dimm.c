/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DIMMs. Interface: properties memdev (link<memory-backend>), addr, slot, node, size
 * (read only). "nvdimm" adds label-size, uuid and unarmed; its label area is kept out
 * of the guest's memory. Not modelled: namespace labels' _DSM methods.
 *
 * Where a DIMM goes is decided by memory-device.c; the slot by pc_dimm_pre_plug().
 */
#include "hw/mem/pc-dimm.h"
#include "hw/mem/memory-device.h"
#include "memory/backend.h"

#include <assert.h>
#include <json-c/json.h>

#define DIMM_SLOT_AUTO (-1)
/* Hosts map anonymous memory so that huge pages can back it: keep the guest in step. */
#define DIMM_MIN_ALIGNMENT (2ull << 20)

typedef struct PCDimm {
    DeviceState parent_obj;
    HostMemoryBackend *memdev;
    uint64_t addr; /* 0: to be chosen */
    int32_t slot;
    uint32_t node;
    /* nvdimm */
    MemoryRegion nvdimm_mr; /* alias of the backend without the label */
    bool nvdimm_ready;
    uint64_t label_size;
    char *uuid;
    bool unarmed;
} PCDimm;

static PCDimm *pc_dimm(const void *obj)
{
    return (PCDimm *)object_cast(obj, TYPE_PC_DIMM);
}

static bool is_nvdimm(const PCDimm *s)
{
    return object_is_a(OBJECT(s), TYPE_NVDIMM);
}

/* --- Slots ---------------------------------------------------------------------------
 */

static PCDimm *find_in_slot(MachineState *ms, int32_t slot)
{
    GPtrArray *devices = memory_device_list(ms);

    for (guint i = 0; devices && i < devices->len; i++) {
        PCDimm *s = object_find_cast(g_ptr_array_index(devices, i), TYPE_PC_DIMM);
        if (s && s->slot == slot) {
            return s;
        }
    }
    return NULL;
}

static bool find_free_slot(MachineState *ms, int32_t *slot, Error **errp)
{
    GPtrArray *devices = memory_device_list(ms);
    g_autofree bool *taken = g_new0(bool, ms->ram_slots);

    for (guint i = 0; devices && i < devices->len; i++) {
        PCDimm *s = object_find_cast(g_ptr_array_index(devices, i), TYPE_PC_DIMM);
        if (s && s->slot >= 0 && (uint64_t)s->slot < ms->ram_slots) {
            taken[s->slot] = true;
        }
    }
    for (uint64_t n = 0; n < ms->ram_slots; n++) {
        if (!taken[n]) {
            *slot = (int32_t)n;
            return true;
        }
    }
    return error_set(errp, "no free slots available");
}

static bool choose_slot(MachineState *ms, PCDimm *s, Error **errp)
{
    if (!ms->ram_slots) {
        return error_set(errp,
                         "no slots where allocated, please specify the 'slots' option");
    }
    if (s->slot == DIMM_SLOT_AUTO) {
        return find_free_slot(ms, &s->slot, errp);
    }
    if (s->slot < 0 || (uint64_t)s->slot >= ms->ram_slots) {
        return error_set(errp, "invalid slot number %d, valid range is [0-%" PRIu64 "]",
                         s->slot, ms->ram_slots - 1);
    }
    if (find_in_slot(ms, s->slot)) {
        return error_set(errp, "slot %d is busy", s->slot);
    }
    return true;
}

/* --- Region --------------------------------------------------------------------------
 */

static uint64_t dimm_alignment(DeviceState *dev)
{
    PCDimm *s = pc_dimm(dev);
    uint64_t page = s->memdev ? host_memory_backend_get_page_size(s->memdev) : 0;

    return MAX(page, DIMM_MIN_ALIGNMENT);
}

/* The label is the end of the backend; what is left must be whole aligned pages. */
static bool make_nvdimm_region(PCDimm *s, Error **errp)
{
    MemoryRegion *mr = host_memory_backend_get_memory(s->memdev);
    uint64_t size = memory_region_size(mr);
    uint64_t align = dimm_alignment(DEVICE(s));
    uint64_t pmem = size > s->label_size ? (size - s->label_size) & ~(align - 1) : 0;

    if (!pmem) {
        return error_set(
            errp,
            "the size of memdev %s (0x%" PRIx64 ") is too small to contain "
            "nvdimm label (0x%" PRIx64 ") and aligned PMEM (0x%" PRIx64 ")",
            host_memory_backend_get_id(s->memdev), size, s->label_size, align);
    }
    memory_region_init_alias(&s->nvdimm_mr, OBJECT(s), "nvdimm-memory", mr, 0, pmem);
    memory_region_set_nonvolatile(&s->nvdimm_mr, true);
    s->nvdimm_ready = true;
    return true;
}

static MemoryRegion *dimm_region(DeviceState *dev, Error **errp)
{
    PCDimm *s = pc_dimm(dev);

    if (!s->memdev) {
        error_set(errp, "'memdev' property must be set");
        return NULL;
    }
    if (!is_nvdimm(s)) {
        return host_memory_backend_get_memory(s->memdev);
    }
    if (!s->nvdimm_ready && !make_nvdimm_region(s, errp)) {
        return NULL;
    }
    return &s->nvdimm_mr;
}

static uint64_t dimm_get_addr(DeviceState *dev)
{
    return pc_dimm(dev)->addr;
}

static void dimm_set_addr(DeviceState *dev, uint64_t addr)
{
    pc_dimm(dev)->addr = addr;
}

static uint64_t dimm_size(PCDimm *s)
{
    MemoryRegion *mr = dimm_region(DEVICE(s), NULL);

    return mr ? memory_region_size(mr) : 0;
}

static struct json_object *dimm_info(DeviceState *dev)
{
    PCDimm *s = pc_dimm(dev);
    struct json_object *info = json_object_new_object();
    struct json_object *data = json_object_new_object();
    g_autofree char *memdev = object_get_canonical_path(OBJECT(s->memdev));

    if (dev->id) {
        json_object_object_add(data, "id", json_object_new_string(dev->id));
    }
    json_object_object_add(data, "addr", json_object_new_uint64(s->addr));
    json_object_object_add(data, "slot", json_object_new_int(s->slot));
    json_object_object_add(data, "node", json_object_new_int64(s->node));
    json_object_object_add(data, "size", json_object_new_uint64(dimm_size(s)));
    json_object_object_add(data, "memdev",
                           json_object_new_string(memdev ? memdev : ""));
    json_object_object_add(data, "hotplugged",
                           json_object_new_boolean(dev->hotplugged));
    json_object_object_add(
        data, "hotpluggable",
        json_object_new_boolean(DEVICE_GET_CLASS(dev)->hotpluggable));
    json_object_object_add(info, "type",
                           json_object_new_string(is_nvdimm(s) ? "nvdimm" : "dimm"));
    json_object_object_add(info, "data", data);
    return info;
}

/* --- For the machine -----------------------------------------------------------------
 */

bool pc_dimm_pre_plug(MachineState *ms, DeviceState *dev, Error **errp)
{
    PCDimm *s = pc_dimm(dev);
    int32_t wanted = s->slot;

    if (!choose_slot(ms, s, errp)) {
        return false;
    }
    if (!memory_device_pre_plug(ms, dev, errp)) {
        s->slot = wanted;
        return false;
    }
    return true;
}

void pc_dimm_plug(MachineState *ms, DeviceState *dev)
{
    memory_device_plug(ms, dev);
}

void pc_dimm_unplug(MachineState *ms, DeviceState *dev)
{
    memory_device_unplug(ms, dev);
}

/* --- Life ----------------------------------------------------------------------------
 */

static bool check_node(const PCDimm *s, Error **errp)
{
    MachineState *ms = MACHINE(object_resolve_path("/machine", NULL));
    int nodes = ms->numa && ms->numa->num_nodes ? ms->numa->num_nodes : 1;

    if (s->node >= (uint32_t)nodes) {
        return error_set(
            errp,
            "'DIMM property node has value %u' which exceeds the number of "
            "numa nodes: %d",
            s->node, nodes);
    }
    return true;
}

static bool dimm_realize(DeviceState *dev, Error **errp)
{
    PCDimm *s = pc_dimm(dev);

    if (!s->memdev) {
        return error_set(errp, "'memdev' property is not set");
    }
    if (!check_node(s, errp)) {
        return false;
    }
    if (host_memory_backend_is_mapped(s->memdev)) {
        return error_set(errp, "can't use already busy memdev: %s",
                         host_memory_backend_get_id(s->memdev));
    }
    host_memory_backend_set_mapped(s->memdev, true);
    return true;
}

static void dimm_unrealize(DeviceState *dev)
{
    host_memory_backend_set_mapped(pc_dimm(dev)->memdev, false);
}

static struct json_object *get_size(Object *obj, const Property *prop)
{
    return json_object_new_uint64(dimm_size(pc_dimm(obj)));
}

static const Property dimm_props[] = {
    PROP_UINT64("addr", PCDimm, addr, 0),
    PROP_UINT32("node", PCDimm, node, 0),
    PROP_INT32("slot", PCDimm, slot, DIMM_SLOT_AUTO),
    PROP_CUSTOM("size", "uint64", get_size, NULL),
    PROP_LINK("memdev", PCDimm, memdev, TYPE_MEMORY_BACKEND, HostMemoryBackend),
};

static void dimm_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    MemoryDeviceClass *mc = object_class_cast(klass, TYPE_MEMORY_DEVICE);

    dc->desc = "DIMM memory module";
    dc->realize = dimm_realize;
    dc->unrealize = dimm_unrealize;
    mc->get_addr = dimm_get_addr;
    mc->set_addr = dimm_set_addr;
    mc->get_region = dimm_region;
    mc->get_alignment = dimm_alignment;
    mc->get_info = dimm_info;
    OBJECT_CLASS_ADD_PROPERTIES(klass, dimm_props);
}

static const char *const dimm_interfaces[] = { TYPE_MEMORY_DEVICE, NULL };
static const TypeInfo dimm_info_type = {
    .name = TYPE_PC_DIMM,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(PCDimm),
    .class_init = dimm_class_init,
    .interfaces = dimm_interfaces,
};
TYPE_REGISTER(dimm_info_type);

static const Property nvdimm_props[] = {
    PROP_SIZE("label-size", PCDimm, label_size, 0),
    PROP_STR("uuid", PCDimm, uuid, NULL),
    PROP_BOOL("unarmed", PCDimm, unarmed, false),
};

static void nvdimm_class_init(ObjectClass *klass, const void *data)
{
    DEVICE_CLASS(klass)->hotpluggable = true;
    OBJECT_CLASS_ADD_PROPERTIES(klass, nvdimm_props);
}

static const TypeInfo nvdimm_info = {
    .name = TYPE_NVDIMM,
    .parent = TYPE_PC_DIMM,
    .class_init = nvdimm_class_init,
};
TYPE_REGISTER(nvdimm_info);
