/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON reader: any bytes, in pieces of any size, give the same values; what is read
 * can be written and read again.
 */
#include "fuzz.h"
#include "qapi/json.h"

#include <string.h>

static void on_value(void *opaque, struct json_object *take_value, Error *take_err)
{
    GString *said = opaque;
    struct json_object *again = NULL;
    g_autofree char *text = NULL;

    if (take_err) {
        g_string_append(said, error_get_message(take_err));
        error_free(take_err);
        return;
    }
    text = json_to_text(take_value);
    g_string_append(said, text);
    if (!json_parse(text, strlen(text), &again, &error_abort)) {
        g_assert_not_reached();
    }
    json_object_put(again);
    json_object_put(take_value);
}

static char *feed(const char *bytes, size_t size, size_t step)
{
    GString *said = g_string_new(NULL);
    JsonReader *r = json_reader_new(on_value, said);

    for (size_t i = 0; i < size; i += step) {
        json_reader_feed(r, bytes + i, MIN(step, size - i));
    }
    json_reader_free(r);
    return g_string_free(said, FALSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *whole = feed((const char *)data, size, MAX(size, 1));
    g_autofree char *bytes = feed((const char *)data, size, 1);

    g_assert_cmpstr(whole, ==, bytes);
    return 0;
}
