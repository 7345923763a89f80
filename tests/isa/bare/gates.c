/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CALL gates of 16 and 32 bits from 16-bit and 32-bit code: the stack of the inner
 * level, parameters, RET n to the outer one, gates within one level, and what is
 * refused; those of 64-bit code. Intel SDM volume 3A, 5.8, volume 2, CALL and RET.
 */
#include "bare.h"

const unsigned test_rounds = 3;

enum { TS = 10, NP = 11, SS = 12, GP = 13, PF = 14 };

#if WIDTH == 32

enum {
    CODE3 = 0x50,
    STACK3 = 0x58,
    CODE = 0x60,
    STACK = 0x68,
    DATA = 0x70,
    GATE = 0x78,
    LDT = 0x80
};
/* Code and both stacks: in low memory, so that 16 bits reach them. */
enum { CODE_AT = 0x8000, HANDLER = 0x400, STACK3_AT = 0x60000, STACK_AT = 0x70000 };
enum { SP3 = 0x1000, SP = 0x2000, TELL = 0x63, PRESENT = 0x80 };
enum { GATE16 = 4, GATE32 = 12 };
/* One call. Sizes in bytes: 2 or 4. */
typedef struct Case {
    unsigned caller, caller_stack, gate, handler, handler_stack, ring, count;
} Case;

static Case now;
static uint32_t *const tss_words = (uint32_t *)tss;
static unsigned tellings;
static ulong call_ip, return_ip;
static Regs user;

static unsigned db(unsigned size)
{
    return size == 4 ? 0x4000 : 0;
}

static void set(unsigned selector, uint32_t base, uint32_t limit, unsigned attr)
{
    gdt[selector / 8] = descriptor(base, limit, attr);
}

static void set_call_gate(unsigned attr, uint16_t selector, uint32_t offset,
                          unsigned count)
{
    gdt[GATE / 8] = (offset & 0xffff) | (uint64_t)selector << 16 |
                    (uint64_t)(attr << 8 | count) << 32 |
                    (uint64_t)(offset >> 16) << 48;
}

static uint32_t stack_word(uint32_t at, unsigned size)
{
    return size == 4 ? *(volatile uint32_t *)at : *(volatile uint16_t *)at;
}

static uint32_t stack3_word(unsigned k)
{
    return stack_word(STACK3_AT + SP3 + k * now.gate, now.gate);
}

/* In the handler: what is on its stack. It leaves its own data segment in DS. */
static void on_tell(Regs *r)
{
    unsigned s = now.gate;
    uint32_t at = STACK_AT + (r->sp & 0xffff);

    tellings++;
    CHECK_EQ("gates: CS", r->cs & 0xffff, CODE | now.ring);
    CHECK_EQ("gates: SS", r->ss & 0xffff, STACK | now.ring);
    CHECK_EQ("gates: SP", r->sp & 0xffff, SP - (4 + now.count) * s);
    CHECK_EQ("gates: return address", stack_word(at, s), return_ip);
    CHECK_EQ("gates: CS of the caller", stack_word(at + s, s), CODE3 | 3);
    for (unsigned k = 0; k < now.count; k++) {
        CHECK_EQ("gates: parameter", stack_word(at + (2 + k) * s, s), stack3_word(k));
    }
    at += (2 + now.count) * s;
    CHECK_EQ("gates: SP of the caller", stack_word(at, s),
             s == 4 ? user.sp : user.sp & 0xffff);
    CHECK_EQ("gates: SS of the caller", stack_word(at + s, s), STACK3 | 3);
    CHECK_EQ("gates: nothing above", stack_word(STACK_AT + SP, 4), 0xfeedf00d);
    r->ds = DATA | now.ring;
}

/* MOV to ESP (IRET to a 16-bit stack leaves its upper half alone); CALL GATE, or JMP to
 * it; INT3. */
static void put_caller(unsigned opcode)
{
    uint8_t *p = (uint8_t *)CODE_AT;

    if (now.caller == 2) {
        *p++ = 0x66;
    }
    *p++ = 0xbc;
    for (unsigned k = 0; k < 4; k++) {
        *p++ = user.sp >> 8 * k;
    }
    call_ip = p - (uint8_t *)CODE_AT;
    *p++ = opcode;
    for (unsigned k = 0; k < now.caller; k++) {
        *p++ = 0x55; /* the offset does not count */
    }
    *p++ = GATE | 3;
    *p++ = 0;
    return_ip = p - (uint8_t *)CODE_AT;
    *p++ = 0xcc;
}

/* INT TELL; RET with the gate's operand size and @released bytes. */
static void put_handler(unsigned released)
{
    uint8_t *p = (uint8_t *)CODE_AT + HANDLER;

    *p++ = 0xcd;
    *p++ = TELL;
    if (now.handler != now.gate) {
        *p++ = 0x66;
    }
    *p++ = 0xca;
    *p++ = released;
    *p++ = released >> 8;
}

static void prepare(void)
{
    set(CODE3, CODE_AT, 0xffff, 0xfb | db(now.caller));
    set(STACK3, STACK3_AT, 0xffff, 0xf3 | db(now.caller_stack));
    set(CODE, CODE_AT, 0xffff, 0x9b | now.ring << 5 | db(now.handler));
    set(STACK, STACK_AT, 0xffff, 0x93 | now.ring << 5 | db(now.handler_stack));
    set(DATA, 0, 0xfffff, 0xc093 | now.ring << 5);
    set_call_gate(PRESENT | 0x60 | (now.gate == 4 ? GATE32 : GATE16), CODE, HANDLER,
                  now.count);
    tss_words[1 + 2 * now.ring] = SP;
    tss_words[2 + 2 * now.ring] = STACK | now.ring;
    for (unsigned k = 0; k < 32; k++) {
        ((volatile uint32_t *)(STACK3_AT + SP3))[k] = 0x11111111u * k + 0x12345678;
    }
    *(volatile uint32_t *)(STACK_AT + SP) = 0xfeedf00d;
    put_handler(now.count * now.gate);
    user = (Regs){ .cs = CODE3 | 3,
                   .ss = STACK3 | 3,
                   .ds = USER_DATA,
                   .es = USER_DATA,
                   .flags = 2,
                   .sp = SP3 | (now.caller_stack == 2 ? 0xabcd0000 : 0) };
    put_caller(0x9a);
    tellings = 0;
}

static Regs run(void)
{
    Regs r = user;

    frame_run(&r);
    return r;
}

static void call_and_return(void)
{
    Regs r;

    prepare();
    r = run();
    CHECK_EQ("gates: the handler has run", tellings, 1);
    CHECK_EQ("gates: back", r.vector << 16 | r.ip, 3 << 16 | (return_ip + 1));
    CHECK_EQ("gates: back, CS", r.cs & 0xffff, CODE3 | 3);
    CHECK_EQ("gates: back, SS", r.ss & 0xffff, STACK3 | 3);
    CHECK_EQ("gates: back, SP", now.caller_stack == 4 ? r.sp : r.sp & 0xffff,
             SP3 + now.count * now.gate);
    CHECK_EQ("gates: back, DS of the inner level", r.ds & 0xffff, 0);
    CHECK_EQ("gates: back, ES", r.es & 0xffff, USER_DATA);
}

static void all_sizes(void)
{
    static const uint8_t counts[] = { 0, 1, 5, 31 };

    for (unsigned k = 0; k < 128; k++) {
        now = (Case){ .caller = k & 1 ? 4 : 2,
                      .caller_stack = k & 2 ? 4 : 2,
                      .gate = k & 4 ? 4 : 2,
                      .handler = k & 8 ? 4 : 2,
                      .handler_stack = k & 16 ? 4 : 2,
                      .ring = 1 + (k + round) % 2,
                      .count = counts[k >> 5] };
        call_and_return();
    }
}

/* Within a level, and to conforming code: the same stack, and no parameters. */
static void on_tell_same(Regs *r)
{
    unsigned s = now.gate;
    uint32_t at = STACK3_AT + (r->sp & 0xffff);

    tellings++;
    CHECK_EQ("gates: same level, CS", r->cs & 0xffff, CODE | 3);
    CHECK_EQ("gates: same level, SP", r->sp & 0xffff, SP3 - 2 * s);
    CHECK_EQ("gates: same level, return address", stack_word(at, s), return_ip);
    CHECK_EQ("gates: same level, CS of the caller", stack_word(at + s, s), CODE3 | 3);
}

static void same_level(void)
{
    hook[TELL] = on_tell_same;
    for (unsigned k = 0; k < 16; k++) {
        Regs r;

        now = (Case){ .caller = k & 1 ? 4 : 2,
                      .caller_stack = k & 2 ? 4 : 2,
                      .gate = k & 4 ? 4 : 2,
                      .handler = k & 1 ? 4 : 2,
                      .handler_stack = 2,
                      .ring = 1,
                      .count = 3 };
        prepare();
        put_handler(6);
        set(CODE, CODE_AT, 0xffff, (k & 8 ? 0xfb : 0x9f) | db(now.handler));
        r = run();
        CHECK_EQ("gates: same level, the handler has run", tellings, 1);
        CHECK_EQ("gates: same level, back", r.vector << 16 | r.ip,
                 3 << 16 | (return_ip + 1));
        CHECK_EQ("gates: same level, back, SP", r.sp & 0xffff, SP3 + 6);
        /* JMP pushes nothing. */
        put_caller(0xea);
        ((uint8_t *)CODE_AT)[HANDLER] = 0xcc;
        r = run();
        CHECK_EQ("gates: JMP", r.vector << 16 | r.ip, 3 << 16 | (HANDLER + 1));
        CHECK_EQ("gates: JMP, SP", r.sp & 0xffff, SP3);
        CHECK_EQ("gates: JMP, CS", r.cs & 0xffff, CODE | 3);
    }
    hook[TELL] = on_tell;
}

/* At the CALL, and nothing has changed. */
static void refused(const char *what, unsigned vector, uint32_t error)
{
    Regs r = run();

    CHECK_EQ(what, r.vector << 16 | r.error, vector << 16 | error);
    CHECK_EQ("gates: refused, where", r.ip, call_ip);
    CHECK_EQ("gates: refused, CS", r.cs & 0xffff, CODE3 | 3);
    CHECK_EQ("gates: refused, SP", r.sp, user.sp);
    CHECK_EQ("gates: refused, SS", r.ss & 0xffff, STACK3 | 3);
    CHECK_EQ("gates: refused, the handler has not run", tellings, 0);
    prepare();
}

/* By a caller of 16 bits, with parameters, to a handler of the gate's size. */
static Case from_16_bits(unsigned gate)
{
    return (Case){ .caller = 2,
                   .caller_stack = 2,
                   .gate = gate,
                   .handler = gate,
                   .handler_stack = gate,
                   .ring = 1,
                   .count = 4 };
}

#define REFUSED(what, vector, error, change)    \
    do {                                        \
        change;                                 \
        refused("gates: " what, vector, error); \
    } while (0)

static void refusals(unsigned gate)
{
    const unsigned type = PRESENT | (gate == 4 ? GATE32 : GATE16);
    const uint64_t absent = 1ull << 47;
    uint64_t tss_descriptor = gdt[TSS_SELECTOR / 8];

    now = from_16_bits(gate);
    prepare();
    REFUSED("DPL of the gate", GP, GATE, set_call_gate(type | 0x40, CODE, HANDLER, 4));
    REFUSED("gate not present", NP, GATE,
            set_call_gate((type & 0x7f) | 0x60, CODE, HANDLER, 4));
    REFUSED("null code segment", GP, 0, set_call_gate(type | 0x60, 0, HANDLER, 4));
    REFUSED("code beyond the GDT", GP, 0x1000,
            set_call_gate(type | 0x60, 0x1003, HANDLER, 4));
    REFUSED("code is data", GP, DATA, set_call_gate(type | 0x60, DATA, HANDLER, 4));
    REFUSED("code not present", NP, CODE, gdt[CODE / 8] &= ~absent);
    REFUSED("JMP to an inner level", GP, CODE, put_caller(0xea));
    REFUSED("offset beyond the limit", GP, 0, set(CODE, CODE_AT, HANDLER - 1, 0xbb));
    REFUSED("null SS", TS, 0, tss_words[4] = 0);
    REFUSED("SS beyond the GDT", TS, 0x1000, tss_words[4] = 0x1001);
    REFUSED("RPL of SS", TS, STACK, tss_words[4] = STACK);
    REFUSED("DPL of SS", TS, STACK, gdt[STACK / 8] ^= 3ull << 45);
    REFUSED("SS read-only", TS, STACK, gdt[STACK / 8] &= ~(2ull << 40));
    REFUSED("SS not present", SS, STACK, gdt[STACK / 8] &= ~absent);
    REFUSED("no room", SS, STACK, tss_words[3] = 8 * gate - 2;
            set(STACK, STACK_AT, 0x2fff, 0xb3 | db(gate)));
    REFUSED("limit of SS", SS, STACK, set(STACK, STACK_AT, SP - 2, 0xb3));
    /* Four words or dwords from SP3, and one byte is out. */
    REFUSED("parameters beyond the limit", SS, 0,
            set(STACK3, STACK3_AT, SP3 + 4 * gate - 2, 0xf3));
    /* Room for ring 0 only. */
    gdt[TSS_SELECTOR / 8] = descriptor((ulong)tss, 0xc + 4, 0x89);
    asm volatile("ltr %w0" : : "r"(TSS_SELECTOR));
    refused("gates: limit of the TSS", TS, TSS_SELECTOR);
    gdt[TSS_SELECTOR / 8] = tss_descriptor & ~(2ull << 40);
    asm volatile("ltr %w0" : : "r"(TSS_SELECTOR));
}

/* --- RET to the outer level ----------------------------------------------------------
 */

/* What the handler's hook does to its frame before RET. */
static void (*spoil)(uint32_t frame);

static void on_tell_spoil(Regs *r)
{
    tellings++;
    spoil(STACK_AT + (r->sp & 0xffff));
}

static void put_word(uint32_t at, unsigned k, uint32_t v)
{
    if (now.gate == 4) {
        ((volatile uint32_t *)at)[k] = v;
    } else {
        ((volatile uint16_t *)at)[k] = v;
    }
}

static void inner_cs(uint32_t at)
{
    put_word(at, 1, 0x8);
}
static void null_cs(uint32_t at)
{
    put_word(at, 1, 3);
}
static void data_cs(uint32_t at)
{
    put_word(at, 1, STACK3 | 3);
}
static void null_ss(uint32_t at)
{
    put_word(at, 3 + now.count, 3);
}
static void code_ss(uint32_t at)
{
    put_word(at, 3 + now.count, CODE3 | 3);
}
static void rpl_ss(uint32_t at)
{
    put_word(at, 3 + now.count, STACK3 | 2);
}
static void absent_ss(uint32_t at)
{
    gdt[STACK3 / 8] &= ~(1ull << 47);
}
static void small_cs(uint32_t at)
{
    set(CODE3, CODE_AT, 1, 0xfb);
}

static void bad_returns(unsigned gate)
{
    static const struct {
        void (*spoil)(uint32_t at);
        unsigned vector;
        uint32_t error;
        const char *what;
    } cases[] = {
        {inner_cs,   GP, 0x8,    "gates: RET to an inner level"},
        { null_cs,   GP, 0,      "gates: RET to a null CS"     },
        { data_cs,   GP, STACK3, "gates: RET to data"          },
        { small_cs,  GP, 0,      "gates: RET beyond the limit" },
        { null_ss,   GP, 0,      "gates: RET, null SS"         },
        { code_ss,   GP, CODE3,  "gates: RET, SS is code"      },
        { rpl_ss,    GP, STACK3, "gates: RET, RPL of SS"       },
        { absent_ss, SS, STACK3, "gates: RET, SS not present"  },
    };

    hook[TELL] = on_tell_spoil;
    for (unsigned k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        Regs r;

        now = from_16_bits(gate);
        prepare();
        spoil = cases[k].spoil;
        r = run();
        CHECK_EQ(cases[k].what, r.vector << 16 | r.error,
                 cases[k].vector << 16 | cases[k].error);
        CHECK_EQ("gates: refused RET, where", r.ip, HANDLER + 2);
        CHECK_EQ("gates: refused RET, CS", r.cs & 0xffff, CODE | 1);
        CHECK_EQ("gates: refused RET, SP", r.sp & 0xffff, SP - 8 * gate);
    }
    hook[TELL] = on_tell;
}

/* The frame wraps to neither side of a 16-bit stack half way. */
static void stack_ends(void)
{
    for (unsigned sp = 1; sp < 4; sp += 2) {
        now = (Case){ .caller = 2,
                      .caller_stack = 2,
                      .gate = 2,
                      .handler = 2,
                      .handler_stack = 2,
                      .ring = 1,
                      .count = 0 };
        prepare();
        set(CODE, CODE_AT, 0xffff, 0xfb);
        user.sp = sp;
        put_caller(0x9a);
        refused("gates: the stack ends", SS, 0);
    }
}

/* A code descriptor cannot be marked as accessed: before anything has changed. */
static void unwritable_descriptor(void)
{
    static uint64_t ldt[512] __attribute__((aligned(4096)));
    static volatile ulong sp;
    volatile ulong *pte;

    paging_on();
    pte = page_entry(ldt);
    *pte |= PTE_W;
    invlpg(ldt);
    ldt[1] = descriptor(0, 0xfffff, 0xc09a);
    ldt[2] = descriptor(CODE_AT, 0xffff, 0xba);
    gdt[LDT / 8] = descriptor((ulong)ldt, 23, 0x82);
    asm volatile("lldt %w0" : : "r"(LDT));
    *pte &= ~(ulong)PTE_W;
    invlpg(ldt);
    TRY("movl %%esp, %0; lcall $0xc, $1f; 1:", "=m"(sp) : : "memory");
    CHECK_EQ("gates: CALL, the descriptor is read-only",
             fault.vector == PF ? fault.error : 99, 3);
    CHECK_EQ("gates: CALL, the descriptor is read-only, ESP", fault.sp, sp);
    fault.vector = -1;
    asm volatile("movl $1f, resume; movl %%esp, %%ebx; pushl $0xc; pushl $1f\n\t"
                 "movl %%esp, %0; lret\n"
                 "1:\tmovl $0, resume; movl %%ebx, %%esp"
                 : "=m"(sp)
                 :
                 : "ebx", "memory");
    CHECK_EQ("gates: RET, the descriptor is read-only",
             fault.vector == PF ? fault.error : 99, 3);
    CHECK_EQ("gates: RET, the descriptor is read-only, ESP", fault.sp, sp);
    now = (Case){ .caller = 2,
                  .caller_stack = 2,
                  .gate = 2,
                  .handler = 2,
                  .handler_stack = 2,
                  .ring = 1,
                  .count = 2 };
    prepare();
    set_call_gate(PRESENT | 0x60 | GATE16, 0x14, HANDLER, 2);
    refused("gates: the descriptor is read-only", PF, 3);
    asm volatile("lldt %w0" : : "r"(0));
}

void test(void)
{
    hook[TELL] = on_tell;
    set_gate(TELL, 3);
    set_gate(3, 3);
    all_sizes();
    same_level();
    refusals(2);
    refusals(4);
    bad_returns(2);
    bad_returns(4);
    stack_ends();
    unwritable_descriptor();
}

#else

enum { CODE1 = 0x50, TASK = 0x58, LDT = 0x68, GATE = 0x78 };
enum { CODE_AT = 0x8000, HANDLER_AT = 0x8400, TELL = 0x63, RETURN = 7 };

static ulong stack[64] __attribute__((aligned(16)));
static ulong user_stack[64] __attribute__((aligned(16)));
static unsigned tellings, ring;
static struct {
    uint32_t offset;
    uint16_t selector;
} __attribute__((packed)) pointer = { 0x55555555, GATE | 3 };

static ulong *rsp_of(unsigned level)
{
    return (ulong *)(tss + 4 + 8 * level);
}

static void set_call_gate(unsigned attr, uint16_t selector, uint64_t offset)
{
    gdt[GATE / 8] = (offset & 0xffff) | (uint64_t)selector << 16 |
                    (uint64_t)attr << 40 | (offset >> 16 & 0xffff) << 48;
    gdt[GATE / 8 + 1] = offset >> 32;
}

static void on_tell(Regs *r)
{
    const ulong *frame = (const ulong *)r->sp;

    tellings++;
    CHECK_EQ("gates: RSP", r->sp, *rsp_of(ring) - 32);
    CHECK_EQ("gates: CS", r->cs, ring ? CODE1 | 1 : CODE_SELECTOR);
    CHECK_EQ("gates: SS is null", r->ss, ring);
    CHECK_EQ("gates: return address", frame[0], CODE_AT + RETURN);
    CHECK_EQ("gates: CS of the caller", frame[1], USER_CODE);
    CHECK_EQ("gates: RSP of the caller", frame[2], (ulong)(user_stack + 64));
    CHECK_EQ("gates: SS of the caller", frame[3], USER_DATA);
}

static Regs run(void)
{
    Regs r = { .ip = CODE_AT, .flags = 2, .sp = (ulong)(user_stack + 64) };

    tellings = 0;
    user_run(&r);
    return r;
}

static void refused(const char *what, uint32_t error)
{
    Regs r = run();

    CHECK_EQ(what, r.vector << 16 | r.error, GP << 16 | error);
    CHECK_EQ("gates: refused, where", r.ip, CODE_AT);
    CHECK_EQ("gates: refused, RSP", r.sp, (ulong)(user_stack + 64));
    set_call_gate(0xec, CODE_SELECTOR, HANDLER_AT);
}

static void set_gdt_limit(uint16_t limit)
{
    struct {
        uint16_t limit;
        ulong base;
    } __attribute__((packed)) gdtr = { limit, (ulong)gdt };

    asm volatile("lgdt %0" : : "m"(gdtr));
}

/* Descriptors of 16 bytes whose upper half is beyond the limit, or has a type. */
static void upper_halves(void)
{
    gdt[TASK / 8] = descriptor((uint32_t)(ulong)tss, sizeof(tss) - 1, 0x89);
    gdt[LDT / 8] = descriptor((uint32_t)(ulong)gdt, 0xff, 0x82);
    gdt[TASK / 8 + 1] = gdt[LDT / 8 + 1] = 9ull << 40;
    gdt[GATE / 8 + 1] = 4ull << 40;
    refused("gates: type in the upper half", GATE);
    TRY("ltr %w0", : "r"(TASK) : "memory");
    CHECK_EQ("gates: LTR, type in the upper half",
             fault.vector == GP ? fault.error : 99, TASK);
    TRY("lldt %w0", : "r"(LDT) : "memory");
    CHECK_EQ("gates: LLDT, type in the upper half",
             fault.vector == GP ? fault.error : 99, LDT);
    gdt[TASK / 8 + 1] = gdt[LDT / 8 + 1] = 0;
    set_gdt_limit(GATE + 14);
    refused("gates: upper half beyond the limit", GATE);
    set_gdt_limit(TASK + 14);
    TRY("ltr %w0", : "r"(TASK) : "memory");
    CHECK_EQ("gates: LTR, upper half beyond the limit",
             fault.vector == GP ? fault.error : 99, TASK);
    set_gdt_limit(LDT + 14);
    TRY("lldt %w0", : "r"(LDT) : "memory");
    CHECK_EQ("gates: LLDT, upper half beyond the limit",
             fault.vector == GP ? fault.error : 99, LDT);
    set_gdt_limit(0x48 + 64 * 8 - 1);
}

void test(void)
{
    static const uint8_t handler[] = { 0xcd, TELL, 0x48, 0xcb }; /* int TELL, lretq */
    uint8_t *p = (uint8_t *)CODE_AT;

    hook[TELL] = on_tell;
    set_gate(TELL, 3);
    set_gate(3, 3);
    memcpy((void *)HANDLER_AT, handler, sizeof(handler));
    memcpy(p, (const uint8_t[]){ 0xff, 0x1c, 0x25 }, 3); /* lcall *pointer */
    *(uint32_t *)(p + 3) = (uint32_t)(ulong)&pointer;
    p[RETURN] = 0xcc;
    gdt[CODE1 / 8] = descriptor(0, 0, 0x20bb);
    *rsp_of(1) = (ulong)(stack + 64);
    for (ring = 0; ring < 2; ring++) {
        Regs r;

        set_call_gate(0xec, ring ? CODE1 : CODE_SELECTOR, HANDLER_AT);
        r = run();
        CHECK_EQ("gates: the handler has run", tellings, 1);
        CHECK_EQ("gates: back", r.vector << 16 | r.ip,
                 3 << 16 | (CODE_AT + RETURN + 1));
        CHECK_EQ("gates: back, CS", r.cs, USER_CODE);
        CHECK_EQ("gates: back, SS", r.ss, USER_DATA);
        CHECK_EQ("gates: back, RSP", r.sp, (ulong)(user_stack + 64));
    }
    set_call_gate(0xcc, CODE_SELECTOR, HANDLER_AT);
    refused("gates: DPL", GATE);
    set_call_gate(0xe4, CODE_SELECTOR, HANDLER_AT);
    refused("gates: of 16 bits", GATE);
    set_call_gate(0xe5, TSS_SELECTOR, 0);
    refused("gates: of a task", GATE);
    set_call_gate(0xec, 0x08, HANDLER_AT);
    refused("gates: to 32-bit code", 0x08);
    set_call_gate(0xec, CODE_SELECTOR, 1ull << 62);
    refused("gates: to no address", 0);
    upper_halves();
}
#endif
