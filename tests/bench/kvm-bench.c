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

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { STORE_LOOP = 16, COALESCED_LOOP = 6, ROUNDS = 7 };

static double now_us(void)
{
    return (double)g_get_monotonic_time();
}

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
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

/* A map of @n pages with slots of their own and one more that comes and goes. */
typedef struct Map {
    TestOwner *root, *ram, *page;
    AddressSpace as;
    FakeKvm fake;
    KvmSlots slots;
    unsigned n;
} Map;

static const KvmSlotLimits limits = { .max_slots = 16384,
                                      .phys_bits = 48,
                                      .readonly = true };

static Map *map_new(unsigned n)
{
    Map *m = g_new0(Map, 1);

    m->n = n;
    m->root = test_container("root", UINT64_MAX);
    m->ram = test_ram("ram", 0x1000);
    m->page = test_ram("page", 0x1000);
    address_space_init(&m->as, &m->root->mr, "bench");
    memory_region_transaction_begin();
    for (unsigned i = 0; i < n; i++) {
        TestOwner *alias = test_alias("alias", m->ram, 0, 0x1000);

        memory_region_add_subregion(&m->root->mr, (hwaddr)i * 0x2000, &alias->mr);
    }
    memory_region_add_subregion(&m->root->mr, (hwaddr)(n / 2) * 0x2000 + 0x1000,
                                &m->page->mr);
    memory_region_transaction_commit();
    fake_kvm_init(&m->fake, limits.max_slots);
    m->fake.slow_checks = false;
    kvm_slots_init(&m->slots, &m->fake.ops, &limits, &m->as, 0, "bench");
    g_assert_cmpuint(kvm_slots_count(&m->slots), ==, n + 1);
    return m;
}

/* Nanoseconds of this thread's time for one change. */
static double map_change(Map *m, unsigned times)
{
    double begin = cpu_ns(), ns;

    for (unsigned i = 0; i < times; i++) {
        memory_region_set_enabled(&m->page->mr, i & 1);
        fake_kvm_new_commit(&m->fake);
    }
    ns = (cpu_ns() - begin) / times;
    /* A guest's changes are accesses of their own: what they left behind is freed
     * between them. */
    test_drain();
    return ns;
}

/* Medians of many short turns, one size after the other. */
static void bench_commits(void)
{
    static const unsigned sizes[] = { 10, 100, 1000, 10000 };
    enum { SIZES = G_N_ELEMENTS(sizes), TURNS = 101, CHANGES = 100 };
    static double ns[SIZES][TURNS], ratio[SIZES][TURNS];
    Map *map[SIZES];

    for (unsigned s = 0; s < SIZES; s++) {
        map[s] = map_new(sizes[s]);
    }
    for (unsigned k = 0; k < TURNS; k++) {
        for (unsigned s = 0; s < SIZES; s++) {
            map_change(map[s], 4); /* as cold as the first of a burst is */
            ns[s][k] = map_change(map[s], CHANGES);
            ratio[s][k] = ns[s][k] / ns[0][k];
        }
    }
    printf("commit of one changed page, fake KVM: medians of %u turns\n", TURNS);
    for (unsigned s = 0; s < SIZES; s++) {
        double r = median(ratio[s], TURNS);

        printf(
            "  beside %5u slots: %6.2f us (%.2fx; a tenth of the turns above %.2fx)\n",
            sizes[s], median(ns[s], TURNS) / 1000, r, ratio[s][TURNS * 9 / 10]);
    }
}

/* A BAR that visits each hole of the map once: everything it meets is cold. */
static void bench_moves(void)
{
    printf("moves of a BAR through a map of N slots, fake KVM\n");
    for (unsigned n = 64; n <= 4096; n *= 4) {
        Map *m = map_new(n);
        double begin, ns = 0;

        m->fake.n_set = 0;
        for (unsigned i = 0; i < n; i++) {
            begin = cpu_ns();
            memory_region_set_address(&m->page->mr, (hwaddr)i * 0x2000 + 0x1000);
            ns += cpu_ns() - begin;
            fake_kvm_new_commit(&m->fake);
            if (i % 64 == 0) {
                test_drain();
            }
        }
        printf("  N %4u: %6.2f us and %.2f ioctls a move\n", n, ns / 1000 / n,
               (double)m->fake.n_set / n);
        kvm_slots_finalize(&m->slots);
    }
}

/* --- The kernel's own cost -----------------------------------------------------------
 */

static int set_slot(int vm, unsigned id, hwaddr at, void *host, uint64_t size)
{
    struct kvm_userspace_memory_region r = { .slot = id,
                                             .guest_phys_addr = at,
                                             .memory_size = size,
                                             .userspace_addr = (uintptr_t)host };

    return ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r);
}

/* Nothing but ioctls: one slot comes and goes beside @n. */
static void bench_kernel_at(int vm, unsigned n, void *host)
{
    enum { TURNS = 21, CHANGES = 20 };
    double us[TURNS];

    for (unsigned k = 0; k < TURNS; k++) {
        double begin = now_us();

        for (unsigned i = 0; i < CHANGES; i++) {
            if (set_slot(vm, n, (hwaddr)(n / 2) * 0x2000 + 0x1000, host,
                         i & 1 ? 0 : 0x1000)) {
                printf("  refused\n");
                return;
            }
        }
        us[k] = (now_us() - begin) / CHANGES;
    }
    printf("  beside %5u slots: %8.2f us a change\n", n, median(us, TURNS));
}

static void bench_kernel(void)
{
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;
    void *host = aligned_alloc(0x1000, 0x1000);
    unsigned have = 0;

    vm = fd < 0 ? -1 : ioctl(fd, KVM_CREATE_VM, 0);
    if (vm < 0) {
        printf("the kernel's slots: skipped: no KVM\n");
        return;
    }
    printf("KVM_SET_USER_MEMORY_REGION in the kernel, no program around it\n");
    for (unsigned n = 10; n <= 10000; n *= 10) {
        for (; have < n; have++) {
            if (set_slot(vm, have, (hwaddr)have * 0x2000, host, 0x1000)) {
                printf("  no more than %u slots\n", have);
                return;
            }
        }
        bench_kernel_at(vm, n, host);
    }
    close(vm);
    close(fd);
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
    bench_moves();
    bench_kernel();
    if (rig) {
        bench_exits();
    } else {
        printf("exits: skipped: %s\n", why);
    }
    fflush(stdout);
    _exit(0);
}
