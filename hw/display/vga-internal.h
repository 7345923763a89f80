/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The standard VGA: registers and memory (vga.c), pixels (vga-render.c), the PCI
 * function around them (vga-pci.c). The Cirrus adapter is a larger chip around it.
 */
#ifndef STRATA_HW_DISPLAY_VGA_INTERNAL_H
#define STRATA_HW_DISPLAY_VGA_INTERNAL_H

#include "memory/memory.h"
#include "migration/vmstate.h"
#include "softmmu/display.h"

#define VGA_NUM_SEQ  8
#define VGA_NUM_GFX  16
#define VGA_NUM_ATTR 32
#define VGA_NUM_CRTC 256
#define VGA_DAC_SIZE 768

/* DISPI registers, by index. */
enum {
    VBE_ID,
    VBE_XRES,
    VBE_YRES,
    VBE_BPP,
    VBE_ENABLE,
    VBE_BANK,
    VBE_VIRT_WIDTH,
    VBE_VIRT_HEIGHT,
    VBE_X_OFFSET,
    VBE_Y_OFFSET,
    VBE_VIDEO_MEMORY_64K,
    VBE_NUM_REGS,
};
enum {
    VBE_ENABLED = 0x01,
    VBE_GETCAPS = 0x02,
    VBE_8BIT_DAC = 0x20,
    VBE_LFB = 0x40,
    VBE_NOCLEARMEM = 0x80,
};
#define VBE_MAX_XRES 16000
#define VBE_MAX_YRES 12000

typedef struct VGAState {
    Object *owner;
    MemoryRegion vram;
    uint32_t vram_size; /* bytes, a power of two */

    MemoryRegion lowmem;    /* a0000-bffff */
    MemoryRegion ports[5];  /* 3b4 3ba 3c0 3d4 3da */
    MemoryRegion vbe_ports; /* 1ce */

    /* Registers, as the IBM VGA manual groups them. */
    uint8_t misc;    /* miscellaneous output */
    uint8_t feature; /* feature control */
    uint8_t seq_index, seq[VGA_NUM_SEQ];
    uint8_t gfx_index, gfx[VGA_NUM_GFX];
    uint8_t crtc_index, crtc[VGA_NUM_CRTC];
    uint8_t attr_index, attr[VGA_NUM_ATTR];
    bool attr_flip_flop; /* the next write to 3c0 is data */
    uint8_t dac_mask, dac_state, dac_read_index, dac_write_index, dac_sub;
    uint8_t dac_cache[3];
    uint8_t dac[VGA_DAC_SIZE];
    uint8_t latch[4];

    uint16_t vbe_index;
    uint16_t vbe[VBE_NUM_REGS];
    uint32_t vbe_start; /* byte offset of the first pixel */
    uint32_t vbe_line_bytes;
    bool big_endian; /* pixels of more than a byte; the adapter migrates it */
} VGAState;

extern const VMStateDescription vmstate_vga;

/* Video memory alone, for adapters that decode everything else themselves. */
bool vga_init_memory(VGAState *s, Object *owner, uint32_t vram_size,
                     Error **errp) WARN_UNUSED;
bool vga_init(VGAState *s, Object *owner, uint32_t vram_size, Error **errp) WARN_UNUSED;
/* Map the legacy ports and the window. */
void vga_map_legacy(VGAState *s, MemoryRegion *mem, MemoryRegion *io);
void vga_unmap_legacy(VGAState *s, MemoryRegion *mem, MemoryRegion *io);
void vga_reset(VGAState *s);
/* One byte at an absolute port 3b0-3df. */
uint8_t vga_port_read(VGAState *s, uint32_t port);
void vga_port_write(VGAState *s, uint32_t port, uint8_t value);
/* One byte through the graphics controller, at an address behind the window's mapping;
 * beyond the memory: ff, ignored. */
uint8_t vga_memory_read(VGAState *s, uint64_t offset);
void vga_memory_write(VGAState *s, uint64_t offset, uint8_t value);
/* A DAC entry as x8r8g8b8, through the pixel mask. */
uint32_t vga_dac_color(const VGAState *s, uint8_t index);
uint16_t vbe_read(VGAState *s, unsigned index);
void vbe_write(VGAState *s, unsigned index, uint16_t value);
DisplayPicture vga_render(VGAState *s);

#endif
