/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qapi/text.h"

#include <stdarg.h>

void hmp_out_init(HmpOut *out)
{
    out->text = g_string_new(NULL);
}

void hmp_out_destroy(HmpOut *out)
{
    g_string_free(out->text, TRUE);
    out->text = NULL;
}

char *hmp_out_steal(HmpOut *out)
{
    char *text = g_string_free(out->text, FALSE);

    out->text = g_string_new(NULL);
    return text;
}

void hmp_printf(HmpOut *out, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_string_append_vprintf(out->text, fmt, ap);
    va_end(ap);
}

void hmp_puts(HmpOut *out, const char *text)
{
    g_string_append(out->text, text);
}

bool hmp_error(HmpOut *out, Error *take_err)
{
    if (!take_err) {
        return false;
    }
    hmp_printf(out, "Error: %s\n", error_get_message(take_err));
    if (error_get_hint(take_err)) {
        hmp_puts(out, error_get_hint(take_err));
    }
    error_free(take_err);
    return true;
}
