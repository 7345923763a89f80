/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration device by port and by DMA, with the descriptors a guest may lie in.
 */
#include "libqtest.h"

#include <string.h>

enum {
    PORT_SELECT = 0x510,
    PORT_DATA = 0x511,
    PORT_DMA = 0x514,
    KEY_SIGNATURE = 0x00,
    KEY_ID = 0x01,
    KEY_RAM_SIZE = 0x03,
    KEY_FILE_DIR = 0x19,
    FIRST_FILE = 0x20,
};
enum { DMA_ERROR = 1, DMA_READ = 2, DMA_SKIP = 4, DMA_SELECT = 8, DMA_WRITE = 16 };

#define MIB      (1024u * 1024u)
#define RAM_SIZE (64u * MIB)
#define DESC     0x10000u
#define BUFFER   0x20000u

static QTest *start(void)
{
    return qtest_start("-M pc -nodefaults -m 64M -fw_cfg name=opt/test,string=hello");
}

static void read_item(QTest *qt, uint16_t key, void *data, size_t len)
{
    uint8_t *bytes = data;

    qtest_outw(qt, PORT_SELECT, key);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = qtest_inb(qt, PORT_DATA);
    }
}

static uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be(uint8_t *p, uint64_t value, unsigned size)
{
    while (size-- > 0) {
        p[size] = (uint8_t)value;
        value >>= 8;
    }
}

/* Ports carry the register's bytes in memory order. */
static void start_dma(QTest *qt, uint64_t desc)
{
    qtest_outl(qt, PORT_DMA, GUINT32_SWAP_LE_BE((uint32_t)(desc >> 32)));
    qtest_outl(qt, PORT_DMA + 4, GUINT32_SWAP_LE_BE((uint32_t)desc));
}

/* Run one descriptor; returns the control word that the device left. */
static uint32_t dma(QTest *qt, uint32_t control, uint32_t len, uint64_t addr)
{
    uint8_t desc[16];

    put_be(desc, control, 4);
    put_be(desc + 4, len, 4);
    put_be(desc + 8, addr, 8);
    qtest_memwrite(qt, DESC, desc, sizeof(desc));
    start_dma(qt, DESC);
    qtest_memread(qt, DESC, desc, 4);
    return get_be32(desc);
}

static uint32_t select_key(uint16_t key)
{
    return (uint32_t)key << 16 | DMA_SELECT;
}

/* Key and size of a file; fails the test when there is none. */
static uint16_t find_file(QTest *qt, const char *name, uint32_t *size)
{
    uint8_t entry[64];
    uint32_t count;

    read_item(qt, KEY_FILE_DIR, entry, 4);
    count = get_be32(entry);
    for (uint32_t i = 0; i < count; i++) {
        for (size_t j = 0; j < sizeof(entry); j++) {
            entry[j] = qtest_inb(qt, PORT_DATA);
        }
        if (strcmp((const char *)entry + 8, name) == 0) {
            *size = get_be32(entry);
            return (uint16_t)(entry[4] << 8 | entry[5]);
        }
    }
    g_assert_not_reached();
}

static void test_signature_and_features(void)
{
    QTest *qt = start();
    uint8_t data[8];

    read_item(qt, KEY_SIGNATURE, data, 4);
    g_assert_cmpmem(data, 4, "QEMU", 4);
    g_assert_cmphex(qtest_inb(qt, PORT_DATA), ==, 0); /* past its end */
    read_item(qt, KEY_ID, data, 4);
    g_assert_cmphex(data[0], ==, 3);
    read_item(qt, KEY_RAM_SIZE, data, 8);
    g_assert_cmphex(data[3], ==, 4);
    g_assert_cmphex(qtest_inl(qt, PORT_DMA), ==, GUINT32_SWAP_LE_BE(0x51454d55));
    g_assert_cmphex(qtest_inl(qt, PORT_DMA + 4), ==, GUINT32_SWAP_LE_BE(0x20434647));
    qtest_quit(qt);
}

static void test_files_are_sorted_and_numbered(void)
{
    QTest *qt = start();
    uint8_t data[4 + 64 * 32];
    uint32_t count;

    read_item(qt, KEY_FILE_DIR, data, sizeof(data));
    count = get_be32(data);
    g_assert_cmpuint(count, >, 4);
    g_assert_cmpuint(count, <=, 32);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = data + 4 + 64 * i;

        g_assert_cmphex((unsigned)(entry[4] << 8 | entry[5]), ==, FIRST_FILE + i);
        if (i) {
            g_assert_cmpint(
                strcmp((const char *)entry - 64 + 8, (const char *)entry + 8), <, 0);
        }
    }
    qtest_quit(qt);
}

static void test_user_file_is_read_by_dma(void)
{
    QTest *qt = start();
    uint32_t size;
    uint16_t key = find_file(qt, "opt/test", &size);
    uint8_t data[8];

    g_assert_cmpuint(size, ==, 5);
    qtest_memset(qt, BUFFER, 0xff, sizeof(data));
    /* The part past the end reads as zero, and no error. */
    g_assert_cmphex(dma(qt, select_key(key) | DMA_READ, 7, BUFFER), ==, 0);
    qtest_memread(qt, BUFFER, data, sizeof(data));
    g_assert_cmpmem(data, 8, "hello\0\0\xff", 8);
    /* Select, skip two, read on. */
    g_assert_cmphex(dma(qt, select_key(key) | DMA_SKIP, 2, 0), ==, 0);
    g_assert_cmphex(dma(qt, DMA_READ, 3, BUFFER), ==, 0);
    qtest_memread(qt, BUFFER, data, 3);
    g_assert_cmpmem(data, 3, "llo", 3);
    qtest_quit(qt);
}

static void test_writes_to_read_only_files_fail(void)
{
    QTest *qt = start();
    uint32_t size;
    uint16_t key = find_file(qt, "opt/test", &size);
    uint8_t data[5];

    g_assert_cmphex(dma(qt, select_key(key) | DMA_WRITE, 1, BUFFER), ==, DMA_ERROR);
    g_assert_cmphex(dma(qt, select_key(key) | DMA_WRITE, 0xffffffff, BUFFER), ==,
                    DMA_ERROR);
    read_item(qt, key, data, 5);
    g_assert_cmpmem(data, 5, "hello", 5);
    qtest_quit(qt);
}

static void test_unknown_keys_read_zero(void)
{
    QTest *qt = start();
    uint8_t data[4];

    read_item(qt, 0x3fff, data, 4);
    g_assert_cmpmem(data, 4, "\0\0\0\0", 4);
    qtest_memset(qt, BUFFER, 0xff, 4);
    g_assert_cmphex(dma(qt, select_key(0xffff) | DMA_READ, 4, BUFFER), ==, 0);
    qtest_memread(qt, BUFFER, data, 4);
    g_assert_cmpmem(data, 4, "\0\0\0\0", 4);
    g_assert_cmphex(dma(qt, select_key(0x7777) | DMA_WRITE, 4, BUFFER), ==, DMA_ERROR);
    qtest_quit(qt);
}

static void test_hostile_descriptors(void)
{
    QTest *qt = start();
    uint8_t data[4];

    /* Out of memory at once, half-way, and by wrapping around. */
    g_assert_cmphex(dma(qt, select_key(KEY_SIGNATURE) | DMA_READ, 4, RAM_SIZE * 2ull),
                    ==, DMA_ERROR);
    g_assert_cmphex(
        dma(qt, select_key(KEY_SIGNATURE) | DMA_READ, 0xffffffff, RAM_SIZE - 0x1000),
        ==, DMA_ERROR);
    g_assert_cmphex(dma(qt, select_key(KEY_SIGNATURE) | DMA_READ, 16, UINT64_MAX - 7),
                    ==, DMA_ERROR);
    /* A descriptor that is nowhere, and one that ends outside memory. */
    start_dma(qt, UINT64_MAX - 3);
    start_dma(qt, 0x100000000000ull);
    start_dma(qt, RAM_SIZE - 8);
    /* Data over its own descriptor: the control word wins. */
    g_assert_cmphex(dma(qt, select_key(KEY_SIGNATURE) | DMA_READ, 4, DESC), ==, 0);
    /* No command at all, every command at once. */
    g_assert_cmphex(dma(qt, 0, 0xffffffff, UINT64_MAX), ==, 0);
    g_assert_cmphex(dma(qt, 0xffffffff, 4, BUFFER), ==, 0);
    /* The device still works. */
    read_item(qt, KEY_SIGNATURE, data, 4);
    g_assert_cmpmem(data, 4, "QEMU", 4);
    qtest_quit(qt);
}

/* The tables hold the power management base of the moment they are first selected. */
static void test_acpi_tables_follow_the_pm_base(void)
{
    QTest *qt = start();
    uint32_t size;
    uint16_t key = find_file(qt, "etc/acpi/tables", &size);
    uint8_t *tables = g_malloc(size);
    const uint8_t *facp;

    g_assert_cmpuint(size, ==, 131072);
    qtest_outl(qt, 0xcf8, 0x80000b40); /* 00:01.3, register 40 */
    qtest_outl(qt, 0xcfc, 0x601);
    g_assert_cmphex(dma(qt, select_key(key) | DMA_READ, size, MIB), ==, 0);
    qtest_memread(qt, MIB, tables, size);
    g_assert_cmpmem(tables, 4, "FACS", 4);
    g_assert_cmpmem(tables + 64, 4, "DSDT", 4);
    facp = memmem(tables, size, "FACP", 4);
    g_assert_nonnull(facp);
    g_assert_cmphex((unsigned)(facp[56] | facp[57] << 8), ==, 0x600);
    g_free(tables);
    qtest_quit(qt);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nvram/fw_cfg/signature-and-features",
                    test_signature_and_features);
    g_test_add_func("/nvram/fw_cfg/files-are-sorted-and-numbered",
                    test_files_are_sorted_and_numbered);
    g_test_add_func("/nvram/fw_cfg/user-file-is-read-by-dma",
                    test_user_file_is_read_by_dma);
    g_test_add_func("/nvram/fw_cfg/writes-to-read-only-files-fail",
                    test_writes_to_read_only_files_fail);
    g_test_add_func("/nvram/fw_cfg/unknown-keys-read-zero",
                    test_unknown_keys_read_zero);
    g_test_add_func("/nvram/fw_cfg/hostile-descriptors", test_hostile_descriptors);
    g_test_add_func("/nvram/fw_cfg/acpi-tables-follow-the-pm-base",
                    test_acpi_tables_follow_the_pm_base);
    return g_test_run();
}
