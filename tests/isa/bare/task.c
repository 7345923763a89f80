/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Task switches by hardware: CALL, JMP and IRET through TSS descriptors and task gates,
 * 32-bit and 16-bit, by interrupts and exceptions; NT, busy bits, links, TS, the T bit,
 * and what is refused. Intel SDM volume 3A, chapter 7.
 */
#include "bare.h"

const unsigned test_rounds = 4;

typedef struct Tss32 {
    uint32_t link, sp0, ss0, unused[4], cr3, ip, flags, ax, cx, dx, bx, sp, bp, si, di;
    uint32_t es, cs, ss, ds, fs, gs, ldt;
    uint16_t trap, io_map;
} Tss32;

typedef struct Tss16 {
    uint16_t link, sp0, ss0, unused[4], ip, flags, ax, cx, dx, bx, sp, bp, si, di;
    uint16_t es, cs, ss, ds, ldt;
} Tss16;

enum {
    TASK = 0x50,
    TASK16 = 0x58,
    GATE = 0x60,
    LDT = 0x68,
    CODE16 = 0x70,
    NT = 0x4000
};
enum { BUSY = 2 };

static Tss32 other __attribute__((aligned(128)));
static Tss16 other16 __attribute__((aligned(128)));
static uint8_t stack[4096] __attribute__((aligned(16)));
static volatile uint32_t told[8], debugs;

/*
 * The task: notes what it finds, then IRET; entered again it goes on behind.
 * "task_jumps" goes back by JMP to the TSS in `told[7]`.
 */
asm(".text\n"
    "task_entry:\n\t"
    "movl %eax, told\n\t"
    "pushf; pop told + 4\n\t"
    "str told + 8\n\t"
    "movl %cr0, %ecx; movl %ecx, told + 12\n\t"
    "movl %esp, told + 16\n\t"
    "incl told + 20\n\t"
    "clts\n\t"
    "iret\n\t"
    "jmp task_entry\n"
    "task_jumps:\n\t"
    "incl told + 20\n\t"
    "clts\n\t"
    "ljmp *back\n\t"
    "jmp task_jumps\n"
    "task_of_fault:\n\t"
    "pop told\n\t" /* the error code */
    "incl told + 20\n\t"
    "orb $0x80, gdt + 0x78 + 5\n\t"
    "clts\n\t"
    "iret\n\t"
    "jmp task_of_fault\n\t"
    ".globl back\n"
    "back:\t.long 0\n\t.word 0x38\n\t"
    /* 16-bit code in a segment that begins at task16 */
    ".code16\n"
    "task16:\n\t"
    "movw %ax, %ds:(0)\n\t"
    "incw %ds:(2)\n\t"
    "clts\n\t"
    "iretw\n\t"
    "jmp task16\n\t"
    ".code32");
extern uint8_t task_entry[], task_jumps[], task_of_fault[], task16[];

static bool is_busy(unsigned selector)
{
    return gdt[selector / 8] >> 40 & BUSY;
}

static void prepare(void *entry)
{
    other = (Tss32){ .ip = (ulong)entry,
                     .flags = 2,
                     .ax = 0x1111,
                     .sp = (ulong)stack + 4096,
                     .es = 0x10,
                     .cs = 8,
                     .ss = 0x10,
                     .ds = 0x10,
                     .cr3 = read_cr3(),
                     .io_map = sizeof(Tss32) };
    gdt[TASK / 8] = descriptor((ulong)&other, sizeof(other) - 1, 0x89);
    gdt[GATE / 8] = (uint64_t)TASK << 16 | 0x85ull << 40;
    told[5] = 0;
    ((Tss32 *)tss)->cr3 = read_cr3();
}

static void call_far(unsigned selector)
{
    struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) at = { 0x12345678, selector };

    asm volatile("lcall *%0" : : "m"(at) : "memory", "cc");
}

static void jump_far(unsigned selector)
{
    struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) at = { 0, selector };

    asm volatile("ljmp *%0" : : "m"(at) : "memory", "cc");
}

static void calls(unsigned selector)
{
    uint16_t tr;

    prepare(task_entry);
    for (unsigned k = 1; k < 4; k++) {
        call_far(selector);
        CHECK_EQ("task: has run", told[5], k);
        CHECK_EQ("task: its eax", told[0], 0x1111);
        CHECK_EQ("task: NT", told[1] & NT, NT);
        CHECK_EQ("task: TR", told[2] & 0xffff, TASK);
        CHECK_EQ("task: TS", told[3] & 8, 8);
        CHECK_EQ("task: its stack", told[4], (ulong)stack + 4096);
        CHECK_EQ("task: link", other.link & 0xffff, TSS_SELECTOR);
        CHECK_EQ("task: no longer busy", is_busy(TASK), false);
        CHECK_EQ("task: the caller is", is_busy(TSS_SELECTOR), true);
        asm volatile("str %0" : "=r"(tr));
        CHECK_EQ("task: TR of the caller", tr, TSS_SELECTOR);
        CHECK_EQ("task: TS afterwards", read_cr0() & 8, 8);
        asm volatile("clts");
    }
}

static void jumps(void)
{
    prepare(task_jumps);
    for (unsigned k = 1; k < 4; k++) {
        jump_far(TASK);
        CHECK_EQ("task: JMP and back", told[5], k);
        CHECK_EQ("task: JMP, no link", other.flags & NT, 0);
        CHECK_EQ("task: JMP, not busy any more", is_busy(TASK), false);
        asm volatile("clts");
    }
}

/* Interrupts and exceptions through task gates. */
static void by_gate(void)
{
    prepare(task_entry);
    set_gate_raw(0x60, (uint64_t)TASK << 16 | 0x85ull << 40, 0);
    asm volatile("int $0x60" : : : "memory");
    CHECK_EQ("task: by INT", told[5], 1);
    CHECK_EQ("task: by INT, NT", told[1] & NT, NT);
    asm volatile("clts");
    set_gate(0x60, 0);
    /* With an error code, on the task's stack; it mends the selector's descriptor. */
    prepare(task_of_fault);
    gdt[0x78 / 8] = descriptor(0, 0xfffff, 0xc013); /* not present */
    set_gate_raw(11, (uint64_t)TASK << 16 | 0x85ull << 40, 0);
    asm volatile("movw %w0, %%fs" : : "r"(0x78) : "memory");
    CHECK_EQ("task: by #NP, once", told[5], 1);
    CHECK_EQ("task: by #NP, error code", told[0], 0x78);
    asm volatile("clts; movw %w0, %%fs" : : "r"(0x10) : "memory");
    set_gate(11, 0);
}

static void on_debug(Regs *r)
{
    debugs++;
    told[6] = read_dr6();
    told[7] = r->ip;
    write_dr6(0xffff0ff0);
}

static void trap_bit(void)
{
    prepare(task_entry);
    other.trap = 1;
    debugs = 0;
    write_dr6(0xffff0ff0);
    hook[1] = on_debug;
    call_far(TASK);
    CHECK_EQ("task: T bit", debugs, 1);
    CHECK_EQ("task: BT", told[6] & 0xe00f, 0x8000);
    CHECK_EQ("task: T bit, before the first instruction", told[7], (ulong)task_entry);
    CHECK_EQ("task: T bit, the task runs", told[5], 1);
    hook[1] = NULL;
    asm volatile("clts");
}

static void sixteen(void)
{
    static uint16_t data[8] __attribute__((aligned(16)));

    other16 = (Tss16){ .ip = 0,
                       .flags = 2,
                       .ax = 0x2222,
                       .sp = 0x100,
                       .cs = CODE16,
                       .ss = LDT,
                       .ds = LDT };
    gdt[TASK16 / 8] = descriptor((ulong)&other16, sizeof(other16) - 1, 0x81);
    gdt[CODE16 / 8] = descriptor((ulong)task16, 0xffff, 0x9b);
    gdt[LDT / 8] = descriptor((ulong)data, 0xffff, 0x93);
    data[1] = 0;
    for (unsigned k = 1; k < 4; k++) {
        call_far(TASK16);
        CHECK_EQ("task: 16 bits, has run", data[1], k);
        CHECK_EQ("task: 16 bits, ax", data[0], 0x2222);
        CHECK_EQ("task: 16 bits, link", other16.link, TSS_SELECTOR);
        asm volatile("clts");
    }
}

static void refused(void)
{
    prepare(task_entry);
    gdt[TASK / 8] |= (uint64_t)BUSY << 40;
    TRY("lcall %0, $0", : "i"(TASK) : "memory", "cc");
    CHECK_EQ("task: busy", fault.vector == 13 ? fault.error : 99, TASK);
    gdt[TASK / 8] = descriptor((ulong)&other, sizeof(other) - 1, 0x09);
    TRY("lcall %0, $0", : "i"(TASK) : "memory", "cc");
    CHECK_EQ("task: not present", fault.vector == 11 ? fault.error : 99, TASK);
    gdt[TASK / 8] = descriptor((ulong)&other, 0x66, 0x89);
    TRY("lcall %0, $0", : "i"(TASK) : "memory", "cc");
    CHECK_EQ("task: limit too small", fault.vector == 10 ? fault.error : 99, TASK);
    CHECK_EQ("task: the caller stays busy", is_busy(TSS_SELECTOR), true);
    /* IRET with NT and a link that is no busy TSS. */
    prepare(task_entry);
    ((Tss32 *)tss)->link = TASK;
    TRY("pushf; orl $0x4000, (%%esp); popf; iret", : : "memory", "cc");
    CHECK_EQ("task: IRET to a TSS that is not busy",
             fault.vector == 10 ? fault.error : 99, TASK);
    asm volatile("pushf; andl $~0x4000, (%%esp); popf" : : : "memory", "cc");
}

void test(void)
{
    calls(TASK);
    calls(GATE);
    jumps();
    by_gate();
    trap_bit();
    sixteen();
    refused();
}
