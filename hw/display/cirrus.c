/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cirrus Logic CL-GD5446 VisualMedia accelerator. Source: "CL-GD5446 Technical
 * Reference Manual", chapters "Extension Registers", "Host Access" and "PCI
 * Configuration Registers"; the VGA core is that of vga.c.
 *
 * Board interface: see cirrus-pci.c and cirrus-isa.c. Ports 3b0-3df, the window at
 * a0000, display memory linearly with an aperture for BLT data 16 MiB behind it, and
 * 4 KiB of registers.
 *
 * Not modelled: video windows and overlays, DDC, clock synthesis (the registers are
 * kept), the eight-byte latches of the write modes, 16-colour modes beyond the VGA's
 * sizes. SR6 locks nothing: what guests do while locked is what they do unlocked.
 */
#include "hw/display/cirrus-internal.h"
#include "util/log.h"

#include <string.h>

#define PORTS_BASE     0x3b0
#define WINDOW_SIZE    0x20000u
#define BANK_SIZE      0x8000u
#define MMIO_IN_WINDOW 0x18000u /* b8000 */
#define MMIO_BLT       0x100u   /* in the register BAR */
#define CHIP_ID        0xb8     /* CR27 */
#define UNLOCKED       0x12
#define LOCKED         0x0f
#define HIDDEN_READS   4

/* --- Addresses in display memory --------------------------------------------- */

static bool is_packed(const CirrusState *s)
{
    return s->sr[SR_MODE] & SR_MODE_PACKED;
}

/* Byte that offset register GR9 or GRA adds to an address of the window. */
static uint32_t bank_offset(const CirrusState *s, unsigned bank)
{
    unsigned shift = s->gr[GR_EXTENSIONS] & GR_EXT_BANK_16K ? 14 : 12;

    return (uint32_t)s->gr[bank ? GR_OFFSET_1 : GR_OFFSET_0] << shift;
}

static bool has_two_banks(const CirrusState *s)
{
    return s->gr[GR_EXTENSIONS] & GR_EXT_TWO_BANKS;
}

/* The write modes 4 and 5 draw eight pixels for a byte. */
static bool is_drawing_mode(const CirrusState *s)
{
    unsigned mode = s->gr[GR_WRITE_MODE] & 7;

    return s->gr[GR_EXTENSIONS] & GR_EXT_WRITE_MODES && (mode == 4 || mode == 5);
}

/* By-8 or, for pixels of 16 bits, by-16 addressing. */
static unsigned address_shift(const CirrusState *s)
{
    uint8_t ext = s->gr[GR_EXTENSIONS];

    if ((ext & (GR_EXT_16BPP | GR_EXT_WRITE_MODES)) ==
        (GR_EXT_16BPP | GR_EXT_WRITE_MODES)) {
        return 4;
    }
    return ext & GR_EXT_BY8 ? 3 : 0;
}

/* Does a store to memory mean just that? */
static bool is_direct(const CirrusState *s)
{
    return !s->blt_from_system && !is_drawing_mode(s) && !address_shift(s);
}

/* The window at a0000: 64 KiB there, as GR6[3:2] = 1 says. */
static bool window_is_64k(const CirrusState *s)
{
    return (s->vga.gfx[6] >> 2 & 3) == 1;
}

static void map_linear(CirrusState *s, bool on)
{
    MemoryRegion *bar = s->linear_bar;

    if (!bar || on == memory_region_is_mapped(&s->vga.vram)) {
        return;
    }
    if (on) {
        memory_region_add_subregion_overlap(bar, 0, &s->vga.vram, 1);
    } else {
        memory_region_del_subregion(bar, &s->vga.vram);
    }
}

void cirrus_update_mappings(CirrusState *s)
{
    bool direct = is_direct(s), banks = direct && is_packed(s) && window_is_64k(s);

    memory_region_transaction_begin();
    for (unsigned i = 0; i < 2; i++) {
        uint32_t offset =
            has_two_banks(s) ? bank_offset(s, i) : bank_offset(s, 0) + i * BANK_SIZE;
        bool on = banks && offset + BANK_SIZE <= s->vga.vram_size;
        if (on) {
            memory_region_set_alias_offset(&s->bank[i], offset);
        }
        memory_region_set_enabled(&s->bank[i], on);
    }
    /* Until a driver comes memory is behind the registers. */
    map_linear(s, direct && s->sr[SR_UNLOCK] == UNLOCKED);
    memory_region_transaction_commit();
}

/* --- Write modes 4 and 5 ----------------------------------------------------- */

/*
 * Bits of @value, from bit 7 on, choose pixels: ones take the foreground colour, zeros
 * the background in mode 5 and stay in mode 4. SR2 masks pixels.
 */
static void draw_pixels(CirrusState *s, uint32_t addr, uint8_t value)
{
    uint8_t *vram = memory_region_get_ram_ptr(&s->vga.vram);
    unsigned bytes = s->gr[GR_EXTENSIONS] & GR_EXT_16BPP ? 2 : 1;
    bool opaque = (s->gr[GR_WRITE_MODE] & 7) == 5;
    uint32_t mask = s->vga.vram_size - 1;

    addr &= mask;
    for (unsigned x = 0; x < 8; x++) {
        bool bit = value >> (7 - x) & 1;
        if (!bit && !opaque) {
            continue;
        }
        for (unsigned i = 0; i < bytes; i++) {
            unsigned reg = (i ? GR_BACKGROUND_1 : GR_BACKGROUND_0) + bit;
            vram[(addr + x * bytes + i) & mask] = s->gr[reg];
        }
    }
    memory_region_set_dirty(&s->vga.vram, addr,
                            MIN(8 * bytes, s->vga.vram_size - addr));
    if (addr + 8 * bytes > s->vga.vram_size) {
        memory_region_set_dirty(&s->vga.vram, 0, 8 * bytes);
    }
}

/* A byte of packed memory, at a linear address before by-8 scaling. */
static void packed_write(CirrusState *s, uint32_t addr, uint8_t value)
{
    uint8_t *vram = memory_region_get_ram_ptr(&s->vga.vram);

    addr <<= address_shift(s);
    if (is_drawing_mode(s)) {
        draw_pixels(s, addr, value);
        return;
    }
    addr &= s->vga.vram_size - 1;
    vram[addr] = value;
    memory_region_set_dirty(&s->vga.vram, addr, 1);
}

static uint8_t packed_read(CirrusState *s, uint32_t addr)
{
    uint8_t *vram = memory_region_get_ram_ptr(&s->vga.vram);

    return vram[(addr << address_shift(s)) & (s->vga.vram_size - 1)];
}

/* --- Graphics registers ------------------------------------------------------ */

/* Bits that exist from GR9 on; 0: no such register. */
static const uint8_t gr_mask[CIRRUS_NUM_GR] = {
    [GR_OFFSET_0] = 0xff,
    [GR_OFFSET_1] = 0xff,
    [GR_EXTENSIONS] = 0xff,
    [0x0c] = 0xff, /* colour key compare */
    [0x0d] = 0xff, /* and mask */
    [0x0e] = 0xff, /* power management */
    [GR_BACKGROUND_1] = 0xff,
    [GR_FOREGROUND_1] = 0xff,
    [GR_BACKGROUND_2] = 0xff,
    [GR_FOREGROUND_2] = 0xff,
    [GR_BACKGROUND_3] = 0xff,
    [GR_FOREGROUND_3] = 0xff,
    [GR_BLT_WIDTH] = 0xff,
    [GR_BLT_WIDTH + 1] = 0x1f,
    [GR_BLT_HEIGHT] = 0xff,
    [GR_BLT_HEIGHT + 1] = 0x1f, /* the engine takes three */
    [GR_BLT_DEST_PITCH] = 0xff,
    [GR_BLT_DEST_PITCH + 1] = 0x1f,
    [GR_BLT_SOURCE_PITCH] = 0xff,
    [GR_BLT_SOURCE_PITCH + 1] = 0x1f,
    [GR_BLT_DEST] = 0xff,
    [GR_BLT_DEST + 1] = 0xff,
    [GR_BLT_DEST + 2] = 0x3f,
    [GR_BLT_SOURCE] = 0xff,
    [GR_BLT_SOURCE + 1] = 0xff,
    [GR_BLT_SOURCE + 2] = 0x3f,
    [GR_BLT_LEFT_SKIP] = 0xff,
    [GR_BLT_MODE] = 0xff,
    [GR_BLT_ROP] = 0xff,
    [GR_BLT_MODE_EXT] = 0xff,
    [GR_BLT_KEY] = 0xff,
    [GR_BLT_KEY + 1] = 0xff,
    [GR_BLT_KEY_MASK] = 0xff,
    [GR_BLT_KEY_MASK + 1] = 0xff,
};

static uint8_t gr_read(CirrusState *s, unsigned index)
{
    switch (index) {
    case GR_BACKGROUND_0:
    case GR_FOREGROUND_0:
    case GR_WRITE_MODE:
        return s->gr[index];
    case 0x02 ... 0x04:
    case 0x06 ... 0x08:
        return s->vga.gfx[index];
    default:
        return index < CIRRUS_NUM_GR ? s->gr[index] : 0xff;
    }
}

static void gr_write(CirrusState *s, unsigned index, uint8_t value)
{
    if (index >= CIRRUS_NUM_GR) {
        return;
    }
    if (index <= 8) { /* the VGA has some bits of them */
        s->gr[index] = index == GR_WRITE_MODE ? value & 0x7f : value;
        s->vga.gfx_index = (uint8_t)index;
        vga_port_write(&s->vga, 0x3cf, value);
        if (index == GR_WRITE_MODE || index == 6) {
            cirrus_update_mappings(s);
        }
    } else if (index == GR_BLT_START) {
        cirrus_blt_control(s, value);
    } else if (gr_mask[index]) {
        s->gr[index] = value & gr_mask[index];
        if (index <= GR_EXTENSIONS) {
            cirrus_update_mappings(s);
        } else if (index == GR_BLT_DEST + 2) {
            cirrus_blt_dest_written(s);
        }
    }
}

/* --- Sequencer registers ----------------------------------------------------- */

static uint8_t sr_read(CirrusState *s)
{
    unsigned index = s->seq_index;

    switch (index & 0x1f) {
    case SR_CURSOR_X:
        return (uint8_t)(s->cursor_x >> 3);
    case SR_CURSOR_Y:
        return (uint8_t)(s->cursor_y >> 3);
    default:
        break;
    }
    if (index <= 4) {
        return s->vga.seq[index];
    }
    return index < CIRRUS_NUM_SR ? s->sr[index] : 0xff;
}

static void sr_write(CirrusState *s, uint8_t value)
{
    unsigned index = s->seq_index;
    uint16_t position = (uint16_t)(value << 3 | index >> 5);

    switch (index & 0x1f) {
    case SR_CURSOR_X:
        s->cursor_x = position;
        return;
    case SR_CURSOR_Y:
        s->cursor_y = position;
        return;
    default:
        break;
    }
    if (index <= 4) {
        s->vga.seq_index = (uint8_t)index;
        vga_port_write(&s->vga, 0x3c5, value);
    } else if (index == SR_UNLOCK) {
        s->sr[index] = (value & 0x17) == UNLOCKED ? UNLOCKED : LOCKED;
        cirrus_update_mappings(s);
    } else if (index == SR_CONFIG) {
        s->sr[index] = (uint8_t)((value & ~SR_CONFIG_BUS) | s->bus);
    } else if (index > SR_UNLOCK && index < CIRRUS_NUM_SR) {
        s->sr[index] = value;
        if (index == SR_MODE) {
            cirrus_update_mappings(s);
        }
    }
}

/* --- CRT controller and DAC -------------------------------------------------- */

static uint8_t cr_read(CirrusState *s)
{
    switch (s->vga.crtc_index) {
    case 0x00 ... 0x1d:
        return s->vga.crtc[s->vga.crtc_index];
    case 0x22: /* latches */
        return s->vga.latch[s->vga.gfx[4] & 3];
    case 0x24: /* attribute controller's flip-flop */
        return s->vga.attr_flip_flop ? 0x80 : 0;
    case 0x25: /* part status */
        return 0;
    case 0x26: /* attribute controller's index */
        return s->vga.attr_index & 0x3f;
    case 0x27:
        return CHIP_ID;
    default:
        return 0xff;
    }
}

/* Four reads in a row and the next access of 3c6 is to the hidden register. */
static uint8_t hidden_dac_read(CirrusState *s)
{
    if (s->dac_mask_reads++ < HIDDEN_READS) {
        return s->vga.dac_mask;
    }
    s->dac_mask_reads = 0;
    return s->hidden_dac;
}

static void hidden_dac_write(CirrusState *s, uint8_t value)
{
    if (s->dac_mask_reads == HIDDEN_READS) {
        s->hidden_dac = value;
    } else {
        s->vga.dac_mask = value;
    }
    s->dac_mask_reads = 0;
}

static bool reaches_cursor_colors(const CirrusState *s)
{
    return s->sr[SR_CURSOR_ATTR] & SR_CURSOR_ATTR_COLORS;
}

/* Entry f is the foreground, others the background. */
static uint8_t *cursor_entry(CirrusState *s, uint8_t index)
{
    return s->cursor_colors[(index & 0x0f) == 0x0f];
}

static uint8_t cursor_color_read(CirrusState *s)
{
    uint8_t v = cursor_entry(s, s->vga.dac_read_index)[s->vga.dac_sub];

    if (++s->vga.dac_sub == 3) {
        s->vga.dac_sub = 0;
        s->vga.dac_read_index++;
    }
    return v;
}

static void cursor_color_write(CirrusState *s, uint8_t value)
{
    s->vga.dac_cache[s->vga.dac_sub] = value & 0x3f;
    if (++s->vga.dac_sub == 3) {
        memcpy(cursor_entry(s, s->vga.dac_write_index), s->vga.dac_cache, 3);
        s->vga.dac_sub = 0;
        s->vga.dac_write_index++;
    }
}

/* --- Ports ------------------------------------------------------------------- */

static bool is_crtc_port(const CirrusState *s, uint32_t port, uint32_t offset)
{
    return port == (s->vga.misc & 1 ? 0x3d0 : 0x3b0) + offset;
}

static uint8_t port_read(CirrusState *s, uint32_t port)
{
    if (port != 0x3c6) {
        s->dac_mask_reads = 0;
    }
    switch (port) {
    case 0x3c4:
        return s->seq_index;
    case 0x3c5:
        return sr_read(s);
    case 0x3c6:
        return hidden_dac_read(s);
    case 0x3c9:
        return reaches_cursor_colors(s) ? cursor_color_read(s)
                                        : vga_port_read(&s->vga, port);
    case 0x3ce:
        return s->gfx_index;
    case 0x3cf:
        return gr_read(s, s->gfx_index);
    default:
        return is_crtc_port(s, port, 5) ? cr_read(s) : vga_port_read(&s->vga, port);
    }
}

static void port_write(CirrusState *s, uint32_t port, uint8_t value)
{
    if (port != 0x3c6) {
        s->dac_mask_reads = 0;
    }
    switch (port) {
    case 0x3c4:
        s->seq_index = value;
        break;
    case 0x3c5:
        sr_write(s, value);
        break;
    case 0x3c6:
        hidden_dac_write(s, value);
        break;
    case 0x3c9:
        if (reaches_cursor_colors(s)) {
            cursor_color_write(s, value);
        } else {
            vga_port_write(&s->vga, port, value);
        }
        break;
    case 0x3ce:
        s->gfx_index = value;
        break;
    case 0x3cf:
        gr_write(s, s->gfx_index, value);
        break;
    default:
        if (!is_crtc_port(s, port, 5) || s->vga.crtc_index <= 0x1d) {
            vga_port_write(&s->vga, port, value);
        }
        break;
    }
}

static uint64_t ports_read(void *opaque, hwaddr offset, unsigned size)
{
    return port_read(opaque, PORTS_BASE + (uint32_t)offset);
}

static void ports_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    port_write(opaque, PORTS_BASE + (uint32_t)offset, (uint8_t)value);
}

static const MemoryRegionOps ports_ops = {
    .read = ports_read,
    .write = ports_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 4, .unaligned = true },
    .impl = { .min_access_size = 1,                   .max_access_size = 1                  },
};

/* --- Registers in memory ----------------------------------------------------- */

/* Graphics register behind each byte of the BLT block; ff: none. */
static unsigned mmio_register(uint32_t offset)
{
    static const uint8_t at[] = {
        GR_BACKGROUND_0,
        GR_BACKGROUND_1,
        GR_BACKGROUND_2,
        GR_BACKGROUND_3,
        GR_FOREGROUND_0,
        GR_FOREGROUND_1,
        GR_FOREGROUND_2,
        GR_FOREGROUND_3,
        GR_BLT_WIDTH,
        GR_BLT_WIDTH + 1,
        GR_BLT_HEIGHT,
        GR_BLT_HEIGHT + 1,
        GR_BLT_DEST_PITCH,
        GR_BLT_DEST_PITCH + 1,
        GR_BLT_SOURCE_PITCH,
        GR_BLT_SOURCE_PITCH + 1,
        GR_BLT_DEST,
        GR_BLT_DEST + 1,
        GR_BLT_DEST + 2,
        0xff,
        GR_BLT_SOURCE,
        GR_BLT_SOURCE + 1,
        GR_BLT_SOURCE + 2,
        GR_BLT_LEFT_SKIP,
        GR_BLT_MODE,
        0xff,
        GR_BLT_ROP,
        GR_BLT_MODE_EXT,
        GR_BLT_KEY,
        GR_BLT_KEY + 1,
        0xff,
        0xff,
        GR_BLT_KEY_MASK,
        GR_BLT_KEY_MASK + 1,
    };

    if (offset == 0x40) {
        return GR_BLT_START;
    }
    return offset < G_N_ELEMENTS(at) ? at[offset] : 0xff;
}

static uint8_t blt_block_read(CirrusState *s, uint32_t offset)
{
    unsigned index = mmio_register(offset);

    return index == 0xff ? 0xff : gr_read(s, index);
}

static void blt_block_write(CirrusState *s, uint32_t offset, uint8_t value)
{
    unsigned index = mmio_register(offset);

    if (index != 0xff) {
        gr_write(s, index, value);
    } else {
        log_guest_error("cirrus: write to BLT block offset 0x%x\n", offset);
    }
}

static uint64_t mmio_read(void *opaque, hwaddr offset, unsigned size)
{
    if (offset >= MMIO_BLT) {
        return blt_block_read(opaque, (uint32_t)offset - MMIO_BLT);
    }
    return offset < 0x20 ? port_read(opaque, 0x3c0 + (uint32_t)offset) : 0xff;
}

static void mmio_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    if (offset >= MMIO_BLT) {
        blt_block_write(opaque, (uint32_t)offset - MMIO_BLT, (uint8_t)value);
    } else if (offset < 0x20) {
        port_write(opaque, 0x3c0 + (uint32_t)offset, (uint8_t)value);
    }
}

static const MemoryRegionOps mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1, .max_access_size = 4, .unaligned = true },
    .impl = { .min_access_size = 1,                   .max_access_size = 1                  },
};

/* --- The window at a0000 ----------------------------------------------------- */

static bool is_mmio_in_window(const CirrusState *s, hwaddr offset)
{
    return (s->sr[SR_CONFIG] & (SR_CONFIG_MMIO | SR_CONFIG_MMIO_ELSEWHERE)) ==
               SR_CONFIG_MMIO &&
           offset >= MMIO_IN_WINDOW && offset < MMIO_IN_WINDOW + 0x100;
}

/* Address behind offset @addr of the window; -1: not decoded. */
static int64_t window_address(const CirrusState *s, hwaddr addr)
{
    switch (s->vga.gfx[6] >> 2 & 3) {
    case 0:
        return (int64_t)addr + bank_offset(s, 0);
    case 1:
        if (addr >= 2 * BANK_SIZE) {
            return -1;
        }
        if (has_two_banks(s)) {
            return (int64_t)(addr % BANK_SIZE) + bank_offset(s, addr >= BANK_SIZE);
        }
        return (int64_t)addr + bank_offset(s, 0);
    case 2:
        return addr >= 0x10000 && addr < 0x18000 ? (int64_t)addr - 0x10000 : -1;
    default:
        return addr >= 0x18000 ? (int64_t)addr - 0x18000 : -1;
    }
}

static uint8_t window_read_byte(CirrusState *s, hwaddr offset)
{
    int64_t addr;

    if (is_mmio_in_window(s, offset)) {
        return blt_block_read(s, (uint32_t)(offset - MMIO_IN_WINDOW));
    }
    addr = window_address(s, offset);
    if (addr < 0) {
        return 0xff;
    }
    return is_packed(s) ? packed_read(s, (uint32_t)addr)
                        : vga_memory_read(&s->vga, (uint64_t)addr);
}

static void window_write_byte(CirrusState *s, hwaddr offset, uint8_t value)
{
    int64_t addr;

    if (is_mmio_in_window(s, offset)) {
        blt_block_write(s, (uint32_t)(offset - MMIO_IN_WINDOW), value);
        return;
    }
    addr = window_address(s, offset);
    if (addr < 0) {
        return;
    }
    if (is_packed(s)) {
        packed_write(s, (uint32_t)addr, value);
    } else {
        vga_memory_write(&s->vga, (uint64_t)addr, value);
    }
}

static uint64_t window_read(void *opaque, hwaddr offset, unsigned size)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < size; i++) {
        v |= (uint64_t)window_read_byte(opaque, offset + i) << 8 * i;
    }
    return v;
}

/* All bytes of one store go to a BLT that waits when the store begins. */
static void window_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    CirrusState *s = opaque;

    if (s->blt_from_system && !is_mmio_in_window(s, offset)) {
        cirrus_blt_feed(s, value, size);
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        window_write_byte(s, offset + i, (uint8_t)(value >> 8 * i));
    }
}

static const MemoryRegionOps window_ops = {
    .read = window_read,
    .write = window_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 8, .unaligned = true},
    .impl = { .min_access_size = 1, .max_access_size = 4, .unaligned = true},
};

/* --- Linear memory and the aperture for BLT data ----------------------------- */

static uint64_t linear_read(void *opaque, hwaddr offset, unsigned size)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < size; i++) {
        v |= (uint64_t)packed_read(opaque, (uint32_t)offset + i) << 8 * i;
    }
    return v;
}

static void linear_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    CirrusState *s = opaque;

    if (s->blt_from_system) {
        cirrus_blt_feed(s, value, size);
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        packed_write(s, (uint32_t)offset + i, (uint8_t)(value >> 8 * i));
    }
}

static const MemoryRegionOps linear_ops = {
    .read = linear_read,
    .write = linear_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 8, .unaligned = true},
    .impl = { .min_access_size = 1, .max_access_size = 4, .unaligned = true},
};

static uint64_t aperture_read(void *opaque, hwaddr offset, unsigned size)
{
    return UINT64_MAX;
}

static void aperture_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    cirrus_blt_feed(opaque, value, size);
}

static const MemoryRegionOps aperture_ops = {
    .read = aperture_read,
    .write = aperture_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 8, .unaligned = true},
    .impl = { .min_access_size = 1, .max_access_size = 4, .unaligned = true},
};

/* --- Life -------------------------------------------------------------------- */

bool cirrus_init(CirrusState *s, Object *owner, uint32_t vgamem_mb, uint8_t bus,
                 Error **errp)
{
    if (vgamem_mb != 1 && vgamem_mb != 2 && vgamem_mb != 4) {
        return error_set(
            errp, "Invalid cirrus_vga ram size '%u', valid values are 1, 2 and 4",
            vgamem_mb);
    }
    if (!vga_init_memory(&s->vga, owner, vgamem_mb << 20, errp)) {
        return false;
    }
    s->bus = bus;
    memory_region_init_io(&s->ports, owner, &ports_ops, s, "cirrus-io", 0x30);
    memory_region_init(&s->window, owner, "cirrus-lowmem-container", WINDOW_SIZE);
    memory_region_init_io(&s->low_memory, owner, &window_ops, s, "cirrus-low-memory",
                          WINDOW_SIZE);
    memory_region_add_subregion(&s->window, 0, &s->low_memory);
    for (unsigned i = 0; i < 2; i++) {
        memory_region_init_alias(&s->bank[i], owner, i ? "vga.bank1" : "vga.bank0",
                                 &s->vga.vram, 0, BANK_SIZE);
        memory_region_set_enabled(&s->bank[i], false);
        memory_region_add_subregion_overlap(&s->window, i * BANK_SIZE, &s->bank[i], 1);
    }
    memory_region_init_io(&s->linear, owner, &linear_ops, s, "cirrus-linear-io",
                          s->vga.vram_size);
    memory_region_init_io(&s->blt_aperture, owner, &aperture_ops, s,
                          "cirrus-bitblt-mmio", 0x400000);
    memory_region_init_io(&s->mmio, owner, &mmio_ops, s, "cirrus-mmio",
                          CIRRUS_MMIO_SIZE);
    return true;
}

void cirrus_map_legacy(CirrusState *s, MemoryRegion *mem, MemoryRegion *io)
{
    memory_region_add_subregion_overlap(mem, 0xa0000, &s->window, 1);
    memory_region_add_subregion(io, PORTS_BASE, &s->ports);
}

void cirrus_unmap_legacy(CirrusState *s, MemoryRegion *mem, MemoryRegion *io)
{
    memory_region_del_subregion(mem, &s->window);
    memory_region_del_subregion(io, &s->ports);
}

void cirrus_reset(CirrusState *s)
{
    vga_reset(&s->vga);
    memset(s->sr, 0, sizeof(s->sr));
    memset(s->gr, 0, sizeof(s->gr));
    memset(s->cursor_colors, 0, sizeof(s->cursor_colors));
    memset(s->blt_data, 0, sizeof(s->blt_data));
    s->seq_index = SR_UNLOCK; /* as SeaVGABIOS finds the chip */
    s->gfx_index = 0;
    s->cursor_x = s->cursor_y = 0;
    s->hidden_dac = s->dac_mask_reads = 0;
    s->vga.dac_mask = 0xff;
    s->sr[SR_UNLOCK] = LOCKED;
    s->sr[SR_DRAM_CONTROL] = 0x98; /* 64 bits wide, two banks */
    s->sr[SR_SCRATCH_3] = 0x04;
    s->sr[SR_CONFIG] = s->bus;
    s->sr[SR_MCLK] = 0x2d;
    s->gr[GR_DRAM_EXTENDED] = 0x0f;
    cirrus_blt_reset(s);
    cirrus_update_mappings(s);
}

static bool cirrus_post_load(void *opaque, int version_id, Error **errp)
{
    CirrusState *s = opaque;

    if (s->dac_mask_reads > HIDDEN_READS || !cirrus_blt_state_is_valid(s)) {
        return error_set(errp, "cirrus: inconsistent state");
    }
    for (unsigned i = GR_OFFSET_0; i < CIRRUS_NUM_GR; i++) {
        if (i != GR_BLT_START && i != GR_DRAM_EXTENDED) {
            s->gr[i] &= gr_mask[i];
        }
    }
    s->sr[SR_CONFIG] = (uint8_t)((s->sr[SR_CONFIG] & ~SR_CONFIG_BUS) | s->bus);
    s->cursor_x &= 0x7ff;
    s->cursor_y &= 0x7ff;
    cirrus_update_mappings(s);
    return true;
}

const VMStateDescription vmstate_cirrus = {
    .name = "cirrus",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = cirrus_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_STRUCT(vga, CirrusState, vmstate_vga),
                               VMSTATE_UINT8(seq_index, CirrusState),
                               VMSTATE_BUFFER(sr, CirrusState),
                               VMSTATE_UINT8(gfx_index, CirrusState),
                               VMSTATE_BUFFER(gr, CirrusState),
                               VMSTATE_UINT16(cursor_x, CirrusState),
                               VMSTATE_UINT16(cursor_y, CirrusState),
                               VMSTATE_BUFFER(cursor_colors, CirrusState),
                               VMSTATE_UINT8(hidden_dac, CirrusState),
                               VMSTATE_UINT8(dac_mask_reads, CirrusState),
                               VMSTATE_BOOL(blt_from_system, CirrusState),
                               VMSTATE_UINT32(blt_line_bytes, CirrusState),
                               VMSTATE_UINT32(blt_line_have, CirrusState),
                               VMSTATE_UINT32(blt_lines_left, CirrusState),
                               VMSTATE_UINT32(blt_line, CirrusState),
                               VMSTATE_BUFFER(blt_data, CirrusState),
                               VMSTATE_END_OF_LIST(),
                               },
};
