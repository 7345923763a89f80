/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a medium: choice of the format, raw files, and the temporary overlay on top.
 */
#include "softmmu/backends/block/block-internal.h"

#include <glib.h>
#include <string.h>

/* Formats that are recognized by their first bytes but not built. */
static const struct {
    const char *format;
    const char *magic;
    size_t len;
} foreign_formats[] = {
    {"qcow2", "QFI\xfb",      4},
    { "qed",  "QED\0",        4},
    { "vmdk", "KDMV",         4},
    { "vhdx", "vhdxfile",     8},
    { "luks", "LUKS\xba\xbe", 6},
};

void block_node_init(BlockNode *node, const BlockNodeOps *ops, const char *filename)
{
    static unsigned counter; /* BQL */

    node->ops = ops;
    node->filename = g_strdup(filename);
    node->name = g_strdup_printf("#block%u", counter++);
}

void block_node_finish(BlockNode *node)
{
    g_free(node->filename);
    g_free(node->name);
}

static const char *probe_foreign(BlockNode *node)
{
    uint8_t head[BLK_SECTOR_SIZE] = { 0 };
    struct iovec iov = { head, sizeof(head) };

    if (node->length < sizeof(head) ||
        node->ops->preadv(node, 0, &iov, 1, sizeof(head)) < 0) {
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(foreign_formats); i++) {
        if (!memcmp(head, foreign_formats[i].magic, foreign_formats[i].len)) {
            return foreign_formats[i].format;
        }
    }
    return NULL;
}

static bool check_format(BlockNode *node, const char *format, Error **errp)
{
    const char *found = probe_foreign(node);

    if (!format && found) {
        return error_set(errp, "'%s' is a %s image, which is not supported here",
                         node->filename, found);
    }
    if (format && strcmp(format, "raw") && strcmp(format, "file") &&
        strcmp(format, "host_device")) {
        for (size_t i = 0; i < G_N_ELEMENTS(foreign_formats); i++) {
            if (!strcmp(format, foreign_formats[i].format)) {
                return found && !strcmp(found, format)
                           ? error_set(errp, "Format '%s' is not supported", format)
                           : error_set(errp, "Image is not in %s format", format);
            }
        }
        return error_set(errp, "Unknown driver '%s'", format);
    }
    return true;
}

BlockNode *block_node_open(const char *filename, const char *format, unsigned flags,
                           Error **errp)
{
    unsigned file_flags = flags & ~BLOCK_OPEN_SNAPSHOT;
    if (flags & BLOCK_OPEN_SNAPSHOT) {
        file_flags |= BLOCK_OPEN_READONLY;
    }
    BlockNode *file = block_file_open(filename, file_flags, errp);
    if (!file) {
        return NULL;
    }
    if (!check_format(file, format, errp)) {
        block_node_close(file);
        return NULL;
    }
    if (!(flags & BLOCK_OPEN_SNAPSHOT)) {
        return file;
    }
    BlockNode *top = block_overlay_open(file, errp);
    if (!top) {
        block_node_close(file);
        return NULL;
    }
    top->readonly = flags & BLOCK_OPEN_READONLY;
    top->flags = flags | BLOCK_OPEN_NOFLUSH;
    return top;
}

void block_node_close(BlockNode *node)
{
    if (node) {
        node->ops->close(node);
    }
}
