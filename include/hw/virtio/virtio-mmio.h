/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtio over memory-mapped registers: a slot is a system bus device with one region
 * and one line, and a "virtio-mmio-bus" for the device that a user puts there. Source:
 * VIRTIO 1.1, section 4.2. Context: BQL.
 */
#ifndef STRATA_HW_VIRTIO_VIRTIO_MMIO_H
#define STRATA_HW_VIRTIO_VIRTIO_MMIO_H

#include "hw/core/sysbus.h"
#include "hw/virtio/virtio.h"

#define TYPE_VIRTIO_MMIO     "virtio-mmio"
#define TYPE_VIRTIO_MMIO_BUS "virtio-mmio-bus"
#define VIRTIO_MMIO_BYTES    0x200

/* Is there a device in the slot? */
bool virtio_mmio_is_occupied(SysBusDevice *slot);

#endif
