/* SPDX-License-Identifier: GPL-2.0-or-later */
/* query-pci and info pci: what the guest has made of the PCI buses. */
#include "hw/pci/pci-bridge.h"
#include "hw/pci/pci-internal.h"
#include "qapi/command.h"

#include <inttypes.h>

/* --- query-pci -----------------------------------------------------------------------
 */

static struct json_object *range_json(PCIWindow w)
{
    struct json_object *o = json_object_new_object();

    json_add_uint(o, "base", w.base);
    json_add_uint(o, "limit", w.limit);
    return o;
}

static struct json_object *bars_json(const PCIDevice *dev)
{
    struct json_object *list = json_object_new_array();

    for (int n = 0; n < PCI_NUM_BARS; n++) {
        const PCIBar *bar = &dev->bars[n];
        if (!bar->memory) {
            continue;
        }
        struct json_object *o = json_object_new_object();
        bool is_io = bar->type & PCI_BAR_IO;
        json_add_int(o, "bar", n);
        json_add_str(o, "type", is_io ? "io" : "memory");
        json_add_uint(o, "size", bar->size);
        json_add_int(o, "address", (int64_t)bar->addr);
        if (!is_io) {
            json_add_bool(o, "prefetch", bar->type & PCI_BAR_MEM_PREFETCH);
            json_add_bool(o, "mem_type_64", bar->type & PCI_BAR_MEM_64);
        }
        json_object_array_add(list, o);
    }
    return list;
}

static struct json_object *bus_devices_json(PCIBus *bus);

static struct json_object *bridge_json(PCIDevice *dev)
{
    struct json_object *o = json_object_new_object();
    struct json_object *bus = json_object_new_object();

    json_add_int(bus, "number", dev->config[PCI_PRIMARY_BUS]);
    json_add_int(bus, "secondary", dev->config[PCI_SECONDARY_BUS]);
    json_add_int(bus, "subordinate", dev->config[PCI_SUBORDINATE_BUS]);
    json_object_object_add(bus, "io_range", range_json(pci_bridge_io_window(dev)));
    json_object_object_add(bus, "memory_range", range_json(pci_bridge_mem_window(dev)));
    json_object_object_add(bus, "prefetchable_range",
                           range_json(pci_bridge_pref_window(dev)));
    json_object_object_add(o, "bus", bus);
    /* Until the firmware numbers the bus nothing behind the bridge can be reached. */
    if (dev->config[PCI_SECONDARY_BUS] &&
        object_is_a(OBJECT(dev), TYPE_PCI_BRIDGE_BASE)) {
        PCIBus *sec = pci_bridge_get_sec_bus(PCI_BRIDGE(dev));
        json_object_object_add(o, "devices", bus_devices_json(sec));
    }
    return o;
}

static struct json_object *device_json(PCIBus *bus, PCIDevice *dev)
{
    const uint8_t *c = dev->config;
    struct json_object *o = json_object_new_object();
    struct json_object *class_info = json_object_new_object();
    struct json_object *id = json_object_new_object();
    uint16_t class_id = pci_get_word(c + PCI_CLASS_DEVICE);
    const char *desc = pci_class_description(class_id);

    json_add_int(o, "bus", pci_bus_number(bus));
    json_add_int(o, "slot", PCI_SLOT(dev->devfn));
    json_add_int(o, "function", PCI_FUNC(dev->devfn));
    if (desc) {
        json_add_str(class_info, "desc", desc);
    }
    json_add_int(class_info, "class", class_id);
    json_object_object_add(o, "class_info", class_info);
    json_add_int(id, "vendor", pci_get_word(c + PCI_VENDOR_ID));
    json_add_int(id, "device", pci_get_word(c + PCI_DEVICE_ID));
    if (!pci_is_bridge(dev)) {
        json_add_int(id, "subsystem", pci_get_word(c + PCI_SUBSYSTEM_ID));
        json_add_int(id, "subsystem-vendor", pci_get_word(c + PCI_SUBSYSTEM_VENDOR_ID));
    }
    json_object_object_add(o, "id", id);
    if (c[PCI_INTERRUPT_PIN]) {
        json_add_int(o, "irq", c[PCI_INTERRUPT_LINE]);
    }
    json_add_int(o, "irq_pin", c[PCI_INTERRUPT_PIN]);
    json_add_str(o, "qdev_id", DEVICE(dev)->id ? DEVICE(dev)->id : "");
    if (pci_is_bridge(dev)) {
        json_object_object_add(o, "pci_bridge", bridge_json(dev));
    }
    json_object_object_add(o, "regions", bars_json(dev));
    return o;
}

static void add_device(PCIBus *bus, PCIDevice *dev, void *opaque)
{
    json_object_array_add(opaque, device_json(bus, dev));
}

static struct json_object *bus_devices_json(PCIBus *bus)
{
    struct json_object *list = json_object_new_array();

    pci_bus_foreach_device(bus, add_device, list);
    return list;
}

static bool qmp_query_pci(struct json_object *args, struct json_object **ret,
                          Error **errp)
{
    *ret = json_object_new_array();
    for (PCIBus *bus = pci_root_bus_next(NULL); bus; bus = pci_root_bus_next(bus)) {
        struct json_object *o = json_object_new_object();
        json_add_int(o, "bus", pci_bus_number(bus));
        json_object_object_add(o, "devices", bus_devices_json(bus));
        json_object_array_add(*ret, o);
    }
    return true;
}
QMP_COMMAND("query-pci", qmp_query_pci, 0);

/* --- info pci ------------------------------------------------------------------------
 */

static void print_bridge(HmpOut *out, const PCIDevice *dev)
{
    PCIWindow io = pci_bridge_io_window(dev), mem = pci_bridge_mem_window(dev);
    PCIWindow pref = pci_bridge_pref_window(dev);

    hmp_printf(out, "      BUS %u.\n", dev->config[PCI_PRIMARY_BUS]);
    hmp_printf(out, "      secondary bus %u.\n", dev->config[PCI_SECONDARY_BUS]);
    hmp_printf(out, "      subordinate bus %u.\n", dev->config[PCI_SUBORDINATE_BUS]);
    hmp_printf(out, "      IO range [0x%04" PRIx64 ", 0x%04" PRIx64 "]\n", io.base,
               io.limit);
    hmp_printf(out, "      memory range [0x%08" PRIx64 ", 0x%08" PRIx64 "]\n", mem.base,
               mem.limit);
    hmp_printf(out,
               "      prefetchable memory range [0x%08" PRIx64 ", 0x%08" PRIx64 "]\n",
               pref.base, pref.limit);
}

static void print_bar(HmpOut *out, int n, const PCIBar *bar)
{
    uint64_t last = bar->addr + bar->size - 1; /* wraps when unmapped */

    if (bar->type & PCI_BAR_IO) {
        hmp_printf(out, "      BAR%d: I/O at 0x%04" PRIx64 " [0x%04" PRIx64 "].\n", n,
                   bar->addr, last);
    } else {
        hmp_printf(
            out, "      BAR%d: %d bit%s memory at 0x%08" PRIx64 " [0x%08" PRIx64 "].\n",
            n, bar->type & PCI_BAR_MEM_64 ? 64 : 32,
            bar->type & PCI_BAR_MEM_PREFETCH ? " prefetchable" : "", bar->addr, last);
    }
}

static void print_device(PCIBus *bus, PCIDevice *dev, void *opaque)
{
    HmpOut *out = opaque;
    const uint8_t *c = dev->config;
    uint16_t class_id = pci_get_word(c + PCI_CLASS_DEVICE);
    const char *desc = pci_class_description(class_id);

    hmp_printf(out, "  Bus %2d, device %3d, function %d:\n", pci_bus_number(bus),
               PCI_SLOT(dev->devfn), PCI_FUNC(dev->devfn));
    if (desc) {
        hmp_printf(out, "    %s", desc);
    } else {
        hmp_printf(out, "    Class %04d", class_id);
    }
    hmp_printf(out, ": PCI device %04x:%04x\n", pci_get_word(c), pci_get_word(c + 2));
    if (!pci_is_bridge(dev)) {
        hmp_printf(out, "      PCI subsystem %04x:%04x\n",
                   pci_get_word(c + PCI_SUBSYSTEM_VENDOR_ID),
                   pci_get_word(c + PCI_SUBSYSTEM_ID));
    }
    if (c[PCI_INTERRUPT_PIN]) {
        hmp_printf(out, "      IRQ %d, pin %c\n", c[PCI_INTERRUPT_LINE],
                   'A' + c[PCI_INTERRUPT_PIN] - 1);
    }
    if (pci_is_bridge(dev)) {
        print_bridge(out, dev);
    }
    for (int n = 0; n < PCI_NUM_BARS; n++) {
        if (dev->bars[n].memory) {
            print_bar(out, n, &dev->bars[n]);
        }
    }
    hmp_printf(out, "      id \"%s\"\n", DEVICE(dev)->id ? DEVICE(dev)->id : "");
    if (c[PCI_SECONDARY_BUS] && object_is_a(OBJECT(dev), TYPE_PCI_BRIDGE_BASE)) {
        pci_bus_foreach_device(pci_bridge_get_sec_bus(PCI_BRIDGE(dev)), print_device,
                               out);
    }
}

static void hmp_info_pci(HmpOut *out, HmpArgs *args)
{
    for (PCIBus *bus = pci_root_bus_next(NULL); bus; bus = pci_root_bus_next(bus)) {
        pci_bus_foreach_device(bus, print_device, out);
    }
}
HMP_INFO("pci", "", "", "show PCI info", hmp_info_pci);
