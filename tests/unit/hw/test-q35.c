/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chipset of q35 and the virtio devices without a machine: state is saved, lost by
 * a reset, loaded and compared; hostile streams are refused or taken, never more.
 */
#include "hw/i2c/smbus-ich9.h"
#include "hw/ide/ahci.h"
#include "hw/isa/lpc-ich9.h"
#include "hw/net/e1000-internal.h"
#include "hw/pci-host/q35.h"
#include "hw/virtio/virtio-mmio.h"
#include "hw/virtio/virtio-pci.h"
#include "qapi/value.h"
#include "softmmu/block.h"
#include "util/bql.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define SLOT(n) (0xfeb00000u + 0x200 * (n))
enum { BAR = 0xe0000000, BAR_STEP = 0x100000 };
enum { RAM_BYTES = 16 << 20 };

static PCIBus *bus;
static char *image;
static DeviceState *mch, *lpc, *ahci, *smb, *nic, *port, *rng, *slot, *mmio_rng, *blk,
    *mem;

static DeviceState *add(const char *type, int devfn)
{
    PCIDevice *dev = pci_new(devfn, type);

    g_assert_true(pci_realize_and_unref(dev, bus, &error_abort));
    return DEVICE(dev);
}

static void make_chipset(void)
{
    static MemoryRegion ram, pci_memory;
    static const uint32_t ids[1] = { 0 };
    Object *machine = container_get(object_get_root(), "/machine");

    memory_region_init(&pci_memory, NULL, "pci", UINT64_MAX);
    g_assert_true(
        memory_region_init_ram(&ram, NULL, "pc.ram", RAM_BYTES, &error_abort));
    Q35Host *host = q35_new(machine);
    Q35Parts parts = { get_system_memory(), get_system_io(),
                       &pci_memory,         &ram,
                       RAM_BYTES,           0 };
    bus = q35_init(host, &parts, &error_abort);
    mch = g_ptr_array_index(BUS(bus)->children, 0);
    LpcIch9Config config = { .cpu_arch_ids = ids, .num_cpus = 1 };
    PCIDevice *isa = lpc_ich9_create(bus, PCI_DEVFN(0x1f, 0), &config, &error_abort);
    lpc = DEVICE(isa);
    ahci = add(TYPE_ICH9_AHCI, PCI_DEVFN(0x1f, 2));
    smb = DEVICE(smbus_ich9_create(bus, PCI_DEVFN(0x1f, 3), &error_abort));
}

static DeviceState *add_slot(unsigned n)
{
    DeviceState *dev = device_new(TYPE_VIRTIO_MMIO);

    g_assert_true(sysbus_realize_and_unref(SYSBUS_DEVICE(dev), &error_abort));
    sysbus_mmio_map(SYSBUS_DEVICE(dev), get_system_memory(), 0, SLOT(n));
    return dev;
}

static void make_storage(void)
{
    int fd = g_file_open_tmp("test-q35.XXXXXX", &image, NULL);

    g_assert_cmpint(ftruncate(fd, 64 * 512), ==, 0);
    close(fd);
    g_autofree char *text = g_strdup_printf("if=none,id=d,format=raw,file=%s", image);
    g_autojson opts = keyval_parse(text, NULL, &error_abort);
    g_assert_nonnull(drive_add(opts, NULL, &error_abort));
    blk = device_new("virtio-blk-device");
    g_assert_true(object_property_set_str(OBJECT(blk), "drive", "d", &error_abort));
    g_assert_true(
        device_realize_and_unref(blk, add_slot(1)->child_buses->data, &error_abort));
    g_autojson props = keyval_parse("size=8M", NULL, &error_abort);
    mem = device_new("virtio-mem");
    device_prop_set_link(
        mem, "memdev",
        user_creatable_add("memory-backend-ram", "m", props, &error_abort));
    g_assert_true(
        device_realize_and_unref(mem, add_slot(2)->child_buses->data, &error_abort));
}

static void make_cards(void)
{
    PCIDevice *card = pci_new(PCI_DEVFN(3, 0), TYPE_E1000E);

    device_prop_set_str(DEVICE(card), "romfile", "");
    g_assert_true(pci_realize_and_unref(card, bus, &error_abort));
    nic = DEVICE(card);
    port = add("pcie-root-port", PCI_DEVFN(4, 0));
    rng = add("virtio-rng-pci", PCI_DEVFN(5, 0));
    slot = add_slot(0);
    mmio_rng = device_new("virtio-rng-device");
    g_assert_true(device_realize(mmio_rng, slot->child_buses->data, &error_abort));
    object_unref(OBJECT(mmio_rng));
    make_storage();
    resettable_reset(OBJECT(main_system_bus()));
}

static void poke(uint64_t addr, uint32_t value)
{
    address_space_stl_le(&address_space_memory, addr, value, MEMTXATTRS_UNSPECIFIED,
                         NULL);
}

static void poke_b(uint64_t addr, uint8_t value)
{
    address_space_stb(&address_space_memory, addr, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

static void outb(uint16_t at, uint8_t value)
{
    address_space_stb(&address_space_io, at, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

static void config(DeviceState *dev, uint32_t at, uint32_t value, unsigned size)
{
    pci_host_config_write(PCI_DEVICE(dev), at, value, size);
}

static GByteArray *save(DeviceState *dev)
{
    GByteArray *bytes = g_byte_array_new();

    g_assert_true(vmstate_save(DEVICE_GET_CLASS(dev)->vmsd, dev, bytes, &error_abort));
    return bytes;
}

/* What was set up is in the stream: a reset changes it, a load brings it back. */
static void check_vmstate(DeviceState *dev)
{
    g_autoptr(GByteArray) before = save(dev);
    resettable_reset(OBJECT(dev));
    g_autoptr(GByteArray) lost = save(dev);
    g_assert_true(lost->len != before->len ||
                  memcmp(lost->data, before->data, lost->len));
    VMStateReader in = { .data = before->data, .len = before->len };
    g_assert_true(vmstate_load(DEVICE_GET_CLASS(dev)->vmsd, dev, &in, &error_abort));
    g_autoptr(GByteArray) after = save(dev);
    g_assert_cmpmem(before->data, before->len, after->data, after->len);
}

static void chipset_state_survives(void)
{
    config(mch, 0x60, 0xb0000001, 4); /* PCIEXBAR */
    config(mch, 0x90, 0x30, 1);       /* PAM0 */
    config(mch, 0x9d, 0x4a, 1);       /* SMRAM */
    check_vmstate(mch);
    config(lpc, 0x40, 0x601, 4); /* PMBASE */
    config(lpc, 0x44, 0x80, 1);
    config(lpc, 0x60, 0x0b, 1); /* PIRQA */
    config(lpc, 0xf0, 0xfed1c001, 4);
    outb(0xb3, 0x5a);
    outb(0xcf9, 0x02);
    outb(0x602, 0x20); /* PM1_EN */
    check_vmstate(lpc);
    config(smb, 0x20, 0x701, 4);
    config(smb, PCI_COMMAND, 1, 2);
    config(smb, 0x40, 1, 1);
    outb(0x705, 0x12);
    check_vmstate(smb);
}

static void ahci_state_survives(void)
{
    config(ahci, PCI_BASE_ADDRESS_0 + 20, BAR, 4);
    config(ahci, PCI_COMMAND, 7, 2);
    poke(BAR + 0x04, 0x80000002);  /* GHC */
    poke(BAR + 0x100, 0x00100000); /* lists of port 0 */
    poke(BAR + 0x108, 0x00101000);
    poke(BAR + 0x114, 0x7dc0007f);
    poke(BAR + 0x118, 0x10); /* FRE */
    check_vmstate(ahci);
}

static void card_state_survives(void)
{
    config(nic, PCI_BASE_ADDRESS_0, BAR + BAR_STEP, 4);
    config(nic, PCI_COMMAND, 7, 2);
    poke(BAR + BAR_STEP + RDBAL, 0x1000);
    poke(BAR + BAR_STEP + RDLEN, 0x80);
    poke(BAR + BAR_STEP + IMS, INT_ALL);
    poke(BAR + BAR_STEP + MTA, 0x1234);
    check_vmstate(nic);
    config(port, 0x18, 0x00020100, 4); /* bus numbers */
    config(port, 0x20, 0xfe20fe10, 4);
    check_vmstate(port);
}

static void virtio_state_survives(void)
{
    uint64_t at = BAR + 2 * BAR_STEP;

    config(rng, 0x20, (uint32_t)at, 4);
    config(rng, 0x24, 0, 4);
    config(rng, PCI_COMMAND, 6, 2);
    poke_b(at + 20, 3);
    poke(at + 8, 1);
    poke(at + 12, 1);
    poke_b(at + 20, 0x0b);
    poke(at + 32, 0x1000);
    poke(at + 40, 0x2000);
    check_vmstate(rng);
    for (unsigned i = 0; i < 4; i++) { /* the reset of a slot is one of its device */
        DeviceState *devs[] = { mmio_rng, blk, mem, slot };
        uint32_t regs = SLOT(i % 3);
        poke(regs + 0x70, 3);
        poke(regs + 0x24, 1);
        poke(regs + 0x20, 1);
        poke(regs + 0x70, 0x0b);
        poke(regs + 0x80, 0x1000);
        check_vmstate(devs[i]);
    }
}

/* Each byte of a good stream spoiled in turn, then each shorter stream. */
static void spoil(DeviceState *dev, size_t limit)
{
    g_autoptr(GByteArray) good = save(dev);
    const VMStateDescription *vmsd = DEVICE_GET_CLASS(dev)->vmsd;
    size_t end = MIN(good->len, limit);

    for (size_t i = 0; i < 2 * end; i++) {
        g_autofree uint8_t *bad = g_memdup2(good->data, good->len);
        VMStateReader in = { .data = bad, .len = i < end ? good->len : i - end };
        Error *err = NULL;

        bad[i % end] ^= i < end ? 0xff : 0;
        if (!vmstate_load(vmsd, dev, &in, &err)) {
            error_free(err);
        } else {
            g_assert_cmpuint(i, <, end);
        }
        resettable_reset(OBJECT(dev));
    }
}

static void hostile_streams_are_refused(void)
{
    DeviceState *all[] = {
        mch, lpc, smb, ahci, nic, port, rng, mmio_rng, slot, blk, mem
    };

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        spoil(all[i], 700);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bql_lock();
    memory_core_init();
    virtual_clock_set_manual();
    virtual_clock_start();
    make_chipset();
    make_cards();
    g_test_add_func("/q35/chipset-state-survives", chipset_state_survives);
    g_test_add_func("/q35/ahci-state-survives", ahci_state_survives);
    g_test_add_func("/q35/card-state-survives", card_state_survives);
    g_test_add_func("/q35/virtio-state-survives", virtio_state_survives);
    g_test_add_func("/q35/hostile-streams-are-refused", hostile_streams_are_refused);
    int ret = g_test_run();
    g_unlink(image);
    g_free(image);
    return ret;
}
