/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of the human monitor: find the command, split its arguments as its args_type
 * says, call it. What it is that was wrong is said in the words that scripts know, and
 * followed by where to find help.
 */
#include "qapi/hmp.h"

#include "qapi/value.h"

#include <stdlib.h>
#include <string.h>

struct HmpArgs {
    struct json_object *values;
    bool has_format;
    HmpFormat format;
    int *cpu_index;
};

static int *current_cpu;

int hmp_current_cpu(void)
{
    return current_cpu ? *current_cpu : 0;
}

/* --- Rows ------------------------------------------------------------------------- */

extern const HmpCommand *const __start_strata_hmp_commands[] __attribute__((weak));
extern const HmpCommand *const __stop_strata_hmp_commands[] __attribute__((weak));

/* Is @name one of "print|p"? */
static bool name_matches(const char *names, const char *name, size_t len)
{
    for (const char *p = names; p; p = strchr(p, '|')) {
        size_t n;

        p += *p == '|';
        n = strcspn(p, "|");
        if (n == len && !memcmp(p, name, len)) {
            return true;
        }
    }
    return false;
}

const HmpCommand *hmp_command_find(const char *name, size_t len, bool is_info)
{
    for (const HmpCommand *const *row = __start_strata_hmp_commands;
         row < __stop_strata_hmp_commands; row++) {
        if ((*row)->is_info == is_info && name_matches((*row)->name, name, len)) {
            return *row;
        }
    }
    return NULL;
}

static int compare_name(const void *a, const void *b)
{
    return strcmp((*(const HmpCommand *const *)a)->name,
                  (*(const HmpCommand *const *)b)->name);
}

void hmp_command_foreach(bool is_info, HmpCommandVisitFn *fn, void *opaque)
{
    size_t n = (size_t)(__stop_strata_hmp_commands - __start_strata_hmp_commands);
    g_autofree const HmpCommand **rows = g_new(const HmpCommand *, n);

    if (n == 0) {
        return;
    }
    memcpy(rows, __start_strata_hmp_commands, n * sizeof(rows[0]));
    qsort(rows, n, sizeof(rows[0]), compare_name);
    for (size_t i = 0; i < n; i++) {
        if (rows[i]->is_info == is_info) {
            fn(rows[i], opaque);
        }
    }
}

void hmp_print_help_line(HmpOut *out, const HmpCommand *cmd)
{
    hmp_printf(out, "%s%s %s -- %s\n", cmd->is_info ? "info " : "", cmd->name,
               cmd->params, cmd->help);
}

/* --- Arguments -------------------------------------------------------------------- */

/* One "NAME:KIND?" of an args_type. */
typedef struct ArgSpec {
    const char *name;
    size_t name_len;
    const char *kind; /* the letter, or "-x" */
    bool optional;
} ArgSpec;

/* Moves @types behind the spec; false at the end. */
static bool next_spec(const char **types, ArgSpec *spec)
{
    const char *p = *types;
    size_t len = strcspn(p, ",");
    const char *colon = memchr(p, ':', len);

    if (!len || !colon) {
        return false;
    }
    spec->name = p;
    spec->name_len = (size_t)(colon - p);
    spec->kind = colon + 1;
    spec->optional = p[len - 1] == '?';
    *types = p + len + (p[len] == ',');
    return true;
}

typedef struct LineParser {
    const HmpCommand *cmd;
    const char *p;
    HmpArgs *args;
    Error **errp;
} LineParser;

static void skip_space(LineParser *lp)
{
    while (g_ascii_isspace(*lp->p)) {
        lp->p++;
    }
}

static void add_value(LineParser *lp, const ArgSpec *spec, struct json_object *value)
{
    g_autofree char *name = g_strndup(spec->name, spec->name_len);

    json_object_object_add(lp->args->values, name, value);
}

/* A word or a quoted string; NULL and an error when there is none. */
static char *take_word(LineParser *lp, const char *what)
{
    GString *word = g_string_new(NULL);
    bool quoted = *lp->p == '"';

    if (!*lp->p) {
        g_string_free(word, TRUE);
        error_set(lp->errp, "%s: %s expected", lp->cmd->name, what);
        return NULL;
    }
    if (!quoted) {
        size_t n = strcspn(lp->p, " \t\n\r\v\f");

        g_string_append_len(word, lp->p, (gssize)n);
        lp->p += n;
        return g_string_free(word, FALSE);
    }
    for (lp->p++; *lp->p && *lp->p != '"'; lp->p++) {
        char c = *lp->p;

        if (c == '\\' && lp->p[1]) {
            c = *++lp->p;
            c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        g_string_append_c(word, c);
    }
    if (*lp->p != '"') {
        g_string_free(word, TRUE);
        error_set(lp->errp, "%s: %s expected, unterminated string", lp->cmd->name,
                  what);
        return NULL;
    }
    lp->p++;
    return g_string_free(word, FALSE);
}

static bool parse_word(LineParser *lp, const ArgSpec *spec)
{
    const char *what = spec->kind[0] == 'F'   ? "filename"
                       : spec->kind[0] == 'B' ? "block device name"
                                              : "string";
    g_autofree char *word = take_word(lp, what);

    if (!word) {
        return false;
    }
    add_value(lp, spec, json_object_new_string(word));
    return true;
}

/* 'S' and 'O': the rest of the line. */
static bool parse_rest(LineParser *lp, const ArgSpec *spec)
{
    g_autofree char *rest = g_strchomp(g_strdup(lp->p));

    if (!*rest && spec->kind[0] == 'S') {
        return error_set(lp->errp, "%s: string expected", lp->cmd->name);
    }
    add_value(lp, spec, json_object_new_string(rest));
    lp->p += strlen(lp->p);
    return true;
}

static bool parse_int(LineParser *lp, const ArgSpec *spec)
{
    int64_t v;

    if (!hmp_parse_expr(&lp->p, *lp->args->cpu_index, &v, lp->errp)) {
        return false;
    }
    if (spec->kind[0] == 'i' && (uint64_t)v > UINT32_MAX) {
        return error_set(lp->errp, "'%s' has failed: integer is for 32-bit values",
                         lp->cmd->name);
    }
    if (spec->kind[0] == 'M') {
        if (v < 0) {
            return error_set(lp->errp, "enter a positive value");
        }
        v = (int64_t)((uint64_t)v << 20);
    }
    add_value(lp, spec, json_object_new_int64(v));
    return true;
}

static bool parse_size_arg(LineParser *lp, const ArgSpec *spec)
{
    g_autofree char *word = take_word(lp, "size");
    uint64_t v;

    if (!word) {
        return false;
    }
    if (parse_size(word, 1 << 20, &v) != 0) {
        return error_set(lp->errp, "invalid size");
    }
    add_value(lp, spec, json_object_new_int64((int64_t)v));
    return true;
}

static bool parse_time(LineParser *lp, const ArgSpec *spec)
{
    char *end;
    double v = g_ascii_strtod(lp->p, &end);

    if (end == lp->p) {
        return error_set(lp->errp, "invalid time");
    }
    if (g_str_has_prefix(end, "ms") || g_str_has_prefix(end, "us") ||
        g_str_has_prefix(end, "ns")) {
        v /= *end == 'm' ? 1e3 : *end == 'u' ? 1e6 : 1e9;
        end += 2;
    }
    lp->p = end;
    add_value(lp, spec, json_object_new_double(v));
    return true;
}

static bool parse_on_off(LineParser *lp, const ArgSpec *spec)
{
    size_t n = strcspn(lp->p, " \t\n\r");
    bool on = n == 2 && !memcmp(lp->p, "on", 2);

    if (!on && !(n == 3 && !memcmp(lp->p, "off", 3))) {
        return error_set(lp->errp, "Expected 'on' or 'off'");
    }
    lp->p += n;
    add_value(lp, spec, json_object_new_boolean(on));
    return true;
}

static bool parse_format(LineParser *lp)
{
    HmpFormat *f = &lp->args->format;

    skip_space(lp);
    if (*lp->p != '/') {
        return true;
    }
    lp->p++;
    lp->args->has_format = true;
    f->count = 1;
    if (g_ascii_isdigit(*lp->p)) {
        char *end;
        uint64_t count = g_ascii_strtoull(lp->p, &end, 10);

        f->count = (int)MIN(count, (uint64_t)1 << 20);
        lp->p = end;
    }
    for (; *lp->p && !g_ascii_isspace(*lp->p); lp->p++) {
        static const char sizes[] = "bhwg";
        const char *size = strchr(sizes, *lp->p);

        if (strchr("oduxci", *lp->p)) {
            f->format = *lp->p;
        } else if (size) {
            f->size = 1 << (size - sizes);
        } else if (*lp->p == 'L') {
            f->size = 8;
        } else {
            return error_set(lp->errp, "invalid char in format: '%c'", *lp->p);
        }
    }
    return true;
}

static bool parse_one(LineParser *lp, const ArgSpec *spec)
{
    if (spec->kind[0] == '/') {
        return parse_format(lp);
    }
    skip_space(lp);
    if (spec->optional && !*lp->p) {
        return true;
    }
    switch (spec->kind[0]) {
    case 's':
    case 'F':
    case 'B':
        return parse_word(lp, spec);
    case 'S':
    case 'O':
        return parse_rest(lp, spec);
    case 'i':
    case 'l':
    case 'M':
        return parse_int(lp, spec);
    case 'o':
        return parse_size_arg(lp, spec);
    case 'T':
        return parse_time(lp, spec);
    case 'b':
        return parse_on_off(lp, spec);
    }
    g_assert_not_reached(); /* a bad args_type */
}

/*
 * Flags that follow each other in args_type may be typed in any order, each once.
 * @types stands at the first of them and is moved behind the last.
 */
static bool parse_flags(LineParser *lp, const char **types)
{
    const char *first = *types;
    const char *p = first;
    ArgSpec spec;

    while (p = *types, next_spec(&p, &spec) && spec.kind[0] == '-') {
        *types = p;
    }
    for (;;) {
        const char *scan = first;
        bool found = false;

        skip_space(lp);
        if (*lp->p != '-' || !lp->p[1]) {
            return true;
        }
        while (!found && scan < *types && next_spec(&scan, &spec)) {
            g_autofree char *name = g_strndup(spec.name, spec.name_len);

            found = spec.kind[1] == lp->p[1] &&
                    !json_object_object_get_ex(lp->args->values, name, NULL);
        }
        if (!found) {
            return error_set(lp->errp, "%s: unsupported option -%c", lp->cmd->name,
                             lp->p[1]);
        }
        lp->p += 2;
        if (spec.kind[2] == 's') {
            skip_space(lp);
            if (!parse_word(lp, &spec)) {
                return false;
            }
        } else {
            add_value(lp, &spec, json_object_new_boolean(true));
            if (*lp->p && !g_ascii_isspace(*lp->p)) {
                return true; /* "-fd" is refused as too much */
            }
        }
    }
}

static bool parse_args(LineParser *lp)
{
    const char *types = lp->cmd->args_type;
    ArgSpec spec;

    for (;;) {
        const char *next = types;

        if (!next_spec(&next, &spec)) {
            break;
        }
        if (spec.kind[0] == '-') {
            if (!parse_flags(lp, &types)) {
                return false;
            }
            continue;
        }
        types = next;
        if (!parse_one(lp, &spec)) {
            return false;
        }
    }
    skip_space(lp);
    if (*lp->p) {
        return error_set(lp->errp, "%s: extraneous characters at the end of line",
                         lp->cmd->name);
    }
    return true;
}

/* --- Reading arguments ------------------------------------------------------------ */

struct json_object *hmp_args_json(const HmpArgs *args)
{
    return args->values;
}

bool hmp_arg_has(const HmpArgs *args, const char *name)
{
    return qmp_arg_has(args->values, name);
}

bool hmp_arg_flag(const HmpArgs *args, const char *name)
{
    return qmp_arg_bool(args->values, name, false);
}

const char *hmp_arg_str(const HmpArgs *args, const char *name)
{
    return qmp_arg_str(args->values, name);
}

int64_t hmp_arg_int(const HmpArgs *args, const char *name, int64_t def)
{
    return qmp_arg_int(args->values, name, def);
}

HmpFormat hmp_arg_format(const HmpArgs *args, char default_format, int default_size)
{
    HmpFormat f = args->format;

    if (!args->has_format) {
        f.count = 1;
    }
    if (!f.format) {
        f.format = default_format;
    }
    if (!f.size) {
        f.size = default_size;
    }
    return f;
}

int hmp_args_get_cpu(const HmpArgs *args)
{
    return *args->cpu_index;
}

void hmp_args_set_cpu(HmpArgs *args, int cpu_index)
{
    *args->cpu_index = cpu_index;
}

/* --- Running ---------------------------------------------------------------------- */

static void print_help_of(const HmpCommand *cmd, void *opaque)
{
    hmp_print_help_line(opaque, cmd);
}

static void sink(void *opaque, const char *text)
{
    hmp_puts(opaque, text);
}

static size_t name_length(const char *p)
{
    return strcspn(p, " \t\n\r\v\f/");
}

static void run_command(HmpOut *out, const HmpCommand *cmd, const char *typed,
                        int typed_len, const char *rest, int *cpu_index)
{
    Error *err = NULL;
    HmpArgs args = { .values = json_object_new_object(), .cpu_index = cpu_index };
    LineParser lp = { .cmd = cmd, .p = rest, .args = &args, .errp = &err };

    if (parse_args(&lp)) {
        int *outer_cpu = current_cpu;

        current_cpu = cpu_index;
        cmd->fn(out, &args);
        current_cpu = outer_cpu;
    } else {
        hmp_printf(out, "%s\n", error_get_message(err));
        hmp_printf(out, "Try \"help %s%.*s\" for more information\n",
                   cmd->is_info ? "info " : "", typed_len, typed);
        error_free(err);
    }
    json_object_put(args.values);
}

static void run_line(HmpOut *out, const char *line, int *cpu_index)
{
    bool is_info = false;
    const HmpCommand *cmd;
    size_t len;

    line += strspn(line, " \t\n\r\v\f");
    len = name_length(line);
    if (!len) {
        return;
    }
    if (len == 4 && !memcmp(line, "info", 4)) {
        is_info = true;
        line += len;
        line += strspn(line, " \t\n\r\v\f");
        len = name_length(line);
        if (!len) {
            hmp_command_foreach(true, print_help_of, out);
            return;
        }
    }
    cmd = hmp_command_find(line, len, is_info);
    if (!cmd) {
        hmp_printf(out, "unknown command: '%s%.*s'\n", is_info ? "info " : "", (int)len,
                   line);
        return;
    }
    run_command(out, cmd, line, (int)len, line + len, cpu_index);
}

void hmp_run_line(HmpOut *out, const char *line, int *cpu_index)
{
    error_set_thread_sink(sink, out);
    run_line(out, line, cpu_index);
    error_set_thread_sink(NULL, NULL);
}

struct json_object *hmp_run_qmp(HmpOut *out, const char *name,
                                struct json_object *take_args)
{
    struct json_object *ret = NULL;
    Error *err = NULL;

    if (!qmp_run(name, take_args, &ret, &err)) {
        hmp_error(out, err);
        ret = NULL;
    }
    json_object_put(take_args);
    return ret;
}

bool hmp_do_qmp(HmpOut *out, const char *name, struct json_object *take_args)
{
    struct json_object *ret = hmp_run_qmp(out, name, take_args);
    bool ok = ret != NULL;

    json_object_put(ret);
    return ok;
}

/* --- Completion ------------------------------------------------------------------- */

struct HmpCompletion {
    GPtrArray *found;
    const char *typed;
};

void hmp_completion_add(HmpCompletion *c, const char *candidate)
{
    if (g_str_has_prefix(candidate, c->typed)) {
        g_ptr_array_add(c->found, g_strdup(candidate));
    }
}

static void add_names(const HmpCommand *cmd, void *opaque)
{
    g_auto(GStrv) names = g_strsplit(cmd->name, "|", -1);

    for (int i = 0; names[i]; i++) {
        hmp_completion_add(opaque, names[i]);
    }
}

static void complete_file(HmpCompletion *c)
{
    const char *slash = strrchr(c->typed, '/');
    g_autofree char *prefix =
        slash ? g_strndup(c->typed, (gsize)(slash - c->typed) + 1) : g_strdup("");
    g_autoptr(GDir) dir = g_dir_open(*prefix ? prefix : ".", 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_strconcat(prefix, name, NULL);
        g_autofree char *folder = g_strconcat(path, "/", NULL);

        hmp_completion_add(c, g_file_test(path, G_FILE_TEST_IS_DIR) ? folder : path);
    }
}

/* The command's own completion, for word @nr counted from its name; else file names
 * where it takes one. */
static void complete_args(HmpCompletion *c, const char *word, bool is_info, int nr)
{
    const HmpCommand *cmd = hmp_command_find(word, strlen(word), is_info);
    const char *types = cmd ? cmd->args_type : "";
    ArgSpec spec;

    if (cmd && cmd->complete) {
        cmd->complete(c, nr, c->typed);
        return;
    }
    while (next_spec(&types, &spec)) {
        if (spec.kind[0] == 'F') {
            complete_file(c);
            return;
        }
    }
}

static void complete_words(HmpCompletion *c, char **words, int n)
{
    bool help = n > 1 && (!strcmp(words[0], "help") || !strcmp(words[0], "?"));
    int first = help ? 1 : 0;

    if (n == first + 1) {
        hmp_command_foreach(false, add_names, c);
    } else if (!strcmp(words[first], "info")) {
        if (n == first + 2) {
            hmp_command_foreach(true, add_names, c);
        } else if (!help) {
            complete_args(c, words[1], true, n - 1);
        }
    } else if (!help) {
        complete_args(c, words[0], false, n);
    }
}

static gint compare_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **hmp_complete(const char *line, size_t *start)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    HmpCompletion c = { .found = g_ptr_array_new() };
    const char *p = line;

    for (;;) {
        size_t n;

        p += strspn(p, " \t");
        n = strcspn(p, " \t");
        g_ptr_array_add(words, g_strndup(p, n));
        if (!p[n]) {
            *start = (size_t)(p - line);
            break;
        }
        p += n;
    }
    c.typed = words->pdata[words->len - 1];
    complete_words(&c, (char **)words->pdata, (int)words->len);
    g_ptr_array_sort(c.found, compare_text);
    for (guint i = 1; i < c.found->len;) {
        if (!strcmp(c.found->pdata[i - 1], c.found->pdata[i])) {
            g_free(g_ptr_array_remove_index(c.found, i));
        } else {
            i++;
        }
    }
    g_ptr_array_add(c.found, NULL);
    return (char **)g_ptr_array_free(c.found, FALSE);
}
