/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System control port B (port 61) of the PC/AT, as in the PIIX3 (290550-002, 2.5.5.2,
 * "NMI Status and Control Register"), and the speaker behind it.
 *
 * Not modelled: sound; the parity and channel-check sources (bits 7 and 6 read 0).
 *
 * Board: property iobase; the timer, by pcspk_init(). Port "pcspk".
 */
#include "hw/audio/pcspk.h"

#include "migration/vmstate.h"

enum {
    TIMER2_GATE = 1 << 0,
    SPEAKER_DATA = 1 << 1,
    REFRESH_TOGGLE = 1 << 4,
    TIMER2_OUT = 1 << 5,
};

/* The refresh request comes every 15.085 us: 18 ticks of the timer's clock. */
#define REFRESH_NS 15085

typedef struct PcSpkState {
    ISADevice parent_obj;
    MemoryRegion io;
    I8254State *pit; /* not owned */
    uint32_t iobase; /* properties */
    char *audiodev;
    bool migrate;
    bool data_on; /* migrated */
} PcSpkState;

static inline PcSpkState *PCSPK(const void *obj)
{
    return (PcSpkState *)object_cast((const Object *)obj, TYPE_PCSPK);
}

static uint64_t pcspk_read(void *opaque, hwaddr offset, unsigned size)
{
    PcSpkState *s = opaque;
    uint64_t refreshes = (uint64_t)clock_get_ns(VIRTUAL_CLOCK) / REFRESH_NS;

    return (i8254_get_gate(s->pit, 2) ? TIMER2_GATE : 0) |
           (s->data_on ? SPEAKER_DATA : 0) | (refreshes & 1 ? 0 : REFRESH_TOGGLE) |
           (i8254_get_out(s->pit, 2) ? TIMER2_OUT : 0);
}

static void pcspk_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PcSpkState *s = opaque;

    s->data_on = value & SPEAKER_DATA;
    i8254_set_gate(s->pit, 2, value & TIMER2_GATE);
}

static const MemoryRegionOps pcspk_ops = {
    .read = pcspk_read,
    .write = pcspk_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static void pcspk_reset_enter(DeviceState *dev)
{
    PCSPK(dev)->data_on = false;
}

static bool pcspk_realize(DeviceState *dev, Error **errp)
{
    PcSpkState *s = PCSPK(dev);

    if (!s->pit) {
        return error_set(errp, "isa-pcspk: needs the board's timer");
    }
    memory_region_init_io(&s->io, OBJECT(s), &pcspk_ops, s, "pcspk", 1);
    isa_register_ioport(ISA_DEVICE(dev), &s->io, s->iobase);
    return true;
}

static const VMStateDescription pcspk_vmstate = {
    .name = TYPE_PCSPK,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_BOOL(data_on, PcSpkState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property pcspk_properties[] = {
    PROP_STR("audiodev", PcSpkState, audiodev, NULL),
    PROP_UINT32("iobase", PcSpkState, iobase, 0x61),
    PROP_BOOL("migrate", PcSpkState, migrate, true),
};

static void pcspk_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "PC speaker and system control port B";
    dc->categories = 1u << DEVICE_CATEGORY_SOUND;
    dc->user_creatable = false;
    dc->realize = pcspk_realize;
    dc->reset_enter = pcspk_reset_enter;
    dc->vmsd = &pcspk_vmstate;
    OBJECT_CLASS_ADD_PROPERTIES(klass, pcspk_properties);
}

static const TypeInfo pcspk_info = {
    .name = TYPE_PCSPK,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(PcSpkState),
    .class_init = pcspk_class_init,
};
TYPE_REGISTER(pcspk_info);

ISADevice *pcspk_init(ISABus *bus, I8254State *pit)
{
    ISADevice *dev = isa_new(TYPE_PCSPK);

    PCSPK(dev)->pit = pit;
    if (!isa_realize_and_unref(dev, bus, &error_fatal)) {
        g_assert_not_reached();
    }
    return dev;
}
