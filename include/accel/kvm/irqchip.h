/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt controllers in the kernel, for their twins in hw/intc and hw/timer.
 * Context: BQL unless stated.
 */
#ifndef STRATA_ACCEL_KVM_IRQCHIP_H
#define STRATA_ACCEL_KVM_IRQCHIP_H

#include "util/error.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum KvmIrqchip {
    KVM_IRQCHIP_OFF,   /* all in user space */
    KVM_IRQCHIP_SPLIT, /* local APICs in the kernel */
    KVM_IRQCHIP_ON,    /* 8259s, I/O APIC and PIT, too */
} KvmIrqchip;

KvmIrqchip kvm_irqchip_get(void);

/* Drive a global system interrupt (KVM_IRQCHIP_ON). Any thread. */
void kvm_irqchip_set_gsi(int gsi, int level);
/* Send a message on the interrupt bus. Any thread. False: no CPU took it. */
bool kvm_irqchip_send_msi(uint64_t addr, uint32_t data);

/* --- Routes. Changes take effect at kvm_irqchip_commit_routes(). */
/* A GSI to a pin of a controller (KVM_IRQCHIP_PIC_MASTER ...). */
void kvm_irqchip_route_pin(uint32_t gsi, uint32_t irqchip, uint32_t pin);
/* A GSI to a message; replaces what the GSI had. */
void kvm_irqchip_route_msi(uint32_t gsi, uint64_t addr, uint32_t data);
void kvm_irqchip_unroute(uint32_t gsi);
bool kvm_irqchip_commit_routes(Error **errp) WARN_UNUSED;
/* A free GSI routed to a message, for an irqfd; -1 and an error when none is left. */
int kvm_irqchip_add_msi_route(uint64_t addr, uint32_t data, Error **errp);
void kvm_irqchip_release_route(int gsi);

/*
 * @fd raises @gsi; with @resample_fd (else -1) the line is level-triggered: it falls
 * at the guest's end of interrupt, and the eventfd tells so.
 */
bool kvm_irqchip_add_irqfd(int gsi, int fd, int resample_fd, Error **errp) WARN_UNUSED;
void kvm_irqchip_del_irqfd(int gsi, int fd);

#endif
