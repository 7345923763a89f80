/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU hotplug register block: at reset a bitmap of the CPUs present, by APIC id;
 * once the guest's AML has written its first byte group a selector window like that of
 * memory. Layout: hw/acpi/cpu-hotplug.c. Context: BQL.
 */
#ifndef STRATA_HW_ACPI_CPU_HOTPLUG_H
#define STRATA_HW_ACPI_CPU_HOTPLUG_H

#include "hw/acpi/acpi-device.h"
#include "memory/memory.h"
#include "migration/vmstate.h"
#include "util/event-loop.h"

#define ACPI_CPU_HOTPLUG_LEN 0x20

typedef struct AcpiCpuSlot {
    DeviceState *cpu; /* NULL: not plugged */
    uint32_t arch_id; /* APIC id */
    bool inserting;
    bool removing;
    bool ejecting; /* gone for the guest; the bottom half takes it out. Not migrated */
    uint32_t ost_event;
    uint32_t ost_status;
} AcpiCpuSlot;

typedef struct AcpiCpuHotplug {
    MemoryRegion region; /* "acpi-cpu-hotplug" */
    bool modern;         /* the guest has switched to the selector window */
    uint32_t selector;
    uint8_t command;
    uint32_t num_slots;
    AcpiCpuSlot *slots;
    BottomHalf *eject_bh;
} AcpiCpuHotplug;

/* @arch_ids: of the possible CPUs, by index; copied. */
void acpi_cpu_hotplug_init(AcpiCpuHotplug *s, Object *owner, MemoryRegion *io,
                           hwaddr base, const uint32_t *arch_ids, unsigned num);
void acpi_cpu_hotplug_fini(AcpiCpuHotplug *s, MemoryRegion *io);
void acpi_cpu_hotplug_reset(AcpiCpuHotplug *s);
/* True when the guest is to be told (hot-plugged). */
bool acpi_cpu_plug(AcpiCpuHotplug *s, unsigned index, DeviceState *cpu);
bool acpi_cpu_unplug_request(AcpiCpuHotplug *s, DeviceState *cpu,
                             Error **errp) WARN_UNUSED;
void acpi_cpu_unplug(AcpiCpuHotplug *s, DeviceState *cpu);
void acpi_cpu_ospm_status(AcpiCpuHotplug *s, struct json_object *list);
bool acpi_cpu_slot_status(AcpiCpuHotplug *s, DeviceState *dev, AcpiSlotStatus *status);
extern const VMStateDescription vmstate_acpi_cpu_hotplug;

#endif
