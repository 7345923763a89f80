/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio devices: a device says what it is and what its queues do; a transport (PCI,
 * MMIO) carries registers and interrupts; the core in between has queues, features and
 * status. A device is a child of a "virtio-bus", of which each transport has one with
 * room for one device. Source: OASIS Virtual I/O Device (VIRTIO) 1.1. Example of a
 * device: hw/virtio/virtio-rng.c.
 *
 * The guest is not trusted: a ring that breaks the rules stops the device until it is
 * reset. Context: BQL for everything; queue handlers run from the event loop.
 */
#ifndef STRATA_HW_VIRTIO_VIRTIO_H
#define STRATA_HW_VIRTIO_VIRTIO_H

#include "hw/core/device.h"
#include "memory/memory.h"
#include "migration/vmstate.h"

#define TYPE_VIRTIO_BUS    "virtio-bus"
#define TYPE_VIRTIO_DEVICE "virtio-device"

#define VIRTIO_MAX_QUEUES     8
#define VIRTIO_QUEUE_MAX      1024 /* entries of a queue, buffers of one request */
#define VIRTIO_NO_VECTOR      0xffff
#define VIRTIO_MAX_CONFIG_LEN 64

/* --- Device status (2.1) --- */
enum {
    VIRTIO_STATUS_ACKNOWLEDGE = 0x01,
    VIRTIO_STATUS_DRIVER = 0x02,
    VIRTIO_STATUS_DRIVER_OK = 0x04,
    VIRTIO_STATUS_FEATURES_OK = 0x08,
    VIRTIO_STATUS_NEEDS_RESET = 0x40,
    VIRTIO_STATUS_FAILED = 0x80,
};

/* --- Feature bits (6) --- */
#define VIRTIO_F_NOTIFY_ON_EMPTY (UINT64_C(1) << 24) /* legacy */
#define VIRTIO_F_ANY_LAYOUT      (UINT64_C(1) << 27) /* legacy */
#define VIRTIO_F_INDIRECT_DESC   (UINT64_C(1) << 28)
#define VIRTIO_F_EVENT_IDX       (UINT64_C(1) << 29)
#define VIRTIO_F_VERSION_1       (UINT64_C(1) << 32)

/* --- Device ids (5) --- */
enum { VIRTIO_ID_BLOCK = 2, VIRTIO_ID_RNG = 4, VIRTIO_ID_MEM = 24 };

typedef struct VirtIODevice VirtIODevice;
typedef struct VirtQueue VirtQueue;

typedef void VirtQueueFn(VirtQueue *vq);

/* A split virtqueue (2.6). */
struct VirtQueue {
    VirtIODevice *vdev;
    VirtQueueFn *handler;
    uint16_t index;
    uint16_t num_max;
    /* As the driver has set it; migrated. */
    uint16_t num;
    uint64_t desc, avail, used;
    uint16_t vector;
    bool enabled;
    uint16_t last_avail, used_idx, signalled_used;
    bool signalled_valid;
};

/* One guest buffer. */
typedef struct VirtSegment {
    uint64_t addr;
    uint32_t len;
} VirtSegment;

/* A request: buffers for the device to read, then buffers for it to write. */
typedef struct VirtQueueElement {
    uint16_t head;
    unsigned num_out, num_in;
    uint64_t out_bytes, in_bytes;
    VirtSegment segments[];
} VirtQueueElement;

/* What a transport does for the device on its bus. */
typedef struct VirtIOTransportOps {
    AddressSpace *(*get_address_space)(void *transport);
    /* Interrupt of a queue or, with @config, of the configuration. isr is set. */
    void (*notify)(void *transport, uint16_t vector, bool config);
    /* isr, status or the queues were reset. */
    void (*reset)(void *transport);
} VirtIOTransportOps;

typedef struct VirtIOBus {
    BusState parent_obj;
    VirtIODevice *vdev; /* NULL: empty */
    const VirtIOTransportOps *ops;
    void *transport;
} VirtIOBus;

struct VirtIODevice {
    DeviceState parent_obj;
    VirtIOBus *bus;
    /* Migrated. */
    uint64_t guest_features;
    uint8_t status;
    uint8_t isr;
    uint32_t config_generation;
    uint16_t config_vector;
    bool broken;
    VirtQueue queues[VIRTIO_MAX_QUEUES];
    uint32_t pending; /* queues that the driver has kicked */
    /* private */
    unsigned num_queues;
    bool legacy; /* the transport also speaks the legacy interface */
    BottomHalf *bh;
};

typedef struct VirtIODeviceClass {
    DeviceClass parent_class;
    uint16_t device_id;
    const char *name; /* "virtio-rng" */
    size_t config_len;
    bool (*realize)(VirtIODevice *vdev, Error **errp);
    void (*unrealize)(VirtIODevice *vdev);
    uint64_t (*get_features)(VirtIODevice *vdev);
    void (*get_config)(VirtIODevice *vdev, uint8_t *config);
    /* Bytes [offset, offset + len) of the configuration were written. */
    void (*set_config)(VirtIODevice *vdev, unsigned offset, const uint8_t *data,
                       unsigned len);
    void (*reset)(VirtIODevice *vdev);
    /* Before its state is saved: finish what is under way. */
    void (*quiesce)(VirtIODevice *vdev);
} VirtIODeviceClass;

static inline VirtIODevice *VIRTIO_DEVICE(const void *obj)
{
    return (VirtIODevice *)object_cast((const Object *)obj, TYPE_VIRTIO_DEVICE);
}
static inline VirtIODeviceClass *VIRTIO_DEVICE_CLASS(const void *klass)
{
    return (VirtIODeviceClass *)object_class_cast((ObjectClass *)klass,
                                                  TYPE_VIRTIO_DEVICE);
}
static inline VirtIODeviceClass *VIRTIO_DEVICE_GET_CLASS(const void *obj)
{
    return VIRTIO_DEVICE_CLASS(((const Object *)obj)->klass);
}
static inline VirtIOBus *VIRTIO_BUS(const void *obj)
{
    return (VirtIOBus *)object_cast((const Object *)obj, TYPE_VIRTIO_BUS);
}

/* --- For devices ---------------------------------------------------------------------
 */

/* In realize, in order. @num is a power of two. */
VirtQueue *virtio_add_queue(VirtIODevice *vdev, uint16_t num, VirtQueueFn *handler);
static inline bool virtio_has_feature(const VirtIODevice *vdev, uint64_t feature)
{
    return vdev->guest_features & feature;
}
/*
 * The next request, NULL when there is none or the ring is broken. The caller owns it
 * and gives it back with virtqueue_push() or virtqueue_drop().
 */
VirtQueueElement *virtqueue_pop(VirtQueue *vq);
/* Done with it, @written bytes of the writable buffers are valid. Frees it. */
void virtqueue_push(VirtQueue *vq, VirtQueueElement *take_elem, uint32_t written);
/* Forget a request that a reset has made void. */
void virtqueue_drop(VirtQueueElement *take_elem);
/* Tell the driver, if it wants to know. */
void virtqueue_notify(VirtQueue *vq);
/* Copy; @offset counts in the readable or in the writable bytes. Returns bytes moved.
 */
size_t virtio_read(VirtIODevice *vdev, const VirtQueueElement *elem, uint64_t offset,
                   void *buf, size_t len);
size_t virtio_write(VirtIODevice *vdev, const VirtQueueElement *elem, uint64_t offset,
                    const void *buf, size_t len);
/* The driver broke the rules: stop, and ask for a reset. */
void virtio_error(VirtIODevice *vdev, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The configuration has changed. */
void virtio_notify_config(VirtIODevice *vdev);
/* Run queue @vq's handler soon, as if the driver had kicked it. */
void virtio_kick(VirtQueue *vq);

/* First field of a device's vmstate. */
extern const VMStateDescription vmstate_virtio_device;
#define VMSTATE_VIRTIO_DEVICE(f, S) VMSTATE_STRUCT(f, S, vmstate_virtio_device)

/* --- For transports ------------------------------------------------------------------
 */

/* @name NULL: "TYPE.N". */
void virtio_bus_init(VirtIOBus *bus, size_t size, const char *type, DeviceState *parent,
                     const char *name, const VirtIOTransportOps *ops, void *transport);
uint64_t virtio_get_host_features(VirtIODevice *vdev);
/* False when they are not a subset of what is offered: FEATURES_OK is refused. */
bool virtio_set_features(VirtIODevice *vdev, uint64_t features);
void virtio_set_status(VirtIODevice *vdev, uint8_t status);
void virtio_reset(VirtIODevice *vdev);
/* The driver kicked queue @n. */
void virtio_queue_kick(VirtIODevice *vdev, unsigned n);
/* NULL when the device has no such queue. */
VirtQueue *virtio_get_queue(VirtIODevice *vdev, unsigned n);
/* Legacy layout of a whole ring at page @pfn; 0 takes it away. */
void virtio_queue_set_pfn(VirtQueue *vq, uint32_t pfn);
size_t virtio_config_len(VirtIODevice *vdev);
uint32_t virtio_config_read(VirtIODevice *vdev, unsigned offset, unsigned size);
void virtio_config_write(VirtIODevice *vdev, unsigned offset, uint32_t value,
                         unsigned size);

#endif
