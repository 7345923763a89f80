/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-fd: bytes from one descriptor and to another. Its subtypes only know how to
 * open them: file, pipe, and the host's serial lines. Standard input and pseudo
 * terminals are in files of their own.
 */
#include "char-internal.h"
#include "qapi/fds.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

bool fd_set_nonblock(int fd, bool on)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0) {
        return false;
    }
    flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    return fcntl(fd, F_SETFL, flags) == 0;
}

static void fd_readable(void *opaque, int fd, int events)
{
    Chardev *chr = opaque;
    ChardevFd *s = opaque;
    uint8_t buf[4096];
    int can = chr_be_can_read(chr);
    ssize_t n;

    if (can <= 0) {
        fd_watch_set_events(s->in, 0);
        return;
    }
    n = read(fd, buf, MIN((size_t)can, sizeof(buf)));
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        fd_watch_free(s->in);
        s->in = NULL;
        if (s->close_in) {
            close(s->in_fd);
        }
        s->in_fd = -1;
        chr_be_event(chr, CHR_EVENT_CLOSED);
        return;
    }
    chr_be_write(chr, buf, (int)n);
}

static void fd_update_read(Chardev *chr)
{
    ChardevFd *s = (ChardevFd *)chr;

    if (s->in) {
        fd_watch_set_events(s->in, chr_be_can_read(chr) > 0 ? EVENT_READ : 0);
    }
}

static void fd_writable(void *opaque, int fd, int events)
{
    ChardevFd *s = opaque;

    fd_watch_free(s->out);
    s->out = NULL;
    chr_be_writable(opaque);
}

static void fd_want_write(Chardev *chr)
{
    ChardevFd *s = (ChardevFd *)chr;

    if (!s->out && s->out_fd >= 0) {
        s->out = event_loop_watch_fd(chr->loop, s->out_fd, EVENT_WRITE, fd_writable, s);
    }
}

static void fd_wait_writable(Chardev *chr)
{
    struct pollfd p = { .fd = ((ChardevFd *)chr)->out_fd, .events = POLLOUT };

    poll(&p, 1, 100);
}

int chardev_fd_write(Chardev *chr, const uint8_t *buf, int len)
{
    ChardevFd *s = (ChardevFd *)chr;
    ssize_t n;

    if (s->out_fd < 0) {
        return len;
    }
    if (s->poll_before_write) {
        /* POLLOUT promises a pipe PIPE_BUF bytes: so much does not block. */
        struct pollfd p = { .fd = s->out_fd, .events = POLLOUT };

        if (poll(&p, 1, 0) == 0) {
            return 0;
        }
        len = MIN(len, 4096);
    }
    n = write(s->out_fd, buf, (size_t)len);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : len;
    }
    return (int)n;
}

void chardev_fd_set(ChardevFd *s, int in_fd, int out_fd)
{
    s->in_fd = in_fd;
    s->out_fd = out_fd;
    if (in_fd >= 0) {
        s->in = event_loop_watch_fd(s->parent_obj.loop, in_fd, 0, fd_readable, s);
        fd_update_read(&s->parent_obj);
    }
}

void chardev_fd_close(ChardevFd *s)
{
    fd_watch_free(s->in);
    fd_watch_free(s->out);
    s->in = s->out = NULL;
    if (s->close_in && s->in_fd >= 0) {
        close(s->in_fd);
    }
    if (s->close_out && s->out_fd >= 0 && s->out_fd != s->in_fd) {
        close(s->out_fd);
    }
    s->in_fd = s->out_fd = -1;
}

static void fd_init(Object *obj)
{
    ChardevFd *s = (ChardevFd *)obj;

    s->in_fd = s->out_fd = -1;
    s->close_in = s->close_out = true;
}

static void fd_finalize(Object *obj)
{
    chardev_fd_close((ChardevFd *)obj);
}

static void fd_class_init(ObjectClass *klass, const void *data)
{
    ChardevClass *cc = CHARDEV_CLASS(klass);

    cc->write = chardev_fd_write;
    cc->want_write = fd_want_write;
    cc->wait_writable = fd_wait_writable;
    cc->update_read = fd_update_read;
}

static const TypeInfo fd_info = {
    .name = TYPE_CHARDEV_FD,
    .parent = TYPE_CHARDEV,
    .abstract = true,
    .instance_size = sizeof(ChardevFd),
    .instance_init = fd_init,
    .instance_finalize = fd_finalize,
    .class_init = fd_class_init,
};
TYPE_REGISTER(fd_info);

static int open_named(const char *name, int flags, Error **errp)
{
    int fd = fdset_open(name, flags, 0666);

    if (fd < 0) {
        error_set_errno(errp, errno, "Could not open '%s'", name);
    }
    return fd;
}

/* --- file ------------------------------------------------------------------------- */

static bool file_open(Chardev *chr, struct json_object *data, bool *be_opened,
                      Error **errp)
{
    const char *in = data_str(data, "in");
    int flags =
        O_WRONLY | O_CREAT | (data_bool(data, "append", false) ? O_APPEND : O_TRUNC);
    int in_fd = -1;
    int out_fd = open_named(data_str(data, "out"), flags, errp);

    if (out_fd < 0) {
        return false;
    }
    if (in) {
        in_fd = open_named(in, O_RDONLY, errp);
        if (in_fd < 0) {
            close(out_fd);
            return false;
        }
    }
    chardev_fd_set((ChardevFd *)chr, in_fd, out_fd);
    return true;
}

static void file_class_init(ObjectClass *klass, const void *data)
{
    CHARDEV_CLASS(klass)->open = file_open;
}

static const TypeInfo file_info = {
    .name = TYPE_CHARDEV_FILE,
    .parent = TYPE_CHARDEV_FD,
    .class_init = file_class_init,
};
TYPE_REGISTER(file_info);

/* --- pipe: NAME.in and NAME.out, or one NAME for both directions -------------------
 */

static bool pipe_open(Chardev *chr, struct json_object *data, bool *be_opened,
                      Error **errp)
{
    const char *name = data_str(data, "device");
    g_autofree char *in_name = g_strdup_printf("%s.in", name);
    g_autofree char *out_name = g_strdup_printf("%s.out", name);
    int in_fd = open(in_name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    int out_fd = open(out_name, O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (in_fd < 0 || out_fd < 0) {
        if (in_fd >= 0) {
            close(in_fd);
        }
        if (out_fd >= 0) {
            close(out_fd);
        }
        in_fd = out_fd = open_named(name, O_RDWR | O_NONBLOCK, errp);
        if (in_fd < 0) {
            return false;
        }
    }
    chardev_fd_set((ChardevFd *)chr, in_fd, out_fd);
    return true;
}

static void pipe_class_init(ObjectClass *klass, const void *data)
{
    CHARDEV_CLASS(klass)->open = pipe_open;
}

static const TypeInfo pipe_info = {
    .name = TYPE_CHARDEV_PIPE,
    .parent = TYPE_CHARDEV_FD,
    .class_init = pipe_class_init,
};
TYPE_REGISTER(pipe_info);

/* --- serial: a line of the host ----------------------------------------------------
 */

static speed_t speed_code(int speed)
{
    /* clang-format off */
    static const struct { int speed; speed_t code; } table[] = {
        { 50, B50 }, { 75, B75 }, { 110, B110 }, { 134, B134 }, { 150, B150 },
        { 200, B200 }, { 300, B300 }, { 600, B600 }, { 1200, B1200 }, { 1800, B1800 },
        { 2400, B2400 }, { 4800, B4800 }, { 9600, B9600 }, { 19200, B19200 },
        { 38400, B38400 }, { 57600, B57600 }, { 115200, B115200 },
    };
    /* clang-format on */
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        /* The UART's divisors give rates that are off by a few percent. */
        if (speed <= table[i].speed + table[i].speed / 10) {
            return table[i].code;
        }
    }
    return B115200;
}

static int serial_set_params(int fd, const ChrSerialParams *p)
{
    static const tcflag_t sizes[] = { CS5, CS6, CS7, CS8 };
    struct termios tty;

    if (tcgetattr(fd, &tty) < 0) {
        return -errno;
    }
    cfmakeraw(&tty);
    cfsetispeed(&tty, speed_code(p->speed));
    cfsetospeed(&tty, speed_code(p->speed));
    tty.c_cflag &= ~(tcflag_t)(CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS);
    tty.c_cflag |= CLOCAL | CREAD;
    tty.c_cflag |= sizes[CLAMP(p->data_bits, 5, 8) - 5];
    tty.c_cflag |= p->stop_bits == 2 ? CSTOPB : 0;
    tty.c_cflag |= p->parity == 'N' ? 0 : PARENB;
    tty.c_cflag |= p->parity == 'O' ? PARODD : 0;
    return tcsetattr(fd, TCSANOW, &tty) < 0 ? -errno : 0;
}

static const struct {
    int ours;
    int host;
} tiocm_bits[] = {
    {CHR_TIOCM_CTS,  TIOCM_CTS},
    { CHR_TIOCM_CAR, TIOCM_CAR},
    { CHR_TIOCM_DSR, TIOCM_DSR},
    { CHR_TIOCM_RI,  TIOCM_RI },
    { CHR_TIOCM_DTR, TIOCM_DTR},
    { CHR_TIOCM_RTS, TIOCM_RTS},
};

static int serial_tiocm(int fd, bool set, int *lines)
{
    int host = 0;

    if (ioctl(fd, TIOCMGET, &host) < 0) {
        return -errno;
    }
    if (!set) {
        *lines = 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(tiocm_bits); i++) {
        if (!set) {
            *lines |= host & tiocm_bits[i].host ? tiocm_bits[i].ours : 0;
        } else if (tiocm_bits[i].ours & (CHR_TIOCM_DTR | CHR_TIOCM_RTS)) {
            host &= ~tiocm_bits[i].host;
            host |= *lines & tiocm_bits[i].ours ? tiocm_bits[i].host : 0;
        }
    }
    return set && ioctl(fd, TIOCMSET, &host) < 0 ? -errno : 0;
}

static int serial_ioctl(Chardev *chr, ChrIoctl cmd, void *arg)
{
    int fd = ((ChardevFd *)chr)->out_fd;
    int lines;

    switch (cmd) {
    case CHR_IOCTL_SERIAL_SET_PARAMS:
        return serial_set_params(fd, arg);
    case CHR_IOCTL_SERIAL_SET_BREAK:
        return *(const int *)arg ? tcsendbreak(fd, 1) : 0;
    case CHR_IOCTL_SERIAL_GET_TIOCM:
        return serial_tiocm(fd, false, arg);
    case CHR_IOCTL_SERIAL_SET_TIOCM:
        lines = *(const int *)arg;
        return serial_tiocm(fd, true, &lines);
    }
    return -ENOTSUP;
}

static bool serial_open(Chardev *chr, struct json_object *data, bool *be_opened,
                        Error **errp)
{
    static const ChrSerialParams initial = { 115200, 'N', 8, 1 };
    int fd = open_named(data_str(data, "device"), O_RDWR | O_NOCTTY | O_NONBLOCK, errp);

    if (fd < 0) {
        return false;
    }
    serial_set_params(fd, &initial); /* a file that is no line stays as it is */
    chardev_fd_set((ChardevFd *)chr, fd, fd);
    return true;
}

static void serial_class_init(ObjectClass *klass, const void *data)
{
    ChardevClass *cc = CHARDEV_CLASS(klass);

    cc->open = serial_open;
    cc->ioctl = serial_ioctl;
}

static const TypeInfo serial_info = {
    .name = TYPE_CHARDEV_SERIAL,
    .parent = TYPE_CHARDEV_FD,
    .class_init = serial_class_init,
};
TYPE_REGISTER(serial_info);
