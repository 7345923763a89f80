/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's dirty log feeds the clients of the core's dirty bitmaps.
 *
 * With manual protection (KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2) a fetch leaves the log as
 * it is, and pages are protected again piece by piece, where a client has cleared its
 * own bits. D1: a page is cleared in the kernel only if it was fetched as dirty and
 * handed to all clients before: a page that was dirtied between fetch and clear is
 * either still in the log, or its contents are read after the clear.
 *
 * Without it a fetch clears.
 */
#include "accel/kvm/slots.h"
#include "util/bql.h"

#include <assert.h>
#include <linux/kvm.h>
#include <string.h>

#define CLIENTS (1u << DIRTY_MEMORY_VGA | 1u << DIRTY_MEMORY_MIGRATION)
/* Pages that one KVM_CLEAR_DIRTY_LOG takes, so that the kernel's lock is not held long:
 * 1 GiB. A multiple of 64. */
#define CLEAR_CHUNK_PAGES (1u << 18)

static uint64_t slot_pages(const KvmSlot *slot)
{
    return slot->size / KVM_PAGE_SIZE;
}

static uint32_t slot_number(const KvmSlots *s, const KvmSlot *slot)
{
    return slot->id | s->as_id << 16;
}

/* Mark pages [@page, + 64) of the slot that are set in @word. */
static void mark_word(const KvmSlot *slot, uint64_t page, uint64_t word)
{
    while (word) {
        unsigned lo = (unsigned)__builtin_ctzll(word);
        uint64_t run = ~(word >> lo);
        unsigned n = run ? (unsigned)__builtin_ctzll(run) : 64;

        if (lo + n > 64) {
            n = 64 - lo;
        }
        ram_dirty_set(slot->ram_addr + (page + lo) * KVM_PAGE_SIZE,
                      (uint64_t)n * KVM_PAGE_SIZE, CLIENTS);
        word &= n == 64 ? 0 : ~((((uint64_t)1 << n) - 1) << lo);
    }
}

void kvm_slot_sync_dirty(KvmSlots *s, KvmSlot *slot)
{
    uint64_t words = (slot_pages(slot) + 63) / 64;
    g_autofree uint64_t *bitmap = NULL;
    struct kvm_dirty_log log;
    int ret;

    if (s->limits.dirty_ring) {
        s->ops->reap(s->ops->opaque);
        return;
    }
    bitmap = g_new0(uint64_t, words);
    log =
        (struct kvm_dirty_log){ .slot = slot_number(s, slot), .dirty_bitmap = bitmap };
    ret = s->ops->vm_ioctl(s->ops->opaque, KVM_GET_DIRTY_LOG, &log);
    if (ret < 0) {
        /* The memory is there and nobody knows which of it was written: all. */
        memset(bitmap, 0xff, words * 8);
        if (slot_pages(slot) % 64) {
            bitmap[words - 1] = ((uint64_t)1 << slot_pages(slot) % 64) - 1;
        }
    }
    for (uint64_t i = 0; i < words; i++) {
        mark_word(slot, i * 64, bitmap[i]);
    }
    if (!s->limits.manual_dirty || ret < 0) {
        return;
    }
    if (!slot->dirty) {
        slot->dirty = g_steal_pointer(&bitmap);
        return;
    }
    for (uint64_t i = 0; i < words; i++) {
        slot->dirty[i] |= bitmap[i];
    }
}

/* Pages [@first, @end) of the slot, at most CLEAR_CHUNK_PAGES after rounding. D1. */
static void clear_chunk(KvmSlots *s, KvmSlot *slot, uint64_t first, uint64_t end)
{
    uint64_t base = first & ~(uint64_t)63, pages = slot_pages(slot);
    uint64_t limit = MIN((end + 63) & ~(uint64_t)63, pages);
    uint64_t words = (limit - base + 63) / 64;
    g_autofree uint64_t *bitmap = g_new0(uint64_t, words);
    struct kvm_clear_dirty_log clear = { .slot = slot_number(s, slot),
                                         .first_page = base,
                                         .num_pages = (uint32_t)(limit - base),
                                         .dirty_bitmap = bitmap };
    bool any = false;

    for (uint64_t i = 0; i < words; i++) {
        uint64_t page = base + i * 64, mask = UINT64_MAX, *known;

        if (page < first) {
            mask &= UINT64_MAX << (first - page);
        }
        if (page + 64 > end) {
            mask &= UINT64_MAX >> (page + 64 - end);
        }
        known = &slot->dirty[page / 64];
        bitmap[i] = *known & mask;
        *known &= ~mask;
        any |= bitmap[i] != 0;
    }
    if (any) {
        int ret = s->ops->vm_ioctl(s->ops->opaque, KVM_CLEAR_DIRTY_LOG, &clear);

        assert(ret == 0 || ret == -ENOENT || ret == -EINTR);
    }
}

static void log_clear(MemoryListener *l, const MemoryRegionSection *section)
{
    KvmSlots *s = (KvmSlots *)l;
    hwaddr start = section->offset_within_address_space;
    hwaddr last = start + (hwaddr)(section->size - 1);

    assert(bql_is_held());
    if (!s->limits.manual_dirty || s->limits.dirty_ring) {
        return;
    }
    for (hwaddr at = start;;) {
        KvmSlot *slot = kvm_slots_first_at_or_after(s, at);
        hwaddr slot_end;

        if (!slot || slot->start > last) {
            return;
        }
        slot_end = slot->start + (slot->size - 1);
        if (slot->log && slot->dirty) {
            uint64_t page = (MAX(start, slot->start) - slot->start) / KVM_PAGE_SIZE;
            uint64_t end = (MIN(last, slot_end) - slot->start) / KVM_PAGE_SIZE + 1;

            while (page < end) {
                uint64_t stop = MIN(end, (page & ~(uint64_t)63) + CLEAR_CHUNK_PAGES);
                clear_chunk(s, slot, page, stop);
                page = stop;
            }
        }
        if (slot_end >= last) {
            return;
        }
        at = slot_end + 1;
    }
}

static void log_sync(MemoryListener *l, const MemoryRegionSection *section)
{
    KvmSlots *s = (KvmSlots *)l;
    hwaddr start = section->offset_within_address_space;
    hwaddr last = start + (hwaddr)(section->size - 1);

    assert(bql_is_held());
    for (hwaddr at = start;;) {
        KvmSlot *slot = kvm_slots_first_at_or_after(s, at);
        hwaddr slot_end;

        if (!slot || slot->start > last) {
            return;
        }
        if (slot->log) {
            kvm_slot_sync_dirty(s, slot);
        }
        slot_end = slot->start + (slot->size - 1);
        if (slot_end >= last) {
            return;
        }
        at = slot_end + 1;
    }
}

/* Rings: what the CPUs have in their own buffers goes into the rings as they leave. */
static void log_sync_global(MemoryListener *l)
{
    KvmSlots *s = (KvmSlots *)l;

    s->ops->pause_begin(s->ops->opaque);
    s->ops->reap(s->ops->opaque);
    s->ops->pause_end(s->ops->opaque);
}

static void log_start(MemoryListener *l, const MemoryRegionSection *section, int old,
                      int new_)
{
    kvm_slots_set_range_log((KvmSlots *)l, section, new_ & CLIENTS);
}

static void log_stop(MemoryListener *l, const MemoryRegionSection *section, int old,
                     int new_)
{
    kvm_slots_set_range_log((KvmSlots *)l, section, new_ & CLIENTS);
}

void kvm_slots_page_dirtied(KvmSlots *s, unsigned id, uint64_t page)
{
    const KvmSlot *slot = kvm_slots_by_id(s, id);

    if (slot && page < slot_pages(slot)) {
        ram_dirty_set(slot->ram_addr + page * KVM_PAGE_SIZE, KVM_PAGE_SIZE, CLIENTS);
    }
}

void kvm_dirty_init_listener(KvmSlots *s)
{
    MemoryListener *l = &s->listener;

    l->log_start = log_start;
    l->log_stop = log_stop;
    l->log_sync = log_sync;
    l->log_sync_global = s->limits.dirty_ring ? log_sync_global : NULL;
    l->log_clear = log_clear;
}
