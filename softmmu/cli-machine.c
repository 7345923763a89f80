/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of the machine: CPUs, memory, devices, objects, firmware, images, clock. */
#include "accel/tcg/flush.h"
#include "hw/i386/firmware.h"
#include "qapi/value.h"
#include "softmmu/cli-internal.h"
#include "softmmu/cli.h"
#include "softmmu/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Machine and CPUs ------------------------------------------------------------- */

bool cli_machine(Cli *cli, const char *arg, Error **errp)
{
    g_autojson opts = keyval_or_json_parse(arg, "type", errp);

    if (!opts) {
        return false;
    }
    opt_merge(cli->machine_opts, opts);
    return true;
}

bool cli_cpu(Cli *cli, const char *arg, Error **errp)
{
    return opt_replace(&cli->cpu, arg);
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

    if (!opts || !opt_only_keys(opts, known, errp)) {
        return false;
    }
    if (!cli->smp) {
        cli->smp = json_object_new_object();
    }
    opt_merge(cli->smp, opts);
    return true;
}

bool cli_numa(Cli *cli, const char *arg, Error **errp)
{
    opt_remember(cli->numa, "numa", arg);
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

    if (!opts || !opt_only_keys(opts, known, errp)) {
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
    return opt_replace(&cli->mem_path, arg);
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

    return opts && opt_only_keys(opts, known, errp) &&
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
        if (!id_check(id, errp)) {
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

    if (!opts || !opt_only_keys(opts, known, errp)) {
        return false;
    }
    opt_merge(cli->boot, opts);
    return true;
}

bool cli_name(Cli *cli, const char *arg, Error **errp)
{
    static const char *const known[] = { "guest", "process", "debug-threads", NULL };
    g_autojson opts = opts_parse(arg, "guest", errp);

    if (!opts || !opt_only_keys(opts, known, errp)) {
        return false;
    }
    const char *name = value_dict_get_str(opts, "guest");
    return !name || opt_replace(&cli->name, name);
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

    if (!opts || !opt_only_keys(opts, known, errp)) {
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
