/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC with the i440FX and PIIX chips: wiring only. Memory map, lines and options are
 * in reference/pc-platform.md; each chip's registers are with the chip.
 */
#include "hw/acpi/acpi-core.h"
#include "hw/acpi/piix4-pm.h"
#include "hw/i2c/smbus.h"
#include "hw/i386/pc-internal.h"
#include "hw/ide/ide.h"
#include "hw/isa/piix3.h"
#include "hw/pci-host/i440fx.h"
#include "softmmu/block.h"

#define GIB (1ull << 30)

static void i440fx_power_button(PCMachineState *pc)
{
    piix4_pm_power_button(PCI_DEVICE(pc->pm));
}

static void i440fx_wakeup(PCMachineState *pc, WakeupReason reason)
{
    piix4_pm_wakeup(PCI_DEVICE(pc->pm), reason == WAKEUP_REASON_RTC       ? ACPI_PM1_RTC
                                        : reason == WAKEUP_REASON_PMTIMER ? ACPI_PM1_TMR
                                                                          : 0);
}

/* --- Chips ------------------------------------------------------------------------ */

static uint64_t i440fx_split_ram(PCMachineState *pc, uint64_t ram_size)
{
    if (ram_size < pc->max_ram_below_4g) {
        return ram_size;
    }
    return pc_check_split(pc, MIN(pc->max_ram_below_4g, 3 * GIB));
}

static I440FXHost *host_of(PCMachineState *pc)
{
    return (I440FXHost *)object_cast(pc->host, TYPE_I440FX_PCIHOST);
}

static void i440fx_new_host(PCMachineState *pc)
{
    I440FXHost *host = i440fx_new(OBJECT(pc));

    pc->host = OBJECT(host);
    pc->smram = i440fx_get_smram(host);
}

static bool i440fx_init_host(PCMachineState *pc, Error **errp)
{
    I440FXParts parts = { get_system_memory(), get_system_io(), &pc->pci_memory,
                          MACHINE(pc)->ram };

    pc->pci = i440fx_init(host_of(pc), &parts, errp);
    return pc->pci != NULL;
}

static bool i440fx_make_isa_bridge(PCMachineState *pc, Error **errp)
{
    PCIDevice *piix3 = piix3_create(pc->pci, PCI_DEVFN(1, 0), errp);

    if (!piix3) {
        return false;
    }
    pc->isa = piix3_get_isa_bus(piix3);
    device_connect_gpio_out_named(DEVICE(piix3), PIIX3_RESET_GPIO, 0, &pc->reset);
    return true;
}

static bool make_ide(PCMachineState *pc, Error **errp)
{
    pc->ide = pci_create_simple(pc->pci, PCI_DEVFN(1, 1), "piix3-ide", errp);
    if (!pc->ide) {
        return false;
    }
    for (int bus = 0; bus < 2; bus++) {
        g_autofree char *name = g_strdup_printf("ide.%d", bus);
        for (int unit = 0; unit < 2; unit++) {
            DriveInfo *drive = drive_get(IF_IDE, bus, unit);
            if (!drive) {
                continue;
            }
            DeviceState *dev = device_new(drive->media_cd ? "ide-cd" : "ide-hd");
            device_prop_set_uint(dev, "unit", (uint64_t)unit);
            device_prop_set_str(dev, "drive", blk_get_name(drive->blk));
            BusState *where = bus_find(name, "IDE", errp);
            if (!where || !device_realize(dev, where, errp)) {
                object_unref(dev);
                return false;
            }
            object_unref(dev);
        }
    }
    return true;
}

static bool make_power_management(PCMachineState *pc, Error **errp)
{
    if (pc->acpi == ON_OFF_AUTO_OFF) {
        return true;
    }
    MachineState *ms = MACHINE(pc);
    PIIX4PMConfig config = {
        .no_smbus = !pc->smbus,
        .smb_io_base = 0xb100,
        .smm_enabled = pc->smm == ON_OFF_AUTO_ON,
        .cpu_arch_ids = pc->apic_ids,
        .num_cpus = ms->smp.max_cpus,
        .num_dimm_slots = (unsigned)ms->ram_slots,
    };
    PCIDevice *pm = piix4_pm_create(pc->pci, PCI_DEVFN(1, 3), &config, errp);
    if (!pm) {
        return false;
    }
    device_connect_gpio_out(DEVICE(pm), 0, gsi_get_line(&pc->gsi, 9));
    device_connect_gpio_out_named(DEVICE(pm), PIIX4_PM_SMI_GPIO, 0, &pc->smi);
    device_connect_gpio_out_named(DEVICE(pm), PIIX4_PM_POWEROFF_GPIO, 0, &pc->poweroff);
    device_connect_gpio_out_named(DEVICE(pm), PIIX4_PM_SUSPEND_GPIO, 0, &pc->suspend);
    if (!pc_connect_power_management(pc, DEVICE(pm), errp)) {
        return false;
    }
    return !pc->smbus || smbus_eeprom_init(piix4_pm_get_smbus(pm), 8, NULL, 0, errp);
}

static bool i440fx_make_devices(PCMachineState *pc, Error **errp)
{
    return pc_make_display(pc, errp) && pc_make_isa_devices(pc, errp) &&
           pc_make_network(pc, errp) && make_ide(pc, errp) &&
           make_power_management(pc, errp);
}

/* --- Firmware --------------------------------------------------------------------- */

static uint32_t pm_io_base(void *opaque)
{
    PCMachineState *pc = opaque;

    return pc->pm ? piix4_pm_get_io_base(PCI_DEVICE(pc->pm)) : 0;
}

static int pci_bsel(void *opaque, const PCIBus *bus)
{
    PCMachineState *pc = opaque;

    return pc->pm ? piix4_pm_get_pci_bsel(PCI_DEVICE(pc->pm), bus) : -1;
}

static PcDiskGeometry disk_geometry(void *opaque, unsigned n)
{
    PCMachineState *pc = opaque;
    IDEBus *bus = piix3_ide_get_bus(DEVICE(pc->ide), (int)n / 2);
    PcDiskGeometry disk = { 0 };
    IDEGeometry g;

    if (ide_get_geometry(bus, (int)n % 2, &g)) {
        disk.cylinders = (uint16_t)MIN(g.cylinders, UINT16_MAX);
        disk.heads = (uint8_t)g.heads;
        disk.sectors = (uint8_t)g.sectors;
        disk.translation = (uint8_t)ide_get_bios_translation(bus, (int)n % 2);
    }
    return disk;
}

static void i440fx_describe(PCMachineState *pc, PcFirmwareConfig *config)
{
    config->pm_io_base = pm_io_base;
    config->pci_hole64_size = i440fx_get_hole64_size(host_of(pc));
    config->pci_hotplug = true;
    config->pci_hotplug_bridges = true;
    config->pci_bsel = pci_bsel;
    config->disk_geometry = disk_geometry;
}

static void pc_7_2_class_init(ObjectClass *klass, const void *data)
{
    MachineClass *mc = MACHINE_CLASS(klass);
    PCMachineClass *pmc = PC_MACHINE_CLASS(klass);

    mc->name = "pc-i440fx-7.2";
    mc->alias = "pc";
    mc->desc = "Standard PC (i440FX + PIIX, 1996)";
    mc->is_default = true;
    mc->max_cpus = 255;
    mc->default_nic = "e1000";
    pmc->max_ram_below_4g = 0xe0000000u;
    pmc->hpet_intcap = 1u << 2;
    pmc->has_floppy = true;
    pmc->split_ram = i440fx_split_ram;
    pmc->new_host = i440fx_new_host;
    pmc->init_host = i440fx_init_host;
    pmc->make_isa_bridge = i440fx_make_isa_bridge;
    pmc->describe = i440fx_describe;
    pmc->make_devices = i440fx_make_devices;
    pmc->power_button = i440fx_power_button;
    pmc->wakeup = i440fx_wakeup;
}

static const TypeInfo pc_7_2_info = {
    .name = MACHINE_TYPE_NAME("pc-i440fx-7.2"),
    .parent = TYPE_PC_MACHINE,
    .class_init = pc_7_2_class_init,
};
TYPE_REGISTER(pc_7_2_info);
