/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a vCPU under KVM has beyond X86State: events that the kernel is delivering, and
 * the registers of its paravirtual interface. Migrated while KVM is in use. No kernel
 * header is needed for it.
 */
#ifndef ACCEL_TARGET_I386_X86_KVM_STATE_H
#define ACCEL_TARGET_I386_X86_KVM_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* The MSRs that only KVM has, in the order of kvm_msr_index (kvm/msr.c). */
enum { X86_KVM_MSR_COUNT = 12, X86_KVM_NESTED_MAX = 16384 };

/* What a device can see and change of a CPU in the middle of an access. */
typedef struct X86KvmSeen {
    uint64_t gpr[16], rip, rflags;
    uint64_t result; /* bits of RAX that the IN under way will set */
} X86KvmSeen;

typedef struct X86KvmState {
    bool exception_injected, exception_pending, exception_has_error;
    bool exception_has_payload;
    uint8_t exception_nr;
    uint32_t exception_error;
    uint64_t exception_payload;
    bool interrupt_injected, interrupt_soft;
    uint8_t interrupt_nr;
    bool nmi_injected, nmi_pending;
    bool smi_pending, smi_latched_init;
    bool triple_fault_pending;
    uint32_t mp_state;
    uint64_t msr[X86_KVM_MSR_COUNT];
    X86KvmSeen seen; /* registers as they were fetched during an access */
    /* KVM_GET_NESTED_STATE, as the kernel lays it out; 0 bytes: none. */
    uint32_t nested_bytes;
    uint8_t nested[X86_KVM_NESTED_MAX] __attribute__((aligned(8)));
} X86KvmState;

#endif
