/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -netdev, -nic and -net: options become backends and, for the last two, records of
 * cards that the machine makes.
 */
#include "softmmu/net.h"

#include "qapi/value.h"
#include "softmmu/backends/net/net-internal.h"

#include <glib.h>
#include <json-c/json.h>
#include <limits.h>
#include <string.h>

static GPtrArray *nics; /* NicInfo * */
static bool net_option_seen;

static const char *get_str(struct json_object *opts, const char *key)
{
    struct json_object *value;

    return json_object_object_get_ex(opts, key, &value) ? json_object_get_string(value)
                                                        : NULL;
}

/* --- Backends --- */

static const char *const known_types[] = {
    "none",  "nic", "user",   "tap",        "l2tpv3",     "socket", "stream",
    "dgram", "vde", "bridge", "vhost-user", "vhost-vdpa", NULL
};

static bool check_members(struct json_object *opts, const char *const *known,
                          const char *const *skip, Error **errp)
{
    json_object_object_foreach(opts, key, value)
    {
        (void)value;
        if (!g_strv_contains(known, key) && !g_strv_contains(skip, key)) {
            return error_set(errp, "Invalid parameter '%s'", key);
        }
    }
    return true;
}

static NetClient *hubport_create(struct json_object *opts, const char *const *skip,
                                 const char *name, NetClient *peer, Error **errp)
{
    static const char *const known[] = { "hubid", "netdev", NULL };
    struct json_object *value;
    uint64_t id;

    if (!json_object_object_get_ex(opts, "hubid", &value)) {
        error_set(errp, "Parameter 'hubid' is missing");
        return NULL;
    }
    if (!check_members(opts, known, skip, errp) ||
        !value_get_uint64(value, "hubid", &id, errp)) {
        return NULL;
    }
    const char *netdev = get_str(opts, "netdev");
    NetClient *other = netdev ? net_client_find(netdev) : NULL;
    if (netdev && (!other || other->peer || peer)) {
        error_set(errp, "netdev '%s' not found", netdev);
        return NULL;
    }
    NetClient *port = hub_port_new((int)MIN(id, INT_MAX), name);
    NetClient *end = peer ? peer : other;
    if (end) {
        port->peer = end;
        end->peer = port;
    }
    return port;
}

NetClient *netdev_create(const char *type, struct json_object *opts,
                         const char *const *skip, const char *name, NetClient *peer,
                         Error **errp)
{
    if (!strcmp(type, "user")) {
        return slirp_backend_new(opts, skip, name, peer, errp);
    }
    if (!strcmp(type, "hubport")) {
        return hubport_create(opts, skip, name, peer, errp);
    }
    if (g_strv_contains(known_types, type) && strcmp(type, "nic") &&
        strcmp(type, "none")) {
        error_set(errp, "network backend '%s' is not supported", type);
    } else {
        error_set(errp, "Parameter 'type' does not accept value '%s'", type);
    }
    return NULL;
}

static bool check_id(const char *id, Error **errp)
{
    if (!id_check(id, errp)) {
        return false;
    }
    return !net_client_find(id) || error_set(errp, "Duplicate ID '%s' for netdev", id);
}

bool netdev_add(struct json_object *opts, Error **errp)
{
    static const char *const skip[] = { "type", "id", NULL };
    const char *type = get_str(opts, "type"), *id = get_str(opts, "id");

    if (!type) {
        return error_set(errp, "Parameter 'type' is missing");
    }
    if (!id) {
        return error_set(errp, "Parameter 'id' is missing");
    }
    if (!check_id(id, errp)) {
        return false;
    }
    NetClient *nc = netdev_create(type, opts, skip, id, NULL, errp);
    if (!nc) {
        return false;
    }
    nc->is_netdev = true;
    return true;
}

bool netdev_del(const char *id, Error **errp)
{
    NetClient *nc = net_client_find(id);

    if (!nc || nic_is_card(nc)) {
        return error_set_class(errp, ERROR_CLASS_DEVICE_NOT_FOUND,
                               "Device '%s' not found", id);
    }
    if (!nc->is_netdev) {
        return error_set(errp, "Device '%s' is not a netdev", id);
    }
    net_client_remove(nc);
    return true;
}

/* --- Cards --- */

static const char *const nic_keys[] = { "type",    "model", "mac",  "macaddr", "id",
                                        "vectors", "addr",  "name", NULL };

static NicInfo *add_nic(struct json_object *opts, const char *mac_key, const char *id,
                        const char *location, Error **errp)
{
    const char *mac = get_str(opts, mac_key);
    NicInfo *nic = g_new0(NicInfo, 1);

    if (mac && !mac_parse(mac, nic->mac)) {
        error_set(errp, "invalid syntax for ethernet address");
        g_free(nic);
        return NULL;
    }
    if (mac && (nic->mac[0] & 1)) {
        error_set(errp, "NIC cannot have multicast MAC address (odd 1st byte)");
        g_free(nic);
        return NULL;
    }
    nic->model = g_strdup(get_str(opts, "model"));
    nic->id = g_strdup(id);
    nic->location = g_strdup(location);
    if (!nics) {
        nics = g_ptr_array_new();
    }
    g_ptr_array_add(nics, nic);
    nic_mac_default_if_unset(nic->mac);
    return nic;
}

bool net_nic_option(struct json_object *opts, const char *location, Error **errp)
{
    const char *type = get_str(opts, "type"), *id = get_str(opts, "id");

    net_option_seen = true;
    if (type && !strcmp(type, "none")) {
        return true;
    }
    if (id && !check_id(id, errp)) {
        return false;
    }
    NetClient *backend =
        netdev_create(type ? type : "user", opts, nic_keys, id, NULL, errp);
    if (!backend) {
        return false;
    }
    NicInfo *nic = add_nic(opts, "mac", NULL, location, errp);
    if (!nic) {
        net_client_remove(backend);
        return false;
    }
    nic->peer = backend;
    return true;
}

static bool legacy_nic(struct json_object *opts, const char *location, Error **errp)
{
    static const char *const known[] = { "netdev", NULL };
    const char *netdev = get_str(opts, "netdev");
    NetClient *peer = netdev ? net_client_find(netdev) : NULL;

    if (!check_members(opts, known, nic_keys, errp)) {
        return false;
    }
    if (netdev && !peer) {
        return error_set(errp, "netdev '%s' not found", netdev);
    }
    NicInfo *nic = add_nic(opts, "macaddr", get_str(opts, "name"), location, errp);
    if (!nic) {
        return false;
    }
    nic->peer = peer ? peer : hub_port_new(0, NULL);
    return true;
}

bool net_legacy_option(struct json_object *opts, const char *location, Error **errp)
{
    static const char *const skip[] = { "type", "id", "name", NULL };
    const char *type = get_str(opts, "type");

    net_option_seen = true;
    if (!type) {
        return error_set(errp, "Parameter 'type' is missing");
    }
    if (!strcmp(type, "none")) {
        return true;
    }
    if (!strcmp(type, "nic")) {
        return legacy_nic(opts, location, errp);
    }
    const char *name =
        get_str(opts, "id") ? get_str(opts, "id") : get_str(opts, "name");
    NetClient *nc = netdev_create(type, opts, skip, name, NULL, errp);
    if (!nc) {
        return false;
    }
    if (!nc->peer) {
        NetClient *port = hub_port_new(0, NULL);
        nc->peer = port;
        port->peer = nc;
    }
    return true;
}

bool net_add_defaults(bool nodefaults, Error **errp)
{
    if (nodefaults || net_option_seen) {
        return true;
    }
    g_autojson nic = keyval_parse("type=nic", NULL, errp);
    g_autojson user = keyval_parse("type=user", NULL, errp);
    return nic && user && net_legacy_option(nic, NULL, errp) &&
           net_legacy_option(user, NULL, errp);
}

unsigned nic_count(void)
{
    return nics ? nics->len : 0;
}

NicInfo *nic_get(unsigned index)
{
    return nics->pdata[index];
}

void nic_set_properties(NicInfo *nic, Object *card)
{
    g_autofree char *mac =
        g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", nic->mac[0], nic->mac[1],
                        nic->mac[2], nic->mac[3], nic->mac[4], nic->mac[5]);

    if (!object_property_set_str(card, "mac", mac, &error_abort)) {
        g_assert_not_reached();
    }
    if (nic->peer &&
        !object_property_set_str(card, "netdev", nic->peer->name, &error_abort)) {
        g_assert_not_reached();
    }
    nic->used = true;
}

void net_check_clients(void)
{
    hub_check();
    for (NetClient *nc = net_client_next(NULL); nc; nc = net_client_next(nc)) {
        int hub, port;
        if (!nc->peer && !nic_is_card(nc) &&
            (nc->is_netdev || !hub_port_get(nc, &hub, &port))) {
            bool has_record = false;
            for (unsigned i = 0; i < nic_count(); i++) {
                has_record |= nic_get(i)->peer == nc;
            }
            if (!has_record) {
                warn_report("netdev %s has no peer", nc->name);
            }
        }
    }
    for (unsigned i = 0; i < nic_count(); i++) {
        NicInfo *nic = nic_get(i);
        if (!nic->used) {
            warn_report("requested NIC (%s, model %s) was not created "
                        "(not supported by this machine?)",
                        nic->id ? nic->id : "anonymous",
                        nic->model ? nic->model : "unspecified");
        }
    }
}
