/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PCI test device (1b36:0005) of public PCI test suites. Source: its public
 * register description. A BAR begins with a header that describes the selected test;
 * the guest writes to the place it names and reads back how many writes arrived. Not
 * modelled: event file descriptors behind the "eventfd" tests, whose writes are handled
 * like the others.
 *
 * Interface: BAR 0, 4 KiB memory; BAR 1, 256 ports; BAR 2, RAM of size "membar" if set.
 */
#include "hw/pci/pci.h"

#include <string.h>

#define TYPE_PCI_TESTDEV "pci-testdev"

/* --- Header, little-endian --- */
#define TEST_SELECT     0x00 /* 8 bits */
#define TEST_WIDTH      0x01 /* 8 bits: of the write, 0: no such test */
#define TEST_OFFSET     0x04 /* 32 bits: where to write */
#define TEST_DATA       0x08 /* 32 bits: what */
#define TEST_COUNT      0x0c /* 32 bits: writes seen */
#define TEST_NAME       0x10
#define TEST_HEADER_LEN 0x40

#define MMIO_SIZE        0x1000
#define MMIO_TEST_BASE   0x800
#define PORTIO_SIZE      0x100
#define PORTIO_TEST_BASE 0x80
#define NUM_TESTS        3 /* of each kind */

typedef struct TestInfo {
    const char *name;
    uint8_t data;
    bool match; /* counts only if the data agree */
} TestInfo;

static const TestInfo test_info[NUM_TESTS] = {
    {"no-eventfd",         0xfa, false},
    { "wildcard-eventfd",  0xce, false},
    { "datamatch-eventfd", 0xfa, true },
};

typedef struct TestBar {
    struct PCITestDev *dev;
    MemoryRegion mmio;
    const char *prefix;
    unsigned first; /* number of its first test */
    uint32_t base;  /* where its first test writes */
} TestBar;

typedef struct PCITestDev {
    PCIDevice parent_obj;
    TestBar bars[2];
    MemoryRegion membar;
    uint64_t membar_size;
    /* Migrated. */
    uint8_t header[TEST_HEADER_LEN];
    int32_t current; /* test number, -1: none */
} PCITestDev;

static PCITestDev *testdev(const void *obj)
{
    return (PCITestDev *)object_cast(obj, TYPE_PCI_TESTDEV);
}

static const TestInfo *current_test(const PCITestDev *s)
{
    return s->current < 0 ? NULL : &test_info[s->current % NUM_TESTS];
}

static void select_test(TestBar *bar, uint64_t n)
{
    PCITestDev *s = bar->dev;

    memset(s->header, 0, sizeof(s->header));
    s->current = -1;
    if (n >= NUM_TESTS) {
        return;
    }
    s->current = (int32_t)(bar->first + n);
    s->header[TEST_SELECT] = (uint8_t)s->current;
    s->header[TEST_WIDTH] = 1;
    pci_set_long(s->header + TEST_OFFSET, bar->base + (uint32_t)s->current);
    pci_set_long(s->header + TEST_DATA, test_info[n].data);
    g_snprintf((char *)s->header + TEST_NAME, TEST_HEADER_LEN - TEST_NAME, "%s-%s",
               bar->prefix, test_info[n].name);
}

static uint64_t testdev_read(void *opaque, hwaddr offset, unsigned size)
{
    const TestBar *bar = opaque;
    uint64_t value = 0;

    for (unsigned i = 0; i < size && offset + i < TEST_HEADER_LEN; i++) {
        value |= (uint64_t)bar->dev->header[offset + i] << (8 * i);
    }
    return value;
}

static void testdev_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    TestBar *bar = opaque;
    PCITestDev *s = bar->dev;
    const TestInfo *t = current_test(s);

    if (offset == TEST_SELECT) {
        select_test(bar, value);
        return;
    }
    if (!t || offset != pci_get_long(s->header + TEST_OFFSET) ||
        size != s->header[TEST_WIDTH] || (t->match && value != t->data)) {
        return;
    }
    pci_set_long(s->header + TEST_COUNT, pci_get_long(s->header + TEST_COUNT) + 1);
}

static const MemoryRegionOps testdev_ops = {
    .read = testdev_read,
    .write = testdev_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

static void testdev_reset(PCIDevice *dev)
{
    PCITestDev *s = testdev(dev);

    memset(s->header, 0, sizeof(s->header));
    s->current = -1;
}

static bool testdev_realize(PCIDevice *dev, Error **errp)
{
    PCITestDev *s = testdev(dev);
    TestBar *mem = &s->bars[0], *io = &s->bars[1];
    uint64_t size = s->membar_size;

    if (size & (size - 1)) {
        return error_set(errp, "membar size %" PRIu64 " is not a power of two", size);
    }
    if (size && size < 16) {
        return error_set(errp, "membar size %" PRIu64 " is below 16", size);
    }
    if (size) {
        memory_region_init(&s->membar, OBJECT(dev), "pci-testdev-membar", size);
        pci_register_bar(dev, 2, PCI_BAR_MEM_PREFETCH | PCI_BAR_MEM_64, &s->membar);
    }
    *mem = (TestBar){ .dev = s, .prefix = "mmio", .first = 0, .base = MMIO_TEST_BASE };
    *io = (TestBar){
        .dev = s, .prefix = "portio", .first = NUM_TESTS, .base = PORTIO_TEST_BASE
    };
    memory_region_init_io(&mem->mmio, OBJECT(dev), &testdev_ops, mem,
                          "pci-testdev-mmio", MMIO_SIZE);
    memory_region_init_io(&io->mmio, OBJECT(dev), &testdev_ops, io,
                          "pci-testdev-portio", PORTIO_SIZE);
    pci_register_bar(dev, 0, PCI_BAR_MEM, &mem->mmio);
    pci_register_bar(dev, 1, PCI_BAR_IO, &io->mmio);
    testdev_reset(dev);
    return true;
}

static bool testdev_post_load(void *opaque, int version_id, Error **errp)
{
    PCITestDev *s = opaque;

    if (s->current < -1 || s->current >= 2 * NUM_TESTS) {
        return error_set(errp, "pci-testdev: no test %d", s->current);
    }
    return true;
}

static const VMStateField testdev_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, PCITestDev),
    VMSTATE_BUFFER(header, PCITestDev),
    VMSTATE_INT32(current, PCITestDev),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_testdev = {
    .name = "pci-testdev",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = testdev_post_load,
    .fields = testdev_fields,
};

static const Property testdev_props[] = {
    PROP_SIZE("membar", PCITestDev, membar_size, 0),
};

static void testdev_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    dc->desc = "PCI Test Device";
    dc->categories = 1u << DEVICE_CATEGORY_MISC;
    dc->vmsd = &vmstate_testdev;
    pc->vendor_id = PCI_VENDOR_ID_REDHAT;
    pc->device_id = 0x0005;
    pc->class_id = PCI_CLASS_OTHERS;
    pc->realize = testdev_realize;
    pc->reset_hold = testdev_reset;
    OBJECT_CLASS_ADD_PROPERTIES(klass, testdev_props);
}

static const TypeInfo testdev_info = {
    .name = TYPE_PCI_TESTDEV,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(PCITestDev),
    .class_init = testdev_class_init,
};
TYPE_REGISTER(testdev_info);
