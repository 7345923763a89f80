/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint32_t log_mask;

static pthread_mutex_t file_lock = PTHREAD_MUTEX_INITIALIZER; /* leaf */
static FILE *log_file;                                        /* file_lock */

typedef struct AddressRange {
    uint64_t first, last;
} AddressRange;
static GArray *filter; /* AddressRange; NULL: everything passes */
static void (*changed_hook)(uint32_t before, uint32_t now);

/* clang-format off */
const LogItem log_items[] = {
    { LOG_IN_ASM, "in_asm", "guest code as it is translated" },
    { LOG_OP, "op", "intermediate code as built" },
    { LOG_OP_OPT, "op_opt", "intermediate code after the passes" },
    { LOG_OUT_ASM, "out_asm", "host code made for each block" },
    { LOG_INT, "int", "exceptions and interrupts, one line each" },
    { LOG_EXEC, "exec", "address of every block entered" },
    { LOG_CPU, "cpu", "registers before every block" },
    { LOG_FPU, "fpu", "with cpu: the floating-point and vector registers too" },
    { LOG_MMU, "mmu", "control registers, page walks and TLB flushes" },
    { LOG_PCALL, "pcall", "far transfers and task switches of protected mode" },
    { LOG_CPU_RESET, "cpu_reset", "registers at a CPU reset" },
    { LOG_UNIMP, "unimp", "accesses to what is not built" },
    { LOG_GUEST_ERROR, "guest_errors", "accesses that the hardware manuals forbid" },
    { LOG_NOCHAIN, "nochain", "blocks are not linked (exec and cpu imply it)" },
    { LOG_KVM_SLOTS, "kvm-slots", "each change of a KVM memory slot" },
    { 0, NULL, NULL },
};
/* clang-format on */

void log_printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    pthread_mutex_lock(&file_lock);
    vfprintf(log_file ? log_file : stderr, fmt, ap);
    pthread_mutex_unlock(&file_lock);
    va_end(ap);
}

static uint32_t item_by_name(const char *name)
{
    uint32_t all = 0;

    for (const LogItem *item = log_items; item->name; item++) {
        if (!strcmp(item->name, name)) {
            return item->mask;
        }
        all |= item->mask;
    }
    return strcmp(name, "all") ? 0 : all;
}

bool log_parse_items(const char *items, uint32_t *mask, Error **errp)
{
    g_auto(GStrv) names = g_strsplit(items, ",", 0);
    uint32_t all = 0;

    for (char **name = names; *name; name++) {
        uint32_t bit = item_by_name(*name);

        if (g_str_has_prefix(*name, "trace:")) {
            return error_set(errp, "log item '%s': trace events are not built", *name);
        }
        if (!bit) {
            error_set(errp, "Invalid parameter '%s': there is no such log item", *name);
            error_append_hint(errp, "-d help lists the items.\n");
            return false;
        }
        all |= bit;
    }
    *mask = all;
    return true;
}

void log_set_changed_hook(void (*hook)(uint32_t before, uint32_t now))
{
    changed_hook = hook;
}

void log_set_mask(uint32_t mask)
{
    uint32_t before = __atomic_exchange_n(&log_mask, mask, __ATOMIC_SEQ_CST);

    if (changed_hook && mask != before) {
        changed_hook(before, mask);
    }
}

/* "%d" once is the process id; no other conversion. NULL: it has others. */
static char *expand_name(const char *filename)
{
    const char *pid = strchr(filename, '%');

    if (!pid) {
        return g_strdup(filename);
    }
    if (pid[1] != 'd' || strchr(pid + 1, '%')) {
        return NULL;
    }
    return g_strdup_printf("%.*s%d%s", (int)(pid - filename), filename, (int)getpid(),
                           pid + 2);
}

bool log_set_file(const char *filename, Error **errp)
{
    FILE *f = NULL, *old;

    if (filename && *filename) {
        g_autofree char *name = expand_name(filename);

        if (!name) {
            return error_set(errp, "Bad logfile template: %s", filename);
        }
        f = fopen(name, "we");
        if (!f) {
            return error_set_errno(errp, errno, "Error opening logfile %s", name);
        }
        setvbuf(f, NULL, _IOLBF, 0);
    }
    /* Another thread may be writing to the old one. */
    pthread_mutex_lock(&file_lock);
    old = log_file;
    log_file = f;
    pthread_mutex_unlock(&file_lock);
    if (old) {
        fclose(old);
    }
    return true;
}

/* "A+LEN", "A-LEN" or "A..B". NULL, or what is wrong. */
static const char *parse_range(const char *text, AddressRange *out)
{
    const char *dots = strstr(text, ".."), *sep = dots ? dots : strpbrk(text, "+-");
    uint64_t value;
    char *end;

    if (!sep) {
        return "Bad range specifier";
    }
    out->first = g_ascii_strtoull(text, &end, 0);
    if (end != sep || end == text) {
        return "Invalid number to the left of the separator";
    }
    sep += dots ? 2 : 1;
    value = g_ascii_strtoull(sep, &end, 0);
    if (end == sep || *end) {
        return "Invalid number to the right of the separator";
    }
    if (dots) {
        out->last = value;
    } else if (sep[-1] == '+') {
        out->last = out->first + value - 1;
    } else {
        out->last = out->first;
        out->first -= value - 1;
    }
    return out->first > out->last || (!dots && !value) ? "Invalid range" : NULL;
}

bool log_set_filter(const char *ranges, Error **errp)
{
    g_auto(GStrv) items = g_strsplit(ranges, ",", 0);
    g_autoptr(GArray) parsed = g_array_new(FALSE, FALSE, sizeof(AddressRange));

    for (char **item = items; *item; item++) {
        AddressRange r;
        const char *wrong = parse_range(*item, &r);

        if (wrong) {
            return error_set(errp, "'%s': %s", *item, wrong);
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
