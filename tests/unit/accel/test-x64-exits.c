/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways out of generated code: loops and their polls, exits that are linked, unlinked
 * and killed, the jump cache, reference functions; flags exact at each of them.
 */
#include "x64-harness.h"

#include <glib.h>

#include <string.h>

enum { PC = 0x1000, NEXT = 0x1100, FAR = 0x7000 };

static X64Code code;

static bool same_page(void *opaque, uint64_t pc)
{
    return pc >> 12 == PC >> 12;
}

static IrBlock *block(uint64_t pc)
{
    IrBlock *ir = ir_block_new();

    ir->pc = pc;
    ir->same_page = same_page;
    ir->single = true;
    return ir;
}

static IrNode *emit(IrBlock *ir, IrOp op, unsigned w, IrVal dst, IrVal b)
{
    IrNode *n = ir_emit(ir, op, w);

    n->dst = dst;
    n->b = b;
    return n;
}

static IrNode *emit_imm(IrBlock *ir, IrOp op, unsigned w, IrVal dst, int64_t imm)
{
    IrNode *n = emit(ir, op, w, dst, IR_NONE);

    n->flags = IR_IMM;
    n->imm = imm;
    return n;
}

static void jmp(IrBlock *ir, uint64_t pc)
{
    ir_emit(ir, IR_JMP, 8)->imm = pc;
}

static JitBlock *finish(IrBlock *ir, unsigned insns)
{
    JitBlock *b = x64_block_new();

    ir->insns = insns;
    ir_optimize(ir, IR_PASS_ALL);
    b->key.pc = ir->pc;
    x64_emit(&code, ir, b);
    ir_block_free(ir);
    return b;
}

/* POLL; g2 = 8 bytes at g3; g0 += g2; g3 += 8; cmp g3, g5; jne PC; jmp NEXT */
static JitBlock *sum_loop(void)
{
    IrBlock *ir = block(PC);
    IrVal t = ir_temp(ir);
    IrNode *n;

    ir_emit(ir, IR_POLL, 8)->imm = PC;
    n = ir_emit(ir, IR_CHECK, 8);
    n->dst = t;
    n->a = IR_G(3);
    n->size = 8;
    emit(ir, IR_MOV, 8, IR_G(2), t)->flags = IR_MEM_B;
    ir->cur_insn = 1;
    emit(ir, IR_ADD, 8, IR_G(0), IR_G(2));
    ir->cur_insn = 2;
    emit_imm(ir, IR_ADD, 8, IR_G(3), 8);
    ir->cur_insn = 3;
    n = emit(ir, IR_CMP, 8, IR_NONE, IR_G(5));
    n->a = IR_G(3);
    ir->cur_insn = 4;
    n = ir_emit(ir, IR_JCC, 8);
    n->cc = IR_NE;
    n->imm = PC;
    jmp(ir, NEXT);
    return finish(ir, 5);
}

static uint64_t words[512] __attribute__((aligned(4096)));
enum { LINEAR = 0x5000 };

static uint64_t flags_of_cmp(uint64_t a, uint64_t b)
{
    uint64_t f;

    __asm__("cmp %2, %1\n\tlea -128(%%rsp), %%rsp\n\tpushfq\n\tpopq %0\n\tlea "
            "128(%%rsp), %%rsp"
            : "=&r"(f)
            : "r"(a), "r"(b)
            : "cc", "memory");
    return f & IR_FLAGS_ALL;
}

/* The slow path of the loop: its first instruction. */
static bool load_slowly(X64State *s, unsigned first, unsigned count)
{
    unsigned *polls = s->opaque;

    g_assert_cmpuint(first, ==, 0);
    g_assert_cmpuint(count, ==, 1);
    /* In the first round the flags are those from before the block. */
    if (s->reg[3] != LINEAR) {
        g_assert_cmphex(x64_flags_unpack(s->env.flags), ==,
                        flags_of_cmp(s->reg[3], s->reg[5]));
    } else {
        g_assert_cmphex(x64_flags_unpack(s->env.flags), ==, IR_CF | IR_OF);
    }
    s->reg[2] = words[(s->reg[3] - LINEAR) / 8];
    if (polls && !--*polls) {
        s->env.poll = 1;
    }
    return true;
}

static X64State *loop_state(bool fast)
{
    X64State *s = x64_state_new();

    s->reg[3] = LINEAR;
    s->reg[5] = LINEAR + 100 * 8;
    s->env.flags = x64_flags_pack(IR_CF | IR_OF);
    s->run_refs = load_slowly;
    for (unsigned k = 0; k < 512; k++) {
        words[k] = k * 3 + 1;
    }
    if (fast) {
        SoftTlbEntry *e = &s->tlb.entry[soft_tlb_index(LINEAR)];

        e->tag[SOFT_TLB_READ] = LINEAR;
        e->host = (uintptr_t)words;
        e->addend = e->host - LINEAR;
    }
    return s;
}

static uint64_t sum_to(unsigned n)
{
    uint64_t sum = 0;

    for (unsigned k = 0; k < n; k++) {
        sum += k * 3 + 1;
    }
    return sum;
}

static bool begin(void)
{
    return x64_harness_init(&code);
}

static void loop_to_the_end(bool fast)
{
    JitBlock *b;
    X64State *s;

    if (!begin()) {
        return;
    }
    b = sum_loop();
    s = loop_state(fast);
    g_assert_true(x64_run(s, b));
    g_assert_cmphex(s->pc, ==, NEXT);
    g_assert_cmpuint(s->reg[0], ==, sum_to(100));
    g_assert_cmphex(x64_flags_unpack(s->env.flags), ==,
                    flags_of_cmp(s->reg[5], s->reg[5]));
    g_assert_cmpuint(s->stubs, ==, fast ? 0 : 100);
    g_assert_nonnull(s->env.exit);
    g_assert_cmphex(((JitExit *)s->env.exit)->pc, ==, NEXT);
    x64_state_free(s);
    g_free(b);
}

static void test_loop_fast(void)
{
    loop_to_the_end(true);
}

static void test_loop_slow(void)
{
    loop_to_the_end(false);
}

static void test_poll(void)
{
    JitBlock *b;
    X64State *s;
    unsigned left = 7;

    if (!begin()) {
        return;
    }
    b = sum_loop();
    s = loop_state(false);
    s->opaque = &left;
    g_assert_true(x64_run(s, b));
    g_assert_cmphex(s->pc, ==, PC);
    g_assert_null(s->env.exit);
    g_assert_cmpuint(s->reg[0], ==, sum_to(7));
    g_assert_cmphex(x64_flags_unpack(s->env.flags), ==,
                    flags_of_cmp(s->reg[3], s->reg[5]));
    s->env.poll = 0;
    g_assert_true(x64_run(s, b));
    g_assert_cmpuint(s->reg[0], ==, sum_to(100));
    x64_state_free(s);
    g_free(b);
}

static bool kill_in_loop(X64State *s, unsigned first, unsigned count)
{
    if (s->stubs == 5) {
        jit_host_kill(s->opaque, NULL);
    }
    s->reg[2] = words[(s->reg[3] - LINEAR) / 8];
    return true;
}

static void test_kill_in_loop(void)
{
    JitBlock *b;
    X64State *s;

    if (!begin()) {
        return;
    }
    b = sum_loop();
    s = loop_state(false);
    s->opaque = b;
    s->run_refs = kill_in_loop;
    g_assert_true(x64_run(s, b));
    g_assert_cmphex(s->pc, ==, PC);
    g_assert_cmpuint(s->reg[0], ==, sum_to(5));
    g_assert_cmphex(x64_flags_unpack(s->env.flags), ==,
                    flags_of_cmp(s->reg[3], s->reg[5]));
    /* It stays dead for whoever comes by its entry. */
    g_assert_true(x64_run(s, b));
    g_assert_cmpuint(s->stubs, ==, 5);
    x64_state_free(s);
    g_free(b);
}

/* g0 = value; jmp to */
static JitBlock *setter(uint64_t pc, int64_t value, uint64_t to)
{
    IrBlock *ir = block(pc);

    emit_imm(ir, IR_MOV, 8, IR_G(0), value);
    ir->cur_insn = 1;
    jmp(ir, to);
    return finish(ir, 1);
}

static void test_links(void)
{
    JitBlock *a, *b;
    X64State *s;

    if (!begin()) {
        return;
    }
    a = setter(PC, 1, NEXT);
    b = setter(NEXT, 2, NEXT + 16);
    s = x64_state_new();
    g_assert_true(x64_run(s, a));
    g_assert_cmphex(s->pc, ==, NEXT);
    g_assert_true(s->env.exit == &a->exit[0]);
    g_assert_cmpuint(s->reg[0], ==, 1);
    jit_host_link(&a->exit[0], b->entry);
    g_assert_true(x64_run(s, a));
    g_assert_cmphex(s->pc, ==, NEXT + 16);
    g_assert_cmpuint(s->reg[0], ==, 2);
    jit_host_unlink(&a->exit[0]);
    g_assert_true(x64_run(s, a));
    g_assert_cmphex(s->pc, ==, NEXT);
    /* An entry that was killed goes to the dispatcher or to a successor. */
    jit_host_link(&a->exit[0], b->entry);
    jit_host_kill(b, NULL);
    g_assert_true(x64_run(s, a));
    g_assert_cmphex(s->pc, ==, NEXT);
    g_assert_cmpuint(s->reg[0], ==, 1);
    g_assert_null(s->env.exit);
    jit_host_kill(b, a->entry);
    jit_host_unlink(&a->exit[0]);
    g_assert_true(x64_run(s, b));
    g_assert_cmphex(s->pc, ==, NEXT);
    x64_state_free(s);
    g_free(a);
    g_free(b);
}

static void test_jump_cache(void)
{
    JitBlock *a, *b;
    X64State *s;
    unsigned index = jit_jc_index(FAR);

    if (!begin()) {
        return;
    }
    a = setter(PC, 1, FAR);
    b = setter(FAR, 2, FAR + 0x1000);
    s = x64_state_new();
    g_assert_true(x64_run(s, a));
    g_assert_cmphex(s->pc, ==, FAR);
    g_assert_null(s->env.exit);
    s->env.jc[index].tag = FAR ^ s->env.salt[0];
    s->env.jc[index].code = b->entry;
    g_assert_true(x64_run(s, a));
    g_assert_cmphex(s->pc, ==, FAR + 0x1000);
    s->env.salt[0] ^= 1;
    g_assert_true(x64_run(s, a));
    g_assert_cmphex(s->pc, ==, FAR);
    x64_state_free(s);
    g_free(a);
    g_free(b);
}

static void test_probe(void)
{
    JitBlock *a, *b;
    X64State *s;

    if (!begin()) {
        return;
    }
    a = setter(PC, 1, NEXT);
    a->exit[0].from = a;
    b = setter(NEXT, 2, FAR);
    s = x64_state_new();
    jit_host_probe(&a->exit[0]);
    g_assert_true(x64_run(s, a));
    g_assert_cmphex(s->pc, ==, NEXT);
    g_assert_null(s->env.exit);
    s->env.jc[jit_jc_index(NEXT)].tag = NEXT ^ s->env.salt[0];
    s->env.jc[jit_jc_index(NEXT)].code = b->entry;
    g_assert_true(x64_run(s, a));
    g_assert_cmphex(s->pc, ==, FAR);
    g_assert_cmpuint(s->reg[0], ==, 2);
    x64_state_free(s);
    g_free(a);
    g_free(b);
}

static void test_indirect(void)
{
    static const IrVal regs[] = { IR_G(1), IR_G(4), IR_G(13), IR_G(15) };

    if (!begin()) {
        return;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(regs); k++) {
        IrBlock *ir = block(PC);
        JitBlock *a, *b = setter(FAR, 2, FAR + 0x1000);
        X64State *s = x64_state_new();

        ir_emit(ir, IR_JMPI, 8)->a = regs[k];
        a = finish(ir, 1);
        s->reg[regs[k] - IR_G0] = FAR;
        g_assert_true(x64_run(s, a));
        g_assert_cmphex(s->pc, ==, FAR);
        g_assert_null(s->env.exit);
        s->env.jc[jit_jc_index(FAR)].tag = FAR ^ s->env.salt[0];
        s->env.jc[jit_jc_index(FAR)].code = b->entry;
        g_assert_true(x64_run(s, a));
        g_assert_cmphex(s->pc, ==, FAR + 0x1000);
        x64_state_free(s);
        g_free(a);
        g_free(b);
    }
}

static bool leave_at_three(X64State *s, unsigned first, unsigned count)
{
    s->reg[0] += 1000 * first + count;
    s->pc = 0x3333;
    return first != 3;
}

static void test_refs(void)
{
    IrBlock *ir;
    JitBlock *b;
    X64State *s;

    if (!begin()) {
        return;
    }
    ir = block(PC);
    for (unsigned k = 0; k < 2; k++) {
        ir->cur_insn = k;
        ir_emit(ir, IR_REF, 8);
    }
    ir->cur_insn = 2;
    emit_imm(ir, IR_ADD, 8, IR_G(0), 5);
    ir->cur_insn = 3;
    ir_emit(ir, IR_REF_END, 8);
    b = finish(ir, 4);
    s = x64_state_new();
    s->run_refs = leave_at_three;
    g_assert_true(x64_run(s, b));
    /* Neighbours are one call. */
    g_assert_cmpuint(s->stubs, ==, 2);
    g_assert_cmpuint(s->reg[0], ==, 2 + 5 + 3001);
    g_assert_cmphex(s->pc, ==, 0x3333);
    g_assert_null(s->env.exit);
    x64_state_free(s);
    g_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/accel/tcg/x64/exits/a-loop-runs-to-its-end", test_loop_fast);
    g_test_add_func("/accel/tcg/x64/exits/flags-are-exact-in-slow-stubs-of-a-loop",
                    test_loop_slow);
    g_test_add_func("/accel/tcg/x64/exits/a-poll-leaves-a-loop-with-exact-flags",
                    test_poll);
    g_test_add_func("/accel/tcg/x64/exits/a-killed-block-leaves-its-loop",
                    test_kill_in_loop);
    g_test_add_func("/accel/tcg/x64/exits/linked-unlinked-killed", test_links);
    g_test_add_func("/accel/tcg/x64/exits/another-page-by-the-jump-cache",
                    test_jump_cache);
    g_test_add_func("/accel/tcg/x64/exits/a-probe-in-place-of-a-link", test_probe);
    g_test_add_func("/accel/tcg/x64/exits/indirect-jumps", test_indirect);
    g_test_add_func("/accel/tcg/x64/exits/neighbouring-references-are-one-call",
                    test_refs);
    return g_test_run();
}
