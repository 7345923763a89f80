/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Micro bench of the memory core: what a lookup costs in a view of 1000 ranges, and
 * what a PAM flip costs beside 8, 64, 232 and 1000 PCI functions. Prints one line per
 * number; the curve of the flips should be flat.
 *
 *     ninja -C build tests/bench/memory-bench && build/tests/bench/memory-bench
 */
#include "memory/memory.h"
#include "util/bql.h"
#include "util/rcu.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct Owner {
    Object parent_obj;
    MemoryRegion mr, bar[2], container, master;
    AddressSpace as;
} Owner;

static const TypeInfo owner_info = {
    .name = "bench-owner",
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(Owner),
};
TYPE_REGISTER(owner_info);

static uint64_t dev_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0;
}

static void dev_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

static const MemoryRegionOps dev_ops = {
    .read = dev_read,
    .write = dev_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
};

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static Owner *owner_new(void)
{
    return (Owner *)object_new("bench-owner");
}

/* --- Lookup -------------------------------------------------------------------------
 */

#define N_RANGES 1000
#define N_LOOKUP 5000000

static void bench_lookup(void)
{
    Owner *root = owner_new();
    AddressSpace as;
    uint64_t sum = 0;
    double begin;
    hwaddr *addr = g_new(hwaddr, 4096);

    memory_region_init(&root->mr, OBJECT(root), "root", UINT64_MAX);
    address_space_init(&as, &root->mr, "bench");
    memory_region_transaction_begin();
    for (int i = 0; i < N_RANGES; i++) {
        Owner *o = owner_new();
        bool ok =
            memory_region_init_ram(&o->mr, OBJECT(o), "ram", 0x1000, &error_abort);

        g_assert_true(ok);
        memory_region_add_subregion(&root->mr, 0x10000 + (hwaddr)i * 0x2000, &o->mr);
    }
    memory_region_transaction_commit();
    for (int i = 0; i < 4096; i++) {
        addr[i] = 0x10000 + (hwaddr)(rand() % N_RANGES) * 0x2000 + 0x123;
    }
    rcu_read_lock();
    begin = now_ns();
    for (int i = 0; i < N_LOOKUP; i++) {
        void *host;
        ram_addr_t ram_addr;
        bool readonly;

        sum += address_space_lookup_page(&as, addr[0], MEMTXATTRS_UNSPECIFIED, &host,
                                         &ram_addr, &readonly);
    }
    printf("lookup, warm last hit:      %7.1f ns\n", (now_ns() - begin) / N_LOOKUP);
    begin = now_ns();
    for (int i = 0; i < N_LOOKUP; i++) {
        void *host;
        ram_addr_t ram_addr;
        bool readonly;

        sum += address_space_lookup_page(&as, addr[i & 4095], MEMTXATTRS_UNSPECIFIED,
                                         &host, &ram_addr, &readonly);
    }
    printf("lookup, random range:       %7.1f ns\n", (now_ns() - begin) / N_LOOKUP);
    rcu_read_unlock();
    begin = now_ns();
    for (int i = 0; i < N_LOOKUP; i++) {
        sum += address_space_ldl_le(&as, 0x10000, MEMTXATTRS_UNSPECIFIED, NULL);
    }
    printf("ldl of RAM:                 %7.1f ns\n", (now_ns() - begin) / N_LOOKUP);
    begin = now_ns();
    for (int i = 0; i < N_LOOKUP; i++) {
        address_space_stl_le(&as, 0x10000, 1, MEMTXATTRS_UNSPECIFIED, NULL);
    }
    printf("stl of RAM:                 %7.1f ns\n", (now_ns() - begin) / N_LOOKUP);
    if (sum == 1) {
        puts("");
    }
    g_free(addr);
}

/* --- Flips --------------------------------------------------------------------------
 */

#define N_FLIPS 2000

typedef struct Pc {
    Owner *system, *pci, *ram, *low, *pam_ram, *pam_pci, *smm, *smm_alias;
} Pc;

static Pc make_pc(void)
{
    Pc pc = { owner_new(), owner_new(), owner_new(), owner_new(),
              owner_new(), owner_new(), owner_new(), owner_new() };
    bool ok;

    memory_region_init(&pc.system->mr, OBJECT(pc.system), "system", UINT64_MAX);
    address_space_init(&pc.system->as, &pc.system->mr, "memory");
    memory_region_init(&pc.pci->mr, OBJECT(pc.pci), "pci", UINT64_MAX);
    ok = memory_region_init_ram(&pc.ram->mr, OBJECT(pc.ram), "pc.ram", 128 << 20,
                                &error_abort);
    g_assert_true(ok);
    memory_region_init_alias(&pc.low->mr, OBJECT(pc.low), "ram-below-4g", &pc.ram->mr,
                             0, 128 << 20);
    memory_region_init_alias(&pc.pam_ram->mr, OBJECT(pc.pam_ram), "pam-ram",
                             &pc.ram->mr, 0xc0000, 0x4000);
    memory_region_init_alias(&pc.pam_pci->mr, OBJECT(pc.pam_pci), "pam-pci",
                             &pc.pci->mr, 0xc0000, 0x4000);
    memory_region_add_subregion(&pc.system->mr, 0, &pc.low->mr);
    memory_region_add_subregion_overlap(&pc.system->mr, 0, &pc.pci->mr, -1);
    memory_region_add_subregion_overlap(&pc.system->mr, 0xc0000, &pc.pam_pci->mr, 1);
    memory_region_set_enabled(&pc.pam_ram->mr, false);
    memory_region_add_subregion_overlap(&pc.system->mr, 0xc0000, &pc.pam_ram->mr, 1);
    memory_region_init(&pc.smm->mr, OBJECT(pc.smm), "memory", UINT64_MAX);
    memory_region_init_alias(&pc.smm_alias->mr, OBJECT(pc.smm_alias), "memory",
                             &pc.system->mr, 0, UINT64_MAX);
    memory_region_init_io(&pc.smm->bar[0], OBJECT(pc.smm), &dev_ops, NULL, "smram",
                          0x20000);
    memory_region_add_subregion(&pc.smm->mr, 0, &pc.smm_alias->mr);
    memory_region_add_subregion_overlap(&pc.smm->mr, 0xa0000, &pc.smm->bar[0], 1);
    address_space_init(&pc.smm->as, &pc.smm->mr, "cpu-smm-0");
    return pc;
}

static Owner *add_function(Pc *pc, int i)
{
    Owner *o = owner_new();

    memory_region_init_io(&o->bar[0], OBJECT(o), &dev_ops, o, "bar", 0x100000);
    memory_region_init_io(&o->bar[1], OBJECT(o), &dev_ops, o, "msix", 0x1000);
    memory_region_init(&o->container, OBJECT(o), "bus master container", UINT64_MAX);
    memory_region_init_alias(&o->master, OBJECT(o), "bus master", &pc->system->mr, 0,
                             UINT64_MAX);
    memory_region_set_enabled(&o->master, false);
    memory_region_add_subregion(&o->container, 0, &o->master);
    address_space_init(&o->as, &o->container, "function");
    memory_region_add_subregion_overlap(&pc->pci->mr, 0x80000000 + (hwaddr)i * 0x200000,
                                        &o->bar[0], 1);
    memory_region_add_subregion_overlap(&pc->pci->mr, 0x80100000 + (hwaddr)i * 0x200000,
                                        &o->bar[1], 1);
    memory_region_set_enabled(&o->master, true);
    return o;
}

static void bench_flips(int functions)
{
    Pc pc = make_pc();
    double begin = now_ns(), flips, others;

    for (int i = 0; i < functions; i++) {
        add_function(&pc, i);
    }
    printf("%4d functions: %7.2f us to add one,", functions,
           (now_ns() - begin) / 1e3 / functions);
    begin = now_ns();
    for (int i = 0; i < N_FLIPS; i++) {
        memory_region_transaction_begin();
        memory_region_set_enabled(&pc.pam_ram->mr, !(i & 1));
        memory_region_set_enabled(&pc.pam_pci->mr, i & 1);
        memory_region_transaction_commit();
    }
    flips = now_ns() - begin;
    begin = now_ns();
    for (int i = 0; i < N_FLIPS; i++) {
        memory_region_transaction_begin();
        memory_region_set_enabled(&pc.pam_ram->mr, true);
        memory_region_set_enabled(&pc.pam_ram->mr, false);
        memory_region_transaction_commit();
    }
    others = now_ns() - begin;
    printf(" %6.2f us a PAM flip, %6.2f us a commit that changes nothing\n",
           flips / 1e3 / N_FLIPS, others / 1e3 / N_FLIPS);
    bql_unlock();
    rcu_barrier();
    bql_lock();
}

int main(void)
{
    static const int counts[] = { 8, 64, 232, 1000 };

    bql_lock();
    memory_core_init();
    bench_lookup();
    for (unsigned i = 0; i < G_N_ELEMENTS(counts); i++) {
        bench_flips(counts[i]);
    }
    bql_unlock();
    return 0;
}
