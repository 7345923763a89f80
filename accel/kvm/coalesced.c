/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Coalesced writes: the kernel puts stores to registered ranges into a ring instead of
 * leaving the guest; they are carried out, in order, when somebody needs their effect
 * (coalesced_mmio_flush) or when the ring is full and the next one exits.
 *
 * The ring has one producer at a time (the kernel, under its own lock) and one
 * consumer: whoever holds the BQL.
 */
#include "kvm-internal.h"

#include "util/atomic.h"
#include "util/bql.h"
#include "util/log.h"

#include <assert.h>
#include <unistd.h>

static KvmAccel *the_kvm; /* BQL; NULL: not offered */
static bool flushing;     /* BQL: a write of the ring may ask for a flush itself */

static uint32_t ring_entries(void)
{
    return (uint32_t)((KVM_PAGE_SIZE - sizeof(struct kvm_coalesced_mmio_ring)) /
                      sizeof(struct kvm_coalesced_mmio));
}

static void carry_out(const struct kvm_coalesced_mmio *w)
{
    AddressSpace *as = w->pio ? &address_space_io : &address_space_memory;

    address_space_write(as, w->phys_addr, MEMTXATTRS_UNSPECIFIED, w->data,
                        MIN(w->len, (uint32_t)sizeof(w->data)));
}

static void flush(void)
{
    struct kvm_coalesced_mmio_ring *ring = the_kvm ? the_kvm->coalesced : NULL;

    if (!ring || flushing) {
        return;
    }
    assert(bql_is_held());
    flushing = true;
    /* Pairs with the kernel's barrier between an entry and "last". */
    while (ring->first != atomic_load_acquire(&ring->last)) {
        struct kvm_coalesced_mmio w = ring->coalesced_mmio[ring->first];

        atomic_store_release(&ring->first, (ring->first + 1) % ring_entries());
        carry_out(&w);
    }
    flushing = false;
}

static void set_zone(hwaddr addr, uint64_t size, bool pio, bool add)
{
    struct kvm_coalesced_mmio_zone zone = { .addr = addr,
                                            .size = (uint32_t)MIN(size, UINT32_MAX),
                                            .pio = pio };
    int ret = kvm_vm_ioctl(
        add ? KVM_REGISTER_COALESCED_MMIO : KVM_UNREGISTER_COALESCED_MMIO, &zone);

    log_item(LOG_KVM_SLOTS, "kvm-coalesced: %s %s %" PRIx64 " size %" PRIx64 " -> %d\n",
             add ? "add" : "del", pio ? "port" : "memory", addr, size, ret);
}

static void memory_add(MemoryListener *l, hwaddr addr, uint64_t size)
{
    set_zone(addr, size, false, true);
}

static void memory_del(MemoryListener *l, hwaddr addr, uint64_t size)
{
    set_zone(addr, size, false, false);
}

static void port_add(MemoryListener *l, hwaddr addr, uint64_t size)
{
    set_zone(addr, size, true, true);
}

static void port_del(MemoryListener *l, hwaddr addr, uint64_t size)
{
    set_zone(addr, size, true, false);
}

static MemoryListener memory_listener = { .name = "kvm-coalesced",
                                          .priority = 10,
                                          .coalesced_add = memory_add,
                                          .coalesced_del = memory_del };
static MemoryListener port_listener = { .name = "kvm-io-coalesced",
                                        .priority = 10,
                                        .coalesced_add = port_add,
                                        .coalesced_del = port_del };

void kvm_coalesced_map(KvmAccel *kvm, struct kvm_run *run)
{
    int page = kvm_check_extension(KVM_CAP_COALESCED_MMIO);

    if (page > 0 && !kvm->coalesced &&
        (size_t)(page + 1) * KVM_PAGE_SIZE <= kvm->run_bytes) {
        kvm->coalesced =
            (struct kvm_coalesced_mmio_ring *)((uint8_t *)run + page * KVM_PAGE_SIZE);
    }
}

void kvm_coalesced_init(KvmAccel *kvm)
{
    if (!kvm_check_extension(KVM_CAP_COALESCED_MMIO)) {
        return;
    }
    the_kvm = kvm;
    memory_set_coalesced_flush_hook(flush);
    memory_listener_register(&memory_listener, &address_space_memory);
    if (kvm_check_extension(KVM_CAP_COALESCED_PIO)) {
        memory_listener_register(&port_listener, &address_space_io);
    }
}
