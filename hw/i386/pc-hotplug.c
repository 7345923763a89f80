/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the PC does when a DIMM or a CPU comes or goes. */
#include "hw/i386/pc-internal.h"

static bool is_cpu(DeviceState *dev)
{
    return object_is_a(OBJECT(dev), TYPE_X86_CPU);
}

static bool pc_pre_plug(Object *handler, DeviceState *dev, Error **errp)
{
    if (is_cpu(dev) && device_machine_is_ready()) {
        return error_set(errp, "CPU socket-id is not set");
    }
    return true;
}

static bool pc_plug(Object *handler, DeviceState *dev, Error **errp)
{
    return true;
}

static bool pc_unplug_request(Object *handler, DeviceState *dev, Error **errp)
{
    if (is_cpu(dev)) {
        return VCPU_CAST(dev)->index == 0
                   ? error_set(errp, "Boot CPU is unpluggable")
                   : error_set(errp, "taking CPUs out is not built");
    }
    return true;
}

static bool pc_unplug(Object *handler, DeviceState *dev, Error **errp)
{
    return true;
}

Object *pc_get_hotplug_handler(MachineState *ms, DeviceState *dev)
{
    return is_cpu(dev) ? OBJECT(ms) : NULL;
}

void pc_hotplug_class_init(HotplugHandlerClass *hc)
{
    hc->pre_plug = pc_pre_plug;
    hc->plug = pc_plug;
    hc->unplug_request = pc_unplug_request;
    hc->unplug = pc_unplug;
}

PcFloppyType pc_floppy_type(PCMachineState *pc, unsigned n)
{
    return PC_FLOPPY_288;
}
