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
#include "qapi/monitor.h"
#include "qapi/value.h"
#include "softmmu/cli-internal.h"
#include "softmmu/device-add.h"
#include "softmmu/net.h"
#include "softmmu/runstate.h"
#include "util/bql.h"
#include "util/rcu.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_MEMORY_SLOTS 256

static Cli *the_cli; /* for system_get_name and -uuid */
static const char *target_name = "x86_64";

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

void start_add_firmware_dir(const char *dir)
{
    firmware_add_search_dir(dir);
}

void start_early(void)
{
    process_block_signals();
    rcu_register_thread();
    bql_lock();
    container_get(object_get_root(), "/objects");
    container_get(object_get_root(), "/chardevs");
}

/* --- The machine's class and object ----------------------------------------------- */

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

/* --- Objects ---------------------------------------------------------------------- */

bool start_check_object(Cli *cli, const char *type, struct json_object *opts,
                        Error **errp)
{
    const char *id = value_dict_get_str(opts, "id");

    if (id && !id_check(id, errp)) {
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

/* --- Memory ----------------------------------------------------------------------- */

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

/* --- Boot options ----------------------------------------------------------------- */

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

/* --- Accelerator ------------------------------------------------------------------ */

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

/* --- Devices ---------------------------------------------------------------------- */

static bool add_device(Cli *cli, LateOption *o, guint n, Error **errp)
{
    return device_add_from_opts(o->opts, errp) != NULL;
}

/* --- All of it -------------------------------------------------------------------- */

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
    if (!start_open_chardevs(cli, mc, errp)) {
        return false;
    }
    ms = make_machine(cli, mc);
    memory_set_target_big_endian(!strcmp(target_name, "ppc"));
    memory_core_init();
    if (!set_machine_properties(cli, ms, errp) || !make_objects(cli, errp) ||
        !settle_ram_size(cli, ms, errp) || !smp_apply_options(ms, cli->smp, errp) ||
        !apply_boot_options(cli, ms, errp) || !start_choose_vga(cli, mc, errp) ||
        !choose_accelerator(cli, ms, errp)) {
        return false;
    }
    if (cli->qtest) {
        Chardev *chr = chardev_new_from_text("qtest", cli->qtest, 0, main_loop(), errp);
        if (!chr || !qtest_server_new(chr, cli->qtest_log, errp)) {
            return false;
        }
    }
    if (!numa_apply_options(ms, cli->numa, errp) || !start_add_drives(cli, mc, errp) ||
        !start_add_networks(cli, mc, errp)) {
        return false;
    }
    ms->cpu_model = g_strdup(cli->cpu);
    if ((mc->check_options && !mc->check_options(ms, errp)) ||
        !make_ram(cli, ms, errp) || (mc->init && !mc->init(ms, errp)) ||
        !make_lone_cpu(ms, errp) ||
        !start_for_each(cli->devices, cli, add_device, errp) ||
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
        help_machines(target_name);
        return EXIT_SUCCESS;
    }
    if (help_devices_asked(cli)) {
        return EXIT_SUCCESS;
    }
    if (cli->cpu && (!strcmp(cli->cpu, "help") || !strcmp(cli->cpu, "?"))) {
        help_cpus(target_name);
        return EXIT_SUCCESS;
    }
    cli->board.nodefaults = cli->nodefaults;
    MachineClass *mc = choose_machine_class(cli, &err);
    bool ok = mc && (!cli->daemonize || process_go_to_background(&err)) &&
              (!cli->pidfile || process_write_pidfile(cli->pidfile, &err));
    ok = ok && build(cli, mc, &err);
    if (!ok) {
        error_report_err(err);
        return EXIT_FAILURE;
    }
    device_set_machine_ready();
    machine_reset_all();
    process_watch_signals();
    process_tell_parent_ready();
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
