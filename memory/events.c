/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Eventfds and coalesced MMIO of a region. */
#include "memory-internal.h"

#include "util/bql.h"

#include <string.h>
#include <unistd.h>

/* The region's ranges must be looked at again by those who are told. */
static void events_damage(MemoryRegion *mr)
{
    memory_events_changed = true;
    if (mr->enabled && mr->size) {
        hwaddr last = mr->size >= SIZE_2_64 ? UINT64_MAX : (hwaddr)mr->size - 1;

        damage_content(mr, (Span){ 0, last });
    }
}

static void count_region(MemoryRegion *mr, bool had)
{
    bool has = mr->tree->eventfds || mr->tree->coalesced;

    memory_event_regions += has - had;
}

static bool has_events(const MemoryRegion *mr)
{
    return mr->tree && (mr->tree->eventfds || mr->tree->coalesced);
}

void region_free_events(MemoryRegion *mr)
{
    bool had = has_events(mr);

    memory_events_changed |= had;
    if (mr->tree->eventfds) {
        g_array_free(mr->tree->eventfds, TRUE);
        mr->tree->eventfds = NULL;
    }
    if (mr->tree->coalesced) {
        g_array_free(mr->tree->coalesced, TRUE);
        mr->tree->coalesced = NULL;
    }
    count_region(mr, had);
}

/* --- Eventfds -----------------------------------------------------------------------
 */

void memory_region_add_eventfd(MemoryRegion *mr, hwaddr offset, unsigned size,
                               bool match_data, uint64_t data, int fd)
{
    MemoryRegionIoeventfd e = {
        .addr = offset, .size = size, .match_data = match_data, .data = data, .fd = fd
    };
    bool had = has_events(mr);

    memory_region_transaction_begin();
    if (!region_tree(mr)->eventfds) {
        mr->tree->eventfds = g_array_new(FALSE, FALSE, sizeof(MemoryRegionIoeventfd));
    }
    g_array_append_val(mr->tree->eventfds, e);
    count_region(mr, had);
    events_damage(mr);
    memory_region_transaction_commit();
}

void memory_region_del_eventfd(MemoryRegion *mr, hwaddr offset, unsigned size,
                               bool match_data, uint64_t data, int fd)
{
    GArray *list = mr->tree ? mr->tree->eventfds : NULL;

    for (guint i = 0; list && i < list->len; i++) {
        MemoryRegionIoeventfd *e = &g_array_index(list, MemoryRegionIoeventfd, i);

        if (e->addr != offset || e->size != size || e->match_data != match_data ||
            e->data != data || e->fd != fd) {
            continue;
        }
        memory_region_transaction_begin();
        g_array_remove_index(list, i);
        if (!list->len) {
            g_array_free(list, TRUE);
            mr->tree->eventfds = NULL;
            count_region(mr, true);
        }
        events_damage(mr);
        memory_region_transaction_commit();
        return;
    }
    g_assert_not_reached();
}

bool eventfd_signal_if_match(MemoryRegion *mr, hwaddr offset, uint64_t value,
                             unsigned size)
{
    GArray *list = mr->tree ? mr->tree->eventfds : NULL;

    for (guint i = 0; list && i < list->len; i++) {
        MemoryRegionIoeventfd *e = &g_array_index(list, MemoryRegionIoeventfd, i);

        if (e->addr == offset && (e->size == 0 || e->size == size) &&
            (!e->match_data || e->data == value)) {
            uint64_t one = 1;

            /* A full counter is as good as one that was incremented. */
            return write(e->fd, &one, sizeof(one)) >= 0 || true;
        }
    }
    return false;
}

/* --- Coalesced MMIO -----------------------------------------------------------------
 */

static void (*coalesced_flush_hook)(void); /* BQL */

void memory_set_coalesced_flush_hook(void (*flush)(void))
{
    coalesced_flush_hook = flush;
}

void coalesced_mmio_flush(void)
{
    if (coalesced_flush_hook) {
        coalesced_flush_hook();
    }
}

void memory_region_add_coalescing(MemoryRegion *mr, hwaddr offset, uint64_t size)
{
    Span span = { offset, offset + size - 1 };
    bool had = has_events(mr);

    if (!size) {
        return;
    }
    memory_region_transaction_begin();
    if (!region_tree(mr)->coalesced) {
        mr->tree->coalesced = g_array_new(FALSE, FALSE, sizeof(Span));
    }
    g_array_append_val(mr->tree->coalesced, span);
    count_region(mr, had);
    mr->flush_coalesced = true;
    events_damage(mr);
    memory_region_transaction_commit();
}

void memory_region_clear_coalescing(MemoryRegion *mr)
{
    bool had = has_events(mr);

    if (!mr->tree || !mr->tree->coalesced) {
        return;
    }
    coalesced_mmio_flush();
    memory_region_transaction_begin();
    g_array_free(mr->tree->coalesced, TRUE);
    mr->tree->coalesced = NULL;
    mr->flush_coalesced = false;
    count_region(mr, had);
    events_damage(mr);
    memory_region_transaction_commit();
}

void memory_region_set_coalescing(MemoryRegion *mr)
{
    memory_region_clear_coalescing(mr);
    memory_region_add_coalescing(mr, 0, memory_region_size(mr));
}

void memory_region_set_flush_coalesced(MemoryRegion *mr)
{
    mr->flush_coalesced = true;
}

void memory_region_clear_flush_coalesced(MemoryRegion *mr)
{
    coalesced_mmio_flush();
    mr->flush_coalesced = mr->tree && mr->tree->coalesced;
}
