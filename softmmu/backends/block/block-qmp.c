/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the monitors ask about drives, and changing of media. */
#include "qapi/command.h"
#include "qapi/events.h"
#include "qapi/value.h"
#include "softmmu/backends/block/block-internal.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* --- query-block --- */

static struct json_object *image_info(const BlockNode *node)
{
    struct json_object *image = json_object_new_object();
    struct stat st;

    json_add_str(image, "filename", node->filename);
    json_add_str(image, "format", node->ops->format);
    json_add_uint(image, "virtual-size", node->length);
    if (!node->backing && stat(node->filename, &st) == 0) {
        json_add_uint(image, "actual-size", (uint64_t)st.st_blocks * 512);
    }
    json_add_bool(image, "dirty-flag", false);
    if (node->backing) {
        json_object_object_add(image, "backing-image", image_info(node->backing));
    }
    return image;
}

static struct json_object *node_info(const BlockNode *node)
{
    static const char *const limits[] = { "bps",  "bps_rd",  "bps_wr",
                                          "iops", "iops_rd", "iops_wr" };
    struct json_object *info = json_object_new_object();
    struct json_object *cache = json_object_new_object();

    json_add_str(info, "file", node->filename);
    json_add_str(info, "node-name", node->name);
    json_add_bool(info, "ro", node->readonly);
    json_add_str(info, "drv", node->ops->format);
    if (node->backing) {
        json_add_str(info, "backing_file", node->backing->filename);
    }
    json_add_int(info, "backing_file_depth", node->backing ? 1 : 0);
    json_add_bool(info, "encrypted", false);
    json_add_str(info, "detect_zeroes", "off");
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        json_add_int(info, limits[i], 0);
    }
    json_add_int(info, "write_threshold", 0);
    json_object_object_add(info, "image", image_info(node));
    json_add_bool(cache, "writeback", !(node->flags & BLOCK_OPEN_WRITETHROUGH));
    json_add_bool(cache, "direct", node->flags & BLOCK_OPEN_NOCACHE);
    json_add_bool(cache, "no-flush", node->flags & BLOCK_OPEN_NOFLUSH);
    json_object_object_add(info, "cache", cache);
    return info;
}

static bool tray_is_open(const BlockBackend *blk)
{
    void *opaque;
    const BlockDevOps *ops = blk_get_dev_ops(blk, &opaque);

    return ops && ops->is_tray_open && ops->is_tray_open(opaque);
}

static bool medium_is_locked(const BlockBackend *blk)
{
    void *opaque;
    const BlockDevOps *ops = blk_get_dev_ops(blk, &opaque);

    return ops && ops->is_medium_locked && ops->is_medium_locked(opaque);
}

/* A drive without medium whose tray is open has nothing "inserted". */
static struct json_object *backend_info(const BlockBackend *blk)
{
    struct json_object *info = json_object_new_object();
    g_autofree char *qdev = blk_get_dev_name(blk);
    void *opaque;
    const BlockDevOps *ops = blk_get_dev_ops(blk, &opaque);

    json_add_str(info, "device", blk_get_name(blk));
    if (qdev) {
        json_add_str(info, "qdev", qdev);
    }
    json_add_str(info, "type", "unknown");
    json_add_bool(info, "removable", blk_is_removable(blk));
    json_add_bool(info, "locked", medium_is_locked(blk));
    if (blk_is_inserted(blk)) {
        json_object_object_add(info, "inserted", node_info(blk_get_node(blk)));
    }
    if (ops && ops->has_tray) {
        json_add_bool(info, "tray_open", tray_is_open(blk));
    }
    if (ops && ops->has_io_status) {
        json_add_str(info, "io-status", "ok");
    }
    return info;
}

static bool qmp_query_block(struct json_object *args, struct json_object **ret,
                            Error **errp)
{
    *ret = json_object_new_array();
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        json_object_array_add(*ret, backend_info(blk));
    }
    return true;
}
QMP_COMMAND("query-block", qmp_query_block, QMP_ALLOW_PRECONFIG);

static bool qmp_query_named_block_nodes(struct json_object *args,
                                        struct json_object **ret, Error **errp)
{
    *ret = json_object_new_array();
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        for (BlockNode *node = blk_get_node(blk); node; node = node->backing) {
            json_object_array_add(*ret, node_info(node));
        }
    }
    return true;
}
QMP_COMMAND("query-named-block-nodes", qmp_query_named_block_nodes,
            QMP_ALLOW_PRECONFIG);

static bool qmp_query_block_jobs(struct json_object *args, struct json_object **ret,
                                 Error **errp)
{
    *ret = json_object_new_array();
    return true;
}
QMP_COMMAND("query-block-jobs", qmp_query_block_jobs, QMP_ALLOW_PRECONFIG);

static struct json_object *stats_info(const BlockBackend *blk)
{
    static const char *const zeros[] = {
        "unmap_bytes",
        "unmap_operations",
        "rd_total_time_ns",
        "wr_total_time_ns",
        "flush_total_time_ns",
        "unmap_total_time_ns",
        "wr_highest_offset",
        "rd_merged",
        "wr_merged",
        "unmap_merged",
        "failed_rd_operations",
        "failed_wr_operations",
        "failed_flush_operations",
        "failed_unmap_operations",
        "invalid_rd_operations",
        "invalid_wr_operations",
        "invalid_flush_operations",
        "invalid_unmap_operations",
    };
    BlockStats s = blk_get_stats(blk);
    struct json_object *stats = json_object_new_object();

    json_add_uint(stats, "rd_bytes", s.rd_bytes);
    json_add_uint(stats, "wr_bytes", s.wr_bytes);
    json_add_uint(stats, "rd_operations", s.rd_ops);
    json_add_uint(stats, "wr_operations", s.wr_ops);
    json_add_uint(stats, "flush_operations", s.flush_ops);
    for (size_t i = 0; i < G_N_ELEMENTS(zeros); i++) {
        json_add_int(stats, zeros[i], 0);
    }
    json_add_bool(stats, "account_invalid", true);
    json_add_bool(stats, "account_failed", true);
    json_object_object_add(stats, "timed_stats", json_object_new_array());
    return stats;
}

static bool qmp_query_blockstats(struct json_object *args, struct json_object **ret,
                                 Error **errp)
{
    *ret = json_object_new_array();
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        struct json_object *entry = json_object_new_object();
        g_autofree char *qdev = blk_get_dev_name(blk);
        json_add_str(entry, "device", blk_get_name(blk));
        if (qdev) {
            json_add_str(entry, "qdev", qdev);
        }
        if (blk_get_node(blk)) {
            json_add_str(entry, "node-name", blk_get_node(blk)->name);
        }
        json_object_object_add(entry, "stats", stats_info(blk));
        json_object_array_add(*ret, entry);
    }
    return true;
}
QMP_COMMAND("query-blockstats", qmp_query_blockstats, QMP_ALLOW_PRECONFIG);

/* --- Changing media --- */

void blk_tray_moved(BlockBackend *blk, bool open)
{
    g_autofree char *qdev = blk_get_dev_name(blk);
    struct json_object *data = json_object_new_object();

    json_add_str(data, "device", blk_get_name(blk));
    json_add_str(data, "id", qdev ? qdev : "");
    json_add_bool(data, "tray-open", open);
    qapi_event_send("DEVICE_TRAY_MOVED", data);
}

/* By "device", the backend's name, or by "id", that of the device on it. */
static BlockBackend *find_backend(struct json_object *args, Error **errp)
{
    const char *device = qmp_arg_str(args, "device"), *id = qmp_arg_str(args, "id");

    if (!device == !id) {
        error_set(errp, "Need exactly one of 'device' and 'id'");
        return NULL;
    }
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        g_autofree char *qdev = blk_get_dev_name(blk);
        if (device ? !strcmp(device, blk_get_name(blk)) : qdev && !strcmp(qdev, id)) {
            return blk;
        }
    }
    error_set_class(errp, ERROR_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found",
                    device ? device : id);
    return NULL;
}

/* False also when the guest has locked the tray: it has been asked then. */
static bool open_tray(BlockBackend *blk, bool force, Error **errp)
{
    void *opaque;
    const BlockDevOps *ops = blk_get_dev_ops(blk, &opaque);

    if (!blk_is_removable(blk)) {
        return error_set(errp, "Device '%s' is not removable", blk_get_name(blk));
    }
    if (!ops || !ops->has_tray || ops->is_tray_open(opaque)) {
        return true;
    }
    bool locked = ops->is_medium_locked && ops->is_medium_locked(opaque);
    if (locked) {
        ops->eject_request(opaque, force);
        if (!force) {
            return error_set(errp,
                             "Device '%s' is locked and force was not specified, "
                             "wait for tray to open and try again",
                             blk_get_name(blk));
        }
    }
    ops->set_tray(opaque, true);
    return true;
}

static void close_tray(BlockBackend *blk)
{
    void *opaque;
    const BlockDevOps *ops = blk_get_dev_ops(blk, &opaque);

    if (ops && ops->set_tray) {
        ops->set_tray(opaque, false);
    }
}

static bool qmp_eject(struct json_object *args, struct json_object **ret, Error **errp)
{
    BlockBackend *blk = find_backend(args, errp);

    if (!blk || !open_tray(blk, qmp_arg_bool(args, "force", false), errp)) {
        return false;
    }
    blk_remove_medium(blk);
    return true;
}
QMP_COMMAND("eject", qmp_eject, 0);

static bool qmp_blockdev_open_tray(struct json_object *args, struct json_object **ret,
                                   Error **errp)
{
    BlockBackend *blk = find_backend(args, errp);

    return blk && open_tray(blk, qmp_arg_bool(args, "force", false), errp);
}
QMP_COMMAND("blockdev-open-tray", qmp_blockdev_open_tray, 0);

static bool qmp_blockdev_close_tray(struct json_object *args, struct json_object **ret,
                                    Error **errp)
{
    BlockBackend *blk = find_backend(args, errp);

    if (!blk) {
        return false;
    }
    if (!blk_is_removable(blk)) {
        return error_set(errp, "Device '%s' is not removable", blk_get_name(blk));
    }
    close_tray(blk);
    return true;
}
QMP_COMMAND("blockdev-close-tray", qmp_blockdev_close_tray, 0);

static bool qmp_blockdev_remove_medium(struct json_object *args,
                                       struct json_object **ret, Error **errp)
{
    BlockBackend *blk = find_backend(args, errp);
    void *opaque;

    if (!blk) {
        return false;
    }
    const BlockDevOps *ops = blk_get_dev_ops(blk, &opaque);
    if (!blk_is_removable(blk)) {
        return error_set(errp, "Device '%s' is not removable", blk_get_name(blk));
    }
    if (ops && ops->has_tray && !ops->is_tray_open(opaque)) {
        return error_set(errp, "Tray of device '%s' is not open",
                         qmp_arg_str(args, "id"));
    }
    blk_remove_medium(blk);
    return true;
}
QMP_COMMAND("blockdev-remove-medium", qmp_blockdev_remove_medium, 0);

static unsigned new_medium_flags(BlockBackend *blk, const char *mode)
{
    unsigned flags = blk_get_options(blk) & ~(unsigned)BLOCK_OPEN_SNAPSHOT;
    bool readonly = !mode || !strcmp(mode, "retain") ? blk_is_readonly(blk)
                                                     : !strcmp(mode, "read-only");

    flags &= ~(unsigned)BLOCK_OPEN_READONLY;
    return readonly ? flags | BLOCK_OPEN_READONLY : flags;
}

static bool qmp_blockdev_change_medium(struct json_object *args,
                                       struct json_object **ret, Error **errp)
{
    BlockBackend *blk = find_backend(args, errp);

    if (!blk) {
        return false;
    }
    if (!blk_is_removable(blk)) {
        return error_set(errp, "Device '%s' is not removable", blk_get_name(blk));
    }
    unsigned flags = new_medium_flags(blk, qmp_arg_str(args, "read-only-mode"));
    BlockNode *node = block_node_open(qmp_arg_str(args, "filename"),
                                      qmp_arg_str(args, "format"), flags, errp);
    if (!node) {
        return false;
    }
    if (!open_tray(blk, qmp_arg_bool(args, "force", false), errp)) {
        block_node_close(node);
        return false;
    }
    blk_remove_medium(blk);
    blk_insert_medium(blk, node);
    close_tray(blk);
    return true;
}
QMP_COMMAND("blockdev-change-medium", qmp_blockdev_change_medium, 0);

/* --- HMP --- */

static char *human_size(uint64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1000 && unit + 1 < G_N_ELEMENTS(units)) {
        value /= 1024;
        unit++;
    }
    return g_strdup_printf("%.3g %s", value, units[unit]);
}

static void print_cache(HmpOut *out, const BlockBackend *blk, const BlockNode *node)
{
    hmp_printf(out, "    Cache mode:       %s%s%s\n",
               !blk || blk_is_write_cache_enabled(blk) ? "writeback" : "writethrough",
               node->flags & BLOCK_OPEN_NOCACHE ? ", direct" : "",
               node->flags & BLOCK_OPEN_NOFLUSH ? ", ignore flushes" : "");
}

static void print_image(HmpOut *out, const BlockNode *node)
{
    g_autofree char *size = human_size(node->length);
    struct stat st;

    hmp_printf(out, "\nImages:\nimage: %s\nfile format: %s\n", node->filename,
               node->ops->format);
    hmp_printf(out, "virtual size: %s (%" PRIu64 " bytes)\n", size, node->length);
    if (!node->backing && stat(node->filename, &st) == 0) {
        g_autofree char *disk = human_size((uint64_t)st.st_blocks * 512);
        hmp_printf(out, "disk size: %s\n", disk);
    }
}

static void print_node_head(HmpOut *out, const BlockNode *node)
{
    hmp_printf(out, "%s (%s%s)\n", node->filename, node->ops->format,
               node->readonly ? ", read-only" : "");
}

static void print_backend(HmpOut *out, BlockBackend *blk, bool verbose)
{
    g_autofree char *qdev = blk_get_dev_name(blk);
    const BlockNode *node = blk_get_node(blk);

    hmp_puts(out, blk_get_name(blk));
    if (node) {
        hmp_printf(out, " (%s): ", node->name);
        print_node_head(out, node);
    } else {
        hmp_puts(out, ": [not inserted]\n");
    }
    if (qdev) {
        hmp_printf(out, "    Attached to:      %s\n", qdev);
    }
    if (blk_is_removable(blk)) {
        hmp_printf(out, "    Removable device: %slocked, tray %s\n",
                   medium_is_locked(blk) ? "" : "not ",
                   tray_is_open(blk) ? "open" : "closed");
    }
    if (!node) {
        return;
    }
    print_cache(out, blk, node);
    if (node->backing) {
        hmp_printf(out, "    Backing file:     %s (chain depth: 1)\n",
                   node->backing->filename);
    }
    if (verbose) {
        print_image(out, node);
    }
}

static void print_named_nodes(HmpOut *out)
{
    bool first = true;

    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        for (BlockNode *node = blk_get_node(blk); node; node = node->backing) {
            hmp_printf(out, "%s%s: ", first ? "" : "\n", node->name);
            print_node_head(out, node);
            print_cache(out, NULL, node);
            first = false;
        }
    }
}

static void hmp_info_block(HmpOut *out, HmpArgs *args)
{
    const char *device = hmp_arg_str(args, "device");
    bool first = true;

    if (hmp_arg_flag(args, "nodes")) {
        print_named_nodes(out);
        return;
    }
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        if (device && strcmp(device, blk_get_name(blk))) {
            continue;
        }
        if (!first) {
            hmp_puts(out, "\n");
        }
        print_backend(out, blk, hmp_arg_flag(args, "verbose"));
        first = false;
    }
}
HMP_INFO("block", "nodes:-n,verbose:-v,device:B?", "[-n] [-v] [device]",
         "show info of one block device or all block devices (-n: show named nodes; "
         "-v: show details)",
         hmp_info_block);

static void hmp_info_blockstats(HmpOut *out, HmpArgs *args)
{
    for (BlockBackend *blk = blk_next(NULL); blk; blk = blk_next(blk)) {
        BlockStats s = blk_get_stats(blk);
        hmp_printf(
            out,
            "%s: rd_bytes=%" PRIu64 " wr_bytes=%" PRIu64 " rd_operations=%" PRIu64
            " wr_operations=%" PRIu64 " flush_operations=%" PRIu64
            " wr_total_time_ns=0 rd_total_time_ns=0 flush_total_time_ns=0 "
            "rd_merged=0 wr_merged=0 idle_time_ns=0\n",
            blk_get_name(blk), s.rd_bytes, s.wr_bytes, s.rd_ops, s.wr_ops, s.flush_ops);
    }
}
HMP_INFO("blockstats", "", "", "show block device statistics", hmp_info_blockstats);

static void hmp_info_block_jobs(HmpOut *out, HmpArgs *args)
{
    hmp_puts(out, "No active jobs\n");
}
HMP_INFO("block-jobs", "", "", "show progress of ongoing block device operations",
         hmp_info_block_jobs);

static void hmp_eject(HmpOut *out, HmpArgs *args)
{
    struct json_object *a = json_object_new_object();

    json_add_str(a, "device", hmp_arg_str(args, "device"));
    json_add_bool(a, "force", hmp_arg_flag(args, "force"));
    hmp_do_qmp(out, "eject", a);
}
HMP_COMMAND("eject", "force:-f,device:B", "[-f] device",
            "eject a removable medium (use -f to force it)", hmp_eject);

static void hmp_change(HmpOut *out, HmpArgs *args)
{
    static const char *const modes[] = { "retain", "read-only", "read-write", NULL };
    const char *format = hmp_arg_str(args, "arg"), *mode = hmp_arg_str(args, "mode");
    struct json_object *a;

    if (mode && !g_strv_contains(modes, mode)) {
        hmp_printf(out, "Error: invalid parameter value: %s\n", mode);
        return;
    }
    a = json_object_new_object();
    json_add_str(a, "device", hmp_arg_str(args, "device"));
    json_add_str(a, "filename", hmp_arg_str(args, "target"));
    json_add_bool(a, "force", hmp_arg_flag(args, "force"));
    if (format) {
        json_add_str(a, "format", format);
    }
    if (mode) {
        json_add_str(a, "read-only-mode", mode);
    }
    hmp_do_qmp(out, "blockdev-change-medium", a);
}
HMP_COMMAND("change", "device:B,force:-f,target:F,arg:s?,mode:s?",
            "device [-f] filename [format [read-only-mode]]",
            "change a removable medium, optional format, use -f to force the operation",
            hmp_change);

static void hmp_drive_add(HmpOut *out, HmpArgs *args)
{
    Error *err = NULL;
    g_autojson opts = keyval_parse(hmp_arg_str(args, "opts"), NULL, &err);

    if (opts && drive_add(opts, NULL, &err)) {
        hmp_puts(out, "OK\n");
    } else {
        hmp_error(out, err);
    }
}
HMP_COMMAND("drive_add", "node:-n,pci_addr:s,opts:s", "[-n] [[<domain>:]<bus>:]<slot>",
            "add drive to PCI storage controller", hmp_drive_add);

static void hmp_drive_del(HmpOut *out, HmpArgs *args)
{
    const char *name = hmp_arg_str(args, "id");
    BlockBackend *blk = blk_by_name(name);

    if (!blk) {
        hmp_printf(out, "Device '%s' not found\n", name);
        return;
    }
    blk_delete(blk);
}
HMP_COMMAND("drive_del", "id:B", "device", "remove host block device", hmp_drive_del);
