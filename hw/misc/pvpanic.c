/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The panic notification port: a guest reads which events are known and writes the one
 * that happened (bit 0: it has panicked, bit 1: it has and a dump kernel is loaded).
 *
 * Properties ioport, events. Port "pvpanic".
 */
#include "hw/isa/isa.h"
#include "softmmu/runstate.h"
#include "util/log.h"

#define TYPE_PVPANIC "pvpanic"

enum {
    PVPANIC_PANICKED = 1 << 0,
    PVPANIC_CRASHLOADED = 1 << 1,
};

typedef struct PvpanicState {
    ISADevice parent_obj;
    MemoryRegion io;
    uint16_t ioport;
    uint8_t events;
} PvpanicState;
OBJECT_DECLARE_SIMPLE_TYPE(PvpanicState, PVPANIC, TYPE_PVPANIC)

static uint64_t pvpanic_read(void *opaque, hwaddr offset, unsigned size)
{
    PvpanicState *s = opaque;

    return s->events;
}

static void pvpanic_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PvpanicState *s = opaque;

    if (value & ~(uint64_t)(PVPANIC_PANICKED | PVPANIC_CRASHLOADED)) {
        log_guest_error("pvpanic: unknown event %02x\n", (unsigned)value);
    }
    value &= s->events;
    if (value & PVPANIC_PANICKED) {
        system_guest_panicked();
    } else if (value & PVPANIC_CRASHLOADED) {
        system_guest_crashloaded();
    }
}

static const MemoryRegionOps pvpanic_ops = {
    .read = pvpanic_read,
    .write = pvpanic_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static bool pvpanic_realize(DeviceState *dev, Error **errp)
{
    PvpanicState *s = PVPANIC(dev);

    memory_region_init_io(&s->io, OBJECT(s), &pvpanic_ops, s, "pvpanic", 1);
    isa_register_ioport(ISA_DEVICE(dev), &s->io, s->ioport);
    return true;
}

static const Property pvpanic_properties[] = {
    PROP_UINT16("ioport", PvpanicState, ioport, 0x505),
    PROP_UINT8("events", PvpanicState, events, PVPANIC_PANICKED | PVPANIC_CRASHLOADED),
};

static void pvpanic_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "tells the host that the guest has panicked";
    dc->categories = 1u << DEVICE_CATEGORY_MISC;
    dc->realize = pvpanic_realize;
    OBJECT_CLASS_ADD_PROPERTIES(klass, pvpanic_properties);
}

static const TypeInfo pvpanic_info = {
    .name = TYPE_PVPANIC,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(PvpanicState),
    .class_init = pvpanic_class_init,
};
TYPE_REGISTER(pvpanic_info);
