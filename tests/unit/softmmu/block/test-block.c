/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What backends, media and -drive promise. */
#include "softmmu/block.h"

#include "qapi/value.h"
#include "softmmu/backends/block/block-internal.h"
#include "util/bql.h"

#include <glib.h>
#include <glib/gstdio.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define IMAGE_BYTES (64 * 1024 + 512)

static char *image_new(void)
{
    char *name = g_strdup("/tmp/test-block.XXXXXX");
    int fd = g_mkstemp(name);
    uint8_t buf[IMAGE_BYTES];

    for (size_t i = 0; i < sizeof(buf); i++) {
        buf[i] = (uint8_t)(i / 512 + i);
    }
    g_assert_cmpint(write(fd, buf, sizeof(buf)), ==, sizeof(buf));
    close(fd);
    return name;
}

static void image_free(char *name)
{
    g_unlink(name);
    g_free(name);
}

static BlockBackend *backend_on(const char *image, unsigned flags)
{
    BlockBackend *blk = blk_new(NULL, &error_abort);

    blk_insert_medium(blk, block_node_open(image, "raw", flags, &error_abort));
    return blk;
}

static void store_result(void *opaque, int ret)
{
    *(int *)opaque = ret;
}

#define PENDING 12345

static int transfer(BlockBackend *blk, bool is_write, uint64_t offset, void *buf,
                    size_t len)
{
    struct iovec iov = { buf, len };
    int ret = PENDING;

    (is_write ? blk_aio_pwritev : blk_aio_preadv)(blk, offset, &iov, 1, store_result,
                                                  &ret);
    g_assert_cmpint(ret, ==, PENDING);
    while (ret == PENDING) {
        event_loop_run_once(main_loop(), true);
    }
    return ret;
}

static void test_read_write(void)
{
    char *image = image_new();
    BlockBackend *blk = backend_on(image, 0);
    uint8_t buf[1024], back[1024];

    g_assert_cmpuint(blk_get_length(blk), ==, IMAGE_BYTES);
    memset(buf, 0xa5, sizeof(buf));
    g_assert_cmpint(transfer(blk, true, 512, buf, sizeof(buf)), ==, 0);
    g_assert_cmpint(transfer(blk, false, 512, back, sizeof(back)), ==, 0);
    g_assert_cmpmem(buf, sizeof(buf), back, sizeof(back));
    g_assert_cmpuint(blk_get_stats(blk).wr_bytes, ==, 1024);
    blk_delete(blk);
    image_free(image);
}

static void test_bounds(void)
{
    char *image = image_new();
    BlockBackend *blk = backend_on(image, BLOCK_OPEN_READONLY);
    uint8_t buf[1024] = { 0 };

    g_assert_cmpint(transfer(blk, false, IMAGE_BYTES - 512, buf, 1024), ==, -EIO);
    g_assert_cmpint(transfer(blk, false, UINT64_MAX - 511, buf, 1024), ==, -EIO);
    g_assert_cmpint(transfer(blk, true, 0, buf, 512), ==, -EROFS);
    blk_remove_medium(blk);
    g_assert_cmpint(transfer(blk, false, 0, buf, 512), ==, -ENOMEDIUM);
    blk_delete(blk);
    image_free(image);
}

static void test_short_file_reads_zero(void)
{
    char *image = image_new();
    uint8_t buf[512], zero[412] = { 0 };

    g_assert_cmpint(truncate(image, 100), ==, 0);
    BlockBackend *blk = backend_on(image, 0);
    g_assert_cmpuint(blk_get_length(blk), ==, 512);
    memset(buf, 0xff, sizeof(buf));
    g_assert_cmpint(transfer(blk, false, 0, buf, 512), ==, 0);
    g_assert_cmpmem(buf + 100, 412, zero, 412);
    blk_delete(blk);
    image_free(image);
}

/* Random writes of all alignments against a plain array; the file must not change. */
static void test_overlay_model(void)
{
    char *image = image_new();
    g_autofree char *before = NULL, *after = NULL;
    g_autofree uint8_t *model = g_malloc(IMAGE_BYTES), *now = g_malloc(IMAGE_BYTES);
    g_assert_true(g_file_get_contents(image, &before, NULL, NULL));
    memcpy(model, before, IMAGE_BYTES);
    BlockBackend *blk = backend_on(image, BLOCK_OPEN_SNAPSHOT);

    for (int i = 0; i < 400; i++) {
        uint32_t offset = g_test_rand_int_range(0, IMAGE_BYTES);
        uint32_t len = g_test_rand_int_range(1, 9000);
        len = MIN(len, IMAGE_BYTES - offset);
        g_autofree uint8_t *data = g_malloc(len);
        memset(data, g_test_rand_int_range(0, 256), len);
        memcpy(model + offset, data, len);
        g_assert_cmpint(blk_pwrite(blk, offset, data, len), ==, 0);
        if (i % 16 == 0) {
            g_assert_cmpint(blk_pread(blk, 0, now, IMAGE_BYTES), ==, 0);
            g_assert_cmpmem(now, IMAGE_BYTES, model, IMAGE_BYTES);
        }
    }
    g_assert_cmpint(transfer(blk, false, 0, now, IMAGE_BYTES), ==, 0);
    g_assert_cmpmem(now, IMAGE_BYTES, model, IMAGE_BYTES);
    blk_delete(blk);
    g_assert_true(g_file_get_contents(image, &after, NULL, NULL));
    g_assert_cmpmem(before, IMAGE_BYTES, after, IMAGE_BYTES);
    image_free(image);
}

/* Many at once use several threads, and a drain runs all completions. */
static void test_drain(void)
{
    char *image = image_new();
    BlockBackend *blk = backend_on(image, 0);
    static uint8_t bufs[100][512];
    int rets[100];

    for (int i = 0; i < 100; i++) {
        struct iovec iov = { bufs[i], 512 };
        rets[i] = PENDING;
        blk_aio_preadv(blk, (uint64_t)i * 512, &iov, 1, store_result, &rets[i]);
    }
    blk_drain(blk);
    for (int i = 0; i < 100; i++) {
        g_assert_cmpint(rets[i], ==, 0);
        g_assert_cmpint(bufs[i][0], ==, (uint8_t)(i + i * 512));
    }
    g_assert_cmpuint(block_pool_num_threads(), >=, 1);
    g_assert_cmpuint(block_pool_num_threads(), <=, BLOCK_POOL_MAX_THREADS);
    blk_delete(blk);
    image_free(image);
}

static void test_scatter(void)
{
    char *image = image_new();
    BlockBackend *blk = backend_on(image, BLOCK_OPEN_SNAPSHOT);
    uint8_t a[100], b[412], c[512], flat[1024];
    struct iovec iov[] = {
        {a,  100},
        { b, 412},
        { c, 512}
    };
    int ret = PENDING;

    blk_aio_preadv(blk, 1024, iov, 3, store_result, &ret);
    blk_drain(blk);
    g_assert_cmpint(ret, ==, 0);
    g_assert_cmpint(blk_pread(blk, 1024, flat, 1024), ==, 0);
    g_assert_cmpmem(a, 100, flat, 100);
    g_assert_cmpmem(b, 412, flat + 100, 412);
    g_assert_cmpmem(c, 512, flat + 512, 512);
    blk_delete(blk);
    image_free(image);
}

static void test_lock(void)
{
    char *image = image_new();
    BlockNode *a = block_node_open(image, "raw", 0, &error_abort);
    Error *err = NULL;

    g_assert_null(block_node_open(image, "raw", 0, &err));
    g_assert_cmpstr(error_get_message(err), ==, "Failed to get \"write\" lock");
    error_free(err);
    block_node_close(a);
    a = block_node_open(image, "raw", BLOCK_OPEN_READONLY, &error_abort);
    BlockNode *b = block_node_open(image, "raw", BLOCK_OPEN_SNAPSHOT, &error_abort);
    block_node_close(a);
    block_node_close(b);
    image_free(image);
}

static void expect_drive_error(const char *text, const char *message)
{
    Error *err = NULL;
    g_autojson opts = keyval_parse(text, NULL, &error_abort);

    g_assert_null(drive_add(opts, NULL, &err));
    g_assert_cmpstr(error_get_message(err), ==, message);
    error_free(err);
}

static DriveInfo *add(const char *text)
{
    g_autojson opts = keyval_parse(text, NULL, &error_abort);

    return drive_add(opts, NULL, &error_abort);
}

static void test_drive_places(void)
{
    g_assert_cmpstr(blk_get_name(add("if=ide")->blk), ==, "ide0-hd0");
    g_assert_cmpstr(blk_get_name(add("media=cdrom")->blk), ==, "ide0-cd1");
    g_assert_cmpstr(blk_get_name(add("index=3")->blk), ==, "ide1-hd1");
    g_assert_cmpstr(blk_get_name(add("if=floppy")->blk), ==, "floppy0");
    g_assert_cmpstr(blk_get_name(add("if=none,id=a")->blk), ==, "a");
    g_assert_true(drive_add_default(IF_DEFAULT, 2, "cdrom", &error_abort));
    g_assert_true(drive_add_default(IF_FLOPPY, 0, NULL, &error_abort));
    g_assert_true(drive_get(IF_IDE, 1, 0)->media_cd);
    g_assert_nonnull(drive_get_by_index(IF_IDE, 3));
    g_assert_null(drive_get(IF_IDE, 2, 0));
    expect_drive_error("index=2", "drive with bus=1, unit=0 (index=2) exists");
    expect_drive_error("unit=5", "unit 5 too big (max is 1)");
    expect_drive_error("index=0,bus=1", "index cannot be used with bus and unit");
    expect_drive_error("if=foo", "unsupported bus type 'foo'");
    expect_drive_error("if=none,id=a", "Duplicate ID 'a' for drive");
    expect_drive_error("media=foo", "'foo' invalid media");
    expect_drive_error("bus=x", "Parameter 'bus' expects a number");
    expect_drive_error("cache=foo", "invalid cache option");
    expect_drive_error("foo=1", "Block format 'raw' does not support the option 'foo'");
    expect_drive_error("file=/nonexistent/x,format=raw,if=none",
                       "Could not open '/nonexistent/x': No such file or directory");
    expect_drive_error("file=/tmp,format=raw,if=none",
                       "'file' driver requires '/tmp' to be a regular file");
    drive_get(IF_IDE, 0, 0);
    drive_get(IF_IDE, 0, 1);
    drive_get(IF_FLOPPY, 0, 0);
    Error *err = NULL;
    add("index=9");
    g_assert_false(drive_check_orphaned(&err));
    g_assert_cmpstr(error_get_message(err), ==,
                    "machine type does not support if=ide,bus=4,unit=1");
    error_free(err);
    blk_delete(blk_by_name("ide4-hd1"));
    g_assert_true(drive_check_orphaned(&error_abort));
}

static void test_formats(void)
{
    char *image = image_new();
    Error *err = NULL;

    g_assert_null(block_node_open(image, "bogus", 0, &err));
    g_assert_cmpstr(error_get_message(err), ==, "Unknown driver 'bogus'");
    error_free(err);
    err = NULL;
    g_assert_null(block_node_open(image, "qcow2", 0, &err));
    g_assert_cmpstr(error_get_message(err), ==, "Image is not in qcow2 format");
    error_free(err);
    image_free(image);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bql_lock();
    g_test_add_func("/block/what-is-written-is-read-back", test_read_write);
    g_test_add_func("/block/requests-outside-the-medium-fail", test_bounds);
    g_test_add_func("/block/tail-of-an-odd-file-reads-zero",
                    test_short_file_reads_zero);
    g_test_add_func("/block/overlay-behaves-like-an-array", test_overlay_model);
    g_test_add_func("/block/drain-runs-all-completions", test_drain);
    g_test_add_func("/block/scattered-read-fills-all-parts", test_scatter);
    g_test_add_func("/block/two-writers-are-refused", test_lock);
    g_test_add_func("/block/foreign-formats-are-refused", test_formats);
    g_test_add_func("/block/drive/places-and-errors", test_drive_places);
    return g_test_run();
}
