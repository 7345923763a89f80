/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reset, derived state, control registers.
 */
#include "accel/target/i386/blocks.h"
#include "accel/target/i386/flags.h"
#include "accel/target/i386/fpu.h"
#include "accel/target/i386/spaces.h"
#include "accel/target/i386/system.h"
#include "util/log.h"

#include <inttypes.h>
#include <string.h>

/* --- flags and pending events --------------------------------------------------------
 */

uint64_t x86_get_rflags(const X86State *cpu)
{
    return (cpu->rflags & ~X86_FL_ARITH) | x86_get_arith(cpu) | X86_FL_FIXED |
           (cpu->df_step < 0 ? X86_FL_DF : 0);
}

void x86_set_rflags(X86State *cpu, uint64_t value)
{
    cpu->rflags = (uint32_t)value & ~(X86_FL_ARITH | X86_FL_DF) & 0x3f7fd7;
    x86_set_arith(cpu, value);
    cpu->df_step = value & X86_FL_DF ? -1 : 1;
}

void x86_irq_set(X86State *cpu, uint32_t bits)
{
    __atomic_fetch_or(&cpu->irq_pending, bits, __ATOMIC_SEQ_CST);
    jit_env_kick(&cpu->jit);
}

void x86_irq_clear(X86State *cpu, uint32_t bits)
{
    __atomic_fetch_and(&cpu->irq_pending, ~bits, __ATOMIC_SEQ_CST);
}

/* --- derived state ---------------------------------------------------------------- */

static bool slow_data(const X86State *cpu)
{
    return cpu->mode & X86_MODE_AC || cpu->bp_armed & X86_BP_DATA;
}

/* The bit of the mode word that says that nothing about @seg needs a check. */
static uint32_t flat_bit(unsigned seg)
{
    return seg == X86_DS   ? X86_MODE_DS_FLAT
           : seg == X86_ES ? X86_MODE_ES_FLAT
           : seg == X86_SS ? X86_MODE_SS_FLAT
                           : 0;
}

static bool is_flat(const X86SegFast *f)
{
    return !f->base && f->read_end == 1ull << 32 && f->write_end == 1ull << 32;
}

void x86_update_seg(X86State *cpu, unsigned seg)
{
    const X86Segment *s = &cpu->seg[seg];
    X86SegFast *f = &cpu->seg_fast[seg];
    bool code = s->attr & X86_SEG_CODE;

    f->base = s->base;
    if (x86_is64(cpu)) {
        f->read_end = f->write_end = UINT64_MAX;
        if (seg != X86_FS && seg != X86_GS) {
            f->base = 0;
        }
    } else {
        f->read_end = f->write_end = (uint64_t)s->limit + 1;
        if ((s->attr & (X86_SEG_CODE | X86_SEG_EC)) == X86_SEG_EC) {
            f->read_end = f->write_end = 0;
        }
        if (x86_is_protected(cpu)) {
            bool p = s->attr & X86_SEG_P, rw = s->attr & X86_SEG_RW;

            if (!p || (code && !rw)) {
                f->read_end = 0;
            }
            if (!p || code || !rw) {
                f->write_end = 0;
            }
        }
    }
    if (slow_data(cpu)) {
        f->read_end = f->write_end = 0;
    }
    cpu->mode &= ~flat_bit(seg);
    cpu->mode |= is_flat(f) ? flat_bit(seg) : 0;
}

static uint32_t fp_masks(const X86State *cpu)
{
    return ((cpu->xs.mxcsr & X86_MXCSR_RESET) != X86_MXCSR_RESET ? X86_MODE_XM : 0) |
           ((cpu->xs.fcw & X87_FCW_MASKS) != X87_FCW_MASKS ? X86_MODE_MF : 0);
}

void x86_fp_masks_changed(X86State *cpu, const X86Insn *i)
{
    if ((cpu->mode & (X86_MODE_XM | X86_MODE_MF)) != fp_masks(cpu)) {
        x86_update_mode(cpu);
        x86_end_block_at(cpu, i->next_rip);
    }
}

static uint32_t compute_mode(const X86State *cpu)
{
    uint32_t m = (uint32_t)cpu->cpl << X86_MODE_CPL_SHIFT;
    uint16_t cs = cpu->seg[X86_CS].attr;
    bool lma = cpu->efer & X86_EFER_LMA;
    uint64_t avx = X86_XCR0_SSE | X86_XCR0_AVX;

    m |= lma ? X86_MODE_LMA : 0;
    m |= lma && cs & X86_SEG_L ? X86_MODE_CODE64
         : cs & X86_SEG_DB     ? X86_MODE_CODE32
                               : 0;
    /* Nothing depends on SS.B in 64-bit code: handlers of interrupts, whose SS is null,
     * share their translations with those of SYSCALL. */
    if (!(m & X86_MODE_CODE64)) {
        m |= cpu->seg[X86_SS].attr & X86_SEG_DB ? X86_MODE_STACK32 : 0;
    }
    m |= cpu->cr0 & X86_CR0_PE ? X86_MODE_PE : 0;
    m |= cpu->rflags & X86_FL_VM ? X86_MODE_VM86 : 0;
    m |= cpu->cr0 & X86_CR0_TS ? X86_MODE_TS : 0;
    m |= cpu->cr0 & X86_CR0_EM ? X86_MODE_EM : 0;
    m |= cpu->cr0 & X86_CR0_MP ? X86_MODE_MP : 0;
    m |= cpu->cr4 & X86_CR4_OSFXSR ? X86_MODE_OSFXSR : 0;
    m |= cpu->cr4 & X86_CR4_OSXSAVE ? X86_MODE_OSXSAVE : 0;
    m |= cpu->cr4 & X86_CR4_OSXMMEXCPT ? X86_MODE_OSXMMEXCPT : 0;
    m |= (cpu->xcr0 & avx) == avx ? X86_MODE_AVX : 0;
    m |= cpu->in_smm ? X86_MODE_SMM : 0;
    m |= cpu->cr4 & X86_CR4_UMIP ? X86_MODE_UMIP : 0;
    m |= cpu->cr4 & X86_CR4_FSGSBASE ? X86_MODE_FSGSBASE : 0;
    m |= cpu->rflags & X86_FL_TF || cpu->bp_armed & X86_BP_CODE ||
                 x86_virtual_interrupt_is_due(cpu)
             ? X86_MODE_STEP
             : 0;
    m |= cpu->cr0 & X86_CR0_AM && cpu->rflags & X86_FL_AC && cpu->cpl == 3 ? X86_MODE_AC
                                                                           : 0;
    m |= cpu->bp_armed & X86_BP_DATA ? X86_MODE_WATCH : 0;
    m |= fp_masks(cpu);
    if (!(m & X86_MODE_CODE64) && cpu->seg[X86_CS].limit == UINT32_MAX) {
        m |= X86_MODE_CS_4G;
    }
    return m;
}

/* The view follows from CPL, CR4.SMAP and AC. */
static void set_view(X86State *cpu)
{
    if (cpu->cpl == 3) {
        cpu->view = X86_VIEW_USER;
    } else if (cpu->cr4 & X86_CR4_SMAP && !(cpu->rflags & X86_FL_AC)) {
        cpu->view = X86_VIEW_SMAP;
    } else {
        cpu->view = X86_VIEW_KERNEL;
    }
    cpu->mode |= cpu->view == X86_VIEW_SMAP ? X86_MODE_SMAP : 0;
    cpu->tlb = &cpu->views[cpu->view];
}

void x86_update_mode(X86State *cpu)
{
    const uint32_t seg_bits = X86_MODE_CODE64 | X86_MODE_PE | X86_MODE_VM86 |
                              X86_MODE_AC | X86_MODE_STEP | X86_MODE_WATCH;
    const uint32_t flat_bits = X86_MODE_DS_FLAT | X86_MODE_ES_FLAT | X86_MODE_SS_FLAT;
    uint32_t old = cpu->mode;

    /* x86_update_seg() keeps the flat bits. */
    cpu->mode = compute_mode(cpu) | (old & flat_bits);
    cpu->stack_mask = cpu->mode & X86_MODE_CODE64    ? UINT64_MAX
                      : cpu->mode & X86_MODE_STACK32 ? 0xffffffffu
                                                     : 0xffff;
    set_view(cpu);
    if ((old ^ cpu->mode) & seg_bits) {
        for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
            x86_update_seg(cpu, k);
        }
    }
}

void x86_set_ac(X86State *cpu, bool ac)
{
    cpu->rflags = ac ? cpu->rflags | X86_FL_AC : cpu->rflags & ~X86_FL_AC;
    cpu->mode &= ~X86_MODE_SMAP;
    set_view(cpu);
}

void x86_load_cs_ss(X86State *cpu, const X86Segment *cs, const X86Segment *ss,
                    unsigned cpl)
{
    const uint32_t odd = X86_MODE_STEP | X86_MODE_AC;

    cpu->seg[X86_CS] = *cs;
    cpu->seg[X86_SS] = *ss;
    cpu->cpl = cpl;
    if (cpu->mode & X86_MODE_CODE64 && cpu->efer & X86_EFER_LMA &&
        cs->attr & X86_SEG_L && !(cpu->mode & odd) &&
        !(cpu->rflags & (X86_FL_TF | X86_FL_AC | X86_FL_VM | X86_FL_VIP))) {
        /* From 64-bit code to 64-bit code: bases and bounds stay as they are. */
        cpu->mode &= ~(X86_MODE_CPL | X86_MODE_SMAP);
        cpu->mode |= cpl << X86_MODE_CPL_SHIFT;
        set_view(cpu);
        return;
    }
    x86_update_mode(cpu);
    x86_update_seg(cpu, X86_CS);
    x86_update_seg(cpu, X86_SS);
}

void x86_set_cpl(X86State *cpu, unsigned cpl)
{
    cpu->cpl = cpl;
    x86_update_mode(cpu);
}

void x86_flags_changed(X86State *cpu, uint64_t old)
{
    if ((old ^ cpu->rflags) &
        (X86_FL_TF | X86_FL_AC | X86_FL_VM | X86_FL_VIF | X86_FL_VIP)) {
        x86_update_mode(cpu);
    }
}

uint64_t x86_surroundings(const X86State *cpu)
{
    return (uint64_t)x86_blocks_generation(cpu) << 32 | cpu->mode;
}

void x86_go_on_if_same(X86State *cpu, const X86Insn *i, uint64_t before)
{
    if (x86_surroundings(cpu) != before) {
        x86_end_block_at(cpu, i->next_rip);
    }
}

void x86_go_on_if_quiet(X86State *cpu, const X86Insn *i, uint64_t before)
{
    if (x86_surroundings(cpu) != before || x86_wants_out(cpu)) {
        x86_end_block_at(cpu, i->next_rip);
    }
}

void x86_set_shadow(X86State *cpu, unsigned which)
{
    cpu->irq_shadow = which;
}

void x86_state_refresh(X86State *cpu)
{
    cpu->regs[X86_REG_ZERO].q = 0;
    if (!cpu->df_step) {
        cpu->df_step = 1;
    }
    x86_update_breakpoints(cpu);
    x86_update_mode(cpu);
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        x86_update_seg(cpu, k);
    }
    cpu->exc_vector = -1;
    cpu->exc_delivering = -1;
    cpu->insn = NULL;
    for (unsigned k = 0; k < X86_VIEW_COUNT; k++) {
        soft_tlb_reset(&cpu->views[k]);
    }
    x86_flush_all(cpu);
}

/* --- reset: SDM volume 3A, table 10-1 --------------------------------------------- */

static void reset_segments(X86State *cpu)
{
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        cpu->seg[k] = (X86Segment){ .limit = 0xffff, .attr = 0x93 };
    }
    cpu->seg[X86_CS] = (X86Segment){
        .base = 0xffff0000, .limit = 0xffff, .selector = 0xf000, .attr = 0x9b
    };
    cpu->ldtr = (X86Segment){ .limit = 0xffff, .attr = 0x82 };
    cpu->tr = (X86Segment){ .limit = 0xffff, .attr = 0x8b };
    cpu->gdtr = cpu->idtr = (X86DescTable){ .limit = 0xffff };
}

static void reset_msrs(X86State *cpu)
{
    cpu->star = cpu->lstar = cpu->cstar = cpu->sfmask = 0;
    cpu->kernel_gs_base = cpu->tsc_aux = 0;
    cpu->sysenter_cs = cpu->sysenter_esp = cpu->sysenter_eip = 0;
    cpu->pat = 0x0007040600070406ull;
    cpu->mtrr_def_type = 0;
    memset(cpu->mtrr_fixed, 0, sizeof(cpu->mtrr_fixed));
    memset(cpu->mtrr_var, 0, sizeof(cpu->mtrr_var));
    memset(cpu->mc_bank, 0, sizeof(cpu->mc_bank));
    for (unsigned k = 0; k < X86_MC_BANK_COUNT; k++) {
        cpu->mc_bank[k][0] = UINT64_MAX;
    }
    cpu->mcg_cap = 0x010a; /* ten banks, MCG_CTL */
    cpu->mcg_status = 0;
    cpu->mcg_ctl = UINT64_MAX;
    cpu->misc_enable = 1;
    cpu->debugctl = 0;
    cpu->xss = 0;
    cpu->tsc_adjust = 0;
}

static void reset_fpu(X86State *cpu)
{
    memset(&cpu->xs, 0, sizeof(cpu->xs));
    cpu->xs.fcw = 0x037f;
    cpu->xs.mxcsr = X86_MXCSR_RESET;
    cpu->xs.mxcsr_mask = X86_MXCSR_MASK;
    cpu->fcs = cpu->fds = 0;
    cpu->xcr0 = X86_XCR0_X87;
    cpu->pkru = 0;
}

void x86_state_init(X86State *cpu)
{
    uint64_t keep = cpu->cr0 & (X86_CR0_CD | X86_CR0_NW);

    memset(cpu->regs, 0, sizeof(cpu->regs));
    cpu->regs[X86_RDX].q =
        (cpu->ident.family > 15 ? (cpu->ident.family - 15) << 20 | 15 << 8
                                : cpu->ident.family << 8) |
        (cpu->ident.model & 15) << 4 | cpu->ident.model >> 4 << 16 |
        cpu->ident.stepping;
    cpu->rip = 0xfff0;
    x86_set_rflags(cpu, X86_FL_FIXED);
    reset_segments(cpu);
    cpu->cr0 = X86_CR0_ET | keep;
    cpu->cr2 = cpu->cr3 = cpu->cr4 = cpu->cr8 = 0;
    memset(cpu->pdpte, 0, sizeof(cpu->pdpte));
    cpu->efer = 0;
    memset(cpu->dr, 0, sizeof(cpu->dr));
    cpu->dr[6] = 0xffff0ff0;
    cpu->dr[7] = 0x400;
    cpu->cpl = 0;
    cpu->irq_shadow = 0;
    cpu->halted = cpu->nmi_blocked = cpu->wait_sipi = false;
    cpu->smi_blocked_by_shutdown = false;
    cpu->monitor_armed = false;
    cpu->pending_db = 0;
    if (cpu->in_smm) {
        cpu->in_smm = false;
        if (cpu->ops && cpu->ops->smm_changed) {
            cpu->ops->smm_changed(cpu->board, 0);
        }
    }
    x86_state_refresh(cpu);
}

void x86_state_reset(X86State *cpu)
{
    cpu->cr0 = X86_CR0_CD | X86_CR0_NW;
    cpu->smbase = 0x30000;
    cpu->apic_base = 0xfee00900;
    x86_reset_tsc(cpu);
    cpu->feature_control = 0;
    cpu->vm_hsave_pa = 0;
    reset_msrs(cpu);
    reset_fpu(cpu);
    __atomic_store_n(&cpu->irq_pending, 0, __ATOMIC_SEQ_CST);
    x86_state_init(cpu);
}

/* --- control registers ------------------------------------------------------------ */

static void enter_leave_long(X86State *cpu, uint64_t cr0)
{
    bool was = cpu->efer & X86_EFER_LMA;
    bool is = cpu->efer & X86_EFER_LME && cr0 & X86_CR0_PG;

    if (is && !was) {
        if (!(cpu->cr4 & X86_CR4_PAE) || cpu->seg[X86_CS].attr & X86_SEG_L) {
            x86_raise_gp(cpu, 0);
        }
        cpu->efer |= X86_EFER_LMA;
    } else if (was && !is) {
        if (x86_is64(cpu) || cpu->cr4 & X86_CR4_PCIDE) {
            x86_raise_gp(cpu, 0);
        }
        cpu->efer &= ~(uint64_t)X86_EFER_LMA;
    }
}

void x86_set_cr0(X86State *cpu, uint64_t v)
{
    uint64_t pdpte[4], changed;

    if ((v & X86_CR0_PG && !(v & X86_CR0_PE)) ||
        (v & X86_CR0_NW && !(v & X86_CR0_CD)) || v >> 32 ||
        (!(v & X86_CR0_PG) && cpu->cr4 & X86_CR4_PCIDE)) {
        x86_raise_gp(cpu, 0);
    }
    v = (v & 0xe005003f) | X86_CR0_ET;
    changed = v ^ cpu->cr0;
    if (changed & X86_CR0_PG) {
        enter_leave_long(cpu, v);
    }
    if (v & X86_CR0_PG && cpu->cr4 & X86_CR4_PAE && !(cpu->efer & X86_EFER_LMA) &&
        changed & (X86_CR0_PG | X86_CR0_CD | X86_CR0_NW)) {
        if (!x86_load_pdptes(cpu, cpu->cr3, pdpte)) {
            x86_raise_gp(cpu, 0);
        }
        memcpy(cpu->pdpte, pdpte, sizeof(pdpte));
    }
    cpu->cr0 = v;
    log_item(LOG_MMU, "CR0 update: CR0=0x%08x\n", (uint32_t)v);
    if (changed & (X86_CR0_PG | X86_CR0_WP | X86_CR0_PE)) {
        x86_flush_all(cpu);
    }
    x86_update_mode(cpu);
}

void x86_set_cr3(X86State *cpu, uint64_t v)
{
    uint64_t pdpte[4];
    bool keep = false;

    if (x86_is_long(cpu)) {
        if (cpu->cr4 & X86_CR4_PCIDE && v >> 63) {
            keep = true;
            v &= ~(1ull << 63);
        }
        if (v >> cpu->ident.phys_bits) {
            x86_raise_gp(cpu, 0);
        }
    } else {
        v = (uint32_t)v;
        if (cpu->cr0 & X86_CR0_PG && cpu->cr4 & X86_CR4_PAE) {
            if (!x86_load_pdptes(cpu, v, pdpte)) {
                x86_raise_gp(cpu, 0);
            }
            memcpy(cpu->pdpte, pdpte, sizeof(pdpte));
        }
    }
    cpu->cr3 = v;
    log_item(LOG_MMU, "CR3 update: CR3=%016" PRIx64 "\n", v);
    x86_space_switch(cpu, keep);
}

uint64_t x86_cr4_allowed(const X86State *cpu)
{
    uint64_t m = X86_CR4_TSD | X86_CR4_PCE;

    m |= x86_has(cpu, X86_F_VME) ? X86_CR4_VME | X86_CR4_PVI : 0;
    m |= x86_has(cpu, X86_F_DE) ? X86_CR4_DE : 0;
    m |= x86_has(cpu, X86_F_PSE) ? X86_CR4_PSE : 0;
    m |= x86_has(cpu, X86_F_PAE) ? X86_CR4_PAE : 0;
    m |= x86_has(cpu, X86_F_MCE) ? X86_CR4_MCE : 0;
    m |= x86_has(cpu, X86_F_PGE) ? X86_CR4_PGE : 0;
    m |= x86_has(cpu, X86_F_FXSR) ? X86_CR4_OSFXSR : 0;
    m |= x86_has(cpu, X86_F_SSE) ? X86_CR4_OSXMMEXCPT : 0;
    m |= x86_has(cpu, X86_F_UMIP) ? X86_CR4_UMIP : 0;
    m |= x86_has(cpu, X86_F_LA57) ? X86_CR4_LA57 : 0;
    m |= x86_has(cpu, X86_F_FSGSBASE) ? X86_CR4_FSGSBASE : 0;
    m |= x86_has(cpu, X86_F_PCID) ? X86_CR4_PCIDE : 0;
    m |= x86_has(cpu, X86_F_XSAVE) ? X86_CR4_OSXSAVE : 0;
    m |= x86_has(cpu, X86_F_SMEP) ? X86_CR4_SMEP : 0;
    m |= x86_has(cpu, X86_F_SMAP) ? X86_CR4_SMAP : 0;
    return m;
}

void x86_set_cr4(X86State *cpu, uint64_t v)
{
    const uint64_t flush = X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_SMEP |
                           X86_CR4_SMAP | X86_CR4_PCIDE | X86_CR4_LA57;
    uint64_t changed = v ^ cpu->cr4;
    uint64_t pdpte[4];

    if (v & ~x86_cr4_allowed(cpu)) {
        x86_raise_gp(cpu, 0);
    }
    if (x86_is_long(cpu) && (!(v & X86_CR4_PAE) || changed & X86_CR4_LA57)) {
        x86_raise_gp(cpu, 0);
    }
    if (v & X86_CR4_PCIDE && changed & X86_CR4_PCIDE &&
        (!x86_is_long(cpu) || cpu->cr3 & 0xfff)) {
        x86_raise_gp(cpu, 0);
    }
    if (cpu->cr0 & X86_CR0_PG && v & X86_CR4_PAE && !x86_is_long(cpu) &&
        changed & (X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PSE)) {
        if (!x86_load_pdptes(cpu, cpu->cr3, pdpte)) {
            x86_raise_gp(cpu, 0);
        }
        memcpy(cpu->pdpte, pdpte, sizeof(pdpte));
    }
    cpu->cr4 = v;
    log_item(LOG_MMU, "CR4 update: CR4=%08x\n", (uint32_t)v);
    if (changed & flush) {
        x86_flush_all(cpu);
    }
    x86_update_mode(cpu);
}

void x86_set_efer(X86State *cpu, uint64_t v)
{
    uint64_t changed = cpu->efer ^ v;

    cpu->efer = v;
    if (changed & X86_EFER_NXE) {
        x86_flush_all(cpu);
    }
    x86_update_mode(cpu);
}
