/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/command.h"

#include "qapi/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Made by the linker around what QMP_COMMAND puts down. */
extern const QmpCommand *const __start_strata_qmp_commands[] __attribute__((weak));
extern const QmpCommand *const __stop_strata_qmp_commands[] __attribute__((weak));

const QmpCommand *qmp_command_find(const char *name)
{
    for (const QmpCommand *const *row = __start_strata_qmp_commands;
         row < __stop_strata_qmp_commands; row++) {
        if (!strcmp((*row)->name, name)) {
            return *row;
        }
    }
    return NULL;
}

static int compare_name(const void *a, const void *b)
{
    return strcmp((*(const QmpCommand *const *)a)->name,
                  (*(const QmpCommand *const *)b)->name);
}

void qmp_command_foreach(QmpCommandVisitFn *fn, void *opaque)
{
    size_t n = (size_t)(__stop_strata_qmp_commands - __start_strata_qmp_commands);
    g_autofree const QmpCommand **rows = g_new(const QmpCommand *, n);

    if (n == 0) {
        return;
    }
    memcpy(rows, __start_strata_qmp_commands, n * sizeof(rows[0]));
    qsort(rows, n, sizeof(rows[0]), compare_name);
    for (size_t i = 0; i < n; i++) {
        fn(rows[i], opaque);
    }
}

static bool call(const QmpCommand *cmd, struct json_object *args,
                 struct json_object **ret, Error **errp)
{
    *ret = NULL;
    if (!cmd->fn(args, ret, errp)) {
        json_object_put(*ret);
        *ret = NULL;
        return false;
    }
    if (!*ret) {
        *ret = json_object_new_object();
    }
    return true;
}

bool qmp_command_run(const QmpCommand *cmd, struct json_object *args,
                     struct json_object **ret, Error **errp)
{
    const SchemaCommand *schema = schema_find_command(cmd->name);
    struct json_object *none = args ? NULL : json_object_new_object();
    struct json_object *given = args ? args : none;
    bool ok = (!schema || !schema->args || schema_check(schema->args, given, errp)) &&
              call(cmd, given, ret, errp);

    json_object_put(none);
    return ok;
}

bool qmp_run(const char *name, struct json_object *args, struct json_object **ret,
             Error **errp)
{
    const QmpCommand *cmd = qmp_command_find(name);

    if (!cmd) {
        return error_set_class(errp, ERROR_CLASS_COMMAND_NOT_FOUND,
                               "The command %s has not been found", name);
    }
    return qmp_command_run(cmd, args, ret, errp);
}

struct json_object *qmp_arg(struct json_object *args, const char *name)
{
    struct json_object *v = NULL;

    json_object_object_get_ex(args, name, &v);
    return v;
}

bool qmp_arg_has(struct json_object *args, const char *name)
{
    return json_object_object_get_ex(args, name, NULL);
}

const char *qmp_arg_str(struct json_object *args, const char *name)
{
    struct json_object *v = qmp_arg(args, name);

    return v ? json_object_get_string(v) : NULL;
}

bool qmp_arg_bool(struct json_object *args, const char *name, bool def)
{
    struct json_object *v = qmp_arg(args, name);

    return v ? json_object_get_boolean(v) : def;
}

int64_t qmp_arg_int(struct json_object *args, const char *name, int64_t def)
{
    struct json_object *v = qmp_arg(args, name);

    return v ? json_object_get_int64(v) : def;
}

/* A negative number counts as its two's complement, as the wire has always had it. */
uint64_t qmp_arg_uint(struct json_object *args, const char *name, uint64_t def)
{
    struct json_object *v = qmp_arg(args, name);

    if (!v) {
        return def;
    }
    return json_object_get_int64(v) < 0 ? (uint64_t)json_object_get_int64(v)
                                        : json_object_get_uint64(v);
}

void json_add_str(struct json_object *obj, const char *key, const char *value)
{
    json_object_object_add(obj, key, json_object_new_string(value));
}

void json_add_bool(struct json_object *obj, const char *key, bool value)
{
    json_object_object_add(obj, key, json_object_new_boolean(value));
}

void json_add_int(struct json_object *obj, const char *key, int64_t value)
{
    json_object_object_add(obj, key, json_object_new_int64(value));
}

void json_add_uint(struct json_object *obj, const char *key, uint64_t value)
{
    json_object_object_add(obj, key,
                           value <= INT64_MAX ? json_object_new_int64((int64_t)value)
                                              : json_object_new_uint64(value));
}
