/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON text to json-c values and back. The reader takes bytes as they come from a
 * socket and hands over each complete value; what it refuses costs the sender that
 * value only. Strings may stand in single quotes.
 */
#ifndef STRATA_QAPI_JSON_H
#define STRATA_QAPI_JSON_H

#include "util/error.h"
#include <json-c/json.h>
#include <stddef.h>

/* A client that exceeds one of these gets an error and starts afresh. */
enum {
    JSON_MAX_DEPTH = 1024,
    JSON_MAX_BYTES = 16 * 1024 * 1024,
    JSON_MAX_TOKENS = 512 * 1024,
};

typedef struct JsonReader JsonReader;
/*
 * A complete value, which becomes the callee's (NULL is the value null), or @take_err.
 * Must not free the reader, but may feed nothing to it either.
 */
typedef void JsonReaderFn(void *opaque, struct json_object *take_value,
                          Error *take_err);

JsonReader *json_reader_new(JsonReaderFn *fn, void *opaque);
void json_reader_free(JsonReader *reader);
void json_reader_feed(JsonReader *reader, const char *bytes, size_t len);
/* Forget what is unfinished (a new connection). */
void json_reader_reset(JsonReader *reader);

/* One whole value, nothing after it but white space. */
bool json_parse(const char *text, size_t len, struct json_object **value,
                Error **errp) WARN_UNUSED;

/* Append @value to @text: one line, or with @pretty indented by four. */
void json_write(GString *text, struct json_object *value, bool pretty);
/* Caller frees. */
char *json_to_text(struct json_object *value);

#endif
