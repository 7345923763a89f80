/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Global system interrupts: each drives both of a PC's interrupt controllers. */
#include "hw/intc/gsi.h"

#include "hw/intc/apic.h"

#include <assert.h>

static void gsi_set_line(void *opaque, int n, int level)
{
    GsiState *gsi = opaque;

    if (n < ISA_NUM_IRQS) {
        irq_set(gsi->pic[n], level);
    }
    if (gsi->ioapic) {
        irq_set(ioapic_get_line(gsi->ioapic, n), level);
    }
}

static void gsi_set_pic_intr(void *opaque, int n, int level)
{
    apic_bus_set_pic_line(level);
}

void gsi_init(GsiState *gsi)
{
    for (int n = 0; n < GSI_COUNT; n++) {
        irq_init(&gsi->lines[n], gsi_set_line, gsi, n);
    }
    for (int n = 0; n < ISA_NUM_IRQS; n++) {
        gsi->isa[n] = &gsi->lines[n];
        gsi->pic[n] = NULL;
    }
    gsi->ioapic = NULL;
    irq_init(&gsi->pic_intr, gsi_set_pic_intr, gsi, 0);
}

void gsi_connect_pic(GsiState *gsi, IrqLine *const lines[ISA_NUM_IRQS])
{
    for (int n = 0; n < ISA_NUM_IRQS; n++) {
        gsi->pic[n] = lines[n];
    }
}

void gsi_connect_ioapic(GsiState *gsi, IoApicState *ioapic)
{
    gsi->ioapic = ioapic;
}

IrqLine *gsi_get_line(GsiState *gsi, int n)
{
    assert(n >= 0 && n < GSI_COUNT);
    return &gsi->lines[n];
}

IrqLine *gsi_get_pic_intr(GsiState *gsi)
{
    return &gsi->pic_intr;
}
