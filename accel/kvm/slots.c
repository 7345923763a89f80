/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From flat ranges to memory slots.
 *
 * The listener keeps the view's memory ranges, byte-granular, in a tree by address and
 * remembers where something changed. commit widens each changed interval by the slots
 * that it meets or touches, computes what the slots of that neighbourhood are to be,
 * and changes those that differ. So a commit costs what it changes times the logarithm
 * of the number of slots, however many there are.
 *
 * S1: after commit the slots are exactly the maximal runs described in slots.h, but for
 *     intervals in "failed", which have no slot: accesses there exit and are carried
 *     out by the memory core.
 * S2: slots are disjoint, in the tree and in the kernel: removals go before additions.
 * S3: when a removed slot overlaps an added one, or was logged, no vCPU runs guest code
 *     from before the removal until after the additions: it would take accesses to
 *     memory for accesses to registers, or dirty a page after the last fetch of the
 * log. S4: a number is in exactly one of by_id (its slot) and free_ids.
 */
#include "accel/kvm/slots.h"

#include "util/bql.h"
#include "util/log.h"

#include <assert.h>
#include <linux/kvm.h>
#include <string.h>

typedef struct Range {
    hwaddr start; /* first: the key */
    hwaddr last;
    uint8_t *host;
    ram_addr_t ram_addr;
    bool readonly, log;
} Range;

typedef struct Interval {
    hwaddr lo, last;
} Interval;

/* --- Trees by address ----------------------------------------------------------------
 */

static int compare_start(const void *a, const void *b, void *opaque)
{
    hwaddr x = *(const hwaddr *)a, y = *(const hwaddr *)b;

    return x < y ? -1 : x > y;
}

/* The element with the highest start that is not above @addr. */
static GTreeNode *node_at_or_before(GTree *tree, hwaddr addr)
{
    GTreeNode *above = g_tree_upper_bound(tree, &addr);

    return above ? g_tree_node_previous(above) : g_tree_node_last(tree);
}

static GTreeNode *next_node(GTree *tree, GTreeNode *node)
{
    return node ? g_tree_node_next(node) : g_tree_node_first(tree);
}

static hwaddr slot_last(const KvmSlot *slot)
{
    return slot->start + (slot->size - 1);
}

/* The node of the slot at or after @addr; NULL when there is none. */
static GTreeNode *slot_node_from(GTree *slots, hwaddr addr)
{
    GTreeNode *node = node_at_or_before(slots, addr);

    if (node && slot_last(g_tree_node_value(node)) >= addr) {
        return node;
    }
    return next_node(slots, node);
}

KvmSlot *kvm_slots_first_at_or_after(KvmSlots *s, hwaddr addr)
{
    GTreeNode *node = slot_node_from(s->slots, addr);

    return node ? g_tree_node_value(node) : NULL;
}

const KvmSlot *kvm_slots_find(const KvmSlots *s, hwaddr addr)
{
    GTreeNode *node = node_at_or_before(s->slots, addr);
    const KvmSlot *slot = node ? g_tree_node_value(node) : NULL;

    return slot && slot_last(slot) >= addr ? slot : NULL;
}

KvmSlot *kvm_slots_by_id(const KvmSlots *s, unsigned id)
{
    return id < s->by_id->len ? g_ptr_array_index(s->by_id, id) : NULL;
}

unsigned kvm_slots_count(const KvmSlots *s)
{
    return g_tree_nnodes(s->slots);
}

void kvm_slots_foreach(const KvmSlots *s, KvmSlotFn *fn, void *opaque)
{
    for (GTreeNode *n = g_tree_node_first(s->slots); n; n = g_tree_node_next(n)) {
        fn(g_tree_node_value(n), opaque);
    }
}

/* --- Intervals -----------------------------------------------------------------------
 */

static int compare_intervals(const void *a, const void *b)
{
    const Interval *x = a, *y = b;

    return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* Sorted, disjoint, not touching. */
static void coalesce(GArray *list)
{
    guint n = 0;

    g_array_sort(list, compare_intervals);
    for (guint i = 0; i < list->len; i++) {
        Interval *x = &g_array_index(list, Interval, i);
        Interval *before = n ? &g_array_index(list, Interval, n - 1) : NULL;

        if (before && (before->last == HWADDR_MAX || x->lo <= before->last + 1)) {
            before->last = MAX(before->last, x->last);
        } else {
            g_array_index(list, Interval, n++) = *x;
        }
    }
    g_array_set_size(list, n);
}

/* To whole pages. */
static void add_damage(GArray *list, hwaddr lo, hwaddr last)
{
    Interval x = { lo & ~(hwaddr)(KVM_PAGE_SIZE - 1), last | (KVM_PAGE_SIZE - 1) };

    g_array_append_val(list, x);
}

/* Take in the slots that it meets or touches: they may have to split or merge. */
static void widen(KvmSlots *s, Interval *x)
{
    hwaddr lo = x->lo ? x->lo - 1 : 0;
    hwaddr last = x->last == HWADDR_MAX ? HWADDR_MAX : x->last + 1;

    for (GTreeNode *n = slot_node_from(s->slots, lo); n; n = g_tree_node_next(n)) {
        const KvmSlot *slot = g_tree_node_value(n);

        if (slot->start > last) {
            break;
        }
        x->lo = MIN(x->lo, slot->start);
        x->last = MAX(x->last, slot_last(slot));
    }
}

/* --- What the slots are to be --------------------------------------------------------
 */

static bool continues(const Range *a, const Range *b)
{
    uint64_t len = b->start - a->start;

    return a->last + 1 == b->start && a->host + len == b->host &&
           a->ram_addr + len == b->ram_addr && a->readonly == b->readonly;
}

/* Whole pages of [@lo, @end) that are where @r says, as slots. */
static void emit(GPtrArray *out, const Range *r, hwaddr lo, hwaddr end, bool log)
{
    while (lo < end) {
        hwaddr limit = (lo | (KVM_SLOT_MAX_BYTES - 1)) + 1; /* 0 at the very top */
        hwaddr stop = limit && limit < end ? limit : end;
        KvmSlot *slot = g_new0(KvmSlot, 1);

        *slot = (KvmSlot){ .start = lo,
                           .size = stop - lo,
                           .host = r->host + (lo - r->start),
                           .ram_addr = r->ram_addr + (lo - r->start),
                           .readonly = r->readonly,
                           .log = log };
        g_ptr_array_add(out, slot);
        lo = stop;
    }
}

static hwaddr page_floor(hwaddr addr)
{
    return addr & ~(hwaddr)(KVM_PAGE_SIZE - 1);
}

static hwaddr page_ceil(hwaddr addr)
{
    return page_floor(addr + KVM_PAGE_SIZE - 1);
}

/*
 * The slots of a run of ranges that continue each other, from @node's on, clipped to
 * @clip. A page that is partly logged is logged. Returns the node after the run.
 *
 * The last page of the address space is left out (its end would be 2^64).
 */
static GTreeNode *emit_run(GTreeNode *node, Interval clip, GPtrArray *out)
{
    const Range *first = g_tree_node_value(node), *r = first;
    hwaddr lo = page_ceil(MAX(first->start, clip.lo));
    bool log = first->log, usable, overflow = lo < first->start;

    usable = !((uintptr_t)(first->host + (lo - first->start)) & (KVM_PAGE_SIZE - 1)) &&
             !overflow;
    for (;;) {
        GTreeNode *n = g_tree_node_next(node);
        const Range *next = n ? g_tree_node_value(n) : NULL;

        if (!next || next->start > clip.last || !continues(r, next)) {
            hwaddr last = MIN(r->last, clip.last);
            hwaddr end = last == HWADDR_MAX ? page_floor(last) : page_floor(last + 1);

            if (usable) {
                emit(out, first, lo, end, log);
            }
            return n;
        }
        if (next->log != log) {
            hwaddr cut = log ? page_ceil(next->start) : page_floor(next->start);

            if (cut <= lo) {
                log = true;
            } else {
                if (usable) {
                    emit(out, first, lo, cut, log);
                }
                lo = cut;
                log = next->log;
            }
        }
        r = next;
        node = n;
    }
}

static void wanted_slots(KvmSlots *s, Interval clip, GPtrArray *out)
{
    GTreeNode *node = node_at_or_before(s->ranges, clip.lo);

    if (!node || ((const Range *)g_tree_node_value(node))->last < clip.lo) {
        node = next_node(s->ranges, node);
    }
    while (node && ((const Range *)g_tree_node_value(node))->start <= clip.last) {
        node = emit_run(node, clip, out);
    }
}

/* --- The kernel's side ---------------------------------------------------------------
 */

static int set_region(KvmSlots *s, const KvmSlot *slot, uint64_t size)
{
    struct kvm_userspace_memory_region region = {
        .slot = slot->id | s->as_id << 16,
        .flags = (slot->readonly ? KVM_MEM_READONLY : 0) |
                 (slot->log ? KVM_MEM_LOG_DIRTY_PAGES : 0),
        .guest_phys_addr = slot->start,
        .memory_size = size,
        .userspace_addr = (uintptr_t)slot->host,
    };
    int ret = s->ops->vm_ioctl(s->ops->opaque, KVM_SET_USER_MEMORY_REGION, &region);

    log_item(LOG_KVM_SLOTS,
             "kvm-slots: as %u slot %u %s %016" PRIx64 "-%016" PRIx64 " %s%s -> %d\n",
             s->as_id, slot->id, size ? "set" : "del", slot->start, slot_last(slot),
             slot->readonly ? "ro" : "rw", slot->log ? " log" : "", ret);
    return ret;
}

static bool take_id(KvmSlots *s, uint16_t *id)
{
    if (s->free_ids->len) {
        *id = g_array_index(s->free_ids, uint16_t, s->free_ids->len - 1);
        g_array_set_size(s->free_ids, s->free_ids->len - 1);
        return true;
    }
    if (s->by_id->len >= s->limits.max_slots) {
        return false;
    }
    *id = s->by_id->len;
    g_ptr_array_add(s->by_id, NULL);
    return true;
}

static void give_id(KvmSlots *s, uint16_t id)
{
    g_ptr_array_index(s->by_id, id) = NULL;
    g_array_append_val(s->free_ids, id);
}

static void slot_free(void *opaque)
{
    KvmSlot *slot = opaque;

    g_free(slot->dirty);
    g_free(slot);
}

static void remove_slot(KvmSlots *s, KvmSlot *slot)
{
    int ret;

    if (slot->log) {
        kvm_slot_sync_dirty(s, slot);
    }
    ret = set_region(s, slot, 0);
    if (ret < 0) {
        g_error("KVM refuses to remove memory slot %u at %016" PRIx64 ": %s", slot->id,
                slot->start, g_strerror(-ret));
    }
    give_id(s, slot->id);
    g_tree_remove(s->slots, &slot->start);
}

/* The user hears of it once; the memory works, slowly, until there is room. */
static void slot_failed(KvmSlots *s, KvmSlot *slot, int err)
{
    Interval x = { slot->start, slot_last(slot) };

    g_array_append_val(s->failed, x);
    if (!s->warned) {
        s->warned = true;
        if (err) {
            error_report("kvm: no memory slot for %016" PRIx64 "-%016" PRIx64
                         ": %s; the guest cannot execute code there",
                         x.lo, x.last, g_strerror(-err));
        } else {
            error_report("kvm: all %u memory slots are in use, none for %016" PRIx64
                         "-%016" PRIx64 "; the guest cannot execute code there",
                         s->limits.max_slots, x.lo, x.last);
        }
    }
    slot_free(slot);
}

static void add_slot(KvmSlots *s, KvmSlot *slot)
{
    int ret;

    if (!take_id(s, &slot->id)) {
        slot_failed(s, slot, 0);
        return;
    }
    ret = set_region(s, slot, slot->size);
    if (ret < 0) {
        give_id(s, slot->id);
        slot_failed(s, slot, ret);
        return;
    }
    g_ptr_array_index(s->by_id, slot->id) = slot;
    g_tree_insert(s->slots, &slot->start, slot);
}

/* --- Commit --------------------------------------------------------------------------
 */

typedef struct Plan {
    GPtrArray *remove; /* KvmSlot, of the tree */
    GPtrArray *add;    /* KvmSlot, new */
    GPtrArray *relog;  /* KvmSlot, of the tree: logging is switched */
} Plan;

static bool same_place(const KvmSlot *a, const KvmSlot *b)
{
    return a->start == b->start && a->size == b->size && a->host == b->host &&
           a->ram_addr == b->ram_addr && a->readonly == b->readonly;
}

/* Compare the slots inside @x with @wanted, both by address. */
static void plan_interval(KvmSlots *s, Interval x, Plan *plan)
{
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    GTreeNode *node = slot_node_from(s->slots, x.lo);
    guint i = 0;

    wanted_slots(s, x, wanted);
    for (;;) {
        KvmSlot *old = node ? g_tree_node_value(node) : NULL;
        KvmSlot *want = i < wanted->len ? g_ptr_array_index(wanted, i) : NULL;

        if (old && old->start > x.last) {
            old = NULL;
        }
        if (!old && !want) {
            return;
        }
        if (old && want && same_place(old, want)) {
            if (old->log != want->log) {
                g_ptr_array_add(plan->relog, old);
            }
            slot_free(want);
            node = g_tree_node_next(node);
            i++;
        } else if (!want || (old && old->start <= want->start)) {
            g_ptr_array_add(plan->remove, old);
            node = g_tree_node_next(node);
        } else {
            g_ptr_array_add(plan->add, want);
            i++;
        }
    }
}

/* S3. Both lists are sorted by address. */
static bool needs_pause(const Plan *plan)
{
    guint k = 0;

    for (guint i = 0; i < plan->remove->len; i++) {
        const KvmSlot *old = g_ptr_array_index(plan->remove, i);

        if (old->log) {
            return true;
        }
        while (k < plan->add->len &&
               slot_last(g_ptr_array_index(plan->add, k)) < old->start) {
            k++;
        }
        if (k < plan->add->len) {
            const KvmSlot *add = g_ptr_array_index(plan->add, k);

            if (add->start <= slot_last(old)) {
                return true;
            }
        }
    }
    for (guint i = 0; i < plan->relog->len; i++) {
        if (((KvmSlot *)g_ptr_array_index(plan->relog, i))->log) {
            return true; /* the last fetch of the log */
        }
    }
    return false;
}

static void switch_log(KvmSlots *s, KvmSlot *slot)
{
    int ret;

    if (slot->log) {
        kvm_slot_sync_dirty(s, slot);
        g_clear_pointer(&slot->dirty, g_free);
    }
    slot->log = !slot->log;
    ret = set_region(s, slot, slot->size);
    if (ret < 0) {
        g_error("KVM refuses to switch the dirty log of slot %u: %s", slot->id,
                g_strerror(-ret));
    }
}

static void carry_out(KvmSlots *s, const Plan *plan)
{
    bool pause = needs_pause(plan);

    if (pause) {
        s->ops->pause_begin(s->ops->opaque);
    }
    for (guint i = 0; i < plan->remove->len; i++) {
        remove_slot(s, g_ptr_array_index(plan->remove, i));
    }
    for (guint i = 0; i < plan->add->len; i++) {
        add_slot(s, g_ptr_array_index(plan->add, i));
    }
    for (guint i = 0; i < plan->relog->len; i++) {
        switch_log(s, g_ptr_array_index(plan->relog, i));
    }
    if (pause) {
        s->ops->pause_end(s->ops->opaque);
    }
}

static void commit(MemoryListener *l)
{
    KvmSlots *s = (KvmSlots *)l;
    Plan plan;

    if (!s->damage->len) {
        return;
    }
    g_array_append_vals(s->damage, s->failed->data, s->failed->len);
    g_array_set_size(s->failed, 0);
    plan = (Plan){ g_ptr_array_new(), g_ptr_array_new(), g_ptr_array_new() };
    coalesce(s->damage);
    for (guint i = 0; i < s->damage->len; i++) {
        widen(s, &g_array_index(s->damage, Interval, i));
    }
    coalesce(s->damage);
    for (guint i = 0; i < s->damage->len; i++) {
        plan_interval(s, g_array_index(s->damage, Interval, i), &plan);
    }
    carry_out(s, &plan);
    g_array_set_size(s->damage, 0);
    g_ptr_array_free(plan.remove, TRUE);
    g_ptr_array_free(plan.add, TRUE);
    g_ptr_array_free(plan.relog, TRUE);
}

/* --- What the core tells -------------------------------------------------------------
 */

/* Is the section memory that a vCPU may use directly? */
static bool is_memory(const KvmSlots *s, const MemoryRegionSection *section)
{
    MemoryRegion *mr = section->mr;
    bool readonly = section->readonly || memory_region_is_romd(mr);

    return (memory_region_is_ram(mr) || memory_region_is_romd(mr)) &&
           memory_region_get_ram_block(mr) && (!readonly || s->limits.readonly);
}

static void region_add(MemoryListener *l, const MemoryRegionSection *section)
{
    KvmSlots *s = (KvmSlots *)l;
    MemoryRegion *mr = section->mr;
    Range *r;

    if (!is_memory(s, section)) {
        return;
    }
    r = g_new(Range, 1);
    *r = (Range){
        .start = section->offset_within_address_space,
        .last = section->offset_within_address_space + (hwaddr)(section->size - 1),
        .host =
            (uint8_t *)memory_region_get_ram_ptr(mr) + section->offset_within_region,
        .ram_addr = memory_region_get_ram_addr(mr) + section->offset_within_region,
        .readonly = section->readonly || memory_region_is_romd(mr),
    };
    g_tree_insert(s->ranges, &r->start, r);
    add_damage(s->damage, r->start, r->last);
}

static Range *find_range(KvmSlots *s, const MemoryRegionSection *section)
{
    return g_tree_lookup(s->ranges, &section->offset_within_address_space);
}

static void region_del(MemoryListener *l, const MemoryRegionSection *section)
{
    KvmSlots *s = (KvmSlots *)l;
    Range *r = find_range(s, section);

    if (r) {
        add_damage(s->damage, r->start, r->last);
        g_tree_remove(s->ranges, &r->start);
    }
}

void kvm_slots_set_range_log(KvmSlots *s, const MemoryRegionSection *section, bool log)
{
    Range *r = find_range(s, section);

    if (r && r->log != log) {
        r->log = log;
        add_damage(s->damage, r->start, r->last);
    }
}

static bool pre_plug(MemoryListener *l, const MemoryRegionSection *section,
                     Error **errp)
{
    KvmSlots *s = (KvmSlots *)l;
    hwaddr last = section->offset_within_address_space + (hwaddr)(section->size - 1);

    if (s->limits.phys_bits && s->limits.phys_bits < 64 &&
        last >> s->limits.phys_bits) {
        return error_set(errp,
                         "memory up to 0x%" PRIx64 " is beyond the %u address bits "
                         "that the host's KVM offers",
                         last, s->limits.phys_bits);
    }
    if (kvm_slots_count(s) + 1 > s->limits.max_slots) {
        return error_set(errp, "hypervisor has no free memory slots left");
    }
    return true;
}

/* --- Life ----------------------------------------------------------------------------
 */

void kvm_slots_init(KvmSlots *s, const KvmOps *ops, const KvmSlotLimits *limits,
                    AddressSpace *as, unsigned as_id, const char *name)
{
    *s = (KvmSlots){
        .listener = {.name = name,
                     .priority = 10,
                     .pre_plug = pre_plug,
                     .region_add = region_add,
                     .region_del = region_del,
                     .commit = commit},
        .ops = ops,
        .limits = *limits,
        .as_id = as_id,
        .ranges = g_tree_new_full(compare_start, NULL, NULL, g_free),
        .slots = g_tree_new_full(compare_start, NULL, NULL, slot_free),
        .by_id = g_ptr_array_new(),
        .free_ids = g_array_new(FALSE, FALSE, sizeof(uint16_t)),
        .damage = g_array_new(FALSE, FALSE, sizeof(Interval)),
        .failed = g_array_new(FALSE, FALSE, sizeof(Interval)),
    };
    assert(limits->max_slots <= 1u << 16);
    kvm_dirty_init_listener(s);
    memory_listener_register(&s->listener, as);
}

void kvm_slots_finalize(KvmSlots *s)
{
    memory_listener_unregister(&s->listener);
    assert(!kvm_slots_count(s));
    g_tree_destroy(s->ranges);
    g_tree_destroy(s->slots);
    g_ptr_array_free(s->by_id, TRUE);
    g_array_free(s->free_ids, TRUE);
    g_array_free(s->damage, TRUE);
    g_array_free(s->failed, TRUE);
}
