/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RCU: read sections by liburcu (the membarrier flavour: readers execute no barrier),
 * deferred callbacks by a reclaimer of our own, because callbacks run under the BQL.
 *
 *   rcu_call --push--> queue --take all--> reclaimer ==request==> grace-period thread
 *                                              |  <====done======        |
 *                                 kicks again and again           synchronize_rcu
 *                                              |
 *                                  BQL, run callbacks in order
 *
 * Why two threads: a vCPU executes guest code inside a read section and leaves it only
 * when kicked, and it may have been kicked and come back before the grace period began.
 * So somebody must go on kicking while somebody else waits.
 *
 * liburcu is not built for TSan, which therefore cannot see its ordering. In TSan
 * builds the readers and synchronize_rcu are replaced by a small C11 implementation
 * below; everything else is the same code.
 */
#include "util/rcu.h"

#include "util/bql.h"

#undef call_rcu
#ifndef CONFIG_TSAN
#define _LGPL_SOURCE
#include <urcu/urcu-memb.h>
#endif

#include <assert.h>
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

/* Callbacks come in bursts: one grace period and one kick are enough for those of this
 * time. */
#define RCU_GATHER_US 500
/* The reclaimer gives the BQL away after this many callbacks. */
#define RCU_BATCH 64
/* Between kicks while a grace period lasts. */
#define RCU_KICK_FIRST_NS 200000
#define RCU_KICK_MAX_NS   10000000

static __thread bool registered;
static pthread_key_t exit_key;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;

static void thread_exits(void *unused)
{
    rcu_unregister_thread();
}

static void make_exit_key(void)
{
    int ret = pthread_key_create(&exit_key, thread_exits);

    assert(ret == 0);
}

static void arm_thread_exit(void)
{
    pthread_once(&exit_key_once, make_exit_key);
    /* Any non-NULL value makes the destructor run. */
    pthread_setspecific(exit_key, &exit_key);
}

/* --- Read sections ------------------------------------------------------------------
 */

#ifndef CONFIG_TSAN

void rcu_register_thread(void)
{
    if (!registered) {
        urcu_memb_register_thread();
        registered = true;
        arm_thread_exit();
    }
}

void rcu_unregister_thread(void)
{
    if (registered) {
        urcu_memb_unregister_thread();
        registered = false;
    }
}

void rcu_read_lock(void)
{
    if (__builtin_expect(!registered, 0)) {
        rcu_register_thread();
    }
    urcu_memb_read_lock();
}

void rcu_read_unlock(void)
{
    urcu_memb_read_unlock();
}

bool rcu_read_is_locked(void)
{
    return registered && urcu_memb_read_ongoing();
}

static void wait_for_readers(void)
{
    urcu_memb_synchronize_rcu();
}

#else

int smp_mb_word; /* atomic */

/*
 * The stand-in: one counter for all, one slot per reader. A reader copies the counter
 * into its slot when it enters and stores 0 when it leaves. Whoever waits increments
 * the counter and waits until each slot is 0 or as young as the counter.
 */
typedef struct Reader {
    uint64_t entered; /* atomic; 0: outside */
    unsigned nesting; /* own thread only */
    struct Reader *next;
} Reader;

static uint64_t gp_counter = 1; /* atomic */
static __thread Reader *self;
static Reader *readers; /* readers_lock */
static pthread_mutex_t readers_lock = PTHREAD_MUTEX_INITIALIZER;

void rcu_register_thread(void)
{
    if (!registered) {
        self = g_new0(Reader, 1);
        pthread_mutex_lock(&readers_lock);
        self->next = readers;
        readers = self;
        pthread_mutex_unlock(&readers_lock);
        registered = true;
        arm_thread_exit();
    }
}

void rcu_unregister_thread(void)
{
    if (!registered) {
        return;
    }
    pthread_mutex_lock(&readers_lock);
    for (Reader **r = &readers; *r; r = &(*r)->next) {
        if (*r == self) {
            *r = self->next;
            break;
        }
    }
    pthread_mutex_unlock(&readers_lock);
    g_free(self);
    self = NULL;
    registered = false;
}

void rcu_read_lock(void)
{
    if (!registered) {
        rcu_register_thread();
    }
    if (self->nesting++ == 0) {
        /* Full barrier: pairs with the counter's increment in wait_for_readers. */
        atomic_xchg(&self->entered, __atomic_load_n(&gp_counter, __ATOMIC_SEQ_CST));
    }
}

void rcu_read_unlock(void)
{
    assert(self && self->nesting);
    if (--self->nesting == 0) {
        /* Pairs with the acquire in wait_for_readers. */
        atomic_store_release(&self->entered, 0);
    }
}

bool rcu_read_is_locked(void)
{
    return registered && self->nesting;
}

static void wait_for_readers(void)
{
    uint64_t now;

    pthread_mutex_lock(&readers_lock);
    now = atomic_fetch_add(&gp_counter, 1) + 1;
    for (Reader *r = readers; r;) {
        /* A read-modify-write that changes nothing: sees the latest value. */
        uint64_t entered = atomic_fetch_add(&r->entered, 0);

        if (entered == 0 || entered >= now) {
            r = r->next;
            continue;
        }
        /* Threads come and go meanwhile: start over with the list as it is then. */
        pthread_mutex_unlock(&readers_lock);
        sched_yield();
        pthread_mutex_lock(&readers_lock);
        r = readers;
    }
    pthread_mutex_unlock(&readers_lock);
}

#endif

/* --- Callbacks ----------------------------------------------------------------------
 */

static RcuHead *queue;          /* atomic: newest first */
static void (*kick_hook)(void); /* atomic */

/* Everything below: protected by rcu_lock, a leaf. */
static pthread_mutex_t rcu_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t rcu_cond; /* any of what follows changed */
static bool threads_running;
static bool queue_rang;    /* the queue became non-empty */
static uint64_t gp_wanted; /* number of the newest grace period asked for */
static uint64_t gp_done;   /* number of the newest one that has ended */

void rcu_set_kick_hook(void (*kick)(void))
{
    atomic_store_release(&kick_hook, kick); /* pairs with kick_readers */
}

static void kick_readers(void)
{
    void (*kick)(void) = atomic_load_acquire(&kick_hook);

    if (kick) {
        kick();
    }
}

static void *grace_period_thread(void *unused)
{
    pthread_setname_np(pthread_self(), "rcu-wait");
    pthread_mutex_lock(&rcu_lock);
    for (;;) {
        uint64_t number;

        while (gp_wanted == gp_done) {
            pthread_cond_wait(&rcu_cond, &rcu_lock);
        }
        number = gp_wanted;
        pthread_mutex_unlock(&rcu_lock);
        wait_for_readers();
        pthread_mutex_lock(&rcu_lock);
        gp_done = number;
        pthread_cond_broadcast(&rcu_cond);
    }
    return NULL;
}

/* Wait for a whole grace period from now, kicking the readers until it has ended. */
static void wait_kicking(void)
{
    uint64_t number, pause_ns = RCU_KICK_FIRST_NS;

    pthread_mutex_lock(&rcu_lock);
    number = ++gp_wanted;
    pthread_cond_broadcast(&rcu_cond);
    while (gp_done < number) {
        struct timespec until;

        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)pause_ns;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&rcu_cond, &rcu_lock, &until);
        if (gp_done < number) {
            pthread_mutex_unlock(&rcu_lock);
            kick_readers();
            pthread_mutex_lock(&rcu_lock);
            pause_ns = MIN(2 * pause_ns, RCU_KICK_MAX_NS);
        }
    }
    pthread_mutex_unlock(&rcu_lock);
}

static RcuHead *reverse(RcuHead *newest_first)
{
    RcuHead *oldest_first = NULL;

    while (newest_first) {
        RcuHead *next = newest_first->next;

        newest_first->next = oldest_first;
        oldest_first = newest_first;
        newest_first = next;
    }
    return oldest_first;
}

static void run_callbacks(RcuHead *list)
{
    unsigned n = 0;

    bql_lock();
    while (list) {
        RcuHead *head = list;

        list = head->next; /* the callback frees it */
        head->fn(head);
        if (list && (++n >= RCU_BATCH || bql_is_contended())) {
            n = 0;
            bql_unlock();
            sched_yield();
            bql_lock();
        }
    }
    bql_unlock();
}

static void *reclaimer_thread(void *unused)
{
    pthread_setname_np(pthread_self(), "rcu-reclaim");
    for (;;) {
        RcuHead *list;

        pthread_mutex_lock(&rcu_lock);
        while (!queue_rang) {
            pthread_cond_wait(&rcu_cond, &rcu_lock);
        }
        queue_rang = false;
        pthread_mutex_unlock(&rcu_lock);
        g_usleep(RCU_GATHER_US);
        /* Pairs with the exchange in rcu_call: what was unlinked before is seen. */
        list = atomic_xchg(&queue, NULL);
        if (list) {
            wait_kicking();
            run_callbacks(reverse(list));
        }
    }
    return NULL;
}

static void start_thread(void *(*fn)(void *))
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    int ret;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    /* Signals are for the main thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    ret = pthread_create(&thread, &attr, fn, NULL);
    assert(ret == 0);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
}

/* By the first callback or wait of the program's life. */
static void start_threads_locked(void)
{
    pthread_condattr_t attr;

    if (threads_running) {
        return;
    }
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&rcu_cond, &attr);
    pthread_condattr_destroy(&attr);
    threads_running = true;
    start_thread(grace_period_thread);
    start_thread(reclaimer_thread);
}

void synchronize_rcu(void)
{
    assert(!bql_is_held());
    assert(!rcu_read_is_locked());
    pthread_mutex_lock(&rcu_lock);
    start_threads_locked();
    pthread_mutex_unlock(&rcu_lock);
    wait_kicking();
}

/* Wake the reclaimer. */
static void ring(void)
{
    pthread_mutex_lock(&rcu_lock);
    start_threads_locked();
    queue_rang = true;
    pthread_cond_broadcast(&rcu_cond);
    pthread_mutex_unlock(&rcu_lock);
}

void rcu_call(RcuHead *head, RcuCallbackFn *fn)
{
    RcuHead *old = atomic_read(&queue);

    head->fn = fn;
    do {
        head->next = old;
        /* Pairs with the exchange in reclaimer_thread. */
    } while (!atomic_cmpxchg(&queue, &old, head));
    if (!old) {
        ring();
        kick_readers();
    }
}

void rcu_g_free_cb(RcuHead *head)
{
    g_free(head);
}

typedef struct Barrier {
    RcuHead rcu;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool reached;
} Barrier;

static void barrier_reached(RcuHead *head)
{
    Barrier *barrier = (Barrier *)head;

    pthread_mutex_lock(&barrier->lock);
    barrier->reached = true;
    pthread_cond_signal(&barrier->cond);
    pthread_mutex_unlock(&barrier->lock);
}

void rcu_barrier(void)
{
    Barrier barrier = { .lock = PTHREAD_MUTEX_INITIALIZER,
                        .cond = PTHREAD_COND_INITIALIZER };

    assert(!bql_is_held());
    assert(!rcu_read_is_locked());
    rcu_call(&barrier.rcu, barrier_reached);
    pthread_mutex_lock(&barrier.lock);
    while (!barrier.reached) {
        pthread_cond_wait(&barrier.cond, &barrier.lock);
    }
    pthread_mutex_unlock(&barrier.lock);
}
