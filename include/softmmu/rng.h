/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources of random bytes for devices (-object rng-random). Context: BQL. */
#ifndef STRATA_SOFTMMU_RNG_H
#define STRATA_SOFTMMU_RNG_H

#include "qom/object.h"

#define TYPE_RNG_BACKEND "rng-backend"
#define TYPE_RNG_RANDOM  "rng-random"

typedef struct RngBackend RngBackend;

/* Up to @len bytes that can be had without waiting. -1 and an error; 0: later. */
ssize_t rng_backend_read(RngBackend *rng, void *buf, size_t len,
                         Error **errp) WARN_UNUSED;

#endif
