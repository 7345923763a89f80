/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel files of every format that -kernel takes: any bytes are refused or loaded. */
#include "fuzz.h"
#include "hw/core/loader.h"
#include "hw/i386/x86-boot.h"

static void try_formats(PcFirmware *fw, const uint8_t *data, size_t size)
{
    g_autoptr(Error) err = NULL;
    X86BootResult result = multiboot_load(fw, data, size, &err);

    if (result == X86_BOOT_NOT_MINE) {
        result = pvh_load(fw, data, size, &err);
    }
    if (result == X86_BOOT_NOT_MINE) {
        result = linux_load(fw, data, size, &err) ? X86_BOOT_LOADED : X86_BOOT_FAILED;
    }
    g_assert_true((result == X86_BOOT_FAILED) == (err != NULL));
}

static void try_elf(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(ElfImage) elf = elf_parse(bytes, NULL);
    size_t len;

    if (elf) {
        const uint8_t *note = elf_find_note(elf, "Xen", 18, &len);

        g_assert_true(!note || (note >= data && note + len <= data + size));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MachineState ms = { .kernel_filename = (char *)"kernel",
                        .kernel_cmdline = (char *)"vga=ask x=y" };
    PcFirmware fw = {
        .config = {.machine = &ms, .ram_below_4g = 64 << 20}
    };

    /* Option ROMs would only be found again and again. */
    firmware_clear_search_dirs();
    fw.fw_cfg = (FwCfg *)object_new(TYPE_FW_CFG_IO);
    try_elf(data, size);
    try_formats(&fw, data, size);
    object_unref(OBJECT(fw.fw_cfg));
    roms_clear();
    return 0;
}
