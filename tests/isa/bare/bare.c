/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bare.h"

enum { FAILURES_SHOWN = 20 };

volatile Fault fault;
volatile ulong resume;
unsigned round;
Hook hook[256];

static uint64_t idt[512] __attribute__((aligned(8)));
static unsigned failures, checks;
extern const ulong stubs[256];

void c_start(unsigned cpu);
void c_exception(Regs *r);
void *memset(void *p, int c, size_t n);
void *memcpy(void *to, const void *from, size_t n);

void *memset(void *p, int c, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        ((volatile uint8_t *)p)[k] = c;
    }
    return p;
}

void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        ((volatile uint8_t *)to)[k] = ((const uint8_t *)from)[k];
    }
    return to;
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

void c_exception(Regs *r)
{
    if (hook[r->vector]) {
        hook[r->vector](r);
        return;
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
    fault.vector = r->vector;
    fault.error = r->error;
    fault.ip = r->ip;
    fault.flags = r->flags;
    fault.sp = WIDTH == 64 || r->cs & 3 ? r->sp : (ulong)&r->sp;
    fault.cr2 = read_cr2();
    r->ip = resume;
    r->flags &= ~0x10100ul; /* RF, TF */
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
