/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segmentation, protection, exceptions and modes: what the system instructions, the
 * exception delivery and the MMU share.
 */
#ifndef ACCEL_TARGET_I386_SYSTEM_H
#define ACCEL_TARGET_I386_SYSTEM_H

#include "accel/target/i386/mem.h"

/* --- modes --------------------------------------------------------------------------
 */

static inline bool x86_is_protected(const X86State *cpu)
{
    return (cpu->mode & (X86_MODE_PE | X86_MODE_VM86)) == X86_MODE_PE;
}

static inline bool x86_is_vm86(const X86State *cpu)
{
    return cpu->mode & X86_MODE_VM86;
}

static inline bool x86_is_long(const X86State *cpu)
{
    return cpu->efer & X86_EFER_LMA;
}

static inline unsigned x86_iopl(const X86State *cpu)
{
    return (cpu->rflags & X86_FL_IOPL) >> 12;
}

/* VIF and VIP are both set where they count: #GP(0) before the next instruction. Only a
 * return to CPL 3 or a task switch can make it so. SDM volume 3B, 21.3.2 and 21.4. */
static inline bool x86_virtual_interrupt_is_due(const X86State *cpu)
{
    const uint32_t both = X86_FL_VIF | X86_FL_VIP;

    return (cpu->rflags & both) == both && cpu->cpl == 3 && x86_iopl(cpu) < 3 &&
           cpu->cr4 & (cpu->rflags & X86_FL_VM ? X86_CR4_VME : X86_CR4_PVI);
}

static inline bool x86_is_canonical(const X86State *cpu, uint64_t addr)
{
    unsigned shift = cpu->cr4 & X86_CR4_LA57 ? 64 - 57 : 64 - 48;

    return (uint64_t)((int64_t)(addr << shift) >> shift) == addr;
}

/* Recomputes mode word, view and segment bounds after a change of CR0, CR4, EFER, XCR0,
 * CS, SS, RFLAGS.TF/VM/AC, CPL or SMM. */
void x86_update_mode(X86State *cpu);
/* Recomputes seg_fast of one register. */
void x86_update_seg(X86State *cpu, unsigned seg);
void x86_set_cpl(X86State *cpu, unsigned cpl);
/* RFLAGS.AC at CPL 0, where it only decides which view of memory counts. */
void x86_set_ac(X86State *cpu, bool ac);
/* After RFLAGS were written: TF, AC, IF, VM may matter to the next instruction. */
void x86_flags_changed(X86State *cpu, uint64_t old);
/* STI and stack segment loads: interrupts wait for one instruction. */
void x86_set_shadow(X86State *cpu, unsigned which);

void x86_set_cr0(X86State *cpu, uint64_t v); /* with all checks */
void x86_set_cr3(X86State *cpu, uint64_t v);
void x86_set_cr4(X86State *cpu, uint64_t v);
void x86_set_efer(X86State *cpu, uint64_t v); /* without checks */
/* Bits that this CPU has. */
uint64_t x86_cr4_allowed(const X86State *cpu);
uint64_t x86_efer_allowed(const X86State *cpu);

/*
 * For instructions that may change the mode word or translations but seldom do: their
 * rows have no X86_ENDS, and their blocks end behind them only if x86_surroundings() is
 * no longer what it was; "quiet": or if something wants the CPU, which such an
 * instruction may have brought about (OUT), or made possible (POPF).
 */
uint64_t x86_surroundings(const X86State *cpu);
void x86_go_on_if_same(X86State *cpu, const X86Insn *i, uint64_t before);
void x86_go_on_if_quiet(X86State *cpu, const X86Insn *i, uint64_t before);

/* --- descriptors ------------------------------------------------------------------ */

typedef struct X86Desc {
    uint32_t lo, hi;
    uint32_t hi2;  /* base bits 63:32 of a 16-byte system descriptor */
    uint64_t addr; /* linear address of the entry */
    bool cut; /* of its 16 bytes the upper half is beyond the limit, or has a type */
} X86Desc;

static inline uint32_t x86_desc_base(const X86Desc *d)
{
    return d->lo >> 16 | (d->hi & 0xff) << 16 | (d->hi & 0xff000000u);
}

static inline uint32_t x86_desc_limit(const X86Desc *d)
{
    uint32_t limit = (d->lo & 0xffff) | (d->hi & 0xf0000);

    return d->hi & 0x800000 ? limit << 12 | 0xfff : limit;
}

static inline uint16_t x86_desc_attr(const X86Desc *d)
{
    return d->hi >> 8 & 0xf0ff;
}

static inline unsigned x86_desc_dpl(const X86Desc *d)
{
    return d->hi >> 13 & 3;
}

/* Reads the descriptor of @sel; false when it is outside its table. May raise #PF. */
bool x86_desc_read(X86State *cpu, uint16_t sel, X86Desc *d);
/* Sets the accessed bit in memory. */
void x86_desc_set_accessed(X86State *cpu, X86Desc *d);
/* Sets or clears the busy bit of a TSS descriptor in memory. */
void x86_desc_set_busy(X86State *cpu, X86Desc *d, bool busy);
X86Segment x86_desc_segment(const X86Desc *d, uint16_t sel);

/* Loads ES, SS, DS, FS or GS with all checks of the current mode. */
void x86_load_seg(X86State *cpu, unsigned seg, uint16_t sel);
/* The same without checks, real mode and virtual-8086 mode form. */
void x86_load_seg_real(X86State *cpu, unsigned seg, uint16_t sel);
void x86_load_seg_cache(X86State *cpu, unsigned seg, const X86Segment *s);
/* Null segment, as left behind by a return to an outer level. */
void x86_load_seg_null(X86State *cpu, unsigned seg, uint16_t sel);
/* Installs CS and the CPL that goes with it. */
void x86_load_cs(X86State *cpu, const X86Segment *s, unsigned cpl);
/* The same together with SS; cheap between levels of 64-bit code. */
void x86_load_cs_ss(X86State *cpu, const X86Segment *cs, const X86Segment *ss,
                    unsigned cpl);
/* Checks for a stack segment at privilege @cpl; raises @vector(sel) if unfit. */
void x86_check_ss(X86State *cpu, uint16_t sel, const X86Desc *d, unsigned cpl,
                  X86Exception vector);

/* System accesses with supervisor rights, by linear address, which may have wrapped. */
static inline X86View x86_sys_view(const X86State *cpu)
{
    return cpu->cr4 & X86_CR4_SMAP ? X86_VIEW_SMAP : X86_VIEW_KERNEL;
}

static inline uint64_t x86_sys_ld(X86State *cpu, uint64_t lin, unsigned size)
{
    return x86_ld_linear(cpu, x86_is_long(cpu) ? lin : (uint32_t)lin, size,
                         x86_sys_view(cpu));
}

static inline void x86_sys_st(X86State *cpu, uint64_t lin, uint64_t v, unsigned size)
{
    x86_st_linear(cpu, x86_is_long(cpu) ? lin : (uint32_t)lin, v, size,
                  x86_sys_view(cpu));
}

/* --- task state segment ----------------------------------------------------------- */

typedef enum X86TaskReason {
    X86_TASK_JMP,
    X86_TASK_CALL, /* also interrupts */
    X86_TASK_IRET
} X86TaskReason;

/* @next_rip: where the old task goes on.  @sel, @d: the new TSS. */
void x86_task_switch(X86State *cpu, uint16_t sel, X86Desc *d, X86TaskReason reason,
                     uint64_t next_rip);
/* The stack for privilege level @dpl from the current TSS. */
void x86_tss_stack(X86State *cpu, unsigned dpl, uint16_t *ss, uint32_t *esp);
uint64_t x86_tss_rsp64(X86State *cpu,
                       unsigned index); /* 0..2: RSPn; 3+n: ISTn, n from 1 */

/* --- stacks other than the current one -------------------------------------------- */

typedef struct X86Frame {
    uint64_t base, sp, mask;
    X86View view;
    unsigned size;        /* of what is pushed */
    const X86Segment *ss; /* for the limit; NULL in long mode */
    uint32_t error;       /* of #SS */
} X86Frame;

/* The stack of the inner level @cpl from the TSS, checked; *@seg is its SS. */
X86Frame x86_inner_frame(X86State *cpu, unsigned cpl, unsigned size, X86Segment *seg);
void x86_frame_push(X86State *cpu, X86Frame *f, uint64_t v);

/* --- exceptions and interrupts ---------------------------------------------------- */

typedef enum X86EventKind {
    X86_EVENT_FAULT, /* processor exception: rip is that of the instruction */
    X86_EVENT_TRAP,  /* #DB trap: rip is that of the next one */
    X86_EVENT_SOFT,  /* INT n, INT3, INTO */
    X86_EVENT_HARD,  /* INTR, NMI */
} X86EventKind;

/* Transfers control to the handler of @vector; @rip is what is pushed.  Raises what
 * goes wrong under way. */
void x86_deliver(X86State *cpu, unsigned vector, X86EventKind kind, bool has_error,
                 uint32_t error, uint64_t rip);
/* INT n in virtual-8086 mode (INT3 and INTO obey neither IOPL nor the map): raises
 * #GP(0), or delivers it inside the 8086 program and returns true; false: it goes by
 * the IDT. */
bool x86_deliver_in_vm86(X86State *cpu, unsigned vector, uint64_t rip);
/* The CPU stops, and with it the machine: triple fault, RSM of an impossible state. */
void x86_shutdown(X86State *cpu);
/* Takes the fault recorded in exc_*: double and triple faults included.  Called by the
 * execution loop after a raise. */
void x86_take_fault(X86State *cpu);
/* A trap (#DB) after an instruction has completed. */
void x86_take_trap_db(X86State *cpu, uint64_t dr6_bits);
/* Whether something in irq_pending, or of @p, can be taken now. */
bool x86_can_take_irq(const X86State *cpu);
bool x86_can_take(const X86State *cpu, uint32_t p);
/* Looks at irq_pending: flushes what must be, and takes one event.  Context: vCPU
 * thread; takes the BQL where it must.  Returns true if it took one. */
bool x86_handle_irq(X86State *cpu);
/* INIT and SIPI only; false when there was neither. For who delivers interrupts itself.
 */
bool x86_handle_init_sipi(X86State *cpu);

_Noreturn void x86_raise_pf(X86State *cpu, uint64_t addr, uint32_t error);

/* --- SMM -------------------------------------------------------------------------- */

void x86_smm_enter(X86State *cpu);
void x86_smm_leave(X86State *cpu); /* RSM */

/* --- MMU -------------------------------------------------------------------------- */

/* Drops translations. */
void x86_flush_all(X86State *cpu);
void x86_flush_page(X86State *cpu, uint64_t lin);

/* PDPTEs of PAE paging from @cr3; false if reserved bits are set. */
bool x86_load_pdptes(X86State *cpu, uint64_t cr3, uint64_t out[4]);

/* Walks without changing anything, as a debugger sees it; false when not mapped. */
bool x86_translate_debug(X86State *cpu, uint64_t lin, uint64_t *phys);

/* --- debug registers -------------------------------------------------------------- */

/* DR7 or DR0-3 changed. */
void x86_update_breakpoints(X86State *cpu);
/* An instruction breakpoint at linear @addr: DR6 bits, or 0. */
uint32_t x86_code_breakpoint(const X86State *cpu, uint64_t addr);
void x86_check_data_breakpoint(X86State *cpu, uint64_t addr, unsigned len, bool write);
void x86_check_io_breakpoint(X86State *cpu, uint32_t port, unsigned len);

/* --- I/O ports -------------------------------------------------------------------- */

void x86_check_io(X86State *cpu, uint16_t port, unsigned size);
uint32_t x86_io_in(X86State *cpu, uint16_t port, unsigned size);
void x86_io_out(X86State *cpu, uint16_t port, uint32_t v, unsigned size);

/* --- MSRs, CPUID ------------------------------------------------------------------ */

bool x86_read_msr(X86State *cpu, uint32_t index, uint64_t *value);
bool x86_write_msr(X86State *cpu, uint32_t index, uint64_t value);
void x86_cpuid(const X86State *cpu, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
/* What the TSC counts: the host's, or ns of a virtual clock that counts instructions.
 */
uint64_t x86_tsc_clock(void);
uint64_t x86_read_tsc(const X86State *cpu);
void x86_reset_tsc(X86State *cpu);

#endif
