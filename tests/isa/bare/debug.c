/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug exceptions: single step, breakpoints of the three kinds, RF, what MOV SS holds
 * back, INT1, and the registers DR6 and DR7. Intel SDM volume 3B, chapter 17.
 */
#include "bare.h"

const unsigned test_rounds = 4;

enum { BS = 1 << 14, BD = 1 << 13, TF = 0x100, RF = 0x10000, LOG = 32 };
enum { EXEC, WRITE, IO, ACCESS };

static struct {
    ulong ip, dr6, flags;
} seen[LOG];
static unsigned count;
static volatile uint32_t data[16] __attribute__((aligned(64)));

static void on_debug(Regs *r)
{
    if (count < LOG) {
        seen[count].ip = r->ip;
        seen[count].dr6 = read_dr6();
        seen[count].flags = r->flags;
    }
    count++;
    if (read_dr6() & 0xf) {
        r->flags |= RF;
    }
    write_dr6(0xffff0ff0);
}

static void arm(unsigned n, ulong at, unsigned kind, unsigned bytes)
{
    static const uint8_t length[9] = { 0, 0, 1, 0, 3, 0, 0, 0, 2 };

    switch (n) {
    case 0:
        write_dr0(at);
        break;
    case 1:
        write_dr1(at);
        break;
    case 2:
        write_dr2(at);
        break;
    default:
        write_dr3(at);
    }
    write_dr7((read_dr7() & ~(0xful << (16 + 4 * n))) | 2u << (2 * n) |
              (ulong)(kind | length[bytes] << 2) << (16 + 4 * n));
}

static void disarm(void)
{
    write_dr7(0);
    write_dr6(0xffff0ff0);
}

#define TF_ON  "pushf; orl $0x100, (%%" SP "); popf\n\t"
#define TF_OFF "\n\tpushf; andl $~0x100, (%%" SP "); popf"
#if WIDTH == 64
#define SP   "rsp"
#define R_AX "rax"
#else
#define SP   "esp"
#define R_AX "eax"
#endif

/* --- Single step ------------------------------------------------------------------ */

static void steps(void)
{
    ulong si, di, cx, first, second;

    count = 0;
    asm volatile(TF_ON "nop; nop; mov %%eax, %%eax" TF_OFF : : : "memory", "cc");
    CHECK_EQ("debug: steps", count, 6);
    CHECK_EQ("debug: BS", seen[0].dr6 & 0xffff, 0x0ff0 | BS);
    CHECK_EQ("debug: each step ends behind its instruction", seen[1].ip - seen[0].ip,
             1);
    CHECK_EQ("debug: TF in the frame", seen[0].flags & (TF | RF), TF);

    /* Each element of a repetition is a step. */
    count = 0;
    si = (ulong)data;
    di = (ulong)(data + 8);
    cx = 3;
    asm volatile(TF_ON "1: rep movsb\n2:" TF_OFF "\n\tmov" W " $1b, %3; mov" W
                       " $2b, %4"
                 : "+S"(si), "+D"(di), "+c"(cx), "=r"(first), "=r"(second)
                 :
                 : "memory", "cc");
    CHECK_EQ("debug: steps of REP MOVSB", count, 6);
    CHECK_EQ("debug: REP MOVSB, first", seen[0].ip, first);
    CHECK_EQ("debug: REP MOVSB, second", seen[1].ip, first);
    CHECK_EQ("debug: REP MOVSB, last", seen[2].ip, second);

    /* No step behind MOV SS and POP SS, but behind what follows. */
    count = 0;
    asm volatile(TF_ON "mov %2, %%ss; nop\n1:\tnop" TF_OFF "\n\tmov" W " $1b, %0"
                 : "=r"(first), "=r"(second)
                 : "r"(0x10)
                 : "memory", "cc");
    CHECK_EQ("debug: steps with MOV SS", count, 5);
    CHECK_EQ("debug: step behind the one after MOV SS", seen[0].ip, first);

    /* INT clears TF; IRET brings it back, and what comes next is stepped. */
    count = 0;
    asm volatile(TF_ON "int $0x60; nop\n1:\tnop" TF_OFF "\n\tmov" W " $1b, %0"
                 : "=r"(first)
                 :
                 : "memory", "cc");
    CHECK_EQ("debug: steps with INT", count, 5);
    CHECK_EQ("debug: step behind the one after INT", seen[0].ip, first);

    /* Of a branch: at its target. */
    count = 0;
    asm volatile(TF_ON "jmp 1f; nop; nop\n1:\tnop" TF_OFF "\n\tmov" W " $1b, %0"
                 : "=r"(first)
                 :
                 : "memory", "cc");
    CHECK_EQ("debug: a step that jumps", seen[0].ip, first);

    /* A fault is no step. */
    count = 0;
    asm volatile("mov" W " $1f, resume\n\t" TF_ON "ud2\n1:\tmov" W " $0, resume"
                 :
                 :
                 : "memory", "cc");
    CHECK_EQ("debug: a fault is no step", count, 0);
    CHECK_EQ("debug: TF in the frame of a fault", fault.flags & TF, TF);
}

/* --- INT1, INT3 ------------------------------------------------------------------- */

static void int1(void)
{
    ulong next;

    count = 0;
    asm volatile(".byte 0xf1\n1:\tmov" W " $1b, %0" : "=r"(next) : : "memory");
    CHECK_EQ("debug: INT1", count, 1);
    CHECK_EQ("debug: INT1 is a trap", seen[0].ip, next);
    CHECK_EQ("debug: INT1 and DR6", seen[0].dr6, (ulong)0xffff0ff0);
    count = 0;
    asm volatile("int $1\n1:\tmov" W " $1b, %0" : "=r"(next) : : "memory");
    CHECK_EQ("debug: INT 1", count, 1);
    CHECK_EQ("debug: INT 1 is a trap", seen[0].ip, next);
}

/* --- Breakpoints on instructions -------------------------------------------------- */

static void on_instructions(void)
{
    extern uint8_t here[], there[];
    ulong n = 0, k;

    for (unsigned armed = 0; armed < 3; armed++) {
        disarm();
        count = 0;
        if (armed) {
            arm(1, (ulong)here, EXEC, 1);
        }
        if (armed == 2) {
            arm(3, (ulong)there, EXEC, 1);
        }
        n = 0;
        k = 5;
        asm volatile(".globl here, there\n"
                     "1:\tnop\n"
                     "here:\tadd $1, %0\n\t"
                     "nop\n"
                     "there:\tdec %1\n\t"
                     "jnz 1b"
                     : "+r"(n), "+r"(k)
                     :
                     : "memory", "cc");
        CHECK_EQ("debug: a loop with breakpoints", n, 5);
        CHECK_EQ("debug: breakpoints met", count, 5 * armed);
        if (armed) {
            CHECK_EQ("debug: a breakpoint is a fault", seen[0].ip, (ulong)here);
            CHECK_EQ("debug: B1", seen[0].dr6 & 0x400f, 2);
            CHECK_EQ("debug: RF in its frame", seen[0].flags & RF, 0);
        }
        if (armed == 2) {
            CHECK_EQ("debug: B3", seen[1].dr6 & 0x400f, 8);
        }
    }
    disarm();
    /* Step and breakpoint: first the trap of the one before, then the fault. */
    count = 0;
    {
        extern uint8_t stop_here[];

        arm(0, (ulong)stop_here, EXEC, 1);
        asm volatile(TF_ON "nop\n.globl stop_here\nstop_here: nop" TF_OFF
                     :
                     :
                     : "memory", "cc");
    }
    CHECK_EQ("debug: steps and a breakpoint", count == 5 || count == 6, 1);
    disarm();
    /* The instruction behind MOV SS is not looked at. */
    count = 0;
    {
        extern uint8_t in_shadow[];

        arm(0, (ulong)in_shadow, EXEC, 1);
        asm volatile("mov %0, %%ss\n.globl in_shadow\nin_shadow: nop; nop"
                     :
                     : "r"(0x10)
                     : "memory");
    }
    CHECK_EQ("debug: a breakpoint behind MOV SS", count, 0);
    disarm();
}

/* --- Breakpoints on data ---------------------------------------------------------- */

#define HITS(what, n, text, ...)                                   \
    do {                                                           \
        count = 0;                                                 \
        asm volatile(text "\n9:\tmov" W " $9b, %0"                 \
                     : "=&r"(next)                                 \
                     : __VA_ARGS__                                 \
                     : "memory", "cc");                            \
        CHECK_EQ("debug: " what, count, n);                        \
        if (n) {                                                   \
            CHECK_EQ("debug: behind it, " what, seen[0].ip, next); \
            CHECK_EQ("debug: B0, " what, seen[0].dr6 & 0xf, 1);    \
        }                                                          \
    } while (0)

static void on_data(void)
{
    ulong next, si = (ulong)(data + 4), di = (ulong)(data + 8);

    disarm();
    for (unsigned again = 0; again < 2; again++) {
        /* Armed the second time only. */
        if (again) {
            arm(0, di, WRITE, 4);
        }
        HITS("a store", again, "movl $5, (%1)", "D"(di));
        HITS("a byte of it", again, "movb $5, 3(%1)", "D"(di));
        HITS("a store beside it", 0u, "movl $5, 4(%1)", "D"(di));
        HITS("a store before it", 0u, "movl $5, -4(%1)", "D"(di));
        HITS("a store into it", again, "movl $5, -3(%1)", "D"(di));
        HITS("a load", 0u, "mov (%1), %%eax", "D"(di), "a"(0));
        HITS("an addition", again, "addl $1, (%1)", "D"(di));
        HITS("a locked addition", again, "lock addl $1, (%1)", "D"(di));
        HITS("XCHG", again, "xchg %2, (%1)", "D"(di), "a"(1));
        HITS("MOVUPS", again, "movups %%xmm0, -8(%1)", "D"(di));
    }
    disarm();
    arm(0, si, ACCESS, 2);
    HITS("a load of what is watched for both", 1u, "movw (%1), %%ax", "S"(si), "a"(0));
    HITS("a longer load", 1u, "mov -2(%1), %%eax", "S"(si), "a"(0));
    HITS("a load beside it", 0u, "movw 2(%1), %%ax", "S"(si), "a"(0));
    HITS("a store to what is watched for both", 1u, "movb $1, 1(%1)", "S"(si));
    disarm();
    if (WIDTH == 64) {
        arm(0, si, WRITE, 8);
        HITS("8 bytes", 1u, "movb $1, 7(%1)", "S"(si));
        HITS("not the ninth", 0u, "movb $1, 8(%1)", "S"(si));
    }
    disarm();
    /* Of a repetition: behind the element. */
    arm(0, di + 2, WRITE, 1);
    {
        ulong cx = 4, s = si, d = di, first;

        count = 0;
        asm volatile("1:\trep movsb\n\tmov" W " $1b, %3"
                     : "+S"(s), "+D"(d), "+c"(cx), "=r"(first)
                     :
                     : "memory");
        CHECK_EQ("debug: REP MOVSB meets one", count, 1);
        CHECK_EQ("debug: within REP MOVSB", seen[0].ip, first);
        CHECK_EQ("debug: REP MOVSB goes on", cx, 0);
    }
    disarm();
    /* The trap of MOV SS from watched memory waits for the next instruction. */
    *(volatile uint16_t *)si = 0x10;
    arm(0, si, ACCESS, 2);
    count = 0;
    asm volatile("movw (%1), %%ss; nop\n1:\tnop; mov" W " $1b, %0"
                 : "=r"(next)
                 : "S"(si)
                 : "memory");
    CHECK_EQ("debug: MOV SS from watched memory", count, 1);
    CHECK_EQ("debug: MOV SS from watched memory, later", seen[0].ip, next);
    CHECK_EQ("debug: MOV SS from watched memory, B0", seen[0].dr6 & 0xf, 1);
    /* With a step: one exception tells both. */
    count = 0;
    arm(0, si, WRITE, 2);
    asm volatile(TF_ON "movw $0x10, (%0)" TF_OFF : : "S"(si) : "memory", "cc");
    CHECK_EQ("debug: store and step", seen[0].dr6 & (BS | 0xf), BS | 1);
    CHECK_EQ("debug: store and step are one", count, 4);
    disarm();
}

static void on_ports(void)
{
    ulong next;

    write_cr4(read_cr4() | 8);
    HITS("a port not watched", 0u, "out %%al, $0x80", "a"(0));
    arm(0, 0x80, IO, 1);
    HITS("OUT", 1u, "out %%al, $0x80", "a"(0));
    HITS("IN", 1u, "in $0x80, %%al", "a"(0));
    HITS("the next port", 0u, "out %%al, $0x81", "a"(0));
    HITS("memory of that address", 0u, "movb 0x80, %%al", "a"(0));
    write_cr4(read_cr4() & ~8ul);
    disarm();
}

/* --- The registers ---------------------------------------------------------------- */

static void registers(void)
{
    ulong v;

    disarm();
    CHECK_EQ("debug: DR7, empty", read_dr7(), 0x400);
    write_dr7(0xffff);
    CHECK_EQ("debug: DR7, without GD", read_dr7() & 0xd000, 0);
    disarm();
    write_dr6(0);
    CHECK_EQ("debug: DR6, bits that are 1", read_dr6(), (ulong)0xffff0ff0);
    write_dr6(0xffffffff);
    CHECK_EQ("debug: DR6, bit 12 is 0", read_dr6(), (ulong)0xffffefff);
    /* DR4 is DR6, unless CR4.DE says it is nothing. */
    disarm();
    asm volatile("mov %%db4, %0" : "=r"(v));
    CHECK_EQ("debug: DR4", v, (ulong)0xffff0ff0);
    write_cr4(read_cr4() | 8);
    TRY("mov %%db4, %%" R_AX, : : "eax", "memory");
    CHECK_EQ("debug: DR4 with DE", fault.vector, 6);
    write_cr4(read_cr4() & ~8ul);
    /* GD: an access is a fault, once. */
    count = 0;
    write_dr7(0x2000);
    v = read_dr7();
    CHECK_EQ("debug: GD", count, 1);
    CHECK_EQ("debug: BD", seen[0].dr6 & (BD | BS | 0xf), BD);
    CHECK_EQ("debug: GD is off again", v, 0x400);
    /* Sticky: nobody clears BS but software. */
    disarm();
    hook[1] = NULL;
    fault.vector = -1;
    asm volatile("mov" W " $1f, resume\n\t" TF_ON "nop\n1:\tmov" W " $0, resume"
                 :
                 :
                 : "memory", "cc");
    CHECK_EQ("debug: step", fault.vector, 1);
    CHECK_EQ("debug: BS stays", read_dr6() & BS, BS);
    hook[1] = on_debug;
    disarm();
#if WIDTH == 64
    TRY("mov %%rax, %%dr7", : "a"(1ul << 32) : "memory");
    CHECK_EQ("debug: upper half of DR7", fault.vector, 13);
    TRY("mov %%rax, %%dr6", : "a"(1ul << 32) : "memory");
    CHECK_EQ("debug: upper half of DR6", fault.vector, 13);
#endif
}

static void on_int60(Regs *r)
{
}

void test(void)
{
    write_cr4(read_cr4() | 0x600);
    hook[1] = on_debug;
    hook[0x60] = on_int60;
    disarm();
    steps();
    int1();
    on_instructions();
    on_data();
    on_ports();
    registers();
}
