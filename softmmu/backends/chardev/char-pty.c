/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-pty: a new pseudo terminal. While no program has the other side open, the
 * master reports a hang-up for ever, so it is not polled by the loop then: a timer
 * looks once a second whether somebody has come.
 */
#include "char-internal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

typedef struct ChardevPty {
    Chardev parent_obj;
    int fd;
    FdWatch *in, *out;
    Timer timer;
} ChardevPty;

enum { PTY_POLL_NS = NANOSECONDS_PER_SECOND };

static void pty_readable(void *opaque, int fd, int events);
static void pty_update_read(Chardev *chr);

static bool pty_has_peer(ChardevPty *s)
{
    struct pollfd p = { .fd = s->fd, .events = POLLOUT };

    return poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP);
}

static void pty_set_connected(ChardevPty *s, bool connected)
{
    Chardev *chr = &s->parent_obj;

    if (!connected) {
        fd_watch_free(s->in);
        fd_watch_free(s->out);
        s->in = s->out = NULL;
        timer_mod_ns(&s->timer, clock_get_ns(REALTIME_CLOCK) + PTY_POLL_NS);
        chr_be_event(chr, CHR_EVENT_CLOSED);
    } else if (!s->in) {
        timer_del(&s->timer);
        s->in = event_loop_watch_fd(chr->loop, s->fd, 0, pty_readable, s);
        chr_be_event(chr, CHR_EVENT_OPENED);
        pty_update_read(chr);
    }
}

static void pty_poll(void *opaque)
{
    ChardevPty *s = opaque;

    pty_set_connected(s, pty_has_peer(s));
    if (s->in) {
        chr_be_writable(&s->parent_obj);
    }
}

static void pty_update_read(Chardev *chr)
{
    ChardevPty *s = (ChardevPty *)chr;

    if (s->in) {
        fd_watch_set_events(s->in,
                            EVENT_HUP | (chr_be_can_read(chr) > 0 ? EVENT_READ : 0));
    }
}

static void pty_readable(void *opaque, int fd, int events)
{
    ChardevPty *s = opaque;
    uint8_t buf[4096];
    int can = chr_be_can_read(&s->parent_obj);
    ssize_t n;

    if (can <= 0) {
        if (events & EVENT_HUP) {
            pty_set_connected(s, false);
        } else {
            pty_update_read(&s->parent_obj);
        }
        return;
    }
    n = read(fd, buf, MIN((size_t)can, sizeof(buf)));
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        pty_set_connected(s, false);
        return;
    }
    chr_be_write(&s->parent_obj, buf, (int)n);
}

static int pty_write(Chardev *chr, const uint8_t *buf, int len)
{
    ChardevPty *s = (ChardevPty *)chr;
    ssize_t n;

    if (!s->in) {
        pty_set_connected(s, pty_has_peer(s));
        if (!s->in) {
            return len; /* nobody there to lose it */
        }
    }
    n = write(s->fd, buf, (size_t)len);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : len;
    }
    return (int)n;
}

static void pty_writable(void *opaque, int fd, int events)
{
    ChardevPty *s = opaque;

    fd_watch_free(s->out);
    s->out = NULL;
    chr_be_writable(&s->parent_obj);
}

static void pty_want_write(Chardev *chr)
{
    ChardevPty *s = (ChardevPty *)chr;

    if (s->in && !s->out) {
        s->out = event_loop_watch_fd(chr->loop, s->fd, EVENT_WRITE, pty_writable, s);
    }
}

static void pty_wait_writable(Chardev *chr)
{
    struct pollfd p = { .fd = ((ChardevPty *)chr)->fd, .events = POLLOUT };

    poll(&p, 1, 100);
}

/* The slave side starts raw, so that nothing is echoed to the guest. */
static void make_raw(const char *name)
{
    struct termios tty;
    int fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0) {
        if (tcgetattr(fd, &tty) == 0) {
            cfmakeraw(&tty);
            tcsetattr(fd, TCSAFLUSH, &tty);
        }
        close(fd);
    }
}

static bool pty_open(Chardev *chr, struct json_object *data, bool *be_opened,
                     Error **errp)
{
    ChardevPty *s = (ChardevPty *)chr;
    char name[64];

    s->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (s->fd < 0 || grantpt(s->fd) < 0 || unlockpt(s->fd) < 0 ||
        ptsname_r(s->fd, name, sizeof(name)) != 0) {
        return error_set_errno(errp, errno, "Failed to create PTY");
    }
    make_raw(name);
    if (!fd_set_nonblock(s->fd, true)) {
        return error_set_errno(errp, errno, "Failed to set FD nonblocking");
    }
    chr->filename = g_strdup_printf("pty:%s", name);
    /* Programs read the name from here. */
    printf("char device redirected to %s (label %s)\n", name, chr->label);
    fflush(stdout);
    timer_init(&s->timer, chr->loop, REALTIME_CLOCK, pty_poll, s);
    timer_mod_ns(&s->timer, clock_get_ns(REALTIME_CLOCK) + NS_PER_MS);
    *be_opened = false;
    return true;
}

static void pty_init(Object *obj)
{
    ((ChardevPty *)obj)->fd = -1;
}

static void pty_finalize(Object *obj)
{
    ChardevPty *s = (ChardevPty *)obj;

    timer_del(&s->timer);
    fd_watch_free(s->in);
    fd_watch_free(s->out);
    if (s->fd >= 0) {
        close(s->fd);
    }
}

static void pty_class_init(ObjectClass *klass, const void *data)
{
    ChardevClass *cc = CHARDEV_CLASS(klass);

    cc->open = pty_open;
    cc->write = pty_write;
    cc->want_write = pty_want_write;
    cc->wait_writable = pty_wait_writable;
    cc->update_read = pty_update_read;
}

static const TypeInfo pty_info = {
    .name = TYPE_CHARDEV_PTY,
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(ChardevPty),
    .instance_init = pty_init,
    .instance_finalize = pty_finalize,
    .class_init = pty_class_init,
};
TYPE_REGISTER(pty_info);
