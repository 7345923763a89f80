/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port that ends the emulator: a write of N gives exit status 2 * N + 1. For tests
 * that run on bare metal.
 *
 * Properties iobase, iosize. Ports "isa-debug-exit".
 */
#include "hw/isa/isa.h"
#include "softmmu/runstate.h"

#define TYPE_ISA_DEBUG_EXIT "isa-debug-exit"

typedef struct IsaDebugExitState {
    ISADevice parent_obj;
    MemoryRegion io;
    uint32_t iobase, iosize;
} IsaDebugExitState;
OBJECT_DECLARE_SIMPLE_TYPE(IsaDebugExitState, ISA_DEBUG_EXIT, TYPE_ISA_DEBUG_EXIT)

static uint64_t debug_exit_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0;
}

static void debug_exit_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    system_shutdown_request_with_code(SHUTDOWN_CAUSE_GUEST_SHUTDOWN,
                                      (int)(value << 1 | 1));
}

static const MemoryRegionOps debug_exit_ops = {
    .read = debug_exit_read,
    .write = debug_exit_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

static bool debug_exit_realize(DeviceState *dev, Error **errp)
{
    IsaDebugExitState *s = ISA_DEBUG_EXIT(dev);

    memory_region_init_io(&s->io, OBJECT(s), &debug_exit_ops, s, TYPE_ISA_DEBUG_EXIT,
                          s->iosize);
    isa_register_ioport(ISA_DEVICE(dev), &s->io, s->iobase);
    return true;
}

static const Property debug_exit_properties[] = {
    PROP_UINT32("iobase", IsaDebugExitState, iobase, 0x501),
    PROP_UINT32("iosize", IsaDebugExitState, iosize, 0x02),
};

static void debug_exit_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "ends the emulator with a status the guest chooses";
    dc->categories = 1u << DEVICE_CATEGORY_MISC;
    dc->realize = debug_exit_realize;
    OBJECT_CLASS_ADD_PROPERTIES(klass, debug_exit_properties);
}

static const TypeInfo debug_exit_info = {
    .name = TYPE_ISA_DEBUG_EXIT,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(IsaDebugExitState),
    .class_init = debug_exit_class_init,
};
TYPE_REGISTER(debug_exit_info);
