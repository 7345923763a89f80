/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random blocks do the same before and after the passes, whichever are switched on,
 * with fast, slow and faulting memory.
 */
#include "ir-random.h"

#include <glib.h>
#include <string.h>

enum { FIELDS = RND_FIELD_BYTES };

typedef struct Run {
    const IrBlock *built;
    RndMemory *mem;
    uint8_t state[FIELDS];
    bool faulted;
    unsigned fault;
    unsigned stubs;
} Run;

static void *fast_check(IrMachine *m, const IrNode *n, uint64_t lin)
{
    Run *run = m->opaque;

    if (lin & n->align || !rnd_is_fast(run->mem, lin, n->size, n->cc == IR_WRITE)) {
        return NULL;
    }
    return rnd_host(run->mem, lin);
}

static void slow(IrMachine *m, unsigned first, unsigned last)
{
    Run *run = m->opaque;

    run->stubs++;
    last = rnd_last_run(run->built, first, last);
    if (!rnd_run_ref(m, run->built, run->mem, first, last, &run->fault)) {
        run->faulted = true;
        m->left = true;
    }
}

static void ref(IrMachine *m, const IrNode *n)
{
    slow(m, n->insn, n->insn);
}

static IrBlock *copy_of(const IrBlock *ir)
{
    IrBlock *c = ir_block_new();

    memcpy(c->node, ir->node, ir->count * sizeof(IrNode));
    c->count = ir->count;
    c->temps = ir->temps;
    c->insns = ir->insns;
    c->pc = ir->pc;
    return c;
}

static void check_valid(const IrBlock *ir, uint64_t seed)
{
    g_autofree char *error = ir_verify(ir);

    if (error) {
        g_autofree char *text = ir_print(ir);

        g_test_message("seed %#" G_GINT64_MODIFIER "x: %s\n%s", seed, error, text);
        g_error("%s\n%s", error, text);
    }
}

static void fail(const IrBlock *built, const IrBlock *opt, uint64_t seed,
                 const char *what)
{
    g_autofree char *a = ir_print(built), *b = ir_print(opt);

    g_error("seed %#" G_GINT64_MODIFIER "x: %s differ\n%s\n%s", seed, what, a, b);
}

static void one_case(uint64_t seed, unsigned passes, IrBlock *built, unsigned *checks)
{
    Rnd r = { seed };
    RndMemory *mem[2] = { g_new0(RndMemory, 1), g_new0(RndMemory, 1) };
    Run run[2] = { { 0 } };
    IrMachine *m[2] = { g_new0(IrMachine, 1), g_new0(IrMachine, 1) };
    IrBlock *opt;

    rnd_next(&r);
    rnd_block(&r, built, 2 + rnd_below(&r, 30), 0);
    check_valid(built, seed);
    opt = copy_of(built);
    ir_optimize(opt, passes);
    check_valid(opt, seed);
    for (unsigned k = 0; k < opt->count; k++) {
        checks[1] += opt->node[k].op == IR_CHECK;
    }
    for (unsigned k = 0; k < built->count; k++) {
        checks[0] += built->node[k].op == IR_CHECK;
    }
    rnd_memory(&r, mem[0]);
    *mem[1] = *mem[0];
    rnd_regs(&r, m[0]->reg);
    memcpy(m[1]->reg, m[0]->reg, sizeof(m[0]->reg));
    m[0]->flags = m[1]->flags = rnd_next(&r) & IR_FLAGS_ALL;
    for (unsigned k = 0; k < 2; k++) {
        for (unsigned i = 0; i < FIELDS; i++) {
            run[k].state[i] = i % 8 == 1 ? i : 0;
        }
        run[k].built = built;
        run[k].mem = mem[k];
        m[k]->state = run[k].state;
        m[k]->opaque = &run[k];
    }
    run[0].faulted =
        !rnd_run_ref(m[0], built, mem[0], 0, built->insns - 1, &run[0].fault);
    m[1]->check = fast_check;
    m[1]->slow = slow;
    m[1]->ref = ref;
    m[1]->scramble = passes & IR_PASS_FLAGS;
    ir_interp(m[1], opt, 0, opt->insns - 1);
    if (run[0].faulted != run[1].faulted ||
        (run[0].faulted && run[0].fault != run[1].fault)) {
        fail(built, opt, seed, "faults");
    }
    if (memcmp(m[0]->reg, m[1]->reg, sizeof(m[0]->reg))) {
        fail(built, opt, seed, "registers");
    }
    if (memcmp(mem[0]->bytes, mem[1]->bytes, sizeof(mem[0]->bytes))) {
        fail(built, opt, seed, "memories");
    }
    if (!run[0].faulted && m[0]->pc != m[1]->pc) {
        fail(built, opt, seed, "exits");
    }
    if (m[0]->flags != m[1]->flags &&
        !(!run[0].faulted && m[0]->pc >> 12 == 0x400 && m[0]->pc & 1)) {
        fail(built, opt, seed, "flags");
    }
    ir_block_free(opt);
    for (unsigned k = 0; k < 2; k++) {
        g_free(mem[k]);
        g_free(m[k]);
    }
}

static void many(unsigned passes)
{
    IrBlock *built = ir_block_new();
    unsigned checks[2] = { 0 };
    const char *only = g_getenv("STRATA_IR_SEED");

    if (only) {
        one_case(g_ascii_strtoull(only, NULL, 0), passes, built, checks);
        ir_block_free(built);
        return;
    }
    for (uint64_t k = 1; k <= 4000; k++) {
        one_case(k * 0x9e3779b97f4a7c15ull + passes, passes, built, checks);
    }
    g_test_message("checks: %u built, %u left", checks[0], checks[1]);
    if (passes & IR_PASS_GROUP) {
        g_assert_cmpuint(checks[1], <, checks[0]);
    }
    ir_block_free(built);
}

static void test_fold(void)
{
    many(IR_PASS_FOLD | IR_PASS_FLAGS | IR_PASS_DEAD);
}

static void test_flags(void)
{
    many(IR_PASS_FLAGS);
}

static void test_dead(void)
{
    many(IR_PASS_FLAGS | IR_PASS_DEAD);
}

static void test_group(void)
{
    many(IR_PASS_GROUP);
}

static void test_all(void)
{
    many(IR_PASS_ALL);
}

/* --- what GROUP is for ---------------------------------------------------------------
 */

static void push(IrBlock *ir, unsigned insn, IrVal r)
{
    IrNode *n;
    IrVal t = ir_temp(ir), h = ir_temp(ir);

    ir->cur_insn = insn;
    n = ir_emit(ir, IR_EA, 8);
    n->dst = t;
    n->a = IR_G(4);
    n->disp = -8;
    n = ir_emit(ir, IR_CHECK, 8);
    n->dst = h;
    n->a = t;
    n->size = 8;
    n->cc = IR_WRITE;
    n = ir_emit(ir, IR_MOV, 8);
    n->dst = h;
    n->b = r;
    n->flags = IR_MEM_DST;
    n = ir_emit(ir, IR_EA, 8);
    n->dst = n->a = IR_G(4);
    n->disp = -8;
}

static void test_pushes(void)
{
    IrBlock *ir = ir_block_new();
    unsigned checks = 0;

    for (unsigned k = 0; k < 6; k++) {
        push(ir, k, IR_G(k));
    }
    ir->cur_insn = 6;
    ir_emit(ir, IR_JMP, 0);
    ir->insns = 7;
    ir_optimize(ir, IR_PASS_ALL);
    check_valid(ir, 0);
    for (unsigned k = 0; k < ir->count; k++) {
        const IrNode *n = &ir->node[k];

        if (n->op == IR_CHECK) {
            checks++;
            g_assert_cmpuint(n->size, ==, 48);
            g_assert_cmpint(n->a, ==, IR_G(4));
            g_assert_cmpint(n->disp, ==, -48);
            g_assert_cmpuint(n->through, ==, 5);
        }
    }
    g_assert_cmpuint(checks, ==, 1);
    g_assert_cmpuint(ir->count, ==, 1 + 6 * 2 + 1);
    ir_block_free(ir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ir/passes/flags-nobody-wants-may-be-anything", test_flags);
    g_test_add_func("/ir/passes/folded-blocks-do-the-same", test_fold);
    g_test_add_func("/ir/passes/blocks-without-dead-nodes-do-the-same", test_dead);
    g_test_add_func("/ir/passes/grouped-blocks-do-the-same", test_group);
    g_test_add_func("/ir/passes/optimized-blocks-do-the-same", test_all);
    g_test_add_func("/ir/group/six-pushes-have-one-check", test_pushes);
    return g_test_run();
}
