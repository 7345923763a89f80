/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flags across a CHECK: after every producer, with every kind of operand, what a slow
 * stub finds in M, and what a condition behind the access reads, is what the producer
 * has left.
 */
#include "ir-interp.h"
#include "x64-harness.h"

#include <glib.h>

#include <string.h>

enum { LINEAR = 0x5000, ROUNDS = 6 };

static X64Code code;
static uint64_t page[512] __attribute__((aligned(4096)));

static uint64_t rng = 88172645463325252ull;

static uint64_t rnd(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng;
}

static bool note_flags(X64State *s, unsigned first, unsigned count)
{
    uint64_t *seen = s->opaque;

    g_assert_cmpuint(first, ==, 1);
    g_assert_cmpuint(count, ==, 1);
    *seen = x64_flags_unpack(s->env.flags);
    s->reg[7] = page[0];
    return true;
}

/* The producer @p; g7 <- memory at g6; setcc g8; jmp. */
static IrBlock *make(const IrNode *p, unsigned cc)
{
    IrBlock *ir = ir_block_new();
    IrNode *n = ir_emit(ir, p->op, p->w);
    IrVal t = ir_temp(ir);

    *n = *p;
    ir->pc = 0x1000;
    ir->single = true;
    ir->cur_insn = 1;
    n = ir_emit(ir, IR_CHECK, 8);
    n->dst = t;
    n->a = IR_G(6);
    n->size = 8;
    n = ir_emit(ir, IR_MOV, 8);
    n->dst = IR_G(7);
    n->b = t;
    n->flags = IR_MEM_B;
    ir->cur_insn = 2;
    n = ir_emit(ir, IR_SETCC, 1);
    n->dst = IR_G(8);
    n->cc = cc;
    ir->cur_insn = 3;
    ir_emit(ir, IR_JMP, 8)->imm = 0x2000;
    ir->insns = 4;
    return ir;
}

static void *check_page(IrMachine *m, const IrNode *n, uint64_t lin)
{
    return page;
}

static void one(const IrNode *p, unsigned cc, bool fast)
{
    IrBlock *ir = make(p, cc), *model = make(p, cc);
    IrMachine *m = g_new0(IrMachine, 1);
    X64State *s = x64_state_new();
    JitBlock *b = x64_block_new();
    uint64_t after, seen = 0;
    uint32_t defined = IR_FLAGS_ALL & ~ir_op_info[p->op].undef;

    for (unsigned k = 0; k < 16; k++) {
        static const uint64_t edge[4] = { 0, ~0ull, 0x8000000080008080, 1 };

        m->reg[k] = rnd() & 1 ? rnd() : edge[rnd() & 3];
    }
    m->reg[6] = LINEAR;
    m->flags = rnd() & IR_FLAGS_ALL;
    m->check = check_page;
    memcpy(s->reg, m->reg, sizeof(m->reg));
    s->env.flags = x64_flags_pack(m->flags);
    s->run_refs = note_flags;
    s->opaque = &seen;
    if (fast) {
        SoftTlbEntry *e = &s->tlb.entry[soft_tlb_index(LINEAR)];

        e->tag[SOFT_TLB_READ] = LINEAR;
        e->host = (uintptr_t)page;
        e->addend = e->host - LINEAR;
    }
    ir_interp(m, model, 0, 0);
    after = m->flags;
    ir_interp(m, model, 1, 3);

    x64_harness_reset(&code);
    ir_optimize(ir, IR_PASS_ALL);
    x64_emit(&code, ir, b);
    g_assert_true(x64_run(s, b));
    if (((x64_flags_unpack(s->env.flags) ^ after) & defined) ||
        (!fast && (seen ^ after) & defined) ||
        (!(ir_cc_flags(cc) & ~defined) && s->reg[8] != m->reg[8])) {
        g_autofree char *text = ir_print(ir);

        g_test_message("flags %lx, in the stub %lx, not %lx\n%s",
                       (long)x64_flags_unpack(s->env.flags), (long)seen, (long)after,
                       text);
        g_test_fail();
    }
    for (unsigned k = 0; k < 16; k++) {
        if (k != 8) {
            g_assert_cmphex(s->reg[k], ==, m->reg[k]);
        }
    }
    x64_state_free(s);
    g_free(b);
    g_free(m);
    ir_block_free(ir);
    ir_block_free(model);
}

static void all_ways(const IrNode *p)
{
    for (unsigned k = 0; k < ROUNDS; k++) {
        one(p, rnd() & 15, k & 1);
    }
}

static const IrVal places[] = { IR_G(0), IR_G(5), IR_G(9), IR_G(13), IR_G(15) };

static void with_values(IrNode p, bool first_is_a)
{
    for (unsigned x = 0; x < G_N_ELEMENTS(places); x++) {
        IrVal d = places[x];

        *(first_is_a ? &p.a : &p.dst) = d;
        for (unsigned y = 0; y < G_N_ELEMENTS(places); y++) {
            p.flags = 0;
            p.b = places[y];
            all_ways(&p);
        }
        p.b = IR_NONE;
        p.flags = IR_IMM;
        p.imm = (int8_t)rnd();
        all_ways(&p);
    }
}

static void test_two_operands(void)
{
    static const uint8_t op[] = { IR_ADD, IR_OR,  IR_ADC, IR_SBB, IR_AND,
                                  IR_SUB, IR_XOR, IR_CMP, IR_TEST };

    if (!x64_harness_init(&code)) {
        return;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(op); k++) {
        for (unsigned w = 1; w <= 8; w *= 2) {
            with_values((IrNode){ .op = op[k], .w = w },
                        op[k] == IR_CMP || op[k] == IR_TEST);
        }
    }
}

static void test_high_bytes(void)
{
    static const uint8_t op[] = { IR_ADD, IR_SUB, IR_AND, IR_CMP, IR_TEST };
    static const IrVal bytes[] = { IR_GH(0), IR_GH(3), IR_G(0),
                                   IR_G(6),  IR_G(10), IR_G(14) };

    if (!x64_harness_init(&code)) {
        return;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(op); k++) {
        for (unsigned x = 0; x < 36; x++) {
            IrNode p = { .op = op[k], .w = 1, .b = bytes[x % 6] };

            if (bytes[x / 6] == IR_G(6)) {
                continue;
            }
            *(op[k] == IR_CMP || op[k] == IR_TEST ? &p.a : &p.dst) = bytes[x / 6];
            all_ways(&p);
        }
    }
}

static void test_one_operand(void)
{
    static const uint8_t op[] = {
        IR_INC, IR_DEC, IR_NEG, IR_NOT, IR_CLC, IR_STC, IR_CMC
    };

    if (!x64_harness_init(&code)) {
        return;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(op); k++) {
        for (unsigned w = 1; w <= 8; w *= 2) {
            for (unsigned x = 0; x < G_N_ELEMENTS(places); x++) {
                IrNode p = { .op = op[k], .w = w };

                if (ir_op_info[op[k]].klass == IR_CLASS_UNARY) {
                    p.dst = places[x];
                }
                all_ways(&p);
            }
        }
    }
}

static void test_shifts(void)
{
    if (!x64_harness_init(&code)) {
        return;
    }
    for (unsigned op = IR_ROL; op <= IR_SAR; op++) {
        for (unsigned w = 1; w <= 8; w *= 2) {
            for (unsigned x = 0; x < G_N_ELEMENTS(places); x++) {
                IrNode p = { .op = op, .w = w, .dst = places[x], .flags = IR_IMM };

                p.imm = rnd() % (8 * w);
                all_ways(&p);
                p.flags = 0;
                p.b = IR_G(1);
                all_ways(&p);
            }
        }
    }
}

static void test_wide(void)
{
    static const uint8_t op[] = { IR_IMUL2, IR_IMUL3, IR_POPCNT, IR_TZCNT,
                                  IR_LZCNT, IR_BTS,   IR_BTC };

    if (!x64_harness_init(&code)) {
        return;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(op); k++) {
        for (unsigned w = 2; w <= 8; w *= 2) {
            for (unsigned x = 0; x < 25; x++) {
                IrNode p = {
                    .op = op[k], .w = w, .dst = places[x / 5], .b = places[x % 5]
                };

                if (op[k] == IR_IMUL3) {
                    p.imm = x & 1 ? 1000 : -3;
                }
                all_ways(&p);
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/accel/tcg/x64/flags/two-operands", test_two_operands);
    g_test_add_func("/accel/tcg/x64/flags/high-bytes", test_high_bytes);
    g_test_add_func("/accel/tcg/x64/flags/one-operand", test_one_operand);
    g_test_add_func("/accel/tcg/x64/flags/shifts-and-rotates", test_shifts);
    g_test_add_func("/accel/tcg/x64/flags/products-and-bits", test_wide);
    return g_test_run();
}
