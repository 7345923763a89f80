/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop of the thread:
 *
 *     clear wake -> attend to every vCPU (work, stop) -> the accelerator's clock
 *         -> none wants to run? sleep until wake or its next deadline
 *         -> execute the one whose turn it is, for the rest of its slice -> again
 *
 * R1: "wake" is cleared before anything is looked at, and set behind every change
 *     (round_robin_wake), so no wake is lost.
 * R2: a turn ends when the slice is used up or the vCPU has halted or stopped, or has
 *     yielded while another one can run. A kick does not end it: whoever kicks from
 *     outside changes no order.
 */
#include "accel/round-robin.h"
#include "accel/accel.h"
#include "util/atomic.h"
#include "util/bql.h"
#include "util/rcu.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SLICE = 50000 /* instructions */ };

static struct {
    pthread_t thread;
    bool started; /* BQL */
    int tid;
    VCPU *running;     /* executes guest code; changed under the BQL; RCU */
    int turn;          /* index */
    bool alone;        /* since "wake" was cleared: no other can run */
    uint32_t wake;     /* atomic */
    uint32_t sleeping; /* atomic */
} rr;

static __thread bool is_self;

bool round_robin_is_self(void)
{
    return is_self;
}

void round_robin_wake(void)
{
    /* Pairs with the exchange in attend_to_all(). */
    atomic_xchg(&rr.wake, 1);
    if (atomic_read(&rr.sleeping)) {
        vcpu_futex_wake(&rr.wake);
    }
}

void vcpu_kick_one_thread(void)
{
    RCU_READ_LOCK_GUARD();
    VCPU *cpu = atomic_rcu_read(&rr.running);

    if (cpu) {
        vcpu_kick(cpu);
    } else {
        round_robin_wake();
    }
}

static void attend(VCPU *cpu)
{
    /* The work may let go of the BQL. */
    object_ref(cpu);
    vcpu_set_current(cpu);
    vcpu_attend(cpu);
    vcpu_set_current(NULL);
    object_unref(cpu);
}

static void attend_to_all(void)
{
    atomic_xchg(&rr.wake, 0); /* R1 */
    for (VCPU *cpu = vcpu_first(), *next; cpu; cpu = next) {
        next = vcpu_next(cpu);
        if (cpu->created && atomic_read(&cpu->pending)) {
            attend(cpu);
        }
    }
}

static bool can_run(VCPU *cpu)
{
    return cpu->created && !cpu->unplug && !vcpu_is_idle(cpu);
}

/* The first behind @index that can run; that one itself comes last. */
static VCPU *next_after(int index)
{
    VCPU *first = NULL;

    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        if (can_run(cpu)) {
            if (cpu->index > index) {
                return cpu;
            }
            first = first ? first : cpu;
        }
    }
    return first;
}

/* The one whose turn it is, with something left of its slice, or NULL. */
static VCPU *choose(void)
{
    VCPU *cpu = vcpu_find(rr.turn), *next = next_after(rr.turn);
    bool has_rest = cpu && cpu->slice > 0 && can_run(cpu);

    if (has_rest && (!cpu->yielded || next == cpu)) {
        next = cpu;
    } else if (next) {
        rr.turn = next->index;
        next->slice = SLICE;
    }
    if (next) {
        next->yielded = false;
        rr.alone = next_after(next->index) == next;
    }
    return next;
}

bool vcpu_others_may_run(void)
{
    return !rr.alone || atomic_read(&rr.wake);
}

static void sleep_until_wake(int64_t timeout_ns)
{
    bql_unlock();
    atomic_set(&rr.sleeping, 1);
    smp_mb(); /* pairs with the exchange in round_robin_wake(): one sees the other */
    vcpu_futex_wait(&rr.wake, timeout_ns);
    atomic_set(&rr.sleeping, 0);
    bql_lock();
}

/* Time jumps from timer to timer: nothing else lets go of the BQL then. */
static void let_others_in(void)
{
    bql_unlock();
    sched_yield();
    bql_lock();
}

static void execute(AccelClass *ac, VCPU *cpu)
{
    atomic_rcu_set(&rr.running, cpu);
    vcpu_set_current(cpu);
    ac->exec(cpu);
    vcpu_set_current(NULL);
    atomic_rcu_set(&rr.running, NULL);
    if (cpu->halted && !VCPU_GET_CLASS(cpu)->has_work(cpu)) {
        cpu->slice = 0; /* not so for a stop: it ends no turn */
    }
    if (cpu->unplug) {
        pthread_cond_broadcast(&vcpu_progress);
    }
}

static void *thread_main(void *opaque)
{
    AccelClass *ac = ACCEL_GET_CLASS(accel_current());

    is_self = true;
    rcu_register_thread();
    bql_lock();
    rr.tid = (int)syscall(SYS_gettid);
    pthread_cond_broadcast(&vcpu_progress);
    for (;;) {
        VCPU *cpu;

        attend_to_all();
        if (ac->clock_due) {
            ac->clock_due();
        }
        cpu = choose();
        if (cpu) {
            execute(ac, cpu);
        } else {
            int64_t ns = ac->clock_idle && !vcpu_all_stopped() ? ac->clock_idle() : -1;

            if (ns) {
                sleep_until_wake(ns);
            } else {
                let_others_in();
            }
        }
    }
    return NULL;
}

static void start(void)
{
    int err = pthread_create(&rr.thread, NULL, thread_main, NULL);

    if (err) {
        g_error("cannot start the thread of the vCPUs: %s", g_strerror(err));
    }
    pthread_setname_np(rr.thread, "ALL CPUs");
    rr.started = true;
    while (!rr.tid) {
        bql_cond_wait(&vcpu_progress);
    }
}

void round_robin_add(VCPU *cpu)
{
    AccelClass *ac = ACCEL_GET_CLASS(accel_current());

    if (!rr.started) {
        start();
    }
    cpu->thread = rr.thread;
    cpu->thread_id = rr.tid;
    if (ac->vcpu_init) {
        ac->vcpu_init(cpu);
    }
    cpu->created = true;
    round_robin_wake();
}

void round_robin_remove(VCPU *cpu)
{
    AccelClass *ac = ACCEL_GET_CLASS(accel_current());

    cpu->unplug = true;
    vcpu_kick(cpu);
    while (rr.running == cpu && !is_self) {
        bql_cond_wait(&vcpu_progress);
    }
    if (ac->vcpu_finalize) {
        ac->vcpu_finalize(cpu);
    }
}
