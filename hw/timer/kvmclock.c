/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KVM's paravirtual clock (Documentation/virt/kvm/x86/msr.rst and
 * Documentation/virt/kvm/api.rst, KVM_GET_CLOCK). Its registers belong to the CPUs;
 * this device stops the clock with the guest and keeps it for migration.
 *
 * Board: nothing to wire.
 */
#include "accel/kvm/kvm.h"
#include "hw/core/sysbus.h"
#include "migration/vmstate.h"
#include "softmmu/runstate.h"

#include <linux/kvm.h>

#define TYPE_KVMCLOCK "kvmclock"

typedef struct KvmClockState {
    SysBusDevice parent_obj;
    uint64_t clock_ns; /* migrated; right while clock_valid */
    bool clock_valid;  /* the guest is stopped, or was loaded */
} KvmClockState;

static KvmClockState *KVMCLOCK(const void *obj)
{
    return (KvmClockState *)object_cast((const Object *)obj, TYPE_KVMCLOCK);
}

static void fetch(KvmClockState *s)
{
    struct kvm_clock_data data = { 0 };

    if (!s->clock_valid && kvm_vm_ioctl(KVM_GET_CLOCK, &data) >= 0) {
        s->clock_ns = data.clock;
    }
}

/* The guest's watchdogs are told that it did not run. */
static void tell_paused(VCPU *cpu, void *opaque)
{
    /* Fails with -EINVAL when the guest does not use the clock: fine. */
    kvm_vcpu_ioctl(cpu, KVM_KVMCLOCK_CTRL, NULL);
}

static void vm_state_changed(void *opaque, bool running, RunState state)
{
    KvmClockState *s = opaque;
    struct kvm_clock_data data = { .clock = s->clock_ns };
    int ret;

    if (!running) {
        fetch(s);
        s->clock_valid = true;
        return;
    }
    if (!s->clock_valid) {
        return; /* the first start */
    }
    s->clock_valid = false;
    ret = kvm_vm_ioctl(KVM_SET_CLOCK, &data);
    if (ret < 0) {
        error_report("kvmclock: %s", g_strerror(-ret));
    }
    for (VCPU *cpu = vcpu_first(); cpu && kvm_check_extension(KVM_CAP_KVMCLOCK_CTRL);
         cpu = vcpu_next(cpu)) {
        vcpu_run_on(cpu, tell_paused, NULL);
    }
}

static bool realize(DeviceState *dev, Error **errp)
{
    if (!kvm_is_used()) {
        return error_set(errp, "kvmclock: there is none without KVM");
    }
    vm_add_change_state_listener(vm_state_changed, KVMCLOCK(dev));
    return true;
}

static bool pre_save(void *opaque, Error **errp)
{
    fetch(opaque);
    return true;
}

static bool post_load(void *opaque, int version_id, Error **errp)
{
    ((KvmClockState *)opaque)->clock_valid = true;
    return true;
}

static const VMStateDescription kvmclock_vmstate = {
    .name = TYPE_KVMCLOCK,
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = pre_save,
    .post_load = post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT64(clock_ns, KvmClockState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static void class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "KVM's paravirtual clock";
    dc->user_creatable = false;
    dc->realize = realize;
    dc->vmsd = &kvmclock_vmstate;
}

static const TypeInfo kvmclock_info = {
    .name = TYPE_KVMCLOCK,
    .parent = TYPE_SYSBUS_DEVICE,
    .instance_size = sizeof(KvmClockState),
    .class_init = class_init,
};
TYPE_REGISTER(kvmclock_info);
