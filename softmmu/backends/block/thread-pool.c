/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worker threads for blocking host calls. There are none until the first task; one more
 * starts when a task finds nobody idle, up to a limit, and each ends after it has been
 * idle for a while. The lock is a leaf.
 */
#include "softmmu/backends/block/block-internal.h"

#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#define IDLE_SECONDS 10

static struct {
    pthread_mutex_t lock; /* protects all below */
    pthread_cond_t work;
    PoolTask *first, **last;
    unsigned threads, idle, queued;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER };

static gpointer worker(gpointer unused)
{
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        struct timespec deadline;
        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += IDLE_SECONDS;
        pool.idle++;
        while (!pool.first) {
            if (pthread_cond_timedwait(&pool.work, &pool.lock, &deadline) &&
                !pool.first) {
                pool.idle--;
                pool.threads--;
                pthread_mutex_unlock(&pool.lock);
                return NULL;
            }
        }
        pool.idle--;
        PoolTask *task = pool.first;
        pool.first = task->next;
        pool.queued--;
        pthread_mutex_unlock(&pool.lock);
        task->fn(task);
        pthread_mutex_lock(&pool.lock);
    }
}

/* Signals are the main thread's business. */
static void start_worker(void)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    g_thread_unref(g_thread_new("block-io", worker, NULL));
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void block_pool_submit(PoolTask *task)
{
    bool start;

    pthread_mutex_lock(&pool.lock);
    task->next = NULL;
    if (!pool.first) {
        pool.last = &pool.first;
    }
    *pool.last = task;
    pool.last = &task->next;
    pool.queued++;
    start = pool.queued > pool.idle && pool.threads < BLOCK_POOL_MAX_THREADS;
    if (start) {
        pool.threads++;
    }
    pthread_cond_signal(&pool.work);
    pthread_mutex_unlock(&pool.lock);
    if (start) {
        start_worker();
    }
}

unsigned block_pool_num_threads(void)
{
    pthread_mutex_lock(&pool.lock);
    unsigned n = pool.threads;
    pthread_mutex_unlock(&pool.lock);
    return n;
}
