/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine "none": no board, RAM only if -m asks for some. */
#include "hw/core/machine.h"

static bool null_init(MachineState *ms, Error **errp)
{
    if (ms->ram) {
        memory_region_add_subregion(get_system_memory(), 0, ms->ram);
    }
    return true;
}

static void null_class_init(ObjectClass *klass, const void *data)
{
    MachineClass *mc = MACHINE_CLASS(klass);

    mc->name = "none";
    mc->desc = "empty machine";
    mc->init = null_init;
    mc->default_ram_size = 0;
    mc->default_ram_id = "ram";
    mc->no_serial = mc->no_parallel = mc->no_floppy = mc->no_cdrom = true;
    mc->no_sdcard = true;
}

static const TypeInfo null_machine_info = {
    .name = MACHINE_TYPE_NAME("none"),
    .parent = TYPE_MACHINE,
    .instance_size = sizeof(MachineState),
    .class_init = null_class_init,
};
TYPE_REGISTER(null_machine_info);
