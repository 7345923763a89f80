/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running lines of the human monitor, for sessions: parse, find the command, call it,
 * collect its text. Context: BQL, main loop thread.
 */
#ifndef STRATA_QAPI_HMP_H
#define STRATA_QAPI_HMP_H

#include "qapi/command.h"

/*
 * Run @line and append what it says to @out; error reports made meanwhile too.
 * @cpu_index: the session's vCPU, may be changed.
 */
void hmp_run_line(HmpOut *out, const char *line, int *cpu_index);
/* NULL when there is none. @len bytes of @name. */
const HmpCommand *hmp_command_find(const char *name, size_t len, bool is_info);
/* All of a kind, sorted by name. */
typedef void HmpCommandVisitFn(const HmpCommand *cmd, void *opaque);
void hmp_command_foreach(bool is_info, HmpCommandVisitFn *fn, void *opaque);
/* "name params -- help" */
void hmp_print_help_line(HmpOut *out, const HmpCommand *cmd);
/* The vCPU of the line being run. */
int hmp_current_cpu(void);

/*
 * Candidates for the last word of @line: sorted, without doubles, NULL-terminated; free
 * with g_strfreev. *start is where that word begins.
 */
char **hmp_complete(const char *line, size_t *start);

/* --- Parts, for tests --- */

/* A number or an expression at *@p, which is moved behind it. */
bool hmp_parse_expr(const char **p, int cpu_index, int64_t *value,
                    Error **errp) WARN_UNUSED;

#endif
