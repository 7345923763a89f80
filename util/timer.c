/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks, and timers as one binary heap for each loop and clock.
 *
 * The virtual clock is the host's monotonic clock plus an offset while the machine
 * runs, and a stored value while it stands. It is read by any thread at any time, so
 * it is published under a sequence count: writers hold clock_lock, readers retry.
 */
#include "event-loop-internal.h"
#include "util/atomic.h"
#include "util/event-loop.h"

#include <assert.h>
#include <time.h>

static struct {
    pthread_mutex_t lock; /* writers; also the list of loops */
    unsigned seq;         /* odd while being written */
    int64_t offset_ns;    /* running: virtual minus monotonic */
    int64_t standing_ns;  /* stopped or manual: the value */
    bool running;         /* the machine runs */
    bool manual;          /* qtest: time moves by virtual_clock_advance_to only */
    bool counted;         /* manual, by instructions */
    int64_t (*run_ns)(void);
    void (*changed)(void);
    EventLoop *loops;
} vclock = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int64_t host_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return ts.tv_sec * NANOSECONDS_PER_SECOND + ts.tv_nsec;
}

static int64_t virtual_ns(void)
{
    unsigned seq;
    int64_t ns;

    do {
        /* Acquire pairs with the release in vclock_write_begin and _end. */
        while ((seq = atomic_load_acquire(&vclock.seq)) & 1) {
        }
        if (atomic_load_acquire(&vclock.running) &&
            !atomic_load_acquire(&vclock.manual)) {
            ns = host_ns(CLOCK_MONOTONIC) + atomic_load_acquire(&vclock.offset_ns);
        } else {
            ns = atomic_load_acquire(&vclock.standing_ns);
        }
        if (vclock.counted) {
            ns += vclock.run_ns();
        }
    } while (atomic_load_acquire(&vclock.seq) != seq);
    return ns;
}

static void vclock_write_begin(void)
{
    pthread_mutex_lock(&vclock.lock);
    atomic_fetch_add(&vclock.seq, 1);
}

static void vclock_write_end(void)
{
    atomic_fetch_add(&vclock.seq, 1);
    pthread_mutex_unlock(&vclock.lock);
}

int64_t clock_get_ns(ClockType clock)
{
    switch (clock) {
    case VIRTUAL_CLOCK:
        return virtual_ns();
    case REALTIME_CLOCK:
        return host_ns(CLOCK_MONOTONIC);
    case HOST_CLOCK:
        return host_ns(CLOCK_REALTIME);
    default:
        g_assert_not_reached();
    }
}

/* Every loop looks at its timers again. */
static void wake_all(void)
{
    pthread_mutex_lock(&vclock.lock);
    for (EventLoop *loop = vclock.loops; loop; loop = loop->next) {
        event_loop_changed(loop);
    }
    pthread_mutex_unlock(&vclock.lock);
}

void virtual_clock_start(void)
{
    if (vclock.running) {
        return;
    }
    vclock_write_begin();
    atomic_store_release(&vclock.offset_ns,
                         vclock.standing_ns - host_ns(CLOCK_MONOTONIC));
    atomic_store_release(&vclock.running, true);
    vclock_write_end();
    wake_all();
}

void virtual_clock_stop(void)
{
    int64_t now = virtual_ns();

    if (!vclock.running) {
        return;
    }
    vclock_write_begin();
    if (!vclock.counted) {
        atomic_store_release(&vclock.standing_ns, now);
    }
    atomic_store_release(&vclock.running, false);
    vclock_write_end();
}

bool virtual_clock_is_running(void)
{
    return atomic_load_acquire(&vclock.running);
}

void virtual_clock_set(int64_t ns)
{
    assert(!vclock.running || vclock.manual);
    vclock_write_begin();
    atomic_store_release(&vclock.standing_ns, ns);
    vclock_write_end();
    wake_all();
}

void virtual_clock_set_manual(void)
{
    int64_t now = virtual_ns();

    vclock_write_begin();
    atomic_store_release(&vclock.standing_ns, now);
    atomic_store_release(&vclock.manual, true);
    vclock_write_end();
}

void virtual_clock_set_counted(int64_t (*run_ns)(void), void (*changed)(void))
{
    virtual_clock_set_manual();
    vclock.run_ns = run_ns;
    vclock.changed = changed;
    vclock.counted = true;
}

bool virtual_clock_is_counted(void)
{
    return vclock.counted;
}

void virtual_clock_count(int64_t ns)
{
    vclock_write_begin();
    atomic_store_release(&vclock.standing_ns, vclock.standing_ns + ns);
    vclock_write_end();
}

/* Timers of this loop and clock are run by virtual_clock_run_due(). */
static bool is_counted(const EventLoop *loop, ClockType clock)
{
    return vclock.counted && clock == VIRTUAL_CLOCK && loop->with_bql;
}

/* --- Heaps ------------------------------------------------------------------------ */

static void heap_place(TimerHeap *heap, int64_t i, Timer *timer)
{
    heap->timers[i] = timer;
    timer->heap_index = i;
}

static void heap_sift_up(TimerHeap *heap, int64_t i)
{
    Timer *timer = heap->timers[i];

    while (i > 0) {
        int64_t parent = (i - 1) / 2;

        if (heap->timers[parent]->expire_ns <= timer->expire_ns) {
            break;
        }
        heap_place(heap, i, heap->timers[parent]);
        i = parent;
    }
    heap_place(heap, i, timer);
}

static void heap_sift_down(TimerHeap *heap, int64_t i)
{
    Timer *timer = heap->timers[i];

    for (;;) {
        int64_t child = 2 * i + 1;

        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count &&
            heap->timers[child + 1]->expire_ns < heap->timers[child]->expire_ns) {
            child++;
        }
        if (heap->timers[child]->expire_ns >= timer->expire_ns) {
            break;
        }
        heap_place(heap, i, heap->timers[child]);
        i = child;
    }
    heap_place(heap, i, timer);
}

static void heap_insert(TimerHeap *heap, Timer *timer)
{
    if (heap->count == heap->capacity) {
        heap->capacity = MAX(16, heap->capacity * 2);
        heap->timers = g_renew(Timer *, heap->timers, heap->capacity);
    }
    heap_place(heap, heap->count++, timer);
    heap_sift_up(heap, timer->heap_index);
}

static void heap_remove(TimerHeap *heap, Timer *timer)
{
    int64_t i = timer->heap_index;
    Timer *last = heap->timers[--heap->count];

    timer->heap_index = -1;
    if (last != timer) {
        heap_place(heap, i, last);
        heap_sift_up(heap, i);
        heap_sift_down(heap, last->heap_index);
    }
}

/* --- Timers ----------------------------------------------------------------------- */

void timer_init(Timer *timer, EventLoop *loop, ClockType clock, TimerFn *fn,
                void *opaque)
{
    timer->loop = loop;
    timer->clock = clock;
    timer->expire_ns = -1;
    timer->fn = fn;
    timer->opaque = opaque;
    timer->heap_index = -1;
}

void timer_mod_ns(Timer *timer, int64_t expire_ns)
{
    EventLoop *loop = timer->loop;
    TimerHeap *heap = &loop->heaps[timer->clock];
    bool first;

    expire_ns = MAX(expire_ns, 0);
    pthread_mutex_lock(&loop->lock);
    if (timer->heap_index >= 0) {
        heap_remove(heap, timer);
    }
    atomic_set(&timer->expire_ns, expire_ns);
    heap_insert(heap, timer);
    first = timer->heap_index == 0;
    pthread_mutex_unlock(&loop->lock);
    if (first && is_counted(loop, timer->clock)) {
        vclock.changed();
    } else if (first) {
        event_loop_changed(loop);
    }
}

void timer_del(Timer *timer)
{
    EventLoop *loop = timer->loop;

    if (!loop) {
        return; /* never initialized */
    }
    pthread_mutex_lock(&loop->lock);
    if (timer->heap_index >= 0) {
        heap_remove(&loop->heaps[timer->clock], timer);
        atomic_set(&timer->expire_ns, -1);
    }
    pthread_mutex_unlock(&loop->lock);
}

bool timer_is_pending(const Timer *timer)
{
    return atomic_read(&timer->expire_ns) >= 0;
}

int64_t timer_expire_ns(const Timer *timer)
{
    return atomic_read(&timer->expire_ns);
}

void timers_add_loop(EventLoop *loop)
{
    pthread_mutex_lock(&vclock.lock);
    loop->next = vclock.loops;
    vclock.loops = loop;
    pthread_mutex_unlock(&vclock.lock);
}

void timers_remove_loop(EventLoop *loop)
{
    pthread_mutex_lock(&vclock.lock);
    for (EventLoop **p = &vclock.loops; *p; p = &(*p)->next) {
        if (*p == loop) {
            *p = loop->next;
            break;
        }
    }
    pthread_mutex_unlock(&vclock.lock);
}

/* Of one clock of one loop; -1: none. */
static int64_t heap_deadline(EventLoop *loop, ClockType clock)
{
    int64_t ns;

    pthread_mutex_lock(&loop->lock);
    ns = loop->heaps[clock].count ? loop->heaps[clock].timers[0]->expire_ns : -1;
    pthread_mutex_unlock(&loop->lock);
    return ns;
}

int64_t timers_get_timeout_ns(EventLoop *loop)
{
    int64_t best = -1;

    for (int clock = 0; clock < CLOCK_TYPE_COUNT; clock++) {
        int64_t deadline = heap_deadline(loop, (ClockType)clock);
        int64_t left;

        if (deadline < 0 || is_counted(loop, (ClockType)clock) ||
            (clock == VIRTUAL_CLOCK && !virtual_clock_is_running())) {
            continue;
        }
        left = deadline - clock_get_ns((ClockType)clock);
        if (left <= 0) {
            return 0;
        }
        if (clock == VIRTUAL_CLOCK && atomic_load_acquire(&vclock.manual)) {
            continue; /* waiting does not bring it nearer */
        }
        if (best < 0 || left < best) {
            best = left;
        }
    }
    return best;
}

/*
 * Run the timers of one clock that are due at @now. A timer that is always due again
 * must not keep the others waiting: no more runs than there were timers.
 */
static void run_clock(EventLoop *loop, ClockType clock, int64_t now)
{
    TimerHeap *heap = &loop->heaps[clock];

    pthread_mutex_lock(&loop->lock);
    for (int64_t budget = heap->count; budget > 0 && heap->count > 0; budget--) {
        Timer *timer = heap->timers[0];
        TimerFn *fn = timer->fn;
        void *opaque = timer->opaque;

        if (timer->expire_ns > now) {
            break;
        }
        heap_remove(heap, timer);
        atomic_set(&timer->expire_ns, -1);
        pthread_mutex_unlock(&loop->lock);
        fn(opaque); /* may free the timer */
        pthread_mutex_lock(&loop->lock);
    }
    pthread_mutex_unlock(&loop->lock);
}

void timers_run(EventLoop *loop)
{
    for (int clock = 0; clock < CLOCK_TYPE_COUNT; clock++) {
        if (heap_deadline(loop, (ClockType)clock) < 0 ||
            is_counted(loop, (ClockType)clock) ||
            (clock == VIRTUAL_CLOCK && !virtual_clock_is_running())) {
            continue;
        }
        run_clock(loop, (ClockType)clock, clock_get_ns((ClockType)clock));
    }
}

/* The loop with the earliest virtual deadline; NULL: no timer. */
static EventLoop *first_virtual(int64_t *deadline)
{
    EventLoop *best = NULL;

    *deadline = -1;
    pthread_mutex_lock(&vclock.lock);
    for (EventLoop *loop = vclock.loops; loop; loop = loop->next) {
        int64_t ns = heap_deadline(loop, VIRTUAL_CLOCK);

        if (vclock.counted && !loop->with_bql) {
            continue;
        }
        if (ns >= 0 && (!best || ns < *deadline)) {
            best = loop;
            *deadline = ns;
        }
    }
    pthread_mutex_unlock(&vclock.lock);
    return best;
}

int64_t virtual_clock_deadline(void)
{
    int64_t ns;

    first_virtual(&ns);
    return ns;
}

void virtual_clock_run_due(void)
{
    int64_t deadline;
    EventLoop *loop = first_virtual(&deadline);

    if (loop && deadline <= vclock.standing_ns) {
        run_clock(loop, VIRTUAL_CLOCK, vclock.standing_ns);
    }
}

void virtual_clock_advance_to(int64_t ns)
{
    assert(vclock.manual);
    while (virtual_clock_is_running()) {
        int64_t deadline;
        EventLoop *loop = first_virtual(&deadline);

        if (!loop || deadline > ns) {
            break;
        }
        if (deadline > vclock.standing_ns) {
            virtual_clock_set(deadline);
        }
        run_clock(loop, VIRTUAL_CLOCK, vclock.standing_ns);
    }
    if (ns > vclock.standing_ns) {
        virtual_clock_set(ns);
    }
}
