/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The twin of a local APIC that KVM has: its registers between the kernel's page
 * (KVM_GET_LAPIC, laid out as the APIC's own register page) and the device.
 * Context: BQL.
 */
#ifndef STRATA_HW_INTC_APIC_KVM_H
#define STRATA_HW_INTC_APIC_KVM_H

#include "hw/intc/apic.h"

#define TYPE_KVM_APIC "kvm-apic"

struct kvm_lapic_state;

void kvm_apic_from_kernel(ApicState *apic, const struct kvm_lapic_state *page,
                          uint64_t base);
void kvm_apic_to_kernel(ApicState *apic, struct kvm_lapic_state *page);
/* IA32_TSC_DEADLINE, which is no register of the page. */
uint64_t *kvm_apic_tsc_deadline(ApicState *apic);
/* Is the timer in TSC deadline mode? */
bool kvm_apic_timer_is_deadline(const ApicState *apic);
/* The kernel ended @vector, which an I/O APIC here sent (split mode). */
void kvm_apic_eoi(uint8_t vector);

#endif
