/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a translation costs: the code of an x86-64 program is cut into blocks, which are
 * decoded, then translated by the runtime as a booting guest's would be, several times.
 *
 *   translate-bench [-n PASSES] [-b BLOCKS] [-c KIB] [FILE]
 *
 * FILE is an ELF file of 64 bits, by default this program.  The first pass fills fresh
 * memory; before each later one all blocks are killed. With -c the caches are filled
 * with KIB of something else before each translation, as by a guest that runs.
 */
#include "../unit/accel/i386-flat.h"

#include "accel/target/i386/decode.h"
#include "accel/target/i386/jit-target.h"
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/system.h"
#include "accel/target/i386/x86-jit.h"
#include "accel/tcg/jit/jit-internal.h"
#include "util/error.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

enum {
    CODE_AT = 16 << 20,
    CODE_MAX = 16 << 20,
    BLOCK_MAX = 48,
    BLOCKS_MAX = 40000,
    PAGE = 4096,
};

typedef struct Run {
    uint64_t at;
    const X86Insn *insn;
    unsigned count;
} Run;

typedef struct Bench {
    FlatMachine *m;
    uint64_t start, end; /* of the code */
    X86Insn *insn;
    Run *block;
    unsigned insns, blocks, most;
    unsigned cold_bytes;
} Bench;

static uint64_t thread_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The largest executable section. */
static bool load(Bench *b, const char *file)
{
    g_autofree char *data = NULL;
    gsize len;
    const Elf64_Ehdr *eh;
    const Elf64_Shdr *best = NULL;

    if (!g_file_get_contents(file, &data, &len, NULL) || len < sizeof(*eh) ||
        memcmp(data, ELFMAG "\2", 5) != 0) {
        return false;
    }
    eh = (const Elf64_Ehdr *)data;
    for (unsigned k = 0; k < eh->e_shnum; k++) {
        const Elf64_Shdr *s = (const Elf64_Shdr *)(data + eh->e_shoff) + k;

        if (s->sh_type == SHT_PROGBITS && s->sh_flags & SHF_EXECINSTR &&
            (!best || s->sh_size > best->sh_size)) {
            best = s;
        }
    }
    if (!best || best->sh_offset + best->sh_size > len) {
        return false;
    }
    b->start = CODE_AT;
    b->end = CODE_AT + MIN(best->sh_size, CODE_MAX);
    memcpy(b->m->ram + CODE_AT, data + best->sh_offset, b->end - b->start);
    return true;
}

static unsigned decode(Bench *b, uint64_t at, X86Insn insn[BLOCK_MAX])
{
    X86State *cpu = b->m->cpu;
    uint64_t end = MIN(b->end, (at | (PAGE - 1)) + 1);
    unsigned n = 0;

    while (n < BLOCK_MAX && at < end) {
        X86Insn *i = &insn[n];

        if (x86_decode(cpu, cpu->mode, at, b->m->ram + at, end - at, i) !=
            X86_DECODE_OK) {
            break;
        }
        n++;
        at = i->next_rip;
        if (!i->row || i->row->rules & X86_ENDS || i->ref == x86_ref_ud) {
            break;
        }
    }
    return n;
}

static JitBlock *translate(Bench *b, const Run *r)
{
    uint64_t at = r->at;
    uint64_t page = at & ~(uint64_t)(PAGE - 1);
    unsigned len = r->insn[r->count - 1].next_rip - at;
    TcgCodePage *record = tcg_code_page_get(page);
    JitSource src = { .insns = r->count,
                      .guest_bytes = len,
                      .guest = r->insn,
                      .insn_bytes = sizeof(X86Insn),
                      .pages = 1 };
    bool never = false;

    src.page[0].page = record;
    src.page[0].ram_addr = page;
    src.page[0].gen = record->gen;
    src.page[0].lines = tcg_code_lines(at - page, len);
    b->m->cpu->rip = at;
    return x86_jit_translate(b->m->cpu, &src, &never);
}

static void decode_all(Bench *b)
{
    uint64_t start = thread_ns();

    for (uint64_t at = b->start; at < b->end && b->blocks < b->most;) {
        X86Insn *insn = &b->insn[b->insns];
        unsigned n = decode(b, at, insn);

        if (!n) {
            at = (at | (PAGE - 1)) + 1;
            continue;
        }
        b->block[b->blocks++] = (Run){ at, insn, n };
        b->insns += n;
        at = insn[n - 1].next_rip;
    }
    start = thread_ns() - start;
    printf("decoding:    %.2f us a block; %u blocks of %.1f instructions\n",
           start / 1e3 / b->blocks, b->blocks, (double)b->insns / b->blocks);
}

static void pollute(const Bench *b)
{
    static volatile uint8_t other[8 << 20];

    for (unsigned k = 0; k < b->cold_bytes; k += 64) {
        other[k]++;
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* By the TSC, less the slowest tenth: those with interrupts. */
static void cold_pass(Bench *b)
{
    g_autofree uint64_t *cycles = g_new(uint64_t, b->blocks);
    unsigned most = b->blocks - b->blocks / 10;
    uint64_t sum = 0;

    for (unsigned k = 0; k < b->blocks; k++) {
        uint64_t start;

        x86_tlb_get(b->m->cpu, b->block[k].at, SOFT_TLB_EXEC, b->m->cpu->view);
        pollute(b);
        start = __rdtsc();
        translate(b, &b->block[k]);
        cycles[k] = __rdtsc() - start;
    }
    qsort(cycles, b->blocks, sizeof(*cycles), compare);
    for (unsigned k = 0; k < most; k++) {
        sum += cycles[k];
    }
    printf("translation: %" PRIu64 " cycles of the TSC a block, cold\n", sum / most);
}

static void pass(Bench *b, const char *name)
{
    uint64_t start = thread_ns();
    unsigned refused = 0;

    if (b->cold_bytes) {
        cold_pass(b);
        return;
    }
    for (unsigned k = 0; k < b->blocks; k++) {
        const Run *r = &b->block[k];

        /* Exits look at what lies in the same page. */
        x86_tlb_get(b->m->cpu, r->at, SOFT_TLB_EXEC, b->m->cpu->view);
        refused += !translate(b, r);
    }
    start = thread_ns() - start;
    printf("translation: %.2f us a block, %s, %u refused\n", start / 1e3 / b->blocks,
           name, refused);
}

/* Nothing is executed: a simulator that lacks the host's features will do. */
static bool any_host(const char **why)
{
    return true;
}

int main(int argc, char **argv)
{
    JitOptions o = { .tier = 1,
                     .cache_bytes = 256 << 20,
                     .passes = IR_PASS_ALL,
                     .only_last = UINT64_MAX };
    Bench b = { .most = BLOCKS_MAX };
    unsigned passes = 5;
    JitHost host;
    Error *err = NULL;

    for (; argc > 2 && argv[1][0] == '-'; argc -= 2, argv += 2) {
        *(argv[1][1] == 'n'   ? &passes
          : argv[1][1] == 'c' ? &b.cold_bytes
                              : &b.most) = atoi(argv[2]);
    }
    b.most = MIN(b.most, BLOCKS_MAX);
    b.cold_bytes = MIN(b.cold_bytes, 8u << 10) << 10;
    host = *jit.host;
    host.usable = any_host;
    jit_set_host(&host);
    jit_set_options(&o);
    b.m = flat_new(CODE_AT + CODE_MAX);
    if (!x86_jit_new(b.m->cpu, &err)) {
        printf("%s\n", error_get_message(err));
        return 1;
    }
    flat_enter_long_mode(b.m, true);
    if (!load(&b, argc > 1 ? argv[1] : "/proc/self/exe")) {
        printf("no 64-bit ELF file with code\n");
        return 1;
    }
    b.insn = g_new(X86Insn, BLOCKS_MAX * BLOCK_MAX);
    b.block = g_new(Run, BLOCKS_MAX);
    decode_all(&b);
    for (unsigned k = 0; k < passes; k++) {
        pass(&b, k ? "again" : "fresh");
        jit_drop_all();
    }
    printf("code:        %.2f bytes a block, %.2f cold\n",
           (double)jit.stats.kind[0].hot_bytes / jit.stats.kind[0].translated,
           (double)jit.stats.kind[0].cold_bytes / jit.stats.kind[0].translated);
    return 0;
}
