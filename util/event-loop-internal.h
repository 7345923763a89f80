/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What util/event-loop.c and util/timer.c share. */
#ifndef STRATA_UTIL_EVENT_LOOP_INTERNAL_H
#define STRATA_UTIL_EVENT_LOOP_INTERNAL_H

#include "util/event-loop.h"
#include <pthread.h>

/* A binary heap of pending timers, earliest first. */
typedef struct TimerHeap {
    Timer **timers;
    int64_t count;
    int64_t capacity;
} TimerHeap;

struct EventLoop {
    char *name;
    bool with_bql;
    GMainContext *context;
    int wake_fd;      /* eventfd */
    int wake_pending; /* atomic: the loop may be sleeping, a change must wake it */
    /* Protected by lock, a leaf. */
    pthread_mutex_t lock;
    TimerHeap heaps[CLOCK_TYPE_COUNT];
    GQueue bhs; /* BottomHalf *, scheduled */
    /* Loop's thread, or BQL when with_bql. */
    GPtrArray *watches;      /* FdWatch * */
    GPtrArray *dead_watches; /* freed when no dispatch can see them */
    GArray *poll_fds;        /* GPollFD, reused by the outermost run */
    int depth;               /* of nested runs */
    EventLoop *next;         /* protected by the list's lock in timer.c */
};

/* Called by whoever changed something that a sleeping loop must see. */
void event_loop_changed(EventLoop *loop);

void timers_add_loop(EventLoop *loop);
void timers_remove_loop(EventLoop *loop);
/* Nanoseconds until the first timer of @loop is due; -1: there is none. */
int64_t timers_get_timeout_ns(EventLoop *loop);
/* Run what is due. Context: the loop's thread. */
void timers_run(EventLoop *loop);

#endif
