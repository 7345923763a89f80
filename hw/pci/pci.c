/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PCI function as a device: properties, header, bus-master address space, INTx, DMA,
 * reset and state. The configuration space is in pci-config.c, buses in pci-bus.c.
 *
 * Life of a function: init allocates the configuration space; realize finds a place on
 * the bus, writes the header, makes the address space, calls the class's realize and
 * loads the ROM; unrealize takes all of it back in reverse.
 */
#include "hw/pci/pci.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci-internal.h"

#include <assert.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

PCIBus *pci_get_bus(const PCIDevice *dev)
{
    return PCI_BUS(dev->parent_obj.parent_bus);
}

uint16_t pci_requester_id(const PCIDevice *dev)
{
    return (uint16_t)(pci_bus_number(pci_get_bus(dev)) << 8 | pci_get_devfn(dev));
}

MemoryRegion *pci_address_space(const PCIDevice *dev)
{
    return pci_get_bus(dev)->mem;
}

MemoryRegion *pci_address_space_io(const PCIDevice *dev)
{
    return pci_get_bus(dev)->io;
}

PCIDevice *pci_new(int devfn, const char *type_name)
{
    PCIDevice *dev = PCI_DEVICE(device_new(type_name));

    dev->devfn = devfn;
    return dev;
}

PCIDevice *pci_new_multifunction(int devfn, const char *type_name)
{
    PCIDevice *dev = pci_new(devfn, type_name);

    dev->multifunction = true;
    return dev;
}

bool pci_realize_and_unref(PCIDevice *dev, PCIBus *bus, Error **errp)
{
    return device_realize_and_unref(DEVICE(dev), BUS(bus), errp);
}

PCIDevice *pci_create_simple(PCIBus *bus, int devfn, const char *type_name,
                             Error **errp)
{
    PCIDevice *dev = pci_new(devfn, type_name);

    return pci_realize_and_unref(dev, bus, errp) ? dev : NULL;
}

/* --- DMA -----------------------------------------------------------------------------
 */

static MemTxAttrs dma_attrs(const PCIDevice *dev)
{
    return (MemTxAttrs){ .requester_id = pci_requester_id(dev) };
}

MemTxResult pci_dma_read(PCIDevice *dev, hwaddr addr, void *buf, hwaddr len)
{
    return address_space_read(&dev->bus_master_as, addr, dma_attrs(dev), buf, len);
}

MemTxResult pci_dma_write(PCIDevice *dev, hwaddr addr, const void *buf, hwaddr len)
{
    return address_space_write(&dev->bus_master_as, addr, dma_attrs(dev), buf, len);
}

void *pci_dma_map(PCIDevice *dev, hwaddr addr, hwaddr *plen, bool is_write)
{
    return address_space_map(&dev->bus_master_as, addr, plen, is_write, dma_attrs(dev));
}

void pci_dma_unmap(PCIDevice *dev, void *buffer, hwaddr len, bool is_write,
                   hwaddr access_len)
{
    address_space_unmap(&dev->bus_master_as, buffer, len, is_write, access_len);
}

/* The region and space are made with the function's place on the bus. */
static void bus_master_init(PCIDevice *dev)
{
    Object *owner = OBJECT(dev);

    memory_region_init(&dev->bus_master_container, owner, "bus master container",
                       UINT64_MAX);
    memory_region_init_alias(&dev->bus_master_alias, owner, "bus master",
                             pci_bus_get_dma_root(pci_get_bus(dev), dev->devfn), 0,
                             UINT64_MAX);
    memory_region_set_enabled(&dev->bus_master_alias, false);
    memory_region_add_subregion(&dev->bus_master_container, 0, &dev->bus_master_alias);
    address_space_init(&dev->bus_master_as, &dev->bus_master_container,
                       object_get_typename(owner));
    dev->has_bus_master_as = true;
}

static void bus_master_fini(PCIDevice *dev)
{
    address_space_destroy(&dev->bus_master_as);
    memory_region_del_subregion(&dev->bus_master_container, &dev->bus_master_alias);
    dev->has_bus_master_as = false;
}

/* --- INTx ----------------------------------------------------------------------------
 */

static void set_pin(PCIDevice *dev, int pin, int level)
{
    uint32_t bit = 1u << pin;

    if (!(dev->irq_state & bit) == !level) {
        return;
    }
    dev->irq_state ^= bit;
    if (dev->irq_state) {
        dev->config[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
    } else {
        dev->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
    }
    if (!(pci_get_word(dev->config + PCI_COMMAND) & PCI_COMMAND_INTX_OFF)) {
        pci_bus_change_irq(dev, pin, level ? 1 : -1);
    }
}

void pci_set_irq(PCIDevice *dev, int level)
{
    uint8_t pin = dev->config[PCI_INTERRUPT_PIN];

    if (pin >= 1 && pin <= PCI_NUM_PINS) {
        set_pin(dev, pin - 1, level);
    }
}

static void intx_line_handler(void *opaque, int n, int level)
{
    pci_set_irq(opaque, level);
}

IrqLine *pci_allocate_irq(PCIDevice *dev)
{
    return irq_new(intx_line_handler, dev, 0);
}

static void release_pins(PCIDevice *dev)
{
    for (int pin = 0; pin < PCI_NUM_PINS; pin++) {
        set_pin(dev, pin, 0);
    }
}

/* --- Realize -------------------------------------------------------------------------
 */

/* PCI 3.0 6.2.1 to 6.2.4; which command bits exist is the reference platform's. */
static void init_header(PCIDevice *dev)
{
    PCIDeviceClass *pc = PCI_DEVICE_GET_CLASS(dev);
    uint8_t *c = dev->config;

    pci_set_word(c + PCI_VENDOR_ID, pc->vendor_id);
    pci_set_word(c + PCI_DEVICE_ID, pc->device_id);
    c[PCI_REVISION_ID] = pc->revision;
    c[PCI_CLASS_PROG] = pc->prog_if;
    pci_set_word(c + PCI_CLASS_DEVICE, pc->class_id);
    c[PCI_HEADER_TYPE] =
        pc->is_bridge ? PCI_HEADER_TYPE_BRIDGE : PCI_HEADER_TYPE_NORMAL;
    if (dev->multifunction) {
        c[PCI_HEADER_TYPE] |= PCI_HEADER_MULTI;
    }
    if (!pc->is_bridge) {
        bool own = pc->subsystem_vendor_id || pc->subsystem_id;
        pci_set_word(c + PCI_SUBSYSTEM_VENDOR_ID,
                     own ? pc->subsystem_vendor_id : PCI_SUBVENDOR_DEFAULT);
        pci_set_word(c + PCI_SUBSYSTEM_ID,
                     own ? pc->subsystem_id : PCI_SUBDEVICE_DEFAULT);
    }
}

static void init_masks(PCIDevice *dev)
{
    pci_set_word(dev->wmask + PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
                                               PCI_COMMAND_MASTER | PCI_COMMAND_SERR |
                                               PCI_COMMAND_INTX_OFF);
    pci_set_word(dev->w1cmask + PCI_STATUS,
                 PCI_STATUS_PARITY | PCI_STATUS_SIG_TABORT | PCI_STATUS_REC_TABORT |
                     PCI_STATUS_REC_MABORT | PCI_STATUS_SIG_SERR |
                     PCI_STATUS_DET_PARITY);
    dev->wmask[PCI_CACHE_LINE_SIZE] = 0xff;
    dev->wmask[PCI_INTERRUPT_LINE] = 0xff;
    memset(dev->wmask + PCI_CONFIG_HEADER_SIZE, 0xff,
           PCI_CONFIG_SPACE_SIZE - PCI_CONFIG_HEADER_SIZE);
}

static bool pci_device_realize(DeviceState *qdev, Error **errp)
{
    PCIDevice *dev = PCI_DEVICE(qdev);
    PCIDeviceClass *pc = PCI_DEVICE_GET_CLASS(dev);
    PCIBus *bus = pci_get_bus(dev);
    int32_t wanted = dev->devfn;

    if (!pci_bus_attach(bus, dev, errp)) {
        return false;
    }
    init_header(dev);
    bus_master_init(dev);
    if (pc->realize && !pc->realize(dev, errp)) {
        goto fail;
    }
    if (!pci_rom_init(dev, errp)) {
        if (pc->unrealize) {
            pc->unrealize(dev);
        }
        goto fail;
    }
    return true;
fail:
    pci_unmap_bars(dev);
    bus_master_fini(dev);
    pci_bus_detach(bus, dev);
    dev->devfn = wanted;
    return false;
}

static void pci_device_unrealize(DeviceState *qdev)
{
    PCIDevice *dev = PCI_DEVICE(qdev);
    PCIDeviceClass *pc = PCI_DEVICE_GET_CLASS(dev);

    release_pins(dev);
    if (pc->unrealize) {
        pc->unrealize(dev);
    }
    msix_uninit(dev);
    pci_unmap_bars(dev);
    bus_master_fini(dev);
    pci_bus_detach(pci_get_bus(dev), dev);
}

static void pci_device_reset_hold(DeviceState *qdev)
{
    PCIDevice *dev = PCI_DEVICE(qdev);
    PCIDeviceClass *pc = PCI_DEVICE_GET_CLASS(dev);

    release_pins(dev);
    pci_config_reset(dev);
    if (pc->reset_hold) {
        pc->reset_hold(dev);
    }
}

static void pci_device_init(Object *obj)
{
    PCIDevice *dev = (PCIDevice *)obj;
    PCIDeviceClass *pc = PCI_DEVICE_GET_CLASS(obj);

    dev->config_size = pc->is_express ? PCIE_CONFIG_SPACE_SIZE : PCI_CONFIG_SPACE_SIZE;
    dev->config = g_malloc0(dev->config_size);
    dev->wmask = g_malloc0(dev->config_size);
    dev->w1cmask = g_malloc0(dev->config_size);
    dev->used = g_malloc0(dev->config_size);
    for (int n = 0; n < PCI_NUM_BARS; n++) {
        dev->bars[n].addr = PCI_BAR_UNMAPPED;
    }
    init_masks(dev);
}

static void pci_device_finalize(Object *obj)
{
    PCIDevice *dev = (PCIDevice *)obj;

    msix_free(dev);
    g_free(dev->config);
    g_free(dev->wmask);
    g_free(dev->w1cmask);
    g_free(dev->used);
    g_free(dev->saved_config);
}

/* --- State ---------------------------------------------------------------------------
 */

static bool pci_pre_load(void *opaque, Error **errp)
{
    PCIDevice *dev = opaque;

    release_pins(dev);
    g_free(dev->saved_config);
    dev->saved_config = g_memdup2(dev->config, dev->config_size);
    return true;
}

/* Bits that the guest cannot write say which model this is: they must agree. The
 * device's own realize may have changed others since, so only the ids count. */
static bool pci_post_load(void *opaque, int version_id, Error **errp)
{
    PCIDevice *dev = opaque;
    g_autofree uint8_t *old = g_steal_pointer(&dev->saved_config);
    uint32_t pins = dev->irq_state & 0xf;

    if (old && (memcmp(old, dev->config, 4) ||
                memcmp(old + PCI_REVISION_ID, dev->config + PCI_REVISION_ID, 4) ||
                old[PCI_HEADER_TYPE] != dev->config[PCI_HEADER_TYPE])) {
        memcpy(dev->config, old, dev->config_size);
        dev->irq_state = 0;
        return error_set(errp, "%s: the saved function is another model",
                         object_get_typename(OBJECT(dev)));
    }
    dev->irq_state = 0;
    for (int pin = 0; pin < PCI_NUM_PINS; pin++) {
        set_pin(dev, pin, pins & (1u << pin));
    }
    pci_update_decoding(dev);
    return true;
}

static const VMStateField pci_device_fields[] = {
    VMSTATE_VBUFFER(config, PCIDevice, config_size),
    VMSTATE_UINT32(irq_state, PCIDevice),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_pci_device = {
    .name = "PCIDevice",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_load = pci_pre_load,
    .post_load = pci_post_load,
    .fields = pci_device_fields,
};

/* --- Properties ----------------------------------------------------------------------
 */

static struct json_object *get_addr(Object *obj, const Property *prop)
{
    return json_object_new_int(((PCIDevice *)obj)->devfn);
}

/* "SLOT.FUNCTION" or "SLOT", both hexadecimal; -1 when it is neither. */
static int parse_devfn(const char *text)
{
    unsigned slot = 0, function = 0;
    int end = 0;

    if (!g_ascii_isxdigit(*text)) {
        return -1;
    }
    if (sscanf(text, "%4x.%4x%n", &slot, &function, &end) != 2) {
        function = 0;
        if (sscanf(text, "%4x%n", &slot, &end) != 1) {
            return -1;
        }
    }
    return text[end] || slot >= 32 || function >= 8 ? -1 : PCI_DEVFN(slot, function);
}

/* A JSON number is taken as its digits would be: 5 is slot 5. */
static bool set_addr(Object *obj, const Property *prop, struct json_object *value,
                     Error **errp)
{
    PCIDevice *dev = (PCIDevice *)obj;
    const char *text = json_object_get_string(value);
    int devfn = text ? parse_devfn(text) : -1;

    if (devfn < 0) {
        return error_set(errp, "Property '%s.%s' doesn't take value '%s'",
                         object_get_typename(obj), prop->name, text ? text : "");
    }
    dev->devfn = devfn;
    return true;
}

static void set_addr_default(Object *obj, const Property *prop)
{
    ((PCIDevice *)obj)->devfn = PCI_DEVFN_AUTO;
}

static char *print_addr(Object *obj, const Property *prop)
{
    int32_t devfn = ((PCIDevice *)obj)->devfn;

    if (devfn == PCI_DEVFN_AUTO) {
        return g_strdup("<unset>");
    }
    return g_strdup_printf("%02x.%x", PCI_SLOT(devfn), PCI_FUNC(devfn));
}

static const PropertyType prop_pci_devfn = {
    .name = "int32",
    .description = "Slot and optional function number, example: 06.0 or 06",
    .get = get_addr,
    .set = set_addr,
    .set_default = set_addr_default,
    .print = print_addr,
};

static const Property pci_device_props[] = {
    {.name = "addr",
     .type = &prop_pci_devfn,
     .description = "Slot and optional function number, example: 06.0 or 06",
     .offset = offsetof(PCIDevice, devfn),
     .has_default = true,
     .def.i = PCI_DEVFN_AUTO},
    PROP_STR("romfile", PCIDevice, romfile, NULL),
    PROP_UINT32("romsize", PCIDevice, romsize, UINT32_MAX),
    PROP_UINT32("rombar", PCIDevice, rombar, 1),
    PROP_BOOL("multifunction", PCIDevice, multifunction, false),
    PROP_STR("failover_pair_id", PCIDevice, failover_pair_id, NULL),
    PROP_UINT32("acpi-index", PCIDevice, acpi_index, 0),
};

static void pci_device_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->bus_type = TYPE_PCI_BUS;
    dc->realize = pci_device_realize;
    dc->unrealize = pci_device_unrealize;
    dc->reset_hold = pci_device_reset_hold;
    pc->config_read = pci_default_read_config;
    pc->config_write = pci_default_write_config;
    OBJECT_CLASS_ADD_PROPERTIES(klass, pci_device_props);
}

static const TypeInfo pci_device_info = {
    .name = TYPE_PCI_DEVICE,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(PCIDevice),
    .class_size = sizeof(PCIDeviceClass),
    .abstract = true,
    .instance_init = pci_device_init,
    .instance_finalize = pci_device_finalize,
    .class_init = pci_device_class_init,
};
TYPE_REGISTER(pci_device_info);
