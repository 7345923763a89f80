/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Eventfds on guest writes, signalled by the kernel without an exit. One that the
 * kernel refuses still works: the write exits and the memory core signals.
 */
#include "kvm-internal.h"

#include "util/log.h"

#include <string.h>

static void set_ioeventfd(const MemoryRegionIoeventfd *e, bool pio, bool assign)
{
    struct kvm_ioeventfd io = {
        .addr = e->addr,
        .len = e->size,
        .fd = e->fd,
        .datamatch = e->match_data ? e->data : 0,
        .flags = (pio ? KVM_IOEVENTFD_FLAG_PIO : 0) |
                 (e->match_data ? KVM_IOEVENTFD_FLAG_DATAMATCH : 0) |
                 (assign ? 0 : KVM_IOEVENTFD_FLAG_DEASSIGN),
    };
    int ret;

    if (e->match_data && e->size < 8) {
        io.datamatch &= ((uint64_t)1 << (8 * e->size)) - 1;
    }
    ret = kvm_vm_ioctl(KVM_IOEVENTFD, &io);
    log_item(LOG_KVM_SLOTS, "kvm-ioeventfd: %s %s %" PRIx64 " size %u fd %d -> %d\n",
             assign ? "add" : "del", pio ? "port" : "memory", e->addr, e->size, e->fd,
             ret);
}

static void memory_add(MemoryListener *l, const MemoryRegionIoeventfd *e)
{
    set_ioeventfd(e, false, true);
}

static void memory_del(MemoryListener *l, const MemoryRegionIoeventfd *e)
{
    set_ioeventfd(e, false, false);
}

static void port_add(MemoryListener *l, const MemoryRegionIoeventfd *e)
{
    set_ioeventfd(e, true, true);
}

static void port_del(MemoryListener *l, const MemoryRegionIoeventfd *e)
{
    set_ioeventfd(e, true, false);
}

static MemoryListener memory_listener = { .name = "kvm-eventfd",
                                          .priority = 10,
                                          .eventfd_add = memory_add,
                                          .eventfd_del = memory_del };
static MemoryListener port_listener = { .name = "kvm-io-eventfd",
                                        .priority = 10,
                                        .eventfd_add = port_add,
                                        .eventfd_del = port_del };

void kvm_eventfd_init(KvmAccel *kvm)
{
    if (!kvm_check_extension(KVM_CAP_IOEVENTFD)) {
        return;
    }
    memory_listener_register(&memory_listener, &address_space_memory);
    memory_listener_register(&port_listener, &address_space_io);
}
