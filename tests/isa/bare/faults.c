/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts and exceptions among each other: shadows of STI and MOV SS, the double
 * fault, faults of the delivery itself, interrupt stacks, and x2APIC mode.
 */
#include "bare.h"

const unsigned test_rounds = 3;

enum { VECTOR = 0x50 };

#if WIDTH == 64
#define SP "rsp"
#else
#define SP "esp"
#endif

static volatile unsigned count;
static volatile ulong where;
static bool x2apic;

static void eoi(void)
{
    if (x2apic) {
        wrmsr(0x80b, 0);
    } else {
        *(volatile uint32_t *)0xfee000b0 = 0;
    }
}

static void on_interrupt(Regs *r)
{
    count++;
    where = r->ip;
    eoi();
}

static void send_self(void)
{
    if (x2apic) {
        wrmsr(0x83f, VECTOR);
    } else {
        *(volatile uint32_t *)0xfee00300 = 0x44000 | VECTOR;
    }
}

#define LANDS(what, text, ...)                        \
    do {                                              \
        ulong at_;                                    \
        count = 0;                                    \
        send_self();                                  \
        asm volatile(text "\n\tcli; mov" W " $5b, %0" \
                     : "=r"(at_)                      \
                     : __VA_ARGS__                    \
                     : "memory");                     \
        CHECK_EQ(what, count, 1);                     \
        CHECK_EQ(what, where, at_);                   \
    } while (0)

static void shadows(void)
{
    LANDS("faults: STI lets one instruction through", "sti; nop\n5:\tnop; nop",
          "r"(0x10));
    LANDS("faults: STI, STI has no second shadow", "sti; sti\n5:\tnop; nop", "r"(0x10));
    LANDS("faults: STI, HLT", "sti; hlt\n5:\tnop; nop", "r"(0x10));
    LANDS("faults: STI, MOV SS", "sti; mov %1, %%ss; nop\n5:\tnop; nop", "r"(0x10));
    LANDS("faults: MOV SS with interrupts on", "sti; nop\n5:\tmov %1, %%ss; nop; nop",
          "r"(0x10));
    LANDS("faults: POPF has no shadow",
          "pushf; orl $0x200, (%%" SP "); popf\n5:\tnop; nop", "r"(0x10));
    /* STI; CLI: not a single one. */
    count = 0;
    send_self();
    asm volatile("sti; cli; nop; nop" : : : "memory");
    CHECK_EQ("faults: STI, CLI", count, 0);
    asm volatile("sti; nop; cli" : : : "memory");
    CHECK_EQ("faults: STI, NOP, CLI", count, 1);
}

/* A gate that cannot be used: the second fault is told apart. */
static void double_fault(void)
{
    set_gate_raw(13, 0, 0); /* #GP has no gate: #NP of that, both contributory */
    TRY("mov %0, %%fs", : "r"(0xfff8) : "memory");
    CHECK_EQ("faults: double fault", fault.vector, 8);
    CHECK_EQ("faults: double fault, error", fault.error, 0);
    set_gate(13, 0);
    /* INT n through a missing gate: #GP or #NP with the vector and IDT bit. */
    set_gate_raw(0x60, 0, 0);
    TRY("int $0x60", : : "memory");
    CHECK_EQ("faults: INT without a gate", fault.vector, 13);
    CHECK_EQ("faults: INT without a gate, error", fault.error, 0x60 * 8 + 2);
    set_gate_raw(0x60, 0x00000e0000000000ull | (uint64_t)CODE_SELECTOR << 16, 0);
    TRY("int $0x60", : : "memory");
    CHECK_EQ("faults: INT, gate not present", fault.vector, 11);
    CHECK_EQ("faults: INT, gate not present, error", fault.error, 0x60 * 8 + 2);
    /* A benign one first: no double fault, and EXT in the error code. */
    set_gate_raw(6, 0x00000e0000000000ull | (uint64_t)CODE_SELECTOR << 16, 0);
    TRY("ud2", : : "memory");
    CHECK_EQ("faults: #UD without a gate", fault.vector, 11);
    CHECK_EQ("faults: #UD without a gate, error", fault.error, 6 * 8 + 3);
    set_gate(6, 0);
    set_gate(0x60, 0);
}

static void others(void)
{
    TRY("ud2", : : "memory");
    CHECK_EQ("faults: #UD", fault.vector, 6);
    TRY("xor %%edx, %%edx; xor %%ecx, %%ecx; mov $1, %%eax; div %%ecx",
        :
        : "eax", "ecx", "edx", "cc");
    CHECK_EQ("faults: #DE", fault.vector, 0);
    write_cr0(read_cr0() | 8);
    TRY("fnop", : : "memory");
    CHECK_EQ("faults: #NM", fault.vector, 7);
    TRY("xorps %%xmm0, %%xmm0", : : "memory");
    CHECK_EQ("faults: #NM of SSE", fault.vector, 7);
    asm volatile("clts");
    TRY("fnop", : : "memory");
    CHECK_EQ("faults: CLTS", fault.vector, -1);
}

/* TPR, self IPI, ICR and what is refused. */
static void x2apic_mode(void)
{
    uint64_t base = rdmsr(0x1b);

    TRY("rdmsr", : "c"(0x802) : "eax", "edx");
    CHECK_EQ("faults: x2APIC registers in xAPIC mode", fault.vector, 13);
    wrmsr(0x1b, base | 0x400);
    x2apic = true;
    CHECK_EQ("faults: x2APIC, id", rdmsr(0x802), 0);
    CHECK_EQ("faults: x2APIC, LDR", rdmsr(0x80d), 1);
    wrmsr(0x80f, 0x1ff);
    shadows();
    count = 0;
    wrmsr(0x830, 0x4000 | VECTOR); /* to id 0 */
    asm volatile("sti; nop; nop; cli");
    CHECK_EQ("faults: x2APIC, ICR", count, 1);
    wrmsr(0x808, 0xf0);
    send_self();
    asm volatile("sti; nop; nop; cli");
    CHECK_EQ("faults: x2APIC, TPR holds back", count, 1);
    CHECK_EQ("faults: x2APIC, IRR", rdmsr(0x820 + VECTOR / 32) >> (VECTOR & 31) & 1, 1);
    wrmsr(0x808, 0);
    asm volatile("sti; nop; nop; cli");
    CHECK_EQ("faults: x2APIC, TPR lets through", count, 2);
    TRY("wrmsr", : "c"(0x80b), "a"(1), "d"(0) : "memory");
    CHECK_EQ("faults: x2APIC, EOI other than 0", fault.vector, 13);
    TRY("wrmsr", : "c"(0x802), "a"(1), "d"(0) : "memory");
    CHECK_EQ("faults: x2APIC, id is read-only", fault.vector, 13);
    TRY("rdmsr", : "c"(0x80e) : "eax", "edx");
    CHECK_EQ("faults: x2APIC, no DFR", fault.vector, 13);
    TRY("wrmsr", : "c"(0x1b), "a"((uint32_t)base | 0x800), "d"(0) : "memory");
    CHECK_EQ("faults: x2APIC, straight back", fault.vector, 13);
    wrmsr(0x1b, base & ~0xc00ull);
    wrmsr(0x1b, base | 0x800);
    x2apic = false;
    *(volatile uint32_t *)0xfee000f0 = 0x1ff;
}

void test(void)
{
    write_cr4(read_cr4() | 0x600);
    hook[VECTOR] = on_interrupt;
    *(volatile uint32_t *)0xfee000f0 = 0x1ff;
    shadows();
    double_fault();
    others();
    x2apic_mode();
}
