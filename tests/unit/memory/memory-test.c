/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory-test.h"

#include <string.h>

int test_owners_finalized;
static int next_serial;

static void owner_finalize(Object *obj)
{
    test_owners_finalized++;
}

static const TypeInfo owner_info = {
    .name = "test-memory-owner",
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(TestOwner),
    .instance_finalize = owner_finalize,
};
TYPE_REGISTER(owner_info);

TestOwner *test_owner_new(void)
{
    TestOwner *o = (TestOwner *)object_new("test-memory-owner");

    o->serial = ++next_serial;
    return o;
}

TestOwner *test_container(const char *name, uint64_t size)
{
    TestOwner *o = test_owner_new();

    memory_region_init(&o->mr, OBJECT(o), name, size);
    return o;
}

static uint64_t io_read(void *opaque, hwaddr offset, unsigned size)
{
    TestOwner *o = opaque;

    return 0x0101010101010101u * (uint8_t)memory_region_name(&o->mr)[0];
}

static void io_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
}

const MemoryRegionOps test_io_ops = {
    .read = io_read,
    .write = io_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
};

TestOwner *test_io(const char *name, uint64_t size)
{
    TestOwner *o = test_owner_new();

    memory_region_init_io(&o->mr, OBJECT(o), &test_io_ops, o, name, size);
    return o;
}

TestOwner *test_ram(const char *name, uint64_t size)
{
    TestOwner *o = test_owner_new();
    bool ok = memory_region_init_ram(&o->mr, OBJECT(o), name, size, &error_abort);

    g_assert_true(ok);
    return o;
}

TestOwner *test_alias(const char *name, TestOwner *target, hwaddr offset, uint64_t size)
{
    TestOwner *o = test_owner_new();

    memory_region_init_alias(&o->mr, OBJECT(o), name, &target->mr, offset, size);
    return o;
}

void test_drain(void)
{
    bql_unlock();
    rcu_barrier();
    bql_lock();
}

/* --- Views --------------------------------------------------------------------------
 */

static void check_address(AddressSpace *as, hwaddr addr)
{
    const FlatRange *r = flatview_find(as->group->view, addr);
    Answer a;

    if (!explain_address(as->root, addr, &a, NULL, NULL)) {
        g_assert_null(r);
        return;
    }
    g_assert_nonnull(r);
    g_assert_true(r->mr == a.mr);
    g_assert_cmphex(r->offset + (addr - r->start), ==, a.offset);
    g_assert_cmpint(r->readonly, ==, a.readonly);
    g_assert_cmpint(r->nonvolatile, ==, a.nonvolatile);
}

static void check_full_render(AddressSpace *as)
{
    RangeIter it = range_iter_all(as->group->view);
    RangeVec vec = { 0 };

    render_span(as->group->root, SPAN_ALL, &vec);
    for (size_t i = 0; i < vec.n; i++, range_iter_next(&it)) {
        const FlatRange *r = range_iter_get(&it);

        g_assert_nonnull(r);
        g_assert_true(flat_range_same_place(r, &vec.r[i]));
        g_assert_cmpint(r->log_mask, ==, vec.r[i].log_mask);
        g_assert_true(r->host == vec.r[i].host);
        g_assert_cmphex(r->ram_addr, ==, vec.r[i].ram_addr);
    }
    g_assert_null(range_iter_get(&it));
    range_vec_free(&vec);
}

void test_check_view(AddressSpace *as)
{
    const FlatView *view = as->group->view;

    flatview_check(view);
    check_full_render(as);
    check_address(as, 0);
    check_address(as, UINT64_MAX);
    for (RangeIter it = range_iter_all(view); range_iter_get(&it);
         range_iter_next(&it)) {
        const FlatRange *r = range_iter_get(&it);

        check_address(as, r->start);
        check_address(as, r->start - 1);
        check_address(as, r->last);
        check_address(as, r->last + 1);
        check_address(as, r->start + (r->last - r->start) / 2);
    }
    for (int i = 0; i < 20; i++) {
        hwaddr addr =
            ((hwaddr)(uint32_t)g_test_rand_int() << 32) | (uint32_t)g_test_rand_int();

        check_address(as, addr >> (g_test_rand_int() & 63));
    }
}

/* --- The recording listener ---------------------------------------------------------
 */

static bool same_section(const MemoryRegionSection *a, const MemoryRegionSection *b)
{
    return a->mr == b->mr && a->offset_within_region == b->offset_within_region &&
           a->offset_within_address_space == b->offset_within_address_space &&
           a->size == b->size && a->readonly == b->readonly &&
           a->nonvolatile == b->nonvolatile;
}

static void recorder_begin(MemoryListener *l)
{
    Recorder *r = (Recorder *)l;

    g_assert_cmpint(r->begins, ==, r->commits);
    r->begins++;
}

static void recorder_commit(MemoryListener *l)
{
    Recorder *r = (Recorder *)l;

    r->commits++;
    g_assert_cmpint(r->begins, ==, r->commits);
}

static void recorder_add(MemoryListener *l, const MemoryRegionSection *s)
{
    Recorder *r = (Recorder *)l;

    g_array_append_val(r->sections, *s);
    r->adds++;
}

static void recorder_del(MemoryListener *l, const MemoryRegionSection *s)
{
    Recorder *r = (Recorder *)l;

    r->dels++;
    for (guint i = 0; i < r->sections->len; i++) {
        if (same_section(&g_array_index(r->sections, MemoryRegionSection, i), s)) {
            g_array_remove_index_fast(r->sections, i);
            return;
        }
    }
    g_assert_not_reached(); /* removed what was never added */
}

static void recorder_event(Recorder *r, const MemoryRegionIoeventfd *e, bool add)
{
    if (add) {
        g_array_append_val(r->events, *e);
        return;
    }
    for (guint i = 0; i < r->events->len; i++) {
        MemoryRegionIoeventfd *x = &g_array_index(r->events, MemoryRegionIoeventfd, i);

        if (x->addr == e->addr && x->size == e->size && x->fd == e->fd &&
            x->match_data == e->match_data && x->data == e->data) {
            g_array_remove_index_fast(r->events, i);
            return;
        }
    }
    g_assert_not_reached();
}

static void recorder_eventfd_add(MemoryListener *l, const MemoryRegionIoeventfd *e)
{
    recorder_event((Recorder *)l, e, true);
}

static void recorder_eventfd_del(MemoryListener *l, const MemoryRegionIoeventfd *e)
{
    recorder_event((Recorder *)l, e, false);
}

static void recorder_coalesced_add(MemoryListener *l, hwaddr addr, uint64_t size)
{
    recorder_event((Recorder *)l,
                   &(MemoryRegionIoeventfd){ .addr = addr, .data = size }, true);
}

static void recorder_coalesced_del(MemoryListener *l, hwaddr addr, uint64_t size)
{
    recorder_event((Recorder *)l,
                   &(MemoryRegionIoeventfd){ .addr = addr, .data = size }, false);
}

void recorder_init(Recorder *r, AddressSpace *as)
{
    *r = (Recorder){
        .listener = {.name = "recorder",
                     .begin = recorder_begin,
                     .commit = recorder_commit,
                     .region_add = recorder_add,
                     .region_del = recorder_del,
                     .eventfd_add = recorder_eventfd_add,
                     .eventfd_del = recorder_eventfd_del,
                     .coalesced_add = recorder_coalesced_add,
                     .coalesced_del = recorder_coalesced_del},
        .sections = g_array_new(FALSE, FALSE, sizeof(MemoryRegionSection)),
        .events = g_array_new(FALSE, FALSE, sizeof(MemoryRegionIoeventfd)),
    };
    memory_listener_register(&r->listener, as);
}

void recorder_destroy(Recorder *r)
{
    memory_listener_unregister(&r->listener);
    g_assert_cmpint(r->sections->len, ==, 0);
    g_assert_cmpint(r->events->len, ==, 0);
    g_array_free(r->sections, TRUE);
    g_array_free(r->events, TRUE);
}

/* What was told of eventfds is what the regions of the view have. */
static void check_eventfds(Recorder *r)
{
    const FlatView *view = r->listener.as->group->view;
    guint expected = 0, told = 0;

    for (RangeIter it = range_iter_all(view); range_iter_get(&it);
         range_iter_next(&it)) {
        const FlatRange *f = range_iter_get(&it);
        const GArray *fds = f->mr->tree ? f->mr->tree->eventfds : NULL;

        for (guint i = 0; fds && i < fds->len; i++) {
            const MemoryRegionIoeventfd *e =
                &g_array_index(fds, MemoryRegionIoeventfd, i);
            bool found = false;

            if (e->addr < f->offset || e->addr - f->offset > f->last - f->start) {
                continue;
            }
            expected++;
            for (guint k = 0; k < r->events->len && !found; k++) {
                const MemoryRegionIoeventfd *t =
                    &g_array_index(r->events, MemoryRegionIoeventfd, k);

                found = t->size == e->size && t->fd == e->fd &&
                        t->addr == f->start + (e->addr - f->offset);
            }
            g_assert_true(found);
        }
    }
    for (guint k = 0; k < r->events->len; k++) {
        told += g_array_index(r->events, MemoryRegionIoeventfd, k).size != 0;
    }
    g_assert_cmpuint(told, ==, expected);
}

void recorder_check(Recorder *r)
{
    const FlatView *view = r->listener.as->group->view;

    check_eventfds(r);
    g_assert_cmpint(r->sections->len, ==, view->n_ranges);
    for (guint i = 0; i < r->sections->len; i++) {
        MemoryRegionSection *s = &g_array_index(r->sections, MemoryRegionSection, i);
        const FlatRange *f = flatview_find(view, s->offset_within_address_space);

        g_assert_nonnull(f);
        MemoryRegionSection now = section_from_range(view, f);
        g_assert_true(same_section(&now, s));
    }
}
