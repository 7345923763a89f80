/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPUs under KVM: one loop with one switch on the exit reason.
 *
 * Registers are in the kernel while the guest runs. Whoever wants them asks
 * (vcpu_sync_state): they are fetched once and belong to the CPU object until the next
 * entry, which puts them back.
 *
 * K1: a kick is never lost. The kicker sets a bit of VCPU.pending, then "kicked", then
 *     immediate_exit, then sends the signal. The vCPU clears immediate_exit, then
 *     "kicked", then looks at pending: either it finds the bit or the next KVM_RUN
 *     finds immediate_exit.
 * K2: between kvm_pause_begin and kvm_pause_end no vCPU is in KVM_RUN: in_run is set
 *     before the gate is looked at, and the gate is closed before in_run is.
 * K3: an access that made the guest exit is complete only after one more KVM_RUN, which
 *     is told to leave at once. It comes before anybody but the device sees registers,
 *     and before any are put: that would cancel the access or be undone by it.
 * K4: guest code is never entered while the CPU object owns the registers: the device
 *     that was accessed may have fetched and changed them. K3 comes first; then what
 * the device changed is laid over what the instruction did.
 */
#include "kvm-internal.h"

#include "qapi/text.h"
#include "softmmu/runstate.h"
#include "util/atomic.h"
#include "util/bql.h"
#include "util/log.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KICK_SIGNAL SIGUSR1

/* --- The gate: K2 --------------------------------------------------------------------
 */

static struct {
    pthread_mutex_t lock; /* a leaf; for the two conditions only */
    pthread_cond_t opened, left;
    uint32_t closed; /* atomic */
} gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
           PTHREAD_COND_INITIALIZER, 0 };

static void leave_run(KvmVcpu *kv)
{
    atomic_xchg(&kv->in_run, 0); /* pairs with wait_until_left */
    if (atomic_read(&gate.closed)) {
        pthread_mutex_lock(&gate.lock);
        pthread_cond_broadcast(&gate.left);
        pthread_mutex_unlock(&gate.lock);
    }
}

static void enter_run(KvmVcpu *kv)
{
    for (;;) {
        atomic_xchg(&kv->in_run, 1); /* pairs with kvm_pause_begin */
        if (!atomic_read(&gate.closed)) {
            return;
        }
        leave_run(kv);
        pthread_mutex_lock(&gate.lock);
        while (atomic_read(&gate.closed)) {
            pthread_cond_wait(&gate.opened, &gate.lock);
        }
        pthread_mutex_unlock(&gate.lock);
    }
}

static void kick_thread(VCPU *cpu, KvmVcpu *kv)
{
    if (!atomic_xchg(&kv->kicked, 1)) {
        atomic_set(&kv->run->immediate_exit, 1);
        pthread_kill(cpu->thread, KICK_SIGNAL);
    }
}

void kvm_vcpu_kick(VCPU *cpu)
{
    KvmVcpu *kv = kvm_vcpu(cpu);

    /* Its own thread looks at pending before it enters. */
    if (kv && cpu->thread_id && cpu != current_vcpu()) {
        kick_thread(cpu, kv);
    }
}

/* K1: after a kick has arrived. */
static void take_kick(KvmVcpu *kv)
{
    atomic_set(&kv->run->immediate_exit, 0);
    atomic_xchg(&kv->kicked, 0);
}

void kvm_pause_begin(void *opaque)
{
    assert(bql_is_held());
    atomic_xchg(&gate.closed, 1); /* pairs with enter_run */
    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        KvmVcpu *kv = kvm_vcpu(cpu);

        if (!kv) {
            continue;
        }
        while (atomic_fetch_or(&kv->in_run, 0)) {
            kick_thread(cpu, kv);
            pthread_mutex_lock(&gate.lock);
            if (atomic_fetch_or(&kv->in_run, 0)) {
                pthread_cond_wait(&gate.left, &gate.lock);
            }
            pthread_mutex_unlock(&gate.lock);
        }
    }
}

void kvm_pause_end(void *opaque)
{
    pthread_mutex_lock(&gate.lock);
    atomic_set(&gate.closed, 0);
    pthread_cond_broadcast(&gate.opened);
    pthread_mutex_unlock(&gate.lock);
}

/* --- Registers -----------------------------------------------------------------------
 */

static void fetch(VCPU *cpu, void *opaque)
{
    KvmVcpu *kv = kvm_vcpu(cpu);

    if (kv && !kv->owned) {
        kv->fetched_in_access = kv->io_pending;
        if (kv->io_pending) {
            kvm_accel()->arch->get_registers_in_access(cpu, kv->run);
        } else {
            kvm_accel()->arch->get_registers(cpu);
        }
        kv->owned = true;
        kv->level = VCPU_STATE_RUNTIME;
    }
}

void kvm_vcpu_sync_state(VCPU *cpu)
{
    KvmVcpu *kv = kvm_vcpu(cpu);

    assert(bql_is_held());
    if (kv && !kv->owned) {
        vcpu_run_on(cpu, fetch, NULL);
    }
}

void kvm_vcpu_state_written(VCPU *cpu, VcpuStateLevel level)
{
    KvmVcpu *kv = kvm_vcpu(cpu);

    assert(bql_is_held());
    if (kv) {
        kv->owned = true;
        kv->level = MAX(kv->level, level);
        kv->failed = false;
        if (kvm_irqchip_get() != KVM_IRQCHIP_OFF) {
            cpu->halted = false; /* the kernel knows who sleeps */
        }
    }
}

/* Context: BQL. */
static bool put_back(VCPU *cpu, KvmVcpu *kv)
{
    bool ok;

    if (!kv->owned) {
        return true;
    }
    ok = kvm_accel()->arch->put_registers(cpu, kv->level);
    kv->owned = false;
    kv->level = VCPU_STATE_RUNTIME;
    return ok;
}

/* --- Exits ---------------------------------------------------------------------------
 */

static void handle_io(VCPU *cpu, struct kvm_run *run)
{
    uint8_t *data = (uint8_t *)run + run->io.data_offset;
    bool out = run->io.direction == KVM_EXIT_IO_OUT;

    /* A string instruction brings many items, one after the other. */
    for (uint32_t i = 0; i < run->io.count; i++) {
        address_space_rw(&address_space_io, run->io.port, MEMTXATTRS_UNSPECIFIED, data,
                         run->io.size, out);
        data += run->io.size;
    }
}

static void handle_mmio(VCPU *cpu, struct kvm_run *run)
{
    int space = 0;
    MemTxAttrs attrs = kvm_accel()->arch->access_attrs(cpu, run, &space);

    address_space_rw(cpu->as[space], run->mmio.phys_addr, attrs, run->mmio.data,
                     MIN(run->mmio.len, 8u), run->mmio.is_write);
}

/* The guest cannot go on; it is stopped, and the program is not. Context: no BQL. */
static KvmExitResult give_up(VCPU *cpu)
{
    HmpOut out;
    g_autofree char *text = NULL;

    bql_lock();
    hmp_out_init(&out);
    if (VCPU_GET_CLASS(cpu)->dump_state) {
        VCPU_GET_CLASS(cpu)->dump_state(cpu, &out);
    }
    text = hmp_out_steal(&out);
    hmp_out_destroy(&out);
    error_printf("%s", text);
    kvm_vcpu(cpu)->failed = true;
    cpu->halted = true;
    vm_stop_request(RUN_STATE_INTERNAL_ERROR);
    bql_unlock();
    return KVM_EXIT_FAILED;
}

static KvmExitResult internal_error(VCPU *cpu, struct kvm_run *run)
{
    static const char *const reasons[] = { "unknown", "emulation failure",
                                           "event while an event was delivered",
                                           "unexpected event during delivery",
                                           "unexpected exit" };
    uint32_t n = run->internal.suberror;

    error_report("KVM internal error. Suberror: %u (%s)", n,
                 n < G_N_ELEMENTS(reasons) ? reasons[n] : "unknown");
    for (uint32_t i = 0; i < MIN(run->internal.ndata, 16u); i++) {
        error_printf("extra data[%u]: 0x%016" PRIx64 "\n", i,
                     (uint64_t)run->internal.data[i]);
    }
    return give_up(cpu);
}

static KvmExitResult shutdown_exit(VCPU *cpu)
{
    bql_lock();
    kvm_accel()->arch->triple_fault(cpu);
    cpu->halted = true; /* until the reset comes */
    bql_unlock();
    return KVM_EXIT_LEAVE;
}

/* It stops here and now; the others when the main loop has heard of it. */
static KvmExitResult debug_exit(VCPU *cpu)
{
    bql_lock();
    cpu->stop_requested = true;
    vm_stop_request(RUN_STATE_DEBUG);
    bql_unlock();
    return KVM_EXIT_LEAVE;
}

static KvmExitResult system_event(VCPU *cpu, struct kvm_run *run)
{
    switch (run->system_event.type) {
    case KVM_SYSTEM_EVENT_SHUTDOWN:
        system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
        break;
    case KVM_SYSTEM_EVENT_RESET:
        system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
        break;
    case KVM_SYSTEM_EVENT_CRASH:
        system_guest_panicked();
        break;
    default:
        log_unimp("kvm: system event %u\n", run->system_event.type);
        return KVM_EXIT_RESUME;
    }
    cpu->halted = true;
    return KVM_EXIT_LEAVE;
}

static KvmExitResult handle_exit(VCPU *cpu, KvmVcpu *kv)
{
    struct kvm_run *run = kv->run;

    kv->exits[MIN(run->exit_reason, KVM_EXIT_KINDS - 1u)]++;
    switch (run->exit_reason) {
    case KVM_EXIT_IO:
        kv->io_pending = true;
        handle_io(cpu, run);
        return KVM_EXIT_RESUME;
    case KVM_EXIT_MMIO:
        kv->io_pending = true;
        handle_mmio(cpu, run);
        return KVM_EXIT_RESUME;
    case KVM_EXIT_IRQ_WINDOW_OPEN:
        return KVM_EXIT_LEAVE;
    case KVM_EXIT_HLT:
        cpu->halted = true;
        return KVM_EXIT_LEAVE;
    case KVM_EXIT_INTR:
        return KVM_EXIT_RESUME;
    case KVM_EXIT_SHUTDOWN:
        return shutdown_exit(cpu);
    case KVM_EXIT_INTERNAL_ERROR:
        return internal_error(cpu, run);
    case KVM_EXIT_FAIL_ENTRY:
        error_report("KVM: entry failed, hardware error 0x%" PRIx64,
                     (uint64_t)run->fail_entry.hardware_entry_failure_reason);
        return give_up(cpu);
    case KVM_EXIT_UNKNOWN:
        error_report("KVM: unknown exit, hardware reason %" PRIx64,
                     (uint64_t)run->hw.hardware_exit_reason);
        return give_up(cpu);
    case KVM_EXIT_SYSTEM_EVENT:
        return system_event(cpu, run);
    case KVM_EXIT_DEBUG:
        return debug_exit(cpu);
    case KVM_EXIT_DIRTY_RING_FULL:
        bql_lock();
        kvm_dirty_rings_reap(kvm_accel());
        bql_unlock();
        return KVM_EXIT_RESUME;
    default:
        return kvm_accel()->arch->handle_exit(cpu, run);
    }
}

/* --- The loop ------------------------------------------------------------------------
 */

static int enter(VCPU *cpu, KvmVcpu *kv)
{
    int ret;

    enter_run(kv);
    ret = ioctl(kv->fd, KVM_RUN, NULL) < 0 ? -errno : 0;
    leave_run(kv);
    return ret;
}

/* K3. One that crosses pages exits again. Context: no BQL. */
static KvmExitResult complete_access(VCPU *cpu, KvmVcpu *kv)
{
    KvmExitResult result = KVM_EXIT_RESUME;

    while (kv->io_pending) {
        kv->io_pending = false;
        atomic_set(&kv->run->immediate_exit, 1);
        if (enter(cpu, kv) == 0) {
            result = handle_exit(cpu, kv);
        }
        take_kick(kv);
    }
    if (kv->fetched_in_access) {
        kv->fetched_in_access = false;
        bql_lock();
        /* Above that level all registers were written, so there is nothing to keep. */
        if (kv->level == VCPU_STATE_RUNTIME) {
            kvm_accel()->arch->access_completed(cpu);
        }
        bql_unlock();
    }
    return result;
}

/* K4. Context: no BQL. */
static KvmExitResult give_back(VCPU *cpu, KvmVcpu *kv)
{
    KvmExitResult result = complete_access(cpu, kv);
    bool ok;

    bql_lock();
    ok = put_back(cpu, kv);
    bql_unlock();
    return ok ? result : give_up(cpu);
}

static KvmExitResult run_once(VCPU *cpu, KvmVcpu *kv)
{
    int ret;

    if (kv->owned) {
        return give_back(cpu, kv); /* it took a kick: the caller looks at pending */
    }
    ret = enter(cpu, kv);
    kvm_accel()->arch->post_run(cpu, kv->run);
    if (ret == 0) {
        kv->io_pending = false;
        return handle_exit(cpu, kv);
    }
    if (ret == -EINTR || ret == -EAGAIN) {
        kv->io_pending = false;
        take_kick(kv);
        return KVM_EXIT_RESUME;
    }
    error_report("KVM_RUN failed: %s", g_strerror(-ret));
    return give_up(cpu);
}

void kvm_vcpu_exec(VCPU *cpu)
{
    KvmVcpu *kv = kvm_vcpu(cpu);
    KvmExitResult result = KVM_EXIT_RESUME;

    kvm_accel()->arch->pre_run(cpu);
    if (kv->failed) {
        cpu->halted = true;
        return;
    }
    if (!put_back(cpu, kv)) {
        bql_unlock();
        give_up(cpu);
        bql_lock();
        return;
    }
    if (!kvm_accel()->arch->inject(cpu)) {
        return;
    }
    bql_unlock();
    while (result == KVM_EXIT_RESUME && !atomic_read(&cpu->pending)) {
        result = run_once(cpu, kv);
    }
    complete_access(cpu, kv);
    bql_lock();
}

/* --- Life ----------------------------------------------------------------------------
 */

/* KVM has no way to unmake a vCPU: its descriptor waits for the next one of that
 * number.
 */
static int create_fd(KvmAccel *kvm, unsigned long id)
{
    for (guint i = 0; i < kvm->parked->len; i++) {
        ParkedVcpu *p = &g_array_index(kvm->parked, ParkedVcpu, i);

        if (p->id == id) {
            int fd = p->fd;
            g_array_remove_index_fast(kvm->parked, i);
            return fd;
        }
    }
    return kvm_vm_ioctl(KVM_CREATE_VCPU, (void *)(uintptr_t)id);
}

static void free_vcpu(KvmAccel *kvm, KvmVcpu *kv)
{
    ParkedVcpu parked = { kv->id, kv->fd };

    if (kv->ring) {
        munmap(kv->ring, kvm->dirty_ring_size * sizeof(struct kvm_dirty_gfn));
    }
    if (kv->run && (void *)kv->run != MAP_FAILED) {
        munmap(kv->run, kvm->run_bytes);
    }
    if (kv->fd >= 0) {
        g_array_append_val(kvm->parked, parked);
    }
    g_free(kv);
}

bool kvm_vcpu_prepare(VCPU *cpu, Error **errp)
{
    KvmAccel *kvm = kvm_accel();
    KvmVcpu *kv = g_new0(KvmVcpu, 1);

    kv->id = kvm->arch->vcpu_id(cpu);
    kv->fd = create_fd(kvm, kv->id);
    if (kv->fd < 0) {
        error_set_errno(errp, -kv->fd, "kvm: could not make vCPU %lu", kv->id);
        g_free(kv);
        return false;
    }
    kv->run = mmap(NULL, kvm->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, kv->fd, 0);
    if (kv->run == MAP_FAILED) {
        error_set_errno(errp, errno, "kvm: shared page of vCPU %lu", kv->id);
        free_vcpu(kvm, kv);
        return false;
    }
    cpu->accel_data = kv;
    kv->owned = true; /* what the reset made */
    kv->level = VCPU_STATE_RESET;
    if (!kvm_dirty_ring_map(kvm, kv, errp) || !kvm->arch->vcpu_init(cpu, errp)) {
        cpu->accel_data = NULL;
        free_vcpu(kvm, kv);
        return false;
    }
    kvm_coalesced_map(kvm, kv->run);
    if (kvm->has_smm && cpu->num_ases > 1 && !kvm->smram) {
        kvm->smram = g_new0(KvmSlots, 1);
        kvm_slots_init(kvm->smram, &kvm->ops, &kvm->limits, cpu->as[1], 1, "kvm-smram");
    }
    return true;
}

void kvm_vcpu_thread_init(VCPU *cpu)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, KICK_SIGNAL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void kvm_vcpu_release(VCPU *cpu)
{
    KvmAccel *kvm = kvm_accel();
    KvmVcpu *kv = kvm_vcpu(cpu);

    if (!kv) {
        return;
    }
    if (kvm->dirty_ring_size) {
        kvm_dirty_rings_reap(kvm);
    }
    if (kvm->coalesced && (uint8_t *)kvm->coalesced > (uint8_t *)kv->run &&
        (uint8_t *)kvm->coalesced < (uint8_t *)kv->run + kvm->run_bytes) {
        coalesced_mmio_flush();
        kvm->coalesced = NULL;
        for (VCPU *c = vcpu_first(); c; c = vcpu_next(c)) {
            if (c != cpu && kvm_vcpu(c)) {
                kvm_coalesced_map(kvm, kvm_vcpu(c)->run);
            }
        }
    }
    kvm->arch->vcpu_finalize(cpu);
    cpu->accel_data = NULL;
    free_vcpu(kvm, kv);
}

static void on_kick(int sig)
{
}

void kvm_run_init(void)
{
    /* KVM_RUN is interrupted in any case; other calls of the thread go on. */
    struct sigaction act = { .sa_handler = on_kick, .sa_flags = SA_RESTART };

    sigaction(KICK_SIGNAL, &act, NULL);
}

struct kvm_run *kvm_vcpu_get_run(VCPU *cpu)
{
    return kvm_vcpu(cpu)->run;
}

uint64_t kvm_vcpu_get_exits(VCPU *cpu, unsigned reason)
{
    return kvm_vcpu(cpu)->exits[MIN(reason, KVM_EXIT_KINDS - 1u)];
}

uint64_t kvm_vcpu_get_total_exits(VCPU *cpu)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < KVM_EXIT_KINDS; i++) {
        n += kvm_vcpu(cpu)->exits[i];
    }
    return n;
}
