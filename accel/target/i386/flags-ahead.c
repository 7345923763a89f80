/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at the first instructions of a target. Most are told by their opcode bytes
 * (look()); for others the decoder and the build functions are asked (ask()). An
 * instruction that may fault, that touches memory or transfers control ends the look:
 * the flags could be seen there.
 *
 * POLL at the target is no reason to keep flags: an interrupt there saves what they
 * happen to be, and they are overwritten when it returns.
 */
#include "accel/target/i386/flags-ahead.h"
#include "accel/target/i386/build.h"
#include "accel/target/i386/decode.h"
#include "accel/target/i386/mmu.h"
#include "accel/tcg/code-pages.h"

enum {
    PAGE_SIZE = SOFT_TLB_PAGE,
    INSNS_MAX = 6,
    INSNS_FAR = 16,
};

uint64_t x86_code_linear(const X86State *cpu, uint64_t pc)
{
    return x86_is64(cpu) ? pc : (uint32_t)(cpu->seg_fast[X86_CS].base + pc);
}

/* --- by opcode -----------------------------------------------------------------------
 */

/*
 * An entry for an opcode: the length of the instruction behind REX in bits 3:0, 0 for
 * none that is known; whether a ModRM byte follows, which then must name a register;
 * and what happens to the flags.
 */
enum {
    ASK = 0,
    MODRM = 1 << 4,
    NONE = 1 << 5,       /* nothing */
    ALL = 2 << 5,        /* all are overwritten */
    WITH_CARRY = 3 << 5, /* the same, but CF is read */
    BY_REG = 4 << 5,     /* ModRM.reg tells */
    STOP = 7 << 5,
    EFFECT = 7 << 5,
};

/* clang-format off */
#define ARITH(op, effect)                                                              \
    [op] = 2 | MODRM | (effect), [(op) + 1] = 2 | MODRM | (effect),                    \
    [(op) + 2] = 2 | MODRM | (effect), [(op) + 3] = 2 | MODRM | (effect),              \
    [(op) + 4] = 2 | (effect), [(op) + 5] = 5 | (effect)

/* With operands and addresses of 32 bits; a 0 with ModRM stops at memory only. */
static const uint8_t one_byte[256] = {
    ARITH(0x00, ALL), ARITH(0x08, ALL), ARITH(0x10, WITH_CARRY), ARITH(0x18, WITH_CARRY),
    ARITH(0x20, ALL), ARITH(0x28, ALL), ARITH(0x30, ALL), ARITH(0x38, ALL),
    [0x50 ... 0x5f] = STOP,
    [0x63] = MODRM, [0x68] = STOP, [0x69] = 6 | MODRM | ALL, [0x6a] = STOP,
    [0x6b] = 3 | MODRM | ALL,
    [0x70 ... 0x7f] = STOP,
    [0x80] = 3 | MODRM | BY_REG, [0x81] = 6 | MODRM | BY_REG, [0x82] = MODRM,
    [0x83] = 3 | MODRM | BY_REG,
    [0x84 ... 0x85] = 2 | MODRM | ALL, [0x86 ... 0x8b] = 2 | MODRM | NONE,
    [0x8c] = MODRM, [0x8f] = MODRM,
    [0x90 ... 0x99] = 1 | NONE,
    [0xa0 ... 0xa7] = STOP, [0xa8] = 2 | ALL, [0xa9] = 5 | ALL, [0xaa ... 0xaf] = STOP,
    [0xb0 ... 0xb7] = 2 | NONE, [0xb8 ... 0xbf] = 5 | NONE,
    [0xc0 ... 0xc1] = MODRM, [0xc2 ... 0xc3] = STOP, [0xcc ... 0xcd] = STOP,
    [0xd0 ... 0xd3] = MODRM,
    [0xe0 ... 0xe3] = STOP, [0xe8 ... 0xe9] = STOP, [0xeb] = STOP,
    [0xf4] = STOP, [0xf6 ... 0xf7] = 2 | MODRM | BY_REG, [0xfe ... 0xff] = MODRM,
};
/* clang-format on */

/* The entry for 0F and this opcode; length from 0F on. */
static unsigned two_byte(unsigned op)
{
    switch (op) {
    case 0x80 ... 0x8f:
        return STOP;
    case 0xaf:
        return 3 | MODRM | ALL;
    case 0xb6 ... 0xb7:
    case 0xbe ... 0xbf:
        return 3 | MODRM | NONE;
    case 0xc8 ... 0xcf:
        return 2 | NONE;
    case 0x10 ... 0x1f:
    case 0x28 ... 0x2f:
    case 0x40 ... 0x76:
    case 0x7c ... 0x7f:
    case 0x90 ... 0x9f:
    case 0xb0 ... 0xb5:
    case 0xd0 ... 0xfe:
        return MODRM;
    default:
        return ASK;
    }
}

/* Opcodes whose ModRM.reg matters, with a register: the entry for this one. */
static unsigned by_reg(unsigned op, unsigned entry, unsigned reg)
{
    unsigned imm = op == 0xf6 ? 1 : 4;

    if (op < 0xf6) {
        return reg == 2 || reg == 3 ? (entry & 15) | WITH_CARRY : (entry & 15) | ALL;
    }
    switch (reg) {
    case 0:
        return (2 + imm) | ALL; /* TEST */
    case 2:
        return 2 | NONE; /* NOT */
    case 3:
    case 4:
    case 5:
        return 2 | ALL; /* NEG, MUL, IMUL */
    default:
        return reg == 1 ? ASK : STOP; /* division faults */
    }
}

/* LEA: the whole length behind REX. */
static unsigned lea_length(const uint8_t *p)
{
    unsigned mod = p[1] >> 6, rm = p[1] & 7;
    unsigned base = rm == 4 ? p[2] & 7 : rm;

    return 2 + (rm == 4) + (mod == 1 ? 1 : mod == 2 || (mod == 0 && base == 5) ? 4 : 0);
}

typedef struct Look {
    unsigned length; /* 0: not known */
    unsigned effect;
} Look;

/* The instruction at @p, of which 15 bytes may be read. */
static Look look(uint32_t mode, const uint8_t *p)
{
    const uint8_t *start = p;
    bool known = mode & (X86_MODE_CODE64 | X86_MODE_CODE32), wide = false;
    unsigned op, entry;

    if (*p == 0x66 || *p == 0xf2 || *p == 0xf3) {
        known = false;
        p++;
    }
    if (mode & X86_MODE_CODE64 && *p >> 4 == 4) {
        wide = *p & 8;
        p++;
    }
    op = p[0];
    entry = one_byte[op];
    if (op == 0x0f) {
        entry = two_byte(p[1]);
        if (entry & MODRM && p[2] < 0xc0) {
            return (Look){ 0, STOP };
        }
    } else if (entry & MODRM && p[1] < 0xc0) {
        return (Look){ 0, STOP };
    } else if ((entry & EFFECT) == BY_REG) {
        entry = by_reg(op, entry, p[1] >> 3 & 7);
    } else if (op >= 0xb8 && op <= 0xbf && wide) {
        entry += 4;
    } else if (op == 0x63 && mode & X86_MODE_CODE64) {
        entry = 2 | NONE;
    } else if (op == 0x8d && p[1] < 0xc0) {
        entry = lea_length(p) | NONE;
    }
    if ((entry & EFFECT) == STOP || ((entry & 15) && known)) {
        return (Look){ (p - start) + (entry & 15), entry & EFFECT };
    }
    return (Look){ 0, ASK };
}

/* --- by the decoder ------------------------------------------------------------------
 */

/* What the instruction does to flags: *dead gains those it overwrites. False: it needs
 * them, or does what makes them visible. */
static bool overwrites_flags(X86State *cpu, const X86Insn *i, uint32_t *dead)
{
    static __thread IrBlock *ir;
    X86Build b = { .cpu = cpu, .mode = cpu->mode, .insn = i, .count = 1 };

    if (!i->row || i->row->rules & X86_ENDS ||
        (i->flags & X86_I_MEM && !(i->row->rules & X86_NOSEG))) {
        return false;
    }
    if (!ir) {
        ir = ir_block_new();
    }
    ir_block_reset(ir);
    b.ir = ir;
    if (!x86_build_one(&b, i) || ir->overflow) {
        return false;
    }
    for (unsigned k = 0; k < ir->count; k++) {
        const IrNode *n = &ir->node[k];

        if (ir_is_precise_point(n) || ir_flags_read(n) & ~*dead) {
            return false;
        }
        *dead |= ir_flags_written(n);
    }
    return true;
}

/* The length, or 0: the flags are or may be wanted. */
static unsigned __attribute__((noinline, cold))
ask(X86State *cpu, uint64_t pc, const uint8_t *p, unsigned left, uint32_t *dead)
{
    X86Insn i;

    return x86_decode(cpu, cpu->mode, pc, p, left, &i) == X86_DECODE_OK &&
                   overwrites_flags(cpu, &i, dead)
               ? i.len
               : 0;
}

/* --- targets -------------------------------------------------------------------------
 */

/* The page of a->pc, if it is in plain RAM, or NULL. */
static const uint8_t *find_code(X86FlagsAhead *a)
{
    X86State *cpu = a->cpu;
    uint64_t lin = x86_code_linear(cpu, a->pc) & ~(uint64_t)(PAGE_SIZE - 1);
    const SoftTlbSide *s = &cpu->views[cpu->view].side[soft_tlb_index(lin)];
    const uint32_t need = SOFT_TLB_RAM | SOFT_TLB_PERM_X;

    if (!a->asked) {
        a->asked = true;
        a->code = s->page == lin && (s->flags & need) == need
                      ? x86_tlb_host(cpu, cpu->view, lin)
                      : NULL;
    }
    return a->code;
}

/* How many bytes of the page from @pc on are code. */
static unsigned bytes_at(const X86State *cpu, uint64_t pc, unsigned offset)
{
    uint64_t limit = x86_is64(cpu) ? UINT64_MAX : cpu->seg[X86_CS].limit;

    return pc > limit                        ? 0
           : limit - pc < PAGE_SIZE - offset ? limit - pc + 1
                                             : PAGE_SIZE - offset;
}

void x86_flags_prefetch(X86FlagsAhead *a, uint64_t pc)
{
    if (find_code(a)) {
        __builtin_prefetch(a->code + (x86_code_linear(a->cpu, pc) & (PAGE_SIZE - 1)));
    }
}

bool x86_flags_dead_at(X86FlagsAhead *a, uint64_t pc)
{
    X86State *cpu = a->cpu;
    uint64_t lin = x86_code_linear(cpu, pc);
    unsigned offset = lin & (PAGE_SIZE - 1), left;
    const uint8_t *p;
    uint32_t dead = 0;

    if ((lin ^ x86_code_linear(cpu, a->pc)) >= PAGE_SIZE || !find_code(a)) {
        return false;
    }
    p = a->code + offset;
    left = bytes_at(cpu, pc, offset);
    for (unsigned k = 0; k < (a->far ? INSNS_FAR : INSNS_MAX); k++) {
        Look l = left > X86_INSN_MAX ? look(cpu->mode, p) : (Look){ 0, ASK };

        if (l.effect == STOP || (l.effect == WITH_CARRY && !(dead & IR_CF))) {
            return false;
        }
        if (!l.length) {
            l.length = ask(cpu, pc, p, left, &dead);
            if (!l.length) {
                return false;
            }
        }
        if (l.effect == ALL || l.effect == WITH_CARRY) {
            dead = IR_FLAGS_ALL;
        }
        a->lines |= tcg_code_lines(offset, l.length);
        if (dead == IR_FLAGS_ALL) {
            return true;
        }
        p += l.length;
        pc += l.length;
        offset += l.length;
        left -= l.length;
    }
    return false;
}
