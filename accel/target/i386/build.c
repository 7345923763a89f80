/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of decoded instructions become blocks of IR: the walk over the instructions,
 * and what all build functions share (operands, segments, stack, exits).
 *
 * Segments. In 64-bit code only FS and GS have a base. Outside of it a segment whose
 * flat bit is in the mode word needs nothing; for any other one "ea + size" is compared
 * with the bounds in the state, which x86_update_seg() keeps at 0 when nothing may pass
 * without a closer look, and the base is added. Linear addresses are cut to 32 bits.
 */
#include "accel/target/i386/build.h"
#include "accel/target/i386/flags-ahead.h"
#include "accel/target/i386/host-features.h"
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/system.h"
#include "accel/tcg/jit.h"

#include <glib.h>

enum {
    PAGE_SIZE = SOFT_TLB_PAGE,
    EXITS_MAX = 4,
};

/* --- nodes --------------------------------------------------------------------------
 */

IrNode *x86_emit(X86Build *b, IrOp op, unsigned w, IrVal dst, IrVal src)
{
    IrNode *n = ir_emit(b->ir, op, w);

    n->dst = dst;
    n->b = src;
    return n;
}

IrNode *x86_emit_imm(X86Build *b, IrOp op, unsigned w, IrVal dst, int64_t imm)
{
    IrNode *n = x86_emit(b, op, w, dst, IR_NONE);

    n->flags |= IR_IMM;
    n->imm = imm;
    return n;
}

IrVal x86_emit_const(X86Build *b, uint64_t v)
{
    IrVal t = ir_temp(b->ir);

    x86_emit_imm(b, IR_MOV, 8, t, (int64_t)v);
    return t;
}

IrVal x86_emit_add(X86Build *b, unsigned w, IrVal a, IrVal index, unsigned scale,
                   int32_t disp)
{
    IrVal t = ir_temp(b->ir);
    IrNode *n = x86_emit(b, IR_EA, w, t, index);

    n->a = a;
    n->cc = scale;
    n->disp = disp;
    return t;
}

IrVal x86_emit_load_state(X86Build *b, unsigned w, size_t offset)
{
    IrVal t = ir_temp(b->ir);

    x86_emit(b, IR_LDST, w, t, IR_NONE)->disp = offset;
    return t;
}

void x86_emit_store_state(X86Build *b, unsigned w, size_t offset, IrVal v)
{
    x86_emit(b, IR_STST, w, IR_NONE, v)->disp = offset;
}

void x86_emit_store_state_imm(X86Build *b, unsigned w, size_t offset, int64_t imm)
{
    x86_emit_imm(b, IR_STST, w, IR_NONE, imm)->disp = offset;
}

static IrNode *emit_guard(X86Build *b, unsigned w, IrVal a, unsigned cc)
{
    IrNode *n = ir_emit(b->ir, IR_GUARD, w);

    n->a = a;
    n->cc = cc;
    return n;
}

void x86_emit_guard(X86Build *b, unsigned w, IrVal a, unsigned cc, IrVal v)
{
    emit_guard(b, w, a, cc)->b = v;
}

void x86_emit_guard_imm(X86Build *b, unsigned w, IrVal a, unsigned cc, int32_t imm)
{
    IrNode *n = emit_guard(b, w, a, cc);

    n->flags |= IR_IMM;
    n->imm = imm;
}

void x86_emit_guard_state(X86Build *b, unsigned w, IrVal a, unsigned cc, size_t offset)
{
    IrNode *n = emit_guard(b, w, a, cc);

    n->flags |= IR_STATE_B;
    n->disp = offset;
}

/* --- operands -----------------------------------------------------------------------
 */

static IrVal reg_or_none(unsigned n)
{
    return n == X86_REG_ZERO ? IR_NONE : IR_G(n);
}

IrVal x86_build_ea(X86Build *b, const X86Insn *i)
{
    unsigned w = (64 - i->adshift) / 8;
    IrVal base = reg_or_none(i->base), index = reg_or_none(i->index);

    if (base == IR_NONE && index == IR_NONE) {
        return x86_emit_const(b, i->disp << i->adshift >> i->adshift);
    }
    if (w == 8 && index == IR_NONE && !i->disp) {
        return base;
    }
    return x86_emit_add(b, w, base, index, i->scale, (int32_t)i->disp);
}

/* Every access has to be looked at by the reference function. */
static bool needs_care(const X86Build *b)
{
    return b->mode & (X86_MODE_AC | X86_MODE_WATCH);
}

static uint32_t flat_bit(unsigned seg)
{
    return seg == X86_DS   ? X86_MODE_DS_FLAT
           : seg == X86_ES ? X86_MODE_ES_FLAT
           : seg == X86_SS ? X86_MODE_SS_FLAT
                           : 0;
}

/* The linear address of seg:ea; bounds are checked. */
static IrVal linear(X86Build *b, unsigned seg, IrVal ea, unsigned size, unsigned access)
{
    size_t fast = offsetof(X86State, seg_fast) + seg * sizeof(X86SegFast);
    IrVal base;

    if (x86_build_is64(b)) {
        if (seg != X86_FS && seg != X86_GS) {
            return ea;
        }
        base = x86_emit_load_state(b, 8, fast + offsetof(X86SegFast, base));
        return x86_emit_add(b, 8, base, ea, 0, 0);
    }
    if (b->mode & flat_bit(seg)) {
        return ea;
    }
    x86_emit_guard_state(b, 8, x86_emit_add(b, 8, ea, IR_NONE, 0, size), IR_A,
                         fast + (access == IR_WRITE ? offsetof(X86SegFast, write_end)
                                                    : offsetof(X86SegFast, read_end)));
    base = x86_emit_load_state(b, 4, fast + offsetof(X86SegFast, base));
    return x86_emit_add(b, 4, base, ea, 0, 0);
}

/* Takes back the node that has just computed @v if it is a register plus a constant,
 * which a CHECK of width @w can add by itself. FOLD would find out, too, later. */
static bool take_back_sum(IrBlock *ir, unsigned w, IrVal v, IrNode *sum)
{
    if (!ir->count) {
        return false;
    }
    *sum = ir->node[ir->count - 1];
    if (sum->op != IR_EA || sum->dst != v || !ir_is_t(v) || sum->a == IR_NONE ||
        sum->b != IR_NONE || sum->w != w || v != IR_T(ir->temps - 1)) {
        return false;
    }
    ir->count--;
    ir->temps--;
    return true;
}

/* @own: nobody else will use @ea. */
static bool build_check(X86Build *b, unsigned seg, IrVal ea, bool own, unsigned size,
                        unsigned align, unsigned access, IrVal *host)
{
    unsigned w = x86_build_is64(b) ? 8 : 4;
    IrNode *n, sum = { .a = IR_NONE };

    if (needs_care(b)) {
        return false;
    }
    ea = linear(b, seg, ea, size, access);
    if (!own || !take_back_sum(b->ir, w, ea, &sum)) {
        sum = (IrNode){ .a = ea };
    }
    *host = ir_temp(b->ir);
    n = ir_emit(b->ir, IR_CHECK, w);
    n->dst = *host;
    n->a = sum.a;
    n->disp = sum.disp;
    n->cc = access;
    n->size = size;
    n->align = align;
    return true;
}

bool x86_build_access(X86Build *b, unsigned seg, IrVal ea, unsigned size,
                      unsigned align, unsigned access, IrVal *host)
{
    return build_check(b, seg, ea, false, size, align, access, host);
}

bool x86_build_mem(X86Build *b, const X86Insn *i, unsigned size, unsigned access,
                   IrVal *host)
{
    unsigned align = i->align;

    /* An atomic operation must not be split; the reference function sees to it. */
    if (i->flags & X86_I_LOCK && !b->ir->single) {
        align |= size - 1;
    }
    return build_check(b, i->seg, x86_build_ea(b, i), true, size, align, access, host);
}

bool x86_build_rm(X86Build *b, const X86Insn *i, unsigned size, unsigned access,
                  X86Operand *o)
{
    o->mem = i->flags & X86_I_MEM;
    if (o->mem) {
        return x86_build_mem(b, i, size, access, &o->v);
    }
    o->v = x86_rm_reg_val(i, size);
    return true;
}

void x86_set_dst(IrNode *n, X86Operand o)
{
    if (n->op == IR_CMP || n->op == IR_TEST || n->op == IR_BT) {
        n->a = o.v;
    } else {
        n->dst = o.v;
    }
    n->flags |= o.mem ? IR_MEM_DST : 0;
}

void x86_set_src(IrNode *n, X86Operand o)
{
    n->b = o.v;
    n->flags |= o.mem ? IR_MEM_B : 0;
}

IrVal x86_operand_value(X86Build *b, X86Operand o, unsigned w)
{
    IrVal t = ir_temp(b->ir);
    IrNode *n = x86_emit(b, w < 4 ? IR_MOVZX : IR_MOV, w < 4 ? 4 : w, t, IR_NONE);

    n->size = w < 4 ? w : 0;
    x86_set_src(n, o);
    return t;
}

/* --- stack --------------------------------------------------------------------------
 */

bool x86_build_stack(X86Build *b, int offset, unsigned size, unsigned access,
                     IrVal *host)
{
    unsigned w = x86_stack_width(b);
    IrVal sp = IR_G(X86_RSP);

    if (offset || w != 8) {
        sp = x86_emit_add(b, w, sp, IR_NONE, 0, offset);
    }
    return build_check(b, X86_SS, sp, true, size, 0, access, host);
}

void x86_build_sp_add(X86Build *b, int n)
{
    IrNode *ea = x86_emit(b, IR_EA, x86_stack_width(b), IR_G(X86_RSP), IR_NONE);

    ea->a = IR_G(X86_RSP);
    ea->disp = n;
}

/* --- ends ---------------------------------------------------------------------------
 */

bool x86_build_check_target(X86Build *b, uint64_t target)
{
    if (x86_build_is64(b)) {
        return x86_is_canonical(b->cpu, target);
    }
    if (!(b->mode & X86_MODE_CS_4G)) {
        return x86_build_check_target_val(b, x86_emit_const(b, target));
    }
    return true;
}

bool x86_build_check_target_val(X86Build *b, IrVal target)
{
    /* A target that is not canonical faults when it is fetched from, as on AMD. */
    if (!x86_build_is64(b) && !(b->mode & X86_MODE_CS_4G)) {
        x86_emit_guard_state(b, 4, target, IR_A,
                             offsetof(X86State, seg) + X86_CS * sizeof(X86Segment) +
                                 offsetof(X86Segment, limit));
    }
    return true;
}

/* Whether the next instruction of the block is the one at @pc: in a trace. */
static bool goes_on_at(const X86Build *b, uint64_t pc)
{
    return b->index + 1 < b->count && x86_insn_rip(&b->insn[b->index + 1]) == pc;
}

void x86_emit_jmp(X86Build *b, uint64_t target)
{
    if (goes_on_at(b, target)) {
        return;
    }
    ir_emit(b->ir, IR_JMP, 8)->imm = (int64_t)target;
}

void x86_emit_jmp_val(X86Build *b, IrVal target)
{
    ir_emit(b->ir, IR_JMPI, 8)->a = target;
}

void x86_emit_branch(X86Build *b, unsigned cc, uint64_t target, uint64_t next)
{
    bool turned = target != next && goes_on_at(b, target);
    IrNode *n = ir_emit(b->ir, IR_JCC, 8);

    n->cc = turned ? cc ^ 1 : cc;
    n->imm = (int64_t)(turned ? next : target);
    if (!turned) {
        x86_emit_jmp(b, next);
    }
}

/* --- what lies at a target ----------------------------------------------------------
 */

/* For the callbacks of the block that was built last. */
typedef struct BlockContext {
    X86FlagsAhead ahead;
    unsigned dead_count;
    uint64_t dead_at[EXITS_MAX]; /* exits where all flags are overwritten */
} BlockContext;

static __thread BlockContext context;

static bool same_page(void *opaque, uint64_t pc)
{
    const X86FlagsAhead *a = &((const BlockContext *)opaque)->ahead;

    return (x86_code_linear(a->cpu, pc) ^ x86_code_linear(a->cpu, a->pc)) < PAGE_SIZE;
}

static bool flags_dead_at(void *opaque, uint64_t pc)
{
    const BlockContext *c = opaque;

    for (unsigned k = 0; k < c->dead_count; k++) {
        if (c->dead_at[k] == pc) {
            return true;
        }
    }
    return false;
}

/* Looks at exits from node @k on, once, while the block is built: then it is known what
 * it depends on. Returns whether it may be part of a loop that has no other POLL: a
 * jump backward or to anywhere. */
static bool look_at_exits(BlockContext *c, const IrBlock *ir, unsigned k)
{
    bool loops = false;

    for (; k < ir->count; k++) {
        const IrNode *n = &ir->node[k];
        uint64_t pc = (uint64_t)n->imm;

        if (n->op == IR_JMPI) {
            loops = true;
        } else if (n->op == IR_JMP || n->op == IR_JCC || n->op == IR_JNZ) {
            loops |= pc <= ir->pc;
            if (c->dead_count < EXITS_MAX && x86_flags_dead_at(&c->ahead, pc)) {
                c->dead_at[c->dead_count++] = pc;
            }
        }
    }
    return loops;
}

/* --- blocks -------------------------------------------------------------------------
 */

/* The checks of the decoder have replaced the row's reference function by a fault. */
static bool is_fault(const X86Insn *i)
{
    return i->ref == x86_ref_ud || i->ref == x86_ref_nm || i->ref == x86_ref_gp0;
}

static bool ends_block(const X86Insn *i)
{
    return !i->row || i->row->rules & X86_ENDS || is_fault(i);
}

bool x86_build_one(X86Build *b, const X86Insn *i)
{
    unsigned count = b->ir->count, temps = b->ir->temps, arena = b->ir->arena_used;
    uint8_t vec = b->ir->vec;

    if (i->row && i->row->build && !is_fault(i) &&
        (!i->row->feature || x86_host_executes(i->row->feature)) &&
        i->row->build(b, i)) {
        return true;
    }
    b->ir->count = count;
    b->ir->temps = temps;
    b->ir->arena_used = arena;
    b->ir->vec = vec;
    return false;
}

static bool ends_in_exit(const IrBlock *ir)
{
    unsigned op = ir->count ? ir->node[ir->count - 1].op : IR_OP_COUNT;

    return op == IR_JMP || op == IR_JMPI || op == IR_REF_END;
}

bool x86_build_covers(X86State *cpu, const X86Insn *i)
{
    IrBlock *ir = ir_block_new();
    X86Build b = { .ir = ir, .cpu = cpu, .mode = cpu->mode, .insn = i, .count = 1 };
    bool covered = x86_build_one(&b, i);

    ir_block_free(ir);
    return covered;
}

bool x86_build_block(X86State *cpu, const X86Insn *insn, unsigned count,
                     uint64_t end_rip, IrBlock *ir)
{
    X86Build b = { .ir = ir,
                   .cpu = cpu,
                   .mode = cpu->mode,
                   .insn = insn,
                   .count = count,
                   .end_rip = end_rip };
    unsigned exits = UINT_MAX; /* the first node that may be one */

    ir->insns = count;
    ir->pc = x86_insn_rip(insn);
    ir->view = cpu->view;
    ir->salt = cpu->cpl == 3;
    ir->single = tcg_reader_count() <= 1;
    context = (BlockContext){
        .ahead = {.cpu = cpu, .pc = ir->pc}
    };
    /* Rows and the target of a jump are seldom in the cache. */
    for (unsigned k = 0; k < count; k++) {
        __builtin_prefetch(insn[k].row);
    }
    x86_flags_prefetch(&context.ahead, insn[count - 1].imm);
    for (b.index = 0; b.index < count; b.index++) {
        const X86Insn *i = &insn[b.index];
        bool ends = ends_block(i);

        ir->cur_insn = b.index;
        exits = ends ? MIN(exits, ir->count) : exits;
        if (!x86_build_one(&b, i)) {
            ir_emit(ir, ends ? IR_REF_END : IR_REF, 8);
        }
        if (ends && ends_in_exit(ir)) {
            break; /* a trace may have to end early */
        }
    }
    if (ir->overflow) {
        return false;
    }
    if (!ends_in_exit(ir)) {
        /* A node behind the last instruction: its slow stubs go on here. */
        ir->cur_insn = count;
        exits = MIN(exits, ir->count);
        x86_emit_jmp(&b, end_rip);
    }
    context.ahead.far = ir->vec;
    ir->opaque = &context;
    ir->flags_dead_at = flags_dead_at;
    ir->same_page = same_page;
    if (look_at_exits(&context, ir, exits) || jit_options()->counted) {
        ir_emit_first(ir, IR_POLL, 8)->imm = (int64_t)ir->pc;
    }
    ir->peeked_lines = context.ahead.lines;
    return !ir->overflow;
}
