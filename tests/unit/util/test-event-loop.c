/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/event-loop.h"

#include "util/bql.h"

#include <glib.h>
#include <pthread.h>
#include <unistd.h>

static int order[64];
static int n_order;

static void record(void *opaque)
{
    order[n_order++] = GPOINTER_TO_INT(opaque);
}

static void timers_run_in_order_of_deadline(void)
{
    EventLoop *loop = event_loop_new("t", false);
    static const int when[] = { 50, 10, 40, 30, 20 };
    int64_t base = virtual_clock_deadline() < 0 ? clock_get_ns(VIRTUAL_CLOCK) : 0;
    Timer timers[5];

    n_order = 0;
    for (int i = 0; i < 5; i++) {
        timer_init(&timers[i], loop, VIRTUAL_CLOCK, record, GINT_TO_POINTER(when[i]));
        timer_mod_ns(&timers[i], base + when[i]);
    }
    g_assert_cmpint(virtual_clock_deadline(), ==, base + 10);
    timer_del(&timers[4]); /* 20 */
    g_assert_false(timer_is_pending(&timers[4]));
    timer_mod_ns(&timers[1], base + 45); /* 10, later */
    g_assert_cmpint(timer_expire_ns(&timers[1]), ==, base + 45);

    virtual_clock_advance_to(base + 29);
    g_assert_cmpint(n_order, ==, 0);
    virtual_clock_advance_to(base + 49);
    g_assert_cmpint(n_order, ==, 3);
    g_assert_cmpint(order[0], ==, 30);
    g_assert_cmpint(order[1], ==, 40);
    g_assert_cmpint(order[2], ==, 10);
    g_assert_cmpint(clock_get_ns(VIRTUAL_CLOCK), ==, base + 49);
    virtual_clock_advance_to(base + 60);
    g_assert_cmpint(n_order, ==, 4);
    g_assert_cmpint(virtual_clock_deadline(), ==, -1);
    event_loop_free(loop);
}

typedef struct Periodic {
    Timer timer;
    int64_t seen[4];
    int n;
} Periodic;

static void periodic_fn(void *opaque)
{
    Periodic *p = opaque;

    p->seen[p->n++] = clock_get_ns(VIRTUAL_CLOCK);
    if (p->n < 4) {
        timer_mod_ns(&p->timer, clock_get_ns(VIRTUAL_CLOCK) + 100);
    }
}

static void timer_sees_its_own_deadline_as_now(void)
{
    EventLoop *loop = event_loop_new("t", false);
    int64_t base = clock_get_ns(VIRTUAL_CLOCK);
    Periodic p = { .n = 0 };

    timer_init(&p.timer, loop, VIRTUAL_CLOCK, periodic_fn, &p);
    timer_mod_ns(&p.timer, base + 100);
    virtual_clock_advance_to(base + 1000);
    g_assert_cmpint(p.n, ==, 4);
    for (int i = 0; i < 4; i++) {
        g_assert_cmpint(p.seen[i], ==, base + 100 * (i + 1));
    }
    event_loop_free(loop);
}

static void no_virtual_timer_runs_while_stopped(void)
{
    EventLoop *loop = event_loop_new("t", false);
    int64_t base = clock_get_ns(VIRTUAL_CLOCK);
    Timer timer;

    n_order = 0;
    timer_init(&timer, loop, VIRTUAL_CLOCK, record, NULL);
    timer_mod_ns(&timer, base + 1);
    virtual_clock_stop();
    virtual_clock_advance_to(base + 10);
    event_loop_run_once(loop, false);
    g_assert_cmpint(n_order, ==, 0);
    virtual_clock_start();
    event_loop_run_once(loop, true); /* overdue: does not block */
    g_assert_cmpint(n_order, ==, 1);
    event_loop_free(loop);
}

static void heap_keeps_order_under_random_changes(void)
{
    enum { N = 200 };
    EventLoop *loop = event_loop_new("t", false);
    int64_t base = clock_get_ns(VIRTUAL_CLOCK);
    Timer timers[N];
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (int i = 0; i < N; i++) {
        timer_init(&timers[i], loop, VIRTUAL_CLOCK, record, NULL);
    }
    for (int round = 0; round < 5000; round++) {
        Timer *t = &timers[g_rand_int_range(rand, 0, N)];
        int64_t best = -1;

        if (g_rand_boolean(rand)) {
            timer_mod_ns(t, base + g_rand_int_range(rand, 1, 1000));
        } else {
            timer_del(t);
        }
        for (int i = 0; i < N; i++) {
            int64_t e = timer_expire_ns(&timers[i]);
            if (e >= 0 && (best < 0 || e < best)) {
                best = e;
            }
        }
        g_assert_cmpint(virtual_clock_deadline(), ==, best);
    }
    for (int i = 0; i < N; i++) {
        timer_del(&timers[i]);
    }
    event_loop_free(loop);
}

typedef struct Pipe {
    int fds[2];
    FdWatch *watch;
    int calls;
    int events;
} Pipe;

static void pipe_fn(void *opaque, int fd, int events)
{
    Pipe *p = opaque;
    char c;

    p->calls++;
    p->events |= events;
    g_assert_cmpint(read(fd, &c, 1), >=, 0);
}

static void pipe_free_self(void *opaque, int fd, int events)
{
    Pipe *p = opaque;

    p->calls++;
    fd_watch_free(p->watch);
    p->watch = NULL;
}

static void watch_reports_readable_until_read(void)
{
    EventLoop *loop = event_loop_new("t", false);
    Pipe p = { .calls = 0 };

    g_assert_cmpint(pipe(p.fds), ==, 0);
    p.watch = event_loop_watch_fd(loop, p.fds[0], EVENT_READ, pipe_fn, &p);
    event_loop_run_once(loop, false);
    g_assert_cmpint(p.calls, ==, 0);
    g_assert_cmpint(write(p.fds[1], "ab", 2), ==, 2);
    event_loop_run_once(loop, true);
    event_loop_run_once(loop, true);
    event_loop_run_once(loop, false);
    g_assert_cmpint(p.calls, ==, 2);
    fd_watch_set_events(p.watch, 0);
    g_assert_cmpint(write(p.fds[1], "a", 1), ==, 1);
    event_loop_run_once(loop, false);
    g_assert_cmpint(p.calls, ==, 2);
    fd_watch_free(p.watch);
    close(p.fds[0]);
    close(p.fds[1]);
    event_loop_free(loop);
}

static void watch_may_free_itself_and_others(void)
{
    EventLoop *loop = event_loop_new("t", false);
    Pipe p = { .calls = 0 };

    g_assert_cmpint(pipe(p.fds), ==, 0);
    g_assert_cmpint(write(p.fds[1], "a", 1), ==, 1);
    p.watch = event_loop_watch_fd(loop, p.fds[0], EVENT_READ, pipe_free_self, &p);
    event_loop_run_once(loop, true);
    event_loop_run_once(loop, false);
    g_assert_cmpint(p.calls, ==, 1);
    close(p.fds[0]);
    close(p.fds[1]);
    event_loop_free(loop);
}

static void reschedule_bh(void *opaque)
{
    BottomHalf **bh = opaque;

    n_order++;
    bh_schedule(*bh);
}

static void bottom_half_runs_once_for_many_schedules(void)
{
    EventLoop *loop = event_loop_new("t", false);
    BottomHalf *bh = bh_new(loop, record, GINT_TO_POINTER(7));
    BottomHalf *again;

    n_order = 0;
    bh_schedule(bh);
    bh_schedule(bh);
    event_loop_call(loop, record, GINT_TO_POINTER(8));
    event_loop_run_once(loop, true);
    event_loop_run_once(loop, false);
    g_assert_cmpint(n_order, ==, 2);
    g_assert_cmpint(order[0], ==, 7);
    g_assert_cmpint(order[1], ==, 8);
    bh_schedule(bh);
    bh_cancel(bh);
    event_loop_run_once(loop, false);
    g_assert_cmpint(n_order, ==, 2);
    bh_free(bh);

    /* One that schedules itself runs once a round. */
    again = bh_new(loop, reschedule_bh, &again);
    bh_schedule(again);
    event_loop_run_once(loop, true);
    g_assert_cmpint(n_order, ==, 3);
    bh_free(again);
    event_loop_free(loop);
}

static void *waker(void *opaque)
{
    event_loop_call(opaque, record, NULL);
    return NULL;
}

static void another_thread_wakes_a_sleeping_loop(void)
{
    EventLoop *loop = event_loop_new("t", false);
    pthread_t thread;

    n_order = 0;
    for (int i = 0; i < 50; i++) {
        pthread_create(&thread, NULL, waker, loop);
        while (n_order <= i) {
            event_loop_run_once(loop, true);
        }
        pthread_join(thread, NULL);
    }
    event_loop_free(loop);
}

static void main_loop_dispatches_under_the_bql(void)
{
    n_order = 0;
    bql_lock();
    event_loop_call(main_loop(), record, NULL);
    while (n_order == 0) {
        event_loop_run_once(main_loop(), true);
        g_assert_true(bql_is_held());
    }
    bql_unlock();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    virtual_clock_set_manual();
    virtual_clock_start();
    g_test_add_func("/util/timer/run-in-order-of-deadline",
                    timers_run_in_order_of_deadline);
    g_test_add_func("/util/timer/sees-its-own-deadline-as-now",
                    timer_sees_its_own_deadline_as_now);
    g_test_add_func("/util/timer/none-runs-while-stopped",
                    no_virtual_timer_runs_while_stopped);
    g_test_add_func("/util/timer/heap-keeps-order-under-random-changes",
                    heap_keeps_order_under_random_changes);
    g_test_add_func("/util/event-loop/watch-reports-readable-until-read",
                    watch_reports_readable_until_read);
    g_test_add_func("/util/event-loop/watch-may-free-itself",
                    watch_may_free_itself_and_others);
    g_test_add_func("/util/event-loop/bottom-half-runs-once-for-many-schedules",
                    bottom_half_runs_once_for_many_schedules);
    g_test_add_func("/util/event-loop/another-thread-wakes-a-sleeping-loop",
                    another_thread_wakes_a_sleeping_loop);
    g_test_add_func("/util/event-loop/main-loop-dispatches-under-the-bql",
                    main_loop_dispatches_under_the_bql);
    return g_test_run();
}
