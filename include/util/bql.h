/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The big lock: devices, the object model and memory transactions run under it. Guest
 * code runs without it. First in the lock order (docs/locking.md).
 */
#ifndef STRATA_UTIL_BQL_H
#define STRATA_UTIL_BQL_H

#include <pthread.h>
#include <stdbool.h>

void bql_lock(void);
void bql_unlock(void);
bool bql_is_held(void); /* by the calling thread */
/* Wait on @cond with the BQL as its mutex. */
void bql_cond_wait(pthread_cond_t *cond);
/* True if somebody is waiting: a holder doing long work in batches may give way. */
bool bql_is_contended(void);

#endif
