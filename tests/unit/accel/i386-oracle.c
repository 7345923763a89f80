/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Native side: the whole FPU state by XRSTOR, the general registers and flags, a jump
 * to the instruction, which is followed by a jump back; then the reverse.  A fault
 * arrives as a signal and counts by its number; what the kernel saved of the FPU then
 * is compared as well.
 *
 * All memory operands lie in one page at a fixed address that both sides use.
 */
#include "i386-oracle.h"

#include "accel/target/i386/decode.h"
#include "accel/target/i386/flags.h"
#include "accel/target/i386/operands.h"
#include "accel/target/i386/system.h"
#include "accel/tcg/phys.h"

#include <glib.h>

#include <cpuid.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define ARENA_ADDR ORACLE_ARENA
#define ARENA_SIZE 1024u /* of it, what is compared */
#define CODE_ADDR  ORACLE_CODE

typedef struct OracleState {
    uint64_t gpr[16];
    uint64_t rflags;
    uint64_t pad[7];
    X86Xsave xs;
    uint8_t mem[ARENA_SIZE];
    int signo; /* 0: no fault */
} __attribute__((aligned(64))) OracleState;

static uint8_t *arena, *code;
static X86State *cpu;
static uint64_t rng = 0x9e3779b97f4a7c15;

/* --- native run ----------------------------------------------------------------- */

static sigjmp_buf native_env;
static OracleState *native_state;

void oracle_native_enter(OracleState *s, const void *entry);
extern uint64_t oracle_saved_rsp, oracle_state_ptr, oracle_entry, oracle_rax;
extern const uint8_t oracle_native_exit[];

__asm__(".pushsection .data\n"
        "oracle_saved_rsp: .quad 0\n"
        "oracle_state_ptr: .quad 0\n"
        "oracle_entry: .quad 0\n"
        "oracle_rax: .quad 0\n"
        ".popsection\n"
        ".pushsection .text\n"
        ".globl oracle_native_enter\n"
        "oracle_native_enter:\n"
        "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
        "mov %rsp, oracle_saved_rsp(%rip)\n"
        "mov %rdi, oracle_state_ptr(%rip)\n"
        "mov %rsi, oracle_entry(%rip)\n"
        "mov $7, %eax\n xor %edx, %edx\n"
        "xrstor64 192(%rdi)\n"
        "pushq 128(%rdi)\n popfq\n"
        "mov 8(%rdi), %rcx\n mov 16(%rdi), %rdx\n mov 24(%rdi), %rbx\n"
        "mov 40(%rdi), %rbp\n mov 48(%rdi), %rsi\n"
        "mov 64(%rdi), %r8\n mov 72(%rdi), %r9\n mov 80(%rdi), %r10\n"
        "mov 88(%rdi), %r11\n mov 96(%rdi), %r12\n mov 104(%rdi), %r13\n"
        "mov 112(%rdi), %r14\n mov 120(%rdi), %r15\n"
        "mov 0(%rdi), %rax\n mov 56(%rdi), %rdi\n"
        "jmp *oracle_entry(%rip)\n"
        ".globl oracle_native_exit\n"
        "oracle_native_exit:\n"
        "mov %rax, oracle_rax(%rip)\n"
        "mov oracle_state_ptr(%rip), %rax\n"
        "mov %rdi, 56(%rax)\n"
        "mov %rax, %rdi\n"
        "pushfq\n popq 128(%rdi)\n cld\n"
        "mov oracle_rax(%rip), %rax\n mov %rax, 0(%rdi)\n"
        "mov %rcx, 8(%rdi)\n mov %rdx, 16(%rdi)\n mov %rbx, 24(%rdi)\n"
        "mov %rbp, 40(%rdi)\n mov %rsi, 48(%rdi)\n"
        "mov %r8, 64(%rdi)\n mov %r9, 72(%rdi)\n mov %r10, 80(%rdi)\n"
        "mov %r11, 88(%rdi)\n mov %r12, 96(%rdi)\n mov %r13, 104(%rdi)\n"
        "mov %r14, 112(%rdi)\n mov %r15, 120(%rdi)\n"
        "mov $7, %eax\n xor %edx, %edx\n"
        "xsave64 192(%rdi)\n"
        "fninit\n"
        "movl $0x1f80, -8(%rsp)\n ldmxcsr -8(%rsp)\n"
        "vzeroupper\n"
        "mov oracle_saved_rsp(%rip), %rsp\n"
        "pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
        "ret\n"
        ".popsection\n");

static void on_signal(int signo, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    const greg_t *g = uc->uc_mcontext.gregs;
    OracleState *s = native_state;

    if (!s) {
        signal(signo, SIG_DFL);
        return;
    }
    s->signo = signo;
    s->rflags = g[REG_EFL];
    memcpy(&s->xs, uc->uc_mcontext.fpregs, sizeof(s->xs));
    siglongjmp(native_env, 1);
}

static void native_run(OracleState *s)
{
    native_state = s;
    s->signo = 0;
    memcpy(arena, s->mem, ARENA_SIZE);
    if (!sigsetjmp(native_env, 0)) {
        oracle_native_enter(s, code);
    }
    native_state = NULL;
    memcpy(s->mem, arena, ARENA_SIZE);
}

static void place_code(const uint8_t *bytes, unsigned len)
{
    static const uint8_t jmp[6] = { 0xff, 0x25, 0, 0, 0, 0 };
    uint64_t exit_addr = (uintptr_t)oracle_native_exit;

    memcpy(code, bytes, len);
    memcpy(code + len, jmp, sizeof(jmp));
    memcpy(code + len + sizeof(jmp), &exit_addr, sizeof(exit_addr));
}

/* --- emulated run --------------------------------------------------------------- */

static bool phys_lookup(TcgPhys *phys, unsigned space, uint64_t addr, TcgPhysPage *page)
{
    g_assert(addr >> 12 == ARENA_ADDR >> 12);
    page->host = arena;
    page->ram_addr = 0;
    page->readonly = false;
    return true;
}

static bool phys_mark_dirty(TcgPhys *phys, uint64_t ram_addr, unsigned len)
{
    return true;
}

static bool phys_is_dirty(TcgPhys *phys, uint64_t ram_addr)
{
    return true;
}

static const TcgPhysOps phys_ops = {
    .lookup = phys_lookup,
    .mark_dirty = phys_mark_dirty,
    .is_dirty = phys_is_dirty,
};
static TcgPhys phys = { .ops = &phys_ops };

void oracle_reset(void)
{
    x86_state_reset(cpu);
    cpu->cr0 = X86_CR0_PE | X86_CR0_NE | X86_CR0_ET;
    cpu->cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_OSXSAVE;
    cpu->xcr0 = X86_XCR0_X87 | X86_XCR0_SSE | X86_XCR0_AVX;
    cpu->efer = X86_EFER_LME | X86_EFER_LMA;
    for (unsigned k = 0; k < X86_SEG_COUNT; k++) {
        cpu->seg[k].base = 0;
        cpu->seg[k].limit = ~0u;
        cpu->seg[k].attr = X86_SEG_P | X86_SEG_S | X86_SEG_RW;
    }
    cpu->seg[X86_CS].attr |= X86_SEG_CODE | X86_SEG_L;
    x86_state_refresh(cpu);
    g_assert(x86_is64(cpu));
}

static void setup_cpu(void)
{
    static const uint32_t no_request;

    cpu = g_aligned_alloc0(1, sizeof(X86State), 64);
    cpu->phys = &phys;
    cpu->exit_request = &no_request;
    memset(cpu->features, 0xff, sizeof(cpu->features));
    oracle_reset();
}

static int signal_of(int vector)
{
    switch (vector) {
    case X86_EXC_UD:
        return SIGILL;
    case X86_EXC_DE:
    case X86_EXC_MF:
    case X86_EXC_XM:
        return SIGFPE;
    case X86_EXC_SS:
        return SIGBUS;
    default:
        return SIGSEGV;
    }
}

int oracle_execute(const uint8_t *bytes, unsigned len)
{
    X86Insn insn;
    X86DecodeStatus st = x86_decode(cpu, cpu->mode, CODE_ADDR, bytes, len, &insn);
    volatile int vector = -1;

    g_assert_cmpint(st, ==, X86_DECODE_OK);
    g_assert_cmpint(insn.len, ==, len);
    cpu->insn = &insn;
    cpu->run_end = &insn + 1;
    cpu->rip = insn.next_rip;
    if (!setjmp(cpu->fault_env)) {
        insn.ref(cpu, &insn);
    } else {
        vector = cpu->exc_vector;
    }
    cpu->insn = NULL;
    return vector;
}

static void emulated_run(OracleState *s, const uint8_t *bytes, unsigned len,
                         TranslatedRunFn *run, Translated *t)
{
    int vector;

    memcpy(arena, s->mem, ARENA_SIZE);
    for (unsigned k = 0; k < 16; k++) {
        cpu->regs[k].q = s->gpr[k];
    }
    x86_set_rflags(cpu, s->rflags);
    memcpy(&cpu->xs, &s->xs, sizeof(s->xs));
    /* The exception masks are part of the mode word. */
    x86_update_mode(cpu);
    vector = run ? run(cpu, CODE_ADDR, bytes, len, t) : oracle_execute(bytes, len);
    s->signo = vector < 0 ? 0 : signal_of(vector);
    for (unsigned k = 0; k < 16; k++) {
        s->gpr[k] = cpu->regs[k].q;
    }
    s->rflags = x86_get_rflags(cpu);
    memcpy(&s->xs, &cpu->xs, sizeof(s->xs));
    memcpy(s->mem, arena, ARENA_SIZE);
}

/* --- random state --------------------------------------------------------------- */

/* xorshift64*: the same numbers in each run. */
static uint64_t rnd64(void)
{
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return rng * 0x2545f4914f6cdd1d;
}

static uint32_t rnd32(void)
{
    return rnd64() >> 32;
}

static unsigned rnd(unsigned n)
{
    return rnd32() % n;
}

static uint32_t rnd_f32(void)
{
    static const uint32_t special[] = {
        0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
        0x7fc00000, 0xffc00000, 0x7f800001, 0xff812345, 0x7fc12345, 0x00000001,
        0x80000001, 0x007fffff, 0x00400000, 0x00800000, 0x80800000, 0x7f7fffff,
        0xff7fffff, 0x3f000000, 0x3f800001, 0x4effffff, 0x4f000000, 0xcf000000,
        0x5f000000, 0xdf000000, 0x3fc00000, 0x40200000, 0xc0200000, 0x4b000001,
    };
    uint32_t r;

    switch (rnd(4)) {
    case 0:
        return special[rnd(G_N_ELEMENTS(special))];
    case 1: /* near one: results are exact, tied or inexact */
        return 0x3f800000 + ((int)rnd(64) - 32) * 0x00100000 + (rnd(2) << 31);
    case 2: /* exponents at the ends */
        r = rnd(4) * 0x00800000;
        return (rnd(2) ? r : 0x7f000000 - r) | (rnd32() & 0x807fffff);
    default:
        return rnd32();
    }
}

static uint64_t rnd_f64(void)
{
    static const uint64_t special[] = {
        0,
        0x8000000000000000,
        0x3ff0000000000000,
        0xbff0000000000000,
        0x7ff0000000000000,
        0xfff0000000000000,
        0x7ff8000000000000,
        0xfff8000000000000,
        0x7ff0000000000001,
        0xfff4000000001234,
        0x7ff8000012345678,
        1,
        0x8000000000000001,
        0x000fffffffffffff,
        0x0008000000000000,
        0x0010000000000000,
        0x7fefffffffffffff,
        0xffefffffffffffff,
        0x3fe0000000000000,
        0x3ff0000000000001,
        0x41dfffffffe00000,
        0x41e0000000000000,
        0xc1e0000000000000,
        0x43e0000000000000,
        0xc3e0000000000000,
        0x3ff8000000000000,
        0x4004000000000000,
        0x3690000000000000,
        0x380fffffffffffff,
        0x47efffffffffffff,
        0x47effffff0000000,
        0x4330000000000001,
    };
    uint64_t r;

    switch (rnd(4)) {
    case 0:
        return special[rnd(G_N_ELEMENTS(special))];
    case 1:
        return 0x3ff0000000000000 + ((int64_t)rnd(64) - 32) * 0x0008000000000000 +
               ((uint64_t)rnd(2) << 63);
    case 2:
        r = (uint64_t)rnd(4) << 52;
        return (rnd(2) ? r : 0x7fe0000000000000 - r) | (rnd64() & 0x800fffffffffffff);
    default:
        return rnd64();
    }
}

static X86Vec rnd_vec(void)
{
    static const uint8_t bytes[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe, 2, 0x10 };
    X86Vec v;

    switch (rnd(5)) {
    case 0:
    case 1:
        for (unsigned k = 0; k < 4; k++) {
            v.u32[k] = rnd_f32();
        }
        break;
    case 2:
    case 3:
        v.u64[0] = rnd_f64();
        v.u64[1] = rnd_f64();
        break;
    default:
        for (unsigned k = 0; k < 16; k++) {
            v.u8[k] = rnd(2) ? bytes[rnd(sizeof(bytes))] : rnd(256);
        }
        break;
    }
    return v;
}

static X86St rnd_st(void)
{
    static const X86St special[] = {
        {.mantissa = 0,                   .exponent = 0     },
        { .mantissa = 0,                  .exponent = 0x8000},
        { .mantissa = 1ull << 63,         .exponent = 0x3fff},
        { .mantissa = 1ull << 63,         .exponent = 0xbfff},
        { .mantissa = 1ull << 63,         .exponent = 0x7fff},
        { .mantissa = 1ull << 63,         .exponent = 0xffff},
        { .mantissa = 3ull << 62,         .exponent = 0x7fff},
        { .mantissa = 3ull << 62,         .exponent = 0xffff},
        { .mantissa = (1ull << 63) + 5,   .exponent = 0x7fff},
        { .mantissa = 5,                  .exponent = 0x7fff}, /* pseudo-NaN */
        { .mantissa = 0,                  .exponent = 0x7fff}, /* pseudo-infinity */
        { .mantissa = 5,                  .exponent = 0x3fff}, /* unnormal */
        { .mantissa = 1ull << 63,         .exponent = 0     }, /* pseudo-denormal */
        { .mantissa = 1,                  .exponent = 0     }, /* denormal */
        { .mantissa = ~0ull >> 1,         .exponent = 0x8000},
        { .mantissa = ~0ull,              .exponent = 0x7ffe},
        { .mantissa = 1ull << 63,         .exponent = 1     },
        { .mantissa = 3ull << 62,         .exponent = 0x4000}, /* 3.0 */
        { .mantissa = 3ull << 62,         .exponent = 0x3fff}, /* 1.5 */
        { .mantissa = 1ull << 63,         .exponent = 0x403e},
        { .mantissa = 0xc90fdaa22168c235, .exponent = 0x4000},
    };
    X86St r = { 0 };

    switch (rnd(4)) {
    case 0:
        return special[rnd(G_N_ELEMENTS(special))];
    case 1:
        r.mantissa = rnd64() | 1ull << 63;
        r.exponent = 0x3fff - 70 + rnd(140);
        r.exponent |= rnd(2) << 15;
        break;
    case 2:
        r.mantissa = (1ull << 63) | rnd64() << (32 + rnd(32)) >> 1;
        r.exponent = (rnd(2) ? rnd(80) : 0x7ffe - rnd(80)) | rnd(2) << 15;
        break;
    default:
        r.mantissa = rnd64();
        r.exponent = rnd(65536);
        break;
    }
    return r;
}

static uint32_t rnd_mxcsr(void)
{
    switch (rnd(8)) {
    case 0: /* unmasked */
        return rnd32() & 0xffff;
    case 1:
    case 2: /* rounding, DAZ, FZ */
        return 0x1f80 | (rnd32() & 0xe07f);
    case 3:
        return 0x1f80 | (rnd32() & 0x3f);
    default:
        return 0x1f80;
    }
}

static void rnd_fpu(X86Xsave *xs, bool tags)
{
    xs->fcw = 0x37f;
    xs->fsw = 0;
    xs->ftw = 0;
    if (tags) {
        xs->ftw = rnd(4) ? rnd(4) ? 0x7fu >> rnd(8) : rnd(256) : 0xff;
        xs->ftw = xs->ftw << rnd(8) | xs->ftw >> rnd(8);
        xs->fsw = rnd(8) << 11;
        if (!rnd(3)) {
            xs->fsw |= rnd32() & 0x477f;
        }
        if (!rnd(3)) {
            xs->fcw = (rnd(4) ? 0x7f : 0x40 | rnd(64)) | rnd(2) << 8 | rnd(16) << 8;
        }
        if (xs->fsw & ~xs->fcw & 0x3f) {
            if (rnd(8)) {
                xs->fsw &= ~0x3f;
            } else {
                xs->fsw |= 0x8080;
            }
        }
    }
    for (unsigned k = 0; k < 8; k++) {
        xs->st[k] = rnd_st();
    }
}

static void rnd_state(OracleState *s, bool tags)
{
    memset(s, 0, sizeof(*s));
    for (unsigned k = 0; k < 16; k++) {
        s->gpr[k] = rnd(4) ? rnd_f64() : rnd64() >> rnd(64);
        s->xs.xmm[k] = rnd_vec();
        s->xs.ymmh[k] = rnd_vec();
    }
    if (rnd(2)) { /* lengths of PCMPESTRx */
        s->gpr[X86_RAX] = (int)rnd(40) - 20;
        s->gpr[X86_RDX] = (int)rnd(40) - 20;
    }
    s->rflags = 0x202 | (rnd32() & X86_FL_ARITH);
    s->xs.mxcsr = rnd_mxcsr();
    s->xs.xstate_bv = 7;
    rnd_fpu(&s->xs, tags);
    for (unsigned k = 0; k < ARENA_SIZE; k += 16) {
        X86Vec v = rnd_vec();

        memcpy(s->mem + k, &v, 16);
        if (k % 64 == 0) {
            X86St st = rnd_st();

            memcpy(s->mem + k, &st, 10);
        }
    }
}

/* --- random instructions -------------------------------------------------------- */

typedef struct Code {
    uint8_t bytes[24];
    unsigned len;
    unsigned offset;  /* of the memory operand in the arena */
    bool opsize66, w; /* operand size of an integer instruction */
} Code;

static void put(Code *c, uint8_t b)
{
    c->bytes[c->len++] = b;
}

static bool row_has(const X86Row *row, X86OpMethod m)
{
    for (unsigned k = 0; k < 4; k++) {
        if (X86_OP_METHOD(row->op[k]) == m) {
            return true;
        }
    }
    return false;
}

static bool row_has_type(const X86Row *row, X86OpType t)
{
    for (unsigned k = 0; k < 4; k++) {
        if (row->op[k] && X86_OP_TYPE(row->op[k]) == t) {
            return true;
        }
    }
    return false;
}

/* Whether rm must be memory (1), a register (0), or may be either (-1). */
static int rm_kind(const X86Row *row)
{
    if (row->rules & X86_MEM || row_has(row, X86_OPM_M) || row_has(row, X86_OPM_VSIB)) {
        return 1;
    }
    if (row->rules & X86_REG || row_has(row, X86_OPM_N) || row_has(row, X86_OPM_R) ||
        row_has(row, X86_OPM_U) || row_has(row, X86_OPM_T) ||
        row_has(row, X86_OPM_T0)) {
        return 0;
    }
    return -1;
}

/* A register number that is not RSP. */
static unsigned rnd_reg(void)
{
    unsigned r = rnd(15);

    return r >= 4 ? r + 1 : r;
}

/* ModRM, SIB and displacement of an operand in the arena; the address registers are set
 * in @s. Returns the REX bits B and X. */
static void put_mem(Code *c, OracleState *s, const X86Row *row, unsigned reg,
                    unsigned base, unsigned index, bool vsib)
{
    unsigned align = rnd(3) ? 32 : 1u << rnd(5);
    uint32_t offset = 128 + rnd(512 / align) * align;
    bool disp8 = rnd(2);
    int32_t disp = disp8 ? (int8_t)rnd(256) : (int32_t)rnd(100000);

    if (vsib) {
        bool wide = c->bytes[0] && X86_OP_TYPE(row->op[1]) == X86_OPT_q;

        for (unsigned k = 0; k < 8; k++) {
            int32_t v = (int)rnd(64) - 32;
            X86Vec *half = k < 4 ? &s->xs.xmm[index] : &s->xs.ymmh[index];

            if (wide) {
                half->s64[k & 1] = v;
            } else {
                half->s32[k & 3] = v;
            }
        }
        offset = 512;
    } else if (row_has_type(row, X86_OPT_m)) { /* FXSAVE */
        offset = 256 + (rnd(16) ? 0 : rnd(16));
    } else if (index != 4) {
        s->gpr[index] = 8 * rnd(16);
        offset += 64;
    }
    c->offset = offset;
    s->gpr[base] = ARENA_ADDR + offset - disp;
    put(c, (disp8 ? 0x40 : 0x80) | (reg & 7) << 3 | 4);
    put(c, (vsib ? rnd(4) : 0) << 6 | (index & 7) << 3 | (base & 7));
    for (unsigned k = 0; k < (disp8 ? 1 : 4); k++) {
        put(c, disp >> (8 * k));
    }
    if (!vsib && index != 4) {
        s->gpr[base] -= s->gpr[index];
    }
    if (!rnd(24)) {
        s->gpr[base] += 0x900000000000; /* not canonical: a fault, and no change */
    }
}

/* Bytes of an immediate of type @t. */
static unsigned immediate_size(const Code *c, X86OpType t)
{
    switch (t) {
    case X86_OPT_w:
        return 2;
    case X86_OPT_z:
        return c->opsize66 && !c->w ? 2 : 4;
    case X86_OPT_v:
        return c->w ? 8 : c->opsize66 ? 2 : 4;
    default:
        return 1;
    }
}

static void put_immediates(Code *c, const X86Row *row)
{
    for (unsigned k = 0; k < 4; k++) {
        X86OpMethod m = X86_OP_METHOD(row->op[k]);

        if (m == X86_OPM_I) {
            unsigned n = immediate_size(c, X86_OP_TYPE(row->op[k]));
            bool small = rnd(2);

            for (unsigned b = 0; b < n; b++) {
                put(c, small ? rnd(20) : rnd(256));
            }
        } else if (m == X86_OPM_L) {
            put(c, rnd(256));
        }
    }
}

static void put_legacy(Code *c, const X86Pattern *p, bool w, unsigned reg,
                       unsigned index, unsigned rm)
{
    static const uint8_t prefix[] = { 0, 0, 0x66, 0xf3, 0xf2 };
    unsigned rex = (w ? 8 : 0) | (reg & 8) >> 1 | (index & 8) >> 2 | (rm & 8) >> 3;

    if (c->opsize66) {
        put(c, 0x66);
    }
    if (prefix[p->prefix]) {
        put(c, prefix[p->prefix]);
    }
    if (rex || !rnd(4)) {
        put(c, 0x40 | rex);
    }
    if (p->map) {
        put(c, 0x0f);
    }
    if (p->map >= 2) {
        put(c, p->map == 2 ? 0x38 : 0x3a);
    }
    put(c, p->opcode);
}

static void put_vex(Code *c, const X86Pattern *p, bool w, unsigned reg, unsigned index,
                    unsigned rm, unsigned vvvv)
{
    static const uint8_t pp[] = { 0, 0, 1, 2, 3 };
    unsigned l = p->l ? p->l == 2 : rnd(2);

    put(c, 0xc4);
    put(c, (~reg & 8) << 4 | (~index & 8) << 3 | (~rm & 8) << 2 | p->map);
    put(c, w << 7 | (~vvvv & 15) << 3 | l << 2 | pp[p->prefix]);
    put(c, p->opcode);
}

static bool row_moves_by_bits(const X86Row *row)
{
    return row->name[0] == 'B' && row->name[1] == 'T' &&
           X86_OP_METHOD(row->op[1]) == X86_OPM_G;
}

/* Pointers and counts of a string instruction, and perhaps a repeat prefix. */
static void put_string_state(Code *c, OracleState *s)
{
    s->gpr[X86_RSI] = ARENA_ADDR + 256 + rnd(128);
    s->gpr[X86_RDI] = rnd(2) ? ARENA_ADDR + 512 + rnd(128) : s->gpr[X86_RSI] + rnd(40);
    s->gpr[X86_RCX] = rnd(4) ? rnd(10) : rnd(40);
    if (rnd(2)) {
        s->gpr[X86_RAX] = s->mem[s->gpr[X86_RDI] & (ARENA_SIZE - 1)];
    }
    if (rnd(3)) {
        put(c, 0xf2 + rnd(2));
    }
    if (s->gpr[X86_RCX] < 10 && !rnd(3)) {
        s->rflags |= X86_FL_DF;
    }
}

static void make_insn(Code *c, OracleState *s, const X86Pattern *p)
{
    const X86Row *row = p->row;
    int kind = rm_kind(row);
    bool mem = p->has_modrm && p->rm < 0 && (kind < 0 ? rnd(2) != 0 : kind);
    bool vsib = row_has(row, X86_OPM_VSIB);
    bool x87 = !p->map && p->opcode >= 0xd8 && p->opcode <= 0xdf;
    unsigned reg = p->digit >= 0 ? (unsigned)p->digit : rnd_reg();
    unsigned rm = mem || p->rm < 0 ? rnd_reg() : (unsigned)p->rm;
    unsigned index = mem ? vsib || rnd(3) == 0 ? rnd_reg() : 4 : 0;
    unsigned vvvv = 0;
    bool w = p->w == 2 || row->rules & X86_WIDE;

    if (!p->w && (p->vex || row->rules & X86_Y64 || row_has_type(row, X86_OPT_y))) {
        w = rnd(2);
    }
    memset(c, 0, sizeof(*c));
    if (row_has_type(row, X86_OPT_env) && rnd(2)) {
        put(c, 0x66);
    }
    if (!p->vex && (row_has_type(row, X86_OPT_v) || row_has_type(row, X86_OPT_z))) {
        c->opsize66 = p->prefix != X86_PP_66 && !rnd(3);
        w = !p->w && rnd(2);
    }
    c->w = w;
    if (mem && row_moves_by_bits(row)) {
        /* BT and its kin reach as far as the register says. */
        index = 4;
        reg = rm == X86_RSI ? X86_RDI : X86_RSI;
        s->gpr[reg] = (int64_t)rnd(256) - 128;
    }
    if (mem && (index == rm)) {
        index = vsib ? (rm + 1) & 15 : 4;
    }
    if (row_has_type(row, X86_OPT_m)) {
        index = 4;
    }
    if (p->digit >= 0 && p->rm >= 0) {
        rm &= 7;
    }
    if (!rnd(4) && !mem && p->digit < 0) {
        rm = reg; /* aliases */
    }
    if (row_has(row, X86_OPM_H) || row_has(row, X86_OPM_B)) {
        vvvv = rnd(4) ? rnd_reg() : reg;
    }
    if (x87 && !mem) {
        rm &= 7;
    }
    if (row->rules & X86_REPOK) {
        put_string_state(c, s);
    }
    if (p->vex) {
        put_vex(c, p, w, reg, index, rm, vvvv);
    } else {
        put_legacy(c, p, w, reg, index, rm);
    }
    if (mem) {
        put_mem(c, s, row, reg, rm, index, vsib);
    } else if (p->has_modrm) {
        put(c, 0xc0 | (reg & 7) << 3 | (rm & 7));
    }
    if (row_has(row, X86_OPM_X)) {
        s->gpr[X86_RDI] = ARENA_ADDR + 512 + rnd(64);
    }
    put_immediates(c, row);
}

/* Loads of control words: mostly values that make sense. */
static void seed_operand(OracleState *s, const Code *c, const X86Row *row)
{
    uint32_t mxcsr = rnd_mxcsr();
    uint16_t fcw = 0x7f | rnd(16) << 8;

    if (rnd(4) && strstr(row->name, "LDMXCSR")) {
        memcpy(s->mem + c->offset, &mxcsr, sizeof(mxcsr));
    } else if (rnd(4) && !strcmp(row->name, "FLDCW")) {
        memcpy(s->mem + c->offset, &fcw, sizeof(fcw));
    }
}

/* --- comparing ------------------------------------------------------------------ */

static void hex(GString *out, const char *what, const void *a, const void *b,
                const void *c, unsigned len)
{
    const uint8_t *v[3] = { a, b, c };
    static const char *const who[3] = { "before", "host  ", "strata" };

    for (unsigned n = 0; n < 3; n++) {
        g_string_append_printf(out, "  %-8s %s ", what, who[n]);
        for (unsigned k = len; k-- > 0;) {
            g_string_append_printf(out, "%02x%s", v[n][k], k && k % 8 == 0 ? "_" : "");
        }
        g_string_append_c(out, '\n');
    }
}

static void differ(GString *out, const char *what, const void *init, const void *host,
                   const void *emu, unsigned len)
{
    if (memcmp(host, emu, len)) {
        hex(out, what, init, host, emu, len);
    }
}

static void compare(GString *out, const X86Row *row, const OracleState *init,
                    OracleState *host, OracleState *emu)
{
    char name[16];
    uint64_t undef = row->undef;

    if (host->signo != emu->signo) {
        g_string_append_printf(out, "  signal: host %d, strata %d\n", host->signo,
                               emu->signo);
    }
    for (unsigned k = 0; k < 16; k++) {
        if (k != X86_RSP && !host->signo) {
            snprintf(name, sizeof(name), "r%u", k);
            differ(out, name, &init->gpr[k], &host->gpr[k], &emu->gpr[k], 8);
        }
        snprintf(name, sizeof(name), "xmm%u", k);
        differ(out, name, &init->xs.xmm[k], &host->xs.xmm[k], &emu->xs.xmm[k], 16);
        snprintf(name, sizeof(name), "ymmh%u", k);
        differ(out, name, &init->xs.ymmh[k], &host->xs.ymmh[k], &emu->xs.ymmh[k], 16);
    }
    for (unsigned k = 0; k < 8; k++) {
        snprintf(name, sizeof(name), "st%u", k);
        differ(out, name, &init->xs.st[k], &host->xs.st[k], &emu->xs.st[k], 10);
    }
    host->rflags &= X86_FL_ARITH & ~undef;
    emu->rflags &= X86_FL_ARITH & ~undef;
    differ(out, "rflags", &init->rflags, &host->rflags, &emu->rflags, 4);
    differ(out, "mxcsr", &init->xs.mxcsr, &host->xs.mxcsr, &emu->xs.mxcsr, 4);
    differ(out, "fcw", &init->xs.fcw, &host->xs.fcw, &emu->xs.fcw, 2);
    differ(out, "fsw", &init->xs.fsw, &host->xs.fsw, &emu->xs.fsw, 2);
    differ(out, "ftw", &init->xs.ftw, &host->xs.ftw, &emu->xs.ftw, 1);
    for (unsigned k = 0; k < ARENA_SIZE; k += 16) {
        snprintf(name, sizeof(name), "mem+%x", k);
        differ(out, name, init->mem + k, host->mem + k, emu->mem + k, 16);
    }
}

/*
 * What may differ.  An unmasked overflow or underflow: the flag PE beside it (see
 * host-sse.c), and with dot products all flags, since the second step is not reached.
 * A misaligned address that is not canonical either: #GP or #SS.
 * MXCSR.MM of AMD, which the guest does not have.  C1 after FCOMI: clear by
 * the SDM, unchanged on AMD.
 */
static bool tolerate(const X86Row *row, OracleState *host, OracleState *emu)
{
    if (host->signo == SIGFPE && emu->signo == SIGFPE) {
        uint32_t unmasked = host->xs.mxcsr & ~(host->xs.mxcsr >> 7);

        if (unmasked & 0x18) {
            host->xs.mxcsr |= 0x20;
            emu->xs.mxcsr |= 0x20;
        }
        if (strstr(row->name, "DPP")) {
            emu->xs.mxcsr = host->xs.mxcsr;
        }
    }
    if (strstr(row->name, "COMI") && row->name[0] == 'F') {
        host->xs.fsw &= ~0x200;
        emu->xs.fsw &= ~0x200;
    }
    if (host->signo == SIGSEGV && emu->signo == SIGBUS) {
        emu->signo = SIGSEGV;
    }
    return host->xs.mxcsr & 0x20000 && emu->signo == SIGSEGV;
}

/* Pointers of the last instruction and reserved bits of the images in memory: what
 * processors put there differs. */
static void mask_image(const X86Row *row, const Code *c, const OracleState *host,
                       OracleState *emu)
{
    static const struct {
        const char *name;
        uint16_t first, end;
    } vague[] = {
        {"FNSTENV", 12,  28 },
        { "FNSAVE", 12,  28 },
        { "FXSAVE", 6,   24 },
        { "FXSAVE", 28,  32 },
        { "FXSAVE", 416, 512},
    };
    bool o16 = c->bytes[0] == 0x66;

    for (unsigned k = 0; k < G_N_ELEMENTS(vague); k++) {
        unsigned half = o16 && vague[k].end == 28 ? 2 : 1;
        unsigned first = c->offset + vague[k].first / half;

        if (!strcmp(vague[k].name, row->name) && !host->signo) {
            memcpy(emu->mem + first, host->mem + first,
                   (vague[k].end - vague[k].first) / half);
        }
    }
}

static bool run_case(const X86Pattern *p, const OracleOptions *opt, unsigned *native)
{
    static OracleState init, host, emu;
    Translated t;
    g_autoptr(GString) out = g_string_new(NULL);
    bool x87 = !p->map || p->row->exc == X86_EXC_CLASS_MMX;
    Code c;

    rnd_state(&init, x87 || opt->mmx_tags);
    make_insn(&c, &init, p);
    seed_operand(&init, &c, p->row);
    host = init;
    emu = init;
    place_code(c.bytes, c.len);
    native_run(&host);
    emulated_run(&emu, c.bytes, c.len, opt->run, &t);
    if (opt->run) {
        if (t.refused) {
            g_test_message("%s (%s): refused by the back end", p->row->name,
                           p->row->enc);
            return false;
        }
        *native += !t.refs;
    }
    if (tolerate(p->row, &host, &emu)) {
        return true;
    }
    mask_image(p->row, &c, &host, &emu);
    compare(out, p->row, &init, &host, &emu);
    if (out->len) {
        g_autoptr(GString) text = g_string_new(NULL);

        for (unsigned k = 0; k < c.len; k++) {
            g_string_append_printf(text, "%02x ", c.bytes[k]);
        }
        g_test_message("%s (%s): %s mxcsr %04x fcw %04x fsw %04x ftw %02x\n%s",
                       p->row->name, p->row->enc, text->str, init.xs.mxcsr, init.xs.fcw,
                       init.xs.fsw, init.xs.ftw, out->str);
        return false;
    }
    return true;
}

/* --- features ------------------------------------------------------------------- */

static const struct {
    X86FeatureWord word;
    uint32_t leaf, subleaf;
    unsigned reg; /* 0 EAX .. 3 EDX */
} words[] = {
    {X86_FW_1_EDX,         1,          0, 3},
    { X86_FW_1_ECX,        1,          0, 2},
    { X86_FW_7_EBX,        7,          0, 1},
    { X86_FW_7_ECX,        7,          0, 2},
    { X86_FW_80000001_EDX, 0x80000001, 0, 3},
    { X86_FW_80000001_ECX, 0x80000001, 0, 2},
};

bool oracle_host_has(X86Feature feature)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(words); k++) {
        unsigned r[4];

        if (words[k].word == feature / 32 &&
            __get_cpuid_count(words[k].leaf, words[k].subleaf, &r[0], &r[1], &r[2],
                              &r[3])) {
            return r[words[k].reg] >> (feature % 32) & 1;
        }
    }
    return false;
}

static void setup(void)
{
    struct sigaction sa = { .sa_sigaction = on_signal,
                            .sa_flags = SA_SIGINFO | SA_NODEFER };
    static const int signals[] = { SIGSEGV, SIGILL, SIGFPE, SIGBUS };

    if (arena) {
        return;
    }
    arena = mmap((void *)(uintptr_t)ARENA_ADDR, 4096, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    code = mmap((void *)(uintptr_t)CODE_ADDR, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    g_assert(arena != MAP_FAILED && code != MAP_FAILED);
    for (unsigned k = 0; k < G_N_ELEMENTS(signals); k++) {
        sigaction(signals[k], &sa, NULL);
    }
    setup_cpu();
}

static bool skipped(const X86Row *row, const OracleOptions *opt)
{
    for (unsigned k = 0; opt->skip && opt->skip[k]; k++) {
        if (!strcmp(opt->skip[k], row->name)) {
            return true;
        }
    }
    if (opt->run && !row->build) {
        return true;
    }
    if (row->rules & (X86_NO64 | X86_PRIV | X86_ENDS) || row_has(row, X86_OPM_O) ||
        row_has(row, X86_OPM_J) || row_has(row, X86_OPM_S)) {
        return true;
    }
    return row->feature && !oracle_host_has(row->feature);
}

/* Instrumented code takes several times as long. */
#ifdef __SANITIZE_ADDRESS__
enum { FEWER = 4 };
#else
enum { FEWER = 1 };
#endif

static bool is_tested(const X86Pattern *p, const X86RowTable *table,
                      const OracleOptions *opt)
{
    const X86Row *row = p->row;

    return row >= table->rows && row < table->rows + table->count &&
           !skipped(row, opt) &&
           !(row_has(row, X86_OPM_Z) && (p->opcode & 7) == X86_RSP);
}

void oracle_check_table(const X86RowTable *table, const OracleOptions *opt)
{
    const X86Pattern *all;
    unsigned count, tested = 0, wanted = opt->cases / FEWER, each, run = 0, bad = 0;

    setup();
    all = x86_patterns(&count);
    for (unsigned n = 0; n < count; n++) {
        tested += is_tested(&all[n], table, opt);
    }
    if (!tested) {
        g_test_skip("this host has none of these instructions");
        return;
    }
    each = (wanted + tested - 1) / tested;
    for (unsigned n = 0; n < count; n++) {
        const X86Row *row = all[n].row;
        unsigned failed = 0, native = 0;

        if (!is_tested(&all[n], table, opt)) {
            continue;
        }
        for (unsigned k = 0; k < each && failed < 6; k++) {
            failed += !run_case(&all[n], opt, &native);
            run++;
        }
        if (opt->native && !native && !failed) {
            g_test_message("%s (%s): never by generated code", row->name, row->enc);
            failed = 1;
        }
        bad += failed > 0;
    }
    g_test_message("%u cases against the host, %u of each of %u patterns", run, each,
                   tested);
    if (bad) {
        g_test_message("%u rows differ from the host", bad);
    }
    if (bad || run < wanted) {
        g_test_fail();
    }
}

/* --- sequences ------------------------------------------------------------------ */

static int reference_run(X86State *state, uint64_t rip, const uint8_t *bytes,
                         unsigned len, Translated *t)
{
    int vector = -1;

    while (len && vector < 0) {
        X86Insn insn;

        g_assert_cmpint(x86_decode(state, state->mode, rip, bytes, len, &insn), ==,
                        X86_DECODE_OK);
        vector = oracle_execute(bytes, insn.len);
        bytes += insn.len;
        len -= insn.len;
    }
    return vector;
}

void oracle_check_sequence(const char *name, const uint8_t *bytes, unsigned len,
                           unsigned cases, TranslatedRunFn *run)
{
    static OracleState init, ref, emu;
    static const X86Row no_row = { .name = "" };

    for (unsigned k = 0; k < cases; k++) {
        g_autoptr(GString) out = g_string_new(NULL);
        Translated t;

        rnd_state(&init, true);
        init.gpr[X86_RSI] = ARENA_ADDR + 256 + 32 * rnd(8);
        init.gpr[X86_RDI] = ARENA_ADDR + 512 + rnd(256);
        init.gpr[X86_RBX] = 0x900000000000;
        init.xs.mxcsr |= X86_MXCSR_RESET;
        init.xs.fcw |= 0x7f;
        init.xs.fsw &= 0x7f7f;
        ref = init;
        emu = init;
        emulated_run(&ref, bytes, len, reference_run, &t);
        if (rnd(2)) {
            x86_flush_all(cpu);
        }
        emulated_run(&emu, bytes, len, run, &t);
        g_assert_false(t.refused);
        ref.xs.fsw &= ~0x200; /* C1 after FCOMI */
        emu.xs.fsw &= ~0x200;
        compare(out, &no_row, &init, &ref, &emu);
        if (out->len) {
            g_test_message("%s (host: by reference functions)\n%s", name, out->str);
            g_test_fail();
            return;
        }
    }
}

X86State *oracle_cpu(void)
{
    setup();
    x86_decode_setup();
    return cpu;
}

unsigned oracle_random_insn(const X86Pattern *pattern, uint8_t bytes[24])
{
    static OracleState scratch;
    Code c;

    make_insn(&c, &scratch, pattern);
    memcpy(bytes, c.bytes, sizeof(c.bytes));
    return c.len;
}
