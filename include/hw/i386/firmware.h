/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PC machine leaves for its firmware: the BIOS image, the configuration device
 * and its files (memory map, SMBIOS, ACPI, boot order), CMOS contents, and the kernel
 * that -kernel names. The machine fills in a PcFirmwareConfig with its facts and calls
 * the functions below in the order in which they stand; it needs to know nothing of
 * table formats. Context: BQL, main thread.
 */
#ifndef STRATA_HW_I386_FIRMWARE_H
#define STRATA_HW_I386_FIRMWARE_H

#include "hw/core/machine.h"
#include "hw/nvram/fw_cfg.h"
#include "memory/memory.h"
#include <stdint.h>

typedef struct PcFirmware PcFirmware;

/* Types as CMOS byte 10 names them; also what "isa-fdc" reports per drive. */
typedef enum PcFloppyType {
    PC_FLOPPY_NONE = 0,
    PC_FLOPPY_120 = 2, /* 5.25", 1.2 MB */
    PC_FLOPPY_144 = 4, /* 3.5", 1.44 MB */
    PC_FLOPPY_288 = 5, /* 3.5", 2.88 MB */
} PcFloppyType;

typedef struct PcFloppyDrive {
    PcFloppyType type;
    uint8_t max_cylinder, max_head, max_sector; /* 0: of an empty drive of the type */
} PcFloppyDrive;

typedef struct PcDiskGeometry {
    uint16_t cylinders; /* 0: no disk */
    uint8_t heads, sectors;
    uint8_t translation; /* 0 none, 1 LBA, 2 large */
} PcDiskGeometry;

typedef struct PcFirmwareConfig {
    MachineState *machine;
    /* Where pc.bios (below 4 GiB), isa-bios and pc.rom go. */
    MemoryRegion *pci_memory;
    uint64_t ram_below_4g;
    uint64_t ram_above_4g; /* bytes from 4 GiB on */
    /* Possible CPUs, machine->smp.max_cpus entries; borrowed, must stay. */
    const uint32_t *cpu_apic_ids;
    const int *cpu_nodes;              /* NUMA node of each, NULL: all in node 0 */
    uint32_t cpuid_1_eax, cpuid_1_edx; /* of the CPU model, for SMBIOS */
    bool cpu_vendor_amd;               /* the HyperTransport hole is reserved in E820 */
    bool smm;
    /* A PC of the ISA days: BIOS of 128 KiB, it and the option ROM space writable, no
     * SMBIOS. */
    bool isa_only;
    /* A small machine: another BIOS, no option ROM space, the kernel comes later. */
    bool microvm;
    bool acpi;
    bool hpet;
    uint32_t hpet_id; /* low half of its capability register */
    /* The chipset's blocks: those of an ICH9, or of a PIIX. */
    bool ich9;
    uint64_t pci_hole64_size; /* 64-bit window for BARs */
    /* Where the PCI Express configuration window is now; NULL or false: nowhere. */
    bool (*mmcfg)(void *opaque, hwaddr *base, uint64_t *size);
    /* I/O base of the power management block as the guest set it; 0: not yet. */
    uint32_t (*pm_io_base)(void *opaque);
    bool disable_s3, disable_s4;
    uint8_t s4_value; /* 2 */
    /* Root bus and what hangs on it; see hw/pci. NULL: all slots are empty. */
    struct PCIBus *pci_bus;
    bool pci_hotplug; /* ACPI hot-plug registers serve the root bus */
    bool pci_hotplug_bridges;
    /* Number of a bus in the hot-plug registers, -1: none. NULL: 0 for the root. */
    int (*pci_bsel)(void *opaque, const struct PCIBus *bus);
    BusState *isa_bus; /* devices on it get their PNP nodes */
    PcFloppyDrive (*floppy_drive)(void *opaque, unsigned n);   /* NULL: none */
    PcDiskGeometry (*disk_geometry)(void *opaque, unsigned n); /* IDE disk 0-3 */
    void *opaque; /* of the functions above */
} PcFirmwareConfig;

/*
 * 1. In machine init, after the memory map is made and before PCI devices: loads the
 * BIOS image, makes pc.rom and the configuration device with all that is known then,
 * and reads -kernel, -initrd, -append. @config is copied, except pci_bus, isa_bus,
 * hpet and the callbacks' results, which are read by the later calls (set them through
 * pc_firmware_config()). Errors: "could not load PC BIOS 'NAME'", kernel errors.
 */
PcFirmware *pc_firmware_setup(const PcFirmwareConfig *config, Error **errp) WARN_UNUSED;
/* The copy, to complete before step 3. */
PcFirmwareConfig *pc_firmware_config(PcFirmware *fw);
FwCfg *pc_firmware_fw_cfg(PcFirmware *fw);

/* 2. When the clock chip is there (@rtc: TYPE_MC146818_RTC): CMOS contents. */
bool pc_firmware_setup_cmos(PcFirmware *fw, DeviceState *rtc, Error **errp) WARN_UNUSED;

/*
 * Between 2 and 3, for a microvm: -kernel, -initrd, -append, of which the machine may
 * have made more since step 1.
 */
bool pc_firmware_load_kernel(PcFirmware *fw, Error **errp) WARN_UNUSED;

/* A CPU came or went: tell CMOS and the configuration device. */
void pc_firmware_update_cpu_count(PcFirmware *fw);

/*
 * 3. At init_done: boot order, disk geometry, ACPI tables, user files; numbers the
 * files. ACPI tables are built when the guest first selects one after a reset.
 */
bool pc_firmware_finish(PcFirmware *fw, Error **errp) WARN_UNUSED;

/* --- Options that may be given before the machine exists (cli) ------------------ */

/* -smbios ARG. */
bool smbios_add_option(const char *arg, Error **errp) WARN_UNUSED;
/* -option-rom ARG. */
bool option_rom_add_option(const char *arg, Error **errp) WARN_UNUSED;
/* -acpitable ARG. */
bool acpi_table_add_option(const char *arg, Error **errp) WARN_UNUSED;

#endif
