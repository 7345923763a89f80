/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_PRELOAD: threads of the emulator lose their processor at random points, as on
 * a busy machine, only more often.
 *
 *     DELAY=EVERY,SHORT,LONG,SHARE LD_PRELOAD=build/tests/isa/delay-threads.so strata
 * ...
 *
 * About every EVERY us a signal goes to some thread, whose handler sleeps up to SHORT
 * us, or in SHARE of 1000 cases up to LONG. 30,100,30000,20 and 1000,3000,100000,30
 * have found something.  SIGPROF is not queued: threads that are signalled faster than
 * they sleep lose nothing else by it.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS_MAX = 256, LOOK_AGAIN = 200, SIGNAL = SIGPROF };

static unsigned every_us, short_us, long_us, share;
static uint32_t state; /* atomic */

static uint32_t number_below(uint32_t end)
{
    uint32_t x = __atomic_add_fetch(&state, 0x9e3779b9u, __ATOMIC_RELAXED);

    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return (x ^ x >> 16) % end;
}

static void sleep_us(unsigned us)
{
    struct timespec t = { us / 1000000, us % 1000000 * 1000L };

    syscall(SYS_nanosleep, &t, NULL);
}

static void on_signal(int signal)
{
    int error = errno;

    sleep_us(number_below((number_below(1000) < share ? long_us : short_us) + 1));
    errno = error;
}

static unsigned list_threads(pid_t *tid)
{
    DIR *dir = opendir("/proc/self/task");
    pid_t self = (pid_t)syscall(SYS_gettid);
    struct dirent *e;
    unsigned n = 0;

    while (dir && n < THREADS_MAX && (e = readdir(dir))) {
        tid[n] = atoi(e->d_name);
        n += tid[n] && tid[n] != self;
    }
    if (dir) {
        closedir(dir);
    }
    return n;
}

static void *signal_threads(void *unused)
{
    pid_t tid[THREADS_MAX + 1];
    unsigned n = 0;
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    for (unsigned k = 0;; k++) {
        if (k % LOOK_AGAIN == 0) {
            n = list_threads(tid);
        }
        if (n) {
            syscall(SYS_tgkill, getpid(), tid[number_below(n)], SIGNAL);
        }
        sleep_us(1 + number_below(2 * every_us));
    }
    return NULL;
}

/* Not in what starts the emulator, "timeout" for instance. */
static int is_emulator(void)
{
    return !strncmp(program_invocation_short_name, "strata", strlen("strata"));
}

__attribute__((constructor)) static void start(void)
{
    struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    const char *text = getenv("DELAY");
    pthread_t thread;

    if (!text || !is_emulator() ||
        sscanf(text, "%u,%u,%u,%u", &every_us, &short_us, &long_us, &share) != 4 ||
        !every_us || every_us > 1000000) {
        return;
    }
    state = (uint32_t)getpid() ^ (uint32_t)time(NULL);
    sigaction(SIGNAL, &sa, NULL);
    if (!pthread_create(&thread, NULL, signal_threads, NULL)) {
        pthread_detach(thread);
    }
}
