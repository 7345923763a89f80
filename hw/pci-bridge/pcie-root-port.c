/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generic PCI Express root port "pcie-root-port" (1b36:000c) with a hot-plug slot.
 * Source: PCI Express Base Specification 2.0, sections 6.7 (hot-plug) and 7.8; PCI-to-
 * PCI Bridge Architecture Specification 1.2. Not modelled: errors, link speeds (any is
 * told, none is timed), surprise removal, manual retention latch and its sensor, power
 * faults, electromechanical interlock.
 *
 * Interface: properties chassis, slot, port, hotplug, power_controller_present,
 * disable-acs, x-native-hotplug; BAR 0 (4 KiB) MSI-X with one vector; INTA; secondary
 * bus of type PCIE, named like the device's id, with slot 0 only. It is the hotplug
 * handler of that bus unless a power management function takes the bus over.
 *
 *   device_add -> plug: PDS, PDC and ABP, interrupt -> guest powers the slot up
 *   device_del -> ABP, interrupt -> guest powers it down (PCC set, indicator off)
 *     -> eject_devices: DEVICE_DELETED, PDS clear, PDC
 */
#include "hw/acpi/acpi-device.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci-bridge.h"
#include "hw/pci/pcie.h"

#include <errno.h>

#define TYPE_PCIE_ROOT_PORT "pcie-root-port"

/* --- Where the capabilities are --- */
#define PORT_SSVID_CAP  0x40
#define PORT_SSVID_SIZE 8
#define PORT_MSIX_CAP   0x48
#define PORT_EXP_CAP    0x54
#define PORT_AER_CAP    0x100
#define PORT_ACS_CAP    0x148
#define PORT_MSIX_PBA   0x800
#define PORT_BAR_SIZE   0x1000

/* --- Slot capabilities, control and status (7.8.9 to 7.8.11) --- */
#define SLTCAP_ABP     0x00000001u
#define SLTCAP_PCP     0x00000002u
#define SLTCAP_AIP     0x00000008u
#define SLTCAP_PIP     0x00000010u
#define SLTCAP_HPS     0x00000020u
#define SLTCAP_HPC     0x00000040u
#define SLTCAP_EIP     0x00020000u
#define SLTCAP_NUMBER  19 /* shift; 13 bits */
#define SLTCTL_ABPE    0x0001
#define SLTCTL_PDCE    0x0008
#define SLTCTL_CCIE    0x0010
#define SLTCTL_HPIE    0x0020
#define SLTCTL_AIC_OFF 0x00c0
#define SLTCTL_PIC     0x0300
#define SLTCTL_PIC_ON  0x0100
#define SLTCTL_PIC_OFF 0x0300
#define SLTCTL_PCC     0x0400 /* set: power is off */
#define SLTCTL_WMASK   0x07f9
#define SLTSTA_ABP     0x0001
#define SLTSTA_PDC     0x0008
#define SLTSTA_CC      0x0010
#define SLTSTA_PDS     0x0040
#define SLTSTA_EVENTS  (SLTSTA_ABP | SLTSTA_PDC | SLTSTA_CC)
#define SLOT_MAX       0x1fff

/* --- Link: 16 GT/s, 32 lanes; reports that it is up (7.8.6, 7.8.8) --- */
#define PORT_LNKCAP 0x00300604u
#define PORT_LNKSTA 0x0204
#define PORT_ACS    0x005f /* validation, blocking, redirects, forwarding, translated */
#define ACS_CONTROL 6

typedef struct PCIERootPort {
    PCIBridge parent_obj;
    MemoryRegion bar;
    bool event_irq; /* level of the hot-plug event */
    bool registered;
    /* Properties. */
    uint8_t chassis, port;
    uint16_t slot;
    bool hotplug, native_hotplug, power_controller, disable_acs;
} PCIERootPort;

static PCIERootPort *port_cast(const void *obj)
{
    return (PCIERootPort *)object_cast(obj, TYPE_PCIE_ROOT_PORT);
}

/* --- Chassis and slot numbers name a place: no two ports share one -----------------
 */

static GSList *ports; /* PCIERootPort *; BQL */

static bool register_place(PCIERootPort *s, Error **errp)
{
    for (GSList *l = ports; l; l = l->next) {
        const PCIERootPort *other = l->data;
        if (other->chassis == s->chassis && other->slot == s->slot) {
            return error_set(errp, "Can't add chassis slot, error %d", -EBUSY);
        }
    }
    ports = g_slist_prepend(ports, s);
    s->registered = true;
    return true;
}

static void unregister_place(PCIERootPort *s)
{
    if (s->registered) {
        ports = g_slist_remove(ports, s);
        s->registered = false;
    }
}

/* --- Slot registers ------------------------------------------------------------------
 */

static uint8_t *exp_cap(PCIERootPort *s)
{
    return PCI_DEVICE(s)->config + PORT_EXP_CAP;
}

static uint16_t slot_control(PCIERootPort *s)
{
    return pci_get_word(exp_cap(s) + PCIE_SLTCTL);
}

static uint16_t slot_status(PCIERootPort *s)
{
    return pci_get_word(exp_cap(s) + PCIE_SLTSTA);
}

/* 6.7.3.4: the enabled events' or; a message when it becomes true. */
static void update_event(PCIERootPort *s)
{
    PCIDevice *dev = PCI_DEVICE(s);
    uint16_t control = slot_control(s), status = slot_status(s), wanted = 0;

    wanted |= control & SLTCTL_ABPE ? SLTSTA_ABP : 0;
    wanted |= control & SLTCTL_PDCE ? SLTSTA_PDC : 0;
    wanted |= control & SLTCTL_CCIE ? SLTSTA_CC : 0;
    bool level = (control & SLTCTL_HPIE) && (status & wanted);
    if (msix_enabled(dev)) {
        if (level && !s->event_irq) {
            msix_notify(dev, 0);
        }
    } else {
        pci_set_irq(dev, level);
    }
    s->event_irq = level;
}

static void set_status(PCIERootPort *s, uint16_t bits)
{
    pci_set_word(exp_cap(s) + PCIE_SLTSTA, slot_status(s) | bits);
    update_event(s);
}

static bool slot_is_occupied(PCIERootPort *s)
{
    return pci_bus_find_device(&s->parent_obj.sec_bus, 0) != NULL;
}

/* Presence and the link follow what is in the slot. */
static void update_presence(PCIERootPort *s)
{
    uint8_t *c = exp_cap(s);
    PCIDevice *dev = pci_bus_find_device(&s->parent_obj.sec_bus, 0);
    bool link = dev && PCI_DEVICE_GET_CLASS(dev)->is_express;
    uint16_t status = slot_status(s) & (uint16_t)~SLTSTA_PDS;

    pci_set_word(c + PCIE_SLTSTA, status | (dev ? SLTSTA_PDS : 0));
    pci_set_word(c + PCIE_LNKSTA, PORT_LNKSTA | (link ? PCIE_LNKSTA_DLLLA : 0));
}

static void eject_devices(PCIERootPort *s)
{
    bool any = slot_is_occupied(s);

    for (int devfn = 7; devfn >= 0; devfn--) {
        PCIDevice *dev = pci_bus_find_device(&s->parent_obj.sec_bus, devfn);
        if (dev) {
            acpi_eject_device(DEVICE(dev));
        }
    }
    if (any) {
        update_presence(s);
        set_status(s, SLTSTA_PDC);
    }
}

/* Every write is a command (6.7.3.2). Taking power and indicator away ejects. */
static void control_written(PCIERootPort *s, uint16_t old)
{
    uint16_t now = slot_control(s);
    bool was_off = (old & SLTCTL_PCC) && (old & SLTCTL_PIC) == SLTCTL_PIC_OFF;
    bool is_off = (now & SLTCTL_PCC) && (now & SLTCTL_PIC) == SLTCTL_PIC_OFF;

    if (is_off && !was_off && slot_is_occupied(s)) {
        eject_devices(s);
    }
    set_status(s, SLTSTA_CC);
}

static void port_write_config(PCIDevice *dev, uint32_t offset, uint32_t value, int size)
{
    PCIERootPort *s = port_cast(dev);
    uint16_t old = slot_control(s);

    pci_bridge_write_config(dev, offset, value, size);
    if (!s->hotplug) {
        return;
    }
    if (pci_config_overlaps(offset, size, PORT_EXP_CAP + PCIE_SLTCTL, 2)) {
        control_written(s, old);
    } else if (pci_config_overlaps(offset, size, PORT_EXP_CAP + PCIE_SLTSTA, 2)) {
        update_event(s);
    }
}

/* --- Hotplug handler -----------------------------------------------------------------
 */

static bool port_pre_plug(Object *handler, DeviceState *dev, Error **errp)
{
    PCIERootPort *s = port_cast(handler);

    if (dev->hotplugged && !s->hotplug) {
        return error_set(errp, "Hot-plug failed: unsupported by the port device '%s'",
                         device_get_name(DEVICE(s)));
    }
    return true;
}

/* Function 0 comes last and shows the whole slot to the guest. */
static bool port_plug(Object *handler, DeviceState *dev, Error **errp)
{
    PCIERootPort *s = port_cast(handler);

    update_presence(s);
    if (dev->hotplugged && PCI_FUNC(pci_get_devfn(PCI_DEVICE(dev))) == 0) {
        set_status(s, SLTSTA_PDC | SLTSTA_ABP);
    }
    return true;
}

static bool port_unplug_request(Object *handler, DeviceState *dev, Error **errp)
{
    PCIERootPort *s = port_cast(handler);

    if (!s->hotplug) {
        return error_set(errp, "Hot-unplug failed: unsupported by the port device '%s'",
                         device_get_name(DEVICE(s)));
    }
    if (slot_control(s) & SLTCTL_PCC) {
        /* Nobody uses it: there is nobody to ask. */
        eject_devices(s);
        return true;
    }
    set_status(s, SLTSTA_ABP);
    return true;
}

static bool port_unplug(Object *handler, DeviceState *dev, Error **errp)
{
    return true;
}

/* --- Life ----------------------------------------------------------------------------
 */

static void init_slot(PCIERootPort *s)
{
    PCIDevice *dev = PCI_DEVICE(s);
    uint8_t *c = exp_cap(s);
    uint32_t cap = (uint32_t)s->slot << SLTCAP_NUMBER | SLTCAP_ABP | SLTCAP_AIP |
                   SLTCAP_PIP | SLTCAP_EIP;

    if (s->power_controller) {
        cap |= SLTCAP_PCP;
    }
    if (s->hotplug && s->native_hotplug) {
        cap |= SLTCAP_HPS | SLTCAP_HPC;
    }
    pci_set_word(c + PCIE_FLAGS, pci_get_word(c + PCIE_FLAGS) | PCIE_FLAGS_SLOT);
    pci_set_long(c + PCIE_SLTCAP, cap);
    pci_set_word(dev->wmask + PORT_EXP_CAP + PCIE_SLTCTL, SLTCTL_WMASK);
    pci_set_word(dev->w1cmask + PORT_EXP_CAP + PCIE_SLTSTA, SLTSTA_EVENTS);
    pci_set_word(dev->wmask + PORT_EXP_CAP + PCIE_RTCTL, 0x0007);
    pci_set_long(c + PCIE_LNKCAP, PORT_LNKCAP | (uint32_t)s->port << 24);
    pci_set_word(dev->wmask + PORT_EXP_CAP + PCIE_LNKCTL, 0);
    pci_set_word(c + PCIE_LNKSTA, PORT_LNKSTA);
}

static void reset_slot(PCIERootPort *s)
{
    uint16_t control = SLTCTL_AIC_OFF;

    update_presence(s);
    if (slot_is_occupied(s) || !s->power_controller) {
        control |= SLTCTL_PIC_ON;
    } else {
        control |= SLTCTL_PIC_OFF | SLTCTL_PCC;
    }
    pci_set_word(exp_cap(s) + PCIE_SLTCTL, control);
    pci_set_word(exp_cap(s) + PCIE_SLTSTA, slot_status(s) & (uint16_t)~SLTSTA_EVENTS);
    pci_set_word(exp_cap(s) + PCIE_RTCTL, 0);
    update_event(s);
}

static void port_reset(PCIDevice *dev)
{
    pci_bridge_reset(dev);
    pci_bridge_close_windows(dev);
    pcie_cap_reset(dev);
    reset_slot(port_cast(dev));
}

static bool add_capabilities(PCIERootPort *s, Error **errp)
{
    PCIDevice *dev = PCI_DEVICE(s);
    int ssvid = pci_add_capability(dev, PCI_CAP_ID_BRIDGE_SSVID, PORT_SSVID_CAP,
                                   PORT_SSVID_SIZE, errp);

    if (ssvid < 0) {
        return false;
    }
    pci_set_word(dev->config + ssvid + 4, PCI_VENDOR_ID_REDHAT);
    if (!msix_init(dev, 1, &s->bar, 0, 0, &s->bar, 0, PORT_MSIX_PBA, PORT_MSIX_CAP,
                   errp)) {
        return false;
    }
    pci_register_bar(dev, 0, PCI_BAR_MEM, &s->bar);
    if (!pcie_cap_init(dev, PORT_EXP_CAP, 2, PCIE_ROOT_PORT, s->port, errp)) {
        return false;
    }
    init_slot(s);
    pcie_aer_init(dev, PORT_AER_CAP);
    if (!s->disable_acs) {
        uint8_t *acs = pcie_add_ext_cap(dev, PCIE_EXT_CAP_ACS, 1, PORT_ACS_CAP, 8);
        pci_set_word(acs + 4, PORT_ACS);
        pci_set_word(dev->wmask + PORT_ACS_CAP + ACS_CONTROL, PORT_ACS);
    }
    return true;
}

static bool port_realize(PCIDevice *dev, Error **errp)
{
    PCIERootPort *s = port_cast(dev);

    if (s->slot > SLOT_MAX) {
        return error_set(errp, "slot number %u is larger than %u", s->slot, SLOT_MAX);
    }
    if (!register_place(s, errp)) {
        return false;
    }
    memory_region_init(&s->bar, OBJECT(s), "pcie-root-port-msix", PORT_BAR_SIZE);
    dev->config[PCI_INTERRUPT_PIN] = 1;
    if (!pci_bridge_realize(dev, errp)) {
        unregister_place(s);
        return false;
    }
    if (!add_capabilities(s, errp)) {
        pci_bridge_unrealize(dev);
        unregister_place(s);
        return false;
    }
    PCIBus *bus = pci_bridge_get_sec_bus(PCI_BRIDGE(dev));
    pci_bus_reserve_slots(bus, ~UINT64_C(1));
    bus_set_hotplug_handler(BUS(bus), OBJECT(s));
    pci_bridge_close_windows(dev);
    reset_slot(s);
    return true;
}

static void port_unrealize(PCIDevice *dev)
{
    pci_bridge_unrealize(dev);
    unregister_place(port_cast(dev));
}

static bool port_post_load(void *opaque, int version_id, Error **errp)
{
    PCIDevice *dev = PCI_DEVICE(opaque);

    /* Writing what is there moves the windows to match. */
    pci_bridge_write_config(dev, PCI_COMMAND, pci_get_word(dev->config + PCI_COMMAND),
                            2);
    update_event(opaque);
    return true;
}

static const VMStateField port_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj.parent_obj, PCIERootPort),
    VMSTATE_MSIX(parent_obj.parent_obj, PCIERootPort),
    VMSTATE_BOOL(event_irq, PCIERootPort),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_port = {
    .name = "pcie-root-port",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = port_post_load,
    .fields = port_fields,
};

static const Property port_props[] = {
    PROP_UINT8("chassis", PCIERootPort, chassis, 0),
    PROP_UINT16("slot", PCIERootPort, slot, 0),
    PROP_UINT8("port", PCIERootPort, port, 0),
    PROP_BOOL("hotplug", PCIERootPort, hotplug, true),
    PROP_BOOL("x-native-hotplug", PCIERootPort, native_hotplug, true),
    PROP_BOOL("power_controller_present", PCIERootPort, power_controller, true),
    PROP_BOOL("disable-acs", PCIERootPort, disable_acs, false),
};

static void port_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
    HotplugHandlerClass *hc = object_class_cast(klass, TYPE_HOTPLUG_HANDLER);

    dc->desc = "PCI Express Root Port";
    dc->vmsd = &vmstate_port;
    dc->user_creatable = true;
    pc->vendor_id = PCI_VENDOR_ID_REDHAT;
    pc->device_id = 0x000c;
    pc->is_express = true;
    pc->realize = port_realize;
    pc->unrealize = port_unrealize;
    pc->reset_hold = port_reset;
    pc->config_write = port_write_config;
    hc->pre_plug = port_pre_plug;
    hc->plug = port_plug;
    hc->unplug_request = port_unplug_request;
    hc->unplug = port_unplug;
    OBJECT_CLASS_ADD_PROPERTIES(klass, port_props);
}

static const char *const port_interfaces[] = { TYPE_HOTPLUG_HANDLER, NULL };
static const TypeInfo port_info = {
    .name = TYPE_PCIE_ROOT_PORT,
    .parent = TYPE_PCI_BRIDGE_BASE,
    .instance_size = sizeof(PCIERootPort),
    .class_init = port_class_init,
    .interfaces = port_interfaces,
};
TYPE_REGISTER(port_info);
