/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "kvm-i8259": the twin of an 8259A inside KVM (Documentation/virt/kvm/api.rst,
 * KVM_GET_IRQCHIP). The device's registers are a copy, fetched when somebody looks.
 *
 * Board: as the device it stands for; regions "kvm-pic" and "kvm-elcr". Input n of the
 * master is GSI n, of the slave 8 + n: the kernel routes it to the I/O APIC, too.
 */
#include "accel/kvm/irqchip.h"
#include "accel/kvm/kvm.h"
#include "hw/intc/i8259-internal.h"

#include <linux/kvm.h>
#include <string.h>

static bool get_chip(const I8259State *s, struct kvm_irqchip *chip)
{
    memset(chip, 0, sizeof(*chip));
    chip->chip_id = s->master ? KVM_IRQCHIP_PIC_MASTER : KVM_IRQCHIP_PIC_SLAVE;
    return kvm_vm_ioctl(KVM_GET_IRQCHIP, chip) >= 0;
}

static void fetch(I8259State *s)
{
    struct kvm_irqchip chip;
    const struct kvm_pic_state *k = &chip.chip.pic;

    if (!get_chip(s, &chip)) {
        return;
    }
    s->lines = k->last_irr;
    s->irr = k->irr;
    s->imr = k->imr;
    s->isr = k->isr;
    s->hprio = k->priority_add & 7;
    s->irq_base = k->irq_base;
    s->read_isr = k->read_reg_select;
    s->poll = k->poll;
    s->special_mask = k->special_mask;
    s->init_state = k->init_state & 3;
    s->aeoi = k->auto_eoi;
    s->rotate_on_aeoi = k->rotate_on_auto_eoi;
    s->sfnm = k->special_fully_nested_mode;
    s->init4 = k->init4;
    s->elcr = k->elcr;
}

static void written(I8259State *s)
{
    struct kvm_irqchip chip = { .chip_id = s->master ? KVM_IRQCHIP_PIC_MASTER
                                                     : KVM_IRQCHIP_PIC_SLAVE };
    int ret;

    chip.chip.pic = (struct kvm_pic_state){
        .last_irr = s->lines,
        .irr = s->irr,
        .imr = s->imr,
        .isr = s->isr,
        .priority_add = s->hprio,
        .irq_base = s->irq_base,
        .read_reg_select = s->read_isr,
        .poll = s->poll,
        .special_mask = s->special_mask,
        .init_state = s->init_state,
        .auto_eoi = s->aeoi,
        .rotate_on_auto_eoi = s->rotate_on_aeoi,
        .special_fully_nested_mode = s->sfnm,
        .init4 = s->init4,
        .elcr = s->elcr,
        .elcr_mask = s->elcr_mask,
    };
    ret = kvm_vm_ioctl(KVM_SET_IRQCHIP, &chip);
    if (ret < 0) {
        error_report("kvm: registers of the 8259: %s", g_strerror(-ret));
    }
}

static void set_input(I8259State *s, int n, int level)
{
    kvm_irqchip_set_gsi(s->master ? n : 8 + n, level);
}

static const I8259Twin twin = { fetch, written, set_input };

static void kvm_i8259_class_init(ObjectClass *klass, const void *data)
{
    I8259Class *ic = (I8259Class *)klass;

    ic->pic_name = "kvm-pic";
    ic->elcr_name = "kvm-elcr";
    ic->twin = &twin;
    DEVICE_CLASS(klass)->desc = "8259A interrupt controller in KVM";
}

static const TypeInfo kvm_i8259_info = {
    .name = "kvm-i8259",
    .parent = TYPE_I8259,
    .instance_size = sizeof(I8259State),
    .class_init = kvm_i8259_class_init,
};
TYPE_REGISTER(kvm_i8259_info);
