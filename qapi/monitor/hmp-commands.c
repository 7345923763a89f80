/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HMP commands that belong to no other module. */
#include "monitor-internal.h"
#include "qapi/command.h"
#include "qapi/hmp.h"
#include "util/log.h"

#include <string.h>

/* Run the QMP command of the row with the arguments as they are. */
static void pass_on(HmpOut *out, const char *name, HmpArgs *args)
{
    hmp_do_qmp(out, name, json_object_get(hmp_args_json(args)));
}

/* --- help ------------------------------------------------------------------------- */

static void print_help_of(const HmpCommand *cmd, void *opaque)
{
    hmp_print_help_line(opaque, cmd);
}

static void print_log_items(HmpOut *out)
{
    hmp_puts(out, "Log items (comma separated):\n");
    hmp_printf(out, "%-15s %s\n", "none", "remove all logs");
    for (const LogItem *item = log_items; item->name; item++) {
        hmp_printf(out, "%-15s %s\n", item->name, item->help);
    }
}

static void hmp_help(HmpOut *out, HmpArgs *args)
{
    const char *name = hmp_arg_str(args, "name");
    const HmpCommand *cmd;
    bool is_info;

    if (!name) {
        hmp_command_foreach(false, print_help_of, out);
        return;
    }
    if (!strcmp(name, "log")) {
        print_log_items(out);
        return;
    }
    if (!strcmp(name, "info")) {
        hmp_command_foreach(true, print_help_of, out);
        return;
    }
    is_info = g_str_has_prefix(name, "info ");
    if (is_info) {
        name += strlen("info ");
        name += strspn(name, " ");
    }
    cmd = hmp_command_find(name, strlen(name), is_info);
    if (cmd) {
        hmp_print_help_line(out, cmd);
    } else {
        hmp_printf(out, "unknown command: '%s%s'\n", is_info ? "info " : "", name);
    }
}
HMP_COMMAND("help|?", "name:S?", "[cmd]", "show the help", hmp_help);

/* The lines are dispatched before rows are looked at: this one is for the list. */
static void hmp_info(HmpOut *out, HmpArgs *args)
{
    hmp_command_foreach(true, print_help_of, out);
}
HMP_COMMAND("info", "item:s?", "[subcommand]",
            "show various information about the system state", hmp_info);

/* --- Run state -------------------------------------------------------------------- */

static void hmp_quit(HmpOut *out, HmpArgs *args)
{
    pass_on(out, "quit", args);
}
HMP_COMMAND("quit|q", "", "", "quit the emulator", hmp_quit);

static void hmp_stop(HmpOut *out, HmpArgs *args)
{
    pass_on(out, "stop", args);
}
HMP_COMMAND("stop|s", "", "", "stop emulation", hmp_stop);

static void hmp_cont(HmpOut *out, HmpArgs *args)
{
    pass_on(out, "cont", args);
}
HMP_COMMAND("cont|c", "", "", "resume emulation", hmp_cont);

static void hmp_system_reset(HmpOut *out, HmpArgs *args)
{
    pass_on(out, "system_reset", args);
}
HMP_COMMAND("system_reset", "", "", "reset the system", hmp_system_reset);

static void hmp_system_powerdown(HmpOut *out, HmpArgs *args)
{
    pass_on(out, "system_powerdown", args);
}
HMP_COMMAND("system_powerdown", "", "", "send system power down event",
            hmp_system_powerdown);

static void hmp_system_wakeup(HmpOut *out, HmpArgs *args)
{
    pass_on(out, "system_wakeup", args);
}
HMP_COMMAND("system_wakeup", "", "", "wakeup guest from suspend", hmp_system_wakeup);

static void hmp_balloon(HmpOut *out, HmpArgs *args)
{
    pass_on(out, "balloon", args);
}
HMP_COMMAND("balloon", "value:M", "target",
            "request VM to change its memory allocation (in MB)", hmp_balloon);

static void hmp_getfd(HmpOut *out, HmpArgs *args)
{
    pass_on(out, "getfd", args);
}
HMP_COMMAND("getfd", "fdname:s", "getfd name",
            "receive a file descriptor via SCM rights and assign it a name", hmp_getfd);

static void hmp_closefd(HmpOut *out, HmpArgs *args)
{
    pass_on(out, "closefd", args);
}
HMP_COMMAND("closefd", "fdname:s", "closefd name",
            "close a file descriptor previously passed via SCM rights", hmp_closefd);

/* --- Log -------------------------------------------------------------------------- */

static void hmp_log(HmpOut *out, HmpArgs *args)
{
    const char *items = hmp_arg_str(args, "items");
    uint32_t mask = 0;

    if (strcmp(items, "none") && !log_parse_items(items, &mask, NULL)) {
        print_log_items(out);
        return;
    }
    log_set_mask(mask);
}
HMP_COMMAND("log", "items:s", "item1[,...]", "activate logging of the specified items",
            hmp_log);

static void hmp_logfile(HmpOut *out, HmpArgs *args)
{
    Error *err = NULL;

    if (!log_set_file(hmp_arg_str(args, "filename"), &err)) {
        hmp_printf(out, "%s\n", error_get_message(err));
        error_free(err);
    }
}
HMP_COMMAND("logfile", "filename:F", "filename", "output logs to 'filename'",
            hmp_logfile);

/* --- Numbers ---------------------------------------------------------------------- */

static void print_char(HmpOut *out, int c)
{
    switch (c) {
    case '\'':
        hmp_puts(out, "'\\''");
        break;
    case '\\':
        hmp_puts(out, "'\\\\'");
        break;
    case '\n':
        hmp_puts(out, "'\\n'");
        break;
    case '\r':
        hmp_puts(out, "'\\r'");
        break;
    default:
        hmp_printf(out, c >= 32 && c <= 126 ? "'%c'" : "'\\x%02x'", c & 0xff);
    }
}

static void hmp_print(HmpOut *out, HmpArgs *args)
{
    HmpFormat f = hmp_arg_format(args, 'x', 8);
    uint64_t v = (uint64_t)hmp_arg_int(args, "val", 0);

    switch (f.format) {
    case 'o':
        hmp_printf(out, "%#" PRIo64, v);
        break;
    case 'd':
        hmp_printf(out, "%" PRId64, (int64_t)v);
        break;
    case 'u':
        hmp_printf(out, "%" PRIu64, v);
        break;
    case 'c':
        print_char(out, (int)(v & 0xff));
        break;
    default:
        hmp_printf(out, "%#" PRIx64, v);
    }
    hmp_puts(out, "\n");
}
HMP_COMMAND("print|p", "fmt:/,val:l", "/fmt expr",
            "print expression value (use $reg for CPU register access)", hmp_print);

/* --- info ------------------------------------------------------------------------- */

static void hmp_info_version(HmpOut *out, HmpArgs *args)
{
    struct json_object *v = hmp_run_qmp(out, "query-version", NULL);
    struct json_object *triple = qmp_arg(v, "qemu");

    hmp_printf(out, "%d.%d.%d (%s)\n", (int)qmp_arg_int(triple, "major", 0),
               (int)qmp_arg_int(triple, "minor", 0),
               (int)qmp_arg_int(triple, "micro", 0), qmp_arg_str(v, "package"));
    json_object_put(v);
}
HMP_INFO("version", "", "", "show the version of QEMU", hmp_info_version);

static void hmp_info_status(HmpOut *out, HmpArgs *args)
{
    struct json_object *v = hmp_run_qmp(out, "query-status", NULL);
    const char *status = qmp_arg_str(v, "status");
    bool running = qmp_arg_bool(v, "running", false);

    hmp_printf(out, "VM status: %s", running ? "running" : "paused");
    if (!running && strcmp(status, "paused")) {
        hmp_printf(out, " (%s)", status);
    }
    hmp_puts(out, "\n");
    json_object_put(v);
}
HMP_INFO("status", "", "", "show the current VM status (running|paused)",
         hmp_info_status);

static void hmp_info_name(HmpOut *out, HmpArgs *args)
{
    struct json_object *v = hmp_run_qmp(out, "query-name", NULL);

    if (qmp_arg_has(v, "name")) {
        hmp_printf(out, "%s\n", qmp_arg_str(v, "name"));
    }
    json_object_put(v);
}
HMP_INFO("name", "", "", "show the current VM name", hmp_info_name);

static void hmp_info_uuid(HmpOut *out, HmpArgs *args)
{
    struct json_object *v = hmp_run_qmp(out, "query-uuid", NULL);

    hmp_printf(out, "%s\n", qmp_arg_str(v, "UUID"));
    json_object_put(v);
}
HMP_INFO("uuid", "", "", "show the current VM UUID", hmp_info_uuid);

static void hmp_info_kvm(HmpOut *out, HmpArgs *args)
{
    struct json_object *v = hmp_run_qmp(out, "query-kvm", NULL);

    hmp_printf(out, "kvm support: %s\n",
               !qmp_arg_bool(v, "present", false)  ? "not compiled"
               : qmp_arg_bool(v, "enabled", false) ? "enabled"
                                                   : "disabled");
    json_object_put(v);
}
HMP_INFO("kvm", "", "", "show KVM information", hmp_info_kvm);

static void hmp_info_balloon(HmpOut *out, HmpArgs *args)
{
    struct json_object *v = hmp_run_qmp(out, "query-balloon", NULL);

    if (v) {
        hmp_printf(out, "balloon: actual=%" PRId64 "\n",
                   qmp_arg_int(v, "actual", 0) >> 20);
        json_object_put(v);
    }
}
HMP_INFO("balloon", "", "", "show balloon information", hmp_info_balloon);

static void hmp_info_iothreads(HmpOut *out, HmpArgs *args)
{
    json_object_put(hmp_run_qmp(out, "query-iothreads", NULL));
}
HMP_INFO("iothreads", "", "", "show iothreads", hmp_info_iothreads);

static void hmp_info_tpm(HmpOut *out, HmpArgs *args)
{
    hmp_puts(out, "No TPM device is available\n");
}
HMP_INFO("tpm", "", "", "show the TPM device", hmp_info_tpm);

static void hmp_info_migrate(HmpOut *out, HmpArgs *args)
{
    json_object_put(hmp_run_qmp(out, "query-migrate", NULL));
}
HMP_INFO("migrate", "", "", "show migration status", hmp_info_migrate);
