/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be said of a single node: from ir.def, its operands and its template. */
#include "accel/tcg/ir/ir-internal.h"

const IrOpInfo ir_op_info[IR_OP_COUNT] = {
#define IR(name, klass, reads, writes, undef, attr) \
    { #name, IR_CLASS_##klass, reads, writes, undef, attr },
#include "accel/tcg/ir.def"
#undef IR
};

/* The even code of each pair; the odd one is its negation. */
static const uint32_t cc_flags[8] = {
    IR_OF, IR_CF, IR_ZF,         IR_CF | IR_ZF,
    IR_SF, IR_PF, IR_SF | IR_OF, IR_SF | IR_OF | IR_ZF,
};

uint32_t ir_cc_flags(unsigned cc)
{
    return cc_flags[cc >> 1 & 7];
}

static bool is_shift(const IrNode *n)
{
    unsigned klass = ir_op_info[n->op].klass;

    return klass == IR_CLASS_SHIFT || klass == IR_CLASS_SHIFT2;
}

/* The count of a shift by an immediate, as the host masks it. */
static unsigned shift_count(const IrNode *n)
{
    return n->imm & (n->w == 8 ? 63 : 31);
}

uint32_t ir_flags_read(const IrNode *n)
{
    uint32_t reads = ir_op_info[n->op].reads;

    if (reads == IR_BY_CC) {
        return ir_cc_flags(n->cc);
    }
    if (reads == IR_BY_TEMPLATE) {
        return n->tmpl->flags_read;
    }
    return reads;
}

uint32_t ir_flags_changed(const IrNode *n)
{
    if (n->op == IR_TEMPLATE) {
        return n->tmpl->flags_written;
    }
    if (is_shift(n) && n->flags & IR_IMM && !shift_count(n)) {
        return 0;
    }
    return ir_op_info[n->op].writes | ir_op_info[n->op].undef;
}

uint32_t ir_flags_written(const IrNode *n)
{
    if (ir_op_info[n->op].attr & IR_MAYBE && !(n->flags & IR_IMM)) {
        return 0;
    }
    return ir_flags_changed(n);
}

bool ir_is_precise_point(const IrNode *n)
{
    switch (ir_op_info[n->op].klass) {
    case IR_CLASS_GUARD:
    case IR_CLASS_REF:
    case IR_CLASS_EXIT:
        return true;
    default:
        return n->op == IR_POLL;
    }
}

/* --- registers ----------------------------------------------------------------------
 */

#define DST IR_DST_READ | IR_DST_WRITTEN

/* Of the op, by itself or by its class; what depends on the node is put right in
 * roles_of(). */
#define ROLES(op, k)                                                                   \
    ((op) == IR_BT                            ? IR_A_READ | IR_B_READ                  \
     : (op) == IR_SETCC || (op) == IR_LDST    ? IR_DST_WRITTEN                         \
     : (op) == IR_XCHG || (op) == IR_XADD     ? DST | IR_B_READ | IR_B_WRITTEN         \
     : (op) == IR_CMPXCHGD                    ? DST                                    \
     : (op) == IR_CHECK                       ? IR_DST_WRITTEN | IR_A_READ             \
     : (op) == IR_GUARD || (op) == IR_REPMOVS ? IR_A_READ | IR_B_READ                  \
     : (op) == IR_REPSTOS                     ? IR_A_READ                              \
     : (op) == IR_STST                        ? IR_B_READ                              \
     : (k) == IR_CLASS_MOVE                   ? IR_DST_WRITTEN | IR_B_READ             \
     : (k) == IR_CLASS_UNARY                  ? DST                                    \
     : (k) == IR_CLASS_ALU2                   ? DST | IR_B_READ                        \
     : (k) == IR_CLASS_ALU3                   ? IR_DST_WRITTEN | IR_B_READ             \
     : (k) == IR_CLASS_ALUX                   ? IR_DST_WRITTEN | IR_B_READ             \
     : (k) == IR_CLASS_CMP2                   ? IR_A_READ | IR_B_READ                  \
     : (k) == IR_CLASS_SHIFT                  ? DST | IR_B_READ                        \
     : (k) == IR_CLASS_SHIFT2                 ? DST | IR_A_READ | IR_B_READ            \
     : (k) == IR_CLASS_IMPL                   ? IR_B_READ                              \
     : (k) == IR_CLASS_BIT                    ? DST | IR_B_READ                        \
     : (k) == IR_CLASS_COND                   ? DST | IR_B_READ                        \
     : (k) == IR_CLASS_RMW                    ? DST | IR_B_READ                        \
     : (k) == IR_CLASS_ADDR                   ? IR_DST_WRITTEN | IR_A_READ | IR_B_READ \
     : (k) == IR_CLASS_EXIT                   ? IR_A_READ                              \
                                              : 0)

static const uint8_t op_roles[IR_OP_COUNT] = {
#define IR(name, klass, reads, writes, undef, attr) ROLES(IR_##name, IR_CLASS_##klass),
#include "accel/tcg/ir.def"
#undef IR
};

static inline unsigned roles_of(const IrNode *n)
{
    unsigned r = op_roles[n->op];

    if (n->w < 4 && r & IR_DST_WRITTEN && !(n->flags & IR_MEM_DST) &&
        !ir_is_t(n->dst) && n->op != IR_LDST && n->op != IR_CHECK) {
        r |= IR_DST_READ;
    }
    if (n->op == IR_TEMPLATE && n->tmpl->rm_mem) {
        r = IR_B_READ;
    }
    return r;
}

unsigned ir_roles(const IrNode *n)
{
    return roles_of(n);
}

/* Of values that are no temporaries: IR_NONE, guest registers, the high bytes of the
 * first four. */
static const uint16_t reg_bits[IR_T0] = {
    0,       1 << 0,  1 << 1,  1 << 2, 1 << 3,  1 << 4,  1 << 5,
    1 << 6,  1 << 7,  1 << 8,  1 << 9, 1 << 10, 1 << 11, 1 << 12,
    1 << 13, 1 << 14, 1 << 15, 1 << 0, 1 << 1,  1 << 2,  1 << 3,
};

static inline unsigned reg_bit(IrVal v)
{
    return v < IR_T0 ? reg_bits[v] : 0;
}

uint32_t ir_reg_bit(IrVal v)
{
    return reg_bit(v);
}

uint32_t ir_template_regs_read(const IrTemplate *t)
{
    /* Which general registers an instruction only writes is not worth knowing. */
    return ir_reg_bit(t->reg_g) | ir_reg_bit(t->rm_g) | ir_reg_bit(t->vvvv_g);
}

uint32_t ir_template_regs_written(const IrTemplate *t)
{
    return (t->reg_written ? ir_reg_bit(t->reg_g) : 0) |
           (t->rm_written ? ir_reg_bit(t->rm_g) : 0) |
           (t->vvvv_written ? ir_reg_bit(t->vvvv_g) : 0);
}

enum {
    RAX = 1 << 0,
    RCX = 1 << 1,
    RDX = 1 << 2,
    RBX = 1 << 3,
    RSI = 1 << 6,
    RDI = 1 << 7
};

/* MULX multiplies by rDX. */
static bool is_mulx(const IrTemplate *t)
{
    return t->enc == IR_ENC_VEX && t->map == 2 && t->opcode == 0xf6 && t->pp == 0xf2;
}

/* PCMPESTRM, PCMPESTRI, PCMPISTRM, PCMPISTRI: lengths in rAX and rDX for the first two,
 * an index in rCX from the second of each pair. */
static bool is_pcmpstr(const IrTemplate *t)
{
    return t->enc != IR_ENC_X87 && t->map == 3 && t->pp == 0x66 &&
           (t->opcode & ~3) == 0x60;
}

static uint32_t template_reads(const IrTemplate *t)
{
    return is_mulx(t) ? RDX : is_pcmpstr(t) && t->opcode < 0x62 ? RAX | RDX : 0;
}

static uint32_t template_writes(const IrTemplate *t)
{
    return is_pcmpstr(t) && t->opcode & 1 ? RCX : 0;
}

static bool has_implicit(const IrNode *n)
{
    return 1u << ir_op_info[n->op].klass &
           (1u << IR_CLASS_IMPL | 1u << IR_CLASS_FIXED | 1u << IR_CLASS_FLAGS |
            1u << IR_CLASS_RMW | 1u << IR_CLASS_STRING | 1u << IR_CLASS_TEMPLATE);
}

static uint32_t implicit_read(const IrNode *n)
{
    switch (n->op) {
    case IR_MUL:
    case IR_IMUL1:
        /* The one-byte and two-byte forms keep what is above their result. */
        return n->w < 4 ? RAX | RDX : RAX;
    case IR_DIV:
    case IR_IDIV:
    case IR_CMPXCHGD:
        return n->op == IR_CMPXCHGD ? RAX | RCX | RDX | RBX : RAX | RDX;
    case IR_CWD:
        return n->w < 4 ? RAX | RDX : RAX;
    case IR_CBW:
    case IR_LAHF:
    case IR_SAHF:
    case IR_CMPXCHG:
        return RAX;
    case IR_REPMOVS:
        return RCX | RSI | RDI;
    case IR_REPSTOS:
        return RAX | RCX | RDI;
    case IR_TEMPLATE:
        return template_reads(n->tmpl);
    default:
        return 0;
    }
}

static uint32_t implicit_written(const IrNode *n)
{
    switch (n->op) {
    case IR_MUL:
    case IR_IMUL1:
    case IR_DIV:
    case IR_IDIV:
        return n->w == 1 ? RAX : RAX | RDX;
    case IR_CMPXCHGD:
        return RAX | RDX;
    case IR_REPMOVS:
        return RCX | RSI | RDI;
    case IR_REPSTOS:
        return RCX | RDI;
    case IR_TEMPLATE:
        return template_writes(n->tmpl);
    case IR_CWD:
        return RDX;
    case IR_CBW:
    case IR_LAHF:
    case IR_CMPXCHG:
        return RAX;
    default:
        return 0;
    }
}

static bool is_ref(const IrNode *n)
{
    return n->op == IR_REF || n->op == IR_REF_END;
}

uint32_t ir_regs_read(const IrNode *n)
{
    unsigned r = ir_roles(n);
    uint32_t set = has_implicit(n) ? implicit_read(n) : 0;

    if (r & IR_DST_READ || n->flags & IR_MEM_DST) {
        set |= ir_reg_bit(n->dst);
    }
    if (r & IR_A_READ) {
        set |= ir_reg_bit(n->a);
    }
    if (r & IR_B_READ && !(n->flags & (IR_IMM | IR_STATE_B))) {
        set |= ir_reg_bit(n->b);
    }
    if (n->op == IR_TEMPLATE) {
        set |= ir_template_regs_read(n->tmpl);
    }
    return is_ref(n) ? 0xffff : set;
}

uint32_t ir_regs_written(const IrNode *n)
{
    unsigned r = ir_roles(n);
    uint32_t set = has_implicit(n) ? implicit_written(n) : 0;

    if (r & IR_DST_WRITTEN && !(n->flags & IR_MEM_DST)) {
        set |= ir_reg_bit(n->dst);
    }
    if (r & IR_B_WRITTEN) {
        set |= ir_reg_bit(n->b);
    }
    if (n->op == IR_TEMPLATE) {
        set |= ir_template_regs_written(n->tmpl);
    }
    return is_ref(n) ? 0xffff : set;
}

/* --- all at once ---------------------------------------------------------------------
 */

/* Classes whose nodes have no implicit registers, and flags that depend on nothing but
 * the op. */
static const uint32_t simple =
    1u << IR_CLASS_MOVE | 1u << IR_CLASS_UNARY | 1u << IR_CLASS_ALU2 |
    1u << IR_CLASS_ALU3 | 1u << IR_CLASS_ALUX | 1u << IR_CLASS_CMP2 |
    1u << IR_CLASS_BIT | 1u << IR_CLASS_COND | 1u << IR_CLASS_ADDR |
    1u << IR_CLASS_GUARD | 1u << IR_CLASS_STATE | 1u << IR_CLASS_EXIT;

static void __attribute__((noinline)) set_odd_facts(IrNode *n)
{
    n->facts = (IrFacts){ .flags_read = ir_flags_read(n),
                          .flags_changed = ir_flags_changed(n),
                          .flags_written = ir_flags_written(n),
                          .regs_read = ir_regs_read(n),
                          .regs_written = ir_regs_written(n),
                          .roles = ir_roles(n),
                          .precise = ir_is_precise_point(n) };
}

/* @bits if the condition holds. */
static inline unsigned if_set(bool condition, unsigned bits)
{
    return bits & -(unsigned)condition;
}

void ir_set_facts(IrNode *n)
{
    const IrOpInfo *o = &ir_op_info[n->op];
    IrFacts *f = &n->facts;
    unsigned r = op_roles[n->op], flags = n->flags;
    unsigned dst = reg_bit(n->dst);
    bool to_reg = r & IR_DST_WRITTEN && !(flags & IR_MEM_DST);

    if (!(simple >> o->klass & 1) || n->op == IR_REF_END) {
        set_odd_facts(n);
        return;
    }
    if (n->w < 4 && dst && to_reg && n->op != IR_LDST) {
        r |= IR_DST_READ;
    }
    f->roles = r;
    f->flags_read = o->reads == IR_BY_CC ? cc_flags[n->cc >> 1 & 7] : o->reads;
    f->flags_changed = f->flags_written = o->writes | o->undef;
    f->regs_read =
        if_set(r & IR_DST_READ || flags & IR_MEM_DST, dst) |
        if_set(r & IR_A_READ, reg_bit(n->a)) |
        if_set(r & IR_B_READ && !(flags & (IR_IMM | IR_STATE_B)), reg_bit(n->b));
    f->regs_written = if_set(to_reg, dst);
    f->precise = o->klass == IR_CLASS_GUARD || o->klass == IR_CLASS_EXIT;
    f->flags_dead = false;
}
