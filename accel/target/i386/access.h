/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Macros with which the integer reference functions are written once for all sizes: the
 * operand size W is 8, 16, 32 or 64 and is pasted into the names.
 */
#ifndef ACCEL_TARGET_I386_ACCESS_H
#define ACCEL_TARGET_I386_ACCESS_H

#include "accel/target/i386/flags.h"
#include "accel/target/i386/mem.h"

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

#define REF(name) static void name(X86State *cpu, const X86Insn *i)

/* Registers by ModRM field: f is reg or rm. */
#define RD_8(f)  (*x86_reg8(cpu, i->f##_b))
#define RD_16(f) (cpu->regs[i->f].w)
#define RD_32(f) (cpu->regs[i->f].d)
#define RD_64(f) (cpu->regs[i->f].q)

#define WR_8(f, v)  (*x86_reg8(cpu, i->f##_b) = (uint8_t)(v))
#define WR_16(f, v) (cpu->regs[i->f].w = (uint16_t)(v))
#define WR_32(f, v) (cpu->regs[i->f].q = (uint32_t)(v))
#define WR_64(f, v) (cpu->regs[i->f].q = (v))

/* Registers by number. */
#define RN_8(n)  (cpu->regs[n].b[0])
#define RN_16(n) (cpu->regs[n].w)
#define RN_32(n) (cpu->regs[n].d)
#define RN_64(n) (cpu->regs[n].q)

#define WN_8(n, v)  (cpu->regs[n].b[0] = (uint8_t)(v))
#define WN_16(n, v) (cpu->regs[n].w = (uint16_t)(v))
#define WN_32(n, v) (cpu->regs[n].q = (uint32_t)(v))
#define WN_64(n, v) (cpu->regs[n].q = (v))

typedef uint8_t u8_mem __attribute__((may_alias));
#define PTR_8  u8_mem
#define PTR_16 x86_u16u
#define PTR_32 x86_u32u
#define PTR_64 x86_u64u

/* A read-modify-write function: new value from the old one and an operand; sets flags. */
typedef uint64_t X86RmwFn(X86State *cpu, uint64_t old, uint64_t operand);

/* Memory read-modify-write of any kind: LOCK, page crossing, MMIO, tracked pages.
 * Returns the old value. */
uint64_t x86_rmw_slow(X86State *cpu, const X86Insn *i, uint64_t ea, unsigned size,
                      X86RmwFn *fn, uint64_t operand);

/*
 * A function that reads its memory operand as "b" and does the statement.  The slow path is
 * a function of its own, entered by a jump: the fast one needs no stack frame (15 % of the
 * time of MOV).
 */
#define X86_COLD __attribute__((noinline, cold))

#define REF_LOADS(name, W, ...)                                                       \
    static X86_COLD void name##_slow(X86State *cpu, const X86Insn *i)                 \
    {                                                                                 \
        uint##W##_t b = x86_ld_slow(cpu, i->seg, x86_ea(cpu, i), W / 8);              \
        __VA_ARGS__;                                                                  \
    }                                                                                 \
    REF(name)                                                                         \
    {                                                                                 \
        const volatile PTR_##W *p =                                                   \
            x86_fast_ptr(cpu, i->seg, x86_ea(cpu, i), W / 8, SOFT_TLB_READ);          \
        if (x86_likely(p)) {                                                          \
            uint##W##_t b = *p;                                                       \
            __VA_ARGS__;                                                              \
            return;                                                                   \
        }                                                                             \
        name##_slow(cpu, i);                                                          \
    }

/* A function that stores @value to its memory operand. */
#define REF_STORES(name, W, value)                                                    \
    static X86_COLD void name##_slow(X86State *cpu, const X86Insn *i)                 \
    {                                                                                 \
        x86_st_slow(cpu, i->seg, x86_ea(cpu, i), value, W / 8);                       \
    }                                                                                 \
    REF(name)                                                                         \
    {                                                                                 \
        volatile PTR_##W *p =                                                         \
            x86_fast_ptr(cpu, i->seg, x86_ea(cpu, i), W / 8, SOFT_TLB_WRITE);         \
        if (x86_likely(p)) {                                                          \
            *p = value;                                                               \
            return;                                                                   \
        }                                                                             \
        name##_slow(cpu, i);                                                          \
    }

#define FOR_SIZES(M, ...)  \
    M(8, ##__VA_ARGS__)    \
    M(16, ##__VA_ARGS__)   \
    M(32, ##__VA_ARGS__)   \
    M(64, ##__VA_ARGS__)
#define FOR_WORDS(M, ...)  \
    M(16, ##__VA_ARGS__)   \
    M(32, ##__VA_ARGS__)   \
    M(64, ##__VA_ARGS__)

#endif
