/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances: life, references, casts. The composition tree is in tree.c. */
#include "qom/object.h"
#include "qom/qom-internal.h"
#include "util/rcu.h"

#include <assert.h>
#include <string.h>

static void run_instance_init(Object *obj, TypeImpl *type)
{
    if (type_parent(type)) {
        run_instance_init(obj, type_parent(type));
    }
    if (type->info->instance_init) {
        type->info->instance_init(obj);
    }
}

static void initialize(void *storage, TypeImpl *type)
{
    Object *obj = storage;

    type_make_class(type);
    assert(!type->info->abstract);
    memset(storage, 0, type->instance_size);
    obj->klass = type->klass;
    obj->ref = 1;
    object_apply_defaults(obj);
    run_instance_init(obj, type);
}

static TypeImpl *type_or_die(const char *type_name)
{
    TypeImpl *type = type_find(type_name);

    if (!type) {
        g_error("unknown type '%s'", type_name);
    }
    return type;
}

Object *object_new_with_class(ObjectClass *klass)
{
    TypeImpl *type = klass->type;
    Object *obj = g_malloc(type->instance_size);

    initialize(obj, type);
    obj->heap = true;
    return obj;
}

Object *object_new(const char *type_name)
{
    TypeImpl *type = type_or_die(type_name);

    type_make_class(type);
    return object_new_with_class(type->klass);
}

void object_initialize(void *storage, size_t size, const char *type_name)
{
    TypeImpl *type = type_or_die(type_name);

    type_make_class(type);
    assert(size >= type->instance_size);
    initialize(storage, type);
}

void object_initialize_child(Object *parent, const char *name, void *storage,
                             size_t size, const char *type_name)
{
    object_initialize(storage, size, type_name);
    object_property_add_child(parent, name, storage);
    object_unref(storage);
}

Object *object_ref(void *obj)
{
    if (obj) {
        uint32_t old = __atomic_fetch_add(&((Object *)obj)->ref, 1, __ATOMIC_RELAXED);
        assert(old > 0);
    }
    return obj;
}

static void finalize(Object *obj)
{
    object_release_props(obj);
    for (TypeImpl *t = obj->klass->type; t; t = type_parent(t)) {
        if (t->info->instance_finalize) {
            t->info->instance_finalize(obj);
        }
    }
    assert(obj->ref == 0);
    if (obj->heap) {
        g_free(obj);
    }
}

void object_unref(void *ptr)
{
    Object *obj = ptr;

    if (!obj) {
        return;
    }
    uint32_t old = __atomic_fetch_sub(&obj->ref, 1, __ATOMIC_ACQ_REL);
    assert(old > 0);
    if (old == 1) {
        assert(!obj->parent);
        finalize(obj);
    }
}

typedef struct Release {
    RcuHead rcu; /* first */
    Object *obj;
} Release;

static void release(Release *r)
{
    object_unref(r->obj);
    g_free(r);
}

void object_unref_rcu(void *obj)
{
    Release *r = g_new(Release, 1);

    r->obj = obj;
    call_rcu(r, release, rcu);
}

const char *object_get_typename(const Object *obj)
{
    return obj->klass->type->info->name;
}

bool object_is_a(const Object *obj, const char *type_name)
{
    return object_class_is_a(obj->klass, type_name);
}

Object *object_cast(const Object *obj, const char *type_name)
{
    if (obj && G_UNLIKELY(!object_is_a(obj, type_name))) {
        g_error("object of type '%s' is no '%s'", object_get_typename(obj), type_name);
    }
    return (Object *)obj;
}

void *object_find_cast(const Object *obj, const char *type_name)
{
    return obj && object_is_a(obj, type_name) ? (void *)obj : NULL;
}
