/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chardev-mux: several front ends on one backend. All write to it; what is typed goes
 * to the one that has the focus. The escape key (Ctrl-a) and a letter:
 *
 *     h  help     x  end the program     s  save disk changes (snapshot=on)
 *     b  break    c  next front end      t  time stamps     Ctrl-a  itself
 *
 * What the focused front end cannot take yet waits in a ring of its own, so that keys
 * typed ahead are not lost when the focus moves.
 */
#include "char-internal.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

enum { MUX_MAX = 4, MUX_RING = 64, MUX_ESCAPE_DEFAULT = 1 };

typedef struct MuxPort {
    CharFrontend *fe;
    uint8_t ring[MUX_RING];
    unsigned put, get;
} MuxPort;

typedef struct ChardevMux {
    Chardev parent_obj;
    CharFrontend drv;
    MuxPort ports[MUX_MAX];
    int focus; /* index, or -1 */
    bool escape_seen;
    bool timestamps;
    bool line_start;
    int64_t start_ns;
} ChardevMux;

static int escape_char = MUX_ESCAPE_DEFAULT;
static ChardevMuxActions mux_actions;

void chardev_set_mux_escape(int c)
{
    escape_char = c;
}

void chardev_set_mux_actions(const ChardevMuxActions *actions)
{
    mux_actions = *actions;
}

bool chardev_is_mux(const Chardev *chr)
{
    return object_is_a(&chr->parent_obj, TYPE_CHARDEV_MUX);
}

static ChardevMux *mux_of(const Chardev *chr)
{
    return (ChardevMux *)chr;
}

static void port_event(MuxPort *port, ChrEvent event)
{
    if (port->fe && port->fe->event) {
        port->fe->event(port->fe->opaque, event);
    }
}

/* Deliver what waits, as far as the front end takes it. */
static void port_flush(MuxPort *port)
{
    CharFrontend *fe = port->fe;

    while (fe && fe->read && port->put != port->get &&
           (!fe->can_read || fe->can_read(fe->opaque) > 0)) {
        fe->read(fe->opaque, &port->ring[port->get++ % MUX_RING], 1);
    }
}

static void set_focus(ChardevMux *s, int focus)
{
    if (s->focus == focus) {
        return;
    }
    if (s->focus >= 0) {
        port_event(&s->ports[s->focus], CHR_EVENT_MUX_OUT);
    }
    s->focus = focus;
    if (focus >= 0) {
        port_event(&s->ports[focus], CHR_EVENT_MUX_IN);
    }
}

static void focus_next(ChardevMux *s)
{
    for (int i = 1; i <= MUX_MAX; i++) {
        int next = (MAX(s->focus, 0) + i) % MUX_MAX;

        if (s->ports[next].fe) {
            set_focus(s, next);
            return;
        }
    }
}

/* --- Output ----------------------------------------------------------------------- */

static void write_stamp(ChardevMux *s)
{
    int64_t ms;
    char text[64];

    if (!s->start_ns) {
        s->start_ns = clock_get_ns(REALTIME_CLOCK);
    }
    ms = (clock_get_ns(REALTIME_CLOCK) - s->start_ns) / NS_PER_MS;
    snprintf(text, sizeof(text), "[%02d:%02d:%02d.%03d] ", (int)(ms / 3600000),
             (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
    chr_fe_write_all(&s->drv, text, (int)strlen(text));
}

static int mux_write(Chardev *chr, const uint8_t *buf, int len)
{
    ChardevMux *s = mux_of(chr);
    int done = 0;

    if (!s->timestamps) {
        return chr_fe_write(&s->drv, buf, len);
    }
    while (done < len) {
        if (s->line_start) {
            write_stamp(s);
            s->line_start = false;
        }
        if (chr_fe_write(&s->drv, buf + done, 1) == 0) {
            break;
        }
        s->line_start = buf[done++] == '\n';
    }
    return done;
}

void chardev_mux_writable(Chardev *chr)
{
    ChardevMux *s = mux_of(chr);

    for (int i = 0; i < MUX_MAX; i++) {
        CharFrontend *fe = s->ports[i].fe;

        if (fe && fe->writable) {
            ChrWritableFn *fn = fe->writable;

            fe->writable = NULL;
            fn(fe->writable_opaque);
        }
    }
}

static void drv_writable(void *opaque)
{
    chardev_mux_writable(opaque);
}

static void mux_want_write(Chardev *chr)
{
    chr_fe_add_watch(&mux_of(chr)->drv, drv_writable, chr);
}

static void mux_wait_writable(Chardev *chr)
{
    Chardev *base = mux_of(chr)->drv.chr;

    if (base && CHARDEV_GET_CLASS(base)->wait_writable) {
        CHARDEV_GET_CLASS(base)->wait_writable(base);
    }
}

/* --- Input ------------------------------------------------------------------------ */

static void print_help(ChardevMux *s)
{
    char key[32];
    g_autofree char *text = NULL;

    if (escape_char > 0 && escape_char < 26) {
        snprintf(key, sizeof(key), "C-%c", escape_char + 'a' - 1);
    } else {
        snprintf(key, sizeof(key), "Escape-Char: 0x%x", escape_char);
    }
    text = g_strdup_printf("\n\r"
                           "%s h    print this help\n\r"
                           "%s x    exit emulator\n\r"
                           "%s s    save disk data back to file (if -snapshot)\n\r"
                           "%s t    toggle console timestamps\n\r"
                           "%s b    send break (magic sysrq)\n\r"
                           "%s c    switch between console and monitor\n\r"
                           "%s %s  sends %s\n\r",
                           key, key, key, key, key, key, key, key, key);
    chr_fe_write_all(&s->drv, text, (int)strlen(text));
}

static void escape_command(ChardevMux *s, int c)
{
    static const char bye[] = "strata: Terminated\n\r";

    switch (c) {
    case '?':
    case 'h':
        print_help(s);
        break;
    case 'x':
        chr_fe_write_all(&s->drv, bye, (int)strlen(bye));
        if (mux_actions.quit) {
            mux_actions.quit();
        }
        break;
    case 's':
        if (mux_actions.commit) {
            mux_actions.commit();
        }
        break;
    case 'b':
        if (s->focus >= 0) {
            port_event(&s->ports[s->focus], CHR_EVENT_BREAK);
        }
        break;
    case 'c':
        focus_next(s);
        break;
    case 't':
        s->timestamps = !s->timestamps;
        s->start_ns = 0;
        s->line_start = false;
        break;
    }
}

/* True if @c is for the front end. */
static bool take_byte(ChardevMux *s, int c)
{
    if (s->escape_seen) {
        s->escape_seen = false;
        if (c == escape_char) {
            return true;
        }
        escape_command(s, c);
        return false;
    }
    if (c == escape_char) {
        s->escape_seen = true;
        return false;
    }
    return true;
}

static int mux_can_read(void *opaque)
{
    ChardevMux *s = opaque;
    unsigned room = MUX_RING;

    /* An escape among the bytes may move the focus to any of them. */
    for (int i = 0; i < MUX_MAX; i++) {
        MuxPort *port = &s->ports[i];

        if (port->fe && i == s->focus) {
            port_flush(port);
        }
        if (port->fe) {
            room = MIN(room, MUX_RING - (port->put - port->get));
        }
    }
    return (int)room;
}

static void mux_read(void *opaque, const uint8_t *buf, int size)
{
    ChardevMux *s = opaque;

    for (int i = 0; i < size; i++) {
        if (take_byte(s, buf[i]) && s->focus >= 0) {
            MuxPort *port = &s->ports[s->focus];

            if (port->put - port->get < MUX_RING) {
                port->ring[port->put++ % MUX_RING] = buf[i];
            }
        }
    }
    if (s->focus >= 0) {
        port_flush(&s->ports[s->focus]);
    }
}

static void mux_event(void *opaque, ChrEvent event)
{
    ChardevMux *s = opaque;

    if (event == CHR_EVENT_OPENED || event == CHR_EVENT_CLOSED) {
        s->parent_obj.be_open = event == CHR_EVENT_OPENED;
    }
    for (int i = 0; i < MUX_MAX; i++) {
        port_event(&s->ports[i], event);
    }
}

static void mux_update_read(Chardev *chr)
{
    ChardevMux *s = mux_of(chr);

    for (int i = 0; i < MUX_MAX; i++) {
        port_flush(&s->ports[i]);
    }
    chr_fe_accept_input(&s->drv);
}

/* --- Front ends come and go ------------------------------------------------------- */

bool chardev_mux_attach(Chardev *chr, CharFrontend *fe, Error **errp)
{
    ChardevMux *s = mux_of(chr);

    for (int i = 0; i < MUX_MAX; i++) {
        if (!s->ports[i].fe) {
            s->ports[i].fe = fe;
            s->ports[i].put = s->ports[i].get = 0;
            fe->mux_tag = i;
            return true;
        }
    }
    return error_set(errp, "too many uses of multiplexed chardev '%s' (maximum is %d)",
                     chr->label, MUX_MAX);
}

void chardev_mux_detach(Chardev *chr, CharFrontend *fe)
{
    ChardevMux *s = mux_of(chr);

    s->ports[fe->mux_tag].fe = NULL;
    if (s->focus == fe->mux_tag) {
        s->focus = -1;
        focus_next(s);
    }
}

void chardev_mux_focus(Chardev *chr, CharFrontend *fe)
{
    set_focus(mux_of(chr), fe->mux_tag);
}

bool chardev_mux_is_busy(const Chardev *chr)
{
    if (chardev_is_mux(chr)) {
        for (int i = 0; i < MUX_MAX; i++) {
            if (mux_of(chr)->ports[i].fe) {
                return true;
            }
        }
    }
    return false;
}

void chardev_mux_handlers_set(Chardev *chr, CharFrontend *fe)
{
    if (chr->be_open) {
        port_event(&mux_of(chr)->ports[fe->mux_tag], CHR_EVENT_OPENED);
    }
    if (fe->is_open) {
        chardev_mux_focus(chr, fe);
    }
    mux_update_read(chr);
}

static void mux_set_echo(Chardev *chr, bool echo)
{
    chr_fe_set_echo(&mux_of(chr)->drv, echo);
}

static int mux_ioctl(Chardev *chr, ChrIoctl cmd, void *arg)
{
    return chr_fe_ioctl(&mux_of(chr)->drv, cmd, arg);
}

static bool mux_connect(ChardevMux *s, Chardev *base, Error **errp)
{
    if (!chr_fe_init(&s->drv, base, errp)) {
        return false;
    }
    s->parent_obj.be_open = base->be_open;
    chr_fe_set_handlers(&s->drv, mux_can_read, mux_read, mux_event, s);
    return true;
}

static bool mux_open(Chardev *chr, struct json_object *data, bool *be_opened,
                     Error **errp)
{
    const char *name = data_str(data, "chardev");
    Chardev *base = chardev_find(name);

    if (!base) {
        return error_set(errp, "mux: base chardev %s not found", name);
    }
    if (!mux_connect(mux_of(chr), base, errp)) {
        return false;
    }
    *be_opened = base->be_open;
    return true;
}

Chardev *chardev_mux_new(const char *id, Chardev *drv, Error **errp)
{
    struct json_object *backend = json_object_new_object();
    struct json_object *data = json_object_new_object();
    Chardev *chr;

    json_object_object_add(data, "chardev", json_object_new_string(drv->label));
    json_object_object_add(backend, "type", json_object_new_string("mux"));
    json_object_object_add(backend, "data", data);
    chr = chardev_new(id, backend, drv->loop, errp);
    json_object_put(backend);
    return chr;
}

static void mux_init(Object *obj)
{
    ((ChardevMux *)obj)->focus = -1;
}

static void mux_finalize(Object *obj)
{
    chr_fe_deinit(&((ChardevMux *)obj)->drv);
}

static void mux_class_init(ObjectClass *klass, const void *data)
{
    ChardevClass *cc = CHARDEV_CLASS(klass);

    cc->open = mux_open;
    cc->write = mux_write;
    cc->want_write = mux_want_write;
    cc->wait_writable = mux_wait_writable;
    cc->update_read = mux_update_read;
    cc->set_echo = mux_set_echo;
    cc->ioctl = mux_ioctl;
}

static const TypeInfo mux_info = {
    .name = TYPE_CHARDEV_MUX,
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(ChardevMux),
    .instance_init = mux_init,
    .instance_finalize = mux_finalize,
    .class_init = mux_class_init,
};
TYPE_REGISTER(mux_info);
