/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio entropy device. Source: VIRTIO 1.1, section 5.4. One queue: each buffer comes
 * back with as many random bytes as can be had without waiting, at most REQUEST_MAX.
 *
 * Interface: property rng (default: one over /dev/urandom). As "virtio-rng-device" on
 * any virtio bus and as "virtio-rng-pci".
 */
#include "hw/virtio/virtio-rng.h"
#include "hw/virtio/virtio-pci.h"
#include "util/log.h"

#define QUEUE_SIZE  8
#define REQUEST_MAX 4096

static VirtIORng *rng_cast(const void *obj)
{
    return (VirtIORng *)object_cast((const Object *)obj, TYPE_VIRTIO_RNG);
}

static uint32_t fill(VirtIORng *s, const VirtQueueElement *e)
{
    uint8_t bytes[REQUEST_MAX];
    g_autoptr(Error) err = NULL;
    size_t len = (size_t)MIN(e->in_bytes, sizeof(bytes));
    ssize_t n = rng_backend_read(s->rng, bytes, len, &err);

    if (n < 0) {
        warn_report("virtio-rng: %s", error_get_message(err));
        return 0;
    }
    return (uint32_t)virtio_write(&s->parent_obj, e, 0, bytes, (size_t)n);
}

static void handle_requests(VirtQueue *vq)
{
    VirtIORng *s = rng_cast(vq->vdev);
    VirtQueueElement *e;

    /* As many as the ring holds: the driver cannot keep us here. */
    for (unsigned i = 0; i < vq->num && (e = virtqueue_pop(vq)) != NULL; i++) {
        virtqueue_push(vq, e, fill(s, e));
    }
    virtqueue_notify(vq);
}

static bool rng_realize(VirtIODevice *vdev, Error **errp)
{
    VirtIORng *s = rng_cast(vdev);

    if (!s->rng) {
        Object *rng = object_new(TYPE_RNG_RANDOM);
        object_property_add_child(OBJECT(s), "default-backend", rng);
        object_unref(rng);
        UserCreatableClass *uc = object_class_cast(rng->klass, TYPE_USER_CREATABLE);
        if (!uc->complete(rng, errp)) {
            object_unparent(rng);
            return false;
        }
        s->rng = (RngBackend *)object_ref(rng);
        s->own_rng = true;
    }
    virtio_add_queue(vdev, QUEUE_SIZE, handle_requests);
    return true;
}

static void rng_unrealize(VirtIODevice *vdev)
{
    VirtIORng *s = rng_cast(vdev);

    if (s->own_rng) {
        object_unparent((Object *)s->rng);
        object_unref(s->rng);
        s->rng = NULL;
        s->own_rng = false;
    }
}

static const VMStateField rng_fields[] = {
    VMSTATE_VIRTIO_DEVICE(parent_obj, VirtIORng),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_rng = {
    .name = "virtio-rng",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = rng_fields,
};

static const Property rng_props[] = {
    PROP_LINK("rng", VirtIORng, rng, TYPE_RNG_BACKEND, RngBackend),
};

static void rng_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtIODeviceClass *vc = VIRTIO_DEVICE_CLASS(klass);

    dc->desc = "virtio entropy device";
    dc->vmsd = &vmstate_rng;
    dc->user_creatable = true;
    vc->device_id = VIRTIO_ID_RNG;
    vc->name = "virtio-rng";
    vc->realize = rng_realize;
    vc->unrealize = rng_unrealize;
    OBJECT_CLASS_ADD_PROPERTIES(klass, rng_props);
}

static const TypeInfo rng_info = {
    .name = TYPE_VIRTIO_RNG,
    .parent = TYPE_VIRTIO_DEVICE,
    .instance_size = sizeof(VirtIORng),
    .class_init = rng_class_init,
};
TYPE_REGISTER(rng_info);

/* --- On PCI --- */

typedef struct VirtIORngPCI {
    VirtIOPCI parent_obj;
    VirtIORng rng;
} VirtIORngPCI;

static void rng_pci_init(Object *obj)
{
    VirtIORngPCI *s = (VirtIORngPCI *)obj;

    virtio_pci_init_child(&s->parent_obj, &s->rng, sizeof(s->rng), TYPE_VIRTIO_RNG);
}

static const Property rng_pci_props[] = {
    VIRTIO_PCI_PROPERTIES(VirtIORngPCI, parent_obj, 2),
    VIRTIO_RNG_PROPERTIES(VirtIORngPCI, rng),
};

static void rng_pci_class_init(ObjectClass *klass, const void *data)
{
    DEVICE_CLASS(klass)->desc = "virtio entropy device on PCI";
    OBJECT_CLASS_ADD_PROPERTIES(klass, rng_pci_props);
}

static const TypeInfo rng_pci_info = {
    .name = "virtio-rng-pci",
    .parent = TYPE_VIRTIO_PCI,
    .instance_size = sizeof(VirtIORngPCI),
    .instance_init = rng_pci_init,
    .class_init = rng_pci_class_init,
};
TYPE_REGISTER(rng_pci_info);
