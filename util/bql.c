/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The big lock is a plain mutex and two things it cannot tell: whether this thread
 * holds it, and whether others wait. First in the lock order.
 */
#include "util/bql.h"

#include "util/atomic.h"

#include <assert.h>

static pthread_mutex_t bql = PTHREAD_MUTEX_INITIALIZER;
static __thread bool held;
static unsigned waiting; /* atomic, a hint */

void bql_lock(void)
{
    assert(!held);
    if (pthread_mutex_trylock(&bql) != 0) {
        atomic_fetch_add(&waiting, 1);
        pthread_mutex_lock(&bql);
        atomic_fetch_sub(&waiting, 1);
    }
    held = true;
}

void bql_unlock(void)
{
    assert(held);
    held = false;
    pthread_mutex_unlock(&bql);
}

bool bql_is_held(void)
{
    return held;
}

void bql_cond_wait(pthread_cond_t *cond)
{
    assert(held);
    held = false;
    pthread_cond_wait(cond, &bql);
    held = true;
}

bool bql_is_contended(void)
{
    return atomic_read(&waiting) != 0;
}
