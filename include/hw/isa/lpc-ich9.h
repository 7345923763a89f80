/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The LPC bridge of an Intel ICH9: ISA bus, routing of eight PCI interrupts, power
 * management and ACPI hotplug, SMI, reset control register. Context: BQL.
 *
 * A board makes it at 00:1f.0 (multifunction) with lpc_ich9_create(), which also takes
 * the PCI bus's interrupts; connects the outputs; then makes the interrupt controllers
 * on the ISA bus. It is the hotplug handler of DIMMs and CPUs: the machine passes plug,
 * unplug_request and unplug on to it, for CPUs also those made at start.
 */
#ifndef STRATA_HW_ISA_LPC_ICH9_H
#define STRATA_HW_ISA_LPC_ICH9_H

#include "hw/isa/isa.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci/pci.h"

#define TYPE_ICH9_LPC          "ICH9-LPC"
#define ICH9_LPC_GSI_GPIO      "gsi" /* 24 outputs: levels of the global interrupts */
#define ICH9_LPC_RESET_GPIO    "reset"
#define ICH9_LPC_SMI_GPIO      "smi-irq" /* 0: to one CPU, 1: to all; pulsed */
#define ICH9_LPC_POWEROFF_GPIO "poweroff"
#define ICH9_LPC_SUSPEND_GPIO  "suspend"
#define ICH9_NUM_PIRQS         8
#define ICH9_NUM_GSI           24

typedef struct LpcIch9Config {
    bool smm_enabled;
    const uint32_t *cpu_arch_ids; /* APIC ids of the possible CPUs, by index; copied */
    unsigned num_cpus;
    unsigned num_dimm_slots; /* 0: no memory hotplug block */
} LpcIch9Config;

PCIDevice *lpc_ich9_create(PCIBus *bus, int devfn, const LpcIch9Config *config,
                           Error **errp) WARN_UNUSED;
/* After the ISA devices, over which it lies while it is at 0. */
void lpc_ich9_map_pm(PCIDevice *lpc);
ISABus *lpc_ich9_get_isa_bus(PCIDevice *lpc);
/* The files etc/smi/... by which the firmware asks for SMIs to all CPUs. */
void lpc_ich9_add_smi_files(PCIDevice *lpc, FwCfg *fw_cfg);
/* I/O base of the power management block as the guest has set it; 0: not yet. */
uint32_t lpc_ich9_get_pm_base(PCIDevice *lpc);
/* Number of @bus in the ACPI hot-plug registers, -1 when it has none. */
int lpc_ich9_get_pci_bsel(PCIDevice *lpc, const PCIBus *bus);
/* The user pressed it: the guest is told. */
void lpc_ich9_power_button(PCIDevice *lpc);
/* The machine wakes from S3: @status is ACPI_PM1_RTC, ACPI_PM1_TMR or 0. */
void lpc_ich9_wakeup(PCIDevice *lpc, uint16_t status);

#endif
