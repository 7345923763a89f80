/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers translate, read, write and map while a writer flips, hot-adds and removes.
 *
 * What would go wrong: a reader that sees a region whose owner is finalized finds its
 * magic gone (or is caught by ASan); an owner that is finalized twice or never shows in
 * the count; a missing barrier shows under TSan. Prints how much work was done: readers
 * that starve and writers that wait for ever are bugs too. A "vCPU" stays in its read
 * section until it is kicked.
 */
#include "memory/memory.h"
#include "util/bql.h"
#include "util/rcu.h"

#include <glib.h>
#include <string.h>

#define MAGIC    0x600dc0de
#define N_SLOTS  64
#define SLOT     0x2000
#define RAM_SIZE 0x10000

typedef struct Owner {
    Object parent_obj;
    uint32_t magic;
    MemoryRegion mr;
} Owner;

static int finalized; /* BQL */
static int rounds = 3000;

static void owner_finalize(Object *obj)
{
    Owner *o = (Owner *)obj;

    g_assert_true(bql_is_held());
    g_assert_cmphex(o->magic, ==, MAGIC);
    o->magic = 0xdead;
    finalized++;
}

static const TypeInfo owner_info = {
    .name = "torture-owner",
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(Owner),
    .instance_finalize = owner_finalize,
};
TYPE_REGISTER(owner_info);

static uint64_t dev_read(void *opaque, hwaddr offset, unsigned size)
{
    Owner *o = opaque;

    g_assert_cmphex(o->magic, ==, MAGIC);
    return o->magic;
}

static void dev_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
    g_assert_cmphex(((Owner *)opaque)->magic, ==, MAGIC);
}

static const MemoryRegionOps dev_ops = {
    .read = dev_read,
    .write = dev_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
};

typedef struct World {
    Owner *root, *ram, *slot[N_SLOTS];
    AddressSpace as;
    bool stop;   /* atomic */
    bool kicked; /* atomic: the vCPU has to leave its read section */
    uint64_t reads, maps, guest_loops;
} World;

static World w;

static Owner *owner_new(void)
{
    Owner *o = (Owner *)object_new("torture-owner");

    o->magic = MAGIC;
    return o;
}

static Owner *device_new(bool lockless)
{
    Owner *o = owner_new();

    memory_region_init_io(&o->mr, OBJECT(o), &dev_ops, o, "dev", SLOT / 2);
    if (lockless) {
        memory_region_clear_global_locking(&o->mr);
    }
    return o;
}

static Owner *dimm_new(void)
{
    Owner *o = owner_new();
    bool ok = memory_region_init_ram(&o->mr, OBJECT(o), "dimm", SLOT / 2, &error_abort);

    g_assert_true(ok);
    return o;
}

/* --- Readers ------------------------------------------------------------------------
 */

static hwaddr any_address(GRand *rand)
{
    return (hwaddr)g_rand_int_range(rand, 0, RAM_SIZE + N_SLOTS * SLOT) & ~(hwaddr)3;
}

static void *reader(void *unused)
{
    GRand *rand = g_rand_new();
    uint64_t reads = 0, maps = 0;

    while (!atomic_read(&w.stop)) {
        hwaddr addr = any_address(rand), len = 64;
        MemTxResult result;
        void *p;

        switch (g_rand_int_range(rand, 0, 4)) {
        case 0: {
            RCU_READ_LOCK_GUARD();
            MemoryRegionSection s = address_space_lookup(&w.as, addr);

            if (s.mr) {
                g_assert_cmphex(((Owner *)memory_region_owner(s.mr))->magic, ==, MAGIC);
            }
            break;
        }
        case 1:
            address_space_ldl_le(&w.as, addr, MEMTXATTRS_UNSPECIFIED, &result);
            break;
        case 2:
            address_space_stl_le(&w.as, addr, 1, MEMTXATTRS_UNSPECIFIED, &result);
            break;
        default:
            p = address_space_map(&w.as, addr, &len, true, MEMTXATTRS_UNSPECIFIED);
            if (p) {
                address_space_unmap(&w.as, p, len, true, 4);
                maps++;
            }
            break;
        }
        reads++;
    }
    g_rand_free(rand);
    atomic_fetch_add(&w.reads, reads);
    atomic_fetch_add(&w.maps, maps);
    return NULL;
}

/* Executes "guest code" on a host pointer that it keeps until it is kicked. */
static void *vcpu(void *unused)
{
    uint64_t loops = 0;
    uint32_t sum = 0;

    while (!atomic_read(&w.stop)) {
        RCU_READ_LOCK_GUARD();
        void *host[4];
        unsigned n = 0;

        for (hwaddr addr = RAM_SIZE; n < 4 && addr < RAM_SIZE + N_SLOTS * SLOT;
             addr += SLOT) {
            ram_addr_t ram_addr;
            bool readonly;

            n += address_space_lookup_page(&w.as, addr, MEMTXATTRS_UNSPECIFIED,
                                           &host[n], &ram_addr, &readonly);
        }
        while (!atomic_load_acquire(&w.kicked) && !atomic_read(&w.stop)) {
            for (unsigned i = 0; i < n; i++) {
                sum += __atomic_load_n((uint32_t *)host[i], __ATOMIC_RELAXED);
            }
            loops++;
        }
        atomic_set(&w.kicked, false);
    }
    w.guest_loops = loops + (sum & 0);
    return NULL;
}

static void kick(void)
{
    atomic_store_release(&w.kicked, true);
}

/* --- The writer ---------------------------------------------------------------------
 */

static void change_slot(int i, int *made)
{
    Owner *o = w.slot[i];

    if (o && g_test_rand_int_range(0, 2)) {
        memory_region_set_enabled(&o->mr, !memory_region_is_enabled(&o->mr));
        return;
    }
    if (o) {
        memory_region_del_subregion(&w.root->mr, &o->mr);
        object_unref(o);
        w.slot[i] = NULL;
        return;
    }
    w.slot[i] = o = g_test_rand_int_range(0, 3) ? device_new(i & 1) : dimm_new();
    memory_region_add_subregion_overlap(&w.root->mr, RAM_SIZE + (hwaddr)i * SLOT,
                                        &o->mr, 1);
    ++*made;
}

static void writer(int *made)
{
    for (int round = 0; round < rounds; round++) {
        bql_lock();
        memory_region_transaction_begin();
        for (int n = g_test_rand_int_range(1, 4); n > 0; n--) {
            change_slot(g_test_rand_int_range(0, N_SLOTS), made);
        }
        memory_region_transaction_commit();
        bql_unlock();
        if (round % 500 == 0) {
            synchronize_rcu();
        }
    }
}

static void test_memory(void)
{
    pthread_t readers[3], guest;
    int made = 2;

    bql_lock();
    memory_core_init();
    w.root = owner_new();
    memory_region_init(&w.root->mr, OBJECT(w.root), "root", UINT64_MAX);
    w.ram = owner_new();
    bool ok = memory_region_init_ram(&w.ram->mr, OBJECT(w.ram), "ram", RAM_SIZE,
                                     &error_abort);
    g_assert_true(ok);
    address_space_init(&w.as, &w.root->mr, "torture");
    memory_region_add_subregion(&w.root->mr, 0, &w.ram->mr);
    bql_unlock();
    rcu_set_kick_hook(kick);
    for (int i = 0; i < 3; i++) {
        pthread_create(&readers[i], NULL, reader, NULL);
    }
    pthread_create(&guest, NULL, vcpu, NULL);
    writer(&made);
    atomic_set(&w.stop, true);
    for (int i = 0; i < 3; i++) {
        pthread_join(readers[i], NULL);
    }
    pthread_join(guest, NULL);
    bql_lock();
    for (int i = 0; i < N_SLOTS; i++) {
        if (w.slot[i]) {
            memory_region_del_subregion(&w.root->mr, &w.slot[i]->mr);
            object_unref(w.slot[i]);
        }
    }
    address_space_destroy(&w.as);
    object_unref(w.root);
    object_unref(w.ram);
    bql_unlock();
    /* Owners of maps that ended late go one callback later. */
    rcu_barrier();
    rcu_barrier();
    g_assert_cmpint(finalized, ==, made);
    g_assert_cmpuint(w.reads, >, 0);
    g_test_message("%lu accesses, %lu maps, %lu guest loops, %d owners", w.reads,
                   w.maps, w.guest_loops, made);
    rcu_set_kick_hook(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (g_test_slow()) {
        rounds = 100000;
    }
    g_test_add_func("/torture/memory/readers-against-hotplug", test_memory);
    return g_test_run();
}
