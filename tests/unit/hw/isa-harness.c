/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "isa-harness.h"

#include "memory/memory.h"
#include "migration/vmstate.h"
#include "util/bql.h"

static ISABus *bus;
static IrqLine lines[24];
static IrqLine *isa_lines[ISA_NUM_IRQS];
static int levels[24], rises[24];

static void record_line(void *opaque, int n, int level)
{
    rises[n] += level && !levels[n];
    levels[n] = level;
}

void isa_harness_init(void)
{
    bql_lock();
    memory_core_init();
    virtual_clock_set_manual();
    virtual_clock_start();
    for (int n = 0; n < 24; n++) {
        irq_init(&lines[n], record_line, NULL, n);
    }
    for (int n = 0; n < ISA_NUM_IRQS; n++) {
        isa_lines[n] = &lines[n];
    }
    bus = isa_bus_new(NULL, get_system_memory(), get_system_io());
    isa_bus_register_input_irqs(bus, isa_lines);
    g_assert_true(bus_realize(BUS(bus), &error_abort));
}

ISABus *isa_harness_bus(void)
{
    return bus;
}

IrqLine *isa_harness_line(int n)
{
    return &lines[n];
}

int isa_harness_level(int n)
{
    return levels[n];
}

int isa_harness_rises(int n)
{
    int r = rises[n];

    rises[n] = 0;
    return r;
}

void isa_harness_reset(void *dev)
{
    resettable_reset(OBJECT(dev));
}

ISADevice *isa_harness_add(const char *type)
{
    ISADevice *dev = isa_create_simple(bus, type);

    isa_harness_reset(dev);
    return dev;
}

uint8_t inb(uint16_t port)
{
    return address_space_ldub(&address_space_io, port, MEMTXATTRS_UNSPECIFIED, NULL);
}

void outb(uint16_t port, uint8_t value)
{
    address_space_stb(&address_space_io, port, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

uint32_t mem_readl(uint64_t addr)
{
    return address_space_ldl_le(&address_space_memory, addr, MEMTXATTRS_UNSPECIFIED,
                                NULL);
}

void mem_writel(uint64_t addr, uint32_t value)
{
    address_space_stl_le(&address_space_memory, addr, value, MEMTXATTRS_UNSPECIFIED,
                         NULL);
}

void clock_step(int64_t ns)
{
    virtual_clock_advance_to(clock_get_ns(VIRTUAL_CLOCK) + ns);
}

void isa_harness_settle(void)
{
    for (int i = 0; i < 8; i++) {
        event_loop_run_once(main_loop(), false);
    }
}

void isa_harness_check_vmstate(void *dev)
{
    const VMStateDescription *vmsd = DEVICE_GET_CLASS(dev)->vmsd;
    g_autoptr(GByteArray) before = g_byte_array_new();
    g_autoptr(GByteArray) after = g_byte_array_new();
    VMStateReader in;

    g_assert_nonnull(vmsd);
    g_assert_true(vmstate_save(vmsd, dev, before, &error_abort));
    isa_harness_reset(dev);
    in = (VMStateReader){ .data = before->data, .len = before->len };
    g_assert_true(vmstate_load(vmsd, dev, &in, &error_abort));
    g_assert_true(vmstate_save(vmsd, dev, after, &error_abort));
    g_assert_cmpmem(before->data, before->len, after->data, after->len);
}
