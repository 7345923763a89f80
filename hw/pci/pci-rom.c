/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The expansion ROM of a function: "romfile" found along the firmware search path and
 * put behind the ROM BAR, or with rombar=0 left for the firmware as a file of the
 * configuration device. Source: PCI Local Bus Specification 3.0, section 6.3.
 */
#include "hw/core/loader.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci/pci-internal.h"
#include "memory/memory.h"

#include <string.h>

#define ROM_MAX_SIZE (2ull << 30)

static uint64_t round_up_pow2(uint64_t size)
{
    uint64_t p = 1;

    while (p < size) {
        p <<= 1;
    }
    return p;
}

/* Settle dev->romsize; false when the file does not fit. */
static bool check_size(PCIDevice *dev, uint64_t size, Error **errp)
{
    if (!size) {
        return error_set(errp, "romfile \"%s\" is empty", dev->romfile);
    }
    if (size > ROM_MAX_SIZE) {
        return error_set(errp, "romfile \"%s\" too large (size cannot exceed 2 GiB)",
                         dev->romfile);
    }
    if (dev->romsize == UINT32_MAX) {
        dev->romsize = (uint32_t)round_up_pow2(size < 16 ? 16 : size);
    } else if (size > dev->romsize) {
        return error_set(errp, "romfile \"%s\" (%u bytes) is too large for ROM size %u",
                         dev->romfile, (unsigned)size, dev->romsize);
    }
    return true;
}

static char *region_name(PCIDevice *dev)
{
    const VMStateDescription *vmsd = DEVICE_GET_CLASS(dev)->vmsd;

    return g_strdup_printf("%s.rom",
                           vmsd ? vmsd->name : object_get_typename(OBJECT(dev)));
}

/* Without a ROM BAR the firmware gets the image from the configuration device. */
static bool offer_by_fw_cfg(PCIDevice *dev, const char *path, Error **errp)
{
    FwCfg *fw = fw_cfg_find();
    uint16_t class_id = PCI_DEVICE_GET_CLASS(dev)->class_id;
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *name = g_strdup_printf(
        "%s/%s", class_id == PCI_CLASS_DISPLAY_VGA ? "vgaroms" : "genroms", base);
    g_autofree char *data = NULL;
    gsize size = 0;
    GError *gerr = NULL;

    if (!fw || fw_cfg_has_file(fw, name)) {
        return true; /* one image serves all cards of a kind */
    }
    if (strlen(name) >= FW_CFG_MAX_FILE_NAME) {
        return error_set(errp, "romfile \"%s\" has too long a name", dev->romfile);
    }
    if (!g_file_get_contents(path, &data, &size, &gerr)) {
        return error_set_from_gerror(errp, gerr);
    }
    rom_note_fw_file(name, base, size);
    fw_cfg_add_file_take(fw, name, g_steal_pointer(&data), size);
    return true;
}

static bool load_into_bar(PCIDevice *dev, const char *path, Error **errp)
{
    g_autofree char *data = NULL;
    gsize size = 0;
    GError *gerr = NULL;

    if (!g_file_get_contents(path, &data, &size, &gerr)) {
        return error_set_from_gerror(errp, gerr);
    }
    if (!check_size(dev, size, errp)) {
        return false;
    }
    g_autofree char *name = region_name(dev);
    if (!memory_region_init_rom(&dev->rom, OBJECT(dev), name, dev->romsize, errp)) {
        return false;
    }
    memcpy(memory_region_get_ram_ptr(&dev->rom), data, size);
    pci_register_bar(dev, PCI_ROM_BAR, PCI_BAR_MEM, &dev->rom);
    dev->has_rom = true;
    return true;
}

bool pci_rom_init(PCIDevice *dev, Error **errp)
{
    const char *builtin = PCI_DEVICE_GET_CLASS(dev)->romfile;

    if (!dev->romfile && builtin) {
        dev->romfile = g_strdup(builtin);
    }
    if (dev->romsize != UINT32_MAX && (dev->romsize & (dev->romsize - 1))) {
        return error_set(errp, "ROM size %u is not a power of two", dev->romsize);
    }
    if (!dev->romfile || !*dev->romfile) {
        return true;
    }
    if (!dev->rombar && dev->parent_obj.hotplugged) {
        return error_set(errp,
                         "Hot-plugged device without ROM bar can't have an option ROM");
    }
    g_autofree char *path = firmware_find_file(dev->romfile);
    if (!path) {
        return error_set(errp, "failed to find romfile \"%s\"", dev->romfile);
    }
    return dev->rombar ? load_into_bar(dev, path, errp)
                       : offer_by_fw_cfg(dev, path, errp);
}
