/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/sysbus.h"

#include <assert.h>

void sysbus_init_mmio(SysBusDevice *dev, MemoryRegion *memory)
{
    assert(dev->num_mmio < SYSBUS_MAX_MMIO);
    dev->mmio[dev->num_mmio].addr = HWADDR_MAX;
    dev->mmio[dev->num_mmio].memory = memory;
    dev->num_mmio++;
}

void sysbus_init_irq(SysBusDevice *dev, IrqLine **pin)
{
    device_init_gpio_out_named(DEVICE(dev), pin, SYSBUS_DEVICE_GPIO_IRQ, 1);
}

MemoryRegion *sysbus_mmio_get_region(SysBusDevice *dev, int n)
{
    assert(n >= 0 && n < dev->num_mmio);
    return dev->mmio[n].memory;
}

static void map(SysBusDevice *dev, MemoryRegion *container, int n, hwaddr addr,
                bool overlap, int priority)
{
    assert(n >= 0 && n < dev->num_mmio);
    MemoryRegion *memory = dev->mmio[n].memory;
    if (dev->mmio[n].addr == addr) {
        return;
    }
    if (dev->mmio[n].addr != HWADDR_MAX) {
        memory_region_del_subregion(container, memory);
    }
    dev->mmio[n].addr = addr;
    if (overlap) {
        memory_region_add_subregion_overlap(container, addr, memory, priority);
    } else {
        memory_region_add_subregion(container, addr, memory);
    }
}

void sysbus_mmio_map(SysBusDevice *dev, MemoryRegion *container, int n, hwaddr addr)
{
    map(dev, container, n, addr, false, 0);
}

void sysbus_mmio_map_overlap(SysBusDevice *dev, MemoryRegion *container, int n,
                             hwaddr addr, int priority)
{
    map(dev, container, n, addr, true, priority);
}

void sysbus_connect_irq(SysBusDevice *dev, int n, IrqLine *line)
{
    device_connect_gpio_out_named(DEVICE(dev), SYSBUS_DEVICE_GPIO_IRQ, n, line);
}

bool sysbus_realize(SysBusDevice *dev, Error **errp)
{
    return device_realize(DEVICE(dev), main_system_bus(), errp);
}

bool sysbus_realize_and_unref(SysBusDevice *dev, Error **errp)
{
    return device_realize_and_unref(DEVICE(dev), main_system_bus(), errp);
}

static char *sysbus_info(DeviceState *dev)
{
    SysBusDevice *s = SYSBUS_DEVICE(dev);
    GString *text = g_string_new(NULL);

    for (int i = 0; i < s->num_mmio; i++) {
        g_string_append_printf(text, "%smmio %016" PRIx64 "/%016" PRIx64, i ? "\n" : "",
                               s->mmio[i].addr, memory_region_size(s->mmio[i].memory));
    }
    return g_string_free(text, FALSE);
}

static void system_bus_class_init(ObjectClass *klass, const void *data)
{
    BUS_CLASS(klass)->dev_info = sysbus_info;
}

static const TypeInfo system_bus_info = {
    .name = TYPE_SYSTEM_BUS,
    .parent = TYPE_BUS,
    .instance_size = sizeof(BusState),
    .class_init = system_bus_class_init,
};
TYPE_REGISTER(system_bus_info);

static void sysbus_device_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->bus_type = TYPE_SYSTEM_BUS;
    /* Wired by a machine: users cannot add them by hand. */
    dc->user_creatable = false;
    dc->hotpluggable = false;
}

static const TypeInfo sysbus_device_info = {
    .name = TYPE_SYSBUS_DEVICE,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(SysBusDevice),
    .class_size = sizeof(SysBusDeviceClass),
    .abstract = true,
    .class_init = sysbus_device_class_init,
};
TYPE_REGISTER(sysbus_device_info);
