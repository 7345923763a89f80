/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions are precise: every instruction here is executed at the end of a page, at
 * each distance from it, with this page or the next one absent or read-only. At the
 * fault nothing has changed; when the page is there the instruction is repeated, and
 * all is as if nothing had happened.
 */
#include "bare.h"

const unsigned test_rounds = 1;

enum {
    SI = 1,       /* what lies at the end of the page: si */
    DI = 2,       /* di */
    SP = 4,       /* sp */
    PARTIAL = 8,  /* stores may have happened before the fault, registers must not */
    REP = 16,     /* si, di and cx go on with each element */
    ALIGN16 = 32, /* accesses to 16 bytes aligned */
    ALIGN64 = 64,
    LONG = 128,
    FLAGS = 256, /* some flags are undefined afterwards */
};

typedef struct Case {
    const char *text;
    const uint8_t *code, *end;
    unsigned kind;
} Case;

#define CASES(X)                                                                      \
    X("add %eax, (%" SI_ ")", SI)                                                     \
    X("adc %eax, (%" SI_ ")", SI)                                                     \
    X("sub %ax, (%" SI_ ")", SI)                                                      \
    X("xor %" AX_ ", (%" SI_ ")", SI | FLAGS)                                         \
    X("lock add %eax, (%" SI_ ")", SI)                                                \
    X("lock xadd %" AX_ ", (%" SI_ ")", SI)                                           \
    X("xchg %eax, (%" SI_ ")", SI)                                                    \
    X("cmpxchg %edx, (%" SI_ ")", SI)                                                 \
    X("lock cmpxchg %edx, (%" SI_ ")", SI)                                            \
    X("cmpxchg8b (%" SI_ ")", SI)                                                     \
    X("incl (%" SI_ ")", SI)                                                          \
    X("decw (%" SI_ ")", SI)                                                          \
    X("negl (%" SI_ ")", SI)                                                          \
    X("notl (%" SI_ ")", SI)                                                          \
    X("shll $3, (%" SI_ ")", SI | FLAGS)                                              \
    X("rcrl $1, (%" SI_ ")", SI | FLAGS)                                              \
    X("sarl %cl, (%" SI_ ")", SI | FLAGS)                                             \
    X("shldl $5, %eax, (%" SI_ ")", SI | FLAGS)                                       \
    X("btsl $7, (%" SI_ ")", SI | FLAGS)                                              \
    X("btcl %ecx, (%" SI_ ")", SI | FLAGS)                                            \
    X("sete (%" SI_ ")", SI)                                                          \
    X("mov %eax, (%" SI_ ")", SI)                                                     \
    X("movw %ax, (%" SI_ ")", SI)                                                     \
    X("movl $0x12345678, (%" SI_ ")", SI)                                             \
    X("mov (%" SI_ "), %" AX_ "", SI)                                                 \
    X("movzwl (%" SI_ "), %eax", SI)                                                  \
    X("add (%" SI_ "), %eax", SI)                                                     \
    X("cmp (%" SI_ "), %eax", SI)                                                     \
    X("imul (%" SI_ "), %eax", SI | FLAGS)                                            \
    X("mull (%" SI_ ")", SI | FLAGS)                                                  \
    X("xor %edx, %edx; divl (%" SI_ "); test %eax, %eax", SI | FLAGS)                 \
    X("cmovne (%" SI_ "), %eax", SI)                                                  \
    X("cmove (%" SI_ "), %eax", SI)                                                   \
    X("popcnt (%" SI_ "), %eax", SI)                                                  \
    X("movbe %eax, (%" SI_ ")", SI)                                                   \
    X("movups %xmm0, (%" SI_ ")", SI)                                                 \
    X("movups (%" SI_ "), %xmm1; movd %xmm1, %eax", SI)                               \
    X("movq %xmm0, (%" SI_ ")", SI)                                                   \
    X("movaps %xmm0, (%" SI_ ")", SI | ALIGN16)                                       \
    X("vmovups %ymm0, (%" SI_ ")", SI)                                                \
    X("vmovups (%" SI_ "), %ymm1; vmovd %xmm1, %eax", SI)                             \
    X("fildl (%" SI_ "); fistpl (%" DI_ ")", DI)                                      \
    X("fldt (%" SI_ "); fstpt (%" DI_ ")", SI)                                        \
    X("fildl (%" SI_ "); fstpt (%" DI_ ")", DI)                                       \
    X("fnstenv (%" SI_ ")", SI | PARTIAL)                                             \
    X("fxsave (%" SI_ ")", SI | PARTIAL | ALIGN16 | LONG)                             \
    X("movsb", SI)                                                                    \
    X("movsl", SI)                                                                    \
    X("movsl", DI)                                                                    \
    X("stosl", DI)                                                                    \
    X("lodsw", SI)                                                                    \
    X("scasl", DI)                                                                    \
    X("cmpsl", SI)                                                                    \
    X("cmpsl", DI)                                                                    \
    X("rep movsb", SI | REP)                                                          \
    X("rep movsb", DI | REP)                                                          \
    X("rep movsl", SI | REP)                                                          \
    X("rep movsl", DI | REP)                                                          \
    X("rep stosl", DI | REP)                                                          \
    X("rep stosw", DI | REP)                                                          \
    X("rep lodsl", SI | REP)                                                          \
    X("repe cmpsb", SI | REP)                                                         \
    X("repne scasb", DI | REP)                                                        \
    X("push %" AX_ "", SP)                                                            \
    X("push $5", SP)                                                                  \
    X("push %" SP_ "", SP)                                                            \
    X("push (%" SI_ ")", SP)                                                          \
    X("push (%" SI_ ")", SI)                                                          \
    X("pushf", SP)                                                                    \
    X("pushw %ax", SP)                                                                \
    X("pop %" AX_ "", SP)                                                             \
    X("pop %" SP_ "", SP)                                                             \
    X("pop (%" DI_ ")", DI)                                                           \
    X("pop (%" DI_ ")", SP)                                                           \
    X("popf", SP)                                                                     \
    X("call 1f; nop; 1: nop", SP)                                                     \
    X("call *(%" SI_ ")", SI)                                                         \
    X("call *(%" SI_ ")", SP)                                                         \
    X("jmp *(%" SI_ ")", SI)                                                          \
    X("ret", SP)                                                                      \
    X("ret $8", SP)                                                                   \
    X("enter $16, $0", SP | PARTIAL)                                                  \
    X("enter $16, $3", SP | PARTIAL)                                                  \
    X("push %" AX_ "; push %" CX_ "; push %" DX_ "", SP | PARTIAL)                    \
    X("mov %eax, (%" SI_ "); mov %edx, 4(%" SI_ "); addl $3, 8(%" SI_ ")",            \
      SI | PARTIAL)                                                                   \
    X("incl (%" SI_ "); mov 4(%" SI_ "), %eax; xchg %eax, 8(%" SI_ ")", SI | PARTIAL) \
    NARROW(X)

#if WIDTH == 64
#define AX_ "rax"
#define CX_ "rcx"
#define DX_ "rdx"
#define SI_ "rsi"
#define DI_ "rdi"
#define SP_ "rsp"
#define NARROW(X)                        \
    X("cmpxchg16b (%rsi)", SI | ALIGN16) \
    X("rep movsq", DI | REP)             \
    X("rep stosq", DI | REP)             \
    X("mov %r14, (%rsi)", SI)            \
    X("xadd %r15, (%rsi)", SI)
#else
#define AX_ "eax"
#define CX_ "ecx"
#define DX_ "edx"
#define SI_ "esi"
#define DI_ "edi"
#define SP_ "esp"
#define NARROW(X)                                  \
    X("pusha", SP | PARTIAL)                       \
    X("popa", SP | PARTIAL)                        \
    X("lcall $0x23, $0xc00807; nop", SP | PARTIAL) \
    X("push %ds", SP)                              \
    X("bound %eax, (%esi)", SI)                    \
    X("addr16 nop; leave", SP | PARTIAL)
#endif

/* Each between labels of its own. */
#define EMIT(text, kind) \
    asm(".pushsection .rodata\n\t.long 9f - 8f\n8:\t" text "\n9:\n\t.popsection");

asm(".pushsection .rodata\ncase_codes:\n\t.popsection");
CASES(EMIT)
extern const uint8_t case_codes[];

#define ROW(text, kind) { text, NULL, NULL, kind },
static Case cases[] = { CASES(ROW) };

enum { CASE_COUNT = sizeof(cases) / sizeof(cases[0]), WINDOW_MAX = 640, WINDOW = 96 };

static unsigned window; /* bytes on each side of the border that are looked at */

/* Two pages whose border is used, and two that are always there. */
#define PAGES ((uint8_t *)0x800000)
#define SAFE  ((uint8_t *)0xa00000)
#define CODE  ((uint8_t *)0xc00800)

static uint8_t expected[2 * WINDOW_MAX], expected_safe[2 * WINDOW];
static Regs expected_regs;

static void find_cases(void)
{
    const uint8_t *p = case_codes;

    for (unsigned k = 0; k < CASE_COUNT; k++) {
        uint32_t len = *(const volatile uint32_t *)p;

        cases[k].code = p + 4;
        cases[k].end = p + 4 + len;
        p += 4 + len;
    }
}

/* Words that are addresses of the INT3 behind the code, from @p on and before it. */
static void fill(uint8_t *from, uint8_t *to, const uint8_t *p, ulong word)
{
    from -= ((ulong)from - (ulong)p) % sizeof(ulong);
    for (; from < to; from += sizeof(ulong)) {
        *(volatile ulong *)from = word;
    }
}

static bool same(const void *a, const void *b, size_t n)
{
    bool equal;

    asm volatile("repe cmpsb" : "+S"(a), "+D"(b), "+c"(n), "=@ccz"(equal) : : "memory");
    return equal;
}

static bool same_regs(const Regs *a, const Regs *b, unsigned kind)
{
    ulong flags = kind & FLAGS ? ~0x108d4ul /* OF SF ZF AF PF */ : ~0x10000ul;

    return a->ax == b->ax && a->cx == b->cx && a->dx == b->dx && a->bx == b->bx &&
           a->bp == b->bp && a->si == b->si && a->di == b->di && a->sp == b->sp &&
           (a->flags & flags) == (b->flags & flags) &&
#if WIDTH == 64
           a->r14 == b->r14 && a->r15 == b->r15 &&
#endif
           a->ip == b->ip;
}

static void prepare(const Case *c, unsigned before, Regs *r)
{
    uint8_t *p = PAGES + 4096 - before, *code = CODE;
    unsigned n = c->end - c->code;

    *r = (Regs){ .ax = 0x1234, .cx = 5, .dx = 0x77665544, .bx = 0x99887766 };
#if WIDTH == 64
    r->r14 = 0x1122334455667788;
    r->r15 = 0x8877665544332211;
#endif
    r->flags = 0x2 | 1 | 0x40;
    r->ip = (ulong)code;
    fill(PAGES + 4096 - window, PAGES + 4096 + window, p, (ulong)code + n);
    fill(SAFE, SAFE + 2 * WINDOW, SAFE + WINDOW, (ulong)code + n);
    r->si = (ulong)(c->kind & SI ? p : SAFE + WINDOW);
    r->di = (ulong)(c->kind & DI ? p : SAFE + WINDOW);
    r->sp = (ulong)(c->kind & SP ? p : SAFE + WINDOW);
    r->bp = (ulong)(c->kind & SP ? p + 64 : SAFE + WINDOW + 64);
}

static void say_case(const Case *c, unsigned before, const char *how, const char *what)
{
    static char line[160];
    unsigned n = 0;
    const char *parts[] = { "precise: ", c->text, ", ", how, ": ", what };

    for (unsigned k = 0; k < 6; k++) {
        for (const char *p = parts[k]; *p && n < sizeof(line) - 1;) {
            line[n++] = *p++;
        }
    }
    line[n] = 0;
    check(false, line, before, 0);
}

/* One distance, one kind of fault. */
static void run_case(const Case *c, unsigned before, unsigned second, ulong without,
                     const char *how)
{
    volatile ulong *pte = page_entry(PAGES + second * 4096);
    ulong present = *pte;
    Regs start, r;
    bool ok = true;
    unsigned faults = 0;

    prepare(c, before, &start);
    r = start;
    *pte = present & ~without;
    invlpg(PAGES + second * 4096);
    user_run(&r);
    if (r.vector == 14) {
        faults++;
        start.ip = r.ip; /* of the second instruction, perhaps */
        if (!(c->kind & (REP | PARTIAL)) && r.ip == (ulong)CODE &&
            !same_regs(&r, &start, c->kind & ~FLAGS)) {
            say_case(c, before, how, "a register changed");
            ok = false;
        }
        if ((fault.cr2 & ~0xffful) != (ulong)PAGES + second * 4096 ||
            (second && !(c->kind & LONG) && fault.cr2 & 0xfff && before &&
             !(c->kind & PARTIAL) && fault.cr2 - (ulong)PAGES - 4096 > 32)) {
            say_case(c, before, how, "wrong CR2");
        }
        if ((fault.error & ~2ul) != (without == PTE_P ? 4u : 5u) ||
            (without == PTE_W && !(fault.error & 2))) {
            say_case(c, before, how, "wrong error code");
        }
        *pte = present;
        invlpg(PAGES + second * 4096);
        if (!(c->kind & (REP | PARTIAL)) && r.ip == (ulong)CODE) {
            static uint8_t now[2 * WINDOW_MAX];
            static Regs unused;

            memcpy(now, PAGES + 4096 - window, 2 * window);
            prepare(c, before, &unused);
            if (!same(now, PAGES + 4096 - window, 2 * window)) {
                say_case(c, before, how, "memory changed");
            }
        }
        r.flags &= ~0x10000ul;
        user_run(&r);
    }
    *pte = present;
    invlpg(PAGES + second * 4096);
    if (r.vector != expected_regs.vector || !same_regs(&r, &expected_regs, c->kind)) {
        say_case(c, before, how, "registers differ at the end");
        ok = false;
    }
    if (!same(expected, PAGES + 4096 - window, 2 * window) ||
        !same(expected_safe, SAFE, sizeof(expected_safe))) {
        say_case(c, before, how, "memory differs at the end");
        ok = false;
    }
    if (ok) {
        check(true, "", 0, 0);
    }
}

static void at_each_distance(const Case *c)
{
    unsigned step = c->kind & ALIGN64 ? 64 : c->kind & ALIGN16 ? 16 : 1;
    unsigned most = c->kind & LONG ? 528 : 33;

    window = c->kind & LONG ? WINDOW_MAX : WINDOW;
    memcpy(CODE, c->code, c->end - c->code);
    CODE[c->end - c->code] = 0xcc;
    for (unsigned before = 0; before <= most;
         before += before < 5 || step > 1 ? step : 4) {
        /* As it should be, often enough to be translated. */
        for (unsigned k = 0; k < 2; k++) {
            prepare(c, before, &expected_regs);
            user_run(&expected_regs);
        }
        if (expected_regs.vector != 3 && expected_regs.vector != 5 &&
            expected_regs.vector != 0) {
            say_case(c, before, "present", "exception");
            check(false, "its number", expected_regs.vector, 3);
            return;
        }
        memcpy(expected, PAGES + 4096 - window, 2 * window);
        memcpy(expected_safe, SAFE, sizeof(expected_safe));
        run_case(c, before, 1, PTE_P, "next page absent");
        run_case(c, before, 0, PTE_P, "page absent");
        run_case(c, before, 1, PTE_W, "next page read-only");
        run_case(c, before, 0, PTE_W, "page read-only");
    }
}

void test(void)
{
    paging_on();
    set_gate(3, 3);
    write_cr4(read_cr4() | 0x40600);
    asm volatile("xsetbv" : : "a"(7), "d"(0), "c"(0));
    asm volatile("fninit");
    find_cases();
    page_entry(PAGES);
    for (unsigned k = 0; k < CASE_COUNT; k++) {
        at_each_distance(&cases[k]);
    }
}
