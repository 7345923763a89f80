/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files that keep the kernel's view of the machine in step (slots, dirty log,
 * eventfds, coalesced ranges) ask of it. The accelerator fills it with the VM's own
 * ioctl; a test fills it with a fake.
 */
#ifndef STRATA_ACCEL_KVM_KVM_OPS_H
#define STRATA_ACCEL_KVM_KVM_OPS_H

#include <stdbool.h>

typedef struct KvmOps {
    /* As ioctl(2) on the VM's descriptor, but a failure is -errno. Any thread. */
    int (*vm_ioctl)(void *opaque, unsigned long request, void *arg);
    /*
     * Between the two no vCPU executes guest code. Context: BQL; those vCPUs that wait
     * for it are outside of guest code already. Not nestable.
     */
    void (*pause_begin)(void *opaque);
    void (*pause_end)(void *opaque);
    /* Empty the dirty rings into kvm_slots_page_dirtied; NULL: there are none. BQL. */
    void (*reap)(void *opaque);
    void *opaque;
} KvmOps;

#endif
