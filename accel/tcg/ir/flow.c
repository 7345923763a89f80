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
        memset(&ir->last_use[IR_T0 + t], 0, 8 * sizeof(ir->last_use[0]));
    }
}

static inline bool is_read(const IrBlock *ir, IrVal v)
{
    return ir_is_t(v) && ir->last_use[v];
}

/* @last if node @k - 1 is the last to use @v, a temporary. It may be updated in place:
 * so what wrote it first is needed, too. No jumps: nobody can tell what comes next. */
static inline unsigned use(IrBlock *ir, IrVal v, unsigned k, unsigned last)
{
    unsigned used = ir->last_use[v];

    ir->last_use[v] = used ? used : k;
    return used ? 0 : last;
}

static unsigned __attribute__((noinline))
read_template(IrBlock *ir, const IrNode *n, unsigned k)
{
    const IrTemplate *t = n->tmpl;

    return use(ir, t->reg_g, k, IR_LAST_REG) | use(ir, t->rm_g, k, IR_LAST_RM) |
           use(ir, t->vvvv_g, k, IR_LAST_VVVV);
}

/* Whether guest instruction @insn is executed by the stub of some check. */
typedef struct Covered {
    bool known; /* few blocks want to know */
    bool dead;  /* pass DEAD is wanted */
    uint64_t bits[COVERED_MAX / 64];
} Covered;

static void find_covered(const IrBlock *ir, Covered *c)
{
    memset(c->bits, 0, sizeof(c->bits));
    c->known = true;
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

    return covered->dead && (pure >> n->facts.klass & 1 || n->op == IR_LDST) &&
           !(r & IR_DST_WRITTEN && is_read(ir, n->dst)) &&
           !(r & IR_B_WRITTEN && is_read(ir, n->b)) &&
           !(n->facts.regs_written && is_covered(ir, covered, n->insn));
}

/* The same for nodes whose flags depend on more than the op. */
static unsigned odd_ahead_kept(const IrFacts *f)
{
    return !f->flags_changed                  ? 0xff
           : f->flags_written == IR_FLAGS_ALL ? 0
                                              : IR_AHEAD_CLOBBER;
}

/* Who does not want to know gets all flags and keeps all nodes. */
static void __attribute__((cold)) keep(IrBlock *ir, unsigned flags)
{
    for (unsigned k = 0; k < ir->count; k++) {
        ir->node[k].flags |= flags;
    }
}

bool ir_pass_flow(IrBlock *ir, bool flags, bool dead)
{
    /* With one of these a node stays. */
    const unsigned effects = IR_MEM_DST | IR_MEM_B | IR_LIVE;
    Covered covered;
    /* Flags that are read later, or to be told exactly to whoever stops or leaves, and
     * registers, as in IrFacts.read. */
    uint32_t wanted = 0;
    unsigned ahead = 0;
    bool any = false;
    unsigned k = ir->count;
    IrNode *n = &ir->node[k];

    covered.known = false;
    covered.dead = dead;
    forget_uses(ir);
    ir->loops = false;
    if (!flags) {
        keep(ir, IR_LIVE);
    }
    for (; k; k--) {
        const IrOpFacts *o;
        uint32_t written;
        unsigned kept, last = 0;

        n--;
        if (n->flags & IR_DEAD) {
            any = true;
            continue;
        }
        o = &ir_op_facts[n->op];
        if (o->facts.roles & IR_FACTS_ODD) {
            ir_set_odd_facts(n);
            kept = odd_ahead_kept(&n->facts);
            if (n->op == IR_TEMPLATE) {
                last = read_template(ir, n, k);
            }
        } else {
            ir_set_plain_facts(n);
            kept = o->ahead_kept;
        }
        written = n->facts.written;
        n->flags |= (n->facts.flags_changed & wanted) ? IR_LIVE : 0;
        if (!((written & wanted) | (n->flags & effects) | o->stops) &&
            is_dead(ir, n, &covered)) {
            n->flags |= IR_DEAD;
            any = true;
            continue;
        }
        last |= use(ir, n->dst, k, IR_LAST_DST);
        last |= use(ir, n->a, k, IR_LAST_A);
        last |= use(ir, n->b, k, IR_LAST_B);
        wanted &= ~written;
        n->facts.ahead = ahead | last | ((uint16_t)wanted ? IR_KEEPS : 0);
        wanted |= n->facts.read;
        ahead = (ahead & kept) | o->ahead_set;
        if (o->stops) {
            wanted |= n->flags & IR_NO_FLAGS ? 0xffff0000 : 0xffff0000 | IR_FLAGS_ALL;
            if (n->op == IR_JCC && (uint64_t)n->imm == ir->pc) {
                ir->loops = true;
            } else if (n->op == IR_JMP && n->flags & IR_NO_FLAGS) {
                ahead &= ~(unsigned)IR_AHEAD_M;
            }
        }
        n->facts.flags_wanted = wanted;
    }
    return any;
}
