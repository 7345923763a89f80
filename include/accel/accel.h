/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accelerator: who executes the guest. Chosen once at start from the -accel list.
 */
#ifndef STRATA_ACCEL_ACCEL_H
#define STRATA_ACCEL_ACCEL_H

#include "qom/object.h"

#define TYPE_ACCEL "accel"

typedef struct VCPU VCPU;
typedef struct MachineState MachineState;

/* How much of a vCPU's state was written from outside. */
typedef enum VcpuStateLevel {
    VCPU_STATE_RUNTIME, /* what a guest instruction may change */
    VCPU_STATE_RESET, /* everything, clocks and interrupt controllers as after reset */
    VCPU_STATE_FULL,  /* everything, as it was saved */
} VcpuStateLevel;

typedef struct AccelState {
    Object parent_obj;
    bool one_thread; /* set by init: all vCPUs take turns on one thread */
} AccelState;

typedef struct AccelClass {
    ObjectClass parent_class;
    const char *name; /* "tcg" */
    const char *desc;
    /* Can it be used here? An error says what is missing and what to do. */
    bool (*init)(AccelState *accel, MachineState *ms, Error **errp);
    /*
     * The vCPU thread's body between start and unplug: run guest code until told to
     * stop, or with one_thread for VCPU.slice instructions, which it takes off. Called
     * with the BQL held once per round; returns with it held. NULL: CPUs
     * never execute (qtest).
     */
    void (*exec)(VCPU *cpu);
    void (*vcpu_init)(VCPU *cpu); /* BQL; on its thread, if it has one; may be NULL */
    void (*vcpu_finalize)(VCPU *cpu);
    /* With one_thread, on it, BQL; may be NULL. Before each turn: does what the virtual
     * clock has reached. When no vCPU has work: how many ns to sleep, -1 for ever. */
    void (*clock_due)(void);
    int64_t (*clock_idle)(void);
    /* On the kicking thread, BQL not needed: break out of guest code. May be NULL. */
    void (*kick)(VCPU *cpu);
    /* --- All of these may be NULL. Context: BQL. */
    /* The CPU is being realized, its thread not yet made; undone by vcpu_release. */
    bool (*vcpu_prepare)(VCPU *cpu, Error **errp);
    void (*vcpu_release)(VCPU *cpu);
    /* Who executes elsewhere: see vcpu_sync_state, vcpu_state_written. */
    void (*sync_state)(VCPU *cpu);
    void (*state_written)(VCPU *cpu, VcpuStateLevel level);
    /* Can guests have system management mode? NULL: yes. */
    bool (*has_smm)(void);
    /* The type that stands for @type of device with this accelerator. */
    const char *(*device_type)(const char *type);
    /* Guest code holds no host pointers: grace periods need not interrupt it. */
    bool guest_is_no_reader;
} AccelClass;

static inline AccelClass *ACCEL_GET_CLASS(const void *obj)
{
    return (AccelClass *)object_class_cast(((const Object *)obj)->klass, TYPE_ACCEL);
}

/* The one in use; NULL before it is chosen. */
AccelState *accel_current(void);
bool accel_is(const char *name);
/* The device type to make where a board wants @type: a twin inside the accelerator, or
 * @type itself. */
const char *accel_device_type(const char *type);
bool accel_has_smm(void);
/*
 * Try the names in order ("kvm", "tcg"); the first usable one wins, an unusable one
 * warns if another follows. @props[i]: json object of its options, or NULL.
 */
bool accel_choose(const char *const *names, struct json_object **props, int n,
                  MachineState *ms, Error **errp) WARN_UNUSED;

#endif
