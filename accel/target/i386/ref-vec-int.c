/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The integer and bitwise vector instructions of vec-int.def, in their MMX, legacy SSE
 * and VEX forms.
 */
#include "accel/target/i386/fpu.h"
#include "accel/target/i386/host-sse.h"
#include "accel/target/i386/ref-vec.h"

/* --- lane operations ------------------------------------------------------------ */

#define MBIN(l, u, map, opc, mf, way, f) LANE2(lane_##l, #l);
#define BIN(l, u, map, opc, f)           LANE2(lane_##l, #l);
#define PBIN(l, u, pfx, opc, f)          LANE2(lane_##l, #l);
#define BIN128(l, u, map, opc, f, vf)    LANE2(lane_##l, #l);
#define MUN(l, u, map, opc, f)           LANE1(lane_##l, #l);
#define UN128(l, u, map, opc, f, vf)     LANE1(lane_##l, #l);
#define SHIFT(l, u, opc)                 LANE2(lane_##l, #l);
#define SHIFTI(l, u, opc)
#define EXTEND(l, u, opc, bytes) LANE1(lane_##l, #l);
#include "accel/target/i386/vec-int.def"
#undef MBIN
#undef BIN
#undef PBIN
#undef BIN128
#undef MUN
#undef UN128
#undef SHIFT
#undef SHIFTI
#undef EXTEND

/* --- forms ---------------------------------------------------------------------- */

typedef X86V Lane1(X86V b);
typedef X86V Lane2(X86V a, X86V b);

/* These are inlined into each function, with the lane operation. */
#define FORM static inline __attribute__((always_inline)) void

FORM form_bin(X86State *cpu, const X86Insn *i, Lane2 *op)
{
    X86V b = v_rm128(cpu, i);

    v_set_xmm(cpu, i->reg, op(v_xmm(cpu, i->reg), b));
}

FORM form_vbin(X86State *cpu, const X86Insn *i, Lane2 *op)
{
    if (i->vl == 16) {
        X86V b = v_rm128(cpu, i);

        v_set_vex128(cpu, i->reg, op(v_xmm(cpu, i->vvvv), b));
    } else {
        X86V2 b = v_rm256(cpu, i);

        v_set_ymm(cpu, i->reg, op(v_xmm(cpu, i->vvvv), b.lo),
                  op(v_ymmh(cpu, i->vvvv), b.hi));
    }
}

FORM form_un(X86State *cpu, const X86Insn *i, Lane1 *op)
{
    v_set_xmm(cpu, i->reg, op(v_rm128(cpu, i)));
}

FORM form_vun(X86State *cpu, const X86Insn *i, Lane1 *op)
{
    if (i->vl == 16) {
        v_set_vex128(cpu, i->reg, op(v_rm128(cpu, i)));
    } else {
        X86V2 b = v_rm256(cpu, i);

        v_set_ymm(cpu, i->reg, op(b.lo), op(b.hi));
    }
}

/* The count is 64 bits, the same for both halves. */
FORM form_vshift(X86State *cpu, const X86Insn *i, Lane2 *op)
{
    X86V count = v_rm128(cpu, i);

    if (i->vl == 16) {
        v_set_vex128(cpu, i->reg, op(v_xmm(cpu, i->vvvv), count));
    } else {
        v_set_ymm(cpu, i->reg, op(v_xmm(cpu, i->vvvv), count),
                  op(v_ymmh(cpu, i->vvvv), count));
    }
}

FORM form_shifti(X86State *cpu, const X86Insn *i, Lane2 *op)
{
    v_set_xmm(cpu, i->rm, op(v_xmm(cpu, i->rm), v_of64((uint8_t)i->imm)));
}

FORM form_vshifti(X86State *cpu, const X86Insn *i, Lane2 *op)
{
    X86V count = v_of64((uint8_t)i->imm);

    if (i->vl == 16) {
        v_set_vex128(cpu, i->vvvv, op(v_xmm(cpu, i->rm), count));
    } else {
        v_set_ymm(cpu, i->vvvv, op(v_xmm(cpu, i->rm), count),
                  op(v_ymmh(cpu, i->rm), count));
    }
}

/* The low @bytes of the rm operand; memory is read no further. */
static inline X86V load_part(X86State *cpu, const X86Insn *i, unsigned bytes)
{
    if (!(i->flags & X86_I_MEM)) {
        return v_xmm(cpu, i->rm);
    }
    switch (bytes) {
    case 2:
        return v_of64(x86_m_ld16(cpu, i));
    case 4:
        return v_of64(x86_m_ld32(cpu, i));
    case 8:
        return v_of64(x86_m_ld64(cpu, i));
    default:
        return v_of(x86_m_ld128(cpu, i));
    }
}

FORM form_vextend(X86State *cpu, const X86Insn *i, Lane1 *op, unsigned bytes)
{
    if (i->vl == 16) {
        v_set_vex128(cpu, i->reg, op(load_part(cpu, i, bytes)));
    } else {
        X86Vec b = vec_of(load_part(cpu, i, 2 * bytes));
        uint64_t high = bytes == 8 ? b.u64[1] : b.u64[0] >> (8 * bytes & 63);

        v_set_ymm(cpu, i->reg, op(v_of64(b.u64[0])), op(v_of64(high)));
    }
}

/*
 * The 64-bit operation by the 128-bit one.
 *  LOW, LOW32: the low halves are on their own.  HIGH: the low halves give a 128-bit
 *  result of which MMX wants the upper half.  PACK: both operands side by side give
 *  one half.  SHUFB: index bit 3 does not exist.
 */
static inline uint64_t mmx_LOW(Lane2 *op, uint64_t a, uint64_t b)
{
    return op(v_of64(a), v_of64(b))[0];
}

static inline uint64_t mmx_PACK(Lane2 *op, uint64_t a, uint64_t b)
{
    X86V ab = v_of128(a, b);

    return op(ab, ab)[0];
}

static inline uint64_t mmx_SHUFB(Lane2 *op, uint64_t a, uint64_t b)
{
    return op(v_of64(a), v_of64(b & 0x8787878787878787ull))[0];
}

/* PUNPCKHxx: what the upper halves give when they are moved down. */
static inline uint64_t mmx_HIGH(Lane2 *op, uint64_t a, uint64_t b)
{
    return op(v_of128(0, a), v_of128(0, b))[1];
}

static inline uint64_t mmx_load(X86State *cpu, const X86Insn *i)
{
    x87_wait(cpu);
    return i->flags & X86_I_MEM ? x86_m_ld64(cpu, i) : mmx_get(cpu, i->rm);
}

static inline uint64_t mmx_load32(X86State *cpu, const X86Insn *i)
{
    x87_wait(cpu);
    return i->flags & X86_I_MEM ? x86_m_ld32(cpu, i) : mmx_get(cpu, i->rm);
}

static inline void mmx_result(X86State *cpu, unsigned n, uint64_t v)
{
    mmx_enter(cpu);
    mmx_set(cpu, n, v);
}

#define mmx_LOW32  mmx_LOW
#define LOAD_LOW   mmx_load
#define LOAD_LOW32 mmx_load32
#define LOAD_HIGH  mmx_load
#define LOAD_PACK  mmx_load
#define LOAD_SHUFB mmx_load

/* --- functions ------------------------------------------------------------------ */

#define REF(name, body)                                  \
    void x86_ref_##name(X86State *cpu, const X86Insn *i) \
    {                                                    \
        body;                                            \
    }

#define BIN(l, u, map, opc, f)         \
    REF(l, form_bin(cpu, i, lane_##l)) \
    REF(v##l, form_vbin(cpu, i, lane_##l))
#define PBIN(l, u, pfx, opc, f)       BIN(l, u, "0F", opc, f)
#define BIN128(l, u, map, opc, f, vf) BIN(l, u, map, opc, f)
#define MBIN(l, u, map, opc, mf, way, f)        \
    BIN(l, u, map, opc, f)                      \
    REF(m_##l, uint64_t b = LOAD_##way(cpu, i); \
        mmx_result(cpu, i->reg, mmx_##way(lane_##l, mmx_get(cpu, i->reg), b)))
#define UN128(l, u, map, opc, f, vf)  \
    REF(l, form_un(cpu, i, lane_##l)) \
    REF(v##l, form_vun(cpu, i, lane_##l))
#define MUN(l, u, map, opc, f)  \
    UN128(l, u, map, opc, f, f) \
    REF(m_##l, mmx_result(cpu, i->reg, lane_##l(v_of64(mmx_load(cpu, i)))[0]))
#define SHIFT(l, u, opc)                      \
    REF(l, form_bin(cpu, i, lane_##l))        \
    REF(v##l, form_vshift(cpu, i, lane_##l))  \
    REF(m_##l, uint64_t b = mmx_load(cpu, i); \
        mmx_result(cpu, i->reg, mmx_LOW(lane_##l, mmx_get(cpu, i->reg), b)))
#define SHIFTI(l, u, opc)                         \
    REF(l##_i, form_shifti(cpu, i, lane_##l))     \
    REF(v##l##_i, form_vshifti(cpu, i, lane_##l)) \
    REF(m_##l##_i, x87_wait(cpu); mmx_result(     \
            cpu, i->rm, mmx_LOW(lane_##l, mmx_get(cpu, i->rm), (uint8_t)i->imm)))
#define EXTEND(l, u, opc, bytes)                                       \
    REF(l, v_set_xmm(cpu, i->reg, lane_##l(load_part(cpu, i, bytes)))) \
    REF(v##l, form_vextend(cpu, i, lane_##l, bytes))
#include "accel/target/i386/vec-int.def"
