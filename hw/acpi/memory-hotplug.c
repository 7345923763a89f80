/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI memory hotplug registers (reference/pc-platform.md, "Memory hotplug"; the AML
 * side is in the DSDT's MHPC device). All values are little-endian.
 *
 * | offset | read                        | write                            |
 * | 00     | address, low half           | slot selector                    |
 * | 04     | address, high half          | _OST event                       |
 * | 08     | size, low half              | _OST status: reports the pair    |
 * | 0c     | size, high half             |                                  |
 * | 10     | NUMA node                   |                                  |
 * | 14     | bit 0 enabled, 1 inserting, | bit 1 clears inserting, 2 clears |
 * |  byte  | 2 removing                  | removing, 3 ejects               |
 *
 * A selector past the last slot reads zero and takes no writes.
 */
#include "hw/acpi/memory-hotplug.h"
#include "util/log.h"

#include <json-c/json.h>

#define MHP_SELECTOR   0x00
#define MHP_OST_EVENT  0x04
#define MHP_OST_STATUS 0x08
#define MHP_ADDR_LO    0x00
#define MHP_ADDR_HI    0x04
#define MHP_SIZE_LO    0x08
#define MHP_SIZE_HI    0x0c
#define MHP_NODE       0x10
#define MHP_FLAGS      0x14
#define MHP_ENABLED    0x01
#define MHP_INSERTING  0x02
#define MHP_REMOVING   0x04
#define MHP_EJECT      0x08

static AcpiMemorySlot *selected(AcpiMemoryHotplug *s)
{
    return s->selector < s->num_slots ? &s->slots[s->selector] : NULL;
}

static uint64_t dimm_value(const AcpiMemorySlot *slot, const char *property)
{
    return slot->dimm ? object_property_get_uint(OBJECT(slot->dimm), property) : 0;
}

static uint32_t slot_flags(const AcpiMemorySlot *slot)
{
    return (slot->dimm ? MHP_ENABLED : 0) | (slot->inserting ? MHP_INSERTING : 0) |
           (slot->removing ? MHP_REMOVING : 0);
}

static uint64_t mhp_read(void *opaque, hwaddr offset, unsigned size)
{
    const AcpiMemorySlot *slot = selected(opaque);

    if (!slot) {
        return 0;
    }
    switch (offset) {
    case MHP_ADDR_LO:
        return (uint32_t)dimm_value(slot, "addr");
    case MHP_ADDR_HI:
        return dimm_value(slot, "addr") >> 32;
    case MHP_SIZE_LO:
        return (uint32_t)dimm_value(slot, "size");
    case MHP_SIZE_HI:
        return dimm_value(slot, "size") >> 32;
    case MHP_NODE:
        return dimm_value(slot, "node");
    case MHP_FLAGS:
        return slot_flags(slot);
    default:
        return 0;
    }
}

static void write_flags(AcpiMemorySlot *slot, uint64_t value)
{
    if (value & MHP_INSERTING) {
        slot->inserting = false;
    }
    if (value & MHP_REMOVING) {
        slot->removing = false;
    }
    if ((value & MHP_EJECT) && slot->dimm) {
        /* Pending bits stay: the guest acknowledges them by themselves. */
        acpi_eject_device(slot->dimm);
    }
}

static void mhp_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiMemoryHotplug *s = opaque;

    if (offset == MHP_SELECTOR) {
        s->selector = (uint32_t)value;
        return;
    }
    AcpiMemorySlot *slot = selected(s);
    if (!slot) {
        return;
    }
    switch (offset) {
    case MHP_OST_EVENT:
        slot->ost_event = (uint32_t)value;
        break;
    case MHP_OST_STATUS:
        slot->ost_status = (uint32_t)value;
        acpi_ost_reported(slot->dimm, "DIMM", s->selector, slot->ost_event,
                          slot->ost_status);
        break;
    case MHP_FLAGS:
        write_flags(slot, value);
        break;
    default:
        log_guest_error("acpi-mem-hotplug: write of %u bytes at %#" PRIx64 "\n", size,
                        offset);
        break;
    }
}

static const MemoryRegionOps mhp_ops = {
    .read = mhp_read,
    .write = mhp_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

/* --- For the power management function -----------------------------------------------
 */

void acpi_memory_hotplug_init(AcpiMemoryHotplug *s, Object *owner, MemoryRegion *io,
                              hwaddr base, unsigned num_slots)
{
    s->num_slots = num_slots;
    if (!num_slots) {
        return;
    }
    s->slots = g_new0(AcpiMemorySlot, num_slots);
    memory_region_init_io(&s->region, owner, &mhp_ops, s, "acpi-mem-hotplug",
                          ACPI_MEMORY_HOTPLUG_LEN);
    /* An eject changes the memory map, which may ask us about other slots. */
    memory_region_disable_reentrancy_guard(&s->region);
    memory_region_add_subregion(io, base, &s->region);
}

void acpi_memory_hotplug_fini(AcpiMemoryHotplug *s, MemoryRegion *io)
{
    if (s->num_slots) {
        memory_region_del_subregion(io, &s->region);
        g_clear_pointer(&s->slots, g_free);
        s->num_slots = 0;
    }
}

static AcpiMemorySlot *find_slot(AcpiMemoryHotplug *s, DeviceState *dimm)
{
    for (uint32_t i = 0; i < s->num_slots; i++) {
        if (s->slots[i].dimm == dimm) {
            return &s->slots[i];
        }
    }
    return NULL;
}

bool acpi_memory_plug(AcpiMemoryHotplug *s, DeviceState *dimm)
{
    uint64_t n = object_property_get_uint(OBJECT(dimm), "slot");

    if (n >= s->num_slots) {
        return false;
    }
    AcpiMemorySlot *slot = &s->slots[n];
    slot->dimm = dimm;
    slot->inserting = dimm->hotplugged;
    return dimm->hotplugged;
}

bool acpi_memory_unplug_request(AcpiMemoryHotplug *s, DeviceState *dimm, Error **errp)
{
    AcpiMemorySlot *slot = find_slot(s, dimm);

    if (!slot) {
        return error_set(errp, "device '%s' is in no memory slot",
                         device_get_name(dimm));
    }
    slot->removing = true;
    return true;
}

void acpi_memory_unplug(AcpiMemoryHotplug *s, DeviceState *dimm)
{
    AcpiMemorySlot *slot = find_slot(s, dimm);

    if (slot) {
        slot->dimm = NULL;
    }
}

void acpi_memory_ospm_status(AcpiMemoryHotplug *s, struct json_object *list)
{
    for (uint32_t i = 0; i < s->num_slots; i++) {
        const AcpiMemorySlot *slot = &s->slots[i];
        json_object_array_add(list, acpi_ost_info(slot->dimm, "DIMM", i,
                                                  slot->ost_event, slot->ost_status));
    }
}

bool acpi_memory_slot_status(AcpiMemoryHotplug *s, DeviceState *dev,
                             AcpiSlotStatus *status)
{
    const AcpiMemorySlot *slot = find_slot(s, dev);

    if (!slot) {
        return false;
    }
    *status = (AcpiSlotStatus){ dev->pending_deleted_event, slot->ost_event,
                                slot->ost_status };
    return true;
}

/* --- State ---------------------------------------------------------------------------
 */

static const VMStateField slot_fields[] = {
    VMSTATE_BOOL(inserting, AcpiMemorySlot),
    VMSTATE_BOOL(removing, AcpiMemorySlot),
    VMSTATE_UINT32(ost_event, AcpiMemorySlot),
    VMSTATE_UINT32(ost_status, AcpiMemorySlot),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_slot = {
    .name = "AcpiMemorySlot",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = slot_fields,
};

/* Plugged DIMMs are made by the command line of the loading side. */
static const VMStateField memory_hotplug_fields[] = {
    VMSTATE_UINT32(selector, AcpiMemoryHotplug),
    {.name = "slots",
                                   .kind = VMS_STRUCT,
                                   .offset = offsetof(AcpiMemoryHotplug, slots),
                                   .size = sizeof(AcpiMemorySlot),
                                   .num = 256,
                                   .num_offset = offsetof(AcpiMemoryHotplug, num_slots),
                                   .pointer = true,
                                   .vmsd = &vmstate_slot},
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_acpi_memory_hotplug = {
    .name = "AcpiMemoryHotplug",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = memory_hotplug_fields,
};
