/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI CPU hotplug registers, as observed on the reference platform. At reset a bitmap
 * of present CPUs by APIC id, 32 bytes. Any write switches for good (until reset) to:
 *
 * | offset | read                        | write                           |
 * | 00     | command data, high half     | CPU selector                    |
 * | 04     | bit 0 enabled, 1 inserting, | bit 1 clears inserting, 2       |
 * |  byte  | 2 removing                  | removing, 3 ejects              |
 * | 05     |                             | command: 0 go to the next CPU   |
 * |  byte  |                             | with an event, 1 _OST event,    |
 * |        |                             | 2 _OST status, 3 APIC id        |
 * | 08     | command data                | command data                    |
 */
#include "hw/acpi/cpu-hotplug.h"
#include "util/log.h"

#include <json-c/json.h>

#define CHP_SELECTOR   0x0
#define CHP_DATA_HI    0x0
#define CHP_FLAGS      0x4
#define CHP_COMMAND    0x5
#define CHP_DATA       0x8
#define CHP_MODERN_LEN 0xc
#define CHP_ENABLED    0x01
#define CHP_INSERTING  0x02
#define CHP_REMOVING   0x04
#define CHP_EJECT      0x08

enum { CMD_NEXT_EVENT, CMD_OST_EVENT, CMD_OST_STATUS, CMD_ARCH_ID, CMD_MAX };

static AcpiCpuSlot *selected(AcpiCpuHotplug *s)
{
    return s->selector < s->num_slots ? &s->slots[s->selector] : NULL;
}

static uint8_t bitmap_byte(const AcpiCpuHotplug *s, hwaddr offset)
{
    uint8_t byte = 0;

    for (uint32_t i = 0; i < s->num_slots; i++) {
        const AcpiCpuSlot *slot = &s->slots[i];
        if (slot->cpu && slot->arch_id / 8 == offset) {
            byte |= (uint8_t)(1u << (slot->arch_id % 8));
        }
    }
    return byte;
}

static uint32_t command_data(const AcpiCpuHotplug *s, const AcpiCpuSlot *slot)
{
    switch (s->command) {
    case CMD_NEXT_EVENT:
        return s->selector;
    case CMD_ARCH_ID:
        return slot->arch_id;
    default:
        return 0;
    }
}

static uint64_t modern_read(const AcpiCpuHotplug *s, hwaddr offset, unsigned size)
{
    const AcpiCpuSlot *slot =
        s->selector < s->num_slots ? &s->slots[s->selector] : NULL;

    if (offset >= CHP_MODERN_LEN) {
        return UINT64_MAX;
    }
    if (!slot) {
        return 0;
    }
    switch (offset) {
    case CHP_FLAGS:
        return (slot->cpu && !slot->ejecting ? CHP_ENABLED : 0) |
               (slot->inserting ? CHP_INSERTING : 0) |
               (slot->removing ? CHP_REMOVING : 0);
    case CHP_DATA:
        return command_data(s, slot);
    default: /* CHP_DATA_HI: no command has an upper half */
        return 0;
    }
}

static uint64_t chp_read(void *opaque, hwaddr offset, unsigned size)
{
    AcpiCpuHotplug *s = opaque;
    uint64_t value = 0;

    if (s->modern) {
        return modern_read(s, offset, size);
    }
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)bitmap_byte(s, offset + i) << (8 * i);
    }
    return value;
}

/* The selected CPU if it has an event, else the next one that has, going round. */
static void find_event(AcpiCpuHotplug *s)
{
    for (uint32_t i = 0; i < s->num_slots; i++) {
        uint32_t n = (s->selector + i) % s->num_slots;
        if (s->slots[n].inserting || s->slots[n].removing) {
            s->selector = n;
            return;
        }
    }
}

/*
 * A processor may eject itself, so its thread cannot be waited for here: the main loop
 * does. The boot processor stays.
 */
static void start_eject(AcpiCpuHotplug *s, AcpiCpuSlot *slot)
{
    if (slot == &s->slots[0]) {
        log_guest_error("acpi-cpu-hotplug: eject of the boot processor\n");
        return;
    }
    slot->ejecting = true;
    bh_schedule(s->eject_bh);
}

static void eject_bh(void *opaque)
{
    AcpiCpuHotplug *s = opaque;

    for (uint32_t i = 0; i < s->num_slots; i++) {
        AcpiCpuSlot *slot = &s->slots[i];
        if (slot->ejecting) {
            bool gone = !slot->cpu || acpi_eject_device(slot->cpu);
            (void)gone;
            slot->ejecting = false;
        }
    }
}

static void write_flags(AcpiCpuHotplug *s, AcpiCpuSlot *slot, uint64_t value)
{
    if (value & CHP_INSERTING) {
        slot->inserting = false;
    } else if (value & CHP_REMOVING) {
        slot->removing = false;
    } else if ((value & CHP_EJECT) && slot->cpu) {
        start_eject(s, slot);
    }
}

static void write_data(AcpiCpuHotplug *s, AcpiCpuSlot *slot, uint32_t value)
{
    switch (s->command) {
    case CMD_OST_EVENT:
        slot->ost_event = value;
        break;
    case CMD_OST_STATUS:
        slot->ost_status = value;
        acpi_ost_reported(slot->cpu, "CPU", s->selector, slot->ost_event, value);
        break;
    default:
        break;
    }
}

static void chp_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiCpuHotplug *s = opaque;

    if (!s->modern) {
        s->modern = true;
        return;
    }
    if (offset == CHP_SELECTOR) {
        s->selector = (uint32_t)value;
        return;
    }
    AcpiCpuSlot *slot = selected(s);
    if (!slot) {
        return;
    }
    switch (offset) {
    case CHP_FLAGS:
        write_flags(s, slot, value);
        break;
    case CHP_COMMAND:
        if (value < CMD_MAX) {
            s->command = (uint8_t)value;
        }
        if (value == CMD_NEXT_EVENT) {
            find_event(s);
        }
        break;
    case CHP_DATA:
        write_data(s, slot, (uint32_t)value);
        break;
    default:
        log_guest_error("acpi-cpu-hotplug: write of %u bytes at %#" PRIx64 "\n", size,
                        offset);
        break;
    }
}

static const MemoryRegionOps chp_ops = {
    .read = chp_read,
    .write = chp_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

/* --- For the power management function -----------------------------------------------
 */

void acpi_cpu_hotplug_init(AcpiCpuHotplug *s, Object *owner, MemoryRegion *io,
                           hwaddr base, const uint32_t *arch_ids, unsigned num)
{
    s->num_slots = num;
    s->slots = g_new0(AcpiCpuSlot, num);
    for (unsigned i = 0; i < num; i++) {
        s->slots[i].arch_id = arch_ids[i];
    }
    s->eject_bh = bh_new(main_loop(), eject_bh, s);
    memory_region_init_io(&s->region, owner, &chp_ops, s, "acpi-cpu-hotplug",
                          ACPI_CPU_HOTPLUG_LEN);
    memory_region_add_subregion(io, base, &s->region);
}

void acpi_cpu_hotplug_fini(AcpiCpuHotplug *s, MemoryRegion *io)
{
    memory_region_del_subregion(io, &s->region);
    bh_free(s->eject_bh);
    g_clear_pointer(&s->slots, g_free);
    s->num_slots = 0;
}

void acpi_cpu_hotplug_reset(AcpiCpuHotplug *s)
{
    s->modern = false;
    s->selector = 0;
    s->command = 0;
}

static AcpiCpuSlot *find_slot(AcpiCpuHotplug *s, DeviceState *cpu)
{
    for (uint32_t i = 0; i < s->num_slots; i++) {
        if (s->slots[i].cpu == cpu) {
            return &s->slots[i];
        }
    }
    return NULL;
}

bool acpi_cpu_plug(AcpiCpuHotplug *s, unsigned index, DeviceState *cpu)
{
    if (index >= s->num_slots) {
        return false;
    }
    s->slots[index].cpu = cpu;
    s->slots[index].inserting = cpu->hotplugged;
    return cpu->hotplugged;
}

bool acpi_cpu_unplug_request(AcpiCpuHotplug *s, DeviceState *cpu, Error **errp)
{
    AcpiCpuSlot *slot = find_slot(s, cpu);

    if (!slot) {
        return error_set(errp, "device '%s' is in no CPU slot", device_get_name(cpu));
    }
    if (!s->modern) { /* the bitmap has no words for it */
        return error_set(errp,
                         "acpi: device unplug request for not supported device "
                         "type: %s",
                         object_get_typename(OBJECT(cpu)));
    }
    slot->removing = true;
    return true;
}

void acpi_cpu_unplug(AcpiCpuHotplug *s, DeviceState *cpu)
{
    AcpiCpuSlot *slot = find_slot(s, cpu);

    if (slot) {
        slot->cpu = NULL;
    }
}

void acpi_cpu_ospm_status(AcpiCpuHotplug *s, struct json_object *list)
{
    /* Guests of the bitmap have no way to report. */
    for (uint32_t i = 0; s->modern && i < s->num_slots; i++) {
        const AcpiCpuSlot *slot = &s->slots[i];
        json_object_array_add(list, acpi_ost_info(slot->cpu, "CPU", i, slot->ost_event,
                                                  slot->ost_status));
    }
}

bool acpi_cpu_slot_status(AcpiCpuHotplug *s, DeviceState *dev, AcpiSlotStatus *status)
{
    const AcpiCpuSlot *slot = find_slot(s, dev);

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
    VMSTATE_BOOL(inserting, AcpiCpuSlot),
    VMSTATE_BOOL(removing, AcpiCpuSlot),
    VMSTATE_UINT32(ost_event, AcpiCpuSlot),
    VMSTATE_UINT32(ost_status, AcpiCpuSlot),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_slot = {
    .name = "AcpiCpuSlot",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = slot_fields,
};

static const VMStateField cpu_hotplug_fields[] = {
    VMSTATE_BOOL(modern, AcpiCpuHotplug),
    VMSTATE_UINT32(selector, AcpiCpuHotplug),
    VMSTATE_UINT8(command, AcpiCpuHotplug),
    {.name = "slots",
                               .kind = VMS_STRUCT,
                               .offset = offsetof(AcpiCpuHotplug, slots),
                               .size = sizeof(AcpiCpuSlot),
                               .num = 4096,
                               .num_offset = offsetof(AcpiCpuHotplug, num_slots),
                               .pointer = true,
                               .vmsd = &vmstate_slot},
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_acpi_cpu_hotplug = {
    .name = "AcpiCpuHotplug",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = cpu_hotplug_fields,
};
