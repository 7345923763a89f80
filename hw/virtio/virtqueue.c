/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueues. Source: VIRTIO 1.1, section 2.6. Each ring is read afresh, each
 * descriptor once, into copies.
 *
 * Bounds: a chain has at most as many descriptors as the queue, an indirect table at
 * most VIRTIO_QUEUE_MAX of which none is indirect again; so no walk is longer than
 * their sum, whatever the guest writes meanwhile.
 */
#include "hw/virtio/virtio.h"

#include <stdatomic.h>
#include <string.h>

/* --- Layout (2.6.5 to 2.6.8) --- */
#define DESC_BYTES        16
#define DESC_F_NEXT       1
#define DESC_F_WRITE      2
#define DESC_F_INDIRECT   4
#define AVAIL_F_NO_NOTIFY 1
#define AVAIL_IDX         2
#define AVAIL_RING        4
#define USED_IDX          2
#define USED_RING         4
#define USED_BYTES        8
#define LEGACY_ALIGN      4096
#define LEGACY_PAGE_SHIFT 12

typedef struct Descriptor {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
} Descriptor;

static AddressSpace *space(const VirtIODevice *vdev)
{
    return vdev->bus->ops->get_address_space(vdev->bus->transport);
}

static bool read_bytes(const VirtQueue *vq, uint64_t addr, void *buf, size_t len)
{
    return address_space_read(space(vq->vdev), addr, MEMTXATTRS_UNSPECIFIED, buf,
                              len) == MEMTX_OK;
}

static void write_bytes(const VirtQueue *vq, uint64_t addr, const void *buf, size_t len)
{
    address_space_write(space(vq->vdev), addr, MEMTXATTRS_UNSPECIFIED, buf, len);
}

static uint16_t read16(const VirtQueue *vq, uint64_t addr)
{
    uint16_t v = 0;

    (void)read_bytes(vq, addr, &v, sizeof(v));
    return GUINT16_FROM_LE(v);
}

static void write16(const VirtQueue *vq, uint64_t addr, uint16_t value)
{
    value = GUINT16_TO_LE(value);
    write_bytes(vq, addr, &value, sizeof(value));
}

static bool read_descriptor(const VirtQueue *vq, uint64_t table, unsigned i,
                            Descriptor *d)
{
    uint8_t raw[DESC_BYTES];

    if (!read_bytes(vq, table + (uint64_t)i * DESC_BYTES, raw, sizeof(raw))) {
        return false;
    }
    memcpy(&d->addr, raw, 8);
    memcpy(&d->len, raw + 8, 4);
    memcpy(&d->flags, raw + 12, 2);
    memcpy(&d->next, raw + 14, 2);
    d->addr = GUINT64_FROM_LE(d->addr);
    d->len = GUINT32_FROM_LE(d->len);
    d->flags = GUINT16_FROM_LE(d->flags);
    d->next = GUINT16_FROM_LE(d->next);
    return true;
}

/* --- Taking requests -----------------------------------------------------------------
 */

/* A chain while it is walked. */
typedef struct Walk {
    uint64_t table;
    unsigned max; /* descriptors in the table */
    unsigned left;
    bool indirect;
    GArray *segments;
    VirtQueueElement e; /* counts */
} Walk;

static const char *take_segment(Walk *w, const Descriptor *d)
{
    VirtSegment s = { d->addr, d->len };

    if (w->segments->len == VIRTIO_QUEUE_MAX) {
        return "too many buffers";
    }
    if (d->flags & DESC_F_WRITE) {
        w->e.num_in++;
        w->e.in_bytes += d->len;
    } else if (w->e.num_in) {
        return "readable buffer after a writable one";
    } else {
        w->e.num_out++;
        w->e.out_bytes += d->len;
    }
    g_array_append_val(w->segments, s);
    return NULL;
}

/* 2.6.5.3: the table replaces the rest of the chain. */
static const char *enter_indirect(const VirtQueue *vq, Walk *w, const Descriptor *d)
{
    unsigned n = d->len / DESC_BYTES;

    if (w->indirect || !virtio_has_feature(vq->vdev, VIRTIO_F_INDIRECT_DESC) ||
        (d->flags & DESC_F_NEXT) || w->segments->len) {
        return "misplaced indirect descriptor";
    }
    if (!n || d->len % DESC_BYTES || n > VIRTIO_QUEUE_MAX) {
        return "bad size of indirect table";
    }
    w->table = d->addr;
    w->max = w->left = n;
    w->indirect = true;
    return NULL;
}

/* NULL, or what is wrong. */
static const char *walk_chain(const VirtQueue *vq, Walk *w, unsigned head)
{
    unsigned i = head;

    for (;;) {
        Descriptor d;
        const char *wrong;

        if (i >= w->max || !w->left) {
            return "descriptor out of range or loop";
        }
        w->left--;
        if (!read_descriptor(vq, w->table, i, &d)) {
            return "descriptor table not in memory";
        }
        if (d.flags & DESC_F_INDIRECT) {
            wrong = enter_indirect(vq, w, &d);
            if (wrong) {
                return wrong;
            }
            i = 0;
            continue;
        }
        wrong = take_segment(w, &d);
        if (wrong || !(d.flags & DESC_F_NEXT)) {
            return wrong;
        }
        i = d.next;
    }
}

static VirtQueueElement *make_element(const Walk *w, uint16_t head)
{
    size_t bytes = w->segments->len * sizeof(VirtSegment);
    VirtQueueElement *e = g_malloc(sizeof(*e) + bytes);

    *e = w->e;
    e->head = head;
    memcpy(e->segments, w->segments->data, bytes);
    return e;
}

VirtQueueElement *virtqueue_pop(VirtQueue *vq)
{
    VirtIODevice *vdev = vq->vdev;

    if (vdev->broken || !vq->enabled || !vq->num) {
        return NULL;
    }
    uint16_t avail = read16(vq, vq->avail + AVAIL_IDX);
    if (avail == vq->last_avail) {
        return NULL;
    }
    if ((uint16_t)(avail - vq->last_avail) > vq->num) {
        virtio_error(vdev, "queue %u: available index %u, last %u", vq->index, avail,
                     vq->last_avail);
        return NULL;
    }
    /* Pairs with the driver's barrier between ring entry and index (2.6.13.3). */
    atomic_thread_fence(memory_order_acquire);
    uint16_t head =
        read16(vq, vq->avail + AVAIL_RING + 2u * (vq->last_avail % vq->num));
    g_autoptr(GArray) segments = g_array_new(FALSE, FALSE, sizeof(VirtSegment));
    Walk w = {
        .table = vq->desc, .max = vq->num, .left = vq->num, .segments = segments
    };
    const char *wrong = walk_chain(vq, &w, head);
    if (wrong) {
        virtio_error(vdev, "queue %u: %s", vq->index, wrong);
        return NULL;
    }
    vq->last_avail++;
    if (virtio_has_feature(vdev, VIRTIO_F_EVENT_IDX)) {
        write16(vq, vq->used + USED_RING + (uint64_t)USED_BYTES * vq->num,
                vq->last_avail);
        /* The driver looks at it after its own index: read that again next time. */
        atomic_thread_fence(memory_order_seq_cst);
    }
    return make_element(&w, head);
}

/* --- Giving them back ----------------------------------------------------------------
 */

void virtqueue_drop(VirtQueueElement *take_elem)
{
    g_free(take_elem);
}

void virtqueue_push(VirtQueue *vq, VirtQueueElement *take_elem, uint32_t written)
{
    uint32_t entry[2] = { GUINT32_TO_LE(take_elem->head), GUINT32_TO_LE(written) };

    g_free(take_elem);
    if (vq->vdev->broken || !vq->num) {
        return;
    }
    write_bytes(vq,
                vq->used + USED_RING + (uint64_t)USED_BYTES * (vq->used_idx % vq->num),
                entry, sizeof(entry));
    /* Pairs with the driver's barrier between index and entry (2.6.8.2). */
    atomic_thread_fence(memory_order_release);
    vq->used_idx++;
    write16(vq, vq->used + USED_IDX, vq->used_idx);
}

/* 2.6.7.2: does [old + 1, new] contain event + 1? */
static bool event_passed(uint16_t event, uint16_t now, uint16_t old)
{
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

static bool wants_interrupt(VirtQueue *vq)
{
    VirtIODevice *vdev = vq->vdev;

    /* The driver's flag is read after our index is visible. */
    atomic_thread_fence(memory_order_seq_cst);
    if (virtio_has_feature(vdev, VIRTIO_F_NOTIFY_ON_EMPTY) &&
        read16(vq, vq->avail + AVAIL_IDX) == vq->last_avail) {
        return true;
    }
    if (!virtio_has_feature(vdev, VIRTIO_F_EVENT_IDX)) {
        return !(read16(vq, vq->avail) & AVAIL_F_NO_NOTIFY);
    }
    uint16_t old = vq->signalled_used;
    bool valid = vq->signalled_valid;
    vq->signalled_used = vq->used_idx;
    vq->signalled_valid = true;
    return !valid || event_passed(read16(vq, vq->avail + AVAIL_RING + 2u * vq->num),
                                  vq->used_idx, old);
}

void virtqueue_notify(VirtQueue *vq)
{
    VirtIODevice *vdev = vq->vdev;

    if (!vdev->broken && vq->enabled && vq->num && wants_interrupt(vq)) {
        vdev->isr |= 1;
        vdev->bus->ops->notify(vdev->bus->transport, vq->vector, false);
    }
}

/* --- Data ----------------------------------------------------------------------------
 */

static size_t move(VirtIODevice *vdev, const VirtSegment *segments, unsigned n,
                   uint64_t offset, uint8_t *buf, size_t len, bool to_guest)
{
    AddressSpace *as = space(vdev);
    size_t moved = 0;

    for (unsigned i = 0; i < n && moved < len; i++) {
        if (offset >= segments[i].len) {
            offset -= segments[i].len;
            continue;
        }
        size_t part = MIN(len - moved, segments[i].len - offset);
        if (to_guest) {
            address_space_write(as, segments[i].addr + offset, MEMTXATTRS_UNSPECIFIED,
                                buf + moved, part);
        } else if (address_space_read(as, segments[i].addr + offset,
                                      MEMTXATTRS_UNSPECIFIED, buf + moved,
                                      part) != MEMTX_OK) {
            memset(buf + moved, 0, part);
        }
        moved += part;
        offset = 0;
    }
    return moved;
}

size_t virtio_read(VirtIODevice *vdev, const VirtQueueElement *elem, uint64_t offset,
                   void *buf, size_t len)
{
    return move(vdev, elem->segments, elem->num_out, offset, buf, len, false);
}

size_t virtio_write(VirtIODevice *vdev, const VirtQueueElement *elem, uint64_t offset,
                    const void *buf, size_t len)
{
    return move(vdev, elem->segments + elem->num_out, elem->num_in, offset,
                (uint8_t *)buf, len, true);
}

/* --- Legacy placement (2.6.2) --------------------------------------------------------
 */

void virtio_queue_set_pfn(VirtQueue *vq, uint32_t pfn)
{
    uint64_t base = (uint64_t)pfn << LEGACY_PAGE_SHIFT;
    uint64_t avail = base + (uint64_t)vq->num * DESC_BYTES;
    uint64_t end = avail + AVAIL_RING + 2u * vq->num + 2;

    vq->enabled = pfn != 0;
    vq->desc = base;
    vq->avail = pfn ? avail : 0;
    vq->used = pfn ? (end + LEGACY_ALIGN - 1) & ~(uint64_t)(LEGACY_ALIGN - 1) : 0;
}
