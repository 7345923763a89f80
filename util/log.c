/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint32_t log_mask;

/* BQL; a stdio stream locks itself for each write. */
static FILE *log_file;

typedef struct AddressRange {
    uint64_t first, last;
} AddressRange;
static GArray *filter; /* AddressRange; NULL: everything passes */

/* clang-format off */
const LogItem log_items[] = {
    { LOG_IN_ASM, "in_asm", "guest code as it is translated" },
    { LOG_OP, "op", "intermediate code as built" },
    { LOG_OP_OPT, "op_opt", "intermediate code after the passes" },
    { LOG_OUT_ASM, "out_asm", "host code made for each block" },
    { LOG_INT, "int", "exceptions and interrupts, one line each" },
    { LOG_EXEC, "exec", "address of every block entered" },
    { LOG_CPU, "cpu", "registers before every block" },
    { LOG_MMU, "mmu", "page walks and TLB flushes" },
    { LOG_PCALL, "pcall", "far transfers and task switches" },
    { LOG_CPU_RESET, "cpu_reset", "registers at a CPU reset" },
    { LOG_UNIMP, "unimp", "accesses to what is not built" },
    { LOG_GUEST_ERROR, "guest_errors", "accesses that the hardware manuals forbid" },
    { LOG_PAGE, "page", "memory layout changes" },
    { LOG_NOCHAIN, "nochain", "blocks are not linked, so that exec is complete" },
    { LOG_STRACE, "strace", "accepted for compatibility" },
    { LOG_TRACE, "trace", "trace events" },
    { LOG_KVM_SLOTS, "kvm-slots", "each change of a KVM memory slot" },
    { 0, NULL, NULL },
};
/* clang-format on */

void log_printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(log_file ? log_file : stderr, fmt, ap);
    va_end(ap);
}

static uint32_t item_by_name(const char *name)
{
    for (const LogItem *item = log_items; item->name; item++) {
        if (!strcmp(item->name, name)) {
            return item->mask;
        }
    }
    return 0;
}

bool log_parse_items(const char *items, uint32_t *mask, Error **errp)
{
    g_auto(GStrv) names = g_strsplit(items, ",", 0);
    uint32_t all = 0;

    for (char **name = names; *name; name++) {
        if (!strcmp(*name, "all")) {
            for (const LogItem *item = log_items; item->name; item++) {
                all |= item->mask;
            }
            continue;
        }
        /* "trace:PATTERN" switches trace events; the mask bit is enough here. */
        uint32_t bit =
            g_str_has_prefix(*name, "trace:") ? LOG_TRACE : item_by_name(*name);
        if (!bit) {
            return error_set(errp, "Invalid parameter '%s'", items);
        }
        all |= bit;
    }
    *mask = all;
    return true;
}

void log_set_mask(uint32_t mask)
{
    __atomic_store_n(&log_mask, mask, __ATOMIC_RELAXED);
}

bool log_set_file(const char *filename, Error **errp)
{
    FILE *f = NULL;

    if (filename) {
        g_autofree char *name = NULL;
        const char *pid = strstr(filename, "%d");
        if (pid) {
            name = g_strdup_printf("%.*s%d%s", (int)(pid - filename), filename,
                                   (int)getpid(), pid + 2);
        } else {
            name = g_strdup(filename);
        }
        f = fopen(name, "we");
        if (!f) {
            return error_set_errno(errp, errno, "Error opening logfile %s", name);
        }
        setvbuf(f, NULL, _IOLBF, 0);
    }
    if (log_file) {
        fclose(log_file);
    }
    log_file = f;
    return true;
}

static bool parse_range(const char *text, AddressRange *out)
{
    const char *sep = strpbrk(text, "+-");
    const char *dots = strstr(text, "..");
    char *end;

    if (!sep && !dots) {
        return false;
    }
    out->first = strtoull(text, &end, 0);
    if (end != (dots ? dots : sep)) {
        return false;
    }
    const char *second = dots ? dots + 2 : sep + 1;
    uint64_t value = strtoull(second, &end, 0);
    if (end == second || *end) {
        return false;
    }
    if (dots) {
        out->last = value;
        return out->first <= out->last;
    }
    if (!value) {
        return false;
    }
    if (*sep == '+') {
        out->last = out->first + value - 1;
        return out->last >= out->first;
    }
    out->last = out->first;
    out->first -= value - 1;
    return out->first <= out->last;
}

bool log_set_filter(const char *ranges, Error **errp)
{
    g_auto(GStrv) items = g_strsplit(ranges, ",", 0);
    g_autoptr(GArray) parsed = g_array_new(FALSE, FALSE, sizeof(AddressRange));

    for (char **item = items; *item; item++) {
        AddressRange r;
        if (!parse_range(*item, &r)) {
            return error_set(errp, "Bad range specifier %s", *item);
        }
        g_array_append_val(parsed, r);
    }
    if (filter) {
        g_array_unref(filter);
    }
    filter = g_steal_pointer(&parsed);
    return true;
}

bool log_in_filter(uint64_t guest_address)
{
    if (!filter) {
        return true;
    }
    for (guint i = 0; i < filter->len; i++) {
        const AddressRange *r = &g_array_index(filter, AddressRange, i);
        if (guest_address >= r->first && guest_address <= r->last) {
            return true;
        }
    }
    return false;
}
