/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pass GROUP: accesses at known distances from each other, most of them to the stack
 * frame or to the members of a structure, get one CHECK for all, at the first of them.
 *
 * Addresses are compared by value (value.h), so that a base register may move by
 * constants in between (push, pop, call) or be copied (mov rbp, rsp). The later CHECKs
 * die; what used their temporaries uses the first one's with another displacement. The
 * slow stub of the first executes all instructions up to the last of the group, and
 * extents are made to nest (I2).
 *
 * The steps by which a stack pointer goes through a group become one, where nothing
 * between them can leave the block.
 *
 * A group may go on behind an exit, in a trace: the stub leaves there, after what it
 * has executed. Accesses behind an exit must not ask more of the page than those before
 * it: if they never happen, the page may never be ready for them.
 *
 * A group that lies across the end of a page is always slow, although its accesses may
 * not be. SPAN_MAX keeps that rare; who executes the stubs counts how often it happens
 * and has such blocks translated again without this pass.
 */
#include "accel/tcg/ir/facts.h"
#include "accel/tcg/ir/ir-internal.h"
#include "accel/tcg/ir/value.h"

#include <string.h>

enum {
    SPAN_MAX = 192, /* bytes that one CHECK covers */
    INSNS_MAX = 48, /* guest instructions from first to last */
    OPEN_MAX = 4,   /* groups that may still grow */
    GROUPS_MAX = 96,
    DISP_MAX = 0x7fff0000, /* of a CHECK, with room for more */
    INSNS_MOST = 255,      /* of blocks whose steps are merged */
};

typedef struct Group {
    uint32_t number; /* of the address */
    bool low;
    uint8_t access;
    uint16_t align;
    int64_t at;     /* offset of the first access; the others are relative to it */
    int64_t lo, hi; /* covered: [lo, hi) */
    unsigned check; /* index of its CHECK */
    unsigned first, last; /* guest instructions */
    unsigned members;
    unsigned exits; /* how many precede the first */
} Group;

typedef struct Pass {
    IrBlock *ir;
    IrValues values;
    Group group[GROUPS_MAX];
    unsigned groups;
    unsigned joined;         /* accesses that others check for */
    unsigned exits;          /* so far */
    unsigned open[OPEN_MAX]; /* most recently used first */
    unsigned opens;
    unsigned first;              /* node that may matter: of the first CHECK */
    unsigned last;               /* CHECK: behind it values do not matter */
    unsigned end;                /* of its instruction: nothing matters */
    uint8_t group_of[IR_T_MAX];  /* of the temporary of a CHECK, plus 1 */
    int32_t offset_of[IR_T_MAX]; /* of its address from the group's first */
} Pass;

/* --- finding members -----------------------------------------------------------------
 */

static int64_t distance(const Group *g, const IrValue *x)
{
    int64_t d = (int64_t)((uint64_t)x->offset - (uint64_t)g->at);

    return g->low ? (int32_t)d : d;
}

/* Takes the access into the group, or says no. */
static bool join(Group *g, const IrNode *n, const IrValue *x, unsigned exits)
{
    int64_t d = distance(g, x), lo = g->lo, hi = g->hi;
    unsigned align = n->align > g->align ? n->align : g->align;

    if (g->number != x->number || g->low != x->low || d < -SPAN_MAX || d > SPAN_MAX ||
        n->insn - g->first >= INSNS_MAX ||
        (exits != g->exits && (n->cc > g->access || align > g->align))) {
        return false;
    }
    lo = d < lo ? d : lo;
    hi = d + n->size > hi ? d + n->size : hi;
    if (align) {
        /* Only the start of the group is tested: it must be as far from each aligned
         * access as makes them all aligned. */
        int64_t anchor = n->align >= g->align ? d : g->lo;

        if (n->align && g->align && (d - g->lo) & (n->align & g->align)) {
            return false;
        }
        lo = anchor - ((anchor - lo + align) & ~(int64_t)align);
    }
    if (hi - lo > SPAN_MAX) {
        return false;
    }
    g->lo = lo;
    g->hi = hi;
    g->align = align;
    if (n->cc == IR_WRITE) {
        g->access = IR_WRITE;
    }
    g->last = n->insn;
    g->members++;
    return true;
}

static void touch(Pass *p, unsigned slot)
{
    unsigned g = p->open[slot];

    for (; slot; slot--) {
        p->open[slot] = p->open[slot - 1];
    }
    p->open[0] = g;
}

static void note_member(Pass *p, const IrNode *n, unsigned group, int64_t offset)
{
    p->group_of[n->dst - IR_T0] = group + 1;
    p->offset_of[n->dst - IR_T0] = offset;
}

static void open_group(Pass *p, unsigned k, const IrValue *x)
{
    const IrNode *n = &p->ir->node[k];

    if (p->groups == GROUPS_MAX) {
        return;
    }
    p->group[p->groups] = (Group){ .number = x->number,
                                   .low = x->low,
                                   .access = n->cc,
                                   .align = n->align,
                                   .at = x->offset,
                                   .hi = n->size,
                                   .check = k,
                                   .first = n->insn,
                                   .last = n->insn,
                                   .members = 1,
                                   .exits = p->exits };
    if (p->opens < OPEN_MAX) {
        p->opens++;
    }
    p->open[p->opens - 1] = p->groups;
    touch(p, p->opens - 1);
    note_member(p, n, p->groups, 0);
    p->groups++;
}

static void visit_check(Pass *p, unsigned k)
{
    IrNode *n = &p->ir->node[k];
    IrValue x = ir_value_of_check(&p->values, n);

    if (n->size > IR_SHARED_MAX || n->disp > DISP_MAX || n->disp < -DISP_MAX) {
        return;
    }
    for (unsigned slot = 0; slot < p->opens; slot++) {
        unsigned g = p->open[slot];

        if (join(&p->group[g], n, &x, p->exits)) {
            touch(p, slot);
            note_member(p, n, g, distance(&p->group[g], &x));
            n->flags |= IR_DEAD;
            p->joined++;
            return;
        }
    }
    open_group(p, k, &x);
}

static void find_groups(Pass *p)
{
    for (unsigned k = p->first; k <= p->last; k++) {
        IrNode *n = &p->ir->node[k];

        if (n->op == IR_CHECK) {
            visit_check(p, k);
            continue;
        }
        if (ir_op_facts[n->op].stops) {
            p->opens = n->op == IR_REF || n->op == IR_POLL ? 0 : p->opens;
            p->exits += ir_op_info[n->op].klass == IR_CLASS_EXIT;
        }
        ir_values_step(&p->values, n);
    }
}

/* --- rewriting -----------------------------------------------------------------------
 */

static unsigned uses_of(const IrNode *n, IrVal v)
{
    unsigned uses = (n->a == v) + (n->b == v);

    if (n->op == IR_TEMPLATE) {
        uses += (n->tmpl->reg_g == v) + (n->tmpl->rm_g == v) + (n->tmpl->vvvv_g == v);
    }
    return uses;
}

/* The node that computes the address of @check, if nobody else wants its result. */
static IrNode *own_address(Pass *p, const IrNode *check)
{
    IrVal v = check->a;
    IrNode *found = NULL;
    unsigned uses = 0;

    if (!ir_is_t(v)) {
        return NULL;
    }
    for (unsigned k = p->first; k < p->ir->count; k++) {
        IrNode *n = &p->ir->node[k];

        if (!(n->flags & IR_DEAD) || n->op == IR_CHECK) {
            uses += uses_of(n, v);
        }
        if (n->dst == v && !(n->flags & IR_MEM_DST) && n < check) {
            found = n;
        }
    }
    return found && uses == 1 && found->op == IR_EA && found->w >= 4 ? found : NULL;
}

static void widen_check(Pass *p, const Group *g)
{
    IrNode *check = &p->ir->node[g->check];
    IrNode *ea = g->lo && !check->disp ? own_address(p, check) : NULL;

    if (ea &&
        ((g->low && ea->w != 4) || ea->disp != (int32_t)(ea->disp + g->lo) - g->lo)) {
        ea = NULL;
    }
    check->size = g->hi - g->lo;
    check->cc = g->access;
    check->align = g->align;
    if (!g->lo) {
        return;
    }
    if (g->low) {
        check->w = 4;
    }
    if (ea) {
        ea->disp += g->lo;
    } else {
        check->disp += g->lo;
    }
}

static const Group *group_of(const Pass *p, IrVal v)
{
    return ir_is_t(v) && p->group_of[v - IR_T0] ? &p->group[p->group_of[v - IR_T0] - 1]
                                                : NULL;
}

/* Renames an operand that is a host address; returns what to add to its displacement.
 */
static int32_t rename_operand(const Pass *p, IrVal *v)
{
    const Group *g = group_of(p, *v);
    int32_t delta;

    if (!g || g->members == 1) {
        return 0;
    }
    delta = p->offset_of[*v - IR_T0] - g->lo;
    *v = p->ir->node[g->check].dst;
    return delta;
}

/* The operand of a node that is memory. */
static void rename_operands(const Pass *p, IrNode *n)
{
    if (n->flags & IR_MEM_DST) {
        n->disp += rename_operand(
            p, n->op == IR_CMP || n->op == IR_TEST || n->op == IR_BT ? &n->a : &n->dst);
    } else if (n->flags & IR_MEM_B || (n->op == IR_TEMPLATE && n->tmpl->rm_mem)) {
        n->disp += rename_operand(p, &n->b);
    }
}

/* --- extents -------------------------------------------------------------------------
 */

/* I2: no stub skips the CHECK of a group that is still used behind it. */
static unsigned nested_extent(const Pass *p, unsigned k, unsigned through)
{
    for (unsigned g = 0; g < p->groups; g++) {
        const Group *h = &p->group[g];

        if (h->check > k && h->first <= through && h->last > through) {
            through = h->last;
            g = -1u; /* once more: it may now skip an earlier one */
        }
    }
    return through;
}

static void set_extent(const Pass *p, unsigned k)
{
    IrNode *n = &p->ir->node[k];
    const Group *g = n->op == IR_CHECK ? group_of(p, n->dst) : NULL;

    n->through = nested_extent(p, k, g ? g->last : n->insn);
}

/* --- steps ---------------------------------------------------------------------------
 */

/* Of two steps by which a register moves (push, push) only the second is left if nobody
 * can see the value between them, as in a group. */
typedef struct Steps {
    IrNode *last;
    bool resumes[INSNS_MOST + 2]; /* a stub goes on at this instruction */
} Steps;

static bool is_step(const IrNode *n)
{
    return n->op == IR_EA && n->w >= 4 && ir_is_g(n->dst) && n->a == n->dst &&
           n->b == IR_NONE;
}

/* Whether a stub goes on at an instruction in (@from, @to]. */
static bool is_entered(const Steps *s, unsigned from, unsigned to)
{
    while (from < to && !s->resumes[from + 1]) {
        from++;
    }
    return from < to;
}

static void visit_step(Steps *s, IrNode *n)
{
    IrNode *last = s->last;

    if (last && last->dst == n->dst && last->w == n->w &&
        last->disp + (int64_t)n->disp == (int32_t)(last->disp + n->disp) &&
        !is_entered(s, last->insn, n->insn)) {
        n->disp += last->disp;
        last->flags |= IR_DEAD;
    }
    s->last = n;
}

/* Of a node that is neither GUARD nor step. */
static bool sees_step(IrNode *n, const IrNode *step)
{
    ir_set_facts_inline(n);
    return n->facts.precise ||
           (n->facts.regs_read | n->facts.regs_written) & 1u << (step->dst - IR_G0);
}

/* --- the pass ------------------------------------------------------------------------
 */

static inline bool has_temps(const IrNode *n)
{
    return (n->dst | n->a | n->b) >= IR_T0;
}

static void rewrite(Pass *p)
{
    IrBlock *ir = p->ir;
    bool steps = ir->insns <= INSNS_MOST;
    Steps s;

    s.last = NULL;
    memset(s.resumes, 0, steps ? ir->insns + 2 : 0);
    for (unsigned k = p->first; k < p->end; k++) {
        IrNode *n = &ir->node[k];

        if (n->flags & IR_DEAD) {
            continue;
        }
        if (n->op == IR_CHECK || n->op == IR_GUARD) {
            set_extent(p, k);
            if (steps) {
                s.resumes[n->through + 1] = true;
            }
            s.last = NULL;
        } else if (steps && is_step(n)) {
            visit_step(&s, n);
        } else {
            if (s.last && sees_step(n, s.last)) {
                s.last = NULL;
            }
            if (has_temps(n)) {
                rename_operands(p, n);
            }
        }
    }
}

/* The first and the last CHECK, if there are two: before the instruction of the first
 * nothing matters. */
static bool find_checks(Pass *p)
{
    const IrNode *node = p->ir->node;
    unsigned first = 0, last = p->ir->count, insn;

    while (first < last && node[first].op != IR_CHECK) {
        first++;
    }
    while (last > first && node[last - 1].op != IR_CHECK) {
        last--;
    }
    if (last < first + 2) {
        return false;
    }
    p->last = last - 1;
    for (insn = node[p->last].insn; last < p->ir->count && node[last].insn == insn;) {
        last++;
    }
    p->end = last;
    for (insn = node[first].insn; first && node[first - 1].insn == insn; first--) {
    }
    p->first = first;
    return true;
}

void ir_pass_group(IrBlock *ir)
{
    Pass p;

    p.ir = ir;
    if (!find_checks(&p)) {
        return;
    }
    p.groups = p.opens = p.exits = p.joined = 0;
    memset(p.group_of, 0, ir->temps);
    ir_values_init(&p.values);
    find_groups(&p);
    if (!p.joined) {
        return;
    }
    for (unsigned g = 0; g < p.groups; g++) {
        if (p.group[g].members > 1) {
            widen_check(&p, &p.group[g]);
        }
    }
    rewrite(&p);
}
