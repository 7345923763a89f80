/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISA bus. Nothing but the meeting place of ports, lines and DMA channels: the bus
 * itself has no registers.
 */
#include "hw/isa/isa.h"

#include "hw/core/sysbus.h"

#include <assert.h>

ISABus *isa_bus_new(DeviceState *parent, MemoryRegion *mem, MemoryRegion *io)
{
    ISABus *bus = ISA_BUS(bus_new(TYPE_ISA_BUS, parent, "isa.0"));

    bus->mem = mem;
    bus->io = io;
    return bus;
}

void isa_bus_register_input_irqs(ISABus *bus, IrqLine *const irqs[ISA_NUM_IRQS])
{
    for (int n = 0; n < ISA_NUM_IRQS; n++) {
        bus->irqs[n] = irqs[n];
    }
}

ISABus *isa_bus_from_device(ISADevice *dev)
{
    return ISA_BUS(dev->parent_obj.parent_bus);
}

MemoryRegion *isa_address_space(ISADevice *dev)
{
    return isa_bus_from_device(dev)->mem;
}

MemoryRegion *isa_address_space_io(ISADevice *dev)
{
    return isa_bus_from_device(dev)->io;
}

void isa_set_ioport_id(ISADevice *dev, uint16_t port)
{
    dev->ioport_id = port;
}

void isa_register_ioport(ISADevice *dev, MemoryRegion *io, uint16_t start)
{
    memory_region_add_subregion(isa_address_space_io(dev), start, io);
    if (dev->ioport_id < 0) {
        dev->ioport_id = start;
    }
}

void isa_unregister_ioport(ISADevice *dev, MemoryRegion *io)
{
    if (memory_region_is_mapped(io)) {
        memory_region_del_subregion(isa_address_space_io(dev), io);
    }
}

IrqLine *isa_bus_get_irq(ISABus *bus, int n)
{
    assert(n >= 0 && n < ISA_NUM_IRQS);
    return bus->irqs[n];
}

IrqLine *isa_get_irq(ISADevice *dev, int n)
{
    return isa_bus_get_irq(isa_bus_from_device(dev), n);
}

bool isa_connect_irq(ISADevice *dev, int n, IrqLine **line, Error **errp)
{
    if (n < 0 || n >= ISA_NUM_IRQS) {
        return error_set(errp, "Maximum value for \"irq\" is: %u", ISA_NUM_IRQS - 1);
    }
    *line = isa_get_irq(dev, n);
    return true;
}

ISADevice *isa_new(const char *type_name)
{
    return ISA_DEVICE(device_new(type_name));
}

bool isa_realize_and_unref(ISADevice *dev, ISABus *bus, Error **errp)
{
    return device_realize_and_unref(DEVICE(dev), BUS(bus), errp);
}

ISADevice *isa_create_simple(ISABus *bus, const char *type_name)
{
    ISADevice *dev = isa_new(type_name);

    if (!isa_realize_and_unref(dev, bus, &error_fatal)) {
        g_assert_not_reached();
    }
    return dev;
}

/* --- DMA -----------------------------------------------------------------------------
 */

void isa_bus_dma(ISABus *bus, int first, IsaDmaChannel *channels, int n)
{
    assert(first >= 0 && first + n <= ISA_NUM_DMA);
    for (int i = 0; i < n; i++) {
        bus->dma[first + i] = &channels[i];
    }
}

IsaDmaChannel *isa_get_dma(ISABus *bus, int n)
{
    assert(n >= 0 && n < ISA_NUM_DMA);
    return bus->dma[n];
}

void isa_dma_register(IsaDmaChannel *ch, IsaDmaServiceFn *service, void *opaque)
{
    ch->service = service;
    ch->opaque = opaque;
}

void isa_dma_set_dreq(IsaDmaChannel *ch, bool level)
{
    ch->ops->set_dreq(ch, level);
}

IsaDmaTransfer isa_dma_get_transfer(const IsaDmaChannel *ch)
{
    return ch->ops->get_transfer(ch);
}

bool isa_dma_is_ready(const IsaDmaChannel *ch)
{
    return ch->ops->is_ready(ch);
}

size_t isa_dma_read(IsaDmaChannel *ch, void *buf, size_t len, bool *tc)
{
    return ch->ops->move(ch, buf, len, false, tc);
}

size_t isa_dma_write(IsaDmaChannel *ch, const void *buf, size_t len, bool *tc)
{
    return ch->ops->move(ch, (void *)buf, len, true, tc);
}

/* --- Types ---------------------------------------------------------------------------
 */

/* "/pci@i0cf8/isa@1/fdc@03f1": name of the device and its first port. */
static char *isa_bus_dev_fw_path(DeviceState *dev)
{
    ISADevice *isa = ISA_DEVICE(dev);
    const char *name = DEVICE_GET_CLASS(dev)->fw_name;

    if (!name) {
        name = object_get_typename(OBJECT(dev));
    }
    if (isa->ioport_id < 0) {
        return g_strdup(name);
    }
    return g_strdup_printf("%s@%04x", name, (unsigned)isa->ioport_id);
}

static void isa_bus_class_init(ObjectClass *klass, const void *data)
{
    BusClass *bc = BUS_CLASS(klass);

    bc->dev_fw_path = isa_bus_dev_fw_path;
}

static const TypeInfo isa_bus_info = {
    .name = TYPE_ISA_BUS,
    .parent = TYPE_BUS,
    .instance_size = sizeof(ISABus),
    .class_init = isa_bus_class_init,
};
TYPE_REGISTER(isa_bus_info);

static void isa_device_init(Object *obj)
{
    ISADevice *dev = (ISADevice *)obj;

    dev->ioport_id = -1;
}

static void isa_device_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->bus_type = TYPE_ISA_BUS;
    dc->user_creatable = true;
}

static const TypeInfo isa_device_info = {
    .name = TYPE_ISA_DEVICE,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(ISADevice),
    .abstract = true,
    .instance_init = isa_device_init,
    .class_init = isa_device_class_init,
};
TYPE_REGISTER(isa_device_info);

/* What carries the bus of a board without another bridge. */
static void isabus_bridge_class_init(ObjectClass *klass, const void *data)
{
    DEVICE_CLASS(klass)->fw_name = "isa";
}

static const TypeInfo isabus_bridge_info = {
    .name = TYPE_ISABUS_BRIDGE,
    .parent = TYPE_SYSBUS_DEVICE,
    .instance_size = sizeof(SysBusDevice),
    .class_init = isabus_bridge_class_init,
};
TYPE_REGISTER(isabus_bridge_info);
