/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One vCPU alone, for what must be one step for the others and is none of the host's.
 *
 * A vCPU that wants that says that it stands, takes the lock, raises the flag, kicks
 * the others and waits until each has left guest code or stands as well. They find the
 * flag before they execute anything again, and wait for the lock. Whoever waits here
 * holds no other lock, so all of them come out sooner or later.
 */
#include "accel/tcg/code-pages.h"
#include "accel/vcpu.h"
#include "util/rcu.h"

#include <pthread.h>
#include <sched.h>

static pthread_mutex_t exclusive_lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t exclusive; /* atomic: somebody is, or is about to be */

void tcg_reader_enter(TcgReader *reader)
{
    /* Pairs with the walk in tcg_code_page_settled(): the flush request that came
     * before is seen before the first guest instruction.  Pairs with is_away(): one
     * side sees the other. */
    __atomic_store_n(&reader->in_guest, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&exclusive, __ATOMIC_SEQ_CST)) {
        tcg_reader_leave(reader);
        pthread_mutex_lock(&exclusive_lock);
        pthread_mutex_unlock(&exclusive_lock);
        __atomic_store_n(&reader->in_guest, 1, __ATOMIC_SEQ_CST);
    }
}

void tcg_reader_leave(TcgReader *reader)
{
    __atomic_store_n(&reader->in_guest, 0, __ATOMIC_SEQ_CST);
}

static bool is_away(const TcgReader *r)
{
    return !__atomic_load_n(&r->in_guest, __ATOMIC_SEQ_CST) ||
           __atomic_load_n(&r->stands, __ATOMIC_SEQ_CST);
}

static void kick_others(void)
{
    RCU_READ_LOCK_GUARD();

    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        if (cpu != current_vcpu()) {
            vcpu_kick(cpu);
        }
    }
}

void tcg_exclusive_begin(TcgReader *self)
{
    __atomic_store_n(&self->stands, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_lock(&exclusive_lock);
    __atomic_store_n(&self->stands, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&exclusive, 1, __ATOMIC_SEQ_CST);
    kick_others();
    for (const TcgReader *r = tcg_reader_first(); r;
         r = __atomic_load_n(&r->next, __ATOMIC_SEQ_CST)) {
        while (r != self && !is_away(r)) {
            sched_yield();
        }
    }
}

void tcg_exclusive_end(void)
{
    __atomic_store_n(&exclusive, 0, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&exclusive_lock);
}
