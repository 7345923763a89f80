/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few C11 memory orders we use, under short names. Every acquire or release at a
 * call site names its partner in a comment.
 */
#ifndef STRATA_UTIL_ATOMIC_H
#define STRATA_UTIL_ATOMIC_H

#define atomic_read(p)             __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_set(p, v)           __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define atomic_load_acquire(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_fetch_add(p, v)     __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define atomic_fetch_sub(p, v)     __atomic_fetch_sub((p), (v), __ATOMIC_SEQ_CST)
#define atomic_fetch_or(p, v)      __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define atomic_fetch_and(p, v)     __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)
#define atomic_xchg(p, v)          __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
/* True if *p was *@expected and is now @desired; else *@expected is what was found. */
#define atomic_cmpxchg(p, expected, desired)                                     \
    __atomic_compare_exchange_n((p), (expected), (desired), 0, __ATOMIC_SEQ_CST, \
                                __ATOMIC_SEQ_CST)
#ifndef CONFIG_TSAN
#define smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#else
/* TSan does not know fences; a read-modify-write of one word for all is as strong. */
extern int smp_mb_word;
#define smp_mb() ((void)__atomic_fetch_add(&smp_mb_word, 0, __ATOMIC_SEQ_CST))
#endif

#endif
