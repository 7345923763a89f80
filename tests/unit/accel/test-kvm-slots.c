/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory slots against the flat view, on a fake KVM: cases by hand, then random trees
 * under random transactions. S1 to S4 of accel/kvm/slots.c, D1 of dirty.c.
 */
#include "fake-kvm.h"

#include "../memory/memory-test.h"

#include <string.h>

typedef struct Rig {
    MemoryListener listener; /* first: tells the fake where a commit begins */
    FakeKvm fake;
    KvmSlots slots;
    AddressSpace as;
    TestOwner *root;
} Rig;

static const KvmSlotLimits limits = {
    .max_slots = 509, .phys_bits = 40, .readonly = true, .manual_dirty = true
};

static void commit_begins(MemoryListener *l)
{
    fake_kvm_new_commit(&((Rig *)l)->fake);
}

static Rig *rig_new(const KvmSlotLimits *l)
{
    Rig *rig = g_new0(Rig, 1);

    rig->root = test_container("root", UINT64_MAX);
    address_space_init(&rig->as, &rig->root->mr, "as");
    fake_kvm_init(&rig->fake, l->max_slots);
    rig->listener.name = "commit";
    rig->listener.begin = commit_begins;
    memory_listener_register(&rig->listener, &rig->as);
    kvm_slots_init(&rig->slots, &rig->fake.ops, l, &rig->as, 0, "test");
    return rig;
}

static void rig_free(Rig *rig)
{
    kvm_slots_finalize(&rig->slots);
    memory_listener_unregister(&rig->listener);
    fake_kvm_destroy(&rig->fake);
    address_space_destroy(&rig->as);
    object_unref(rig->root);
    g_free(rig);
}

static void put(TestOwner *parent, hwaddr addr, TestOwner *child, int priority)
{
    memory_region_add_subregion_overlap(&parent->mr, addr, &child->mr, priority);
}

static void check(Rig *rig)
{
    fake_kvm_check(&rig->fake, &rig->slots, &rig->as);
}

static void test_split(void)
{
    Rig *rig = rig_new(&limits);
    TestOwner *ram = test_ram("ram", 0x100000), *io = test_io("io", 0x1000);
    const KvmSlot *slot;

    put(rig->root, 0, ram, 0);
    check(rig);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 1);
    g_assert_cmpuint(rig->fake.n_pauses, ==, 0);
    put(rig->root, 0x8000, io, 1);
    check(rig);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 2);
    /* The old slot went and parts of it came back: nobody may run in between. */
    g_assert_cmpuint(rig->fake.n_pauses, ==, 1);
    slot = kvm_slots_find(&rig->slots, 0x9000);
    g_assert_nonnull(slot);
    g_assert_cmphex(slot->start, ==, 0x9000);
    g_assert_null(kvm_slots_find(&rig->slots, 0x8000));
    memory_region_set_enabled(&io->mr, false);
    check(rig);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 1);
    memory_region_del_subregion(&rig->root->mr, &ram->mr);
    memory_region_del_subregion(&rig->root->mr, &io->mr);
    rig_free(rig);
    object_unref(ram);
    object_unref(io);
}

static void test_part_of_a_page(void)
{
    Rig *rig = rig_new(&limits);
    TestOwner *ram = test_ram("ram", 0x10000), *io = test_io("io", 0x10);

    put(rig->root, 0x100000, ram, 0);
    put(rig->root, 0x104ff0, io, 1);
    check(rig);
    /* The page with the registers belongs to no slot. */
    g_assert_null(kvm_slots_find(&rig->slots, 0x104000));
    g_assert_nonnull(kvm_slots_find(&rig->slots, 0x103fff));
    g_assert_nonnull(kvm_slots_find(&rig->slots, 0x105000));
    memory_region_set_address(&io->mr, 0x104ff8);
    check(rig);
    g_assert_null(kvm_slots_find(&rig->slots, 0x104000));
    g_assert_null(kvm_slots_find(&rig->slots, 0x105000));
    memory_region_del_subregion(&rig->root->mr, &ram->mr);
    memory_region_del_subregion(&rig->root->mr, &io->mr);
    rig_free(rig);
    object_unref(ram);
    object_unref(io);
}

static void test_merge(void)
{
    Rig *rig = rig_new(&limits);
    TestOwner *ram = test_ram("ram", 0x10000);
    TestOwner *a = test_alias("a", ram, 0, 0x1800),
              *b = test_alias("b", ram, 0x1800, 0x2800);

    /* Two ranges that differ in an attribute that KVM does not know. */
    memory_region_set_nonvolatile(&b->mr, true);
    put(rig->root, 0x1000, a, 0);
    put(rig->root, 0x2800, b, 0);
    check(rig);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 1);
    g_assert_cmphex(kvm_slots_find(&rig->slots, 0x2000)->size, ==, 0x4000);
    memory_region_set_readonly(&b->mr, true);
    check(rig);
    g_assert_null(kvm_slots_find(&rig->slots, 0x2000));
    g_assert_true(kvm_slots_find(&rig->slots, 0x3000)->readonly);
    memory_region_del_subregion(&rig->root->mr, &a->mr);
    memory_region_del_subregion(&rig->root->mr, &b->mr);
    rig_free(rig);
    object_unref(a);
    object_unref(b);
    object_unref(ram);
}

static void test_misaligned(void)
{
    Rig *rig = rig_new(&limits);
    TestOwner *ram = test_ram("ram", 0x10000), *a = test_alias("a", ram, 0x800, 0x8000);

    put(rig->root, 0x1000, a, 0);
    check(rig);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 0);
    memory_region_set_address(&a->mr, 0x1800);
    check(rig);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 1);
    memory_region_del_subregion(&rig->root->mr, &a->mr);
    rig_free(rig);
    object_unref(a);
    object_unref(ram);
}

static void test_rom_device(void)
{
    Rig *rig = rig_new(&limits);
    TestOwner *rom = test_owner_new();
    bool ok = memory_region_init_rom_device(&rom->mr, OBJECT(rom), &test_io_ops, rom,
                                            "flash", 0x10000, &error_abort);

    g_assert_true(ok);
    put(rig->root, 0x1000, rom, 0);
    check(rig);
    g_assert_true(kvm_slots_find(&rig->slots, 0x1000)->readonly);
    memory_region_rom_device_set_romd(&rom->mr, false);
    check(rig);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 0);
    memory_region_rom_device_set_romd(&rom->mr, true);
    check(rig);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 1);
    memory_region_del_subregion(&rig->root->mr, &rom->mr);
    rig_free(rig);
    object_unref(rom);
}

static void test_no_readonly_slots(void)
{
    KvmSlotLimits l = limits;
    Rig *rig;
    TestOwner *rom = test_ram("rom", 0x10000);

    l.readonly = false;
    rig = rig_new(&l);
    put(rig->root, 0x1000, rom, 0);
    memory_region_set_readonly(&rom->mr, true);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 0);
    memory_region_set_readonly(&rom->mr, false);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 1);
    memory_region_del_subregion(&rig->root->mr, &rom->mr);
    rig_free(rig);
    object_unref(rom);
}

/* --- Limits --------------------------------------------------------------------------
 */

static void test_pre_plug(void)
{
    KvmSlotLimits l = limits;
    TestOwner *ram[3];
    Rig *rig;
    Error *err = NULL;

    l.max_slots = 2;
    rig = rig_new(&l);
    for (int i = 0; i < 3; i++) {
        ram[i] = test_ram("dimm", 0x1000);
        if (i < 2) {
            g_assert_true(memory_listeners_pre_plug(&rig->as, &ram[i]->mr, i * 0x10000,
                                                    &error_abort));
            put(rig->root, i * 0x10000, ram[i], 0);
        }
    }
    g_assert_false(memory_listeners_pre_plug(&rig->as, &ram[2]->mr, 0x20000, &err));
    g_assert_cmpstr(error_get_message(err), ==,
                    "hypervisor has no free memory slots left");
    g_clear_pointer(&err, error_free);
    check(rig);
    memory_region_del_subregion(&rig->root->mr, &ram[0]->mr);
    g_assert_true(
        memory_listeners_pre_plug(&rig->as, &ram[2]->mr, 0x20000, &error_abort));
    g_assert_false(
        memory_listeners_pre_plug(&rig->as, &ram[2]->mr, (1ull << 40) - 0x800, &err));
    g_assert_nonnull(strstr(error_get_message(err), "40 address bits"));
    error_free(err);
    memory_region_del_subregion(&rig->root->mr, &ram[1]->mr);
    rig_free(rig);
    for (int i = 0; i < 3; i++) {
        object_unref(ram[i]);
    }
}

static unsigned messages;

static void count_message(void *opaque, const char *text)
{
    messages++;
}

/* Slots that run out without a question are no abort, and come when there is room. */
static void test_out_of_slots(void)
{
    KvmSlotLimits l = limits;
    TestOwner *ram[4];
    Rig *rig;

    l.max_slots = 3;
    rig = rig_new(&l);
    error_set_thread_sink(count_message, NULL);
    messages = 0;
    for (int i = 0; i < 4; i++) {
        ram[i] = test_ram("ram", 0x1000);
        put(rig->root, i * 0x10000, ram[i], 0);
    }
    error_set_thread_sink(NULL, NULL);
    g_assert_cmpuint(messages, >, 0);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 3);
    g_assert_null(kvm_slots_find(&rig->slots, 0x30000));
    memory_region_set_enabled(&ram[1]->mr, false);
    g_assert_nonnull(kvm_slots_find(&rig->slots, 0x30000));
    check(rig);
    for (int i = 0; i < 4; i++) {
        memory_region_del_subregion(&rig->root->mr, &ram[i]->mr);
    }
    rig_free(rig);
    for (int i = 0; i < 4; i++) {
        object_unref(ram[i]);
    }
}

static void test_kernel_refuses(void)
{
    Rig *rig = rig_new(&limits);
    TestOwner *ram = test_ram("ram", 0x10000), *other = test_ram("other", 0x1000);

    error_set_thread_sink(count_message, NULL);
    messages = 0;
    rig->fake.fail_set_after = 1;
    put(rig->root, 0, ram, 0);
    error_set_thread_sink(NULL, NULL);
    g_assert_cmpuint(messages, >, 0);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 0);
    put(rig->root, 0x100000, other, 0);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 2);
    check(rig);
    memory_region_del_subregion(&rig->root->mr, &ram->mr);
    memory_region_del_subregion(&rig->root->mr, &other->mr);
    rig_free(rig);
    object_unref(ram);
    object_unref(other);
}

static void test_huge(void)
{
    Rig *rig = rig_new(&limits);
    TestOwner *ram = test_owner_new();
    static uint8_t page[KVM_PAGE_SIZE] __attribute__((aligned(4096)));

    /* Nobody touches it: the size alone matters. */
    memory_region_init_ram_ptr(&ram->mr, OBJECT(ram), "huge", 3 * KVM_SLOT_MAX_BYTES,
                               page);
    put(rig->root, 0x1000, ram, 0);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 4);
    memory_region_set_address(&ram->mr, 0);
    g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 3);
    memory_region_del_subregion(&rig->root->mr, &ram->mr);
    rig_free(rig);
    object_unref(ram);
}

/* --- Dirty logs ----------------------------------------------------------------------
 */

static bool take_dirty(TestOwner *ram, hwaddr offset, uint64_t size)
{
    DirtyBitmapSnapshot *snap = memory_region_snapshot_and_clear_dirty(
        &ram->mr, offset, size, DIRTY_MEMORY_VGA);
    bool dirty = memory_region_snapshot_get_dirty(&ram->mr, snap, offset, size);

    dirty_bitmap_snapshot_free(snap);
    return dirty;
}

static void test_dirty_log(void)
{
    Rig *rig = rig_new(&limits);
    TestOwner *ram = test_ram("vram", 0x200000);

    put(rig->root, 0x100000, ram, 0);
    memory_region_set_log(&ram->mr, true, DIRTY_MEMORY_VGA);
    check(rig);
    g_assert_true(kvm_slots_find(&rig->slots, 0x100000)->log);
    take_dirty(ram, 0, 0x200000);
    g_assert_false(take_dirty(ram, 0, 0x200000));
    /* Page 1, then pages around it are asked for: not aligned to 64 pages. */
    g_assert_true(fake_kvm_guest_write(&rig->fake, 0x101234));
    g_assert_false(take_dirty(ram, 0x5000, 0x3000));
    g_assert_true(take_dirty(ram, 0x1000, 0x1000));
    g_assert_false(take_dirty(ram, 0x1000, 0x1000));
    g_assert_true(fake_kvm_guest_write(&rig->fake, 0x101234));
    g_assert_true(take_dirty(ram, 0, 0x200000));
    /* A slot that goes hands its log over first. */
    g_assert_true(fake_kvm_guest_write(&rig->fake, 0x2ff000));
    memory_region_set_address(&ram->mr, 0x800000);
    check(rig);
    g_assert_true(take_dirty(ram, 0x1ff000, 0x1000));
    g_assert_true(fake_kvm_guest_write(&rig->fake, 0x9ff000));
    memory_region_set_log(&ram->mr, false, DIRTY_MEMORY_VGA);
    check(rig);
    g_assert_false(kvm_slots_find(&rig->slots, 0x800000)->log);
    g_assert_true(take_dirty(ram, 0x1ff000, 0x1000));
    memory_region_del_subregion(&rig->root->mr, &ram->mr);
    rig_free(rig);
    object_unref(ram);
}

/* D1: written between the fetch and the clear of a page that was clean at the fetch. */
static void test_dirty_between(void)
{
    Rig *rig = rig_new(&limits);
    TestOwner *ram = test_ram("vram", 0x40000);
    const KvmSlot *slot;

    put(rig->root, 0, ram, 0);
    memory_region_set_log(&ram->mr, true, DIRTY_MEMORY_VGA);
    take_dirty(ram, 0, 0x40000);
    slot = kvm_slots_find(&rig->slots, 0);
    kvm_slot_sync_dirty(&rig->slots, (KvmSlot *)slot);
    fake_kvm_guest_write(&rig->fake, 0x3000);
    memory_region_reset_dirty(&ram->mr, 0, 0x40000, DIRTY_MEMORY_VGA);
    g_assert_true(take_dirty(ram, 0x3000, 0x1000));
    memory_region_set_log(&ram->mr, false, DIRTY_MEMORY_VGA);
    memory_region_del_subregion(&rig->root->mr, &ram->mr);
    rig_free(rig);
    object_unref(ram);
}

static void test_migration_log(void)
{
    Rig *rig = rig_new(&limits);
    TestOwner *ram = test_ram("ram", 0x40000);
    ram_addr_t at = memory_region_get_ram_addr(&ram->mr);

    put(rig->root, 0, ram, 0);
    memory_global_dirty_log_start();
    check(rig);
    g_assert_true(kvm_slots_find(&rig->slots, 0)->log);
    ram_dirty_test_and_clear(at, 0x40000, DIRTY_MEMORY_MIGRATION);
    fake_kvm_guest_write(&rig->fake, 0x7000);
    g_assert_false(ram_dirty_get(at, 0x40000, DIRTY_MEMORY_MIGRATION));
    memory_global_dirty_log_sync();
    g_assert_true(ram_dirty_get(at + 0x7000, 0x1000, DIRTY_MEMORY_MIGRATION));
    g_assert_false(ram_dirty_get(at, 0x7000, DIRTY_MEMORY_MIGRATION));
    memory_global_dirty_log_stop();
    check(rig);
    g_assert_false(kvm_slots_find(&rig->slots, 0)->log);
    memory_region_del_subregion(&rig->root->mr, &ram->mr);
    rig_free(rig);
    object_unref(ram);
}

/* --- Random --------------------------------------------------------------------------
 */

enum { N_REGIONS = 24, SPACE_PAGES = 64 };

static hwaddr random_addr(void)
{
    hwaddr addr = (hwaddr)g_test_rand_int_range(0, SPACE_PAGES) * KVM_PAGE_SIZE;

    return g_test_rand_int_range(0, 4) ? addr : addr + g_test_rand_int_range(0, 4096);
}

static TestOwner *random_region(TestOwner **rams, int i)
{
    uint64_t size = (uint64_t)g_test_rand_int_range(1, 12) * 0x1000;

    if (!g_test_rand_int_range(0, 3)) {
        size += g_test_rand_int_range(1, 0x1000);
    }
    switch (i % 4) {
    case 0:
        return test_io("io", size);
    case 1:
    case 2:
        return test_alias("alias", rams[i % 3],
                          (hwaddr)g_test_rand_int_range(0, 16) *
                              (g_test_rand_int_range(0, 4) ? 0x1000 : 0x800),
                          size);
    default:
        return test_ram("ram", (size + 0xfff) & ~0xfffull);
    }
}

static void mutate(Rig *rig, TestOwner *o)
{
    MemoryRegion *mr = &o->mr;

    if (!mr->container) {
        put(rig->root, random_addr(), o, g_test_rand_int_range(-2, 3));
        return;
    }
    switch (g_test_rand_int_range(0, 7)) {
    case 0:
        memory_region_del_subregion(&rig->root->mr, mr);
        break;
    case 1:
        memory_region_set_address(mr, random_addr());
        break;
    case 2:
        memory_region_set_enabled(mr, g_test_rand_int_range(0, 2));
        break;
    case 3:
        memory_region_set_readonly(mr, g_test_rand_int_range(0, 2));
        break;
    case 4:
        if (mr->alias) {
            memory_region_set_alias_offset(mr, (hwaddr)g_test_rand_int_range(0, 16) *
                                                   0x1000);
        }
        break;
    case 5:
        memory_region_set_nonvolatile(mr, g_test_rand_int_range(0, 2));
        break;
    default:
        if (mr->ram) {
            memory_region_set_log(mr, !memory_region_get_dirty_log_mask(mr),
                                  DIRTY_MEMORY_VGA);
        }
        break;
    }
}

static void test_random(void)
{
    for (int round = 0; round < 20; round++) {
        Rig *rig = rig_new(&limits);
        TestOwner *rams[3], *o[N_REGIONS];

        for (int i = 0; i < 3; i++) {
            rams[i] = test_ram("backing", 0x40000);
        }
        for (int i = 0; i < N_REGIONS; i++) {
            o[i] = random_region(rams, i);
        }
        for (int step = 0; step < 150; step++) {
            int n = g_test_rand_int_range(1, 6);

            memory_region_transaction_begin();
            while (n--) {
                mutate(rig, o[g_test_rand_int_range(0, N_REGIONS)]);
            }
            memory_region_transaction_commit();
            check(rig);
            fake_kvm_guest_write(&rig->fake, random_addr());
        }
        for (int i = 0; i < N_REGIONS; i++) {
            if (memory_region_get_dirty_log_mask(&o[i]->mr) && o[i]->mr.ram) {
                memory_region_set_log(&o[i]->mr, false, DIRTY_MEMORY_VGA);
            }
            if (o[i]->mr.container) {
                memory_region_del_subregion(&rig->root->mr, &o[i]->mr);
            }
            object_unref(o[i]);
        }
        g_assert_cmpuint(kvm_slots_count(&rig->slots), ==, 0);
        rig_free(rig);
        for (int i = 0; i < 3; i++) {
            object_unref(rams[i]);
        }
        test_drain();
    }
}

/* What one change tells the kernel does not depend on how much there is beside it. */
static void test_scaling(void)
{
    enum { DIMMS = 400, MOVES = 3000 };
    Rig *rig = rig_new(&limits);
    TestOwner *dimm[DIMMS], *bar = test_ram("bar", 0x2000), *io = test_io("io", 0x1000);

    rig->fake.slow_checks = false;
    for (unsigned i = 0; i < DIMMS; i++) {
        unsigned before = rig->fake.n_set;

        dimm[i] = test_ram("dimm", 0x4000);
        put(rig->root, (hwaddr)i * 0x8000, dimm[i], 0);
        g_assert_cmpuint(rig->fake.n_set - before, ==, 1);
    }
    check(rig);
    put(rig->root, 0x4000, bar, 0);
    put(rig->root, 0x7000, io, 0);
    for (unsigned i = 0; i < MOVES; i++) {
        unsigned before = rig->fake.n_set;

        /* A hole between two DIMMs: it goes and comes. Registers are nothing to KVM. */
        memory_region_set_address(&bar->mr,
                                  (hwaddr)((i * 7 + 1) % DIMMS) * 0x8000 + 0x5000);
        memory_region_set_address(&io->mr,
                                  (hwaddr)((i * 3 + 1) % DIMMS) * 0x8000 + 0x7000);
        g_assert_cmpuint(rig->fake.n_set - before, ==, 2);
    }
    g_assert_cmpuint(rig->fake.n_pauses, ==, 0);
    check(rig);
    for (unsigned i = 0; i < DIMMS; i++) {
        unsigned before = rig->fake.n_set;

        memory_region_del_subregion(&rig->root->mr, &dimm[(i * 13) % DIMMS]->mr);
        g_assert_cmpuint(rig->fake.n_set - before, ==, 1);
    }
    memory_region_del_subregion(&rig->root->mr, &bar->mr);
    memory_region_del_subregion(&rig->root->mr, &io->mr);
    rig_free(rig);
    for (unsigned i = 0; i < DIMMS; i++) {
        object_unref(dimm[i]);
    }
    object_unref(bar);
    object_unref(io);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    bql_lock();
    memory_core_init();
    g_test_add_func("/kvm/slots/registers-split-ram", test_split);
    g_test_add_func("/kvm/slots/shared-page-has-no-slot", test_part_of_a_page);
    g_test_add_func("/kvm/slots/ranges-merge", test_merge);
    g_test_add_func("/kvm/slots/host-address-not-aligned", test_misaligned);
    g_test_add_func("/kvm/slots/rom-device", test_rom_device);
    g_test_add_func("/kvm/slots/kernel-without-read-only-slots",
                    test_no_readonly_slots);
    g_test_add_func("/kvm/slots/plugging-asks-first", test_pre_plug);
    g_test_add_func("/kvm/slots/out-of-slots-is-no-abort", test_out_of_slots);
    g_test_add_func("/kvm/slots/kernel-refuses", test_kernel_refuses);
    g_test_add_func("/kvm/slots/larger-than-a-slot", test_huge);
    g_test_add_func("/kvm/slots/cost-is-that-of-the-change", test_scaling);
    g_test_add_func("/kvm/slots/random-changes", test_random);
    g_test_add_func("/kvm/dirty/log-of-a-screen", test_dirty_log);
    g_test_add_func("/kvm/dirty/written-between-fetch-and-clear", test_dirty_between);
    g_test_add_func("/kvm/dirty/migration-client", test_migration_log);
    ret = g_test_run();
    bql_unlock();
    return ret;
}
