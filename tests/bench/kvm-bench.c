/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kvm-bench [IMAGE [ACCEL_OPTIONS]]: what the accelerator adds to the kernel's own
 * cost, as ratios within one run; the numbers are in docs/performance.md. IMAGE is
 * exits.bin of tests/kvm; without it, or without KVM, only the slots are measured (on a
 * fake KVM).
 */
#include "../kvm/kvm-rig.h"
#include "../unit/accel/fake-kvm.h"
#include "../unit/memory/memory-test.h"

#include "util/bql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { STORE_LOOP = 16, COALESCED_LOOP = 6, ROUNDS = 7 };

static double now_us(void)
{
    return (double)g_get_monotonic_time();
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *v, unsigned n)
{
    qsort(v, n, sizeof(*v), compare_doubles);
    return v[n / 2];
}

/* --- Commits -------------------------------------------------------------------------
 */

/* Microseconds for one change of one page beside @n slots; the best of some rounds. */
static double commit_cost(unsigned n)
{
    static const KvmSlotLimits limits = { .max_slots = 16384,
                                          .phys_bits = 48,
                                          .readonly = true };
    TestOwner *root = test_container("root", UINT64_MAX), *ram, *page;
    TestOwner **alias = g_new(TestOwner *, n);
    AddressSpace as;
    FakeKvm fake;
    KvmSlots slots;
    enum { CHANGES = 2000 };
    double v[ROUNDS];

    ram = test_ram("ram", 0x1000);
    page = test_ram("page", 0x1000);
    address_space_init(&as, &root->mr, "bench");
    memory_region_transaction_begin();
    for (unsigned i = 0; i < n; i++) {
        alias[i] = test_alias("alias", ram, 0, 0x1000);
        memory_region_add_subregion(&root->mr, (hwaddr)i * 0x2000, &alias[i]->mr);
    }
    memory_region_add_subregion(&root->mr, (hwaddr)(n / 2) * 0x2000 + 0x1000,
                                &page->mr);
    memory_region_transaction_commit();
    fake_kvm_init(&fake, limits.max_slots);
    fake.slow_checks = false;
    kvm_slots_init(&slots, &fake.ops, &limits, &as, 0, "bench");
    g_assert_cmpuint(kvm_slots_count(&slots), ==, n + 1);
    for (unsigned k = 0; k < ROUNDS; k++) {
        double begin = now_us();

        for (unsigned i = 0; i < CHANGES; i++) {
            memory_region_set_enabled(&page->mr, i & 1);
            fake_kvm_new_commit(&fake);
        }
        v[k] = (now_us() - begin) / CHANGES;
        test_drain();
    }
    kvm_slots_finalize(&slots);
    fake_kvm_destroy(&fake);
    address_space_destroy(&as);
    qsort(v, ROUNDS, sizeof(*v), compare_doubles);
    return v[0];
}

static void bench_commits(void)
{
    static const unsigned sizes[] = { 10, 100, 1000, 10000 };
    double first = 0;

    printf("commit of one changed page, fake KVM\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        double us = commit_cost(sizes[i]);

        first = first > 0 ? first : us;
        printf("  beside %5u slots: %6.2f us (%.2fx)\n", sizes[i], us, us / first);
    }
}

/* --- Exits ---------------------------------------------------------------------------
 */

static KvmRig *rig;

static void set_count(uint32_t n)
{
    memcpy(rig->ram_ptr + 0x5000, &n, 4);
}

/* Nothing but KVM_RUN, on the vCPU's own thread, until the program writes to port f4.
 */
static void bare_loop(VCPU *cpu, void *opaque)
{
    KvmVcpu *kv = kvm_vcpu(cpu);
    double begin, *us = opaque;

    if (!kvm_accel()->arch->put_registers(cpu, VCPU_STATE_RESET)) {
        abort();
    }
    begin = now_us();
    for (;;) {
        if (ioctl(kv->fd, KVM_RUN, NULL) < 0) {
            kv->run->immediate_exit = 0;
            kv->kicked = 0;
        } else if (kv->run->exit_reason == KVM_EXIT_IO) {
            break;
        } else if (kv->run->exit_reason != KVM_EXIT_MMIO) {
            abort();
        }
    }
    *us = now_us() - begin;
}

static double run_store_loop(unsigned program, uint32_t n)
{
    double begin;

    rig_prepare(rig, program);
    set_count(n);
    begin = now_us();
    vcpu_resume_all();
    rig_wait(rig);
    g_assert_cmpint(rig->status, ==, 0);
    return now_us() - begin;
}

static void bench_exits(void)
{
    enum { STORES = 20000 };
    double bare[ROUNDS], ours[ROUNDS], ring[ROUNDS], b, o, c;
    uint64_t exits = 0;

    for (unsigned k = 0; k < ROUNDS; k++) {
        rig_prepare(rig, STORE_LOOP);
        set_count(STORES);
        vcpu_run_on(rig->vcpu, bare_loop, &bare[k]);
        ours[k] = run_store_loop(STORE_LOOP, STORES);
    }
    b = median(bare, ROUNDS) / STORES;
    o = median(ours, ROUNDS) / STORES;
    printf("store to a register, %d times\n", STORES);
    printf("  bare KVM_RUN loop: %6.2f us\n  this program:      %6.2f us (%.2fx)\n", b,
           o, o / b);
    if (!kvm_accel()->coalesced) {
        return;
    }
    for (unsigned k = 0; k < ROUNDS; k++) {
        uint64_t before = rig_exits(rig, KVM_EXIT_MMIO);

        ring[k] = run_store_loop(COALESCED_LOOP, 100);
        exits += rig_exits(rig, KVM_EXIT_MMIO) - before;
        coalesced_mmio_flush();
    }
    c = median(ring, ROUNDS) / 100;
    printf("coalesced store: %.2f us with start and end, %u exits in %d stores\n", c,
           (unsigned)exits, 100 * ROUNDS);
}

int main(int argc, char **argv)
{
    const char *why = "no image given";

    bql_lock();
    if (argc > 1) {
        rig = rig_new(argc > 2 ? argv[2] : NULL, argv[1], &why);
    } else {
        memory_core_init();
    }
    bench_commits();
    if (rig) {
        bench_exits();
    } else {
        printf("exits: skipped: %s\n", why);
    }
    fflush(stdout);
    _exit(0);
}
