/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hotplug side of an ACPI chipset: the register blocks for PCI slots, CPUs and
 * DIMMs, and the events by which the guest is told. A power management function embeds
 * one, which handles what it is asked as hotplug handler. Context: BQL.
 */
#ifndef STRATA_HW_ACPI_ACPI_HOTPLUG_H
#define STRATA_HW_ACPI_ACPI_HOTPLUG_H

#include "hw/acpi/acpi-core.h"
#include "hw/acpi/cpu-hotplug.h"
#include "hw/acpi/memory-hotplug.h"
#include "hw/acpi/pcihp.h"

#define ACPI_MEMORY_HOTPLUG_BASE 0xa00

typedef struct AcpiHotplug {
    AcpiPciHotplug pci;
    AcpiCpuHotplug cpu;
    AcpiMemoryHotplug memory;
    /* private */
    AcpiGpe *gpe;
    Object *owner;
    const char *model; /* for messages */
} AcpiHotplug;

typedef struct AcpiHotplugConfig {
    hwaddr pci_base, cpu_base;
    const uint32_t *cpu_arch_ids; /* of the possible CPUs, by index; copied */
    unsigned num_cpus;
    unsigned num_dimm_slots; /* 0: no memory block */
    bool root_slots;         /* functions of the root bus can come and go */
    bool bridges;            /* and those behind bridges */
} AcpiHotplugConfig;

/* Make the blocks in @io. @owner becomes the handler of the buses that take part. */
void acpi_hotplug_init(AcpiHotplug *s, Object *owner, const char *model, AcpiGpe *gpe,
                       PCIBus *root, MemoryRegion *io, const AcpiHotplugConfig *config);
void acpi_hotplug_fini(AcpiHotplug *s, MemoryRegion *io);
void acpi_hotplug_reset(AcpiHotplug *s);

/* The methods of TYPE_HOTPLUG_HANDLER and TYPE_ACPI_DEVICE_IF of a class whose
 * instances have their AcpiHotplug at @offset. */
void acpi_hotplug_class_init(ObjectClass *klass, size_t offset);

#endif
