/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual clock as a count of instructions.
 *
 * Between runs the clock stands (virtual_clock_count()); within one, the thread of the
 * vCPUs adds what has been executed, to the instruction. The others see it stand.
 */
#include "accel/tcg/icount.h"
#include "accel/vcpu.h"
#include "util/event-loop.h"

enum {
    SHIFT_FIRST = 3,
    WINDOW_NS = 100 * 1000 * 1000, /* of execution, for a look at the speed */
    LEFT_MAX = 1 << 30,
};

static TcgIcount options;

/* The thread's of the vCPUs. */
static struct {
    unsigned shift;
    int64_t budget;         /* of the run */
    int64_t run_since;      /* adaptive: host time, ns */
    int64_t idle_since;     /* sleep: host time, 0: not idle */
    int64_t busy_ns, insns; /* adaptive: of this window */
    int64_t lag_ns;         /* adaptive: virtual time behind the host's */
} ic;

/* What is executing on this thread, or NULL. */
static __thread VCPU *counting;

void tcg_icount_set(const TcgIcount *o)
{
    options = *o;
}

const TcgIcount *tcg_icount(void)
{
    return &options;
}

static int64_t host_ns(void)
{
    return clock_get_ns(REALTIME_CLOCK);
}

/* Of this run, up to the instruction that is being executed. */
static int64_t run_ns(void)
{
    if (!counting) {
        return 0;
    }
    return (ic.budget - VCPU_GET_CLASS(counting)->tcg_budget_left(counting))
           << ic.shift;
}

void tcg_icount_start(void)
{
    if (options.on) {
        ic.shift = options.adaptive ? SHIFT_FIRST : options.shift;
        virtual_clock_set_counted(run_ns, vcpu_kick_one_thread);
    }
}

int64_t tcg_icount_left(void)
{
    int64_t deadline = options.on ? virtual_clock_deadline() : -1;
    int64_t left;

    if (deadline < 0) {
        return LEFT_MAX;
    }
    left = deadline - clock_get_ns(VIRTUAL_CLOCK);
    /* Up to the first instruction at or behind it. */
    left = (left + ((int64_t)1 << ic.shift) - 1) >> ic.shift;
    return CLAMP(left, 1, LEFT_MAX);
}

void tcg_icount_begin(VCPU *cpu, int64_t budget)
{
    if (options.on) {
        ic.budget = budget;
        counting = cpu;
        if (options.adaptive) {
            ic.run_since = host_ns();
        }
    }
}

/* The power of two near the time that an instruction took, on the side that lets the
 * virtual clock catch up, or wait. */
static void adapt(int64_t insns, int64_t ns)
{
    int64_t took = host_ns() - ic.run_since;

    ic.lag_ns += took - ns;
    ic.busy_ns += took;
    ic.insns += insns;
    if (ic.busy_ns < WINDOW_NS || !ic.insns) {
        return;
    }
    ic.shift = ic.lag_ns > 0;
    while (ic.shift < ICOUNT_SHIFT_MAX && ic.insns << ic.shift < ic.busy_ns) {
        ic.shift++;
    }
    if (ic.lag_ns <= 0 && ic.shift) {
        ic.shift--;
    }
    ic.busy_ns = ic.insns = 0;
}

void tcg_icount_end(VCPU *cpu)
{
    if (options.on) {
        int64_t insns = ic.budget - cpu->budget, ns = insns << ic.shift;

        counting = NULL;
        virtual_clock_count(ns);
        if (options.adaptive) {
            adapt(insns, ns);
        }
    }
}

void tcg_icount_due(void)
{
    if (!options.on || !virtual_clock_is_running()) {
        ic.idle_since = 0;
        return;
    }
    if (ic.idle_since) {
        int64_t ns = host_ns() - ic.idle_since, deadline = virtual_clock_deadline();

        if (deadline >= 0) {
            ns = MIN(ns, deadline - clock_get_ns(VIRTUAL_CLOCK));
        }
        virtual_clock_count(MAX(ns, 0));
        ic.idle_since = 0;
    }
    virtual_clock_run_due();
}

int64_t tcg_icount_idle(void)
{
    int64_t deadline, left;

    if (!options.on || !virtual_clock_is_running()) {
        return -1;
    }
    deadline = virtual_clock_deadline();
    left = deadline - clock_get_ns(VIRTUAL_CLOCK);
    if (deadline >= 0 && left <= 0) {
        return 0;
    }
    if (!options.sleep) {
        if (deadline < 0) {
            return -1;
        }
        virtual_clock_count(left);
        return 0;
    }
    ic.idle_since = host_ns();
    return deadline < 0 ? -1 : left;
}
