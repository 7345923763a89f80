/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System instructions: control and debug registers, descriptor tables, access rights,
 * MSRs, time stamps, halting, TLB and cache control.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/blocks.h"
#include "accel/target/i386/refs-sys.h"
#include "accel/target/i386/spaces.h"
#include "accel/target/i386/system.h"
#include "accel/tcg/code-pages.h"
#include "util/atomic.h"

#include <cpuid.h>
#include <sched.h>

/* --- segment registers as operands ------------------------------------------------ */

void x86_ref_mov_from_seg(X86State *cpu, const X86Insn *i)
{
    unsigned seg = i->reg & 7;
    uint16_t sel;

    if (seg >= X86_SEG_COUNT) {
        x86_raise_ud(cpu);
    }
    sel = cpu->seg[seg].selector;
    if (i->flags & X86_I_MEM) {
        x86_st16(cpu, i->seg, x86_ea(cpu, i), sel);
    } else {
        x86_reg_set(cpu, i->rm, i->opsize, sel);
    }
}

void x86_ref_mov_to_seg(X86State *cpu, const X86Insn *i)
{
    unsigned seg = i->reg & 7;
    uint64_t before = x86_surroundings(cpu);

    if (seg >= X86_SEG_COUNT || seg == X86_CS) {
        x86_raise_ud(cpu);
    }
    x86_load_seg(cpu, seg, i->flags & X86_I_MEM ? x86_m_ld16(cpu, i) : RD_16(rm));
    if (seg == X86_SS) {
        x86_set_shadow(cpu, X86_SHADOW_SS);
        x86_end_block_at(cpu, i->next_rip);
    } else {
        x86_go_on_if_same(cpu, i, before);
    }
}

/* --- CR, DR ----------------------------------------------------------------------- */

void x86_ref_mov_from_cr(X86State *cpu, const X86Insn *i)
{
    uint64_t v;

    switch (i->reg) {
    case 0:
        v = cpu->cr0;
        break;
    case 2:
        v = cpu->cr2;
        break;
    case 3:
        v = cpu->cr3;
        break;
    case 4:
        v = cpu->cr4;
        break;
    case 8:
        v = cpu->ops && cpu->ops->apic_get_tpr ? cpu->ops->apic_get_tpr(cpu->apic)
                                               : cpu->cr8;
        break;
    default:
        x86_raise_ud(cpu);
    }
    if (x86_is64(cpu)) {
        cpu->regs[i->rm].q = v;
    } else {
        cpu->regs[i->rm].q = (uint32_t)v;
    }
}

void x86_ref_mov_to_cr(X86State *cpu, const X86Insn *i)
{
    uint64_t v = x86_is64(cpu) ? cpu->regs[i->rm].q : cpu->regs[i->rm].d;
    uint64_t before = x86_surroundings(cpu);

    switch (i->reg) {
    case 0:
        x86_set_cr0(cpu, v);
        break;
    case 2:
        cpu->cr2 = v;
        break;
    case 3:
        x86_set_cr3(cpu, v);
        break;
    case 4:
        x86_set_cr4(cpu, v);
        break;
    case 8:
        if (v & ~15ull) {
            x86_raise_gp(cpu, 0);
        }
        cpu->cr8 = v;
        if (cpu->ops && cpu->ops->apic_set_tpr) {
            cpu->ops->apic_set_tpr(cpu->apic, v);
        }
        break;
    default:
        x86_raise_ud(cpu);
    }
    x86_go_on_if_quiet(cpu, i, before);
}

/* DR4 and DR5 are other names of DR6 and DR7 unless CR4.DE. */
static unsigned debug_register(X86State *cpu, const X86Insn *i)
{
    unsigned n = i->reg;

    if (n > 7) {
        x86_raise_ud(cpu);
    }
    if (n == 4 || n == 5) {
        if (cpu->cr4 & X86_CR4_DE) {
            x86_raise_ud(cpu);
        }
        n += 2;
    }
    if (cpu->dr[7] & 1 << 13) {
        /* General detect */
        cpu->dr[6] |= 1 << 13;
        cpu->dr[7] &= ~(uint64_t)(1 << 13);
        x86_raise(cpu, X86_EXC_DB);
    }
    return n;
}

void x86_ref_mov_from_dr(X86State *cpu, const X86Insn *i)
{
    uint64_t v = cpu->dr[debug_register(cpu, i)];

    cpu->regs[i->rm].q = x86_is64(cpu) ? v : (uint32_t)v;
}

void x86_ref_mov_to_dr(X86State *cpu, const X86Insn *i)
{
    unsigned n = debug_register(cpu, i);
    uint64_t v = x86_is64(cpu) ? cpu->regs[i->rm].q : cpu->regs[i->rm].d;
    uint64_t before = x86_surroundings(cpu);

    if (n >= 6) {
        if (v >> 32) {
            x86_raise_gp(cpu, 0);
        }
        v = n == 6 ? (v & 0xe00f) | 0xffff0ff0 : (v & 0xffff2bff) | 0x400;
    }
    cpu->dr[n] = v;
    x86_update_breakpoints(cpu);
    x86_go_on_if_same(cpu, i, before);
}

/* --- descriptor tables ------------------------------------------------------------ */

static void check_umip(X86State *cpu)
{
    if (cpu->mode & X86_MODE_UMIP && cpu->cpl) {
        x86_raise_gp(cpu, 0);
    }
}

static void store_selector(X86State *cpu, const X86Insn *i, uint16_t sel)
{
    check_umip(cpu);
    if (i->flags & X86_I_MEM) {
        x86_st16(cpu, i->seg, x86_ea(cpu, i), sel);
    } else {
        x86_reg_set(cpu, i->rm, i->opsize, sel);
    }
}

void x86_ref_sldt(X86State *cpu, const X86Insn *i)
{
    store_selector(cpu, i, cpu->ldtr.selector);
}

void x86_ref_str(X86State *cpu, const X86Insn *i)
{
    store_selector(cpu, i, cpu->tr.selector);
}

static uint16_t load_selector(X86State *cpu, const X86Insn *i)
{
    return i->flags & X86_I_MEM ? x86_m_ld16(cpu, i) : RD_16(rm);
}

static X86Segment system_segment(const X86State *cpu, const X86Desc *d, uint16_t sel)
{
    X86Segment s = x86_desc_segment(d, sel);

    if (x86_is_long(cpu)) {
        s.base |= (uint64_t)d->hi2 << 32;
    }
    return s;
}

void x86_ref_lldt(X86State *cpu, const X86Insn *i)
{
    uint16_t sel = load_selector(cpu, i);
    X86Desc d;

    if (!(sel & 0xfffc)) {
        cpu->ldtr = (X86Segment){ .selector = sel };
        return;
    }
    if (sel & 4 || !x86_desc_read(cpu, sel, &d) || d.cut ||
        (x86_desc_attr(&d) & 0x1f) != 2) {
        x86_raise_gp(cpu, sel & 0xfffc);
    }
    if (!(x86_desc_attr(&d) & X86_SEG_P)) {
        x86_raise_err(cpu, X86_EXC_NP, sel & 0xfffc);
    }
    cpu->ldtr = system_segment(cpu, &d, sel);
}

void x86_ref_ltr(X86State *cpu, const X86Insn *i)
{
    uint16_t sel = load_selector(cpu, i);
    unsigned type;
    X86Desc d;

    if (!(sel & 0xfffc)) {
        x86_raise_gp(cpu, 0);
    }
    if (sel & 4 || !x86_desc_read(cpu, sel, &d) || d.cut) {
        x86_raise_gp(cpu, sel & 0xfffc);
    }
    type = x86_desc_attr(&d) & 0x1f;
    if (type != 9 && (type != 1 || x86_is_long(cpu))) {
        x86_raise_gp(cpu, sel & 0xfffc);
    }
    if (!(x86_desc_attr(&d) & X86_SEG_P)) {
        x86_raise_err(cpu, X86_EXC_NP, sel & 0xfffc);
    }
    x86_desc_set_busy(cpu, &d, true);
    cpu->tr = system_segment(cpu, &d, sel);
}

static void set_zf(X86State *cpu, bool zf)
{
    x86_set_arith(cpu, (x86_get_arith(cpu) & ~X86_FL_ZF) | (zf ? X86_FL_ZF : 0));
}

/* Visible at CPL and RPL? Conforming code always is. */
static bool visible(const X86State *cpu, uint16_t sel, const X86Desc *d)
{
    uint16_t attr = x86_desc_attr(d);
    unsigned dpl = x86_desc_dpl(d);
    const uint16_t conforming = X86_SEG_S | X86_SEG_CODE | X86_SEG_EC;

    return (attr & conforming) == conforming || (dpl >= cpu->cpl && dpl >= (sel & 3u));
}

static void verify(X86State *cpu, const X86Insn *i, bool write)
{
    uint16_t sel = load_selector(cpu, i), attr;
    X86Desc d;
    bool ok = sel & 0xfffc && x86_desc_read(cpu, sel, &d) && visible(cpu, sel, &d);

    if (ok) {
        attr = x86_desc_attr(&d);
        if (write) {
            ok = (attr & (X86_SEG_S | X86_SEG_CODE | X86_SEG_RW)) ==
                 (X86_SEG_S | X86_SEG_RW);
        } else {
            ok = attr & X86_SEG_S && (!(attr & X86_SEG_CODE) || attr & X86_SEG_RW);
        }
    }
    set_zf(cpu, ok);
}

void x86_ref_verr(X86State *cpu, const X86Insn *i)
{
    verify(cpu, i, false);
}

void x86_ref_verw(X86State *cpu, const X86Insn *i)
{
    verify(cpu, i, true);
}

/* System types that LAR (and LSL: those with a limit) accept. */
static bool type_ok(const X86State *cpu, const X86Desc *d, bool limit)
{
    uint32_t legacy = limit ? 0x0a0e : 0x1a3e, in_long = limit ? 0x0a04 : 0x1a04;

    if (x86_desc_attr(d) & X86_SEG_S) {
        return true;
    }
    return (x86_is_long(cpu) ? in_long : legacy) >> (x86_desc_attr(d) & X86_SEG_TYPE) &
           1;
}

void x86_ref_lar(X86State *cpu, const X86Insn *i)
{
    uint16_t sel = load_selector(cpu, i);
    X86Desc d;
    bool ok = sel & 0xfffc && x86_desc_read(cpu, sel, &d) && visible(cpu, sel, &d) &&
              type_ok(cpu, &d, false);

    if (ok) {
        x86_reg_set(cpu, i->reg, i->opsize,
                    d.hi & (i->opsize == 2 ? 0xff00 : 0xf0ff00));
    }
    set_zf(cpu, ok);
}

void x86_ref_lsl(X86State *cpu, const X86Insn *i)
{
    uint16_t sel = load_selector(cpu, i);
    X86Desc d;
    bool ok = sel & 0xfffc && x86_desc_read(cpu, sel, &d) && visible(cpu, sel, &d) &&
              type_ok(cpu, &d, true);

    if (ok) {
        x86_reg_set(cpu, i->reg, i->opsize, x86_desc_limit(&d));
    }
    set_zf(cpu, ok);
}

static void store_table(X86State *cpu, const X86Insn *i, const X86DescTable *t)
{
    uint64_t ea = x86_ea(cpu, i);

    check_umip(cpu);
    x86_probe(cpu, i->seg, ea, x86_is64(cpu) ? 10 : 6, SOFT_TLB_WRITE);
    x86_st16(cpu, i->seg, ea, t->limit);
    if (x86_is64(cpu)) {
        x86_st64(cpu, i->seg, ea + 2, t->base);
    } else {
        x86_st32(cpu, i->seg, ea + 2, t->base);
    }
}

void x86_ref_sgdt(X86State *cpu, const X86Insn *i)
{
    store_table(cpu, i, &cpu->gdtr);
}

void x86_ref_sidt(X86State *cpu, const X86Insn *i)
{
    store_table(cpu, i, &cpu->idtr);
}

static void load_table(X86State *cpu, const X86Insn *i, X86DescTable *t)
{
    uint64_t ea = x86_ea(cpu, i), base;
    uint16_t limit = x86_ld16(cpu, i->seg, ea);

    if (x86_is64(cpu)) {
        base = x86_ld64(cpu, i->seg, ea + 2);
        if (!x86_is_canonical(cpu, base)) {
            x86_raise_gp(cpu, 0);
        }
    } else {
        base = x86_ld32(cpu, i->seg, ea + 2);
        if (i->opsize == 2) {
            base &= 0xffffff;
        }
    }
    t->base = base;
    t->limit = limit;
}

void x86_ref_lgdt(X86State *cpu, const X86Insn *i)
{
    load_table(cpu, i, &cpu->gdtr);
}

void x86_ref_lidt(X86State *cpu, const X86Insn *i)
{
    load_table(cpu, i, &cpu->idtr);
}

void x86_ref_smsw(X86State *cpu, const X86Insn *i)
{
    check_umip(cpu);
    if (i->flags & X86_I_MEM) {
        x86_st16(cpu, i->seg, x86_ea(cpu, i), cpu->cr0);
    } else {
        x86_reg_set(cpu, i->rm, i->opsize, cpu->cr0);
    }
}

void x86_ref_lmsw(X86State *cpu, const X86Insn *i)
{
    uint64_t v = load_selector(cpu, i) & 15;

    /* PE can be set but not cleared. */
    v |= cpu->cr0 & X86_CR0_PE;
    x86_set_cr0(cpu, (cpu->cr0 & ~15ull) | v);
    x86_end_block_at(cpu, i->next_rip);
}

void x86_ref_clts(X86State *cpu, const X86Insn *i)
{
    cpu->cr0 &= ~(uint64_t)X86_CR0_TS;
    x86_update_mode(cpu);
    x86_end_block_at(cpu, i->next_rip);
}

void x86_ref_arpl(X86State *cpu, const X86Insn *i)
{
    uint16_t dst, src = RD_16(reg);
    uint64_t ea = 0;
    bool less;

    if (i->flags & X86_I_MEM) {
        ea = x86_ea(cpu, i);
        x86_probe(cpu, i->seg, ea, 2, SOFT_TLB_WRITE);
        dst = x86_ld16(cpu, i->seg, ea);
    } else {
        dst = RD_16(rm);
    }
    less = (dst & 3) < (src & 3);
    if (less) {
        dst = (dst & ~3) | (src & 3);
        if (i->flags & X86_I_MEM) {
            x86_st16(cpu, i->seg, ea, dst);
        } else {
            RD_16(rm) = dst;
        }
    }
    set_zf(cpu, less);
}

/* --- TLB and caches --------------------------------------------------------------- */

void x86_ref_invlpg(X86State *cpu, const X86Insn *i)
{
    uint64_t lin = cpu->seg_fast[i->seg].base + x86_ea(cpu, i);
    uint64_t before = x86_surroundings(cpu);

    if (!x86_is64(cpu)) {
        lin = (uint32_t)lin;
    }
    x86_flush_page(cpu, lin);
    x86_go_on_if_same(cpu, i, before);
}

void x86_ref_invpcid(X86State *cpu, const X86Insn *i)
{
    X86Vec d = x86_ld128(cpu, i->seg, x86_ea(cpu, i));
    uint64_t type = x86_is64(cpu) ? RD_64(reg) : RD_32(reg);
    uint64_t pcid = d.u64[0];

    if (type > 3 || pcid >> 12 || (type == 0 && !x86_is_canonical(cpu, d.u64[1])) ||
        (type < 2 && pcid && !(cpu->cr4 & X86_CR4_PCIDE))) {
        x86_raise_gp(cpu, 0);
    }
    switch (type) {
    case 0:
        x86_space_flush_page(cpu, pcid, d.u64[1]);
        break;
    case 1:
        x86_space_flush(cpu, pcid);
        break;
    case 2:
        x86_flush_all(cpu);
        break;
    default:
        x86_spaces_flush(cpu);
    }
    x86_end_block_at(cpu, i->next_rip);
}

void x86_ref_wbinvd(X86State *cpu, const X86Insn *i)
{
}

void x86_ref_clflush(X86State *cpu, const X86Insn *i)
{
    x86_m_ld8(cpu, i);
}

void x86_ref_fence(X86State *cpu, const X86Insn *i)
{
    smp_mb();
}

/* --- FS, GS bases ----------------------------------------------------------------- */

void x86_ref_swapgs(X86State *cpu, const X86Insn *i)
{
    uint64_t base = cpu->seg[X86_GS].base;

    cpu->seg[X86_GS].base = cpu->kernel_gs_base;
    cpu->kernel_gs_base = base;
    x86_update_seg(cpu, X86_GS);
}

static unsigned fs_or_gs(const X86Insn *i)
{
    return i->reg & 1 ? X86_GS : X86_FS;
}

void x86_ref_rdfsbase(X86State *cpu, const X86Insn *i)
{
    if (!(cpu->mode & X86_MODE_FSGSBASE)) {
        x86_raise_ud(cpu);
    }
    x86_reg_set(cpu, i->rm, i->opsize, cpu->seg[fs_or_gs(i)].base);
}

void x86_ref_wrfsbase(X86State *cpu, const X86Insn *i)
{
    uint64_t v = x86_reg_get(cpu, i->rm, i->opsize);

    if (!(cpu->mode & X86_MODE_FSGSBASE)) {
        x86_raise_ud(cpu);
    }
    if (!x86_is_canonical(cpu, v)) {
        x86_raise_gp(cpu, 0);
    }
    cpu->seg[fs_or_gs(i)].base = v;
    x86_update_seg(cpu, fs_or_gs(i));
}

/* --- time, MSRs, CPUID ------------------------------------------------------------ */

static void check_tsd(X86State *cpu)
{
    if (cpu->cr4 & X86_CR4_TSD && cpu->cpl) {
        x86_raise_gp(cpu, 0);
    }
}

static void set_edx_eax(X86State *cpu, uint64_t v)
{
    WN_32(X86_RAX, v);
    WN_32(X86_RDX, v >> 32);
}

void x86_ref_rdtsc(X86State *cpu, const X86Insn *i)
{
    check_tsd(cpu);
    set_edx_eax(cpu, x86_read_tsc(cpu));
}

void x86_ref_rdtscp(X86State *cpu, const X86Insn *i)
{
    check_tsd(cpu);
    set_edx_eax(cpu, x86_read_tsc(cpu));
    WN_32(X86_RCX, cpu->tsc_aux);
}

void x86_ref_rdpid(X86State *cpu, const X86Insn *i)
{
    cpu->regs[i->rm].q = (uint32_t)cpu->tsc_aux;
}

void x86_ref_rdpmc(X86State *cpu, const X86Insn *i)
{
    if (cpu->cpl && !(cpu->cr4 & X86_CR4_PCE)) {
        x86_raise_gp(cpu, 0);
    }
    /* No counter exists. */
    x86_raise_gp(cpu, 0);
}

void x86_ref_rdmsr(X86State *cpu, const X86Insn *i)
{
    uint64_t v;

    if (!x86_read_msr(cpu, RN_32(X86_RCX), &v)) {
        x86_raise_gp(cpu, 0);
    }
    set_edx_eax(cpu, v);
}

void x86_ref_wrmsr(X86State *cpu, const X86Insn *i)
{
    uint64_t v = (uint64_t)RN_32(X86_RDX) << 32 | RN_32(X86_RAX);
    uint64_t before = x86_surroundings(cpu);

    if (!x86_write_msr(cpu, RN_32(X86_RCX), v)) {
        x86_raise_gp(cpu, 0);
    }
    x86_go_on_if_quiet(cpu, i, before);
}

void x86_ref_cpuid(X86State *cpu, const X86Insn *i)
{
    uint32_t r[4];

    x86_cpuid(cpu, RN_32(X86_RAX), RN_32(X86_RCX), r);
    WN_32(X86_RAX, r[0]);
    WN_32(X86_RBX, r[1]);
    WN_32(X86_RCX, r[2]);
    WN_32(X86_RDX, r[3]);
    if (tcg_reader_count() > 1) {
        /* It serializes: another CPU may have written what follows. */
        x86_end_block_at(cpu, i->next_rip);
    }
}

/* --- halting and interrupt flag --------------------------------------------------- */

void x86_ref_hlt(X86State *cpu, const X86Insn *i)
{
    cpu->halted = true;
    x86_end_block_at(cpu, i->next_rip);
}

void x86_ref_pause(X86State *cpu, const X86Insn *i)
{
    /* A spinning vCPU gives its host CPU to the one it waits for. */
    static __thread unsigned spins;

    if (cpu->counted) {
        cpu->yielded = true;
        x86_end_block_at(cpu, i->next_rip);
    } else if (!(++spins & 15)) {
        sched_yield();
    }
}

void x86_ref_cli(X86State *cpu, const X86Insn *i)
{
    unsigned iopl = x86_iopl(cpu);

    if (!(cpu->cr0 & X86_CR0_PE) || iopl >= cpu->cpl) {
        cpu->rflags &= ~X86_FL_IF;
    } else if ((x86_is_vm86(cpu) && cpu->cr4 & X86_CR4_VME) ||
               (!x86_is_vm86(cpu) && cpu->cpl == 3 && cpu->cr4 & X86_CR4_PVI)) {
        cpu->rflags &= ~X86_FL_VIF;
    } else {
        x86_raise_gp(cpu, 0);
    }
}

void x86_ref_sti(X86State *cpu, const X86Insn *i)
{
    unsigned iopl = x86_iopl(cpu);

    if (!(cpu->cr0 & X86_CR0_PE) || iopl >= cpu->cpl) {
        if (!(cpu->rflags & X86_FL_IF)) {
            cpu->rflags |= X86_FL_IF;
            x86_set_shadow(cpu, X86_SHADOW_STI);
        }
    } else if (((x86_is_vm86(cpu) && cpu->cr4 & X86_CR4_VME) ||
                (!x86_is_vm86(cpu) && cpu->cpl == 3 && cpu->cr4 & X86_CR4_PVI)) &&
               !(cpu->rflags & X86_FL_VIP)) {
        cpu->rflags |= X86_FL_VIF;
    } else {
        x86_raise_gp(cpu, 0);
    }
    x86_end_block_at(cpu, i->next_rip);
}

void x86_ref_clac(X86State *cpu, const X86Insn *i)
{
    if (cpu->cpl) {
        x86_raise_ud(cpu);
    }
    x86_set_ac(cpu, false);
}

void x86_ref_stac(X86State *cpu, const X86Insn *i)
{
    if (cpu->cpl) {
        x86_raise_ud(cpu);
    }
    x86_set_ac(cpu, true);
}

void x86_ref_rsm(X86State *cpu, const X86Insn *i)
{
    if (!cpu->in_smm) {
        x86_raise_ud(cpu);
    }
    x86_smm_leave(cpu);
    cpu->run_end = NULL;
}

void x86_ref_monitor(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = cpu->regs[X86_RAX].q << i->adshift >> i->adshift;

    if (cpu->cpl) {
        x86_raise_ud(cpu);
    }
    if (RN_32(X86_RCX)) {
        x86_raise_gp(cpu, 0);
    }
    x86_ld8(cpu, i->seg, ea);
    cpu->monitor_addr = ea;
    cpu->monitor_armed = true;
}

void x86_ref_mwait(X86State *cpu, const X86Insn *i)
{
    if (cpu->cpl) {
        x86_raise_ud(cpu);
    }
    /* Nobody watches the line: waking early is allowed. */
    sched_yield();
    cpu->monitor_armed = false;
    x86_end_block_at(cpu, i->next_rip);
}

/* --- random numbers --------------------------------------------------------------- */

/* The host's generator; a host without it reports "not ready" for ever, which guests
 * must handle, and such a host does not offer the feature. */
static bool host_random(bool seed, uint64_t *v)
{
    unsigned a, b, c, d;
    uint8_t ok = 0;

    if (seed ? __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_RDSEED
             : __get_cpuid(1, &a, &b, &c, &d) && c & bit_RDRND) {
        if (seed) {
            __asm__ volatile("rdseed %0; setc %1" : "=r"(*v), "=qm"(ok) : : "cc");
        } else {
            __asm__ volatile("rdrand %0; setc %1" : "=r"(*v), "=qm"(ok) : : "cc");
        }
    }
    return ok;
}

static void random_to_reg(X86State *cpu, const X86Insn *i, bool seed)
{
    uint64_t v = 0;
    bool ok = host_random(seed, &v);

    x86_reg_set(cpu, i->rm, i->opsize, ok ? v : 0);
    x86_set_arith(cpu, ok ? X86_FL_CF : 0);
}

void x86_ref_rdrand(X86State *cpu, const X86Insn *i)
{
    random_to_reg(cpu, i, false);
}

void x86_ref_rdseed(X86State *cpu, const X86Insn *i)
{
    random_to_reg(cpu, i, true);
}
