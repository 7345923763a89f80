/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QMP sessions.
 *
 *     CLOSED --opened: greeting--> NEGOTIATION --qmp_capabilities--> COMMANDS
 *        ^--------- closed --------------+----------------------------+
 *
 * Each request is answered before the next one is read, so answers come in order, and
 * an out-of-band command simply takes its turn at once.
 */
#include "monitor-internal.h"
#include "qapi/command.h"
#include "qapi/events.h"
#include "qapi/json.h"
#include "qmp-version.h"

#include <string.h>

typedef struct QmpSession {
    Monitor mon;
    JsonReader *reader;
    bool pretty;
    bool open;
    bool in_commands; /* negotiation is over */
    bool oob;         /* was negotiated */
} QmpSession;

/* A request taken apart. */
typedef struct Request {
    const char *command;
    bool is_oob;
    struct json_object *args; /* NULL: none */
    struct json_object *id;
    bool has_id;
} Request;

struct json_object *qmp_version_new(void)
{
    struct json_object *version = json_object_new_object();
    struct json_object *triple = json_object_new_object();

    json_add_int(triple, "micro", 22);
    json_add_int(triple, "minor", 2);
    json_add_int(triple, "major", 7);
    json_object_object_add(version, "qemu", triple);
    json_add_str(version, "package", "strata " STRATA_VERSION);
    return version;
}

/* --- Output ----------------------------------------------------------------------- */

static void send_take(QmpSession *s, struct json_object *take_message)
{
    g_autoptr(GString) text = g_string_new(NULL);

    json_write(text, take_message, s->pretty);
    g_string_append(text, "\r\n");
    monitor_write(&s->mon, text->str, text->len);
    json_object_put(take_message);
}

static void send_greeting(QmpSession *s)
{
    struct json_object *message = json_object_new_object();
    struct json_object *qmp = json_object_new_object();
    struct json_object *caps = json_object_new_array();

    json_object_array_add(caps, json_object_new_string("oob"));
    json_object_object_add(qmp, "version", qmp_version_new());
    json_object_object_add(qmp, "capabilities", caps);
    json_object_object_add(message, "QMP", qmp);
    send_take(s, message);
}

static void add_id(struct json_object *message, const Request *req)
{
    if (req && req->has_id) {
        json_object_object_add(message, "id", json_object_get(req->id));
    }
}

static void send_error(QmpSession *s, const Request *req, Error *take_err)
{
    struct json_object *message = json_object_new_object();
    struct json_object *error = json_object_new_object();

    add_id(message, req);
    json_add_str(error, "class", error_class_name(error_get_class(take_err)));
    json_add_str(error, "desc", error_get_message(take_err));
    json_object_object_add(message, "error", error);
    error_free(take_err);
    send_take(s, message);
}

static void send_return(QmpSession *s, const Request *req,
                        struct json_object *take_value)
{
    struct json_object *message = json_object_new_object();

    json_object_object_add(message, "return", take_value);
    add_id(message, req);
    send_take(s, message);
}

static void event_sink(void *opaque, struct json_object *event)
{
    QmpSession *s = opaque;

    if (s->in_commands && !monitor_is_clogged(&s->mon)) {
        send_take(s, json_object_get(event));
    }
}

/* --- Requests --------------------------------------------------------------------- */

/* Take @value apart. The id is found even if the rest is wrong. */
static bool parse_request(QmpSession *s, struct json_object *value, Request *req,
                          Error **errp)
{
    if (!json_object_is_type(value, json_type_object)) {
        return error_set(errp, "QMP input must be a JSON object");
    }
    req->has_id = json_object_object_get_ex(value, "id", &req->id);
    json_object_object_foreach(value, key, member)
    {
        bool is_oob = s->oob && !strcmp(key, "exec-oob");

        if (!strcmp(key, "execute") || is_oob) {
            if (!json_object_is_type(member, json_type_string)) {
                return error_set(errp, "QMP input member '%s' must be a string", key);
            }
            if (req->command) {
                return error_set(errp, "QMP input member '%s' clashes with '%s'", key,
                                 is_oob ? "execute" : "exec-oob");
            }
            req->command = json_object_get_string(member);
            req->is_oob = is_oob;
        } else if (!strcmp(key, "arguments")) {
            if (!json_object_is_type(member, json_type_object)) {
                return error_set(errp,
                                 "QMP input member 'arguments' must be an object");
            }
            req->args = member;
        } else if (strcmp(key, "id")) {
            return error_set(errp, "QMP input member '%s' is unexpected", key);
        }
    }
    return req->command || error_set(errp, "QMP input lacks member 'execute'");
}

static const QmpCommand *find_command(QmpSession *s, const Request *req, Error **errp)
{
    const QmpCommand *cmd = qmp_command_find(req->command);
    bool negotiates = !strcmp(req->command, "qmp_capabilities");

    if (!s->in_commands && !negotiates) {
        error_set_class(errp, ERROR_CLASS_COMMAND_NOT_FOUND,
                        "Expecting capabilities negotiation with 'qmp_capabilities'");
        return NULL;
    }
    if (s->in_commands && negotiates) {
        error_set_class(
            errp, ERROR_CLASS_COMMAND_NOT_FOUND,
            "Capabilities negotiation is already complete, command ignored");
        return NULL;
    }
    if (!cmd) {
        error_set_class(errp, ERROR_CLASS_COMMAND_NOT_FOUND,
                        "The command %s has not been found", req->command);
        return NULL;
    }
    if (req->is_oob && !(cmd->flags & QMP_ALLOW_OOB)) {
        error_set(errp, "The command %s does not support OOB", req->command);
        return NULL;
    }
    return cmd;
}

static void on_value(void *opaque, struct json_object *take_value, Error *take_err)
{
    QmpSession *s = opaque;
    Request req = { .command = NULL };
    struct json_object *ret = NULL;
    const QmpCommand *cmd;
    Monitor *outer = monitor_current();
    Error *err = NULL;

    if (take_err) {
        send_error(s, NULL, take_err);
        return;
    }
    if (!parse_request(s, take_value, &req, &err) ||
        !(cmd = find_command(s, &req, &err))) {
        send_error(s, &req, err);
        json_object_put(take_value);
        return;
    }
    monitor_set_current(&s->mon);
    if (!qmp_command_run(cmd, req.args, &ret, &err)) {
        send_error(s, &req, err);
    } else if (cmd->flags & QMP_NO_RESPONSE) {
        json_object_put(ret);
    } else {
        send_return(s, &req, ret);
    }
    monitor_set_current(outer);
    json_object_put(take_value);
}

/* The schema has checked that the names are known. */
static bool qmp_qmp_capabilities(struct json_object *args, struct json_object **ret,
                                 Error **errp)
{
    QmpSession *s = (QmpSession *)monitor_current();
    struct json_object *enable = qmp_arg(args, "enable");

    s->oob = enable && json_object_array_length(enable) > 0;
    s->in_commands = true;
    return true;
}
QMP_COMMAND("qmp_capabilities", qmp_qmp_capabilities, QMP_ALLOW_PRECONFIG);

/* --- Life ------------------------------------------------------------------------- */

static void qmp_read(Monitor *mon, const uint8_t *buf, int size)
{
    json_reader_feed(((QmpSession *)mon)->reader, (const char *)buf, (size_t)size);
}

static void qmp_event(Monitor *mon, ChrEvent event)
{
    QmpSession *s = (QmpSession *)mon;

    if (event != CHR_EVENT_OPENED && event != CHR_EVENT_CLOSED) {
        return;
    }
    s->in_commands = s->oob = false;
    json_reader_reset(s->reader);
    monitor_drop_output(mon);
    if (event == CHR_EVENT_OPENED) {
        send_greeting(s);
    }
}

static const MonitorOps qmp_ops = { .read = qmp_read, .event = qmp_event };

bool monitor_new_qmp(Chardev *chr, bool pretty, Error **errp)
{
    QmpSession *s = g_new0(QmpSession, 1);

    s->reader = json_reader_new(on_value, s);
    s->pretty = pretty;
    if (!monitor_init(&s->mon, &qmp_ops, chr, errp)) {
        json_reader_free(s->reader);
        g_free(s);
        return false;
    }
    qapi_event_add_sink(event_sink, s);
    return true;
}
