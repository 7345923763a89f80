/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every block must satisfy, as built and after each pass: operands that exist,
 * temporaries written before they are read, the rules I1 to I4 of ir.h, an end.
 */
#include "accel/tcg/ir/ir-internal.h"

#include <glib.h>
#include <string.h>

typedef struct Verify {
    const IrBlock *ir;
    const IrNode *n; /* being looked at */
    uint64_t defined[IR_T_MAX / 64];
    char *error; /* the first */
} Verify;

static void __attribute__((format(printf, 2, 3))) fail(Verify *v, const char *fmt, ...)
{
    va_list ap;
    g_autofree char *what = NULL;

    if (v->error) {
        return;
    }
    va_start(ap, fmt);
    what = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    v->error = g_strdup_printf("node %d (%s, insn %u): %s", (int)(v->n - v->ir->node),
                               v->n->op < IR_OP_COUNT ? ir_op_info[v->n->op].name : "?",
                               v->n->insn, what);
}

static bool is_value(const Verify *v, IrVal x)
{
    return ir_is_g(x) || ir_is_gh(x) || (ir_is_t(x) && x - IR_T0 < (int)v->ir->temps);
}

static void define(Verify *v, IrVal x)
{
    if (ir_is_t(x)) {
        v->defined[(x - IR_T0) / 64] |= 1ull << ((x - IR_T0) % 64);
    }
}

static void check_read(Verify *v, IrVal x, const char *name)
{
    if (!is_value(v, x)) {
        fail(v, "%s is no value", name);
    } else if (ir_is_t(x) &&
               !(v->defined[(x - IR_T0) / 64] >> ((x - IR_T0) % 64) & 1)) {
        fail(v, "%s is t%d, which has no value yet", name, x - IR_T0);
    }
}

static void check_address(Verify *v, IrVal x, const char *name)
{
    check_read(v, x, name);
    if (!ir_is_t(x)) {
        fail(v, "%s is memory at something that is no host address", name);
    }
}

static void check_dst(Verify *v, unsigned roles)
{
    const IrNode *n = v->n;

    if (n->flags & IR_MEM_DST && roles & (IR_DST_READ | IR_DST_WRITTEN)) {
        check_address(v, n->dst, "dst");
        return;
    }
    if (roles & IR_DST_READ && (ir_is_t(n->dst) || roles & IR_DST_WRITTEN)) {
        check_read(v, n->dst, "dst");
    }
    if (roles & IR_DST_WRITTEN) {
        if (!is_value(v, n->dst)) {
            fail(v, "dst is no value");
        }
        define(v, n->dst);
    }
}

static void check_a(Verify *v, unsigned roles)
{
    const IrNode *n = v->n;
    unsigned klass = ir_op_info[n->op].klass;

    if (!(roles & IR_A_READ)) {
        return;
    }
    if (n->flags & IR_MEM_DST && (klass == IR_CLASS_CMP2 || n->op == IR_BT)) {
        check_address(v, n->a, "a");
    } else if (n->a != IR_NONE ||
               (n->op != IR_EA && n->op != IR_CHECK && klass != IR_CLASS_EXIT)) {
        check_read(v, n->a, "a");
    }
}

static void check_b(Verify *v, unsigned roles)
{
    const IrNode *n = v->n;

    if (!(roles & (IR_B_READ | IR_B_WRITTEN)) || n->flags & (IR_IMM | IR_STATE_B)) {
        return;
    }
    if (n->flags & IR_MEM_B || n->op == IR_TEMPLATE) {
        check_address(v, n->b, "b");
    } else if (n->op != IR_EA || n->b != IR_NONE) {
        check_read(v, n->b, "b");
    }
    if (ir_op_info[n->op].klass == IR_CLASS_SHIFT && n->b != IR_G(1)) {
        fail(v, "a shift count is an immediate or g1");
    }
}

static void check_template(Verify *v)
{
    const IrTemplate *t = v->n->tmpl;
    IrVal val[3] = { t->reg_g, t->rm_g, t->vvvv_g };
    bool written[3] = { t->reg_written, t->rm_written, t->vvvv_written };

    for (unsigned k = 0; k < 3; k++) {
        if (val[k] && written[k]) {
            define(v, val[k]);
        } else if (val[k]) {
            check_read(v, val[k], "template operand");
        }
    }
}

static bool is_width(unsigned w)
{
    return w == 1 || w == 2 || w == 4 || w == 8;
}

static void check_form(Verify *v)
{
    const IrNode *n = v->n;

    switch (ir_op_info[n->op].klass) {
    case IR_CLASS_MOVE:
    case IR_CLASS_UNARY:
    case IR_CLASS_ALU2:
    case IR_CLASS_CMP2:
    case IR_CLASS_SHIFT:
    case IR_CLASS_ADDR:
    case IR_CLASS_STATE:
        if (!is_width(n->w)) {
            fail(v, "width %u", n->w);
        }
        break;
    case IR_CLASS_GUARD:
        if (n->op == IR_CHECK &&
            ((n->w != 4 && n->w != 8) || !ir_is_t(n->dst) || !n->size ||
             n->size > 4096 || n->align & (n->align + 1))) {
            fail(v, "width %u, size %u, align %u", n->w, n->size, n->align);
        }
        if (n->through < n->insn) {
            fail(v, "through %u", n->through);
        }
        break;
    default:
        break;
    }
    if (n->flags & IR_IMM && n->op != IR_MOV && n->imm != (int32_t)n->imm) {
        fail(v, "the immediate has more than 32 bits");
    }
    if (n->flags & IR_MEM_DST && n->flags & (IR_MEM_B | IR_STATE_B)) {
        fail(v, "two operands with one displacement");
    }
    if (n->flags & IR_LOCK && !(n->flags & IR_MEM_DST)) {
        fail(v, "LOCK without memory");
    }
}

static bool changes_state(const IrNode *n)
{
    unsigned klass = ir_op_info[n->op].klass;

    return ir_regs_written(n) || ir_flags_changed(n) || n->op == IR_STST ||
           (n->flags & IR_MEM_DST && klass != IR_CLASS_CMP2 && n->op != IR_BT) ||
           (n->op == IR_TEMPLATE && n->tmpl->rm_mem && n->tmpl->rm_written);
}

/* I1 */
static void check_order(Verify *v)
{
    const IrBlock *ir = v->ir;
    const IrNode *changed = NULL;

    for (unsigned k = 0; k < ir->count; k++) {
        const IrNode *n = &ir->node[k];

        v->n = n;
        if (n->flags & IR_DEAD) {
            continue;
        }
        if (k && n->insn < ir->node[k - 1].insn) {
            fail(v, "out of order");
        }
        if (changed && changed->insn != n->insn) {
            changed = NULL;
        }
        if (ir_op_info[n->op].klass == IR_CLASS_GUARD && changed) {
            fail(v, "I1: node %d has changed something", (int)(changed - ir->node));
        } else if (changes_state(n)) {
            changed = n;
        }
    }
}

static bool uses(const IrNode *n, IrVal t)
{
    return n->dst == t || n->a == t ||
           (n->b == t && !(n->flags & (IR_IMM | IR_STATE_B))) ||
           (n->op == IR_TEMPLATE &&
            (n->tmpl->reg_g == t || n->tmpl->rm_g == t || n->tmpl->vvvv_g == t));
}

/* I2 and I3 for the stub of node @k. */
static void check_extent(Verify *v, unsigned k)
{
    const IrBlock *ir = v->ir;
    const IrNode *c = &ir->node[k];
    unsigned through = c->through > c->insn ? c->through : c->insn;
    unsigned end = k;

    v->n = c;
    while (end < ir->count && ir->node[end].insn <= through) {
        unsigned klass = ir_op_info[ir->node[end].op].klass;

        if (ir->node[end].insn > c->insn &&
            (klass == IR_CLASS_REF || ir->node[end].op == IR_POLL)) {
            fail(v, "I3: node %u is in its extent", end);
        }
        end++;
    }
    for (unsigned d = k; d < end; d++) {
        IrVal t = ir->node[d].dst;

        if (!ir_is_t(t) || ir->node[d].flags & (IR_MEM_DST | IR_DEAD)) {
            continue;
        }
        for (unsigned u = end; u < ir->count; u++) {
            if (uses(&ir->node[u], t) && !(ir->node[u].flags & IR_DEAD)) {
                fail(v, "I2: node %u uses t%d of node %u", u, t - IR_T0, d);
            }
        }
    }
}

/* Whether the host address @t is only that of memory. */
static bool is_address_in(const IrNode *n, IrVal t)
{
    bool a_is_mem = n->op == IR_CMP || n->op == IR_TEST || n->op == IR_BT;
    const IrTemplate *m = n->op == IR_TEMPLATE ? n->tmpl : NULL;

    return (n->dst != t || (n->flags & IR_MEM_DST && !a_is_mem)) &&
           (n->a != t || (n->flags & IR_MEM_DST && a_is_mem)) &&
           (n->b != t || n->flags & IR_MEM_B || (m && m->rm_mem)) &&
           (!m || (m->reg_g != t && m->rm_g != t && m->vvvv_g != t));
}

/* I4 */
static void check_addresses(Verify *v, const IrNode *check)
{
    const IrBlock *ir = v->ir;

    for (const IrNode *n = check + 1; n < ir->node + ir->count; n++) {
        if (!(n->flags & IR_DEAD) && check->size <= IR_SHARED_MAX &&
            !is_address_in(n, check->dst)) {
            v->n = n;
            fail(v, "I4: t%d is more than an address", check->dst - IR_T0);
        }
    }
}

static void check_end(Verify *v)
{
    const IrBlock *ir = v->ir;

    v->n = ir->count ? &ir->node[ir->count - 1] : ir->node;
    if (!ir->count) {
        fail(v, "empty");
    } else if (v->n->op != IR_JMP && v->n->op != IR_JMPI && v->n->op != IR_REF_END) {
        fail(v, "the last node is no end");
    }
    for (unsigned k = 0; k + 1 < ir->count; k++) {
        v->n = &ir->node[k];
        if (v->n->op == IR_JMP || v->n->op == IR_JMPI || v->n->op == IR_REF_END) {
            fail(v, "an end that is not the last node");
        }
    }
}

char *ir_verify(const IrBlock *ir)
{
    Verify v = { .ir = ir };

    for (unsigned k = 0; k < ir->count; k++) {
        unsigned roles;

        v.n = &ir->node[k];
        if (v.n->op >= IR_OP_COUNT) {
            fail(&v, "op %u", v.n->op);
            return v.error;
        }
        if (v.n->flags & IR_DEAD) {
            continue;
        }
        roles = ir_roles(v.n);
        check_form(&v);
        check_a(&v, roles);
        check_b(&v, roles);
        if (v.n->op == IR_TEMPLATE) {
            check_template(&v);
        }
        check_dst(&v, roles);
    }
    check_order(&v);
    for (unsigned k = 0; k < ir->count; k++) {
        if (ir_op_info[ir->node[k].op].klass == IR_CLASS_GUARD &&
            !(ir->node[k].flags & IR_DEAD)) {
            check_extent(&v, k);
            if (ir->node[k].op == IR_CHECK) {
                check_addresses(&v, &ir->node[k]);
            }
        }
    }
    check_end(&v);
    return v.error;
}
