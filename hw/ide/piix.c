/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IDE function of the 82371SB (PIIX3), data sheet 290550, sections 2.3 and 2.7. The
 * timing registers (40-43) keep what is written and have no effect: both channels
 * always decode.
 *
 * Board-facing: function 1 of the PIIX3; ports 1f0-1f7, 3f6 and 170-177, 376 in the I/O
 * space; BAR 4 with 16 ports of bus master registers; ISA interrupts 14 and 15; DMA
 * through the function's address space; buses "ide.0" and "ide.1".
 */
#include "hw/ide/bmdma.h"
#include "hw/isa/isa.h"

typedef struct PIIXIDEState {
    PCIDevice parent_obj;

    MemoryRegion bar; /* "piix-bmdma-container" */
    MemoryRegion command_block[2], control_block[2];
    IDEBus bus[2];
    BMDMA bmdma[2];
} PIIXIDEState;

static const struct {
    uint16_t command, control;
    int irq;
} channels[2] = {
    {0x1f0,  0x3f6, 14},
    { 0x170, 0x376, 15},
};

static PIIXIDEState *PIIX_IDE(const void *obj)
{
    return (PIIXIDEState *)object_cast((const Object *)obj, TYPE_PIIX3_IDE);
}

static bool init_channel(PIIXIDEState *s, uint8_t i, ISABus *isa, Error **errp)
{
    PCIDevice *pci = PCI_DEVICE(s);
    MemoryRegion *io = pci_address_space_io(pci);

    ide_bus_init(&s->bus[i], sizeof(s->bus[i]), DEVICE(s), i);
    bmdma_init(&s->bmdma[i], pci, &s->bus[i], isa_bus_get_irq(isa, channels[i].irq),
               "piix-bmdma");
    memory_region_add_subregion(&s->bar, 8u * i, &s->bmdma[i].registers);
    memory_region_add_subregion(&s->bar, 8u * i + 4, &s->bmdma[i].pointer);
    memory_region_init_io(&s->command_block[i], OBJECT(s), &ide_command_block_ops,
                          &s->bus[i], "ide", 8);
    memory_region_init_io(&s->control_block[i], OBJECT(s), &ide_control_block_ops,
                          &s->bus[i], "ide", 1);
    memory_region_add_subregion(io, channels[i].command, &s->command_block[i]);
    memory_region_add_subregion(io, channels[i].control, &s->control_block[i]);
    return true;
}

static bool piix_ide_realize(PCIDevice *pci, Error **errp)
{
    PIIXIDEState *s = PIIX_IDE(pci);
    BusState *isa = bus_find_of_type(TYPE_ISA_BUS);

    if (!isa) {
        return error_set(errp, "No ISA bus found");
    }
    pci_set_word(pci->config + PCI_STATUS,
                 PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MED);
    memset(pci->wmask + PCI_CONFIG_HEADER_SIZE, 0xff,
           PCI_CONFIG_SPACE_SIZE - PCI_CONFIG_HEADER_SIZE);
    memory_region_init(&s->bar, OBJECT(s), "piix-bmdma-container", 16);
    for (uint8_t i = 0; i < 2; i++) {
        if (!init_channel(s, i, ISA_BUS(isa), errp)) {
            return false;
        }
    }
    pci_register_bar(pci, 4, PCI_BAR_IO, &s->bar);
    return true;
}

static void piix_ide_unrealize(PCIDevice *pci)
{
    PIIXIDEState *s = PIIX_IDE(pci);
    MemoryRegion *io = pci_address_space_io(pci);

    for (int i = 0; i < 2; i++) {
        memory_region_del_subregion(io, &s->command_block[i]);
        memory_region_del_subregion(io, &s->control_block[i]);
        memory_region_del_subregion(&s->bar, &s->bmdma[i].registers);
        memory_region_del_subregion(&s->bar, &s->bmdma[i].pointer);
    }
}

static void piix_ide_reset(PCIDevice *pci)
{
    PIIXIDEState *s = PIIX_IDE(pci);

    memset(pci->config + PCI_CONFIG_HEADER_SIZE, 0,
           PCI_CONFIG_SPACE_SIZE - PCI_CONFIG_HEADER_SIZE);
    pci_set_word(pci->config + PCI_STATUS,
                 PCI_STATUS_FAST_BACK | PCI_STATUS_DEVSEL_MED);
    for (int i = 0; i < 2; i++) {
        bmdma_reset(&s->bmdma[i]);
        ide_bus_reset(&s->bus[i]);
    }
}

static const VMStateDescription vmstate_piix_ide = {
    .name = "piix3-ide",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_PCI_DEVICE(parent_obj, PIIXIDEState),
                               VMSTATE_STRUCT_ARRAY(bmdma, PIIXIDEState, vmstate_bmdma),
                               VMSTATE_STRUCT_ARRAY(bus, PIIXIDEState, vmstate_ide_bus),
                               VMSTATE_END_OF_LIST(),
                               },
};

static void piix3_ide_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    pc->realize = piix_ide_realize;
    pc->unrealize = piix_ide_unrealize;
    pc->reset_hold = piix_ide_reset;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = 0x7010;
    pc->class_id = PCI_CLASS_STORAGE_IDE;
    pc->prog_if = 0x80; /* bus master, both channels in compatibility mode */
    dc->desc = "PIIX3 IDE controller";
    dc->vmsd = &vmstate_piix_ide;
    dc->categories = 1u << DEVICE_CATEGORY_STORAGE;
    dc->user_creatable = true;
    dc->hotpluggable = false;
    dc->fw_name = "ide";
}

static const TypeInfo piix3_ide_info = {
    .name = TYPE_PIIX3_IDE,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(PIIXIDEState),
    .class_init = piix3_ide_class_init,
};
TYPE_REGISTER(piix3_ide_info);

IDEBus *piix3_ide_get_bus(DeviceState *piix, int channel)
{
    return &PIIX_IDE(piix)->bus[channel];
}
