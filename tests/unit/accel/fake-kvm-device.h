/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole KVM without a kernel, behind ioctl(2): the program opens any device file and
 * speaks to this one (the test is linked with --wrap=ioctl). A vCPU has registers and a
 * script instead of code: each KVM_RUN is the next step of it. What the interface says
 * of accesses is enforced: one that made the guest exit is complete after the next
 * KVM_RUN, and until then no register may be put.
 *
 * One device, one VM; state is per process.
 */
#ifndef STRATA_TESTS_FAKE_KVM_DEVICE_H
#define STRATA_TESTS_FAKE_KVM_DEVICE_H

#include "fake-kvm.h"

enum { FAKE_MAX_CPUS = 4, FAKE_MAX_STEPS = 64, FAKE_MAX_MSRS = 64, FAKE_CAPS = 512 };

typedef struct FakeCpu FakeCpu;

typedef struct FakeStep {
    int err;         /* KVM_RUN fails with it */
    uint32_t reason; /* KVM_EXIT_ */
    uint64_t addr;   /* port or address; or what the exit says besides */
    uint32_t size, count;
    bool write;
    uint64_t data;  /* written */
    uint16_t flags; /* kvm_run.flags */
    bool again;     /* an access: the next step follows without guest code */
    bool wait;      /* until kicked */
    /* Before the exit, on the vCPU's thread. */
    void (*enter)(FakeCpu *cpu, struct kvm_run *run);
} FakeStep;

struct FakeCpu {
    int fd;
    unsigned long id;
    struct kvm_run *run;
    struct kvm_regs regs;
    struct kvm_sregs2 sregs;
    struct kvm_fpu fpu;
    struct kvm_xsave xsave;
    struct kvm_xcrs xcrs;
    struct kvm_debugregs debugregs;
    struct kvm_vcpu_events events;
    struct kvm_mp_state mp;
    struct kvm_lapic_state lapic;
    struct kvm_nested_state nested;
    uint32_t nested_bytes; /* of the last KVM_SET_NESTED_STATE */
    struct kvm_guest_debug debug;
    struct kvm_msr_entry msrs[FAKE_MAX_MSRS];
    unsigned n_msrs;
    FakeStep steps[FAKE_MAX_STEPS];
    unsigned n_steps, at; /* at: vCPU's thread */
    const FakeStep *pending;
    uint32_t in_run; /* atomic */
    bool has_run;
    unsigned ring_next;
    unsigned n_put; /* KVM_SET_REGS */
    unsigned n_nmi, n_smi, n_interrupts, last_vector;
    unsigned n_completed; /* accesses */
};

typedef struct FakeDevice {
    int caps[FAKE_CAPS];
    FakeKvm slots[2]; /* of the two address spaces */
    FakeCpu cpus[FAKE_MAX_CPUS];
    unsigned n_cpus, n_creations;
    int api_version;
    uint32_t refused_msr;    /* KVM_SET_MSRS stops before it */
    bool refuse_block_irq;   /* KVM_GUESTDBG_BLOCKIRQ is not known */
    unsigned calls, fail_at; /* the n-th ioctl fails; 0: none */
    unsigned long failed;    /* which one did */
    unsigned n_ring_resets;
    uint64_t clock_ns; /* of the paravirtual clock */
    unsigned n_told_paused;
    uint64_t enabled[FAKE_CAPS]; /* first argument of KVM_ENABLE_CAP */
} FakeDevice;

extern FakeDevice fake_device;

/* Defaults: what a recent host offers, without SMM and nested guests. */
void fake_device_init(void);
/* The vCPU with that number, which exists. */
FakeCpu *fake_cpu(unsigned long id);
void fake_script(FakeCpu *cpu, const FakeStep *steps, unsigned n);
/* A page was written by the guest: into the vCPU's dirty ring. */
void fake_ring_push(FakeCpu *cpu, uint32_t slot, uint64_t page);
uint64_t fake_msr(const FakeCpu *cpu, uint32_t index);

#endif
