/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From decoded instructions to the intermediate representation: what the build
 * functions of the opcode maps (X86Row.build) are given and may call.
 *
 * A build function emits the nodes of one instruction. It returns false when it does
 * not want to (an odd form, a mode that needs more checks than are worth it): whatever
 * it has emitted is taken back, and the instruction is executed by its reference
 * function (IR_REF, or IR_REF_END when it ends its block). So a build function may give
 * up at any point, and a row without one is legal.
 *
 * Its one rule is I1 of ir.h: no guest register, flag or memory changes before the last
 * CHECK, GUARD or host access of the instruction. A row with X86_ENDS that is built
 * emits the exits of the block itself.
 *
 * Context: the thread that translates, translation lock held.
 */
#ifndef ACCEL_TARGET_I386_BUILD_H
#define ACCEL_TARGET_I386_BUILD_H

#include "accel/target/i386/insn.h"
#include "accel/tcg/ir.h"

struct X86Build {
    IrBlock *ir;
    const X86State *cpu; /* features; nothing that is not in the mode word */
    uint32_t mode;       /* X86_MODE_* */
    const X86Insn *insn; /* of the block */
    unsigned count;
    unsigned index;   /* of the instruction that is being built */
    uint64_t end_rip; /* behind the last one */
    /* What there is for the passes to do. */
    bool folds;     /* FOLD may find a sum in a sum */
    unsigned again; /* accesses whose base an earlier one had: GROUP may join them */
    uint32_t bases; /* of accesses so far, a bit each */
};

/*
 * Builds @count instructions that follow each other, decoded for the current mode, into
 * @ir, which is empty. @end_rip: the address behind the last. False: does not fit.
 * ir->opaque is good until the next call on this thread.
 */
bool x86_build_block(X86State *cpu, const X86Insn *insn, unsigned count,
                     uint64_t end_rip, IrBlock *ir);

/* Emits instruction @i, or nothing: then its reference function is to be called. */
bool x86_build_one(X86Build *b, const X86Insn *i);

/* Whether something is built for @i in the mode of @cpu (not REF): for listings. */
bool x86_build_covers(X86State *cpu, const X86Insn *i);

static inline bool x86_build_is64(const X86Build *b)
{
    return b->mode & X86_MODE_CODE64;
}

/* --- nodes --------------------------------------------------------------------------
 */

/* dst <- dst op b, or whatever the class of @op makes of them. */
IrNode *x86_emit(X86Build *b, IrOp op, unsigned w, IrVal dst, IrVal src);
IrNode *x86_emit_imm(X86Build *b, IrOp op, unsigned w, IrVal dst, int64_t imm);
/* A temporary with a constant. */
IrVal x86_emit_const(X86Build *b, uint64_t v);
/* A temporary: a + (index << scale) + disp, cut to @w bytes and zero-extended. */
IrVal x86_emit_add(X86Build *b, unsigned w, IrVal a, IrVal index, unsigned scale,
                   int32_t disp);
/* A temporary: the field of @w bytes at @offset of X86State, zero-extended. */
IrVal x86_emit_load_state(X86Build *b, unsigned w, size_t offset);
void x86_emit_store_state(X86Build *b, unsigned w, size_t offset, IrVal v);
void x86_emit_store_state_imm(X86Build *b, unsigned w, size_t offset, int64_t imm);
/* Slow path if "a cc v" (or the constant, or the field). */
void x86_emit_guard(X86Build *b, unsigned w, IrVal a, unsigned cc, IrVal v);
void x86_emit_guard_imm(X86Build *b, unsigned w, IrVal a, unsigned cc, int32_t imm);
void x86_emit_guard_state(X86Build *b, unsigned w, IrVal a, unsigned cc, size_t offset);

/* --- operands -----------------------------------------------------------------------
 */

/* A byte register by its offset in regs[] (X86Insn.reg_b, .rm_b). */
static inline IrVal x86_byte_val(unsigned offset)
{
    return offset & 1 ? IR_GH(offset / 8) : IR_G(offset / 8);
}

/* The register of ModRM.reg and that of ModRM.rm, @w bytes wide. */
static inline IrVal x86_reg_val(const X86Insn *i, unsigned w)
{
    return w == 1 ? x86_byte_val(i->reg_b) : IR_G(i->reg);
}

static inline IrVal x86_rm_reg_val(const X86Insn *i, unsigned w)
{
    return w == 1 ? x86_byte_val(i->rm_b) : IR_G(i->rm);
}

/* The rm operand: a register, or memory that has been checked (@v is its host
 * address). */
typedef struct X86Operand {
    IrVal v;
    bool mem;
} X86Operand;

/* The effective address of the memory operand, zero-extended. */
IrVal x86_build_ea(X86Build *b, const X86Insn *i);

/*
 * The host address of @size bytes at @seg : @ea for @access (IR_READ, IR_WRITE; writing
 * includes reading), with all that segmentation demands. @align: 0, or 2^n - 1: other
 * linear addresses take the slow path. False: use the reference function.
 */
bool x86_build_access(X86Build *b, unsigned seg, IrVal ea, unsigned size,
                      unsigned align, unsigned access, IrVal *host);

/* The same for the memory operand of @i, with its alignment rule. */
bool x86_build_mem(X86Build *b, const X86Insn *i, unsigned size, unsigned access,
                   IrVal *host);

/* The same with an alignment as above. */
bool x86_build_mem_aligned(X86Build *b, const X86Insn *i, unsigned size, unsigned align,
                           unsigned access, IrVal *host);

/* The rm operand of @size bytes. */
bool x86_build_rm(X86Build *b, const X86Insn *i, unsigned size, unsigned access,
                  X86Operand *o);

/* Makes @o the destination of @n (CMP, TEST, BT: the first operand), or its source. */
void x86_set_dst(IrNode *n, X86Operand o);
void x86_set_src(IrNode *n, X86Operand o);

/* The operand's value in a register or a temporary, which later accesses do not
 * change. */
IrVal x86_operand_value(X86Build *b, X86Operand o, unsigned w);

/* --- stack --------------------------------------------------------------------------
 */

/* Bytes of rSP that count. */
static inline unsigned x86_stack_width(const X86Build *b)
{
    return x86_build_is64(b) ? 8 : b->mode & X86_MODE_STACK32 ? 4 : 2;
}

/* Host address of @size bytes at rSP + @offset. */
bool x86_build_stack(X86Build *b, int offset, unsigned size, unsigned access,
                     IrVal *host);
/* rSP += n, with the width of the stack segment. */
void x86_build_sp_add(X86Build *b, int n);

/* --- ends ---------------------------------------------------------------------------
 */

/* Faults if @target cannot be jumped to; before anything changes. False: let the
 * reference function do it. */
bool x86_build_check_target(X86Build *b, uint64_t target);
bool x86_build_check_target_val(X86Build *b, IrVal target);
/* Goes on at a constant pc; at the value of a register or temporary. In a trace the
 * next instruction may be the one at the constant pc: then there is nothing to emit. */
void x86_emit_jmp(X86Build *b, uint64_t target);
void x86_emit_jmp_val(X86Build *b, IrVal target);
/* At @target if @cc, else at @next. */
void x86_emit_branch(X86Build *b, unsigned cc, uint64_t target, uint64_t next);

#endif
