/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices wired by the machine: numbered MMIO regions and numbered interrupt outputs.
 */
#ifndef STRATA_HW_CORE_SYSBUS_H
#define STRATA_HW_CORE_SYSBUS_H

#include "hw/core/device.h"
#include "memory/memory.h"

#define TYPE_SYSTEM_BUS        "System"
#define TYPE_SYSBUS_DEVICE     "sys-bus-device"
#define SYSBUS_MAX_MMIO        32
#define SYSBUS_DEVICE_GPIO_IRQ "sysbus-irq"

typedef struct SysBusDevice {
    DeviceState parent_obj;
    /* private */
    int num_mmio;
    struct {
        hwaddr addr; /* -1: not mapped */
        MemoryRegion *memory;
    } mmio[SYSBUS_MAX_MMIO];
    IrqLine **irqs[32];
    int num_irqs;
} SysBusDevice;

typedef struct SysBusDeviceClass {
    DeviceClass parent_class;
} SysBusDeviceClass;

static inline SysBusDevice *SYSBUS_DEVICE(const void *obj)
{
    return (SysBusDevice *)object_cast((const Object *)obj, TYPE_SYSBUS_DEVICE);
}

/* In init or realize: declare the next region or output. */
void sysbus_init_mmio(SysBusDevice *dev, MemoryRegion *memory);
void sysbus_init_irq(SysBusDevice *dev, IrqLine **pin);
MemoryRegion *sysbus_mmio_get_region(SysBusDevice *dev, int n);
/* Map region @n into @container at @addr; a second call moves it. */
void sysbus_mmio_map(SysBusDevice *dev, MemoryRegion *container, int n, hwaddr addr);
void sysbus_mmio_map_overlap(SysBusDevice *dev, MemoryRegion *container, int n,
                             hwaddr addr, int priority);
void sysbus_connect_irq(SysBusDevice *dev, int n, IrqLine *line);
/* On the main system bus. */
bool sysbus_realize(SysBusDevice *dev, Error **errp) WARN_UNUSED;
bool sysbus_realize_and_unref(SysBusDevice *dev, Error **errp) WARN_UNUSED;

#endif
