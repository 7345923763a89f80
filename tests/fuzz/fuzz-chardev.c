/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts and options of -serial and -chardev, as far as the form of the schema. */
#include "fuzz.h"
#include "qapi/schema.h"
#include "qapi/value.h"
#include "softmmu/backends/chardev/char-internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    struct json_object *backend = chardev_parse_text(text, NULL);
    struct json_object *opts = opts_parse(text, "backend", NULL);

    json_object_put(backend);
    if (opts && json_object_object_get_ex(opts, "backend", NULL)) {
        json_object_put(chardev_parse_opts(opts, NULL));
    }
    json_object_put(opts);
    return 0;
}
