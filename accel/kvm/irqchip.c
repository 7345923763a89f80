/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt controllers in the kernel: making them, the table of routes, messages and
 * irqfds. The registers are moved by the controllers' twins in hw/.
 *
 * The table is kept here and given to the kernel whole (KVM_SET_GSI_ROUTING).
 */
#include "kvm-internal.h"

#include "util/bql.h"

#include <assert.h>
#include <string.h>

/* Pins of the I/O APIC that the split mode reserves routes for. */
#define NUM_PINS 24

static GArray *routes;    /* struct kvm_irq_routing_entry; BQL */
static uint32_t num_gsis; /* KVM_CAP_IRQ_ROUTING */
static GArray *msi_gsis;  /* int: handed out by kvm_irqchip_add_msi_route; BQL */
static bool routes_dirty; /* BQL */

/* --- Routes --------------------------------------------------------------------------
 */

static void remove_routes(uint32_t gsi, uint32_t type)
{
    for (guint i = routes->len; i-- > 0;) {
        struct kvm_irq_routing_entry *e =
            &g_array_index(routes, struct kvm_irq_routing_entry, i);

        if (e->gsi == gsi && (!type || e->type == type)) {
            g_array_remove_index_fast(routes, i);
            routes_dirty = true;
        }
    }
}

void kvm_irqchip_unroute(uint32_t gsi)
{
    remove_routes(gsi, 0);
}

void kvm_irqchip_route_pin(uint32_t gsi, uint32_t irqchip, uint32_t pin)
{
    struct kvm_irq_routing_entry e = {
        .gsi = gsi, .type = KVM_IRQ_ROUTING_IRQCHIP, .u.irqchip = {irqchip, pin}
    };

    g_array_append_val(routes, e);
    routes_dirty = true;
}

void kvm_irqchip_route_msi(uint32_t gsi, uint64_t addr, uint32_t data)
{
    struct kvm_irq_routing_entry e = {
        .gsi = gsi,
        .type = KVM_IRQ_ROUTING_MSI,
        .u.msi = {.address_lo = (uint32_t)addr,
                  .address_hi = (uint32_t)(addr >> 32),
                  .data = data},
    };

    remove_routes(gsi, 0);
    g_array_append_val(routes, e);
    routes_dirty = true;
}

bool kvm_irqchip_commit_routes(Error **errp)
{
    size_t bytes = routes->len * sizeof(struct kvm_irq_routing_entry);
    g_autofree struct kvm_irq_routing *table =
        g_malloc0(sizeof(struct kvm_irq_routing) + bytes);
    int ret;

    assert(bql_is_held());
    if (!routes_dirty) {
        return true;
    }
    table->nr = routes->len;
    memcpy(table->entries, routes->data, bytes);
    ret = kvm_vm_ioctl(KVM_SET_GSI_ROUTING, table);
    if (ret < 0) {
        return error_set_errno(errp, -ret, "kvm: %u interrupt routes", routes->len);
    }
    routes_dirty = false;
    return true;
}

int kvm_irqchip_add_msi_route(uint64_t addr, uint32_t data, Error **errp)
{
    for (int gsi = NUM_PINS; gsi < (int)num_gsis; gsi++) {
        bool used = false;

        for (guint i = 0; i < msi_gsis->len && !used; i++) {
            used = g_array_index(msi_gsis, int, i) == gsi;
        }
        if (used) {
            continue;
        }
        kvm_irqchip_route_msi((uint32_t)gsi, addr, data);
        if (!kvm_irqchip_commit_routes(errp)) {
            kvm_irqchip_unroute((uint32_t)gsi);
            return -1;
        }
        g_array_append_val(msi_gsis, gsi);
        return gsi;
    }
    error_set(errp, "kvm: all %u interrupt routes are in use", num_gsis);
    return -1;
}

void kvm_irqchip_release_route(int gsi)
{
    for (guint i = 0; i < msi_gsis->len; i++) {
        if (g_array_index(msi_gsis, int, i) == gsi) {
            g_array_remove_index_fast(msi_gsis, i);
            kvm_irqchip_unroute((uint32_t)gsi);
            return;
        }
    }
}

/* --- Interrupts ----------------------------------------------------------------------
 */

void kvm_irqchip_set_gsi(int gsi, int level)
{
    struct kvm_irq_level line = { .irq = (uint32_t)gsi, .level = level ? 1 : 0 };

    kvm_vm_ioctl(KVM_IRQ_LINE, &line);
}

bool kvm_irqchip_send_msi(uint64_t addr, uint32_t data)
{
    struct kvm_msi msi = { .address_lo = (uint32_t)addr,
                           .address_hi = (uint32_t)(addr >> 32),
                           .data = data };

    return kvm_vm_ioctl(KVM_SIGNAL_MSI, &msi) > 0;
}

static bool irqfd(int gsi, int fd, int resample_fd, uint32_t flags, Error **errp)
{
    struct kvm_irqfd arg = { .fd = (uint32_t)fd,
                             .gsi = (uint32_t)gsi,
                             .flags = flags,
                             .resamplefd =
                                 resample_fd >= 0 ? (uint32_t)resample_fd : 0 };
    int ret = kvm_vm_ioctl(KVM_IRQFD, &arg);

    return ret >= 0 || error_set_errno(errp, -ret, "kvm: irqfd for GSI %d", gsi);
}

bool kvm_irqchip_add_irqfd(int gsi, int fd, int resample_fd, Error **errp)
{
    if (resample_fd >= 0 && !kvm_check_extension(KVM_CAP_IRQFD_RESAMPLE)) {
        return error_set(errp, "kvm: the host's kernel has no KVM_CAP_IRQFD_RESAMPLE");
    }
    return irqfd(gsi, fd, resample_fd, resample_fd >= 0 ? KVM_IRQFD_FLAG_RESAMPLE : 0,
                 errp);
}

void kvm_irqchip_del_irqfd(int gsi, int fd)
{
    /* One that is gone already is no error. */
    (void)irqfd(gsi, fd, -1, KVM_IRQFD_FLAG_DEASSIGN, NULL);
}

/* --- Creation ------------------------------------------------------------------------
 */

/*
 * GSI 0-15 reach the 8259s and the I/O APIC, 16-23 the I/O APIC only; the timer's GSI 0
 * arrives at pin 2 of the I/O APIC, whose pin 0 is not connected, and GSI 2, the 8259s'
 * cascade, nowhere.
 */
static void route_pc(void)
{
    for (uint32_t gsi = 0; gsi < NUM_PINS; gsi++) {
        if (gsi < 8 && gsi != 2) {
            kvm_irqchip_route_pin(gsi, KVM_IRQCHIP_PIC_MASTER, gsi);
        } else if (gsi >= 8 && gsi < 16) {
            kvm_irqchip_route_pin(gsi, KVM_IRQCHIP_PIC_SLAVE, gsi - 8);
        }
        if (gsi != 2) {
            kvm_irqchip_route_pin(gsi, KVM_IRQCHIP_IOAPIC, gsi ? gsi : 2);
        }
    }
}

static bool create_full(Error **errp)
{
    int ret = kvm_vm_ioctl(KVM_CREATE_IRQCHIP, NULL);

    if (ret < 0) {
        return error_set_errno(errp, -ret, "kvm: in-kernel interrupt controllers");
    }
    route_pc();
    return kvm_irqchip_commit_routes(errp);
}

static bool create_split(Error **errp)
{
    struct kvm_enable_cap enable = { .cap = KVM_CAP_SPLIT_IRQCHIP,
                                     .args = { NUM_PINS } };
    int ret = kvm_check_extension(KVM_CAP_SPLIT_IRQCHIP)
                  ? kvm_vm_ioctl(KVM_ENABLE_CAP, &enable)
                  : -ENOTTY;

    return ret >= 0 || error_set_errno(errp, -ret, "kvm: kernel-irqchip=split");
}

bool kvm_irqchip_create(KvmAccel *kvm, Error **errp)
{
    enum { AUTO, ON, OFF, SPLIT };
    bool offered = kvm_check_extension(KVM_CAP_IRQCHIP) &&
                   kvm_check_extension(KVM_CAP_IRQ_ROUTING) &&
                   kvm_check_extension(KVM_CAP_SIGNAL_MSI);

    routes = g_array_new(FALSE, TRUE, sizeof(struct kvm_irq_routing_entry));
    msi_gsis = g_array_new(FALSE, FALSE, sizeof(int));
    num_gsis = (uint32_t)kvm_check_extension(KVM_CAP_IRQ_ROUTING);
    kvm->irqchip = KVM_IRQCHIP_OFF;
    switch (kvm->kernel_irqchip) {
    case OFF:
        return true;
    case SPLIT:
        kvm->irqchip = KVM_IRQCHIP_SPLIT;
        return create_split(errp);
    case ON:
        if (!offered) {
            return error_set(errp,
                             "kvm: the host's kernel has no interrupt controllers "
                             "(kernel-irqchip=on)");
        }
        break;
    default:
        if (!offered) {
            return true;
        }
        break;
    }
    kvm->irqchip = KVM_IRQCHIP_ON;
    return create_full(errp);
}
