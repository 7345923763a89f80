/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8254's state, shared with its twin in an accelerator. */
#ifndef STRATA_HW_TIMER_I8254_INTERNAL_H
#define STRATA_HW_TIMER_I8254_INTERNAL_H

#include "hw/timer/i8254.h"

/* An accelerator that has the timer itself: the device is a copy. */
typedef struct I8254Twin {
    bool (*realize)(I8254State *s, Error **errp);
    void (*fetch)(I8254State *s);
    void (*written)(I8254State *s);
} I8254Twin;

typedef struct I8254Class {
    DeviceClass parent_class;
    const char *region_name;
    const I8254Twin *twin; /* NULL: the device is the timer */
} I8254Class;

typedef struct I8254Counter {
    uint8_t mode, rw, bcd;
    bool gate;
    bool loaded;    /* a count has been written since the control word */
    bool triggered; /* modes 1 and 5: the gate has risen */
    bool wait_msb;  /* RW_BOTH: the first byte has been written */
    uint8_t lsb;    /* and was this */
    bool read_msb;  /* RW_BOTH: the next read gives the high byte */
    bool count_latched, status_latched;
    uint16_t latch;
    uint8_t status;
    uint32_t count;      /* 1..65536 */
    uint32_t next_count; /* from the end of this period on; 0: none */
    int64_t start;       /* CLK tick at which the count was loaded */
    int64_t held;        /* gate low: ticks counted so far; else -1 */
} I8254Counter;

struct I8254State {
    ISADevice parent_obj;
    MemoryRegion io;
    IrqLine *irq;
    Timer timer;
    uint32_t iobase; /* property */
    /* Migrated. */
    I8254Counter counters[3];
    bool irq_disabled;
    /* Twin: the kernel's counters stand and ours are right (the guest is stopped). */
    bool copy_valid;
};
OBJECT_DECLARE_SIMPLE_TYPE(I8254State, I8254, TYPE_I8254)

/* Ticks of the virtual clock. */
int64_t i8254_now(void);

#endif
