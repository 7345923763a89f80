/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of IR to host code: the walk over the nodes, registers, and where flags are.
 */
#include "accel/tcg/x64/lower.h"
#include "accel/tcg/x64/vec-state.h"

#include <glib.h>

#include <limits.h>
#include <string.h>

/* --- what code is for: "info jit" ------------------------------------------------
 */

LowerUse x64_uses[LOWER_USES];

const JitCodeUse *jit_host_code_uses(unsigned *count)
{
    static const char *const name[] = {
        "flags",     "fields",    "head",      "tails",     "cold head",
        "cold exit", "cold tail", "cold refs", "cold poll",
    };
    static JitCodeUse uses[LOWER_USES];

    for (unsigned k = 0; k < LOWER_USES; k++) {
        uses[k] = (JitCodeUse){
            .name = k < IR_OP_COUNT ? ir_op_info[k].name : name[k - IR_OP_COUNT],
            .count = x64_uses[k].count * LOWER_COUNTED,
            .bytes = x64_uses[k].bytes * LOWER_COUNTED,
        };
    }
    *count = LOWER_USES;
    return uses;
}

/* --- scratch registers and temporaries -------------------------------------------- */

static AsmRm slot_rm(unsigned slot)
{
    return asm_mem(A_RSP, X64_FRAME_SLOTS + 8 * (int32_t)slot);
}

static LowerTemp *temp_of(Lower *l, IrVal v)
{
    return &l->temp[v - IR_T0];
}

_Static_assert(LOWER_SCRATCH == 2 && A_R15 == A_R14 + 1, "scratch registers");

static inline bool is_scratch(unsigned reg)
{
    return reg - A_R14 < LOWER_SCRATCH;
}

/* Of a register that is one of them. */
static inline unsigned scratch_of(unsigned reg)
{
    return reg - A_R14;
}

static inline void lock(Lower *l, unsigned k)
{
    l->locked |= 1u << k;
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
        asm_store(l->hot, 8, slot_rm(t->slot), A_R14 + k);
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
    return TEMP + (1 << 23) - l->ir->last_use[v];
}

static unsigned __attribute__((noinline)) free_scratch(Lower *l)
{
    int best = -1;

    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (!(l->locked & 1u << k) && (best < 0 || cost(l, k) < cost(l, best))) {
            best = k;
        }
    }
    if (best < 0 || (ir_is_t(l->holds[best]) && !spill(l, best))) {
        l->failed = true;
        return A_R14;
    }
    l->holds[best] = IR_NONE;
    lock(l, best);
    return A_R14 + best;
}

unsigned x64_scratch(Lower *l)
{
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (l->holds[k] == IR_NONE && !(l->locked & 1u << k)) {
            lock(l, k);
            return A_R14 + k;
        }
    }
    return free_scratch(l);
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
    l->used[k] = l->n->insn;
}

void x64_drop_copies(Lower *l)
{
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (ir_is_g(l->holds[k])) {
            l->holds[k] = IR_NONE;
        }
    }
}

/* Where registers of the guest live. */
static __attribute__((noinline, cold)) void set_homes(Lower *l, const JitTarget *target)
{
    l->target = target;
    l->framed = 0;
    for (unsigned v = 0; v < IR_T0; v++) {
        l->home[v] = asm_mem(A_NONE, 0);
        if (ir_is_gh(v)) {
            l->home[v] = asm_reg(A_AH + (v - IR_GH0));
        } else if (ir_is_g(v)) {
            unsigned g = v - IR_G0;

            if (target->host_reg[g] >= 0) {
                l->home[v] = asm_reg(target->host_reg[g]);
            } else {
                l->home[v] = asm_mem(A_RSP, x64_shared.frame_off[g]);
                l->framed |= 1u << g;
            }
        }
    }
}

AsmRm x64_rm_elsewhere(Lower *l, IrVal v)
{
    LowerTemp *t;
    int k;

    if (ir_is_g(v)) {
        k = copy_of(l, v);
        if (k < 0) {
            return l->home[v];
        }
        lock(l, k);
        l->used[k] = l->n->insn;
        return asm_reg(A_R14 + k);
    }
    if (!ir_is_t(v)) {
        l->failed = true;
        return asm_reg(A_RAX);
    }
    t = temp_of(l, v);
    if (t->reg >= 0) {
        lock(l, scratch_of(t->reg));
        return asm_reg(t->reg);
    }
    if (t->slot >= 0) {
        return slot_rm(t->slot);
    }
    l->failed = true;
    return asm_reg(A_RAX);
}

unsigned x64_load(Lower *l, IrVal v, AsmRm rm)
{
    unsigned r = x64_scratch(l);
    const uint8_t *from = l->hot->p;

    asm_load(l->hot, 8, r, rm);
    if (ir_is_t(v)) {
        /* It stays there; the slot remains good. */
        temp_of(l, v)->reg = r;
        l->holds[scratch_of(r)] = v;
    } else {
        set_copy(l, scratch_of(r), v);
    }
    x64_count(l, LOWER_USE_FIELD, from);
    return r;
}

static inline void drop(Lower *l, IrVal v)
{
    LowerTemp *t = temp_of(l, v);

    if (t->reg >= 0) {
        unsigned k = scratch_of(t->reg);

        l->holds[k] = IR_NONE;
        l->locked &= ~(1u << k);
    }
    if (t->slot >= 0) {
        l->slots_used &= ~(1 << t->slot);
    }
    t->reg = t->slot = -1;
}

/* Operands @last (IR_LAST_*): this node is the last to use them. */
static void drop_last(Lower *l, unsigned last)
{
    const IrNode *n = l->n;

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
    unsigned last = l->n->facts.ahead & (IR_LAST_A | IR_LAST_B | IR_LAST_VVVV);

    if (last) {
        drop_last(l, last);
    }
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        if (!ir_is_t(l->holds[k])) {
            l->locked &= ~(1u << k);
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
    l->holds[scratch_of(reg)] = v;
    lock(l, scratch_of(reg));
    return reg;
}

unsigned x64_define(Lower *l, IrVal v)
{
    unsigned r = x64_scratch(l);

    return l->failed ? r : define_in(l, v, r);
}

unsigned x64_define_at(Lower *l, IrVal v, unsigned reg)
{
    return is_scratch(reg) && !ir_is_t(l->holds[scratch_of(reg)]) ? define_in(l, v, reg)
                                                                  : x64_define(l, v);
}

LowerDst x64_dst_elsewhere(Lower *l, IrVal v, unsigned w, bool load)
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
    d.store = true;
    d.v = v;
    k = copy_of(l, v);
    d.whole = w >= 4 || load || k >= 0;
    if (k >= 0) {
        lock(l, k);
        d.reg = A_R14 + k;
        return d;
    }
    d.reg = x64_scratch(l);
    if (load) {
        asm_load(l->hot, 8, d.reg, d.home);
    }
    return d;
}

void x64_dst_store(Lower *l, const LowerDst *d, unsigned w)
{
    const uint8_t *from = l->hot->p;
    unsigned k;

    asm_store(l->hot, w < 4 ? w : 8, d->home, d->reg);
    x64_count(l, LOWER_USE_FIELD, from);
    k = scratch_of(d->reg);
    if (d->whole) {
        set_copy(l, k, d->v);
        l->fresh |= 1u << k;
    }
}

/* --- high bytes ----------------------------------------------------------------------
 */

static unsigned low_of(unsigned high)
{
    return high - A_AH;
}

void x64_byte_op(Lower *l, AsmOp op, unsigned reg, AsmRm rm)
{
    unsigned full;

    if (asm_can_encode(op, reg, rm)) {
        asm_rm(l->hot, op, reg, rm);
        return;
    }
    if (op & ASM_BYTE_REG && asm_is_high(reg)) {
        full = low_of(reg);
        reg = full;
    } else {
        full = low_of(rm.reg);
        rm.reg = full;
    }
    asm_rorx(l->hot, 8, full, full, 8);
    asm_rm(l->hot, op, reg, rm);
    asm_rorx(l->hot, 8, full, full, 56);
}

/* --- flags ---------------------------------------------------------------------------
 */

/* Emits what the tracker has asked for; @kind: of its recipe before, which may have
 * been dropped since. */
enum { CALL_BYTES = 5 };

static __attribute__((noinline)) void act(Lower *l, FlagsAction action,
                                          FlagsRecipeKind kind)
{
    const uint8_t *from;
    unsigned s = A_RAX;
    FlagsRecipe r = l->flags.recipe;

    r.kind = kind;
    if (action != FLAGS_REDO || flags_recipe_needs_scratch(&r)) {
        s = x64_scratch(l);
        l->locked &= ~(1u << scratch_of(s));
    }
    x64_close_head(l, l->small && action == FLAGS_LOAD ? CALL_BYTES : 0);
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

static inline void perform(Lower *l, FlagsAction action, FlagsRecipeKind kind)
{
    const uint8_t *from;

    if (action == FLAGS_OK) {
        return;
    }
    if (action == FLAGS_SAVE && l->small && l->holds[1] == IR_NONE &&
        !(l->locked & 2)) {
        x64_close_head(l, 0);
        from = l->hot->p;
        asm_call(l->hot, x64_shared.flags_save[1]);
        x64_count(l, LOWER_USE_FLAGS, from);
        return;
    }
    act(l, action, kind);
}

void x64_flags_leave_h(Lower *l)
{
    FlagsRecipeKind kind = l->flags.recipe.kind;

    perform(l,
            flags_track_clobber(&l->flags, l->n->facts.flags_wanted,
                                l->n->facts.ahead & IR_AHEAD_M),
            kind);
}

void x64_flags_get_h(Lower *l)
{
    FlagsRecipeKind kind = l->flags.recipe.kind;

    perform(l, flags_track_need_h(&l->flags), kind);
}

void x64_flags_get_m(Lower *l)
{
    FlagsRecipeKind kind = l->flags.recipe.kind;

    perform(l, flags_track_need_m(&l->flags), kind);
}

/* Guest registers that the node writes are operands of the recipe, maybe. */
static void touch(Lower *l)
{
    const IrFacts *f = &l->n->facts;
    FlagsRecipeKind kind = l->flags.recipe.kind;

    /* If it overwrites what the recipe yields nobody wants that any more. */
    perform(l,
            flags_track_touch(&l->flags, f->regs_written,
                              f->flags_changed ? 0 : f->flags_wanted),
            kind);
}

/* A node that makes code by the host instruction of its name, and writes flags. */
static inline void lower_writer(Lower *l, LowerFn *emit)
{
    unsigned ahead = l->n->facts.ahead;

    /* The recipe is asked for first, as it may store an operand. */
    if (ahead & IR_KEEPS || !(ahead & IR_AHEAD_CLOBBER) ||
        !x64_recipe(l, &l->flags.recipe)) {
        l->flags.recipe.kind = FLAGS_NONE;
    }
    emit(l);
    l->flags.h = true;
    l->flags.m = false;
}

/* --- the walk ------------------------------------------------------------------------
 */

static inline void begin_insn(Lower *l, int insn)
{
    l->insn = insn;
    if (insn >= l->settle_at) {
        x64_settle(l);
    }
}

_Static_assert(IR_CLASS_EXIT > IR_CLASS_REF && IR_CLASS_REF > IR_CLASS_TEMPLATE,
               "the last ones");

static inline void lower_node(Lower *l, const IrNode *n)
{
    const IrFacts *f = &n->facts;
    LowerFn *emit = x64_lower_fn[n->op];

    if (f->klass >= IR_CLASS_REF) {
        emit(l);
        return;
    }
    if (f->flags_read || (f->flags_changed && f->ahead & IR_KEEPS)) {
        x64_flags_need_h(l);
    }
    if (l->flags.recipe.regs & f->regs_written && l->flags.recipe.kind != FLAGS_NONE) {
        touch(l);
    }
    if (f->flags_changed) {
        lower_writer(l, emit);
    } else {
        emit(l);
    }
}

/* Copies of what the node has written. */
static void drop_old_copies(Lower *l)
{
    uint32_t written = l->n->facts.regs_written;

    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        IrVal v = l->holds[k];

        if (ir_is_g(v) && written & 1u << (v - IR_G0) && !(l->fresh & 1u << k)) {
            l->holds[k] = IR_NONE;
        }
    }
}

static inline void end_node(Lower *l, const IrNode *n)
{
    unsigned last = n->facts.ahead & IR_LAST;

    if (last == IR_LAST_A && n->op != IR_TEMPLATE) {
        drop(l, n->a);
    } else if (last) {
        drop_last(l, last);
    }
    if (n->facts.regs_written & l->framed) {
        drop_old_copies(l);
    }
    l->locked = l->fresh = 0;
}

static inline __attribute__((always_inline)) void walk_counting(Lower *l, bool counting)
{
    const IrNode *n = l->ir->node, *end = n + l->ir->count;

    for (l->end = end; n < end; n++) {
        const uint8_t *from = counting ? l->hot->p : NULL;
        unsigned op = n->op;

        l->n = n;
        if (n->insn > l->insn) {
            if (l->failed) {
                return;
            }
            begin_insn(l, n->insn);
        }
        lower_node(l, n);
        if (counting) {
            x64_uses[op].count++;
            x64_uses[op].bytes += l->hot->p - from;
        }
        n = l->n; /* it may have taken some more */
        end_node(l, n);
    }
}

static __attribute__((noinline, cold)) void walk_and_count(Lower *l)
{
    walk_counting(l, true);
}

static void walk(Lower *l)
{
    if (l->counting) {
        walk_and_count(l);
    } else {
        walk_counting(l, false);
    }
}

static bool is_good(const Lower *l)
{
    return !l->failed && !l->hot->overflow && !l->cold->overflow;
}

/* Whether the block may jump to its own beginning: a POLL is there to let others in. */
static __attribute__((noinline, cold)) bool can_loop(const IrBlock *ir,
                                                     const JitBlock *b)
{
    const IrNode *first = &ir->node[0];

    return first->op == IR_POLL && (uint64_t)first->imm == ir->pc && ir->same_page &&
           !b->self_check && !jit_is_unlinked();
}

/* What comes behind the last node is the first one, which destroys the host's flags. */
static __attribute__((noinline, cold)) void clobber_at_end(IrBlock *ir)
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
    l->settle_at = INT_MAX;
    l->stubs = l->tails = l->places = 0;
    l->slots_used = 0;
    for (unsigned k = 0; k < l->ir->temps; k += 4) {
        memset(&l->temp[k], -1, 4 * sizeof(l->temp[0]));
    }
    for (unsigned k = 0; k < LOWER_SCRATCH; k++) {
        l->holds[k] = IR_NONE;
    }
    l->locked = l->fresh = 0;
}

/* The second time: LowerLoop. */
static __attribute__((noinline, cold)) void walk_loop(Lower *l)
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

/* Behind the last. */
static __attribute__((noinline, cold)) const IrNode *last_template(const IrBlock *ir)
{
    const IrNode *n = ir->node + ir->count;

    while (n > ir->node && n[-1].op != IR_TEMPLATE) {
        n--;
    }
    return n;
}

static bool emit(Lower *l)
{
    IrBlock *ir = l->ir;

    l->loop.possible = ir->loops && can_loop(ir, l->block);
    if (l->loop.possible) {
        l->loop.second = false;
        l->loop.site = NULL;
        clobber_at_end(ir);
    }
    l->last_template = NULL;
    if (ir->vec) {
        l->last_template = l->loop.possible ? ir->node + ir->count + 1 /* once more */
                                            : last_template(ir);
    }
    x64_exit_begin(l);
    walk(l);
    if (!is_good(l)) {
        return false;
    }
    x64_exit_finish(l);
    if (l->loop.possible && l->loop.site && is_good(l)) {
        walk_loop(l);
    }
    return is_good(l);
}

/* The one that is at work; its arrays are as large as the largest block asks for. */
static Lower lower __attribute__((aligned(64))); /* translation lock */

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
    l->calls = l->slows = l->open = 0;
    l->cold_leave = NULL;
    l->flags.h = false;
    l->flags.m = true;
    l->flags.recipe.kind = FLAGS_NONE;
    reset_walk(l);
}

bool jit_host_emit(const JitTarget *target, IrBlock *ir, JitBlock *b, JitBuf *hot,
                   JitBuf *cold)
{
    Lower *l = &lower;
    const uint8_t *hot_start = hot->p, *cold_start = cold->p;
    JitSlow *slow;
    bool ok;

    if (ir->overflow || !ir->count || ir->insns > LOWER_INSNS_MAX ||
        ir->node[ir->count - 1].insn > ir->insns) {
        return false;
    }
    reserve(l, ir->count + 1); /* two stubs at a POLL */
    if (l->target != target) {
        set_homes(l, target);
    }
    l->ir = ir;
    l->block = b;
    l->hot = hot;
    l->cold = cold;
    l->small = !b->hot;
    l->options = jit_options();
    l->by_calls = l->small && !l->options->all_slow;
    l->counting = l->blocks++ % LOWER_COUNTED == 0;
    reset(l);
    ok = emit(l);
    /* The exits are all there now. */
    slow = (JitSlow *)&b->exit[b->exits];
    for (unsigned k = 0; k < l->slows; k++) {
        slow[k] = l->slow[k];
    }
    b->slow = slow;
    b->slows = l->slows;
    b->vec = ir->vec;
    b->salt = ir->salt;
    b->code_bytes = hot->p - hot_start;
    b->cold_bytes = cold->p - cold_start;
    return ok;
}
