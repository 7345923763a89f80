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

enum { PAGE_SIZE = SOFT_TLB_PAGE };

/* --- nodes --------------------------------------------------------------------------
 */

IrNode *x86_emit(X86Build *b, IrOp op, unsigned w, IrVal dst, IrVal src)
{
    IrNode *n = ir_emit_inline(b->ir, op, w);

    n->dst = dst;
    n->b = src;
    return n;
}

IrNode *x86_emit_imm(X86Build *b, IrOp op, unsigned w, IrVal dst, int64_t imm)
{
    IrNode *n = ir_emit_inline(b->ir, op, w);

    n->dst = dst;
    n->flags = IR_IMM;
    n->imm = imm;
    return n;
}

IrVal x86_emit_const(X86Build *b, uint64_t v)
{
    IrVal t = ir_temp(b->ir);

    x86_emit_imm(b, IR_MOV, 8, t, (int64_t)v);
    return t;
}

static IrVal emit_sum(X86Build *b, unsigned w, IrVal a, IrVal index, unsigned scale,
                      int32_t disp)
{
    IrVal t = ir_temp(b->ir);
    IrNode *n = x86_emit(b, IR_EA, w, t, index);

    n->a = a;
    n->cc = scale;
    n->disp = disp;
    return t;
}

IrVal x86_emit_add(X86Build *b, unsigned w, IrVal a, IrVal index, unsigned scale,
                   int32_t disp)
{
    b->folds |= ir_is_t(a) | ir_is_t(index);
    return emit_sum(b, w, a, index, scale, disp);
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

/* The segment is all of the address space. */
static inline bool is_flat(const X86Build *b, unsigned seg)
{
    if (x86_build_is64(b)) {
        return seg != X86_FS && seg != X86_GS;
    }
    return b->mode & (seg == X86_DS   ? X86_MODE_DS_FLAT
                      : seg == X86_ES ? X86_MODE_ES_FLAT
                      : seg == X86_SS ? X86_MODE_SS_FLAT
                                      : 0);
}

static unsigned linear_width(const X86Build *b)
{
    return x86_build_is64(b) ? 8 : 4;
}

static size_t fast_seg(unsigned seg)
{
    return offsetof(X86State, seg_fast) + seg * sizeof(X86SegFast);
}

/* The linear address of seg:ea; bounds are checked. */
static IrVal linear(X86Build *b, unsigned seg, IrVal ea, unsigned size, unsigned access)
{
    unsigned w = linear_width(b);

    if (is_flat(b, seg)) {
        return ea;
    }
    if (w == 4) {
        x86_emit_guard_state(b, 8, x86_emit_add(b, 8, ea, IR_NONE, 0, size), IR_A,
                             fast_seg(seg) + (access == IR_WRITE
                                                  ? offsetof(X86SegFast, write_end)
                                                  : offsetof(X86SegFast, read_end)));
    }
    b->folds |= ir_is_t(ea);
    return emit_sum(
        b, w, x86_emit_load_state(b, w, fast_seg(seg) + offsetof(X86SegFast, base)), ea,
        0, 0);
}

/* Which accesses may share a CHECK: those of one base. Stack and frame are one. */
enum {
    BASE_STACK = X86_RSP,
    BASE_SUM = 16, /* and eight others, by their operands */
    BASE_CONST = 29,
    BASE_SEG = 30,
    BASE_OTHER = 31,
};

static unsigned base_of(IrVal a)
{
    return !ir_is_g(a) ? BASE_OTHER : a == IR_G(X86_RBP) ? BASE_STACK : a - IR_G0;
}

static inline __attribute__((always_inline)) IrVal emit_check(
    X86Build *b, unsigned base, IrVal a, int32_t disp, unsigned size, unsigned align,
    unsigned access)
{
    IrVal host = ir_temp(b->ir);
    IrNode *n = ir_emit_inline(b->ir, IR_CHECK, linear_width(b));

    b->again += b->bases >> base & 1;
    b->bases |= 1u << base;
    n->dst = host;
    n->a = a;
    n->disp = disp;
    n->cc = access;
    n->size = size;
    n->align = align;
    return host;
}

bool x86_build_access(X86Build *b, unsigned seg, IrVal ea, unsigned size,
                      unsigned align, unsigned access, IrVal *host)
{
    if (needs_care(b)) {
        return false;
    }
    ea = linear(b, seg, ea, size, access);
    b->folds |= ir_is_t(ea);
    *host = emit_check(b, base_of(ea), ea, 0, size, align, access);
    return true;
}

/* An operand that is more than a register and a constant, or in a segment with a base.
 */
static IrVal __attribute__((noinline))
check_sum(X86Build *b, const X86Insn *i, unsigned size, unsigned align, unsigned access)
{
    bool is_const = i->base == X86_REG_ZERO && i->index == X86_REG_ZERO;
    unsigned base = is_const ? BASE_CONST : BASE_SUM + ((i->base ^ i->index) & 7);
    IrVal a;

    if (is_flat(b, i->seg)) {
        a = x86_build_ea(b, i);
        b->folds |= i->index == X86_REG_ZERO && !is_const;
    } else if (!i->adshift && i->index == X86_REG_ZERO &&
               (int64_t)i->disp == (int32_t)i->disp) {
        base = BASE_SEG;
        a = x86_emit_load_state(b, 8, fast_seg(i->seg) + offsetof(X86SegFast, base));
        a = emit_sum(b, 8, a, reg_or_none(i->base), 0, (int32_t)i->disp);
    } else {
        base = BASE_SEG;
        a = linear(b, i->seg, x86_build_ea(b, i), size, access);
    }
    return emit_check(b, base, a, 0, size, align, access);
}

static inline __attribute__((always_inline)) bool build_mem(
    X86Build *b, const X86Insn *i, unsigned size, unsigned align, unsigned access,
    IrVal *host)
{
    if (needs_care(b)) {
        return false;
    }
    if (i->index == X86_REG_ZERO && i->base != X86_REG_ZERO && is_flat(b, i->seg) &&
        64u - i->adshift == 8 * linear_width(b)) {
        IrVal a = IR_G(i->base);

        *host = emit_check(b, base_of(a), a, (int32_t)i->disp, size, align, access);
    } else {
        *host = check_sum(b, i, size, align, access);
    }
    return true;
}

bool x86_build_mem_aligned(X86Build *b, const X86Insn *i, unsigned size, unsigned align,
                           unsigned access, IrVal *host)
{
    return build_mem(b, i, size, align, access, host);
}

bool x86_build_mem(X86Build *b, const X86Insn *i, unsigned size, unsigned access,
                   IrVal *host)
{
    unsigned align = i->align;

    /* An atomic operation must not be split; the reference function sees to it. */
    if (i->flags & X86_I_LOCK && !b->ir->single) {
        align |= size - 1;
    }
    return build_mem(b, i, size, align, access, host);
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

    if (w == linear_width(b) && is_flat(b, X86_SS) && !needs_care(b)) {
        *host = emit_check(b, BASE_STACK, sp, offset, size, 0, access);
        return true;
    }
    sp = x86_emit_add(b, w, sp, IR_NONE, 0, offset);
    return x86_build_access(b, X86_SS, sp, size, 0, access, host);
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

/* For the callback of the block that was built last. */
static __thread X86FlagsAhead flags_ahead;

static bool same_page(void *opaque, uint64_t pc)
{
    const X86FlagsAhead *a = opaque;

    return (x86_code_linear(a->cpu, pc) ^ x86_code_linear(a->cpu, a->pc)) < PAGE_SIZE;
}

/* Looks at exits from node @k on. Returns whether it may be part of a loop that has no
 * other POLL: a jump backward or to anywhere. */
static bool look_at_exits(X86FlagsAhead *a, IrBlock *ir, unsigned k)
{
    /* With lockstep all flags are compared after each block. */
    bool look = !jit_options()->lockstep, loops = false;

    for (IrNode *n = &ir->node[k], *end = &ir->node[ir->count]; n < end; n++) {
        uint64_t pc = (uint64_t)n->imm;

        if (n->op == IR_JMPI) {
            loops = true;
        } else if (n->op == IR_JMP || n->op == IR_JCC || n->op == IR_JNZ) {
            loops |= pc <= ir->pc;
            if (look && x86_flags_dead_at(a, pc)) {
                n->flags |= IR_NO_FLAGS;
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

/* Of an instruction that is no fault. */
static inline bool build_row(X86Build *b, const X86Insn *i)
{
    unsigned count = b->ir->count, temps = b->ir->temps, arena = b->ir->arena_used;
    uint8_t vec = b->ir->vec;
    const X86Row *row = i->row;

    if (row && row->build && (!row->feature || x86_host_executes(row->feature)) &&
        row->build(b, i)) {
        return true;
    }
    b->ir->count = count;
    b->ir->temps = temps;
    b->ir->arena_used = arena;
    b->ir->vec = vec;
    return false;
}

bool x86_build_one(X86Build *b, const X86Insn *i)
{
    return !is_fault(i) && build_row(b, i);
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
    X86FlagsAhead *ahead = &flags_ahead;
    unsigned exits = UINT_MAX; /* the first node that may be one */

    ir->insns = count;
    ir->pc = x86_insn_rip(insn);
    ir->view = cpu->view;
    ir->salt = cpu->cpl == 3;
    ir->single = tcg_reader_count() <= 1;
    *ahead = (X86FlagsAhead){ .cpu = cpu, .pc = ir->pc };
    /* Rows and the target of a jump are seldom in the cache. */
    for (unsigned k = 0; k < count; k++) {
        __builtin_prefetch(insn[k].row);
    }
    x86_flags_prefetch(ahead, insn[count - 1].imm);
    for (b.index = 0; b.index < count; b.index++) {
        const X86Insn *i = &insn[b.index];
        bool fault = is_fault(i), ends = fault || !i->row || i->row->rules & X86_ENDS;

        ir->cur_insn = b.index;
        if (ends && exits == UINT_MAX) {
            exits = ir->count;
        }
        if (fault || !build_row(&b, i)) {
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
    /* One CHECK less is worth the pass only in code that is executed often. */
    ir->idle =
        (b.folds ? 0 : IR_PASS_FOLD) | (b.again > ir->hurried ? 0 : IR_PASS_GROUP);
    ahead->far = ir->vec;
    ir->opaque = ahead;
    ir->same_page = same_page;
    if (look_at_exits(ahead, ir, exits) || jit_options()->counted) {
        ir_emit_first(ir, IR_POLL, 8)->imm = (int64_t)ir->pc;
    }
    ir->peeked_lines = ahead->lines;
    return !ir->overflow;
}
