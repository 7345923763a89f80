/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Task switches by hardware: CALL, JMP and IRET through TSS descriptors and task gates,
 * 32-bit and 16-bit, by interrupts and exceptions; NT, busy bits, links, TS, the T bit,
 * another CR3 and LDT, what is refused before the switch and what is a fault of the new
 * task. Intel SDM volume 3A, chapter 7.
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
    FIXER = 0x80,
    BAD = 0x88,
    LDT1 = 0x90,
    LDT2 = 0x98,
    MAIN2 = 0xa0,
    CODE2 = 0xa8,
    NT = 0x4000,
    VM = 0x20000,
    VIF = 0x80000,
    VIP = 0x100000
};
enum { BUSY = 2, IN_LDT = 0xc, WINDOW = 0x3000000, ELSEWHERE = 0x2c00000 };

static Tss32 other __attribute__((aligned(4096)));
static Tss32 main2 __attribute__((aligned(4096)));
static Tss32 fixer __attribute__((aligned(4096)));
static Tss16 other16 __attribute__((aligned(128)));
static uint8_t stack[4096] __attribute__((aligned(16)));
static volatile uint32_t told[8], debugs, goes_back_by_jmp;
static uint8_t fixer_stack[4096] __attribute__((aligned(16)));
/* The task of faults: what it found, and what it is to write where. */
static volatile uint32_t fixed[8];
static volatile struct {
    uint32_t *at, lo, hi;
} repair;
static uint32_t directory2[1024] __attribute__((aligned(4096)));
static uint64_t ldt1[2], ldt2[2], pdpt[4], pdpt2[4] __attribute__((aligned(32)));
static uint64_t pd1[512] __attribute__((aligned(4096)));
static uint64_t pd2[512] __attribute__((aligned(4096)));

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
    /* Where CR3 and LDT matter. */
    "task_looks:\n\t"
    "movl 0x3000000, %eax; movl %eax, told\n\t"
    "sldt told + 4\n\t"
    "movl %fs:0, %eax; movl %eax, told + 8\n\t"
    "movl %cr3, %eax; movl %eax, told + 12\n\t"
    "incl told + 20\n\t"
    "clts\n\t"
    "testl $1, goes_back_by_jmp\n\t"
    "jnz 1f\n\t"
    "iret\n\t"
    "jmp task_looks\n"
    "1:\tljmp *back\n\t"
    "jmp task_looks\n"
    "fixer_entry:\n\t"
    "pop fixed\n\t" /* the error code */
    "movzwl fixer, %eax; movl %eax, fixed + 4\n\t"
    "movl other + 32, %eax; movl %eax, fixed + 8\n\t"
    "movzwl other + 76, %eax; movl %eax, fixed + 12\n\t"
    "movzwl other + 80, %eax; movl %eax, fixed + 16\n\t"
    "movl %cr3, %eax; movl %eax, fixed + 20\n\t"
    "incl fixed + 24\n\t"
    "movl repair, %eax\n\t"
    "movl repair + 4, %ecx; movl %ecx, (%eax)\n\t"
    "movl repair + 8, %ecx; movl %ecx, 4(%eax)\n\t"
    "clts\n\t"
    "iret\n\t"
    "jmp fixer_entry\n\t"
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
extern uint8_t task_looks[], fixer_entry[];

static Tss32 *const main_tss = (Tss32 *)tss;

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
                     .cs = CODE2,
                     .ss = 0x10,
                     .ds = 0x10,
                     .cr3 = read_cr3(),
                     .io_map = sizeof(Tss32) };
    gdt[CODE2 / 8] = descriptor(0, 0xfffff, 0xc09b);
    gdt[TASK / 8] = descriptor((ulong)&other, sizeof(other) - 1, 0x89);
    gdt[GATE / 8] = (uint64_t)TASK << 16 | 0x85ull << 40;
    told[5] = 0;
    main_tss->cr3 = read_cr3();
    main_tss->ldt = 0;
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
    main_tss->link = TASK;
    TRY("pushf; orl $0x4000, (%%esp); popf; iret", : : "memory", "cc");
    CHECK_EQ("task: IRET to a TSS that is not busy",
             fault.vector == 10 ? fault.error : 99, TASK);
    asm volatile("pushf; andl $~0x4000, (%%esp); popf" : : : "memory", "cc");
}

/* --- CR3 and LDT ---------------------------------------------------------------------
 */

static volatile uint32_t *at(uint32_t address)
{
    return (volatile uint32_t *)address;
}

/* FS is the same selector in both tasks, and another segment. */
static void prepare_ldts(void)
{
    static uint32_t data1 = 0x1111aaaa, data2 = 0x2222bbbb;

    ldt1[1] = descriptor((ulong)&data1, 3, 0x4093);
    ldt2[1] = descriptor((ulong)&data2, 3, 0x4093);
    gdt[LDT1 / 8] = descriptor((ulong)ldt1, sizeof(ldt1) - 1, 0x82);
    gdt[LDT2 / 8] = descriptor((ulong)ldt2, sizeof(ldt2) - 1, 0x82);
    asm volatile("lldt %w0; mov %w1, %%fs" : : "r"(LDT1), "r"(IN_LDT) : "memory");
    other.ldt = LDT2;
    other.fs = IN_LDT;
    main_tss->ldt = LDT1;
}

static void looks(const char *how, uint32_t cr3, uint32_t in_window)
{
    uint32_t fs, ldt = 0, here = *at(WINDOW);

    CHECK_EQ("task: looked, once", told[5], 1);
    CHECK_EQ(how, told[0], in_window);
    CHECK_EQ("task: LDT", told[1] & 0xffff, LDT2);
    CHECK_EQ("task: a segment of the LDT", told[2], 0x2222bbbb);
    CHECK_EQ("task: CR3", told[3], cr3);
    CHECK_EQ("task: CR3 of the caller", read_cr3(), main_tss->cr3);
    CHECK_EQ("task: memory of the caller", here, 0x1234);
    asm volatile("movl %%fs:0, %0; sldt %w1" : "=r"(fs), "+r"(ldt) : : "memory");
    CHECK_EQ("task: LDT of the caller", ldt, LDT1);
    CHECK_EQ("task: a segment of the caller's LDT", fs, 0x1111aaaa);
    asm volatile("clts");
    told[5] = 0;
}

/* By CALL, INT and JMP; and back by IRET and JMP. */
static void another_space(uint32_t cr3, uint32_t in_window)
{
    prepare(task_looks);
    prepare_ldts();
    other.cr3 = cr3;
    *at(WINDOW) = 0x1234;
    call_far(TASK);
    looks("task: memory by its CR3, CALL", cr3, in_window);
    call_far(GATE);
    looks("task: memory by its CR3, CALL of a gate", cr3, in_window);
    set_gate_raw(0x60, (uint64_t)TASK << 16 | 0x85ull << 40, 0);
    asm volatile("int $0x60" : : : "memory");
    looks("task: memory by its CR3, INT", cr3, in_window);
    set_gate(0x60, 0);
    goes_back_by_jmp = 1;
    prepare(task_looks);
    prepare_ldts();
    other.cr3 = cr3;
    jump_far(TASK);
    looks("task: memory by its CR3, JMP", cr3, in_window);
    goes_back_by_jmp = 0;
    asm volatile("mov %w0, %%fs; lldt %w1" : : "r"(0x10), "r"(0) : "memory");
}

static void spaces(void)
{
    uint32_t cr3 = read_cr3();

    if (!(read_cr0() >> 31)) {
        /* Without paging CR3 is not loaded. */
        *at(ELSEWHERE) = 0x5678;
        write_cr3(0x7000);
        prepare(task_looks);
        prepare_ldts();
        other.cr3 = 0x5000;
        *at(WINDOW) = 0x1234;
        call_far(TASK);
        looks("task: memory without paging", 0x7000, 0x1234);
        asm volatile("mov %w0, %%fs; lldt %w1" : : "r"(0x10), "r"(0) : "memory");
        paging_on();
        cr3 = read_cr3();
    }
    page_entry(&other);
    page_entry(&main2);
    memcpy(directory2, (void *)cr3, sizeof(directory2));
    directory2[WINDOW >> 22] = ELSEWHERE | 0x87;
    *at(ELSEWHERE) = 0x5678;
    another_space((ulong)directory2, 0x5678);
}

/* --- Faults --------------------------------------------------------------------------
 */

static void by_fixer(unsigned vector)
{
    fixer = (Tss32){ .ip = (ulong)fixer_entry,
                     .flags = 2,
                     .sp = (ulong)fixer_stack + sizeof(fixer_stack),
                     .es = 0x10,
                     .cs = 8,
                     .ss = 0x10,
                     .ds = 0x10,
                     .cr3 = read_cr3(),
                     .io_map = sizeof(Tss32) };
    gdt[FIXER / 8] = descriptor((ulong)&fixer, sizeof(fixer) - 1, 0x89);
    set_gate_raw(vector, (uint64_t)FIXER << 16 | 0x85ull << 40, 0);
    fixed[0] = fixed[6] = 0;
}

static void to_write(void *p, uint64_t v)
{
    repair.at = p;
    repair.lo = v;
    repair.hi = v >> 32;
}

/*
 * Calls the task, whose state has one fault: it is the task's, at its first
 * instruction, with all selectors of its TSS; the task of faults writes @v to @p and
 * lets it go on.
 */
static void faulty(const char *what, unsigned vector, uint32_t error, void *p,
                   uint64_t v)
{
    uint32_t cs = other.cs & 0xffff, ss = other.ss & 0xffff, ip = other.ip;

    by_fixer(vector);
    to_write(p, v);
    call_far(TASK);
    asm volatile("clts");
    set_gate(vector, 0);
    CHECK_EQ(what, fixed[6] == 1 ? fixed[0] : 0xbad0000 | fixed[6], error);
    CHECK_EQ("task: fault of the new task", fixed[1], TASK);
    CHECK_EQ("task: fault at its first instruction", fixed[2], ip);
    CHECK_EQ("task: fault, CS", fixed[3], cs);
    CHECK_EQ("task: fault, SS", fixed[4], ss);
    CHECK_EQ("task: fault, and it goes on", told[5], 1);
    CHECK_EQ("task: fault, not busy afterwards", is_busy(TASK), false);
    prepare(task_entry);
}

static uint64_t *field(uint32_t *p, uint32_t good, uint64_t *v)
{
    *v = good | (uint64_t)p[1] << 32;
    return (uint64_t *)p;
}

/* One selector of the TSS is @sel; afterwards @good. */
#define FAULTY_FIELD(what, name, sel, good, vector, error)     \
    do {                                                       \
        uint64_t v_;                                           \
        other.name = sel;                                      \
        field(&other.name, good, &v_);                         \
        faulty("task: " what, vector, error, &other.name, v_); \
    } while (0)
/* One descriptor, BAD, is @wrong; afterwards @right. */
#define FAULTY_DESCRIPTOR(what, name, wrong, right, vector)       \
    do {                                                          \
        gdt[BAD / 8] = wrong;                                     \
        other.name = BAD;                                         \
        faulty("task: " what, vector, BAD, &gdt[BAD / 8], right); \
    } while (0)

static void faults(void)
{
    const uint64_t ldt = descriptor((ulong)ldt2, sizeof(ldt2) - 1, 0x82);
    const uint64_t code = descriptor(0, 0xfffff, 0xc09b);
    const uint64_t data = descriptor(0, 0xfffff, 0xc093), absent = 1ull << 47;

    prepare(task_entry);
    FAULTY_FIELD("LDT in an LDT", ldt, LDT2 | 4, 0, 10, LDT2 | 4);
    FAULTY_FIELD("LDT beyond the GDT", ldt, 0x1000, 0, 10, 0x1000);
    FAULTY_DESCRIPTOR("LDT that is none", ldt, data, ldt, 10);
    FAULTY_DESCRIPTOR("LDT not present", ldt, ldt & ~absent, ldt, 10);
    FAULTY_FIELD("null CS", cs, 0, 8, 10, 0);
    FAULTY_FIELD("CS beyond the GDT", cs, 0x1000, 8, 10, 0x1000);
    FAULTY_FIELD("CS in no LDT", cs, 0xc, 8, 10, 0xc);
    FAULTY_DESCRIPTOR("CS of data", cs, data, code, 10);
    FAULTY_DESCRIPTOR("CS not present", cs, code & ~absent, code, 11);
    FAULTY_DESCRIPTOR("CS of another level", cs, code | 3ull << 45, code, 10);
    FAULTY_FIELD("null SS", ss, 0, 0x10, 10, 0);
    FAULTY_FIELD("SS of another RPL", ss, 0x11, 0x10, 10, 0x10);
    FAULTY_DESCRIPTOR("SS read-only", ss, descriptor(0, 0xfffff, 0xc091), data, 10);
    FAULTY_DESCRIPTOR("SS of code", ss, code, data, 10);
    FAULTY_DESCRIPTOR("SS not present", ss, data & ~absent, data, 12);
    FAULTY_DESCRIPTOR("ES not present", es, data & ~absent, data, 11);
    FAULTY_DESCRIPTOR("DS not readable", ds, descriptor(0, 0xfffff, 0xc099), data, 10);
    FAULTY_DESCRIPTOR("DS is a TSS", ds, descriptor(0, 0xfffff, 0x89), data, 10);
    FAULTY_FIELD("FS beyond the GDT", fs, 0x1000, 0, 10, 0x1000);
    FAULTY_FIELD("GS of another RPL", gs, 0x13, 0, 10, 0x10);
    /* EIP beyond the limit; the descriptor gets a larger one. */
    gdt[BAD / 8] = descriptor(0, 0xfff, 0x409b);
    other.cs = BAD;
    faulty("task: EIP beyond the limit", 13, 0, &gdt[BAD / 8], code);
    /* On the way back it is the caller's. */
    by_fixer(10);
    main_tss->ldt = 0x1000;
    to_write(&main_tss->ldt, (uint64_t)sizeof(tss) << 48);
    call_far(TASK);
    asm volatile("clts");
    set_gate(10, 0);
    CHECK_EQ("task: fault of the caller after IRET", fixed[0], 0x1000);
    CHECK_EQ("task: whose it is", fixed[1], TSS_SELECTOR);
}

/* Into virtual-8086 mode, where all ends by #GP; then it goes on in protected mode. */
static void virtual_8086(void)
{
    const uint64_t protected_mode = (ulong)task_entry | (uint64_t)(NT | 2) << 32;
    const uint8_t nop_hlt[] = { 0x90, 0xf4 };

    prepare(task_entry);
    memcpy((void *)(CODE2 << 4), nop_hlt, sizeof(nop_hlt));
    other.ip = 1;
    other.flags = VM | 2;
    faulty("task: virtual-8086 task", 13, 0, &other.ip, protected_mode);
    other.ip = 0x10000;
    other.flags = VM | 2;
    faulty("task: virtual-8086 task beyond 64 KiB", 13, 0, &other.ip, protected_mode);
    write_cr4(read_cr4() | 1);
    other.ip = 0;
    other.flags = VM | VIF | VIP | 2;
    faulty("task: virtual-8086 task, VIF and VIP", 13, 0, &other.ip, protected_mode);
    write_cr4(read_cr4() & ~1ul);
}

/* A fault of the new task may have an interrupt gate, if its stack is good. */
static void repair_bad(Regs *r)
{
    uint16_t tr;

    asm volatile("str %0" : "=r"(tr));
    fixed[0] = r->error;
    fixed[1] = tr;
    fixed[2] = r->ip;
    fixed[3] = r->ds;
    fixed[6]++;
    gdt[BAD / 8] |= 1ull << 47;
}

static void by_interrupt_gate(void)
{
    prepare(task_entry);
    gdt[BAD / 8] = descriptor(0, 0xfffff, 0xc013);
    other.ds = BAD;
    hook[11] = repair_bad;
    fixed[6] = 0;
    call_far(TASK);
    asm volatile("clts");
    hook[11] = NULL;
    CHECK_EQ("task: DS not present, interrupt gate", fixed[6] == 1 ? fixed[0] : 99,
             BAD);
    CHECK_EQ("task: interrupt gate, TR", fixed[1], TASK);
    CHECK_EQ("task: interrupt gate, EIP", fixed[2], (ulong)task_entry);
    CHECK_EQ("task: interrupt gate, DS", fixed[3] & 0xffff, BAD);
    CHECK_EQ("task: interrupt gate, and it goes on", told[5], 1);
}

/* The event came from outside: EXT in what its delivery raises, and not for INT. */
static void external(void)
{
    *lapic(0xf0) = 0x1ff;
    prepare(task_entry);
    set_gate_raw(0x61, (uint64_t)TASK << 16 | 0x85ull << 40, 0);
    gdt[TASK / 8] = descriptor((ulong)&other, 0x66, 0x89);
    TRY("int $0x61", : : "memory");
    CHECK_EQ("task: limit too small, INT", fault.vector == 10 ? fault.error : 99, TASK);
    *lapic(0x300) = 0x44061;
    TRY("sti; nop; nop", : : "memory");
    asm volatile("cli");
    CHECK_EQ("task: limit too small, interrupt", fault.vector == 10 ? fault.error : 99,
             TASK | 1);
    *lapic(0xb0) = 0;
    gdt[TASK / 8] = descriptor((ulong)&other, sizeof(other) - 1, 0x09);
    *lapic(0x300) = 0x44061;
    TRY("sti; nop; nop", : : "memory");
    asm volatile("cli");
    CHECK_EQ("task: not present, interrupt", fault.vector == 11 ? fault.error : 99,
             TASK | 1);
    *lapic(0xb0) = 0;
    /* A selector in its TSS. */
    prepare(task_entry);
    other.gs = 0x1000;
    by_fixer(10);
    to_write(&other.gs, 0);
    *lapic(0x300) = 0x44061;
    asm volatile("sti; nop; nop; cli; clts" : : : "memory");
    CHECK_EQ("task: its GS, interrupt", fixed[6] == 1 ? fixed[0] : 99, 0x1001);
    CHECK_EQ("task: its GS, interrupt, and it goes on", told[5], 1);
    *lapic(0xb0) = 0;
    set_gate(0x61, 0);
    set_gate(10, 0);
}

/* The stack of ring 0 for what comes in ring 3. */
static void stack_of_tss(bool by_interrupt)
{
    static const uint8_t code[] = { 0xcd, 0x62, 0xcc }; /* int 62, int3 */
    Regs r = { .ip = (ulong)code + (by_interrupt ? 2 : 0),
               .flags = by_interrupt ? 0x202 : 2,
               .sp = (ulong)stack + 4096 };

    prepare(task_entry);
    set_gate(0x62, 3);
    set_gate(3, 3);
    by_fixer(10);
    main_tss->ss0 = BAD;
    gdt[BAD / 8] = descriptor(0, 0xfffff, 0xc091);
    to_write(&main_tss->ss0, 0x10);
    if (by_interrupt) {
        *lapic(0x300) = 0x44062;
    }
    user_run(&r);
    asm volatile("clts");
    set_gate(10, 0);
    set_gate(0x62, 0);
    set_gate(3, 0);
    if (by_interrupt) {
        *lapic(0xb0) = 0;
    }
    CHECK_EQ("task: stack of the TSS", fixed[6] == 1 ? fixed[0] : 99,
             BAD | by_interrupt);
    CHECK_EQ("task: stack of the TSS, whose fault", fixed[1], TSS_SELECTOR);
    CHECK_EQ("task: RF in the TSS that a fault leaves", main_tss->flags & 0x10000,
             0x10000);
}

/* Before the switch: page faults of either TSS leave everything as it is. */
static void memory_faults(void)
{
    volatile ulong *pte = page_entry(&other);
    uint16_t tr;

    prepare(task_entry);
    *pte &= ~(ulong)PTE_P;
    invlpg(&other);
    TRY("lcall %0, $0", : "i"(TASK) : "memory", "cc");
    CHECK_EQ("task: TSS in no page", fault.vector == 14 ? fault.error : 99, 0);
    CHECK_EQ("task: TSS in no page, where", fault.cr2 & ~0xffful, (ulong)&other);
    CHECK_EQ("task: TSS in no page, not busy", is_busy(TASK), false);
    *pte = (*pte | PTE_P) & ~(ulong)PTE_W;
    invlpg(&other);
    TRY("lcall %0, $0", : "i"(TASK) : "memory", "cc");
    CHECK_EQ("task: no link can be written", fault.vector == 14 ? fault.error : 99, 3);
    CHECK_EQ("task: no link, not busy", is_busy(TASK), false);
    *pte |= PTE_W;
    invlpg(&other);
    /* The old one, by JMP, which would clear its busy bit. */
    pte = page_entry(&main2);
    gdt[MAIN2 / 8] = descriptor((ulong)&main2, sizeof(main2) - 1, 0x89);
    asm volatile("ltr %w0" : : "r"(MAIN2) : "memory");
    *pte &= ~(ulong)PTE_W;
    invlpg(&main2);
    TRY("ljmp %0, $0", : "i"(TASK) : "memory", "cc");
    CHECK_EQ("task: old TSS is read-only", fault.vector == 14 ? fault.error : 99, 3);
    CHECK_EQ("task: old TSS is read-only, busy", is_busy(MAIN2), true);
    CHECK_EQ("task: old TSS is read-only, new not busy", is_busy(TASK), false);
    asm volatile("str %0" : "=r"(tr));
    CHECK_EQ("task: old TSS is read-only, TR", tr, MAIN2);
    *pte |= PTE_W;
    invlpg(&main2);
    /* One that is too small for what is left behind. */
    gdt[MAIN2 / 8] = descriptor((ulong)&main2, 0x66, 0x89);
    asm volatile("ltr %w0" : : "r"(MAIN2) : "memory");
    TRY("ljmp %0, $0", : "i"(TASK) : "memory", "cc");
    CHECK_EQ("task: old TSS is too small", fault.vector == 10 ? fault.error : 99,
             MAIN2);
    gdt[TSS_SELECTOR / 8] &= ~((uint64_t)BUSY << 40);
    asm volatile("ltr %w0" : : "r"(TSS_SELECTOR) : "memory");
}

/* PAE: another CR3, and one whose table has reserved bits. */
static void pae(void)
{
    ulong cr3 = read_cr3(), cr4 = read_cr4(), cr0 = read_cr0();

    for (unsigned k = 0; k < 512; k++) {
        pd1[k] = pd2[k] = (uint64_t)k << 21 | 0x87;
    }
    pd2[WINDOW >> 21] = ELSEWHERE | 0x87;
    pdpt[0] = (ulong)pd1 | 1;
    pdpt2[0] = (ulong)pd2 | 1;
    pdpt2[1] = 0;
    write_cr0(cr0 & 0x7fffffff);
    write_cr4(cr4 | 0x20);
    write_cr3((ulong)pdpt);
    write_cr0(cr0);
    another_space((ulong)pdpt2, 0x5678);
    pdpt2[1] = (ulong)pd2 | 3;
    prepare(task_looks);
    prepare_ldts();
    other.cr3 = (ulong)pdpt2;
    TRY("lcall %0, $0", : "i"(TASK) : "memory", "cc");
    CHECK_EQ("task: PDPTE with reserved bits", fault.vector == 13 ? fault.error : 99,
             0);
    CHECK_EQ("task: PDPTE with reserved bits, CR3", read_cr3(), (ulong)pdpt);
    CHECK_EQ("task: PDPTE with reserved bits, memory", *at(WINDOW), 0x1234);
    asm volatile("mov %w0, %%fs; lldt %w1" : : "r"(0x10), "r"(0) : "memory");
    write_cr0(cr0 & 0x7fffffff);
    write_cr4(cr4);
    write_cr3(cr3);
    write_cr0(cr0);
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
    spaces();
    faults();
    virtual_8086();
    by_interrupt_gate();
    external();
    stack_of_tss(false);
    stack_of_tss(true);
    memory_faults();
    pae();
}
