/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passes FLAGS and DEAD, in one walk backward.
 *
 * FLAGS: what becomes of the flags that each node writes, with two sets: the flags that
 * a later node reads from the host (IR_LIVE), and those that whoever stops or leaves
 * the block must be able to tell (IR_NEEDED).
 *
 * DEAD removes nodes whose values and flags nobody reads. Guest registers are read by
 * everything that may leave the block, so mostly it is compares whose flags are
 * overwritten, addresses that FOLD and GROUP have made useless, and registers
 * overwritten within the block. A guest memory access is never dead, nor is a check:
 * both may fault. An instruction that a slow stub may execute keeps its writes to
 * registers: the back end takes it that the stub changes no others than the nodes do.
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
    return n->flags & (IR_MEM_DST | IR_MEM_B | IR_LIVE | IR_NEEDED) ||
           (!(pure >> n->facts.klass & 1) && n->op != IR_LDST);
}

static bool is_read(const Needed *need, IrVal v)
{
    return ir_is_t(v) && need->temp[(v - IR_T0) / 64] >> ((v - IR_T0) % 64) & 1;
}

static void read_temp(Needed *need, IrVal v)
{
    if (ir_is_t(v)) {
        need->temp[(v - IR_T0) / 64] |= 1ull << ((v - IR_T0) % 64);
    }
}

static inline bool is_dead(const Needed *need, const IrNode *n)
{
    unsigned r = n->facts.roles;

    return !has_effect(n) && !(n->facts.regs_written & need->regs) &&
           !(r & IR_DST_WRITTEN && is_read(need, n->dst)) &&
           !(r & IR_B_WRITTEN && is_read(need, n->b));
}

static void read_operands(Needed *need, const IrNode *n)
{
    read_temp(need, n->dst);
    read_temp(need, n->a);
    if (!(n->flags & (IR_IMM | IR_STATE_B))) {
        read_temp(need, n->b);
    }
    if (n->op == IR_TEMPLATE) {
        read_temp(need, n->tmpl->reg_g);
        read_temp(need, n->tmpl->rm_g);
        read_temp(need, n->tmpl->vvvv_g);
    }
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

/* Flags that later nodes read, and that must be exact. */
typedef struct Wanted {
    uint32_t live, needed;
} Wanted;

static inline void mark_flags(const Wanted *w, IrNode *n)
{
    uint32_t changed = n->facts.flags_changed;

    n->flags &= ~(IR_LIVE | IR_NEEDED);
    n->flags |=
        (changed & w->live ? IR_LIVE : 0) | (changed & w->needed ? IR_NEEDED : 0);
}

static inline void step_flags(Wanted *w, const IrNode *n)
{
    w->live &= ~(uint32_t)n->facts.flags_written;
    w->needed &= ~(uint32_t)n->facts.flags_written;
    if (n->op == IR_REF || n->op == IR_REF_END) {
        /* They find the flags in the state, like every other slow path. */
        w->needed = IR_FLAGS_ALL;
        return;
    }
    w->live |= n->facts.flags_read;
    if (n->facts.precise && !n->facts.flags_dead) {
        w->needed = IR_FLAGS_ALL;
    }
}

unsigned ir_pass_flow(IrBlock *ir, bool flags, bool dead)
{
    Needed need;
    Covered covered = { .known = false };
    Wanted wanted = { 0 };
    unsigned removed = 0;

    memset(&need, 0, sizeof(need));
    for (unsigned k = ir->count; k-- > 0;) {
        IrNode *n = &ir->node[k];

        if (n->flags & IR_DEAD) {
            removed++;
            continue;
        }
        if (!flags) {
            wanted = (Wanted){ IR_FLAGS_ALL, IR_FLAGS_ALL };
        }
        mark_flags(&wanted, n);
        if (dead && is_dead(&need, n) &&
            !(n->facts.regs_written && is_covered(ir, &covered, n->insn))) {
            n->flags |= IR_DEAD;
            removed++;
            continue;
        }
        step_flags(&wanted, n);
        need.regs &= ~(uint32_t)n->facts.regs_written;
        need.regs |= n->facts.precise ? 0xffff : n->facts.regs_read;
        /* A temporary may be updated in place: what wrote it first is needed, too. */
        read_operands(&need, n);
    }
    return removed;
}
