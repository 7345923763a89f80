/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory hotplug register block that the DSDT's MHPD device drives: a slot selector
 * and a window on the selected DIMM. Embedded in a power management function. Layout
 * and rules: the table in hw/acpi/memory-hotplug.c. Context: BQL.
 */
#ifndef STRATA_HW_ACPI_MEMORY_HOTPLUG_H
#define STRATA_HW_ACPI_MEMORY_HOTPLUG_H

#include "hw/acpi/acpi-device.h"
#include "memory/memory.h"
#include "migration/vmstate.h"

#define ACPI_MEMORY_HOTPLUG_LEN 0x18

typedef struct AcpiMemorySlot {
    DeviceState *dimm; /* NULL: empty */
    bool inserting;
    bool removing;
    uint32_t ost_event;
    uint32_t ost_status;
} AcpiMemorySlot;

typedef struct AcpiMemoryHotplug {
    MemoryRegion region; /* "acpi-mem-hotplug" */
    uint32_t selector;
    uint32_t num_slots;
    AcpiMemorySlot *slots;
} AcpiMemoryHotplug;

/* @num_slots 0: no registers are made. */
void acpi_memory_hotplug_init(AcpiMemoryHotplug *s, Object *owner, MemoryRegion *io,
                              hwaddr base, unsigned num_slots);
void acpi_memory_hotplug_fini(AcpiMemoryHotplug *s, MemoryRegion *io);
/* True when the guest is to be told (hot-plugged). @dimm has property "slot". */
bool acpi_memory_plug(AcpiMemoryHotplug *s, DeviceState *dimm);
/* False with an error when @dimm is in no slot. Then tell the guest. */
bool acpi_memory_unplug_request(AcpiMemoryHotplug *s, DeviceState *dimm,
                                Error **errp) WARN_UNUSED;
void acpi_memory_unplug(AcpiMemoryHotplug *s, DeviceState *dimm);
void acpi_memory_ospm_status(AcpiMemoryHotplug *s, struct json_object *list);
bool acpi_memory_slot_status(AcpiMemoryHotplug *s, DeviceState *dev,
                             AcpiSlotStatus *status);
extern const VMStateDescription vmstate_acpi_memory_hotplug;

#endif
