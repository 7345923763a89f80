/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types. Records stand in the linker section "strata_types"; the name table is filled
 * once, classes are made on first use. T1: a class, once made, is never written except
 * by its class_init. T2: class memory lives for ever.
 */
#include "qom/object.h"
#include "qom/qom-internal.h"

#include <assert.h>
#include <json-c/json.h>
#include <string.h>

extern const TypeInfo *const __start_strata_types[] __attribute__((weak));
extern const TypeInfo *const __stop_strata_types[] __attribute__((weak));

static GHashTable *types; /* name -> TypeImpl; BQL */

static struct json_object *get_type(Object *obj, const Property *prop)
{
    return json_object_new_string(object_get_typename(obj));
}

static const Property root_props[] = {
    PROP_CUSTOM("type", "string", get_type, NULL),
};

static void root_class_init(ObjectClass *klass, const void *data)
{
    OBJECT_CLASS_ADD_PROPERTIES(klass, root_props);
}

static const TypeInfo root_info = {
    .name = TYPE_OBJECT,
    .instance_size = sizeof(Object),
    .class_size = sizeof(ObjectClass),
    .class_init = root_class_init,
    .abstract = true,
};
TYPE_REGISTER(root_info);

static const TypeInfo interface_info = {
    .name = TYPE_INTERFACE,
    .class_size = sizeof(ObjectClass),
    .abstract = true,
};
TYPE_REGISTER(interface_info);

static const TypeInfo container_info = {
    .name = "container",
    .parent = TYPE_OBJECT,
};
TYPE_REGISTER(container_info);

static void add_type(const TypeInfo *info)
{
    TypeImpl *type = g_new0(TypeImpl, 1);

    type->info = info;
    if (!g_hash_table_insert(types, (void *)info->name, type)) {
        g_error("type '%s' is registered twice", info->name);
    }
}

static void fill_table(void)
{
    if (types) {
        return;
    }
    types = g_hash_table_new(g_str_hash, g_str_equal);
    for (const TypeInfo *const *t = __start_strata_types; t < __stop_strata_types;
         t++) {
        add_type(*t);
    }
}

void type_register(const TypeInfo *info)
{
    fill_table();
    add_type(info);
}

TypeImpl *type_find(const char *name)
{
    fill_table();
    return g_hash_table_lookup(types, name);
}

static TypeImpl *type_get_parent(TypeImpl *type)
{
    if (!type->parent && type->info->parent) {
        type->parent = type_find(type->info->parent);
        if (!type->parent) {
            g_error("type '%s' has unknown parent '%s'", type->info->name,
                    type->info->parent);
        }
    }
    return type->parent;
}

static bool type_is_interface(TypeImpl *type)
{
    while (type_get_parent(type)) {
        type = type_get_parent(type);
    }
    return !strcmp(type->info->name, TYPE_INTERFACE);
}

static ObjectClass *interface_table(TypeImpl *type, TypeImpl *iface)
{
    for (guint i = 0; type->interfaces && i < type->interfaces->len; i++) {
        ObjectClass *table = g_ptr_array_index(type->interfaces, i);
        for (TypeImpl *t = table->type; t; t = type_get_parent(t)) {
            if (t == iface) {
                return table;
            }
        }
    }
    return NULL;
}

/* Each class has its own copy of each interface's table, begun from the parent's. */
static void add_interface(TypeImpl *type, TypeImpl *iface)
{
    type_make_class(iface);
    if (!type->interfaces) {
        type->interfaces = g_ptr_array_new();
    }
    ObjectClass *table = interface_table(type, iface);
    if (table) {
        return;
    }
    table = g_memdup2(iface->klass, iface->class_size);
    g_ptr_array_add(type->interfaces, table);
}

static void inherit(TypeImpl *type, TypeImpl *parent)
{
    type->instance_size =
        type->info->instance_size ? type->info->instance_size : parent->instance_size;
    type->class_size =
        type->info->class_size ? type->info->class_size : parent->class_size;
    assert(type->instance_size >= parent->instance_size);
    assert(type->class_size >= parent->class_size);
    type->klass = g_malloc0(type->class_size);
    memcpy(type->klass, parent->klass, parent->class_size);
    for (guint i = 0; parent->interfaces && i < parent->interfaces->len; i++) {
        ObjectClass *table = g_ptr_array_index(parent->interfaces, i);
        if (!type->interfaces) {
            type->interfaces = g_ptr_array_new();
        }
        g_ptr_array_add(type->interfaces, g_memdup2(table, table->type->class_size));
    }
}

void type_make_class(TypeImpl *type)
{
    if (type->klass) {
        return;
    }
    TypeImpl *parent = type_get_parent(type);
    if (parent) {
        type_make_class(parent);
        inherit(type, parent);
    } else {
        type->instance_size = type->info->instance_size;
        type->class_size = type->info->class_size;
        type->klass = g_malloc0(type->class_size);
    }
    type->klass->type = type;
    for (const char *const *i = type->info->interfaces; i && *i; i++) {
        TypeImpl *iface = type_find(*i);
        if (!iface) {
            g_error("type '%s' has unknown interface '%s'", type->info->name, *i);
        }
        add_interface(type, iface);
    }
    if (type->info->class_init) {
        type->info->class_init(type->klass, type->info->class_data);
    }
}

TypeImpl *type_parent(TypeImpl *type)
{
    return type_get_parent(type);
}

ObjectClass *object_class_by_name(const char *type_name)
{
    TypeImpl *type = type_find(type_name);

    if (!type) {
        return NULL;
    }
    type_make_class(type);
    return type->klass;
}

ObjectClass *object_class_get_parent(ObjectClass *klass)
{
    TypeImpl *parent = type_get_parent(klass->type);

    return parent ? parent->klass : NULL;
}

const char *object_class_get_name(const ObjectClass *klass)
{
    return klass->type->info->name;
}

bool object_class_is_abstract(const ObjectClass *klass)
{
    return klass->type->info->abstract;
}

void *object_class_find(ObjectClass *klass, const char *type_name)
{
    for (TypeImpl *t = klass->type; t; t = t->parent) {
        if (t->info->name == type_name || !strcmp(t->info->name, type_name)) {
            return klass;
        }
    }
    for (guint i = 0; klass->type->interfaces && i < klass->type->interfaces->len;
         i++) {
        ObjectClass *table = g_ptr_array_index(klass->type->interfaces, i);
        for (TypeImpl *t = table->type; t; t = type_get_parent(t)) {
            if (!strcmp(t->info->name, type_name)) {
                return table;
            }
        }
    }
    return NULL;
}

void *object_class_cast(ObjectClass *klass, const char *type_name)
{
    void *found = object_class_find(klass, type_name);

    if (G_UNLIKELY(!found)) {
        g_error("class '%s' is no '%s'", object_class_get_name(klass), type_name);
    }
    return found;
}

bool object_class_is_a(const ObjectClass *klass, const char *type_name)
{
    return object_class_find((ObjectClass *)klass, type_name) != NULL;
}

static gint compare_class_names(gconstpointer a, gconstpointer b)
{
    return strcmp(object_class_get_name(a), object_class_get_name(b));
}

GSList *object_class_get_list(const char *implements, bool include_abstract)
{
    GSList *list = NULL;
    GHashTableIter iter;
    void *value;
    g_autoptr(GPtrArray) all = g_ptr_array_new();

    fill_table();
    /* Making a class may register types: take the names first. */
    g_hash_table_iter_init(&iter, types);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        g_ptr_array_add(all, value);
    }
    for (guint i = 0; i < all->len; i++) {
        TypeImpl *type = g_ptr_array_index(all, i);
        if (type_is_interface(type) || (type->info->abstract && !include_abstract)) {
            continue;
        }
        type_make_class(type);
        if (!implements || object_class_is_a(type->klass, implements)) {
            list = g_slist_prepend(list, type->klass);
        }
    }
    return g_slist_sort(list, compare_class_names);
}
