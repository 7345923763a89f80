/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the backends, the hubs and the options. */
#ifndef STRATA_NET_INTERNAL_H
#define STRATA_NET_INTERNAL_H

#include "softmmu/net.h"

/* A new port of hub @id, which is made when there is none. Owned by the hub. */
NetClient *hub_port_new(int id, const char *name);
/* The hub's number and port number of a hub port; false for other clients. */
bool hub_port_get(const NetClient *nc, int *hub, int *port);
/* Warn about hubs that lack cards or backends. */
void hub_check(void);

/*
 * A user-mode stack plugged into @peer (or nothing). @opts: the members of -netdev
 * user; those in @skip are somebody else's. Loads libslirp.
 */
NetClient *slirp_backend_new(struct json_object *opts, const char *const *skip,
                             const char *name, NetClient *peer,
                             Error **errp) WARN_UNUSED;
bool slirp_backend_add_hostfwd(NetClient *nc, const char *rule,
                               Error **errp) WARN_UNUSED;
/* False when there was none. */
bool slirp_backend_remove_hostfwd(NetClient *nc, const char *rule, bool *found,
                                  Error **errp) WARN_UNUSED;
/* What "info usernet" prints; caller frees. */
char *slirp_backend_info(NetClient *nc);
bool slirp_is_backend(const NetClient *nc);

bool nic_is_card(const NetClient *nc);
bool mac_parse(const char *text, uint8_t mac[NET_MAC_LEN]);
/* Make all backends of one type; hub ports too. */
NetClient *netdev_create(const char *type, struct json_object *opts,
                         const char *const *skip, const char *name, NetClient *peer,
                         Error **errp) WARN_UNUSED;

#endif
