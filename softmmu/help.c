/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that only print: what the program has, and the options of a thing. */
#include "accel/accel.h"
#include "accel/vcpu.h"
#include "hw/core/loader.h"
#include "memory/backend.h"
#include "qapi/value.h"
#include "softmmu/cli-internal.h"

#include <stdio.h>
#include <string.h>

void help_accelerators(void)
{
    g_autoptr(GSList) list = object_class_get_list(TYPE_ACCEL, false);

    printf("Accelerators supported in this program:\n");
    for (GSList *l = list; l; l = l->next) {
        printf("%s\n", ((AccelClass *)l->data)->name);
    }
}

void help_user_creatable(void)
{
    g_autoptr(GSList) list = object_class_get_list(TYPE_USER_CREATABLE, false);

    printf("List of user creatable objects:\n");
    for (GSList *l = list; l; l = l->next) {
        printf("  %s\n", object_class_get_name(l->data));
    }
}

void help_machines(const char *target)
{
    g_autoptr(GSList) list = object_class_get_list(TYPE_MACHINE, false);

    printf("Supported machines are:\n");
    for (GSList *l = list; l; l = l->next) {
        MachineClass *mc = MACHINE_CLASS(l->data);
        if (mc->target && strcmp(mc->target, target)) {
            continue;
        }
        if (mc->alias) {
            printf("%-20s %s (alias of %s)\n", mc->alias, mc->desc, mc->name);
        }
        printf("%-20s %s%s\n", mc->name, mc->desc, mc->is_default ? " (default)" : "");
    }
}

static void print_property(const Property *prop, void *opaque)
{
    static const char *const hidden[] = { "realized", "hotplugged", "hotpluggable",
                                          "parent_bus", NULL };
    if (g_strv_contains(hidden, prop->name) || (prop->get && !prop->set)) {
        return;
    }
    const char *type = prop->type == &prop_link     ? prop->link_type
                       : prop->type == &prop_custom ? prop->description
                                                    : prop->type->name;
    g_ptr_array_add(opaque,
                    g_strdup_printf("  %s=<%s>", prop->name, type ? type : "str"));
}

static gint compare_strings(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool help_properties(const char *type, bool device, Error **errp)
{
    ObjectClass *klass = object_class_by_name(type);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    if (!klass || (device && !object_class_is_a(klass, TYPE_DEVICE))) {
        return error_set(errp, "'%s' is not a valid %s name", type,
                         device ? "device model" : "object type");
    }
    object_class_property_foreach(klass, print_property, lines);
    g_ptr_array_sort(lines, compare_strings);
    printf("%s options:\n", type);
    for (guint i = 0; i < lines->len; i++) {
        printf("%s\n", (char *)g_ptr_array_index(lines, i));
    }
    return true;
}

void help_cpus(const char *target)
{
    g_autofree char *suffix = g_strdup_printf("-%s-cpu", target);
    g_autoptr(GSList) list = object_class_get_list(TYPE_VCPU, false);

    printf("Available CPUs:\n");
    for (GSList *l = list; l; l = l->next) {
        const char *name = object_class_get_name(l->data);
        if (g_str_has_suffix(name, suffix)) {
            printf("  %.*s\n", (int)(strlen(name) - strlen(suffix)), name);
        }
    }
}

void help_firmware_dirs(void)
{
    for (const char *const *dir = firmware_search_dirs(); *dir; dir++) {
        printf("%s\n", *dir);
    }
}

static void help_devices(void)
{
    static const char *const titles[] = {
        "Controller/Bridge/Hub",
        "USB",
        "Storage",
        "Network",
        "Input",
        "Display",
        "Sound",
        "Misc",
        "CPU",
        "Watchdog",
        "Uncategorized",
    };
    g_autoptr(GSList) list = object_class_get_list(TYPE_DEVICE, false);

    for (unsigned c = 0; c <= DEVICE_CATEGORY_MAX; c++) {
        bool first = true;
        for (GSList *l = list; l; l = l->next) {
            DeviceClass *dc = DEVICE_CLASS(l->data);
            bool here =
                c < DEVICE_CATEGORY_MAX ? dc->categories & 1u << c : !dc->categories;
            if (!here || !dc->user_creatable) {
                continue;
            }
            if (first) {
                printf("%s devices:\n", titles[c]);
            }
            first = false;
            printf("name \"%s\"", object_class_get_name(l->data));
            if (dc->bus_type) {
                printf(", bus %s", dc->bus_type);
            }
            if (dc->desc) {
                printf(", desc \"%s\"", dc->desc);
            }
            printf("\n");
        }
        if (!first) {
            printf("\n");
        }
    }
}

bool help_devices_asked(Cli *cli)
{
    for (guint i = 0; i < cli->devices->len; i++) {
        LateOption *o = g_ptr_array_index(cli->devices, i);
        const char *driver = value_dict_get_str(o->opts, "driver");
        Error *err = NULL;
        if (driver && (!strcmp(driver, "help") || !strcmp(driver, "?"))) {
            help_devices();
            return true;
        }
        if (driver &&
            (value_dict_get_str(o->opts, "help") || value_dict_get_str(o->opts, "?"))) {
            if (!help_properties(driver, true, &err)) {
                error_report_err(err);
            }
            return true;
        }
    }
    return false;
}
