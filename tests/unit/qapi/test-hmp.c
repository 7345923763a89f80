/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/hmp.h"

#include "qapi/json.h"
#include "qapi/monitor/readline.h"

#include <glib.h>
#include <string.h>

/* A command that shows what it was given. */
static void hmp_test_args(HmpOut *out, HmpArgs *args)
{
    g_autofree char *text = json_to_text(hmp_args_json(args));
    HmpFormat f = hmp_arg_format(args, 'x', 4);

    hmp_printf(out, "%s %d%c%d\n", text, f.count, f.format, f.size);
}
HMP_COMMAND("test-args|ta", "fmt:/,f:-f,d:-d,n:-ns,a:s,v:l,o:i?,s:s?", "...", "a test",
            hmp_test_args);

static void hmp_test_rest(HmpOut *out, HmpArgs *args)
{
    hmp_printf(out, "<%s>\n", hmp_arg_str(args, "rest"));
}
HMP_COMMAND("test-rest", "on:b,rest:S", "...", "a test", hmp_test_rest);

static void hmp_info_test(HmpOut *out, HmpArgs *args)
{
    hmp_puts(out, "info\n");
}
HMP_INFO("test-info", "", "", "a test", hmp_info_test);

static bool lookup(int cpu_index, const char *name, uint64_t *value)
{
    *value = 0x1234;
    return !strcmp(name, "pc");
}

static void expect(const char *line, const char *want)
{
    HmpOut out;
    int cpu = 0;

    hmp_out_init(&out);
    hmp_run_line(&out, line, &cpu);
    g_assert_cmpstr(out.text->str, ==, want);
    hmp_out_destroy(&out);
}

static void arguments_are_split_by_kind(void)
{
    expect("test-args x 1", "{\"a\": \"x\", \"v\": 1} 1x4\n");
    expect("ta/3dh x 1+2*3 5 y",
           "{\"a\": \"x\", \"v\": 7, \"o\": 5, \"s\": \"y\"} 3d2\n");
    expect("ta /xg -d -f \"a \\\"b\" 0x10",
           "{\"d\": true, \"f\": true, \"a\": \"a \\\"b\", \"v\": 16} 1x8\n");
    expect("ta -n five x 1", "{\"n\": \"five\", \"a\": \"x\", \"v\": 1} 1x4\n");
    expect("test-rest on  a b  c ", "<a b  c>\n");
    expect("  info   test-info ", "info\n");
    expect("", "");
}

#define HINT "Try \"help ta\" for more information\n"

static void what_is_wrong_is_said(void)
{
    expect("ta", "test-args|ta: string expected\n" HINT);
    expect("ta x", "unexpected end of expression\n" HINT);
    expect("ta x 1 2 y z",
           "test-args|ta: extraneous characters at the end of line\n" HINT);
    expect("ta -z x 1", "test-args|ta: unsupported option -z\n" HINT);
    expect("ta -f -f x 1", "test-args|ta: unsupported option -f\n" HINT);
    expect("ta/q x 1", "invalid char in format: 'q'\n" HINT);
    expect("ta x 1 0x100000000",
           "'test-args|ta' has failed: integer is for 32-bit values\n" HINT);
    expect("test-rest maybe x", "Expected 'on' or 'off'\n"
                                "Try \"help test-rest\" for more information\n");
    expect("info test-info x", "test-info: extraneous characters at the end of line\n"
                               "Try \"help info test-info\" for more information\n");
    expect("nosuch", "unknown command: 'nosuch'\n");
    expect("info nosuch", "unknown command: 'info nosuch'\n");
}

static void expect_value(const char *text, int64_t want)
{
    int64_t v = 0;

    g_assert_true(hmp_parse_expr(&text, 0, &v, &error_abort));
    g_assert_cmpint(v, ==, want);
    g_assert_cmpstr(text, ==, "");
}

static void expect_bad(const char *text, const char *want)
{
    g_autoptr(Error) err = NULL;
    int64_t v;

    g_assert_false(hmp_parse_expr(&text, 0, &v, &err));
    g_assert_cmpstr(error_get_message(err), ==, want);
}

static void expressions_are_computed(void)
{
    g_autofree char *deep = g_strnfill(5000, '(');

    hmp_set_register_fn(lookup);
    expect_value("1+2*3", 7);
    expect_value("(1+2)*3", 9);
    expect_value("1&3+4", 5);
    expect_value("2*3|8", 14);
    expect_value("-1", -1);
    expect_value("~0", -1);
    expect_value("0x7fffffffffffffff + 1", INT64_MIN);
    expect_value("10%4", 2);
    expect_value("'a'", 97);
    expect_value("$pc+1", 0x1235);
    expect_bad("1/0", "division by zero");
    expect_bad("1+", "unexpected end of expression");
    expect_bad("(1", "')' expected");
    expect_bad("$nosuch", "unknown register");
    expect_bad("x", "invalid char 'x' in expression");
    expect_bad("0xfffffffffffffffff", "number too large");
    expect_bad(deep, "expression nested too deep");
}

static void help_shows_names_and_parameters(void)
{
    expect("help ta", "test-args|ta ... -- a test\n");
    expect("help info test-info", "info test-info  -- a test\n");
    expect("help nosuch", "unknown command: 'nosuch'\n");
}

/* --- Line editing ------------------------------------------------------------------
 */

typedef struct Term {
    Readline *rl;
    GString *out;
    char *line; /* the last one completed */
} Term;

static void on_line(void *opaque, const char *line)
{
    Term *t = opaque;

    g_free(t->line);
    t->line = g_strdup(line);
    readline_start(t->rl, "> ");
}

static void on_write(void *opaque, const char *text, size_t len)
{
    g_string_append_len(((Term *)opaque)->out, text, (gssize)len);
}

static void type(Term *t, const char *keys, const char *want_line)
{
    for (; *keys; keys++) {
        readline_byte(t->rl, (uint8_t)*keys);
    }
    g_assert_cmpstr(t->line, ==, want_line);
}

static void lines_are_edited(void)
{
    Term t = { .out = g_string_new(NULL) };

    t.rl = readline_new(on_line, on_write, &t);
    readline_start(t.rl, "> ");
    type(&t, "abc\r", "abc");
    type(&t, "abd\177c\r", "abc");
    type(&t, "bc\001a\005d\n", "abcd");
    type(&t, "ac\033[Db\r", "abc");
    type(&t, "abxc\033[D\177\r", "abc");
    type(&t, "one two\027three\r", "one three");
    type(&t, "junk\025x\r", "x");
    type(&t, "abcd\002\002\013\031\031\r", "abcdcd");
    type(&t, "abc\001\004\r", "bc");
    type(&t, "abc\033[1~\033[3~\r", "bc");
    readline_free(t.rl);
    g_string_free(t.out, TRUE);
    g_free(t.line);
}

static void history_is_walked(void)
{
    Term t = { .out = g_string_new(NULL) };

    t.rl = readline_new(on_line, on_write, &t);
    readline_start(t.rl, "> ");
    type(&t, "first\r", "first");
    type(&t, "second\r", "second");
    type(&t, "\033[A\033[A\r", "first");
    type(&t, "\020\020\016\r", "first"); /* it is the newest now */
    type(&t, "dra\033[A\033[Bft\r", "draft");
    g_assert_cmpstr(readline_history(t.rl, 0), ==, "second");
    g_assert_cmpstr(readline_history(t.rl, 2), ==, "draft");
    g_assert_null(readline_history(t.rl, 3));
    readline_free(t.rl);
    g_string_free(t.out, TRUE);
    g_free(t.line);
}

static void tab_completes(void)
{
    Term t = { .out = g_string_new(NULL) };

    t.rl = readline_new(on_line, on_write, &t);
    readline_start(t.rl, "> ");
    type(&t, "test-r\tx\r", "test-rest x");
    type(&t, "info test-i\t\r", "info test-info ");
    type(&t, "help test-a\t\r", "help test-args ");
    g_string_truncate(t.out, 0);
    type(&t, "test-\t\tr\t\r", "test-rest ");
    g_assert_nonnull(strstr(t.out->str, "test-args"));
    readline_free(t.rl);
    g_string_free(t.out, TRUE);
    g_free(t.line);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qapi/hmp/arguments-are-split-by-kind",
                    arguments_are_split_by_kind);
    g_test_add_func("/qapi/hmp/what-is-wrong-is-said", what_is_wrong_is_said);
    g_test_add_func("/qapi/hmp/expressions-are-computed", expressions_are_computed);
    g_test_add_func("/qapi/hmp/help-shows-names-and-parameters",
                    help_shows_names_and_parameters);
    g_test_add_func("/qapi/monitor/readline/lines-are-edited", lines_are_edited);
    g_test_add_func("/qapi/monitor/readline/history-is-walked", history_is_walked);
    g_test_add_func("/qapi/monitor/readline/tab-completes", tab_completes);
    return g_test_run();
}
