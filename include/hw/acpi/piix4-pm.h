/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The power management function of the Intel 82371AB (PIIX4), which a PC also uses as
 * its ACPI partner for hotplug of PCI functions, CPUs and DIMMs. Context: BQL.
 *
 * For a board: piix4_pm_create() on the PCI bus at 00:01.3, after the devices that are
 * never to be unplugged. It becomes the hotplug handler of its bus; the machine, as
 * handler of DIMMs and CPUs, passes plug, unplug_request and unplug on to it
 * (hotplug_handler_plug(OBJECT(pm), dev, errp)), for CPUs also those made at start.
 * Lines: unnamed output 0 is the SCI (to ISA line 9); the named outputs below.
 */
#ifndef STRATA_HW_ACPI_PIIX4_PM_H
#define STRATA_HW_ACPI_PIIX4_PM_H

#include "hw/pci/pci.h"

#define TYPE_PIIX4_PM          "PIIX4_PM"
#define PIIX4_PM_SMI_GPIO      "smi-irq"  /* pulsed for each SMI */
#define PIIX4_PM_POWEROFF_GPIO "poweroff" /* pulsed: the guest switches itself off */
#define PIIX4_PM_SUSPEND_GPIO  "suspend"  /* pulsed: the guest goes to S3 */

typedef struct PIIX4PMConfig {
    bool no_smbus;        /* the host controller cannot be enabled */
    uint32_t smb_io_base; /* b100; the guest may move it */
    bool smm_enabled;
    const uint32_t *cpu_arch_ids; /* APIC ids of the possible CPUs, by index; copied */
    unsigned num_cpus;
    unsigned num_dimm_slots; /* 0: no memory hotplug block */
} PIIX4PMConfig;

PCIDevice *piix4_pm_create(PCIBus *bus, int devfn, const PIIX4PMConfig *config,
                           Error **errp) WARN_UNUSED;
/* Where its SPD memories go. */
struct I2CBus *piix4_pm_get_smbus(PCIDevice *pm);
/* I/O base of the power management block as the guest has set it; 0: not yet. */
uint32_t piix4_pm_get_io_base(PCIDevice *pm);
/* Number of @bus in the ACPI hot-plug registers, -1 when it has none. */
int piix4_pm_get_pci_bsel(PCIDevice *pm, const PCIBus *bus);
/* The user pressed it: the guest is told. */
void piix4_pm_power_button(PCIDevice *pm);
/* The machine wakes from S3: @status is ACPI_PM1_RTC, ACPI_PM1_TMR or 0. */
void piix4_pm_wakeup(PCIDevice *pm, uint16_t status);

#endif
