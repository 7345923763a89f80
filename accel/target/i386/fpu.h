/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the reference functions of x87 and MMX share: the register stack in the order of
 * the FXSAVE image, the status word, and the pointers of the last instruction.
 *
 * X86Xsave.st[] is indexed by stack position, ftw by physical register.  A change of
 * TOP therefore rotates st[], and leaves ftw alone.
 */
#ifndef ACCEL_TARGET_I386_FPU_H
#define ACCEL_TARGET_I386_FPU_H

#include "accel/target/i386/mem.h"

#include <string.h>

/* clang-format off */
#define X87_FSW_IE  (1u << 0)
#define X87_FSW_DE  (1u << 1)
#define X87_FSW_ZE  (1u << 2)
#define X87_FSW_OE  (1u << 3)
#define X87_FSW_UE  (1u << 4)
#define X87_FSW_PE  (1u << 5)
#define X87_FSW_SF  (1u << 6)
#define X87_FSW_ES  (1u << 7)
#define X87_FSW_C0  (1u << 8)
#define X87_FSW_C1  (1u << 9)
#define X87_FSW_C2  (1u << 10)
#define X87_FSW_TOP_SHIFT 11
#define X87_FSW_TOP (7u << 11)
#define X87_FSW_C3  (1u << 14)
#define X87_FSW_B   (1u << 15)
#define X87_FSW_EXC 0x3fu
#define X87_FSW_CC  (X87_FSW_C0 | X87_FSW_C1 | X87_FSW_C2 | X87_FSW_C3)

#define X87_FCW_INIT  0x037fu
#define X87_FCW_MASKS 0x003fu
#define X87_FCW_WRITABLE 0x1f3fu /* the other bits read as 0, bit 6 as 1 */
#define X87_FCW_FIXED 0x0040u
/* clang-format on */

/* MXCSR or the x87 control word has been loaded; the last that @i does. Which
 * exceptions are masked is part of the mode word: if that changes, the block ends here.
 */
void x86_fp_masks_changed(X86State *cpu, const X86Insn *i);

static inline unsigned x87_top(const X86State *cpu)
{
    return cpu->xs.fsw >> X87_FSW_TOP_SHIFT & 7;
}

/* Whether ST(n) holds something. */
static inline bool x87_full(const X86State *cpu, unsigned n)
{
    return cpu->xs.ftw >> ((x87_top(cpu) + n) & 7) & 1;
}

/* Start of a waiting instruction (X87, MMX and WAIT classes). */
static inline void x87_wait(X86State *cpu)
{
    if (x86_unlikely(cpu->xs.fsw & X87_FSW_ES)) {
        x86_raise_mf(cpu);
    }
}

/* Moves TOP; the physical registers stay what they are. */
static inline void x87_set_top(X86State *cpu, unsigned top)
{
    unsigned by = (top - x87_top(cpu)) & 7;

    if (by) {
        X86St old[8];

        memcpy(old, cpu->xs.st, sizeof(old));
        for (unsigned k = 0; k < 8; k++) {
            cpu->xs.st[k] = old[(k + by) & 7];
        }
        cpu->xs.fsw = (cpu->xs.fsw & ~X87_FSW_TOP) | top << X87_FSW_TOP_SHIFT;
    }
}

typedef long long X87Copy __attribute__((vector_size(16), may_alias));

/* Frees ST(0) and pops. */
static inline void x87_pop(X86State *cpu)
{
    unsigned top = x87_top(cpu);
    X87Copy *st = (X87Copy *)cpu->xs.st;
    X87Copy s0 = st[0], s1 = st[1], s2 = st[2], s3 = st[3];
    X87Copy s4 = st[4], s5 = st[5], s6 = st[6], s7 = st[7];

    st[0] = s1, st[1] = s2, st[2] = s3, st[3] = s4;
    st[4] = s5, st[5] = s6, st[6] = s7, st[7] = s0;
    cpu->xs.ftw &= ~(1u << top);
    cpu->xs.fsw = (cpu->xs.fsw & ~X87_FSW_TOP) | ((top + 1) & 7) << X87_FSW_TOP_SHIFT;
}

/* Pushes; the caller knows that ST(7) is empty. */
static inline void x87_push(X86State *cpu, const X86St *v)
{
    unsigned top = (x87_top(cpu) - 1) & 7;
    X87Copy *st = (X87Copy *)cpu->xs.st;
    X87Copy s0 = st[0], s1 = st[1], s2 = st[2], s3 = st[3];
    X87Copy s4 = st[4], s5 = st[5], s6 = st[6];

    st[1] = s0, st[2] = s1, st[3] = s2, st[4] = s3;
    st[5] = s4, st[6] = s5, st[7] = s6;
    cpu->xs.st[0].mantissa = v->mantissa;
    cpu->xs.st[0].v.u64[1] = v->exponent;
    cpu->xs.ftw |= 1u << top;
    cpu->xs.fsw = (cpu->xs.fsw & ~X87_FSW_TOP) | top << X87_FSW_TOP_SHIFT;
}

/* Writes ST(n).  By the parts in which the host's fstpt has stored @v. */
static inline void x87_set_st(X86State *cpu, unsigned n, const X86St *v)
{
    cpu->xs.st[n].mantissa = v->mantissa;
    cpu->xs.st[n].exponent = v->exponent;
}

/* ES and B follow from flags and masks. */
static inline void x87_update_es(X86State *cpu)
{
    if (cpu->xs.fsw & ~cpu->xs.fcw & X87_FSW_EXC) {
        cpu->xs.fsw |= X87_FSW_ES | X87_FSW_B;
    } else {
        cpu->xs.fsw &= ~(X87_FSW_ES | X87_FSW_B);
    }
}

static inline void x87_set_fcw(X86State *cpu, uint16_t v)
{
    cpu->xs.fcw = (v & X87_FCW_WRITABLE) | X87_FCW_FIXED;
    x87_update_es(cpu);
}

/* Last instruction pointer and opcode. */
static inline void x87_note(X86State *cpu, const X86Insn *i)
{
    cpu->xs.fip = x86_insn_rip(i);
    cpu->xs.fop = (i->opcode & 7) << 8 | i->modrm;
    cpu->fcs = cpu->seg[X86_CS].selector;
}

/* The same with the data pointer. */
static inline void x87_note_mem(X86State *cpu, const X86Insn *i, uint64_t ea)
{
    x87_note(cpu, i);
    cpu->xs.fdp = ea;
    cpu->fds = cpu->seg[i->seg].selector;
}

/*
 * MMX.  Register n is physical register n; each MMX instruction makes TOP 0, so that
 * this is st[n], and marks all registers as full.
 */
static inline uint64_t mmx_get(const X86State *cpu, unsigned n)
{
    return cpu->xs.st[((n & 7) - x87_top(cpu)) & 7].mantissa;
}

static inline void mmx_enter(X86State *cpu)
{
    x87_set_top(cpu, 0);
    cpu->xs.ftw = 0xff;
}

/* After mmx_enter(). */
static inline void mmx_set(X86State *cpu, unsigned n, uint64_t v)
{
    cpu->xs.st[n & 7].mantissa = v;
    cpu->xs.st[n & 7].v.u64[1] = 0xffff;
}

#endif
