/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code that is changed: each way of changing it, and each place. */
#include "bare.h"

const unsigned test_rounds = 6;

/* Two pages of code and what is next to it. */
static uint8_t arena[4 * 4096] __attribute__((aligned(4096)));

typedef uint32_t Function(void);

/* mov eax, imm32; ret */
static void make(uint8_t *p, uint32_t v)
{
    p[0] = 0xb8;
    *(volatile uint32_t *)(p + 1) = v;
    p[5] = 0xc3;
}

static uint32_t call(void *p)
{
    return ((Function *)p)();
}

static void same_block(void)
{
    for (unsigned k = 0; k < 20; k++) {
        uint32_t v, w;

        asm volatile("movb %b2, 1f + 1\n"
                     "1:\tmovl $0x80, %0\n\t"
                     "movl %0, %1"
                     : "=&r"(v), "=&r"(w)
                     : "q"((ulong)k)
                     : "memory");
        CHECK_EQ("smc: the next instruction", v, k);
        asm volatile("movl $0, %0\n\t"
                     "movb %b1, 1f + 2\n\t"
                     "nop; nop; nop; nop; nop\n\t"
                     "1:\taddl $0x11, %0\n\t"
                     : "=&c"(v)
                     : "q"((ulong)k)
                     : "memory");
        CHECK_EQ("smc: further on in the block", v, k);
        /* An instruction becomes another one: INC or DEC by its register field. */
        asm volatile("movl $5, %0\n\t"
                     "movb %b1, 1f + 1\n"
                     "1:\t.byte 0xff, 0xc1"
                     : "=&c"(v)
                     : "q"((ulong)(k & 1 ? 0xc9 : 0xc1))
                     : "memory");
        CHECK_EQ("smc: another instruction", v, k & 1 ? 4 : 6);
    }
}

/* A loop which changes its own constant each time it goes round. */
static void loop_changes_itself(void)
{
    uint32_t sum = 0, n = 0;

    asm volatile("movb $0, 2f + 2\n"
                 "1:\tnop\n"
                 "2:\t.byte 0x83, 0xc0, 0x00\n\t" /* add eax, imm8 */
                 "incl %1\n\t"
                 "movb %b1, 2b + 2\n\t"
                 "cmpl $100, %1\n\t"
                 "jne 1b"
                 : "+a"(sum), "+c"(n)
                 :
                 : "memory");
    CHECK_EQ("smc: a loop that changes itself", sum, 4950);
}

static void other_page(void)
{
    for (uint32_t k = 0; k < 40; k++) {
        make(arena + 100, k);
        CHECK_EQ("smc: code written anew", call(arena + 100), k);
    }
    for (uint32_t k = 0; k < 40; k++) {
        *(volatile uint32_t *)(arena + 101) = k << 24 | k;
        CHECK_EQ("smc: a constant written anew", call(arena + 100), k << 24 | k);
    }
}

/* Code between counters: stores to them must not disturb, stores to code must. */
static void shared_with_data(void)
{
    volatile uint32_t *before = (void *)(arena + 0x180),
                      *after = (void *)(arena + 0x1c8);

    make(arena + 0x1c0, 1);
    *before = *after = 0;
    for (uint32_t k = 0; k < 200; k++) {
        uint32_t want = 1 + k / 50;

        if (k % 50 == 0) {
            arena[0x1c1] = want;
        }
        ++*before;
        ++*after;
        CHECK_EQ("smc: beside data", call(arena + 0x1c0), want);
    }
    CHECK_EQ("smc: data beside code", *before + *after, 400);
}

static void across_pages(void)
{
    for (unsigned back = 1; back < 6; back++) {
        uint8_t *p =
            arena + 0x1000 - back; /* of the instruction this many bytes here */

        make(p, 0x01010101);
        CHECK_EQ("smc: across pages, made", call(p), 0x01010101);
        for (unsigned n = 1; n < 5; n++) {
            for (unsigned k = 0; k < 6; k++) {
                uint32_t want = 0x01010101;

                ((volatile uint8_t *)p)[n] = k;
                want = (want & ~(0xffu << (8 * (n - 1)))) | k << (8 * (n - 1));
                CHECK_EQ("smc: a byte of an instruction on two pages", call(p), want);
            }
            ((volatile uint8_t *)p)[n] = 1;
        }
        for (uint32_t k = 0; k < 6; k++) {
            *(volatile uint32_t *)(p + 1) = k * 0x10203;
            CHECK_EQ("smc: a store over two pages of code", call(p), k * 0x10203);
        }
        /* From the other page into this one. */
        *(volatile uint64_t *)(arena + 0x1000 - 8) = 0x9090909090909090;
        make(p, 7);
        CHECK_EQ("smc: entered before the page's end", call(arena + 0x1000 - 8), 7);
    }
}

/* An instruction grows over the end of the page, and shrinks. */
static void grows_over_the_end(void)
{
    volatile uint8_t *p = arena + 0x1000 - 3;

    for (uint32_t k = 0; k < 60; k++) {
        make(arena + 0x1000 - 3, k);
        CHECK_EQ("smc: two pages", call((void *)p), k);
        p[0] = 0x33; /* xor eax, eax; ret */
        p[1] = 0xc0;
        p[2] = 0xc3;
        CHECK_EQ("smc: one page", call((void *)p), 0);
    }
}

static void by_string(void)
{
    uint8_t text[64];
    void *from, *to;
    ulong n;

    for (uint32_t k = 0; k < 20; k++) {
        for (unsigned m = 0; m < 8; m++) {
            make(text + 6 * m, k + m);
        }
        from = text;
        to = arena + 0x2fe0; /* and on the next page */
        n = 48;
        asm volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
        for (unsigned m = 0; m < 8; m++) {
            CHECK_EQ("smc: by REP MOVSB", call(arena + 0x2fe0 + 6 * m), k + m);
        }
        from = text + 6;
        to = arena + 0x2fe0;
        n = 4;
        asm volatile("rep movsl" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
        CHECK_EQ("smc: by REP MOVSL", call(arena + 0x2fe0), k + 1);
    }
    for (uint32_t k = 0; k < 20; k++) {
        uint32_t v;

        to = arena;
        /* The string instruction changes what stands behind it. */
        asm volatile("mov" W " $1f + 1, %0\n\t"
                     "movl $4, %%ecx\n\t"
                     "rep stosb\n"
                     "1:\tmovl $0, %1"
                     : "+D"(to), "=&d"(v)
                     : "a"(k)
                     : "memory", "ecx");
        CHECK_EQ("smc: REP STOSB into the next instruction", v, k * 0x01010101);
    }
}

/* The configuration device reads the machine's identification, 3, into the constant. */
static void by_dma(void)
{
    static volatile uint32_t access[4] __attribute__((aligned(16)));
    uint8_t *p = arena + 0x2100;

    for (unsigned k = 0; k < 8; k++) {
        make(p, 0x12345678 + k);
        CHECK_EQ("smc: before the DMA", call(p), 0x12345678 + k);
        CHECK_EQ("smc: before the DMA, hot", call(p), 0x12345678 + k);
        access[0] = __builtin_bswap32(1 << 16 | 8 | 2); /* item 1: select, read */
        access[1] = __builtin_bswap32(4);
        access[2] = 0;
        access[3] = __builtin_bswap32((uint32_t)(ulong)(p + 1));
        outl(0x514, 0);
        outl(0x518, __builtin_bswap32((uint32_t)(ulong)access));
        while (access[0]) {
        }
        CHECK_EQ("smc: by DMA", call(p), 3);
    }
}

/* @text stores eax, which is %0, to the constant at %1. */
#define BY(what, text, ...)                                  \
    for (uint32_t k = 0; k < 6; k++) {                       \
        ulong v = k;                                         \
        uint8_t *to = p + 1;                                 \
                                                             \
        make(p, 0);                                          \
        CHECK_EQ("smc: before " what, call(p), 0);           \
        asm volatile(text                                    \
                     : "+a"(v), "+D"(to)                     \
                     :                                       \
                     : "memory", "cc", "ecx", "ebx", "edx"); \
        CHECK_EQ("smc: by " what, call(p), k);               \
    }

static void by_instruction(void)
{
    uint8_t *p = arena + 0x2200;

    write_cr4(read_cr4() | 0x600);
    BY("XCHG", "xchg %%eax, (%1)");
    BY("LOCK XADD", "lock xadd %%eax, (%1)");
    BY("ADD to memory", "addl %%eax, (%1)");
    BY("LOCK ADD", "lock addl %%eax, (%1)");
    BY("CMPXCHG", "mov %%eax, %%ecx; xor %%eax, %%eax; lock cmpxchg %%ecx, (%1)");
    BY("CMPXCHG8B", "mov %%eax, %%ebx; xor %%eax, %%eax; xor %%edx, %%edx\n\t"
                    "mov 4(%1), %%ecx; mov %%ecx, %%edx; cmpxchg8b (%1)");
    BY("SETcc", "cmp $1, %%eax; setae (%1); movb %%al, (%1)");
    BY("MOVNTI", "movnti %%eax, (%1)");
    BY("MOVD", "movd %%eax, %%xmm0; movd %%xmm0, (%1)");
    BY("FISTP", "movl %%eax, -64(%1); fildl -64(%1); fistpl (%1)");
    BY("BTS", "xor %%ecx, %%ecx; 1: bt %%ecx, %%eax; jnc 2f; btsl %%ecx, (%1)\n"
              "2: inc %%ecx; cmp $8, %%ecx; jne 1b");
    BY("INC", "mov %%eax, %%ecx; jecxz 2f; 1: incl (%1); loop 1b; 2:");
    BY("STOS", "stosl");
    /* The word that is pushed ends with RET. */
#if WIDTH == 64
    BY("PUSH",
       "mov %%rsp, %%rcx; lea 8(%1), %%rsp; mov $0xc3, %%ebx; shl $32, %%rbx\n\t"
       "or %%rbx, %%rax; push %%rax; mov %%rcx, %%rsp");
#else
    BY("PUSH", "mov %%esp, %%ecx; lea 4(%1), %%esp; push %%eax; mov %%ecx, %%esp");
#endif
}

/* Dense writing and calling, as of a compiler in the guest; then it stops. */
static void settles(void)
{
    uint8_t *p = arena + 0x2300;

    for (uint32_t k = 0; k < 100; k++) {
        make(p + 8 * (k & 7), k);
        CHECK_EQ("smc: written all the time", call(p + 8 * (k & 7)), k);
    }
    for (uint32_t k = 0; k < 200; k++) {
        CHECK_EQ("smc: not written any more", call(p + 8 * (k & 7)),
                 (k & 7) < 4 ? 96 + (k & 7) : 88 + (k & 7));
    }
    make(p, 1234);
    CHECK_EQ("smc: written again", call(p), 1234);
}

#if WIDTH == 64
/* The same page at two addresses. */
static void by_alias(void)
{
    uint8_t *p = arena + 0x2400;
    uint64_t old = pd[100];
    uint8_t *alias = (uint8_t *)(100ul << 21) + ((ulong)p & 0x1fffff);

    pd[100] = ((ulong)p & ~0x1ffffful) | 0x87;
    invlpg(alias);
    for (uint32_t k = 0; k < 20; k++) {
        make(alias, k);
        CHECK_EQ("smc: written at another address", call(p), k);
        CHECK_EQ("smc: executed at both", call(alias), k);
        make(p, k + 1);
        CHECK_EQ("smc: executed at another address", call(alias), k + 1);
    }
    pd[100] = old;
    invlpg(alias);
}
#endif

void test(void)
{
    same_block();
    loop_changes_itself();
    other_page();
    shared_with_data();
    across_pages();
    grows_over_the_end();
    by_string();
    by_dma();
    by_instruction();
    settles();
#if WIDTH == 64
    by_alias();
#endif
}
