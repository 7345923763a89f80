/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of a loop: ask glib's sources and our timers how long to sleep, release the
 * BQL, poll, take the BQL, dispatch glib, descriptors, bottom halves and timers.
 *
 * Invariants:
 * L1: wake_pending is set before timers and bottom halves are looked at, and cleared
 *     after the poll. Who changes them does so under the lock and then looks at
 *     wake_pending, so either the loop sees the change or the changer sees that the
 *     loop must be woken.
 * L2: a watch that is freed during a run stays allocated, with fn NULL, until no run
 *     is in progress: the poll set of a run points to it.
 */
#include "util/event-loop.h"

#include "event-loop-internal.h"
#include "util/atomic.h"
#include "util/bql.h"

#include <assert.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct BottomHalf {
    EventLoop *loop;
    BottomHalfFn *fn;
    void *opaque;
    bool scheduled; /* protected by the loop's lock */
    bool once;      /* event_loop_call: free after the run */
};

struct FdWatch {
    EventLoop *loop;
    int fd;
    int events;
    FdWatchFn *fn; /* NULL: dead */
    void *opaque;
};

EventLoop *event_loop_new(const char *name, bool with_bql)
{
    EventLoop *loop = g_new0(EventLoop, 1);

    loop->name = g_strdup(name);
    loop->with_bql = with_bql;
    loop->context =
        with_bql ? g_main_context_ref(g_main_context_default()) : g_main_context_new();
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert(loop->wake_fd >= 0);
    pthread_mutex_init(&loop->lock, NULL);
    g_queue_init(&loop->bhs);
    loop->watches = g_ptr_array_new();
    loop->dead_watches = g_ptr_array_new_with_free_func(g_free);
    loop->poll_fds = g_array_new(FALSE, FALSE, sizeof(GPollFD));
    timers_add_loop(loop);
    return loop;
}

static void bh_release(gpointer data)
{
    BottomHalf *bh = data;

    bh->scheduled = false;
    if (bh->once) {
        g_free(bh);
    }
}

void event_loop_free(EventLoop *loop)
{
    assert(loop->depth == 0);
    timers_remove_loop(loop);
    g_queue_foreach(&loop->bhs, (GFunc)(void *)bh_release, NULL);
    g_queue_clear(&loop->bhs);
    for (int i = 0; i < CLOCK_TYPE_COUNT; i++) {
        assert(loop->heaps[i].count == 0);
        g_free(loop->heaps[i].timers);
    }
    assert(loop->watches->len == 0);
    g_ptr_array_free(loop->watches, TRUE);
    g_ptr_array_free(loop->dead_watches, TRUE);
    g_array_free(loop->poll_fds, TRUE);
    g_main_context_unref(loop->context);
    pthread_mutex_destroy(&loop->lock);
    close(loop->wake_fd);
    g_free(loop->name);
    g_free(loop);
}

GMainContext *event_loop_get_context(EventLoop *loop)
{
    return loop->context;
}

EventLoop *main_loop(void)
{
    static EventLoop *loop;
    static gsize made;

    if (g_once_init_enter(&made)) {
        loop = event_loop_new("main", true);
        g_once_init_leave(&made, 1);
    }
    return loop;
}

void event_loop_wake(EventLoop *loop)
{
    const uint64_t one = 1;
    /* A full counter wakes as well: there is nothing to do about a failure. */
    ssize_t ret = write(loop->wake_fd, &one, sizeof(one));

    (void)ret;
}

void event_loop_changed(EventLoop *loop)
{
    /* L1: pairs with the exchange in event_loop_run_once. */
    if (atomic_fetch_or(&loop->wake_pending, 0)) {
        event_loop_wake(loop);
    }
}

/* --- Descriptors ------------------------------------------------------------------ */

FdWatch *event_loop_watch_fd(EventLoop *loop, int fd, int events, FdWatchFn *fn,
                             void *opaque)
{
    FdWatch *watch = g_new0(FdWatch, 1);

    watch->loop = loop;
    watch->fd = fd;
    watch->events = events;
    watch->fn = fn;
    watch->opaque = opaque;
    g_ptr_array_add(loop->watches, watch);
    event_loop_changed(loop);
    return watch;
}

void fd_watch_set_events(FdWatch *watch, int events)
{
    if (watch->events != events) {
        watch->events = events;
        event_loop_changed(watch->loop);
    }
}

void fd_watch_free(FdWatch *watch)
{
    if (!watch) {
        return;
    }
    EventLoop *loop = watch->loop;

    g_ptr_array_remove(loop->watches, watch);
    watch->fn = NULL;
    if (loop->depth == 0) {
        g_free(watch);
    } else {
        g_ptr_array_add(loop->dead_watches, watch); /* L2 */
        event_loop_changed(loop);
    }
}

static short poll_events(int events)
{
    return (events & EVENT_READ ? POLLIN : 0) | (events & EVENT_WRITE ? POLLOUT : 0) |
           (events & EVENT_HUP ? POLLHUP : 0);
}

/* What of @revents the owner wants to hear: errors count as everything it waits for. */
static int watch_events(const FdWatch *watch, short revents)
{
    int events = 0;

    if (revents & POLLIN) {
        events |= EVENT_READ;
    }
    if (revents & POLLOUT) {
        events |= EVENT_WRITE;
    }
    if (revents & (POLLHUP | POLLERR | POLLNVAL)) {
        events |= EVENT_HUP | EVENT_READ | EVENT_WRITE;
    }
    return events & watch->events;
}

/* --- Bottom halves ---------------------------------------------------------------- */

BottomHalf *bh_new(EventLoop *loop, BottomHalfFn *fn, void *opaque)
{
    BottomHalf *bh = g_new0(BottomHalf, 1);

    bh->loop = loop;
    bh->fn = fn;
    bh->opaque = opaque;
    return bh;
}

void bh_schedule(BottomHalf *bh)
{
    EventLoop *loop = bh->loop;
    bool was_scheduled;

    pthread_mutex_lock(&loop->lock);
    was_scheduled = bh->scheduled;
    if (!was_scheduled) {
        bh->scheduled = true;
        g_queue_push_tail(&loop->bhs, bh);
    }
    pthread_mutex_unlock(&loop->lock);
    if (!was_scheduled) {
        event_loop_changed(loop);
    }
}

void bh_cancel(BottomHalf *bh)
{
    pthread_mutex_lock(&bh->loop->lock);
    if (bh->scheduled) {
        g_queue_remove(&bh->loop->bhs, bh);
        bh->scheduled = false;
    }
    pthread_mutex_unlock(&bh->loop->lock);
}

void bh_free(BottomHalf *bh)
{
    if (bh) {
        bh_cancel(bh);
        g_free(bh);
    }
}

void event_loop_call(EventLoop *loop, BottomHalfFn *fn, void *opaque)
{
    BottomHalf *bh = bh_new(loop, fn, opaque);

    bh->once = true;
    bh_schedule(bh);
}

/* Those scheduled now; what they schedule waits for the next run. */
static void run_bhs(EventLoop *loop)
{
    guint budget;

    pthread_mutex_lock(&loop->lock);
    budget = loop->bhs.length;
    while (budget-- > 0 && loop->bhs.length > 0) {
        BottomHalf *bh = g_queue_pop_head(&loop->bhs);
        BottomHalfFn *fn = bh->fn;
        void *opaque = bh->opaque;

        bh->scheduled = false;
        if (bh->once) {
            g_free(bh);
        }
        pthread_mutex_unlock(&loop->lock);
        fn(opaque); /* may free bh */
        pthread_mutex_lock(&loop->lock);
    }
    pthread_mutex_unlock(&loop->lock);
}

static bool has_bhs(EventLoop *loop)
{
    bool any;

    pthread_mutex_lock(&loop->lock);
    any = loop->bhs.length > 0;
    pthread_mutex_unlock(&loop->lock);
    return any;
}

/* --- Running ---------------------------------------------------------------------- */

/*
 * The poll set: the wake descriptor, our watches, then glib's. Returns the number of
 * watches, whose copies in @watches run parallel.
 */
static guint collect(EventLoop *loop, GArray *fds, FdWatch **watches)
{
    GPollFD wake = { .fd = loop->wake_fd, .events = POLLIN };
    guint n = loop->watches->len;

    g_array_set_size(fds, 0);
    g_array_append_val(fds, wake);
    for (guint i = 0; i < n; i++) {
        FdWatch *watch = g_ptr_array_index(loop->watches, i);
        /* poll ignores negative descriptors: a watch for nothing hears nothing, not
         * even a hang-up, which would spin. */
        GPollFD p = { .fd = watch->events ? watch->fd : -1,
                      .events = (gushort)poll_events(watch->events) };

        watches[i] = watch;
        g_array_append_val(fds, p);
    }
    return n;
}

static int collect_glib(EventLoop *loop, GArray *fds, guint first, int priority,
                        int *timeout_ms)
{
    int room = 8;
    int n;

    for (;;) {
        g_array_set_size(fds, first + (guint)room);
        n = g_main_context_query(loop->context, priority, timeout_ms,
                                 &g_array_index(fds, GPollFD, first), room);
        if (n <= room) {
            break;
        }
        room = n;
    }
    g_array_set_size(fds, first + (guint)n);
    return n;
}

static void poll_ns(GArray *fds, int64_t timeout_ns)
{
    struct timespec ts = { .tv_sec = timeout_ns / NANOSECONDS_PER_SECOND,
                           .tv_nsec = timeout_ns % NANOSECONDS_PER_SECOND };

    G_STATIC_ASSERT(sizeof(GPollFD) == sizeof(struct pollfd));
    if (ppoll((struct pollfd *)(void *)fds->data, fds->len, timeout_ns < 0 ? NULL : &ts,
              NULL) < 0) {
        /* Interrupted: nobody is ready. */
        for (guint i = 0; i < fds->len; i++) {
            g_array_index(fds, GPollFD, i).revents = 0;
        }
    }
}

static int64_t min_timeout(int64_t a, int64_t b)
{
    if (a < 0) {
        return b;
    }
    return b < 0 || a < b ? a : b;
}

static void drain_wake(EventLoop *loop, const GPollFD *p)
{
    uint64_t count;

    if (p->revents) {
        ssize_t ret = read(loop->wake_fd, &count, sizeof(count));

        (void)ret;
    }
}

static void reap_watches(EventLoop *loop)
{
    if (loop->depth == 0 && loop->dead_watches->len) {
        g_ptr_array_set_size(loop->dead_watches, 0);
    }
}

void event_loop_run_once(EventLoop *loop, bool may_block)
{
    bool outermost = loop->depth == 0;
    GArray *fds =
        outermost ? loop->poll_fds : g_array_new(FALSE, FALSE, sizeof(GPollFD));
    g_autofree FdWatch **watches = g_new(FdWatch *, loop->watches->len);
    int priority, timeout_ms = -1, n_glib;
    int64_t timeout_ns;
    guint n;

    assert(!loop->with_bql || bql_is_held());
    loop->depth++;
    if (!g_main_context_acquire(loop->context)) {
        g_assert_not_reached(); /* one thread runs a loop */
    }
    atomic_xchg(&loop->wake_pending, 1); /* L1 */
    n = collect(loop, fds, watches);
    g_main_context_prepare(loop->context, &priority);
    n_glib = collect_glib(loop, fds, n + 1, priority, &timeout_ms);
    timeout_ns = min_timeout(timeout_ms < 0 ? -1 : timeout_ms * NS_PER_MS,
                             timers_get_timeout_ns(loop));
    if (!may_block || has_bhs(loop)) {
        timeout_ns = 0;
    }

    if (loop->with_bql) {
        bql_unlock();
    }
    poll_ns(fds, timeout_ns);
    if (loop->with_bql) {
        bql_lock();
    }
    atomic_xchg(&loop->wake_pending, 0);
    drain_wake(loop, &g_array_index(fds, GPollFD, 0));

    if (g_main_context_check(loop->context, priority,
                             &g_array_index(fds, GPollFD, n + 1), n_glib)) {
        g_main_context_dispatch(loop->context);
    }
    for (guint i = 0; i < n; i++) {
        FdWatch *watch = watches[i];
        /* Freed meanwhile: fn is NULL. Its descriptor number may be another's now. */
        short revents = (short)g_array_index(fds, GPollFD, i + 1).revents;
        int events = revents ? watch_events(watch, revents) : 0;

        if (events && watch->fn) {
            watch->fn(watch->opaque, watch->fd, events);
        }
    }
    run_bhs(loop);
    timers_run(loop);
    g_main_context_release(loop->context);
    loop->depth--;
    reap_watches(loop);
    if (!outermost) {
        g_array_free(fds, TRUE);
    }
}
