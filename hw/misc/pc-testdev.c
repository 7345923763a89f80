/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISA test device of public x86 CPU test suites, as observed on the reference
 * platform.
 *
 * Interface: I/O e0-e3 a 32-bit latch; e4-e7 flush page (accepted, nothing is cached);
 * e8-eb the same latch, byte by byte; 2000-2017 one byte for each global
 * system interrupts, low bit the level; memory ff000000-ff00ffff storage.
 */
#include "hw/isa/isa.h"
#include "migration/vmstate.h"

#include <string.h>

#define TYPE_PC_TESTDEV "pc-testdev"

#define LATCH_PORT      0xe0
#define FLUSH_PORT      0xe4
#define BYTE_LATCH_PORT 0xe8
#define IRQ_PORT        0x2000
#define NUM_LINES       24
#define IOMEM_BASE      0xff000000u
#define IOMEM_SIZE      0x10000

typedef struct PCTestDev {
    ISADevice parent_obj;
    MemoryRegion latch_io;
    MemoryRegion flush_io;
    MemoryRegion byte_latch_io;
    MemoryRegion irq_io;
    MemoryRegion iomem_io;
    /* Migrated. */
    uint8_t latch[4];
    uint8_t iomem[IOMEM_SIZE];
} PCTestDev;

static PCTestDev *testdev(const void *obj)
{
    return (PCTestDev *)object_cast(obj, TYPE_PC_TESTDEV);
}

static uint64_t bytes_read(const uint8_t *p, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)p[i] << (8 * i);
    }
    return value;
}

static void bytes_write(uint8_t *p, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        p[i] = (uint8_t)(value >> (8 * i));
    }
}

/* The regions are 4 bytes and accesses aligned, so offset + size stays inside. */
static uint64_t latch_read(void *opaque, hwaddr offset, unsigned size)
{
    PCTestDev *s = opaque;

    return bytes_read(s->latch + offset, size);
}

static void latch_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PCTestDev *s = opaque;

    bytes_write(s->latch + offset, value, size);
}

static uint64_t zero_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0;
}

static void ignore_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

static void irq_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PCTestDev *s = opaque;
    ISABus *bus = isa_bus_from_device(ISA_DEVICE(s));

    if (offset < ISA_NUM_IRQS) {
        irq_set(isa_bus_get_irq(bus, (int)offset), value & 1);
    }
}

static uint64_t iomem_read(void *opaque, hwaddr offset, unsigned size)
{
    PCTestDev *s = opaque;

    return bytes_read(s->iomem + offset, size);
}

static void iomem_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PCTestDev *s = opaque;

    bytes_write(s->iomem + offset, value, size);
}

static const MemoryRegionOps latch_ops = {
    .read = latch_read,
    .write = latch_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

static const MemoryRegionOps flush_ops = {
    .read = zero_read,
    .write = ignore_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

static const MemoryRegionOps byte_latch_ops = {
    .read = latch_read,
    .write = latch_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static const MemoryRegionOps irq_ops = {
    .read = zero_read,
    .write = irq_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 1},
};

static const MemoryRegionOps iomem_ops = {
    .read = iomem_read,
    .write = iomem_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 8},
    .impl = { .min_access_size = 1, .max_access_size = 8},
};

static void testdev_reset(DeviceState *dev)
{
    PCTestDev *s = testdev(dev);

    memset(s->latch, 0, sizeof(s->latch));
    memset(s->iomem, 0, sizeof(s->iomem));
}

static bool testdev_realize(DeviceState *dev, Error **errp)
{
    PCTestDev *s = testdev(dev);
    ISADevice *isa = ISA_DEVICE(dev);
    Object *obj = OBJECT(dev);

    memory_region_init_io(&s->latch_io, obj, &latch_ops, s, "pc-testdev-ioport", 4);
    memory_region_init_io(&s->flush_io, obj, &flush_ops, s, "pc-testdev-flush-page", 4);
    memory_region_init_io(&s->byte_latch_io, obj, &byte_latch_ops, s,
                          "pc-testdev-ioport-byte", 4);
    memory_region_init_io(&s->irq_io, obj, &irq_ops, s, "pc-testdev-irq-line",
                          NUM_LINES);
    memory_region_init_io(&s->iomem_io, obj, &iomem_ops, s, "pc-testdev-iomem",
                          IOMEM_SIZE);
    isa_register_ioport(isa, &s->latch_io, LATCH_PORT);
    isa_register_ioport(isa, &s->flush_io, FLUSH_PORT);
    isa_register_ioport(isa, &s->byte_latch_io, BYTE_LATCH_PORT);
    isa_register_ioport(isa, &s->irq_io, IRQ_PORT);
    memory_region_add_subregion(isa_address_space(isa), IOMEM_BASE, &s->iomem_io);
    return true;
}

static void testdev_unrealize(DeviceState *dev)
{
    PCTestDev *s = testdev(dev);
    ISADevice *isa = ISA_DEVICE(dev);

    memory_region_del_subregion(isa_address_space(isa), &s->iomem_io);
    isa_unregister_ioport(isa, &s->irq_io);
    isa_unregister_ioport(isa, &s->byte_latch_io);
    isa_unregister_ioport(isa, &s->flush_io);
    isa_unregister_ioport(isa, &s->latch_io);
}

static const VMStateField testdev_fields[] = {
    VMSTATE_BUFFER(latch, PCTestDev),
    VMSTATE_BUFFER(iomem, PCTestDev),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_testdev = {
    .name = "pc-testdev",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = testdev_fields,
};

static void testdev_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "PC test device";
    dc->categories = 1u << DEVICE_CATEGORY_MISC;
    dc->vmsd = &vmstate_testdev;
    dc->realize = testdev_realize;
    dc->unrealize = testdev_unrealize;
    dc->reset_enter = testdev_reset;
}

static const TypeInfo testdev_info = {
    .name = TYPE_PC_TESTDEV,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(PCTestDev),
    .class_init = testdev_class_init,
};
TYPE_REGISTER(testdev_info);
