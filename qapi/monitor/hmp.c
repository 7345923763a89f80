/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HMP sessions: a banner, a prompt, and lines. With readline the session edits the line
 * on a terminal; without, it takes lines as they are and answers text.
 */
#include "qapi/hmp.h"
#include "monitor-internal.h"
#include "readline.h"

#include <string.h>

typedef struct HmpSession {
    Monitor mon;
    Readline *rl;  /* NULL: no editing */
    GString *line; /* without editing: what has come of it */
    int cpu_index;
    BottomHalf *greet_bh; /* a mux's focus settles during start-up */
    bool muted;           /* the mux has given the terminal to somebody else */
    bool greeted;
} HmpSession;

enum { MAX_LINE = 4096 };

static HmpSession *running; /* whose history "info history" shows */

static const char prompt[] = "(qemu) ";

/* Terminals want a return before each line feed. */
static void put_text(HmpSession *s, const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (; *text; text++) {
        if (*text == '\n') {
            g_string_append_c(out, '\r');
        }
        g_string_append_c(out, *text);
    }
    monitor_write(&s->mon, out->str, out->len);
}

static void run_line(HmpSession *s, const char *line)
{
    Monitor *outer = monitor_current();
    HmpOut out;

    hmp_out_init(&out);
    monitor_set_current(&s->mon);
    running = s;
    hmp_run_line(&out, line, &s->cpu_index);
    running = NULL;
    monitor_set_current(outer);
    put_text(s, out.text->str);
    hmp_out_destroy(&out);
}

static void on_line(void *opaque, const char *line)
{
    HmpSession *s = opaque;

    run_line(s, line);
    readline_start(s->rl, prompt);
}

static void on_write(void *opaque, const char *text, size_t len)
{
    HmpSession *s = opaque;

    monitor_write(&s->mon, text, len);
}

static void read_plain(HmpSession *s, const uint8_t *buf, int size)
{
    for (int i = 0; i < size; i++) {
        if (buf[i] == '\n' || buf[i] == '\r') {
            if (s->line->len) {
                run_line(s, s->line->str);
                g_string_truncate(s->line, 0);
            }
        } else if (buf[i] && s->line->len < MAX_LINE) {
            g_string_append_c(s->line, (char)buf[i]);
        }
    }
}

static void greet(void *opaque)
{
    HmpSession *s = opaque;

    if (s->greeted || s->muted) {
        return;
    }
    put_text(s, "QEMU 7.2.22 monitor - type 'help' for more information\n");
    if (s->rl) {
        readline_start(s->rl, prompt);
    }
    s->greeted = true;
}

static void hmp_read(Monitor *mon, const uint8_t *buf, int size)
{
    HmpSession *s = (HmpSession *)mon;

    greet(s);
    if (s->rl) {
        for (int i = 0; i < size; i++) {
            readline_byte(s->rl, buf[i]);
        }
    } else {
        read_plain(s, buf, size);
    }
}

/*
 * On a mux the monitor is silent until the user first turns to it, and shows its prompt
 * each time the user comes back.
 */
static void hmp_event(Monitor *mon, ChrEvent event)
{
    HmpSession *s = (HmpSession *)mon;

    switch (event) {
    case CHR_EVENT_OPENED:
        s->greeted = false;
        s->muted = false;
        g_string_truncate(s->line, 0);
        chr_fe_set_echo(&mon->chr, false);
        bh_schedule(s->greet_bh);
        break;
    case CHR_EVENT_CLOSED:
        bh_cancel(s->greet_bh);
        monitor_drop_output(mon);
        break;
    case CHR_EVENT_MUX_IN:
        s->muted = false;
        if (!s->greeted) {
            bh_schedule(s->greet_bh);
        } else if (s->rl) {
            readline_show(s->rl);
        }
        break;
    case CHR_EVENT_MUX_OUT:
        if (s->greeted && s->rl) {
            put_text(s, "\n");
        }
        s->muted = true;
        break;
    default:
        break;
    }
}

static const MonitorOps hmp_ops = { .read = hmp_read, .event = hmp_event };

bool monitor_new_hmp(Chardev *chr, bool use_readline, Error **errp)
{
    HmpSession *s = g_new0(HmpSession, 1);

    s->line = g_string_new(NULL);
    s->greet_bh = bh_new(main_loop(), greet, s);
    if (use_readline) {
        s->rl = readline_new(on_line, on_write, s);
    }
    if (!monitor_init(&s->mon, &hmp_ops, chr, errp)) {
        readline_free(s->rl);
        bh_free(s->greet_bh);
        g_string_free(s->line, TRUE);
        g_free(s);
        return false;
    }
    return true;
}

static void hmp_info_history(HmpOut *out, HmpArgs *args)
{
    if (running && running->rl) {
        for (int i = 0; readline_history(running->rl, i); i++) {
            hmp_printf(out, "%d: '%s'\n", i, readline_history(running->rl, i));
        }
    }
}
HMP_INFO("history", "", "", "show the command line history", hmp_info_history);
