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

/* Before the first option: the event loop, the lock, the memory core. */
void start_early(void);
/* All of the rest; the program's exit status. */
int start_machine(Cli *cli);
/* -object checks that the user sees with the option before them. */
bool start_check_object(Cli *cli, const char *type, struct json_object *opts,
                        Error **errp) WARN_UNUSED;
void start_print_accelerators(void);
void start_print_user_creatable(void);
void start_print_machines(const char *target);
void start_print_devices(void);
void start_print_cpus(const char *target);
bool start_print_properties(const char *type, bool device, Error **errp) WARN_UNUSED;
void start_print_firmware_dirs(void);
void start_add_firmware_dir(const char *dir);
bool start_add_fd(const char *arg, Error **errp) WARN_UNUSED;

/* numa.c: carry out -numa options on the machine. */
bool numa_apply_options(MachineState *ms, GPtrArray *options, Error **errp) WARN_UNUSED;
/* The machine's RAM as a container of the nodes' backends. */
bool numa_make_ram(MachineState *ms, const char *ram_id, Error **errp) WARN_UNUSED;
/* smp.c: fill in ms->smp. */
bool smp_apply_options(MachineState *ms, struct json_object *opts,
                       Error **errp) WARN_UNUSED;

#endif
