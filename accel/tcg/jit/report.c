/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people may see of translated code: "info jit", -d op,op_opt,out_asm, perf map
 * and jitdump. */
#include "accel/tcg/jit/jit-internal.h"
#include "qapi/command.h"
#include "util/disas.h"
#include "util/log.h"

#include <glib.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static uint64_t linear(const JitBlock *b)
{
    return b->key.base + b->key.pc;
}

void jit_log_block(const JitBlock *b, const IrBlock *ir, const char *when,
                   uint32_t item)
{
    g_autofree char *text = NULL;

    if (!log_enabled(item) || !log_in_filter(linear(b))) {
        return;
    }
    text = ir_print(ir);
    log_printf("%s:\n ---- %016" PRIx64 " mode %08x\n%s\n", when, linear(b),
               b->key.mode, text);
}

static void append_code(GString *out, const uint8_t *p, size_t bytes)
{
    const uint8_t *end = p + bytes;

    while (p < end) {
        char text[128];
        unsigned len = disas_insn(DISAS_X86_64, p, (size_t)(end - p), (uintptr_t)p,
                                  text, sizeof(text));

        disas_append_line(out, (uintptr_t)p, p, len ? len : 1, len ? text : NULL);
        p += len ? len : 1;
    }
}

static void log_out_asm(const JitBlock *b, const uint8_t *cold)
{
    g_autoptr(GString) out = g_string_new(NULL);

    g_string_append_printf(out,
                           "OUT: [size=%u]\n  -- %u guest bytes at 0x%016" PRIx64 "\n",
                           b->code_bytes + b->cold_bytes, b->guest_bytes, linear(b));
    append_code(out, b->entry, b->code_bytes);
    if (b->cold_bytes) {
        g_string_append(out, "  -- slow paths\n");
        append_code(out, cold, b->cold_bytes);
    }
    log_printf("%s\n", out->str);
}

static FILE *perf_map; /* translation lock */

static void write_perf_map(const char *name, const void *code, unsigned bytes)
{
    if (!perf_map) {
        g_autofree char *file = g_strdup_printf("/tmp/perf-%d.map", (int)getpid());

        perf_map = fopen(file, "we");
        if (!perf_map) {
            return;
        }
        setvbuf(perf_map, NULL, _IOLBF, 0);
    }
    fprintf(perf_map, "%" PRIxPTR " %x %s\n", (uintptr_t)code, bytes, name);
}

/* A piece of code for perf, under the name "guest-PC" or "guest-PC-slow". */
static void tell_perf(const JitBlock *b, const void *code, unsigned bytes,
                      const char *kind)
{
    char name[40];

    snprintf(name, sizeof(name), "guest-%" PRIx64 "%s", linear(b), kind);
    if (jit_options()->perf_map) {
        write_perf_map(name, code, bytes);
    }
    if (jit_options()->jitdump) {
        jitdump_code(name, code, bytes);
    }
}

void jit_report_block(const JitBlock *b, const uint8_t *cold)
{
    if (log_enabled(LOG_OUT_ASM) && log_in_filter(linear(b))) {
        log_out_asm(b, cold);
    }
    if (jit_options()->perf_map || jit_options()->jitdump) {
        tell_perf(b, b->entry, b->code_bytes, "");
        tell_perf(b, cold, b->cold_bytes, "-slow");
    }
}

static JitKindStats sum(const JitKindStats *a, const JitKindStats *b)
{
    return (JitKindStats){ .translated = a->translated + b->translated,
                           .guest_bytes = a->guest_bytes + b->guest_bytes,
                           .insns = a->insns + b->insns,
                           .hot_bytes = a->hot_bytes + b->hot_bytes,
                           .cold_bytes = a->cold_bytes + b->cold_bytes };
}

static void print_kind(HmpOut *out, const char *name, const JitKindStats *s)
{
    hmp_printf(out, "%-17s %" PRIu64, name, s->translated);
    if (s->timed) {
        hmp_printf(out, " of %.1f instructions, %.2f us each to translate",
                   (double)s->insns / s->translated,
                   (double)s->cycles / s->timed / jit_cycles_per_us());
    }
    hmp_printf(out, "\n");
}

static void show_uses(HmpOut *out, uint64_t guest_bytes)
{
    unsigned count;
    const JitCodeUse *u = jit_host_code_uses(&count);

    hmp_printf(out, "code              count      bytes   each  for each guest byte\n");
    for (unsigned k = 0; k < count; k++) {
        if (u[k].bytes * 500 > guest_bytes) {
            hmp_printf(out, "  %-9s %11" PRIu64 " %10" PRIu64 " %6.1f %7.3f\n",
                       u[k].name, u[k].count, u[k].bytes,
                       (double)u[k].bytes / u[k].count,
                       (double)u[k].bytes / guest_bytes);
        }
    }
}

static void hmp_info_jit(HmpOut *out, HmpArgs *args)
{
    JitStats s;
    JitKindStats all;
    const CodeCache *cc = &jit.cache;
    size_t used = 0;
    unsigned blocks = 0;

    if (!jit_active()) {
        hmp_puts(out, "translator: not in use\n");
        return;
    }
    pthread_mutex_lock(&jit.lock);
    s = jit.stats;
    for (unsigned k = 0; k < cc->regions; k++) {
        used += cc->region[k].hot_used + cc->region[k].cold_used;
        for (const JitBlock *b = cc->region[k].blocks; b; b = b->region_next) {
            blocks += !b->dead;
        }
    }
    pthread_mutex_unlock(&jit.lock);
    hmp_printf(out, "code cache        %zu/%zu KiB, region %u of %u\n", used >> 10,
               cc->bytes >> 10, cc->current, cc->regions);
    all = sum(&s.kind[0], &s.kind[1]);
    hmp_printf(out,
               "blocks            %u alive, %" PRIu64 " translated, %" PRIu64
               " killed, %" PRIu64 " refused, %" PRIu64 " found hot\n",
               blocks, all.translated, s.killed, s.refused, s.promoted);
    print_kind(out, "tier-1 blocks", &s.kind[0]);
    print_kind(out, "tier-2 traces", &s.kind[1]);
    if (all.translated) {
        hmp_printf(out,
                   "guest code        %" PRIu64 " bytes, %" PRIu64 " instructions\n",
                   all.guest_bytes, all.insns);
        hmp_printf(out,
                   "host code         %" PRIu64 " hot, %" PRIu64
                   " cold bytes (%.2f and %.2f for each guest byte)\n",
                   all.hot_bytes, all.cold_bytes,
                   (double)all.hot_bytes / all.guest_bytes,
                   (double)all.cold_bytes / all.guest_bytes);
        show_uses(out, all.guest_bytes);
    }
    hmp_printf(out, "links             %" PRIu64 " made, %" PRIu64 " undone\n", s.links,
               s.unlinks);
    hmp_printf(out,
               "evictions         %" PRIu64 " regions, %" PRIu64 " blocks, %" PRIu64
               " waits\n",
               s.evicted_regions, s.evicted_blocks, s.waits);
}
HMP_INFO("jit", "", "", "show the translator's cache and counts", hmp_info_jit);
