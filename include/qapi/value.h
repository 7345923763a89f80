/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading typed values out of json-c values, with the error texts that clients know.
 * A value from JSON has its type; a value from the command line is a string, which the
 * readers accept and parse where a number, size or boolean is wanted ("0x10", "1G",
 * "on"). QMP object properties accept such strings too.
 *
 * All readers: @name is the parameter's name for messages; on failure nothing is
 * stored.
 */
#ifndef STRATA_QAPI_VALUE_H
#define STRATA_QAPI_VALUE_H

#include "util/error.h"

#include <json-c/json.h>
#include <stdint.h>

/*
 * Where a string came from decides what its error text is. JSON: from a client as it
 * is. KEYVAL: "-device a=b", "-machine", and QMP device_add. OPTS: "-object a=b" and
 * the older options. Strings are tagged when they are made; untagged ones are JSON.
 */
typedef enum ValueDialect { VALUE_JSON, VALUE_KEYVAL, VALUE_OPTS } ValueDialect;
/* A new string value. */
struct json_object *value_new_str(const char *text, ValueDialect dialect);
/* Tag all strings below @value. */
void value_tag_strings(struct json_object *value, ValueDialect dialect);
ValueDialect value_get_dialect(struct json_object *value);

/* "Invalid parameter type for 'NAME', expected: integer" when it is none. */
bool value_get_uint64(struct json_object *value, const char *name, uint64_t *out,
                      Error **errp) WARN_UNUSED;
bool value_get_int64(struct json_object *value, const char *name, int64_t *out,
                     Error **errp) WARN_UNUSED;
/* "Parameter 'NAME' expects 'on' or 'off'" for a string that is neither. */
bool value_get_bool(struct json_object *value, const char *name, bool *out,
                    Error **errp) WARN_UNUSED;
/* Bytes; strings may carry a suffix. "Parameter 'NAME' expects a size value". */
bool value_get_size(struct json_object *value, const char *name, uint64_t *out,
                    Error **errp) WARN_UNUSED;
/* Points into @value. */
bool value_get_str(struct json_object *value, const char *name, const char **out,
                   Error **errp) WARN_UNUSED;
/* Index into @names; "Parameter 'NAME' does not accept value 'V'". */
bool value_get_enum(struct json_object *value, const char *name,
                    const char *const *names, int *out, Error **errp) WARN_UNUSED;

/* Text to numbers, whole string or failure. "0x" and decimal; no sign for unsigned. */
bool parse_uint64(const char *text, uint64_t *out) WARN_UNUSED;
bool parse_int64(const char *text, int64_t *out) WARN_UNUSED;
/*
 * A size: number, optional fraction, optional suffix b k M G T P E; without suffix
 * times
 * @default_mul. 0, -EINVAL, or -ERANGE.
 */
int parse_size(const char *text, uint64_t default_mul, uint64_t *out) WARN_UNUSED;

/* New values. */
struct json_object *value_new_uint64(uint64_t v);

/*
 * Option strings: "a=1,b.c=2,flag" to {"a":"1","b":{"c":"2"},...}. ",," is a comma.
 * @implied_key (or NULL) names a first item without '='. All values are strings, tagged
 * KEYVAL. A key that stands twice keeps the last value. A bare word is a short-form
 * boolean
 * ("flag" is flag=on, "noflag" is flag=off), about which deprecation is warned.
 */
struct json_object *keyval_parse(const char *text, const char *implied_key,
                                 Error **errp) WARN_UNUSED;
/* As keyval_parse, but keys are flat ("b.c" stays one key) and tagged OPTS. */
struct json_object *opts_parse(const char *text, const char *implied_key,
                               Error **errp) WARN_UNUSED;
/* Either form: text that begins with '{' is JSON, else keyval_parse. */
struct json_object *keyval_or_json_parse(const char *text, const char *implied_key,
                                         Error **errp) WARN_UNUSED;
/* The member as a string, or NULL when missing or no string. Points into @dict. */
const char *value_dict_get_str(struct json_object *dict, const char *key);

static inline void value_unref_p(struct json_object **v)
{
    if (*v) {
        json_object_put(*v);
    }
}
#define g_autojson __attribute__((cleanup(value_unref_p))) struct json_object *

#endif
