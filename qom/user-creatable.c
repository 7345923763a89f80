/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects that users make with -object and object-add, and remove again. */
#include "qapi/value.h"
#include "qom/object.h"

#include <string.h>

static const TypeInfo user_creatable_info = {
    .name = TYPE_USER_CREATABLE,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(UserCreatableClass),
    .abstract = true,
};
TYPE_REGISTER(user_creatable_info);

bool id_is_wellformed(const char *id)
{
    if (!g_ascii_isalpha(*id)) {
        return false;
    }
    for (; *id; id++) {
        if (!g_ascii_isalnum(*id) && !strchr("-._", *id)) {
            return false;
        }
    }
    return true;
}

bool id_check(const char *id, Error **errp)
{
    if (id_is_wellformed(id)) {
        return true;
    }
    error_set(errp, "Parameter 'id' expects an identifier");
    error_append_hint(errp, "Identifiers consist of letters, digits, '-', '.', '_', "
                            "starting with a letter.\n");
    return false;
}

/* A value of the wrong kind, told by the property's type alone: nothing is stored. */
static bool check_value(const Property *prop, struct json_object *value, Error **errp)
{
    const char *kind =
        prop->type == &prop_custom ? prop->description : prop->type->name;
    uint64_t u;
    bool b;
    int i;

    if (prop->values) {
        return value_get_enum(value, prop->name, prop->values, &i, errp);
    }
    if (!g_strcmp0(kind, "size")) {
        return value_get_size(value, prop->name, &u, errp);
    }
    if (!g_strcmp0(kind, "bool")) {
        return value_get_bool(value, prop->name, &b, errp);
    }
    return true;
}

static bool is_writable(const Property *prop)
{
    return prop->set || (!prop->get && prop->type->set);
}

static bool check_properties(ObjectClass *klass, struct json_object *props,
                             Error **errp)
{
    json_object_object_foreach(props, key, value)
    {
        if (!strcmp(key, "qom-type") || !strcmp(key, "id")) {
            continue;
        }
        const Property *prop = object_class_property_find(klass, key);
        if (!prop || !is_writable(prop)) {
            return value_get_dialect(value) == VALUE_JSON
                       ? error_set(errp, "Parameter '%s' is unexpected", key)
                       : error_set(errp, "Invalid parameter '%s'", key);
        }
        if (!check_value(prop, value, errp)) {
            return false;
        }
    }
    return true;
}

static ObjectClass *find_class(const char *type_name, Error **errp)
{
    ObjectClass *klass = object_class_by_name(type_name);

    if (!klass || object_class_is_abstract(klass) ||
        !object_class_is_a(klass, TYPE_USER_CREATABLE)) {
        error_set(errp, "Parameter 'qom-type' does not accept value '%s'", type_name);
        return NULL;
    }
    return klass;
}

bool user_creatable_check(const char *type_name, const char *id,
                          struct json_object *props, Error **errp)
{
    ObjectClass *klass = find_class(type_name, errp);

    if (!klass) {
        return false;
    }
    if (!id) {
        return error_set(errp, "Parameter 'id' is missing");
    }
    if (!check_properties(klass, props, errp)) {
        return false;
    }
    UserCreatableClass *uc = object_class_cast(klass, TYPE_USER_CREATABLE);
    for (const char *const *name = uc->mandatory; name && *name; name++) {
        if (!json_object_object_get_ex(props, *name, NULL)) {
            return error_set(errp, "Parameter '%s' is missing", *name);
        }
    }
    return true;
}

Object *user_creatable_add(const char *type_name, const char *id,
                           struct json_object *props, Error **errp)
{
    static const char *const skip[] = { "qom-type", "id", NULL };
    Object *objects = container_get(object_get_root(), "/objects");
    ObjectClass *klass = find_class(type_name, errp);
    UserCreatableClass *uc;

    if (!klass) {
        return NULL;
    }
    if (!id_check(id, errp)) {
        return NULL;
    }
    if (props && !check_properties(klass, props, errp)) {
        return NULL;
    }
    g_autoptr(Object) obj = object_new_with_class(klass);
    if (props && !object_set_properties(obj, props, skip, errp)) {
        return NULL;
    }
    if (object_get_child(objects, id)) {
        error_set(errp,
                  "attempt to add duplicate property '%s' to object "
                  "(type 'container')",
                  id);
        return NULL;
    }
    /* Completion may want the object's path. */
    object_property_add_child(objects, id, obj);
    uc = object_class_cast(klass, TYPE_USER_CREATABLE);
    if (uc->complete && !uc->complete(obj, errp)) {
        object_unparent(obj);
        return NULL;
    }
    return obj;
}

bool user_creatable_del(const char *id, Error **errp)
{
    Object *obj = object_get_child(container_get(object_get_root(), "/objects"), id);
    UserCreatableClass *uc;

    if (!obj) {
        return error_set(errp, "object '%s' not found", id);
    }
    uc = object_class_find(obj->klass, TYPE_USER_CREATABLE);
    if (!uc || (uc->can_be_deleted && !uc->can_be_deleted(obj))) {
        return error_set(errp, "object '%s' is in use, can not be deleted", id);
    }
    object_unparent(obj);
    return true;
}
