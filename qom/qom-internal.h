/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of qom/ share. */
#ifndef STRATA_QOM_INTERNAL_H
#define STRATA_QOM_INTERNAL_H

#include "qom/object.h"

typedef struct PropTable {
    const Property *props;
    size_t n;
} PropTable;

/* A class's changed default (object_class_set_default). */
typedef struct DefaultOverride {
    const char *name;
    uint64_t value;
} DefaultOverride;

struct TypeImpl {
    const TypeInfo *info;
    TypeImpl *parent;
    ObjectClass *klass; /* NULL until first use */
    size_t instance_size, class_size;
    GPtrArray *interfaces; /* ObjectClass * tables, own copies */
    GArray *tables;        /* PropTable, this class's own */
    GArray *defaults;      /* DefaultOverride */
};

/* A child, a link, or a property of one instance. */
typedef struct InstanceProp {
    char *name;
    Object *child; /* owned */
    Object *link;  /* const link, not owned */
    Property prop; /* when neither */
} InstanceProp;

struct ObjectProps {
    GPtrArray *list;     /* InstanceProp * in order of adding */
    GHashTable *by_name; /* made when the list grows long; NULL before */
};

TypeImpl *type_find(const char *name);
void type_make_class(TypeImpl *type);
TypeImpl *type_parent(TypeImpl *type);
InstanceProp *object_find_instance_prop(Object *obj, const char *name);
/* Defaults of all classes, root first. */
void object_apply_defaults(Object *obj);
/* Free what properties hold. */
void object_release_props(Object *obj);

#endif
