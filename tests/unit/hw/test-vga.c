/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the VGA as a stream, without an adapter or memory around it. */
#include "hw/display/vga-internal.h"

#include <glib.h>
#include <string.h>

static VGAState *new_vga(void)
{
    VGAState *s = g_new0(VGAState, 1);

    s->vram_size = 16u << 20;
    vga_reset(s);
    return s;
}

static void write_port_pair(VGAState *s, uint32_t port, uint8_t index, uint8_t value)
{
    vga_port_write(s, port, index);
    vga_port_write(s, port + 1, value);
}

/* Every group of registers holds something, and every sequence is half done. */
static void make_busy(VGAState *s)
{
    vga_port_write(s, 0x3c2, 0x67);
    vga_port_write(s, 0x3da, 0x10);
    write_port_pair(s, 0x3c4, 4, 0x0e);
    write_port_pair(s, 0x3ce, 8, 0xa5);
    write_port_pair(s, 0x3d4, 0x18, 0x5a);
    for (int i = 0; i < 256; i++) {
        vga_port_write(s, 0x3c8, (uint8_t)i);
        for (int c = 1; c < 4; c++) {
            vga_port_write(s, 0x3c9, (uint8_t)(i * c));
        }
    }
    vga_port_write(s, 0x3c6, 0xff);
    vga_port_write(s, 0x3c8, 7);
    vga_port_write(s, 0x3c9, 0x2a);
    vga_port_write(s, 0x3c0, 0x31);
    memcpy(s->latch, "\x01\x23\x45\x67", 4);
    vbe_write(s, VBE_XRES, 800);
    vbe_write(s, VBE_YRES, 600);
    vbe_write(s, VBE_BPP, 16);
    vbe_write(s, VBE_ENABLE, VBE_ENABLED | VBE_LFB | VBE_NOCLEARMEM);
    vbe_write(s, VBE_VIRT_WIDTH, 1024);
    vbe_write(s, VBE_Y_OFFSET, 3);
    vbe_write(s, VBE_BANK, 9);
    s->vbe_index = VBE_BANK;
}

static GByteArray *save(VGAState *s)
{
    GByteArray *out = g_byte_array_new();

    g_assert_true(vmstate_save(&vmstate_vga, s, out, &error_abort));
    return out;
}

static void load(VGAState *s, const GByteArray *stream)
{
    VMStateReader in = { .data = stream->data, .len = stream->len };

    g_assert_true(vmstate_load(&vmstate_vga, s, &in, &error_abort));
}

static void state_survives_save_reset_load(void)
{
    g_autofree VGAState *s = new_vga();

    make_busy(s);
    g_autoptr(GByteArray) before = save(s);
    vga_reset(s);
    load(s, before);
    g_autoptr(GByteArray) after = save(s);
    g_assert_cmpmem(before->data, before->len, after->data, after->len);
    g_assert_cmpuint(s->vbe_line_bytes, ==, 2048);
    g_assert_cmpuint(s->vbe_start, ==, 3 * 2048);
    vga_port_write(s, 0x3c0, 0x15); /* the flip-flop stood at data */
    g_assert_cmphex(s->attr[0x11], ==, 0x15);
    vga_port_write(s, 0x3c9, 0x2b); /* the rest of a colour */
    vga_port_write(s, 0x3c9, 0x2c);
    g_assert_cmpmem(&s->dac[3 * 7], 3, "\x2a\x2b\x2c", 3);
}

static void hostile_values_are_cut_to_their_bits(void)
{
    g_autofree VGAState *s = new_vga();

    memset(s->seq, 0xff, sizeof(s->seq));
    memset(s->gfx, 0xff, sizeof(s->gfx));
    memset(s->vbe, 0xff, sizeof(s->vbe));
    g_autoptr(GByteArray) stream = save(s);
    load(s, stream);
    g_assert_cmphex(s->gfx[4], ==, 0x03); /* the read map, an index */
    g_assert_cmphex(s->seq[2], ==, 0x0f);
    g_assert_cmpuint(s->vbe[VBE_XRES], ==, VBE_MAX_XRES);
    g_assert_cmpuint((uint64_t)s->vbe_start +
                         (uint64_t)s->vbe[VBE_YRES] * s->vbe_line_bytes,
                     <=, s->vram_size);
}

static void indices_out_of_range_are_refused(void)
{
    g_autofree VGAState *s = new_vga();
    g_autoptr(Error) err = NULL;

    s->dac_sub = 3;
    g_autoptr(GByteArray) stream = save(s);
    VMStateReader in = { .data = stream->data, .len = stream->len };
    g_assert_false(vmstate_load(&vmstate_vga, s, &in, &err));
    g_assert_nonnull(err);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hw/vga/state-survives-save-reset-load",
                    state_survives_save_reset_load);
    g_test_add_func("/hw/vga/hostile-values-are-cut-to-their-bits",
                    hostile_values_are_cut_to_their_bits);
    g_test_add_func("/hw/vga/indices-out-of-range-are-refused",
                    indices_out_of_range_are_refused);
    return g_test_run();
}
