/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ir-interp.h"

#include <glib.h>
#include <string.h>

/* --- the host's instructions ---------------------------------------------------------
 */

/* The red zone of the caller is stepped over. */
#define WITH_FLAGS(insn)                                     \
    "lea -128(%%rsp), %%rsp\n\tpushq %[f]\n\tpopfq\n\t" insn \
    "\n\tpushfq\n\tpopq %[f]\n\tlea 128(%%rsp), %%rsp"

#define BY_WIDTH(w, OP)    \
    switch (w) {           \
    case 1:                \
        OP(uint8_t, "b");  \
        break;             \
    case 2:                \
        OP(uint16_t, "w"); \
        break;             \
    case 4:                \
        OP(uint32_t, "l"); \
        break;             \
    default:               \
        OP(uint64_t, "q"); \
        break;             \
    }

#define BINARY(name)                                                           \
    static uint64_t op_##name(unsigned w, uint64_t d, uint64_t s, uint64_t *f) \
    {                                                                          \
        uint64_t r = 0, fl = *f | 2;                                           \
        BY_WIDTH(w, BINARY_##name)                                             \
        *f = fl & IR_FLAGS_ALL;                                                \
        return r;                                                              \
    }

#define BIN(T, text)                                 \
    do {                                             \
        T x = d, y = s;                              \
        __asm__ volatile(WITH_FLAGS(text)            \
                         : [f] "+r"(fl), [x] "+q"(x) \
                         : [y] "q"(y)                \
                         : "cc", "memory");          \
        r = x;                                       \
    } while (0)

#define BINARY_add(T, z)  BIN(T, "add" z " %[y], %[x]")
#define BINARY_or(T, z)   BIN(T, "or" z " %[y], %[x]")
#define BINARY_adc(T, z)  BIN(T, "adc" z " %[y], %[x]")
#define BINARY_sbb(T, z)  BIN(T, "sbb" z " %[y], %[x]")
#define BINARY_and(T, z)  BIN(T, "and" z " %[y], %[x]")
#define BINARY_sub(T, z)  BIN(T, "sub" z " %[y], %[x]")
#define BINARY_xor(T, z)  BIN(T, "xor" z " %[y], %[x]")
#define BINARY_cmp(T, z)  BIN(T, "cmp" z " %[y], %[x]")
#define BINARY_test(T, z) BIN(T, "test" z " %[y], %[x]")
#define BINARY_inc(T, z)  BIN(T, "inc" z " %[x]")
#define BINARY_dec(T, z)  BIN(T, "dec" z " %[x]")
#define BINARY_neg(T, z)  BIN(T, "neg" z " %[x]")
BINARY(add)
BINARY(or)
BINARY(adc)
BINARY(sbb)
BINARY(and)
BINARY(sub)
BINARY(xor)
BINARY(cmp)
BINARY(test)
BINARY(inc)
BINARY(dec)
BINARY(neg)

/* No byte forms. */
#define BIN2(T, text)                                    \
    do {                                                 \
        if (sizeof(T) > 1) {                             \
            T x = d, y = s;                              \
            __asm__ volatile(WITH_FLAGS(text)            \
                             : [f] "+r"(fl), [x] "+r"(x) \
                             : [y] "r"(y)                \
                             : "cc", "memory");          \
            r = x;                                       \
        }                                                \
    } while (0)
#define BY_WIDTH2(w, OP)   \
    switch (w) {           \
    case 2:                \
        OP(uint16_t, "w"); \
        break;             \
    case 4:                \
        OP(uint32_t, "l"); \
        break;             \
    default:               \
        OP(uint64_t, "q"); \
        break;             \
    }
#define BINARY2(name)                                                          \
    static uint64_t op_##name(unsigned w, uint64_t d, uint64_t s, uint64_t *f) \
    {                                                                          \
        uint64_t r = 0, fl = *f | 2;                                           \
        BY_WIDTH2(w, BINARY_##name)                                            \
        *f = fl & IR_FLAGS_ALL;                                                \
        return r;                                                              \
    }
#define BINARY_imul(T, z)   BIN2(T, "imul" z " %[y], %[x]")
#define BINARY_bsf(T, z)    BIN2(T, "bsf" z " %[y], %[x]")
#define BINARY_bsr(T, z)    BIN2(T, "bsr" z " %[y], %[x]")
#define BINARY_bt(T, z)     BIN2(T, "bt" z " %[y], %[x]")
#define BINARY_bts(T, z)    BIN2(T, "bts" z " %[y], %[x]")
#define BINARY_btr(T, z)    BIN2(T, "btr" z " %[y], %[x]")
#define BINARY_btc(T, z)    BIN2(T, "btc" z " %[y], %[x]")
#define BINARY_tzcnt(T, z)  BIN2(T, "tzcnt" z " %[y], %[x]")
#define BINARY_lzcnt(T, z)  BIN2(T, "lzcnt" z " %[y], %[x]")
#define BINARY_popcnt(T, z) BIN2(T, "popcnt" z " %[y], %[x]")
BINARY2(imul)
BINARY2(bsf)
BINARY2(bsr)
BINARY2(bt)
BINARY2(bts)
BINARY2(btr)
BINARY2(btc)
BINARY2(tzcnt)
BINARY2(lzcnt)
BINARY2(popcnt)

#define SHIFT(T, text)                               \
    do {                                             \
        T x = d;                                     \
        uint8_t c = s;                               \
        __asm__ volatile(WITH_FLAGS(text)            \
                         : [f] "+r"(fl), [x] "+q"(x) \
                         : "c"(c)                    \
                         : "cc", "memory");          \
        r = x;                                       \
    } while (0)
#define BINARY_rol(T, z) SHIFT(T, "rol" z " %%cl, %[x]")
#define BINARY_ror(T, z) SHIFT(T, "ror" z " %%cl, %[x]")
#define BINARY_rcl(T, z) SHIFT(T, "rcl" z " %%cl, %[x]")
#define BINARY_rcr(T, z) SHIFT(T, "rcr" z " %%cl, %[x]")
#define BINARY_shl(T, z) SHIFT(T, "shl" z " %%cl, %[x]")
#define BINARY_shr(T, z) SHIFT(T, "shr" z " %%cl, %[x]")
#define BINARY_sar(T, z) SHIFT(T, "sar" z " %%cl, %[x]")
BINARY(rol)
BINARY(ror)
BINARY(rcl)
BINARY(rcr)
BINARY(shl)
BINARY(shr)
BINARY(sar)

typedef uint64_t OpFn(unsigned w, uint64_t d, uint64_t s, uint64_t *f);
static OpFn *const op_fn[IR_OP_COUNT] = {
    [IR_ADD] = op_add,     [IR_OR] = op_or,         [IR_ADC] = op_adc,
    [IR_SBB] = op_sbb,     [IR_AND] = op_and,       [IR_SUB] = op_sub,
    [IR_XOR] = op_xor,     [IR_CMP] = op_cmp,       [IR_TEST] = op_test,
    [IR_INC] = op_inc,     [IR_DEC] = op_dec,       [IR_NEG] = op_neg,
    [IR_IMUL2] = op_imul,  [IR_IMUL3] = op_imul,    [IR_BSF] = op_bsf,
    [IR_BSR] = op_bsr,     [IR_BT] = op_bt,         [IR_BTS] = op_bts,
    [IR_BTR] = op_btr,     [IR_BTC] = op_btc,       [IR_TZCNT] = op_tzcnt,
    [IR_LZCNT] = op_lzcnt, [IR_POPCNT] = op_popcnt, [IR_ROL] = op_rol,
    [IR_ROR] = op_ror,     [IR_RCL] = op_rcl,       [IR_RCR] = op_rcr,
    [IR_SHL] = op_shl,     [IR_SHR] = op_shr,       [IR_SAR] = op_sar,
};

static void op_mul(IrMachine *m, const IrNode *n, uint64_t b)
{
    uint64_t a = m->reg[0], d = m->reg[2], fl = m->flags | 2;
    bool sign = n->op == IR_IMUL1;

#define MUL(T, z)                                             \
    do {                                                      \
        T y = b;                                              \
        if (sign) {                                           \
            __asm__ volatile(WITH_FLAGS("imul" z " %[y]")     \
                             : [f] "+r"(fl), "+a"(a), "+d"(d) \
                             : [y] "q"(y)                     \
                             : "cc", "memory");               \
        } else {                                              \
            __asm__ volatile(WITH_FLAGS("mul" z " %[y]")      \
                             : [f] "+r"(fl), "+a"(a), "+d"(d) \
                             : [y] "q"(y)                     \
                             : "cc", "memory");               \
        }                                                     \
    } while (0)
    BY_WIDTH(n->w, MUL)
    m->reg[0] = a;
    m->reg[2] = d;
    m->flags = fl & IR_FLAGS_ALL;
}

static bool condition(uint64_t f, unsigned cc)
{
    bool cf = f & IR_CF, zf = f & IR_ZF, sf = f & IR_SF, of = f & IR_OF, pf = f & IR_PF;
    bool r[8] = { of, cf, zf, cf || zf, sf, pf, sf != of, zf || sf != of };

    return r[cc >> 1] ^ (cc & 1);
}

/* --- operands ------------------------------------------------------------------------
 */

static uint64_t mask(unsigned w)
{
    return w == 8 ? ~0ull : (1ull << (8 * w)) - 1;
}

static uint64_t get(const IrMachine *m, IrVal v, unsigned w)
{
    if (ir_is_g(v)) {
        return m->reg[v - IR_G0] & mask(w);
    }
    if (ir_is_gh(v)) {
        return m->reg[v - IR_GH0] >> 8 & 0xff;
    }
    return ir_is_t(v) ? m->temp[v - IR_T0] & mask(w) : 0;
}

static void put(IrMachine *m, IrVal v, unsigned w, uint64_t x)
{
    uint64_t *p, keep = w >= 4 ? 0 : ~mask(w);

    if (ir_is_gh(v)) {
        p = &m->reg[v - IR_GH0];
        *p = (*p & ~0xff00ull) | (x & 0xff) << 8;
        return;
    }
    p = ir_is_g(v) ? &m->reg[v - IR_G0] : &m->temp[v - IR_T0];
    if (ir_is_t(v) && keep) {
        *p = 0xa5a5a5a5a5a5a5a5; /* what is above is not for use */
    }
    *p = (*p & keep) | (x & mask(w));
}

static void *mem(const IrMachine *m, const IrNode *n, IrVal v)
{
    return (void *)(uintptr_t)(m->temp[v - IR_T0] + (int64_t)n->disp);
}

static uint64_t load(const void *p, unsigned w)
{
    uint64_t x = 0;

    memcpy(&x, p, w);
    return x;
}

static uint64_t get_place(const IrMachine *m, const IrNode *n, IrVal v, unsigned w)
{
    return n->flags & IR_MEM_DST ? load(mem(m, n, v), w) : get(m, v, w);
}

static uint64_t get_b(const IrMachine *m, const IrNode *n, unsigned w)
{
    if (n->flags & IR_IMM) {
        return (uint64_t)n->imm & mask(w);
    }
    if (n->flags & IR_STATE_B) {
        return load(m->state + n->disp, w);
    }
    return n->flags & IR_MEM_B ? load(mem(m, n, n->b), w) : get(m, n->b, w);
}

static void put_dst(IrMachine *m, const IrNode *n, unsigned w, uint64_t x)
{
    if (n->flags & IR_MEM_DST) {
        memcpy(mem(m, n, n->dst), &x, w);
    } else {
        put(m, n->dst, w, x);
    }
}

static uint64_t sext(uint64_t x, unsigned w)
{
    return (uint64_t)((int64_t)(x << (64 - 8 * w)) >> (64 - 8 * w));
}

/* --- nodes ---------------------------------------------------------------------------
 */

static void do_fixed(IrMachine *m, const IrNode *n)
{
    if (n->op == IR_CBW) {
        put(m, IR_G(0), n->w, sext(m->reg[0], n->w / 2));
    } else {
        put(m, IR_G(2), n->w, sext(m->reg[0], n->w) >> 63 ? ~0ull : 0);
    }
}

static void do_flags(IrMachine *m, const IrNode *n)
{
    const uint64_t ah = IR_FLAGS_ALL & ~IR_OF;

    switch (n->op) {
    case IR_CLC:
        m->flags &= ~(uint64_t)IR_CF;
        break;
    case IR_STC:
        m->flags |= IR_CF;
        break;
    case IR_CMC:
        m->flags ^= IR_CF;
        break;
    case IR_LAHF:
        put(m, IR_GH(0), 1, (m->flags & ah) | 2);
        break;
    default:
        m->flags = (m->flags & ~ah) | (get(m, IR_GH(0), 1) & ah);
        break;
    }
}

static void do_rmw(IrMachine *m, const IrNode *n)
{
    uint64_t d = get_place(m, n, n->dst, n->w), b = get(m, n->b, n->w), f = m->flags;

    if (n->op == IR_XCHG) {
        put(m, n->b, n->w, d);
        put_dst(m, n, n->w, b);
    } else if (n->op == IR_XADD) {
        uint64_t s = op_add(n->w, d, b, &m->flags);

        put(m, n->b, n->w, d);
        put_dst(m, n, n->w, s);
    } else {
        op_cmp(n->w, get(m, IR_G(0), n->w), d, &f);
        m->flags = f;
        if (f & IR_ZF) {
            put_dst(m, n, n->w, b);
        } else {
            put(m, IR_G(0), n->w, d);
        }
    }
}

static void do_shift2(IrMachine *m, const IrNode *n)
{
    uint64_t x = get_place(m, n, n->dst, n->w), y = get(m, n->a, n->w),
             f = m->flags | 2;
    uint8_t c = get_b(m, n, 1);

#define SHIFT2(text, T)                             \
    do {                                            \
        T t = x, u = y;                             \
        __asm__ volatile(WITH_FLAGS(text)           \
                         : [f] "+r"(f), [x] "+r"(t) \
                         : [y] "r"(u), "c"(c)       \
                         : "cc", "memory");         \
        x = t;                                      \
    } while (0)
    if (n->op == IR_SHLD && n->w == 4) {
        SHIFT2("shldl %%cl, %[y], %[x]", uint32_t);
    } else if (n->op == IR_SHLD) {
        SHIFT2("shldq %%cl, %[y], %[x]", uint64_t);
    } else if (n->w == 4) {
        SHIFT2("shrdl %%cl, %[y], %[x]", uint32_t);
    } else {
        SHIFT2("shrdq %%cl, %[y], %[x]", uint64_t);
    }
    m->flags = f & IR_FLAGS_ALL;
    put_dst(m, n, n->w, x);
}

static void do_ea(IrMachine *m, const IrNode *n)
{
    uint64_t x =
        get(m, n->a, 8) + (get(m, n->b, 8) << n->cc) + (uint64_t)(int64_t)n->disp;

    if (ir_is_t(n->dst)) {
        put(m, n->dst, 8, x & mask(n->w));
    } else {
        put(m, n->dst, n->w, x);
    }
}

static bool guard_fails(const IrMachine *m, const IrNode *n)
{
    uint64_t f = 0;

    op_cmp(n->w, get(m, n->a, n->w), get_b(m, n, n->w), &f);
    return condition(f, n->cc);
}

static void leave(IrMachine *m, uint64_t pc)
{
    m->left = true;
    m->pc = pc;
}

static void do_exit(IrMachine *m, const IrNode *n)
{
    switch (n->op) {
    case IR_JCC:
        if (condition(m->flags, n->cc)) {
            leave(m, n->imm);
        }
        break;
    case IR_JNZ:
        if ((get(m, n->a, n->w) == 0) == (n->cc == IR_E)) {
            leave(m, n->imm);
        }
        break;
    case IR_JMP:
        leave(m, n->imm);
        break;
    default:
        leave(m, get(m, n->a, 8));
        break;
    }
}

static void do_move(IrMachine *m, const IrNode *n)
{
    unsigned from = n->op == IR_MOVZX || n->op == IR_MOVSX ? n->size : n->w;
    uint64_t x = get_b(m, n, from);

    if (n->op == IR_MOVSX) {
        x = sext(x, from);
    } else if (n->op == IR_MOVBE) {
        x = __builtin_bswap64(x) >> (64 - 8 * n->w);
    }
    put_dst(m, n, n->w, x);
}

static void do_unary(IrMachine *m, const IrNode *n)
{
    uint64_t x = get_place(m, n, n->dst, n->w);

    if (n->op == IR_NOT) {
        x = ~x;
    } else if (n->op == IR_BSWAP) {
        x = n->w == 8 ? __builtin_bswap64(x) : __builtin_bswap32(x);
    } else {
        x = op_fn[n->op](n->w, x, 0, &m->flags);
    }
    put_dst(m, n, n->w, x);
}

static void do_cond(IrMachine *m, const IrNode *n)
{
    bool yes = condition(m->flags, n->cc);

    if (n->op == IR_SETCC) {
        put_dst(m, n, 1, yes);
    } else {
        put(m, n->dst, n->w, yes ? get_b(m, n, n->w) : get(m, n->dst, n->w));
    }
}

static void do_string(IrMachine *m, const IrNode *n)
{
    uint8_t *to = (uint8_t *)(uintptr_t)get(m, n->a, 8);
    uint8_t *from = n->op == IR_REPMOVS ? (uint8_t *)(uintptr_t)get(m, n->b, 8)
                                        : (uint8_t *)&m->reg[0];
    uint64_t count = m->reg[1];

    for (uint64_t k = 0; k < count; k++) {
        memmove(to + k * n->w, n->op == IR_REPMOVS ? from + k * n->w : from, n->w);
    }
    m->reg[1] = 0;
    put(m, IR_G(7), n->size, m->reg[7] + count * n->w);
    if (n->op == IR_REPMOVS) {
        put(m, IR_G(6), n->size, m->reg[6] + count * n->w);
    }
}

static void do_node(IrMachine *m, const IrNode *n)
{
    uint64_t b;

    switch (ir_op_info[n->op].klass) {
    case IR_CLASS_MOVE:
        do_move(m, n);
        break;
    case IR_CLASS_UNARY:
        do_unary(m, n);
        break;
    case IR_CLASS_ALU2:
    case IR_CLASS_SHIFT:
    case IR_CLASS_BIT:
        if (n->op != IR_BT) {
            b = get_b(m, n, ir_op_info[n->op].klass == IR_CLASS_SHIFT ? 1 : n->w);
            b = op_fn[n->op](n->w, get_place(m, n, n->dst, n->w), b, &m->flags);
            put_dst(m, n, n->w, b);
            break;
        }
        /* fall through */
    case IR_CLASS_CMP2:
        op_fn[n->op](n->w, get_place(m, n, n->a, n->w), get_b(m, n, n->w), &m->flags);
        break;
    case IR_CLASS_ALU3:
        b = n->flags & IR_MEM_B ? load(mem(m, n, n->b), n->w) : get(m, n->b, n->w);
        put_dst(m, n, n->w, op_imul(n->w, b, n->imm & mask(n->w), &m->flags));
        break;
    case IR_CLASS_ALUX:
        put_dst(m, n, n->w, op_fn[n->op](n->w, 0, get_b(m, n, n->w), &m->flags));
        break;
    case IR_CLASS_SHIFT2:
        do_shift2(m, n);
        break;
    case IR_CLASS_IMPL:
        g_assert(n->op == IR_MUL || n->op == IR_IMUL1);
        op_mul(m, n, get_b(m, n, n->w));
        break;
    case IR_CLASS_FIXED:
        do_fixed(m, n);
        break;
    case IR_CLASS_COND:
        do_cond(m, n);
        break;
    case IR_CLASS_FLAGS:
        do_flags(m, n);
        break;
    case IR_CLASS_RMW:
        do_rmw(m, n);
        break;
    case IR_CLASS_ADDR:
        do_ea(m, n);
        break;
    case IR_CLASS_STATE:
        if (n->op == IR_LDST) {
            put(m, n->dst, 8, load(m->state + n->disp, n->w));
        } else {
            b = n->flags & IR_IMM ? (uint64_t)n->imm : get(m, n->b, n->w);
            memcpy(m->state + n->disp, &b, n->w);
        }
        break;
    case IR_CLASS_STRING:
        do_string(m, n);
        break;
    case IR_CLASS_EXIT:
        do_exit(m, n);
        break;
    default:
        break;
    }
}

/* CHECK and GUARD; true: the slow stub has executed everything up to n->through. */
static bool do_guard(IrMachine *m, const IrNode *n)
{
    unsigned through = MAX(n->through, n->insn);

    if (n->op == IR_GUARD) {
        if (!guard_fails(m, n)) {
            return false;
        }
    } else {
        uint64_t lin = get(m, n->a, 8) + (uint64_t)(int64_t)n->disp;
        void *host = m->check(m, n, n->w == 4 ? (uint32_t)lin : lin);

        if (host) {
            m->temp[n->dst - IR_T0] = (uintptr_t)host;
            return false;
        }
    }
    m->slow(m, n->insn, through);
    return true;
}

void ir_interp(IrMachine *m, const IrBlock *ir, unsigned first, unsigned last)
{
    for (unsigned k = 0; k < ir->count && !m->left; k++) {
        const IrNode *n = &ir->node[k];
        unsigned klass = ir_op_info[n->op].klass;

        if (n->insn < first || n->insn > last || n->flags & IR_DEAD) {
            continue;
        }
        if (klass == IR_CLASS_GUARD) {
            if (do_guard(m, n)) {
                first = MAX(n->through, n->insn) + 1;
            }
        } else if (klass == IR_CLASS_REF || n->op == IR_REF_END) {
            m->ref(m, n);
        } else if (n->op == IR_POLL) {
            if (m->poll) {
                leave(m, n->imm);
            }
        } else {
            do_node(m, n);
            /* What the host leaves as it was is not the same everywhere. */
            if (!m->native) {
                m->flags &= ~(uint64_t)ir_op_info[n->op].undef;
            }
            if (m->scramble && !(n->flags & IR_LIVE)) {
                m->flags ^= ir_flags_changed(n);
            }
        }
    }
}
