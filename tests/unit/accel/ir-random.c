/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir-random.h"

#include <glib.h>
#include <string.h>

uint64_t rnd_next(Rnd *r)
{
    r->s ^= r->s << 13;
    r->s ^= r->s >> 7;
    r->s ^= r->s << 17;
    return r->s * 0x2545f4914f6cdd1dull;
}

unsigned rnd_below(Rnd *r, unsigned n)
{
    return (rnd_next(r) >> 33) % n;
}

static bool chance(Rnd *r, unsigned percent)
{
    return rnd_below(r, 100) < percent;
}

/* --- memory --------------------------------------------------------------------------
 */

void *rnd_host(RndMemory *mem, uint64_t lin)
{
    return mem->bytes + (lin & (RND_PAGES * 4096 - 1));
}

static RndPage kind_of(const RndMemory *mem, uint64_t lin)
{
    return mem->kind[lin >> 12 & (RND_PAGES - 1)];
}

bool rnd_is_fast(const RndMemory *mem, uint64_t lin, unsigned size, bool write)
{
    return (lin & 4095) + size <= 4096 &&
           kind_of(mem, lin) <= (write ? RND_FAST : RND_SLOW_WRITES);
}

bool rnd_faults(const RndMemory *mem, uint64_t lin, unsigned size)
{
    return kind_of(mem, lin) == RND_FAULTS ||
           kind_of(mem, lin + size - 1) == RND_FAULTS;
}

void rnd_memory(Rnd *r, RndMemory *mem)
{
    for (unsigned k = 0; k < sizeof(mem->bytes); k += 8) {
        uint64_t x = rnd_next(r);

        memcpy(mem->bytes + k, &x, 8);
    }
    for (unsigned k = 0; k < RND_PAGES; k++) {
        static const RndPage kind[8] = {
            RND_FAST, RND_FAST,        RND_FAST, RND_FAST,
            RND_FAST, RND_SLOW_WRITES, RND_SLOW, RND_FAULTS
        };

        mem->kind[k] = kind[rnd_below(r, 8)];
    }
}

void rnd_regs(Rnd *r, uint64_t reg[16])
{
    for (unsigned k = 0; k < 16; k++) {
        unsigned how = rnd_below(r, 4);

        reg[k] = how == 0 ? rnd_next(r)
                          : RND_BASE + (rnd_next(r) & (RND_PAGES * 4096 - 1) &
                                        (how == 1 ? ~0ull : ~15ull));
        if (how == 3 && chance(r, 20)) {
            reg[k] = RND_BASE + 4096 * rnd_below(r, RND_PAGES) - rnd_below(r, 64);
        }
    }
}

/* --- the model -----------------------------------------------------------------------
 */

typedef struct Model {
    RndMemory *mem;
    bool fault;
} Model;

static void *model_check(IrMachine *m, const IrNode *n, uint64_t lin)
{
    Model *model = m->opaque;

    /* The address of instructions as built is not yet aligned or grouped: whatever
     * happens here, happens. */
    if (rnd_faults(model->mem, lin, n->size)) {
        return NULL;
    }
    return rnd_host(model->mem, lin);
}

static void model_slow(IrMachine *m, unsigned first, unsigned last)
{
    Model *model = m->opaque;

    model->fault = true;
    m->left = true;
}

/* A whole instruction that somebody else executes. */
static void model_ref(IrMachine *m, const IrNode *n)
{
    m->reg[3] += m->reg[0] + m->flags;
    m->flags = (m->flags ^ m->reg[3]) & IR_FLAGS_ALL;
    if (n->op == IR_REF_END) {
        m->left = true;
        m->pc = m->reg[3];
    }
}

/* GUARDs of the generator only decide who executes the instruction. */
static IrBlock *without_guards(const IrBlock *ir)
{
    IrBlock *copy = ir_block_new();

    memcpy(copy->node, ir->node, ir->count * sizeof(IrNode));
    copy->count = ir->count;
    for (unsigned k = 0; k < copy->count; k++) {
        if (copy->node[k].op == IR_GUARD) {
            copy->node[k].flags |= IR_DEAD;
        }
    }
    return copy;
}

unsigned rnd_last_run(const IrBlock *ir, unsigned first, unsigned last)
{
    for (unsigned k = 0; k < ir->count; k++) {
        const IrNode *n = &ir->node[k];

        if (n->insn >= first && n->insn <= last &&
            ir_op_info[n->op].klass == IR_CLASS_EXIT) {
            return ir->insns - 1;
        }
    }
    return last;
}

bool rnd_run_ref(IrMachine *m, const IrBlock *ir, RndMemory *mem, unsigned first,
                 unsigned last, unsigned *fault)
{
    Model model = { .mem = mem };
    IrMachine *x = g_new0(IrMachine, 1);
    IrBlock *plain = without_guards(ir);

    memcpy(x->reg, m->reg, sizeof(x->reg));
    x->flags = m->flags;
    x->state = m->state;
    x->poll = m->poll;
    x->native = m->native;
    x->check = model_check;
    x->slow = model_slow;
    x->ref = model_ref;
    x->opaque = &model;
    for (unsigned k = first; k <= last && !x->left; k++) {
        ir_interp(x, plain, k, k);
        *fault = k;
    }
    memcpy(m->reg, x->reg, sizeof(x->reg));
    m->flags = x->flags;
    m->left = x->left && !model.fault;
    m->pc = x->pc;
    ir_block_free(plain);
    g_free(x);
    return !model.fault;
}

/* --- blocks --------------------------------------------------------------------------
 */

typedef struct Gen {
    Rnd *r;
    IrBlock *ir;
    int fields;
} Gen;

static unsigned width(Gen *g)
{
    static const uint8_t w[] = { 1, 2, 4, 4, 4, 8, 8, 8 };

    return w[rnd_below(g->r, 8)];
}

static IrVal any_reg(Gen *g, unsigned w)
{
    if (w == 1 && chance(g->r, 30)) {
        return IR_GH(rnd_below(g->r, 4));
    }
    return IR_G(rnd_below(g->r, 16));
}

/* A few registers are addresses more often, so that groups form. */
static IrVal base_reg(Gen *g)
{
    static const uint8_t often[] = { 4, 4, 4, 5, 7, 13 };

    return chance(g->r, 80) ? IR_G(often[rnd_below(g->r, 6)]) : any_reg(g, 8);
}

static IrNode *emit(Gen *g, IrOp op, unsigned w, IrVal dst, IrVal b)
{
    IrNode *n = ir_emit(g->ir, op, w);

    n->dst = dst;
    n->b = b;
    return n;
}

static IrNode *emit_imm(Gen *g, IrOp op, unsigned w, IrVal dst, int64_t imm)
{
    IrNode *n = emit(g, op, w, dst, IR_NONE);

    n->flags = IR_IMM;
    n->imm = imm;
    return n;
}

static int small_disp(Gen *g)
{
    int d = (int)rnd_below(g->r, 12) * 8 - 32;

    return chance(g->r, 20) ? d + (int)rnd_below(g->r, 8) : d;
}

static IrVal emit_ea(Gen *g, unsigned w, IrVal a, IrVal b, unsigned scale, int32_t disp)
{
    IrNode *n = emit(g, IR_EA, w, ir_temp(g->ir), b);

    n->a = a;
    n->cc = scale;
    n->disp = disp;
    return n->dst;
}

static IrVal emit_const(Gen *g, uint64_t c)
{
    return emit_imm(g, IR_MOV, 8, ir_temp(g->ir), (int64_t)c)->dst;
}

static IrVal emit_check(Gen *g, IrVal a, unsigned size, unsigned access, unsigned align)
{
    IrNode *n = emit(g, IR_CHECK, 8, ir_temp(g->ir), IR_NONE);

    n->a = a;
    n->size = size;
    n->cc = access;
    n->align = align;
    return n->dst;
}

/* The address of a memory operand, in one of the ways in which builders make it. */
static IrVal address(Gen *g)
{
    unsigned aw = chance(g->r, 20) ? 4 : 8;
    IrVal base = base_reg(g), t;

    switch (rnd_below(g->r, 10)) {
    case 0:
        return emit_ea(g, aw, base, base_reg(g), rnd_below(g->r, 2), small_disp(g));
    case 1:
        t = emit_const(g, RND_BASE + rnd_below(g->r, 256) * 8);
        return chance(g->r, 50) ? t : emit_ea(g, 8, t, IR_NONE, 0, 8);
    case 2: /* a segment with a base */
        t = emit_ea(g, aw, base, IR_NONE, 0, small_disp(g));
        {
            IrNode *n = emit(g, IR_LDST, 8, ir_temp(g->ir), IR_NONE);

            n->disp = g->fields + 8 * (int)rnd_below(g->r, 2);
            return emit_ea(g, aw, t, n->dst, 0, 0);
        }
    case 3:
        return base;
    default:
        return emit_ea(g, aw, base, IR_NONE, 0, small_disp(g));
    }
}

static IrVal memory(Gen *g, unsigned size, unsigned access)
{
    IrVal a = address(g);

    if (chance(g->r, 5)) {
        IrNode *n = emit_imm(g, IR_GUARD, 8, IR_NONE, rnd_below(g->r, 3));

        n->a = any_reg(g, 8);
        n->cc = IR_E;
    }
    return emit_check(g, a, size, access, chance(g->r, 10) ? size - 1 : 0);
}

static void gen_mov(Gen *g)
{
    unsigned w = width(g);
    IrVal r = any_reg(g, w);

    switch (rnd_below(g->r, 4)) {
    case 0:
        emit_imm(g, IR_MOV, w, r, (int32_t)rnd_next(g->r));
        break;
    case 1:
        emit(g, IR_MOV, w, r, any_reg(g, w));
        break;
    case 2:
        emit(g, IR_MOV, w, r, memory(g, w, IR_READ))->flags = IR_MEM_B;
        break;
    default:
        emit(g, IR_MOV, w, memory(g, w, IR_WRITE), r)->flags = IR_MEM_DST;
        break;
    }
}

static void gen_alu(Gen *g)
{
    static const uint8_t op[] = { IR_ADD, IR_OR,  IR_ADC, IR_SBB, IR_AND,
                                  IR_SUB, IR_XOR, IR_ADD, IR_SUB };
    unsigned w = width(g);
    IrOp o = op[rnd_below(g->r, 9)];
    IrNode *n;

    switch (rnd_below(g->r, 5)) {
    case 0:
        emit_imm(g, o, w, any_reg(g, w), (int32_t)rnd_next(g->r));
        break;
    case 1:
        emit(g, o, w, any_reg(g, w), any_reg(g, w));
        break;
    case 2:
        emit(g, o, w, any_reg(g, w), memory(g, w, IR_READ))->flags = IR_MEM_B;
        break;
    case 3:
        n = emit(g, o, w, memory(g, w, IR_WRITE), any_reg(g, w));
        n->flags = IR_MEM_DST | (chance(g->r, 20) ? IR_LOCK : 0);
        break;
    default:
        n = emit_imm(g, o, w, memory(g, w, IR_WRITE), (int8_t)rnd_next(g->r));
        n->flags |= IR_MEM_DST;
        break;
    }
}

static void gen_compare(Gen *g)
{
    unsigned w = width(g);
    IrNode *n = NULL;
    IrOp o = chance(g->r, 50) ? IR_CMP : IR_TEST;

    switch (rnd_below(g->r, 4)) {
    case 0:
        n = emit_imm(g, o, w, IR_NONE, (int8_t)rnd_next(g->r));
        n->a = any_reg(g, w);
        break;
    case 1:
        n = emit(g, o, w, IR_NONE, any_reg(g, w));
        n->a = any_reg(g, w);
        break;
    case 2: {
        IrVal a = memory(g, w, IR_READ);

        n = emit_imm(g, o, w, IR_NONE, (int8_t)rnd_next(g->r));
        n->a = a;
        n->flags |= IR_MEM_DST;
        break;
    }
    default: {
        IrVal b = memory(g, w, IR_READ);

        n = emit(g, IR_CMP, w, IR_NONE, b);
        n->a = any_reg(g, w);
        n->flags = IR_MEM_B;
        break;
    }
    }
}

static void gen_stack(Gen *g)
{
    unsigned n = 8;
    IrVal h, r = any_reg(g, 8), sp = IR_G(4);
    IrNode *x;

    switch (rnd_below(g->r, 5)) {
    case 0: /* push */
    case 1:
        h = emit_check(g, emit_ea(g, 8, sp, IR_NONE, 0, -(int)n), n, IR_WRITE, 0);
        if (chance(g->r, 30)) {
            emit_imm(g, IR_MOV, 8, h, (int32_t)rnd_next(g->r))->flags |= IR_MEM_DST;
        } else {
            emit(g, IR_MOV, 8, h, r)->flags = IR_MEM_DST;
        }
        x = emit(g, IR_EA, 8, sp, IR_NONE);
        x->a = sp;
        x->disp = -(int)n;
        break;
    case 2: /* pop */
    case 3:
        h = emit_check(g, sp, n, IR_READ, 0);
        x = emit(g, IR_MOV, 8, ir_temp(g->ir), h);
        x->flags = IR_MEM_B;
        r = x->dst == sp ? r : r;
        h = x->dst;
        x = emit(g, IR_EA, 8, sp, IR_NONE);
        x->a = sp;
        x->disp = n;
        emit(g, IR_MOV, 8, r, h);
        break;
    default:
        if (chance(g->r, 50)) {
            emit(g, IR_MOV, 8, IR_G(5), sp);
        } else {
            emit_imm(g, chance(g->r, 50) ? IR_SUB : IR_ADD, 8, sp,
                     8 * (int)rnd_below(g->r, 6));
        }
        break;
    }
}

static void gen_shift(Gen *g)
{
    IrOp op = IR_ROL + rnd_below(g->r, 7);
    unsigned w = width(g);

    if (chance(g->r, 15)) {
        IrNode *n = chance(g->r, 50) ? emit_imm(g, IR_SHLD, 4, any_reg(g, 4), 3)
                                     : emit(g, IR_SHRD, 8, any_reg(g, 8), IR_G(1));

        n->a = any_reg(g, 8);
    } else if (chance(g->r, 50)) {
        emit_imm(g, op, w, any_reg(g, w), rnd_below(g->r, 8 * w));
    } else if (chance(g->r, 50)) {
        emit(g, op, w, any_reg(g, w), IR_G(1));
    } else {
        emit(g, op, w, memory(g, w, IR_WRITE), IR_G(1))->flags = IR_MEM_DST;
    }
}

static void gen_unary(Gen *g)
{
    static const uint8_t op[] = { IR_INC, IR_DEC, IR_NEG, IR_NOT };
    unsigned w = width(g);
    IrOp o = op[rnd_below(g->r, 4)];

    if (chance(g->r, 20)) {
        emit(g, IR_BSWAP, chance(g->r, 50) ? 4 : 8, IR_G(rnd_below(g->r, 16)), IR_NONE);
    } else if (chance(g->r, 60)) {
        emit(g, o, w, any_reg(g, w), IR_NONE);
    } else {
        emit(g, o, w, memory(g, w, IR_WRITE), IR_NONE)->flags = IR_MEM_DST;
    }
}

static void gen_wide(Gen *g)
{
    static const uint8_t op[] = { IR_IMUL2, IR_TZCNT, IR_LZCNT, IR_POPCNT,
                                  IR_BTS,   IR_BTR,   IR_BTC };
    unsigned w = chance(g->r, 20) ? 2 : chance(g->r, 50) ? 4 : 8;
    IrOp o = op[rnd_below(g->r, 7)];
    IrNode *n;

    switch (rnd_below(g->r, 6)) {
    case 0:
        n = emit(g, IR_IMUL3, w, any_reg(g, w), any_reg(g, w));
        n->imm = (int32_t)rnd_next(g->r);
        if (w == 2) {
            n->imm = (int16_t)n->imm;
        }
        break;
    case 1:
        emit(g, chance(g->r, 50) ? IR_MUL : IR_IMUL1, w, IR_NONE, any_reg(g, w));
        break;
    case 2:
        emit(g, chance(g->r, 50) ? IR_CBW : IR_CWD, w, IR_NONE, IR_NONE);
        break;
    case 3:
        n = emit_imm(g, IR_BT, w, IR_NONE, rnd_below(g->r, 8 * w));
        n->a = any_reg(g, w);
        break;
    case 4:
        n = emit(g, chance(g->r, 50) ? IR_MOVZX : IR_MOVSX, 8, any_reg(g, 8), IR_NONE);
        n->size = chance(g->r, 50) ? 1 : 2;
        n->b = any_reg(g, n->size);
        if (ir_is_gh(n->b)) {
            n->b = IR_G(3);
        }
        break;
    default:
        emit(g, o, w, any_reg(g, w), any_reg(g, w));
        break;
    }
}

static void gen_flags(Gen *g)
{
    unsigned w = width(g);
    IrNode *n;

    switch (rnd_below(g->r, 6)) {
    case 0:
        n = emit(g, IR_SETCC, 1, any_reg(g, 1), IR_NONE);
        n->cc = rnd_below(g->r, 16);
        break;
    case 1:
        n = emit(g, IR_SETCC, 1, memory(g, 1, IR_WRITE), IR_NONE);
        n->flags = IR_MEM_DST;
        n->cc = rnd_below(g->r, 16);
        break;
    case 2:
        w = w < 2 ? 4 : w;
        n = emit(g, IR_CMOV, w, any_reg(g, w), any_reg(g, w));
        n->cc = rnd_below(g->r, 16);
        break;
    default:
        emit(g, IR_CLC + rnd_below(g->r, 5), 1, IR_NONE, IR_NONE);
        break;
    }
}

static void gen_atomic(Gen *g)
{
    static const uint8_t op[] = { IR_XADD, IR_CMPXCHG, IR_XCHG };
    unsigned w = width(g);
    IrNode *n =
        emit(g, op[rnd_below(g->r, 3)], w, memory(g, w, IR_WRITE), any_reg(g, w));

    n->flags = IR_MEM_DST | (chance(g->r, 50) || n->op == IR_XCHG ? IR_LOCK : 0);
}

/* Flags are dead at odd addresses. */
static void set_target(Gen *g, IrNode *n)
{
    n->imm = 0x400000 + rnd_below(g->r, 4096);
    n->flags |= n->imm & 1 ? IR_NO_FLAGS : 0;
}

static void gen_branch(Gen *g)
{
    IrNode *n;

    if (chance(g->r, 70)) {
        n = emit(g, IR_JCC, 0, IR_NONE, IR_NONE);
        n->cc = rnd_below(g->r, 16);
    } else {
        n = emit(g, IR_JNZ, chance(g->r, 50) ? 4 : 8, IR_NONE, IR_NONE);
        n->cc = chance(g->r, 30) ? IR_NE : IR_E;
        n->a = any_reg(g, 8);
    }
    set_target(g, n);
}

static void gen_other(Gen *g)
{
    IrNode *n;

    if (chance(g->r, 20)) {
        emit(g, IR_REF, 0, IR_NONE, IR_NONE);
        return;
    }
    /* lea */
    n = emit(g, IR_EA, chance(g->r, 30) ? 4 : 8, IR_G(rnd_below(g->r, 16)),
             chance(g->r, 50) ? base_reg(g) : IR_NONE);
    n->a = base_reg(g);
    n->cc = n->b ? rnd_below(g->r, 4) : 0;
    n->disp = small_disp(g);
}

static void gen_end(Gen *g)
{
    IrNode *n;

    switch (rnd_below(g->r, 4)) {
    case 0:
        emit(g, IR_REF_END, 0, IR_NONE, IR_NONE);
        break;
    case 1: { /* ret */
        IrVal h = emit_check(g, IR_G(4), 8, IR_READ, 0), t = ir_temp(g->ir);

        emit(g, IR_MOV, 8, t, h)->flags = IR_MEM_B;
        n = emit(g, IR_EA, 8, IR_G(4), IR_NONE);
        n->a = IR_G(4);
        n->disp = 8;
        emit(g, IR_JMPI, 8, IR_NONE, IR_NONE)->a = t;
        break;
    }
    default:
        set_target(g, emit(g, IR_JMP, 0, IR_NONE, IR_NONE));
        break;
    }
}

/* Whether a node from @first on has undefined flags that may be those from before. */
static bool keeps_some_flag(const IrBlock *ir, unsigned first)
{
    for (unsigned k = first; k < ir->count; k++) {
        switch (ir->node[k].op) {
        case IR_MUL:
        case IR_IMUL1:
        case IR_IMUL2:
        case IR_IMUL3:
        case IR_BSF:
        case IR_BSR:
        case IR_TZCNT:
        case IR_LZCNT:
            return true;
        default:
            break;
        }
    }
    return false;
}

void rnd_block(Rnd *r, IrBlock *ir, unsigned insns, int fields)
{
    Gen g = { r, ir, fields };
    static void (*const gen[])(Gen *) = {
        gen_mov,     gen_mov,   gen_mov,   gen_mov,    gen_alu,   gen_alu,
        gen_alu,     gen_stack, gen_stack, gen_stack,  gen_wide,  gen_flags,
        gen_compare, gen_shift, gen_unary, gen_atomic, gen_other, gen_branch,
    };

    ir_block_reset(ir);
    ir->pc = 0x400000;
    ir->insns = insns;
    for (unsigned k = 0; k + 1 < insns; k++) {
        unsigned first = ir->count;

        ir->cur_insn = k;
        gen[rnd_below(r, G_N_ELEMENTS(gen))](&g);
        if (r->defined_flags && keeps_some_flag(ir, first)) {
            emit(&g, IR_CMP, 4, IR_NONE, any_reg(&g, 4))->a = any_reg(&g, 4);
        }
    }
    ir->cur_insn = insns - 1;
    gen_end(&g);
}
