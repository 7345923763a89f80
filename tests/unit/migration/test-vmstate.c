/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "migration/vmstate.h"

#include <string.h>

typedef struct Inner {
    uint16_t x;
} Inner;

typedef struct Chip {
    uint8_t a;
    uint32_t b;
    bool c;
    uint64_t ring[3];
    uint8_t raw[4];
    Inner inner[2];
    uint32_t len;
    uint8_t *buf;
    uint32_t extra;
} Chip;

static const VMStateDescription vmstate_inner = {
    .name = "inner",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){VMSTATE_UINT16(x, Inner), VMSTATE_END_OF_LIST()},
};

static bool extra_needed(void *opaque)
{
    return ((Chip *)opaque)->extra != 0;
}

static const VMStateDescription vmstate_extra = {
    .name = "chip/extra",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = extra_needed,
    .fields =
        (const VMStateField[]){VMSTATE_UINT32(extra, Chip), VMSTATE_END_OF_LIST()},
};

static const VMStateDescription vmstate_chip = {
    .name = "chip",
    .version_id = 2,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]){VMSTATE_UINT8(a, Chip), VMSTATE_UINT32(b, Chip),
                                     VMSTATE_BOOL(c, Chip), VMSTATE_ARRAY(ring, Chip),
                                     VMSTATE_BUFFER(raw, Chip),
                                     VMSTATE_STRUCT_ARRAY(inner, Chip, vmstate_inner),
                                     VMSTATE_VBUFFER(buf, Chip, len),
                                     VMSTATE_END_OF_LIST() },
    .subsections = (const VMStateDescription *const[]){ &vmstate_extra,          NULL        },
};

static Chip sample(uint8_t *buf)
{
    return (Chip){
        1, 0x12345678, true, {1,  UINT64_MAX, 3 },
           { 4, 5,          6, 7 },
           { { 8 }, { 9 }},
        5, buf,        77
    };
}

static void test_round_trip(void)
{
    uint8_t buf1[5] = "abcd", buf2[5] = "";
    Chip in = sample(buf1), out = { .len = 5, .buf = buf2 };
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    g_assert_true(vmstate_save(&vmstate_chip, &in, bytes, &error_abort));
    VMStateReader r = { bytes->data, bytes->len, 0 };
    g_assert_true(vmstate_load(&vmstate_chip, &out, &r, &error_abort));
    g_assert_cmpuint(r.pos, ==, bytes->len);
    g_assert_cmpmem(buf1, 5, buf2, 5);
    out.buf = in.buf;
    g_assert_cmpmem(&in, offsetof(Chip, a) + 1, &out, offsetof(Chip, a) + 1);
    g_assert_cmpuint(out.b, ==, in.b);
    g_assert_true(out.c);
    g_assert_cmpmem(in.ring, sizeof(in.ring), out.ring, sizeof(out.ring));
    g_assert_cmpmem(in.inner, sizeof(in.inner), out.inner, sizeof(out.inner));
    g_assert_cmpuint(out.extra, ==, 77);
}

static void test_every_cut_is_refused(void)
{
    uint8_t buf[5] = "abcd";
    Chip in = sample(buf);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    g_assert_true(vmstate_save(&vmstate_chip, &in, bytes, &error_abort));
    for (guint n = 0; n < bytes->len; n++) {
        g_autoptr(Error) err = NULL;
        VMStateReader r = { bytes->data, n, 0 };
        g_assert_false(vmstate_load(&vmstate_chip, &in, &r, &err));
        g_assert_nonnull(err);
    }
}

static void test_flipped_bytes_never_crash(void)
{
    uint8_t buf[5] = "abcd";
    Chip in = sample(buf);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    g_assert_true(vmstate_save(&vmstate_chip, &in, bytes, &error_abort));
    for (guint n = 0; n < bytes->len; n++) {
        for (int v = 0; v < 256; v += 17) {
            Chip out = { .len = 5, .buf = buf };
            uint8_t old = bytes->data[n];
            bytes->data[n] = (uint8_t)v;
            VMStateReader r = { bytes->data, bytes->len, 0 };
            bool ignored = vmstate_load(&vmstate_chip, &out, &r, NULL);
            (void)ignored;
            bytes->data[n] = old;
        }
    }
}

static void test_future_version_is_refused(void)
{
    uint8_t stream[64] = { 0, 0, 0, 3 };
    Chip out = { 0 };
    g_autoptr(Error) err = NULL;
    VMStateReader r = { stream, sizeof(stream), 0 };

    g_assert_false(vmstate_load(&vmstate_chip, &out, &r, &err));
    g_assert_cmpstr(error_get_message(err), ==,
                    "'chip' has version 3, supported are 1 to 2");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/migration/vmstate/round-trip", test_round_trip);
    g_test_add_func("/migration/vmstate/every-cut-is-refused",
                    test_every_cut_is_refused);
    g_test_add_func("/migration/vmstate/flipped-bytes-never-crash",
                    test_flipped_bytes_never_crash);
    g_test_add_func("/migration/vmstate/future-version-is-refused",
                    test_future_version_is_refused);
    return g_test_run();
}
