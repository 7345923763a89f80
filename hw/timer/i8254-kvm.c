/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "kvm-pit": the twin of an 8254 inside KVM (Documentation/virt/kvm/api.rst,
 * KVM_CREATE_PIT2, KVM_GET_PIT2). While the guest is stopped its time stands: the
 * kernel's counters are read when it stops and written when it goes on. The kernel
 * drives GSI 0, and answers port 61's timer bits, too.
 *
 * Board: as the device it stands for; properties iobase, lost_tick_policy ("delay" or
 * "discard"); region "kvm-pit".
 */
#include "accel/kvm/kvm.h"
#include "hw/timer/i8254-internal.h"
#include "softmmu/runstate.h"

#include <linux/kvm.h>
#include <string.h>
#include <time.h>

/* How the kernel numbers what the next byte is. */
enum { RW_STATE_LSB = 1, RW_STATE_MSB, RW_STATE_WORD0, RW_STATE_WORD1 };

typedef struct KvmPitState {
    I8254State parent_obj;
    char *lost_tick_policy;
} KvmPitState;

/* The kernel's clock, CLOCK_MONOTONIC, minus the virtual clock. */
static int64_t clock_difference(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * NANOSECONDS_PER_SECOND + ts.tv_nsec -
           clock_get_ns(VIRTUAL_CLOCK);
}

static int64_t ns_to_ticks(int64_t ns)
{
    return (int64_t)((__int128)ns * PIT_HZ / NANOSECONDS_PER_SECOND);
}

static int64_t ticks_to_ns(int64_t ticks)
{
    return (int64_t)((__int128)ticks * NANOSECONDS_PER_SECOND / PIT_HZ);
}

static void from_kernel(I8254Counter *c, const struct kvm_pit_channel_state *k,
                        int64_t difference)
{
    *c = (I8254Counter){
        .mode = k->mode <= 5 ? k->mode : k->mode & 3,
        .rw = k->rw_mode & 3,
        .bcd = k->bcd,
        .gate = k->gate,
        .loaded = true,
        .triggered = k->mode == 1 || k->mode == 5,
        .wait_msb = k->write_state == RW_STATE_WORD1,
        .lsb = k->write_latch,
        .read_msb = k->read_state == RW_STATE_WORD1,
        .count_latched = k->count_latched,
        .status_latched = k->status_latched,
        .latch = k->latched_count,
        .status = k->status,
        .count = k->count && k->count <= 65536 ? k->count : 65536,
        .start = ns_to_ticks(k->count_load_time - difference),
        .held = -1,
    };
    if (!c->gate && c->mode != 1 && c->mode != 5) {
        c->held = 0;
    }
}

static void to_kernel(struct kvm_pit_channel_state *k, const I8254Counter *c,
                      int64_t difference)
{
    uint8_t word = c->rw == 3 ? RW_STATE_WORD0 : c->rw;

    *k = (struct kvm_pit_channel_state){
        .count = c->count,
        .latched_count = c->latch,
        .count_latched = c->count_latched ? word : 0,
        .status_latched = c->status_latched,
        .status = c->status,
        .read_state = c->read_msb ? RW_STATE_WORD1 : word,
        .write_state = c->wait_msb ? RW_STATE_WORD1 : word,
        .write_latch = c->lsb,
        .rw_mode = c->rw,
        .mode = c->mode,
        .bcd = c->bcd,
        .gate = c->gate,
        .count_load_time = ticks_to_ns(c->start) + difference,
    };
}

static void fetch(I8254State *s)
{
    struct kvm_pit_state2 pit;
    int64_t difference = clock_difference();

    if (s->copy_valid || kvm_vm_ioctl(KVM_GET_PIT2, &pit) < 0) {
        return;
    }
    for (int n = 0; n < 3; n++) {
        from_kernel(&s->counters[n], &pit.channels[n], difference);
    }
}

static void written(I8254State *s)
{
    struct kvm_pit_state2 pit = { .flags =
                                      s->irq_disabled ? KVM_PIT_FLAGS_HPET_LEGACY : 0 };
    int64_t difference = clock_difference();
    int ret;

    if (s->copy_valid) {
        return; /* when the guest goes on */
    }
    for (int n = 0; n < 3; n++) {
        to_kernel(&pit.channels[n], &s->counters[n], difference);
    }
    ret = kvm_vm_ioctl(KVM_SET_PIT2, &pit);
    if (ret < 0) {
        error_report("kvm: registers of the 8254: %s", g_strerror(-ret));
    }
}

static void vm_state_changed(void *opaque, bool running, RunState state)
{
    I8254State *s = opaque;

    if (running) {
        s->copy_valid = false;
        written(s);
    } else {
        fetch(s);
        s->copy_valid = true;
    }
}

static bool realize(I8254State *s, Error **errp)
{
    KvmPitState *k = (KvmPitState *)s;
    struct kvm_pit_config config = { .flags = KVM_PIT_SPEAKER_DUMMY };
    struct kvm_reinject_control control = { 0 };
    int ret = kvm_vm_ioctl(KVM_CREATE_PIT2, &config);

    if (ret < 0) {
        return error_set_errno(errp, -ret, "kvm: in-kernel interval timer");
    }
    if (!strcmp(k->lost_tick_policy, "delay")) {
        control.pit_reinject = 1;
    } else if (strcmp(k->lost_tick_policy, "discard")) {
        return error_set(errp, "kvm-pit: lost_tick_policy '%s' is not delay or discard",
                         k->lost_tick_policy);
    }
    if (kvm_check_extension(KVM_CAP_REINJECT_CONTROL)) {
        ret = kvm_vm_ioctl(KVM_REINJECT_CONTROL, &control);
        if (ret < 0) {
            return error_set_errno(errp, -ret, "kvm-pit: lost_tick_policy");
        }
    }
    s->copy_valid = !runstate_is_running();
    vm_add_change_state_listener(vm_state_changed, s);
    return true;
}

static const I8254Twin twin = { realize, fetch, written };

static const Property properties[] = {
    PROP_STR("lost_tick_policy", KvmPitState, lost_tick_policy, "delay"),
};

static void kvm_pit_class_init(ObjectClass *klass, const void *data)
{
    I8254Class *pc = (I8254Class *)klass;

    pc->region_name = "kvm-pit";
    pc->twin = &twin;
    DEVICE_CLASS(klass)->desc = "8254 interval timer in KVM";
    OBJECT_CLASS_ADD_PROPERTIES(klass, properties);
}

static const TypeInfo kvm_pit_info = {
    .name = "kvm-pit",
    .parent = TYPE_I8254,
    .instance_size = sizeof(KvmPitState),
    .class_init = kvm_pit_class_init,
};
TYPE_REGISTER(kvm_pit_info);
