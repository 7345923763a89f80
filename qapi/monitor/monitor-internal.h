/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What QMP and HMP sessions share. */
#ifndef STRATA_QAPI_MONITOR_MONITOR_INTERNAL_H
#define STRATA_QAPI_MONITOR_MONITOR_INTERNAL_H

#include "qapi/monitor.h"

typedef struct Monitor Monitor;

typedef struct MonitorOps {
    void (*read)(Monitor *mon, const uint8_t *buf, int size);
    void (*event)(Monitor *mon, ChrEvent event);
} MonitorOps;

struct Monitor {
    CharFrontend chr;
    const MonitorOps *ops;
    GString *out;   /* not written yet */
    bool waiting;   /* for room */
    bool throttled; /* so much unwritten that no more input is taken */
    Monitor *next;
};

bool monitor_init(Monitor *mon, const MonitorOps *ops, Chardev *chr, Error **errp);
/* Write, or keep until there is room. */
void monitor_write(Monitor *mon, const char *text, size_t len);
/* So much is waiting for this client that events for it are given up. */
bool monitor_is_clogged(const Monitor *mon);
/* The other side is gone: forget what was for it. */
void monitor_drop_output(Monitor *mon);

/* The session whose command is being run; NULL outside of commands. */
Monitor *monitor_current(void);
void monitor_set_current(Monitor *mon);

#endif
