/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers follow a published pointer while writers replace what it points to.
 *
 * Each element carries an age: 0 while it is published or may still be seen by a reader
 * that began before it was replaced, counted up by the callback. A reader that finds an
 * element of age above 0 has outlived its grace period. Callbacks must run once each.
 */
#include "util/bql.h"
#include "util/rcu.h"

#include <glib.h>

#include <pthread.h>
#include <stdint.h>

typedef struct Element {
    RcuHead rcu;
    int age; /* atomic */
    uint64_t a, b;
} Element;

static Element *current;     /* RCU */
static bool stop;            /* atomic */
static uint64_t reads, runs; /* atomic */
static int replacements = 20000;

static void reclaim(Element *e)
{
    g_assert_true(bql_is_held());
    g_assert_cmpint(atomic_fetch_add(&e->age, 1), ==, 0);
    atomic_fetch_add(&runs, 1);
    e->a = e->b = 0;
    g_free(e);
}

static void *reader(void *unused)
{
    uint64_t n = 0;

    rcu_register_thread();
    while (!atomic_read(&stop)) {
        RCU_READ_LOCK_GUARD();
        Element *e = atomic_rcu_read(&current);

        for (int i = 0; i < 8; i++) {
            g_assert_cmpint(atomic_read(&e->age), ==, 0);
            g_assert_cmpuint(e->a, ==, e->b);
        }
        n++;
    }
    atomic_fetch_add(&reads, n);
    rcu_unregister_thread();
    return NULL;
}

static Element *element_new(uint64_t v)
{
    Element *e = g_new0(Element, 1);

    e->a = e->b = v;
    return e;
}

static void *writer(void *unused)
{
    for (int i = 0; i < replacements; i++) {
        Element *old = atomic_xchg(&current, element_new((uint64_t)i + 1));

        call_rcu(old, reclaim, rcu);
        if (i % 1000 == 0) {
            synchronize_rcu();
        }
    }
    return NULL;
}

static void test_replace(void)
{
    pthread_t r[3], wr[2];

    current = element_new(0);
    for (int i = 0; i < 3; i++) {
        pthread_create(&r[i], NULL, reader, NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_create(&wr[i], NULL, writer, NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(wr[i], NULL);
    }
    atomic_set(&stop, true);
    for (int i = 0; i < 3; i++) {
        pthread_join(r[i], NULL);
    }
    rcu_barrier();
    g_assert_cmpuint(runs, ==, 2u * (unsigned)replacements);
    g_test_message("%lu reads, %lu callbacks", reads, runs);
    g_free(current);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (g_test_slow()) {
        replacements = 1000000;
    }
    g_test_add_func("/torture/rcu/readers-never-see-what-was-reclaimed", test_replace);
    return g_test_run();
}
