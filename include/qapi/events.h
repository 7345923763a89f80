/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events: what happens inside goes to whoever registered a sink (QMP sessions do).
 * Names and data are described in qapi/schema/; events that could come in floods are
 * limited to one a second for each source, and the last one always gets through.
 * Context: BQL for everything.
 */
#ifndef STRATA_QAPI_EVENTS_H
#define STRATA_QAPI_EVENTS_H

#include <stdbool.h>

struct json_object;

/* @take_data: a json object with the event's members, or NULL for none. */
void qapi_event_send(const char *name, struct json_object *take_data);

/* @event: the whole message with "event", "data" and "timestamp"; valid for the call.
 */
typedef void QapiEventSinkFn(void *opaque, struct json_object *event);
void qapi_event_add_sink(QapiEventSinkFn *fn, void *opaque);
void qapi_event_remove_sink(QapiEventSinkFn *fn, void *opaque);

#endif
