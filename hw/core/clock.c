/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/clock.h"
#include "util/event-loop.h"

#include <assert.h>
#include <stddef.h>

void clock_init(Clock *clock, ClockChangedFn *changed, void *opaque)
{
    *clock = (Clock){ .changed = changed, .opaque = opaque };
}

static void propagate(Clock *clock, uint64_t hz)
{
    if (clock->hz == hz) {
        return;
    }
    clock->hz = hz;
    if (clock->changed) {
        clock->changed(clock->opaque);
    }
    for (Clock *c = clock->first_follower; c; c = c->next_follower) {
        propagate(c, hz);
    }
}

void clock_set_source(Clock *clock, Clock *source)
{
    assert(!clock->source);
    clock->source = source;
    clock->next_follower = source->first_follower;
    source->first_follower = clock;
    propagate(clock, source->hz);
}

void clock_set_hz(Clock *clock, uint64_t hz)
{
    assert(!clock->source);
    propagate(clock, hz);
}

uint64_t clock_ticks_to_ns(const Clock *clock, uint64_t ticks)
{
    return clock->hz ? (unsigned __int128)ticks * NANOSECONDS_PER_SECOND / clock->hz
                     : 0;
}

uint64_t clock_ns_to_ticks(const Clock *clock, uint64_t ns)
{
    return (unsigned __int128)ns * clock->hz / NANOSECONDS_PER_SECOND;
}
