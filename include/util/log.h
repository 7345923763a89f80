/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log that -d switches on and -D directs. Guest misbehaviour goes to
 * LOG_GUEST_ERROR, what we did not build to LOG_UNIMP. This file and util/error.c are
 * the only places that write to stderr.
 */
#ifndef STRATA_UTIL_LOG_H
#define STRATA_UTIL_LOG_H

#include "util/error.h"
#include <stdint.h>

enum {
    LOG_GUEST_ERROR = 1 << 0,
    LOG_UNIMP = 1 << 1,
    LOG_INT = 1 << 2,
    LOG_CPU = 1 << 3,
    LOG_EXEC = 1 << 4,
    LOG_IN_ASM = 1 << 5,
    LOG_MMU = 1 << 6,
    LOG_CPU_RESET = 1 << 7,
    LOG_FPU = 1 << 8,
    LOG_PCALL = 1 << 9,
    LOG_OP = 1 << 10,
    LOG_OP_OPT = 1 << 11,
    LOG_OUT_ASM = 1 << 12,
    LOG_NOCHAIN = 1 << 13,
    LOG_KVM_SLOTS = 1 << 14,
};

extern uint32_t log_mask; /* read anywhere without a lock; set under the BQL */

static inline bool log_enabled(uint32_t item)
{
    return __builtin_expect((log_mask & item) != 0, 0);
}

/* Write if @item is on. Any thread; one call is one piece of text. */
#define log_item(item, ...)          \
    do {                             \
        if (log_enabled(item)) {     \
            log_printf(__VA_ARGS__); \
        }                            \
    } while (0)
#define log_guest_error(...) log_item(LOG_GUEST_ERROR, __VA_ARGS__)
#define log_unimp(...)       log_item(LOG_UNIMP, __VA_ARGS__)

void log_printf(const char *fmt, ...) PRINTF_FMT(1, 2);

/* "in_asm,int,..." as given to -d; "help" lists to stdout and is the caller's business.
 */
bool log_parse_items(const char *items, uint32_t *mask, Error **errp) WARN_UNUSED;
void log_set_mask(uint32_t mask);
/* Called behind each change of the mask, by its thread (BQL, or before any vCPU). */
void log_set_changed_hook(void (*hook)(uint32_t before, uint32_t now));
/* NULL or "": back to stderr. One %d in the name becomes the process id. */
bool log_set_file(const char *filename, Error **errp) WARN_UNUSED;
/* -dfilter: only these linear addresses for LOG_IN_ASM, LOG_OP, LOG_OP_OPT,
 * LOG_OUT_ASM, LOG_EXEC and LOG_CPU. "A+LEN", "A-LEN" (up to A), "A..B". Before any
 * vCPU runs. */
bool log_set_filter(const char *ranges, Error **errp) WARN_UNUSED;
bool log_in_filter(uint64_t guest_address);
/* Names and one-line helps, for -d help and HMP "help log"; ends with a NULL name. */
typedef struct LogItem {
    uint32_t mask;
    const char *name;
    const char *help;
} LogItem;
extern const LogItem log_items[];

#endif
