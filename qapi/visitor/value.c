/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/value.h"

#include <math.h>
#include <string.h>

/* Tags are addresses kept in json-c's user data. */
static char tag_keyval, tag_opts;

struct json_object *value_new_str(const char *text, ValueDialect dialect)
{
    struct json_object *s = json_object_new_string(text);

    value_tag_strings(s, dialect);
    return s;
}

void value_tag_strings(struct json_object *value, ValueDialect dialect)
{
    switch (json_object_get_type(value)) {
    case json_type_string:
        if (dialect != VALUE_JSON) {
            json_object_set_userdata(
                value, dialect == VALUE_KEYVAL ? &tag_keyval : &tag_opts, NULL);
        }
        break;
    case json_type_object: {
        json_object_object_foreach(value, key, member)
        {
            (void)key;
            value_tag_strings(member, dialect);
        }
        break;
    }
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            value_tag_strings(json_object_array_get_idx(value, i), dialect);
        }
        break;
    default:
        break;
    }
}

ValueDialect value_get_dialect(struct json_object *value)
{
    void *tag = value ? json_object_get_userdata(value) : NULL;

    return tag == &tag_keyval ? VALUE_KEYVAL
           : tag == &tag_opts ? VALUE_OPTS
                              : VALUE_JSON;
}

static bool wrong_type(const char *name, const char *expected, Error **errp)
{
    return error_set(errp, "Invalid parameter type for '%s', expected: %s", name,
                     expected);
}

/* A string that is no number. */
static bool no_integer(struct json_object *value, const char *name, Error **errp)
{
    switch (value_get_dialect(value)) {
    case VALUE_KEYVAL:
        return error_set(errp, "Parameter '%s' expects integer", name);
    case VALUE_OPTS:
        return error_set(errp, "Parameter '%s' expects a number", name);
    default:
        return wrong_type(name, "integer", errp);
    }
}

bool value_get_uint64(struct json_object *value, const char *name, uint64_t *out,
                      Error **errp)
{
    if (json_object_is_type(value, json_type_string)) {
        const char *text = json_object_get_string(value);
        int64_t negative;
        if (parse_uint64(text, out)) {
            return true;
        }
        /* As everywhere in C: -1 is all ones. */
        if (*text == '-' && parse_int64(text, &negative)) {
            *out = (uint64_t)negative;
            return true;
        }
        return no_integer(value, name, errp);
    }
    if (!json_object_is_type(value, json_type_int)) {
        return wrong_type(name, "integer", errp);
    }
    *out = json_object_get_int64(value) < 0 ? (uint64_t)json_object_get_int64(value)
                                            : json_object_get_uint64(value);
    return true;
}

bool value_get_int64(struct json_object *value, const char *name, int64_t *out,
                     Error **errp)
{
    if (json_object_is_type(value, json_type_string)) {
        if (parse_int64(json_object_get_string(value), out)) {
            return true;
        }
        return no_integer(value, name, errp);
    }
    if (!json_object_is_type(value, json_type_int)) {
        return wrong_type(name, "integer", errp);
    }
    if (json_object_get_int64(value) >= 0 &&
        json_object_get_uint64(value) > (uint64_t)INT64_MAX) {
        return wrong_type(name, "integer", errp);
    }
    *out = json_object_get_int64(value);
    return true;
}

bool value_get_bool(struct json_object *value, const char *name, bool *out,
                    Error **errp)
{
    if (json_object_is_type(value, json_type_boolean)) {
        *out = json_object_get_boolean(value);
        return true;
    }
    if (!json_object_is_type(value, json_type_string) ||
        value_get_dialect(value) == VALUE_JSON) {
        return wrong_type(name, "boolean", errp);
    }
    static const char *const yes[] = { "on", "yes", "true", "y", NULL };
    static const char *const no[] = { "off", "no", "false", "n", NULL };
    if (g_strv_contains(yes, json_object_get_string(value))) {
        *out = true;
        return true;
    }
    if (g_strv_contains(no, json_object_get_string(value))) {
        *out = false;
        return true;
    }
    return error_set(errp, "Parameter '%s' expects 'on' or 'off'", name);
}

bool value_get_size(struct json_object *value, const char *name, uint64_t *out,
                    Error **errp)
{
    if (json_object_is_type(value, json_type_string)) {
        if (value_get_dialect(value) == VALUE_JSON) {
            return error_set(errp, "Parameter '%s' expects uint64", name);
        }
        if (!parse_size(json_object_get_string(value), 1, out)) {
            return true;
        }
        if (value_get_dialect(value) == VALUE_KEYVAL) {
            return error_set(errp, "Parameter '%s' expects size", name);
        }
        return error_set(errp, "Parameter '%s' expects a size value", name);
    }
    return value_get_uint64(value, name, out, errp);
}

bool value_get_str(struct json_object *value, const char *name, const char **out,
                   Error **errp)
{
    if (!json_object_is_type(value, json_type_string)) {
        return wrong_type(name, "string", errp);
    }
    *out = json_object_get_string(value);
    return true;
}

bool value_get_enum(struct json_object *value, const char *name,
                    const char *const *names, int *out, Error **errp)
{
    const char *text = NULL;

    if (!value_get_str(value, name, &text, errp)) {
        return false;
    }
    for (int i = 0; names[i]; i++) {
        if (!strcmp(names[i], text)) {
            *out = i;
            return true;
        }
    }
    return error_set(errp, "Parameter '%s' does not accept value '%s'", name, text);
}

bool parse_uint64(const char *text, uint64_t *out)
{
    char *end;

    if (!g_ascii_isdigit(*text)) {
        return false;
    }
    errno = 0;
    /* A leading zero is no octal here. */
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    uint64_t v = strtoull(text, &end, base);
    if (errno || *end || end == text) {
        return false;
    }
    *out = v;
    return true;
}

bool parse_int64(const char *text, int64_t *out)
{
    uint64_t magnitude;
    bool negative = *text == '-';

    if (!parse_uint64(text + (negative || *text == '+'), &magnitude)) {
        return false;
    }
    if (magnitude > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

/* 0 when @c is no suffix. */
static uint64_t suffix_multiplier(char c)
{
    static const char suffixes[] = "kmgtpe";
    const char *p;

    c = g_ascii_tolower(c);
    if (c == 'b') {
        return 1;
    }
    p = c ? strchr(suffixes, c) : NULL;
    return p ? 1ull << (10 * (p - suffixes + 1)) : 0;
}

int parse_size(const char *text, uint64_t default_mul, uint64_t *out)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    bool fraction = false;
    uint64_t whole;
    double part = 0;
    char *end;

    if (!g_ascii_isdigit(*text)) {
        return -EINVAL;
    }
    errno = 0;
    whole = strtoull(text, &end, hex ? 16 : 10);
    if (errno) {
        return -ERANGE;
    }
    if (!hex && *end == '.') {
        char *dot = end;
        part = g_ascii_strtod(dot, &end);
        for (char *c = dot + 1; c < end; c++) {
            if (!g_ascii_isdigit(*c)) {
                return -EINVAL;
            }
        }
        fraction = part != 0;
    }
    uint64_t mul = suffix_multiplier(*end);
    if (mul) {
        end++;
    } else {
        mul = default_mul;
    }
    if (*end || (fraction && mul == 1)) {
        return -EINVAL;
    }
    if (hex && mul != 1) {
        warn_report("Using a multiplier suffix on hex numbers is deprecated: %s%s",
                    text,
                    suffix_multiplier(end[-1]) ? ""
                    : mul == 1 << 20           ? "M"
                                               : "");
    }
    uint64_t extra = (uint64_t)(part * (double)mul);
    uint64_t total;
    if (__builtin_mul_overflow(whole, mul, &total) ||
        __builtin_add_overflow(total, extra, &total)) {
        return -ERANGE;
    }
    *out = total;
    return 0;
}

struct json_object *value_new_uint64(uint64_t v)
{
    return json_object_new_uint64(v);
}

const char *value_dict_get_str(struct json_object *dict, const char *key)
{
    struct json_object *v;

    if (!json_object_object_get_ex(dict, key, &v) ||
        !json_object_is_type(v, json_type_string)) {
        return NULL;
    }
    return json_object_get_string(v);
}
