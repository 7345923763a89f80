/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The twins of the interrupt controllers and timers in the kernel: what is written
 * through a twin arrives there, and state goes both ways for saving and loading; routes
 * and irqfds. Arguments: the image of exits.S; skipped, with the reason, where KVM
 * cannot be used.
 */
#include "kvm-rig.h"

#include "hw/intc/apic-internal.h"
#include "hw/intc/gsi.h"
#include "hw/intc/i8259-internal.h"
#include "hw/intc/ioapic-internal.h"
#include "hw/timer/i8254-internal.h"
#include "migration/vmstate.h"
#include "softmmu/runstate.h"
#include "util/bql.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { ENDLESS = 9, LEVEL = 19 };

static KvmRig *rig;
static const char *why_not;
static GsiState gsi;
static I8259State *pic;
static IoApicState *ioapic;
static I8254State *pit;

static bool skipped(void)
{
    if (!rig) {
        g_test_skip(why_not);
    }
    return !rig;
}

static void make_board(void)
{
    ISABus *bus = isa_bus_new(NULL, get_system_memory(), get_system_io());
    IrqLine *lines[ISA_NUM_IRQS];
    bool ok = bus_realize(BUS(bus), &error_abort);

    g_assert_true(ok);
    gsi_init(&gsi);
    isa_bus_register_input_irqs(bus, gsi.isa);
    pic = i8259_init(bus, gsi_get_pic_intr(&gsi), lines);
    gsi_connect_pic(&gsi, lines);
    ioapic = ioapic_init(container_get(object_get_root(), "/test"));
    gsi_connect_ioapic(&gsi, ioapic);
    pit = i8254_init(bus, 0x40, gsi_get_line(&gsi, 0));
}

static void outb(uint16_t port, uint8_t value)
{
    address_space_stb(&address_space_io, port, value, MEMTXATTRS_UNSPECIFIED, NULL);
}

static void ioapic_set(uint8_t reg, uint32_t value)
{
    address_space_stl_le(&address_space_memory, IOAPIC_DEFAULT_BASE, reg,
                         MEMTXATTRS_UNSPECIFIED, NULL);
    address_space_stl_le(&address_space_memory, IOAPIC_DEFAULT_BASE + 0x10, value,
                         MEMTXATTRS_UNSPECIFIED, NULL);
}

static struct kvm_irqchip kernel_chip(uint32_t id)
{
    struct kvm_irqchip chip = { .chip_id = id };
    int ret = kvm_vm_ioctl(KVM_GET_IRQCHIP, &chip);

    g_assert_cmpint(ret, ==, 0);
    return chip;
}

static GByteArray *save(void *dev)
{
    GByteArray *out = g_byte_array_new();
    bool ok =
        vmstate_save(DEVICE_CLASS(OBJECT(dev)->klass)->vmsd, dev, out, &error_abort);

    g_assert_true(ok);
    return out;
}

static void load(void *dev, GByteArray *take_bytes)
{
    VMStateReader in = { .data = take_bytes->data, .len = take_bytes->len };
    bool ok =
        vmstate_load(DEVICE_CLASS(OBJECT(dev)->klass)->vmsd, dev, &in, &error_abort);

    g_assert_true(ok);
    g_byte_array_free(take_bytes, TRUE);
}

static void test_types(void)
{
    if (skipped()) {
        return;
    }
    g_assert_cmpstr(object_get_typename(OBJECT(pic)), ==, "kvm-i8259");
    g_assert_cmpstr(object_get_typename(OBJECT(ioapic)), ==, "kvm-ioapic");
    g_assert_cmpstr(object_get_typename(OBJECT(pit)), ==, "kvm-pit");
    g_assert_cmpstr(object_get_typename(OBJECT(rig->cpu->apic)), ==, "kvm-apic");
}

static void test_pic(void)
{
    GByteArray *saved;

    if (skipped()) {
        return;
    }
    outb(0x20, 0x11);
    outb(0x21, 0x20);
    outb(0x21, 4);
    outb(0x21, 1);
    outb(0x21, 0x5a);
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_PIC_MASTER).chip.pic.imr, ==, 0x5a);
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_PIC_MASTER).chip.pic.irq_base, ==, 0x20);
    saved = save(pic);
    outb(0x21, 0xff);
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_PIC_MASTER).chip.pic.imr, ==, 0xff);
    load(pic, saved);
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_PIC_MASTER).chip.pic.imr, ==, 0x5a);
}

static void test_pic_lines(void)
{
    if (skipped()) {
        return;
    }
    /* GSI 5 reaches the master's input 5 and pin 5 of the I/O APIC. */
    irq_set(gsi_get_line(&gsi, 5), 1);
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_PIC_MASTER).chip.pic.irr & 0x20, ==, 0x20);
    irq_set(gsi_get_line(&gsi, 5), 0);
    irq_set(gsi_get_line(&gsi, 12), 1);
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_PIC_SLAVE).chip.pic.irr & 0x10, ==, 0x10);
    irq_set(gsi_get_line(&gsi, 12), 0);
}

static void test_ioapic(void)
{
    GByteArray *saved;

    if (skipped()) {
        return;
    }
    ioapic_set(0x10 + 2 * 20, 0x1a055);
    ioapic_set(0x11 + 2 * 20, 0x03000000);
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_IOAPIC).chip.ioapic.redirtbl[20].bits, ==,
                    0x030000000001a055);
    saved = save(ioapic);
    ioapic_set(0x10 + 2 * 20, 0x10000);
    load(ioapic, saved);
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_IOAPIC).chip.ioapic.redirtbl[20].bits, ==,
                    0x030000000001a055);
    ioapic_set(0x10 + 2 * 20, 0x10000);
}

/* Reset values reach the kernel, too. */
static void test_reset(void)
{
    if (skipped()) {
        return;
    }
    ioapic_set(0x10 + 2 * 3, 0x44);
    outb(0x21, 0x77);
    resettable_reset(OBJECT(pic));
    resettable_reset(OBJECT(ioapic));
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_PIC_MASTER).chip.pic.imr, ==, 0);
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_IOAPIC).chip.ioapic.redirtbl[3].bits, ==,
                    0x10000);
}

/* While the guest is stopped the timer is here, else in the kernel. */
static void test_pit(void)
{
    struct kvm_pit_state2 k;
    GByteArray *saved;
    int ret;

    if (skipped()) {
        return;
    }
    outb(0x43, 0xb4); /* counter 2, mode 2 */
    outb(0x42, 0x34);
    outb(0x42, 0x12);
    rig_prepare(rig, ENDLESS);
    for (hwaddr page = 0x400000; page < 0x500000; page += 0x1000) {
        memset(rig->ram_ptr + page, 0x5a, 4);
    }
    vm_start();
    ret = kvm_vm_ioctl(KVM_GET_PIT2, &k);
    g_assert_cmpint(ret, ==, 0);
    g_assert_cmphex(k.channels[2].count, ==, 0x1234);
    g_assert_cmpuint(k.channels[2].mode, ==, 2);
    vm_stop(RUN_STATE_PAUSED);
    saved = save(pit);
    pit->counters[2].count = 7;
    load(pit, saved);
    g_assert_cmphex(pit->counters[2].count, ==, 0x1234);
    outb(0x43, 0xb0); /* a change while stopped */
    outb(0x42, 0x11);
    outb(0x42, 0x11);
    vm_start();
    ret = kvm_vm_ioctl(KVM_GET_PIT2, &k);
    g_assert_cmpint(ret, ==, 0);
    g_assert_cmphex(k.channels[2].count, ==, 0x1111);
    vm_stop(RUN_STATE_PAUSED);
}

static void get_lapic(VCPU *cpu, void *opaque)
{
    int ret = kvm_vcpu_ioctl(cpu, KVM_GET_LAPIC, opaque);

    g_assert_cmpint(ret, ==, 0);
}

static uint32_t lapic_reg(unsigned reg)
{
    struct kvm_lapic_state page;
    uint32_t v;

    vcpu_run_on(rig->vcpu, get_lapic, &page);
    memcpy(&v, page.regs + reg, 4);
    return v;
}

/* Let the CPU enter the guest once, which hands over what was written. */
static void enter_once(void)
{
    vm_start();
    bql_unlock();
    g_usleep(20000);
    bql_lock();
    vm_stop(RUN_STATE_PAUSED);
}

static void test_apic(void)
{
    ApicState *apic = rig ? rig->cpu->apic : NULL;
    GByteArray *saved;

    if (skipped()) {
        return;
    }
    vcpu_sync_state(rig->vcpu);
    apic->svr = 0x1ff;
    apic->tpr = 0x20;
    apic->lvt[APIC_LVT_LINT0] = 0x700;
    vcpu_state_written(rig->vcpu, VCPU_STATE_FULL);
    enter_once();
    g_assert_cmphex(lapic_reg(0xf0), ==, 0x1ff);
    g_assert_cmphex(lapic_reg(0x80), ==, 0x20);
    g_assert_cmphex(lapic_reg(0x350), ==, 0x700);
    saved = save(apic);
    apic->tpr = 0;
    vcpu_state_written(rig->vcpu, VCPU_STATE_FULL);
    enter_once();
    g_assert_cmphex(lapic_reg(0x80), ==, 0);
    load(apic, saved);
    enter_once();
    g_assert_cmphex(lapic_reg(0x80), ==, 0x20);
}

/* The kernel delivers from a work queue. */
static bool arrives(unsigned vector)
{
    for (int i = 0; i < 500; i++) {
        if (lapic_reg(0x200 + (vector >> 5) * 0x10) >> (vector & 31) & 1) {
            return true;
        }
        g_usleep(2000);
    }
    return false;
}

static void test_msi(void)
{
    int fd = eventfd(0, EFD_NONBLOCK), route;
    uint64_t one = 1;
    ssize_t n;
    bool ok;

    if (skipped()) {
        return;
    }
    g_assert_true(kvm_irqchip_send_msi(0xfee00000, 0x4041));
    g_assert_true(arrives(0x41));
    route = kvm_irqchip_add_msi_route(0xfee00000, 0x4062, &error_abort);
    g_assert_cmpint(route, >=, 24);
    ok = kvm_irqchip_add_irqfd(route, fd, -1, &error_abort);
    g_assert_true(ok);
    n = write(fd, &one, sizeof(one));
    g_assert_cmpint((int)n, ==, sizeof(one));
    g_assert_true(arrives(0x62));
    kvm_irqchip_del_irqfd(route, fd);
    kvm_irqchip_release_route(route);
    ok = kvm_irqchip_commit_routes(&error_abort);
    g_assert_true(ok);
    /* The number is used again. */
    g_assert_cmpint(kvm_irqchip_add_msi_route(0xfee00000, 0x4063, &error_abort), ==,
                    route);
    close(fd);
}

static uint32_t told(hwaddr addr)
{
    return __atomic_load_n((uint32_t *)(void *)(rig->ram_ptr + addr), __ATOMIC_RELAXED);
}

/* An eventfd raises a level-triggered line, which stays up until the guest ends it. */
static void test_resample(void)
{
    int fd = eventfd(0, EFD_NONBLOCK), resample = eventfd(0, EFD_NONBLOCK);
    uint64_t one = 1;
    ssize_t n;
    bool ok;

    if (skipped()) {
        return;
    }
    ioapic_set(0x11 + 2 * 21, 0);
    ioapic_set(0x10 + 2 * 21, 0x8055);
    ok = kvm_irqchip_add_irqfd(21, fd, resample, &error_abort);
    g_assert_true(ok);
    n = write(fd, &one, sizeof(one));
    g_assert_cmpint((int)n, ==, sizeof(one));
    g_assert_true(arrives(0x55));
    g_assert_cmphex(kernel_chip(KVM_IRQCHIP_IOAPIC).chip.ioapic.redirtbl[21].bits &
                        0x4000,
                    ==, 0x4000); /* remote IRR */
    g_assert_cmpuint(rig_eventfd(resample), ==, 0);
    kvm_irqchip_del_irqfd(21, fd);
    ioapic_set(0x10 + 2 * 21, 0x10000);
    close(fd);
    close(resample);
}

/* A guest that ends its interrupts: each end lets the line fall and tells the eventfd.
 */
static void test_resample_ends(void)
{
    int fd = eventfd(0, EFD_NONBLOCK), resample = eventfd(0, EFD_NONBLOCK);
    uint64_t one = 1, ends = 0;
    bool ok;

    if (skipped()) {
        return;
    }
    ioapic_set(0x11 + 2 * 22, 0);
    ioapic_set(0x10 + 2 * 22, 0x8055);
    ok = kvm_irqchip_add_irqfd(22, fd, resample, &error_abort);
    g_assert_true(ok);
    rig_prepare(rig, LEVEL);
    vm_start();
    bql_unlock();
    for (int i = 0; i < 10000 && !told(0x5000); i++) {
        g_usleep(1000);
    }
    g_assert_cmpuint(told(0x5000), ==, 1);
    for (int i = 0; i < 3; i++) {
        g_assert_cmpint((int)write(fd, &one, sizeof(one)), ==, sizeof(one));
        for (int k = 0; k < 10000 && ends <= (uint64_t)i; k++) {
            ends += rig_eventfd(resample);
            g_usleep(1000);
        }
        g_assert_cmpuint(ends, ==, i + 1);
        g_assert_cmpuint(told(0x5008), ==, i + 1);
    }
    bql_lock();
    rig_wait(rig);
    vm_stop(RUN_STATE_PAUSED);
    g_assert_cmpint(rig->status, ==, 0);
    kvm_irqchip_del_irqfd(22, fd);
    ioapic_set(0x10 + 2 * 22, 0x10000);
    close(fd);
    close(resample);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    bql_lock();
    if (argc < 2) {
        why_not = "no image given";
    } else {
        rig = rig_new("kernel-irqchip=on", argv[1], &why_not);
    }
    if (rig) {
        make_board();
    } else {
        g_test_message("skipped: %s", why_not);
    }
    g_test_add_func("/kvm/irqchip/twins-are-made", test_types);
    g_test_add_func("/kvm/irqchip/8259", test_pic);
    g_test_add_func("/kvm/irqchip/lines", test_pic_lines);
    g_test_add_func("/kvm/irqchip/io-apic", test_ioapic);
    g_test_add_func("/kvm/irqchip/reset", test_reset);
    g_test_add_func("/kvm/irqchip/8254", test_pit);
    g_test_add_func("/kvm/irqchip/local-apic", test_apic);
    g_test_add_func("/kvm/irqchip/messages-and-irqfds", test_msi);
    g_test_add_func("/kvm/irqchip/resampled-irqfd", test_resample);
    g_test_add_func("/kvm/irqchip/resampled-at-each-end", test_resample_ends);
    ret = g_test_run();
    fflush(stdout);
    _exit(ret);
}
