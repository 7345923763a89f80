/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random blocks of IR, lowered and executed, against the interpreter: registers, flags,
 * memory, exits, and the exact state at faults.
 */
#include "ir-random.h"
#include "x64-harness.h"

#include <glib.h>

#include <string.h>

typedef struct Run {
    const IrBlock *built;
    RndMemory *mem;
    unsigned fault;
} Run;

static bool refs(X64State *s, unsigned first, unsigned count)
{
    Run *run = s->opaque;
    IrMachine *m = g_new0(IrMachine, 1);
    bool ok, left;

    memcpy(m->reg, s->reg, sizeof(m->reg));
    m->flags = x64_flags_unpack(s->env.flags);
    m->state = s->fields;
    ok = rnd_run_ref(m, run->built, run->mem, first, first + count - 1, &run->fault);
    memcpy(s->reg, m->reg, sizeof(m->reg));
    s->env.flags = x64_flags_pack(m->flags);
    left = m->left;
    if (left) {
        s->pc = m->pc;
    }
    g_free(m);
    if (!ok) {
        longjmp(s->fault, 1);
    }
    return !left;
}

static bool same_page(void *opaque, uint64_t pc)
{
    return pc & 2;
}

static void fill_tlb(X64State *s, RndMemory *mem)
{
    for (unsigned k = 0; k < RND_PAGES; k++) {
        uint64_t lin = RND_BASE + 4096 * k;
        SoftTlbEntry *e = &s->tlb.entry[soft_tlb_index(lin)];

        e->host = (uintptr_t)rnd_host(mem, lin);
        e->addend = e->host - lin;
        if (rnd_is_fast(mem, lin, 1, false)) {
            e->tag[SOFT_TLB_READ] = lin;
        }
        if (rnd_is_fast(mem, lin, 1, true)) {
            e->tag[SOFT_TLB_WRITE] = lin;
        }
    }
}

/* Flags that the manual leaves undefined. Some this host leaves as they were: then they
 * depend on what the compares of CHECKs have left; others differ between shifts by CL
 * and by an immediate. */
static bool keeps_undefined(const IrNode *n)
{
    unsigned klass = ir_op_info[n->op].klass;

    return klass == IR_CLASS_SHIFT || klass == IR_CLASS_SHIFT2 ||
           ir_op_info[n->op].undef & (IR_ZF | IR_SF | IR_PF);
}

static bool shows_flags(const IrNode *n)
{
    return n->op == IR_SETCC || n->op == IR_CMOV || n->op == IR_JCC ||
           n->op == IR_LAHF || n->op == IR_REF || n->op == IR_REF_END;
}

static void replace(IrNode *n)
{
    *n = (IrNode){ .op = n->op == IR_REF_END ? IR_JMP : IR_CBW,
                   .w = 8,
                   .insn = n->insn,
                   .imm = n->op == IR_REF_END ? 0x400002 : 0 };
}

/* A block has either nodes with such flags or nodes that look at them. Returns the
 * flags that can be compared. */
static uint32_t without_undefined(Rnd *r, IrBlock *ir)
{
    bool with = rnd_below(r, 2);

    for (unsigned k = 0; k < ir->count; k++) {
        IrNode *n = &ir->node[k];

        if (with ? shows_flags(n) : keeps_undefined(n)) {
            replace(n);
        }
    }
    return with ? (uint32_t)IR_CF : (uint32_t)IR_FLAGS_ALL;
}

static X64Code code;
static unsigned stubs, lowered, refused;

static void fail(const IrBlock *built, const IrBlock *opt, uint64_t seed,
                 const char *what, const IrMachine *m, const X64State *s)
{
    g_autofree char *a = ir_print(built), *b = ir_print(opt);

    for (unsigned k = 0; k < 16; k++) {
        if (m->reg[k] != s->reg[k]) {
            g_test_message("g%u: %lx, not %lx", k, (long)s->reg[k], (long)m->reg[k]);
        }
    }
    g_test_message("flags %lx, not %lx", (long)x64_flags_unpack(s->env.flags),
                   (long)m->flags);
    g_file_set_contents("/tmp/x64-hot.bin", (char *)code.rw + (64 << 10),
                        code.hot.p - code.rw - (64 << 10), NULL);
    g_file_set_contents("/tmp/x64-cold.bin", (char *)code.rw + (320 << 10),
                        code.cold.p - code.rw - (320 << 10), NULL);
    g_test_message("pc %lx, not %lx", (long)s->pc, (long)m->pc);
    g_error("seed %#lx: %s differ\n%s\n%s", (long)seed, what, a, b);
}

static void one_case(uint64_t seed, unsigned passes)
{
    Rnd r = { seed };
    RndMemory *mem[2] = { g_new0(RndMemory, 1), g_new0(RndMemory, 1) };
    IrBlock *built = ir_block_new(), *opt = ir_block_new();
    IrMachine *m = g_new0(IrMachine, 1);
    X64State *s = x64_state_new();
    JitBlock *b = x64_block_new();
    Run run = { built, mem[1], 0 };
    unsigned fault = 0;
    uint32_t flags;
    bool ok[2];

    b->hot = rnd_next(&r) >> 63;
    rnd_block(&r, built, 2 + rnd_below(&r, 30), 0);
    flags = without_undefined(&r, built);
    memcpy(opt->node, built->node, built->count * sizeof(IrNode));
    opt->count = built->count;
    opt->temps = built->temps;
    opt->insns = built->insns;
    opt->pc = built->pc;
    opt->same_page = same_page;
    opt->single = rnd_below(&r, 2);
    ir_optimize(opt, passes);
    rnd_memory(&r, mem[0]);
    *mem[1] = *mem[0];
    rnd_regs(&r, m->reg);
    memcpy(s->reg, m->reg, sizeof(m->reg));
    m->flags = rnd_next(&r) & IR_FLAGS_ALL;
    s->env.flags = x64_flags_pack(m->flags);
    for (unsigned i = 0; i < 64; i++) {
        s->fields[i] = i % 8 == 1 ? i : 0;
    }
    m->state = s->fields;
    ok[0] = rnd_run_ref(m, built, mem[0], 0, built->insns - 1, &fault);
    fill_tlb(s, mem[1]);
    s->run_refs = refs;
    s->opaque = &run;
    x64_harness_reset(&code);
    if (!x64_try_emit(&code, opt, b)) {
        refused++;
        if (g_getenv("STRATA_IR_REFUSED")) {
            g_autofree char *text = ir_print(opt);

            g_test_message("refused:\n%s", text);
        }
    } else {
        lowered++;
        ok[1] = x64_run(s, b);
        stubs += s->stubs;
        if (ok[0] != ok[1] || (!ok[0] && fault != run.fault)) {
            fail(built, opt, seed, "faults", m, s);
        }
        if (memcmp(m->reg, s->reg, sizeof(m->reg))) {
            fail(built, opt, seed, "registers", m, s);
        }
        if (memcmp(mem[0]->bytes, mem[1]->bytes, sizeof(mem[0]->bytes))) {
            fail(built, opt, seed, "memories", m, s);
        }
        if (ok[0] && m->pc != s->pc) {
            fail(built, opt, seed, "exits", m, s);
        }
        if ((m->flags ^ x64_flags_unpack(s->env.flags)) & flags &&
            !(ok[0] && m->pc >> 12 == 0x400 && m->pc & 1)) {
            fail(built, opt, seed, "flags", m, s);
        }
    }
    x64_state_free(s);
    g_free(b);
    g_free(m);
    ir_block_free(built);
    ir_block_free(opt);
    g_free(mem[0]);
    g_free(mem[1]);
}

static void many(unsigned passes)
{
    const char *only = g_getenv("STRATA_IR_SEED"), *count = g_getenv("STRATA_IR_COUNT");
    uint64_t n = count ? g_ascii_strtoull(count, NULL, 0) : 3000;

    if (!x64_harness_init(&code)) {
        return;
    }
    if (only) {
        one_case(g_ascii_strtoull(only, NULL, 0), passes);
        return;
    }
    lowered = refused = stubs = 0;
    for (uint64_t k = 1; k <= n; k++) {
        one_case(k * 0x9e3779b97f4a7c15ull + passes, passes);
    }
    g_test_message("%u lowered, %u refused, %u stubs", lowered, refused, stubs);
    g_assert_cmpuint(refused, <, lowered / 20);
}

static void test_plain(void)
{
    many(0);
}

static void test_optimized(void)
{
    many(IR_PASS_ALL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/accel/tcg/x64/random/blocks-as-built", test_plain);
    g_test_add_func("/accel/tcg/x64/random/optimized-blocks", test_optimized);
    return g_test_run();
}
