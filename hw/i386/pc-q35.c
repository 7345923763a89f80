/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC with the Q35 and ICH9 chips: wiring only. Memory map, lines and options are in
 * reference/pc-platform.md; each chip's registers are with the chip. PCI interrupts go
 * to the global interrupts 16-23 and, as routed, to the ISA lines; the SCI to 9.
 */
#include "hw/acpi/acpi-core.h"
#include "hw/i2c/smbus-ich9.h"
#include "hw/i386/pc-internal.h"
#include "hw/ide/ahci.h"
#include "hw/isa/lpc-ich9.h"
#include "hw/pci-host/q35.h"
#include "softmmu/block.h"

#define GIB (UINT64_C(1) << 30)

/* RAM below 4 GiB ends under the configuration window unless that would waste little.
 */
#define RAM_WHOLE_END UINT64_C(0xb0000000)
#define RAM_SPLIT     (2 * GIB)

static Q35Host *host_of(PCMachineState *pc)
{
    return (Q35Host *)object_cast(pc->host, TYPE_Q35_PCIHOST);
}

static void q35_power_button(PCMachineState *pc)
{
    lpc_ich9_power_button(PCI_DEVICE(pc->pm));
}

static void q35_wakeup(PCMachineState *pc, WakeupReason reason)
{
    lpc_ich9_wakeup(PCI_DEVICE(pc->pm), reason == WAKEUP_REASON_RTC       ? ACPI_PM1_RTC
                                        : reason == WAKEUP_REASON_PMTIMER ? ACPI_PM1_TMR
                                                                          : 0);
}

/* --- Chips ------------------------------------------------------------------------ */

static uint64_t q35_split_ram(PCMachineState *pc, uint64_t ram_size)
{
    uint64_t low = ram_size >= RAM_WHOLE_END ? RAM_SPLIT : RAM_WHOLE_END;

    if (low > pc->max_ram_below_4g) {
        low = pc->max_ram_below_4g;
        if (ram_size > 2 * low) {
            low = pc_check_split(pc, low);
        }
    }
    return MIN(ram_size, low);
}

static void q35_new_host(PCMachineState *pc)
{
    Q35Host *host = q35_new(OBJECT(pc));

    pc->host = OBJECT(host);
    pc->smram = q35_get_smram(host);
}

static bool q35_init_host(PCMachineState *pc, Error **errp)
{
    Q35Parts parts = { get_system_memory(), get_system_io(), &pc->pci_memory,
                       MACHINE(pc)->ram,    pc->below_4g,    pc->above_4g };

    pc->pci = q35_init(host_of(pc), &parts, errp);
    return pc->pci != NULL;
}

static bool q35_make_isa_bridge(PCMachineState *pc, Error **errp)
{
    MachineState *ms = MACHINE(pc);
    LpcIch9Config config = {
        .smm_enabled = pc->smm == ON_OFF_AUTO_ON,
        .cpu_arch_ids = pc->apic_ids,
        .num_cpus = ms->smp.max_cpus,
        .num_dimm_slots = (unsigned)ms->ram_slots,
    };
    PCIDevice *lpc = lpc_ich9_create(pc->pci, PCI_DEVFN(0x1f, 0), &config, errp);

    if (!lpc) {
        return false;
    }
    pc->isa = lpc_ich9_get_isa_bus(lpc);
    DeviceState *dev = DEVICE(lpc);
    for (int n = 0; n < ICH9_NUM_GSI; n++) {
        device_connect_gpio_out_named(dev, ICH9_LPC_GSI_GPIO, n,
                                      gsi_get_line(&pc->gsi, n));
    }
    device_connect_gpio_out_named(dev, ICH9_LPC_RESET_GPIO, 0, &pc->reset);
    device_connect_gpio_out_named(dev, ICH9_LPC_SMI_GPIO, 0, &pc->smi);
    device_connect_gpio_out_named(dev, ICH9_LPC_SMI_GPIO, 1, &pc->smi_all);
    device_connect_gpio_out_named(dev, ICH9_LPC_POWEROFF_GPIO, 0, &pc->poweroff);
    device_connect_gpio_out_named(dev, ICH9_LPC_SUSPEND_GPIO, 0, &pc->suspend);
    return pc->acpi == ON_OFF_AUTO_OFF || pc_connect_power_management(pc, dev, errp);
}

/* --- Disks ------------------------------------------------------------------------ */

static bool make_ahci(PCMachineState *pc, Error **errp)
{
    PCIDevice *ahci = pci_new_multifunction(PCI_DEVFN(0x1f, 2), TYPE_ICH9_AHCI);

    if (!pci_realize_and_unref(ahci, pc->pci, errp)) {
        return false;
    }
    for (int port = 0; port < AHCI_ICH9_PORTS; port++) {
        DriveInfo *drive = drive_get(IF_IDE, port, 0);
        if (drive && !ide_create_drive(ich9_ahci_get_bus(ahci, port), 0, drive, errp)) {
            return false;
        }
    }
    return true;
}

static bool make_smbus(PCMachineState *pc, Error **errp)
{
    if (!pc->smbus) {
        return true;
    }
    PCIDevice *smb = smbus_ich9_create(pc->pci, PCI_DEVFN(0x1f, 3), errp);

    return smb && smbus_eeprom_init(smbus_ich9_get_bus(smb), 8, NULL, 0, errp);
}

static bool q35_make_devices(PCMachineState *pc, Error **errp)
{
    if (pc->smm == ON_OFF_AUTO_ON && pc->pm) {
        lpc_ich9_add_smi_files(PCI_DEVICE(pc->pm), pc_firmware_fw_cfg(pc->fw));
    }
    if (!pc_make_isa_devices(pc, errp)) {
        return false;
    }
    lpc_ich9_map_pm(PCI_DEVICE(DEVICE(pc->isa->parent_obj.parent)));
    return make_ahci(pc, errp) && make_smbus(pc, errp) && pc_make_display(pc, errp) &&
           pc_make_network(pc, errp);
}

/* --- Firmware --------------------------------------------------------------------- */

static uint32_t pm_io_base(void *opaque)
{
    PCMachineState *pc = opaque;

    return pc->pm ? lpc_ich9_get_pm_base(PCI_DEVICE(pc->pm)) : 0;
}

static int pci_bsel(void *opaque, const PCIBus *bus)
{
    PCMachineState *pc = opaque;

    return pc->pm ? lpc_ich9_get_pci_bsel(PCI_DEVICE(pc->pm), bus) : -1;
}

static bool mmcfg(void *opaque, hwaddr *base, uint64_t *size)
{
    return q35_get_mmcfg(host_of(opaque), base, size);
}

static void q35_describe(PCMachineState *pc, PcFirmwareConfig *config)
{
    config->ich9 = true;
    config->pm_io_base = pm_io_base;
    config->pci_hole64_size = q35_get_hole64_size(host_of(pc));
    config->mmcfg = mmcfg;
    config->pci_hotplug_bridges = true;
    config->pci_bsel = pci_bsel;
}

static void q35_7_2_class_init(ObjectClass *klass, const void *data)
{
    MachineClass *mc = MACHINE_CLASS(klass);
    PCMachineClass *pmc = PC_MACHINE_CLASS(klass);

    mc->name = "pc-q35-7.2";
    mc->alias = "q35";
    mc->desc = "Standard PC (Q35 + ICH9, 2009)";
    mc->max_cpus = 288;
    mc->default_nic = "e1000e";
    mc->no_floppy = true;
    mc->ide_units_per_bus = 1;
    pmc->max_ram_below_4g = UINT64_C(1) << 32;
    pmc->hpet_intcap = 0xff0104;
    pmc->split_ram = q35_split_ram;
    pmc->new_host = q35_new_host;
    pmc->init_host = q35_init_host;
    pmc->make_isa_bridge = q35_make_isa_bridge;
    pmc->describe = q35_describe;
    pmc->make_devices = q35_make_devices;
    pmc->power_button = q35_power_button;
    pmc->wakeup = q35_wakeup;
}

static const TypeInfo q35_7_2_info = {
    .name = MACHINE_TYPE_NAME("pc-q35-7.2"),
    .parent = TYPE_PC_MACHINE,
    .class_init = q35_7_2_class_init,
};
TYPE_REGISTER(q35_7_2_info);
