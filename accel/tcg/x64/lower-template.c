/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Templates: general registers are found for them here, the bytes come from template.c.
 */
#include "accel/tcg/x64/lower.h"
#include "accel/tcg/x64/template.h"

/* A general register that the instruction names. */
typedef struct Slot {
    IrVal v; /* IR_NONE: there is none */
    bool written, late;
    LowerDst d;
} Slot;

/*
 * What a VEX instruction writes it does not read: its register is looked for when the
 * sources have theirs, and may be one of them. Other operands have their old value.
 */
static Slot slot_begin(Lower *l, bool used, IrVal v, bool written)
{
    Slot s = {
        .v = used ? v : IR_NONE,
        .written = written,
        .late = written && l->n->tmpl->enc == IR_ENC_VEX,
        .d = {.reg = 0, .store = false},
    };

    if (used && !s.late) {
        s.d = x64_dst(l, v, 8, true);
    }
    return s;
}

static void slot_late(Lower *l, Slot *s)
{
    if (s->v != IR_NONE && s->late) {
        s->d = x64_dst(l, s->v, 8, false);
    }
}

static void slot_end(Lower *l, const Slot *s)
{
    if (s->v != IR_NONE && s->written) {
        x64_dst_end(l, &s->d, 8);
    }
}

void x64_lower_template(Lower *l)
{
    const IrTemplate *t = l->n->tmpl;
    Slot reg, rm, vvvv;
    unsigned base;

    base = t->rm_mem ? x64_in_reg(l, l->n->b) : 0;
    reg = slot_begin(l, x64_template_reg_is_gpr(t), t->reg_g, t->reg_written);
    rm = slot_begin(l, x64_template_rm_is_gpr(t), t->rm_g, t->rm_written);
    vvvv = slot_begin(l, x64_template_vvvv_is_gpr(t), t->vvvv_g, t->vvvv_written);
    if (t->enc == IR_ENC_VEX) {
        x64_release(l);
    }
    slot_late(l, &vvvv);
    slot_late(l, &rm);
    slot_late(l, &reg);
    if (!x64_template(l->hot, t, reg.d.reg, t->rm_mem ? base : rm.d.reg, vvvv.d.reg,
                      l->n->disp)) {
        l->failed = true;
        return;
    }
    slot_end(l, &vvvv);
    slot_end(l, &rm);
    slot_end(l, &reg);
}
