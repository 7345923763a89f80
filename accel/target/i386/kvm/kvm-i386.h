/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x86 under KVM, shared by the files of this folder. */
#ifndef ACCEL_TARGET_I386_KVM_KVM_I386_H
#define ACCEL_TARGET_I386_KVM_KVM_I386_H

#include "accel/kvm/irqchip.h"
#include "accel/target/i386/kvm.h"
#include "accel/target/i386/x86-cpu-internal.h"

#include <linux/kvm.h>

/* cpuid.c */
/* What KVM can offer; everything below answers from it. Context: the VM is being made.
 */
bool kvm_x86_ask_cpuid(Error **errp) WARN_UNUSED;
/* Features that KVM offers to guests, by CPUID word. */
void kvm_x86_supported_features(uint32_t words[X86_FW_COUNT]);
bool kvm_x86_set_cpuid(X86Cpu *cpu, Error **errp);
unsigned kvm_x86_phys_bits(void);
/* A register of the leaf as KVM offers it; 0 when it has no such leaf. */
uint32_t kvm_x86_supported_cpuid(uint32_t leaf, uint32_t subleaf, unsigned reg);

/* host-cpu.c */
void kvm_x86_fill_host_model(void);

/* regs.c; all: context BQL, the vCPU's thread. */
bool kvm_x86_get_registers(VCPU *vcpu);
bool kvm_x86_put_registers(VCPU *vcpu, VcpuStateLevel level);
/* KvmArchOps.get_registers_in_access and .access_completed. */
bool kvm_x86_get_registers_in_access(VCPU *vcpu, const struct kvm_run *run);
bool kvm_x86_access_completed(VCPU *vcpu);

/* msr.c */
void kvm_x86_msr_init(X86Cpu *cpu);
bool kvm_x86_get_msrs(X86Cpu *cpu);
bool kvm_x86_put_msrs(X86Cpu *cpu, VcpuStateLevel level);

#endif
