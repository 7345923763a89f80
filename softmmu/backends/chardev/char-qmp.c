/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chardev commands of both monitors. */
#include "char-internal.h"
#include "qapi/command.h"
#include "qapi/value.h"

#include <string.h>

static void add_info(Chardev *chr, void *opaque)
{
    struct json_object *item = json_object_new_object();

    json_add_bool(item, "frontend-open",
                  chardev_is_mux(chr) ? chardev_mux_is_busy(chr)
                                      : chr->fe && chr->fe->is_open);
    json_add_str(item, "filename", chr->filename);
    json_add_str(item, "label", chr->label);
    json_object_array_add(opaque, item);
}

static bool qmp_query_chardev(struct json_object *args, struct json_object **ret,
                              Error **errp)
{
    *ret = json_object_new_array();
    chardev_foreach(add_info, *ret);
    return true;
}
QMP_COMMAND("query-chardev", qmp_query_chardev, QMP_ALLOW_PRECONFIG);

static bool qmp_query_chardev_backends(struct json_object *args,
                                       struct json_object **ret, Error **errp)
{
    GSList *types = object_class_get_list(TYPE_CHARDEV, false);

    *ret = json_object_new_array();
    for (GSList *i = types; i; i = i->next) {
        struct json_object *item = json_object_new_object();

        json_add_str(item, "name", object_class_get_name(i->data) + strlen("chardev-"));
        json_object_array_add(*ret, item);
    }
    g_slist_free(types);
    return true;
}
QMP_COMMAND("query-chardev-backends", qmp_query_chardev_backends, QMP_ALLOW_PRECONFIG);

static struct json_object *new_return(Chardev *chr)
{
    struct json_object *ret = json_object_new_object();

    if (object_is_a(OBJECT(chr), TYPE_CHARDEV_PTY)) {
        json_add_str(ret, "pty", chr->filename + strlen("pty:"));
    }
    return ret;
}

static bool qmp_chardev_add(struct json_object *args, struct json_object **ret,
                            Error **errp)
{
    const char *id = qmp_arg_str(args, "id");
    Chardev *chr;

    if (!*id || strchr(id, '/')) {
        return error_set(errp, "Parameter 'id' expects an identifier");
    }
    if (chardev_find(id)) {
        return error_set(errp, "Chardev with id '%s' already exists", id);
    }
    chr = chardev_new(id, qmp_arg(args, "backend"), main_loop(), errp);
    if (!chr) {
        error_prepend(errp, "Failed to add chardev '%s': ", id);
        return false;
    }
    *ret = new_return(chr);
    return true;
}
QMP_COMMAND("chardev-add", qmp_chardev_add, 0);

/*
 * Make the new backend beside the old one, move the front end over, and give it the
 * old one's name. If anything fails the old one stays.
 */
static bool change(Chardev *old, struct json_object *backend, struct json_object **ret,
                   Error **errp)
{
    g_autofree char *id = g_strdup(old->label);
    g_autofree char *tmp_id = g_strdup_printf("%s-new", id);
    CharFrontend *fe = old->fe;
    Chardev *chr;

    if (chardev_is_mux(old)) {
        return error_set(errp, "Mux device hotswap not supported yet");
    }
    chr = chardev_new(tmp_id, backend, old->loop, errp);
    if (!chr) {
        return false;
    }
    if (chardev_is_mux(chr)) {
        object_unparent(OBJECT(chr));
        return error_set(errp, "Mux device hotswap not supported yet");
    }
    object_ref(chr);
    object_unparent(OBJECT(chr));
    g_free(chr->label);
    chr->label = g_strdup(id);
    if (fe) {
        CharFrontend saved = *fe;

        chr_fe_deinit(fe);
        object_unparent(OBJECT(old));
        if (!chr_fe_init(fe, chr, errp)) {
            g_assert_not_reached();
        }
        object_property_add_child(container_get(object_get_root(), "/chardevs"), id,
                                  OBJECT(chr));
        chr_fe_set_handlers(fe, saved.can_read, saved.read, saved.event, saved.opaque);
    } else {
        object_unparent(OBJECT(old));
        object_property_add_child(container_get(object_get_root(), "/chardevs"), id,
                                  OBJECT(chr));
    }
    *ret = new_return(chr);
    object_unref(chr);
    return true;
}

static bool qmp_chardev_change(struct json_object *args, struct json_object **ret,
                               Error **errp)
{
    const char *id = qmp_arg_str(args, "id");
    Chardev *old = chardev_find(id);

    if (!old) {
        return error_set(errp, "Chardev '%s' does not exist", id);
    }
    return change(old, qmp_arg(args, "backend"), ret, errp);
}
QMP_COMMAND("chardev-change", qmp_chardev_change, 0);

static bool qmp_chardev_remove(struct json_object *args, struct json_object **ret,
                               Error **errp)
{
    return chardev_remove(qmp_arg_str(args, "id"), errp);
}
QMP_COMMAND("chardev-remove", qmp_chardev_remove, 0);

static bool qmp_chardev_send_break(struct json_object *args, struct json_object **ret,
                                   Error **errp)
{
    const char *id = qmp_arg_str(args, "id");
    Chardev *chr = chardev_find(id);

    if (!chr) {
        return error_set(errp, "Chardev '%s' not found", id);
    }
    chr_be_event(chr, CHR_EVENT_BREAK);
    return true;
}
QMP_COMMAND("chardev-send-break", qmp_chardev_send_break, 0);

/* --- Ring buffers ----------------------------------------------------------------- */

static bool is_base64(struct json_object *args)
{
    const char *format = qmp_arg_str(args, "format");

    return format && !strcmp(format, "base64");
}

static bool qmp_ringbuf_write(struct json_object *args, struct json_object **ret,
                              Error **errp)
{
    Chardev *chr = chardev_find_ringbuf(qmp_arg_str(args, "device"), errp);
    const char *data = qmp_arg_str(args, "data");
    size_t len = strlen(data);

    if (!chr) {
        return false;
    }
    if (is_base64(args)) {
        g_autofree guchar *bytes = NULL;

        if (strspn(data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                         "0123456789+/=\r\n") != len) {
            return error_set(errp, "Base64 data contains invalid characters");
        }
        bytes = g_base64_decode(data, &len);
        CHARDEV_GET_CLASS(chr)->write(chr, bytes, (int)len);
        return true;
    }
    CHARDEV_GET_CLASS(chr)->write(chr, (const uint8_t *)data, (int)len);
    return true;
}
QMP_COMMAND("ringbuf-write", qmp_ringbuf_write, 0);

/* At most @size bytes as text; what is no UTF-8 becomes the replacement character. */
static bool qmp_ringbuf_read(struct json_object *args, struct json_object **ret,
                             Error **errp)
{
    Chardev *chr = chardev_find_ringbuf(qmp_arg_str(args, "device"), errp);
    int64_t size = qmp_arg_int(args, "size", 0);
    g_autofree uint8_t *buf = NULL;
    int n;

    if (!chr) {
        return false;
    }
    if (size <= 0) {
        return error_set(errp, "size must be greater than zero");
    }
    n = (int)MIN(size, (int64_t)chardev_ringbuf_count(chr));
    buf = g_malloc((gsize)n + 1);
    n = chardev_ringbuf_read(chr, buf, n);
    if (is_base64(args)) {
        g_autofree char *text = g_base64_encode(buf, (gsize)n);

        *ret = json_object_new_string(text);
    } else {
        *ret = json_object_new_string_len((char *)buf, n);
    }
    return true;
}
QMP_COMMAND("ringbuf-read", qmp_ringbuf_read, 0);

/* --- HMP -------------------------------------------------------------------------- */

static void print_info(Chardev *chr, void *opaque)
{
    hmp_printf(opaque, "%s: filename=%s\n", chr->label, chr->filename);
}

static void hmp_info_chardev(HmpOut *out, HmpArgs *args)
{
    chardev_foreach(print_info, out);
}
HMP_INFO("chardev", "", "", "show the character devices", hmp_info_chardev);

static void hmp_chardev_add(HmpOut *out, HmpArgs *args)
{
    Error *err = NULL;
    struct json_object *opts = opts_parse(hmp_arg_str(args, "args"), "backend", &err);

    if (opts) {
        (void)!chardev_new_from_opts(opts, main_loop(), &err);
        json_object_put(opts);
    }
    hmp_error(out, err);
}
HMP_COMMAND("chardev-add", "args:s", "args", "add a character device", hmp_chardev_add);

static void hmp_chardev_change(HmpOut *out, HmpArgs *args)
{
    const char *id = hmp_arg_str(args, "id");
    Chardev *old = chardev_find(id);
    Error *err = NULL;
    struct json_object *opts = opts_parse(hmp_arg_str(args, "args"), "backend", &err);
    struct json_object *backend = opts ? chardev_parse_opts(opts, &err) : NULL;
    struct json_object *ret = NULL;

    if (!old) {
        error_free(err);
        err = NULL;
        error_set(&err, "Chardev '%s' does not exist", id);
    } else if (backend) {
        (void)!change(old, backend, &ret, &err);
    }
    json_object_put(ret);
    json_object_put(backend);
    json_object_put(opts);
    hmp_error(out, err);
}
HMP_COMMAND("chardev-change", "id:s,args:s", "id args", "change a character device",
            hmp_chardev_change);

static void complete_chardev(Chardev *chr, void *opaque)
{
    hmp_completion_add(opaque, chr->label);
}

static void complete_id(HmpCompletion *c, int nr, const char *typed)
{
    if (nr == 2) {
        chardev_foreach(complete_chardev, c);
    }
}

static void hmp_chardev_remove(HmpOut *out, HmpArgs *args)
{
    hmp_do_qmp(out, "chardev-remove", json_object_get(hmp_args_json(args)));
}
HMP_COMMAND_COMPLETE("chardev-remove", "id:s", "id", "remove a character device",
                     hmp_chardev_remove, complete_id);

static void hmp_chardev_send_break(HmpOut *out, HmpArgs *args)
{
    hmp_do_qmp(out, "chardev-send-break", json_object_get(hmp_args_json(args)));
}
HMP_COMMAND_COMPLETE("chardev-send-break", "id:s", "id",
                     "send a break on a character device", hmp_chardev_send_break,
                     complete_id);

static void hmp_ringbuf_write(HmpOut *out, HmpArgs *args)
{
    hmp_do_qmp(out, "ringbuf-write", json_object_get(hmp_args_json(args)));
}
HMP_COMMAND_COMPLETE("ringbuf_write", "device:s,data:s", "device data",
                     "write to a ring buffer character device", hmp_ringbuf_write,
                     complete_id);

/* Printable text as it is, the rest as \NNN. */
static void hmp_ringbuf_read(HmpOut *out, HmpArgs *args)
{
    struct json_object *ret =
        hmp_run_qmp(out, "ringbuf-read", json_object_get(hmp_args_json(args)));
    const char *s;

    if (!ret) {
        return;
    }
    s = json_object_get_string(ret);
    for (int i = 0; i < json_object_get_string_len(ret); i++) {
        unsigned char c = (unsigned char)s[i];

        if ((c >= 0x20 && c != 0x7f) || c == '\n' || c == '\t') {
            hmp_printf(out, c == '\\' ? "\\\\" : "%c", c);
        } else {
            hmp_printf(out, "\\u%04X", c);
        }
    }
    hmp_puts(out, "\n");
    json_object_put(ret);
}
HMP_COMMAND_COMPLETE("ringbuf_read", "device:s,size:i", "device size",
                     "read from a ring buffer character device", hmp_ringbuf_read,
                     complete_id);
