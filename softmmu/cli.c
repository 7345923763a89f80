/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the command line to a running machine. Options are parsed in order into a Cli;
 * what depends on other options (devices, objects, the machine) is collected and
 * carried out afterwards by start.c in a fixed order. Errors of a single option are
 * prefixed by it.
 */
#include "softmmu/cli.h"
#include "accel/qtest.h"
#include "accel/tcg/icount.h"
#include "qapi/value.h"
#include "softmmu/block.h"
#include "softmmu/cli-internal.h"
#include "softmmu/net.h"
#include "softmmu/runstate.h"
#include "util/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Small helpers ---------------------------------------------------------------- */

bool opt_replace(char **place, const char *arg)
{
    g_free(*place);
    *place = g_strdup(arg);
    return true;
}

void opt_remember(GPtrArray *list, const char *option, const char *arg)
{
    LateOption *o = g_new0(LateOption, 1);

    o->text = g_strdup(arg);
    o->location = g_strdup_printf("-%s %s", option, arg);
    g_ptr_array_add(list, o);
}

bool opt_only_keys(struct json_object *opts, const char *const *known, Error **errp)
{
    json_object_object_foreach(opts, key, value)
    {
        (void)value;
        if (!g_strv_contains(known, key)) {
            return error_set(errp, "Invalid parameter '%s'", key);
        }
    }
    return true;
}

/* A member as a boolean; @def when absent. */
bool opt_bool(struct json_object *opts, const char *key, bool def, bool *out,
              Error **errp)
{
    struct json_object *v;

    if (!json_object_object_get_ex(opts, key, &v)) {
        *out = def;
        return true;
    }
    return value_get_bool(v, key, out, errp);
}

bool opt_number(struct json_object *opts, const char *key, uint64_t def, uint64_t *out,
                Error **errp)
{
    struct json_object *v;

    if (!json_object_object_get_ex(opts, key, &v)) {
        *out = def;
        return true;
    }
    return value_get_uint64(v, key, out, errp);
}

/* Merge @from into @into, later values winning. */
void opt_merge(struct json_object *into, struct json_object *from)
{
    json_object_object_foreach(from, key, value)
    {
        json_object_object_add(into, key, json_object_get(value));
    }
}

/* --- Help ------------------------------------------------------------------------- */

bool cli_help(Cli *cli, const char *arg, Error **errp)
{
    options_print_help();
    cli->finished = true;
    return true;
}

bool cli_version(Cli *cli, const char *arg, Error **errp)
{
    printf(
        "strata version %s (speaks the interfaces of QEMU emulator version 7.2.22)\n",
        STRATA_VERSION);
    cli->finished = true;
    return true;
}

/* --- Running ---------------------------------------------------------------------- */

bool cli_stopped(Cli *cli, const char *arg, Error **errp)
{
    cli->start_stopped = true;
    return true;
}

bool cli_preconfig(Cli *cli, const char *arg, Error **errp)
{
    return error_set(errp,
                     "the state before machine creation (preconfig) is not built");
}

bool cli_no_reboot(Cli *cli, const char *arg, Error **errp)
{
    reboot_action = REBOOT_ACTION_SHUTDOWN;
    return true;
}

bool cli_no_shutdown(Cli *cli, const char *arg, Error **errp)
{
    shutdown_action = SHUTDOWN_ACTION_PAUSE;
    return true;
}

bool cli_action(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "reboot", "shutdown", "panic", "watchdog",
                                         NULL };
    static const char *const reboots[] = { "reset", "shutdown", NULL };
    static const char *const shutdowns[] = { "poweroff", "pause", NULL };
    static const char *const panics[] = { "pause", "shutdown", "exit-failure", "none",
                                          NULL };
    g_autojson opts = keyval_parse(arg, NULL, errp);
    struct json_object *v;
    int choice;

    if (!opts || !opt_only_keys(opts, known, errp)) {
        return false;
    }
    if (json_object_object_get_ex(opts, "reboot", &v)) {
        if (!value_get_enum(v, "reboot", reboots, &choice, errp)) {
            return false;
        }
        reboot_action = (RebootAction)choice;
    }
    if (json_object_object_get_ex(opts, "shutdown", &v)) {
        if (!value_get_enum(v, "shutdown", shutdowns, &choice, errp)) {
            return false;
        }
        shutdown_action = (ShutdownAction)choice;
    }
    if (json_object_object_get_ex(opts, "panic", &v)) {
        if (!value_get_enum(v, "panic", panics, &choice, errp)) {
            return false;
        }
        panic_action = (PanicAction)choice;
    }
    return true;
}

bool cli_watchdog_action(Cli *cli, const char *arg, Error **errp)
{
    return true;
}

bool cli_incoming(Cli *cli, const char *arg, Error **errp)
{
    return error_set(errp, "migration is not built");
}

bool cli_icount(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "shift", "sleep", "align", NULL };
    g_autojson opts = keyval_or_json_parse(arg, "shift", errp);
    TcgIcount o = { .on = true };
    struct json_object *v;
    const char *shift = "auto";
    bool align;

    if (!opts || !opt_only_keys(opts, known, errp) ||
        !opt_bool(opts, "sleep", true, &o.sleep, errp) ||
        !opt_bool(opts, "align", false, &align, errp)) {
        return false;
    }
    if (json_object_object_get_ex(opts, "shift", &v)) {
        shift = json_object_get_string(v);
    }
    o.adaptive = !strcmp(shift, "auto");
    if (!o.adaptive) {
        guint64 n;

        if (!g_ascii_string_to_unsigned(shift, 10, 0, ICOUNT_SHIFT_MAX, &n, NULL)) {
            return error_set(errp, "icount: Invalid shift value");
        }
        o.shift = (unsigned)n;
    }
    if (align && !o.sleep) {
        return error_set(errp, "align=on and sleep=off are incompatible");
    }
    if (align) {
        return error_set(errp, "align=on is not built");
    }
    tcg_icount_set(&o);
    return true;
}

bool cli_echr(Cli *cli, const char *arg, Error **errp)
{
    char *end;
    long code = strtol(arg, &end, 0);

    if (!*arg || *end || code < 1 || code > 255) {
        return error_set(errp, "'%s' is no character code from 1 to 255", arg);
    }
    chardev_set_mux_escape((int)code);
    return true;
}

bool cli_qtest(Cli *cli, const char *arg, Error **errp)
{
    return opt_replace(&cli->qtest, arg);
}

bool cli_qtest_log(Cli *cli, const char *arg, Error **errp)
{
    return opt_replace(&cli->qtest_log, arg);
}

/* --- Log -------------------------------------------------------------------------- */

bool cli_log(Cli *cli, const char *arg, Error **errp)
{
    uint32_t mask;

    if (!strcmp(arg, "help")) {
        printf("Log items (comma separated):\n");
        for (const LogItem *item = log_items; item->name; item++) {
            printf("%-15s %s\n", item->name, item->help);
        }
        cli->finished = true;
        return true;
    }
    if (!log_parse_items(arg, &mask, errp)) {
        return false;
    }
    log_set_mask(mask);
    return true;
}

bool cli_logfile(Cli *cli, const char *arg, Error **errp)
{
    return log_set_file(arg, errp);
}

bool cli_dfilter(Cli *cli, const char *arg, Error **errp)
{
    return log_set_filter(arg, errp);
}

bool cli_msg(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "timestamp", "guest-name", NULL };
    g_autojson opts = opts_parse(arg, NULL, errp);
    bool timestamp, guest_name;

    if (!opts || !opt_only_keys(opts, known, errp) ||
        !opt_bool(opts, "timestamp", false, &timestamp, errp) ||
        !opt_bool(opts, "guest-name", false, &guest_name, errp)) {
        return false;
    }
    error_set_timestamps(timestamp);
    return true;
}

/* --- The process ------------------------------------------------------------------ */

bool cli_nodefaults(Cli *cli, const char *arg, Error **errp)
{
    cli->nodefaults = true;
    return true;
}

bool cli_no_user_config(Cli *cli, const char *arg, Error **errp)
{
    return true;
}

bool cli_pidfile(Cli *cli, const char *arg, Error **errp)
{
    return opt_replace(&cli->pidfile, arg);
}

bool cli_daemonize(Cli *cli, const char *arg, Error **errp)
{
    cli->daemonize = true;
    return true;
}

bool cli_sandbox(Cli *cli, const char *arg, Error **errp)
{
    g_autojson opts = opts_parse(arg, "enable", errp);
    bool enable;

    if (!opts || !opt_bool(opts, "enable", false, &enable, errp)) {
        return false;
    }
    return !enable || error_set(errp, "the seccomp filter is not built");
}

bool cli_run_with(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "async-teardown", NULL };
    g_autojson opts = opts_parse(arg, NULL, errp);
    bool async;

    if (!opts || !opt_only_keys(opts, known, errp) ||
        !opt_bool(opts, "async-teardown", false, &async, errp)) {
        return false;
    }
    return !async || error_set(errp, "asynchronous tear-down is not built");
}

bool cli_add_fd(Cli *cli, const char *arg, Error **errp)
{
    return process_add_fd(arg, errp);
}

/* One line of a -readconfig file's group becomes one option. */
static bool apply_group(Cli *cli, const char *group, const char *id, GString *items,
                        Error **errp)
{
    g_autofree char *arg = NULL;

    if (!*group) {
        return true;
    }
    if (id) {
        g_autofree char *with_id =
            g_strdup_printf("%sid=%s", items->len ? "," : "", id);
        g_string_append(items, with_id);
    }
    arg = g_strdup(items->str);
    if (!strcmp(group, "memory")) {
        group = "m";
    } else if (!strcmp(group, "smp-opts")) {
        group = "smp";
    } else if (!strcmp(group, "boot-opts")) {
        group = "boot";
    }
    return cli_apply(cli, group, arg, errp);
}

bool cli_readconfig(Cli *cli, const char *arg, Error **errp)
{
    g_autofree char *text = NULL;
    g_autofree char *group = g_strdup("");
    g_autofree char *id = NULL;
    g_autoptr(GString) items = g_string_new(NULL);

    if (!g_file_get_contents(arg, &text, NULL, NULL)) {
        return error_set_errno(errp, errno, "Could not open '%s'", arg);
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (int n = 0; lines[n]; n++) {
        char *line = g_strstrip(lines[n]);
        char name[64], label[64], key[64];
        int end = 0;
        if (!*line || *line == '#') {
            continue;
        }
        bool with_id = sscanf(line, "[ %63[^] \"] \"%63[^\"]\" ]", name, label) == 2;
        if (with_id || sscanf(line, "[%63[^]]]", name) == 1) {
            if (!apply_group(cli, group, id, items, errp)) {
                return false;
            }
            opt_replace(&group, name);
            g_clear_pointer(&id, g_free);
            id = with_id ? g_strdup(label) : NULL;
            g_string_truncate(items, 0);
        } else if (sscanf(line, "%63[^ =] = \"%n", key, &end) == 1 && end &&
                   g_str_has_suffix(line, "\"") && *group) {
            g_autofree char *value = g_strndup(line + end, strlen(line) - end - 1);
            g_auto(GStrv) parts = g_strsplit(value, ",", 0);
            g_autofree char *escaped = g_strjoinv(",,", parts);
            g_string_append_printf(items, "%s%s=%s", items->len ? "," : "", key,
                                   escaped);
        } else {
            return error_set(errp, "%s:%d: parse error", arg, n + 1);
        }
    }
    return apply_group(cli, group, id, items, errp);
}

bool cli_apply(Cli *cli, const char *option, const char *arg, Error **errp)
{
    const Option *o = option_find(option);

    if (!o) {
        return error_set(errp, "There is no option group '%s'", option);
    }
    if (o->missing) {
        return error_set(errp, "%s: not built", o->missing);
    }
    return !o->fn || o->fn(cli, arg, errp);
}

/* --- Parsing ---------------------------------------------------------------------- */

static void free_late(gpointer data)
{
    LateOption *o = data;

    if (o->opts) {
        json_object_put(o->opts);
    }
    g_free(o->text);
    g_free(o->location);
    g_free(o);
}

static void cli_init(Cli *cli)
{
    GPtrArray **late[] = { &cli->numa,     &cli->devices,     &cli->objects,
                           &cli->drives,   &cli->netdevs,     &cli->nics,
                           &cli->serials,  &cli->legacy_nets, &cli->parallels,
                           &cli->monitors, &cli->debugcons };

    for (size_t i = 0; i < G_N_ELEMENTS(late); i++) {
        *late[i] = g_ptr_array_new_with_free_func(free_late);
    }
    cli->machine_opts = json_object_new_object();
    cli->boot = json_object_new_object();
    cli->accel_names = g_ptr_array_new_with_free_func(g_free);
    cli->accel_opts = g_ptr_array_new();
    cli->device_ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    cli->object_ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* One argument; *i advances over the option's own argument. */
static bool parse_one(Cli *cli, int argc, char **argv, int *i)
{
    const char *text = argv[*i];
    const char *arg = NULL;
    Error *err = NULL;

    if (*text != '-' || !text[1]) {
        opt_add_drive(cli, "drive", IF_DEFAULT, 0, "disk", text);
        LateOption *o = g_ptr_array_index(cli->drives, cli->drives->len - 1);
        opt_replace(&o->location, text);
        return true;
    }
    const Option *o = option_find(text);
    error_set_location(text);
    if (!o) {
        error_report("invalid option");
        return false;
    }
    if (o->params) {
        if (*i + 1 >= argc) {
            error_report("requires an argument");
            return false;
        }
        arg = argv[++*i];
    }
    g_autofree char *location =
        g_strdup_printf("%s%s%s", text, arg ? " " : "", arg ? arg : "");
    cli->location = location;
    error_set_location(location);
    bool ok;
    if (o->missing) {
        ok = error_set(&err, "%s: not built", o->missing);
    } else {
        ok = !o->fn || o->fn(cli, arg, &err);
    }
    if (!ok) {
        if (cli->unprefixed) {
            error_set_location(NULL);
        }
        error_report_err(err);
    }
    error_set_location(NULL);
    return ok;
}

int cli_main(int argc, char **argv)
{
    static Cli cli; /* lives as long as the program */

    const char *slash = strrchr(argv[0], '/');
    error_set_program_name(slash ? slash + 1 : argv[0]);
    cli.program = argv[0];
    start_early();
    cli_init(&cli);
    for (int i = 1; i < argc; i++) {
        if (!parse_one(&cli, argc, argv, &i)) {
            return EXIT_FAILURE;
        }
        if (cli.finished) {
            return EXIT_SUCCESS;
        }
    }
    return start_machine(&cli);
}
