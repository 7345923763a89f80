/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 16550A on the ISA bus: one of a PC's four serial ports.
 *
 * Board: properties index, iobase, irq, chardev; what is not given follows from index,
 * which counts up by itself. Ports "serial" (8 bytes).
 */
#include "hw/char/serial.h"

#include "migration/vmstate.h"

typedef struct IsaSerialState {
    ISADevice parent_obj;
    MemoryRegion io;
    uint32_t index, iobase, irq; /* properties; UINT32_MAX: by default */
    SerialState serial;
} IsaSerialState;
OBJECT_DECLARE_SIMPLE_TYPE(IsaSerialState, ISA_SERIAL, TYPE_ISA_SERIAL)

static const uint16_t default_iobase[ISA_SERIAL_MAX] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };
static const uint8_t default_irq[ISA_SERIAL_MAX] = { 4, 3, 4, 3 };

/* One above the highest on the bus. */
static uint32_t isa_serial_next_index(DeviceState *dev)
{
    GPtrArray *siblings = dev->parent_bus->children;
    uint32_t next = 0;

    for (guint i = 0; i < siblings->len; i++) {
        DeviceState *d = g_ptr_array_index(siblings, i);

        if (d != dev && object_is_a(OBJECT(d), TYPE_ISA_SERIAL)) {
            next = MAX(next, ISA_SERIAL(d)->index + 1);
        }
    }
    return next;
}

static bool isa_serial_realize(DeviceState *dev, Error **errp)
{
    IsaSerialState *s = ISA_SERIAL(dev);
    ISADevice *isa = ISA_DEVICE(dev);

    if (s->index == UINT32_MAX) {
        s->index = isa_serial_next_index(dev);
    }
    if (s->index >= ISA_SERIAL_MAX) {
        return error_set(errp, "Max. supported number of ISA serial ports is %d.",
                         ISA_SERIAL_MAX);
    }
    if (s->iobase == UINT32_MAX) {
        s->iobase = default_iobase[s->index];
    }
    if (s->irq == UINT32_MAX) {
        s->irq = default_irq[s->index];
    }
    if (!isa_connect_irq(isa, MIN(s->irq, INT32_MAX), &s->serial.irq, errp) ||
        !device_realize(DEVICE(&s->serial), NULL, errp)) {
        return false;
    }
    memory_region_init_io(&s->io, OBJECT(s), &serial_ops, &s->serial, "serial", 8);
    isa_register_ioport(isa, &s->io, s->iobase);
    return true;
}

static void isa_serial_reset_enter(DeviceState *dev)
{
    SerialState *serial = &ISA_SERIAL(dev)->serial;

    DEVICE_GET_CLASS(serial)->reset_enter(DEVICE(serial));
}

static void isa_serial_reset_hold(DeviceState *dev)
{
    SerialState *serial = &ISA_SERIAL(dev)->serial;

    DEVICE_GET_CLASS(serial)->reset_hold(DEVICE(serial));
}

static void isa_serial_init(Object *obj)
{
    IsaSerialState *s = (IsaSerialState *)obj;

    object_initialize_child(obj, "serial", &s->serial, sizeof(s->serial), TYPE_SERIAL);
}

static const Property isa_serial_properties[] = {
    PROP_UINT32("index", IsaSerialState, index, UINT32_MAX),
    PROP_UINT32("iobase", IsaSerialState, iobase, UINT32_MAX),
    PROP_UINT32("irq", IsaSerialState, irq, UINT32_MAX),
    PROP_CHR("chardev", IsaSerialState, serial.chr),
};

static void isa_serial_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "ISA serial port";
    dc->fw_name = "serial";
    dc->categories = 1u << DEVICE_CATEGORY_INPUT;
    dc->realize = isa_serial_realize;
    dc->reset_enter = isa_serial_reset_enter;
    dc->reset_hold = isa_serial_reset_hold;
    OBJECT_CLASS_ADD_PROPERTIES(klass, isa_serial_properties);
}

static const TypeInfo isa_serial_info = {
    .name = TYPE_ISA_SERIAL,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(IsaSerialState),
    .instance_init = isa_serial_init,
    .class_init = isa_serial_class_init,
};
TYPE_REGISTER(isa_serial_info);

ISADevice *serial_isa_init(ISABus *bus, int index, Chardev *chr)
{
    ISADevice *dev = isa_new(TYPE_ISA_SERIAL);

    device_prop_set_uint(DEVICE(dev), "index", index);
    if (chr) {
        device_prop_set_chr(OBJECT(dev), "chardev", chr);
    }
    if (!isa_realize_and_unref(dev, bus, &error_fatal)) {
        g_assert_not_reached();
    }
    return dev;
}
