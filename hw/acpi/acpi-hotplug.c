/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI slots, CPUs and DIMMs of an ACPI chipset: which block a device belongs to, and
 * the general purpose event that tells the guest to look there. The events are those
 * of the DSDT's _GPE methods.
 */
#include "hw/acpi/acpi-hotplug.h"
#include "accel/vcpu.h"
#include "hw/pci/pci-bridge.h"

#define GPE_PCI_HOTPLUG 1
#define GPE_CPU_HOTPLUG 2
#define GPE_MEM_HOTPLUG 3

static bool is_dimm(DeviceState *dev)
{
    return object_is_a(OBJECT(dev), "pc-dimm");
}

static bool is_cpu(DeviceState *dev)
{
    return object_is_a(OBJECT(dev), TYPE_VCPU);
}

static bool is_pci(DeviceState *dev)
{
    return object_is_a(OBJECT(dev), TYPE_PCI_DEVICE);
}

static AcpiHotplug *hotplug_of(Object *acpi)
{
    AcpiDeviceIfClass *ac = object_class_cast(acpi->klass, TYPE_ACPI_DEVICE_IF);

    return (AcpiHotplug *)((char *)acpi + ac->hotplug_offset);
}

static bool pre_plug(Object *handler, DeviceState *dev, Error **errp)
{
    AcpiHotplug *s = hotplug_of(handler);

    if (is_pci(dev)) {
        return acpi_pcihp_pre_plug(&s->pci, PCI_DEVICE(dev), errp);
    }
    if (is_dimm(dev) && !s->memory.num_slots) {
        return error_set(errp,
                         "memory hotplug is not enabled: %s.memory-hotplug-support "
                         "is not set",
                         s->model);
    }
    return true;
}

static void plug_pci(AcpiHotplug *s, DeviceState *dev)
{
    /* What is behind a bridge asks us as well. */
    if (object_is_a(OBJECT(dev), TYPE_PCI_BRIDGE_BASE)) {
        bus_set_hotplug_handler(BUS(pci_bridge_get_sec_bus(PCI_BRIDGE(dev))), s->owner);
    }
    if (acpi_pcihp_plug(&s->pci, PCI_DEVICE(dev))) {
        acpi_gpe_raise(s->gpe, GPE_PCI_HOTPLUG);
    }
}

static bool plug(Object *handler, DeviceState *dev, Error **errp)
{
    AcpiHotplug *s = hotplug_of(handler);

    if (is_pci(dev)) {
        plug_pci(s, dev);
    } else if (is_dimm(dev)) {
        if (acpi_memory_plug(&s->memory, dev)) {
            acpi_gpe_raise(s->gpe, GPE_MEM_HOTPLUG);
        }
    } else if (is_cpu(dev)) {
        if (acpi_cpu_plug(&s->cpu, (unsigned)VCPU_CAST(dev)->index, dev)) {
            acpi_gpe_raise(s->gpe, GPE_CPU_HOTPLUG);
        }
    }
    return true;
}

static bool unplug_request(Object *handler, DeviceState *dev, Error **errp)
{
    AcpiHotplug *s = hotplug_of(handler);
    unsigned event;

    if (is_pci(dev)) {
        if (!acpi_pcihp_unplug_request(&s->pci, PCI_DEVICE(dev), errp)) {
            return false;
        }
        event = GPE_PCI_HOTPLUG;
    } else if (is_dimm(dev)) {
        if (!acpi_memory_unplug_request(&s->memory, dev, errp)) {
            return false;
        }
        event = GPE_MEM_HOTPLUG;
    } else if (is_cpu(dev)) {
        if (!acpi_cpu_unplug_request(&s->cpu, dev, errp)) {
            return false;
        }
        event = GPE_CPU_HOTPLUG;
    } else {
        return error_set(errp,
                         "acpi: device unplug request for not supported device "
                         "type: %s",
                         object_get_typename(OBJECT(dev)));
    }
    acpi_gpe_raise(s->gpe, event);
    return true;
}

static bool unplug(Object *handler, DeviceState *dev, Error **errp)
{
    AcpiHotplug *s = hotplug_of(handler);

    if (is_dimm(dev)) {
        acpi_memory_unplug(&s->memory, dev);
    } else if (is_cpu(dev)) {
        acpi_cpu_unplug(&s->cpu, dev);
    }
    return true;
}

static void ospm_status(Object *acpi, struct json_object *list)
{
    AcpiHotplug *s = hotplug_of(acpi);

    acpi_memory_ospm_status(&s->memory, list);
    acpi_cpu_ospm_status(&s->cpu, list);
}

static bool slot_status(Object *acpi, DeviceState *dev, AcpiSlotStatus *status)
{
    AcpiHotplug *s = hotplug_of(acpi);

    return acpi_memory_slot_status(&s->memory, dev, status) ||
           acpi_cpu_slot_status(&s->cpu, dev, status);
}

void acpi_hotplug_class_init(ObjectClass *klass, size_t offset)
{
    HotplugHandlerClass *hc = object_class_cast(klass, TYPE_HOTPLUG_HANDLER);
    AcpiDeviceIfClass *ac = object_class_cast(klass, TYPE_ACPI_DEVICE_IF);

    hc->pre_plug = pre_plug;
    hc->plug = plug;
    hc->unplug_request = unplug_request;
    hc->unplug = unplug;
    ac->ospm_status = ospm_status;
    ac->slot_status = slot_status;
    ac->hotplug_offset = offset;
}

void acpi_hotplug_init(AcpiHotplug *s, Object *owner, const char *model, AcpiGpe *gpe,
                       PCIBus *root, MemoryRegion *io, const AcpiHotplugConfig *config)
{
    s->owner = owner;
    s->model = model;
    s->gpe = gpe;
    s->pci.root_slots = config->root_slots;
    s->pci.bridges = config->bridges;
    acpi_pcihp_init(&s->pci, owner, root, io, config->pci_base);
    acpi_cpu_hotplug_init(&s->cpu, owner, io, config->cpu_base, config->cpu_arch_ids,
                          config->num_cpus);
    acpi_memory_hotplug_init(&s->memory, owner, io, ACPI_MEMORY_HOTPLUG_BASE,
                             config->num_dimm_slots);
    if (config->root_slots) {
        bus_set_hotplug_handler(BUS(root), owner);
    }
}

void acpi_hotplug_fini(AcpiHotplug *s, MemoryRegion *io)
{
    if (s->pci.root_slots) {
        bus_set_hotplug_handler(BUS(s->pci.root), NULL);
    }
    acpi_memory_hotplug_fini(&s->memory, io);
    acpi_cpu_hotplug_fini(&s->cpu, io);
    acpi_pcihp_fini(&s->pci, io);
}

void acpi_hotplug_reset(AcpiHotplug *s)
{
    acpi_cpu_hotplug_reset(&s->cpu);
    acpi_pcihp_reset(&s->pci);
}
