/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages whose entries change: data and code, INVLPG and CR3, large pages that are
 * split, accessed and dirty bits, rights, and error codes. In 64-bit code also
 * execute-disable and reserved bits.
 */
#include "bare.h"

const unsigned test_rounds = 5;

#define PAGE(n)  ((volatile uint8_t *)0x1000000 + (n)*4096)
#define FRAME(n) ((volatile uint8_t *)0x1800000 + (n)*4096)
#define LARGE    ((volatile uint8_t *)0x2000000)
#define OTHER    ((volatile uint8_t *)0x2800000)

#if WIDTH == 64
#define SP "rsp"
#define BX "rbx"
#else
#define SP "esp"
#define BX "ebx"
#endif

typedef uint32_t Function(void);

static uint32_t call(volatile void *p)
{
    return ((Function *)p)();
}

/* The stack pointer is what it was, although a fault at the target comes after CALL. */
static void try_call(volatile void *p)
{
    fault.vector = -1;
    asm volatile("mov" W " $1f, resume\n\t"
                 "mov %%" SP ", %%" BX "\n\t"
                 "call *%0\n"
                 "1:\tmov %%" BX ", %%" SP "\n\t"
                 "mov" W " $0, resume"
                 :
                 : "r"(p)
                 : "eax", "ebx", "memory", "cc");
}

static void make(volatile uint8_t *p, uint32_t v)
{
    p[0] = 0xb8;
    *(volatile uint32_t *)(p + 1) = v;
    p[5] = 0xc3;
}

static uint32_t load(volatile void *p)
{
    return *(volatile uint32_t *)p;
}

static void store(volatile void *p, uint32_t v)
{
    *(volatile uint32_t *)p = v;
}

static void map(volatile void *p, volatile void *frame, ulong bits)
{
    *page_entry(p) = (ulong)frame | bits;
}

static void reload(void)
{
    write_cr3(read_cr3());
}

/* Another frame for a page that is used all the time. */
static void other_frame(void)
{
    for (unsigned n = 0; n < 4; n++) {
        store(FRAME(n), n);
        make(FRAME(n) + 64, n);
        /* An instruction that reaches into the next page, whose frame changes. */
        make(FRAME(4) + 4096 - 3, 0);
        FRAME(n)[0x800] = n;
    }
    for (unsigned n = 0; n < 4; n++) {
        FRAME(n)[0] = n;
        FRAME(n)[1] = n;
        FRAME(n)[2] = 0xc3;
    }
    map(PAGE(0), FRAME(4), 7);
    reload();
    for (unsigned k = 0; k < 40; k++) {
        unsigned n = k & 3;

        map(PAGE(1), FRAME(n), 7);
        if (k & 4) {
            reload();
        } else {
            invlpg(PAGE(1) + (k & 8 ? 0 : 0xfff));
        }
        CHECK_EQ("paging: data of another frame", PAGE(1)[0x800], n);
        CHECK_EQ("paging: code of another frame", call(PAGE(1) + 64), n);
        /* b8 xx xx | nn nn c3: the frame's first bytes are the constant's upper half */
        CHECK_EQ("paging: code on two pages, the second another frame",
                 call(PAGE(0) + 4096 - 3) >> 16, n * 0x0101);
    }
}

/* A page that was absent needs no invalidation. */
static void becomes_present(void)
{
    for (unsigned k = 0; k < 10; k++) {
        *page_entry(PAGE(1)) = 0;
        invlpg(PAGE(1));
        TRY("mov (%0), %%eax", : "r"(PAGE(1) + 8) : "eax", "memory");
        CHECK_EQ("paging: absent", fault.vector, 14);
        CHECK_EQ("paging: absent, error", fault.error, 0);
        CHECK_EQ("paging: absent, CR2", fault.cr2, (ulong)PAGE(1) + 8);
        try_call(PAGE(1) + 64);
        CHECK_EQ("paging: absent code", fault.vector, 14);
        CHECK_EQ("paging: absent code, address", fault.ip, (ulong)PAGE(1) + 64);
        map(PAGE(1), FRAME(1), 7);
        CHECK_EQ("paging: present", call(PAGE(1) + 64), 1);
    }
}

static void bits(void)
{
    volatile ulong *e = page_entry(PAGE(2));
    volatile ulong *l = large_entry(LARGE);
    const ulong mask = PTE_A | PTE_D;

    for (unsigned k = 0; k < 8; k++) {
        map(PAGE(2), FRAME(2), 7);
        invlpg(PAGE(2));
        CHECK_EQ("paging: A and D, nothing", *e & mask, 0);
        load(PAGE(2));
        CHECK_EQ("paging: A of a load", *e & mask, PTE_A);
        store(PAGE(2) + 4, k);
        CHECK_EQ("paging: D of a store to what was loaded", *e & mask, PTE_A | PTE_D);
        *e &= ~mask;
        invlpg(PAGE(2));
        asm volatile("lock addl $1, (%0)" : : "r"(PAGE(2) + 8) : "memory", "cc");
        CHECK_EQ("paging: A and D of an addition", *e & mask, PTE_A | PTE_D);
        *e &= ~(ulong)PTE_D;
        invlpg(PAGE(2));
        load(PAGE(2));
        CHECK_EQ("paging: D stays away", *e & mask, PTE_A);
        asm volatile("cmpxchgl %1, (%0)"
                     :
                     : "r"(PAGE(2)), "r"(1), "a"(0xfffffff)
                     : "memory", "cc");
        CHECK_EQ("paging: D of a CMPXCHG that differs", *e & mask, PTE_A | PTE_D);
        /* A store that is refused leaves D alone. */
        *e = ((ulong)FRAME(2) | 5);
        invlpg(PAGE(2));
        TRY("movl $1, (%0)", : "r"(PAGE(2)) : "memory");
        CHECK_EQ("paging: read-only", fault.vector, 14);
        CHECK_EQ("paging: read-only, error", fault.error, 3);
        CHECK_EQ("paging: no D when refused", *e & PTE_D, 0);
        /* Without CR0.WP the supervisor may. */
        write_cr0(read_cr0() & ~0x10000ul);
        store(PAGE(2), 77);
        CHECK_EQ("paging: without WP", load(PAGE(2)), 77);
        CHECK_EQ("paging: D without WP", *e & PTE_D, PTE_D);
        write_cr0(read_cr0() | 0x10000);
        TRY("movl $1, (%0)", : "r"(PAGE(2)) : "memory");
        CHECK_EQ("paging: with WP again", fault.vector, 14);
        *l = (ulong)LARGE | 0x87;
        reload();
        load(LARGE + 0x5000);
        CHECK_EQ("paging: A of a large page", *l & mask, PTE_A);
        store(LARGE + 0x7000, 1);
        CHECK_EQ("paging: D of a large page", *l & mask, PTE_A | PTE_D);
        /* Two pages, one of them clean, by one store. */
        map(PAGE(2), FRAME(2), 7);
        map(PAGE(3), FRAME(3), 7);
        invlpg(PAGE(2));
        invlpg(PAGE(3));
        store(PAGE(3) - 2, 0x11223344);
        CHECK_EQ("paging: D of both",
                 (*e & mask) == mask && (*page_entry(PAGE(3)) & mask) == mask, 1);
    }
}

/* INVLPG of any address drops all of a large page. */
static void split(void)
{
    volatile ulong *l = large_entry(LARGE);
    static ulong table[1024] __attribute__((aligned(4096)));

    store(LARGE + 0x3000, 1);
    store(LARGE + 0x9000, 2);
    make(LARGE + 0x9040, 2);
    store(OTHER, 3);
    make(OTHER + 0x40, 3);
    for (unsigned k = 0; k < 8; k++) {
        *l = (ulong)LARGE | 0x87;
        reload();
        CHECK_EQ("paging: large page", load(LARGE + 0x3000) + load(LARGE + 0x9000), 3);
        CHECK_EQ("paging: code in a large page", call(LARGE + 0x9040), 2);
        for (unsigned n = 0; n < (1u << (LARGE_BITS - 12)); n++) {
            table[n] = ((ulong)LARGE + n * 4096) | 7;
        }
        table[9] = (ulong)OTHER | 7;
        *l = (ulong)table | 7;
        invlpg(LARGE + 0x3000);
        CHECK_EQ("paging: split, the rest", load(LARGE + 0x3000), 1);
        CHECK_EQ("paging: split, another frame", load(LARGE + 0x9000), 3);
        CHECK_EQ("paging: split, code", call(LARGE + 0x9040), 3);
        /* And together again. */
        *l = (ulong)LARGE | 0x87;
        for (unsigned n = 0; n < 16; n++) {
            invlpg(LARGE + n * 4096);
        }
        CHECK_EQ("paging: joined", load(LARGE + 0x9000), 2);
        CHECK_EQ("paging: joined, code", call(LARGE + 0x9040), 2);
        /* Another large frame. */
        *l = (ulong)OTHER | 0x87;
        invlpg(LARGE + 0x12345);
        CHECK_EQ("paging: large, another frame", load(LARGE), 3);
        *l = (ulong)LARGE | 0x87;
        invlpg(LARGE);
    }
}

/* A global page stays over CR3, and goes with INVLPG and with CR4.PGE. */
static void global(void)
{
    write_cr4(read_cr4() | 0x80);
    store(FRAME(1), 1);
    store(FRAME(2), 2);
    for (unsigned k = 0; k < 6; k++) {
        map(PAGE(4), FRAME(1), 7 | PTE_G);
        invlpg(PAGE(4));
        CHECK_EQ("paging: global", load(PAGE(4)), 1);
        map(PAGE(4), FRAME(2), 7 | PTE_G);
        if (k & 1) {
            invlpg(PAGE(4));
        } else {
            write_cr4(read_cr4() ^ 0x80);
            write_cr4(read_cr4() ^ 0x80);
        }
        CHECK_EQ("paging: global, gone", load(PAGE(4)), 2);
    }
    write_cr4(read_cr4() & ~0x80ul);
}

/* What ring 3 may; the code runs at 0xc00000. */
static void user(void)
{
    static const struct {
        const char *what;
        ulong bits;
        bool write;
        int error;
    } cases[] = {
        {"paging: user load",                 7, false, -1},
        { "paging: user store",               7, true,  -1},
        { "paging: user load, read-only",     5, false, -1},
        { "paging: user store, read-only",    5, true,  7 },
        { "paging: user load, supervisor's",  3, false, 5 },
        { "paging: user store, supervisor's", 3, true,  7 },
        { "paging: user load, absent",        6, false, 4 },
        { "paging: user store, absent",       6, true,  6 },
    };
    uint8_t *code = (uint8_t *)0xc00000;

    for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        Regs r = {
            .ax = 1, .si = (ulong)PAGE(5), .sp = 0xc80000, .ip = (ulong)code, .flags = 2
        };

        code[0] = cases[k].write ? 0x89 : 0x8b; /* mov (%rsi), %eax */
        code[1] = 0x06;
        code[2] = 0xcc;
        map(PAGE(5), FRAME(5), 7);
        invlpg(PAGE(5));
        user_run(&r);
        r.ip = (ulong)code;
        map(PAGE(5), FRAME(5), cases[k].bits);
        invlpg(PAGE(5));
        load(cases[k].bits & 1 ? PAGE(5)
                               : FRAME(5)); /* the supervisor's own view is there */
        user_run(&r);
        CHECK_EQ(cases[k].what, (int)r.vector == 14 ? (int)r.error : -1,
                 cases[k].error);
    }
#if WIDTH == 64
    /* CR4.SMAP, SMEP. */
    map(PAGE(5), FRAME(5), 7);
    make(FRAME(5) + 64, 5);
    invlpg(PAGE(5));
    load(PAGE(5));
    CHECK_EQ("paging: without SMEP", call(PAGE(5) + 64), 5);
    /* All other pages are the supervisor's while SMAP and SMEP are on. */
    for (unsigned k = 0; k < 2048; k++) {
        pd[k] &= ~4ul;
    }
    pd[(ulong)PAGE(5) >> 21] |= 4;
    reload();
    write_cr4(read_cr4() | 3ul << 20);
    TRY("mov (%0), %%eax", : "r"(PAGE(5)) : "eax", "memory");
    CHECK_EQ("paging: SMAP", fault.vector == 14 ? fault.error : 99, 1);
    TRY("movl $1, (%0)", : "r"(PAGE(5)) : "memory");
    CHECK_EQ("paging: SMAP, store", fault.vector == 14 ? fault.error : 99, 3);
    TRY("stac; mov (%0), %%eax; clac", : "r"(PAGE(5)) : "eax", "memory");
    CHECK_EQ("paging: STAC", fault.vector, -1);
    TRY("mov (%0), %%eax", : "r"(PAGE(5)) : "eax", "memory");
    CHECK_EQ("paging: CLAC", fault.vector, 14);
    try_call(PAGE(5) + 64);
    CHECK_EQ("paging: SMEP", fault.vector == 14 ? fault.error : 99, 0x11);
    write_cr4(read_cr4() & ~(3ul << 20));
    TRY("mov (%0), %%eax", : "r"(PAGE(5)) : "eax", "memory");
    CHECK_EQ("paging: without SMAP", fault.vector, -1);
    for (unsigned k = 0; k < 2048; k++) {
        pd[k] |= 4;
    }
    reload();
#endif
}

#if WIDTH == 64
static void no_execute(void)
{
    const ulong nx = 1ul << 63;

    make(FRAME(6) + 64, 6);
    for (unsigned k = 0; k < 6; k++) {
        map(PAGE(6), FRAME(6), 7);
        invlpg(PAGE(6));
        CHECK_EQ("paging: executable", call(PAGE(6) + 64), 6);
        map(PAGE(6), FRAME(6), 7 | nx);
        invlpg(PAGE(6));
        try_call(PAGE(6) + 64);
        CHECK_EQ("paging: NX", fault.vector == 14 ? fault.error : 99, 0x11);
        CHECK_EQ("paging: NX, address", fault.ip, (ulong)PAGE(6) + 64);
        CHECK_EQ("paging: NX, CR2", fault.cr2, (ulong)PAGE(6) + 64);
        CHECK_EQ("paging: NX, data", load(PAGE(6)), load(FRAME(6)));
        /* An instruction that reaches into it. */
        make(FRAME(5) + 4096 - 2, 5);
        map(PAGE(5), FRAME(5), 7);
        invlpg(PAGE(5));
        try_call(PAGE(6) - 2);
        CHECK_EQ("paging: NX, second page", fault.vector == 14 ? fault.error : 99,
                 0x11);
        CHECK_EQ("paging: NX, second page, address", fault.ip, (ulong)PAGE(6) - 2);
        CHECK_EQ("paging: NX, second page, CR2", fault.cr2, (ulong)PAGE(6));
        /* Without EFER.NXE the bit is reserved. */
        wrmsr(0xc0000080, rdmsr(0xc0000080) & ~0x800ull);
        TRY("mov (%0), %%eax", : "r"(PAGE(6)) : "eax", "memory");
        CHECK_EQ("paging: reserved bit", fault.vector == 14 ? fault.error : 99, 9);
        wrmsr(0xc0000080, rdmsr(0xc0000080) | 0x800);
        CHECK_EQ("paging: not reserved any more", load(PAGE(6)), load(FRAME(6)));
        /* Beyond the physical addresses. */
        map(PAGE(6), FRAME(6), 7 | 1ul << 51);
        invlpg(PAGE(6));
        TRY("mov (%0), %%eax", : "r"(PAGE(6)) : "eax", "memory");
        CHECK_EQ("paging: address too large", fault.vector == 14 ? fault.error : 99, 9);
    }
}

static void not_canonical(void)
{
    TRY("mov (%0), %%eax", : "r"(0x800000000000ul) : "eax", "memory");
    CHECK_EQ("paging: not canonical", fault.vector, 13);
}
#endif

#if WIDTH == 32
/* PAE, entered from and left to 32-bit entries; the four pointers are loaded with CR3.
 */
static void pae(void)
{
    static uint64_t pdpt[4] __attribute__((aligned(32)));
    static uint64_t dir[5][512] __attribute__((aligned(4096)));
    ulong cr3 = read_cr3();
    volatile uint32_t *high = (volatile uint32_t *)0xc0000000;

    for (unsigned k = 0; k < 4; k++) {
        pdpt[k] = (ulong)dir[k] | 1;
        for (unsigned n = 0; n < 512; n++) {
            dir[k][n] = (uint64_t)(k << 9 | n) << 21 | 0x87;
        }
    }
    dir[3][0] = (uint64_t)(ulong)LARGE | 0x87;
    memcpy(dir[4], dir[3], 4096);
    dir[4][0] = (uint64_t)(ulong)OTHER | 0x87;
    store(LARGE, 0x1a);
    store(OTHER, 0x2a);
    make(LARGE + 64, 0x1a);
    make(OTHER + 64, 0x2a);
    write_cr0(read_cr0() & 0x7fffffff);
    write_cr4(read_cr4() | 0x20);
    wrmsr(0xc0000080, rdmsr(0xc0000080) | 0x800);
    write_cr3((ulong)pdpt);
    write_cr0(read_cr0() | 0x80000000);
    for (unsigned k = 0; k < 6; k++) {
        pdpt[3] = (ulong)dir[3] | 1;
        write_cr3((ulong)pdpt);
        CHECK_EQ("paging: PAE", *high, 0x1a);
        CHECK_EQ("paging: PAE, code", call(high + 16), 0x1a);
        pdpt[3] = (ulong)dir[4] | 1;
        invlpg(high);
        CHECK_EQ("paging: PAE, the pointers are those of CR3's load", *high, 0x1a);
        write_cr3((ulong)pdpt);
        CHECK_EQ("paging: PAE, new pointers", *high, 0x2a);
        CHECK_EQ("paging: PAE, new pointers, code", call(high + 16), 0x2a);
        dir[4][0] |= 1ull << 63;
        invlpg(high);
        try_call(high + 16);
        CHECK_EQ("paging: PAE, NX", fault.vector == 14 ? fault.error : 99, 0x11);
        CHECK_EQ("paging: PAE, NX, data", *high, 0x2a);
        dir[4][0] &= ~(1ull << 63);
        /* Reserved bits in a pointer: CR3 is refused. */
        pdpt[2] |= 1ull << 63;
        TRY("mov %0, %%cr3", : "r"(pdpt) : "memory");
        CHECK_EQ("paging: PAE, reserved bit of a pointer", fault.vector, 13);
        pdpt[2] &= ~(1ull << 63);
    }
    write_cr0(read_cr0() & 0x7fffffff);
    write_cr4(read_cr4() & ~0x20ul);
    write_cr3(cr3);
    write_cr0(read_cr0() | 0x80000000);
}
#endif

void test(void)
{
    paging_on();
    set_gate(3, 3);
    page_entry(PAGE(0));
    other_frame();
    becomes_present();
    bits();
    split();
    global();
    user();
#if WIDTH == 64
    no_execute();
    not_canonical();
#else
    pae();
#endif
}
