/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accel/accel.h"

#include <string.h>

static AccelState *current; /* BQL; set once */

static const TypeInfo accel_info = {
    .name = TYPE_ACCEL,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(AccelState),
    .class_size = sizeof(AccelClass),
    .abstract = true,
};
TYPE_REGISTER(accel_info);

AccelState *accel_current(void)
{
    return current;
}

bool accel_is(const char *name)
{
    return current && !strcmp(ACCEL_GET_CLASS(current)->name, name);
}

const char *accel_device_type(const char *type)
{
    AccelClass *ac = current ? ACCEL_GET_CLASS(current) : NULL;

    return ac && ac->device_type ? ac->device_type(type) : type;
}

bool accel_has_smm(void)
{
    AccelClass *ac = current ? ACCEL_GET_CLASS(current) : NULL;

    return !ac || !ac->has_smm || ac->has_smm();
}

static ObjectClass *find_class(const char *name)
{
    g_autofree char *type = g_strdup_printf("%s-accel", name);
    ObjectClass *klass = object_class_by_name(type);

    return klass && object_class_is_a(klass, TYPE_ACCEL) ? klass : NULL;
}

/* *errp is set: it cannot be used here, and the next may be. */
static AccelState *try_one(AccelState *take_accel, MachineState *ms, Error **errp)
{
    AccelClass *ac = ACCEL_GET_CLASS(take_accel);

    if (ac->init && !ac->init(take_accel, ms, errp)) {
        object_unref(take_accel);
        return NULL;
    }
    return take_accel;
}

/* Wrong options are the user's mistake and no reason to take another accelerator. */
static AccelState *make_one(ObjectClass *klass, struct json_object *props, Error **errp)
{
    static const char *const skip[] = { "accel", NULL };
    g_autoptr(Object) obj = object_new_with_class(klass);

    if (props && !object_set_properties(obj, props, skip, errp)) {
        return NULL;
    }
    return (AccelState *)g_steal_pointer(&obj);
}

bool accel_choose(const char *const *names, struct json_object **props, int n,
                  MachineState *ms, Error **errp)
{
    for (int i = 0; i < n; i++) {
        ObjectClass *klass = find_class(names[i]);
        Error *err = NULL;
        if (!klass && !strcmp(names[i], "kvm")) {
            error_set(&err, "-accel kvm: the KVM accelerator is not built");
        } else if (!klass) {
            error_set(&err, "invalid accelerator %s", names[i]);
        } else {
            AccelState *accel = make_one(klass, props ? props[i] : NULL, errp);
            if (!accel) {
                return false;
            }
            current = try_one(accel, ms, &err);
            if (err) {
                error_prepend(&err, "-accel %s: ", names[i]);
            }
        }
        if (current) {
            if (i > 0) {
                error_report("falling back to %s", names[i]);
            }
            return true;
        }
        if (i == n - 1) {
            error_propagate(errp, err);
            return false;
        }
        error_report_err(err);
    }
    return error_set(errp, "no accelerator found");
}
