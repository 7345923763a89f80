/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What KVM's run loop asks of the target: moving registers between the CPU object and
 * the kernel, and the exits that only the target understands.
 */
#ifndef STRATA_ACCEL_KVM_ARCH_H
#define STRATA_ACCEL_KVM_ARCH_H

#include "accel/accel.h"
#include "accel/kvm/kvm.h"

struct kvm_run;

/* After an exit. */
typedef enum KvmExitResult {
    KVM_EXIT_RESUME, /* go on */
    KVM_EXIT_LEAVE,  /* back to the thread's loop, which looks at everything again */
    KVM_EXIT_FAILED, /* nobody knows how to go on: the guest is stopped */
} KvmExitResult;

typedef struct KvmArchOps {
    /* The VM exists, nothing else does. Context: BQL. */
    bool (*init_vm)(MachineState *ms, Error **errp);
    /* What KVM numbers the vCPU with. */
    unsigned long (*vcpu_id)(VCPU *cpu);
    /* The kernel's vCPU exists, its thread does not. Context: BQL. */
    bool (*vcpu_init)(VCPU *cpu, Error **errp);
    void (*vcpu_finalize)(VCPU *cpu);
    /*
     * Kernel to CPU object, and back. Context: BQL, the vCPU's thread. False: an ioctl
     * failed, which has been reported.
     */
    bool (*get_registers)(VCPU *cpu);
    bool (*put_registers)(VCPU *cpu, VcpuStateLevel level);
    /*
     * The two halves of a fetch by a device whose registers are being accessed. The
     * first gets what the guest had before the instruction, or parts of what it will
     * have after it (KVM does not say). When the kernel has completed the instruction,
     * the second gets everything again, but keeps what the device has changed of the
     * registers that a program can name (general, flags, instruction pointer); the
     * result of an IN goes over a change of the same bits. Context: as above.
     */
    bool (*get_registers_in_access)(VCPU *cpu, const struct kvm_run *run);
    bool (*access_completed)(VCPU *cpu);
    /*
     * About to run: what is pending that changes registers (it may ask for them), then,
     * when they have been put, what the kernel is to deliver: putting registers would
     * take an interrupt away that waits in the kernel. False: nothing to run (the vCPU
     * sleeps). Context: BQL, the vCPU's thread.
     */
    void (*pre_run)(VCPU *cpu);
    bool (*inject)(VCPU *cpu);
    /* KVM_RUN came back. Context: the vCPU's thread, no BQL. */
    void (*post_run)(VCPU *cpu, struct kvm_run *run);
    /* An exit that the run loop has no case for. Context: the vCPU's thread, no BQL. */
    KvmExitResult (*handle_exit)(VCPU *cpu, struct kvm_run *run);
    /* Attributes of a register access, and which of the vCPU's address spaces. */
    MemTxAttrs (*access_attrs)(VCPU *cpu, const struct kvm_run *run, int *space);
    /* KVM_EXIT_SHUTDOWN. Context: BQL. */
    void (*triple_fault)(VCPU *cpu);
    /* The guest is stopped, or goes on. Context: BQL. */
    void (*vm_state_changed)(bool running);
    /* Guest-physical address bits; 0: not known. */
    unsigned (*phys_bits)(void);
    /* Single-step as VCPU.singlestep says. */
    int (*update_debug)(VCPU *cpu);
} KvmArchOps;

#endif
