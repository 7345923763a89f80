/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, the look into the soft TLB, comparisons that lead to slow stubs. */
#include "accel/tcg/soft-tlb.h"
#include "accel/tcg/x64/lower.h"

#include <stddef.h>

enum {
    CALL_BYTES = 5,
    /* Bits of an address that select an entry become the offset of that entry. */
    INDEX_ROTATE = SOFT_TLB_PAGE_BITS - 5,
    INDEX_MASK = (SOFT_TLB_ENTRIES - 1) * (int)sizeof(SoftTlbEntry),
};

/* --- EA ------------------------------------------------------------------------------
 */

/* r <- r + ... as an address that LEA computes; a copy if there is nothing to add. */
static void emit_ea(Lower *l, unsigned w, unsigned dst, unsigned a, unsigned b)
{
    const IrNode *n = l->n;
    unsigned host_w = w == 2 ? 4 : w;

    if (b == A_NONE && !n->disp) {
        if (a == A_NONE) {
            asm_mov_imm(l->hot, dst, 0);
        } else if (a != dst || host_w == 4) {
            asm_mov(l->hot, host_w, dst, a);
        }
    } else if (a == A_NONE && b == A_NONE) {
        asm_mov_imm(l->hot, dst,
                    host_w == 4 ? (uint32_t)n->disp : (uint64_t)(int64_t)n->disp);
    } else if (b == A_NONE) {
        asm_lea(l->hot, host_w, dst, asm_mem(a, n->disp));
    } else if (a == A_NONE && !n->cc) {
        asm_lea(l->hot, host_w, dst, asm_mem(b, n->disp));
    } else {
        asm_lea(l->hot, host_w, dst, asm_mem_index(a, b, n->cc, n->disp));
    }
}

static void ea_any(Lower *l)
{
    const IrNode *n = l->n;
    unsigned a = n->a == IR_NONE ? A_NONE : x64_in_reg(l, n->a);
    unsigned b = n->b == IR_NONE ? A_NONE : x64_in_reg(l, n->b);
    unsigned r;

    x64_release(l);
    if (ir_is_t(n->dst)) {
        r = x64_define_at(l, n->dst, a);
        emit_ea(l, n->w, r, a, b);
        if (n->w == 2) {
            asm_movzx(l->hot, 4, 2, r, asm_reg(r));
        }
    } else if (n->w == 2) {
        /* The upper bits of the register stay. */
        r = x64_scratch(l);
        emit_ea(l, 4, r, a, b);
        asm_store(l->hot, 2, x64_home(l, n->dst), r);
    } else {
        LowerDst d = x64_dst(l, n->dst, n->w, false);

        emit_ea(l, n->w, d.reg, a, b);
        x64_dst_end(l, &d, n->w);
    }
}

/* Most: from general registers to one that is the guest's. */
static bool ea_plain(Lower *l, const IrNode *n)
{
    AsmRm rm = { .reg = A_NONE, .scale = n->cc, .disp = n->disp };
    unsigned dst = x64_reg_of(l, n->dst);

    if (ir_is_t(n->dst) || dst >= A_AH || n->w < 4 || n->a == IR_NONE ||
        x64_reg_of(l, n->a) >= A_AH) {
        return false;
    }
    rm.base = x64_reg_of(l, n->a);
    if (n->b == IR_NONE) {
        if (!n->disp) {
            return false;
        }
        asm_rm_disp(l->hot, 0x8d | (n->w == 8 ? ASM_W : 0), dst, rm.base, n->disp);
        return true;
    }
    rm.index = x64_reg_of(l, n->b);
    if (rm.index >= A_AH) {
        return false;
    }
    asm_lea(l->hot, n->w, dst, rm);
    return true;
}

void x64_lower_ea(Lower *l)
{
    const IrNode *n = l->n;

    if (!ea_plain(l, n)) {
        ea_any(l);
    }
}

/* --- CHECK ---------------------------------------------------------------------------
 */

/* r <- the address to be checked, in a register that may be changed. */
static unsigned check_address(Lower *l)
{
    const IrNode *n = l->n;
    unsigned w = n->w == 4 ? 4 : 8;
    AsmRm rm;
    unsigned r;

    if (n->a == IR_NONE) {
        r = x64_define(l, n->dst);
        asm_mov_imm(l->hot, r, w == 4 ? (uint32_t)n->disp : (uint64_t)(int64_t)n->disp);
        return r;
    }
    rm = x64_rm(l, n->a);
    if (x64_is_mem(rm)) {
        /* Its slot must not become free before. */
        r = x64_define(l, n->dst);
        asm_load(l->hot, w, r, rm);
        rm = asm_reg(r);
    } else {
        x64_release(l);
        r = x64_define_at(l, n->dst, rm.reg);
    }
    if (n->disp) {
        asm_lea(l->hot, w, r, asm_mem(rm.reg, n->disp));
    } else if (r != rm.reg) {
        asm_mov(l->hot, w, r, rm.reg);
    }
    return r;
}

/* Jumps to the slow stub if r, the address xor the tag, is not an offset of @n's
 * access.
 */
static void check_offset(Lower *l, unsigned r)
{
    const IrNode *n = l->n;

    if (n->align && n->align + 1u >= n->size) {
        /* Aligned means that it does not cross. */
        asm_test_imm(l->hot, 8, asm_reg(r), -SOFT_TLB_PAGE | n->align);
        x64_stub(l, asm_jcc_fwd(l->hot, IR_NE));
        return;
    }
    if (n->align) {
        asm_test_imm(l->hot, 1, asm_reg(r), n->align);
        x64_stub(l, asm_jcc_fwd(l->hot, IR_NE));
    }
    asm_alu_imm(l->hot, ASM_CMP, 8, asm_reg(r), SOFT_TLB_PAGE - n->size, 0);
    x64_stub(l, asm_jcc_fwd(l->hot, IR_A));
}

void x64_emit_tlb_offset(JitBuf *b, int32_t tlb, unsigned access, unsigned reg,
                         unsigned index)
{
    int32_t tag = tlb + (int32_t)offsetof(SoftTlbEntry, tag) + 8 * (access == IR_WRITE);

    asm_rorx(b, 4, index, reg, INDEX_ROTATE);
    asm_alu_imm(b, ASM_AND, 4, asm_reg(index), INDEX_MASK, 0);
    asm_alu(b, ASM_XOR, 8, reg, asm_state_index(index, 0, tag));
}

void x64_emit_tlb_host(JitBuf *b, int32_t tlb, unsigned reg, unsigned index)
{
    asm_alu(b, ASM_ADD, 8, reg,
            asm_state_index(index, 0, tlb + (int32_t)offsetof(SoftTlbEntry, host)));
}

/* Whether the address is a sum of a register of the guest, which still has it behind
 * CHECK, and a constant. */
static bool in_place(const Lower *l, unsigned *reg)
{
    AsmRm home;

    if (!ir_is_g(l->n->a) || l->n->w != 8) {
        return false;
    }
    home = x64_home(l, l->n->a);
    *reg = home.reg;
    return !x64_is_mem(home);
}

/* For a group of pushes or pops, address and all by a routine. */
static bool lower_stack_check(Lower *l)
{
    const IrNode *n = l->n;
    const uint8_t *routine;

    if (n->w != 8 || ir_is_t(l->holds[0])) {
        return false;
    }
    routine = x64_stack_routine(l->ir->view, n->cc, n->disp, n->size);
    if (!routine) {
        return false;
    }
    x64_define_at(l, n->dst, A_R14);
    x64_scratch(l);
    x64_close_head(l, CALL_BYTES);
    asm_call(l->hot, routine);
    x64_stub_call(l);
    return true;
}

/* The scratch register that the address can be checked in, with the other one
 * destroyed: its own, if this is its last use; 0: temporaries are in the way. */
static unsigned easy_register(Lower *l, const IrNode *n)
{
    unsigned r = A_R14;

    if (ir_is_t(n->a)) {
        const LowerTemp *t = &l->temp[n->a - IR_T0];

        if (t->reg < 0 || t->slot >= 0 || !(n->facts.ahead & IR_LAST_A)) {
            return 0;
        }
        r = (unsigned)t->reg;
    } else if (ir_is_t(l->holds[0])) {
        return 0;
    }
    return ir_is_t(l->holds[(r ^ 1) - A_R14]) ? 0 : r;
}

/* @r <- the address. */
static inline void put_address(Lower *l, const IrNode *n, unsigned r)
{
    const AsmOp w = n->w == 4 ? 0 : ASM_W;
    unsigned from = r;

    if (n->a == IR_NONE) {
        asm_mov_imm(l->hot, r, w ? (uint64_t)(int64_t)n->disp : (uint32_t)n->disp);
        return;
    }
    if (ir_is_t(n->a)) {
        l->temp[n->a - IR_T0].reg = -1;
    } else {
        AsmRm rm = x64_rm(l, n->a);

        if (!x64_is_mem(rm)) {
            from = rm.reg;
        } else {
            asm_rm_disp(l->hot, 0x8b | w, r, rm.base, rm.disp);
        }
    }
    if (n->disp) {
        asm_rm_disp(l->hot, 0x8d | w, r, from, n->disp);
    } else if (from != r) {
        asm_rr(l->hot, 0x8b | w, r, from);
    }
}

/* The routine that takes the address from where it is, or NULL. */
static inline const uint8_t *of_register(Lower *l, const IrNode *n)
{
    unsigned k = x64_check_class(n->size);

    return !n->disp && n->w == 8 && k < X64_CHECK_REG_SIZES && ir_is_g(n->a) &&
                   !x64_is_mem(l->home[n->a])
               ? x64_check_reg_calls[l->ir->view][n->cc][k][l->home[n->a].reg]
               : NULL;
}

/* The usual CHECK of small code. */
static bool check_by_call(Lower *l)
{
    const IrNode *n = l->n;
    const uint8_t *routine;
    unsigned r;

    if (n->align || !x64_can_call(l)) {
        return false;
    }
    if (n->a == IR_G(X64_STACK)) {
        if (x64_lower_stack(l)) {
            return true;
        }
        x64_flags_clobber(l);
        if (lower_stack_check(l)) {
            return true;
        }
    }
    x64_flags_clobber(l);
    r = easy_register(l, n);
    if (!r) {
        return false;
    }
    routine = of_register(l, n);
    if (!routine) {
        routine = x64_check_routine(r, l->ir->view, n->cc, n->size);
        if (!routine) {
            return false;
        }
        put_address(l, n, r);
    }
    l->holds[0] = l->holds[1] = IR_NONE;
    l->holds[r - A_R14] = n->dst;
    l->temp[n->dst - IR_T0].reg = r;
    x64_close_head(l, CALL_BYTES);
    asm_call(l->hot, routine);
    x64_stub_call(l);
    return true;
}

static __attribute__((noinline, cold)) void check_in_line(Lower *l)
{
    const IrNode *n = l->n;
    int32_t tlb = l->target->view_off[l->ir->view] + (int32_t)offsetof(SoftTlb, entry);
    const uint8_t *routine = NULL;
    unsigned r, index, address;

    if (n->align > 127 || n->size > SOFT_TLB_PAGE || !n->size) {
        l->failed = true;
        return;
    }
    x64_flags_clobber(l);
    r = check_address(l);
    x64_close_head(l, 0);
    if (l->options->all_slow) {
        x64_stub(l, asm_jmp_fwd(l->hot));
    }
    index = x64_scratch(l);
    if (l->by_calls && !n->align && x64_can_call(l)) {
        routine = x64_check_routine(r, l->ir->view, n->cc, n->size);
    }
    if (routine) {
        asm_call(l->hot, routine);
        x64_stub_call(l);
        return;
    }
    x64_emit_tlb_offset(l->hot, tlb, n->cc, r, index);
    check_offset(l, r);
    if (in_place(l, &address)) {
        /* The sum waits for one load only, and not for the tag. */
        asm_load(
            l->hot, 8, r,
            asm_state_index(index, 0, tlb + (int32_t)offsetof(SoftTlbEntry, addend)));
        asm_lea(l->hot, 8, r, asm_mem_index(r, address, 0, n->disp));
    } else {
        x64_emit_tlb_host(l->hot, tlb, r, index);
    }
}

void x64_lower_check(Lower *l)
{
    if (!l->by_calls || !check_by_call(l)) {
        check_in_line(l);
    }
}

/* --- GUARD ---------------------------------------------------------------------------
 */

void x64_lower_guard(Lower *l)
{
    const IrNode *n = l->n;
    AsmRm a, b;

    x64_flags_clobber(l);
    a = x64_rm(l, n->a);
    if (n->flags & IR_IMM) {
        if (!n->imm && !x64_is_mem(a) && (n->cc & ~1u) == IR_E) {
            asm_test(l->hot, n->w, a, a.reg);
        } else {
            asm_alu_imm(l->hot, ASM_CMP, n->w, a, n->imm, 0);
        }
    } else {
        if (x64_is_mem(a)) {
            a = asm_reg(x64_in_reg(l, n->a));
        }
        b = x64_b(l);
        x64_op(l, asm_width(ASM_CMP << 3 | 2, n->w), a.reg, b);
    }
    x64_close_head(l, 0);
    x64_stub(l, asm_jcc_fwd(l->hot, n->cc));
}

/* --- fields of the state -------------------------------------------------------------
 */

void x64_lower_ldst(Lower *l)
{
    const IrNode *n = l->n;
    LowerDst d = x64_dst(l, n->dst, 8, false);

    if (n->w < 4) {
        asm_movzx(l->hot, 4, n->w, d.reg, asm_state(n->disp));
    } else {
        asm_load(l->hot, n->w, d.reg, asm_state(n->disp));
    }
    x64_dst_end(l, &d, 8);
}

void x64_lower_stst(Lower *l)
{
    const IrNode *n = l->n;

    if (!(n->flags & IR_IMM)) {
        asm_store(l->hot, n->w, asm_state(n->disp), x64_in_reg(l, n->b));
    } else if (n->w == 8 && n->imm != (int32_t)n->imm) {
        unsigned r = x64_scratch(l);

        asm_mov_imm(l->hot, r, n->imm);
        asm_store(l->hot, 8, asm_state(n->disp), r);
    } else {
        asm_store_imm(l->hot, n->w, asm_state(n->disp), n->imm);
    }
}
