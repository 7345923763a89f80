/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two older spellings of a backend, brought into the form of the schema:
 * "-serial unix:/x,server=on" and "-chardev socket,id=c,path=/x,server=on".
 */
#include "char-internal.h"
#include "qapi/value.h"

#include <string.h>

typedef struct OptionName {
    const char *name;
    enum { OPT_STR, OPT_BOOL, OPT_NUMBER, OPT_SIZE, OPT_UNSUPPORTED } kind;
} OptionName;

/* clang-format off */
static const OptionName option_names[] = {
    { "abstract", OPT_BOOL },   { "append", OPT_BOOL },    { "backend", OPT_STR },
    { "chardev", OPT_STR },     { "cols", OPT_NUMBER },    { "delay", OPT_BOOL },
    { "fd", OPT_STR },          { "height", OPT_NUMBER },  { "host", OPT_STR },
    { "id", OPT_STR },          { "input-path", OPT_STR }, { "ipv4", OPT_BOOL },
    { "ipv6", OPT_BOOL },       { "keep-alive", OPT_BOOL }, { "logappend", OPT_BOOL },
    { "logfile", OPT_STR },     { "mux", OPT_BOOL },       { "nodelay", OPT_BOOL },
    { "path", OPT_STR },        { "port", OPT_STR },       { "reconnect", OPT_NUMBER },
    { "rows", OPT_NUMBER },     { "server", OPT_BOOL },    { "signal", OPT_BOOL },
    { "size", OPT_SIZE },       { "telnet", OPT_BOOL },    { "tight", OPT_BOOL },
    { "tls-authz", OPT_UNSUPPORTED }, { "tls-creds", OPT_UNSUPPORTED },
    { "tn3270", OPT_UNSUPPORTED },    { "websocket", OPT_UNSUPPORTED },
    { "to", OPT_NUMBER },       { "wait", OPT_BOOL },      { "width", OPT_NUMBER },
};
/* clang-format on */

static const OptionName *find_option(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(option_names); i++) {
        if (!strcmp(option_names[i].name, name)) {
            return &option_names[i];
        }
    }
    return NULL;
}

/* The value with its proper type; NULL on error. */
static struct json_object *convert(const OptionName *opt, struct json_object *value,
                                   Error **errp)
{
    const char *text;
    uint64_t number;
    bool on;

    switch (opt->kind) {
    case OPT_STR:
        if (json_object_is_type(value, json_type_int)) {
            return json_object_new_string(json_object_get_string(value)); /* ports */
        }
        return value_get_str(value, opt->name, &text, errp)
                   ? json_object_new_string(text)
                   : NULL;
    case OPT_BOOL:
        return value_get_bool(value, opt->name, &on, errp) ? json_object_new_boolean(on)
                                                           : NULL;
    case OPT_NUMBER:
        return value_get_uint64(value, opt->name, &number, errp)
                   ? json_object_new_int64((int64_t)number)
                   : NULL;
    case OPT_SIZE:
        return value_get_size(value, opt->name, &number, errp)
                   ? json_object_new_int64((int64_t)number)
                   : NULL;
    case OPT_UNSUPPORTED:
        break;
    }
    error_set(errp, "chardev option '%s' is not supported by this build", opt->name);
    return NULL;
}

/* All options with their types; NULL on error. */
static struct json_object *convert_all(struct json_object *opts, Error **errp)
{
    struct json_object *out = json_object_new_object();

    json_object_object_foreach(opts, key, value)
    {
        const OptionName *opt = find_option(key);
        struct json_object *v = NULL;

        if (!opt) {
            error_set(errp, "Invalid parameter '%s'", key);
        } else {
            v = convert(opt, value, errp);
        }
        if (!v) {
            json_object_put(out);
            return NULL;
        }
        json_object_object_add(out, key, v);
    }
    return out;
}

static void copy(struct json_object *to, const char *to_name, struct json_object *from,
                 const char *from_name)
{
    struct json_object *v;

    if (json_object_object_get_ex(from, from_name, &v)) {
        json_object_object_add(to, to_name, json_object_get(v));
    }
}

static struct json_object *wrap(const char *type, struct json_object *take_data)
{
    struct json_object *obj = json_object_new_object();

    json_object_object_add(obj, "type", json_object_new_string(type));
    json_object_object_add(obj, "data", take_data);
    return obj;
}

static struct json_object *socket_addr(struct json_object *o, Error **errp)
{
    static const char *const inet_names[] = { "host", "port", "to",
                                              "ipv4", "ipv6", "keep-alive" };
    struct json_object *data = json_object_new_object();

    if (data_str(o, "path")) {
        copy(data, "path", o, "path");
        copy(data, "abstract", o, "abstract");
        copy(data, "tight", o, "tight");
        return wrap("unix", data);
    }
    if (data_str(o, "host")) {
        for (size_t i = 0; i < G_N_ELEMENTS(inet_names); i++) {
            copy(data, inet_names[i], o, inet_names[i]);
        }
        if (!data_str(o, "port")) {
            error_set(errp, "chardev: socket: no port given");
            json_object_put(data);
            return NULL;
        }
        return wrap("inet", data);
    }
    json_object_object_add(
        data, "str",
        json_object_new_string(data_str(o, "fd") ? data_str(o, "fd") : ""));
    return wrap("fd", data);
}

static bool fill_socket(struct json_object *data, struct json_object *o, Error **errp)
{
    bool server = data_bool(o, "server", false);
    struct json_object *addr = socket_addr(o, errp);

    if (!addr) {
        return false;
    }
    json_object_object_add(data, "addr", addr);
    json_object_object_add(data, "server", json_object_new_boolean(server));
    if (server) {
        json_object_object_add(data, "wait",
                               json_object_new_boolean(data_bool(o, "wait", true)));
    } else {
        copy(data, "wait", o, "wait");
    }
    json_object_object_add(
        data, "nodelay",
        json_object_new_boolean(data_bool(o, "nodelay", !data_bool(o, "delay", true))));
    copy(data, "telnet", o, "telnet");
    copy(data, "reconnect", o, "reconnect");
    return true;
}

static bool need(struct json_object *data, const char *to_name, struct json_object *o,
                 const char *from_name, const char *message, Error **errp)
{
    if (!data_str(o, from_name)) {
        return error_set(errp, "%s", message);
    }
    copy(data, to_name, o, from_name);
    return true;
}

/* The backend's own members. */
static bool fill(const char *kind, struct json_object *data, struct json_object *o,
                 Error **errp)
{
    copy(data, "logfile", o, "logfile");
    copy(data, "logappend", o, "logappend");
    if (!strcmp(kind, "socket")) {
        return fill_socket(data, o, errp);
    }
    if (!strcmp(kind, "file")) {
        copy(data, "append", o, "append");
        copy(data, "in", o, "input-path");
        return need(data, "out", o, "path", "chardev: file: no filename given", errp);
    }
    if (!strcmp(kind, "pipe")) {
        return need(data, "device", o, "path", "chardev: pipe: no device path given",
                    errp);
    }
    if (!strcmp(kind, "serial") || !strcmp(kind, "tty")) {
        return need(data, "device", o, "path",
                    "chardev: serial/tty: no device path given", errp);
    }
    if (!strcmp(kind, "mux")) {
        return need(data, "chardev", o, "chardev", "chardev: mux: no chardev given",
                    errp);
    }
    copy(data, "size", o, "size");
    copy(data, "signal", o, "signal");
    return true;
}

struct json_object *chardev_parse_opts(struct json_object *opts, Error **errp)
{
    struct json_object *o = convert_all(opts, errp);
    struct json_object *data;
    struct json_object *backend = NULL;
    const char *kind;

    if (!o) {
        return NULL;
    }
    kind = data_str(o, "backend");
    if (!strcmp(kind, "tty")) {
        kind = "serial"; /* the name it had once */
    } else if (!strcmp(kind, "memory")) {
        kind = "ringbuf";
    }
    data = json_object_new_object();
    if (fill(kind, data, o, errp)) {
        backend = wrap(kind, data);
    } else {
        json_object_put(data);
    }
    json_object_put(o);
    return backend;
}

/* --- "tcp:HOST:PORT,..." ---------------------------------------------------------- */

static void add_opt(struct json_object *opts, const char *key, const char *value)
{
    json_object_object_add(opts, key, value_new_str(value, VALUE_OPTS));
}

/* ",server=on,nowait" */
static void add_flags(struct json_object *opts, const char *text)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);

    for (int i = 0; items[i]; i++) {
        char *eq = strchr(items[i], '=');

        if (!*items[i]) {
            continue;
        }
        if (eq) {
            *eq = '\0';
            add_opt(opts, items[i], eq + 1);
        } else if (g_str_has_prefix(items[i], "no") && strcmp(items[i], "nodelay")) {
            add_opt(opts, items[i] + 2, "off");
        } else {
            add_opt(opts, items[i], "on");
        }
    }
}

static bool add_inet(struct json_object *opts, const char *text, Error **errp)
{
    const char *comma = strchr(text, ',');
    g_autofree char *addr =
        g_strndup(text, comma ? (gsize)(comma - text) : strlen(text));
    char *colon = strrchr(addr, ':');
    char *host = addr;

    if (!colon || !colon[1]) {
        return error_set(errp, "'%s' is not of the form HOST:PORT", addr);
    }
    *colon = '\0';
    if (*host == '[' && colon > host + 1 && colon[-1] == ']') {
        colon[-1] = '\0';
        host++;
    }
    add_opt(opts, "host", host);
    add_opt(opts, "port", colon + 1);
    add_flags(opts, comma ? comma : "");
    return true;
}

static void add_path_and_flags(struct json_object *opts, const char *text)
{
    const char *comma = strchr(text, ',');
    g_autofree char *path =
        g_strndup(text, comma ? (gsize)(comma - text) : strlen(text));

    add_opt(opts, "path", path);
    add_flags(opts, comma ? comma : "");
}

/* False: no form that we know; or an error. */
static bool parse_text(struct json_object *opts, const char *text, Error **errp)
{
    static const char *const plain[] = { "null", "pty", "stdio", "ringbuf", "vc" };
    const char *rest = strchr(text, ':');
    g_autofree char *scheme = g_strndup(text, rest ? (gsize)(rest - text) : 0);

    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        if (!strcmp(text, plain[i])) {
            add_opt(opts, "backend", text);
            return true;
        }
    }
    if (g_str_has_prefix(text, "/dev/")) {
        add_opt(opts, "backend", "serial");
        add_opt(opts, "path", text);
        return true;
    }
    if (!rest) {
        return false;
    }
    rest++;
    if (!strcmp(scheme, "vc")) {
        add_opt(opts, "backend", "vc");
        return true;
    }
    if (!strcmp(scheme, "file") || !strcmp(scheme, "pipe")) {
        add_opt(opts, "backend", scheme);
        add_opt(opts, "path", rest);
        return true;
    }
    if (!strcmp(scheme, "unix")) {
        add_opt(opts, "backend", "socket");
        add_path_and_flags(opts, rest);
        return true;
    }
    if (!strcmp(scheme, "tcp") || !strcmp(scheme, "telnet")) {
        add_opt(opts, "backend", "socket");
        if (!strcmp(scheme, "telnet")) {
            add_opt(opts, "telnet", "on");
        }
        return add_inet(opts, rest, errp);
    }
    return false;
}

struct json_object *chardev_parse_text(const char *text, Error **errp)
{
    struct json_object *opts = json_object_new_object();
    struct json_object *backend = NULL;
    Error *err = NULL;

    if (parse_text(opts, text, &err)) {
        backend = chardev_parse_opts(opts, errp);
    } else if (err) {
        error_propagate(errp, err);
    } else {
        error_set(errp, "'%s' is not a valid char driver", text);
    }
    json_object_put(opts);
    return backend;
}
