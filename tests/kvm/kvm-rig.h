/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One vCPU on the host's KVM with memory and registers that count, in this process.
 * Addresses: see exits.S. Where KVM cannot be used everything is skipped, and says why.
 */
#ifndef STRATA_TESTS_KVM_RIG_H
#define STRATA_TESTS_KVM_RIG_H

#include "accel/kvm/kvm-internal.h"
#include "accel/target/i386/x86-cpu-internal.h"
#include "memory/memory.h"

enum { RIG_IO_BYTES = 0x1000, RIG_LOG = 4096 };
#define RIG_MMIO      0x10000000u
#define RIG_ROM       0x10010000u
#define RIG_ROMD      0x10020000u
#define RIG_COALESCED 0x10030000u
#define RIG_EVENTFD   0x10040000u
#define RIG_MEDDLER   0x10050000u

typedef struct RigAccess {
    hwaddr offset;
    unsigned size;
    bool write;
    uint64_t value;
} RigAccess;

typedef struct KvmRig KvmRig;
typedef void RigMeddle(KvmRig *rig, bool write);

struct KvmRig {
    X86Cpu *cpu;
    VCPU *vcpu;
    MemoryRegion ram, high, mmio, rom, romd, coalesced, eventfd, split;
    MemoryRegion ports, eventfd_port, done_port, meddler, meddler_port;
    MemoryRegion smm_root, smm_memory, smram; /* where SMM is offered */
    AddressSpace smm_as;
    uint8_t *ram_ptr;
    RigAccess log[RIG_LOG]; /* of mmio and ports; BQL */
    unsigned n_log;
    unsigned n_coalesced; /* BQL */
    uint64_t coalesced_next;
    bool in_order;
    int fd_any, fd_match, fd_port, fd_port_any; /* eventfds */
    bool wants_stop;                            /* BQL */
    RigMeddle *meddle; /* called in each access of the meddler; NULL: nothing */
    bool done;
    int status; /* what port f4 was told; -1: a triple fault */
};

/* A feature that the CPU gets besides those of its model; NULL: none. */
extern const char *rig_feature;

/* NULL and *why when KVM cannot be used. @image is loaded at 8000; NULL:
 * there is none. */
KvmRig *rig_new(const char *accel_options, const char *image, const char **why);
/* Reset, enter program @n and wait until it ends or fails. */
void rig_run(KvmRig *rig, unsigned n);
/* The same in steps; after rig_prepare the vCPU is stopped and may be changed. */
void rig_prepare(KvmRig *rig, unsigned n);
void rig_start(KvmRig *rig, unsigned n);
void rig_wait(KvmRig *rig);
uint64_t rig_exits(KvmRig *rig, unsigned reason);
/* Value and reset of an eventfd; 0 when nothing came. */
uint64_t rig_eventfd(int fd);

#endif
