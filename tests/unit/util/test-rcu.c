/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/bql.h"
#include "util/rcu.h"

#include <glib.h>
#include <unistd.h>

typedef struct Node {
    RcuHead rcu;
    int *freed;
    int order;
} Node;

static int last_order;
static bool ran_under_bql;

static void node_free(Node *node)
{
    ran_under_bql = bql_is_held();
    g_assert_cmpint(node->order, >, last_order);
    last_order = node->order;
    (*node->freed)++;
    g_free(node);
}

static Node *node_new(int *freed, int order)
{
    Node *node = g_new0(Node, 1);

    node->freed = freed;
    node->order = order;
    return node;
}

static void test_callbacks(void)
{
    int freed = 0;

    last_order = 0;
    for (int i = 1; i <= 1000; i++) {
        call_rcu(node_new(&freed, i), node_free, rcu);
    }
    rcu_barrier();
    g_assert_cmpint(freed, ==, 1000);
    g_assert_true(ran_under_bql);
}

static int kicks;      /* atomic */
static bool may_leave; /* atomic */
static bool inside;    /* atomic */

static void kick(void)
{
    /* Leaves at the third kick only: the core must go on kicking. */
    if (atomic_fetch_add(&kicks, 1) >= 2) {
        atomic_store_release(&may_leave, true);
    }
}

static void *guest_loop(void *unused)
{
    rcu_register_thread();
    rcu_read_lock();
    atomic_store_release(&inside, true);
    while (!atomic_load_acquire(&may_leave)) {
        g_usleep(10);
    }
    rcu_read_unlock();
    rcu_unregister_thread();
    return NULL;
}

static void test_kick(void)
{
    pthread_t thread;
    int freed = 0;

    rcu_set_kick_hook(kick);
    pthread_create(&thread, NULL, guest_loop, NULL);
    while (!atomic_load_acquire(&inside)) {
        g_usleep(10);
    }
    last_order = 0;
    call_rcu(node_new(&freed, 1), node_free, rcu);
    rcu_barrier();
    g_assert_cmpint(freed, ==, 1);
    g_assert_cmpint(atomic_read(&kicks), >=, 3);
    pthread_join(thread, NULL);
    rcu_set_kick_hook(NULL);
}

static void test_nesting(void)
{
    g_assert_false(rcu_read_is_locked());
    {
        RCU_READ_LOCK_GUARD();
        rcu_read_lock();
        g_assert_true(rcu_read_is_locked());
        rcu_read_unlock();
        g_assert_true(rcu_read_is_locked());
    }
    g_assert_false(rcu_read_is_locked());
    synchronize_rcu();
}

static void test_bql(void)
{
    g_assert_false(bql_is_held());
    bql_lock();
    g_assert_true(bql_is_held());
    g_assert_false(bql_is_contended());
    bql_unlock();
    g_assert_false(bql_is_held());
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/util/rcu/callbacks-run-in-order-under-the-bql", test_callbacks);
    g_test_add_func("/util/rcu/readers-are-kicked-until-they-leave", test_kick);
    g_test_add_func("/util/rcu/read-sections-nest", test_nesting);
    g_test_add_func("/util/bql/knows-its-holder", test_bql);
    return g_test_run();
}
