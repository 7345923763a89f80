/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two stages. The scanner looks at each byte once: it knows strings, nesting and which
 * bytes may stand outside strings, so that it sees the end of a value without parsing
 * it, refuses garbage at once, and bounds depth, size and number of tokens before any
 * object is made. The parser then is plain recursive descent over a complete text whose
 * depth is known.
 *
 * After a refusal the scanner is at top level again. Bytes up to the next white space
 * or structural character are skipped, so that one piece of garbage is one error.
 */
#include "qapi/json.h"

#include <glib.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef enum ScanState {
    SCAN_SPACE,  /* between tokens, or before a value */
    SCAN_WORD,   /* in a number or keyword at top level */
    SCAN_STRING, /* after an opening quote */
    SCAN_ESCAPE, /* after a backslash in a string */
    SCAN_SKIP,   /* in garbage */
} ScanState;

struct JsonReader {
    JsonReaderFn *fn;
    void *opaque;
    ScanState state;
    char quote;
    unsigned tokens;
    GString *text;  /* of the value so far */
    GString *stack; /* the open brackets */
};

static bool parse_value(const char *text, size_t len, struct json_object **value,
                        Error **errp);

JsonReader *json_reader_new(JsonReaderFn *fn, void *opaque)
{
    JsonReader *r = g_new0(JsonReader, 1);

    r->fn = fn;
    r->opaque = opaque;
    r->text = g_string_new(NULL);
    r->stack = g_string_new(NULL);
    return r;
}

void json_reader_free(JsonReader *r)
{
    if (r) {
        g_string_free(r->text, TRUE);
        g_string_free(r->stack, TRUE);
        g_free(r);
    }
}

void json_reader_reset(JsonReader *r)
{
    r->state = SCAN_SPACE;
    r->tokens = 0;
    g_string_truncate(r->stack, 0);
    if (r->text->allocated_len > 65536) {
        g_string_free(r->text, TRUE);
        r->text = g_string_new(NULL);
    } else {
        g_string_truncate(r->text, 0);
    }
}

static void refuse(JsonReader *r, const char *what, bool skip)
{
    Error *err = NULL;

    json_reader_reset(r);
    r->state = skip ? SCAN_SKIP : SCAN_SPACE;
    error_set(&err, "JSON parse error, %s", what);
    r->fn(r->opaque, NULL, err);
}

static void deliver(JsonReader *r)
{
    struct json_object *value = NULL;
    Error *err = NULL;

    if (!parse_value(r->text->str, r->text->len, &value, &err)) {
        value = NULL;
    }
    json_reader_reset(r);
    r->fn(r->opaque, value, err);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_structural(char c)
{
    return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':';
}

static bool is_word(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '+' || c == '.' || c == '_';
}

static void scan_structural(JsonReader *r, char c)
{
    if (c == '{' || c == '[') {
        if (r->stack->len >= JSON_MAX_DEPTH) {
            refuse(r, "nesting too deep", true);
            return;
        }
        g_string_append_c(r->text, c);
        g_string_append_c(r->stack, c == '{' ? '}' : ']');
        return;
    }
    if (r->stack->len == 0) {
        refuse(r, "expecting value", false);
        return;
    }
    g_string_append_c(r->text, c);
    if (c == '}' || c == ']') {
        if (r->stack->str[r->stack->len - 1] != c) {
            refuse(r, "brackets do not match", false);
            return;
        }
        g_string_truncate(r->stack, r->stack->len - 1);
        if (r->stack->len == 0) {
            deliver(r);
        }
    }
}

static void scan_outside(JsonReader *r, char c)
{
    if (is_space(c)) {
        if (r->stack->len) {
            g_string_append_c(r->text, ' ');
        }
        return;
    }
    if (++r->tokens > JSON_MAX_TOKENS) {
        refuse(r, "too many tokens", true);
    } else if (is_structural(c)) {
        scan_structural(r, c);
    } else if (c == '"' || c == '\'') {
        g_string_append_c(r->text, c);
        r->quote = c;
        r->state = SCAN_STRING;
    } else if (is_word(c)) {
        g_string_append_c(r->text, c);
        if (r->stack->len == 0) {
            r->state = SCAN_WORD;
        }
    } else {
        refuse(r, "stray character", true);
    }
}

static void scan_byte(JsonReader *r, char c)
{
    if (r->text->len >= JSON_MAX_BYTES) {
        refuse(r, "value too large", true);
    }
    switch (r->state) {
    case SCAN_SKIP:
        if (!is_space(c) && !is_structural(c)) {
            return;
        }
        r->state = SCAN_SPACE;
        break;
    case SCAN_WORD:
        if (is_word(c)) {
            g_string_append_c(r->text, c);
            return;
        }
        r->state = SCAN_SPACE;
        deliver(r);
        break;
    case SCAN_STRING:
    case SCAN_ESCAPE:
        if ((unsigned char)c < 0x20) {
            refuse(r, "control character in string", true);
            return;
        }
        g_string_append_c(r->text, c);
        if (r->state == SCAN_ESCAPE) {
            r->state = SCAN_STRING;
        } else if (c == '\\') {
            r->state = SCAN_ESCAPE;
        } else if (c == r->quote) {
            r->state = SCAN_SPACE;
            if (r->stack->len == 0) {
                deliver(r);
            }
        }
        return;
    case SCAN_SPACE:
        break;
    }
    scan_outside(r, c);
}

void json_reader_feed(JsonReader *r, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        scan_byte(r, bytes[i]);
    }
}

/* --- The parser ------------------------------------------------------------------- */

typedef struct Parser {
    const char *p;
    const char *end;
    int depth;
    Error **errp;
} Parser;

static bool parse_any(Parser *ps, struct json_object **value);

static bool fail(Parser *ps, const char *what)
{
    return error_set(ps->errp, "JSON parse error, %s", what);
}

static void skip_space(Parser *ps)
{
    while (ps->p < ps->end && is_space(*ps->p)) {
        ps->p++;
    }
}

static bool next_is(Parser *ps, char c)
{
    skip_space(ps);
    if (ps->p < ps->end && *ps->p == c) {
        ps->p++;
        return true;
    }
    return false;
}

static bool parse_hex4(Parser *ps, uint32_t *out)
{
    uint32_t v = 0;

    if (ps->end - ps->p < 4) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(*ps->p++);

        if (digit < 0) {
            return false;
        }
        v = v << 4 | (uint32_t)digit;
    }
    *out = v;
    return true;
}

static bool parse_unicode_escape(Parser *ps, GString *s)
{
    uint32_t v, low;

    if (!parse_hex4(ps, &v)) {
        return false;
    }
    if (v >= 0xd800 && v < 0xdc00) {
        if (ps->end - ps->p < 2 || ps->p[0] != '\\' || ps->p[1] != 'u') {
            return false;
        }
        ps->p += 2;
        if (!parse_hex4(ps, &low) || low < 0xdc00 || low > 0xdfff) {
            return false;
        }
        v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
    } else if (v == 0 || (v >= 0xdc00 && v < 0xe000)) {
        return false; /* a zero would end the string for half of its readers */
    }
    g_string_append_unichar(s, v);
    return true;
}

static bool parse_escape(Parser *ps, GString *s)
{
    static const char from[] = "\"'\\/bfnrt";
    static const char to[] = "\"'\\/\b\f\n\r\t";
    const char *found;
    char c;

    if (ps->p >= ps->end) {
        return false;
    }
    c = *ps->p++;
    if (c == 'u') {
        return parse_unicode_escape(ps, s);
    }
    found = c ? strchr(from, c) : NULL;
    if (!found) {
        return false;
    }
    g_string_append_c(s, to[found - from]);
    return true;
}

static bool parse_string(Parser *ps, GString *s)
{
    char quote = *ps->p++;

    while (ps->p < ps->end && *ps->p != quote) {
        if ((unsigned char)*ps->p < 0x20) {
            return fail(ps, "control character in string");
        }
        if (*ps->p != '\\') {
            g_string_append_c(s, *ps->p++);
            continue;
        }
        ps->p++;
        if (!parse_escape(ps, s)) {
            return fail(ps, "invalid escape in string");
        }
    }
    if (ps->p >= ps->end) {
        return fail(ps, "unterminated string");
    }
    ps->p++;
    if (!g_utf8_validate_len(s->str, s->len, NULL)) {
        return fail(ps, "invalid UTF-8 sequence in string");
    }
    return true;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)? */
static bool number_is_wellformed(const char *s, bool *integer)
{
    *integer = true;
    s += *s == '-';
    if (*s == '0') {
        s++;
    } else if (g_ascii_isdigit(*s)) {
        while (g_ascii_isdigit(*s)) {
            s++;
        }
    } else {
        return false;
    }
    if (*s == '.') {
        *integer = false;
        if (!g_ascii_isdigit(*++s)) {
            return false;
        }
        while (g_ascii_isdigit(*s)) {
            s++;
        }
    }
    if (*s == 'e' || *s == 'E') {
        *integer = false;
        s++;
        s += *s == '-' || *s == '+';
        if (!g_ascii_isdigit(*s)) {
            return false;
        }
        while (g_ascii_isdigit(*s)) {
            s++;
        }
    }
    return *s == '\0';
}

static bool parse_number(Parser *ps, const char *word, struct json_object **value)
{
    bool integer;

    if (!number_is_wellformed(word, &integer)) {
        return fail(ps, "malformed number");
    }
    if (integer) {
        errno = 0;
        if (*word == '-') {
            int64_t v = g_ascii_strtoll(word, NULL, 10);

            if (errno == 0) {
                *value = json_object_new_int64(v);
                return true;
            }
        } else {
            uint64_t v = g_ascii_strtoull(word, NULL, 10);

            if (errno == 0) {
                *value = v <= INT64_MAX ? json_object_new_int64((int64_t)v)
                                        : json_object_new_uint64(v);
                return true;
            }
        }
    }
    double d = g_ascii_strtod(word, NULL);

    if (!isfinite(d)) {
        return fail(ps, "number out of range");
    }
    *value = json_object_new_double(d);
    return true;
}

static bool parse_word(Parser *ps, struct json_object **value)
{
    const char *start = ps->p;
    g_autofree char *word = NULL;

    while (ps->p < ps->end && is_word(*ps->p)) {
        ps->p++;
    }
    if (ps->p == start) {
        return fail(ps, "expecting value");
    }
    word = g_strndup(start, (gsize)(ps->p - start));
    if (*word == '-' || g_ascii_isdigit(*word)) {
        return parse_number(ps, word, value);
    }
    if (!strcmp(word, "true") || !strcmp(word, "false")) {
        *value = json_object_new_boolean(*word == 't');
        return true;
    }
    if (!strcmp(word, "null")) {
        *value = NULL;
        return true;
    }
    return error_set(ps->errp, "JSON parse error, invalid keyword '%.64s'", word);
}

static bool parse_member(Parser *ps, struct json_object *obj)
{
    g_autoptr(GString) key = g_string_new(NULL);
    struct json_object *member;

    skip_space(ps);
    if (ps->p >= ps->end || (*ps->p != '"' && *ps->p != '\'')) {
        return fail(ps, "expecting value");
    }
    if (!parse_string(ps, key)) {
        return false;
    }
    if (!next_is(ps, ':')) {
        return fail(ps, "missing : in object pair");
    }
    if (!parse_any(ps, &member)) {
        return false;
    }
    if (json_object_object_get_ex(obj, key->str, NULL)) {
        json_object_put(member);
        return fail(ps, "duplicate key");
    }
    json_object_object_add(obj, key->str, member);
    return true;
}

static bool parse_object(Parser *ps, struct json_object **value)
{
    struct json_object *obj = json_object_new_object();

    *value = obj;
    ps->p++;
    if (next_is(ps, '}')) {
        return true;
    }
    do {
        if (!parse_member(ps, obj)) {
            return false;
        }
    } while (next_is(ps, ','));
    return next_is(ps, '}') || fail(ps, "expected separator in dict");
}

static bool parse_array(Parser *ps, struct json_object **value)
{
    struct json_object *array = json_object_new_array();

    *value = array;
    ps->p++;
    if (next_is(ps, ']')) {
        return true;
    }
    do {
        struct json_object *item;

        if (!parse_any(ps, &item)) {
            return false;
        }
        json_object_array_add(array, item);
    } while (next_is(ps, ','));
    return next_is(ps, ']') || fail(ps, "expected separator in list");
}

/* On failure *value is NULL: nothing half made is left. */
static bool parse_any(Parser *ps, struct json_object **value)
{
    bool ok;

    *value = NULL;
    skip_space(ps);
    if (ps->p >= ps->end) {
        return fail(ps, "expecting value");
    }
    if (++ps->depth > JSON_MAX_DEPTH + 1) {
        return fail(ps, "nesting too deep");
    }
    if (*ps->p == '{') {
        ok = parse_object(ps, value);
    } else if (*ps->p == '[') {
        ok = parse_array(ps, value);
    } else if (*ps->p == '"' || *ps->p == '\'') {
        g_autoptr(GString) s = g_string_new(NULL);

        ok = parse_string(ps, s);
        if (ok) {
            *value = json_object_new_string_len(s->str, (int)s->len);
        }
    } else {
        ok = parse_word(ps, value);
    }
    ps->depth--;
    if (!ok) {
        json_object_put(*value);
        *value = NULL;
    }
    return ok;
}

static bool parse_value(const char *text, size_t len, struct json_object **value,
                        Error **errp)
{
    Parser ps = { .p = text, .end = text + len, .errp = errp };

    if (!parse_any(&ps, value)) {
        return false;
    }
    skip_space(&ps);
    if (ps.p != ps.end) {
        json_object_put(*value);
        *value = NULL;
        return fail(&ps, "expecting value");
    }
    return true;
}

bool json_parse(const char *text, size_t len, struct json_object **value, Error **errp)
{
    if (len > JSON_MAX_BYTES) {
        return error_set(errp, "JSON parse error, value too large");
    }
    return parse_value(text, len, value, errp);
}
