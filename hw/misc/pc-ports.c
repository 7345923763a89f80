/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports 80 and F0 of a PC. F0: PIIX3 (290550-002, 2.5.5.4, "Coprocessor Error
 * Register"); the IGNNE# output that a write asserts too is not modelled.
 */
#include "hw/misc/pc-ports.h"

static uint64_t port_read_ones(void *opaque, hwaddr offset, unsigned size)
{
    return UINT64_MAX;
}

static void port80_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

static void portf0_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    PcPorts *ports = opaque;

    irq_lower(ports->irq13);
}

static const MemoryRegionOps port80_ops = {
    .read = port_read_ones,
    .write = port80_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static const MemoryRegionOps portf0_ops = {
    .read = port_read_ones,
    .write = portf0_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

void pc_ports_init(PcPorts *ports, MemoryRegion *io, IrqLine *irq13)
{
    ports->irq13 = irq13;
    memory_region_init_io(&ports->port80, NULL, &port80_ops, ports, "ioport80", 1);
    memory_region_add_subregion(io, 0x80, &ports->port80);
    memory_region_init_io(&ports->portf0, NULL, &portf0_ops, ports, "ioportF0", 1);
    memory_region_add_subregion(io, 0xf0, &ports->portf0);
}

void pc_ports_set_ferr(PcPorts *ports, int level)
{
    if (level) {
        irq_raise(ports->irq13);
    }
}
