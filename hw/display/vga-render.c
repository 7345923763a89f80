/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From VGA registers and memory to pixels. Every address is masked or bounded by the
 * size of the video memory: the registers are the guest's.
 */
#include "hw/display/vga-internal.h"

#include <string.h>

#define MAX_WIDTH  2048
#define MAX_HEIGHT 2048

uint32_t vga_dac_color(const VGAState *s, uint8_t index)
{
    const uint8_t *c = &s->dac[(index & s->dac_mask) * 3];

    if (s->vbe[VBE_ENABLE] & VBE_8BIT_DAC) {
        return (uint32_t)c[0] << 16 | (uint32_t)c[1] << 8 | c[2];
    }
    /* Six bits to eight, so that full is full. */
    return (uint32_t)(c[0] << 2 | c[0] >> 4) << 16 |
           (uint32_t)(c[1] << 2 | c[1] >> 4) << 8 | (uint32_t)(c[2] << 2 | c[2] >> 4);
}

/* A four-bit attribute through the palette and the colour select register. */
static uint32_t attr_color(const VGAState *s, unsigned attr)
{
    uint8_t v = s->attr[attr & 0x0f];

    if (s->attr[0x10] & 0x80) {
        v = (uint8_t)((v & 0x0f) | (s->attr[0x14] & 3) << 4);
    }
    return vga_dac_color(s, (uint8_t)((v & 0x3f) | (s->attr[0x14] & 0x0c) << 4));
}

static uint8_t vram_byte(const VGAState *s, const uint8_t *vram, uint64_t offset)
{
    return vram[offset & (s->vram_size - 1)];
}

static unsigned vertical_end(const VGAState *s)
{
    return (s->crtc[0x12] | (s->crtc[0x07] & 0x02) << 7 | (s->crtc[0x07] & 0x40) << 3) +
           1u;
}

static unsigned start_address(const VGAState *s)
{
    return (unsigned)(s->crtc[0x0d] | s->crtc[0x0c] << 8);
}

static DisplayPicture new_picture(unsigned width, unsigned height)
{
    DisplayPicture pic = { (int)MIN(width, MAX_WIDTH), (int)MIN(height, MAX_HEIGHT),
                           NULL };

    pic.pixels = g_new0(uint32_t, (size_t)pic.width * pic.height);
    return pic;
}

/* --- Text ------------------------------------------------------------------------- */

typedef struct TextMode {
    unsigned columns, rows, cell_width, cell_height, line_cells;
    unsigned font[2]; /* plane-2 offsets of maps B and A */
} TextMode;

static unsigned font_offset(unsigned select)
{
    /* Bits in the order of the character map select register: 0-3 even, 4-7 odd 8 KiB.
     */
    return (select & 3) * 0x4000 + (select & 4 ? 0x2000 : 0);
}

static TextMode text_mode(const VGAState *s)
{
    unsigned map = s->seq[3];
    TextMode t = {
        .columns = s->crtc[0x01] + 1u,
        .cell_height = (s->crtc[0x09] & 0x1fu) + 1,
        .cell_width = s->seq[1] & 1 ? 8 : 9,
        .line_cells = s->crtc[0x13] * 2u,
        .font = {font_offset((map & 3) | (map >> 4 & 1) << 2),
                 font_offset((map >> 2 & 3) | (map >> 5 & 1) << 2)},
    };

    t.rows = vertical_end(s) / t.cell_height;
    return t;
}

static void draw_cell(const VGAState *s, const uint8_t *vram, const TextMode *t,
                      DisplayPicture *pic, unsigned x, unsigned y, uint8_t ch,
                      uint8_t attr)
{
    uint32_t fg = attr_color(s, attr & 0x0f);
    uint32_t bg = attr_color(s, attr >> 4 & (s->attr[0x10] & 0x08 ? 7 : 15));
    unsigned font = t->font[attr >> 3 & 1];

    for (unsigned row = 0; row < t->cell_height; row++) {
        uint8_t bits = vram_byte(s, vram, 4ull * (font + ch * 32u + row) + 2);
        for (unsigned col = 0; col < t->cell_width; col++) {
            /* The ninth column repeats the eighth for line graphics. */
            bool on = col < 8
                          ? bits >> (7 - col) & 1
                          : ch >= 0xc0 && ch <= 0xdf && s->attr[0x10] & 4 && bits & 1;
            unsigned px = x * t->cell_width + col, py = y * t->cell_height + row;
            if (px < (unsigned)pic->width && py < (unsigned)pic->height) {
                pic->pixels[py * (unsigned)pic->width + px] = on ? fg : bg;
            }
        }
    }
}

static void draw_cursor(const VGAState *s, const TextMode *t, DisplayPicture *pic)
{
    unsigned cell = (unsigned)(s->crtc[0x0f] | s->crtc[0x0e] << 8) - start_address(s);
    unsigned first = s->crtc[0x0a] & 0x1f, last = s->crtc[0x0b] & 0x1f;

    if (s->crtc[0x0a] & 0x20 || !t->line_cells) {
        return;
    }
    unsigned x = cell % t->line_cells, y = cell / t->line_cells;
    for (unsigned row = first; row <= last && row < t->cell_height; row++) {
        for (unsigned col = 0; col < t->cell_width; col++) {
            unsigned px = x * t->cell_width + col, py = y * t->cell_height + row;
            if (px < (unsigned)pic->width && py < (unsigned)pic->height) {
                pic->pixels[py * (unsigned)pic->width + px] = attr_color(s, 7);
            }
        }
    }
}

static DisplayPicture render_text(const VGAState *s, const uint8_t *vram)
{
    TextMode t = text_mode(s);
    DisplayPicture pic = new_picture(t.columns * t.cell_width, t.rows * t.cell_height);

    for (unsigned y = 0; y < t.rows; y++) {
        for (unsigned x = 0; x < t.columns; x++) {
            /* Character and attribute are planes 0 and 1 of every second address. */
            uint64_t cell = 8ull * (start_address(s) + y * t.line_cells + x);
            draw_cell(s, vram, &t, &pic, x, y, vram_byte(s, vram, cell),
                      vram_byte(s, vram, cell + 1));
        }
    }
    draw_cursor(s, &t, &pic);
    return pic;
}

/* --- Graphics --------------------------------------------------------------------- */

/* One pixel of a line that begins at plane address @line. */
static uint32_t graphics_pixel(const VGAState *s, const uint8_t *vram, uint64_t line,
                               unsigned x)
{
    unsigned shift_mode = s->gfx[5] >> 5 & 3;

    if (shift_mode >= 2) { /* 256 colours */
        return vga_dac_color(s, vram_byte(s, vram, line * 4 + x));
    }
    if (shift_mode == 1) { /* CGA: two bits a pixel, planes 0 and 1 by turns */
        unsigned byte = x / 4;
        uint8_t v = vram_byte(s, vram, (line + (byte & ~1u)) * 4 + (byte & 1));
        return attr_color(s, v >> (6 - 2 * (x & 3)) & 3);
    }
    unsigned color = 0;
    for (unsigned p = 0; p < 4; p++) {
        uint8_t v = vram_byte(s, vram, (line + x / 8) * 4 + p);
        color |= (v >> (7 - (x & 7)) & 1u) << p;
    }
    return attr_color(s, color & s->attr[0x12]);
}

static DisplayPicture render_graphics(const VGAState *s, const uint8_t *vram)
{
    unsigned lines = vertical_end(s);
    unsigned repeat = (s->crtc[0x09] & 0x80 ? 2u : 1u) * ((s->crtc[0x09] & 0x1fu) + 1);
    bool wide = (s->gfx[5] >> 5 & 3) >= 2; /* 256-colour pixels are two dots */
    unsigned width = (s->crtc[0x01] + 1u) * (wide ? 4 : 8);
    unsigned pitch = s->crtc[0x13] * 2u;
    DisplayPicture pic = new_picture(width, lines / repeat);

    for (unsigned y = 0; y < (unsigned)pic.height; y++) {
        uint64_t line = start_address(s) + (uint64_t)y * pitch;
        if (!(s->crtc[0x17] & 1)) { /* CGA: odd lines 8 KiB further */
            line = start_address(s) + (uint64_t)(y / 2) * pitch + (y & 1 ? 0x2000 : 0);
        }
        for (unsigned x = 0; x < (unsigned)pic.width; x++) {
            pic.pixels[y * (unsigned)pic.width + x] = graphics_pixel(s, vram, line, x);
        }
    }
    return pic;
}

/* --- DISPI ------------------------------------------------------------------------ */

static uint32_t linear_pixel(const VGAState *s, const uint8_t *vram, uint64_t line,
                             unsigned x)
{
    uint64_t o;
    unsigned v;

    switch (s->vbe[VBE_BPP]) {
    case 4:
        return graphics_pixel(s, vram, line / 4, x);
    case 8:
        return vga_dac_color(s, vram_byte(s, vram, line + x));
    case 15:
    case 16:
        o = line + 2ull * x;
        v = vram_byte(s, vram, o + s->big_endian) |
            (unsigned)vram_byte(s, vram, o + !s->big_endian) << 8;
        if (s->vbe[VBE_BPP] == 15) {
            return (v >> 10 & 31) << 19 | (v >> 5 & 31) << 11 | (v & 31) << 3;
        }
        return (v >> 11 & 31) << 19 | (v >> 5 & 63) << 10 | (v & 31) << 3;
    default:
        o = line + (s->vbe[VBE_BPP] == 24 ? 3ull : 4ull) * x;
        if (s->big_endian) {
            o += s->vbe[VBE_BPP] == 24 ? 0 : 1;
            return (uint32_t)vram_byte(s, vram, o) << 16 |
                   (uint32_t)vram_byte(s, vram, o + 1) << 8 | vram_byte(s, vram, o + 2);
        }
        return vram_byte(s, vram, o) | (uint32_t)vram_byte(s, vram, o + 1) << 8 |
               (uint32_t)vram_byte(s, vram, o + 2) << 16;
    }
}

static DisplayPicture render_linear(const VGAState *s, const uint8_t *vram)
{
    DisplayPicture pic = { s->vbe[VBE_XRES], s->vbe[VBE_YRES], NULL };

    pic.pixels = g_try_new0(uint32_t, (size_t)pic.width * pic.height);
    if (!pic.pixels) {
        return (DisplayPicture){ 0, 0, NULL };
    }
    for (int y = 0; y < pic.height; y++) {
        uint64_t line = s->vbe_start + (uint64_t)y * s->vbe_line_bytes;
        for (int x = 0; x < pic.width; x++) {
            pic.pixels[y * pic.width + x] = linear_pixel(s, vram, line, (unsigned)x);
        }
    }
    return pic;
}

DisplayPicture vga_render(VGAState *s)
{
    const uint8_t *vram = memory_region_get_ram_ptr(&s->vram);

    if (s->vbe[VBE_ENABLE] & VBE_ENABLED) {
        return render_linear(s, vram);
    }
    /* The screen is blank while the palette is open for the CPU. */
    if (!(s->attr_index & 0x20)) {
        return new_picture(640, 480);
    }
    return s->gfx[6] & 1 ? render_graphics(s, vram) : render_text(s, vram);
}
