/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PC of the ISA days: one 486, the two 8259s, no PCI, no I/O APIC, no ACPI. Wiring
 * only. The BIOS and the option ROM space are RAM, since no bridge could shadow them.
 */
#include "hw/core/board-options.h"
#include "hw/core/sysbus.h"
#include "hw/i386/pc-internal.h"
#include "hw/ide/ide.h"
#include "softmmu/block.h"
#include "softmmu/net.h"

#include <string.h>

#define GIB          (1ull << 30)
#define IDE_CHANNELS 2
#define MAX_NICS     6

#define TYPE_ISAPC_MACHINE MACHINE_TYPE_NAME("isapc")
OBJECT_DECLARE_SIMPLE_TYPE(IsaPCState, ISAPC_MACHINE, TYPE_ISAPC_MACHINE)

struct IsaPCState {
    PCMachineState parent_obj;

    DeviceState *ide[IDE_CHANNELS];
};

static uint64_t isapc_split_ram(PCMachineState *pc, uint64_t ram_size)
{
    if (ram_size < pc->max_ram_below_4g) {
        return ram_size;
    }
    return pc_check_split(pc, MIN(pc->max_ram_below_4g, 3 * GIB));
}

/* No bridge; what hangs on one is off, whatever the options say. */
static void isapc_new_host(PCMachineState *pc)
{
    pc->host = OBJECT(pc);
    pc->acpi = ON_OFF_AUTO_OFF;
    pc->hpet = false;
    pc->smbus = false;
}

static bool isapc_init_host(PCMachineState *pc, Error **errp)
{
    return true;
}

static bool isapc_make_isa_bridge(PCMachineState *pc, Error **errp)
{
    DeviceState *bridge = device_new(TYPE_ISABUS_BRIDGE);

    if (!sysbus_realize_and_unref(SYSBUS_DEVICE(bridge), errp)) {
        return false;
    }
    pc->isa = isa_bus_new(bridge, get_system_memory(), get_system_io());
    return bus_realize(BUS(pc->isa), errp);
}

/* --- Devices ----------------------------------------------------------------- */

static bool make_display(PCMachineState *pc, Error **errp)
{
    const char *vga = MACHINE(pc)->board->vga;

    if (!strcmp(vga, "none")) {
        return true;
    }
    if (strcmp(vga, "cirrus")) {
        return error_set(errp, "display adapter '%s' is not built for the ISA bus",
                         vga);
    }
    return isa_realize_and_unref(isa_new("isa-cirrus-vga"), pc->isa, errp);
}

/* The places that NE2000 cards were jumpered to. */
static bool make_network(PCMachineState *pc, Error **errp)
{
    static const struct {
        uint16_t iobase;
        uint8_t irq;
    } places[MAX_NICS] = {
        {0x300,  9 },
        { 0x320, 10},
        { 0x340, 11},
        { 0x360, 3 },
        { 0x280, 4 },
        { 0x380, 5 },
    };

    for (unsigned i = 0; i < nic_count(); i++) {
        NicInfo *nic = nic_get(i);
        const char *model =
            nic->model ? nic->model : MACHINE_GET_CLASS(pc)->default_nic;
        if (strcmp(model, "ne2k_isa")) {
            return error_set(errp, "Unsupported NIC model: %s", model);
        }
        if (i == MAX_NICS) {
            return error_set(errp, "no room for more than %d network cards", MAX_NICS);
        }
        ISADevice *dev = isa_new(model);
        device_prop_set_uint(DEVICE(dev), "iobase", places[i].iobase);
        device_prop_set_uint(DEVICE(dev), "irq", places[i].irq);
        nic_set_properties(nic, OBJECT(dev));
        if (!isa_realize_and_unref(dev, pc->isa, errp)) {
            return false;
        }
    }
    return true;
}

static IDEBus *ide_bus(IsaPCState *s, int channel)
{
    return IDE_BUS(s->ide[channel]->child_buses->data);
}

static bool make_ide(PCMachineState *pc, Error **errp)
{
    static const struct {
        uint16_t iobase, iobase2;
        uint8_t irq;
    } channels[IDE_CHANNELS] = {
        {0x1f0,  0x3f6, 14},
        { 0x170, 0x376, 15}
    };
    IsaPCState *s = ISAPC_MACHINE(pc);

    for (int i = 0; i < IDE_CHANNELS; i++) {
        ISADevice *isa = isa_new("isa-ide");
        s->ide[i] = DEVICE(isa);
        device_prop_set_uint(s->ide[i], "iobase", channels[i].iobase);
        device_prop_set_uint(s->ide[i], "iobase2", channels[i].iobase2);
        device_prop_set_uint(s->ide[i], "irq", channels[i].irq);
        if (!isa_realize_and_unref(isa, pc->isa, errp)) {
            return false;
        }
        for (int unit = 0; unit < 2; unit++) {
            DriveInfo *drive = drive_get(IF_IDE, i, unit);
            if (!drive) {
                continue;
            }
            DeviceState *dev = device_new(drive->media_cd ? "ide-cd" : "ide-hd");
            device_prop_set_uint(dev, "unit", (uint64_t)unit);
            device_prop_set_str(dev, "drive", blk_get_name(drive->blk));
            if (!device_realize_and_unref(dev, BUS(ide_bus(s, i)), errp)) {
                return false;
            }
        }
    }
    return true;
}

static bool isapc_make_devices(PCMachineState *pc, Error **errp)
{
    return make_display(pc, errp) && pc_make_isa_devices(pc, errp) &&
           make_network(pc, errp) && make_ide(pc, errp);
}

/* --- Firmware ---------------------------------------------------------------- */

static PcDiskGeometry disk_geometry(void *opaque, unsigned n)
{
    PcDiskGeometry disk = { 0 };
    IDEBus *bus = ide_bus(ISAPC_MACHINE(opaque), (int)n / 2);
    IDEGeometry g;

    if (ide_get_geometry(bus, (int)n % 2, &g)) {
        disk.cylinders = (uint16_t)MIN(g.cylinders, UINT16_MAX);
        disk.heads = (uint8_t)g.heads;
        disk.sectors = (uint8_t)g.sectors;
        disk.translation = (uint8_t)ide_get_bios_translation(bus, (int)n % 2);
    }
    return disk;
}

static void isapc_describe(PCMachineState *pc, PcFirmwareConfig *config)
{
    config->isa_only = true;
    config->pci_memory = get_system_memory();
    config->disk_geometry = disk_geometry;
}

static void isapc_class_init(ObjectClass *klass, const void *data)
{
    MachineClass *mc = MACHINE_CLASS(klass);
    PCMachineClass *pmc = PC_MACHINE_CLASS(klass);

    mc->name = "isapc";
    mc->desc = "ISA-only PC";
    mc->max_cpus = 1;
    mc->default_cpu_type = "486" X86_CPU_TYPE_SUFFIX;
    mc->default_display = "cirrus";
    mc->default_nic = "ne2k_isa";
    mc->no_memory_slots = true;
    pmc->max_ram_below_4g = 0xe0000000u;
    pmc->has_floppy = true;
    pmc->is_isa_only = true;
    pmc->split_ram = isapc_split_ram;
    pmc->new_host = isapc_new_host;
    pmc->init_host = isapc_init_host;
    pmc->make_isa_bridge = isapc_make_isa_bridge;
    pmc->describe = isapc_describe;
    pmc->make_devices = isapc_make_devices;
}

static const TypeInfo isapc_info = {
    .name = TYPE_ISAPC_MACHINE,
    .parent = TYPE_PC_MACHINE,
    .instance_size = sizeof(IsaPCState),
    .class_init = isapc_class_init,
};
TYPE_REGISTER(isapc_info);
