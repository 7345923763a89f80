/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hubs: what comes in at one port goes out at all others. */
#include "softmmu/backends/net/net-internal.h"

#include <glib.h>

typedef struct Hub {
    int id;
    int next_port;
    GPtrArray *ports; /* HubPort * */
} Hub;

typedef struct HubPort {
    NetClient nc;
    Hub *hub;
    int id;
} HubPort;

static GPtrArray *hubs;

static bool hub_port_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    HubPort *from = (HubPort *)nc;

    for (guint i = 0; i < from->hub->ports->len; i++) {
        HubPort *to = from->hub->ports->pdata[i];
        if (to != from) {
            net_send(&to->nc, frame, size);
        }
    }
    return true;
}

static void hub_port_cleanup(NetClient *nc)
{
    HubPort *port = (HubPort *)nc;

    g_ptr_array_remove(port->hub->ports, port);
    g_free(port);
}

static const NetClientOps hub_port_ops = {
    .type = "hubport",
    .receive = hub_port_receive,
    .cleanup = hub_port_cleanup,
};

static Hub *get_hub(int id)
{
    if (!hubs) {
        hubs = g_ptr_array_new();
    }
    for (guint i = 0; i < hubs->len; i++) {
        Hub *hub = hubs->pdata[i];
        if (hub->id == id) {
            return hub;
        }
    }
    Hub *hub = g_new0(Hub, 1);
    hub->id = id;
    hub->ports = g_ptr_array_new();
    g_ptr_array_add(hubs, hub);
    return hub;
}

NetClient *hub_port_new(int id, const char *name)
{
    Hub *hub = get_hub(id);
    HubPort *port = g_new0(HubPort, 1);

    port->hub = hub;
    port->id = hub->next_port++;
    g_autofree char *default_name = g_strdup_printf("hub%dport%d", id, port->id);
    net_client_init(&port->nc, &hub_port_ops, NULL, NULL, name ? name : default_name);
    g_ptr_array_add(hub->ports, port);
    return &port->nc;
}

bool hub_port_get(const NetClient *nc, int *hub, int *port)
{
    if (nc->ops != &hub_port_ops) {
        return false;
    }
    *hub = ((const HubPort *)nc)->hub->id;
    *port = ((const HubPort *)nc)->id;
    return true;
}

void hub_check(void)
{
    for (guint i = 0; hubs && i < hubs->len; i++) {
        Hub *hub = hubs->pdata[i];
        bool cards = false, backends = false;
        for (guint p = 0; p < hub->ports->len; p++) {
            HubPort *port = hub->ports->pdata[p];
            if (port->nc.peer) {
                cards |= nic_is_card(port->nc.peer);
                backends |= !nic_is_card(port->nc.peer);
            }
        }
        if (backends && !cards) {
            warn_report("hub %d with no nics", hub->id);
        }
        if (cards && !backends) {
            warn_report("hub %d is not connected to host network", hub->id);
        }
    }
}
