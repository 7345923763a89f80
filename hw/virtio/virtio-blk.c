/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio block device. Source: VIRTIO 1.1, section 5.2. One queue. A request is a
 * header of 16 bytes, data, and a status byte at the end of the writable buffers. Data
 * goes through a buffer of the request's own, CHUNK_BYTES at a time; requests run side
 * by side. Not modelled: several queues, SCSI pass-through, write zeroes, life time.
 *
 * Interface: properties drive, serial, logical_block_size, physical_block_size,
 * queue-size, config-wce, write-cache, bootindex. As "virtio-blk-device" on any virtio
 * bus and as "virtio-blk-pci".
 *
 * R1: while a request is with the block layer (in_flight) its buffer is that layer's. A
 *     reset makes requests void (generation) and waits for those; one whose data were
 *     the reset finds out when it goes on.
 */
#include "hw/virtio/virtio-blk.h"
#include "hw/virtio/virtio-pci.h"
#include "util/log.h"

#include <string.h>

/* --- Requests (5.2.6) --- */
enum {
    BLK_T_IN = 0,
    BLK_T_OUT = 1,
    BLK_T_FLUSH = 4,
    BLK_T_GET_ID = 8,
    BLK_T_DISCARD = 11
};
enum { BLK_S_OK = 0, BLK_S_IOERR = 1, BLK_S_UNSUPP = 2 };
#define HEADER_BYTES  16
#define STATUS_BYTES  1
#define ID_BYTES      20
#define DISCARD_BYTES 16
#define CHUNK_BYTES   (128u * 1024)

/* --- Features (5.2.3) --- */
#define BLK_F_SEG_MAX    (UINT64_C(1) << 2)
#define BLK_F_GEOMETRY   (UINT64_C(1) << 4)
#define BLK_F_RO         (UINT64_C(1) << 5)
#define BLK_F_BLK_SIZE   (UINT64_C(1) << 6)
#define BLK_F_FLUSH      (UINT64_C(1) << 9)
#define BLK_F_TOPOLOGY   (UINT64_C(1) << 10)
#define BLK_F_CONFIG_WCE (UINT64_C(1) << 11)
#define BLK_F_DISCARD    (UINT64_C(1) << 13)

/* --- Configuration (5.2.4) --- */
#define CONFIG_LEN       60
#define CONFIG_WRITEBACK 32
#define MAX_DISCARD      0x3fffffu /* sectors */

typedef struct VirtIOBlkReq {
    VirtIOBlk *s;
    VirtQueue *vq;
    VirtQueueElement *elem;
    uint32_t generation;
    uint32_t type;
    uint64_t offset; /* bytes on the medium */
    uint64_t done, total;
    uint32_t chunk;
    uint8_t *buffer;
} VirtIOBlkReq;

static VirtIOBlk *blk_cast(const void *obj)
{
    return (VirtIOBlk *)object_cast((const Object *)obj, TYPE_VIRTIO_BLK);
}

/* --- Ends ----------------------------------------------------------------------------
 */

static void request_free(VirtIOBlkReq *r)
{
    g_free(r->buffer);
    g_free(r);
}

/* A reset has made the request void (R1). */
static bool is_void(VirtIOBlkReq *r)
{
    if (r->generation == r->s->generation) {
        return false;
    }
    virtqueue_drop(r->elem);
    request_free(r);
    return true;
}

/* The status is the last byte that can be written. */
static void complete(VirtIOBlkReq *r, uint8_t status, uint64_t written)
{
    VirtIODevice *vdev = &r->s->parent_obj;
    VirtQueue *vq = r->vq;

    virtio_write(vdev, r->elem, r->elem->in_bytes - STATUS_BYTES, &status, 1);
    if (is_void(r)) {
        return;
    }
    virtqueue_push(vq, r->elem, (uint32_t)MIN(written + STATUS_BYTES, UINT32_MAX));
    request_free(r);
    virtqueue_notify(vq);
}

/* --- Data ----------------------------------------------------------------------------
 */

static void next_chunk(VirtIOBlkReq *r);

static void chunk_done(void *opaque, int ret)
{
    VirtIOBlkReq *r = opaque;

    r->s->in_flight--;
    if (is_void(r)) {
        return;
    }
    if (ret < 0) {
        complete(r, BLK_S_IOERR, r->type == BLK_T_IN ? r->done : 0);
        return;
    }
    if (r->type == BLK_T_IN) {
        virtio_write(&r->s->parent_obj, r->elem, r->done, r->buffer, r->chunk);
        if (is_void(r)) {
            return;
        }
    }
    r->done += r->chunk;
    next_chunk(r);
}

static void next_chunk(VirtIOBlkReq *r)
{
    if (r->done == r->total) {
        complete(r, BLK_S_OK, r->type == BLK_T_IN ? r->total : 0);
        return;
    }
    r->chunk = (uint32_t)MIN(r->total - r->done, CHUNK_BYTES);
    struct iovec iov = { r->buffer, r->chunk };
    r->s->in_flight++;
    if (r->type == BLK_T_IN) {
        blk_aio_preadv(r->s->blk, r->offset + r->done, &iov, 1, chunk_done, r);
    } else {
        virtio_read(&r->s->parent_obj, r->elem, HEADER_BYTES + r->done, r->buffer,
                    r->chunk);
        blk_aio_pwritev(r->s->blk, r->offset + r->done, &iov, 1, chunk_done, r);
    }
}

static bool is_in_range(const VirtIOBlk *s, uint64_t sector, uint64_t bytes)
{
    uint64_t capacity = blk_get_length(s->blk) / BLK_SECTOR_SIZE;

    return bytes % s->logical_block_size == 0 &&
           sector % (s->logical_block_size / BLK_SECTOR_SIZE) == 0 &&
           sector <= capacity && bytes / BLK_SECTOR_SIZE <= capacity - sector;
}

static void start_transfer(VirtIOBlkReq *r, uint64_t sector, uint64_t bytes)
{
    if (!is_in_range(r->s, sector, bytes) ||
        (r->type == BLK_T_OUT && blk_is_readonly(r->s->blk))) {
        complete(r, BLK_S_IOERR, 0);
        return;
    }
    r->offset = sector * BLK_SECTOR_SIZE;
    r->total = bytes;
    r->buffer = g_malloc(MIN(bytes, CHUNK_BYTES));
    next_chunk(r);
}

/* --- Other requests ------------------------------------------------------------------
 */

static void simple_done(void *opaque, int ret)
{
    VirtIOBlkReq *r = opaque;

    r->s->in_flight--;
    if (!is_void(r)) {
        complete(r, ret < 0 ? BLK_S_IOERR : BLK_S_OK, 0);
    }
}

static void get_id(VirtIOBlkReq *r)
{
    char id[ID_BYTES] = "";
    size_t room = (size_t)MIN(r->elem->in_bytes - STATUS_BYTES, sizeof(id));

    if (r->s->serial) {
        memcpy(id, r->s->serial, MIN(strlen(r->s->serial), sizeof(id)));
    }
    complete(r, BLK_S_OK, virtio_write(&r->s->parent_obj, r->elem, 0, id, room));
}

/* One range: that is all the configuration offers. */
static void discard(VirtIOBlkReq *r)
{
    uint8_t range[DISCARD_BYTES];
    uint64_t sector;
    uint32_t sectors;

    if (r->elem->out_bytes != HEADER_BYTES + DISCARD_BYTES) {
        complete(r, BLK_S_UNSUPP, 0);
        return;
    }
    virtio_read(&r->s->parent_obj, r->elem, HEADER_BYTES, range, sizeof(range));
    memcpy(&sector, range, sizeof(sector));
    memcpy(&sectors, range + 8, sizeof(sectors));
    sector = GUINT64_FROM_LE(sector);
    sectors = GUINT32_FROM_LE(sectors);
    if (sectors > MAX_DISCARD || blk_is_readonly(r->s->blk) ||
        !is_in_range(r->s, sector, (uint64_t)sectors * BLK_SECTOR_SIZE)) {
        complete(r, BLK_S_IOERR, 0);
        return;
    }
    r->s->in_flight++;
    blk_aio_discard(r->s->blk, sector * BLK_SECTOR_SIZE,
                    (uint64_t)sectors * BLK_SECTOR_SIZE, simple_done, r);
}

static void start(VirtIOBlkReq *r, uint64_t sector)
{
    switch (r->type) {
    case BLK_T_IN:
        start_transfer(r, sector, r->elem->in_bytes - STATUS_BYTES);
        break;
    case BLK_T_OUT:
        start_transfer(r, sector, r->elem->out_bytes - HEADER_BYTES);
        break;
    case BLK_T_FLUSH:
        r->s->in_flight++;
        blk_aio_flush(r->s->blk, simple_done, r);
        break;
    case BLK_T_GET_ID:
        get_id(r);
        break;
    case BLK_T_DISCARD:
        discard(r);
        break;
    default:
        complete(r, BLK_S_UNSUPP, 0);
        break;
    }
}

static void handle_requests(VirtQueue *vq)
{
    VirtIOBlk *s = blk_cast(vq->vdev);
    VirtQueueElement *e;

    /* As many as the ring holds; what is added meanwhile comes with its own kick. */
    for (unsigned i = 0; i < vq->num && (e = virtqueue_pop(vq)) != NULL; i++) {
        uint8_t header[HEADER_BYTES];
        uint32_t type;
        uint64_t sector;

        if (e->out_bytes < HEADER_BYTES || e->in_bytes < STATUS_BYTES) {
            virtqueue_drop(e);
            virtio_error(vq->vdev, "request without header or status");
            return;
        }
        virtio_read(vq->vdev, e, 0, header, sizeof(header));
        memcpy(&type, header, sizeof(type));
        memcpy(&sector, header + 8, sizeof(sector));
        VirtIOBlkReq *r = g_new0(VirtIOBlkReq, 1);
        r->s = s;
        r->vq = vq;
        r->elem = e;
        r->generation = s->generation;
        r->type = GUINT32_FROM_LE(type);
        start(r, GUINT64_FROM_LE(sector));
    }
}

/* --- Features and configuration ------------------------------------------------------
 */

static uint64_t blk_features(VirtIODevice *vdev)
{
    VirtIOBlk *s = blk_cast(vdev);
    uint64_t f = BLK_F_SEG_MAX | BLK_F_GEOMETRY | BLK_F_BLK_SIZE | BLK_F_FLUSH |
                 BLK_F_TOPOLOGY | BLK_F_DISCARD;

    if (s->config_wce) {
        f |= BLK_F_CONFIG_WCE;
    }
    return f | (blk_is_readonly(s->blk) ? BLK_F_RO : 0);
}

static void put(uint8_t *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static unsigned log2_of(uint32_t n)
{
    return (unsigned)__builtin_ctz(n);
}

static void blk_config(VirtIODevice *vdev, uint8_t *c)
{
    VirtIOBlk *s = blk_cast(vdev);
    uint64_t sectors = blk_get_length(s->blk) / BLK_SECTOR_SIZE;

    put(c, sectors, 8);
    put(c + 12, s->queue_size - 2u, 4); /* buffers besides header and status */
    put(c + 16, MIN(sectors / (16 * 63), 16383), 2);
    put(c + 18, 16, 1);
    put(c + 19, 63, 1);
    put(c + 20, s->logical_block_size, 4);
    put(c + 24, log2_of(s->physical_block_size) - log2_of(s->logical_block_size), 1);
    put(c + CONFIG_WRITEBACK, blk_is_write_cache_enabled(s->blk), 1);
    put(c + 34, 1, 2); /* queues */
    put(c + 36, MAX_DISCARD, 4);
    put(c + 40, 1, 4); /* ranges of a discard */
    put(c + 44, s->logical_block_size / BLK_SECTOR_SIZE, 4);
}

static void blk_set_config(VirtIODevice *vdev, unsigned offset, const uint8_t *data,
                           unsigned len)
{
    VirtIOBlk *s = blk_cast(vdev);

    if (s->config_wce && offset <= CONFIG_WRITEBACK &&
        CONFIG_WRITEBACK < offset + len) {
        blk_set_write_cache(s->blk, data[CONFIG_WRITEBACK - offset] & 1);
    }
}

/* --- Life ----------------------------------------------------------------------------
 */

static void drain(VirtIOBlk *s)
{
    /* A request that ends may start its next chunk. */
    while (s->in_flight) {
        blk_drain(s->blk);
    }
}

static void blk_reset(VirtIODevice *vdev)
{
    VirtIOBlk *s = blk_cast(vdev);

    s->generation++;
    drain(s);
}

static void blk_quiesce(VirtIODevice *vdev)
{
    drain(blk_cast(vdev));
}

static const BlockDevOps virtio_blk_ops = { 0 };

static bool is_block_size(uint32_t n)
{
    return n >= BLK_SECTOR_SIZE && n <= 32768 && !(n & (n - 1));
}

static bool check_properties(VirtIOBlk *s, Error **errp)
{
    if (!s->blk) {
        return error_set(errp, "drive property not set");
    }
    if (!blk_is_inserted(s->blk)) {
        return error_set(errp, "Device needs media, but drive is empty");
    }
    if (!is_block_size(s->logical_block_size) ||
        !is_block_size(s->physical_block_size) ||
        s->physical_block_size < s->logical_block_size) {
        return error_set(errp, "block sizes must be powers of two from 512 to 32768, "
                               "the physical one not below the logical one");
    }
    if (s->queue_size < 4 || s->queue_size > VIRTIO_QUEUE_MAX ||
        (s->queue_size & (s->queue_size - 1))) {
        return error_set(errp,
                         "Invalid queue-size property (%u), must be a power of 2 "
                         "(max %d)",
                         s->queue_size, VIRTIO_QUEUE_MAX);
    }
    return true;
}

static bool blk_realize(VirtIODevice *vdev, Error **errp)
{
    VirtIOBlk *s = blk_cast(vdev);
    DeviceState *function = BUS(vdev->bus)->parent;

    if (!check_properties(s, errp) ||
        !blk_attach_dev(s->blk, OBJECT(s), &virtio_blk_ops, s,
                        device_get_loop(DEVICE(s)), errp)) {
        return false;
    }
    if (s->bootindex >= 0 &&
        !boot_order_add(s->bootindex, function, "/disk@0,0", errp)) {
        blk_detach_dev(s->blk);
        return false;
    }
    if (s->write_cache != ON_OFF_AUTO_AUTO) {
        blk_set_write_cache(s->blk, s->write_cache == ON_OFF_AUTO_ON);
    }
    virtio_add_queue(vdev, s->queue_size, handle_requests);
    return true;
}

static void blk_unrealize(VirtIODevice *vdev)
{
    VirtIOBlk *s = blk_cast(vdev);

    if (s->bootindex >= 0) {
        boot_order_del(BUS(vdev->bus)->parent, "/disk@0,0");
    }
    blk_detach_dev(s->blk);
}

static const VMStateField blk_fields[] = {
    VMSTATE_VIRTIO_DEVICE(parent_obj, VirtIOBlk),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_blk = {
    .name = "virtio-blk",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = blk_fields,
};

static const Property blk_props[] = { VIRTIO_BLK_PROPERTIES(VirtIOBlk, ) };

static void blk_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtIODeviceClass *vc = VIRTIO_DEVICE_CLASS(klass);

    dc->desc = "virtio block device";
    dc->vmsd = &vmstate_blk;
    dc->categories = 1u << DEVICE_CATEGORY_STORAGE;
    dc->user_creatable = true;
    vc->device_id = VIRTIO_ID_BLOCK;
    vc->name = "virtio-blk";
    vc->config_len = CONFIG_LEN;
    vc->realize = blk_realize;
    vc->unrealize = blk_unrealize;
    vc->get_features = blk_features;
    vc->get_config = blk_config;
    vc->set_config = blk_set_config;
    vc->reset = blk_reset;
    vc->quiesce = blk_quiesce;
    OBJECT_CLASS_ADD_PROPERTIES(klass, blk_props);
}

static const TypeInfo blk_info = {
    .name = TYPE_VIRTIO_BLK,
    .parent = TYPE_VIRTIO_DEVICE,
    .instance_size = sizeof(VirtIOBlk),
    .class_init = blk_class_init,
};
TYPE_REGISTER(blk_info);

/* --- On PCI --- */

typedef struct VirtIOBlkPCI {
    VirtIOPCI parent_obj;
    VirtIOBlk blk;
} VirtIOBlkPCI;

static void blk_pci_init(Object *obj)
{
    VirtIOBlkPCI *s = (VirtIOBlkPCI *)obj;

    virtio_pci_init_child(&s->parent_obj, &s->blk, sizeof(s->blk), TYPE_VIRTIO_BLK);
}

static const Property blk_pci_props[] = {
    VIRTIO_PCI_PROPERTIES(VirtIOBlkPCI, parent_obj, 2),
    VIRTIO_BLK_PROPERTIES(VirtIOBlkPCI, blk.),
};

static void blk_pci_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "virtio block device on PCI";
    dc->categories = 1u << DEVICE_CATEGORY_STORAGE;
    dc->fw_name = "scsi";
    PCI_DEVICE_CLASS(klass)->class_id = PCI_CLASS_STORAGE_SCSI;
    OBJECT_CLASS_ADD_PROPERTIES(klass, blk_pci_props);
}

static const TypeInfo blk_pci_info = {
    .name = "virtio-blk-pci",
    .parent = TYPE_VIRTIO_PCI,
    .instance_size = sizeof(VirtIOBlkPCI),
    .instance_init = blk_pci_init,
    .class_init = blk_pci_class_init,
};
TYPE_REGISTER(blk_pci_info);
