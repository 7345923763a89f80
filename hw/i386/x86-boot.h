/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel formats of -kernel: private to hw/i386. */
#ifndef STRATA_HW_I386_X86_BOOT_H
#define STRATA_HW_I386_X86_BOOT_H

#include "hw/i386/firmware-internal.h"

/* What the firmware keeps at the end of low RAM: ACPI tables and page tables. */
#define X86_BOOT_RESERVED_AT_END 0x28000u

typedef enum X86BootResult {
    X86_BOOT_LOADED,
    X86_BOOT_FAILED,   /* the error is set */
    X86_BOOT_NOT_MINE, /* another format */
} X86BootResult;

/* @data stays for ever. */
X86BootResult multiboot_load(PcFirmware *fw, const uint8_t *data, size_t len,
                             Error **errp) WARN_UNUSED;
X86BootResult pvh_load(PcFirmware *fw, const uint8_t *data, size_t len,
                       Error **errp) WARN_UNUSED;
bool linux_load(PcFirmware *fw, const uint8_t *data, size_t len,
                Error **errp) WARN_UNUSED;
/* Has it a setup header? */
bool linux_image_is_recognized(const uint8_t *data, size_t len);

uint32_t x86_boot_get_le(const uint8_t *p, unsigned size);
void x86_boot_put_le(uint8_t *p, uint32_t value, unsigned size);

#endif
