/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HmpOut: a growing text, where whatever answers a human monitor command writes its
 * answer. Who made the text decides where it goes (terminal, QMP reply, test).
 * Lines end in '\n'; the session turns that into what its terminal needs.
 */
#ifndef STRATA_QAPI_TEXT_H
#define STRATA_QAPI_TEXT_H

#include "util/error.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct HmpOut {
    GString *text;
} HmpOut;

void hmp_out_init(HmpOut *out);
void hmp_out_destroy(HmpOut *out);
/* The text, which becomes the caller's; @out is empty again. */
char *hmp_out_steal(HmpOut *out);

void hmp_printf(HmpOut *out, const char *fmt, ...) PRINTF_FMT(2, 3);
void hmp_puts(HmpOut *out, const char *text);
/* "Error: MESSAGE" and the hint; frees @take_err. Returns true if there was one. */
bool hmp_error(HmpOut *out, Error *take_err);

#endif
