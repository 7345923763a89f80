/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A raw image: a regular file or a block device of the host. The medium is rounded up
 * to whole sectors; what lies behind the end of the file reads as zero.
 *
 * Two emulators that write one image would destroy it, so the file is locked (open file
 * description locks): readers share a byte, a writer has it for itself.
 */
#include "softmmu/backends/block/block-internal.h"

#include <glib.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct FileNode {
    BlockNode node;
    int fd;
    bool is_device;
} FileNode;

static FileNode *file_node(BlockNode *node)
{
    return (FileNode *)node;
}

/* One preadv or pwritev until @bytes are done; *done_ says how far it came. */
static int transfer(int fd, bool is_write, uint64_t offset, const struct iovec *iov,
                    int niov, size_t bytes, size_t *done_)
{
    size_t done = 0;
    int ret = 0;

    while (done < bytes) {
        g_autofree struct iovec *rest = NULL;
        const struct iovec *v = iov;
        int n = niov;
        if (done) {
            v = rest = iov_slice(iov, niov, done, bytes - done, &n);
        }
        n = MIN(n, IOV_MAX);
        ssize_t got = is_write ? pwritev(fd, v, n, (off_t)(offset + done))
                               : preadv(fd, v, n, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            ret = -errno;
            break;
        }
        if (got == 0) {
            ret = is_write ? -ENOSPC : 0;
            break;
        }
        done += (size_t)got;
    }
    *done_ = done;
    return ret;
}

static int file_preadv(BlockNode *node, uint64_t offset, const struct iovec *iov,
                       int niov, size_t bytes)
{
    size_t done;
    int ret = transfer(file_node(node)->fd, false, offset, iov, niov, bytes, &done);

    if (ret == 0 && done < bytes) {
        iov_fill(iov, niov, done, 0, bytes - done);
    }
    return ret;
}

static int file_pwritev(BlockNode *node, uint64_t offset, const struct iovec *iov,
                        int niov, size_t bytes)
{
    size_t done;

    return transfer(file_node(node)->fd, true, offset, iov, niov, bytes, &done);
}

static int file_flush(BlockNode *node)
{
    if (node->flags & BLOCK_OPEN_NOFLUSH) {
        return 0;
    }
    return fdatasync(file_node(node)->fd) < 0 ? -errno : 0;
}

static int file_discard(BlockNode *node, uint64_t offset, uint64_t bytes)
{
    FileNode *f = file_node(node);

    if (f->is_device) {
        return 0;
    }
    int ret = fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        (off_t)offset, (off_t)bytes);
    return ret < 0 && errno != EOPNOTSUPP ? -errno : 0;
}

static void file_close(BlockNode *node)
{
    close(file_node(node)->fd);
    block_node_finish(node);
    g_free(node);
}

static const BlockNodeOps file_ops = {
    .format = "raw",
    .preadv = file_preadv,
    .pwritev = file_pwritev,
    .flush = file_flush,
    .discard = file_discard,
    .close = file_close,
};

static int open_fd(const char *filename, unsigned flags, bool *readonly)
{
    *readonly = flags & BLOCK_OPEN_READONLY;
    int fd = open(filename, (*readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (fd < 0 && !*readonly && (flags & BLOCK_OPEN_AUTO_READONLY) &&
        (errno == EACCES || errno == EROFS || errno == EPERM)) {
        *readonly = true;
        fd = open(filename, O_RDONLY | O_CLOEXEC);
    }
    return fd;
}

static bool find_length(FileNode *f, Error **errp)
{
    const char *name = f->node.filename;
    struct stat st;

    if (fstat(f->fd, &st) < 0) {
        return error_set_errno(errp, errno, "Could not open '%s'", name);
    }
    f->is_device = S_ISBLK(st.st_mode);
    if (!f->is_device && !S_ISREG(st.st_mode)) {
        return error_set(errp, "'file' driver requires '%s' to be a regular file",
                         name);
    }
    uint64_t length = (uint64_t)st.st_size;
    if (f->is_device && ioctl(f->fd, BLKGETSIZE64, &length) < 0) {
        return error_set_errno(errp, errno, "Could not get the size of '%s'", name);
    }
    if (length > INT64_MAX - BLK_SECTOR_SIZE) {
        return error_set(errp, "Image '%s' is too large", name);
    }
    f->node.file_length = length;
    f->node.length = (length + BLK_SECTOR_SIZE - 1) & ~(uint64_t)(BLK_SECTOR_SIZE - 1);
    return true;
}

/* Filesystems without locks are let through. */
static bool lock_image(FileNode *f, Error **errp)
{
    struct flock fl = {
        .l_type = f->node.readonly ? F_RDLCK : F_WRLCK,
        .l_whence = SEEK_SET,
        .l_start = 201,
        .l_len = 1,
    };

    if (f->is_device || fcntl(f->fd, F_OFD_SETLK, &fl) == 0 ||
        (errno != EAGAIN && errno != EACCES)) {
        return true;
    }
    error_set(errp, "Failed to get %s\"write\" lock",
              f->node.readonly ? "shared " : "");
    error_append_hint(errp, "Is another process using the image [%s]?\n",
                      f->node.filename);
    return false;
}

BlockNode *block_file_open(const char *filename, unsigned flags, Error **errp)
{
    bool readonly;

    if (g_str_has_prefix(filename, "file:")) {
        filename += strlen("file:");
    }
    int fd = open_fd(filename, flags, &readonly);
    if (fd < 0) {
        if (errno == EISDIR) {
            error_set(errp, "'file' driver requires '%s' to be a regular file",
                      filename);
        } else {
            error_set_errno(errp, errno, "Could not open '%s'", filename);
        }
        return NULL;
    }
    FileNode *f = g_new0(FileNode, 1);
    block_node_init(&f->node, &file_ops, filename);
    f->fd = fd;
    f->node.readonly = readonly;
    f->node.flags = flags;
    if (!find_length(f, errp) || !lock_image(f, errp)) {
        file_close(&f->node);
        return NULL;
    }
    return &f->node;
}
