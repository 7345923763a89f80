/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC's timer (Intel SDM volume 3A, 10.5.4): one-shot, periodic and TSC
 * deadline. Its bus clock is 1 GHz, so a tick is a nanosecond of the virtual clock.
 */
#include "accel/target/i386/cpu.h"
#include "hw/intc/apic-internal.h"

/*
 * A guest can ask for a period of a nanosecond. Expiries closer together than this are
 * one: IRR could not tell them apart anyway.
 */
#define MIN_TIMER_PERIOD_NS 10000

static unsigned apic_timer_shift(const ApicState *s)
{
    unsigned code = (s->divide & 3) | (s->divide >> 1 & 4);

    return (code + 1) & 7; /* 000: by 2 ... 110: by 128, 111: by 1 */
}

unsigned apic_get_timer_divisor(const ApicState *s)
{
    return 1u << apic_timer_shift(s);
}

static bool apic_timer_is_periodic(const ApicState *s)
{
    return (s->lvt[APIC_LVT_TIMER] & LVT_TIMER_MODE) == LVT_TIMER_PERIODIC;
}

static bool apic_timer_is_deadline(const ApicState *s)
{
    return (s->lvt[APIC_LVT_TIMER] & LVT_TIMER_MODE) == LVT_TIMER_DEADLINE;
}

/* Ticks are ns of the bus clock, so a shift makes divided counts of them. */
uint32_t apic_get_current_count(const ApicState *s)
{
    uint64_t elapsed;

    if (s->initial_count == 0 || apic_timer_is_deadline(s)) {
        return 0;
    }
    elapsed = (uint64_t)(clock_get_ns(VIRTUAL_CLOCK) - s->count_start_ns) >>
              apic_timer_shift(s);
    if (apic_timer_is_periodic(s)) {
        return s->initial_count - elapsed % s->initial_count;
    }
    return elapsed >= s->initial_count ? 0 : s->initial_count - elapsed;
}

/* Arm for the first expiry after @now. */
static void apic_timer_arm(ApicState *s, int64_t now)
{
    int64_t period = (int64_t)s->initial_count << apic_timer_shift(s);
    int64_t elapsed = now - s->count_start_ns;
    int64_t next;

    if (s->initial_count == 0 || apic_timer_is_deadline(s)) {
        timer_del(&s->timer);
        return;
    }
    if (apic_timer_is_periodic(s)) {
        int64_t step = period;

        if (step < MIN_TIMER_PERIOD_NS) {
            step = (MIN_TIMER_PERIOD_NS + period - 1) / period * period;
        }
        next = s->count_start_ns + (elapsed / step + 1) * step;
    } else {
        next = s->count_start_ns + period;
        if (next <= now) {
            timer_del(&s->timer);
            return;
        }
    }
    timer_mod_ns(&s->timer, next);
}

void apic_timer_load(ApicState *s, uint32_t count)
{
    if (apic_timer_is_deadline(s)) {
        return; /* "writes to the initial-count register are ignored" */
    }
    s->initial_count = count;
    s->count_start_ns = clock_get_ns(VIRTUAL_CLOCK);
    apic_timer_arm(s, s->count_start_ns);
}

/* --- TSC deadline. The guest's TSC is the host's and an offset; how fast that runs is
 * measured from the first time it is asked for. */

static uint64_t tsc_clock(void)
{
    return virtual_clock_is_counted() ? (uint64_t)clock_get_ns(VIRTUAL_CLOCK)
                                      : __builtin_ia32_rdtsc();
}

static int64_t apic_tsc_to_ns(uint64_t ticks)
{
    static uint64_t first_tsc;
    static int64_t first_ns;
    uint64_t tsc = tsc_clock();
    int64_t ns = clock_get_ns(REALTIME_CLOCK);

    if (virtual_clock_is_counted()) {
        return (int64_t)MIN(ticks, (uint64_t)INT64_MAX / 2);
    }
    if (!first_tsc) {
        first_tsc = tsc;
        first_ns = ns;
    }
    if (tsc - first_tsc < 1000000) {
        return ticks / 2; /* too short to measure; early is harmless, it is rearmed */
    }
    return MIN((unsigned __int128)ticks * (uint64_t)(ns - first_ns) / (tsc - first_tsc),
               (unsigned __int128)INT64_MAX / 2);
}

static void apic_arm_deadline(ApicState *s)
{
    int64_t left = s->tsc_deadline - (tsc_clock() + s->state->tsc_offset);

    timer_mod_ns(&s->timer,
                 clock_get_ns(VIRTUAL_CLOCK) + (left > 0 ? apic_tsc_to_ns(left) : 0));
}

static void apic_timer_expired(void *opaque)
{
    ApicState *s = opaque;

    if (apic_timer_is_deadline(s)) {
        if ((int64_t)(s->tsc_deadline - (tsc_clock() + s->state->tsc_offset)) > 0) {
            apic_arm_deadline(s);
        } else {
            s->tsc_deadline = 0;
            apic_deliver_local(s, APIC_LVT_TIMER);
        }
        return;
    }
    apic_deliver_local(s, APIC_LVT_TIMER);
    if (apic_timer_is_periodic(s)) {
        apic_timer_arm(s, clock_get_ns(VIRTUAL_CLOCK));
    }
}

/* The divisor or the mode has changed: keep the current count, go on from it. */
static void apic_timer_rebase(ApicState *s, uint32_t count)
{
    int64_t now = clock_get_ns(VIRTUAL_CLOCK);

    if (s->initial_count == 0 || count == 0) {
        timer_del(&s->timer);
        return;
    }
    s->count_start_ns =
        now - ((int64_t)(s->initial_count - count) << apic_timer_shift(s));
    apic_timer_arm(s, now);
}

void apic_timer_write_lvt(ApicState *s, uint32_t value)
{
    uint32_t changed = (s->lvt[APIC_LVT_TIMER] ^ value) & LVT_TIMER_MODE;
    bool was_deadline = apic_timer_is_deadline(s);
    uint32_t count = apic_get_current_count(s);

    s->lvt[APIC_LVT_TIMER] = value;
    if (!changed) {
        return;
    }
    if (was_deadline || apic_timer_is_deadline(s)) {
        /* "Switching between TSC-deadline and the others disarms the timer." */
        s->initial_count = 0;
        s->tsc_deadline = 0;
        timer_del(&s->timer);
    } else {
        apic_timer_rebase(s, count);
    }
}

/* IA32_TSC_DEADLINE. */
void apic_timer_write_deadline(ApicState *s, uint64_t value)
{
    if (!apic_timer_is_deadline(s)) {
        return;
    }
    s->tsc_deadline = value;
    if (value == 0) {
        timer_del(&s->timer);
    } else {
        apic_arm_deadline(s);
    }
}

void apic_timer_set_divide(ApicState *s, uint32_t divide)
{
    uint32_t count = apic_get_current_count(s);

    s->divide = divide;
    apic_timer_rebase(s, count);
}

void apic_timer_init(ApicState *s, EventLoop *loop)
{
    timer_init(&s->timer, loop, VIRTUAL_CLOCK, apic_timer_expired, s);
}
