/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CL-GD5446 as an ISA card: the legacy ports, the window at a0000 and the video
 * BIOS at c0000, which the firmware finds there.
 *
 * Board interface: properties vgamem_mb, blitter.
 */
#include "hw/core/loader.h"
#include "hw/display/cirrus-internal.h"
#include "hw/isa/isa.h"
#include "hw/nvram/fw_cfg.h"

#define TYPE_CIRRUS_ISA "isa-cirrus-vga"
OBJECT_DECLARE_SIMPLE_TYPE(CirrusISAState, CIRRUS_ISA, TYPE_CIRRUS_ISA)

struct CirrusISAState {
    ISADevice parent_obj;

    CirrusState cirrus;
    uint32_t vgamem_mb;
};

static DisplayPicture render(void *opaque)
{
    return cirrus_render(opaque);
}

static const DisplayOps display_ops = { .render = render };

static void cirrus_isa_reset(DeviceState *dev)
{
    cirrus_reset(&CIRRUS_ISA(dev)->cirrus);
}

/* There is no ROM BAR: the firmware copies the image from the configuration device. */
static bool offer_bios(Error **errp)
{
    static const char name[] = "vgabios-cirrus.bin",
                      file[] = "vgaroms/vgabios-cirrus.bin";
    FwCfg *fw = fw_cfg_find();
    g_autofree char *path = firmware_find_file(name);
    g_autofree char *data = NULL;
    gsize size = 0;
    GError *gerr = NULL;

    if (!fw || fw_cfg_has_file(fw, file)) {
        return true;
    }
    if (!path) {
        return error_set(errp, "failed to find romfile \"%s\"", name);
    }
    if (!g_file_get_contents(path, &data, &size, &gerr)) {
        return error_set_from_gerror(errp, gerr);
    }
    rom_note_fw_file(file, name, size);
    fw_cfg_add_file_take(fw, file, g_steal_pointer(&data), size);
    return true;
}

static bool cirrus_isa_realize(DeviceState *dev, Error **errp)
{
    CirrusISAState *s = CIRRUS_ISA(dev);
    ISADevice *isa = ISA_DEVICE(dev);

    if (!offer_bios(errp) ||
        !cirrus_init(&s->cirrus, OBJECT(s), s->vgamem_mb, SR_CONFIG_BUS_ISA, errp)) {
        return false;
    }
    cirrus_map_legacy(&s->cirrus, isa_address_space(isa), isa_address_space_io(isa));
    display_register(OBJECT(s), &display_ops, &s->cirrus);
    return true;
}

static void cirrus_isa_unrealize(DeviceState *dev)
{
    CirrusISAState *s = CIRRUS_ISA(dev);
    ISADevice *isa = ISA_DEVICE(dev);

    display_unregister(OBJECT(s));
    cirrus_unmap_legacy(&s->cirrus, isa_address_space(isa), isa_address_space_io(isa));
}

static const VMStateDescription vmstate_cirrus_isa = {
    .name = "isa-cirrus-vga",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_STRUCT(cirrus, CirrusISAState, vmstate_cirrus),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property cirrus_isa_props[] = {
    PROP_UINT32("vgamem_mb", CirrusISAState, vgamem_mb, 4),
    PROP_BOOL("blitter", CirrusISAState, cirrus.has_blitter, true),
};

static void cirrus_isa_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = cirrus_isa_realize;
    dc->unrealize = cirrus_isa_unrealize;
    dc->reset_enter = cirrus_isa_reset;
    dc->vmsd = &vmstate_cirrus_isa;
    dc->hotpluggable = false;
    dc->categories = 1u << DEVICE_CATEGORY_DISPLAY;
    OBJECT_CLASS_ADD_PROPERTIES(klass, cirrus_isa_props);
}

static const TypeInfo cirrus_isa_info = {
    .name = TYPE_CIRRUS_ISA,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(CirrusISAState),
    .class_init = cirrus_isa_class_init,
};
TYPE_REGISTER(cirrus_isa_info);
