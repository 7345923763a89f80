/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/i386/x86-boot.h"

X86BootResult multiboot_load(PcFirmware *fw, const uint8_t *data, size_t len,
                             Error **errp)
{
    return X86_BOOT_NOT_MINE;
}

X86BootResult pvh_load(PcFirmware *fw, const uint8_t *data, size_t len, Error **errp)
{
    return X86_BOOT_NOT_MINE;
}
