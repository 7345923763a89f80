/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -drive and its short forms: an option becomes a place (interface, bus, unit), a
 * backend with a name, and a medium in it. The machine later takes the records by
 * place.
 */
#include "softmmu/block.h"

#include "qapi/value.h"
#include "softmmu/backends/block/block-internal.h"

#include <glib.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

static const char *const interface_names[IF_COUNT] = {
    [IF_NONE] = "none",     [IF_IDE] = "ide",       [IF_SCSI] = "scsi",
    [IF_FLOPPY] = "floppy", [IF_PFLASH] = "pflash", [IF_MTD] = "mtd",
    [IF_SD] = "sd",         [IF_VIRTIO] = "virtio", [IF_XEN] = "xen",
};

typedef struct Drive {
    DriveInfo info;
    bool claimed;
} Drive;

/* All BQL. */
static GPtrArray *drives;
static DriveDefaults defaults;
static bool have_defaults;
static bool snapshot_default;

DriveDefaults drive_pc_defaults(void)
{
    return (DriveDefaults){
        IF_IDE, {[IF_IDE] = 2, [IF_SCSI] = 7}
    };
}

void drive_set_defaults(const DriveDefaults *d)
{
    defaults = *d;
    have_defaults = true;
}

void drive_set_snapshot_default(bool snapshot)
{
    snapshot_default = snapshot;
}

static int units_per_bus(BlockInterfaceType type)
{
    if (!have_defaults) {
        DriveDefaults pc = drive_pc_defaults();
        drive_set_defaults(&pc);
    }
    return defaults.units_per_bus[type];
}

static Drive *find_drive(BlockInterfaceType type, int bus, int unit)
{
    for (guint i = 0; drives && i < drives->len; i++) {
        Drive *d = drives->pdata[i];
        if (d->info.type == type && d->info.bus == bus && d->info.unit == unit) {
            return d;
        }
    }
    return NULL;
}

/* --- Reading the option --- */

typedef struct DriveRequest {
    const char *file, *id, *format, *media, *serial, *location;
    BlockInterfaceType type;
    int64_t bus, unit, index; /* -1: not given */
    bool media_cd, is_default;
    unsigned flags; /* BLOCK_OPEN_* */
} DriveRequest;

typedef bool OptionFn(DriveRequest *req, const char *value, Error **errp);

static bool opt_if(DriveRequest *req, const char *value, Error **errp)
{
    for (int i = 0; i < IF_COUNT; i++) {
        if (!strcmp(value, interface_names[i])) {
            req->type = i;
            return true;
        }
    }
    return error_set(errp, "unsupported bus type '%s'", value);
}

static bool read_number(const char *name, const char *value, int64_t *out, Error **errp)
{
    uint64_t v;

    if (!parse_uint64(value, &v) || v > INT_MAX) {
        return error_set(errp, "Parameter '%s' expects a number", name);
    }
    *out = (int64_t)v;
    return true;
}

static bool opt_bus(DriveRequest *req, const char *value, Error **errp)
{
    return read_number("bus", value, &req->bus, errp);
}

static bool opt_unit(DriveRequest *req, const char *value, Error **errp)
{
    return read_number("unit", value, &req->unit, errp);
}

static bool opt_index(DriveRequest *req, const char *value, Error **errp)
{
    return read_number("index", value, &req->index, errp);
}

static bool opt_media(DriveRequest *req, const char *value, Error **errp)
{
    req->media_cd = !strcmp(value, "cdrom");
    if (!req->media_cd && strcmp(value, "disk")) {
        return error_set(errp, "'%s' invalid media", value);
    }
    return true;
}

static bool read_flag(DriveRequest *req, const char *name, const char *value,
                      unsigned flag, Error **errp)
{
    if (strcmp(value, "on") && strcmp(value, "off")) {
        return error_set(errp, "Parameter '%s' expects 'on' or 'off'", name);
    }
    req->flags = !strcmp(value, "on") ? req->flags | flag : req->flags & ~flag;
    return true;
}

static bool opt_readonly(DriveRequest *req, const char *value, Error **errp)
{
    return read_flag(req, "readonly", value, BLOCK_OPEN_READONLY, errp);
}

static bool opt_auto_readonly(DriveRequest *req, const char *value, Error **errp)
{
    return read_flag(req, "auto-read-only", value, BLOCK_OPEN_AUTO_READONLY, errp);
}

static bool opt_snapshot(DriveRequest *req, const char *value, Error **errp)
{
    return read_flag(req, "snapshot", value, BLOCK_OPEN_SNAPSHOT, errp);
}

static bool opt_cache(DriveRequest *req, const char *value, Error **errp)
{
    static const struct {
        const char *name;
        unsigned flags;
    } modes[] = {
        {"writeback",     0                                           },
        { "none",         BLOCK_OPEN_NOCACHE                          },
        { "off",          BLOCK_OPEN_NOCACHE                          },
        { "writethrough", BLOCK_OPEN_WRITETHROUGH                     },
        { "directsync",   BLOCK_OPEN_NOCACHE | BLOCK_OPEN_WRITETHROUGH},
        { "unsafe",       BLOCK_OPEN_NOFLUSH                          },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (!strcmp(value, modes[i].name)) {
            req->flags |= modes[i].flags;
            return true;
        }
    }
    return error_set(errp, "invalid cache option");
}

static bool opt_aio(DriveRequest *req, const char *value, Error **errp)
{
    if (strcmp(value, "threads") && strcmp(value, "native") &&
        strcmp(value, "io_uring")) {
        return error_set(errp, "invalid aio option");
    }
    return true;
}

static bool check_action(const char *value, const char *what, bool enospc, Error **errp)
{
    if (strcmp(value, "report") && strcmp(value, "stop") && strcmp(value, "ignore") &&
        (!enospc || strcmp(value, "enospc"))) {
        return error_set(errp, "'%s' invalid %s error action", value, what);
    }
    return true;
}

static bool opt_werror(DriveRequest *req, const char *value, Error **errp)
{
    return check_action(value, "write", true, errp);
}

static bool opt_rerror(DriveRequest *req, const char *value, Error **errp)
{
    return check_action(value, "read", false, errp);
}

static bool opt_ignored(DriveRequest *req, const char *value, Error **errp)
{
    return true;
}

static bool opt_file(DriveRequest *req, const char *value, Error **errp)
{
    req->file = value;
    return true;
}

static bool opt_format(DriveRequest *req, const char *value, Error **errp)
{
    req->format = value;
    return true;
}

static bool opt_id(DriveRequest *req, const char *value, Error **errp)
{
    req->id = value;
    return true;
}

static bool opt_serial(DriveRequest *req, const char *value, Error **errp)
{
    req->serial = value;
    return true;
}

static const struct {
    const char *name;
    OptionFn *fn;
} drive_options[] = {
    {"aio",             opt_aio          },
    { "auto-read-only", opt_auto_readonly},
    { "bus",            opt_bus          },
    { "cache",          opt_cache        },
    { "copy-on-read",   opt_ignored      },
    { "detect-zeroes",  opt_ignored      },
    { "discard",        opt_ignored      },
    { "driver",         opt_format       },
    { "file",           opt_file         },
    { "format",         opt_format       },
    { "id",             opt_id           },
    { "if",             opt_if           },
    { "index",          opt_index        },
    { "media",          opt_media        },
    { "node-name",      opt_ignored      },
    { "read-only",      opt_readonly     },
    { "readonly",       opt_readonly     },
    { "rerror",         opt_rerror       },
    { "serial",         opt_serial       },
    { "snapshot",       opt_snapshot     },
    { "unit",           opt_unit         },
    { "werror",         opt_werror       },
};

static bool take_option(DriveRequest *req, const char *key, const char *value,
                        Error **errp)
{
    for (size_t i = 0; i < G_N_ELEMENTS(drive_options); i++) {
        if (!strcmp(key, drive_options[i].name)) {
            return drive_options[i].fn(req, value, errp);
        }
    }
    return error_set(errp, "Block format '%s' does not support the option '%s'",
                     req->format ? req->format : "raw", key);
}

/* cache.direct=on and its kind arrive as an object. */
static bool take_cache_object(DriveRequest *req, struct json_object *cache,
                              Error **errp)
{
    json_object_object_foreach(cache, key, value)
    {
        const char *text = json_object_get_string(value);
        unsigned flag = !strcmp(key, "direct")     ? BLOCK_OPEN_NOCACHE
                        : !strcmp(key, "no-flush") ? BLOCK_OPEN_NOFLUSH
                                                   : 0;
        if (flag ? !read_flag(req, key, text, flag, errp)
                 : strcmp(key, "writeback") != 0 &&
                       !error_set(errp,
                                  "Block format 'raw' does not support the option "
                                  "'cache.%s'",
                                  key)) {
            return false;
        }
        if (!strcmp(key, "writeback") && !strcmp(text, "off")) {
            req->flags |= BLOCK_OPEN_WRITETHROUGH;
        }
    }
    return true;
}

static bool parse_options(DriveRequest *req, struct json_object *opts, Error **errp)
{
    json_object_object_foreach(opts, key, value)
    {
        if (json_object_is_type(value, json_type_object)) {
            if (!strcmp(key, "cache") && !take_cache_object(req, value, errp)) {
                return false;
            }
            if (strcmp(key, "cache") && strcmp(key, "throttling") &&
                strcmp(key, "file")) {
                return error_set(
                    errp, "Block format 'raw' does not support the option '%s'", key);
            }
            struct json_object *name;
            if (!strcmp(key, "file") &&
                json_object_object_get_ex(value, "filename", &name)) {
                req->file = json_object_get_string(name);
            }
            continue;
        }
        if (!take_option(req, key, json_object_get_string(value), errp)) {
            return false;
        }
    }
    if (req->id && !id_check(req->id, errp)) {
        return false;
    }
    if (req->id && blk_by_name(req->id)) {
        return error_set(errp, "Duplicate ID '%s' for drive", req->id);
    }
    return true;
}

/* --- Place and name --- */

static bool choose_place(DriveRequest *req, Error **errp)
{
    int per_bus;

    if (req->type == IF_DEFAULT) {
        units_per_bus(IF_NONE);
        req->type = defaults.type;
    }
    per_bus = units_per_bus(req->type);
    if (req->index >= 0) {
        if (req->bus >= 0 || req->unit >= 0) {
            return error_set(errp, "index cannot be used with bus and unit");
        }
        req->bus = per_bus ? req->index / per_bus : 0;
        req->unit = per_bus ? req->index % per_bus : req->index;
    }
    bool unit_given = req->unit >= 0;
    req->bus = MAX(req->bus, 0);
    if (!unit_given) {
        req->unit = 0;
        while (find_drive(req->type, (int)req->bus, (int)req->unit)) {
            req->unit++;
            if (per_bus && req->unit >= per_bus) {
                req->unit = 0;
                req->bus++;
            }
        }
    }
    if (per_bus && req->unit >= per_bus) {
        return error_set(errp, "unit %d too big (max is %d)", (int)req->unit,
                         per_bus - 1);
    }
    if (find_drive(req->type, (int)req->bus, (int)req->unit)) {
        int64_t index = per_bus ? req->bus * per_bus + req->unit : req->unit;
        return error_set(errp, "drive with bus=%d, unit=%d (index=%d) exists",
                         (int)req->bus, (int)req->unit, (int)index);
    }
    return true;
}

static char *default_name(const DriveRequest *req)
{
    const char *media = req->type == IF_IDE || req->type == IF_SCSI
                            ? (req->media_cd ? "-cd" : "-hd")
                            : "";

    if (units_per_bus(req->type)) {
        return g_strdup_printf("%s%d%s%d", interface_names[req->type], (int)req->bus,
                               media, (int)req->unit);
    }
    return g_strdup_printf("%s%s%d", interface_names[req->type], media, (int)req->unit);
}

static DriveInfo *make_drive(DriveRequest *req, Error **errp)
{
    if (!choose_place(req, errp)) {
        return NULL;
    }
    if (req->media_cd) {
        req->flags |= BLOCK_OPEN_READONLY;
    }
    BlockNode *node = NULL;
    if (req->file && *req->file) {
        node = block_node_open(req->file, req->format, req->flags, errp);
        if (!node) {
            return NULL;
        }
    }
    g_autofree char *name = req->id ? g_strdup(req->id) : default_name(req);
    BlockBackend *blk = blk_new(name, errp);
    if (!blk) {
        block_node_close(node);
        return NULL;
    }
    blk_set_options(blk, req->flags);
    if (node) {
        blk_insert_medium(blk, node);
    }
    Drive *d = g_new0(Drive, 1);
    d->info = (DriveInfo){
        .type = req->type,
        .bus = (int)req->bus,
        .unit = (int)req->unit,
        .media_cd = req->media_cd,
        .is_default = req->is_default,
        .readonly = req->flags & BLOCK_OPEN_READONLY,
        .serial = g_strdup(req->serial),
        .location = g_strdup(req->location),
        .blk = blk,
    };
    if (!drives) {
        drives = g_ptr_array_new();
    }
    g_ptr_array_add(drives, d);
    return &d->info;
}

static DriveRequest new_request(const char *location)
{
    return (DriveRequest){
        .location = location,
        .type = IF_DEFAULT,
        .bus = -1,
        .unit = -1,
        .index = -1,
        .flags = snapshot_default ? BLOCK_OPEN_SNAPSHOT : 0,
    };
}

DriveInfo *drive_add(struct json_object *opts, const char *location, Error **errp)
{
    DriveRequest req = new_request(location);

    return parse_options(&req, opts, errp) ? make_drive(&req, errp) : NULL;
}

DriveInfo *drive_add_file(BlockInterfaceType type, int index, const char *media,
                          const char *filename, bool snapshot, const char *location,
                          Error **errp)
{
    DriveRequest req = new_request(location);

    req.type = type;
    req.index = index;
    req.file = filename;
    req.media_cd = media && !strcmp(media, "cdrom");
    if (snapshot) {
        req.flags |= BLOCK_OPEN_SNAPSHOT;
    }
    return make_drive(&req, errp);
}

bool drive_add_default(BlockInterfaceType type, int index, const char *media,
                       Error **errp)
{
    DriveRequest req = new_request(NULL);
    BlockInterfaceType t = type;

    if (t == IF_DEFAULT) {
        units_per_bus(IF_NONE);
        t = defaults.type;
    }
    int per_bus = units_per_bus(t);
    if (find_drive(t, per_bus ? index / per_bus : 0,
                   per_bus ? index % per_bus : index)) {
        return true;
    }
    req.type = t;
    req.index = index;
    req.media_cd = media && !strcmp(media, "cdrom");
    req.is_default = true;
    req.flags = 0;
    return make_drive(&req, errp) != NULL;
}

/* --- For machines --- */

DriveInfo *drive_get(BlockInterfaceType type, int bus, int unit)
{
    Drive *d = find_drive(type, bus, unit);

    if (!d) {
        return NULL;
    }
    d->claimed = true;
    return &d->info;
}

DriveInfo *drive_get_by_index(BlockInterfaceType type, int index)
{
    int per_bus = units_per_bus(type);

    return drive_get(type, per_bus ? index / per_bus : 0,
                     per_bus ? index % per_bus : index);
}

DriveInfo *drive_of_blk(const BlockBackend *blk)
{
    for (guint i = 0; drives && i < drives->len; i++) {
        Drive *d = drives->pdata[i];
        if (d->info.blk == blk) {
            return &d->info;
        }
    }
    return NULL;
}

int drive_get_max_bus(BlockInterfaceType type)
{
    int max = -1;

    for (guint i = 0; drives && i < drives->len; i++) {
        Drive *d = drives->pdata[i];
        if (d->info.type == type) {
            max = MAX(max, d->info.bus);
        }
    }
    return max;
}

bool drive_check_orphaned(Error **errp)
{
    for (guint i = 0; drives && i < drives->len; i++) {
        Drive *d = drives->pdata[i];
        if (d->claimed || d->info.is_default || d->info.type == IF_NONE ||
            blk_get_attached_dev(d->info.blk)) {
            continue;
        }
        error_set_location(d->info.location);
        return error_set(errp, "machine type does not support if=%s,bus=%d,unit=%d",
                         interface_names[d->info.type], d->info.bus, d->info.unit);
    }
    return true;
}

void drive_forget(BlockBackend *blk)
{
    for (guint i = 0; drives && i < drives->len; i++) {
        Drive *d = drives->pdata[i];
        if (d->info.blk == blk) {
            g_ptr_array_remove_index(drives, i);
            g_free(d->info.serial);
            g_free(d->info.location);
            g_free(d);
            return;
        }
    }
}
