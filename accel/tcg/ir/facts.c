/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be said of a single node: from ir.def, its operands and its template. */
#include "accel/tcg/ir/facts.h"
#include "accel/tcg/ir/ir-internal.h"

const IrOpInfo ir_op_info[IR_OP_COUNT] = {
#define IR(name, klass, reads, writes, undef, attr) \
    { #name, IR_CLASS_##klass, reads, writes, undef, attr },
#include "accel/tcg/ir.def"
#undef IR
};

/* The even code of each pair; the odd one is its negation. */
const uint16_t ir_flags_of_cc[8] = {
    IR_OF, IR_CF, IR_ZF,         IR_CF | IR_ZF,
    IR_SF, IR_PF, IR_SF | IR_OF, IR_SF | IR_OF | IR_ZF,
};

uint32_t ir_cc_flags(unsigned cc)
{
    return ir_flags_of_cc[cc >> 1 & 7];
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

/* Classes whose nodes have implicit registers, or flags that depend on more than the
 * op. */
#define ODD_CLASSES                                                        \
    (1u << IR_CLASS_SHIFT | 1u << IR_CLASS_SHIFT2 | 1u << IR_CLASS_IMPL |  \
     1u << IR_CLASS_FIXED | 1u << IR_CLASS_STRING | 1u << IR_CLASS_FLAGS | \
     1u << IR_CLASS_RMW | 1u << IR_CLASS_TEMPLATE | 1u << IR_CLASS_REF)

#define IF(x)      ((x) ? 0xffffffffu : 0)
#define IS_REF(op) ((op) == IR_REF || (op) == IR_REF_END)
#define PRECISE(op, k) \
    ((k) == IR_CLASS_GUARD || (k) == IR_CLASS_EXIT || (op) == IR_POLL)

/* Of IrFacts.ahead. REF and REF_END find the flags in the state, like every other slow
 * path. A JCC saves them on its own way out. Others destroy what they do not write. */
#define AHEAD_KEPT(op, k, changes)                          \
    (IS_REF(op)                          ? 0                \
     : (op) == IR_JMP || (op) == IR_JMPI ? IR_AHEAD_CLOBBER \
     : (op) != IR_JCC && PRECISE(op, k)  ? IR_AHEAD_M       \
     : (op) == IR_JCC || !(changes)      ? 0xff             \
     : (changes) == IR_FLAGS_ALL         ? 0                \
                                         : IR_AHEAD_CLOBBER)
#define AHEAD_SET(op, k)                                                \
    (IS_REF(op) || (op) == IR_JMP || (op) == IR_JMPI ? IR_AHEAD_M       \
     : (op) != IR_JCC && PRECISE(op, k)              ? IR_AHEAD_CLOBBER \
                                                     : 0)

/* clang-format off */
#define OP_FACTS(op, k, reads, changes)                                                \
    { .facts = { .flags_read = (reads) < IR_BY_CC ? (reads) : 0,                       \
                 .flags_changed = (changes),                                           \
                 .flags_written = (changes),                                           \
                 .roles = ROLES(op, k) |                                               \
                          (ODD_CLASSES >> (k) & 1 || IS_REF(op) ? IR_FACTS_ODD : 0),   \
                 .klass = (k),                                                         \
                 .precise = PRECISE(op, k) },                                          \
      .dst_written = IF(ROLES(op, k) & IR_DST_WRITTEN),                                \
      .dst_read = IF(ROLES(op, k) & IR_DST_READ),                                      \
      .dst_kept = IF(ROLES(op, k) & IR_DST_WRITTEN && (op) != IR_LDST &&               \
                     (op) != IR_CHECK),                                                \
      .ahead_kept = AHEAD_KEPT(op, k, changes),                                        \
      .ahead_set = AHEAD_SET(op, k),                                                   \
      .by_cc = (reads) == IR_BY_CC,                                                    \
      .stops = PRECISE(op, k) || IS_REF(op) },
/* clang-format on */

const IrOpFacts ir_op_facts[IR_OP_COUNT] = {
#define IR(name, klass, reads, writes, undef, attr) \
    OP_FACTS(IR_##name, IR_CLASS_##klass, reads, (writes) | (undef))
#include "accel/tcg/ir.def"
#undef IR
};

static inline unsigned roles_of(const IrNode *n)
{
    const IrOpFacts *o = &ir_op_facts[n->op];
    unsigned r = o->facts.roles;

    if (n->w < 4 && o->dst_kept && !(n->flags & IR_MEM_DST) && !ir_is_t(n->dst)) {
        r |= IR_DST_READ;
    }
    if (n->op == IR_TEMPLATE && n->tmpl->rm_mem) {
        r = IR_B_READ;
    }
    return r & (IR_B_WRITTEN * 2 - 1);
}

unsigned ir_roles(const IrNode *n)
{
    return roles_of(n);
}

#define R(n) 1u << (16 + (n))

const uint32_t ir_reg_bits[IR_T0 + IR_T_MAX] = {
    0,     R(0),  R(1),  R(2),  R(3),  R(4),  R(5), R(6), R(7), R(8), R(9),
    R(10), R(11), R(12), R(13), R(14), R(15), R(0), R(1), R(2), R(3),
};

#undef R

uint32_t ir_reg_bit(IrVal v)
{
    return ir_reg_bits[v < IR_T0 ? v : IR_NONE] >> 16;
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

/* By an immediate other than 0: no different from an addition. */
static bool is_plain_shift(const IrNode *n, unsigned klass)
{
    return klass == IR_CLASS_SHIFT && n->flags & IR_IMM && shift_count(n);
}

void ir_set_odd_facts(IrNode *n)
{
    if (is_plain_shift(n, ir_op_info[n->op].klass)) {
        ir_set_plain_facts(n);
        return;
    }
    n->facts = (IrFacts){ .flags_read = ir_flags_read(n),
                          .flags_changed = ir_flags_changed(n),
                          .flags_written = ir_flags_written(n),
                          .regs_read = ir_regs_read(n),
                          .regs_written = ir_regs_written(n),
                          .roles = ir_roles(n),
                          .klass = ir_op_info[n->op].klass,
                          .precise = ir_is_precise_point(n) };
}

void ir_set_facts(IrNode *n)
{
    ir_set_facts_inline(n);
}
