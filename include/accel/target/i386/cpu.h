/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of one x86 CPU, and what the rest of the machine may ask of it.
 *
 * X86State is everything that the guest can see of a CPU plus what execution derives
 * from it (the parts under "derived" are recomputed by x86_state_refresh() and never
 * saved).  Register and bit names are those of the Intel SDM. The FPU, MMX, SSE and AVX
 * registers lie in the state in the format of the XSAVE area (SDM volume 1, 13.4), so
 * that FXSAVE, XSAVE and migration are copies, and a reference function may hand them
 * to the host's own FXRSTOR.
 *
 * Only the thread of the vCPU touches its X86State while it runs, except fields marked
 * "any thread". How instructions are described and executed: accel/target/i386/insn.h,
 * docs/adding-an-instruction.md.
 */
#ifndef ACCEL_TARGET_I386_CPU_H
#define ACCEL_TARGET_I386_CPU_H

#include "accel/target/i386/features.h"
#include "accel/tcg/jit-env.h"
#include "accel/tcg/soft-tlb.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */

enum { X86_RAX, X86_RCX, X86_RDX, X86_RBX, X86_RSP, X86_RBP, X86_RSI, X86_RDI };

/* regs[] has one more that is always zero: a missing base or index register. */
enum { X86_REG_ZERO = 16, X86_REG_COUNT = 17 };

typedef enum X86SegReg { X86_ES, X86_CS, X86_SS, X86_DS, X86_FS, X86_GS, X86_SEG_COUNT } X86SegReg;

/* RFLAGS */
#define X86_FL_CF    (1u << 0)
#define X86_FL_FIXED (1u << 1)
#define X86_FL_PF    (1u << 2)
#define X86_FL_AF    (1u << 4)
#define X86_FL_ZF    (1u << 6)
#define X86_FL_SF    (1u << 7)
#define X86_FL_TF    (1u << 8)
#define X86_FL_IF    (1u << 9)
#define X86_FL_DF    (1u << 10)
#define X86_FL_OF    (1u << 11)
#define X86_FL_IOPL  (3u << 12)
#define X86_FL_NT    (1u << 14)
#define X86_FL_RF    (1u << 16)
#define X86_FL_VM    (1u << 17)
#define X86_FL_AC    (1u << 18)
#define X86_FL_VIF   (1u << 19)
#define X86_FL_VIP   (1u << 20)
#define X86_FL_ID    (1u << 21)
#define X86_FL_ARITH (X86_FL_CF | X86_FL_PF | X86_FL_AF | X86_FL_ZF | X86_FL_SF | X86_FL_OF)

/* CR0 */
#define X86_CR0_PE (1u << 0)
#define X86_CR0_MP (1u << 1)
#define X86_CR0_EM (1u << 2)
#define X86_CR0_TS (1u << 3)
#define X86_CR0_ET (1u << 4)
#define X86_CR0_NE (1u << 5)
#define X86_CR0_WP (1u << 16)
#define X86_CR0_AM (1u << 18)
#define X86_CR0_NW (1u << 29)
#define X86_CR0_CD (1u << 30)
#define X86_CR0_PG (1u << 31)

/* CR4 */
#define X86_CR4_VME        (1u << 0)
#define X86_CR4_PVI        (1u << 1)
#define X86_CR4_TSD        (1u << 2)
#define X86_CR4_DE         (1u << 3)
#define X86_CR4_PSE        (1u << 4)
#define X86_CR4_PAE        (1u << 5)
#define X86_CR4_MCE        (1u << 6)
#define X86_CR4_PGE        (1u << 7)
#define X86_CR4_PCE        (1u << 8)
#define X86_CR4_OSFXSR     (1u << 9)
#define X86_CR4_OSXMMEXCPT (1u << 10)
#define X86_CR4_UMIP       (1u << 11)
#define X86_CR4_LA57       (1u << 12)
#define X86_CR4_FSGSBASE   (1u << 16)
#define X86_CR4_PCIDE      (1u << 17)
#define X86_CR4_OSXSAVE    (1u << 18)
#define X86_CR4_SMEP       (1u << 20)
#define X86_CR4_SMAP       (1u << 21)
#define X86_CR4_PKE        (1u << 22)

/* EFER */
#define X86_EFER_SCE   (1u << 0)
#define X86_EFER_LME   (1u << 8)
#define X86_EFER_LMA   (1u << 10)
#define X86_EFER_NXE   (1u << 11)
#define X86_EFER_SVME  (1u << 12)
#define X86_EFER_FFXSR (1u << 14)

/* XCR0 */
#define X86_XCR0_X87 (1u << 0)
#define X86_XCR0_SSE (1u << 1)
#define X86_XCR0_AVX (1u << 2)

/* Attribute word of a segment: bits 8..23 of the descriptor's high half, moved down by 8 (as SMM and VMX store it). */
#define X86_SEG_TYPE    0x000fu
#define X86_SEG_ACCESSED 0x0001u
#define X86_SEG_RW      0x0002u /* code: readable, data: writable */
#define X86_SEG_EC      0x0004u /* code: conforming, data: expand down */
#define X86_SEG_CODE    0x0008u
#define X86_SEG_S       0x0010u
#define X86_SEG_DPL     0x0060u
#define X86_SEG_DPL_SHIFT 5
#define X86_SEG_P       0x0080u
#define X86_SEG_AVL     0x1000u
#define X86_SEG_L       0x2000u
#define X86_SEG_DB      0x4000u
#define X86_SEG_G       0x8000u
/* clang-format on */

/* Exceptions, SDM volume 3A, 6.3.1 */
typedef enum X86Exception {
    X86_EXC_DE = 0,
    X86_EXC_DB = 1,
    X86_EXC_NMI = 2,
    X86_EXC_BP = 3,
    X86_EXC_OF = 4,
    X86_EXC_BR = 5,
    X86_EXC_UD = 6,
    X86_EXC_NM = 7,
    X86_EXC_DF = 8,
    X86_EXC_TS = 10,
    X86_EXC_NP = 11,
    X86_EXC_SS = 12,
    X86_EXC_GP = 13,
    X86_EXC_PF = 14,
    X86_EXC_MF = 16,
    X86_EXC_AC = 17,
    X86_EXC_MC = 18,
    X86_EXC_XM = 19,
} X86Exception;

/* One general register and its parts. */
typedef union X86Gpr {
    uint64_t q;
    uint32_t d;
    uint16_t w;
    uint8_t b[8];
} X86Gpr;

/* A segment register with its hidden part, as loaded; the architecture's view. */
typedef struct X86Segment {
    uint64_t base;
    uint32_t limit; /* in bytes, scaled */
    uint16_t selector;
    uint16_t attr; /* X86_SEG_*; a null selector leaves P clear */
} X86Segment;

/* Derived: what an access through a segment needs in the current mode.  An access of n
 * bytes at ea is fine without a closer look if ea + n <= end; an end of 0 sends every
 * access to the slow check. */
typedef struct X86SegFast {
    uint64_t base;
    uint64_t read_end;
    uint64_t write_end;
} X86SegFast;

typedef struct X86DescTable {
    uint64_t base;
    uint16_t limit;
} X86DescTable;

typedef union X86Vec {
    uint8_t u8[16];
    uint16_t u16[8];
    uint32_t u32[4];
    uint64_t u64[2];
    int8_t s8[16];
    int16_t s16[8];
    int32_t s32[4];
    int64_t s64[2];
    float f32[4];
    double f64[2];
} __attribute__((aligned(16))) X86Vec;

typedef union X86Vec256 {
    X86Vec v[2];
    uint8_t u8[32];
    uint16_t u16[16];
    uint32_t u32[8];
    uint64_t u64[4];
    int8_t s8[32];
    int16_t s16[16];
    int32_t s32[8];
    int64_t s64[4];
    float f32[8];
    double f64[4];
} __attribute__((aligned(32))) X86Vec256;

/* One x87 register in the FXSAVE format: 80 bits and 6 bytes of nothing. */
typedef union X86St {
    struct {
        uint64_t mantissa;
        uint16_t exponent; /* with the sign in bit 15 */
        uint16_t pad[3];
    };
    X86Vec v;
} X86St;

/*
 * The XSAVE area in the standard format: legacy region, header, and AVX's upper halves
 * at 576. st[i] is ST(i), not physical register i: MMi is st[i] when TOP is 0, else
 * st[(i - TOP) & 7]. ftw is the abridged tag word of FXSAVE: bit i set means that
 * *physical* register i is not empty.
 */
typedef struct X86Xsave {
    uint16_t fcw;
    uint16_t fsw; /* with TOP in bits 13:11 */
    uint8_t ftw;
    uint8_t rsvd0;
    uint16_t fop;
    uint64_t fip; /* 64-bit form; 32-bit forms keep the selectors in fcs, fds below */
    uint64_t fdp;
    uint32_t mxcsr;
    uint32_t mxcsr_mask;
    X86St st[8];
    X86Vec xmm[16];
    uint8_t rsvd1[96];
    uint64_t xstate_bv;
    uint64_t xcomp_bv;
    uint64_t rsvd2[6];
    X86Vec ymmh[16]; /* bits 255:128 of the YMM registers */
} __attribute__((aligned(64))) X86Xsave;

#define X86_MXCSR_MASK  0x0000ffffu
#define X86_MXCSR_RESET 0x1f80u

/* Derived: which view of the address space an access takes; one soft TLB each. */
typedef enum X86View {
    X86_VIEW_KERNEL, /* supervisor, user pages reachable */
    X86_VIEW_SMAP,   /* supervisor under CR4.SMAP with AC clear */
    X86_VIEW_USER,
    X86_VIEW_COUNT
} X86View;

/* Pending events; bits of X86State.irq_pending. */
enum {
    X86_IRQ_HARD = 1 << 0, /* level: the INTR line (PIC or APIC) is up */
    X86_IRQ_NMI = 1 << 1,
    X86_IRQ_SMI = 1 << 2,
    X86_IRQ_INIT = 1 << 3,
    X86_IRQ_SIPI = 1 << 4,
    X86_IRQ_MCE = 1 << 5,
    X86_IRQ_A20 = 1 << 6,       /* the A20 line has changed */
    X86_IRQ_FLUSH = 1 << 7,     /* forget all translations */
    X86_IRQ_APIC_POLL = 1 << 8, /* the APIC has a request to turn into others */
};

typedef struct X86State X86State;
typedef struct X86Insn X86Insn;
typedef struct X86Block X86Block;

/*
 * What a CPU asks of its interrupt controllers and of the board.  The APIC fills the
 * apic entries, the board the rest; any of them may be NULL. Context: BQL held, thread
 * of the vCPU.
 */
typedef struct X86CpuOps {
    /* Acknowledges the highest request of the local APIC: a vector, or -1 if there is
     * none. */
    int (*apic_get_interrupt)(void *apic);
    /* Whether the local APIC lets the INTR of the 8259s through (LINT0 in ExtINT mode,
     * or globally disabled). */
    bool (*apic_accept_pic_intr)(void *apic);
    uint64_t (*apic_get_base)(void *apic);             /* IA32_APIC_BASE */
    bool (*apic_set_base)(void *apic, uint64_t value); /* false: #GP(0) */
    uint8_t (*apic_get_tpr)(void *apic);               /* bits 7:4 of TPR, as CR8 */
    void (*apic_set_tpr)(void *apic, uint8_t cr8);
    /* x2APIC registers, TSC deadline; false: #GP(0) */
    bool (*apic_read_msr)(void *apic, uint32_t index, uint64_t *value);
    bool (*apic_write_msr)(void *apic, uint32_t index, uint64_t value);
    /* The CPU was reset by INIT: the APIC keeps its base and id and resets the rest. */
    void (*apic_init)(void *apic);
    /* X86_IRQ_APIC_POLL was set: called before interrupts are looked at. */
    void (*apic_poll)(void *apic);
    /* Acknowledge cycle of the 8259 pair. */
    int (*pic_read_irq)(void *board);
    /* FERR# of the FPU, which a PC turns into IRQ 13. */
    void (*set_ferr)(void *board, int level);
    /* SMM was entered (1) or left (0). */
    void (*smm_changed)(void *board, int in_smm);
    /* Triple fault: reset the machine. */
    void (*triple_fault)(void *board);
} X86CpuOps;

/* What a CPU model says about itself; written once, before the first instruction. */
typedef struct X86CpuIdent {
    char vendor[13];
    uint32_t family, model, stepping;
    uint32_t level, xlevel; /* highest basic and extended leaf */
    char model_id[49];
    uint8_t phys_bits, virt_bits;
    uint32_t apic_id;
    uint32_t cores_per_package, threads_per_core, packages;
    bool hypervisor_leaf;
} X86CpuIdent;

enum { X86_MTRR_VAR_COUNT = 8, X86_MC_BANK_COUNT = 10 };

enum { X86_PHYS_CACHE = 256 };

/* A page of physical memory that was looked up lately: direct-mapped. */
typedef struct X86PhysCache {
    uint64_t tag; /* address | space << 1 | 1; 0: empty */
    void *host;
    uint64_t ram_addr;
    bool readonly;
} X86PhysCache;

struct X86State {
    /* --- general registers; hot, at the start --- */
    X86Gpr regs[X86_REG_COUNT];
    uint64_t rip; /* exact between blocks and in exception delivery; inside a block see
                     insn */

    /* Lazy arithmetic flags, see accel/target/i386/flags.h.  Read RFLAGS by
     * x86_get_rflags(). */
    uint64_t cc_res;
    uint64_t cc_aux;
    uint32_t rflags; /* all others, less DF (arithmetic bits here are stale) */
    int32_t df_step; /* DF: 1 if it is clear, -1 if it is set */

    /* --- execution (derived) --- */
    const X86Insn *insn; /* being executed */
    const X86Insn
        *run_end; /* where the block ends; NULL ends it after this instruction */
    SoftTlb *tlb; /* of the current view */
    X86SegFast seg_fast[X86_SEG_COUNT];
    uint32_t mode;        /* X86_MODE_* */
    uint32_t irq_pending; /* atomic, any thread: X86_IRQ_* */
    uint64_t stack_mask;  /* of rSP: 0xffff, 0xffffffff or all ones */
    uint8_t cpl;
    uint8_t view; /* X86View */
    bool a20_off;
    uint8_t irq_shadow; /* X86_SHADOW_* : after STI, MOV SS, POP SS */

    /* --- segments and tables --- */
    X86Segment seg[X86_SEG_COUNT];
    X86Segment ldtr, tr;
    X86DescTable gdtr, idtr;

    /* --- control --- */
    uint64_t cr0, cr2, cr3, cr4, cr8;
    uint64_t xcr0;
    uint64_t dr[8];
    uint64_t efer;
    uint64_t pdpte[4]; /* PAE: loaded with CR3 */

    /* --- MSRs --- */
    uint64_t star, lstar, cstar, sfmask, kernel_gs_base, tsc_aux;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t apic_base; /* when there is no APIC device */
    uint64_t pat, mtrr_def_type, mtrr_fixed[11];
    uint64_t mtrr_var[X86_MTRR_VAR_COUNT][2];
    uint64_t misc_enable, feature_control, debugctl;
    uint64_t mcg_cap, mcg_status, mcg_ctl;
    uint64_t mc_bank[X86_MC_BANK_COUNT][4];
    uint64_t tsc_offset; /* guest TSC = x86_tsc_clock() + offset */
    uint64_t tsc_adjust;
    uint64_t vm_hsave_pa, xss;
    uint32_t smbase;
    uint32_t pkru;

    /* --- FPU, MMX, SSE, AVX --- */
    X86Xsave xs;
    uint16_t fcs, fds; /* selectors of the last x87 instruction and operand */

    /* --- events --- */
    bool halted;
    bool in_smm;
    bool nmi_blocked;
    bool smm_inside_nmi; /* NMIs were blocked when SMM was entered */
    bool wait_sipi;
    uint8_t sipi_vector;
    bool smi_blocked_by_shutdown;
    /* The event being raised or delivered (SDM volume 3A, 6.15: double fault
     * conditions). */
    int32_t exc_vector; /* -1: none */
    uint32_t exc_error;
    bool exc_has_error;
    /* Bit 0 of error codes: 1 while an event is delivered that came from outside the
     * program, that is, all but INT n, INT3 and INTO. */
    uint8_t exc_ext;
    int32_t exc_delivering; /* vector whose delivery is under way, -1: none */
    uint64_t pending_db;    /* DR6 bits of traps to report after this instruction */
    uint64_t monitor_addr;
    bool monitor_armed;

    /* --- identity --- */
    uint32_t features[X86_FW_COUNT];
    X86CpuIdent ident;
    const X86CpuOps *ops;
    void *apic;
    void *board;

    /* --- machinery (derived) --- */
    jmp_buf fault_env;            /* target of x86_raise() */
    struct TcgPhys *phys;         /* memory and ports */
    struct X86Blocks *blocks;     /* decoded code of this vCPU */
    struct X86Spaces *spaces;     /* what was left behind by loads of CR3 */
    struct X86Jit *xjit;          /* its translated code */
    struct TcgReader *reader;     /* this vCPU among those that share memory, or NULL */
    const uint32_t *exit_request; /* atomic: not 0 leaves the execution loop */
    /* JitOptions.counted: a run ends when jit.budget is used up. It is charged for
     * instructions up to counted_end in advance; x86_give_back(). */
    bool counted;
    bool yielded; /* PAUSE: others first, if any */
    const struct X86Insn *counted_end;
    int32_t held;     /* lockstep: of the budget, not yet in jit.budget */
    uint8_t bp_armed; /* X86_BP_*: what DR7 asks for */
    JitEnv jit;       /* what generated code uses */
    X86PhysCache phys_cache[X86_PHYS_CACHE];
    SoftTlb views[X86_VIEW_COUNT];
};

enum { X86_SHADOW_STI = 1, X86_SHADOW_SS = 2 };
enum { X86_BP_CODE = 1, X86_BP_DATA = 2, X86_BP_IO = 4 };

/* clang-format off */
/* Bits of the mode word: every fact, besides the bytes and the address, that decoding depends on. */
#define X86_MODE_CODE32     (1u << 0)  /* CS.D */
#define X86_MODE_CODE64     (1u << 1)  /* 64-bit code */
#define X86_MODE_STACK32    (1u << 2)  /* SS.B */
#define X86_MODE_PE         (1u << 3)
#define X86_MODE_VM86       (1u << 4)
#define X86_MODE_LMA        (1u << 5)
#define X86_MODE_CPL_SHIFT  6          /* two bits */
#define X86_MODE_CPL        (3u << 6)
#define X86_MODE_TS         (1u << 8)
#define X86_MODE_EM         (1u << 9)
#define X86_MODE_MP         (1u << 10)
#define X86_MODE_OSFXSR     (1u << 11)
#define X86_MODE_OSXSAVE    (1u << 12)
#define X86_MODE_AVX        (1u << 13) /* XCR0 has SSE and AVX */
#define X86_MODE_SMM        (1u << 14)
#define X86_MODE_UMIP       (1u << 15)
#define X86_MODE_FSGSBASE   (1u << 16)
#define X86_MODE_STEP       (1u << 17) /* TF, armed breakpoints or VIF and VIP: one instruction at a time */
#define X86_MODE_OSXMMEXCPT (1u << 18)
#define X86_MODE_AC         (1u << 19) /* CR0.AM, EFLAGS.AC and CPL 3 */
#define X86_MODE_DS_FLAT    (1u << 20) /* outside 64-bit code: base 0, all 4 GiB readable and writable */
#define X86_MODE_ES_FLAT    (1u << 21)
#define X86_MODE_SS_FLAT    (1u << 22)
#define X86_MODE_CS_4G      (1u << 23) /* outside 64-bit code: the limit of CS is 4 GiB */
#define X86_MODE_SMAP       (1u << 24) /* the view is X86_VIEW_SMAP */
#define X86_MODE_WATCH      (1u << 25) /* data breakpoints are armed */
#define X86_MODE_XM         (1u << 26) /* MXCSR unmasks an exception */
#define X86_MODE_MF         (1u << 27) /* the x87 control word unmasks an exception */
/* clang-format on */

static inline bool x86_has(const X86State *cpu, X86Feature f)
{
    return f == 0 || (cpu->features[f >> 5] >> (f & 31) & 1);
}

/* Power-up or RESET# state; keeps identity, features, ops and machinery. */
void x86_state_reset(X86State *cpu);

/* The state after INIT: as reset, but FPU, caches, MSRs and SMBASE are kept. */
void x86_state_init(X86State *cpu);

/* Recomputes all derived fields; needed after the state was written from outside
 * (reset, load, debugger). */
void x86_state_refresh(X86State *cpu);

uint64_t x86_get_rflags(const X86State *cpu);

/* Sets all of RFLAGS without privilege checks. */
void x86_set_rflags(X86State *cpu, uint64_t value);

/* Raises or lowers pending events.  Context: any thread.  Does not wake a sleeping
 * vCPU. */
void x86_irq_set(X86State *cpu, uint32_t bits);
void x86_irq_clear(X86State *cpu, uint32_t bits);

#endif
