/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PC machine's state and class, shared by the common wiring (pc.c), its hotplug
 * (pc-hotplug.c) and the chipsets (pc-i440fx.c, pc-q35.c, none in pc-isa.c).
 */
#ifndef STRATA_HW_I386_PC_INTERNAL_H
#define STRATA_HW_I386_PC_INTERNAL_H

#include "accel/target/i386/x86-cpu.h"
#include "hw/core/machine.h"
#include "hw/i386/firmware.h"
#include "hw/intc/gsi.h"
#include "hw/intc/i8259.h"
#include "hw/misc/pc-ports.h"
#include "hw/pci/pci.h"
#include "hw/rtc/mc146818rtc.h"
#include "hw/timer/i8254.h"
#include "softmmu/runstate.h"

#define TYPE_PC_MACHINE "generic-pc-machine"
OBJECT_DECLARE_TYPE(PCMachineState, PCMachineClass, PC_MACHINE, TYPE_PC_MACHINE)

struct PCMachineState {
    MachineState parent_obj;

    MemoryRegion pci_memory, ram_below, ram_above;
    uint64_t below_4g, above_4g;

    GsiState gsi;
    IrqLine intr, a20, reset, smi, smi_all, poweroff, suspend;
    PcPorts ports;

    uint32_t *apic_ids;
    struct PcCpuView **views; /* by CPU index; objects, children of the CPUs */
    Object *host;             /* host bridge */
    MemoryRegion *smram;      /* what CPUs in SMM see above memory: new_host sets it */
    PCIBus *pci;
    ISABus *isa;
    I8259State *pic;
    I8254State *pit;
    RtcState *rtc;
    DeviceState *hpet_dev, *fdc, *pm; /* pm: NULL without ACPI */
    PCIDevice *ide;
    PcFirmware *fw;
    X86CpuOps cpu_ops; /* the board's entries, for every CPU */

    /* Options */
    int acpi, smm, vmport; /* OnOffAuto */
    bool hpet, i8042, smbus, nvdimm;
    uint64_t max_ram_below_4g;
};

/* The chipset. Hooks in the order in which they are called. */
struct PCMachineClass {
    MachineClass parent_class;
    uint64_t max_ram_below_4g; /* what the property is when it is not set */
    uint32_t hpet_intcap;      /* lines that the HPET's comparators may drive */
    bool has_floppy;
    bool no_device_memory; /* maxmem is accepted and has no effect */
    bool is_isa_only;      /* no PCI, no I/O APIC, no paravirtual devices */
    /* How much of the RAM stays below 4 GiB. */
    uint64_t (*split_ram)(PCMachineState *pc, uint64_t ram_size);
    /* Make, but do not realize, the host bridge: @host and @smram. */
    void (*new_host)(PCMachineState *pc);
    /* Realize it: @pci. */
    bool (*init_host)(PCMachineState *pc, Error **errp);
    /* @isa, and what drives @reset. */
    bool (*make_isa_bridge)(PCMachineState *pc, Error **errp);
    /* Instead of DMA controllers, 8259s and I/O APIC on @isa; NULL: those. */
    void (*make_interrupt_controllers)(PCMachineState *pc);
    /* Complete the firmware's description of the machine. */
    void (*describe)(PCMachineState *pc, PcFirmwareConfig *config);
    /* All other devices; calls the functions below in the chipset's order. */
    bool (*make_devices)(PCMachineState *pc, Error **errp);
    void (*power_button)(PCMachineState *pc);
    void (*wakeup)(PCMachineState *pc, WakeupReason reason);
};

/* For split_ram: warns when the chosen size is an odd one; returns it. */
uint64_t pc_check_split(const PCMachineState *pc, uint64_t below_4g);

/* For make_devices. */
bool pc_make_display(PCMachineState *pc, Error **errp) WARN_UNUSED;
bool pc_make_isa_devices(PCMachineState *pc, Error **errp) WARN_UNUSED;
bool pc_make_network(PCMachineState *pc, Error **errp) WARN_UNUSED;
/* @pm is the handler of CPUs and DIMMs, and is told of the power button. */
bool pc_connect_power_management(PCMachineState *pc, DeviceState *pm,
                                 Error **errp) WARN_UNUSED;

uint32_t pc_apic_id(const CpuTopology *t, unsigned index);
/* pc-cpus.c. */
/* The boot processors, not realized: they are to be the first devices. */
bool pc_make_cpus(PCMachineState *pc, Error **errp) WARN_UNUSED;
/* When there is SMRAM and @ops, the board's part, is complete. */
bool pc_realize_cpus(PCMachineState *pc, Error **errp) WARN_UNUSED;
struct json_object *pc_hotpluggable_cpus(MachineState *ms);
bool pc_cpu_pre_plug(PCMachineState *pc, X86Cpu *cpu, Error **errp) WARN_UNUSED;
bool pc_cpu_plug(PCMachineState *pc, X86Cpu *cpu, Error **errp) WARN_UNUSED;
bool pc_cpu_unplug_request(PCMachineState *pc, X86Cpu *cpu, Error **errp) WARN_UNUSED;
bool pc_cpu_unplug(PCMachineState *pc, X86Cpu *cpu, Error **errp) WARN_UNUSED;

/* pc-hotplug.c: DIMMs and CPUs. */
Object *pc_get_hotplug_handler(MachineState *ms, DeviceState *dev);
void pc_hotplug_class_init(HotplugHandlerClass *hc);

#endif
