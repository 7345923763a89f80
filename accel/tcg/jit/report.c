/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people may see of translated code: "info jit", -d op,op_opt,out_asm, perf map.
 */
#include "accel/tcg/jit/jit-internal.h"
#include "qapi/command.h"
#include "util/disas.h"
#include "util/log.h"

#include <glib.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

void jit_log_block(const JitBlock *b, const IrBlock *ir, const char *when,
                   uint32_t item)
{
    g_autofree char *text = NULL;

    if (!log_enabled(item) || !log_in_filter(b->key.pc)) {
        return;
    }
    text = ir_print(ir);
    log_printf("%s:\n ---- %016" PRIx64 " mode %08x\n%s\n", when, b->key.pc,
               b->key.mode, text);
}

static void log_out_asm(const JitBlock *b)
{
    const uint8_t *p = b->entry, *end = p + b->code_bytes;
    g_autoptr(GString) out = g_string_new(NULL);

    g_string_append_printf(
        out, "OUT: [size=%u, %u cold, for %u guest bytes at %" PRIx64 "]\n",
        b->code_bytes, b->cold_bytes, b->guest_bytes, b->key.pc);
    while (p < end) {
        char text[128];
        unsigned len = disas_insn(DISAS_X86_64, p, (size_t)(end - p), (uintptr_t)p,
                                  text, sizeof(text));

        if (len) {
            g_string_append_printf(out, "%p:  %s\n", (const void *)p, text);
        } else {
            g_string_append_printf(out, "%p:  .byte 0x%02x\n", (const void *)p, *p);
        }
        p += len ? len : 1;
    }
    log_printf("%s\n", out->str);
}

static FILE *perf_map; /* translation lock */

static void write_perf_map(const JitBlock *b)
{
    if (!perf_map) {
        g_autofree char *name = g_strdup_printf("/tmp/perf-%d.map", (int)getpid());

        perf_map = fopen(name, "we");
        if (!perf_map) {
            return;
        }
        setvbuf(perf_map, NULL, _IOLBF, 0);
    }
    fprintf(perf_map, "%" PRIxPTR " %x guest-%" PRIx64 "\n", (uintptr_t)b->entry,
            b->code_bytes, b->key.pc);
}

void jit_report_block(const JitBlock *b)
{
    if (log_enabled(LOG_OUT_ASM) && log_in_filter(b->key.pc)) {
        log_out_asm(b);
    }
    if (jit_options()->perf_map) {
        write_perf_map(b);
    }
}

static void hmp_info_jit(HmpOut *out, HmpArgs *args)
{
    JitStats s;
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
    hmp_printf(out,
               "blocks            %u alive, %" PRIu64 " translated, %" PRIu64
               " killed, %" PRIu64 " refused\n",
               blocks, s.translated, s.killed, s.refused);
    if (s.translated) {
        hmp_printf(out,
                   "guest code        %" PRIu64 " bytes, %" PRIu64 " instructions, "
                   "%.1f a block\n",
                   s.guest_bytes, s.insns, (double)s.insns / s.translated);
        hmp_printf(out,
                   "host code         %" PRIu64 " hot, %" PRIu64
                   " cold bytes (%.2f and %.2f for each guest byte)\n",
                   s.hot_bytes, s.cold_bytes, (double)s.hot_bytes / s.guest_bytes,
                   (double)s.cold_bytes / s.guest_bytes);
        hmp_printf(out, "translation       %.2f us a block, %.1f ms in all\n",
                   s.ns / 1e3 / s.translated, s.ns / 1e6);
    }
    hmp_printf(out, "links             %" PRIu64 " made, %" PRIu64 " undone\n", s.links,
               s.unlinks);
    hmp_printf(out,
               "evictions         %" PRIu64 " regions, %" PRIu64 " blocks, %" PRIu64
               " waits\n",
               s.evicted_regions, s.evicted_blocks, s.waits);
}
HMP_INFO("jit", "", "", "show the translator's cache and counts", hmp_info_jit);
