/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory access for reference functions: segment check, linear address, soft TLB,
 * all inline on a hit.
 *
 * An access is by segment and effective address (x86_ld32, x86_st32, ...), by the rm
 * operand of an instruction (x86_rm_ld32, ...), or by linear address with supervisor
 * rights (x86_sys_ld32, for descriptor tables and the like). Each raises the guest's
 * exception and does not return when it fails.  Aligned accesses of 1 to 8 bytes are
 * single host accesses.
 */
#ifndef ACCEL_TARGET_I386_MEM_H
#define ACCEL_TARGET_I386_MEM_H

#include "accel/target/i386/insn.h"

#define x86_likely(x)   __builtin_expect(!!(x), 1)
#define x86_unlikely(x) __builtin_expect(!!(x), 0)

typedef uint16_t x86_u16u __attribute__((aligned(1), may_alias));
typedef uint32_t x86_u32u __attribute__((aligned(1), may_alias));
typedef uint64_t x86_u64u __attribute__((aligned(1), may_alias));

/* Slow paths (mem.c): any size up to 8, any alignment, MMIO, faults. */
uint64_t x86_ld_slow(X86State *cpu, unsigned seg, uint64_t ea, unsigned size);
void x86_st_slow(X86State *cpu, unsigned seg, uint64_t ea, uint64_t value,
                 unsigned size);
uint64_t x86_ld_linear(X86State *cpu, uint64_t lin, unsigned size, X86View view);
void x86_st_linear(X86State *cpu, uint64_t lin, uint64_t value, unsigned size,
                   X86View view);

/* The effective address of the memory operand. */
static inline uint64_t x86_ea(const X86State *cpu, const X86Insn *i)
{
    uint64_t ea = cpu->regs[i->base].q + (cpu->regs[i->index].q << i->scale) + i->disp;

    return ea << i->adshift >> i->adshift;
}

/* A host pointer for @size bytes at seg:ea, or NULL if the access must take the slow
 * path.  Raises nothing. */
static inline void *x86_fast_ptr(X86State *cpu, unsigned seg, uint64_t ea,
                                 unsigned size, SoftTlbAccess access)
{
    const X86SegFast *sf = &cpu->seg_fast[seg];
    uint64_t lin = sf->base + ea;
    const SoftTlbEntry *e = &cpu->tlb->entry[soft_tlb_index(lin)];
    uint64_t end = access == SOFT_TLB_WRITE ? sf->write_end : sf->read_end;

    if (x86_likely(ea + size <= end && soft_tlb_hit(lin, e->tag[access], size))) {
        void *p = (void *)(uintptr_t)(lin + e->addend);

        if (!p) {
            /* Spares the callers a second test. */
            __builtin_unreachable();
        }
        return p;
    }
    return NULL;
}

static inline uint8_t x86_ld8(X86State *cpu, unsigned seg, uint64_t ea)
{
    void *p = x86_fast_ptr(cpu, seg, ea, 1, SOFT_TLB_READ);

    return x86_likely(p) ? *(volatile uint8_t *)p : x86_ld_slow(cpu, seg, ea, 1);
}

static inline uint16_t x86_ld16(X86State *cpu, unsigned seg, uint64_t ea)
{
    void *p = x86_fast_ptr(cpu, seg, ea, 2, SOFT_TLB_READ);

    return x86_likely(p) ? *(volatile x86_u16u *)p : x86_ld_slow(cpu, seg, ea, 2);
}

static inline uint32_t x86_ld32(X86State *cpu, unsigned seg, uint64_t ea)
{
    void *p = x86_fast_ptr(cpu, seg, ea, 4, SOFT_TLB_READ);

    return x86_likely(p) ? *(volatile x86_u32u *)p : x86_ld_slow(cpu, seg, ea, 4);
}

static inline uint64_t x86_ld64(X86State *cpu, unsigned seg, uint64_t ea)
{
    void *p = x86_fast_ptr(cpu, seg, ea, 8, SOFT_TLB_READ);

    return x86_likely(p) ? *(volatile x86_u64u *)p : x86_ld_slow(cpu, seg, ea, 8);
}

static inline void x86_st8(X86State *cpu, unsigned seg, uint64_t ea, uint8_t v)
{
    void *p = x86_fast_ptr(cpu, seg, ea, 1, SOFT_TLB_WRITE);

    if (x86_likely(p)) {
        *(volatile uint8_t *)p = v;
    } else {
        x86_st_slow(cpu, seg, ea, v, 1);
    }
}

static inline void x86_st16(X86State *cpu, unsigned seg, uint64_t ea, uint16_t v)
{
    void *p = x86_fast_ptr(cpu, seg, ea, 2, SOFT_TLB_WRITE);

    if (x86_likely(p)) {
        *(volatile x86_u16u *)p = v;
    } else {
        x86_st_slow(cpu, seg, ea, v, 2);
    }
}

static inline void x86_st32(X86State *cpu, unsigned seg, uint64_t ea, uint32_t v)
{
    void *p = x86_fast_ptr(cpu, seg, ea, 4, SOFT_TLB_WRITE);

    if (x86_likely(p)) {
        *(volatile x86_u32u *)p = v;
    } else {
        x86_st_slow(cpu, seg, ea, v, 4);
    }
}

static inline void x86_st64(X86State *cpu, unsigned seg, uint64_t ea, uint64_t v)
{
    void *p = x86_fast_ptr(cpu, seg, ea, 8, SOFT_TLB_WRITE);

    if (x86_likely(p)) {
        *(volatile x86_u64u *)p = v;
    } else {
        x86_st_slow(cpu, seg, ea, v, 8);
    }
}

/* Any size, for operands and areas: not one host access.  A store checks the whole
 * range before it writes anything. */
void x86_ld_bytes(X86State *cpu, unsigned seg, uint64_t ea, void *buf, unsigned len);
void x86_st_bytes(X86State *cpu, unsigned seg, uint64_t ea, const void *buf,
                  unsigned len);

/* Raises what a store (or load) of @len bytes would raise, and changes nothing but
 * accessed and dirty bits. */
void x86_probe(X86State *cpu, unsigned seg, uint64_t ea, unsigned len,
               SoftTlbAccess access);

/* LOCK CMPXCHG16B; @ea is aligned.  Returns what was in memory. */
X86Vec x86_cmpxchg128(X86State *cpu, unsigned seg, uint64_t ea, X86Vec expected,
                      X86Vec desired);

/* #GP(0) (or #SS(0)) unless ea + base is aligned to align + 1. */
void x86_check_align(X86State *cpu, unsigned seg, uint64_t ea, unsigned align);

static inline X86Vec x86_ld128(X86State *cpu, unsigned seg, uint64_t ea)
{
    const void *p = x86_fast_ptr(cpu, seg, ea, 16, SOFT_TLB_READ);
    X86Vec v;

    if (x86_likely(p)) {
        __builtin_memcpy(&v, p, 16);
    } else {
        x86_ld_bytes(cpu, seg, ea, &v, 16);
    }
    return v;
}

static inline void x86_st128(X86State *cpu, unsigned seg, uint64_t ea, X86Vec v)
{
    void *p = x86_fast_ptr(cpu, seg, ea, 16, SOFT_TLB_WRITE);

    if (x86_likely(p)) {
        __builtin_memcpy(p, &v, 16);
    } else {
        x86_st_bytes(cpu, seg, ea, &v, 16);
    }
}

static inline X86Vec256 x86_ld256(X86State *cpu, unsigned seg, uint64_t ea)
{
    const void *p = x86_fast_ptr(cpu, seg, ea, 32, SOFT_TLB_READ);
    X86Vec256 v;

    if (x86_likely(p)) {
        __builtin_memcpy(&v, p, 32);
    } else {
        x86_ld_bytes(cpu, seg, ea, &v, 32);
    }
    return v;
}

static inline void x86_st256(X86State *cpu, unsigned seg, uint64_t ea,
                             const X86Vec256 *v)
{
    void *p = x86_fast_ptr(cpu, seg, ea, 32, SOFT_TLB_WRITE);

    if (x86_likely(p)) {
        __builtin_memcpy(p, v, 32);
    } else {
        x86_st_bytes(cpu, seg, ea, v, 32);
    }
}

/* --- the memory operand of an instruction (i->flags has X86_I_MEM) ---------------- */

static inline uint8_t x86_m_ld8(X86State *cpu, const X86Insn *i)
{
    return x86_ld8(cpu, i->seg, x86_ea(cpu, i));
}

static inline uint16_t x86_m_ld16(X86State *cpu, const X86Insn *i)
{
    return x86_ld16(cpu, i->seg, x86_ea(cpu, i));
}

static inline uint32_t x86_m_ld32(X86State *cpu, const X86Insn *i)
{
    return x86_ld32(cpu, i->seg, x86_ea(cpu, i));
}

static inline uint64_t x86_m_ld64(X86State *cpu, const X86Insn *i)
{
    return x86_ld64(cpu, i->seg, x86_ea(cpu, i));
}

/* Vectors: with the alignment check of the exception class. */
static inline uint64_t x86_m_ea_aligned(X86State *cpu, const X86Insn *i)
{
    uint64_t ea = x86_ea(cpu, i);

    if (x86_unlikely((cpu->seg_fast[i->seg].base + ea) & i->align)) {
        x86_check_align(cpu, i->seg, ea, i->align);
    }
    return ea;
}

static inline X86Vec x86_m_ld128(X86State *cpu, const X86Insn *i)
{
    return x86_ld128(cpu, i->seg, x86_m_ea_aligned(cpu, i));
}

static inline void x86_m_st128(X86State *cpu, const X86Insn *i, X86Vec v)
{
    x86_st128(cpu, i->seg, x86_m_ea_aligned(cpu, i), v);
}

static inline X86Vec256 x86_m_ld256(X86State *cpu, const X86Insn *i)
{
    return x86_ld256(cpu, i->seg, x86_m_ea_aligned(cpu, i));
}

static inline void x86_m_st256(X86State *cpu, const X86Insn *i, const X86Vec256 *v)
{
    x86_st256(cpu, i->seg, x86_m_ea_aligned(cpu, i), v);
}

/* --- the rm operand: register or memory ------------------------------------------- */

static inline uint32_t x86_rm_ld32(X86State *cpu, const X86Insn *i)
{
    return i->flags & X86_I_MEM ? x86_m_ld32(cpu, i) : cpu->regs[i->rm].d;
}

static inline uint64_t x86_rm_ld64(X86State *cpu, const X86Insn *i)
{
    return i->flags & X86_I_MEM ? x86_m_ld64(cpu, i) : cpu->regs[i->rm].q;
}

/* XMM register or 16 bytes of memory. */
static inline X86Vec x86_xrm_ld128(X86State *cpu, const X86Insn *i)
{
    return i->flags & X86_I_MEM ? x86_m_ld128(cpu, i) : cpu->xs.xmm[i->rm];
}

/* The low 64 or 32 bits of an XMM register, or memory of that size. */
static inline uint64_t x86_xrm_ld64(X86State *cpu, const X86Insn *i)
{
    return i->flags & X86_I_MEM ? x86_m_ld64(cpu, i) : cpu->xs.xmm[i->rm].u64[0];
}

static inline uint32_t x86_xrm_ld32(X86State *cpu, const X86Insn *i)
{
    return i->flags & X86_I_MEM ? x86_m_ld32(cpu, i) : cpu->xs.xmm[i->rm].u32[0];
}

static inline X86Vec256 x86_yrm_ld256(X86State *cpu, const X86Insn *i)
{
    return i->flags & X86_I_MEM ? x86_m_ld256(cpu, i) : x86_ymm_get(cpu, i->rm);
}

#endif
