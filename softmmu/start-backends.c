/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character devices, monitors, drives, networks and the display from their options. */
#include "hw/core/machine.h"
#include "qapi/command.h"
#include "qapi/monitor.h"
#include "qapi/value.h"
#include "softmmu/cli-internal.h"
#include "softmmu/device-add.h"
#include "softmmu/net.h"
#include "softmmu/runstate.h"

#include <string.h>

/* --- Character devices and monitors ----------------------------------------------- */

bool start_for_each(GPtrArray *list, Cli *cli,
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
            opt_remember(cli->serials, "serial", "mon:stdio");
        } else if (default_serial) {
            opt_remember(cli->serials, "serial", "stdio");
        } else if (default_monitor) {
            opt_remember(cli->monitors, "monitor", "stdio");
        }
    } else if (default_serial) {
        opt_remember(cli->serials, "serial", "null");
    }
    if (default_parallel) {
        opt_remember(cli->parallels, "parallel", "null");
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

bool start_open_chardevs(Cli *cli, MachineClass *mc, Error **errp)
{
    static const ChardevMuxActions mux_actions = { .quit = mux_quit };

    chardev_set_monitor_fn(mux_monitor);
    chardev_set_mux_actions(&mux_actions);
    hmp_set_register_fn(machine_get_register);
    add_default_chardevs(cli, mc);
    return start_for_each(cli->monitors, cli, open_monitor, errp) &&
           start_for_each(cli->serials, cli, open_serial, errp) &&
           start_for_each(cli->parallels, cli, open_parallel, errp) &&
           start_for_each(cli->debugcons, cli, open_debugcon, errp);
}

/* --- Drives, network, display ----------------------------------------------------- */

static bool add_drive(Cli *cli, LateOption *o, guint n, Error **errp)
{
    if (o->is_simple_drive) {
        return drive_add_file(o->drive_type, o->index, o->media, o->text, false,
                              o->location, errp) != NULL;
    }
    g_autojson opts = opts_parse(o->text, NULL, errp);
    return opts && drive_add(opts, o->location, errp) != NULL;
}

bool start_add_drives(Cli *cli, MachineClass *mc, Error **errp)
{
    static const char *const floppies[] = { "isa-fdc", "floppy", NULL };
    static const char *const cdroms[] = { "ide-cd", "scsi-cd", NULL };
    DriveDefaults defaults = drive_pc_defaults();

    if (mc->ide_units_per_bus) {
        defaults.units_per_bus[IF_IDE] = (int)mc->ide_units_per_bus;
    }
    drive_set_defaults(&defaults);
    if (!start_for_each(cli->drives, cli, add_drive, errp)) {
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

bool start_add_networks(Cli *cli, MachineClass *mc, Error **errp)
{
    return start_for_each(cli->netdevs, cli, add_netdev, errp) &&
           start_for_each(cli->nics, cli, add_nic, errp) &&
           start_for_each(cli->legacy_nets, cli, add_legacy_net, errp) &&
           (cli->net_given ||
            net_add_defaults(cli->nodefaults || !mc->default_nic, errp));
}

bool start_choose_vga(Cli *cli, MachineClass *mc, Error **errp)
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
