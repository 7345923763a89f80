/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-stdio: the terminal the program was started from. It is put into raw mode as
 * far as "signal" and the front end's echo ask for it, and gets its old mode back when
 * the program ends, however it ends, or is stopped and continued. The descriptors are
 * shared with other programs, so they keep their blocking mode.
 */
#include "char-internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* There is one standard input. */
static struct {
    bool in_use;
    bool is_tty;
    bool echo;
    bool allow_signal;
    struct termios old;
} term;

static void set_mode(void)
{
    struct termios tty;

    if (!term.is_tty) {
        return;
    }
    tty = term.old;
    if (!term.echo) {
        tty.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR |
                                   ICRNL | IXON);
        tty.c_oflag |= OPOST;
        tty.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
        tty.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
        tty.c_cflag |= CS8;
        tty.c_cc[VMIN] = 1;
        tty.c_cc[VTIME] = 0;
    }
    if (!term.allow_signal) {
        tty.c_lflag &= ~(tcflag_t)ISIG;
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &tty);
}

void chardev_stdio_cleanup(void)
{
    if (term.in_use && term.is_tty) {
        tcsetattr(STDIN_FILENO, TCSANOW, &term.old);
    }
}

/* tcsetattr is safe in a signal handler. */
static void continued(int sig)
{
    set_mode();
}

static void stdio_set_echo(Chardev *chr, bool echo)
{
    term.echo = echo;
    set_mode();
}

static bool stdio_open(Chardev *chr, struct json_object *data, bool *be_opened,
                       Error **errp)
{
    static bool registered;
    ChardevFd *s = (ChardevFd *)chr;
    struct sigaction act = { .sa_handler = continued, .sa_flags = SA_RESTART };

    if (term.in_use) {
        return error_set(errp, "cannot use stdio by multiple character devices");
    }
    term.in_use = true;
    term.is_tty = tcgetattr(STDIN_FILENO, &term.old) == 0;
    term.allow_signal = data_bool(data, "signal", true);
    term.echo = false;
    if (!registered) {
        registered = true;
        atexit(chardev_stdio_cleanup);
    }
    if (term.is_tty) {
        sigaction(SIGCONT, &act, NULL);
    }
    set_mode();
    s->close_in = s->close_out = false;
    s->poll_before_write = true;
    chardev_fd_set(s, STDIN_FILENO, STDOUT_FILENO);
    return true;
}

static void stdio_finalize(Object *obj)
{
    if (((ChardevFd *)obj)->out_fd >= 0) {
        chardev_stdio_cleanup();
        term.in_use = false;
    }
}

static void stdio_class_init(ObjectClass *klass, const void *data)
{
    ChardevClass *cc = CHARDEV_CLASS(klass);

    cc->open = stdio_open;
    cc->set_echo = stdio_set_echo;
}

static const TypeInfo stdio_info = {
    .name = TYPE_CHARDEV_STDIO,
    .parent = TYPE_CHARDEV_FD,
    .instance_finalize = stdio_finalize,
    .class_init = stdio_class_init,
};
TYPE_REGISTER(stdio_info);
