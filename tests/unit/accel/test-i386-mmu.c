/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "i386-flat.h"

#include "accel/target/i386/mmu.h"
#include "accel/target/i386/system.h"

enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100 };

#define NX (1ull << 63)

static FlatMachine *m;

static void put64(uint64_t addr, uint64_t v)
{
    *(uint64_t *)(m->ram + addr) = v;
}

static uint64_t get64(uint64_t addr)
{
    return *(uint64_t *)(m->ram + addr);
}

static void put32(uint64_t addr, uint32_t v)
{
    *(uint32_t *)(m->ram + addr) = v;
}

static void begin(void)
{
    m = flat_new(4 << 20);
    m->cpu->cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP | X86_CR0_ET;
    m->cpu->cr3 = 0x1000;
}

static void end(void)
{
    flat_free(m);
}

/* 0x400000 -> 0x5000 through one path of four levels. */
static void begin_long(uint64_t leaf)
{
    begin();
    m->cpu->cr4 = X86_CR4_PAE;
    m->cpu->efer = X86_EFER_LME | X86_EFER_LMA | X86_EFER_NXE;
    put64(0x1000, 0x2000 | P | W | U);
    put64(0x2000, 0x3000 | P | W | U);
    put64(0x3000 + 2 * 8, 0x4000 | P | W | U);
    put64(0x4000, leaf);
}

static int walk(uint64_t lin, SoftTlbAccess access, X86View view, X86Walk *w)
{
    return x86_walk(m->cpu, lin, access, view, w);
}

static void test_long(void)
{
    X86Walk w;

    begin_long(0x5000 | P | W | U);
    g_assert_cmpint(walk(0x400123, SOFT_TLB_READ, X86_VIEW_USER, &w), ==, -1);
    g_assert_cmphex(w.phys, ==, 0x5000);
    g_assert_true(w.write_ok && w.exec_ok && !w.dirty && !w.global && !w.big);
    g_assert_cmphex(get64(0x4000), ==, 0x5000 | P | W | U | A);
    g_assert_cmphex(get64(0x1000), ==, 0x2000 | P | W | U | A);
    g_assert_cmpint(walk(0x400123, SOFT_TLB_WRITE, X86_VIEW_USER, &w), ==, -1);
    g_assert_cmphex(get64(0x4000), ==, 0x5000 | P | W | U | A | D);
    g_assert_true(w.dirty);
    /* not present: the next page and the next gigabyte */
    g_assert_cmpint(walk(0x401000, SOFT_TLB_READ, X86_VIEW_KERNEL, &w), ==, 0);
    g_assert_cmpint(walk(0x40000000, SOFT_TLB_WRITE, X86_VIEW_USER, &w), ==,
                    X86_PF_W | X86_PF_U);
    end();
}

static void test_rights(void)
{
    X86Walk w;

    begin_long(0x5000 | P | U | NX);
    g_assert_cmpint(walk(0x400000, SOFT_TLB_WRITE, X86_VIEW_USER, &w), ==,
                    X86_PF_P | X86_PF_W | X86_PF_U);
    g_assert_cmpint(walk(0x400000, SOFT_TLB_EXEC, X86_VIEW_USER, &w), ==,
                    X86_PF_P | X86_PF_U | X86_PF_I);
    g_assert_cmpint(walk(0x400000, SOFT_TLB_WRITE, X86_VIEW_KERNEL, &w), ==,
                    X86_PF_P | X86_PF_W);
    m->cpu->cr0 &= ~(uint64_t)X86_CR0_WP;
    g_assert_cmpint(walk(0x400000, SOFT_TLB_WRITE, X86_VIEW_KERNEL, &w), ==, -1);
    m->cpu->cr4 |= X86_CR4_SMAP;
    g_assert_cmpint(walk(0x400000, SOFT_TLB_READ, X86_VIEW_SMAP, &w), ==, X86_PF_P);
    g_assert_cmpint(walk(0x400000, SOFT_TLB_READ, X86_VIEW_KERNEL, &w), ==, -1);
    put64(0x4000, 0x5000 | P | U);
    m->cpu->cr4 |= X86_CR4_SMEP;
    g_assert_cmpint(walk(0x400000, SOFT_TLB_EXEC, X86_VIEW_KERNEL, &w), ==,
                    X86_PF_P | X86_PF_I);
    g_assert_cmpint(walk(0x400000, SOFT_TLB_EXEC, X86_VIEW_USER, &w), ==, -1);
    put64(0x4000, 0x5000 | P | W);
    g_assert_cmpint(walk(0x400000, SOFT_TLB_READ, X86_VIEW_USER, &w), ==,
                    X86_PF_P | X86_PF_U);
    /* one level without U is enough to refuse */
    put64(0x4000, 0x5000 | P | W | U);
    put64(0x2000, 0x3000 | P | W);
    g_assert_cmpint(walk(0x400000, SOFT_TLB_READ, X86_VIEW_USER, &w), ==,
                    X86_PF_P | X86_PF_U);
    end();
}

static void test_reserved(void)
{
    X86Walk w;

    begin_long(0x5000 | P | W | U | 1ull << 45);
    g_assert_cmpint(walk(0x400000, SOFT_TLB_READ, X86_VIEW_USER, &w), ==,
                    X86_PF_P | X86_PF_RSVD | X86_PF_U);
    put64(0x4000, 0x5000 | P | W | U | NX);
    m->cpu->efer &= ~(uint64_t)X86_EFER_NXE;
    g_assert_cmpint(walk(0x400000, SOFT_TLB_READ, X86_VIEW_USER, &w), ==,
                    X86_PF_P | X86_PF_RSVD | X86_PF_U);
    put64(0x1000, 0x2000 | P | W | U | PS);
    g_assert_cmpint(walk(0x400000, SOFT_TLB_READ, X86_VIEW_USER, &w), ==,
                    X86_PF_P | X86_PF_RSVD | X86_PF_U);
    end();
}

static void test_large_pages(void)
{
    X86Walk w;

    begin_long(0);
    m->cpu->cr4 |= X86_CR4_PGE;
    put64(0x3000 + 2 * 8, 0x200000 | P | W | PS | G);
    g_assert_cmpint(walk(0x412345, SOFT_TLB_WRITE, X86_VIEW_KERNEL, &w), ==, -1);
    g_assert_cmphex(w.phys, ==, 0x212000);
    g_assert_true(w.big && w.global && w.dirty);
    put64(0x2000 + 8, 0x40000000 | P | PS);
    g_assert_cmpint(walk(0x52345678, SOFT_TLB_READ, X86_VIEW_KERNEL, &w), ==, -1);
    g_assert_cmphex(w.phys, ==, 0x52345000);
    end();
}

static void test_five_levels(void)
{
    X86Walk w;

    begin_long(0x5000 | P | W | U);
    m->cpu->cr4 |= X86_CR4_LA57;
    m->cpu->cr3 = 0x6000;
    put64(0x6000 + 0x55 * 8, 0x1000 | P | W | U);
    g_assert_cmpint(walk(0x55ull << 48 | 0x400123, SOFT_TLB_READ, X86_VIEW_USER, &w),
                    ==, -1);
    g_assert_cmphex(w.phys, ==, 0x5000);
    g_assert_cmphex(get64(0x6000 + 0x55 * 8), ==, 0x1000 | P | W | U | A);
    g_assert_cmpint(walk(0x400123, SOFT_TLB_READ, X86_VIEW_KERNEL, &w), ==, 0);
    g_assert_true(x86_is_canonical(m->cpu, 0xffull << 48));
    g_assert_false(x86_is_canonical(m->cpu, 0x100ull << 48));
    end();
}

static void test_32_bit(void)
{
    X86Walk w;

    begin();
    put32(0x1000 + 4, 0x2000 | P | W | U);
    put32(0x2000 + 4 * 3, 0x7000 | P | U);
    g_assert_cmpint(walk(0x403fff, SOFT_TLB_READ, X86_VIEW_USER, &w), ==, -1);
    g_assert_cmphex(w.phys, ==, 0x7000);
    g_assert_cmpint(walk(0x403fff, SOFT_TLB_WRITE, X86_VIEW_USER, &w), ==,
                    X86_PF_P | X86_PF_W | X86_PF_U);
    /* PS counts only with CR4.PSE; bits 20:13 are address bits 39:32 */
    put32(0x1000 + 8, 0x00800000 | 1 << 13 | P | PS);
    m->cpu->cr4 = X86_CR4_PSE;
    g_assert_cmpint(walk(0x812345, SOFT_TLB_READ, X86_VIEW_KERNEL, &w), ==, -1);
    g_assert_cmphex(w.phys, ==, 0x100812000);
    g_assert_cmphex(w.exec_ok, ==, true);
    end();
}

static void test_pae(void)
{
    X86Walk w;
    uint64_t pdpte[4];

    begin();
    m->cpu->cr4 = X86_CR4_PAE;
    put64(0x1000 + 8, 0x2000 | P);
    g_assert_true(x86_load_pdptes(m->cpu, 0x1000, m->cpu->pdpte));
    put64(0x2000, 0x3000 | P | W);
    put64(0x3000 + 8, 0x9000 | P | W);
    g_assert_cmpint(walk(0x40001000, SOFT_TLB_READ, X86_VIEW_KERNEL, &w), ==, -1);
    g_assert_cmphex(w.phys, ==, 0x9000);
    g_assert_cmpint(walk(0x1000, SOFT_TLB_READ, X86_VIEW_KERNEL, &w), ==, 0);
    put64(0x1000 + 16, 0x2000 | P | W);
    g_assert_false(x86_load_pdptes(m->cpu, 0x1000, pdpte));
    end();
}

static void test_a20(void)
{
    X86Walk w;

    begin();
    m->cpu->cr0 = 0;
    m->cpu->a20_off = true;
    g_assert_cmpint(walk(0x1234567, SOFT_TLB_READ, X86_VIEW_KERNEL, &w), ==, -1);
    g_assert_cmphex(w.phys, ==, 0x1234567 & ~0x100fff);
    end();
}

static void test_tlb(void)
{
    SoftTlbSide *s;

    begin_long(0x5000 | P | W);
    x86_update_mode(m->cpu);
    s = x86_tlb_get(m->cpu, 0x400000, SOFT_TLB_READ, X86_VIEW_KERNEL);
    g_assert_cmphex(s->phys, ==, 0x5000);
    /* Not yet dirty: the first store must come here. */
    g_assert_false(soft_tlb_hit(0x400000,
                                m->cpu->views[X86_VIEW_KERNEL]
                                    .entry[soft_tlb_index(0x400000)]
                                    .tag[SOFT_TLB_WRITE],
                                4));
    x86_st_linear(m->cpu, 0x400ff8, 0x1122334455667788, 8, X86_VIEW_KERNEL);
    g_assert_cmphex(get64(0x5ff8), ==, 0x1122334455667788);
    g_assert_true(get64(0x4000) & D);
    /* Changed without INVLPG: the old page stays; afterwards the new one. */
    put64(0x4000, 0x6000 | P | W);
    g_assert_cmphex(x86_ld_linear(m->cpu, 0x400ff8, 8, X86_VIEW_KERNEL), ==,
                    0x1122334455667788);
    x86_flush_page(m->cpu, 0x400000);
    g_assert_cmphex(x86_ld_linear(m->cpu, 0x400ff8, 8, X86_VIEW_KERNEL), ==, 0);
    end();
}

static void test_page_crossing(void)
{
    begin_long(0x5000 | P | W);
    put64(0x4000 + 8, 0x8000 | P | W);
    x86_st_linear(m->cpu, 0x400ffd, 0x1122334455667788, 8, X86_VIEW_KERNEL);
    g_assert_cmphex(m->ram[0x5ffd], ==, 0x88);
    g_assert_cmphex(m->ram[0x5fff], ==, 0x66);
    g_assert_cmphex(m->ram[0x8000], ==, 0x55);
    g_assert_cmphex(x86_ld_linear(m->cpu, 0x400ffd, 8, X86_VIEW_KERNEL), ==,
                    0x1122334455667788);
    end();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i386/mmu/four-levels-set-accessed-and-dirty", test_long);
    g_test_add_func("/i386/mmu/rights-of-all-levels", test_rights);
    g_test_add_func("/i386/mmu/reserved-bits", test_reserved);
    g_test_add_func("/i386/mmu/large-pages", test_large_pages);
    g_test_add_func("/i386/mmu/five-levels", test_five_levels);
    g_test_add_func("/i386/mmu/two-levels-and-pse36", test_32_bit);
    g_test_add_func("/i386/mmu/pae", test_pae);
    g_test_add_func("/i386/mmu/a20", test_a20);
    g_test_add_func("/i386/mmu/tlb-keeps-until-flushed", test_tlb);
    g_test_add_func("/i386/mmu/store-across-two-pages", test_page_crossing);
    return g_test_run();
}
