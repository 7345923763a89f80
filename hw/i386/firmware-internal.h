/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the PC's firmware set-up share. */
#ifndef STRATA_HW_I386_FIRMWARE_INTERNAL_H
#define STRATA_HW_I386_FIRMWARE_INTERNAL_H

#include "hw/i386/firmware.h"
#include "hw/rtc/mc146818rtc.h"
#include <glib.h>

typedef struct AcpiTables AcpiTables;

struct PcFirmware {
    PcFirmwareConfig config;
    FwCfg *fw_cfg;
    RtcState *rtc; /* from step 2 on */
    MemoryRegion bios, isa_bios, option_rom;
    GByteArray *e820;
    AcpiTables *acpi; /* NULL without ACPI */
    unsigned boot_once_resets;
};

/* --- e820.c ------------------------------------------------------------------ */
enum { E820_RAM = 1, E820_RESERVED = 2 };
#define E820_ENTRY_SIZE 20
void e820_add(GByteArray *e820, uint64_t addr, uint64_t len, uint32_t type);
/* The nth entry; false past the last. */
bool e820_get(const GByteArray *e820, unsigned n, uint64_t *addr, uint64_t *len,
              uint32_t *type);
void e820_add_machine(GByteArray *e820, const PcFirmwareConfig *config);

/* --- acpi-build.c ------------------------------------------------------------ */
bool acpi_setup(PcFirmware *fw, Error **errp) WARN_UNUSED;
/* The three files as the guest would get them now; for tests. */
void acpi_build(const PcFirmwareConfig *config, GByteArray *tables, GByteArray *rsdp,
                GByteArray *linker);

/* --- acpi-user-tables.c ------------------------------------------------------ */
#define ACPI_MAX_USER_TABLES 32
/* The nth -acpitable, complete; NULL past the last. */
const GByteArray *acpi_user_table_get(unsigned n);

/* --- smbios.c ---------------------------------------------------------------- */
typedef struct SmbiosMachine {
    const char *product;
    const char *version;
    const uint8_t *uuid; /* 16 bytes in text order, NULL: none */
    unsigned sockets, cores, threads;
    uint32_t processor_id[2];
    uint64_t ram_size;
    const GByteArray *e820; /* its RAM entries are mapped */
} SmbiosMachine;
/* Fill the entry point and the structures; checksums are left to the firmware. */
bool smbios_build(const SmbiosMachine *machine, GByteArray *anchor, GByteArray *tables,
                  Error **errp) WARN_UNUSED;
/* Forget the options; for tests. */
void smbios_clear_options(void);

/* --- x86-boot.c -------------------------------------------------------------- */
/* -kernel, -initrd, -append into the configuration device. */
bool x86_load_kernel(PcFirmware *fw, Error **errp) WARN_UNUSED;
/* Option ROM file @name as genroms/@name; warns when it cannot be had. */
void x86_add_option_rom(PcFirmware *fw, const char *name, int32_t bootindex);

#endif
