/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the monitors ask of any device that is the guest's ACPI partner: the status
 * reports (_OST) it has seen, for all slots or for one plugged device. Context: BQL.
 */
#ifndef STRATA_HW_ACPI_ACPI_DEVICE_H
#define STRATA_HW_ACPI_ACPI_DEVICE_H

#include "hw/core/device.h"

#define TYPE_ACPI_DEVICE_IF "acpi-device-interface"

struct json_object;

/* _OST arguments (ACPI 3.0 section 6.3.5). */
#define ACPI_OST_EVENT_EJECT       3
#define ACPI_OST_STATUS_SUCCESS    0
#define ACPI_OST_EJECT_IN_PROGRESS 0x84

/* How far the removal of one device is. */
typedef struct AcpiSlotStatus {
    bool unplug_requested; /* device_del was given and it is still there */
    uint32_t ost_event;    /* the guest's last report */
    uint32_t ost_status;
} AcpiSlotStatus;

typedef struct AcpiDeviceIfClass {
    ObjectClass parent_class;
    /* Append an ACPIOSTInfo for each slot to the json array. */
    void (*ospm_status)(Object *acpi, struct json_object *list);
    /* False when @dev sits in none of its slots. */
    bool (*slot_status)(Object *acpi, DeviceState *dev, AcpiSlotStatus *status);
    size_t hotplug_offset; /* acpi_hotplug_class_init()'s */
} AcpiDeviceIfClass;

/* Asks the machine's ACPI device, if it has one. */
bool acpi_get_slot_status(DeviceState *dev, AcpiSlotStatus *status);
/* "ejection is in progress", ... for a report on an eject request; never NULL. */
const char *acpi_ost_eject_reason(uint32_t ost_status);
/* One ACPIOSTInfo; @dev may be NULL. */
struct json_object *acpi_ost_info(DeviceState *dev, const char *slot_type,
                                  unsigned slot, uint32_t event, uint32_t status);
/*
 * The guest reported: send ACPI_DEVICE_OST and, when it says that it keeps @dev,
 * DEVICE_UNPLUG_GUEST_ERROR.
 */
void acpi_ost_reported(DeviceState *dev, const char *slot_type, unsigned slot,
                       uint32_t event, uint32_t status);
/* The guest ejects @dev: unplug it, take it out of the tree, say so. */
bool acpi_eject_device(DeviceState *dev);

#endif
