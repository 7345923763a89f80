/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Direct pointers into guest memory: map with its bounce buffer, and caches that
 * revalidate themselves when the view changes.
 *
 * A mapping holds a reference on the region's owner, which may have to be dropped by a
 * thread that has no BQL: then the reclaimer does it.
 */
#include "access-internal.h"
#include "memory-internal.h"
#include "ram-internal.h"
#include "util/bql.h"
#include "util/event-loop.h"

#include <string.h>

#define BOUNCE_SIZE 4096

struct MapClient {
    struct EventLoop *loop;
    void (*fn)(void *opaque);
    void *opaque;
    MapClient *next;
};

static Object *keeper_of(const MemoryRegion *mr)
{
    return mr->owner ? mr->owner : OBJECT(mr);
}

typedef struct LateUnref {
    RcuHead rcu;
    Object *obj;
} LateUnref;

static void late_unref(LateUnref *late)
{
    object_unref(late->obj);
    g_free(late);
}

static void unref_any_thread(Object *obj)
{
    LateUnref *late;

    if (bql_is_held()) {
        object_unref(obj);
        return;
    }
    late = g_new0(LateUnref, 1);
    late->obj = obj;
    call_rcu(late, late_unref, rcu);
}

static void *map_bounce(AddressSpace *as, hwaddr addr, hwaddr *plen, bool is_write,
                        MemTxAttrs attrs)
{
    struct AddressSpacePriv *priv = as->priv;
    void *buffer;

    pthread_mutex_lock(&priv->map_lock);
    if (priv->bounce_busy) {
        pthread_mutex_unlock(&priv->map_lock);
        *plen = 0;
        return NULL;
    }
    priv->bounce_busy = true;
    pthread_mutex_unlock(&priv->map_lock);
    /* Ours alone from here on. */
    *plen = MIN(*plen, BOUNCE_SIZE);
    buffer = g_malloc0(BOUNCE_SIZE);
    priv->bounce_addr = addr;
    priv->bounce_len = *plen;
    priv->bounce_attrs = attrs;
    if (!is_write) {
        address_space_read(as, addr, attrs, buffer, *plen);
    }
    /* Others only compare it with what they have themselves. */
    atomic_set(&priv->bounce, buffer);
    return buffer;
}

void *address_space_map(AddressSpace *as, hwaddr addr, hwaddr *plen, bool is_write,
                        MemTxAttrs attrs)
{
    hwaddr len = *plen, done;
    Target t;

    if (len == 0) {
        return NULL;
    }
    RCU_READ_LOCK_GUARD();
    t = find_target(as, addr, len, is_write, attrs);
    if (!t.host) {
        return map_bounce(as, addr, plen, is_write, attrs);
    }
    for (done = t.len; done < len;) {
        Target more = find_target(as, addr + done, len - done, is_write, attrs);

        if (more.mr != t.mr || more.host != t.host + done) {
            break;
        }
        done += more.len;
    }
    object_ref(keeper_of(t.mr));
    *plen = done;
    return t.host;
}

static void unmap_bounce(AddressSpace *as, bool is_write, hwaddr access_len)
{
    struct AddressSpacePriv *priv = as->priv;
    MapClient *clients;

    if (is_write) {
        address_space_write(as, priv->bounce_addr, priv->bounce_attrs, priv->bounce,
                            MIN(access_len, priv->bounce_len));
    }
    g_free(priv->bounce);
    atomic_set(&priv->bounce, NULL);
    pthread_mutex_lock(&priv->map_lock);
    priv->bounce_busy = false;
    clients = priv->map_clients;
    priv->map_clients = NULL;
    pthread_mutex_unlock(&priv->map_lock);
    while (clients) {
        MapClient *c = clients;

        clients = c->next;
        event_loop_call(c->loop, c->fn, c->opaque);
        g_free(c);
    }
}

void address_space_unmap(AddressSpace *as, void *buffer, hwaddr len, bool is_write,
                         hwaddr access_len)
{
    ram_addr_t offset;
    RAMBlock *rb;
    MemoryRegion *mr;

    if (buffer == atomic_read(&as->priv->bounce)) {
        unmap_bounce(as, is_write, access_len);
        return;
    }
    {
        /* The mapping's reference keeps the block. */
        RCU_READ_LOCK_GUARD();
        rb = ram_block_from_host(buffer, &offset);
        assert(rb && rb->mr);
        mr = rb->mr;
        if (is_write) {
            ram_written(rb->offset + offset, access_len);
        }
    }
    unref_any_thread(keeper_of(mr));
}

void address_space_register_map_client(AddressSpace *as, struct EventLoop *loop,
                                       void (*fn)(void *opaque), void *opaque)
{
    MapClient *c = g_new0(MapClient, 1);
    bool free_now;

    *c = (MapClient){ .loop = loop, .fn = fn, .opaque = opaque };
    pthread_mutex_lock(&as->priv->map_lock);
    free_now = !as->priv->bounce_busy;
    if (!free_now) {
        c->next = as->priv->map_clients;
        as->priv->map_clients = c;
    }
    pthread_mutex_unlock(&as->priv->map_lock);
    if (free_now) {
        event_loop_call(loop, fn, opaque);
        g_free(c);
    }
}

/* --- Caches -------------------------------------------------------------------------
 */

static void cache_refresh(MemoryRegionCache *cache, const FlatView *view)
{
    Target t = find_target(cache->as, cache->addr, cache->len, cache->is_write,
                           MEMTXATTRS_UNSPECIFIED);

    cache->view_id = view->id;
    /* A translation may change without the view. */
    cache->host = t.len == cache->len && !t.via_iommu ? t.host : NULL;
    cache->ram_addr = t.ram_addr;
}

int64_t address_space_cache_init(MemoryRegionCache *cache, AddressSpace *as,
                                 hwaddr addr, hwaddr len, bool is_write)
{
    if (len == 0 || len > INT64_MAX || addr + len - 1 < addr) {
        return -EINVAL;
    }
    *cache =
        (MemoryRegionCache){ .as = as, .addr = addr, .len = len, .is_write = is_write };
    RCU_READ_LOCK_GUARD();
    cache_refresh(cache, address_space_view_rcu(as));
    return (int64_t)len;
}

void address_space_cache_destroy(MemoryRegionCache *cache)
{
    *cache = (MemoryRegionCache){ 0 };
}

static void *cache_host(MemoryRegionCache *cache, hwaddr offset)
{
    const FlatView *view = address_space_view_rcu(cache->as);

    if (view->id != cache->view_id) {
        cache_refresh(cache, view);
    }
    return cache->host ? (uint8_t *)cache->host + offset : NULL;
}

MemTxResult address_space_read_cached(MemoryRegionCache *cache, hwaddr offset,
                                      void *buf, hwaddr len)
{
    void *host;

    assert(offset <= cache->len && len <= cache->len - offset);
    RCU_READ_LOCK_GUARD();
    host = cache_host(cache, offset);
    if (host) {
        copy_from_ram(buf, host, len);
        return MEMTX_OK;
    }
    return address_space_read(cache->as, cache->addr + offset, MEMTXATTRS_UNSPECIFIED,
                              buf, len);
}

MemTxResult address_space_write_cached(MemoryRegionCache *cache, hwaddr offset,
                                       const void *buf, hwaddr len)
{
    void *host;

    assert(cache->is_write && offset <= cache->len && len <= cache->len - offset);
    RCU_READ_LOCK_GUARD();
    host = cache_host(cache, offset);
    if (host) {
        copy_to_ram(host, buf, len);
        ram_written(cache->ram_addr + offset, len);
        return MEMTX_OK;
    }
    return address_space_write(cache->as, cache->addr + offset, MEMTXATTRS_UNSPECIFIED,
                               buf, len);
}
