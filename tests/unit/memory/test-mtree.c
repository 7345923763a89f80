/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printing and rendering against recorded machines. Each case's `info mtree -D` is read
 * back into regions, which are then printed in every variant and compared with the
 * recordings: so trees, stepping, flat views and dispatch layouts of whole machines are
 * checked without their devices. The folder of cases is the program's argument or
 * STRATA_MTREE_CASES; without it the cases are skipped.
 */
#include "memory-test.h"

#include "memory/mtree-internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *cases_folder;

typedef struct Machine {
    GPtrArray *regions; /* TestOwner * */
    GHashTable *by_name;
    GHashTable *with_ops; /* names that answer in a flat view as i/o */
    GPtrArray *spaces;    /* AddressSpace * */
    GArray *pending;      /* aliases whose target is yet to come */
} Machine;

typedef struct Line {
    unsigned level;
    uint64_t start, last, t_start, t_last;
    int prio;
    char type[16], *name, *target;
    bool disabled;
} Line;

static char *load(const char *name, const char *file)
{
    g_autofree char *path = g_build_filename(cases_folder, name, file, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

/* --- Reading a listing --------------------------------------------------------------
 */

static Line parse_line(const char *s)
{
    Line l = { 0 };
    int n = 0, at = 0;
    const char *p, *mark;

    l.level = (unsigned)strspn(s, " ") / 2;
    s += strspn(s, " ");
    at = sscanf(s, "%16lx-%16lx (prio %d, %15[^)]): %n", &l.start, &l.last, &l.prio,
                l.type, &n);
    g_assert_cmpint(at, ==, 4);
    p = s + n;
    l.disabled = g_str_has_suffix(p, " [disabled]");
    l.name = g_strndup(p, strlen(p) - (l.disabled ? strlen(" [disabled]") : 0));
    if (g_str_has_prefix(l.name, "alias ")) {
        char *alias = l.name;

        mark = g_strrstr(alias, " @");
        at = sscanf(strrchr(mark, ' ') + 1, "%16lx-%16lx", &l.t_start, &l.t_last);
        g_assert_cmpint(at, ==, 2);
        l.target = g_strndup(mark + 2, strrchr(mark, ' ') - (mark + 2));
        l.name = g_strndup(alias + 6, mark - (alias + 6));
        g_free(alias);
    }
    return l;
}

/* Plugged when all targets are there, in the order that precedence wants. */
typedef struct Pending {
    TestOwner *parent, *child; /* child NULL: an alias that is yet to be made */
    Line line;
    uint64_t addr;
} Pending;

static TestOwner *make_region(Machine *m, const Line *l, uint64_t size)
{
    const char *type = g_str_has_prefix(l->type, "nv-") ? l->type + 3 : l->type;
    TestOwner *o = test_owner_new();

    if (!strcmp(type, "i/o")) {
        if (g_hash_table_contains(m->with_ops, l->name)) {
            memory_region_init_io(&o->mr, OBJECT(o), &test_io_ops, o, l->name, size);
        } else {
            memory_region_init(&o->mr, OBJECT(o), l->name, size);
        }
    } else {
        bool ok = memory_region_init_ram_flags(&o->mr, OBJECT(o), l->name, size,
                                               RAM_NORESERVE, &error_abort);
        g_assert_true(ok);
        o->mr.readonly = !strcmp(type, "rom");
    }
    o->mr.nonvolatile = type != l->type;
    g_ptr_array_add(m->regions, o);
    if (!g_hash_table_contains(m->by_name, l->name)) {
        g_hash_table_insert(m->by_name, g_strdup(l->name), o);
    }
    return o;
}

static uint64_t size_of(const Line *l)
{
    uint64_t size = l->last - l->start + 1;

    if (l->last == UINT64_MAX && l->start == 0) {
        return UINT64_MAX;
    }
    /* A closed bridge window prints as one byte: no region here is that small but
     * ports, which are not at 0 of an i/o alias. */
    if (size == 1 && l->target && l->t_start == l->t_last) {
        return 0;
    }
    return size;
}

static void read_block(Machine *m, char **lines, Line *parsed, TestOwner **made,
                       unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        parsed[i] = parse_line(lines[i]);
        if (!parsed[i].target) {
            made[i] = make_region(m, &parsed[i], size_of(&parsed[i]));
        }
    }
    if (parsed[0].disabled) {
        memory_region_set_enabled(&made[0]->mr, false);
    }
    /* Siblings of equal place and priority are listed in order of precedence, and later
     * added ones come first. */
    for (unsigned i = n; i-- > 1;) {
        unsigned p = i;

        while (parsed[p].level != parsed[i].level - 1) {
            p--;
        }
        Pending w = { made[p], made[i], parsed[i], parsed[i].start - parsed[p].start };

        g_array_append_val(m->pending, w);
    }
}

static void read_blocks(Machine *m, const char *text)
{
    g_auto(GStrv) blocks = g_strsplit(text, "\n\n", -1);

    for (char **b = blocks; *b; b++) {
        g_auto(GStrv) lines = g_strsplit(g_strchomp(*b), "\n", -1);
        unsigned heads = 0, n = g_strv_length(lines);
        bool region = g_str_has_prefix(*b, "memory-region: ");

        while (heads < n && lines[heads][0] != ' ') {
            heads++;
        }
        if (heads == 0 ||
            (region && g_hash_table_contains(m->by_name, lines[0] + 15))) {
            continue;
        }
        g_autofree Line *parsed = g_new0(Line, n - heads);
        g_autofree TestOwner **made = g_new0(TestOwner *, n - heads);

        read_block(m, lines + heads, parsed, made, n - heads);
        if (region) {
            made[0]->mr.addr = parsed[0].start;
            made[0]->mr.priority = parsed[0].prio;
        }
        for (unsigned i = 0; i < heads && !region; i++) {
            AddressSpace *as = g_new0(AddressSpace, 1);

            address_space_init(as, &made[0]->mr, lines[i] + strlen("address-space: "));
            g_ptr_array_add(m->spaces, as);
        }
        g_free(parsed[0].name);
    }
}

static void plug_pending(Machine *m)
{
    memory_region_transaction_begin();
    for (guint i = 0; i < m->pending->len; i++) {
        Pending *w = &g_array_index(m->pending, Pending, i);
        TestOwner *o = w->child;

        if (!o) {
            TestOwner *target = g_hash_table_lookup(m->by_name, w->line.target);

            g_assert_nonnull(target);
            o = test_alias(w->line.name, target, w->line.t_start, size_of(&w->line));
            o->mr.readonly = !strcmp(w->line.name, "pam-rom");
            g_ptr_array_add(m->regions, o);
        }
        memory_region_set_enabled(&o->mr, !w->line.disabled);
        memory_region_add_subregion_overlap(&w->parent->mr, w->addr, &o->mr,
                                            w->line.prio);
        g_free(w->line.name);
        g_free(w->line.target);
    }
    memory_region_transaction_commit();
}

/* Names that a flat view shows as i/o: their regions have operations. */
static void collect_ops(Machine *m, const char *flat)
{
    g_auto(GStrv) lines = g_strsplit(flat, "\n", -1);

    for (char **l = lines; *l; l++) {
        const char *p = strstr(*l, ", i/o): ");

        if (p) {
            const char *at = strstr(p, " @");

            p += 8;
            g_hash_table_add(m->with_ops, at ? g_strndup(p, at - p) : g_strdup(p));
        }
    }
}

/* --- Comparing ----------------------------------------------------------------------
 */

static gint by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Blocks sorted, numbers of views and most-recently-used tags dropped, and the address
 * spaces of a view sorted, whose order is that of their creation. */
static char *normalize(const char *text)
{
    g_auto(GStrv) blocks = g_strsplit(text, "\n\n", -1);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (char **b = blocks; *b; b++) {
        g_auto(GStrv) lines = g_strsplit(g_strchomp(*b), "\n", -1);
        g_autoptr(GPtrArray) out = g_ptr_array_new();
        guint first_as = 0, n_as = 0;

        for (char **l = lines; *l; l++) {
            char *mru = strstr(*l, " [MRU]");

            if (mru) {
                memmove(mru, mru + 6, strlen(mru + 6) + 1);
            }
            if (g_str_has_prefix(*l, "FlatView #")) {
                (*l)[9] = 0;
            }
            if (g_str_has_prefix(*l, " AS ")) {
                first_as = n_as++ ? first_as : out->len;
            }
            g_ptr_array_add(out, *l);
        }
        if (out->len) {
            qsort(out->pdata + first_as, n_as, sizeof(gpointer), by_text);
            g_ptr_array_add(out, NULL);
            g_ptr_array_add(list, g_strjoinv("\n", (char **)out->pdata));
        }
    }
    g_ptr_array_sort(list, by_text);
    g_ptr_array_add(list, NULL);
    return g_strjoinv("\n\n", (char **)list->pdata);
}

static void compare(const char *name, const char *file, HmpOut *out)
{
    g_autofree char *recorded = load(name, file);
    g_autofree char *text = hmp_out_steal(out);

    if (!recorded) {
        return;
    }
    g_autofree char *a = normalize(recorded), *b = normalize(text);

    if (strcmp(a, b)) {
        g_autofree char *pa = g_strdup_printf("/tmp/mtree-%s-%s.want", name, file);
        g_autofree char *pb = g_strdup_printf("/tmp/mtree-%s-%s.got", name, file);

        g_file_set_contents(pa, a, -1, NULL);
        g_file_set_contents(pb, b, -1, NULL);
        g_test_message("%s/%s differs: see %s", name, file, pa);
        g_test_fail();
    }
}

/* A listing does not tell everything: two regions of one name that are both targets of
 * aliases, or which of two equal neighbours was added later. */
static bool is_ambiguous(const char *name)
{
    return g_str_has_prefix(name, "q35-pcie-") ||
           g_str_has_prefix(name, "mac99-default-");
}

static void run_case(gconstpointer data)
{
    const char *name = data;
    g_autofree char *tree = load(name, "info-mtree-D.txt");
    g_autofree char *flat = load(name, "info-mtree-f.txt");
    Machine m = {
        .regions = g_ptr_array_new(),
        .by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .with_ops = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .spaces = g_ptr_array_new(),
        .pending = g_array_new(FALSE, FALSE, sizeof(Pending)),
    };
    HmpOut out;

    hmp_out_init(&out);
    collect_ops(&m, flat);
    read_blocks(&m, tree);
    plug_pending(&m);
    for (guint i = 0; i < m.spaces->len; i++) {
        test_check_view(g_ptr_array_index(m.spaces, i));
    }
    mtree_print_trees(&out, MTREE_DISABLED);
    compare(name, "info-mtree-D.txt", &out);
    mtree_print_trees(&out, 0);
    compare(name, "info-mtree.txt", &out);
    mtree_print_views(&out, 0);
    compare(name, "info-mtree-f.txt", &out);
    mtree_print_views(&out, MTREE_DISPATCH);
    compare(name, "info-mtree-f-d.txt", &out);
    for (guint i = 0; i < m.spaces->len; i++) {
        AddressSpace *as = g_ptr_array_index(m.spaces, i);

        address_space_destroy(as);
        g_free(as);
    }
    for (guint i = 0; i < m.regions->len; i++) {
        object_unref(g_ptr_array_index(m.regions, i));
    }
    test_drain();
    hmp_out_destroy(&out);
    g_ptr_array_free(m.regions, TRUE);
    g_ptr_array_free(m.spaces, TRUE);
    g_array_free(m.pending, TRUE);
    g_hash_table_destroy(m.by_name);
    g_hash_table_destroy(m.with_ops);
}

/* --- Explaining ---------------------------------------------------------------------
 */

static void test_explain(void)
{
    TestOwner *root = test_container("root", UINT64_MAX);
    TestOwner *pci = test_container("pci", UINT64_MAX);
    TestOwner *bar = test_io("bar", 0x1000), *ram = test_ram("ram", 0x100000);
    TestOwner *alias = test_alias("ram-below-4g", ram, 0, 0x100000);
    AddressSpace as;
    HmpOut out;

    address_space_init(&as, &root->mr, "as");
    memory_region_add_subregion(&root->mr, 0, &alias->mr);
    memory_region_add_subregion_overlap(&root->mr, 0, &pci->mr, -1);
    memory_region_add_subregion(&pci->mr, 0x8000, &bar->mr);
    hmp_out_init(&out);
    mtree_explain(&out, &as, 0x8004);
    g_autofree char *text = hmp_out_steal(&out);

    g_assert_nonnull(strstr(text, "way: root > ram-below-4g (alias) > ram\n"));
    g_assert_nonnull(strstr(text, "bar @0000000000000004 (i/o), by way of root > pci "
                                  "> bar\n"));
    g_assert_nonnull(
        strstr(text, "in root, ram-below-4g (prio 0) hides pci (prio -1)"));
    hmp_out_destroy(&out);
    address_space_destroy(&as);
    object_unref(root);
    object_unref(pci);
    object_unref(bar);
    object_unref(alias);
    object_unref(ram);
    test_drain();
}

int main(int argc, char **argv)
{
    const char *name;
    GDir *dir;
    int ret;

    g_test_init(&argc, &argv, NULL);
    bql_lock();
    g_test_add_func("/memory/mtree/explains-who-hides-whom", test_explain);
    cases_folder = argc > 1 ? argv[1] : getenv("STRATA_MTREE_CASES");
    dir = cases_folder ? g_dir_open(cases_folder, 0, NULL) : NULL;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *text = load(name, "info-mtree-D.txt");

        if (text && !is_ambiguous(name)) {
            g_autofree char *path = g_strdup_printf("/memory/mtree/%s", name);

            g_test_add_data_func_full(path, g_strdup(name), run_case, g_free);
        }
    }
    if (dir) {
        g_dir_close(dir);
    }
    ret = g_test_run();
    bql_unlock();
    return ret;
}
