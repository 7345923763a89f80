/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions without a machine: state of every model is saved in a busy state, lost
 * by a reset, loaded and compared; hostile streams are refused; capabilities; MSI-X,
 * which a device made for the test drives.
 */
#include "hw/acpi/piix4-pm.h"
#include "hw/i2c/smbus.h"
#include "hw/isa/piix3.h"
#include "hw/pci-host/i440fx.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci-host.h"
#include "pci-rig.h"

#include <string.h>

static I440FXHost *host;
static PCIBus *bus;
static PCIDevice *pm;

/* --- A function with MSI-X and every kind of BAR -------------------------------------
 */

#define TYPE_TEST_MSIX "test-msix"

typedef struct TestMsix {
    PCIDevice parent_obj;
    MemoryRegion wide; /* BAR 0, 64-bit */
} TestMsix;

static bool test_msix_realize(PCIDevice *dev, Error **errp)
{
    TestMsix *s = (TestMsix *)dev;

    memory_region_init(&s->wide, OBJECT(dev), "test-wide", 1ull << 33);
    pci_register_bar(dev, 0, PCI_BAR_MEM_64 | PCI_BAR_MEM_PREFETCH, &s->wide);
    return msix_init_exclusive_bar(dev, 3, 2, errp);
}

static const VMStateField test_msix_fields[] = {
    VMSTATE_PCI_DEVICE(parent_obj, TestMsix),
    VMSTATE_MSIX(parent_obj, TestMsix),
    VMSTATE_END_OF_LIST(),
};

static const VMStateDescription vmstate_test_msix = {
    .name = "test-msix",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = test_msix_fields,
};

static void test_msix_class_init(ObjectClass *klass, const void *data)
{
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);

    DEVICE_CLASS(klass)->vmsd = &vmstate_test_msix;
    pc->vendor_id = 0x1234;
    pc->device_id = 0x5678;
    pc->class_id = PCI_CLASS_OTHERS;
    pc->realize = test_msix_realize;
}

static const TypeInfo test_msix_info = {
    .name = TYPE_TEST_MSIX,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(TestMsix),
    .class_init = test_msix_class_init,
};
TYPE_REGISTER(test_msix_info);

/* --- Helpers -------------------------------------------------------------------------
 */

static PCIDevice *add(const char *type)
{
    PCIDevice *dev = pci_create_simple(bus, PCI_DEVFN_AUTO, type, &error_abort);

    g_assert_nonnull(dev);
    resettable_reset(OBJECT(dev));
    return dev;
}

static void outw(uint16_t port, uint16_t value)
{
    pci_rig_out(port, value, 2);
}

static void outb(uint16_t port, uint8_t value)
{
    pci_rig_out(port, value, 1);
}

static uint32_t mem_readl(hwaddr addr)
{
    return address_space_ldl_le(&address_space_memory, addr, MEMTXATTRS_UNSPECIFIED,
                                NULL);
}

static void mem_writel(hwaddr addr, uint32_t value)
{
    address_space_stl_le(&address_space_memory, addr, value, MEMTXATTRS_UNSPECIFIED,
                         NULL);
}

/* --- Tests: state --------------------------------------------------------------------
 */

static void test_vmstate_i440fx(void)
{
    PCIDevice *dev = pci_bus_find_device(bus, PCI_DEVFN(0, 0));

    pci_host_config_write(dev, 0x5a, 0x31, 1);
    pci_host_config_write(dev, 0x72, 0x4a, 1);
    pci_rig_check_vmstate(dev);
    g_assert_cmphex(dev->config[0x5a], ==, 0x31);
    g_assert_cmphex(dev->config[0x72], ==, 0x4a);
    PCI_HOST_BRIDGE(host)->config_reg = 0x80000840;
    pci_rig_check_vmstate(host);
    g_assert_cmphex(PCI_HOST_BRIDGE(host)->config_reg, ==, 0x80000840);
    resettable_reset(OBJECT(dev));
}

static void test_vmstate_piix3(void)
{
    PCIDevice *dev = pci_bus_find_device(bus, PCI_DEVFN(1, 0));

    pci_host_config_write(dev, 0x60, 0x0b0b0a0a, 4);
    outb(0xcf9, 0x02);
    pci_rig_check_vmstate(dev);
    g_assert_cmphex(pci_get_long(dev->config + 0x60), ==, 0x0b0b0a0a);
}

static void test_vmstate_piix4_pm(void)
{
    pci_host_config_write(pm, 0x40, 0x601, 4);
    pci_host_config_write(pm, 0x80, 1, 1);
    outw(0x602, 0x0121);
    outw(0x604, 0x1401);
    outw(0xafe2, 0x000a);
    outb(0xb2, 0x77);
    outb(0xb103, 0x12);
    address_space_stl_le(&address_space_io, 0xaf00, 0, MEMTXATTRS_UNSPECIFIED, NULL);
    address_space_stl_le(&address_space_io, 0xaf00, 2, MEMTXATTRS_UNSPECIFIED, NULL);
    address_space_stl_le(&address_space_io, 0xa00, 1, MEMTXATTRS_UNSPECIFIED, NULL);
    address_space_stl_le(&address_space_io, 0xa04, 3, MEMTXATTRS_UNSPECIFIED, NULL);
    pci_rig_check_vmstate(pm);
    g_assert_cmphex(
        address_space_lduw_le(&address_space_io, 0x602, MEMTXATTRS_UNSPECIFIED, NULL),
        ==, 0x0121);
    g_assert_cmphex(piix4_pm_get_io_base(pm), ==, 0x600);
    resettable_reset(OBJECT(pm));
}

static void test_vmstate_smbus_eeprom(void)
{
    I2CBus *i2c = piix4_pm_get_smbus(pm);
    const uint8_t out[] = { 0x10, 0xaa, 0x55 };
    const uint8_t at = 0x10;
    uint8_t in[2];

    g_assert_true(smbus_write(i2c, 0x50, out, sizeof(out)));
    pci_rig_check_vmstate(g_ptr_array_index(BUS(i2c)->children, 0));
    g_assert_true(smbus_write(i2c, 0x50, &at, 1));
    g_assert_true(smbus_read(i2c, 0x50, in, 2));
    g_assert_cmphex(in[0], ==, 0xaa);
    g_assert_cmphex(in[1], ==, 0x55);
}

static void test_vmstate_edu(void)
{
    PCIDevice *dev = add("edu");

    pci_host_config_write(dev, 0x10, 0xe0000000, 4);
    pci_host_config_write(dev, 4, 7, 2);
    mem_writel(0xe0000004, 0x1234);
    mem_writel(0xe0000060, 0x10); /* INTx is high */
    mem_writel(0xe0000090, 16);
    mem_writel(0xe0000098, 5); /* a transfer is under way */
    pci_rig_check_vmstate(dev);
    g_assert_cmphex(mem_readl(0xe0000004), ==, ~0x1234u);
    g_assert_cmphex(mem_readl(0xe0000024), ==, 0x10);
    g_assert_cmphex(dev->config[PCI_STATUS] & PCI_STATUS_INTERRUPT, ==,
                    PCI_STATUS_INTERRUPT);
    g_assert_cmphex(pci_get_bar_addr(dev, 0), ==, 0xe0000000);
    device_unparent(DEVICE(dev));
}

static void test_vmstate_pci_testdev(void)
{
    PCIDevice *dev = add("pci-testdev");

    pci_host_config_write(dev, 0x10, 0xe0000000, 4);
    pci_host_config_write(dev, 4, 2, 2);
    address_space_stb(&address_space_memory, 0xe0000000, 1, MEMTXATTRS_UNSPECIFIED,
                      NULL);
    pci_rig_check_vmstate(dev);
    g_assert_cmphex(mem_readl(0xe0000008), ==, 0xce);
    device_unparent(DEVICE(dev));
}

/* A stream with any byte wrong is refused, or the device lives with it. */
static void spoil_and_load(PCIDevice *dev)
{
    const VMStateDescription *vmsd = DEVICE_GET_CLASS(dev)->vmsd;
    g_autoptr(GByteArray) saved = g_byte_array_new();

    g_assert_true(vmstate_save(vmsd, dev, saved, &error_abort));
    for (guint i = 0; i < saved->len; i += i < 2000 ? 1 : 997) {
        VMStateReader in = { .data = saved->data, .len = saved->len };
        Error *err = NULL;
        saved->data[i] ^= 0xff;
        if (!vmstate_load(vmsd, dev, &in, &err)) {
            error_free(err);
        } else {
            mem_writel(0xe1000000, 0x5a5a5a5a);
            mem_writel(0xa0000, i);
        }
        saved->data[i] ^= 0xff;
    }
}

/* Saved while a BLT waits for the processor's data. */
static void test_vmstate_cirrus(void)
{
    PCIDevice *dev = pci_new(PCI_DEVFN_AUTO, "cirrus-vga");

    device_prop_set_str(DEVICE(dev), "romfile", "");
    g_assert_true(pci_realize_and_unref(dev, bus, &error_abort));
    resettable_reset(OBJECT(dev));
    pci_host_config_write(dev, 0x10, 0xe0000000, 4);
    pci_host_config_write(dev, 4, 7, 2);
    pci_rig_out(0x3c4, 0x1206, 2);
    pci_rig_out(0x3c4, 0x0107, 2);
    pci_rig_out(0x3c4, 0xaa50, 2);
    pci_rig_out(0x3ce, 0x0720, 2);
    pci_rig_out(0x3ce, 0x0322, 2);
    pci_rig_out(0x3ce, 0x0430, 2);
    pci_rig_out(0x3ce, 0x0d32, 2);
    pci_rig_out(0x3ce, 0x0231, 2);
    pci_rig_check_vmstate(dev);
    spoil_and_load(dev);
    device_unparent(DEVICE(dev));
}

/* Saved in the middle of a remote DMA. */
static void test_vmstate_ne2000(void)
{
    PCIDevice *dev = pci_new(PCI_DEVFN_AUTO, "ne2k_pci");

    device_prop_set_str(DEVICE(dev), "romfile", "");
    g_assert_true(pci_realize_and_unref(dev, bus, &error_abort));
    resettable_reset(OBJECT(dev));
    pci_host_config_write(dev, 0x10, 0xd000, 4);
    pci_host_config_write(dev, 4, 7, 2);
    static const uint8_t writes[][2] = {
        {0xe,   0x49},
        { 0x1,  0x46},
        { 0x2,  0x60},
        { 0x3,  0x46},
        { 0xc,  0x0c},
        { 0xf,  0x7f},
        { 0x8,  0x00},
        { 0x9,  0x40},
        { 0xa,  0x10},
        { 0xb,  0x00},
        { 0x0,  0x61},
        { 0x7,  0x47},
        { 0x1,  0x52},
        { 0x8,  0x80},
        { 0x0,  0x12},
        { 0x10, 0x5a},
        { 0x10, 0x3c},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(writes); i++) {
        pci_rig_out((uint16_t)(0xd000 + writes[i][0]), writes[i][1],
                    writes[i][0] == 0x10 ? 2 : 1);
    }
    pci_rig_check_vmstate(dev);
    device_unparent(DEVICE(dev));
}

static void test_vmstate_bridge(void)
{
    PCIDevice *dev = pci_new(PCI_DEVFN_AUTO, "pci-bridge");

    device_prop_set_uint(DEVICE(dev), "chassis_nr", 1);
    g_assert_true(pci_realize_and_unref(dev, bus, &error_abort));
    pci_host_config_write(dev, 0x18, 0x00010100, 4);
    pci_host_config_write(dev, 0x20, 0xe010e010, 4);
    pci_host_config_write(dev, 0x3e, 0x0008, 2);
    pci_host_config_write(dev, 4, 7, 2);
    pci_rig_check_vmstate(dev);
    g_assert_cmphex(pci_get_long(dev->config + 0x20), ==, 0xe010e010);
    g_assert_nonnull(pci_bus_find(bus, 1));
    device_unparent(DEVICE(dev));
    g_assert_null(pci_bus_find(bus, 1));
}

static void test_vmstate_pc_testdev(void)
{
    PCIDevice *piix = pci_bus_find_device(bus, PCI_DEVFN(1, 0));
    ISADevice *dev = isa_create_simple(piix3_get_isa_bus(piix), "pc-testdev");

    address_space_stl_le(&address_space_io, 0xe0, 0x12345678, MEMTXATTRS_UNSPECIFIED,
                         NULL);
    mem_writel(0xff000010, 0xcafef00d);
    pci_rig_check_vmstate(dev);
    g_assert_cmphex(mem_readl(0xff000010), ==, 0xcafef00d);
}

/* Every prefix of a good stream is refused, and so is another model's. */
static void test_hostile_stream(void)
{
    PCIDevice *dev = add("edu");
    const VMStateDescription *vmsd = DEVICE_GET_CLASS(dev)->vmsd;
    g_autoptr(GByteArray) saved = g_byte_array_new();
    Error *err = NULL;

    g_assert_true(vmstate_save(vmsd, dev, saved, &error_abort));
    for (size_t len = 0; len < saved->len; len += len < 600 ? 7 : 501) {
        VMStateReader in = { .data = saved->data, .len = len };
        g_assert_false(vmstate_load(vmsd, dev, &in, &err));
        g_assert_nonnull(err);
        g_clear_pointer(&err, error_free);
    }
    for (guint i = 0; i + 4 < saved->len; i++) {
        if (!memcmp(saved->data + i, "\x34\x12\xe8\x11", 4)) {
            saved->data[i] ^= 1;
            break;
        }
    }
    VMStateReader in = { .data = saved->data, .len = saved->len };
    g_assert_false(vmstate_load(vmsd, dev, &in, &err));
    g_clear_pointer(&err, error_free);
    g_assert_cmphex(pci_get_word(dev->config), ==, 0x1234);
    device_unparent(DEVICE(dev));
}

/* --- Tests: functions ----------------------------------------------------------------
 */

static void test_capabilities(void)
{
    PCIDevice *dev = add(TYPE_TEST_MSIX);
    Error *err = NULL;
    int first = pci_add_capability(dev, PCI_CAP_ID_VENDOR, 0, 10, &error_abort);
    int second = pci_add_capability(dev, PCI_CAP_ID_PM, 0, 8, &error_abort);

    g_assert_cmpint(first, ==, 0x4c); /* after MSI-X's twelve bytes at 40 */
    g_assert_cmpint(second, ==, 0x58);
    g_assert_cmphex(pci_find_capability(dev, PCI_CAP_ID_VENDOR), ==, 0x4c);
    g_assert_cmpint(pci_add_capability(dev, PCI_CAP_ID_AGP, 0x50, 8, &err), ==, -1);
    g_clear_pointer(&err, error_free);
    pci_del_capability(dev, PCI_CAP_ID_VENDOR, 10);
    g_assert_cmphex(pci_find_capability(dev, PCI_CAP_ID_VENDOR), ==, 0);
    g_assert_cmphex(pci_find_capability(dev, PCI_CAP_ID_PM), ==, 0x58);
    g_assert_cmphex(pci_find_capability(dev, PCI_CAP_ID_MSIX), ==, 0x40);
    g_assert_cmpint(pci_add_capability(dev, PCI_CAP_ID_AGP, 0, 200, &err), ==, -1);
    g_clear_pointer(&err, error_free);
    device_unparent(DEVICE(dev));
}

static void test_wide_bar(void)
{
    PCIDevice *dev = add(TYPE_TEST_MSIX);

    pci_host_config_write(dev, 0x10, UINT32_MAX, 4);
    pci_host_config_write(dev, 0x14, UINT32_MAX, 4);
    g_assert_cmphex(pci_get_quad(dev->config + 0x10), ==, 0xfffffffe0000000cull);
    pci_host_config_write(dev, 4, 2, 2);
    g_assert_cmphex(pci_get_bar_addr(dev, 0), ==, PCI_BAR_UNMAPPED);
    pci_host_config_write(dev, 0x10, 0, 4);
    pci_host_config_write(dev, 0x14, 0x40, 4);
    g_assert_cmphex(pci_get_bar_addr(dev, 0), ==, 0x4000000000ull);
    device_unparent(DEVICE(dev));
}

static void test_msix(void)
{
    PCIDevice *dev = add(TYPE_TEST_MSIX);
    const hwaddr table = 0xe0000000, pba = table + 2048;
    uint8_t cap = dev->msix_cap;

    g_assert_cmphex(pci_get_word(dev->config + cap + 2), ==, 2); /* three vectors */
    pci_host_config_write(dev, 0x18, (uint32_t)table, 4);
    pci_host_config_write(dev, 4, 6, 2);
    g_assert_cmphex(mem_readl(table + 12), ==, 1); /* masked after reset */
    mem_writel(table + 16, 0x7000);
    mem_writel(table + 24, 0xabcd);
    mem_writel(table + 28, 0);
    mem_writel(0x7000, 0);

    msix_notify(dev, 1); /* off: pending */
    g_assert_cmphex(mem_readl(0x7000), ==, 0);
    g_assert_cmphex(mem_readl(pba), ==, 2);
    pci_host_config_write(dev, cap + 2u, 0xc000, 2); /* on, all masked */
    g_assert_cmphex(mem_readl(0x7000), ==, 0);
    pci_rig_check_vmstate(dev);
    g_assert_cmphex(mem_readl(pba), ==, 2);
    pci_host_config_write(dev, cap + 2u, 0x8000, 2);
    g_assert_cmphex(mem_readl(0x7000), ==, 0xabcd);
    g_assert_cmphex(mem_readl(pba), ==, 0);

    mem_writel(0x7000, 0);
    mem_writel(table + 28, 1);
    msix_notify(dev, 1);
    g_assert_true(msix_is_pending(dev, 1));
    mem_writel(pba, 0); /* read only */
    g_assert_true(msix_is_pending(dev, 1));
    mem_writel(table + 28, 0);
    g_assert_cmphex(mem_readl(0x7000), ==, 0xabcd);
    msix_notify(dev, 3); /* no such vector */
    device_unparent(DEVICE(dev));
}

static void test_failed_realize(void)
{
    PCIDevice *dev = pci_new(PCI_DEVFN(9, 0), "edu");
    Error *err = NULL;

    device_prop_set_str(DEVICE(dev), "romfile", "no/such/rom");
    g_assert_false(pci_realize_and_unref(dev, bus, &err));
    g_assert_cmpstr(error_get_message(err), ==,
                    "failed to find romfile \"no/such/rom\"");
    error_free(err);
    g_assert_null(pci_bus_find_device(bus, PCI_DEVFN(9, 0)));
}

static void test_bus_full(void)
{
    GPtrArray *made = g_ptr_array_new();
    Error *err = NULL;
    PCIDevice *dev;

    while ((dev = pci_create_simple(bus, PCI_DEVFN_AUTO, "pci-testdev", &err))) {
        g_ptr_array_add(made, dev);
    }
    g_assert_cmpstr(error_get_message(err), ==,
                    "PCI: no slot/function available for pci-testdev, all in use or "
                    "reserved");
    error_free(err);
    g_assert_cmpuint(made->len, ==, 30);
    for (guint i = 0; i < made->len; i++) {
        device_unparent(g_ptr_array_index(made, i));
    }
    g_ptr_array_unref(made);
}

static void storm(int accesses)
{
    for (int i = 0; i < accesses; i++) {
        pci_rig_access((uint8_t)g_test_rand_int(), (uint16_t)g_test_rand_int(),
                       (uint32_t)g_test_rand_int(), (uint8_t)g_test_rand_int());
    }
}

static void test_storm(void)
{
    for (int round = 0; round < 20; round++) {
        pci_rig_reset();
        storm(2000);
    }
}

static void save_each(PCIBus *b, PCIDevice *dev, void *opaque)
{
    if (DEVICE_GET_CLASS(dev)->vmsd) {
        pci_rig_check_vmstate(dev);
    }
}

static void test_saved_any_time(void)
{
    for (int round = 0; round < 40; round++) {
        pci_rig_reset();
        storm(round * 10);
        pci_rig_settle();
        pci_bus_foreach_device(bus, save_each, NULL);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    pci_rig_init();
    host = pci_rig_host();
    bus = pci_rig_bus();
    pm = pci_bus_find_device(bus, PCI_DEVFN(1, 3));
    g_test_add_func("/hw/pci/state-of-i440fx", test_vmstate_i440fx);
    g_test_add_func("/hw/pci/state-of-piix3", test_vmstate_piix3);
    g_test_add_func("/hw/pci/state-of-cirrus", test_vmstate_cirrus);
    g_test_add_func("/hw/pci/state-of-ne2000", test_vmstate_ne2000);
    g_test_add_func("/hw/pci/state-of-piix4-pm", test_vmstate_piix4_pm);
    g_test_add_func("/hw/pci/state-of-smbus-eeprom", test_vmstate_smbus_eeprom);
    g_test_add_func("/hw/pci/state-of-edu", test_vmstate_edu);
    g_test_add_func("/hw/pci/state-of-pci-testdev", test_vmstate_pci_testdev);
    g_test_add_func("/hw/pci/state-of-bridge", test_vmstate_bridge);
    g_test_add_func("/hw/pci/state-of-pc-testdev", test_vmstate_pc_testdev);
    g_test_add_func("/hw/pci/hostile-stream-is-refused", test_hostile_stream);
    g_test_add_func("/hw/pci/capabilities-are-chained", test_capabilities);
    g_test_add_func("/hw/pci/64-bit-bar", test_wide_bar);
    g_test_add_func("/hw/pci/msix-pends-while-masked", test_msix);
    g_test_add_func("/hw/pci/failed-realize-leaves-nothing", test_failed_realize);
    g_test_add_func("/hw/pci/full-bus-refuses", test_bus_full);
    /* These fill the bus, and the guest may empty it again. */
    g_test_add_func("/hw/pci/any-access-is-harmless", test_storm);
    g_test_add_func("/hw/pci/saved-and-loaded-at-any-moment", test_saved_any_time);
    return g_test_run();
}
