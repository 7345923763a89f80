/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MMIO transport, version 2. Source: VIRTIO 1.1, section 4.2.2. Not modelled: the
 * legacy layout (version 1), shared memory regions.
 *
 * Interface: one region of 512 bytes, configuration from 100 on; one level line; bus
 * "virtio-mmio-bus.N". A slot without device reads magic, version and device id 0.
 */
#include "hw/virtio/virtio-mmio.h"
#include "util/log.h"

/* --- Registers (4.2.2) --- */
enum {
    MMIO_MAGIC = 0x000,
    MMIO_VERSION = 0x004,
    MMIO_DEVICE_ID = 0x008,
    MMIO_VENDOR_ID = 0x00c,
    MMIO_DEVICE_FEATURES = 0x010,
    MMIO_DEVICE_FEATURES_SEL = 0x014,
    MMIO_DRIVER_FEATURES = 0x020,
    MMIO_DRIVER_FEATURES_SEL = 0x024,
    MMIO_QUEUE_SEL = 0x030,
    MMIO_QUEUE_NUM_MAX = 0x034,
    MMIO_QUEUE_NUM = 0x038,
    MMIO_QUEUE_READY = 0x044,
    MMIO_QUEUE_NOTIFY = 0x050,
    MMIO_INTERRUPT_STATUS = 0x060,
    MMIO_INTERRUPT_ACK = 0x064,
    MMIO_STATUS = 0x070,
    MMIO_QUEUE_DESC = 0x080,
    MMIO_QUEUE_DRIVER = 0x090,
    MMIO_QUEUE_DEVICE = 0x0a0,
    MMIO_CONFIG_GENERATION = 0x0fc,
    MMIO_CONFIG = 0x100,
};
#define MAGIC_VALUE  0x74726976u /* "virt" */
#define VERSION_2    2
#define VENDOR_VALUE 0x554d4551u

typedef struct VirtIOMMIO {
    SysBusDevice parent_obj;
    MemoryRegion region;
    IrqLine *irq;
    VirtIOBus bus;
    /* Registers, migrated. */
    uint32_t device_features_sel, driver_features_sel, queue_sel;
    uint64_t driver_features;
} VirtIOMMIO;

static VirtIOMMIO *mmio_cast(const void *obj)
{
    return (VirtIOMMIO *)object_cast((const Object *)obj, TYPE_VIRTIO_MMIO);
}

bool virtio_mmio_is_occupied(SysBusDevice *slot)
{
    return mmio_cast(slot)->bus.vdev != NULL;
}

/* --- Transport --- */

static AddressSpace *transport_space(void *opaque)
{
    return &address_space_memory;
}

static void update_irq(VirtIOMMIO *s)
{
    irq_set(s->irq, s->bus.vdev && s->bus.vdev->isr);
}

static void transport_notify(void *opaque, uint16_t vector, bool config)
{
    update_irq(opaque);
}

static void transport_reset(void *opaque)
{
    VirtIOMMIO *s = opaque;

    s->device_features_sel = s->driver_features_sel = s->queue_sel = 0;
    s->driver_features = 0;
    irq_set(s->irq, 0);
}

static const VirtIOTransportOps transport_ops = { transport_space, transport_notify,
                                                  transport_reset };

/* --- Registers --- */

static uint32_t half(uint64_t value, bool high)
{
    return (uint32_t)(high ? value >> 32 : value);
}

static uint32_t device_register(VirtIOMMIO *s, VirtIODevice *vdev, hwaddr offset)
{
    const VirtQueue *vq = virtio_get_queue(vdev, s->queue_sel);

    switch (offset) {
    case MMIO_DEVICE_ID:
        return VIRTIO_DEVICE_GET_CLASS(vdev)->device_id;
    case MMIO_DEVICE_FEATURES:
        return s->device_features_sel > 1
                   ? 0
                   : half(virtio_get_host_features(vdev), s->device_features_sel);
    case MMIO_QUEUE_NUM_MAX:
        return vq ? vq->num_max : 0;
    case MMIO_QUEUE_READY:
        return vq ? vq->enabled : 0;
    case MMIO_INTERRUPT_STATUS:
        return vdev->isr;
    case MMIO_STATUS:
        return vdev->status;
    case MMIO_CONFIG_GENERATION:
        return vdev->config_generation;
    default:
        return 0;
    }
}

static uint64_t mmio_read(void *opaque, hwaddr offset, unsigned size)
{
    VirtIOMMIO *s = opaque;
    VirtIODevice *vdev = s->bus.vdev;

    if (offset >= MMIO_CONFIG) {
        return vdev ? virtio_config_read(vdev, (unsigned)(offset - MMIO_CONFIG), size)
                    : 0;
    }
    if (size != 4) {
        log_guest_error("virtio-mmio: read of %u bytes at %#" PRIx64 "\n", size,
                        offset);
        return 0;
    }
    switch (offset) {
    case MMIO_MAGIC:
        return MAGIC_VALUE;
    case MMIO_VERSION:
        return VERSION_2;
    case MMIO_VENDOR_ID:
        return VENDOR_VALUE;
    default:
        return vdev ? device_register(s, vdev, offset) : 0;
    }
}

static void set_half(uint64_t *value, bool high, uint32_t part)
{
    *value = high ? (*value & UINT32_MAX) | (uint64_t)part << 32
                  : (*value & ~(uint64_t)UINT32_MAX) | part;
}

static void write_status(VirtIOMMIO *s, VirtIODevice *vdev, uint8_t status)
{
    bool wants = (status & VIRTIO_STATUS_FEATURES_OK) &&
                 !(vdev->status & VIRTIO_STATUS_FEATURES_OK);

    if (wants && (!virtio_set_features(vdev, s->driver_features) ||
                  !virtio_has_feature(vdev, VIRTIO_F_VERSION_1))) {
        status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK; /* 3.1.1, step 6 */
    }
    virtio_set_status(vdev, status);
    update_irq(s);
}

static void write_queue(VirtQueue *vq, hwaddr offset, uint32_t value)
{
    switch (offset) {
    case MMIO_QUEUE_NUM:
        if (value && value <= vq->num_max && !(value & (value - 1))) {
            vq->num = (uint16_t)value;
        } else {
            log_guest_error("virtio-mmio: queue of %u entries\n", value);
        }
        break;
    case MMIO_QUEUE_READY:
        vq->enabled = value & 1;
        break;
    case MMIO_QUEUE_DESC:
    case MMIO_QUEUE_DESC + 4:
        set_half(&vq->desc, offset & 4, value);
        break;
    case MMIO_QUEUE_DRIVER:
    case MMIO_QUEUE_DRIVER + 4:
        set_half(&vq->avail, offset & 4, value);
        break;
    case MMIO_QUEUE_DEVICE:
    case MMIO_QUEUE_DEVICE + 4:
        set_half(&vq->used, offset & 4, value);
        break;
    default:
        log_guest_error("virtio-mmio: write of %#x at %#" PRIx64 "\n", value, offset);
        break;
    }
}

static void write_register(VirtIOMMIO *s, VirtIODevice *vdev, hwaddr offset,
                           uint32_t value)
{
    VirtQueue *vq = virtio_get_queue(vdev, s->queue_sel);

    switch (offset) {
    case MMIO_DEVICE_FEATURES_SEL:
        s->device_features_sel = value;
        break;
    case MMIO_DRIVER_FEATURES_SEL:
        s->driver_features_sel = value;
        break;
    case MMIO_DRIVER_FEATURES:
        if (s->driver_features_sel <= 1) {
            set_half(&s->driver_features, s->driver_features_sel, value);
        }
        break;
    case MMIO_QUEUE_SEL:
        s->queue_sel = value;
        break;
    case MMIO_QUEUE_NOTIFY:
        virtio_queue_kick(vdev, value);
        break;
    case MMIO_INTERRUPT_ACK:
        vdev->isr &= (uint8_t)~value;
        update_irq(s);
        break;
    case MMIO_STATUS:
        write_status(s, vdev, (uint8_t)value);
        break;
    default:
        if (vq) {
            write_queue(vq, offset, value);
        }
        break;
    }
}

static void mmio_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VirtIOMMIO *s = opaque;
    VirtIODevice *vdev = s->bus.vdev;

    if (!vdev) {
        return;
    }
    if (offset >= MMIO_CONFIG) {
        virtio_config_write(vdev, (unsigned)(offset - MMIO_CONFIG), (uint32_t)value,
                            size);
    } else if (size == 4) {
        write_register(s, vdev, offset, (uint32_t)value);
    } else {
        log_guest_error("virtio-mmio: write of %u bytes at %#" PRIx64 "\n", size,
                        offset);
    }
}

static const MemoryRegionOps mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

/* --- Life --- */

static bool mmio_realize(DeviceState *dev, Error **errp)
{
    VirtIOMMIO *s = mmio_cast(dev);

    memory_region_init_io(&s->region, OBJECT(s), &mmio_ops, s, "virtio-mmio",
                          VIRTIO_MMIO_BYTES);
    sysbus_init_mmio(SYSBUS_DEVICE(s), &s->region);
    sysbus_init_irq(SYSBUS_DEVICE(s), &s->irq);
    virtio_bus_init(&s->bus, sizeof(s->bus), TYPE_VIRTIO_MMIO_BUS, dev, NULL,
                    &transport_ops, s);
    return true;
}

static bool mmio_post_load(void *opaque, int version_id, Error **errp)
{
    update_irq(opaque);
    return true;
}

static const VMStateField mmio_fields[] = {
    VMSTATE_UINT32(device_features_sel, VirtIOMMIO),
    VMSTATE_UINT32(driver_features_sel, VirtIOMMIO),
    VMSTATE_UINT32(queue_sel, VirtIOMMIO),
    VMSTATE_UINT64(driver_features, VirtIOMMIO),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_mmio = {
    .name = "virtio-mmio",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = mmio_post_load,
    .fields = mmio_fields,
};

static void mmio_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "virtio transport by memory-mapped registers";
    dc->vmsd = &vmstate_mmio;
    dc->realize = mmio_realize;
    dc->user_creatable = false;
}

static const TypeInfo mmio_info = {
    .name = TYPE_VIRTIO_MMIO,
    .parent = TYPE_SYSBUS_DEVICE,
    .instance_size = sizeof(VirtIOMMIO),
    .class_init = mmio_class_init,
};
TYPE_REGISTER(mmio_info);

static const TypeInfo mmio_bus_info = {
    .name = TYPE_VIRTIO_MMIO_BUS,
    .parent = TYPE_VIRTIO_BUS,
    .instance_size = sizeof(VirtIOBus),
};
TYPE_REGISTER(mmio_bus_info);
