/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel 82C54 Programmable Interval Timer (order number 231244-006).
 *
 * A counter is not counted: it is a start time and a count, and what it shows follows
 * from the clock (PIT_HZ). Not modelled: the one CLK pulse between writing a count and
 * loading it.
 *
 * Board: property iobase. Ports "pit" (4 bytes). GPIO output 0 is OUT0; GPIO input 0
 * keeps OUT0 from being driven. Gates of counters 0 and 1 are high.
 *
 * P1: every entry calls counter_settle() first, so that a count which waits for the end
 *     of the period (modes 2 and 3) has taken effect.
 */
#include "hw/timer/i8254.h"

#include "accel/accel.h"
#include "hw/timer/i8254-internal.h"
#include "migration/vmstate.h"
#include "util/log.h"

/* Control word. */
enum {
    CW_BCD = 1 << 0,
    CW_MODE_SHIFT = 1,
    CW_RW_SHIFT = 4,
    CW_SC_SHIFT = 6,
    CW_READ_BACK = 3,
    RB_NOT_STATUS = 1 << 4,
    RB_NOT_COUNT = 1 << 5,
    STATUS_NULL_COUNT = 1 << 6,
    STATUS_OUT = 1 << 7,
};
enum { RW_LATCH, RW_LSB, RW_MSB, RW_BOTH };

typedef I8254Counter Counter;

/* A guest may ask for edges faster than the host can follow: then some are one. */
#define MIN_EDGE_NS 10000

/* --- Time ----------------------------------------------------------------------------
 */

static int64_t pit_now(void)
{
    return (unsigned __int128)clock_get_ns(VIRTUAL_CLOCK) * PIT_HZ /
           NANOSECONDS_PER_SECOND;
}

/* The first ns at which pit_now() is @tick. */
static int64_t pit_tick_to_ns(int64_t tick)
{
    return ((unsigned __int128)tick * NANOSECONDS_PER_SECOND + PIT_HZ - 1) / PIT_HZ;
}

int64_t i8254_now(void)
{
    return pit_now();
}

static const I8254Twin *pit_twin(const I8254State *s)
{
    return ((const I8254Class *)((const Object *)s)->klass)->twin;
}

static void pit_fetch(I8254State *s)
{
    if (pit_twin(s)) {
        pit_twin(s)->fetch(s);
    }
}

static void pit_written(I8254State *s)
{
    if (pit_twin(s)) {
        pit_twin(s)->written(s);
    }
}

static bool counter_is_periodic(const Counter *c)
{
    return c->mode == 2 || c->mode == 3;
}

/* Ticks since the count was loaded. */
static int64_t counter_elapsed(const Counter *c, int64_t now)
{
    return c->held >= 0 ? c->held : now - c->start;
}

/* Establishes P1. */
static void counter_settle(Counter *c, int64_t now)
{
    int64_t elapsed = counter_elapsed(c, now);

    if (c->next_count && elapsed >= c->count) {
        /* The old count ran to the end of one more period than it had when the new one
         * was written; start is kept inside the current period. */
        c->start += c->count;
        c->count = c->next_count;
        c->next_count = 0;
    }
}

/* Is it counting, or has it counted? */
static bool counter_is_started(const Counter *c)
{
    return c->loaded && ((c->mode != 1 && c->mode != 5) || c->triggered);
}

/* OUT after @elapsed ticks, figures 16 to 21. */
static bool counter_out_at(const Counter *c, int64_t elapsed)
{
    if (!counter_is_started(c)) {
        return c->mode != 0;
    }
    switch (c->mode) {
    case 0:
        return elapsed >= c->count;
    case 1:
        return elapsed >= c->count;
    case 2:
        return !c->gate || elapsed % c->count != c->count - 1;
    case 3:
        return !c->gate || elapsed % c->count < (c->count + 1) / 2;
    default: /* 4, 5: a strobe of one tick */
        return elapsed != c->count;
    }
}

static bool counter_out(const Counter *c, int64_t now)
{
    return counter_out_at(c, counter_elapsed(c, now));
}

/*
 * Ticks after which the timer must look again, counted from loading; -1: never. The low
 * tick at the end of a mode 2 period is left out: the expiry shows it.
 */
static int64_t counter_next_edge(const Counter *c, int64_t elapsed)
{
    int64_t periods, in_period, half;

    if (!counter_is_started(c) || c->held >= 0) {
        return -1;
    }
    switch (c->mode) {
    case 0:
    case 1:
        return elapsed < c->count ? (int64_t)c->count : -1;
    case 2:
    case 3:
        periods = elapsed / c->count * c->count;
        in_period = elapsed - periods;
        half = c->mode == 2 ? c->count : (c->count + 1) / 2;
        return periods + (in_period < half ? half : c->count);
    default:
        if (elapsed < c->count) {
            return c->count;
        }
        return elapsed == c->count ? elapsed + 1 : -1;
    }
}

static uint16_t to_bcd(uint32_t v)
{
    v %= 10000;
    return v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10;
}

static uint32_t from_bcd(uint16_t v)
{
    return (v >> 12) * 1000 + (v >> 8 & 15) * 100 + (v >> 4 & 15) * 10 + (v & 15);
}

/* The counting element. */
static uint16_t counter_get_count(const Counter *c, int64_t now)
{
    int64_t elapsed = counter_is_started(c) ? counter_elapsed(c, now) : 0;
    int64_t modulus = c->bcd ? 10000 : 65536;
    int64_t value;

    switch (c->mode) {
    case 2:
        value = c->count - elapsed % c->count;
        break;
    case 3:
        /* Counts down by two, twice each period. */
        value = c->count - 2 * elapsed % c->count;
        break;
    default:
        value = (c->count - elapsed) % modulus;
        if (value < 0) {
            value += modulus;
        }
        break;
    }
    return c->bcd ? to_bcd(value) : value;
}

/* --- OUT0 ----------------------------------------------------------------------------
 */

static void pit_drive_irq(I8254State *s, bool level)
{
    irq_set(s->irq, level && !s->irq_disabled);
}

/* Make OUT0 right and arm the timer for its next edge. */
static void pit_update_irq(I8254State *s, int64_t now)
{
    Counter *c = &s->counters[0];
    int64_t edge, at;

    if (pit_twin(s)) {
        return;
    }
    counter_settle(c, now);
    pit_drive_irq(s, counter_out(c, now));
    edge = counter_next_edge(c, counter_elapsed(c, now));
    if (edge < 0) {
        timer_del(&s->timer);
        return;
    }
    at = pit_tick_to_ns(c->start + edge);
    if (at < clock_get_ns(VIRTUAL_CLOCK) + MIN_EDGE_NS && counter_is_periodic(c) &&
        c->count * (uint64_t)NANOSECONDS_PER_SECOND / PIT_HZ < 2 * MIN_EDGE_NS) {
        at = clock_get_ns(VIRTUAL_CLOCK) + MIN_EDGE_NS;
    }
    timer_mod_ns(&s->timer, at);
}

static void pit_timer_expired(void *opaque)
{
    I8254State *s = opaque;
    Counter *c = &s->counters[0];

    if (counter_is_periodic(c)) {
        /* The tick is the rising edge. When the timer is late, or edges are too close,
         * the low time has been missed: show it. */
        bool low_now = !counter_out(c, pit_now());

        if (!low_now) {
            pit_drive_irq(s, false);
        }
    }
    pit_update_irq(s, pit_now());
}

static void pit_set_irq_disabled(void *opaque, int n, int level)
{
    I8254State *s = opaque;

    pit_fetch(s);
    s->irq_disabled = level;
    pit_update_irq(s, pit_now());
    pit_written(s);
}

/* --- Gates ---------------------------------------------------------------------------
 */

static void counter_set_gate(Counter *c, bool level, int64_t now)
{
    bool rises = level && !c->gate;
    bool falls = !level && c->gate;

    counter_settle(c, now);
    c->gate = level;
    switch (c->mode) {
    case 0:
    case 4:
        /* Low: counting is suspended. */
        if (falls) {
            c->held = now - c->start;
        } else if (rises && c->held >= 0) {
            c->start = now - c->held;
            c->held = -1;
        }
        break;
    case 1:
    case 5:
        if (rises && c->loaded) {
            if (c->next_count) {
                c->count = c->next_count;
                c->next_count = 0;
            }
            c->triggered = true;
            c->start = now;
        }
        break;
    case 2:
    case 3:
        if (falls) {
            c->held = 0;
        } else if (rises) {
            c->start = now;
            c->held = -1;
        }
        break;
    }
}

void i8254_set_gate(I8254State *s, int counter, bool level)
{
    int64_t now;

    pit_fetch(s);
    now = pit_now();
    counter_set_gate(&s->counters[counter], level, now);
    if (counter == 0) {
        pit_update_irq(s, now);
    }
    pit_written(s);
}

bool i8254_get_gate(I8254State *s, int counter)
{
    pit_fetch(s);
    return s->counters[counter].gate;
}

bool i8254_get_out(I8254State *s, int counter)
{
    Counter *c = &s->counters[counter];
    int64_t now;

    pit_fetch(s);
    now = pit_now();
    counter_settle(c, now);
    return counter_out(c, now);
}

/* --- Programming ---------------------------------------------------------------------
 */

static void counter_load(Counter *c, uint16_t written, int64_t now)
{
    uint32_t count = c->bcd ? from_bcd(written) : written;

    if (count == 0) {
        count = c->bcd ? 10000 : 65536;
    }
    if (counter_is_periodic(c) && c->loaded && c->held < 0) {
        /* "The new count is loaded at the end of the current counting cycle." */
        int64_t elapsed = now - c->start;

        c->start += elapsed / c->count * c->count;
        c->next_count = count;
        return;
    }
    if ((c->mode == 1 || c->mode == 5) && c->triggered) {
        c->next_count = count; /* for the next trigger */
        return;
    }
    c->count = count;
    c->next_count = 0;
    c->loaded = true;
    c->start = now;
    c->held = c->gate || c->mode == 1 || c->mode == 5 ? -1 : 0;
}

static void counter_latch_count(Counter *c, int64_t now)
{
    if (!c->count_latched) {
        c->latch = counter_get_count(c, now);
        c->count_latched = true;
    }
}

static void counter_latch_status(Counter *c, int64_t now)
{
    if (!c->status_latched) {
        c->status = (counter_out(c, now) ? STATUS_OUT : 0) |
                    (c->loaded && !c->next_count ? 0 : STATUS_NULL_COUNT) |
                    c->rw << CW_RW_SHIFT | c->mode << CW_MODE_SHIFT | c->bcd;
        c->status_latched = true;
    }
}

static void pit_read_back(I8254State *s, uint8_t value, int64_t now)
{
    for (int n = 0; n < 3; n++) {
        Counter *c = &s->counters[n];

        if (!(value & 2u << n)) {
            continue;
        }
        if (!(value & RB_NOT_COUNT)) {
            counter_latch_count(c, now);
        }
        if (!(value & RB_NOT_STATUS)) {
            counter_latch_status(c, now);
        }
    }
}

static void pit_write_control(I8254State *s, uint8_t value, int64_t now)
{
    unsigned n = value >> CW_SC_SHIFT;
    unsigned rw = value >> CW_RW_SHIFT & 3;
    Counter *c;

    if (n == CW_READ_BACK) {
        pit_read_back(s, value, now);
        return;
    }
    c = &s->counters[n];
    if (rw == RW_LATCH) {
        counter_latch_count(c, now);
        return;
    }
    c->rw = rw;
    c->mode = value >> CW_MODE_SHIFT & 7;
    if (c->mode > 5) {
        c->mode &= 3; /* bit 2 is "don't care" in modes 2 and 3 */
    }
    c->bcd = value & CW_BCD;
    c->loaded = c->triggered = false;
    c->wait_msb = c->read_msb = false;
    c->count_latched = c->status_latched = false;
    c->next_count = 0;
    c->held = -1;
    if (n == 0) {
        pit_update_irq(s, now);
    }
}

static void pit_write_counter(I8254State *s, int n, uint8_t value, int64_t now)
{
    Counter *c = &s->counters[n];

    switch (c->rw) {
    case RW_LSB:
        counter_load(c, value, now);
        break;
    case RW_MSB:
        counter_load(c, value << 8, now);
        break;
    case RW_BOTH:
        if (!c->wait_msb) {
            c->lsb = value;
            c->wait_msb = true;
            if (c->mode == 0) {
                c->loaded = false; /* "Writing the first byte disables counting." */
            }
        } else {
            c->wait_msb = false;
            counter_load(c, value << 8 | c->lsb, now);
        }
        break;
    }
    if (n == 0) {
        pit_update_irq(s, now);
    }
}

static uint8_t pit_read_counter(I8254State *s, int n)
{
    Counter *c = &s->counters[n];
    int64_t now = pit_now();
    uint16_t value;

    counter_settle(c, now);
    if (c->status_latched) {
        c->status_latched = false;
        return c->status;
    }
    value = c->count_latched ? c->latch : counter_get_count(c, now);
    switch (c->rw) {
    case RW_MSB:
        c->count_latched = false;
        return value >> 8;
    case RW_BOTH:
        if (!c->read_msb) {
            c->read_msb = true;
            return value;
        }
        c->read_msb = false;
        c->count_latched = false;
        return value >> 8;
    default:
        c->count_latched = false;
        return value;
    }
}

static uint64_t pit_read(void *opaque, hwaddr offset, unsigned size)
{
    uint8_t value;

    if (offset == 3) {
        return 0;
    }
    pit_fetch(opaque);
    value = pit_read_counter(opaque, offset);
    pit_written(opaque);
    return value;
}

static void pit_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    I8254State *s = opaque;
    int64_t now;

    pit_fetch(s);
    now = pit_now();
    for (int n = 0; n < 3; n++) {
        counter_settle(&s->counters[n], now);
    }
    if (offset == 3) {
        pit_write_control(s, value, now);
    } else {
        pit_write_counter(s, offset, value, now);
    }
    pit_written(s);
}

static const MemoryRegionOps pit_ops = {
    .read = pit_read,
    .write = pit_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 1},
    .impl = { .min_access_size = 1, .max_access_size = 1},
};

/* --- Device --------------------------------------------------------------------------
 */

static void pit_reset_enter(DeviceState *dev)
{
    I8254State *s = I8254(dev);

    timer_del(&s->timer);
    s->irq_disabled = false;
    for (int n = 0; n < 3; n++) {
        /* Undefined by the manual; the firmware finds mode 3 running. */
        s->counters[n] = (Counter){
            .mode = 3,
            .gate = n != 2,
            .loaded = true,
            .count = 65536,
            .start = pit_now(),
            .held = n == 2 ? 0 : -1,
        };
    }
}

static void pit_reset_hold(DeviceState *dev)
{
    pit_update_irq(I8254(dev), pit_now());
    pit_written(I8254(dev));
}

static bool pit_realize(DeviceState *dev, Error **errp)
{
    I8254State *s = I8254(dev);
    const I8254Class *pc = (const I8254Class *)OBJECT(s)->klass;

    if (pc->twin && !pc->twin->realize(s, errp)) {
        return false;
    }
    timer_init(&s->timer, device_get_loop(dev), VIRTUAL_CLOCK, pit_timer_expired, s);
    memory_region_init_io(&s->io, OBJECT(s), &pit_ops, s, pc->region_name, 4);
    isa_register_ioport(ISA_DEVICE(dev), &s->io, s->iobase);
    device_init_gpio_out(dev, &s->irq, 1);
    device_init_gpio_in(dev, pit_set_irq_disabled, 1);
    return true;
}

static bool counter_post_load(void *opaque, int version_id, Error **errp)
{
    Counter *c = opaque;

    if (c->count == 0 || c->count > 65536 || c->next_count > 65536 || c->mode > 5) {
        return error_set(errp, "isa-pit: count %u or mode %u is out of range", c->count,
                         c->mode);
    }
    return true;
}

static const VMStateDescription counter_vmstate = {
    .name = "isa-pit/counter",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = counter_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT8(mode, Counter),
                               VMSTATE_UINT8(rw, Counter),
                               VMSTATE_UINT8(bcd, Counter),
                               VMSTATE_BOOL(gate, Counter),
                               VMSTATE_BOOL(loaded, Counter),
                               VMSTATE_BOOL(triggered, Counter),
                               VMSTATE_BOOL(wait_msb, Counter),
                               VMSTATE_UINT8(lsb, Counter),
                               VMSTATE_BOOL(read_msb, Counter),
                               VMSTATE_BOOL(count_latched, Counter),
                               VMSTATE_BOOL(status_latched, Counter),
                               VMSTATE_UINT16(latch, Counter),
                               VMSTATE_UINT8(status, Counter),
                               VMSTATE_UINT32(count, Counter),
                               VMSTATE_UINT32(next_count, Counter),
                               VMSTATE_INT64(start, Counter),
                               VMSTATE_INT64(held, Counter),
                               VMSTATE_END_OF_LIST(),
                               },
};

static bool pit_pre_save(void *opaque, Error **errp)
{
    pit_fetch(opaque);
    return true;
}

static bool pit_post_load(void *opaque, int version_id, Error **errp)
{
    pit_written(opaque);
    return true;
}

static const VMStateDescription pit_vmstate = {
    .name = TYPE_I8254,
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = pit_pre_save,
    .post_load = pit_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_STRUCT_ARRAY(counters, I8254State, counter_vmstate),
                               VMSTATE_BOOL(irq_disabled, I8254State),
                               VMSTATE_TIMER(timer, I8254State),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property pit_properties[] = {
    PROP_UINT32("iobase", I8254State, iobase, 0xffffffff),
};

static void pit_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    ((I8254Class *)klass)->region_name = "pit";
    dc->desc = "Intel 8254 interval timer";
    dc->user_creatable = false; /* the board wires its lines */
    dc->realize = pit_realize;
    dc->reset_enter = pit_reset_enter;
    dc->reset_hold = pit_reset_hold;
    dc->vmsd = &pit_vmstate;
    OBJECT_CLASS_ADD_PROPERTIES(klass, pit_properties);
}

static const TypeInfo pit_info = {
    .name = TYPE_I8254,
    .parent = TYPE_ISA_DEVICE,
    .instance_size = sizeof(I8254State),
    .class_size = sizeof(I8254Class),
    .class_init = pit_class_init,
};
TYPE_REGISTER(pit_info);

I8254State *i8254_init(ISABus *bus, uint16_t base, IrqLine *irq)
{
    ISADevice *dev = isa_new(accel_device_type(TYPE_I8254));

    device_prop_set_uint(DEVICE(dev), "iobase", base);
    if (!isa_realize_and_unref(dev, bus, &error_fatal)) {
        g_assert_not_reached();
    }
    device_connect_gpio_out(DEVICE(dev), 0, irq);
    return I8254(dev);
}
