/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking at and changing objects, from both monitors. */
#include "hw/core/device.h"
#include "qapi/command.h"
#include "qapi/json.h"
#include "qapi/value.h"
#include "qom/object.h"

#include <string.h>

/* An object by absolute or partial path; DeviceNotFound. */
static Object *find_object(const char *path, Error **errp)
{
    bool ambiguous = false;
    Object *obj = object_resolve_path(path, &ambiguous);

    if (obj) {
        return obj;
    }
    if (ambiguous) {
        error_set(errp, "Path '%s' is ambiguous", path);
    } else {
        error_set_class(errp, ERROR_CLASS_DEVICE_NOT_FOUND, "Device '%s' not found",
                        path);
    }
    return NULL;
}

static void add_property(Object *obj, const char *name, const char *type,
                         const char *description, void *opaque)
{
    struct json_object *item = json_object_new_object();

    json_add_str(item, "name", name);
    json_add_str(item, "type", type);
    json_object_array_add(opaque, item);
}

static bool qmp_qom_list(struct json_object *args, struct json_object **ret,
                         Error **errp)
{
    Object *obj = find_object(qmp_arg_str(args, "path"), errp);

    if (!obj) {
        return false;
    }
    *ret = json_object_new_array();
    object_property_foreach(obj, add_property, *ret);
    return true;
}
QMP_COMMAND("qom-list", qmp_qom_list, QMP_ALLOW_PRECONFIG);

static bool qmp_qom_get(struct json_object *args, struct json_object **ret,
                        Error **errp)
{
    Object *obj = find_object(qmp_arg_str(args, "path"), errp);

    if (!obj) {
        return false;
    }
    *ret = object_property_get(obj, qmp_arg_str(args, "property"), errp);
    return *ret != NULL;
}
QMP_COMMAND("qom-get", qmp_qom_get, QMP_ALLOW_PRECONFIG);

static bool qmp_qom_set(struct json_object *args, struct json_object **ret,
                        Error **errp)
{
    Object *obj = find_object(qmp_arg_str(args, "path"), errp);

    return obj && object_property_set(obj, qmp_arg_str(args, "property"),
                                      qmp_arg(args, "value"), errp);
}
QMP_COMMAND("qom-set", qmp_qom_set, QMP_ALLOW_PRECONFIG);

static bool qmp_qom_list_types(struct json_object *args, struct json_object **ret,
                               Error **errp)
{
    GSList *types = object_class_get_list(qmp_arg_str(args, "implements"),
                                          qmp_arg_bool(args, "abstract", false));

    *ret = json_object_new_array();
    for (GSList *i = types; i; i = i->next) {
        ObjectClass *parent = object_class_get_parent(i->data);
        struct json_object *item = json_object_new_object();

        json_add_str(item, "name", object_class_get_name(i->data));
        if (object_class_is_abstract(i->data)) {
            json_add_bool(item, "abstract", true);
        }
        if (parent) {
            json_add_str(item, "parent", object_class_get_name(parent));
        }
        json_object_array_add(*ret, item);
    }
    g_slist_free(types);
    return true;
}
QMP_COMMAND("qom-list-types", qmp_qom_list_types, QMP_ALLOW_PRECONFIG);

static struct json_object *new_info(const char *name, const char *type,
                                    const char *description)
{
    struct json_object *item = json_object_new_object();

    json_add_str(item, "name", name);
    json_add_str(item, "type", type);
    if (description) {
        json_add_str(item, "description", description);
    }
    return item;
}

/* Children and back links are no properties that a user sets. */
static void add_if_settable(Object *obj, const char *name, const char *type,
                            const char *description, void *opaque)
{
    if (strcmp(name, "type") != 0 && !g_str_has_prefix(type, "child<")) {
        json_object_array_add(opaque, new_info(name, type, description));
    }
}

static void add_default(struct json_object *list, Object *obj)
{
    size_t n = json_object_array_length(list);

    for (size_t i = 0; i < n; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        const Property *prop = object_property_find(obj, qmp_arg_str(item, "name"));

        if (prop && prop->has_default && prop->type != &prop_str) {
            struct json_object *v = object_property_get(obj, prop->name, NULL);

            if (v) {
                json_object_object_add(item, "default-value", v);
            }
        }
    }
}

static bool qmp_qom_list_properties(struct json_object *args, struct json_object **ret,
                                    Error **errp)
{
    const char *name = qmp_arg_str(args, "typename");
    ObjectClass *klass = object_class_by_name(name);
    Object *obj;

    if (!klass) {
        return error_set_class(errp, ERROR_CLASS_DEVICE_NOT_FOUND,
                               "Class '%s' not found", name);
    }
    *ret = json_object_new_array();
    if (object_class_is_abstract(klass)) {
        return true; /* only instances know all of theirs */
    }
    obj = object_new_with_class(klass);
    object_property_foreach(obj, add_if_settable, *ret);
    object_unref(obj);
    return true;
}
QMP_COMMAND("qom-list-properties", qmp_qom_list_properties, QMP_ALLOW_PRECONFIG);

/* Properties of the framework itself, which device_add does not take. */
static bool is_internal(const char *name)
{
    static const char *const names[] = { "type",         "realized",   "hotplugged",
                                         "hotpluggable", "parent_bus", NULL };

    return g_strv_contains(names, name);
}

static void add_device_property(Object *obj, const char *name, const char *type,
                                const char *description, void *opaque)
{
    const Property *prop = object_property_find(obj, name);

    if (!is_internal(name) && prop && !g_str_has_prefix(type, "child<") &&
        !(prop->get && !prop->set)) {
        json_object_array_add(
            opaque,
            new_info(name, type, description ? description : prop->type->description));
    }
}

static bool qmp_device_list_properties(struct json_object *args,
                                       struct json_object **ret, Error **errp)
{
    const char *name = qmp_arg_str(args, "typename");
    ObjectClass *klass = object_class_by_name(name);
    Object *obj;

    if (!klass) {
        return error_set_class(errp, ERROR_CLASS_DEVICE_NOT_FOUND,
                               "Device '%s' not found", name);
    }
    if (!object_class_is_a(klass, TYPE_DEVICE) || object_class_is_abstract(klass)) {
        return error_set(errp,
                         "Parameter 'typename' expects a non-abstract device type");
    }
    *ret = json_object_new_array();
    obj = object_new_with_class(klass);
    object_property_foreach(obj, add_device_property, *ret);
    add_default(*ret, obj);
    object_unref(obj);
    return true;
}
QMP_COMMAND("device-list-properties", qmp_device_list_properties, QMP_ALLOW_PRECONFIG);

/* --- HMP -------------------------------------------------------------------------- */

static void add_child_path(Object *obj, const char *name, const char *type,
                           const char *description, void *opaque)
{
    if (g_str_has_prefix(type, "child<")) {
        g_autofree char *path = object_get_canonical_path(obj);
        g_autofree char *full =
            g_strdup_printf("%s/%s", path && strcmp(path, "/") ? path : "", name);

        hmp_completion_add(opaque, full);
    }
}

static void complete_path(HmpCompletion *c, int nr, const char *typed)
{
    const char *slash = strrchr(typed, '/');
    g_autofree char *dir = slash && slash > typed
                               ? g_strndup(typed, (gsize)(slash - typed))
                               : g_strdup("/");
    Object *obj = nr == 2 ? object_resolve_path(dir, NULL) : NULL;

    if (obj) {
        object_property_foreach(obj, add_child_path, c);
    }
}

static void hmp_qom_list(HmpOut *out, HmpArgs *args)
{
    struct json_object *list;

    if (!hmp_arg_has(args, "path")) {
        hmp_puts(out, "/\n");
        return;
    }
    list = hmp_run_qmp(out, "qom-list", json_object_get(hmp_args_json(args)));
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);

        hmp_printf(out, "%s (%s)\n", qmp_arg_str(item, "name"),
                   qmp_arg_str(item, "type"));
    }
    json_object_put(list);
}
HMP_COMMAND_COMPLETE("qom-list", "path:s?", "path", "list QOM properties", hmp_qom_list,
                     complete_path);

static void hmp_qom_get(HmpOut *out, HmpArgs *args)
{
    struct json_object *v =
        hmp_run_qmp(out, "qom-get", json_object_get(hmp_args_json(args)));
    g_autoptr(GString) text = g_string_new(NULL);

    if (v) {
        json_write(text, v, true);
        hmp_printf(out, "%s\n", text->str);
        json_object_put(v);
    }
}
HMP_COMMAND_COMPLETE("qom-get", "path:s,property:s", "path property",
                     "print QOM property", hmp_qom_get, complete_path);

/* With -j the value is JSON, else it is read as on the command line. */
static void hmp_qom_set(HmpOut *out, HmpArgs *args)
{
    const char *text = hmp_arg_str(args, "value");
    Error *err = NULL;
    Object *obj = find_object(hmp_arg_str(args, "path"), &err);
    struct json_object *value = NULL;
    bool ok = obj != NULL;

    if (ok && hmp_arg_flag(args, "json")) {
        ok = json_parse(text, strlen(text), &value, &err) &&
             object_property_set(obj, hmp_arg_str(args, "property"), value, &err);
        json_object_put(value);
    } else if (ok) {
        ok = object_property_parse(obj, hmp_arg_str(args, "property"), text, &err);
    }
    if (!ok) {
        hmp_error(out, err);
    }
}
HMP_COMMAND_COMPLETE(
    "qom-set", "json:-j,path:s,property:s,value:S", "[-j] path property value",
    "set QOM property.\n\t\t\t -j: the value is specified in json format", hmp_qom_set,
    complete_path);

static gint compare_component(gconstpointer a, gconstpointer b)
{
    return strcmp(object_get_canonical_path_component(*(Object *const *)a),
                  object_get_canonical_path_component(*(Object *const *)b));
}

static int collect_child(Object *child, void *opaque)
{
    g_ptr_array_add(opaque, child);
    return 0;
}

static void print_tree(HmpOut *out, Object *obj, int indent)
{
    g_autoptr(GPtrArray) children = g_ptr_array_new();
    const char *name = object_get_canonical_path_component(obj);

    hmp_printf(out, "%*s/%s (%s)\n", indent, "", name ? name : "",
               object_get_typename(obj));
    object_child_foreach(obj, collect_child, children);
    g_ptr_array_sort(children, compare_component);
    for (guint i = 0; i < children->len; i++) {
        print_tree(out, children->pdata[i], indent + 2);
    }
}

static void hmp_info_qom_tree(HmpOut *out, HmpArgs *args)
{
    const char *path = hmp_arg_str(args, "path");
    bool ambiguous = false;
    Object *obj = object_resolve_path(path ? path : "/machine", &ambiguous);

    if (obj) {
        print_tree(out, obj, 0);
    } else if (ambiguous) {
        hmp_printf(out, "Warning: Path '%s' is ambiguous.\n", path);
    } else {
        hmp_printf(out, "Path '%s' could not be resolved.\n", path ? path : "/machine");
    }
}
HMP_INFO("qom-tree", "path:s?", "[path]", "show QOM composition tree",
         hmp_info_qom_tree);
