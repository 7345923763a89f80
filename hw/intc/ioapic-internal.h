/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The I/O APIC's state, shared with its twin in an accelerator. */
#ifndef STRATA_HW_INTC_IOAPIC_INTERNAL_H
#define STRATA_HW_INTC_IOAPIC_INTERNAL_H

#include "hw/intc/ioapic.h"

/* An accelerator that has the controller itself: the device is a copy. */
typedef struct IoApicTwin {
    void (*fetch)(IoApicState *s);
    void (*written)(IoApicState *s);
    void (*set_input)(IoApicState *s, int n, int level);
} IoApicTwin;

typedef struct IoApicClass {
    SysBusDeviceClass parent_class;
    const char *region_name;
    const IoApicTwin *twin; /* NULL: the device is the controller */
} IoApicClass;

struct IoApicState {
    SysBusDevice parent_obj;
    MemoryRegion io;
    uint32_t version; /* property */
    /* Registers; all migrated. */
    uint32_t id;
    uint8_t select;
    uint64_t redtbl[IOAPIC_NUM_PINS];
    uint32_t irr; /* level: line asserted; edge: never held */
    uint32_t lines;
    /* By input, since the start of the machine; not migrated. */
    uint64_t counts[IOAPIC_NUM_PINS];
};
OBJECT_DECLARE_SIMPLE_TYPE(IoApicState, IOAPIC, TYPE_IOAPIC)

#endif
