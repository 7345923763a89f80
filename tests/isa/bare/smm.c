/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System management mode: an SMI by port b2, what the state area says, RSM, another
 * SMBASE, SMRAM, and what is held back meanwhile. AMD APM volume 2, chapter 10.
 */
#include "bare.h"

const unsigned test_rounds = 3;

enum { SEEN = 0x8800, VECTOR = 0x50 };

#if WIDTH == 64
#define SP "rsp"
#else
#define SP "esp"
#endif

/*
 * At SMBASE + 8000. Leaves at 8800: how often, CR0, CS, flags, a word above 1 MiB; does
 * what the word at 8820 asks for: 1 changes EAX, 2 another SMBASE (8824), 4 an NMI to
 * itself, 8 an SMI.
 */
asm(".pushsection .rodata\n\t"
    ".code16\n"
    "handler:\n\t"
    "incw %cs:0x8800\n\t"
    "movl %cr0, %eax\n\t"
    "movl %eax, %cs:0x8804\n\t"
    "movw %cs, %cs:0x8808\n\t"
    "movw $0x7000, %sp\n\t"
    "pushfl\n\t"
    "popl %eax\n\t"
    "movl %eax, %cs:0x880c\n\t"
    "movl $0x400000, %ebx\n\t"
    "addr32 movl (%ebx), %eax\n\t"
    "movl %eax, %cs:0x8810\n\t"
    "movw %cs:0x8820, %dx\n\t"
    "testw $1, %dx\n\t"
    "jz 1f\n\t"
    "movl $0x1234abcd, %cs:0xfff8\n"
    "1:\ttestw $2, %dx\n\t"
    "jz 1f\n\t"
    "movl %cs:0x8824, %eax\n\t"
    "movl %eax, %cs:0xff00\n"
    "1:\ttestw $4, %dx\n\t"
    "jz 1f\n\t"
    "movl $0xfee00300, %ebx\n\t"
    "addr32 movl $0x44400, (%ebx)\n\t"
    "nop; nop; nop\n"
    "1:\ttestw $8, %dx\n\t"
    "jz 1f\n\t"
    "movw $0, %cs:0x8820\n\t"
    "outb %al, $0xb2\n\t"
    "nop; nop; nop\n"
    "1:\tmovw $0, %cs:0x8820\n\t"
    "rsm\n"
    "handler_end:\n\t"
#if WIDTH == 64
    ".code64\n\t"
#else
    ".code32\n\t"
#endif
    ".popsection");
extern const uint8_t handler[], handler_end[];

static volatile unsigned nmis, interrupts, nmis_in_smm;
static ulong smbase = 0x30000;

static uint32_t field(unsigned offset)
{
    return *(volatile uint32_t *)(smbase + offset);
}

static void set_field(unsigned offset, uint32_t v)
{
    *(volatile uint32_t *)(smbase + offset) = v;
}

static void on_nmi(Regs *r)
{
    nmis++;
}

static void on_interrupt(Regs *r)
{
    interrupts++;
    *lapic(0xb0) = 0;
}

static void allow_smi(void)
{
    outl(0xcf8, 0x80000b58); /* PIIX4 PM, device resources B: APMC */
    outl(0xcfc, inl(0xcfc) | 1 << 25);
}

static void install(ulong base)
{
    memcpy((void *)(base + 0x8000), handler, handler_end - handler);
    for (unsigned k = 0; k < 0x40; k += 4) {
        *(volatile uint32_t *)(base + SEEN + k) = 0;
    }
}

/* Returns eax as it is afterwards; it went in as 55. */
static uint32_t smi(uint32_t wish)
{
    uint32_t v;

    set_field(0x8820, wish);
    asm volatile("outb %%al, $0xb2\n\t.globl after_smi\nafter_smi:"
                 : "=a"(v)
                 : "0"(0x55)
                 : "memory", "cc");
    return v;
}

extern uint8_t after_smi[];

static void enters_and_leaves(void)
{
    uint32_t before = field(SEEN);
    ulong flags, sp;

    *(volatile uint32_t *)0x400000 = 0xfeedf00d;
    asm volatile("mov %%" SP ", %0" : "=r"(sp));
    asm volatile("stc; std; outb %%al, $0xb2; pushf; cld; pop %0"
                 : "=r"(flags)
                 :
                 : "memory", "cc");
    CHECK_EQ("smm: flags afterwards", flags & 0x401, 0x401);
    CHECK_EQ("smm: entered", field(SEEN), before + 1);
    CHECK_EQ("smm: nothing changed", smi(0), 0x55);
    CHECK_EQ("smm: entered again", field(SEEN), before + 2);
    CHECK_EQ("smm: CR0, PE and PG off", field(SEEN + 4) & 0x80000001, 0);
    CHECK_EQ("smm: CS", field(SEEN + 8) & 0xffff, smbase >> 4);
    CHECK_EQ("smm: IF, TF, DF, NT inside", field(SEEN + 12) & 0x4700, 0);
    CHECK_EQ("smm: data above 1 MiB", field(SEEN + 16), 0xfeedf00d);
    CHECK_EQ("smm: revision", field(0xfefc), 0x20064);
    CHECK_EQ("smm: SMBASE in the area", field(0xff00), smbase);
    CHECK_EQ("smm: CR0 in the area", field(0xff58), (uint32_t)read_cr0());
    CHECK_EQ("smm: CR3 in the area", field(0xff50), (uint32_t)read_cr3());
    CHECK_EQ("smm: RIP in the area", field(0xff78), (uint32_t)(ulong)after_smi);
    CHECK_EQ("smm: RAX in the area", field(0xfff8), 0x55);
    CHECK_EQ("smm: CS in the area", field(0xfe10) & 0xffff, CODE_SELECTOR);
    CHECK_EQ("smm: EAX changed by the handler", smi(1), 0x1234abcd);
}

static void held_back(void)
{
    uint32_t before = field(SEEN);

    /* An NMI that comes inside waits for RSM. */
    nmis = 0;
    smi(4);
    CHECK_EQ("smm: NMI waits for RSM", nmis, 1);
    /* An SMI that comes inside, too. */
    smi(8);
    CHECK_EQ("smm: an SMI inside comes afterwards", field(SEEN), before + 3);
    /* An interrupt that is pending. */
    interrupts = 0;
    *lapic(0x300) = 0x44000 | VECTOR;
    smi(0);
    CHECK_EQ("smm: interrupts stay off", interrupts, 0);
    asm volatile("sti; nop; nop; cli");
    CHECK_EQ("smm: and come later", interrupts, 1);
}

static void moves(void)
{
    for (unsigned k = 0; k < 3; k++) {
        ulong to = k & 1 ? 0x30000 : 0x50000;

        install(to);
        set_field(0x8824, to);
        smi(2);
        smbase = to;
        smi(0);
        CHECK_EQ("smm: at another SMBASE", field(SEEN), 1);
        CHECK_EQ("smm: CS there", field(SEEN + 8) & 0xffff, to >> 4);
        enters_and_leaves();
    }
    install(0x30000);
    set_field(0x8824, 0x30000);
    smi(2);
    smbase = 0x30000;
}

/* The 440FX's register 72: SMRAM at a0000, open, then seen from inside only. */
static void smram(uint8_t v)
{
    outl(0xcf8, 0x80000070);
    outb(0xcfe, v);
}

static void hidden(void)
{
    volatile uint32_t *outside = (volatile uint32_t *)0xa8000;

    smram(0x4a);
    install(0xa0000);
    CHECK_EQ("smm: SMRAM is open", *outside, *(const uint32_t *)handler);
    smram(0x0a);
    CHECK_EQ("smm: SMRAM is closed", *outside != *(const uint32_t *)handler, 1);
    set_field(0x8824, 0xa0000);
    smi(2);
    /* The wish is in hidden memory, 0. */
    for (unsigned k = 0; k < 10; k++) {
        asm volatile("outb %%al, $0xb2" : : "a"(0) : "memory");
    }
    smram(0x4a);
    smbase = 0xa0000;
    CHECK_EQ("smm: code in SMRAM", field(SEEN), 10);
    set_field(0x8824, 0x30000);
    set_field(0x8820, 2);
    smram(0x0a);
    asm volatile("outb %%al, $0xb2" : : "a"(0) : "memory");
    smbase = 0x30000;
    install(0x30000);
    smi(0);
    CHECK_EQ("smm: back in RAM", field(SEEN), 1);
    smram(0x02);
}

void test(void)
{
    hook[2] = on_nmi;
    hook[VECTOR] = on_interrupt;
    *lapic(0xf0) = 0x1ff;
    allow_smi();
    TRY("rsm", : : "memory");
    CHECK_EQ("smm: RSM outside", fault.vector, 6);
    install(smbase);
    enters_and_leaves();
    held_back();
    moves();
    hidden();
}
