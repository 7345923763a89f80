/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of clients, delivery with its queues, and the properties of cards. All state
 * is under the BQL.
 *
 * N1: a client's receive() is never entered while it runs: what comes then is queued.
 * N2: peers name each other, or neither names the other.
 */
#include "softmmu/net.h"

#include "softmmu/backends/net/net-internal.h"

#include <glib.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

struct NetPacket {
    size_t size;
    uint8_t data[];
};

static GPtrArray *clients;

/* --- The list --- */

NetClient *net_client_find(const char *name)
{
    for (NetClient *nc = net_client_next(NULL); nc; nc = net_client_next(nc)) {
        if (!strcmp(nc->name, name)) {
            return nc;
        }
    }
    return NULL;
}

NetClient *net_client_next(NetClient *nc)
{
    guint i = 0;

    if (!clients) {
        return NULL;
    }
    if (nc && (!g_ptr_array_find(clients, nc, &i) || ++i >= clients->len)) {
        return NULL;
    }
    return i < clients->len ? clients->pdata[i] : NULL;
}

static char *free_name(const char *model)
{
    static unsigned counter;

    for (unsigned i = 0;; i++) {
        char *name = model ? g_strdup_printf("%s.%u", model, i)
                           : g_strdup_printf("#net%03u", counter++);
        if (!net_client_find(name)) {
            return name;
        }
        g_free(name);
    }
}

static void plug(NetClient *nc, NetClient *peer)
{
    nc->peer = peer;
    if (peer) {
        g_assert(!peer->peer);
        peer->peer = nc;
    }
}

void net_client_init(NetClient *nc, const NetClientOps *ops, NetClient *peer,
                     const char *model, const char *name)
{
    nc->ops = ops;
    nc->name = name && *name ? g_strdup(name) : free_name(model);
    nc->model = g_strdup(model);
    nc->link_down = false;
    nc->delivering = false;
    g_queue_init(&nc->queue);
    if (!clients) {
        clients = g_ptr_array_new();
    }
    g_ptr_array_add(clients, nc);
    plug(nc, peer);
}

void net_client_remove(NetClient *nc)
{
    NetClient *peer = nc->peer;

    g_ptr_array_remove(clients, nc);
    net_purge(nc);
    nc->peer = NULL;
    if (peer) {
        peer->peer = NULL;
        net_purge(peer);
        if (peer->ops->link_changed) {
            peer->ops->link_changed(peer);
        }
    }
    g_clear_pointer(&nc->name, g_free);
    g_clear_pointer(&nc->model, g_free);
    g_clear_pointer(&nc->info, g_free);
    if (nc->ops->cleanup) {
        nc->ops->cleanup(nc);
    }
}

void net_client_set_info(NetClient *nc, const char *fmt, ...)
{
    va_list ap;

    g_free(nc->info);
    va_start(ap, fmt);
    nc->info = g_strdup_vprintf(fmt, ap);
    va_end(ap);
}

/* --- Delivery --- */

static void enqueue(NetClient *nc, const uint8_t *frame, size_t size)
{
    if (nc->queue.length >= NET_QUEUE_PACKETS) {
        return;
    }
    NetPacket *p = g_malloc(sizeof(*p) + size);
    p->size = size;
    memcpy(p->data, frame, size);
    g_queue_push_tail(&nc->queue, p);
}

static bool can_deliver(NetClient *nc)
{
    return !nc->delivering && (!nc->ops->can_receive || nc->ops->can_receive(nc));
}

static bool deliver(NetClient *nc, const uint8_t *frame, size_t size)
{
    nc->delivering = true; /* N1 */
    bool taken = nc->ops->receive(nc, frame, size);
    nc->delivering = false;
    return taken;
}

void net_send(NetClient *nc, const uint8_t *frame, size_t size)
{
    NetClient *peer = nc->peer;

    if (!peer || nc->link_down || peer->link_down || !size || size > NET_MAX_FRAME) {
        return;
    }
    if (!g_queue_is_empty(&peer->queue) || !can_deliver(peer)) {
        enqueue(peer, frame, size);
        return;
    }
    if (!deliver(peer, frame, size)) {
        enqueue(peer, frame, size);
        return;
    }
    net_flush(peer);
}

void net_flush(NetClient *nc)
{
    while (!g_queue_is_empty(&nc->queue) && can_deliver(nc)) {
        g_autofree NetPacket *p = g_queue_pop_head(&nc->queue);
        if (!deliver(nc, p->data, p->size)) {
            g_queue_push_head(&nc->queue, g_steal_pointer(&p));
            return;
        }
    }
}

void net_purge(NetClient *nc)
{
    g_queue_clear_full(&nc->queue, g_free);
}

bool net_peer_is_up(const NetClient *nc)
{
    return nc->peer && !nc->peer->link_down;
}

static void change_link(NetClient *nc, bool up)
{
    nc->link_down = !up;
    if (nc->ops->link_changed) {
        nc->ops->link_changed(nc);
    }
}

/* A backend without carrier is seen by its card, and a card's is its own. */
bool net_set_link(const char *name, bool up, Error **errp)
{
    NetClient *nc = net_client_find(name);

    if (!nc) {
        return error_set_class(errp, ERROR_CLASS_DEVICE_NOT_FOUND,
                               "Device '%s' not found", name);
    }
    change_link(nc, up);
    if (nc->peer && nic_is_card(nc->peer)) {
        change_link(nc->peer, up);
    }
    return true;
}

/* --- Cards --- */

bool nic_is_card(const NetClient *nc)
{
    return !strcmp(nc->ops->type, "nic");
}

bool mac_parse(const char *text, uint8_t mac[NET_MAC_LEN])
{
    const char *p = text;

    for (int i = 0; i < NET_MAC_LEN; i++) {
        int hi = g_ascii_xdigit_value(p[0]);
        int lo = hi < 0 ? -1 : g_ascii_xdigit_value(p[1]);
        if (hi < 0 || lo < 0) {
            return false;
        }
        mac[i] = (uint8_t)(hi << 4 | lo);
        p += 2;
        if (i < NET_MAC_LEN - 1) {
            if (*p != ':' && *p != '-') {
                return false;
            }
            p++;
        }
    }
    return !*p;
}

static bool mac_is_zero(const uint8_t mac[NET_MAC_LEN])
{
    static const uint8_t zero[NET_MAC_LEN];

    return !memcmp(mac, zero, NET_MAC_LEN);
}

void nic_mac_default_if_unset(uint8_t mac[NET_MAC_LEN])
{
    static const uint8_t base[NET_MAC_LEN] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };
    static uint8_t used[256 / 8];

    if (!mac_is_zero(mac)) {
        if (!memcmp(mac, base, 5)) {
            used[mac[5] / 8] |= (uint8_t)(1u << (mac[5] % 8));
        }
        return;
    }
    memcpy(mac, base, NET_MAC_LEN);
    for (int i = 0; i < 256 && (used[mac[5] / 8] >> (mac[5] % 8) & 1); i++) {
        mac[5]++;
    }
    used[mac[5] / 8] |= (uint8_t)(1u << (mac[5] % 8));
}

void nic_client_init(NetClient *nc, const NetClientOps *ops, NicConf *conf,
                     const char *model, const char *id)
{
    NetClient *peer = conf->peer && !conf->peer->peer ? conf->peer : NULL;

    net_client_init(nc, ops, peer, model, id);
    net_client_set_info(nc, "model=%s,macaddr=%02x:%02x:%02x:%02x:%02x:%02x", model,
                        conf->mac[0], conf->mac[1], conf->mac[2], conf->mac[3],
                        conf->mac[4], conf->mac[5]);
    nc->link_down = peer && peer->link_down;
}

/* --- mac= and netdev= --- */

static struct json_object *mac_get(Object *obj, const Property *prop)
{
    const uint8_t *m = (const uint8_t *)obj + prop->offset;
    char text[18];

    snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
             m[3], m[4], m[5]);
    return json_object_new_string(text);
}

static bool mac_set(Object *obj, const Property *prop, struct json_object *value,
                    Error **errp)
{
    const char *text = json_object_get_string(value);
    uint8_t mac[NET_MAC_LEN];

    if (!text || !mac_parse(text, mac)) {
        return error_set(errp, "Property '%s.%s' doesn't take value '%s'",
                         object_get_typename(obj), prop->name, text ? text : "null");
    }
    memcpy((uint8_t *)obj + prop->offset, mac, NET_MAC_LEN);
    return true;
}

const PropertyType prop_macaddr = {
    .name = "str",
    .description = "Ethernet 6-byte MAC Address, example: 52:54:00:12:34:56",
    .get = mac_get,
    .set = mac_set,
};

static NetClient **netdev_field(Object *obj, const Property *prop)
{
    return (NetClient **)((char *)obj + prop->offset);
}

/* The field may outlive a removed backend: it is only compared, never followed. */
static struct json_object *netdev_get(Object *obj, const Property *prop)
{
    NetClient *peer = *netdev_field(obj, prop);
    bool alive = peer && clients && g_ptr_array_find(clients, peer, NULL);

    return json_object_new_string(alive ? peer->name : "");
}

static bool netdev_set(Object *obj, const Property *prop, struct json_object *value,
                       Error **errp)
{
    const char *name = json_object_get_string(value);
    NetClient *nc = name && *name ? net_client_find(name) : NULL;

    if (name && *name && (!nc || nic_is_card(nc))) {
        return error_set(errp, "Property '%s.%s' can't find value '%s'",
                         object_get_typename(obj), prop->name, name);
    }
    if (nc && nc->peer) {
        return error_set(errp, "Property '%s.%s' can't take value '%s', it's in use",
                         object_get_typename(obj), prop->name, name);
    }
    *netdev_field(obj, prop) = nc;
    return true;
}

const PropertyType prop_netdev = {
    .name = "str",
    .description = "ID of a netdev to use as a backend",
    .get = netdev_get,
    .set = netdev_set,
};
