/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an instruction is described (X86Row), what the decoder makes of its bytes
 * (X86Insn), and what a reference function may call.  Memory access is in mem.h,
 * arithmetic flags in flags.h.
 *
 * A reference function does what the manual says for one decoded instruction.  It does
 * not decode operands and does not check features, modes, LOCK, #NM or #UD conditions
 * of its exception class: the decoder did.  Its rules:
 *
 *  R1 No guest register, flag or memory may change before the last access that can
 * fault. R2 cpu->rip is the fall-through address of the whole block.  Only a row with
 * X86_ENDS may assign it; it is the last of its block.  The address of this instruction
 * is x86_insn_rip(i), of the next one i->next_rip. R3 A fault is raised by
 * x86_raise*(), which does not return.
 */
#ifndef ACCEL_TARGET_I386_INSN_H
#define ACCEL_TARGET_I386_INSN_H

#include "accel/target/i386/cpu.h"

typedef void X86RefFn(X86State *cpu, const X86Insn *i);

/* Emits the instruction for the translator; false: the reference function is called
 * instead. See build.h. */
typedef struct X86Build X86Build;
typedef bool X86BuildFn(X86Build *b, const X86Insn *i);

/* Variants by form and operand size: index 0..3 for 1, 2, 4, 8 bytes. */
typedef struct X86RefSet {
    X86RefFn *r[4]; /* rm operand is a register, or there is none */
    X86RefFn *m[4]; /* rm operand is memory */
} X86RefSet;

/* Exception classes: what must be checked before the reference function runs. */
typedef enum X86ExcClass {
    X86_EXC_CLASS_NONE,
    X86_EXC_CLASS_X87, /* CR0.EM or TS: #NM; then a pending unmasked x87 exception: #MF
                        */
    X86_EXC_CLASS_X87_NOWAIT, /* as X87 without #MF (FNINIT, FNSTSW, FNCLEX, ...) */
    X86_EXC_CLASS_WAIT,       /* FWAIT: #NM if MP and TS; then #MF */
    X86_EXC_CLASS_MMX,        /* EM: #UD; TS: #NM; then #MF */
    X86_EXC_CLASS_FXSAVE,     /* EM or TS: #NM; no #MF */
    /* SSE and AVX, SDM volume 2A, 2.4.  Legacy: EM or no OSFXSR: #UD; TS: #NM.  VEX: no
       OSXSAVE or XCR0: #UD; TS: #NM. */
    X86_EXC_CLASS_1,       /* memory must be aligned, 16 or 32 bytes, also with VEX */
    X86_EXC_CLASS_2,       /* legacy: 16-byte aligned; may raise #XM */
    X86_EXC_CLASS_3,       /* scalar; may raise #XM */
    X86_EXC_CLASS_4,       /* legacy: 16-byte aligned */
    X86_EXC_CLASS_4U,      /* as 4, but unaligned is always fine (MOVUPS, LDDQU,
                              PCMPESTRx...) */
    X86_EXC_CLASS_5,       /* scalar, no #XM */
    X86_EXC_CLASS_6,       /* VEX only, unaligned fine */
    X86_EXC_CLASS_7,       /* registers only */
    X86_EXC_CLASS_8,       /* VZEROALL, VZEROUPPER */
    X86_EXC_CLASS_VEX_GPR, /* VEX-encoded on general registers (BMI): protected mode
                              only, nothing else */
} X86ExcClass;

/* clang-format off */
/* Rules of a row */
#define X86_NO64   (1u << 0)  /* #UD in 64-bit code */
#define X86_ONLY64 (1u << 1)  /* the row does not exist outside 64-bit code */
#define X86_PROT   (1u << 2)  /* #UD in real and virtual-8086 mode */
#define X86_PRIV   (1u << 3)  /* CPL > 0: #GP(0) */
#define X86_LOCK   (1u << 4)  /* LOCK is allowed when the destination is memory */
#define X86_D64    (1u << 5)  /* 64-bit code: operand size is 64 by default, 66 makes it 16 */
#define X86_F64    (1u << 6)  /* 64-bit code: operand size is always 64 */
#define X86_ENDS   (1u << 7)  /* last of its block: changes rip, the mode, or mappings */
#define X86_IF     (1u << 8)  /* without the feature this row does not exist and the next match counts */
#define X86_ILEN1  (1u << 9)  /* operand size does not matter to the ref set: use index 0 */
#define X86_MEM    (1u << 10) /* ModRM must name memory, else the row does not match */
#define X86_REG    (1u << 11) /* ModRM must name a register, else the row does not match */
#define X86_IGNMOD (1u << 12) /* ModRM.mod is ignored: always a register (MOV CR, DR) */
#define X86_O16    (1u << 13) /* operand size is 16 whatever the prefixes say */
#define X86_NOSEG  (1u << 14) /* the memory operand is an address only (LEA): no segment */
#define X86_SPILL_ADDR (1u << 15) /* rSP as base is the value after the pop (POP Ev) */
#define X86_VSIB   (1u << 16) /* the SIB index is a vector register */
#define X86_WIDE   (1u << 17) /* the row exists with REX.W only */
#define X86_REPOK  (1u << 18) /* string instruction: REP and REPNE mean something */
#define X86_Y64    (1u << 19) /* operand size is 32, or 64 with REX.W: 66 does not make it 16 */
#define X86_COND   (1u << 20) /* conditional, direct: a block may be chained behind it */
#define X86_NOB    (1u << 21) /* with REX.B the next match counts (F3 41 90 is XCHG) */
#define X86_FLAGLESS (1u << 24) /* neither reads nor writes arithmetic flags */
/* clang-format on */

/*
 * A row of the opcode maps.  The encoding is the manual's text, parts separated by
 * spaces:
 *
 *     "80 /1"            opcode 80, ModRM.reg 1             "NP 0F 10 /r"     no
 * mandatory prefix "0F A2"            no ModRM                           "F3 0F B8 /r"
 * mandatory F3 "50+r"             eight opcodes, register in bits 2:0 "66 0F38 1C /r"
 * map 0F 38                          "D9 /4:1"         x87: mod 3, reg 4, rm 1 (D9 E1)
 *     "VEX.128.66.0F38.W0 1C /r"   L: 128, 256, LIG; prefix: NP, 66, F3, F2; map: 0F,
 * 0F38, 0F3A; W0, W1, WIG
 *
 * Without NP/66/F3/F2 any prefix is accepted, and 66 means operand size.  The first
 * matching row in registration order counts; a test checks that no row is hidden.  A
 * byte opcode's immediate, ModRM and displacement follow from the operands: the first
 * four letters, immediates in the order of encoding.
 */
typedef struct X86Row {
    const char *enc;
    const char *name;
    uint16_t op[4];   /* letters of operands.h; the destination first */
    uint16_t feature; /* X86Feature, 0: always there */
    uint8_t exc;      /* X86ExcClass */
    uint32_t rules;
    X86RefFn *ref;         /* one function for all forms, or */
    const X86RefSet *refs; /* one for each form */
    uint16_t undef;        /* arithmetic flags that the manual leaves undefined */
    X86BuildFn *build;     /* NULL: always executed by its reference function */
} __attribute__((aligned(64))) X86Row;

_Static_assert(sizeof(X86Row) == 64, "one cache line for each row");

/* What one opcode file contributes. */
typedef struct X86RowTable {
    const X86Row *rows;
    unsigned count;
} X86RowTable;

extern const X86RowTable x86_rows_int; /* one-byte map and 0F: integer */
extern const X86RowTable x86_rows_sys;
extern const X86RowTable x86_rows_x87;
extern const X86RowTable x86_rows_sse; /* MMX, SSE .. SSE4.2, AES, PCLMUL, SHA */
extern const X86RowTable x86_rows_avx; /* VEX forms */

/* Flags of a decoded instruction */
enum {
    X86_I_MEM = 1 << 0, /* the rm operand is memory */
    X86_I_LOCK = 1 << 1,
    X86_I_REP = 1 << 2,   /* F3 */
    X86_I_REPNE = 1 << 3, /* F2 */
    X86_I_VEX = 1 << 4,
    X86_I_W = 1 << 5, /* REX.W or VEX.W */
    X86_I_REX = 1 << 6,
    X86_I_66 = 1 << 7,
};

/* One decoded instruction: 64 bytes. */
struct X86Insn {
    X86RefFn *ref;
    uint64_t
        next_rip; /* address of the following instruction, wrapped to the code size */
    uint64_t
        disp; /* sign-extended; rip-relative: already the target; moffs: the offset */
    uint64_t imm; /* sign-extended; J operands: already the target, wrapped */
    const X86Row *row;
    uint16_t imm2;   /* selector of Ap, second immediate of ENTER, EXTRQ, INSERTQ */
    uint8_t flags;   /* X86_I_* */
    uint8_t len;     /* in bytes */
    uint8_t opsize;  /* in bytes: 2, 4 or 8; VEX: 4 or 8 by W */
    uint8_t adshift; /* 64 - address size in bits */
    uint8_t seg;     /* X86SegReg of the memory operand */
    uint8_t base, index,
        scale;           /* X86_REG_ZERO: none; VSIB: index is the vector register */
    uint8_t reg, rm;     /* with REX.R, REX.B (or opcode bits for +r: rm) */
    uint8_t reg_b, rm_b; /* byte registers: offset of the byte in regs[] */
    uint8_t vvvv;        /* VEX */
    uint8_t vl;          /* vector length in bytes: 16 or 32; 8 for MMX */
    uint8_t align; /* memory operand must be aligned to align + 1 bytes, else #GP(0) */
    uint8_t opcode, modrm;
    uint8_t map; /* 0: one-byte, 1: 0F, 2: 0F38, 3: 0F3A */
};

_Static_assert(sizeof(X86Insn) == 64, "one cache line for each decoded instruction");

static inline uint64_t x86_insn_rip(const X86Insn *i)
{
    return i->next_rip - i->len;
}

static inline bool x86_is64(const X86State *cpu)
{
    return cpu->mode & X86_MODE_CODE64;
}

/* --- raising ---------------------------------------------------------------------- */

/* Leaves the instruction that is being executed with an exception.  Everything the
 * instruction has stored so far stays: rule R1. */
_Noreturn void x86_raise(X86State *cpu,
                         X86Exception vector); /* without an error code */
_Noreturn void x86_raise_err(X86State *cpu, X86Exception vector, uint32_t error);
_Noreturn void x86_raise_ud(X86State *cpu);
_Noreturn void x86_raise_gp(X86State *cpu, uint32_t error);
/* A pending x87 exception meets a waiting instruction: #MF, or FERR# when CR0.NE is
 * clear. */
_Noreturn void x86_raise_mf(X86State *cpu);
/* An unmasked SIMD floating-point exception: #XM, or #UD when CR4.OSXMMEXCPT is clear.
 */
_Noreturn void x86_raise_xm(X86State *cpu);

/* The ref of bytes that are no instruction. */
void x86_ref_ud(X86State *cpu, const X86Insn *i);
void x86_ref_nm(X86State *cpu, const X86Insn *i);  /* the FPU is not available */
void x86_ref_gp0(X86State *cpu, const X86Insn *i); /* privileged */

/* Ends the block after this instruction, going on at @rip. */
static inline void x86_end_block_at(X86State *cpu, uint64_t rip)
{
    cpu->rip = rip;
    cpu->run_end = NULL;
}

/* Instructions from @next on have been charged for and are not going to be executed. */
static inline void x86_give_back(X86State *cpu, const X86Insn *next)
{
    if (cpu->counted) {
        cpu->jit.budget += (int32_t)(cpu->counted_end - next);
    }
}

/* Something wants the CPU between two instructions. */
static inline bool x86_wants_out(const X86State *cpu)
{
    return __atomic_load_n(&cpu->irq_pending, __ATOMIC_RELAXED) |
           __atomic_load_n(cpu->exit_request, __ATOMIC_RELAXED);
}

/* --- registers -------------------------------------------------------------------- */

static inline uint8_t *x86_reg8(X86State *cpu, unsigned byte_offset)
{
    return (uint8_t *)cpu->regs + byte_offset;
}

/* Writes a general register with the rules of partial writes. */
static inline void x86_reg_set32(X86State *cpu, unsigned n, uint32_t v)
{
    cpu->regs[n].q = v;
}

static inline void x86_reg_set(X86State *cpu, unsigned n, unsigned bytes, uint64_t v)
{
    if (bytes == 8) {
        cpu->regs[n].q = v;
    } else if (bytes == 4) {
        cpu->regs[n].q = (uint32_t)v;
    } else {
        cpu->regs[n].w = v;
    }
}

static inline uint64_t x86_reg_get(const X86State *cpu, unsigned n, unsigned bytes)
{
    return bytes == 8 ? cpu->regs[n].q : bytes == 4 ? cpu->regs[n].d : cpu->regs[n].w;
}

static inline X86Vec256 x86_ymm_get(const X86State *cpu, unsigned n)
{
    X86Vec256 r;

    r.v[0] = cpu->xs.xmm[n];
    r.v[1] = cpu->xs.ymmh[n];
    return r;
}

static inline void x86_ymm_set(X86State *cpu, unsigned n, const X86Vec256 *v)
{
    cpu->xs.xmm[n] = v->v[0];
    cpu->xs.ymmh[n] = v->v[1];
}

/* A VEX.128 instruction writes its destination with the upper half cleared. */
static inline void x86_vex_set128(X86State *cpu, unsigned n, X86Vec v)
{
    cpu->xs.xmm[n] = v;
    cpu->xs.ymmh[n].u64[0] = 0;
    cpu->xs.ymmh[n].u64[1] = 0;
}

#endif
