/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From Cirrus registers and memory to pixels: packed modes of 8 to 32 bits and the
 * hardware cursor; everything else is the VGA's. Every address is taken modulo the size
 * of the memory.
 */
#include "hw/display/cirrus-internal.h"

#define HDR_FORMAT     0x0f
#define HDR_FORMAT_555 0x00
#define CURSOR_MEMORY  0x4000u /* at the end of memory */

static uint8_t memory_byte(CirrusState *s, uint64_t addr)
{
    const uint8_t *vram = memory_region_get_ram_ptr(&s->vga.vram);

    return vram[addr & (s->vga.vram_size - 1)];
}

/* --- Packed modes ------------------------------------------------------------ */

static unsigned pixel_bits(const CirrusState *s)
{
    static const uint8_t bits[8] = { 8, 16, 24, 16, 32, 8, 8, 8 }; /* SR7[3:1] */
    unsigned b = bits[SR_MODE_DEPTH(s->sr[SR_MODE])];

    return b == 16 && (s->hidden_dac & HDR_FORMAT) == HDR_FORMAT_555 ? 15 : b;
}

/* Start address, bits 16 to 19: CR1B[0], CR1B[3:2], CR1D[7]. In units of 4 bytes. */
static uint32_t start_address(const CirrusState *s)
{
    const uint8_t *c = s->vga.crtc;

    return (uint32_t)(c[0x0d] | c[0x0c] << 8 | (c[0x1b] & 0x01) << 16 |
                      (c[0x1b] & 0x0c) << 15 | (c[0x1d] & 0x80) << 12);
}

static uint32_t line_bytes(const CirrusState *s)
{
    return (uint32_t)(s->vga.crtc[0x13] | (s->vga.crtc[0x1b] & 0x10) << 4) * 8;
}

static unsigned vertical_end(const CirrusState *s)
{
    const uint8_t *c = s->vga.crtc;

    return (c[0x12] | (c[0x07] & 0x02) << 7 | (c[0x07] & 0x40) << 3) + 1u;
}

/* Five bits to eight, so that full is full. */
static uint32_t five(unsigned v)
{
    v &= 31;
    return v << 3 | v >> 2;
}

static uint32_t packed_pixel(CirrusState *s, uint64_t line, unsigned x, unsigned bits)
{
    uint64_t at = line + (uint64_t)x * ((bits + 7) / 8);
    unsigned v = memory_byte(s, at);

    if (bits == 8) {
        return vga_dac_color(&s->vga, (uint8_t)v);
    }
    v |= (unsigned)memory_byte(s, at + 1) << 8;
    if (bits == 15) {
        return five(v >> 10) << 16 | five(v >> 5) << 8 | five(v);
    }
    if (bits == 16) {
        unsigned green = v >> 5 & 63;
        return five(v >> 11) << 16 | (green << 2 | green >> 4) << 8 | five(v);
    }
    return v | (uint32_t)memory_byte(s, at + 2) << 16;
}

static DisplayPicture render_packed(CirrusState *s)
{
    unsigned bits = pixel_bits(s), repeat = s->vga.crtc[0x09] & 0x80 ? 2 : 1;
    DisplayPicture pic = { (s->vga.crtc[0x01] + 1) * 8, (int)(vertical_end(s) / repeat),
                           NULL };

    pic.pixels = g_new0(uint32_t, (size_t)pic.width * (size_t)pic.height);
    for (int y = 0; y < pic.height; y++) {
        uint64_t line = 4ull * start_address(s) + (uint64_t)y * line_bytes(s);
        for (int x = 0; x < pic.width; x++) {
            pic.pixels[y * pic.width + x] = packed_pixel(s, line, (unsigned)x, bits);
        }
    }
    return pic;
}

/* --- Cursor ------------------------------------------------------------------ */

typedef struct CursorMap {
    int size;
    uint64_t plane0, plane1; /* memory addresses */
    unsigned line_bytes;
} CursorMap;

/*
 * SR13 chooses one of 16 maps of 64 x 64 or 64 of 32 x 32 in the last 16 KiB. In the
 * large ones the planes take turns line by line; in the small ones one follows the
 * other.
 */
static CursorMap cursor_map(const CirrusState *s)
{
    uint64_t base = s->vga.vram_size - CURSOR_MEMORY;
    unsigned select = s->sr[SR_CURSOR_PATTERN];

    if (s->sr[SR_CURSOR_ATTR] & SR_CURSOR_ATTR_64) {
        base += (select & 0x3c) * 256u;
        return (CursorMap){ 64, base, base + 8, 16 };
    }
    base += (select & 0x3f) * 256u;
    return (CursorMap){ 32, base, base + 128, 4 };
}

static uint32_t cursor_color(const CirrusState *s, int which)
{
    const uint8_t *c = s->cursor_colors[which];
    uint32_t rgb = 0;

    for (int i = 0; i < 3; i++) {
        rgb = rgb << 8 | (uint32_t)((c[i] & 0x3f) << 2 | (c[i] & 0x3f) >> 4);
    }
    return rgb;
}

/* Planes 1 and 0: 00 transparent, 01 inverted, 10 background, 11 foreground. */
static void draw_cursor(CirrusState *s, DisplayPicture *pic)
{
    CursorMap map = cursor_map(s);

    for (int y = 0; y < map.size && s->cursor_y + y < pic->height; y++) {
        for (int x = 0; x < map.size && s->cursor_x + x < pic->width; x++) {
            unsigned at = (unsigned)y * map.line_bytes + (unsigned)x / 8;
            unsigned shift = 7 - (unsigned)x % 8;
            uint32_t *p =
                &pic->pixels[(s->cursor_y + y) * pic->width + s->cursor_x + x];
            bool plane0 = memory_byte(s, map.plane0 + at) >> shift & 1;
            bool plane1 = memory_byte(s, map.plane1 + at) >> shift & 1;
            if (plane1) {
                *p = cursor_color(s, plane0);
            } else if (plane0) {
                *p ^= 0xffffff;
            }
        }
    }
}

DisplayPicture cirrus_render(CirrusState *s)
{
    DisplayPicture pic =
        s->sr[SR_MODE] & SR_MODE_PACKED ? render_packed(s) : vga_render(&s->vga);

    if (s->sr[SR_CURSOR_ATTR] & SR_CURSOR_ATTR_ENABLE && pic.pixels) {
        draw_cursor(s, &pic);
    }
    return pic;
}
