/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "softmmu/cli.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
const Option cli_options[] = {
    { "h", NULL, NULL, cli_help, NULL },
    { "help", NULL, "this list", cli_help, NULL },
    { "version", NULL, "name and version", cli_version, NULL },

    { "machine", "[type=]NAME[,PROP=VALUE...]", "the machine to build ('help' lists them)", cli_machine, NULL },
    { "M", "[type=]NAME[,PROP=VALUE...]", NULL, cli_machine, NULL },
    { "cpu", "MODEL[,+FEATURE][,-FEATURE]", "CPU model ('help' lists them)", cli_cpu, NULL },
    { "accel", "NAME[,PROP=VALUE...]", "who executes the guest: kvm, tcg or qtest; repeat to fall back", cli_accel, NULL },
    { "enable-kvm", NULL, "the same as -accel kvm", cli_enable_kvm, NULL },
    { "smp", "[cpus=]N[,maxcpus=N][,sockets=N][,dies=N][,cores=N][,threads=N]", "number and topology of CPUs", cli_smp, NULL },
    { "numa", "node[,nodeid=N][,cpus=FIRST[-LAST]][,memdev=ID] | dist,src=N,dst=N,val=N | cpu,...", "NUMA nodes", cli_numa, NULL },
    { "m", "[size=]SIZE[,slots=N,maxmem=SIZE]", "guest memory (MiB without suffix), slots and limit for DIMMs", cli_memory, NULL },
    { "mem-path", "PATH", "back guest memory by a file, or by a file in this folder", cli_mem_path, NULL },
    { "mem-prealloc", NULL, "touch all guest memory at start", cli_mem_prealloc, NULL },
    { "k", "LAYOUT", "keyboard layout (accepted; there is no local display)", cli_keyboard_layout, NULL },
    { "device", "DRIVER[,PROP=VALUE...] | JSON", "add a device ('help' lists them, 'DRIVER,help' its properties)", cli_device, NULL },
    { "object", "TYPE,id=ID[,PROP=VALUE...] | JSON", "make an object, such as a memory backend", cli_object, NULL },
    { "global", "DRIVER.PROP=VALUE", "a property for every device of the type", cli_global, NULL },
    { "set", "GROUP.ID.ARG=VALUE", NULL, cli_set, NULL },
    { "boot", "[order=DRIVES][,once=DRIVES][,menu=on|off][,splash-time=MS][,reboot-timeout=MS][,strict=on|off]", "boot order: a, b floppies, c disk, d CD, n network", cli_boot, NULL },
    { "name", "NAME[,process=NAME][,debug-threads=on|off]", "name of the guest", cli_name, NULL },
    { "uuid", "UUID", "UUID of the guest", cli_uuid, NULL },
    { "overcommit", "[mem-lock=on|off][,cpu-pm=on|off]", "memory locking", cli_overcommit, NULL },

    { "drive", "[file=FILE][,format=raw][,if=TYPE][,index=N][,bus=N,unit=N][,media=disk|cdrom][,snapshot=on|off][,readonly=on|off][,id=ID]", "a drive and its medium", cli_drive, NULL },
    { "hda", "FILE", "first disk", cli_hda, NULL },
    { "hdb", "FILE", "second disk", cli_hdb, NULL },
    { "hdc", "FILE", "third disk", cli_hdc, NULL },
    { "hdd", "FILE", "fourth disk", cli_hdd, NULL },
    { "cdrom", "FILE", "medium of the CD drive", cli_cdrom, NULL },
    { "fda", "FILE", "first floppy", cli_fda, NULL },
    { "fdb", "FILE", "second floppy", cli_fdb, NULL },
    { "snapshot", NULL, "writes go to temporary files", cli_snapshot, NULL },
    { "blockdev", "JSON", NULL, NULL, "block nodes without -drive" },
    { "mtdblock", "FILE", NULL, NULL, "MTD flash" },
    { "sd", "FILE", NULL, NULL, "SD cards" },
    { "virtfs", "OPTS", NULL, NULL, "9p file systems" },
    { "fsdev", "OPTS", NULL, NULL, "9p file systems" },

    { "netdev", "user,id=ID[,hostfwd=RULE][,tftp=DIR][,bootfile=NAME]...", "the host's end of a network card", cli_netdev, NULL },
    { "nic", "user[,model=CARD][,mac=ADDR]... | none", "a network card and its host end", cli_nic, NULL },
    { "net", "nic[,...] | user[,...] | none", "the older form", cli_net, NULL },

    { "chardev", "BACKEND,id=ID[,...]", "a character device ('help' lists the kinds)", cli_chardev, NULL },
    { "serial", "DEV", "where a serial port goes", cli_serial, NULL },
    { "parallel", "DEV", "where a parallel port goes", cli_parallel, NULL },
    { "monitor", "DEV", "where the human monitor goes", cli_monitor, NULL },
    { "qmp", "DEV", "a QMP monitor", cli_qmp, NULL },
    { "qmp-pretty", "DEV", "a QMP monitor that answers over several lines", cli_qmp_pretty, NULL },
    { "mon", "[chardev=]ID[,mode=readline|control][,pretty=on|off]", "a monitor on a character device", cli_mon, NULL },
    { "echr", "CODE", "the escape key of a shared terminal (1: Ctrl-a)", cli_echr, NULL },
    { "debugcon", "DEV", "debug port 0xe9", cli_debugcon, NULL },

    { "display", "none", "no local display ('none' is what there is)", cli_display, NULL },
    { "nographic", NULL, "serial port and monitor on the terminal (Ctrl-a h for help)", cli_nographic, NULL },
    { "vga", "std|cirrus|none", "display adapter", cli_vga, NULL },
    { "vnc", "none", NULL, cli_vnc, NULL },
    { "spice", "OPTS", NULL, NULL, "SPICE" },
    { "full-screen", NULL, NULL, NULL, "a local display" },
    { "audiodev", "none,id=ID", NULL, cli_audiodev, NULL },
    { "usb", NULL, "USB controller of the board", cli_usb, NULL },
    { "usbdevice", "NAME", NULL, NULL, "USB devices" },
    { "tpmdev", "OPTS", NULL, NULL, "TPM devices" },

    { "kernel", "FILE", "boot this kernel", cli_kernel, NULL },
    { "initrd", "FILE", "initial RAM disk, or multiboot modules", cli_initrd, NULL },
    { "append", "TEXT", "kernel command line", cli_append, NULL },
    { "dtb", "FILE", "device tree", cli_dtb, NULL },
    { "bios", "FILE", "firmware image", cli_bios, NULL },
    { "L", "DIR", "where firmware files are", cli_datadir, NULL },
    { "option-rom", "FILE[,bootindex=N]", "load an option ROM", cli_option_rom, NULL },
    { "fw_cfg", "[name=]NAME,file=FILE|string=TEXT", "a file for the firmware", cli_fw_cfg, NULL },
    { "smbios", "file=FILE | type=N[,FIELD=VALUE...]", "SMBIOS contents", cli_smbios, NULL },
    { "acpitable", "[sig=SIG,...,]file=FILE|data=FILE", "an additional ACPI table", cli_acpitable, NULL },
    { "no-acpi", NULL, "no ACPI", cli_no_acpi, NULL },
    { "no-hpet", NULL, "no HPET", cli_no_hpet, NULL },
    { "no-fd-bootchk", NULL, "accepted", NULL, NULL },
    { "win2k-hack", NULL, "accepted", NULL, NULL },
    { "rtc", "[base=utc|localtime|DATE][,clock=host|rt|vm][,driftfix=none|slew]", "the clock chip", cli_rtc, NULL },

    { "S", NULL, "do not start the CPUs", cli_stopped, NULL },
    { "preconfig", NULL, NULL, cli_preconfig, NULL },
    { "no-reboot", NULL, "exit instead of rebooting", cli_no_reboot, NULL },
    { "no-shutdown", NULL, "stop instead of exiting at power-off", cli_no_shutdown, NULL },
    { "action", "reboot=reset|shutdown | shutdown=poweroff|pause | panic=pause|shutdown|exit-failure|none", "what to do then", cli_action, NULL },
    { "watchdog-action", "ACTION", "what the watchdog does", cli_watchdog_action, NULL },
    { "incoming", "URI", NULL, cli_incoming, NULL },
    { "loadvm", "NAME", NULL, NULL, "saved machine states" },
    { "only-migratable", NULL, "accepted", NULL, NULL },
    { "icount", "[shift=]N|auto[,sleep=on|off]", "the virtual clock counts instructions (tcg)", cli_icount, NULL },
    { "singlestep", NULL, "translate instructions one by one (tcg)", cli_singlestep, NULL },
    { "gdb", "DEV", NULL, NULL, "the debugger stub" },
    { "s", NULL, NULL, NULL, "the debugger stub" },
    { "semihosting", NULL, NULL, NULL, "semihosting" },
    { "plugin", "FILE", NULL, NULL, "translator plugins" },
    { "qtest", "DEV", "a qtest server", cli_qtest, NULL },
    { "qtest-log", "FILE", "where qtest logs", cli_qtest_log, NULL },

    { "d", "ITEM,...", "what to log ('help' lists the items)", cli_log, NULL },
    { "D", "FILE", "log to this file", cli_logfile, NULL },
    { "dfilter", "RANGE,...", "log only these guest addresses", cli_dfilter, NULL },
    { "trace", "[enable=PATTERN]", NULL, NULL, "trace events" },
    { "msg", "[timestamp=on|off][,guest-name=on|off]", "form of messages", cli_msg, NULL },

    { "readconfig", "FILE", "read options from a file", cli_readconfig, NULL },
    { "nodefaults", NULL, "no default devices", cli_nodefaults, NULL },
    { "no-user-config", NULL, "accepted; there are no configuration files", cli_no_user_config, NULL },
    { "pidfile", "FILE", "write the process id here", cli_pidfile, NULL },
    { "daemonize", NULL, "go to the background when ready", cli_daemonize, NULL },
    { "sandbox", "on|off[,...]", "accepted when off; there is no filter yet", cli_sandbox, NULL },
    { "run-with", "[async-teardown=on|off][,chroot=DIR]", NULL, cli_run_with, NULL },
    { "add-fd", "fd=N,set=N[,opaque=TEXT]", "pass a file descriptor", cli_add_fd, NULL },
    { "runas", "USER", NULL, NULL, "changing the user" },
    { "chroot", "DIR", NULL, NULL, "changing the root directory" },
    { NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */

const Option *option_find(const char *text)
{
    if (*text == '-' && text[1]) {
        text++;
    }
    if (*text == '-' && text[1]) {
        text++;
    }
    for (const Option *o = cli_options; o->name; o++) {
        if (!strcmp(o->name, text)) {
            return o;
        }
    }
    return NULL;
}

void options_print_help(void)
{
    printf("usage: strata [options] [disk image]\n\n");
    for (const Option *o = cli_options; o->name; o++) {
        if (o->help) {
            printf("-%s %s\n                %s\n", o->name, o->params ? o->params : "",
                   o->help);
        }
    }
}
