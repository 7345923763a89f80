/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the block layer: nodes, requests and the worker threads. A node is one layer
 * of a medium (a host file, a format, an overlay) and does transfers synchronously, on
 * a worker thread, several at once. An engine that has a better way to wait than a
 * thread (io_uring, a network protocol) gives submit() instead and completes by itself.
 */
#ifndef STRATA_BLOCK_INTERNAL_H
#define STRATA_BLOCK_INTERNAL_H

#include "softmmu/block.h"

/* --- Scatter lists -------------------------------------------------------------------
 */

size_t iov_total(const struct iovec *iov, int niov);
/* @bytes from @offset on of @iov as a new list; the caller frees. */
struct iovec *iov_slice(const struct iovec *iov, int niov, size_t offset, size_t bytes,
                        int *out_niov);
void iov_fill(const struct iovec *iov, int niov, size_t offset, uint8_t value,
              size_t bytes);
void iov_to_buf(const struct iovec *iov, int niov, size_t offset, void *buf,
                size_t bytes);
void iov_from_buf(const struct iovec *iov, int niov, size_t offset, const void *buf,
                  size_t bytes);

/* --- Worker threads ------------------------------------------------------------------
 */

typedef struct PoolTask PoolTask;
typedef void PoolTaskFn(PoolTask *task);
struct PoolTask {
    PoolTaskFn *fn; /* on a worker, without any lock; owns the task from then on */
    PoolTask *next;
};

#define BLOCK_POOL_MAX_THREADS 16

/* Threads start when there is work and end after some idle seconds. Any thread. */
void block_pool_submit(PoolTask *task);
/* For tests. */
unsigned block_pool_num_threads(void);

/* --- Nodes ---------------------------------------------------------------------------
 */

typedef enum BlockOp { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_DISCARD } BlockOp;

typedef struct BlockRequest {
    PoolTask task;
    BlockBackend *blk;
    BlockNode *node;
    BlockOp op;
    bool flush_after;
    uint64_t offset;
    uint64_t bytes;
    struct iovec *iov; /* owned */
    int niov;
    BlockCompletionFn *fn;
    void *opaque;
    int ret;
} BlockRequest;
/* Any thread, once per request; takes it. */
void block_request_complete(BlockRequest *take_req, int ret);

typedef struct BlockNodeOps {
    const char *format;
    /* Worker threads, several at once; the range is inside the node. 0 or -errno. */
    int (*preadv)(BlockNode *node, uint64_t offset, const struct iovec *iov, int niov,
                  size_t bytes);
    int (*pwritev)(BlockNode *node, uint64_t offset, const struct iovec *iov, int niov,
                   size_t bytes);
    int (*flush)(BlockNode *node);
    int (*discard)(BlockNode *node, uint64_t offset, uint64_t bytes);
    /* No request is running any more. Frees the node's storage. */
    void (*close)(BlockNode *node);
    /* Instead of a worker thread. The loop's thread. */
    void (*submit)(BlockNode *node, BlockRequest *take_req);
} BlockNodeOps;

struct BlockNode {
    const BlockNodeOps *ops;
    char *filename;  /* as the user named it */
    char *name;      /* "#block1" */
    uint64_t length; /* bytes, a multiple of BLK_SECTOR_SIZE; fixed while open */
    uint64_t file_length;
    bool readonly;
    unsigned flags; /* BLOCK_OPEN_* */
    BlockNode *backing;
};

void block_node_init(BlockNode *node, const BlockNodeOps *ops, const char *filename);
/* The common part of closing, before the storage is freed. */
void block_node_finish(BlockNode *node);

/* The raw format on a host file or device. */
BlockNode *block_file_open(const char *filename, unsigned flags, Error **errp);
/*
 * Writes go to an unlinked temporary file of the host, reads come from it where it was
 * written, else from @take_backing (which stays the caller's on failure).
 */
BlockNode *block_overlay_open(BlockNode *take_backing, Error **errp);

/* --- Backends ------------------------------------------------------------------------
 */

BlockNode *blk_get_node(const BlockBackend *blk);
const BlockDevOps *blk_get_dev_ops(const BlockBackend *blk, void **opaque);
bool blk_is_removable(const BlockBackend *blk);
void blk_set_options(BlockBackend *blk, unsigned open_flags);
unsigned blk_get_options(const BlockBackend *blk);
/* The id of the attached device, else its path; caller frees; NULL without device. */
char *blk_get_dev_name(const BlockBackend *blk);
/* Forget the DriveInfo of @blk, if it has one. */
void drive_forget(BlockBackend *blk);

#endif
