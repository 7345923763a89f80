/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user-mode network: a small IP network with a router, DHCP, TFTP and DNS, made by
 * libslirp out of ordinary host sockets. The library is loaded when the first one is
 * made. Its sockets and time-outs take part in the loop through a GSource.
 *
 * The library is used under the BQL only: from the card's transmit path (any vCPU) and
 * from the source. A new socket opened by a vCPU must make a sleeping loop look again:
 * poke does that.
 */
#include "qapi/value.h"
#include "softmmu/backends/net/net-internal.h"
#include "util/log.h"

#include <glib.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <slirp/libslirp.h>
#include <string.h>

static struct {
    Slirp *(*new)(const SlirpConfig *, const SlirpCb *, void *);
    void (*cleanup)(Slirp *);
    void (*pollfds_fill)(Slirp *, uint32_t *, SlirpAddPollCb, void *);
    void (*pollfds_poll)(Slirp *, int, SlirpGetREventsCb, void *);
    void (*input)(Slirp *, const uint8_t *, int);
    int (*add_hostfwd)(Slirp *, int, struct in_addr, int, struct in_addr, int);
    int (*remove_hostfwd)(Slirp *, int, struct in_addr, int);
    int (*add_exec)(Slirp *, const char *, struct in_addr *, int);
    char *(*connection_info)(Slirp *);
} lib;

typedef struct SlirpBackend {
    NetClient nc;
    Slirp *slirp;
    GSource *source;
    GArray *fds; /* GPollFD, added to the source */
    BottomHalf *poke;
    EventLoop *loop;
    struct in_addr dhcp_start;
} SlirpBackend;

typedef struct SlirpTimer {
    Timer timer;
    SlirpTimerCb cb;
    void *opaque;
} SlirpTimer;

static bool load_library(Error **errp)
{
    static const char name[] = "libslirp.so.0";
    static const struct {
        const char *symbol;
        void **place;
    } symbols[] = {
        {"slirp_new",              (void **)&lib.new            },
        { "slirp_cleanup",         (void **)&lib.cleanup        },
        { "slirp_pollfds_fill",    (void **)&lib.pollfds_fill   },
        { "slirp_pollfds_poll",    (void **)&lib.pollfds_poll   },
        { "slirp_input",           (void **)&lib.input          },
        { "slirp_add_hostfwd",     (void **)&lib.add_hostfwd    },
        { "slirp_remove_hostfwd",  (void **)&lib.remove_hostfwd },
        { "slirp_add_exec",        (void **)&lib.add_exec       },
        { "slirp_connection_info", (void **)&lib.connection_info},
    };

    if (lib.connection_info) {
        return true;
    }
    void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        error_set(errp, "user-mode networking needs %s: %s", name, dlerror());
        error_append_hint(errp, "The Debian package is libslirp0.\n");
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(symbols); i++) {
        *symbols[i].place = dlsym(handle, symbols[i].symbol);
        if (!*symbols[i].place) {
            lib.connection_info = NULL;
            dlclose(handle);
            return error_set(errp, "%s has no function '%s'", name, symbols[i].symbol);
        }
    }
    return true;
}

/* --- Callbacks of the library --- */

static ssize_t cb_send_packet(const void *buf, size_t len, void *opaque)
{
    SlirpBackend *s = opaque;

    net_send(&s->nc, buf, len);
    return (ssize_t)len;
}

static void cb_guest_error(const char *msg, void *opaque)
{
    log_guest_error("slirp: %s\n", msg);
}

static int64_t cb_clock_get_ns(void *opaque)
{
    return clock_get_ns(VIRTUAL_CLOCK);
}

static void run_timer(void *opaque)
{
    SlirpTimer *t = opaque;

    t->cb(t->opaque);
}

static void *cb_timer_new(SlirpTimerCb cb, void *cb_opaque, void *opaque)
{
    SlirpBackend *s = opaque;
    SlirpTimer *t = g_new0(SlirpTimer, 1);

    t->cb = cb;
    t->opaque = cb_opaque;
    timer_init(&t->timer, s->loop, VIRTUAL_CLOCK, run_timer, t);
    return t;
}

static void cb_timer_free(void *timer, void *opaque)
{
    SlirpTimer *t = timer;

    timer_del(&t->timer);
    g_free(t);
}

static void cb_timer_mod(void *timer, int64_t expire_ms, void *opaque)
{
    timer_mod_ns(&((SlirpTimer *)timer)->timer, expire_ms * NS_PER_MS);
}

/* Sockets are collected anew before each wait. */
static void cb_poll_fd(int fd, void *opaque)
{
}

static void cb_notify(void *opaque)
{
    bh_schedule(((SlirpBackend *)opaque)->poke);
}

static const SlirpCb slirp_callbacks = {
    .send_packet = cb_send_packet,
    .guest_error = cb_guest_error,
    .clock_get_ns = cb_clock_get_ns,
    .timer_new = cb_timer_new,
    .timer_free = cb_timer_free,
    .timer_mod = cb_timer_mod,
    .register_poll_fd = cb_poll_fd,
    .unregister_poll_fd = cb_poll_fd,
    .notify = cb_notify,
};

/* --- The event source --- */

typedef struct SlirpSource {
    GSource source;
    SlirpBackend *backend;
} SlirpSource;

static const struct {
    int slirp;
    gushort poll;
} poll_bits[] = {
    {SLIRP_POLL_IN,   G_IO_IN },
    { SLIRP_POLL_OUT, G_IO_OUT},
    { SLIRP_POLL_PRI, G_IO_PRI},
    { SLIRP_POLL_ERR, G_IO_ERR},
    { SLIRP_POLL_HUP, G_IO_HUP},
};

static int add_poll(int fd, int events, void *opaque)
{
    SlirpBackend *s = opaque;
    GPollFD p = { .fd = fd };

    for (size_t i = 0; i < G_N_ELEMENTS(poll_bits); i++) {
        if (events & poll_bits[i].slirp) {
            p.events |= poll_bits[i].poll;
        }
    }
    g_array_append_val(s->fds, p);
    return (int)s->fds->len - 1;
}

static int get_revents(int index, void *opaque)
{
    SlirpBackend *s = opaque;
    int events = 0;

    if (index < 0 || (guint)index >= s->fds->len) {
        return 0;
    }
    gushort revents = g_array_index(s->fds, GPollFD, index).revents;
    for (size_t i = 0; i < G_N_ELEMENTS(poll_bits); i++) {
        if (revents & poll_bits[i].poll) {
            events |= poll_bits[i].slirp;
        }
    }
    return events;
}

static void remove_polls(SlirpBackend *s)
{
    for (guint i = 0; i < s->fds->len; i++) {
        g_source_remove_poll(s->source, &g_array_index(s->fds, GPollFD, i));
    }
    g_array_set_size(s->fds, 0);
}

/*
 * The array is filled whole before its members are given to glib, which keeps pointers
 * to them until remove_polls().
 */
static gboolean source_prepare(GSource *source, gint *timeout_ms)
{
    SlirpBackend *s = ((SlirpSource *)source)->backend;
    uint32_t timeout = UINT32_MAX;

    remove_polls(s);
    lib.pollfds_fill(s->slirp, &timeout, add_poll, s);
    for (guint i = 0; i < s->fds->len; i++) {
        g_source_add_poll(source, &g_array_index(s->fds, GPollFD, i));
    }
    *timeout_ms = timeout > G_MAXINT32 ? -1 : (gint)timeout;
    return FALSE;
}

static gboolean source_check(GSource *source)
{
    return TRUE;
}

static gboolean source_dispatch(GSource *source, GSourceFunc fn, gpointer data)
{
    SlirpBackend *s = ((SlirpSource *)source)->backend;

    lib.pollfds_poll(s->slirp, 0, get_revents, s);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
    .prepare = source_prepare,
    .check = source_check,
    .dispatch = source_dispatch,
};

static void poked(void *opaque)
{
}

/* --- The client --- */

static bool slirp_receive(NetClient *nc, const uint8_t *frame, size_t size)
{
    SlirpBackend *s = (SlirpBackend *)nc;

    lib.input(s->slirp, frame, (int)size);
    bh_schedule(s->poke);
    return true;
}

static void slirp_backend_cleanup(NetClient *nc)
{
    SlirpBackend *s = (SlirpBackend *)nc;

    if (s->source) {
        remove_polls(s);
        g_source_destroy(s->source);
        g_source_unref(s->source);
    }
    if (s->slirp) {
        lib.cleanup(s->slirp);
    }
    g_array_free(s->fds, TRUE);
    bh_free(s->poke);
    g_free(s);
}

static const NetClientOps slirp_ops = {
    .type = "user",
    .receive = slirp_receive,
    .cleanup = slirp_backend_cleanup,
};

bool slirp_is_backend(const NetClient *nc)
{
    return nc->ops == &slirp_ops;
}

char *slirp_backend_info(NetClient *nc)
{
    return lib.connection_info(((SlirpBackend *)nc)->slirp);
}

/* --- Forwarding rules: [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport --- */

typedef struct ForwardRule {
    bool is_udp;
    struct in_addr host, guest;
    int host_port, guest_port;
} ForwardRule;

/* The text up to @separator; *text moves past it. NULL when it does not come. */
static char *take_field(const char **text, char separator)
{
    const char *end = strchr(*text, separator);

    if (!end) {
        return NULL;
    }
    char *field = g_strndup(*text, (gsize)(end - *text));
    *text = end + 1;
    return field;
}

static bool parse_port(const char *text, int min, int *port)
{
    uint64_t v;

    if (!parse_uint64(text, &v) || v > 65535 || (int)v < min) {
        return false;
    }
    *port = (int)v;
    return true;
}

/* NULL when the rule is good, else what is wrong with it. */
static const char *parse_endpoint(const char **text, char separator, ForwardRule *r)
{
    g_autofree char *protocol = take_field(text, ':');
    if (!protocol) {
        return "No : separators";
    }
    r->is_udp = !strcmp(protocol, "udp");
    if (!r->is_udp && *protocol && strcmp(protocol, "tcp")) {
        return "Bad protocol name";
    }
    g_autofree char *host = take_field(text, ':');
    if (!host) {
        return "Missing : separator";
    }
    if (*host && !inet_aton(host, &r->host)) {
        return "Bad host address";
    }
    g_autofree char *port = separator ? take_field(text, separator) : g_strdup(*text);
    if (!port || !parse_port(port, 0, &r->host_port)) {
        return "Bad host port";
    }
    return NULL;
}

static const char *parse_rule(const char *text, ForwardRule *r)
{
    const char *wrong = parse_endpoint(&text, '-', r);

    if (wrong) {
        return wrong;
    }
    g_autofree char *guest = take_field(&text, ':');
    if (!guest) {
        return "Missing guest address";
    }
    if (*guest && !inet_aton(guest, &r->guest)) {
        return "Bad guest address";
    }
    return parse_port(text, 1, &r->guest_port) ? NULL : "Bad guest port";
}

bool slirp_backend_add_hostfwd(NetClient *nc, const char *rule, Error **errp)
{
    SlirpBackend *s = (SlirpBackend *)nc;
    ForwardRule r = { .guest = s->dhcp_start };
    const char *wrong = parse_rule(rule, &r);

    if (wrong) {
        return error_set(errp, "Invalid host forwarding rule '%s' (%s)", rule, wrong);
    }
    if (lib.add_hostfwd(s->slirp, r.is_udp, r.host, r.host_port, r.guest,
                        r.guest_port) < 0) {
        return error_set(errp, "Could not set up host forwarding rule '%s'", rule);
    }
    bh_schedule(s->poke);
    return true;
}

bool slirp_backend_remove_hostfwd(NetClient *nc, const char *rule, bool *found,
                                  Error **errp)
{
    SlirpBackend *s = (SlirpBackend *)nc;
    ForwardRule r = { 0 };
    const char *text = rule;

    if (parse_endpoint(&text, 0, &r)) {
        return error_set(errp, "invalid format");
    }
    *found = lib.remove_hostfwd(s->slirp, r.is_udp, r.host, r.host_port) == 0;
    return true;
}

/* tcp:server:port-cmd:command: connections to a guest-side address run a command. */
static bool add_guestfwd(SlirpBackend *s, const char *rule, Error **errp)
{
    const char *text = rule;
    ForwardRule r = { 0 };

    if (parse_endpoint(&text, '-', &r) || r.is_udp) {
        return error_set(errp, "Invalid guest forwarding rule '%s'", rule);
    }
    if (!g_str_has_prefix(text, "cmd:")) {
        return error_set(errp, "guest forwarding rule '%s': only cmd: is supported",
                         rule);
    }
    if (lib.add_exec(s->slirp, text + 4, &r.host, r.host_port) < 0) {
        return error_set(
            errp, "Conflicting/invalid host:port in guest forwarding rule '%s'", rule);
    }
    return true;
}

/* --- Options --- */

typedef struct SlirpOptions {
    const char *hostname, *tftp, *bootfile, *domainname, *tftp_server_name;
    const char *net, *host, *dhcpstart, *dns, *ipv6_prefix, *ipv6_host, *ipv6_dns;
    bool restrict_, ipv4, ipv6;
    uint64_t ipv6_prefixlen;
    GPtrArray *hostfwd, *guestfwd, *dnssearch; /* const char * */
} SlirpOptions;

/* One string, or an array of strings or of {"str": string}. */
static void take_list(GPtrArray *list, struct json_object *value)
{
    struct json_object *str;

    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            take_list(list, json_object_array_get_idx(value, i));
        }
    } else if (json_object_is_type(value, json_type_object)) {
        if (json_object_object_get_ex(value, "str", &str)) {
            take_list(list, str);
        }
    } else {
        g_ptr_array_add(list, (gpointer)json_object_get_string(value));
    }
}

static bool take_option(SlirpOptions *o, const char *key, struct json_object *value,
                        Error **errp)
{
    const struct {
        const char *name;
        const char **str;
        bool *flag;
        GPtrArray *list;
    } options[] = {
        {"hostname",          &o->hostname         },
        { "tftp",             &o->tftp             },
        { "bootfile",         &o->bootfile         },
        { "domainname",       &o->domainname       },
        { "tftp-server-name", &o->tftp_server_name },
        { "net",              &o->net              },
        { "host",             &o->host             },
        { "dhcpstart",        &o->dhcpstart        },
        { "dns",              &o->dns              },
        { "ipv6-prefix",      &o->ipv6_prefix      },
        { "ipv6-net",         &o->ipv6_prefix      },
        { "ipv6-host",        &o->ipv6_host        },
        { "ipv6-dns",         &o->ipv6_dns         },
        { "restrict",         .flag = &o->restrict_},
        { "ipv4",             .flag = &o->ipv4     },
        { "ipv6",             .flag = &o->ipv6     },
        { "hostfwd",          .list = o->hostfwd   },
        { "guestfwd",         .list = o->guestfwd  },
        { "dnssearch",        .list = o->dnssearch },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (strcmp(key, options[i].name)) {
            continue;
        }
        if (options[i].str) {
            return value_get_str(value, key, options[i].str, errp);
        }
        if (options[i].flag) {
            return value_get_bool(value, key, options[i].flag, errp);
        }
        take_list(options[i].list, value);
        return true;
    }
    if (!strcmp(key, "ipv6-prefixlen")) {
        return value_get_uint64(value, key, &o->ipv6_prefixlen, errp);
    }
    return error_set(errp, "Invalid parameter '%s'", key);
}

static bool parse_address(const char *text, const char *what, struct in_addr *out,
                          Error **errp)
{
    return !text || inet_aton(text, out) || error_set(errp, "Failed to parse %s", what);
}

/* ADDRESS, ADDRESS/BITS or ADDRESS/MASK; without one the mask is that of the class. */
static bool parse_network(const char *text, struct in_addr *net, struct in_addr *mask,
                          Error **errp)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    uint64_t bits;

    if (!inet_aton(parts[0], net)) {
        return error_set(errp, "Failed to parse netmask");
    }
    uint32_t addr = ntohl(net->s_addr);
    if (!parts[1]) {
        mask->s_addr = htonl(addr < 0x80000000   ? 0xff000000
                             : addr < 0xc0000000 ? 0xfff00000
                                                 : 0xffffff00);
    } else if (parse_uint64(parts[1], &bits)) {
        if (bits < 4 || bits > 30) {
            return error_set(errp, "Invalid netmask provided (must be in range 4..30)");
        }
        mask->s_addr = htonl(UINT32_MAX << (32 - bits));
    } else if (!inet_aton(parts[1], mask)) {
        return error_set(errp, "Failed to parse netmask");
    }
    net->s_addr &= mask->s_addr;
    return true;
}

static struct in_addr host_in(struct in_addr net, struct in_addr mask, uint32_t number)
{
    return (struct in_addr){ net.s_addr | (htonl(number) & ~mask.s_addr) };
}

static bool is_in(struct in_addr addr, const SlirpConfig *c)
{
    return (addr.s_addr & c->vnetmask.s_addr) == c->vnetwork.s_addr;
}

static bool configure_ipv4(const SlirpOptions *o, SlirpConfig *c, Error **errp)
{
    inet_aton("10.0.2.0", &c->vnetwork);
    inet_aton("255.255.255.0", &c->vnetmask);
    if (o->net && !parse_network(o->net, &c->vnetwork, &c->vnetmask, errp)) {
        return false;
    }
    c->vhost = host_in(c->vnetwork, c->vnetmask, 2);
    c->vdhcp_start = host_in(c->vnetwork, c->vnetmask, 15);
    c->vnameserver = host_in(c->vnetwork, c->vnetmask, 3);
    if (!parse_address(o->host, "host", &c->vhost, errp) ||
        !parse_address(o->dhcpstart, "DHCP start address", &c->vdhcp_start, errp) ||
        !parse_address(o->dns, "DNS", &c->vnameserver, errp)) {
        return false;
    }
    if (!is_in(c->vhost, c)) {
        return error_set(errp, "Host doesn't belong to network");
    }
    if (!is_in(c->vdhcp_start, c)) {
        return error_set(errp, "DHCP doesn't belong to network");
    }
    if (c->vdhcp_start.s_addr == c->vhost.s_addr ||
        c->vdhcp_start.s_addr == c->vnameserver.s_addr) {
        return error_set(errp, "DNS must be different from host");
    }
    return true;
}

static bool configure_ipv6(const SlirpOptions *o, SlirpConfig *c, Error **errp)
{
    inet_pton(AF_INET6, "fec0::", &c->vprefix_addr6);
    if (o->ipv6_prefix && inet_pton(AF_INET6, o->ipv6_prefix, &c->vprefix_addr6) != 1) {
        return error_set(errp, "Failed to parse IPv6 prefix");
    }
    if (o->ipv6_prefixlen > 126) {
        return error_set(errp, "Invalid IPv6 prefix length");
    }
    c->vprefix_len = (uint8_t)o->ipv6_prefixlen;
    c->vhost6 = c->vprefix_addr6;
    c->vhost6.s6_addr[15] |= 2;
    c->vnameserver6 = c->vprefix_addr6;
    c->vnameserver6.s6_addr[15] |= 3;
    if (o->ipv6_host && inet_pton(AF_INET6, o->ipv6_host, &c->vhost6) != 1) {
        return error_set(errp, "Failed to parse IPv6 host");
    }
    if (o->ipv6_dns && inet_pton(AF_INET6, o->ipv6_dns, &c->vnameserver6) != 1) {
        return error_set(errp, "Failed to parse IPv6 DNS");
    }
    return true;
}

static bool is_skipped(const char *key, const char *const *skip)
{
    return skip && g_strv_contains(skip, key);
}

static SlirpBackend *make_backend(const SlirpOptions *o, const char *name,
                                  NetClient *peer, Error **errp)
{
    SlirpConfig c = { .version = 1 };

    if (!o->ipv4 && !o->ipv6) {
        error_set(errp, "IPv4 and IPv6 disabled");
        return NULL;
    }
    if (!configure_ipv4(o, &c, errp) || !configure_ipv6(o, &c, errp) ||
        !load_library(errp)) {
        return NULL;
    }
    c.restricted = o->restrict_;
    c.in_enabled = o->ipv4;
    c.in6_enabled = o->ipv6;
    c.vhostname = o->hostname;
    c.tftp_server_name = o->tftp_server_name;
    c.tftp_path = o->tftp;
    c.bootfile = o->bootfile;
    c.vdomainname = o->domainname;
    if (o->dnssearch->len) {
        g_ptr_array_add(o->dnssearch, NULL);
        c.vdnssearch = (const char **)o->dnssearch->pdata;
    }
    SlirpBackend *s = g_new0(SlirpBackend, 1);
    s->loop = main_loop();
    s->fds = g_array_new(FALSE, FALSE, sizeof(GPollFD));
    s->poke = bh_new(s->loop, poked, s);
    s->dhcp_start = c.vdhcp_start;
    net_client_init(&s->nc, &slirp_ops, peer, NULL, name);
    net_client_set_info(&s->nc, "net=%s,restrict=%s", inet_ntoa(c.vnetwork),
                        o->restrict_ ? "on" : "off");
    s->slirp = lib.new(&c, &slirp_callbacks, s);
    if (!s->slirp) {
        error_set(errp, "libslirp refused the configuration");
        net_client_remove(&s->nc);
        return NULL;
    }
    s->source = g_source_new(&source_funcs, sizeof(SlirpSource));
    ((SlirpSource *)s->source)->backend = s;
    g_source_attach(s->source, event_loop_get_context(s->loop));
    return s;
}

static bool add_rules(SlirpBackend *s, const SlirpOptions *o, Error **errp)
{
    for (guint i = 0; i < o->hostfwd->len; i++) {
        if (!slirp_backend_add_hostfwd(&s->nc, o->hostfwd->pdata[i], errp)) {
            return false;
        }
    }
    for (guint i = 0; i < o->guestfwd->len; i++) {
        if (!add_guestfwd(s, o->guestfwd->pdata[i], errp)) {
            return false;
        }
    }
    return true;
}

NetClient *slirp_backend_new(struct json_object *opts, const char *const *skip,
                             const char *name, NetClient *peer, Error **errp)
{
    g_autoptr(GPtrArray) hostfwd = g_ptr_array_new();
    g_autoptr(GPtrArray) guestfwd = g_ptr_array_new();
    g_autoptr(GPtrArray) dnssearch = g_ptr_array_new();
    SlirpOptions o = { .ipv4 = true,
                       .ipv6 = true,
                       .ipv6_prefixlen = 64,
                       .hostfwd = hostfwd,
                       .guestfwd = guestfwd,
                       .dnssearch = dnssearch };

    json_object_object_foreach(opts, key, value)
    {
        if (!is_skipped(key, skip) && !take_option(&o, key, value, errp)) {
            return NULL;
        }
    }
    SlirpBackend *s = make_backend(&o, name, peer, errp);
    if (!s) {
        return NULL;
    }
    if (!add_rules(s, &o, errp)) {
        net_client_remove(&s->nc);
        return NULL;
    }
    return &s->nc;
}
