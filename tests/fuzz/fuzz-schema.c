/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of every command against the schema: "COMMAND JSON". */
#include "fuzz.h"
#include "qapi/json.h"
#include "qapi/schema.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *space = memchr(data, ' ', size);
    g_autofree char *name = NULL;
    const SchemaCommand *cmd;
    struct json_object *args = NULL;

    if (!space) {
        return 0;
    }
    name = g_strndup((const char *)data, (gsize)(space - data));
    cmd = schema_find_command(name);
    if (cmd && cmd->args &&
        json_parse((const char *)space, size - (size_t)(space - data), &args, NULL) &&
        json_object_is_type(args, json_type_object)) {
        g_autoptr(Error) err = NULL;

        g_assert_true(schema_check(cmd->args, args, &err) == (err == NULL));
    }
    json_object_put(args);
    return 0;
}
