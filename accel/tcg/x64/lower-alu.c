/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes that compute: each is the host instruction of its name on other operands. */
#include "accel/tcg/x64/lower.h"

/* --- operands ------------------------------------------------------------------------
 */

/* A destination that is read and written: place and, if that is a copy, where from. */
typedef struct Rmw {
    AsmRm rm;
    LowerDst d;
} Rmw;

static Rmw rmw_begin(Lower *l)
{
    const IrNode *n = l->n;
    Rmw o = { .d = { .store = false } };

    if (n->flags & IR_MEM_DST) {
        o.rm = x64_host_mem(l, n->dst);
        return o;
    }
    if (ir_is_t(n->dst)) {
        o.d = x64_dst(l, n->dst, n->w, true);
        o.rm = asm_reg(o.d.reg);
        return o;
    }
    o.rm = x64_home(l, n->dst);
    if (x64_is_mem(o.rm) && n->w >= 4) {
        o.d = x64_dst(l, n->dst, n->w, true);
        o.rm = asm_reg(o.d.reg);
    }
    return o;
}

static void rmw_end(Lower *l, const Rmw *o)
{
    x64_dst_end(l, &o->d, l->n->w);
}

static AsmOp lock_of(const Lower *l)
{
    return l->n->flags & IR_LOCK && !l->ir->single ? ASM_LOCK : 0;
}

/* With a /digit in place of the register. */
static AsmOp digit_width(AsmOp op, unsigned w)
{
    return asm_width(op, w) & ~(AsmOp)ASM_BYTE_REG;
}

/* The form of 0F opcodes that exist for 2, 4 and 8 bytes only. */
static AsmOp word_width(AsmOp op, unsigned w)
{
    return op | (w == 8 ? ASM_W : w == 2 ? ASM_66 : 0);
}

/* --- moves ---------------------------------------------------------------------------
 */

static bool fits_imm32(const IrNode *n)
{
    return n->w < 8 || n->imm == (int32_t)n->imm;
}

static void mov_to_mem(Lower *l)
{
    const IrNode *n = l->n;
    AsmRm m = x64_host_mem(l, n->dst);
    unsigned r;

    if (n->flags & IR_IMM && fits_imm32(n)) {
        asm_store_imm(l->hot, n->w, m, n->imm);
        return;
    }
    if (n->flags & IR_IMM) {
        r = x64_scratch(l);
        asm_mov_imm(l->hot, r, n->imm);
    } else {
        r = x64_in_reg(l, n->b);
    }
    x64_op(l, asm_width(0x88, n->w), r, m);
}

static void mov_to_temp(Lower *l)
{
    const IrNode *n = l->n;
    AsmRm b;
    unsigned r;

    if (n->flags & IR_IMM) {
        r = x64_define(l, n->dst);
        asm_mov_imm(l->hot, r, n->w == 8 ? (uint64_t)n->imm : (uint32_t)n->imm);
        return;
    }
    b = x64_b(l);
    if (!x64_is_mem(b) && asm_is_high(b.reg)) {
        r = x64_define(l, n->dst);
        asm_rorx(l->hot, 4, r, b.reg - A_AH, 8);
        asm_movzx(l->hot, 4, 1, r, asm_reg(r));
        return;
    }
    if (!x64_is_mem(b) || n->flags & IR_MEM_B) {
        x64_release(l);
        r = x64_define_at(l, n->dst, x64_is_mem(b) ? b.base : b.reg);
    } else {
        r = x64_define(l, n->dst);
    }
    if (n->w < 4) {
        asm_movzx(l->hot, 4, n->w, r, b);
    } else if (x64_is_mem(b)) {
        asm_load(l->hot, n->w, r, b);
    } else if (r != b.reg || n->w == 4) {
        asm_mov(l->hot, n->w, r, b.reg);
    }
}

/* To a guest register that lives in the state. */
static void mov_to_state(Lower *l, AsmRm home)
{
    const IrNode *n = l->n;
    bool imm = n->flags & IR_IMM;
    AsmRm b = { .reg = A_NONE };
    LowerDst d;

    if (imm && (n->w < 4 || (n->w == 8 && fits_imm32(n)) ||
                (n->w == 4 && (int32_t)n->imm >= 0))) {
        asm_store_imm(l->hot, n->w < 4 ? n->w : 8, home, n->imm);
        return;
    }
    if (!imm) {
        b = x64_b(l);
        if (n->w != 4 && !x64_is_mem(b)) {
            asm_store(l->hot, n->w, home, b.reg);
            return;
        }
        x64_release(l);
    }
    d = x64_dst(l, n->dst, n->w, false);
    if (imm) {
        asm_mov_imm(l->hot, d.reg, n->w == 8 ? (uint64_t)n->imm : (uint32_t)n->imm);
    } else {
        asm_load(l->hot, n->w, d.reg, b);
    }
    x64_dst_end(l, &d, n->w);
}

/* Most: 4 or 8 bytes between registers, or between register and memory. */
static bool mov_plain(Lower *l)
{
    const IrNode *n = l->n;
    AsmOp w = n->w == 8 ? ASM_W : 0;
    unsigned dst = x64_reg_of(l, n->dst), b = x64_reg_of(l, n->b);

    if (n->w < 4 || n->flags & (IR_IMM | IR_STATE_B) || (dst | b) >= A_AH) {
        return false;
    }
    if (n->flags & IR_MEM_DST) {
        asm_rm_disp(l->hot, 0x89 | w, b, dst, n->disp);
    } else if (n->flags & IR_MEM_B) {
        asm_rm_disp(l->hot, 0x8b | w, dst, b, n->disp);
    } else {
        asm_rr(l->hot, 0x8b | w, dst, b);
    }
    return true;
}

static __attribute__((noinline)) void mov_any(Lower *l)
{
    const IrNode *n = l->n;
    AsmRm home;

    if (n->flags & IR_MEM_DST) {
        mov_to_mem(l);
        return;
    }
    if (ir_is_t(n->dst)) {
        mov_to_temp(l);
        return;
    }
    home = x64_home(l, n->dst);
    if (x64_is_mem(home)) {
        mov_to_state(l, home);
    } else if (!(n->flags & IR_IMM)) {
        x64_op(l, asm_width(0x8a, n->w), home.reg, x64_b(l));
    } else if (n->w >= 4) {
        asm_mov_imm(l->hot, home.reg, n->w == 8 ? (uint64_t)n->imm : (uint32_t)n->imm);
    } else {
        asm_store_imm(l->hot, n->w, home, n->imm);
    }
}

static void lower_mov(Lower *l)
{
    if (!mov_plain(l)) {
        mov_any(l);
    }
}

static void lower_extend(Lower *l)
{
    const IrNode *n = l->n;
    AsmRm b = x64_b(l);
    LowerDst d = x64_dst(l, n->dst, n->w, false);

    if (!x64_is_mem(b) && asm_is_high(b.reg) &&
        !asm_can_encode(ASM_BYTE_RM | (n->w == 8 ? ASM_W : 0), d.reg, b)) {
        /* A destination of two bytes keeps the others. */
        unsigned s = n->w == 2 ? x64_scratch(l) : d.reg;

        asm_rorx(l->hot, 4, s, b.reg - A_AH, 8);
        b = asm_reg(s);
    }
    if (n->op == IR_MOVZX) {
        asm_movzx(l->hot, n->w, n->size, d.reg, b);
    } else {
        asm_movsx(l->hot, n->w, n->size, d.reg, b);
    }
    x64_dst_end(l, &d, n->w);
}

static void lower_movbe(Lower *l)
{
    const IrNode *n = l->n;

    if (n->flags & IR_MEM_DST) {
        AsmRm m = x64_host_mem(l, n->dst);

        asm_rm(l->hot, word_width(ASM_0F38 | 0xf1, n->w), x64_in_reg(l, n->b), m);
    } else {
        AsmRm b = x64_b(l);
        LowerDst d = x64_dst(l, n->dst, n->w, false);

        asm_rm(l->hot, word_width(ASM_0F38 | 0xf0, n->w), d.reg, b);
        x64_dst_end(l, &d, n->w);
    }
}

static void lower_bswap(Lower *l)
{
    LowerDst d = x64_dst(l, l->n->dst, l->n->w, true);
    uint8_t code[3] = { 0x40 | (l->n->w == 8 ? 8 : 0) | (d.reg >> 3 & 1), 0x0f,
                        0xc8 | (d.reg & 7) };

    asm_bytes(l->hot, code[0] == 0x40 ? code + 1 : code, code[0] == 0x40 ? 2 : 3);
    x64_dst_end(l, &d, l->n->w);
}

/* --- arithmetic ----------------------------------------------------------------------
 */

static const uint8_t alu_of[] = {
    [IR_ADD] = ASM_ADD, [IR_OR] = ASM_OR,   [IR_ADC] = ASM_ADC, [IR_SBB] = ASM_SBB,
    [IR_AND] = ASM_AND, [IR_SUB] = ASM_SUB, [IR_XOR] = ASM_XOR,
};

/* Most: 4 or 8 bytes, on a register. */
static inline bool alu_plain(Lower *l, unsigned op, unsigned dst)
{
    const IrNode *n = l->n;
    AsmOp w = n->w == 8 ? ASM_W : 0;
    unsigned b = x64_reg_of(l, n->b);

    if (n->w < 4 || dst >= A_AH) {
        return false;
    }
    if (n->flags & IR_IMM) {
        asm_ri(l->hot, w, op, dst, (int32_t)n->imm);
    } else if (n->flags & IR_STATE_B || b >= A_AH) {
        return false;
    } else if (n->flags & IR_MEM_B) {
        asm_rm_disp(l->hot, op << 3 | 3 | w, dst, b, n->disp);
    } else {
        asm_rr(l->hot, op << 3 | 3 | w, dst, b);
    }
    return true;
}

static void alu_on(Lower *l, unsigned op, AsmRm dst, AsmOp attr)
{
    const IrNode *n = l->n;

    if (n->flags & IR_IMM) {
        asm_alu_imm(l->hot, op, n->w, dst, n->imm, attr);
    } else if (!x64_is_mem(dst)) {
        x64_op(l, asm_width(op << 3 | 2, n->w), dst.reg, x64_b(l));
    } else {
        unsigned b;

        if (n->flags & (IR_MEM_B | IR_STATE_B)) {
            AsmRm m = x64_b(l);

            b = x64_scratch(l);
            asm_load(l->hot, n->w, b, m);
        } else {
            b = x64_in_reg(l, n->b);
        }
        x64_op(l, asm_width(op << 3, n->w) | attr, b, dst);
    }
}

static __attribute__((noinline)) void alu_any(Lower *l)
{
    const IrNode *n = l->n;
    unsigned op = alu_of[n->op];
    Rmw o;

    if (!(n->flags & IR_MEM_DST) && ir_is_g(n->dst) &&
        !x64_is_mem(x64_home(l, n->dst))) {
        alu_on(l, op, x64_home(l, n->dst), 0);
        return;
    }
    o = rmw_begin(l);
    alu_on(l, op, o.rm, lock_of(l));
    rmw_end(l, &o);
}

static void lower_alu2(Lower *l)
{
    const IrNode *n = l->n;

    if (n->flags & IR_MEM_DST || ir_is_t(n->dst) ||
        !alu_plain(l, alu_of[n->op], x64_reg_of(l, n->dst))) {
        alu_any(l);
    }
}

static AsmRm left_of_compare(Lower *l)
{
    return l->n->flags & IR_MEM_DST ? x64_host_mem(l, l->n->a) : x64_rm(l, l->n->a);
}

static __attribute__((noinline)) void cmp_any(Lower *l)
{
    alu_on(l, ASM_CMP, left_of_compare(l), 0);
}

static void lower_cmp(Lower *l)
{
    const IrNode *n = l->n;

    if (n->flags & IR_MEM_DST || !alu_plain(l, ASM_CMP, x64_reg_of(l, n->a))) {
        cmp_any(l);
    }
}

static __attribute__((noinline)) void test_any(Lower *l)
{
    const IrNode *n = l->n;
    AsmRm a = left_of_compare(l);

    if (n->flags & IR_IMM) {
        asm_test_imm(l->hot, n->w, a, n->imm);
        return;
    }
    if (x64_is_mem(a) && n->flags & (IR_MEM_B | IR_STATE_B)) {
        a = asm_reg(x64_in_reg(l, n->a));
    }
    if (!x64_is_mem(a)) {
        x64_op(l, asm_width(0x84, n->w), a.reg, x64_b(l));
    } else {
        x64_op(l, asm_width(0x84, n->w), x64_in_reg(l, n->b), a);
    }
}

static void lower_test(Lower *l)
{
    const IrNode *n = l->n;
    unsigned a = x64_reg_of(l, n->a), b = x64_reg_of(l, n->b);

    if (n->w < 4 || n->flags & (IR_MEM_DST | IR_IMM | IR_MEM_B | IR_STATE_B) ||
        (a | b) >= A_AH) {
        test_any(l);
    } else {
        asm_rr(l->hot, 0x85 | (n->w == 8 ? ASM_W : 0), a, b);
    }
}

static void lower_unary(Lower *l)
{
    Rmw o = rmw_begin(l);
    static const uint8_t digit[] = {
        [IR_INC] = 0, [IR_DEC] = 1, [IR_NOT] = 2, [IR_NEG] = 3
    };
    unsigned op = l->n->op == IR_INC || l->n->op == IR_DEC ? 0xfe : 0xf6;

    asm_rm(l->hot, digit_width(op, l->n->w) | lock_of(l), digit[l->n->op], o.rm);
    rmw_end(l, &o);
}

static void lower_shift(Lower *l)
{
    static const uint8_t digit[] = {
        [IR_ROL] = 0, [IR_ROR] = 1, [IR_RCL] = 2, [IR_RCR] = 3,
        [IR_SHL] = 4, [IR_SHR] = 5, [IR_SAR] = 7
    };
    const IrNode *n = l->n;
    Rmw o = rmw_begin(l);

    if (!(n->flags & IR_IMM)) {
        l->failed |= n->b != IR_G(1);
        asm_rm(l->hot, digit_width(0xd2, n->w), digit[n->op], o.rm);
    } else if (n->imm == 1) {
        asm_rm(l->hot, digit_width(0xd0, n->w), digit[n->op], o.rm);
    } else {
        asm_rm(l->hot, digit_width(0xc0, n->w), digit[n->op], o.rm);
        asm_imm(l->hot, 1, n->imm);
    }
    rmw_end(l, &o);
}

static void lower_shift2(Lower *l)
{
    const IrNode *n = l->n;
    Rmw o = rmw_begin(l);
    unsigned a = x64_in_reg(l, n->a);
    unsigned op = ASM_0F | (n->op == IR_SHLD ? 0xa4 : 0xac);

    if (n->flags & IR_IMM) {
        asm_rm(l->hot, word_width(op, n->w), a, o.rm);
        asm_imm(l->hot, 1, n->imm);
    } else {
        l->failed |= n->b != IR_G(1);
        asm_rm(l->hot, word_width(op + 1, n->w), a, o.rm);
    }
    rmw_end(l, &o);
}

/* --- two operands, the destination a register ----------------------------------------
 */

static AsmOp reg_rm_op(const IrNode *n)
{
    switch (n->op) {
    case IR_IMUL2:
        return ASM_0F | 0xaf;
    case IR_BSF:
        return ASM_0F | 0xbc;
    case IR_BSR:
        return ASM_0F | 0xbd;
    case IR_TZCNT:
        return ASM_0F | ASM_F3 | 0xbc;
    case IR_LZCNT:
        return ASM_0F | ASM_F3 | 0xbd;
    case IR_POPCNT:
        return ASM_0F | ASM_F3 | 0xb8;
    default:
        return ASM_0F | 0x40 | n->cc; /* CMOV */
    }
}

static void lower_reg_rm(Lower *l)
{
    const IrNode *n = l->n;
    bool reads_dst = n->facts.klass != IR_CLASS_ALUX;
    AsmRm b = x64_b(l);
    LowerDst d = x64_dst(l, n->dst, n->w, reads_dst);

    asm_rm(l->hot, word_width(reg_rm_op(n), n->w), d.reg, b);
    x64_dst_end(l, &d, n->w);
}

static void lower_imul3(Lower *l)
{
    const IrNode *n = l->n;
    AsmRm b = x64_b(l);
    LowerDst d = x64_dst(l, n->dst, n->w, false);
    bool byte = n->imm == (int8_t)n->imm;

    asm_rm(l->hot, word_width(byte ? 0x6b : 0x69, n->w), d.reg, b);
    asm_imm(l->hot, byte ? 1 : n->w == 2 ? 2 : 4, n->imm);
    x64_dst_end(l, &d, n->w);
}

/* rAX and rDX are implicit. */
static void lower_implicit(Lower *l)
{
    static const uint8_t digit[] = {
        [IR_MUL] = 4, [IR_IMUL1] = 5, [IR_DIV] = 6, [IR_IDIV] = 7
    };

    asm_rm(l->hot, digit_width(0xf6, l->n->w), digit[l->n->op], x64_b(l));
}

static void lower_fixed(Lower *l)
{
    uint8_t op = l->n->op == IR_CBW ? 0x98 : 0x99;

    if (l->n->w != 4) {
        uint8_t prefix = l->n->w == 8 ? 0x48 : 0x66;

        asm_bytes(l->hot, &prefix, 1);
    }
    asm_bytes(l->hot, &op, 1);
}

/* --- bits ----------------------------------------------------------------------------
 */

static void lower_bit(Lower *l)
{
    static const uint8_t digit[] = {
        [IR_BT] = 4, [IR_BTS] = 5, [IR_BTR] = 6, [IR_BTC] = 7
    };
    const IrNode *n = l->n;
    Rmw o;
    unsigned d = digit[n->op];

    if (n->op == IR_BT) {
        o = (Rmw){ .rm = left_of_compare(l) };
    } else {
        o = rmw_begin(l);
    }
    if (n->flags & IR_IMM) {
        asm_rm(l->hot, word_width(ASM_0F | 0xba, n->w) | lock_of(l), d, o.rm);
        asm_imm(l->hot, 1, n->imm);
    } else {
        unsigned b, r = A_NONE;
        AsmRm home = o.rm;

        /* With memory the instruction reaches beyond its operand; under LOCK the
         * builder has seen to it that the bit's number is within. */
        if (x64_is_mem(home) && !lock_of(l)) {
            if (n->op == IR_BT) {
                x64_release(l);
            }
            r = x64_scratch(l);
            asm_load(l->hot, n->w, r, home);
            o.rm = asm_reg(r);
        }
        b = x64_in_reg(l, n->b);
        asm_rm(l->hot, word_width(ASM_0F | 0x83 | d << 3, n->w) | lock_of(l), b, o.rm);
        if (r != A_NONE && n->op != IR_BT) {
            asm_store(l->hot, n->w, home, r);
        }
    }
    if (n->op != IR_BT) {
        rmw_end(l, &o);
    }
}

/* --- conditions and flags ------------------------------------------------------------
 */

static void lower_setcc(Lower *l)
{
    const IrNode *n = l->n;

    if (n->flags & IR_MEM_DST) {
        asm_setcc(l->hot, n->cc, x64_host_mem(l, n->dst));
    } else if (ir_is_t(n->dst)) {
        LowerDst d = x64_dst(l, n->dst, 1, false);

        asm_setcc(l->hot, n->cc, asm_reg(d.reg));
        asm_movzx(l->hot, 4, 1, d.reg, asm_reg(d.reg));
    } else {
        asm_setcc(l->hot, n->cc, x64_home(l, n->dst));
    }
}

static void lower_flags(Lower *l)
{
    static const uint8_t op[] = { [IR_CLC] = 0xf8,
                                  [IR_STC] = 0xf9,
                                  [IR_CMC] = 0xf5,
                                  [IR_LAHF] = 0x9f,
                                  [IR_SAHF] = 0x9e };

    asm_bytes(l->hot, &op[l->n->op], 1);
}

/* --- exchange ------------------------------------------------------------------------
 */

static void xchg_registers(Lower *l)
{
    const IrNode *n = l->n;
    LowerDst a = x64_dst(l, n->dst, n->w, true), b = { .reg = a.reg };

    if (n->b != n->dst) {
        b = x64_dst(l, n->b, n->w, true);
    }
    x64_op(l, asm_width(0x86, n->w), a.reg, asm_reg(b.reg));
    x64_dst_end(l, &a, n->w);
    if (n->b != n->dst) {
        x64_dst_end(l, &b, n->w);
    }
}

static void xchg_memory(Lower *l)
{
    const IrNode *n = l->n;
    AsmRm m = x64_host_mem(l, n->dst);
    LowerDst b = x64_dst(l, n->b, n->w, true);
    unsigned s;

    if (!l->ir->single || b.store) {
        x64_op(l, asm_width(0x86, n->w), b.reg, m);
        x64_dst_end(l, &b, n->w);
        return;
    }
    /* XCHG with memory is always locked: three moves are faster. */
    s = x64_scratch(l);
    if (n->w < 4) {
        asm_movzx(l->hot, 4, n->w, s, m);
    } else {
        asm_load(l->hot, n->w, s, m);
    }
    x64_op(l, asm_width(0x88, n->w), b.reg, m);
    x64_op(l, asm_width(0x8a, n->w), b.reg, asm_reg(s));
}

static void lower_xadd(Lower *l)
{
    Rmw o = rmw_begin(l);
    LowerDst b = x64_dst(l, l->n->b, l->n->w, true);

    x64_op(l, asm_width(ASM_0F | 0xc0, l->n->w) | lock_of(l), b.reg, o.rm);
    if (l->n->dst != l->n->b) {
        x64_dst_end(l, &b, l->n->w);
    }
    rmw_end(l, &o);
}

static void lower_cmpxchg(Lower *l)
{
    const IrNode *n = l->n;
    Rmw o = rmw_begin(l);
    unsigned b = x64_in_reg(l, n->b);

    if (!asm_can_encode(asm_width(ASM_0F | 0xb0, n->w), b, o.rm)) {
        /* Rotating a register would hide AL, or the other byte of BX.. from the
         * comparison; a copy of the source does. */
        if (!asm_is_high(b)) {
            l->failed = true;
            return;
        }
        unsigned s = x64_scratch(l);

        asm_rorx(l->hot, 4, s, b - A_AH, 8);
        b = s;
        if (!x64_is_mem(o.rm) && asm_is_high(o.rm.reg)) {
            l->failed = true;
            return;
        }
    }
    asm_rm(l->hot, asm_width(ASM_0F | 0xb0, n->w) | lock_of(l), b, o.rm);
    rmw_end(l, &o);
}

static void lower_cmpxchgd(Lower *l)
{
    AsmRm m = x64_host_mem(l, l->n->dst);

    asm_rm(l->hot, ASM_0F | 0xc7 | (l->n->w == 16 ? ASM_W : 0) | lock_of(l), 1, m);
}

static void lower_xchg(Lower *l)
{
    if (l->n->flags & IR_MEM_DST) {
        xchg_memory(l);
    } else {
        xchg_registers(l);
    }
}

/* -------------------------------------------------------------------------------------
 */

static void lower_fence(Lower *l)
{
    static const uint8_t mfence[] = { 0x0f, 0xae, 0xf0 };

    asm_bytes(l->hot, mfence, sizeof(mfence));
}

static void lower_pause(Lower *l)
{
    static const uint8_t pause[] = { 0xf3, 0x90 };

    asm_bytes(l->hot, pause, sizeof(pause));
}

LowerFn *const x64_lower_fn[IR_OP_COUNT] = {
    [IR_MOV] = lower_mov,
    [IR_MOVZX] = lower_extend,
    [IR_MOVSX] = lower_extend,
    [IR_BSWAP] = lower_bswap,
    [IR_XCHG] = lower_xchg,
    [IR_MOVBE] = lower_movbe,
    [IR_ADD] = lower_alu2,
    [IR_OR] = lower_alu2,
    [IR_ADC] = lower_alu2,
    [IR_SBB] = lower_alu2,
    [IR_AND] = lower_alu2,
    [IR_SUB] = lower_alu2,
    [IR_XOR] = lower_alu2,
    [IR_CMP] = lower_cmp,
    [IR_TEST] = lower_test,
    [IR_INC] = lower_unary,
    [IR_DEC] = lower_unary,
    [IR_NEG] = lower_unary,
    [IR_NOT] = lower_unary,
    [IR_ROL] = lower_shift,
    [IR_ROR] = lower_shift,
    [IR_RCL] = lower_shift,
    [IR_RCR] = lower_shift,
    [IR_SHL] = lower_shift,
    [IR_SHR] = lower_shift,
    [IR_SAR] = lower_shift,
    [IR_SHLD] = lower_shift2,
    [IR_SHRD] = lower_shift2,
    [IR_IMUL2] = lower_reg_rm,
    [IR_IMUL3] = lower_imul3,
    [IR_MUL] = lower_implicit,
    [IR_IMUL1] = lower_implicit,
    [IR_DIV] = lower_implicit,
    [IR_IDIV] = lower_implicit,
    [IR_CBW] = lower_fixed,
    [IR_CWD] = lower_fixed,
    [IR_BT] = lower_bit,
    [IR_BTS] = lower_bit,
    [IR_BTR] = lower_bit,
    [IR_BTC] = lower_bit,
    [IR_BSF] = lower_reg_rm,
    [IR_BSR] = lower_reg_rm,
    [IR_TZCNT] = lower_reg_rm,
    [IR_LZCNT] = lower_reg_rm,
    [IR_POPCNT] = lower_reg_rm,
    [IR_REPMOVS] = x64_lower_string,
    [IR_REPSTOS] = x64_lower_string,
    [IR_SETCC] = lower_setcc,
    [IR_CMOV] = lower_reg_rm,
    [IR_CLC] = lower_flags,
    [IR_STC] = lower_flags,
    [IR_CMC] = lower_flags,
    [IR_LAHF] = lower_flags,
    [IR_SAHF] = lower_flags,
    [IR_XADD] = lower_xadd,
    [IR_CMPXCHG] = lower_cmpxchg,
    [IR_CMPXCHGD] = lower_cmpxchgd,
    [IR_FENCE] = lower_fence,
    [IR_PAUSE] = lower_pause,
    [IR_TEMPLATE] = x64_lower_template,
    [IR_EA] = x64_lower_ea,
    [IR_CHECK] = x64_lower_check,
    [IR_GUARD] = x64_lower_guard,
    [IR_LDST] = x64_lower_ldst,
    [IR_STST] = x64_lower_stst,
    [IR_REF] = x64_lower_ref,
    [IR_REF_END] = x64_lower_ref,
    [IR_POLL] = x64_lower_poll,
    [IR_JCC] = x64_lower_jcc,
    [IR_JNZ] = x64_lower_jnz,
    [IR_JMP] = x64_lower_jmp,
    [IR_JMPI] = x64_lower_jmpi,
};
