/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory devices: whatever brings RAM into the machine's device-memory window. This is
 * the policy of the window (what fits where), apart from what a DIMM is. The machine's
 * hotplug handler calls pre_plug, plug and unplug. Tour: docs/life-of-a-dimm.md.
 * Context: BQL.
 */
#ifndef STRATA_HW_MEM_MEMORY_DEVICE_H
#define STRATA_HW_MEM_MEMORY_DEVICE_H

#include "hw/core/machine.h"

#define TYPE_MEMORY_DEVICE "memory-device"

struct json_object;

typedef struct MemoryDeviceClass {
    ObjectClass parent_class;
    uint64_t (*get_addr)(DeviceState *dev); /* 0: not chosen yet */
    void (*set_addr)(DeviceState *dev, uint64_t addr);
    /* What is plugged. NULL and an error when the device cannot have one. */
    MemoryRegion *(*get_region)(DeviceState *dev, Error **errp);
    uint64_t (*get_alignment)(DeviceState *dev);
    /* A MemoryDeviceInfo. */
    struct json_object *(*get_info)(DeviceState *dev);
} MemoryDeviceClass;

/*
 * Before realize: find room and choose the address, or check the given one. Errors, in
 * this order: total room left, address alignment, size, window, overlap.
 */
bool memory_device_pre_plug(MachineState *ms, DeviceState *dev,
                            Error **errp) WARN_UNUSED;
/* After realize: put the region into the window. */
void memory_device_plug(MachineState *ms, DeviceState *dev);
void memory_device_unplug(MachineState *ms, DeviceState *dev);
/* Bytes that the guest may use: the sum of the devices' property "size". */
uint64_t memory_device_plugged_size(MachineState *ms);
/* By rising address; borrowed, valid until the next plug or unplug. NULL: none. */
GPtrArray *memory_device_list(MachineState *ms);

#endif
