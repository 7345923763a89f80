/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands about the session, the interface and the run state. */
#include "accel/accel.h"
#include "monitor-internal.h"
#include "qapi/command.h"
#include "qapi/fds.h"
#include "qapi/hmp.h"
#include "qapi/schema.h"
#include "qmp-version.h"
#include "softmmu/runstate.h"

#include <string.h>
#include <unistd.h>

static bool qmp_query_version(struct json_object *args, struct json_object **ret,
                              Error **errp)
{
    *ret = qmp_version_new();
    return true;
}
QMP_COMMAND("query-version", qmp_query_version, QMP_ALLOW_PRECONFIG);

static void add_command(const QmpCommand *cmd, void *opaque)
{
    struct json_object *item = json_object_new_object();

    json_add_str(item, "name", cmd->name);
    json_object_array_add(opaque, item);
}

static bool qmp_query_commands(struct json_object *args, struct json_object **ret,
                               Error **errp)
{
    *ret = json_object_new_array();
    qmp_command_foreach(add_command, *ret);
    return true;
}
QMP_COMMAND("query-commands", qmp_query_commands, QMP_ALLOW_PRECONFIG);

/* Commands that nobody registered are left out: what is listed works. */
static bool qmp_query_qmp_schema(struct json_object *args, struct json_object **ret,
                                 Error **errp)
{
    g_autoptr(GString) text = g_string_new("[");

    for (size_t i = 0; i < schema_n_entities; i++) {
        const SchemaEntity *e = &schema_entities[i];

        if (!e->command || qmp_command_find(e->command)) {
            g_string_append_printf(text, "%s%s", text->len > 1 ? ", " : "", e->text);
        }
    }
    g_string_append_c(text, ']');
    *ret = json_new_static_text(text->str);
    return true;
}
QMP_COMMAND("query-qmp-schema", qmp_query_qmp_schema, QMP_ALLOW_PRECONFIG);

static bool qmp_quit(struct json_object *args, struct json_object **ret, Error **errp)
{
    system_quit_request(SHUTDOWN_CAUSE_HOST_QMP_QUIT);
    return true;
}
QMP_COMMAND("quit", qmp_quit, QMP_ALLOW_PRECONFIG);

static bool qmp_human_monitor_command(struct json_object *args,
                                      struct json_object **ret, Error **errp)
{
    int cpu = (int)qmp_arg_int(args, "cpu-index", 0);
    g_autoptr(GString) text = g_string_new(NULL);
    HmpOut out;

    hmp_out_init(&out);
    hmp_run_line(&out, qmp_arg_str(args, "command-line"), &cpu);
    for (const char *p = out.text->str; *p; p++) {
        if (*p == '\n') {
            g_string_append_c(text, '\r');
        }
        g_string_append_c(text, *p);
    }
    hmp_out_destroy(&out);
    *ret = json_object_new_string_len(text->str, (int)text->len);
    return true;
}
QMP_COMMAND("human-monitor-command", qmp_human_monitor_command, 0);

/* --- Run state -------------------------------------------------------------------- */

static bool qmp_query_status(struct json_object *args, struct json_object **ret,
                             Error **errp)
{
    *ret = json_object_new_object();
    json_add_bool(*ret, "running", runstate_is_running());
    json_add_bool(*ret, "singlestep", false);
    json_add_str(*ret, "status", runstate_name(runstate_get()));
    return true;
}
QMP_COMMAND("query-status", qmp_query_status, QMP_ALLOW_PRECONFIG | QMP_ALLOW_OOB);

static bool qmp_stop(struct json_object *args, struct json_object **ret, Error **errp)
{
    if (runstate_is_running()) {
        vm_stop(RUN_STATE_PAUSED);
    }
    return true;
}
QMP_COMMAND("stop", qmp_stop, 0);

static bool qmp_cont(struct json_object *args, struct json_object **ret, Error **errp)
{
    switch (runstate_get()) {
    case RUN_STATE_SHUTDOWN:
    case RUN_STATE_GUEST_PANICKED:
    case RUN_STATE_INTERNAL_ERROR:
        return error_set(errp, "Resetting the Virtual Machine is required");
    case RUN_STATE_FINISH_MIGRATE:
        return error_set(errp, "Migration is not finalized yet");
    default:
        vm_start();
        return true;
    }
}
QMP_COMMAND("cont", qmp_cont, 0);

static bool qmp_system_reset(struct json_object *args, struct json_object **ret,
                             Error **errp)
{
    system_reset_request(SHUTDOWN_CAUSE_HOST_QMP_SYSTEM_RESET);
    return true;
}
QMP_COMMAND("system_reset", qmp_system_reset, 0);

static bool qmp_system_powerdown(struct json_object *args, struct json_object **ret,
                                 Error **errp)
{
    system_powerdown_request();
    return true;
}
QMP_COMMAND("system_powerdown", qmp_system_powerdown, 0);

static bool qmp_system_wakeup(struct json_object *args, struct json_object **ret,
                              Error **errp)
{
    if (runstate_get() != RUN_STATE_SUSPENDED) {
        return error_set(errp, "Unable to wake up: guest is not in suspended state");
    }
    system_wakeup_request(WAKEUP_REASON_OTHER);
    return true;
}
QMP_COMMAND("system_wakeup", qmp_system_wakeup, 0);

static bool qmp_x_exit_preconfig(struct json_object *args, struct json_object **ret,
                                 Error **errp)
{
    return error_set(errp,
                     "The command is permitted only before machine initialization");
}
QMP_COMMAND("x-exit-preconfig", qmp_x_exit_preconfig, QMP_ALLOW_PRECONFIG);

static bool qmp_set_action(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    const char *reboot = qmp_arg_str(args, "reboot");
    const char *shutdown = qmp_arg_str(args, "shutdown");
    const char *panic = qmp_arg_str(args, "panic");

    if (qmp_arg_has(args, "watchdog")) {
        return error_set(errp, "No watchdog device found");
    }
    if (reboot) {
        reboot_action =
            !strcmp(reboot, "reset") ? REBOOT_ACTION_RESET : REBOOT_ACTION_SHUTDOWN;
    }
    if (shutdown) {
        shutdown_action = !strcmp(shutdown, "poweroff") ? SHUTDOWN_ACTION_POWEROFF
                                                        : SHUTDOWN_ACTION_PAUSE;
    }
    if (panic) {
        panic_action = !strcmp(panic, "pause")      ? PANIC_ACTION_PAUSE
                       : !strcmp(panic, "shutdown") ? PANIC_ACTION_SHUTDOWN
                       : !strcmp(panic, "none")     ? PANIC_ACTION_NONE
                                                    : PANIC_ACTION_EXIT_FAILURE;
    }
    return true;
}
QMP_COMMAND("set-action", qmp_set_action, QMP_ALLOW_PRECONFIG);

/* --- The machine as a whole ------------------------------------------------------- */

static bool qmp_query_name(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    *ret = json_object_new_object();
    if (system_get_name()) {
        json_add_str(*ret, "name", system_get_name());
    }
    return true;
}
QMP_COMMAND("query-name", qmp_query_name, QMP_ALLOW_PRECONFIG | QMP_ALLOW_OOB);

static bool qmp_query_uuid(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    *ret = json_object_new_object();
    json_add_str(*ret, "UUID", system_get_uuid());
    return true;
}
QMP_COMMAND("query-uuid", qmp_query_uuid, QMP_ALLOW_PRECONFIG);

static bool qmp_query_kvm(struct json_object *args, struct json_object **ret,
                          Error **errp)
{
    *ret = json_object_new_object();
    json_add_bool(*ret, "enabled", accel_is("kvm"));
    json_add_bool(*ret, "present", object_class_by_name("kvm-accel") != NULL);
    return true;
}
QMP_COMMAND("query-kvm", qmp_query_kvm, QMP_ALLOW_PRECONFIG);

static bool answer_none(struct json_object *args, struct json_object **ret,
                        Error **errp)
{
    *ret = json_object_new_array();
    return true;
}

static bool qmp_query_iothreads(struct json_object *args, struct json_object **ret,
                                Error **errp)
{
    return answer_none(args, ret, errp);
}
QMP_COMMAND("query-iothreads", qmp_query_iothreads, QMP_ALLOW_PRECONFIG);

static bool qmp_query_yank(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    return answer_none(args, ret, errp);
}
QMP_COMMAND("query-yank", qmp_query_yank, QMP_ALLOW_OOB);

static bool qmp_query_jobs(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    return answer_none(args, ret, errp);
}
QMP_COMMAND("query-jobs", qmp_query_jobs, 0);

static bool qmp_query_tpm(struct json_object *args, struct json_object **ret,
                          Error **errp)
{
    return answer_none(args, ret, errp);
}
QMP_COMMAND("query-tpm", qmp_query_tpm, 0);

static bool qmp_query_tpm_models(struct json_object *args, struct json_object **ret,
                                 Error **errp)
{
    return answer_none(args, ret, errp);
}
QMP_COMMAND("query-tpm-models", qmp_query_tpm_models, 0);

static bool qmp_query_tpm_types(struct json_object *args, struct json_object **ret,
                                Error **errp)
{
    return answer_none(args, ret, errp);
}
QMP_COMMAND("query-tpm-types", qmp_query_tpm_types, 0);

static bool qmp_query_migrate_capabilities(struct json_object *args,
                                           struct json_object **ret, Error **errp)
{
    return answer_none(args, ret, errp);
}
QMP_COMMAND("query-migrate-capabilities", qmp_query_migrate_capabilities, 0);

static bool qmp_migrate_set_capabilities(struct json_object *args,
                                         struct json_object **ret, Error **errp)
{
    return true; /* the schema refuses names that are not listed */
}
QMP_COMMAND("migrate-set-capabilities", qmp_migrate_set_capabilities, 0);

static bool qmp_query_migrate(struct json_object *args, struct json_object **ret,
                              Error **errp)
{
    return true; /* none has been started */
}
QMP_COMMAND("query-migrate", qmp_query_migrate, 0);

static bool no_balloon(Error **errp)
{
    return error_set_class(errp, ERROR_CLASS_DEVICE_NOT_ACTIVE,
                           "No balloon device has been activated");
}

static bool qmp_query_balloon(struct json_object *args, struct json_object **ret,
                              Error **errp)
{
    return no_balloon(errp);
}
QMP_COMMAND("query-balloon", qmp_query_balloon, 0);

static bool qmp_balloon(struct json_object *args, struct json_object **ret,
                        Error **errp)
{
    return no_balloon(errp);
}
QMP_COMMAND("balloon", qmp_balloon, 0);

static bool qmp_query_vm_generation_id(struct json_object *args,
                                       struct json_object **ret, Error **errp)
{
    return error_set(errp, "VM Generation ID device not found");
}
QMP_COMMAND("query-vm-generation-id", qmp_query_vm_generation_id, 0);

/* --- Text for people -------------------------------------------------------------- */

/* The answer of "info WHAT", which the module that knows has registered. */
static bool human_text(const char *what, struct json_object **ret, Error **errp)
{
    g_autofree char *line = g_strdup_printf("info %s", what);
    HmpOut out;
    int cpu = 0;

    if (!hmp_command_find(what, strlen(what), true)) {
        return error_set(errp, "this feature or command is not currently supported");
    }
    hmp_out_init(&out);
    hmp_run_line(&out, line, &cpu);
    *ret = json_object_new_object();
    json_add_str(*ret, "human-readable-text", out.text->str);
    hmp_out_destroy(&out);
    return true;
}

#define HUMAN_TEXT(what)                                                               \
    static bool qmp_x_query_##what(struct json_object *args, struct json_object **ret, \
                                   Error **errp)                                       \
    {                                                                                  \
        return human_text(#what, ret, errp);                                           \
    }                                                                                  \
    QMP_COMMAND("x-query-" #what, qmp_x_query_##what, 0)

HUMAN_TEXT(numa);
HUMAN_TEXT(ramblock);
HUMAN_TEXT(roms);

/* --- Descriptors ------------------------------------------------------------------ */

static int take_sent_fd(Error **errp)
{
    Monitor *mon = monitor_current();
    int fd = mon ? chr_fe_take_fd(&mon->chr) : -1;

    if (fd < 0) {
        error_set(errp, "No file descriptor supplied via SCM_RIGHTS");
    }
    return fd;
}

static bool qmp_getfd(struct json_object *args, struct json_object **ret, Error **errp)
{
    const char *name = qmp_arg_str(args, "fdname");
    int fd = take_sent_fd(errp);

    if (fd < 0) {
        return false;
    }
    if (g_ascii_isdigit(*name)) {
        close(fd);
        return error_set(errp,
                         "Parameter 'fdname' expects a name not starting with a digit");
    }
    named_fd_add(name, fd);
    return true;
}
QMP_COMMAND("getfd", qmp_getfd, 0);

static bool qmp_closefd(struct json_object *args, struct json_object **ret,
                        Error **errp)
{
    return named_fd_close(qmp_arg_str(args, "fdname"), errp);
}
QMP_COMMAND("closefd", qmp_closefd, 0);

static bool qmp_add_fd(struct json_object *args, struct json_object **ret, Error **errp)
{
    int fd = take_sent_fd(errp);

    return fd >= 0 &&
           fdset_add(qmp_arg_int(args, "fdset-id", 0), qmp_arg_has(args, "fdset-id"),
                     fd, qmp_arg_str(args, "opaque"), ret, errp);
}
QMP_COMMAND("add-fd", qmp_add_fd, 0);

static bool qmp_remove_fd(struct json_object *args, struct json_object **ret,
                          Error **errp)
{
    return fdset_remove(qmp_arg_int(args, "fdset-id", 0), qmp_arg_has(args, "fd"),
                        (int)qmp_arg_int(args, "fd", -1), errp);
}
QMP_COMMAND("remove-fd", qmp_remove_fd, 0);

static bool qmp_query_fdsets(struct json_object *args, struct json_object **ret,
                             Error **errp)
{
    *ret = fdset_query();
    return true;
}
QMP_COMMAND("query-fdsets", qmp_query_fdsets, 0);
