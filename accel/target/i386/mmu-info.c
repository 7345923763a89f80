/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "info tlb" and "info mem": the page tables of the session's vCPU. Scripts read these
 * formats: keep them.
 *
 * The tables are the guest's. Each pass over a table is counted, so that tables which
 * point to themselves come to an end.
 */
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/x86-cpu-internal.h"
#include "accel/target/i386/x86-cpu.h"
#include "accel/vcpu.h"
#include "memory/memory.h"
#include "qapi/command.h"

#include <inttypes.h>
#include <string.h>

enum { TABLES_MAX = 1 << 16, TEXT_MAX = 8 << 20 };

typedef struct Tour {
    const X86State *cpu;
    AddressSpace *as;
    HmpOut *out;
    unsigned entry_size, levels, tables;
    /* @rights: P, W and U of all levels */
    void (*leaf)(struct Tour *t, uint64_t lin, unsigned shift, uint64_t entry,
                 uint64_t rights);
    uint64_t first, end, rights; /* info mem: the range so far */
} Tour;

static bool is_over(const Tour *t)
{
    return t->tables > TABLES_MAX || t->out->text->len > TEXT_MAX;
}

static bool is_leaf(const Tour *t, unsigned shift, uint64_t entry)
{
    if (shift == 12) {
        return true;
    }
    if (!(entry & PTE_PS) || shift > 30 || (shift == 30 && t->levels < 4)) {
        return false;
    }
    return t->entry_size == 8 || t->cpu->cr4 & X86_CR4_PSE;
}

static uint64_t sign_extended(const Tour *t, uint64_t lin)
{
    unsigned bits = 64 - (12 + 9 * t->levels);

    return t->levels < 4 ? lin : (uint64_t)((int64_t)(lin << bits) >> bits);
}

static uint64_t entry_at(const Tour *t, const uint8_t *table, unsigned k)
{
    uint64_t e = 0;

    memcpy(&e, table + k * t->entry_size, t->entry_size);
    return GUINT64_FROM_LE(e);
}

/* The table at @table, whose entries stand for 1 << @shift bytes each. */
static void visit(Tour *t, uint64_t table, unsigned shift, uint64_t lin,
                  uint64_t rights)
{
    unsigned count = t->levels == 3 && shift == 30 ? 4 : 4096 / t->entry_size;
    unsigned below = t->entry_size == 4 ? 10 : 9;
    uint8_t bytes[4096];

    t->tables++;
    if (address_space_read(t->as, table, MEMTXATTRS_UNSPECIFIED, bytes,
                           count * t->entry_size) != MEMTX_OK) {
        return;
    }
    for (unsigned k = 0; k < count && !is_over(t); k++, lin += 1ull << shift) {
        uint64_t e = entry_at(t, bytes, k);
        /* The top entries of PAE have no rights. */
        uint64_t here = t->levels == 3 && shift == 30 ? rights : rights & e;

        if (!(e & PTE_P)) {
            continue;
        }
        if (is_leaf(t, shift, e)) {
            t->leaf(t, lin, shift, e, here);
        } else {
            visit(t, e & PTE_PHYS, shift - below, lin, here);
        }
    }
}

/* False: paging is off, and that has been said. */
static bool tour(Tour *t, HmpOut *out, HmpArgs *args)
{
    VCPU *vcpu = vcpu_find(hmp_args_get_cpu(args));
    const X86State *cpu;

    if (!vcpu) {
        hmp_puts(out, "No CPU available\n");
        return false;
    }
    vcpu_sync_state(vcpu);
    cpu = &X86_CPU(vcpu)->st;
    if (!(cpu->cr0 & X86_CR0_PG)) {
        hmp_puts(out, "PG disabled\n");
        return false;
    }
    t->cpu = cpu;
    t->as = vcpu->as[0];
    t->out = out;
    t->entry_size = cpu->cr4 & X86_CR4_PAE ? 8 : 4;
    t->levels = t->entry_size == 4            ? 2
                : !(cpu->efer & X86_EFER_LMA) ? 3
                : cpu->cr4 & X86_CR4_LA57     ? 5
                                              : 4;
    if (t->levels == 2) {
        visit(t, cpu->cr3 & 0xfffff000, 22, 0, ~0ull);
    } else if (t->levels == 3) {
        visit(t, cpu->cr3 & 0xffffffe0, 30, 0, ~0ull);
    } else {
        visit(t, cpu->cr3 & PTE_PHYS, 9 * t->levels + 3, 0, ~0ull);
    }
    return true;
}

static void finish(const Tour *t)
{
    if (is_over(t)) {
        hmp_puts(t->out, "(the tables go on)\n");
    }
}

static void print_leaf(Tour *t, uint64_t lin, unsigned shift, uint64_t e,
                       uint64_t rights)
{
    uint64_t phys = e & PTE_PHYS & ~((1ull << shift) - 1);

    if (t->levels == 2 && shift == 22) {
        phys |= (e & 0x1fe000) << 19;
    }
    hmp_printf(t->out, "%016" PRIx64 ": %016" PRIx64 " %c%c%c%c%c%c%c%c%c\n",
               sign_extended(t, lin), phys,
               t->entry_size == 8 && e & PTE_NX ? 'X' : '-', e & PTE_G ? 'G' : '-',
               shift > 12 ? 'P' : '-', e & PTE_D ? 'D' : '-', e & PTE_A ? 'A' : '-',
               e & PTE_PCD ? 'C' : '-', e & PTE_PWT ? 'T' : '-', e & PTE_U ? 'U' : '-',
               e & PTE_W ? 'W' : '-');
}

static void hmp_info_tlb(HmpOut *out, HmpArgs *args)
{
    Tour t = { .leaf = print_leaf };

    if (tour(&t, out, args)) {
        finish(&t);
    }
}
HMP_INFO("tlb", "", "", "show virtual to physical memory mappings", hmp_info_tlb);

static void print_range(const Tour *t)
{
    if (t->end > t->first) {
        hmp_printf(t->out, "%016" PRIx64 "-%016" PRIx64 " %016" PRIx64 " %cr%c\n",
                   sign_extended(t, t->first), sign_extended(t, t->end),
                   t->end - t->first, t->rights & PTE_U ? 'u' : '-',
                   t->rights & PTE_W ? 'w' : '-');
    }
}

static void add_range(Tour *t, uint64_t lin, unsigned shift, uint64_t e,
                      uint64_t rights)
{
    rights &= PTE_U | PTE_W;
    if (lin != t->end || rights != t->rights) {
        print_range(t);
        t->first = lin;
        t->rights = rights;
    }
    t->end = lin + (1ull << shift);
}

static void hmp_info_mem(HmpOut *out, HmpArgs *args)
{
    Tour t = { .leaf = add_range };

    if (tour(&t, out, args)) {
        print_range(&t);
        finish(&t);
    }
}
HMP_INFO("mem", "", "", "show the active virtual memory mappings", hmp_info_mem);
