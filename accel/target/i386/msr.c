/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers: SDM volume 4; AMD APM volume 2, appendix A.
 * An index that is not here is #GP(0), as on a processor without that register.
 */
#include "accel/target/i386/system.h"
#include "util/bql.h"
#include "util/event-loop.h"
#include "util/log.h"

#include <string.h>
#include <time.h>

/* --- time stamp counter ----------------------------------------------------------- */

uint64_t x86_tsc_clock(void)
{
    if (virtual_clock_is_counted()) {
        return (uint64_t)clock_get_ns(VIRTUAL_CLOCK);
    }
    return __builtin_ia32_rdtsc();
}

uint64_t x86_read_tsc(const X86State *cpu)
{
    return x86_tsc_clock() + cpu->tsc_offset;
}

void x86_reset_tsc(X86State *cpu)
{
    /* One origin for all CPUs of the machine: they count in step. */
    static uint64_t origin;
    uint64_t none = 0, now = MAX(x86_tsc_clock(), 1);

    __atomic_compare_exchange_n(&origin, &none, now, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    cpu->tsc_offset = -__atomic_load_n(&origin, __ATOMIC_SEQ_CST);
}

/* --- table of plain registers ----------------------------------------------------- */

typedef struct PlainMsr {
    uint32_t index;
    uint32_t count;
    size_t offset; /* of a uint64_t in X86State */
    uint64_t writable;
    uint16_t feature;
    bool canonical;
} PlainMsr;

#define F(field) offsetof(X86State, field)

/* clang-format off */
static const PlainMsr plain[] = {
    { 0x0000003a, 1,  F(feature_control), ~0ull, 0, false },
    { 0x00000174, 1,  F(sysenter_cs), 0xffff, X86_F_SEP, false },
    { 0x00000175, 1,  F(sysenter_esp), ~0ull, X86_F_SEP, true },
    { 0x00000176, 1,  F(sysenter_eip), ~0ull, X86_F_SEP, true },
    { 0x0000017a, 1,  F(mcg_status), 7, X86_F_MCA, false },
    { 0x0000017b, 1,  F(mcg_ctl), ~0ull, X86_F_MCA, false },
    { 0x000001a0, 1,  F(misc_enable), ~0ull, 0, false },
    { 0x000001d9, 1,  F(debugctl), 3, 0, false },
    { 0x00000200, 2 * X86_MTRR_VAR_COUNT, F(mtrr_var), ~0ull, X86_F_MTRR, false },
    { 0x00000250, 1,  F(mtrr_fixed[0]), ~0ull, X86_F_MTRR, false },
    { 0x00000258, 2,  F(mtrr_fixed[1]), ~0ull, X86_F_MTRR, false },
    { 0x00000268, 8,  F(mtrr_fixed[3]), ~0ull, X86_F_MTRR, false },
    { 0x00000277, 1,  F(pat), ~0ull, X86_F_PAT, false },
    { 0x000002ff, 1,  F(mtrr_def_type), ~0ull, X86_F_MTRR, false },
    { 0x00000400, 4 * X86_MC_BANK_COUNT, F(mc_bank), ~0ull, X86_F_MCA, false },
    { 0x00000da0, 1,  F(xss), 0, X86_F_XSAVES, false },
    { 0xc0000081, 1,  F(star), ~0ull, X86_F_SYSCALL, false },
    { 0xc0000082, 1,  F(lstar), ~0ull, X86_F_LM, true },
    { 0xc0000083, 1,  F(cstar), ~0ull, X86_F_LM, true },
    { 0xc0000084, 1,  F(sfmask), 0xffffffff, X86_F_SYSCALL, false },
    { 0xc0000102, 1,  F(kernel_gs_base), ~0ull, X86_F_LM, true },
    { 0xc0010117, 1,  F(vm_hsave_pa), ~0ull, X86_F_SVM, false },
};
/* clang-format on */

static uint64_t *find_plain(X86State *cpu, uint32_t index, const PlainMsr **row)
{
    for (unsigned k = 0; k < sizeof(plain) / sizeof(plain[0]); k++) {
        const PlainMsr *m = &plain[k];

        if (index - m->index < m->count && x86_has(cpu, m->feature)) {
            *row = m;
            return (uint64_t *)((char *)cpu + m->offset) + (index - m->index);
        }
    }
    return NULL;
}

/* Registers of Intel or AMD parts that software touches without asking; they read as
 * zero and ignore writes. */
static bool is_ignored(uint32_t index)
{
    switch (index) {
    case 0x17: /* platform id */
    case 0x8b: /* microcode revision */
    case 0x79: /* microcode update */
    case 0x34: /* SMI count */
    case 0x2a: /* hard power-on */
    case 0x119:
    case 0x1d9:
    case 0x140:                     /* misc feature enables */
    case 0xc0010000 ... 0xc0010007: /* AMD performance counters */
    case 0xc0010010:                /* SYSCFG */
    case 0xc0010015:                /* HWCR */
    case 0xc001001a:
    case 0xc001001d:
    case 0xc001001f: /* NB_CFG */
    case 0xc0010055: /* interrupt pending */
    case 0xc0010058: /* MMIO configuration */
    case 0xc0010112:
    case 0xc0010113:
    case 0xc0010140 ... 0xc0010141: /* OS-visible workarounds */
    case 0xc0011000 ... 0xc0011030: /* feature control */
        return true;
    default:
        return false;
    }
}

/* --- special ones ----------------------------------------------------------------- */

static bool has_apic(const X86State *cpu)
{
    return cpu->ops && cpu->apic;
}

static bool read_apic_base(X86State *cpu, uint64_t *v)
{
    if (has_apic(cpu) && cpu->ops->apic_get_base) {
        bql_lock();
        *v = cpu->ops->apic_get_base(cpu->apic);
        bql_unlock();
    } else {
        *v = cpu->apic_base;
    }
    return true;
}

static bool write_apic_base(X86State *cpu, uint64_t v)
{
    bool ok = true;

    if (has_apic(cpu) && cpu->ops->apic_set_base) {
        bql_lock();
        ok = cpu->ops->apic_set_base(cpu->apic, v);
        bql_unlock();
    } else {
        cpu->apic_base = v;
    }
    return ok;
}

static bool apic_msr(X86State *cpu, uint32_t index, uint64_t *v, bool write)
{
    bool ok = false;

    if (!has_apic(cpu)) {
        return false;
    }
    bql_lock();
    if (write) {
        ok = cpu->ops->apic_write_msr && cpu->ops->apic_write_msr(cpu->apic, index, *v);
    } else {
        ok = cpu->ops->apic_read_msr && cpu->ops->apic_read_msr(cpu->apic, index, v);
    }
    bql_unlock();
    return ok;
}

static bool is_apic_msr(uint32_t index)
{
    return (index >= 0x800 && index < 0x900) || index == 0x6e0;
}

bool x86_read_msr(X86State *cpu, uint32_t index, uint64_t *v)
{
    const PlainMsr *row;
    uint64_t *p = find_plain(cpu, index, &row);

    if (p) {
        *v = *p;
        return true;
    }
    switch (index) {
    case 0x10:
        *v = x86_read_tsc(cpu);
        return true;
    case 0x1b:
        return read_apic_base(cpu, v);
    case 0x3b:
        *v = cpu->tsc_adjust;
        return true;
    case 0x8b:
        *v = cpu->ident.vendor[0] == 'G' ? 1ull << 32 : 0x01000065;
        return true;
    case 0x9e:
        *v = cpu->smbase;
        return cpu->in_smm;
    case 0xfe:
        *v = X86_MTRR_VAR_COUNT | 1 << 8 | 1 << 10;
        return x86_has(cpu, X86_F_MTRR);
    case 0x179:
        *v = cpu->mcg_cap;
        return x86_has(cpu, X86_F_MCA);
    case 0x198:
        *v = 1000ull << 40 | 1000;
        return true;
    case 0xc0000080:
        *v = cpu->efer;
        return true;
    case 0xc0000100:
        *v = cpu->seg[X86_FS].base;
        return x86_has(cpu, X86_F_LM);
    case 0xc0000101:
        *v = cpu->seg[X86_GS].base;
        return x86_has(cpu, X86_F_LM);
    case 0xc0000103:
        *v = cpu->tsc_aux;
        return x86_has(cpu, X86_F_RDTSCP) || x86_has(cpu, X86_F_RDPID);
    case 0xc0010114: /* VM_CR: SVM locked off unless offered */
        *v = x86_has(cpu, X86_F_SVM) ? 0 : 1 << 4;
        return true;
    default:
        break;
    }
    if (is_apic_msr(index)) {
        return apic_msr(cpu, index, v, false);
    }
    *v = 0;
    if (!is_ignored(index)) {
        log_unimp("rdmsr of unknown register 0x%x\n", index);
        return false;
    }
    return true;
}

uint64_t x86_efer_allowed(const X86State *cpu)
{
    uint64_t m = 0;

    m |= x86_has(cpu, X86_F_SYSCALL) ? X86_EFER_SCE : 0;
    m |= x86_has(cpu, X86_F_LM) ? X86_EFER_LME | X86_EFER_LMA : 0;
    m |= x86_has(cpu, X86_F_NX) ? X86_EFER_NXE : 0;
    m |= x86_has(cpu, X86_F_SVM) ? X86_EFER_SVME : 0;
    m |= x86_has(cpu, X86_F_FXSR_OPT) ? X86_EFER_FFXSR : 0;
    return m;
}

static bool write_efer(X86State *cpu, uint64_t v)
{
    if (v & ~x86_efer_allowed(cpu) ||
        ((v ^ cpu->efer) & X86_EFER_LME && cpu->cr0 & X86_CR0_PG)) {
        return false;
    }
    /* LMA is read-only. */
    x86_set_efer(cpu, (v & ~(uint64_t)X86_EFER_LMA) | (cpu->efer & X86_EFER_LMA));
    return true;
}

static bool write_base(X86State *cpu, unsigned seg, uint64_t v)
{
    if (!x86_has(cpu, X86_F_LM) || !x86_is_canonical(cpu, v)) {
        return false;
    }
    cpu->seg[seg].base = v;
    x86_update_seg(cpu, seg);
    return true;
}

static bool valid_memory_type(uint8_t t)
{
    return t < 8 && t != 2 && t != 3;
}

static bool write_plain(X86State *cpu, const PlainMsr *row, uint64_t *p, uint32_t index,
                        uint64_t v)
{
    if (row->canonical && !x86_is_canonical(cpu, v)) {
        return false;
    }
    if (index == 0x277) {
        for (unsigned k = 0; k < 8; k++) {
            if (!valid_memory_type(v >> (8 * k))) {
                return false;
            }
        }
    }
    if (index == 0xda0 && v) {
        return false;
    }
    if (v & ~row->writable) {
        v &= row->writable;
    }
    if (index >= 0x400 && index < 0x400 + 4 * X86_MC_BANK_COUNT && (index & 3) == 0 &&
        v != 0 && v != UINT64_MAX) {
        return false;
    }
    *p = v;
    return true;
}

bool x86_write_msr(X86State *cpu, uint32_t index, uint64_t v)
{
    const PlainMsr *row;
    uint64_t *p = find_plain(cpu, index, &row);

    if (p) {
        return write_plain(cpu, row, p, index, v);
    }
    switch (index) {
    case 0x10:
        cpu->tsc_adjust += v - x86_read_tsc(cpu);
        cpu->tsc_offset = v - x86_tsc_clock();
        return true;
    case 0x1b:
        return write_apic_base(cpu, v);
    case 0x3b:
        cpu->tsc_offset += v - cpu->tsc_adjust;
        cpu->tsc_adjust = v;
        return true;
    case 0x9e:
        cpu->smbase = v;
        return cpu->in_smm;
    case 0xc0000080:
        return write_efer(cpu, v);
    case 0xc0000100:
        return write_base(cpu, X86_FS, v);
    case 0xc0000101:
        return write_base(cpu, X86_GS, v);
    case 0xc0000103:
        cpu->tsc_aux = v;
        return !(v >> 32) && (x86_has(cpu, X86_F_RDTSCP) || x86_has(cpu, X86_F_RDPID));
    case 0xc0010114:
        return true;
    default:
        break;
    }
    if (is_apic_msr(index)) {
        return apic_msr(cpu, index, &v, true);
    }
    if (!is_ignored(index)) {
        log_unimp("wrmsr of unknown register 0x%x\n", index);
        return false;
    }
    return true;
}
