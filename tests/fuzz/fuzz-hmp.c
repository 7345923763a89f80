/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions, line editing and completion of the human monitor. */
#include "fuzz.h"
#include "qapi/hmp.h"
#include "qapi/monitor/readline.h"

static Readline *rl;

static void on_line(void *opaque, const char *line)
{
    const char *p = line;
    g_autoptr(Error) err = NULL;
    int64_t v;

    if (!hmp_parse_expr(&p, 0, &v, &err)) {
        g_assert_nonnull(err);
    }
    readline_start(rl, "> ");
}

static void on_write(void *opaque, const char *text, size_t len)
{
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rl = readline_new(on_line, on_write, NULL);
    readline_start(rl, "> ");
    for (size_t i = 0; i < size; i++) {
        readline_byte(rl, data[i]);
    }
    readline_byte(rl, '\r');
    readline_free(rl);
    return 0;
}
