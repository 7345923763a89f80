/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of IR to host code: the walk over the nodes, registers, and where flags are.
 */
#include "accel/tcg/x64/lower.h"
#include "accel/tcg/x64/vec-state.h"

#include <glib.h>

#include <string.h>

/* --- what code is for: "info jit" ------------------------------------------------
 */

static JitCodeUse uses[LOWER_USES];

const JitCodeUse *jit_host_code_uses(unsigned *count)
{
    static const char *const name[] = {
        "flags",     "fields",    "head",      "tails",     "cold head",
        "cold exit", "cold tail", "cold refs", "cold poll",
    };

    for (unsigned k = 0; k < LOWER_USES; k++) {
        uses[k].name = k < IR_OP_COUNT ? ir_op_info[k].name : name[k - IR_OP_COUNT];
    }
    *count = LOWER_USES;
    return uses;
}

static void count(unsigned use, size_t bytes)
{
    uses[use].count++;
    uses[use].bytes += bytes;
}

void x64_count(Lower *l, unsigned use, const uint8_t *from)
{
    const JitBuf *b = use < LOWER_USE_COLD_HEAD ? l->hot : l->cold;

    count(use, b->p - from);
    if (use == LOWER_USE_FLAGS || use == LOWER_USE_FIELD) {
        uses[l->n->op].bytes -= b->p - from;
    }
}

/* --- scratch registers and temporaries
 * ------------------------------------------------
 */

static AsmRm slot_rm(unsigned slot)
{
    return asm_mem(A_RSP, X64_FRAME_SLOTS + 8 * (int32_t)slot);
}

static LowerTemp *temp_of(Lower *l, IrVal v)
{
    return &l->temp[v - IR_T0];
}

static int scratch_index(const Lower *l, unsigned reg)
{
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (l->scratch[k] == reg) {
            return k;
        }
    }
    return -1;
}

/* Of a register that is one of them. */
static unsigned scratch_of(const Lower *l, unsigned reg)
{
    int k = scratch_index(l, reg);

    g_assert(k >= 0);
    return k;
}

static void lock(Lower *l, unsigned reg)
{
    int k = scratch_index(l, reg);

    if (k >= 0) {
        l->locked[k] = true;
    }
}

/* Moves the temporary in scratch register @k to a slot. */
static bool spill(Lower *l, unsigned k)
{
    LowerTemp *t = temp_of(l, l->holds[k]);
    const uint8_t *from = l->hot->p;

    if (t->slot < 0) {
        for (unsigned s = 0; s < LOWER_SLOTS; s++) {
            if (!(l->slots_used & 1 << s)) {
                t->slot = s;
                l->slots_used |= 1 << s;
                break;
            }
        }
        if (t->slot < 0) {
            return false;
        }
        asm_store(l->hot, 8, slot_rm(t->slot), l->scratch[k]);
        x64_count(l, LOWER_USE_FIELD, from);
    }
    t->reg = -1;
    l->holds[k] = IR_NONE;
    return true;
}

/* How much it costs to use scratch register @k for something else. */
static unsigned cost(Lower *l, unsigned k)
{
    enum { COPY = 1, TEMP = 1 << 24 };
    IrVal v = l->holds[k];

    if (v == IR_NONE) {
        return 0;
    }
    if (ir_is_g(v)) {
        return COPY + l->used[k];
    }
    return TEMP + (1 << 23) - l->ir->last_use[v - IR_T0];
}

unsigned x64_scratch(Lower *l)
{
    int best = -1;

    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (!l->locked[k] && (best < 0 || cost(l, k) < cost(l, best))) {
            best = k;
        }
    }
    if (best < 0 || (ir_is_t(l->holds[best]) && !spill(l, best))) {
        l->failed = true;
        return l->scratch[0];
    }
    l->holds[best] = IR_NONE;
    l->locked[best] = true;
    return l->scratch[best];
}

/* The scratch register with a copy of guest register @v, or -1. */
static int copy_of(const Lower *l, IrVal v)
{
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (l->holds[k] == v) {
            return k;
        }
    }
    return -1;
}

static void set_copy(Lower *l, unsigned k, IrVal v)
{
    int old = copy_of(l, v);

    if (old >= 0) {
        l->holds[old] = IR_NONE;
    }
    l->holds[k] = v;
    l->used[k] = l->index;
}

void x64_drop_copies(Lower *l)
{
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (ir_is_g(l->holds[k])) {
            l->holds[k] = IR_NONE;
        }
    }
}

static AsmRm guest_rm(const Lower *l, unsigned g)
{
    int r = l->target->host_reg[g];

    return r >= 0 ? asm_reg(r) : asm_mem(A_RSP, x64_shared.frame_off[g]);
}

AsmRm x64_home(const Lower *l, IrVal v)
{
    return ir_is_gh(v) ? asm_reg(A_AH + (v - IR_GH0)) : guest_rm(l, v - IR_G0);
}

AsmRm x64_rm(Lower *l, IrVal v)
{
    LowerTemp *t;
    int k;

    if (ir_is_g(v)) {
        k = copy_of(l, v);
        if (k < 0) {
            return guest_rm(l, v - IR_G0);
        }
        l->locked[k] = true;
        l->used[k] = l->index;
        return asm_reg(l->scratch[k]);
    }
    if (ir_is_gh(v)) {
        return x64_home(l, v);
    }
    if (!ir_is_t(v)) {
        l->failed = true;
        return asm_reg(A_RAX);
    }
    t = temp_of(l, v);
    if (t->reg >= 0) {
        lock(l, t->reg);
        return asm_reg(t->reg);
    }
    if (t->slot >= 0) {
        return slot_rm(t->slot);
    }
    l->failed = true;
    return asm_reg(A_RAX);
}

unsigned x64_in_reg(Lower *l, IrVal v)
{
    AsmRm rm = x64_rm(l, v);
    const uint8_t *from;
    unsigned r;

    if (!x64_is_mem(rm)) {
        return rm.reg;
    }
    r = x64_scratch(l);
    from = l->hot->p;
    if (ir_is_t(v)) {
        LowerTemp *t = temp_of(l, v);

        /* It stays there; the slot remains good. */
        asm_load(l->hot, 8, r, rm);
        t->reg = r;
        l->holds[scratch_of(l, r)] = v;
    } else {
        asm_load(l->hot, 8, r, rm);
        set_copy(l, scratch_of(l, r), v);
    }
    x64_count(l, LOWER_USE_FIELD, from);
    return r;
}

AsmRm x64_host_mem(Lower *l, IrVal base)
{
    return asm_mem(x64_in_reg(l, base), l->n->disp);
}

AsmRm x64_b(Lower *l)
{
    if (l->n->flags & IR_MEM_B) {
        return x64_host_mem(l, l->n->b);
    }
    if (l->n->flags & IR_STATE_B) {
        return asm_state(l->n->disp);
    }
    return x64_rm(l, l->n->b);
}

static void drop(Lower *l, IrVal v)
{
    LowerTemp *t = temp_of(l, v);

    if (t->reg >= 0) {
        unsigned k = scratch_of(l, t->reg);

        l->holds[k] = IR_NONE;
        l->locked[k] = false;
    }
    if (t->slot >= 0) {
        l->slots_used &= ~(1 << t->slot);
    }
    t->reg = t->slot = -1;
}

/* The operands @last (IR_LAST_*) that this node is the last to use. */
static void drop_last(Lower *l, unsigned last)
{
    const IrNode *n = l->n;

    last &= n->facts.ahead;
    if (!(last & IR_LAST)) {
        return;
    }
    if (last & IR_LAST_B) {
        drop(l, n->b);
    }
    if (n->op == IR_TEMPLATE) {
        if (last & IR_LAST_REG) {
            drop(l, n->tmpl->reg_g);
        }
        if (last & IR_LAST_RM) {
            drop(l, n->tmpl->rm_g);
        }
        if (last & IR_LAST_VVVV) {
            drop(l, n->tmpl->vvvv_g);
        }
        return;
    }
    if (last & IR_LAST_DST) {
        drop(l, n->dst);
    }
    if (last & IR_LAST_A) {
        drop(l, n->a);
    }
}

void x64_release(Lower *l)
{
    drop_last(l, IR_LAST_A | IR_LAST_B | IR_LAST_VVVV);
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (!ir_is_t(l->holds[k])) {
            l->locked[k] = false;
        }
    }
}

static unsigned define_in(Lower *l, IrVal v, unsigned reg)
{
    LowerTemp *t = temp_of(l, v);

    if (t->reg >= 0 || t->slot >= 0) {
        l->failed = true; /* assigned twice */
        return reg;
    }
    t->reg = reg;
    l->holds[scratch_of(l, reg)] = v;
    lock(l, reg);
    return reg;
}

unsigned x64_define(Lower *l, IrVal v)
{
    unsigned r = x64_scratch(l);

    return l->failed ? r : define_in(l, v, r);
}

unsigned x64_define_at(Lower *l, IrVal v, unsigned reg)
{
    int k = scratch_index(l, reg);

    return k >= 0 && !ir_is_t(l->holds[k]) ? define_in(l, v, reg) : x64_define(l, v);
}

LowerDst x64_dst(Lower *l, IrVal v, unsigned w, bool load)
{
    LowerDst d = { .store = false };
    LowerTemp *t;
    int k;

    if (ir_is_t(v)) {
        t = temp_of(l, v);
        if (t->reg < 0 && t->slot < 0) {
            d.reg = x64_define(l, v);
            return d;
        }
        /* Changed in place: what the slot holds is old then. */
        d.reg = x64_in_reg(l, v);
        if (t->slot >= 0) {
            l->slots_used &= ~(1 << t->slot);
            t->slot = -1;
        }
        return d;
    }
    d.home = x64_home(l, v);
    if (!x64_is_mem(d.home)) {
        d.reg = d.home.reg;
        return d;
    }
    d.store = true;
    d.v = v;
    k = copy_of(l, v);
    d.whole = w >= 4 || load || k >= 0;
    if (k >= 0) {
        l->locked[k] = true;
        d.reg = l->scratch[k];
        return d;
    }
    d.reg = x64_scratch(l);
    if (load) {
        asm_load(l->hot, 8, d.reg, d.home);
    }
    return d;
}

void x64_dst_end(Lower *l, const LowerDst *d, unsigned w)
{
    const uint8_t *from = l->hot->p;
    unsigned k;

    if (!d->store) {
        return;
    }
    asm_store(l->hot, w < 4 ? w : 8, d->home, d->reg);
    x64_count(l, LOWER_USE_FIELD, from);
    k = scratch_of(l, d->reg);
    if (d->whole) {
        set_copy(l, k, d->v);
        l->fresh[k] = true;
    }
}

/* --- high bytes ----------------------------------------------------------------------
 */

static unsigned low_of(unsigned high)
{
    return high - A_AH;
}

void x64_op(Lower *l, AsmOp op, unsigned reg, AsmRm rm, unsigned imm_bytes, int64_t imm)
{
    unsigned full = A_NONE;

    if (!asm_can_encode(op, reg, rm)) {
        if (op & ASM_BYTE_REG && asm_is_high(reg)) {
            full = low_of(reg);
            reg = full;
        } else {
            full = low_of(rm.reg);
            rm.reg = full;
        }
        asm_rorx(l->hot, 8, full, full, 8);
    }
    asm_rm_imm(l->hot, op, reg, rm, imm_bytes, imm);
    if (full != A_NONE) {
        asm_rorx(l->hot, 8, full, full, 56);
    }
}

/* --- flags ---------------------------------------------------------------------------
 */

/* Emits what the tracker has asked for; @kind: of its recipe before, which may have
 * been dropped since. */
static void perform(Lower *l, FlagsAction action, FlagsRecipeKind kind)
{
    const uint8_t *from;
    unsigned s = A_RAX;
    FlagsRecipe r;

    if (G_LIKELY(action == FLAGS_OK)) {
        return;
    }
    r = l->flags.recipe;
    r.kind = kind;
    if (action != FLAGS_REDO || flags_recipe_needs_scratch(&r)) {
        s = x64_scratch(l);
        l->locked[scratch_of(l, s)] = false;
    }
    from = l->hot->p;
    if (action == FLAGS_REDO || action == FLAGS_REDO_SAVE) {
        flags_emit_recipe(l->hot, &r, s);
    }
    if (action == FLAGS_SAVE || action == FLAGS_REDO_SAVE) {
        if (l->small) {
            asm_call(l->hot, x64_shared.flags_save[s == A_R15]);
        } else {
            flags_emit_save(l->hot, X64_FRAME_FLAGS, s);
        }
    }
    if (action == FLAGS_LOAD) {
        if (l->small) {
            asm_call(l->hot, x64_shared.flags_load[s == A_R15]);
        } else {
            flags_emit_load(l->hot, X64_FRAME_FLAGS, s);
        }
    }
    x64_count(l, LOWER_USE_FLAGS, from);
}

void x64_flags_clobber(Lower *l)
{
    FlagsRecipeKind kind = l->flags.recipe.kind;

    perform(l,
            flags_track_clobber(&l->flags, l->n->facts.flags_wanted,
                                l->n->facts.ahead & IR_AHEAD_M),
            kind);
}

void x64_flags_need_h(Lower *l)
{
    FlagsRecipeKind kind = l->flags.recipe.kind;

    perform(l, flags_track_need_h(&l->flags), kind);
}

void x64_flags_need_m(Lower *l)
{
    FlagsRecipeKind kind = l->flags.recipe.kind;

    perform(l, flags_track_need_m(&l->flags), kind);
}

/* The part of a node that all have: flags before it. */
static void flags_before(Lower *l)
{
    const IrNode *n = l->n;
    uint32_t reads = n->facts.flags_read, changed = n->facts.flags_changed;
    FlagsRecipeKind kind;

    if (reads || (changed && n->facts.ahead & IR_KEEPS)) {
        x64_flags_need_h(l);
    }
    kind = l->flags.recipe.kind;
    if (kind == FLAGS_NONE || !(l->flags.recipe.regs & n->facts.regs_written)) {
        return;
    }
    /* If it overwrites what the recipe yields nobody wants that any more. */
    perform(l,
            flags_track_touch(&l->flags, n->facts.regs_written,
                              changed ? 0 : n->facts.flags_wanted),
            kind);
}

/* A node that makes code by the host instruction of its name. */
static void lower_plain(Lower *l, void (*emit)(Lower *l))
{
    uint32_t changed = l->n->facts.flags_changed;
    bool others = l->n->facts.ahead & IR_KEEPS;
    FlagsRecipe r = { .kind = FLAGS_NONE };

    flags_before(l);
    if (changed && !others && !x64_recipe(l, &r)) {
        r.kind = FLAGS_NONE;
    }
    emit(l);
    if (changed) {
        flags_track_written(&l->flags, others ? NULL : &r);
    }
}

/* --- the walk ------------------------------------------------------------------------
 */

static void begin_insn(Lower *l, unsigned insn)
{
    l->insn = insn;
    l->place[insn] = (LowerPlace){ .at = asm_here(l->hot), .h = l->flags.h };
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (ir_is_g(l->holds[k])) {
            l->place[insn].copy[k] = l->holds[k];
        }
    }
}

static void lower_node(Lower *l)
{
    switch (ir_op_info[l->n->op].klass) {
    case IR_CLASS_ADDR:
    case IR_CLASS_GUARD:
    case IR_CLASS_STATE:
        flags_before(l);
        x64_lower_mem(l);
        break;
    case IR_CLASS_REF:
    case IR_CLASS_EXIT:
        x64_lower_exit(l);
        break;
    case IR_CLASS_TEMPLATE:
        lower_plain(l, x64_lower_template);
        break;
    case IR_CLASS_STRING:
        lower_plain(l, x64_lower_string);
        break;
    case IR_CLASS_MISC:
        if (l->n->op == IR_POLL) {
            x64_lower_exit(l);
            break;
        }
        /* fall through */
    default:
        lower_plain(l, x64_lower_alu);
        break;
    }
}

static void end_node(Lower *l)
{
    uint32_t written = l->n->facts.regs_written;

    drop_last(l, IR_LAST);
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        IrVal v = l->holds[k];

        if (ir_is_g(v) && written & 1u << (v - IR_G0) && !l->fresh[k]) {
            l->holds[k] = IR_NONE;
        }
        l->locked[k] = l->fresh[k] = false;
    }
}

static void walk(Lower *l)
{
    IrBlock *ir = l->ir;
    const uint8_t *from;
    unsigned op;

    for (l->index = 0; l->index < ir->count; l->index++) {
        l->n = &ir->node[l->index];
        if (l->n->insn > l->insn) {
            begin_insn(l, l->n->insn);
        }
        from = l->hot->p;
        op = l->n->op;
        lower_node(l);
        count(op, l->hot->p - from);
        if (l->failed || l->hot->overflow || l->cold->overflow) {
            return;
        }
        end_node(l);
    }
}

static bool is_good(const Lower *l)
{
    return !l->failed && !l->hot->overflow && !l->cold->overflow;
}

/* Whether the block may jump to its own beginning: a POLL is there to let others in. */
static bool can_loop(const IrBlock *ir, const JitBlock *b)
{
    const IrNode *first = &ir->node[0];

    return ir->loops && first->op == IR_POLL && (uint64_t)first->imm == ir->pc &&
           ir->same_page && !b->self_check && !jit_is_unlinked();
}

/* What comes behind the last node is the first one, which destroys the host's flags. */
static void clobber_at_end(IrBlock *ir)
{
    for (unsigned i = ir->count; i-- > 0;) {
        IrFacts *f = &ir->node[i].facts;

        f->ahead |= IR_AHEAD_CLOBBER;
        if (ir->node[i].op == IR_REF || f->flags_written == IR_FLAGS_ALL) {
            break;
        }
    }
}

/* As it is before the first node, but for the flags. */
static void reset_walk(Lower *l)
{
    l->open_insn = 0;
    l->insn = -1;
    l->stubs = l->tails = 0;
    l->slots_used = 0;
    memset(l->place, 0, (l->ir->insns + 1) * sizeof(l->place[0]));
    for (unsigned k = 0; k < l->ir->temps; k++) {
        l->temp[k].reg = l->temp[k].slot = -1;
    }
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        l->holds[k] = IR_NONE;
        l->fresh[k] = l->locked[k] = false;
    }
}

/* The second time: LowerLoop. */
static void walk_loop(Lower *l)
{
    FlagsTrack at_jump = { .recipe = l->loop.recipe };

    l->loop.second = true;
    l->flags = at_jump;
    reset_walk(l);
    x64_exit_loop(l);
    walk(l);
    if (is_good(l)) {
        x64_exit_finish(l);
    }
}

/* Behind the last, 0: none. */
static unsigned last_template(const IrBlock *ir)
{
    unsigned i = ir->count;

    while (i > 0 && ir->node[i - 1].op != IR_TEMPLATE) {
        i--;
    }
    return i;
}

static bool emit(Lower *l)
{
    l->loop.possible = can_loop(l->ir, l->block);
    if (l->loop.possible) {
        clobber_at_end(l->ir);
    }
    if (l->ir->vec) {
        l->last_template = l->loop.possible ? UINT_MAX /* they come again */
                                            : last_template(l->ir);
    }
    x64_exit_begin(l);
    walk(l);
    if (is_good(l)) {
        x64_exit_finish(l);
    }
    if (is_good(l) && l->loop.site) {
        walk_loop(l);
    }
    return is_good(l);
}

/* The one that is at work; its arrays are as large as the largest block asks for. */
static Lower lower; /* translation lock */

static void reserve(Lower *l, unsigned nodes)
{
    if (nodes > l->reserved) {
        l->reserved = nodes * 2;
        l->stub = g_renew(LowerStub, l->stub, l->reserved);
    }
}

/* For a new block. Arrays are initialized as far as the block uses them. */
static void reset(Lower *l)
{
    l->failed = false;
    l->last_template = 0;
    l->loop = (LowerLoop){ .possible = false };
    l->flags = flags_track_entry();
    reset_walk(l);
}

bool jit_host_emit(const JitTarget *target, IrBlock *ir, JitBlock *b, JitBuf *hot,
                   JitBuf *cold)
{
    Lower *l = &lower;
    const uint8_t *hot_start = hot->p, *cold_start = cold->p;
    bool ok;

    if (ir->overflow || !ir->count || ir->insns > LOWER_INSNS_MAX ||
        ir->node[ir->count - 1].insn > ir->insns) {
        return false;
    }
    reserve(l, ir->count + 1); /* two stubs at a POLL */
    l->target = target;
    l->ir = ir;
    l->block = b;
    l->hot = hot;
    l->cold = cold;
    l->small = !b->hot;
    l->scratch[0] = A_R14;
    l->scratch[1] = A_R15;
    reset(l);
    ok = emit(l);
    b->vec = ir->vec;
    b->salt = ir->salt;
    b->code_bytes = hot->p - hot_start;
    b->cold_bytes = cold->p - cold_start;
    return ok;
}
