/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The current stack: accesses relative to rSP, with the width of the stack segment.
 */
#ifndef ACCEL_TARGET_I386_STACK_H
#define ACCEL_TARGET_I386_STACK_H

#include "accel/target/i386/mem.h"

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

/* Writes as much of rSP as the stack segment is wide; a 32-bit write clears the top. */
static inline void x86_sp_set(X86State *cpu, uint64_t sp)
{
    X86Gpr *r = &cpu->regs[X86_RSP];

    if (cpu->stack_mask == 0xffff) {
        r->w = sp;
    } else {
        r->q = sp & cpu->stack_mask;
    }
}

static inline void x86_sp_add(X86State *cpu, int64_t n)
{
    x86_sp_set(cpu, cpu->regs[X86_RSP].q + n);
}

static inline uint64_t x86_stack_addr(const X86State *cpu, int offset)
{
    return (cpu->regs[X86_RSP].q + offset) & cpu->stack_mask;
}

#define X86_DEFINE_STACK(W)                                                           \
    static inline uint##W##_t x86_stack_ld##W(X86State *cpu, int offset)              \
    {                                                                                 \
        return x86_ld##W(cpu, X86_SS, x86_stack_addr(cpu, offset));                   \
    }                                                                                 \
    static inline void x86_stack_st##W(X86State *cpu, int offset, uint##W##_t v)      \
    {                                                                                 \
        x86_st##W(cpu, X86_SS, x86_stack_addr(cpu, offset), v);                       \
    }                                                                                 \
    static inline void x86_push##W(X86State *cpu, uint##W##_t v)                      \
    {                                                                                 \
        uint64_t sp = x86_stack_addr(cpu, -(W / 8));                                  \
        x86_st##W(cpu, X86_SS, sp, v);                                                \
        x86_sp_set(cpu, sp);                                                          \
    }

X86_DEFINE_STACK(16)
X86_DEFINE_STACK(32)
X86_DEFINE_STACK(64)

/* By size in bytes: 2, 4 or 8. */
void x86_push(X86State *cpu, unsigned size, uint64_t v);
uint64_t x86_stack_ld(X86State *cpu, unsigned size, int offset);
void x86_stack_st(X86State *cpu, unsigned size, int offset, uint64_t v);

/* Raises what pushing @bytes would raise. */
static inline void x86_probe_push(X86State *cpu, unsigned bytes)
{
    x86_probe(cpu, X86_SS, x86_stack_addr(cpu, -(int)bytes), 1, SOFT_TLB_WRITE);
    x86_probe(cpu, X86_SS, x86_stack_addr(cpu, -1), 1, SOFT_TLB_WRITE);
}

#endif
