/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "kvm-ioapic": the twin of the I/O APIC inside KVM (Documentation/virt/kvm/api.rst,
 * KVM_GET_IRQCHIP). The device's registers are a copy, fetched when somebody looks.
 *
 * Board: as the device it stands for; region "kvm-ioapic". Input n is GSI n. The first
 * 16 are driven through the 8259s, whose GSIs are the same.
 */
#include "accel/kvm/irqchip.h"
#include "accel/kvm/kvm.h"
#include "hw/intc/ioapic-internal.h"

#include <linux/kvm.h>
#include <string.h>

/* The kernel keeps the delivery status in the entry, too. */
enum { FIRST_OWN_GSI = 16 };

static void fetch(IoApicState *s)
{
    struct kvm_irqchip chip = { .chip_id = KVM_IRQCHIP_IOAPIC };
    const struct kvm_ioapic_state *k = &chip.chip.ioapic;

    if (kvm_vm_ioctl(KVM_GET_IRQCHIP, &chip) < 0) {
        return;
    }
    s->id = k->id << 24;
    s->select = (uint8_t)k->ioregsel;
    s->irr = k->irr;
    for (int pin = 0; pin < IOAPIC_NUM_PINS; pin++) {
        s->redtbl[pin] = k->redirtbl[pin].bits;
    }
}

static void written(IoApicState *s)
{
    struct kvm_irqchip chip = { .chip_id = KVM_IRQCHIP_IOAPIC };
    struct kvm_ioapic_state *k = &chip.chip.ioapic;
    int ret;

    k->base_address = IOAPIC_DEFAULT_BASE;
    k->id = s->id >> 24;
    k->ioregsel = s->select;
    k->irr = s->irr;
    for (int pin = 0; pin < IOAPIC_NUM_PINS; pin++) {
        k->redirtbl[pin].bits = s->redtbl[pin];
    }
    ret = kvm_vm_ioctl(KVM_SET_IRQCHIP, &chip);
    if (ret < 0) {
        error_report("kvm: registers of the I/O APIC: %s", g_strerror(-ret));
    }
}

static void set_input(IoApicState *s, int n, int level)
{
    if (n >= FIRST_OWN_GSI) {
        kvm_irqchip_set_gsi(n, level);
    }
}

static const IoApicTwin twin = { fetch, written, set_input };

static void kvm_ioapic_class_init(ObjectClass *klass, const void *data)
{
    IoApicClass *ic = (IoApicClass *)klass;

    ic->region_name = "kvm-ioapic";
    ic->twin = &twin;
    DEVICE_CLASS(klass)->desc = "I/O APIC in KVM";
}

static const TypeInfo kvm_ioapic_info = {
    .name = "kvm-ioapic",
    .parent = TYPE_IOAPIC,
    .instance_size = sizeof(IoApicState),
    .class_init = kvm_ioapic_class_init,
};
TYPE_REGISTER(kvm_ioapic_info);
