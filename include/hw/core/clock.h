/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A clock line between devices: a source has a period, inputs follow it. Context: BQL.
 */
#ifndef STRATA_HW_CORE_CLOCK_H
#define STRATA_HW_CORE_CLOCK_H

#include <stdint.h>

typedef struct Clock Clock;
typedef void ClockChangedFn(void *opaque);

struct Clock {
    /* private */
    uint64_t hz; /* 0: stopped */
    Clock *source;
    Clock *first_follower, *next_follower;
    ClockChangedFn *changed;
    void *opaque;
};

void clock_init(Clock *clock, ClockChangedFn *changed, void *opaque);
/* Let @clock follow @source from now on. */
void clock_set_source(Clock *clock, Clock *source);
/* Change a root clock; followers are told. */
void clock_set_hz(Clock *clock, uint64_t hz);
static inline uint64_t clock_get_hz(const Clock *clock)
{
    return clock->hz;
}
/* Duration of @ticks in ns, rounded down; 0 when stopped. */
uint64_t clock_ticks_to_ns(const Clock *clock, uint64_t ticks);
uint64_t clock_ns_to_ticks(const Clock *clock, uint64_t ns);

#endif
