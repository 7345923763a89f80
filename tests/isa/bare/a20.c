/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The A20 gate by port 92 and by the keyboard controller: data, code, and page tables.
 */
#include "bare.h"

const unsigned test_rounds = 4;

#define LOW  ((volatile uint32_t *)0x400000)
#define HIGH ((volatile uint32_t *)0x500000)

typedef uint32_t Function(void);

static void make(volatile void *at, uint32_t v)
{
    volatile uint8_t *p = at;

    p[0] = 0xb8;
    *(volatile uint32_t *)(p + 1) = v;
    p[5] = 0xc3;
}

static void by_port92(bool on)
{
    outb(0x92, (inb(0x92) & ~3) | (on ? 2 : 0));
}

static void by_controller(bool on)
{
    while (inb(0x64) & 2) {
    }
    outb(0x64, 0xd1); /* write the output port */
    while (inb(0x64) & 2) {
    }
    outb(0x60, on ? 0xdf : 0xdd);
    while (inb(0x64) & 2) {
    }
}

static void by_command(bool on)
{
    while (inb(0x64) & 2) {
    }
    outb(0x64, on ? 0xdf : 0xdd);
    while (inb(0x64) & 2) {
    }
}

static void gate(const char *what, void (*set)(bool))
{
    uint32_t off_low, off_high, off_code, pushed;

    set(true);
    *LOW = 1;
    *HIGH = 2;
    make(LOW + 16, 11);
    make(HIGH + 16, 22);
    CHECK_EQ(what, *LOW + 16 * *HIGH, 0x21);
    CHECK_EQ(what, ((Function *)(HIGH + 16))(), 22);
    set(false);
    off_low = *LOW;
    off_high = *HIGH;
    off_code = ((Function *)(HIGH + 16))();
    *(HIGH + 1) = 0x1234; /* lands below */
    asm volatile("movl $0x77, (%0)" : : "r"(HIGH + 2) : "memory");
    pushed = *(LOW + 2);
    set(true);
    CHECK_EQ(what, off_low, 1);
    CHECK_EQ(what, off_high, 1);
    CHECK_EQ(what, off_code, 11);
    CHECK_EQ(what, pushed, 0x77);
    CHECK_EQ(what, *(LOW + 1), 0x1234);
    CHECK_EQ(what, *HIGH, 2);
    CHECK_EQ(what, ((Function *)(HIGH + 16))(), 22);
}

/* The bit is cut behind the page tables. */
static void with_pages(void)
{
    volatile uint32_t *window = (volatile uint32_t *)0x1000000;

    by_port92(true);
    paging_on();
    *page_entry(window) = (ulong)HIGH | 7;
    invlpg(window);
    *LOW = 3;
    *HIGH = 4;
    CHECK_EQ("a20: mapped", *window, 4);
    by_port92(false);
    CHECK_EQ("a20: mapped, off", *window, 3);
    by_port92(true);
    CHECK_EQ("a20: mapped, on", *window, 4);
}

void test(void)
{
    /* The two are joined by OR: the other one is off. */
    by_controller(false);
    gate("a20: port 92", by_port92);
    by_port92(false);
    gate("a20: output port of the keyboard controller", by_controller);
    gate("a20: commands of the keyboard controller", by_command);
    if (round == test_rounds - 1) {
        by_controller(false);
        with_pages();
    }
}
