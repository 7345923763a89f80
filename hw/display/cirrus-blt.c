/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BitBLT engine of the CL-GD5446 (Technical Reference Manual, chapter "BitBLT Engine",
 * registers GR0/1, GR10-15, GR20-39). A BLT works line by line: the line's source is
 * fetched, expanded or taken from the pattern into a buffer of colour bytes, then
 * combined with the destination. With the source in display memory a BLT is over when
 * the write that starts it returns; with the source from the processor it waits for the
 * data, and a line is drawn when it is complete.
 *
 * Every address is taken modulo the size of the memory, and the registers bound a BLT
 * to 2048 lines of 8192 bytes. Not modelled: BLTs to system memory (refused, with a
 * line in the log), line draw, and the time that a BLT takes.
 */
#include "hw/display/cirrus-internal.h"
#include "util/log.h"

#include <string.h>

#define PATTERN_SIZE 8 /* pixels and lines */

/* What the registers ask for. */
typedef struct Blt {
    uint32_t width, height; /* bytes, lines */
    uint32_t dest, source;
    uint32_t dest_pitch, source_pitch;
    unsigned pixel_bytes, skip; /* pixels not drawn at the left */
    uint8_t mode, ext, rop;
    uint8_t fg[4], bg[4];
} Blt;

/* One line on its way: colours, and which bytes are drawn at all. */
typedef struct BltLine {
    uint8_t color[CIRRUS_BLT_MAX_WIDTH];
    bool draw[CIRRUS_BLT_MAX_WIDTH];
} BltLine;

static Blt read_registers(const CirrusState *s)
{
    Blt b = {
        .width = (cirrus_gr16(s, GR_BLT_WIDTH) & 0x1fff) + 1,
        .height = (cirrus_gr16(s, GR_BLT_HEIGHT) & 0x7ff) + 1,
        .dest = cirrus_gr24(s, GR_BLT_DEST) & 0x3fffff,
        .source = cirrus_gr24(s, GR_BLT_SOURCE) & 0x3fffff,
        .dest_pitch = cirrus_gr16(s, GR_BLT_DEST_PITCH) & 0x1fff,
        .source_pitch = cirrus_gr16(s, GR_BLT_SOURCE_PITCH) & 0x1fff,
        .pixel_bytes = ((s->gr[GR_BLT_MODE] & BLT_MODE_PIXEL_WIDTH) >> 4) + 1u,
        .mode = s->gr[GR_BLT_MODE],
        .ext = s->gr[GR_BLT_MODE_EXT],
        .rop = s->gr[GR_BLT_ROP],
        .bg = {s->gr[GR_BACKGROUND_0],  s->gr[GR_BACKGROUND_1], s->gr[GR_BACKGROUND_2],
               s->gr[GR_BACKGROUND_3]},
        .fg = { s->gr[GR_FOREGROUND_0], s->gr[GR_FOREGROUND_1], s->gr[GR_FOREGROUND_2],
               s->gr[GR_FOREGROUND_3]},
    };

    /* In 24 bits the field counts bytes (patterns are 32 bytes a line). */
    b.skip = b.pixel_bytes == 3 ? (s->gr[GR_BLT_LEFT_SKIP] & 0x1fu) / 3
                                : s->gr[GR_BLT_LEFT_SKIP] & 7u;
    return b;
}

/* --- Source of one line ------------------------------------------------------ */

static uint8_t memory_byte(CirrusState *s, uint32_t addr)
{
    const uint8_t *vram = memory_region_get_ram_ptr(&s->vga.vram);

    return vram[addr & (s->vga.vram_size - 1)];
}

static void put_pixel(BltLine *line, const Blt *b, uint32_t at, const uint8_t *color)
{
    for (unsigned i = 0; i < b->pixel_bytes && at + i < b->width; i++) {
        line->color[at + i] = color[i];
        line->draw[at + i] = true;
    }
}

/*
 * Pixel @x of a line whose bits say foreground or background. A transparent line leaves
 * out the zeros, or, inverted, the ones and draws the zeros in the background colour.
 */
static void put_bit(BltLine *line, const Blt *b, uint32_t x, bool bit)
{
    bool left_out = b->ext & BLT_EXT_INVERT;

    if (!(b->mode & BLT_MODE_TRANSPARENT) || bit != left_out) {
        put_pixel(line, b, x * b->pixel_bytes, bit ? b->fg : b->bg);
    }
}

static uint32_t line_pixels(const Blt *b)
{
    return (b->width + b->pixel_bytes - 1) / b->pixel_bytes;
}

/* Bytes of mono source that a line takes. */
static uint32_t mono_line_bytes(const Blt *b)
{
    uint32_t bytes = (line_pixels(b) + 7) / 8;

    return b->ext & BLT_EXT_DWORD_GRANULES ? (bytes + 3) & ~3u : bytes;
}

static void expand_line(const Blt *b, const uint8_t *bits, BltLine *line)
{
    for (uint32_t x = b->skip; x < line_pixels(b); x++) {
        put_bit(line, b, x, bits[x / 8] >> (7 - x % 8) & 1);
    }
}

static void solid_line(const Blt *b, BltLine *line)
{
    for (uint32_t x = b->skip; x < line_pixels(b); x++) {
        put_pixel(line, b, x * b->pixel_bytes, b->fg);
    }
}

static void copy_line(const Blt *b, const uint8_t *data, BltLine *line)
{
    memcpy(line->color, data, b->width);
    memset(line->draw, true, b->width);
}

/* A pattern's line is 8 pixels; those of 3 bytes take the room of 4. */
static unsigned pattern_line_bytes(const Blt *b)
{
    if (b->mode & BLT_MODE_EXPAND) {
        return 1;
    }
    return PATTERN_SIZE * (b->pixel_bytes == 3 ? 4 : b->pixel_bytes);
}

/* @pattern is all of it; the low bits of the source address choose the first line. */
static void pattern_line(const Blt *b, const uint8_t *pattern, uint32_t y,
                         BltLine *line)
{
    const uint8_t *row = pattern + pattern_line_bytes(b) * ((y + b->source) & 7);

    for (uint32_t x = b->skip; x < line_pixels(b); x++) {
        if (b->mode & BLT_MODE_EXPAND) {
            put_bit(line, b, x, row[0] >> (7 - x % 8) & 1);
        } else {
            put_pixel(line, b, x * b->pixel_bytes, row + x % 8 * b->pixel_bytes);
        }
    }
}

/* --- Combination with the destination --------------------------------------- */

/* GR32: named by what they make of source and destination. */
static uint8_t combine(uint8_t rop, uint8_t src, uint8_t dst)
{
    switch (rop) {
    case 0x00:
        return 0;
    case 0x05:
        return src & dst;
    case 0x06:
        return dst;
    case 0x09:
        return src & ~dst;
    case 0x0b:
        return (uint8_t)~dst;
    case 0x0d:
        return src;
    case 0x0e:
        return 0xff;
    case 0x50:
        return ~src & dst;
    case 0x59:
        return src ^ dst;
    case 0x6d:
        return src | dst;
    case 0x90:
        return (uint8_t) ~(src | dst);
    case 0x95:
        return (uint8_t) ~(src ^ dst);
    case 0xad:
        return (uint8_t)(src | ~dst);
    case 0xd0:
        return (uint8_t)~src;
    case 0xd6:
        return (uint8_t)(~src | dst);
    case 0xda:
        return (uint8_t) ~(src & dst);
    default:
        return dst;
    }
}

/*
 * Transparency of colours: pixels that equal the key are not drawn. For pixels of 8 and
 * 16 bits only.
 */
static void mask_key(const CirrusState *s, const Blt *b, BltLine *line)
{
    if (!(b->mode & BLT_MODE_TRANSPARENT) || b->mode & BLT_MODE_EXPAND ||
        b->pixel_bytes > 2) {
        return;
    }
    for (uint32_t x = 0; x + b->pixel_bytes <= b->width; x += b->pixel_bytes) {
        bool same = true;
        for (unsigned i = 0; i < b->pixel_bytes; i++) {
            same &= line->color[x + i] == s->gr[GR_BLT_KEY + i];
        }
        for (unsigned i = 0; same && i < b->pixel_bytes; i++) {
            line->draw[x + i] = false;
        }
    }
}

static void mark_dirty(CirrusState *s, uint32_t start, uint32_t len)
{
    uint32_t size = s->vga.vram_size, first = MIN(len, size - start);

    memory_region_set_dirty(&s->vga.vram, start, first);
    if (len > first) {
        memory_region_set_dirty(&s->vga.vram, 0, len - first);
    }
}

static void draw_line(CirrusState *s, const Blt *b, uint32_t y, BltLine *line)
{
    uint8_t *vram = memory_region_get_ram_ptr(&s->vga.vram);
    uint32_t mask = s->vga.vram_size - 1;
    uint32_t start = b->mode & BLT_MODE_BACKWARDS
                         ? b->dest - y * b->dest_pitch - (b->width - 1)
                         : b->dest + y * b->dest_pitch;

    mask_key(s, b, line);
    for (uint32_t x = 0; x < b->width; x++) {
        if (line->draw[x]) {
            uint8_t *d = &vram[(start + x) & mask];
            *d = combine(b->rop, line->color[x], *d);
        }
    }
    mark_dirty(s, start & mask, b->width);
}

/* --- BLTs with the source in display memory ---------------------------------- */

static void fetch(CirrusState *s, uint32_t addr, uint8_t *data, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        data[i] = memory_byte(s, addr + i);
    }
}

static void draw_pattern(CirrusState *s, const Blt *b, const uint8_t *pattern)
{
    for (uint32_t y = 0; y < b->height; y++) {
        BltLine line;
        memset(line.draw, false, b->width);
        pattern_line(b, pattern, y, &line);
        draw_line(s, b, y, &line);
    }
}

static void blt_pattern(CirrusState *s, const Blt *b)
{
    uint8_t pattern[PATTERN_SIZE * 32];
    uint32_t bytes = PATTERN_SIZE * pattern_line_bytes(b);

    fetch(s, b->source & ~(bytes - 1) & ~7u, pattern, bytes);
    draw_pattern(s, b, pattern);
}

static void blt_solid(CirrusState *s, const Blt *b)
{
    for (uint32_t y = 0; y < b->height; y++) {
        BltLine line;
        memset(line.draw, false, b->width);
        solid_line(b, &line);
        draw_line(s, b, y, &line);
    }
}

/* Lines of mono source follow each other without a pitch. */
static void blt_expand(CirrusState *s, const Blt *b)
{
    uint8_t bits[CIRRUS_BLT_MAX_WIDTH / 8 + 4];

    for (uint32_t y = 0; y < b->height; y++) {
        BltLine line;
        memset(line.draw, false, b->width);
        fetch(s, b->source + y * mono_line_bytes(b), bits, mono_line_bytes(b));
        expand_line(b, bits, &line);
        draw_line(s, b, y, &line);
    }
}

static void blt_copy(CirrusState *s, const Blt *b)
{
    bool back = b->mode & BLT_MODE_BACKWARDS;

    for (uint32_t y = 0; y < b->height; y++) {
        BltLine line;
        uint32_t source = back ? b->source - y * b->source_pitch - (b->width - 1)
                               : b->source + y * b->source_pitch;
        memset(line.draw, true, b->width);
        fetch(s, source, line.color, b->width);
        draw_line(s, b, y, &line);
    }
}

/* --- BLTs with the source from the processor --------------------------------- */

static uint32_t system_line_bytes(const Blt *b)
{
    if (b->mode & BLT_MODE_PATTERN) {
        return PATTERN_SIZE * pattern_line_bytes(b);
    }
    return b->mode & BLT_MODE_EXPAND ? mono_line_bytes(b) : (b->width + 3) & ~3u;
}

static void start_from_system(CirrusState *s, const Blt *b)
{
    s->blt_from_system = true;
    s->blt_line_bytes = system_line_bytes(b);
    s->blt_lines_left = b->mode & BLT_MODE_PATTERN ? 1 : b->height;
    s->blt_line_have = s->blt_line = 0;
    cirrus_update_mappings(s);
}

static void finish(CirrusState *s)
{
    s->gr[GR_BLT_START] &=
        (uint8_t) ~(BLT_START_BUSY | BLT_START_GO | BLT_START_IN_PROGRESS);
    if (s->blt_from_system) {
        s->blt_from_system = false;
        cirrus_update_mappings(s);
    }
}

/* A line of source is complete. The registers may have changed since the start. */
static void draw_system_line(CirrusState *s)
{
    Blt b = read_registers(s);
    BltLine line;

    if (b.mode & BLT_MODE_PATTERN) {
        draw_pattern(s, &b, s->blt_data);
        return;
    }
    memset(line.draw, false, b.width);
    if (b.mode & BLT_MODE_EXPAND) {
        expand_line(&b, s->blt_data, &line);
    } else {
        copy_line(&b, s->blt_data, &line);
    }
    draw_line(s, &b, s->blt_line, &line);
}

void cirrus_blt_feed(CirrusState *s, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size && s->blt_from_system; i++) {
        s->blt_data[s->blt_line_have++] = (uint8_t)(value >> 8 * i);
        if (s->blt_line_have < s->blt_line_bytes) {
            continue;
        }
        draw_system_line(s);
        s->blt_line_have = 0;
        s->blt_line++;
        if (--s->blt_lines_left == 0) {
            finish(s);
        }
    }
}

bool cirrus_blt_state_is_valid(const CirrusState *s)
{
    return !s->blt_from_system ||
           (s->blt_line_bytes && s->blt_line_bytes <= CIRRUS_BLT_MAX_WIDTH &&
            s->blt_line_have < s->blt_line_bytes && s->blt_lines_left &&
            s->blt_lines_left <= 0x800 && s->blt_line < 0x800);
}

/* --- Control ----------------------------------------------------------------- */

static void start(CirrusState *s)
{
    Blt b = read_registers(s);

    s->gr[GR_BLT_START] |= BLT_START_BUSY | BLT_START_GO;
    if (!s->has_blitter || b.mode & BLT_MODE_TO_SYSTEM) {
        log_guest_error("cirrus: BLT of mode %02x is not done\n", b.mode);
        finish(s);
    } else if (b.mode & BLT_MODE_FROM_SYSTEM) {
        start_from_system(s, &b);
    } else {
        if (b.ext & BLT_EXT_SOLID_FILL && b.mode & BLT_MODE_PATTERN &&
            b.mode & BLT_MODE_EXPAND) {
            blt_solid(s, &b);
        } else if (b.mode & BLT_MODE_PATTERN) {
            blt_pattern(s, &b);
        } else if (b.mode & BLT_MODE_EXPAND) {
            blt_expand(s, &b);
        } else {
            blt_copy(s, &b);
        }
        finish(s);
    }
}

void cirrus_blt_control(CirrusState *s, uint8_t value)
{
    uint8_t old = s->gr[GR_BLT_START];

    s->gr[GR_BLT_START] =
        (uint8_t)((value & ~(BLT_START_BUSY | BLT_START_IN_PROGRESS)) |
                  (old & (BLT_START_BUSY | BLT_START_IN_PROGRESS)));
    if (old & BLT_START_RESET && !(value & BLT_START_RESET)) {
        cirrus_blt_reset(s);
    } else if (!(old & BLT_START_GO) && value & BLT_START_GO) {
        start(s);
    }
}

void cirrus_blt_dest_written(CirrusState *s)
{
    if (s->gr[GR_BLT_START] & BLT_START_AUTO && !s->blt_from_system) {
        start(s);
    }
}

void cirrus_blt_reset(CirrusState *s)
{
    s->gr[GR_BLT_START] &= (uint8_t) ~(BLT_START_BUSY | BLT_START_GO |
                                       BLT_START_IN_PROGRESS | BLT_START_RESET);
    s->blt_line_bytes = s->blt_line_have = s->blt_lines_left = s->blt_line = 0;
    if (s->blt_from_system) {
        s->blt_from_system = false;
        cirrus_update_mappings(s);
    }
}
