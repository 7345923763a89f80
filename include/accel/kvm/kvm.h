/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The KVM accelerator, as the target's register code and the in-kernel devices see it:
 * ioctls on the VM and on a vCPU, and what the kernel can do. Tour: docs/kvm.md.
 *
 * Everything here may be called only while kvm_is_used().
 */
#ifndef STRATA_ACCEL_KVM_KVM_H
#define STRATA_ACCEL_KVM_KVM_H

#include "accel/vcpu.h"
#include "util/error.h"

/* Is KVM the accelerator in use (or being set up)? Any thread. */
bool kvm_is_used(void);

/* ioctl(2) whose failure is -errno. Any thread. */
int kvm_system_ioctl(unsigned long request, void *arg);
int kvm_vm_ioctl(unsigned long request, void *arg);
/* Context: the vCPU's thread, or any with the BQL before its thread has started. */
int kvm_vcpu_ioctl(VCPU *cpu, unsigned long request, void *arg);

/* KVM_CHECK_EXTENSION on the VM: 0, or what the capability says. */
int kvm_check_extension(int cap);
/* KVM_ENABLE_CAP with up to one argument: 0 or -errno. */
int kvm_vm_enable_cap(int cap, uint64_t flags, uint64_t arg);
int kvm_vcpu_enable_cap(VCPU *cpu, int cap, uint64_t arg);

/* The page that a vCPU shares with the kernel. */
struct kvm_run *kvm_vcpu_get_run(VCPU *cpu);
/* Exits of a kind since the vCPU was made; for tests. Context: the vCPU is stopped. */
uint64_t kvm_vcpu_get_exits(VCPU *cpu, unsigned reason);
uint64_t kvm_vcpu_get_total_exits(VCPU *cpu);

#endif
