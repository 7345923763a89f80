/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pci-rig.h"

#include "hw/acpi/piix4-pm.h"
#include "hw/core/reset.h"
#include "hw/i2c/smbus.h"
#include "hw/isa/piix3.h"
#include "util/bql.h"

#define RAM_SIZE (16u << 20)
#define BAR_BASE 0xe0000000u
#define BAR_STEP 0x00100000u
#define IO_BASE  0xc000u

static I440FXHost *host;
static PCIBus *bus;

void pci_rig_init(void)
{
    static MemoryRegion ram, pci_memory;
    static const uint32_t apic_ids[] = { 0, 1, 2, 3 };
    const PIIX4PMConfig config = {
        .smb_io_base = 0xb100,
        .cpu_arch_ids = apic_ids,
        .num_cpus = 4,
        .num_dimm_slots = 3,
    };
    Object *machine = container_get(object_get_root(), "/machine");

    bql_lock();
    memory_core_init();
    virtual_clock_set_manual();
    virtual_clock_start();
    memory_region_init(&pci_memory, NULL, "pci", UINT64_MAX);
    g_assert_true(memory_region_init_ram(&ram, NULL, "pc.ram", RAM_SIZE, &error_abort));
    memory_region_add_subregion(get_system_memory(), 0, &ram);
    host = i440fx_new(machine);
    I440FXParts parts = { get_system_memory(), get_system_io(), &pci_memory, &ram };
    bus = i440fx_init(host, &parts, &error_abort);
    g_assert_nonnull(bus);
    g_assert_nonnull(piix3_create(bus, PCI_DEVFN(1, 0), &error_abort));
    PCIDevice *pm = piix4_pm_create(bus, PCI_DEVFN(1, 3), &config, &error_abort);
    g_assert_nonnull(pm);
    g_assert_true(smbus_eeprom_init(piix4_pm_get_smbus(pm), 1, NULL, 0, &error_abort));
}

I440FXHost *pci_rig_host(void)
{
    return host;
}

PCIBus *pci_rig_bus(void)
{
    return bus;
}

void pci_rig_check_vmstate(void *dev)
{
    const VMStateDescription *vmsd = DEVICE_GET_CLASS(dev)->vmsd;
    g_autoptr(GByteArray) before = g_byte_array_new();
    g_autoptr(GByteArray) after = g_byte_array_new();

    g_assert_nonnull(vmsd);
    g_assert_true(vmstate_save(vmsd, dev, before, &error_abort));
    resettable_reset(OBJECT(dev));
    VMStateReader in = { .data = before->data, .len = before->len };
    g_assert_true(vmstate_load(vmsd, dev, &in, &error_abort));
    g_assert_true(vmstate_save(vmsd, dev, after, &error_abort));
    for (guint i = 0; i < before->len && i < after->len; i++) {
        if (before->data[i] != after->data[i]) {
            g_test_message("%s: byte %u: %02x %02x", object_get_typename(OBJECT(dev)),
                           i, before->data[i], after->data[i]);
        }
    }
    g_assert_cmpmem(before->data, before->len, after->data, after->len);
}

void pci_rig_out(uint16_t port, uint32_t value, int size)
{
    uint8_t bytes[4];

    pci_set_long(bytes, value);
    address_space_write(&address_space_io, port, MEMTXATTRS_UNSPECIFIED, bytes,
                        (hwaddr)size);
}

void pci_rig_settle(void)
{
    for (int i = 0; i < 8; i++) {
        event_loop_run_once(main_loop(), false);
    }
}

/* --- Storms --------------------------------------------------------------------------
 */

static const char *const cards[] = { "pci-bridge", "edu", "edu", "pci-testdev",
                                     "cirrus-vga" };

static void add_card(int slot, const char *type)
{
    PCIDevice *dev = pci_new(PCI_DEVFN(slot, 0), type);

    device_prop_set_str(DEVICE(dev), "romfile", "");
    if (object_property_find(OBJECT(dev), "chassis_nr")) {
        device_prop_set_uint(DEVICE(dev), "chassis_nr", 1);
    }
    g_assert_true(pci_realize_and_unref(dev, bus, &error_abort));
}

void pci_rig_reset(void)
{
    pci_rig_settle();
    for (int i = 0; i < (int)G_N_ELEMENTS(cards); i++) {
        PCIDevice *dev = pci_bus_find_device(bus, PCI_DEVFN(4 + i, 0));
        if (!dev) {
            add_card(4 + i, cards[i]);
        }
    }
    resettable_reset(OBJECT(host));
    for (int i = 0; i < (int)G_N_ELEMENTS(cards); i++) {
        PCIDevice *dev = pci_bus_find_device(bus, PCI_DEVFN(4 + i, 0));
        pci_host_config_write(dev, 0x10, BAR_BASE + (uint32_t)i * BAR_STEP, 4);
        if (i) {
            pci_host_config_write(dev, 0x14, IO_BASE + (uint32_t)i * 0x100, 4);
        }
        pci_host_config_write(dev, 4, 7, 2);
    }
    pci_rig_out(0xcf8, 0x80000b40, 4);
    pci_rig_out(0xcfc, 0x601, 4);
    pci_rig_out(0xcf8, 0x80000b80, 4);
    pci_rig_out(0xcfc, 0x1, 1);
}

static const struct {
    uint32_t base, size;
} windows[] = {
    {0xcf8,       8      },
    { 0xcfc,      4      },
    { 0xcfc,      4      },
    { 0xa00,      0x18   },
    { 0xae00,     0x18   },
    { 0xaf00,     0x20   },
    { 0xafe0,     4      },
    { 0xb100,     0x10   },
    { 0x600,      0x10   },
    { 0xb2,       2      },
    { 0xc300,     0x100  },
    { 0x700,      0x10   },
    { 0xe0000000, 0x100  },
    { 0xe0100000, 0x100  },
    { 0xe0200000, 0x100  },
    { 0xe0300000, 0x900  },
    { 0xa0000,    0x10000},
};

/* Values that registers react to are small, or addresses of ours. */
static uint32_t tame(uint32_t value, uint8_t what)
{
    switch (what >> 6) {
    case 0:
        return value & 0xff;
    case 1:
        return 0x80000000u | (value & 0x3ff8u) | (value & 0xfcu);
    case 2:
        return (value & 1 ? 0x40000u : BAR_BASE) + (value >> 16);
    default:
        return value;
    }
}

void pci_rig_access(uint8_t window, uint16_t offset, uint32_t value, uint8_t what)
{
    static const int sizes[] = { 1, 2, 4, 8 };
    uint8_t bytes[8] = { 0 };

    if (what % 16 == 0) {
        virtual_clock_advance_to(clock_get_ns(VIRTUAL_CLOCK) +
                                 ((int64_t)(value % 2000) << (offset % 18)));
        pci_rig_settle();
        return;
    }
    window %= G_N_ELEMENTS(windows);
    uint32_t base = windows[window].base;
    hwaddr addr = base + offset % windows[window].size;
    AddressSpace *as = base < 0x10000 ? &address_space_io : &address_space_memory;
    hwaddr size = (hwaddr)sizes[(what >> 1) & (base < 0x10000 ? 1 : 3)];
    if (base < 0x10000 && (what & 8)) {
        size = 4;
    }
    pci_set_long(bytes, tame(value, what));
    if (what & 1) {
        address_space_write(as, addr, MEMTXATTRS_UNSPECIFIED, bytes, size);
    } else {
        address_space_read(as, addr, MEMTXATTRS_UNSPECIFIED, bytes, size);
    }
}
