/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System control port A (port 92) of the PS/2 and of PCI south bridges (PIIX3,
 * 290550-002, 2.5.5.3).
 *
 * Board: port "port92". Output "a20" follows bit 1.
 */
#include "hw/misc/port92.h"

#include "hw/isa/isa.h"
#include "migration/vmstate.h"
#include "softmmu/runstate.h"

enum {
    FAST_INIT = 1 << 0, /* a rising edge resets; reads as 0 */
    FAST_A20 = 1 << 1,
};

typedef struct Port92State {
    ISADevice parent_obj;
    MemoryRegion io;
    IrqLine *a20;
    uint8_t value; /* migrated */
} Port92State;
OBJECT_DECLARE_SIMPLE_TYPE(Port92State, PORT92, TYPE_PORT92)

static uint64_t port92_read(void *opaque, hwaddr offset, unsigned size)
{
    Port92State *s = opaque;

    return s->value & ~FAST_INIT;
}

static void port92_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    Port92State *s = opaque;
    bool resets = value & ~s->value & FAST_INIT;

    s->value = value;
    irq_set(s->a20, value & FAST_A20 ? 1 : 0);
    if (resets) {
        system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    }
}

static const MemoryRegionOps port92_ops = {
    .read = port92_read,
    .write = port92_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static void port92_reset_enter(DeviceState *dev)
{
    PORT92(dev)->value = 0;
}

static void port92_reset_hold(DeviceState *dev)
{
    irq_set(PORT92(dev)->a20, 0);
}

static bool port92_realize(DeviceState *dev, Error **errp)
{
    Port92State *s = PORT92(dev);

    memory_region_init_io(&s->io, OBJECT(s), &port92_ops, s, "port92", 1);
    isa_register_ioport(ISA_DEVICE(dev), &s->io, 0x92);
    device_init_gpio_out_named(dev, &s->a20, PORT92_A20_LINE, 1);
    return true;
}

static bool port92_post_load(void *opaque, int version_id, Error **errp)
{
    Port92State *s = opaque;

    irq_set(s->a20, s->value & FAST_A20 ? 1 : 0);
    return true;
}

static const VMStateDescription port92_vmstate = {
    .name = TYPE_PORT92,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = port92_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(value, Port92State),
                               VMSTATE_END_OF_LIST(),
                               },
};

static void port92_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "system control port A";
    dc->user_creatable = false; /* the board wires A20 */
    dc->realize = port92_realize;
    dc->reset_enter = port92_reset_enter;
    dc->reset_hold = port92_reset_hold;
    dc->vmsd = &port92_vmstate;
}

static const TypeInfo port92_info = {
    .name = TYPE_PORT92,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(Port92State),
    .class_init = port92_class_init,
};
TYPE_REGISTER(port92_info);
