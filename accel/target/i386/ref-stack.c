/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stack: PUSH, POP, PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE, and the stack segment
 * forms.
 *
 * rSP is as wide as the stack segment says (cpu->stack_mask) and is written last.
 */
#include "accel/target/i386/access.h"
#include "accel/target/i386/refs-int.h"
#include "accel/target/i386/stack.h"
#include "accel/target/i386/system.h"

/* Macros write the functions for all sizes: the formatter cannot follow. */
/* clang-format off */

#define DEFINE_STACK(W)                                                               \
    static X86_COLD void push_r_slow_##W(X86State *cpu, const X86Insn *i)             \
    {                                                                                 \
        x86_push##W(cpu, RD_##W(rm));                                                 \
    }                                                                                 \
    REF(push_r_##W)                                                                   \
    {                                                                                 \
        uint64_t sp = x86_stack_addr(cpu, -(W / 8));                                  \
        volatile PTR_##W *p =                                                         \
            x86_fast_ptr(cpu, X86_SS, sp, W / 8, SOFT_TLB_WRITE);                     \
        if (x86_likely(p)) {                                                          \
            *p = RD_##W(rm);                                                          \
            x86_sp_set(cpu, sp);                                                      \
            return;                                                                   \
        }                                                                             \
        push_r_slow_##W(cpu, i);                                                      \
    }                                                                                 \
    REF(push_m_##W)                                                                   \
    {                                                                                 \
        uint##W##_t v = x86_m_ld##W(cpu, i);                                          \
        x86_push##W(cpu, v);                                                          \
    }                                                                                 \
    REF(push_i_##W)                                                                   \
    {                                                                                 \
        x86_push##W(cpu, i->imm);                                                     \
    }                                                                                 \
    static X86_COLD void pop_r_slow_##W(X86State *cpu, const X86Insn *i)              \
    {                                                                                 \
        uint##W##_t v = x86_stack_ld##W(cpu, 0);                                      \
        x86_sp_add(cpu, W / 8);                                                       \
        WR_##W(rm, v);                                                                \
    }                                                                                 \
    REF(pop_r_##W)                                                                    \
    {                                                                                 \
        const volatile PTR_##W *p = x86_fast_ptr(                                     \
            cpu, X86_SS, x86_stack_addr(cpu, 0), W / 8, SOFT_TLB_READ);               \
        if (x86_likely(p)) {                                                          \
            uint##W##_t v = *p;                                                       \
            x86_sp_add(cpu, W / 8);                                                   \
            WR_##W(rm, v);                                                            \
            return;                                                                   \
        }                                                                             \
        pop_r_slow_##W(cpu, i);                                                       \
    }                                                                                 \
    /* An address based on rSP is computed after the increment. */                    \
    REF(pop_m_##W)                                                                    \
    {                                                                                 \
        uint##W##_t v = x86_stack_ld##W(cpu, 0);                                      \
        uint64_t old = cpu->regs[X86_RSP].q, ea;                                      \
        x86_sp_add(cpu, W / 8);                                                       \
        ea = x86_ea(cpu, i);                                                          \
        uint64_t fresh = cpu->regs[X86_RSP].q;                                        \
        cpu->regs[X86_RSP].q = old;                                                   \
        x86_st##W(cpu, i->seg, ea, v);                                                \
        cpu->regs[X86_RSP].q = fresh;                                                 \
    }                                                                                 \
    REF(pusha_##W)                                                                    \
    {                                                                                 \
        x86_probe_push(cpu, W);                                                       \
        for (unsigned k = 0; k < 8; k++) {                                            \
            x86_stack_st##W(cpu, -(int)(k + 1) * (W / 8), RN_##W(k));                 \
        }                                                                             \
        x86_sp_add(cpu, -W);                                                          \
    }                                                                                 \
    REF(popa_##W)                                                                     \
    {                                                                                 \
        uint##W##_t v[8];                                                             \
        for (unsigned k = 0; k < 8; k++) {                                            \
            v[k] = x86_stack_ld##W(cpu, (7 - k) * (W / 8));                           \
        }                                                                             \
        for (unsigned k = 0; k < 8; k++) {                                            \
            if (k != X86_RSP) {                                                       \
                WN_##W(k, v[k]);                                                      \
            }                                                                         \
        }                                                                             \
        x86_sp_add(cpu, W);                                                           \
    }                                                                                 \
    REF(leave_##W)                                                                    \
    {                                                                                 \
        uint64_t bp = cpu->regs[X86_RBP].q & cpu->stack_mask;                         \
        uint##W##_t v = x86_ld##W(cpu, X86_SS, bp);                                   \
        x86_sp_set(cpu, bp + W / 8);                                                  \
        WN_##W(X86_RBP, v);                                                           \
    }

FOR_WORDS(DEFINE_STACK)

#define SET3(name, r, m)                                                              \
    const X86RefSet name = { { NULL, r##_16, r##_32, r##_64 },                        \
                             { NULL, m##_16, m##_32, m##_64 } };
SET3(x86_push_e, push_r, push_m)
SET3(x86_push_i, push_i, push_i)
SET3(x86_pop_e, pop_r, pop_m)
SET3(x86_pusha, pusha, pusha)
SET3(x86_popa, popa, popa)
SET3(x86_leave, leave, leave)

void x86_push(X86State *cpu, unsigned size, uint64_t v)
{
    if (size == 8) {
        x86_push64(cpu, v);
    } else if (size == 4) {
        x86_push32(cpu, v);
    } else {
        x86_push16(cpu, v);
    }
}

uint64_t x86_stack_ld(X86State *cpu, unsigned size, int offset)
{
    return size == 8   ? x86_stack_ld64(cpu, offset)
           : size == 4 ? x86_stack_ld32(cpu, offset)
                       : x86_stack_ld16(cpu, offset);
}

/* --- segment registers ---------------------------------------------------------------- */

static unsigned seg_of(const X86Insn *i)
{
    /* 06 0E 16 1E: bits 4:3; 0F A0 / A8: FS, GS */
    return i->map ? (i->opcode >> 3 & 1) + X86_FS : i->opcode >> 3 & 3;
}

void x86_ref_push_seg(X86State *cpu, const X86Insn *i)
{
    uint16_t sel = cpu->seg[seg_of(i)].selector;

    if (i->opsize == 4) {
        /* Only the low half is written; the slot is four bytes. */
        x86_stack_st16(cpu, -4, sel);
        x86_sp_add(cpu, -4);
    } else {
        x86_push(cpu, i->opsize, sel);
    }
}

void x86_ref_pop_seg(X86State *cpu, const X86Insn *i)
{
    unsigned seg = seg_of(i);
    uint64_t before = x86_surroundings(cpu);
    uint16_t sel = x86_stack_ld16(cpu, 0);

    if (seg == X86_SS) {
        uint64_t mask = cpu->stack_mask;

        x86_load_seg(cpu, seg, sel);
        /* The increment has the width of the old stack. */
        uint64_t sp = cpu->regs[X86_RSP].q;
        cpu->regs[X86_RSP].q = (sp & ~mask) | ((sp + i->opsize) & mask);
        x86_set_shadow(cpu, X86_SHADOW_SS);
        x86_end_block_at(cpu, i->next_rip);
    } else {
        x86_load_seg(cpu, seg, sel);
        x86_sp_add(cpu, i->opsize);
        x86_go_on_if_same(cpu, i, before);
    }
}

/* --- flags --------------------------------------------------------------------------------- */

void x86_ref_pushf(X86State *cpu, const X86Insn *i)
{
    uint64_t fl = x86_get_rflags(cpu);
    unsigned iopl = (fl & X86_FL_IOPL) >> 12;

    if (fl & X86_FL_VM && iopl < 3) {
        if (!(cpu->cr4 & X86_CR4_VME) || i->opsize != 2) {
            x86_raise_gp(cpu, 0);
        }
        /* VME: VIF takes the place of IF, IOPL reads as 3. */
        fl = (fl & ~(uint64_t)X86_FL_IF) | X86_FL_IOPL |
             (fl & X86_FL_VIF ? X86_FL_IF : 0);
    }
    x86_push(cpu, i->opsize, fl & ~(uint64_t)(X86_FL_VM | X86_FL_RF));
}

void x86_ref_popf(X86State *cpu, const X86Insn *i)
{
    uint64_t old = x86_get_rflags(cpu), before = x86_surroundings(cpu);
    unsigned iopl = (old & X86_FL_IOPL) >> 12;
    uint64_t v = x86_stack_ld(cpu, i->opsize, 0);
    uint64_t change = X86_FL_ARITH | X86_FL_TF | X86_FL_DF | X86_FL_NT;

    if (i->opsize != 2) {
        change |= X86_FL_AC | X86_FL_ID | X86_FL_RF;
        v &= ~(uint64_t)X86_FL_RF;
    }
    if (old & X86_FL_VM && iopl < 3) {
        if (!(cpu->cr4 & X86_CR4_VME) || i->opsize != 2 || v & X86_FL_TF ||
            (v & X86_FL_IF && old & X86_FL_VIP)) {
            x86_raise_gp(cpu, 0);
        }
        v = v & X86_FL_IF ? v | X86_FL_VIF : v & ~(uint64_t)X86_FL_VIF;
        change |= X86_FL_VIF;
    } else {
        if (cpu->cpl <= iopl) {
            change |= X86_FL_IF;
        }
        if (cpu->cpl == 0) {
            change |= X86_FL_IOPL;
        }
    }
    x86_sp_add(cpu, i->opsize);
    x86_set_rflags(cpu, (old & ~change) | (v & change));
    x86_flags_changed(cpu, old);
    x86_go_on_if_quiet(cpu, i, before);
}

/* --- ENTER ----------------------------------------------------------------------------------- */

void x86_ref_enter(X86State *cpu, const X86Insn *i)
{
    unsigned size = i->opsize, level = i->imm2 & 31, alloc = (uint16_t)i->imm;
    uint64_t bp = cpu->regs[X86_RBP].q;
    uint64_t frame = (cpu->regs[X86_RSP].q - size) & cpu->stack_mask;
    int at = -(int)size;

    /* The whole frame must be writable before anything moves (R1). */
    x86_probe(cpu, X86_SS, (frame - alloc - level * size) & cpu->stack_mask, 1,
              SOFT_TLB_WRITE);
    x86_stack_st(cpu, size, at, bp);
    if (level) {
        for (unsigned k = 1; k < level; k++) {
            uint64_t from = (bp - k * size) & cpu->stack_mask;
            uint64_t v = size == 8   ? x86_ld64(cpu, X86_SS, from)
                         : size == 4 ? x86_ld32(cpu, X86_SS, from)
                                     : x86_ld16(cpu, X86_SS, from);

            at -= size;
            x86_stack_st(cpu, size, at, v);
        }
        at -= size;
        x86_stack_st(cpu, size, at, frame);
    }
    x86_sp_add(cpu, at - (int)alloc);
    x86_reg_set(cpu, X86_RBP, size, frame);
}

void x86_stack_st(X86State *cpu, unsigned size, int offset, uint64_t v)
{
    if (size == 8) {
        x86_stack_st64(cpu, offset, v);
    } else if (size == 4) {
        x86_stack_st32(cpu, offset, v);
    } else {
        x86_stack_st16(cpu, offset, v);
    }
}
