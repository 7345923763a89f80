/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio core: features, status, configuration, life. Source: VIRTIO 1.1, chapters 2
 * and 3. Not modelled: packed rings, IOMMU platform, in-order use, queue reset.
 *
 * V1: a queue's handler runs only from the bottom half, never from a register access:
 *     rings and buffers may lie anywhere, even on the device's own registers.
 */
#include "hw/virtio/virtio.h"
#include "util/log.h"

#include <stdarg.h>
#include <string.h>

/* --- Queues --------------------------------------------------------------------------
 */

static void run_queues_bh(void *opaque)
{
    VirtIODevice *vdev = opaque;
    uint32_t pending = vdev->pending;

    vdev->pending = 0;
    for (unsigned n = 0; n < vdev->num_queues; n++) {
        VirtQueue *vq = &vdev->queues[n];
        if ((pending & (1u << n)) && vq->enabled && !vdev->broken) {
            vq->handler(vq);
        }
    }
}

VirtQueue *virtio_add_queue(VirtIODevice *vdev, uint16_t num, VirtQueueFn *handler)
{
    g_assert(vdev->num_queues < VIRTIO_MAX_QUEUES && num <= VIRTIO_QUEUE_MAX);
    VirtQueue *vq = &vdev->queues[vdev->num_queues];

    *vq = (VirtQueue){ .vdev = vdev,
                       .handler = handler,
                       .index = (uint16_t)vdev->num_queues++,
                       .num_max = num,
                       .num = num,
                       .vector = VIRTIO_NO_VECTOR };
    return vq;
}

VirtQueue *virtio_get_queue(VirtIODevice *vdev, unsigned n)
{
    return n < vdev->num_queues ? &vdev->queues[n] : NULL;
}

void virtio_kick(VirtQueue *vq)
{
    vq->vdev->pending |= 1u << vq->index;
    bh_schedule(vq->vdev->bh);
}

void virtio_queue_kick(VirtIODevice *vdev, unsigned n)
{
    if (n < vdev->num_queues && vdev->queues[n].enabled && !vdev->broken) {
        virtio_kick(&vdev->queues[n]);
    }
}

/* --- Status and features -------------------------------------------------------------
 */

void virtio_notify_config(VirtIODevice *vdev)
{
    if (!vdev->bus || !(vdev->status & VIRTIO_STATUS_DRIVER_OK)) {
        return;
    }
    vdev->isr |= 3;
    vdev->config_generation++;
    vdev->bus->ops->notify(vdev->bus->transport, vdev->config_vector, true);
}

void virtio_error(VirtIODevice *vdev, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_autofree char *text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    log_guest_error("%s: %s\n", VIRTIO_DEVICE_GET_CLASS(vdev)->name, text);
    vdev->broken = true;
    if (virtio_has_feature(vdev, VIRTIO_F_VERSION_1)) {
        vdev->status |= VIRTIO_STATUS_NEEDS_RESET;
        virtio_notify_config(vdev);
    }
}

uint64_t virtio_get_host_features(VirtIODevice *vdev)
{
    VirtIODeviceClass *vc = VIRTIO_DEVICE_GET_CLASS(vdev);
    uint64_t f = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1;

    if (vdev->legacy) {
        f |= VIRTIO_F_NOTIFY_ON_EMPTY | VIRTIO_F_ANY_LAYOUT;
    }
    return f | (vc->get_features ? vc->get_features(vdev) : 0);
}

bool virtio_set_features(VirtIODevice *vdev, uint64_t features)
{
    uint64_t offered = virtio_get_host_features(vdev);

    vdev->guest_features = features & offered;
    return !(features & ~offered);
}

void virtio_set_status(VirtIODevice *vdev, uint8_t status)
{
    if (!status) {
        virtio_reset(vdev);
        return;
    }
    /* Only the device sets and clears this one. */
    vdev->status = (uint8_t)((status & ~VIRTIO_STATUS_NEEDS_RESET) |
                             (vdev->status & VIRTIO_STATUS_NEEDS_RESET));
}

void virtio_reset(VirtIODevice *vdev)
{
    VirtIODeviceClass *vc = VIRTIO_DEVICE_GET_CLASS(vdev);

    vdev->status = 0;
    vdev->pending = 0;
    if (vc->reset) {
        vc->reset(vdev);
    }
    vdev->guest_features = 0;
    vdev->isr = 0;
    vdev->config_vector = VIRTIO_NO_VECTOR;
    vdev->broken = false;
    for (unsigned n = 0; n < vdev->num_queues; n++) {
        VirtQueue *vq = &vdev->queues[n];
        vq->num = vq->num_max;
        vq->desc = vq->avail = vq->used = 0;
        vq->vector = VIRTIO_NO_VECTOR;
        vq->enabled = vq->signalled_valid = false;
        vq->last_avail = vq->used_idx = vq->signalled_used = 0;
    }
    if (vdev->bus && vdev->bus->ops->reset) {
        vdev->bus->ops->reset(vdev->bus->transport);
    }
}

/* --- Configuration -------------------------------------------------------------------
 */

size_t virtio_config_len(VirtIODevice *vdev)
{
    return VIRTIO_DEVICE_GET_CLASS(vdev)->config_len;
}

uint32_t virtio_config_read(VirtIODevice *vdev, unsigned offset, unsigned size)
{
    VirtIODeviceClass *vc = VIRTIO_DEVICE_GET_CLASS(vdev);
    uint8_t config[VIRTIO_MAX_CONFIG_LEN] = { 0 };
    uint32_t value = 0;

    if (offset > vc->config_len || size > vc->config_len - offset) {
        return UINT32_MAX >> (32 - 8 * size);
    }
    vc->get_config(vdev, config);
    memcpy(&value, config + offset, size);
    return GUINT32_FROM_LE(value);
}

void virtio_config_write(VirtIODevice *vdev, unsigned offset, uint32_t value,
                         unsigned size)
{
    VirtIODeviceClass *vc = VIRTIO_DEVICE_GET_CLASS(vdev);

    if (vc->set_config && offset <= vc->config_len && size <= vc->config_len - offset) {
        value = GUINT32_TO_LE(value);
        vc->set_config(vdev, offset, (const uint8_t *)&value, size);
    }
}

/* --- Device --------------------------------------------------------------------------
 */

static bool virtio_device_realize(DeviceState *dev, Error **errp)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    VirtIODeviceClass *vc = VIRTIO_DEVICE_GET_CLASS(dev);

    g_assert(vc->config_len <= VIRTIO_MAX_CONFIG_LEN);
    vdev->bus = VIRTIO_BUS(dev->parent_bus);
    vdev->bh = bh_new(device_get_loop(dev), run_queues_bh, vdev);
    vdev->num_queues = 0;
    if (!vc->realize(vdev, errp)) {
        g_clear_pointer(&vdev->bh, bh_free);
        vdev->bus = NULL;
        return false;
    }
    vdev->bus->vdev = vdev;
    virtio_reset(vdev);
    return true;
}

static void virtio_device_unrealize(DeviceState *dev)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    VirtIODeviceClass *vc = VIRTIO_DEVICE_GET_CLASS(dev);

    virtio_reset(vdev);
    if (vc->unrealize) {
        vc->unrealize(vdev);
    }
    bh_cancel(vdev->bh);
    g_clear_pointer(&vdev->bh, bh_free);
    vdev->bus->vdev = NULL;
}

static void virtio_device_reset_hold(DeviceState *dev)
{
    virtio_reset(VIRTIO_DEVICE(dev));
}

static bool virtio_pre_save(void *opaque, Error **errp)
{
    VirtIODevice *vdev = opaque;
    VirtIODeviceClass *vc = VIRTIO_DEVICE_GET_CLASS(vdev);

    if (vc->quiesce) {
        vc->quiesce(vdev);
    }
    return true;
}

/* Rings are checked when they are used; sizes are used to index. */
static bool virtio_post_load(void *opaque, int version_id, Error **errp)
{
    VirtIODevice *vdev = opaque;

    for (unsigned n = 0; n < vdev->num_queues; n++) {
        const VirtQueue *vq = &vdev->queues[n];
        if (vq->num > vq->num_max || (vq->num & (vq->num - 1))) {
            return error_set(errp, "%s: queue %u has %u entries",
                             VIRTIO_DEVICE_GET_CLASS(vdev)->name, n, vq->num);
        }
    }
    if (vdev->pending) {
        bh_schedule(vdev->bh);
    }
    return true;
}

static const VMStateField queue_fields[] = {
    VMSTATE_UINT16(num, VirtQueue),
    VMSTATE_UINT64(desc, VirtQueue),
    VMSTATE_UINT64(avail, VirtQueue),
    VMSTATE_UINT64(used, VirtQueue),
    VMSTATE_UINT16(vector, VirtQueue),
    VMSTATE_BOOL(enabled, VirtQueue),
    VMSTATE_UINT16(last_avail, VirtQueue),
    VMSTATE_UINT16(used_idx, VirtQueue),
    VMSTATE_UINT16(signalled_used, VirtQueue),
    VMSTATE_BOOL(signalled_valid, VirtQueue),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_queue = {
    .name = "virtqueue",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = queue_fields,
};

static const VMStateField virtio_fields[] = {
    VMSTATE_UINT64(guest_features, VirtIODevice),
    VMSTATE_UINT8(status, VirtIODevice),
    VMSTATE_UINT8(isr, VirtIODevice),
    VMSTATE_UINT32(config_generation, VirtIODevice),
    VMSTATE_UINT16(config_vector, VirtIODevice),
    VMSTATE_BOOL(broken, VirtIODevice),
    VMSTATE_STRUCT_ARRAY(queues, VirtIODevice, vmstate_queue),
    VMSTATE_UINT32(pending, VirtIODevice),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_virtio_device = {
    .name = "virtio",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = virtio_pre_save,
    .post_load = virtio_post_load,
    .fields = virtio_fields,
};

static void virtio_device_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->bus_type = TYPE_VIRTIO_BUS;
    dc->realize = virtio_device_realize;
    dc->unrealize = virtio_device_unrealize;
    dc->reset_hold = virtio_device_reset_hold;
    dc->hotpluggable = false;
}

static const TypeInfo virtio_device_info = {
    .name = TYPE_VIRTIO_DEVICE,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(VirtIODevice),
    .class_size = sizeof(VirtIODeviceClass),
    .abstract = true,
    .class_init = virtio_device_class_init,
};
TYPE_REGISTER(virtio_device_info);

/* --- Bus -----------------------------------------------------------------------------
 */

void virtio_bus_init(VirtIOBus *bus, size_t size, const char *type, DeviceState *parent,
                     const char *name, const VirtIOTransportOps *ops, void *transport)
{
    bus_init(bus, size, type, parent, name);
    bus->ops = ops;
    bus->transport = transport;
}

static void virtio_bus_class_init(ObjectClass *klass, const void *data)
{
    BUS_CLASS(klass)->max_dev = 1;
}

static const TypeInfo virtio_bus_info = {
    .name = TYPE_VIRTIO_BUS,
    .parent = TYPE_BUS,
    .instance_size = sizeof(VirtIOBus),
    .abstract = true,
    .class_init = virtio_bus_class_init,
};
TYPE_REGISTER(virtio_bus_info);
