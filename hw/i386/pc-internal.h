/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PC machine's state, shared by its wiring (pc.c) and its hotplug (pc-hotplug.c).
 */
#ifndef STRATA_HW_I386_PC_INTERNAL_H
#define STRATA_HW_I386_PC_INTERNAL_H

#include "accel/target/i386/x86-cpu.h"
#include "hw/core/machine.h"
#include "hw/i386/firmware.h"
#include "hw/intc/gsi.h"
#include "hw/intc/i8259.h"
#include "hw/misc/pc-ports.h"
#include "hw/pci-host/i440fx.h"
#include "hw/rtc/mc146818rtc.h"
#include "hw/timer/i8254.h"

#define TYPE_PC_MACHINE "generic-pc-machine"
OBJECT_DECLARE_SIMPLE_TYPE(PCMachineState, PC_MACHINE, TYPE_PC_MACHINE)

/* What one CPU sees: memory, and memory with SMRAM while it is in SMM. */
typedef struct PcCpuView {
    AddressSpace memory, smm;
    MemoryRegion smm_root, smm_memory, smm_smram;
} PcCpuView;

struct PCMachineState {
    MachineState parent_obj;

    MemoryRegion pci_memory, ram_below, ram_above;
    uint64_t below_4g, above_4g;

    GsiState gsi;
    IrqLine a20, reset, smi, poweroff, suspend;
    PcPorts ports;

    uint32_t *apic_ids;
    I440FXHost *host;
    PCIBus *pci;
    ISABus *isa;
    I8259State *pic;
    I8254State *pit;
    RtcState *rtc;
    DeviceState *hpet_dev, *fdc, *pm; /* pm: NULL without ACPI */
    PCIDevice *ide;
    PcFirmware *fw;

    /* Options */
    int acpi, smm, vmport; /* OnOffAuto */
    bool hpet, i8042, smbus, nvdimm;
    uint64_t max_ram_below_4g;
};

uint32_t pc_apic_id(const CpuTopology *t, unsigned index);

/* pc-hotplug.c: DIMMs and CPUs. */
Object *pc_get_hotplug_handler(MachineState *ms, DeviceState *dev);
void pc_hotplug_class_init(HotplugHandlerClass *hc);

#endif
