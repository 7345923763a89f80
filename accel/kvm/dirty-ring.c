/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dirty ring (-accel kvm,dirty-ring-size=N): each vCPU has a ring of the pages it
 * dirtied instead of a bitmap for each slot. Who reaps holds the BQL: a vCPU whose ring
 * is full, or whoever asks for the log.
 */
#include "kvm-internal.h"

#include "util/atomic.h"
#include "util/bql.h"

#include <assert.h>
#include <sys/mman.h>

bool kvm_dirty_ring_init(KvmAccel *kvm, Error **errp)
{
    uint32_t n = kvm->dirty_ring_size;
    uint64_t bytes = (uint64_t)n * sizeof(struct kvm_dirty_gfn);
    int cap = KVM_CAP_DIRTY_LOG_RING_ACQ_REL;
    int max = kvm_check_extension(cap), ret;

    if (!n) {
        return true;
    }
    if (n & (n - 1)) {
        return error_set(errp, "dirty-ring-size must be a power of two, not %u", n);
    }
    if (!max) {
        cap = KVM_CAP_DIRTY_LOG_RING;
        max = kvm_check_extension(cap);
    }
    if (!max) {
        return error_set(errp, "kvm: the host's kernel has no dirty ring");
    }
    if (n < 1024 || bytes > (uint64_t)max) {
        return error_set(errp, "dirty-ring-size %u is not between 1024 and %zu", n,
                         (size_t)max / sizeof(struct kvm_dirty_gfn));
    }
    ret = kvm_vm_enable_cap(cap, bytes, 0);
    if (ret < 0) {
        return error_set_errno(errp, -ret, "kvm: dirty ring of %u entries", n);
    }
    return true;
}

bool kvm_dirty_ring_map(KvmAccel *kvm, KvmVcpu *kv, Error **errp)
{
    size_t bytes = kvm->dirty_ring_size * sizeof(struct kvm_dirty_gfn);
    void *ring;

    if (!kvm->dirty_ring_size) {
        return true;
    }
    ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, kv->fd,
                (off_t)KVM_DIRTY_LOG_PAGE_OFFSET * KVM_PAGE_SIZE);
    if (ring == MAP_FAILED) {
        return error_set_errno(errp, errno, "kvm: dirty ring of a vCPU");
    }
    kv->ring = ring;
    return true;
}

static unsigned reap(KvmAccel *kvm, KvmVcpu *kv)
{
    unsigned n = 0;

    for (;;) {
        struct kvm_dirty_gfn *gfn = &kv->ring[kv->ring_next % kvm->dirty_ring_size];
        KvmSlots *slots = &kvm->slots;

        /* Pairs with the kernel's release of the flags after the rest. */
        if (!(atomic_load_acquire(&gfn->flags) & KVM_DIRTY_GFN_F_DIRTY)) {
            return n;
        }
        if (gfn->slot >> 16) {
            slots = kvm->smram;
        }
        if (slots) {
            kvm_slots_page_dirtied(slots, gfn->slot & 0xffff, gfn->offset);
        }
        atomic_store_release(&gfn->flags, KVM_DIRTY_GFN_F_RESET);
        kv->ring_next++;
        n++;
    }
}

void kvm_dirty_rings_reap(KvmAccel *kvm)
{
    unsigned n = 0;

    assert(bql_is_held());
    for (VCPU *cpu = vcpu_first(); cpu; cpu = vcpu_next(cpu)) {
        if (kvm_vcpu(cpu) && kvm_vcpu(cpu)->ring) {
            n += reap(kvm, kvm_vcpu(cpu));
        }
    }
    if (n) {
        kvm_vm_ioctl(KVM_RESET_DIRTY_RINGS, NULL);
    }
}
