/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An IDE channel as an ISA card: the AT attachment without bus master, so drives do
 * PIO only.
 *
 * Properties iobase, iobase2, irq. Ports "ide" (8 bytes at iobase, 1 at iobase2), bus
 * "ide.N".
 */
#include "hw/ide/ide.h"
#include "hw/isa/isa.h"

#define TYPE_ISA_IDE "isa-ide"

typedef struct IsaIdeState {
    ISADevice parent_obj;
    MemoryRegion command_block, control_block;
    IrqLine *irq_line;
    IDEBus bus;
    uint32_t iobase, iobase2, irq; /* properties */
} IsaIdeState;
OBJECT_DECLARE_SIMPLE_TYPE(IsaIdeState, ISA_IDE, TYPE_ISA_IDE)

/* A drive that is told to use DMA finds no descriptors and fails the command. */
static bool no_dma_is_ready(void *opaque, bool to_memory)
{
    return true;
}

static uint32_t no_dma_transfer(void *opaque, void *buf, uint32_t len, bool to_memory)
{
    return 0;
}

static void no_dma_done(void *opaque)
{
}

static const IDEDmaOps no_dma_ops = {
    .is_ready = no_dma_is_ready,
    .transfer = no_dma_transfer,
    .done = no_dma_done,
};

static bool isa_ide_realize(DeviceState *dev, Error **errp)
{
    IsaIdeState *s = ISA_IDE(dev);
    ISADevice *isa = ISA_DEVICE(dev);

    if (!isa_connect_irq(isa, MIN(s->irq, INT32_MAX), &s->irq_line, errp)) {
        return false;
    }
    ide_bus_init(&s->bus, sizeof(s->bus), dev, 0);
    ide_bus_connect(&s->bus, s->irq_line, &no_dma_ops, s);
    memory_region_init_io(&s->command_block, OBJECT(s), &ide_command_block_ops, &s->bus,
                          "ide", 8);
    memory_region_init_io(&s->control_block, OBJECT(s), &ide_control_block_ops, &s->bus,
                          "ide", 1);
    isa_register_ioport(isa, &s->command_block, s->iobase);
    isa_register_ioport(isa, &s->control_block, s->iobase2);
    return true;
}

static void isa_ide_reset_hold(DeviceState *dev)
{
    ide_bus_reset(&ISA_IDE(dev)->bus);
}

static const VMStateDescription isa_ide_vmstate = {
    .name = TYPE_ISA_IDE,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_STRUCT(bus, IsaIdeState, vmstate_ide_bus),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property isa_ide_properties[] = {
    PROP_UINT32("iobase", IsaIdeState, iobase, 0x1f0),
    PROP_UINT32("iobase2", IsaIdeState, iobase2, 0x3f6),
    PROP_UINT32("irq", IsaIdeState, irq, 14),
};

static void isa_ide_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "ISA IDE controller";
    dc->fw_name = "ide";
    dc->categories = 1u << DEVICE_CATEGORY_STORAGE;
    dc->realize = isa_ide_realize;
    dc->reset_hold = isa_ide_reset_hold;
    dc->vmsd = &isa_ide_vmstate;
    OBJECT_CLASS_ADD_PROPERTIES(klass, isa_ide_properties);
}

static const TypeInfo isa_ide_info = {
    .name = TYPE_ISA_IDE,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(IsaIdeState),
    .class_init = isa_ide_class_init,
};
TYPE_REGISTER(isa_ide_info);
