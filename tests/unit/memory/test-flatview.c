/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Views against the slow walk of the tree: hand-made cases, then random trees under
 * random transactions. M1 to M5 of docs/memory-model.md.
 */
#include "memory-test.h"

#include <string.h>

static void put(TestOwner *parent, hwaddr addr, TestOwner *child, int priority)
{
    memory_region_add_subregion_overlap(&parent->mr, addr, &child->mr, priority);
}

static const FlatRange *at(AddressSpace *as, hwaddr addr)
{
    return flatview_find(as->group->view, addr);
}

static void test_priority(void)
{
    TestOwner *root = test_container("root", UINT64_MAX);
    TestOwner *low = test_io("low", 0x4000), *high = test_io("high", 0x1000);
    TestOwner *later = test_io("later", 0x1000);
    AddressSpace as;

    address_space_init(&as, &root->mr, "as");
    put(root, 0, low, 0);
    put(root, 0x1000, high, 1);
    test_check_view(&as);
    g_assert_true(at(&as, 0x1000)->mr == &high->mr);
    g_assert_cmphex(at(&as, 0x2000)->offset, ==, 0x2000);
    put(root, 0x3000, later, 0);
    /* Of equals the later one wins. */
    g_assert_true(at(&as, 0x3000)->mr == &later->mr);
    test_check_view(&as);
    address_space_destroy(&as);
    object_unref(root);
    object_unref(low);
    object_unref(high);
    object_unref(later);
}

static void test_alias_clipped(void)
{
    TestOwner *root = test_container("root", UINT64_MAX);
    TestOwner *small = test_container("small", 0x1800);
    TestOwner *ram = test_ram("ram", 0x10000);
    TestOwner *window = test_alias("window", ram, 0x4000, 0x3000);
    AddressSpace as;

    address_space_init(&as, &root->mr, "as");
    put(small, 0x800, window, 0);
    put(root, 0x100000, small, 0);
    test_check_view(&as);
    g_assert_cmphex(at(&as, 0x100800)->offset, ==, 0x4000);
    g_assert_cmphex(at(&as, 0x100800)->last, ==, 0x1017ff);
    memory_region_set_readonly(&window->mr, true);
    g_assert_true(at(&as, 0x100800)->readonly);
    memory_region_set_alias_offset(&window->mr, 0x5000);
    g_assert_cmphex(at(&as, 0x100800)->offset, ==, 0x5000);
    test_check_view(&as);
    address_space_destroy(&as);
    object_unref(root);
    object_unref(small);
    object_unref(window);
    object_unref(ram);
}

static void test_merge(void)
{
    TestOwner *root = test_container("root", UINT64_MAX);
    TestOwner *ram = test_ram("ram", 0x10000);
    TestOwner *a = test_alias("a", ram, 0, 0x1000);
    TestOwner *b = test_alias("b", ram, 0x1000, 0x1000);
    AddressSpace as;
    uint64_t id;

    address_space_init(&as, &root->mr, "as");
    put(root, 0, a, 0);
    put(root, 0x1000, b, 0);
    g_assert_cmpint(as.group->view->n_ranges, ==, 1);
    memory_region_set_readonly(&b->mr, true);
    g_assert_cmpint(as.group->view->n_ranges, ==, 2);
    memory_region_set_readonly(&b->mr, false);
    g_assert_cmpint(as.group->view->n_ranges, ==, 1);
    /* What nobody can see publishes nothing. */
    id = as.group->view->id;
    memory_region_transaction_begin();
    memory_region_set_readonly(&b->mr, true);
    memory_region_set_readonly(&b->mr, false);
    memory_region_transaction_commit();
    g_assert_cmpuint(as.group->view->id, ==, id);
    address_space_destroy(&as);
    object_unref(root);
    object_unref(a);
    object_unref(b);
    object_unref(ram);
}

static void test_shared_view(void)
{
    TestOwner *root = test_container("root", UINT64_MAX);
    TestOwner *io1 = test_io("io1", 0x1000), *io2 = test_io("io2", 0x1000);
    TestOwner *master[3], *step[3];
    AddressSpace as, dma[3];

    address_space_init(&as, &root->mr, "as");
    put(root, 0, io1, 0);
    put(root, 0x1000, io2, 0);
    for (int i = 0; i < 3; i++) {
        master[i] = test_container("bus master container", UINT64_MAX);
        step[i] = test_alias("bus master", root, 0, UINT64_MAX);
        memory_region_set_enabled(&step[i]->mr, false);
        put(master[i], 0, step[i], 0);
        address_space_init(&dma[i], &master[i]->mr, "dma");
        g_assert_true(dma[i].group == &empty_group);
    }
    memory_region_set_enabled(&step[1]->mr, true);
    g_assert_true(dma[1].group == as.group && dma[0].group == &empty_group);
    memory_region_set_enabled(&io2->mr, false);
    /* One child at 0 that is not larger: stepped into. */
    g_assert_true(as.group->root == &io1->mr && dma[1].group == as.group);
    memory_region_set_enabled(&io2->mr, true);
    g_assert_true(as.group->root == &root->mr && dma[1].group == as.group);
    for (int i = 0; i < 3; i++) {
        test_check_view(&dma[i]);
        address_space_destroy(&dma[i]);
        object_unref(master[i]);
        object_unref(step[i]);
    }
    address_space_destroy(&as);
    object_unref(root);
    object_unref(io1);
    object_unref(io2);
}

static void test_owner_pinned(void)
{
    TestOwner *root = test_container("root", UINT64_MAX);
    TestOwner *io = test_io("io", 0x1000), *other = test_io("other", 0x1000);
    AddressSpace as;
    int before;

    test_drain();
    before = test_owners_finalized;
    address_space_init(&as, &root->mr, "as");
    put(root, 0, io, 0);
    put(root, 0x8000, other, 0);
    memory_region_del_subregion(&root->mr, &io->mr);
    object_unref(io);
    /* M5: the old view still names it. */
    g_assert_cmpint(test_owners_finalized, ==, before);
    test_drain();
    g_assert_cmpint(test_owners_finalized, ==, before + 1);
    test_check_view(&as);
    address_space_destroy(&as);
    object_unref(root);
    object_unref(other);
    test_drain();
    g_assert_cmpint(test_owners_finalized, ==, before + 3);
}

/* --- Random trees -------------------------------------------------------------------
 */

#define N_NODES  24
#define N_SPACES 4

typedef struct World {
    TestOwner *node[N_NODES];
    AddressSpace as[N_SPACES];
    Recorder rec[N_SPACES];
} World;

static unsigned rnd(unsigned n)
{
    return (uint32_t)g_test_rand_int() % n;
}

static uint64_t random_size(void)
{
    switch (rnd(12)) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return 1 + rnd(16);
    default:
        return (uint64_t)(1 + rnd(32)) << (4 + rnd(10));
    }
}

static hwaddr random_addr(void)
{
    switch (rnd(10)) {
    case 0:
        return UINT64_MAX - rnd(0x10000);
    case 1:
        return 0;
    case 2:
        return rnd(0x1000);
    default:
        return (hwaddr)rnd(64) << (4 + rnd(8));
    }
}

/* Nodes refer to later ones only, so there are no loops. */
static TestOwner *random_node(World *w, int i)
{
    int target = i + 1 + (int)rnd(N_NODES - i);
    TestOwner *o;

    switch (target < N_NODES ? rnd(5) : 3 + rnd(2)) {
    case 0:
    case 1:
        o = test_container("c", random_size());
        break;
    case 2:
        o = test_alias("a", w->node[target], random_addr(), random_size());
        break;
    case 3:
        o = test_io("i", random_size());
        break;
    default:
        o = test_ram("r", 0x1000 * (1 + rnd(16)));
        break;
    }
    return o;
}

static int index_of(World *w, const MemoryRegion *mr)
{
    for (int i = 0; i < N_NODES; i++) {
        if (&w->node[i]->mr == mr) {
            return i;
        }
    }
    g_assert_not_reached();
}

static void plug_somewhere(World *w, int i)
{
    MemoryRegion *mr = &w->node[i]->mr;
    MemoryRegion *parent;

    if (i == 0 || mr->container) {
        return;
    }
    parent = &w->node[rnd(i)]->mr;
    if (!parent->alias) {
        memory_region_add_subregion_overlap(parent, random_addr(), mr, (int)rnd(5) - 2);
    }
}

static void mutate(World *w)
{
    int i = rnd(N_NODES);
    MemoryRegion *mr = &w->node[i]->mr;

    switch (rnd(9)) {
    case 0:
        plug_somewhere(w, i);
        break;
    case 1:
        if (mr->container) {
            g_assert_cmpint(index_of(w, mr->container), <, i);
            memory_region_del_subregion(mr->container, mr);
            if (rnd(2)) {
                plug_somewhere(w, i);
            }
        }
        break;
    case 2:
    case 3:
        memory_region_set_enabled(mr, rnd(4) != 0);
        break;
    case 4:
        memory_region_set_address(mr, random_addr());
        break;
    case 5:
        if (!mr->ram) {
            memory_region_set_size(mr, random_size());
        }
        break;
    case 6:
        if (mr->alias) {
            memory_region_set_alias_offset(mr, rnd(2) ? 0 : random_addr());
        }
        break;
    case 7:
        memory_region_set_readonly(mr, rnd(3) == 0);
        break;
    default:
        memory_region_set_nonvolatile(mr, rnd(3) == 0);
        break;
    }
}

static void world_check(World *w)
{
    for (int i = 0; i < N_SPACES; i++) {
        test_check_view(&w->as[i]);
        recorder_check(&w->rec[i]);
    }
}

static void run_world(void)
{
    World w;
    int before;

    test_drain();
    before = test_owners_finalized;
    for (int i = N_NODES - 1; i >= 0; i--) {
        w.node[i] = i < N_SPACES ? test_container("root", random_size() | 0x100000)
                                 : random_node(&w, i);
    }
    for (int i = 0; i < N_SPACES; i++) {
        address_space_init(&w.as[i], &w.node[i]->mr, "as");
        recorder_init(&w.rec[i], &w.as[i]);
    }
    for (int i = 0; i < N_NODES; i++) {
        plug_somewhere(&w, i);
        world_check(&w);
    }
    for (int round = 0; round < 60; round++) {
        memory_region_transaction_begin();
        for (unsigned n = 1 + rnd(6); n > 0; n--) {
            mutate(&w);
        }
        memory_region_transaction_commit();
        world_check(&w);
    }
    for (int i = 0; i < N_SPACES; i++) {
        recorder_destroy(&w.rec[i]);
        address_space_destroy(&w.as[i]);
    }
    for (int i = 0; i < N_NODES; i++) {
        object_unref(w.node[i]);
    }
    test_drain();
    g_assert_cmpint(test_owners_finalized, ==, before + N_NODES);
}

static void test_random(void)
{
    for (int i = 0; i < (g_test_slow() ? 2000 : 60); i++) {
        run_world();
    }
}

/* --- Many ranges --------------------------------------------------------------------
 */

#define MANY 1000

static void test_many(void)
{
    TestOwner *root = test_container("root", UINT64_MAX);
    TestOwner *bar[MANY];
    AddressSpace as;
    Recorder rec;

    address_space_init(&as, &root->mr, "as");
    recorder_init(&rec, &as);
    memory_region_transaction_begin();
    for (int i = 0; i < MANY; i++) {
        bar[i] = test_io("bar", 0x1000);
        put(root, 0x10000 + 0x2000u * i, bar[i], 0);
    }
    memory_region_transaction_commit();
    g_assert_cmpint(as.group->view->n_ranges, ==, MANY);
    test_check_view(&as);
    recorder_check(&rec);
    for (int round = 0; round < 200; round++) {
        int i = rnd(MANY);
        const FlatChunk *first = as.group->view->chunk[0];

        rec.adds = rec.dels = 0;
        memory_region_set_enabled(&bar[i]->mr, !bar[i]->mr.enabled);
        g_assert_cmpint(rec.adds + rec.dels, ==, 1);
        /* Chunks that the damage did not touch are shared. */
        g_assert_true(i < 200 || as.group->view->chunk[0] == first);
        if (round % 20 == 0) {
            test_check_view(&as);
            recorder_check(&rec);
        }
    }
    for (int round = 0; round < 300; round++) {
        MemoryRegion *mr = &bar[rnd(MANY)]->mr;

        memory_region_transaction_begin();
        switch (rnd(4)) {
        case 0:
            memory_region_set_address(mr, 0x10000 + 0x1000u * rnd(3 * MANY));
            break;
        case 1:
            memory_region_set_size(mr, rnd(8) * 0x800);
            break;
        case 2:
            memory_region_set_size(mr, 0x1000u << rnd(8));
            break;
        default:
            memory_region_del_subregion(&root->mr, mr);
            memory_region_add_subregion_overlap(
                &root->mr, 0x10000 + 0x1000u * rnd(3 * MANY), mr, (int)rnd(3) - 1);
            break;
        }
        memory_region_transaction_commit();
        if (round % 10 == 0) {
            test_check_view(&as);
            recorder_check(&rec);
        }
    }
    recorder_destroy(&rec);
    address_space_destroy(&as);
    object_unref(root);
    for (int i = 0; i < MANY; i++) {
        object_unref(bar[i]);
    }
    test_drain();
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    bql_lock();
    g_test_add_func("/memory/flatview/higher-priority-and-later-added-win",
                    test_priority);
    g_test_add_func("/memory/flatview/alias-clipped-by-smaller-container",
                    test_alias_clipped);
    g_test_add_func("/memory/flatview/neighbours-merge-and-nothing-new-is-published",
                    test_merge);
    g_test_add_func("/memory/flatview/same-rendered-root-shares-a-view",
                    test_shared_view);
    g_test_add_func("/memory/flatview/a-view-pins-owners-until-a-grace-period",
                    test_owner_pinned);
    g_test_add_func("/memory/flatview/random-transactions-agree-with-the-slow-walk",
                    test_random);
    g_test_add_func("/memory/flatview/thousand-ranges-update-in-place", test_many);
    ret = g_test_run();
    bql_unlock();
    return ret;
}
