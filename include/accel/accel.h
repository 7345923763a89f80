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

typedef struct AccelState {
    Object parent_obj;
} AccelState;

typedef struct AccelClass {
    ObjectClass parent_class;
    const char *name; /* "tcg" */
    const char *desc;
    /* Can it be used here? An error says what is missing and what to do. */
    bool (*init)(AccelState *accel, MachineState *ms, Error **errp);
    /*
     * The vCPU thread's body between start and unplug: run guest code until told to
     * stop. Called with the BQL held once per round; returns with it held. NULL: CPUs
     * never execute (qtest).
     */
    void (*exec)(VCPU *cpu);
    void (*vcpu_init)(VCPU *cpu); /* on its thread, BQL; may be NULL */
    void (*vcpu_finalize)(VCPU *cpu);
    /* On the kicking thread, BQL not needed: break out of guest code. May be NULL. */
    void (*kick)(VCPU *cpu);
} AccelClass;

static inline AccelClass *ACCEL_GET_CLASS(const void *obj)
{
    return (AccelClass *)object_class_cast(((const Object *)obj)->klass, TYPE_ACCEL);
}

/* The one in use; NULL before it is chosen. */
AccelState *accel_current(void);
bool accel_is(const char *name);
/*
 * Try the names in order ("kvm", "tcg"); the first usable one wins, an unusable one
 * warns if another follows. @props[i]: json object of its options, or NULL.
 */
bool accel_choose(const char *const *names, struct json_object **props, int n,
                  MachineState *ms, Error **errp) WARN_UNUSED;

#endif
