/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System management mode: an SMI by port b2, what the state area says, RSM, another
 * SMBASE, SMRAM, what is held back meanwhile, and SMIs that come in HLT and within
 * repeated string instructions. AMD APM volume 2, chapter 10; processors without long
 * mode: SDM volume 3C, chapter 31 (34 in older ones).
 */
#include "bare.h"

const unsigned test_rounds = 3;

enum { SEEN = 0x8800, VECTOR = 0x50 };

#if WIDTH == 64
#define SP "rsp"
#define BP "rbp"
#define AX "rax"
#else
#define SP "esp"
#define BP "ebp"
#define AX "eax"
#endif

/*
 * At SMBASE + 8000. Leaves at 8800: how often, CR0, CS, flags, a word above 1 MiB; does
 * what the word at 8820 asks for: 1 changes EAX, 2 another SMBASE (8824), 4 an NMI to
 * itself, 8 an SMI, 16 turns paging on (CR3 at 8828). From 8840 on, as Params says.
 */
typedef struct Params {
    uint16_t ax_at, smbase_at, halted_at, ip_at; /* in the state area */
    uint32_t ip, ip_times; /* how often the area had this address */
    uint32_t halted;       /* what the area said */
    uint16_t
        not_halted_after;   /* from this entry on RSM is not to halt again; 0: never */
    uint16_t nmi_if_halted; /* once */
} Params;

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
    "movw %cs:0x8846, %si\n\t"
    "movl %cs:(%si), %eax\n\t"
    "cmpl %eax, %cs:0x8848\n\t"
    "jne 1f\n\t"
    "incl %cs:0x884c\n"
    "1:\tmovw %cs:0x8844, %si\n\t"
    "movzbl %cs:(%si), %eax\n\t"
    "movl %eax, %cs:0x8850\n\t"
    "testb $1, %al\n\t"
    "jz 1f\n\t"
    "cmpw $0, %cs:0x8856\n\t"
    "je 2f\n\t"
    "movw $0, %cs:0x8856\n\t"
    "movl $0xfee00300, %ebx\n\t"
    "addr32 movl $0x44400, (%ebx)\n"
    "2:\tmovw %cs:0x8854, %ax\n\t"
    "decw %ax\n\t"
    "cmpw %cs:0x8800, %ax\n\t"
    "jae 1f\n\t"
    "movb $0, %cs:(%si)\n"
    "1:\tmovw %cs:0x8820, %dx\n\t"
    "testw $1, %dx\n\t"
    "jz 1f\n\t"
    "movw %cs:0x8840, %si\n\t"
    "movl $0x1234abcd, %cs:(%si)\n"
    "1:\ttestw $2, %dx\n\t"
    "jz 1f\n\t"
    "movw %cs:0x8842, %si\n\t"
    "movl %cs:0x8824, %eax\n\t"
    "movl %eax, %cs:(%si)\n"
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
    "testw $16, %dx\n\t"
    "jz 1f\n\t"
    "movl %cs:0x8828, %eax\n\t"
    "movl %eax, %cr3\n\t"
    "movl $0x10, %eax\n\t" /* PSE */
    "movl %eax, %cr4\n\t"
    "movl %cr0, %eax\n\t"
    "orl $0x80000001, %eax\n\t"
    "movl %eax, %cr0\n"
    "1:\trsm\n"
    "handler_end:\n\t"
#if WIDTH == 64
    ".code64\n\t"
#else
    ".code32\n\t"
#endif
    ".popsection");
extern const uint8_t handler[], handler_end[];

/* Where the state area has what, from SMBASE on. */
typedef struct Area {
    uint32_t revision, smbase, cr0, cr3, ip, cs, flags, halted;
    uint32_t regs[8]; /* by number */
} Area;

static const Area area_amd64 = {
    0x20064, 0xff00, 0xff58,
    0xff50,  0xff78, 0xfe10,
    0xff70,  0xfec9, {0xfff8, 0xfff0, 0xffe8, 0xffe0, 0xffd8, 0xffd0, 0xffc8, 0xffc0}
};
static const Area area_p6 = {
    0x20000, 0xfef8, 0xfffc,
    0xfff8,  0xfff0, 0xffac,
    0xfff4,  0xff02, {0xffd0, 0xffd4, 0xffd8, 0xffdc, 0xffe0, 0xffe4, 0xffe8, 0xffec}
};
static const Area *area = &area_amd64;

static volatile unsigned nmis, interrupts;
static bool smi_in_nmi;
static ulong smbase = 0x30000;

static uint32_t field(unsigned offset)
{
    return *(volatile uint32_t *)(smbase + offset);
}

static void set_field(unsigned offset, uint32_t v)
{
    *(volatile uint32_t *)(smbase + offset) = v;
}

static volatile Params *params(void)
{
    return (volatile Params *)(smbase + 0x8840);
}

static void on_nmi(Regs *r)
{
    unsigned now = ++nmis;

    if (!smi_in_nmi) {
        return;
    }
    smi_in_nmi = false;
    asm volatile("outb %%al, $0xb2" : : "a"(0) : "memory");
    *lapic(0x300) = 0x44400;
    asm volatile("nop; nop; nop" : : : "memory");
    CHECK_EQ("smm: NMIs stay blocked behind RSM", nmis, now);
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
    *(volatile Params *)(base + 0x8840) = (Params){ .ax_at = area->regs[0],
                                                    .smbase_at = area->smbase,
                                                    .halted_at = area->halted,
                                                    .ip_at = area->ip };
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

extern uint8_t after_smi[], after_hlt[], rep_outs[], rep_movs[];

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
    CHECK_EQ("smm: revision", field(0xfefc), area->revision);
    CHECK_EQ("smm: SMBASE in the area", field(area->smbase), smbase);
    CHECK_EQ("smm: CR0 in the area", field(area->cr0), (uint32_t)read_cr0());
    CHECK_EQ("smm: CR3 in the area", field(area->cr3), (uint32_t)read_cr3());
    CHECK_EQ("smm: RIP in the area", field(area->ip), (uint32_t)(ulong)after_smi);
    CHECK_EQ("smm: RAX in the area", field(area->regs[0]), 0x55);
    CHECK_EQ("smm: CS in the area", field(area->cs) & 0xffff, CODE_SELECTOR);
    CHECK_EQ("smm: not halted", params()->halted, 0);
    CHECK_EQ("smm: EAX changed by the handler", smi(1), 0x1234abcd);
}

/* Each register has its place, and comes back. */
static void registers(void)
{
    ulong sp, cx, dx, bx, bp, si, di;

    asm volatile("push %%" BP "; mov $0x55667788, %%ebp; mov %%" SP ", (%7)\n\t"
                 "outb %%al, $0xb2\n\t"
                 "mov %%" BP ", %%" AX "; pop %%" BP "\n\t"
                 : "=a"(bp), "=c"(cx), "=d"(dx), "=b"(bx), "=S"(si), "=D"(di)
                 : "0"(0x11), "D"(&sp), "1"(0x22), "2"(0x33), "3"(0x44), "4"(0x77)
                 : "memory");
    CHECK_EQ("smm: ECX", cx, 0x22);
    CHECK_EQ("smm: EDX", dx, 0x33);
    CHECK_EQ("smm: EBX", bx, 0x44);
    CHECK_EQ("smm: EBP", bp, 0x55667788);
    CHECK_EQ("smm: ESI", si, 0x77);
    CHECK_EQ("smm: EDI", di, (ulong)&sp);
    CHECK_EQ("smm: EAX in the area", field(area->regs[0]), 0x11);
    CHECK_EQ("smm: ECX in the area", field(area->regs[1]), 0x22);
    CHECK_EQ("smm: EDX in the area", field(area->regs[2]), 0x33);
    CHECK_EQ("smm: EBX in the area", field(area->regs[3]), 0x44);
    CHECK_EQ("smm: ESP in the area", field(area->regs[4]), (uint32_t)sp);
    CHECK_EQ("smm: EBP in the area", field(area->regs[5]), 0x55667788);
    CHECK_EQ("smm: ESI in the area", field(area->regs[6]), 0x77);
    CHECK_EQ("smm: EDI in the area", field(area->regs[7]), (uint32_t)(ulong)&sp);
    CHECK_EQ("smm: EFLAGS in the area", field(area->flags) & 0x202, 2);
}

/* RSM reads physical memory although the handler runs elsewhere, by pages. */
static void paging_in_handler(void)
{
    static uint32_t directory[1024] __attribute__((aligned(4096)));

    directory[0] = 0x400000 | 0x83;
    memset((void *)(0x400000 + smbase + 0x8000), 0, 0x8000);
    memcpy((void *)(0x400000 + smbase + 0x8000), handler, handler_end - handler);
    set_field(0x8828, (uint32_t)(ulong)directory);
    CHECK_EQ("smm: RSM with paging", smi(16), 0x55);
    CHECK_EQ("smm: RSM with paging, and EAX changed", smi(17), 0x1234abcd);
}

/* EFER has no place in the area of processors without long mode. */
static void no_execute(void)
{
    uint32_t a = 0x80000001, b, c = 0, d;
    uint64_t efer;

    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (d & 1 << 20) {
        efer = rdmsr(0xc0000080) | 1 << 11;
        wrmsr(0xc0000080, efer);
        smi(0);
        CHECK_EQ("smm: EFER afterwards", rdmsr(0xc0000080), efer);
    }
}

static void held_back(void)
{
    uint32_t before = field(SEEN);

    /* An NMI that comes inside waits for RSM. */
    nmis = 0;
    smi(4);
    CHECK_EQ("smm: NMI waits for RSM", nmis, 1);
    /* One that came within an NMI leaves them blocked. */
    nmis = 0;
    smi_in_nmi = true;
    *lapic(0x300) = 0x44400;
    asm volatile("nop; nop; nop" : : : "memory");
    CHECK_EQ("smm: an NMI behind an SMI in an NMI", nmis, 2);
    before = field(SEEN) - 1;
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

/* SMIs by the I/O APIC: IRQ 0, its input 2, every so many ticks of 1.19 MHz; 0: none.
 */
static void periodic_smi(unsigned ticks)
{
    volatile uint32_t *ioapic = (volatile uint32_t *)0xfec00000;

    ioapic[0] = 0x10 + 2 * 2;
    ioapic[4] = 0x10000;
    outb(0x43, ticks ? 0x34 : 0x30);
    if (ticks) {
        outb(0x40, ticks);
        outb(0x40, ticks >> 8);
        ioapic[4] = 0x200;
    }
    asm volatile("nop; nop; nop" : : : "memory");
}

/* The third SMI or one behind it says that RSM is not to halt again; IF is clear. */
static void in_hlt(void)
{
    install(smbase);
    params()->not_halted_after = 3;
    params()->ip = (uint32_t)(ulong)after_hlt;
    periodic_smi(600);
    asm volatile("hlt\n\t.globl after_hlt\nafter_hlt:" : : : "memory");
    periodic_smi(0);
    CHECK((uint16_t)field(SEEN) >= 3);
    CHECK(params()->ip_times >= 1);
    /* It halts again, until an NMI that the handler has sent. */
    install(smbase);
    nmis = 0;
    params()->nmi_if_halted = 1;
    periodic_smi(600);
    asm volatile("hlt" : : : "memory");
    periodic_smi(0);
    CHECK_EQ("smm: HLT until the NMI", nmis, 1);
}

/* An SMI at each byte but the last leaves the instruction to be gone on with. */
static void in_rep_outs(void)
{
    static const uint8_t bytes[5] = { 1, 2, 3, 4, 5 };
    const uint8_t *from = bytes;
    ulong n = sizeof(bytes);

    install(smbase);
    params()->ip = (uint32_t)(ulong)rep_outs;
    asm volatile(".globl rep_outs\nrep_outs: rep outsb"
                 : "+S"(from), "+c"(n)
                 : "d"(0xb2)
                 : "memory");
    CHECK_EQ("smm: REP OUTS, SMIs", field(SEEN), 5);
    CHECK_EQ("smm: REP OUTS, within it", params()->ip_times, 4);
    CHECK_EQ("smm: REP OUTS, rCX", n, 0);
    CHECK_EQ("smm: REP OUTS, rSI", (ulong)from, (ulong)(bytes + 5));
}

static bool are_equal(const uint8_t *a, const uint8_t *b, ulong n)
{
    asm volatile("repe cmpsb" : "+S"(a), "+D"(b), "+c"(n) : : "memory", "cc");
    return !n && a[-1] == b[-1];
}

/* REP MOVS downwards, which takes long, until some SMIs have met it. */
static void in_rep_movs(void)
{
    enum { BYTES = 0x40000 };
    uint8_t *a = (uint8_t *)0x800000, *b = (uint8_t *)0xa00000;

    install(smbase);
    params()->ip = (uint32_t)(ulong)rep_movs;
    for (unsigned k = 0; k < BYTES; k++) {
        a[k] = k ^ k >> 8 ^ round;
    }
    periodic_smi(100);
    for (unsigned tries = 0; params()->ip_times < 3 && tries < 1000; tries++) {
        uint8_t *from = a + BYTES - 1, *to = b + BYTES - 1;
        ulong n = BYTES;

        memset(b - 16, 0, BYTES + 32);
        asm volatile("std\n\t.globl rep_movs\nrep_movs: rep movsb; cld"
                     : "+S"(from), "+D"(to), "+c"(n)
                     :
                     : "memory", "cc");
        CHECK_EQ("smm: REP MOVS, rCX", n, 0);
        CHECK_EQ("smm: REP MOVS, rSI", (ulong)from, (ulong)(a - 1));
        CHECK_EQ("smm: REP MOVS, rDI", (ulong)to, (ulong)(b - 1));
        CHECK_EQ("smm: REP MOVS, below", b[-1], 0);
        CHECK_EQ("smm: REP MOVS, copied", are_equal(a, b, BYTES), 1);
    }
    periodic_smi(0);
    CHECK(params()->ip_times >= 3);
}

static bool has_long_mode(void)
{
    uint32_t a = 0x80000000, b, c = 0, d = 0;

    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (a < 0x80000001) {
        return false;
    }
    a = 0x80000001;
    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return d & 1 << 29;
}

void test(void)
{
    hook[2] = on_nmi;
    hook[VECTOR] = on_interrupt;
    *lapic(0xf0) = 0x1ff;
    allow_smi();
    TRY("rsm", : : "memory");
    CHECK_EQ("smm: RSM outside", fault.vector, 6);
    area = has_long_mode() ? &area_amd64 : &area_p6;
    install(smbase);
    enters_and_leaves();
    registers();
    paging_in_handler();
    no_execute();
    held_back();
    moves();
    hidden();
    in_hlt();
    in_rep_outs();
    in_rep_movs();
}
