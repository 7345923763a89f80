/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An event loop: file descriptors, bottom halves and timers, dispatched by one thread.
 * Who needs events takes the loop it runs on as an argument; there is no guess of a
 * current loop. The main loop takes the BQL for each dispatch.
 */
#ifndef STRATA_UTIL_EVENT_LOOP_H
#define STRATA_UTIL_EVENT_LOOP_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct EventLoop EventLoop;
typedef struct BottomHalf BottomHalf;
typedef struct FdWatch FdWatch;
typedef struct Timer Timer;

/* @with_bql: dispatch under the BQL (the main loop). */
EventLoop *event_loop_new(const char *name, bool with_bql);
void event_loop_free(EventLoop *loop);
/* Wait for and dispatch events once. Context: the loop's thread; BQL held if with_bql.
 */
void event_loop_run_once(EventLoop *loop, bool may_block);
/* Make a blocked loop look again. Any thread, any signal handler. */
void event_loop_wake(EventLoop *loop);
/* For libraries that attach sources of their own (libslirp, libvncserver). */
GMainContext *event_loop_get_context(EventLoop *loop);

enum { EVENT_READ = 1, EVENT_WRITE = 2, EVENT_HUP = 4 };
typedef void FdWatchFn(void *opaque, int fd, int events);
/* Watch @fd; the descriptor stays the caller's. Context: BQL, or the loop's thread. */
FdWatch *event_loop_watch_fd(EventLoop *loop, int fd, int events, FdWatchFn *fn,
                             void *opaque);
void fd_watch_set_events(FdWatch *watch, int events);
/* May be called from the callback itself; no call after it returns. */
void fd_watch_free(FdWatch *watch);

typedef void BottomHalfFn(void *opaque);
BottomHalf *bh_new(EventLoop *loop, BottomHalfFn *fn, void *opaque);
/* Run the function once, soon, from the loop. Any thread. Repeats before it ran are
 * one. */
void bh_schedule(BottomHalf *bh);
void bh_cancel(BottomHalf *bh);
void bh_free(BottomHalf *bh);
/* A function to be run once from the loop. Any thread. */
void event_loop_call(EventLoop *loop, BottomHalfFn *fn, void *opaque);

/*
 * VIRTUAL_CLOCK is the guest's time: it stops with the machine, and under qtest moves
 * by clock_step only. REALTIME_CLOCK is the host's monotonic clock; HOST_CLOCK its wall
 * clock (ns since 1970), for the RTC.
 */
typedef enum ClockType {
    VIRTUAL_CLOCK,
    REALTIME_CLOCK,
    HOST_CLOCK,
    CLOCK_TYPE_COUNT,
} ClockType;

#define NANOSECONDS_PER_SECOND 1000000000LL
#define NS_PER_MS              1000000LL
#define NS_PER_US              1000LL

/* Now, in ns. Any thread. */
int64_t clock_get_ns(ClockType clock);
/* The virtual clock runs or stands. Context: BQL. */
void virtual_clock_start(void);
void virtual_clock_stop(void);
bool virtual_clock_is_running(void);
/* qtest: the virtual clock is manual from now on and moves by these only. */
void virtual_clock_set_manual(void);
/* Move the manual clock to @ns (never back), running the timers due on the way. */
void virtual_clock_advance_to(int64_t ns);
/*
 * The virtual clock counts instructions from now on: it moves by virtual_clock_count()
 * only. @run_ns: how much the calling thread has to add to it now. The main loop leaves
 * its virtual timers to virtual_clock_run_due(); @changed: their first deadline has
 * changed; any thread.
 */
void virtual_clock_set_counted(int64_t (*run_ns)(void), void (*changed)(void));
bool virtual_clock_is_counted(void);
/* Context: BQL, one thread. */
void virtual_clock_count(int64_t ns);
/* Runs the main loop's virtual timers that are due, on the calling thread. Context:
 * BQL.
 */
void virtual_clock_run_due(void);
/* Earliest deadline of all virtual timers in ns, or -1. Context: BQL. */
int64_t virtual_clock_deadline(void);
/* Load of a saved machine: the virtual clock reads @ns now. Context: BQL, clock
 * stopped. */
void virtual_clock_set(int64_t ns);

typedef void TimerFn(void *opaque);
struct Timer {
    /* private */
    EventLoop *loop;
    ClockType clock;
    int64_t expire_ns; /* -1: not pending */
    TimerFn *fn;
    void *opaque;
    int64_t heap_index;
};
/* Caller's storage. The function runs on @loop's thread (with BQL if the loop has it).
 */
void timer_init(Timer *timer, EventLoop *loop, ClockType clock, TimerFn *fn,
                void *opaque);
/* (Re)arm for absolute time @expire_ns of its clock. Any thread. */
void timer_mod_ns(Timer *timer, int64_t expire_ns);
void timer_del(Timer *timer); /* harmless when not pending */
bool timer_is_pending(const Timer *timer);
int64_t timer_expire_ns(const Timer *timer); /* -1 when not pending */

/* The loop of the main thread, made by the program's start. */
EventLoop *main_loop(void);

#endif
