/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several CPUs on one thread: which runs when, under -icount. They wait for each other
 * with and without PAUSE, halt until an IPI or their timer comes, and copy memory by
 * REP; all note who they are and the time, and the first one prints a digest of the
 * notes. It is the same in each run, at each tier, and whoever kicks from outside.
 */
#include "bare.h"

const unsigned test_rounds = 1;

enum { CPUS_MAX = 8, STEPS = 400, VECTOR_IPI = 0x40, VECTOR_TIMER = 0x41 };

static volatile uint32_t locked, notes, done;
static volatile uint32_t woken[CPUS_MAX * 16], ticks[CPUS_MAX * 16];
static uint64_t digest = 0xcbf29ce484222325;
static uint8_t copies[CPUS_MAX][2][5000];

static void lock(bool politely)
{
    while (__atomic_exchange_n(&locked, 1, __ATOMIC_SEQ_CST)) {
        while (locked) {
            if (politely) {
                pause_cpu();
            }
        }
    }
}

/* With the lock. */
static void note(uint64_t v)
{
    digest = (digest ^ v) * 0x100000001b3;
    digest ^= digest >> 29;
    notes = notes + 1;
}

static void on_ipi(Regs *r)
{
    woken[this_cpu() * 16]++;
    *lapic(0xb0) = 0;
}

static void on_timer(Regs *r)
{
    ticks[this_cpu() * 16]++;
    *lapic(0xb0) = 0;
}

static void send(unsigned cpu)
{
    *lapic(0x310) = cpu << 24;
    *lapic(0x300) = VECTOR_IPI;
}

/* Until *@p is no more what it was: interrupts are off but in the shadow of STI. */
static void halt_until_changed(volatile uint32_t *p, uint32_t was)
{
    while (*p == was) {
        asm volatile("sti; hlt; cli" : : : "memory");
    }
}

static void play(unsigned cpu)
{
    uint32_t random = cpu * 77 + 1;

    *lapic(0xf0) = 0x1ff;
    *lapic(0x320) = VECTOR_TIMER;
    *lapic(0x3e0) = 0xb; /* not divided */
    for (unsigned k = 0; k < STEPS; k++) {
        unsigned next = (cpu + 1 + (random >> 20) % (cpus - 1)) % cpus;
        uint32_t was = ticks[cpu * 16];

        random = random * 1664525 + 1013904223;
        switch (random >> 28) {
        case 0 ... 3:
            send(next);
            break;
        case 4 ... 6:
            *lapic(0x380) = (random >> 8 & 0xffff) + 1;
            halt_until_changed(&ticks[cpu * 16], was);
            break;
        case 7 ... 9:
            *lapic(0x380) = (random >> 12 & 0xffff) + 1;
            asm volatile("sti" : : : "memory");
            while (ticks[cpu * 16] == was) {
                if (random & 0x100) {
                    pause_cpu();
                }
            }
            asm volatile("cli" : : : "memory");
            break;
        case 10 ... 12:
            memcpy(copies[cpu][1], copies[cpu][0], random >> 8 & 0xfff);
            break;
        default:
            for (volatile unsigned n = random >> 16 & 0xfff; n; n--) {
            }
        }
        asm volatile("sti; nop; nop; cli" : : : "memory");
        lock(random & 0x200);
        note(rdtsc() ^ (uint64_t)cpu << 60 ^ (uint64_t)woken[cpu * 16] << 40);
        locked = 0;
    }
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
}

void test_other_cpu(unsigned cpu)
{
    play(cpu);
    for (;;) {
        asm volatile("sti; hlt");
    }
}

void test(void)
{
    hook[VECTOR_IPI] = on_ipi;
    hook[VECTOR_TIMER] = on_timer;
    start_cpus();
    play(0);
    while (done != cpus) {
        pause_cpu();
    }
    say_hex(digest);
    say(" at ");
    say_hex(rdtsc());
    say(", notes ");
    say_hex(notes);
    say("\n");
    CHECK_EQ("turns: notes", notes, cpus * STEPS);
}
