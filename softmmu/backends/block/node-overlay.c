/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot=on: a sparse, unlinked file of the medium's size that holds the clusters
 * which were written, each at its own offset; a bitmap in memory says which they are.
 *
 * O1: a bit is set after its whole cluster is in the file, and is never cleared.
 * O2: whoever writes a cluster without a set bit holds the lock from looking at the bit
 *     until it is set. So two writers cannot both fill a cluster from the backing file.
 * Readers look at the bits under the lock and read without it: what they race with is a
 * write that the guest started at the same time.
 */
#include "softmmu/backends/block/block-internal.h"

#include <glib.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLUSTER_SHIFT 12
#define CLUSTER_SIZE  ((uint64_t)1 << CLUSTER_SHIFT)
#define WORD_BITS     64

typedef struct OverlayNode {
    BlockNode node;
    BlockNode *file;      /* the temporary one */
    pthread_mutex_t lock; /* workers only; protects bits */
    uint64_t *bits;       /* one per cluster */
} OverlayNode;

static OverlayNode *overlay_node(BlockNode *node)
{
    return (OverlayNode *)node;
}

static bool has_cluster(const OverlayNode *o, uint64_t cluster)
{
    return o->bits[cluster / WORD_BITS] >> (cluster % WORD_BITS) & 1;
}

/* Bytes from @offset on that are all in the overlay, or all not. */
static size_t run_length(const OverlayNode *o, uint64_t offset, size_t bytes,
                         bool *present)
{
    uint64_t cluster = offset >> CLUSTER_SHIFT;
    uint64_t last = (offset + bytes - 1) >> CLUSTER_SHIFT;

    *present = has_cluster(o, cluster);
    while (cluster < last && has_cluster(o, cluster + 1) == *present) {
        cluster++;
    }
    return cluster == last ? bytes : ((cluster + 1) << CLUSTER_SHIFT) - offset;
}

static int read_slice(BlockNode *from, uint64_t offset, const struct iovec *iov,
                      int niov, size_t at, size_t bytes)
{
    int n;
    g_autofree struct iovec *part = iov_slice(iov, niov, at, bytes, &n);

    return from->ops->preadv(from, offset, part, n, bytes);
}

static int overlay_preadv(BlockNode *node, uint64_t offset, const struct iovec *iov,
                          int niov, size_t bytes)
{
    OverlayNode *o = overlay_node(node);
    size_t done = 0;

    while (done < bytes) {
        bool present;
        pthread_mutex_lock(&o->lock);
        size_t len = run_length(o, offset + done, bytes - done, &present);
        pthread_mutex_unlock(&o->lock);
        int ret = read_slice(present ? o->file : node->backing, offset + done, iov,
                             niov, done, len);
        if (ret < 0) {
            return ret;
        }
        done += len;
    }
    return 0;
}

/* Copy the part of a cluster that the guest does not write. Lock held. */
static int fill_range(OverlayNode *o, uint64_t offset, uint64_t end)
{
    uint8_t buf[CLUSTER_SIZE];

    end = MIN(end, o->node.length);
    if (offset >= end) {
        return 0;
    }
    struct iovec iov = { buf, end - offset };
    int ret =
        o->node.backing->ops->preadv(o->node.backing, offset, &iov, 1, iov.iov_len);
    return ret < 0 ? ret : o->file->ops->pwritev(o->file, offset, &iov, 1, iov.iov_len);
}

static int write_new_clusters(OverlayNode *o, uint64_t offset, const struct iovec *iov,
                              int niov, size_t bytes)
{
    uint64_t end = offset + bytes;
    uint64_t first = offset >> CLUSTER_SHIFT;
    uint64_t last = (end - 1) >> CLUSTER_SHIFT;
    int ret = 0;

    if (!has_cluster(o, first)) {
        ret = fill_range(o, first << CLUSTER_SHIFT, offset);
    }
    if (ret == 0 && !has_cluster(o, last)) {
        ret = fill_range(o, end, (last + 1) << CLUSTER_SHIFT);
    }
    if (ret == 0) {
        ret = o->file->ops->pwritev(o->file, offset, iov, niov, bytes);
    }
    for (uint64_t c = first; ret == 0 && c <= last; c++) {
        o->bits[c / WORD_BITS] |= (uint64_t)1 << (c % WORD_BITS);
    }
    return ret;
}

static int overlay_pwritev(BlockNode *node, uint64_t offset, const struct iovec *iov,
                           int niov, size_t bytes)
{
    OverlayNode *o = overlay_node(node);
    bool present;
    int ret;

    if (!bytes) {
        return 0;
    }
    pthread_mutex_lock(&o->lock);
    if (run_length(o, offset, bytes, &present) == bytes && present) {
        pthread_mutex_unlock(&o->lock);
        return o->file->ops->pwritev(o->file, offset, iov, niov, bytes);
    }
    ret = write_new_clusters(o, offset, iov, niov, bytes);
    pthread_mutex_unlock(&o->lock);
    return ret;
}

/* What is thrown away at the end need not be on stable storage. */
static int overlay_flush(BlockNode *node)
{
    return 0;
}

static int overlay_discard(BlockNode *node, uint64_t offset, uint64_t bytes)
{
    return 0;
}

static void overlay_close(BlockNode *node)
{
    OverlayNode *o = overlay_node(node);

    block_node_close(o->file);
    block_node_close(node->backing);
    pthread_mutex_destroy(&o->lock);
    free(o->bits);
    block_node_finish(node);
    g_free(o);
}

static const BlockNodeOps overlay_ops = {
    .format = "overlay",
    .preadv = overlay_preadv,
    .pwritev = overlay_pwritev,
    .flush = overlay_flush,
    .discard = overlay_discard,
    .close = overlay_close,
};

/* $TMPDIR, else /var/tmp, which is on a disk more often than /tmp. */
static BlockNode *open_temporary(uint64_t length, Error **errp)
{
    const char *dir = g_getenv("TMPDIR");
    g_autofree char *name = g_strdup_printf("%s/strata.XXXXXX", dir ? dir : "/var/tmp");
    int fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) {
        error_set_errno(errp, errno, "Could not create temporary overlay '%s'", name);
        return NULL;
    }
    if (ftruncate(fd, (off_t)length) < 0) {
        error_set_errno(errp, errno, "Could not resize temporary overlay '%s'", name);
        unlink(name);
        close(fd);
        return NULL;
    }
    BlockNode *file = block_file_open(name, BLOCK_OPEN_NOFLUSH, errp);
    unlink(name);
    close(fd);
    return file;
}

BlockNode *block_overlay_open(BlockNode *take_backing, Error **errp)
{
    uint64_t clusters = (take_backing->length + CLUSTER_SIZE - 1) >> CLUSTER_SHIFT;
    /* Sized by the user's image: fallible. */
    uint64_t *bits = calloc(clusters / WORD_BITS + 1, sizeof(*bits));
    if (!bits) {
        error_set(errp, "No memory for the overlay of '%s' (%" PRIu64 " clusters)",
                  take_backing->filename, clusters);
        return NULL;
    }
    BlockNode *file = open_temporary(take_backing->length, errp);
    if (!file) {
        free(bits);
        return NULL;
    }
    OverlayNode *o = g_new0(OverlayNode, 1);
    block_node_init(&o->node, &overlay_ops, take_backing->filename);
    pthread_mutex_init(&o->lock, NULL);
    o->bits = bits;
    o->file = file;
    o->node.backing = take_backing;
    o->node.length = take_backing->length;
    o->node.file_length = take_backing->file_length;
    return &o->node;
}
