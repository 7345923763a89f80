/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each way out of the guest, taken by a program of exits.S on the host's KVM.
 * Arguments: the image and options of the accelerator; all tests are skipped, with the
 * reason, where KVM cannot be used.
 */
#include "kvm-rig.h"

#include "../unit/accel/fake-kvm.h"
#include "migration/vmstate.h"
#include "util/bql.h"
#include "util/event-loop.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    PORTS,
    STRING_PORTS,
    MMIO,
    ROM,
    ROM_DEVICE,
    DIRTY,
    COALESCED,
    EVENTFD,
    LONG_MODE,
    ENDLESS,
    TRIPLE,
    NO_CODE,
    CROSSING,
    VECTORS,
    HALT,
    PROTECTED,
    MEDDLED = 17,
    IN_LOOP,
};

static KvmRig *rig;
static const char *why_not;

static bool skipped(void)
{
    if (!rig) {
        g_test_skip(why_not);
    }
    return !rig;
}

static void run_good(unsigned n)
{
    rig_run(rig, n);
    g_assert_cmpint(rig->status, ==, 0);
    kvm_slots_check_view(&kvm_accel()->slots, &address_space_memory);
}

static void expect(unsigned i, hwaddr offset, unsigned size, bool write, uint64_t value)
{
    g_assert_cmpuint(i, <, rig->n_log);
    g_assert_cmphex(rig->log[i].offset, ==, offset);
    g_assert_cmpuint(rig->log[i].size, ==, size);
    g_assert_cmpint(rig->log[i].write, ==, write);
    g_assert_cmphex(rig->log[i].value, ==, value);
}

static void test_ports(void)
{
    if (skipped()) {
        return;
    }
    run_good(PORTS);
    g_assert_cmpuint(rig->n_log, ==, 6);
    expect(0, 0, 1, true, 0x12);
    expect(1, 0, 2, true, 0x3456);
    expect(2, 0, 4, true, 0x789abcde);
    expect(3, 0, 1, false, 0x21);
    expect(4, 0, 2, false, 0x4321);
    expect(5, 0, 4, false, 0x87654321);
}

static void test_string_ports(void)
{
    static const char text[] = "0123456789";

    if (skipped()) {
        return;
    }
    run_good(STRING_PORTS);
    g_assert_cmpuint(rig->n_log, ==, 10 + 4 + 3);
    for (unsigned i = 0; i < 10; i++) {
        expect(i, 0, 1, true, (uint8_t)text[i]);
    }
    expect(14, 0, 2, true, '4' | '5' << 8);
    expect(15, 0, 2, true, '2' | '3' << 8);
    expect(16, 0, 2, true, '0' | '1' << 8);
}

static void test_protected(void)
{
    if (skipped()) {
        return;
    }
    run_good(PROTECTED);
    expect(0, 0, 1, true, 0x32);
}

static void test_mmio(void)
{
    uint64_t before;

    if (skipped()) {
        return;
    }
    before = rig_exits(rig, KVM_EXIT_MMIO);
    run_good(MMIO);
    expect(0, 0, 1, true, 0x11);
    expect(1, 2, 2, true, 0x2222);
    expect(2, 4, 4, true, 0x33333333);
    expect(3, 0x10, 1, false, 0x21);
    expect(4, 0x10, 2, false, 0x4321);
    expect(5, 0x10, 4, false, 0x87654321);
    expect(6, 0x20, 4, false, 0x87654321);
    expect(7, 0x20, 4, true, 0x8765432f);
    for (unsigned i = 0; i < 5; i++) {
        expect(8 + i, 0x40 + 4 * i, 4, true, 0x55aa55aa);
    }
    g_assert_cmpuint(rig->n_log, ==, 13);
    g_assert_cmpuint(rig_exits(rig, KVM_EXIT_MMIO) - before, ==, 13);
}

static void test_rom(void)
{
    uint32_t word;

    if (skipped()) {
        return;
    }
    run_good(ROM);
    memcpy(&word, (uint8_t *)memory_region_get_ram_ptr(&rig->rom) + 8, 4);
    g_assert_cmphex(word, ==, 0xfeedf00d);
    g_assert_true(kvm_slots_find(&kvm_accel()->slots, RIG_ROM)->readonly);
}

static void test_rom_device(void)
{
    if (skipped()) {
        return;
    }
    run_good(ROM_DEVICE);
    g_assert_cmpuint(rig->n_log, ==, 2);
    expect(0, 0x55, 1, true, 0x90);
    expect(1, 0x55, 1, true, 0xff);
}

/* --- Dirty pages ---------------------------------------------------------------------
 */

static void test_dirty(void)
{
    DirtyBitmapSnapshot *snap;

    if (skipped()) {
        return;
    }
    memory_region_set_log(&rig->ram, true, DIRTY_MEMORY_VGA);
    for (int round = 0; round < 2; round++) {
        memory_region_reset_dirty(&rig->ram, 0, RIG_MMIO, DIRTY_MEMORY_VGA);
        snap = memory_region_snapshot_and_clear_dirty(&rig->ram, 0, RIG_MMIO,
                                                      DIRTY_MEMORY_VGA);
        dirty_bitmap_snapshot_free(snap);
        run_good(DIRTY);
        snap = memory_region_snapshot_and_clear_dirty(&rig->ram, 0, RIG_MMIO,
                                                      DIRTY_MEMORY_VGA);
        for (hwaddr page = 0x200000; page < 0x300000; page += 0x1000) {
            bool want = page == 0x200000 || page == 0x203000 || page == 0x2ff000;

            g_assert_cmpint(memory_region_snapshot_get_dirty(&rig->ram, snap, page, 1),
                            ==, want);
        }
        dirty_bitmap_snapshot_free(snap);
    }
    memory_region_set_log(&rig->ram, false, DIRTY_MEMORY_VGA);
    kvm_slots_check_view(&kvm_accel()->slots, &address_space_memory);
}

/* --- Writes that do not leave --------------------------------------------------------
 */

static void set_count(uint32_t n)
{
    memcpy(rig->ram_ptr + 0x5000, &n, 4);
}

static void run_coalesced(uint32_t n, uint64_t *exits)
{
    uint64_t before = rig_exits(rig, KVM_EXIT_MMIO);

    rig_prepare(rig, COALESCED);
    set_count(n);
    vcpu_resume_all();
    rig_wait(rig);
    g_assert_cmpint(rig->status, ==, 0);
    *exits = rig_exits(rig, KVM_EXIT_MMIO) - before;
}

static void test_coalesced(void)
{
    uint64_t exits;

    if (skipped()) {
        return;
    }
    if (!kvm_accel()->coalesced) {
        g_test_skip("the host's KVM has no coalesced MMIO");
        return;
    }
    run_coalesced(50, &exits);
    g_assert_cmpuint(exits, ==, 0);
    g_assert_cmpuint(rig->n_coalesced, ==, 0);
    coalesced_mmio_flush();
    g_assert_cmpuint(rig->n_coalesced, ==, 50);
    g_assert_true(rig->in_order);
    /* More than the ring holds. */
    run_coalesced(1000, &exits);
    coalesced_mmio_flush();
    g_assert_cmpuint(rig->n_coalesced, ==, 1000);
    g_assert_true(rig->in_order);
    g_assert_cmpuint(exits, >, 0);
    g_assert_cmpuint(exits, <, 20);
}

static void test_eventfd(void)
{
    uint64_t mmio, io;

    if (skipped()) {
        return;
    }
    mmio = rig_exits(rig, KVM_EXIT_MMIO);
    io = rig_exits(rig, KVM_EXIT_IO);
    run_good(EVENTFD);
    g_assert_cmpuint(rig_eventfd(rig->fd_any), ==, 3);
    g_assert_cmpuint(rig_eventfd(rig->fd_match), ==, 1);
    g_assert_cmpuint(rig_eventfd(rig->fd_port), ==, 2);
    g_assert_cmpuint(rig_eventfd(rig->fd_port_any), ==, 2);
    /* The 6 that does not match, and port f4. */
    g_assert_cmpuint(rig_exits(rig, KVM_EXIT_MMIO) - mmio, ==, 1);
    g_assert_cmpuint(rig_exits(rig, KVM_EXIT_IO) - io, ==, 1);
    g_assert_cmpuint(rig->n_log, ==, 1);
    expect(0, 8, 4, true, 6);
}

static void test_eventfd_removed(void)
{
    if (skipped()) {
        return;
    }
    memory_region_del_eventfd(&rig->eventfd, 0, 4, false, 0, rig->fd_any);
    run_good(EVENTFD);
    g_assert_cmpuint(rig_eventfd(rig->fd_any), ==, 0);
    g_assert_cmpuint(rig_eventfd(rig->fd_match), ==, 1);
    g_assert_cmpuint(rig_eventfd(rig->fd_port), ==, 2);
    g_assert_cmpuint(rig->n_log, ==, 4);
    memory_region_add_eventfd(&rig->eventfd, 0, 4, false, 0, rig->fd_any);
}

/* --- Modes and registers -------------------------------------------------------------
 */

static void test_long_mode(void)
{
    if (skipped()) {
        return;
    }
    run_good(LONG_MODE);
    expect(0, 0, 8, true, 0x1122334455667788);
    expect(1, 0x10, 8, false, 0x8765432187654321);
    vcpu_sync_state(rig->vcpu);
    g_assert_cmphex(rig->cpu->st.efer & X86_EFER_LMA, ==, X86_EFER_LMA);
    g_assert_cmphex(rig->cpu->st.cr3, ==, 0x30000);
    g_assert_cmphex(rig->cpu->st.seg[X86_CS].attr & X86_SEG_L, ==, X86_SEG_L);
}

static void test_crossing(void)
{
    uint16_t half;

    if (skipped()) {
        return;
    }
    run_good(CROSSING);
    memcpy(&half, rig->ram_ptr + RIG_MMIO - 2, 2);
    g_assert_cmphex(half, ==, 0xc3d4);
    g_assert_cmphex(rig->log[0].offset, ==, 0);
    g_assert_cmphex(rig->log[0].value & 0xff, ==, 0xb2);
}

static void test_vectors(void)
{
    X86State *st;

    if (skipped()) {
        return;
    }
    rig_prepare(rig, VECTORS);
    st = &rig->cpu->st;
    for (unsigned i = 0; i < 16; i++) {
        st->xs.xmm[3].u8[i] = (uint8_t)(0xa0 + i);
        rig->ram_ptr[0x6020 + i] = (uint8_t)(0x50 + i);
    }
    vcpu_resume_all();
    rig_wait(rig);
    g_assert_cmpint(rig->status, ==, 0);
    g_assert_cmpmem(rig->ram_ptr + 0x6000, 16, st->xs.xmm[3].u8, 16);
    memset(&st->xs, 0, sizeof(st->xs));
    vcpu_sync_state(rig->vcpu);
    g_assert_cmpmem(rig->ram_ptr + 0x6020, 16, st->xs.xmm[5].u8, 16);
    g_assert_cmphex(st->cr4 & X86_CR4_OSFXSR, ==, X86_CR4_OSFXSR);
}

static uint32_t counter(void)
{
    return __atomic_load_n((uint32_t *)(void *)(rig->ram_ptr + 0x5000),
                           __ATOMIC_RELAXED);
}

/* Let the other threads run until the guest has counted on. */
static void let_run(unsigned rounds)
{
    uint32_t from = counter();

    bql_unlock();
    while (counter() - from < rounds && !kvm_vcpu(rig->vcpu)->failed) {
        g_usleep(200);
    }
    bql_lock();
}

static void end_endless(void)
{
    rig->ram_ptr[0x5004] = 1;
    rig_wait(rig);
    g_assert_cmpint(rig->status, ==, 0);
}

static void start_endless(void)
{
    rig_prepare(rig, ENDLESS);
    for (hwaddr page = 0x400000; page < 0x500000; page += 0x1000) {
        memset(rig->ram_ptr + page, 0x5a, 4);
    }
    vcpu_resume_all();
    let_run(100);
}

/* Stop, save, ruin, load, go on: nothing is lost. */
static void test_save_and_load(void)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    VMStateReader in = { 0 };
    bool ok;

    if (skipped()) {
        return;
    }
    start_endless();
    vcpu_pause_all();
    ok = vmstate_save(&x86_cpu_vmstate, rig->cpu, out, &error_abort);
    g_assert_true(ok);
    g_assert_cmphex(rig->cpu->st.regs[X86_RSP].q, ==, 0x7c00);
    DEVICE_CLASS(OBJECT(rig->cpu)->klass)->reset_hold(DEVICE(rig->cpu));
    g_assert_cmphex(rig->cpu->st.regs[X86_RSP].q, ==, 0);
    in.data = out->data;
    in.len = out->len;
    ok = vmstate_load(&x86_cpu_vmstate, rig->cpu, &in, &error_abort);
    g_assert_true(ok);
    vcpu_resume_all();
    let_run(100);
    end_endless();
}

/* Registers are asked for while the guest runs, from another thread. */
static void test_sync_running(void)
{
    uint64_t eip;

    if (skipped()) {
        return;
    }
    start_endless();
    for (int i = 0; i < 20; i++) {
        bool ok = VCPU_GET_CLASS(rig->vcpu)->get_register(rig->vcpu, "eip", &eip);

        g_assert_true(ok);
        g_assert_cmphex(eip, >=, 0x8000);
        g_assert_cmphex(eip, <, 0x9000);
        let_run(10);
    }
    end_endless();
}

/* S3: the slot in which the guest's code lies is split and merged under its feet. */
static void test_map_changes_while_running(void)
{
    if (skipped()) {
        return;
    }
    start_endless();
    for (int i = 0; i < 200; i++) {
        memory_region_add_subregion_overlap(
            get_system_memory(), 0x300000 + (hwaddr)(i % 7) * 0x1000, &rig->split, 1);
        let_run(1);
        memory_region_del_subregion(get_system_memory(), &rig->split);
        if (i % 10 == 0) {
            kvm_slots_check_view(&kvm_accel()->slots, &address_space_memory);
        }
    }
    let_run(100);
    end_endless();
    g_assert_cmpuint(rig->n_log, ==, 0);
}

/* Memory comes and goes while the guest runs, with its log on and off. */
static void test_plug_while_running(void)
{
    MemoryRegion *dimm = g_new0(MemoryRegion, 1);
    bool ok = memory_region_init_ram(dimm, NULL, "dimm", 16 << 20, &error_abort);

    g_assert_true(ok);
    if (skipped()) {
        return;
    }
    start_endless();
    for (int i = 0; i < 50; i++) {
        hwaddr at = 0x200000000ull + (hwaddr)i * (16 << 20);

        g_assert_true(
            memory_listeners_pre_plug(&address_space_memory, dimm, at, &error_abort));
        memory_region_add_subregion(get_system_memory(), at, dimm);
        g_assert_nonnull(kvm_slots_find(&kvm_accel()->slots, at));
        memory_region_set_log(&rig->ram, true, DIRTY_MEMORY_VGA);
        let_run(1);
        memory_region_set_log(&rig->ram, false, DIRTY_MEMORY_VGA);
        memory_region_del_subregion(get_system_memory(), dimm);
        g_assert_null(kvm_slots_find(&kvm_accel()->slots, at));
    }
    end_endless();
}

/* --- Devices that look at registers, and stops, in the middle of an access -----------
 */

static void meddle(KvmRig *r, bool write)
{
    X86State *st = &r->cpu->st;

    vcpu_sync_state(r->vcpu);
    st->regs[X86_RBX].q = st->regs[X86_RAX].d;
    st->regs[X86_RSI].q++;
}

static void test_device_changes_registers(void)
{
    if (skipped()) {
        return;
    }
    rig_prepare(rig, MEDDLED);
    rig->meddle = meddle;
    vcpu_resume_all();
    rig_wait(rig);
    g_assert_cmpint(rig->status, ==, 0);
    g_assert_cmpuint(rig->n_log, ==, 10);
}

static void ask_to_stop(KvmRig *r, bool write)
{
    r->wants_stop = true;
    event_loop_wake(main_loop());
    vcpu_kick(r->vcpu);
}

/* Whoever stops the machine in the middle of an access sees whole instructions; saving
 * and loading there loses nothing. */
static void test_stop_in_access(void)
{
    unsigned stops = 0;

    if (skipped()) {
        return;
    }
    rig_prepare(rig, IN_LOOP);
    rig->meddle = ask_to_stop;
    vcpu_resume_all();
    while (!rig->done && !kvm_vcpu(rig->vcpu)->failed) {
        g_autoptr(GByteArray) out = NULL;
        VMStateReader in = { 0 };
        bool ok;

        if (!rig->wants_stop) {
            event_loop_run_once(main_loop(), true);
            continue;
        }
        rig->wants_stop = false;
        vcpu_pause_all();
        stops++;
        vcpu_sync_state(rig->vcpu);
        if (!rig->log[rig->n_log - 1].write) {
            g_assert_cmphex(rig->cpu->st.regs[X86_RAX].q, ==, 0x87654321);
        }
        if (stops % 8 == 0) {
            out = g_byte_array_new();
            ok = vmstate_save(&x86_cpu_vmstate, rig->cpu, out, &error_abort);
            g_assert_true(ok);
            DEVICE_CLASS(OBJECT(rig->cpu)->klass)->reset_hold(DEVICE(rig->cpu));
            in.data = out->data;
            in.len = out->len;
            ok = vmstate_load(&x86_cpu_vmstate, rig->cpu, &in, &error_abort);
            g_assert_true(ok);
        }
        vcpu_resume_all();
    }
    rig_wait(rig);
    g_assert_cmpint(rig->status, ==, 0);
    g_assert_cmpuint(rig->n_log, ==, 400);
    g_assert_cmpuint(stops, >, 20);
}

/* --- Ends ----------------------------------------------------------------------------
 */

static void test_triple_fault(void)
{
    uint64_t before;

    if (skipped()) {
        return;
    }
    before = rig_exits(rig, KVM_EXIT_SHUTDOWN);
    rig_run(rig, TRIPLE);
    g_assert_cmpint(rig->status, ==, -1);
    g_assert_cmpuint(rig_exits(rig, KVM_EXIT_SHUTDOWN) - before, ==, 1);
    g_assert_true(rig->vcpu->halted);
    run_good(PORTS); /* a reset brings it back */
}

static void test_internal_error(void)
{
    if (skipped()) {
        return;
    }
    rig_run(rig, NO_CODE);
    if (rig->status == -1) {
        g_test_skip("this host answers with a shutdown");
        return;
    }
    g_assert_true(kvm_vcpu(rig->vcpu)->failed);
    g_assert_true(rig->vcpu->halted);
    g_assert_cmpuint(rig_exits(rig, KVM_EXIT_INTERNAL_ERROR), ==, 1);
    run_good(PORTS);
}

static void test_nmi_wakes(void)
{
    if (skipped()) {
        return;
    }
    rig_start(rig, HALT);
    bql_unlock();
    for (int k = 0; k < 50000 && counter() != 1; k++) {
        g_usleep(200);
    }
    bql_lock();
    g_assert_cmpuint(counter(), ==, 1);
    /* The first may come before the HLT, which then waits for another. */
    for (int k = 0; k < 1000 && !rig->done && !kvm_vcpu(rig->vcpu)->failed; k++) {
        x86_irq_set(&rig->cpu->st, X86_IRQ_NMI);
        vcpu_set_pending(rig->vcpu, VCPU_PENDING_IRQ);
        bql_unlock();
        g_usleep(10000);
        bql_lock();
        event_loop_run_once(main_loop(), false);
    }
    rig_wait(rig);
    g_assert_cmpint(rig->status, ==, 0);
}

static void test_single_step(void)
{
    uint64_t before, first;
    bool moved = false;

    if (skipped()) {
        return;
    }
    start_endless();
    vcpu_pause_all();
    rig->vcpu->singlestep = true;
    /* One instruction each time; it may be a jump back. */
    for (int i = 0; i < 10; i++) {
        before = rig_exits(rig, KVM_EXIT_DEBUG);
        vcpu_sync_state(rig->vcpu);
        first = rig->cpu->st.rip;
        vcpu_resume_all();
        bql_unlock();
        for (int k = 0; k < 5000 && rig_exits(rig, KVM_EXIT_DEBUG) == before; k++) {
            g_usleep(1000);
        }
        bql_lock();
        vcpu_pause_all();
        g_assert_cmpuint(rig_exits(rig, KVM_EXIT_DEBUG) - before, ==, 1);
        vcpu_sync_state(rig->vcpu);
        moved |= rig->cpu->st.rip != first;
    }
    rig->vcpu->singlestep = false;
    vcpu_sync_state(rig->vcpu); /* so that the entry puts the change */
    g_assert_true(moved);
    vcpu_resume_all();
    let_run(10);
    end_endless();
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    bql_lock();
    if (argc < 2) {
        why_not = "no image given";
    } else {
        rig = rig_new(argc > 2 ? argv[2] : NULL, argv[1], &why_not);
    }
    if (!rig) {
        g_test_message("skipped: %s", why_not);
    }
    g_test_add_func("/kvm/exits/ports", test_ports);
    g_test_add_func("/kvm/exits/string-ports", test_string_ports);
    g_test_add_func("/kvm/exits/registers-in-memory", test_mmio);
    g_test_add_func("/kvm/exits/store-to-read-only-memory", test_rom);
    g_test_add_func("/kvm/exits/rom-device", test_rom_device);
    g_test_add_func("/kvm/exits/across-the-end-of-memory", test_crossing);
    g_test_add_func("/kvm/exits/coalesced-writes", test_coalesced);
    g_test_add_func("/kvm/exits/eventfds", test_eventfd);
    g_test_add_func("/kvm/exits/eventfd-removed", test_eventfd_removed);
    g_test_add_func("/kvm/exits/triple-fault", test_triple_fault);
    g_test_add_func("/kvm/exits/internal-error-stops-the-guest", test_internal_error);
    g_test_add_func("/kvm/exits/nmi-wakes-a-halted-cpu", test_nmi_wakes);
    g_test_add_func("/kvm/exits/single-step", test_single_step);
    g_test_add_func("/kvm/exits/device-changes-registers",
                    test_device_changes_registers);
    g_test_add_func("/kvm/exits/stop-in-an-access", test_stop_in_access);
    g_test_add_func("/kvm/modes/protected", test_protected);
    g_test_add_func("/kvm/modes/long", test_long_mode);
    g_test_add_func("/kvm/registers/vectors", test_vectors);
    g_test_add_func("/kvm/registers/save-and-load", test_save_and_load);
    g_test_add_func("/kvm/registers/asked-for-while-running", test_sync_running);
    g_test_add_func("/kvm/memory/dirty-pages", test_dirty);
    g_test_add_func("/kvm/memory/map-changes-while-running",
                    test_map_changes_while_running);
    g_test_add_func("/kvm/memory/plug-while-running", test_plug_while_running);
    ret = g_test_run();
    fflush(stdout);
    _exit(ret); /* the vCPU's thread goes with the process */
}
