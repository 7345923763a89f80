/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the chardev backends share. */
#ifndef STRATA_SOFTMMU_BACKENDS_CHARDEV_CHAR_INTERNAL_H
#define STRATA_SOFTMMU_BACKENDS_CHARDEV_CHAR_INTERNAL_H

#include "softmmu/chardev.h"

#define TYPE_CHARDEV         "chardev"
#define TYPE_CHARDEV_FD      "chardev-fd"
#define TYPE_CHARDEV_FILE    "chardev-file"
#define TYPE_CHARDEV_MUX     "chardev-mux"
#define TYPE_CHARDEV_NULL    "chardev-null"
#define TYPE_CHARDEV_PIPE    "chardev-pipe"
#define TYPE_CHARDEV_PTY     "chardev-pty"
#define TYPE_CHARDEV_RINGBUF "chardev-ringbuf"
#define TYPE_CHARDEV_SERIAL  "chardev-serial"
#define TYPE_CHARDEV_SOCKET  "chardev-socket"
#define TYPE_CHARDEV_STDIO   "chardev-stdio"

typedef struct ChardevClass ChardevClass;

struct Chardev {
    Object parent_obj;
    char *label;
    char *filename;
    EventLoop *loop;
    CharFrontend *fe; /* a mux has its own */
    bool be_open;     /* the other side is there */
    int log_fd;       /* logfile=, or -1 */
};

struct ChardevClass {
    ObjectClass parent_class;
    /*
     * @data: the members of the backend as in the schema. Sets *be_opened false if the
     * other side is not there yet.
     */
    bool (*open)(Chardev *chr, struct json_object *data, bool *be_opened, Error **errp);
    /* Bytes taken, 0 if it would block. Never negative: what cannot be sent is lost. */
    int (*write)(Chardev *chr, const uint8_t *buf, int len);
    /* Call chr_be_writable once when there is room. NULL: there always is. */
    void (*want_write)(Chardev *chr);
    /* Wait until there is room, for chr_fe_write_all. */
    void (*wait_writable)(Chardev *chr);
    /* The front end changed its mind about input: look at chr_be_can_read again. */
    void (*update_read)(Chardev *chr);
    int (*ioctl)(Chardev *chr, ChrIoctl cmd, void *arg);
    int (*take_fd)(Chardev *chr);
    void (*disconnect)(Chardev *chr);
    void (*set_echo)(Chardev *chr, bool echo);
    void (*set_fe_open)(Chardev *chr, bool open);
};

static inline ChardevClass *CHARDEV_GET_CLASS(const void *obj)
{
    return (ChardevClass *)((const Object *)obj)->klass;
}
static inline ChardevClass *CHARDEV_CLASS(ObjectClass *klass)
{
    return (ChardevClass *)klass;
}

/* --- For backends: towards the front end --- */

/* 0 when nobody listens. */
int chr_be_can_read(Chardev *chr);
void chr_be_write(Chardev *chr, const uint8_t *buf, int len);
/* OPENED and CLOSED that change nothing are not passed on. */
void chr_be_event(Chardev *chr, ChrEvent event);
void chr_be_writable(Chardev *chr);

/* --- chardev-fd: descriptors for the two directions --- */

typedef struct ChardevFd {
    Chardev parent_obj;
    int in_fd, out_fd; /* -1: none */
    bool close_in, close_out;
    bool poll_before_write; /* blocking descriptors of others (stdio) */
    FdWatch *in, *out;
} ChardevFd;
/* Takes the descriptors over. */
void chardev_fd_set(ChardevFd *s, int in_fd, int out_fd);
void chardev_fd_close(ChardevFd *s);
int chardev_fd_write(Chardev *chr, const uint8_t *buf, int len);
bool fd_set_nonblock(int fd, bool on);

/* --- chardev-mux --- */

Chardev *chardev_mux_new(const char *id, Chardev *drv, Error **errp);
bool chardev_is_mux(const Chardev *chr);
bool chardev_mux_attach(Chardev *chr, CharFrontend *fe, Error **errp);
void chardev_mux_detach(Chardev *chr, CharFrontend *fe);
void chardev_mux_focus(Chardev *chr, CharFrontend *fe);
bool chardev_mux_is_busy(const Chardev *chr);
/* Handlers of @fe were set: it may want the input, or OPENED. */
void chardev_mux_handlers_set(Chardev *chr, CharFrontend *fe);
void chardev_mux_writable(Chardev *chr);

/* --- chardev-ringbuf --- */

/* NULL if @id is none or no ring buffer; then @errp is set. */
Chardev *chardev_find_ringbuf(const char *id, Error **errp);
int chardev_ringbuf_read(Chardev *chr, uint8_t *buf, int len);
int chardev_ringbuf_count(const Chardev *chr);

void chardev_stdio_cleanup(void);

/* --- char-opts.c --- */

/* {"type":..., "data":{...}} from a text or from options; the caller's. */
struct json_object *chardev_parse_text(const char *text, Error **errp);
struct json_object *chardev_parse_opts(struct json_object *opts, Error **errp);
void chardev_add_common(struct json_object *data, struct json_object *opts);

/* Readers of backend data; absent gives the default. */
const char *data_str(struct json_object *data, const char *name);
bool data_bool(struct json_object *data, const char *name, bool def);
int64_t data_int(struct json_object *data, const char *name, int64_t def);

#endif
