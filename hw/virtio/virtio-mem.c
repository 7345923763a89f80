/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio memory device. Source: VIRTIO 1.2, section 5.15. One queue of requests: plug,
 * unplug, unplug all, state. A block that is unplugged is given back to the host; its
 * addresses still answer, with zeroes, as the specification permits. Not modelled:
 * VIRTIO_MEM_F_UNPLUGGED_INACCESSIBLE.
 *
 * Interface: properties memdev, memaddr, node, block-size, requested-size (may change
 * while the machine runs), size (read only). As "virtio-mem-pci", which the machine
 * plugs into its device-memory window.
 *
 * M1: plugged == block_size * number of bits set in bitmap.
 */
#include "hw/virtio/virtio-mem.h"
#include "hw/mem/memory-device.h"
#include "hw/virtio/virtio-pci.h"
#include "memory/ram-block.h"
#include "qapi/command.h"
#include "qapi/events.h"
#include "qapi/value.h"
#include "util/log.h"

#include <json-c/json.h>
#include <string.h>

#define QUEUE_SIZE     128
#define MIN_BLOCK      (UINT64_C(2) << 20)
#define USABLE_EXTRA   (UINT64_C(256) << 20) /* beyond what is asked for */
#define MEM_F_ACPI_PXM (UINT64_C(1) << 0)

/* --- Requests (5.15.6) --- */
enum {
    MEM_REQ_PLUG = 0,
    MEM_REQ_UNPLUG = 1,
    MEM_REQ_UNPLUG_ALL = 2,
    MEM_REQ_STATE = 3
};
enum { MEM_RESP_ACK = 0, MEM_RESP_NACK = 1, MEM_RESP_BUSY = 2, MEM_RESP_ERROR = 3 };
enum { MEM_STATE_PLUGGED = 0, MEM_STATE_UNPLUGGED = 1, MEM_STATE_MIXED = 2 };
#define REQUEST_BYTES  24
#define RESPONSE_BYTES 10

#define CONFIG_LEN 56

static VirtIOMem *mem_cast(const void *obj)
{
    return (VirtIOMem *)object_cast((const Object *)obj, TYPE_VIRTIO_MEM);
}

/* --- Region --------------------------------------------------------------------------
 */

MemoryRegion *virtio_mem_get_region(VirtIOMem *s, Error **errp)
{
    if (!s->memdev) {
        error_set(errp, "'memdev' property must be set");
        return NULL;
    }
    return host_memory_backend_get_memory(s->memdev);
}

uint64_t virtio_mem_get_alignment(VirtIOMem *s)
{
    return MAX(s->block_size, MIN_BLOCK);
}

static uint64_t region_size(const VirtIOMem *s)
{
    return memory_region_size(host_memory_backend_get_memory(s->memdev));
}

static RAMBlock *ram_block_of(const VirtIOMem *s)
{
    ram_addr_t offset;

    return ram_block_at(
        memory_region_get_ram_addr(host_memory_backend_get_memory(s->memdev)), &offset);
}

/* What the guest may plug at all: some room to choose, while more is wanted. */
static uint64_t usable_size(const VirtIOMem *s)
{
    return s->requested_size ? MIN(region_size(s), s->requested_size + USABLE_EXTRA)
                             : 0;
}

/* --- Blocks --------------------------------------------------------------------------
 */

static bool block_is_plugged(const VirtIOMem *s, uint64_t n)
{
    return s->bitmap[n / 8] & (1u << (n % 8));
}

static void set_blocks(VirtIOMem *s, uint64_t first, uint64_t count, bool plugged)
{
    for (uint64_t n = first; n < first + count; n++) {
        uint8_t bit = (uint8_t)(1u << (n % 8));
        s->bitmap[n / 8] =
            (uint8_t)(plugged ? s->bitmap[n / 8] | bit : s->bitmap[n / 8] & ~bit);
    }
    if (plugged) {
        s->plugged += count * s->block_size;
    } else {
        s->plugged -= count * s->block_size;
    }
}

static unsigned state_of(const VirtIOMem *s, uint64_t first, uint64_t count)
{
    uint64_t plugged = 0;

    for (uint64_t n = first; n < first + count; n++) {
        plugged += block_is_plugged(s, n);
    }
    return plugged == count ? MEM_STATE_PLUGGED
           : plugged        ? MEM_STATE_MIXED
                            : MEM_STATE_UNPLUGGED;
}

static void size_changed(VirtIOMem *s)
{
    DeviceState *function = BUS(s->parent_obj.bus)->parent;
    struct json_object *data = json_object_new_object();

    if (function->id) {
        json_object_object_add(data, "id", json_object_new_string(function->id));
    }
    json_add_uint(data, "size", s->plugged);
    json_object_object_add(data, "qom-path",
                           json_object_new_string(DEVICE(s)->canonical_path));
    qapi_event_send("MEMORY_DEVICE_SIZE_CHANGE", data);
}

/* False when the host does not take it back. */
static bool give_back(VirtIOMem *s, uint64_t first, uint64_t count)
{
    return ram_block_discard_range(ram_block_of(s), first * s->block_size,
                                   count * s->block_size) == 0;
}

static bool unplug_everything(VirtIOMem *s)
{
    if (!s->plugged) {
        return true;
    }
    if (!give_back(s, 0, region_size(s) / s->block_size)) {
        return false;
    }
    memset(s->bitmap, 0, s->bitmap_bytes);
    s->plugged = 0;
    size_changed(s);
    return true;
}

/* --- Requests ------------------------------------------------------------------------
 */

typedef struct MemRequest {
    uint16_t type;
    uint64_t addr;
    uint16_t blocks;
} MemRequest;

/* 5.15.6.1: whole blocks inside the usable region. */
static bool range_of(const VirtIOMem *s, const MemRequest *r, uint64_t *first)
{
    uint64_t usable = usable_size(s), bytes = r->blocks * s->block_size;
    uint64_t at = r->addr - s->addr;

    if (r->addr < s->addr || at % s->block_size || !r->blocks || at > usable ||
        bytes > usable - at) {
        return false;
    }
    *first = at / s->block_size;
    return true;
}

static uint16_t change(VirtIOMem *s, const MemRequest *r, bool plug)
{
    uint64_t first, bytes = r->blocks * s->block_size;

    if (!range_of(s, r, &first) ||
        state_of(s, first, r->blocks) !=
            (plug ? MEM_STATE_UNPLUGGED : MEM_STATE_PLUGGED)) {
        return MEM_RESP_ERROR;
    }
    if (plug &&
        (s->plugged > s->requested_size || bytes > s->requested_size - s->plugged)) {
        return MEM_RESP_NACK;
    }
    if (!plug && !give_back(s, first, r->blocks)) {
        return MEM_RESP_BUSY;
    }
    set_blocks(s, first, r->blocks, plug);
    size_changed(s);
    return MEM_RESP_ACK;
}

static uint16_t run(VirtIOMem *s, const MemRequest *r, uint16_t *state)
{
    uint64_t first;

    switch (r->type) {
    case MEM_REQ_PLUG:
        return change(s, r, true);
    case MEM_REQ_UNPLUG:
        return change(s, r, false);
    case MEM_REQ_UNPLUG_ALL:
        return unplug_everything(s) ? MEM_RESP_ACK : MEM_RESP_BUSY;
    case MEM_REQ_STATE:
        if (!range_of(s, r, &first)) {
            return MEM_RESP_ERROR;
        }
        *state = (uint16_t)state_of(s, first, r->blocks);
        return MEM_RESP_ACK;
    default:
        return MEM_RESP_ERROR;
    }
}

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static void handle_requests(VirtQueue *vq)
{
    VirtIOMem *s = mem_cast(vq->vdev);
    VirtQueueElement *e;

    for (unsigned i = 0; i < vq->num && (e = virtqueue_pop(vq)) != NULL; i++) {
        uint8_t raw[REQUEST_BYTES], response[RESPONSE_BYTES] = { 0 };
        uint16_t state = 0;

        if (virtio_read(vq->vdev, e, 0, raw, sizeof(raw)) < sizeof(raw) ||
            e->in_bytes < sizeof(response)) {
            virtqueue_drop(e);
            virtio_error(vq->vdev, "request or response too short");
            return;
        }
        MemRequest r = { .type = get16(raw), .blocks = get16(raw + 16) };
        memcpy(&r.addr, raw + 8, sizeof(r.addr));
        r.addr = GUINT64_FROM_LE(r.addr);
        response[0] = (uint8_t)run(s, &r, &state);
        response[8] = (uint8_t)state;
        virtio_write(vq->vdev, e, 0, response, sizeof(response));
        virtqueue_push(vq, e, sizeof(response));
    }
    virtqueue_notify(vq);
}

/* --- Configuration -------------------------------------------------------------------
 */

static uint64_t mem_features(VirtIODevice *vdev)
{
    return MEM_F_ACPI_PXM;
}

static void put64(uint8_t *at, uint64_t value)
{
    value = GUINT64_TO_LE(value);
    memcpy(at, &value, sizeof(value));
}

static void mem_config(VirtIODevice *vdev, uint8_t *c)
{
    VirtIOMem *s = mem_cast(vdev);

    put64(c, s->block_size);
    c[8] = (uint8_t)s->node;
    c[9] = (uint8_t)(s->node >> 8);
    put64(c + 16, s->addr);
    put64(c + 24, region_size(s));
    put64(c + 32, usable_size(s));
    put64(c + 40, s->plugged);
    put64(c + 48, s->requested_size);
}

bool virtio_mem_set_requested(VirtIOMem *s, uint64_t size, Error **errp)
{
    if (s->ready) {
        if (size % s->block_size) {
            return error_set(errp,
                             "'requested-size' has to be multiples of 'block-size' "
                             "(0x%" PRIx64 ")",
                             s->block_size);
        }
        if (size > region_size(s)) {
            return error_set(errp,
                             "'requested-size' cannot exceed the memory backend size"
                             "(0x%" PRIx64 ")",
                             region_size(s));
        }
    }
    if (size != s->requested_size) {
        s->requested_size = size;
        if (s->ready) {
            virtio_notify_config(&s->parent_obj);
        }
    }
    return true;
}

struct json_object *virtio_mem_get_info(VirtIOMem *s, const char *id)
{
    struct json_object *info = json_object_new_object();
    struct json_object *data = json_object_new_object();
    g_autofree char *memdev = object_get_canonical_path(OBJECT(s->memdev));

    if (id) {
        json_object_object_add(data, "id", json_object_new_string(id));
    }
    json_add_uint(data, "memaddr", s->addr);
    json_add_uint(data, "node", s->node);
    json_add_uint(data, "requested-size", s->requested_size);
    json_add_uint(data, "size", s->plugged);
    json_add_uint(data, "max-size", region_size(s));
    json_add_uint(data, "block-size", s->block_size);
    json_object_object_add(data, "memdev",
                           json_object_new_string(memdev ? memdev : ""));
    json_object_object_add(info, "type", json_object_new_string("virtio-mem"));
    json_object_object_add(info, "data", data);
    return info;
}

/* --- Life ----------------------------------------------------------------------------
 */

static bool check_sizes(VirtIOMem *s, Error **errp)
{
    uint64_t page = host_memory_backend_get_page_size(s->memdev);

    if (s->block_size < page || s->block_size < 0x100000 ||
        (s->block_size & (s->block_size - 1))) {
        return error_set(errp,
                         "'block-size' property has to be a power of two of at least "
                         "1 MiB and of the page size");
    }
    if (region_size(s) % s->block_size) {
        return error_set(errp,
                         "'memdev' property memory size has to be multiples of "
                         "'block-size' (0x%" PRIx64 ")",
                         s->block_size);
    }
    if (s->addr % s->block_size) {
        return error_set(errp,
                         "'memaddr' property has to be multiples of 'block-size' "
                         "(0x%" PRIx64 ")",
                         s->block_size);
    }
    return true;
}

/* The block is called after the function, so that the name says whose it is. */
static bool name_block(VirtIOMem *s, Error **errp)
{
    RAMBlock *rb = ram_block_of(s);
    DeviceState *function = BUS(s->parent_obj.bus)->parent;
    BusClass *bc = BUS_GET_CLASS(function->parent_bus);
    g_autofree char *path = bc->dev_path ? bc->dev_path(function) : NULL;

    s->old_ram_id = g_strdup(ram_block_get_idstr(rb));
    if (!path) {
        return true;
    }
    g_autofree char *name =
        g_strdup_printf("%s/%s", path, host_memory_backend_get_id(s->memdev));
    return ram_block_set_idstr(rb, name, errp);
}

static bool mem_realize(VirtIODevice *vdev, Error **errp)
{
    VirtIOMem *s = mem_cast(vdev);

    if (!s->memdev) {
        return error_set(errp, "'memdev' property is not set");
    }
    if (host_memory_backend_is_mapped(s->memdev)) {
        return error_set(errp, "can't use already busy memdev: %s",
                         host_memory_backend_get_id(s->memdev));
    }
    if (!check_sizes(s, errp)) {
        return false;
    }
    s->ready = true;
    uint64_t wanted = s->requested_size;
    s->requested_size = 0;
    if (!virtio_mem_set_requested(s, wanted, errp) || !name_block(s, errp)) {
        s->ready = false;
        return false;
    }
    s->plugged = 0;
    s->bitmap_bytes = (uint32_t)((region_size(s) / s->block_size + 7) / 8);
    s->bitmap = g_malloc0(s->bitmap_bytes);
    host_memory_backend_set_mapped(s->memdev, true);
    virtio_add_queue(vdev, QUEUE_SIZE, handle_requests);
    return true;
}

static void mem_unrealize(VirtIODevice *vdev)
{
    VirtIOMem *s = mem_cast(vdev);

    host_memory_backend_set_mapped(s->memdev, false);
    g_autoptr(Error) err = NULL;
    if (!ram_block_set_idstr(ram_block_of(s), s->old_ram_id, &err)) {
        warn_report("virtio-mem: %s", error_get_message(err));
    }
    g_clear_pointer(&s->old_ram_id, g_free);
    g_clear_pointer(&s->bitmap, g_free);
    s->ready = false;
}

/* The machine is reset: the next system starts without what this one had plugged. */
static void mem_reset_enter(DeviceState *dev)
{
    VirtIOMem *s = mem_cast(dev);

    if (!unplug_everything(s)) {
        warn_report("virtio-mem: the host does not take memory back");
    }
}

static bool mem_post_load(void *opaque, int version_id, Error **errp)
{
    VirtIOMem *s = opaque;
    uint64_t blocks = region_size(s) / s->block_size, n = 0;

    for (uint64_t i = 0; i < s->bitmap_bytes * UINT64_C(8); i++) {
        n += block_is_plugged(s, i);
        if (i >= blocks && block_is_plugged(s, i)) {
            return error_set(errp, "virtio-mem: a block past the end is plugged");
        }
    }
    if (s->plugged != n * s->block_size || /* M1 */
        s->requested_size % s->block_size || s->requested_size > region_size(s)) {
        return error_set(errp, "virtio-mem: inconsistent size");
    }
    return true;
}

static const VMStateField mem_fields[] = {
    VMSTATE_VIRTIO_DEVICE(parent_obj, VirtIOMem),
    VMSTATE_UINT64(plugged, VirtIOMem),
    VMSTATE_UINT64(requested_size, VirtIOMem),
    VMSTATE_VBUFFER(bitmap, VirtIOMem, bitmap_bytes),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_mem = {
    .name = "virtio-mem",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = mem_post_load,
    .fields = mem_fields,
};

static const Property mem_props[] = { VIRTIO_MEM_PROPERTIES(VirtIOMem, ) };

static void mem_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtIODeviceClass *vc = VIRTIO_DEVICE_CLASS(klass);

    dc->desc = "virtio memory device";
    dc->vmsd = &vmstate_mem;
    dc->reset_enter = mem_reset_enter;
    dc->user_creatable = false; /* only where the machine can plug it */
    vc->device_id = VIRTIO_ID_MEM;
    vc->name = "virtio-mem";
    vc->config_len = CONFIG_LEN;
    vc->realize = mem_realize;
    vc->unrealize = mem_unrealize;
    vc->get_features = mem_features;
    vc->get_config = mem_config;
    OBJECT_CLASS_ADD_PROPERTIES(klass, mem_props);
}

static const TypeInfo mem_info = {
    .name = TYPE_VIRTIO_MEM,
    .parent = TYPE_VIRTIO_DEVICE,
    .instance_size = sizeof(VirtIOMem),
    .class_init = mem_class_init,
};
TYPE_REGISTER(mem_info);

/* --- On PCI --- */

typedef struct VirtIOMemPCI {
    VirtIOPCI parent_obj;
    VirtIOMem mem;
} VirtIOMemPCI;

static VirtIOMemPCI *mem_pci(const void *obj)
{
    return (VirtIOMemPCI *)object_cast((const Object *)obj, TYPE_VIRTIO_MEM_PCI);
}

static uint64_t md_get_addr(DeviceState *dev)
{
    return mem_pci(dev)->mem.addr;
}

static void md_set_addr(DeviceState *dev, uint64_t addr)
{
    mem_pci(dev)->mem.addr = addr;
}

static MemoryRegion *md_get_region(DeviceState *dev, Error **errp)
{
    return virtio_mem_get_region(&mem_pci(dev)->mem, errp);
}

static uint64_t md_get_alignment(DeviceState *dev)
{
    return virtio_mem_get_alignment(&mem_pci(dev)->mem);
}

static struct json_object *md_get_info(DeviceState *dev)
{
    return virtio_mem_get_info(&mem_pci(dev)->mem, dev->id);
}

static struct json_object *get_size(Object *obj, const Property *prop)
{
    return value_new_uint64(mem_pci(obj)->mem.plugged);
}

static struct json_object *get_requested(Object *obj, const Property *prop)
{
    return value_new_uint64(mem_pci(obj)->mem.requested_size);
}

static bool set_requested(Object *obj, const Property *prop, struct json_object *value,
                          Error **errp)
{
    uint64_t size;

    return value_get_size(value, prop->name, &size, errp) &&
           virtio_mem_set_requested(&mem_pci(obj)->mem, size, errp);
}

static void mem_pci_init(Object *obj)
{
    VirtIOMemPCI *s = (VirtIOMemPCI *)obj;

    virtio_pci_init_child(&s->parent_obj, &s->mem, sizeof(s->mem), TYPE_VIRTIO_MEM);
}

static const Property mem_pci_props[] = {
    PROP_ON_OFF_AUTO("disable-legacy", VirtIOMemPCI, parent_obj.disable_legacy,
                     ON_OFF_AUTO_ON),
    VIRTIO_MEM_PROPERTIES(VirtIOMemPCI, mem.),
    PROP_CUSTOM("requested-size", "size", get_requested, set_requested),
    PROP_CUSTOM("size", "size", get_size, NULL),
};

static void mem_pci_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    MemoryDeviceClass *mc = object_class_cast(klass, TYPE_MEMORY_DEVICE);

    dc->desc = "virtio memory device on PCI";
    dc->hotpluggable = true;
    mc->get_addr = md_get_addr;
    mc->set_addr = md_set_addr;
    mc->get_region = md_get_region;
    mc->get_alignment = md_get_alignment;
    mc->get_info = md_get_info;
    OBJECT_CLASS_ADD_PROPERTIES(klass, mem_pci_props);
}

static const char *const mem_pci_interfaces[] = { TYPE_MEMORY_DEVICE, NULL };
static const TypeInfo mem_pci_info = {
    .name = TYPE_VIRTIO_MEM_PCI,
    .parent = TYPE_VIRTIO_PCI,
    .instance_size = sizeof(VirtIOMemPCI),
    .instance_init = mem_pci_init,
    .class_init = mem_pci_class_init,
    .interfaces = mem_pci_interfaces,
};
TYPE_REGISTER(mem_pci_info);
