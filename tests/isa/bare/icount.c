/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -icount: N instructions between two reads of the clock take N << shift ns, whatever
 * they are and however they are executed, and a timer comes at its instruction. The TSC
 * is the virtual clock, in ns; what an instruction takes is found out first.
 */
#include "bare.h"

const unsigned test_rounds = 24; /* by reference first, then small code, then hot */

enum { VECTOR = 0x41, PAGE = 4096, RETI = 0xc3 };

static unsigned unit; /* ns */
static uint8_t area[6 * PAGE] __attribute__((aligned(4096)));
static uint8_t code[2 * PAGE] __attribute__((aligned(4096)));
static volatile ulong where, turns;
static ulong first_said[16];

/* Behind the first RDTSC: a move and @text; that takes the time of n + 2. */
#define TIME(text)                                                                     \
    ({                                                                                 \
        uint32_t d_;                                                                   \
        asm volatile("rdtsc; mov %%eax, %%r8d\n\t" text "\n\trdtsc; sub %%r8d, %%eax"  \
                     : "=a"(d_)                                                        \
                     :                                                                 \
                     : "rcx", "rdx", "rbx", "rsi", "rdi", "r8", "r9", "memory", "cc"); \
        d_;                                                                            \
    })
#define COUNT(n, text) CHECK_EQ("icount: " text, TIME(text), ((n) + 2) * unit)

static void straight(void)
{
    COUNT(0, "");
    COUNT(1, "nop");
    COUNT(100, ".rept 100; nop; .endr");
    COUNT(5000, ".rept 5000; lea 1(%%rcx), %%rcx; .endr"); /* over pages */
    COUNT(6, "lea area(%%rip), %%rsi; mov (%%rsi), %%ecx; mov 8(%%rsi), %%edx\n\t"
             "mov %%ecx, 16(%%rsi); push %%rcx; pop %%rcx");
    /* over a page, and back to the reference in a group */
    COUNT(4, "lea area+4090(%%rip), %%rsi; mov (%%rsi), %%rcx; mov 4(%%rsi), %%rdx\n\t"
             "mov %%rcx, 2(%%rsi)");
    COUNT(3, "mov $0, %%eax; cpuid; pause");
    COUNT(4, "pushf; popf; cli; nop");
    COUNT(3, "in $0x80, %%al; out %%al, $0x80; nop");
    COUNT(2, "mov $0xfee00020, %%esi; mov (%%rsi), %%ecx");
    COUNT(3, "mov %%cr3, %%rcx; mov %%rcx, %%cr3; nop");
}

static void jumps(void)
{
    COUNT(5, "mov $7, %%ecx; jmp 1f; nop; 1: call 2f; jmp 3f; nop; 2: ret; 3:");
    COUNT(1 + 2 * 1000, "mov $1000, %%ecx; 1: dec %%ecx; jnz 1b");
    /* more than a turn has */
    COUNT(1 + 2 * 100000, "mov $100000, %%ecx; 1: dec %%ecx; jnz 1b");
    COUNT(2 + 1000 * 4 + 500,
          "xor %%ebx, %%ebx; mov $1000, %%ecx\n\t"
          "1: test $1, %%cl; jz 2f; inc %%ebx; 2: dec %%ecx; jnz 1b");
    COUNT(2 + 300 * 4, "mov $300, %%ecx; 1: call 2f; dec %%ecx; jnz 1b; jmp 3f\n\t"
                       "2: ret; 3:");
    /* indirect, each time elsewhere */
    COUNT(3 + 64 * 6 + 32,
          "lea 2f(%%rip), %%rsi; mov $64, %%ecx; xor %%ebx, %%ebx\n\t"
          "1: mov %%ecx, %%ebx; and $1, %%ebx; lea (%%rsi, %%rbx), %%rdi\n\t"
          "jmp *%%rdi; 2: nop; dec %%ecx; jnz 1b");
}

/* One each, however long. */
static void strings(void)
{
    COUNT(4, "lea area(%%rip), %%rdi; mov $100, %%ecx; xor %%eax, %%eax; rep stosb");
    COUNT(4,
          "lea area+7(%%rip), %%rdi; mov $20000, %%ecx; xor %%eax, %%eax; rep stosb");
    COUNT(4, "lea area(%%rip), %%rsi; lea 12000(%%rsi), %%rdi; mov $1200, %%ecx\n\t"
             "rep movsq");
    COUNT(5,
          "lea area(%%rip), %%rsi; mov %%rsi, %%rdi; mov $9000, %%ecx; repe cmpsb\n\t"
          "nop");
    COUNT(5,
          "lea area(%%rip), %%rdi; mov $9000, %%ecx; xor %%eax, %%eax; repe scasb\n\t"
          "nop");
    COUNT(3, "lea area(%%rip), %%rdi; xor %%ecx, %%ecx; rep stosb");
    COUNT(4, "lea area(%%rip), %%rdi; mov $9, %%ecx; mov $0x80, %%edx; rep insb");
}

/* What a handler executes is the same each time. */
static void same_again(unsigned n, const char *what, uint32_t got)
{
    first_said[n] = first_said[n] ? first_said[n] : got;
    CHECK_EQ(what, got, first_said[n]);
}

static void faults(void)
{
    volatile ulong *pte = page_entry(area + 2 * PAGE);
    uint32_t t;

    t = rdtsc();
    TRY("nop; ud2; nop", : : "memory");
    same_again(0, "icount: #UD", rdtsc() - t);
    t = rdtsc();
    TRY("mov $1, %%eax; xor %%ecx, %%ecx; cltd; idiv %%ecx; nop",
        :
        : "eax", "ecx", "edx");
    same_again(1, "icount: #DE", rdtsc() - t);
    *pte &= ~(ulong)PTE_P;
    invlpg(area + 2 * PAGE);
    t = rdtsc();
    TRY("nop; mov %0, %%ecx; mov $1, %%ecx; nop", : "m"(area[2 * PAGE]) : "ecx");
    same_again(2, "icount: #PF", rdtsc() - t);
    t = rdtsc();
    TRY("lea area+2*4096-100(%%rip), %%rdi; mov $200, %%ecx; rep stosb; nop",
        :
        : "rdi", "ecx", "memory");
    same_again(3, "icount: #PF within REP", rdtsc() - t);
    *pte |= PTE_P;
    invlpg(area + 2 * PAGE);
}

/* The instruction behind the one that stores is another one. */
static void changed_code(void)
{
    static const uint8_t text[] = {
        0x0f, 0x31,                         /* rdtsc */
        0x41, 0x89, 0xc0,                   /* mov r8d, eax */
        0xc7, 0x05, 0x00, 0x00, 0x00, 0x00, /* mov dword [rip + 0], ... */
        0x90, 0x90, 0x90, 0x90,             /* nop */
        0x40, 0x40, 0x40, 0x90,             /* one nop with prefixes */
        0x90, 0x90, 0x0f, 0x31,             /* rdtsc */
        0x44, 0x29, 0xc0, RETI              /* sub eax, r8d; ret */
    };
    uint32_t d;

    for (unsigned n = 0; n < sizeof(text); n++) {
        ((volatile uint8_t *)code)[n] = text[n];
    }
    asm volatile("call *%1" : "=a"(d) : "r"(code) : "rdx", "r8", "memory", "cc");
    CHECK_EQ("icount: code that changes itself", d, (1 + 4 + 2 + 2) * unit);
}

static void on_timer(Regs *r)
{
    where = r->ip;
    turns = r->r9;
    r->ip = resume;
    r->flags &= ~0x200ul;
    *lapic(0xb0) = 0;
}

/* Starts the timer, executes @text, which nothing else ends. */
#define UNTIL_TIMER(ns, text)                                                          \
    asm volatile("movq $3f, resume; xor %%r9d, %%r9d; sti; nop; mov %0, (%1)\n\t" text \
                 "\n\t3:"                                                              \
                 :                                                                     \
                 : "r"((uint32_t)(ns)), "r"(lapic(0x380))                              \
                 : "r9", "memory", "cc")

static void timers(void)
{
    extern uint8_t sled[], loop[];

    for (unsigned k = 1; k < 190; k += 1 + k / 8) {
        for (unsigned less = 0; less < unit; less += unit / 2 + 1) {
            UNTIL_TIMER(k * unit - less, "sled: .rept 200; nop; .endr; 2: jmp 2b");
            CHECK_EQ("icount: a timer in straight code", where - (ulong)sled, k);
        }
    }
    for (unsigned k = 5; k < 3000000; k *= 7) {
        UNTIL_TIMER(k * unit, "loop: inc %%r9; 2: jmp loop");
        CHECK_EQ("icount: a timer in a loop", 2 * turns - (where != (ulong)loop), k);
    }
    resume = 0;
}

/* Asleep, and with one that is set again from afar. */
static void halted(void)
{
    for (unsigned k = 1; k < 3; k++) {
        uint64_t before = rdtsc();

        UNTIL_TIMER(1000000 * k, "2: hlt; jmp 2b");
        CHECK(rdtsc() - before >= 1000000 * k &&
              rdtsc() - before < 1000000 * k + 300 * unit);
    }
    *lapic(0x380) = 100000000;
    UNTIL_TIMER(1000 * unit, "4: inc %%r9; 2: jmp 4b");
    CHECK_EQ("icount: a timer that comes earlier now", turns, 500);
    resume = 0;
}

void test(void)
{
    unit = unit ? unit : TIME("") / 2;
    CHECK(unit && !(unit & (unit - 1)));
    hook[VECTOR] = on_timer;
    *lapic(0xf0) = 0x1ff;
    *lapic(0x320) = VECTOR;
    *lapic(0x3e0) = 0xb; /* not divided */
    straight();
    jumps();
    strings();
    faults();
    changed_code();
    timers();
    halted();
}
