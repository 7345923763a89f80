/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network commands of the monitors. */
#include "qapi/command.h"
#include "qapi/value.h"
#include "softmmu/backends/net/net-internal.h"

#include <string.h>

static bool qmp_set_link(struct json_object *args, struct json_object **ret,
                         Error **errp)
{
    return net_set_link(qmp_arg_str(args, "name"), qmp_arg_bool(args, "up", true),
                        errp);
}
QMP_COMMAND("set_link", qmp_set_link, 0);

static bool qmp_netdev_add(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    return netdev_add(args, errp);
}
QMP_COMMAND("netdev_add", qmp_netdev_add, QMP_ALLOW_PRECONFIG);

static bool qmp_netdev_del(struct json_object *args, struct json_object **ret,
                           Error **errp)
{
    return netdev_del(qmp_arg_str(args, "id"), errp);
}
QMP_COMMAND("netdev_del", qmp_netdev_del, QMP_ALLOW_PRECONFIG);

static bool qmp_query_rx_filter(struct json_object *args, struct json_object **ret,
                                Error **errp)
{
    const char *name = qmp_arg_str(args, "name");
    NetClient *nc = name ? net_client_find(name) : NULL;

    if (name && !nc) {
        return error_set(errp, "invalid net client name: %s", name);
    }
    if (nc) {
        return nic_is_card(nc)
                   ? error_set(errp,
                               "net client(%s) doesn't support rx-filter querying",
                               name)
                   : error_set(errp, "net client(%s) isn't a NIC", name);
    }
    *ret = json_object_new_array();
    return true;
}
QMP_COMMAND("query-rx-filter", qmp_query_rx_filter, 0);

/* --- HMP --- */

static void print_client(HmpOut *out, const NetClient *nc)
{
    hmp_printf(out, "%s: index=0,type=%s,%s\n", nc->name, nc->ops->type,
               nc->info ? nc->info : "");
}

/* Each hub with its ports, the newest first. */
static void print_hubs(HmpOut *out)
{
    int last = -1;

    for (NetClient *first = net_client_next(NULL); first;
         first = net_client_next(first)) {
        int hub, port;
        if (!hub_port_get(first, &hub, &port) || hub <= last) {
            continue;
        }
        last = hub;
        hmp_printf(out, "hub %d\n", hub);
        g_autoptr(GPtrArray) ports = g_ptr_array_new();
        for (NetClient *nc = first; nc; nc = net_client_next(nc)) {
            int h;
            if (hub_port_get(nc, &h, &port) && h == hub) {
                g_ptr_array_add(ports, nc);
            }
        }
        for (guint i = ports->len; i-- > 0;) {
            NetClient *nc = ports->pdata[i];
            hmp_printf(out, " \\ %s", nc->name);
            if (nc->peer) {
                hmp_puts(out, ": ");
                print_client(out, nc->peer);
            } else {
                hmp_puts(out, "\n");
            }
        }
    }
}

static void hmp_info_network(HmpOut *out, HmpArgs *args)
{
    int hub, port;

    print_hubs(out);
    for (NetClient *nc = net_client_next(NULL); nc; nc = net_client_next(nc)) {
        if (hub_port_get(nc, &hub, &port) ||
            (nc->peer && hub_port_get(nc->peer, &hub, &port))) {
            continue;
        }
        if (nc->peer && !nic_is_card(nc)) {
            continue; /* shown below its card */
        }
        print_client(out, nc);
        if (nc->peer) {
            hmp_puts(out, " \\ ");
            print_client(out, nc->peer);
        }
    }
}
HMP_INFO("network", "", "", "show the network state", hmp_info_network);

static void hmp_info_usernet(HmpOut *out, HmpArgs *args)
{
    for (NetClient *nc = net_client_next(NULL); nc; nc = net_client_next(nc)) {
        if (!slirp_is_backend(nc)) {
            continue;
        }
        int hub = -1, port;
        g_autofree char *text = slirp_backend_info(nc);
        if (nc->peer) {
            hub_port_get(nc->peer, &hub, &port);
        }
        hmp_printf(out, "Hub %d (%s):\n%s", hub, nc->name, text);
    }
}
HMP_INFO("usernet", "", "", "show user network stack connection states",
         hmp_info_usernet);

static void hmp_set_link(HmpOut *out, HmpArgs *args)
{
    hmp_do_qmp(out, "set_link", json_object_get(hmp_args_json(args)));
}
HMP_COMMAND("set_link", "name:s,up:b", "name on|off",
            "change the link status of a network adapter", hmp_set_link);

static void hmp_netdev_add(HmpOut *out, HmpArgs *args)
{
    Error *err = NULL;
    g_autojson opts = keyval_parse(hmp_arg_str(args, "netdev"), "type", &err);

    if (!opts || !netdev_add(opts, &err)) {
        hmp_error(out, err);
    }
}
HMP_COMMAND("netdev_add", "netdev:O", "[user|hubport],id=str[,prop=value][,...]",
            "add host network device", hmp_netdev_add);

static void hmp_netdev_del(HmpOut *out, HmpArgs *args)
{
    Error *err = NULL;

    if (!netdev_del(hmp_arg_str(args, "id"), &err)) {
        hmp_error(out, err);
    }
}
HMP_COMMAND("netdev_del", "id:s", "id", "remove host network device", hmp_netdev_del);

/* The named backend, or the first user-mode one. */
static NetClient *find_user_backend(HmpOut *out, const char *id)
{
    for (NetClient *nc = net_client_next(NULL); nc; nc = net_client_next(nc)) {
        if (id ? !strcmp(nc->name, id) : slirp_is_backend(nc)) {
            if (!slirp_is_backend(nc)) {
                break;
            }
            return nc;
        }
    }
    if (id) {
        hmp_printf(out, "unrecognized netdev id '%s'\n", id);
    } else {
        hmp_puts(out, "user mode network stack not in use\n");
    }
    return NULL;
}

static void hmp_hostfwd_add(HmpOut *out, HmpArgs *args)
{
    const char *one = hmp_arg_str(args, "arg1"), *two = hmp_arg_str(args, "arg2");
    NetClient *nc = find_user_backend(out, two ? one : NULL);
    Error *err = NULL;

    if (nc && !slirp_backend_add_hostfwd(nc, two ? two : one, &err)) {
        hmp_printf(out, "%s\n", error_get_message(err));
        error_free(err);
    }
}
HMP_COMMAND("hostfwd_add", "arg1:s,arg2:s?",
            "[netdev_id] [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport",
            "redirect TCP or UDP connections from host to guest (requires -net user)",
            hmp_hostfwd_add);

static void hmp_hostfwd_remove(HmpOut *out, HmpArgs *args)
{
    const char *one = hmp_arg_str(args, "arg1"), *two = hmp_arg_str(args, "arg2");
    const char *rule = two ? two : one;
    NetClient *nc = find_user_backend(out, two ? one : NULL);
    Error *err = NULL;
    bool found;

    if (!nc) {
        return;
    }
    if (!slirp_backend_remove_hostfwd(nc, rule, &found, &err)) {
        hmp_printf(out, "%s\n", error_get_message(err));
        error_free(err);
        return;
    }
    hmp_printf(out, "host forwarding rule for %s %s\n", rule,
               found ? "removed" : "not found");
}
HMP_COMMAND("hostfwd_remove", "arg1:s,arg2:s?",
            "[netdev_id] [tcp|udp]:[hostaddr]:hostport",
            "remove host-to-guest TCP or UDP redirection", hmp_hostfwd_remove);
