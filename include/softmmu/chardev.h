/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character devices: the host ends of serial ports, monitors and the like. A Chardev is
 * a user-named object ("/chardevs/ID") of a type such as chardev-socket; one front end
 * (a serial port, a monitor, the qtest server), or several through a chardev-mux, is
 * connected to it. Bytes from the host are pushed to the front end as long as it says
 * it can take them; bytes to the host are written without blocking.
 *
 * Context: BQL for everything, on the chardev's loop.
 */
#ifndef STRATA_SOFTMMU_CHARDEV_H
#define STRATA_SOFTMMU_CHARDEV_H

#include "qom/object.h"
#include "util/event-loop.h"

typedef struct Chardev Chardev;
typedef struct CharFrontend CharFrontend;

typedef enum ChrEvent {
    CHR_EVENT_OPENED,  /* the other side is there */
    CHR_EVENT_CLOSED,  /* it went away; it may come back */
    CHR_EVENT_BREAK,   /* a serial break */
    CHR_EVENT_MUX_IN,  /* this front end has the mux's input now */
    CHR_EVENT_MUX_OUT, /* it lost it */
} ChrEvent;

/* How many bytes the front end takes now; 0 stops input until chr_fe_accept_input. */
typedef int ChrCanReadFn(void *opaque);
/* @size is at most what ChrCanReadFn said. */
typedef void ChrReadFn(void *opaque, const uint8_t *buf, int size);
typedef void ChrEventFn(void *opaque, ChrEvent event);
/* Room again after a short write. One call for each chr_fe_add_watch. */
typedef void ChrWritableFn(void *opaque);

/* Embed one of these in a device; all zero is "not connected", and every function
 * accepts that: writes then vanish. */
struct CharFrontend {
    Chardev *chr; /* NULL: none. A reference is held. */
    /* private */
    ChrCanReadFn *can_read;
    ChrReadFn *read;
    ChrEventFn *event;
    void *opaque;
    ChrWritableFn *writable;
    void *writable_opaque;
    int mux_tag;
    bool is_open;
};

/* --- Front ends ----------------------------------------------------------------------
 */

/* Fails if @chr already has its front end (a mux takes several). @chr NULL is allowed.
 */
bool chr_fe_init(CharFrontend *fe, Chardev *chr, Error **errp) WARN_UNUSED;
void chr_fe_deinit(CharFrontend *fe);
/*
 * Any of the callbacks may be NULL. If the other side is already there, OPENED is
 * delivered before this returns.
 */
void chr_fe_set_handlers(CharFrontend *fe, ChrCanReadFn *can_read, ChrReadFn *read,
                         ChrEventFn *event, void *opaque);
/*
 * Write what fits without blocking. Returns the number of bytes taken, possibly 0; all
 * of them when nobody is connected. Never negative.
 */
int chr_fe_write(CharFrontend *fe, const void *buf, int len);
/* Write everything, waiting for the host. For text that must not be lost. */
void chr_fe_write_all(CharFrontend *fe, const void *buf, int len);
/* Call @fn once when there is room again; replaces an earlier one. */
void chr_fe_add_watch(CharFrontend *fe, ChrWritableFn *fn, void *opaque);
void chr_fe_remove_watch(CharFrontend *fe);
/* The front end can take input again. */
void chr_fe_accept_input(CharFrontend *fe);
/* The guest opened or closed its end. */
void chr_fe_set_open(CharFrontend *fe, bool open);
/* Is somebody on the other side? */
bool chr_fe_backend_is_open(const CharFrontend *fe);
/* Take the mux's input, as if its key had been pressed. */
void chr_fe_take_focus(CharFrontend *fe);
/* Drop the connection, if it has one. */
void chr_fe_disconnect(CharFrontend *fe);
/* Terminal echo of what is typed (stdio): off for monitors. */
void chr_fe_set_echo(CharFrontend *fe, bool echo);

/* The line as a UART sees it, for backends that drive a real one. */
typedef struct ChrSerialParams {
    int speed;
    char parity; /* N O E */
    int data_bits;
    int stop_bits;
} ChrSerialParams;
enum {
    CHR_TIOCM_CTS = 1 << 0,
    CHR_TIOCM_CAR = 1 << 1,
    CHR_TIOCM_DSR = 1 << 2,
    CHR_TIOCM_RI = 1 << 3,
    CHR_TIOCM_DTR = 1 << 4,
    CHR_TIOCM_RTS = 1 << 5,
};
typedef enum ChrIoctl {
    CHR_IOCTL_SERIAL_SET_PARAMS, /* const ChrSerialParams * */
    CHR_IOCTL_SERIAL_SET_BREAK,  /* const int *, on or off */
    CHR_IOCTL_SERIAL_GET_TIOCM,  /* int *, CHR_TIOCM_* */
    CHR_IOCTL_SERIAL_SET_TIOCM,  /* const int * */
} ChrIoctl;
/* 0, or -ENOTSUP when the backend is no real line. */
int chr_fe_ioctl(CharFrontend *fe, ChrIoctl cmd, void *arg);

/*
 * A descriptor that came with the data being read (SCM_RIGHTS), or -1. The caller owns
 * it. Context: inside or after the read callback, before the next one.
 */
int chr_fe_take_fd(CharFrontend *fe);

/* Device property "chardev": PROP_CHR("chardev", SerialState, chr). */
extern const PropertyType prop_chr;
#define PROP_CHR(n, S, f)                      \
    {                                          \
        PROP_(n, S, f, prop_chr, CharFrontend) \
    }
/* The machine connects -serial 0 and the like. Our bug if it is taken. */
void device_prop_set_chr(Object *dev, const char *name, Chardev *chr);

/* --- Making them ---------------------------------------------------------------------
 */

enum {
    CHARDEV_PERMIT_MUX = 1 << 0, /* "mon:" is allowed: a monitor joins through a mux */
};
/*
 * From a text as -serial, -monitor, -qmp, -qtest take it: stdio, mon:stdio, null, pty,
 * file:PATH, pipe:PATH, unix:PATH[,server=on][,wait=off], tcp:HOST:PORT[,...], vc,
 * chardev:ID (an existing one), /dev/tty... The reference is the tree's. Errors: the
 * location prefix is the caller's; "'bogus' is not a valid char driver".
 */
Chardev *chardev_new_from_text(const char *id, const char *text, uint32_t flags,
                               EventLoop *loop, Error **errp) WARN_UNUSED;
/*
 * From -chardev: @opts holds "backend", "id" and the backend's options, values as
 * strings or JSON values.
 */
Chardev *chardev_new_from_opts(struct json_object *opts, EventLoop *loop,
                               Error **errp) WARN_UNUSED;
/* As QMP chardev-add gives it: {"type": ..., "data": {...}}. */
Chardev *chardev_new(const char *id, struct json_object *backend, EventLoop *loop,
                     Error **errp) WARN_UNUSED;
/* NULL when there is none. No reference taken. */
Chardev *chardev_find(const char *id);
/* Fails if it is in use or not there. */
bool chardev_remove(const char *id, Error **errp) WARN_UNUSED;
/* All chardevs, ordered by name. */
void chardev_foreach(void (*fn)(Chardev *chr, void *opaque), void *opaque);
const char *chardev_get_label(const Chardev *chr);
/* As query-chardev shows it, e.g. "unix:/x.sock,server=on". */
const char *chardev_get_filename(const Chardev *chr);
/* -chardev help: the names of the backends, one a line. Caller frees. */
char *chardev_help(void);
/*
 * "mon:" makes its monitor through this, which the program's start sets, since
 * monitors are above chardevs. May be called once for each "mon:".
 */
typedef bool ChardevMonitorFn(Chardev *chr, Error **errp);
void chardev_set_monitor_fn(ChardevMonitorFn *fn);
/* What the mux's keys do beyond their own module; members may be NULL. */
typedef struct ChardevMuxActions {
    void (*quit)(void);   /* Ctrl-a x */
    void (*commit)(void); /* Ctrl-a s */
} ChardevMuxActions;
void chardev_set_mux_actions(const ChardevMuxActions *actions);
/* -echr. */
void chardev_set_mux_escape(int c);
/* The program ends: terminal modes are restored, sockets unlinked. */
void chardev_cleanup(void);

#endif
