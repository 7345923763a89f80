/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The block device. Source: VIRTIO 1.1, section 5.2. Context: BQL. */
#ifndef STRATA_HW_VIRTIO_VIRTIO_BLK_H
#define STRATA_HW_VIRTIO_VIRTIO_BLK_H

#include "hw/virtio/virtio.h"
#include "softmmu/block.h"

#define TYPE_VIRTIO_BLK "virtio-blk-device"

typedef struct VirtIOBlk {
    VirtIODevice parent_obj;
    bool attached;
    unsigned in_flight;  /* requests with the block layer */
    uint32_t generation; /* counts resets: older requests are void */
    /* Properties. */
    BlockBackend *blk;
    char *serial;
    uint32_t logical_block_size, physical_block_size;
    uint16_t queue_size;
    bool config_wce, share_rw;
    int write_cache; /* OnOffAuto */
    int32_t bootindex;
} VirtIOBlk;

#define VIRTIO_BLK_PROPERTIES(S, f)                                          \
    PROP_DRIVE("drive", S, f blk), PROP_STR("serial", S, f serial, NULL),    \
        PROP_UINT32("logical_block_size", S, f logical_block_size, 512),     \
        PROP_UINT32("physical_block_size", S, f physical_block_size, 512),   \
        PROP_UINT16("queue-size", S, f queue_size, 256),                     \
        PROP_BOOL("config-wce", S, f config_wce, true),                      \
        PROP_BOOL("share-rw", S, f share_rw, false),                         \
        PROP_ON_OFF_AUTO("write-cache", S, f write_cache, ON_OFF_AUTO_AUTO), \
        PROP_INT32("bootindex", S, f bootindex, -1)

#endif
