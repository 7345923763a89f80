/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "accel/target/i386/coverage.h"
#include "accel/target/i386/build.h"
#include "accel/tcg/jit.h"
#include "qapi/command.h"

#include <glib.h>

#include <inttypes.h>
#include <pthread.h>

enum { ENTRIES = 4096, REPORTED = 60 };

/* Forms of a row are built or not on their own. */
typedef struct Entry {
    const X86Row *row;
    uint8_t mem, opsize, prefixes;
    bool built; /* only its slow path is the reference */
    uint64_t count;
} Entry;

static Entry table[ENTRIES]; /* lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static Entry *find(X86State *cpu, const X86Insn *i)
{
    uint8_t mem = i->flags & X86_I_MEM;
    uint8_t prefixes = i->flags & (X86_I_REP | X86_I_REPNE | X86_I_LOCK);
    unsigned n = ((uintptr_t)i->row / sizeof(X86Row) * 31 + i->opsize + mem * 64 +
                  prefixes * 128) %
                 ENTRIES;

    for (unsigned k = 0; k < ENTRIES; k++, n = (n + 1) % ENTRIES) {
        Entry *e = &table[n];

        if (!e->row) {
            *e = (Entry){ .row = i->row,
                          .mem = mem,
                          .opsize = i->opsize,
                          .prefixes = prefixes,
                          .built = x86_build_covers(cpu, i) };
            return e;
        }
        if (e->row == i->row && e->mem == mem && e->opsize == i->opsize &&
            e->prefixes == prefixes) {
            return e;
        }
    }
    return NULL;
}

void x86_coverage_note(X86State *cpu, const X86Insn *i)
{
    Entry *e;

    if (!i->row) {
        return;
    }
    pthread_mutex_lock(&lock);
    e = find(cpu, i);
    if (e) {
        e->count++;
    }
    pthread_mutex_unlock(&lock);
}

static int by_count(const void *a, const void *b)
{
    uint64_t x = (*(Entry *const *)a)->count, y = (*(Entry *const *)b)->count;

    return x < y ? 1 : x > y ? -1 : 0;
}

/* The entries whose .built is @built, most often executed first. */
static void append(GString *out, bool built)
{
    GPtrArray *all = g_ptr_array_new();

    for (unsigned k = 0; k < ENTRIES; k++) {
        if (table[k].row && table[k].built == built) {
            g_ptr_array_add(all, &table[k]);
        }
    }
    qsort(all->pdata, all->len, sizeof(gpointer), by_count);
    g_string_append_printf(out, "%u forms %s:\n", all->len,
                           built ? "that are built took slow paths"
                                 : "that are not built were executed");
    for (unsigned k = 0; k < MIN(all->len, REPORTED); k++) {
        const Entry *e = all->pdata[k];

        g_string_append_printf(out, "%12" PRIu64 "  %-12s %-20s size %u%s%s%s\n",
                               e->count, e->row->name, e->row->enc, e->opsize,
                               e->mem ? " mem" : "",
                               e->prefixes & X86_I_LOCK ? " lock" : "",
                               e->prefixes & (X86_I_REP | X86_I_REPNE) ? " rep" : "");
    }
    g_ptr_array_free(all, true);
}

char *x86_coverage_report(void)
{
    GString *out = g_string_new(NULL);

    pthread_mutex_lock(&lock);
    append(out, true);
    append(out, false);
    pthread_mutex_unlock(&lock);
    return g_string_free(out, false);
}

static void hmp_info_coverage(HmpOut *out, HmpArgs *args)
{
    g_autofree char *text = NULL;

    if (!jit_options()->coverage) {
        hmp_puts(out, "coverage is not counted: use -accel tcg,coverage=on\n");
        return;
    }
    text = x86_coverage_report();
    hmp_puts(out, text);
}
HMP_INFO("coverage", "", "", "show which executed instructions are not translated",
         hmp_info_coverage);
