/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the local APIC does with interrupts: takes them, ranks them, sends them, ends
 * them (Intel SDM volume 3A, 10.5 to 10.8).
 *
 * A1: X86_IRQ_HARD is set exactly while the APIC has a deliverable request or the
 *     8259s' INT is up and let through. apic_update() establishes it after each change.
 * A2: a fixed interrupt that was accepted stays in IRR until apic_take_interrupt() or a
 *     reset takes it; nothing else clears IRR bits.
 */
#include "hw/intc/apic.h"

#include "accel/target/i386/cpu.h"
#include "accel/vcpu.h"
#include "hw/intc/apic-internal.h"
#include "util/log.h"

enum {
    ICR_VECTOR = 0xff,
    ICR_DM_SHIFT = 8,
    ICR_LOGICAL = 1 << 11,
    ICR_ASSERT = 1 << 14,
    ICR_LEVEL_TRIGGER = 1 << 15,
    ICR_SHORTHAND_SHIFT = 18,
    /* Vectors 0-15 cannot be sent. */
    FIRST_VECTOR = 16,
};

enum { SHORTHAND_NONE, SHORTHAND_SELF, SHORTHAND_ALL, SHORTHAND_OTHERS };

/* --- 256-bit vectors -----------------------------------------------------------------
 */

static void vector_set(uint32_t *reg, uint8_t v)
{
    reg[v >> 5] |= 1u << (v & 31);
}

static void vector_clear(uint32_t *reg, uint8_t v)
{
    reg[v >> 5] &= ~(1u << (v & 31));
}

static bool vector_test(const uint32_t *reg, uint8_t v)
{
    return reg[v >> 5] >> (v & 31) & 1;
}

/* The highest one, or -1. */
static int vector_highest(const uint32_t *reg)
{
    for (int i = 7; i >= 0; i--) {
        if (reg[i]) {
            return i * 32 + 31 - __builtin_clz(reg[i]);
        }
    }
    return -1;
}

/* --- Priorities and the INTR level ---------------------------------------------------
 */

/* 10.8.3.1: the higher class of TPR and the vector in service. */
uint8_t apic_get_ppr(const ApicState *s)
{
    int isrv = vector_highest(s->isr);
    uint8_t service = isrv < 0 ? 0 : isrv & 0xf0;

    return (s->tpr & 0xf0) >= service ? s->tpr : service;
}

/* 10.7: arbitration priority, for lowest-priority delivery. */
uint8_t apic_get_apr(const ApicState *s)
{
    int irrv = vector_highest(s->irr);
    int isrv = vector_highest(s->isr);
    uint8_t tpr = s->tpr & 0xf0;
    uint8_t irr = irrv < 0 ? 0 : irrv & 0xf0;
    uint8_t isr = isrv < 0 ? 0 : isrv & 0xf0;

    if (tpr >= irr && tpr > isr) {
        return s->tpr;
    }
    return MAX(MAX(tpr & isr, irr), isr);
}

/* The vector that may be delivered now, or -1. */
static int apic_deliverable(const ApicState *s)
{
    int v;

    if (!apic_is_sw_enabled(s)) {
        return -1;
    }
    v = vector_highest(s->irr);
    return v >= 0 && (v & 0xf0) > (apic_get_ppr(s) & 0xf0) ? v : -1;
}

/* LINT0 as the virtual-wire connection of the 8259s; a globally disabled APIC passes
 * its pins through as INTR and NMI (10.4.3). */
static bool apic_passes_pic(const ApicState *s)
{
    uint32_t lvt = s->lvt[APIC_LVT_LINT0];

    if (!apic_is_hw_enabled(s)) {
        return s->is_bsp;
    }
    return !(lvt & LVT_MASKED) && lvt_delivery_mode(lvt) == APIC_DM_EXTINT;
}

bool apic_accepts_pic(const ApicState *s)
{
    return apic_bus_pic_line() && (apic_passes_pic(s) || s->extint);
}

/* Tell the CPU about an event that it must look at. */
void apic_signal(ApicState *s, uint32_t events)
{
    x86_irq_set(s->state, events);
    vcpu_set_pending(s->cpu, VCPU_PENDING_IRQ);
}

/* Establishes A1. */
void apic_update(ApicState *s)
{
    if (apic_get_twin(s)) {
        return;
    }
    if (apic_deliverable(s) >= 0 || apic_accepts_pic(s)) {
        apic_signal(s, X86_IRQ_HARD);
    } else {
        x86_irq_clear(s->state, X86_IRQ_HARD);
    }
}

/* 10.5.3: an error is collected; software latches it by writing ESR. */
void apic_error(ApicState *s, uint32_t bit)
{
    if (!(s->esr_pending & bit)) {
        s->esr_pending |= bit;
        apic_deliver_local(s, APIC_LVT_ERROR);
    }
}

/* Accept a fixed interrupt into IRR and TMR (10.8.4). */
static void apic_accept(ApicState *s, uint8_t vector, bool level_triggered)
{
    if (!apic_is_sw_enabled(s)) {
        return;
    }
    if (vector < FIRST_VECTOR) {
        apic_error(s, APIC_ESR_RECEIVE_VECTOR);
        return;
    }
    vector_set(s->irr, vector);
    if (level_triggered) {
        vector_set(s->tmr, vector);
    } else {
        vector_clear(s->tmr, vector);
    }
    apic_update(s);
}

/* A message has reached this APIC. */
void apic_receive(ApicState *s, const ApicMessage *msg)
{
    switch (msg->mode) {
    case APIC_DM_FIXED:
    case APIC_DM_LOWEST:
        apic_accept(s, msg->vector, msg->level_triggered);
        break;
    case APIC_DM_SMI:
        apic_signal(s, X86_IRQ_SMI);
        break;
    case APIC_DM_NMI:
        apic_signal(s, X86_IRQ_NMI);
        break;
    case APIC_DM_INIT:
        /* A SIPI counts from here on; one that comes before the CPU looks is kept. */
        x86_irq_clear(s->state, X86_IRQ_SIPI);
        apic_signal(s, X86_IRQ_INIT);
        break;
    case APIC_DM_STARTUP:
        s->state->sipi_vector = msg->vector;
        apic_signal(s, X86_IRQ_SIPI);
        break;
    case APIC_DM_EXTINT:
        /* "The INTA cycle is routed to the external controller." */
        s->extint = true;
        apic_update(s);
        break;
    case APIC_DM_RESERVED:
        log_guest_error("apic: reserved delivery mode\n");
        break;
    }
}

/* 10.5.1: a local source fires. */
void apic_deliver_local(ApicState *s, ApicLvt entry)
{
    uint32_t lvt = s->lvt[entry];
    bool is_lint = entry == APIC_LVT_LINT0 || entry == APIC_LVT_LINT1;
    bool has_mode = entry != APIC_LVT_TIMER && entry != APIC_LVT_ERROR;
    ApicMessage msg = {
        .vector = lvt & LVT_VECTOR,
        .mode = has_mode ? lvt_delivery_mode(lvt) : APIC_DM_FIXED,
        /* Only LINT0 with a fixed vector is ever level-triggered. */
        .level_triggered = entry == APIC_LVT_LINT0 && (lvt & LVT_LEVEL),
    };

    if (lvt & LVT_MASKED) {
        return;
    }
    switch (msg.mode) {
    case APIC_DM_FIXED:
        if (msg.level_triggered) {
            s->lvt[entry] |= LVT_REMOTE_IRR;
        }
        apic_receive(s, &msg);
        break;
    case APIC_DM_SMI:
    case APIC_DM_NMI:
        apic_receive(s, &msg);
        break;
    case APIC_DM_INIT:
    case APIC_DM_EXTINT:
        if (is_lint) {
            apic_receive(s, &msg);
        }
        break;
    default:
        break;
    }
}

/* 10.6.1: a write to the low half of ICR sends. */
void apic_send_ipi(ApicState *s, uint32_t dest)
{
    uint32_t icr = s->icr_low;
    unsigned shorthand = icr >> ICR_SHORTHAND_SHIFT & 3;
    ApicMessage msg = {
        .vector = icr & ICR_VECTOR,
        .mode = icr >> ICR_DM_SHIFT & 7,
        .dest = dest,
        .logical = icr & ICR_LOGICAL,
        /* "Trigger mode is used only for INIT level de-assert." */
        .level_triggered = false,
    };
    int i = 0;
    ApicState *to;

    if (msg.mode == APIC_DM_INIT && (icr & ICR_LEVEL_TRIGGER) && !(icr & ICR_ASSERT)) {
        /* INIT level de-assert: loads arbitration ids, which nobody has. */
        return;
    }
    if ((msg.mode == APIC_DM_FIXED || msg.mode == APIC_DM_LOWEST) &&
        msg.vector < FIRST_VECTOR) {
        apic_error(s, APIC_ESR_SEND_VECTOR);
        return;
    }
    switch (shorthand) {
    case SHORTHAND_NONE:
        if (apic_is_x2apic(s) && msg.mode != APIC_DM_LOWEST) {
            /* 32-bit destinations. */
            while ((to = apic_bus_next(&i))) {
                if (apic_is_destination(to, dest, msg.logical)) {
                    apic_receive(to, &msg);
                }
            }
        } else {
            apic_bus_send(&msg);
        }
        break;
    case SHORTHAND_SELF:
        apic_receive(s, &msg);
        break;
    case SHORTHAND_ALL:
    case SHORTHAND_OTHERS:
        while ((to = apic_bus_next(&i))) {
            if (to != s || shorthand == SHORTHAND_ALL) {
                apic_receive(to, &msg);
            }
        }
        break;
    }
}

/* 10.8.5: the highest vector in service ends. */
void apic_eoi(ApicState *s)
{
    int v = vector_highest(s->isr);

    if (v < 0) {
        return;
    }
    vector_clear(s->isr, v);
    if (vector_test(s->tmr, v)) {
        if ((s->lvt[APIC_LVT_LINT0] & LVT_REMOTE_IRR) &&
            (s->lvt[APIC_LVT_LINT0] & LVT_VECTOR) == (uint32_t)v) {
            s->lvt[APIC_LVT_LINT0] &= ~LVT_REMOTE_IRR;
            if (apic_bus_pic_line()) {
                apic_deliver_local(s, APIC_LVT_LINT0);
            }
        }
        apic_bus_broadcast_eoi(v);
    }
    apic_update(s);
}

int apic_take_interrupt(ApicState *s)
{
    int v = apic_deliverable(s);

    if (v >= 0) {
        vector_clear(s->irr, v);
        vector_set(s->isr, v);
        apic_update(s);
    }
    return v;
}
