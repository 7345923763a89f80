/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read-copy-update with the field's names, over liburcu.
 *
 * Readers: rcu_read_lock .. rcu_read_unlock, nestable, never blocks anybody. A thread
 * that reads is registered first (rcu_register_thread). Writers publish with
 * atomic_rcu_set and free by call_rcu: the callback runs after a grace period, under
 * the BQL, on the reclaimer thread. A reader may wait for the BQL, so nobody who holds
 * the BQL may wait for a grace period: synchronize_rcu asserts it.
 */
#ifndef STRATA_UTIL_RCU_H
#define STRATA_UTIL_RCU_H

#include "util/atomic.h"
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct RcuHead RcuHead;
typedef void RcuCallbackFn(RcuHead *head);

/* Embedded in what is to be freed. */
struct RcuHead {
    RcuHead *next;
    RcuCallbackFn *fn;
};

void rcu_read_lock(void);
void rcu_read_unlock(void);
/* True inside a read section of this thread. */
bool rcu_read_is_locked(void);
void rcu_register_thread(void);
void rcu_unregister_thread(void);

/* Context: BQL not held, outside a read section. */
void synchronize_rcu(void);
/* Waits until all callbacks queued so far have run. Context: as synchronize_rcu. */
void rcu_barrier(void);
/* Queue @fn(@head). Any thread. */
void rcu_call(RcuHead *head, RcuCallbackFn *fn);

/*
 * Called when the reclaim queue becomes non-empty, on the queueing thread: the vCPU
 * layer kicks all vCPUs so that they leave their read sections soon. One hook.
 */
void rcu_set_kick_hook(void (*kick)(void));

#define call_rcu(ptr, fn, field)                                        \
    do {                                                                \
        void (*call_rcu_fn_)(__typeof__(ptr)) = (fn);                   \
        rcu_call(&(ptr)->field, (RcuCallbackFn *)(void *)call_rcu_fn_); \
        G_STATIC_ASSERT(offsetof(__typeof__(*(ptr)), field) == 0);      \
    } while (0)
void rcu_g_free_cb(RcuHead *head);
/* @field must be the first member. */
#define g_free_rcu(ptr, field)                                     \
    do {                                                           \
        G_STATIC_ASSERT(offsetof(__typeof__(*(ptr)), field) == 0); \
        rcu_call(&(ptr)->field, rcu_g_free_cb);                    \
    } while (0)

/* Pair with each other: what was written before the set is seen after the read. */
#define atomic_rcu_read(p)   __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_rcu_set(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

static inline int rcu_guard_enter(void)
{
    rcu_read_lock();
    return 1;
}
static inline void rcu_guard_leave(int *guard)
{
    rcu_read_unlock();
}
/* Hold a read section until the end of the block. */
#define RCU_READ_LOCK_GUARD() \
    int rcu_guard_ __attribute__((cleanup(rcu_guard_leave), unused)) = rcu_guard_enter()

#endif
