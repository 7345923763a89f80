/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory device: a region of the device-memory window of which the guest plugs
 * blocks when asked to. Source: VIRTIO 1.2, section 5.15. Context: BQL.
 */
#ifndef STRATA_HW_VIRTIO_VIRTIO_MEM_H
#define STRATA_HW_VIRTIO_VIRTIO_MEM_H

#include "hw/virtio/virtio.h"
#include "memory/backend.h"

#define TYPE_VIRTIO_MEM     "virtio-mem"
#define TYPE_VIRTIO_MEM_PCI "virtio-mem-pci"

typedef struct VirtIOMem {
    VirtIODevice parent_obj;
    /* Migrated. */
    uint64_t plugged; /* bytes */
    uint64_t requested_size;
    uint8_t *bitmap; /* a bit per block: it is plugged */
    uint32_t bitmap_bytes;
    /* private */
    bool ready;
    char *old_ram_id;
    /* Properties. */
    HostMemoryBackend *memdev;
    uint64_t addr; /* 0: to be chosen */
    uint64_t block_size;
    uint32_t node;
} VirtIOMem;

#define VIRTIO_MEM_PROPERTIES(S, f)                                               \
    PROP_UINT64("memaddr", S, f addr, 0), PROP_UINT32("node", S, f node, 0),      \
        PROP_LINK("memdev", S, f memdev, TYPE_MEMORY_BACKEND, HostMemoryBackend), \
        PROP_SIZE("block-size", S, f block_size, 2u << 20)

/* NULL and an error without a backend. */
MemoryRegion *virtio_mem_get_region(VirtIOMem *s, Error **errp);
uint64_t virtio_mem_get_alignment(VirtIOMem *s);
/* A MemoryDeviceInfo; @id: of the function, may be NULL. */
struct json_object *virtio_mem_get_info(VirtIOMem *s, const char *id);
/* Ask the guest for this much. */
bool virtio_mem_set_requested(VirtIOMem *s, uint64_t size, Error **errp) WARN_UNUSED;

#endif
