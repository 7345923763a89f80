/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Property kinds, tables, and getting and setting by name. */
#include "qapi/value.h"
#include "qom/object.h"
#include "qom/qom-internal.h"

#include <assert.h>
#include <string.h>

const char *const on_off_auto_names[] = { "auto", "on", "off", NULL };

static void *field(Object *obj, const Property *prop)
{
    return (char *)obj + prop->offset;
}

/* --- bool, bit -----------------------------------------------------------------------
 */

static struct json_object *get_bool(Object *obj, const Property *prop)
{
    return json_object_new_boolean(*(bool *)field(obj, prop));
}

static bool set_bool(Object *obj, const Property *prop, struct json_object *value,
                     Error **errp)
{
    return value_get_bool(value, prop->name, field(obj, prop), errp);
}

static void default_bool(Object *obj, const Property *prop)
{
    *(bool *)field(obj, prop) = prop->def.u;
}

const PropertyType prop_bool = {
    .name = "bool",
    .description = "on/off",
    .get = get_bool,
    .set = set_bool,
    .set_default = default_bool,
};

static struct json_object *get_bit(Object *obj, const Property *prop)
{
    return json_object_new_boolean(*(uint32_t *)field(obj, prop) >> prop->bit & 1);
}

static void store_bit(Object *obj, const Property *prop, bool on)
{
    uint32_t *word = field(obj, prop);

    *word = (*word & ~(1u << prop->bit)) | (uint32_t)on << prop->bit;
}

static bool set_bit(Object *obj, const Property *prop, struct json_object *value,
                    Error **errp)
{
    bool on;

    if (!value_get_bool(value, prop->name, &on, errp)) {
        return false;
    }
    store_bit(obj, prop, on);
    return true;
}

static void default_bit(Object *obj, const Property *prop)
{
    store_bit(obj, prop, prop->def.u);
}

const PropertyType prop_bit = {
    .name = "bool",
    .description = "on/off",
    .get = get_bit,
    .set = set_bit,
    .set_default = default_bit,
};

/* --- Integers ------------------------------------------------------------------------
 */

static bool unsigned_in_range(uint64_t v, unsigned bits, const Property *prop,
                              Error **errp)
{
    if (bits < 64 && v >> bits) {
        return error_set(errp, "Parameter '%s' expects uint%u_t", prop->name, bits);
    }
    return true;
}

#define UNSIGNED_KIND(kind, T, bits, text, print_fn)                         \
    static struct json_object *get_##kind(Object *obj, const Property *prop) \
    {                                                                        \
        return json_object_new_uint64(*(T *)field(obj, prop));               \
    }                                                                        \
    static bool set_##kind(Object *obj, const Property *prop,                \
                           struct json_object *value, Error **errp)          \
    {                                                                        \
        uint64_t v;                                                          \
        if (!value_get_uint64(value, prop->name, &v, errp) ||                \
            !unsigned_in_range(v, bits, prop, errp)) {                       \
            return false;                                                    \
        }                                                                    \
        *(T *)field(obj, prop) = (T)v;                                       \
        return true;                                                         \
    }                                                                        \
    static void default_##kind(Object *obj, const Property *prop)            \
    {                                                                        \
        *(T *)field(obj, prop) = (T)prop->def.u;                             \
    }                                                                        \
    const PropertyType prop_##kind = {                                       \
        .name = text,                                                        \
        .get = get_##kind,                                                   \
        .set = set_##kind,                                                   \
        .set_default = default_##kind,                                       \
        .print = print_fn,                                                   \
    };

static char *print_unsigned(Object *obj, const Property *prop)
{
    g_autojson v = prop->type->get(obj, prop);
    uint64_t u = json_object_get_uint64(v);

    return g_strdup_printf("%" PRIu64 " (0x%" PRIx64 ")", u, u);
}

UNSIGNED_KIND(uint8, uint8_t, 8, "uint8", print_unsigned)
UNSIGNED_KIND(uint16, uint16_t, 16, "uint16", print_unsigned)
UNSIGNED_KIND(uint32, uint32_t, 32, "uint32", print_unsigned)
UNSIGNED_KIND(uint64, uint64_t, 64, "uint64", print_unsigned)

static char *print_signed(Object *obj, const Property *prop)
{
    g_autojson v = prop->type->get(obj, prop);
    int64_t i = json_object_get_int64(v);

    return g_strdup_printf("%" PRId64 " (0x%" PRIx64 ")", i, (uint64_t)i);
}

static struct json_object *get_int32(Object *obj, const Property *prop)
{
    return json_object_new_int64(*(int32_t *)field(obj, prop));
}

static bool set_int32(Object *obj, const Property *prop, struct json_object *value,
                      Error **errp)
{
    int64_t v;

    if (!value_get_int64(value, prop->name, &v, errp)) {
        return false;
    }
    if (v < INT32_MIN || v > INT32_MAX) {
        return error_set(errp, "Parameter '%s' expects int32_t", prop->name);
    }
    *(int32_t *)field(obj, prop) = (int32_t)v;
    return true;
}

static void default_int32(Object *obj, const Property *prop)
{
    *(int32_t *)field(obj, prop) = (int32_t)prop->def.i;
}

const PropertyType prop_int32 = {
    .name = "int32",
    .get = get_int32,
    .set = set_int32,
    .set_default = default_int32,
    .print = print_signed,
};

static struct json_object *get_int64(Object *obj, const Property *prop)
{
    return json_object_new_int64(*(int64_t *)field(obj, prop));
}

static bool set_int64(Object *obj, const Property *prop, struct json_object *value,
                      Error **errp)
{
    return value_get_int64(value, prop->name, field(obj, prop), errp);
}

static void default_int64(Object *obj, const Property *prop)
{
    *(int64_t *)field(obj, prop) = prop->def.i;
}

const PropertyType prop_int64 = {
    .name = "int64",
    .get = get_int64,
    .set = set_int64,
    .set_default = default_int64,
    .print = print_signed,
};

/* --- Sizes ---------------------------------------------------------------------------
 */

/* "16777216 (16 MiB)" */
static char *print_size(Object *obj, const Property *prop)
{
    static const char *const units[] = { "", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei" };
    g_autojson v = prop->type->get(obj, prop);
    uint64_t u = json_object_get_uint64(v);
    double scaled = (double)u;
    unsigned unit = 0;

    while (scaled >= 1000 && unit < G_N_ELEMENTS(units) - 1) {
        scaled /= 1024;
        unit++;
    }
    return g_strdup_printf("%" PRIu64 " (%.3g %sB)", u, scaled, units[unit]);
}

static struct json_object *get_size(Object *obj, const Property *prop)
{
    return json_object_new_uint64(*(uint64_t *)field(obj, prop));
}

static bool set_size(Object *obj, const Property *prop, struct json_object *value,
                     Error **errp)
{
    return value_get_size(value, prop->name, field(obj, prop), errp);
}

const PropertyType prop_size = {
    .name = "size",
    .get = get_size,
    .set = set_size,
    .set_default = default_uint64,
    .print = print_size,
};

static bool set_size32(Object *obj, const Property *prop, struct json_object *value,
                       Error **errp)
{
    uint64_t v;

    if (!value_get_size(value, prop->name, &v, errp)) {
        return false;
    }
    if (v > UINT32_MAX) {
        return error_set(
            errp, "Property %s.%s doesn't take value %" PRIu64 " (maximum: 4294967295)",
            object_get_typename(obj), prop->name, v);
    }
    *(uint32_t *)field(obj, prop) = (uint32_t)v;
    return true;
}

const PropertyType prop_size32 = {
    .name = "size",
    .get = get_uint32,
    .set = set_size32,
    .set_default = default_uint32,
    .print = print_size,
};

/* --- Strings -------------------------------------------------------------------------
 */

static struct json_object *get_str(Object *obj, const Property *prop)
{
    const char *s = *(char **)field(obj, prop);

    return json_object_new_string(s ? s : "");
}

static bool set_str(Object *obj, const Property *prop, struct json_object *value,
                    Error **errp)
{
    const char *s;
    char **place = field(obj, prop);

    if (!value_get_str(value, prop->name, &s, errp)) {
        return false;
    }
    g_free(*place);
    *place = g_strdup(s);
    return true;
}

static void default_str(Object *obj, const Property *prop)
{
    *(char **)field(obj, prop) = g_strdup(prop->def.s);
}

static void release_str(Object *obj, const Property *prop)
{
    char **place = field(obj, prop);

    g_clear_pointer(place, g_free);
}

static char *print_str(Object *obj, const Property *prop)
{
    const char *s = *(char **)field(obj, prop);

    return g_strdup_printf("\"%s\"", s ? s : "");
}

const PropertyType prop_str = {
    .name = "str",
    .get = get_str,
    .set = set_str,
    .set_default = default_str,
    .release = release_str,
    .print = print_str,
};

/* --- Enumerations --------------------------------------------------------------------
 */

static struct json_object *get_enum(Object *obj, const Property *prop)
{
    return json_object_new_string(prop->values[*(int *)field(obj, prop)]);
}

static bool set_enum(Object *obj, const Property *prop, struct json_object *value,
                     Error **errp)
{
    return value_get_enum(value, prop->name, prop->values, field(obj, prop), errp);
}

static void default_enum(Object *obj, const Property *prop)
{
    *(int *)field(obj, prop) = (int)prop->def.i;
}

static char *print_enum(Object *obj, const Property *prop)
{
    return g_strdup_printf("\"%s\"", prop->values[*(int *)field(obj, prop)]);
}

const PropertyType prop_enum = {
    .name = "str",
    .get = get_enum,
    .set = set_enum,
    .set_default = default_enum,
    .print = print_enum,
};

/* JSON clients may say true and false. */
static bool set_on_off_auto(Object *obj, const Property *prop,
                            struct json_object *value, Error **errp)
{
    if (json_object_is_type(value, json_type_boolean)) {
        *(int *)field(obj, prop) =
            json_object_get_boolean(value) ? ON_OFF_AUTO_ON : ON_OFF_AUTO_OFF;
        return true;
    }
    return set_enum(obj, prop, value, errp);
}

const PropertyType prop_on_off_auto = {
    .name = "OnOffAuto",
    .description = "on/off/auto",
    .get = get_enum,
    .set = set_on_off_auto,
    .set_default = default_enum,
    .print = print_enum,
};

/* --- Links ---------------------------------------------------------------------------
 */

static struct json_object *get_link(Object *obj, const Property *prop)
{
    Object *target = *(Object **)field(obj, prop);
    g_autofree char *path = target ? object_get_canonical_path(target) : NULL;

    return json_object_new_string(path ? path : "");
}

static Object *resolve_link(const Property *prop, const char *path, Error **errp)
{
    bool ambiguous;
    Object *target = object_resolve_path_type(path, prop->link_type, &ambiguous);

    if (ambiguous) {
        error_set(errp, "Path '%s' does not uniquely identify an object", path);
        return NULL;
    }
    if (!target) {
        target = object_resolve_path(path, &ambiguous);
        if (target || ambiguous) {
            error_set(errp, "Invalid parameter type for '%s', expected: %s", prop->name,
                      prop->link_type);
        } else {
            error_set_class(errp, ERROR_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found",
                            path);
        }
        return NULL;
    }
    return target;
}

static void store_link(Object *obj, const Property *prop, Object *target)
{
    Object **place = field(obj, prop);
    Object *old = *place;

    *place = object_ref(target);
    object_unref(old);
}

static bool set_link(Object *obj, const Property *prop, struct json_object *value,
                     Error **errp)
{
    const char *path;
    Object *target = NULL;

    if (!value_get_str(value, prop->name, &path, errp)) {
        return false;
    }
    if (*path) {
        target = resolve_link(prop, path, errp);
        if (!target) {
            return false;
        }
    }
    store_link(obj, prop, target);
    return true;
}

static void release_link(Object *obj, const Property *prop)
{
    store_link(obj, prop, NULL);
}

static char *print_link(Object *obj, const Property *prop)
{
    g_autojson v = get_link(obj, prop);

    return g_strdup_printf("\"%s\"", json_object_get_string(v));
}

const PropertyType prop_link = {
    .name = "link",
    .get = get_link,
    .set = set_link,
    .release = release_link,
    .print = print_link,
};

/* The row's own functions do everything. */
const PropertyType prop_custom = { .name = "custom" };

/* --- Tables --------------------------------------------------------------------------
 */

void object_class_add_properties(ObjectClass *klass, const Property *props, size_t n)
{
    TypeImpl *type = klass->type;
    PropTable table = { props, n };

    if (!type->tables) {
        type->tables = g_array_new(FALSE, FALSE, sizeof(PropTable));
    }
    g_array_append_val(type->tables, table);
}

void object_class_set_default(ObjectClass *klass, const char *prop, uint64_t value)
{
    DefaultOverride override = { prop, value };

    assert(object_class_property_find(klass, prop));
    if (!klass->type->defaults) {
        klass->type->defaults = g_array_new(FALSE, FALSE, sizeof(DefaultOverride));
    }
    g_array_append_val(klass->type->defaults, override);
}

static void apply_type_defaults(Object *obj, TypeImpl *type)
{
    if (type_parent(type)) {
        apply_type_defaults(obj, type_parent(type));
    }
    for (guint i = 0; type->tables && i < type->tables->len; i++) {
        PropTable *table = &g_array_index(type->tables, PropTable, i);
        for (size_t n = 0; n < table->n; n++) {
            const Property *prop = &table->props[n];
            if (prop->has_default && prop->type->set_default) {
                prop->type->set_default(obj, prop);
            }
        }
    }
    for (guint i = 0; type->defaults && i < type->defaults->len; i++) {
        DefaultOverride *o = &g_array_index(type->defaults, DefaultOverride, i);
        Property changed = *object_class_property_find(type->klass, o->name);
        changed.def.u = o->value;
        changed.type->set_default(obj, &changed);
    }
}

void object_apply_defaults(Object *obj)
{
    apply_type_defaults(obj, obj->klass->type);
}

const Property *object_class_property_find(ObjectClass *klass, const char *name)
{
    for (TypeImpl *t = klass->type; t; t = type_parent(t)) {
        for (guint i = 0; t->tables && i < t->tables->len; i++) {
            PropTable *table = &g_array_index(t->tables, PropTable, i);
            for (size_t n = 0; n < table->n; n++) {
                if (!strcmp(table->props[n].name, name)) {
                    return &table->props[n];
                }
            }
        }
    }
    return NULL;
}

const Property *object_property_find(Object *obj, const char *name)
{
    const Property *prop = object_class_property_find(obj->klass, name);
    InstanceProp *p;

    if (prop) {
        return prop;
    }
    p = object_find_instance_prop(obj, name);
    return p && !p->child && !p->link ? &p->prop : NULL;
}

void object_class_property_foreach(ObjectClass *klass, ObjectClassPropertyFn *fn,
                                   void *opaque)
{
    for (TypeImpl *t = klass->type; t; t = type_parent(t)) {
        for (guint i = 0; t->tables && i < t->tables->len; i++) {
            PropTable *table = &g_array_index(t->tables, PropTable, i);
            for (size_t n = 0; n < table->n; n++) {
                /* Hidden by a subclass's row? */
                if (object_class_property_find(klass, table->props[n].name) ==
                    &table->props[n]) {
                    fn(&table->props[n], opaque);
                }
            }
        }
    }
}

static char *prop_type_text(const Property *prop)
{
    if (prop->type == &prop_link) {
        return g_strdup_printf("link<%s>", prop->link_type);
    }
    if (prop->type == &prop_custom) {
        return g_strdup(prop->description ? prop->description : "str");
    }
    return g_strdup(prop->type->name);
}

typedef struct ForeachState {
    Object *obj;
    ObjectPropertyFn *fn;
    void *opaque;
} ForeachState;

static void foreach_class_row(const Property *prop, void *opaque)
{
    ForeachState *s = opaque;
    g_autofree char *type = prop_type_text(prop);

    s->fn(s->obj, prop->name, type,
          prop->description ? prop->description : prop->type->description, s->opaque);
}

static char *instance_prop_type(InstanceProp *p)
{
    if (p->child) {
        return g_strdup_printf("child<%s>", object_get_typename(p->child));
    }
    if (p->link) {
        return g_strdup_printf("link<%s>", object_get_typename(p->link));
    }
    return prop_type_text(&p->prop);
}

void object_property_foreach(Object *obj, ObjectPropertyFn *fn, void *opaque)
{
    ForeachState s = { obj, fn, opaque };

    object_class_property_foreach(obj->klass, foreach_class_row, &s);
    for (guint i = 0; obj->props && i < obj->props->list->len; i++) {
        InstanceProp *p = g_ptr_array_index(obj->props->list, i);
        g_autofree char *type = instance_prop_type(p);
        fn(obj, p->name, type, p->child || p->link ? NULL : p->prop.description,
           opaque);
    }
}

static bool not_found(Object *obj, const char *name, Error **errp)
{
    return error_set(errp, "Property '%s.%s' not found", object_get_typename(obj),
                     name);
}

char *object_property_get_type(Object *obj, const char *name, Error **errp)
{
    const Property *prop = object_class_property_find(obj->klass, name);
    InstanceProp *p;

    if (prop) {
        return prop_type_text(prop);
    }
    p = object_find_instance_prop(obj, name);
    if (!p) {
        not_found(obj, name, errp);
        return NULL;
    }
    return instance_prop_type(p);
}

/* --- Get and set ---------------------------------------------------------------------
 */

bool object_property_set(Object *obj, const char *name, struct json_object *value,
                         Error **errp)
{
    const Property *prop = object_property_find(obj, name);

    if (!prop) {
        if (object_find_instance_prop(obj, name)) {
            return error_set(errp, "Property '%s.%s' is not writable",
                             object_get_typename(obj), name);
        }
        return not_found(obj, name, errp);
    }
    bool (*set)(Object *, const Property *, struct json_object *, Error **) =
        prop->set   ? prop->set
        : prop->get ? NULL
                    : prop->type->set;
    if (!set) {
        return error_set(errp, "Property '%s.%s' is not writable",
                         object_get_typename(obj), name);
    }
    if (prop->check && !prop->check(obj, prop, value, errp)) {
        return false;
    }
    return set(obj, prop, value, errp);
}

struct json_object *object_property_get(Object *obj, const char *name, Error **errp)
{
    const Property *prop = object_property_find(obj, name);

    if (prop) {
        if (!prop->get && !prop->type->get) {
            error_set(errp, "Property '%s.%s' is not readable",
                      object_get_typename(obj), name);
            return NULL;
        }
        return prop->get ? prop->get(obj, prop) : prop->type->get(obj, prop);
    }
    InstanceProp *p = object_find_instance_prop(obj, name);
    if (!p) {
        not_found(obj, name, errp);
        return NULL;
    }
    g_autofree char *path = object_get_canonical_path(p->child ? p->child : p->link);
    return json_object_new_string(path ? path : "");
}

bool object_property_parse(Object *obj, const char *name, const char *text,
                           Error **errp)
{
    g_autojson value = value_new_str(text, VALUE_KEYVAL);

    return object_property_set(obj, name, value, errp);
}

bool object_property_set_str(Object *obj, const char *name, const char *value,
                             Error **errp)
{
    return object_property_parse(obj, name, value ? value : "", errp);
}

bool object_property_set_bool(Object *obj, const char *name, bool value, Error **errp)
{
    g_autojson v = json_object_new_boolean(value);

    return object_property_set(obj, name, v, errp);
}

bool object_property_set_int(Object *obj, const char *name, int64_t value, Error **errp)
{
    g_autojson v = json_object_new_int64(value);

    return object_property_set(obj, name, v, errp);
}

bool object_property_set_uint(Object *obj, const char *name, uint64_t value,
                              Error **errp)
{
    g_autojson v = json_object_new_uint64(value);

    return object_property_set(obj, name, v, errp);
}

bool object_property_set_link(Object *obj, const char *name, Object *target,
                              Error **errp)
{
    const Property *prop = object_property_find(obj, name);

    if (!prop) {
        return not_found(obj, name, errp);
    }
    assert(prop->type == &prop_link);
    if (target && !object_is_a(target, prop->link_type)) {
        return error_set(errp, "Invalid parameter type for '%s', expected: %s",
                         prop->name, prop->link_type);
    }
    store_link(obj, prop, target);
    return true;
}

char *object_property_get_str(Object *obj, const char *name)
{
    g_autojson v = object_property_get(obj, name, &error_abort);

    return g_strdup(json_object_get_string(v));
}

bool object_property_get_bool(Object *obj, const char *name)
{
    g_autojson v = object_property_get(obj, name, &error_abort);

    return json_object_get_boolean(v);
}

uint64_t object_property_get_uint(Object *obj, const char *name)
{
    g_autojson v = object_property_get(obj, name, &error_abort);

    return json_object_get_int64(v) < 0 ? (uint64_t)json_object_get_int64(v)
                                        : json_object_get_uint64(v);
}

Object *object_property_get_link(Object *obj, const char *name)
{
    const Property *prop = object_property_find(obj, name);

    if (!prop) {
        InstanceProp *p = object_find_instance_prop(obj, name);
        assert(p);
        return p->child ? p->child : p->link;
    }
    assert(prop->type == &prop_link);
    return *(Object **)field(obj, prop);
}

bool object_set_properties(Object *obj, struct json_object *dict,
                           const char *const *skip, Error **errp)
{
    json_object_object_foreach(dict, key, value)
    {
        if (skip && g_strv_contains(skip, key)) {
            continue;
        }
        if (!object_property_set(obj, key, value, errp)) {
            return false;
        }
    }
    return true;
}
