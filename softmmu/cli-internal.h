/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cli.c collects and start.c carries out. */
#ifndef STRATA_SOFTMMU_CLI_INTERNAL_H
#define STRATA_SOFTMMU_CLI_INTERNAL_H

#include "hw/core/board-options.h"
#include "hw/core/machine.h"
#include "softmmu/block.h"
#include "softmmu/cli.h"

#include <json-c/json.h>

/* An option that is carried out later. */
typedef struct LateOption {
    char *text;
    char *location; /* "-device e1000", for messages */
    struct json_object *opts;
    /* -hda and friends */
    bool is_simple_drive;
    BlockInterfaceType drive_type;
    int index;
    const char *media;
} LateOption;

struct Cli {
    const char *program;
    bool finished;        /* an option that only prints */
    const char *location; /* of the option being parsed */
    bool unprefixed;      /* the last error stands without the option before it */
    struct json_object *machine_opts; /* all -M merged */
    struct json_object *smp, *boot;
    char *cpu;
    GPtrArray *accel_names, *accel_opts;
    GPtrArray *numa, *devices, *objects, *drives, *netdevs, *nics, *legacy_nets,
        *serials, *parallels, *monitors, *debugcons; /* LateOption */
    GHashTable *device_ids, *object_ids;
    bool ram_size_given, maxmem_given, slots_given;
    uint64_t ram_size, maxmem, slots;
    char *mem_path;
    bool mem_prealloc, mem_lock;
    char *name, *uuid, *vga, *pidfile, *qtest, *qtest_log;
    bool cdrom_given, net_given, monitor_given, nographic, nodefaults, start_stopped,
        daemonize;
    BoardOptions board;
};

/* cli.c: what options have in common. */
/* A string option: the last one counts. True. */
bool opt_replace(char **place, const char *arg);
/* For start.c: @arg of -@option at the end of @list of LateOption. */
void opt_remember(GPtrArray *list, const char *option, const char *arg);
/* @known ends with NULL. */
bool opt_only_keys(struct json_object *opts, const char *const *known,
                   Error **errp) WARN_UNUSED;
/* A member as a boolean or number; @def when absent. */
bool opt_bool(struct json_object *opts, const char *key, bool def, bool *out,
              Error **errp) WARN_UNUSED;
bool opt_number(struct json_object *opts, const char *key, uint64_t def, uint64_t *out,
                Error **errp) WARN_UNUSED;
/* @from into @into, later values winning. */
void opt_merge(struct json_object *into, struct json_object *from);
/* cli-backends.c: one of -hda and friends, or a file without an option. True. */
bool opt_add_drive(Cli *cli, const char *option, BlockInterfaceType type, int index,
                   const char *media, const char *arg);

/* Before the first option: the event loop, the lock, the memory core. */
void start_early(void);
/* All of the rest; the program's exit status. */
int start_machine(Cli *cli);
/* -object checks that the user sees with the option before them. */
bool start_check_object(Cli *cli, const char *type, struct json_object *opts,
                        Error **errp) WARN_UNUSED;
void start_add_firmware_dir(const char *dir);

/* start-backends.c: from their options, in the order that these stand in. */
/* What all of @list have in common is that messages name the option. */
bool start_for_each(GPtrArray *list, Cli *cli,
                    bool (*fn)(Cli *cli, LateOption *o, guint n, Error **errp),
                    Error **errp) WARN_UNUSED;
bool start_open_chardevs(Cli *cli, MachineClass *mc, Error **errp) WARN_UNUSED;
bool start_add_drives(Cli *cli, MachineClass *mc, Error **errp) WARN_UNUSED;
bool start_add_networks(Cli *cli, MachineClass *mc, Error **errp) WARN_UNUSED;
bool start_choose_vga(Cli *cli, MachineClass *mc, Error **errp) WARN_UNUSED;

/* help.c: to stdout. */
void help_accelerators(void);
void help_user_creatable(void);
void help_machines(const char *target);
void help_cpus(const char *target);
bool help_properties(const char *type, bool device, Error **errp) WARN_UNUSED;
void help_firmware_dirs(void);
/* "-device help" and "-device X,help"; true if one of them was given. */
bool help_devices_asked(Cli *cli);

/* process.c */
/* Signals come through a descriptor of the main loop; no thread takes them. */
void process_block_signals(void);
void process_watch_signals(void);
/* -daemonize, before any thread exists. The parent waits until the child is ready or
 * has failed. */
bool process_go_to_background(Error **errp) WARN_UNUSED;
void process_tell_parent_ready(void);
/* Locked for the life of the process. */
bool process_write_pidfile(const char *path, Error **errp) WARN_UNUSED;
/* -add-fd */
bool process_add_fd(const char *arg, Error **errp) WARN_UNUSED;

/* numa.c: carry out -numa options on the machine. */
bool numa_apply_options(MachineState *ms, GPtrArray *options, Error **errp) WARN_UNUSED;
/* The machine's RAM as a container of the nodes' backends. */
bool numa_make_ram(MachineState *ms, const char *ram_id, Error **errp) WARN_UNUSED;
/* smp.c: fill in ms->smp. */
bool smp_apply_options(MachineState *ms, struct json_object *opts,
                       Error **errp) WARN_UNUSED;

#endif
