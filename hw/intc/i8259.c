/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 8259A Programmable Interrupt Controller (order number 231468-003), with the
 * Edge/Level Control Register of the PIIX3 (order number 290550-002, 2.5.7).
 *
 * Not modelled: the MCS-80 call sequence and the buffered mode, which a PC cannot use.
 * One difference, made on purpose: an edge request stays in the IRR until it is
 * acknowledged although its line has fallen, so that short pulses are never lost; the
 * spurious vector 7 is given when nothing is pending at INTA.
 *
 * Board: properties iobase, elcr_addr, elcr_mask, master. Ports "pic" (2 bytes at
 * iobase) and "elcr" (1 byte at elcr_addr). GPIO inputs 0-7 are IR0-IR7, output 0 is
 * INT.
 */
#include "hw/intc/i8259.h"

#include "accel/accel.h"
#include "hw/intc/i8259-internal.h"
#include "hw/intc/irq-info.h"
#include "migration/vmstate.h"

/* Initialization and operation command words. */
enum {
    ICW1_IC4 = 1 << 0, /* ICW4 follows */
    ICW1_SNGL = 1 << 1,
    ICW1_LTIM = 1 << 3, /* all inputs level-triggered */
    ICW1_INIT = 1 << 4,
    ICW2_BASE = 0xf8,
    ICW4_AEOI = 1 << 1,
    ICW4_SFNM = 1 << 4,
    OCW2_LEVEL = 0x07,
    OCW3 = 1 << 3,
    OCW3_RIS = 1 << 0, /* with RR: read ISR, else IRR */
    OCW3_RR = 1 << 1,
    OCW3_POLL = 1 << 2,
    OCW3_SMM = 1 << 5, /* with ESMM: its new value */
    OCW3_ESMM = 1 << 6,
    CASCADE = 2, /* the master's input that the slave drives */
    SPURIOUS = 7,
};

/* The command in bits 7:5 of OCW2: R, SL, EOI. */
enum {
    OCW2_CLEAR_ROTATE_AEOI,
    OCW2_EOI,
    OCW2_NOP,
    OCW2_SPECIFIC_EOI,
    OCW2_SET_ROTATE_AEOI,
    OCW2_ROTATE_EOI,
    OCW2_SET_PRIORITY,
    OCW2_ROTATE_SPECIFIC_EOI,
};

/* What the next write to A0 = 1 is. */
enum { EXPECT_OCW1, EXPECT_ICW2, EXPECT_ICW3, EXPECT_ICW4 };

/* --- Logic ---------------------------------------------------------------------------
 */

/* Distance of the most urgent input in @set from the top priority; 8 when empty. */
static int i8259_urgency(const I8259State *s, uint8_t set)
{
    for (int i = 0; i < 8; i++) {
        if (set & 1u << ((s->hprio + i) & 7)) {
            return i;
        }
    }
    return 8;
}

/* The input to be served now, or -1 ("Fully nested mode", "Special mask mode"). */
static int i8259_pending_input(const I8259State *s)
{
    int wanted = i8259_urgency(s, s->irr & ~s->imr);
    uint8_t in_service = s->isr;

    if (wanted == 8) {
        return -1;
    }
    if (s->special_mask) {
        in_service &= ~s->imr;
    }
    if (s->sfnm && s->master) {
        /* The slave may interrupt its own service through the cascade input. */
        in_service &= ~(1u << CASCADE);
    }
    if (wanted >= i8259_urgency(s, in_service)) {
        return -1;
    }
    return (s->hprio + wanted) & 7;
}

bool i8259_has_request(const I8259State *s)
{
    return i8259_pending_input(s) >= 0;
}

static const I8259Twin *i8259_twin(const I8259State *s)
{
    return ((const I8259Class *)((const Object *)s)->klass)->twin;
}

static void i8259_fetch(I8259State *s)
{
    if (i8259_twin(s)) {
        i8259_twin(s)->fetch(s);
    }
}

static void i8259_update_irq(I8259State *s)
{
    if (i8259_twin(s)) {
        i8259_twin(s)->written(s);
        return;
    }
    irq_set(s->int_out, i8259_has_request(s));
}

static bool i8259_is_level(const I8259State *s, int n)
{
    return s->ltim || (s->elcr & 1u << n);
}

static void i8259_set_line(void *opaque, int n, int level)
{
    I8259State *s = opaque;
    uint8_t mask = 1u << n;
    bool rises = level && !(s->lines & mask);

    s->counted_in[n] += rises;
    s->lines = level ? s->lines | mask : s->lines & ~mask;
    if (i8259_twin(s)) {
        i8259_twin(s)->set_input(s, n, level);
        return;
    }
    if (i8259_is_level(s, n)) {
        s->irr = level ? s->irr | mask : s->irr & ~mask;
    } else if (rises) {
        s->irr |= mask;
    }
    i8259_update_irq(s);
}

/* An INTA cycle takes input @n into service. */
static void i8259_take(I8259State *s, int n)
{
    uint8_t mask = 1u << n;

    if (!i8259_is_level(s, n)) {
        s->irr &= ~mask;
    }
    if (!s->aeoi) {
        s->isr |= mask;
    } else if (s->rotate_on_aeoi) {
        s->hprio = (n + 1) & 7;
    }
    /* INT goes low in between, so that an edge-triggered master sees the next one. */
    irq_lower(s->int_out);
    i8259_update_irq(s);
}

int i8259_acknowledge(I8259State *s)
{
    int n = i8259_pending_input(s);

    if (n < 0) {
        return s->irq_base + SPURIOUS;
    }
    if (n == CASCADE && s->slave) {
        /* The slave drops its INT first, which lowers our input when it was the last
         * one. */
        I8259State *slave = s->slave;
        int vector = slave->irq_base + SPURIOUS;
        int m;

        i8259_take(s, n);
        m = i8259_pending_input(slave);
        if (m >= 0) {
            vector = slave->irq_base + m;
            i8259_take(slave, m);
        }
        return vector;
    }
    i8259_take(s, n);
    return s->irq_base + n;
}

static void i8259_end_of_interrupt(I8259State *s, int n, bool rotate)
{
    s->isr &= ~(1u << n);
    if (rotate) {
        s->hprio = (n + 1) & 7;
    }
}

/* Non-specific: the one with the highest priority in service. */
static void i8259_nonspecific_eoi(I8259State *s, bool rotate)
{
    uint8_t in_service = s->special_mask ? s->isr & ~s->imr : s->isr;
    int urgency = i8259_urgency(s, in_service);

    if (urgency < 8) {
        i8259_end_of_interrupt(s, (s->hprio + urgency) & 7, rotate);
    }
}

static void i8259_icw1(I8259State *s, uint8_t value)
{
    /* "The following automatically occur": edge sense reset, IMR cleared, IR7 gets
     * priority 7, special mask off, status read is IRR; without ICW4 its functions
     * off. */
    s->ltim = value & ICW1_LTIM;
    s->single = value & ICW1_SNGL;
    s->init4 = value & ICW1_IC4;
    s->irr = 0;
    for (int n = 0; n < 8; n++) {
        if (i8259_is_level(s, n)) {
            s->irr |= s->lines & 1u << n;
        }
    }
    s->imr = 0;
    s->isr = 0;
    s->hprio = 0;
    s->special_mask = false;
    s->read_isr = false;
    s->poll = false;
    s->rotate_on_aeoi = false;
    if (!s->init4) {
        s->aeoi = false;
        s->sfnm = false;
    }
    s->init_state = EXPECT_ICW2;
}

static void i8259_ocw2(I8259State *s, uint8_t value)
{
    int n = value & OCW2_LEVEL;

    switch (value >> 5) {
    case OCW2_CLEAR_ROTATE_AEOI:
        s->rotate_on_aeoi = false;
        break;
    case OCW2_EOI:
        i8259_nonspecific_eoi(s, false);
        break;
    case OCW2_NOP:
        break;
    case OCW2_SPECIFIC_EOI:
        i8259_end_of_interrupt(s, n, false);
        break;
    case OCW2_SET_ROTATE_AEOI:
        s->rotate_on_aeoi = true;
        break;
    case OCW2_ROTATE_EOI:
        i8259_nonspecific_eoi(s, true);
        break;
    case OCW2_SET_PRIORITY:
        s->hprio = (n + 1) & 7;
        break;
    case OCW2_ROTATE_SPECIFIC_EOI:
        i8259_end_of_interrupt(s, n, true);
        break;
    }
}

static void i8259_ocw3(I8259State *s, uint8_t value)
{
    if (value & OCW3_POLL) {
        s->poll = true;
    }
    if (value & OCW3_RR) {
        s->read_isr = value & OCW3_RIS;
    }
    if (value & OCW3_ESMM) {
        s->special_mask = value & OCW3_SMM;
    }
}

/* After a poll command the next read is an INTA: bit 7 and the input. */
static uint8_t i8259_poll(I8259State *s)
{
    int n = i8259_pending_input(s);

    s->poll = false;
    if (n < 0) {
        return 0;
    }
    i8259_take(s, n);
    return 0x80 | n;
}

/* --- Registers -----------------------------------------------------------------------
 */

static uint64_t i8259_read(void *opaque, hwaddr offset, unsigned size)
{
    I8259State *s = opaque;

    i8259_fetch(s);
    if (s->poll) {
        return i8259_poll(s);
    }
    if (offset == 0) {
        return s->read_isr ? s->isr : s->irr;
    }
    return s->imr;
}

static void i8259_write_a0(I8259State *s, uint8_t value)
{
    if (value & ICW1_INIT) {
        i8259_icw1(s, value);
    } else if (value & OCW3) {
        i8259_ocw3(s, value);
    } else {
        i8259_ocw2(s, value);
    }
}

static void i8259_write_a1(I8259State *s, uint8_t value)
{
    switch (s->init_state) {
    case EXPECT_OCW1:
        s->imr = value;
        break;
    case EXPECT_ICW2:
        s->irq_base = value & ICW2_BASE;
        s->init_state = !s->single ? EXPECT_ICW3 : s->init4 ? EXPECT_ICW4 : EXPECT_OCW1;
        break;
    case EXPECT_ICW3:
        /* The cascade is wired; what the word says changes nothing. */
        s->init_state = s->init4 ? EXPECT_ICW4 : EXPECT_OCW1;
        break;
    case EXPECT_ICW4:
        s->aeoi = value & ICW4_AEOI;
        s->sfnm = value & ICW4_SFNM;
        s->init_state = EXPECT_OCW1;
        break;
    }
}

static void i8259_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    I8259State *s = opaque;

    i8259_fetch(s);
    if (offset == 0) {
        i8259_write_a0(s, value);
    } else {
        i8259_write_a1(s, value);
    }
    i8259_update_irq(s);
}

static const MemoryRegionOps i8259_ops = {
    .read = i8259_read,
    .write = i8259_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

static uint64_t i8259_elcr_read(void *opaque, hwaddr offset, unsigned size)
{
    I8259State *s = opaque;

    i8259_fetch(s);
    return s->elcr;
}

static void i8259_elcr_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    I8259State *s = opaque;

    i8259_fetch(s);
    s->elcr = value & s->elcr_mask;
    if (i8259_twin(s)) {
        i8259_twin(s)->written(s);
    }
}

static const MemoryRegionOps i8259_elcr_ops = {
    .read = i8259_elcr_read,
    .write = i8259_elcr_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

/* --- Device --------------------------------------------------------------------------
 */

static void i8259_reset_enter(DeviceState *dev)
{
    I8259State *s = I8259(dev);

    s->irr = s->imr = s->isr = s->elcr = 0;
    s->hprio = 0;
    s->irq_base = 0;
    s->init_state = EXPECT_OCW1;
    s->init4 = s->single = s->ltim = false;
    s->aeoi = s->rotate_on_aeoi = s->sfnm = false;
    s->special_mask = s->read_isr = s->poll = false;
    s->lines = 0;
}

static void i8259_reset_hold(DeviceState *dev)
{
    i8259_update_irq(I8259(dev));
}

static bool i8259_realize(DeviceState *dev, Error **errp)
{
    I8259State *s = I8259(dev);
    ISADevice *isa = ISA_DEVICE(dev);
    const I8259Class *ic = (const I8259Class *)OBJECT(s)->klass;

    memory_region_init_io(&s->pic_io, OBJECT(s), &i8259_ops, s, ic->pic_name, 2);
    memory_region_init_io(&s->elcr_io, OBJECT(s), &i8259_elcr_ops, s, ic->elcr_name, 1);
    isa_register_ioport(isa, &s->pic_io, s->iobase);
    isa_register_ioport(isa, &s->elcr_io, s->elcr_addr);
    device_init_gpio_out(dev, &s->int_out, 1);
    device_init_gpio_in(dev, i8259_set_line, 8);
    s->counted_in = s->counts;
    return true;
}

static void i8259_print_info(Object *obj, GString *out)
{
    I8259State *s = I8259(obj);

    i8259_fetch(s);
    g_string_append_printf(out,
                           "pic%d: irr=%02x imr=%02x isr=%02x hprio=%d irq_base=%02x "
                           "rr_sel=%d elcr=%02x fnm=%d\n",
                           s->master ? 0 : 1, s->irr, s->imr, s->isr, s->hprio,
                           s->irq_base, s->read_isr, s->elcr, s->sfnm);
}

/* The master speaks for both. */
static bool i8259_get_statistics(Object *obj, const uint64_t **counts, unsigned *n)
{
    I8259State *s = I8259(obj);

    *counts = s->counts;
    *n = G_N_ELEMENTS(s->counts);
    return s->master;
}

static bool i8259_pre_save(void *opaque, Error **errp)
{
    i8259_fetch(opaque);
    return true;
}

static bool i8259_post_load(void *opaque, int version_id, Error **errp)
{
    I8259State *s = opaque;

    if (i8259_twin(s)) {
        i8259_twin(s)->written(s);
    }
    return true;
}

static const VMStateDescription i8259_vmstate = {
    .name = TYPE_I8259,
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = i8259_pre_save,
    .post_load = i8259_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(irr, I8259State),
                               VMSTATE_UINT8(imr, I8259State),
                               VMSTATE_UINT8(isr, I8259State),
                               VMSTATE_UINT8(elcr, I8259State),
                               VMSTATE_UINT8(lines, I8259State),
                               VMSTATE_UINT8(hprio, I8259State),
                               VMSTATE_UINT8(irq_base, I8259State),
                               VMSTATE_UINT8(init_state, I8259State),
                               VMSTATE_BOOL(init4, I8259State),
                               VMSTATE_BOOL(single, I8259State),
                               VMSTATE_BOOL(ltim, I8259State),
                               VMSTATE_BOOL(aeoi, I8259State),
                               VMSTATE_BOOL(rotate_on_aeoi, I8259State),
                               VMSTATE_BOOL(sfnm, I8259State),
                               VMSTATE_BOOL(special_mask, I8259State),
                               VMSTATE_BOOL(read_isr, I8259State),
                               VMSTATE_BOOL(poll, I8259State),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property i8259_properties[] = {
    PROP_UINT32("iobase", I8259State, iobase, 0xffffffff),
    PROP_UINT32("elcr_addr", I8259State, elcr_addr, 0xffffffff),
    PROP_UINT8("elcr_mask", I8259State, elcr_mask, 0xff),
    PROP_BOOL("master", I8259State, master, false),
};

static void i8259_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    IrqInfoClass *ic = object_class_cast(klass, TYPE_IRQ_INFO);

    ((I8259Class *)klass)->pic_name = "pic";
    ((I8259Class *)klass)->elcr_name = "elcr";
    dc->desc = "Intel 8259A interrupt controller";
    dc->user_creatable = false; /* the board wires its lines */
    dc->realize = i8259_realize;
    dc->reset_enter = i8259_reset_enter;
    dc->reset_hold = i8259_reset_hold;
    dc->vmsd = &i8259_vmstate;
    ic->print_info = i8259_print_info;
    ic->get_statistics = i8259_get_statistics;
    OBJECT_CLASS_ADD_PROPERTIES(klass, i8259_properties);
}

static const TypeInfo i8259_info = {
    .name = TYPE_I8259,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(I8259State),
    .class_size = sizeof(I8259Class),
    .class_init = i8259_class_init,
    .interfaces = (const char *const[]){TYPE_IRQ_INFO, NULL},
};
TYPE_REGISTER(i8259_info);

/* --- The pair ------------------------------------------------------------------------
 */

static I8259State *i8259_make(ISABus *bus, bool master)
{
    ISADevice *dev = isa_new(accel_device_type(TYPE_I8259));

    device_prop_set_uint(DEVICE(dev), "iobase", master ? 0x20 : 0xa0);
    device_prop_set_uint(DEVICE(dev), "elcr_addr", master ? 0x4d0 : 0x4d1);
    /* IRQ 0, 1, 2, 8 and 13 cannot be level-triggered. */
    device_prop_set_uint(DEVICE(dev), "elcr_mask", master ? 0xf8 : 0xde);
    device_prop_set_bool(DEVICE(dev), "master", master);
    if (!isa_realize_and_unref(dev, bus, &error_fatal)) {
        g_assert_not_reached();
    }
    return I8259(dev);
}

I8259State *i8259_init(ISABus *bus, IrqLine *intr, IrqLine *lines[ISA_NUM_IRQS])
{
    I8259State *master = i8259_make(bus, true);
    I8259State *slave = i8259_make(bus, false);

    device_connect_gpio_out(DEVICE(master), 0, intr);
    device_connect_gpio_out(DEVICE(slave), 0,
                            device_get_gpio_in(DEVICE(master), CASCADE));
    master->slave = slave;
    slave->counted_in = master->counts + 8;
    for (int n = 0; n < 8; n++) {
        lines[n] = n == CASCADE ? NULL : device_get_gpio_in(DEVICE(master), n);
        lines[8 + n] = device_get_gpio_in(DEVICE(slave), n);
    }
    return master;
}
