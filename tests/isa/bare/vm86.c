/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual-8086 mode with and without its extensions (CR4.VME): CLI, STI, PUSHF, POPF,
 * INT n and IRET by IOPL, the redirection bitmap, VIF and VIP; and protected-mode
 * virtual interrupts (CR4.PVI). Intel SDM volume 3B, chapter 21 (20 in older ones).
 */
#include "bare.h"

const unsigned test_rounds = 4;

enum { VME = 1, PVI = 2 };
enum {
    IF = 0x200,
    TF = 0x100,
    NT = 0x4000,
    IOPL3 = 0x3000,
    VM = 0x20000,
    VIF = 0x80000,
    VIP = 0x100000
};
enum { GP = 13, VECTOR = 0x60, IPI = 0x61 };

static void set_cr4(ulong v)
{
    write_cr4((read_cr4() & ~3ul) | v);
}

#if WIDTH == 32

enum { CODE_AT = 0x8000, STACK_AT = 0x90000, SP = 0x1000, HANDLER_AT = 0x8800 };
enum { REDIRECTION = 104, IO_MAP = REDIRECTION + 32 };

/* The frame that IRET takes to virtual-8086 mode: four segments more. */
typedef struct Vm86 {
    Regs r;
    ulong es, ds, fs, gs;
} Vm86;

static Vm86 vm;
static uint32_t *volatile vectors = (uint32_t *)0;

/* 16-bit code at 800:0; each piece ends by HLT, which is not allowed. */
#define PIECE(name, text)                               \
    asm(".pushsection .rodata\n\t.code16\n" #name ":\n" \
        "\t" text "\n" #name "_end:\n\t.code32\n"       \
        "\t.popsection");                               \
    extern const uint8_t name[], name##_end[]

PIECE(only_cli, "cli; hlt");
PIECE(only_sti, "sti; hlt");
PIECE(cli_sti, "cli; pushfw; popw %ax; sti; pushfw; popw %bx; cli; hlt");
PIECE(only_pushf, "pushfw; popw %ax; hlt");
PIECE(only_pushfd, "pushfl; popl %eax; hlt");
PIECE(only_popf, "pushw %ax; nop; popfw; hlt");
PIECE(only_popfd, "pushl %eax; nop; popfl; hlt");
/* CS and IP of what follows. */
PIECE(only_iret, "pushw %ax; pushw $0x800; pushw $7; iretw; hlt");
PIECE(only_iretd, "pushl %eax; pushl $0x800; pushl $13; iretl; hlt");
PIECE(only_int, "int $0x60; hlt");
PIECE(int_3, "int3; hlt");
PIECE(long_int_3, ".byte 0xcd, 3; hlt");
PIECE(long_int_4, ".byte 0xcd, 4; hlt");
PIECE(only_into, "movb $0x7f, %al; addb $1, %al; into; hlt");
PIECE(only_div, "xorw %bx, %bx; divw %bx; hlt");
PIECE(only_nop, "nop; hlt");
PIECE(in_80, "inb $0x80, %al; hlt");
PIECE(in_80_word, "inw $0x80, %ax; hlt");
PIECE(in_f7_word, "inw $0xf7, %ax; hlt");
PIECE(in_ff, "inb $0xff, %al; hlt");
/* The handler in the 8086 program, at 880:0: what it finds, then back. */
PIECE(handler, "movw %sp, %bp; movw (%bp), %bx; movw 2(%bp), %cx; movw 4(%bp), %dx\n\t"
               "pushfw; popw %si; movw $0xbeef, %di; hlt");

static ulong length;

/* Runs a piece to its first exception, with these flags. */
static void run(const uint8_t *from, const uint8_t *end, ulong flags, ulong ax)
{
    length = end - from;
    memcpy((void *)CODE_AT, from, length);
    vm = (Vm86){
        .r = {.ax = ax,
              .ip = 0,
              .cs = CODE_AT >> 4,
              .flags = flags | VM | 2,
              .sp = SP,
              .ss = STACK_AT >> 4}
    };
    frame_run(&vm.r);
}

/* "To its end": all but the HLT was executed. */
#define RUN(piece, flags, ax) run(piece, piece##_end, flags, ax)
#define TO_ITS_END(what)                                                  \
    CHECK_EQ("vm86: " what,                                               \
             (vm.r.vector == GP && !vm.r.error && vm.r.cs == CODE_AT >> 4 \
                  ? 0                                                     \
                  : vm.r.vector << 16) |                                  \
                 vm.r.ip,                                                 \
             length - 1)
#define REFUSED(what, at)                                                  \
    do {                                                                   \
        CHECK_EQ("vm86: " what, vm.r.vector << 16 | vm.r.error, GP << 16); \
        CHECK_EQ("vm86: " what ", where", vm.r.ip, at);                    \
    } while (0)
#define FLAGS(what, mask, want) CHECK_EQ("vm86: " what, vm.r.flags &(mask), want)

static void plain(void)
{
    set_cr4(0);
    RUN(cli_sti, IF | IOPL3, 0);
    TO_ITS_END("IOPL 3");
    CHECK_EQ("vm86: IOPL 3, PUSHF behind CLI", vm.r.ax & 0x7200, 0x3000);
    CHECK_EQ("vm86: IOPL 3, PUSHF behind STI", vm.r.bx & 0x7200, 0x3200);
    FLAGS("IOPL 3, flags", VM | VIF | IF | IOPL3, VM | IOPL3);
    RUN(only_popf, IF | IOPL3, 0x4cd7);
    TO_ITS_END("IOPL 3, POPF");
    FLAGS("IOPL 3, flags by POPF", 0xffff, 0x7cd7);
    RUN(only_popfd, IOPL3, 0x20000ull | VIF | VIP | IF);
    TO_ITS_END("IOPL 3, POPFD");
    FLAGS("IOPL 3, flags by POPFD", VM | VIF | VIP | 0xffff, VM | IOPL3 | IF | 2);
    RUN(only_pushfd, IOPL3 | IF, 0);
    TO_ITS_END("IOPL 3, PUSHFD");
    CHECK_EQ("vm86: IOPL 3, PUSHFD without VM", vm.r.ax, IOPL3 | IF | 2);
    RUN(only_iret, IF | IOPL3, 0x4002);
    TO_ITS_END("IOPL 3, IRET");
    FLAGS("IOPL 3, flags by IRET", VM | 0xffff, VM | IOPL3 | NT | 2);
    RUN(only_iretd, IOPL3, VIF | VIP | IF);
    TO_ITS_END("IOPL 3, IRETD");
    FLAGS("IOPL 3, flags by IRETD", VM | VIF | VIP | 0xffff, VM | IOPL3 | IF | 2);
    RUN(only_int, IF | IOPL3, 0);
    CHECK_EQ("vm86: IOPL 3, INT", vm.r.vector << 16 | vm.r.ip, VECTOR << 16 | 2);
    for (unsigned iopl = 0; iopl < 3; iopl++) {
        ulong flags = IF | iopl << 12;

        RUN(only_cli, flags, 0);
        REFUSED("CLI", 0);
        RUN(only_sti, flags, 0);
        REFUSED("STI", 0);
        RUN(only_pushf, flags, 0);
        REFUSED("PUSHF", 0);
        RUN(only_popf, flags, 2);
        REFUSED("POPF", 2);
        RUN(only_iret, flags, 2);
        REFUSED("IRET", 6);
        RUN(only_int, flags, 0);
        REFUSED("INT", 0);
        RUN(long_int_3, flags, 0);
        REFUSED("INT 3 of two bytes", 0);
        RUN(long_int_4, flags, 0);
        REFUSED("INT 4", 0);
        RUN(int_3, flags, 0);
        CHECK_EQ("vm86: INT3", vm.r.vector << 16 | vm.r.ip, 3 << 16 | 1);
        RUN(only_into, flags, 0);
        CHECK_EQ("vm86: INTO", vm.r.vector << 16 | vm.r.ip, 4 << 16 | 5);
    }
    /* PVI is none of its business. */
    set_cr4(PVI);
    RUN(only_cli, IF, 0);
    REFUSED("CLI with PVI", 0);
    RUN(only_nop, IF | VIF | VIP, 0);
    TO_ITS_END("VIF and VIP with PVI");
    RUN(only_sti, IF, 0);
    REFUSED("STI with PVI", 0);
}

/* IOPL below 3: VIF takes the place of IF. */
static void virtual_flag(void)
{
    set_cr4(VME);
    for (unsigned iopl = 0; iopl < 3; iopl++) {
        ulong flags = IF | iopl << 12;

        RUN(cli_sti, flags | VIF, 0);
        TO_ITS_END("VME");
        CHECK_EQ("vm86: VME, PUSHF behind CLI", vm.r.ax & 0x7200, 0x3000);
        CHECK_EQ("vm86: VME, PUSHF behind STI", vm.r.bx & 0x7200, 0x3200);
        FLAGS("VME, flags", VM | VIF | VIP | IF | IOPL3, VM | flags);
        RUN(only_sti, flags, 0);
        TO_ITS_END("VME, STI");
        FLAGS("VME, STI", VM | VIF | VIP | IF | IOPL3, VM | VIF | flags);
        RUN(only_cli, flags | VIP, 0);
        TO_ITS_END("VME, CLI with VIP");
        FLAGS("VME, CLI with VIP", VIF | VIP | IF, VIP | IF);
        RUN(only_nop, flags | VIF | VIP, 0);
        REFUSED("VME, VIF and VIP", 0);
        FLAGS("VME, VIF and VIP, flags", VIF | VIP | IF, VIF | VIP | IF);
        RUN(only_sti, flags | VIP, 0);
        REFUSED("VME, STI with VIP", 0);
        FLAGS("VME, STI with VIP, flags", VIF | VIP | IF, VIP | IF);
        RUN(only_pushfd, flags, 0);
        REFUSED("VME, PUSHFD", 0);
        RUN(only_popf, flags, 0x4ed7);
        TO_ITS_END("VME, POPF");
        FLAGS("VME, POPF", VM | VIF | VIP | 0xffff, VM | VIF | flags | 0x4ed7);
        RUN(only_popf, flags | VIP, IOPL3 | 2);
        TO_ITS_END("VME, POPF, no IF");
        FLAGS("VME, POPF, no IF", VM | VIF | VIP | 0xffff, VM | VIP | flags | 2);
        RUN(only_popf, flags | VIP, IF);
        REFUSED("VME, POPF with VIP", 2);
        CHECK_EQ("vm86: VME, POPF with VIP, SP", vm.r.sp & 0xffff, SP - 2);
        RUN(only_popf, flags, TF);
        REFUSED("VME, POPF with TF", 2);
        RUN(only_popfd, flags, 2);
        REFUSED("VME, POPFD", 3);
        RUN(only_iret, flags, 0x4ed7);
        TO_ITS_END("VME, IRET");
        FLAGS("VME, IRET", VM | VIF | VIP | 0xffff, VM | VIF | flags | 0x4ed7);
        RUN(only_iret, flags | VIF, 2);
        TO_ITS_END("VME, IRET, no IF");
        FLAGS("VME, IRET, no IF", VM | VIF | VIP | 0xffff, VM | flags | 2);
        RUN(only_iret, flags | VIP, IF);
        REFUSED("VME, IRET with VIP", 6);
        CHECK_EQ("vm86: VME, IRET with VIP, SP", vm.r.sp & 0xffff, SP - 6);
        RUN(only_iret, flags, TF);
        REFUSED("VME, IRET with TF", 6);
        RUN(only_iretd, flags, 2);
        REFUSED("VME, IRETD", 11);
    }
    /* With IOPL 3 VIF does not count. */
    RUN(cli_sti, IF | IOPL3 | VIF | VIP, 0);
    TO_ITS_END("VME, IOPL 3");
    CHECK_EQ("vm86: VME, IOPL 3, PUSHF behind CLI", vm.r.ax & 0x7200, 0x3000);
    CHECK_EQ("vm86: VME, IOPL 3, PUSHF behind STI", vm.r.bx & 0x7200, 0x3200);
    FLAGS("VME, IOPL 3, flags", VIF | VIP | IF, VIF | VIP);
    RUN(only_popf, IOPL3 | VIP, IF | 2);
    TO_ITS_END("VME, IOPL 3, POPF");
    FLAGS("VME, IOPL 3, POPF", VIF | VIP | IF, VIP | IF);
}

static void redirect(unsigned vector, bool to_8086)
{
    uint8_t *byte = &tss[REDIRECTION + vector / 8], bit = 1 << (vector & 7);

    *byte = to_8086 ? *byte & ~bit : *byte | bit;
    vectors[vector] = (HANDLER_AT >> 4) << 16;
}

#define IN_HANDLER(what, flags_inside, pushed, after)                                \
    do {                                                                             \
        CHECK_EQ("vm86: " what, vm.r.di & 0xffff, 0xbeef);                           \
        CHECK_EQ("vm86: " what ", where", vm.r.cs << 16 | vm.r.ip,                   \
                 HANDLER_AT << 12 | (handler_end - handler - 1));                    \
        CHECK_EQ("vm86: " what ", SP", vm.r.sp & 0xffff, SP - 6);                    \
        CHECK_EQ("vm86: " what ", IP", vm.r.bx & 0xffff, after);                     \
        CHECK_EQ("vm86: " what ", CS", vm.r.cx & 0xffff, CODE_AT >> 4);              \
        CHECK_EQ("vm86: " what ", FLAGS", vm.r.dx &(IF | TF | IOPL3), pushed);       \
        FLAGS(what ", flags inside", VM | VIF | VIP | IF | TF, VM | (flags_inside)); \
    } while (0)

static void redirected_by_map(unsigned iopl)
{
    ulong flags = IF | iopl << 12;

    redirect(VECTOR, true);
    redirect(3, true);
    redirect(4, true);
    redirect(0, true);
    RUN(only_int, flags | VIF, 0);
    if (iopl == 3) {
        IN_HANDLER("redirected, IOPL 3", VIF, IF | IOPL3, 2);
    } else {
        IN_HANDLER("redirected", IF, IF | IOPL3, 2);
    }
    RUN(only_int, iopl << 12 | VIP, 0);
    IN_HANDLER("redirected with IF and VIF clear", VIP, IOPL3, 2);
    RUN(long_int_3, flags, 0);
    IN_HANDLER("INT 3 of two bytes, redirected", iopl == 3 ? 0 : IF,
               iopl == 3 ? IF | IOPL3 : IOPL3, 2);
    RUN(long_int_4, flags, 0);
    IN_HANDLER("INT 4, redirected", iopl == 3 ? 0 : IF, iopl == 3 ? IF | IOPL3 : IOPL3,
               2);
    /* Others are not subject to the map. */
    RUN(int_3, flags, 0);
    CHECK_EQ("vm86: INT3 is not redirected", vm.r.vector << 16 | vm.r.ip, 3 << 16 | 1);
    RUN(only_into, flags, 0);
    CHECK_EQ("vm86: INTO is not redirected", vm.r.vector << 16 | vm.r.ip, 4 << 16 | 5);
    RUN(only_div, flags, 0);
    CHECK_EQ("vm86: exceptions are not redirected", vm.r.vector << 16 | vm.r.ip, 2);
    redirect(VECTOR, false);
    redirect(3, false);
    redirect(4, false);
    RUN(only_int, flags, 0);
    if (iopl == 3) {
        CHECK_EQ("vm86: not redirected, IOPL 3", vm.r.vector << 16 | vm.r.ip,
                 VECTOR << 16 | 2);
        RUN(long_int_3, flags, 0);
        CHECK_EQ("vm86: INT 3 of two bytes, IOPL 3", vm.r.vector << 16 | vm.r.ip,
                 3 << 16 | 2);
    } else {
        REFUSED("not redirected", 0);
        RUN(long_int_3, flags, 0);
        REFUSED("INT 3 of two bytes, not redirected", 0);
        RUN(long_int_4, flags, 0);
        REFUSED("INT 4, not redirected", 0);
    }
}

/* A redirected INT when the stack ends within its frame: #SS, and nothing has moved. */
static void stack_ends(void)
{
    redirect(VECTOR, true);
    memcpy((void *)CODE_AT, only_int, only_int_end - only_int);
    for (unsigned sp = 1; sp < 6; sp += 2) {
        vm = (Vm86){
            .r = {.cs = CODE_AT >> 4, .flags = VM | 2, .sp = sp, .ss = STACK_AT >> 4}
        };
        frame_run(&vm.r);
        CHECK_EQ("vm86: the stack ends", vm.r.vector << 16 | vm.r.ip, 12 << 16);
        CHECK_EQ("vm86: the stack ends, SP", vm.r.sp & 0xffff, sp);
    }
}

/* A maskable interrupt obeys IF, not VIF, and has the stack of ring 0. */
static void on_ipi(Regs *r)
{
    const Vm86 *v = (const Vm86 *)r;

    *lapic(0xb0) = 0;
    CHECK_EQ("vm86: interrupt, flags", r->flags & (VM | VIF | IF | TF), VM | IF);
    CHECK_EQ("vm86: interrupt, DS", v->ds, 0x1234);
    CHECK_EQ("vm86: interrupt, GS", v->gs, 0x4567);
    CHECK_EQ("vm86: interrupt, flags of the handler",
             read_flags() & (VM | VIF | IF | TF | NT), 0);
    r->ax = 0x77;
}

static void interrupt(void)
{
    *lapic(0xf0) = 0x1ff;
    hook[IPI] = on_ipi;
    *lapic(0x300) = 0x44000 | IPI;
    memcpy((void *)CODE_AT, only_nop, only_nop_end - only_nop);
    vm = (Vm86){
        .r = {.cs = CODE_AT >> 4,
              .flags = VM | IF | 2,
              .sp = SP,
              .ss = STACK_AT >> 4},
        .ds = 0x1234,
        .gs = 0x4567
    };
    frame_run(&vm.r);
    CHECK_EQ("vm86: interrupt with VIF clear", vm.r.ax, 0x77);
}

/* IOPL does not count for IN, the map does, and must end by a byte more. */
static void io_map(void)
{
    for (unsigned iopl = 0; iopl < 4; iopl += 3) {
        RUN(in_80, iopl << 12, 0);
        REFUSED("IN", 0);
        tss[IO_MAP + 0x10] = 0xfe;
        RUN(in_80, iopl << 12, 0);
        TO_ITS_END("IN by the map");
        RUN(in_80_word, iopl << 12, 0);
        REFUSED("IN of two ports", 0);
        tss[IO_MAP + 0x10] = 0xfc;
        RUN(in_80_word, iopl << 12, 0);
        TO_ITS_END("IN of two ports by the map");
        tss[IO_MAP + 0x1e] = 0x7f;
        tss[IO_MAP + 0x1f] = 0xff;
        RUN(in_f7_word, iopl << 12, 0);
        REFUSED("IN of two ports, two bytes of the map", 0);
        tss[IO_MAP + 0x1f] = 0xfe;
        RUN(in_f7_word, iopl << 12, 0);
        TO_ITS_END("IN of two ports by two bytes of the map");
        tss[IO_MAP + 0x1f] = 0;
        RUN(in_ff, iopl << 12, 0);
        REFUSED("IN by the last byte of the TSS", 0);
        memset(tss + IO_MAP, 0xff, sizeof(tss) - IO_MAP);
    }
}

static void vm86(void)
{
    uint16_t *map = &((uint16_t *)tss)[51], old = *map;

    set_gate(VECTOR, 3);
    set_gate(3, 3);
    set_gate(4, 3);
    memset(tss + REDIRECTION, 0xff, sizeof(tss) - REDIRECTION);
    *map = IO_MAP;
    memcpy((void *)HANDLER_AT, handler, handler_end - handler);
    plain();
    virtual_flag();
    for (unsigned iopl = 0; iopl < 4; iopl++) {
        redirected_by_map(iopl);
    }
    stack_ends();
    interrupt();
    io_map();
    *map = old;
}

/* Rings 1 and 2, for CLI and STI there. */
static void other_rings(void)
{
    for (unsigned ring = 1; ring < 3; ring++) {
        Regs r = { .cs = 0x50 | ring, .ss = 0x58 | ring, .flags = VIF | 2 };
        extern const uint8_t user_cli[], user_sti[];

        gdt[0x50 / 8] = descriptor(0, 0xfffff, 0xc09b | ring << 5);
        gdt[0x58 / 8] = descriptor(0, 0xfffff, 0xc093 | ring << 5);
        r.ip = (ulong)user_cli;
        frame_run(&r);
        CHECK_EQ("pvi: CLI in ring 1 and 2", r.vector << 16 | r.error, GP << 16);
        r.ip = (ulong)user_sti;
        frame_run(&r);
        CHECK_EQ("pvi: STI in ring 1 and 2", r.vector << 16 | r.error, GP << 16);
        r.flags = VIF | IF | ring << 12 | 2;
        r.ip = (ulong)user_cli;
        frame_run(&r);
        CHECK_EQ("pvi: CLI by IOPL", r.vector, 3);
        CHECK_EQ("pvi: CLI by IOPL, flags", r.flags & (VIF | IF), VIF);
    }
}
#else
static void vm86(void)
{
}
static void other_rings(void)
{
}
#endif

/* --- Protected mode ------------------------------------------------------------------
 */

#if WIDTH == 64
#define AX "rax"
#else
#define AX "eax"
#endif

asm(".text\n"
    "user_nop:\tnop; int3\n"
    "user_cli:\tcli; int3\n"
    "user_sti:\tsti; int3\n"
    "user_pushf:\tpushf; pop %" AX "; int3\n"
    "user_popf:\tpush %" AX "; nop; popf; int3\n");
extern const uint8_t user_nop[], user_cli[], user_sti[], user_pushf[], user_popf[];

static uint8_t user_stack[256] __attribute__((aligned(16)));

static Regs in_user(const uint8_t *code, ulong flags, ulong ax)
{
    Regs r = { .ax = ax,
               .ip = (ulong)code,
               .flags = flags | 2,
               .sp = (ulong)user_stack + sizeof(user_stack) };

    user_run(&r);
    return r;
}

#define USER(what, code, flags_in, ax, want)                                        \
    do {                                                                            \
        Regs r_ = in_user(code, flags_in, ax);                                      \
        CHECK_EQ("pvi: " what, r_.vector, 3);                                       \
        CHECK_EQ("pvi: " what ", flags", r_.flags &(IF | IOPL3 | VIF | VIP), want); \
    } while (0)
#define USER_REFUSED(what, code, flags_in)                                   \
    do {                                                                     \
        Regs r_ = in_user(code, flags_in, 0);                                \
        CHECK_EQ("pvi: " what, r_.vector << 16 | r_.error, GP << 16);        \
        CHECK_EQ("pvi: " what ", where", r_.ip, (ulong)code);                \
        CHECK_EQ("pvi: " what ", flags", r_.flags &(VIF | VIP | IF | IOPL3), \
                 flags_in);                                                  \
    } while (0)

static void protected(void)
{
    set_cr4(0);
    set_gate(3, 3);
    USER_REFUSED("none, CLI", user_cli, IF);
    USER_REFUSED("none, STI", user_sti, IF | VIF);
    set_cr4(VME);
    USER_REFUSED("VME, CLI", user_cli, IF);
    USER_REFUSED("VME, STI", user_sti, IF);
    USER("VME, VIF and VIP", user_nop, VIF | VIP, 0, VIF | VIP);
    set_cr4(PVI);
    for (unsigned iopl = 0; iopl < 3; iopl++) {
        ulong f = iopl << 12 | IF;

        USER("CLI", user_cli, f | VIF, 0, f);
        USER("CLI with VIP", user_cli, f | VIP, 0, f | VIP);
        USER_REFUSED("VIF and VIP", user_nop, f | VIF | VIP);
        USER("STI", user_sti, f, 0, f | VIF);
        USER_REFUSED("STI with VIP", user_sti, f | VIP);
        /* The others know nothing of it. */
        USER("POPF with IF", user_popf, f | VIP, IF | 2, f | VIP);
        USER("POPF without", user_popf, f | VIF, 2, f | VIF);
    }
    USER("IOPL 3, VIF and VIP", user_nop, IOPL3 | VIF | VIP, 0, IOPL3 | VIF | VIP);
    USER("IOPL 3, CLI", user_cli, IF | IOPL3 | VIF, 0, IOPL3 | VIF);
    USER("IOPL 3, STI", user_sti, IOPL3 | VIP, 0, IF | IOPL3 | VIP);
    CHECK_EQ("pvi: PUSHF", in_user(user_pushf, IF | VIF, 0).ax & (IF | VIF | VIP),
             IF | VIF);
    CHECK_EQ("pvi: PUSHF with VIP", in_user(user_pushf, VIP, 0).ax & (IF | VIF | VIP),
             VIP);
    other_rings();
    set_cr4(0);
}

void test(void)
{
    vm86();
    protected();
}
