/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: every option is declared once, in options.c's table, from which
 * come parsing, -help and the manual; cli*.c say what each does.
 */
#ifndef STRATA_SOFTMMU_CLI_H
#define STRATA_SOFTMMU_CLI_H

#include "util/error.h"

typedef struct Cli Cli;
/* Act on one option. @arg is NULL when it takes none. */
typedef bool OptionFn(Cli *cli, const char *arg, Error **errp);

typedef struct Option {
    const char *name;
    const char *params; /* NULL: takes no argument; else as -help prints it */
    const char *help;
    OptionFn *fn; /* NULL: accepted and ignored */
    /* Refused: the feature that is not built. */
    const char *missing;
} Option;

extern const Option cli_options[]; /* ends with a NULL name */
/* With one or two dashes. NULL when there is none. */
const Option *option_find(const char *text);
void options_print_help(void);

/* What -readconfig and files may set too; see cli.c. */
bool cli_apply(Cli *cli, const char *option, const char *arg, Error **errp) WARN_UNUSED;

/* The whole start: returns the program's exit status. */
int cli_main(int argc, char **argv);

/* clang-format off */
#define CLI_OPTIONS(X) \
    X(help) X(version) X(machine) X(cpu) X(accel) X(smp) X(numa) X(memory) X(mem_path) \
    X(mem_prealloc) X(keyboard_layout) X(device) X(object) X(global) X(boot) X(name) X(uuid) \
    X(drive) X(hda) X(hdb) X(hdc) X(hdd) X(cdrom) X(fda) X(fdb) X(snapshot) X(netdev) X(nic) \
    X(net) X(chardev) X(serial) X(parallel) X(monitor) X(qmp) X(qmp_pretty) X(mon) X(debugcon) \
    X(display) X(echr) X(nographic) X(vga) X(vnc) X(kernel) X(initrd) X(append) X(dtb) X(bios) X(datadir) \
    X(option_rom) X(fw_cfg) X(smbios) X(acpitable) X(stopped) X(pidfile) X(daemonize) X(logfile) \
    X(log) X(dfilter) X(rtc) X(no_reboot) X(no_shutdown) X(no_acpi) X(no_hpet) X(action) \
    X(readconfig) X(nodefaults) X(no_user_config) X(sandbox) X(run_with) X(msg) X(icount) \
    X(enable_kvm) X(usb) X(overcommit) X(preconfig) X(qtest) X(qtest_log) X(add_fd) \
    X(set) X(watchdog_action) X(audiodev) X(incoming) X(singlestep)
/* clang-format on */
#define CLI_DECLARE(name) bool cli_##name(Cli *cli, const char *arg, Error **errp);
CLI_OPTIONS(CLI_DECLARE)
#undef CLI_DECLARE

#endif
