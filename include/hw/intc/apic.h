/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC of each x86 CPU and the bus that joins them (Intel SDM volume 3,
 * chapter 10 "Advanced Programmable Interrupt Controller"; MSI: chapter 10.11).
 *
 * A CPU makes its APIC with apic_new() before it is realized, fills the apic entries of
 * its X86CpuOps with apic_init_cpu_ops() and points X86State.apic at it. The APIC
 * drives X86State.irq_pending and wakes the vCPU with VCPU_PENDING_IRQ; it computes the
 * INTR level (X86_IRQ_HARD) from its own requests and from the line of the 8259s, so
 * nobody else sets that bit on a CPU that has an APIC.
 *
 * Context: BQL for everything.
 */
#ifndef STRATA_HW_INTC_APIC_H
#define STRATA_HW_INTC_APIC_H

#include "hw/core/device.h"
#include "memory/types.h"

#define TYPE_APIC         "apic"
#define APIC_DEFAULT_BASE 0xfee00000ull
#define APIC_SPACE_SIZE   0x100000u
/* IA32_APIC_BASE */
#define APIC_BASE_BSP    (1u << 8)
#define APIC_BASE_EXTD   (1u << 10)
#define APIC_BASE_ENABLE (1u << 11)

typedef struct ApicState ApicState;
typedef struct VCPU VCPU;
struct X86State;
struct X86CpuOps;

/*
 * Make the local APIC of @cpu, child "lapic" of it, with physical id @apic_id; the
 * first one made is the bootstrap processor's and owns the mapped "apic-msi" window.
 * Realize it with the CPU's realize; unparent it with its unrealize.
 */
ApicState *apic_new(VCPU *cpu, struct X86State *state, uint32_t apic_id);
bool apic_realize(ApicState *apic, Error **errp) WARN_UNUSED;
/* The apic_* entries of the table; the others are left alone. */
void apic_init_cpu_ops(struct X86CpuOps *ops);
/* Power-up reset; the CPU calls it from its own reset, after its own state. */
void apic_reset(ApicState *apic);

/*
 * A message on the interrupt bus: what a PCI device writes to @addr in the fee00000
 * window as an MSI (SDM volume 3, 10.11.1 and 10.11.2), also what an I/O APIC sends.
 */
void apic_deliver_msi(uint64_t addr, uint32_t data);
/* True once a CPU has an APIC: the machine can take MSIs. */
bool apic_is_present(void);

typedef enum ApicDeliveryMode {
    APIC_DM_FIXED,
    APIC_DM_LOWEST,
    APIC_DM_SMI,
    APIC_DM_RESERVED,
    APIC_DM_NMI,
    APIC_DM_INIT,
    APIC_DM_STARTUP,
    APIC_DM_EXTINT,
} ApicDeliveryMode;

/* The fields of a message, for the I/O APIC. */
typedef struct ApicMessage {
    uint8_t dest;
    bool logical;
    ApicDeliveryMode mode;
    uint8_t vector;
    bool level_triggered;
} ApicMessage;
void apic_bus_send(const ApicMessage *msg);

/* The INTR output of the 8259 pair: LINT0 of every CPU. */
void apic_bus_set_pic_line(int level);
/* LINT1 of every CPU: the board's NMI (port 61, 70) and the monitor's "nmi". */
void apic_deliver_nmi(VCPU *cpu);

/* The registers of @cpu, for devices that answer in them; NULL if it has no APIC. Its
 * own thread only. */
struct X86State *apic_cpu_state(VCPU *cpu);

/* I/O APICs hear EOIs of level-triggered vectors through this. */
typedef void ApicEoiFn(void *opaque, uint8_t vector);
void apic_bus_add_eoi_listener(ApicEoiFn *fn, void *opaque);
void apic_bus_del_eoi_listener(ApicEoiFn *fn, void *opaque);

#endif
