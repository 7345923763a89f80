/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMA controller pair with a card on one channel. */
#include "hw/dma/i8257.h"

#include "isa-harness.h"
#include "memory/memory.h"

#include <string.h>

static MemoryRegion ram;
static uint8_t data[256];
static size_t card_moved;
static int card_services;
static bool card_tc;

/* A card that wants to move all of data[] in one go. */
static void card_service(void *opaque)
{
    IsaDmaChannel *ch = opaque;

    card_services++;
    if (isa_dma_get_transfer(ch) == ISA_DMA_READ) {
        card_moved = isa_dma_read(ch, data, sizeof(data), &card_tc);
    } else {
        card_moved = isa_dma_write(ch, data, sizeof(data), &card_tc);
    }
    isa_dma_set_dreq(ch, false);
}

static void start(int n, uint8_t mode, uint16_t address, uint16_t count)
{
    uint16_t chan = n < 4 ? 2 * n : 0xc0 + 4 * (n - 4);
    uint16_t cont = n < 4 ? 0x08 : 0xd0;
    int scale = n < 4 ? 1 : 2;

    outb(cont + 5 * scale, 0); /* master clear */
    outb(cont + 3 * scale, mode | (n & 3));
    outb(chan, address & 0xff);
    outb(chan, address >> 8);
    outb(chan + scale, count & 0xff);
    outb(chan + scale, count >> 8);
    card_moved = 0;
    card_services = 0;
    card_tc = false;
}

static void transfer(int n)
{
    IsaDmaChannel *ch = isa_get_dma(isa_harness_bus(), n);

    isa_dma_register(ch, card_service, ch);
    isa_dma_set_dreq(ch, true);
    isa_harness_settle();
}

static void test_masked(void)
{
    IsaDmaChannel *ch = isa_get_dma(isa_harness_bus(), 2);

    start(2, 0x44, 0x1000, 9);
    transfer(2);
    g_assert_cmpint(card_services, ==, 0);
    g_assert_cmphex(inb(0x08), ==, 0x40); /* the request shows */
    outb(0x0a, 2);                        /* unmask */
    isa_harness_settle();
    g_assert_cmpint(card_services, ==, 1);
    isa_dma_set_dreq(ch, false);
}

static void test_write(void)
{
    start(2, 0x44, 0x1000, 9);
    outb(0x81, 0x02); /* page */
    outb(0x0a, 2);
    memset(data, 0x5a, sizeof(data));
    transfer(2);
    g_assert_cmpint(card_moved, ==, 10);
    g_assert_true(card_tc);
    g_assert_cmphex(mem_readl(0x21000), ==, 0x5a5a5a5a);
    g_assert_cmphex(mem_readl(0x21008), ==, 0x00005a5a);
    g_assert_cmphex(inb(0x08), ==, 0x04); /* TC, cleared by reading */
    g_assert_cmphex(inb(0x08), ==, 0x00);
    g_assert_cmphex(inb(0x0f) & 4, ==, 4); /* masked again */
}

static void test_read_words(void)
{
    mem_writel(0x42000, 0x44332211);
    start(5, 0x48, 0x1000, 1); /* word address: 2000 */
    outb(0x8b, 0x05);          /* bit 0 is not used: 4xxxx */
    outb(0xd4, 1);
    transfer(5);
    g_assert_cmpint(card_moved, ==, 4);
    g_assert_cmphex(data[0], ==, 0x11);
    g_assert_cmphex(data[3], ==, 0x44);
}

static void test_autoinit(void)
{
    start(1, 0x54, 0x3000, 3);
    outb(0x83, 0);
    outb(0x0a, 1);
    transfer(1);
    g_assert_cmpint(card_moved, ==, 4);
    outb(0x0c, 0);
    g_assert_cmphex(inb(0x02), ==, 0x00);
    g_assert_cmphex(inb(0x02), ==, 0x30);
    g_assert_cmphex(inb(0x03), ==, 0x03);
    transfer(1);
    g_assert_cmpint(card_services, ==, 2);
}

static void test_decrement(void)
{
    data[0] = 1;
    data[1] = 2;
    start(3, 0x64, 0x0011, 1);
    outb(0x82, 0x01);
    outb(0x0a, 3);
    transfer(3);
    g_assert_cmphex(mem_readl(0x10010) & 0xffff, ==, 0x0102);
}

static void test_wraps_in_page(void)
{
    memset(data, 0x77, sizeof(data));
    mem_writel(0x30000, 0);
    start(3, 0x44, 0xffff, 1);
    outb(0x82, 0x03);
    outb(0x0a, 3);
    transfer(3);
    g_assert_cmphex(mem_readl(0x30000), ==, 0x77);
    g_assert_cmphex(mem_readl(0x40000), ==, 0);
}

static void test_verify(void)
{
    mem_writel(0x5000, 0x12345678);
    start(2, 0x40, 0x5000, 3);
    outb(0x81, 0);
    outb(0x0a, 2);
    transfer(2);
    g_assert_cmpint(card_moved, ==, 4);
    g_assert_true(card_tc);
    g_assert_cmphex(mem_readl(0x5000), ==, 0x12345678);
}

static void test_vmstate(void)
{
    GPtrArray *children = BUS(isa_harness_bus())->children;

    start(2, 0x44, 0x1234, 0x5678);
    outb(0x81, 0x9a);
    outb(0x02, 0x11);
    for (guint i = 0; i < children->len; i++) {
        isa_harness_check_vmstate(g_ptr_array_index(children, i));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    isa_harness_init();
    if (!memory_region_init_ram(&ram, NULL, "ram", 1 << 20, &error_abort)) {
        return 1;
    }
    memory_region_add_subregion(get_system_memory(), 0, &ram);
    i8257_init(isa_harness_bus());
    g_test_add_func("/hw/i8257/masked-channel-waits", test_masked);
    g_test_add_func("/hw/i8257/write-transfer-ends-with-tc", test_write);
    g_test_add_func("/hw/i8257/word-channel", test_read_words);
    g_test_add_func("/hw/i8257/autoinitialize-reloads", test_autoinit);
    g_test_add_func("/hw/i8257/decrementing-address", test_decrement);
    g_test_add_func("/hw/i8257/address-wraps-in-its-page", test_wraps_in_page);
    g_test_add_func("/hw/i8257/verify-moves-nothing", test_verify);
    g_test_add_func("/hw/i8257/save-reset-load", test_vmstate);
    return g_test_run();
}
