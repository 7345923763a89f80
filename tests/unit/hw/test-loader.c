/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ELF reader: one good image, and one bad image for each diagnostic. */
#include "hw/core/loader.h"

#include <glib/gstdio.h>
#include <string.h>

/* A 32-bit little-endian image with one PT_LOAD and one PT_NOTE. */
typedef struct TestElf {
    uint8_t data[256];
} TestElf;

static void put(TestElf *elf, size_t at, uint32_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        elf->data[at + i] = (uint8_t)(value >> (8 * i));
    }
}

enum { PHDR0 = 52, PHDR1 = 84, LOAD_DATA = 0x80, NOTE_DATA = 0xa0 };

static TestElf good_elf(void)
{
    TestElf elf = {
        {0x7f, 'E', 'L', 'F', 1, 1, 1}
    };

    put(&elf, 16, 2, 2);
    put(&elf, 18, ELF_MACHINE_386, 2);
    put(&elf, 24, 0x100010, 4); /* entry */
    put(&elf, 28, PHDR0, 4);
    put(&elf, 42, 32, 2);
    put(&elf, 44, 2, 2);
    put(&elf, PHDR0, 1, 4);
    put(&elf, PHDR0 + 4, LOAD_DATA, 4);
    put(&elf, PHDR0 + 8, 0xc0100000, 4);
    put(&elf, PHDR0 + 12, 0x100000, 4);
    put(&elf, PHDR0 + 16, 16, 4);
    put(&elf, PHDR0 + 20, 0x40, 4);
    put(&elf, PHDR1, 4, 4);
    put(&elf, PHDR1 + 4, NOTE_DATA, 4);
    put(&elf, PHDR1 + 16, 20, 4);
    put(&elf, PHDR1 + 20, 20, 4);
    put(&elf, PHDR1 + 28, 4, 4);
    put(&elf, NOTE_DATA, 4, 4);
    put(&elf, NOTE_DATA + 4, 4, 4);
    put(&elf, NOTE_DATA + 8, 18, 4);
    memcpy(elf.data + NOTE_DATA + 12, "Xen", 4);
    put(&elf, NOTE_DATA + 16, 0x100020, 4);
    return elf;
}

static ElfImage *parse(const TestElf *elf, size_t len, Error **errp)
{
    g_autoptr(GBytes) bytes = g_bytes_new(elf->data, len);

    return elf_parse(bytes, errp);
}

static void test_good_image(void)
{
    TestElf file = good_elf();
    g_autoptr(ElfImage) elf = parse(&file, sizeof(file.data), &error_abort);
    const uint8_t *note;
    size_t len;

    g_assert_cmphex(elf->entry, ==, 0x100010);
    g_assert_cmpuint(elf->num_segments, ==, 1);
    g_assert_cmphex(elf->segments[0].paddr, ==, 0x100000);
    g_assert_cmphex(elf->low, ==, 0x100000);
    g_assert_cmphex(elf->high, ==, 0x100040);
    note = elf_find_note(elf, "Xen", 18, &len);
    g_assert_nonnull(note);
    g_assert_cmpuint(len, ==, 4);
    g_assert_cmphex(note[0], ==, 0x20);
    g_assert_null(elf_find_note(elf, "Xen", 17, &len));
    g_assert_null(elf_find_note(elf, "GNU", 18, &len));
}

static void expect_error(const TestElf *file, size_t len, const char *text)
{
    g_autoptr(Error) err = NULL;

    g_assert_null(parse(file, len, &err));
    g_assert_nonnull(strstr(error_get_message(err), text));
}

static void test_err_not_elf(void)
{
    TestElf file = good_elf();

    file.data[0] = 0;
    expect_error(&file, sizeof(file.data), "not an ELF image");
    expect_error(&file, 4, "not an ELF image");
}

static void test_err_class(void)
{
    TestElf file = good_elf();

    file.data[4] = 3;
    expect_error(&file, sizeof(file.data), "unknown ELF class");
}

static void test_err_short_header(void)
{
    TestElf file = good_elf();

    expect_error(&file, 40, "cut short");
}

static void test_err_phdrs_outside(void)
{
    TestElf file = good_elf();

    put(&file, 28, 0xfffffff0, 4);
    expect_error(&file, sizeof(file.data), "outside the file");
    file = good_elf();
    put(&file, 44, 1000, 2);
    expect_error(&file, sizeof(file.data), "outside the file");
    put(&file, 44, 0xffff, 2);
    expect_error(&file, sizeof(file.data), "at most");
    file = good_elf();
    put(&file, 42, 8, 2);
    expect_error(&file, sizeof(file.data), "too small");
}

static void test_err_segment(void)
{
    TestElf file = good_elf();

    put(&file, PHDR0 + 4, 250, 4);
    expect_error(&file, sizeof(file.data), "outside the file");
    file = good_elf();
    put(&file, PHDR0 + 16, 0x41, 4);
    expect_error(&file, sizeof(file.data), "larger in the file");
    file = good_elf();
    put(&file, PHDR0, 6, 4);
    expect_error(&file, sizeof(file.data), "nothing to load");
}

static void test_bad_notes_are_not_found(void)
{
    TestElf file = good_elf();
    size_t len;

    put(&file, NOTE_DATA + 4, 0xffffffff, 4);
    {
        g_autoptr(ElfImage) elf = parse(&file, sizeof(file.data), &error_abort);

        g_assert_null(elf_find_note(elf, "Xen", 18, &len));
    }
    put(&file, NOTE_DATA, 0xfffffff0, 4);
    {
        g_autoptr(ElfImage) elf = parse(&file, sizeof(file.data), &error_abort);

        g_assert_null(elf_find_note(elf, "Xen", 18, &len));
    }
    put(&file, PHDR1 + 16, 0x1000, 4);
    {
        g_autoptr(ElfImage) elf = parse(&file, sizeof(file.data), &error_abort);

        g_assert_null(elf_find_note(elf, "Xen", 18, &len));
    }
}

/* Every single-byte change of the headers must be survived. */
static void test_any_byte_may_be_wrong(void)
{
    for (size_t at = 0; at < PHDR1 + 32; at++) {
        for (unsigned value = 0; value < 256; value += 51) {
            TestElf file = good_elf();
            size_t len;

            file.data[at] = (uint8_t)value;
            g_autoptr(ElfImage) elf = parse(&file, sizeof(file.data), NULL);
            if (elf) {
                elf_find_note(elf, "Xen", 18, &len);
            }
        }
    }
}

static void test_search_dirs_come_first(void)
{
    g_autofree char *dir = g_dir_make_tmp("loader-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "some-firmware.bin", NULL);
    g_autofree char *found = NULL;

    g_assert_null(firmware_find_file("some-firmware.bin"));
    g_assert_true(g_file_set_contents(path, "x", 1, NULL));
    firmware_add_search_dir(dir);
    g_assert_cmpstr(firmware_search_dirs()[0], ==, dir);
    found = firmware_find_file("some-firmware.bin");
    g_assert_cmpstr(found, ==, path);
    g_remove(path);
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hw/loader/good-image", test_good_image);
    g_test_add_func("/hw/loader/err-not-elf", test_err_not_elf);
    g_test_add_func("/hw/loader/err-class", test_err_class);
    g_test_add_func("/hw/loader/err-short-header", test_err_short_header);
    g_test_add_func("/hw/loader/err-phdrs-outside", test_err_phdrs_outside);
    g_test_add_func("/hw/loader/err-segment", test_err_segment);
    g_test_add_func("/hw/loader/bad-notes-are-not-found", test_bad_notes_are_not_found);
    g_test_add_func("/hw/loader/any-byte-may-be-wrong", test_any_byte_may_be_wrong);
    g_test_add_func("/hw/loader/search-dirs-come-first", test_search_dirs_come_first);
    return g_test_run();
}
