/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI buses: who sits where, which pins are wired to what, and what name a class has.
 * Source: PCI Local Bus Specification 3.0, sections 2.2.6 (interrupts), 3.2.2.3
 * (configuration addresses), appendix D (class codes); PCI-to-PCI Bridge Architecture
 * Specification 1.2, section 9.1 (interrupt routing through bridges).
 *
 * B1: irq_count[n] is the number of (function, pin) pairs that drive router input n.
 */
#include "hw/pci/pci-internal.h"
#include "hw/pci/pci.h"

#include <assert.h>
#include <string.h>

static PCIBus *first_root; /* BQL */

bool pci_bus_is_root(const PCIBus *bus)
{
    return !bus->bridge;
}

uint8_t pci_bus_number(const PCIBus *bus)
{
    return bus->bridge ? bus->bridge->config[PCI_SECONDARY_BUS] : 0;
}

PCIDevice *pci_bus_find_device(const PCIBus *bus, int devfn)
{
    return devfn >= 0 && devfn < PCI_DEVFN_MAX ? bus->devices[devfn] : NULL;
}

void pci_bus_foreach_device(PCIBus *bus, PCIDeviceFn *fn, void *opaque)
{
    for (int devfn = 0; devfn < PCI_DEVFN_MAX; devfn++) {
        if (bus->devices[devfn]) {
            fn(bus, bus->devices[devfn], opaque);
        }
    }
}

PCIBus *pci_root_bus_next(const PCIBus *bus)
{
    return bus ? bus->next_root : first_root;
}

/* A bridge passes configuration cycles for secondary <= number <= subordinate. */
static bool bridge_covers(const PCIDevice *bridge, uint8_t number)
{
    return number >= bridge->config[PCI_SECONDARY_BUS] &&
           number <= bridge->config[PCI_SUBORDINATE_BUS];
}

PCIBus *pci_bus_find(PCIBus *bus, uint8_t number)
{
    /* The depth is that of the bridges plugged by the user. */
    while (bus && pci_bus_number(bus) != number) {
        PCIBus *next = NULL;
        for (GSList *l = bus->child_buses; l && !next; l = l->next) {
            PCIBus *child = l->data;
            /* An unprogrammed bridge has secondary bus 0, which is the root's. */
            if (child->bridge->config[PCI_SECONDARY_BUS] &&
                bridge_covers(child->bridge, number)) {
                next = child;
            }
        }
        bus = next;
    }
    return bus;
}

/* --- Places --------------------------------------------------------------------------
 */

static bool slot_reserved(const PCIBus *bus, int devfn)
{
    return bus->slots_reserved & (1ull << PCI_SLOT(devfn));
}

static int find_free_slot(const PCIBus *bus)
{
    for (int devfn = bus->devfn_min; devfn < PCI_DEVFN_MAX; devfn += 8) {
        if (!bus->devices[devfn] && !slot_reserved(bus, devfn)) {
            return devfn;
        }
    }
    return -1;
}

/* Function 0 says whether there are others: both sides must agree. */
static bool check_multifunction(const PCIBus *bus, const PCIDevice *dev, int devfn,
                                Error **errp)
{
    int slot = PCI_SLOT(devfn);
    const PCIDevice *first = bus->devices[PCI_DEVFN(slot, 0)];

    if (PCI_FUNC(devfn)) {
        if (first && !first->multifunction) {
            return error_set(
                errp,
                "PCI: single function device can't be populated in function %x.%x",
                slot, PCI_FUNC(devfn));
        }
        return true;
    }
    for (int fn = 1; fn < 8 && !dev->multifunction; fn++) {
        if (bus->devices[PCI_DEVFN(slot, fn)]) {
            return error_set(
                errp,
                "PCI: %x.0 indicates single function, but %x.%x is already populated.",
                slot, slot, fn);
        }
    }
    return true;
}

static bool check_place(const PCIBus *bus, const PCIDevice *dev, int devfn,
                        Error **errp)
{
    const char *name = object_get_typename(OBJECT(dev));
    const PCIDevice *other = bus->devices[devfn];
    const PCIDevice *first = bus->devices[PCI_DEVFN(PCI_SLOT(devfn), 0)];

    if (slot_reserved(bus, devfn)) {
        return error_set(errp,
                         "PCI: slot %d function %d not available for %s, reserved",
                         PCI_SLOT(devfn), PCI_FUNC(devfn), name);
    }
    if (other) {
        return error_set(
            errp, "PCI: slot %d function %d not available for %s, in use by %s,id=%s",
            PCI_SLOT(devfn), PCI_FUNC(devfn), name, object_get_typename(OBJECT(other)),
            other->parent_obj.id ? other->parent_obj.id : "(null)");
    }
    /* A guest that has seen function 0 does not look for new ones. */
    if (dev->parent_obj.hotplugged && PCI_FUNC(devfn) && first) {
        return error_set(errp,
                         "PCI: slot %d function 0 already occupied by %s, new func %s "
                         "cannot be exposed to guest.",
                         PCI_SLOT(devfn), object_get_typename(OBJECT(first)), name);
    }
    return check_multifunction(bus, dev, devfn, errp);
}

bool pci_bus_attach(PCIBus *bus, PCIDevice *dev, Error **errp)
{
    int devfn = dev->devfn;

    if (devfn == PCI_DEVFN_AUTO) {
        devfn = find_free_slot(bus);
        if (devfn < 0) {
            return error_set(
                errp, "PCI: no slot/function available for %s, all in use or reserved",
                object_get_typename(OBJECT(dev)));
        }
    }
    if (!check_place(bus, dev, devfn, errp)) {
        return false;
    }
    dev->devfn = devfn;
    bus->devices[devfn] = dev;
    dev->on_bus = true;
    return true;
}

void pci_bus_detach(PCIBus *bus, PCIDevice *dev)
{
    if (dev->on_bus) {
        bus->devices[dev->devfn] = NULL;
        dev->on_bus = false;
    }
}

void pci_bus_reserve_slots(PCIBus *bus, uint64_t slot_mask)
{
    bus->slots_reserved |= slot_mask;
}

/* --- Interrupts ----------------------------------------------------------------------
 */

int pci_swizzle_map_irq(PCIDevice *dev, int pin)
{
    return (pin + PCI_SLOT(dev->devfn)) % PCI_NUM_PINS;
}

/* Input of router @bus that @pin of @dev, somewhere below it, drives. */
static int input_of(PCIBus *bus, PCIDevice *dev, int pin)
{
    for (PCIBus *b = pci_get_bus(dev); b != bus; b = pci_get_bus(dev)) {
        pin = (b->map_irq ? b->map_irq : pci_swizzle_map_irq)(dev, pin);
        dev = b->bridge;
    }
    pin = bus->map_irq(dev, pin);
    assert(pin >= 0 && pin < bus->num_irqs);
    return pin;
}

void pci_bus_change_irq(PCIDevice *dev, int pin, int change)
{
    PCIBus *bus = pci_get_bus(dev);

    while (!bus->set_irq) {
        if (!bus->bridge) {
            return; /* a root bus without a router */
        }
        bus = pci_get_bus(bus->bridge);
    }
    int n = input_of(bus, dev, pin);
    bus->irq_count[n] += change;
    bus->set_irq(bus->irq_opaque, n, bus->irq_count[n] > 0);
}

void pci_bus_set_irqs(PCIBus *bus, PCISetIrqFn *set_irq, PCIMapIrqFn *map_irq,
                      void *opaque, int num_irqs)
{
    g_free(bus->irq_count);
    bus->set_irq = set_irq;
    bus->map_irq = map_irq;
    bus->irq_opaque = opaque;
    bus->num_irqs = num_irqs;
    bus->irq_count = g_new0(int32_t, num_irqs);
}

int pci_bus_get_irq_level(PCIBus *bus, int n)
{
    assert(n >= 0 && n < bus->num_irqs);
    return bus->irq_count[n] > 0;
}

void pci_bus_reroute_begin(PCIBus *bus)
{
    memset(bus->irq_count, 0, sizeof(*bus->irq_count) * (size_t)bus->num_irqs);
}

/* Count the pins of @from's functions, and of the bridges below, on router @bus. */
static void count_pins(PCIBus *bus, PCIBus *from)
{
    for (int devfn = 0; devfn < PCI_DEVFN_MAX; devfn++) {
        PCIDevice *dev = from->devices[devfn];
        for (int pin = 0; dev && pin < PCI_NUM_PINS; pin++) {
            if ((dev->irq_state & (1u << pin)) &&
                !(pci_get_word(dev->config + PCI_COMMAND) & PCI_COMMAND_INTX_OFF)) {
                bus->irq_count[input_of(bus, dev, pin)]++;
            }
        }
    }
    for (GSList *l = from->child_buses; l; l = l->next) {
        count_pins(bus, l->data);
    }
}

void pci_bus_reroute_commit(PCIBus *bus)
{
    count_pins(bus, bus);
}

/* --- DMA -----------------------------------------------------------------------------
 */

void pci_bus_set_dma_root(PCIBus *bus, PCIDmaRootFn *fn, void *opaque)
{
    bus->dma_root = fn;
    bus->dma_root_opaque = opaque;
}

MemoryRegion *pci_bus_get_dma_root(PCIBus *bus, int devfn)
{
    for (PCIBus *b = bus; b; b = b->bridge ? pci_get_bus(b->bridge) : NULL) {
        MemoryRegion *mr =
            b->dma_root ? b->dma_root(bus, b->dma_root_opaque, devfn) : NULL;
        if (mr) {
            return mr;
        }
    }
    return get_system_memory();
}

/* --- Configuration cycles ------------------------------------------------------------
 */

static PCIDevice *find_addressed(PCIBus *root, uint32_t addr)
{
    PCIBus *bus = pci_bus_find(root, (uint8_t)(addr >> 16));

    return bus ? bus->devices[(addr >> 8) & 0xff] : NULL;
}

uint32_t pci_data_read(PCIBus *root, uint32_t addr, int size)
{
    PCIDevice *dev = find_addressed(root, addr);

    return dev ? pci_host_config_read(dev, addr & 0xff, size)
               : UINT32_MAX >> (32 - 8 * size);
}

void pci_data_write(PCIBus *root, uint32_t addr, uint32_t value, int size)
{
    PCIDevice *dev = find_addressed(root, addr);

    if (dev) {
        pci_host_config_write(dev, addr & 0xff, value, size);
    }
}

static PCIDevice *find_ecam(PCIBus *root, uint32_t offset)
{
    PCIBus *bus = pci_bus_find(root, (uint8_t)(offset >> 20));

    return bus ? bus->devices[(offset >> 12) & 0xff] : NULL;
}

uint32_t pci_ecam_read(PCIBus *root, uint32_t offset, int size)
{
    PCIDevice *dev = find_ecam(root, offset);

    return dev ? pci_host_config_read(dev, offset & 0xfff, size)
               : UINT32_MAX >> (32 - 8 * size);
}

void pci_ecam_write(PCIBus *root, uint32_t offset, uint32_t value, int size)
{
    PCIDevice *dev = find_ecam(root, offset);

    if (dev) {
        pci_host_config_write(dev, offset & 0xfff, value, size);
    }
}

/* --- Names ---------------------------------------------------------------------------
 */

typedef struct PCIClassName {
    uint16_t class_id;
    const char *description;
    const char *fw_name; /* IEEE 1275 PCI binding, section 2.5 */
} PCIClassName;

/* clang-format off */
static const PCIClassName class_names[] = {
    { 0x0001, "VGA controller",            "display" },
    { 0x0100, "SCSI controller",           "scsi" },
    { 0x0101, "IDE controller",            "ide" },
    { 0x0102, "Floppy controller",         "fdc" },
    { 0x0103, "IPI controller",            "ipi" },
    { 0x0104, "RAID controller",           "raid" },
    { 0x0106, "SATA controller",           NULL },
    { 0x0107, "SAS controller",            NULL },
    { 0x0180, "Storage controller",        NULL },
    { 0x0200, "Ethernet controller",       "ethernet" },
    { 0x0201, "Token Ring controller",     "token-ring" },
    { 0x0202, "FDDI controller",           "fddi" },
    { 0x0203, "ATM controller",            "atm" },
    { 0x0280, "Network controller",        NULL },
    { 0x0300, "VGA controller",            "display" },
    { 0x0301, "XGA controller",            NULL },
    { 0x0302, "3D controller",             NULL },
    { 0x0380, "Display controller",        NULL },
    { 0x0400, "Video controller",          "video" },
    { 0x0401, "Audio controller",          "sound" },
    { 0x0402, "Phone",                     NULL },
    { 0x0403, "Audio controller",          "sound" },
    { 0x0480, "Multimedia controller",     NULL },
    { 0x0500, "RAM controller",            "memory" },
    { 0x0501, "Flash controller",          "flash" },
    { 0x0580, "Memory controller",         NULL },
    { 0x0600, "Host bridge",               "host" },
    { 0x0601, "ISA bridge",                "isa" },
    { 0x0602, "EISA bridge",               "eisa" },
    { 0x0603, "MC bridge",                 "mca" },
    { 0x0604, "PCI bridge",                "pci-bridge" },
    { 0x0605, "PCMCIA bridge",             "pcmcia" },
    { 0x0606, "NUBUS bridge",              "nubus" },
    { 0x0607, "CARDBUS bridge",            "cardbus" },
    { 0x0608, "RACEWAY bridge",            NULL },
    { 0x0680, "Bridge",                    NULL },
    { 0x0700, "Serial port",               "serial" },
    { 0x0701, "Parallel port",             "parallel" },
    { 0x0800, "Interrupt controller",      "interrupt-controller" },
    { 0x0801, "DMA controller",            "dma-controller" },
    { 0x0802, "Timer",                     "timer" },
    { 0x0803, "RTC",                       "rtc" },
    { 0x0900, "Keyboard",                  "keyboard" },
    { 0x0901, "Pen",                       "pen" },
    { 0x0902, "Mouse",                     "mouse" },
    { 0x0a00, "Dock station",              "dock" },
    { 0x0b00, "i386 cpu",                  "cpu" },
    { 0x0c00, "Firewire controller",       "firewire" },
    { 0x0c01, "Access bus controller",     "access-bus" },
    { 0x0c02, "SSA controller",            "ssa" },
    { 0x0c03, "USB controller",            "usb" },
    { 0x0c04, "Fibre channel controller",  "fibre-channel" },
    { 0x0c05, "SMBus",                     NULL },
};
/* clang-format on */

static const PCIClassName *find_class(uint16_t class_id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(class_names); i++) {
        if (class_names[i].class_id == class_id) {
            return &class_names[i];
        }
    }
    return NULL;
}

const char *pci_class_description(uint16_t class_id)
{
    const PCIClassName *c = find_class(class_id);

    return c ? c->description : NULL;
}

const char *pci_class_fw_name(uint16_t class_id)
{
    const PCIClassName *c = find_class(class_id);

    return c ? c->fw_name : NULL;
}

/* --- Life ----------------------------------------------------------------------------
 */

static PCIBus *root_bus_new(const char *type, DeviceState *host, const char *name,
                            MemoryRegion *mem, MemoryRegion *io, uint8_t devfn_min)
{
    PCIBus *bus = PCI_BUS(bus_new(type, host, name));

    bus->mem = mem;
    bus->io = io;
    bus->devfn_min = devfn_min;
    bus->next_root = first_root;
    first_root = bus;
    return bus;
}

PCIBus *pci_root_bus_new(DeviceState *host, const char *name, MemoryRegion *mem,
                         MemoryRegion *io, uint8_t devfn_min)
{
    return root_bus_new(TYPE_PCI_BUS, host, name, mem, io, devfn_min);
}

PCIBus *pcie_root_bus_new(DeviceState *host, const char *name, MemoryRegion *mem,
                          MemoryRegion *io, uint8_t devfn_min)
{
    return root_bus_new(TYPE_PCIE_BUS, host, name, mem, io, devfn_min);
}

bool pci_bus_is_express(const PCIBus *bus)
{
    return object_is_a((const Object *)bus, TYPE_PCIE_BUS);
}

void pci_root_bus_cleanup(PCIBus *bus)
{
    for (PCIBus **p = &first_root; *p; p = &(*p)->next_root) {
        if (*p == bus) {
            *p = bus->next_root;
            return;
        }
    }
}

static void pci_bus_finalize(Object *obj)
{
    PCIBus *bus = (PCIBus *)obj;

    g_free(bus->irq_count);
    g_slist_free(bus->child_buses);
}

/* "class Ethernet controller, addr 00:03.0, pci id 8086:100e (sub ...)", then BARs. */
static char *pci_bus_dev_info(DeviceState *qdev)
{
    PCIDevice *dev = PCI_DEVICE(qdev);
    const uint8_t *c = dev->config;
    uint16_t class_id = pci_get_word(c + PCI_CLASS_DEVICE);
    const char *desc = pci_class_description(class_id);
    GString *s = g_string_new("class ");

    if (!dev->on_bus) {
        return g_string_free(s, FALSE);
    }
    if (desc) {
        g_string_append(s, desc);
    } else {
        g_string_append_printf(s, "Class %04x", class_id);
    }
    const uint8_t *sub = c + PCI_SUBSYSTEM_VENDOR_ID;
    g_string_append_printf(s, ", addr %02x:%02x.%x, pci id %04x:%04x (sub %04x:%04x)",
                           pci_bus_number(pci_get_bus(dev)), PCI_SLOT(dev->devfn),
                           PCI_FUNC(dev->devfn), pci_get_word(c), pci_get_word(c + 2),
                           pci_get_word(sub), pci_get_word(sub + 2));
    for (int n = 0; n < PCI_NUM_BARS; n++) {
        const PCIBar *bar = &dev->bars[n];
        if (bar->memory) {
            g_string_append_printf(s, "\nbar %d: %s at 0x%" PRIx64 " [0x%" PRIx64 "]",
                                   n, bar->type & PCI_BAR_IO ? "i/o" : "mem", bar->addr,
                                   bar->addr + bar->size - 1);
        }
    }
    return g_string_free(s, FALSE);
}

/* IEEE 1275: "name@slot[,function]", name from the class or "pciVVVV,DDDD". */
static char *pci_bus_dev_fw_path(DeviceState *qdev)
{
    PCIDevice *dev = PCI_DEVICE(qdev);
    const char *name = pci_class_fw_name(pci_get_word(dev->config + PCI_CLASS_DEVICE));
    g_autofree char *ids = g_strdup_printf("pci%04x,%04x", pci_get_word(dev->config),
                                           pci_get_word(dev->config + 2));
    int function = PCI_FUNC(dev->devfn);

    if (!name) {
        name = ids;
    }
    return function ? g_strdup_printf("%s@%x,%x", name, PCI_SLOT(dev->devfn), function)
                    : g_strdup_printf("%s@%x", name, PCI_SLOT(dev->devfn));
}

/* "DOMAIN:BUS" of the root, then ":SLOT.FUNCTION" for each bridge and the function. */
static char *pci_bus_dev_path(DeviceState *qdev)
{
    g_autofree char *path = g_strdup("");

    for (PCIDevice *dev = PCI_DEVICE(qdev); dev; dev = pci_get_bus(dev)->bridge) {
        char *longer = g_strdup_printf(":%02x.%x%s", PCI_SLOT(dev->devfn),
                                       PCI_FUNC(dev->devfn), path);

        g_free(path);
        path = longer;
    }
    return g_strdup_printf("0000:00%s", path);
}

static void pci_bus_class_init(ObjectClass *klass, const void *data)
{
    BusClass *bc = BUS_CLASS(klass);

    bc->dev_info = pci_bus_dev_info;
    bc->dev_fw_path = pci_bus_dev_fw_path;
    bc->dev_path = pci_bus_dev_path;
}

static const TypeInfo pci_bus_info = {
    .name = TYPE_PCI_BUS,
    .parent = TYPE_BUS,
    .instance_size = sizeof(PCIBus),
    .class_size = sizeof(PCIBusClass),
    .instance_finalize = pci_bus_finalize,
    .class_init = pci_bus_class_init,
};
TYPE_REGISTER(pci_bus_info);

static const TypeInfo pcie_bus_info = {
    .name = TYPE_PCIE_BUS,
    .parent = TYPE_PCI_BUS,
    .instance_size = sizeof(PCIBus),
};
TYPE_REGISTER(pcie_bus_info);
