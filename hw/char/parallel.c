/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The printer port of the PC/AT (IBM Technical Reference, "Parallel Printer Adapter";
 * signals as in IEEE 1284, compatibility mode). The printer is the character device: it
 * is always ready and acknowledges each byte at once.
 *
 * Not modelled: EPP and ECP (their registers read as ones), input from the device.
 *
 * Board: properties index, iobase, irq, chardev. Ports "parallel" (8 bytes).
 */
#include "hw/char/parallel.h"

#include "migration/vmstate.h"

enum {
    REG_DATA = 0,
    REG_STATUS = 1,
    REG_CONTROL = 2,

    STATUS_TIMEOUT = 1 << 0,
    STATUS_NOT_ERROR = 1 << 3,
    STATUS_SELECT = 1 << 4,
    STATUS_NOT_ACK = 1 << 6,
    STATUS_NOT_BUSY = 1 << 7,
    STATUS_IDLE = STATUS_TIMEOUT | STATUS_NOT_ERROR | STATUS_SELECT | STATUS_NOT_ACK |
                  STATUS_NOT_BUSY,

    CONTROL_STROBE = 1 << 0,
    CONTROL_INIT = 1 << 2,
    CONTROL_SELECT = 1 << 3,
    CONTROL_IRQ_ENABLE = 1 << 4,
    CONTROL_ONES = 0xc0,
};

typedef struct ParallelState {
    ISADevice parent_obj;
    MemoryRegion io;
    IrqLine *irq_line;
    /* Properties. */
    uint32_t index, iobase, irq;
    CharFrontend chr;
    /* Migrated. */
    uint8_t data, status, control;
    bool irq_pending;
} ParallelState;
OBJECT_DECLARE_SIMPLE_TYPE(ParallelState, PARALLEL, TYPE_ISA_PARALLEL)

static void parallel_update_irq(ParallelState *s)
{
    irq_set(s->irq_line, s->irq_pending && (s->control & CONTROL_IRQ_ENABLE) ? 1 : 0);
}

static uint8_t parallel_read_status(ParallelState *s)
{
    uint8_t value = s->status;

    s->irq_pending = false;
    parallel_update_irq(s);
    return value;
}

/* The strobe hands the byte over; its end is acknowledged with an interrupt. */
static void parallel_write_control(ParallelState *s, uint8_t value)
{
    uint8_t changed = (s->control ^ value) & CONTROL_STROBE;

    s->control = value | CONTROL_ONES;
    if (!(value & CONTROL_INIT)) {
        s->status = STATUS_IDLE;
    } else if ((value & CONTROL_SELECT) && changed) {
        if (value & CONTROL_STROBE) {
            s->status &= ~STATUS_NOT_BUSY;
            chr_fe_write_all(&s->chr, &s->data, 1);
        } else {
            s->status |= STATUS_NOT_BUSY;
            s->irq_pending = s->control & CONTROL_IRQ_ENABLE;
        }
    }
    parallel_update_irq(s);
}

static uint64_t parallel_read(void *opaque, hwaddr offset, unsigned size)
{
    ParallelState *s = opaque;

    switch (offset) {
    case REG_DATA:
        return s->data;
    case REG_STATUS:
        return parallel_read_status(s);
    case REG_CONTROL:
        return s->control;
    default:
        return 0xff;
    }
}

static void parallel_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    ParallelState *s = opaque;

    switch (offset) {
    case REG_DATA:
        s->data = value;
        break;
    case REG_CONTROL:
        parallel_write_control(s, value);
        break;
    }
}

static const MemoryRegionOps parallel_ops = {
    .read = parallel_read,
    .write = parallel_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static void parallel_reset_enter(DeviceState *dev)
{
    ParallelState *s = PARALLEL(dev);

    s->data = 0xff;
    s->status = STATUS_IDLE;
    s->control = CONTROL_ONES | CONTROL_INIT | CONTROL_SELECT;
    s->irq_pending = false;
}

static void parallel_reset_hold(DeviceState *dev)
{
    parallel_update_irq(PARALLEL(dev));
}

static uint32_t parallel_next_index(DeviceState *dev)
{
    GPtrArray *siblings = dev->parent_bus->children;
    uint32_t next = 0;

    for (guint i = 0; i < siblings->len; i++) {
        DeviceState *d = g_ptr_array_index(siblings, i);

        if (d != dev && object_is_a(OBJECT(d), TYPE_ISA_PARALLEL)) {
            next = MAX(next, PARALLEL(d)->index + 1);
        }
    }
    return next;
}

static bool parallel_realize(DeviceState *dev, Error **errp)
{
    static const uint16_t default_iobase[ISA_PARALLEL_MAX] = { 0x378, 0x278, 0x3bc };
    ParallelState *s = PARALLEL(dev);
    ISADevice *isa = ISA_DEVICE(dev);

    if (!s->chr.chr) {
        return error_set(errp, "Can't create parallel device, empty char device");
    }
    if (s->index == UINT32_MAX) {
        s->index = parallel_next_index(dev);
    }
    if (s->index >= ISA_PARALLEL_MAX) {
        return error_set(errp, "Max. supported number of parallel ports is %d.",
                         ISA_PARALLEL_MAX);
    }
    if (s->iobase == UINT32_MAX) {
        s->iobase = default_iobase[s->index];
    }
    if (!isa_connect_irq(isa, MIN(s->irq, INT32_MAX), &s->irq_line, errp)) {
        return false;
    }
    chr_fe_set_handlers(&s->chr, NULL, NULL, NULL, s);
    memory_region_init_io(&s->io, OBJECT(s), &parallel_ops, s, "parallel", 8);
    isa_register_ioport(isa, &s->io, s->iobase);
    return true;
}

static const VMStateDescription parallel_vmstate = {
    .name = TYPE_ISA_PARALLEL,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(data, ParallelState),
                               VMSTATE_UINT8(status, ParallelState),
                               VMSTATE_UINT8(control, ParallelState),
                               VMSTATE_BOOL(irq_pending, ParallelState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property parallel_properties[] = {
    PROP_UINT32("index", ParallelState, index, UINT32_MAX),
    PROP_UINT32("iobase", ParallelState, iobase, UINT32_MAX),
    PROP_UINT32("irq", ParallelState, irq, 7),
    PROP_CHR("chardev", ParallelState, chr),
};

static void parallel_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "ISA parallel port";
    dc->fw_name = "parallel";
    dc->categories = 1u << DEVICE_CATEGORY_INPUT;
    dc->realize = parallel_realize;
    dc->reset_enter = parallel_reset_enter;
    dc->reset_hold = parallel_reset_hold;
    dc->vmsd = &parallel_vmstate;
    OBJECT_CLASS_ADD_PROPERTIES(klass, parallel_properties);
}

static const TypeInfo parallel_info = {
    .name = TYPE_ISA_PARALLEL,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(ParallelState),
    .class_init = parallel_class_init,
};
TYPE_REGISTER(parallel_info);

ISADevice *parallel_isa_init(ISABus *bus, int index, Chardev *chr)
{
    ISADevice *dev = isa_new(TYPE_ISA_PARALLEL);

    device_prop_set_uint(DEVICE(dev), "index", index);
    if (chr) {
        device_prop_set_chr(OBJECT(dev), "chardev", chr);
    }
    if (!isa_realize_and_unref(dev, bus, &error_fatal)) {
        g_assert_not_reached();
    }
    return dev;
}
