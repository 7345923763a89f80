/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files that lower IR share: one block on its way from IR to code.
 *
 * lower.c walks over the nodes and owns registers; lower-alu.c, lower-mem.c and
 * lower-exit.c make code of nodes; runtime.c has what all blocks share. Where a path is
 * rare its function is kept apart (noinline, cold): of a translation in a boot half the
 * time goes into what is no longer in the caches.
 *
 *  L1 While a node is lowered, registers that it has asked for stay (locked); all
 * others of the scratch registers may be stored to a spill slot by the next request. L2
 * Code that a node makes destroys the host's flags only if the node writes flags or
 *     after x64_flags_clobber().
 *  L3 Nothing is kept in the scratch registers from one node to the next but
 *     temporaries and copies of guest registers that live in the state. A copy is
 *     never newer than the state.
 *
 * Context: translation lock.
 */
#ifndef ACCEL_TCG_X64_LOWER_H
#define ACCEL_TCG_X64_LOWER_H

#include "accel/tcg/x64/flags-track.h"

enum {
    LOWER_SCRATCH = 2,
    LOWER_SLOTS = 6,      /* of the frame, for temporaries */
    LOWER_SLOT_FLAGS = 6, /* saved operand of a recipe */
    LOWER_INSNS_MAX = 256,
    LOWER_COUNTED = 16,
};

/*
 * What generated code has of the state on its stack, where it is addressed by a byte
 * and not by four and a prefix: M, the guest registers that have none of the host's,
 * and slots. Between blocks, as registers; whoever calls C stores them first
 * (runtime.c). From RSP; in what is called, 8 more.
 */
enum {
    X64_FRAME_FLAGS = 0,
    X64_FRAME_REGS = 8,
    X64_FRAME_REGS_MAX = 4,
    X64_FRAME_SLOTS = X64_FRAME_REGS + 8 * X64_FRAME_REGS_MAX,
    X64_FRAME_BYTES = X64_FRAME_SLOTS + 8 * (LOWER_SLOTS + 1),
};
_Static_assert(X64_FRAME_BYTES % 16 == 0, "the stack is aligned for C");

/* A temporary: in a register, in a slot, or nowhere (before and after its life). */
typedef struct LowerTemp {
    int8_t reg, slot; /* -1: none */
} LowerTemp;

typedef enum LowerStubKind { STUB_REFS, STUB_POLL, STUB_COUNT } LowerStubKind;

/* A cold stub that has been asked for. */
typedef struct LowerStub {
    LowerStubKind kind;
    bool called; /* .site: return addresses of calls, and not jumps */
    unsigned sites;
    uint8_t *site[4];
    uint16_t first, resume; /* REFS: guest instructions [first, resume) */
    uint64_t pc;            /* POLL */
    FlagsTrack flags;
} LowerStub;

/* The code of an exit behind a taken JCC, out of its way. */
typedef struct LowerTail {
    uint8_t *site;
    uint64_t pc;
    bool save; /* H to M first */
} LowerTail;

/*
 * A block that jumps to its own beginning is lowered twice: as entered from outside,
 * when M is valid, and as entered from its own end, when the recipe of its last compare
 * is. So a loop saves no flags.
 */
typedef struct LowerLoop {
    bool possible;
    bool second;        /* this is the second time */
    uint8_t *site;      /* the first one's jump to the second, NULL: none so far */
    const uint8_t *at;  /* executable, start of the second */
    FlagsRecipe recipe; /* valid there */
} LowerLoop;

/* Where a guest instruction begins in the hot code. */
typedef struct LowerPlace {
    uint8_t *at; /* writable mapping */
    uint16_t insn;
    bool h;
    IrVal holds[LOWER_SCRATCH]; /* as Lower.holds */
} LowerPlace;

/* What bytes of code are counted as: nodes by their op, and these behind them. */
enum {
    LOWER_USE_FLAGS = IR_OP_COUNT, /* saved, loaded, made again on the straight line */
    LOWER_USE_FIELD, /* guest registers of the state and slots, loaded or spilled */
    LOWER_USE_HEAD,  /* NOP, prefixes or vector test before the first node */
    LOWER_USE_TAIL,  /* exits behind taken branches */
    LOWER_USE_COLD_HEAD,
    LOWER_USE_COLD_EXIT,
    LOWER_USE_COLD_TAIL,
    LOWER_USE_COLD_REFS,
    LOWER_USE_COLD_POLL,
    LOWER_USES
};

typedef struct Lower {
    unsigned reserved; /* elements of .stub */
    const JitTarget *target;
    IrBlock *ir;
    JitBlock *block;
    JitBuf *hot, *cold;
    unsigned blocks; /* so far */
    bool counting;   /* x64_count() */
    bool failed;
    bool small;    /* not known to be hot: calls in place of long sequences */
    bool by_calls; /* small, and accesses that could be fast may be */
    const JitOptions *options;
    bool open_head; /* x64_close_head() is to come */
    const IrNode *n, *end;
    uint8_t *entry; /* writable mapping */

    /* registers: scratch are A_R14 and those behind it */
    uint32_t framed; /* guest registers that live in the frame */
    /* The temporary in it, or a guest register that lives in the state, which has the
     * same value; IR_NONE: free. */
    IrVal holds[LOWER_SCRATCH];
    uint16_t used[LOWER_SCRATCH]; /* copies: instruction that used it last */
    uint8_t fresh;                /* bits: copies that were written by this node */
    uint8_t locked;               /* bits */
    uint8_t slots_used;

    /* flags */
    FlagsTrack flags;
    unsigned open_insn; /* instructions before this one may have been done by a stub */

    /* places */
    int insn; /* the last that began */
    unsigned places;
    const IrNode *last_template; /* behind it; NULL: none */

    /* out of line */
    LowerStub *stub;
    unsigned stubs;
    unsigned calls;       /* of routines that may not come back, stubs included */
    unsigned slows, open; /* elements of .slow; the first without a place to go on */
    int settle_at; /* x64_settle() where this instruction or a later one begins */
    const uint8_t *cold_leave; /* leaves behind the last instruction; NULL: not yet */
    unsigned tails;
    const uint8_t *refs; /* calls run_refs for the instructions in r15d */

    /* Behind the others, so that those are few cache lines: */
    LowerLoop loop;
    AsmRm home[IR_T0]; /* of guest registers; memory for other values */
    LowerTemp temp[IR_T_MAX];
    LowerPlace place[LOWER_INSNS_MAX + 2];
    JitSlow slow[JIT_SLOW_MAX]; /* for JitBlock */
    LowerTail tail[JIT_EXITS_MAX];
} Lower;

/* Of one block in LOWER_COUNTED: what counts are kept in has left the caches when the
 * next block is translated. */
typedef struct LowerUse {
    uint64_t count, bytes;
} LowerUse;
extern LowerUse x64_uses[LOWER_USES]; /* translation lock */

/* Counts what @l has written since @from as @use, and not as the node's. */
static inline void x64_count(Lower *l, unsigned use, const uint8_t *from)
{
    size_t bytes;

    if (!l->counting) {
        return;
    }
    bytes = (use < LOWER_USE_COLD_HEAD ? l->hot : l->cold)->p - from;
    x64_uses[use].count++;
    x64_uses[use].bytes += bytes;
    if (use == LOWER_USE_FLAGS || use == LOWER_USE_FIELD) {
        x64_uses[l->n->op].bytes -= bytes;
    }
}

/* --- lower.c: operands -------------------------------------------------------------
 */

/* A scratch register until the end of the node. */
unsigned x64_scratch(Lower *l);
static inline bool x64_is_mem(AsmRm rm)
{
    return rm.reg == A_NONE;
}

/* Where a guest register lives. */
static inline AsmRm x64_home(const Lower *l, IrVal v)
{
    return l->home[v];
}

/* x64_rm() of what is in no register or lives in the frame. */
AsmRm x64_rm_elsewhere(Lower *l, IrVal v);
/* Where the value is: register, slot or field. */
static inline AsmRm x64_rm(Lower *l, IrVal v)
{
    if (v < IR_T0) {
        return !x64_is_mem(l->home[v]) ? l->home[v] : x64_rm_elsewhere(l, v);
    }
    if (l->temp[v - IR_T0].reg >= 0) {
        unsigned r = (unsigned)l->temp[v - IR_T0].reg;

        l->locked |= 1u << (r - A_R14);
        return asm_reg(r);
    }
    return x64_rm_elsewhere(l, v);
}

/* The general register that the value is in, for who asks for no other; what is not
 * below A_AH is none. */
static inline unsigned x64_reg_of(const Lower *l, IrVal v)
{
    return v < IR_T0 ? l->home[v].reg : (uint8_t)l->temp[v - IR_T0].reg;
}

/* x64_in_reg() of what is at @rm. */
unsigned x64_load(Lower *l, IrVal v, AsmRm rm);
/* The same in a register, which is not to be changed. */
static inline unsigned x64_in_reg(Lower *l, IrVal v)
{
    AsmRm rm = x64_rm(l, v);

    return x64_is_mem(rm) ? x64_load(l, v, rm) : rm.reg;
}

/* Scratch registers are about to be destroyed, or guest registers changed by others. */
void x64_drop_copies(Lower *l);
/* Memory at host address @base + disp of the node. */
static inline AsmRm x64_host_mem(Lower *l, IrVal base)
{
    return asm_mem(x64_in_reg(l, base), l->n->disp);
}

/* Operand b: value, memory or field; not an immediate. */
static inline AsmRm x64_b(Lower *l)
{
    return l->n->flags & IR_MEM_B     ? x64_host_mem(l, l->n->b)
           : l->n->flags & IR_STATE_B ? asm_state(l->n->disp)
                                      : x64_rm(l, l->n->b);
}

/* Ends the life of temporaries that this node is the last to use: their registers may
 * become that of the result. */
void x64_release(Lower *l);
/* A register for a new temporary. */
unsigned x64_define(Lower *l, IrVal t);
/* As x64_define(), preferring @reg if that is a scratch register which is free. */
unsigned x64_define_at(Lower *l, IrVal t, unsigned reg);

/*
 * A destination that has to be a register: the guest's own, or a copy which
 * x64_dst_end() puts back. @load: the old value is needed.
 */
typedef struct LowerDst {
    unsigned reg;
    bool store;
    bool whole; /* all bits of .reg are good in the end */
    IrVal v;
    AsmRm home;
} LowerDst;
LowerDst x64_dst_elsewhere(Lower *l, IrVal v, unsigned w, bool load);
static inline LowerDst x64_dst(Lower *l, IrVal v, unsigned w, bool load)
{
    if (v < IR_T0 && !x64_is_mem(l->home[v])) {
        return (LowerDst){ .reg = l->home[v].reg };
    }
    return x64_dst_elsewhere(l, v, w, load);
}
void x64_dst_store(Lower *l, const LowerDst *d, unsigned w);
static inline void x64_dst_end(Lower *l, const LowerDst *d, unsigned w)
{
    if (d->store) {
        x64_dst_store(l, d, w);
    }
}

/* asm_rm() for any operands: what REX and high bytes forbid is done by rotating the
 * register. */
void x64_byte_op(Lower *l, AsmOp op, unsigned reg, AsmRm rm);
static inline void x64_op(Lower *l, AsmOp op, unsigned reg, AsmRm rm)
{
    if (op & (ASM_BYTE_REG | ASM_BYTE_RM)) {
        x64_byte_op(l, op, reg, rm);
    } else {
        asm_rm(l->hot, op, reg, rm);
    }
}

/* --- lower.c: flags -----------------------------------------------------------------
 */

/* What the three below do if there is something to do. */
void x64_flags_leave_h(Lower *l);
void x64_flags_get_h(Lower *l);
void x64_flags_get_m(Lower *l);

/* The host's flags are about to be destroyed. */
static inline void x64_flags_clobber(Lower *l)
{
    if (l->flags.h) {
        x64_flags_leave_h(l);
    }
}

static inline void x64_flags_need_h(Lower *l)
{
    if (!l->flags.h) {
        x64_flags_get_h(l);
    }
}

static inline void x64_flags_need_m(Lower *l)
{
    if (!l->flags.m) {
        x64_flags_get_m(l);
    }
}

/* --- nodes: emit the code of l->n ----------------------------------------------------
 */

typedef void LowerFn(Lower *l);
/* lower-alu.c: by op */
extern LowerFn *const x64_lower_fn[IR_OP_COUNT];
/* lower-mem.c */
LowerFn x64_lower_ea, x64_lower_check, x64_lower_guard, x64_lower_ldst, x64_lower_stst;
/* lower-exit.c */
LowerFn x64_lower_ref, x64_lower_poll, x64_lower_jcc, x64_lower_jnz, x64_lower_jmp;
LowerFn x64_lower_jmpi;
/* lower-stack.c: what begins with the CHECK at hand, if it knows that; false: no. */
bool x64_lower_stack(Lower *l);
void x64_lower_template(Lower *l); /* lower-template.c */
void x64_lower_string(Lower *l);   /* lower-string.c */
/* How to get the flags of l->n again, or NULL; called before the node's code and may
 * store an operand. lower-recipe.c */
bool x64_recipe(Lower *l, FlagsRecipe *r);

/* --- lower-exit.c --- */

/* The slow stub for @site (a jump) of the current node. */
void x64_stub(Lower *l, uint8_t *site);
/* The same for a call of a routine that has just been written: it comes back only if
 * the access is fast. */
void x64_stub_call(Lower *l);
/* Whether a jump to @pc is linked, and not by way of the jump cache. */
bool x64_can_link(const Lower *l, uint64_t pc);
/* Whether there is room for one more such call. */
static inline bool x64_can_call(const Lower *l)
{
    return l->calls < JIT_SLOW_MAX && l->hot->p - l->entry < UINT16_MAX - 256;
}
/* For who waits for places to go on: here is one. */
void x64_settle(Lower *l);
void x64_exit_begin(Lower *l); /* before the first node */
/* Makes the first instruction of the block as long as what may replace it; what comes
 * next is one of @bytes. Before positions in code are noted. */
void x64_pad_head(Lower *l, unsigned bytes);
static inline void x64_close_head(Lower *l, unsigned bytes)
{
    if (l->open_head) {
        x64_pad_head(l, bytes);
    }
}
void x64_exit_loop(Lower *l);   /* before the first node, the second time */
void x64_exit_finish(Lower *l); /* tails and stubs */

/* Where in JitExit.stub its rel32 is: behind "mov r14, e; jmp". */
static inline unsigned x64_exit_rel(const JitExit *e)
{
    return (uintptr_t)e == (uint32_t)(uintptr_t)e ? 7 : 11;
}

/* --- runtime.c: what all blocks share; executable addresses --------------------------
 */

typedef struct X64Shared {
    const uint8_t *enter;
    const uint8_t *leave_exit; /* r14: JitExit; pc and exit from there */
    const uint8_t *probe[2];   /* r14: JitExit; to its pc by the jump cache; by salt */
    const uint8_t *leave_pc;   /* r14: pc; no exit */
    const uint8_t *leave;      /* the pc is set; no exit */
    const uint8_t *refs;       /* called; r14: block, r15d: first | count << 16 */
    const uint8_t *jump[2];    /* r14: pc; to it by the jump cache; by salt */
    const uint8_t *jump_pushed[2]; /* the same; the pc is on the stack */
    const uint8_t *slow;           /* from a routine: goes on by the caller's JitSlow */
    const uint8_t *polled;         /* from a routine: leaves at the caller's first pc */
    /* Called: H to M, M to H; destroy r14 or r15. */
    const uint8_t *flags_save[2], *flags_load[2];
    int8_t frame_off[16]; /* of guest registers that live in the frame */
    ptrdiff_t to_exec;
} X64Shared;
extern X64Shared x64_shared;

/* --- check-calls.c ---------------------------------------------------------------
 */

enum { X64_CHECK_SIZES = 16 };

void x64_check_setup(const JitTarget *target, JitBuf *buf);
/* Called: POLL at the beginning of a block. */
const uint8_t *x64_poll_routine(void);
enum { X64_STACK = 4 }; /* the guest's rSP */
/* Called, with words on the host's stack, which they take away: the second word of the
 * caller becomes the guest's top word, or the only one; a jump by the jump cache
 * follows to the first, or to what was the guest's top word. */
const uint8_t *x64_push_routine(unsigned view);
const uint8_t *x64_call_routine(unsigned view, unsigned salt);
const uint8_t *x64_ret_routine(unsigned view, unsigned salt);
extern const uint8_t *x64_check_calls[2][4][2][X64_CHECK_SIZES];
/* 1, 2, 4, 8, 16, 32, 48 ... */
static inline unsigned x64_check_class(unsigned size)
{
    if (size > 16) {
        return 4 + (size - 1) / 16;
    }
    return size > 1 ? 32 - (unsigned)__builtin_clz(size - 1) : 0;
}
/* Called; @reg: r14 or r15. NULL: there is none for this size. */
static inline const uint8_t *x64_check_routine(unsigned reg, unsigned view,
                                               unsigned access, unsigned size)
{
    unsigned k = x64_check_class(size);

    return k < X64_CHECK_SIZES ? x64_check_calls[reg - A_R14][view][access][k] : NULL;
}
/* The same for the address in a register of the guest, with the result in r14. */
enum { X64_CHECK_REG_SIZES = 5 };
extern const uint8_t *x64_check_reg_calls[4][2][X64_CHECK_REG_SIZES][16];
/* Called; the same for the guest's rSP + @disp, with the result in r14: what a group of
 * pushes or pops asks for. NULL: there is none. */
const uint8_t *x64_stack_routine(unsigned view, unsigned access, int32_t disp,
                                 unsigned size);
/* Pieces of CHECK, in lower-mem.c. @reg <- offset in the page if it is that of the
 * entry, whose place @index then is; @reg <- host address. */
void x64_emit_tlb_offset(JitBuf *b, int32_t tlb, unsigned access, unsigned reg,
                         unsigned index);
void x64_emit_tlb_host(JitBuf *b, int32_t tlb, unsigned reg, unsigned index);

#endif
