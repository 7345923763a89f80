/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The composition tree: children, paths. */
#include "qom/object.h"
#include "qom/qom-internal.h"

#include <assert.h>
#include <string.h>

/* A linear search is faster and smaller below this. */
#define HASH_FROM 24

Object *object_get_root(void)
{
    static Object *root; /* BQL; lives for ever */

    if (!root) {
        root = object_new("container");
    }
    return root;
}

InstanceProp *object_find_instance_prop(Object *obj, const char *name)
{
    if (!obj->props) {
        return NULL;
    }
    if (obj->props->by_name) {
        return g_hash_table_lookup(obj->props->by_name, name);
    }
    GPtrArray *list = obj->props->list;
    for (guint i = 0; i < list->len; i++) {
        InstanceProp *p = g_ptr_array_index(list, i);
        if (!strcmp(p->name, name)) {
            return p;
        }
    }
    return NULL;
}

static InstanceProp *add_instance_prop(Object *obj, char *take_name)
{
    if (!obj->props) {
        obj->props = g_new0(struct ObjectProps, 1);
        obj->props->list = g_ptr_array_new();
    }
    struct ObjectProps *props = obj->props;
    InstanceProp *p = g_new0(InstanceProp, 1);
    p->name = take_name;
    g_ptr_array_add(props->list, p);
    if (props->by_name) {
        g_hash_table_insert(props->by_name, p->name, p);
    } else if (props->list->len == HASH_FROM) {
        props->by_name = g_hash_table_new(g_str_hash, g_str_equal);
        for (guint i = 0; i < props->list->len; i++) {
            InstanceProp *q = g_ptr_array_index(props->list, i);
            g_hash_table_insert(props->by_name, q->name, q);
        }
    }
    return p;
}

static void remove_instance_prop(Object *obj, InstanceProp *p)
{
    if (obj->props->by_name) {
        g_hash_table_remove(obj->props->by_name, p->name);
    }
    g_ptr_array_remove(obj->props->list, p);
    g_free(p->name);
    g_free(p);
}

/* "name[*]": the first free number. Numbers are rarely given back, so start at the
 * count. */
static char *resolve_name(Object *parent, const char *name)
{
    size_t len = strlen(name);

    if (len < 3 || strcmp(name + len - 3, "[*]")) {
        return g_strdup(name);
    }
    for (unsigned i = 0;; i++) {
        char *full = g_strdup_printf("%.*s[%u]", (int)(len - 3), name, i);
        if (!object_find_instance_prop(parent, full)) {
            return full;
        }
        g_free(full);
    }
}

void object_property_add_child(Object *parent, const char *name, Object *child)
{
    assert(!child->parent);
    char *full = resolve_name(parent, name);
    assert(!object_find_instance_prop(parent, full));
    InstanceProp *p = add_instance_prop(parent, full);
    p->child = object_ref(child);
    child->parent = parent;
    child->name_in_parent = p->name;
}

void object_property_add_const_link(Object *obj, const char *name, Object *target)
{
    InstanceProp *p = add_instance_prop(obj, resolve_name(obj, name));

    p->link = target;
}

void object_property_add(Object *obj, const Property *prop)
{
    assert(!object_find_instance_prop(obj, prop->name));
    InstanceProp *p = add_instance_prop(obj, g_strdup(prop->name));
    p->prop = *prop;
    p->prop.name = p->name;
}

void object_property_del(Object *obj, const char *name)
{
    InstanceProp *p = object_find_instance_prop(obj, name);

    if (!p) {
        return;
    }
    if (p->child) {
        object_unparent(p->child);
        return;
    }
    if (!p->link && p->prop.type->release) {
        p->prop.type->release(obj, &p->prop);
    }
    remove_instance_prop(obj, p);
}

void object_unparent(Object *obj)
{
    Object *parent = obj->parent;

    if (!parent) {
        return;
    }
    InstanceProp *p = object_find_instance_prop(parent, obj->name_in_parent);
    assert(p && p->child == obj);
    obj->parent = NULL;
    obj->name_in_parent = NULL;
    remove_instance_prop(parent, p);
    object_unref(obj);
}

/* Children first in reverse order of adding, then values that properties hold. */
void object_release_props(Object *obj)
{
    while (obj->props && obj->props->list->len) {
        InstanceProp *p =
            g_ptr_array_index(obj->props->list, obj->props->list->len - 1);
        if (p->child) {
            object_unparent(p->child);
        } else {
            object_property_del(obj, p->name);
        }
    }
    if (obj->props) {
        g_clear_pointer(&obj->props->by_name, g_hash_table_unref);
        g_ptr_array_unref(obj->props->list);
        g_clear_pointer(&obj->props, g_free);
    }
    for (TypeImpl *t = obj->klass->type; t; t = type_parent(t)) {
        for (guint i = 0; t->tables && i < t->tables->len; i++) {
            PropTable *table = &g_array_index(t->tables, PropTable, i);
            for (size_t n = 0; n < table->n; n++) {
                if (table->props[n].type->release) {
                    table->props[n].type->release(obj, &table->props[n]);
                }
            }
        }
    }
}

Object *object_get_child(Object *parent, const char *name)
{
    InstanceProp *p = object_find_instance_prop(parent, name);

    return p ? p->child : NULL;
}

/* A callback may remove the child it is given. */
int object_child_foreach(Object *obj, int (*fn)(Object *child, void *opaque),
                         void *opaque)
{
    int ret = 0;

    for (guint i = 0; !ret && obj->props && i < obj->props->list->len;) {
        InstanceProp *p = g_ptr_array_index(obj->props->list, i);
        if (p->child) {
            ret = fn(p->child, opaque);
        }
        if (obj->props && i < obj->props->list->len &&
            g_ptr_array_index(obj->props->list, i) == p) {
            i++;
        }
    }
    return ret;
}

typedef struct RecursiveWalk {
    int (*fn)(Object *, void *);
    void *opaque;
} RecursiveWalk;

static int walk_child(Object *child, void *opaque)
{
    RecursiveWalk *walk = opaque;
    int ret = walk->fn(child, walk->opaque);

    return ret ? ret : object_child_foreach(child, walk_child, walk);
}

int object_child_foreach_recursive(Object *obj, int (*fn)(Object *, void *),
                                   void *opaque)
{
    RecursiveWalk walk = { fn, opaque };

    return object_child_foreach(obj, walk_child, &walk);
}

Object *container_get(Object *root, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", 0);
    Object *obj = root;

    for (char **part = parts; *part; part++) {
        if (!**part) {
            continue;
        }
        Object *child = object_get_child(obj, *part);
        if (!child) {
            child = object_new("container");
            object_property_add_child(obj, *part, child);
            object_unref(child);
        }
        obj = child;
    }
    return obj;
}

const char *object_get_canonical_path_component(const Object *obj)
{
    return obj->name_in_parent;
}

char *object_get_canonical_path(const Object *obj)
{
    const Object *root = object_get_root();
    GString *path;

    if (obj == root) {
        return g_strdup("/");
    }
    path = g_string_new(NULL);
    while (obj != root) {
        if (!obj->parent) {
            g_string_free(path, TRUE);
            return NULL;
        }
        g_string_prepend(path, obj->name_in_parent);
        g_string_prepend_c(path, '/');
        obj = obj->parent;
    }
    return g_string_free(path, FALSE);
}

static Object *resolve_component(Object *parent, const char *part)
{
    InstanceProp *p = object_find_instance_prop(parent, part);

    if (p && (p->child || p->link)) {
        return p->child ? p->child : p->link;
    }
    const Property *prop = object_property_find(parent, part);
    if (prop && prop->type == &prop_link) {
        return object_property_get_link(parent, part);
    }
    return NULL;
}

static Object *resolve_parts(Object *obj, char **parts, const char *type_name)
{
    for (; obj && *parts; parts++) {
        if (**parts) {
            obj = resolve_component(obj, *parts);
        }
    }
    return obj && (!type_name || object_is_a(obj, type_name)) ? obj : NULL;
}

typedef struct PartialSearch {
    char **parts;
    const char *type_name;
    Object *found;
    bool ambiguous;
} PartialSearch;

static int search_partial(Object *obj, void *opaque)
{
    PartialSearch *s = opaque;
    Object *hit = resolve_parts(obj, s->parts, s->type_name);

    if (hit && hit != s->found) {
        s->ambiguous = s->found != NULL;
        s->found = hit;
    }
    return s->ambiguous;
}

Object *object_resolve_path_type(const char *path, const char *type_name,
                                 bool *ambiguous)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", 0);

    if (ambiguous) {
        *ambiguous = false;
    }
    /* The empty path is any object of the type. */
    if (!*path && !type_name) {
        return NULL;
    }
    if (*path == '/') {
        return resolve_parts(object_get_root(), parts, type_name);
    }
    PartialSearch s = { .parts = parts, .type_name = type_name };
    if (!search_partial(object_get_root(), &s)) {
        object_child_foreach_recursive(object_get_root(), search_partial, &s);
    }
    if (ambiguous) {
        *ambiguous = s.ambiguous;
    }
    return s.ambiguous ? NULL : s.found;
}

Object *object_resolve_path(const char *path, bool *ambiguous)
{
    return object_resolve_path_type(path, NULL, ambiguous);
}
