/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What monitors ask about CPU models.
 */
#include "accel/target/i386/models.h"
#include "accel/target/i386/x86-cpu.h"
#include "qapi/command.h"
#include "qapi/value.h"

#include <string.h>

static bool has_bit(const uint32_t *words, unsigned feature)
{
    return words[feature >> 5] >> (feature & 31) & 1;
}

/* What the model has in its tables but this CPU does not do. */
static struct json_object *unavailable(const X86Model *m, const uint32_t *supported)
{
    struct json_object *list = json_object_new_array();

    for (unsigned k = 0; k < x86_feature_name_count; k++) {
        const X86FeatureName *f = &x86_feature_names[k];

        if (has_bit(m->features, f->feature) && !has_bit(supported, f->feature)) {
            json_object_array_add(list, json_object_new_string(f->name));
        }
    }
    return list;
}

static bool qmp_query_cpu_definitions(struct json_object *args,
                                      struct json_object **ret, Error **errp)
{
    uint32_t supported[X86_FW_COUNT];

    x86_supported_features(supported);
    *ret = json_object_new_array();
    for (unsigned k = 0; k < x86_model_count; k++) {
        const X86Model *m = &x86_models[k];
        struct json_object *o = json_object_new_object();
        g_autofree char *type = g_strconcat(m->name, X86_CPU_TYPE_SUFFIX, NULL);

        json_add_str(o, "name", m->name);
        json_add_str(o, "typename", type);
        json_object_object_add(o, "unavailable-features", unavailable(m, supported));
        json_add_bool(o, "static", false);
        json_add_bool(o, "migration-safe", !m->everything);
        json_add_bool(o, "deprecated", false);
        json_object_array_add(*ret, o);
    }
    return true;
}
QMP_COMMAND("query-cpu-definitions", qmp_query_cpu_definitions, 0);

static const X86Model *find_model(const char *name)
{
    for (unsigned k = 0; k < x86_model_count; k++) {
        if (!strcmp(x86_models[k].name, name)) {
            return &x86_models[k];
        }
    }
    return NULL;
}

/* Properties given with the model override it; unknown ones are refused. */
static bool add_props(struct json_object *props, const X86Model *m,
                      struct json_object *given, Error **errp)
{
    uint32_t supported[X86_FW_COUNT];

    x86_supported_features(supported);
    for (unsigned k = 0; k < x86_feature_name_count; k++) {
        const X86FeatureName *f = &x86_feature_names[k];

        json_add_bool(props, f->name,
                      has_bit(m->features, f->feature) &&
                          has_bit(supported, f->feature));
    }
    if (!given) {
        return true;
    }
    json_object_object_foreach(given, key, value)
    {
        if (!json_object_object_get_ex(props, key, NULL)) {
            return error_set(errp, "Property '%s" X86_CPU_TYPE_SUFFIX ".%s' not found",
                             m->name, key);
        }
        json_object_object_add(props, key, json_object_get(value));
    }
    return true;
}

static bool qmp_query_cpu_model_expansion(struct json_object *args,
                                          struct json_object **ret, Error **errp)
{
    struct json_object *model = NULL, *name = NULL, *given = NULL, *o, *props;
    const X86Model *m;

    json_object_object_get_ex(args, "model", &model);
    json_object_object_get_ex(model, "name", &name);
    json_object_object_get_ex(model, "props", &given);
    m = find_model(json_object_get_string(name));
    if (!m) {
        return error_set(errp, "The CPU type '%s' is not available",
                         json_object_get_string(name));
    }
    props = json_object_new_object();
    if (!add_props(props, m, given, errp)) {
        json_object_put(props);
        return false;
    }
    o = json_object_new_object();
    json_add_str(o, "name", m->name);
    json_object_object_add(o, "props", props);
    *ret = json_object_new_object();
    json_object_object_add(*ret, "model", o);
    return true;
}
QMP_COMMAND("query-cpu-model-expansion", qmp_query_cpu_model_expansion, 0);
