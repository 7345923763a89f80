/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the monitors ask about RAM blocks and memory backends. Context: BQL. */
#include "memory/backend.h"
#include "memory/ram-block.h"
#include "qapi/command.h"
#include "qom/object.h"

#include <string.h>

/* --- RAM blocks ---------------------------------------------------------------------
 */

/* "4 KiB", "2 MiB". */
static char *size_text(uint64_t size)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    unsigned i = 0;

    while (size >= 1024 && size % 1024 == 0 && i + 1 < G_N_ELEMENTS(units)) {
        size /= 1024;
        i++;
    }
    return g_strdup_printf("%" PRIu64 " %s", size, units[i]);
}

static void hmp_info_ramblock(HmpOut *out, HmpArgs *args)
{
    hmp_printf(out, "%24s %8s  %18s %18s %18s\n", "Block Name", "PSize", "Offset",
               "Used", "Total");
    for (RAMBlock *rb = ram_block_first(); rb; rb = ram_block_next(rb)) {
        g_autofree char *page = size_text(ram_block_get_page_size(rb));

        hmp_printf(out,
                   "%24s %8s  0x%016" PRIx64 " 0x%016" PRIx64 " 0x%016" PRIx64 "\n",
                   ram_block_get_idstr(rb), page, ram_block_get_offset(rb),
                   ram_block_get_used_length(rb), ram_block_get_max_length(rb));
    }
}
HMP_INFO("ramblock", "", "", "Display system ramblock information", hmp_info_ramblock);

/* --- Backends -----------------------------------------------------------------------
 */

static struct json_object *describe(Object *obj)
{
    static const char *const bools[] = { "merge", "dump", "prealloc", "share",
                                         "reserve" };
    const char *id = object_get_canonical_path_component(obj);
    struct json_object *info = json_object_new_object();
    g_autofree char *policy = object_property_get_str(obj, "policy");
    struct json_object *nodes;

    if (id) {
        json_add_str(info, "id", id);
    }
    json_add_uint(info, "size", object_property_get_uint(obj, "size"));
    for (unsigned i = 0; i < G_N_ELEMENTS(bools); i++) {
        json_add_bool(info, bools[i], object_property_get_bool(obj, bools[i]));
    }
    nodes = object_property_get(obj, "host-nodes", &error_abort);
    json_object_object_add(info, "host-nodes", nodes);
    json_add_str(info, "policy", policy);
    return info;
}

static int collect_name(Object *child, void *opaque)
{
    g_hash_table_insert(opaque, (char *)object_get_canonical_path_component(child),
                        child);
    return 0;
}

/*
 * Clients compare listings with recorded ones, whose order is that of a hash table of
 * names, backwards. So it is a hash table of names here too.
 */
static bool qmp_query_memdev(struct json_object *args, struct json_object **ret,
                             Error **errp)
{
    Object *objects = container_get(object_get_root(), "/objects");
    g_autoptr(GHashTable) table = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    GHashTableIter it;
    gpointer obj;

    object_child_foreach(objects, collect_name, table);
    g_hash_table_iter_init(&it, table);
    while (g_hash_table_iter_next(&it, NULL, &obj)) {
        if (object_find_cast(obj, TYPE_MEMORY_BACKEND)) {
            g_ptr_array_add(list, obj);
        }
    }
    *ret = json_object_new_array();
    for (guint i = list->len; i > 0; i--) {
        json_object_array_add(*ret, describe(g_ptr_array_index(list, i - 1)));
    }
    return true;
}
QMP_COMMAND("query-memdev", qmp_query_memdev, 0);

static const char *bool_text(struct json_object *info, const char *key)
{
    return qmp_arg_bool(info, key, false) ? "true" : "false";
}

/* Ascending numbers as "0-3,5". */
static char *ranges_text(struct json_object *list)
{
    GString *s = g_string_new(NULL);
    size_t n = json_object_array_length(list);

    for (size_t i = 0; i < n;) {
        int first = json_object_get_int(json_object_array_get_idx(list, i));
        int last = first;

        while (++i < n &&
               json_object_get_int(json_object_array_get_idx(list, i)) == last + 1) {
            last++;
        }
        g_string_append_printf(s, "%s%d", s->len ? "," : "", first);
        if (last > first) {
            g_string_append_printf(s, "-%d", last);
        }
    }
    return g_string_free(s, FALSE);
}

static void hmp_info_memdev(HmpOut *out, HmpArgs *args)
{
    struct json_object *list = hmp_run_qmp(out, "query-memdev", NULL);

    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        struct json_object *m = json_object_array_get_idx(list, i);
        g_autofree char *nodes = ranges_text(qmp_arg(m, "host-nodes"));

        hmp_printf(out, "memory backend: %s\n", qmp_arg_str(m, "id"));
        hmp_printf(out, "  size:  %" PRIu64 "\n", qmp_arg_uint(m, "size", 0));
        hmp_printf(out, "  merge: %s\n", bool_text(m, "merge"));
        hmp_printf(out, "  dump: %s\n", bool_text(m, "dump"));
        hmp_printf(out, "  prealloc: %s\n", bool_text(m, "prealloc"));
        hmp_printf(out, "  share: %s\n", bool_text(m, "share"));
        hmp_printf(out, "  reserve: %s\n", bool_text(m, "reserve"));
        hmp_printf(out, "  policy: %s\n", qmp_arg_str(m, "policy"));
        hmp_printf(out, "  host nodes: %s\n", nodes);
    }
    hmp_puts(out, "\n");
    json_object_put(list);
}
HMP_INFO("memdev", "", "", "show memory backends", hmp_info_memdev);
