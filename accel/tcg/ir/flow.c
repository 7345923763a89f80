/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passes FLAGS and DEAD, in one walk backward.
 *
 * FLAGS: whether somebody wants the flags that a node writes (IR_LIVE): a later node
 * reads them, or whoever stops or leaves the block must be able to tell them.
 *
 * DEAD removes nodes whose values and flags nobody reads. Guest registers are read by
 * everything that may leave the block, so mostly it is compares whose flags are
 * overwritten, addresses that FOLD and GROUP have made useless, and registers
 * overwritten within the block. A guest memory access is never dead, nor is a check:
 * both may fault. An instruction that a slow stub may execute keeps its writes to
 * registers: the back end takes it that the stub changes no others than the nodes do.
 *
 * And what the back end wants to know of what follows a node (IrFacts.ahead).
 */
#include "accel/tcg/ir/ir-internal.h"

#include <string.h>

enum { COVERED_MAX = 256 };

typedef struct Needed {
    uint32_t regs;                    /* guest registers read later */
    uint64_t temp[IR_T_MAX / 64 + 1]; /* temporaries read later */
} Needed;

/* Classes of which some nodes have no effect but their destinations and flags. */
static const uint32_t pure =
    1u << IR_CLASS_MOVE | 1u << IR_CLASS_UNARY | 1u << IR_CLASS_ALU2 |
    1u << IR_CLASS_ALU3 | 1u << IR_CLASS_ALUX | 1u << IR_CLASS_CMP2 |
    1u << IR_CLASS_SHIFT | 1u << IR_CLASS_SHIFT2 | 1u << IR_CLASS_FIXED |
    1u << IR_CLASS_BIT | 1u << IR_CLASS_COND | 1u << IR_CLASS_FLAGS |
    1u << IR_CLASS_ADDR;

static bool has_effect(const IrNode *n)
{
    return n->flags & (IR_MEM_DST | IR_MEM_B | IR_LIVE) ||
           (!(pure >> n->facts.klass & 1) && n->op != IR_LDST);
}

static bool is_read(const Needed *need, IrVal v)
{
    return ir_is_t(v) && need->temp[(v - IR_T0) / 64] >> ((v - IR_T0) % 64) & 1;
}

/* @last if node @k is the last to use @v, a temporary. It may be updated in place: so
 * what wrote it first is needed, too. */
static inline unsigned use_temp(IrBlock *ir, Needed *need, IrVal v, unsigned k,
                                unsigned last)
{
    uint64_t *word = &need->temp[(v - IR_T0) / 64], bit = 1ull << ((v - IR_T0) % 64);

    if (*word & bit) {
        return 0;
    }
    *word |= bit;
    ir->last_use[v - IR_T0] = k;
    return last;
}

static inline bool is_dead(const Needed *need, const IrNode *n)
{
    unsigned r = n->facts.roles;

    return !has_effect(n) && !(n->facts.regs_written & need->regs) &&
           !(r & IR_DST_WRITTEN && is_read(need, n->dst)) &&
           !(r & IR_B_WRITTEN && is_read(need, n->b));
}

static unsigned __attribute__((noinline))
read_template(IrBlock *ir, Needed *need, const IrNode *n, unsigned k)
{
    const IrTemplate *t = n->tmpl;
    unsigned last = 0;

    if (ir_is_t(t->reg_g)) {
        last |= use_temp(ir, need, t->reg_g, k, IR_LAST_REG);
    }
    if (ir_is_t(t->rm_g)) {
        last |= use_temp(ir, need, t->rm_g, k, IR_LAST_RM);
    }
    if (ir_is_t(t->vvvv_g)) {
        last |= use_temp(ir, need, t->vvvv_g, k, IR_LAST_VVVV);
    }
    return last;
}

/* Temporaries among the operands of node @k; returns IR_LAST_*. */
static inline unsigned read_operands(IrBlock *ir, Needed *need, const IrNode *n,
                                     unsigned k)
{
    unsigned last = 0;

    if (ir_is_t(n->dst)) {
        last |= use_temp(ir, need, n->dst, k, IR_LAST_DST);
    }
    if (ir_is_t(n->a)) {
        last |= use_temp(ir, need, n->a, k, IR_LAST_A);
    }
    if (ir_is_t(n->b) && !(n->flags & (IR_IMM | IR_STATE_B))) {
        last |= use_temp(ir, need, n->b, k, IR_LAST_B);
    }
    if (n->op == IR_TEMPLATE) {
        last |= read_template(ir, need, n, k);
    }
    return last;
}

/* Whether guest instruction @insn is executed by the stub of some check. */
typedef struct Covered {
    bool known; /* few blocks want to know */
    uint64_t bits[COVERED_MAX / 64];
} Covered;

static void find_covered(const IrBlock *ir, Covered *c)
{
    *c = (Covered){ .known = true };
    for (unsigned k = 0; k < ir->count; k++) {
        const IrNode *n = &ir->node[k];

        if (n->facts.klass == IR_CLASS_GUARD && !(n->flags & IR_DEAD)) {
            for (unsigned i = n->insn; i <= n->through && i < COVERED_MAX; i++) {
                c->bits[i / 64] |= 1ull << (i % 64);
            }
        }
    }
}

static bool is_covered(const IrBlock *ir, Covered *c, unsigned insn)
{
    if (!c->known) {
        find_covered(ir, c);
    }
    return insn >= COVERED_MAX || c->bits[insn / 64] >> (insn % 64) & 1;
}

/* What the nodes behind the one at hand want. */
typedef struct Later {
    Needed need;
    uint32_t flags; /* read, or to be told exactly to whoever stops or leaves */
    unsigned ahead; /* IR_AHEAD_M, IR_AHEAD_CLOBBER */
} Later;

/* REF and REF_END find the flags in the state, like every other slow path. A JCC saves
 * them on its own way out. */
static void step_precise(IrBlock *ir, Later *l, const IrNode *n)
{
    switch (n->op) {
    case IR_CHECK:
    case IR_GUARD:
    case IR_POLL:
    case IR_JNZ:
        l->ahead |= IR_AHEAD_CLOBBER;
        break;
    case IR_JMP:
        l->ahead = (l->ahead & ~IR_AHEAD_M) | (n->facts.flags_dead ? 0 : IR_AHEAD_M);
        break;
    case IR_JCC:
        ir->loops |= (uint64_t)n->imm == ir->pc;
        break;
    case IR_JMPI:
        l->ahead |= IR_AHEAD_M;
        break;
    default: /* REF, REF_END */
        l->ahead = IR_AHEAD_M;
    }
    l->flags = n->facts.flags_dead ? l->flags | n->facts.flags_read : IR_FLAGS_ALL;
    l->need.regs = 0xffff;
}

static inline void step_plain(Later *l, const IrNode *n)
{
    unsigned written = n->facts.flags_written;

    l->flags = (l->flags & ~written) | n->facts.flags_read;
    l->need.regs =
        (l->need.regs & ~(uint32_t)n->facts.regs_written) | n->facts.regs_read;
    if (n->facts.flags_changed) {
        l->ahead &= written == IR_FLAGS_ALL ? 0 : IR_AHEAD_CLOBBER;
    }
}

unsigned ir_pass_flow(IrBlock *ir, bool flags, bool dead)
{
    Later l;
    Covered covered = { .known = false };
    unsigned removed = 0, always = flags ? 0 : IR_LIVE;

    memset(&l, 0, sizeof(l));
    ir->loops = false;
    for (unsigned k = ir->count; k-- > 0;) {
        IrNode *n = &ir->node[k];

        if (n->flags & IR_DEAD) {
            removed++;
            continue;
        }
        n->flags |= always | (n->facts.flags_changed & l.flags ? IR_LIVE : 0);
        if (dead && is_dead(&l.need, n) &&
            !(n->facts.regs_written && is_covered(ir, &covered, n->insn))) {
            n->flags |= IR_DEAD;
            removed++;
            continue;
        }
        n->facts.ahead = l.ahead |
                         (l.flags & ~(uint32_t)n->facts.flags_written ? IR_KEEPS : 0) |
                         read_operands(ir, &l.need, n, k);
        if (n->facts.precise) {
            step_precise(ir, &l, n);
        } else {
            step_plain(&l, n);
        }
        n->facts.flags_wanted = l.flags;
    }
    return removed;
}
