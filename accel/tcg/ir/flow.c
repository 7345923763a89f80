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
#include "accel/tcg/ir/facts.h"
#include "accel/tcg/ir/ir-internal.h"

#include <string.h>

enum { COVERED_MAX = 256 };

/* Classes of which some nodes have no effect but their destinations and flags. */
static const uint32_t pure =
    1u << IR_CLASS_MOVE | 1u << IR_CLASS_UNARY | 1u << IR_CLASS_ALU2 |
    1u << IR_CLASS_ALU3 | 1u << IR_CLASS_ALUX | 1u << IR_CLASS_CMP2 |
    1u << IR_CLASS_SHIFT | 1u << IR_CLASS_SHIFT2 | 1u << IR_CLASS_FIXED |
    1u << IR_CLASS_BIT | 1u << IR_CLASS_COND | 1u << IR_CLASS_FLAGS |
    1u << IR_CLASS_ADDR;

/* Temporaries that no node behind the one at hand uses: last_use is 0. */
static void forget_uses(IrBlock *ir)
{
    for (unsigned t = 0; t < ir->temps; t += 8) {
        memset(&ir->last_use[t], 0, 8 * sizeof(ir->last_use[0]));
    }
}

static inline bool is_read(const IrBlock *ir, IrVal v)
{
    return ir_is_t(v) && ir->last_use[v - IR_T0];
}

/* @last if node @k is the last to use @v, a temporary. It may be updated in place: so
 * what wrote it first is needed, too. */
static inline unsigned use_temp(IrBlock *ir, IrVal v, unsigned k, unsigned last)
{
    uint16_t *use = &ir->last_use[v - IR_T0];

    if (*use) {
        return 0;
    }
    *use = k + 1;
    return last;
}

static unsigned __attribute__((noinline))
read_template(IrBlock *ir, const IrNode *n, unsigned k)
{
    const IrTemplate *t = n->tmpl;
    unsigned last = 0;

    if (ir_is_t(t->reg_g)) {
        last |= use_temp(ir, t->reg_g, k, IR_LAST_REG);
    }
    if (ir_is_t(t->rm_g)) {
        last |= use_temp(ir, t->rm_g, k, IR_LAST_RM);
    }
    if (ir_is_t(t->vvvv_g)) {
        last |= use_temp(ir, t->vvvv_g, k, IR_LAST_VVVV);
    }
    return last;
}

/* Temporaries among the operands of node @k; returns IR_LAST_*. */
static inline unsigned read_operands(IrBlock *ir, const IrNode *n, unsigned k)
{
    unsigned last = 0;

    if (ir_is_t(n->dst)) {
        last |= use_temp(ir, n->dst, k, IR_LAST_DST);
    }
    if (ir_is_t(n->a)) {
        last |= use_temp(ir, n->a, k, IR_LAST_A);
    }
    if (ir_is_t(n->b)) {
        last |= use_temp(ir, n->b, k, IR_LAST_B);
    }
    if (n->op == IR_TEMPLATE) {
        last |= read_template(ir, n, k);
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

/* Of a node without memory operand whose flags and guest registers nobody wants. */
static __attribute__((noinline)) bool is_dead(const IrBlock *ir, const IrNode *n,
                                              Covered *covered)
{
    unsigned r = n->facts.roles;

    return (pure >> n->facts.klass & 1 || n->op == IR_LDST) &&
           !(r & IR_DST_WRITTEN && is_read(ir, n->dst)) &&
           !(r & IR_B_WRITTEN && is_read(ir, n->b)) &&
           !(n->facts.regs_written && is_covered(ir, covered, n->insn));
}

/* What becomes of IrFacts.ahead at precise points. REF and REF_END find the flags in
 * the state, like every other slow path. A JCC saves them on its own way out. */
static const struct {
    uint8_t keeps, sets;
} ahead_of[IR_OP_COUNT] = {
    [IR_CHECK] = {IR_AHEAD_M,                     IR_AHEAD_CLOBBER},
    [IR_GUARD] = { IR_AHEAD_M,                    IR_AHEAD_CLOBBER},
    [IR_POLL] = { IR_AHEAD_M,                    IR_AHEAD_CLOBBER},
    [IR_JNZ] = { IR_AHEAD_M,                    IR_AHEAD_CLOBBER},
    [IR_JCC] = { IR_AHEAD_M | IR_AHEAD_CLOBBER, 0               },
    [IR_JMP] = { IR_AHEAD_CLOBBER,              IR_AHEAD_M      },
    [IR_JMPI] = { IR_AHEAD_CLOBBER,              IR_AHEAD_M      },
    [IR_REF] = { 0,                             IR_AHEAD_M      },
    [IR_REF_END] = { 0,                             IR_AHEAD_M      },
};

unsigned ir_pass_flow(IrBlock *ir, bool flags, bool dead)
{
    const unsigned always = flags ? 0 : IR_LIVE;
    /* With one of these a node stays. */
    const unsigned effects = IR_MEM_DST | IR_MEM_B | IR_LIVE;
    Covered covered = { .known = false };
    unsigned removed = 0;
    /* Flags that are read later, or to be told exactly to whoever stops or leaves. */
    unsigned wanted = 0;
    unsigned ahead = 0, regs = 0; /* guest registers that are read later */

    forget_uses(ir);
    ir->loops = false;
    for (unsigned k = ir->count; k-- > 0;) {
        IrNode *n = &ir->node[k];
        unsigned op = n->op, keeps, last, changed;

        if (n->flags & IR_DEAD) {
            removed++;
            continue;
        }
        ir_set_facts_inline(n);
        changed = n->facts.flags_changed;
        n->flags |= changed & wanted ? IR_LIVE : always;
        if (!n->facts.precise && !(n->facts.regs_written & regs) &&
            !(n->flags & effects) && dead && is_dead(ir, n, &covered)) {
            n->flags |= IR_DEAD;
            removed++;
            continue;
        }
        keeps = wanted & ~(unsigned)n->facts.flags_written;
        last = keeps ? IR_KEEPS : 0;
        if ((n->dst | n->a | n->b) >= IR_T0 || op == IR_TEMPLATE) {
            last |= read_operands(ir, n, k);
        }
        n->facts.ahead = ahead | last;
        wanted = keeps | n->facts.flags_read;
        if (n->facts.precise) {
            ahead &= ahead_of[op].keeps;
            ahead |= ahead_of[op].sets;
            regs = 0xffff;
            if (!(n->flags & IR_NO_FLAGS)) {
                wanted = IR_FLAGS_ALL;
            } else if (op == IR_JMP) {
                ahead &= ~IR_AHEAD_M;
            }
            if (op == IR_JCC && (uint64_t)n->imm == ir->pc) {
                ir->loops = true;
            }
        } else {
            regs = (regs & ~(unsigned)n->facts.regs_written) | n->facts.regs_read;
            if (changed) {
                ahead &= n->facts.flags_written == IR_FLAGS_ALL ? 0 : IR_AHEAD_CLOBBER;
            }
        }
        n->facts.flags_wanted = wanted;
    }
    return removed;
}
