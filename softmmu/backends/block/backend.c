/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends: the list of them, the device and the medium of each, and their requests.
 *
 *   device --blk_aio_*--> submit() --> worker: run_request() -->
 * block_request_complete() | list, bottom half device <--fn(ret)--- run_completions()
 * <--------------------------+
 *
 * B1: a completion never runs from inside blk_aio_*.
 * B2: the node of a backend changes only when in_flight is 0.
 * The lock of a backend protects done and in_flight; under it only bh_schedule() is
 * called. All else: BQL.
 */
#include "softmmu/backends/block/block-internal.h"
#include "util/log.h"

#include <glib.h>
#include <json-c/json.h>
#include <pthread.h>
#include <string.h>

struct BlockBackend {
    char *name;
    BlockNode *node;  /* NULL: no medium */
    unsigned options; /* BLOCK_OPEN_* for media inserted later */
    bool write_cache;
    bool delete_on_detach;
    BlockStats stats;

    Object *dev;
    const BlockDevOps *dev_ops;
    void *dev_opaque;

    BottomHalf *bh;
    pthread_mutex_t lock;
    pthread_cond_t completed;
    GQueue done;        /* BlockRequest *, finished by a worker; protected by lock */
    unsigned in_flight; /* requests whose completion has not run; protected by lock */
};

static GPtrArray *backends; /* those with a name, in order of creation; BQL */

/* --- The list --- */

BlockBackend *blk_by_name(const char *name)
{
    for (guint i = 0; backends && i < backends->len; i++) {
        BlockBackend *blk = backends->pdata[i];
        if (!strcmp(blk->name, name)) {
            return blk;
        }
    }
    return NULL;
}

BlockBackend *blk_next(BlockBackend *blk)
{
    guint i = 0;

    if (!backends) {
        return NULL;
    }
    if (blk && (!g_ptr_array_find(backends, blk, &i) || ++i >= backends->len)) {
        return NULL;
    }
    return i < backends->len ? backends->pdata[i] : NULL;
}

BlockBackend *blk_new(const char *name, Error **errp)
{
    if (name && *name) {
        if (!id_is_wellformed(name)) {
            error_set(errp, "Invalid block backend name '%s'", name);
            return NULL;
        }
        if (blk_by_name(name)) {
            error_set(errp, "Device with id '%s' already exists", name);
            return NULL;
        }
    }
    BlockBackend *blk = g_new0(BlockBackend, 1);
    blk->name = g_strdup(name ? name : "");
    blk->write_cache = true;
    pthread_mutex_init(&blk->lock, NULL);
    pthread_cond_init(&blk->completed, NULL);
    g_queue_init(&blk->done);
    if (*blk->name) {
        if (!backends) {
            backends = g_ptr_array_new();
        }
        g_ptr_array_add(backends, blk);
    }
    return blk;
}

static void backend_free(BlockBackend *blk)
{
    blk_drain(blk);
    block_node_close(blk->node);
    if (blk->bh) {
        bh_free(blk->bh);
    }
    pthread_mutex_destroy(&blk->lock);
    pthread_cond_destroy(&blk->completed);
    g_free(blk->name);
    g_free(blk);
}

void blk_delete(BlockBackend *blk)
{
    drive_forget(blk);
    if (*blk->name) {
        g_ptr_array_remove(backends, blk);
        *blk->name = 0;
    }
    if (blk->dev) {
        blk_remove_medium(blk);
        blk->delete_on_detach = true;
        return;
    }
    backend_free(blk);
}

const char *blk_get_name(const BlockBackend *blk)
{
    return blk->name;
}

/* --- The device --- */

static void run_completions(void *opaque);

bool blk_attach_dev(BlockBackend *blk, Object *dev, const BlockDevOps *ops,
                    void *opaque, EventLoop *loop, Error **errp)
{
    if (blk->dev) {
        return error_set(errp, "Drive '%s' is already in use by another device",
                         blk->name);
    }
    if (!ops->removable && !blk->node) {
        return error_set(errp, "Device needs media, but drive is empty");
    }
    g_assert(!blk->in_flight);
    if (blk->bh) {
        bh_free(blk->bh);
    }
    blk->bh = bh_new(loop, run_completions, blk);
    blk->dev = dev;
    blk->dev_ops = ops;
    blk->dev_opaque = opaque;
    return true;
}

void blk_detach_dev(BlockBackend *blk)
{
    blk_drain(blk);
    blk->dev = NULL;
    blk->dev_ops = NULL;
    blk->dev_opaque = NULL;
    if (blk->delete_on_detach) {
        backend_free(blk);
    }
}

Object *blk_get_attached_dev(const BlockBackend *blk)
{
    return blk->dev;
}

const BlockDevOps *blk_get_dev_ops(const BlockBackend *blk, void **opaque)
{
    *opaque = blk->dev_opaque;
    return blk->dev_ops;
}

bool blk_is_removable(const BlockBackend *blk)
{
    return !blk->dev || blk->dev_ops->removable;
}

char *blk_get_dev_name(const BlockBackend *blk)
{
    static const char peripheral[] = "/machine/peripheral/";

    if (!blk->dev) {
        return NULL;
    }
    char *path = object_get_canonical_path(blk->dev);
    if (path && g_str_has_prefix(path, peripheral) &&
        !strchr(path + strlen(peripheral), '/')) {
        char *id = g_strdup(path + strlen(peripheral));
        g_free(path);
        return id;
    }
    return path;
}

/* --- The medium --- */

static void tell_medium_changed(BlockBackend *blk)
{
    if (blk->dev_ops && blk->dev_ops->medium_changed) {
        blk->dev_ops->medium_changed(blk->dev_opaque, blk->node != NULL);
    }
}

void blk_insert_medium(BlockBackend *blk, BlockNode *take_node)
{
    blk_drain(blk);
    block_node_close(blk->node);
    blk->node = take_node;
    tell_medium_changed(blk);
}

void blk_remove_medium(BlockBackend *blk)
{
    if (!blk->node) {
        return;
    }
    blk_drain(blk);
    block_node_close(blk->node);
    blk->node = NULL;
    tell_medium_changed(blk);
}

BlockNode *blk_get_node(const BlockBackend *blk)
{
    return blk->node;
}

void blk_set_options(BlockBackend *blk, unsigned open_flags)
{
    blk->options = open_flags;
    blk->write_cache = !(open_flags & BLOCK_OPEN_WRITETHROUGH);
}

unsigned blk_get_options(const BlockBackend *blk)
{
    return blk->options;
}

bool blk_is_inserted(const BlockBackend *blk)
{
    return blk->node != NULL;
}

bool blk_is_readonly(const BlockBackend *blk)
{
    return blk->node ? blk->node->readonly : blk->options & BLOCK_OPEN_READONLY;
}

uint64_t blk_get_length(const BlockBackend *blk)
{
    return blk->node ? blk->node->length : 0;
}

bool blk_is_write_cache_enabled(const BlockBackend *blk)
{
    return blk->write_cache;
}

void blk_set_write_cache(BlockBackend *blk, bool enable)
{
    blk->write_cache = enable;
}

BlockStats blk_get_stats(const BlockBackend *blk)
{
    return blk->stats;
}

/* --- Requests --- */

static int do_request(const BlockRequest *req)
{
    BlockNode *node = req->node;
    int ret;

    switch (req->op) {
    case BLOCK_READ:
        return node->ops->preadv(node, req->offset, req->iov, req->niov, req->bytes);
    case BLOCK_WRITE:
        ret = node->ops->pwritev(node, req->offset, req->iov, req->niov, req->bytes);
        return ret < 0 || !req->flush_after ? ret : node->ops->flush(node);
    case BLOCK_FLUSH:
        return node->ops->flush(node);
    case BLOCK_DISCARD:
        return node->ops->discard(node, req->offset, req->bytes);
    }
    g_assert_not_reached();
}

/* Worker thread. */
static void run_request(PoolTask *task)
{
    BlockRequest *req = (BlockRequest *)task;

    block_request_complete(req, req->ret ? req->ret : do_request(req));
}

void block_request_complete(BlockRequest *take_req, int ret)
{
    BlockBackend *blk = take_req->blk;

    take_req->ret = ret;
    pthread_mutex_lock(&blk->lock);
    g_queue_push_tail(&blk->done, take_req);
    /* Under the lock: once it is dropped a drain may take the request and free @blk. */
    bh_schedule(blk->bh);
    pthread_cond_signal(&blk->completed);
    pthread_mutex_unlock(&blk->lock);
}

static BlockRequest *take_completed(BlockBackend *blk)
{
    pthread_mutex_lock(&blk->lock);
    BlockRequest *req = g_queue_pop_head(&blk->done);
    pthread_mutex_unlock(&blk->lock);
    return req;
}

static void account(BlockBackend *blk, const BlockRequest *req)
{
    if (req->ret < 0) {
        return;
    }
    switch (req->op) {
    case BLOCK_READ:
        blk->stats.rd_ops++;
        blk->stats.rd_bytes += req->bytes;
        break;
    case BLOCK_WRITE:
        blk->stats.wr_ops++;
        blk->stats.wr_bytes += req->bytes;
        break;
    case BLOCK_FLUSH:
        blk->stats.flush_ops++;
        break;
    case BLOCK_DISCARD:
        break;
    }
}

static void finish_request(BlockBackend *blk, BlockRequest *req)
{
    account(blk, req);
    pthread_mutex_lock(&blk->lock);
    blk->in_flight--;
    pthread_mutex_unlock(&blk->lock);
    req->fn(req->opaque, req->ret);
    g_free(req->iov);
    g_free(req);
}

static void run_completions(void *opaque)
{
    BlockBackend *blk = opaque;
    BlockRequest *req = take_completed(blk);

    /*
     * One at a time: a completion may start, drain or remove. With more waiting the
     * bottom half comes again.
     */
    if (!req) {
        return;
    }
    pthread_mutex_lock(&blk->lock);
    bool more = !g_queue_is_empty(&blk->done);
    pthread_mutex_unlock(&blk->lock);
    if (more) {
        bh_schedule(blk->bh);
    }
    finish_request(blk, req);
}

void blk_drain(BlockBackend *blk)
{
    for (;;) {
        pthread_mutex_lock(&blk->lock);
        while (blk->in_flight && g_queue_is_empty(&blk->done)) {
            pthread_cond_wait(&blk->completed, &blk->lock);
        }
        BlockRequest *req = g_queue_pop_head(&blk->done);
        pthread_mutex_unlock(&blk->lock);
        if (!req) {
            return;
        }
        finish_request(blk, req);
    }
}

void blk_drain_all(void)
{
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        blk_drain(blk);
    }
}

static int check_request(const BlockBackend *blk, BlockOp op, uint64_t offset,
                         uint64_t bytes)
{
    if (!blk->node) {
        return -ENOMEDIUM;
    }
    if (offset > blk->node->length || bytes > blk->node->length - offset) {
        return -EIO;
    }
    if (blk->node->readonly && (op == BLOCK_WRITE || op == BLOCK_DISCARD)) {
        return -EROFS;
    }
    return 0;
}

static void submit(BlockBackend *blk, BlockOp op, uint64_t offset, uint64_t bytes,
                   const struct iovec *iov, int niov, BlockCompletionFn *fn,
                   void *opaque)
{
    BlockRequest *req = g_new0(BlockRequest, 1);

    if (!blk->bh) {
        blk->bh = bh_new(main_loop(), run_completions, blk);
    }
    req->task.fn = run_request;
    req->blk = blk;
    req->node = blk->node;
    req->op = op;
    req->flush_after = op == BLOCK_WRITE && !blk->write_cache;
    req->offset = offset;
    req->bytes = bytes;
    req->iov = g_memdup2(iov, sizeof(*iov) * (size_t)niov);
    req->niov = niov;
    req->fn = fn;
    req->opaque = opaque;
    pthread_mutex_lock(&blk->lock);
    blk->in_flight++;
    pthread_mutex_unlock(&blk->lock);
    int ret = check_request(blk, op, offset, bytes);
    if (ret < 0) {
        block_request_complete(req, ret);
    } else if (blk->node->ops->submit) {
        blk->node->ops->submit(blk->node, req);
    } else {
        block_pool_submit(&req->task);
    }
}

static void submit_transfer(BlockBackend *blk, BlockOp op, uint64_t offset,
                            const struct iovec *iov, int niov, BlockCompletionFn *fn,
                            void *opaque)
{
    size_t bytes = iov_total(iov, niov);

    g_assert(niov <= BLK_MAX_IOV && bytes <= BLK_MAX_TRANSFER);
    submit(blk, op, offset, bytes, iov, niov, fn, opaque);
}

void blk_aio_preadv(BlockBackend *blk, uint64_t offset, const struct iovec *iov,
                    int niov, BlockCompletionFn *fn, void *opaque)
{
    submit_transfer(blk, BLOCK_READ, offset, iov, niov, fn, opaque);
}

void blk_aio_pwritev(BlockBackend *blk, uint64_t offset, const struct iovec *iov,
                     int niov, BlockCompletionFn *fn, void *opaque)
{
    submit_transfer(blk, BLOCK_WRITE, offset, iov, niov, fn, opaque);
}

void blk_aio_flush(BlockBackend *blk, BlockCompletionFn *fn, void *opaque)
{
    submit(blk, BLOCK_FLUSH, 0, 0, NULL, 0, fn, opaque);
}

void blk_aio_discard(BlockBackend *blk, uint64_t offset, uint64_t bytes,
                     BlockCompletionFn *fn, void *opaque)
{
    submit(blk, BLOCK_DISCARD, offset, bytes, NULL, 0, fn, opaque);
}

int blk_pread(BlockBackend *blk, uint64_t offset, void *buf, size_t bytes)
{
    struct iovec iov = { buf, bytes };
    int ret = check_request(blk, BLOCK_READ, offset, bytes);

    return ret < 0 ? ret : blk->node->ops->preadv(blk->node, offset, &iov, 1, bytes);
}

int blk_pwrite(BlockBackend *blk, uint64_t offset, const void *buf, size_t bytes)
{
    struct iovec iov = { (void *)buf, bytes };
    int ret = check_request(blk, BLOCK_WRITE, offset, bytes);

    return ret < 0 ? ret : blk->node->ops->pwritev(blk->node, offset, &iov, 1, bytes);
}

/* --- drive=NAME --- */

static BlockBackend **drive_field(Object *obj, const Property *prop)
{
    return (BlockBackend **)((char *)obj + prop->offset);
}

static struct json_object *drive_prop_get(Object *obj, const Property *prop)
{
    BlockBackend *blk = *drive_field(obj, prop);

    return json_object_new_string(blk ? blk_get_name(blk) : "");
}

static bool drive_prop_set(Object *obj, const Property *prop, struct json_object *value,
                           Error **errp)
{
    const char *type = object_get_typename(obj);

    if (!json_object_is_type(value, json_type_string)) {
        return error_set(errp, "Invalid parameter type for '%s', expected: string",
                         prop->name);
    }
    const char *name = json_object_get_string(value);
    BlockBackend *blk = *name ? blk_by_name(name) : NULL;
    if (*name && !blk) {
        return error_set(errp, "Property '%s.%s' can't find value '%s'", type,
                         prop->name, name);
    }
    if (blk && blk->dev && blk->dev != obj) {
        DriveInfo *drive = drive_of_blk(blk);
        return drive && drive->type != IF_NONE
                   ? error_set(
                         errp,
                         "Drive '%s' is already in use because it has been "
                         "automatically connected to another device (did you need "
                         "'if=none' in the drive options?)",
                         name)
                   : error_set(errp, "Drive '%s' is already in use by another device",
                               name);
    }
    *drive_field(obj, prop) = blk;
    return true;
}

static char *drive_prop_print(Object *obj, const Property *prop)
{
    BlockBackend *blk = *drive_field(obj, prop);

    return g_strdup_printf("\"%s\"", blk ? blk_get_name(blk) : "");
}

const PropertyType prop_drive = {
    .name = "str",
    .description = "Node name or ID of a block device to use as a backend",
    .get = drive_prop_get,
    .set = drive_prop_set,
    .print = drive_prop_print,
};
