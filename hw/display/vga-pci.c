/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The standard VGA as PCI function 1234:1111.
 *
 * Board interface: BAR0 video memory (prefetchable), BAR2 4 KiB of registers (EDID at
 * 0, VGA ports 3c0-3df at 0x400, DISPI registers at 0x500, extended registers at
 * 0x600), ROM BAR with the VGA BIOS, the legacy ports and the window at a0000.
 */
#include "hw/display/vga-internal.h"
#include "hw/pci/pci.h"
#include "util/log.h"

#include <string.h>

#define TYPE_VGA_PCI "VGA"
OBJECT_DECLARE_SIMPLE_TYPE(VGAPCIState, VGA_PCI, TYPE_VGA_PCI)

#define EDID_SIZE     384
#define ENDIAN_LITTLE 0x1e1e1e1eu
#define ENDIAN_BIG    0xbebebebeu

struct VGAPCIState {
    PCIDevice parent_obj;

    VGAState vga;
    MemoryRegion mmio, edid_region, ports_region, dispi_region, ext_region;
    uint8_t edid[EDID_SIZE];

    uint32_t vgamem_mb;
    bool has_mmio, has_ext_regs, has_edid, global_vmstate;
    uint32_t xres, yres, xmax, ymax, refresh_rate;
};

/* --- EDID ------------------------------------------------------------------------- */

/* VESA Enhanced EDID standard, release A2, section 3.10.2: an 18-byte detailed timing.
 */
static void put_timing(uint8_t *d, unsigned w, unsigned h, unsigned hz)
{
    unsigned hblank = w * 35 / 100 & ~7u, vblank = h * 35 / 1000 + 3;
    unsigned hfront = w * 25 / 100 & ~7u, hsync = w * 3 / 100 & ~7u;
    unsigned clock_10khz =
        (unsigned)((uint64_t)(w + hblank) * (h + vblank) * hz / 10000);

    hfront = MIN(hfront, hblank / 2);
    d[0] = (uint8_t)clock_10khz;
    d[1] = (uint8_t)(clock_10khz >> 8);
    d[2] = (uint8_t)w;
    d[3] = (uint8_t)hblank;
    d[4] = (uint8_t)((w >> 8) << 4 | hblank >> 8);
    d[5] = (uint8_t)h;
    d[6] = (uint8_t)vblank;
    d[7] = (uint8_t)((h >> 8) << 4 | vblank >> 8);
    d[8] = (uint8_t)hfront;
    d[9] = (uint8_t)hsync;
    d[10] = 1 << 4 | 1;
    d[11] = (uint8_t)((hfront >> 8) << 6 | (hsync >> 8) << 4);
    d[17] = 0x18;
}

static void put_text(uint8_t *d, uint8_t tag, const char *text)
{
    d[3] = tag;
    memset(d + 5, ' ', 13);
    memcpy(d + 5, text, strlen(text));
    d[5 + strlen(text)] = '\n';
}

static void make_edid(VGAPCIState *s)
{
    uint8_t *e = s->edid;
    uint8_t sum = 0;

    memset(e, 0, EDID_SIZE);
    memset(e + 1, 0xff, 6);
    e[8] =
        (uint8_t)(('S' - '@') << 2) | ('T' - '@') >> 3; /* "STR" in five-bit letters */
    e[9] = (uint8_t)(('T' - '@') << 5 | ('R' - '@'));
    e[10] = 0x11;
    e[11] = 0x11;
    e[16] = 42; /* week */
    e[17] = 32; /* year - 1990 */
    e[18] = 1;
    e[19] = 4;
    e[20] = 0xa5; /* digital, 8 bits per colour */
    e[21] = (uint8_t)(s->xres / 40);
    e[22] = (uint8_t)(s->yres / 40);
    e[23] = 120;  /* gamma 2.2 */
    e[24] = 0x06; /* sRGB, preferred timing is the first */
    /* Chromaticity of sRGB. */
    static const uint8_t srgb[] = { 0xee, 0x91, 0xa3, 0x54, 0x4c,
                                    0x99, 0x26, 0x0f, 0x50, 0x54 };
    memcpy(e + 25, srgb, sizeof(srgb));
    e[35] = 0x21; /* 640x480, 800x600 at 60 Hz */
    e[36] = 0x08; /* 1024x768 at 60 Hz */
    memset(e + 38, 0x01, 16);
    put_timing(e + 54, s->xres, s->yres, s->refresh_rate ? s->refresh_rate / 1000 : 75);
    put_text(e + 72, 0xfc, "strata");
    e[90 + 3] = 0xfd; /* range limits */
    e[95] = 50;
    e[96] = 125;
    e[97] = 30;
    e[98] = 160;
    e[99] = 255;
    e[100] = 0x01;
    e[101] = '\n';
    memset(e + 102, ' ', 6);
    e[108 + 3] = 0x10; /* dummy */
    for (int i = 0; i < 127; i++) {
        sum += e[i];
    }
    e[127] = (uint8_t)-sum;
}

static uint64_t edid_read(void *opaque, hwaddr offset, unsigned size)
{
    VGAPCIState *s = opaque;

    return s->has_edid ? s->edid[offset] : 0;
}

static void ignore_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    log_guest_error("vga: write to read-only register 0x%x\n", (unsigned)offset);
}

static const MemoryRegionOps edid_ops = {
    .read = edid_read,
    .write = ignore_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

/* --- BAR2 ------------------------------------------------------------------------- */

static uint64_t remapped_read(void *opaque, hwaddr offset, unsigned size)
{
    return vga_port_read(opaque, 0x3c0 + (uint32_t)offset);
}

static void remapped_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    vga_port_write(opaque, 0x3c0 + (uint32_t)offset, (uint8_t)value);
}

static const MemoryRegionOps remapped_ops = {
    .read = remapped_read,
    .write = remapped_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static uint64_t dispi_read(void *opaque, hwaddr offset, unsigned size)
{
    return vbe_read(opaque, (unsigned)offset / 2);
}

static void dispi_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    vbe_write(opaque, (unsigned)offset / 2, (uint16_t)value);
}

static const MemoryRegionOps dispi_ops = {
    .read = dispi_read,
    .write = dispi_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 2, .max_access_size = 2},
};

static uint64_t ext_read(void *opaque, hwaddr offset, unsigned size)
{
    VGAPCIState *s = opaque;

    return offset == 0 ? 8 : s->vga.big_endian ? ENDIAN_BIG : ENDIAN_LITTLE;
}

static void ext_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VGAPCIState *s = opaque;

    if (offset == 4 && value == ENDIAN_BIG) {
        s->vga.big_endian = true;
    } else if (offset == 4 && value == ENDIAN_LITTLE) {
        s->vga.big_endian = false;
    }
}

static const MemoryRegionOps ext_ops = {
    .read = ext_read,
    .write = ext_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 4,  .max_access_size = 4},
    .impl = { .min_access_size = 4, .max_access_size = 4},
};

/* The rest of BAR2 reads as zero. */
static uint64_t hole_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0;
}

static const MemoryRegionOps hole_ops = {
    .read = hole_read,
    .write = ignore_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
};

static void init_mmio(VGAPCIState *s)
{
    Object *owner = OBJECT(s);

    memory_region_init_io(&s->mmio, owner, &hole_ops, s, "vga.mmio", 0x1000);
    if (s->has_edid) {
        make_edid(s);
        memory_region_init_io(&s->edid_region, owner, &edid_ops, s, "edid", EDID_SIZE);
        memory_region_add_subregion(&s->mmio, 0, &s->edid_region);
    }
    memory_region_init_io(&s->ports_region, owner, &remapped_ops, &s->vga,
                          "vga ioports remapped", 0x20);
    memory_region_add_subregion(&s->mmio, 0x400, &s->ports_region);
    memory_region_init_io(&s->dispi_region, owner, &dispi_ops, &s->vga,
                          "bochs dispi interface", 2 * VBE_NUM_REGS);
    memory_region_add_subregion(&s->mmio, 0x500, &s->dispi_region);
    if (s->has_ext_regs) {
        memory_region_init_io(&s->ext_region, owner, &ext_ops, s, "qemu extended regs",
                              8);
        memory_region_add_subregion(&s->mmio, 0x600, &s->ext_region);
    }
}

/* --- Life ------------------------------------------------------------------------- */

static DisplayPicture render(void *opaque)
{
    VGAPCIState *s = opaque;

    return vga_render(&s->vga);
}

static const DisplayOps display_ops = { .render = render };

static void vga_pci_reset(DeviceState *dev)
{
    VGAPCIState *s = VGA_PCI(dev);

    vga_reset(&s->vga);
    s->vga.big_endian = memory_target_is_big_endian();
}

static bool vga_pci_realize(PCIDevice *dev, Error **errp)
{
    VGAPCIState *s = VGA_PCI(dev);
    uint32_t mb = s->vgamem_mb;

    if (mb < 1 || mb > 512 || mb & (mb - 1)) {
        return error_set(errp, "vgamem_mb is %u, must be a power of two from 1 to 512",
                         mb);
    }
    if (!vga_init(&s->vga, OBJECT(s), mb << 20, errp)) {
        return false;
    }
    vga_map_legacy(&s->vga, pci_address_space(dev), pci_address_space_io(dev));
    pci_register_bar(dev, 0, PCI_BAR_MEM_PREFETCH, &s->vga.vram);
    if (s->has_mmio) {
        init_mmio(s);
        pci_register_bar(dev, 2, 0, &s->mmio);
    }
    display_register(OBJECT(s), &display_ops, s);
    return true;
}

static void vga_pci_unrealize(PCIDevice *dev)
{
    VGAPCIState *s = VGA_PCI(dev);

    display_unregister(OBJECT(s));
    vga_unmap_legacy(&s->vga, pci_address_space(dev), pci_address_space_io(dev));
}

static const VMStateDescription vmstate_vga_pci = {
    .name = "vga",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_PCI_DEVICE(parent_obj, VGAPCIState),
                               VMSTATE_STRUCT(vga, VGAPCIState, vmstate_vga),
                               VMSTATE_BOOL(vga.big_endian, VGAPCIState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property vga_pci_props[] = {
    PROP_UINT32("vgamem_mb", VGAPCIState, vgamem_mb, 16),
    PROP_BOOL("mmio", VGAPCIState, has_mmio, true),
    PROP_BOOL("qemu-extended-regs", VGAPCIState, has_ext_regs, true),
    PROP_BOOL("edid", VGAPCIState, has_edid, true),
    PROP_UINT32("xres", VGAPCIState, xres, 1280),
    PROP_UINT32("yres", VGAPCIState, yres, 800),
    PROP_UINT32("xmax", VGAPCIState, xmax, 0),
    PROP_UINT32("ymax", VGAPCIState, ymax, 0),
    PROP_UINT32("refresh_rate", VGAPCIState, refresh_rate, 0),
    PROP_BOOL("global-vmstate", VGAPCIState, global_vmstate, false),
};

static void vga_pci_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    pc->realize = vga_pci_realize;
    pc->unrealize = vga_pci_unrealize;
    pc->vendor_id = 0x1234;
    pc->device_id = 0x1111;
    pc->revision = 2;
    pc->class_id = 0x0300;
    pc->romfile = "vgabios-stdvga.bin";
    dc->reset_enter = vga_pci_reset;
    dc->vmsd = &vmstate_vga_pci;
    dc->desc = "standard VGA";
    dc->fw_name = "display";
    dc->hotpluggable = false;
    dc->categories = 1u << DEVICE_CATEGORY_DISPLAY;
    OBJECT_CLASS_ADD_PROPERTIES(klass, vga_pci_props);
}

static const TypeInfo vga_pci_info = {
    .name = TYPE_VGA_PCI,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(VGAPCIState),
    .class_init = vga_pci_class_init,
};
TYPE_REGISTER(vga_pci_info);
