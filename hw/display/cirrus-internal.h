/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Cirrus Logic CL-GD5446: registers and memory (cirrus.c), BitBLT engine
 * (cirrus-blt.c), pixels (cirrus-render.c), and the two cards that carry it
 * (cirrus-pci.c, cirrus-isa.c). It is a VGA with extensions, so a VGAState is inside.
 */
#ifndef STRATA_HW_DISPLAY_CIRRUS_INTERNAL_H
#define STRATA_HW_DISPLAY_CIRRUS_INTERNAL_H

#include "hw/display/vga-internal.h"

#define CIRRUS_NUM_SR        0x20
#define CIRRUS_NUM_GR        0x40
#define CIRRUS_BLT_MAX_WIDTH 0x2000 /* bytes, GR21[4:0]:GR20 + 1 */
#define CIRRUS_LINEAR_SIZE   0x2000000u
#define CIRRUS_BLT_APERTURE  0x1000000u /* in the linear BAR */
#define CIRRUS_MMIO_SIZE     0x1000u

/* Extended sequencer registers */
enum {
    SR_UNLOCK = 0x06,
    SR_MODE = 0x07,
    SR_DRAM_CONTROL = 0x0f,
    SR_CURSOR_X = 0x10, /* with the low bits of x in index bits 7-5 */
    SR_CURSOR_Y = 0x11,
    SR_CURSOR_ATTR = 0x12,
    SR_CURSOR_PATTERN = 0x13,
    SR_SCRATCH_3 = 0x15,
    SR_CONFIG = 0x17,
    SR_MCLK = 0x1f,
};
#define SR_MODE_PACKED           0x01 /* packed pixels, linear addresses */
#define SR_MODE_DEPTH(v)         ((v) >> 1 & 7)
#define SR_CURSOR_ATTR_ENABLE    0x01
#define SR_CURSOR_ATTR_COLORS    0x02 /* the DAC ports reach the cursor's colours */
#define SR_CURSOR_ATTR_64        0x04
#define SR_CONFIG_MMIO           0x04
#define SR_CONFIG_BUS            0x38
#define SR_CONFIG_BUS_PCI        0x20
#define SR_CONFIG_BUS_ISA        0x38
#define SR_CONFIG_MMIO_ELSEWHERE 0x40 /* not at b8000 */

/* Extended graphics registers */
enum {
    GR_BACKGROUND_0 = 0x00,
    GR_FOREGROUND_0 = 0x01,
    GR_WRITE_MODE = 0x05,
    GR_OFFSET_0 = 0x09,
    GR_OFFSET_1 = 0x0a,
    GR_EXTENSIONS = 0x0b,
    GR_BACKGROUND_1 = 0x10,
    GR_FOREGROUND_1 = 0x11,
    GR_BACKGROUND_2 = 0x12,
    GR_FOREGROUND_2 = 0x13,
    GR_BACKGROUND_3 = 0x14,
    GR_FOREGROUND_3 = 0x15,
    GR_DRAM_EXTENDED = 0x18,
    GR_BLT_WIDTH = 0x20,
    GR_BLT_HEIGHT = 0x22,
    GR_BLT_DEST_PITCH = 0x24,
    GR_BLT_SOURCE_PITCH = 0x26,
    GR_BLT_DEST = 0x28,
    GR_BLT_SOURCE = 0x2c,
    GR_BLT_LEFT_SKIP = 0x2f,
    GR_BLT_MODE = 0x30,
    GR_BLT_START = 0x31,
    GR_BLT_ROP = 0x32,
    GR_BLT_MODE_EXT = 0x33,
    GR_BLT_KEY = 0x34,
    GR_BLT_KEY_MASK = 0x38,
};
#define GR_EXT_TWO_BANKS   0x01
#define GR_EXT_BY8         0x02
#define GR_EXT_WRITE_MODES 0x04
#define GR_EXT_16BPP       0x10
#define GR_EXT_BANK_16K    0x20

#define BLT_MODE_BACKWARDS     0x01
#define BLT_MODE_TO_SYSTEM     0x02
#define BLT_MODE_FROM_SYSTEM   0x04
#define BLT_MODE_TRANSPARENT   0x08
#define BLT_MODE_PIXEL_WIDTH   0x30
#define BLT_MODE_PATTERN       0x40
#define BLT_MODE_EXPAND        0x80
#define BLT_START_BUSY         0x01
#define BLT_START_GO           0x02
#define BLT_START_RESET        0x04
#define BLT_START_IN_PROGRESS  0x08
#define BLT_START_AUTO         0x80
#define BLT_EXT_DWORD_GRANULES 0x01
#define BLT_EXT_INVERT         0x02
#define BLT_EXT_SOLID_FILL     0x04

typedef struct CirrusState {
    VGAState vga;

    MemoryRegion ports;      /* 3b0-3df */
    MemoryRegion window;     /* a0000-bffff, container */
    MemoryRegion low_memory; /* all of it, through the registers */
    MemoryRegion bank[2];    /* 32 KiB each, straight to memory when that is the same */
    MemoryRegion linear;     /* memory through the registers */
    MemoryRegion blt_aperture; /* data of system-to-screen BLTs */
    MemoryRegion mmio;         /* VGA ports at 0, BLT registers at 100 */
    MemoryRegion *linear_bar;  /* where memory shows directly; NULL: nowhere */
    bool has_blitter;
    uint8_t bus; /* SR17[5:3] */

    /* Registers beyond the VGA's, by index. */
    uint8_t seq_index, sr[CIRRUS_NUM_SR];
    uint8_t gfx_index, gr[CIRRUS_NUM_GR];
    uint16_t cursor_x, cursor_y;
    uint8_t cursor_colors[2][3]; /* background, foreground: six bits */
    uint8_t hidden_dac;
    uint8_t dac_mask_reads; /* in a row; four open the hidden register */

    /* A BLT whose source the processor is writing. */
    bool blt_from_system;
    uint32_t blt_line_bytes, blt_line_have; /* of one line of source data */
    uint32_t blt_lines_left, blt_line;
    uint8_t blt_data[CIRRUS_BLT_MAX_WIDTH];
} CirrusState;

extern const VMStateDescription vmstate_cirrus;

/* @vgamem_mb: 1, 2 or 4. */
bool cirrus_init(CirrusState *s, Object *owner, uint32_t vgamem_mb, uint8_t bus,
                 Error **errp) WARN_UNUSED;
void cirrus_map_legacy(CirrusState *s, MemoryRegion *mem, MemoryRegion *io);
void cirrus_unmap_legacy(CirrusState *s, MemoryRegion *mem, MemoryRegion *io);
void cirrus_reset(CirrusState *s);
/* Which of the direct mappings are right now. */
void cirrus_update_mappings(CirrusState *s);
DisplayPicture cirrus_render(CirrusState *s);

/* --- cirrus-blt.c ------------------------------------------------------------ */
void cirrus_blt_reset(CirrusState *s);
/* A write of GR31. */
void cirrus_blt_control(CirrusState *s, uint8_t value);
/* GR2A was written: may start the engine. */
void cirrus_blt_dest_written(CirrusState *s);
/* Source data from the processor; what exceeds the BLT is dropped. */
void cirrus_blt_feed(CirrusState *s, uint64_t value, unsigned size);
bool cirrus_blt_state_is_valid(const CirrusState *s);

/* Registers that are one number, low byte first. */
static inline uint32_t cirrus_gr16(const CirrusState *s, unsigned index)
{
    return s->gr[index] | (uint32_t)s->gr[index + 1] << 8;
}
static inline uint32_t cirrus_gr24(const CirrusState *s, unsigned index)
{
    return cirrus_gr16(s, index) | (uint32_t)s->gr[index + 2] << 16;
}

#endif
