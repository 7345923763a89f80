/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI hotplug registers, as observed on the reference platform; double words only.
 *
 * | offset | read                                | write                     |
 * | 00     | slots that appeared, then cleared   |                           |
 * | 04     | slots that are to go                |                           |
 * | 08     | zero                                | slot (one bit) to eject   |
 * | 0c     | slots whose functions may be removed|                           |
 * | 10     | bus selector                        | bus selector              |
 * | 14     | acpi-index of function 0            | slot (one bit) to look at |
 *
 * A selector that names no bus makes the slot registers read zero.
 */
#include "hw/acpi/pcihp.h"
#include "hw/acpi/acpi-device.h"
#include "hw/pci/pci-bridge.h"
#include "util/log.h"

#include <string.h>

#define PCIHP_UP         0x00
#define PCIHP_DOWN       0x04
#define PCIHP_EJECT      0x08
#define PCIHP_REMOVABLE  0x0c
#define PCIHP_SELECT     0x10
#define PCIHP_ACPI_INDEX 0x14

#define SLOT_BIT(dev) (1u << PCI_SLOT((dev)->devfn))

int acpi_pcihp_get_bsel(const AcpiPciHotplug *s, const PCIBus *bus)
{
    for (unsigned i = 0; i < s->num_buses; i++) {
        if (s->bus[i] == bus) {
            return (int)i;
        }
    }
    return -1;
}

static PCIBus *selected_bus(const AcpiPciHotplug *s)
{
    return s->selected_bus < s->num_buses ? s->bus[s->selected_bus] : NULL;
}

/* Chips never go; neither does a bridge that was there from the start. */
static bool is_removable(PCIDevice *dev)
{
    return DEVICE_GET_CLASS(dev)->hotpluggable &&
           (!PCI_DEVICE_GET_CLASS(dev)->is_bridge || DEVICE(dev)->hotplugged);
}

static uint32_t removable_slots(const PCIBus *bus)
{
    uint32_t mask = UINT32_MAX;

    for (int devfn = 0; devfn < PCI_DEVFN_MAX; devfn++) {
        PCIDevice *dev = pci_bus_find_device(bus, devfn);
        if (dev && !is_removable(dev)) {
            mask &= ~SLOT_BIT(dev);
        }
    }
    return mask;
}

static void eject_slots(AcpiPciHotplug *s, unsigned bsel, uint32_t slots)
{
    PCIBus *bus = s->bus[bsel];

    s->status[bsel].down &= ~slots;
    s->status[bsel].up &= ~slots;
    for (int devfn = 0; devfn < PCI_DEVFN_MAX; devfn++) {
        PCIDevice *dev = pci_bus_find_device(bus, devfn);
        if (dev && (SLOT_BIT(dev) & slots) && is_removable(dev)) {
            acpi_eject_device(DEVICE(dev));
        }
    }
}

/* --- Registers -----------------------------------------------------------------------
 */

static uint64_t pcihp_read(void *opaque, hwaddr offset, unsigned size)
{
    AcpiPciHotplug *s = opaque;
    PCIBus *bus = selected_bus(s);
    uint32_t value = 0;

    if (offset == PCIHP_SELECT) {
        return s->selected_bus;
    }
    if (!bus) {
        return 0;
    }
    AcpiPciBusStatus *status = &s->status[s->selected_bus];
    switch (offset) {
    case PCIHP_UP:
        value = status->up;
        status->up = 0;
        break;
    case PCIHP_DOWN:
        value = status->down;
        break;
    case PCIHP_REMOVABLE:
        value = removable_slots(bus);
        break;
    case PCIHP_ACPI_INDEX:
        value = s->acpi_index;
        s->acpi_index = 0;
        break;
    default:
        break;
    }
    return value;
}

static uint32_t find_acpi_index(const PCIBus *bus, uint32_t slots)
{
    for (int slot = 0; slot < 32; slot++) {
        PCIDevice *dev = pci_bus_find_device(bus, PCI_DEVFN(slot, 0));
        if (dev && (slots & (1u << slot))) {
            return dev->acpi_index;
        }
    }
    return 0;
}

static void pcihp_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    AcpiPciHotplug *s = opaque;
    PCIBus *bus = selected_bus(s);
    uint32_t bits = (uint32_t)value;

    switch (offset) {
    case PCIHP_SELECT:
        s->selected_bus = bits;
        break;
    case PCIHP_EJECT:
        if (bus && bits) {
            eject_slots(s, s->selected_bus, bits & -bits);
        }
        break;
    case PCIHP_ACPI_INDEX:
        s->acpi_index = bus ? find_acpi_index(bus, bits) : 0;
        break;
    default:
        log_guest_error("acpi-pci-hotplug: write at %#" PRIx64 "\n", offset);
        break;
    }
}

static const MemoryRegionOps pcihp_ops = {
    .read = pcihp_read,
    .write = pcihp_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 4,  .max_access_size = 4},
    .impl = { .min_access_size = 4, .max_access_size = 4},
};

/* --- For the power management function -----------------------------------------------
 */

static void number_bus(AcpiPciHotplug *s, PCIBus *bus)
{
    if (s->num_buses == ACPI_PCIHP_MAX_BUS) {
        return;
    }
    if (bus != s->root) {
        /* The guest is told through ACPI even if the port could do so itself. */
        bus_set_hotplug_handler(BUS(bus), s->owner);
    }
    if (bus != s->root || s->root_slots) {
        s->bus[s->num_buses++] = bus;
    }
    for (GSList *l = bus->child_buses; s->bridges && l; l = l->next) {
        PCIBus *child = l->data;
        if (!DEVICE(child->bridge)->hotplugged) {
            number_bus(s, child);
        }
    }
}

static void number_buses(AcpiPciHotplug *s)
{
    s->num_buses = 0;
    number_bus(s, s->root);
}

/* From the event loop: the reset that found them pending walks the same bus. */
static void eject_pending_bh(void *opaque)
{
    AcpiPciHotplug *s = opaque;

    for (unsigned i = 0; i < s->num_buses; i++) {
        if (s->status[i].down) {
            eject_slots(s, i, s->status[i].down);
        }
    }
    s->eject_at_reset = false;
}

void acpi_pcihp_reset(AcpiPciHotplug *s)
{
    bool pending = false;

    number_buses(s);
    for (unsigned i = 0; i < ACPI_PCIHP_MAX_BUS; i++) {
        s->status[i].up = 0;
        pending |= s->status[i].down != 0;
    }
    s->selected_bus = 0;
    s->acpi_index = 0;
    if (pending && !s->eject_at_reset) {
        s->eject_at_reset = true;
        event_loop_call(main_loop(), eject_pending_bh, s);
    }
}

void acpi_pcihp_init(AcpiPciHotplug *s, Object *owner, PCIBus *root, MemoryRegion *io,
                     hwaddr base)
{
    s->root = root;
    s->owner = owner;
    number_buses(s);
    memory_region_init_io(&s->region, owner, &pcihp_ops, s, "acpi-pci-hotplug",
                          ACPI_PCIHP_LEN);
    memory_region_add_subregion(io, base, &s->region);
}

void acpi_pcihp_fini(AcpiPciHotplug *s, MemoryRegion *io)
{
    memory_region_del_subregion(io, &s->region);
}

bool acpi_pcihp_pre_plug(AcpiPciHotplug *s, PCIDevice *dev, Error **errp)
{
    if (DEVICE(dev)->hotplugged && acpi_pcihp_get_bsel(s, pci_get_bus(dev)) < 0) {
        return error_set(
            errp, "Unsupported bus. Bus doesn't have property 'acpi-pcihp-bsel' set");
    }
    return true;
}

bool acpi_pcihp_plug(AcpiPciHotplug *s, PCIDevice *dev)
{
    int bsel = acpi_pcihp_get_bsel(s, pci_get_bus(dev));

    /* Function 0 comes last and shows the whole slot to the guest. */
    if (!DEVICE(dev)->hotplugged || bsel < 0 || PCI_FUNC(dev->devfn)) {
        return false;
    }
    s->status[bsel].up |= SLOT_BIT(dev);
    return true;
}

bool acpi_pcihp_unplug_request(AcpiPciHotplug *s, PCIDevice *dev, Error **errp)
{
    int bsel = acpi_pcihp_get_bsel(s, pci_get_bus(dev));

    if (bsel < 0) {
        return error_set(
            errp, "Unsupported bus. Bus doesn't have property 'acpi-pcihp-bsel' set");
    }
    if (s->status[bsel].down & SLOT_BIT(dev)) {
        return error_set(errp, "Device %s is already in the process of unplug",
                         device_get_name(DEVICE(dev)));
    }
    s->status[bsel].down |= SLOT_BIT(dev);
    return true;
}

bool acpi_pcihp_is_pending(const AcpiPciHotplug *s, PCIDevice *dev)
{
    int bsel = acpi_pcihp_get_bsel(s, pci_get_bus(dev));

    return bsel >= 0 && (s->status[bsel].down & SLOT_BIT(dev));
}

/* --- State ---------------------------------------------------------------------------
 */

static const VMStateField bus_status_fields[] = {
    VMSTATE_UINT32(up, AcpiPciBusStatus),
    VMSTATE_UINT32(down, AcpiPciBusStatus),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_bus_status = {
    .name = "AcpiPciBusStatus",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = bus_status_fields,
};

static const VMStateField pcihp_fields[] = {
    VMSTATE_STRUCT_ARRAY(status, AcpiPciHotplug, vmstate_bus_status),
    VMSTATE_UINT32(selected_bus, AcpiPciHotplug),
    VMSTATE_UINT32(acpi_index, AcpiPciHotplug),
    VMSTATE_END_OF_LIST(),
};

const VMStateDescription vmstate_acpi_pcihp = {
    .name = "AcpiPciHotplug",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = pcihp_fields,
};
