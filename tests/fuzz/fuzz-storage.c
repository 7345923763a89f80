/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile driver of the IDE channels, the floppy controller and the e1000: eight
 * bytes are one access (kind, place, value). Everything must come back after a reset.
 */
#include "fuzz.h"
#include "hw/block/fdc.h"
#include "hw/ide/ide.h"
#include "hw/isa/isa.h"
#include "hw/isa/piix3.h"
#include "hw/net/e1000-internal.h"
#include "hw/pci-host/i440fx.h"
#include "qapi/value.h"
#include "softmmu/block.h"
#include "util/bql.h"

#include <string.h>
#include <unistd.h>

#define BMDMA      0xc000
#define E1000_BASE 0xe0000000u
#define RAM_BYTES  (16u << 20)

static PCIDevice *ide, *nic;

static void make_board(void)
{
    static MemoryRegion ram, pci_memory;
    Object *machine = container_get(object_get_root(), "/machine");

    memory_region_init(&pci_memory, NULL, "pci", UINT64_MAX);
    g_assert_true(
        memory_region_init_ram(&ram, NULL, "pc.ram", RAM_BYTES, &error_abort));
    memory_region_add_subregion(get_system_memory(), 0, &ram);
    I440FXHost *host = i440fx_new(machine);
    PCIBus *bus = i440fx_init(
        host, &(I440FXParts){ get_system_memory(), get_system_io(), &pci_memory, &ram },
        &error_abort);
    g_assert_nonnull(piix3_create(bus, PCI_DEVFN(1, 0), &error_abort));
    ide = pci_create_simple(bus, PCI_DEVFN(1, 1), TYPE_PIIX3_IDE, &error_abort);
    nic = pci_new(PCI_DEVFN(3, 0), TYPE_E1000);
    device_prop_set_str(DEVICE(nic), "romfile", "");
    g_assert_true(pci_realize_and_unref(nic, bus, &error_abort));
}

static void make_drives(void)
{
    static const char *const options[] = {
        "if=ide,index=0,snapshot=on,format=raw,file=%s",
        "if=ide,index=2,media=cdrom,format=raw,file=%s",
        "if=floppy,snapshot=on,format=raw,file=%s"
    };
    g_autofree char *image = NULL;
    int fd = g_file_open_tmp("fuzz-storage.XXXXXX", &image, NULL);

    g_assert_cmpint(ftruncate(fd, 2880 * 512), ==, 0);
    close(fd);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *text = g_strdup_printf(options[i], image);
        g_autojson opts = keyval_parse(text, NULL, &error_abort);
        g_assert_nonnull(drive_add(opts, NULL, &error_abort));
    }
    unlink(image);
    for (int channel = 0; channel < 2; channel++) {
        g_assert_true(ide_create_drive(piix3_ide_get_bus(DEVICE(ide), channel), 0,
                                       drive_get(IF_IDE, channel, 0), &error_abort));
    }
    ISADevice *fdc =
        isa_create_simple(ISA_BUS(bus_find_of_type(TYPE_ISA_BUS)), TYPE_ISA_FDC);
    g_assert_true(isa_fdc_create_drives(DEVICE(fdc), &error_abort));
}

static void start(void)
{
    static bool made;

    if (!made) {
        made = true;
        bql_lock();
        memory_core_init();
        virtual_clock_set_manual();
        virtual_clock_start();
        make_board();
        make_drives();
    }
    resettable_reset(OBJECT(main_system_bus()));
    pci_host_config_write(ide, PCI_BASE_ADDRESS_0 + 16, BMDMA, 4);
    pci_host_config_write(ide, PCI_COMMAND, 5, 2);
    pci_host_config_write(nic, PCI_BASE_ADDRESS_0, E1000_BASE, 4);
    pci_host_config_write(nic, PCI_COMMAND, 7, 2);
}

static uint16_t choose_port(uint16_t place)
{
    static const uint16_t bases[] = { 0x1f0,     0x170, 0x3f0, BMDMA,
                                      BMDMA + 8, 0x1f7, 0x3f6, 0x376 };

    return (uint16_t)(bases[place >> 8 & 7] + (place & 7));
}

static void store(AddressSpace *as, hwaddr addr, uint32_t value, unsigned size)
{
    uint32_t le = GUINT32_TO_LE(value);

    address_space_write(as, addr, MEMTXATTRS_UNSPECIFIED, &le, size);
}

static void settle(void)
{
    blk_drain_all();
    for (int i = 0; i < 4; i++) {
        event_loop_run_once(main_loop(), false);
    }
}

static void access_one(const uint8_t *p)
{
    uint16_t place = (uint16_t)(p[2] | p[3] << 8);
    uint32_t value = (uint32_t)p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 |
                     (uint32_t)p[7] << 24;
    uint8_t byte;

    switch (p[0] % 8) {
    case 0:
    case 1:
    case 2:
        store(&address_space_io, choose_port(place), value, 1u << (p[0] % 8));
        break;
    case 3:
        address_space_read(&address_space_io, choose_port(place),
                           MEMTXATTRS_UNSPECIFIED, &byte, 1);
        break;
    case 4:
        store(&address_space_memory, E1000_BASE + (place & 0x5ffc), value, 4);
        break;
    case 5:
        store(&address_space_memory, place * 16u, value, 4);
        break;
    case 6:
        settle();
        break;
    case 7: /* a whole PIO block */
        for (int i = 0; i < 256; i++) {
            store(&address_space_io, choose_port(place & 0x0100), value, 2);
        }
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    start();
    for (size_t i = 0; i + 8 <= size; i += 8) {
        access_one(data + i);
    }
    settle();
    return 0;
}
