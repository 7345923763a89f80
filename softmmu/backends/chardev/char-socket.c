/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-socket: TCP and local sockets, as server or client.
 *
 *     server:  LISTENING --accept--> CONNECTED --lost--> LISTENING
 *     client:  CONNECTED --lost--> CLOSED --timer (reconnect)--> CONNECTED
 *
 * One peer at a time: while one is connected, others wait in the listen queue.
 * Descriptors that come with data (SCM_RIGHTS) are kept until the front end takes them
 * or the next ones come.
 */
#include "char-internal.h"
#include "qapi/fds.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_MSG_FDS = 16 };

/* Telnet (RFC 854): what we say and understand. */
enum {
    TELNET_IAC = 255,
    TELNET_DONT = 254,
    TELNET_WILL = 251,
    TELNET_DO = 253,
    TELNET_BREAK = 243,
};

typedef struct ChardevSocket {
    Chardev parent_obj;
    bool is_server, nodelay, telnet;
    bool is_unix;
    int listen_fd; /* -1: client */
    int fd;        /* -1: not connected */
    FdWatch *listen_watch, *in, *out;
    struct json_object *addr; /* SocketAddressLegacy, for reconnecting */
    char *unlink_path;
    int64_t reconnect_ns;
    Timer reconnect_timer;
    int msg_fds[MAX_MSG_FDS];
    int n_msg_fds;
    int telnet_state; /* bytes of a command still to come */
    bool telnet_cr;
} ChardevSocket;

static void socket_accept(void *opaque, int fd, int events);
static void socket_reconnect(void *opaque);
static void socket_update_read(Chardev *chr);

/* --- Names ------------------------------------------------------------------------ */

static void append_inet(GString *s, const struct sockaddr *sa, socklen_t len)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getnameinfo(sa, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        bool v6 = sa->sa_family == AF_INET6;

        g_string_append_printf(s, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
                               port);
    }
}

/* The configured address, for messages about it. */
static char *describe_addr(struct json_object *addr)
{
    const char *type = data_str(addr, "type");
    struct json_object *data;

    json_object_object_get_ex(addr, "data", &data);
    if (!strcmp(type, "unix")) {
        return g_strdup(data_str(data, "path"));
    }
    if (!strcmp(type, "inet")) {
        return g_strdup_printf("%s:%s", data_str(data, "host"), data_str(data, "port"));
    }
    return g_strdup_printf("fd:%s", data_str(data, "str"));
}

static void append_local(ChardevSocket *s, GString *text, int fd)
{
    struct sockaddr_storage sa = { 0 };
    socklen_t len = sizeof(sa);

    if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0) {
        return;
    }
    if (sa.ss_family == AF_UNIX) {
        const struct sockaddr_un *un = (const void *)&sa;
        const char *path = un->sun_path;

        if (s->addr && !strcmp(data_str(s->addr, "type"), "unix")) {
            g_autofree char *given = describe_addr(s->addr);

            g_string_append_printf(text, "unix:%s", given);
        } else {
            g_string_append_printf(text, "unix:%.*s", (int)sizeof(un->sun_path), path);
        }
    } else {
        g_string_append(text, s->telnet ? "telnet:" : "tcp:");
        append_inet(text, (const void *)&sa, len);
    }
}

static void update_filename(ChardevSocket *s)
{
    GString *text = g_string_new(s->fd < 0 ? "disconnected:" : NULL);
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);
    int fd = s->listen_fd >= 0 ? s->listen_fd : s->fd;

    if (fd >= 0) {
        append_local(s, text, fd);
    } else {
        g_autofree char *given = describe_addr(s->addr);

        g_string_append_printf(text, "%s:%s", s->is_unix ? "unix" : "tcp", given);
    }
    if (s->is_server) {
        g_string_append(text, ",server=on");
    }
    if (s->fd >= 0 && !s->is_unix &&
        getpeername(s->fd, (struct sockaddr *)&sa, &len) == 0) {
        g_string_append(text, " <-> ");
        append_inet(text, (const void *)&sa, len);
    }
    g_free(s->parent_obj.filename);
    s->parent_obj.filename = g_string_free(text, FALSE);
}

/* --- Connections ------------------------------------------------------------------ */

static void drop_msg_fds(ChardevSocket *s)
{
    for (int i = 0; i < s->n_msg_fds; i++) {
        close(s->msg_fds[i]);
    }
    s->n_msg_fds = 0;
}

static void start_reconnect_timer(ChardevSocket *s)
{
    if (s->reconnect_ns) {
        timer_mod_ns(&s->reconnect_timer,
                     clock_get_ns(REALTIME_CLOCK) + s->reconnect_ns);
    }
}

static void socket_disconnect(Chardev *chr)
{
    ChardevSocket *s = (ChardevSocket *)chr;

    if (s->fd < 0) {
        return;
    }
    fd_watch_free(s->in);
    fd_watch_free(s->out);
    s->in = s->out = NULL;
    close(s->fd);
    s->fd = -1;
    drop_msg_fds(s);
    update_filename(s);
    if (s->listen_watch) {
        fd_watch_set_events(s->listen_watch, EVENT_READ);
    }
    start_reconnect_timer(s);
    chr_be_event(chr, CHR_EVENT_CLOSED);
    chr_be_writable(chr); /* what waits for room may go on: it is dropped */
}

/* Telnet commands are three bytes, IAC and two more; BREAK is two. */
static int strip_telnet(ChardevSocket *s, uint8_t *buf, int len)
{
    int out = 0;

    for (int i = 0; i < len; i++) {
        uint8_t c = buf[i];

        if (s->telnet_state == 1) {
            if (c == TELNET_IAC) {
                buf[out++] = c;
                s->telnet_state = 0;
            } else if (c == TELNET_BREAK) {
                chr_be_event(&s->parent_obj, CHR_EVENT_BREAK);
                s->telnet_state = 0;
            } else {
                s->telnet_state = c >= TELNET_WILL && c <= TELNET_DONT ? 2 : 0;
            }
        } else if (s->telnet_state == 2) {
            s->telnet_state = 0;
        } else if (c == TELNET_IAC) {
            s->telnet_state = 1;
        } else if (c == 0 && s->telnet_cr) {
            s->telnet_cr = false; /* CR NUL is a plain return */
        } else {
            s->telnet_cr = c == '\r';
            buf[out++] = c;
        }
    }
    return out;
}

static void keep_fds(ChardevSocket *s, struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        int n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        int fds[MAX_MSG_FDS];

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        drop_msg_fds(s);
        n = MIN(n, MAX_MSG_FDS);
        memcpy(fds, CMSG_DATA(c), (size_t)n * sizeof(int));
        for (int i = 0; i < n; i++) {
            /* The sender chose the flags; a blocking one would be ours to fear. */
            fd_set_nonblock(fds[i], false);
            s->msg_fds[s->n_msg_fds++] = fds[i];
        }
    }
}

static ssize_t receive(ChardevSocket *s, uint8_t *buf, size_t size)
{
    char control[CMSG_SPACE(sizeof(int) * MAX_MSG_FDS)];
    struct iovec iov = { .iov_base = buf, .iov_len = size };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    ssize_t n;

    if (!s->is_unix) {
        return recv(s->fd, buf, size, 0);
    }
    msg.msg_control = control;
    msg.msg_controllen = sizeof(control);
    n = recvmsg(s->fd, &msg, MSG_CMSG_CLOEXEC);
    if (n > 0) {
        keep_fds(s, &msg);
    }
    return n;
}

static void socket_readable(void *opaque, int fd, int events)
{
    Chardev *chr = opaque;
    ChardevSocket *s = opaque;
    uint8_t buf[4096];
    int can = chr_be_can_read(chr);
    ssize_t n;

    if (can <= 0) {
        if (events & EVENT_HUP) {
            socket_disconnect(chr);
        } else {
            socket_update_read(chr);
        }
        return;
    }
    n = receive(s, buf, MIN((size_t)can, sizeof(buf)));
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        socket_disconnect(chr);
        return;
    }
    if (s->telnet) {
        n = strip_telnet(s, buf, (int)n);
    }
    object_ref(chr); /* the front end may drop it meanwhile */
    chr_be_write(chr, buf, (int)n);
    object_unref(chr);
}

static void socket_update_read(Chardev *chr)
{
    ChardevSocket *s = (ChardevSocket *)chr;

    if (s->in) {
        fd_watch_set_events(s->in,
                            EVENT_HUP | (chr_be_can_read(chr) > 0 ? EVENT_READ : 0));
    }
}

static void say_telnet_options(ChardevSocket *s)
{
    /* We echo, suppress go-ahead, and both sides send eight bits. */
    static const uint8_t hello[] = {
        TELNET_IAC, TELNET_WILL, 1, TELNET_IAC, TELNET_WILL, 3,
        TELNET_IAC, TELNET_WILL, 0, TELNET_IAC, TELNET_DO,   0,
    };
    ssize_t ret = send(s->fd, hello, sizeof(hello), MSG_NOSIGNAL);

    (void)ret; /* a peer that takes no twelve bytes is gone: reading tells */
}

/* Takes @fd. */
static void connected(ChardevSocket *s, int fd)
{
    Chardev *chr = &s->parent_obj;
    int on = 1;

    s->fd = fd;
    s->telnet_state = 0;
    s->telnet_cr = false;
    fd_set_nonblock(fd, true);
    if (s->nodelay && !s->is_unix) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (s->telnet) {
        say_telnet_options(s);
    }
    if (s->listen_watch) {
        fd_watch_set_events(s->listen_watch, 0);
    }
    update_filename(s);
    s->in = event_loop_watch_fd(chr->loop, fd, 0, socket_readable, s);
    chr_be_event(chr, CHR_EVENT_OPENED);
    socket_update_read(chr);
}

static void socket_accept(void *opaque, int fd, int events)
{
    ChardevSocket *s = opaque;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

    if (peer < 0) {
        return;
    }
    if (s->fd >= 0) {
        close(peer);
        return;
    }
    connected(s, peer);
}

static int socket_take_fd(Chardev *chr)
{
    ChardevSocket *s = (ChardevSocket *)chr;
    int fd;

    if (s->n_msg_fds == 0) {
        return -1;
    }
    fd = s->msg_fds[0];
    memmove(s->msg_fds, s->msg_fds + 1, (size_t)--s->n_msg_fds * sizeof(int));
    return fd;
}

/* --- Output ----------------------------------------------------------------------- */

static int socket_write(Chardev *chr, const uint8_t *buf, int len)
{
    ChardevSocket *s = (ChardevSocket *)chr;
    ssize_t n;

    if (s->fd < 0) {
        return len;
    }
    n = send(s->fd, buf, (size_t)len, MSG_NOSIGNAL);
    if (n < 0) {
        /* A lost peer is found by reading, from the loop: not in the middle of a
         * device's write. */
        return errno == EAGAIN || errno == EINTR ? 0 : len;
    }
    return (int)n;
}

static void socket_writable(void *opaque, int fd, int events)
{
    ChardevSocket *s = opaque;

    fd_watch_free(s->out);
    s->out = NULL;
    chr_be_writable(&s->parent_obj);
}

static void socket_want_write(Chardev *chr)
{
    ChardevSocket *s = (ChardevSocket *)chr;

    if (s->fd >= 0 && !s->out) {
        s->out = event_loop_watch_fd(chr->loop, s->fd, EVENT_WRITE, socket_writable, s);
    }
}

static void socket_wait_writable(Chardev *chr)
{
    struct pollfd p = { .fd = ((ChardevSocket *)chr)->fd, .events = POLLOUT };

    poll(&p, 1, 100);
}

/* --- Addresses -------------------------------------------------------------------- */

static bool fill_unix(struct json_object *data, struct sockaddr_un *un, socklen_t *len,
                      Error **errp)
{
    const char *path = data_str(data, "path");
    bool abstract = data_bool(data, "abstract", false);
    size_t n = strlen(path);

    memset(un, 0, sizeof(*un));
    un->sun_family = AF_UNIX;
    if (n + (abstract ? 1 : 0) >= sizeof(un->sun_path)) {
        error_set(errp, "UNIX socket path '%s' is too long", path);
        error_append_hint(errp, "Path must be less than %zu bytes\n",
                          sizeof(un->sun_path));
        return false;
    }
    memcpy(un->sun_path + (abstract ? 1 : 0), path, n);
    *len = sizeof(*un);
    if (abstract && data_bool(data, "tight", true)) {
        *len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
    }
    return true;
}

static int unix_listen(ChardevSocket *s, struct json_object *data, Error **errp)
{
    struct sockaddr_un un;
    socklen_t len;
    int fd;

    if (!fill_unix(data, &un, &len, errp)) {
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        error_set_errno(errp, errno, "Failed to create Unix socket");
        return -1;
    }
    if (!data_bool(data, "abstract", false)) {
        if (unlink(un.sun_path) < 0 && errno != ENOENT) {
            error_set_errno(errp, errno, "Failed to unlink socket %s", un.sun_path);
            close(fd);
            return -1;
        }
        s->unlink_path = g_strdup(un.sun_path);
    }
    if (bind(fd, (struct sockaddr *)&un, len) < 0) {
        error_set_errno(errp, errno, "Failed to bind socket to %s",
                        data_str(data, "path"));
        g_clear_pointer(&s->unlink_path, g_free);
        close(fd);
        return -1;
    }
    if (listen(fd, 1) < 0) {
        error_set_errno(errp, errno, "Failed to listen on socket");
        close(fd);
        return -1;
    }
    return fd;
}

static int unix_connect(struct json_object *data, Error **errp)
{
    struct sockaddr_un un;
    socklen_t len;
    int fd;

    if (!fill_unix(data, &un, &len, errp)) {
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&un, len) < 0) {
        error_set_errno(errp, errno, "Failed to connect to '%s'",
                        data_str(data, "path"));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static struct addrinfo *inet_resolve(struct json_object *data, bool passive,
                                     Error **errp)
{
    const char *host = data_str(data, "host");
    const char *port = data_str(data, "port");
    bool v4 = data_bool(data, "ipv4", false);
    bool v6 = data_bool(data, "ipv6", false);
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = passive ? AI_PASSIVE : 0 };
    struct addrinfo *list = NULL;
    int rc;

    hints.ai_family = v4 && !v6 ? AF_INET : v6 && !v4 ? AF_INET6 : AF_UNSPEC;
    if (data_bool(data, "numeric", false)) {
        hints.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
    }
    rc = getaddrinfo(*host ? host : NULL, *port ? port : "0", &hints, &list);
    if (rc != 0) {
        error_set(errp, "address resolution failed for %s:%s: %s", host, port,
                  gai_strerror(rc));
        return NULL;
    }
    return list;
}

static void set_port(struct sockaddr *sa, int port)
{
    if (sa->sa_family == AF_INET6) {
        ((struct sockaddr_in6 *)(void *)sa)->sin6_port = htons((uint16_t)port);
    } else {
        ((struct sockaddr_in *)(void *)sa)->sin_port = htons((uint16_t)port);
    }
}

static int get_port(const struct sockaddr *sa)
{
    return ntohs(sa->sa_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)(const void *)sa)->sin6_port
                     : ((const struct sockaddr_in *)(const void *)sa)->sin_port);
}

static int listen_on(struct addrinfo *ai)
{
    int on = 1;
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, ai->ai_protocol);

    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, 1) < 0) {
        int saved = errno;

        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static int inet_listen(struct json_object *data, Error **errp)
{
    struct addrinfo *list = inet_resolve(data, true, errp);
    int last = (int)data_int(data, "to", 0);
    int fd = -1;

    if (!list) {
        return -1;
    }
    for (struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next) {
        int first = get_port(ai->ai_addr);

        for (int port = first; fd < 0 && port <= MAX(first, last); port++) {
            set_port(ai->ai_addr, port);
            fd = listen_on(ai);
            if (fd < 0 && errno != EADDRINUSE) {
                break;
            }
        }
    }
    if (fd < 0) {
        error_set_errno(errp, errno, "Failed to find an available port");
    }
    freeaddrinfo(list);
    return fd;
}

static int inet_connect(struct json_object *data, Error **errp)
{
    struct addrinfo *list = inet_resolve(data, false, errp);
    int fd = -1;
    int saved = 0;

    if (!list) {
        return -1;
    }
    for (struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next) {
        fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, ai->ai_protocol);
        if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
            saved = errno;
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    if (fd < 0) {
        error_set_errno(errp, saved, "Failed to connect to '%s:%s'",
                        data_str(data, "host"), data_str(data, "port"));
    } else if (data_bool(data, "keep-alive", false)) {
        int on = 1;

        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    }
    return fd;
}

/* An inherited number, or a name that getfd gave. */
static int take_given_fd(const char *text, bool server, Error **errp)
{
    int fd = named_fd_take(text);
    int on = 0;
    socklen_t len = sizeof(on);
    char *end;

    if (fd < 0) {
        long v = strtol(text, &end, 10);

        if (!*text || *end || v < 0 || v > INT_MAX) {
            error_set(errp, "Unable to parse FD number %s", text);
            return -1;
        }
        fd = (int)v;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) < 0) {
        error_set(errp, "File descriptor '%s' is not a socket", text);
        return -1;
    }
    if (server && !on && listen(fd, 1) < 0) {
        error_set_errno(errp, errno, "Failed to listen on fd socket");
        return -1;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

/* A listening or a connected socket; -1 on error. */
static int open_addr(ChardevSocket *s, bool server, Error **errp)
{
    const char *type = data_str(s->addr, "type");
    struct json_object *data;

    json_object_object_get_ex(s->addr, "data", &data);
    if (!strcmp(type, "unix")) {
        return server ? unix_listen(s, data, errp) : unix_connect(data, errp);
    }
    if (!strcmp(type, "inet")) {
        return server ? inet_listen(data, errp) : inet_connect(data, errp);
    }
    return take_given_fd(data_str(data, "str"), server, errp);
}

static void socket_reconnect(void *opaque)
{
    ChardevSocket *s = opaque;
    int fd;

    if (s->fd >= 0) {
        return;
    }
    fd = open_addr(s, false, NULL);
    if (fd >= 0) {
        connected(s, fd);
    } else {
        start_reconnect_timer(s);
    }
}

static bool fd_is_unix(int fd)
{
    struct sockaddr_storage sa;
    socklen_t len = sizeof(sa);

    return getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
           sa.ss_family == AF_UNIX;
}

/*
 * wait=on: nothing goes on before the first peer is there. The signals that end the
 * program are for the main loop, which does not run meanwhile: here they end it at
 * once.
 */
static void wait_for_peer(ChardevSocket *s)
{
    sigset_t mask;

    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    sigdelset(&mask, SIGINT);
    sigdelset(&mask, SIGTERM);
    sigdelset(&mask, SIGHUP);
    info_report("waiting for connection on: %s", s->parent_obj.filename);
    while (s->fd < 0) {
        struct pollfd p = { .fd = s->listen_fd, .events = POLLIN };

        ppoll(&p, 1, NULL, &mask);
        socket_accept(s, s->listen_fd, EVENT_READ);
    }
}

static bool open_server(ChardevSocket *s, bool wait, Error **errp)
{
    s->listen_fd = open_addr(s, true, errp);
    if (s->listen_fd < 0) {
        return false;
    }
    s->is_unix = fd_is_unix(s->listen_fd);
    fd_set_nonblock(s->listen_fd, true);
    update_filename(s);
    s->listen_watch = event_loop_watch_fd(s->parent_obj.loop, s->listen_fd, EVENT_READ,
                                          socket_accept, s);
    if (wait) {
        wait_for_peer(s);
    }
    return true;
}

static bool open_client(ChardevSocket *s, Error **errp)
{
    Error *err = NULL;
    int fd = open_addr(s, false, &err);

    s->is_unix = fd >= 0 ? fd_is_unix(fd) : !strcmp(data_str(s->addr, "type"), "unix");
    if (fd >= 0) {
        connected(s, fd);
        return true;
    }
    if (!s->reconnect_ns) {
        error_propagate(errp, err);
        return false;
    }
    error_free(err); /* it may come up later */
    update_filename(s);
    start_reconnect_timer(s);
    return true;
}

static bool socket_open(Chardev *chr, struct json_object *data, bool *be_opened,
                        Error **errp)
{
    ChardevSocket *s = (ChardevSocket *)chr;
    bool has_wait = json_object_object_get_ex(data, "wait", NULL);
    int64_t reconnect = data_int(data, "reconnect", 0);
    struct json_object *addr;

    json_object_object_get_ex(data, "addr", &addr);
    s->addr = json_object_get(addr);
    s->is_server = data_bool(data, "server", true);
    s->nodelay = data_bool(data, "nodelay", false);
    s->telnet = data_bool(data, "telnet", false);
    timer_init(&s->reconnect_timer, chr->loop, REALTIME_CLOCK, socket_reconnect, s);
    if (s->is_server && reconnect > 0) {
        return error_set(errp, "'reconnect' option is incompatible with socket in "
                               "server listen mode");
    }
    if (!s->is_server && has_wait) {
        return error_set(errp, "'wait' option is incompatible with socket in client "
                               "connect mode");
    }
    s->reconnect_ns = CLAMP(reconnect, 0, 86400) * NANOSECONDS_PER_SECOND;
    *be_opened = false;
    return s->is_server ? open_server(s, data_bool(data, "wait", false), errp)
                        : open_client(s, errp);
}

static void socket_init(Object *obj)
{
    ChardevSocket *s = (ChardevSocket *)obj;

    s->listen_fd = s->fd = -1;
}

static void socket_finalize(Object *obj)
{
    ChardevSocket *s = (ChardevSocket *)obj;

    timer_del(&s->reconnect_timer);
    fd_watch_free(s->listen_watch);
    fd_watch_free(s->in);
    fd_watch_free(s->out);
    drop_msg_fds(s);
    if (s->fd >= 0) {
        close(s->fd);
    }
    if (s->listen_fd >= 0) {
        close(s->listen_fd);
    }
    if (s->unlink_path) {
        unlink(s->unlink_path);
        g_free(s->unlink_path);
    }
    json_object_put(s->addr);
}

static void socket_class_init(ObjectClass *klass, const void *data)
{
    ChardevClass *cc = CHARDEV_CLASS(klass);

    cc->open = socket_open;
    cc->write = socket_write;
    cc->want_write = socket_want_write;
    cc->wait_writable = socket_wait_writable;
    cc->update_read = socket_update_read;
    cc->take_fd = socket_take_fd;
    cc->disconnect = socket_disconnect;
}

static const TypeInfo socket_info = {
    .name = TYPE_CHARDEV_SOCKET,
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(ChardevSocket),
    .instance_init = socket_init,
    .instance_finalize = socket_finalize,
    .class_init = socket_class_init,
};
TYPE_REGISTER(socket_info);
