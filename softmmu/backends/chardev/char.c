/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The base type, the front end's side, and the registry: every chardev that has a name
 * is a child of /chardevs.
 */
#include "softmmu/chardev.h"

#include "char-internal.h"
#include "qapi/value.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const char *data_str(struct json_object *data, const char *name)
{
    struct json_object *v;

    return json_object_object_get_ex(data, name, &v) ? json_object_get_string(v) : NULL;
}

bool data_bool(struct json_object *data, const char *name, bool def)
{
    struct json_object *v;

    return json_object_object_get_ex(data, name, &v) ? json_object_get_boolean(v) : def;
}

int64_t data_int(struct json_object *data, const char *name, int64_t def)
{
    struct json_object *v;

    return json_object_object_get_ex(data, name, &v) ? json_object_get_int64(v) : def;
}

/* --- Backends to front ends ------------------------------------------------------- */

int chr_be_can_read(Chardev *chr)
{
    CharFrontend *fe = chr->fe;

    if (!fe || !fe->read) {
        return 0;
    }
    return fe->can_read ? fe->can_read(fe->opaque) : 4096;
}

void chr_be_write(Chardev *chr, const uint8_t *buf, int len)
{
    CharFrontend *fe = chr->fe;

    if (fe && fe->read && len > 0) {
        fe->read(fe->opaque, buf, len);
    }
}

void chr_be_event(Chardev *chr, ChrEvent event)
{
    CharFrontend *fe = chr->fe;

    if (event == CHR_EVENT_OPENED || event == CHR_EVENT_CLOSED) {
        bool open = event == CHR_EVENT_OPENED;

        if (chr->be_open == open) {
            return;
        }
        chr->be_open = open;
    }
    if (fe && fe->event) {
        fe->event(fe->opaque, event);
    }
}

void chr_be_writable(Chardev *chr)
{
    CharFrontend *fe = chr->fe;

    if (fe && fe->writable) {
        ChrWritableFn *fn = fe->writable;

        fe->writable = NULL;
        fn(fe->writable_opaque);
    }
}

/* --- Front ends ------------------------------------------------------------------- */

bool chr_fe_init(CharFrontend *fe, Chardev *chr, Error **errp)
{
    memset(fe, 0, sizeof(*fe));
    if (!chr) {
        return true;
    }
    if (chardev_is_mux(chr)) {
        if (!chardev_mux_attach(chr, fe, errp)) {
            return false;
        }
    } else if (chr->fe) {
        return error_set(errp, "Device '%s' is in use", chr->label);
    } else {
        chr->fe = fe;
    }
    fe->chr = object_ref(chr) ? chr : NULL;
    return true;
}

static void update_read(Chardev *chr)
{
    if (CHARDEV_GET_CLASS(chr)->update_read) {
        CHARDEV_GET_CLASS(chr)->update_read(chr);
    }
}

void chr_fe_deinit(CharFrontend *fe)
{
    Chardev *chr = fe->chr;

    if (!chr) {
        return;
    }
    if (chardev_is_mux(chr)) {
        chardev_mux_detach(chr, fe);
    } else {
        chr->fe = NULL;
        update_read(chr);
    }
    memset(fe, 0, sizeof(*fe));
    object_unref(chr);
}

void chr_fe_set_handlers(CharFrontend *fe, ChrCanReadFn *can_read, ChrReadFn *read,
                         ChrEventFn *event, void *opaque)
{
    Chardev *chr = fe->chr;

    if (!chr) {
        return;
    }
    fe->can_read = can_read;
    fe->read = read;
    fe->event = event;
    fe->opaque = opaque;
    chr_fe_set_open(fe, can_read || read || event);
    if (chardev_is_mux(chr)) {
        chardev_mux_handlers_set(chr, fe);
    } else {
        if (chr->be_open && event) {
            event(opaque, CHR_EVENT_OPENED);
        }
        update_read(chr);
    }
}

static void log_write(Chardev *chr, const void *buf, int len)
{
    if (chr->log_fd >= 0) {
        ssize_t ret = write(chr->log_fd, buf, (size_t)len);

        (void)ret; /* a full disk loses the log, not the guest's output */
    }
}

int chr_fe_write(CharFrontend *fe, const void *buf, int len)
{
    Chardev *chr = fe->chr;
    int done;

    if (!chr || len <= 0) {
        return len;
    }
    done = CHARDEV_GET_CLASS(chr)->write(chr, buf, len);
    assert(done >= 0 && done <= len);
    log_write(chr, buf, done);
    return done;
}

void chr_fe_write_all(CharFrontend *fe, const void *buf, int len)
{
    const uint8_t *p = buf;

    while (len > 0) {
        int done = chr_fe_write(fe, p, len);

        p += done;
        len -= done;
        if (len > 0) {
            if (!CHARDEV_GET_CLASS(fe->chr)->wait_writable) {
                return;
            }
            CHARDEV_GET_CLASS(fe->chr)->wait_writable(fe->chr);
        }
    }
}

void chr_fe_add_watch(CharFrontend *fe, ChrWritableFn *fn, void *opaque)
{
    fe->writable = fn;
    fe->writable_opaque = opaque;
    if (fe->chr && CHARDEV_GET_CLASS(fe->chr)->want_write) {
        CHARDEV_GET_CLASS(fe->chr)->want_write(fe->chr);
    }
}

void chr_fe_remove_watch(CharFrontend *fe)
{
    fe->writable = NULL;
}

void chr_fe_accept_input(CharFrontend *fe)
{
    if (fe->chr) {
        update_read(fe->chr);
    }
}

void chr_fe_set_open(CharFrontend *fe, bool open)
{
    if (fe->chr && fe->is_open != open) {
        fe->is_open = open;
        if (CHARDEV_GET_CLASS(fe->chr)->set_fe_open) {
            CHARDEV_GET_CLASS(fe->chr)->set_fe_open(fe->chr, open);
        }
    }
}

bool chr_fe_backend_is_open(const CharFrontend *fe)
{
    return fe->chr && fe->chr->be_open;
}

void chr_fe_take_focus(CharFrontend *fe)
{
    if (fe->chr && chardev_is_mux(fe->chr)) {
        chardev_mux_focus(fe->chr, fe);
    }
}

void chr_fe_disconnect(CharFrontend *fe)
{
    if (fe->chr && CHARDEV_GET_CLASS(fe->chr)->disconnect) {
        CHARDEV_GET_CLASS(fe->chr)->disconnect(fe->chr);
    }
}

void chr_fe_set_echo(CharFrontend *fe, bool echo)
{
    if (fe->chr && CHARDEV_GET_CLASS(fe->chr)->set_echo) {
        CHARDEV_GET_CLASS(fe->chr)->set_echo(fe->chr, echo);
    }
}

int chr_fe_ioctl(CharFrontend *fe, ChrIoctl cmd, void *arg)
{
    if (!fe->chr || !CHARDEV_GET_CLASS(fe->chr)->ioctl) {
        return -ENOTSUP;
    }
    return CHARDEV_GET_CLASS(fe->chr)->ioctl(fe->chr, cmd, arg);
}

int chr_fe_take_fd(CharFrontend *fe)
{
    if (!fe->chr || !CHARDEV_GET_CLASS(fe->chr)->take_fd) {
        return -1;
    }
    return CHARDEV_GET_CLASS(fe->chr)->take_fd(fe->chr);
}

/* --- Property --------------------------------------------------------------------- */

static CharFrontend *prop_field(Object *obj, const Property *prop)
{
    return (CharFrontend *)(void *)((char *)obj + prop->offset);
}

static struct json_object *get_chr(Object *obj, const Property *prop)
{
    CharFrontend *fe = prop_field(obj, prop);

    return json_object_new_string(fe->chr ? fe->chr->label : "");
}

static bool set_chr(Object *obj, const Property *prop, struct json_object *value,
                    Error **errp)
{
    CharFrontend *fe = prop_field(obj, prop);
    CharFrontend old = *fe;
    const char *name;
    Chardev *chr;

    if (!value_get_str(value, prop->name, &name, errp)) {
        return false;
    }
    if (!*name) {
        chr_fe_deinit(fe);
        return true;
    }
    chr = chardev_find(name);
    if (!chr) {
        return error_set(errp, "Property '%s.%s' can't find value '%s'",
                         object_get_typename(obj), prop->name, name);
    }
    if (old.chr == chr) {
        return true;
    }
    chr_fe_deinit(fe);
    if (!chr_fe_init(fe, chr, NULL)) {
        return error_set(errp, "Property '%s.%s' can't take value '%s', it's in use",
                         object_get_typename(obj), prop->name, name);
    }
    return true;
}

static void release_chr(Object *obj, const Property *prop)
{
    chr_fe_deinit(prop_field(obj, prop));
}

static char *print_chr(Object *obj, const Property *prop)
{
    CharFrontend *fe = prop_field(obj, prop);

    return g_strdup_printf("\"%s\"", fe->chr ? fe->chr->label : "");
}

const PropertyType prop_chr = {
    .name = "str",
    .description = "ID of a chardev to use as a backend",
    .get = get_chr,
    .set = set_chr,
    .release = release_chr,
    .print = print_chr,
};

void device_prop_set_chr(Object *dev, const char *name, Chardev *chr)
{
    const Property *prop = object_property_find(dev, name);

    assert(prop && prop->type == &prop_chr);
    if (chr && !chr_fe_init(prop_field(dev, prop), chr, &error_abort)) {
        g_assert_not_reached();
    }
}

/* --- Registry --------------------------------------------------------------------- */

static Object *registry(void)
{
    return container_get(object_get_root(), "/chardevs");
}

Chardev *chardev_find(const char *id)
{
    Object *obj = object_get_child(registry(), id);

    return obj ? (Chardev *)object_find_cast(obj, TYPE_CHARDEV) : NULL;
}

static bool open_log(Chardev *chr, struct json_object *data, Error **errp)
{
    const char *name = data_str(data, "logfile");
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC |
                (data_bool(data, "logappend", false) ? O_APPEND : O_TRUNC);

    if (!name) {
        return true;
    }
    chr->log_fd = open(name, flags, 0666);
    return chr->log_fd >= 0 ||
           error_set_errno(errp, errno, "Unable to open logfile %s", name);
}

Chardev *chardev_new(const char *id, struct json_object *backend, EventLoop *loop,
                     Error **errp)
{
    const char *kind = data_str(backend, "type");
    g_autofree char *type = g_strdup_printf("chardev-%s", kind ? kind : "");
    ObjectClass *klass = object_class_by_name(type);
    struct json_object *data = NULL;
    bool be_opened = true;
    Chardev *chr;

    if (!klass || object_class_is_abstract(klass) ||
        !object_class_is_a(klass, TYPE_CHARDEV)) {
        error_set(errp, "'%s' is not a valid char driver name", kind ? kind : "");
        return NULL;
    }
    if (chardev_find(id)) {
        error_set(errp, "Chardev with id '%s' already exists", id);
        return NULL;
    }
    json_object_object_get_ex(backend, "data", &data);
    chr = (Chardev *)object_new_with_class(klass);
    chr->label = g_strdup(id);
    chr->loop = loop;
    if (!open_log(chr, data, errp) ||
        !CHARDEV_GET_CLASS(chr)->open(chr, data, &be_opened, errp)) {
        object_unref(chr);
        return NULL;
    }
    if (!chr->filename) {
        chr->filename = g_strdup(kind);
    }
    object_property_add_child(registry(), id, OBJECT(chr));
    if (be_opened) {
        chr_be_event(chr, CHR_EVENT_OPENED);
    }
    object_unref(chr); /* the tree keeps it */
    return chr;
}

bool chardev_remove(const char *id, Error **errp)
{
    Chardev *chr = chardev_find(id);

    if (!chr) {
        return error_set(errp, "Chardev '%s' not found", id);
    }
    if (chr->fe || chardev_mux_is_busy(chr)) {
        return error_set(errp, "Chardev '%s' is busy", id);
    }
    object_unparent(OBJECT(chr));
    return true;
}

typedef struct ForeachArg {
    void (*fn)(Chardev *chr, void *opaque);
    void *opaque;
} ForeachArg;

static int collect_one(Object *child, void *opaque)
{
    if (object_is_a(child, TYPE_CHARDEV)) {
        g_ptr_array_add(opaque, child);
    }
    return 0;
}

static gint compare_label(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Chardev *const *)a)->label, (*(Chardev *const *)b)->label);
}

void chardev_foreach(void (*fn)(Chardev *chr, void *opaque), void *opaque)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    object_child_foreach(registry(), collect_one, all);
    g_ptr_array_sort(all, compare_label);
    for (guint i = 0; i < all->len; i++) {
        fn(all->pdata[i], opaque);
    }
}

const char *chardev_get_label(const Chardev *chr)
{
    return chr->label;
}

const char *chardev_get_filename(const Chardev *chr)
{
    return chr->filename;
}

char *chardev_help(void)
{
    GSList *types = object_class_get_list(TYPE_CHARDEV, false);
    GString *text = g_string_new("Available chardev backend types: \n");

    for (GSList *i = types; i; i = i->next) {
        g_string_append_printf(text, "  %s\n",
                               object_class_get_name(i->data) + strlen("chardev-"));
    }
    g_slist_free(types);
    return g_string_free(text, FALSE);
}

/* --- "mon:" and -chardev ---------------------------------------------------------- */

static ChardevMonitorFn *monitor_fn;

void chardev_set_monitor_fn(ChardevMonitorFn *fn)
{
    monitor_fn = fn;
}

/* A mux named @id over a new backend named "ID-base". */
static Chardev *new_muxed(const char *id, struct json_object *backend, EventLoop *loop,
                          Error **errp)
{
    g_autofree char *base_id = g_strdup_printf("%s-base", id);
    Chardev *base = chardev_new(base_id, backend, loop, errp);
    Chardev *mux;

    if (!base) {
        return NULL;
    }
    mux = chardev_mux_new(id, base, errp);
    if (!mux) {
        object_unparent(OBJECT(base));
    }
    return mux;
}

Chardev *chardev_new_from_text(const char *id, const char *text, uint32_t flags,
                               EventLoop *loop, Error **errp)
{
    bool mon = g_str_has_prefix(text, "mon:");
    struct json_object *backend;
    Chardev *chr;

    if (g_str_has_prefix(text, "chardev:")) {
        chr = chardev_find(text + strlen("chardev:"));
        if (!chr) {
            error_set(errp, "chardev \"%s\" not found", text + strlen("chardev:"));
        }
        return chr;
    }
    if (mon && !(flags & CHARDEV_PERMIT_MUX)) {
        error_set(errp, "'mon:' is not allowed here: %s", text);
        return NULL;
    }
    backend = chardev_parse_text(mon ? text + 4 : text, errp);
    if (!backend) {
        return NULL;
    }
    chr =
        mon ? new_muxed(id, backend, loop, errp) : chardev_new(id, backend, loop, errp);
    json_object_put(backend);
    if (chr && mon && monitor_fn && !monitor_fn(chr, errp)) {
        return NULL;
    }
    return chr;
}

Chardev *chardev_new_from_opts(struct json_object *opts, EventLoop *loop, Error **errp)
{
    const char *id = data_str(opts, "id");
    const char *kind = data_str(opts, "backend");
    struct json_object *v;
    struct json_object *backend;
    bool mux = false;
    Chardev *chr;

    if (!id || !kind) {
        if (id) {
            error_set(errp, "chardev: \"%s\" missing backend", id);
        } else {
            error_set(errp, "chardev: no id specified");
        }
        return NULL;
    }
    if (!id_check(id, errp)) {
        return NULL;
    }
    if (chardev_find(id)) {
        error_set(errp, "Duplicate ID '%s' for chardev", id);
        return NULL;
    }
    if (json_object_object_get_ex(opts, "mux", &v) &&
        !value_get_bool(v, "mux", &mux, errp)) {
        return NULL;
    }
    backend = chardev_parse_opts(opts, errp);
    if (!backend) {
        return NULL;
    }
    chr = mux && strcmp(kind, "mux") ? new_muxed(id, backend, loop, errp)
                                     : chardev_new(id, backend, loop, errp);
    json_object_put(backend);
    return chr;
}

void chardev_cleanup(void)
{
    GPtrArray *all = g_ptr_array_new();

    object_child_foreach(registry(), collect_one, all);
    for (guint i = 0; i < all->len; i++) {
        Chardev *chr = all->pdata[i];

        /* Devices are not asked any more: nothing writes to their front ends. */
        if (chr->fe) {
            chr_fe_deinit(chr->fe);
        }
        if (CHARDEV_GET_CLASS(chr)->disconnect) {
            CHARDEV_GET_CLASS(chr)->disconnect(chr);
        }
        if (!chr->fe && !chardev_mux_is_busy(chr)) {
            object_unparent(OBJECT(chr));
        }
    }
    g_ptr_array_free(all, TRUE);
    chardev_stdio_cleanup();
}

/* --- Type ------------------------------------------------------------------------- */

static void chardev_init(Object *obj)
{
    ((Chardev *)obj)->log_fd = -1;
}

static void chardev_finalize(Object *obj)
{
    Chardev *chr = (Chardev *)obj;

    if (chr->log_fd >= 0) {
        close(chr->log_fd);
    }
    g_free(chr->label);
    g_free(chr->filename);
}

static const TypeInfo chardev_info = {
    .name = TYPE_CHARDEV,
    .parent = TYPE_OBJECT,
    .abstract = true,
    .instance_size = sizeof(Chardev),
    .class_size = sizeof(ChardevClass),
    .instance_init = chardev_init,
    .instance_finalize = chardev_finalize,
};
TYPE_REGISTER(chardev_info);
