/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8259A's state, shared with its twin in an accelerator. */
#ifndef STRATA_HW_INTC_I8259_INTERNAL_H
#define STRATA_HW_INTC_I8259_INTERNAL_H

#include "hw/intc/i8259.h"

/* An accelerator that has the controllers itself: the device is a copy. */
typedef struct I8259Twin {
    void (*fetch)(I8259State *s);
    void (*written)(I8259State *s);
    void (*set_input)(I8259State *s, int n, int level);
} I8259Twin;

typedef struct I8259Class {
    DeviceClass parent_class;
    const char *pic_name, *elcr_name; /* of the regions */
    const I8259Twin *twin;            /* NULL: the device is the controller */
} I8259Class;

struct I8259State {
    ISADevice parent_obj;
    MemoryRegion pic_io, elcr_io;
    IrqLine *int_out;
    I8259State *slave; /* of the master; not owned, lives as long as the board */
    /* Properties. */
    uint32_t iobase, elcr_addr;
    uint8_t elcr_mask;
    bool master;
    /* Registers; all migrated. */
    uint8_t irr, imr, isr, elcr;
    uint8_t lines;      /* levels of IR0-IR7 */
    uint8_t hprio;      /* the input with the highest priority */
    uint8_t irq_base;   /* ICW2 */
    uint8_t init_state; /* EXPECT_* */
    bool init4;         /* ICW1 said that ICW4 follows */
    bool single;
    bool ltim;
    bool aeoi, rotate_on_aeoi;
    bool sfnm;
    bool special_mask;
    bool read_isr;
    bool poll;
    /* Since the start of the machine, the slave's from 8 on; not migrated. */
    uint64_t counts[16];
    uint64_t *counted_in; /* 8 of the master's */
};
OBJECT_DECLARE_SIMPLE_TYPE(I8259State, I8259, TYPE_I8259)

#endif
