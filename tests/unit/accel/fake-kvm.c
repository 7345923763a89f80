/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-kvm.h"

#include "memory/memory-internal.h"

#include <string.h>

#define SLOT_MASK 0xffffu

static bool overlap(const struct kvm_userspace_memory_region *a,
                    const struct kvm_userspace_memory_region *b)
{
    return a->guest_phys_addr < b->guest_phys_addr + b->memory_size &&
           b->guest_phys_addr < a->guest_phys_addr + a->memory_size;
}

/* The rules of KVM_SET_USER_MEMORY_REGION. */
static int set_region(FakeKvm *f, const struct kvm_userspace_memory_region *r)
{
    unsigned id = r->slot & SLOT_MASK;
    struct kvm_userspace_memory_region *old;

    f->n_set++;
    g_assert_cmpuint(id, <, f->max_slots);
    g_assert_cmpuint(r->memory_size % KVM_PAGE_SIZE, ==, 0);
    g_assert_cmpuint(r->guest_phys_addr % KVM_PAGE_SIZE, ==, 0);
    g_assert_cmpuint(r->userspace_addr % KVM_PAGE_SIZE, ==, 0);
    old = &f->region[id];
    if (!r->memory_size) {
        g_assert_cmpuint(old->memory_size, !=, 0);
        if (!f->paused) {
            g_array_append_val(f->removed_unpaused, *old);
        }
        *old = (struct kvm_userspace_memory_region){ 0 };
        return 0;
    }
    g_assert_cmpuint(r->guest_phys_addr + r->memory_size, >, r->guest_phys_addr);
    if (old->memory_size) { /* only the log may be switched */
        g_assert_cmphex(old->guest_phys_addr, ==, r->guest_phys_addr);
        g_assert_cmphex(old->memory_size, ==, r->memory_size);
        g_assert_cmphex(old->userspace_addr, ==, r->userspace_addr);
        g_assert_cmphex((old->flags ^ r->flags) & KVM_MEM_READONLY, ==, 0);
        *old = *r;
        return 0;
    }
    if (f->fail_set_after && !--f->fail_set_after) {
        return -ENOMEM;
    }
    for (unsigned i = 0; f->slow_checks && i < f->max_slots; i++) {
        g_assert_false(f->region[i].memory_size && overlap(&f->region[i], r));
    }
    for (guint i = 0; i < f->removed_unpaused->len; i++) {
        g_assert_false(overlap(
            &g_array_index(f->removed_unpaused, struct kvm_userspace_memory_region, i),
            r));
    }
    *old = *r;
    return 0;
}

static uint64_t dirty_key(unsigned id, uint64_t page)
{
    return (uint64_t)id << 40 | page;
}

static int get_log(FakeKvm *f, struct kvm_dirty_log *log)
{
    unsigned id = log->slot & SLOT_MASK;
    uint64_t *bits = log->dirty_bitmap;
    uint64_t pages = f->region[id].memory_size / KVM_PAGE_SIZE;

    g_assert_true(f->region[id].flags & KVM_MEM_LOG_DIRTY_PAGES);
    memset(bits, 0, (pages + 63) / 64 * 8);
    for (uint64_t p = 0; p < pages; p++) {
        if (g_hash_table_contains(f->dirty, GSIZE_TO_POINTER(dirty_key(id, p) + 1))) {
            bits[p / 64] |= (uint64_t)1 << (p % 64);
        }
    }
    return 0;
}

static int clear_log(FakeKvm *f, struct kvm_clear_dirty_log *clear)
{
    unsigned id = clear->slot & SLOT_MASK;
    uint64_t *bits = clear->dirty_bitmap;
    uint64_t pages = f->region[id].memory_size / KVM_PAGE_SIZE;

    f->n_clears++;
    g_assert_cmpuint(clear->first_page % 64, ==, 0);
    g_assert_true(clear->num_pages % 64 == 0 ||
                  clear->first_page + clear->num_pages == pages);
    g_assert_cmpuint(clear->first_page + clear->num_pages, <=, pages);
    for (uint64_t i = 0; i < clear->num_pages; i++) {
        if (bits[i / 64] >> (i % 64) & 1) {
            g_hash_table_remove(
                f->dirty, GSIZE_TO_POINTER(dirty_key(id, clear->first_page + i) + 1));
        }
    }
    return 0;
}

static int vm_ioctl(void *opaque, unsigned long request, void *arg)
{
    switch (request) {
    case KVM_SET_USER_MEMORY_REGION:
        return set_region(opaque, arg);
    case KVM_GET_DIRTY_LOG:
        return get_log(opaque, arg);
    case KVM_CLEAR_DIRTY_LOG:
        return clear_log(opaque, arg);
    default:
        return -ENOTTY;
    }
}

static void pause_begin(void *opaque)
{
    FakeKvm *f = opaque;

    g_assert_false(f->paused);
    f->paused = true;
    f->n_pauses++;
}

static void pause_end(void *opaque)
{
    FakeKvm *f = opaque;

    g_assert_true(f->paused);
    f->paused = false;
}

void fake_kvm_init(FakeKvm *f, unsigned max_slots)
{
    *f = (FakeKvm){
        .ops = {vm_ioctl, pause_begin, pause_end, NULL, f},
        .max_slots = max_slots,
        .region = g_new0(struct kvm_userspace_memory_region, max_slots),
        .dirty = g_hash_table_new(NULL, NULL),
        .slow_checks = true,
        .removed_unpaused =
            g_array_new(FALSE, FALSE, sizeof(struct kvm_userspace_memory_region)),
    };
}

void fake_kvm_destroy(FakeKvm *f)
{
    for (unsigned i = 0; i < f->max_slots; i++) {
        g_assert_cmpuint(f->region[i].memory_size, ==, 0);
    }
    g_free(f->region);
    g_hash_table_destroy(f->dirty);
    g_array_free(f->removed_unpaused, TRUE);
}

void fake_kvm_new_commit(FakeKvm *f)
{
    g_array_set_size(f->removed_unpaused, 0);
}

bool fake_kvm_guest_write(FakeKvm *f, hwaddr addr)
{
    for (unsigned i = 0; i < f->max_slots; i++) {
        struct kvm_userspace_memory_region *r = &f->region[i];

        if (r->memory_size && addr - r->guest_phys_addr < r->memory_size) {
            uint64_t page = (addr - r->guest_phys_addr) / KVM_PAGE_SIZE;

            if (r->flags & KVM_MEM_LOG_DIRTY_PAGES) {
                g_hash_table_add(f->dirty, GSIZE_TO_POINTER(dirty_key(i, page) + 1));
            }
            return !(r->flags & KVM_MEM_READONLY);
        }
    }
    return false;
}

/* --- S1 by the page, the slow way ----------------------------------------------------
 */

typedef struct PageState {
    uint8_t *host;
    bool memory, readonly, log;
} PageState;

/* What the flat view says about one page: memory only if all its bytes continue one
 * another. */
static PageState page_of_view(const FlatView *view, hwaddr page)
{
    PageState state = { 0 };
    hwaddr at = page;

    while (at - page < KVM_PAGE_SIZE) {
        const FlatRange *r = flatview_find(view, at);
        uint8_t *host;
        bool readonly;

        if (!r || !(r->mr->ram || r->romd) || !r->mr->ram_block) {
            return (PageState){ 0 };
        }
        host = (uint8_t *)memory_region_get_ram_ptr(r->mr) + r->offset +
               (at - r->start) - (at - page);
        readonly = r->readonly || r->romd;
        if (at == page) {
            state = (PageState){ .host = host, .memory = true, .readonly = readonly };
        } else if (host != state.host || readonly != state.readonly) {
            return (PageState){ 0 };
        }
        state.log |= r->log_mask != 0;
        if (r->last == HWADDR_MAX) {
            return (PageState){ 0 };
        }
        at = r->last + 1;
    }
    if ((uintptr_t)state.host % KVM_PAGE_SIZE) {
        return (PageState){ 0 };
    }
    return state;
}

static PageState page_of_slots(const KvmSlots *s, hwaddr page)
{
    const KvmSlot *slot = kvm_slots_find(s, page);

    if (!slot) {
        return (PageState){ 0 };
    }
    return (PageState){ .host = slot->host + (page - slot->start),
                        .memory = true,
                        .readonly = slot->readonly,
                        .log = slot->log };
}

static void check_page(const KvmSlots *s, const FlatView *view, hwaddr addr)
{
    hwaddr page = addr & ~(hwaddr)(KVM_PAGE_SIZE - 1);
    PageState a = page_of_view(view, page), b = page_of_slots(s, page);

    g_assert_cmpint(a.memory, ==, b.memory);
    g_assert_true(a.host == b.host);
    g_assert_cmpint(a.readonly, ==, b.readonly);
    /* A page may be logged without need, never the other way round. */
    g_assert_true(!a.log || b.log);
}

static void check_ends(const KvmSlot *slot, void *opaque)
{
    void **args = opaque;

    check_page(args[0], args[1], slot->start);
    check_page(args[0], args[1], slot->start - 1);
    check_page(args[0], args[1], slot->start + slot->size - 1);
    check_page(args[0], args[1], slot->start + slot->size);
}

void kvm_slots_check_view(const KvmSlots *s, AddressSpace *as)
{
    FlatView *view = as->group->view;
    void *args[] = { (void *)s, view };

    kvm_slots_foreach(s, check_ends, args);
    for (RangeIter it = range_iter_all(view); range_iter_get(&it);
         range_iter_next(&it)) {
        const FlatRange *r = range_iter_get(&it);

        check_page(s, view, r->start);
        check_page(s, view, r->last);
        check_page(s, view, r->start + (r->last - r->start) / 2);
    }
}

typedef struct Check {
    FakeKvm *fake;
    KvmSlots *slots;
    KvmSlot before;
    unsigned n;
} Check;

static void check_slot(const KvmSlot *slot, void *opaque)
{
    Check *c = opaque;
    const struct kvm_userspace_memory_region *r = &c->fake->region[slot->id];

    g_assert_cmphex(r->guest_phys_addr, ==, slot->start);
    g_assert_cmphex(r->memory_size, ==, slot->size);
    g_assert_true((uint8_t *)(uintptr_t)r->userspace_addr == slot->host);
    g_assert_cmpint(!!(r->flags & KVM_MEM_READONLY), ==, slot->readonly);
    g_assert_cmpint(!!(r->flags & KVM_MEM_LOG_DIRTY_PAGES), ==, slot->log);
    g_assert_true(kvm_slots_by_id(c->slots, slot->id) == slot);
    /* Maximal. */
    if (c->n && c->before.start + c->before.size == slot->start &&
        slot->start % KVM_SLOT_MAX_BYTES) {
        g_assert_false(c->before.host + c->before.size == slot->host &&
                       c->before.readonly == slot->readonly &&
                       c->before.log == slot->log);
    }
    c->before = *slot;
    c->n++;
}

void fake_kvm_check(FakeKvm *f, KvmSlots *s, AddressSpace *as)
{
    Check c = { f, s };
    unsigned in_fake = 0;

    kvm_slots_foreach(s, check_slot, &c);
    for (unsigned i = 0; i < f->max_slots; i++) {
        in_fake += f->region[i].memory_size != 0;
    }
    g_assert_cmpuint(c.n, ==, in_fake);
    g_assert_cmpuint(c.n, ==, kvm_slots_count(s));
    kvm_slots_check_view(s, as);
}
