/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object model: types with single inheritance and interfaces, typed properties,
 * reference counts and the composition tree that paths such as /machine/peripheral/d0
 * walk. Values go in and out of properties as json-c values, so that QMP, the command
 * line and C callers meet in one form. Tour: docs/object-model.md.
 *
 * Context: everything here needs the BQL, except object_ref/object_unref, whose last
 * unref must hold it, and type checks, which any thread may do.
 */
#ifndef STRATA_QOM_OBJECT_H
#define STRATA_QOM_OBJECT_H

#include "util/error.h"
#include <glib.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
typedef struct Object Object;
typedef struct ObjectClass ObjectClass;
typedef struct Property Property;
typedef struct PropertyType PropertyType;
typedef struct TypeImpl TypeImpl;

struct ObjectClass {
    /* private */
    TypeImpl *type;
};

struct Object {
    /* private */
    ObjectClass *klass;
    Object *parent; /* in the composition tree; the parent holds a reference */
    struct ObjectProps *props; /* children, links, instance properties; NULL if none */
    const char *name_in_parent;
    uint32_t ref;
    bool heap; /* object_new: freed with the last reference */
};

/* --- Types ---------------------------------------------------------------------------
 */

typedef struct TypeInfo {
    const char *name;
    const char *parent;   /* NULL only for the roots "object" and "interface" */
    size_t instance_size; /* 0: as the parent's */
    size_t class_size;
    bool abstract;
    void (*instance_init)(Object *obj);     /* parent's first; cannot fail */
    void (*instance_finalize)(Object *obj); /* own first, then the parent's */
    void (*class_init)(ObjectClass *klass,
                       const void *data); /* parent's copied first */
    const void *class_data;
    const char *const *interfaces; /* NULL-terminated */
} TypeInfo;

/* Put a type record into the program's table. The record is static and const. */
#define TYPE_REGISTER(info_)                         \
    static const TypeInfo *const type_record_##info_ \
        __attribute__((used, section("strata_types"))) = &(info_)
/* For types made from tables at start-up (machine versions, CPU models). Not copied. */
void type_register(const TypeInfo *info);

#define TYPE_OBJECT    "object"
#define TYPE_INTERFACE "interface"

/* NULL when there is no such type. Initializes the class on first use. */
ObjectClass *object_class_by_name(const char *type_name);
ObjectClass *object_class_get_parent(ObjectClass *klass);
const char *object_class_get_name(const ObjectClass *klass);
bool object_class_is_abstract(const ObjectClass *klass);
/* @type_name may be a parent or an interface. */
bool object_class_is_a(const ObjectClass *klass, const char *type_name);
/* The class as @type_name's; for an interface its function table. NULL if it is not
 * one. */
void *object_class_find(ObjectClass *klass, const char *type_name);
/* As above but it is our bug if it is not one. */
void *object_class_cast(ObjectClass *klass, const char *type_name);
/* All non-interface types below @implements (NULL: all); sorted by name. Free the list
 * only. */
GSList *object_class_get_list(const char *implements, bool include_abstract);

/*
 * Struct T with its class struct C: defines the casts
 *   T *UPPER(any *obj), C *UPPER_CLASS(klass), C *UPPER_GET_CLASS(obj).
 */
#define OBJECT_DECLARE_TYPE(T, C, UPPER, type_name)                             \
    typedef struct T T;                                                         \
    typedef struct C C;                                                         \
    static inline G_GNUC_UNUSED T *UPPER(const void *obj)                       \
    {                                                                           \
        return (T *)object_cast((const Object *)obj, type_name);                \
    }                                                                           \
    static inline G_GNUC_UNUSED C *UPPER##_CLASS(const void *klass)             \
    {                                                                           \
        return (C *)object_class_cast((ObjectClass *)klass, type_name);         \
    }                                                                           \
    static inline G_GNUC_UNUSED C *UPPER##_GET_CLASS(const void *obj)           \
    {                                                                           \
        return (C *)object_class_cast(((const Object *)obj)->klass, type_name); \
    }
#define OBJECT_DECLARE_SIMPLE_TYPE(T, UPPER, type_name)          \
    typedef struct T T;                                          \
    static inline G_GNUC_UNUSED T *UPPER(const void *obj)        \
    {                                                            \
        return (T *)object_cast((const Object *)obj, type_name); \
    }
#define OBJECT(obj) ((Object *)(obj))

/* --- Objects -------------------------------------------------------------------------
 */

/* Our bug if the type is unknown or abstract. The caller owns the reference. */
Object *object_new(const char *type_name);
Object *object_new_with_class(ObjectClass *klass);
/* Initialize storage of at least the instance size inside another object. */
void object_initialize(void *storage, size_t size, const char *type_name);
/*
 * The same and make it child @name of @parent, which then owns the only reference: it
 * is finalized with the parent.
 */
void object_initialize_child(Object *parent, const char *name, void *storage,
                             size_t size, const char *type_name);
Object *object_ref(void *obj);
void object_unref(void *obj);
/* The same after a grace period: readers may still be looking at it. */
void object_unref_rcu(void *obj);
/* Take the object out of its parent, which drops its reference. Harmless without one.
 */
void object_unparent(Object *obj);
#define OBJECT_AUTOPTR_CLEANUP(T) G_DEFINE_AUTOPTR_CLEANUP_FUNC(T, object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Object, object_unref)

static inline ObjectClass *object_get_class(const Object *obj)
{
    return obj->klass;
}
const char *object_get_typename(const Object *obj);
bool object_is_a(const Object *obj, const char *type_name);
/* NULL stays NULL; our bug if it is not one. */
Object *object_cast(const Object *obj, const char *type_name);
/* The object if it is one, else NULL. */
void *object_find_cast(const Object *obj, const char *type_name);

/* --- Composition tree ----------------------------------------------------------------
 */

Object *object_get_root(void);
/* The container at @path below @root, made (type "container") where missing. */
Object *container_get(Object *root, const char *path);
/* @name ending in "[*]" takes the first free number. Takes a reference of its own. */
void object_property_add_child(Object *parent, const char *name, Object *child);
/* NULL when none. */
Object *object_get_child(Object *parent, const char *name);
/* In order of adding; stops and returns non-zero when @fn does. */
int object_child_foreach(Object *obj, int (*fn)(Object *child, void *opaque),
                         void *opaque);
int object_child_foreach_recursive(Object *obj, int (*fn)(Object *, void *),
                                   void *opaque);
/* Last component, or NULL for the root and for objects in no tree. */
const char *object_get_canonical_path_component(const Object *obj);
/* Caller frees; NULL when not in the tree. */
char *object_get_canonical_path(const Object *obj);
/* Absolute, or partial (a unique tail). *ambiguous may be NULL. No reference taken. */
Object *object_resolve_path(const char *path, bool *ambiguous);
Object *object_resolve_path_type(const char *path, const char *type_name,
                                 bool *ambiguous);

/* --- Properties ----------------------------------------------------------------------
 */

/*
 * What a kind of value does. get returns a new json value (never NULL). set may fail
 * and then has changed nothing; error texts name the property: "Property 'T.p' ...".
 */
struct PropertyType {
    const char *name; /* as in qom-list: "uint32", "bool", "str", "link<T>" ... */
    const char *description;
    struct json_object *(*get)(Object *obj, const Property *prop);
    bool (*set)(Object *obj, const Property *prop, struct json_object *value,
                Error **errp);
    void (*set_default)(Object *obj, const Property *prop);
    void (*release)(Object *obj, const Property *prop); /* at finalize */
    /* As "info qtree" prints it; NULL: the json text. Caller frees. */
    char *(*print)(Object *obj, const Property *prop);
    const char *const *values; /* of an enum, NULL-terminated */
};

/* One row of a class's table. Build rows with the PROP_* macros below. */
struct Property {
    const char *name;
    const PropertyType *type;
    const char *description;
    ptrdiff_t offset; /* of the field in the instance */
    uint8_t bit;      /* PROP_BIT */
    bool has_default;
    bool set_after_realize; /* most may not change once a device is realized */
    union {
        int64_t i;
        uint64_t u;
        const char *s;
    } def;
    const char *link_type;     /* PROP_LINK */
    const char *const *values; /* PROP_ENUM: names by value */
    /* Instead of the type's, for computed properties; NULL set: "is not writable". */
    struct json_object *(*get)(Object *obj, const Property *prop);
    bool (*set)(Object *obj, const Property *prop, struct json_object *value,
                Error **errp);
    /* Called before a new value is stored; may refuse it. For links: the new target. */
    bool (*check)(Object *obj, const Property *prop, struct json_object *value,
                  Error **errp);
    /* PROP_CUSTOM: free for the owner of the row. */
    const void *opaque;
};

extern const PropertyType prop_bool, prop_bit, prop_uint8, prop_uint16, prop_uint32,
    prop_uint64, prop_int32, prop_int64, prop_size, prop_size32, prop_str, prop_enum,
    prop_link, prop_on_off_auto, prop_custom;

#define PROP_(n, S, f, kind, T)   \
    .name = (n), .type = &(kind), \
    .offset =                     \
        (ptrdiff_t)offsetof(S, f) + 0 * sizeof((T *)0 == (__typeof__(((S *)0)->f) *)0)
/* clang-format off */
#define PROP_BOOL(n, S, f, d)   { PROP_(n, S, f, prop_bool, bool), .has_default = true, .def.u = (d) }
#define PROP_BIT(n, S, f, b, d) { PROP_(n, S, f, prop_bit, uint32_t), .bit = (b), .has_default = true, .def.u = (d) }
#define PROP_UINT8(n, S, f, d)  { PROP_(n, S, f, prop_uint8, uint8_t), .has_default = true, .def.u = (d) }
#define PROP_UINT16(n, S, f, d) { PROP_(n, S, f, prop_uint16, uint16_t), .has_default = true, .def.u = (d) }
#define PROP_UINT32(n, S, f, d) { PROP_(n, S, f, prop_uint32, uint32_t), .has_default = true, .def.u = (d) }
#define PROP_UINT64(n, S, f, d) { PROP_(n, S, f, prop_uint64, uint64_t), .has_default = true, .def.u = (d) }
#define PROP_INT32(n, S, f, d)  { PROP_(n, S, f, prop_int32, int32_t), .has_default = true, .def.i = (d) }
#define PROP_INT64(n, S, f, d)  { PROP_(n, S, f, prop_int64, int64_t), .has_default = true, .def.i = (d) }
#define PROP_SIZE(n, S, f, d)   { PROP_(n, S, f, prop_size, uint64_t), .has_default = true, .def.u = (d) }
#define PROP_SIZE32(n, S, f, d) { PROP_(n, S, f, prop_size32, uint32_t), .has_default = true, .def.u = (d) }
/* char *field, owned by the object; the default is copied, NULL reads as "". */
#define PROP_STR(n, S, f, d)    { PROP_(n, S, f, prop_str, char *), .has_default = true, .def.s = (d) }
/* int field; names in a NULL-terminated table, indexed by value. */
#define PROP_ENUM(n, S, f, names, d) { PROP_(n, S, f, prop_enum, int), .values = (names), .has_default = true, .def.i = (d) }
/* T *field; set by path or id; holds a reference. check may refuse a target. */
#define PROP_LINK(n, S, f, type_name_, T) { PROP_(n, S, f, prop_link, T *), .link_type = (type_name_) }
#define PROP_ON_OFF_AUTO(n, S, f, d) { PROP_(n, S, f, prop_on_off_auto, int), .values = on_off_auto_names, .has_default = true, .def.i = (d) }
/* clang-format on */
#define PROP_CUSTOM(n, type_desc, getter, setter)                      \
    {                                                                  \
        .name = (n), .type = &prop_custom, .description = (type_desc), \
        .get = (getter), .set = (setter)                               \
    }

typedef enum OnOffAuto { ON_OFF_AUTO_AUTO, ON_OFF_AUTO_ON, ON_OFF_AUTO_OFF } OnOffAuto;
extern const char *const on_off_auto_names[];

/* In class_init. The table is static; later rows of a subclass hide the parent's. */
void object_class_add_properties(ObjectClass *klass, const Property *props, size_t n);
#define OBJECT_CLASS_ADD_PROPERTIES(klass, table) \
    object_class_add_properties(OBJECT_CLASS_(klass), (table), G_N_ELEMENTS(table))
#define OBJECT_CLASS_(klass) ((ObjectClass *)(klass))
/* Change a default that the parent class declared (machine compat, subclasses). */
void object_class_set_default(ObjectClass *klass, const char *prop, uint64_t value);
/* A property of one instance. @prop is copied, its strings are not. */
void object_property_add(Object *obj, const Property *prop);
/* link<> from one object to another, read-only, e.g. a bus to its children. */
void object_property_add_const_link(Object *obj, const char *name, Object *target);
void object_property_del(Object *obj, const char *name);
/* Class rows first (subclass before parent), then the instance's. NULL when none. */
const Property *object_property_find(Object *obj, const char *name);
const Property *object_class_property_find(ObjectClass *klass, const char *name);
/* Every property: children and links too. */
typedef void ObjectPropertyFn(Object *obj, const char *name, const char *type,
                              const char *description, void *opaque);
void object_property_foreach(Object *obj, ObjectPropertyFn *fn, void *opaque);
typedef void ObjectClassPropertyFn(const Property *prop, void *opaque);
void object_class_property_foreach(ObjectClass *klass, ObjectClassPropertyFn *fn,
                                   void *opaque);
/* Type as qom-list names it ("child<T>", "link<T>", "uint32"); caller frees. */
char *object_property_get_type(Object *obj, const char *name, Error **errp);

bool object_property_set(Object *obj, const char *name, struct json_object *value,
                         Error **errp) WARN_UNUSED;
/* New json value; NULL on error. Children and links read as canonical paths. */
struct json_object *object_property_get(Object *obj, const char *name,
                                        Error **errp) WARN_UNUSED;
/* From text as typed on the command line ("on", "0x1000", "1G"). */
bool object_property_parse(Object *obj, const char *name, const char *text,
                           Error **errp) WARN_UNUSED;
bool object_property_set_str(Object *obj, const char *name, const char *value,
                             Error **errp) WARN_UNUSED;
bool object_property_set_bool(Object *obj, const char *name, bool value,
                              Error **errp) WARN_UNUSED;
bool object_property_set_int(Object *obj, const char *name, int64_t value,
                             Error **errp) WARN_UNUSED;
bool object_property_set_uint(Object *obj, const char *name, uint64_t value,
                              Error **errp) WARN_UNUSED;
bool object_property_set_link(Object *obj, const char *name, Object *target,
                              Error **errp) WARN_UNUSED;
/* Our bug when the property is missing or of another kind. */
char *object_property_get_str(Object *obj, const char *name); /* caller frees */
bool object_property_get_bool(Object *obj, const char *name);
uint64_t object_property_get_uint(Object *obj, const char *name);
Object *object_property_get_link(Object *obj, const char *name);

/*
 * Set all members of @dict (json object) but those in @skip (NULL-terminated, may be
 * NULL). Stops at the first failure.
 */
bool object_set_properties(Object *obj, struct json_object *dict,
                           const char *const *skip, Error **errp) WARN_UNUSED;

/* --- User-creatable objects (-object, object-add) --------------------------------- */

#define TYPE_USER_CREATABLE "user-creatable"
typedef struct UserCreatableClass {
    ObjectClass parent_class;
    /* After all properties are set; may fail, then the object goes away. */
    bool (*complete)(Object *obj, Error **errp);
    bool (*can_be_deleted)(Object *obj); /* NULL: always */
    const char *const *mandatory; /* properties a user must give; NULL-terminated */
} UserCreatableClass;

/*
 * Would type, names and kinds of the values do? Nothing is made. -object asks while the
 * option is parsed, so that its text can stand before the error. @id NULL: missing.
 */
bool user_creatable_check(const char *type_name, const char *id,
                          struct json_object *props, Error **errp) WARN_UNUSED;
/*
 * Make object @id of @type_name below /objects. Errors name what is wrong as
 * reference/errors.md has it. Returns NULL on error; the reference is the tree's.
 */
Object *user_creatable_add(const char *type_name, const char *id,
                           struct json_object *props, Error **errp) WARN_UNUSED;
bool user_creatable_del(const char *id, Error **errp) WARN_UNUSED;
/* Letters, digits, '-', '.', '_', starting with a letter. */
bool id_is_wellformed(const char *id);
/* The same, saying so of parameter "id". */
bool id_check(const char *id, Error **errp) WARN_UNUSED;

#endif
