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
 * 1 GHz bus clock. Output: X86State.irq_pending of its CPU. Registers: apic-regs.c;
 * what it does with interrupts: apic-interrupt.c.
 */
#include "hw/intc/apic.h"

#include "accel/accel.h"
#include "accel/target/i386/cpu.h"
#include "accel/vcpu.h"
#include "hw/intc/apic-internal.h"
#include "memory/memory.h"
#include "migration/vmstate.h"
#include "util/log.h"

#include <string.h>

/* --- What the CPU calls --------------------------------------------------------------
 */

static int apic_get_interrupt(void *opaque)
{
    return apic_take_interrupt(opaque);
}

static bool apic_accept_pic_intr(void *opaque)
{
    return apic_accepts_pic(opaque);
}

/* 10.4.7.1. */
static void apic_set_reset_state(ApicState *s)
{
    timer_del(&s->timer);
    s->id = s->initial_id;
    s->tpr = 0;
    s->ldr = 0;
    s->dfr = UINT32_MAX;
    s->svr = LVT_VECTOR;
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

static uint64_t apic_get_base(void *opaque)
{
    ApicState *s = opaque;

    return s->base;
}

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
