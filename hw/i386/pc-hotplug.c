/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the PC does when a DIMM or a CPU comes or goes. */
#include "hw/i386/pc-internal.h"
#include "hw/mem/memory-device.h"
#include "hw/mem/pc-dimm.h"

static bool is_cpu(DeviceState *dev)
{
    return object_is_a(OBJECT(dev), TYPE_X86_CPU);
}

static bool is_dimm(DeviceState *dev)
{
    return object_is_a(OBJECT(dev), TYPE_PC_DIMM);
}

/* A memory device on a bus, whose own handler must hear of it too. */
static bool is_memory_card(DeviceState *dev)
{
    return dev->parent_bus && object_is_a(OBJECT(dev), TYPE_MEMORY_DEVICE);
}

static Object *bus_handler(DeviceState *dev)
{
    return dev->parent_bus->hotplug_handler;
}

static bool pre_plug_card(PCMachineState *pc, DeviceState *dev, Error **errp)
{
    if (dev->hotplugged && !bus_handler(dev)) {
        return error_set(errp, "Bus '%s' does not support hotplugging",
                         dev->parent_bus->name);
    }
    return (!bus_handler(dev) ||
            hotplug_handler_pre_plug(bus_handler(dev), dev, errp)) &&
           memory_device_pre_plug(MACHINE(pc), dev, errp);
}

static bool plug_card(PCMachineState *pc, DeviceState *dev, Error **errp)
{
    memory_device_plug(MACHINE(pc), dev);
    if (bus_handler(dev) && !hotplug_handler_plug(bus_handler(dev), dev, errp)) {
        memory_device_unplug(MACHINE(pc), dev);
        return false;
    }
    return true;
}

/* Without ACPI nobody could tell the guest. */
static bool check_dimm(PCMachineState *pc, DeviceState *dev, Error **errp)
{
    if (!pc->pm) {
        return error_set(errp, "memory hotplug is not enabled: missing acpi device or "
                               "acpi disabled");
    }
    if (object_is_a(OBJECT(dev), TYPE_NVDIMM) && !pc->nvdimm) {
        return error_set(errp, "nvdimm is not enabled: missing 'nvdimm' in '-M'");
    }
    return true;
}

static bool pc_pre_plug(Object *handler, DeviceState *dev, Error **errp)
{
    PCMachineState *pc = PC_MACHINE(handler);

    if (is_cpu(dev)) {
        return pc_cpu_pre_plug(pc, X86_CPU(dev), errp);
    }
    if (is_memory_card(dev)) {
        return pre_plug_card(pc, dev, errp);
    }
    if (is_dimm(dev)) {
        return check_dimm(pc, dev, errp) && pc_dimm_pre_plug(MACHINE(pc), dev, errp);
    }
    return true;
}

static bool pc_plug(Object *handler, DeviceState *dev, Error **errp)
{
    PCMachineState *pc = PC_MACHINE(handler);

    if (is_cpu(dev)) {
        return pc_cpu_plug(pc, X86_CPU(dev), errp);
    }
    if (is_memory_card(dev)) {
        return plug_card(pc, dev, errp);
    }
    if (is_dimm(dev)) {
        pc_dimm_plug(MACHINE(pc), dev);
        return hotplug_handler_plug(OBJECT(pc->pm), dev, errp);
    }
    return true;
}

static bool pc_unplug_request(Object *handler, DeviceState *dev, Error **errp)
{
    PCMachineState *pc = PC_MACHINE(handler);

    if (is_cpu(dev)) {
        return pc_cpu_unplug_request(pc, X86_CPU(dev), errp);
    }
    if (is_memory_card(dev)) {
        return error_set(errp, "virtio based memory devices cannot be unplugged.");
    }
    if (object_is_a(OBJECT(dev), TYPE_NVDIMM)) {
        return error_set(errp, "nvdimm device hot unplug is not supported yet.");
    }
    return hotplug_handler_unplug_request(OBJECT(pc->pm), dev, errp);
}

static bool pc_unplug(Object *handler, DeviceState *dev, Error **errp)
{
    PCMachineState *pc = PC_MACHINE(handler);

    if (is_cpu(dev)) {
        return pc_cpu_unplug(pc, X86_CPU(dev), errp);
    }
    if (!is_dimm(dev)) {
        return true;
    }
    if (!hotplug_handler_unplug(OBJECT(pc->pm), dev, errp)) {
        return false;
    }
    pc_dimm_unplug(MACHINE(pc), dev);
    return true;
}

Object *pc_get_hotplug_handler(MachineState *ms, DeviceState *dev)
{
    return is_cpu(dev) || is_dimm(dev) || is_memory_card(dev) ? OBJECT(ms) : NULL;
}

void pc_hotplug_class_init(HotplugHandlerClass *hc)
{
    hc->pre_plug = pc_pre_plug;
    hc->plug = pc_plug;
    hc->unplug_request = pc_unplug_request;
    hc->unplug = pc_unplug;
}
