/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs of this folder share: they are BIOSes (bare.ld, start.S) whose
 * function test() runs several times, so that code gets hot, and tells by CHECK what it
 * found. They print to port e9 and end by port 501. Each runs in 32-bit code without
 * paging, or in 64-bit code with 2 MiB pages, one to one (WIDTH).
 */
#ifndef STRATA_TESTS_ISA_BARE_H
#define STRATA_TESTS_ISA_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned long ulong;

#ifdef __x86_64__
#define WIDTH         64
#define CODE_SELECTOR 0x18
#define W             "q" /* suffix of a word */
typedef struct Regs {
    ulong ax, cx, dx, bx, bp, si, di, r8, r9, r10, r11, r12, r13, r14, r15;
    ulong vector, error, ip, cs, flags, sp, ss;
} Regs;
#else
#define WIDTH         32
#define CODE_SELECTOR 0x08
#define W             "l"
typedef struct Regs {
    ulong es, ds, di, si, bp, handler_sp, bx, dx, cx, ax;
    ulong vector, error, ip, cs, flags;
    ulong sp, ss; /* only from ring 3 */
} Regs;
#endif

/* What the last exception said; vector -1: none since TRY began. */
typedef struct Fault {
    int vector;
    ulong error, ip, cr2, flags, sp;
} Fault;

extern volatile Fault fault;
extern volatile ulong resume;
extern uint64_t gdt[];
extern uint64_t pd[]; /* the 2 MiB pages of 64-bit code */
unsigned this_cpu(void);
extern unsigned round; /* how often test() has run before */

/* Called instead of what TRY does; they may change the registers. */
typedef void (*Hook)(Regs *r);
extern Hook hook[256];

/* The program. */
void test(void);
extern const unsigned test_rounds;

/*
 * CPUs other than the first: start_cpus() finds out how many there are and sends INIT
 * and SIPI, so that each comes to test_other_cpu(); it returns when all have.
 */
extern unsigned cpus;
void start_cpus(void);
void test_other_cpu(unsigned cpu);

void *memset(void *p, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);
void say(const char *text);
void say_hex(uint64_t v);
void quit(unsigned code) __attribute__((noreturn));
void check(bool ok, const char *what, uint64_t got, uint64_t want);
/* The gate of @vector: a stub that comes to hook[], which ring @dpl may call. */
void set_gate(unsigned vector, unsigned dpl);
void set_gate_raw(unsigned vector, uint64_t lo, uint64_t hi);
uint64_t descriptor(uint32_t base, uint32_t limit, unsigned attr);

/*
 * Ring 3, where TRY cannot be used: user_run() goes on as *r says until the first
 * exception, INT3 for instance, and leaves in *r where that was. Hooks come first.
 */
enum { USER_CODE = WIDTH == 64 ? 0x33 : 0x23, USER_DATA = 0x2b, TSS_SELECTOR = 0x38 };
void user_run(Regs *r);
/* The same as *r says altogether, rings 1 and 2 and virtual-8086 mode included. */
void frame_run(Regs *r);
extern uint8_t tss[168];

/*
 * Pages. 32-bit code gets 4 MiB pages, one to one, by paging_on(); 64-bit code has 2
 * MiB ones. page_entry() is the entry of 4 KiB for an address, for which the large one
 * is split.
 */
enum {
    PTE_P = 1,
    PTE_W = 2,
    PTE_U = 4,
    PTE_A = 0x20,
    PTE_D = 0x40,
    PTE_PS = 0x80,
    PTE_G = 0x100
};
void paging_on(void);
volatile ulong *page_entry(const volatile void *p);
volatile ulong *large_entry(const volatile void *p);
enum { LARGE_BITS = WIDTH == 64 ? 21 : 22 };

#define CHECK(ok) check(ok, __FILE_NAME__ ": " #ok, 0, 1)
#define CHECK_EQ(what, got, want)                            \
    do {                                                     \
        uint64_t got_ = (ulong)(got), want_ = (ulong)(want); \
        check(got_ == want_, what, got_, want_);             \
    } while (0)

/*
 * Executes @text (no outputs that matter after a fault); the first exception ends it
 * and stands in `fault`. The operands follow as in asm: TRY("...", outs : ins :
 * clobbers).
 */
#define TRY(text, ...)                                                               \
    do {                                                                             \
        fault.vector = -1;                                                           \
        asm volatile("mov" W " $771f, resume\n\t" text "\n771:\tmov" W " $0, resume" \
                     : __VA_ARGS__);                                                 \
    } while (0)

static inline void outb(uint16_t port, uint8_t v)
{
    asm volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}
static inline uint8_t inb(uint16_t port)
{
    uint8_t v;

    asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline void outw(uint16_t port, uint16_t v)
{
    asm volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}
static inline void outl(uint16_t port, uint32_t v)
{
    asm volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}
static inline uint32_t inl(uint16_t port)
{
    uint32_t v;

    asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline volatile uint32_t *lapic(unsigned offset)
{
    return (void *)(0xfee00000ul + offset);
}
static inline uint64_t rdmsr(uint32_t n)
{
    uint32_t lo, hi;

    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(n));
    return (uint64_t)hi << 32 | lo;
}
static inline void wrmsr(uint32_t n, uint64_t v)
{
    asm volatile("wrmsr"
                 :
                 : "a"((uint32_t)v), "d"((uint32_t)(v >> 32)), "c"(n)
                 : "memory");
}
#define CONTROL_REGISTER(name)                                      \
    static inline ulong read_##name(void)                           \
    {                                                               \
        ulong v;                                                    \
        asm volatile("mov %%" #name ", %0" : "=r"(v) : : "memory"); \
        return v;                                                   \
    }                                                               \
    static inline void write_##name(ulong v)                        \
    {                                                               \
        asm volatile("mov %0, %%" #name : : "r"(v) : "memory");     \
    }
CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)
CONTROL_REGISTER(dr0)
CONTROL_REGISTER(dr1)
CONTROL_REGISTER(dr2)
CONTROL_REGISTER(dr3)
CONTROL_REGISTER(dr6)
CONTROL_REGISTER(dr7)
static inline void invlpg(volatile void *p)
{
    asm volatile("invlpg (%0)" : : "r"(p) : "memory");
}
static inline ulong read_flags(void)
{
    ulong v;

    asm volatile("pushf\n\tpop %0" : "=r"(v));
    return v;
}
static inline uint64_t rdtsc(void)
{
    uint32_t lo, hi;

    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (uint64_t)hi << 32 | lo;
}
static inline void pause_cpu(void)
{
    asm volatile("pause" : : : "memory");
}

#endif
