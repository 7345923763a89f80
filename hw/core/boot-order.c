/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bootindex: what the firmware tries first, as firmware device paths. */
#include "hw/core/device.h"

typedef struct BootEntry {
    int32_t bootindex;
    DeviceState *dev;
    char *suffix;
} BootEntry;

static GSList *entries; /* BootEntry, by index; BQL */

static gint compare_index(gconstpointer a, gconstpointer b)
{
    const BootEntry *x = a, *y = b;

    return (x->bootindex > y->bootindex) - (x->bootindex < y->bootindex);
}

bool boot_order_add(int32_t bootindex, DeviceState *dev, const char *suffix,
                    Error **errp)
{
    for (GSList *l = entries; l; l = l->next) {
        BootEntry *e = l->data;
        if (e->bootindex == bootindex) {
            return error_set(errp, "The bootindex %d has already been used", bootindex);
        }
    }
    BootEntry *e = g_new(BootEntry, 1);
    *e = (BootEntry){ bootindex, dev, g_strdup(suffix) };
    entries = g_slist_insert_sorted(entries, e, compare_index);
    return true;
}

void boot_order_del(DeviceState *dev, const char *suffix)
{
    GSList *l = entries;

    while (l) {
        BootEntry *e = l->data;
        GSList *next = l->next;
        if (e->dev == dev && (!suffix || !g_strcmp0(e->suffix, suffix))) {
            entries = g_slist_delete_link(entries, l);
            g_free(e->suffix);
            g_free(e);
        }
        l = next;
    }
}

static void append_path(GString *path, DeviceState *dev)
{
    BusState *bus = dev->parent_bus;

    if (!bus) {
        return;
    }
    if (bus->parent) {
        append_path(path, bus->parent);
    }
    BusClass *bc = BUS_GET_CLASS(bus);
    g_autofree char *part = bc->dev_fw_path ? bc->dev_fw_path(dev) : NULL;
    if (!part) {
        const char *name = DEVICE_GET_CLASS(dev)->fw_name;
        part = g_strdup(name ? name : object_get_typename(OBJECT(dev)));
    }
    if (*part) {
        g_string_append_printf(path, "/%s", part);
    }
}

char *device_get_fw_path(DeviceState *dev)
{
    GString *path = g_string_new(NULL);

    append_path(path, dev);
    return g_string_free(path, FALSE);
}

char *boot_order_get_list(size_t *size)
{
    GString *list = g_string_new(NULL);

    for (GSList *l = entries; l; l = l->next) {
        BootEntry *e = l->data;
        /* Entries without a device (option ROMs) are all suffix. */
        g_autofree char *path = e->dev ? device_get_fw_path(e->dev) : g_strdup("");
        g_string_append_printf(list, "%s%s%s", list->len ? "\n" : "", path,
                               e->suffix ? e->suffix : "");
    }
    *size = list->len ? list->len + 1 : 0;
    return g_string_free(list, FALSE);
}
