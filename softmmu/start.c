/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of the process after the options are parsed, in this order: machine class ->
 * background -> monitors -> machine object and its properties -> objects -> memory size
 * and RAM -> accelerator -> board -> -device -> firmware tables -> reset -> run -> end.
 */
#include "accel/accel.h"
#include "accel/qtest.h"
#include "accel/target/i386/x86-cpu.h"
#include "accel/tcg/icount.h"
#include "accel/vcpu.h"
#include "hw/core/loader.h"
#include "memory/backend.h"
#include "qapi/command.h"
#include "qapi/fds.h"
#include "qapi/monitor.h"
#include "qapi/value.h"
#include "softmmu/cli-internal.h"
#include "softmmu/device-add.h"
#include "softmmu/net.h"
#include "softmmu/runstate.h"
#include "util/bql.h"
#include "util/rcu.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define MAX_MEMORY_SLOTS 256

static Cli *the_cli; /* for system_get_name and -uuid */
static const char *target_name = "x86_64";
static int daemon_pipe = -1; /* the waiting parent's end; closed when ready */

const char *system_get_name(void)
{
    return the_cli ? the_cli->name : NULL;
}

const char *system_get_uuid(void)
{
    return the_cli && the_cli->uuid ? the_cli->uuid
                                    : "00000000-0000-0000-0000-000000000000";
}

const char *system_get_target(void)
{
    return target_name;
}

/* --- Before the options
 * ------------------------------------------------------------------- */

/* Signals come through a descriptor of the main loop; no thread takes them. */
static void block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void start_early(void)
{
    block_signals();
    rcu_register_thread();
    bql_lock();
    container_get(object_get_root(), "/objects");
    container_get(object_get_root(), "/chardevs");
}

/* --- Things that only print
 * ----------------------------------------------------------------- */

void start_print_accelerators(void)
{
    g_autoptr(GSList) list = object_class_get_list(TYPE_ACCEL, false);

    printf("Accelerators supported in this program:\n");
    for (GSList *l = list; l; l = l->next) {
        printf("%s\n", ((AccelClass *)l->data)->name);
    }
}

void start_print_user_creatable(void)
{
    g_autoptr(GSList) list = object_class_get_list(TYPE_USER_CREATABLE, false);

    printf("List of user creatable objects:\n");
    for (GSList *l = list; l; l = l->next) {
        printf("  %s\n", object_class_get_name(l->data));
    }
}

void start_print_machines(const char *target)
{
    g_autoptr(GSList) list = object_class_get_list(TYPE_MACHINE, false);

    printf("Supported machines are:\n");
    for (GSList *l = list; l; l = l->next) {
        MachineClass *mc = MACHINE_CLASS(l->data);
        if (mc->target && strcmp(mc->target, target)) {
            continue;
        }
        if (mc->alias) {
            printf("%-20s %s (alias of %s)\n", mc->alias, mc->desc, mc->name);
        }
        printf("%-20s %s%s\n", mc->name, mc->desc, mc->is_default ? " (default)" : "");
    }
}

static void print_property(const Property *prop, void *opaque)
{
    static const char *const hidden[] = { "realized", "hotplugged", "hotpluggable",
                                          "parent_bus", NULL };
    if (g_strv_contains(hidden, prop->name) || (prop->get && !prop->set)) {
        return;
    }
    const char *type = prop->type == &prop_link     ? prop->link_type
                       : prop->type == &prop_custom ? prop->description
                                                    : prop->type->name;
    g_ptr_array_add(opaque,
                    g_strdup_printf("  %s=<%s>", prop->name, type ? type : "str"));
}

static gint compare_strings(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool start_print_properties(const char *type, bool device, Error **errp)
{
    ObjectClass *klass = object_class_by_name(type);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    if (!klass || (device && !object_class_is_a(klass, TYPE_DEVICE))) {
        return error_set(errp, "'%s' is not a valid %s name", type,
                         device ? "device model" : "object type");
    }
    object_class_property_foreach(klass, print_property, lines);
    g_ptr_array_sort(lines, compare_strings);
    printf("%s options:\n", type);
    for (guint i = 0; i < lines->len; i++) {
        printf("%s\n", (char *)g_ptr_array_index(lines, i));
    }
    return true;
}

void start_print_cpus(const char *target)
{
    g_autofree char *suffix = g_strdup_printf("-%s-cpu", target);
    g_autoptr(GSList) list = object_class_get_list(TYPE_VCPU, false);

    printf("Available CPUs:\n");
    for (GSList *l = list; l; l = l->next) {
        const char *name = object_class_get_name(l->data);
        if (g_str_has_suffix(name, suffix)) {
            printf("  %.*s\n", (int)(strlen(name) - strlen(suffix)), name);
        }
    }
}

void start_print_firmware_dirs(void)
{
    for (const char *const *dir = firmware_search_dirs(); *dir; dir++) {
        printf("%s\n", *dir);
    }
}

void start_add_firmware_dir(const char *dir)
{
    firmware_add_search_dir(dir);
}

bool start_add_fd(const char *arg, Error **errp)
{
    g_autojson opts = opts_parse(arg, NULL, errp);
    g_autojson ret = NULL;
    int64_t fd = -1, set = -1;

    if (!opts) {
        return false;
    }
    json_object_object_foreach(opts, key, value)
    {
        if (!strcmp(key, "fd") ? !value_get_int64(value, key, &fd, errp)
            : !strcmp(key, "set")
                ? !value_get_int64(value, key, &set, errp)
                : strcmp(key, "opaque") &&
                      !error_set(errp, "Invalid parameter '%s'", key)) {
            return false;
        }
    }
    if (fd < 0) {
        return error_set(errp, "fd option is required and must be non-negative");
    }
    if (fd <= STDERR_FILENO) {
        return error_set(errp, "fd cannot be a standard I/O stream");
    }
    /* What we opened ourselves closes on exec. */
    int flags = fd <= INT_MAX ? fcntl((int)fd, F_GETFD) : -1;
    if (flags < 0 || flags & FD_CLOEXEC) {
        return error_set(errp, "fd is not valid or already in use");
    }
    if (set < 0) {
        return error_set(errp, "set option is required and must be non-negative");
    }
    int copy = fcntl((int)fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        return error_set_errno(errp, errno, "cannot duplicate descriptor %d", (int)fd);
    }
    return fdset_add(set, true, copy, value_dict_get_str(opts, "opaque"), &ret, errp);
}

/* --- The machine's class and object
 * ------------------------------------------------------------ */

static const char *guess_target(const char *program)
{
    return g_str_has_suffix(program, "-system-ppc") ? "ppc" : "x86_64";
}

static MachineClass *choose_machine_class(Cli *cli, Error **errp)
{
    const char *type = value_dict_get_str(cli->machine_opts, "type");
    MachineClass *mc;

    if (!type) {
        mc = machine_class_find_default(target_name);
        if (!mc) {
            error_set(errp, "No machine specified, and there is no default");
            error_append_hint(errp, "Use -machine help to list supported machines\n");
        }
        return mc;
    }
    mc = machine_class_find(type, target_name);
    if (!mc) {
        /* One executable for all: another target's machine is fine under a neutral
         * name. */
        g_autofree char *base = g_path_get_basename(cli->program);
        if (!strstr(base, "-system-")) {
            mc = machine_class_find(type, NULL);
        }
    }
    if (!mc) {
        error_set(errp, "unsupported machine type");
        error_append_hint(errp, "Use -machine help to list supported machines\n");
    } else if (mc->target) {
        target_name = mc->target;
    }
    return mc;
}

static Object *machine_hotplug_handler(DeviceState *dev)
{
    Object *machine = object_get_child(object_get_root(), "machine");
    MachineClass *mc = MACHINE_GET_CLASS(machine);

    return mc->get_hotplug_handler ? mc->get_hotplug_handler(MACHINE(machine), dev)
                                   : NULL;
}

static MachineState *make_machine(Cli *cli, MachineClass *mc)
{
    MachineState *ms = MACHINE(object_new_with_class((ObjectClass *)mc));

    object_property_add_child(object_get_root(), "machine", OBJECT(ms));
    object_unref(ms);
    container_get(OBJECT(ms), "peripheral");
    container_get(OBJECT(ms), "peripheral-anon");
    container_get(OBJECT(ms), "unattached");
    device_set_machine_hotplug_handler(machine_hotplug_handler);
    device_register_globals(mc->compat_props, mc->num_compat_props);
    ms->board = &cli->board;
    ms->enable_graphics = !cli->nographic;
    return ms;
}

static bool set_machine_properties(Cli *cli, MachineState *ms, Error **errp)
{
    static const char *const skip[] = { "type",           "accel",          "smp",
                                        "kernel-irqchip", "kernel_irqchip", NULL };
    struct json_object *smp;

    if (json_object_object_get_ex(cli->machine_opts, "smp", &smp) && !cli->smp) {
        cli->smp = json_object_get(smp);
    }
    return object_set_properties(OBJECT(ms), cli->machine_opts, skip, errp);
}

/* --- Objects
 * -------------------------------------------------------------------------------------
 */

bool start_check_object(Cli *cli, const char *type, struct json_object *opts,
                        Error **errp)
{
    const char *id = value_dict_get_str(opts, "id");

    if (id && !id_is_wellformed(id)) {
        error_set(errp, "Parameter 'id' expects an identifier");
        error_append_hint(errp,
                          "Identifiers consist of letters, digits, '-', '.', '_', "
                          "starting with a letter.\n");
        return false;
    }
    if (id && g_hash_table_contains(cli->object_ids, id)) {
        return error_set(errp, "Duplicate ID '%s' for object", id);
    }
    if (!user_creatable_check(type, id, opts, errp)) {
        return false;
    }
    g_hash_table_add(cli->object_ids, g_strdup(id));
    return true;
}

static bool make_objects(Cli *cli, Error **errp)
{
    for (guint i = 0; i < cli->objects->len; i++) {
        LateOption *o = g_ptr_array_index(cli->objects, i);
        if (!user_creatable_add(value_dict_get_str(o->opts, "qom-type"),
                                value_dict_get_str(o->opts, "id"), o->opts, errp)) {
            return false;
        }
    }
    return true;
}

/* --- Memory
 * ----------------------------------------------------------------------------------------
 */

static bool settle_limits(Cli *cli, MachineState *ms, Error **errp)
{
    ms->maxram_size = ms->ram_size;
    if (cli->slots_given && !cli->maxmem_given) {
        return error_set(errp, "slots specified but no max-size");
    }
    if (!cli->maxmem_given) {
        return true;
    }
    if (cli->maxmem < ms->ram_size) {
        return error_set(errp,
                         "invalid value of maxmem: maximum memory size (0x%" PRIx64
                         ") must be at least the initial memory size (0x%" PRIx64 ")",
                         cli->maxmem, ms->ram_size);
    }
    if (cli->slots && cli->maxmem == ms->ram_size) {
        return error_set(
            errp,
            "invalid value of maxmem: memory slots were specified but maximum "
            "memory size (0x%" PRIx64
            ") is equal to the initial memory size (0x%" PRIx64 ")",
            cli->maxmem, ms->ram_size);
    }
    if (cli->slots > MAX_MEMORY_SLOTS) {
        return error_set(errp, "unsupported amount of memory slots: %" PRIu64,
                         cli->slots);
    }
    if (MACHINE_GET_CLASS(ms)->no_memory_slots &&
        (cli->slots || cli->maxmem > ms->ram_size)) {
        return error_set(errp, "\"-memory 'slots|maxmem'\" is not supported by: %s",
                         MACHINE_GET_CLASS(ms)->name);
    }
    ms->maxram_size = cli->maxmem;
    ms->ram_slots = cli->slots;
    return true;
}

static HostMemoryBackend *find_machine_backend(MachineState *ms, Error **errp)
{
    Object *obj =
        object_resolve_path_type(ms->memory_backend_id, TYPE_MEMORY_BACKEND, NULL);

    if (!obj) {
        error_set(errp, "Memory backend '%s' not found", ms->memory_backend_id);
        return NULL;
    }
    return MEMORY_BACKEND(obj);
}

static bool settle_ram_size(Cli *cli, MachineState *ms, Error **errp)
{
    if (cli->ram_size_given) {
        ms->ram_size = cli->ram_size;
    }
    if (ms->memory_backend_id && *ms->memory_backend_id) {
        HostMemoryBackend *backend = find_machine_backend(ms, errp);
        if (!backend) {
            return false;
        }
        uint64_t size = host_memory_backend_get_size(backend);
        if (cli->ram_size_given && size != ms->ram_size) {
            return error_set(errp, "Machine memory size does not match the size of the "
                                   "memory backend");
        }
        ms->ram_size = size;
        ms->ram_backend = OBJECT(backend);
    }
    return settle_limits(cli, ms, errp);
}

static bool numa_has_memdev(MachineState *ms)
{
    return ms->numa && ms->numa->num_nodes && ms->numa->nodes[0].memdev;
}

static bool make_ram(Cli *cli, MachineState *ms, Error **errp)
{
    MachineClass *mc = MACHINE_GET_CLASS(ms);
    HostMemoryBackend *backend;

    if (!mc->default_ram_id || !ms->ram_size) {
        return true;
    }
    if (numa_has_memdev(ms)) {
        return numa_make_ram(ms, mc->default_ram_id, errp);
    }
    if (ms->ram_backend) {
        backend = MEMORY_BACKEND(ms->ram_backend);
    } else {
        backend = host_memory_backend_new_default(
            mc->default_ram_id, ms->ram_size, cli->mem_path, cli->mem_prealloc, errp);
        if (!backend) {
            return false;
        }
        ms->ram_backend = OBJECT(backend);
        g_free(ms->memory_backend_id);
        ms->memory_backend_id = g_strdup_printf("/objects/%s", mc->default_ram_id);
    }
    ms->ram = host_memory_backend_get_memory(backend);
    host_memory_backend_set_mapped(backend, true);
    return true;
}

/* --- Boot options
 * ------------------------------------------------------------------------------------
 */

static bool check_boot_order(const char *order, Error **errp)
{
    uint32_t seen = 0;

    for (const char *p = order; *p; p++) {
        if (*p < 'a' || *p > 'p') {
            return error_set(errp, "Invalid boot device '%c'", *p);
        }
        if (seen & 1u << (*p - 'a')) {
            return error_set(errp, "Boot device '%c' was given twice", *p);
        }
        seen |= 1u << (*p - 'a');
    }
    return true;
}

static bool apply_boot_options(Cli *cli, MachineState *ms, Error **errp)
{
    struct json_object *v;
    const char *order = value_dict_get_str(cli->boot, "order");
    const char *once = value_dict_get_str(cli->boot, "once");
    int64_t number;

    if ((order && !check_boot_order(order, errp)) ||
        (once && !check_boot_order(once, errp))) {
        return false;
    }
    ms->boot_order = g_strdup(order);
    ms->boot_once = g_strdup(once);
    ms->boot_splash = g_strdup(value_dict_get_str(cli->boot, "splash"));
    if (json_object_object_get_ex(cli->boot, "menu", &v) &&
        !value_get_bool(v, "menu", &ms->boot_menu, errp)) {
        return false;
    }
    if (json_object_object_get_ex(cli->boot, "strict", &v) &&
        !value_get_bool(v, "strict", &ms->boot_strict, errp)) {
        return false;
    }
    if (json_object_object_get_ex(cli->boot, "splash-time", &v)) {
        if (!value_get_int64(v, "splash-time", &number, errp)) {
            return false;
        }
        ms->boot_splash_time = (int32_t)CLAMP(number, 0, 0xffff);
    }
    if (json_object_object_get_ex(cli->boot, "reboot-timeout", &v)) {
        if (!value_get_int64(v, "reboot-timeout", &number, errp)) {
            return false;
        }
        ms->reboot_timeout = (int32_t)CLAMP(number, -1, 0xffff);
    }
    return true;
}

/* --- Character devices and monitors
 * --------------------------------------------------------------------- */

static bool for_each(GPtrArray *list, Cli *cli,
                     bool (*fn)(Cli *cli, LateOption *o, guint n, Error **errp),
                     Error **errp)
{
    for (guint i = 0; i < list->len; i++) {
        LateOption *o = g_ptr_array_index(list, i);
        error_set_location(o->location);
        if (!fn(cli, o, i, errp)) {
            return false;
        }
    }
    error_set_location(NULL);
    return true;
}

static void add_late(GPtrArray *list, const char *option, const char *text)
{
    LateOption *o = g_new0(LateOption, 1);

    o->text = g_strdup(text);
    o->location = g_strdup_printf("-%s %s", option, text);
    g_ptr_array_add(list, o);
}

/* A second report about the same option: the first one says why. */
static bool report_both(const char *what, const char *text, Error *err, Error **errp)
{
    error_report_err(err);
    return error_set(errp, "could not connect %s device to character backend '%s'",
                     what, text);
}

static bool open_serial(Cli *cli, LateOption *o, guint n, Error **errp)
{
    g_autofree char *label = g_strdup_printf("serial%u", n);
    Error *err = NULL;

    if (n >= BOARD_MAX_SERIAL) {
        return error_set(errp, "too many serial ports (at most %d)", BOARD_MAX_SERIAL);
    }
    if (!strcmp(o->text, "none")) {
        return true;
    }
    cli->board.serial[n] =
        chardev_new_from_text(label, o->text, CHARDEV_PERMIT_MUX, main_loop(), &err);
    return cli->board.serial[n] || report_both("serial", o->text, err, errp);
}

static bool open_parallel(Cli *cli, LateOption *o, guint n, Error **errp)
{
    g_autofree char *label = g_strdup_printf("parallel%u", n);
    Error *err = NULL;

    if (n >= BOARD_MAX_PARALLEL) {
        return error_set(errp, "too many parallel ports (at most %d)",
                         BOARD_MAX_PARALLEL);
    }
    if (!strcmp(o->text, "none")) {
        return true;
    }
    cli->board.parallel[n] =
        chardev_new_from_text(label, o->text, CHARDEV_PERMIT_MUX, main_loop(), &err);
    return cli->board.parallel[n] || report_both("parallel", o->text, err, errp);
}

static bool open_mon_option(LateOption *o, Error **errp)
{
    static const char *const known[] = { "chardev", "mode", "pretty", NULL };
    g_autojson opts = opts_parse(o->text, "chardev", errp);
    bool pretty = false;
    struct json_object *v;

    if (!opts) {
        return false;
    }
    json_object_object_foreach(opts, key, value)
    {
        (void)value;
        if (!g_strv_contains(known, key)) {
            return error_set(errp, "Invalid parameter '%s'", key);
        }
    }
    const char *id = value_dict_get_str(opts, "chardev");
    const char *mode = value_dict_get_str(opts, "mode");
    if (!id) {
        return error_set(errp, "Parameter 'chardev' is missing");
    }
    if (json_object_object_get_ex(opts, "pretty", &v) &&
        !value_get_bool(v, "pretty", &pretty, errp)) {
        return false;
    }
    Chardev *chr = chardev_find(id);
    if (!chr) {
        return error_set(errp, "chardev \"%s\" not found", id);
    }
    if (!mode || !strcmp(mode, "readline")) {
        return monitor_new_hmp(chr, true, errp);
    }
    if (strcmp(mode, "control")) {
        return error_set(errp, "Parameter 'mode' does not accept value '%s'", mode);
    }
    return monitor_new_qmp(chr, pretty, errp);
}

static bool open_monitor(Cli *cli, LateOption *o, guint n, Error **errp)
{
    g_autofree char *label = g_strdup_printf("compat_monitor%u", n);
    bool qmp = g_str_has_prefix(o->location, "-qmp");
    bool pretty = g_str_has_prefix(o->location, "-qmp-pretty");
    Error *err = NULL;

    if (g_str_has_prefix(o->location, "-mon ")) {
        return open_mon_option(o, errp);
    }
    Chardev *chr =
        chardev_new_from_text(label, o->text, CHARDEV_PERMIT_MUX, main_loop(), &err);
    if (!chr && g_str_has_suffix(error_get_message(err), "not a valid char driver")) {
        error_report_err(err);
        return error_set(errp, "parse error: %s", o->text);
    }
    if (!chr) {
        error_propagate(errp, err);
        return false;
    }
    return qmp ? monitor_new_qmp(chr, pretty, errp) : monitor_new_hmp(chr, true, errp);
}

static bool mux_monitor(Chardev *chr, Error **errp)
{
    return monitor_new_hmp(chr, true, errp);
}

static bool device_is_given(Cli *cli, const char *const *drivers)
{
    for (guint i = 0; i < cli->devices->len; i++) {
        LateOption *o = g_ptr_array_index(cli->devices, i);
        const char *driver = value_dict_get_str(o->opts, "driver");
        if (driver && g_strv_contains(drivers, driver)) {
            return true;
        }
    }
    return false;
}

/* Where the default ports and the human monitor go. Displays of our own do not exist,
 * so what would be a virtual console is a port that nobody listens to. */
static void add_default_chardevs(Cli *cli, MachineClass *mc)
{
    static const char *const serials[] = { "isa-serial", "serial", NULL };
    static const char *const parallels[] = { "isa-parallel", NULL };
    bool default_serial = !cli->nodefaults && !mc->no_serial && !cli->serials->len &&
                          !device_is_given(cli, serials);
    bool default_parallel = !cli->nodefaults && !mc->no_parallel &&
                            !cli->parallels->len && !device_is_given(cli, parallels);
    bool default_monitor = !cli->nodefaults && !cli->monitor_given;

    if (cli->nographic) {
        if (default_serial && default_monitor) {
            add_late(cli->serials, "serial", "mon:stdio");
        } else if (default_serial) {
            add_late(cli->serials, "serial", "stdio");
        } else if (default_monitor) {
            add_late(cli->monitors, "monitor", "stdio");
        }
    } else if (default_serial) {
        add_late(cli->serials, "serial", "null");
    }
    if (default_parallel) {
        add_late(cli->parallels, "parallel", "null");
    }
}

static bool open_debugcon(Cli *cli, LateOption *o, guint n, Error **errp)
{
    Error *err = NULL;
    Chardev *chr = chardev_new_from_text("debugcon", o->text, CHARDEV_PERMIT_MUX,
                                         main_loop(), &err);

    if (!chr) {
        return report_both("debugcon", o->text, err, errp);
    }
    LateOption *d = g_new0(LateOption, 1);
    d->text = g_strdup("isa-debugcon,iobase=0xe9,chardev=debugcon");
    d->opts = keyval_parse(d->text, "driver", &error_abort);
    d->location = g_strdup(o->location);
    g_ptr_array_add(cli->devices, d);
    return true;
}

/* Ctrl-a x */
static void mux_quit(void)
{
    system_quit_request(SHUTDOWN_CAUSE_HOST_UI);
}

static bool open_chardevs(Cli *cli, MachineClass *mc, Error **errp)
{
    static const ChardevMuxActions mux_actions = { .quit = mux_quit };

    chardev_set_monitor_fn(mux_monitor);
    chardev_set_mux_actions(&mux_actions);
    hmp_set_register_fn(machine_get_register);
    add_default_chardevs(cli, mc);
    return for_each(cli->monitors, cli, open_monitor, errp) &&
           for_each(cli->serials, cli, open_serial, errp) &&
           for_each(cli->parallels, cli, open_parallel, errp) &&
           for_each(cli->debugcons, cli, open_debugcon, errp);
}

/* --- Drives, network, display
 * ------------------------------------------------------------------------------ */

static bool add_drive(Cli *cli, LateOption *o, guint n, Error **errp)
{
    if (o->is_simple_drive) {
        return drive_add_file(o->drive_type, o->index, o->media, o->text, false,
                              o->location, errp) != NULL;
    }
    g_autojson opts = opts_parse(o->text, NULL, errp);
    return opts && drive_add(opts, o->location, errp) != NULL;
}

static bool add_drives(Cli *cli, MachineClass *mc, Error **errp)
{
    static const char *const floppies[] = { "isa-fdc", "floppy", NULL };
    static const char *const cdroms[] = { "ide-cd", "scsi-cd", NULL };
    DriveDefaults defaults = drive_pc_defaults();

    if (mc->ide_units_per_bus) {
        defaults.units_per_bus[IF_IDE] = (int)mc->ide_units_per_bus;
    }
    drive_set_defaults(&defaults);
    if (!for_each(cli->drives, cli, add_drive, errp)) {
        return false;
    }
    if (cli->nodefaults) {
        return true;
    }
    if (!mc->no_cdrom && !device_is_given(cli, cdroms) &&
        !drive_add_default(IF_IDE, 2, "cdrom", errp)) {
        return false;
    }
    if (!mc->no_floppy && !device_is_given(cli, floppies) &&
        !drive_add_default(IF_FLOPPY, 0, NULL, errp)) {
        return false;
    }
    return mc->no_sdcard || drive_add_default(IF_SD, 0, NULL, errp);
}

static bool add_netdev(Cli *cli, LateOption *o, guint n, Error **errp)
{
    g_autojson opts = *o->text == '{' ? keyval_or_json_parse(o->text, NULL, errp)
                                      : opts_parse(o->text, "type", errp);

    return opts && netdev_add(opts, errp);
}

static bool add_nic(Cli *cli, LateOption *o, guint n, Error **errp)
{
    g_autojson opts = opts_parse(o->text, "type", errp);

    return opts && net_nic_option(opts, o->location, errp);
}

static bool add_legacy_net(Cli *cli, LateOption *o, guint n, Error **errp)
{
    g_autojson opts = opts_parse(o->text, "type", errp);

    return opts && net_legacy_option(opts, o->location, errp);
}

static bool add_networks(Cli *cli, MachineClass *mc, Error **errp)
{
    return for_each(cli->netdevs, cli, add_netdev, errp) &&
           for_each(cli->nics, cli, add_nic, errp) &&
           for_each(cli->legacy_nets, cli, add_legacy_net, errp) &&
           (cli->net_given ||
            net_add_defaults(cli->nodefaults || !mc->default_nic, errp));
}

static bool choose_vga(Cli *cli, MachineClass *mc, Error **errp)
{
    static const char *const known[] = { "std", "cirrus", "none", NULL };
    static const char *const others[] = { "vmware", "qxl",   "virtio", "tcx",
                                          "cg3",    "xenfb", NULL };
    static const char *const devices[] = { "VGA",
                                           "secondary-vga",
                                           "cirrus-vga",
                                           "isa-vga",
                                           "isa-cirrus-vga",
                                           "vmware-svga",
                                           "qxl-vga",
                                           "virtio-vga",
                                           "virtio-gpu-pci",
                                           "bochs-display",
                                           NULL };

    if (!cli->vga) {
        bool wanted = !cli->nodefaults && !device_is_given(cli, devices);
        cli->board.vga = wanted ? mc->default_display : "none";
        return true;
    }
    if (g_strv_contains(others, cli->vga)) {
        return error_set(errp, "display adapter '%s' is not built", cli->vga);
    }
    if (!g_strv_contains(known, cli->vga)) {
        return error_set(errp, "unknown vga type: %s", cli->vga);
    }
    cli->board.vga = cli->vga;
    return true;
}

/* --- Accelerator
 * ------------------------------------------------------------------------------------------------
 */

/* -machine kernel_irqchip= is an option of KVM, which its own -accel overrides. */
static void hand_down_irqchip(Cli *cli)
{
    static const char *const keys[] = { "kernel-irqchip", "kernel_irqchip" };

    for (unsigned k = 0; k < G_N_ELEMENTS(keys); k++) {
        const char *value = value_dict_get_str(cli->machine_opts, keys[k]);

        for (guint i = 0; value && i < cli->accel_names->len; i++) {
            struct json_object **opts = (void *)&cli->accel_opts->pdata[i];

            if (strcmp(g_ptr_array_index(cli->accel_names, i), "kvm")) {
                continue;
            }
            *opts = *opts ? *opts : json_object_new_object();
            if (!json_object_object_get_ex(*opts, keys[0], NULL)) {
                json_add_str(*opts, keys[0], value);
            }
        }
    }
}

static bool choose_accelerator(Cli *cli, MachineState *ms, Error **errp)
{
    const char *list = value_dict_get_str(cli->machine_opts, "accel");

    if (list && !cli->accel_names->len) {
        g_auto(GStrv) names = g_strsplit(list, ":", 0);
        for (char **n = names; *n; n++) {
            g_ptr_array_add(cli->accel_names, g_strdup(*n));
            g_ptr_array_add(cli->accel_opts, NULL);
        }
    }
    if (!cli->accel_names->len) {
        g_ptr_array_add(cli->accel_names, g_strdup("tcg"));
        g_ptr_array_add(cli->accel_opts, NULL);
    }
    hand_down_irqchip(cli);
    if (!accel_choose((const char *const *)cli->accel_names->pdata,
                      (struct json_object **)cli->accel_opts->pdata,
                      (int)cli->accel_names->len, ms, errp)) {
        return false;
    }
    if (tcg_icount()->on && accel_is("kvm")) {
        return error_set(errp, "-icount is not allowed with hardware virtualization");
    }
    return true;
}

/* --- Devices
 * ---------------------------------------------------------------------------------------------------------
 */

static bool add_device(Cli *cli, LateOption *o, guint n, Error **errp)
{
    return device_add_from_opts(o->opts, errp) != NULL;
}

/* "-device help" and "-device X,help"; true if something was printed. */
static bool device_help(Cli *cli)
{
    for (guint i = 0; i < cli->devices->len; i++) {
        LateOption *o = g_ptr_array_index(cli->devices, i);
        const char *driver = value_dict_get_str(o->opts, "driver");
        Error *err = NULL;
        if (driver && (!strcmp(driver, "help") || !strcmp(driver, "?"))) {
            start_print_devices();
            return true;
        }
        if (driver &&
            (value_dict_get_str(o->opts, "help") || value_dict_get_str(o->opts, "?"))) {
            if (!start_print_properties(driver, true, &err)) {
                error_report_err(err);
            }
            return true;
        }
    }
    return false;
}

void start_print_devices(void)
{
    static const char *const titles[] = {
        "Controller/Bridge/Hub",
        "USB",
        "Storage",
        "Network",
        "Input",
        "Display",
        "Sound",
        "Misc",
        "CPU",
        "Watchdog",
        "Uncategorized",
    };
    g_autoptr(GSList) list = object_class_get_list(TYPE_DEVICE, false);

    for (unsigned c = 0; c <= DEVICE_CATEGORY_MAX; c++) {
        bool first = true;
        for (GSList *l = list; l; l = l->next) {
            DeviceClass *dc = DEVICE_CLASS(l->data);
            bool here =
                c < DEVICE_CATEGORY_MAX ? dc->categories & 1u << c : !dc->categories;
            if (!here || !dc->user_creatable) {
                continue;
            }
            if (first) {
                printf("%s devices:\n", titles[c]);
            }
            first = false;
            printf("name \"%s\"", object_class_get_name(l->data));
            if (dc->bus_type) {
                printf(", bus %s", dc->bus_type);
            }
            if (dc->desc) {
                printf(", desc \"%s\"", dc->desc);
            }
            printf("\n");
        }
        if (!first) {
            printf("\n");
        }
    }
}

/* --- The process
 * ---------------------------------------------------------------------------------------------------------
 */

/* Before any thread exists. The parent waits until the child is ready or has failed. */
static bool go_to_background(Error **errp)
{
    int pipe_fds[2];
    char status;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
        return error_set_errno(errp, errno, "cannot create a pipe");
    }
    pid_t pid = fork();
    if (pid < 0) {
        return error_set_errno(errp, errno, "cannot fork");
    }
    if (pid > 0) {
        close(pipe_fds[1]);
        ssize_t n = read(pipe_fds[0], &status, 1);
        _exit(n == 1 && status == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    close(pipe_fds[0]);
    daemon_pipe = pipe_fds[1];
    setsid();
    return true;
}

static void tell_parent_ready(void)
{
    if (daemon_pipe < 0) {
        return;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (chdir("/") < 0) {
        warn_report("cannot change to /: %s", strerror(errno));
    }
    for (int fd = 0; null >= 0 && fd < 3; fd++) {
        dup2(null, fd);
    }
    char ok = 0;
    ssize_t n = write(daemon_pipe, &ok, 1);
    (void)n;
    close(daemon_pipe);
    daemon_pipe = -1;
}

static bool write_pidfile(const char *path, Error **errp)
{
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        return error_set_errno(errp, errno, "cannot create PID file: Cannot open '%s'",
                               path);
    }
    /* Held as long as the process lives. */
    if (lockf(fd, F_TLOCK, 0) < 0) {
        close(fd);
        return error_set(errp, "cannot create PID file: Cannot lock '%s'", path);
    }
    if (ftruncate(fd, 0) < 0 ||
        write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        error_set_errno(errp, errno, "cannot create PID file: Cannot write '%s'", path);
        close(fd);
        return false;
    }
    return true;
}

static void on_signal(void *opaque, int fd, int events)
{
    struct signalfd_siginfo info;

    if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        g_autofree char *path = g_strdup_printf("/proc/%u/comm", info.ssi_pid);
        g_autofree char *comm = NULL;
        if (info.ssi_pid && g_file_get_contents(path, &comm, NULL, NULL)) {
            g_strchomp(comm);
        }
        error_report("terminating on signal %u from pid %u (%s)", info.ssi_signo,
                     info.ssi_pid, comm ? comm : "<unknown process>");
        system_quit_request(SHUTDOWN_CAUSE_HOST_SIGNAL);
    }
}

static void watch_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    event_loop_watch_fd(main_loop(), fd, EVENT_READ, on_signal, NULL);
}

/* --- All of it
 * --------------------------------------------------------------------------------------------------------------
 */

/* -cpu without a board that makes CPUs. */
static bool make_lone_cpu(MachineState *ms, Error **errp)
{
    const char *type;

    if (!ms->cpu_model || !object_is_a(OBJECT(ms), MACHINE_TYPE_NAME("none"))) {
        return true;
    }
    type = x86_cpu_parse_model(ms->cpu_model, errp);
    return type && device_realize_and_unref(DEVICE(x86_cpu_new(type)), NULL, errp);
}

static bool build(Cli *cli, MachineClass *mc, Error **errp)
{
    MachineState *ms;

    if (cli->mem_lock && mlockall(MCL_CURRENT | MCL_FUTURE) < 0) {
        return error_set_errno(errp, errno, "mlockall");
    }
    if (!open_chardevs(cli, mc, errp)) {
        return false;
    }
    ms = make_machine(cli, mc);
    memory_set_target_big_endian(!strcmp(target_name, "ppc"));
    memory_core_init();
    if (!set_machine_properties(cli, ms, errp) || !make_objects(cli, errp) ||
        !settle_ram_size(cli, ms, errp) || !smp_apply_options(ms, cli->smp, errp) ||
        !apply_boot_options(cli, ms, errp) || !choose_vga(cli, mc, errp) ||
        !choose_accelerator(cli, ms, errp)) {
        return false;
    }
    if (cli->qtest) {
        Chardev *chr = chardev_new_from_text("qtest", cli->qtest, 0, main_loop(), errp);
        if (!chr || !qtest_server_new(chr, cli->qtest_log, errp)) {
            return false;
        }
    }
    if (!numa_apply_options(ms, cli->numa, errp) || !add_drives(cli, mc, errp) ||
        !add_networks(cli, mc, errp)) {
        return false;
    }
    ms->cpu_model = g_strdup(cli->cpu);
    if ((mc->check_options && !mc->check_options(ms, errp)) ||
        !make_ram(cli, ms, errp) || (mc->init && !mc->init(ms, errp)) ||
        !make_lone_cpu(ms, errp) || !for_each(cli->devices, cli, add_device, errp) ||
        (mc->init_done && !mc->init_done(ms, errp))) {
        return false;
    }
    device_check_globals();
    net_check_clients();
    return drive_check_orphaned(errp);
}

int start_machine(Cli *cli)
{
    Error *err = NULL;
    const char *type = value_dict_get_str(cli->machine_opts, "type");

    the_cli = cli;
    target_name = guess_target(cli->program);
    if (type && (!strcmp(type, "help") || !strcmp(type, "?"))) {
        start_print_machines(target_name);
        return EXIT_SUCCESS;
    }
    if (device_help(cli)) {
        return EXIT_SUCCESS;
    }
    if (cli->cpu && (!strcmp(cli->cpu, "help") || !strcmp(cli->cpu, "?"))) {
        start_print_cpus(target_name);
        return EXIT_SUCCESS;
    }
    cli->board.nodefaults = cli->nodefaults;
    MachineClass *mc = choose_machine_class(cli, &err);
    bool ok = mc && (!cli->daemonize || go_to_background(&err)) &&
              (!cli->pidfile || write_pidfile(cli->pidfile, &err));
    ok = ok && build(cli, mc, &err);
    if (!ok) {
        error_report_err(err);
        return EXIT_FAILURE;
    }
    device_set_machine_ready();
    machine_reset_all();
    watch_signals();
    tell_parent_ready();
    if (!cli->start_stopped) {
        vm_start();
    }
    int status = system_main_loop();
    vcpu_pause_all();
    blk_drain_all();
    monitor_cleanup();
    chardev_cleanup();
    if (cli->pidfile) {
        unlink(cli->pidfile);
    }
    return status;
}
