/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isa-rig.h"

#include "hw/audio/pcspk.h"
#include "hw/char/parallel.h"
#include "hw/char/serial.h"
#include "hw/dma/i8257.h"
#include "hw/input/i8042.h"
#include "hw/intc/gsi.h"
#include "hw/intc/i8259.h"
#include "hw/misc/port92.h"
#include "hw/rtc/mc146818rtc.h"
#include "hw/timer/hpet.h"
#include "isa-harness.h"

#define HPET_BASE 0xfed00000u

static GPtrArray *devices;

static void add(void *dev)
{
    g_ptr_array_add(devices, dev);
}

static void add_hpet(void)
{
    DeviceState *hpet = device_new(TYPE_HPET);

    device_prop_set_uint(hpet, "hpet-intcap", 4);
    device_prop_set_bool(hpet, "msi", true);
    g_assert_true(sysbus_realize_and_unref(SYSBUS_DEVICE(hpet), &error_abort));
    sysbus_mmio_map(SYSBUS_DEVICE(hpet), get_system_memory(), 0, HPET_BASE);
    add(hpet);
}

void isa_rig_init(void)
{
    static GsiState gsi;
    RtcConfig rtc = { .has_date = true, .date = 1582979696, .clock = VIRTUAL_CLOCK };
    IrqLine *lines[ISA_NUM_IRQS];
    ISABus *bus = isa_harness_bus();
    Chardev *null = chardev_new_from_text("rig", "null", 0, main_loop(), &error_abort);
    I8254State *pit;
    GPtrArray *children;

    devices = g_ptr_array_new();
    gsi_init(&gsi);
    isa_bus_register_input_irqs(bus, gsi.isa);
    i8257_init(bus);
    i8259_init(bus, gsi_get_pic_intr(&gsi), lines);
    gsi_connect_pic(&gsi, lines);
    gsi_connect_ioapic(&gsi, ioapic_init(object_get_root()));
    add(object_get_child(object_get_root(), "ioapic"));
    add_hpet();
    rtc_configure(&rtc);
    mc146818_rtc_init(bus, 0, NULL);
    pit = i8254_init(bus, 0x40, gsi_get_line(&gsi, 0));
    pcspk_init(bus, pit);
    serial_isa_init(bus, 0, NULL);
    parallel_isa_init(bus, 0, null);
    i8042_init(bus, NULL);
    isa_create_simple(bus, "vmport");
    isa_create_simple(bus, "vmmouse");
    isa_create_simple(bus, TYPE_PORT92);
    children = BUS(bus)->children;
    for (guint i = 0; i < children->len; i++) {
        add(g_ptr_array_index(children, i));
    }
    add(object_get_child(g_ptr_array_index(children, 7), "serial"));
    isa_rig_reset();
}

void isa_rig_reset(void)
{
    for (guint i = 0; i < devices->len; i++) {
        isa_harness_reset(g_ptr_array_index(devices, i));
    }
}

GPtrArray *isa_rig_devices(void)
{
    return devices;
}

/* Where the registers are; ports below 10000. */
static const struct {
    uint32_t base, size;
} windows[] = {
    {0x00,                 0x10 },
    { 0x20,                2    },
    { 0x40,                4    },
    { 0x60,                5    },
    { 0x70,                2    },
    { 0x80,                16   },
    { 0x92,                1    },
    { 0xa0,                2    },
    { 0xc0,                0x20 },
    { 0x378,               8    },
    { 0x3f8,               8    },
    { 0x4d0,               2    },
    { 0x5658,              1    },
    { HPET_BASE,           0x160},
    { IOAPIC_DEFAULT_BASE, 0x44 },
};

void isa_rig_access(uint8_t window, uint16_t offset, uint32_t value, uint8_t what)
{
    uint32_t addr;

    window %= G_N_ELEMENTS(windows);
    addr = windows[window].base + offset % windows[window].size;
    if (what % 16 == 0) {
        clock_step((int64_t)(value % 2000) << (offset & 15));
    } else if (windows[window].base >= 0x10000) {
        if (what & 1) {
            mem_writel(addr & ~3u, value);
        } else {
            mem_readl(addr & ~3u);
        }
    } else if (what & 1) {
        outb(addr, value);
    } else {
        inb(addr);
    }
}
