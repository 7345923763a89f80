/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The X86Cpu object, for the files that implement it. */
#ifndef ACCEL_TARGET_I386_X86_CPU_INTERNAL_H
#define ACCEL_TARGET_I386_X86_CPU_INTERNAL_H

#include "accel/target/i386/x86-cpu.h"
#include "accel/target/i386/x86-kvm-state.h"
#include "accel/tcg/machine-phys.h"
#include "migration/vmstate.h"

struct X86Model;

struct X86Cpu {
    VCPU parent_obj;
    X86State st;
    X86CpuOps ops;
    MachinePhys phys;
    struct ApicState *apic;
    uint32_t apic_id;
    int32_t socket_id, die_id, core_id, thread_id, node_id;
    uint64_t saved_rflags; /* migration only */
    X86KvmState kvm;       /* what a vCPU under KVM has besides */
    uint32_t kvm_debug_control;
};

typedef struct X86CpuClass {
    VCPUClass parent_class;
    const struct X86Model *model;
    bool (*parent_realize)(DeviceState *dev, Error **errp);
    void (*parent_unrealize)(DeviceState *dev);
} X86CpuClass;

extern const VMStateDescription x86_cpu_vmstate;

#endif
