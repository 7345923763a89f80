/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPU threads. The loop of a thread:
 *
 *     take pending -> run queued work -> stop asked for? acknowledge and sleep
 *                  -> halted without work? sleep
 *                  -> accel exec (guest code without the BQL) -> again
 *
 * V1: a thread sleeps only when pending was zero after it had looked at everything; who
 *     changes a condition sets a bit afterwards (vcpu_set_pending), so no wake is lost.
 * V2: "stopped" is written by the vCPU's own thread, or by the caller of pause/resume
 * when the accelerator has no threads (qtest).
 */
#include "accel/vcpu.h"
#include "accel/accel.h"
#include "accel/round-robin.h"
#include "util/atomic.h"
#include "util/bql.h"
#include "util/rcu.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_VCPUS 1024

typedef struct VCPUWork {
    struct VCPUWork *next;
    VCPUWorkFn *fn;
    void *opaque;
    bool *done; /* vcpu_run_on waits for it; BQL */
} VCPUWork;

/* Written under the BQL; slots are read by any thread (the RCU kick). */
static VCPU *vcpus[MAX_VCPUS];
static int vcpu_slots;
static bool machine_paused = true; /* BQL: threads made now begin stopped */

static __thread VCPU *this_vcpu;

/* With the BQL: somebody stopped, finished work, or was created. */
pthread_cond_t vcpu_progress = PTHREAD_COND_INITIALIZER;

VCPU *current_vcpu(void)
{
    return this_vcpu;
}

void vcpu_set_current(VCPU *cpu)
{
    this_vcpu = cpu;
}

/* All vCPUs share one thread. */
static bool one_thread(void)
{
    return accel_current() && accel_current()->one_thread;
}

VCPU *vcpu_find(int index)
{
    return index >= 0 && index < vcpu_slots ? vcpus[index] : NULL;
}

VCPU *vcpu_first(void)
{
    for (int i = 0; i < vcpu_slots; i++) {
        if (vcpus[i]) {
            return vcpus[i];
        }
    }
    return NULL;
}

VCPU *vcpu_next(VCPU *cpu)
{
    for (int i = cpu->index + 1; i < vcpu_slots; i++) {
        if (vcpus[i]) {
            return vcpus[i];
        }
    }
    return NULL;
}

int vcpu_count(void)
{
    int n = 0;

    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        n++;
    }
    return n;
}

void vcpu_add_address_space(VCPU *cpu, AddressSpace *as)
{
    assert(cpu->num_ases < VCPU_MAX_ASES);
    cpu->as[cpu->num_ases++] = as;
}

/* --- Kick and sleep --------------------------------------------------------------- */

void vcpu_futex_wake(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

void vcpu_futex_wait(uint32_t *word, int64_t timeout_ns)
{
    struct timespec ts = { .tv_sec = timeout_ns / 1000000000,
                           .tv_nsec = timeout_ns % 1000000000 };
    long ret = 0;

    while (!atomic_read(word) && !(ret && errno == ETIMEDOUT)) {
        ret = syscall(SYS_futex, word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0,
                      timeout_ns < 0 ? NULL : &ts, NULL, 0);
    }
}

void vcpu_set_pending(VCPU *cpu, uint32_t bits)
{
    AccelState *accel = accel_current();

    /* Pairs with the exchange in vcpu_take_pending. */
    atomic_fetch_or(&cpu->pending, bits);
    if (atomic_read(&cpu->sleeping)) {
        vcpu_futex_wake(&cpu->pending);
    }
    if (one_thread()) {
        round_robin_wake();
    }
    if (accel && ACCEL_GET_CLASS(accel)->kick) {
        ACCEL_GET_CLASS(accel)->kick(cpu);
    }
}

void vcpu_kick(VCPU *cpu)
{
    vcpu_set_pending(cpu, VCPU_PENDING_KICK);
}

uint32_t vcpu_take_pending(VCPU *cpu)
{
    return atomic_xchg(&cpu->pending, 0);
}

/* Context: BQL, which is released meanwhile. */
static void sleep_until_pending(VCPU *cpu)
{
    bql_unlock();
    atomic_set(&cpu->sleeping, 1);
    smp_mb(); /* pairs with the exchange-or in vcpu_set_pending: one side sees the other
               */
    vcpu_futex_wait(&cpu->pending, -1);
    atomic_set(&cpu->sleeping, 0);
    bql_lock();
}

static void kick_for_rcu(void)
{
    for (int i = 0; i < atomic_read(&vcpu_slots); i++) {
        RCU_READ_LOCK_GUARD();
        VCPU *cpu = atomic_rcu_read(&vcpus[i]);
        if (cpu && cpu != this_vcpu) {
            vcpu_set_pending(cpu, VCPU_PENDING_RCU);
        }
    }
    if (this_vcpu) {
        atomic_fetch_or(&this_vcpu->pending, VCPU_PENDING_RCU);
    }
}

/* --- Work ------------------------------------------------------------------------- */

static void queue_work(VCPU *cpu, VCPUWorkFn *fn, void *opaque, bool *done)
{
    VCPUWork *work = g_new(VCPUWork, 1);

    *work = (VCPUWork){ .fn = fn, .opaque = opaque, .done = done };
    pthread_mutex_lock(&cpu->work_lock);
    *cpu->work_tail = work;
    cpu->work_tail = &work->next;
    pthread_mutex_unlock(&cpu->work_lock);
    vcpu_set_pending(cpu, VCPU_PENDING_WORK);
}

void vcpu_queue_work(VCPU *cpu, VCPUWorkFn *fn, void *opaque)
{
    queue_work(cpu, fn, opaque, NULL);
}

void vcpu_run_queued_work(VCPU *cpu)
{
    assert(bql_is_held());
    for (;;) {
        pthread_mutex_lock(&cpu->work_lock);
        VCPUWork *work = cpu->work_head;
        if (work) {
            cpu->work_head = work->next;
            if (!cpu->work_head) {
                cpu->work_tail = &cpu->work_head;
            }
        }
        pthread_mutex_unlock(&cpu->work_lock);
        if (!work) {
            return;
        }
        work->fn(cpu, work->opaque);
        if (work->done) {
            *work->done = true;
            pthread_cond_broadcast(&vcpu_progress);
        }
        g_free(work);
    }
}

static bool has_thread(VCPU *cpu)
{
    return cpu->created;
}

/* Whether @cpu cannot be executing while the caller goes on: it is the caller's own,
 * its thread is, or it has none. */
static bool is_mine(VCPU *cpu)
{
    return cpu == this_vcpu || !has_thread(cpu) || round_robin_is_self();
}

void vcpu_run_on(VCPU *cpu, VCPUWorkFn *fn, void *opaque)
{
    bool done = false;

    assert(bql_is_held());
    if (is_mine(cpu)) {
        VCPU *self = this_vcpu;

        this_vcpu = round_robin_is_self() ? cpu : self;
        fn(cpu, opaque);
        this_vcpu = self;
        return;
    }
    queue_work(cpu, fn, opaque, &done);
    while (!done) {
        bql_cond_wait(&vcpu_progress);
    }
}

void vcpu_sync_state(VCPU *cpu)
{
    AccelState *accel = accel_current();

    if (accel && ACCEL_GET_CLASS(accel)->sync_state) {
        ACCEL_GET_CLASS(accel)->sync_state(cpu);
    }
}

void vcpu_state_written(VCPU *cpu, VcpuStateLevel level)
{
    AccelState *accel = accel_current();

    if (accel && ACCEL_GET_CLASS(accel)->state_written) {
        ACCEL_GET_CLASS(accel)->state_written(cpu, level);
    }
}

/* --- The thread ------------------------------------------------------------------- */

static bool must_stop(VCPU *cpu)
{
    return cpu->stop_requested || cpu->stopped;
}

bool vcpu_is_idle(VCPU *cpu)
{
    return must_stop(cpu) || (cpu->halted && !VCPU_GET_CLASS(cpu)->has_work(cpu));
}

static void acknowledge_stop(VCPU *cpu)
{
    if (cpu->stop_requested) {
        cpu->stop_requested = false;
        cpu->stopped = true;
        pthread_cond_broadcast(&vcpu_progress);
    }
}

void vcpu_attend(VCPU *cpu)
{
    vcpu_take_pending(cpu);
    vcpu_run_queued_work(cpu);
    acknowledge_stop(cpu);
}

static void *thread_main(void *opaque)
{
    VCPU *cpu = opaque;
    AccelClass *ac = ACCEL_GET_CLASS(accel_current());

    rcu_register_thread();
    this_vcpu = cpu;
    bql_lock();
    cpu->thread_id = (int)syscall(SYS_gettid);
    if (ac->vcpu_init) {
        ac->vcpu_init(cpu);
    }
    cpu->created = true;
    pthread_cond_broadcast(&vcpu_progress);
    while (!cpu->unplug) {
        vcpu_attend(cpu);
        if (cpu->unplug) {
            break;
        }
        if (vcpu_is_idle(cpu)) {
            sleep_until_pending(cpu);
        } else {
            ac->exec(cpu);
        }
    }
    vcpu_run_queued_work(cpu);
    acknowledge_stop(cpu);
    if (ac->vcpu_finalize) {
        ac->vcpu_finalize(cpu);
    }
    bql_unlock();
    rcu_unregister_thread();
    return NULL;
}

void vcpu_start_thread(VCPU *cpu)
{
    AccelState *accel = accel_current();
    char name[16];

    assert(bql_is_held());
    cpu->stopped = machine_paused;
    if (!accel || !ACCEL_GET_CLASS(accel)->exec) {
        cpu->thread_id = (int)getpid();
        return;
    }
    if (accel->one_thread) {
        round_robin_add(cpu);
        return;
    }
    int err = pthread_create(&cpu->thread, NULL, thread_main, cpu);
    if (err) {
        g_error("cannot start a vCPU thread: %s", g_strerror(err));
    }
    snprintf(name, sizeof(name), "CPU %d", cpu->index);
    pthread_setname_np(cpu->thread, name);
    while (!cpu->created) {
        bql_cond_wait(&vcpu_progress);
    }
}

void vcpu_stop_thread(VCPU *cpu)
{
    assert(bql_is_held());
    if (has_thread(cpu)) {
        if (one_thread()) {
            round_robin_remove(cpu);
        } else {
            cpu->unplug = true;
            vcpu_kick(cpu);
            bql_unlock();
            pthread_join(cpu->thread, NULL);
            bql_lock();
        }
        cpu->created = false;
        vcpu_run_queued_work(cpu); /* what came too late for the thread */
        cpu->stopped = true;
        pthread_cond_broadcast(&vcpu_progress);
    }
}

/* --- Stop the world --------------------------------------------------------------- */

bool vcpu_all_stopped(void)
{
    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        if (!cpu->stopped) {
            return false;
        }
    }
    return true;
}

void vcpu_pause_all(void)
{
    assert(bql_is_held());
    machine_paused = true;
    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        if (is_mine(cpu)) {
            cpu->stop_requested = false;
            cpu->stopped = true;
            atomic_fetch_or(&cpu->pending, VCPU_PENDING_STOP);
        } else if (!cpu->stopped) {
            cpu->stop_requested = true;
            vcpu_set_pending(cpu, VCPU_PENDING_STOP);
        }
    }
    while (!vcpu_all_stopped()) {
        bql_cond_wait(&vcpu_progress);
    }
}

void vcpu_resume_all(void)
{
    assert(bql_is_held());
    machine_paused = false;
    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        cpu->stop_requested = false;
        cpu->stopped = false;
        vcpu_kick(cpu);
    }
}

/* --- Type ------------------------------------------------------------------------- */

static void vcpu_instance_init(Object *obj)
{
    VCPU *cpu = (VCPU *)obj;

    cpu->index = -1;
    cpu->work_tail = &cpu->work_head;
    pthread_mutex_init(&cpu->work_lock, NULL);
}

static void vcpu_instance_finalize(Object *obj)
{
    VCPU *cpu = (VCPU *)obj;

    assert(!cpu->work_head);
    pthread_mutex_destroy(&cpu->work_lock);
}

static bool vcpu_realize(DeviceState *dev, Error **errp)
{
    VCPU *cpu = VCPU_CAST(dev);
    AccelClass *ac = accel_current() ? ACCEL_GET_CLASS(accel_current()) : NULL;

    if (cpu->index < 0) {
        for (cpu->index = 0; cpu->index < MAX_VCPUS && vcpus[cpu->index];
             cpu->index++) {
        }
    }
    if (cpu->index >= MAX_VCPUS) {
        return error_set(errp, "too many CPUs (at most %d)", MAX_VCPUS);
    }
    if (ac && ac->vcpu_prepare && !ac->vcpu_prepare(cpu, errp)) {
        return false;
    }
    if (!vcpu_slots && !(ac && ac->guest_is_no_reader)) {
        rcu_set_kick_hook(kick_for_rcu);
    }
    atomic_rcu_set(&vcpus[cpu->index], cpu);
    atomic_set(&vcpu_slots, MAX(vcpu_slots, cpu->index + 1));
    return true;
}

static void vcpu_unrealize(DeviceState *dev)
{
    VCPU *cpu = VCPU_CAST(dev);

    vcpu_stop_thread(cpu);
    if (accel_current() && ACCEL_GET_CLASS(accel_current())->vcpu_release) {
        ACCEL_GET_CLASS(accel_current())->vcpu_release(cpu);
    }
    atomic_rcu_set(&vcpus[cpu->index], NULL);
    /* Others may be walking the list in their read sections. */
    object_unref_rcu(object_ref(cpu));
}

static void vcpu_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = vcpu_realize;
    dc->unrealize = vcpu_unrealize;
    dc->categories = 1u << DEVICE_CATEGORY_CPU;
}

static const TypeInfo vcpu_info = {
    .name = TYPE_VCPU,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(VCPU),
    .class_size = sizeof(VCPUClass),
    .abstract = true,
    .instance_init = vcpu_instance_init,
    .instance_finalize = vcpu_instance_finalize,
    .class_init = vcpu_class_init,
};
TYPE_REGISTER(vcpu_info);
