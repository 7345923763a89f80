/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of the host's ends: drives, networks, character devices, monitors, display.
 */
#include "qapi/value.h"
#include "softmmu/block.h"
#include "softmmu/cli-internal.h"
#include "softmmu/cli.h"
#include "softmmu/net.h"

#include <stdio.h>
#include <string.h>

/* --- Drives ----------------------------------------------------------------------- */

bool cli_drive(Cli *cli, const char *arg, Error **errp)
{
    opt_remember(cli->drives, "drive", arg);
    return true;
}

bool opt_add_drive(Cli *cli, const char *option, BlockInterfaceType type, int index,
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
    return opt_add_drive(cli, "hda", IF_DEFAULT, 0, "disk", arg);
}

bool cli_hdb(Cli *cli, const char *arg, Error **errp)
{
    return opt_add_drive(cli, "hdb", IF_DEFAULT, 1, "disk", arg);
}

bool cli_hdc(Cli *cli, const char *arg, Error **errp)
{
    return opt_add_drive(cli, "hdc", IF_DEFAULT, 2, "disk", arg);
}

bool cli_hdd(Cli *cli, const char *arg, Error **errp)
{
    return opt_add_drive(cli, "hdd", IF_DEFAULT, 3, "disk", arg);
}

bool cli_cdrom(Cli *cli, const char *arg, Error **errp)
{
    cli->cdrom_given = true;
    return opt_add_drive(cli, "cdrom", IF_DEFAULT, 2, "cdrom", arg);
}

bool cli_fda(Cli *cli, const char *arg, Error **errp)
{
    return opt_add_drive(cli, "fda", IF_FLOPPY, 0, NULL, arg);
}

bool cli_fdb(Cli *cli, const char *arg, Error **errp)
{
    return opt_add_drive(cli, "fdb", IF_FLOPPY, 1, NULL, arg);
}

bool cli_snapshot(Cli *cli, const char *arg, Error **errp)
{
    drive_set_snapshot_default(true);
    return true;
}

/* --- Network ---------------------------------------------------------------------- */

bool cli_netdev(Cli *cli, const char *arg, Error **errp)
{
    opt_remember(cli->netdevs, "netdev", arg);
    cli->net_given = true;
    return true;
}

bool cli_nic(Cli *cli, const char *arg, Error **errp)
{
    opt_remember(cli->nics, "nic", arg);
    cli->net_given = true;
    return true;
}

bool cli_net(Cli *cli, const char *arg, Error **errp)
{
    opt_remember(cli->legacy_nets, "net", arg);
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
    opt_remember(cli->serials, "serial", arg);
    return true;
}

bool cli_parallel(Cli *cli, const char *arg, Error **errp)
{
    opt_remember(cli->parallels, "parallel", arg);
    return true;
}

bool cli_monitor(Cli *cli, const char *arg, Error **errp)
{
    cli->monitor_given = true;
    if (strcmp(arg, "none")) {
        opt_remember(cli->monitors, "monitor", arg);
    }
    return true;
}

bool cli_qmp(Cli *cli, const char *arg, Error **errp)
{
    opt_remember(cli->monitors, "qmp", arg);
    return true;
}

bool cli_qmp_pretty(Cli *cli, const char *arg, Error **errp)
{
    opt_remember(cli->monitors, "qmp-pretty", arg);
    return true;
}

bool cli_mon(Cli *cli, const char *arg, Error **errp)
{
    cli->monitor_given = true;
    opt_remember(cli->monitors, "mon", arg);
    return true;
}

bool cli_debugcon(Cli *cli, const char *arg, Error **errp)
{
    opt_remember(cli->debugcons, "debugcon", arg);
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
    return opt_replace(&cli->vga, arg);
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
