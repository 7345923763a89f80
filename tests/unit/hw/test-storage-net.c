/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks, floppy controller and network card without a machine: state is saved in a busy
 * state, lost by a reset, loaded and compared; hostile streams are refused.
 */
#include "hw/block/fdc.h"
#include "hw/ide/ide.h"
#include "hw/isa/piix3.h"
#include "hw/net/e1000-internal.h"
#include "hw/pci-host/i440fx.h"
#include "qapi/value.h"
#include "softmmu/block.h"
#include "util/bql.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static PCIBus *bus;
static PCIDevice *ide, *nic;
static ISADevice *fdc;
static char *image;

static void make_board(void)
{
    static MemoryRegion ram, pci_memory;
    Object *machine = container_get(object_get_root(), "/machine");

    memory_region_init(&pci_memory, NULL, "pci", UINT64_MAX);
    g_assert_true(
        memory_region_init_ram(&ram, NULL, "pc.ram", 16u << 20, &error_abort));
    memory_region_add_subregion(get_system_memory(), 0, &ram);
    I440FXHost *host = i440fx_new(machine);
    bus = i440fx_init(
        host, &(I440FXParts){ get_system_memory(), get_system_io(), &pci_memory, &ram },
        &error_abort);
    PCIDevice *piix = piix3_create(bus, PCI_DEVFN(1, 0), &error_abort);
    g_assert_nonnull(piix);
    ide = pci_create_simple(bus, PCI_DEVFN(1, 1), TYPE_PIIX3_IDE, &error_abort);
    nic = pci_new(PCI_DEVFN(3, 0), TYPE_E1000);
    device_prop_set_str(DEVICE(nic), "romfile", "");
    g_assert_true(pci_realize_and_unref(nic, bus, &error_abort));
    fdc = isa_create_simple(ISA_BUS(bus_find_of_type(TYPE_ISA_BUS)), TYPE_ISA_FDC);
}

static void add_drives(void)
{
    int fd = g_file_open_tmp("test-state.XXXXXX", &image, NULL);
    g_assert_cmpint(ftruncate(fd, 2880 * 512), ==, 0);
    close(fd);
    static const char *const options[] = {
        "if=ide,index=0,snapshot=on,format=raw,file=%s",
        "if=ide,index=2,media=cdrom,format=raw,file=%s",
        "if=floppy,snapshot=on,format=raw,file=%s"
    };
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *text = g_strdup_printf(options[i], image);
        g_autojson opts = keyval_parse(text, NULL, &error_abort);
        g_assert_nonnull(drive_add(opts, NULL, &error_abort));
    }
    for (int channel = 0; channel < 2; channel++) {
        g_assert_true(ide_create_drive(piix3_ide_get_bus(DEVICE(ide), channel), 0,
                                       drive_get(IF_IDE, channel, 0), &error_abort));
    }
    g_assert_true(isa_fdc_create_drives(DEVICE(fdc), &error_abort));
    resettable_reset(OBJECT(main_system_bus()));
}

static void outb(uint16_t port, uint8_t value)
{
    address_space_stb(&address_space_io, port, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

static uint8_t inb(uint16_t port)
{
    return address_space_ldub(&address_space_io, port, MEMTXATTRS_UNSPECIFIED, NULL);
}

static DeviceState *ide_drive(int channel)
{
    return piix3_ide_get_bus(DEVICE(ide), channel)->parent_obj.children->pdata[0];
}

static DeviceState *floppy_drive(void)
{
    BusState *floppies = DEVICE(fdc)->child_buses->data;

    return floppies->children->pdata[0];
}

static GByteArray *save(void *dev)
{
    GByteArray *bytes = g_byte_array_new();

    g_assert_true(vmstate_save(DEVICE_GET_CLASS(dev)->vmsd, dev, bytes, &error_abort));
    return bytes;
}

static void check_vmstate(void *dev)
{
    g_autoptr(GByteArray) before = save(dev);
    resettable_reset(OBJECT(dev));
    VMStateReader in = { .data = before->data, .len = before->len };
    g_assert_true(vmstate_load(DEVICE_GET_CLASS(dev)->vmsd, dev, &in, &error_abort));
    g_autoptr(GByteArray) after = save(dev);
    g_assert_cmpmem(before->data, before->len, after->data, after->len);
}

/* A disk in the middle of a PIO read goes on after the load. */
static void disk_state_survives(void)
{
    outb(0x1f6, 0xe0);
    outb(0x1f2, 4);
    outb(0x1f3, 1);
    outb(0x1f4, 0);
    outb(0x1f5, 0);
    outb(0x1f7, 0x20);
    blk_drain(blk_by_name("ide0-hd0"));
    g_assert_cmphex(inb(0x3f6), ==, 0x58);
    for (int i = 0; i < 100; i++) {
        inb(0x1f0);
    }
    check_vmstate(ide_drive(0));
    g_assert_cmphex(inb(0x3f6), ==, 0x58);
    for (int i = 0; i < 4 * 512 - 100; i++) {
        inb(0x1f0);
    }
    g_assert_cmphex(inb(0x1f7), ==, 0x50);
    outb(0xc000, 0);
    check_vmstate(ide);
}

static void cd_state_survives(void)
{
    outb(0x176, 0xa0);
    outb(0x174, 0x00);
    outb(0x175, 0x08);
    outb(0x177, 0xa0);
    for (int i = 0; i < 5; i++) {
        outb(0x170, i ? 0 : 0x28);
    }
    check_vmstate(ide_drive(1));
    for (int i = 5; i < 12; i++) {
        outb(0x170, i == 8 ? 1 : 0);
    }
    blk_drain(blk_by_name("ide1-cd0"));
    g_assert_cmphex(inb(0x376) & 0x89, ==, 0x08);
    check_vmstate(ide_drive(1));
    g_assert_cmphex(inb(0x174) | inb(0x175) << 8, ==, 2048);
}

static void floppy_state_survives(void)
{
    outb(0x3f2, 0x1c);
    outb(0x3f5, 0x0f); /* SEEK drive 0 to track 5 */
    outb(0x3f5, 0);
    outb(0x3f5, 5);
    outb(0x3f5, 0x46); /* half a READ DATA command */
    outb(0x3f5, 0);
    outb(0x3f5, 5);
    check_vmstate(fdc);
    check_vmstate(floppy_drive());
}

static void nic_state_survives(void)
{
    pci_host_config_write(nic, PCI_BASE_ADDRESS_0, 0xe0000000, 4);
    pci_host_config_write(nic, PCI_COMMAND, 7, 2);
    static const uint32_t writes[][2] = {
        {RDBAL,  0x1000 },
        { RDLEN, 0x80   },
        { RCTL,  RCTL_EN},
        { IMS,   INT_ALL},
        { ICS,   INT_LSC},
        { MTA,   0x1234 },
        { ITR,   500    },
        { EECD,  0x43   },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(writes); i++) {
        address_space_stl_le(&address_space_memory, 0xe0000000 + writes[i][0],
                             writes[i][1], MEMTXATTRS_UNSPECIFIED, NULL);
    }
    check_vmstate(nic);
}

/* Each byte of a good stream spoiled in turn: refused or taken, never more than that.
 */
static void spoil(void *dev, size_t limit)
{
    g_autoptr(GByteArray) good = save(dev);
    const VMStateDescription *vmsd = DEVICE_GET_CLASS(dev)->vmsd;

    for (size_t i = 0; i < MIN(good->len, limit); i++) {
        g_autofree uint8_t *bad = g_memdup2(good->data, good->len);
        bad[i] ^= 0xff;
        VMStateReader in = { .data = bad, .len = good->len };
        Error *err = NULL;
        if (!vmstate_load(vmsd, dev, &in, &err)) {
            error_free(err);
        }
        resettable_reset(OBJECT(dev));
    }
    for (size_t len = 0; len < MIN(good->len, limit); len++) {
        VMStateReader in = { .data = good->data, .len = len };
        Error *err = NULL;
        g_assert_false(vmstate_load(vmsd, dev, &in, &err));
        error_free(err);
        resettable_reset(OBJECT(dev));
    }
}

static void hostile_streams_are_refused(void)
{
    spoil(ide, SIZE_MAX);
    spoil(ide_drive(0), 200);
    spoil(ide_drive(1), 200);
    spoil(fdc, SIZE_MAX);
    spoil(floppy_drive(), SIZE_MAX);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    bql_lock();
    memory_core_init();
    virtual_clock_set_manual();
    virtual_clock_start();
    make_board();
    add_drives();
    g_test_add_func("/storage-net/disk-state-survives", disk_state_survives);
    g_test_add_func("/storage-net/cd-state-survives", cd_state_survives);
    g_test_add_func("/storage-net/floppy-state-survives", floppy_state_survives);
    g_test_add_func("/storage-net/nic-state-survives", nic_state_survives);
    g_test_add_func("/storage-net/hostile-streams-are-refused",
                    hostile_streams_are_refused);
    int ret = g_test_run();
    g_unlink(image);
    g_free(image);
    return ret;
}
