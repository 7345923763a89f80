/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RAM blocks, dirty bitmaps, listeners' logs, host memory backends. */
#include "memory-test.h"

#include "memory/backend.h"
#include "qapi/value.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static RAMBlock *block_of(TestOwner *o)
{
    return memory_region_get_ram_block(&o->mr);
}

static ram_addr_t offset_of(TestOwner *o)
{
    return ram_block_get_offset(block_of(o));
}

/* --- Blocks -------------------------------------------------------------------------
 */

static void test_placement(void)
{
    TestOwner *a = test_ram("a", 0x100000), *b = test_ram("b", 0x41000);
    TestOwner *c = test_ram("c", 0x80000), *d = test_ram("d", 0x1000);
    TestOwner *e, *g;
    ram_addr_t hole = offset_of(b), at;

    g_assert_cmphex(offset_of(b), ==, offset_of(a) + 0x100000);
    g_assert_cmphex(offset_of(c), ==, offset_of(b) + 0x80000);
    /* The biggest comes first in the list. */
    g_assert_true(ram_block_first() == block_of(a));
    g_assert_true(ram_block_next(block_of(a)) == block_of(c));
    g_assert_true(ram_block_find("b") == block_of(b));
    object_unref(b);
    g_assert_null(ram_block_find("b"));
    g_assert_null(ram_block_at(hole, &at));
    /* The smallest gap that is big enough. */
    e = test_ram("e", 0x80000);
    g_assert_cmphex(offset_of(e), ==, hole);
    g = test_ram("g", 0x1000);
    g_assert_cmphex(offset_of(g), ==, offset_of(d) + 0x40000);
    g_assert_true(ram_block_at(offset_of(c) + 0x7ffff, &at) == block_of(c));
    g_assert_cmphex(at, ==, 0x7ffff);
    g_assert_null(ram_block_at(offset_of(d) + 0x1000, &at));
    g_assert_true(ram_block_from_host((uint8_t *)ram_block_get_host(block_of(c)) + 5,
                                      &at) == block_of(c));
    g_assert_cmphex(at, ==, 5);
    g_assert_true(ram_block_host_ptr(offset_of(c) + 8) ==
                  (uint8_t *)ram_block_get_host(block_of(c)) + 8);
    object_unref(a);
    object_unref(c);
    object_unref(d);
    object_unref(e);
    object_unref(g);
    test_drain();
    g_assert_null(ram_block_first());
}

static void test_ids(void)
{
    TestOwner *a = test_ram("a", 0x1000), *b = test_ram("b", 0x1000);
    Error *err = NULL;

    g_assert_true(
        ram_block_set_idstr(block_of(a), "0000:00:02.0/vga.vram", &error_abort));
    g_assert_true(ram_block_find("0000:00:02.0/vga.vram") == block_of(a));
    g_assert_false(ram_block_set_idstr(block_of(b), "0000:00:02.0/vga.vram", &err));
    g_assert_nonnull(err);
    error_free(err);
    object_unref(a);
    object_unref(b);
    test_drain();
}

static int resized;

static void note_resized(const char *id, uint64_t length, void *host)
{
    g_assert_cmpstr(id, ==, "tables");
    resized++;
}

static void test_resize(void)
{
    TestOwner *o = test_owner_new(), *root = test_container("root", UINT64_MAX);
    AddressSpace as;
    Error *err = NULL;
    bool ok;

    ok = memory_region_init_resizeable_ram(&o->mr, OBJECT(o), "tables", 0x20000,
                                           0x200000, note_resized, &error_abort);
    g_assert_true(ok);
    g_assert_cmphex(ram_block_get_used_length(block_of(o)), ==, 0x20000);
    g_assert_cmphex(ram_block_get_max_length(block_of(o)), ==, 0x200000);
    address_space_init(&as, &root->mr, "as");
    memory_region_add_subregion(&root->mr, 0, &o->mr);
    ok = memory_region_ram_resize(&o->mr, 0x30000, &error_abort);
    g_assert_true(ok);
    g_assert_cmpint(resized, ==, 1);
    test_check_view(&as);
    g_assert_cmphex(flatview_find(as.group->view, 0)->last, ==, 0x2ffff);
    g_assert_false(memory_region_ram_resize(&o->mr, 0x201000, &err));
    g_assert_nonnull(err);
    g_assert_cmphex(memory_region_size(&o->mr), ==, 0x30000);
    error_free(err);
    address_space_destroy(&as);
    object_unref(root);
    object_unref(o);
    test_drain();
}

static void test_too_big(void)
{
    TestOwner *o = test_owner_new();
    Error *err = NULL;

    g_assert_false(
        memory_region_init_ram(&o->mr, OBJECT(o), "huge", (uint64_t)1 << 47, &err));
    g_assert_cmpstr(error_get_message(err), ==,
                    "cannot set up guest memory 'huge': Cannot allocate memory");
    g_assert_null(ram_block_first());
    error_free(err);
    object_unref(o);
}

static void test_discard(void)
{
    TestOwner *o = test_ram("o", 0x4000);
    uint8_t *p = memory_region_get_ram_ptr(&o->mr);
    RAMBlock *rb = block_of(o);

    memset(p, 1, 0x4000);
    g_assert_cmpint(ram_block_discard_range(rb, 0x1000, 0x2000), ==, 0);
    g_assert_cmpint(p[0xfff], ==, 1);
    g_assert_cmpint(p[0x1000], ==, 0);
    g_assert_cmpint(p[0x2fff], ==, 0);
    g_assert_cmpint(p[0x3000], ==, 1);
    g_assert_cmpint(ram_block_discard_range(rb, 0x3000, 0x2000), ==, -EINVAL);
    g_assert_cmpint(ram_block_discard_range(rb, UINT64_MAX - 0xfff, 0x2000), ==,
                    -EINVAL);
    g_assert_cmpint(ram_block_discard_range(rb, 0x10, 0x1000), ==, -EINVAL);
    object_unref(o);
    test_drain();
}

static void test_prealloc_sigbus(void)
{
    g_autofree char *path = g_strdup("/tmp/strata-test-ram-XXXXXX");
    TestOwner *o = test_owner_new();
    int fd = g_mkstemp(path);
    Error *err = NULL;
    bool ok;

    g_assert_cmpint(ftruncate(fd, 0x8000), ==, 0);
    ok = memory_region_init_ram_from_file(&o->mr, OBJECT(o), "f", 0x8000, 0, RAM_SHARED,
                                          path, false, &error_abort);
    g_assert_true(ok);
    ok = ram_prealloc(memory_region_get_ram_ptr(&o->mr), 0x8000,
                      memory_region_get_fd(&o->mr), 3, &error_abort);
    g_assert_true(ok);
    /* Somebody cuts the file short: touching the rest is a SIGBUS. */
    g_assert_cmpint(ftruncate(fd, 0x1000), ==, 0);
    g_assert_false(ram_prealloc(memory_region_get_ram_ptr(&o->mr), 0x8000,
                                memory_region_get_fd(&o->mr), 3, &err));
    g_assert_nonnull(strstr(error_get_message(err), "preallocating memory failed"));
    g_clear_pointer(&err, error_free);
    g_assert_false(ram_prealloc(memory_region_get_ram_ptr(&o->mr), 0x8000,
                                memory_region_get_fd(&o->mr), 1, &err));
    error_free(err);
    close(fd);
    g_unlink(path);
    object_unref(o);
    test_drain();
}

/* --- Dirty bits ---------------------------------------------------------------------
 */

static ram_addr_t cleared_addr;
static unsigned cleared;

static void note_cleared(ram_addr_t addr, uint64_t len, unsigned client)
{
    cleared_addr = addr;
    cleared++;
}

static void test_dirty(void)
{
    TestOwner *o = test_ram("o", 0x100000);
    ram_addr_t base = offset_of(o);

    ram_set_dirty_cleared_hook(note_cleared);
    g_assert_true(ram_dirty_get(base, 0x1000, DIRTY_MEMORY_VGA));
    g_assert_cmpint(ram_dirty_clients_clean(base), ==, 0);
    g_assert_true(ram_dirty_test_and_clear(base + 0x1000, 0x80000, DIRTY_MEMORY_VGA));
    g_assert_cmpint(cleared, ==, 1);
    g_assert_cmphex(cleared_addr, ==, base + 0x1000);
    g_assert_false(ram_dirty_test_and_clear(base + 0x1000, 0x80000, DIRTY_MEMORY_VGA));
    g_assert_cmpint(cleared, ==, 1);
    g_assert_true(ram_dirty_get(base, 0x1000, DIRTY_MEMORY_VGA));
    g_assert_false(ram_dirty_get(base + 0x1000, 0x80000, DIRTY_MEMORY_VGA));
    g_assert_true(ram_dirty_get(base + 0x1000, 0x80001, DIRTY_MEMORY_VGA));
    g_assert_true(ram_dirty_get(base + 0x1000, 0x80000, DIRTY_MEMORY_CODE));
    g_assert_cmpint(ram_dirty_clients_clean(base + 0x1000), ==, 1 << DIRTY_MEMORY_VGA);
    ram_dirty_set(base + 0x1fff, 2, 1 << DIRTY_MEMORY_VGA);
    g_assert_true(ram_dirty_get(base + 0x1000, 1, DIRTY_MEMORY_VGA));
    g_assert_true(ram_dirty_get(base + 0x2000, 1, DIRTY_MEMORY_VGA));
    g_assert_false(ram_dirty_get(base + 0x3000, 1, DIRTY_MEMORY_VGA));
    ram_written(base + 0x3000, 1);
    g_assert_true(ram_dirty_get(base + 0x3000, 1, DIRTY_MEMORY_VGA));
    ram_set_dirty_cleared_hook(NULL);
    object_unref(o);
    test_drain();
    /* Who comes to live there next begins dirty. */
    o = test_ram("again", 0x100000);
    g_assert_cmphex(offset_of(o), ==, base);
    g_assert_cmpint(ram_dirty_clients_clean(base + 0x5000), ==, 0);
    object_unref(o);
    test_drain();
}

static void test_snapshot(void)
{
    TestOwner *pad = test_ram("pad", 0x3000), *o = test_ram("vram", 0x200000);
    DirtyBitmapSnapshot *snap;

    memory_region_set_log(&o->mr, true, DIRTY_MEMORY_VGA);
    memory_region_reset_dirty(&o->mr, 0, 0x200000, DIRTY_MEMORY_VGA);
    g_assert_false(memory_region_get_dirty(&o->mr, 0, 0x200000, DIRTY_MEMORY_VGA));
    memory_region_set_dirty(&o->mr, 0x41000, 1);
    memory_region_set_dirty(&o->mr, 0x1ff000, 0x1000);
    snap = memory_region_snapshot_and_clear_dirty(&o->mr, 0x800, 0x1ff800,
                                                  DIRTY_MEMORY_VGA);
    g_assert_false(memory_region_get_dirty(&o->mr, 0, 0x200000, DIRTY_MEMORY_VGA));
    g_assert_false(memory_region_snapshot_get_dirty(&o->mr, snap, 0x800, 0x40800));
    g_assert_true(memory_region_snapshot_get_dirty(&o->mr, snap, 0x40ffc, 8));
    g_assert_true(memory_region_snapshot_get_dirty(&o->mr, snap, 0x1ff800, 4));
    dirty_bitmap_snapshot_free(snap);
    object_unref(o);
    object_unref(pad);
    test_drain();
}

/* --- Listeners' logs ----------------------------------------------------------------
 */

typedef struct LogRecorder {
    MemoryListener listener;
    int starts, stops, syncs, clears, global;
    int last_old, last_new;
    hwaddr sync_addr, sync_size;
} LogRecorder;

static void log_start(MemoryListener *l, const MemoryRegionSection *s, int old,
                      int new_)
{
    LogRecorder *r = (LogRecorder *)l;

    r->starts++;
    r->last_old = old;
    r->last_new = new_;
}

static void log_stop(MemoryListener *l, const MemoryRegionSection *s, int old, int new_)
{
    ((LogRecorder *)l)->stops++;
}

static void log_sync(MemoryListener *l, const MemoryRegionSection *s)
{
    LogRecorder *r = (LogRecorder *)l;

    r->syncs++;
    r->sync_addr = s->offset_within_address_space;
    r->sync_size = (hwaddr)s->size;
}

static void log_clear(MemoryListener *l, const MemoryRegionSection *s)
{
    ((LogRecorder *)l)->clears++;
}

static void log_global_start(MemoryListener *l)
{
    ((LogRecorder *)l)->global++;
}

static void log_global_stop(MemoryListener *l)
{
    ((LogRecorder *)l)->global--;
}

static bool refuse_big(MemoryListener *l, const MemoryRegionSection *s, Error **errp)
{
    return s->size <= 0x1000 || error_set(errp, "no slots left");
}

static void test_logs(void)
{
    TestOwner *root = test_container("root", UINT64_MAX);
    TestOwner *ram = test_ram("ram", 0x10000);
    LogRecorder r = {
        .listener = {.name = "log",
                     .log_start = log_start,
                     .log_stop = log_stop,
                     .log_sync = log_sync,
                     .log_clear = log_clear,
                     .log_global_start = log_global_start,
                     .log_global_stop = log_global_stop,
                     .pre_plug = refuse_big},
    };
    AddressSpace as;
    Recorder sections;
    Error *err = NULL;

    address_space_init(&as, &root->mr, "as");
    memory_region_add_subregion(&root->mr, 0x100000, &ram->mr);
    recorder_init(&sections, &as);
    memory_listener_register(&r.listener, &as);
    memory_region_set_log(&ram->mr, true, DIRTY_MEMORY_VGA);
    g_assert_cmpint(r.starts, ==, 1);
    g_assert_cmpint(r.last_new, ==, 1 << DIRTY_MEMORY_VGA);
    memory_region_set_log(&ram->mr, true, DIRTY_MEMORY_VGA);
    g_assert_cmpint(r.starts, ==, 1);
    /* A change of logging is no change of the map. */
    g_assert_cmpint(sections.adds, ==, 1);
    memory_global_dirty_log_start();
    g_assert_cmpint(r.starts, ==, 2);
    g_assert_cmpint(r.last_old, ==, 1 << DIRTY_MEMORY_VGA);
    g_assert_cmpint(r.global, ==, 1);
    dirty_bitmap_snapshot_free(memory_region_snapshot_and_clear_dirty(
        &ram->mr, 0x1000, 0x2000, DIRTY_MEMORY_VGA));
    g_assert_cmpint(r.syncs, ==, 1);
    g_assert_cmphex(r.sync_addr, ==, 0x101000);
    g_assert_cmphex(r.sync_size, ==, 0x2000);
    g_assert_cmpint(r.clears, ==, 1);
    memory_global_dirty_log_sync();
    g_assert_cmpint(r.syncs, ==, 2);
    memory_global_dirty_log_stop();
    g_assert_cmpint(r.stops, ==, 1);
    g_assert_cmpint(r.global, ==, 0);
    memory_region_set_log(&ram->mr, false, DIRTY_MEMORY_VGA);
    g_assert_cmpint(r.stops, ==, 1);
    memory_region_set_log(&ram->mr, false, DIRTY_MEMORY_VGA);
    g_assert_cmpint(r.stops, ==, 2);
    g_assert_false(memory_listeners_pre_plug(&as, &ram->mr, 0, &err));
    g_assert_cmpstr(error_get_message(err), ==, "no slots left");
    error_free(err);
    memory_listener_unregister(&r.listener);
    recorder_check(&sections);
    recorder_destroy(&sections);
    address_space_destroy(&as);
    object_unref(root);
    object_unref(ram);
    test_drain();
}

static GString *order;

static void note_order(MemoryListener *l, const MemoryRegionSection *s)
{
    g_string_append(order, l->name);
}

static void test_priorities(void)
{
    TestOwner *root = test_container("root", UINT64_MAX), *io = test_io("io", 0x1000);
    MemoryListener l[] = {
        {.name = "c",
         .priority = 20,
         .region_add = note_order,
         .region_del = note_order},
        { .name = "a",
         .priority = 0,
         .region_add = note_order,
         .region_del = note_order},
        { .name = "b",
         .priority = 10,
         .region_add = note_order,
         .region_del = note_order},
    };
    AddressSpace as;

    order = g_string_new(NULL);
    address_space_init(&as, &root->mr, "as");
    for (int i = 0; i < 3; i++) {
        memory_listener_register(&l[i], &as);
    }
    memory_region_add_subregion(&root->mr, 0, &io->mr);
    g_assert_cmpstr(order->str, ==, "abc");
    memory_region_del_subregion(&root->mr, &io->mr);
    g_assert_cmpstr(order->str, ==, "abccba");
    for (int i = 0; i < 3; i++) {
        memory_listener_unregister(&l[i]);
    }
    g_string_free(order, TRUE);
    address_space_destroy(&as);
    object_unref(root);
    object_unref(io);
    test_drain();
}

/* --- Backends -----------------------------------------------------------------------
 */

static Object *add(const char *type, const char *id, const char *options, Error **errp)
{
    struct json_object *props = json_tokener_parse(options);
    Object *obj = user_creatable_add(type, id, props, errp);

    json_object_put(props);
    return obj;
}

static void expect_error(const char *type, const char *options, const char *message)
{
    Error *err = NULL;

    g_assert_null(add(type, "m0", options, &err));
    g_assert_cmpstr(error_get_message(err), ==, message);
    error_free(err);
}

static void test_backend_errors(void)
{
    const char *ram = TYPE_MEMORY_BACKEND_RAM, *file = TYPE_MEMORY_BACKEND_FILE;
    const char *memfd = TYPE_MEMORY_BACKEND_MEMFD;

    expect_error(ram, "{'size': 0}",
                 "property 'size' of memory-backend-ram doesn't take value '0'");
    expect_error(ram, "{}", "can't create backend with size 0");
    expect_error(ram, "{'size': 1048576, 'prealloc-threads': 0}",
                 "property 'prealloc-threads' of memory-backend-ram doesn't take value "
                 "'0'");
    expect_error(ram, "{'size': 1048576, 'policy': 'bind'}",
                 "host-nodes must be set for policy bind");
    expect_error(
        ram, "{'size': 1048576, 'host-nodes': [0]}",
        "host-nodes must be empty for policy default, or you should explicitly "
        "specify a policy other than default");
    expect_error(ram, "{'size': 1048576, 'policy': 'bind', 'host-nodes': [500]}",
                 "Invalid host-nodes value: 500");
    expect_error(ram, "{'size': 1048576, 'reserve': false, 'prealloc': true}",
                 "'prealloc=on' and 'reserve=off' are incompatible");
    expect_error(ram, "{'size': 107374182400000}",
                 "cannot set up guest memory 'm0': Cannot allocate memory");
    expect_error(file, "{'size': 1048576, 'mem-path': '/nonexistent/dir/f'}",
                 "can't open backing store /nonexistent/dir/f for guest RAM: No such "
                 "file or directory");
    expect_error(file, "{'size': 1048576, 'mem-path': '/proc'}",
                 "can't open backing store /proc for guest RAM: No such file or "
                 "directory");
    expect_error(file, "{'size': 1048576, 'mem-path': '/tmp', 'align': 3}",
                 "alignment 0x3 must be multiples of page size 0x1000");
    expect_error(file, "{'size': 1048576, 'mem-path': '/tmp', 'pmem': true}",
                 "Lack of libpmem support while setting the 'pmem=on' of "
                 "memory-backend-file. We can't ensure data persistence.");
    expect_error(memfd, "{'size': 1000}",
                 "backing store size 0x3e8 does not match 'size' option 0x1000");
    expect_error(memfd, "{'size': 1048576, 'hugetlb': true, 'hugetlbsize': 3145728}",
                 "Hugepage size must be a power of 2");
    /* Nothing is left of any of them. */
    test_drain();
    g_assert_null(ram_block_first());
}

static void test_backends(void)
{
    g_autofree char *dir = g_dir_make_tmp("strata-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "ram.bin", NULL);
    g_autofree char *options =
        g_strdup_printf("{'size': 2097152, 'share': true, 'mem-path': '%s'}", path);
    HostMemoryBackend *b;
    struct stat st;
    Error *err = NULL;

    b = MEMORY_BACKEND(add(TYPE_MEMORY_BACKEND_FILE, "f0", options, &error_abort));
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_size, ==, 2097152);
    g_assert_cmpuint(host_memory_backend_get_size(b), ==, 2097152);
    g_assert_cmpstr(ram_block_get_idstr(ram_block_first()), ==, "f0");
    host_memory_backend_set_mapped(b, true);
    g_assert_false(user_creatable_del("f0", &err));
    g_clear_pointer(&err, error_free);
    host_memory_backend_set_mapped(b, false);
    /* What is written to the memory is in the file. */
    memcpy(memory_region_get_ram_ptr(host_memory_backend_get_memory(b)), "abcd", 4);
    g_assert_false(object_property_set_uint(OBJECT(b), "size", 4096, &err));
    error_free(err);
    g_assert_true(user_creatable_del("f0", &error_abort));
    test_drain();
    {
        g_autofree char *text = NULL;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_assert_cmpint(memcmp(text, "abcd", 4), ==, 0);
    }
    /* -mem-path with a directory: a file without a name. */
    b = host_memory_backend_new_default("pc.ram", 1 << 20, dir, true, &error_abort);
    g_assert_cmpstr(host_memory_backend_get_id(b), ==, "pc.ram");
    g_assert_true(user_creatable_del("pc.ram", &error_abort));
    add(TYPE_MEMORY_BACKEND_MEMFD, "mf0", "{'size': 1048576}", &error_abort);
    g_assert_true(object_property_get_bool(
        object_get_child(container_get(object_get_root(), "/objects"), "mf0"),
        "share"));
    g_assert_cmpint(ram_block_get_fd(ram_block_first()), >=, 0);
    g_assert_true(user_creatable_del("mf0", &error_abort));
    test_drain();
    g_unlink(path);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    bql_lock();
    g_test_add_func("/memory/ram/smallest-gap-biggest-first", test_placement);
    g_test_add_func("/memory/ram/ids-differ", test_ids);
    g_test_add_func("/memory/ram/resize-within-its-maximum", test_resize);
    g_test_add_func("/memory/ram/too-big-is-an-error", test_too_big);
    g_test_add_func("/memory/ram/discarded-pages-read-zero", test_discard);
    g_test_add_func("/memory/ram/prealloc-turns-sigbus-into-an-error",
                    test_prealloc_sigbus);
    g_test_add_func("/memory/dirty/set-clear-and-tell", test_dirty);
    g_test_add_func("/memory/dirty/snapshot-and-clear", test_snapshot);
    g_test_add_func("/memory/listener/logs-follow-the-clients", test_logs);
    g_test_add_func("/memory/listener/priority-order-reversed-for-removal",
                    test_priorities);
    g_test_add_func("/memory/backend/errors-leave-nothing", test_backend_errors);
    g_test_add_func("/memory/backend/kinds", test_backends);
    ret = g_test_run();
    bql_unlock();
    return ret;
}
