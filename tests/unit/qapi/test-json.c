/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/json.h"

#include "qapi/command.h"

#include <glib.h>
#include <string.h>

/* What the reader said: values as text, errors as "!" and the message. */
static void collect(void *opaque, struct json_object *take_value, Error *take_err)
{
    GPtrArray *out = opaque;

    if (take_err) {
        g_ptr_array_add(out, g_strdup_printf("!%s", error_get_message(take_err)));
        error_free(take_err);
    } else {
        g_ptr_array_add(out, json_to_text(take_value));
        json_object_put(take_value);
    }
}

/* Feed @len bytes in pieces of @step and compare with the NULL-terminated list. */
static void expect_bytes(const char *bytes, size_t len, size_t step,
                         const char *const *want)
{
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    JsonReader *r = json_reader_new(collect, out);
    guint n = 0;

    for (size_t i = 0; i < len; i += step) {
        json_reader_feed(r, bytes + i, MIN(step, len - i));
    }
    for (; want[n]; n++) {
        g_assert_cmpuint(n, <, out->len);
        if (!strcmp(want[n], "!")) {
            g_assert_true(g_str_has_prefix(out->pdata[n], "!JSON parse error"));
        } else {
            g_assert_cmpstr(out->pdata[n], ==, want[n]);
        }
    }
    g_assert_cmpuint(out->len, ==, n);
    json_reader_free(r);
}

static void expect(const char *text, const char *const *want)
{
    for (size_t step = 1; step < 8; step += 3) {
        expect_bytes(text, strlen(text), step, want);
    }
}
#define EXPECT(text, ...) expect((text), (const char *const[]){ __VA_ARGS__ })

static void values_come_as_they_are_completed(void)
{
    EXPECT("{\"a\":[1,2.5,true,null,-3]}", "{\"a\": [1, 2.5, true, null, -3]}", NULL);
    EXPECT("{}{}\r\n[]", "{}", "{}", "[]", NULL);
    EXPECT("{\n \"a\"\n :\n 1 }", "{\"a\": 1}", NULL);
    EXPECT("1 \"x\"null\n", "1", "\"x\"", "null", NULL);
    EXPECT("{'a':'it\"s'}", "{\"a\": \"it\\\"s\"}", NULL);
    EXPECT("{\"execute\":", NULL);
    EXPECT("[18446744073709551615,-9223372036854775808,1e3]",
           "[18446744073709551615, -9223372036854775808, 1000]", NULL);
}

static void strings_are_unicode(void)
{
    EXPECT("\"\\u00e9\\ud83d\\ude00\\u0001\\/\"", "\"\\u00E9\\uD83D\\uDE00\\u0001/\"",
           NULL);
    EXPECT("\"\xc3\xa9\"", "\"\\u00E9\"", NULL);
    EXPECT("\"a\\tb\\\\\"", "\"a\\tb\\\\\"", NULL);
}

static void garbage_costs_itself_only(void)
{
    EXPECT("}{}", "!", "{}", NULL);
    EXPECT("}}", "!", "!", NULL);
    EXPECT("{\"a\",1}{}", "!", "{}", NULL);
    EXPECT("{\"a\":1,}[]", "!", "[]", NULL);
    EXPECT("[1,]{}", "!", "{}", NULL);
    EXPECT("{\"a\":1]\n{}", "!", "{}", NULL);
    EXPECT("\xff\n{}", "!", "{}", NULL);
    EXPECT("\x01{}", "!", "{}", NULL);
    EXPECT("%p\n{}", "!", "{}", NULL);
    EXPECT("nul\n{}", "!", "{}", NULL);
    EXPECT("[01]{}", "!", "{}", NULL);
    EXPECT("[1.]{}", "!", "{}", NULL);
    EXPECT("[+1]{}", "!", "{}", NULL);
    EXPECT("[1e999]{}", "!", "{}", NULL);
    EXPECT("{\"a\":1,\"a\":2}{}", "!", "{}", NULL);
    EXPECT("[\"\xe9\"]{}", "!", "{}", NULL);
    EXPECT("[\"\\ud800\"]{}", "!", "{}", NULL);
    EXPECT("[\"\\u0000\"]{}", "!", "{}", NULL);
    EXPECT("[\"\\x\"]{}", "!", "{}", NULL);
    EXPECT("\"a\n{}", "!", "{}", NULL);
    EXPECT("[1 2]{}", "!", "{}", NULL);
    EXPECT("{1:2}{}", "!", "{}", NULL);
}

static void depth_is_bounded(void)
{
    g_autofree char *deep = g_malloc(4 * JSON_MAX_DEPTH);
    g_autofree char *ok = g_strnfill(JSON_MAX_DEPTH * 2, '[');
    const char *const deep_want[] = { "!", "{}", NULL };
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    JsonReader *r = json_reader_new(collect, out);

    memset(deep, '[', JSON_MAX_DEPTH + 1);
    memcpy(deep + JSON_MAX_DEPTH + 1, "\n{}", 3);
    expect_bytes(deep, JSON_MAX_DEPTH + 4, 64, deep_want);

    memset(ok + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
    json_reader_feed(r, ok, JSON_MAX_DEPTH * 2);
    g_assert_cmpuint(out->len, ==, 1);
    g_assert_cmpstr(out->pdata[0], ==, ok);
    json_reader_free(r);
}

static void size_and_tokens_are_bounded(void)
{
    g_autofree char *big = g_strnfill(JSON_MAX_BYTES + 16, 'x');
    g_autofree char *many = g_malloc(2 * JSON_MAX_TOKENS + 16);
    const char *const want[] = { "!", "{}", NULL };

    big[0] = '"';
    memcpy(big + JSON_MAX_BYTES + 10, "\n{}", 3);
    expect_bytes(big, JSON_MAX_BYTES + 13, 65536, want);

    many[0] = '[';
    for (int i = 1; i < JSON_MAX_TOKENS + 8; i += 2) {
        many[i] = '1';
        many[i + 1] = ',';
    }
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    JsonReader *r = json_reader_new(collect, out);
    json_reader_feed(r, many, JSON_MAX_TOKENS + 8);
    g_assert_cmpuint(out->len, >=, 1);
    g_assert_true(g_str_has_prefix(out->pdata[0], "!JSON parse error"));
    json_reader_free(r);
}

static void random_bytes_do_no_harm(void)
{
    static const char alphabet[] = "{}[]:,\"'\\u0d8a1-.e+ntf \n\xff\x01";
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
    JsonReader *r = json_reader_new(collect, out);

    for (int i = 0; i < 200000; i++) {
        char c = alphabet[g_rand_int_range(rand, 0, sizeof(alphabet) - 1)];

        json_reader_feed(r, &c, 1);
    }
    json_reader_free(r);
}

static void pretty_text_is_indented(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_object *v = NULL;
    static const char in[] = "{\"a\":[1,{}],\"b\":\"x\"}";

    g_assert_true(json_parse(in, strlen(in), &v, &error_abort));
    json_write(text, v, true);
    g_assert_cmpstr(text->str, ==,
                    "{\n    \"a\": [\n        1,\n        {\n        }\n    ],\n"
                    "    \"b\": \"x\"\n}");
    json_object_put(v);
}

static void static_text_is_not_quoted(void)
{
    struct json_object *v = json_new_static_text("[{\"a\": 1}]");
    g_autofree char *text = json_to_text(v);

    g_assert_cmpstr(text, ==, "[{\"a\": 1}]");
    json_object_put(v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qapi/json/values-come-as-they-are-completed",
                    values_come_as_they_are_completed);
    g_test_add_func("/qapi/json/strings-are-unicode", strings_are_unicode);
    g_test_add_func("/qapi/json/garbage-costs-itself-only", garbage_costs_itself_only);
    g_test_add_func("/qapi/json/depth-is-bounded", depth_is_bounded);
    g_test_add_func("/qapi/json/size-and-tokens-are-bounded",
                    size_and_tokens_are_bounded);
    g_test_add_func("/qapi/json/random-bytes-do-no-harm", random_bytes_do_no_harm);
    g_test_add_func("/qapi/json/pretty-text-is-indented", pretty_text_is_indented);
    g_test_add_func("/qapi/json/static-text-is-not-quoted", static_text_is_not_quoted);
    return g_test_run();
}
