/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Templates: general registers are found for them here, the bytes come from template.c.
 */
#include "accel/tcg/x64/lower.h"
#include "accel/tcg/x64/template.h"

/* A general register that the instruction names. */
typedef struct Slot {
    bool used;
    LowerDst d;
} Slot;

static Slot slot_begin(Lower *l, bool used, IrVal v)
{
    Slot s = {
        .used = used, .d = {.reg = 0, .store = false}
    };

    if (used) {
        s.d = x64_dst(l, v, 8, true);
    }
    return s;
}

static void slot_end(Lower *l, const Slot *s, bool written)
{
    if (s->used && written) {
        x64_dst_end(l, &s->d, 8);
    }
}

void x64_lower_template(Lower *l)
{
    const IrTemplate *t = l->n->tmpl;
    Slot reg, rm, vvvv;
    unsigned base;

    base = t->rm_mem ? x64_in_reg(l, l->n->b, 8) : 0;
    reg = slot_begin(l, x64_template_reg_is_gpr(t), t->reg_g);
    rm = slot_begin(l, x64_template_rm_is_gpr(t), t->rm_g);
    vvvv = slot_begin(l, x64_template_vvvv_is_gpr(t), t->vvvv_g);
    if (!x64_template(l->hot, t, reg.d.reg, t->rm_mem ? base : rm.d.reg, vvvv.d.reg,
                      l->n->disp)) {
        l->failed = true;
        return;
    }
    slot_end(l, &reg, t->reg_written);
    slot_end(l, &rm, t->rm_written);
    slot_end(l, &vvvv, t->vvvv_written);
}
