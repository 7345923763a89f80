/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces against a TLB that the manual allows (SDM volume 3A, 4.10): random
 * loads of CR3 and CR4, INVLPG, INVPCID and changes of page tables, executed by the
 * guest's own instructions; every data access and every piece of code executed between
 * them must be one that a processor might have had.
 *
 * The model keeps, for each PCID and page, the set of frames that were mapped at some
 * time since the last flush while the PCID was in force (a processor may look ahead).
 */
#include "i386-flat.h"

#include "accel/target/i386/blocks.h"
#include "accel/target/i386/mmu.h"
#include "accel/target/i386/x86-jit.h"

#include <setjmp.h>
#include <string.h>

enum { P = 1, W = 2, U = 4, A = 0x20, D = 0x40, PS = 0x80, G = 0x100 };
enum { ROOTS = 3, PCIDS = 4, PAGES = 7, FRAMES = 8, LARGE_FRAMES = 2 };
enum { OP_INVLPG = 0, OP_INVPCID = 16, OP_CR3 = 32, OP_CR4 = 48, DESC = 64 };

static const uint64_t RAM = 16 << 20, TABLES = 0x10000, CODE = 0xc000;
static const uint64_t FRAME = 0x100000, LARGE_FRAME = 0x600000;

/* The second and the fifth share entries of the TLB; the last one is large. */
static const uint64_t page_addr[PAGES] = { 0x400000,  0x401000,  0x402000, 0x1400000,
                                           0x1401000, 0x1402000, 0x800000 };
static const bool is_large[PAGES] = { [6] = true };
static const uint32_t inside[4] = { 0, 0, 0x3000, 0x105000 };

static FlatMachine *m;
static uint32_t pte[ROOTS][PAGES];                            /* 1 + frame, or 0; | G */
static uint32_t allowed[PCIDS][PAGES], allowed_global[PAGES]; /* sets of frames */
static unsigned root;

static void put64(uint64_t addr, uint64_t v)
{
    *(uint64_t *)(m->ram + addr) = v;
}

static unsigned rnd(unsigned n)
{
    return g_test_rand_int_range(0, (int)n);
}

/* --- the tables and the machine -----------------------------------------------------
 */

static uint64_t table(unsigned r, unsigned n)
{
    return TABLES + (uint64_t)r * 0x8000 + (uint64_t)n * 0x1000;
}

static void set_pte(unsigned r, unsigned v, unsigned frame_and_g)
{
    unsigned frame = frame_and_g & 0xff;
    uint64_t g = frame_and_g & G, addr = page_addr[v];

    pte[r][v] = frame_and_g;
    if (is_large[v]) {
        put64(table(r, 2) + (addr >> 21) * 8,
              frame ? (LARGE_FRAME + ((frame - 1) << 21)) | g | P | W | U | PS : 0);
    } else {
        put64(table(r, addr < 0x1000000 ? 3 : 4) + (addr >> 12 & 511) * 8,
              frame ? (FRAME + ((frame - 1) << 12)) | g | P | W | U : 0);
    }
}

static void fill_frame(uint64_t phys, uint32_t id)
{
    m->ram[phys] = 0xb8; /* mov eax, id; hlt */
    memcpy(m->ram + phys + 1, &id, 4);
    m->ram[phys + 5] = 0xf4;
}

static void set_code_segment(unsigned cpl)
{
    m->cpu->cpl = cpl;
    m->cpu->seg[X86_CS] = (X86Segment){ .selector = 8 | cpl,
                                        .limit = UINT32_MAX,
                                        .attr = 0xa09b | cpl << 5 };
    m->cpu->seg[X86_SS] = (X86Segment){ .selector = 16 | cpl,
                                        .limit = UINT32_MAX,
                                        .attr = 0xc093 | cpl << 5 };
    x86_update_seg(m->cpu, X86_CS);
    x86_update_seg(m->cpu, X86_SS);
    x86_update_mode(m->cpu);
}

static void begin(bool translated, bool global_kernel)
{
    static const uint8_t code[] = {
        [OP_INVLPG] = 0x0f,  0x01, 0x3e, 0xf4,             /* invlpg [rsi] */
        [OP_INVPCID] = 0x66, 0x0f, 0x38, 0x82, 0x06, 0xf4, /* invpcid rax, [rsi] */
        [OP_CR3] = 0x0f,     0x22, 0xd8, 0xf4,             /* mov cr3, rax */
        [OP_CR4] = 0x0f,     0x22, 0xe0, 0xf4,             /* mov cr4, rax */
    };

    m = flat_new(RAM);
    if (translated) {
        jit_set_options(&(JitOptions){ .tier = 2,
                                       .cache_bytes = 4 << 20,
                                       .passes = IR_PASS_ALL,
                                       .threshold = 1,
                                       .only_last = UINT64_MAX });
        g_assert_true(x86_jit_new(m->cpu, NULL));
    }
    memcpy(m->ram + CODE, code, sizeof(code));
    memset(pte, 0, sizeof(pte));
    for (unsigned r = 0; r < ROOTS; r++) {
        put64(table(r, 0), table(r, 1) | P | W | U);
        put64(table(r, 1), table(r, 2) | P | W | U);
        put64(table(r, 2), P | W | PS | (global_kernel ? G : 0));
        put64(table(r, 2) + 2 * 8, table(r, 3) | P | W | U);
        put64(table(r, 2) + 10 * 8, table(r, 4) | P | W | U);
    }
    for (unsigned f = 0; f < FRAMES; f++) {
        fill_frame(FRAME + f * 0x1000, 1 + f);
    }
    for (unsigned f = 0; f < LARGE_FRAMES; f++) {
        for (unsigned k = 1; k < 4; k++) {
            fill_frame(LARGE_FRAME + ((uint64_t)f << 21) + inside[k], 1 + f);
        }
    }
    m->cpu->cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP | X86_CR0_ET;
    m->cpu->cr4 = X86_CR4_PAE | X86_CR4_PGE;
    m->cpu->efer = X86_EFER_LME | X86_EFER_LMA;
    m->cpu->cr3 = table(0, 0);
    m->cpu->idtr = m->cpu->gdtr = (X86DescTable){ 0 };
    set_code_segment(0);
    x86_state_refresh(m->cpu);
    memset(allowed, 0, sizeof(allowed));
    memset(allowed_global, 0, sizeof(allowed_global));
    root = 0;
}

static void end(void)
{
    x86_jit_free(m->cpu);
    flat_free(m);
}

/* Executes code at @rip until it halts, or faults, which ends in a triple fault as
 * there is no IDT; rax. */
static uint64_t execute(uint64_t rip, unsigned cpl, uint64_t rax, uint64_t rsi)
{
    X86State *cpu = m->cpu;

    set_code_segment(cpl);
    cpu->rip = rip;
    cpu->regs[X86_RAX].q = rax;
    cpu->regs[X86_RSI].q = rsi;
    cpu->halted = false;
    m->stop = 0;
    m->triple_fault = false;
    x86_run(cpu);
    set_code_segment(0);
    return cpu->regs[X86_RAX].q;
}

static void operate(unsigned op, uint64_t rax, uint64_t rsi)
{
    execute(CODE + op, 0, rax, rsi);
    g_assert_false(m->triple_fault);
}

/* --- the model ----------------------------------------------------------------------
 */

static unsigned pcid(void)
{
    return m->cpu->cr4 & X86_CR4_PCIDE ? m->cpu->cr3 & 0xfff : 0;
}

/* The processor may look at all tables at any time. */
static void look_ahead(void)
{
    for (unsigned v = 0; v < PAGES; v++) {
        uint32_t e = pte[root][v];

        if (!e) {
            continue;
        }
        if (e & G && m->cpu->cr4 & X86_CR4_PGE) {
            allowed_global[v] |= 1u << (e & 0xff);
        } else {
            allowed[pcid()][v] |= 1u << (e & 0xff);
        }
    }
}

static void flush_everything(void)
{
    memset(allowed, 0, sizeof(allowed));
    memset(allowed_global, 0, sizeof(allowed_global));
}

static void load_cr3(unsigned r, unsigned id, bool keep)
{
    operate(OP_CR3, table(r, 0) | id | (keep ? 1ull << 63 : 0), 0);
    root = r;
    if (!keep) {
        memset(allowed[pcid()], 0, sizeof(allowed[0]));
    }
}

static void random_cr3(void)
{
    bool pcide = m->cpu->cr4 & X86_CR4_PCIDE;

    load_cr3(rnd(ROOTS), pcide ? rnd(PCIDS) : 0, pcide && rnd(3));
}

static void random_cr4(void)
{
    uint64_t old = m->cpu->cr4, v = old;

    if (rnd(2)) {
        v ^= X86_CR4_PGE;
        flush_everything();
    } else if (old & X86_CR4_PCIDE) {
        v ^= X86_CR4_PCIDE;
        flush_everything();
        /* The PCID becomes part of the address that CR3 holds: nothing changes. */
    } else if (!(m->cpu->cr3 & 0xfff)) {
        v ^= X86_CR4_PCIDE;
    }
    operate(OP_CR4, v, 0);
}

static void random_invpcid(void)
{
    bool pcide = m->cpu->cr4 & X86_CR4_PCIDE;
    unsigned type = rnd(4), id = pcide && type < 2 ? rnd(PCIDS) : 0, v = rnd(PAGES);

    put64(CODE + DESC, id);
    put64(CODE + DESC + 8, page_addr[v] + (is_large[v] ? inside[1 + rnd(3)] : 8));
    operate(OP_INVPCID, type, CODE + DESC);
    switch (type) {
    case 0:
        allowed[id][v] = 0;
        break;
    case 1:
        memset(allowed[id], 0, sizeof(allowed[0]));
        break;
    case 2:
        flush_everything();
        break;
    default:
        memset(allowed, 0, sizeof(allowed));
    }
}

static void random_invlpg(void)
{
    unsigned v = rnd(PAGES);

    operate(OP_INVLPG, 0, page_addr[v] + (is_large[v] ? inside[1 + rnd(3)] : 8));
    allowed[pcid()][v] = allowed_global[v] = 0;
}

static void random_pte(void)
{
    unsigned v = rnd(PAGES), frame = 1 + rnd(is_large[v] ? LARGE_FRAMES : FRAMES);

    set_pte(rnd(ROOTS), v, rnd(4) ? frame | (rnd(6) ? 0 : G) : 0);
}

static uint32_t read_data(uint64_t addr, X86View view)
{
    uint32_t v = 0;

    if (!setjmp(m->cpu->fault_env)) {
        v = x86_ld_linear(m->cpu, addr + 1, 4, view);
    } else {
        m->cpu->exc_vector = m->cpu->exc_delivering = -1;
    }
    return v;
}

static void check_access(void)
{
    unsigned v = rnd(PAGES), cpl = rnd(2) ? 3 : 0;
    uint64_t addr = page_addr[v] + (is_large[v] ? inside[1 + rnd(3)] : 0);
    uint32_t may = allowed[pcid()][v] | allowed_global[v], got;

    if (rnd(2)) {
        got = execute(addr, cpl, 0, 0);
    } else {
        got = read_data(addr, cpl == 3 ? X86_VIEW_USER : X86_VIEW_KERNEL);
    }
    if (got ? !(may >> got & 1) : pte[root][v]) {
        g_test_message("page %u at CPL %u: frame %u, allowed %x", v, cpl, got, may);
        g_test_fail();
    }
}

static void run_random(bool translated, bool global_kernel)
{
    begin(translated, global_kernel);
    for (unsigned k = 0; k < 60000 && !g_test_failed(); k++) {
        unsigned what = rnd(100);

        look_ahead();
        if (what < 60) {
            check_access();
        } else if (what < 74) {
            random_pte();
        } else if (what < 90) {
            random_cr3();
        } else if (what < 94) {
            random_invlpg();
        } else if (what < 98) {
            random_invpcid();
        } else {
            random_cr4();
        }
    }
    end();
}

static void test_random_reference(void)
{
    run_random(false, true);
}

static void test_random_translated(void)
{
    const char *why;

    if (!jit_host_usable(&why)) {
        g_test_skip(why);
        return;
    }
    run_random(true, true);
    run_random(true, false);
}

/* --- what must be kept --------------------------------------------------------------
 */

static void enable_pcids(void)
{
    operate(OP_CR4, m->cpu->cr4 | X86_CR4_PCIDE, 0);
}

static void test_kept(void)
{
    begin(false, true);
    enable_pcids();
    set_pte(0, 0, 1);
    set_pte(1, 0, 2);
    g_assert_cmpuint(execute(page_addr[0], 3, 0, 0), ==, 1);
    load_cr3(1, 1, true);
    g_assert_cmpuint(execute(page_addr[0], 3, 0, 0), ==, 2);
    /* Unseen, as nothing is flushed: both are still in. */
    set_pte(0, 0, 3);
    set_pte(1, 0, 4);
    g_assert_cmpuint(execute(page_addr[0], 3, 0, 0), ==, 2);
    load_cr3(0, 0, true);
    g_assert_cmpuint(execute(page_addr[0], 3, 0, 0), ==, 1);
    load_cr3(1, 1, true);
    g_assert_cmpuint(execute(page_addr[0], 3, 0, 0), ==, 2);
    load_cr3(0, 0, false);
    g_assert_cmpuint(execute(page_addr[0], 3, 0, 0), ==, 3);
    end();
}

static void test_flushed_from_outside(void)
{
    begin(false, true);
    enable_pcids();
    for (unsigned v = 0; v < 2; v++) {
        set_pte(0, v, 1);
        g_assert_cmpuint(execute(page_addr[v], 3, 0, 0), ==, 1);
        set_pte(0, v, 2);
    }
    load_cr3(1, 1, true);
    put64(CODE + DESC, 0);
    put64(CODE + DESC + 8, page_addr[0]);
    operate(OP_INVPCID, 0, CODE + DESC);
    load_cr3(0, 0, true);
    g_assert_cmpuint(execute(page_addr[0], 3, 0, 0), ==, 2);
    g_assert_cmpuint(read_data(page_addr[1], X86_VIEW_USER), ==, 1);
    end();
}

/* Without PCIDs what comes back with CR3 has been compared with the tables. */
static void test_looked_up_again(void)
{
    SoftTlb *tlb;
    unsigned n = soft_tlb_index(page_addr[0]);

    begin(false, true);
    tlb = &m->cpu->views[X86_VIEW_USER];
    for (unsigned v = 0; v < 2; v++) {
        set_pte(0, v, 1 + v);
        g_assert_cmpuint(read_data(page_addr[v], X86_VIEW_USER), ==, 1 + v);
    }
    load_cr3(1, 0, false);
    g_assert_cmphex(tlb->side[n].page, ==, UINT64_MAX);
    g_assert_cmphex(tlb->side[n + 1].page, ==, UINT64_MAX);
    set_pte(0, 1, 3);
    load_cr3(0, 0, false);
    g_assert_cmphex(tlb->side[n].page, ==, page_addr[0]);
    g_assert_cmphex(tlb->side[n + 1].page, ==, UINT64_MAX);
    end();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i386/spaces/pcids-keep-their-translations", test_kept);
    g_test_add_func("/i386/spaces/invpcid-of-another-pcid-reaches-its-code",
                    test_flushed_from_outside);
    g_test_add_func("/i386/spaces/a-load-of-cr3-brings-back-what-is-still-mapped",
                    test_looked_up_again);
    g_test_add_func("/i386/spaces/random-changes-reference", test_random_reference);
    g_test_add_func("/i386/spaces/random-changes-translated", test_random_translated);
    return g_test_run();
}
