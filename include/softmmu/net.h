/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network ends. A NetClient is one end of a cable: a card, a backend such as the
 * user-mode stack, or a port of a hub. Frames sent by one end are received by its peer;
 * what the peer cannot take now waits in its bounded queue. Options (-netdev, -nic,
 * -net) make backends and leave a NicInfo for each card that the machine shall make.
 * Tour: docs/net.md.
 *
 * Context: BQL for everything.
 */
#ifndef STRATA_SOFTMMU_NET_H
#define STRATA_SOFTMMU_NET_H

#include "qom/object.h"
#include "util/error.h"
#include "util/event-loop.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct NetClient NetClient;
typedef struct NetPacket NetPacket;

#define NET_MAC_LEN       6
#define NET_MAX_FRAME     (68 * 1024) /* the longest frame a client may send */
#define NET_QUEUE_PACKETS 256         /* waiting for one receiver; more are dropped */

typedef struct NetClientOps {
    const char *type; /* as "info network" names it: "nic", "user", "hubport" */
    /* May the peer deliver now? NULL: always. */
    bool (*can_receive)(NetClient *nc);
    /* A frame without FCS. False: cannot take it now, keep it until net_flush(). */
    bool (*receive)(NetClient *nc, const uint8_t *frame, size_t size);
    /* link_down changed on this end or, for a card, on its backend. */
    void (*link_changed)(NetClient *nc);
    /* Release what hangs on it, and the storage if it is the backend's own. */
    void (*cleanup)(NetClient *nc);
} NetClientOps;

struct NetClient {
    const NetClientOps *ops;
    bool link_down;
    /* private */
    char *name;
    char *model; /* a card's "e1000", else NULL */
    char *info;  /* what "info network" adds */
    NetClient *peer;
    bool is_netdev; /* from -netdev: netdev_del may remove it */
    bool delivering;
    GQueue queue; /* NetPacket *, waiting for this client */
};

/* --- Clients -------------------------------------------------------------------------
 */

/*
 * Enter @nc, storage of its implementer, into the list. @name NULL: a free
 * "MODEL.N" or "#netN". @peer may be NULL.
 */
void net_client_init(NetClient *nc, const NetClientOps *ops, NetClient *peer,
                     const char *model, const char *name);
/* Leave the list and the peer, drop the queue, call ops->cleanup. */
void net_client_remove(NetClient *nc);
/* Text behind "index=0,type=T,". */
void net_client_set_info(NetClient *nc, const char *fmt, ...) PRINTF_FMT(2, 3);
NetClient *net_client_find(const char *name); /* NULL when there is none */
NetClient *net_client_next(NetClient *nc);    /* in order of creation; NULL: first */
/* Deliver to the peer, or queue, or drop. The frame is copied if it must wait. */
void net_send(NetClient *nc, const uint8_t *frame, size_t size);
/* The receiver can take frames again. */
void net_flush(NetClient *nc);
/* Frames waiting for @nc are forgotten (reset). */
void net_purge(NetClient *nc);
bool net_set_link(const char *name, bool up, Error **errp) WARN_UNUSED;
/* Has the other end an up link? False without peer. */
bool net_peer_is_up(const NetClient *nc);

/* --- What a card has -----------------------------------------------------------------
 */

/* Property block of a card: mac=, netdev=. */
typedef struct NicConf {
    uint8_t mac[NET_MAC_LEN]; /* all zero: choose one at realize */
    NetClient *peer;          /* NULL: no cable */
} NicConf;
extern const PropertyType prop_macaddr, prop_netdev;
/* clang-format off */
#define PROP_MACADDR(n, S, f) { .name = (n), .type = &prop_macaddr, .offset = (ptrdiff_t)offsetof(S, f) }
#define PROP_NETDEV(n, S, f)  { PROP_(n, S, f, prop_netdev, NetClient *) }
/* clang-format on */
#define NIC_PROPERTIES(S, f) \
    PROP_MACADDR("mac", S, f.mac), PROP_NETDEV("netdev", S, f.peer)

/* Give @mac an address (52:54:00:12:34:56 and on) if it has none, and note its use. */
void nic_mac_default_if_unset(uint8_t mac[NET_MAC_LEN]);
/* The card's end: named @id, or "e1000.N"; plugged into conf->peer; info is set. */
void nic_client_init(NetClient *nc, const NetClientOps *ops, NicConf *conf,
                     const char *model, const char *id);

/* --- Options ------------------------------------------------------------------------
 */

/* A card that an option asked the machine to make. */
typedef struct NicInfo {
    char *model;              /* NULL: the machine's default */
    char *id;                 /* name of the card, or NULL */
    uint8_t mac[NET_MAC_LEN]; /* zero: not given */
    NetClient *peer;          /* or NULL */
    char *location;           /* of the option, or NULL */
    bool used;
} NicInfo;

/* -netdev TYPE,id=...; QMP netdev_add. Values may be strings or JSON. */
bool netdev_add(struct json_object *opts, Error **errp) WARN_UNUSED;
bool netdev_del(const char *id, Error **errp) WARN_UNUSED;
/* -nic TYPE,... : keyval_parse(text, "type"). */
bool net_nic_option(struct json_object *opts, const char *location,
                    Error **errp) WARN_UNUSED;
/* -net nic,... or -net user,... : keyval_parse(text, "type"). Joined by hub 0. */
bool net_legacy_option(struct json_object *opts, const char *location,
                       Error **errp) WARN_UNUSED;
/*
 * After all options: without any of them (-net none and -nic none count as some) and
 * unless -nodefaults, one card and one user-mode backend on hub 0.
 */
bool net_add_defaults(bool nodefaults, Error **errp) WARN_UNUSED;
/* The cards to make, in order of the options. */
unsigned nic_count(void);
NicInfo *nic_get(unsigned index);
/* Set mac= and netdev= of a card that is being made and mark @nic used. */
void nic_set_properties(NicInfo *nic, Object *card);
/* Once the machine is made: warn about clients without peer and cards not made. */
void net_check_clients(void);

#endif
