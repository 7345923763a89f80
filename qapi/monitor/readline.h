/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Editing of one line on a terminal: cursor keys, Emacs keys, history, completion. Pure
 * text in, text out.
 */
#ifndef STRATA_QAPI_MONITOR_READLINE_H
#define STRATA_QAPI_MONITOR_READLINE_H

#include <stddef.h>
#include <stdint.h>

typedef struct Readline Readline;
/* Called when the line is complete, before the next readline_start. */
typedef void ReadlineFn(void *opaque, const char *line);
typedef void ReadlineWriteFn(void *opaque, const char *text, size_t len);

Readline *readline_new(ReadlineFn *fn, ReadlineWriteFn *write, void *opaque);
void readline_free(Readline *rl);
/* Print the prompt and wait for a line. @prompt stays the caller's. */
void readline_start(Readline *rl, const char *prompt);
/* Print the prompt and what has been typed so far again. */
void readline_show(Readline *rl);
void readline_byte(Readline *rl, uint8_t c);
/* Entry @i, oldest first; NULL behind the last. */
const char *readline_history(const Readline *rl, int i);

#endif
