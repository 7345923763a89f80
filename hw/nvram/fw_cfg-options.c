/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The -fw_cfg option: items that the user adds from outside. */
#include "hw/nvram/fw_cfg.h"

#include "qapi/value.h"
#include <glib.h>

/* Arguments as given, in order. Main thread, start-up only. */
static GPtrArray *fw_cfg_options;

static bool option_parse(const char *arg, struct json_object **dict, Error **errp)
{
    g_autojson opts = keyval_parse(arg, "name", errp);

    if (!opts) {
        return false;
    }
    json_object_object_foreach(opts, key, value)
    {
        if (!g_str_equal(key, "name") && !g_str_equal(key, "string") &&
            !g_str_equal(key, "file")) {
            return error_set(errp, "Invalid parameter '%s'", key);
        }
        (void)value;
    }
    *dict = g_steal_pointer(&opts);
    return true;
}

static const char *option_get(struct json_object *dict, const char *key)
{
    struct json_object *value;

    if (!json_object_object_get_ex(dict, key, &value)) {
        return NULL;
    }
    return json_object_get_string(value);
}

static bool option_is_empty(const char *text)
{
    return !text || !*text;
}

bool fw_cfg_add_option(const char *arg, Error **errp)
{
    g_autojson dict = NULL;

    if (!option_parse(arg, &dict, errp)) {
        return false;
    }
    if (option_is_empty(option_get(dict, "name")) ||
        option_is_empty(option_get(dict, "string")) ==
            option_is_empty(option_get(dict, "file"))) {
        return error_set(
            errp, "name, plus exactly one of file, string and gen_id, are needed");
    }
    if (!fw_cfg_options) {
        fw_cfg_options = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(fw_cfg_options, g_strdup(arg));
    return true;
}

bool fw_cfg_apply_options(FwCfg *s, Error **errp)
{
    for (unsigned i = 0; fw_cfg_options && i < fw_cfg_options->len; i++) {
        const char *arg = g_ptr_array_index(fw_cfg_options, i);
        g_autofree char *location = g_strdup_printf("-fw_cfg %s", arg);
        g_autojson dict = NULL;
        const char *string;

        /* Stays set on failure: the message names the option. */
        error_set_location(location);
        if (!option_parse(arg, &dict, errp)) {
            return false;
        }
        string = option_get(dict, "string");
        if (!fw_cfg_add_user_file(s, option_get(dict, "name"),
                                  option_is_empty(string) ? NULL : string,
                                  option_get(dict, "file"), errp)) {
            return false;
        }
        error_set_location(NULL);
    }
    return true;
}
