/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine: what is wired together for one -M name. Options of -machine are its
 * properties. Life: properties set, memory size settled, init (makes the devices),
 * init_done, then run. Context: BQL.
 */
#ifndef STRATA_HW_CORE_MACHINE_H
#define STRATA_HW_CORE_MACHINE_H

#include "hw/core/device.h"
#include "memory/memory.h"

#define TYPE_MACHINE            "machine"
#define MACHINE_TYPE_SUFFIX     "-machine"
#define MACHINE_TYPE_NAME(name) name MACHINE_TYPE_SUFFIX
#define MAX_NUMA_NODES          128

typedef struct MachineState MachineState;
typedef struct MachineClass MachineClass;

typedef struct CpuTopology {
    unsigned cpus; /* at start */
    unsigned max_cpus;
    unsigned sockets;
    unsigned dies;
    unsigned cores;
    unsigned threads;
} CpuTopology;

typedef struct NumaNode {
    bool present;
    uint64_t mem_bytes;
    Object *memdev; /* a memory backend, or NULL */
    uint8_t distance[MAX_NUMA_NODES];
    uint16_t initiator;
} NumaNode;

#define NUMA_MAX_CPUS 1024

typedef struct NumaState {
    int num_nodes;
    int16_t cpu_node[NUMA_MAX_CPUS]; /* by CPU index; -1: not given */
    bool have_distance;
    NumaNode nodes[MAX_NUMA_NODES];
} NumaState;

/* What -drive, -nic, -serial and friends left for the machine to make devices of. */
struct BoardOptions;

struct MachineState {
    Object parent_obj;
    /* From -machine, -m, -smp, -cpu, -kernel ... ; owned. */
    uint64_t ram_size;
    uint64_t maxram_size;
    uint64_t ram_slots;
    CpuTopology smp;
    NumaState *numa; /* NULL without -numa */
    char *cpu_type;  /* QOM type name */
    char *cpu_model; /* as typed, or NULL */
    char *kernel_filename;
    char *kernel_cmdline;
    char *initrd_filename;
    char *dtb;
    char *firmware;          /* -bios, or NULL */
    char *memory_backend_id; /* -machine memory-backend= */
    char *boot_order;        /* "cad", NULL: the class's */
    char *boot_once;
    bool boot_menu;
    bool boot_strict;
    char *boot_splash;
    int32_t boot_splash_time; /* -1 unset */
    int32_t reboot_timeout;   /* -1 unset */
    bool enable_graphics;
    bool usb;
    bool usb_set; /* given by the user */
    bool dump_guest_core;
    bool mem_merge;
    bool suppress_vmdesc;
    int acpi; /* OnOffAuto; only machines with ACPI look */
    /* The RAM that -m asked for, ready before init; NULL when the machine has none. */
    MemoryRegion *ram;
    Object *ram_backend;
    /* The device-memory window, NULL when maxmem gave none. */
    struct DeviceMemoryState *device_memory;
    struct BoardOptions *board; /* see hw/core/board-options.h */
    GPtrArray *cpus;            /* VCPU *, by index; NULL gaps for unplugged ones */
};

struct MachineClass {
    ObjectClass parent_class;
    const char *name;  /* "pc-i440fx-7.2" */
    const char *alias; /* "pc" */
    const char *desc;
    const char *deprecation_reason;
    const char *target; /* "x86_64", "ppc" */
    bool is_default;    /* of its target */
    unsigned max_cpus;
    unsigned default_cpus;
    uint64_t default_ram_size;
    const char *default_ram_id; /* "pc.ram" */
    const char *default_cpu_type;
    const char *default_boot_order;
    const char *default_display; /* "std" */
    const char *default_nic;     /* "e1000" */
    bool has_hotpluggable_cpus;
    bool no_memory_slots; /* -m has neither slots= nor maxmem= */
    bool no_serial, no_parallel, no_floppy, no_cdrom, no_sdcard;
    unsigned ide_units_per_bus; /* 0: two */
    GlobalProperty *compat_props;
    size_t num_compat_props;
    /* Adjust and check options before anything is made. */
    bool (*check_options)(MachineState *ms, Error **errp);
    bool (*init)(MachineState *ms, Error **errp);
    /* After all devices, -device too, are there: firmware tables. */
    bool (*init_done)(MachineState *ms, Error **errp);
    /* Who plugs a device without a hotplug bus; NULL: nobody. */
    Object *(*get_hotplug_handler)(MachineState *ms, DeviceState *dev);
    /* Possible CPUs for query-hotpluggable-cpus: array of json objects. */
    struct json_object *(*hotpluggable_cpus)(MachineState *ms);
};

static inline MachineState *MACHINE(const void *obj)
{
    return (MachineState *)object_cast((const Object *)obj, TYPE_MACHINE);
}
static inline MachineClass *MACHINE_CLASS(const void *klass)
{
    return (MachineClass *)object_class_cast((ObjectClass *)klass, TYPE_MACHINE);
}
static inline MachineClass *MACHINE_GET_CLASS(const void *obj)
{
    return MACHINE_CLASS(((const Object *)obj)->klass);
}

/* Node of CPU @index: as given by -numa, else that of its socket; 0 without -numa. */
int machine_get_cpu_node(const MachineState *ms, unsigned index);

/* By name or alias, of @target or any if NULL. NULL when there is none. */
MachineClass *machine_class_find(const char *name, const char *target);
MachineClass *machine_class_find_default(const char *target);
/* The compat rows of every older version, newest first, end here. */

/* The window DIMMs are plugged into. */
typedef struct DeviceMemoryState {
    hwaddr base;
    MemoryRegion mr; /* "device-memory" */
    /* private: hw/mem/memory-device.c */
    GPtrArray *devices; /* DeviceState *, by address; NULL: none yet */
    uint64_t plugged_bytes;
} DeviceMemoryState;

#endif
