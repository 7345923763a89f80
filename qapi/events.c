/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rate limiting: the first event of a source goes out at once and starts a period of
 * one second. Events within it replace each other; when it ends the last one goes out
 * and a new period starts. A source is the event's name and, for some, a member that
 * tells apart who sends.
 */
#include "qapi/events.h"

#include "util/bql.h"
#include "util/event-loop.h"

#include <assert.h>
#include <glib.h>
#include <json-c/json.h>
#include <string.h>

typedef struct Sink {
    QapiEventSinkFn *fn; /* NULL: removed while events are delivered */
    void *opaque;
} Sink;

typedef struct Limited {
    const char *name;
    const char *key; /* member of data; NULL: one source */
} Limited;

/* A period in progress. */
typedef struct Source {
    char *id;
    struct json_object *pending; /* NULL: none came yet */
    Timer timer;
} Source;

enum { PERIOD_NS = NANOSECONDS_PER_SECOND };

/* clang-format off */
static const Limited limited[] = {
    { "BALLOON_CHANGE",            NULL },
    { "MEMORY_DEVICE_SIZE_CHANGE", "qom-path" },
    { "RTC_CHANGE",                NULL },
    { "VSERPORT_CHANGE",           "id" },
    { "WATCHDOG",                  NULL },
};
/* clang-format on */

/* Protected by the BQL. */
static GArray *sinks; /* Sink */
static int delivering;
static GHashTable *sources; /* id -> Source */

void qapi_event_add_sink(QapiEventSinkFn *fn, void *opaque)
{
    Sink sink = { fn, opaque };

    if (!sinks) {
        sinks = g_array_new(FALSE, FALSE, sizeof(Sink));
    }
    g_array_append_val(sinks, sink);
}

static void sweep_sinks(void)
{
    for (guint i = sinks->len; i-- > 0;) {
        if (!g_array_index(sinks, Sink, i).fn) {
            g_array_remove_index(sinks, i);
        }
    }
}

void qapi_event_remove_sink(QapiEventSinkFn *fn, void *opaque)
{
    for (guint i = 0; sinks && i < sinks->len; i++) {
        Sink *sink = &g_array_index(sinks, Sink, i);

        if (sink->fn == fn && sink->opaque == opaque) {
            sink->fn = NULL;
            break;
        }
    }
    if (sinks && !delivering) {
        sweep_sinks();
    }
}

static void deliver(struct json_object *event)
{
    if (!sinks) {
        return;
    }
    delivering++;
    for (guint i = 0; i < sinks->len; i++) {
        Sink sink = g_array_index(sinks, Sink, i);

        if (sink.fn) {
            sink.fn(sink.opaque, event);
        }
    }
    if (--delivering == 0) {
        sweep_sinks();
    }
}

static void source_free(gpointer data)
{
    Source *source = data;

    timer_del(&source->timer);
    json_object_put(source->pending);
    g_free(source->id);
    g_free(source);
}

static void period_ended(void *opaque)
{
    Source *source = opaque;
    struct json_object *event = source->pending;

    if (!event) {
        g_hash_table_remove(sources, source->id);
        return;
    }
    source->pending = NULL;
    timer_mod_ns(&source->timer, clock_get_ns(REALTIME_CLOCK) + PERIOD_NS);
    deliver(event);
    json_object_put(event);
}

static const Limited *find_limit(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(limited); i++) {
        if (!strcmp(limited[i].name, name)) {
            return &limited[i];
        }
    }
    return NULL;
}

/* True if @take_event was kept for later. */
static bool hold_back(const char *name, struct json_object *data,
                      struct json_object *take_event)
{
    const Limited *limit = find_limit(name);
    struct json_object *key = NULL;
    g_autofree char *id = NULL;
    Source *source;

    if (!limit) {
        return false;
    }
    if (limit->key && data) {
        json_object_object_get_ex(data, limit->key, &key);
    }
    id = g_strdup_printf("%s %s", name, key ? json_object_get_string(key) : "");
    if (!sources) {
        sources = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, source_free);
    }
    source = g_hash_table_lookup(sources, id);
    if (source) {
        json_object_put(source->pending);
        source->pending = take_event;
        return true;
    }
    source = g_new0(Source, 1);
    source->id = g_steal_pointer(&id);
    timer_init(&source->timer, main_loop(), REALTIME_CLOCK, period_ended, source);
    timer_mod_ns(&source->timer, clock_get_ns(REALTIME_CLOCK) + PERIOD_NS);
    g_hash_table_insert(sources, source->id, source);
    return false;
}

void qapi_event_send(const char *name, struct json_object *take_data)
{
    struct json_object *event = json_object_new_object();
    struct json_object *stamp = json_object_new_object();
    int64_t ns = clock_get_ns(HOST_CLOCK);

    assert(bql_is_held());
    json_object_object_add(stamp, "seconds",
                           json_object_new_int64(ns / NANOSECONDS_PER_SECOND));
    json_object_object_add(
        stamp, "microseconds",
        json_object_new_int64(ns % NANOSECONDS_PER_SECOND / NS_PER_US));
    json_object_object_add(event, "timestamp", stamp);
    json_object_object_add(event, "event", json_object_new_string(name));
    if (take_data) {
        json_object_object_add(event, "data", take_data);
    }
    if (!hold_back(name, take_data, event)) {
        deliver(event);
        json_object_put(event);
    }
}
