/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of a session that does not know its language: output that waits for room.
 * A client that does not read is not read from either, once a limit is passed.
 */
#include "qapi/monitor.h"

#include "monitor-internal.h"

#include <string.h>

enum {
    THROTTLE_BYTES = 256 * 1024,
    CLOGGED_BYTES = 8 * 1024 * 1024,
    READ_SIZE = 4096,
    DRAIN_IDLE_MS = 200,
};

static Monitor *monitors;
static Monitor *current;

Monitor *monitor_current(void)
{
    return current;
}

void monitor_set_current(Monitor *mon)
{
    current = mon;
}

static void flush_output(void *opaque)
{
    Monitor *mon = opaque;

    mon->waiting = false;
    while (mon->out->len) {
        int n = chr_fe_write(&mon->chr, mon->out->str, (int)mon->out->len);

        if (n == 0) {
            mon->waiting = true;
            chr_fe_add_watch(&mon->chr, flush_output, mon);
            return;
        }
        g_string_erase(mon->out, 0, n);
    }
    if (mon->throttled) {
        mon->throttled = false;
        chr_fe_accept_input(&mon->chr);
    }
}

void monitor_write(Monitor *mon, const char *text, size_t len)
{
    g_string_append_len(mon->out, text, (gssize)len);
    if (!mon->waiting) {
        flush_output(mon);
    }
    if (mon->out->len > THROTTLE_BYTES) {
        mon->throttled = true;
    }
}

bool monitor_is_clogged(const Monitor *mon)
{
    return mon->out->len > CLOGGED_BYTES;
}

void monitor_drop_output(Monitor *mon)
{
    g_string_free(mon->out, TRUE);
    mon->out = g_string_new(NULL);
    mon->throttled = false;
}

static int monitor_can_read(void *opaque)
{
    return ((Monitor *)opaque)->throttled ? 0 : READ_SIZE;
}

static void monitor_read(void *opaque, const uint8_t *buf, int size)
{
    Monitor *mon = opaque;

    mon->ops->read(mon, buf, size);
}

static void monitor_event(void *opaque, ChrEvent event)
{
    Monitor *mon = opaque;

    mon->ops->event(mon, event);
}

bool monitor_init(Monitor *mon, const MonitorOps *ops, Chardev *chr, Error **errp)
{
    mon->ops = ops;
    if (!chr_fe_init(&mon->chr, chr, errp)) {
        return false;
    }
    mon->out = g_string_new(NULL);
    mon->next = monitors;
    monitors = mon;
    chr_fe_set_handlers(&mon->chr, monitor_can_read, monitor_read, monitor_event, mon);
    return true;
}

void monitor_cleanup(void)
{
    for (Monitor *mon = monitors; mon; mon = mon->next) {
        /* What was said is sent, if the other side takes it within a moment. */
        for (int idle_ms = 0; mon->out->len && idle_ms < DRAIN_IDLE_MS; idle_ms++) {
            int n = chr_fe_write(&mon->chr, mon->out->str, (int)mon->out->len);

            if (n) {
                g_string_erase(mon->out, 0, n);
                idle_ms = 0;
            }
            if (mon->out->len) {
                chr_fe_write_all(&mon->chr, "", 0);
                g_usleep(1000);
            }
        }
        chr_fe_set_handlers(&mon->chr, NULL, NULL, NULL, NULL);
    }
}
