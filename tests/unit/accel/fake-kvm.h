/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A KVM without a kernel: it checks what it is told about memory slots and keeps it. */
#ifndef STRATA_TESTS_FAKE_KVM_H
#define STRATA_TESTS_FAKE_KVM_H

#include "accel/kvm/slots.h"
#include <linux/kvm.h>

typedef struct FakeKvm {
    KvmOps ops;
    unsigned max_slots;
    struct kvm_userspace_memory_region *region; /* by number; size 0: free */
    GHashTable *dirty; /* of (number << 32 | page), as GINT pointers */
    bool paused;
    bool slow_checks; /* each change is compared with all slots */
    unsigned n_set, n_pauses, n_clears;
    unsigned fail_set_after; /* 0: never; else the n-th addition fails */
    /* Numbers that were removed while not paused, for S3. */
    GArray *removed_unpaused; /* struct kvm_userspace_memory_region */
} FakeKvm;

void fake_kvm_init(FakeKvm *f, unsigned max_slots);
void fake_kvm_destroy(FakeKvm *f);
/* The guest writes: the page of the slot is logged if the slot is. False: no slot. */
bool fake_kvm_guest_write(FakeKvm *f, hwaddr addr);
/* Each slot of the fake is one of @s and the other way round, and S1 holds. */
void fake_kvm_check(FakeKvm *f, KvmSlots *s, AddressSpace *as);
/* S1 by the page: the slots are what the flat view of @as says. */
void kvm_slots_check_view(const KvmSlots *s, AddressSpace *as);
/* Between commits: forget what was removed without a pause. */
void fake_kvm_new_commit(FakeKvm *f);

#endif
