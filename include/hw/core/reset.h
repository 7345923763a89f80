/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three-phase reset: enter (set own state to the manual's reset values, touch nobody),
 * hold (drive outputs), exit (take part again). A tree of resettables runs each phase
 * over everything before the next begins. Context: BQL.
 */
#ifndef STRATA_HW_CORE_RESET_H
#define STRATA_HW_CORE_RESET_H

#include "qom/object.h"

#define TYPE_RESETTABLE "resettable"

typedef enum ResetType { RESET_TYPE_COLD } ResetType;

typedef struct ResettablePhases {
    void (*enter)(Object *obj, ResetType type);
    void (*hold)(Object *obj);
    void (*exit)(Object *obj);
} ResettablePhases;

typedef void ResettableChildFn(Object *child, void *opaque);

typedef struct ResettableClass {
    ObjectClass parent_class;
    ResettablePhases phases;
    /* Visit the children that reset with this object (a device's buses, a bus's
     * devices). */
    void (*child_foreach)(Object *obj, ResettableChildFn *fn, void *opaque);
} ResettableClass;

/* Run all three phases over @obj and what is below it. */
void resettable_reset(Object *obj);

/*
 * What resets with the machine but is no device below its buses: the handlers run in
 * the machine's hold phase, in order of registration (CPUs, ROM reloading).
 */
typedef void ResetHandlerFn(void *opaque);
void register_reset_handler(ResetHandlerFn *fn, void *opaque);
void unregister_reset_handler(ResetHandlerFn *fn, void *opaque);
/* Reset everything: the machine's main bus, then the handlers. */
void machine_reset_all(void);

#endif
