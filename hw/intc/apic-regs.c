/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC's registers, by its window of memory and by MSRs in x2APIC mode (Intel
 * SDM volume 3A, 10.4 and 10.12).
 */
#include "hw/intc/apic.h"

#include "accel/target/i386/cpu.h"
#include "accel/vcpu.h"
#include "hw/intc/apic-internal.h"
#include "memory/memory.h"
#include "util/log.h"

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
    SVR_WRITABLE = 0x3ff,
    DFR_ONES = 0x0fffffff,
    ICR_WRITABLE = 0x000ccfff,
    DIVIDE_WRITABLE = 0xb,
};

/* Writable bits of the LVT entries, figure 10-8. */
static const uint32_t lvt_writable[APIC_LVT_COUNT] = {
    [APIC_LVT_TIMER] = LVT_VECTOR | LVT_MASKED | LVT_TIMER_MODE,
    [APIC_LVT_THERMAL] = LVT_VECTOR | LVT_DM | LVT_MASKED,
    [APIC_LVT_PERF] = LVT_VECTOR | LVT_DM | LVT_MASKED,
    [APIC_LVT_LINT0] = LVT_VECTOR | LVT_DM | LVT_LOW_ACTIVE | LVT_LEVEL | LVT_MASKED,
    [APIC_LVT_LINT1] = LVT_VECTOR | LVT_DM | LVT_LOW_ACTIVE | LVT_LEVEL | LVT_MASKED,
    [APIC_LVT_ERROR] = LVT_VECTOR | LVT_MASKED,
};
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
        apic_error(s, APIC_ESR_REGISTER);
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
        apic_error(s, APIC_ESR_REGISTER);
        log_guest_error("apic: write of register %03x\n", (unsigned)offset);
    }
    return MEMTX_OK;
}

const MemoryRegionOps apic_mem_ops = {
    .read_with_attrs = apic_mem_read,
    .write_with_attrs = apic_mem_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {.min_access_size = 1,  .max_access_size = 4},
    .impl = { .min_access_size = 1, .max_access_size = 4},
};

/* --- MSRs ----------------------------------------------------------------------------
 */

#define MSR_TSC_DEADLINE 0x6e0
#define MSR_X2APIC_FIRST 0x800
#define MSR_X2APIC_LAST  0x8ff

bool apic_read_msr(void *opaque, uint32_t index, uint64_t *value)
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

bool apic_write_msr(void *opaque, uint32_t index, uint64_t value)
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
