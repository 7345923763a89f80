/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intermediate representation of translated code: linear, one entry, side exits,
 * and shaped like the host.
 *
 * Values are of two kinds. Guest registers (IR_G) are places: they are read and written
 * like the registers of the host that most of them live in for good, so that a guest
 * instruction on registers becomes one host instruction. Temporaries (IR_T) are
 * assigned once and live within one guest instruction, unless a pass has extended them.
 *
 * The arithmetic flags of the guest are the flags of the host: a node reads and writes
 * them as the host instruction of its name. CHECK and GUARD leave the guest's flags
 * alone although the host's compare does not: the back end keeps them (docs/tcg.md,
 * "Flags").
 *
 * Slow path. Whatever the fast path of a guest instruction cannot do, from a TLB miss
 * to a fault, is done by executing the whole instruction with its reference function on
 * the exact architectural state. Hence the one rule of builders:
 *
 *  I1 Before the last CHECK, GUARD or host access of a guest instruction no guest
 * register, flag or memory is changed by that instruction.
 *
 * Pass GROUP lets one CHECK serve the accesses of several guest instructions. Its
 * temporary then lives until the last of them, across whatever else these instructions
 * do, and CHECK.disp, .size cover all of them:
 *
 *  I2 Of two CHECKs or GUARDs, the stub of neither goes on where a temporary is used
 * that was defined in what the stub has skipped: extents are nested or equal.
 *  I3 Between a CHECK and the end of its .through there is no POLL or REF. Where an
 * exit is, the stub leaves the block after the exit's instruction, whichever way it
 * goes.
 *
 *  I4 The temporary of a CHECK of at most IR_SHARED_MAX bytes is only the address of
 * memory operands: it may become another one with another displacement.
 *
 * docs/tcg.md tells the whole story. Context: a block belongs to the thread that
 * translates.
 */
#ifndef ACCEL_TCG_IR_H
#define ACCEL_TCG_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Flags, bits as in RFLAGS. */
enum {
    IR_CF = 1 << 0,
    IR_PF = 1 << 2,
    IR_AF = 1 << 4,
    IR_ZF = 1 << 6,
    IR_SF = 1 << 7,
    IR_OF = 1 << 11,
    IR_FLAGS_ALL = IR_CF | IR_PF | IR_AF | IR_ZF | IR_SF | IR_OF,
    /* in ir.def only */
    IR_BY_CC = 1 << 16,       /* what condition .cc reads */
    IR_BY_TEMPLATE = 1 << 17, /* what the template says */
};

/* Attributes of ir.def */
enum { IR_MAYBE = 1 << 0 /* may leave the flags as they are */ };

typedef enum IrOp {
#define IR(name, ...) IR_##name,
#include "accel/tcg/ir.def"
#undef IR
    IR_OP_COUNT
} IrOp;

typedef enum IrClass {
    IR_CLASS_MOVE,
    IR_CLASS_UNARY,
    IR_CLASS_ALU2,
    IR_CLASS_ALU3,
    IR_CLASS_ALUX,
    IR_CLASS_CMP2,
    IR_CLASS_SHIFT,
    IR_CLASS_SHIFT2,
    IR_CLASS_IMPL,
    IR_CLASS_FIXED,
    IR_CLASS_BIT,
    IR_CLASS_STRING,
    IR_CLASS_COND,
    IR_CLASS_FLAGS,
    IR_CLASS_RMW,
    IR_CLASS_ADDR,
    IR_CLASS_GUARD,
    IR_CLASS_STATE,
    IR_CLASS_MISC,
    IR_CLASS_TEMPLATE,
    IR_CLASS_REF,
    IR_CLASS_EXIT,
} IrClass;

/* Condition codes, numbered as in the encoding of Jcc (SDM volume 1, appendix B). */
enum {
    IR_O,
    IR_NO,
    IR_B,
    IR_AE,
    IR_E,
    IR_NE,
    IR_BE,
    IR_A,
    IR_S,
    IR_NS,
    IR_P,
    IR_NP,
    IR_L,
    IR_GE,
    IR_LE,
    IR_GT
};

/* .cc of CHECK */
enum { IR_READ, IR_WRITE };
/* Larger accesses never share a CHECK. */
enum { IR_SHARED_MAX = 64 };

/* A value. */
typedef uint16_t IrVal;
enum {
    IR_NONE = 0,
    IR_G0 = 1,   /* 16 guest registers */
    IR_GH0 = 17, /* bits 15:8 of the first four (AH, CH, DH, BH); width 1 only */
    IR_T0 = 32,  /* temporaries */
    IR_T_MAX = 512,
};
#define IR_G(n)  ((IrVal)(IR_G0 + (n)))
#define IR_GH(n) ((IrVal)(IR_GH0 + (n)))
#define IR_T(n)  ((IrVal)(IR_T0 + (n)))

static inline bool ir_is_g(IrVal v)
{
    return v >= IR_G0 && v < IR_G0 + 16;
}
static inline bool ir_is_gh(IrVal v)
{
    return v >= IR_GH0 && v < IR_GH0 + 4;
}
static inline bool ir_is_t(IrVal v)
{
    return v >= IR_T0;
}

/* IrNode.flags */
enum {
    IR_IMM = 1 << 0, /* b is the immediate .imm (64 bits only for MOV; else
                        sign-extended 32) */
    IR_MEM_DST =
        1 << 1, /* dst (a for CMP, TEST) is the memory at host address dst + .disp */
    IR_MEM_B = 1 << 2,   /* b is the memory at host address b + .disp */
    IR_STATE_B = 1 << 3, /* b is the field of the state at .disp */
    IR_LOCK = 1 << 4,    /* memory destination, atomic */
    /* set by passes */
    IR_LIVE = 1 << 5, /* flags: before all that are written here are rewritten somebody
                         reads one, or a slow stub, REF or exit follows, for which the
                         exact value must be recoverable */
    IR_DEAD = 1 << 6, /* removed */
    /* set by builders */
    IR_NO_FLAGS = 1 << 7, /* JMP, JCC, JNZ: where it goes all flags are overwritten
                             before anybody can see them */
};

typedef struct IrTemplate IrTemplate;

/* IrFacts.ahead */
enum {
    IR_AHEAD_M = 1 << 0, /* the flags wanted behind the node will be stored: at an exit,
                            or for REF */
    IR_AHEAD_CLOBBER = 1 << 1, /* the host's flags are destroyed before those are
                                  rewritten */
    IR_KEEPS = 1 << 2, /* flags are wanted behind the node that it does not write */
    /* The node is the last that uses the temporary which is its operand, or the
     * template's (templates have no dst, a). */
    IR_LAST_DST = 1 << 3,
    IR_LAST_A = 1 << 4,
    IR_LAST_B = 1 << 5,
    IR_LAST_REG = IR_LAST_DST,
    IR_LAST_RM = IR_LAST_A,
    IR_LAST_VVVV = 1 << 6,
    IR_LAST = IR_LAST_DST | IR_LAST_A | IR_LAST_B | IR_LAST_VVVV,
};

/* What the passes and the back end ask of a node all the time. */
typedef struct IrFacts {
    /* As ir_flags_read() and so on; flags and registers together in one number. */
    union {
        struct {
            uint16_t flags_read, regs_read;
        };
        uint32_t read;
    };
    union {
        struct {
            uint16_t flags_written, regs_written;
        };
        uint32_t written;
    };
    uint16_t flags_changed;
    uint8_t roles, klass;  /* klass: IrClass */
    bool precise;          /* ir_is_precise_point() */
    uint8_t ahead;         /* IR_AHEAD_M ... */
    uint16_t flags_wanted; /* before the node: read or to be exact from there on */
} IrFacts;

typedef struct IrNode {
    uint8_t op;    /* IrOp */
    uint8_t w;     /* operand width in bytes */
    uint8_t cc;    /* condition, access kind, or shift of an index (EA) */
    uint8_t flags; /* IR_IMM ... */
    IrVal dst, a, b;
    uint16_t insn; /* index of the guest instruction in the block; the number of them
                      for a JMP behind the last */
    int32_t disp;
    uint16_t size;    /* CHECK: bytes accessed; MOVZX, MOVSX: source width; STRING:
                         width of addresses */
    uint16_t align;   /* CHECK: the linear address must be a multiple of align + 1, else
                         the slow stub */
    uint16_t through; /* CHECK, GUARD: last guest instruction that the slow stub
                         executes (>= insn); ir_emit() sets it to insn */
    union {
        int64_t imm;
        const IrTemplate *tmpl; /* in the block's arena */
    };
    IrFacts facts; /* set by ir_optimize() */
} IrNode;

/*
 * An instruction with its operands named anew. Registers of the vector file and of the
 * x87 stack keep their numbers; general registers and memory are values. The bytes are
 * built from these fields by the back end's encoder, never copied.
 */
typedef enum IrTmplEnc {
    IR_ENC_LEGACY, /* [pp] [REX] (0F, 0F38, 0F3A) opcode modrm [imm8] */
    IR_ENC_VEX,
    IR_ENC_X87, /* D8..DF with a memory operand, or a fixed second byte */
} IrTmplEnc;

struct IrTemplate {
    uint8_t enc;           /* IrTmplEnc */
    uint8_t map;           /* 0: one-byte, 1: 0F, 2: 0F38, 3: 0F3A */
    uint8_t pp;            /* 0, 0x66, 0xf3, 0xf2 */
    uint8_t opcode, modrm; /* modrm: X87 register forms and /digit */
    bool w, l;             /* REX.W or VEX.W; VEX.L */
    bool has_imm;
    uint8_t imm8;
    bool reg_is_vec, rm_is_vec, vvvv_is_vec;
    uint8_t reg, rm, vvvv; /* numbers of vector registers, or /digit in reg */
    /* General registers (IR_G or temp).  A value in a slot that the encoding does not
       use (reg and rm if they are vectors, vvvv without VEX, any with X87) is an
       implicit operand: one of the guest registers that live in the host's of the same
       name. */
    IrVal reg_g, rm_g, vvvv_g;
    bool rm_mem;   /* rm is memory at host address node.b + node.disp */
    bool rm_state; /* rm is the field of the state at node.disp */
    uint16_t flags_read, flags_written; /* IR_CF ... (PTEST, COMIS, BMI, ADCX) */
    bool reg_written, rm_written, vvvv_written;
    uint8_t vec; /* IR_VEC_*: which register files it needs */
};
enum { IR_VEC_NONE = 0, IR_VEC_SSE = 1, IR_VEC_AVX = 2, IR_VEC_X87 = 4 };

/* A block under translation. */
typedef struct IrBlock {
    IrNode *node;
    IrNode *base; /* of the memory: has room for one more node in front */
    unsigned count, capacity;
    unsigned temps;
    unsigned insns;    /* guest instructions */
    uint64_t pc;       /* of the first */
    uint8_t view;      /* which soft TLB of the state CHECK uses */
    uint8_t salt;      /* which JitEnv.salt its jumps use */
    uint8_t vec;       /* IR_VEC_* that some template needs */
    uint8_t idle;      /* IR_PASS_*: would find nothing, the builder says */
    bool hurried;      /* nobody knows yet if the code is worth any trouble */
    bool overflow;     /* out of nodes or temporaries: give up */
    bool loops;        /* a JCC goes to .pc; set by ir_optimize() */
    uint16_t cur_insn; /* builder: goes into each node */
    uint8_t *arena;    /* templates; never moves */
    unsigned arena_used, arena_size;
    bool single; /* the machine has one vCPU: LOCK may be dropped */
    /* Whether a jump to @pc may be linked directly: it is in the same guest page as
     * this block. NULL: no. */
    bool (*same_page)(void *opaque, uint64_t pc);
    void *opaque;
    /* 64-byte lines of the block's first page that the above have looked at: the block
     * depends on them as on its own bytes. */
    uint64_t peeked_lines;
    /* Of temporaries, in the order of nodes; set by ir_optimize(). By IrVal: those that
     * are none have a use behind all others. */
    uint16_t last_use[IR_T0 + IR_T_MAX];
} IrBlock;

/* Static facts of an op. */
typedef struct IrOpInfo {
    const char *name;
    uint8_t klass; /* IrClass */
    uint32_t reads, writes, undef;
    uint8_t attr;
} IrOpInfo;
extern const IrOpInfo ir_op_info[IR_OP_COUNT];

/* --- building; ir/build.c --- */

IrBlock *ir_block_new(void);
void ir_block_free(IrBlock *ir);
/* Empties it for the next translation; keeps the memory, .single, .hurried, the
 * callbacks and .opaque. */
void ir_block_reset(IrBlock *ir);
/* Appends a node of zeroes with op, width and the current instruction; never NULL (a
 * scratch node after overflow). */
IrNode *ir_emit(IrBlock *ir, IrOp op, unsigned w);
/* The same for the few who do little else: 5 % of what building costs. */
static inline IrNode *ir_emit_inline(IrBlock *ir, IrOp op, unsigned w)
{
    IrNode *n = &ir->node[ir->count];

    if (ir->count < ir->capacity) {
        ir->count++;
    } else {
        ir->overflow = true;
    }
    *n = (IrNode){ .op = op, .w = w, .insn = ir->cur_insn, .through = ir->cur_insn };
    return n;
}
/* The same in front of all others, of the first instruction; once. */
IrNode *ir_emit_first(IrBlock *ir, IrOp op, unsigned w);
IrVal ir_temp(IrBlock *ir);
IrTemplate *ir_template(IrBlock *ir);

/* --- facts; ir/facts.c --- */

/* Flags that a node reads; flags that it writes on each execution, the undefined ones
 * included. */
uint32_t ir_flags_read(const IrNode *n);
uint32_t ir_flags_written(const IrNode *n);
/* Flags whose value after the node may differ from before: writes and "maybe" writes.
 */
uint32_t ir_flags_changed(const IrNode *n);
/* Guest registers read and written, a bit each (high bytes count as their register);
 * implicit ones included. */
uint32_t ir_regs_read(const IrNode *n);
uint32_t ir_regs_written(const IrNode *n);
/* Whether the node may leave the block or call a reference function: the state must be
 * exact. */
bool ir_is_precise_point(const IrNode *n);
/* Fills .facts but for .ahead and .flags_wanted. */
void ir_set_facts(IrNode *n);
/* Flags read by a condition. */
uint32_t ir_cc_flags(unsigned cc);

/* --- printing, checking, executing --- */

typedef struct HmpOut HmpOut;
/* One line per node, as -d op shows it: "  add.4 g0, t3" */
char *ir_print(const IrBlock *ir); /* free with g_free */
/* NULL, or what is wrong with it (free with g_free): single assignment, use before
 * definition, widths, I1, ends in an exit. */
char *ir_verify(const IrBlock *ir);

/* --- passes, in this order; each a file of its own in ir/ and a switch of "-accel
 * tcg,opt=" --- */
enum {
    IR_PASS_FOLD = 1 << 0,  /* constants, copies, address fusion */
    IR_PASS_GROUP = 1 << 1, /* one CHECK for several accesses of one page */
    IR_PASS_FLAGS = 1 << 2, /* IR_LIVE; always on: the back end needs it, off
                               means "all needed" */
    IR_PASS_DEAD = 1 << 3,  /* nodes without effect */
    IR_PASS_ALL = 15,
};
/* Once, on a block as it was built; afterwards it is ready for the back end. */
void ir_optimize(IrBlock *ir, unsigned passes);

#endif
