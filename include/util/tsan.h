/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the thread sanitizer cannot see by itself: guest memory, in which guests race
 * with themselves, and the ways that lead through generated code. Nothing in other
 * builds.
 */
#ifndef STRATA_UTIL_TSAN_H
#define STRATA_UTIL_TSAN_H

#include <stddef.h>

#ifdef __SANITIZE_THREAD__
void AnnotateBenignRaceSized(const char *file, int line, const volatile void *p,
                             size_t size, const char *what);
void __tsan_acquire(void *p);
void __tsan_release(void *p);
/* Races in [p, p + size) are no concern of ours. */
#define tsan_allow_races(p, size, what) \
    AnnotateBenignRaceSized(__FILE__, __LINE__, p, size, what)
/* Others get to know @p, or what hangs on it, by ways that are not seen ... */
#define tsan_publish(p) __tsan_release((void *)(p))
/* ... and one has come here by such a way. */
#define tsan_arrive(p) __tsan_acquire((void *)(p))
#else
#define tsan_allow_races(p, size, what) ((void)0)
#define tsan_publish(p)                 ((void)0)
#define tsan_arrive(p)                  ((void)0)
#endif

#endif
