/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "kvm-apic": the twin of a local APIC inside KVM (Documentation/virt/kvm/api.rst,
 * KVM_GET_LAPIC; SDM volume 3A, table 10-1). The registers of the device are a copy,
 * moved with those of its CPU. What is sent on the APIC bus goes to the kernel as a
 * message.
 *
 * Board: as the device it stands for; region "kvm-apic-msi".
 */
#include "hw/intc/apic-kvm.h"

#include "accel/kvm/irqchip.h"
#include "accel/target/i386/cpu.h"
#include "accel/vcpu.h"
#include "hw/intc/apic-internal.h"

#include <linux/kvm.h>
#include <string.h>

enum {
    REG_ID = 0x020,
    REG_VERSION = 0x030,
    REG_TPR = 0x080,
    REG_PPR = 0x0a0,
    REG_LDR = 0x0d0,
    REG_DFR = 0x0e0,
    REG_SVR = 0x0f0,
    REG_ISR = 0x100,
    REG_TMR = 0x180,
    REG_IRR = 0x200,
    REG_ESR = 0x280,
    REG_ICR = 0x300,
    REG_ICR_HIGH = 0x310,
    REG_LVT_TIMER = 0x320,
    REG_INITIAL_COUNT = 0x380,
    REG_CURRENT_COUNT = 0x390,
    REG_DIVIDE = 0x3e0,
};
#define APIC_VERSION 0x00050014u

static uint32_t get(const struct kvm_lapic_state *page, unsigned reg)
{
    uint32_t v;

    memcpy(&v, page->regs + reg, sizeof(v));
    return v;
}

static void put(struct kvm_lapic_state *page, unsigned reg, uint32_t v)
{
    memcpy(page->regs + reg, &v, sizeof(v));
}

void kvm_apic_from_kernel(ApicState *s, const struct kvm_lapic_state *page,
                          uint64_t base)
{
    uint32_t current = get(page, REG_CURRENT_COUNT);

    s->base = base;
    s->id = get(page, REG_ID) >> 24;
    s->tpr = (uint8_t)get(page, REG_TPR);
    s->ldr = get(page, REG_LDR) >> 24;
    s->dfr = get(page, REG_DFR);
    s->svr = get(page, REG_SVR);
    s->esr = get(page, REG_ESR);
    s->icr_low = get(page, REG_ICR);
    s->icr_high = get(page, REG_ICR_HIGH);
    for (unsigned i = 0; i < 8; i++) {
        s->isr[i] = get(page, REG_ISR + 16 * i);
        s->tmr[i] = get(page, REG_TMR + 16 * i);
        s->irr[i] = get(page, REG_IRR + 16 * i);
    }
    for (unsigned i = 0; i < APIC_LVT_COUNT; i++) {
        s->lvt[i] = get(page, REG_LVT_TIMER + 16 * i);
    }
    s->initial_count = get(page, REG_INITIAL_COUNT);
    s->divide = get(page, REG_DIVIDE);
    /* So that the current count of the copy is that of the kernel now. */
    s->count_start_ns = clock_get_ns(VIRTUAL_CLOCK) -
                        (int64_t)(s->initial_count - MIN(current, s->initial_count)) *
                            apic_get_timer_divisor(s);
}

void kvm_apic_to_kernel(ApicState *s, struct kvm_lapic_state *page)
{
    memset(page, 0, sizeof(*page));
    put(page, REG_ID, (uint32_t)s->id << 24);
    put(page, REG_VERSION, APIC_VERSION);
    put(page, REG_TPR, s->tpr);
    put(page, REG_PPR, apic_get_ppr(s));
    put(page, REG_LDR, (uint32_t)s->ldr << 24);
    put(page, REG_DFR, s->dfr);
    put(page, REG_SVR, s->svr);
    put(page, REG_ESR, s->esr);
    put(page, REG_ICR, s->icr_low);
    put(page, REG_ICR_HIGH, s->icr_high);
    for (unsigned i = 0; i < 8; i++) {
        put(page, REG_ISR + 16 * i, s->isr[i]);
        put(page, REG_TMR + 16 * i, s->tmr[i]);
        put(page, REG_IRR + 16 * i, s->irr[i]);
    }
    for (unsigned i = 0; i < APIC_LVT_COUNT; i++) {
        put(page, REG_LVT_TIMER + 16 * i, s->lvt[i]);
    }
    put(page, REG_INITIAL_COUNT, s->initial_count);
    put(page, REG_CURRENT_COUNT, apic_get_current_count(s));
    put(page, REG_DIVIDE, s->divide);
}

uint64_t *kvm_apic_tsc_deadline(ApicState *s)
{
    return &s->tsc_deadline;
}

bool kvm_apic_timer_is_deadline(const ApicState *s)
{
    return (s->lvt[APIC_LVT_TIMER] & LVT_TIMER_MODE) == LVT_TIMER_DEADLINE;
}

void kvm_apic_eoi(uint8_t vector)
{
    apic_bus_broadcast_eoi(vector);
}

/* --- The bus -------------------------------------------------------------------------
 */

/* SDM volume 3A, 10.11.1 and 10.11.2. */
static uint64_t message_address(const ApicMessage *msg)
{
    return APIC_DEFAULT_BASE | (uint64_t)msg->dest << 12 | (msg->logical ? 4 : 0);
}

static uint32_t message_data(const ApicMessage *msg)
{
    return msg->vector | (uint32_t)msg->mode << 8 | 1u << 14 |
           (msg->level_triggered ? 1u << 15 : 0);
}

static void send(const ApicMessage *msg)
{
    kvm_irqchip_send_msi(message_address(msg), message_data(msg));
}

static void send_msi(uint64_t addr, uint32_t data)
{
    kvm_irqchip_send_msi(addr, data);
}

/* The boot processor has the virtual wire; whether its LINT0 takes it the kernel says
 * by ready_for_interrupt_injection. */
static void set_pic_line(int level)
{
    int i = 0;
    ApicState *s = apic_bus_next(&i);

    if (kvm_irqchip_get() != KVM_IRQCHIP_SPLIT || !s) {
        return;
    }
    if (level) {
        apic_signal(s, X86_IRQ_HARD);
    } else {
        x86_irq_clear(s->state, X86_IRQ_HARD);
    }
}

/* Split: from the route the kernel knows whose EOI it has to report. */
static void pin_changed(int pin, const ApicMessage *msg)
{
    Error *err = NULL;

    if (msg) {
        kvm_irqchip_route_msi((uint32_t)pin, message_address(msg), message_data(msg));
    } else {
        kvm_irqchip_unroute((uint32_t)pin);
    }
    if (!kvm_irqchip_commit_routes(&err)) {
        error_report_err(err);
    }
}

static const ApicTwin twin = { send, send_msi, set_pic_line, pin_changed };

static void kvm_apic_class_init(ObjectClass *klass, const void *data)
{
    ApicClass *ac = (ApicClass *)klass;

    ac->region_name = "kvm-apic-msi";
    ac->twin = &twin;
    DEVICE_CLASS(klass)->desc = "local APIC in KVM";
}

static const TypeInfo kvm_apic_info = {
    .name = TYPE_KVM_APIC,
    .parent = TYPE_APIC,
    .instance_size = sizeof(ApicState),
    .class_init = kvm_apic_class_init,
};
TYPE_REGISTER(kvm_apic_info);
