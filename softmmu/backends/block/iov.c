/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scatter lists: slicing and copying. Bounds are the caller's: they are asserted. */
#include "softmmu/backends/block/block-internal.h"

#include <glib.h>
#include <string.h>

size_t iov_total(const struct iovec *iov, int niov)
{
    size_t sum = 0;

    for (int i = 0; i < niov; i++) {
        sum += iov[i].iov_len;
    }
    return sum;
}

struct iovec *iov_slice(const struct iovec *iov, int niov, size_t offset, size_t bytes,
                        int *out_niov)
{
    struct iovec *out = g_new(struct iovec, niov);
    int n = 0;

    for (int i = 0; i < niov && bytes; i++) {
        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        size_t len = MIN(iov[i].iov_len - offset, bytes);
        out[n].iov_base = (uint8_t *)iov[i].iov_base + offset;
        out[n++].iov_len = len;
        bytes -= len;
        offset = 0;
    }
    g_assert(!bytes);
    *out_niov = n;
    return out;
}

typedef enum IovWay { IOV_FILL, IOV_OUT, IOV_IN } IovWay;

static void iov_walk(const struct iovec *iov, int niov, size_t offset, size_t bytes,
                     IovWay way, uint8_t *buf, uint8_t value)
{
    for (int i = 0; i < niov && bytes; i++) {
        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
            continue;
        }
        size_t len = MIN(iov[i].iov_len - offset, bytes);
        uint8_t *at = (uint8_t *)iov[i].iov_base + offset;
        if (way == IOV_FILL) {
            memset(at, value, len);
        } else {
            memcpy(way == IOV_OUT ? buf : at, way == IOV_OUT ? at : buf, len);
            buf += len;
        }
        bytes -= len;
        offset = 0;
    }
    g_assert(!bytes);
}

void iov_fill(const struct iovec *iov, int niov, size_t offset, uint8_t value,
              size_t bytes)
{
    iov_walk(iov, niov, offset, bytes, IOV_FILL, NULL, value);
}

void iov_to_buf(const struct iovec *iov, int niov, size_t offset, void *buf,
                size_t bytes)
{
    iov_walk(iov, niov, offset, bytes, IOV_OUT, buf, 0);
}

void iov_from_buf(const struct iovec *iov, int niov, size_t offset, const void *buf,
                  size_t bytes)
{
    iov_walk(iov, niov, offset, bytes, IOV_IN, (uint8_t *)buf, 0);
}
