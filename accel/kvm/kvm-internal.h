/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The accelerator's own state, shared by its files. */
#ifndef STRATA_ACCEL_KVM_KVM_INTERNAL_H
#define STRATA_ACCEL_KVM_KVM_INTERNAL_H

#include "accel/kvm/arch.h"
#include "accel/kvm/irqchip.h"
#include "accel/kvm/slots.h"

#include <linux/kvm.h>

enum { KVM_EXIT_KINDS = 64 };

typedef struct KvmAccel {
    AccelState parent_obj;
    /* Properties. */
    char *device;
    int kernel_irqchip; /* 0 auto, 1 on, 2 off, 3 split */
    uint32_t dirty_ring_size;
    /* private */
    int fd, vm_fd;
    size_t run_bytes;
    const KvmArchOps *arch;
    KvmIrqchip irqchip;
    KvmOps ops;
    KvmSlotLimits limits;
    KvmSlots slots;
    KvmSlots *smram; /* NULL: no SMM */
    AddressSpace smram_as;
    MemoryListener io_listener;
    bool has_smm, has_coalesced, has_coalesced_pio, has_ioeventfd_any;
    struct kvm_coalesced_mmio_ring *coalesced; /* NULL until the first vCPU */
    GArray *parked;                            /* ParkedVcpu */
} KvmAccel;

/* VCPU.accel_data */
typedef struct KvmVcpu {
    int fd;
    unsigned long id;
    struct kvm_run *run;
    struct kvm_dirty_gfn *ring; /* NULL: no dirty ring */
    uint32_t ring_next;         /* BQL */
    /* Whose registers are right: true, those of the CPU object. Own thread, or the
     * vCPU is stopped and the BQL is held. */
    bool owned;
    VcpuStateLevel level;
    bool failed; /* own thread; a reset clears it */
    /* Own thread: the last exit completes at the next entry; it was not complete when
     * the registers were fetched. */
    bool io_pending, fetched_in_access;
    uint32_t in_run;                /* atomic: in or about to enter KVM_RUN */
    uint32_t kicked;                /* atomic: a kick is under way */
    uint64_t exits[KVM_EXIT_KINDS]; /* own thread */
} KvmVcpu;

typedef struct ParkedVcpu {
    unsigned long id;
    int fd;
} ParkedVcpu;

/* vm.c */
KvmAccel *kvm_accel(void); /* NULL: not used */
static inline KvmVcpu *kvm_vcpu(const VCPU *cpu)
{
    return cpu->accel_data;
}

/* vcpu-run.c */
bool kvm_vcpu_prepare(VCPU *cpu, Error **errp);
void kvm_vcpu_thread_init(VCPU *cpu);
void kvm_vcpu_exec(VCPU *cpu);
void kvm_vcpu_kick(VCPU *cpu);
void kvm_vcpu_release(VCPU *cpu);
void kvm_vcpu_sync_state(VCPU *cpu);
void kvm_vcpu_state_written(VCPU *cpu, VcpuStateLevel level);
void kvm_run_init(void);
/* No vCPU runs guest code between the two. Context: BQL. */
void kvm_pause_begin(void *opaque);
void kvm_pause_end(void *opaque);

/* irqchip.c */
bool kvm_irqchip_create(KvmAccel *kvm, Error **errp);

/* eventfd.c */
void kvm_eventfd_init(KvmAccel *kvm);
/* coalesced.c */
void kvm_coalesced_init(KvmAccel *kvm);
/* The first vCPU brings the ring. */
void kvm_coalesced_map(KvmAccel *kvm, struct kvm_run *run);

/* dirty-ring.c */
bool kvm_dirty_ring_init(KvmAccel *kvm, Error **errp);
bool kvm_dirty_ring_map(KvmAccel *kvm, KvmVcpu *kv, Error **errp);
/* Empty the rings of all vCPUs into the dirty bitmaps. Context: BQL. */
void kvm_dirty_rings_reap(KvmAccel *kvm);

#endif
