/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the command line to a running machine. Options are parsed in order into a Cli;
 * what depends on other options (devices, objects, the machine) is collected and
 * carried out afterwards by start.c in a fixed order. Errors of a single option are
 * prefixed by it.
 */
#include "softmmu/cli.h"
#include "accel/qtest.h"
#include "accel/tcg/flush.h"
#include "accel/tcg/icount.h"
#include "hw/i386/firmware.h"
#include "qapi/value.h"
#include "softmmu/block.h"
#include "softmmu/cli-internal.h"
#include "softmmu/net.h"
#include "softmmu/runstate.h"
#include "util/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* --- Small helpers ---------------------------------------------------------------- */

static bool replace(char **place, const char *arg)
{
    g_free(*place);
    *place = g_strdup(arg);
    return true;
}

static void remember(GPtrArray *list, const char *option, const char *arg)
{
    LateOption *o = g_new0(LateOption, 1);

    o->text = g_strdup(arg);
    o->location = g_strdup_printf("-%s %s", option, arg);
    g_ptr_array_add(list, o);
}

static bool only_keys(struct json_object *opts, const char *const *known, Error **errp)
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
static bool opt_bool(struct json_object *opts, const char *key, bool def, bool *out,
                     Error **errp)
{
    struct json_object *v;

    if (!json_object_object_get_ex(opts, key, &v)) {
        *out = def;
        return true;
    }
    return value_get_bool(v, key, out, errp);
}

static bool opt_number(struct json_object *opts, const char *key, uint64_t def,
                       uint64_t *out, Error **errp)
{
    struct json_object *v;

    if (!json_object_object_get_ex(opts, key, &v)) {
        *out = def;
        return true;
    }
    return value_get_uint64(v, key, out, errp);
}

/* Merge @from into @into, later values winning. */
static void merge_dict(struct json_object *into, struct json_object *from)
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

/* --- Machine and CPUs ------------------------------------------------------------- */

bool cli_machine(Cli *cli, const char *arg, Error **errp)
{
    g_autojson opts = keyval_or_json_parse(arg, "type", errp);

    if (!opts) {
        return false;
    }
    merge_dict(cli->machine_opts, opts);
    return true;
}

bool cli_cpu(Cli *cli, const char *arg, Error **errp)
{
    return replace(&cli->cpu, arg);
}

/* The options that an accelerator's type has. */
static struct json_object *accel_own_options(ObjectClass *klass,
                                             struct json_object *opts)
{
    struct json_object *own = json_object_new_object();

    json_object_object_foreach(opts, key, value)
    {
        if (klass && object_class_property_find(klass, key)) {
            json_object_object_add(own, key, json_object_get(value));
        }
    }
    return own;
}

/* Those of "kvm:tcg" go to whoever has them; one that nobody has is wrong. */
static bool check_accel_options(Cli *cli, struct json_object *opts, guint first,
                                const char *names, Error **errp)
{
    json_object_object_foreach(opts, key, value)
    {
        bool owned = !strcmp(key, "accel");

        for (guint i = first; i < cli->accel_opts->len; i++) {
            owned |= json_object_object_get_ex(cli->accel_opts->pdata[i], key, NULL);
        }
        if (!owned) {
            return error_set(errp, "accelerators %s: no option '%s'", names, key);
        }
    }
    return true;
}

bool cli_accel(Cli *cli, const char *arg, Error **errp)
{
    g_autojson opts = keyval_parse(arg, "accel", errp);

    if (!opts) {
        return false;
    }
    const char *name = value_dict_get_str(opts, "accel");
    if (!name) {
        return error_set(errp, "Parameter 'accel' is missing");
    }
    if (!strcmp(name, "help") || !strcmp(name, "?")) {
        help_accelerators();
        cli->finished = true;
        return true;
    }
    /* "kvm:tcg" is a list. */
    g_auto(GStrv) names = g_strsplit(name, ":", 0);
    guint first = cli->accel_opts->len;
    bool all_built = true;
    for (char **n = names; *n; n++) {
        g_autofree char *type = g_strdup_printf("%s-accel", *n);
        ObjectClass *klass = object_class_by_name(type);
        if (!klass && strcmp(*n, "kvm")) {
            return error_set(errp, "invalid accelerator %s", *n);
        }
        all_built &= klass != NULL;
        g_ptr_array_add(cli->accel_names, g_strdup(*n));
        g_ptr_array_add(cli->accel_opts, names[1] ? accel_own_options(klass, opts)
                                                  : json_object_get(opts));
    }
    return !names[1] || !all_built || check_accel_options(cli, opts, first, name, errp);
}

bool cli_enable_kvm(Cli *cli, const char *arg, Error **errp)
{
    return cli_accel(cli, "kvm", errp);
}

bool cli_smp(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "cpus",  "sockets", "dies",    "clusters",
                                         "cores", "threads", "maxcpus", NULL };
    g_autojson opts = keyval_parse(arg, "cpus", errp);

    if (!opts || !only_keys(opts, known, errp)) {
        return false;
    }
    if (!cli->smp) {
        cli->smp = json_object_new_object();
    }
    merge_dict(cli->smp, opts);
    return true;
}

bool cli_numa(Cli *cli, const char *arg, Error **errp)
{
    remember(cli->numa, "numa", arg);
    return true;
}

/* --- Memory ----------------------------------------------------------------------- */

static bool memory_size(Cli *cli, struct json_object *opts, const char *key,
                        uint64_t mul, uint64_t *out, Error **errp)
{
    const char *text = value_dict_get_str(opts, key);

    if (!text || (!*text && !strcmp(key, "size"))) {
        return true;
    }
    /* What it warns about is the number, wherever it stands. */
    error_set_location(NULL);
    int result = parse_size(text, mul, out);
    error_set_location(cli->location);
    switch (result) {
    case 0:
        return true;
    case -ERANGE:
        return error_set(errp, "Value '%s' is out of range for parameter '%s'", text,
                         key);
    default:
        error_set(errp, "Parameter '%s' expects a non-negative number below 2^64", key);
        error_append_hint(
            errp, "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, "
                  "tera-, peta-\nand exabytes, respectively.\n");
        return false;
    }
}

bool cli_memory(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "size", "slots", "maxmem", NULL };
    g_autojson opts = opts_parse(arg, "size", errp);
    uint64_t size = 0;

    if (!opts || !only_keys(opts, known, errp)) {
        return false;
    }
    if (!memory_size(cli, opts, "size", 1 << 20, &size, errp)) {
        return false;
    }
    if (size) {
        /* Whole 8 KiB units. */
        if (size > UINT64_MAX - 8191) {
            return error_set(errp, "ram size too large");
        }
        cli->ram_size = (size + 8191) & ~(uint64_t)8191;
        cli->ram_size_given = true;
    }
    if (value_dict_get_str(opts, "maxmem")) {
        cli->maxmem_given = true;
        if (!memory_size(cli, opts, "maxmem", 1, &cli->maxmem, errp)) {
            return false;
        }
    }
    if (value_dict_get_str(opts, "slots")) {
        cli->slots_given = true;
        if (!opt_number(opts, "slots", 0, &cli->slots, errp)) {
            return false;
        }
    }
    return true;
}

bool cli_mem_path(Cli *cli, const char *arg, Error **errp)
{
    return replace(&cli->mem_path, arg);
}

bool cli_mem_prealloc(Cli *cli, const char *arg, Error **errp)
{
    cli->mem_prealloc = true;
    return true;
}

bool cli_overcommit(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "mem-lock", "cpu-pm", NULL };
    g_autojson opts = opts_parse(arg, NULL, errp);
    bool cpu_pm;

    return opts && only_keys(opts, known, errp) &&
           opt_bool(opts, "mem-lock", false, &cli->mem_lock, errp) &&
           opt_bool(opts, "cpu-pm", false, &cpu_pm, errp);
}

/* --- Devices and objects ---------------------------------------------------------- */

bool cli_device(Cli *cli, const char *arg, Error **errp)
{
    g_autojson opts = keyval_or_json_parse(arg, "driver", errp);

    if (!opts) {
        return false;
    }
    const char *id = value_dict_get_str(opts, "id");
    if (*arg != '{' && id) {
        if (!id_is_wellformed(id)) {
            error_set(errp, "Parameter 'id' expects an identifier");
            error_append_hint(errp,
                              "Identifiers consist of letters, digits, '-', '.', '_', "
                              "starting with a letter.\n");
            return false;
        }
        if (g_hash_table_contains(cli->device_ids, id)) {
            return error_set(errp, "Duplicate ID '%s' for device", id);
        }
        g_hash_table_add(cli->device_ids, g_strdup(id));
    }
    LateOption *o = g_new0(LateOption, 1);
    o->text = g_strdup(arg);
    o->opts = g_steal_pointer(&opts);
    o->location = g_strdup_printf("-device %s", arg);
    g_ptr_array_add(cli->devices, o);
    return true;
}

bool cli_object(Cli *cli, const char *arg, Error **errp)
{
    g_autojson opts = *arg == '{' ? keyval_or_json_parse(arg, NULL, errp)
                                  : opts_parse(arg, "qom-type", errp);

    if (!opts) {
        return false;
    }
    const char *type = value_dict_get_str(opts, "qom-type");
    if (!type) {
        return error_set(errp, "Parameter 'qom-type' is missing");
    }
    if (!strcmp(type, "help") || !strcmp(type, "?")) {
        help_user_creatable();
        cli->finished = true;
        return true;
    }
    if (value_dict_get_str(opts, "help") || value_dict_get_str(opts, "?")) {
        cli->finished = true;
        return help_properties(type, false, errp);
    }
    if (!start_check_object(cli, type, opts, errp)) {
        return false;
    }
    LateOption *o = g_new0(LateOption, 1);
    o->text = g_strdup(arg);
    o->opts = g_steal_pointer(&opts);
    o->location = g_strdup_printf("-object %s", arg);
    g_ptr_array_add(cli->objects, o);
    return true;
}

bool cli_global(Cli *cli, const char *arg, Error **errp)
{
    const char *eq = strchr(arg, '=');
    const char *dot = NULL;

    /* Type names may have dots: the last one before '=' separates. */
    for (const char *p = arg; eq && p < eq; p++) {
        if (*p == '.') {
            dot = p;
        }
    }
    if (!eq || !dot) {
        return error_set(errp, "Expected DRIVER.PROP=VALUE");
    }
    GlobalProperty *p = g_new0(GlobalProperty, 1);
    p->driver = g_strndup(arg, dot - arg);
    p->property = g_strndup(dot + 1, eq - dot - 1);
    p->value = g_strdup(eq + 1);
    p->user = true;
    device_register_globals(p, 1);
    return true;
}

/* The collected option of @list whose id is @id; NULL: none. */
static LateOption *find_late_option(GPtrArray *list, const char *id)
{
    for (guint i = 0; i < list->len; i++) {
        LateOption *o = g_ptr_array_index(list, i);
        if (o->is_simple_drive || *o->text == '{') {
            continue;
        }
        g_autojson opts =
            o->opts ? json_object_get(o->opts) : opts_parse(o->text, NULL, NULL);
        if (opts && !g_strcmp0(value_dict_get_str(opts, "id"), id)) {
            return o;
        }
    }
    return NULL;
}

/* GROUP.ID.ARG=VALUE: as if ",ARG=VALUE" stood at the end of that option. */
bool cli_set(Cli *cli, const char *arg, Error **errp)
{
    const char *eq = strchr(arg, '=');
    g_autofree char *key = eq ? g_strndup(arg, (gsize)(eq - arg)) : NULL;
    g_auto(GStrv) parts = key ? g_strsplit(key, ".", 3) : NULL;
    GPtrArray *list = NULL;

    if (!parts || g_strv_length(parts) != 3 || !*parts[0] || !*parts[1] || !*parts[2]) {
        return error_set(errp, "can't parse: \"%s\"", arg);
    }
    if (!strcmp(parts[0], "device")) {
        list = cli->devices;
    } else if (!strcmp(parts[0], "drive")) {
        list = cli->drives;
    } else if (!strcmp(parts[0], "netdev")) {
        list = cli->netdevs;
    } else if (!strcmp(parts[0], "chardev")) {
        return error_set(errp, "chardevs are made as they are given: they cannot be "
                               "set any more");
    } else {
        return error_set(errp, "There is no option group '%s'", parts[0]);
    }
    LateOption *o = find_late_option(list, parts[1]);
    if (!o) {
        return error_set(errp, "there is no %s \"%s\" defined", parts[0], parts[1]);
    }
    if (o->opts) {
        json_object_object_add(o->opts, parts[2], json_object_new_string(eq + 1));
    } else {
        g_auto(GStrv) pieces = g_strsplit(eq + 1, ",", -1);
        g_autofree char *value = g_strjoinv(",,", pieces);
        g_autofree char *old = o->text;
        o->text = g_strdup_printf("%s,%s=%s", old, parts[2], value);
    }
    return true;
}

/* --- Boot, names ------------------------------------------------------------------ */

bool cli_boot(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "order",  "once",        "menu",
                                         "splash", "splash-time", "reboot-timeout",
                                         "strict", NULL };
    g_autojson opts = opts_parse(arg, "order", errp);

    if (!opts || !only_keys(opts, known, errp)) {
        return false;
    }
    merge_dict(cli->boot, opts);
    return true;
}

bool cli_name(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "guest", "process", "debug-threads", NULL };
    g_autojson opts = opts_parse(arg, "guest", errp);

    if (!opts || !only_keys(opts, known, errp)) {
        return false;
    }
    const char *name = value_dict_get_str(opts, "guest");
    return !name || replace(&cli->name, name);
}

bool cli_uuid(Cli *cli, const char *arg, Error **errp)
{
    if (!g_uuid_string_is_valid(arg)) {
        return error_set(errp, "failed to parse UUID string: wrong format");
    }
    g_free(cli->uuid);
    cli->uuid = g_ascii_strdown(arg, -1);
    return true;
}

/* --- Drives ----------------------------------------------------------------------- */

bool cli_drive(Cli *cli, const char *arg, Error **errp)
{
    remember(cli->drives, "drive", arg);
    return true;
}

static bool add_drive(Cli *cli, const char *option, BlockInterfaceType type, int index,
                      const char *media, const char *file)
{
    LateOption *o = g_new0(LateOption, 1);

    o->text = g_strdup(file);
    o->location = g_strdup_printf("-%s %s", option, file);
    o->drive_type = type;
    o->index = index;
    o->media = media;
    o->is_simple_drive = true;
    g_ptr_array_add(cli->drives, o);
    return true;
}

bool cli_hda(Cli *cli, const char *arg, Error **errp)
{
    return add_drive(cli, "hda", IF_DEFAULT, 0, "disk", arg);
}

bool cli_hdb(Cli *cli, const char *arg, Error **errp)
{
    return add_drive(cli, "hdb", IF_DEFAULT, 1, "disk", arg);
}

bool cli_hdc(Cli *cli, const char *arg, Error **errp)
{
    return add_drive(cli, "hdc", IF_DEFAULT, 2, "disk", arg);
}

bool cli_hdd(Cli *cli, const char *arg, Error **errp)
{
    return add_drive(cli, "hdd", IF_DEFAULT, 3, "disk", arg);
}

bool cli_cdrom(Cli *cli, const char *arg, Error **errp)
{
    cli->cdrom_given = true;
    return add_drive(cli, "cdrom", IF_DEFAULT, 2, "cdrom", arg);
}

bool cli_fda(Cli *cli, const char *arg, Error **errp)
{
    return add_drive(cli, "fda", IF_FLOPPY, 0, NULL, arg);
}

bool cli_fdb(Cli *cli, const char *arg, Error **errp)
{
    return add_drive(cli, "fdb", IF_FLOPPY, 1, NULL, arg);
}

bool cli_snapshot(Cli *cli, const char *arg, Error **errp)
{
    drive_set_snapshot_default(true);
    return true;
}

/* --- Network ---------------------------------------------------------------------- */

bool cli_netdev(Cli *cli, const char *arg, Error **errp)
{
    remember(cli->netdevs, "netdev", arg);
    cli->net_given = true;
    return true;
}

bool cli_nic(Cli *cli, const char *arg, Error **errp)
{
    remember(cli->nics, "nic", arg);
    cli->net_given = true;
    return true;
}

bool cli_net(Cli *cli, const char *arg, Error **errp)
{
    remember(cli->legacy_nets, "net", arg);
    cli->net_given = true;
    return true;
}

/* --- Character devices and monitors ----------------------------------------------- */

bool cli_chardev(Cli *cli, const char *arg, Error **errp)
{
    if (!strcmp(arg, "help") || !strcmp(arg, "?")) {
        g_autofree char *text = chardev_help();
        printf("%s", text);
        cli->finished = true;
        return true;
    }
    g_autojson opts = keyval_or_json_parse(arg, "backend", errp);
    if (!opts) {
        return false;
    }
    /* Devices of later options may name it: make it at once. */
    return chardev_new_from_opts(opts, main_loop(), errp) != NULL;
}

bool cli_serial(Cli *cli, const char *arg, Error **errp)
{
    remember(cli->serials, "serial", arg);
    return true;
}

bool cli_parallel(Cli *cli, const char *arg, Error **errp)
{
    remember(cli->parallels, "parallel", arg);
    return true;
}

bool cli_monitor(Cli *cli, const char *arg, Error **errp)
{
    cli->monitor_given = true;
    if (strcmp(arg, "none")) {
        remember(cli->monitors, "monitor", arg);
    }
    return true;
}

bool cli_qmp(Cli *cli, const char *arg, Error **errp)
{
    remember(cli->monitors, "qmp", arg);
    return true;
}

bool cli_qmp_pretty(Cli *cli, const char *arg, Error **errp)
{
    remember(cli->monitors, "qmp-pretty", arg);
    return true;
}

bool cli_mon(Cli *cli, const char *arg, Error **errp)
{
    cli->monitor_given = true;
    remember(cli->monitors, "mon", arg);
    return true;
}

bool cli_debugcon(Cli *cli, const char *arg, Error **errp)
{
    remember(cli->debugcons, "debugcon", arg);
    return true;
}

/* --- Display ---------------------------------------------------------------------- */

bool cli_display(Cli *cli, const char *arg, Error **errp)
{
    if (g_str_has_prefix(arg, "help")) {
        printf("Available display backend types:\nnone\n");
        cli->finished = true;
        return true;
    }
    if (strcmp(arg, "none")) {
        return error_set(errp, "display '%s' is not built; only 'none' is", arg);
    }
    return true;
}

bool cli_nographic(Cli *cli, const char *arg, Error **errp)
{
    cli->nographic = true;
    return true;
}

bool cli_vga(Cli *cli, const char *arg, Error **errp)
{
    return replace(&cli->vga, arg);
}

bool cli_vnc(Cli *cli, const char *arg, Error **errp)
{
    return strcmp(arg, "none") ? error_set(errp, "VNC displays are not built") : true;
}

bool cli_audiodev(Cli *cli, const char *arg, Error **errp)
{
    return g_str_has_prefix(arg, "none") || g_str_has_prefix(arg, "driver=none")
               ? true
               : error_set(errp, "only the audio backend 'none' is built");
}

bool cli_keyboard_layout(Cli *cli, const char *arg, Error **errp)
{
    return true;
}

bool cli_usb(Cli *cli, const char *arg, Error **errp)
{
    return cli_machine(cli, "usb=on", errp);
}

/* --- Images ----------------------------------------------------------------------- */

static bool machine_string(Cli *cli, const char *key, const char *arg)
{
    json_object_object_add(cli->machine_opts, key, value_new_str(arg, VALUE_KEYVAL));
    return true;
}

bool cli_kernel(Cli *cli, const char *arg, Error **errp)
{
    return machine_string(cli, "kernel", arg);
}

bool cli_initrd(Cli *cli, const char *arg, Error **errp)
{
    return machine_string(cli, "initrd", arg);
}

bool cli_append(Cli *cli, const char *arg, Error **errp)
{
    return machine_string(cli, "append", arg);
}

bool cli_dtb(Cli *cli, const char *arg, Error **errp)
{
    return machine_string(cli, "dtb", arg);
}

bool cli_bios(Cli *cli, const char *arg, Error **errp)
{
    return machine_string(cli, "firmware", arg);
}

bool cli_datadir(Cli *cli, const char *arg, Error **errp)
{
    if (!strcmp(arg, "help")) {
        help_firmware_dirs();
        cli->finished = true;
        return true;
    }
    start_add_firmware_dir(arg);
    return true;
}

bool cli_option_rom(Cli *cli, const char *arg, Error **errp)
{
    return option_rom_add_option(arg, errp);
}

bool cli_fw_cfg(Cli *cli, const char *arg, Error **errp)
{
    return fw_cfg_add_option(arg, errp);
}

bool cli_smbios(Cli *cli, const char *arg, Error **errp)
{
    return smbios_add_option(arg, errp);
}

bool cli_acpitable(Cli *cli, const char *arg, Error **errp)
{
    return acpi_table_add_option(arg, errp);
}

bool cli_no_acpi(Cli *cli, const char *arg, Error **errp)
{
    return machine_string(cli, "acpi", "off");
}

bool cli_singlestep(Cli *cli, const char *arg, Error **errp)
{
    tcg_set_singlestep();
    return true;
}

bool cli_no_hpet(Cli *cli, const char *arg, Error **errp)
{
    return machine_string(cli, "hpet", "off");
}

static bool parse_date(const char *text, int64_t *ns)
{
    g_autofree char *full = strchr(text, 'T') ? g_strdup_printf("%sZ", text)
                                              : g_strdup_printf("%sT00:00:00Z", text);
    g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(full, NULL);

    if (!date) {
        return false;
    }
    *ns = g_date_time_to_unix(date) * NANOSECONDS_PER_SECOND;
    return true;
}

bool cli_rtc(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "base", "clock", "driftfix", NULL };
    g_autojson opts = opts_parse(arg, NULL, errp);
    BoardOptions *board = &cli->board;

    if (!opts || !only_keys(opts, known, errp)) {
        return false;
    }
    const char *base = value_dict_get_str(opts, "base");
    if (base && !strcmp(base, "localtime")) {
        board->rtc_localtime = true;
    } else if (base && strcmp(base, "utc")) {
        if (!parse_date(base, &board->rtc_base_ns)) {
            cli->unprefixed = true;
            error_set(errp, "invalid datetime format");
            error_append_hint(errp,
                              "valid formats: '2006-06-17T16:01:21' or '2006-06-17'\n");
            return false;
        }
        board->rtc_has_base = true;
    }
    const char *clock = value_dict_get_str(opts, "clock");
    if (clock && !strcmp(clock, "vm")) {
        board->rtc_clock_is_virtual = true;
    } else if (clock && strcmp(clock, "host") && strcmp(clock, "rt")) {
        cli->unprefixed = true;
        return error_set(errp, "invalid option value '%s'", clock);
    }
    const char *fix = value_dict_get_str(opts, "driftfix");
    if (fix && !strcmp(fix, "slew")) {
        return cli_global(cli, "mc146818rtc.lost_tick_policy=slew", errp);
    }
    if (fix && strcmp(fix, "none")) {
        cli->unprefixed = true;
        return error_set(errp, "invalid option value '%s'", fix);
    }
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

    if (!opts || !only_keys(opts, known, errp)) {
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

    if (!opts || !only_keys(opts, known, errp) ||
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
    return replace(&cli->qtest, arg);
}

bool cli_qtest_log(Cli *cli, const char *arg, Error **errp)
{
    return replace(&cli->qtest_log, arg);
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

    if (!opts || !only_keys(opts, known, errp) ||
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
    return replace(&cli->pidfile, arg);
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

    if (!opts || !only_keys(opts, known, errp) ||
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
            replace(&group, name);
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
        add_drive(cli, "drive", IF_DEFAULT, 0, "disk", text);
        LateOption *o = g_ptr_array_index(cli->drives, cli->drives->len - 1);
        replace(&o->location, text);
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
