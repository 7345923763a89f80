/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC of a Pentium 4 class CPU (Intel SDM volume 3A, order number 253668,
 * chapter 10), xAPIC mode and, where the CPU model has it, x2APIC mode.
 *
 * Not modelled: the thermal and performance LVT entries never fire; the three-wire bus
 * and its arbitration (lowest priority goes by the processor priority); moving the
 * window by IA32_APIC_BASE (the value is kept, the registers stay at fee00000).
 *
 * Board: child "lapic" of its CPU. Region "apic-msi" (1 MiB), mapped for the bootstrap
 * processor only: an access goes to the APIC of the accessing vCPU. The timer counts a
 * 1 GHz bus clock. Output: X86State.irq_pending of its CPU.
 *
 * A1: X86_IRQ_HARD is set exactly while the APIC has a deliverable request or the
 *     8259s' INT is up and let through. apic_update() establishes it after each change.
 * A2: a fixed interrupt that was accepted stays in IRR until apic_get_interrupt() or a
 *     reset takes it; nothing else clears IRR bits.
 */
#include "hw/intc/apic.h"

#include "accel/accel.h"
#include "accel/target/i386/cpu.h"
#include "accel/vcpu.h"
#include "hw/intc/apic-internal.h"
#include "memory/memory.h"
#include "migration/vmstate.h"
#include "util/log.h"

#include <assert.h>
#include <string.h>

/* Register offsets, table 10-1. */
enum {
    REG_ID = 0x020,
    REG_VERSION = 0x030,
    REG_TPR = 0x080,
    REG_APR = 0x090,
    REG_PPR = 0x0a0,
    REG_EOI = 0x0b0,
    REG_RRD = 0x0c0,
    REG_LDR = 0x0d0,
    REG_DFR = 0x0e0,
    REG_SVR = 0x0f0,
    REG_ISR = 0x100, /* 8 registers */
    REG_TMR = 0x180, /* 8 */
    REG_IRR = 0x200, /* 8 */
    REG_ESR = 0x280,
    REG_ICR = 0x300,
    REG_ICR_HIGH = 0x310,
    REG_LVT_TIMER = 0x320,
    REG_LVT_THERMAL = 0x330,
    REG_LVT_PERF = 0x340,
    REG_LVT_LINT0 = 0x350,
    REG_LVT_LINT1 = 0x360,
    REG_LVT_ERROR = 0x370,
    REG_INITIAL_COUNT = 0x380,
    REG_CURRENT_COUNT = 0x390,
    REG_DIVIDE = 0x3e0,
    REG_SELF_IPI = 0x3f0, /* x2APIC only */
};

/* 5 + 1 LVT entries, integrated APIC. */
#define APIC_VERSION 0x00050014u

enum {
    SVR_VECTOR = 0xff,
    SVR_WRITABLE = 0x3ff,
    DFR_ONES = 0x0fffffff,
    ICR_VECTOR = 0xff,
    ICR_DM_SHIFT = 8,
    ICR_LOGICAL = 1 << 11,
    ICR_STATUS = 1 << 12,
    ICR_ASSERT = 1 << 14,
    ICR_LEVEL_TRIGGER = 1 << 15,
    ICR_SHORTHAND_SHIFT = 18,
    ICR_WRITABLE = 0x000ccfff,
    ESR_SEND_ILLEGAL_VECTOR = 1 << 5,
    ESR_RECEIVE_ILLEGAL_VECTOR = 1 << 6,
    ESR_ILLEGAL_REGISTER = 1 << 7,
    DIVIDE_WRITABLE = 0xb,
    /* Vectors 0-15 cannot be sent. */
    FIRST_VECTOR = 16,
};

enum { SHORTHAND_NONE, SHORTHAND_SELF, SHORTHAND_ALL, SHORTHAND_OTHERS };

/* Writable bits of the LVT entries, figure 10-8. */
static const uint32_t lvt_writable[APIC_LVT_COUNT] = {
    [APIC_LVT_TIMER] = LVT_VECTOR | LVT_MASKED | LVT_TIMER_MODE,
    [APIC_LVT_THERMAL] = LVT_VECTOR | LVT_DM | LVT_MASKED,
    [APIC_LVT_PERF] = LVT_VECTOR | LVT_DM | LVT_MASKED,
    [APIC_LVT_LINT0] = LVT_VECTOR | LVT_DM | LVT_LOW_ACTIVE | LVT_LEVEL | LVT_MASKED,
    [APIC_LVT_LINT1] = LVT_VECTOR | LVT_DM | LVT_LOW_ACTIVE | LVT_LEVEL | LVT_MASKED,
    [APIC_LVT_ERROR] = LVT_VECTOR | LVT_MASKED,
};

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

static bool apic_accept_pic_intr(void *opaque)
{
    ApicState *s = opaque;

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
    if (apic_deliverable(s) >= 0 || apic_accept_pic_intr(s)) {
        apic_signal(s, X86_IRQ_HARD);
    } else {
        x86_irq_clear(s->state, X86_IRQ_HARD);
    }
}

/* 10.5.3: an error is collected; software latches it by writing ESR. */
static void apic_error(ApicState *s, uint32_t bit)
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
        apic_error(s, ESR_RECEIVE_ILLEGAL_VECTOR);
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
    ApicMessage msg = {
        .vector = lvt & LVT_VECTOR,
        .mode =
            lvt & lvt_writable[entry] & LVT_DM ? lvt_delivery_mode(lvt) : APIC_DM_FIXED,
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
static void apic_send_ipi(ApicState *s, uint32_t dest)
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
        apic_error(s, ESR_SEND_ILLEGAL_VECTOR);
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
static void apic_eoi(ApicState *s)
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

/* --- Registers -----------------------------------------------------------------------
 */

/* 10.12.10.2: in x2APIC mode the logical id follows from the APIC id. */
uint32_t apic_get_ldr(const ApicState *s)
{
    if (apic_is_x2apic(s)) {
        return (s->initial_id >> 4) << 16 | 1u << (s->initial_id & 15);
    }
    return (uint32_t)s->ldr << 24;
}

/* @offset is a multiple of 16. False: there is no such register. */
static bool apic_read_reg(ApicState *s, hwaddr offset, uint32_t *value)
{
    switch (offset) {
    case REG_ID:
        *value = apic_is_x2apic(s) ? s->initial_id : (uint32_t)s->id << 24;
        break;
    case REG_VERSION:
        *value = APIC_VERSION;
        break;
    case REG_TPR:
        *value = s->tpr;
        break;
    case REG_APR:
        *value = apic_get_apr(s);
        break;
    case REG_PPR:
        *value = apic_get_ppr(s);
        break;
    case REG_EOI:
    case REG_RRD:
        *value = 0;
        break;
    case REG_LDR:
        *value = apic_get_ldr(s);
        break;
    case REG_DFR:
        *value = s->dfr;
        break;
    case REG_SVR:
        *value = s->svr;
        break;
    case REG_ISR ... REG_ISR + 0x70:
        *value = s->isr[(offset - REG_ISR) >> 4];
        break;
    case REG_TMR ... REG_TMR + 0x70:
        *value = s->tmr[(offset - REG_TMR) >> 4];
        break;
    case REG_IRR ... REG_IRR + 0x70:
        *value = s->irr[(offset - REG_IRR) >> 4];
        break;
    case REG_ESR:
        *value = s->esr;
        break;
    case REG_ICR:
        *value = s->icr_low;
        break;
    case REG_ICR_HIGH:
        *value = s->icr_high;
        break;
    case REG_LVT_TIMER ... REG_LVT_ERROR:
        *value = s->lvt[(offset - REG_LVT_TIMER) >> 4];
        break;
    case REG_INITIAL_COUNT:
        *value = s->initial_count;
        break;
    case REG_CURRENT_COUNT:
        *value = apic_get_current_count(s);
        break;
    case REG_DIVIDE:
        *value = s->divide;
        break;
    default:
        return false;
    }
    return true;
}

static void apic_write_lvt(ApicState *s, ApicLvt entry, uint32_t value)
{
    value &= lvt_writable[entry];
    if (!(s->svr & APIC_SVR_ENABLE)) {
        value |= LVT_MASKED; /* 10.4.7.2: cannot be unmasked while disabled */
    }
    if (entry == APIC_LVT_TIMER) {
        apic_timer_write_lvt(s, value);
    } else {
        s->lvt[entry] = value | (s->lvt[entry] & LVT_REMOTE_IRR);
    }
    apic_update(s);
}

static void apic_write_svr(ApicState *s, uint32_t value)
{
    s->svr = value & SVR_WRITABLE;
    if (!(s->svr & APIC_SVR_ENABLE)) {
        for (int i = 0; i < APIC_LVT_COUNT; i++) {
            s->lvt[i] |= LVT_MASKED;
        }
    }
    apic_update(s);
}

static bool apic_write_reg(ApicState *s, hwaddr offset, uint32_t value)
{
    switch (offset) {
    case REG_ID:
        if (apic_is_x2apic(s)) {
            return false;
        }
        s->id = value >> 24;
        break;
    case REG_TPR:
        s->tpr = value;
        apic_update(s);
        break;
    case REG_EOI:
        apic_eoi(s);
        break;
    case REG_LDR:
        if (apic_is_x2apic(s)) {
            return false;
        }
        s->ldr = value >> 24;
        break;
    case REG_DFR:
        if (apic_is_x2apic(s)) {
            return false;
        }
        s->dfr = value | DFR_ONES;
        break;
    case REG_SVR:
        apic_write_svr(s, value);
        break;
    case REG_ESR:
        s->esr = s->esr_pending;
        s->esr_pending = 0;
        break;
    case REG_ICR:
        s->icr_low = value & ICR_WRITABLE;
        apic_send_ipi(s, s->icr_high >> 24);
        break;
    case REG_ICR_HIGH:
        s->icr_high = value & 0xff000000;
        break;
    case REG_LVT_TIMER ... REG_LVT_ERROR:
        apic_write_lvt(s, (offset - REG_LVT_TIMER) >> 4, value);
        break;
    case REG_INITIAL_COUNT:
        apic_timer_load(s, value);
        break;
    case REG_DIVIDE:
        apic_timer_set_divide(s, value & DIVIDE_WRITABLE);
        break;
    case REG_VERSION:
    case REG_APR:
    case REG_PPR:
    case REG_RRD:
    case REG_ISR ... REG_IRR + 0x70:
    case REG_CURRENT_COUNT:
        log_guest_error("apic: write to read-only register %03x\n", (unsigned)offset);
        break;
    default:
        return false;
    }
    return true;
}

/* --- The window ----------------------------------------------------------------------
 */

/*
 * Who accesses? A vCPU its own APIC. Under qtest, where no CPU runs, and for the
 * monitor it is the bootstrap processor's.
 */
static ApicState *apic_for_access(void *opaque)
{
    VCPU *cpu = current_vcpu();
    ApicState *s = cpu ? apic_of_vcpu(cpu) : opaque;

    return s && apic_is_hw_enabled(s) && !apic_is_x2apic(s) ? s : NULL;
}

static MemTxResult apic_mem_read(void *opaque, hwaddr offset, uint64_t *value,
                                 unsigned size, MemTxAttrs attrs)
{
    ApicState *s = apic_for_access(opaque);
    uint32_t reg = 0;

    *value = 0;
    if (s && apic_get_twin(s)) {
        *value = UINT64_MAX; /* the guest's own reads do not come here */
        return MEMTX_OK;
    }
    if (!s || offset >= 0x1000 || (offset & 0xf) + size > 4) {
        return MEMTX_OK;
    }
    if (!apic_read_reg(s, offset & 0xff0, &reg)) {
        apic_error(s, ESR_ILLEGAL_REGISTER);
        log_guest_error("apic: read of register %03x\n", (unsigned)offset);
    }
    *value = reg;
    return MEMTX_OK;
}

/*
 * A write by a device is a message. So is one outside the register page, and one to
 * the reserved registers 000 and 010, which is where a message for destination 0 goes
 * when it comes without a requester (bits 11:4 of a message address are 0).
 */
static MemTxResult apic_mem_write(void *opaque, hwaddr offset, uint64_t value,
                                  unsigned size, MemTxAttrs attrs)
{
    ApicState *s;

    if (attrs.requester_id || offset >= 0x1000 || (offset & 0xff0) == 0) {
        apic_deliver_msi(APIC_DEFAULT_BASE + offset, value);
        return MEMTX_OK;
    }
    s = apic_for_access(opaque);
    if (!s || (offset & 0xf) || apic_get_twin(s)) {
        return MEMTX_OK;
    }
    if (!apic_write_reg(s, offset & 0xff0, value)) {
        apic_error(s, ESR_ILLEGAL_REGISTER);
        log_guest_error("apic: write of register %03x\n", (unsigned)offset);
    }
    return MEMTX_OK;
}

static const MemoryRegionOps apic_mem_ops = {
    .read_with_attrs = apic_mem_read,
    .write_with_attrs = apic_mem_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

/* --- What the CPU calls --------------------------------------------------------------
 */

static int apic_get_interrupt(void *opaque)
{
    ApicState *s = opaque;
    int v = apic_deliverable(s);

    if (v >= 0) {
        vector_clear(s->irr, v);
        vector_set(s->isr, v);
        apic_update(s);
    }
    return v;
}

static uint64_t apic_get_base(void *opaque)
{
    ApicState *s = opaque;

    return s->base;
}

static void apic_set_reset_state(ApicState *s);

/* 10.4.3, 10.12.5: x2APIC may be left only by disabling the APIC. */
static bool apic_set_base(void *opaque, uint64_t value)
{
    ApicState *s = opaque;
    uint64_t valid = APIC_BASE_BSP | APIC_BASE_ENABLE |
                     (((((uint64_t)1 << s->state->ident.phys_bits) - 1) >> 12) << 12);
    bool enable = value & APIC_BASE_ENABLE;
    bool x2apic = value & APIC_BASE_EXTD;

    if (x86_has(s->state, X86_F_X2APIC)) {
        valid |= APIC_BASE_EXTD;
    }
    if ((value & ~valid) || (x2apic && !enable) ||
        (apic_is_x2apic(s) && enable && !x2apic)) {
        return false;
    }
    if (apic_is_hw_enabled(s) && !enable) {
        apic_set_reset_state(s);
    }
    if ((value ^ APIC_DEFAULT_BASE) >> 12) {
        log_unimp("apic: window moved to %" PRIx64 "\n", value >> 12 << 12);
    }
    s->base = value;
    apic_update(s);
    return true;
}

static uint8_t apic_get_tpr(void *opaque)
{
    ApicState *s = opaque;

    return s->tpr >> 4;
}

static void apic_set_tpr(void *opaque, uint8_t cr8)
{
    ApicState *s = opaque;

    s->tpr = (cr8 & 0xf) << 4;
    apic_update(s);
}

#define MSR_TSC_DEADLINE 0x6e0
#define MSR_X2APIC_FIRST 0x800
#define MSR_X2APIC_LAST  0x8ff

static bool apic_read_msr(void *opaque, uint32_t index, uint64_t *value)
{
    ApicState *s = opaque;
    uint32_t low;
    hwaddr offset;

    if (index == MSR_TSC_DEADLINE) {
        *value = s->tsc_deadline;
        return x86_has(s->state, X86_F_TSC_DEADLINE);
    }
    if (index < MSR_X2APIC_FIRST || index > MSR_X2APIC_LAST || !apic_is_x2apic(s)) {
        return false;
    }
    offset = (index - MSR_X2APIC_FIRST) << 4;
    if (offset == REG_APR || offset == REG_RRD || offset == REG_DFR ||
        offset == REG_ICR_HIGH || offset == REG_EOI ||
        !apic_read_reg(s, offset, &low)) {
        return false;
    }
    *value = low;
    if (offset == REG_ICR) {
        *value |= (uint64_t)s->icr_high << 32;
    }
    return true;
}

static bool apic_write_msr(void *opaque, uint32_t index, uint64_t value)
{
    ApicState *s = opaque;
    hwaddr offset;

    if (index == MSR_TSC_DEADLINE) {
        apic_timer_write_deadline(s, value);
        return x86_has(s->state, X86_F_TSC_DEADLINE);
    }
    if (index < MSR_X2APIC_FIRST || index > MSR_X2APIC_LAST || !apic_is_x2apic(s)) {
        return false;
    }
    offset = (index - MSR_X2APIC_FIRST) << 4;
    switch (offset) {
    case REG_ICR:
        if (value & ~(0xffffffff00000000ull | ICR_WRITABLE)) {
            return false;
        }
        s->icr_high = value >> 32;
        s->icr_low = value;
        apic_send_ipi(s, s->icr_high);
        return true;
    case REG_SELF_IPI: {
        ApicMessage msg = { .vector = value, .mode = APIC_DM_FIXED };

        if (value >> 8) {
            return false;
        }
        apic_receive(s, &msg);
        return true;
    }
    case REG_EOI:
    case REG_ESR:
        if (value) {
            return false;
        }
        break;
    case REG_ICR_HIGH:
    case REG_VERSION:
    case REG_APR:
    case REG_PPR:
    case REG_RRD:
    case REG_ISR ... REG_IRR + 0x70:
    case REG_CURRENT_COUNT:
        return false;
    }
    return !(value >> 32) && apic_write_reg(s, offset, value);
}

static void apic_init_received(void *opaque)
{
    ApicState *s = opaque;
    uint8_t id = s->id;

    apic_set_reset_state(s);
    s->id = id; /* 10.4.7.3: INIT keeps the APIC id */
    apic_update(s);
}

static void apic_init_twin_ops(X86CpuOps *ops)
{
    ops->apic_get_base = apic_get_base;
    ops->apic_get_tpr = apic_get_tpr;
}

void apic_init_cpu_ops(X86CpuOps *ops)
{
    if (strcmp(accel_device_type(TYPE_APIC), TYPE_APIC)) {
        /* Who acknowledges interrupts is the accelerator. */
        apic_init_twin_ops(ops);
        return;
    }
    ops->apic_get_interrupt = apic_get_interrupt;
    ops->apic_accept_pic_intr = apic_accept_pic_intr;
    ops->apic_get_base = apic_get_base;
    ops->apic_set_base = apic_set_base;
    ops->apic_get_tpr = apic_get_tpr;
    ops->apic_set_tpr = apic_set_tpr;
    ops->apic_read_msr = apic_read_msr;
    ops->apic_write_msr = apic_write_msr;
    ops->apic_init = apic_init_received;
}

/* --- Device --------------------------------------------------------------------------
 */

/* 10.4.7.1. */
static void apic_set_reset_state(ApicState *s)
{
    timer_del(&s->timer);
    s->id = s->initial_id;
    s->tpr = 0;
    s->ldr = 0;
    s->dfr = UINT32_MAX;
    s->svr = SVR_VECTOR;
    memset(s->isr, 0, sizeof(s->isr));
    memset(s->tmr, 0, sizeof(s->tmr));
    memset(s->irr, 0, sizeof(s->irr));
    s->esr = s->esr_pending = 0;
    s->extint = false;
    s->icr_low = s->icr_high = 0;
    for (int i = 0; i < APIC_LVT_COUNT; i++) {
        s->lvt[i] = LVT_MASKED;
    }
    s->initial_count = 0;
    s->count_start_ns = 0;
    s->divide = 0;
    s->tsc_deadline = 0;
}

void apic_reset(ApicState *s)
{
    s->base = APIC_DEFAULT_BASE | APIC_BASE_ENABLE | (s->is_bsp ? APIC_BASE_BSP : 0);
    apic_set_reset_state(s);
    apic_update(s);
}

ApicState *apic_new(VCPU *cpu, X86State *state, uint32_t apic_id)
{
    ApicState *s = APIC(object_new(accel_device_type(TYPE_APIC)));

    s->cpu = cpu;
    s->state = state;
    s->initial_id = apic_id;
    s->id = apic_id;
    object_property_add_child(OBJECT(cpu), "lapic", OBJECT(s));
    object_unref(s);
    return s;
}

bool apic_realize(ApicState *s, Error **errp)
{
    return device_realize(DEVICE(s), NULL, errp);
}

static bool apic_device_realize(DeviceState *dev, Error **errp)
{
    ApicState *s = APIC(dev);

    if (!s->cpu) {
        return error_set(errp, "apic: belongs to a CPU and cannot be made alone");
    }
    s->is_bsp = !apic_is_present();
    if (!apic_bus_join(s, errp)) {
        return false;
    }
    apic_timer_init(s, device_get_loop(dev));
    memory_region_init_io(&s->io, OBJECT(s), &apic_mem_ops, s,
                          ((ApicClass *)OBJECT(s)->klass)->region_name,
                          APIC_SPACE_SIZE);
    if (s->is_bsp) {
        /* Above whatever else: the CPU sees its own registers first. */
        memory_region_add_subregion_overlap(get_system_memory(), APIC_DEFAULT_BASE,
                                            &s->io, 0x1000);
    }
    apic_reset(s);
    return true;
}

static void apic_device_unrealize(DeviceState *dev)
{
    ApicState *s = APIC(dev);

    timer_del(&s->timer);
    apic_bus_leave(s);
    if (memory_region_is_mapped(&s->io)) {
        memory_region_del_subregion(get_system_memory(), &s->io);
    }
}

static bool apic_pre_save(void *opaque, Error **errp)
{
    vcpu_sync_state(((ApicState *)opaque)->cpu);
    return true;
}

static bool apic_post_load(void *opaque, int version_id, Error **errp)
{
    ApicState *s = opaque;

    vcpu_state_written(s->cpu, VCPU_STATE_FULL);
    apic_update(s);
    return true;
}

static const VMStateDescription apic_vmstate = {
    .name = TYPE_APIC,
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = apic_pre_save,
    .post_load = apic_post_load,
    .fields =
        (const VMStateField[]){
                               VMSTATE_UINT64(base, ApicState),
                               VMSTATE_UINT8(id, ApicState),
                               VMSTATE_UINT8(tpr, ApicState),
                               VMSTATE_UINT8(ldr, ApicState),
                               VMSTATE_UINT32(dfr, ApicState),
                               VMSTATE_UINT32(svr, ApicState),
                               VMSTATE_ARRAY(isr, ApicState),
                               VMSTATE_ARRAY(tmr, ApicState),
                               VMSTATE_ARRAY(irr, ApicState),
                               VMSTATE_UINT32(esr, ApicState),
                               VMSTATE_UINT32(esr_pending, ApicState),
                               VMSTATE_BOOL(extint, ApicState),
                               VMSTATE_UINT32(icr_low, ApicState),
                               VMSTATE_UINT32(icr_high, ApicState),
                               VMSTATE_ARRAY(lvt, ApicState),
                               VMSTATE_UINT32(initial_count, ApicState),
                               VMSTATE_INT64(count_start_ns, ApicState),
                               VMSTATE_UINT32(divide, ApicState),
                               VMSTATE_UINT64(tsc_deadline, ApicState),
                               VMSTATE_TIMER(timer, ApicState),
                               VMSTATE_END_OF_LIST(),
                               },
};

static void apic_class_init(ObjectClass *klass, const void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    ((ApicClass *)klass)->region_name = "apic-msi";
    dc->desc = "local APIC";
    dc->user_creatable = false;
    dc->realize = apic_device_realize;
    dc->unrealize = apic_device_unrealize;
    dc->vmsd = &apic_vmstate;
}

static const TypeInfo apic_info = {
    .name = TYPE_APIC,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(ApicState),
    .class_size = sizeof(ApicClass),
    .class_init = apic_class_init,
};
TYPE_REGISTER(apic_info);
