/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arguments against the schema. Messages name the parameter by its path
 * ("backend.data"), enumerations by the last name only, list elements as "null": this
 * is what clients have seen for years.
 */
#include "qapi/schema.h"

#include <glib.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static bool check(const SchemaType *type, struct json_object *value, const char *path,
                  const char *name, Error **errp);

static int compare_command(const void *key, const void *row)
{
    return strcmp(key, ((const SchemaCommand *)row)->name);
}

const SchemaCommand *schema_find_command(const char *name)
{
    return bsearch(name, schema_commands, schema_n_commands, sizeof(schema_commands[0]),
                   compare_command);
}

static bool wrong_type(const char *path, const char *expected, Error **errp)
{
    return error_set(errp, "Invalid parameter type for '%s', expected: %s",
                     path ? path : "arguments", expected);
}

static bool check_int(const SchemaType *type, struct json_object *value,
                      const char *path, Error **errp)
{
    int64_t v;

    if (!json_object_is_type(value, json_type_int) ||
        (json_object_get_int64(value) == INT64_MAX &&
         json_object_get_uint64(value) > INT64_MAX)) {
        return wrong_type(path, "integer", errp);
    }
    v = json_object_get_int64(value);
    if (v < type->min || v > type->max) {
        return error_set(errp, "Parameter '%s' expects %s", path, type->name);
    }
    return true;
}

static bool check_enum(const SchemaType *type, struct json_object *value,
                       const char *path, const char *name, Error **errp)
{
    const char *s;

    if (!json_object_is_type(value, json_type_string)) {
        return wrong_type(path, "string", errp);
    }
    s = json_object_get_string(value);
    for (int i = 0; type->values[i]; i++) {
        if (!strcmp(type->values[i], s)) {
            return true;
        }
    }
    return error_set(errp, "Parameter '%s' does not accept value '%s'", name, s);
}

static bool check_list(const SchemaType *type, struct json_object *value,
                       const char *path, Error **errp)
{
    size_t n;

    if (!json_object_is_type(value, json_type_array)) {
        return wrong_type(path, "array", errp);
    }
    n = json_object_array_length(value);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *item = g_strdup_printf("%s[%zu]", path, i);

        if (!check(type->element, json_object_array_get_idx(value, i), item, "null",
                   errp)) {
            return false;
        }
    }
    return true;
}

static bool has_type(const SchemaType *type, struct json_object *value)
{
    switch (type->kind) {
    case SCHEMA_STR:
    case SCHEMA_ENUM:
        return json_object_is_type(value, json_type_string);
    case SCHEMA_BOOL:
        return json_object_is_type(value, json_type_boolean);
    case SCHEMA_INT:
    case SCHEMA_UINT:
        return json_object_is_type(value, json_type_int);
    case SCHEMA_NUMBER:
        return json_object_is_type(value, json_type_int) ||
               json_object_is_type(value, json_type_double);
    case SCHEMA_NULL:
        return value == NULL;
    case SCHEMA_LIST:
        return json_object_is_type(value, json_type_array);
    case SCHEMA_OBJECT:
        return json_object_is_type(value, json_type_object);
    default:
        return false;
    }
}

static bool check_alternate(const SchemaType *type, struct json_object *value,
                            const char *path, const char *name, Error **errp)
{
    for (size_t i = 0; i < type->n_members; i++) {
        if (has_type(type->members[i].type, value)) {
            return check(type->members[i].type, value, path, name, errp);
        }
    }
    return wrong_type(path, type->name, errp);
}

static char *join(const char *path, const char *name)
{
    return path ? g_strdup_printf("%s.%s", path, name) : g_strdup(name);
}

static const SchemaBranch *find_branch(const SchemaType *type,
                                       struct json_object *value)
{
    struct json_object *tag;

    if (!type->tag || !json_object_object_get_ex(value, type->tag, &tag)) {
        return NULL;
    }
    for (size_t i = 0; i < type->n_branches; i++) {
        if (!strcmp(type->branches[i].value, json_object_get_string(tag))) {
            return &type->branches[i];
        }
    }
    return NULL;
}

/* The named members of @type and of the branch its tag chooses. */
static bool check_members(const SchemaType *type, struct json_object *value,
                          const char *path, Error **errp)
{
    const SchemaBranch *branch;

    for (size_t i = 0; i < type->n_members; i++) {
        const SchemaMember *m = &type->members[i];
        g_autofree char *full = join(path, m->name);
        struct json_object *v;

        if (!json_object_object_get_ex(value, m->name, &v)) {
            if (!m->optional) {
                return error_set(errp, "Parameter '%s' is missing", full);
            }
        } else if (!check(m->type, v, full, m->name, errp)) {
            return false;
        }
    }
    branch = find_branch(type, value);
    return !branch || !branch->type || check_members(branch->type, value, path, errp);
}

static bool is_member(const SchemaType *type, struct json_object *value,
                      const char *name)
{
    const SchemaBranch *branch;

    for (size_t i = 0; i < type->n_members; i++) {
        if (!strcmp(type->members[i].name, name)) {
            return true;
        }
    }
    branch = find_branch(type, value);
    return branch && branch->type && is_member(branch->type, value, name);
}

static bool check_object(const SchemaType *type, struct json_object *value,
                         const char *path, Error **errp)
{
    if (!json_object_is_type(value, json_type_object)) {
        return wrong_type(path, "object", errp);
    }
    if (!check_members(type, value, path, errp)) {
        return false;
    }
    json_object_object_foreach(value, key, member)
    {
        (void)member;
        if (!is_member(type, value, key)) {
            g_autofree char *full = join(path, key);

            return error_set(errp, "Parameter '%s' is unexpected", full);
        }
    }
    return true;
}

static bool check(const SchemaType *type, struct json_object *value, const char *path,
                  const char *name, Error **errp)
{
    switch (type->kind) {
    case SCHEMA_STR:
        return has_type(type, value) || wrong_type(path, "string", errp);
    case SCHEMA_BOOL:
        return has_type(type, value) || wrong_type(path, "boolean", errp);
    case SCHEMA_NUMBER:
        return has_type(type, value) || wrong_type(path, "number", errp);
    case SCHEMA_NULL:
        return has_type(type, value) || wrong_type(path, "null", errp);
    case SCHEMA_INT:
        return check_int(type, value, path, errp);
    case SCHEMA_UINT:
        return has_type(type, value) ||
               error_set(errp, "Parameter '%s' expects uint64", path);
    case SCHEMA_ANY:
        return true;
    case SCHEMA_ENUM:
        return check_enum(type, value, path, name, errp);
    case SCHEMA_LIST:
        return check_list(type, value, path, errp);
    case SCHEMA_OBJECT:
        return check_object(type, value, path, errp);
    case SCHEMA_ALTERNATE:
        return check_alternate(type, value, path, name, errp);
    }
    g_assert_not_reached();
}

bool schema_check(const SchemaType *type, struct json_object *value, Error **errp)
{
    return check_object(type, value, NULL, errp);
}

bool schema_check_value(const SchemaType *type, struct json_object *value,
                        const char *name, Error **errp)
{
    return check(type, value, name, name, errp);
}
