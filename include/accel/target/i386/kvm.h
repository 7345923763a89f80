/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What x86 guests add to the KVM accelerator. */
#ifndef ACCEL_TARGET_I386_KVM_H
#define ACCEL_TARGET_I386_KVM_H

#include "accel/kvm/arch.h"

extern const KvmArchOps kvm_arch_i386;

#endif
