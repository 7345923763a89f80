/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port that prints: each byte written goes to the character device. Reading gives a
 * constant by which firmware finds out that it is there.
 *
 * Properties iobase, chardev, readback. Port "isa-debugcon".
 */
#include "hw/isa/isa.h"
#include "softmmu/chardev.h"

#define TYPE_ISA_DEBUGCON "isa-debugcon"

typedef struct IsaDebugconState {
    ISADevice parent_obj;
    MemoryRegion io;
    uint32_t iobase;
    CharFrontend chr;
    uint32_t readback;
} IsaDebugconState;
OBJECT_DECLARE_SIMPLE_TYPE(IsaDebugconState, ISA_DEBUGCON, TYPE_ISA_DEBUGCON)

static uint64_t debugcon_read(void *opaque, hwaddr offset, unsigned size)
{
    IsaDebugconState *s = opaque;

    return s->readback;
}

static void debugcon_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    IsaDebugconState *s = opaque;
    uint8_t byte = value;

    chr_fe_write_all(&s->chr, &byte, 1);
}

static const MemoryRegionOps debugcon_ops = {
    .read = debugcon_read,
    .write = debugcon_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static bool debugcon_realize(DeviceState *dev, Error **errp)
{
    IsaDebugconState *s = ISA_DEBUGCON(dev);

    if (!s->chr.chr) {
        return error_set(errp, "Can't create debugcon device, empty char device");
    }
    chr_fe_set_handlers(&s->chr, NULL, NULL, NULL, s);
    memory_region_init_io(&s->io, OBJECT(s), &debugcon_ops, s, TYPE_ISA_DEBUGCON, 1);
    isa_register_ioport(ISA_DEVICE(dev), &s->io, s->iobase);
    return true;
}

static const Property debugcon_properties[] = {
    PROP_UINT32("iobase", IsaDebugconState, iobase, 0xe9),
    PROP_CHR("chardev", IsaDebugconState, chr),
    PROP_UINT32("readback", IsaDebugconState, readback, 0xe9),
};

static void debugcon_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "debug console port";
    dc->categories = 1u << DEVICE_CATEGORY_MISC;
    dc->realize = debugcon_realize;
    OBJECT_CLASS_ADD_PROPERTIES(klass, debugcon_properties);
}

static const TypeInfo debugcon_info = {
    .name = TYPE_ISA_DEBUGCON,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(IsaDebugconState),
    .class_init = debugcon_class_init,
};
TYPE_REGISTER(debugcon_info);
