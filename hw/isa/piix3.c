/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82371SB PIIX3, function 0: PCI-to-ISA bridge (data sheet 290550-002, sections
 * 2.2 and 2.5). Not modelled: X-bus chip selects, SMI generation, programmable chip
 * select, DMA aliases: their registers are plain storage.
 *
 * Interface: I/O cf9 (1 byte, priority 1 over the configuration index); bus "isa.0";
 * the four PIRQ inputs of its PCI bus; output "reset".
 */
#include "hw/isa/piix3.h"

#include <string.h>

/* --- Registers (82371SB 2.2) --- */
#define PIIX3_IORT      0x4c /* ISA I/O recovery timer */
#define PIIX3_XBCS      0x4e /* X-bus chip select, 16 bits */
#define PIIX3_PIRQRC    0x60 /* PIRQA# to PIRQD#, 8 bits each */
#define PIIX3_PIRQ_OFF  0x80
#define PIIX3_PIRQ_LINE 0x0f
#define PIIX3_TOM       0x69
#define PIIX3_MBIRQ0    0x70
#define PIIX3_MBDMA0    0x76
#define PIIX3_MBDMA1    0x77
#define PIIX3_PCSC      0x78
#define PIIX3_SMICNTL   0xa0
#define PIIX3_CTMR      0xa8 /* clock throttle */

/* --- Reset control register, I/O cf9 (2.5.4.3) --- */
#define PIIX3_RCR        0xcf9
#define PIIX3_RCR_HARD   0x02 /* kind of reset */
#define PIIX3_RCR_ASSERT 0x04 /* rising edge resets */

typedef struct PIIX3State {
    PCIDevice parent_obj;
    MemoryRegion rcr_region;
    IrqLine *reset_out;
    ISABus *isa_bus;
    /* Migrated: configuration space and rcr. */
    uint8_t rcr;
    /* Derived: level of each ISA line as driven from here. */
    uint16_t line_levels;
} PIIX3State;

static PIIX3State *piix3(const void *obj)
{
    return (PIIX3State *)object_cast(obj, TYPE_PIIX3);
}

ISABus *piix3_get_isa_bus(PCIDevice *dev)
{
    return piix3(dev)->isa_bus;
}

/* --- Interrupt routing (2.2.8) -------------------------------------------------------
 */

/* Link A-D of pin @pin in a slot, as boards of this chipset wire it. */
static int piix3_map_irq(PCIDevice *dev, int pin)
{
    return (PCI_SLOT(dev->devfn) + pin + PIIX3_NUM_PIRQS - 1) % PIIX3_NUM_PIRQS;
}

/* Every line that a link is or was routed to gets the or of its links. */
static void update_irqs(PIIX3State *s)
{
    PCIBus *bus = pci_get_bus(&s->parent_obj);
    uint16_t levels = 0;

    for (int n = 0; n < PIIX3_NUM_PIRQS; n++) {
        uint8_t route = s->parent_obj.config[PIIX3_PIRQRC + n];
        if (!(route & PIIX3_PIRQ_OFF) && pci_bus_get_irq_level(bus, n)) {
            levels |= (uint16_t)(1u << (route & PIIX3_PIRQ_LINE));
        }
    }
    uint16_t changed = levels ^ s->line_levels;
    s->line_levels = levels;
    for (int line = 0; line < ISA_NUM_IRQS; line++) {
        if (changed & (1u << line)) {
            irq_set(isa_bus_get_irq(s->isa_bus, line), (levels >> line) & 1);
        }
    }
}

static void piix3_set_irq(void *opaque, int n, int level)
{
    update_irqs(opaque);
}

static void piix3_write_config(PCIDevice *dev, uint32_t offset, uint32_t value,
                               int size)
{
    pci_default_write_config(dev, offset, value, size);
    if (pci_config_overlaps(offset, size, PIIX3_PIRQRC, PIIX3_NUM_PIRQS)) {
        update_irqs(piix3(dev));
    }
}

/* --- Reset control -------------------------------------------------------------------
 */

static uint64_t rcr_read(void *opaque, hwaddr offset, unsigned size)
{
    PIIX3State *s = opaque;

    return s->rcr;
}

static void rcr_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PIIX3State *s = opaque;

    s->rcr = value & PIIX3_RCR_HARD; /* the trigger always reads 0 */
    if (value & PIIX3_RCR_ASSERT) {
        irq_pulse(s->reset_out);
    }
}

static const MemoryRegionOps rcr_ops = {
    .read = rcr_read,
    .write = rcr_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 1},
};

/* --- Life ----------------------------------------------------------------------------
 */

static void piix3_reset(PCIDevice *dev)
{
    PIIX3State *s = piix3(dev);
    uint8_t *c = dev->config;

    memset(c + PCI_CONFIG_HEADER_SIZE, 0,
           PCI_CONFIG_SPACE_SIZE - PCI_CONFIG_HEADER_SIZE);
    c[PIIX3_IORT] = 0x4d;
    pci_set_word(c + PIIX3_XBCS, 0x0003);
    memset(c + PIIX3_PIRQRC, PIIX3_PIRQ_OFF, PIIX3_NUM_PIRQS);
    c[PIIX3_TOM] = 0x02;
    c[PIIX3_MBIRQ0] = 0x80;
    c[PIIX3_MBDMA0] = 0x0c;
    c[PIIX3_MBDMA1] = 0x0c;
    c[PIIX3_PCSC] = 0x02;
    c[PIIX3_SMICNTL] = 0x08;
    c[PIIX3_CTMR] = 0x0f;
    s->rcr = 0;
    update_irqs(s);
}

static bool piix3_realize(PCIDevice *dev, Error **errp)
{
    PIIX3State *s = piix3(dev);

    pci_set_word(dev->config + PCI_STATUS, PCI_STATUS_DEVSEL_MED);
    s->isa_bus =
        isa_bus_new(DEVICE(dev), pci_address_space(dev), pci_address_space_io(dev));
    if (!bus_realize(BUS(s->isa_bus), errp)) {
        return false;
    }
    memory_region_init_io(&s->rcr_region, OBJECT(dev), &rcr_ops, s,
                          "piix3-reset-control", 1);
    memory_region_add_subregion_overlap(pci_address_space_io(dev), PIIX3_RCR,
                                        &s->rcr_region, 1);
    pci_bus_set_irqs(pci_get_bus(dev), piix3_set_irq, piix3_map_irq, s,
                     PIIX3_NUM_PIRQS);
    piix3_reset(dev);
    return true;
}

static void piix3_init(Object *obj)
{
    PIIX3State *s = (PIIX3State *)obj;

    device_init_gpio_out_named(DEVICE(obj), &s->reset_out, PIIX3_RESET_GPIO, 1);
}

PCIDevice *piix3_create(PCIBus *bus, int devfn, Error **errp)
{
    PCIDevice *dev = pci_new_multifunction(devfn, TYPE_PIIX3);

    return pci_realize_and_unref(dev, bus, errp) ? dev : NULL;
}

/* --- State and type ------------------------------------------------------------------
 */

static bool piix3_post_load(void *opaque, int version_id, Error **errp)
{
    update_irqs(opaque);
    return true;
}

static const VMStateField piix3_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, PIIX3State),
    VMSTATE_UINT8(rcr, PIIX3State),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_piix3 = {
    .name = "PIIX3",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = piix3_post_load,
    .fields = piix3_fields,
};

static void piix3_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "ISA bridge";
    dc->categories = 1u << DEVICE_CATEGORY_BRIDGE;
    dc->vmsd = &vmstate_piix3;
    dc->user_creatable = false;
    dc->hotpluggable = false;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = 0x7000;
    pc->class_id = PCI_CLASS_BRIDGE_ISA;
    pc->realize = piix3_realize;
    pc->reset_hold = piix3_reset;
    pc->config_write = piix3_write_config;
}

static const TypeInfo piix3_info = {
    .name = TYPE_PIIX3,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(PIIX3State),
    .instance_init = piix3_init,
    .class_init = piix3_class_init,
};
TYPE_REGISTER(piix3_info);
