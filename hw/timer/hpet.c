/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IA-PC HPET (High Precision Event Timers) Specification, revision 1.0a.
 *
 * Systems read the main counter for every look at the time, from all CPUs at once, so
 * that read takes no lock: what the counter follows from (HpetCounter) is under a
 * sequence count. The region locks by itself; all else runs under the BQL.
 *
 * The main counter is the virtual clock, in periods of 10 ns, while it is enabled. Not
 * modelled: more than one block.
 *
 * Board: properties timers, msi (FSB delivery), hpet-intcap (which GSIs a timer can
 * drive). See hw/timer/hpet.h for region and lines.
 */
#include "hw/timer/hpet.h"

#include "hw/core/sysbus.h"
#include "hw/intc/apic.h"
#include "migration/vmstate.h"
#include "util/atomic.h"
#include "util/bql.h"
#include "util/log.h"

#define HPET_MIN_TIMERS 3
#define HPET_MAX_TIMERS 32
#define HPET_SIZE       0x400
#define HPET_NUM_IRQS   32
#define HPET_PERIOD_NS  10
/* COUNTER_CLK_PERIOD, in femtoseconds. */
#define HPET_PERIOD_FS 10000000ull
/* A periodic timer that wants to fire more often than this skips periods. */
#define HPET_MIN_NS 10000

/* Registers, 2.3.1. */
enum {
    GCAP_ID = 0x000,
    GEN_CONF = 0x010,
    GINTR_STA = 0x020,
    MAIN_CNT = 0x0f0,
    TIMER_BASE = 0x100,
    TIMER_STRIDE = 0x20,
    TIM_CONF = 0x00,
    TIM_COMP = 0x08,
    TIM_FSB = 0x10,
};

enum {
    CAP_NUM_TIM_SHIFT = 8,

    ENABLE_CNF = 1 << 0,
    LEG_RT_CNF = 1 << 1,

    TN_INT_TYPE_CNF = 1 << 1, /* level-triggered */
    TN_INT_ENB_CNF = 1 << 2,
    TN_TYPE_CNF = 1 << 3, /* periodic */
    TN_PER_INT_CAP = 1 << 4,
    TN_SIZE_CAP = 1 << 5,
    TN_VAL_SET_CNF = 1 << 6,
    TN_32MODE_CNF = 1 << 8,
    TN_INT_ROUTE_SHIFT = 9,
    TN_INT_ROUTE_MASK = 0x1f << TN_INT_ROUTE_SHIFT,
    TN_FSB_EN_CNF = 1 << 14,
    TN_FSB_INT_DEL_CAP = 1 << 15,
    TN_WRITABLE = TN_INT_TYPE_CNF | TN_INT_ENB_CNF | TN_TYPE_CNF | TN_VAL_SET_CNF |
                  TN_32MODE_CNF | TN_INT_ROUTE_MASK,
};

/* Vendor 8086, legacy replacement capable, 64-bit counter, revision 1. */
#define CAP_ID_LOW 0x8086a001ull

/* GSIs of legacy replacement. */
enum { GSI_PIT = 0, GSI_RTC = 8 };

typedef struct HpetState HpetState;

typedef struct HpetTimer {
    HpetState *hpet;
    unsigned n;
    Timer timer;
    /* Registers; migrated. */
    uint64_t conf, comparator, fsb;
    uint64_t period; /* periodic mode: what is added to the comparator */
} HpetTimer;

/* What the main counter follows from; written under the BQL, read by anyone. */
typedef struct HpetCounter {
    uint32_t seq;     /* odd while it is being written */
    uint32_t running; /* ENABLE_CNF */
    uint64_t count;   /* at base_ns, or while stopped */
    int64_t base_ns;
} HpetCounter;

struct HpetState {
    SysBusDevice parent_obj;
    MemoryRegion io;
    IrqLine *irqs[HPET_NUM_IRQS];
    IrqLine *legacy_line;
    HpetTimer timers[HPET_MAX_TIMERS];
    /* Properties. */
    uint8_t num_timers;
    bool msi;
    uint32_t intcap;
    bool offset_saved;
    /* Migrated. */
    uint64_t conf, status;
    HpetCounter counter;
    uint8_t legacy_lines; /* levels of the 8254's and the RTC's lines */
};
OBJECT_DECLARE_SIMPLE_TYPE(HpetState, HPET, TYPE_HPET)

/* --- Counter -------------------------------------------------------------------------
 */

static bool hpet_is_enabled(const HpetState *s)
{
    return s->conf & ENABLE_CNF;
}

static bool hpet_is_legacy(const HpetState *s)
{
    return s->conf & LEG_RT_CNF;
}

/* Any thread. */
static uint64_t hpet_counter(const HpetState *s)
{
    const HpetCounter *c = &s->counter;
    uint32_t seq;
    uint64_t count;

    do {
        /* The acquires pair with the releases in hpet_set_counter(). */
        while ((seq = atomic_load_acquire(&c->seq)) & 1) {
            continue;
        }
        count = atomic_load_acquire(&c->count);
        if (atomic_load_acquire(&c->running)) {
            count += (uint64_t)(clock_get_ns(VIRTUAL_CLOCK) -
                                atomic_load_acquire(&c->base_ns)) /
                     HPET_PERIOD_NS;
        }
    } while (atomic_load_acquire(&c->seq) != seq);
    return count;
}

/* The counter is @count now, and runs or stands. */
static void hpet_set_counter(HpetState *s, uint64_t count, bool running)
{
    HpetCounter *c = &s->counter;

    atomic_store_release(&c->seq, c->seq + 1);
    atomic_store_release(&c->count, count);
    atomic_store_release(&c->base_ns, clock_get_ns(VIRTUAL_CLOCK));
    atomic_store_release(&c->running, running);
    atomic_store_release(&c->seq, c->seq + 1);
}

static bool timer_is_periodic(const HpetTimer *t)
{
    return t->conf & TN_TYPE_CNF;
}

static bool timer_is_32bit(const HpetTimer *t)
{
    return t->conf & TN_32MODE_CNF;
}

/* --- Interrupts ----------------------------------------------------------------------
 */

static unsigned timer_route(const HpetTimer *t)
{
    if (hpet_is_legacy(t->hpet) && t->n <= 1) {
        return t->n == 0 ? GSI_PIT : GSI_RTC;
    }
    return t->conf >> TN_INT_ROUTE_SHIFT & 0x1f;
}

static bool timer_is_level(const HpetTimer *t)
{
    return t->conf & TN_INT_TYPE_CNF;
}

/* The line of a level-triggered timer follows its status bit. */
static void timer_update_level(HpetTimer *t)
{
    if (timer_is_level(t) && !(t->conf & TN_FSB_EN_CNF)) {
        irq_set(t->hpet->irqs[timer_route(t)],
                (t->conf & TN_INT_ENB_CNF) && (t->hpet->status >> t->n & 1));
    }
}

static void timer_fire(HpetTimer *t)
{
    HpetState *s = t->hpet;

    if (timer_is_level(t)) {
        s->status |= 1ull << t->n;
    }
    if (!(t->conf & TN_INT_ENB_CNF) || !hpet_is_enabled(s)) {
        return;
    }
    if (t->conf & TN_FSB_EN_CNF) {
        apic_deliver_msi(t->fsb >> 32, t->fsb);
    } else if (timer_is_level(t)) {
        timer_update_level(t);
    } else {
        irq_pulse(s->irqs[timer_route(t)]);
    }
}

/* --- Comparators ---------------------------------------------------------------------
 */

/* Ticks from @now until the comparator matches, never 0. */
static uint64_t timer_ticks_left(const HpetTimer *t, uint64_t now)
{
    if (timer_is_32bit(t)) {
        uint32_t left = (uint32_t)t->comparator - (uint32_t)now;

        return left ? left : 1ull << 32;
    }
    return t->comparator - now ? t->comparator - now : UINT64_MAX;
}

static void timer_arm(HpetTimer *t)
{
    HpetState *s = t->hpet;
    uint64_t now = hpet_counter(s);
    uint64_t ticks = timer_ticks_left(t, now);

    if (!hpet_is_enabled(s) || !(t->conf & (TN_INT_ENB_CNF | TN_INT_TYPE_CNF))) {
        timer_del(&t->timer);
        return;
    }
    if (ticks > INT64_MAX / 4 / HPET_PERIOD_NS) {
        /* A 64-bit comparator that has passed, or is centuries away. */
        timer_del(&t->timer);
        return;
    }
    timer_mod_ns(&t->timer, clock_get_ns(VIRTUAL_CLOCK) + ticks * HPET_PERIOD_NS);
}

/* Advance a periodic comparator past the counter. */
static void timer_next_period(HpetTimer *t)
{
    uint64_t now = hpet_counter(t->hpet);
    uint64_t period = t->period;
    uint64_t behind;

    if (period * HPET_PERIOD_NS < HPET_MIN_NS) {
        period *= (HPET_MIN_NS / HPET_PERIOD_NS + period - 1) / period;
    }
    if (timer_is_32bit(t)) {
        behind = (uint32_t)((uint32_t)now - (uint32_t)t->comparator);
        behind = behind > INT32_MAX ? 0 : behind;
        t->comparator = (uint32_t)(t->comparator + (behind / period + 1) * period);
    } else {
        behind = now - t->comparator;
        behind = behind > INT64_MAX ? 0 : behind;
        t->comparator += (behind / period + 1) * period;
    }
}

static void hpet_timer_expired(void *opaque)
{
    HpetTimer *t = opaque;

    if (timer_is_periodic(t) && t->period) {
        timer_next_period(t);
        timer_arm(t);
    } else if (timer_is_32bit(t)) {
        timer_arm(t); /* "an additional interrupt on each wrap" */
    }
    timer_fire(t);
}

/* --- Registers -----------------------------------------------------------------------
 */

static uint64_t hpet_read_reg(HpetState *s, hwaddr reg)
{
    HpetTimer *t;

    switch (reg) {
    case GCAP_ID:
        return HPET_PERIOD_FS << 32 | CAP_ID_LOW |
               (uint64_t)(s->num_timers - 1) << CAP_NUM_TIM_SHIFT;
    case GEN_CONF:
        return s->conf;
    case GINTR_STA:
        return s->status;
    case MAIN_CNT:
        return hpet_counter(s);
    }
    if (reg < TIMER_BASE || (reg - TIMER_BASE) / TIMER_STRIDE >= s->num_timers) {
        return 0;
    }
    t = &s->timers[(reg - TIMER_BASE) / TIMER_STRIDE];
    switch ((reg - TIMER_BASE) % TIMER_STRIDE) {
    case TIM_CONF:
        return t->conf;
    case TIM_COMP:
        return t->comparator;
    case TIM_FSB:
        return t->fsb;
    default:
        return 0;
    }
}

static void hpet_set_legacy(HpetState *s, bool on)
{
    irq_set(s->legacy_line, on);
    if (on) {
        irq_lower(s->irqs[GSI_PIT]);
        irq_lower(s->irqs[GSI_RTC]);
    } else {
        irq_set(s->irqs[GSI_RTC], s->legacy_lines >> HPET_IN_RTC & 1);
    }
}

static void hpet_write_conf(HpetState *s, uint64_t value)
{
    uint64_t changed = s->conf ^ (value & (ENABLE_CNF | LEG_RT_CNF));

    if (changed & ENABLE_CNF) {
        hpet_set_counter(s, hpet_counter(s), value & ENABLE_CNF);
    }
    s->conf ^= changed;
    if (changed & LEG_RT_CNF) {
        hpet_set_legacy(s, hpet_is_legacy(s));
    }
    if (changed & ENABLE_CNF) {
        for (int n = 0; n < s->num_timers; n++) {
            timer_arm(&s->timers[n]);
            timer_update_level(&s->timers[n]);
        }
    }
}

/* Write ones to clear. */
static void hpet_write_status(HpetState *s, uint64_t value)
{
    s->status &= ~value;
    for (int n = 0; n < s->num_timers; n++) {
        if (value >> n & 1) {
            timer_update_level(&s->timers[n]);
        }
    }
}

static void hpet_write_counter(HpetState *s, uint64_t value)
{
    if (hpet_is_enabled(s)) {
        log_guest_error("hpet: counter written while it runs\n");
    }
    hpet_set_counter(s, value, hpet_is_enabled(s));
    for (int n = 0; n < s->num_timers; n++) {
        timer_arm(&s->timers[n]);
    }
}

static void timer_write_conf(HpetTimer *t, uint64_t value)
{
    uint64_t writable = TN_WRITABLE;
    unsigned old_route = timer_route(t);
    bool was_level = timer_is_level(t);

    if (t->conf & TN_FSB_INT_DEL_CAP) {
        writable |= TN_FSB_EN_CNF;
    }
    t->conf = (t->conf & ~writable) | (value & writable);
    if (timer_is_32bit(t)) {
        t->comparator = (uint32_t)t->comparator;
        t->period = (uint32_t)t->period;
    }
    if (was_level && (!timer_is_level(t) || timer_route(t) != old_route)) {
        irq_lower(t->hpet->irqs[old_route]);
    }
    if (!timer_is_level(t)) {
        t->hpet->status &= ~(1ull << t->n);
    }
    timer_update_level(t);
    timer_arm(t);
}

/*
 * 2.3.9.2.2: in periodic mode a write is the period; with VAL_SET it is the comparator
 * too. @mask says which bytes were written.
 */
static void timer_write_comparator(HpetTimer *t, uint64_t value, uint64_t mask)
{
    if (timer_is_32bit(t)) {
        value = (uint32_t)value;
        mask = (uint32_t)mask;
    }
    if (!timer_is_periodic(t) || (t->conf & TN_VAL_SET_CNF)) {
        t->comparator = (t->comparator & ~mask) | (value & mask);
    }
    if (timer_is_periodic(t)) {
        t->period = (t->period & ~mask) | (value & mask);
    }
    if (mask >> 63 || timer_is_32bit(t)) {
        t->conf &= ~(uint64_t)TN_VAL_SET_CNF; /* clears itself */
    }
    timer_arm(t);
}

static void hpet_write_timer(HpetState *s, hwaddr offset, uint64_t value, uint64_t mask)
{
    HpetTimer *t = &s->timers[offset / TIMER_STRIDE];

    switch (offset % TIMER_STRIDE) {
    case TIM_CONF:
        timer_write_conf(t, (t->conf & ~mask) | (value & mask));
        break;
    case TIM_COMP:
        timer_write_comparator(t, value, mask);
        break;
    case TIM_FSB:
        t->fsb = (t->fsb & ~mask) | (value & mask);
        break;
    }
}

static void hpet_write_reg(HpetState *s, hwaddr reg, uint64_t value, uint64_t mask)
{
    switch (reg) {
    case GEN_CONF:
        hpet_write_conf(s, (s->conf & ~mask) | (value & mask));
        return;
    case GINTR_STA:
        hpet_write_status(s, value & mask);
        return;
    case MAIN_CNT:
        hpet_write_counter(s, (hpet_counter(s) & ~mask) | (value & mask));
        return;
    }
    if (reg >= TIMER_BASE && (reg - TIMER_BASE) / TIMER_STRIDE < s->num_timers) {
        hpet_write_timer(s, reg - TIMER_BASE, value, mask);
    }
}

/* The BQL, unless the caller (a device's DMA, qtest) has it already. */
static bool hpet_lock(void)
{
    if (bql_is_held()) {
        return false;
    }
    bql_lock();
    return true;
}

static void hpet_unlock(bool locked)
{
    if (locked) {
        bql_unlock();
    }
}

/* Registers are 64 bits; 32-bit accesses take a half. */
static uint64_t hpet_read(void *opaque, hwaddr offset, unsigned size)
{
    HpetState *s = opaque;
    hwaddr reg = offset & ~7ull;
    uint64_t value;

    if (reg == MAIN_CNT) {
        value = hpet_counter(s);
    } else {
        bool locked = hpet_lock();

        value = hpet_read_reg(s, reg);
        hpet_unlock(locked);
    }
    return value >> 8 * (offset & 7);
}

static void hpet_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    unsigned shift = 8 * (offset & 7);
    uint64_t mask = (size == 8 ? UINT64_MAX : (1ull << 8 * size) - 1) << shift;
    bool locked = hpet_lock();

    hpet_write_reg(opaque, offset & ~7ull, value << shift, mask);
    hpet_unlock(locked);
}

static const MemoryRegionOps hpet_ops = {
    .read = hpet_read,
    .write = hpet_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 4,  .max_access_size = 8},
    .impl = { .min_access_size = 4, .max_access_size = 8},
};

/* The lines of the 8254 and the RTC pass through, unless we replace them. */
static void hpet_set_legacy_line(void *opaque, int n, int level)
{
    HpetState *s = opaque;

    s->legacy_lines = level ? s->legacy_lines | 1u << n : s->legacy_lines & ~(1u << n);
    if (!hpet_is_legacy(s)) {
        irq_set(s->irqs[n == HPET_IN_PIT ? GSI_PIT : GSI_RTC], level);
    }
}

/* --- Device --------------------------------------------------------------------------
 */

static void hpet_reset_enter(DeviceState *dev)
{
    HpetState *s = HPET(dev);

    s->conf = s->status = 0;
    hpet_set_counter(s, 0, false);
    for (int n = 0; n < s->num_timers; n++) {
        HpetTimer *t = &s->timers[n];

        timer_del(&t->timer);
        t->conf = TN_PER_INT_CAP | TN_SIZE_CAP | (s->msi ? TN_FSB_INT_DEL_CAP : 0) |
                  (uint64_t)s->intcap << 32;
        t->comparator = UINT64_MAX;
        t->period = 0;
        t->fsb = 0;
    }
}

static void hpet_reset_hold(DeviceState *dev)
{
    irq_lower(HPET(dev)->legacy_line);
}

static bool hpet_realize(DeviceState *dev, Error **errp)
{
    HpetState *s = HPET(dev);

    if (s->intcap == 0) {
        return error_set(errp, "hpet: hpet-intcap is 0, no timer could interrupt");
    }
    s->num_timers = CLAMP(s->num_timers, HPET_MIN_TIMERS, HPET_MAX_TIMERS);
    for (int n = 0; n < HPET_MAX_TIMERS; n++) {
        HpetTimer *t = &s->timers[n];

        t->hpet = s;
        t->n = n;
        timer_init(&t->timer, device_get_loop(dev), VIRTUAL_CLOCK, hpet_timer_expired,
                   t);
    }
    device_init_gpio_in(dev, hpet_set_legacy_line, 2);
    device_init_gpio_out(dev, &s->legacy_line, 1);
    return true;
}

static void hpet_init(Object *obj)
{
    HpetState *s = (HpetState *)obj;

    memory_region_init_io(&s->io, obj, &hpet_ops, s, "hpet", HPET_SIZE);
    memory_region_clear_global_locking(&s->io);
    sysbus_init_mmio(SYSBUS_DEVICE(s), &s->io);
    for (int i = 0; i < HPET_NUM_IRQS; i++) {
        sysbus_init_irq(SYSBUS_DEVICE(s), &s->irqs[i]);
    }
}

static bool hpet_post_load(void *opaque, int version_id, Error **errp)
{
    HpetState *s = opaque;

    irq_set(s->legacy_line, hpet_is_legacy(s));
    return true;
}

static const VMStateDescription hpet_timer_vmstate = {
    .name = "hpet/timer",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT64(conf, HpetTimer),
                               VMSTATE_UINT64(comparator, HpetTimer),
                               VMSTATE_UINT64(fsb, HpetTimer),
                               VMSTATE_UINT64(period, HpetTimer),
                               VMSTATE_TIMER(timer, HpetTimer),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const VMStateDescription hpet_vmstate = {
    .name = TYPE_HPET,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = hpet_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT64(conf, HpetState),
                               VMSTATE_UINT64(status, HpetState),
                               VMSTATE_UINT64(counter.count, HpetState),
                               VMSTATE_INT64(counter.base_ns, HpetState),
                               VMSTATE_UINT32(counter.running, HpetState),
                               VMSTATE_UINT8(legacy_lines, HpetState),
                               VMSTATE_STRUCT_ARRAY(timers, HpetState, hpet_timer_vmstate),
                               VMSTATE_END_OF_LIST(),
                               },
};

static const Property hpet_properties[] = {
    PROP_UINT8("timers", HpetState, num_timers, HPET_MIN_TIMERS),
    PROP_BOOL("msi", HpetState, msi, false),
    PROP_UINT32("hpet-intcap", HpetState, intcap, 0),
    PROP_BOOL("hpet-offset-saved", HpetState, offset_saved, true),
};

static void hpet_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "high precision event timers";
    dc->user_creatable = false;
    dc->realize = hpet_realize;
    dc->reset_enter = hpet_reset_enter;
    dc->reset_hold = hpet_reset_hold;
    dc->vmsd = &hpet_vmstate;
    OBJECT_CLASS_ADD_PROPERTIES(klass, hpet_properties);
}

static const TypeInfo hpet_info = {
    .name = TYPE_HPET,
    .parent = TYPE_SYSBUS_DEVICE,
    .instance_size = sizeof(HpetState),
    .instance_init = hpet_init,
    .class_init = hpet_class_init,
};
TYPE_REGISTER(hpet_info);
