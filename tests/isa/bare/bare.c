/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bare.h"

enum { FAILURES_SHOWN = 20 };

volatile Fault fault;
volatile ulong resume;
unsigned round, cpus;
Hook hook[256];

static uint64_t idt[512] __attribute__((aligned(8)));
static unsigned failures, checks;
extern const ulong stubs[256];
extern uint8_t stacks[];
extern volatile uint32_t cpus_started;

static Regs *user_regs;
extern void enter_user(Regs *r);
extern void leave_user(void);

void c_start(unsigned cpu);
void c_exception(Regs *r);

void *memset(void *p, int c, size_t n)
{
    void *start = p;

    asm volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(c) : "memory");
    return start;
}

void *memcpy(void *to, const void *from, size_t n)
{
    void *start = to;

    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
    return start;
}

unsigned this_cpu(void)
{
    return ((ulong)__builtin_frame_address(0) - (ulong)stacks) / 0x4000;
}

void say(const char *text)
{
    while (*text) {
        outb(0xe9, *text++);
    }
}

void say_hex(uint64_t v)
{
    for (int k = 60; k >= 0; k -= 4) {
        if (v >> k || !k) {
            outb(0xe9, "0123456789abcdef"[v >> k & 15]);
        }
    }
}

void quit(unsigned code)
{
    outb(0x501, code);
    for (;;) {
        asm volatile("cli; hlt");
    }
}

void check(bool ok, const char *what, uint64_t got, uint64_t want)
{
    checks++;
    if (ok || ++failures > FAILURES_SHOWN) {
        return;
    }
    say("not ok: ");
    say(what);
    say(": ");
    say_hex(got);
    say(", not ");
    say_hex(want);
    say(", round ");
    say_hex(round);
    say("\n");
}

void set_gate_raw(unsigned vector, uint64_t lo, uint64_t hi)
{
    if (WIDTH == 64) {
        idt[2 * vector] = lo;
        idt[2 * vector + 1] = hi;
    } else {
        idt[vector] = lo;
    }
}

void set_gate(unsigned vector, unsigned dpl)
{
    uint64_t at = stubs[vector];

    set_gate_raw(vector,
                 (at & 0xffff) | CODE_SELECTOR << 16 | (at & 0xffff0000) << 32 |
                     (uint64_t)(0x8e | dpl << 5) << 40,
                 at >> 32);
}

/* @attr: access byte, and AVL, L, D, G in bits 12 to 15. */
uint64_t descriptor(uint32_t base, uint32_t limit, unsigned attr)
{
    return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 |
           (uint64_t)(attr & 0xf0ff) << 40 | (uint64_t)(limit >> 16 & 0xf) << 48 |
           (uint64_t)(base >> 24) << 56;
}

static void note_fault(const Regs *r)
{
    fault.vector = r->vector;
    fault.error = r->error;
    fault.ip = r->ip;
    fault.flags = r->flags;
    fault.cr2 = read_cr2();
}

void c_exception(Regs *r)
{
    if (hook[r->vector]) {
        hook[r->vector](r);
        return;
    }
    if ((r->cs & 3 || r->flags & 0x20000) && user_regs) {
        *user_regs = *r;
        note_fault(r);
        leave_user();
    }
    if (!resume) {
        say("not ok: exception ");
        say_hex(r->vector);
        say(" error ");
        say_hex(r->error);
        say(" at ");
        say_hex(r->cs);
        say(":");
        say_hex(r->ip);
        say(" cr2 ");
        say_hex(read_cr2());
        say(", round ");
        say_hex(round);
        say("\n");
        quit(2);
    }
    note_fault(r);
    fault.sp = WIDTH == 64 || r->cs & 3 ? r->sp : (ulong)&r->sp;
    r->ip = resume;
    r->cs = CODE_SELECTOR;
    r->flags &= ~0x10100ul; /* RF, TF */
}

void start_cpus(void)
{
    uint64_t deadline = rdtsc() + 60000000000ull;

    /* Item 5 of the configuration device. */
    outw(0x510, 5);
    cpus = inb(0x511);
    cpus |= inb(0x511) << 8;
    *lapic(0xf0) = 0x1ff;
    *lapic(0x300) = 3 << 18 | 0x4500; /* INIT to all others */
    *lapic(0x300) = 3 << 18 | 0x4600 | 0x10;
    while (cpus_started != cpus && rdtsc() < deadline) {
        pause_cpu();
    }
    CHECK_EQ("bare: CPUs that run", cpus_started, cpus);
}

void frame_run(Regs *r)
{
    user_regs = r;
    enter_user(r);
    user_regs = NULL;
}

void user_run(Regs *r)
{
    r->cs = USER_CODE;
    r->ss = USER_DATA;
#if WIDTH == 32
    r->ds = r->es = USER_DATA;
#endif
    frame_run(r);
}

static void load_tss(void)
{
    gdt[TSS_SELECTOR / 8] = descriptor((uint32_t)(ulong)tss, sizeof(tss) - 1, 0x89);
    gdt[TSS_SELECTOR / 8 + 1] = 0;
    ((uint16_t *)tss)[51] = sizeof(tss); /* no I/O map */
    if (WIDTH == 32) {
        ((uint32_t *)tss)[2] = 0x10; /* SS0 */
    }
    asm volatile("ltr %w0" : : "r"(TSS_SELECTOR));
}

/* --- Pages ---------------------------------------------------------------------------
 */

enum { PER_TABLE = 4096 / sizeof(ulong), TABLES = 16 };

static ulong tables[TABLES][PER_TABLE] __attribute__((aligned(4096)));
static unsigned tables_used;
#if WIDTH == 32
static ulong directory[PER_TABLE] __attribute__((aligned(4096)));
#endif

volatile ulong *large_entry(const volatile void *p)
{
#if WIDTH == 32
    return &directory[(ulong)p >> LARGE_BITS];
#else
    return (volatile ulong *)&pd[(ulong)p >> LARGE_BITS];
#endif
}

volatile ulong *page_entry(const volatile void *p)
{
    volatile ulong *large = large_entry(p);
    ulong *table = (ulong *)(*large & ~0xffful);

    if (*large & PTE_PS) {
        if (tables_used == TABLES) {
            say("not ok: no more tables\n");
            quit(3);
        }
        table = tables[tables_used++];
        for (unsigned k = 0; k < PER_TABLE; k++) {
            table[k] = (*large & ~0xffful) + k * 4096 + 7;
        }
        *large = (ulong)table | 7;
        write_cr3(read_cr3());
    }
    return &table[(ulong)p >> 12 & (PER_TABLE - 1)];
}

void paging_on(void)
{
#if WIDTH == 32
    if (read_cr0() >> 31) {
        return;
    }
    for (unsigned k = 0; k < PER_TABLE; k++) {
        directory[k] = (ulong)k << LARGE_BITS | PTE_PS | PTE_U | PTE_W | PTE_P;
    }
    write_cr4(read_cr4() | 0x10);
    write_cr3((ulong)directory);
    write_cr0(read_cr0() | 0x80010000);
#endif
}

static void load_idt(void)
{
    struct {
        uint16_t limit;
        ulong base;
    } __attribute__((packed)) idtr = { WIDTH == 64 ? 0xfff : 0x7ff, (ulong)idt };

    asm volatile("lidt %0" : : "m"(idtr));
}

void c_start(unsigned cpu)
{
    if (cpu) {
        load_idt();
        test_other_cpu(cpu);
        return;
    }
    for (unsigned k = 0; k < 256; k++) {
        set_gate(k, 0);
    }
    load_idt();
    load_tss();
    for (round = 0; round < test_rounds; round++) {
        test();
    }
    say_hex(checks);
    say(failures ? " checks, some not ok\n" : " checks\n");
    quit(failures ? 1 : 0x10);
}

__attribute__((weak)) void test_other_cpu(unsigned cpu)
{
}
