/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard VGA registers and memory, with the "DISPI" interface that gives linear modes
 * of any size. Sources: IBM Personal System/2 Hardware Interface Technical Reference,
 * "Video Subsystem"; the published description of the Bochs VBE DISPI interface
 * (version 5).
 *
 * Video memory is kept with the four planes interleaved: byte A of plane P is at 4 * A
 * + P, so that chain-4 and linear modes are plain memory. Not modelled: the CRT's
 * timing beyond the retrace bits, light pen, interrupt on retrace.
 */
#include "hw/display/vga-internal.h"
#include "util/event-loop.h"
#include "util/log.h"

#include <string.h>

/* Sequencer */
enum { SEQ_RESET, SEQ_CLOCKING, SEQ_MAP_MASK, SEQ_CHAR_MAP, SEQ_MEMORY_MODE };
#define SEQ_MEMORY_ODD_EVEN_OFF 0x04
#define SEQ_MEMORY_CHAIN4       0x08
/* Graphics controller */
enum {
    GFX_SET_RESET,
    GFX_ENABLE_SET_RESET,
    GFX_COLOR_COMPARE,
    GFX_DATA_ROTATE,
    GFX_READ_MAP,
    GFX_MODE,
    GFX_MISC,
    GFX_COLOR_DONT_CARE,
    GFX_BIT_MASK,
};
#define GFX_MODE_READ_COMPARE 0x08
#define GFX_MODE_ODD_EVEN     0x10
/* CRT controller */
#define CRTC_VERTICAL_RETRACE_END 0x11
#define CRTC_PROTECT              0x80
#define CRTC_OVERFLOW             0x07

/* Bits that exist. */
static const uint8_t seq_mask[VGA_NUM_SEQ] = {
    0x03, 0x3d, 0x0f, 0x3f, 0x0e, 0, 0, 0xff
};
static const uint8_t gfx_mask[VGA_NUM_GFX] = { 0x0f, 0x0f, 0x0f, 0x1f, 0x03,
                                               0x7b, 0x0f, 0x0f, 0xff };

/* --- Ports ------------------------------------------------------------------------ */

/* Colour adapters decode 3dx, monochrome ones 3bx. */
static bool port_is_decoded(const VGAState *s, uint32_t port)
{
    bool color = s->misc & 1;

    return !((port >= 0x3b0 && port <= 0x3bf && color) ||
             (port >= 0x3d0 && port <= 0x3df && !color));
}

/*
 * Bit 0: display disabled, bit 3: vertical retrace. A frame of 1/70 s, the last
 * sixteenth of it in retrace, lines of 1/28 of the rest.
 */
static uint8_t input_status_1(void)
{
    const int64_t frame = NANOSECONDS_PER_SECOND / 70;
    int64_t in_frame = clock_get_ns(VIRTUAL_CLOCK) % frame;

    if (in_frame > frame - frame / 16) {
        return 0x09;
    }
    return in_frame % 32000 > 26000 ? 0x01 : 0x00;
}

static uint8_t dac_read(VGAState *s)
{
    uint8_t v = s->dac[s->dac_read_index * 3 + s->dac_sub];

    if (++s->dac_sub == 3) {
        s->dac_sub = 0;
        s->dac_read_index++;
    }
    return v;
}

static void dac_write(VGAState *s, uint8_t value)
{
    bool eight_bits = s->vbe[VBE_ENABLE] & VBE_8BIT_DAC;

    s->dac_cache[s->dac_sub] = eight_bits ? value : value & 0x3f;
    if (++s->dac_sub == 3) {
        memcpy(&s->dac[s->dac_write_index * 3], s->dac_cache, 3);
        s->dac_sub = 0;
        s->dac_write_index++;
    }
}

uint8_t vga_port_read(VGAState *s, uint32_t port)
{
    if (!port_is_decoded(s, port)) {
        return 0xff;
    }
    switch (port) {
    case 0x3c0:
        return s->attr_index;
    case 0x3c1:
        return s->attr[s->attr_index & 0x1f];
    case 0x3c2:
        return 0x00;
    case 0x3c4:
        return s->seq_index;
    case 0x3c5:
        return s->seq[s->seq_index];
    case 0x3c6:
        return s->dac_mask;
    case 0x3c7:
        return s->dac_state;
    case 0x3c8:
        return s->dac_write_index;
    case 0x3c9:
        return dac_read(s);
    case 0x3ca:
        return s->feature;
    case 0x3cc:
        return s->misc;
    case 0x3ce:
        return s->gfx_index;
    case 0x3cf:
        return s->gfx[s->gfx_index];
    case 0x3b4:
    case 0x3d4:
        return s->crtc_index;
    case 0x3b5:
    case 0x3d5:
        return s->crtc[s->crtc_index];
    case 0x3ba:
    case 0x3da:
        s->attr_flip_flop = false;
        return input_status_1();
    default:
        return 0x00;
    }
}

static void attr_write(VGAState *s, uint8_t value)
{
    if (!s->attr_flip_flop) {
        s->attr_index = value & 0x3f;
    } else {
        unsigned index = s->attr_index & 0x1f;
        if (index < 0x10) {
            s->attr[index] = value & 0x3f;
        } else if (index == 0x10) {
            s->attr[index] = value & ~0x10;
        } else if (index == 0x11) {
            s->attr[index] = value;
        } else if (index <= 0x14) {
            s->attr[index] = value & (index == 0x12 ? 0x3f : 0x0f);
        }
    }
    s->attr_flip_flop = !s->attr_flip_flop;
}

static void crtc_write(VGAState *s, uint8_t value)
{
    /* Registers 0-7 are protected but for bit 4 of the overflow register. */
    if (s->crtc_index <= 7 && s->crtc[CRTC_VERTICAL_RETRACE_END] & CRTC_PROTECT) {
        if (s->crtc_index == CRTC_OVERFLOW) {
            s->crtc[CRTC_OVERFLOW] = (s->crtc[CRTC_OVERFLOW] & ~0x10) | (value & 0x10);
        }
        return;
    }
    s->crtc[s->crtc_index] = value;
}

void vga_port_write(VGAState *s, uint32_t port, uint8_t value)
{
    if (!port_is_decoded(s, port)) {
        return;
    }
    switch (port) {
    case 0x3c0:
    case 0x3c1:
        attr_write(s, value);
        break;
    case 0x3c2:
        s->misc = value & ~0x10;
        break;
    case 0x3c4:
        s->seq_index = value & 7;
        break;
    case 0x3c5:
        s->seq[s->seq_index] = value & seq_mask[s->seq_index];
        break;
    case 0x3c6:
        s->dac_mask = value;
        break;
    case 0x3c7:
        s->dac_read_index = value;
        s->dac_sub = 0;
        s->dac_state = 3;
        break;
    case 0x3c8:
        s->dac_write_index = value;
        s->dac_sub = 0;
        s->dac_state = 0;
        break;
    case 0x3c9:
        dac_write(s, value);
        break;
    case 0x3ce:
        s->gfx_index = value & 0x0f;
        break;
    case 0x3cf:
        s->gfx[s->gfx_index] = value & gfx_mask[s->gfx_index];
        break;
    case 0x3b4:
    case 0x3d4:
        s->crtc_index = value;
        break;
    case 0x3b5:
    case 0x3d5:
        crtc_write(s, value);
        break;
    case 0x3ba:
    case 0x3da:
        s->feature = value & 0x10;
        break;
    default:
        break;
    }
}

/* --- The window at a0000 ---------------------------------------------------------- */

/* Offset in the memory that the window shows, or -1 when this address is not decoded.
 */
static int64_t window_offset(const VGAState *s, hwaddr addr)
{
    switch (s->gfx[GFX_MISC] >> 2 & 3) {
    case 0:
        return (int64_t)addr;
    case 1:
        if (addr >= 0x10000) {
            return -1;
        }
        if (s->vbe[VBE_ENABLE] & VBE_ENABLED) {
            return (int64_t)(addr + ((uint64_t)s->vbe[VBE_BANK] << 16));
        }
        return (int64_t)addr;
    case 2:
        return addr >= 0x10000 && addr < 0x18000 ? (int64_t)addr - 0x10000 : -1;
    default:
        return addr >= 0x18000 ? (int64_t)addr - 0x18000 : -1;
    }
}

static uint8_t *plane_group(VGAState *s, uint64_t offset)
{
    uint8_t *vram = memory_region_get_ram_ptr(&s->vram);

    return offset * 4 + 3 < s->vram_size ? vram + offset * 4 : NULL;
}

static void mark_dirty(VGAState *s, uint64_t byte)
{
    memory_region_set_dirty(&s->vram, byte, 4);
}

uint8_t vga_memory_read(VGAState *s, uint64_t offset)
{
    uint8_t *vram = memory_region_get_ram_ptr(&s->vram);

    if (s->seq[SEQ_MEMORY_MODE] & SEQ_MEMORY_CHAIN4) {
        return offset < s->vram_size ? vram[offset] : 0xff;
    }
    if (s->gfx[GFX_MODE] & GFX_MODE_ODD_EVEN) {
        unsigned plane = (s->gfx[GFX_READ_MAP] & 2) | (offset & 1);
        uint8_t *group = plane_group(s, offset & ~1ull);
        return group ? group[plane] : 0xff;
    }
    uint8_t *group = plane_group(s, offset);
    if (!group) {
        return 0xff;
    }
    memcpy(s->latch, group, 4);
    if (!(s->gfx[GFX_MODE] & GFX_MODE_READ_COMPARE)) {
        return s->latch[s->gfx[GFX_READ_MAP]];
    }
    /* Read mode 1: a bit is one where all planes that count match the compare colour.
     */
    uint8_t differs = 0;
    for (int p = 0; p < 4; p++) {
        if (s->gfx[GFX_COLOR_DONT_CARE] >> p & 1) {
            differs |= s->latch[p] ^ (s->gfx[GFX_COLOR_COMPARE] >> p & 1 ? 0xff : 0);
        }
    }
    return (uint8_t)~differs;
}

static uint64_t lowmem_read(void *opaque, hwaddr addr, unsigned size)
{
    int64_t offset = window_offset(opaque, addr);

    return offset < 0 ? 0xff : vga_memory_read(opaque, (uint64_t)offset);
}

static uint8_t rotate(uint8_t v, unsigned n)
{
    return (uint8_t)(v >> n | v << (8 - n));
}

static uint8_t combine(const VGAState *s, uint8_t v, uint8_t latch, uint8_t bits)
{
    switch (s->gfx[GFX_DATA_ROTATE] >> 3) {
    case 1:
        v &= latch;
        break;
    case 2:
        v |= latch;
        break;
    case 3:
        v ^= latch;
        break;
    default:
        break;
    }
    return (uint8_t)((v & bits) | (latch & ~bits));
}

/* What write mode makes of @value for plane @p. */
static uint8_t plane_value(const VGAState *s, uint8_t value, int p)
{
    uint8_t bits = s->gfx[GFX_BIT_MASK];
    unsigned turn = s->gfx[GFX_DATA_ROTATE] & 7;
    uint8_t set_reset = s->gfx[GFX_SET_RESET] >> p & 1 ? 0xff : 0;

    switch (s->gfx[GFX_MODE] & 3) {
    case 0:
        value = s->gfx[GFX_ENABLE_SET_RESET] >> p & 1 ? set_reset : rotate(value, turn);
        return combine(s, value, s->latch[p], bits);
    case 1:
        return s->latch[p];
    case 2:
        return combine(s, value >> p & 1 ? 0xff : 0, s->latch[p], bits);
    default:
        return combine(s, set_reset, s->latch[p], rotate(value, turn) & bits);
    }
}

void vga_memory_write(VGAState *s, uint64_t offset, uint8_t value)
{
    uint8_t *vram = memory_region_get_ram_ptr(&s->vram);

    if (s->seq[SEQ_MEMORY_MODE] & SEQ_MEMORY_CHAIN4) {
        if (offset < s->vram_size && s->seq[SEQ_MAP_MASK] >> (offset & 3) & 1) {
            vram[offset] = value;
            mark_dirty(s, offset & ~3ull);
        }
        return;
    }
    if (s->gfx[GFX_MODE] & GFX_MODE_ODD_EVEN) {
        unsigned plane = (s->gfx[GFX_READ_MAP] & 2) | (offset & 1);
        uint8_t *group = plane_group(s, offset & ~1ull);
        if (group && s->seq[SEQ_MAP_MASK] >> plane & 1) {
            group[plane] = value;
            mark_dirty(s, (offset & ~1ull) * 4);
        }
        return;
    }
    uint8_t *group = plane_group(s, offset);
    for (int p = 0; group && p < 4; p++) {
        if (s->seq[SEQ_MAP_MASK] >> p & 1) {
            group[p] = plane_value(s, value, p);
        }
    }
    if (group) {
        mark_dirty(s, offset * 4);
    }
}

static void lowmem_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    int64_t offset = window_offset(opaque, addr);

    if (offset >= 0) {
        vga_memory_write(opaque, (uint64_t)offset, (uint8_t)value);
    }
}

static const MemoryRegionOps lowmem_ops = {
    .read = lowmem_read,
    .write = lowmem_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1,                   .max_access_size = 1                  },
};

/* --- DISPI ------------------------------------------------------------------------ */

static unsigned vbe_bits(const VGAState *s)
{
    return s->vbe[VBE_BPP];
}

static uint32_t line_bytes(unsigned width, unsigned bpp)
{
    return bpp == 4 ? width / 2 : width * ((bpp + 7) / 8);
}

/* Make the geometry fit the memory: whatever was written, no pixel lies outside. */
static void vbe_fix_geometry(VGAState *s)
{
    uint16_t *r = s->vbe;

    if (r[VBE_BPP] != 4 && r[VBE_BPP] != 8 && r[VBE_BPP] != 15 && r[VBE_BPP] != 16 &&
        r[VBE_BPP] != 24) {
        r[VBE_BPP] = 32;
    }
    r[VBE_XRES] = CLAMP(r[VBE_XRES] & ~7, 8, VBE_MAX_XRES);
    if (r[VBE_VIRT_WIDTH] < r[VBE_XRES]) {
        r[VBE_VIRT_WIDTH] = r[VBE_XRES];
    }
    r[VBE_VIRT_WIDTH] = MIN(r[VBE_VIRT_WIDTH] & ~7, VBE_MAX_XRES);
    s->vbe_line_bytes = line_bytes(r[VBE_VIRT_WIDTH], vbe_bits(s));
    uint32_t max_lines = s->vram_size / s->vbe_line_bytes;
    r[VBE_YRES] = CLAMP(r[VBE_YRES], 1, MIN(VBE_MAX_YRES, MAX(max_lines, 1)));
    r[VBE_VIRT_HEIGHT] = (uint16_t)MIN(max_lines, 0xffff);
    uint64_t start = (uint64_t)r[VBE_Y_OFFSET] * s->vbe_line_bytes +
                     line_bytes(r[VBE_X_OFFSET], vbe_bits(s));
    if (start + (uint64_t)r[VBE_YRES] * s->vbe_line_bytes > s->vram_size) {
        r[VBE_X_OFFSET] = r[VBE_Y_OFFSET] = 0;
        start = 0;
    }
    s->vbe_start = (uint32_t)start;
}

uint16_t vbe_read(VGAState *s, unsigned index)
{
    bool caps = s->vbe[VBE_ENABLE] & VBE_GETCAPS;

    switch (index) {
    case VBE_XRES:
        return caps ? VBE_MAX_XRES : s->vbe[index];
    case VBE_YRES:
        return caps ? VBE_MAX_YRES : s->vbe[index];
    case VBE_BPP:
        return caps ? 32 : s->vbe[index];
    case VBE_VIDEO_MEMORY_64K:
        return (uint16_t)(s->vram_size >> 16);
    default:
        return index < VBE_NUM_REGS ? s->vbe[index] : 0;
    }
}

/* Switching a mode on programs the VGA so that the window at a0000 shows linear memory.
 */
static void vbe_enable(VGAState *s, uint16_t value)
{
    bool was_on = s->vbe[VBE_ENABLE] & VBE_ENABLED;

    if (value & VBE_ENABLED && !was_on) {
        s->vbe[VBE_VIRT_WIDTH] = s->vbe[VBE_XRES];
        s->vbe[VBE_X_OFFSET] = s->vbe[VBE_Y_OFFSET] = 0;
        s->vbe[VBE_ENABLE] = value;
        vbe_fix_geometry(s);
        if (!(value & VBE_NOCLEARMEM)) {
            uint64_t size = (uint64_t)s->vbe[VBE_YRES] * s->vbe_line_bytes;
            memset(memory_region_get_ram_ptr(&s->vram), 0, size);
            memory_region_set_dirty(&s->vram, 0, size);
        }
        s->gfx[GFX_MISC] = (s->gfx[GFX_MISC] & ~0x0c) | 0x05;
        s->gfx[GFX_MODE] &= ~GFX_MODE_ODD_EVEN;
        s->seq[SEQ_MAP_MASK] = 0x0f;
        if (s->vbe[VBE_BPP] != 4) {
            s->seq[SEQ_MEMORY_MODE] |= SEQ_MEMORY_CHAIN4;
        }
    } else {
        s->vbe[VBE_BANK] = value & VBE_ENABLED ? s->vbe[VBE_BANK] : 0;
        s->vbe[VBE_ENABLE] = value;
    }
}

void vbe_write(VGAState *s, unsigned index, uint16_t value)
{
    switch (index) {
    case VBE_ID:
        if (value >= 0xb0c0 && value <= 0xb0c5) {
            s->vbe[VBE_ID] = value;
        }
        break;
    case VBE_XRES:
    case VBE_YRES:
    case VBE_BPP:
    case VBE_VIRT_WIDTH:
    case VBE_X_OFFSET:
    case VBE_Y_OFFSET:
        /* Until the mode goes on the rest of it may be stale: only what counts is cut.
         */
        s->vbe[index] = value;
        if (s->vbe[VBE_ENABLE] & VBE_ENABLED) {
            vbe_fix_geometry(s);
        }
        break;
    case VBE_BANK:
        s->vbe[index] = value & (uint16_t)((s->vram_size >> 16) - 1);
        break;
    case VBE_ENABLE:
        vbe_enable(s, value);
        break;
    default:
        log_guest_error("vga: write to DISPI register %u\n", index);
        break;
    }
}

/* Index at offset 0; data at 1 (as the ports were first defined) and at 2 (aligned). */
static uint64_t vbe_port_read(void *opaque, hwaddr offset, unsigned size)
{
    VGAState *s = opaque;

    return offset == 0 ? s->vbe_index : vbe_read(s, s->vbe_index);
}

static void vbe_port_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    VGAState *s = opaque;

    if (offset == 0) {
        s->vbe_index = (uint16_t)value;
    } else {
        vbe_write(s, s->vbe_index, (uint16_t)value);
    }
}

static const MemoryRegionOps vbe_port_ops = {
    .read = vbe_port_read,
    .write = vbe_port_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4, .unaligned = true},
    .impl = { .min_access_size = 2, .max_access_size = 2, .unaligned = true},
};

/* --- Life ------------------------------------------------------------------------- */

/* Each port region knows its first port by its place in the array. */
static const uint16_t port_base[] = { 0x3b4, 0x3ba, 0x3c0, 0x3d4, 0x3da };
static const uint8_t port_count[] = { 2, 1, 16, 2, 1 };

#define PORT_OPS(n)                                                              \
    static uint64_t port_read_##n(void *opaque, hwaddr offset, unsigned size)    \
    {                                                                            \
        return vga_port_read(opaque, port_base[n] + (uint32_t)offset);           \
    }                                                                            \
    static void port_write_##n(void *opaque, hwaddr offset, uint64_t value,      \
                               unsigned size)                                    \
    {                                                                            \
        vga_port_write(opaque, port_base[n] + (uint32_t)offset, (uint8_t)value); \
    }
PORT_OPS(0)
PORT_OPS(1)
PORT_OPS(2)
PORT_OPS(3)
PORT_OPS(4)

#define PORT_OPS_ROW(n)                                                             \
    {                                                                               \
        .read = port_read_##n, .write = port_write_##n,                             \
        .endianness = DEVICE_LITTLE_ENDIAN,                                         \
        .valid = { .min_access_size = 1, .max_access_size = 4, .unaligned = true }, \
        .impl = { .min_access_size = 1, .max_access_size = 1 },                     \
    }
static const MemoryRegionOps port_ops[] = { PORT_OPS_ROW(0), PORT_OPS_ROW(1),
                                            PORT_OPS_ROW(2), PORT_OPS_ROW(3),
                                            PORT_OPS_ROW(4) };

bool vga_init_memory(VGAState *s, Object *owner, uint32_t vram_size, Error **errp)
{
    s->owner = owner;
    s->vram_size = vram_size;
    return memory_region_init_ram(&s->vram, owner, "vga.vram", vram_size, errp);
}

bool vga_init(VGAState *s, Object *owner, uint32_t vram_size, Error **errp)
{
    if (!vga_init_memory(s, owner, vram_size, errp)) {
        return false;
    }
    memory_region_init_io(&s->lowmem, owner, &lowmem_ops, s, "vga-lowmem", 0x20000);
    memory_region_set_flush_coalesced(&s->lowmem);
    for (size_t i = 0; i < G_N_ELEMENTS(port_ops); i++) {
        memory_region_init_io(&s->ports[i], owner, &port_ops[i], s, "vga",
                              port_count[i]);
    }
    memory_region_init_io(&s->vbe_ports, owner, &vbe_port_ops, s, "vbe", 4);
    return true;
}

void vga_map_legacy(VGAState *s, MemoryRegion *mem, MemoryRegion *io)
{
    memory_region_add_subregion_overlap(mem, 0xa0000, &s->lowmem, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(port_ops); i++) {
        memory_region_add_subregion(io, port_base[i], &s->ports[i]);
    }
    memory_region_add_subregion(io, 0x1ce, &s->vbe_ports);
}

void vga_unmap_legacy(VGAState *s, MemoryRegion *mem, MemoryRegion *io)
{
    memory_region_del_subregion(mem, &s->lowmem);
    for (size_t i = 0; i < G_N_ELEMENTS(port_ops); i++) {
        memory_region_del_subregion(io, &s->ports[i]);
    }
    memory_region_del_subregion(io, &s->vbe_ports);
}

void vga_reset(VGAState *s)
{
    s->misc = s->feature = 0;
    s->seq_index = s->gfx_index = s->crtc_index = s->attr_index = 0;
    memset(s->seq, 0, sizeof(s->seq));
    memset(s->gfx, 0, sizeof(s->gfx));
    memset(s->crtc, 0, sizeof(s->crtc));
    memset(s->attr, 0, sizeof(s->attr));
    memset(s->dac, 0, sizeof(s->dac));
    memset(s->latch, 0, sizeof(s->latch));
    memset(s->vbe, 0, sizeof(s->vbe));
    s->attr_flip_flop = false;
    s->dac_mask = s->dac_state = s->dac_read_index = s->dac_write_index = s->dac_sub =
        0;
    s->vbe_index = 0;
    s->vbe[VBE_ID] = 0xb0c5;
    s->vbe[VBE_VIDEO_MEMORY_64K] = (uint16_t)(s->vram_size >> 16);
    s->vbe_start = s->vbe_line_bytes = 0;
}

static bool vga_post_load(void *opaque, int version_id, Error **errp)
{
    VGAState *s = opaque;

    if (s->seq_index >= VGA_NUM_SEQ || s->gfx_index >= VGA_NUM_GFX || s->dac_sub > 2) {
        return error_set(errp, "a VGA index is out of range");
    }
    /* Registers with fewer bits are indices elsewhere. */
    for (int i = 0; i < VGA_NUM_SEQ; i++) {
        s->seq[i] &= seq_mask[i];
    }
    for (int i = 0; i < VGA_NUM_GFX; i++) {
        s->gfx[i] &= gfx_mask[i];
    }
    if (s->vbe[VBE_ENABLE] & VBE_ENABLED) {
        vbe_fix_geometry(s);
    }
    return true;
}

const VMStateDescription vmstate_vga = {
    .name = "vga",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = vga_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(misc, VGAState),
                               VMSTATE_UINT8(feature, VGAState),
                               VMSTATE_UINT8(seq_index, VGAState),
                               VMSTATE_BUFFER(seq, VGAState),
                               VMSTATE_UINT8(gfx_index, VGAState),
                               VMSTATE_BUFFER(gfx, VGAState),
                               VMSTATE_UINT8(crtc_index, VGAState),
                               VMSTATE_BUFFER(crtc, VGAState),
                               VMSTATE_UINT8(attr_index, VGAState),
                               VMSTATE_BUFFER(attr, VGAState),
                               VMSTATE_BOOL(attr_flip_flop, VGAState),
                               VMSTATE_UINT8(dac_mask, VGAState),
                               VMSTATE_UINT8(dac_state, VGAState),
                               VMSTATE_UINT8(dac_read_index, VGAState),
                               VMSTATE_UINT8(dac_write_index, VGAState),
                               VMSTATE_UINT8(dac_sub, VGAState),
                               VMSTATE_BUFFER(dac_cache, VGAState),
                               VMSTATE_BUFFER(dac, VGAState),
                               VMSTATE_BUFFER(latch, VGAState),
                               VMSTATE_UINT16(vbe_index, VGAState),
                               VMSTATE_ARRAY(vbe, VGAState),
                               VMSTATE_END_OF_LIST(),
                               },
};
