/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entropy device. Source: VIRTIO 1.1, section 5.4. Context: BQL. */
#ifndef STRATA_HW_VIRTIO_VIRTIO_RNG_H
#define STRATA_HW_VIRTIO_VIRTIO_RNG_H

#include "hw/virtio/virtio.h"
#include "softmmu/rng.h"

#define TYPE_VIRTIO_RNG "virtio-rng-device"

typedef struct VirtIORng {
    VirtIODevice parent_obj;
    RngBackend *rng; /* property; made when it is not given */
    bool own_rng;
} VirtIORng;

#define VIRTIO_RNG_PROPERTIES(S, f) \
    PROP_LINK("rng", S, f.rng, TYPE_RNG_BACKEND, RngBackend)

#endif
