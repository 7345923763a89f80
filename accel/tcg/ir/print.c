/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks as text, one node a line:
 *
 *   0 check.8    t0, g4-8, size 16, write, through 3
 *   0 mov.8      [t0+8], g5
 *   1 add.4      g0, #7                    live needed
 *
 * The number is that of the guest instruction.
 */
#include "accel/tcg/ir/ir-internal.h"

#include <glib.h>

static const char cc_name[16][4] = { "o", "no", "b", "ae", "e", "ne", "be", "a",
                                     "s", "ns", "p", "np", "l", "ge", "le", "gt" };

static void print_value(GString *s, IrVal v)
{
    if (ir_is_g(v)) {
        g_string_append_printf(s, "g%d", v - IR_G0);
    } else if (ir_is_gh(v)) {
        g_string_append_printf(s, "gh%d", v - IR_GH0);
    } else if (ir_is_t(v)) {
        g_string_append_printf(s, "t%d", v - IR_T0);
    } else {
        g_string_append_c(s, '-');
    }
}

static void print_disp(GString *s, int32_t disp)
{
    if (disp) {
        g_string_append_printf(s, "%+d", disp);
    }
}

static void print_mem(GString *s, IrVal v, int32_t disp)
{
    g_string_append_c(s, '[');
    print_value(s, v);
    print_disp(s, disp);
    g_string_append_c(s, ']');
}

static void separator(GString *s, size_t start)
{
    if (s->len > start) {
        g_string_append(s, ", ");
    }
}

static void print_dst(GString *s, const IrNode *n, IrVal v)
{
    if (n->flags & IR_MEM_DST) {
        print_mem(s, v, n->disp);
    } else {
        print_value(s, v);
    }
}

static void print_b(GString *s, const IrNode *n)
{
    if (n->flags & IR_IMM) {
        g_string_append_printf(s, "#%" G_GINT64_MODIFIER "d", n->imm);
    } else if (n->flags & IR_STATE_B) {
        g_string_append_printf(s, "state%+d", n->disp);
    } else if (n->flags & IR_MEM_B) {
        print_mem(s, n->b, n->disp);
    } else {
        print_value(s, n->b);
    }
}

static void print_ea(GString *s, const IrNode *n)
{
    print_value(s, n->a);
    if (n->op == IR_EA && n->b) {
        g_string_append_c(s, '+');
        print_value(s, n->b);
        if (n->cc) {
            g_string_append_printf(s, "*%d", 1 << n->cc);
        }
    }
    print_disp(s, n->disp);
}

static void print_template(GString *s, const IrNode *n)
{
    const IrTemplate *t = n->tmpl;
    static const char enc[][8] = { "legacy", "vex", "x87" };

    g_string_append_printf(s, "%s map %u pp %02x op %02x modrm %02x", enc[t->enc],
                           t->map, t->pp, t->opcode, t->modrm);
    if (t->reg_g) {
        g_string_append(s, ", reg ");
        print_value(s, t->reg_g);
    }
    if (t->vvvv_g) {
        g_string_append(s, ", vvvv ");
        print_value(s, t->vvvv_g);
    }
    if (t->rm_mem) {
        g_string_append(s, ", rm ");
        print_mem(s, n->b, n->disp);
    } else if (t->rm_g) {
        g_string_append(s, ", rm ");
        print_value(s, t->rm_g);
    }
}

static void print_check(GString *s, const IrNode *n)
{
    print_value(s, n->dst);
    g_string_append(s, ", ");
    print_ea(s, n);
    g_string_append_printf(s, ", size %u, %s", n->size,
                           n->cc == IR_WRITE ? "write" : "read");
    if (n->align) {
        g_string_append_printf(s, ", align %u", n->align + 1u);
    }
}

static void print_operands(GString *s, const IrNode *n)
{
    unsigned r = ir_roles(n);
    size_t start = s->len;

    if (r & (IR_DST_READ | IR_DST_WRITTEN)) {
        print_dst(s, n, n->dst);
    }
    if (r & IR_A_READ) {
        separator(s, start);
        if (ir_op_info[n->op].klass == IR_CLASS_CMP2 || n->op == IR_BT) {
            print_dst(s, n, n->a);
        } else {
            print_value(s, n->a);
        }
    }
    if (r & IR_B_READ) {
        separator(s, start);
        print_b(s, n);
    }
}

static bool has_cc(const IrNode *n)
{
    return ir_op_info[n->op].reads == IR_BY_CC || n->op == IR_GUARD || n->op == IR_JNZ;
}

static void print_node(GString *s, const IrNode *n)
{
    const IrOpInfo *info = &ir_op_info[n->op];
    g_autofree char *name = g_ascii_strdown(info->name, -1);
    size_t start = s->len;

    g_string_append_printf(s, "%3u %s", n->insn, name);
    if (n->w) {
        g_string_append_printf(s, ".%u", n->w);
    }
    if (has_cc(n)) {
        g_string_append_printf(s, ".%s", cc_name[n->cc & 15]);
    }
    g_string_append_printf(s, "%*s", (int)MAX(1, 16 - (int)(s->len - start)), "");
    if (n->op == IR_TEMPLATE) {
        print_template(s, n);
    } else if (n->op == IR_CHECK) {
        print_check(s, n);
    } else if (n->op == IR_EA) {
        print_value(s, n->dst);
        g_string_append(s, ", ");
        print_ea(s, n);
    } else {
        print_operands(s, n);
    }
    if (n->op == IR_LDST || n->op == IR_STST) {
        g_string_append_printf(s, ", state%+d", n->disp);
    }
    if (info->klass == IR_CLASS_EXIT && n->op != IR_JMPI && n->op != IR_REF_END) {
        g_string_append_printf(s, " -> %" G_GINT64_MODIFIER "x", n->imm);
    }
    if (n->flags & IR_LOCK) {
        g_string_append(s, ", lock");
    }
    if (n->through > n->insn) {
        g_string_append_printf(s, ", through %u", n->through);
    }
    if (n->flags & (IR_LIVE | IR_DEAD)) {
        g_string_append_printf(s, "%*s", (int)MAX(2, 44 - (int)(s->len - start)), "");
        g_string_append_printf(s, "%s%s", n->flags & IR_LIVE ? "live " : "",
                               n->flags & IR_DEAD ? "dead" : "");
    }
    g_string_append_c(s, '\n');
}

char *ir_print(const IrBlock *ir)
{
    GString *s = g_string_new(NULL);

    g_string_append_printf(s, "block %" G_GINT64_MODIFIER "x: %u insns, view %u\n",
                           ir->pc, ir->insns, ir->view);
    for (unsigned k = 0; k < ir->count; k++) {
        print_node(s, &ir->node[k]);
    }
    return g_string_free(s, FALSE);
}
