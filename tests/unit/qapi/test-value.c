/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/value.h"

static void expect_size(const char *text, uint64_t mul, uint64_t want)
{
    uint64_t got = 0;

    g_assert_cmpint(parse_size(text, mul, &got), ==, 0);
    g_assert_cmpuint(got, ==, want);
}

static void test_sizes(void)
{
    uint64_t v;

    expect_size("0", 1, 0);
    expect_size("512", 1 << 20, 512ull << 20);
    expect_size("1.5G", 1 << 20, 1536ull << 20);
    expect_size("100B", 1 << 20, 100);
    expect_size("1k", 1, 1024);
    expect_size("129.5M", 1, 259ull << 19);
    expect_size("0x10", 1, 16);
    expect_size("15E", 1, 15ull << 60);
    const char *bad[] = {
        "", "abc", "-1", "1X", "1Z", "nan", "12 8", "1.5", "1GG", "."
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpint(parse_size(bad[i], 1, &v), ==, -EINVAL);
    }
    g_assert_cmpint(parse_size("99999999999999999999", 1, &v), ==, -ERANGE);
    g_assert_cmpint(parse_size("16E", 1, &v), ==, -ERANGE);
}

static void test_integers(void)
{
    uint64_t u;
    int64_t i;

    g_assert_true(parse_uint64("18446744073709551615", &u) && u == UINT64_MAX);
    g_assert_false(parse_uint64("18446744073709551616", &u));
    g_assert_true(parse_uint64("0xfF", &u) && u == 255);
    g_assert_true(parse_uint64("010", &u) && u == 10);
    g_assert_false(parse_uint64("", &u));
    g_assert_false(parse_uint64("1x", &u));
    g_assert_false(parse_uint64("-1", &u));
    g_assert_true(parse_int64("-9223372036854775808", &i) && i == INT64_MIN);
    g_assert_false(parse_int64("9223372036854775808", &i));
}

static const char *member(struct json_object *d, const char *key)
{
    return value_dict_get_str(d, key);
}

static void test_keyval_nests_and_unescapes(void)
{
    g_autojson d = keyval_parse("pc,a=x,,y,b.c=1,b.d=2", "type", &error_abort);
    struct json_object *b;

    g_assert_cmpstr(member(d, "type"), ==, "pc");
    g_assert_cmpstr(member(d, "a"), ==, "x,y");
    g_assert_true(json_object_object_get_ex(d, "b", &b));
    g_assert_cmpstr(member(b, "c"), ==, "1");
    g_assert_cmpstr(member(b, "d"), ==, "2");
}

static void test_last_of_two_wins(void)
{
    g_autojson d = opts_parse("size=1G,size=2G", NULL, &error_abort);

    g_assert_cmpstr(member(d, "size"), ==, "2G");
}

static void test_error_text_follows_the_dialect(void)
{
    static const struct {
        ValueDialect dialect;
        const char *number, *size, *boolean;
    } rows[] = {
        {VALUE_JSON,    "Invalid parameter type for 'p', expected: integer",
         "Parameter 'p' expects uint64",                                                                   "Invalid parameter type for 'p', expected: boolean"},
        { VALUE_KEYVAL, "Parameter 'p' expects integer",                     "Parameter 'p' expects size",
         "Parameter 'p' expects 'on' or 'off'"                                                                                                                },
        { VALUE_OPTS,   "Parameter 'p' expects a number",
         "Parameter 'p' expects a size value",                                                             "Parameter 'p' expects 'on' or 'off'"              },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autojson v = value_new_str("x", rows[i].dialect);
        g_autoptr(Error) e1 = NULL;
        g_autoptr(Error) e2 = NULL;
        g_autoptr(Error) e3 = NULL;
        uint64_t u = 7;
        bool b = true;
        g_assert_false(value_get_uint64(v, "p", &u, &e1));
        g_assert_false(value_get_size(v, "p", &u, &e2));
        g_assert_false(value_get_bool(v, "p", &b, &e3));
        g_assert_cmpuint(u, ==, 7);
        g_assert_cmpstr(error_get_message(e1), ==, rows[i].number);
        g_assert_cmpstr(error_get_message(e2), ==, rows[i].size);
        g_assert_cmpstr(error_get_message(e3), ==, rows[i].boolean);
    }
}

static void test_bad_keys_are_refused(void)
{
    const char *bad[] = { "=1", "a b=1", "a..b=1", "a=1,a.b=2" };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(Error) err = NULL;
        g_assert_null(keyval_parse(bad[i], NULL, &err));
        g_assert_nonnull(err);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qapi/value/sizes", test_sizes);
    g_test_add_func("/qapi/value/integers", test_integers);
    g_test_add_func("/qapi/keyval/nests-and-unescapes",
                    test_keyval_nests_and_unescapes);
    g_test_add_func("/qapi/keyval/last-of-two-wins", test_last_of_two_wins);
    g_test_add_func("/qapi/keyval/bad-keys-are-refused", test_bad_keys_are_refused);
    g_test_add_func("/qapi/value/error-text-follows-the-dialect",
                    test_error_text_follows_the_dialect);
    return g_test_run();
}
