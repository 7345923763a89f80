/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC's state, shared by its registers and its monitor command. */
#ifndef STRATA_HW_INTC_APIC_INTERNAL_H
#define STRATA_HW_INTC_APIC_INTERNAL_H

#include "hw/intc/apic.h"

#include "memory/memory.h"

typedef enum ApicLvt {
    APIC_LVT_TIMER,
    APIC_LVT_THERMAL,
    APIC_LVT_PERF,
    APIC_LVT_LINT0,
    APIC_LVT_LINT1,
    APIC_LVT_ERROR,
    APIC_LVT_COUNT,
} ApicLvt;

/* Bits of a local vector table entry, figure 10-8. */
enum {
    LVT_VECTOR = 0xff,
    LVT_DM_SHIFT = 8,
    LVT_DM = 7 << 8,
    LVT_STATUS = 1 << 12,
    LVT_LOW_ACTIVE = 1 << 13,
    LVT_REMOTE_IRR = 1 << 14,
    LVT_LEVEL = 1 << 15,
    LVT_MASKED = 1 << 16,
    LVT_TIMER_MODE = 3 << 17,
    LVT_TIMER_PERIODIC = 1 << 17,
    LVT_TIMER_DEADLINE = 2 << 17,

    APIC_SVR_ENABLE = 1 << 8, /* of the spurious vector register */

    /* Of the error status register, figure 10-9. */
    APIC_ESR_SEND_VECTOR = 1 << 5,
    APIC_ESR_RECEIVE_VECTOR = 1 << 6,
    APIC_ESR_REGISTER = 1 << 7,
};

static inline ApicDeliveryMode lvt_delivery_mode(uint32_t lvt)
{
    return (ApicDeliveryMode)(lvt >> LVT_DM_SHIFT & 7);
}

struct ApicState {
    DeviceState parent_obj;
    MemoryRegion io;
    VCPU *cpu; /* whose child we are */
    struct X86State *state;
    uint32_t initial_id;
    bool is_bsp;
    /* Registers; all migrated. */
    uint64_t base; /* IA32_APIC_BASE */
    uint8_t id, tpr, ldr;
    uint32_t dfr, svr;
    uint32_t isr[8], tmr[8], irr[8];
    uint32_t esr, esr_pending;
    bool extint; /* an ExtINT message waits for the 8259s' INTA cycle */
    uint32_t icr_low, icr_high;
    uint32_t lvt[APIC_LVT_COUNT];
    uint32_t initial_count, divide;
    uint64_t tsc_deadline;
    /* When initial_count was loaded, virtual clock; migrated. */
    int64_t count_start_ns;
    Timer timer;
};

/*
 * An accelerator that has the local APICs itself: what the devices here hold is a copy,
 * right between vcpu_sync_state() and the next guest instruction. Context: BQL.
 */
typedef struct ApicTwin {
    void (*send)(const ApicMessage *msg);
    void (*send_msi)(uint64_t addr, uint32_t data);
    /* INT of 8259s that are not in the accelerator. */
    void (*set_pic_line)(int level);
    /* A pin of an I/O APIC that is not in the accelerator; NULL @msg: it is masked. */
    void (*pin_changed)(int pin, const ApicMessage *msg);
} ApicTwin;

typedef struct ApicClass {
    DeviceClass parent_class;
    const char *region_name;
    const ApicTwin *twin; /* NULL: the device is the APIC */
} ApicClass;

static inline const ApicTwin *apic_get_twin(const ApicState *s)
{
    return ((const ApicClass *)((const Object *)s)->klass)->twin;
}

static inline ApicState *APIC(const void *obj)
{
    return (ApicState *)object_cast((const Object *)obj, TYPE_APIC);
}

static inline bool apic_is_hw_enabled(const ApicState *s)
{
    return s->base & APIC_BASE_ENABLE;
}

static inline bool apic_is_x2apic(const ApicState *s)
{
    return s->base & APIC_BASE_EXTD;
}

static inline bool apic_is_sw_enabled(const ApicState *s)
{
    return apic_is_hw_enabled(s) && (s->svr & APIC_SVR_ENABLE);
}

/* Is @v requested or in service? */
static inline bool apic_has_vector(const ApicState *s, uint8_t v)
{
    return (s->irr[v >> 5] | s->isr[v >> 5]) >> (v & 31) & 1;
}

/* apic-interrupt.c */
/* Make the INTR level right after a change (A1). */
void apic_update(ApicState *s);
/* Tell the CPU about X86_IRQ_* that it must look at. */
void apic_signal(ApicState *s, uint32_t events);
/* A local source fires, if its entry lets it. */
void apic_deliver_local(ApicState *s, ApicLvt entry);
void apic_receive(ApicState *s, const ApicMessage *msg);
/* Sends what ICR's low half says, to @dest in the form of the mode that @s is in. */
void apic_send_ipi(ApicState *s, uint32_t dest);
/* The highest vector in service ends. */
void apic_eoi(ApicState *s);
/* Collects APIC_ESR_*. */
void apic_error(ApicState *s, uint32_t bit);
/* From IRR to ISR: the vector to deliver now, or -1. */
int apic_take_interrupt(ApicState *s);
/* Whether the 8259s' INT is up and let through. */
bool apic_accepts_pic(const ApicState *s);
uint8_t apic_get_ppr(const ApicState *s);
uint8_t apic_get_apr(const ApicState *s);

/* apic-regs.c */
/* The opaque value of both is an ApicState. */
extern const MemoryRegionOps apic_mem_ops;
bool apic_read_msr(void *opaque, uint32_t index, uint64_t *value);
bool apic_write_msr(void *opaque, uint32_t index, uint64_t value);
uint32_t apic_get_ldr(const ApicState *s);

/* apic-timer.c */
void apic_timer_init(ApicState *s, EventLoop *loop);
void apic_timer_load(ApicState *s, uint32_t count);
void apic_timer_set_divide(ApicState *s, uint32_t divide);
void apic_timer_write_lvt(ApicState *s, uint32_t value);
void apic_timer_write_deadline(ApicState *s, uint64_t value);
unsigned apic_get_timer_divisor(const ApicState *s);
uint32_t apic_get_current_count(const ApicState *s);

/* apic-bus.c */
bool apic_bus_join(ApicState *s, Error **errp) WARN_UNUSED;
void apic_bus_leave(ApicState *s);
/* Start with *index 0; NULL after the last. */
ApicState *apic_bus_next(int *index);
bool apic_is_destination(const ApicState *s, uint32_t dest, bool logical);
int apic_bus_pic_line(void);
void apic_bus_broadcast_eoi(uint8_t vector);
/* Of the APICs on the bus; NULL: none. */
const ApicTwin *apic_bus_get_twin(void);
/* NULL when there is none. */
ApicState *apic_bus_find(uint32_t apic_id);
ApicState *apic_of_vcpu(const VCPU *cpu);

#endif
