/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option strings ("a=1,b.c=2,flag") to json values. */
#include "qapi/value.h"

#include <string.h>

#define MAX_KEY_LENGTH 128
#define MAX_KEY_DEPTH  16

/* The next item up to a lone comma, with ",," undone; advances *text past the comma. */
static char *next_item(const char **text)
{
    GString *item = g_string_new(NULL);
    const char *p = *text;

    for (; *p; p++) {
        if (*p == ',') {
            if (p[1] != ',') {
                p++;
                break;
            }
            p++;
        }
        g_string_append_c(item, *p);
    }
    *text = p;
    return g_string_free(item, FALSE);
}

static bool check_key(const char *key, Error **errp)
{
    if (strlen(key) > MAX_KEY_LENGTH) {
        return error_set(errp, "Invalid parameter '%.*s...'", MAX_KEY_LENGTH, key);
    }
    for (const char *p = key; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr("-_.+:/[]", *p)) {
            return error_set(errp, "Invalid parameter '%s'", key);
        }
    }
    return *key ? true : error_set(errp, "Invalid parameter ''");
}

/* Keys that may be given several times; their values become an array. */
static bool is_list_key(const char *key)
{
    return !strcmp(key, "hostfwd") || !strcmp(key, "guestfwd") ||
           !strcmp(key, "dnssearch");
}

static void add_value(struct json_object *dict, const char *key,
                      struct json_object *take_value)
{
    struct json_object *old;

    if (!is_list_key(key) || !json_object_object_get_ex(dict, key, &old)) {
        json_object_object_add(dict, key, take_value);
        return;
    }
    if (!json_object_is_type(old, json_type_array)) {
        struct json_object *list = json_object_new_array();
        json_object_array_add(list, json_object_get(old));
        json_object_object_add(dict, key, list);
        old = list;
    }
    json_object_array_add(old, take_value);
}

/* Put @take_value at "a.b.c" of @dict. */
static bool put_nested(struct json_object *dict, const char *key,
                       struct json_object *take_value, Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(key, ".", MAX_KEY_DEPTH + 1);
    g_autojson value = take_value;

    for (char **part = parts; *part; part++) {
        struct json_object *child;
        if (!**part) {
            return error_set(errp, "Invalid parameter '%s'", key);
        }
        if (!part[1]) {
            if (json_object_object_get_ex(dict, *part, &child) &&
                json_object_is_type(child, json_type_object)) {
                return error_set(errp, "Parameters '%s.*' used inconsistently", key);
            }
            add_value(dict, *part, g_steal_pointer(&value));
            return true;
        }
        if (!json_object_object_get_ex(dict, *part, &child)) {
            child = json_object_new_object();
            json_object_object_add(dict, *part, child);
        } else if (!json_object_is_type(child, json_type_object)) {
            return error_set(errp, "Parameters '%s.*' used inconsistently", *part);
        }
        dict = child;
    }
    return error_set(errp, "Invalid parameter '%s'", key);
}

static struct json_object *parse(const char *text, const char *implied_key,
                                 ValueDialect dialect, Error **errp)
{
    g_autojson dict = json_object_new_object();
    bool first = true;

    while (*text) {
        g_autofree char *item = next_item(&text);
        g_autofree char *key = NULL;
        const char *value;
        char *eq = strchr(item, '=');
        if (!eq && first && implied_key) {
            key = g_strdup(implied_key);
            value = item;
        } else if (eq) {
            key = g_strndup(item, eq - item);
            value = eq + 1;
        } else {
            bool no = g_str_has_prefix(item, "no") && item[2];
            key = g_strdup(no ? item + 2 : item);
            value = no ? "off" : "on";
            if (strcmp(item, "help") && strcmp(item, "?")) {
                warn_report("short-form boolean option '%s' deprecated", item);
                error_printf("Please use %s=%s instead\n", key, value);
            }
        }
        first = false;
        if (!check_key(key, errp)) {
            return NULL;
        }
        struct json_object *v = value_new_str(value, dialect);
        if (dialect == VALUE_OPTS) {
            json_object_object_add(dict, key, v);
        } else if (!put_nested(dict, key, v, errp)) {
            return NULL;
        }
    }
    return g_steal_pointer(&dict);
}

struct json_object *keyval_parse(const char *text, const char *implied_key,
                                 Error **errp)
{
    return parse(text, implied_key, VALUE_KEYVAL, errp);
}

struct json_object *opts_parse(const char *text, const char *implied_key, Error **errp)
{
    return parse(text, implied_key, VALUE_OPTS, errp);
}

struct json_object *keyval_or_json_parse(const char *text, const char *implied_key,
                                         Error **errp)
{
    if (*text != '{') {
        return keyval_parse(text, implied_key, errp);
    }
    struct json_tokener *tok = json_tokener_new();
    struct json_object *value = json_tokener_parse_ex(tok, text, strlen(text) + 1);
    if (!value) {
        error_set(errp, "JSON parse error, %s",
                  json_tokener_error_desc(json_tokener_get_error(tok)));
    } else if (!json_object_is_type(value, json_type_object)) {
        json_object_put(value);
        value = NULL;
        error_set(errp, "Expected a JSON object");
    }
    json_tokener_free(tok);
    return value;
}
