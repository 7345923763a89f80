/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text form that QMP clients see: ASCII only, a blank after ':' and ','. json-c's
 * own printers put blanks elsewhere, which scripts that match lines would notice.
 */
#include "qapi/json.h"

#include "qapi/command.h"

#include <glib.h>
#include <string.h>

static void write_unichar(GString *text, gunichar c)
{
    if (c >= 0x10000) {
        c -= 0x10000;
        g_string_append_printf(text, "\\u%04X\\u%04X", 0xd800 + (c >> 10),
                               0xdc00 + (c & 0x3ff));
    } else {
        g_string_append_printf(text, "\\u%04X", c);
    }
}

static void write_string(GString *text, const char *s, size_t len)
{
    static const char special[] = "\"\\\b\f\n\r\t";
    static const char letter[] = "\"\\bfnrt";
    const char *end = s + len;

    g_string_append_c(text, '"');
    while (s < end) {
        const char *plain = s;
        const char *found;

        while (s < end && *s >= 0x20 && *s < 0x7f && *s != '"' && *s != '\\') {
            s++;
        }
        g_string_append_len(text, plain, s - plain);
        if (s == end) {
            break;
        }
        found = *s ? strchr(special, *s) : NULL;
        if (found) {
            g_string_append_c(text, '\\');
            g_string_append_c(text, letter[found - special]);
            s++;
        } else if (*s == '\0') {
            g_string_append(text, "\\u0000");
            s++;
        } else {
            gunichar c = g_utf8_get_char_validated(s, end - s);
            bool bad = c == (gunichar)-1 || c == (gunichar)-2;

            write_unichar(text, bad ? 0xfffd : c);
            s += bad ? 1 : g_unichar_to_utf8(c, NULL);
        }
    }
    g_string_append_c(text, '"');
}

static void new_line(GString *text, int indent)
{
    if (indent >= 0) {
        g_string_append_printf(text, "\n%*s", indent * 4, "");
    }
}

static void write_value(GString *text, struct json_object *value, int indent);

static void write_object(GString *text, struct json_object *value, int indent)
{
    int inner = indent >= 0 ? indent + 1 : -1;
    const char *comma = "";

    g_string_append_c(text, '{');
    json_object_object_foreach(value, key, member)
    {
        g_string_append(text, comma);
        comma = indent >= 0 ? "," : ", ";
        new_line(text, inner);
        write_string(text, key, strlen(key));
        g_string_append(text, ": ");
        write_value(text, member, inner);
    }
    new_line(text, indent);
    g_string_append_c(text, '}');
}

static void write_array(GString *text, struct json_object *value, int indent)
{
    int inner = indent >= 0 ? indent + 1 : -1;
    size_t n = json_object_array_length(value);

    g_string_append_c(text, '[');
    for (size_t i = 0; i < n; i++) {
        if (i) {
            g_string_append(text, indent >= 0 ? "," : ", ");
        }
        new_line(text, inner);
        write_value(text, json_object_array_get_idx(value, i), inner);
    }
    new_line(text, indent);
    g_string_append_c(text, ']');
}

/* Values made by json_new_static_text are strings that carry this mark. */
static const char static_text_mark;

static void write_scalar(GString *text, struct json_object *value)
{
    char buf[G_ASCII_DTOSTR_BUF_SIZE];

    switch (json_object_get_type(value)) {
    case json_type_null:
        g_string_append(text, "null");
        break;
    case json_type_boolean:
        g_string_append(text, json_object_get_boolean(value) ? "true" : "false");
        break;
    case json_type_int:
        if (json_object_get_int64(value) < 0) {
            g_string_append_printf(text, "%" PRId64, json_object_get_int64(value));
        } else {
            g_string_append_printf(text, "%" PRIu64, json_object_get_uint64(value));
        }
        break;
    case json_type_double:
        g_string_append(text, g_ascii_formatd(buf, sizeof(buf), "%.17g",
                                              json_object_get_double(value)));
        break;
    default:
        write_string(text, json_object_get_string(value),
                     (size_t)json_object_get_string_len(value));
    }
}

static void write_value(GString *text, struct json_object *value, int indent)
{
    switch (json_object_get_type(value)) {
    case json_type_object:
        write_object(text, value, indent);
        break;
    case json_type_array:
        write_array(text, value, indent);
        break;
    case json_type_string:
        if (json_object_get_userdata(value) == &static_text_mark) {
            g_string_append(text, json_object_get_string(value));
            break;
        }
        /* fall through */
    default:
        write_scalar(text, value);
    }
}

void json_write(GString *text, struct json_object *value, bool pretty)
{
    write_value(text, value, pretty ? 0 : -1);
}

char *json_to_text(struct json_object *value)
{
    GString *text = g_string_new(NULL);

    json_write(text, value, false);
    return g_string_free(text, FALSE);
}

struct json_object *json_new_static_text(const char *json_text)
{
    struct json_object *value = json_object_new_string(json_text);

    json_object_set_userdata(value, (void *)(uintptr_t)&static_text_mark, NULL);
    return value;
}
